/* sts_fetch.c owns the fetching of MTA-STS policies. SECURITY: asks a server that a stranger's domain names, so that
 * its name and chain are verified, nothing is followed, and neither time nor size is left to it. */
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "channel/sts.h"
#include "crypto/tls.h"

#define FETCH_MS 10000L
#define HEADER_MAX ((size_t)16 * 1024)
#define WELL_KNOWN "/.well-known/mta-sts.txt"

struct fetch {
	CURL *curl;
	struct wg_tls tls;
	char host[WG_HOST_TEXT + 16];
	struct wg_buf *body;
	size_t header_bytes;
	bool too_large;
	struct wg_err setup;
};

static size_t take_body(char *p, size_t size, size_t count, void *arg)
{
	struct fetch *f = arg;
	size_t len = size * count;
	if (len > WG_STS_BODY_MAX - f->body->len) {
		f->too_large = true;
		return 0; /* ends the transfer */
	}
	wg_buf_put(f->body, p, len);
	return f->body->failed ? 0 : len;
}

static size_t take_header(char *p, size_t size, size_t count, void *arg)
{
	struct fetch *f = arg;
	(void)p; /* only their amount matters */
	f->header_bytes += size * count;
	f->too_large = f->too_large || f->header_bytes > HEADER_MAX;
	return f->too_large ? 0 : size * count;
}

static CURLcode set_tls(CURL *curl, void *ctx, void *arg)
{
	(void)curl; /* the signature is libcurl's */
	struct fetch *f = arg;
	return wg_tls_client_setup(&f->tls, f->host, ctx, &f->setup) == WG_OK ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

/* "HOST:PORT:ADDRESS,ADDRESS": the answers of our own resolver, so that libcurl asks none. */
static struct curl_slist *resolved(const struct wg_sts_source *from, const char *host)
{
	WG_AUTO_BUF struct wg_buf line = WG_BUF((size_t)2048);
	wg_buf_printf(&line, "%s:%u:", host, from->port);
	for (unsigned i = 0; i < from->address_count; i++)
		wg_buf_printf(&line, strchr(from->addresses[i], ':') != NULL ? "%s[%s]" : "%s%s", i > 0 ? "," : "",
		              from->addresses[i]);
	return line.failed ? NULL : curl_slist_append(NULL, wg_buf_text(&line));
}

#define SET(option, value) (ok = ok && curl_easy_setopt(f->curl, (option), (value)) == CURLE_OK)

static bool set_policy(struct fetch *f, const char *url, struct curl_slist *resolve)
{
	bool ok = resolve != NULL;
	SET(CURLOPT_URL, url);
	SET(CURLOPT_RESOLVE, resolve);
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "https"); /* never followed: RFC 8461 section 3.3 */
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
	SET(CURLOPT_CAINFO, NULL); /* not the machine's anchors: set_tls brings ours */
	SET(CURLOPT_CAPATH, NULL);
	SET(CURLOPT_SSL_CTX_FUNCTION, set_tls);
	SET(CURLOPT_SSL_CTX_DATA, f);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, f);
	SET(CURLOPT_HEADERFUNCTION, take_header);
	SET(CURLOPT_HEADERDATA, f);
	SET(CURLOPT_USERAGENT, "wardgate/" WG_VERSION);
	SET(CURLOPT_CONNECTTIMEOUT_MS, FETCH_MS / 2);
	SET(CURLOPT_TIMEOUT_MS, FETCH_MS);
	return ok;
}

/* "text/plain", with or without parameters (section 3.2). */
static bool is_plain(CURL *curl)
{
	const char *type = NULL;
	static const char plain[] = "text/plain";
	if (curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK || type == NULL)
		return false;
	size_t len = strcspn(type, "; \t");
	return len == sizeof plain - 1 && strncasecmp(type, plain, len) == 0;
}

static enum wg_code judge(struct fetch *f, CURLcode rc, struct wg_err *err)
{
	long status = 0;
	(void)curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status); /* 0 stands for none */
	if (f->setup.code != WG_OK)
		return wg_err_set(err, WG_CONFIG, "%s", f->setup.text);
	if (f->too_large)
		return wg_err_set(err, WG_REJECT, "the MTA-STS policy at %s is too long", f->host);
	if (rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CONNECT_ERROR || rc == CURLE_SSL_ISSUER_ERROR)
		return wg_err_set(err, WG_CRYPTO, "%s did not prove its name: %s", f->host, curl_easy_strerror(rc));
	if (rc != CURLE_OK)
		return wg_err_set(err, WG_AGAIN, "%s: %s", f->host, curl_easy_strerror(rc));
	if (status >= 300 && status < 400)
		return wg_err_set(err, WG_REJECT, "%s answered %ld: redirects are not followed", f->host, status);
	if (status != 200)
		return wg_err_set(err, WG_AGAIN, "%s answered %ld", f->host, status);
	if (!is_plain(f->curl))
		return wg_err_set(err, WG_REJECT, "%s: the MTA-STS policy is not text/plain", f->host);
	return WG_OK;
}

enum wg_code wg_sts_fetch(const struct wg_sts_source *from, const char *domain, struct wg_buf *body, struct wg_err *err)
{
	struct fetch f = { .tls = { .ca = from->ca }, .body = body };
	char url[sizeof f.host + 64];
	(void)snprintf(f.host, sizeof f.host, "mta-sts.%s", domain); /* fits */
	(void)snprintf(url, sizeof url, "https://%s:%u" WELL_KNOWN, f.host, from->port);
	if (!wg_hostname_valid(f.host) || from->address_count == 0)
		return wg_err_set(err, WG_AGAIN, "%s has no address", f.host);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (f.curl = curl_easy_init()) == NULL)
		return wg_err_set(err, WG_SYSTEM, "libcurl could not be set up");
	struct curl_slist *resolve = resolved(from, f.host);
	enum wg_code code;
	if (set_policy(&f, url, resolve))
		code = judge(&f, curl_easy_perform(f.curl), err);
	else
		code = wg_err_set(err, WG_SYSTEM, "libcurl could not be set up");
	curl_easy_cleanup(f.curl);
	curl_slist_free_all(resolve);
	return code;
}
