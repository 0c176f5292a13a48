/* https.c owns the way out over HTTPS: libcurl with mutual TLS under the gateway's own trust policy.
 * SECURITY: meets other sites' answers. Nothing is sent before the server's name and chain were verified; redirects,
 * proxies, cookies and compression are off; the answer's size is capped. */
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/https_receipt.h"
#include "channel/send.h"

/* Our receipts have 200 bytes; a problem with a list of errors some more. */
#define ANSWER_MAX ((size_t)64 * 1024)
#define CONNECT_MS 10000
#define TOTAL_MS 120000
/* Slower than this for so long is as good as dead: total_ms may be generous for a large envelope. */
#define SLOW_BYTES 64L
#define SLOW_SECONDS 30L
#define KEY_MAX 128
#define HOST_TEXT 256

/* One session: a curl handle, and what its callbacks noted about the item in hand. */
struct session {
	CURL *curl;
	const struct wg_send_target *target;
	char host[HOST_TEXT];
	struct wg_buf answer; /* body */
	size_t header_bytes;
	bool too_large;
	int alert;           /* the last fatal TLS alert that came in; -1: none */
	struct wg_err setup; /* why our own TLS could not be set up; code WG_OK when it could */
	char words[CURL_ERROR_SIZE];
};

static void finish(struct wg_send_item *item, enum wg_sent what, const char *words)
{
	item->result.what = what;
	(void)wg_defang(words, item->result.detail, sizeof item->result.detail); /* returns its argument */
}

static size_t take_body(char *p, size_t size, size_t count, void *arg)
{
	struct session *s = arg;
	size_t len = size * count;
	if (len > ANSWER_MAX - s->answer.len) {
		s->too_large = true;
		return 0; /* ends the transfer */
	}
	wg_buf_put(&s->answer, p, len);
	return len;
}

static size_t take_header(char *p, size_t size, size_t count, void *arg)
{
	struct session *s = arg;
	(void)p; /* only their amount matters */
	s->header_bytes += size * count;
	s->too_large = s->too_large || s->header_bytes > ANSWER_MAX;
	return s->too_large ? 0 : size * count;
}

/* With TLS 1.3 a server refuses our certificate after we believe the handshake to be over: only the alert tells. */
static void watch_alerts(int sent, int version, int type, const void *p, size_t len, SSL *ssl, void *arg)
{
	(void)version, (void)ssl; /* the signature is OpenSSL's */
	struct session *s = arg;
	const unsigned char *alert = p;
	if (!sent && type == SSL3_RT_ALERT && len == 2 && alert[0] == SSL3_AL_FATAL)
		s->alert = alert[1];
}

static CURLcode set_tls(CURL *curl, void *ctx, void *arg)
{
	(void)curl; /* the signature is libcurl's */
	struct session *s = arg;
	if (wg_tls_client_setup(&s->target->tls, s->host, ctx, &s->setup) != WG_OK)
		return CURLE_SSL_CERTPROBLEM;
	s->setup.code = WG_OK;
	SSL_CTX_set_msg_callback(ctx, watch_alerts);
	SSL_CTX_set_msg_callback_arg(ctx, s);
	return CURLE_OK;
}

static void url_freep(CURLU **url)
{
	curl_url_cleanup(*url);
	*url = NULL;
}

static void list_freep(struct curl_slist **list)
{
	curl_slist_free_all(*list);
	*list = NULL;
}

static void curl_freep(char **text)
{
	curl_free(*text);
	*text = NULL;
}

/* https://host[:port]/path, and nothing that hides another host or a password in it. */
static bool read_url(const char *text, char host[HOST_TEXT], char port[8])
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
	if (len == 0 || len >= HOST_TEXT || strlen(number) >= 8)
		return false;
	memcpy(host, bare, len);
	host[len] = '\0';
	memcpy(port, number, strlen(number) + 1);
	return true;
}

/* What goes into a header line: no control characters, so no second line. */
static bool header_value(const char *s, size_t max)
{
	size_t len = s != NULL ? strnlen(s, max + 1) : 0;
	if (len == 0 || len > max)
		return false;
	for (size_t i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return false;
	return true;
}

static bool key_valid(const char *s)
{
	if (!header_value(s, KEY_MAX))
		return false;
	for (; *s != '\0'; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') ||
		      strchr("._:-", *s) != NULL))
			return false;
	return true;
}

static bool append(struct curl_slist **list, const char *name, const char *value)
{
	char line[512];
	int n = snprintf(line, sizeof line, "%s%s", name, value);
	struct curl_slist *longer = n > 0 && (size_t)n < sizeof line ? curl_slist_append(*list, line) : NULL;
	if (longer == NULL)
		return false;
	*list = longer;
	return true;
}

#define SET(option, value) (ok = ok && curl_easy_setopt(s->curl, (option), (value)) == CURLE_OK)

static bool set_policy(struct session *s, const char *port, struct curl_slist **resolve)
{
	const struct wg_send_target *t = s->target;
	bool ok = true;
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "https"); /* never followed: see below */
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
	SET(CURLOPT_SSL_CTX_DATA, s);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, s);
	SET(CURLOPT_HEADERFUNCTION, take_header);
	SET(CURLOPT_HEADERDATA, s);
	SET(CURLOPT_ERRORBUFFER, s->words);
	SET(CURLOPT_USERAGENT, "wardgate/" WG_VERSION);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(t->connect_ms > 0 ? t->connect_ms : CONNECT_MS));
	SET(CURLOPT_TIMEOUT_MS, (long)(t->total_ms > 0 ? t->total_ms : TOTAL_MS));
	SET(CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
	SET(CURLOPT_LOW_SPEED_TIME, SLOW_SECONDS);
	SET(CURLOPT_URL, t->url);
	if (t->expect_ip != NULL) {
		char entry[HOST_TEXT + 96];
		int n = snprintf(entry, sizeof entry, "%s:%s:%s", s->host, port, t->expect_ip);
		ok = ok && n > 0 && (size_t)n < sizeof entry && append(resolve, "", entry);
		SET(CURLOPT_RESOLVE, *resolve);
	}
	return ok;
}

static const char *key_of(const struct session *s, const struct wg_send_item *item)
{
	return item->idempotency_key != NULL ? item->idempotency_key : s->target->idempotency_key;
}

static bool set_item(struct session *s, const struct wg_send_item *item, struct curl_slist **headers)
{
	bool ok = append(headers, "Content-Type: ", s->target->content_type) &&
	          append(headers, "Idempotency-Key: ", key_of(s, item)) &&
	          append(headers, "Accept: ", "application/json") &&
	          append(headers, "Expect:", ""); /* no waiting for a 100 */
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDS, (const char *)item->bytes);
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)item->len);
	SET(CURLOPT_HTTPHEADER, *headers);
	return ok;
}

static bool is_tls_fault(const struct session *s, CURLcode rc)
{
	static const CURLcode faults[] = { CURLE_SSL_CONNECT_ERROR,  CURLE_PEER_FAILED_VERIFICATION,
		                               CURLE_SSL_CERTPROBLEM,    CURLE_SSL_CIPHER,
		                               CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE,
		                               CURLE_SSL_ISSUER_ERROR,   CURLE_USE_SSL_FAILED,
		                               CURLE_SSL_SHUTDOWN_FAILED };
	for (size_t i = 0; i < WG_COUNT(faults); i++)
		if (rc == faults[i])
			return true;
	return s->alert >= 0;
}

/* Alerts that say that we were not let in, so that nothing of what we sent was read. */
static bool turned_away(int alert)
{
	return (alert >= SSL3_AD_HANDSHAKE_FAILURE && alert <= TLS1_AD_ACCESS_DENIED) ||
	       alert == TLS13_AD_CERTIFICATE_REQUIRED || alert == TLS1_AD_PROTOCOL_VERSION ||
	       alert == TLS1_AD_INSUFFICIENT_SECURITY;
}

static bool went_out(const struct session *s, const struct wg_send_item *item)
{
	curl_off_t sent = 0;
	if (curl_easy_getinfo(s->curl, CURLINFO_SIZE_UPLOAD_T, &sent) != CURLE_OK)
		return true; /* in doubt a retry is called a possible duplicate */
	return (size_t)sent >= item->len;
}

/* No whole answer came. */
static void judge_failure(const struct session *s, struct wg_send_item *item, CURLcode rc)
{
	struct wg_send_result *result = &item->result;
	result->tls_fault = is_tls_fault(s, rc);
	result->maybe = rc != CURLE_SSL_CERTPROBLEM && went_out(s, item) && !turned_away(s->alert);
	if (s->setup.code != WG_OK)
		finish(item, WG_SENT_DEFER, s->setup.text);
	else if (turned_away(s->alert))
		finish(item, WG_SENT_DEFER, SSL_alert_desc_string_long(s->alert));
	else if (s->too_large)
		finish(item, WG_SENT_DEFER, "the answer was larger than any answer may be");
	else
		finish(item, WG_SENT_DEFER, s->words[0] != '\0' ? s->words : curl_easy_strerror(rc));
}

static bool is_final(long status)
{
	static const long final[] = { 400, 403, 409, 410, 413, 415, 422 };
	for (size_t i = 0; i < WG_COUNT(final); i++)
		if (status == final[i])
			return true;
	return false;
}

static void judge_answer(const struct session *s, struct wg_send_item *item, long status)
{
	struct wg_send_result *result = &item->result;
	char words[96];
	(void)snprintf(words, sizeof words, "answered %ld%s", status,
	               status >= 300 && status < 400 ? ": redirects are not followed" : "");
	if (status >= 200 && status <= 202) {
		wg_https_receipt(wg_buf_text(&s->answer), s->answer.len, result->receipt, sizeof result->receipt);
		finish(item, WG_SENT_OK, words);
	} else if (is_final(status)) {
		finish(item, WG_SENT_REFUSED, words);
	} else {
		/* a proxy that lost the answer, or a success we do not know: the other side may have it */
		result->maybe = status == 502 || status == 504 || (status > 202 && status < 300);
		finish(item, WG_SENT_DEFER, words);
	}
}

/* Returns false when the target could not be reached at all, so that there is no point in trying the next item. */
static bool send_one(struct session *s, struct wg_send_item *item)
{
	WG_CLEANUP(list_freep) struct curl_slist *headers = NULL;
	wg_buf_reset(&s->answer);
	s->header_bytes = 0;
	s->too_large = false;
	s->alert = -1;
	s->words[0] = '\0';
	if (!key_valid(key_of(s, item)) || item->len == 0 || item->len > WG_LIMIT_ENVELOPE) {
		finish(item, WG_SENT_REFUSED, "the envelope is empty or too large, or its idempotency key is not one");
		return true;
	}
	if (!set_item(s, item, &headers)) {
		finish(item, WG_SENT_DEFER, "no memory for a request");
		return true;
	}
	CURLcode rc = curl_easy_perform(s->curl);
	long status = 0;
	(void)curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status); /* 0 stands for none */
	if (rc == CURLE_OK || (s->too_large && is_final(status)))
		judge_answer(s, item, status);
	else
		judge_failure(s, item, rc);
	(void)curl_easy_setopt(s->curl, CURLOPT_HTTPHEADER, NULL); /* the list ends here */
	return rc != CURLE_COULDNT_CONNECT && rc != CURLE_COULDNT_RESOLVE_HOST && !item->result.tls_fault;
}

static void send_all(const struct wg_send_target *target, struct wg_send_item *items, size_t count)
{
	struct session s = { .target = target, .answer = WG_BUF(ANSWER_MAX), .alert = -1 };
	WG_CLEANUP(list_freep) struct curl_slist *resolve = NULL;
	char port[8] = "";
	const char *fault = NULL;
	enum wg_sent what = WG_SENT_DEFER;
	if (!read_url(target->url, s.host, port) || !header_value(target->content_type, 128)) {
		fault = "the recipient's URL or content type is not usable";
		what = WG_SENT_REFUSED;
	} else if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (s.curl = curl_easy_init()) == NULL ||
	           !set_policy(&s, port, &resolve)) {
		fault = "libcurl could not be set up";
	}
	size_t tried = 0;
	while (fault == NULL && tried < count)
		if (!send_one(&s, &items[tried++]))
			break;
	for (size_t i = tried; i < count; i++) { /* the rest shares the fate of the one that could not get through */
		finish(&items[i], what, fault != NULL ? fault : items[tried - 1].result.detail);
		items[i].result.tls_fault = fault == NULL && items[tried - 1].result.tls_fault;
	}
	curl_easy_cleanup(s.curl);
	wg_buf_free(&s.answer);
}

static void https_send(const struct wg_send_target *target, struct wg_send_item *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		items[i].result = (struct wg_send_result){ .what = WG_SENT_DEFER };
	send_all(target, items, count);
}

const struct wg_channel wg_channel_https = { .name = "https", .send = https_send };
