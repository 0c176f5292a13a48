/* Deadlines of a delivery: which rule it is under, whom the ladder tells and when, open time through summer time,
 * Christmas and Easter, and the whole against an oracle that goes minute by minute. */
#include "policy_test.h"

#include "base/clock.h"
#include "policy/confirm_internal.h"

#define MINUTE ((int64_t)60 * 1000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

#define DESK(name, roles, more)                                                    \
	"<desk name=\"" name "\" roles=\"" roles "\" channel=\"mail\" address=\"" name \
	"@a.example\" certificate=\"a.pem\" " more "/>"
static const char directory_text[] =
	"<directory xmlns=\"urn:wardgate:directory:1\" version=\"1\">"
	"<organisation id=\"us\" kind=\"council\" code=\"830\"><name>Us</name>" DESK("ops", "operator", "")
		DESK("lead", "review-lead", "")
			DESK("ourdoor", "front-door",
                 "") "</organisation>"
					 "<organisation id=\"them\" kind=\"council\" code=\"860\"><name>Them</name>" DESK(
						 "door", "front-door", "alternate=\"them/second\" out-of-hours=\"them/night\" hours=\"office\"")
						 DESK("second", "missing-lead", "") DESK("night", "emergency-duty", "") DESK("alone", "iro", "")
							 DESK("gone", "early-help", "alternate=\"them/away\"")
								 DESK("away", "team-manager",
                                      "suspended=\"true\"") "</organisation>"
															"<organisation id=\"force\" kind=\"police\" "
															"areas=\"860\"><name>Force</name>" DESK(
																"missing", "police-missing",
																"") "</organisation>"
																	"<organisation id=\"school\" "
																	"kind=\"school\"><name>School</name>" DESK(
																		"office", "school notifications",
																		"") "</organisation>"
																			"</directory>";

#define SOURCE "<source>S-01</source>"
#define HOURS                                                                                                 \
	"<hours name=\"office\" days=\"mon tue wed thu fri\" opens=\"09:00\" closes=\"17:00\">" SOURCE "</hours>" \
	"<hours name=\"odd\" days=\"mon tue wed thu fri sat\" opens=\"07:00\" closes=\"12:00\" "                  \
	"closed-days=\"false\">" SOURCE "</hours>"                                                                \
	"<hours name=\"odd\" days=\"mon wed sun\" opens=\"13:30\" closes=\"24:00\">" SOURCE "</hours>"            \
	"<hours name=\"night\" days=\"sat sun\" opens=\"00:00\" closes=\"03:00\">" SOURCE "</hours>"              \
	"<closed days=\"2026-01-01 2026-04-03 2026-04-06 2026-05-04 2026-05-25 2026-08-31 2026-12-25 2026-12-28 " \
	"2027-01-01\">" SOURCE "</closed>"
#define HEAD                                                                                                           \
	"<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\"%s><role name=\"front-door\" at=\"council\"/>"   \
	"<role name=\"missing-lead\" at=\"council\"/><role name=\"review-lead\" at=\"council\"/>"                          \
	"<role name=\"police-missing\" at=\"police\"/><role name=\"school\" at=\"school\" named=\"child/school\"/>"        \
	"<role name=\"operator\" at=\"any\"/>"                                                                             \
	"<define name=\"high\"><when>episode/risk = 'HIGH'</when>" SOURCE "</define>"                                      \
	"<route kind=\"form-return\"><to role=\"police-missing\" of=\"sender\"/><to role=\"front-door\" "                  \
	"of=\"sender\"/>" SOURCE "</route>"                                                                                \
	"<route kind=\"missing found\"><to role=\"front-door\" of=\"host\"/><to role=\"police-missing\" "                  \
	"of=\"host\"/>" SOURCE "</route>"                                                                                  \
	"<rule id=\"give\" effect=\"share\" kind=\"*\" to=\"front-door police-missing\" categories=\"administrative risk " \
	"episode\">"                                                                                                       \
	"<basis gdpr=\"6(1)(e) 9(2)(g)\"/>" SOURCE "</rule>" HOURS
#define STEP(missing, after, more, tell) "<step not=\"" missing "\" after=\"" after "\" " more " tell=\"" tell "\"/>"
#define DEADLINE(id, kind, to, more, when, steps) \
	"<deadline id=\"" id "\" kind=\"" kind "\" to=\"" to "\" " more ">" when steps SOURCE "</deadline>"
#define ANY STEP("acknowledged", "PT1H", "", "operator")

static struct wg_directory *directory;

static struct wg_policy *policy_with(const char *deadlines)
{
	static char text[64 * 1024];
	assert_true(snprintf(text, sizeof text, HEAD "%s</policy>", "", deadlines) < (int)sizeof text);
	return policy_of(text);
}

static int64_t at(const char *text)
{
	int64_t ms;
	if (!wg_clock_parse(text, &ms))
		fail_msg("%s is no time", text);
	return ms;
}

/* ---- loading */

static void test_what_does_not_load(void **state)
{
	(void)state;
	static const struct {
		const char *deadline, *fault; /* NULL: it loads */
	} cases[] = {
		{ DEADLINE("d", "*", "*", "", "", ANY), NULL },
		{ DEADLINE("d", "missing", "front-door", "of=\"host\" at=\"council police\"", "<when>$high</when>",
		           STEP("handed-over", "PT30S", "", "role:review-lead")
		               STEP("opened", "P2D", "in=\"office\"", "alternate")),
		  NULL },
		{ DEADLINE("d", "*", "*", "", "", ""), "step" },
		{ DEADLINE("d", "misssing", "*", "", "", ANY), "did you mean \"missing\"" },
		{ DEADLINE("d", "*", "front-dor", "", "", ANY), "did you mean \"front-door\"" },
		{ DEADLINE("d", "*", "*", "", "", STEP("read", "PT1H", "", "operator")), "not=\"read\" is not known" },
		{ DEADLINE("d", "*", "*", "", "", STEP("received", "1 hour", "", "operator")), "after" },
		{ DEADLINE("d", "*", "*", "", "", STEP("received", "PT1H", "", "boss")), "tell" },
		{ DEADLINE("d", "*", "*", "", "", STEP("received", "PT1H", "", "role:boss")), "unknown role \"boss\"" },
		{ DEADLINE("d", "*", "*", "", "", STEP("received", "PT1H", "in=\"offise\"", "operator")),
		  "there is no <hours name=\"offise\">; did you mean \"office\"" },
		{ DEADLINE("d", "*", "*", "", "",
		           STEP("received", "PT2H", "", "operator") STEP("received", "PT1H", "", "sender")),
		  "due before the one above it" },
		{ DEADLINE("d", "*", "*", "", "",
		           STEP("received", "PT2H", "in=\"office\"", "operator") STEP("received", "PT1H", "", "sender")),
		  NULL }, /* which comes first depends on the day */
		{ DEADLINE("d", "alert", "*", "", "", ANY), "would alarm for ever" },
		{ DEADLINE("d", "missing receipt", "*", "", "", ANY), "would alarm for ever" },
		{ DEADLINE("d", "*", "*", "", "", ANY) DEADLINE("d", "*", "*", "", "", ANY), "stands twice" },
		{ DEADLINE("give", "*", "*", "", "", ANY), "a rule has this id already" },
		{ DEADLINE("d", "*", "*", "except=\"*\"", "", ANY), "leaves nobody" },
		{ DEADLINE("d", "*", "*", "", "<when>nothing()</when>", ANY), "nothing" },
		{ DEADLINE("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "*", "*", "", "", ANY),
		  "shorter id" },
	};
	static char text[64 * 1024];
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_policy *policy = NULL;
		struct wg_err err = { 0 };
		assert_true(snprintf(text, sizeof text, HEAD "%s</policy>", "", cases[i].deadline) < (int)sizeof text);
		enum wg_code code = wg_policy_parse(text, strlen(text), "test.xml", NULL, policy_xsd, schema, &policy, &err);
		if (cases[i].fault == NULL ? code != WG_OK : code != WG_CONFIG || strstr(err.text, cases[i].fault) == NULL)
			fail_msg("case %zu: %s: %s", i, wg_code_name(code), err.text);
		wg_policy_freep(&policy);
	}
}

/* ---- which rule */

static const char notice_text[] =
	"<notice xmlns=\"urn:wardgate:notice:1\" id=\"01k9tess00examp1e0m1ss1ng1\" kind=\"missing\" version=\"1\"><header>"
	"<sender organisation=\"us\"/></header><episode><risk>HIGH</risk></episode><child><name><full>Tess "
	"Example</full></name>"
	"</child><authorities><placing>830</placing><host>860</host></authorities><missing><last-seen><where>x</where>"
	"</last-seen></missing></notice>";

static void test_which_rule(void **state)
{
	(void)state;
	static const struct {
		const char *deadlines, *door, *police;
	} cases[] = {
		{ "", "", "" },
		{ DEADLINE("a", "*", "*", "", "", ANY), "test/a", "test/a" },
		{ DEADLINE("a", "found", "*", "", "", ANY), "", "" },
		{ DEADLINE("a", "*", "*", "", "", ANY) DEADLINE("b", "*", "*", "", "", ANY), "test/b", "test/b" },
		/* the kind before * */
		{ DEADLINE("a", "missing", "*", "", "", ANY) DEADLINE("b", "*", "*", "", "<when>$high</when>", ANY), "test/a",
		  "test/a" },
		/* then a condition */
		{ DEADLINE("a", "missing", "*", "", "<when>$high</when>", ANY)
		      DEADLINE("b", "missing", "front-door", "", "", ANY),
		  "test/a", "test/a" },
		{ DEADLINE("a", "missing", "*", "", "<when>not($high)</when>", ANY)
		      DEADLINE("b", "missing", "front-door", "", "", ANY),
		  "test/b", "" },
		/* then recipients: by role, side, kind of organisation, or those left out */
		{ DEADLINE("a", "*", "front-door", "", "", ANY) DEADLINE("b", "*", "*", "", "", ANY), "test/a", "test/b" },
		{ DEADLINE("a", "*", "*", "at=\"police\"", "", ANY) DEADLINE("b", "*", "*", "", "", ANY), "test/b", "test/a" },
		{ DEADLINE("a", "*", "*", "of=\"placing\"", "", ANY) DEADLINE("b", "*", "*", "", "", ANY), "test/b", "test/b" },
		{ DEADLINE("a", "*", "*", "except=\"front-door\"", "", ANY), "", "test/a" },
	};
	WG_AUTO_NOTICE struct wg_notice *notice = notice_of(notice_text);
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_policy *policy = policy_with(cases[i].deadlines);
		struct wg_decisions *d = decide_at(policy, directory, notice, "us", NOW);
		const char *door = decision_for(d, "them")->confirm, *police = decision_for(d, "force")->confirm;
		if (strcmp(door, cases[i].door) != 0 || strcmp(police, cases[i].police) != 0)
			fail_msg("case %zu: %s and %s", i, door, police);
		wg_decisions_freep(&d);
		wg_policy_freep(&policy);
	}
}

static void test_what_is_not_sent_has_none(void **state)
{
	(void)state;
	struct wg_policy *policy = policy_with(
		DEADLINE("a", "*", "*", "", "",
	             ANY) "<rule id=\"no\" effect=\"deny\" kind=\"*\" to=\"front-door\">" SOURCE "</rule>"
					  "<rule id=\"look\" effect=\"review\" kind=\"*\" to=\"police-missing\">" SOURCE "</rule>");
	WG_AUTO_NOTICE struct wg_notice *notice = notice_of(notice_text);
	struct wg_decisions *d = decide_at(policy, directory, notice, "us", NOW);
	assert_string_equal(decision_for(d, "them")->confirm, "");
	assert_string_equal(decision_for(d, "force")->confirm, "test/a"); /* from when a person has released it */
	wg_decisions_freep(&d);
	wg_policy_freep(&policy);
}

/* ---- whom a notice of the gateway itself is for */

static void test_addressed(void **state)
{
	(void)state;
	static const char format[] = "<notice xmlns=\"urn:wardgate:notice:1\" id=\"01k9tess00examp1e0m1ss1ng1\" "
								 "kind=\"alert\" version=\"1\"><header>"
								 "<sender organisation=\"us\"/><to organisation=\"%s\" "
								 "%s/>%s</header><child/><authorities/><operation><state>started</state>"
								 "<what>x</what></operation></notice>";
	static const struct {
		const char *organisation, *to, *copy;
		bool own;
		const char *desk; /* NULL: nobody */
	} cases[] = {
		{ "us", "role=\"operator\"", "", true, "ops" },
		{ "them", "desk=\"second\"", "", true, "second" },
		{ "them", "desk=\"away\"", "", true, NULL },    /* suspended */
		{ "them", "desk=\"nowhere\"", "", true, NULL }, /* not there */
		{ "nobody", "desk=\"ops\"", "", true, NULL },
		{ "them", "desk=\"second\"", "", false, NULL }, /* what somebody else writes there counts for nothing */
		{ "them", "desk=\"second\"", "<copy-for organisation=\"us\" desk=\"lead\"/>", false, "lead" },
		{ "them", "desk=\"second\"", "<copy-for organisation=\"them\" desk=\"door\"/>", false, NULL },
	};
	struct wg_policy *policy = policy_with(
		"<route kind=\"alert\"><to role=\"*\" of=\"addressed\"/>" SOURCE "</route>"
		"<rule id=\"own\" effect=\"share\" kind=\"alert\" of=\"addressed\" to=\"operator missing-lead review-lead\" "
		"categories=\"administrative delivery\"><basis gdpr=\"6(1)(e)\"/>" SOURCE
		"</rule>" DEADLINE("a", "*", "*", "", "", ANY));
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		char text[2048];
		struct wg_decisions *d = NULL;
		struct wg_err err = { 0 };
		struct wg_facts facts = {
			.self = "us", .submitter = cases[i].own ? "us" : "force", .own = cases[i].own, .now = NOW
		};
		(void)snprintf(text, sizeof text, format, cases[i].organisation, cases[i].to, cases[i].copy);
		WG_AUTO_NOTICE struct wg_notice *notice = notice_of(text);
		must(wg_decide(policy, directory, notice, &facts, &d, &err), &err);
		if (d->count != (cases[i].desk != NULL ? 1U : 0U) ||
		    (d->count == 1 && strcmp(d->list[0].desk->name, cases[i].desk) != 0))
			fail_msg("case %zu: %u recipients, %s; %s", i, d->count, d->count > 0 ? d->list[0].desk->name : "",
			         d->unreachable);
		assert_true((cases[i].desk == NULL) == (d->unreachable[0] != '\0'));
		if (d->count == 1) {
			assert_int_equal(d->list[0].verdict, WG_VERDICT_SEND);
			assert_string_equal(d->list[0].confirm, ""); /* an alarm that nobody confirms does not alarm for ever */
		}
		wg_decisions_freep(&d);
	}
	wg_policy_freep(&policy);
}

/* ---- the ladder */

#define SINCE "2026-11-24T10:00:00Z"

static struct wg_confirm_facts facts_for(const char *desk, const char *sender)
{
	return (struct wg_confirm_facts){ .rule = "test/d",
		                              .kind = "missing",
		                              .organisation = "them",
		                              .desk = desk,
		                              .role = "front-door",
		                              .of = "host",
		                              .sender = sender,
		                              .self = "us",
		                              .since = at(SINCE) };
}

/* Lets time pass until nothing is left to be told, and writes down who was told when: "15 second, 30 night". Looks when
 * it was asked to, or later. */
static const char *run(const struct wg_policy *policy, struct wg_confirm_facts facts, int64_t late, char *out,
                       size_t size)
{
	int64_t now = facts.since;
	size_t used = 0;
	out[0] = '\0';
	for (unsigned looks = 0;; looks++) {
		struct wg_confirm_next next;
		assert_true(looks < 64);
		wg_confirm_next(policy, directory, &facts, now, &next);
		if (next.what == WG_CONFIRM_OVER)
			return out;
		if (next.what == WG_CONFIRM_WAIT) {
			assert_true(next.at > now);
			assert_int_equal(next.steps, facts.steps);
			now = next.at + late;
			continue;
		}
		assert_true(next.at <= now && next.steps > facts.steps && next.source != NULL && next.to.desk != NULL);
		used += (size_t)snprintf(out + used, size - used, "%s%d %s", used > 0 ? ", " : "",
		                         (int)((now - facts.since) / MINUTE), next.to.desk->name);
		facts.steps = next.steps;
	}
}

#define LADDER                                        \
	STEP("received", "PT5M", "", "alternate")         \
	STEP("acknowledged", "PT10M", "", "alternate")    \
	STEP("acknowledged", "PT20M", "", "out-of-hours") \
	STEP("acknowledged", "PT30M", "", "sender")       \
	STEP("acknowledged", "PT40M", "", "operator") STEP("acknowledged", "PT50M", "", "role:review-lead")

static void test_whom_the_ladder_tells(void **state)
{
	(void)state;
	static const struct {
		const char *desk, *sender;
		int received, acknowledged; /* minutes; 0: never */
		const char *told;
	} cases[] = {
		{ "door", "school", 0, 0, "5 second, 10 second, 20 night, 30 office, 40 ops, 50 lead" },
		{ "door", "school", 1, 0, "10 second, 20 night, 30 office, 40 ops, 50 lead" },
		{ "door", "school", 1, 2, "" },
		{ "door", "force", 1, 0, "10 second, 20 night, 30 missing, 40 ops, 50 lead" }, /* where forms go back to */
		{ "door", "us", 1, 0, "10 second, 20 night, 30 ourdoor, 40 ops, 50 lead" },
		/* no such desk: the next at its time, and nobody twice about the same */
		{ "alone", "school", 1, 0, "10 office, 40 ops, 50 lead" },
		{ "alone", "school", 0, 0, "5 office, 10 office, 40 ops, 50 lead" },
		{ "gone", "school", 1, 0, "10 office, 40 ops, 50 lead" }, /* suspended */
		{ "alone", "nobody", 1, 0, "10 ops, 50 lead" },
		{ "not-in-the-directory", "nobody", 1, 0, "10 ops, 50 lead" },
	};
	struct wg_policy *policy = policy_with(DEADLINE("d", "*", "*", "", "", LADDER));
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		char told[256];
		struct wg_confirm_facts facts = facts_for(cases[i].desk, cases[i].sender);
		facts.received = cases[i].received != 0 ? facts.since + cases[i].received * MINUTE : 0;
		facts.acknowledged = cases[i].acknowledged != 0 ? facts.since + cases[i].acknowledged * MINUTE : 0;
		if (strcmp(run(policy, facts, 0, told, sizeof told), cases[i].told) != 0)
			fail_msg("case %zu: %s", i, told);
	}
	/* the operator's own desk, and the sender's, do not hear of themselves */
	char told[256];
	struct wg_confirm_facts facts = facts_for("ops", "school");
	facts.organisation = "us";
	facts.received = 1;
	assert_string_equal(run(policy, facts, 0, told, sizeof told), "10 office, 40 lead");
	/* a sender that may not know of the recipient: the operator in its place, once */
	facts = facts_for("door", "school");
	facts.received = 1;
	facts.hidden = true;
	assert_string_equal(run(policy, facts, 0, told, sizeof told), "10 second, 20 night, 30 ops, 50 lead");
	wg_policy_freep(&policy);
}

/* What is due is told, one after the other, when nobody looked for a weekend, or the clock was set on ten years. */
static void test_late_looks(void **state)
{
	(void)state;
	struct wg_policy *policy = policy_with(DEADLINE("d", "*", "*", "", "", LADDER));
	char told[256];
	struct wg_confirm_facts facts = facts_for("door", "school");
	assert_string_equal(run(policy, facts, 4000 * MINUTE, told, sizeof told),
	                    "4005 second, 4005 second, 4005 night, 4005 office, 4005 ops, 4005 lead");
	run(policy, facts, (int64_t)3653 * DAY, told, sizeof told);
	assert_non_null(strstr(told, "night, 5260325 office"));
	wg_policy_freep(&policy);
}

/* A clock that was set back a day: nothing twice, nothing lost. */
static void test_the_clock_set_back(void **state)
{
	(void)state;
	struct wg_policy *policy = policy_with(DEADLINE("d", "*", "*", "", "", LADDER));
	struct wg_confirm_next next;
	struct wg_confirm_facts facts = facts_for("door", "school");
	facts.steps = 3; /* two desks were told at 10:10 and 10:20 */
	wg_confirm_next(policy, directory, &facts, facts.since - DAY, &next);
	assert_int_equal(next.what, WG_CONFIRM_WAIT);
	assert_true(next.at == facts.since + 30 * MINUTE);
	wg_confirm_next(policy, directory, &facts, facts.since + 30 * MINUTE, &next);
	assert_int_equal(next.what, WG_CONFIRM_TELL);
	assert_int_equal(next.steps, 4);
	assert_string_equal(next.to.desk->name, "office");
	wg_policy_freep(&policy);
}

static void test_what_ends_it(void **state)
{
	(void)state;
	struct wg_policy *policy = policy_with(DEADLINE("d", "*", "*", "", "", LADDER));
	struct wg_confirm_next next;
	struct wg_confirm_facts facts = facts_for("door", "school");
	int64_t late = facts.since + DAY;
	facts.ended = true;
	wg_confirm_next(policy, directory, &facts, late, &next);
	assert_int_equal(next.what, WG_CONFIRM_OVER);
	facts = facts_for("door", "school");
	facts.kind = "not-confirmed";
	wg_confirm_next(policy, directory, &facts, late, &next);
	assert_int_equal(next.what, WG_CONFIRM_OVER);
	facts = facts_for("door", "school");
	facts.self = "not-in-the-directory";
	facts.steps = 5; /* only our own are left to be told */
	wg_confirm_next(policy, directory, &facts, late, &next);
	assert_true(next.what == WG_CONFIRM_OVER && next.in_vain && next.steps == 5);
	/* what was acknowledged was received, also when nobody said so */
	facts = facts_for("door", "school");
	facts.acknowledged = late;
	wg_confirm_next(policy, directory, &facts, late, &next);
	assert_int_equal(next.what, WG_CONFIRM_OVER);
	/* opened is more than received and less than acknowledged */
	facts = facts_for("door", "school");
	facts.opened = facts.since;
	wg_confirm_next(policy, directory, &facts, facts.since, &next);
	assert_true(next.what == WG_CONFIRM_WAIT && next.missing == WG_CONFIRM_ACKNOWLEDGED);
	/* what failed waits for nobody, all in turn */
	facts = facts_for("door", "school");
	facts.failed = true;
	char told[256];
	assert_string_equal(run(policy, facts, 0, told, sizeof told),
	                    "0 second, 0 second, 0 night, 0 office, 0 ops, 0 lead");
	wg_policy_freep(&policy);
}

/* The rule is gone from a newer policy: that which asks nothing of the notice and speaks everywhere. */
static void test_a_rule_that_is_gone(void **state)
{
	(void)state;
	struct wg_policy *policy = policy_with(
		DEADLINE("all", "*", "*", "", "", STEP("acknowledged", "PT3H", "", "operator"))
			DEADLINE("missing", "missing", "*", "", "", STEP("acknowledged", "PT2H", "", "operator")) DEADLINE(
				"high", "missing", "*", "", "<when>$high</when>", STEP("acknowledged", "PT1H", "", "operator")));
	struct wg_confirm_next next;
	struct wg_confirm_facts facts = facts_for("door", "school");
	facts.rule = "test/was-there-before";
	wg_confirm_next(policy, directory, &facts, facts.since, &next);
	assert_true(next.what == WG_CONFIRM_WAIT && next.at == facts.since + 2 * HOUR);
	facts.kind = "found";
	wg_confirm_next(policy, directory, &facts, facts.since, &next);
	assert_true(next.what == WG_CONFIRM_WAIT && next.at == facts.since + 3 * HOUR);
	facts.rule = "test/high";
	wg_confirm_next(policy, directory, &facts, facts.since, &next);
	assert_true(next.what == WG_CONFIRM_WAIT && next.at == facts.since + HOUR);
	wg_policy_freep(&policy);
	policy = policy_with("");
	wg_confirm_next(policy, directory, &facts, facts.since, &next);
	assert_true(next.what == WG_CONFIRM_OVER && next.source == NULL && next.in_vain); /* it may come back */
	facts.acknowledged = facts.since;
	wg_confirm_next(policy, directory, &facts, facts.since, &next);
	assert_true(next.what == WG_CONFIRM_OVER && !next.in_vain);
	wg_policy_freep(&policy);
}

/* ---- open time */

static void test_open_time(void **state)
{
	(void)state;
	static const struct {
		const char *hours, *since;
		int minutes; /* or */
		unsigned days;
		const char *due;
	} cases[] = {
		{ "", "2026-11-27T16:59:00Z", 120, 0, "2026-11-27T18:59:00Z" },
		/* Friday, one minute before they go */
		{ "office", "2026-11-27T16:59:00Z", 1, 0, "2026-11-27T17:00:00Z" },
		{ "office", "2026-11-27T16:59:00Z", 2, 0, "2026-11-30T09:01:00Z" },
		{ "office", "2026-11-27T16:59:00Z", 120, 0, "2026-11-30T10:59:00Z" },
		{ "office", "2026-11-27T16:59:00Z", 0, 1, "2026-11-30T16:59:00Z" },
		{ "office", "2026-11-27T17:00:00Z", 1, 0, "2026-11-30T09:01:00Z" },
		{ "office", "2026-11-27T17:00:00Z", 0, 1, "2026-12-01T09:00:00Z" }, /* the next opening is the first */
		{ "office", "2026-11-28T12:00:00Z", 60, 0, "2026-11-30T10:00:00Z" },
		/* Christmas 2026: Friday the 25th, Boxing Day is a Saturday, Monday the 28th in its place */
		{ "office", "2026-12-24T16:00:00Z", 60, 0, "2026-12-24T17:00:00Z" },
		{ "office", "2026-12-24T16:00:00Z", 61, 0, "2026-12-29T09:01:00Z" },
		{ "office", "2026-12-24T16:00:00Z", 0, 1, "2026-12-29T16:00:00Z" },
		{ "office", "2026-12-25T10:00:00Z", 0, 2, "2026-12-31T09:00:00Z" },
		{ "office", "2026-12-30T10:00:00Z", 0, 2, "2027-01-04T10:00:00Z" }, /* New Year's Day */
		{ "odd", "2026-12-25T10:00:00Z", 30, 0, "2026-12-25T10:30:00Z" },   /* mornings on bank holidays too */
		/* Good Friday 3 April and Easter Monday 6 April 2026, in summer time */
		{ "office", "2026-04-02T15:30:00Z", 30, 0, "2026-04-02T16:00:00Z" },
		{ "office", "2026-04-02T15:30:00Z", 31, 0, "2026-04-07T08:01:00Z" },
		{ "office", "2026-04-02T15:30:00Z", 0, 1, "2026-04-07T15:30:00Z" },
		/* the clocks go on: 29 March 2026, 01:00 */
		{ "office", "2026-03-27T16:30:00Z", 60, 0, "2026-03-30T08:30:00Z" },
		{ "office", "2026-03-27T16:30:00Z", 0, 1, "2026-03-30T15:30:00Z" },
		{ "night", "2026-03-28T23:00:00Z", 60, 0, "2026-03-29T01:00:00Z" },
		{ "night", "2026-03-28T23:00:00Z", 119, 0,
		  "2026-03-29T01:59:00Z" }, /* 02:59, and the office was open from 0 to 3: two hours */
		{ "night", "2026-03-28T23:00:00Z", 121, 0, "2026-04-03T23:01:00Z" },
		{ "night", "2026-03-28T01:30:00Z", 0, 1, "2026-03-29T01:30:00Z" }, /* 01:30 does not come: 02:30 */
		/* and back: 25 October 2026, 02:00 */
		{ "office", "2026-10-23T15:30:00Z", 60, 0, "2026-10-26T09:30:00Z" },
		{ "office", "2026-10-23T15:30:00Z", 0, 1, "2026-10-26T16:30:00Z" },
		{ "night", "2026-10-24T22:00:00Z", 240, 0, "2026-10-25T03:00:00Z" }, /* 0 to 3 took four hours */
		{ "night", "2026-10-24T00:30:00Z", 0, 1, "2026-10-25T00:30:00Z" },   /* 01:30 comes twice: the first */
		/* hours that the policy does not have count as all hours */
		{ "gone", "2026-11-27T16:59:00Z", 120, 0, "2026-11-27T18:59:00Z" },
	};
	struct wg_policy *policy = policy_with("");
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		char got[WG_CLOCK_TEXT];
		struct wg_confirm_wait wait = { .ms = cases[i].minutes * MINUTE, .days = cases[i].days };
		if (wait.days > 0)
			wait.ms = wait.days * DAY;
		int64_t due = wg_confirm_due(policy, cases[i].hours, at(cases[i].since), &wait);
		if (due != at(cases[i].due))
			fail_msg("case %zu: %s", i, due == INT64_MAX ? "never" : wg_clock_format(due, got));
	}
	wg_policy_freep(&policy);
}

static void test_hours_that_never_come(void **state)
{
	(void)state;
	struct wg_policy *policy =
		policy_with("<hours name=\"xmas\" days=\"fri\" opens=\"09:00\" closes=\"09:01\">" SOURCE "</hours>");
	struct wg_confirm_wait wait = { .ms = 999 * HOUR };
	assert_true(wg_confirm_due(policy, "xmas", at(SINCE), &wait) == INT64_MAX);
	policy->hours[policy->hours_count - 1].days = 0;
	assert_true(wg_confirm_opens(policy, "xmas", at(SINCE)) == INT64_MAX);
	wait.days = 1;
	assert_true(wg_confirm_due(policy, "xmas", at(SINCE), &wait) == INT64_MAX);
	wg_policy_freep(&policy);
}

/* ---- the oracle */

static uint64_t seed;

static unsigned pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* Minute by minute: whether it is open, by the clock on the wall in London, from the policy's text and nothing else. */
static bool oracle_open(unsigned hours, int64_t minute)
{
	static const char *const shut[] = { "2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25",
		                                "2026-08-31", "2026-12-25", "2026-12-28", "2027-01-01" };
	char text[WG_CLOCK_TEXT];
	int64_t local = minute + wg_clock_london_offset(minute * MINUTE), day = local / 1440, of_day = local % 1440;
	unsigned weekday = (unsigned)((day + 3) % 7);
	bool closed = false;
	(void)wg_clock_format(day * DAY, text);
	for (size_t i = 0; i < WG_COUNT(shut); i++)
		closed = closed || strncmp(text, shut[i], 10) == 0;
	switch (hours) {
	case 0:
		return true;
	case 1:
		return weekday < 5 && of_day >= 540 && of_day < 1020 && !closed;
	case 2:
		return (weekday < 6 && of_day >= 420 && of_day < 720) ||
		       ((weekday == 0 || weekday == 2 || weekday == 6) && of_day >= 810 && !closed);
	default:
		return weekday >= 5 && of_day < 180 && !closed;
	}
}

static const char *const oracle_hours[] = { "", "office", "odd", "night" };

struct oracle_step {
	unsigned missing, hours, minutes, days, whom;
};

/* The minute at which a step is due. */
static int64_t oracle_due(const struct oracle_step *s, int64_t since)
{
	int64_t m = since;
	if (s->days > 0 && s->hours == 0)
		return since + (int64_t)s->days * 1440;
	if (s->days == 0) {
		for (unsigned left = s->minutes; left > 0; m++)
			left -= oracle_open(s->hours, m) ? 1 : 0;
		return m;
	}
	while (!oracle_open(s->hours, m))
		m++;
	int64_t local = m + wg_clock_london_offset(m * MINUTE), day = local / 1440;
	for (unsigned left = s->days; left > 0;) {
		bool any = false;
		day++;
		for (int64_t i = day * 1440 - 120; i < day * 1440 + 1560; i++)
			any = any || ((i + wg_clock_london_offset(i * MINUTE)) / 1440 == day && oracle_open(s->hours, i));
		left -= any ? 1 : 0;
	}
	int64_t then = day * 1440 + local % 1440;
	/* the first instant at which the clock on the wall shows that time or a later one of the day */
	for (m = then - 120; m + wg_clock_london_offset(m * MINUTE) < then; m++)
		;
	while (!oracle_open(s->hours, m))
		m++;
	return m;
}

/* Each minute looks at the next step not told: reached meanwhile, it is passed over; due, somebody is told. */
static void test_against_the_oracle(void **state)
{
	(void)state;
	static const char *const levels[] = { "handed-over", "received", "opened", "acknowledged" };
	static const char *const whom[] = { "alternate", "out-of-hours", "sender", "operator", "role:review-lead" };
	static const char *const desks[] = { "second", "night", "office", "ops", "lead" };
	static const char *const seasons[] = { "2026-03-27T09:00:00Z", "2026-04-01T09:00:00Z", "2026-10-22T09:00:00Z",
		                                   "2026-12-23T09:00:00Z", "2026-08-27T09:00:00Z", "2026-06-10T09:00:00Z" };
	for (unsigned round = 0; round < 400; round++) {
		struct oracle_step steps[5];
		char text[4096] = "<deadline id=\"d\" kind=\"*\" to=\"*\">";
		unsigned count = 1 + pick(5);
		int64_t since = at(seasons[pick(WG_COUNT(seasons))]) / MINUTE + pick(3 * 1440), due[5];
		seed = round * 7919 + 17;
		for (unsigned i = 0; i < count; i++) {
			/* ordered where the loader wants it: each hours has one form of time, rising */
			unsigned hours = pick(WG_COUNT(oracle_hours)), size = 1 + pick(90) + 90 * i;
			bool days = hours > 0 && pick(2) == 0;
			steps[i] = (struct oracle_step){ .missing = pick(4), .hours = hours, .whom = i };
			if (days)
				steps[i].days = 1 + i;
			else
				steps[i].minutes = size;
			size_t used = strlen(text);
			(void)snprintf(text + used, sizeof text - used, "<step not=\"%s\" after=\"%s%u%s\"%s%s%s tell=\"%s\"/>",
			               levels[steps[i].missing], days ? "P" : "PT", days ? steps[i].days : size, days ? "D" : "M",
			               hours > 0 ? " in=\"" : "", oracle_hours[hours], hours > 0 ? "\"" : "", whom[i]);
			due[i] = oracle_due(&steps[i], since);
		}
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), SOURCE "</deadline>");
		struct wg_policy *policy = policy_with(text);
		struct wg_confirm_facts facts = facts_for("door", "school");
		int64_t reached[4], last = since, wake = since;
		facts.since = since * MINUTE;
		for (unsigned i = 0; i < count; i++)
			last = due[i] > last ? due[i] : last;
		for (unsigned i = 0; i < 4; i++) /* in their order, or never */
			reached[i] = pick(3) == 0 ? INT64_MAX : since + pick((unsigned)(last - since) + 60);
		unsigned step = 0;
		for (int64_t m = since; m <= last + 1; m++) {
			struct wg_confirm_next next;
			int64_t *const times[] = { &facts.handed_over, &facts.received, &facts.opened, &facts.acknowledged };
			for (unsigned i = 0; i < 4; i++)
				if (reached[i] <= m && *times[i] == 0) {
					*times[i] = m * MINUTE;
					wake = m; /* it moved: the store asks again */
				}
			if (m < wake)
				continue;
			for (;;) {
				bool over = false;
				while (step < count && !over) {
					bool have = false;
					for (unsigned i = steps[step].missing; i < 4; i++)
						have = have || reached[i] <= m;
					over = !have;
					step += have ? 1 : 0;
				}
				wg_confirm_next(policy, directory, &facts, m * MINUTE, &next);
				if (step == count) {
					assert_int_equal(next.what, WG_CONFIRM_OVER);
					wake = INT64_MAX;
					break;
				}
				if (due[step] > m) {
					if (next.what != WG_CONFIRM_WAIT || next.at != due[step] * MINUTE)
						fail_msg("round %u step %u: %s", round, step, text);
					wake = due[step];
					break;
				}
				if (next.what != WG_CONFIRM_TELL || strcmp(next.to.desk->name, desks[step]) != 0 ||
				    next.steps != step + 1)
					fail_msg("round %u step %u: does not tell %s: %s", round, step, desks[step], text);
				facts.steps = next.steps;
				step++;
			}
		}
		wg_policy_freep(&policy);
	}
}

/* ---- in words, and what a reader would overlook */

static void test_in_words(void **state)
{
	(void)state;
	struct wg_policy *policy = policy_with(DEADLINE("d", "missing", "front-door", "of=\"host\"", "<when>$high</when>",
	                                                STEP("received", "PT5M", "", "alternate")
	                                                    STEP("acknowledged", "P1D", "in=\"desk\"", "role:review-lead")
	                                                        STEP("opened", "P2D", "in=\"office\"", "sender")));
	struct wg_policy_item item;
	bool found = false;
	for (unsigned i = 0; i < wg_policy_items(policy); i++) {
		assert_true(wg_policy_item(policy, i, &item));
		if (strcmp(item.what, "deadline") != 0)
			continue;
		found = true;
		assert_string_equal(item.id, "test/d");
		assert_string_equal(item.kinds, "missing");
		assert_string_equal(item.roles, "front-door");
		assert_string_equal(item.text, "Of what is sent of notices of the kind missing to front door (of the authority "
		                               "where the child is (host)), when "
		                               "\"high\" applies: not received after 5 minutes, the desk that stands in for it "
		                               "is told; not acknowledged by a named "
		                               "person after 1 day on which the desk is open, review lead is told; not opened "
		                               "after 2 days on which the office with "
		                               "the hours of office is open, whoever sent the notice is told.");
	}
	assert_true(found);
	wg_policy_freep(&policy);
}

static void test_conflicts(void **state)
{
	(void)state;
	static const struct {
		const char *deadlines, *found; /* NULL: none of the findings of this test */
	} cases[] = {
		{ "", NULL },
		{ DEADLINE("a", "*", "*", "", "", ANY), NULL },
		{ DEADLINE("a", "missing", "*", "", "", ANY) DEADLINE("b", "found form-return", "*", "", "", ANY), NULL },
		{ DEADLINE("a", "missing form-return", "*", "", "", ANY),
		  "found: nobody is told when a notice of this kind is not confirmed" },
		{ DEADLINE("a", "*", "*", "", "<when>$high</when>", ANY), "missing: nobody is told" },
		{ DEADLINE("a", "*", "*", "", "", ANY) DEADLINE("b", "*", "*", "", "", ANY),
		  "test/a: another deadline for the same" },
		{ DEADLINE("a", "missing", "*", "", "", ANY) DEADLINE("b", "*", "*", "", "", ANY), NULL },
		{ DEADLINE("a", "*", "*", "", "", ANY)
		      DEADLINE("b", "*", "*", "", "",
		               STEP("received", "PT1H", "in=\"never\"",
		                    "operator")) "<hours name=\"never\" days=\"mon\" opens=\"09:00\" closes=\"10:00\">" SOURCE
		                                 "</hours>",
		  NULL },
		{ DEADLINE("a", "*", "*", "", "",
		           STEP("received", "PT1H", "", "role:missing-lead") STEP("received", "PT2H", "", "role:school")),
		  NULL },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_policy *policy = policy_with(cases[i].deadlines);
		WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 20);
		struct wg_err err = { 0 };
		unsigned count;
		must(wg_policy_conflicts(policy, directory, schema, NOW, &out, &count, &err), &err);
		bool any = strstr(wg_buf_text(&out), "nobody is told") != NULL ||
		           strstr(wg_buf_text(&out), "another deadline") != NULL;
		if (cases[i].found == NULL ? any && i != 7 : strstr(wg_buf_text(&out), cases[i].found) == NULL)
			fail_msg("case %zu: %s", i, wg_buf_text(&out));
		wg_policy_freep(&policy);
	}
}

/* A directory in which nobody stands in for anybody, and a desk with hours that the policy does not have. */
static void test_conflicts_with_the_directory(void **state)
{
	(void)state;
	struct wg_directory *bare =
		directory_of("<directory xmlns=\"urn:wardgate:directory:1\" version=\"1\">"
	                 "<organisation id=\"them\" kind=\"council\" code=\"860\"><name>T</name>" DESK(
						 "door", "front-door", "hours=\"nights\"") "</organisation></directory>");
	struct wg_policy *policy = policy_with(DEADLINE("d", "*", "*", "", "", LADDER));
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 20);
	struct wg_err err = { 0 };
	unsigned count;
	must(wg_policy_conflicts(policy, bare, schema, NOW, &out, &count, &err), &err);
	static const char *const words[] = { "no desk of the directory has an alternate=",
		                                 "no desk of the directory has an out-of-hours=",
		                                 "no desk of the directory has the role operator",
		                                 "them/door: there is no <hours name=\"nights\"> in the policy",
		                                 "test/d: no desk of the directory has the role review-lead" };
	for (size_t i = 0; i < WG_COUNT(words); i++)
		if (strstr(wg_buf_text(&out), words[i]) == NULL)
			fail_msg("%s is not in: %s", words[i], wg_buf_text(&out));
	wg_buf_reset(&out);
	must(wg_policy_conflicts(policy, directory, schema, NOW, &out, &count, &err), &err);
	for (size_t i = 0; i < WG_COUNT(words); i++)
		assert_null(strstr(wg_buf_text(&out), words[i]));
	wg_policy_freep(&policy);
	wg_directory_freep(&bare);
}

static int open_all(void **state)
{
	if (open_schemas(state) != 0)
		return -1;
	directory = directory_of(directory_text);
	return 0;
}

static int close_all(void **state)
{
	wg_directory_freep(&directory);
	return close_schemas(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_does_not_load),
		cmocka_unit_test(test_which_rule),
		cmocka_unit_test(test_what_is_not_sent_has_none),
		cmocka_unit_test(test_addressed),
		cmocka_unit_test(test_whom_the_ladder_tells),
		cmocka_unit_test(test_late_looks),
		cmocka_unit_test(test_the_clock_set_back),
		cmocka_unit_test(test_what_ends_it),
		cmocka_unit_test(test_a_rule_that_is_gone),
		cmocka_unit_test(test_open_time),
		cmocka_unit_test(test_hours_that_never_come),
		cmocka_unit_test(test_against_the_oracle),
		cmocka_unit_test(test_in_words),
		cmocka_unit_test(test_conflicts),
		cmocka_unit_test(test_conflicts_with_the_directory),
	};
	return cmocka_run_group_tests(tests, open_all, close_all);
}
