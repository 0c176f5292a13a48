/* What the files of this room share: the structs behind crypto.h, cleanup for OpenSSL's objects, words for its errors.
 *
 * Invariants:
 * 1. wg_key.pkey is RSA of at least 2048 bits or EC on a NIST prime curve; it was parsed without asking for a password,
 * or is in an HSM.
 * 2. wg_cert.x509 has had its extensions parsed and none of them was malformed; chain may be NULL.
 * 3. wg_trust.store carries the verification policy (depth, strength, CRLs) itself, so whoever borrows it obeys it. */
#ifndef WG_CRYPTO_CRYPTO_INTERNAL_H
#define WG_CRYPTO_CRYPTO_INTERNAL_H

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/crypto.h"
#include "crypto/peer.h"

struct wg_hsm_asking;
struct wg_agreed;
struct wg_cert_parts;
struct wg_key {
	EVP_PKEY *pkey;
	bool hsm;                     /* it stays where it is: cannot be handed to another process */
	unsigned does;                /* of one in an HSM that is to open: WG_HSM_DOES_* (crypto/hsm_wire.h) */
	struct wg_hsm_asking *asking; /* owned: it is in another process, which is asked; NULL: it is in this one */
	struct wg_agreed *agreed; /* owned: what it agreed on last (crypto/cms_agree.h); NULL: it opens by OpenSSL alone */
	EVP_PKEY_CTX *signing;    /* ready to sign SHA-256 (crypto/cms_signed.h); NULL: it signs by OpenSSL's CMS alone */
};

struct wg_hsm_line;
struct wg_cert {
	X509 *x509;
	STACK_OF(X509) * chain;      /* what stood behind it in the same file: intermediates to send along */
	struct wg_cert_parts *parts; /* owned, what was made of it (crypto/cms_parts.h); NULL: OpenSSL makes it anew */
};

struct wg_trust {
	X509_STORE *store;
};

/* type stands in a declaration: NOLINTBEGIN(bugprone-macro-parentheses) */
#define WG_OSSL_CLEANUP(name, type, release)    \
	static inline void wg_auto_##name(type **p) \
	{                                           \
		release(*p);                            \
		*p = NULL;                              \
	}
/* NOLINTEND(bugprone-macro-parentheses) */
WG_OSSL_CLEANUP(bio, BIO, BIO_free_all)
WG_OSSL_CLEANUP(x509, X509, X509_free)
WG_OSSL_CLEANUP(cms, CMS_ContentInfo, CMS_ContentInfo_free)
WG_OSSL_CLEANUP(store_ctx, X509_STORE_CTX, X509_STORE_CTX_free)
WG_OSSL_CLEANUP(names, GENERAL_NAMES, GENERAL_NAMES_free)
WG_OSSL_CLEANUP(pkey, EVP_PKEY, EVP_PKEY_free)
WG_OSSL_CLEANUP(cipher_ctx, EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

static inline void wg_auto_infos(STACK_OF(X509_INFO) * *p)
{
	sk_X509_INFO_pop_free(*p, X509_INFO_free);
	*p = NULL;
}

/* Sets code and words, then ": " and OpenSSL's own reason for the first error in its queue; empties the queue.
 * OpenSSL's reasons are fixed words; the data it may attach (values, file names) is left out. */
enum wg_code wg_ossl_err(struct wg_err *err, enum wg_code code, const char *fmt, ...) WG_PRINTF(3, 4);

/* Empties OpenSSL's error queue, which outlives the call that filled it and would confuse the next one. */
void wg_ossl_forget(void);

/* A whole PEM file into out. A secret one must be a regular file that only its owner may read. */
enum wg_code wg_pem_read(const char *path, bool secret, struct wg_buf *out, struct wg_err *err) WG_MUST;

/* A read-only BIO over borrowed bytes; NULL when there are too many of them or memory runs out. */
BIO *wg_ossl_view(const void *p, size_t len);

/* Facts of a certificate that OpenSSL holds. */
enum wg_code wg_cert_facts_of(X509 *x509, struct wg_cert_facts *out, struct wg_err *err) WG_MUST;

/* Takes into key (zeroed) the private key with that pkcs11: URI: of the module in this process, or of the process that
 * is asked for keys (hsm.c). */
enum wg_code wg_hsm_open(const char *uri, struct wg_key *key, struct wg_err *err) WG_MUST;
/* Into key (zeroed) one that is asked for under that number, of the public half, which is borrowed. */
enum wg_code wg_hsm_asked(const struct wg_hsm_line *line, uint8_t number, EVP_PKEY *public, struct wg_key *key,
                          struct wg_err *err) WG_MUST;
/* What failed with this key failed because the process that has it is gone, or the HSM is: says so in err. */
bool wg_hsm_fault(const struct wg_key *key, struct wg_err *err);
/* Before OpenSSL opens cms with a key that is asked for: how its content key is wrapped for cert. Nothing for others.
 */
void wg_hsm_expect(const struct wg_key *key, const struct wg_cert *cert, CMS_ContentInfo *cms);

/* Anchors only, from PEM text; lists of revoked certificates among it are passed over. */
enum wg_code wg_trust_anchors(const void *pem, size_t len, struct wg_trust **out, struct wg_err *err) WG_MUST;

/* All that wg_cms_verify checks but the signer's chain, which the caller must: *signer carries the other certificates
 * of the object as its chain. */
enum wg_code wg_cms_verify_any(const void *der, size_t len, struct wg_buf *out, struct wg_cert **signer,
                               struct wg_err *err) WG_MUST;

/* Judges a chain that was verified to trust, the anchor last, and tells. whose: "server" or "client", for the words,
 * which are in peer->words when it is refused. FINE, REVOKED or UNKNOWN. */
enum wg_cert_fault wg_peer_judge(struct wg_peer *peer, const struct wg_trust *trust, STACK_OF(X509) * chain,
                                 const char *whose) WG_MUST;

/* wg_cms_sign and wg_cms_encrypt_all by OpenSSL's CMS alone: for keys and certificates of any kind, and what the others
 * are held against. now: wall ms. At least one recipient, at most WG_CMS_RECIPIENTS. */
enum wg_code wg_cms_sign_slowly(const struct wg_key *key, const struct wg_cert *cert, const void *content, size_t len,
                                int64_t now, struct wg_buf *out, struct wg_err *err) WG_MUST;
enum wg_code wg_cms_encrypt_slowly(const struct wg_cert *const *recipients, size_t count, enum wg_cipher cipher,
                                   const void *content, size_t len, struct wg_buf *out, struct wg_err *err) WG_MUST;

/* A CMS object of strangers; NULL unless it is exactly one. */
CMS_ContentInfo *wg_cms_parse(const void *der, size_t len);

/* Of signed-data: there is content inside; the digest of a signer is one that is still safe. */
bool wg_cms_has_content(CMS_ContentInfo *cms);
bool wg_cms_digest_strong(CMS_SignerInfo *signer);
/* After CMS_verify, of the one signer: the certificate whose key made the signature, the others as its chain. */
enum wg_code wg_cms_signer(CMS_ContentInfo *cms, struct wg_cert **signer, struct wg_err *err) WG_MUST;

/* A name for people, defanged and cut; never decides anything. */
void wg_name_text(const X509_NAME *name, char *out, size_t size);

/* A time of a certificate or an answer, to wall ms. */
enum wg_code wg_asn1_time(const ASN1_TIME *time, int64_t *out, struct wg_err *err) WG_MUST;

/* A wg_cert around one more reference to x509. */
enum wg_code wg_cert_wrap(X509 *x509, struct wg_cert **out, struct wg_err *err) WG_MUST;

#endif
