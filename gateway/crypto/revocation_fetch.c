/* revocation_fetch.c owns what has to do with fetching: whom a certificate names, the question, the answer's admission.
 * SECURITY: addresses are taken from certificates whose chain was verified; answers are anybody's bytes. */
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "crypto/revocation_internal.h"

#define NONCE_LEN 16 /* RFC 8954: 1 to 32 */

/* ---- whom to ask */

/* url need not end in a NUL. */
static bool url_usable(const char *url, size_t len)
{
	if (len < 9 || len >= sizeof((struct wg_revocation_source *)0)->url ||
	    (memcmp(url, "http://", 7) != 0 && memcmp(url, "https://", 8) != 0))
		return false;
	for (size_t i = 0; i < len; i++)
		if (url[i] <= 0x20 || url[i] >= 0x7f)
			return false;
	return true;
}

static void add_url(struct wg_revocation_source *out, unsigned max, unsigned *count, const char *url, size_t len,
                    bool ocsp)
{
	if (!url_usable(url, len) || *count >= max)
		return;
	for (unsigned i = 0; i < *count; i++)
		if (strlen(out[i].url) == len && memcmp(out[i].url, url, len) == 0)
			return;
	struct wg_revocation_source *s = &out[(*count)++];
	*s = (struct wg_revocation_source){ .ocsp = ocsp };
	memcpy(s->url, url, len);
}

static void add_points(const X509 *x509, struct wg_revocation_source *out, unsigned max, unsigned *count)
{
	CRL_DIST_POINTS *points = X509_get_ext_d2i(x509, NID_crl_distribution_points, NULL, NULL);
	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT *point = sk_DIST_POINT_value(points, i);
		if (point->distpoint == NULL || point->distpoint->type != 0)
			continue;
		const GENERAL_NAMES *names = point->distpoint->name.fullname;
		for (int k = 0; k < sk_GENERAL_NAME_num(names); k++) {
			const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, k);
			if (name->type == GEN_URI)
				add_url(out, max, count, (const char *)ASN1_STRING_get0_data(name->d.uniformResourceIdentifier),
				        (size_t)ASN1_STRING_length(name->d.uniformResourceIdentifier), false);
		}
	}
	CRL_DIST_POINTS_free(points);
}

unsigned wg_revocation_urls(const X509 *x509, struct wg_revocation_source *out, unsigned max)
{
	unsigned count = 0;
	STACK_OF(OPENSSL_STRING) *responders = X509_get1_ocsp((X509 *)(uintptr_t)x509); /* only reads */
	for (int i = 0; i < sk_OPENSSL_STRING_num(responders); i++) {
		const char *url = sk_OPENSSL_STRING_value(responders, i);
		add_url(out, max, &count, url, strlen(url), true);
	}
	X509_email_free(responders);
	add_points(x509, out, max, &count);
	wg_ossl_forget();
	return count;
}

/* Lists are shared by all whom they are about, and have the name of where they come from; an answer is about one. */
static enum wg_code name_file(struct wg_revocation_source *s, const X509 *x509, const X509 *issuer, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf of = WG_BUF(4096);
	char hash[WG_HASH_TEXT];
	wg_buf_str(&of, s->url);
	if (s->ocsp) {
		unsigned char *der = NULL;
		OCSP_CERTID *id = wg_revocation_id(x509, issuer);
		int len = id != NULL ? i2d_OCSP_CERTID(id, &der) : -1;
		OCSP_CERTID_free(id);
		if (len <= 0)
			return wg_ossl_err(err, WG_SYSTEM, "a certificate cannot be named to its responder");
		wg_buf_bytes(&of, der, (size_t)len);
		OPENSSL_free(der);
	}
	wg_sha256_hex(of.data, of.len, hash);
	(void)snprintf(s->file, sizeof s->file, "%s-%s.der", s->ocsp ? "ocsp" : "crl", hash); /* fits */
	return wg_buf_check(&of, "source", err);
}

enum wg_code wg_revocation_sources_of(STACK_OF(X509) * chain, struct wg_revocation_source *out, unsigned *count,
                                      struct wg_err *err)
{
	unsigned n = 0;
	enum wg_code code = WG_OK;
	for (int i = 0; code == WG_OK && i + 1 < sk_X509_num(chain); i++) {
		unsigned more = wg_revocation_urls(sk_X509_value(chain, i), out + n, WG_REVOCATION_SOURCES_MAX - n);
		for (unsigned k = 0; code == WG_OK && k < more; k++, n++) {
			out[n].depth = (unsigned)i;
			code = name_file(&out[n], sk_X509_value(chain, i), sk_X509_value(chain, i + 1), err);
		}
	}
	if (code == WG_OK)
		*count = n;
	return code;
}

enum wg_code wg_revocation_sources(const struct wg_trust *trust, const struct wg_cert *cert,
                                   struct wg_revocation_source *out, unsigned *count, struct wg_err *err)
{
	WG_CLEANUP(wg_auto_chain) STACK_OF(X509) *chain = NULL;
	enum wg_code code = wg_revocation_chain(trust, cert, &chain, err);
	return code == WG_OK ? wg_revocation_sources_of(chain, out, count, err) : code;
}

/* ---- the question */

enum wg_code wg_revocation_request(const struct wg_trust *trust, const struct wg_cert *cert,
                                   const struct wg_revocation_source *source, struct wg_buf *out, struct wg_err *err)
{
	WG_CLEANUP(wg_auto_chain) STACK_OF(X509) *chain = NULL;
	WG_CLEANUP(wg_auto_ocsp_request) OCSP_REQUEST *request = OCSP_REQUEST_new();
	unsigned char *der = NULL;
	enum wg_code code = wg_revocation_chain(trust, cert, &chain, err);
	if (code != WG_OK)
		return code;
	if ((int)source->depth + 1 >= sk_X509_num(chain))
		return wg_err_set(err, WG_CRYPTO, "the chain has changed");
	OCSP_CERTID *id =
		wg_revocation_id(sk_X509_value(chain, (int)source->depth), sk_X509_value(chain, (int)source->depth + 1));
	if (request == NULL || id == NULL || OCSP_request_add0_id(request, id) == NULL) {
		OCSP_CERTID_free(id);
		return wg_ossl_err(err, WG_SYSTEM, "no OCSP question could be made");
	}
	if (OCSP_request_add1_nonce(request, NULL, NONCE_LEN) != 1)
		return wg_ossl_err(err, WG_SYSTEM, "no OCSP question could be made");
	int len = i2d_OCSP_REQUEST(request, &der);
	if (len <= 0)
		return wg_ossl_err(err, WG_SYSTEM, "no OCSP question could be made");
	wg_buf_put(out, der, (size_t)len);
	OPENSSL_free(der);
	return wg_buf_check(out, "an OCSP question", err);
}

/* ---- the answer */

/* 0 stands for "not the same"; an answer without one is as good as its times, for many responders sign beforehand (RFC
 * 6960 4.4.1). */
static bool nonce_fits(const void *request, size_t len, OCSP_BASICRESP *basic)
{
	const unsigned char *p = request;
	WG_CLEANUP(wg_auto_ocsp_request)
	OCSP_REQUEST *asked = len > 0 ? d2i_OCSP_REQUEST(NULL, &p, (long)len) : NULL;
	bool fits = asked == NULL || OCSP_check_nonce(asked, basic) != 0;
	wg_ossl_forget();
	return fits;
}

static enum wg_code times_of(struct wg_revocations *r, struct wg_revocation_times *out, struct wg_err *err)
{
	static const int64_t day = 24 * 3600 * 1000;
	const ASN1_TIME *made = NULL, *next = NULL;
	ASN1_GENERALIZEDTIME *this_update = NULL, *next_update = NULL;
	if (r->answer_count > 0) {
		OCSP_SINGLERESP *single = OCSP_resp_get0(r->answers[0], 0);
		if (single != NULL)
			(void)OCSP_single_get0_status(single, NULL, NULL, &this_update, &next_update); /* the times only */
		made = this_update;
		next = next_update;
	} else if (sk_X509_CRL_num(r->crls) > 0) {
		made = X509_CRL_get0_lastUpdate(sk_X509_CRL_value(r->crls, 0));
		next = X509_CRL_get0_nextUpdate(sk_X509_CRL_value(r->crls, 0));
	}
	struct wg_revocation_times times = { 0 };
	if (made == NULL)
		return wg_err_set(err, WG_CRYPTO, "the answer has no time");
	enum wg_code code = wg_asn1_time(made, &times.made, err);
	times.next = times.made + day;
	if (code == WG_OK && next != NULL)
		code = wg_asn1_time(next, &times.next, err);
	if (code == WG_OK)
		*out = times;
	return code;
}

enum wg_code wg_revocation_file_times(const void *p, size_t len, struct wg_revocation_times *out, struct wg_err *err)
{
	WG_CLEANUP(wg_revocations_freep) struct wg_revocations *one = NULL;
	enum wg_code code = wg_revocations_new(&one, err);
	if (code == WG_OK)
		code = wg_revocations_add(one, p, len, err);
	return code == WG_OK ? times_of(one, out, err) : code;
}

static enum wg_code put_crl(X509_CRL *crl, struct wg_buf *out, struct wg_err *err)
{
	unsigned char *der = NULL;
	int len = i2d_X509_CRL(crl, &der);
	if (len <= 0)
		return wg_ossl_err(err, WG_SYSTEM, "a list of revoked certificates cannot be encoded");
	wg_buf_put(out, der, (size_t)len);
	OPENSSL_free(der);
	return wg_buf_check(out, "a list of revoked certificates", err);
}

/* The kind that was asked for, and one of it. */
static enum wg_code check_kind(const struct wg_revocations *one, const struct wg_revocation_source *source,
                               const void *request, size_t request_len, struct wg_err *err)
{
	if (source->ocsp ? one->answer_count != 1 : sk_X509_CRL_num(one->crls) != 1)
		return wg_err_set(err, WG_CRYPTO, "the answer is not %s",
		                  source->ocsp ? "an OCSP answer" : "one list of revoked certificates");
	if (source->ocsp && !nonce_fits(request, request_len, one->answers[0]))
		return wg_err_set(err, WG_CRYPTO, "the answer belongs to another question (nonce)");
	return WG_OK;
}

enum wg_code wg_revocation_admit(const struct wg_trust *trust, const struct wg_cert *cert,
                                 const struct wg_revocation_source *source, const void *request, size_t request_len,
                                 const void *p, size_t len, int64_t now, struct wg_buf *out,
                                 struct wg_revocation_times *times, struct wg_err *err)
{
	WG_CLEANUP(wg_revocations_freep) struct wg_revocations *one = NULL;
	WG_CLEANUP(wg_auto_chain) STACK_OF(X509) *chain = NULL;
	struct wg_revocation_depth depths[WG_CHAIN_MAX] = { 0 };
	enum wg_code code = wg_revocations_new(&one, err);
	if (code == WG_OK)
		code = wg_revocations_add(one, p, len, err);
	if (code == WG_OK)
		code = check_kind(one, source, request, request_len, err);
	if (code == WG_OK)
		code = times_of(one, times, err);
	if (code == WG_OK)
		code = wg_revocation_chain(trust, cert, &chain, err);
	if (code == WG_OK && (int)source->depth + 1 >= sk_X509_num(chain))
		code = wg_err_set(err, WG_CRYPTO, "the chain has changed");
	if (code == WG_OK)
		code = wg_revocation_depths(one, trust, chain, now, depths, err);
	if (code != WG_OK)
		return code;
	enum wg_revocation_state state = depths[source->depth].state;
	if (state == WG_REVOCATION_STALE || times->next < now)
		return wg_err_set(err, WG_CRYPTO, "the answer's time is over");
	if (state != WG_REVOCATION_GOOD && state != WG_REVOCATION_REVOKED)
		return wg_err_set(
			err, WG_CRYPTO,
			"the answer is not about this certificate, or was not made by its issuer or somebody that the "
			"issuer entitles");
	if (!source->ocsp)
		return put_crl(sk_X509_CRL_value(one->crls, 0), out, err);
	wg_buf_put(out, p, len);
	return wg_buf_check(out, "an OCSP answer", err);
}
