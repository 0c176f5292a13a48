/* Maps applied: police forms in, notices and reports out, with the project's own maps and schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "notice/map_internal.h"
#include "notice/xml.h"

#define MAX_FIELDS 80

static struct wg_schema *schema;
static struct wg_maps *maps;
static struct wg_xml_xsd *report_xsd;

static const struct wg_envelope_facts facts = { .id = "01jd0000000000000000000000",
	                                            .organisation = "derbyshire-police",
	                                            .received = "2026-11-22T09:30:00Z",
	                                            .source_system = "mail",
	                                            .source_reference = "m-1" };

static int load(void **state)
{
	(void)state;
	struct wg_err err = { .text = "" };
	wg_xml_init();
	if (wg_schema_load(WG_SOURCE_DIR "/xsd", &schema, &err) != WG_OK ||
	    wg_maps_load(WG_SOURCE_DIR "/adapters/maps", WG_SOURCE_DIR "/xsd", schema, &maps, &err) != WG_OK ||
	    wg_xml_xsd_load(WG_SOURCE_DIR "/xsd/report.xsd", &report_xsd, &err) != WG_OK) {
		print_error("%s\n", err.text);
		return -1;
	}
	return 0;
}

static int unload(void **state)
{
	(void)state;
	wg_maps_freep(&maps);
	wg_schema_freep(&schema);
	wg_xml_xsd_freep(&report_xsd);
	return 0;
}

/* A form as a test writes it. */
struct line {
	const char *label, *value;
};

struct result {
	struct wg_field field[MAX_FIELDS];
	struct wg_fields fields;
	struct wg_notice *notice;
	struct wg_report *report;
	struct wg_buf xml, report_xml;
};

/* Applies the maps to a form whose lines end with a NULL label; order: which line stands first. The report must account
 * for every field once and be valid; so must the notice, when there is one and nothing mandatory is missing. */
static void apply_from(struct result *r, const char *subject, const struct line *lines, size_t first)
{
	struct wg_err err = { .text = "" };
	size_t n = 0;
	*r = (struct result){ .xml = WG_BUF(WG_LIMIT_NOTICE), .report_xml = WG_BUF(WG_LIMIT_READER_OUTPUT) };
	while (lines[n].label != NULL)
		n++;
	assert_true(n <= MAX_FIELDS);
	for (size_t i = 0; i < n; i++) {
		const struct line *l = &lines[(first + i) % n];
		r->field[i] = (struct wg_field){ .label = (char *)l->label, .value = (char *)l->value, .at = (char *)"body" };
	}
	r->fields = (struct wg_fields){ .reader = "mail", .fields = r->field, .count = n, .subject = (char *)subject };
	enum wg_code code = wg_map_apply(maps, &r->fields, &facts, &r->notice, &r->report, &err);
	if (code != WG_OK)
		fail_msg("%s", err.text);
	assert_int_equal(r->report->count, n);
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(r->report->placements[i].label, r->field[i].label);
		assert_ptr_equal(r->report->placements[i].at, r->field[i].at);
	}
	assert_int_equal(wg_report_write(r->report, &r->fields, &r->report_xml, &err), WG_OK);
	WG_AUTO_XML struct wg_xml *doc = NULL;
	assert_int_equal(wg_xml_parse(r->report_xml.data, r->report_xml.len, "report", &doc, &err), WG_OK);
	if (wg_xml_validate(doc, report_xsd, &err) != WG_OK)
		fail_msg("%s\n%s", err.text, wg_buf_text(&r->report_xml));
	if (r->notice == NULL)
		return;
	if (wg_notice_serialise(r->notice, &r->xml, &err) != WG_OK)
		fail_msg("%s", err.text);
	if (wg_notice_validate(r->notice, &err) != WG_OK)
		fail_msg("%s\n%s", err.text, wg_buf_text(&r->xml));
}

static void apply(struct result *r, const char *subject, const struct line *lines)
{
	apply_from(r, subject, lines, 0);
}

static void done(struct result *r)
{
	wg_notice_freep(&r->notice);
	wg_report_freep(&r->report);
	wg_buf_free(&r->xml);
	wg_buf_free(&r->report_xml);
}

static void holds(const struct result *r, const char *path, const char *want)
{
	WG_AUTO_FREE char *got = r->notice != NULL ? wg_notice_get(r->notice, path) : NULL;
	if ((got == NULL) != (want == NULL) || (got != NULL && strcmp(got, want) != 0))
		fail_msg("%s is \"%s\", not \"%s\"", path, got != NULL ? got : "(not there)",
		         want != NULL ? want : "(not there)");
}

static void became(const struct result *r, size_t i, enum wg_placing what, const char *to)
{
	const struct wg_placement *p = &r->report->placements[i];
	if (p->what != what || strcmp(p->to, to) != 0)
		fail_msg("\"%s\" became %d at \"%s\" (%s), not %d at \"%s\"", p->label, (int)p->what, p->to, p->note, (int)what,
		         to);
}

/* Report details and the call-taker's questions, as a force would fill them in. */
static const struct line missing_form[] = {
	{ "Police reference", "26*0123456" },
	{ "Police force", "Derbyshire Constabulary" },
	{ "Risk level", "HIGH RISK" },
	{ "Reason for risk level", "Age and health" },
	{ "Date and time reported", "21/11/2026 at 23:05" },
	{ "1. Full name", "EXAMPLE, Tess (known as Tessie)" },
	{ "2. D.O.B", "14th Mar 2011" },
	{ "NHS Number", "999 000 0018" },
	{ "Sex", "Female" },
	{ "Ethnic origin", "White - British" },
	{ "Languages spoken", "English" },
	{ "Last known home address", "1 Example Road, Stoke-on-Trent, ST1 1AA" },
	{ "Missing from", "Specimen House, 2 Sample Street, Derby DE1 3AA" },
	{ "When last seen?", "about 9pm on 21/11/2026" },
	{ "Where last seen?", "Example Park" },
	{ "Who saw them last?", "Sam Example" },
	{ "Who were they with?", "Robin Specimen" },
	{ "Height", "5ft 2" },
	{ "Hair length", "Long, brown" },
	{ "Marks / scars / tattoos", "None" },
	{ "Clothing", "Red coat" },
	{ "Footwear / accessories", "White trainers" },
	{ "Detail the brief circumstances of going missing", "Left after tea & did not come back" },
	{ "Is this significantly out of character, if so why?", "No - has done so before" },
	{ "Are they likely to be a victim of crime \xe2\x80\x93 if so why?", "Yes: alone at night" },
	{ "Are they likely to self-harm, attempt suicide \xe2\x80\x93 give details", "Not known" },
	{ "Do they have a mobile phone in their possession? (Network and Phone Number required)", "Yes, EE 07700 900123" },
	{ "Are they currently at risk of sexual exploitation or on Child Protection register \xe2\x80\x93 if so from whom?",
	  "No" },
	{ "Looked after?", "Yes" },
	{ "Legal status", "C2 - Full care order" },
	{ "Placing authority", "Stoke-on-Trent City Council" },
	{ "Host authority", "Derby City Council" },
	{ "Police force of placing authority", "Staffordshire Police" },
	{ "Police force of host authority", "Derbyshire" },
	{ "Placement", "Specimen House" },
	{ "Placement address", "2 Sample Street, Derby, DE1 3AA" },
	{ "Placement type", "Children's home" },
	{ "Social worker", "Alex Sample" },
	{ "Social worker telephone", "01632 960123" },
	{ "Informant", "Sam Example" },
	{ "Relationship to child", "Carer" },
	{ "Any other relevant information which may affect risk assessment", "None" },
	{ NULL, NULL },
};

static const struct line missing_places[] = {
	{ "@id", "01jd0000000000000000000000" },
	{ "@kind", "missing" },
	{ "header/sender/@organisation", "derbyshire-police" },
	{ "header/received", "2026-11-22T09:30:00Z" },
	{ "header/source/@system", "mail" },
	{ "header/source/@reference", "m-1" },
	{ "header/marking", "OFFICIAL-SENSITIVE" },
	{ "episode/police-reference", "26*0123456" },
	{ "episode/police-reference/@force", "Derbyshire Constabulary" },
	{ "episode/risk", "HIGH" },
	{ "episode/risk/@said", "HIGH RISK" },
	{ "episode/reported/@value", "2026-11-21T23:05:00+00:00" },
	{ "child/@looked-after", "true" },
	{ "child/name/full", "Tess EXAMPLE" },
	{ "child/name/known-as", "Tessie" },
	{ "child/date-of-birth", "2011-03-14" },
	{ "child/date-of-birth/@said", "14th Mar 2011" },
	{ "child/nhs-number", "9990000018" },
	{ "child/sex", "F" },
	{ "child/ethnicity", "White - British" },
	{ "child/ethnicity/@code", "WBRI" },
	{ "child/home-address/@postcode", "ST1 1AA" },
	{ "child/telephone", "07700 900123" },
	{ "child/telephone/@network", "EE" },
	{ "child/legal-status/@code", "C2" },
	{ "child/placement/type/@code", "K2" },
	{ "child/placement/provider", "Specimen House" },
	{ "child/placement/address/@postcode", "DE1 3AA" },
	{ "child/social-worker/name", "Alex Sample" },
	{ "authorities/placing", "861" },
	{ "authorities/placing/@name", "Stoke-on-Trent City Council" },
	{ "authorities/host", "831" },
	{ "authorities/police/@area", "placing" },
	{ "authorities/police", "E23000015" },
	{ "authorities/police[last]/@area", "host" },
	{ "authorities/police[last]", "E23000018" },
	{ "missing/last-seen/when", "about 9pm on 21/11/2026" },
	{ "missing/last-seen/when/@value", "2026-11-21T21:00:00+00:00" },
	{ "missing/last-seen/when/@precision", "approximate" },
	{ "missing/last-seen/where", "Example Park" },
	{ "missing/last-seen/by", "Sam Example" },
	{ "missing/last-seen/with", "Robin Specimen" },
	{ "missing/missing-from/@postcode", "DE1 3AA" },
	{ "missing/circumstances", "Left after tea & did not come back" },
	{ "missing/out-of-character/@answer", "no" },
	{ "missing/victim-of-crime/@answer", "yes" },
	{ "missing/self-harm/@answer", "not-known" },
	{ "missing/exploitation/@answer", "no" },
	{ "missing/informant/name", "Sam Example" },
	{ "found", NULL },
};

static void maps_a_missing_report(void **state)
{
	(void)state;
	struct result r;
	apply(&r, "Missing report 26*0123456", missing_form);
	assert_string_equal(r.report->map, "missing-report");
	assert_string_equal(r.report->missing, "");
	assert_false(r.report->attention);
	for (size_t i = 0; i < r.report->count; i++)
		if (r.report->placements[i].what != WG_PLACED)
			fail_msg("%s: %s", r.report->placements[i].label, r.report->placements[i].note);
	for (size_t i = 0; i < WG_COUNT(missing_places); i++)
		holds(&r, missing_places[i].label, missing_places[i].value);
	done(&r);
}

static void order_decides_nothing(void **state)
{
	(void)state;
	struct result straight, turned;
	size_t n = WG_COUNT(missing_form) - 1;
	apply(&straight, "Missing", missing_form);
	for (size_t first = 1; first < n; first++) {
		apply_from(&turned, "Missing", missing_form, first);
		assert_string_equal(wg_buf_text(&turned.xml), wg_buf_text(&straight.xml));
		done(&turned);
	}
	struct line backwards[MAX_FIELDS] = { { NULL, NULL } };
	for (size_t i = 0; i < n; i++)
		backwards[i] = missing_form[n - 1 - i];
	apply(&turned, "Missing", backwards);
	assert_string_equal(wg_buf_text(&turned.xml), wg_buf_text(&straight.xml));
	done(&turned);
	done(&straight);
}

static void maps_a_found_report(void **state)
{
	(void)state;
	static const struct line form[] = {
		{ "Police reference", "26*0123456" },
		{ "Full name", "Tess Example" },
		{ "Date of birth", "14/03/2011" },
		{ "Date and time found", "22 November 2026 at 06:15" },
		{ "Where found", "Example Station, Derby, DE1 2RU" },
		{ "Found by", "Police" },
		{ "Returned to", "Specimen House" },
		{ "Has the child come to harm", "No" },
		{ "Why did they return?", "Was cold" },
		{ "Reasons for going missing", "An argument" },
		{ "Prevention interview completed", "No" },
		{ "Reason prevention interview not completed", "Asleep" },
		{ "Placing authority", "Stoke" },
		{ NULL, NULL },
	};
	struct result r;
	apply(&r, "Found: missing child 26*0123456", form);
	assert_string_equal(r.report->map, "found-report");
	assert_false(r.report->attention);
	holds(&r, "@kind", "found");
	holds(&r, "found/when/@value", "2026-11-22T06:15:00+00:00");
	holds(&r, "found/where", "Example Station, Derby, DE1 2RU");
	holds(&r, "found/where/@postcode", "DE1 2RU");
	holds(&r, "found/by", "Police");
	holds(&r, "found/returned-to", "Specimen House");
	holds(&r, "found/harm/@answer", "no");
	holds(&r, "found/reasons", "Reasons for going: An argument\nWhy they came back: Was cold");
	holds(&r, "found/prevention-interview/@answer", "no");
	holds(&r, "found/not-interviewed-reason", "Asleep");
	holds(&r, "authorities/placing", "861");
	holds(&r, "missing", NULL);
	done(&r);
}

/* Which map a form gets, by what stands in the subject and which labels are answered. */
static void chooses_the_map(void **state)
{
	(void)state;
	static const struct {
		const char *subject;
		struct line lines[4];
		const char *map;
	} rows[] = {
		{ "Missing report", { { "Full name", "Tess Example" } }, "missing-report" },
		{ "MISPER - Derby", { { "Full name", "Tess Example" } }, "missing-report" },
		{ "Found: missing child", { { "Full name", "Tess Example" } }, "found-report" },
		{ "Missing child has been located", { { "Full name", "Tess Example" } }, "found-report" },
		{ "Hello", { { "Full name", "Tess Example" } }, "" },
		{ NULL, { { "Full name", "Tess Example" } }, "" },
		{ "", { { "Full name", "Tess Example" } }, "" },
		{ NULL, { { "When last seen", "21/11/2026" } }, "missing-report" },
		{ NULL, { { "When last seen", "" } }, "" }, /* a label that nobody answered says nothing */
		{ NULL, { { "Where found", "Derby" } }, "found-report" },
		{ "Missing", { { "Where found", "Derby" } }, "found-report" },
		{ "Found", { { "When last seen", "21/11/2026" } }, "missing-report" },
		/* a found report repeats the missing one */
		{ "Found", { { "When last seen", "21/11/2026" }, { "Where found", "Derby" } }, "found-report" },
		{ NULL, { { "When last seen", "21/11/2026" }, { "Where found", "Derby" } }, "found-report" },
		/* the subject speaks for one alone, the labels for the other: a person looks */
		{ "Missing", { { "When last seen", "21/11/2026" }, { "Where found", "Derby" } }, "" },
		{ "Unfounded dismissing", { { "Full name", "Tess Example" } }, "" },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct result r;
		apply(&r, rows[i].subject, rows[i].lines);
		if (strcmp(r.report->map, rows[i].map) != 0)
			fail_msg("row %zu: \"%s\"", i, r.report->map);
		assert_true((r.notice == NULL) == (rows[i].map[0] == '\0'));
		if (r.notice == NULL) {
			assert_true(r.report->attention);
			became(&r, 0, WG_UNMAPPED, "");
			assert_true(r.report->placements[0].note[0] != '\0');
		}
		done(&r);
	}
}

static void two_maps_that_fit_say_so(void **state)
{
	(void)state;
	static const struct line form[] = { { "When last seen", "21/11/2026" },
		                                { "Where found", "Derby" },
		                                { NULL, NULL } };
	struct result r;
	apply(&r, "Missing", form);
	assert_null(r.notice);
	assert_string_equal(r.report->placements[0].note, "more than one map fits this form equally");
	done(&r);
}

/* One line in an otherwise good form: what became of it, and what a place holds then. */
static const struct {
	struct line line;
	enum wg_placing what;
	const char *to, *path, *want;
	bool attention;
} singles[] = {
	{ { "Shoe size", "5" }, WG_UNMAPPED, "", "child/name/full", "Tess Example", true },
	{ { "Shoe size", "" }, WG_UNMAPPED, "", "child/name/full", "Tess Example", false },
	{ { "Height", "" }, WG_EMPTY, "", "child/description/height", NULL, false },
	{ { "Height", "---" }, WG_EMPTY, "", "child/description/height", NULL, false },
	{ { "Height", "5ft 2" }, WG_PLACED, "child/description/height", "child/description/height", "5ft 2", false },
	{ { "NHS number", "9990000017" }, WG_UNREAD, "", "child/nhs-number", NULL, true },
	{ { "Sex", "M/F" }, WG_UNREAD, "", "child/sex", NULL, true },
	{ { "Risk level", "Standard" }, WG_UNREAD, "", "episode/risk", NULL, true },
	{ { "Risk level", "High (age)" }, WG_PLACED, "episode/risk", "episode/risk", "HIGH", false },
	{ { "Risk level", "High (was medium)" }, WG_UNREAD, "", "episode/risk", NULL, true },
	{ { "Police reference", "awaited" }, WG_UNREAD, "", "episode/police-reference", NULL, true },
	{ { "Police force", "Derbyshire" }, WG_UNREAD, "", "episode/police-reference", NULL, true }, /* of no reference */
	{ { "Ethnicity", "Martian" }, WG_PLACED, "child/ethnicity", "child/ethnicity", "Martian", false },
	{ { "Ethnicity", "Martian" }, WG_PLACED, "child/ethnicity", "child/ethnicity/@code", NULL, false },
	{ { "Ethnicity", "W1" }, WG_PLACED, "child/ethnicity", "child/ethnicity/@code", "WBRI", false },
	{ { "Ethnicity", "B9" }, WG_PLACED, "child/ethnicity", "child/ethnicity/@code", "BOTH", false },
	{ { "Ethnicity", "W3" }, WG_PLACED, "child/ethnicity", "child/ethnicity/@code", NULL, false }, /* WIRT or WROM */
	{ { "Ethnicity", "Not known" }, WG_PLACED, "child/ethnicity", "child/ethnicity/@code", NULL, false },
	{ { "Ethnicity", "Mixed: White & Black Caribbean" },
	  WG_PLACED,
	  "child/ethnicity",
	  "child/ethnicity/@code",
	  "MWBC",
	  false },
	{ { "Legal status", "Care order" }, WG_UNREAD, "child/legal-status", "child/legal-status", "Care order", true },
	{ { "Legal status", "s.20" }, WG_PLACED, "child/legal-status", "child/legal-status/@code", "V2", false },
	{ { "Legal status", "Interim care order (C1)" },
	  WG_PLACED,
	  "child/legal-status",
	  "child/legal-status/@code",
	  "C1",
	  false },
	{ { "Legal status", "Interim care order (C2)" },
	  WG_UNREAD,
	  "child/legal-status",
	  "child/legal-status/@code",
	  NULL,
	  true },
	{ { "Placing authority", "Northamptonshire" }, WG_UNREAD, "", "authorities/placing", NULL, true }, /* abolished in
	                                                                                                      2021 */
	{ { "Placing authority", "West Northamptonshire Council" },
	  WG_PLACED,
	  "authorities/placing",
	  "authorities/placing",
	  "941",
	  false },
	{ { "Placing authority", "Derby" }, WG_PLACED, "authorities/placing", "authorities/placing", "831", false },
	{ { "Placing authority", "Derbyshire (830)" },
	  WG_PLACED,
	  "authorities/placing",
	  "authorities/placing",
	  "830",
	  false },
	{ { "Placing authority", "Derby / Derbyshire" }, WG_UNREAD, "", "authorities/placing", NULL, true },
	{ { "Placing authority", "Atlantis" }, WG_UNREAD, "", "authorities/placing", NULL, true },
	{ { "Looked after", "Maybe" }, WG_UNREAD, "", "child/@looked-after", NULL, true },
	{ { "Looked after", "LAC" }, WG_PLACED, "child/@looked-after", "child/@looked-after", "true", false },
	{ { "LAC", "No" }, WG_PLACED, "child/@looked-after", "child/@looked-after", "false", false },
	{ { "Looked after", "Yes, section 20" },
	  WG_PLACED,
	  "child/@looked-after child/legal-status",
	  "child/legal-status",
	  "section 20",
	  false },
	{ { "Looked after", "Yes (full care order)" },
	  WG_PLACED,
	  "child/@looked-after child/legal-status",
	  "child/legal-status/@code",
	  "C2",
	  false },
	{ { "Looked after", "Yes, by her aunt" }, WG_UNREAD, "child/@looked-after", "child/@looked-after", "true", true },
	{ { "Child in care", "not known" }, WG_PLACED, "child/@looked-after", "child/@looked-after", "not-known", false },
	{ { "Mobile", "left at home" }, WG_UNREAD, "child/telephone", "child/telephone", "left at home", true },
	{ { "Mobile", "None" }, WG_PLACED, "child/telephone", "child/telephone", "None", false },
	{ { "Mobile", "07700 900123 (with mum)" },
	  WG_PLACED,
	  "child/telephone",
	  "child/telephone",
	  "07700 900123 (with mum)",
	  false },
	{ { "Date and time reported", "yesterday evening" },
	  WG_UNREAD,
	  "episode/reported",
	  "episode/reported",
	  "yesterday evening",
	  true },
	{ { "Date and time reported", "yesterday evening" },
	  WG_UNREAD,
	  "episode/reported",
	  "episode/reported/@precision",
	  "unknown",
	  true },
	{ { "Date and time reported", "not known" },
	  WG_PLACED,
	  "episode/reported",
	  "episode/reported/@precision",
	  "unknown",
	  false },
	{ { "Network", "EE" }, WG_UNREAD, "", "child/telephone", NULL, true }, /* of no telephone */
	{ { "Facebook", "tess" }, WG_PLACED, "child/online-identity", "child/online-identity", "Facebook: tess", false },
	{ { "Known as", "Tessie" }, WG_PLACED, "child/name/known-as", "child/name/known-as", "Tessie", false },
	{ { "Surname", "Example" }, WG_PLACED, "child/name/full", "child/name/full", "Tess Example", false },
	{ { "Surname", "Specimen" }, WG_AMBIGUOUS, "", "child/name/full", "Tess Example", true },
	{ { "Full name", "TESS EXAMPLE" },
	  WG_PLACED,
	  "child/name/full",
	  "child/name/full",
	  "TESS EXAMPLE",
	  false }, /* the same, said twice */
	{ { "D.O.B.", "14 March 2011" }, WG_PLACED, "child/date-of-birth", "child/date-of-birth", "2011-03-14", false },
	{ { "D.O.B.", "15 March 2011" }, WG_AMBIGUOUS, "", "child/date-of-birth", NULL, true },
	{ { "Where, when last seen and by whom?", "Example Park, 21/11/2026 21:40, by Sam Example" },
	  WG_PLACED,
	  "missing/last-seen/when missing/last-seen/where missing/last-seen/by",
	  "missing/last-seen/by",
	  "Sam Example",
	  false },
	{ { "Where, when last seen and by whom?", "Example Park, 21/11/2026 20:40, by Sam Example" },
	  WG_AMBIGUOUS,
	  "",
	  "missing/last-seen/by",
	  NULL,
	  true },
	/* who saw the child may be in it: all of it goes where only they may read who are told of third parties */
	{ { "Where, when last seen and by whom?", "Example Park with Sam" },
	  WG_UNREAD,
	  "missing/last-seen/by",
	  "missing/last-seen/by",
	  "Example Park with Sam",
	  true },
};

static void accounts_for_single_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(singles); i++) {
		struct result r;
		const struct line form[] = { { "Full name", "Tess Example" },
			                         { "Date of birth", "14/03/2011" },
			                         { "When last seen", "21/11/2026 21:40" },
			                         singles[i].line,
			                         { NULL, NULL } };
		apply(&r, "Missing", form);
		became(&r, 3, singles[i].what, singles[i].to);
		holds(&r, singles[i].path, singles[i].want);
		if (r.report->attention != singles[i].attention)
			fail_msg("row %zu: attention %d", i, r.report->attention);
		assert_true(singles[i].what == WG_PLACED || singles[i].what == WG_EMPTY ||
		            r.report->placements[3].note[0] != '\0');
		done(&r);
	}
}

/* "Date last seen" and "Time last seen" in two boxes, in either order. */
static void joins_a_day_and_an_hour(void **state)
{
	(void)state;
	static const struct {
		const char *one, *two, *three, *value; /* value: NULL when none is carried */
	} boxes[] = {
		{ "20/11/2026", "18:10", NULL, "2026-11-20T18:10:00+00:00" },
		{ "18:10", "20/11/2026", NULL, "2026-11-20T18:10:00+00:00" },
		{ "20 July 2026", "approx 6pm", NULL, "2026-07-20T18:00:00+01:00" },
		{ "20/11/2026", "18:10", "18:10", "2026-11-20T18:10:00+00:00" },
		{ "20/11/2026", "18:10", "18:30", NULL },
		{ "20/11/2026", "20/11/2026 18:10", NULL, NULL }, /* who says that it is one moment */
		{ "20/11/2026", "6:10", NULL, NULL },             /* morning or evening */
		{ "20/11/2026 18:00", "18:10", NULL, NULL },
	};
	for (size_t i = 0; i < WG_COUNT(boxes); i++) {
		const struct line form[] = { { "Date last seen", boxes[i].one },
			                         { "Time last seen", boxes[i].two },
			                         { boxes[i].three != NULL ? "Last seen" : NULL, boxes[i].three },
			                         { NULL, NULL } };
		struct result r;
		apply(&r, "Missing", form);
		became(&r, 0, boxes[i].value != NULL ? WG_PLACED : WG_AMBIGUOUS,
		       boxes[i].value != NULL ? "missing/last-seen/when" : "");
		holds(&r, "missing/last-seen/when/@value", boxes[i].value);
		done(&r);
	}
}

static void joins_what_two_boxes_say(void **state)
{
	(void)state;
	static const struct line form[] = { { "Network", "Examplefone" }, { "Mobile", "07700 900123" }, { NULL, NULL } };
	static const struct line differ[] = { { "Network", "O2" }, { "Mobile", "07700 900123 (EE)" }, { NULL, NULL } };
	static const struct line unknown[] = { { "When / where last seen?", "Not known" }, { NULL, NULL } };
	struct result r;
	apply(&r, "Missing", form);
	holds(&r, "child/telephone/@network", "Examplefone");
	done(&r);
	apply(&r, "Missing", differ);
	became(&r, 0, WG_AMBIGUOUS, "");
	holds(&r, "child/telephone/@network", "EE");
	done(&r);
	apply(&r, "Missing", unknown);
	became(&r, 0, WG_PLACED, "missing/last-seen/when");
	holds(&r, "missing/last-seen/when/@precision", "unknown");
	done(&r);
}

static void keeps_a_birth_date_that_it_cannot_read(void **state)
{
	(void)state;
	static const struct line form[] = {
		{ "Name", "Tess Example" }, { "DOB", "March 2011" }, { "Last seen", "21/11/2026 21:40" }, { NULL, NULL }
	};
	struct result r;
	apply(&r, NULL, form);
	became(&r, 1, WG_UNREAD, "child/date-of-birth");
	holds(&r, "child/date-of-birth", "");
	holds(&r, "child/date-of-birth/@said", "March 2011");
	assert_string_equal(r.report->missing, "child/date-of-birth|child/age");
	assert_true(r.report->attention);
	done(&r);
}

static void names_what_is_missing(void **state)
{
	(void)state;
	static const struct line form[] = { { "Full name", "" }, { "Circumstances", "Left after tea" }, { NULL, NULL } };
	struct result r;
	apply(&r, "Missing", form);
	assert_string_equal(r.report->missing,
	                    "child/name/full child/date-of-birth|child/age missing/last-seen/when|missing/last-seen/by");
	assert_true(r.report->attention);
	done(&r);
	static const struct line nothing[] = { { NULL, NULL } };
	apply(&r, "Found", nothing);
	assert_string_equal(r.report->missing, "child/name/full found/when|found/returned-at");
	assert_true(r.report->attention);
	done(&r);
}

static void builds_a_name_of_its_parts(void **state)
{
	(void)state;
	static const struct line form[] = {
		{ "Surname", "Example" }, { "Forename(s)", "Tess Amelia" }, { "Also known as", "Tessie" }, { NULL, NULL }
	};
	struct result r;
	for (size_t first = 0; first < 3; first++) {
		apply_from(&r, "Missing", form, first);
		holds(&r, "child/name/full", "Tess Amelia Example");
		holds(&r, "child/name/known-as", "Tessie");
		done(&r);
	}
}

#define CANARY "hunter2-canary"

/* A password goes nowhere: not into the notice, not into the report, wherever it stands. */
static void carries_no_password(void **state)
{
	(void)state;
	static const struct {
		struct line line;
		const char *carried; /* of the usernames */
		bool attention;
	} rows[] = {
		{ { "Password", CANARY }, NULL, false }, /* the box is for nothing else: nobody need look */
		{ { "Social media password", CANARY }, NULL, false },
		{ { "Phone PIN", CANARY }, NULL, false },
		{ { "Tablet PIN", CANARY }, NULL, true },
		{ { "Her Facebook password", CANARY }, NULL, true }, /* no map knows this label */
		{ { "Shoe size", "password " CANARY }, NULL, true },
		{ { "Circumstances", "Left. Her password is " CANARY }, NULL, true },
		{ { "Social media", "tess99, pass: " CANARY }, NULL, true },
		{ { "Social media", "Instagram tess99 / pwd " CANARY }, NULL, true },
		{ { "Social media and passwords", CANARY }, NULL, true },
		{ { "Details of messaging and social media used including usernames and passwords if known",
		    "Snapchat: tess99, " CANARY },
		  "Snapchat: tess99",
		  true },
		{ { "Details of messaging and social media used including usernames and passwords if known",
		    "Snapchat: tess99\nInstagram: tess.ex" },
		  "Snapchat: tess99",
		  false },
		{ { "Details of messaging and social media used including usernames and passwords if known",
		    "Snapchat: tess99, snap " CANARY },
		  NULL,
		  true },
		{ { "Details of messaging and social media used including usernames and passwords if known",
		    "Snapchat: tess99 " CANARY },
		  NULL,
		  true },
		{ { "Details of messaging and social media used including usernames and passwords if known",
		    "Snapchat: tess99/" CANARY },
		  NULL,
		  true },
		{ { "Details of messaging and social media used including usernames and passwords if known",
		    "Snapchat - tess99 - " CANARY },
		  NULL,
		  true },
		{ { "Details of messaging and social media used including usernames and passwords if known", "tess99 " CANARY },
		  NULL,
		  true },
		{ { "Details of messaging and social media used including usernames and passwords if known", "None known" },
		  "None known",
		  false },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct result r;
		const struct line form[] = { { "Full name", "Tess Example" },
			                         { "Date of birth", "14/03/2011" },
			                         { "When last seen", "21/11/2026 21:40" },
			                         rows[i].line,
			                         { NULL, NULL } };
		apply(&r, "Missing", form);
		if (strstr(wg_buf_text(&r.xml), CANARY) != NULL || strstr(wg_buf_text(&r.report_xml), CANARY) != NULL)
			fail_msg("row %zu: the password was carried", i);
		holds(&r, "child/online-identity", rows[i].carried);
		if (r.report->attention != rows[i].attention)
			fail_msg("row %zu: attention %d", i, r.report->attention);
		assert_true(strstr(rows[i].line.value, CANARY) == NULL || r.report->placements[3].what == WG_NOT_CARRIED);
		done(&r);
		apply(&r, "Hello", form + 3); /* and with no map at all */
		assert_null(r.notice);
		assert_true(r.report->attention);
		assert_null(strstr(wg_buf_text(&r.report_xml), CANARY));
		done(&r);
	}
}

static void keeps_words_outside_fields_but_no_password(void **state)
{
	(void)state;
	static const char *const words[] = { "Good evening, please see below.", "Her password is " CANARY };
	for (size_t i = 0; i < WG_COUNT(words); i++) {
		struct result r;
		struct wg_err err;
		apply(&r, "Missing", missing_form);
		r.fields.text = (char *)words[i];
		wg_buf_reset(&r.report_xml);
		assert_int_equal(wg_report_write(r.report, &r.fields, &r.report_xml, &err), WG_OK);
		assert_int_equal(strstr(wg_buf_text(&r.report_xml), words[i]) != NULL, i == 0);
		assert_null(strstr(wg_buf_text(&r.report_xml), CANARY));
		done(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_a_missing_report),
		cmocka_unit_test(order_decides_nothing),
		cmocka_unit_test(maps_a_found_report),
		cmocka_unit_test(chooses_the_map),
		cmocka_unit_test(two_maps_that_fit_say_so),
		cmocka_unit_test(accounts_for_single_lines),
		cmocka_unit_test(joins_what_two_boxes_say),
		cmocka_unit_test(joins_a_day_and_an_hour),
		cmocka_unit_test(keeps_a_birth_date_that_it_cannot_read),
		cmocka_unit_test(names_what_is_missing),
		cmocka_unit_test(builds_a_name_of_its_parts),
		cmocka_unit_test(carries_no_password),
		cmocka_unit_test(keeps_words_outside_fields_but_no_password),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
