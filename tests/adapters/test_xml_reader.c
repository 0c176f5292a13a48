/* The XML reader: our own notices as they are, everything else flattened. */
#include "run.h"

#include "base/limits.h"
#include "base/mem.h"

#define NS "xmlns=\"urn:wardgate:notice:1\""

static const struct {
	const char *name, *xml, *has[4], *lacks;
} cases[] = {
	{ "own notice",
	  "<notice " NS "/>",
	  { "<notice>PG5vdGljZSB4bWxucz0idXJuOndhcmRnYXRlOm5vdGljZToxIi8+</notice>" },
	  "<field " },
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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all_cases) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
