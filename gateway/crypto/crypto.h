/* Keys, certificates, hashes and CMS: the OpenSSL room. Decryption and verification failures give one single message to
 * the peer (WG_CRYPTO, "could not be opened"); details go into err->text for the operator's log only where they say
 * nothing of the key or the plaintext. */
#ifndef WG_CRYPTO_CRYPTO_H
#define WG_CRYPTO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct wg_key;   /* a private key; wiped when freed */
struct wg_cert;  /* one X.509 certificate */
struct wg_trust; /* anchors and CRLs of one purpose */

/* OpenSSL asks wg_mem_malloc for its memory, so that wg_mem_refused knows of it. Before anything else of OpenSSL is
 * called; who does not call this only learns less. */
void wg_crypto_memory(void);

/* PEM files, or for a key a pkcs11: URI (crypto/hsm.h). A key file readable by others than its owner is WG_CONFIG and
 * says so. */
enum wg_code wg_key_load(const char *path, struct wg_key **out, struct wg_err *err) WG_MUST;
enum wg_code wg_key_parse(const void *pem, size_t len, struct wg_key **out, struct wg_err *err) WG_MUST;
void wg_key_freep(struct wg_key **key);
/* It is in an HSM: no other process can be given it. */
bool wg_key_stays(const struct wg_key *key);
/* In words, what it opens: "RSA PKCS#1 v1.5, OAEP with SHA-1, ..."; "" when it was tried, and only signs. Asks the HSM
 * for nothing that its log would call an alarm but trial openings of the gateway's own. Static. */
const char *wg_key_opens(struct wg_key *key);
enum wg_code wg_cert_load(const char *path, struct wg_cert **out, struct wg_err *err) WG_MUST;
enum wg_code wg_cert_parse(const void *pem, size_t len, struct wg_cert **out, struct wg_err *err) WG_MUST;
void wg_cert_freep(struct wg_cert **cert);
/* Every certificate of a PEM text, each by itself, at most max; *count how many. The caller frees each. */
enum wg_code wg_cert_parse_all(const void *pem, size_t len, struct wg_cert **out, unsigned max, unsigned *count,
                               struct wg_err *err) WG_MUST;
/* A subject alternative name is that host, as a TLS client would see it. */
bool wg_cert_names_host(const struct wg_cert *cert, const char *host);
enum wg_code wg_trust_load(const char *ca_path, const char *crl_path /* or NULL */, struct wg_trust **out,
                           struct wg_err *err) WG_MUST;
/* Anchors, and CRLs where there are any among them, from PEM text in memory. */
enum wg_code wg_trust_parse(const void *pem, size_t len, struct wg_trust **out, struct wg_err *err) WG_MUST;
void wg_trust_freep(struct wg_trust **trust);

#define WG_FINGERPRINT_TEXT 65
struct wg_cert_facts {
	char subject[256];                              /* RFC 2253, for people only; never decides anything */
	char fingerprint[WG_FINGERPRINT_TEXT];          /* SHA-256 of the DER, lower-case hex */
	char key_pin[WG_FINGERPRINT_TEXT];              /* SHA-256 of the SubjectPublicKeyInfo */
	char emails[4][256], dns[4][256], uris[4][256]; /* from the SAN; "" when fewer */
	int64_t not_before, not_after;                  /* wall clock, ms */
	bool can_sign, can_encrypt, server_auth, client_auth,
		ca;            /* by key usage and extended key usage; absent extensions allow */
	bool sample;       /* made by certs-example/make: the gateway refuses to start with it unless told */
	char key_type[24]; /* "RSA-2048", "EC-P-256" */
	bool weak; /* its key, or the signature under it (unless it signed itself), has less than 112 bits of strength */
};
enum wg_code wg_cert_facts(const struct wg_cert *cert, struct wg_cert_facts *out, struct wg_err *err) WG_MUST;
/* The key belongs to the certificate. */
enum wg_code wg_key_matches(const struct wg_key *key, const struct wg_cert *cert, struct wg_err *err) WG_MUST;
/* Verifies cert (with the anchors and CRLs of trust, as of wg_clock_now) for purpose. WG_CRYPTO with the reason in
 * words. */
enum wg_purpose { WG_PURPOSE_SMIME_SIGN, WG_PURPOSE_SMIME_ENCRYPT, WG_PURPOSE_TLS_SERVER, WG_PURPOSE_TLS_CLIENT };
enum wg_code wg_trust_check(const struct wg_trust *trust, const struct wg_cert *cert, enum wg_purpose purpose,
                            struct wg_err *err) WG_MUST;
/* The same at another instant (wall ms). */
enum wg_code wg_trust_check_at(const struct wg_trust *trust, const struct wg_cert *cert, enum wg_purpose purpose,
                               int64_t now, struct wg_err *err) WG_MUST;

#define WG_HASH_LEN 32
#define WG_HASH_TEXT 65
/* SHA-256 as lower-case hex (base/sha256.h has the bytes, for the rooms below OpenSSL). */
void wg_sha256_hex(const void *p, size_t len, char out[WG_HASH_TEXT]);
/* HMAC-SHA-256 as lower-case hex: for identifiers that must be looked up but not read. */
enum wg_code wg_hmac_hex(const void *key, size_t key_len, const void *p, size_t len, char out[WG_HASH_TEXT],
                         struct wg_err *err) WG_MUST;

/* What a recipient's software is known to open (recorded in the directory, never guessed). */
enum wg_cipher {
	WG_CIPHER_CBC, /* AES-256-CBC, RSA PKCS#1 v1.5 key transport; EC certificates: ECDH with a SHA-256 KDF. Widest
	                  reach. */
	WG_CIPHER_GCM  /* AES-256-GCM AuthEnvelopedData, RSA-OAEP SHA-256 or ECDH */
};

/* Signed-data, opaque (the content inside), one signer, SHA-256, with signing time and the certificate; DER into out.
 * content must already be canonical (CRLF). */
enum wg_code wg_cms_sign(const struct wg_key *key, const struct wg_cert *cert, const void *content, size_t len,
                         struct wg_buf *out, struct wg_err *err) WG_MUST;
/* Enveloped-data (or auth-enveloped) for one recipient; DER into out. */
enum wg_code wg_cms_encrypt(const struct wg_cert *recipient, enum wg_cipher cipher, const void *content, size_t len,
                            struct wg_buf *out, struct wg_err *err) WG_MUST;
/* The same for several certificates of one recipient, so that the key of any of them opens it: old and new stand side
 * by side in a change-over. At most WG_CMS_RECIPIENTS; WG_LIMIT above, WG_CONFIG for none. */
#define WG_CMS_RECIPIENTS 4
enum wg_code wg_cms_encrypt_all(const struct wg_cert *const *recipients, size_t count, enum wg_cipher cipher,
                                const void *content, size_t len, struct wg_buf *out, struct wg_err *err) WG_MUST;
/* Opens either. */
enum wg_code wg_cms_decrypt(const struct wg_key *key, const struct wg_cert *cert, const void *der, size_t len,
                            struct wg_buf *out, struct wg_err *err) WG_MUST;
/* Where the recipients of a sealed object end, and with them its wrapped data keys: without these bytes nobody opens
 * the rest. WG_CRYPTO when it is none. */
enum wg_code wg_cms_head_end(const void *object, size_t len, size_t *end, struct wg_err *err) WG_MUST;
/* WG_CONFIG when that can be beyond limit in what wg_cms_encrypt makes for this certificate with WG_CIPHER_GCM. */
enum wg_code wg_cms_head_check(const struct wg_cert *cert, size_t limit, struct wg_err *err) WG_MUST;
/* Verifies signed-data with exactly one signer whose certificate chains to trust for signing and with content inside:
 * the content into out, the signer's certificate to *signer (the caller frees). Anything else is WG_CRYPTO. */
enum wg_code wg_cms_verify(const struct wg_trust *trust, const void *der, size_t len, struct wg_buf *out,
                           struct wg_cert **signer, struct wg_err *err) WG_MUST;

#endif
