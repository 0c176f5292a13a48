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
	  { FULL_NAME, "label=\"Attachment (not read)\"" },
	  "hello" },
	{ "two notices",
	  "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/xml\r\n\r\n<notice "
	  "xmlns=\"urn:wardgate:notice:1\"/>\r\n--b\r\n"
	  "Content-Type: text/xml\r\n\r\n<notice xmlns=\"urn:wardgate:notice:1\"/>\r\n--b--\r\n",
	  { "label=\"Notice (not read)\"" },
	  "<notice>" },
	{ "foreign XML", "Content-Type: text/xml\r\n\r\n<notice/>\r\n", { "label=\"Attachment (not read)\"" }, "<notice>" },
	{ "XML with a DOCTYPE",
	  "Content-Type: text/xml\r\n\r\n<!DOCTYPE a><notice xmlns=\"urn:wardgate:notice:1\"/>\r\n",
	  { "label=\"Attachment (not read)\"" },
	  "<notice>" },
	{ "name of an attachment",
	  "Content-Type: image/png; name=\"a\\\"<\x1b.png\"\r\n\r\nx\r\n",
	  { "label=\"Attachment (not read)\"", "&lt;?.png" },
	  "\x1b" },
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
