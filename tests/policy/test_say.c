/* A policy in sentences, what its reader would overlook, and how long things are kept. */
#include "policy/say_internal.h"
#include "policy_test.h"

/* ---- conditions */

static const struct {
	const char *when, *words;
} conditions[] = {
	{ "episode/risk = 'HIGH'", "episode/risk is \"HIGH\"" },
	{ "episode/risk = \"HIGH\" or episode/risk='MEDIUM'", "episode/risk is \"HIGH\" or episode/risk is \"MEDIUM\"" },
	{ "not(child/@looked-after = 'false')", "child/@looked-after is not \"false\"" },
	{ "child/@looked-after != 'false'", "child/@looked-after is given and is not \"false\"" },
	{ "not(child/@looked-after != 'false')", "child/@looked-after is \"false\"" },
	{ "missing/exploitation/@answer = 'yes'", "missing/exploitation is answered \"yes\"" },
	{ "missing/exploitation/@answer != 'no'", "missing/exploitation is answered and not \"no\"" },
	{ "not(missing/exploitation/@answer = 'yes')", "missing/exploitation is not answered \"yes\"" },
	{ "@answer = 'yes'", "@answer is \"yes\"" },
	{ "authorities/placing != authorities/host", "authorities/placing is given and is not authorities/host" },
	{ "authorities/placing", "authorities/placing is given" },
	{ "not(authorities/placing)", "authorities/placing is not given" },
	{ "$critical-to-safeguard", "\"critical to safeguard\" applies" },
	{ "not( $critical-to-safeguard )", "\"critical to safeguard\" does not apply" },
	{ "not (authorities/placing)", "authorities/placing is not given" },
	{ "a and (b or c)", "a is given and (b is given or c is given)" },
	{ "not(a and b) or c", "not (a is given and b is given) or c is given" },
	{ "not((a))", "not ((a is given))" },
	{ "not(not(a))", "not (a is not given)" },
	{ "(a) and (b)", "(a is given) and (b is given)" },
	{ "age() < 16", "the child is younger than 16" },
	{ "age() <= 16", "the child is 16 or younger" },
	{ "age() >= 18", "the child is 18 or older" },
	{ "age() > 18", "the child is older than 18" },
	{ "age() = 18", "the child is 18" },
	{ "age() != 18", "the child is not 18" },
	{ "not(age() >= 18)", "\"age() >= 18\" is not so" },
	{ "live-episode() = 'yes'", "the child is missing now" },
	{ "live-episode() != 'no'", "it is not so that the child is not missing now" },
	{ "not(live-episode() = 'yes')", "it is not so that the child is missing now" },
	{ "relation() = 'other'", "the child is in the area of another authority than the responsible one" },
	{ "relation() = 'elsewhere'", "relation() is \"elsewhere\"" },
	{ "relation('submitter') = 'home'", "the sender is home" },
	{ "$submitter = 'staffordshire-police'", "the sender is staffordshire-police" },
	{ "not($submitter = 'staffordshire-police')", "the sender is not staffordshire-police" },
	{ "$submitter = $self", "$submitter is \"$self\"" },
	{ "$self != 'derbyshire'", "this gateway is not derbyshire" },
	{ "consent('school') = 'refused'", "consent for school is refused" },
	{ "consent('school', 'health') != 'given'", "consent for school, health is not given" },
	{ "working-hours('office') = 'yes'", "the office with the hours of office is open" },
	{ "working-hours('office') = 'no'", "the office with the hours of office is closed" },
	{ "not(working-hours('office') = 'yes')", "the office with the hours of office is not open" },
	{ "contains(child/name/full, ' or ')", "\"contains(child/name/full, ' or ')\" is so" },
	{ "count(child/name[full = 'a']) > 1", "\"count(child/name[full = 'a']) > 1\" is so" },
	{ "not(count(child/name) > 1)", "\"count(child/name) > 1\" is not so" },
	{ "child/name[full = 'a' and known-as]", "\"child/name[full = 'a' and known-as]\" is so" },
	{ "child/age > 3", "\"child/age > 3\" is so" },
	{ "episode/risk = concat('HI', 'GH')", "episode/risk is \"concat('HI', 'GH')\"" },
	{ "episode/risk = ''", "episode/risk is \"''\"" },
	{ "nothing(", "\"nothing(\" is so" },
	{ "()", "\"()\" is so" },
	{ "not", "not is given" },
	{ "note = 'not (a'", "note is \"not (a\"" },
	{ "", "\"\" is so" },
	{ "=", "\"=\" is so" },
	{ "'a'", "\"a\" is so" },
	{ "'a", "\"'a\" is so" },
	{ "'a' = child/sex", "\"'a' = child/sex\" is so" },
	{ "(a) = 'b'", "\"(a) = 'b'\" is so" },
	{ "(a) + (b)", "\"(a) + (b)\" is so" },
	{ "$", "\"$\" is so" },
	{ "$a = 'b'", "\"$a = 'b'\" is so" },
};

static void test_conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(conditions); i++) {
		struct wg_buf out = WG_BUF(4096);
		wg_say_when(conditions[i].when, &out);
		if (strcmp(wg_buf_text(&out), conditions[i].words) != 0)
			fail_msg("%s: %s", conditions[i].when, wg_buf_text(&out));
		wg_buf_free(&out);
	}
}
/* ---- every item */

#define SOURCE "<source>S-01</source>"
#define BASIS "<basis gdpr=\"6(1)(e) 9(2)(g)\" dpa=\"schedule 1 paragraph 18\" act=\"Children Act 2004\"/>"
#define HEAD "<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\" areas=\"860 861\">"
#define WORDS                                                                                                     \
	"<role name=\"front-door\" at=\"council\">The front door: takes notices in.</role>"                           \
	"<role name=\"chief-officer\" at=\"council\"/><role name=\"unit\" at=\"police\">Missing persons unit.</role>" \
	"<role name=\"ceop\" at=\"national\">CEOP</role><role name=\"nurse\" at=\"health\">A nurse, of the area</role>"
#define RULE(attributes, inside) "<rule id=\"r\" " attributes ">" inside SOURCE "</rule>"
#define AREAS " Only for children of or in the authorities 860, 861."

static const struct {
	const char *element, *id, *what, *text;
} items[] = {
	{ RULE("effect=\"share\" kind=\"missing found\" to=\"unit front-door ceop\" categories=\"identity last-seen\"",
	       "<when>age() &gt;= 18</when>" BASIS),
	  "test/r", "rule",
	  "Identity and last seen of notices of the kinds missing and found are given to the front door, missing persons "
	  "unit "
	  "and CEOP, when the child is 18 or older. Lawful basis: UK GDPR 6(1)(e), 9(2)(g); DPA 2018 schedule 1 paragraph "
	  "18; "
	  "Children Act 2004." AREAS },
	{ RULE("effect=\"share\" kind=\"missing\" to=\"nurse\" of=\"placing host\" categories=\"risk\" "
	       "overrides=\"consent\" "
	       "text=\"unreviewed\" delay=\"PT90M\" keep=\"P1Y\" tell=\"chief-officer\" confirmation=\"required\" "
	       "from=\"2026-09-30\" until=\"2027-09-29\"",
	       "<basis gdpr=\"6(1)(e)\"/>"),
	  "test/r", "rule",
	  "Risk of notices of the kind missing is given to a nurse (of the responsible (placing) authority or of the "
	  "authority "
	  "where the child is (host)), although it was not agreed to, free text without a person having read it, 90 "
	  "minutes "
	  "later, to be kept no longer than 1 year, from 2026-09-30, until 2027-09-29. Whenever that applies, it is told "
	  "also "
	  "to chief officer of the responsible authority. Not in force until the operator confirms the law that it rests "
	  "on. "
	  "Lawful basis: UK GDPR 6(1)(e)." AREAS },
	{ RULE("effect=\"withhold\" kind=\"*\" to=\"*\" except=\"unit nurse\" categories=\"risk health\" marker=\"say\"",
	       ""),
	  "test/r", "rule",
	  "Of notices of every kind: risk and health are withheld from every recipient except missing persons unit and a "
	  "nurse; the copy says so." AREAS },
	{ RULE("effect=\"withhold\" kind=\"missing\" to=\"unit\" of=\"sender named national\" categories=\"*\" "
	       "unless=\"consent\"",
	       ""),
	  "test/r", "rule",
	  "Of notices of the kind missing: everything is kept back, unless that was agreed to, from missing persons unit "
	  "(who "
	  "sent it or named in the notice or for the whole country)." AREAS },
	{ RULE("effect=\"review\" kind=\"*\" to=\"*\" due=\"PT1H\" escalate=\"front-door\" second-person=\"true\" "
	       "categories=\"risk\"",
	       ""),
	  "test/r", "rule",
	  "Two people must release what every recipient would be sent of notices of every kind where it holds risk, within "
	  "1 "
	  "hour; after that the front door is told." AREAS },
	{ RULE("effect=\"review\" kind=\"*\" to=\"unit\" due=\"P2D\"", ""), "test/r", "rule",
	  "A person must release what missing persons unit would be sent of notices of every kind, within 2 days." AREAS },
	{ RULE("effect=\"review\" kind=\"*\" to=\"unit\" categories=\"*\"", ""), "test/r", "rule",
	  "A person must release what missing persons unit would be sent of notices of every kind." AREAS },
	{ RULE("effect=\"deny\" kind=\"*\" to=\"unit\"", ""), "test/r", "rule",
	  "Nothing of notices of every kind is sent to missing persons unit." AREAS },
	{ RULE("effect=\"deny\" kind=\"*\" to=\"unit\" categories=\"risk health\"", ""), "test/r", "rule",
	  "Nothing of notices of every kind that holds risk and health is sent to missing persons unit." AREAS },
	{ RULE("effect=\"deny\" kind=\"*\" to=\"unit\" categories=\"*\"", ""), "test/r", "rule",
	  "Nothing of notices of every kind is sent to missing persons unit." AREAS },
	{ "<route kind=\"missing\" even-to-sender=\"true\"><when>authorities/placing</when><to role=\"front-door\" "
	  "of=\"host\"/><to "
	  "role=\"unit\" of=\"host\"/><to role=\"*\" of=\"told\"/>" SOURCE "</route>",
	  "test/route-1", "route",
	  "Notices of the kind missing go to the front door, missing persons unit (of the authority where the child is "
	  "(host)) "
	  "and everybody (told before), when authorities/placing is given, even to who sent them." AREAS },
	{ "<route kind=\"*\" from=\"2026-11-22\"><to role=\"front-door\" of=\"sender\"/>" SOURCE "</route>", "test/route-1",
	  "route", "Notices of every kind go to the front door (who sent it), from 2026-11-22." AREAS },
	{ "<grades of=\"860 861\" allow=\"LOW MEDIUM\" first=\"MEDIUM\">" SOURCE "</grades>", "test/grades-1", "grades",
	  "Children of the authorities 860 861 have the grades of risk LOW MEDIUM, in a first report MEDIUM; another grade "
	  "calls a "
	  "person." },
	{ "<grades of=\"860\" allow=\"LOW\">" SOURCE "</grades>", "test/grades-1", "grades",
	  "Children of the authorities 860 have the grades of risk LOW; another grade calls a person." },
	{ "<hours name=\"office\" days=\"mon tue fri\" opens=\"09:00\" closes=\"17:30\">" SOURCE "</hours>", "test/hours-1",
	  "hours",
	  "The office with the hours of office is open from 09:00 to 17:30 on Mondays, Tuesdays and Fridays, not on bank "
	  "holidays." },
	{ "<hours name=\"office\" days=\"sun\" opens=\"00:00\" closes=\"24:00\" closed-days=\"false\">" SOURCE "</hours>",
	  "test/hours-1", "hours",
	  "The office with the hours of office is open from 00:00 to 24:00 on Sundays, bank holidays too." },
	{ "<retention kind=\"missing\" at=\"council police\" keep=\"P18M\">" SOURCE "</retention>", "test/retention-1",
	  "retention",
	  "A gateway of kind council police keeps notices of the kind missing for 18 months after the last thing that "
	  "happened to "
	  "them." },
	{ "<retention kind=\"*\" at=\"*\" keep=\"P1D\">" SOURCE "</retention>", "test/retention-1", "retention",
	  "A gateway keeps notices of every kind for 1 day after the last thing that happened to them." },
	{ "<text-review due=\"PT4H\">" SOURCE "</text-review>", "test/text-review-1", "text-review",
	  "Free text that may hold what its recipient is not given is read by a person within 4 hours." AREAS },
	{ "<text-review due=\"PT1M\" escalate=\"front-door\">" SOURCE "</text-review>", "test/text-review-1", "text-review",
	  "Free text that may hold what its recipient is not given is read by a person within 1 minute; after that the "
	  "front door "
	  "is told." AREAS },
};

static void test_items(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(items); i++) {
		char text[8192];
		struct wg_policy_item item;
		(void)snprintf(text, sizeof text, HEAD WORDS "%s</policy>", items[i].element);
		struct wg_policy *policy = policy_of(text);
		assert_int_equal(wg_policy_items(policy), 1);
		assert_true(wg_policy_item(policy, 0, &item));
		assert_false(wg_policy_item(policy, 1, &item));
		if (strcmp(item.text, items[i].text) != 0)
			fail_msg("row %zu: %s", i, item.text);
		assert_string_equal(item.id, items[i].id);
		assert_string_equal(item.what, items[i].what);
		assert_string_equal(item.layer, "test");
		assert_string_equal(item.source, "S-01");
		assert_null(item.note);
		wg_policy_freep(&policy);
	}
}

/* In the order of the file, whatever the order in which rules are cited; notes and numbers too. */
static void test_item_order(void **state)
{
	(void)state;
	struct wg_policy *policy =
		policy_of("<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\">" WORDS
	              "<route kind=\"missing\"><to role=\"unit\" of=\"host\"/>" SOURCE "</route>"
	              "<rule id=\"a\" effect=\"deny\" kind=\"*\" to=\"unit\">" SOURCE "<note>why a</note></rule>"
	              "<route kind=\"found\"><to role=\"unit\" of=\"host\"/>" SOURCE "<note>why two</note></route>"
	              "<rule id=\"b\" effect=\"deny\" kind=\"*\" to=\"unit\">" SOURCE "</rule>"
	              "<retention kind=\"*\" at=\"*\" keep=\"P1D\">" SOURCE "<note>why three</note></retention></policy>");
	static const char *const want[][2] = { { "test/route-1", NULL },
		                                   { "test/a", "why a" },
		                                   { "test/route-2", "why two" },
		                                   { "test/b", NULL },
		                                   { "test/retention-1", "why three" } };
	assert_int_equal(wg_policy_items(policy), WG_COUNT(want));
	for (unsigned i = 0; i < WG_COUNT(want); i++) {
		struct wg_policy_item item;
		assert_true(wg_policy_item(policy, i, &item));
		assert_string_equal(item.id, want[i][0]);
		assert_string_equal(item.note != NULL ? item.note : "", want[i][1] != NULL ? want[i][1] : "");
	}
	wg_policy_freep(&policy);
}

/* Every policy of the house has its sentences, and they are sentences. */
static void test_shipped(void **state)
{
	(void)state;
	struct wg_policy *policy = NULL;
	struct wg_err err = { 0 };
	struct wg_policy_item item;
	unsigned n = 0;
	must(wg_policy_load(POLICY_DIR "/midlands.xml", XSD_DIR, schema, &policy, &err), &err);
	for (; wg_policy_item(policy, n, &item); n++) {
		assert_true((item.text[0] >= 'A' && item.text[0] <= 'Z') || item.text[0] == '"');
		assert_true(item.text[strlen(item.text) - 1] == '.');
		assert_null(strstr(item.text, "  "));
		assert_true(item.source[0] != '\0');
	}
	assert_true(n > 100);
	wg_policy_freep(&policy);
}

/* ---- how long things are kept */

static void test_retention(void **state)
{
	(void)state;
	static const struct {
		const char *kind, *at, *keep, *source;
	} cases[] = {
		{ "missing", "council", "P6Y", "S-03" }, /* the kind before the organisation */
		{ "missing", "police", "P5Y", "S-04" },
		{ "found", "council", "P2Y", "S-02" }, /* the organisation before * */
		{ "found", "police", "P1Y", "S-01" },
		{ "absence", "provider", "P8Y", "S-06" }, /* of two alike the one written first */
		{ "nonsense", "council", "P2Y", "S-02" }, /* a kind that the schema does not have is any other */
	};
	struct wg_policy *policy =
		policy_of("<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\">"
	              "<retention kind=\"*\" at=\"*\" keep=\"P1Y\"><source>S-01</source></retention>"
	              "<retention kind=\"*\" at=\"council\" keep=\"P2Y\"><source>S-02</source></retention>"
	              "<retention kind=\"missing\" at=\"council\" keep=\"P6Y\"><source>S-03</source></retention>"
	              "<retention kind=\"missing risk-update\" at=\"*\" keep=\"P5Y\"><source>S-04</source></retention>"
	              "<retention kind=\"absence\" at=\"provider\" keep=\"P8Y\"><source>S-06</source></retention>"
	              "<retention kind=\"absence\" at=\"provider\" keep=\"P9Y\"><source>S-07</source></retention>"
	              "</policy>");
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		const char *source = NULL;
		assert_string_equal(wg_policy_retention(policy, cases[i].kind, cases[i].at, &source), cases[i].keep);
		assert_string_equal(source, cases[i].source);
	}
	assert_string_equal(wg_policy_retention(policy, "missing", "council", NULL), "P6Y");
	wg_policy_freep(&policy);
	policy = policy_of("<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\"/>");
	const char *source = "x";
	assert_null(wg_policy_retention(policy, "missing", "council", &source));
	assert_null(source);
	wg_policy_freep(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions), cmocka_unit_test(test_items),     cmocka_unit_test(test_item_order),
		cmocka_unit_test(test_shipped),    cmocka_unit_test(test_retention),
	};
	return cmocka_run_group_tests_name("say", tests, open_schemas, close_schemas);
}
