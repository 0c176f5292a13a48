/* What is known beside the notice: whether the child is missing now, office hours in London, who is responsible and who
 * sent it; for which areas a layer speaks; how long something is kept. */
#include <unistd.h>

#include "policy_test.h"

#define DESK "<desk name=\"d\" roles=\"front-door\" channel=\"mail\" address=\"a@a.example\" certificate=\"a.pem\"/>"
#define ORGANISATION(id, kind, more) \
	"<organisation id=\"" id "\" kind=\"" kind "\" " more "><name>" id "</name>" DESK "</organisation>"
static const char directory_text[] =
	"<directory xmlns=\"urn:wardgate:directory:1\" version=\"1\">" ORGANISATION("placer", "council", "code=\"830\"")
		ORGANISATION("host", "council", "code=\"860\"") ORGANISATION("other", "council", "code=\"940\"")
			ORGANISATION("placer-police", "police", "areas=\"830\"")
				ORGANISATION("host-police", "police", "areas=\"860 861\"")
					ORGANISATION("other-police", "police", "areas=\"940\"")
						ORGANISATION("visits", "provider", "areas=\"860\"") ORGANISATION("lane", "home", "")
							ORGANISATION("trust", "health", "") ORGANISATION("academy", "school", "")
								ORGANISATION("bureau", "national", "") "</directory>";
static const char notice_text[] =
	"<notice xmlns=\"urn:wardgate:notice:1\" id=\"01k9tess00examp1e0m1ss1ng1\" kind=\"missing\" version=\"1\">"
	"<header><sender organisation=\"x\"/><received>2026-11-20T22:41:07Z</received></header>"
	"<episode><risk>HIGH</risk></episode><child><name><full>Robin Specimen</full></name></child>"
	"<authorities>%s</authorities><missing><circumstances>went out</circumstances></missing></notice>";
#define BOTH "<placing>830</placing><host>860</host>"

#define SOURCE "<source>S-01</source>"
#define HEAD "<policy xmlns=\"urn:wardgate:policy:1\" id=\"test\" version=\"1\">"
#define ROLE "<role name=\"front-door\" at=\"council\"/>"
#define ROUTE                                                                                                 \
	"<route kind=\"*\" even-to-sender=\"true\"><to role=\"front-door\" of=\"host\"/><to role=\"front-door\" " \
	"of=\"placing\"/>" SOURCE "</route>"
#define SHARE(id, categories, when)                                                                         \
	"<rule id=\"" id "\" effect=\"share\" kind=\"*\" to=\"front-door\" categories=\"" categories "\">" when \
	"<basis gdpr=\"6(1)(e)\"/>" SOURCE "</rule>"
#define HOURS                                                                                                       \
	"<hours name=\"office\" days=\"mon tue wed thu fri\" opens=\"09:00\" closes=\"17:30\">" SOURCE "</hours>"       \
	"<hours name=\"office\" days=\"sat\" opens=\"10:00\" closes=\"12:00\" closed-days=\"false\">" SOURCE "</hours>" \
	"<hours name=\"always\" days=\"mon tue wed thu fri sat sun\" opens=\"00:00\" closes=\"24:00\" "                 \
	"closed-days=\"false\">" SOURCE                                                                                 \
	"</hours><hours name=\"night\" days=\"sun\" opens=\"00:00\" closes=\"03:00\">" SOURCE "</hours>"                \
	"<closed days=\"2026-12-25 2026-12-26\">" SOURCE "</closed><closed days=\"2026-12-28\">" SOURCE "</closed>"

static struct wg_directory *directory;

/* Whether a condition holds. */
static bool holds(const char *when, const char *authorities, const struct wg_facts *facts)
{
	char text[8192];
	struct wg_decisions *d = NULL;
	struct wg_err err = { 0 };
	(void)snprintf(text, sizeof text, HEAD ROLE ROUTE HOURS SHARE("r", "risk", "<when>%s</when>") "</policy>", when);
	struct wg_policy *policy = policy_of(text);
	(void)snprintf(text, sizeof text, notice_text, authorities);
	struct wg_notice *notice = notice_of(text);
	must(wg_decide(policy, directory, notice, facts, &d, &err), &err);
	assert_true(d->count > 0);
	bool yes = d->list[0].granted == wg_category_find("risk");
	wg_decisions_freep(&d);
	wg_notice_freep(&notice);
	wg_policy_freep(&policy);
	return yes;
}

static void test_live_episode(void **state)
{
	(void)state;
	static const char *const given[][2] = {
		{ "yes", "yes" }, { "no", "no" }, { NULL, "not-known" }, { "", "not-known" }, { "perhaps", "not-known" },
	};
	for (size_t i = 0; i < WG_COUNT(given); i++) {
		char when[64];
		struct wg_facts facts = { .now = NOW, .live_episode = given[i][0] };
		(void)snprintf(when, sizeof when, "live-episode() = '%s'", given[i][1]);
		if (!holds(when, BOTH, &facts))
			fail_msg("%s is not %s", given[i][0] != NULL ? given[i][0] : "nothing", given[i][1]);
	}
}

static void test_working_hours(void **state)
{
	(void)state;
	static const struct {
		const char *name, *now;
		bool open;
	} cases[] = {
		{ "office", "2026-11-23T08:59:59Z", false }, /* a Monday in winter */
		{ "office", "2026-11-23T09:00:00Z", true },
		{ "office", "2026-11-23T17:29:59Z", true },
		{ "office", "2026-11-23T17:30:00Z", false },
		{ "office", "2026-11-23T10:00:00+01:00", true },
		{ "office", "2026-07-06T08:00:00Z", true }, /* a Monday in summer: nine in London */
		{ "office", "2026-07-06T07:59:00Z", false },
		{ "office", "2026-07-06T16:29:00Z", true },
		{ "office", "2026-07-06T16:30:00Z", false },
		{ "office", "2026-11-21T11:00:00Z", true }, /* Saturday has hours of its own */
		{ "office", "2026-11-21T13:00:00Z", false },
		{ "office", "2026-11-22T11:00:00Z", false }, /* Sunday */
		{ "office", "2026-12-25T11:00:00Z", false }, /* a Friday, closed */
		{ "office", "2026-12-26T11:00:00Z", true },  /* a Saturday, closed, but these hours do not mind */
		{ "office", "2026-12-28T11:00:00Z", false },
		{ "office", "2026-12-29T11:00:00Z", true },
		{ "always", "2026-12-25T00:00:00Z", true },
		{ "always", "2026-12-25T23:59:59Z", true },
		{ "night", "2026-07-04T23:30:00Z", true }, /* half past midnight of Sunday in London */
		{ "night", "2026-07-05T23:30:00Z", false },
		/* the clocks: 29 March 2026, one o'clock becomes two; 25 October, two becomes one */
		{ "night", "2026-03-29T00:59:00Z", true },
		{ "night", "2026-03-29T01:00:00Z", true },
		{ "night", "2026-03-29T02:00:00Z", false },
		{ "night", "2026-10-25T01:59:00Z", true },
		{ "night", "2026-10-25T02:59:00Z", true },
		{ "night", "2026-10-25T03:00:00Z", false },
		{ "office", "1969-12-29T10:00:00Z", true }, /* a Monday before all counting began */
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		char when[64];
		struct wg_facts facts = { .now = cases[i].now };
		(void)snprintf(when, sizeof when, "working-hours('%s') = '%s'", cases[i].name, cases[i].open ? "yes" : "no");
		if (!holds(when, BOTH, &facts))
			fail_msg("%s at %s", when, cases[i].now);
	}
}

static void test_relation(void **state)
{
	(void)state;
	static const struct {
		const char *authorities, *submitter, *when;
	} cases[] = {
		{ BOTH, NULL, "relation() = 'other'" },
		{ "<placing>860</placing><host>860</host>", NULL, "relation() = 'own'" },
		{ "<host>860</host>", NULL, "relation() = 'not-known'" },
		{ "<placing>830</placing>", NULL, "relation() = 'not-known'" },
		{ BOTH, NULL, "relation('submitter') = 'other'" },
		{ BOTH, "nobody", "relation('submitter') = 'other'" },
		{ BOTH, "placer", "relation('submitter') = 'placing'" },
		{ BOTH, "host", "relation('submitter') = 'host'" },
		{ BOTH, "other", "relation('submitter') = 'other'" },
		{ "<placing>860</placing><host>860</host>", "host", "relation('submitter') = 'both'" },
		{ BOTH, "placer-police", "relation('submitter') = 'police-of-placing'" },
		{ BOTH, "host-police", "relation('submitter') = 'police-of-host'" },
		{ BOTH, "other-police", "relation('submitter') = 'other'" },
		{ "<placing>861</placing><host>860</host>", "host-police", "relation('submitter') = 'police-of-both'" },
		{ BOTH, "visits", "relation('submitter') = 'provider'" },
		{ BOTH, "lane", "relation('submitter') = 'home'" },
		{ BOTH, "trust", "relation('submitter') = 'health'" },
		{ BOTH, "academy", "relation('submitter') = 'school'" },
		{ BOTH, "bureau", "relation('submitter') = 'other'" },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_facts facts = { .now = NOW, .submitter = cases[i].submitter };
		if (!holds(cases[i].when, cases[i].authorities, &facts))
			fail_msg("%s from %s", cases[i].when, cases[i].submitter != NULL ? cases[i].submitter : "nobody");
	}
}

/* Layers are files, so these are files. */
static char folder[] = "/tmp/wg-areas-XXXXXX";
static const char *const files[] = { "base", "west", "east", "all" };
#define LAYER(id, more, inside) \
	"<policy xmlns=\"urn:wardgate:policy:1\" id=\"" id "\" " more " version=\"1\">" inside "</policy>"
#define TO(of) "<route kind=\"*\"><to role=\"front-door\" of=\"" of "\"/>" SOURCE "</route>"

static void write_layer(const char *name, const char *text)
{
	char path[128];
	struct wg_err err = { 0 };
	(void)snprintf(path, sizeof path, "%s/%s.xml", folder, name);
	must(wg_file_write(path, text, strlen(text), 0600, &err), &err);
}

/* A layer speaks for the notices of its areas, by either authority; where two do, both speak. */
static void test_areas(void **state)
{
	(void)state;
	static const struct {
		const char *authorities, *recipients, *granted, *due;
	} cases[] = {
		{ "<placing>830</placing><host>830</host>", "placer", "administrative identity circumstances", "PT1H" },
		{ "<placing>860</placing><host>860</host>", "host", "administrative circumstances risk", "PT2H" },
		{ "<placing>830</placing><host>860</host>", "host placer", "administrative circumstances", "PT2H" },
		{ "<placing>860</placing><host>830</host>", "placer host", "administrative circumstances risk", "PT2H" },
		{ "<placing>940</placing><host>941</host>", "", "", "" },
		{ "<host>860</host>", "host", "administrative circumstances risk", "PT2H" },
		{ "<placing>860</placing>", "host", "administrative circumstances risk", "PT2H" },
		{ "<placing>831</placing><host>940</host>", "other", "administrative identity circumstances risk", "PT1H" },
		{ "<placing>000</placing><host>940</host>", "", "", "" },
	};
	char path[128];
	struct wg_policy *policy = NULL;
	struct wg_err err = { 0 };
	write_layer(
		"base",
		LAYER("base", "", ROLE SHARE("frame", "administrative", "") SHARE("more", "identity risk circumstances", "")));
	write_layer("west", LAYER("west", "extends=\"base\" areas=\"830 831\"",
	                          TO("host") "<rule id=\"w\" effect=\"withhold\" kind=\"*\" to=\"*\" categories=\"risk\" "
	                                     "of=\"host\"><when>authorities/placing = '830'</when>" SOURCE "</rule>"
	                                     "<text-review due=\"PT1H\">" SOURCE "</text-review>"));
	write_layer("east", LAYER("east", "extends=\"base\" areas=\"860\"",
	                          TO("host") TO("placing") "<rule id=\"e\" effect=\"withhold\" kind=\"*\" to=\"*\" "
	                                                   "categories=\"identity\">" SOURCE "</rule>"
	                                                   "<text-review due=\"PT2H\">" SOURCE "</text-review>"));
	write_layer("all", LAYER("all", "extends=\"west east\"", ""));
	(void)snprintf(path, sizeof path, "%s/all.xml", folder);
	must(wg_policy_load(path, XSD_DIR, schema, &policy, &err), &err);
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		char text[2048], got[128] = "", categories[WG_CATEGORIES_TEXT] = "";
		size_t used = 0;
		(void)snprintf(text, sizeof text, notice_text, cases[i].authorities);
		struct wg_notice *notice = notice_of(text);
		struct wg_decisions *d = decide_at(policy, directory, notice, NULL, NOW);
		for (unsigned k = 0; k < d->count; k++)
			used +=
				(size_t)snprintf(got + used, sizeof got - used, "%s%s", k > 0 ? " " : "", d->list[k].organisation->id);
		if (d->count > 0)
			(void)wg_categories_format(d->list[0].granted, categories, sizeof categories);
		if (strcmp(got, cases[i].recipients) != 0 || strcmp(categories, cases[i].granted) != 0 ||
		    strcmp(d->count > 0 ? d->list[0].due : "", cases[i].due) != 0)
			fail_msg("%s: %s, %s, %s (%s)", cases[i].authorities, got, categories, d->count > 0 ? d->list[0].due : "",
			         d->unreachable);
		wg_decisions_freep(&d);
		wg_notice_freep(&notice);
	}
	wg_policy_freep(&policy);
}

static int open_all(void **state)
{
	if (mkdtemp(folder) == NULL || open_schemas(state) != 0)
		return -1;
	directory = directory_of(directory_text);
	return 0;
}

static int close_all(void **state)
{
	char path[128];
	for (size_t i = 0; i < WG_COUNT(files); i++) {
		(void)snprintf(path, sizeof path, "%s/%s.xml", folder, files[i]);
		(void)unlink(path); /* a test that failed early made fewer */
	}
	(void)rmdir(folder); /* a folder left behind harms nobody */
	wg_directory_freep(&directory);
	return close_schemas(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live_episode),
		cmocka_unit_test(test_working_hours),
		cmocka_unit_test(test_relation),
		cmocka_unit_test(test_areas),
	};
	return cmocka_run_group_tests_name("facts", tests, open_all, close_all);
}
