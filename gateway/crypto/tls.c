/* tls.c owns the TLS contexts: one policy for those who come in and those we go to.
 * SECURITY: meets strangers' handshakes; a client is admitted inside the handshake, so no byte of a request is read
 * before. */
#include "crypto/tls.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/crypto_internal.h"

/* What a peer may send as its chain: four certificates of RSA-4096 take some 8 KB. */
#define PEER_CHAIN_MAX (32 * 1024)
/* Forward secret and authenticated, for TLS 1.2; all suites of 1.3 are. */
#define CIPHERS_12 "ECDHE+AESGCM:ECDHE+CHACHA20"
#define SECURITY_LEVEL 2
static const unsigned char SESSION_CONTEXT[] = "wardgate";

/* Who decides about the other side, once its chain is verified; lives as long as its context. */
struct gate {
	bool clients; /* they are clients: */
	wg_tls_admit admit;
	void *arg;
	struct wg_peer *peer; /* or NULL */
};

void wg_tls_freep(struct ssl_ctx_st **ctx)
{
	SSL_CTX_free(*ctx);
	*ctx = NULL;
}

static void gate_free(void *parent, void *gate, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
	(void)parent, (void)data, (void)index, (void)argl, (void)argp; /* the signature is OpenSSL's */
	free(gate);
}

static enum wg_code set_common(SSL_CTX *ctx, struct wg_err *err)
{
	SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
	SSL_CTX_set_max_cert_list(ctx, PEER_CHAIN_MAX);
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
	                                   SSL_OP_NO_TICKET);          /* returns the new set */
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* returns the old mode */
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 || SSL_CTX_set_cipher_list(ctx, CIPHERS_12) != 1)
		return wg_ossl_err(err, WG_SYSTEM, "TLS cannot be set up");
	return WG_OK;
}

static enum wg_code set_trust(SSL_CTX *ctx, const struct wg_tls *tls, struct wg_err *err)
{
	if (tls->ca == NULL)
		return wg_err_set(err, WG_CONFIG, "TLS needs a file of certificates that may vouch for the other side");
	WG_CLEANUP(wg_trust_freep) struct wg_trust *trust = NULL;
	enum wg_code code = wg_trust_load(tls->ca, tls->crl, &trust, err);
	if (code == WG_OK)
		SSL_CTX_set1_cert_store(ctx, trust->store); /* takes a reference of its own */
	return code;
}

static enum wg_code set_identity(SSL_CTX *ctx, const struct wg_tls *tls, struct wg_err *err)
{
	if (tls->certificate == NULL && tls->key == NULL)
		return WG_OK;
	if (tls->certificate == NULL || tls->key == NULL)
		return wg_err_set(err, WG_CONFIG, "TLS needs a certificate and its key, or neither");
	if (SSL_CTX_use_certificate_chain_file(ctx, tls->certificate) != 1)
		return wg_ossl_err(err, WG_CONFIG, "%s: no certificate that TLS can use", tls->certificate);
	WG_CLEANUP(wg_key_freep) struct wg_key *key = NULL;
	enum wg_code code = wg_key_load(tls->key, &key, err);
	if (code != WG_OK)
		return code;
	if (SSL_CTX_use_PrivateKey(ctx, key->pkey) != 1 || SSL_CTX_check_private_key(ctx) != 1)
		return wg_ossl_err(err, WG_CONFIG, "%s is not the key of %s", tls->key, tls->certificate);
	return WG_OK;
}

/* Explicit, not merely allowed: a mail certificate without extended key usage must not open the door. */
static bool made_for_clients(X509 *leaf)
{
	uint32_t extended = X509_get_extended_key_usage(leaf);
	return (X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE) != 0 && (extended & XKU_SSL_CLIENT) != 0;
}

/* By what is held about revoked certificates; X509_V_OK when it may go on. */
static int ask_peer(X509_STORE_CTX *ctx, struct wg_peer *peer, const char *whose)
{
	const struct wg_trust trust = { .store = X509_STORE_CTX_get0_store(ctx) };
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	if (peer == NULL)
		return X509_V_OK;
	enum wg_cert_fault fault = wg_peer_judge(peer, &trust, chain, whose);
	return fault == WG_CERT_FINE      ? X509_V_OK
	       : fault == WG_CERT_REVOKED ? X509_V_ERR_CERT_REVOKED
	                                  : X509_V_ERR_UNABLE_TO_GET_CRL;
}

/* OpenSSL by itself would go by the machine's clock: one that was set to another year would shut every door, and open
 * those of certificates that have expired. */
static int verify_now(X509_STORE_CTX *ctx)
{
	X509_STORE_CTX_set_time(ctx, 0, (time_t)(wg_clock_now() / 1000));
	return X509_verify_cert(ctx);
}

/* OpenSSL asks here instead of verifying by itself: chain first, then use, then the door-keeper, then whether it was
 * revoked, which the door-keeper may have said how to take. The error that is set decides the alert. */
static int verify_client(X509_STORE_CTX *ctx, void *arg)
{
	const struct gate *gate = arg;
	if (gate->peer != NULL)
		gate->peer->words[0] = '\0';
	if (verify_now(ctx) != 1)
		return 0;
	X509 *leaf = X509_STORE_CTX_get0_cert(ctx);
	struct wg_cert_facts facts;
	int why = X509_V_OK;
	if (!made_for_clients(leaf))
		why = X509_V_ERR_INVALID_PURPOSE;
	else if (wg_cert_facts_of(leaf, &facts, NULL) != WG_OK || !gate->admit(gate->arg, &facts))
		why = X509_V_ERR_APPLICATION_VERIFICATION;
	else
		why = ask_peer(ctx, gate->peer, "client");
	X509_STORE_CTX_set_error(ctx, why);
	return why == X509_V_OK;
}

static int verify_server(X509_STORE_CTX *ctx, void *arg)
{
	const struct gate *gate = arg;
	if (gate->peer != NULL)
		gate->peer->words[0] = '\0';
	if (verify_now(ctx) != 1)
		return 0;
	int why = ask_peer(ctx, gate->peer, "server");
	if (why != X509_V_OK)
		X509_STORE_CTX_set_error(ctx, why);
	return why == X509_V_OK;
}

static int gate_slot(void)
{
	static int slot = -1;
	if (slot < 0)
		slot = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, gate_free);
	return slot;
}

/* The context owns the gate through its extra data. */
static enum wg_code set_gate(SSL_CTX *ctx, const struct gate *what, struct wg_err *err)
{
	struct gate *gate = malloc(sizeof *gate);
	if (gate == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for TLS");
	*gate = *what;
	if (gate_slot() < 0 || SSL_CTX_set_ex_data(ctx, gate_slot(), gate) != 1) {
		free(gate);
		return wg_ossl_err(err, WG_SYSTEM, "TLS cannot be set up");
	}
	SSL_CTX_set_cert_verify_callback(ctx, gate->clients ? verify_client : verify_server, gate);
	return WG_OK;
}

const char *wg_tls_verified_words(const struct ssl_st *ssl)
{
	const struct gate *gate = gate_slot() >= 0 ? SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), gate_slot()) : NULL;
	long verified = SSL_get_verify_result(ssl);
	bool ours = verified == X509_V_ERR_CERT_REVOKED || verified == X509_V_ERR_UNABLE_TO_GET_CRL;
	if (ours && gate != NULL && gate->peer != NULL && gate->peer->words[0] != '\0')
		return gate->peer->words;
	return X509_verify_cert_error_string(verified);
}

enum wg_code wg_tls_server(const struct wg_tls *tls, wg_tls_admit admit, void *arg, struct ssl_ctx_st **out,
                           struct wg_err *err)
{
	if (tls->certificate == NULL)
		return wg_err_set(err, WG_CONFIG, "a TLS server needs a certificate");
	WG_CLEANUP(wg_tls_freep) SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	if (ctx == NULL)
		return wg_ossl_err(err, WG_SYSTEM, "TLS cannot be set up");
	enum wg_code code = set_common(ctx, err);
	if (code == WG_OK)
		code = set_trust(ctx, tls, err);
	if (code == WG_OK)
		code = set_identity(ctx, tls, err);
	if (code == WG_OK)
		code = set_gate(ctx, &(struct gate){ .clients = true, .admit = admit, .arg = arg, .peer = tls->peer }, err);
	if (code != WG_OK)
		return code;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	/* No resumption at all: it would skip the door-keeper. The id context is set all the same, so that no other
	 * context's session is ever taken for one of ours. */
	if (SSL_CTX_set_num_tickets(ctx, 0) != 1 ||
	    SSL_CTX_set_session_id_context(ctx, SESSION_CONTEXT, sizeof SESSION_CONTEXT - 1) != 1)
		return wg_ossl_err(err, WG_SYSTEM, "TLS cannot be set up");
	*out = wg_steal(&ctx);
	return WG_OK;
}

enum wg_code wg_tls_server_open(const struct wg_tls *tls, struct ssl_ctx_st **out, struct wg_err *err)
{
	if (tls->certificate == NULL)
		return wg_err_set(err, WG_CONFIG, "a TLS server needs a certificate");
	WG_CLEANUP(wg_tls_freep) SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	if (ctx == NULL || SSL_CTX_set_num_tickets(ctx, 0) != 1)
		return wg_ossl_err(err, WG_SYSTEM, "TLS cannot be set up");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	enum wg_code code = set_common(ctx, err);
	if (code == WG_OK)
		code = set_identity(ctx, tls, err);
	if (code == WG_OK)
		*out = wg_steal(&ctx);
	return code;
}

/* The subject's CN decides nothing; "*.example" stands for a whole label only. */
static enum wg_code expect(X509_VERIFY_PARAM *param, const char *host, struct wg_err *err)
{
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
		return WG_OK;
	if (!wg_hostname_valid(host) || X509_VERIFY_PARAM_set1_host(param, host, 0) != 1)
		return wg_ossl_err(err, WG_CONFIG, "this is not a host name that a certificate can carry");
	return WG_OK;
}

enum wg_code wg_tls_client_setup(const struct wg_tls *tls, const char *host, struct ssl_ctx_st *ctx, struct wg_err *err)
{
	enum wg_code code = set_common(ctx, err);
	if (code == WG_OK)
		code = set_trust(ctx, tls, err);
	if (code == WG_OK)
		code = set_identity(ctx, tls, err);
	if (code == WG_OK && host != NULL)
		code = expect(SSL_CTX_get0_param(ctx), host, err);
	if (code == WG_OK)
		code = set_gate(ctx, &(struct gate){ .peer = tls->peer }, err);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return code;
}

enum wg_code wg_tls_client(const struct wg_tls *tls, struct ssl_ctx_st **out, struct wg_err *err)
{
	WG_CLEANUP(wg_tls_freep) SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	if (ctx == NULL)
		return wg_ossl_err(err, WG_SYSTEM, "TLS cannot be set up");
	enum wg_code code = wg_tls_client_setup(tls, NULL, ctx, err);
	if (code == WG_OK)
		*out = wg_steal(&ctx);
	return code;
}

enum wg_code wg_tls_expect(struct ssl_st *ssl, const char *host, struct wg_err *err)
{
	enum wg_code code = expect(SSL_get0_param(ssl), host, err);
	if (code != WG_OK)
		return code;
	/* RFC 6066: an address is not sent as a server name */
	if (wg_hostname_valid(host) && SSL_set_tlsext_host_name(ssl, host) != 1)
		return wg_ossl_err(err, WG_SYSTEM, "TLS cannot be set up");
	return WG_OK;
}

enum wg_code wg_tls_peer(struct ssl_st *ssl, struct wg_cert_facts *out, struct wg_err *err)
{
	X509 *peer = SSL_get0_peer_certificate(ssl);
	if (peer == NULL)
		return wg_err_set(err, WG_NOT_FOUND, "the other side showed no certificate");
	if (SSL_get_verify_result(ssl) != X509_V_OK)
		return wg_err_set(err, WG_CRYPTO, "the other side's certificate was not accepted");
	return wg_cert_facts_of(peer, out, err);
}
