/* TLS contexts: made here so that one trust policy serves all. TLS 1.2 at least, no renegotiation, no compression. */
#ifndef WG_CRYPTO_TLS_H
#define WG_CRYPTO_TLS_H

#include <stdbool.h>

#include "base/err.h"

struct ssl_ctx_st; /* SSL_CTX */
struct ssl_st;     /* SSL */

struct wg_tls {
	const char *certificate, *key; /* PEM paths; both NULL for a client without a certificate */
	const char *ca;                /* PEM path of the anchors for the other side */
	const char *crl;               /* or NULL */
};

/* Decides, inside the handshake and after the chain was verified, whether the client may come in at all: false ends the
 * handshake with an alert. Gets the client's certificate as facts. */
struct wg_cert_facts;
typedef bool (*wg_tls_admit)(void *arg, const struct wg_cert_facts *client);

/* A server context that demands and verifies a client certificate (EKU clientAuth) and asks admit. Session tickets and
 * ids off the cache of other contexts (session id context set). arg must outlive the context. */
enum wg_code wg_tls_server(const struct wg_tls *tls, wg_tls_admit admit, void *arg, struct ssl_ctx_st **out,
                           struct wg_err *err) WG_MUST;

/* A client context that verifies the server's chain. The name is set per connection with wg_tls_expect. */
enum wg_code wg_tls_client(const struct wg_tls *tls, struct ssl_ctx_st **out, struct wg_err *err) WG_MUST;

/* The same policy on a context that a library made (libcurl). host: the name or address that the certificate must
 * carry, or NULL. */
enum wg_code wg_tls_client_setup(const struct wg_tls *tls, const char *host, struct ssl_ctx_st *ctx, struct wg_err *err)
	WG_MUST;

/* SNI and the name the certificate must carry, exactly (no partial wildcards), before the handshake. */
enum wg_code wg_tls_expect(struct ssl_st *ssl, const char *host, struct wg_err *err) WG_MUST;

/* Facts of the peer's certificate after a handshake; WG_NOT_FOUND when there is none. */
enum wg_code wg_tls_peer(struct ssl_st *ssl, struct wg_cert_facts *out, struct wg_err *err) WG_MUST;

void wg_tls_freep(struct ssl_ctx_st **ctx);

#endif
