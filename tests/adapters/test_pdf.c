/* PDF forms through the real, confined program: what is read of each form of the corpus, which are refused and with
 * which words, and that whatever a PDF holds, it costs at most 2 s of CPU and 256 MiB and leaves the next one alone. */
#include "run.h"

#include "base/asan.h"
#include "base/limits.h"
#include "base/mem.h"
#include "readers/pdf_internal.h"
#include "sys/file.h"

#define PDF "wardgate-reader-pdf"
#define CORPUS WG_SOURCE_DIR "/tests/corpora/pdf/"

static void load(const char *name, const char *ending, struct wg_buf *out)
{
	char path[512];
	struct wg_err err = { 0 };
	(void)snprintf(path, sizeof path, CORPUS "%s%s", name, ending); /* a cut path is not found */
	if (wg_file_read(path, out, &err) != WG_OK)
		fail_msg("%s", err.text);
}

static void forms_are_read(void **state)
{
	(void)state;
	static const char *const names[] = { "01-program-made", "02-hierarchy", "03-buttons", "04-choices",
		                                 "05-saved-twice",  "06-packed",    "07-odd",     "08-designer-names",
		                                 "09-loop-of-kids", "page-cycle" };
	for (size_t i = 0; i < WG_COUNT(names); i++) {
		WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
		WG_AUTO_BUF struct wg_buf expected = WG_BUF(WG_LIMIT_MESSAGE);
		WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
		load(names[i], ".pdf", &in);
		load(names[i], ".fields.xml", &expected);
		run_fields(PDF, in.data, in.len, &out);
		assert_string_equal(wg_buf_text(&out), wg_buf_text(&expected));
	}
}

static void packed_or_not_is_the_same(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf plain = WG_BUF(WG_LIMIT_MESSAGE);
	WG_AUTO_BUF struct wg_buf packed = WG_BUF(WG_LIMIT_MESSAGE);
	load("02-hierarchy", ".fields.xml", &plain);
	load("06-packed", ".fields.xml", &packed);
	assert_string_equal(strstr(wg_buf_text(&plain), "  <field"), strstr(wg_buf_text(&packed), "  <field"));
}

static const struct {
	const char *name, *words;
} refused[] = {
	{ "script-open", "script" },
	{ "script-names", "script" },
	{ "script-field", "script" },
	{ "script-behind-format", "script" },
	{ "script-stream", "script" },
	{ "script-name-escaped", "script" },
	{ "launch", "start a program" },
	{ "import-data", "load a file" },
	{ "xfa", "XFA" },
	{ "embedded", "documents inside" },
	{ "encrypted", "protected" },
	{ "restricted", "protected" },
	{ "no-form", "no form fields" },
	{ "form-without-fields", "no form fields" },
	{ "note-only", "no form fields" },
	{ "deep-kids", "deeper" },
	{ "deep-pages", "deeper" },
	{ "xref-loop", "damaged" },
	{ "before", "does not begin" },
	{ "behind", "does not end" },
	{ "archive", "archive" },
	{ "cut", "does not end" },
	{ "cut-but-ended", "damaged" },
	{ "no-root", "damaged" },
	{ "xref-lies", "damaged" },
};

/* Under a sanitizer memory is not limited (sys/child_spawn.c): what only that limit stops is then read, or stopped
 * later. */
#define MEMORY_LIMITED (!WG_ASAN)

static void next_one_is_read(void)
{
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	load("05-saved-twice", ".pdf", &in);
	run_fields(PDF, in.data, in.len, &out);
	assert_non_null(strstr(wg_buf_text(&out), ">Alex Sample</field>"));
}

static void others_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(refused); i++) {
		WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
		WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
		struct wg_err err;
		load(refused[i].name, ".pdf", &in);
		enum wg_code code = run_reader(PDF, in.data, in.len, &out, &err);
		if (code != WG_REJECT || strstr(err.text, refused[i].words) == NULL)
			fail_msg("%s: %s: %s", refused[i].name, wg_code_name(code), err.text);
		if (strstr(err.text, "Tess") != NULL || out.len > 0)
			fail_msg("%s: the answer says what was in it: %s", refused[i].name, err.text);
		next_one_is_read();
	}
}

static void bomb_is_refused(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	struct wg_err err;
	if (!MEMORY_LIMITED) {
		print_message("not tried: under a sanitizer the two gigabytes would really be taken\n");
		return;
	}
	load("../pdf-confined/bomb", ".pdf", &in);
	assert_int_equal(run_reader(PDF, in.data, in.len, &out, &err), WG_REJECT);
	assert_non_null(strstr(err.text, "damaged"));
	next_one_is_read();
}

/* Writes the objects from number 4 on, each by put, then the table: 1 is the catalogue, 2 the pages, 3 one page. */
struct writing {
	struct wg_buf *out;
	size_t *places;
	size_t count, cap;
};

static void object(struct writing *w)
{
	assert_true(w->count < w->cap);
	if (w->count > 0)
		wg_buf_puts(w->out, "\nendobj\n");
	w->places[w->count++] = w->out->len;
	wg_buf_printf(w->out, "%zu 0 obj\n", w->count);
}

static void begin(struct writing *w, struct wg_buf *out, size_t cap)
{
	*w = (struct writing){ .out = out, .places = calloc(cap, sizeof *w->places), .cap = cap };
	assert_non_null(w->places);
	wg_buf_puts(out, "%PDF-1.7\n");
	object(w);
	wg_buf_puts(out, "<</Type/Catalog/Pages 2 0 R/AcroForm 4 0 R>>");
	object(w);
	wg_buf_puts(out, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
}

static void end(struct writing *w, size_t size)
{
	wg_buf_puts(w->out, "\nendobj\n");
	size_t start = w->out->len;
	wg_buf_printf(w->out, "xref\n0 %zu\n0000000000 65535 f \n", w->count + 1);
	for (size_t i = 0; i < w->count; i++)
		wg_buf_printf(w->out, "%010zu 00000 n \n", w->places[i]);
	wg_buf_printf(w->out, "trailer<</Root 1 0 R/Size %zu>>\nstartxref\n%zu\n%%%%EOF\n", size == 0 ? w->count + 1 : size,
	              start);
	free(w->places);
}

static void repeat(struct wg_buf *out, const char *s, size_t times)
{
	for (size_t i = 0; i < times; i++)
		wg_buf_puts(out, s);
}

#define FIELD "<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/TU(Full name of child)/V(Tess Example)/Rect[0 0 9 9]>>"

/* Object 3 with these annotations, object 4 with these fields, and n objects from 5 on. */
static void build(struct wg_buf *out, const char *annotations, const char *fields, size_t n, const char *body)
{
	struct writing w;
	begin(&w, out, n + 10);
	object(&w);
	wg_buf_printf(out, "<</Type/Page/Annots[%s]>>", annotations);
	object(&w);
	wg_buf_printf(out, "<</Fields[%s]>>", fields);
	for (size_t i = 0; i < n; i++) {
		object(&w);
		wg_buf_puts(out, body);
	}
	end(&w, 0);
}

static void list_of(struct wg_buf *out, size_t from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wg_buf_printf(out, "%zu 0 R ", from + i);
}

static void plain(struct wg_buf *out)
{
	build(out, "5 0 R", "5 0 R", 1, FIELD);
}

static void fields_5001(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf list = WG_BUF(WG_LIMIT_MESSAGE);
	list_of(&list, 5, 5001);
	build(out, "", wg_buf_text(&list), 5001, FIELD);
}

static void fields_5000(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf list = WG_BUF(WG_LIMIT_MESSAGE);
	list_of(&list, 5, 5000);
	build(out, wg_buf_text(&list), wg_buf_text(&list), 5000, FIELD);
}

static void notes_30000(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf list = WG_BUF(WG_LIMIT_MESSAGE);
	list_of(&list, 5, 30000);
	build(out, wg_buf_text(&list), FIELD, 30000, "<</Subtype/FreeText/Contents(x)>>");
}

static void objects_120000(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf list = WG_BUF(WG_LIMIT_MESSAGE);
	list_of(&list, 5, 100000);
	build(out, "", wg_buf_text(&list), 100000, "<</A[<<>>]>>");
}

static void nulls_in_fields(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf list = WG_BUF(WG_LIMIT_MESSAGE);
	repeat(&list, "null ", 3000000);
	build(out, "", wg_buf_text(&list), 1, FIELD);
}

static void dictionaries_in_fields(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf list = WG_BUF(WG_LIMIT_MESSAGE);
	repeat(&list, "<<>>", 3500000);
	build(out, "", wg_buf_text(&list), 1, FIELD);
}

static void same_kid_often(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf list = WG_BUF(WG_LIMIT_MESSAGE);
	wg_buf_puts(&list, "<</T(a)/Kids[");
	repeat(&list, "5 0 R ", 1000000);
	wg_buf_puts(&list, "]>>");
	build(out, "", wg_buf_text(&list), 1, FIELD);
}

static void arrays_deep(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf list = WG_BUF(WG_LIMIT_MESSAGE);
	repeat(&list, "[", 5000000);
	build(out, "", wg_buf_text(&list), 1, FIELD);
}

static void dictionaries_deep(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf list = WG_BUF(WG_LIMIT_MESSAGE);
	repeat(&list, "<</Kids[", 1000000);
	build(out, "", wg_buf_text(&list), 1, FIELD);
}

/* A chain of single objects is as deep as it is long: nothing may follow it by recursion. */
static void chain_long(struct wg_buf *out)
{
	struct writing w;
	begin(&w, out, 100010);
	object(&w);
	wg_buf_puts(out, "<</Type/Page/Annots[5 0 R]>>");
	object(&w);
	wg_buf_puts(out, "<</Fields[5 0 R]>>");
	object(&w);
	wg_buf_puts(out, "<</Subtype/Widget/FT/Tx/T(name)/TU(Full name of child)/V(Tess Example)/Next 6 0 R>>");
	for (size_t i = 6; i < 100000; i++) {
		object(&w);
		wg_buf_printf(out, "<</Next %zu 0 R>>", i + 1);
	}
	end(&w, 0);
}

static void parents_long(struct wg_buf *out)
{
	struct writing w;
	begin(&w, out, 50010);
	object(&w);
	wg_buf_puts(out, "<</Type/Page/Annots[5 0 R]>>");
	object(&w);
	wg_buf_puts(out, "<</Fields[]>>");
	for (size_t i = 5; i < 50000; i++) {
		object(&w);
		wg_buf_printf(out, "<</Subtype/Widget/T(a)/Parent %zu 0 R>>", i + 1);
	}
	end(&w, 0);
}

static void value_huge(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf list = WG_BUF(WG_LIMIT_MESSAGE);
	wg_buf_puts(&list, "<</FT/Tx/T(a)/V(");
	repeat(&list, "aaaaaaaaaaaaaaaa", 900000);
	wg_buf_puts(&list, ")>>");
	build(out, "", wg_buf_text(&list), 1, FIELD);
}

static void name_huge(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf list = WG_BUF(WG_LIMIT_MESSAGE);
	wg_buf_puts(&list, "<</FT/Tx/V(x)/T(");
	repeat(&list, "\303\251\303\251\303\251\303\251", 90000);
	wg_buf_puts(&list, ")>>");
	build(out, "", wg_buf_text(&list), 1, FIELD);
}

/* Every field asks every line of the same list. */
static void options_many(struct wg_buf *out)
{
	struct writing w;
	begin(&w, out, 3010);
	object(&w);
	wg_buf_puts(out, "<</Type/Page>>");
	object(&w);
	wg_buf_puts(out, "<</Fields[");
	list_of(out, 6, 3000);
	wg_buf_puts(out, "]>>");
	object(&w);
	wg_buf_puts(out, "[");
	repeat(out, "[(a)(b)]", 20000);
	wg_buf_puts(out, "]");
	for (size_t i = 0; i < 3000; i++) {
		object(&w);
		wg_buf_puts(out, "<</FT/Ch/T(c)/V[");
		repeat(out, "(z)", 400);
		wg_buf_puts(out, "]/Opt 5 0 R>>");
	}
	end(&w, 0);
}

static void boxes_many(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf list = WG_BUF(WG_LIMIT_MESSAGE);
	wg_buf_puts(&list, "<</FT/Btn/T(a)/V/Yes/Kids[");
	repeat(&list, "<</AS/Yes>>", 1001);
	wg_buf_puts(&list, "]>>");
	build(out, "", wg_buf_text(&list), 1, FIELD);
}

static void keys_many(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf list = WG_BUF(WG_LIMIT_MESSAGE);
	wg_buf_puts(&list, "<<");
	for (size_t i = 0; i < 300000; i++)
		wg_buf_printf(&list, "/K%zu 1", i);
	wg_buf_puts(&list, ">>");
	build(out, "", wg_buf_text(&list), 1, FIELD);
}

static void table_lies(struct wg_buf *out)
{
	struct writing w;
	begin(&w, out, 10);
	object(&w);
	wg_buf_puts(out, "<</Type/Page>>");
	object(&w);
	wg_buf_puts(out, "<</Fields[<</T(a)/FT/Tx/V(b)>>]>>");
	end(&w, 2000000000);
}

static void revisions_many(struct wg_buf *out)
{
	plain(out);
	size_t start = (size_t)(strstr(wg_buf_text(out), "xref\n0 ") - wg_buf_text(out));
	for (size_t i = 0; i < 100000 && out->len < WG_LIMIT_MESSAGE - 200; i++) {
		size_t here = out->len;
		wg_buf_printf(out, "xref\n0 0\ntrailer<</Root 1 0 R/Size 6/Prev %zu>>\nstartxref\n%zu\n%%%%EOF\n", start, here);
		start = here;
	}
}

static void comments_only(struct wg_buf *out)
{
	wg_buf_puts(out, "%PDF-1.7\n");
	repeat(out, "%%%%%%%%%%%%%%%\n", 1000000);
	wg_buf_puts(out, "startxref\n0\n%%EOF\n");
}

static void only_the_end(struct wg_buf *out)
{
	wg_buf_puts(out, "%PDF-1.7\n%%EOF");
}

static void nothing(struct wg_buf *out)
{
	(void)out;
}

static void blanks_behind(struct wg_buf *out)
{
	plain(out);
	repeat(out, " \r\n", 500);
}

/* words: part of what must be said; NULL: it is read, and the name is among what is read. "": refused in some words. */
static const struct {
	const char *name, *words;
	void (*build)(struct wg_buf *out);
} built[] = {
	{ "one field", NULL, plain },
	{ "blanks behind", NULL, blanks_behind },
	{ "5,000 fields", NULL, fields_5000 },
	{ "5,001 fields", "more fields", fields_5001 },
	{ "30,000 notes", "more boxes and notes", notes_30000 },
	{ "100,000 objects as fields", "limit", objects_120000 },
	{ "3 million nulls", "more objects", nulls_in_fields },
	{ "3.5 million dictionaries", MEMORY_LIMITED ? "more than a form" : "", dictionaries_in_fields },
	{ "one kid a million times", "", same_kid_often },
	{ "arrays in arrays", "", arrays_deep },
	{ "dictionaries in dictionaries", "", dictionaries_deep },
	{ "a chain of 100,000", NULL, chain_long },
	{ "50,000 parents", "deeper", parents_long },
	{ "value of 14 MiB", "longer", value_huge },
	{ "name of 700 kB", "", name_huge },
	{ "lists of 20,000 lines", "", options_many },
	{ "1,001 boxes", "more boxes", boxes_many },
	{ "300,000 keys", "limit", keys_many },
	{ "two thousand million objects", "", table_lies },
	{ "100,000 revisions", "", revisions_many },
	{ "comments only", "damaged", comments_only },
	{ "only the end", "damaged", only_the_end },
	{ "nothing", "does not begin", nothing },
};

static void built_documents(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(built); i++) {
		WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
		WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
		struct wg_err err;
		built[i].build(&in);
		assert_false(in.failed);
		enum wg_code code = run_reader(PDF, in.data, in.len, &out, &err);
		if (built[i].words == NULL && (code != WG_OK || strstr(wg_buf_text(&out), ">Tess Example<") == NULL))
			fail_msg("%s: %s: %s", built[i].name, wg_code_name(code), err.text);
		else if (code != WG_OK && code != WG_REJECT && code != WG_LIMIT)
			fail_msg("%s: %s: %s", built[i].name, wg_code_name(code), err.text);
		else if (built[i].words != NULL && strstr(err.text, built[i].words) == NULL)
			fail_msg("%s: the reason is not said: %s", built[i].name, err.text);
		next_one_is_read();
	}
}

static void formatting_lines(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		bool formats;
	} scripts[] = {
		{ "AFDate_FormatEx(\"dd/mm/yyyy\");", true },
		{ " AFDate_KeystrokeEx('dd mmm yyyy') ", true },
		{ "AFNumber_Format(2, 0, 0, 0, \"\", true);", true },
		{ "AFRange_Validate(true, 0, false, 10);\r\n", true },
		{ "AFDate_FormatEx(\"dd\");app.alert(1)", false },
		{ "AFDate_FormatEx(\"dd\" + x());", false },
		{ "AFDate_FormatEx(\"d\\\"d\");", false },
		{ "AFDate_FormatEx(\"dd\"", false },
		{ "AFDate_FormatEx(\"dd", false },
		{ "AFDate_FormatEx(\"dd\n\");", false },
		{ "AFDate_FormatEx(app);", false },
		{ "AFSimple_Calculate(\"SUM\", [\"a\"]);", false },
		{ "AFDate_FormatEx", false },
		{ "", false },
	};
	for (size_t i = 0; i < WG_COUNT(scripts); i++)
		assert_int_equal(wg_pdf_script_formats(scripts[i].script), scripts[i].formats);
}

static void numbers_are_remembered(void **state)
{
	(void)state;
	struct wg_pdf_map map = { 0 };
	uint32_t value = 0;
	assert_false(wg_pdf_map_get(&map, 1, &value));
	for (uint64_t i = 1; i <= 5000; i++)
		assert_true(wg_pdf_map_add(&map, i << 32, (uint32_t)i));
	for (uint64_t i = 1; i <= 5000; i++) {
		assert_false(wg_pdf_map_add(&map, i << 32, 0));
		assert_true(wg_pdf_map_get(&map, i << 32, &value));
		assert_int_equal(value, i);
		assert_false(wg_pdf_map_get(&map, i << 32 | 1, &value));
	}
	wg_pdf_map_free(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_are_read),         cmocka_unit_test(packed_or_not_is_the_same),
		cmocka_unit_test(others_are_refused),     cmocka_unit_test(bomb_is_refused),
		cmocka_unit_test(built_documents),        cmocka_unit_test(formatting_lines),
		cmocka_unit_test(numbers_are_remembered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
