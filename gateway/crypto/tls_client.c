/* tls_client.c owns what a client that drives its own handshake needs beside a context: resumption with a bound,
 * the last look before anything is said, and words for what went wrong.
 * SECURITY: a resumed handshake shows no certificate, so what was verified once is believed for a bounded time only. */
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "crypto/crypto_internal.h"
#include "crypto/tls.h"

static int memory_slot(void)
{
	static int slot = -1;
	if (slot < 0)
		slot = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return slot;
}

void wg_tls_forget(struct wg_tls_memory *memory)
{
	SSL_SESSION_free(memory->session);
	*memory = (struct wg_tls_memory){ 0 };
}

/* OpenSSL's callback for each session or ticket that a server gives; 1: the reference is ours now. */
static int take_session(SSL *ssl, SSL_SESSION *session)
{
	struct wg_tls_memory *memory = SSL_get_ex_data(ssl, memory_slot());
	if (memory == NULL || !SSL_SESSION_is_resumable(session))
		return 0;
	int64_t verified = SSL_session_reused(ssl) ? memory->verified : wg_clock_monotonic();
	SSL_SESSION_free(memory->session);
	*memory = (struct wg_tls_memory){ .session = session, .verified = verified };
	return 1;
}

enum wg_code wg_tls_remember(struct ssl_st *ssl, struct wg_tls_memory *memory, struct wg_err *err)
{
	SSL_CTX *ctx = SSL_get_SSL_CTX(ssl);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL); /* the old mode */
	SSL_CTX_sess_set_new_cb(ctx, take_session);
	(void)SSL_clear_options(ssl, SSL_OP_NO_TICKET); /* returns the new set */
	if (memory->session != NULL && wg_clock_monotonic() - memory->verified > WG_TLS_RESUME_MS)
		wg_tls_forget(memory);
	if (memory_slot() < 0 || SSL_set_ex_data(ssl, memory_slot(), memory) != 1 ||
	    (memory->session != NULL && SSL_set_session(ssl, memory->session) != 1))
		return wg_ossl_err(err, WG_SYSTEM, "TLS cannot be set up");
	return WG_OK;
}

enum wg_code wg_tls_checked(struct ssl_st *ssl, const char *host, struct wg_err *err)
{
	X509 *peer = SSL_get0_peer_certificate(ssl);
	if (peer == NULL || SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE)
		return wg_err_set(err, WG_CRYPTO, "TLS: the server showed no certificate");
	if (SSL_get_verify_result(ssl) != X509_V_OK)
		return wg_tls_failed(ssl, err);
	const unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
	if (X509_check_ip_asc(peer, host, 0) != 1 && X509_check_host(peer, host, 0, flags, NULL) != 1)
		return wg_err_set(err, WG_CRYPTO, "TLS: the certificate does not carry the name %s", host);
	time_t now = (time_t)(wg_clock_now() / 1000);
	if (X509_cmp_time(X509_get0_notBefore(peer), &now) >= 0 || X509_cmp_time(X509_get0_notAfter(peer), &now) <= 0)
		return wg_err_set(err, WG_CRYPTO, "TLS: the certificate of %s is not within its time", host);
	return WG_OK;
}

enum wg_code wg_tls_failed(struct ssl_st *ssl, struct wg_err *err)
{
	long verified = SSL_get_verify_result(ssl);
	if (verified == X509_V_OK)
		return wg_ossl_err(err, WG_CRYPTO, "TLS");
	wg_ossl_forget();
	return wg_err_set(err, WG_CRYPTO, "TLS: the certificate was not accepted: %s", wg_tls_verified_words(ssl));
}
