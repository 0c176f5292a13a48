/* dns.c owns the validating resolver (libunbound) and the answers it gave. SECURITY: answers come from strangers; what
 * counts as secure is decided by libunbound from our own trust anchor, never by a resolver's word. */
#include "channel/dns.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "sys/file.h"

/* Below this the machine's clock is the time. */
#define CLOCKS_AGREE_MS 60000
#define CLASS_IN 1
/* Two anchors while the root's key is changed, with comments. */
#define ANCHOR_MAX ((size_t)64 * 1024)
/* DNS response codes (RFC 1035 4.1.1) that are an answer. */
#define RCODE_OK 0
#define RCODE_NO_NAME 3

struct wg_dns {
	struct ub_ctx *ctx;
};

/* ---- opening */

void wg_dns_freep(struct wg_dns **dns)
{
	if (*dns == NULL)
		return;
	ub_ctx_delete((*dns)->ctx); /* takes NULL; ends its thread */
	free(*dns);
	*dns = NULL;
}

/* Signatures are judged by the gateway's time. Said only when the machine's clock is another: it stands still then, for
 * as long as a session. */
static bool set_date(struct ub_ctx *ctx)
{
	int64_t now = wg_clock_now(), ahead = now - wg_clock_wall();
	char text[WG_CLOCK_TEXT], date[sizeof "20261122093000"];
	if (ahead > -CLOCKS_AGREE_MS && ahead < CLOCKS_AGREE_MS)
		return true;
	(void)wg_clock_format(now, text); /* returns text, "2026-11-22T09:30:00Z" */
	(void)snprintf(date, sizeof date, "%.4s%.2s%.2s%.2s%.2s%.2s", text, text + 5, text + 8, text + 11, text + 14,
	               text + 17); /* it fits */
	return ub_ctx_set_option(ctx, "val-override-date:", date) == 0;
}

static bool set_options(struct ub_ctx *ctx, bool resolver)
{
	static const char *const options[][2] = {
		{ "module-config:", "validator iterator" },
		{ "val-permissive-mode:", "no" },
		{ "harden-dnssec-stripped:", "yes" },
		{ "harden-below-nxdomain:", "yes" },
		{ "harden-glue:", "yes" },
		{ "edns-buffer-size:", "1232" }, /* no fragments, which can be forged */
	};
	for (size_t i = 0; i < WG_COUNT(options); i++)
		if (ub_ctx_set_option(ctx, options[i][0], options[i][1]) != 0)
			return false;
	if (!set_date(ctx))
		return false;
	/* a resolver on this machine may be asked only when it was configured */
	return !resolver || ub_ctx_set_option(ctx, "do-not-query-localhost:", "no") == 0;
}

/* ". ... DS ..." or ". ... DNSKEY ...": an anchor of the root. */
static bool is_anchor(const char *line, size_t len)
{
	bool root = false;
	for (size_t at = 0, word = 0; at < len && line[at] != ';'; word++) {
		size_t end = at;
		while (end < len && strchr(" \t\r", line[end]) == NULL)
			end++;
		size_t n = end - at;
		if (word == 0)
			root = n == 1 && line[at] == '.';
		else if (root &&
		         ((n == 2 && memcmp(line + at, "DS", 2) == 0) || (n == 6 && memcmp(line + at, "DNSKEY", 6) == 0)))
			return true;
		for (at = end; at < len && strchr(" \t\r", line[at]) != NULL; at++)
			;
	}
	return false;
}

/* Without one, libunbound would take every answer for one that need not be signed. */
static enum wg_code check_anchor(const char *path, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf file = WG_BUF(ANCHOR_MAX);
	enum wg_code code = wg_file_read(path, &file, err);
	if (code != WG_OK)
		return wg_err_set(err, WG_CONFIG, "%s: the trust anchor of DNSSEC cannot be read", path);
	for (const char *p = wg_buf_text(&file), *end; *p != '\0'; p = *end != '\0' ? end + 1 : end) {
		end = p + strcspn(p, "\n");
		if (is_anchor(p, (size_t)(end - p)))
			return WG_OK;
	}
	return wg_err_set(err, WG_CONFIG, "%s: no DS or DNSKEY record of the root in it (Debian: package dns-root-data)",
	                  path);
}

enum wg_code wg_dns_open(const char *anchor, const char *resolver, struct wg_dns **out, struct wg_err *err)
{
	if (anchor == NULL)
		return wg_err_set(err, WG_CONFIG, "DNS needs the trust anchor of the root: add <dns trust-anchor=...>");
	enum wg_code code = check_anchor(anchor, err);
	if (code != WG_OK)
		return code;
	WG_CLEANUP(wg_dns_freep) struct wg_dns *dns = calloc(1, sizeof *dns);
	if (dns == NULL || (dns->ctx = ub_ctx_create()) == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a resolver");
	(void)ub_ctx_debugout(dns->ctx, NULL); /* what it writes would hold names; cannot fail */
	if (!set_options(dns->ctx, resolver != NULL) || ub_ctx_async(dns->ctx, 1) != 0)
		return wg_err_set(err, WG_SYSTEM, "the resolver cannot be set up");
	if (ub_ctx_add_ta_file(dns->ctx, anchor) != 0)
		return wg_err_set(err, WG_CONFIG, "%s: not a file of trust anchors that can be read", anchor);
	if (resolver != NULL && ub_ctx_set_fwd(dns->ctx, resolver) != 0)
		return wg_err_set(err, WG_CONFIG, "the resolver is neither ADDRESS nor ADDRESS@PORT");
	/* begins the work; libunbound answers for test. by itself, where the people of our tests live */
	int fault = ub_ctx_zone_remove(dns->ctx, "test.");
	if (fault != 0)
		return wg_err_set(err, WG_CONFIG, "DNS cannot begin with the trust anchor %s: %s", anchor, ub_strerror(fault));
	*out = wg_steal(&dns);
	return WG_OK;
}

/* ---- asking */

static void fail(struct wg_dns_question *q, const char *why)
{
	q->fact = (struct wg_dns_fact){ .what = WG_DNS_FAILED };
	(void)wg_defang(why, q->why, sizeof q->why); /* returns its buffer */
}

/* Lower case, no final dot; what is no name of a host is left out: the name that was asked for stays. */
static void take_canonical(struct wg_dns_question *q, const char *name)
{
	size_t len = name != NULL ? strnlen(name, sizeof q->canonical + 1) : 0;
	char text[WG_HOST_TEXT];
	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len >= sizeof text)
		return;
	for (size_t i = 0; i < len; i++)
		text[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + ('a' - 'A') : name[i]);
	text[len] = '\0';
	if (wg_hostname_valid(text))
		memcpy(q->canonical, text, len + 1);
}

static void take_result(struct wg_dns_question *q, struct ub_result *result)
{
	q->result = result;
	if (result->bogus) {
		q->fact = (struct wg_dns_fact){ .what = WG_DNS_BOGUS };
		(void)wg_defang(result->why_bogus != NULL ? result->why_bogus : "", q->why, sizeof q->why);
	} else if (result->rcode != RCODE_OK && result->rcode != RCODE_NO_NAME) {
		fail(q, "the answer was an error");
	} else {
		q->fact.secure = result->secure != 0;
		q->fact.what = result->havedata ? WG_DNS_FOUND : result->nxdomain ? WG_DNS_NO_NAME : WG_DNS_NO_DATA;
		take_canonical(q, result->canonname);
	}
}

/* One question on its way; the callback runs inside ub_process, in our own thread. */
struct pending {
	struct wg_dns_question *question;
	int id;
	bool done;
};

static void arrived(void *arg, int fault, struct ub_result *result)
{
	struct pending *p = arg;
	p->done = true;
	if (fault != 0 || result == NULL)
		fail(p->question, "the resolver failed");
	else
		take_result(p->question, result);
}

static bool all_done(const struct pending *pending, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (!pending[i].done)
			return false;
	return true;
}

static void wait_for(struct wg_dns *dns, const struct pending *pending, unsigned count, int wait_ms)
{
	int64_t until = wg_clock_monotonic() + wait_ms, left;
	while (!all_done(pending, count) && (left = until - wg_clock_monotonic()) > 0) {
		struct pollfd fd = { .fd = ub_fd(dns->ctx), .events = POLLIN };
		if (poll(&fd, 1, (int)left) > 0 && ub_process(dns->ctx) != 0)
			return;
	}
}

enum wg_code wg_dns_ask(struct wg_dns *dns, struct wg_dns_question *questions, unsigned count, int wait_ms,
                        struct wg_err *err)
{
	WG_AUTO_FREE struct pending *pending = calloc(count > 0 ? count : 1, sizeof *pending);
	if (pending == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for questions to the DNS");
	for (unsigned i = 0; i < count; i++) {
		struct wg_dns_question *q = &questions[i];
		pending[i].question = q;
		q->result = NULL;
		q->why[0] = '\0';
		memcpy(q->canonical, q->name, sizeof q->canonical);
		q->fact = (struct wg_dns_fact){ .what = WG_DNS_FAILED };
		if (ub_resolve_async(dns->ctx, q->name, (int)q->type, CLASS_IN, &pending[i], arrived, &pending[i].id) != 0) {
			fail(q, "this could not be asked");
			pending[i].done = true;
		}
	}
	wait_for(dns, pending, count, wait_ms);
	for (unsigned i = 0; i < count; i++) {
		if (pending[i].done)
			continue;
		(void)ub_cancel(dns->ctx, pending[i].id); /* arrived is not called any more, whatever it returns */
		fail(pending[i].question, "no answer in time");
	}
	return WG_OK;
}

void wg_dns_forget(struct wg_dns_question *questions, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		ub_resolve_free(questions[i].result); /* takes NULL */
		questions[i].result = NULL;
	}
}

const uint8_t *wg_dns_record(const struct wg_dns_question *question, unsigned i, size_t *len)
{
	const struct ub_result *result = question->result;
	if (question->fact.what != WG_DNS_FOUND || result == NULL || i >= WG_DNS_RECORDS)
		return NULL;
	for (unsigned k = 0; k <= i; k++) /* ends with a NULL */
		if (result->data[k] == NULL)
			return NULL;
	if (result->len[i] < 0)
		return NULL;
	*len = (size_t)result->len[i];
	return (const uint8_t *)result->data[i];
}
