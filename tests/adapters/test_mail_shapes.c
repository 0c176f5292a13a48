/* Single shapes of mail, and what must or must not stand in the answer. The corpus shows whole mails. */
#include "run.h"

#include "base/limits.h"
#include "base/mem.h"

#define FULL_NAME "<field label=\"Full name\""

/* mail: what follows the usual header. Up to three strings that must be there, one that must not. */
static const struct {
	const char *name, *mail, *has[3], *lacks;
} shapes[] = {
	{ "odd zone in a date opens no file",
	  "Content-Type: message/rfc822\r\n\r\nDate: Sun, 22 Nov 2026 09:30:00 +0199\r\n\r\nFull name: T\r\n",
	  { FULL_NAME },
	  NULL },
	{ "charset of a header that is not loaded",
	  "Comments: =?koi8-r?Q?=C1?=\r\nReply-To: =?big5?B?pKQ=?= <a@b.example>\r\n\r\nFull name: T\r\n",
	  { FULL_NAME },
	  NULL },
	{ "charset of a body that is not loaded",
	  "Content-Type: text/plain; charset=koi8-r\r\n\r\nFull name: T\r\n",
	  { FULL_NAME, "<field label=\"Character set (not known)\" at=\"part 1\">koi8-r</field>" },
	  NULL },
	{ "charset that does not exist",
	  "Content-Type: text/plain; charset=\"x&<\"\r\n\r\nFull name: T\r\n",
	  { FULL_NAME, "x&amp;&lt;" },
	  NULL },
	{ "charset in a parameter",
	  "Content-Type: text/plain; charset=utf-8; name*=shift_jis''%82%A0.txt\r\n\r\nFull name: T\r\n",
	  { FULL_NAME },
	  NULL },
	{ "endless loop of GMime 3.2.13",
	  "Content-Type: multipart/mixed;\r\n "
	  "\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C"
	  "\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C\xD1\x9C=\"\xD1\x9C\"; "
	  "boundary=b\r\n\r\n"
	  "--b\r\n\r\nFull name: T\r\n--b--\r\n",
	  { FULL_NAME },
	  NULL },
	{ "value that runs into a label by a line separator",
	  "Content-Type: text/plain; charset=utf-8\r\n\r\nFull name: T\xE2\x80\xA8Home address: 1 Sample St\r\n",
	  { ">T</field>", "label=\"Home address\"" },
	  NULL },
	{ "control characters and turned writing",
	  "Content-Type: text/plain; charset=utf-8\r\n\r\nFull\x01name: T\xE2\x80\xAE\x1b[2J\r\n",
	  { FULL_NAME, ">T [2J</field>" },
	  "\xE2\x80\xAE" },
	{ "markup in a value", "\r\nFull name: <b>&amp;\"]]>\r\n", { "&lt;b&gt;&amp;amp;&quot;]]&gt;" }, "<b>" },
	{ "time is no label",
	  "\r\nCircumstances: left\r\nat 21:30 by bus\r\n",
	  { ">left\nat 21:30 by bus</field>" },
	  NULL },
	{ "address of a web page is no label",
	  "\r\nhttps://forms.example/a\r\nFull name: T\r\n",
	  { FULL_NAME, "<text>https" },
	  "label=\"https" },
	{ "a short question in a form, answered yes or no",
	  "\r\nFound by: a patrol\r\nPrevention interview completed? No\r\nReturned to: home\r\n",
	  { ">a patrol</field>", "label=\"Prevention interview completed?\"", ">No</field>" },
	  NULL },
	{ "a question in prose, and no answer",
	  "\r\nCircumstances: upset.\r\nSister gone too? No one knows yet\r\n",
	  { "No one knows yet</field>" },
	  "label=\"Sister" },
	{ "speech in prose is no label",
	  "\r\nCircumstances: Tess was upset.\r\nshe said to her friend on the bus: leave me\r\n",
	  { "leave me</field>" },
	  "label=\"she" },
	{ "signature",
	  "\r\nFull name: T\r\n-- \r\nTel: 01632 960001\r\nRisk level: High\r\n",
	  { FULL_NAME, "Risk level: High" },
	  "label=\"Risk" },
	{ "business card",
	  "\r\nFull name: T\r\n\r\nRegards\r\nPat\r\nTel: 01632 960001\r\nEmail: a@b.example\r\n",
	  { "Tel: 01632" },
	  "label=\"Tel" },
	{ "form below a business card",
	  "\r\nRegards\r\nTel: 01632 960001\r\n\r\nFull name: T\r\nTelephone: 07700 900000\r\n",
	  { FULL_NAME, "label=\"Telephone\"" },
	  "label=\"Tel\"" },
	{ "pasted mail header",
	  "\r\nFrom: a\r\nSent: b\r\nTo: c\r\nSubject: d\r\n\r\nFull name: T\r\n",
	  { FULL_NAME, "Subject: d" },
	  "label=\"From" },
	{ "a date alone is a field", "\r\nDate: 1/1/2026\r\nFull name: T\r\n", { "label=\"Date\"" }, NULL },
	{ "alternatives never both",
	  "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nFull name: T\r\n--b\r\nContent-Type: "
	  "text/html\r\n\r\n<p>Full name: T</p>"
	  "<p>Risk level: High</p>\r\n--b--\r\n",
	  { FULL_NAME, "label=\"Risk level\"" },
	  "at=\"body, line 1\">T</field>\n  <field label=\"Full name" },
	{ "attachment of the rendering not taken",
	  "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nFull name: T\r\n--b\r\nContent-Type: "
	  "multipart/related; boundary=c\r\n\r\n"
	  "--c\r\nContent-Type: text/html\r\n\r\n<p>hello</p>\r\n--c\r\nContent-Type: "
	  "image/png\r\n\r\nx\r\n--c--\r\n--b--\r\n",
	  { FULL_NAME, "<document at=\"part 5\" type=\"image/png\">eA==" },
	  "hello" },
	{ "two notices",
	  "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/xml\r\n\r\n<notice "
	  "xmlns=\"urn:wardgate:notice:1\"/>\r\n--b\r\n"
	  "Content-Type: text/xml\r\n\r\n<notice xmlns=\"urn:wardgate:notice:1\"/>\r\n--b--\r\n",
	  { "label=\"Notice (not read)\"" },
	  "<notice>" },
	{ "foreign XML",
	  "Content-Type: text/xml\r\n\r\n<notice/>\r\n",
	  { "<document at=\"part 1\" type=\"text/xml\">" },
	  "<notice>" },
	{ "XML with a DOCTYPE",
	  "Content-Type: text/xml\r\n\r\n<!DOCTYPE a><notice xmlns=\"urn:wardgate:notice:1\"/>\r\n",
	  { "<document at=\"part 1\" type=\"text/xml\">" },
	  "<notice>" },
	{ "name of an attachment",
	  "Content-Type: image/png; name=\"a\\\"<\x1b.png\"\r\n\r\nx\r\n",
	  { "<document at=\"part 1\" name=\"a&quot;&lt; .png\" type=\"image/png\">" },
	  "\x1b" },
	{ "folder in the name of an attachment",
	  "Content-Type: application/pdf; name=\"C:\\\\Users\\\\x\\\\form.pdf\"\r\n\r\nx\r\n",
	  { "name=\"form.pdf\"" },
	  "Users" },
	{ "picture that the page shows, and one that it does not",
	  "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Full name: T</p><img "
	  "src='CID:a@x'>\r\n--b\r\nContent-Type: image/png; name=a.png\r\nContent-ID: <a@x>\r\n\r\nx\r\n--b\r\n"
	  "Content-Type: image/png; name=b.png\r\nContent-ID: <a@y>\r\n\r\nx\r\n--b--\r\n",
	  { "name=\"a.png\" type=\"image/png\" shown=\"true\"", "name=\"b.png\" type=\"image/png\">" },
	  NULL },
	{ "text files: a note is words, a table and a page are documents",
	  "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: attachment; "
	  "filename=note.txt\r\n\r\nFull name: T\r\n--b\r\nContent-Disposition: attachment; "
	  "filename=t.csv\r\n\r\na,b\r\n--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; "
	  "filename=p.html\r\n\r\n<p>Risk: x\r\n--b--\r\n",
	  { FULL_NAME, "name=\"t.csv\" type=\"text/plain\"", "name=\"p.html\" type=\"text/html\"" },
	  "label=\"Risk" },
	{ "headings",
	  "\r\nCHILD DETAILS\r\nFull name: T\r\n\r\nInformant\r\n---\r\nAge: 40\r\n",
	  { "at=\"body, line 2\" section=\"CHILD DETAILS\">T<", "section=\"Informant\">40<" },
	  NULL },
	{ "headings of markup",
	  "Content-Type: text/html\r\n\r\n<h2>Child:</h2><p>Full name: T</p><p><b>Informant</b></p><p>Age: 40</p>"
	  "<table><tr><th colspan=2>Social worker</th></tr><tr><td>Team</td><td>North</td></tr></table>\r\n",
	  { "section=\"Child\">T<", "section=\"Informant\">40<", "section=\"Social worker\">North<" },
	  NULL },
	{ "a heading ends with the mail that it stands in",
	  "\r\nCHILD DETAILS\r\nFull name: T\r\n\r\n-----Original Message-----\r\nAge: 40\r\n",
	  { "section=\"CHILD DETAILS\">T<", "<field label=\"Age\" at=\"body, line 5\">" },
	  NULL },
	{ "table with a heading row",
	  "Content-Type: text/html\r\n\r\n<table><tr><td "
	  "colspan=3>Friends</td></tr><tr><th>Name</th><th>Age</th><th>Risk</th>"
	  "</tr><tr><td>A</td><td>15</td><td></td></tr><tr><td>B</td><td>16</td><td>High</td></tr></table>\r\n",
	  { "<field label=\"Name\" at=\"body, table 1, row 3\" row=\"1\">A<",
	    "label=\"Risk\" at=\"body, table 1, row 3\" row=\"1\"></",
	    "<field label=\"Risk\" at=\"body, table 1, row 4\" row=\"2\">High<" },
	  NULL },
	{ "bold heading row, and no data below another",
	  "Content-Type: text/html\r\n\r\n<table><tr><td><b>Name</b></td><td><b>Age</b></td><td><b>Risk</b></td></tr>"
	  "<tr><td>A</td><td>15</td><td>Low</td></tr></table><table><tr><th>X</th><th>Y</th><th>Z</th></tr></table>\r\n",
	  { "label=\"Age\" at=\"body, table 1, row 2\" row=\"1\">15<", "<text>X\nY\nZ" },
	  "label=\"X" },
	{ "tick boxes",
	  "\r\nLooked after? [x] Yes [ ] No\r\nRisk: [ ] High [x] Medium\r\nWhy missing:\r\n[ ] Family\r\n[x] Friends\r\n",
	  { "label=\"Looked after?\" at=\"body, line 1\">Yes<", "label=\"Risk\" at=\"body, line 2\">Medium<", ">Friends<" },
	  "[" },
	{ "tick boxes, each with its own words",
	  "\r\nFull name: T\r\n[x] Photograph supplied\r\n[ ] Medication needed\r\nReasons for going\r\n[x] Family\r\n[x] "
	  "School\r\n",
	  { "label=\"Photograph supplied\" at=\"body, line 2\">yes<", "label=\"Medication needed\" at=\"body, line 3\"></",
	    "label=\"Reasons for going\" at=\"body, line 4\">Family; School<" },
	  "[" },
	{ "tick boxes that nobody can place",
	  "\r\nhello\r\n\r\n.\r\n[x] Yes [ ] No\r\n",
	  { "label=\"Tick boxes without a label\" at=\"body, line 4\">Yes<" },
	  NULL },
	{ "tick boxes of HTML",
	  "Content-Type: text/html\r\n\r\n<table><tr><td>Looked after</td><td>\xE2\x98\x90 Yes<br>\xE2\x98\x92 "
	  "No</td></tr></table>\r\n",
	  { "label=\"Looked after\" at=\"body, table 1, row 1\">No<" },
	  NULL },
	{ "script and style",
	  "Content-Type: text/html\r\n\r\n<script>Full name: S</script><style>a: b</style><!-- Risk: c --><p>Full name: "
	  "T</p>\r\n",
	  { ">T</field>" },
	  "Risk" },
	{ "entities",
	  "Content-Type: text/html\r\n\r\n<p>Full name:&nbsp;T&eacute;&#x27;s &lt;x&gt;</p>\r\n",
	  { ">T\xC3\xA9's &lt;x&gt;</field>" },
	  NULL },
	{ "signed mail",
	  "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nFull name: T\r\n--b\r\nContent-Type: "
	  "application/pkcs7-signature\r\n\r\nx\r\n"
	  "--b--\r\n",
	  { FULL_NAME, "Signature not checked" },
	  "Attachment" },
	{ "long text is cut and said", NULL, { "label=\"Text (cut)\"" }, NULL },
};

static void check(size_t i)
{
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	mail_of(&in, shapes[i].mail != NULL ? shapes[i].mail : "\r\n");
	for (int line = 0; shapes[i].mail == NULL && line < 10000; line++)
		wg_buf_puts(&in, "words outside any field\r\n");
	run_fields("wardgate-reader-mail", in.data, in.len, &out);
	for (size_t k = 0; k < WG_COUNT(shapes[i].has) && shapes[i].has[k] != NULL; k++)
		if (strstr(wg_buf_text(&out), shapes[i].has[k]) == NULL)
			fail_msg("%s: lacks %s:\n%s", shapes[i].name, shapes[i].has[k], wg_buf_text(&out));
	if (shapes[i].lacks != NULL && strstr(wg_buf_text(&out), shapes[i].lacks) != NULL)
		fail_msg("%s: has %s:\n%s", shapes[i].name, shapes[i].lacks, wg_buf_text(&out));
}

static void all_shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(shapes); i++)
		check(i);
}

/* CR LF in what becomes <subject> stays out of it, however it was brought in. */
static void subject_is_one_line(void **state)
{
	(void)state;
	static const char mail[] =
		"From: a@b.example\r\nSubject: =?utf-8?Q?Missing=0D=0ABcc:_all@example.org?=\r\n\r\nFull name: T\r\n";
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	run_fields("wardgate-reader-mail", mail, sizeof mail - 1, &out);
	const char *subject = strstr(wg_buf_text(&out), "<subject>");
	assert_non_null(subject);
	size_t line = strcspn(subject, "\r\n");
	assert_non_null(strstr(subject, "</subject>"));
	assert_true((size_t)(strstr(subject, "</subject>") - subject) < line);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all_shapes), cmocka_unit_test(subject_is_one_line) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
