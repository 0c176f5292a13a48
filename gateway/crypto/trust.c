/* trust.c owns struct wg_trust: anchors, CRLs and the one verification policy that mail and TLS share.
 * SECURITY: decides whether a stranger's chain is believed. */
#include <openssl/pem.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "crypto/crypto_internal.h"

/* Root, two intermediates, leaf, and one to spare. */
#define CHAIN_DEPTH 4
/* OpenSSL's level 2: 112 bits, so RSA from 2048, no SHA-1 below the anchor. */
#define CHAIN_LEVEL 2

/* Puts every certificate, or every CRL, of a PEM text into the store, and counts them. path stands in messages. */
static enum wg_code add_pem(X509_STORE *store, const void *pem, size_t len, const char *path, bool crls,
                            struct wg_err *err)
{
	WG_CLEANUP(wg_auto_bio) BIO *bio = wg_ossl_view(pem, len);
	WG_CLEANUP(wg_auto_infos)
	STACK_OF(X509_INFO) *infos = bio != NULL ? PEM_X509_INFO_read_bio(bio, NULL, NULL, NULL) : NULL;
	if (infos == NULL)
		return wg_ossl_err(err, WG_CONFIG, "%s cannot be read (PEM)", path);
	int count = 0;
	for (int i = 0; i < sk_X509_INFO_num(infos); i++) {
		X509_INFO *info = sk_X509_INFO_value(infos, i);
		int added = 1;
		if (crls && info->crl != NULL)
			added = X509_STORE_add_crl(store, info->crl);
		else if (!crls && info->x509 != NULL)
			added = X509_STORE_add_cert(store, info->x509);
		else
			continue;
		if (added != 1)
			return wg_ossl_err(err, WG_SYSTEM, "%s cannot be taken in", path);
		count++;
	}
	if (count == 0)
		return wg_err_set(err, WG_CONFIG, "%s holds no %s", path, crls ? "revocation list" : "certificate");
	return WG_OK;
}

static enum wg_code add_file(X509_STORE *store, const char *path, bool crls, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf pem = WG_BUF(WG_LIMIT_CONFIG_FILE);
	enum wg_code code = wg_pem_read(path, false, &pem, err);
	return code == WG_OK ? add_pem(store, pem.data, pem.len, path, crls, err) : code;
}

static enum wg_code set_policy(X509_STORE *store, bool crls, struct wg_err *err)
{
	/* a store that has CRLs asks for one of every issuer in the chain, and a stale or missing one refuses */
	unsigned long flags = crls ? X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL : 0;
	X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
	X509_VERIFY_PARAM_set_depth(param, CHAIN_DEPTH);
	X509_VERIFY_PARAM_set_auth_level(param, CHAIN_LEVEL);
	if (X509_VERIFY_PARAM_set_flags(param, flags) != 1)
		return wg_ossl_err(err, WG_SYSTEM, "no verification policy");
	return WG_OK;
}

enum wg_code wg_trust_load(const char *ca_path, const char *crl_path, struct wg_trust **out, struct wg_err *err)
{
	WG_CLEANUP(wg_trust_freep) struct wg_trust *trust = calloc(1, sizeof *trust);
	if (trust == NULL || (trust->store = X509_STORE_new()) == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a trust store");
	enum wg_code code = add_file(trust->store, ca_path, false, err);
	if (code == WG_OK && crl_path != NULL)
		code = add_file(trust->store, crl_path, true, err);
	if (code == WG_OK)
		code = set_policy(trust->store, crl_path != NULL, err);
	if (code == WG_OK)
		*out = wg_steal(&trust);
	return code;
}

enum wg_code wg_trust_anchors(const void *pem, size_t len, struct wg_trust **out, struct wg_err *err)
{
	WG_CLEANUP(wg_trust_freep) struct wg_trust *trust = calloc(1, sizeof *trust);
	if (trust == NULL || (trust->store = X509_STORE_new()) == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a trust store");
	enum wg_code code = add_pem(trust->store, pem, len, "anchors", false, err);
	if (code == WG_OK)
		code = set_policy(trust->store, false, err);
	if (code == WG_OK)
		*out = wg_steal(&trust);
	return code;
}

enum wg_code wg_trust_parse(const void *pem, size_t len, struct wg_trust **out, struct wg_err *err)
{
	WG_CLEANUP(wg_trust_freep) struct wg_trust *trust = calloc(1, sizeof *trust);
	if (trust == NULL || (trust->store = X509_STORE_new()) == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a trust store");
	static const char crl_mark[] = "-----BEGIN X509 CRL-----";
	bool crls = len > 0 && memmem(pem, len, crl_mark, sizeof crl_mark - 1) != NULL;
	enum wg_code code = add_pem(trust->store, pem, len, "anchors", false, err);
	if (code == WG_OK && crls)
		code = add_pem(trust->store, pem, len, "anchors", true, err);
	if (code == WG_OK)
		code = set_policy(trust->store, crls, err);
	if (code == WG_OK)
		*out = wg_steal(&trust);
	return code;
}

void wg_trust_freep(struct wg_trust **trust)
{
	if (*trust == NULL)
		return;
	X509_STORE_free((*trust)->store);
	free(*trust);
	*trust = NULL;
}

/* OpenSSL's own purpose for encryption knows RSA only: an EC key, which agrees instead of enciphering, is judged by its
 * usage bits below. */
static int openssl_purpose(enum wg_purpose purpose)
{
	switch (purpose) {
	case WG_PURPOSE_SMIME_SIGN:
		return X509_PURPOSE_SMIME_SIGN;
	case WG_PURPOSE_SMIME_ENCRYPT:
		return X509_PURPOSE_ANY;
	case WG_PURPOSE_TLS_SERVER:
		return X509_PURPOSE_SSL_SERVER;
	case WG_PURPOSE_TLS_CLIENT:
		return X509_PURPOSE_SSL_CLIENT;
	}
	return X509_PURPOSE_ANY;
}

/* The usage bits of the leaf: said again in our own words, because "any purpose" above checks none. */
static enum wg_code check_usage(const struct wg_cert *cert, enum wg_purpose purpose, struct wg_err *err)
{
	struct wg_cert_facts facts;
	enum wg_code code = wg_cert_facts(cert, &facts, err);
	if (code != WG_OK)
		return code;
	const bool allowed[] = {
		[WG_PURPOSE_SMIME_SIGN] = facts.can_sign,
		[WG_PURPOSE_SMIME_ENCRYPT] = facts.can_encrypt,
		[WG_PURPOSE_TLS_SERVER] = facts.server_auth,
		[WG_PURPOSE_TLS_CLIENT] = facts.client_auth,
	};
	if (!allowed[purpose])
		return wg_err_set(err, WG_CRYPTO,
		                  "the certificate is not made for this use (its key usage or extended key usage)");
	return WG_OK;
}

/* Which certificate of the chain, and what is wrong with it, in the words of people. */
static enum wg_code refuse(X509_STORE_CTX *ctx, struct wg_err *err)
{
	int why = X509_STORE_CTX_get_error(ctx), depth = X509_STORE_CTX_get_error_depth(ctx);
	const X509 *at = X509_STORE_CTX_get_current_cert(ctx);
	char subject[160] = "?", issuer[160] = "?";
	wg_ossl_forget();
	if (at != NULL) {
		wg_name_text(X509_get_subject_name(at), subject, sizeof subject);
		wg_name_text(X509_get_issuer_name(at), issuer, sizeof issuer);
	}
	if (why == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT || why == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
	    why == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE)
		return wg_err_set(err, WG_CRYPTO,
		                  "the certificate is not accepted: it was issued by \"%s\", who is not among the anchors, and "
		                  "no certificate of theirs came with it (at depth %d)",
		                  issuer, depth);
	if (why == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN || why == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT)
		return wg_err_set(err, WG_CRYPTO,
		                  "the certificate is not accepted: its chain ends in \"%s\", which is not among the anchors "
		                  "(at depth %d)",
		                  subject, depth);
	return wg_err_set(err, WG_CRYPTO, "the certificate is not accepted: \"%s\": %s (at depth %d)", subject,
	                  X509_verify_cert_error_string(why), depth);
}

static enum wg_code check(const struct wg_trust *trust, const struct wg_cert *cert, enum wg_purpose purpose,
                          int64_t now, struct wg_err *err)
{
	WG_CLEANUP(wg_auto_store_ctx) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	if (ctx == NULL || X509_STORE_CTX_init(ctx, trust->store, cert->x509, cert->chain) != 1 ||
	    X509_STORE_CTX_set_purpose(ctx, openssl_purpose(purpose)) != 1)
		return wg_ossl_err(err, WG_SYSTEM, "no memory to check a certificate");
	X509_STORE_CTX_set_time(ctx, 0, (time_t)(now / 1000));
	return X509_verify_cert(ctx) == 1 ? check_usage(cert, purpose, err) : refuse(ctx, err);
}

enum wg_code wg_trust_check(const struct wg_trust *trust, const struct wg_cert *cert, enum wg_purpose purpose,
                            struct wg_err *err)
{
	return check(trust, cert, purpose, wg_clock_now(), err);
}

enum wg_code wg_trust_check_at(const struct wg_trust *trust, const struct wg_cert *cert, enum wg_purpose purpose,
                               int64_t now, struct wg_err *err)
{
	return check(trust, cert, purpose, now, err);
}
