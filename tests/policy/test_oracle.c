/* Random small policies against a second opinion: for every recipient and category the oracle asks every rule in turn,
 * with no sets, no caches and none of the engine's code. Free text goes unread here: test_obligations.c has that. The
 * numbers are the same at every run. */
#include <limits.h>

#include "policy_test.h"

#define ROUNDS 600
#define RULES_MAX 14

static const char directory_text[] =
	"<directory xmlns=\"urn:wardgate:directory:1\" version=\"1\">"
	"<organisation id=\"placer\" kind=\"council\" code=\"830\"><name>P</name><desk name=\"d\" roles=\"front-door\" "
	"channel=\"mail\" address=\"a@a.example\" certificate=\"a\"/></organisation>"
	"<organisation id=\"host\" kind=\"council\" code=\"860\"><name>H</name><desk name=\"d\" roles=\"front-door\" "
	"channel=\"mail\" address=\"a@a.example\" certificate=\"a\"/></organisation>"
	"<organisation id=\"placer-police\" kind=\"police\" areas=\"830\"><name>P</name><desk name=\"d\" "
	"roles=\"police-missing\" channel=\"mail\" address=\"a@a.example\" certificate=\"a\"/></organisation>"
	"<organisation id=\"host-police\" kind=\"police\" areas=\"860\"><name>H</name><desk name=\"d\" "
	"roles=\"police-missing\" channel=\"mail\" address=\"a@a.example\" certificate=\"a\"/></organisation>"
	"</directory>";
static const char notice_text[] =
	"<notice xmlns=\"urn:wardgate:notice:1\" id=\"01k9tess00examp1e0m1ss1ng1\" kind=\"missing\" version=\"1\">"
	"<header><sender "
	"organisation=\"x\"/><received>2026-11-20T22:41:07Z</received></header><episode><risk>HIGH</risk></episode>"
	"<child><name><full>Robin Specimen</full></name><sex>F</sex><home-address>1 Sample Street</home-address></child>"
	"<authorities><placing>830</placing><host>860</host></authorities><missing><circumstances>went out</circumstances>"
	"<family>Jo Example</family></missing></notice>";

/* Present and absent ones; "" ends. */
static const char *const categories[] = { "administrative", "identity", "risk",      "contact",
	                                      "circumstances",  "family",   "placement", "offending" };
static const char *const days[] = { NULL, "2026-11-21", "2026-11-22", "2026-11-23" };
static const char *const kinds[] = { "*", "missing", "found", "missing found" };
static const char *const whens[] = { NULL, "true()", "false()", "child/sex = 'F'", "child/sex = 'M'" };
static const bool when_is[] = { true, true, false, true, false };
static const char *const dues[] = { NULL, "PT30M", "PT4H", "P1D" };
static const unsigned due_minutes[] = { UINT_MAX, 30, 240, 1440 };
static const char *const roles[] = { "front-door", "police-missing" };
static const char *const sides[] = { "placing", "host" };

struct plain {
	unsigned effect; /* as enum wg_effect */
	unsigned kind, from, until, when, due, marker;
	bool to[2], except[2], of[2], in[WG_COUNT(categories)], any_category, star;
};

static uint64_t seed = 20261122;

/* Knuth's MMIX numbers; the high bits are the good ones. */
static unsigned pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static struct plain random_rule(void)
{
	struct plain r = { .effect = pick(10) < 5 ? WG_SHARE : 1 + pick(3) };
	r.kind = pick(4);
	r.from = pick(4);
	r.until = pick(4);
	if (r.from > r.until && r.until != 0)
		r.from = 0;
	r.when = pick(WG_COUNT(whens));
	for (unsigned i = 0; i < WG_COUNT(categories); i++)
		r.in[i] = pick(2) == 1;
	if (r.effect == WG_WITHHOLD)
		r.in[0] = false;
	for (unsigned i = 0; i < WG_COUNT(categories); i++)
		r.any_category = r.any_category || r.in[i];
	if (!r.any_category && r.effect <= WG_WITHHOLD)
		r.in[2] = r.any_category = true;
	r.star = r.effect != WG_SHARE && pick(8) == 0;
	r.to[0] = pick(2) == 1;
	r.to[1] = !r.to[0] || pick(2) == 1;
	if (pick(4) == 0)
		r.except[pick(2)] = true;
	if (pick(2) == 1)
		r.of[pick(2)] = true;
	r.marker = r.effect == WG_WITHHOLD ? pick(3) : 0;
	r.due = r.effect == WG_REVIEW ? pick(4) : 0;
	return r;
}

static size_t put_list(char *out, size_t size, const char *name, const char *const *words, const bool *in, size_t n)
{
	size_t used = 0;
	for (size_t i = 0; i < n; i++)
		if (in[i])
			used += (size_t)snprintf(out + used, size - used, "%s%s", used > 0 ? " " : "", words[i]);
	char copy[512];
	(void)snprintf(copy, sizeof copy, "%s", used > 0 ? out : "");
	out[0] = '\0';
	return used > 0 ? (size_t)snprintf(out, size, " %s=\"%s\"", name, copy) : 0;
}

static void write_policy(const struct plain *rules, unsigned n, char *out, size_t size)
{
	static const char *const effects[] = { "share", "withhold", "review", "deny" };
	static const char *const markers[] = { "", " marker=\"say\"", " marker=\"none\"" };
	size_t used = (size_t)snprintf(
		out, size,
		"<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\">"
		"<role name=\"front-door\" at=\"council\"/><role name=\"police-missing\" at=\"police\"/><route kind=\"*\">"
		"<to role=\"front-door\" of=\"placing\"/><to role=\"front-door\" of=\"host\"/><to role=\"police-missing\" "
		"of=\"placing\"/>"
		"<to role=\"police-missing\" of=\"host\"/><source>S-01</source></route>");
	for (unsigned i = 0; i < n; i++) {
		const struct plain *r = &rules[i];
		used += (size_t)snprintf(out + used, size - used, "<rule id=\"r%u\" effect=\"%s\" kind=\"%s\"%s%s", i,
		                         effects[r->effect], kinds[r->kind], markers[r->marker],
		                         r->effect == WG_SHARE ? " text=\"unreviewed\"" : "");
		used += put_list(out + used, size - used, "to", roles, r->to, 2);
		used += put_list(out + used, size - used, "except", roles, r->except, 2);
		used += put_list(out + used, size - used, "of", sides, r->of, 2);
		if (r->star)
			used += (size_t)snprintf(out + used, size - used, " categories=\"*\"");
		else
			used += put_list(out + used, size - used, "categories", categories, r->in, WG_COUNT(categories));
		if (r->from != 0)
			used += (size_t)snprintf(out + used, size - used, " from=\"%s\"", days[r->from]);
		if (r->until != 0)
			used += (size_t)snprintf(out + used, size - used, " until=\"%s\"", days[r->until]);
		if (r->due != 0)
			used += (size_t)snprintf(out + used, size - used, " due=\"%s\"", dues[r->due]);
		used += (size_t)snprintf(out + used, size - used, ">");
		if (r->when != 0)
			used += (size_t)snprintf(out + used, size - used, "<when>%s</when>", whens[r->when]);
		used += (size_t)snprintf(out + used, size - used, "%s<source>S-01</source></rule>",
		                         r->effect == WG_SHARE ? "<basis gdpr=\"6(1)(e)\"/>" : "");
	}
	used += (size_t)snprintf(out + used, size - used, "</policy>");
	assert_true(used < size);
}

/* The second opinion. The notice is a missing one, today is days[2]. */
static bool touches(const struct plain *r, unsigned role, unsigned side)
{
	if (r->kind == 2 || !when_is[r->when] || r->from == 3 || r->until == 1)
		return false;
	if (!r->to[role] || r->except[role])
		return false;
	return (!r->of[0] && !r->of[1]) || r->of[side];
}

/* withheld by star: everything but the frame. */
static bool names(const struct plain *r, unsigned category)
{
	return r->star ? r->effect != WG_WITHHOLD || category != 0 : r->in[category];
}

static bool given(const struct plain *rules, unsigned n, unsigned role, unsigned side, unsigned category)
{
	bool shared = false;
	for (unsigned i = 0; i < n; i++) {
		if (!touches(&rules[i], role, side) || !names(&rules[i], category))
			continue;
		if (rules[i].effect == WG_WITHHOLD)
			return false;
		shared = shared || rules[i].effect == WG_SHARE;
	}
	return shared;
}

static bool marked(const struct plain *rules, unsigned n, unsigned role, unsigned side, unsigned category)
{
	bool say = false;
	for (unsigned i = 0; i < n; i++) {
		if (rules[i].effect != WG_WITHHOLD || !touches(&rules[i], role, side) || !names(&rules[i], category))
			continue;
		if (rules[i].marker == 2)
			return false;
		say = say || rules[i].marker == 1;
	}
	return say && !given(rules, n, role, side, category);
}

/* The last two categories are not in the notice. */
#define PRESENT (WG_COUNT(categories) - 2)

static enum wg_verdict verdict(const struct plain *rules, unsigned n, unsigned role, unsigned side, const char **due)
{
	bool any = false, deny = false, review = false;
	unsigned soonest = UINT_MAX;
	*due = "";
	for (unsigned c = 1; c < PRESENT; c++)
		any = any || given(rules, n, role, side, c);
	for (unsigned i = 0; i < n; i++) {
		const struct plain *r = &rules[i];
		bool bites = !r->star && !r->any_category;
		for (unsigned c = 0; c < PRESENT; c++)
			bites = bites || (names(r, c) && given(rules, n, role, side, c));
		if (!bites || !touches(r, role, side))
			continue;
		deny = deny || r->effect == WG_DENY;
		if (r->effect != WG_REVIEW)
			continue;
		review = true;
		if (due_minutes[r->due] < soonest) {
			soonest = due_minutes[r->due];
			*due = dues[r->due];
		}
	}
	bool sent = !deny && any && given(rules, n, role, side, 0);
	if (!sent || !review)
		*due = "";
	return !sent ? WG_VERDICT_DENY : review ? WG_VERDICT_REVIEW : WG_VERDICT_SEND;
}

static void compare(const struct wg_decision *d, const struct plain *rules, unsigned n, unsigned role, unsigned side,
                    const char *text)
{
	const char *due = "";
	for (unsigned c = 0; c < WG_COUNT(categories); c++) {
		wg_categories bit = wg_category_find(categories[c]);
		bool want = c < PRESENT && given(rules, n, role, side, c);
		if (((d->granted & bit) != 0) != want || ((d->withheld & bit) != 0) != (c < PRESENT && !want) ||
		    ((d->mark & bit) != 0) != (c < PRESENT && marked(rules, n, role, side, c)))
			fail_msg("%s to %s of %s:\n%s", categories[c], roles[role], sides[side], text);
	}
	if (d->verdict != verdict(rules, n, role, side, &due) || strcmp(d->due, due) != 0)
		fail_msg("verdict %d due %s for %s of %s:\n%s", (int)d->verdict, d->due, roles[role], sides[side], text);
}

static void test_oracle(void **state)
{
	(void)state;
	struct wg_directory *directory = directory_of(directory_text);
	struct wg_notice *notice = notice_of(notice_text);
	unsigned verdicts[3] = { 0 };
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct plain rules[RULES_MAX];
		char text[16384];
		unsigned n = pick(RULES_MAX + 1);
		for (unsigned i = 0; i < n; i++)
			rules[i] = random_rule();
		write_policy(rules, n, text, sizeof text);
		struct wg_policy *policy = policy_of(text);
		struct wg_decisions *d = decide(policy, directory, notice);
		assert_int_equal(d->count, 4);
		for (unsigned i = 0; i < 4; i++) {
			compare(&d->list[i], rules, n, i / 2, i % 2, text);
			verdicts[d->list[i].verdict]++;
		}
		wg_decisions_freep(&d);
		wg_policy_freep(&policy);
	}
	/* All three came up often, or the comparison proved little. */
	for (size_t i = 0; i < WG_COUNT(verdicts); i++)
		assert_true(verdicts[i] > ROUNDS / 50);
	wg_notice_freep(&notice);
	wg_directory_freep(&directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_oracle) };
	return cmocka_run_group_tests_name("oracle", tests, open_schemas, close_schemas);
}
