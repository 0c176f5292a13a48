/* mail_route.c owns the questions that lead to a domain's mail servers, in the order of RFC 7672 section 2.2; what the
 * answers mean is decided in mail_decide.c. */
#include "channel/mail_route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/sts.h"

#define SMTP_PORT 25
#define ASK_MS 8000
/* For all questions together; a policy is fetched in ten seconds more at most. */
#define ALL_MS 30000

struct finder {
	struct wg_dns *dns;
	const struct wg_send_target *target;
	struct wg_mail_facts *facts;
	int64_t until; /* monotonic ms */
	char sts_why[128];
};

static enum wg_code ask(struct finder *f, struct wg_dns_question *questions, unsigned count, struct wg_err *err)
{
	int64_t left = f->until - wg_clock_monotonic();
	return wg_dns_ask(f->dns, questions, count, left < 0 ? 0 : left < ASK_MS ? (int)left : ASK_MS, err);
}

static bool is_lost(struct wg_dns_fact fact)
{
	return fact.what == WG_DNS_FAILED || fact.what == WG_DNS_BOGUS;
}

static bool set_name(struct wg_dns_question *q, enum wg_dns_type type, const char *before, const char *name)
{
	int n = snprintf(q->name, sizeof q->name, "%s%s", before, name);
	q->type = type;
	return n > 0 && (size_t)n < sizeof q->name;
}

static void copy_name(char out[WG_HOST_TEXT], const char *name)
{
	size_t len = strnlen(name, WG_HOST_TEXT - 1); /* of the same size */
	memmove(out, name, len);
	out[len] = '\0';
}

/* ---- MX */

/* RFC 5321 5.1: servers of equal preference in any order, so that they share the load. */
static void shuffle(struct wg_dns_question *q, unsigned order[WG_DNS_RECORDS], unsigned *count)
{
	size_t len = 0;
	unsigned n = 0;
	while (wg_dns_record(q, n, &len) != NULL)
		n++;
	for (unsigned i = 0; i < n; i++) {
		uint32_t dice = 0;
		if (wg_random(&dice, sizeof dice, NULL) != WG_OK)
			dice = i; /* in the order in which they came */
		unsigned at = dice % (i + 1);
		if (at != i)
			order[i] = order[at];
		order[at] = i;
	}
	*count = n;
}

static bool is_known(const struct wg_mail_facts *facts, const char *host)
{
	for (unsigned i = 0; i < facts->host_count; i++)
		if (strcmp(facts->hosts[i].host, host) == 0)
			return true;
	return false;
}

/* Where there are more than WG_MAIL_HOPS, the worst preference has to go. */
static void add_host(struct wg_mail_facts *facts, const char *host, unsigned preference)
{
	unsigned at = facts->host_count, worst = 0;
	if (is_known(facts, host))
		return;
	if (at == WG_MAIL_HOPS) {
		for (unsigned i = 1; i < WG_MAIL_HOPS; i++)
			if (facts->hosts[i].preference > facts->hosts[worst].preference)
				worst = i;
		if (facts->hosts[worst].preference <= preference)
			return;
		at = worst;
	} else {
		facts->host_count++;
	}
	struct wg_host_facts *h = &facts->hosts[at];
	copy_name(h->host, host);
	copy_name(h->base, host);
	h->preference = preference;
}

static void take_mx(struct wg_mail_facts *facts, struct wg_dns_question *q)
{
	unsigned order[WG_DNS_RECORDS], count = 0;
	facts->mx = q->fact;
	copy_name(facts->expanded, q->canonical);
	if (q->fact.what == WG_DNS_NO_DATA) /* RFC 5321 5.1: the domain is its own server */
		add_host(facts, facts->domain, 0);
	shuffle(q, order, &count);
	for (unsigned i = 0; i < count; i++) {
		size_t len = 0;
		const uint8_t *p = wg_dns_record(q, order[i], &len);
		char host[WG_HOST_TEXT];
		unsigned preference = 0;
		if (p == NULL || !wg_dns_read_mx(p, len, &preference, host))
			continue;
		if (host[0] == '\0')
			facts->null_mx = count == 1;
		else if (wg_hostname_valid(host))
			add_host(facts, host, preference);
	}
}

static enum wg_code find_mx(struct finder *f, struct wg_err *err)
{
	struct wg_dns_question q = { .type = WG_DNS_MX };
	copy_name(q.name, f->facts->domain);
	enum wg_code code = ask(f, &q, 1, err);
	if (code == WG_OK)
		take_mx(f->facts, &q);
	wg_dns_forget(&q, 1);
	return code;
}

/* ---- addresses */

/* IPv6 and IPv4 in turn, so that one that does not work costs one attempt. */
static void take_addresses(struct wg_host_facts *host, const struct wg_dns_question q[2])
{
	for (unsigned i = 0; i < WG_DNS_RECORDS; i++) {
		for (unsigned k = 0; k < 2 && host->address_count < WG_HOP_ADDRESSES; k++) {
			size_t len = 0;
			const uint8_t *p = wg_dns_record(&q[k], i, &len);
			if (p != NULL && wg_dns_read_address(q[k].type, p, len, host->addresses[host->address_count]))
				host->address_count++;
		}
	}
}

/* Of both together: what was found counts; else what went wrong; else what is not there. */
static void take_host(struct wg_host_facts *host, const struct wg_dns_question q[2])
{
	const struct wg_dns_question *best = &q[0];
	static const int rank[] = {
		[WG_DNS_FOUND] = 4, [WG_DNS_BOGUS] = 3, [WG_DNS_FAILED] = 2, [WG_DNS_NO_DATA] = 1, [WG_DNS_NO_NAME] = 0
	};
	if (rank[q[1].fact.what] > rank[q[0].fact.what] ||
	    (q[1].fact.what == q[0].fact.what && q[1].fact.secure && !q[0].fact.secure))
		best = &q[1];
	host->address = best->fact;
	if (best->fact.what == WG_DNS_FOUND)
		copy_name(host->base, best->canonical);
	take_addresses(host, q);
}

static enum wg_code find_addresses(struct finder *f, struct wg_err *err)
{
	struct wg_mail_facts *facts = f->facts;
	struct wg_dns_question q[2 * WG_MAIL_HOPS] = { 0 };
	for (unsigned i = 0; i < facts->host_count; i++) {
		(void)set_name(&q[2 * i], WG_DNS_AAAA, "", facts->hosts[i].host); /* of the same size */
		(void)set_name(&q[2 * i + 1], WG_DNS_A, "", facts->hosts[i].host);
	}
	enum wg_code code = ask(f, q, 2 * facts->host_count, err);
	for (unsigned i = 0; code == WG_OK && i < facts->host_count; i++)
		take_host(&facts->hosts[i], &q[2 * i]);
	wg_dns_forget(q, 2 * facts->host_count);
	return code;
}

/* ---- TLSA */

/* RFC 7672 2.2.3 with RFC 7671 7: records may stand at the alias, at what it stands for, or at both; the latter count
 * first. Where only the alias itself is signed, the alias alone counts; where nothing is, there is no DANE. */
struct search {
	bool alias_secure;           /* the CNAME is, what it leads to is not */
	struct wg_dns_question q[2]; /* of base, of host */
	bool asked[2];
};

static enum wg_code find_aliases(struct finder *f, struct search *searches, struct wg_err *err)
{
	struct wg_mail_facts *facts = f->facts;
	struct wg_dns_question q[WG_MAIL_HOPS] = { 0 };
	unsigned of[WG_MAIL_HOPS], count = 0;
	for (unsigned i = 0; i < facts->host_count; i++) {
		const struct wg_host_facts *h = &facts->hosts[i];
		if (h->address.what != WG_DNS_FOUND || h->address.secure || strcmp(h->base, h->host) == 0)
			continue;
		(void)set_name(&q[count], WG_DNS_CNAME, "", h->host); /* of the same size */
		of[count++] = i;
	}
	enum wg_code code = count > 0 ? ask(f, q, count, err) : WG_OK;
	for (unsigned i = 0; code == WG_OK && i < count; i++) {
		struct wg_host_facts *h = &facts->hosts[of[i]];
		if (is_lost(q[i].fact))
			h->tlsa = q[i].fact; /* whether to look for records could not be asked */
		searches[of[i]].alias_secure = q[i].fact.what == WG_DNS_FOUND && q[i].fact.secure;
	}
	wg_dns_forget(q, count);
	return code;
}

static void plan(const struct wg_mail_facts *facts, struct wg_host_facts *host, struct search *s)
{
	char prefix[32];
	bool secure = host->address.what == WG_DNS_FOUND && host->address.secure;
	bool aliased = strcmp(host->base, host->host) != 0;
	(void)snprintf(prefix, sizeof prefix, "_%u._tcp.", facts->port); /* fits */
	s->asked[0] = secure && aliased;
	s->asked[1] = secure || s->alias_secure;
	if ((s->asked[0] && !set_name(&s->q[0], WG_DNS_TLSA, prefix, host->base)) ||
	    (s->asked[1] && !set_name(&s->q[1], WG_DNS_TLSA, prefix, host->host))) {
		host->tlsa = (struct wg_dns_fact){ .what = WG_DNS_FAILED }; /* too long a name to ask for */
		s->asked[0] = s->asked[1] = false;
	}
}

static void take_tlsa(struct wg_host_facts *host, const struct wg_dns_question *q)
{
	size_t len = 0;
	const uint8_t *p;
	for (unsigned i = 0; host->record_count < WG_TLSA_MAX && (p = wg_dns_record(q, i, &len)) != NULL; i++) {
		struct wg_dns_association a;
		struct wg_tlsa *r = &host->records[host->record_count];
		if (!wg_dns_read_association(p, len, &a) || a.len > sizeof r->data)
			continue;
		r->usage = a.usage;
		r->selector = a.selector;
		r->matching = a.matching;
		r->len = a.len;
		memcpy(r->data, a.data, a.len);
		host->record_count += wg_tlsa_usable(r);
	}
}

/* True when this answer settles it. */
static bool settle(struct wg_host_facts *host, const struct wg_dns_question *q, const char *base)
{
	bool found = q->fact.what == WG_DNS_FOUND && q->fact.secure;
	if (!found && !is_lost(q->fact)) /* records in a zone that is not signed are none */
		return false;
	host->tlsa = q->fact;
	if (found) {
		copy_name(host->base, base);
		take_tlsa(host, q);
	}
	return true;
}

static enum wg_code find_tlsa(struct finder *f, struct wg_err *err)
{
	struct wg_mail_facts *facts = f->facts;
	WG_AUTO_FREE struct search *searches = calloc(WG_MAIL_HOPS, sizeof *searches);
	WG_AUTO_FREE struct wg_dns_question *q = calloc((size_t)2 * WG_MAIL_HOPS, sizeof *q);
	unsigned count = 0, at = 0;
	if (searches == NULL || q == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for questions to the DNS");
	for (unsigned i = 0; i < facts->host_count; i++)
		facts->hosts[i].tlsa = (struct wg_dns_fact){ .what = WG_DNS_NO_DATA };
	enum wg_code code = find_aliases(f, searches, err);
	if (code != WG_OK)
		return code;
	for (unsigned i = 0; i < facts->host_count; i++) {
		plan(facts, &facts->hosts[i], &searches[i]);
		for (unsigned k = 0; k < 2; k++)
			if (searches[i].asked[k])
				q[count++] = searches[i].q[k];
	}
	code = count > 0 ? ask(f, q, count, err) : WG_OK;
	for (unsigned i = 0; code == WG_OK && i < facts->host_count; i++) {
		struct wg_host_facts *h = &facts->hosts[i];
		char base[WG_HOST_TEXT];
		copy_name(base, h->base);
		bool settled = searches[i].asked[0] && settle(h, &q[at], base);
		at += searches[i].asked[0];
		settled = settled || (searches[i].asked[1] && settle(h, &q[at], h->host));
		at += searches[i].asked[1];
		if (!settled)
			copy_name(h->base, h->host);
	}
	wg_dns_forget(q, count);
	return code;
}

/* ---- all of it */

static enum wg_code find_sts(struct finder *f, struct wg_err *err)
{
	struct wg_mail_facts *facts = f->facts;
	WG_AUTO_FREE struct wg_sts_policy *policy = calloc(1, sizeof *policy);
	if (policy == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for an MTA-STS policy");
	facts->sts = wg_sts_find(f->dns, f->target, facts->domain, f->until, policy, f->sts_why, sizeof f->sts_why);
	for (unsigned i = 0; facts->sts == WG_STS_ENFORCE && i < facts->host_count; i++)
		facts->hosts[i].sts_match = wg_sts_match(policy, facts->hosts[i].host);
	return WG_OK;
}

static enum wg_code find_all(struct finder *f, struct wg_err *err)
{
	enum wg_code code = wg_dns_open(f->target->dns_anchor, f->target->dns_resolver, &f->dns, err);
	if (code == WG_OK)
		code = find_mx(f, err);
	if (code == WG_OK && f->facts->host_count > 0)
		code = find_addresses(f, err);
	if (code == WG_OK && f->facts->host_count > 0)
		code = find_tlsa(f, err);
	if (code == WG_OK && wg_mail_route_asks_sts(f->facts))
		code = find_sts(f, err);
	return code;
}

static bool set_domain(struct wg_mail_facts *facts, const char *domain)
{
	size_t len = strnlen(domain, WG_HOST_TEXT);
	if (len >= WG_HOST_TEXT || !wg_hostname_valid(domain))
		return false;
	for (size_t i = 0; i <= len; i++)
		facts->domain[i] = (char)(domain[i] >= 'A' && domain[i] <= 'Z' ? domain[i] + ('a' - 'A') : domain[i]);
	return true;
}

enum wg_code wg_mail_route_find(const struct wg_send_target *target, const char *domain, struct wg_mail_route **out,
                                struct wg_err *err)
{
	WG_AUTO_FREE struct wg_mail_facts *facts = calloc(1, sizeof *facts);
	WG_AUTO_FREE struct wg_mail_route *route = calloc(1, sizeof *route);
	if (facts == NULL || route == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a route");
	if (!set_domain(facts, domain))
		return wg_err_set(err, WG_REJECT, "the recipient's domain is not a name that DNS knows");
	facts->port = (unsigned short)(target->smtp_port != 0 ? target->smtp_port : SMTP_PORT);
	facts->name_allowed = target->dns_names_for != NULL && wg_list_has(target->dns_names_for, facts->domain);
	struct finder f = { .target = target, .facts = facts, .until = wg_clock_monotonic() + ALL_MS };
	enum wg_code code = find_all(&f, err);
	wg_dns_freep(&f.dns);
	if (code == WG_OK)
		code = wg_mail_route_decide(facts, route, err);
	if (code != WG_OK && f.sts_why[0] != '\0' && err != NULL) {
		size_t len = strlen(err->text);
		(void)snprintf(err->text + len, sizeof err->text - len, " (%s)", f.sts_why); /* cut where it is too long */
	}
	if (code == WG_OK)
		*out = wg_steal(&route);
	return code;
}
