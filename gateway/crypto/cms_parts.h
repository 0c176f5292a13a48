/* What CMS objects that are written directly are made of: algorithms looked up once, what an object says of a
 * certificate encoded once, a key agreement, a content sealed with its key. OpenSSL's general code builds each of these
 * anew for each object, looks every algorithm up by its name and checks once more that a key of P-256 is one; that took
 * five times as long as the signature or the cipher itself. Whatever here says false or NULL has left nothing behind,
 * and the caller asks OpenSSL. */
#ifndef WG_CRYPTO_CMS_PARTS_H
#define WG_CRYPTO_CMS_PARTS_H

#include "crypto/crypto_internal.h"

#define WG_CMS_KEY_LEN ((size_t)32)
#define WG_CMS_WRAPPED_LEN (WG_CMS_KEY_LEN + 8) /* RFC 3394 */
#define WG_CMS_TAG_LEN ((size_t)16)

/* Pieces that have no choice, for who writes objects and who reads them: versions, id-ecPublicKey, and
 * dhSinglePass-stdDH-sha256kdf-scheme with id-aes256-wrap. */
extern const uint8_t wg_cms_version_0[3], wg_cms_version_3[3], wg_cms_ec_key[11], wg_cms_agreement[23];

/* How the two ciphers stand in an object: its type; id-data and the algorithm up to the nonce; what follows that. */
struct wg_cms_form {
	uint8_t type[13], type_len;
	uint8_t before[28], before_len, nonce_len;
	uint8_t after[3], after_len, tag_len;
};
extern const struct wg_cms_form wg_cms_forms[2]; /* by wg_cipher */

struct wg_cms_kit {
	EVP_CIPHER *gcm, *cbc, *wrap; /* all with keys of 256 bits */
	EVP_MD *sha256;               /* fast on more processors than base/sha256.h */
};
/* NULL when one of them cannot be had. Lives as long as the process. */
const struct wg_cms_kit *wg_cms_kit(void);

/* What was encoded of a certificate, and what encrypts to it; each made when it is wanted first. One thread. */
struct wg_cert_parts {
	struct wg_buf who;   /* IssuerAndSerialNumber */
	struct wg_buf certs; /* it and its chain, as the certificates of a SignedData */
	EVP_PKEY_CTX *to[2]; /* RSA: by wg_cipher, ready to encrypt a content key */
};
struct wg_cert_parts *wg_cert_parts_new(void); /* NULL: no memory, and then everything is left to OpenSSL */
void wg_cert_parts_freep(struct wg_cert_parts **parts);
const struct wg_buf *wg_cert_who(const struct wg_cert *cert);
const struct wg_buf *wg_cert_set(const struct wg_cert *cert);

/* The key that wraps content keys, of one's private and the other's public key, both on the same curve (RFC 5753
 * section 7.1: ECDH, then the KDF of X9.63 with SHA-256 for id-aes256-wrap, without ukm). Neither is checked to be a
 * key of that curve: a point off it does not decode, and the cofactor of NIST's curves is 1. kek is the caller's to
 * wipe. */
bool wg_cms_agree(EVP_PKEY *private, EVP_PKEY *public, uint8_t kek[static WG_CMS_KEY_LEN]);
/* A pair for one agreement, on the curve of that key. The caller frees; NULL when there is none. */
EVP_PKEY *wg_cms_pair(EVP_PKEY *like);
/* The KeyAgreeRecipientInfo for cert of an agreement with that pair; its last WG_CMS_WRAPPED_LEN bytes are room for the
 * wrapped key. */
bool wg_cms_put_kari(struct wg_buf *out, EVP_PKEY *pair, const struct wg_cert *cert);

/* The whole object around content, sealed with key: AuthEnvelopedData for GCM, else EnvelopedData. infos: its
 * RecipientInfos, a SET; agrees: one of them is a key agreement. ctx is any. */
bool wg_cms_put_sealed(EVP_CIPHER_CTX *ctx, enum wg_cipher cipher, const struct wg_buf *infos, bool agrees,
                       const uint8_t key[static WG_CMS_KEY_LEN], const void *content, size_t len, struct wg_buf *out);

#endif
