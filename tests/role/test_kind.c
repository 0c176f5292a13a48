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
	/* nothing that we take */
	{ B(""), NULL, NULL, REFUSED, "empty" },
	{ B("<"), NULL, NULL, REFUSED, "neither" },
	{ B("< a/>"), NULL, NULL, REFUSED, "neither" },
	{ B("\xEF\xBB\xBF"), NULL, NULL, REFUSED, "neither" },
	{ B("\x89PNG\r\n\x1a\n: not a header"), NULL, NULL, REFUSED, "neither" },
	{ B("PK\x03\x04 a document"), NULL, NULL, REFUSED, "neither" },
	{ B("%PDF-1.7\n1 0 obj: x"), NULL, NULL, REFUSED, "neither" },
	{ B("{\"a\": 1}"), NULL, NULL, REFUSED, "neither" },
	{ B("a line of words: not a header"), NULL, NULL, REFUSED, "neither" },
	{ B(": no name"), NULL, NULL, REFUSED, "neither" },
	{ B("AHeaderNameOfManyMoreLettersThanAnybodyEverWroteBeforeTheColonThatEndsItHereOrThere: x"), NULL, NULL, REFUSED,
	  "neither" },
	{ B("\x30\x20" OID), NULL, NULL, REFUSED, "neither" }, /* cut off */
	{ B("\x30\xff" OID REST), NULL, NULL, REFUSED, "neither" },
	{ B("\x30\x20\x06\x09\x2b\x86\x48\x86\xf7\x0d\x01\x07\x03" REST), NULL, NULL, REFUSED, "neither" },
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

static void test_types(void **state)
{
	(void)state;
	assert_string_equal(wg_document_type(WG_DOCUMENT_XML), "application/xml");
	assert_string_equal(wg_document_type(WG_DOCUMENT_MAIL), "message/rfc822");
	assert_string_equal(wg_document_type(WG_DOCUMENT_SEALED), "application/pkcs7-mime");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_table), cmocka_unit_test(test_cut),
		                                cmocka_unit_test(test_types) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
