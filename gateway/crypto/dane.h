/* DANE for outgoing TLS: the records of the server's operator say which certificate is right, and no authority does.
 * RFC 7671, RFC 7672 section 3. */
#ifndef WG_CRYPTO_DANE_H
#define WG_CRYPTO_DANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct ssl_st; /* SSL */

/* A whole certificate of RSA-4096 has some 2 KB; a digest has 32 or 64 bytes. */
#define WG_TLSA_DATA 2048
/* Records of one server: old and new key, by two digests, of the certificate and of its authority. */
#define WG_TLSA_MAX 12

/* One TLSA record (RFC 6698 section 2.1). Whoever fills it in has seen to it that the answer was secure. */
struct wg_tlsa {
	uint8_t usage, selector, matching;
	uint8_t data[WG_TLSA_DATA];
	size_t len;
};

/* Whether a mail client may go by it: usage 2 or 3 (RFC 7672 section 3.1.3), selector 0 or 1, and data that fits the
 * matching type: a SHA-256, a SHA-512, or one whole certificate or public key. */
bool wg_tlsa_usable(const struct wg_tlsa *record);

/* Before the handshake, on an SSL of any client context of tls.h: from here on only these records decide, no anchor of
 * ours and no list of revoked certificates has a say. names[0] is the TLSA base domain, which also becomes the server
 * name that is sent; with usage 2 the certificate must carry one of names and be valid now; with usage 3 neither name
 * nor dates count (RFC 7672 sections 3.1.1, 3.1.2, 3.2). Records that are not usable are passed over; WG_NOT_FOUND when
 * none is left: the caller must not go on as if there were no DANE. Sessions are never resumed on such an SSL. */
enum wg_code wg_tls_dane(struct ssl_st *ssl, const char *const *names, unsigned name_count,
                         const struct wg_tlsa *records, unsigned count, struct wg_err *err) WG_MUST;

/* After the handshake, which fails by itself when nothing matched: WG_OK only if one of the records has matched; the
 * words of it go to words ("DANE-EE(3) matched the certificate's key"). WG_CRYPTO with the reason otherwise, also when
 * wg_tls_dane was never called. */
enum wg_code wg_tls_dane_proven(struct ssl_st *ssl, char *words, size_t size, struct wg_err *err) WG_MUST;

#endif
