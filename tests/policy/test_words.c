/* The small parts below a policy: attributes, days, durations and texts as they are read when no schema has seen to
 * them; guesses at names; paths; and the lines in which reasons stand. */
#include <limits.h>

#include "policy/reasons.h"
#include "policy_test.h"

/* A document, its root, and a layer that it is. */
struct fixture {
	struct wg_xml *doc;
	struct _xmlNode *root;
	struct wg_policy policy;
	struct wg_layer layer;
};

static void open_fixture(struct fixture *f, const char *text)
{
	struct wg_err err = { 0 };
	*f = (struct fixture){ 0 };
	must(wg_xml_parse(text, strlen(text), "test.xml", &f->doc, &err), &err);
	f->root = wg_xml_root(f->doc);
	f->layer = (struct wg_layer){ .doc = f->doc, .schema = schema, .policy = &f->policy };
}

static void test_attributes(void **state)
{
	(void)state;
	struct fixture f;
	char value[4];
	struct wg_err err = { 0 };
	open_fixture(&f, "<a b=' \t ' c=' xy ' d='wxyz' e=''/>");
	must(wg_names_attr(f.doc, f.root, "a", value, sizeof value, &err), &err);
	assert_string_equal(value, "");
	must(wg_names_attr(f.doc, f.root, "b", value, sizeof value, &err), &err);
	assert_string_equal(value, "");
	must(wg_names_attr(f.doc, f.root, "c", value, sizeof value, &err), &err);
	assert_string_equal(value, "xy");
	must(wg_names_attr(f.doc, f.root, "e", value, sizeof value, &err), &err);
	assert_string_equal(value, "");
	assert_int_equal(wg_names_attr(f.doc, f.root, "d", value, sizeof value, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "test.xml:1: attribute d is longer than 3 characters"));
	wg_xml_freep(&f.doc);
}

static void test_bools(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool before, is;
	} cases[] = {
		{ "<a b='true'/>", false, true }, { "<a b='1'/>", false, true }, { "<a b='false'/>", true, false },
		{ "<a b='0'/>", true, false },    { "<a b=' '/>", true, true },  { "<a/>", true, true },
		{ "<a/>", false, false },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct fixture f;
		struct wg_err err = { 0 };
		bool is = cases[i].before;
		open_fixture(&f, cases[i].text);
		must(wg_policy_words_bool(&f.layer, f.root, "b", &is, &err), &err);
		assert_int_equal(is, cases[i].is);
		wg_xml_freep(&f.doc);
	}
	struct fixture f;
	struct wg_err err = { 0 };
	bool is = true;
	open_fixture(&f, "<a b='a long word'/>");
	assert_int_equal(wg_policy_words_bool(&f.layer, f.root, "b", &is, &err), WG_CONFIG);
	wg_xml_freep(&f.doc);
}

static void test_days(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool is;
		int64_t day;
	} cases[] = {
		{ "1970-01-01", true, 0 },  { "2026-11-22", true, 20779 }, { "2024-02-29", true, 19782 },
		{ "2026-02-29", false, 0 }, { "2026-13-01", false, 0 },    { "2026-00-01", false, 0 },
		{ "2026-01-00", false, 0 }, { "2026-01-32", false, 0 },    { "0000-01-01", false, 0 },
		{ "2026-1-1", false, 0 },   { "2026-11-222", false, 0 },   { "", false, 0 },
		{ "abcd-ef-gh", false, 0 }, { "2026-ab-01", false, 0 },    { "2026-01-ab", false, 0 },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		int64_t day = 0;
		if (wg_policy_words_day(cases[i].text, &day) != cases[i].is || day != cases[i].day)
			fail_msg("%s: %lld", cases[i].text, (long long)day);
	}
	struct fixture f;
	struct wg_span span;
	struct wg_err err = { 0 };
	open_fixture(&f, "<a from='2026-02-30'/>");
	assert_int_equal(wg_policy_words_span(&f.layer, f.root, &span, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "from=\"2026-02-30\" is not a day"));
	wg_xml_freep(&f.doc);
	open_fixture(&f, "<a until='a day that is much too long'/>");
	assert_int_equal(wg_policy_words_span(&f.layer, f.root, &span, &err), WG_CONFIG);
	wg_xml_freep(&f.doc);
}

static void test_durations(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned minutes, hours;
	} cases[] = {
		{ "<a/>", UINT_MAX, UINT_MAX },     { "<a keep='P1D'/>", 1440, 24 },
		{ "<a keep='PT30M'/>", 30, 21900 }, /* the schema allows no minutes in keep= */
		{ "<a keep='PT4H'/>", 240, 35040 }, { "<a keep='P2M'/>", 2, 1460 },
		{ "<a keep='P1Y'/>", 1, 8760 },     { "<a keep='P12M'/>", 12, 8760 },
		{ "<a keep='PD'/>", 0, 0 }, /* no number: the soonest, the shortest */
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct fixture f;
		struct wg_due due;
		struct wg_period period;
		struct wg_err err = { 0 };
		open_fixture(&f, cases[i].text);
		must(wg_policy_words_due(&f.layer, f.root, "keep", &due, &err), &err);
		must(wg_policy_words_period(&f.layer, f.root, &period, &err), &err);
		if (due.minutes != cases[i].minutes || period.hours != cases[i].hours)
			fail_msg("%s: %u minutes, %u hours", cases[i].text, due.minutes, period.hours);
		wg_xml_freep(&f.doc);
	}
	struct fixture f;
	struct wg_due due;
	struct wg_period period;
	struct wg_err err = { 0 };
	open_fixture(&f, "<a keep='P123456789D'/>");
	assert_int_equal(wg_policy_words_due(&f.layer, f.root, "keep", &due, &err), WG_CONFIG);
	assert_int_equal(wg_policy_words_period(&f.layer, f.root, &period, &err), WG_CONFIG);
	wg_xml_freep(&f.doc);
}

static void test_texts(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "<a><b>one</b></a>", "one" },
		{ "<a><b>  one\n\t two  </b></a>", "one two" },
		{ "<a><b> </b></a>", "" },
		{ "<a><b/></a>", "" },
		{ "<a/>", "" },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct fixture f;
		char *text = NULL;
		struct wg_err err = { 0 };
		open_fixture(&f, cases[i][0]);
		must(wg_policy_words_child(f.root, "b", &text, &err), &err);
		assert_string_equal(text, cases[i][1]);
		free(text);
		wg_xml_freep(&f.doc);
	}
}

static void test_hints(void **state)
{
	(void)state;
	char longer[WG_LIMIT_NAME + 2], hint[WG_HINT];
	memset(longer, 'a', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_string_equal(wg_hint("", "a b", hint), "");
	assert_string_equal(wg_hint(longer, "aaaa", hint), "");
	assert_string_equal(wg_hint("rol", "", hint), "");
	assert_string_equal(wg_hint("rol", "  rule   role", hint), "; did you mean \"role\"?");
	assert_string_equal(wg_hint("something", "role rule", hint), "");
}

static void test_beside(void **state)
{
	(void)state;
	char out[16], longer[64];
	struct wg_err err = { 0 };
	memset(longer, 'a', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	must(wg_names_beside("x/y.xml", "z.xml", out, sizeof out, &err), &err);
	assert_string_equal(out, "x/z.xml");
	must(wg_names_beside("y.xml", "z.xml", out, sizeof out, &err), &err);
	assert_string_equal(out, "z.xml");
	must(wg_names_beside("x/y.xml", "/z.xml", out, sizeof out, &err), &err);
	assert_string_equal(out, "/z.xml");
	assert_int_equal(wg_names_beside("x/y.xml", longer, out, sizeof out, &err), WG_LIMIT);
	longer[30] = '/';
	assert_int_equal(wg_names_beside(longer, "z", out, sizeof out, &err), WG_LIMIT);
	assert_non_null(strstr(err.text, "the path of z is longer than 15 characters"));
}

/* Whoever does not want the words still gets the code. */
static void test_no_words(void **state)
{
	(void)state;
	struct wg_policy *policy = NULL;
	struct wg_directory *directory = NULL;
	assert_int_equal(wg_policy_parse("", 0, "test.xml", NULL, policy_xsd, schema, &policy, NULL), WG_CONFIG);
	assert_int_equal(wg_directory_parse("<a/>", 4, "test.xml", directory_xsd, &directory, NULL), WG_CONFIG);
	assert_int_equal(wg_policy_load("/nowhere/x.xml", XSD_DIR, schema, &policy, NULL), WG_CONFIG);
}

/* Categories with the same reason stand together, and in nothing else. */
static void test_reasons(void **state)
{
	(void)state;
	static const struct wg_reason_words base = {
		.category = "a", .rule = "x/r", .basis = "B", .source = "S", .consent = "given", .kept_back = NULL
	};
	struct wg_reason_words other[] = { base, base, base, base, base, base, base, base };
	other[0].rule = "x/other";
	other[1].basis = "C";
	other[2].source = "T";
	other[3].consent = "refused";
	other[4].kept_back = "x/gate";
	other[5].said = true;
	other[6].category = "b"; /* the only one that goes with the first */
	other[7].consent = NULL;
	for (size_t i = 0; i < WG_COUNT(other); i++) {
		struct wg_reason_words list[] = { base, other[i] };
		struct wg_buf out = WG_BUF(4096);
		unsigned rules = 0;
		wg_reasons_text("gets", list, 2, &out);
		for (const char *p = wg_buf_text(&out); (p = strstr(p, "        rule ")) != NULL; p++)
			rules++;
		assert_int_equal(rules, i == 6 ? 1 : 2);
		wg_buf_free(&out);
	}
	struct wg_buf out = WG_BUF(4096);
	const struct wg_reason_words bare[] = {
		{ .category = "a", .rule = "", .basis = "", .source = "", .consent = "", .kept_back = "" },
		{ .category = "b" },
		{ .category = "c", .rule = "x/r", .consent = "not-known" },
		{ .category = "d", .rule = "x/s", .consent = "withdrawn", .said = true },
	};
	wg_reasons_text("does not get", bare, WG_COUNT(bare), &out);
	assert_string_equal(wg_buf_text(&out), "  does not get\n"
	                                       "    a, b\n"
	                                       "        no rule grants it\n"
	                                       "    c\n"
	                                       "        rule    x/r\n"
	                                       "    d\n"
	                                       "        rule    x/s\n"
	                                       "        consent withdrawn\n"
	                                       "        the copy says that this is withheld\n");
	wg_buf_reset(&out);
	wg_reasons_text("nothing", bare, 0, &out);
	assert_string_equal(wg_buf_text(&out), "");
	wg_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attributes), cmocka_unit_test(test_bools),    cmocka_unit_test(test_days),
		cmocka_unit_test(test_durations),  cmocka_unit_test(test_texts),    cmocka_unit_test(test_hints),
		cmocka_unit_test(test_beside),     cmocka_unit_test(test_no_words), cmocka_unit_test(test_reasons),
	};
	return cmocka_run_group_tests_name("words", tests, open_schemas, close_schemas);
}
