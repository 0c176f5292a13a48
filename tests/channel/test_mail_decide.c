/* Which servers may be given mail, and on what proof: a table in words, and every combination of facts held against
 * rules that are written down apart from the code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "channel/mail_route.h"

#define DOMAIN "council.example"

/* One character each, so that a case fits a line. MX: S found and secure, I found and not secure, n no MX (secure), u
 * no MX (not secure), 0 null MX, X NXDOMAIN secure, x NXDOMAIN not secure, F failed, B bogus. Address of a host: a
 * found secure, i found insecure, - none, f failed, b bogus. TLSA: D usable, U unusable only, - none, w insecure
 * records, f failed, b bogus. Then: m where the MTA-STS policy names it; = where it is the domain itself. */
struct line {
	const char *words;
	char mx;
	const char *hosts[3];
	enum wg_sts_state sts;
	bool allowed;
	enum wg_code code;
	const char *route; /* "HOW host HOW host", hosts 1, 2, 3 */
};

static const struct line lines[] = {
	{ "secure MX, DANE", 'S', { "aD" }, WG_STS_NONE, 0, WG_OK, "DANE 1" },
	{ "secure MX, DANE on both", 'S', { "aD", "aD" }, WG_STS_NONE, 0, WG_OK, "DANE 1 DANE 2" },
	{ "secure MX, no TLSA", 'S', { "a-" }, WG_STS_NONE, 0, WG_OK, "name 1" },
	{ "secure MX, host in an unsigned zone", 'S', { "i-" }, WG_STS_NONE, 0, WG_OK, "name 1" },
	{ "secure MX, TLSA unusable", 'S', { "aU" }, WG_STS_NONE, 0, WG_OK, "name 1" },
	{ "secure MX, TLSA insecure", 'S', { "aw" }, WG_STS_NONE, 0, WG_OK, "name 1" },
	{ "DANE on one of two: the other does not count", 'S', { "aD", "a-" }, WG_STS_NONE, 0, WG_OK, "DANE 1" },
	{ "DANE on the second of two", 'S', { "a-", "aD" }, WG_STS_NONE, 0, WG_OK, "DANE 2" },
	{ "TLSA bogus", 'S', { "ab" }, WG_STS_NONE, 0, WG_CRYPTO, NULL },
	{ "TLSA bogus, the policy names it: not rescued", 'S', { "abm" }, WG_STS_ENFORCE, 0, WG_CRYPTO, NULL },
	{ "TLSA failed", 'S', { "af" }, WG_STS_NONE, 0, WG_AGAIN, NULL },
	{ "TLSA failed, the policy names it: not rescued", 'S', { "afm" }, WG_STS_ENFORCE, 0, WG_AGAIN, NULL },
	{ "TLSA failed on one, none on the other", 'S', { "af", "a-" }, WG_STS_NONE, 0, WG_AGAIN, NULL },
	{ "TLSA failed on one, DANE on the other", 'S', { "af", "aD" }, WG_STS_NONE, 0, WG_OK, "DANE 2" },
	{ "TLSA bogus on one, DANE on the other", 'S', { "ab", "aD" }, WG_STS_NONE, 0, WG_OK, "DANE 2" },
	{ "MX bogus", 'B', { 0 }, WG_STS_NONE, 0, WG_CRYPTO, NULL },
	{ "MX failed", 'F', { 0 }, WG_STS_NONE, 0, WG_AGAIN, NULL },
	{ "null MX", '0', { 0 }, WG_STS_NONE, 0, WG_REJECT, NULL },
	{ "no such domain, proven", 'X', { 0 }, WG_STS_NONE, 0, WG_REJECT, NULL },
	{ "no such domain, said only", 'x', { 0 }, WG_STS_NONE, 0, WG_AGAIN, NULL },
	{ "no MX, the domain has DANE", 'n', { "aD=" }, WG_STS_NONE, 0, WG_OK, "DANE 1" },
	{ "no MX, the domain has none", 'n', { "a-=" }, WG_STS_NONE, 0, WG_OK, "name 1" },
	{ "no MX, unsigned: the domain's own name", 'u', { "i-=" }, WG_STS_NONE, 0, WG_OK, "name 1" },
	{ "no MX, no address, proven", 'n', { "--=" }, WG_STS_NONE, 0, WG_REJECT, NULL },
	{ "no MX, no address, said only", 'u', { "--=" }, WG_STS_NONE, 0, WG_AGAIN, NULL },
	{ "no MX, address failed", 'n', { "f-=" }, WG_STS_NONE, 0, WG_AGAIN, NULL },
	{ "MX without an address", 'S', { "--" }, WG_STS_NONE, 0, WG_AGAIN, NULL },
	{ "address bogus", 'S', { "b-" }, WG_STS_NONE, 0, WG_CRYPTO, NULL },
	{ "one address bogus, DANE on the other", 'S', { "b-", "aD" }, WG_STS_NONE, 0, WG_OK, "DANE 2" },
	{ "one without an address", 'S', { "--", "a-" }, WG_STS_NONE, 0, WG_OK, "name 2" },
	{ "unsigned, no policy", 'I', { "i-" }, WG_STS_NONE, 0, WG_CONFIG, NULL },
	{ "unsigned, no policy, let pass by the configuration", 'I', { "i-" }, WG_STS_NONE, 1, WG_OK, "name 1" },
	{ "unsigned, policy names it", 'I', { "i-m" }, WG_STS_ENFORCE, 0, WG_OK, "MTA-STS 1" },
	{ "unsigned, policy names another", 'I', { "i-" }, WG_STS_ENFORCE, 0, WG_CRYPTO, NULL },
	{ "unsigned, policy names another, exception configured", 'I', { "i-" }, WG_STS_ENFORCE, 1, WG_CRYPTO, NULL },
	{ "unsigned, policy names one of two", 'I', { "i-", "i-m" }, WG_STS_ENFORCE, 0, WG_OK, "MTA-STS 2" },
	{ "unsigned, policy in testing", 'I', { "i-m" }, WG_STS_TESTING, 0, WG_CONFIG, NULL },
	{ "unsigned, policy none", 'I', { "i-m" }, WG_STS_OFF, 0, WG_CONFIG, NULL },
	{ "unsigned, policy not fetched", 'I', { "i-" }, WG_STS_UNFETCHED, 0, WG_AGAIN, NULL },
	{ "unsigned, DNS silent about a policy", 'I', { "i-" }, WG_STS_UNKNOWN, 0, WG_AGAIN, NULL },
	{ "secure MX, no TLSA, policy names it", 'S', { "a-m" }, WG_STS_ENFORCE, 0, WG_OK, "MTA-STS 1" },
	{ "secure MX, no TLSA, policy names another", 'S', { "a-" }, WG_STS_ENFORCE, 0, WG_CRYPTO, NULL },
	{ "secure MX, no TLSA, policy not fetched", 'S', { "a-" }, WG_STS_UNFETCHED, 0, WG_OK, "name 1" },
	{ "secure MX, no TLSA, DNS silent about a policy", 'S', { "a-" }, WG_STS_UNKNOWN, 0, WG_AGAIN, NULL },
	{ "secure MX, no TLSA, policy in testing", 'S', { "a-" }, WG_STS_TESTING, 0, WG_OK, "name 1" },
	{ "DANE, and a policy that names another: DANE decides", 'S', { "aD" }, WG_STS_ENFORCE, 0, WG_OK, "DANE 1" },
	{ "MX forged to a host with DANE of its own", 'I', { "aD" }, WG_STS_NONE, 0, WG_CONFIG, NULL },
	{ "the same, policy names another", 'I', { "aD" }, WG_STS_ENFORCE, 0, WG_CRYPTO, NULL },
	{ "unsigned MX, policy names a host with DANE: by DANE", 'I', { "aDm" }, WG_STS_ENFORCE, 0, WG_OK, "DANE 1" },
	{ "unsigned MX, two named, one has DANE", 'I', { "aDm", "i-m" }, WG_STS_ENFORCE, 0, WG_OK, "DANE 1" },
	{ "unsigned MX, a named host's TLSA is bogus", 'I', { "abm", "i-m" }, WG_STS_ENFORCE, 0, WG_CRYPTO, NULL },
};

static const struct wg_dns_fact SECURE = { WG_DNS_FOUND, true }, INSECURE = { WG_DNS_FOUND, false },
								NONE = { WG_DNS_NO_DATA, true }, FAILED = { WG_DNS_FAILED, false },
								BOGUS = { WG_DNS_BOGUS, false };

static void set_mx(struct wg_mail_facts *facts, char mx)
{
	facts->mx = mx == 'F' ? FAILED : mx == 'B' ? BOGUS : mx == 'I' ? INSECURE : SECURE;
	if (mx == 'n' || mx == 'u')
		facts->mx = (struct wg_dns_fact){ WG_DNS_NO_DATA, mx == 'n' };
	if (mx == 'X' || mx == 'x')
		facts->mx = (struct wg_dns_fact){ WG_DNS_NO_NAME, mx == 'X' };
	facts->null_mx = mx == '0';
}

static void set_host(struct wg_mail_facts *facts, unsigned i, const char *marks)
{
	struct wg_host_facts *h = &facts->hosts[i];
	char address = marks[0], tlsa = marks[1];
	(void)snprintf(h->host, sizeof h->host, "mx%u.example", i + 1);
	if (strchr(marks, '=') != NULL)
		(void)snprintf(h->host, sizeof h->host, "%s", DOMAIN);
	memcpy(h->base, h->host, sizeof h->base);
	h->preference = 10 * (i + 1);
	h->address = address == 'a' ? SECURE : address == 'i' ? INSECURE : address == 'f' ? FAILED : NONE;
	if (address == 'b')
		h->address = BOGUS;
	h->address_count = address == 'a' || address == 'i';
	(void)snprintf(h->addresses[0], sizeof h->addresses[0], "192.0.2.%u", i + 1);
	h->tlsa = tlsa == 'D' || tlsa == 'U' ? SECURE : tlsa == 'w' ? INSECURE : tlsa == 'f' ? FAILED : NONE;
	if (tlsa == 'b')
		h->tlsa = BOGUS;
	h->record_count = tlsa == 'D' || tlsa == 'w';
	h->records[0] = (struct wg_tlsa){ .usage = 3, .selector = 1, .matching = 1, .len = 32 };
	h->sts_match = strchr(marks, 'm') != NULL;
}

static struct wg_mail_facts *make_facts(void)
{
	struct wg_mail_facts *facts = calloc(1, sizeof *facts);
	assert_non_null(facts);
	facts->port = 25;
	(void)snprintf(facts->domain, sizeof facts->domain, DOMAIN);
	(void)snprintf(facts->expanded, sizeof facts->expanded, DOMAIN);
	return facts;
}

/* "DANE 1 name 2": how, and the last digit of the address. */
static void describe(const struct wg_mail_route *route, char out[128])
{
	size_t len = 0;
	out[0] = '\0';
	for (unsigned i = 0; i < route->count; i++) {
		const char *address = route->hops[i].addresses[0];
		len += (size_t)snprintf(out + len, 128 - len, "%s%s %c", i > 0 ? " " : "", wg_hop_how_name(route->hops[i].how),
		                        address[strlen(address) - 1]);
	}
}

static void test_table(void **state)
{
	(void)state;
	WG_AUTO_FREE struct wg_mail_route *route = calloc(1, sizeof *route);
	assert_non_null(route);
	for (size_t i = 0; i < WG_COUNT(lines); i++) {
		const struct line *line = &lines[i];
		WG_AUTO_FREE struct wg_mail_facts *facts = make_facts();
		struct wg_err err = { 0 };
		char got[128] = "";
		set_mx(facts, line->mx);
		for (unsigned k = 0; k < 3 && line->hosts[k] != NULL; k++)
			set_host(facts, facts->host_count++, line->hosts[k]);
		facts->sts = line->sts;
		facts->name_allowed = line->allowed;
		enum wg_code code = wg_mail_route_decide(facts, route, &err);
		if (code == WG_OK)
			describe(route, got);
		print_message("%-52s %-8s %s\n", line->words, wg_code_name(code), code == WG_OK ? route->words : err.text);
		assert_int_equal(code, line->code);
		assert_string_equal(got, line->route != NULL ? line->route : "");
	}
}

/* ---- every combination of two hosts */

static const char mxes[] = "SInu0XxFB";
static const char addresses[] = "ai-fb", tlsas[] = "DU-wfb";
#define HOSTS (5 * 6 * 2)
static char marks[HOSTS][5];

static bool lost(struct wg_dns_fact fact)
{
	return fact.what == WG_DNS_FAILED || fact.what == WG_DNS_BOGUS;
}

static bool dane(const struct wg_host_facts *h)
{
	return h->tlsa.what == WG_DNS_FOUND && h->tlsa.secure && h->record_count > 0;
}

static bool named(const struct wg_mail_facts *f, const struct wg_host_facts *h)
{
	return f->mx.secure || strcmp(h->host, f->domain) == 0;
}

static const struct wg_host_facts *host_of(const struct wg_mail_facts *f, const struct wg_mail_hop *hop)
{
	for (unsigned i = 0; i < f->host_count; i++)
		if (strcmp(f->hosts[i].host, hop->host) == 0)
			return &f->hosts[i];
	fail();
	return NULL;
}

/* What every route must keep to. */
static void check_route(const struct wg_mail_facts *f, const struct wg_mail_route *route)
{
	unsigned dane_hops = 0, doubtful = 0;
	assert_true(route->count >= 1 && route->count <= f->host_count);
	assert_true(f->mx.what == WG_DNS_FOUND || f->mx.what == WG_DNS_NO_DATA);
	assert_false(f->null_mx);
	for (unsigned i = 0; i < route->count; i++) {
		const struct wg_mail_hop *hop = &route->hops[i];
		const struct wg_host_facts *h = host_of(f, hop);
		assert_true(hop->address_count > 0 && hop->name_count > 0 && hop->port == f->port);
		assert_false(lost(h->tlsa));
		assert_true((hop->how == WG_HOP_DANE) == dane(h)); /* records that can be used are used */
		assert_true((hop->how == WG_HOP_DANE) == (hop->tlsa_count > 0));
		/* the server is certainly the domain's, or the configuration says that this may pass */
		assert_true(named(f, h) || (f->sts == WG_STS_ENFORCE && h->sts_match) || f->name_allowed);
		if (f->sts == WG_STS_ENFORCE && !(dane(h) && named(f, h)))
			assert_true(h->sts_match);
		if (f->sts == WG_STS_UNKNOWN)
			assert_true(dane(h) && named(f, h));
		assert_true((hop->how == WG_HOP_STS) == (f->sts == WG_STS_ENFORCE && !dane(h)));
		dane_hops += hop->how == WG_HOP_DANE;
		if (i > 0)
			assert_true(route->hops[i - 1].preference <= hop->preference);
	}
	for (unsigned i = 0; i < f->host_count; i++)
		doubtful += f->hosts[i].address_count > 0 && lost(f->hosts[i].tlsa);
	assert_true(dane_hops == 0 || dane_hops == route->count);
	assert_true(doubtful == 0 || dane_hops == route->count); /* a failure never falls back */
}

/* What every refusal must keep to. */
static void check_refusal(const struct wg_mail_facts *f, enum wg_code code)
{
	unsigned faults = 0, reachable = 0;
	bool alive = (f->mx.what == WG_DNS_FOUND || f->mx.what == WG_DNS_NO_DATA) && !f->null_mx;
	for (unsigned i = 0; i < f->host_count; i++) {
		const struct wg_host_facts *h = &f->hosts[i];
		faults += lost(h->address) || (h->address_count > 0 && lost(h->tlsa));
		reachable += h->address_count > 0;
		if (alive && h->address_count > 0) /* DANE that is certain is always a way */
			assert_false(dane(h) && named(f, h));
	}
	assert_true(code == WG_AGAIN || code == WG_CRYPTO || code == WG_CONFIG || code == WG_REJECT);
	if (code == WG_REJECT)
		assert_true(f->null_mx || (f->mx.secure && f->mx.what == WG_DNS_NO_NAME) ||
		            (f->mx.secure && f->mx.what == WG_DNS_NO_DATA && reachable == 0));
	if (f->null_mx || (f->mx.secure && f->mx.what == WG_DNS_NO_NAME))
		assert_int_equal(code, WG_REJECT);
	if (f->mx.what == WG_DNS_FAILED)
		assert_int_equal(code, WG_AGAIN);
	if (f->mx.what == WG_DNS_BOGUS)
		assert_int_equal(code, WG_CRYPTO);
	if (code == WG_CONFIG) /* never said of what a failure may have hidden */
		assert_true(faults == 0 && reachable > 0 && !f->mx.secure && !f->name_allowed);
	/* signed, reachable, nothing failed, no policy in the way: there is a way */
	assert_false(alive && f->mx.secure && faults == 0 && reachable > 0 && f->sts != WG_STS_ENFORCE &&
	             f->sts != WG_STS_UNKNOWN);
}

/* All states of MTA-STS over the same other facts. */
static unsigned run_states(struct wg_mail_facts *f, struct wg_mail_route *route)
{
	static struct wg_err err; /* 1 KB that need not be cleared each time */
	char first[128] = "", text[128];
	enum wg_code first_code = WG_OK;
	bool asks = wg_mail_route_asks_sts(f);
	for (int sts = WG_STS_NONE; sts <= WG_STS_UNKNOWN; sts++) {
		f->sts = (enum wg_sts_state)sts;
		enum wg_code code = wg_mail_route_decide(f, route, &err);
		text[0] = '\0';
		if (code == WG_OK) {
			check_route(f, route);
			describe(route, text);
		} else {
			check_refusal(f, code);
		}
		if (sts == WG_STS_NONE) {
			first_code = code;
			memcpy(first, text, sizeof first);
		} else if (!asks) { /* MTA-STS neither rescues nor stops what DANE has decided */
			assert_int_equal(code, first_code);
			assert_string_equal(text, first);
		}
	}
	return WG_STS_UNKNOWN + 1;
}

static void test_every_combination(void **state)
{
	(void)state;
	unsigned n = 0, run = 0;
	WG_AUTO_FREE struct wg_mail_route *route = calloc(1, sizeof *route);
	WG_AUTO_FREE struct wg_mail_facts *facts = make_facts();
	assert_non_null(route);
	for (const char *a = addresses; *a != '\0'; a++)
		for (const char *t = tlsas; *t != '\0'; t++)
			for (int m = 0; m < 2; m++)
				(void)snprintf(marks[n++], sizeof marks[0], "%c%c%s", *a, *t, m ? "m" : "");
	assert_int_equal(n, HOSTS);
	for (const char *mx = mxes; *mx != '\0'; mx++) {
		for (unsigned i = 0; i < HOSTS; i++) {
			for (unsigned k = 0; k <= HOSTS; k++) {
				char first[8];
				bool self = *mx == 'n' || *mx == 'u' || (*mx == 'I' && i % 2 == 0);
				if (self && *mx != 'I' && k < HOSTS)
					continue; /* without MX there is one host, the domain */
				(void)snprintf(first, sizeof first, "%s%s", marks[i], self ? "=" : "");
				set_mx(facts, *mx);
				facts->host_count = k < HOSTS ? 2 : 1;
				set_host(facts, 0, first);
				if (k < HOSTS)
					set_host(facts, 1, marks[k]);
				for (int allowed = 0; allowed < 2; allowed++) {
					facts->name_allowed = allowed != 0;
					run += run_states(facts, route);
				}
			}
		}
	}
	print_message("%u decisions\n", run);
	assert_true(run > 300000);
}

/* RFC 7672 3.2.2: the names of a DANE hop, and preference before order. */
static void test_names_and_order(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	WG_AUTO_FREE struct wg_mail_route *route = calloc(1, sizeof *route);
	WG_AUTO_FREE struct wg_mail_facts *facts = make_facts();
	assert_non_null(route);
	set_mx(facts, 'S');
	for (unsigned i = 0; i < 3; i++)
		set_host(facts, facts->host_count++, "aD");
	facts->hosts[0].preference = 30;
	facts->hosts[2].preference = 20;
	(void)snprintf(facts->hosts[1].base, WG_HOST_TEXT, "real.example");
	(void)snprintf(facts->expanded, WG_HOST_TEXT, "elsewhere.example");
	assert_int_equal(wg_mail_route_decide(facts, route, &err), WG_OK);
	assert_int_equal(route->count, 3);
	assert_string_equal(route->hops[0].host, "mx2.example"); /* 20, and it came before mx3 */
	assert_string_equal(route->hops[1].host, "mx3.example");
	assert_string_equal(route->hops[2].host, "mx1.example");
	assert_int_equal(route->hops[0].name_count, 3);
	assert_string_equal(route->hops[0].names[0], "real.example");
	assert_string_equal(route->hops[0].names[1], DOMAIN);
	assert_string_equal(route->hops[0].names[2], "elsewhere.example");
	/* an MX record that is not signed does not make the domain's name one of the server's */
	set_mx(facts, 'I');
	facts->sts = WG_STS_ENFORCE;
	facts->hosts[1].sts_match = true;
	assert_int_equal(wg_mail_route_decide(facts, route, &err), WG_OK);
	assert_int_equal(route->count, 1);
	assert_int_equal(route->hops[0].name_count, 1);
	assert_string_equal(route->hops[0].names[0], "real.example");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_every_combination),
		cmocka_unit_test(test_names_and_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
