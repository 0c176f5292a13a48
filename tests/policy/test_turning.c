/* What of a decision changes by itself: until when it stands on what was agreed to, and whether it has to be taken
 * again when an episode of the child opens or ends. */
#include "base/clock.h"

#include "policy_test.h"

static const char directory_text[] =
	"<directory xmlns=\"urn:wardgate:directory:1\" version=\"1\">"
	"<organisation id=\"host\" kind=\"council\" code=\"860\"><name>Host</name><desk name=\"door\" roles=\"front-door\" "
	"channel=\"mail\" address=\"a@a.example\" certificate=\"a.pem\"/></organisation>"
	"<organisation id=\"sample\" kind=\"health\" areas=\"860\"><name>Sample</name><desk "
	"name=\"office\" "
	"roles=\"nurse\" channel=\"mail\" address=\"a@b.example\" certificate=\"b.pem\"/></organisation></directory>";
static const char notice_text[] =
	"<notice xmlns=\"urn:wardgate:notice:1\" id=\"01k9tess00examp1e0m1ss1ng1\" kind=\"missing\" version=\"1\">"
	"<header><sender organisation=\"x\"/><received>2026-11-20T22:41:07Z</received></header>"
	"<episode><risk>HIGH</risk></episode><child><name><full>Robin Specimen</full></name></child>"
	"<authorities><host>860</host></authorities><missing/></notice>";

#define SOURCE "<source>S-01</source>"
#define HEAD                                                                                                       \
	"<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\"><role name=\"front-door\" at=\"council\"/>" \
	"<role name=\"nurse\" at=\"health\"/>"
#define ROUTE(kind, when)                                                                                           \
	"<route kind=\"" kind "\">" when "<to role=\"front-door\" of=\"host\"/><to role=\"nurse\" of=\"host\"/>" SOURCE \
	"</route>"
#define FRAME                                                                                                      \
	"<rule id=\"frame\" effect=\"share\" kind=\"*\" to=\"front-door nurse\" categories=\"administrative identity " \
	"risk\" text="                                                                                                 \
	"\"unreviewed\"><basis gdpr=\"6(1)(e) 9(2)(g)\"/>" SOURCE "</rule>"
#define RULE(id, effect, more, when) "<rule id=\"" id "\" effect=\"" effect "\" " more ">" when SOURCE "</rule>"
#define GATE(to) RULE("gate", "withhold", "kind=\"*\" to=\"" to "\" categories=\"risk\" unless=\"consent\"", "")
#define WHEN(text) "<when>" text "</when>"

/* Records: role, state, hours before now (negative: later), until in hours from now (0: no end). The last ones: until
 * when the decisions stand, in hours; 0: for ever. */
static const struct {
	const char *name, *rules;
	struct {
		const char *to;
		enum wg_consent_state state;
		int before, until;
	} records[3];
	int door, nurse;
} rows[] = {
	{ "nobody asks", ROUTE("*", ""), { { "*", WG_CONSENT_GIVEN, 1, 5 } }, 0, 0 },
	{ "a gate for both", ROUTE("*", "") GATE("*"), { { "*", WG_CONSENT_GIVEN, 1, 5 } }, 5, 5 },
	{ "a gate for one", ROUTE("*", "") GATE("nurse"), { { "*", WG_CONSENT_GIVEN, 1, 5 } }, 0, 5 },
	{ "given for ever", ROUTE("*", "") GATE("*"), { { "*", WG_CONSENT_GIVEN, 1, 0 } }, 0, 0 },
	{ "refused", ROUTE("*", "") GATE("*"), { { "*", WG_CONSENT_REFUSED, 1, 5 } }, 0, 0 },
	{ "over", ROUTE("*", "") GATE("*"), { { "*", WG_CONSENT_GIVEN, 9, -5 } }, 0, 0 },
	{ "not yet answered", ROUTE("*", "") GATE("*"), { { "*", WG_CONSENT_GIVEN, -1, 5 } }, 0, 0 },
	{ "to each another",
	  ROUTE("*", "") GATE("*"),
	  { { "nurse", WG_CONSENT_GIVEN, 1, 3 }, { "front-door", WG_CONSENT_GIVEN, 1, 7 } },
	  7,
	  3 },
	{ "the first that ends, of two answers at once",
	  ROUTE("*", "") GATE("*"),
	  { { "nurse front-door", WG_CONSENT_GIVEN, 1, 9 }, { "nurse", WG_CONSENT_GIVEN, 1, 4 } },
	  9,
	  4 },
	{ "nothing to the other", ROUTE("*", "") GATE("*"), { { "nurse", WG_CONSENT_GIVEN, 1, 3 } }, 0, 3 },
	{ "a condition, judged for all",
	  ROUTE("*", "") RULE("c", "review", "kind=\"*\" to=\"*\"", WHEN("consent('nurse') = 'given'")),
	  { { "nurse", WG_CONSENT_GIVEN, 1, 3 }, { "front-door", WG_CONSENT_GIVEN, 1, 2 } },
	  3,
	  3 },
	{ "a condition on one category",
	  ROUTE("*", "") RULE("c", "review", "kind=\"*\" to=\"nurse\"", WHEN("consent('nurse', 'risk') != 'expired'")),
	  { { "nurse", WG_CONSENT_GIVEN, 1, 3 } },
	  3,
	  3 },
	{ "the condition of a route",
	  ROUTE("*", WHEN("consent('front-door') = 'given'")),
	  { { "front-door", WG_CONSENT_GIVEN, 1, 6 } },
	  6,
	  6 },
	{ "a definition",
	  "<define name=\"asked\">" WHEN("consent('nurse') = 'given'") SOURCE "</define>" ROUTE("*", WHEN("$asked"))
	      GATE("*"),
	  { { "nurse", WG_CONSENT_GIVEN, 1, 8 }, { "front-door", WG_CONSENT_GIVEN, 1, 2 } },
	  2,
	  8 },
	{ "a rule of another kind",
	  ROUTE("*", "") RULE("c", "review", "kind=\"found\" to=\"*\"", WHEN("consent('nurse') = 'given'")),
	  { { "nurse", WG_CONSENT_GIVEN, 1, 3 } },
	  0,
	  0 },
};

static void check(const char *name, const struct wg_decision *d, int64_t now, int hours)
{
	int64_t want = hours != 0 ? now + hours * INT64_C(3600000) : INT64_MAX;
	if (d->valid_until != want)
		fail_msg("%s: %s: %lld hours", name, d->role, (long long)(d->valid_until - now) / 3600000);
}

static struct wg_consents *records_of(size_t row, int64_t now)
{
	struct wg_err err = { 0 };
	struct wg_consents *consents = NULL;
	must(wg_consents_new(&consents, &err), &err);
	for (unsigned k = 0; k < WG_COUNT(rows[row].records) && rows[row].records[k].to != NULL; k++) {
		struct wg_consent *made = calloc(1, sizeof *made);
		assert_non_null(made);
		(void)snprintf(made->id, sizeof made->id, "01k9tess00examp1e0c0nsent%u", k);
		made->state = rows[row].records[k].state;
		made->at = now - rows[row].records[k].before * INT64_C(3600000);
		int until = rows[row].records[k].until;
		made->until = until != 0 ? now + until * INT64_C(3600000) : INT64_MAX;
		made->to = strdup(rows[row].records[k].to);
		made->categories = wg_categories_all();
		must(wg_consents_add(consents, made, &err), &err);
	}
	return consents;
}

static void test_until(void **state)
{
	(void)state;
	int64_t now;
	assert_true(wg_clock_parse(NOW, &now));
	struct wg_directory *directory = directory_of(directory_text);
	struct wg_notice *notice = notice_of(notice_text);
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		char text[8192];
		struct wg_err err = { 0 };
		struct wg_decisions *d = NULL;
		struct wg_consents *consents = records_of(i, now);
		struct wg_facts facts = { .now = NOW, .consents = consents };
		(void)snprintf(text, sizeof text, HEAD "%s" FRAME "</policy>", rows[i].rules);
		struct wg_policy *policy = policy_of(text);
		must(wg_decide(policy, directory, notice, &facts, &d, &err), &err);
		assert_int_equal(d->count, 2);
		check(rows[i].name, &d->list[0], now, rows[i].door);
		check(rows[i].name, &d->list[1], now, rows[i].nurse);
		wg_decisions_freep(&d);
		wg_policy_freep(&policy);
		wg_consents_freep(&consents);
	}
	wg_notice_freep(&notice);
	wg_directory_freep(&directory);
}

/* The record and the words for people say it. */
static void test_said(void **state)
{
	(void)state;
	static const char *const says[] = { "\"valid_until\":\"2026-11-22T17:00:00Z\"",
		                                "decided again if not sent by 2026-11-22T17:00:00Z" };
	int64_t now;
	struct wg_err err = { 0 };
	assert_true(wg_clock_parse(NOW, &now));
	struct wg_directory *directory = directory_of(directory_text);
	struct wg_notice *notice = notice_of(notice_text);
	struct wg_policy *policy = policy_of(HEAD ROUTE("*", "") GATE("nurse") FRAME "</policy>");
	struct wg_consents *consents = records_of(2, now);
	struct wg_facts facts = { .now = NOW, .consents = consents };
	struct wg_decisions *d = NULL;
	must(wg_decide(policy, directory, notice, &facts, &d, &err), &err);
	for (unsigned i = 0; i < 2; i++) {
		WG_AUTO_BUF struct wg_buf json = WG_BUF(65536), text = WG_BUF(65536);
		wg_decision_json(policy, &d->list[i], notice, &json);
		wg_decision_text(policy, &d->list[i], &text);
		assert_int_equal(strstr(wg_buf_text(&json), says[0]) != NULL, i == 1);
		assert_int_equal(strstr(wg_buf_text(&text), says[1]) != NULL, i == 1);
		assert_int_equal(strstr(wg_buf_text(&json), "\"valid_until\":\"\"") != NULL, i == 0);
	}
	wg_decisions_freep(&d);
	wg_consents_freep(&consents);
	wg_policy_freep(&policy);
	wg_notice_freep(&notice);
	wg_directory_freep(&directory);
}

/* Of which kinds (profile, missing) a policy asks whether the child is missing. */
static const struct {
	const char *name, *rules;
	bool profile, missing;
} watches[] = {
	{ "nobody asks", ROUTE("*", ""), false, false },
	{ "a rule", RULE("r", "deny", "kind=\"profile\" to=\"*\"", WHEN("live-episode() = 'no'")), true, false },
	{ "a rule for all kinds", RULE("r", "deny", "kind=\"*\" to=\"*\"", WHEN("live-episode ( ) = 'no'")), true, true },
	{ "a route", ROUTE("missing", WHEN("not(live-episode()='yes')")), false, true },
	{ "words in quotes are no call", RULE("r", "deny", "kind=\"*\" to=\"*\"", WHEN("'live-episode()' = '$asks'")),
	  false, false },
	{ "a definition that nobody uses",
	  "<define name=\"asks\">" WHEN("live-episode() = 'yes'") SOURCE "</define>" ROUTE("*", ""), false, false },
	{ "a definition that a rule uses",
	  "<define name=\"asks\">" WHEN("live-episode() = 'yes'") SOURCE
	  "</define>" RULE("r", "review", "kind=\"profile\" to=\"*\"", WHEN("age() = 3 or $asks")),
	  true, false },
	{ "a definition of a definition",
	  "<define name=\"asks\">" WHEN("live-episode() = 'yes'") SOURCE
	  "</define><define name=\"asks-too\">" WHEN("not($asks)") SOURCE "</define>" ROUTE("missing", WHEN("$asks-too")),
	  false, true },
	{ "the name of one that asks begins like that of one that does not",
	  "<define name=\"asks-now\">" WHEN("live-episode() = 'yes'") SOURCE
	  "</define><define name=\"asks\">" WHEN("age() &gt; 3") SOURCE "</define>" ROUTE("*", WHEN("$asks")),
	  false, false },
	{ "a rule that waits for its confirmation",
	  "<rule id=\"r\" effect=\"share\" kind=\"*\" to=\"nurse\" categories=\"risk\" confirmation=\"required\">" WHEN(
		  "live-episode() = 'no'") "<basis gdpr=\"6(1)(e) 9(2)(g)\"/>" SOURCE "</rule>",
	  false, false },
};

static void test_watches(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(watches); i++) {
		char text[8192];
		(void)snprintf(text, sizeof text, HEAD "%s" FRAME "</policy>", watches[i].rules);
		struct wg_policy *policy = policy_of(text);
		if (wg_policy_watches_live(policy, "profile") != watches[i].profile ||
		    wg_policy_watches_live(policy, "missing") != watches[i].missing)
			fail_msg("%s", watches[i].name);
		wg_policy_freep(&policy);
	}
}

/* The policies that are delivered: Philomena forms wait for the episode (S-11). */
static void test_delivered(void **state)
{
	(void)state;
	static const char *const names[] = { "leicester-leicestershire-rutland", "northamptonshire", "midlands",
		                                 "england" };
	for (size_t i = 0; i < WG_COUNT(names); i++) {
		char path[256];
		struct wg_policy *policy = NULL;
		struct wg_err err = { 0 };
		(void)snprintf(path, sizeof path, POLICY_DIR "/%s.xml", names[i]);
		must(wg_policy_load(path, XSD_DIR, schema, &policy, &err), &err);
		assert_true(wg_policy_watches_live(policy, "profile"));
		assert_false(wg_policy_watches_live(policy, "receipt"));
		wg_policy_freep(&policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_until),
		cmocka_unit_test(test_said),
		cmocka_unit_test(test_watches),
		cmocka_unit_test(test_delivered),
	};
	return cmocka_run_group_tests(tests, open_schemas, close_schemas);
}
