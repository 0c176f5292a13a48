/* https.c owns the way out over HTTPS: one POST for each sealed copy, over a connection that is kept, and what the
 * other side's answer means. SECURITY: meets other sites' answers: https_curl.c bounds them, https_receipt.c reads
 * them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/text.h"
#include "channel/https_internal.h"
#include "channel/https_receipt.h"
#include "channel/session_internal.h"

/* A body from this size on is only sent when the server said that it wants it. */
#define ASK_FIRST ((size_t)256 * 1024)
/* Of the hash that tells a later form of a copy from an earlier one: 64 bits are enough within one key. */
#define FORM_DIGITS 16
/* RFC 9457 type that a wardgate gives when a key came before with other content. */
#define KEY_REUSED "urn:wardgate:problem:key-reused"

struct https {
	struct wg_session base; /* first */
	const struct wg_send_target *target;
	struct wg_https http;
	bool warm; /* a connection was made and the last request over it was answered */
};

static struct https *of(struct wg_session *session)
{
	return (struct https *)session; /* base is its first member */
}

static void finish(struct wg_send_item *item, enum wg_sent what, const char *words)
{
	item->result.what = what;
	(void)wg_defang(words, item->result.detail, sizeof item->result.detail); /* returns its argument */
}

static bool key_valid(const char *s)
{
	if (!wg_https_header_value(s, WG_LIMIT_KEY))
		return false;
	for (; *s != '\0'; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') ||
		      strchr("._:-", *s) != NULL))
			return false;
	return true;
}

static const char *key_of(const struct https *s, const struct wg_send_item *item)
{
	return item->idempotency_key != NULL ? item->idempotency_key : s->target->idempotency_key;
}

/* ---- what an answer means */

/* Statuses that say "this request, never". 409 is not among them: the draft of Idempotency-Key gives it while an
 * earlier try of the same is still at work. */
static bool is_final(long status)
{
	static const long final[] = { 400, 410, 413, 415, 422 };
	for (size_t i = 0; i < WG_COUNT(final); i++)
		if (status == final[i])
			return true;
	return false;
}

/* Statuses that say "not from you". They are about us, not about this copy: our certificate was renewed and is not in
 * their directory yet, or a proxy of theirs has a wrong rule for an hour. A person has to see to it; the copy waits. */
static bool is_about_us(long status)
{
	return status == 401 || status == 403;
}

/* "answered STATUS", and behind it what the other side says of it in a problem (RFC 9457). */
static void put_words(const struct wg_https *h, long status, char *out, size_t size)
{
	char detail[160] = "", title[80] = "";
	const char *json = wg_buf_text(&h->answer);
	if (status >= 300) {
		wg_https_member(json, h->answer.len, "detail", detail, sizeof detail);
		wg_https_member(json, h->answer.len, "title", title, sizeof title);
	}
	const char *said = detail[0] != '\0' ? detail : title;
	if (status >= 300 && status < 400)
		said = "redirects are not followed";
	(void)snprintf(out, size, "answered %ld%s%s", status, said[0] != '\0' ? ": " : "", said); /* a cut is acceptable */
}

/* nginx shakes hands with whoever comes, and says only then, by a page of its own with status 400, that it does not
 * take our certificate (its 495 and 496). That is for an operator to mend, not the end of this copy. */
static bool is_certificate_page(const struct wg_https *h, long status)
{
	return status == 400 && strstr(wg_buf_text(&h->answer), "SSL certificate") != NULL &&
	       strstr(wg_buf_text(&h->answer), "<html>") != NULL;
}

static void judge_answer(const struct wg_https *h, struct wg_send_item *item, const struct wg_https_end *end)
{
	struct wg_send_result *result = &item->result;
	char words[256];
	long status = end->status;
	put_words(h, status, words, sizeof words);
	if (status >= 200 && status <= 202) {
		wg_https_receipt(wg_buf_text(&h->answer), h->answer.len, result->receipt, sizeof result->receipt);
		result->maybe = end->again; /* the connection that was kept died under the first try, perhaps after it */
		finish(item, WG_SENT_OK, words);
	} else if (is_certificate_page(h, status)) {
		result->tls_fault = true;
		finish(item, WG_SENT_DEFER, "answered 400: our client certificate is not taken");
	} else if (is_about_us(status)) {
		char why[sizeof words + 96];
		(void)snprintf(why, sizeof why, "%.160s (they do not let us in: ask them whether they know our certificate)",
		               words);
		result->login_fault = true;
		result->wait_ms = end->wait_ms;
		finish(item, WG_SENT_DEFER, why);
	} else if (is_final(status)) {
		finish(item, WG_SENT_REFUSED, words);
	} else {
		/* a proxy that lost the answer, or a success we do not know: the other side may have it */
		result->maybe = end->again || status == 502 || status == 504 || (status > 202 && status < 300);
		result->wait_ms = end->wait_ms;
		finish(item, WG_SENT_DEFER, words);
	}
}

/* No whole answer came. */
static void judge_failure(const struct wg_https *h, struct wg_send_item *item, const struct wg_https_end *end)
{
	item->result.tls_fault = end->tls_fault;
	item->result.maybe = end->again || (end->rc != CURLE_SSL_CERTPROBLEM && end->went_out && !end->turned_away);
	finish(item, WG_SENT_DEFER, wg_https_words(h, end));
}

/* ---- one request */

static bool make_headers(const struct https *s, const char *key, bool ask_first, struct curl_slist **headers)
{
	return wg_https_header(headers, "Content-Type: ", s->target->content_type) &&
	       wg_https_header(headers, "Idempotency-Key: ", key) &&
	       wg_https_header(headers, "Accept: ", "application/json, application/problem+json") &&
	       wg_https_header(headers, "Expect:", ask_first ? " 100-continue" : "");
}

/* Asks before the body where the server may not want it: a large one, and the first of a connection. With TLS 1.3 a
 * server that does not take our certificate says so only now, and its reset could overtake the alert while we write. */
static void request(struct https *s, struct wg_send_item *item, const char *key, struct wg_https_end *end)
{
	WG_CLEANUP(wg_https_headers_freep) struct curl_slist *headers = NULL;
	unsigned resumed = s->http.resumed;
	*end = (struct wg_https_end){ .rc = CURLE_OUT_OF_MEMORY };
	if (!make_headers(s, key, !s->warm || item->len >= ASK_FIRST, &headers))
		return;
	wg_https_post(&s->http, headers, item->bytes, item->len, end);
	s->warm = end->rc == CURLE_OK;
	s->base.counts.connections += (unsigned)end->connections;
	s->base.counts.resumed += s->http.resumed - resumed;
	s->base.counts.reused += end->connections == 0 && end->status != 0;
}

static bool has_answer(const struct wg_https *h, const struct wg_https_end *end)
{
	return end->rc == CURLE_OK || (h->too_large && (is_final(end->status) || is_about_us(end->status)));
}

/* The other side took an earlier form of this copy under this key, and we never heard of it: the policy or the
 * certificate has changed since. It has to get this form too, so it goes under a key of its own, which is the same at
 * every retry: KEY:HASH. An earlier form's receipt would not be proof of this one. */
static void send_later_form(struct https *s, struct wg_send_item *item, struct wg_https_end *end)
{
	char key[WG_LIMIT_KEY + 1], hex[2 * WG_SHA256_LEN + 1], first[64] = "", words[256];
	uint8_t hash[WG_SHA256_LEN];
	wg_https_member(wg_buf_text(&s->http.answer), s->http.answer.len, "receipt-id", first, sizeof first);
	wg_sha256(item->bytes, item->len, hash);
	wg_hex(hash, sizeof hash, hex);
	int n = snprintf(key, sizeof key, "%s:%.*s", key_of(s, item), FORM_DIGITS, hex);
	if (n < 0 || (size_t)n >= sizeof key) {
		judge_answer(&s->http, item, end);
		return;
	}
	request(s, item, key, end);
	if (!has_answer(&s->http, end)) {
		judge_failure(&s->http, item, end);
		return;
	}
	judge_answer(&s->http, item, end);
	(void)snprintf(words, sizeof words, "%.180s; an earlier form was taken before%s%s", item->result.detail,
	               first[0] != '\0' ? " as " : "", first); /* fits */
	finish(item, item->result.what, words);
}

static bool says_key_reused(const struct wg_https *h, const struct wg_https_end *end)
{
	char type[64];
	if (end->status != 422 && end->status != 409)
		return false;
	wg_https_member(wg_buf_text(&h->answer), h->answer.len, "type", type, sizeof type);
	return strcmp(type, KEY_REUSED) == 0;
}

/* Returns false when the target could not be reached at all, so that there is no point in trying the next item. */
static bool send_one(struct https *s, struct wg_send_item *item)
{
	struct wg_https_end end;
	if (!key_valid(key_of(s, item)) || item->len == 0 || item->len > WG_LIMIT_ENVELOPE) {
		finish(item, WG_SENT_REFUSED, "the envelope is empty or too large, or its idempotency key is not one");
		return true;
	}
	request(s, item, key_of(s, item), &end);
	if (!has_answer(&s->http, &end))
		judge_failure(&s->http, item, &end);
	else if (s->target->later_forms && says_key_reused(&s->http, &end))
		send_later_form(s, item, &end);
	else
		judge_answer(&s->http, item, &end);
	return end.rc != CURLE_COULDNT_CONNECT && end.rc != CURLE_COULDNT_RESOLVE_HOST && !item->result.tls_fault;
}

/* ---- the session */

static void https_close(struct wg_session **session)
{
	if (*session == NULL)
		return;
	struct https *s = of(*session);
	wg_https_close(&s->http);
	free(s);
	*session = NULL;
}

static enum wg_code https_open(const struct wg_send_target *target, struct wg_session **out, struct wg_err *err)
{
	const struct wg_https_spec spec = {
		.url = target->url,
		.expect_ip = target->expect_ip,
		.tls = &target->tls,
		.connect_ms = target->connect_ms,
		.total_ms = target->total_ms,
	};
	if (!wg_https_header_value(target->content_type, 128))
		return wg_err_set(err, WG_CONFIG, "the recipient's content type is not usable");
	struct https *s = calloc(1, sizeof *s);
	if (s == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a session");
	s->base.way = &wg_way_https;
	s->target = target;
	enum wg_code code = wg_https_open(&s->http, &spec, err);
	struct wg_session *session = &s->base;
	if (code != WG_OK)
		https_close(&session);
	else
		*out = session;
	return code;
}

static void https_offer(struct wg_session *session, struct wg_send_item *items, size_t count, wg_session_told *told,
                        void *arg)
{
	struct https *s = of(session);
	const struct wg_send_item *unreachable = NULL;
	for (size_t i = 0; i < count; i++) {
		items[i].result = (struct wg_send_result){ .what = WG_SENT_DEFER };
		if (unreachable != NULL) { /* the rest shares the fate of the one that could not get through */
			finish(&items[i], WG_SENT_DEFER, unreachable->result.detail);
			items[i].result.tls_fault = unreachable->result.tls_fault;
		} else if (!send_one(s, &items[i])) {
			unreachable = &items[i];
		}
		if (told != NULL)
			told(arg, &items[i]);
	}
}

const struct wg_way wg_way_https = { .name = "https", .open = https_open, .offer = https_offer, .close = https_close };

/* ---- the old way, until nobody takes it any more: a session for each batch */

static void https_send(const struct wg_send_target *target, struct wg_send_item *items, size_t count)
{
	struct wg_session *session = NULL;
	struct wg_err err = { 0 };
	enum wg_code code = https_open(target, &session, &err);
	for (size_t i = 0; code != WG_OK && i < count; i++) {
		items[i].result = (struct wg_send_result){ 0 };
		finish(&items[i], code == WG_CONFIG ? WG_SENT_REFUSED : WG_SENT_DEFER, err.text);
	}
	if (code == WG_OK)
		https_offer(session, items, count, NULL, NULL);
	https_close(&session);
}

const struct wg_channel wg_channel_https = { .name = "https", .send = https_send };
