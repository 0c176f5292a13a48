/* What a document is: by its content, once; what was declared may only agree. */
#include "role/kind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

#define REFUSED (-1)
/* SEQUENCE { OBJECT IDENTIFIER 1.2.840.113549.1.7.3 ...: definite lengths of one, two and four bytes, and indefinite.
 */
#define OID "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"
#define REST "0123456789abcdef"
/* The header of a ZIP's entry, with the length of its name, and the record at a ZIP's end. */
#define ENTRY(len, name) "PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" len "\0\0\0" name
#define END "PK\5\6\0\0\0\0\1\0\1\0\x2e\0\0\0\0\0\0\0\0\0"

static const struct {
	const char *bytes;
	size_t len;
	const char *declared, *name;
	int want; /* enum wg_document, or REFUSED */
	const char *words;
} table[] = {
#define B(s) (s), sizeof(s) - 1
	/* content alone */
	{ B("<?xml version=\"1.0\"?><a/>"), NULL, NULL, WG_DOCUMENT_XML, NULL },
	{ B("<notice/>"), NULL, NULL, WG_DOCUMENT_XML, NULL },
	{ B("\xEF\xBB\xBF<notice/>"), NULL, NULL, WG_DOCUMENT_XML, NULL },
	{ B(" \r\n\t<n:notice/>"), NULL, NULL, WG_DOCUMENT_XML, NULL },
	{ B("<!DOCTYPE a>"), NULL, NULL, WG_DOCUMENT_XML, NULL }, /* the reader refuses it, with the reason */
	{ B("Subject: x\n\ny"), NULL, NULL, WG_DOCUMENT_MAIL, NULL },
	{ B("X-Odd-Header: x\r\n\r\ny"), NULL, NULL, WG_DOCUMENT_MAIL, NULL },
	{ B("From someone Mon Jan  1 00:00:00 2026\nSubject: x\n\n"), NULL, NULL, WG_DOCUMENT_MAIL, NULL },
	{ B("\x30\x20" OID REST), NULL, NULL, WG_DOCUMENT_SEALED, NULL },
	{ B("\x30\x81\x90" OID REST), NULL, NULL, WG_DOCUMENT_SEALED, NULL },
	{ B("\x30\x84\x00\x00\x01\x00" OID REST), NULL, NULL, WG_DOCUMENT_SEALED, NULL },
	{ B("\x30\x80" OID REST), NULL, NULL, WG_DOCUMENT_SEALED, NULL },
	/* office files, by the names of their entries */
	{ B(ENTRY("\x13", "[Content_Types].xml") "x" ENTRY("\x0b", "_rels/.rels") "y" ENTRY("\x11", "word/document.xml")),
	  NULL, NULL, WG_DOCUMENT_DOCX, NULL },
	{ B(ENTRY("\x11", "word/document.xml") ENTRY("\x13", "[Content_Types].xml")), NULL, NULL, WG_DOCUMENT_DOCX, NULL },
	{ B(ENTRY("\x13", "[Content_Types].xml") ENTRY("\x11", "word/document.xml") ENTRY("\x0f", "xl/workbook.xml")), NULL,
	  NULL, WG_DOCUMENT_DOCX, NULL }, /* a table embedded in a text */
	{ B(ENTRY("\x13", "[Content_Types].xml") ENTRY("\x0f", "xl/workbook.xml")), NULL, NULL, WG_DOCUMENT_XLSX, NULL },
	{ B(ENTRY("\x08", "mimetype") "application/vnd.oasis.opendocument.text"), NULL, NULL, WG_DOCUMENT_ODT, NULL },
	{ B(ENTRY("\x08", "mimetype") "application/vnd.oasis.opendocument.spreadsheet"), NULL, NULL, REFUSED,
	  ".xlsx or .csv" },
	{ B(ENTRY("\x13", "[Content_Types].xml") ENTRY("\x14", "ppt/presentation.xml")), NULL, NULL, REFUSED, "no form" },
	{ B(ENTRY("\x11", "word/document.xml")), NULL, NULL, REFUSED, "unpack" },
	{ B(ENTRY("\x09", "form.docx")), NULL, NULL, REFUSED, "unpack" },
	{ B(ENTRY("\x13", "[Content_Types].xml")), NULL, "form.docx", REFUSED, "unpack" },
	{ B("PK\x03\x04 a document"), NULL, NULL, REFUSED, "unpack" },
	{ B("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), NULL, NULL, REFUSED, "nothing in it" },
	{ B("%PDF-1.7\n1 0 obj: x"), NULL, NULL, WG_DOCUMENT_PDF, NULL },
	/* pages */
	{ B("<!doctype html><p>x"), NULL, NULL, WG_DOCUMENT_HTML, NULL },
	{ B("<!DOCTYPE\thtml PUBLIC \"x\">"), NULL, NULL, WG_DOCUMENT_HTML, NULL },
	{ B("\xEF\xBB\xBF\r\n<HTML lang=en>"), NULL, NULL, WG_DOCUMENT_HTML, NULL },
	{ B("<!-- saved from url=(0014)about:internet -->\r\n<html>"), NULL, NULL, WG_DOCUMENT_HTML, NULL },
	{ B("<?xml version=\"1.0\"?>\n<!-- x > -->\n<html xmlns=\"http://www.w3.org/1999/xhtml\">"), NULL, NULL,
	  WG_DOCUMENT_HTML, NULL },
	{ B("<?xml version=\"1.0\"?><!DOCTYPE html SYSTEM \"x\"><html/>"), NULL, NULL, WG_DOCUMENT_HTML, NULL },
	{ B("\xFF\xFE<\0h\0t\0m\0l\0>\0"), NULL, NULL, WG_DOCUMENT_HTML, NULL },
	{ B("<div>x</div>"), NULL, NULL, WG_DOCUMENT_HTML, NULL },
	{ B("<table><row/></table>"), NULL, "export.xml", WG_DOCUMENT_XML, NULL },
	{ B("<table><tr/></table>"), NULL, "export.html", WG_DOCUMENT_HTML, NULL },
	{ B("<form/>"), NULL, NULL, WG_DOCUMENT_XML, NULL },
	{ B("<form/>"), "text/html", NULL, WG_DOCUMENT_HTML, NULL },
	{ B("<?xml version=\"1.0\"?><form/>"), "text/html", NULL, REFUSED, "application/xml" },
	{ B("<htmlx/>"), NULL, NULL, WG_DOCUMENT_XML, NULL },
	/* tables */
	{ B("Name,DOB,Ref\r\nTess Example,14/03/2011,1\r\n"), NULL, NULL, WG_DOCUMENT_CSV, NULL },
	{ B("\xEF\xBB\xBF\"Name\";\"DOB\";\"Ref\""), NULL, NULL, WG_DOCUMENT_CSV, NULL },
	{ B("Name\tDOB\tRef\n"), NULL, NULL, WG_DOCUMENT_CSV, NULL },
	{ B("sep=;\nName;DOB\n"), NULL, NULL, WG_DOCUMENT_CSV, NULL },
	{ B("\xFF\xFEN\0a\0m\0e\0\t\0D\0O\0B\0\t\0R\0"), NULL, NULL, WG_DOCUMENT_CSV, NULL },
	{ B("\xFE\xFF\0N\0;\0D\0;\0R"), NULL, NULL, WG_DOCUMENT_CSV, NULL },
	{ B("Name,DOB\n"), NULL, NULL, REFUSED, "neither" },
	{ B("Name,DOB\n"), NULL, "table.csv", WG_DOCUMENT_CSV, NULL },
	{ B("Name\n"), "text/csv", NULL, WG_DOCUMENT_CSV, NULL },
	{ B("Name,DOB\n"), "text/plain", "notes.txt", REFUSED, "neither" },
	{ B("Name,DOB,Ref\n"), "text/plain", "table.txt", WG_DOCUMENT_CSV, NULL },
	{ B("Ref:,Name:,DOB:\n"), NULL, "table.csv", WG_DOCUMENT_CSV, NULL },
	{ B("Ref:,Name:,DOB:\n"), NULL, NULL, WG_DOCUMENT_MAIL, NULL },
	{ B("Name,DOB,\x01\n"), NULL, "table.csv", REFUSED, "neither" },
	{ B("{\"a\":1,\"b\":2,\"c\":3}"), NULL, NULL, REFUSED, "neither" },
	/* nothing that we take */
	{ B(""), NULL, NULL, REFUSED, "empty" },
	{ B("<"), NULL, NULL, REFUSED, "neither" },
	{ B("< a/>"), NULL, NULL, REFUSED, "neither" },
	{ B("\xEF\xBB\xBF"), NULL, NULL, REFUSED, "neither" },
	{ B("{\"a\": 1}"), NULL, NULL, REFUSED, "neither" },
	{ B("a line of words: not a header"), NULL, NULL, REFUSED, "neither" },
	{ B(": no name"), NULL, NULL, REFUSED, "neither" },
	{ B("AHeaderNameOfManyMoreLettersThanAnybodyEverWroteBeforeTheColonThatEndsItHereOrThere: x"), NULL, NULL, REFUSED,
	  "neither" },
	{ B("\x30\x20" OID), NULL, NULL, REFUSED, "neither" }, /* cut off */
	{ B("\x30\xff" OID REST), NULL, NULL, REFUSED, "neither" },
	{ B("\x30\x20\x06\x09\x2b\x86\x48\x86\xf7\x0d\x01\x07\x03" REST), NULL, NULL, REFUSED, "neither" },
	/* known, and what to do instead */
	{ B("\x89PNG\r\n\x1a\n: not a header"), NULL, NULL, REFUSED, "picture" },
	{ B("\xFF\xD8\xFF\xE0"), "image/jpeg", "Tess Canaryname.jpg", REFUSED, "picture" },
	{ B("\0\0\0\x18"
	    "ftypheic"),
	  NULL, NULL, REFUSED, "picture" },
	{ B("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), "application/msword", "form.doc", REFUSED, "save it as .docx" },
	{ B("{\\rtf1\\ansi"), NULL, "form.rtf", REFUSED, "save it as .docx" },
	{ B("\x1F\x8B\x08"), NULL, NULL, REFUSED, "unpack" },
	{ B("BEGIN:VCALENDAR\r\n"), "text/calendar", NULL, REFUSED, "calendar" },
	{ B("BEGIN:VCARD\r\n"), NULL, NULL, REFUSED, "contact card" },
	/* two things at once */
	{ B("%PDF-1.7\n" END), NULL, NULL, REFUSED, "two things" },
	{ B("<html>x</html>" END), NULL, NULL, REFUSED, "two things" },
	{ B("Subject: x\n\n" END), NULL, NULL, REFUSED, "two things" },
	{ B("GIF89a" END), NULL, NULL, REFUSED, "picture" },
	{ B("<html>\n%PDF-1.7\n"), NULL, NULL, REFUSED, "two things" },
	{ B(ENTRY("\x13", "[Content_Types].xml") "%PDF-1.7" ENTRY("\x11", "word/document.xml")), NULL, NULL, REFUSED,
	  "two things" },
	/* what was declared agrees */
	{ B("<a/>"), "application/xml", "a.xml", WG_DOCUMENT_XML, NULL },
	{ B("<a/>"), "TEXT/XML", "a.XML", WG_DOCUMENT_XML, NULL },
	{ B("Subject: x\n\ny"), "message/rfc822", "a.eml", WG_DOCUMENT_MAIL, NULL },
	{ B("Subject: x\n\ny"), NULL, "a.txt", WG_DOCUMENT_MAIL, NULL },
	{ B("\x30\x20" OID REST), "application/x-pkcs7-mime", "smime.p7m", WG_DOCUMENT_SEALED, NULL },
	{ B("Subject: x\n\ny"), NULL, "a name without an ending that we know.report", WG_DOCUMENT_MAIL, NULL },
	{ B("Subject: x\n\ny"), NULL, "", WG_DOCUMENT_MAIL, NULL },
	/* and when it does not, the words say what to do and repeat nothing that the sender wrote */
	{ B("<a/>"), "message/rfc822", NULL, REFUSED, "application/xml" },
	{ B("Subject: x\n\ny"), "application/xml", NULL, REFUSED, "message/rfc822" },
	{ B("\x30\x20" OID REST), "message/rfc822", NULL, REFUSED, "application/pkcs7-mime" },
	{ B("<a/>"), "application/octet-stream", NULL, REFUSED, "application/xml" },
	{ B("<a/>"), "", NULL, REFUSED, "application/xml" },
	{ B("<a/>"), NULL, "Tess Canaryname.eml", REFUSED, "end in .xml" },
	{ B("Subject: x\n\ny"), NULL, "Tess Canaryname.p7m", REFUSED, "end in .eml" },
	{ B("\x30\x20" OID REST), NULL, "Tess Canaryname.Eml", REFUSED, "end in .p7m" },
#undef B
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		struct wg_err err = { 0 };
		enum wg_document kind = WG_DOCUMENT_XML;
		/* a copy of exactly this size, so that a look beyond it is seen by the sanitizer */
		uint8_t *bytes = malloc(table[i].len + (table[i].len == 0));
		assert_non_null(bytes);
		memcpy(bytes, table[i].bytes, table[i].len);
		enum wg_code code = wg_document_kind(bytes, table[i].len, table[i].declared, table[i].name, &kind, &err);
		free(bytes);
		if (code != (table[i].want == REFUSED ? WG_REJECT : WG_OK))
			fail_msg("row %zu: %s: %s", i, wg_code_name(code), err.text);
		if (code == WG_OK)
			assert_int_equal(kind, table[i].want);
		else if (strstr(err.text, table[i].words) == NULL || strstr(err.text, "Canaryname") != NULL)
			fail_msg("row %zu: %s", i, err.text);
	}
}

/* Every document, cut after every byte: an answer, never a look beyond the end. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		for (size_t n = 0; n < table[i].len; n++) {
			enum wg_document kind;
			uint8_t *bytes = malloc(n + 1);
			assert_non_null(bytes);
			memcpy(bytes, table[i].bytes, n);
			enum wg_code code = wg_document_kind(bytes, n, NULL, NULL, &kind, NULL);
			free(bytes);
			assert_true(code == WG_OK || code == WG_REJECT);
		}
	}
}

/* Every kind is taken by its own type and by the ending that its refusals name, and has a reader of its own. */
static void test_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		enum wg_document kind = (enum wg_document)table[i].want;
		if (table[i].want == REFUSED)
			continue;
		assert_int_equal(
			wg_document_kind(table[i].bytes, table[i].len, wg_document_type(kind), table[i].name, &kind, NULL), WG_OK);
		assert_int_equal(kind, table[i].want);
		assert_non_null(strstr(wg_document_reader(kind), "wardgate-reader-"));
	}
	assert_string_equal(wg_document_type(WG_DOCUMENT_XML), "application/xml");
	assert_string_equal(wg_document_type(WG_DOCUMENT_MAIL), "message/rfc822");
	assert_string_equal(wg_document_type(WG_DOCUMENT_SEALED), "application/pkcs7-mime");
	assert_string_equal(wg_document_reader(WG_DOCUMENT_ODT), "wardgate-reader-odt");
	assert_string_equal(wg_document_reader(WG_DOCUMENT_HTML), "wardgate-reader-html");
}

static void test_beside(void **state)
{
	(void)state;
	const char *type = "";
	assert_int_equal(wg_document_beside("\xFF\xD8\xFF\xE0", 4, &type), WG_BESIDE_PICTURE);
	assert_string_equal(type, "image/jpeg");
	assert_int_equal(wg_document_beside("\x89PNG\r\n\x1a\n", 8, &type), WG_BESIDE_PICTURE);
	assert_string_equal(type, "image/png");
	assert_int_equal(wg_document_beside("\xFF\xD8\xFF\xE0" END, 4 + sizeof END - 1, &type), WG_BESIDE_PICTURE);
	assert_null(type); /* a ZIP as well */
	assert_int_equal(wg_document_beside("GIF89a", 6, &type), WG_BESIDE_PICTURE);
	assert_null(type);
	assert_int_equal(wg_document_beside("BEGIN:VCARD", 11, &type), WG_BESIDE_CARD);
	assert_int_equal(wg_document_beside("BEGIN:VCALENDAR", 15, &type), WG_BESIDE_CALENDAR);
	assert_int_equal(wg_document_beside("%PDF-1.7", 8, &type), WG_BESIDE_NOTHING);
	assert_int_equal(wg_document_beside("", 0, &type), WG_BESIDE_NOTHING);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_table), cmocka_unit_test(test_cut),
		                                cmocka_unit_test(test_types), cmocka_unit_test(test_beside) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
