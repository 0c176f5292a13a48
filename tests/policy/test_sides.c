/* Who stands on each side of a route: areas, named organisations, national bodies, those who were told before; what a
 * copy and the sender change of it; and what is said of those who cannot be reached. */
#include "policy_test.h"

#define MAIL(name, roles) \
	"<desk name=\"" name "\" roles=\"" roles "\" channel=\"mail\" address=\"a@a.example\" certificate=\"a.pem\"/>"
#define ORGANISATION(id, kind, more, inside) \
	"<organisation id=\"" id "\" kind=\"" kind "\" " more "><name>" id " (example)</name>" inside "</organisation>"

static const char directory_text[] = "<directory xmlns=\"urn:wardgate:directory:1\" version=\"1\">" ORGANISATION(
	"placer", "council", "code=\"830\"",
	MAIL("door", "front-door") MAIL("worker", "social-worker")
		MAIL("family", "parent")) ORGANISATION("host", "council", "code=\"860\"", MAIL("door", "front-door"))
	ORGANISATION("placer-police", "police", "areas=\"830\"", MAIL("missing", "police-missing")) ORGANISATION(
		"host-police", "police", "areas=\"860 861\"",
		MAIL("missing", "police-missing")) ORGANISATION("trust", "health", "areas=\"860 830\"",
                                                        MAIL("safeguarding",
                                                             "health")) ORGANISATION("board", "health", "areas=\"860\"",
                                                                                     MAIL("nurse", "nurse")
                                                                                         MAIL("safeguarding", "health"))
		ORGANISATION("visits", "provider", "areas=\"860\"", MAIL("talk", "interviews")) ORGANISATION(
			"lane",
			"home",
			"code=\"SC1234\"", "<alias>Example  Lane House</alias>" MAIL("office", "home"))
			ORGANISATION("hill", "home", "code=\"SC5678\"", "<alias>Sample Hill</alias>") ORGANISATION(
				"closed", "home", "code=\"SC9999\"",
				"<desk name=\"office\" roles=\"home\" channel=\"mail\" address=\"a@a.example\" certificate=\"a.pem\" "
				"suspended=\"true\"/>") ORGANISATION("bureau", "national", "", MAIL("desk", "bureau"))
				ORGANISATION("agency", "national", "", MAIL("desk", "bureau referrals")) "</directory>";

#define ROLES                                                                                                 \
	"<role name=\"front-door\" at=\"council\"/><role name=\"social-worker\" at=\"council\"/>"                 \
	"<role name=\"police-missing\" at=\"police\"/><role name=\"health\" at=\"health\"/><role name=\"nurse\" " \
	"at=\"health\"/><role name=\"interviews\" at=\"provider\"/><role name=\"home\" at=\"home\" "              \
	"named=\"child/placement/ofsted-urn | child/placement/provider\"/><role name=\"parent\" at=\"family\"/>"  \
	"<role name=\"bureau\" at=\"national\"/><role name=\"referrals\" at=\"national\"/><role name=\"nobody\" " \
	"at=\"national\"/>"
#define TO(role, of) "<to role=\"" role "\" of=\"" of "\"/>"
#define ROUTE(to) "<route kind=\"*\">" to "<source>S-01</source></route>"
#define EVEN(to) "<route kind=\"*\" even-to-sender=\"true\">" to "<source>S-01</source></route>"
#define POLICY "<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\">" ROLES "%s</policy>"

static const char notice_text[] =
	"<notice xmlns=\"urn:wardgate:notice:1\" id=\"01k9tess00examp1e0m1ss1ng1\" kind=\"missing\" version=\"1\">"
	"<header><sender organisation=\"x\"/><received>2026-11-20T22:41:07Z</received></header>"
	"<child><name><full>Robin Specimen</full></name></child>"
	"<authorities><placing>830</placing><host>860</host></authorities><missing/></notice>";

static struct wg_directory *directory;

/* Told before, in this order; the last three are no longer there, suspended, of another organisation. */
static const struct wg_told told[] = {
	{ "host", "door", "front-door", "host" },
	{ "placer", "door", "front-door", "placing" },
	{ "placer", "worker", "social-worker", "a side of long ago" },
	{ "placer", "family", "parent", "" }, /* recorded before sides were */
	{ "lane", "office", "home", "named" },
	{ "trust", "safeguarding", "former-role", "host" },
	{ "host", "gone", "front-door", "host" },
	{ "closed", "office", "home", "named" },
	{ "dissolved", "door", "front-door", "host" },
};

static const struct {
	const char *name, *routes, *submitter, *copy_for, *provider, *urn, *want, *unreachable;
} rows[] = {
	/* areas */
	{ "family is the desk of the authority", ROUTE(TO("parent", "placing")), NULL, NULL, NULL, NULL,
	  "placer/family parent placing", "" },
	{ "a family desk that is not there", ROUTE(TO("parent", "host")), NULL, NULL, NULL, NULL, "",
	  "parent of host (no desk there has that role)" },
	{ "all health organisations that cover it", ROUTE(TO("health", "host")), NULL, NULL, NULL, NULL,
	  "trust/safeguarding health host, board/safeguarding health host", "" },
	{ "those of them that have the role", ROUTE(TO("nurse", "host")), NULL, NULL, NULL, NULL, "board/nurse nurse host",
	  "" },
	{ "one that covers and has no such desk", ROUTE(TO("nurse", "placing")), NULL, NULL, NULL, NULL, "",
	  "nurse of trust (no desk there has that role)" },
	{ "said once", ROUTE(TO("interviews", "placing")) ROUTE(TO("interviews", "placing")), NULL, NULL, NULL, NULL, "",
	  "interviews of 830 (no provider in the directory covers it)" },
	{ "a provider", ROUTE(TO("interviews", "host")), NULL, NULL, NULL, NULL, "visits/talk interviews host", "" },
	{ "no provider", ROUTE(TO("interviews", "placing")), NULL, NULL, NULL, NULL, "",
	  "interviews of 830 (no provider in the directory covers it)" },
	{ "not to the sender, to the other", ROUTE(TO("health", "host")), "trust", NULL, NULL, NULL,
	  "board/safeguarding health host", "" },
	{ "even to the sender", EVEN(TO("health", "host")), "trust", NULL, NULL, NULL,
	  "trust/safeguarding health host, board/safeguarding health host", "" },
	/* named */
	{ "nothing named", ROUTE(TO("home", "named")), NULL, NULL, NULL, NULL, "", "nobody (no route" },
	{ "blanks name nothing", ROUTE(TO("home", "named")), NULL, NULL, " ", NULL, "", "nobody (no route" },
	{ "by its name", ROUTE(TO("home", "named")), NULL, NULL, "LANE (Example)", NULL, "lane/office home named", "" },
	{ "by an alias", ROUTE(TO("home", "named")), NULL, NULL, "  example lane   HOUSE ", NULL, "lane/office home named",
	  "" },
	{ "by its code", ROUTE(TO("home", "named")), NULL, NULL, NULL, "sc1234", "lane/office home named", "" },
	{ "the first place that names one counts", ROUTE(TO("home", "named")), NULL, NULL, "Example Lane House", "SC5678",
	  "", "home of hill (no desk there has that role)" },
	{ "a place that names nobody is passed over", ROUTE(TO("home", "named")), NULL, NULL, "Example Lane House",
	  "SC0000", "lane/office home named", "" },
	{ "unknown, and not repeated", ROUTE(TO("home", "named")), NULL, NULL, "Nowhere Villa", NULL, "",
	  "home (the notice names one that is not in the directory)" },
	{ "part of a name is none", ROUTE(TO("home", "named")), NULL, NULL, "Example Lane", NULL, "",
	  "home (the notice names one that is not in the directory)" },
	{ "an organisation of another kind", ROUTE(TO("home", "named")), NULL, NULL, "trust (example)", NULL, "",
	  "home (the notice names one that is not in the directory)" },
	{ "suspended", ROUTE(TO("home", "named")), NULL, NULL, NULL, "SC9999", "",
	  "home of closed (its desk is suspended)" },
	{ "not back to the home that sent it", ROUTE(TO("home", "named")), "lane", NULL, "Example Lane House", NULL, "",
	  "nobody (no route" },
	{ "a copy for it", ROUTE(TO("home", "named") TO("front-door", "host")), NULL, "lane", "Example Lane House", NULL,
	  "lane/office home named", "" },
	{ "a copy for another", ROUTE(TO("home", "named") TO("front-door", "host")), NULL, "host", "Example Lane House",
	  NULL, "host/door front-door host", "" },
	{ "a copy is silent of unknown ones", ROUTE(TO("home", "named") TO("front-door", "host")), NULL, "host",
	  "Nowhere Villa", NULL, "host/door front-door host", "" },
	/* national */
	{ "all national bodies with the role", ROUTE(TO("bureau", "national")), NULL, NULL, NULL, NULL,
	  "bureau/desk bureau national, agency/desk bureau national", "" },
	{ "one of them", ROUTE(TO("referrals", "national")), NULL, NULL, NULL, NULL, "agency/desk referrals national", "" },
	{ "none of them", ROUTE(TO("nobody", "national")), NULL, NULL, NULL, NULL, "",
	  "nobody (no national body in the directory has that role)" },
	{ "not to the sender among them", ROUTE(TO("bureau", "national")), "bureau", NULL, NULL, NULL,
	  "agency/desk bureau national", "" },
	{ "back to a national sender", ROUTE(TO("bureau", "sender")), "agency", NULL, NULL, NULL,
	  "agency/desk bureau sender", "" },
	/* told */
	{ "those with the role", ROUTE(TO("social-worker", "told")), NULL, NULL, NULL, NULL,
	  "placer/worker social-worker a side of long ago", "" },
	{ "all", ROUTE(TO("*", "told")), NULL, NULL, NULL, NULL,
	  "host/door front-door host, placer/door front-door placing, placer/worker social-worker a side of long ago, "
	  "placer/family parent told, "
	  "lane/office home "
	  "named, "
	  "trust/safeguarding former-role host",
	  "front-door of host (told before; its desk gone is no longer in the directory); home of closed (told before; its "
	  "desk office is suspended); front-door of dissolved (told before; its desk door is no longer in the directory)" },
	{ "never the sender, even so", EVEN(TO("front-door", "told")), "host", NULL, NULL, NULL,
	  "placer/door front-door placing", "front-door of dissolved (told" },
	{ "of a copy only its own", ROUTE(TO("*", "told")), NULL, "lane", NULL, NULL, "lane/office home named", "" },
	{ "once, however often", ROUTE(TO("front-door", "host") TO("*", "told")), "lane", NULL, NULL, NULL,
	  "host/door front-door host, placer/door front-door placing, placer/worker social-worker a side of long ago, "
	  "placer/family parent told, "
	  "trust/safeguarding former-role host",
	  "front-door of host (told" },
};

static void describe(const struct wg_decisions *d, char *out, size_t size)
{
	size_t used = 0;
	out[0] = '\0';
	for (unsigned i = 0; i < d->count && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s/%s %s %s", i > 0 ? ", " : "",
		                         d->list[i].organisation->id, d->list[i].desk->name, d->list[i].role, d->list[i].of);
}

static void test_sides(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		char text[4096], got[1024];
		(void)snprintf(text, sizeof text, POLICY, rows[i].routes);
		struct wg_policy *policy = policy_of(text);
		struct wg_notice *notice = notice_of(notice_text);
		struct wg_decisions *d = NULL;
		struct wg_err err = { 0 };
		struct wg_facts facts = {
			.submitter = rows[i].submitter, .now = NOW, .told = told, .told_count = WG_COUNT(told)
		};
		if (rows[i].provider != NULL)
			set(notice, "child/placement/provider", rows[i].provider);
		if (rows[i].urn != NULL)
			set(notice, "child/placement/ofsted-urn", rows[i].urn);
		if (rows[i].copy_for != NULL) {
			set(notice, "header/copy-for/@organisation", rows[i].copy_for);
			set(notice, "header/copy-for/@desk", "desk");
		}
		must(wg_decide(policy, directory, notice, &facts, &d, &err), &err);
		describe(d, got, sizeof got);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s\nnot: %s", rows[i].name, got, rows[i].want);
		if (rows[i].unreachable[0] == '\0' ? d->unreachable[0] != '\0'
		                                   : strstr(d->unreachable, rows[i].unreachable) == NULL)
			fail_msg("%s: unreachable: %s", rows[i].name, d->unreachable);
		assert_null(strstr(d->unreachable, "Nowhere"));
		wg_decisions_freep(&d);
		wg_notice_freep(&notice);
		wg_policy_freep(&policy);
	}
}

/* One desk by many roles: all of them are named as long as there is room, each once. */
static void test_also(void **state)
{
	(void)state;
	enum { ROLES_THERE = 12 };
	char text[16384], desk[2048], name[64];
	size_t n = (size_t)snprintf(desk, sizeof desk, "front-door"), m = (size_t)snprintf(text, sizeof text, "%s", "");
	for (unsigned i = 0; i < ROLES_THERE; i++) {
		(void)snprintf(name, sizeof name, "a-role-with-quite-a-long-name-%u", i);
		n += (size_t)snprintf(desk + n, sizeof desk - n, " %s", name);
	}
	char inside[8192];
	(void)snprintf(
		inside, sizeof inside,
		"<directory xmlns=\"urn:wardgate:directory:1\" version=\"1\"><organisation id=\"host\" kind=\"council\" "
		"code=\"860\"><name>H</name>" MAIL("door", "%s") "</organisation></directory>",
		desk);
	struct wg_directory *one = directory_of(inside);
	m += (size_t)snprintf(text + m, sizeof text - m,
	                      "<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\">"
	                      "<role name=\"front-door\" at=\"council\"/>");
	for (unsigned i = 0; i < ROLES_THERE; i++)
		m += (size_t)snprintf(text + m, sizeof text - m,
		                      "<role name=\"a-role-with-quite-a-long-name-%u\" at=\"council\"/>", i);
	m += (size_t)snprintf(text + m, sizeof text - m,
	                      "<route kind=\"*\">" TO("front-door", "host") TO("front-door", "host"));
	for (unsigned twice = 0; twice < 2; twice++)
		for (unsigned i = 0; i < ROLES_THERE; i++)
			m += (size_t)snprintf(text + m, sizeof text - m,
			                      "<to role=\"a-role-with-quite-a-long-name-%u\" of=\"host\"/>", i);
	(void)snprintf(text + m, sizeof text - m, "<source>S-01</source></route></policy>");
	struct wg_policy *policy = policy_of(text);
	struct wg_notice *notice = notice_of(notice_text);
	struct wg_decisions *d = decide_at(policy, one, notice, NULL, NOW);
	struct wg_buf words = WG_BUF(4096);
	assert_int_equal(d->count, 1);
	assert_string_equal(d->list[0].also,
	                    "a-role-with-quite-a-long-name-0 of host, a-role-with-quite-a-long-name-1 of host, "
	                    "a-role-with-quite-a-long-name-2 of host, a-role-with-quite-a-long-name-3 of host, "
	                    "a-role-with-quite-a-long-name-4 of host, a-role-with-quite-a-long-name-5 of host");
	wg_decision_text(policy, &d->list[0], &words);
	assert_non_null(strstr(wg_buf_text(&words), "also reached as a-role-with-quite-a-long-name-0 of host, "));
	wg_buf_free(&words);
	wg_decisions_freep(&d);
	wg_notice_freep(&notice);
	wg_policy_freep(&policy);
	wg_directory_freep(&one);
}

/* Whom a sender may know of, by who it is and how the recipient became one. */
static void test_known_to_sender(void **state)
{
	(void)state;
	static const struct {
		const char *routes, *submitter, *known; /* of the recipients, in their order: "yn" */
	} cases[] = {
		{ TO("front-door", "host") TO("health", "host"), "placer-police", "nnn" }, /* no role says so */
		{ TO("open", "host") TO("health", "host"), "placer-police", "ynn" },
		{ TO("open", "host") TO("health", "host"), NULL, "ynn" },
		{ TO("front-door", "host") TO("open", "host"), "placer-police", "y" }, /* one desk: by either role */
		{ TO("open", "host") TO("front-door", "host"), "placer-police", "y" },
		{ TO("health", "host"), "board", "ny" }, /* even to the sender: itself, not the other */
		{ TO("health", "host") TO("home", "named"), "placer-police", "nny" }, /* it named the home */
		{ TO("health", "host"), "us", "yy" },                                 /* whose gateway this is */
		{ TO("home", "told"), "placer-police", "n" },                         /* named by another sender, then */
		{ TO("front-door", "told"), "placer-police", "nn" },
	};
	static const char policy_head[] = "<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\">" ROLES
									  "<role name=\"open\" at=\"council\" known-to-sender=\"true\"/>%s</policy>";
	struct wg_directory *mine =
		directory_of("<directory xmlns=\"urn:wardgate:directory:1\" version=\"1\">" ORGANISATION(
			"host", "council", "code=\"860\"", MAIL("door", "front-door open"))
	                     ORGANISATION("placer", "council", "code=\"830\"", MAIL("door", "front-door"))
	                         ORGANISATION("trust", "health", "areas=\"860\"", MAIL("d", "health"))
	                             ORGANISATION("board", "health", "areas=\"860\"", MAIL("d", "health"))
	                                 ORGANISATION("lane", "home", "", "<alias>Lane</alias>" MAIL("office", "home"))
	                                     ORGANISATION("us", "council", "", "") "</directory>");
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		char text[8192], routes[1024], known[8] = "";
		struct wg_decisions *d = NULL;
		struct wg_err err = { 0 };
		struct wg_facts facts = {
			.now = NOW, .submitter = cases[i].submitter, .self = "us", .told = told, .told_count = WG_COUNT(told)
		};
		(void)snprintf(routes, sizeof routes, EVEN("%s"), cases[i].routes);
		(void)snprintf(text, sizeof text, policy_head, routes);
		struct wg_policy *policy = policy_of(text);
		struct wg_notice *notice = notice_of(notice_text);
		assert_int_equal(wg_notice_set(notice, "child/placement/provider", "Lane", &err), WG_OK);
		assert_int_equal(wg_decide(policy, mine, notice, &facts, &d, &err), WG_OK);
		for (unsigned k = 0; k < d->count && k + 1 < sizeof known; k++)
			known[k] = d->list[k].known_to_sender ? 'y' : 'n';
		if (strcmp(known, cases[i].known) != 0)
			fail_msg("case %zu: %s", i, known);
		wg_decisions_freep(&d);
		wg_notice_freep(&notice);
		wg_policy_freep(&policy);
	}
	wg_directory_freep(&mine);
}

/* More recipients than a notice may have, on whichever side they are one too many. */
static void test_too_many(void **state)
{
	(void)state;
	enum { DESKS = 40, ORGANISATIONS = 2 };
	static char text[64 * 1024];
	struct wg_told many[DESKS * ORGANISATIONS];
	size_t n = (size_t)snprintf(text, sizeof text, "<directory xmlns=\"urn:wardgate:directory:1\" version=\"1\">");
	for (unsigned o = 0; o < ORGANISATIONS; o++) {
		n += (size_t)snprintf(text + n, sizeof text - n, "<organisation id=\"o%u\" kind=\"home\"><name>O</name>", o);
		for (unsigned i = 0; i < DESKS; i++) {
			n += (size_t)snprintf(text + n, sizeof text - n,
			                      "<desk name=\"d%u\" roles=\"home\" channel=\"mail\" address=\"a@a.example\" "
			                      "certificate=\"a.pem\"/>",
			                      i);
			struct wg_told *one = &many[o * DESKS + i];
			*one = (struct wg_told){ .role = "home", .of = "named" };
			(void)snprintf(one->organisation, sizeof one->organisation, "o%u", o);
			(void)snprintf(one->desk, sizeof one->desk, "d%u", i);
		}
		n += (size_t)snprintf(text + n, sizeof text - n, "</organisation>");
	}
	(void)snprintf(text + n, sizeof text - n,
	               ORGANISATION("trust", "health", "areas=\"860\"", MAIL("d", "health"))
	                   ORGANISATION("board", "health", "areas=\"860\"", MAIL("d", "health"))
	                       ORGANISATION("bureau", "national", "", MAIL("d", "bureau"))
	                           ORGANISATION("agency", "national", "", MAIL("d", "bureau")) "</directory>");
	struct wg_directory *big = directory_of(text);
	struct wg_notice *notice = notice_of(notice_text);
	static const struct {
		const char *routes;
		unsigned told;
		bool fits;
	} cases[] = {
		{ ROUTE(TO("*", "told")), WG_LIMIT_RECIPIENTS, true },
		{ ROUTE(TO("*", "told")) ROUTE(TO("*", "told")), WG_LIMIT_RECIPIENTS + 2, false },
		{ ROUTE(TO("*", "told") TO("health", "host")), WG_LIMIT_RECIPIENTS - 2, true },
		{ ROUTE(TO("*", "told") TO("health", "host") TO("bureau", "national")), WG_LIMIT_RECIPIENTS - 2, false },
		{ ROUTE(TO("*", "told") TO("health", "host")), WG_LIMIT_RECIPIENTS, false },
		{ ROUTE(TO("*", "told") TO("bureau", "national")), WG_LIMIT_RECIPIENTS, false },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_decisions *d = NULL;
		struct wg_err err = { 0 };
		struct wg_facts facts = { .now = NOW, .told = many, .told_count = cases[i].told };
		(void)snprintf(text, sizeof text, POLICY, cases[i].routes);
		struct wg_policy *policy = policy_of(text);
		enum wg_code code = wg_decide(policy, big, notice, &facts, &d, &err);
		assert_int_equal(code, cases[i].fits ? WG_OK : WG_LIMIT);
		assert_int_equal(d != NULL ? d->count : 0, cases[i].fits ? WG_LIMIT_RECIPIENTS : 0);
		wg_decisions_freep(&d);
		wg_policy_freep(&policy);
	}
	wg_notice_freep(&notice);
	wg_directory_freep(&big);
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
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_sides), cmocka_unit_test(test_also),
		                                cmocka_unit_test(test_known_to_sender), cmocka_unit_test(test_too_many) };
	return cmocka_run_group_tests_name("sides", tests, open_all, close_all);
}
