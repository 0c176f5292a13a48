/* dane.c owns DANE on a connection that we make: which records count, and that nothing but they decides.
 * SECURITY: the records come from the DNS of strangers, the certificates from their servers. What does not match ends
 * the handshake; there is no second opinion. */
#include "crypto/dane.h"

#include <openssl/ssl.h>
#include <stdio.h>

#include "base/text.h"
#include "crypto/crypto_internal.h"

enum { USAGE_TA = 2, USAGE_EE = 3, SELECTOR_CERT = 0, SELECTOR_KEY = 1, MATCH_WHOLE = 0, MATCH_256 = 1, MATCH_512 = 2 };

static bool is_whole(const struct wg_tlsa *record)
{
	const uint8_t *p = record->data;
	if (record->selector == SELECTOR_CERT) {
		X509 *cert = d2i_X509(NULL, &p, (long)record->len);
		X509_free(cert);
		return cert != NULL && p == record->data + record->len;
	}
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)record->len);
	EVP_PKEY_free(key);
	return key != NULL && p == record->data + record->len;
}

bool wg_tlsa_usable(const struct wg_tlsa *record)
{
	if (record->usage != USAGE_TA && record->usage != USAGE_EE)
		return false;
	if (record->selector != SELECTOR_CERT && record->selector != SELECTOR_KEY)
		return false;
	switch (record->matching) {
	case MATCH_WHOLE: {
		bool whole = record->len > 0 && record->len <= sizeof record->data && is_whole(record);
		wg_ossl_forget(); /* a record that is none is no fault of ours */
		return whole;
	}
	case MATCH_256:
		return record->len == 32;
	case MATCH_512:
		return record->len == 64;
	default:
		return false;
	}
}

/* No anchor of the context may vouch for anybody here, and its lists of revoked certificates know nothing of the
 * authorities that such records name. */
static enum wg_code forget_anchors(SSL *ssl, struct wg_err *err)
{
	X509_STORE *none = X509_STORE_new();
	if (none == NULL || SSL_set0_verify_cert_store(ssl, none) != 1) {
		X509_STORE_free(none);
		return wg_ossl_err(err, WG_SYSTEM, "TLS cannot be set up");
	}
	return WG_OK;
}

static enum wg_code set_names(SSL *ssl, const char *const *names, unsigned count, struct wg_err *err)
{
	for (unsigned i = 0; i < count; i++)
		if (!wg_hostname_valid(names[i]))
			return wg_err_set(err, WG_CONFIG, "this is not a host name that a certificate can carry");
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	/* names[0] becomes the first reference name, and the server name that is sent */
	if (SSL_dane_enable(ssl, names[0]) != 1)
		return wg_ossl_err(err, WG_SYSTEM, "DANE cannot be set up");
	for (unsigned i = 1; i < count; i++)
		if (SSL_add1_host(ssl, names[i]) != 1)
			return wg_ossl_err(err, WG_SYSTEM, "DANE cannot be set up");
	(void)SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS); /* returns the old flags */
	return WG_OK;
}

enum wg_code wg_tls_dane(struct ssl_st *ssl, const char *const *names, unsigned name_count,
                         const struct wg_tlsa *records, unsigned count, struct wg_err *err)
{
	unsigned usable = 0;
	if (name_count == 0)
		return wg_err_set(err, WG_CONFIG, "DANE needs the name of the server");
	if (SSL_CTX_dane_enable(SSL_get_SSL_CTX(ssl)) != 1) /* again does nothing */
		return wg_ossl_err(err, WG_SYSTEM, "DANE cannot be set up");
	enum wg_code code = forget_anchors(ssl, err);
	if (code == WG_OK)
		code = set_names(ssl, names, name_count, err);
	if (code != WG_OK)
		return code;
	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	(void)SSL_set_options(ssl, SSL_OP_NO_TICKET); /* returns the new set */
	for (unsigned i = 0; i < count; i++) {
		const struct wg_tlsa *r = &records[i];
		if (!wg_tlsa_usable(r))
			continue;
		int added = SSL_dane_tlsa_add(ssl, r->usage, r->selector, r->matching, r->data, r->len);
		if (added < 0)
			return wg_ossl_err(err, WG_SYSTEM, "DANE cannot be set up");
		usable += added > 0;
	}
	wg_ossl_forget(); /* of records that were none */
	if (usable == 0)
		return wg_err_set(err, WG_NOT_FOUND, "none of the TLSA records can be used for mail (RFC 7672)");
	return WG_OK;
}

enum wg_code wg_tls_dane_proven(struct ssl_st *ssl, char *words, size_t size, struct wg_err *err)
{
	uint8_t usage = 0, selector = 0, matching = 0;
	long result = SSL_get_verify_result(ssl);
	if (SSL_get0_peer_certificate(ssl) == NULL)
		return wg_err_set(err, WG_CRYPTO, "the server showed no certificate");
	if (result != X509_V_OK)
		return wg_err_set(err, WG_CRYPTO, "the server's certificate does not fit its TLSA records: %s",
		                  X509_verify_cert_error_string(result));
	int depth = SSL_get0_dane_authority(ssl, NULL, NULL);
	if (depth < 0 || SSL_get0_dane_tlsa(ssl, &usage, &selector, &matching, NULL, NULL) != depth ||
	    SSL_session_reused(ssl) != 0)
		return wg_err_set(err, WG_CRYPTO, "no TLSA record vouches for the server's certificate");
	(void)snprintf(words, size, "%s matched the %s %s", usage == USAGE_EE ? "DANE-EE(3)" : "DANE-TA(2)",
	               depth == 0 ? "certificate" : "authority", /* truncation is acceptable in words */
	               selector == SELECTOR_KEY ? "by its key" : "as a whole");
	return WG_OK;
}
