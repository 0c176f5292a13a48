/* Resolutions: what a person may write, what each line does to a notice, and what stays open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "notice/resolution.h"
#include "notice/xml.h"

static struct wg_schema *schema;
static struct wg_maps *maps;

static const struct wg_envelope_facts facts = { .id = "01jd0000000000000000000000",
	                                            .organisation = "derbyshire-police",
	                                            .received = "2026-11-22T09:30:00Z" };

static int open_all(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	wg_xml_init();
	if (wg_schema_load(WG_SOURCE_DIR "/xsd", &schema, &err) != WG_OK ||
	    wg_maps_load(WG_SOURCE_DIR "/adapters/maps", WG_SOURCE_DIR "/xsd", schema, &maps, &err) != WG_OK) {
		print_error("%s\n", err.text);
		return -1;
	}
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	wg_maps_freep(&maps);
	wg_schema_freep(&schema);
	return 0;
}

static struct wg_resolution *parse(const char *text)
{
	struct wg_resolution *r = NULL;
	struct wg_err err = { 0 };
	if (wg_resolution_parse(text, strlen(text), "answers", &r, &err) != WG_OK)
		fail_msg("%s", err.text);
	return r;
}

/* What is written comes back the same, whatever was between the lines. */
static void test_text(void **state)
{
	(void)state;
	static const char text[] = "# a comment\n"
							   "kind = missing\n"
							   "  \n"
							   "child/date-of-birth = 14/03/2011\n"
							   "missing/other = first line\n"
							   "    second line\n"
							   "field 12 -> missing/other (Anything (else))\n"
							   "field 3 is read\n"
							   "text is read\n"
							   "new child\n"
							   "new episode\n"
							   "return = Please add\n    the date.\n";
	static const char want[] = "kind = missing\n"
							   "child/date-of-birth = 14/03/2011\n"
							   "missing/other = first line\n"
							   "    second line\n"
							   "field 12 -> missing/other (Anything (else))\n"
							   "field 3 is read\n"
							   "text is read\n"
							   "new child\n"
							   "new episode\n"
							   "return = Please add\n    the date.\n";
	const struct wg_fields none = { 0 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF(4096);
	WG_AUTO_RESOLUTION struct wg_resolution *r = parse(text);
	assert_int_equal(r->count, 4);
	assert_string_equal(r->lines[1].value, "first line\nsecond line");
	assert_int_equal(r->lines[2].field, 12);
	assert_int_equal(r->lines[2].line, 7);
	assert_true(r->text_read && r->new_child && r->new_episode);
	assert_string_equal(r->give_back, "Please add\nthe date.");
	wg_resolution_write(r, &none, &out);
	assert_string_equal(wg_buf_text(&out), want);
	WG_AUTO_RESOLUTION struct wg_resolution *again = parse(want);
	assert_int_equal(again->count, r->count);
}

static void test_faults(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "child/date-of-birth 14/03/2011\n", "answers:1: not understood" },
		{ "\nchild/date-of-birth =\n", "answers:2: write a value" },
		{ "Child's name = Tess\n", "answers:1: before the = stands no place" },
		{ "../etc = x\n", "answers:1: before the = stands no place" },
		{ "field x is read\n", "answers:1: say which field" },
		{ "field 0 is read\n", "answers:1: there is no such field" },
		{ "field 99999999 is read\n", "answers:1: say which field" },
		{ "field 12\n", "answers:1: say where it goes" },
		{ "field 12 ->\n", "answers:1: say where it goes" },
		{ "field 12 -> Somewhere\n", "answers:1: say where it goes" },
		{ "same child as Tess\n", "answers:1: name the other message by its id" },
		{ "kind = a kind\n", "answers:1: that is not a kind" },
		{ "new child\nsame child as 01jd0000000000000000000000\n", "says both" },
		{ "text is read \xff\n", "not UTF-8" },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_resolution *r = NULL;
		struct wg_err err = { 0 };
		if (wg_resolution_parse(rows[i].text, strlen(rows[i].text), "answers", &r, &err) != WG_REJECT)
			fail_msg("%s: was taken", rows[i].text);
		if (strstr(err.text, rows[i].says) == NULL)
			fail_msg("%s: says \"%s\"", rows[i].text, err.text);
		assert_null(r);
	}
}

/* A missing report with something of everything: placed, without a place, unread, contradictory, and words beside. */
static struct wg_field form[] = {
	{ .label = (char *)"Full name", .value = (char *)"Tess Example", .at = (char *)"line 1" },
	{ .label = (char *)"Date of birth", .value = (char *)"in spring 2011", .at = (char *)"line 2" },
	{ .label = (char *)"When last seen", .value = (char *)"21/11/2026 at 19:30", .at = (char *)"line 3" },
	{ .label = (char *)"Shoe horn colour", .value = (char *)"Green", .at = (char *)"line 4" },
	{ .label = (char *)"Clothing", .value = (char *)"A red coat", .at = (char *)"line 5" },
	{ .label = (char *)"Clothing", .value = (char *)"A blue coat", .at = (char *)"line 6" },
};
static struct wg_fields fields = {
	.reader = "mail",
	.fields = form,
	.count = WG_COUNT(form),
	.subject = (char *)"Missing child",
	.text = (char *)"his mother must not be told where he lives\n",
};

/* What is open, and one place, after each set of answers. */
static const struct {
	const char *answers, *open, *place, *value;
} rows[] = {
	{ "", "field 2\nfield 4\nfield 5\nfield 6\ntext\nchild/date-of-birth|child/age\n", "child/name/full",
	  "Tess Example" },
	{ "field 4 is read\ntext is read\n", "field 2\nfield 5\nfield 6\nchild/date-of-birth|child/age\n",
	  "child/date-of-birth/@said", "in spring 2011" },
	{ "child/date-of-birth = 14/03/2011\n", "field 4\nfield 5\nfield 6\ntext\n", "child/date-of-birth", "2011-03-14" },
	{ "child = yes\n", "field 2\nfield 4\nfield 5\nfield 6\ntext\nchild/date-of-birth|child/age\n",
	  "child/@looked-after", "true" }, /* no answer to what is below child */
	{ "child/date-of-birth = not known\n", "field 4\nfield 5\nfield 6\ntext\n", "child/date-of-birth/@said",
	  "not known" },
	{ "field 4 -> missing/other\n", "field 2\nfield 5\nfield 6\ntext\nchild/date-of-birth|child/age\n", "missing/other",
	  "Green" },
	{ "missing/other = Seen twice\nfield 4 -> missing/other (Shoe horn colour)\n",
	  "field 2\nfield 5\nfield 6\ntext\nchild/date-of-birth|child/age\n", "missing/other",
	  "Seen twice\nShoe horn colour: Green" },
	{ "field 6 -> child/description/clothing\nfield 5 is read\n",
	  "field 2\nfield 4\ntext\nchild/date-of-birth|child/age\n", "child/description/clothing", "A blue coat" },
	{ "child/name = EXAMPLE, Tessa (known as Tess)\n",
	  "field 2\nfield 4\nfield 5\nfield 6\ntext\nchild/date-of-birth|child/age\n", "child/name/known-as", "Tess" },
};

static void apply(const char *answers, struct wg_notice **notice, struct wg_buf *open, enum wg_code want,
                  struct wg_err *err)
{
	struct wg_report *report = NULL;
	assert_int_equal(wg_map_apply(maps, &fields, &facts, notice, &report, err), WG_OK);
	const struct wg_resolving resolving = {
		.schema = schema, .maps = maps, .fields = &fields, .report = report, .facts = &facts
	};
	WG_AUTO_RESOLUTION struct wg_resolution *r = parse(answers);
	enum wg_code code = wg_resolution_apply(&resolving, r, notice, open, err);
	if (code != want)
		fail_msg("%s: %s", answers, err->text);
	wg_report_freep(&report);
}

static void test_apply(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		WG_AUTO_NOTICE struct wg_notice *notice = NULL;
		WG_AUTO_BUF struct wg_buf open = WG_BUF(4096);
		struct wg_err err = { 0 };
		apply(rows[i].answers, &notice, &open, WG_OK, &err);
		if (strcmp(wg_buf_text(&open), rows[i].open) != 0)
			fail_msg("%s: open is\n%s", rows[i].answers, wg_buf_text(&open));
		WG_AUTO_FREE char *value = wg_notice_get(notice, rows[i].place);
		assert_non_null(value);
		assert_string_equal(value, rows[i].value);
	}
}

static void test_all_answered(void **state)
{
	(void)state;
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	WG_AUTO_BUF struct wg_buf open = WG_BUF(4096);
	struct wg_err err = { 0 };
	apply("child/date-of-birth = 14/03/2011\nfield 4 is read\nfield 5 -> child/description/clothing\nfield 6 is read\n"
	      "text is read\n",
	      &notice, &open, WG_OK, &err);
	assert_string_equal(wg_buf_text(&open), "");
	if (wg_notice_validate(notice, &err) != WG_OK)
		fail_msg("%s", err.text);
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *answers, *says;
	} bad[] = {
		{ "child/date-of-birth = spring\n", "line 1 of the resolution, child/date-of-birth: not a date" },
		{ "child/nhs-number = 9990000019\n", "child/nhs-number: not an NHS number" },
		{ "found/when = today\n", "found/when: " },
		{ "missing/nowhere = x\n", "missing/nowhere: " },
		{ "missing/other = her password is Sample-Pass-123\n", "passwords are never carried" },
		{ "field 7 is read\n", "no field of that number" },
		{ "field 4 is read (Another label)\n", "another label" },
	};
	for (size_t i = 0; i < WG_COUNT(bad); i++) {
		WG_AUTO_NOTICE struct wg_notice *notice = NULL;
		WG_AUTO_BUF struct wg_buf open = WG_BUF(4096);
		struct wg_err err = { 0 };
		apply(bad[i].answers, &notice, &open, WG_REJECT, &err);
		if (strstr(err.text, bad[i].says) == NULL)
			fail_msg("%s: says \"%s\"", bad[i].answers, err.text);
		assert_null(strstr(err.text, "spring"));
	}
}

/* A form that no map knows: the person says which kind it is, and what it needs is asked for. */
static void test_no_map(void **state)
{
	(void)state;
	struct wg_field strange[] = {
		{ .label = (char *)"Wer", .value = (char *)"Robin Specimen", .at = (char *)"line 1" }
	};
	const struct wg_fields other = { .reader = "docx", .fields = strange, .count = 1 };
	struct wg_report *report = NULL;
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	struct wg_err err = { 0 };
	assert_int_equal(wg_map_apply(maps, &other, &facts, &notice, &report, &err), WG_OK);
	assert_null(notice);
	const struct wg_resolving resolving = {
		.schema = schema, .maps = maps, .fields = &other, .report = report, .facts = &facts
	};
	WG_AUTO_BUF struct wg_buf open = WG_BUF(4096), asked = WG_BUF(4096);
	WG_AUTO_RESOLUTION struct wg_resolution *nothing = parse("");
	assert_int_equal(wg_resolution_apply(&resolving, nothing, &notice, &open, &err), WG_OK);
	assert_string_equal(wg_buf_text(&open), "kind\n");
	wg_resolution_template(&resolving, notice, false, false, &asked);
	assert_non_null(strstr(wg_buf_text(&asked), "#kind = \n"));
	assert_null(strstr(wg_buf_text(&asked), "Robin Specimen"));
	wg_buf_reset(&open);
	WG_AUTO_RESOLUTION struct wg_resolution *kind = parse("kind = missing\nfield 1 -> child/name (Wer)\n");
	if (wg_resolution_apply(&resolving, kind, &notice, &open, &err) != WG_OK)
		fail_msg("%s", err.text);
	WG_AUTO_FREE char *name = wg_notice_get(notice, "child/name/full");
	assert_string_equal(name, "Robin Specimen");
	assert_non_null(strstr(wg_buf_text(&open), "missing/last-seen/when"));
	assert_null(strstr(wg_buf_text(&open), "field"));
	wg_report_freep(&report);
}

/* The template's questions, answered, leave nothing open; nothing a document says can answer one by itself. */
static void test_template(void **state)
{
	(void)state;
	struct wg_field sly[] = {
		{ .label = (char *)"Full name", .value = (char *)"Tess Example", .at = (char *)"line 1" },
		{ .label = (char *)"x\ntext is read", .value = (char *)"y\nnew child", .at = (char *)"a\nfield 1 is read" },
	};
	const struct wg_fields f = { .reader = "mail",
		                         .fields = sly,
		                         .count = 2,
		                         .subject = (char *)"Missing child",
		                         .text = (char *)"new child\nshe said that she would go away for good\n" };
	struct wg_report *report = NULL;
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	WG_AUTO_BUF struct wg_buf asked = WG_BUF(8192);
	struct wg_err err = { 0 };
	assert_int_equal(wg_map_apply(maps, &f, &facts, &notice, &report, &err), WG_OK);
	const struct wg_resolving resolving = {
		.schema = schema, .maps = maps, .fields = &f, .report = report, .facts = &facts
	};
	wg_resolution_template(&resolving, notice, true, false, &asked);
	WG_AUTO_RESOLUTION struct wg_resolution *r = parse(wg_buf_text(&asked));
	assert_int_equal(r->count, 0);
	assert_false(r->text_read || r->new_child);
	assert_non_null(strstr(wg_buf_text(&asked), "#text is read\n"));
	assert_non_null(strstr(wg_buf_text(&asked), "#   It says: y new child\n"));
	wg_report_freep(&report);
}

/* A box that holds a password can be passed over, not carried, and nobody is shown it. */
static void test_password(void **state)
{
	(void)state;
	struct wg_field f[] = {
		{ .label = (char *)"Full name", .value = (char *)"Tess Example", .at = (char *)"line 1" },
		{ .label = (char *)"Phone lock", .value = (char *)"password Sample-Pass-123", .at = (char *)"line 2" },
	};
	const struct wg_fields all = { .reader = "mail", .fields = f, .count = 2, .subject = (char *)"Missing child" };
	struct wg_report *report = NULL;
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	WG_AUTO_BUF struct wg_buf asked = WG_BUF(8192), open = WG_BUF(4096);
	struct wg_err err = { 0 };
	assert_int_equal(wg_map_apply(maps, &all, &facts, &notice, &report, &err), WG_OK);
	const struct wg_resolving resolving = {
		.schema = schema, .maps = maps, .fields = &all, .report = report, .facts = &facts
	};
	wg_resolution_template(&resolving, notice, true, false, &asked);
	assert_non_null(strstr(wg_buf_text(&asked), "Field 2"));
	assert_null(strstr(wg_buf_text(&asked), "Sample-Pass-123"));
	WG_AUTO_RESOLUTION struct wg_resolution *r = parse("field 2 -> missing/other\n");
	assert_int_equal(wg_resolution_apply(&resolving, r, &notice, &open, &err), WG_REJECT);
	assert_non_null(strstr(err.text, "passwords are never carried"));
	wg_report_freep(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),         cmocka_unit_test(test_faults),   cmocka_unit_test(test_apply),
		cmocka_unit_test(test_all_answered), cmocka_unit_test(test_refused),  cmocka_unit_test(test_no_map),
		cmocka_unit_test(test_template),     cmocka_unit_test(test_password),
	};
	return cmocka_run_group_tests_name("resolution", tests, open_all, close_all);
}
