/* TLS contexts: made here so that one trust policy serves all. TLS 1.2 at least, no renegotiation, no compression. */
#ifndef WG_CRYPTO_TLS_H
#define WG_CRYPTO_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct ssl_ctx_st;     /* SSL_CTX */
struct ssl_st;         /* SSL */
struct ssl_session_st; /* SSL_SESSION */

struct wg_peer; /* crypto/peer.h */

struct wg_tls {
	const char *certificate, *key; /* PEM paths; both NULL for a client without a certificate */
	const char *ca;                /* PEM path of the anchors for the other side */
	const char *crl; /* or NULL: lists of which a fresh one of every authority must be there, or nobody is let in */
	struct wg_peer *peer; /* what was fetched about the other side, and how strictly it is asked; outlives the context.
	                         NULL: whether it was revoked is not asked */
};

/* Decides, inside the handshake and after the chain was verified, whether the client may come in at all: false ends the
 * handshake with an alert. Gets the client's certificate as facts. */
struct wg_cert_facts;
typedef bool (*wg_tls_admit)(void *arg, const struct wg_cert_facts *client);

/* A server context that demands and verifies a client certificate (EKU clientAuth) and asks admit. Session tickets and
 * ids off the cache of other contexts (session id context set). arg must outlive the context. */
enum wg_code wg_tls_server(const struct wg_tls *tls, wg_tls_admit admit, void *arg, struct ssl_ctx_st **out,
                           struct wg_err *err) WG_MUST;

/* A server context for strangers: shows its certificate and asks for none. tls->ca and crl are not looked at. Nothing
 * is resumed. */
enum wg_code wg_tls_server_open(const struct wg_tls *tls, struct ssl_ctx_st **out, struct wg_err *err) WG_MUST;

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

/* ---- a client that speaks TLS itself: wg_tls_expect, or wg_tls_dane of dane.h, and wg_tls_remember
 * before the handshake, wg_tls_checked after it */

/* What lets the next connection to the same host and port resume; the owner keeps one for each such pair and never
 * mixes them. Starts zeroed. */
struct wg_tls_memory {
	struct ssl_session_st *session;
	int64_t verified; /* monotonic ms of the handshake in which the chain was verified; resuming does not renew it */
};

/* A resumed session does not show its chain again: after so long a change of certificate, an expiry or a revocation
 * must be seen. */
#define WG_TLS_RESUME_MS (10 * 60 * 1000)

/* Offers what memory holds, unless it is too old, and lets it take what the server gives. memory must outlive ssl. Not
 * for DANE: a resumed session would not be held against records that changed. */
enum wg_code wg_tls_remember(struct ssl_st *ssl, struct wg_tls_memory *memory, struct wg_err *err) WG_MUST;
void wg_tls_forget(struct wg_tls_memory *memory);

/* After the handshake: verified, with a certificate that is still within its time and carries the name,
 * also when the session was resumed. WG_CRYPTO with words for the operator. */
enum wg_code wg_tls_checked(struct ssl_st *ssl, const char *host, struct wg_err *err) WG_MUST;

/* What verifying the other side's chain found, in words; "ok" when nothing. */
const char *wg_tls_verified_words(const struct ssl_st *ssl);

/* Why a handshake failed, in words: what verifying found, or OpenSSL's reason, whose queue is emptied. WG_CRYPTO. */
enum wg_code wg_tls_failed(struct ssl_st *ssl, struct wg_err *err);

#endif
