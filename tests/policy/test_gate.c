/* What is given without, and against, an agreement: gates, rules that lift them by name, and withholds that nothing
 * lifts; what the decision says of each. */
#include "base/clock.h"

#include "policy_test.h"

static const char directory_text[] =
	"<directory xmlns=\"urn:wardgate:directory:1\" version=\"1\">"
	"<organisation id=\"host\" kind=\"council\" code=\"860\"><name>Host</name><desk name=\"door\" roles=\"front-door\" "
	"channel=\"mail\" address=\"a@a.example\" certificate=\"a.pem\"/></organisation></directory>";
/* identity, risk, health (and administrative) are there. */
static const char notice_text[] =
	"<notice xmlns=\"urn:wardgate:notice:1\" id=\"01k9tess00examp1e0m1ss1ng1\" kind=\"missing\" version=\"1\">"
	"<header><sender organisation=\"x\"/><received>2026-11-20T22:41:07Z</received></header>"
	"<episode><risk>HIGH</risk></episode><child><name><full>Robin "
	"Specimen</full></name><health><conditions>asthma</conditions></health></child>"
	"<authorities><host>860</host></authorities><missing/>%s</notice>";

#define SOURCE "<source>S-01</source>"
#define HEAD                                                                                                       \
	"<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\"><role name=\"front-door\" at=\"council\"/>" \
	"<role name=\"school\" at=\"school\"/><route kind=\"*\"><to role=\"front-door\" of=\"host\"/>" SOURCE "</route>"
#define SHARE(id, categories, more)                                                                         \
	"<rule id=\"" id "\" effect=\"share\" kind=\"*\" to=\"front-door\" categories=\"" categories "\" " more \
	" text=\"unreviewed\"><basis gdpr=\"6(1)(e) 9(2)(g)\"/>" SOURCE "</rule>"
#define HOLD(id, categories, more)                                                                               \
	"<rule id=\"" id "\" effect=\"withhold\" kind=\"*\" to=\"*\" categories=\"" categories "\" " more ">" SOURCE \
	"</rule>"
#define FRAME SHARE("frame", "administrative", "")
#define ALL SHARE("all", "identity risk health", "")
#define GATE(more) HOLD("gate", "risk health", "unless=\"consent\" " more)
#define LIFT SHARE("lift", "health", "overrides=\"consent\"")

/* Records: role, categories (NULL: all), state, minutes before now (negative: later), until in minutes (0: no end). */
struct record {
	const char *to, *categories;
	enum wg_consent_state state;
	int before, until;
};

static const struct {
	const char *name, *rules;
	struct record records[2];
	const char *granted, *overridden, *mark;
	/* health: what the reason says */
	const char *rule, *consent, *kept_back;
} rows[] = {
	{ "no gate, no record", ALL, { { 0 } }, "identity risk health", "", "", "test/all", "not-known", NULL },
	{ "no gate, refused",
	  ALL,
	  { { "*", NULL, WG_CONSENT_REFUSED, 5, 0 } },
	  "identity risk health",
	  "",
	  "",
	  "test/all",
	  "refused",
	  NULL },
	{ "gate, nothing known", ALL GATE(""), { { 0 } }, "identity", "", "", "test/gate", "not-known", NULL },
	{ "gate, given",
	  ALL GATE(""),
	  { { "*", NULL, WG_CONSENT_GIVEN, 5, 0 } },
	  "identity risk health",
	  "",
	  "",
	  "test/all",
	  "given",
	  NULL },
	{ "gate, given for one",
	  ALL GATE(""),
	  { { "front-door", "health", WG_CONSENT_GIVEN, 5, 0 } },
	  "identity health",
	  "",
	  "",
	  "test/all",
	  "given",
	  NULL },
	{ "gate, given to another",
	  ALL GATE(""),
	  { { "school", NULL, WG_CONSENT_GIVEN, 5, 0 } },
	  "identity",
	  "",
	  "",
	  "test/gate",
	  "not-known",
	  NULL },
	{ "gate, refused",
	  ALL GATE(""),
	  { { "*", NULL, WG_CONSENT_REFUSED, 5, 0 } },
	  "identity",
	  "",
	  "",
	  "test/gate",
	  "refused",
	  NULL },
	{ "gate, withdrawn later",
	  ALL GATE(""),
	  { { "*", NULL, WG_CONSENT_GIVEN, 60, 0 }, { "*", NULL, WG_CONSENT_WITHDRAWN, 5, 0 } },
	  "identity",
	  "",
	  "",
	  "test/gate",
	  "withdrawn",
	  NULL },
	{ "gate, expired",
	  ALL GATE(""),
	  { { "*", NULL, WG_CONSENT_GIVEN, 60, -5 } },
	  "identity",
	  "",
	  "",
	  "test/gate",
	  "expired",
	  NULL },
	{ "gate, not yet over",
	  ALL GATE(""),
	  { { "*", NULL, WG_CONSENT_GIVEN, 60, 5 } },
	  "identity risk health",
	  "",
	  "",
	  "test/all",
	  "given",
	  NULL },
	{ "gate, given only tomorrow",
	  ALL GATE(""),
	  { { "*", NULL, WG_CONSENT_GIVEN, -60, 0 } },
	  "identity",
	  "",
	  "",
	  "test/gate",
	  "not-known",
	  NULL },
	{ "lifted against a refusal",
	  ALL GATE("") LIFT,
	  { { "*", NULL, WG_CONSENT_REFUSED, 5, 0 } },
	  "identity health",
	  "health",
	  "",
	  "test/lift",
	  "refused",
	  "test/gate" },
	{ "lifted where nothing is known",
	  ALL GATE("") LIFT,
	  { { 0 } },
	  "identity health",
	  "health",
	  "",
	  "test/lift",
	  "not-known",
	  "test/gate" },
	{ "nothing to lift: given",
	  ALL GATE("") LIFT,
	  { { "*", NULL, WG_CONSENT_GIVEN, 5, 0 } },
	  "identity risk health",
	  "",
	  "",
	  "test/all",
	  "given",
	  NULL },
	{ "nothing to lift: no gate",
	  LIFT ALL,
	  { { "*", NULL, WG_CONSENT_REFUSED, 5, 0 } },
	  "identity risk health",
	  "",
	  "",
	  "test/lift",
	  "refused",
	  NULL },
	{ "lifted and the only one that shares",
	  SHARE("some", "identity", "") GATE("") LIFT,
	  { { 0 } },
	  "identity health",
	  "health",
	  "",
	  "test/lift",
	  "not-known",
	  "test/gate" },
	{ "the first of two that lift",
	  GATE("") LIFT SHARE("later", "health risk", "overrides=\"consent\"") ALL,
	  { { 0 } },
	  "identity risk health",
	  "risk health",
	  "",
	  "test/lift",
	  "not-known",
	  "test/gate" },
	{ "an ordinary withhold is not lifted",
	  ALL HOLD("never", "health", "") LIFT,
	  { { "*", NULL, WG_CONSENT_GIVEN, 5, 0 } },
	  "identity risk",
	  "",
	  "",
	  "test/never",
	  "given",
	  NULL },
	{ "nor beside a gate",
	  ALL GATE("") HOLD("never", "health", "") LIFT,
	  { { "*", NULL, WG_CONSENT_REFUSED, 5, 0 } },
	  "identity",
	  "",
	  "",
	  "test/never",
	  "refused",
	  NULL },
	{ "a lifted gate is not why nothing gives it",
	  SHARE("some", "identity", "") GATE("") "<rule id=\"lift\" effect=\"share\" kind=\"*\" to=\"front-door\" "
	                                         "categories=\"health\" overrides=\"consent\" from=\"2027-01-01\">"
	                                         "<basis gdpr=\"6(1)(e) 9(2)(g)\"/>" SOURCE "</rule>",
	  { { 0 } },
	  "identity",
	  "",
	  "",
	  "test/gate",
	  "not-known",
	  NULL },
	{ "a closed gate says so",
	  ALL GATE("marker=\"say\""),
	  { { 0 } },
	  "identity",
	  "",
	  "risk health",
	  "test/gate",
	  "not-known",
	  NULL },
	{ "an open gate has nothing to say",
	  ALL GATE("marker=\"say\""),
	  { { "*", "health", WG_CONSENT_GIVEN, 5, 0 } },
	  "identity health",
	  "",
	  "risk",
	  "test/all",
	  "given",
	  NULL },
	{ "a lifted gate neither, and forbids none",
	  ALL GATE("marker=\"none\"") LIFT HOLD("never", "health", "marker=\"say\""),
	  { { 0 } },
	  "identity",
	  "",
	  "health",
	  "test/never",
	  "not-known",
	  NULL },
	{ "a closed gate forbids it",
	  ALL GATE("marker=\"none\"") HOLD("never", "health", "marker=\"say\""),
	  { { 0 } },
	  "identity",
	  "",
	  "",
	  "test/never",
	  "not-known",
	  NULL },
	{ "nobody shares it", SHARE("some", "identity", ""), { { 0 } }, "identity", "", "", NULL, "not-known", NULL },
};

static struct wg_directory *directory;

static void add(struct wg_consents *consents, const struct record *record, unsigned number, int64_t now)
{
	struct wg_err err = { 0 };
	struct wg_consent *made = calloc(1, sizeof *made);
	assert_non_null(made);
	(void)snprintf(made->id, sizeof made->id, "01k9tess00examp1e0c0nsent%u", number);
	made->state = record->state;
	made->at = now - record->before * (int64_t)60000;
	made->until = record->until != 0 ? now + record->until * (int64_t)60000 : INT64_MAX;
	made->to = strdup(record->to);
	must(wg_categories_parse(record->categories != NULL ? record->categories : "*", &made->categories, &err), &err);
	must(wg_consents_add(consents, made, &err), &err);
}

static struct wg_decisions *decide_with(const char *rules, const struct wg_consents *consents, struct wg_notice *notice,
                                        struct wg_policy **policy)
{
	char text[8192];
	struct wg_decisions *d = NULL;
	struct wg_err err = { 0 };
	struct wg_facts facts = { .now = NOW, .consents = consents };
	(void)snprintf(text, sizeof text, HEAD FRAME "%s</policy>", rules);
	*policy = policy_of(text);
	must(wg_decide(*policy, directory, notice, &facts, &d, &err), &err);
	assert_int_equal(d->count, 1);
	return d;
}

static void check(size_t row, const struct wg_decision *d)
{
	struct wg_err err = { 0 };
	wg_categories want[3];
	const char *lists[] = { rows[row].granted, rows[row].overridden, rows[row].mark };
	for (size_t i = 0; i < WG_COUNT(lists); i++)
		must(wg_categories_parse(lists[i], &want[i], &err), &err);
	wg_categories frame = wg_category_find("administrative");
	if (d->granted != (want[0] | frame) || d->overridden != want[1] || d->mark != want[2])
		fail_msg("%s: granted %llx, overridden %llx, marked %llx", rows[row].name, (unsigned long long)d->granted,
		         (unsigned long long)d->overridden, (unsigned long long)d->mark);
	const struct wg_reason *r = reason_for(d, "health");
	bool rule = rows[row].rule == NULL ? r->rule == NULL : r->rule != NULL && strcmp(r->rule, rows[row].rule) == 0;
	bool kept = rows[row].kept_back == NULL ? r->kept_back == NULL
	                                        : r->kept_back != NULL && strcmp(r->kept_back, rows[row].kept_back) == 0;
	if (!rule || !kept || r->override != (rows[row].kept_back != NULL) || strcmp(r->consent, rows[row].consent) != 0)
		fail_msg("%s: rule %s, consent %s, kept back by %s", rows[row].name, r->rule != NULL ? r->rule : "none",
		         r->consent, r->kept_back != NULL ? r->kept_back : "none");
	for (unsigned i = 0; i < d->reason_count; i++) /* the two say the same */
		assert_int_equal(d->reasons[i].override, (d->overridden >> d->reasons[i].category & 1) != 0);
}

static void test_gates(void **state)
{
	(void)state;
	char text[2048];
	int64_t now;
	assert_true(wg_clock_parse(NOW, &now));
	(void)snprintf(text, sizeof text, notice_text, "");
	struct wg_notice *notice = notice_of(text);
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_consents *consents = NULL;
		struct wg_policy *policy = NULL;
		struct wg_err err = { 0 };
		must(wg_consents_new(&consents, &err), &err);
		for (unsigned k = 0; k < WG_COUNT(rows[i].records) && rows[i].records[k].to != NULL; k++)
			add(consents, &rows[i].records[k], k, now);
		struct wg_decisions *d = decide_with(rows[i].rules, consents, notice, &policy);
		check(i, &d->list[0]);
		wg_decisions_freep(&d);
		wg_policy_freep(&policy);
		wg_consents_freep(&consents);
	}
	wg_notice_freep(&notice);
}

/* Without records, what the notice itself says counts. */
static void test_notice_alone(void **state)
{
	(void)state;
	static const struct {
		const char *sharing;
		bool given;
	} cases[] = {
		{ "", false },
		{ "<sharing><consent to=\"front-door\" state=\"given\"/></sharing>", true },
		{ "<sharing><consent to=\"*\" state=\"given\"/></sharing>", true },
		{ "<sharing><consent to=\"*\" state=\"refused\"/></sharing>", false },
		{ "<sharing><consent to=\"*\" state=\"refused\"/><consent to=\"front-door\" state=\"given\"/></sharing>",
		  true },
		{ "<sharing><consent to=\"front-door\" state=\"given\"/><consent to=\"front-door\" "
		  "state=\"withdrawn\"/></sharing>",
		  false },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		char text[2048];
		struct wg_policy *policy = NULL;
		(void)snprintf(text, sizeof text, notice_text, cases[i].sharing);
		struct wg_notice *notice = notice_of(text);
		struct wg_decisions *d = decide_with(ALL GATE(""), NULL, notice, &policy);
		if (((d->list[0].granted & wg_category_find("health")) != 0) != cases[i].given)
			fail_msg("%s", cases[i].sharing);
		wg_decisions_freep(&d);
		wg_notice_freep(&notice);
		wg_policy_freep(&policy);
	}
}

/* consent() takes the strictest over what is there; with a category, that one alone. */
static void test_conditions(void **state)
{
	(void)state;
	static const struct {
		const char *when;
		struct record records[2];
		bool is;
	} cases[] = {
		{ "consent('front-door') = 'not-known'", { { 0 } }, true },
		{ "consent('front-door') = 'given'", { { "*", NULL, WG_CONSENT_GIVEN, 5, 0 } }, true },
		{ "consent('front-door') = 'given'", { { "*", "identity risk health", WG_CONSENT_GIVEN, 5, 0 } }, true },
		{ "consent('front-door') = 'not-known'", { { "*", "identity risk", WG_CONSENT_GIVEN, 5, 0 } }, true },
		{ "consent('front-door') = 'given'", { { "*", "identity risk", WG_CONSENT_GIVEN, 5, 0 } }, false },
		{ "consent('front-door') = 'refused'",
		  { { "*", NULL, WG_CONSENT_GIVEN, 60, 0 }, { "front-door", "health", WG_CONSENT_REFUSED, 5, 0 } },
		  true },
		{ "consent('front-door', 'identity') = 'given'",
		  { { "*", NULL, WG_CONSENT_GIVEN, 60, 0 }, { "front-door", "health", WG_CONSENT_REFUSED, 5, 0 } },
		  true },
		{ "consent('front-door', 'health') = 'refused'",
		  { { "*", NULL, WG_CONSENT_GIVEN, 60, 0 }, { "front-door", "health", WG_CONSENT_REFUSED, 5, 0 } },
		  true },
		{ "consent('school') = 'given'",
		  { { "*", NULL, WG_CONSENT_GIVEN, 60, 0 }, { "front-door", NULL, WG_CONSENT_REFUSED, 5, 0 } },
		  true },
		{ "consent('*') = 'refused'", { { "*", NULL, WG_CONSENT_REFUSED, 60, 0 } }, true },
		{ "consent('*') = 'not-known'", { { "school", NULL, WG_CONSENT_REFUSED, 60, 0 } }, true },
		{ "consent('front-door', 'photograph') = 'withdrawn'", { { "*", NULL, WG_CONSENT_WITHDRAWN, 60, 0 } }, true },
	};
	char text[2048];
	int64_t now;
	assert_true(wg_clock_parse(NOW, &now));
	(void)snprintf(text, sizeof text, notice_text, "");
	struct wg_notice *notice = notice_of(text);
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_consents *consents = NULL;
		struct wg_policy *policy = NULL;
		struct wg_err err = { 0 };
		char rule[1024];
		must(wg_consents_new(&consents, &err), &err);
		for (unsigned k = 0; k < WG_COUNT(cases[i].records) && cases[i].records[k].to != NULL; k++)
			add(consents, &cases[i].records[k], k, now);
		(void)snprintf(
			rule, sizeof rule,
			"<rule id=\"r\" effect=\"share\" kind=\"*\" to=\"front-door\" categories=\"risk\"><when>%s</when>"
			"<basis gdpr=\"6(1)(e)\"/>" SOURCE "</rule>",
			cases[i].when);
		struct wg_decisions *d = decide_with(rule, consents, notice, &policy);
		if (((d->list[0].granted & wg_category_find("risk")) != 0) != cases[i].is)
			fail_msg("row %zu: %s", i, cases[i].when);
		wg_decisions_freep(&d);
		wg_policy_freep(&policy);
		wg_consents_freep(&consents);
	}
	wg_notice_freep(&notice);
}

/* Of a notice that holds nothing but its frame nothing is known. */
static void test_about_nothing(void **state)
{
	(void)state;
	struct wg_policy *policy = NULL;
	struct wg_notice *notice = notice_of(
		"<notice xmlns=\"urn:wardgate:notice:1\" id=\"01k9tess00examp1e0m1ss1ng1\" kind=\"missing\" "
		"version=\"1\"><header>"
		"<sender "
		"organisation=\"x\"/><received>2026-11-20T22:41:07Z</received></header><child/><authorities><host>860</host>"
		"</authorities><missing/></notice>");
	struct wg_decisions *d =
		decide_with("<rule id=\"r\" effect=\"deny\" kind=\"*\" to=\"front-door\"><when>consent('front-door') "
	                "= 'not-known'</when>" SOURCE "</rule>",
	                NULL, notice, &policy);
	assert_string_equal(d->list[0].verdict_rule, "test/r (S-01)");
	wg_decisions_freep(&d);
	wg_policy_freep(&policy);
	wg_notice_freep(&notice);
}

/* In words that somebody understands who has to answer for it, and in the record. */
static void test_explained(void **state)
{
	(void)state;
	static const struct {
		enum wg_consent_state recorded;
		const char *words, *consent;
	} cases[] = {
		{ WG_CONSENT_REFUSED, "although it was refused (test/gate asks for it)", "\"consent\":\"refused\"" },
		{ WG_CONSENT_WITHDRAWN, "although the agreement was withdrawn (test/gate asks for it)",
		  "\"consent\":\"withdrawn\"" },
		{ WG_CONSENT_NOT_SOUGHT, "although nobody was asked for agreement (test/gate", "\"consent\":\"not-sought\"" },
		{ WG_CONSENT_EXPIRED, "although the agreement has expired (test/gate", "\"consent\":\"expired\"" },
		{ WG_CONSENT_NOT_KNOWN, "although no agreement is known (test/gate", "\"consent\":\"not-known\"" },
	};
	char text[2048];
	int64_t now;
	assert_true(wg_clock_parse(NOW, &now));
	(void)snprintf(text, sizeof text, notice_text, "");
	struct wg_notice *notice = notice_of(text);
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_consents *consents = NULL;
		struct wg_policy *policy = NULL;
		struct wg_err err = { 0 };
		struct record record = { "*", NULL, cases[i].recorded, 60, 0 };
		struct wg_buf json = WG_BUF(65536), words = WG_BUF(65536);
		if (cases[i].recorded == WG_CONSENT_EXPIRED)
			record = (struct record){ "*", NULL, WG_CONSENT_GIVEN, 60, -5 };
		must(wg_consents_new(&consents, &err), &err);
		add(consents, &record, 0, now);
		struct wg_decisions *d = decide_with(
			ALL GATE("") SHARE(
				"lift", "health",
				"overrides=\"consent\" delay=\"PT90M\" keep=\"P6Y\"") "<rule id=\"two\" effect=\"review\" kind=\"*\" "
																	  "to=\"*\" due=\"PT4H\" escalate=\"front-door\" "
																	  "second-person=\"true\">" SOURCE "</rule>",
			consents, notice, &policy);
		wg_decision_json(policy, &d->list[0], notice, &json);
		wg_decision_text(policy, &d->list[0], &words);
		static const char *const in_json[] = {
			"\"second_person\":true",
			"\"escalate\":\"front-door\"",
			"\"delay\":90",
			"\"keep\":\"P6Y\"",
			"\"overridden\":[\"health\"]",
			"\"override\":true,\"kept_back\":\"test/gate\"",
			"\"in_text\":[]",
			"\"override\":false,\"kept_back\":null",
			"{\"place\":\"child/health/conditions\",\"category\":\"health\",\"count\":1}",
			"\"withheld\":[{\"place\":\"episode/risk\",\"category\":\"risk\",\"count\":1}]",
		};
		static const char *const in_words[] = {
			"two different people must release it",
			"when that time has passed, front-door here is told",
			"not sent before 90 minutes have passed",
			"the recipient may keep it for P6Y",
			"within PT4H",
		};
		for (size_t k = 0; k < WG_COUNT(in_json); k++)
			if (strstr(wg_buf_text(&json), in_json[k]) == NULL)
				fail_msg("no %s in %s", in_json[k], wg_buf_text(&json));
		for (size_t k = 0; k < WG_COUNT(in_words); k++)
			if (strstr(wg_buf_text(&words), in_words[k]) == NULL)
				fail_msg("no %s in %s", in_words[k], wg_buf_text(&words));
		if (strstr(wg_buf_text(&words), cases[i].words) == NULL || strstr(wg_buf_text(&json), cases[i].consent) == NULL)
			fail_msg("no %s in\n%s%s", cases[i].words, wg_buf_text(&words), wg_buf_text(&json));
		assert_null(strstr(wg_buf_text(&json), "asthma"));
		wg_buf_free(&json);
		wg_buf_free(&words);
		wg_decisions_freep(&d);
		wg_policy_freep(&policy);
		wg_consents_freep(&consents);
	}
	wg_notice_freep(&notice);
}

static int open_all(void **state)
{
	int rc = open_schemas(state);
	if (rc == 0)
		directory = directory_of(directory_text);
	return rc;
}

static int close_all(void **state)
{
	wg_directory_freep(&directory);
	return close_schemas(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_gates), cmocka_unit_test(test_notice_alone),
		                                cmocka_unit_test(test_conditions), cmocka_unit_test(test_about_nothing),
		                                cmocka_unit_test(test_explained) };
	return cmocka_run_group_tests_name("gate", tests, open_all, close_all);
}
