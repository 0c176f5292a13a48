/* sts_find.c owns the order of things in MTA-STS: announced, remembered, fetched (RFC 8461 sections 3 and 5.1).
 * SECURITY: whoever stops DNS or HTTPS must not make a policy go away that is remembered. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/sts.h"

#define ASK_MS 8000
/* A policy that is used is fetched anew once a day (section 3.3 asks for that), so that it does not run out. */
#define REFRESH_MS ((int64_t)24 * 60 * 60 * 1000)
#define TXT_MAX 512
#define HTTPS_PORT 443

static int wait_of(int64_t until)
{
	int64_t left = until - wg_clock_monotonic();
	return left <= 0 ? 0 : left < ASK_MS ? (int)left : ASK_MS;
}

static enum wg_sts_state state_of(const struct wg_sts_policy *policy)
{
	static const enum wg_sts_state states[] = {
		[WG_STS_MODE_ENFORCE] = WG_STS_ENFORCE, [WG_STS_MODE_TESTING] = WG_STS_TESTING, [WG_STS_MODE_NONE] = WG_STS_OFF
	};
	return states[policy->mode];
}

/* Section 3.1: records of other kinds are passed over; more than one of this kind is none. */
static bool announced(const struct wg_dns_question *txt, char id[WG_STS_ID])
{
	unsigned found = 0;
	size_t len = 0;
	const uint8_t *p;
	for (unsigned i = 0; (p = wg_dns_record(txt, i, &len)) != NULL; i++) {
		char text[TXT_MAX];
		if (wg_dns_read_txt(p, len, text, sizeof text) && strncmp(text, "v=STSv1", 7) == 0) {
			found++;
			if (!wg_sts_read_txt(text, id))
				return false;
		}
	}
	return found == 1;
}

static void addresses_of(const struct wg_dns_question *q, struct wg_sts_source *from)
{
	size_t len = 0;
	const uint8_t *p;
	for (unsigned i = 0; from->address_count < WG_HOP_ADDRESSES && (p = wg_dns_record(q, i, &len)) != NULL; i++)
		if (wg_dns_read_address(q->type, p, len, from->addresses[from->address_count]))
			from->address_count++;
}

static enum wg_code fetch(struct wg_dns *dns, const struct wg_send_target *target, const char *domain, int64_t until,
                          struct wg_buf *body, struct wg_sts_policy *policy, struct wg_err *err)
{
	struct wg_sts_source from = { .ca = target->sts_ca != NULL ? target->sts_ca : target->tls.ca,
		                          .port = target->sts_port != 0 ? target->sts_port : HTTPS_PORT };
	struct wg_dns_question q[2] = { { .type = WG_DNS_AAAA }, { .type = WG_DNS_A } };
	for (size_t i = 0; i < WG_COUNT(q); i++) {
		int n = snprintf(q[i].name, sizeof q[i].name, "mta-sts.%s", domain);
		if (n <= 0 || (size_t)n >= sizeof q[i].name)
			return wg_err_set(err, WG_REJECT, "the domain's name is too long for MTA-STS");
	}
	enum wg_code code = wg_dns_ask(dns, q, WG_COUNT(q), wait_of(until), err);
	for (size_t i = 0; i < WG_COUNT(q); i++)
		addresses_of(&q[i], &from);
	wg_dns_forget(q, WG_COUNT(q));
	if (code == WG_OK)
		code = wg_sts_fetch(&from, domain, body, err);
	if (code == WG_OK)
		code = wg_sts_read(body->data, body->len, policy, err);
	return code;
}

enum wg_sts_state wg_sts_find(struct wg_dns *dns, const struct wg_send_target *target, const char *domain,
                              int64_t until, struct wg_sts_policy *policy, char *why, size_t why_size)
{
	WG_AUTO_FREE struct wg_sts_kept *kept = calloc(1, sizeof *kept);
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_STS_BODY_MAX);
	struct wg_dns_question txt = { .type = WG_DNS_TXT };
	struct wg_err err = { 0 };
	char id[WG_STS_ID] = "";
	int64_t now = wg_clock_now();
	why[0] = '\0';
	int n = snprintf(txt.name, sizeof txt.name, "_mta-sts.%s", domain);
	if (kept == NULL || n <= 0 || (size_t)n >= sizeof txt.name)
		return WG_STS_UNKNOWN;
	bool known = target->sts_cache != NULL && wg_sts_recall(target->sts_cache, domain, now, kept);
	if (wg_dns_ask(dns, &txt, 1, wait_of(until), &err) != WG_OK)
		return WG_STS_UNKNOWN;
	bool lost = txt.fact.what == WG_DNS_FAILED || txt.fact.what == WG_DNS_BOGUS;
	bool there = !lost && announced(&txt, id);
	wg_dns_forget(&txt, 1);
	bool stale = known && (strcmp(kept->id, id) != 0 || now - kept->fetched >= REFRESH_MS);
	if (there && (!known || stale)) {
		if (fetch(dns, target, domain, until, &body, policy, &err) == WG_OK) {
			if (target->sts_cache != NULL &&
			    wg_sts_remember(target->sts_cache, domain, id, now, body.data, body.len, &err) != WG_OK)
				(void)wg_defang(err.text, why, why_size); /* it holds all the same; returns its buffer */
			return state_of(policy);
		}
		(void)wg_defang(err.text, why, why_size); /* returns its buffer */
	}
	if (known) {
		*policy = kept->policy;
		return state_of(policy);
	}
	return lost ? WG_STS_UNKNOWN : there ? WG_STS_UNFETCHED : WG_STS_NONE;
}
