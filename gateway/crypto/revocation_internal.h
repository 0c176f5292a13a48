/* What the two files about revoked certificates share. */
#ifndef WG_CRYPTO_REVOCATION_INTERNAL_H
#define WG_CRYPTO_REVOCATION_INTERNAL_H

#include <openssl/ocsp.h>

#include "crypto/crypto_internal.h"
#include "crypto/revocation.h"

/* Longer chains are not believed by any trust store of ours (trust.c). */
#define WG_CHAIN_MAX 8

struct wg_revocations {
	STACK_OF(X509_CRL) * crls;
	OCSP_BASICRESP **answers;
	size_t answer_count;
};

/* What is known of one certificate of a chain. */
struct wg_revocation_depth {
	enum wg_revocation_state state;
	char words[256];
};

WG_OSSL_CLEANUP(ocsp_response, OCSP_RESPONSE, OCSP_RESPONSE_free)
WG_OSSL_CLEANUP(ocsp_basic, OCSP_BASICRESP, OCSP_BASICRESP_free)
WG_OSSL_CLEANUP(ocsp_request, OCSP_REQUEST, OCSP_REQUEST_free)
WG_OSSL_CLEANUP(crl, X509_CRL, X509_CRL_free)

static inline void wg_auto_chain(STACK_OF(X509) * *p)
{
	sk_X509_pop_free(*p, X509_free);
	*p = NULL;
}

/* The chain to the anchors, leaf first; dates do not matter. WG_CRYPTO when there is none. */
enum wg_code wg_revocation_chain(const struct wg_trust *trust, const struct wg_cert *cert, STACK_OF(X509) * *out,
                                 struct wg_err *err) WG_MUST;

/* wg_revocation_sources and wg_revocation_judge of a chain that is there already, the anchor last. */
enum wg_code wg_revocation_sources_of(STACK_OF(X509) * chain, struct wg_revocation_source *out, unsigned *count,
                                      struct wg_err *err) WG_MUST;
enum wg_code wg_revocation_judge_chain(const struct wg_revocations *r, const struct wg_trust *trust,
                                       STACK_OF(X509) * chain, int64_t now, struct wg_revocation_verdict *out,
                                       struct wg_err *err) WG_MUST;

/* What r knows of each certificate of chain but its last, the anchor. */
enum wg_code wg_revocation_depths(const struct wg_revocations *r, const struct wg_trust *trust, STACK_OF(X509) * chain,
                                  int64_t now, struct wg_revocation_depth out[WG_CHAIN_MAX], struct wg_err *err)
	WG_MUST;

/* Lists and responders that a certificate names, as URLs; each once. Returns how many (at most max). */
unsigned wg_revocation_urls(const X509 *x509, struct wg_revocation_source *out, unsigned max);

/* The OCSP name of a certificate; NULL when memory runs out. SHA-1 is what every responder knows, and here it only
 * names (RFC 6960 4.3 leaves other hashes optional). */
OCSP_CERTID *wg_revocation_id(const X509 *x509, const X509 *issuer);

#endif
