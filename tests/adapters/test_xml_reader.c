/* The XML reader: our own notices as they are, everything else flattened. */
#include "run.h"

#include "base/limits.h"
#include "base/mem.h"

#define NS "xmlns=\"urn:wardgate:notice:1\""

static const struct {
	const char *name, *xml, *has[4], *lacks;
} cases[] = {
	{ "notice of nobody", "<notice/>", { "<field label=\"notice\"" }, "<notice>" },
	{ "leaves and attributes",
	  "<missingReport "
	  "ref=\"7\">\n<child><dateOfBirth>14/03/2011</dateOfBirth><full-name>T</full-name></child></missingReport>",
	  { "<field label=\"missing Report ref\" at=\"line 1, missingReport/@ref\">7</field>",
	    "<field label=\"date Of Birth\" at=\"line 2, missingReport/child/dateOfBirth\">14/03/2011</field>",
	    "<field label=\"full name\"" },
	  NULL },
	{ "capitals",
	  "<r><DOBDate>x</DOBDate><FULL_NAME>y</FULL_NAME></r>",
	  { "label=\"DOB Date\"", "label=\"FULL NAME\"" },
	  NULL },
	{ "empty leaf", "<r><risk/></r>", { "<field label=\"risk\" at=\"line 1, r/risk\"></field>" }, NULL },
	{ "text with markup in it",
	  "<r><p>a <b x=\"1\">b</b> c</p></r>",
	  { ">a b c</field>", "label=\"b x\"" },
	  "label=\"b\"" },
	{ "CDATA", "<r><a><![CDATA[<x>&]]></a></r>", { "&lt;x&gt;&amp;</field>" }, NULL },
	{ "lines stay", "<r><a>b\nc</a></r>", { ">b\nc</field>" }, NULL },
	{ "where its schema is says nothing",
	  "<r xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"a "
	  "file:///etc/hostname\"><a>b</a></r>",
	  { "label=\"a\"" },
	  "schema" },
	{ "XInclude is not followed",
	  "<r xmlns:xi=\"http://www.w3.org/2001/XInclude\"><xi:include href=\"/etc/hostname\" parse=\"text\"/></r>",
	  { "label=\"include href\"" },
	  NULL },
	{ "stylesheet is not fetched",
	  "<?xml-stylesheet href=\"http://192.0.2.1/x\"?><r><a>b</a></r>",
	  { ">b</field>" },
	  "192.0.2.1" },
	{ "ISO-8859-1", "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><r>\xE9</r>", { ">\xC3\xA9</field>" }, NULL },
	{ "US-ASCII", "<?xml version='1.0' encoding='US-ASCII'?><r>e</r>", { ">e</field>" }, NULL },
	{ "UTF-8 with its mark",
	  "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"UTF-8\"?><r>\xC3\xA9</r>",
	  { ">\xC3\xA9</field>" },
	  NULL },
	{ "injection is text",
	  "<r><a>' or 1=1 --&#10;&lt;field label=\"x\"/&gt;</a></r>",
	  { "' or 1=1 --\n&lt;field label=&quot;x&quot;/&gt;" },
	  NULL },
};

static void all_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
		WG_AUTO_BUF struct wg_buf again = WG_BUF(WG_LIMIT_READER_OUTPUT);
		/* started anew, and from its nest, which has left most of its libraries: by turns, so twice */
		run_fields("wardgate-reader-xml", cases[i].xml, strlen(cases[i].xml), &out);
		run_fields("wardgate-reader-xml", cases[i].xml, strlen(cases[i].xml), &again);
		assert_string_equal(wg_buf_text(&out), wg_buf_text(&again));
		for (size_t k = 0; k < WG_COUNT(cases[i].has) && cases[i].has[k] != NULL; k++)
			if (strstr(wg_buf_text(&out), cases[i].has[k]) == NULL)
				fail_msg("%s: lacks %s:\n%s", cases[i].name, cases[i].has[k], wg_buf_text(&out));
		if (cases[i].lacks != NULL && strstr(wg_buf_text(&out), cases[i].lacks) != NULL)
			fail_msg("%s: has %s:\n%s", cases[i].name, cases[i].lacks, wg_buf_text(&out));
	}
}

/* It says everything itself: the reader has nothing to add, and what is not well-formed is none. */
static void own_notice(void **state)
{
	static const char good[] = "<notice " NS "><child/></notice>", bad[] = "<notice " NS "><child></notice>";
	(void)state;
	for (int i = 0; i < 4; i++) { /* each started anew, and from its nest */
		const char *xml = i < 2 ? good : bad;
		WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
		struct wg_err err = { 0 };
		assert_int_equal(run_reader("wardgate-reader-xml", xml, strlen(xml), &out, &err), i < 2 ? WG_OK : WG_REJECT);
		assert_int_equal(out.len, 0);
	}
}

static void own_notice_too_large(void **state)
{
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE), out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	struct wg_err err = { 0 };
	(void)state;
	wg_buf_puts(&in, "<notice " NS ">");
	while (in.len <= WG_LIMIT_NOTICE)
		wg_buf_puts(&in, "                                                                ");
	wg_buf_puts(&in, "</notice>");
	assert_false(in.failed);
	assert_int_equal(run_reader("wardgate-reader-xml", in.data, in.len, &out, &err), WG_REJECT);
	assert_non_null(strstr(err.text, "the notice is larger than the limit"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all_cases), cmocka_unit_test(own_notice),
		                                cmocka_unit_test(own_notice_too_large) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
