/* Hostile office documents: each is refused with words that help, or reduced to its text, within 2 s of CPU and 256
 * MiB; and the next document is read as if nothing had been. */
#include "run.h"

#include "base/limits.h"
#include "base/mem.h"
#include "office_make.h"
#include "sys/file.h"

#define FOLDER WG_SOURCE_DIR "/tests/corpora/hostile-zip/"
#define DOCX "wardgate-reader-docx"
#define ODT "wardgate-reader-odt"
#define W_BEGIN "<w:document xmlns:w=\"w\"><w:body>"
#define W_END "</w:body></w:document>"
#define O_BEGIN "<o:document-content xmlns:o=\"o\" xmlns:t=\"t\"><o:body><o:text>"
#define O_END "</o:text></o:body></o:document-content>"

/* words: part of what must be said; NULL: the name of Tess is read. */
static const struct {
	const char *file, *words;
} files[] = {
	{ "bomb-ratio.docx", "200 times its size" },
	{ "bomb-total.docx", "48 MiB" },
	{ "bomb-overlap.docx", "48 MiB" },
	{ "overlap.docx", "entries overlap" },
	{ "bomb-lying-size.docx", "damaged" },
	{ "zip64-size.docx", "24 MiB" },
	{ "zip64-two-sizes.docx", "64-bit" },
	{ "zip64-missing.docx", "64-bit" },
	{ "zip64-end.docx", "64-bit" },
	{ "count-65535.docx", "64-bit" },
	{ "count-too-small.docx", "lists more" },
	{ "traversal.docx", "leads out" },
	{ "traversal-inside.docx", "leads out" },
	{ "absolute.docx", "absolute path" },
	{ "backslash.docx", "paths must not have" },
	{ "drive.docx", "paths must not have" },
	{ "name-nul.docx", "paths must not have" },
	{ "name-latin1.docx", "not UTF-8" },
	{ "name-empty.docx", "no name" },
	{ "name-twice.docx", "same name" },
	{ "name-twice-case.docx", "same name" },
	{ "name-unicode-extra.docx", "two names" },
	{ "symlink.docx", "link" },
	{ "encrypted.docx", "without a password" },
	{ "encrypted-aes.docx", "encrypted" },
	{ "method-lzma.docx", "packed in a way" },
	{ "mismatch-name.docx", "contradict" },
	{ "mismatch-method.docx", "contradict" },
	{ "mismatch-size.docx", "contradict" },
	{ "mismatch-flags.docx", "contradict" },
	{ "data-before.docx", "no Word or OpenDocument file" },
	{ "data-before-zip.docx", "not where it says" },
	{ "data-between.docx", "belong to no entry" },
	{ "data-behind.docx", "put behind it" },
	{ "comment.docx", "put behind it" },
	{ "truncated.docx", "cut off" },
	{ "truncated-end.docx", "cut off" },
	{ "wrong-crc.docx", "checksum" },
	{ "broken-deflate.docx", "checksum" },
	{ "directory-offset.docx", "not where it says" },
	{ "offset-outside.docx", "not where the directory says" },
	{ "no-entries.docx", "no Word or OpenDocument file" },
	{ "old-doc-or-password.docx", "save it as .docx without a password" },
	{ "doctype.docx", "DOCTYPE" },
	{ "doctype-external.docx", "DOCTYPE" },
	{ "doctype-unread-part.docx", "DOCTYPE" },
	{ "doctype-utf16.docx", "DOCTYPE" },
	{ "doctype-relations.docx", "DOCTYPE" },
	{ "malformed.docx", "not well-formed" },
	{ "deep.docx", "too deeply" },
	{ "no-body.docx", "not Word's" },
	{ "no-types.docx", "no Word document" },
	{ "no-main.docx", "is missing" },
	{ "main-is-a-sheet.docx", "no Word document" },
	{ "two-mains.docx", "or two" },
	{ "main-outside.docx", "no main part" },
	{ "main-external.docx", "no main part" },
	{ "zip-in-zip.docx", NULL },
	{ "not-a-zip.docx", "save it as .docx or .odt" },
	{ "nothing.docx", "save it as .docx or .odt" },
	{ "good.docx", NULL },
	{ "encrypted.odt", "has a password" },
	{ "no-text.odt", "no OpenDocument text" },
	{ "no-content.odt", "is missing" },
	{ "doctype.odt", "DOCTYPE" },
	{ "malformed.odt", "not well-formed" },
	{ "style-loop.odt", NULL },
	{ "good.odt", NULL },
};

static const char tess[] = "<field label=\"Full name\" at=\"document, line 1\">Tess Example</field>";

static void next_one_is_read(void)
{
	WG_AUTO_BUF struct wg_buf in = WG_BUF(10000);
	WG_AUTO_BUF struct wg_buf out = WG_BUF(10000);
	static const char text[] = W_BEGIN "<w:p><w:r><w:t>Full name: Tess Example</w:t></w:r></w:p>" W_END;
	office_docx(&in, text, sizeof text - 1);
	run_fields(DOCX, in.data, in.len, &out);
	assert_non_null(strstr(wg_buf_text(&out), tess));
}

static void hostile_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(files); i++) {
		char path[512];
		struct wg_err err = { 0 };
		WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
		WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
		const char *reader = strstr(files[i].file, ".odt") != NULL ? ODT : DOCX;
		(void)snprintf(path, sizeof path, "%s%s", FOLDER, files[i].file); /* a cut path is not found */
		if (wg_file_read(path, &in, &err) != WG_OK)
			fail_msg("%s", err.text);
		if (files[i].words == NULL) {
			run_fields(reader, in.data, in.len, &out);
			assert_non_null(strstr(wg_buf_text(&out), tess));
			continue;
		}
		enum wg_code code = run_reader(reader, in.data, in.len, &out, &err);
		if (code != WG_REJECT || strstr(err.text, files[i].words) == NULL)
			fail_msg("%s: %s: %s", files[i].file, wg_code_name(code), err.text);
		next_one_is_read();
	}
}

/* ---- too large to be kept as files */

static void repeat(struct wg_buf *out, const char *s, size_t times)
{
	for (size_t i = 0; i < times; i++)
		wg_buf_puts(out, s);
}

static void as_docx(struct wg_buf *out, const char *one, size_t times)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_LIMIT_MESSAGE);
	wg_buf_puts(&text, W_BEGIN);
	repeat(&text, one, times);
	wg_buf_puts(&text, W_END);
	assert_false(text.failed);
	office_docx(out, text.data, text.len);
}

static void as_odt(struct wg_buf *out, const char *one, size_t times)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_LIMIT_MESSAGE);
	wg_buf_puts(&text, O_BEGIN);
	repeat(&text, one, times);
	wg_buf_puts(&text, O_END);
	assert_false(text.failed);
	office_odt(out, text.data, text.len);
}

static void entries(struct wg_buf *out, unsigned n)
{
	struct office_zip zip;
	char name[32];
	office_zip_begin(&zip, out);
	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(name, sizeof name, "e%u", i); /* fits */
		office_zip_add(&zip, name, "", 0);
	}
	office_zip_end(&zip);
}

static void entries_65534(struct wg_buf *out)
{
	entries(out, 65534);
}

static void entries_65536(struct wg_buf *out) /* counted as 0 */
{
	entries(out, 65536);
}

static void paragraphs(struct wg_buf *out)
{
	as_docx(out, "<w:p><w:r><w:t>A question that nobody answers?</w:t></w:r></w:p>", 45000);
}

static void runs_of_one(struct wg_buf *out)
{
	as_docx(out, "<w:p><w:r><w:t>a</w:t></w:r><w:r><w:t>b</w:t></w:r></w:p>", 28000);
}

static void controls(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf p = WG_BUF(WG_LIMIT_MESSAGE);
	wg_buf_puts(&p, "<w:p>");
	repeat(
		&p,
		"<w:sdt><w:sdtPr><w:alias w:val=\"n\"/></w:sdtPr><w:sdtContent><w:r><w:t>x </w:t></w:r></w:sdtContent></w:sdt>",
		24000);
	wg_buf_puts(&p, "</w:p>");
	as_docx(out, wg_buf_text(&p), 1);
}

static void cells(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf t = WG_BUF(WG_LIMIT_MESSAGE);
	wg_buf_puts(&t, "<w:tbl><w:tr>");
	repeat(&t, "<w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc>", 45000);
	wg_buf_puts(&t, "</w:tr></w:tbl>");
	as_docx(out, wg_buf_text(&t), 1);
}

static void heading_rows(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf t = WG_BUF(WG_LIMIT_MESSAGE);
	wg_buf_puts(&t, "<w:tbl>");
	repeat(&t,
	       "<w:tr><w:trPr><w:tblHeader/></w:trPr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc/><w:tc/></w:tr>",
	       15000);
	wg_buf_puts(&t, "</w:tbl>");
	as_docx(out, wg_buf_text(&t), 1);
}

static void merged_rows(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf t = WG_BUF(WG_LIMIT_MESSAGE);
	static const char beside[] = "<w:tc><w:p><w:r><w:t>x</w:t></w:r></w:p></w:tc><w:tc/>";
	wg_buf_puts(&t, "<w:tbl>");
	for (unsigned i = 0; i < 6000; i++)
		wg_buf_printf(&t,
		              "<w:tr><w:tc><w:tcPr><w:vMerge%s/></w:tcPr><w:p><w:r><w:t>h</w:t></w:r></w:p></w:tc>%s</w:tr>",
		              i % 2 == 0 ? " w:val=\"restart\"" : "", beside);
	wg_buf_puts(&t, "</w:tbl>");
	as_docx(out, wg_buf_text(&t), 1);
}

static void tables_in_tables(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf t = WG_BUF(WG_LIMIT_MESSAGE);
	for (unsigned i = 0; i < 3000; i++) {
		repeat(&t, "<w:tbl><w:tr><w:tc><w:p/>", 18);
		repeat(&t, "</w:tc></w:tr></w:tbl>", 18);
	}
	as_docx(out, wg_buf_text(&t), 1);
}

static void boxes(struct wg_buf *out)
{
	as_docx(out, "<w:p><w:r><w:t>\xE2\x98\x92 a \xE2\x98\x90 b</w:t></w:r></w:p>", 40000);
}

static void one_long_paragraph(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf p = WG_BUF(WG_LIMIT_MESSAGE);
	wg_buf_puts(&p, "<w:p><w:r><w:t>");
	repeat(&p, "Aa: b   \xE2\x98\x92 ", 600000);
	wg_buf_puts(&p, "</w:t></w:r></w:p>");
	as_docx(out, wg_buf_text(&p), 1);
}

static void wide_text(struct wg_buf *out)
{
	as_docx(
		out,
		"<w:p><w:r><w:t>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</w:t></w:r></w:p>",
		60000);
}

static void odt_paragraphs(struct wg_buf *out)
{
	as_odt(out, "<t:p>A question that nobody answers?</t:p>", 60000);
}

static void odt_controls(struct wg_buf *out)
{
	WG_AUTO_BUF struct wg_buf t = WG_BUF(WG_LIMIT_MESSAGE);
	wg_buf_puts(&t, "<o:forms>");
	repeat(&t, "<f/>", 50000);
	wg_buf_puts(&t, "</o:forms><t:p>");
	repeat(&t, "<control control=\"c\"/>", 50000);
	wg_buf_puts(&t, "</t:p>");
	as_odt(out, wg_buf_text(&t), 1);
}

static void odt_spans(struct wg_buf *out)
{
	as_odt(out,
	       "<table><table-row><table-cell number-columns-spanned=\"999\" number-rows-spanned=\"999999\" "
	       "number-columns-repeated=\"16384\"/><covered-table-cell "
	       "number-columns-repeated=\"16384\"/></table-row></table>",
	       12000);
}

static void odt_spaces(struct wg_buf *out)
{
	as_odt(out, "<t:p><t:s t:c=\"999999999\"/></t:p>", 45000);
}

/* words: as above; NULL: the document may also be read, and the answer is then valid. */
static const struct {
	const char *name, *reader, *words;
	void (*build)(struct wg_buf *out);
} built[] = {
	{ "65,534 entries", DOCX, "more parts than the limit", entries_65534 },
	{ "65,536 entries", DOCX, "empty", entries_65536 },
	{ "45,000 questions", DOCX, NULL, paragraphs },
	{ "56,000 runs", DOCX, NULL, runs_of_one },
	{ "24,000 controls in a paragraph", DOCX, NULL, controls },
	{ "45,000 cells in a row", DOCX, NULL, cells },
	{ "15,000 heading rows", DOCX, NULL, heading_rows },
	{ "6,000 merged rows", DOCX, NULL, merged_rows },
	{ "tables within tables", DOCX, NULL, tables_in_tables },
	{ "80,000 boxes", DOCX, NULL, boxes },
	{ "one long paragraph", DOCX, NULL, one_long_paragraph },
	{ "60,000 lines of words", DOCX, "limit", wide_text },
	{ "60,000 questions", ODT, "limit", odt_paragraphs },
	{ "50,000 controls of a form", ODT, NULL, odt_controls },
	{ "spans without end", ODT, NULL, odt_spans },
	{ "blanks without end", ODT, NULL, odt_spaces },
};

static void hostile_built(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(built); i++) {
		struct wg_err err = { 0 };
		WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
		WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
		built[i].build(&in);
		assert_false(in.failed);
		enum wg_code code = run_reader(built[i].reader, in.data, in.len, &out, &err);
		if (code == WG_OK && built[i].words == NULL) {
			WG_AUTO_BUF struct wg_buf again = WG_BUF(WG_LIMIT_READER_OUTPUT);
			run_fields(built[i].reader, in.data, in.len, &again);
			assert_string_equal(wg_buf_text(&out), wg_buf_text(&again));
		} else if (code != WG_REJECT || (built[i].words != NULL && strstr(err.text, built[i].words) == NULL)) {
			fail_msg("%s: %s: %s", built[i].name, wg_code_name(code), err.text);
		}
		next_one_is_read();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(hostile_files), cmocka_unit_test(hostile_built) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
