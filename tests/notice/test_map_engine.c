/* What a map can say beyond a label and its place: headings, rows of tables, codes, agreement, days that lie ahead,
 * titles; and how a form finds its map among many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "notice/map_internal.h"
#include "notice/xml.h"
#include "sys/file.h"

#define MAP(id, attributes, recognise, fields) \
	"<map xmlns=\"urn:wardgate:map:1\" id=\"" id "\" " attributes "><recognise " recognise "/>" fields "</map>"
#define FIELD(attributes) "<field source=\"test\" " attributes "/>"
#define FIELDS_MAX 12

static struct wg_schema *schema;
static char folder[64];

static const struct wg_envelope_facts facts = { .id = "01jd0000000000000000000000",
	                                            .organisation = "derbyshire-police",
	                                            .received = "2026-11-22T09:30:00Z" };

static int set_up(void **state)
{
	(void)state;
	struct wg_err err = { .text = "" };
	wg_xml_init();
	(void)snprintf(folder, sizeof folder, "/tmp/wardgate-engine-XXXXXX");
	if (mkdtemp(folder) == NULL || wg_schema_load(WG_SOURCE_DIR "/xsd", &schema, &err) != WG_OK) {
		print_error("%s\n", err.text);
		return -1;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	wg_schema_freep(&schema);
	return rmdir(folder);
}

/* Loads maps that were written for a test, beside the project's codes. */
static struct wg_maps *load(const char *const *texts, size_t n)
{
	struct wg_err err = { .text = "" };
	struct wg_maps *maps = NULL;
	char path[128], codes[128];
	(void)snprintf(codes, sizeof codes, "%s/codes.xml", folder);
	assert_int_equal(symlink(WG_SOURCE_DIR "/adapters/maps/codes.xml", codes), 0);
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(path, sizeof path, "%s/m%zu.xml", folder, i);
		assert_int_equal(wg_file_write(path, texts[i], strlen(texts[i]), 0600, &err), WG_OK);
	}
	enum wg_code code = wg_maps_load(folder, WG_SOURCE_DIR "/xsd", schema, &maps, &err);
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(path, sizeof path, "%s/m%zu.xml", folder, i);
		(void)unlink(path);
	}
	(void)unlink(codes);
	if (code != WG_OK)
		fail_msg("%s", err.text);
	return maps;
}

struct box {
	const char *label, *value, *section;
	unsigned row;
};

struct made {
	struct wg_field field[FIELDS_MAX];
	struct wg_fields fields;
	struct wg_notice *notice;
	struct wg_report *report;
};

static void apply(struct made *m, const struct wg_maps *maps, const struct box *boxes, size_t n)
{
	struct wg_err err = { .text = "" };
	*m = (struct made){ 0 };
	assert_true(n <= FIELDS_MAX);
	for (size_t i = 0; i < n; i++)
		m->field[i] = (struct wg_field){ .label = (char *)boxes[i].label,
			                             .value = (char *)boxes[i].value,
			                             .at = (char *)"body",
			                             .section = (char *)boxes[i].section,
			                             .row = boxes[i].row };
	m->fields = (struct wg_fields){ .reader = "mail", .fields = m->field, .count = n };
	if (wg_map_apply(maps, &m->fields, &facts, &m->notice, &m->report, &err) != WG_OK)
		fail_msg("%s", err.text);
	if (m->notice != NULL && wg_notice_validate(m->notice, &err) != WG_OK)
		fail_msg("%s", err.text);
}

static void done(struct made *m)
{
	wg_notice_freep(&m->notice);
	wg_report_freep(&m->report);
}

/* The notice as text holds these words, once, in this order. */
static void shows(const struct made *m, const char *const *words, size_t n)
{
	struct wg_err err = { .text = "" };
	WG_AUTO_BUF struct wg_buf xml = WG_BUF(WG_LIMIT_NOTICE);
	assert_int_equal(wg_notice_serialise(m->notice, &xml, &err), WG_OK);
	const char *p = wg_buf_text(&xml);
	for (size_t i = 0; i < n; i++) {
		const char *at = strstr(p, words[i]);
		if (at == NULL)
			fail_msg("\"%s\" is not there, or not in its order:\n%s", words[i], wg_buf_text(&xml));
		p = at + strlen(words[i]);
	}
}

static void became(const struct made *m, size_t i, enum wg_placing what, const char *to)
{
	const struct wg_placement *p = &m->report->placements[i];
	if (p->what != what || strcmp(p->to, to) != 0)
		fail_msg("\"%s\" became %s at \"%s\" (%s)", p->label, wg_placing_name(p->what), p->to, p->note);
}

static const char people[] = MAP(
	"people", "kind=\"missing\"", "labels=\"yp\"",
	FIELD("to=\"child/name\" as=\"person-name\" labels=\"name | yp\"")
		FIELD("to=\"child/telephone\" as=\"telephone\" labels=\"mobile\"")
			FIELD("to=\"missing/informant/name\" as=\"line\" under=\"informant | person reporting\" labels=\"name\"")
				FIELD("to=\"missing/informant/telephone\" as=\"telephone\" under=\"informant\" labels=\"mobile\"")
					FIELD("to=\"child/social-worker/name\" as=\"line\" under=\"social worker\" labels=\"name\"") FIELD(
						"to=\"missing/associate[+]/name\" as=\"line\" under=\"friend\" labels=\"name | friend*\"")
						FIELD("to=\"missing/associate[+]/relationship\" as=\"line\" labels=\"how known\"") FIELD(
							"to=\"missing/associate[+]/telephone\" as=\"telephone\" under=\"friend\" labels=\"mobile\"")
							FIELD("to=\"missing/other\" as=\"text\" labels=\"note\""));

/* A box under a heading belongs to whom the heading names. */
static void headings_tell_whose(void **state)
{
	(void)state;
	const char *const texts[] = { people };
	struct wg_maps *maps = load(texts, 1);
	static const struct box boxes[] = {
		{ "Name", "Tess Example", "1. The young person", 0 },
		{ "Mobile", "07700 900123", NULL, 0 },
		{ "Name:", "Kit Placeholder", "2. Informant's details", 0 },
		{ "Mobile", "07700 900456", "2. INFORMANTS DETAILS", 0 },
		{ "Name", "Robin Specimen", "Social worker", 0 },
		{ "Name", "Sam Sample", "Person reporting", 0 }, /* who informs is named twice, and not alike */
		{ "Yp", "Tess Example", "Informant", 0 },        /* no field is of that heading: the one of any is */
	};
	struct made m;
	apply(&m, maps, boxes, WG_COUNT(boxes));
	became(&m, 0, WG_PLACED, "child/name/full");
	became(&m, 1, WG_PLACED, "child/telephone");
	became(&m, 2, WG_AMBIGUOUS, "");
	became(&m, 3, WG_PLACED, "missing/informant/telephone");
	became(&m, 4, WG_PLACED, "child/social-worker/name");
	became(&m, 5, WG_AMBIGUOUS, "");
	became(&m, 6, WG_PLACED, "child/name/full");
	done(&m);
	/* two fields of a map whose headings fit alike: nobody guesses */
	static const struct box tie[] = { { "Yp", "Tess Example", NULL, 0 },
		                              { "Name", "Kit Placeholder", "Informant and social worker of friend", 0 },
		                              { "Mobile", "07700 900456", "Informant (friend)", 0 } };
	apply(&m, maps, tie, WG_COUNT(tie));
	became(&m, 1, WG_PLACED, "child/social-worker/name"); /* the longer words of the heading */
	became(&m, 2, WG_PLACED, "missing/informant/telephone");
	assert_true(m.notice != NULL);
	done(&m);
	wg_maps_freep(&maps);
}

/* What stands in one row stays in one element, and no row borrows of another. */
static void rows_stay_together(void **state)
{
	(void)state;
	const char *const texts[] = { people };
	struct wg_maps *maps = load(texts, 1);
	static const struct box boxes[] = {
		{ "YP", "Tess Example", NULL, 0 },
		{ "Name", "Sam Sample", "Friends", 2 },
		{ "How known", "school", "Friends", 2 },
		{ "Name", "Alex Test", "Friends", 3 },
		{ "Mobile", "07700 900456", "Friends", 3 },
		{ "How known", "neighbour", "Friends", 4 },
		{ "Note", "first", NULL, 2 },
		{ "Note", "second", NULL, 3 },
		{ "Friend", "Jo Invented", "Friend (other)", 0 },
		{ "How known", "online", "Friend (other)", 0 },
	};
	static const char *const words[] = {
		"<associate>",  "Sam Sample",
		"school",       "</associate>",
		"<associate>",  "Alex Test",
		"07700 900456", "</associate>",
		"<associate>",  "<relationship>neighbour",
		"</associate>", "<associate>",
		"Jo Invented",  "online",
		"</associate>", "<other>first\nsecond</other>",
	};
	struct made m;
	apply(&m, maps, boxes, WG_COUNT(boxes));
	for (size_t i = 0; i < WG_COUNT(boxes); i++)
		assert_int_equal(m.report->placements[i].what, WG_PLACED);
	shows(&m, words, WG_COUNT(words));
	became(&m, 1, WG_PLACED, "missing/associate/name");
	done(&m);
	wg_maps_freep(&maps);
}

static const char circle[] =
	MAP("circle", "kind=\"missing\"", "titles=\"known friends and places\" labels=\"yp\"",
        FIELD("to=\"child/name\" as=\"person-name\" labels=\"yp | name\"")
            FIELD("to=\"child/age\" as=\"line\" labels=\"age\"")
                FIELD("to=\"missing/other\" as=\"text\" labels=\"seen by\"")
                    FIELD("to=\"missing/associate[+]/name\" as=\"line\" under=\"friends\" labels=\"name\"")
                        FIELD("to=\"missing/associate[+]/age\" as=\"line\" under=\"friends\" labels=\"age\"")
                            FIELD("to=\"missing/associate[+]/note\" as=\"text\" under=\"friends\" labels=\"seen by\""));

/* The form's title is no heading of a list: what stands below it alone is the child's. And what stands below a table,
 * in none of its rows, is no element beside them. */
static void titles_and_tables_end(void **state)
{
	(void)state;
	const char *const texts[] = { circle };
	struct wg_maps *maps = load(texts, 1);
	static const struct box boxes[] = {
		{ "Name", "Tess Example", "Known friends and places", 0 },
		{ "Age", "15", "Known friends and places", 0 },
		{ "Name", "Sam Sample", "Friends", 1 },
		{ "Age", "22", "Friends", 1 },
		{ "Seen by", "Kit Placeholder", "Friends", 0 },
	};
	static const char *const words[] = { "Tess Example",  "<age>15</age>", "<associate>",           "Sam Sample",
		                                 "<age>22</age>", "</associate>",  "<other>Kit Placeholder" };
	struct made m;
	apply(&m, maps, boxes, WG_COUNT(boxes));
	shows(&m, words, WG_COUNT(words));
	done(&m);
	wg_maps_freep(&maps);
}

static const char answers[] =
	MAP("answers", "kind=\"return-interview\"", "labels=\"outcome\"",
        FIELD("to=\"child/name\" as=\"person-name\" labels=\"name\"")
            FIELD("to=\"interview/outcome\" as=\"code\" table=\"interview-outcome\" labels=\"outcome\"")
                FIELD("to=\"child/disability-kind[+]\" as=\"code\" table=\"disability\" labels=\"disabilities\"")
                    FIELD("to=\"sharing/consent[+]\" as=\"consent\" role=\"police\" labels=\"share with police\"")
                        FIELD("to=\"sharing/consent[+]\" as=\"consent\" role=\"school\" labels=\"share with school\"")
                            FIELD("to=\"interview/request/due\" as=\"when-ahead\" labels=\"due\"")
                                FIELD("to=\"interview/held/when\" as=\"when\" labels=\"held\"")
                                    FIELD("to=\"child/nhs-number\" as=\"nhs-number\" labels=\"nhs number\""));

static void values_become_codes(void **state)
{
	(void)state;
	const char *const texts[] = { answers };
	struct wg_maps *maps = load(texts, 1);
	static const struct box boxes[] = {
		{ "Name", "Tess Example", NULL, 0 },
		{ "Outcome (please tick)", "Offered and accepted", NULL, 0 },
		{ "Disabilities", "Learning; Autism; something else", NULL, 0 },
		{ "Share with police?", "Refused", NULL, 0 },
		{ "Share with school?", "Yes, but not the head teacher", NULL, 0 },
		{ "Due", "25/11/2026 at 10:00", NULL, 0 },
		{ "Held", "25/11/2026 at 10:00", NULL, 0 },
		{ "NHS number (if known)", "N/K", NULL, 0 },
	};
	static const char *const words[] = {
		"code=\"LD\">Learning<",
		"code=\"AUT\">Autism<",
		"<disability-kind>something else<",
		"code=\"OFFERED_ACCEPTED_COMPLETED\"",
		"value=\"2026-11-25T10:00:00+00:00\"",
		"precision=\"unknown\"",
		"to=\"police\" state=\"refused\"",
		"to=\"school\" state=\"not-known\"",
	};
	struct made m;
	apply(&m, maps, boxes, WG_COUNT(boxes));
	became(&m, 1, WG_PLACED, "interview/outcome");
	became(&m, 2, WG_UNREAD, "child/disability-kind");
	became(&m, 3, WG_PLACED, "sharing/consent");
	became(&m, 4, WG_UNREAD, "sharing/consent"); /* a condition is for a person */
	became(&m, 5, WG_PLACED, "interview/request/due");
	became(&m, 6, WG_UNREAD, "interview/held/when"); /* nobody was interviewed in three days' time */
	assert_non_null(strstr(m.report->placements[6].note, "still to come"));
	became(&m, 7, WG_EMPTY, "");                     /* not known is an answer, and calls nobody */
	shows(&m, words, WG_COUNT(words));
	done(&m);
	wg_maps_freep(&maps);
}

/* What the kind wants, where the map says nothing; and what the map says. */
static void wants_what_the_kind_wants(void **state)
{
	(void)state;
	static const char own[] = MAP("own", "kind=\"missing\" required=\"child/age\"", "labels=\"yp\"",
	                              FIELD("to=\"child/name\" as=\"person-name\" labels=\"yp\""));
	const char *const texts[] = { people }, *const others[] = { own };
	static const struct box boxes[] = { { "YP", "Tess Example", NULL, 0 } };
	struct wg_maps *maps = load(texts, 1);
	struct made m;
	apply(&m, maps, boxes, 1);
	assert_string_equal(m.report->missing, "child/date-of-birth|child/age missing/last-seen/when|missing/last-seen/by");
	done(&m);
	wg_maps_freep(&maps);
	maps = load(others, 1);
	apply(&m, maps, boxes, 1);
	assert_string_equal(m.report->missing, "child/age");
	assert_true(m.report->attention);
	done(&m);
	wg_maps_freep(&maps);
}

#define NAME FIELD("to=\"child/name\" as=\"person-name\" labels=\"name\"")
#define ANY(label) FIELD("to=\"child/gender\" as=\"line\" labels=\"" label "\"")

/* Which of several maps a form gets: by title, by a clear lead of labels, by subject, and otherwise none. */
static void finds_the_map_among_many(void **state)
{
	(void)state;
	static const char *const texts[] = {
		MAP("interview", "kind=\"return-interview\"",
		    "titles=\"return interview\" labels=\"how left | slept where | a1 | a2 | a3\" subject=\"interview\"",
		    NAME ANY("how left | slept where | a1 | a2 | a3 | b1")),
		MAP("request", "kind=\"return-interview-request\"",
		    "titles=\"return interview request\" labels=\"due by | b1 | b2\" subject=\"request\"",
		    NAME ANY("due by | b1 | b2")),
		MAP("other", "kind=\"missing\"", "labels=\"a1 | c1\" over=\"request nobody\" subject=\"missing\"",
		    NAME ANY("a1 | c1")),
	};
	static const struct {
		const char *subject, *text, *section, *labels[5], *map;
	} rows[] = {
		{ NULL, "Return Interview Proforma\nmore", NULL, { "name" }, "interview" },
		{ NULL, "RETURN INTERVIEWS - REQUEST", NULL, { "name" }, "request" },
		{ NULL, "Return interview request\n", NULL, { "how left" }, "request" }, /* the longer title, before labels */
		{ NULL, NULL, "Part 1: return interview", { "name" }, "interview" },
		{ NULL,
		  "He said at his return interview that he would rather not have been asked at all.",
		  NULL,
		  { "c1" },
		  "other" },                                                        /* a sentence is no title */
		{ NULL, NULL, NULL, { "how left" }, "interview" },                  /* one label of its own */
		{ NULL, NULL, NULL, { "a1" }, "" },                                 /* two maps have it */
		{ NULL, NULL, NULL, { "a1", "a2", "a3" }, "interview" },            /* it leads by two */
		{ NULL, NULL, NULL, { "a1", "a2" }, "" },                           /* by one only */
		{ NULL, NULL, NULL, { "a1", "a2", "a3", "c1" }, "" },               /* the lead is too small */
		{ "Missing child", NULL, NULL, { "a1" }, "other" },                 /* the subject decides a tie */
		{ "Missing child", NULL, NULL, { "a1", "a2", "a3" }, "interview" }, /* and nothing against a clear lead */
		{ NULL, NULL, NULL, { "c1", "b2" }, "other" },                      /* it stands above */
		{ "Request", NULL, NULL, { "name" }, "request" },
		{ "Hello", NULL, NULL, { "name" }, "" },
	};
	struct wg_maps *maps = load(texts, WG_COUNT(texts));
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_field fields[5];
		struct wg_fields form = { .reader = "mail", .fields = fields, .subject = (char *)rows[i].subject };
		form.text = (char *)rows[i].text;
		for (; form.count < 5 && rows[i].labels[form.count] != NULL; form.count++)
			fields[form.count] = (struct wg_field){ .label = (char *)rows[i].labels[form.count],
				                                    .value = (char *)"x",
				                                    .at = (char *)"body",
				                                    .section = (char *)rows[i].section };
		char why[160];
		const char *id = wg_maps_choose(maps, &form, why, sizeof why);
		if (strcmp(id != NULL ? id : "", rows[i].map) != 0)
			fail_msg("row %zu: \"%s\" (%s)", i, id != NULL ? id : "", why);
		assert_true((id == NULL) == (why[0] != '\0'));
	}
	wg_maps_freep(&maps);
}

/* Hints, brackets, plurals and numbers at a label ask nothing; a bracket that does ask is part of the question. */
static void labels_without_their_hints(void **state)
{
	(void)state;
	static const struct {
		const char *label, *spelling;
		bool fits;
	} rows[] = {
		{ "Date of birth (dd/mm/yyyy)", "date of birth", true },
		{ "Date of birth (DD/MM/YYYY) (if known):", "date of birth", true },
		{ "7) Friends\xe2\x80\x99 name(s) \xe2\x80\x93 please specify", "friend name", true },
		{ "Name(s) of child(ren)", "names of child", true },
		{ "Address [please give full details]", "addresses", true },
		{ "Injuries? (Y/N)", "injury", false }, /* plurals in s only */
		{ "Injury? (Y/N)", "injury", true },
		{ "Telephone (social worker)", "telephone", false },
		{ "Address (if different from placement)", "address", false },
		{ "Address (if different from placement)", "address if different from placement", true },
		{ "Please specify", "please specify", true },
		{ "School / college", "school college", true },
		{ "Status", "statu", false },
		{ "\xe2\x80\x9cKnown as\xe2\x80\x9d", "known as", true },
		{ "Full name\xc2\xa0*", "full name", true },
		{ "(please specify)", "name", false },
		{ "()", "name", false },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_map_labels labels = { 0 };
		struct wg_map_keys keys;
		struct wg_err err = { .text = "" };
		assert_int_equal(wg_map_labels_add(&labels, rows[i].spelling, 0, NULL, &err), WG_OK);
		wg_map_label_keys(rows[i].label, &keys);
		if ((wg_map_labels_find(&labels, &keys) != NULL) != rows[i].fits)
			fail_msg("\"%s\" and \"%s\": key \"%s\", bare \"%s\"", rows[i].label, rows[i].spelling, keys.key,
			         keys.bare);
		wg_map_labels_free(&labels);
	}
}

/* A draft holds questions, never answers; and it loads. */
static void drafts_hold_no_answers(void **state)
{
	(void)state;
	const char *const texts[] = { people };
	struct wg_maps *maps = load(texts, 1);
	static struct wg_field fields[] = {
		{ .label = (char *)"Name", .value = (char *)"Zebediah Quux", .at = (char *)"sheet Quux" },
		{ .label = (char *)"What did Zebediah say", .value = (char *)"That he left.", .at = (char *)"body" },
		{ .label = (char *)"Quux", .value = (char *)"yes", .at = (char *)"body" },
		{ .label = (char *)"9990000018", .value = (char *)"yes", .at = (char *)"body" },
		{ .label = (char *)"Last seen when", .value = (char *)"21/11/2026", .at = (char *)"body" },
		{ .label = (char *)"Mabel Quuxley", .value = (char *)"a friend", .at = (char *)"body" },
		{ .label = (char *)"Favourite dragon -- colour", .value = (char *)"green", .at = (char *)"body" },
		{ .label = (char *)"attachment quux.jpg (not read)", .value = (char *)"", .at = (char *)"body" },
	};
	struct wg_fields form = { .reader = "docx", .fields = fields, .count = WG_COUNT(fields) };
	form.text = (char *)"Missing report for Zebediah Quux\n";
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_CONFIG_FILE);
	struct wg_err err = { .text = "" };
	assert_int_equal(wg_map_draft(maps, &form, "misssing", "d", &out, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "missing"));
	assert_int_equal(wg_map_draft(maps, &form, "missing", "d", &out, &err), WG_OK);
	const char *draft = wg_buf_text(&out);
	static const char *const personal[] = {
		"zebediah", "Zebediah", "quux", "Quux", "999000", "green", "21/11", "mabel"
	};
	for (size_t i = 0; i < WG_COUNT(personal); i++)
		if (strstr(draft, personal[i]) != NULL)
			fail_msg("\"%s\" stands in the draft:\n%s", personal[i], draft);
	static const char *const there[] = {
		"titles=\"missing report for\"",
		"to=\"child/name\" as=\"person-name\" labels=\"name\"",
		"labels=\"what did*\"",
		"labels=\"favourite dragon colour\"",
		"Left out, because they may be answers rather than questions: 3 labels",
		"to=\"missing/last-seen/when\" as=\"when\"",
	};
	for (size_t i = 0; i < WG_COUNT(there); i++)
		if (strstr(draft, there[i]) == NULL)
			fail_msg("\"%s\" does not stand in the draft:\n%s", there[i], draft);
	const char *const again[] = { draft };
	struct wg_maps *drafted = load(again, 1);
	wg_maps_freep(&drafted);
	wg_maps_freep(&maps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headings_tell_whose),        cmocka_unit_test(rows_stay_together),
		cmocka_unit_test(titles_and_tables_end),      cmocka_unit_test(values_become_codes),
		cmocka_unit_test(wants_what_the_kind_wants),  cmocka_unit_test(finds_the_map_among_many),
		cmocka_unit_test(labels_without_their_hints), cmocka_unit_test(drafts_hold_no_answers),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
