/* Tables and workbooks through the real, confined programs: what is read of each of the corpora, which are refused and
 * with which words, and that whatever one holds, it costs at most 2 s of CPU and 256 MiB and leaves the next alone. */
#include "run.h"

#include <zip.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "notice/map.h"
#include "sys/file.h"

#define CSV "wardgate-reader-csv"
#define XLSX "wardgate-reader-xlsx"
#define CORPORA WG_SOURCE_DIR "/tests/corpora/"

static const char *program_of(const char *name)
{
	return strncmp(name, "csv/", 4) == 0 ? CSV : XLSX;
}

static void load(const char *name, const char *ending, struct wg_buf *out)
{
	char path[512];
	struct wg_err err = { 0 };
	(void)snprintf(path, sizeof path, CORPORA "%s%s", name, ending); /* a cut path is not found */
	if (wg_file_read(path, out, &err) != WG_OK)
		fail_msg("%s", err.text);
}

static void load_document(const char *name, struct wg_buf *out)
{
	load(name, strcmp(program_of(name), CSV) == 0 ? ".csv" : ".xlsx", out);
}

static const char *const sound[] = {
	"csv/01-return-rows",
	"csv/02-one-row",
	"csv/03-semicolons",
	"csv/04-tabs",
	"csv/05-form",
	"csv/06-formulas-are-text",
	"csv/07-said-separator",
	"csv/08-lines-of-labels",
	"csv/09-repeated-heading",
	"csv/10-no-name",
	"csv/11-windows-1252",
	"csv/12-utf8-mark",
	"csv/13-utf16-le",
	"csv/14-utf16-be",
	"csv/15-old-line-ends",
	"xlsx/01-three-rows",
	"xlsx/02-one-row",
	"xlsx/03-form",
	"xlsx/04-numbers",
	"xlsx/05-numbers-1904",
	"xlsx/06-inner-tables",
	"xlsx/07-merged-rows",
	"xlsx/08-hidden",
	"xlsx/09-options-hidden",
	"xlsx/10-formula-without-result",
	"xlsx/11-formula-with-result",
	"xlsx/12-comments",
	"xlsx/13-empty-rows",
	"xlsx/14-four-across",
	"xlsx/15-ambiguous-rows",
	"xlsx/16-two-sheets",
	"xlsx/17-escapes",
	"xlsx/18-inline",
	"xlsx/19-errors",
	"xlsx/20-macros",
	"xlsx/21-external-links",
	"xlsx/22-text-box",
	"xlsx/23-heading-at-the-side",
};

static void tables_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(sound); i++) {
		WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
		WG_AUTO_BUF struct wg_buf expected = WG_BUF(WG_LIMIT_MESSAGE);
		WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
		load_document(sound[i], &in);
		load(sound[i], ".fields.xml", &expected);
		run_fields(program_of(sound[i]), in.data, in.len, &out);
		if (strcmp(wg_buf_text(&out), wg_buf_text(&expected)) != 0)
			fail_msg("%s: got\n%s", sound[i], wg_buf_text(&out));
	}
}

static struct wg_fields *fields_of(const char *program, const void *bytes, size_t len)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	struct wg_fields *fields = NULL;
	struct wg_err err = { 0 };
	run_fields(program, bytes, len, &out);
	if (wg_fields_parse(out.data, out.len, &fields, &err) != WG_OK)
		fail_msg("%s", err.text);
	return fields;
}

/* Every row that was cut off reads as one row with the same names; nothing of it is cut again. */
static void parts_are_tables_of_one_row(void **state)
{
	(void)state;
	size_t parts = 0;
	for (size_t i = 0; i < WG_COUNT(sound); i++) {
		WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
		load_document(sound[i], &in);
		struct wg_fields *whole = fields_of(program_of(sound[i]), in.data, in.len);
		for (size_t k = 0; whole->divided && k < whole->n_parts; k++, parts++) {
			assert_string_equal(whole->parts[k].type, "text/csv");
			struct wg_fields *part = fields_of(CSV, whole->parts[k].bytes, whole->parts[k].len);
			if (part->divided || part->count < 3)
				fail_msg("%s: part %zu reads otherwise than it was", sound[i], k + 1);
			wg_fields_freep(&part);
		}
		wg_fields_freep(&whole);
	}
	assert_in_range(parts, 25, 40);
}

static const struct {
	const char *name, *words;
} refused[] = {
	{ "csv/bad-quote-open", "line 2 (row 2): a quotation mark opens a cell there and none closes it" },
	{ "csv/bad-quote-behind", "line 2 (row 2): text stands behind the quotation mark" },
	{ "csv/bad-ragged-more", "row 3 has 4 cells and the heading row names 3" },
	{ "csv/bad-ragged-less", "row 2 has 2 cells and the heading row names 3" },
	{ "csv/bad-no-heading", "no heading row" },
	{ "csv/bad-heading-only", "no row below" },
	{ "csv/bad-prose", "neither a table nor a label" },
	{ "csv/bad-empty", "no filled cell" },
	{ "csv/bad-mixed", "line 2 is written in UTF-8 and line 3 in another encoding" },
	{ "csv/bad-mark-then-1252", "begins as UTF-8" },
	{ "csv/bad-no-encoding", "line 2 holds bytes that are text in no encoding" },
	{ "csv/bad-nul", "line 2 holds a NUL byte" },
	{ "csv/bad-utf16-no-mark", "NUL" },
	{ "csv/bad-utf16-half", "ends within a character" },
	{ "csv/bad-utf16-surrogate", "line 2 holds half a character" },
	{ "xlsx/bad-million-declared", "says that it has more rows" },
	{ "xlsx/bad-30000-rows", "has more rows than the limit" },
	{ "xlsx/bad-2001-rows", "2001 rows" },
	{ "xlsx/bad-doctype", "DOCTYPE" },
	{ "xlsx/bad-string-number", "refers to a text that there is not" },
	{ "xlsx/bad-rows-in-disorder", "not in order" },
	{ "xlsx/bad-cell-in-other-row", "another row" },
	{ "xlsx/bad-cell-twice", "a cell twice" },
	{ "xlsx/bad-not-xml", "not well-formed" },
	{ "xlsx/bad-sheet-missing", "sheet 1 is missing" },
	{ "xlsx/bad-no-workbook", "no workbook" },
	{ "xlsx/bad-binary", ".xlsb" },
	{ "xlsx/bad-target-outside", "names a sheet that it does not have" },
	{ "xlsx/bad-target-external", "names a sheet that it does not have" },
	{ "xlsx/bad-empty", "no filled cell" },
	{ "xlsx/bad-no-heading", "no heading row" },
	{ "xlsx/bad-heading-only", "no row below" },
	{ "xlsx/bad-deep", "nested too deeply" },
	{ "xlsx/bad-long-cell", "more text than" },
	{ "xlsx/bad-words-beside-tables", "in a document of their own" },
};

static void must_refuse(const char *name, const char *program, const struct wg_buf *in, const char *words)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	struct wg_err err = { 0 };
	enum wg_code code = run_reader(program, in->data, in->len, &out, &err);
	if (code != WG_REJECT || strstr(err.text, words) == NULL)
		fail_msg("%s: %s: %s", name, wg_code_name(code), err.text);
	if (out.len != 0)
		fail_msg("%s: refused, and answered", name);
}

static void next_one_is_read(void)
{
	static const char next[] = "Name,DOB,Place\nTess Example,14/03/2011,Derby\n";
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	run_fields(CSV, next, sizeof next - 1, &out);
	assert_non_null(strstr(wg_buf_text(&out), ">Tess Example</field>"));
}

static void others_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(refused); i++) {
		WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
		load_document(refused[i].name, &in);
		must_refuse(refused[i].name, program_of(refused[i].name), &in, refused[i].words);
		next_one_is_read();
	}
}

static void repeat(struct wg_buf *out, const char *s, size_t times)
{
	for (size_t i = 0; i < times; i++)
		wg_buf_puts(out, s);
}

static void million_rows(struct wg_buf *out)
{
	repeat(out, "Name,DOB,Place\n", 1);
	repeat(out, "a,b,c\n", 1000000);
}

static void one_quote(struct wg_buf *out)
{
	repeat(out, "Name,DOB,Place\n\"", 1);
	repeat(out, "a,b,c\n", 2000000);
}

static void only_quotes(struct wg_buf *out)
{
	repeat(out, "\"", WG_LIMIT_MESSAGE);
}

static void only_commas(struct wg_buf *out)
{
	repeat(out, ",", WG_LIMIT_MESSAGE);
}

static void only_lines(struct wg_buf *out)
{
	repeat(out, "\n", WG_LIMIT_MESSAGE);
}

static void wide(struct wg_buf *out)
{
	repeat(out, "Name,", 501);
	repeat(out, "a\n", 1);
}

static void long_cell(struct wg_buf *out)
{
	repeat(out, "Name,DOB,Place\n", 1);
	repeat(out, "aaaaaaaaaa", 10000);
	repeat(out, ",b,c\n", 1);
}

/* Each part repeats the names of the columns: what is small as a table is not as documents. */
static void long_names(struct wg_buf *out)
{
	for (size_t i = 0; i < 60; i++) {
		repeat(out, "name of a column ", 17);
		wg_buf_puts(out, i < 59 ? "," : "\n");
	}
	for (size_t i = 0; i < 1999; i++) {
		repeat(out, "a,", 59);
		repeat(out, "b\n", 1);
	}
}

static void broken_bytes(struct wg_buf *out)
{
	repeat(out, "\xE9\xE8\x80\xBF", WG_LIMIT_MESSAGE / 4);
}

static const struct {
	const char *name;
	void (*build)(struct wg_buf *out);
	const char *words;
} large[] = {
	{ "a million rows", million_rows, "more filled rows" },
	{ "one quotation mark", one_quote, "none closes it" },
	{ "only quotation marks", only_quotes, "" },
	{ "only commas", only_commas, "no filled cell" },
	{ "only line ends", only_lines, "too many rows are empty" },
	{ "501 columns", wide, "more columns" },
	{ "a cell of 100,000 bytes", long_cell, "cell 1 is longer" },
	{ "long names of columns", long_names, "with the names of its columns" },
	{ "bytes of no encoding", broken_bytes, "" },
};

static void large_tables_cost_little(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(large); i++) {
		WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
		large[i].build(&in);
		assert_false(in.failed);
		must_refuse(large[i].name, CSV, &in, large[i].words);
		next_one_is_read();
	}
}

/* A workbook whose sheet is that XML; texts: its shared texts, or NULL. */
static void workbook(struct wg_buf *out, const struct wg_buf *sheet, const char *texts)
{
#define OFFICE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	static const char root[] = "<R><Relationship Id='a' Type='" OFFICE "/officeDocument' Target='w.xml'/></R>";
	static const char book[] = "<workbook xmlns:r='" OFFICE "'><sheets><sheet name='S' r:id='s'/></sheets></workbook>";
	static const char links[] =
		"<R><Relationship Id='s' Type='" OFFICE "/worksheet' Target='s.xml'/><Relationship Id='x' "
		"Type='" OFFICE "/sharedStrings' Target='x.xml'/></R>";
	const struct {
		const char *name;
		const void *bytes;
		size_t len;
	} parts[] = { { "_rels/.rels", root, sizeof root - 1 },
		          { "w.xml", book, sizeof book - 1 },
		          { "_rels/w.xml.rels", links, sizeof links - 1 },
		          { "x.xml", texts, strlen(texts) },
		          { "s.xml", sheet->data, sheet->len } };
	zip_source_t *memory = zip_source_buffer_create(NULL, 0, 0, NULL);
	zip_source_keep(memory);
	zip_t *zip = zip_open_from_source(memory, ZIP_TRUNCATE, NULL);
	assert_non_null(zip);
	for (size_t i = 0; i < WG_COUNT(parts); i++) {
		zip_source_t *part = zip_source_buffer(zip, parts[i].bytes, parts[i].len, 0);
		assert_true(zip_file_add(zip, parts[i].name, part, ZIP_FL_ENC_UTF_8) >= 0);
	}
	assert_int_equal(zip_close(zip), 0);
	assert_int_equal(zip_source_open(memory), 0);
	uint8_t block[65536];
	for (zip_int64_t n; (n = zip_source_read(memory, block, sizeof block)) > 0;)
		wg_buf_put(out, block, (size_t)n);
	zip_source_close(memory);
	zip_source_free(memory);
}

static void sheet_of_references(struct wg_buf *sheet, size_t rows, size_t columns)
{
	wg_buf_puts(sheet, "<worksheet><sheetData>");
	for (size_t i = 0; i < rows; i++) {
		wg_buf_puts(sheet, "<row>");
		repeat(sheet, "<c t='s'><v>0</v></c>", columns);
		wg_buf_puts(sheet, "</row>");
	}
	wg_buf_puts(sheet, "</sheetData></worksheet>");
}

/* Cells that are unlike each other, so that they do not pack like a bomb. */
static void numbers(struct wg_buf *sheet, size_t rows, size_t columns)
{
	uint32_t n = 1;
	for (size_t i = 0; i < rows; i++) {
		wg_buf_puts(sheet, "<row>");
		for (size_t k = 0; k < columns; k++) {
			n = n * 1664525 + 1013904223;
			wg_buf_printf(sheet, "<c><v>%u</v></c>", n);
		}
		wg_buf_puts(sheet, "</row>");
	}
}

static void must_refuse_sheet(const char *name, const struct wg_buf *sheet, const char *texts, const char *words)
{
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
	assert_false(sheet->failed);
	workbook(&in, sheet, texts);
	must_refuse(name, XLSX, &in, words);
	next_one_is_read();
}

static void large_workbooks_cost_little(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf sheet = WG_BUF(WG_LIMIT_READER_OUTPUT);
	WG_AUTO_BUF struct wg_buf texts = WG_BUF(WG_LIMIT_READER_OUTPUT);
	wg_buf_puts(&texts, "<sst><si><t>");
	repeat(&texts, "name of one ", 8000);
	wg_buf_puts(&texts, "</t></si></sst>");
	sheet_of_references(&sheet, 1000, 20);
	must_refuse_sheet("one long text 20,000 times", &sheet, wg_buf_text(&texts), "more text than the limit");
	wg_buf_reset(&sheet);
	wg_buf_puts(&sheet, "<worksheet>");
	repeat(&sheet, " ", WG_LIMIT_READER_OUTPUT - 100);
	wg_buf_puts(&sheet, "</worksheet>");
	must_refuse_sheet("24 MB of blanks", &sheet, "<sst/>", "bomb");
	wg_buf_reset(&sheet);
	sheet_of_references(&sheet, 1900, 500);
	must_refuse_sheet("a sheet of one text", &sheet, "<sst><si><t>x</t></si></sst>", "bomb");
	wg_buf_reset(&sheet);
	wg_buf_puts(&sheet, "<worksheet><sheetData>");
	numbers(&sheet, 2000, 400);
	wg_buf_puts(&sheet, "</sheetData></worksheet>");
	must_refuse_sheet("a sheet of 20 MB", &sheet, "<sst/>", "no heading row");
	wg_buf_reset(&sheet);
	wg_buf_puts(&sheet, "<worksheet><mergeCells>");
	repeat(&sheet, "<mergeCell ref='A1:A9'/>", 5001);
	wg_buf_puts(&sheet, "</mergeCells></worksheet>");
	must_refuse_sheet("merged cells", &sheet, "<sst/>", "merged");
}

/* The largest table that is taken costs no more than the others. */
static void largest_table_is_read(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf sheet = WG_BUF(WG_LIMIT_READER_OUTPUT);
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
	wg_buf_puts(&sheet, "<worksheet><sheetData><row>");
	repeat(&sheet, "<c t='s'><v>0</v></c>", 100);
	wg_buf_puts(&sheet, "</row>");
	numbers(&sheet, WG_LIMIT_DOCUMENTS, 100);
	wg_buf_puts(&sheet, "</sheetData></worksheet>");
	workbook(&in, &sheet, "<sst><si><t>Name of a column</t></si></sst>");
	struct wg_fields *fields = fields_of(XLSX, in.data, in.len);
	assert_true(fields->divided);
	assert_int_equal(fields->n_parts, WG_LIMIT_DOCUMENTS);
	assert_string_equal(fields->parts[1999].at, "sheet S, row 2001");
	wg_fields_freep(&fields);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_read),
		cmocka_unit_test(parts_are_tables_of_one_row),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(large_tables_cost_little),
		cmocka_unit_test(large_workbooks_cost_little),
		cmocka_unit_test(largest_table_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
