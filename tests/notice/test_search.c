/* What the search of a copy finds, and what it leaves. */
#include "../refused_memory.h"
#include "notice/search.h"
#include "notice_fixture.h"

#define FOUND_MAX 8

static struct wg_notice *notice_with(const char *path, const char *text)
{
	struct wg_err err = { 0 };
	struct wg_notice *notice = NULL;
	assert_wg(wg_notice_new(schema, "missing", "01k9tess00examp1e0search01", &notice, &err));
	assert_wg(wg_notice_set(notice, path, text, &err));
	return notice;
}

static bool found(const struct wg_trace *traces, unsigned count, enum wg_trace_kind kind, const char *value)
{
	for (unsigned i = 0; i < count; i++)
		if (traces[i].kind == kind && strcmp(traces[i].value, value) == 0)
			return true;
	return false;
}

/* In the text every value is found, and nothing else of that kind when only is set. */
struct search_case {
	const char *text, *values[FOUND_MAX];
};

static void check(enum wg_trace_kind kind, bool only, const struct search_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct wg_err err = { 0 };
		struct wg_trace *traces = NULL;
		unsigned count = 0, wanted = 0, of_kind = 0;
		bool more = true;
		WG_AUTO_NOTICE struct wg_notice *notice = notice_with("missing/circumstances", cases[i].text);
		assert_wg(wg_notice_traces(notice, &traces, &count, &more, &err));
		assert_false(more);
		for (; wanted < FOUND_MAX && cases[i].values[wanted] != NULL; wanted++)
			if (!found(traces, count, kind, cases[i].values[wanted]))
				fail_msg("%s: not found: %s", cases[i].text, cases[i].values[wanted]);
		for (unsigned k = 0; k < count; k++) {
			of_kind += traces[k].kind == kind ? 1 : 0;
			assert_string_equal(traces[k].path, "missing/circumstances");
			assert_string_equal(wg_category_name(traces[k].category), "circumstances");
		}
		if (only && of_kind != wanted)
			fail_msg("%s: %u found, not %u", cases[i].text, of_kind, wanted);
		wg_traces_free(traces, count);
	}
}

static void test_nhs_numbers(void **state)
{
	(void)state;
	static const struct search_case cases[] = {
		{ "NHS 9990000018.", { "9990000018" } },
		{ "NHS number 999 000 0018, and 999-000-0026", { "9990000018", "9990000026" } },
		{ "nhs:999.000.0018/999 0000026", { "9990000018", "9990000026" } },
		{ "NHS9990000018x", { "9990000018" } },
		{ "999\xc2\xa0"
		  "000\xe2\x80\x93"
		  "0018",
		  { "9990000018" } },
		{ "999\n000 - 0018", { "9990000018" } },
		{ "\xef\xbc\x99\xef\xbc\x99\xef\xbc\x99 000 0018", { "9990000018" } },
		{ "9990\xe2\x80\x8b"
		  "000018 and 9990\xc2\xad"
		  "000018",
		  { "9990000018" } }, /* once per value */
		{ "9990000018 07700 900417", { "9990000018" } },
		{ "9990000019 999000001 99900000180 x 999 000 001", { NULL } }, /* check digit, too few, too many */
		{ "999 000, 0018; 999 000  and 0018", { NULL } },
	};
	check(WG_TRACE_NHS, true, cases, WG_COUNT(cases));
}

static void test_postcodes(void **state)
{
	(void)state;
	static const struct search_case cases[] = {
		{ "at 5 Sample Street, ST99 9ZZ.", { "ST999ZZ" } },
		{ "st99 9zz and ZZ9 9ZZ, DE999ZX", { "ST999ZZ", "ZZ99ZZ", "DE999ZX" } },
		{ "st99\xc2\xa0"
		  "9zz; ST99\n9ZZ",
		  { "ST999ZZ" } },
		{ "W1A 1ZZ (EC1A 1ZZ)", { "W1A1ZZ", "EC1A1ZZ" } },
		{ "xST99 9ZZ, ST99 9ZZZ, room B12, ST99  and 9ZZ", { NULL } },
	};
	check(WG_TRACE_POSTCODE, true, cases, WG_COUNT(cases));
}

static void test_births(void **state)
{
	(void)state;
	static const struct search_case cases[] = {
		{ "DOB 14/03/2011", { "2011-03-14" } },
		{ "d.o.b.: 14.3.11", { "2011-03-14" } },
		{ "D/O/B 14-03-2011, d o b 2.4.12", { "2011-03-14", "2012-04-02" } },
		{ "born on Monday the 14th of March, 2011 in Derby", { "2011-03-14" } },
		{ "Her date of birth is March 14th 2011", { "2011-03-14" } },
		{ "birthday 14-Mar-11", { "2011-03-14" } },
		{ "birthdate: 2011-03-14", { "2011-03-14" } },
		{ "b'day 14032011", { "2011-03-14" } },
		{ "bday 20110314", { "2011-03-14" } },
		{ "B-day 14 / 03 / 2011", { "2011-03-14" } },
		{ "14/03/2011 (DOB)", { "2011-03-14" } },
		{ "date of birth (as her school gives it): 14 march 2011", { "2011-03-14" } },
		{ "born Sept 1 2012", { "2012-09-01" } },
		{ "born 31/02/2011, 14/13/2011, 0/3/2011, 14/03/1811, 14/03/2311 or 14/03", { NULL } },
		{ "left on 14/03/2011", { NULL } },
		{ "a stubborn boy 14/03/2011", { NULL } },
		{ "born in a year that nobody knows, it is said in the notes kept by the school, 14/03/2011", { NULL } },
		{ "dob 123456789012 14 xx 03 2011, dob 14;03;2011, dob 99032011", { NULL } },
		{ "dob", { NULL } },
	};
	check(WG_TRACE_BIRTH, true, cases, WG_COUNT(cases));
}

static void test_names(void **state)
{
	(void)state;
	static const struct search_case cases[] = {
		{ "She met Robin Specimen at the park", { "robin specimen" } },
		{ "she met robin specimen", { "robin specimen" } },
		{ "ROBIN SPECIMEN was there", { "robin specimen" } },
		{ "SPECIMEN, Robin was there", { "robin specimen" } },
		{ "Specimen,Robin James", { "robin james specimen", "robin specimen" } },
		{ "with Robin J. Specimen, and Kit", { "robin j specimen", "robin specimen" } },
		{ "Robin James Lee Specimen", { "robin james lee specimen", "robin specimen" } },
		{ "in Robin Specimen's room, in Robin Specimen\xe2\x80\x99s bag", { "robin specimen" } },
		{ "Mary-Jane O'Sample", { "mary jane osample" } },
		{ "Ren\xc3\xa9"
		  " Specimen",
		  { "ren\xc3\xa9 specimen" } },
		{ "Robin\n  Specimen; Ro\xc2\xad"
		  "bin Specimen",
		  { "robin specimen" } },
		{ "the bus took Robin Specimen", { "robin specimen", "took robin specimen", "bus took" } },
	};
	check(WG_TRACE_NAME, false, cases, WG_COUNT(cases));
	static const struct search_case none[] = {
		{ "Robin. Specimen was not there", { NULL } },
		{ "Robin 5 Specimen; Robin: Specimen / Robin (Specimen)", { NULL } },
		{ "He was with them and they were at home", { NULL } },
		{ "R S", { NULL } },
		{ "Robin", { NULL } },
		{ "abcdefghijklmnopqrstuvwxyzabcdefg Specimen", { NULL } },
		{ "I saw Robin and Kit", { NULL } },
	};
	check(WG_TRACE_NAME, true, none, WG_COUNT(none));
	static const struct search_case exact[] = {
		{ "Robin Specimen", { "robin specimen" } },
		{ "Kit Sam Placeholder", { "kit sam", "sam placeholder", "kit sam placeholder", "kit placeholder" } },
		{ "Specimen, Robin", { "robin specimen" } },
		{ "Kit, Sam, Robin", { "sam kit", "robin sam" } },
	};
	check(WG_TRACE_NAME, true, exact, WG_COUNT(exact));
}

/* Which places are looked at for what. */
static void test_places(void **state)
{
	(void)state;
	static const char words[] = "Robin Specimen, NHS 9990000018, born 14/03/2011, ST99 9ZZ";
	static const struct {
		const char *path, *place, *category;
		unsigned count; /* 6: names too, three of them; 3: numbers only; 0: nothing */
	} cases[] = {
		{ "missing/associate[+]/note", "missing/associate/note", "third-party", 6 },
		{ "missing/concern", "missing/concern", "risk", 6 },
		{ "child/date-of-birth/@said", "child/date-of-birth/@said", "identity", 6 },
		{ "child/description/clothing", "child/description/clothing", "description", 6 },
		{ "missing/informant/name", "missing/informant/name", "third-party", 3 },
		{ "sharing/consent[+]/@by", "sharing/consent/@by", "sharing", 3 },
		{ "episode/police-reference/@force", "episode/police-reference/@force", "episode", 3 },
		{ "header/source/@reference", "", "", 0 },
		{ "authorities/placing/@name", "", "", 0 },
		{ "attachment[+]", "", "", 0 },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		struct wg_trace *traces = NULL;
		unsigned count = 0;
		bool more = true;
		WG_AUTO_NOTICE struct wg_notice *notice = notice_with(cases[i].path, words);
		assert_wg(wg_notice_traces(notice, &traces, &count, &more, &err));
		if (count != cases[i].count)
			fail_msg("%s: %u found, not %u", cases[i].path, count, cases[i].count);
		for (unsigned k = 0; k < count; k++) {
			assert_string_equal(traces[k].path, cases[i].place);
			assert_string_equal(wg_category_name(traces[k].category), cases[i].category);
		}
		wg_traces_free(traces, count);
	}
}

/* The same words in two places are two findings, in one place and its repeats one. */
static void test_once_a_place(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	struct wg_trace *traces = NULL;
	unsigned count = 0;
	bool more = true;
	WG_AUTO_NOTICE struct wg_notice *notice = notice_with("missing/circumstances", "robin specimen, Robin  SPECIMEN");
	assert_wg(wg_notice_set(notice, "missing/associate[+]/note", "Robin Specimen", &err));
	assert_wg(wg_notice_set(notice, "missing/associate[+]/note", "Robin Specimen", &err));
	assert_wg(wg_notice_traces(notice, &traces, &count, &more, &err));
	unsigned specimen = 0;
	for (unsigned i = 0; i < count; i++)
		specimen += strcmp(traces[i].value, "robin specimen") == 0 ? 1 : 0;
	assert_int_equal(specimen, 2);
	wg_traces_free(traces, count);
	wg_notice_freep(&notice);
	assert_wg(wg_notice_new(schema, "missing", "01k9tess00examp1e0search01", &notice, &err));
	assert_wg(wg_notice_traces(notice, &traces, &count, &more, &err));
	assert_int_equal(count, 0);
	assert_false(more);
	wg_traces_free(traces, count);
}

/* Words without end: the search stops at its limit and says so. */
static void test_too_many(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	struct wg_trace *traces = NULL;
	unsigned count = 0;
	bool more = false;
	WG_AUTO_BUF struct wg_buf text = WG_BUF(BYTES_MAX);
	for (unsigned i = 0; i < WG_TRACES_MAX; i++)
		wg_buf_printf(&text, "%c%c%cz ", 'b' + (int)(i % 20), 'b' + (int)(i / 20 % 20), 'b' + (int)(i / 400 % 20));
	WG_AUTO_NOTICE struct wg_notice *notice = notice_with("missing/circumstances", wg_buf_text(&text));
	assert_wg(wg_notice_set(notice, "missing/other", "NHS 9990000018", &err));
	assert_wg(wg_notice_traces(notice, &traces, &count, &more, &err));
	assert_int_equal(count, WG_TRACES_MAX);
	assert_true(more);
	assert_false(found(traces, count, WG_TRACE_NHS, "9990000018"));
	wg_traces_free(traces, count);
}

/* Signs that look like others, and signs that cannot be seen. */
static void test_signs(void **state)
{
	(void)state;
	static const char *const blanks[] = { " ",
		                                  "\t",
		                                  "\r\n",
		                                  "\xc2\xa0",
		                                  "\xe1\x9a\x80",
		                                  "\xe2\x80\x80",
		                                  "\xe2\x80\x8a",
		                                  "\xe2\x80\xa8",
		                                  "\xe2\x80\xa9",
		                                  "\xe2\x80\xaf",
		                                  "\xe2\x81\x9f",
		                                  "\xe3\x80\x80",
		                                  "\xc2\xad ",
		                                  " \xe2\x80\x8b",
		                                  "\xe2\x80\x8f ",
		                                  "\xe2\x81\xa0 ",
		                                  "\xef\xbb\xbf " };
	static const char *const others[] = { "\xe2\x80\xa2", "\xc2\xa7",     "\xc3\x97", "\xc3\xb7",
		                                  "\xe3\x80\x81", "\xe2\x80\x9c", ";" };
	static const char *const hyphens[] = { "-", "\xe2\x80\x90", "\xe2\x80\x95", "\xe2\x88\x92", "\xef\xbc\x8d" };
	static const char *const apostrophes[] = {
		"'", "\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9b", "\xe2\x80\xb2", "\xc2\xb4", "\xca\xbc"
	};
	char text[64];
	struct search_case one = { text, { "robin specimen" } };
	for (size_t i = 0; i < WG_COUNT(blanks); i++) {
		(void)snprintf(text, sizeof text, "Robin%sSpecimen", blanks[i]);
		check(WG_TRACE_NAME, true, &one, 1);
	}
	one.values[0] = NULL;
	for (size_t i = 0; i < WG_COUNT(others); i++) {
		(void)snprintf(text, sizeof text, "Robin%sSpecimen", others[i]);
		check(WG_TRACE_NAME, true, &one, 1);
	}
	one.values[0] = "mary jane sample";
	for (size_t i = 0; i < WG_COUNT(hyphens); i++) {
		(void)snprintf(text, sizeof text, "Mary%sJane Sample", hyphens[i]);
		check(WG_TRACE_NAME, true, &one, 1);
	}
	one.values[0] = "robin osample";
	for (size_t i = 0; i < WG_COUNT(apostrophes); i++) {
		(void)snprintf(text, sizeof text, "Robin O%sSample", apostrophes[i]);
		check(WG_TRACE_NAME, true, &one, 1);
	}
}

/* All that there is to find, or an error. */
static void test_memory_runs_out(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf text = WG_BUF(BYTES_MAX);
	for (unsigned i = 0; i < 300; i++)
		wg_buf_printf(&text, "b%c%cz ", 'b' + (int)(i % 20), 'b' + (int)(i / 20));
	WG_AUTO_NOTICE struct wg_notice *notice = notice_with("missing/circumstances", wg_buf_text(&text));
	unsigned long n = 0;
	unsigned count = 0;
	for (enum wg_code code = WG_SYSTEM; code != WG_OK;) {
		struct wg_trace *traces = NULL;
		bool more = true;
		memory_asked = 0;
		memory_fails_at = ++n;
		code = wg_notice_traces(notice, &traces, &count, &more, &err);
		memory_fails_at = 0;
		assert_true(code == WG_OK ? !more : traces == NULL && code == WG_SYSTEM);
		wg_traces_free(traces, count);
	}
	assert_true(n > 6 && count > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nhs_numbers), cmocka_unit_test(test_postcodes), cmocka_unit_test(test_births),
		cmocka_unit_test(test_names),       cmocka_unit_test(test_places),    cmocka_unit_test(test_once_a_place),
		cmocka_unit_test(test_too_many),    cmocka_unit_test(test_signs),     cmocka_unit_test(test_memory_runs_out),
	};
	return cmocka_run_group_tests(tests, load_schema, free_schema);
}
