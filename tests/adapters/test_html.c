/* Pages by themselves: forms as browsers and case systems save them. */
#include "run.h"

#include "base/limits.h"
#include "base/mem.h"

#define TESS "<field label=\"Full name\" at=\"page, line 1\">Tess Example</field>"

/* Up to four strings that must be there, one that must not. */
static const struct {
	const char *name, *page, *has[4], *lacks;
} shapes[] = {
	{ "lines", "<html><p>Full name: Tess Example</p></html>", { TESS, "reader=\"html\"" }, NULL },
	{ "questions over their answers",
	  "<table><tr><th>Full name</th></tr><tr><td>Tess Example</td></tr>"
	  "<tr><th>Where did you go?</th></tr><tr><td>To Who is it? Park</td></tr></table>",
	  { ">Tess Example</field>", "<field label=\"Where did you go?\"", ">To Who is it? Park</field>" },
	  NULL },
	{ "a heading over a table is no question",
	  "<table><tr><th colspan=2>The child</th></tr><tr><td>Full name</td><td>Tess Example</td></tr></table>",
	  { ">Tess Example</field>" },
	  "label=\"The child\"" },
	{ "title",
	  "<html><title>Missing\nreport</title><p>Full name: Tess Example</html>",
	  { TESS, "<subject>Missing report</subject>" },
	  NULL },
	{ "label of a control by its id, wherever it stands",
	  "<div><label for=a>Full name</label></div><div><input id=a value='Tess Example'></div>",
	  { TESS },
	  "<text>" },
	{ "label around a control", "<label>Full name <input value='Tess Example'></label>", { TESS }, "<text>" },
	{ "words before a control",
	  "Full name: <input value='Tess Example'> Age: <input type=number value=15>",
	  { TESS, "<field label=\"Age\" at=\"page, line 2\">15<" },
	  NULL },
	{ "words before a control that are half of the answer",
	  "<p>Full name: Tess <input value=Example></p>",
	  { TESS },
	  NULL },
	{ "control without a label",
	  "<input aria-label='Full name' value='Tess Example'><input name=date_of_birth value=2011-03-14>",
	  { TESS, "label=\"date of birth\" at=\"page, line 2\">2011-03-14<" },
	  NULL },
	{ "controls in a table",
	  "<table><tr><td>Full name</td><td><input value='Tess Example'></td></tr><tr><td><label "
	  "for=b>Age</label></td><td><input "
	  "id=b value=15></td></tr><tr><td>Ref: <input value=7></td><td></td></tr></table>",
	  { "<field label=\"Full name\" at=\"page, table 1, row 1\">Tess Example<", "label=\"Age\" at=\"page, line 1\">15<",
	    "label=\"Ref\"" },
	  "<text>" },
	{ "several lines",
	  "<label for=a>Circumstances</label><textarea id=a>Left after tea.\r\nMum: not told</textarea>",
	  { "<field label=\"Circumstances\" at=\"page, line 1\">Left after tea.\nMum: not told</field>" },
	  "label=\"Mum" },
	{ "lists: what is chosen, not what is shown first",
	  "<label for=a>Risk</label><select id=a><option>Please select<option selected>High</select><label "
	  "for=b>Grade</label><select "
	  "id=b><option>A<option>B</select><label for=c>Harms</label><select multiple id=c><option selected>X<option "
	  "selected>Y<option>Z</select>",
	  { ">High<", "label=\"Grade\" at=\"page, line 2\"></", ">X; Y<" },
	  "select" },
	{ "tick boxes and radio buttons",
	  "<fieldset><legend>Looked after?</legend><label><input type=radio checked> Yes</label> <label><input type=radio> "
	  "No</label></fieldset><fieldset><legend>Harms</legend><div><input type=checkbox id=x checked><label "
	  "for=x>Drugs</label></div><div><input type=checkbox "
	  "id=y><label for=y>Alcohol</label></div></fieldset><p><input type=checkbox checked> Photograph sent</p>",
	  { "label=\"Looked after?\" at=\"page, line 1\">Yes<", "label=\"Harms\" at=\"page, line 4\">Drugs<",
	    "label=\"Photograph sent\" at=\"page, line 8\">yes<" },
	  "\xE2\x98" },
	{ "tick boxes in a table",
	  "<table><tr><td>Looked after</td><td><input type=radio> Yes <input type=radio checked> No</td></tr></table>",
	  { "label=\"Looked after\" at=\"page, table 1, row 1\">No<" },
	  NULL },
	{ "what nobody is to see is not read",
	  "<input type=hidden name=token value=c4nary><label for=p>Password</label><input id=p type=password "
	  "value=c4nary><script>Full "
	  "name: c4nary</script><style>c4nary: x</style><iframe>c4nary: x</iframe><object>c4nary: x</object><!-- c4nary: x "
	  "--><button "
	  "value=c4nary>c4nary: x</button><input type=submit value=c4nary><meta http-equiv=refresh "
	  "content='0;url=http://c4nary.example/'><p>Full name: Tess Example",
	  { "Full name" },
	  "c4nary" },
	{ "read only view", "<div><label>Full name</label> <span>Tess Example</span></div>", { TESS }, NULL },
	{ "definitions", "<dl><dt>Full name<dd>Tess Example</dl>", { TESS }, NULL },
	{ "charset of a meta", "<meta charset=iso-8859-1><p>Full name: Zo\xEB", { ">Zo\xC3\xAB<" }, NULL },
	{ "charset of an older meta",
	  "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=windows-1252\"><p>Full name: \x93Z\x94",
	  { ">\xE2\x80\x9CZ\xE2\x80\x9D<" },
	  NULL },
	{ "charset of XHTML",
	  "<?xml version='1.0' encoding='ISO-8859-15'?><html><p>Full name: \xA4</p></html>",
	  { ">\xE2\x82\xAC<" },
	  NULL },
	{ "charset not said", "<p>Full name: Zo\xEB and Zo", { ">Zo\xC3\xAB and Zo<" }, NULL },
	{ "charset not known",
	  "<meta charset=koi8-r><p>Full name: Tess Example",
	  { TESS, "<field label=\"Character set (not known)\" at=\"page\">koi8-r<" },
	  NULL },
	{ "charset that cannot be", "<meta charset=utf-16><p>Full name: Tess Example", { TESS }, NULL },
};

static void all_shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(shapes); i++) {
		WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
		run_fields("wardgate-reader-html", shapes[i].page, strlen(shapes[i].page), &out);
		for (size_t k = 0; k < WG_COUNT(shapes[i].has) && shapes[i].has[k] != NULL; k++)
			if (strstr(wg_buf_text(&out), shapes[i].has[k]) == NULL)
				fail_msg("%s: lacks %s:\n%s", shapes[i].name, shapes[i].has[k], wg_buf_text(&out));
		if (shapes[i].lacks != NULL && strstr(wg_buf_text(&out), shapes[i].lacks) != NULL)
			fail_msg("%s: has %s:\n%s", shapes[i].name, shapes[i].lacks, wg_buf_text(&out));
	}
}

static void utf16(void **state)
{
	(void)state;
	static const char page[] = "\xFF\xFE<\0p\0>\0A\0g\0e\0:\0 \0\x31\0\x35\0";
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	run_fields("wardgate-reader-html", page, sizeof page - 1, &out);
	assert_non_null(strstr(wg_buf_text(&out), "<field label=\"Age\" at=\"page, line 1\">15<"));
}

static void refused(const char *bytes, size_t len, const char *words)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	struct wg_err err = { 0 };
	enum wg_code code = run_reader("wardgate-reader-html", bytes, len, &out, &err);
	if (code != WG_REJECT || strstr(err.text, words) == NULL)
		fail_msg("%s: %s", wg_code_name(code), err.text);
}

static void hostile(void **state)
{
	(void)state;
	refused("", 0, "empty");
	refused("<p>a\0b", 6, "NUL");
	WG_AUTO_BUF struct wg_buf deep = WG_BUF(WG_LIMIT_MESSAGE), wide = WG_BUF(WG_LIMIT_MESSAGE);
	for (int i = 0; i < 1000; i++)
		wg_buf_puts(&deep, "<div>");
	wg_buf_puts(&deep, "Full name: T");
	refused(wg_buf_text(&deep), deep.len, "deep");
	wg_buf_puts(&wide, "<p");
	for (int i = 0; i < 20000; i++)
		wg_buf_printf(&wide, " a%d=1", i);
	wg_buf_puts(&wide, ">Full name: T");
	refused(wg_buf_text(&wide), wide.len, "attributes");
}

/* One label that thousands of controls name, and thousands of labels: read in time. */
static void many_labels(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf page = WG_BUF(WG_LIMIT_MESSAGE), out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	wg_buf_puts(&page, "<label for=a>");
	for (int i = 0; i < 40000; i++)
		wg_buf_puts(&page, "words ");
	wg_buf_puts(&page, "</label>");
	for (int i = 0; i < 1500; i++)
		wg_buf_printf(&page, "<label for=c%d>Box %d</label><input id=c%d value=%d><p><input id=a></p>", i, i, i, i);
	run_fields("wardgate-reader-html", page.data, page.len, &out);
	assert_non_null(strstr(wg_buf_text(&out), "<field label=\"Box 1499\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all_shapes), cmocka_unit_test(utf16),
		                                cmocka_unit_test(hostile), cmocka_unit_test(many_labels) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
