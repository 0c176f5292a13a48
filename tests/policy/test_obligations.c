/* What a decision asks for beside giving: a person who reads free text, due times, who is told, waiting, how long the
 * recipient keeps it; and for whom a layer speaks at all. */
#include "policy_test.h"

#define MAIL(name, roles) \
	"<desk name=\"" name "\" roles=\"" roles "\" channel=\"mail\" address=\"a@a.example\" certificate=\"a.pem\"/>"

static const char directory_text[] =
	"<directory xmlns=\"urn:wardgate:directory:1\" version=\"1\">"
	"<organisation id=\"placer\" kind=\"council\" code=\"830\"><name>P</name>" MAIL("door", "front-door")
		MAIL("worker", "social-worker") "</organisation>"
										"<organisation id=\"host\" kind=\"council\" code=\"860\"><name>H</name>" MAIL(
											"door", "front-door") "</organisation>"
																  "<organisation id=\"force\" kind=\"police\" "
																  "areas=\"830 860\"><name>F</name>" MAIL(
																	  "missing",
																	  "police-missing") "</organisation></directory>";
/* circumstances may hold a good deal more than circumstances; identity, risk and health are plain. */
static const char notice_text[] =
	"<notice xmlns=\"urn:wardgate:notice:1\" id=\"01k9tess00examp1e0m1ss1ng1\" kind=\"missing\" version=\"1\">"
	"<header><sender organisation=\"placer\" desk=\"door\"/><received>2026-11-20T22:41:07Z</received></header>"
	"<episode><risk>HIGH</risk></episode><child><name><full>Robin Specimen</full></name></child>"
	"<authorities><placing>830</placing><host>860</host></authorities>"
	"<missing><circumstances>went out</circumstances></missing></notice>";

#define SOURCE "<source>S-01</source>"
#define ROLES                                                                                                     \
	"<role name=\"front-door\" at=\"council\"/><role name=\"social-worker\" at=\"council\"/><role name=\"lead\" " \
	"at=\"council\"/><role name=\"chief\" at=\"council\"/><role name=\"police-missing\" at=\"police\"/>"
#define HEAD "<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\">" ROLES
#define ROUTE(role, of) "<route kind=\"*\"><to role=\"" role "\" of=\"" of "\"/><source>S-02</source></route>"
#define RULE(id, effect, to, more)                                             \
	"<rule id=\"" id "\" effect=\"" effect "\" kind=\"*\" to=\"" to "\" " more \
	"><basis gdpr=\"6(1)(e) 9(2)(g)\"/>" SOURCE "</rule>"
#define EVERYBODY "front-door social-worker police-missing"
#define FRAME RULE("frame", "share", EVERYBODY, "categories=\"administrative\"")
#define PLAIN RULE("plain", "share", EVERYBODY, "categories=\"identity risk\"")
#define STORY RULE("story", "share", EVERYBODY, "categories=\"circumstances\"")
#define UNREAD RULE("story", "share", EVERYBODY, "categories=\"circumstances\" text=\"unreviewed\"")
#define READING(attributes) "<text-review " attributes ">" SOURCE "</text-review>"
#define REVIEW(id, more) RULE(id, "review", "*", more)

static struct wg_directory *directory;
static struct wg_notice *notice;

static struct wg_decisions *decide_text(const char *inside, struct wg_policy **policy)
{
	char text[8192];
	(void)snprintf(text, sizeof text, HEAD "%s" FRAME "</policy>", inside);
	*policy = policy_of(text);
	return decide_at(*policy, directory, notice, NULL, NOW);
}

static const struct {
	const char *name, *rules;
	enum wg_verdict verdict;
	const char *by, *due, *escalate;
	unsigned minutes;
	bool second_person, in_text;
} reviews[] = {
	{ "plain things only", PLAIN, WG_VERDICT_SEND, "", "", "", 0, false, false },
	{ "free text is read first", PLAIN STORY, WG_VERDICT_REVIEW, "free text (may hold ", "", "", 0, false, true },
	{ "unless a rule lets it go", PLAIN UNREAD, WG_VERDICT_SEND, "", "", "", 0, false, false },
	{ "one of two rules is enough",
	  PLAIN STORY RULE("b", "share", EVERYBODY, "categories=\"circumstances\" text=\"unreviewed\""), WG_VERDICT_SEND,
	  "", "", "", 0, false, false },
	{ "a rule for something else does not count",
	  PLAIN STORY RULE("b", "share", EVERYBODY, "categories=\"family\" text=\"unreviewed\""), WG_VERDICT_REVIEW,
	  "free text (may hold ", "", "", 0, false, true },
	{ "text that is not given needs no reading", PLAIN, WG_VERDICT_SEND, "", "", "", 0, false, false },
	{ "within a time", PLAIN STORY READING("due=\"PT4H\" escalate=\"lead\""), WG_VERDICT_REVIEW, "free text (may hold ",
	  "PT4H", "lead", 240, false, true },
	{ "a time and nobody to tell", PLAIN STORY READING("due=\"P1D\""), WG_VERDICT_REVIEW, "free text (may hold ", "P1D",
	  "", 1440, false, true },
	{ "a time means nothing without text", PLAIN READING("due=\"PT4H\""), WG_VERDICT_SEND, "", "", "", 0, false,
	  false },
	{ "a rule without a time beside it", PLAIN STORY READING("due=\"PT4H\" escalate=\"lead\"") REVIEW("r", ""),
	  WG_VERDICT_REVIEW, "test/r (S-01)", "PT4H", "lead", 240, false, true },
	{ "the sooner counts: the text",
	  PLAIN STORY READING("due=\"PT4H\" escalate=\"lead\"") REVIEW("r", "due=\"PT5H\" escalate=\"chief\""),
	  WG_VERDICT_REVIEW, "test/r (S-01)", "PT4H", "lead", 240, false, true },
	{ "the sooner counts: the rule",
	  PLAIN STORY READING("due=\"PT4H\" escalate=\"lead\"") REVIEW("r", "due=\"PT30M\" escalate=\"chief\""),
	  WG_VERDICT_REVIEW, "test/r (S-01)", "PT30M", "chief", 30, false, true },
	{ "of two rules the sooner, and two people where one asks for it",
	  PLAIN UNREAD REVIEW("late", "due=\"P2D\" second-person=\"true\"")
	      REVIEW("soon", "due=\"PT5H\" escalate=\"chief\""),
	  WG_VERDICT_REVIEW, "test/soon (S-01)", "PT5H", "chief", 300, true, false },
	{ "of two without a time the first", PLAIN UNREAD REVIEW("a", "") REVIEW("b", "second-person=\"false\""),
	  WG_VERDICT_REVIEW, "test/a (S-01)", "", "", 0, false, false },
	{ "a rule with a time before one without", PLAIN UNREAD REVIEW("a", "") REVIEW("b", "due=\"P1D\""),
	  WG_VERDICT_REVIEW, "test/b (S-01)", "P1D", "", 1440, false, false },
	{ "a review of what is not given does not count",
	  PLAIN REVIEW("r", "categories=\"circumstances\" second-person=\"true\""), WG_VERDICT_SEND, "", "", "", 0, false,
	  false },
	{ "deny leaves nothing to read",
	  PLAIN STORY RULE("no", "deny", "*", "") REVIEW("r", "due=\"PT1H\" second-person=\"true\""), WG_VERDICT_DENY,
	  "test/no (S-01)", "", "", 0, false, false },
	{ "the first of two that deny", PLAIN RULE("no", "deny", "*", "categories=\"risk\"") RULE("never", "deny", "*", ""),
	  WG_VERDICT_DENY, "test/no (S-01)", "", "", 0, false, false },
	{ "nothing given", STORY RULE("w", "withhold", "*", "categories=\"*\""), WG_VERDICT_DENY, "test/w (", "", "", 0,
	  false, false },
};

static void test_reviews(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(reviews); i++) {
		char inside[4096];
		struct wg_policy *policy = NULL;
		(void)snprintf(inside, sizeof inside, ROUTE("front-door", "host") "%s", reviews[i].rules);
		struct wg_decisions *d = decide_text(inside, &policy);
		const struct wg_decision *one = &d->list[0];
		if (one->verdict != reviews[i].verdict ||
		    strncmp(one->verdict_rule, reviews[i].by, strlen(reviews[i].by)) != 0 ||
		    (reviews[i].by[0] == '\0') != (one->verdict_rule[0] == '\0') || strcmp(one->due, reviews[i].due) != 0 ||
		    strcmp(one->escalate, reviews[i].escalate) != 0 || one->due_minutes != reviews[i].minutes ||
		    one->second_person != reviews[i].second_person || (one->in_text != 0) != reviews[i].in_text)
			fail_msg("%s: verdict %d by %s, due %s (%u), escalate %s, second %d, in text %d", reviews[i].name,
			         (int)one->verdict, one->verdict_rule, one->due, one->due_minutes, one->escalate,
			         one->second_person, one->in_text != 0);
		assert_int_equal(one->in_text & one->granted, 0);
		wg_decisions_freep(&d);
		wg_policy_freep(&policy);
	}
}

/* Who answers for text that has to be read is known of what may go as well: the search may stop it. */
static void test_reader(void **state)
{
	(void)state;
	static const struct {
		const char *rules, *reader;
	} rows[] = {
		{ "", "" },
		{ READING("due=\"PT4H\""), "" },
		{ READING("due=\"PT4H\" escalate=\"lead\""), "lead" },
		{ READING("due=\"PT4H\" escalate=\"lead\"") REVIEW("r", "due=\"PT1H\" escalate=\"chief\""), "lead" },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		char inside[4096];
		struct wg_policy *policy = NULL;
		(void)snprintf(inside, sizeof inside, ROUTE("front-door", "host") PLAIN UNREAD "%s", rows[i].rules);
		struct wg_decisions *d = decide_text(inside, &policy);
		assert_string_equal(d->list[0].reader, rows[i].reader);
		wg_decisions_freep(&d);
		wg_policy_freep(&policy);
	}
}

/* What the text may hold is what the schema says of it, without what this recipient may have: by a rule that shares it,
 * whether the notice holds it in a place of its own or not; not what is withheld or waits for an agreement. */
static void test_in_text(void **state)
{
	(void)state;
	static const struct {
		const char *rules;
		bool family;
	} cases[] = {
		{ "", true },
		{ RULE("b", "share", EVERYBODY, "categories=\"family\""), false },
		{ RULE("b", "share", EVERYBODY, "categories=\"family\"") RULE("w", "withhold", "*", "categories=\"family\""),
		  true },
		{ RULE("b", "share", EVERYBODY, "categories=\"family\"")
		      RULE("w", "withhold", "*", "categories=\"family\" unless=\"consent\""),
		  true },
		{ RULE("b", "share", EVERYBODY, "categories=\"family\" overrides=\"consent\"")
		      RULE("w", "withhold", "*", "categories=\"family\" unless=\"consent\""),
		  false },
	};
	struct wg_notice_text texts[WG_NOTICE_TEXTS];
	wg_categories may = 0, family = wg_category_find("family");
	unsigned n = wg_notice_texts(notice, texts, WG_NOTICE_TEXTS);
	for (unsigned i = 0; i < n; i++)
		may |= texts[i].may; /* all its places are given here */
	assert_true((may & family) != 0 && (wg_notice_categories(notice) & family) == 0);
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		char inside[4096];
		struct wg_policy *policy = NULL;
		(void)snprintf(inside, sizeof inside, ROUTE("front-door", "host") PLAIN STORY "%s", cases[i].rules);
		struct wg_decisions *d = decide_text(inside, &policy);
		assert_int_equal(d->list[0].in_text, may & ~d->list[0].granted & ~(cases[i].family ? 0 : family));
		assert_non_null(strstr(d->list[0].verdict_rule, "free text (may hold "));
		assert_int_equal(strstr(d->list[0].verdict_rule, "family") != NULL, cases[i].family);
		wg_decisions_freep(&d);
		wg_policy_freep(&policy);
	}
}

static const struct {
	const char *name, *rules;
	unsigned delay;
	const char *keep;
} waits[] = {
	{ "nothing said", PLAIN, 0, "" },
	{ "the longest, the shortest",
	  RULE("a", "share", "front-door", "categories=\"risk\" delay=\"PT30M\" keep=\"P2Y\"")
	      RULE("b", "share", "front-door", "categories=\"identity\" delay=\"P1D\" keep=\"P18M\""),
	  1440, "P18M" },
	{ "the other way round",
	  RULE("b", "share", "front-door", "categories=\"identity\" delay=\"PT2H\" keep=\"P400D\"")
	      RULE("a", "share", "front-door", "categories=\"risk\" delay=\"PT90M\" keep=\"P2Y\""),
	  120, "P400D" },
	{ "a rule that gives nothing here does not count",
	  PLAIN RULE("a", "share", "front-door", "categories=\"health\" delay=\"PT30M\" keep=\"P2Y\""), 0, "" },
	{ "nor one for somebody else",
	  PLAIN RULE("a", "share", "social-worker", "categories=\"risk\" delay=\"PT30M\" keep=\"P2Y\""), 0, "" },
	{ "nor one whose gift is withheld",
	  PLAIN RULE("a", "share", "front-door", "categories=\"risk\" delay=\"PT30M\" keep=\"P2Y\"")
	      RULE("w", "withhold", "*", "categories=\"risk\""),
	  0, "" },
};

static void test_waits(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(waits); i++) {
		char inside[4096];
		struct wg_policy *policy = NULL;
		(void)snprintf(inside, sizeof inside, ROUTE("front-door", "host") "%s", waits[i].rules);
		struct wg_decisions *d = decide_text(inside, &policy);
		if (d->list[0].delay_minutes != waits[i].delay || strcmp(d->list[0].keep, waits[i].keep) != 0)
			fail_msg("%s: %u minutes, keep %s", waits[i].name, d->list[0].delay_minutes, d->list[0].keep);
		wg_decisions_freep(&d);
		wg_policy_freep(&policy);
	}
}

/* Who is told, as organisation/role by source; and who asked for it. */
static const struct {
	const char *name, *inside, *submitter, *want, *unreachable;
} tells[] = {
	{ "a share",
	  ROUTE("police-missing", "host")
	      RULE("a", "share", "police-missing", "categories=\"risk\" tell=\"social-worker\""),
	  NULL, "force/police-missing S-02, placer/social-worker S-01", "" },
	{ "once for all",
	  ROUTE("police-missing", "host") ROUTE("front-door", "host")
	      RULE("a", "share", EVERYBODY, "categories=\"risk\" tell=\"social-worker\"")
	          RULE("b", "withhold", "*", "categories=\"identity\" tell=\"social-worker\""),
	  NULL, "force/police-missing S-02, host/front-door S-02, placer/social-worker S-01", "" },
	{ "another's desk of that name",
	  ROUTE("police-missing", "host") RULE("a", "share", "police-missing", "categories=\"risk\" tell=\"front-door\""),
	  "host", "force/police-missing S-02, placer/front-door S-01", "" },
	{ "two roles",
	  ROUTE("police-missing", "host") RULE("a", "share", "police-missing", "categories=\"risk\" tell=\"social-worker\"")
	      RULE("b", "withhold", "*", "categories=\"identity\" tell=\"front-door\""),
	  NULL, "force/police-missing S-02, placer/social-worker S-01, placer/front-door S-01", "" },
	{ "its own tells are not followed",
	  ROUTE("police-missing", "host") RULE("a", "share", "police-missing", "categories=\"risk\" tell=\"social-worker\"")
	      RULE("b", "share", "social-worker", "categories=\"risk\" tell=\"front-door\""),
	  NULL, "force/police-missing S-02, placer/social-worker S-01", "" },
	{ "a deny", ROUTE("police-missing", "host") RULE("a", "deny", "police-missing", "tell=\"social-worker\""), NULL,
	  "force/police-missing S-02, placer/social-worker S-01", "" },
	{ "a review",
	  ROUTE("police-missing", "host")
	      PLAIN RULE("a", "review", "police-missing", "categories=\"risk\" tell=\"social-worker\""),
	  NULL, "force/police-missing S-02, placer/social-worker S-01", "" },
	{ "a review that does not bite",
	  ROUTE("police-missing", "host")
	      PLAIN RULE("a", "review", "police-missing", "categories=\"health\" tell=\"social-worker\""),
	  NULL, "force/police-missing S-02", "" },
	{ "of what is not there nobody is told",
	  ROUTE("police-missing", "host")
	      RULE("a", "share", "police-missing", "categories=\"health\" tell=\"social-worker\""),
	  NULL, "force/police-missing S-02", "" },
	{ "also where that authority sent it",
	  ROUTE("police-missing", "host")
	      RULE("a", "share", "police-missing", "categories=\"risk\" tell=\"social-worker\""),
	  "placer", "force/police-missing S-02, placer/social-worker S-01", "" },
	{ "not the desk that sent it",
	  ROUTE("police-missing", "host") RULE("a", "share", "police-missing", "categories=\"risk\" tell=\"front-door\""),
	  "placer", "force/police-missing S-02", "" },
	{ "already a recipient",
	  ROUTE("social-worker", "placing") ROUTE("police-missing", "host")
	      RULE("a", "share", "police-missing", "categories=\"risk\" tell=\"social-worker\""),
	  NULL, "placer/social-worker S-02, force/police-missing S-02", "" },
	{ "not there",
	  ROUTE("police-missing", "host") RULE("a", "share", "police-missing", "categories=\"risk\" tell=\"lead\""), NULL,
	  "force/police-missing S-02", "lead of placer (no desk there has that role)" },
};

static void test_tells(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(tells); i++) {
		char text[8192], got[512];
		size_t used = 0;
		(void)snprintf(text, sizeof text, HEAD "%s" FRAME "</policy>", tells[i].inside);
		struct wg_policy *policy = policy_of(text);
		struct wg_decisions *d = decide_at(policy, directory, notice, tells[i].submitter, NOW);
		got[0] = '\0';
		for (unsigned k = 0; k < d->count; k++)
			used += (size_t)snprintf(got + used, sizeof got - used, "%s%s/%s %s", k > 0 ? ", " : "",
			                         d->list[k].organisation->id, d->list[k].role, d->list[k].route_source);
		if (strcmp(got, tells[i].want) != 0 || strcmp(d->unreachable, tells[i].unreachable) != 0)
			fail_msg("%s: %s; %s", tells[i].name, got, d->unreachable);
		for (unsigned k = 0; k < d->count; k++)
			assert_int_equal(d->list[k].reason_count,
			                 d->list[0].reason_count); /* all decided under rules of their own */
		wg_decisions_freep(&d);
		wg_policy_freep(&policy);
	}
}

/* Of a child at home the authority of the area is told. */
static void test_tell_at_home(void **state)
{
	(void)state;
	struct wg_policy *policy = policy_of(HEAD ROUTE("police-missing", "host") RULE(
		"a", "share", "police-missing", "categories=\"risk\" tell=\"front-door\"") FRAME "</policy>");
	struct wg_notice *n = notice_of(
		"<notice xmlns=\"urn:wardgate:notice:1\" id=\"01k9tess00examp1e0m1ss1ng1\" kind=\"missing\" version=\"1\">"
		"<header><sender organisation=\"force\"/><received>2026-11-20T22:41:07Z</received></header><episode><risk>HIGH"
		"</risk></episode><child/><authorities><host>860</host></authorities><missing/></notice>");
	struct wg_decisions *d = decide_at(policy, directory, n, "nobody", NOW);
	assert_int_equal(d->count, 2);
	assert_string_equal(d->list[1].organisation->id, "host");
	assert_string_equal(d->list[1].of, "host");
	wg_decisions_freep(&d);
	wg_notice_freep(&n);
	wg_policy_freep(&policy);
}

static int open_all(void **state)
{
	int rc = open_schemas(state);
	if (rc == 0) {
		directory = directory_of(directory_text);
		notice = notice_of(notice_text);
	}
	return rc;
}

static int close_all(void **state)
{
	wg_directory_freep(&directory);
	wg_notice_freep(&notice);
	return close_schemas(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reviews), cmocka_unit_test(test_reader), cmocka_unit_test(test_in_text),
		cmocka_unit_test(test_waits),   cmocka_unit_test(test_tells),  cmocka_unit_test(test_tell_at_home),
	};
	return cmocka_run_group_tests_name("obligations", tests, open_all, close_all);
}
