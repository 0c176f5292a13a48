/* Decisions: tables of small policies over one notice, routes over the directory, and what must never happen in
 * silence. */
#include "policy_test.h"

#define HEAD "<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\">"
#define ROLES                                                                                 \
	"<role name=\"front-door\" at=\"council\"/><role name=\"duty\" at=\"council\"/>"          \
	"<role name=\"police-missing\" at=\"police\"/><role name=\"police-desk\" at=\"police\"/>" \
	"<role name=\"school\" at=\"school\"/><role name=\"parent\" at=\"family\"/>"
#define TAIL "</policy>"
#define SOURCE "<source>S-01</source>"
#define BASIS "<basis gdpr=\"6(1)(e) 9(2)(g)\"/>"
#define ROUTE(to) "<route kind=\"missing found\">" to SOURCE "</route>"
#define TO(role, of) "<to role=\"" role "\" of=\"" of "\"/>"
#define SHARE(id, attributes) "<rule id=\"" id "\" effect=\"share\" " attributes ">" BASIS SOURCE "</rule>"
#define WITHHOLD(id, attributes) "<rule id=\"" id "\" effect=\"withhold\" " attributes ">" SOURCE "</rule>"
#define JUDGE(id, attributes, when) "<rule id=\"" id "\" " attributes "><when>" when "</when>" SOURCE "</rule>"
#define ALL "kind=\"*\" to=\"front-door\""
#define FRAME \
	SHARE("frame", "kind=\"*\" to=\"front-door duty police-missing police-desk\" categories=\"administrative\"")

#define DESK(name, roles) \
	"<desk name=\"" name "\" roles=\"" roles "\" channel=\"mail\" address=\"a@a.example\" certificate=\"a.pem\"/>"
static const char directory_text[] =
	"<directory xmlns=\"urn:wardgate:directory:1\" version=\"1\">"
	"<organisation id=\"placer\" kind=\"council\" code=\"830\"><name>Placer</name>" DESK(
		"door",
		"front-door duty") "</organisation>"
						   "<organisation id=\"host\" kind=\"council\" code=\"860\"><name>Host</name>" DESK(
							   "door",
							   "front-door") "</organisation>"
											 "<organisation id=\"placer-police\" kind=\"police\" code=\"E23000018\" "
											 "areas=\"830 831\"><name>P</name>" DESK("missing", "police-missing") DESK(
												 "other",
												 "police-desk") "</organisation>"
																"<organisation id=\"host-police\" kind=\"police\" "
																"code=\"E23000015\" areas=\"860 "
																"861\"><name>H</name>" DESK(
																	"missing",
																	"police-missing") "</organisation></directory>";

/* Present: administrative identity risk health legal-status last-seen circumstances sharing. */
static const char notice_text[] =
	"<notice xmlns=\"urn:wardgate:notice:1\" id=\"01k9tess00examp1e0m1ss1ng1\" kind=\"missing\" version=\"1\">"
	"<header><sender organisation=\"host-police\"/><received>2026-11-20T22:41:07Z</received></header>"
	"<episode><risk>MEDIUM</risk></episode>"
	"<child looked-after=\"true\"><name><full>Robin Specimen</full></name><date-of-birth "
	"said=\"22/11/2010\">2010-11-22</date-of-birth>"
	"<health><conditions>asthma</conditions></health></child>"
	"<authorities><placing>830</placing><host>860</host></authorities>"
	"<missing><last-seen><where>the garden</where></last-seen><circumstances>went out</circumstances></missing>"
	"<sharing><consent to=\"*\" state=\"given\"/><consent to=\"school\" state=\"refused\"/><consent to=\"parent\" "
	"state=\"given\"/>"
	"<consent to=\"parent\" state=\"withdrawn\"/></sharing></notice>";

static struct wg_directory *directory;
static struct wg_notice *notice;

static int open_all(void **state)
{
	if (open_schemas(state) != 0)
		return -1;
	directory = directory_of(directory_text);
	notice = notice_of(notice_text);
	return 0;
}

static int close_all(void **state)
{
	wg_directory_freep(&directory);
	wg_notice_freep(&notice);
	return close_schemas(state);
}

/* What the placing front door gets under the rules of each row. */
static const struct {
	const char *name, *rules, *granted;
	enum wg_verdict verdict;
	const char *verdict_words, *due, *mark;
} rows[] = {
	{ "nothing is granted until a rule grants it", "", "", WG_VERDICT_DENY, "nothing is granted", "", "" },
	{ "the frame alone is no copy", FRAME, "administrative", WG_VERDICT_DENY, "nothing is granted", "", "" },
	{ "no copy without the frame", SHARE("a", ALL " categories=\"risk\""), "risk", WG_VERDICT_DENY,
	  "nothing is granted", "", "" },
	{ "granted", FRAME SHARE("a", ALL " categories=\"risk identity\""), "administrative identity risk", WG_VERDICT_SEND,
	  "", "", "" },
	{ "only what is present", FRAME SHARE("a", ALL " categories=\"risk family equality\""), "administrative risk",
	  WG_VERDICT_SEND, "", "", "" },
	{ "another kind", FRAME SHARE("a", "kind=\"found\" to=\"front-door\" categories=\"risk\""), "administrative",
	  WG_VERDICT_DENY, "", "", "" },
	{ "another role", FRAME SHARE("a", "kind=\"*\" to=\"duty\" categories=\"risk\""), "administrative", WG_VERDICT_DENY,
	  "", "", "" },
	{ "this side", FRAME SHARE("a", ALL " of=\"placing\" categories=\"risk\""), "administrative risk", WG_VERDICT_SEND,
	  "", "", "" },
	{ "the other side", FRAME SHARE("a", ALL " of=\"host\" categories=\"risk\""), "administrative", WG_VERDICT_DENY, "",
	  "", "" },
	{ "excepted", FRAME SHARE("a", "kind=\"*\" to=\"front-door duty\" except=\"front-door\" categories=\"risk\""),
	  "administrative", WG_VERDICT_DENY, "", "", "" },
	{ "withhold beats share before it",
	  FRAME WITHHOLD("w", "kind=\"*\" to=\"*\" categories=\"risk\"") SHARE("a", ALL " categories=\"risk identity\""),
	  "administrative identity", WG_VERDICT_SEND, "", "", "" },
	{ "and after it",
	  FRAME SHARE("a", ALL " categories=\"risk identity\"") WITHHOLD("w", "kind=\"*\" to=\"*\" categories=\"risk\""),
	  "administrative identity", WG_VERDICT_SEND, "", "", "" },
	{ "withhold with a star leaves the frame",
	  FRAME SHARE("a", ALL " categories=\"risk\"") WITHHOLD("w", "kind=\"*\" to=\"*\" categories=\"*\""),
	  "administrative", WG_VERDICT_DENY, "", "", "" },
	{ "withhold except",
	  FRAME SHARE("a", ALL " categories=\"risk\"")
	      WITHHOLD("w", "kind=\"*\" to=\"*\" except=\"front-door\" categories=\"risk\""),
	  "administrative risk", WG_VERDICT_SEND, "", "", "" },
	{ "silent by default",
	  FRAME SHARE("a", ALL " categories=\"identity\"") WITHHOLD("w", "kind=\"*\" to=\"*\" categories=\"health\""),
	  "administrative identity", WG_VERDICT_SEND, "", "", "" },
	{ "marker say",
	  FRAME SHARE("a", ALL " categories=\"identity\"")
	      WITHHOLD("w", "kind=\"*\" to=\"*\" categories=\"health family\" marker=\"say\""),
	  "administrative identity", WG_VERDICT_SEND, "", "", "health" },
	{ "marker none wins",
	  FRAME SHARE("a", ALL " categories=\"identity\"")
	      WITHHOLD("w", "kind=\"*\" to=\"*\" categories=\"health risk\" marker=\"say\"")
	          WITHHOLD("v", "kind=\"*\" to=\"*\" categories=\"health\" marker=\"none\""),
	  "administrative identity", WG_VERDICT_SEND, "", "", "risk" },
	{ "review",
	  FRAME SHARE("a", ALL " categories=\"risk\"")
	      JUDGE("j", "effect=\"review\" kind=\"*\" to=\"*\" due=\"PT4H\"", "true()"),
	  "administrative risk", WG_VERDICT_REVIEW, "test/j (S-01)", "PT4H", "" },
	{ "the sooner review",
	  FRAME SHARE("a", ALL " categories=\"risk\"") JUDGE("i", "effect=\"review\" kind=\"*\" to=\"*\"", "true()")
	      JUDGE("j", "effect=\"review\" kind=\"*\" to=\"*\" due=\"P1D\"", "true()")
	          JUDGE("k", "effect=\"review\" kind=\"*\" to=\"*\" due=\"PT90M\"", "true()")
	              JUDGE("l", "effect=\"review\" kind=\"*\" to=\"*\" due=\"PT2H\"", "true()"),
	  "administrative risk", WG_VERDICT_REVIEW, "test/k", "PT90M", "" },
	{ "review of a category that would go",
	  FRAME SHARE("a", ALL " categories=\"health\"")
	      JUDGE("j", "effect=\"review\" kind=\"*\" to=\"*\" categories=\"health\"", "true()"),
	  "administrative health", WG_VERDICT_REVIEW, "test/j", "", "" },
	{ "review of a category that would not",
	  FRAME SHARE("a", ALL " categories=\"risk\"")
	      JUDGE("j", "effect=\"review\" kind=\"*\" to=\"*\" categories=\"health\"", "true()"),
	  "administrative risk", WG_VERDICT_SEND, "", "", "" },
	{ "deny beats review",
	  FRAME SHARE("a", ALL " categories=\"risk\"")
	      JUDGE("j", "effect=\"review\" kind=\"*\" to=\"*\" due=\"PT1H\"", "true()")
	          JUDGE("k", "effect=\"deny\" kind=\"*\" to=\"*\"", "true()"),
	  "administrative risk", WG_VERDICT_DENY, "test/k (S-01)", "", "" },
	{ "nothing granted beats review", JUDGE("j", "effect=\"review\" kind=\"*\" to=\"*\"", "true()"), "",
	  WG_VERDICT_DENY, "nothing is granted", "", "" },
	{ "a deny is named even where nothing is granted", JUDGE("k", "effect=\"deny\" kind=\"*\" to=\"*\"", "true()"), "",
	  WG_VERDICT_DENY, "test/k (S-01)", "", "" },
	{ "a condition that is false",
	  FRAME SHARE("a", ALL " categories=\"risk\"") JUDGE("k", "effect=\"deny\" kind=\"*\" to=\"*\"", "@kind = 'found'"),
	  "administrative risk", WG_VERDICT_SEND, "", "", "" },
	{ "from tomorrow", FRAME SHARE("a", ALL " categories=\"risk\" from=\"2026-11-23\""), "administrative",
	  WG_VERDICT_DENY, "", "", "" },
	{ "from today", FRAME SHARE("a", ALL " categories=\"risk\" from=\"2026-11-22\""), "administrative risk",
	  WG_VERDICT_SEND, "", "", "" },
	{ "until today", FRAME SHARE("a", ALL " categories=\"risk\" until=\"2026-11-22\""), "administrative risk",
	  WG_VERDICT_SEND, "", "", "" },
	{ "until yesterday", FRAME SHARE("a", ALL " categories=\"risk\" until=\"2026-11-21\""), "administrative",
	  WG_VERDICT_DENY, "", "", "" },
	{ "unconfirmed", FRAME SHARE("a", ALL " categories=\"risk\" confirmation=\"required\""), "administrative",
	  WG_VERDICT_DENY, "", "", "" },
};

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		char text[8192];
		assert_true(snprintf(text, sizeof text, HEAD ROLES ROUTE(TO("front-door", "placing")) "%s" TAIL,
		                     rows[i].rules) < (int)sizeof text);
		struct wg_policy *policy = policy_of(text);
		struct wg_decisions *d = decide(policy, directory, notice);
		if (d->count != 1 || d->list[0].verdict != rows[i].verdict ||
		    strstr(d->list[0].verdict_rule, rows[i].verdict_words) == NULL || strcmp(d->list[0].due, rows[i].due) != 0)
			fail_msg("%s: verdict %d by %s due %s", rows[i].name, (int)d->list[0].verdict, d->list[0].verdict_rule,
			         d->list[0].due);
		wg_categories want = WG_CATEGORIES_NONE;
		struct wg_err err = { 0 };
		must(wg_categories_parse(rows[i].granted, &want, &err), &err);
		char got[WG_CATEGORIES_TEXT];
		if (d->list[0].granted != want)
			fail_msg("%s: granted %s", rows[i].name, wg_categories_format(d->list[0].granted, got, sizeof got));
		assert_set(d->list[0].mark, rows[i].mark);
		assert_int_equal(d->list[0].granted & d->list[0].withheld, 0);
		assert_int_equal(d->list[0].granted | d->list[0].withheld, wg_notice_categories(notice));
		assert_string_equal(d->unreachable, "");
		wg_decisions_freep(&d);
		wg_policy_freep(&policy);
	}
}

/* Each condition opens "risk"; whether it is true of the notice. */
static const struct {
	const char *when;
	bool is;
} conditions[] = {
	{ "child/@looked-after = 'true'", true },
	{ "child/@looked-after = 'false'", false },
	{ "authorities/placing != authorities/host", true },
	{ "age() = 16", true }, /* sixteen today */
	{ "age() &gt; 15 and age() &lt; 17", true },
	{ "age() &gt;= 18", false },
	{ "consent('police-missing') = 'given'", true }, /* by the entry for everybody */
	{ "consent('school') = 'refused'", true },       /* its own entry counts first */
	{ "consent('parent') = 'withdrawn'", true },     /* of two, the stricter */
	{ "consent('school') = 'given'", false },
	{ "consent('*') = 'given'", true },
	{ "$self = 'staffordshire'", true },
	{ "$submitter = 'staffordshire-police'", true },
	{ "$submitter = $self", false },
	{ "$yes", true },
	{ "$no", false },
	{ "$yes-again and not($no)", true },
	{ "$child", false }, /* an element of that name is not a variable of it */
	{ "episode/risk = 'HIGH' or episode/risk = 'MEDIUM'", true },
};

static void test_conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(conditions); i++) {
		char text[8192];
		(void)snprintf(text, sizeof text,
		               HEAD ROLES "<define name=\"yes\"><when>child/name/full</when>" SOURCE "</define>"
		                          "<define name=\"no\"><when>not($yes)</when>" SOURCE "</define>"
		                          "<define name=\"yes-again\"><when>$yes</when>" SOURCE "</define>"
		                          "<define name=\"child\"><when>false()</when>" SOURCE
		                          "</define>" ROUTE(TO("front-door", "placing")) FRAME
		               "<rule id=\"a\" effect=\"share\" " ALL " categories=\"risk\"><when>%s</when>" BASIS SOURCE
		               "</rule>" TAIL,
		               conditions[i].when);
		struct wg_policy *policy = policy_of(text);
		struct wg_decisions *d = decide(policy, directory, notice);
		if ((d->list[0].verdict == WG_VERDICT_SEND) != conditions[i].is)
			fail_msg("%s", conditions[i].when);
		wg_decisions_freep(&d);
		wg_policy_freep(&policy);
	}
}

/* The age at an instant, in London: the birthday begins at midnight there. */
static void test_age(void **state)
{
	(void)state;
	static const struct {
		const char *born, *now, *age;
	} ages[] = {
		{ "2010-11-22", "2026-11-21T23:59:59Z", "15" },      { "2010-11-22", "2026-11-22T00:00:00Z", "16" },
		{ "2010-07-01", "2026-06-30T22:59:59Z", "15" },      { "2010-07-01", "2026-06-30T23:00:00Z", "16" },
		{ "2010-07-01", "2026-07-01T00:30:00+02:00", "15" }, { "2008-02-29", "2026-02-28T12:00:00Z", "17" },
		{ "2008-02-29", "2026-03-01T12:00:00Z", "18" },      { "2026-11-22", "2026-11-22T12:00:00Z", "0" },
		{ "2026-11-23", "2026-11-22T12:00:00Z", "" },        { "", "2026-11-22T12:00:00Z", "" }, /* said, not read */
	};
	for (size_t i = 0; i < WG_COUNT(ages); i++) {
		char text[4096];
		(void)snprintf(text, sizeof text,
		               HEAD ROLES ROUTE(TO("front-door", "placing")) FRAME
		               "<rule id=\"a\" effect=\"share\" " ALL
		               " categories=\"risk\"><when>age() = '%s' and string-length(age()) = %zu</when>" BASIS SOURCE
		               "</rule>" TAIL,
		               ages[i].age, strlen(ages[i].age));
		struct wg_policy *policy = policy_of(text);
		struct wg_notice *n = notice_of(notice_text);
		set(n, "child/date-of-birth", ages[i].born);
		struct wg_decisions *d = decide_at(policy, directory, n, NULL, ages[i].now);
		if (d->list[0].verdict != WG_VERDICT_SEND)
			fail_msg("born %s, at %s: not %s", ages[i].born, ages[i].now, ages[i].age);
		wg_decisions_freep(&d);
		wg_notice_freep(&n);
		wg_policy_freep(&policy);
	}
}

static void test_needs_the_time(void **state)
{
	(void)state;
	static const char *const bad[] = { NULL, "", "2026-11-22", "now", "2026-11-22T12:00:00" };
	struct wg_policy *policy = policy_of(HEAD ROLES ROUTE(TO("front-door", "placing")) TAIL);
	for (size_t i = 0; i < WG_COUNT(bad); i++) {
		struct wg_decisions *d = NULL;
		struct wg_err err = { 0 };
		struct wg_facts facts = { .now = bad[i] };
		assert_int_equal(wg_decide(policy, directory, notice, &facts, &d, &err), WG_CONFIG);
		assert_null(d);
	}
	wg_policy_freep(&policy);
}

/* Layers need no files here: the order of rules is what layers give. Whom the first route names decides the role. */
static void test_reasons(void **state)
{
	(void)state;
	struct wg_policy *policy =
		policy_of(HEAD ROLES ROUTE(TO("front-door", "placing")) FRAME SHARE("first", ALL " categories=\"risk\"")
	                  SHARE("second", ALL " categories=\"risk identity health\"")
	                      WITHHOLD("closed", "kind=\"*\" to=\"*\" categories=\"health\"") TAIL);
	struct wg_decisions *d = decide(policy, directory, notice);
	const struct wg_decision *one = &d->list[0];
	assert_string_equal(one->route_source, "S-01");
	assert_string_equal(reason_for(one, "risk")->rule, "test/first");
	assert_string_equal(reason_for(one, "risk")->basis, "UK GDPR 6(1)(e), 9(2)(g)");
	assert_string_equal(reason_for(one, "identity")->rule, "test/second");
	assert_int_equal(reason_for(one, "health")->effect, WG_WITHHOLD);
	assert_string_equal(reason_for(one, "health")->rule, "test/closed");
	assert_int_equal(reason_for(one, "circumstances")->effect, WG_WITHHOLD);
	assert_null(reason_for(one, "circumstances")->rule);
	assert_null(find_reason(one, "family")); /* not there, so nothing is said of it */
	unsigned present = 0;
	for (unsigned c = 0; c < wg_category_count(); c++)
		present += (wg_notice_categories(notice) >> c & 1) != 0;
	assert_int_equal(one->reason_count, present);
	wg_decisions_freep(&d);
	wg_policy_freep(&policy);
}

/* Who is a recipient: "organisation/desk role of" of each, in order. */
static const struct {
	const char *name, *routes, *submitter, *want, *unreachable;
} routes[] = {
	{ "nobody", "", NULL, "", "nobody (no route" },
	{ "both front doors", ROUTE(TO("front-door", "placing") TO("front-door", "host")), NULL,
	  "placer/door front-door placing, host/door front-door host", NULL },
	{ "the police of each side", ROUTE(TO("police-missing", "placing") TO("police-missing", "host")), NULL,
	  "placer-police/missing police-missing placing, host-police/missing police-missing host", NULL },
	{ "not to the sender", ROUTE(TO("front-door", "placing") TO("police-missing", "host")), "host-police",
	  "placer/door front-door placing", NULL },
	{ "even to the sender", "<route kind=\"*\" even-to-sender=\"true\">" TO("police-missing", "host") SOURCE "</route>",
	  "host-police", "host-police/missing police-missing host", NULL },
	{ "back to the sender, by the role of its kind",
	  ROUTE(TO("front-door", "sender") TO("police-missing", "sender") TO("school", "sender")), "host-police",
	  "host-police/missing police-missing sender", NULL },
	{ "back to a sender without a desk", ROUTE(TO("duty", "sender")), "host", "", "duty of host (no desk" },
	{ "back to nobody", ROUTE(TO("front-door", "sender")), NULL, "", "sender (not in the directory" },
	{ "nobody but the sender", ROUTE(TO("police-missing", "host")), "host-police", "", "nobody (no route" },
	{ "one desk by two roles", ROUTE(TO("duty", "placing") TO("front-door", "placing")) ROUTE(TO("duty", "placing")),
	  NULL, "placer/door duty placing +front-door of placing", NULL },
	{ "a role that no desk has", ROUTE(TO("duty", "host") TO("front-door", "host")), NULL, "host/door front-door host",
	  "duty of host (no desk" },
	{ "another kind", "<route kind=\"found\">" TO("front-door", "host") SOURCE "</route>", NULL, "",
	  "nobody (no route" },
	{ "a condition",
	  "<route kind=\"*\"><when>child/@looked-after = 'false'</when>" TO("front-door", "host") SOURCE
	  "</route>" ROUTE(TO("front-door", "placing")),
	  NULL, "placer/door front-door placing", NULL },
	{ "not yet",
	  "<route kind=\"*\" from=\"2026-11-23\">" TO("front-door", "host") SOURCE
	  "</route>" ROUTE(TO("front-door", "placing")),
	  NULL, "placer/door front-door placing", NULL },
};

static void describe(const struct wg_decisions *d, char *out, size_t size)
{
	size_t used = 0;
	out[0] = '\0';
	for (unsigned i = 0; i < d->count && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s/%s %s %s%s%s", i > 0 ? ", " : "",
		                         d->list[i].organisation->id, d->list[i].desk->name, d->list[i].role, d->list[i].of,
		                         d->list[i].also[0] != '\0' ? " +" : "", d->list[i].also);
}

static void test_routes(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(routes); i++) {
		char text[4096], got[1024];
		(void)snprintf(text, sizeof text, HEAD ROLES "%s" FRAME TAIL, routes[i].routes);
		struct wg_policy *policy = policy_of(text);
		struct wg_decisions *d = decide_at(policy, directory, notice, routes[i].submitter, NOW);
		describe(d, got, sizeof got);
		if (strcmp(got, routes[i].want) != 0)
			fail_msg("%s: %s", routes[i].name, got);
		if (routes[i].unreachable == NULL ? d->unreachable[0] != '\0'
		                                  : strstr(d->unreachable, routes[i].unreachable) == NULL)
			fail_msg("%s: unreachable: %s", routes[i].name, d->unreachable);
		wg_decisions_freep(&d);
		wg_policy_freep(&policy);
	}
}

static void test_unreachable(void **state)
{
	(void)state;
	struct wg_policy *policy = policy_of(HEAD ROLES ROUTE(TO("front-door", "placing") TO("police-missing", "placing")
	                                                          TO("front-door", "host")) FRAME TAIL);
	struct wg_notice *n = notice_of(notice_text);
	set(n, "authorities/placing", "999");
	struct wg_decisions *d = decide(policy, directory, n);
	assert_int_equal(d->count, 1);
	assert_string_equal(
		d->unreachable,
		"front-door of 999 (not in the directory); police-missing of 999 (no police force in the directory covers it)");
	wg_decisions_freep(&d);
	wg_notice_freep(&n);

	/* No authority named at all. */
	n = notice_of(
		"<notice xmlns=\"urn:wardgate:notice:1\" id=\"01k9tess00examp1e0m1ss1ng1\" kind=\"missing\" version=\"1\">"
		"<header><sender organisation=\"host-police\"/><received>2026-11-20T22:41:07Z</received></header>"
		"<child><name><full>Robin Specimen</full></name></child><authorities/><missing/></notice>");
	d = decide(policy, directory, n);
	assert_int_equal(d->count, 0);
	assert_non_null(strstr(d->unreachable, "front-door of placing (the notice names no such authority)"));
	assert_non_null(strstr(d->unreachable, "front-door of host (the notice names no such authority)"));
	wg_decisions_freep(&d);
	wg_notice_freep(&n);

	/* A suspended desk is not written to, and not forgotten. */
	struct wg_directory *closed =
		directory_of("<directory xmlns=\"urn:wardgate:directory:1\" version=\"1\">"
	                 "<organisation id=\"host\" kind=\"council\" code=\"860\"><name>Host</name><desk name=\"door\" "
	                 "roles=\"front-door\" channel=\"mail\" "
	                 "address=\"a@a.example\" certificate=\"a.pem\" suspended=\"true\"/></organisation></directory>");
	d = decide(policy, closed, notice);
	assert_int_equal(d->count, 0);
	assert_non_null(strstr(d->unreachable, "front-door of host (its desk is suspended)"));
	wg_decisions_freep(&d);
	wg_directory_freep(&closed);
	wg_policy_freep(&policy);
}

/* More people out of reach than there is room to name: the list says that it is cut. */
static void test_unreachable_is_cut_aloud(void **state)
{
	(void)state;
	char text[16384];
	size_t n = (size_t)snprintf(text, sizeof text, HEAD);
	for (int i = 0; i < 30; i++)
		n += (size_t)snprintf(text + n, sizeof text - n,
		                      "<role name=\"a-role-with-quite-a-long-name-%d\" at=\"council\"/>", i);
	n += (size_t)snprintf(text + n, sizeof text - n, "<route kind=\"*\">");
	for (int i = 0; i < 30; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "<to role=\"a-role-with-quite-a-long-name-%d\" of=\"host\"/>",
		                      i);
	(void)snprintf(text + n, sizeof text - n, SOURCE "</route>" TAIL);
	struct wg_policy *policy = policy_of(text);
	struct wg_decisions *d = decide(policy, directory, notice);
	assert_true(strlen(d->unreachable) < sizeof d->unreachable);
	assert_string_equal(d->unreachable + strlen(d->unreachable) - 5, "; ...");
	wg_decisions_freep(&d);
	wg_policy_freep(&policy);
}

/* A copy goes to desks of the organisation it is for and nowhere else, so two gateways cannot send it round. */
static void test_copies(void **state)
{
	(void)state;
	static const struct {
		const char *organisation, *desk, *want, *unreachable;
	} copies[] = {
		{ "placer", "door", "placer/door front-door placing", "" },
		{ "host", "door", "host/door front-door host", "" },
		{ "placer-police", "missing", "placer-police/missing police-missing placing", "" },
		{ "host-police", "missing", "", "host-police/missing (a copy for it" }, /* no route leads there */
		{ "leicester", "door", "", "leicester/door (a copy for it" },
	};
	struct wg_policy *policy = policy_of(HEAD ROLES ROUTE(TO("front-door", "placing") TO("front-door", "host") TO(
		"police-missing", "placing") TO("duty", "host")) FRAME TAIL);
	for (size_t i = 0; i < WG_COUNT(copies); i++) {
		char got[512];
		struct wg_notice *n = notice_of(notice_text);
		set(n, "header/copy-for/@organisation", copies[i].organisation);
		set(n, "header/copy-for/@desk", copies[i].desk);
		struct wg_decisions *d = decide(policy, directory, n);
		describe(d, got, sizeof got);
		assert_string_equal(got, copies[i].want);
		if (copies[i].unreachable[0] != '\0')
			assert_non_null(strstr(d->unreachable, copies[i].unreachable));
		wg_decisions_freep(&d);
		wg_notice_freep(&n);
	}
	wg_policy_freep(&policy);
}

/* A form that went back has arrived with its owner: it is not sent back once more. */
static void test_copy_goes_no_further_back(void **state)
{
	(void)state;
	struct wg_policy *policy = policy_of(HEAD ROLES ROUTE(TO("front-door", "sender")) FRAME TAIL);
	struct wg_notice *n = notice_of(notice_text);
	char got[512];
	set(n, "header/copy-for/@organisation", "host");
	set(n, "header/copy-for/@desk", "door");
	struct wg_decisions *d = decide_at(policy, directory, n, "placer", NOW);
	describe(d, got, sizeof got);
	assert_string_equal(got, "host/door front-door sender");
	wg_decisions_freep(&d);
	wg_notice_freep(&n);
	wg_policy_freep(&policy);
}

/* Whom the original could not reach was told to a person there; its copies do not say it again at every gateway. */
static void test_copy_is_silent_about_others(void **state)
{
	(void)state;
	struct wg_policy *policy =
		policy_of(HEAD ROLES ROUTE(TO("front-door", "placing") TO("front-door", "host")) FRAME TAIL);
	struct wg_notice *n = notice_of(notice_text);
	set(n, "authorities/placing", "999");
	set(n, "header/copy-for/@organisation", "host");
	set(n, "header/copy-for/@desk", "door");
	struct wg_decisions *d = decide(policy, directory, n);
	assert_int_equal(d->count, 1);
	assert_string_equal(d->unreachable, "");
	wg_decisions_freep(&d);
	wg_notice_freep(&n);
	wg_policy_freep(&policy);
}

/* What takes too many steps is no answer: nobody gets anything, and the words say where it stands. */
#define COSTLY "//*[count(//*[count(//*[count(//*) > 1]) > 1]) > 1]"
#define COSTLY_RULE(id, effect, to, more)                                                                              \
	"<rule id=\"" id "\" effect=\"" effect "\" kind=\"*\" to=\"" to "\" " more "><when>" COSTLY "</when>" BASIS SOURCE \
	"</rule>"

static void test_costly(void **state)
{
	(void)state;
	static const struct {
		const char *inside, *words;
	} cases[] = {
		{ ROUTE(TO("front-door", "host")) COSTLY_RULE("r", "share", "front-door", "categories=\"risk\""),
		  "rule test/r: " },
		{ ROUTE(TO("front-door", "host")) COSTLY_RULE("r", "review", "front-door", ""), "rule test/r: " },
		{ "<route kind=\"*\"><when>" COSTLY "</when>" TO("front-door", "host") SOURCE "</route>", "route of S-01: " },
		{ "<define name=\"d\"><when>" COSTLY "</when>" SOURCE "</define>" ROUTE(TO("front-door", "host"))
		      SHARE("r", ALL
		            " categories=\"risk\"") "<rule id=\"s\" effect=\"deny\" kind=\"*\" to=\"*\"><when>$d</when>" SOURCE
		                                    "</rule>",
		  "rule test/s: $d: " },
		{ "<define name=\"d\"><when>" COSTLY "</when>" SOURCE "</define>" ROUTE(
			  TO("front-door", "host")) "<rule id=\"s\" effect=\"deny\" kind=\"*\" to=\"*\"><when>$d or " COSTLY
		                                "</when>" SOURCE "</rule>",
		  "rule test/s: $d: " },
		{ ROUTE(TO("police-missing", "host")) "<rule id=\"t\" effect=\"share\" kind=\"*\" to=\"police-missing\" "
		                                      "categories=\"risk\" tell=\"front-door\">" BASIS SOURCE "</rule>"
		                                      "<rule id=\"u\" effect=\"withhold\" kind=\"*\" to=\"police-missing\" "
		                                      "categories=\"health\" tell=\"duty\">" SOURCE
		                                      "</rule>" COSTLY_RULE("r", "share", "front-door", "categories=\"risk\""),
		  "rule test/r: " },
	};
	struct wg_notice *big = notice_file(WG_SOURCE_DIR "/tests/corpora/notice/missing-example.xml");
	struct wg_directory *two = directory_of(
		"<directory xmlns=\"urn:wardgate:directory:1\" version=\"1\"><organisation id=\"placer\" "
		"kind=\"council\" code=\"830\"><name>P</name><desk name=\"door\" roles=\"front-door\" channel=\"mail\" "
		"address=\"a@a.example\" certificate=\"a.pem\"/><desk name=\"duty\" roles=\"duty\" channel=\"mail\" "
		"address=\"a@a.example\" certificate=\"a.pem\"/></organisation><organisation id=\"host\" kind=\"council\" "
		"code=\"860\"><name>H</name><desk name=\"door\" roles=\"front-door\" channel=\"mail\" "
		"address=\"a@a.example\" certificate=\"a.pem\"/></organisation><organisation id=\"force\" kind=\"police\" "
		"areas=\"830 860\"><name>F</name><desk name=\"missing\" roles=\"police-missing\" channel=\"mail\" "
		"address=\"a@a.example\" certificate=\"a.pem\"/></organisation></directory>");
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		char text[8192];
		struct wg_decisions *d = NULL;
		struct wg_err err = { 0 };
		struct wg_facts facts = { .now = NOW };
		(void)snprintf(text, sizeof text, HEAD ROLES "%s" TAIL, cases[i].inside);
		struct wg_policy *policy = policy_of(text);
		assert_int_equal(wg_decide(policy, two, big, &facts, &d, &err), WG_LIMIT);
		assert_null(d);
		if (strncmp(err.text, cases[i].words, strlen(cases[i].words)) != 0 ||
		    strstr(err.text, "too many steps") == NULL)
			fail_msg("row %zu: %s", i, err.text);
		wg_policy_freep(&policy);
	}
	wg_directory_freep(&two);
	wg_notice_freep(&big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_needs_the_time),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_unreachable_is_cut_aloud),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_costly),
		cmocka_unit_test(test_copy_is_silent_about_others),
		cmocka_unit_test(test_copy_goes_no_further_back),
	};
	return cmocka_run_group_tests_name("decide", tests, open_all, close_all);
}
