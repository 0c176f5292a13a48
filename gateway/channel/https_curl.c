/* https_curl.c owns the curl handle: the gateway's TLS policy, limits on time and size, and how a request ended.
 * SECURITY: meets other sites' answers. Nothing is sent before the server's name and chain were verified; redirects,
 * proxies, cookies and compression are off; the answer's size is capped. */
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/https_internal.h"
#include "crypto/peer.h"

#define CONNECT_MS 10000
#define TOTAL_MS 120000
/* Slower than this for so long is as good as dead: total_ms may be generous for a large envelope. */
#define SLOW_BYTES 64L
#define SLOW_SECONDS 30L
/* A server that would have us wait longer is asked again by our own clock. */
#define WAIT_MAX_S 3600

static size_t take_body(char *p, size_t size, size_t count, void *arg)
{
	struct wg_https *h = arg;
	size_t len = size * count;
	if (len > h->answer.max - h->answer.len) {
		h->too_large = true;
		return 0; /* ends the transfer */
	}
	wg_buf_put(&h->answer, p, len);
	return h->answer.failed ? 0 : len; /* what is not whole must not be taken for it */
}

static size_t take_header(char *p, size_t size, size_t count, void *arg)
{
	struct wg_https *h = arg;
	size_t line = size * count;
	while (line > 0 && wg_is_space(p[line - 1])) /* blanks too: RFC 9112 5 */
		line--;
	if (h->spec.header != NULL)
		h->spec.header(h->spec.header_arg, p, line);
	h->header_bytes += size * count;
	h->too_large = h->too_large || h->header_bytes > WG_HTTPS_ANSWER_MAX;
	return h->too_large ? 0 : size * count;
}

/* With TLS 1.3 a server refuses our certificate after we believe the handshake to be over: only the alert tells. The
 * server's Finished is the last of its handshake, and by then it is known whether a session was resumed. */
static void watch_tls(int sent, int version, int type, const void *p, size_t len, SSL *ssl, void *arg)
{
	(void)version; /* the signature is OpenSSL's */
	struct wg_https *h = arg;
	const unsigned char *bytes = p;
	if (!sent && type == SSL3_RT_ALERT && len == 2 && bytes[0] == SSL3_AL_FATAL)
		h->alert = bytes[1];
	if (sent || type != SSL3_RT_HANDSHAKE || len == 0 || bytes[0] != SSL3_MT_FINISHED)
		return;
	if (SSL_session_reused(ssl) == 1)
		h->resumed++;
	else
		h->verified = wg_clock_monotonic();
}

static CURLcode set_tls(CURL *curl, void *ctx, void *arg)
{
	(void)curl; /* the signature is libcurl's */
	struct wg_https *h = arg;
	if (wg_tls_client_setup(h->spec.tls, h->host, ctx, &h->setup) != WG_OK)
		return CURLE_SSL_CERTPROBLEM;
	h->setup.code = WG_OK;
	/* libcurl keeps the session in this handle, which knows one host only (invariant 1), and gives it to nobody else */
	(void)SSL_CTX_clear_options(ctx, SSL_OP_NO_TICKET); /* returns the new set */
	(void)SSL_CTX_set_session_cache_mode(ctx,
	                                     SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL); /* returns the old mode */
	SSL_CTX_set_msg_callback(ctx, watch_tls);
	SSL_CTX_set_msg_callback_arg(ctx, h);
	return CURLE_OK;
}

/* Before each request that goes out on a connection. */
static int begin_request(void *arg, char *their_ip, char *our_ip, int their_port, int our_port)
{
	struct wg_https *h = arg;
	(void)their_ip, (void)our_ip, (void)their_port, (void)our_port; /* the signature is libcurl's */
	h->requests++;
	return CURL_PREREQFUNC_OK;
}

static void url_freep(CURLU **url)
{
	curl_url_cleanup(*url);
	*url = NULL;
}

void wg_https_headers_freep(struct curl_slist **list)
{
	curl_slist_free_all(*list);
	*list = NULL;
}

static void curl_freep(char **text)
{
	curl_free(*text);
	*text = NULL;
}

bool wg_https_url(const char *text, char host[WG_HTTPS_HOST], char port[8])
{
	WG_CLEANUP(url_freep) CURLU *url = curl_url();
	if (text == NULL || url == NULL || strncmp(text, "https://", 8) != 0 ||
	    curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK)
		return false;
	WG_CLEANUP(curl_freep) char *name = NULL, *number = NULL, *user = NULL;
	if (curl_url_get(url, CURLUPART_USER, &user, 0) != CURLUE_NO_USER)
		return false;
	if (curl_url_get(url, CURLUPART_HOST, &name, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_PORT, &number, CURLU_DEFAULT_PORT) != CURLUE_OK)
		return false;
	size_t len = strlen(name);
	bool bracketed = len > 2 && name[0] == '[' && name[len - 1] == ']'; /* an IPv6 address */
	const char *bare = bracketed ? name + 1 : name;
	len -= bracketed ? 2 : 0;
	if (len == 0 || len >= WG_HTTPS_HOST || strlen(number) >= 8)
		return false;
	memcpy(host, bare, len);
	host[len] = '\0';
	memcpy(port, number, strlen(number) + 1);
	return true;
}

bool wg_https_header_value(const char *s, size_t max)
{
	size_t len = s != NULL ? strnlen(s, max + 1) : 0;
	if (len == 0 || len > max)
		return false;
	for (size_t i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return false;
	return true;
}

bool wg_https_header(struct curl_slist **list, const char *name, const char *value)
{
	char line[1024];
	int n = snprintf(line, sizeof line, "%s%s", name, value);
	struct curl_slist *longer = n > 0 && (size_t)n < sizeof line ? curl_slist_append(*list, line) : NULL;
	if (longer == NULL)
		return false;
	*list = longer;
	return true;
}

#define SET(option, value) (ok = ok && curl_easy_setopt(h->curl, (option), (value)) == CURLE_OK)

static bool set_tls_policy(struct wg_https *h)
{
	bool ok = true;
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_SESSIONID_CACHE, 1L);
	SET(CURLOPT_CAINFO, NULL); /* not the machine's anchors: set_tls brings ours */
	SET(CURLOPT_CAPATH, NULL);
	SET(CURLOPT_SSL_CTX_FUNCTION, set_tls);
	SET(CURLOPT_SSL_CTX_DATA, h);
	return ok;
}

static bool set_policy(struct wg_https *h)
{
	const struct wg_https_spec *spec = &h->spec;
	bool ok = set_tls_policy(h);
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "https"); /* never followed: see below */
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_MAXCONNECTS, 1L);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, h);
	SET(CURLOPT_HEADERFUNCTION, take_header);
	SET(CURLOPT_HEADERDATA, h);
	SET(CURLOPT_PREREQFUNCTION, begin_request);
	SET(CURLOPT_PREREQDATA, h);
	SET(CURLOPT_ERRORBUFFER, h->words);
	SET(CURLOPT_USERAGENT, "wardgate/" WG_VERSION);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(spec->connect_ms > 0 ? spec->connect_ms : CONNECT_MS));
	SET(CURLOPT_TIMEOUT_MS, (long)(spec->total_ms > 0 ? spec->total_ms : TOTAL_MS));
	SET(CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
	SET(CURLOPT_LOW_SPEED_TIME, SLOW_SECONDS);
	SET(CURLOPT_URL, spec->url);
	if (spec->expect_ip != NULL) {
		char entry[WG_HTTPS_HOST + 96];
		int n = snprintf(entry, sizeof entry, "%s:%s:%s", h->host, h->port, spec->expect_ip);
		ok = ok && n > 0 && (size_t)n < sizeof entry && (h->resolve != NULL || wg_https_header(&h->resolve, "", entry));
		SET(CURLOPT_RESOLVE, h->resolve);
	}
	return ok;
}

enum wg_code wg_https_open(struct wg_https *h, const struct wg_https_spec *spec, struct wg_err *err)
{
	h->spec = *spec;
	h->alert = -1;
	h->answer = WG_BUF(spec->answer_max > 0 ? spec->answer_max : WG_HTTPS_ANSWER_MAX);
	if (!wg_https_url(spec->url, h->host, h->port))
		return wg_err_set(err, WG_CONFIG, "the recipient's URL is not usable");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (h->curl = curl_easy_init()) == NULL || !set_policy(h))
		return wg_err_set(err, WG_SYSTEM, "libcurl could not be set up");
	return WG_OK;
}

void wg_https_close(struct wg_https *h)
{
	curl_easy_cleanup(h->curl);
	h->curl = NULL;
	wg_https_headers_freep(&h->resolve);
	wg_buf_free(&h->answer);
}

static bool is_tls_fault(CURLcode rc)
{
	static const CURLcode faults[] = { CURLE_SSL_CONNECT_ERROR,  CURLE_PEER_FAILED_VERIFICATION,
		                               CURLE_SSL_CERTPROBLEM,    CURLE_SSL_CIPHER,
		                               CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE,
		                               CURLE_SSL_ISSUER_ERROR,   CURLE_USE_SSL_FAILED,
		                               CURLE_SSL_SHUTDOWN_FAILED };
	for (size_t i = 0; i < WG_COUNT(faults); i++)
		if (rc == faults[i])
			return true;
	return false;
}

/* Alerts that say that we were not let in, so that nothing of what we sent was read. */
static bool is_turned_away(int alert)
{
	return (alert >= SSL3_AD_HANDSHAKE_FAILURE && alert <= TLS1_AD_ACCESS_DENIED) ||
	       alert == TLS13_AD_CERTIFICATE_REQUIRED || alert == TLS1_AD_PROTOCOL_VERSION ||
	       alert == TLS1_AD_INSUFFICIENT_SECURITY;
}

static void read_end(const struct wg_https *h, size_t len, struct wg_https_end *end)
{
	curl_off_t sent = 0, wait = 0;
	(void)curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &end->status); /* 0 stands for none */
	(void)curl_easy_getinfo(h->curl, CURLINFO_NUM_CONNECTS, &end->connections);
	end->again = h->requests > 1;
	/* in doubt a retry is called a possible duplicate */
	if (h->spec.once)
		end->went_out = h->left_len == 0;
	else
		end->went_out = curl_easy_getinfo(h->curl, CURLINFO_SIZE_UPLOAD_T, &sent) != CURLE_OK || (size_t)sent >= len;
	if (curl_easy_getinfo(h->curl, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0)
		end->wait_ms = (unsigned)(wait < WAIT_MAX_S ? wait : WAIT_MAX_S) * 1000;
}

void wg_https_post(struct wg_https *h, const struct curl_slist *headers, const void *body, size_t len,
                   struct wg_https_end *end)
{
	wg_https_ask(h, "POST", NULL, headers, body, len, end);
}

/* Ends the connection that was kept when something lies in it: it was not asked for, and libcurl 7.88 would take it for
 * the answer to the next request; or it is the other side's good-bye. False: there is none, or it is quiet. */
static bool end_noisy(CURL *curl)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	char byte;
	if (curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD ||
	    recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0)
		return false;
	(void)shutdown(fd, SHUT_RDWR); /* libcurl closes it; fails only when the other side was faster */
	return true;
}

static bool same_place(const struct wg_https *h, const char *url)
{
	char host[WG_HTTPS_HOST], port[8];
	return wg_https_url(url, host, port) && strcmp(host, h->host) == 0 && strcmp(port, h->port) == 0;
}

/* The body, forward only: without a way back libcurl cannot send it again. */
static size_t give_body(char *out, size_t size, size_t count, void *arg)
{
	struct wg_https *h = arg;
	size_t n = size * count < h->left_len ? size * count : h->left_len;
	memcpy(out, h->left, n);
	h->left += n;
	h->left_len -= n;
	return n;
}

static bool set_request(struct wg_https *h, const char *method, const char *url, const void *body, size_t len)
{
	bool ok = true;
	SET(CURLOPT_URL, url != NULL ? url : h->spec.url);
	if (body != NULL) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
		SET(CURLOPT_POSTFIELDS, h->spec.once ? NULL : (const char *)body);
		SET(CURLOPT_READFUNCTION, give_body);
		SET(CURLOPT_READDATA, h);
		h->left = body;
		h->left_len = len;
	} else {
		SET(CURLOPT_HTTPGET, 1L);
	}
	SET(CURLOPT_CUSTOMREQUEST, method);
	return ok;
}

void wg_https_ask(struct wg_https *h, const char *method, const char *url, const struct curl_slist *headers,
                  const void *body, size_t len, struct wg_https_end *end)
{
	*end = (struct wg_https_end){ .rc = CURLE_OUT_OF_MEMORY };
	wg_buf_reset(&h->answer);
	h->header_bytes = 0;
	h->too_large = false;
	h->requests = 0;
	h->alert = -1;
	h->words[0] = '\0';
	h->setup = (struct wg_err){ 0 };
	if (h->spec.tls->peer != NULL)
		h->spec.tls->peer->words[0] = '\0'; /* of an earlier handshake */
	bool old = h->verified != 0 && wg_clock_monotonic() - h->verified > WG_TLS_RESUME_MS;
	if (h->curl != NULL && (old || wg_peer_news(h->spec.tls->peer))) {
		curl_easy_cleanup(h->curl); /* connection and sessions: the chain is looked at again */
		h->curl = NULL;
	}
	if (h->curl == NULL && ((h->curl = curl_easy_init()) == NULL || !set_policy(h)))
		return;
	if (url != NULL && !same_place(h, url)) {
		end->rc = CURLE_URL_MALFORMAT;
		return;
	}
	bool ok = set_request(h, method, url, body, len);
	SET(CURLOPT_HTTPHEADER, headers);
	SET(CURLOPT_FRESH_CONNECT, end_noisy(h->curl) ? 1L : 0L);
	if (!ok)
		return;
	end->rc = curl_easy_perform(h->curl);
	read_end(h, len, end);
	if (end->rc != CURLE_OK) {
		/* libcurl reads an alert that it had no time for, because the connection was reset under it, when it closes */
		curl_easy_cleanup(h->curl);
		h->curl = NULL;
		end->tls_fault = is_tls_fault(end->rc) || h->alert >= 0;
		end->turned_away = is_turned_away(h->alert);
	} else {
		(void)curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, NULL); /* the list is the caller's */
	}
}

const char *wg_https_words(const struct wg_https *h, const struct wg_https_end *end)
{
	if (h->setup.code != WG_OK)
		return h->setup.text;
	if (h->spec.tls->peer != NULL && h->spec.tls->peer->words[0] != '\0')
		return h->spec.tls->peer->words;
	if (end->turned_away)
		return SSL_alert_desc_string_long(h->alert);
	if (end->rc == CURLE_SEND_FAIL_REWIND)
		return "the connection was lost before an answer came";
	if (h->too_large)
		return "the answer was larger than any answer may be";
	return h->words[0] != '\0' ? h->words : curl_easy_strerror(end->rc);
}
