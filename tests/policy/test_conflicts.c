/* What a reader of a policy would overlook: each finding, and its nearest neighbour that is none. */
#include "policy_test.h"

#define MAIL(name, roles) \
	"<desk name=\"" name "\" roles=\"" roles "\" channel=\"mail\" address=\"a@a.example\" certificate=\"a.pem\"/>"
static const char directory_text[] =
	"<directory xmlns=\"urn:wardgate:directory:1\" version=\"1\">"
	"<organisation id=\"host\" kind=\"council\" code=\"860\"><name>H</name>" MAIL(
		"door", "front-door parent") "</organisation>"
									 "<organisation id=\"force\" kind=\"police\" areas=\"860\"><name>F</name>" MAIL(
										 "missing", "police-missing leader") "</organisation></directory>";

#define SOURCE "<source>S-01</source>"
#define HEAD                                                                                                         \
	"<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\"%s><role name=\"front-door\" at=\"council\"/>" \
	"<role name=\"police-missing\" at=\"police\"/><role name=\"leader\" at=\"council\"/><role name=\"parent\" "      \
	"at=\"family\"/>"
#define ROUTE(kind, role, of, more) \
	"<route kind=\"" kind "\" " more "><to role=\"" role "\" of=\"" of "\"/>" SOURCE "</route>"
#define DOOR ROUTE("missing", "front-door", "host", "")
#define RULE(id, effect, kind, to, more, when)                                                 \
	"<rule id=\"" id "\" effect=\"" effect "\" kind=\"" kind "\" to=\"" to "\" " more ">" when \
	"<basis gdpr=\"6(1)(e) 9(2)(g)\"/>" SOURCE "</rule>"
#define SHARE(id, kind, to, categories) RULE(id, "share", kind, to, "categories=\"" categories "\"", "")
#define FRAME SHARE("frame", "missing", "front-door", "administrative")
#define GIVE SHARE("give", "missing", "front-door", "risk")
#define WHEN "<when>child/sex = 'F'</when>"

static struct wg_directory *directory;

/* found: the words of findings that must be there, and of those that must not. */
static const struct {
	const char *name, *areas, *rules, *found[2], *not_found[2];
} cases[] = {
	{ "nothing", "", DOOR FRAME GIVE, { NULL }, { "test/", "front-door" } },
	/* rules that can never apply */
	{ "no route for the kind",
	  "",
	  DOOR FRAME GIVE SHARE("r", "found", "front-door", "risk"),
	  { "test/r: no route leads to its roles for its kinds" },
	  { "test/give" } },
	{ "no route for the role",
	  "",
	  DOOR FRAME GIVE SHARE("r", "missing", "police-missing", "risk"),
	  { "test/r: no route" },
	  { NULL } },
	{ "no route for the side",
	  "",
	  DOOR FRAME GIVE RULE("r", "share", "missing", "front-door", "of=\"placing\" categories=\"risk\"", ""),
	  { "test/r: no route" },
	  { NULL } },
	{ "one of its kinds is enough",
	  "",
	  DOOR FRAME GIVE SHARE("r", "found missing", "front-door police-missing", "risk"),
	  { NULL },
	  { "test/r" } },
	{ "a route with a condition counts",
	  "",
	  "<route kind=\"missing\"><when>child/sex = 'F'</when><to role=\"front-door\" of=\"host\"/>" SOURCE
	  "</route>" FRAME GIVE,
	  { NULL },
	  { "test/" } },
	{ "a route that is over does not",
	  "",
	  ROUTE("missing", "front-door", "host", "until=\"2026-11-21\"") FRAME GIVE,
	  { "test/frame: no route", "test/give: no route" },
	  { NULL } },
	{ "a route until today does",
	  "",
	  ROUTE("missing", "front-door", "host", "until=\"2026-11-22\"") FRAME GIVE,
	  { NULL },
	  { "test/" } },
	{ "whom a rule tells is a recipient",
	  "",
	  DOOR FRAME GIVE RULE("r", "share", "missing", "front-door", "categories=\"risk\" tell=\"leader\"", "")
	      SHARE("l", "missing", "leader", "risk"),
	  { NULL },
	  { "test/l" } },
	{ "not when that rule is over",
	  "",
	  DOOR FRAME GIVE RULE("r", "share", "missing", "front-door",
	                       "categories=\"risk\" tell=\"leader\" until=\"2026-01-01\"", "")
	      SHARE("l", "missing", "leader", "risk"),
	  { "test/l: no route", "test/r: its time is over" },
	  { NULL } },
	{ "those who were told are recipients",
	  "",
	  DOOR FRAME GIVE ROUTE("found", "*", "told", "") SHARE("r", "found", "front-door", "risk"),
	  { NULL },
	  { "test/r" } },
	{ "only those who can have been told",
	  "",
	  DOOR FRAME GIVE ROUTE("found", "*", "told", "") SHARE("r", "found", "police-missing", "risk"),
	  { "test/r: no route" },
	  { NULL } },
	{ "one role of those who were told",
	  "",
	  DOOR FRAME GIVE ROUTE("missing", "police-missing", "host", "") ROUTE("found", "front-door", "told", "")
	      SHARE("p", "missing", "police-missing", "risk") SHARE("r", "found", "police-missing", "risk"),
	  { "test/r: no route" },
	  { "test/p" } },
	{ "everything is withheld",
	  "",
	  DOOR FRAME GIVE RULE("w", "withhold", "*", "*", "categories=\"risk\"", ""),
	  { "test/give: everything that it gives is withheld" },
	  { "test/w" } },
	{ "withheld on a condition",
	  "",
	  DOOR FRAME GIVE RULE("w", "withhold", "*", "*", "categories=\"risk\"", WHEN),
	  { NULL },
	  { "test/give" } },
	{ "withheld unless agreed",
	  "",
	  DOOR FRAME GIVE RULE("w", "withhold", "*", "*", "categories=\"risk\" unless=\"consent\"", ""),
	  { NULL },
	  { "test/give" } },
	{ "withheld from next year on",
	  "",
	  DOOR FRAME GIVE RULE("w", "withhold", "*", "*", "categories=\"risk\" from=\"2027-01-01\"", ""),
	  { NULL },
	  { "test/give" } },
	{ "withheld until tomorrow",
	  "",
	  DOOR FRAME GIVE RULE("w", "withhold", "*", "*", "categories=\"risk\" until=\"2026-11-23\"", ""),
	  { NULL },
	  { "test/give" } },
	{ "withheld from another side",
	  "",
	  DOOR FRAME GIVE RULE("w", "withhold", "*", "*", "categories=\"risk\" of=\"placing\"", ""),
	  { NULL },
	  { "test/give" } },
	{ "withheld of another kind",
	  "",
	  DOOR FRAME GIVE RULE("w", "withhold", "found", "*", "categories=\"risk\"", ""),
	  { NULL },
	  { "test/give" } },
	{ "half of it is withheld",
	  "",
	  DOOR FRAME SHARE("give", "missing", "front-door", "risk identity")
	      RULE("w", "withhold", "*", "*", "categories=\"risk\"", ""),
	  { "risk: nobody may ever see" },
	  { "test/give", "\nidentity: nobody" } },
	{ "a layer of the same areas withholds it",
	  " areas=\"860\"",
	  DOOR FRAME GIVE RULE("w", "withhold", "*", "*", "categories=\"risk\"", ""),
	  { "test/give: everything" },
	  { NULL } },
	{ "its time is over",
	  "",
	  DOOR FRAME GIVE RULE("r", "share", "missing", "front-door", "categories=\"risk\" until=\"2026-11-21\"", ""),
	  { "test/r: its time is over" },
	  { NULL } },
	{ "its last day",
	  "",
	  DOOR FRAME GIVE RULE("r", "share", "missing", "front-door", "categories=\"risk\" until=\"2026-11-22\"", ""),
	  { NULL },
	  { "test/r" } },
	{ "it waits",
	  "",
	  DOOR FRAME GIVE RULE("r", "share", "missing", "front-door", "categories=\"risk\" confirmation=\"required\"", ""),
	  { "test/r: waits for a confirmation" },
	  { NULL } },
	/* categories and roles */
	{ "nobody sees health",
	  "",
	  DOOR FRAME GIVE,
	  { "health: nobody may ever see" },
	  { "risk: nobody", "administrative: nobody" } },
	{ "given nothing",
	  "",
	  DOOR FRAME GIVE ROUTE("missing", "police-missing", "host", "") ROUTE("missing", "parent", "host", ""),
	  { "police-missing, parent: missing may come to this role and give it nothing" },
	  { "front-door: " } },
	{ "given nothing of different kinds",
	  "",
	  DOOR FRAME GIVE ROUTE("found", "front-door", "host", "") ROUTE("missing", "parent", "host", ""),
	  { "front-door: found may come to this role", "parent: missing may come" },
	  { NULL } },
	{ "the frame alone is nothing", "", DOOR FRAME, { "front-door: missing may come" }, { NULL } },
	{ "given nothing of one kind",
	  "",
	  ROUTE("missing found absence", "front-door", "host", "") FRAME GIVE,
	  { "front-door: found, absence may come" },
	  { NULL } },
	/* routes that lead to nobody */
	{ "nobody has the role",
	  "",
	  DOOR FRAME GIVE ROUTE("missing", "leader", "host", "") ROUTE("found", "leader", "host", ""),
	  { "leader: test/route-2, test/route-3 lead to nobody" },
	  { "police-missing: test" } },
	{ "a family's desk is a council's",
	  "",
	  DOOR FRAME GIVE ROUTE("missing", "parent", "host", ""),
	  { NULL },
	  { "parent: test/" } },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		char text[8192];
		struct wg_buf out = WG_BUF(65536);
		unsigned count = 0, lines = 0;
		struct wg_err err = { 0 };
		(void)snprintf(text, sizeof text, HEAD "%s</policy>", cases[i].areas, cases[i].rules);
		struct wg_policy *policy = policy_of(text);
		must(wg_policy_conflicts(policy, directory, schema, NOW, &out, &count, &err), &err);
		for (const char *p = wg_buf_text(&out); *p != '\0'; p++)
			lines += *p == '\n';
		assert_int_equal(lines, count);
		for (size_t k = 0; k < WG_COUNT(cases[i].found) && cases[i].found[k] != NULL; k++)
			if (strstr(wg_buf_text(&out), cases[i].found[k]) == NULL)
				fail_msg("%s: no %s in\n%s", cases[i].name, cases[i].found[k], wg_buf_text(&out));
		for (size_t k = 0; k < WG_COUNT(cases[i].not_found) && cases[i].not_found[k] != NULL; k++)
			if (strstr(wg_buf_text(&out), cases[i].not_found[k]) != NULL)
				fail_msg("%s: %s in\n%s", cases[i].name, cases[i].not_found[k], wg_buf_text(&out));
		wg_buf_free(&out);
		wg_policy_freep(&policy);
	}
}

/* Those of the house, over each other: as many findings as lines, and none that is certainly wrong. */
static void test_shipped(void **state)
{
	(void)state;
	struct wg_policy *policy = NULL;
	struct wg_buf out = WG_BUF(1024 * 1024);
	struct wg_err err = { 0 };
	unsigned count = 0, lines = 0;
	must(wg_policy_load(POLICY_DIR "/midlands.xml", XSD_DIR, schema, &policy, &err), &err);
	must(wg_policy_conflicts(policy, NULL, schema, NOW, &out, &count, &err), &err);
	for (const char *p = wg_buf_text(&out); *p != '\0'; p++)
		lines += *p == '\n';
	assert_int_equal(lines, count);
	assert_non_null(strstr(wg_buf_text(&out), "england/duty-to-disclose: waits for a confirmation"));
	assert_null(strstr(wg_buf_text(&out), "england/frame: "));
	assert_null(strstr(wg_buf_text(&out), "england/find-the-child: "));
	wg_buf_free(&out);
	wg_policy_freep(&policy);
}

static void test_asked_wrongly(void **state)
{
	(void)state;
	static const char *const bad[] = { NULL, "", "today" };
	struct wg_policy *policy = policy_of("<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\"/>");
	unsigned count = 7;
	struct wg_err err = { 0 };
	for (size_t i = 0; i < WG_COUNT(bad); i++) {
		struct wg_buf out = WG_BUF(65536);
		assert_int_equal(wg_policy_conflicts(policy, directory, schema, bad[i], &out, &count, &err), WG_CONFIG);
		wg_buf_free(&out);
	}
	struct wg_buf small = WG_BUF(8);
	assert_int_equal(wg_policy_conflicts(policy, NULL, schema, NOW, &small, &count, &err), WG_LIMIT);
	assert_int_equal(count, 7);
	wg_buf_free(&small);
	struct wg_buf out = WG_BUF(65536);
	must(wg_policy_conflicts(policy, NULL, schema, NOW, &out, &count, &err), &err);
	assert_int_equal(count, wg_category_count()); /* nobody sees anything */
	wg_buf_free(&out);
	wg_policy_freep(&policy);
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
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases), cmocka_unit_test(test_shipped),
		                                cmocka_unit_test(test_asked_wrongly) };
	return cmocka_run_group_tests_name("conflicts", tests, open_all, close_all);
}
