/* discover_ldap.c owns the asking of directory servers, by libcurl over TLS. SECURITY: the address goes into a filter
 * and a URL, and is escaped for both; the server is verified by name, and neither time nor size is left to it. */
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "channel/discover.h"
#include "crypto/tls.h"

#define TOTAL_MS 15000L
#define ANSWER_MAX ((size_t)512 * 1024)
#define URL_MAX ((size_t)2048)
#define HOST_TEXT 256

struct search {
	CURL *curl;
	struct wg_tls tls;
	char host[HOST_TEXT], port[8];
	struct wg_buf answer;
	struct wg_err setup;
};

/* RFC 4515 section 3 for the filter, then RFC 3986 for the URL: all but letters and digits. */
static void put_escaped(struct wg_buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (plain)
			wg_buf_putc(out, *s);
		else if (strchr("*()\\", c) != NULL)
			wg_buf_printf(out, "%%5c%02x", c);
		else
			wg_buf_printf(out, "%%%02x", c);
	}
}

enum wg_code wg_ldap_url(const char *url, const char *address, struct wg_buf *out, struct wg_err *err)
{
	const char *slash = strncmp(url, "ldaps://", 8) == 0 ? strchr(url + 8, '/') : NULL;
	if (slash == NULL || slash == url + 8 || slash[1] == '\0' || strpbrk(url, "?#@ ") != NULL)
		return wg_err_set(err, WG_CONFIG,
		                  "%s: write it as ldaps://HOST/BASE, for example "
		                  "ldaps://ldap.council.example/ou=people,dc=council,dc=example",
		                  url);
	if (!wg_address_valid(address))
		return wg_err_set(err, WG_REJECT, "this is no address that can be asked for");
	wg_buf_printf(out, "%s?userCertificate;binary?sub?(mail=", url);
	put_escaped(out, address);
	wg_buf_putc(out, ')');
	return wg_buf_check(out, "an LDAP URL", err);
}

static size_t take(char *p, size_t size, size_t count, void *arg)
{
	struct search *s = arg;
	wg_buf_put(&s->answer, p, size * count);
	return s->answer.failed ? 0 : size * count; /* 0 ends the transfer */
}

static CURLcode set_tls(CURL *curl, void *ctx, void *arg)
{
	(void)curl; /* the signature is libcurl's */
	struct search *s = arg;
	return wg_tls_client_setup(&s->tls, s->host, ctx, &s->setup) == WG_OK ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

/* The host and port of a URL whose form was checked. */
static bool read_host(const char *url, struct search *s)
{
	const char *from = url + 8;
	size_t len = strcspn(from, ":/");
	const char *port = from[len] == ':' ? from + len + 1 : "636";
	size_t port_len = strcspn(port, "/");
	uint64_t number = 0;
	if (len == 0 || len >= sizeof s->host || port_len == 0 || port_len >= sizeof s->port)
		return false;
	memcpy(s->host, from, len);
	s->host[len] = '\0';
	memcpy(s->port, port, port_len);
	s->port[port_len] = '\0';
	return wg_hostname_valid(s->host) && wg_num_parse(s->port, 1, 65535, &number);
}

#define SET(option, value) (ok = ok && curl_easy_setopt(s->curl, (option), (value)) == CURLE_OK)

static bool set_policy(struct search *s, const char *url, const struct wg_discover_ldap *how,
                       struct curl_slist **resolve)
{
	bool ok = true;
	SET(CURLOPT_URL, url);
	SET(CURLOPT_PROTOCOLS_STR, "ldaps");
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_CAINFO, NULL); /* not the machine's anchors: set_tls brings ours */
	SET(CURLOPT_CAPATH, NULL);
	SET(CURLOPT_SSL_CTX_FUNCTION, set_tls);
	SET(CURLOPT_SSL_CTX_DATA, s);
	SET(CURLOPT_WRITEFUNCTION, take);
	SET(CURLOPT_WRITEDATA, s);
	SET(CURLOPT_CONNECTTIMEOUT_MS, TOTAL_MS / 2);
	SET(CURLOPT_TIMEOUT_MS, TOTAL_MS);
	if (how->expect_ip != NULL) {
		char entry[HOST_TEXT + 96];
		(void)snprintf(entry, sizeof entry, "%s:%s:%s", s->host, s->port, how->expect_ip); /* fits: numeric */
		*resolve = curl_slist_append(NULL, entry);
		ok = ok && *resolve != NULL;
		SET(CURLOPT_RESOLVE, *resolve);
	}
	return ok;
}

static enum wg_code judge(const struct search *s, CURLcode rc, struct wg_err *err)
{
	if (s->setup.code != WG_OK)
		return wg_err_set(err, WG_CONFIG, "%s", s->setup.text);
	if (s->answer.failed)
		return wg_err_set(err, WG_LIMIT, "%s answered more than any answer may be", s->host);
	if (rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CONNECT_ERROR || rc == CURLE_SSL_ISSUER_ERROR)
		return wg_err_set(err, WG_CRYPTO, "%s did not prove its name: %s", s->host, curl_easy_strerror(rc));
	if (rc != CURLE_OK)
		return wg_err_set(err, WG_AGAIN, "%s: %s", s->host, curl_easy_strerror(rc));
	return WG_OK;
}

enum wg_code wg_discover_ldap(const struct wg_discover_ldap *how, const char *address, struct wg_findings *out,
                              struct wg_err *err)
{
	struct search s = { .tls = { .ca = how->ca }, .answer = WG_BUF(ANSWER_MAX) };
	WG_AUTO_BUF struct wg_buf url = WG_BUF(URL_MAX);
	struct curl_slist *resolve = NULL;
	enum wg_code code = wg_ldap_url(how->url, address, &url, err);
	if (code != WG_OK)
		return code;
	if (!read_host(how->url, &s))
		return wg_err_set(err, WG_CONFIG, "%s: its host or port is none", how->url);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (s.curl = curl_easy_init()) == NULL)
		return wg_err_set(err, WG_SYSTEM, "libcurl could not be set up");
	if (set_policy(&s, wg_buf_text(&url), how, &resolve))
		code = judge(&s, curl_easy_perform(s.curl), err);
	else
		code = wg_err_set(err, WG_SYSTEM, "libcurl could not be set up");
	curl_easy_cleanup(s.curl);
	curl_slist_free_all(resolve);
	if (code == WG_OK) {
		char source[HOST_TEXT + 8];
		(void)snprintf(source, sizeof source, "LDAP %s", s.host); /* fits */
		wg_ldap_read(wg_buf_text(&s.answer), s.answer.len, source, out);
	}
	wg_buf_free(&s.answer);
	return code;
}
