/* Hostile mails and XML: each is refused, or reduced to something valid, within 2 s of CPU and 256 MiB; and the next
 * document is read as if nothing had been. */
#include "run.h"

#include "base/limits.h"
#include "base/mem.h"

#define MAIL "wardgate-reader-mail"
#define XML "wardgate-reader-xml"
#define BIG ((size_t)15 * 1024 * 1024)

typedef void (*builder)(struct wg_buf *out);

static void repeat(struct wg_buf *out, const char *s, size_t times)
{
	for (size_t i = 0; i < times; i++)
		wg_buf_puts(out, s);
}

static void nested(struct wg_buf *out, size_t depth)
{
	mail_of(out, "Content-Type: multipart/mixed; boundary=\"b0\"\r\n\r\n");
	for (size_t i = 0; i < depth; i++)
		wg_buf_printf(out, "--b%zu\r\nContent-Type: multipart/mixed; boundary=\"b%zu\"\r\n\r\n", i, i + 1);
}

static void nested_10000(struct wg_buf *out)
{
	nested(out, 10000);
}

static void nested_30(struct wg_buf *out)
{
	nested(out, 30);
	wg_buf_puts(out, "--b30\r\n\r\nFull name: Tess Example\r\n");
}

static void parts(struct wg_buf *out, size_t n)
{
	mail_of(out, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	repeat(out, "--b\r\n\r\nx\r\n", n);
	wg_buf_puts(out, "--b--\r\n");
}

static void parts_100000(struct wg_buf *out)
{
	parts(out, 100000);
}

static void parts_500(struct wg_buf *out)
{
	parts(out, 500);
}

static void boundary_missing(struct wg_buf *out)
{
	mail_of(out, "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nFull name: Tess Example\r\n--b--\r\n");
}

static void boundary_twice(struct wg_buf *out)
{
	mail_of(out,
	        "Content-Type: multipart/mixed; boundary=b; boundary=c\r\n\r\n--b\r\n\r\nx\r\n--c\r\n\r\ny\r\n--c--\r\n");
}

static void boundary_nested_same(struct wg_buf *out)
{
	mail_of(out, "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; "
	             "boundary=b\r\n\r\n--b\r\n\r\nx\r\n"
	             "--b--\r\n");
}

static void encoding_conflict(struct wg_buf *out)
{
	mail_of(out,
	        "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
	        "RnVsbCBuYW1lOiBUZXNz\r\n");
}

static void type_conflict(struct wg_buf *out)
{
	mail_of(out, "Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\n<p>Full name: Tess Example</p>\r\n");
}

static void nul_bytes(struct wg_buf *out)
{
	mail_of(out, "\r\nFull name: Tess");
	wg_buf_put(out, "\0", 1);
	wg_buf_puts(out, "Example\r\n");
}

static void header_huge(struct wg_buf *out)
{
	wg_buf_puts(out, "Subject: ");
	repeat(out, "aaaaaaaaaaaaaaaa", BIG / 16);
	wg_buf_puts(out, "\r\n\r\nx\r\n");
}

static void header_colons(struct wg_buf *out)
{
	wg_buf_puts(out, "From: ");
	repeat(out, ":", 99999);
	wg_buf_puts(out, "\r\n\r\nx\r\n");
}

/* Colons count in a part's header too: there they reach the address parser through message/rfc822. */
static void inner_header_colons(struct wg_buf *out)
{
	mail_of(out, "Content-Type: message/rfc822\r\n\r\nFrom: ");
	repeat(out, ":", 99999);
	wg_buf_puts(out, "\r\n\r\nx\r\n");
}

static void fields_5001(struct wg_buf *out)
{
	mail_of(out, "\r\n");
	repeat(out, "Full name: Tess Example\r\n", 5001);
}

static void lines_many(struct wg_buf *out)
{
	mail_of(out, "\r\n");
	repeat(out, "\r\n", BIG / 2);
}

static void body_huge(struct wg_buf *out)
{
	mail_of(out, "\r\n");
	repeat(out, "aaaaaaaaaaaaaaa\n", BIG / 16);
}

/* The rest stays below the limit on text, and must be cheap. */
static void line_of_labels(struct wg_buf *out)
{
	mail_of(out, "\r\n");
	repeat(out, "Aa: b   ", 400000);
}

static void line_of_gaps(struct wg_buf *out)
{
	mail_of(out, "\r\nAa: ");
	repeat(out, "x   ", 900000);
}

static void lines_of_headers(struct wg_buf *out)
{
	mail_of(out, "\r\n");
	repeat(out, "To: x\r\n", 45000);
}

static void paragraphs(struct wg_buf *out)
{
	mail_of(out, "\r\nCircumstances: She left the house early in the morning and was not seen.\r\n");
	repeat(out, "\r\nShe left the house early in the morning and was not seen.\r\n", 20000);
}

static void questions(struct wg_buf *out)
{
	mail_of(out, "\r\n");
	repeat(out, "Is this a question that goes on\r\nand ends here?\r\n\r\n", 4000);
}

static void html_deep(struct wg_buf *out)
{
	mail_of(out, "Content-Type: text/html\r\n\r\n");
	repeat(out, "<div>", 100000);
	wg_buf_puts(out, "Full name: Tess Example");
}

static void html_tables_deep(struct wg_buf *out)
{
	mail_of(out, "Content-Type: text/html\r\n\r\n");
	repeat(out, "<table><tr><td>", 20000);
}

static void html_cells(struct wg_buf *out)
{
	mail_of(out, "Content-Type: text/html\r\n\r\n<table><tr>");
	repeat(out, "<td>a", 300000);
}

static void html_attributes(struct wg_buf *out)
{
	mail_of(out, "Content-Type: text/html\r\n\r\n<p ");
	for (size_t i = 0; i < 200000; i++)
		wg_buf_printf(out, "a%zu=b ", i);
	wg_buf_puts(out, ">x</p>");
}

static void html_unclosed(struct wg_buf *out)
{
	mail_of(out, "Content-Type: text/html\r\n\r\n");
	repeat(out, "<b><i><font><a>", 200000);
}

static void base64_huge(struct wg_buf *out)
{
	mail_of(out, "Content-Transfer-Encoding: base64\r\n\r\n");
	repeat(out, "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh\r\n", BIG / 64);
}

static void not_a_mail(struct wg_buf *out)
{
	wg_buf_puts(out, "%PDF-1.7\r\n%");
}

static void empty(struct wg_buf *out)
{
	(void)out;
}

static void xml_laughs(struct wg_buf *out)
{
	wg_buf_puts(out, "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"ha\">");
	for (int i = 1; i < 12; i++)
		wg_buf_printf(out, "<!ENTITY a%d \"&a%s;&a%s;&a%s;&a%s;\">", i, i == 1 ? "" : "1", i == 1 ? "" : "1",
		              i == 1 ? "" : "1", i == 1 ? "" : "1");
	wg_buf_puts(out, "]><l>&a11;</l>");
}

static void xml_external(struct wg_buf *out)
{
	wg_buf_puts(out, "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><r>&x;</r>");
}

static void xml_parameter_entity(struct wg_buf *out)
{
	wg_buf_puts(out, "<!DOCTYPE r [<!ENTITY % x SYSTEM \"http://192.0.2.1/x.dtd\"> %x;]><r/>");
}

static void xml_deep(struct wg_buf *out)
{
	repeat(out, "<a>", 100000);
}

static void xml_attribute_huge(struct wg_buf *out)
{
	wg_buf_puts(out, "<r a=\"");
	repeat(out, "aaaaaaaaaaaaaaaa", 8 * 1024 * 1024 / 16);
	wg_buf_puts(out, "\"/>");
}

static void xml_attribute_flood(struct wg_buf *out)
{
	wg_buf_puts(out, "<r ");
	for (size_t i = 0; i < 300000; i++)
		wg_buf_printf(out, "a%zu=\"\" ", i);
	wg_buf_puts(out, "/>");
}

static void xml_elements(struct wg_buf *out)
{
	wg_buf_puts(out, "<r>");
	repeat(out, "<a>b</a>", 300000);
	wg_buf_puts(out, "</r>");
}

static void xml_name_huge(struct wg_buf *out)
{
	wg_buf_puts(out, "<");
	repeat(out, "aaaaaaaaaaaaaaaa", 8 * 1024 * 1024 / 16);
	wg_buf_puts(out, "/>");
}

static void xml_nul(struct wg_buf *out)
{
	wg_buf_put(out, "<r>a\0b</r>", 10);
}

static void xml_unknown_charset(struct wg_buf *out)
{
	wg_buf_puts(out, "<?xml version=\"1.0\" encoding=\"koi8-r\"?><r>\xC1</r>");
}

/* words: part of what must be said; NULL: the document may also be read, and the answer is then valid. */
static const struct {
	const char *name, *reader, *words;
	builder build;
} hostile[] = {
	{ "10,000 nested parts", MAIL, "more part boundaries", nested_10000 },
	{ "30 nested parts", MAIL, "deep", nested_30 },
	{ "100,000 parts", MAIL, "more part boundaries", parts_100000 },
	{ "500 parts", MAIL, "more than 100 parts", parts_500 },
	{ "no boundary", MAIL, "without a boundary", boundary_missing },
	{ "two boundaries", MAIL, "stands twice", boundary_twice },
	{ "nested with the same boundary", MAIL, "same boundary", boundary_nested_same },
	{ "two transfer encodings", MAIL, "stands twice", encoding_conflict },
	{ "two content types", MAIL, "stands twice", type_conflict },
	{ "NUL", MAIL, "NUL", nul_bytes },
	{ "header of 15 MiB", MAIL, "the header is larger", header_huge },
	{ "colons in From", MAIL, "colons", header_colons },
	{ "colons in an inner From", MAIL, NULL, inner_header_colons },
	{ "5,001 fields", MAIL, "more fields", fields_5001 },
	{ "7 million lines", MAIL, "limit", lines_many },
	{ "body of 15 MiB", MAIL, "limit", body_huge },
	{ "one line of labels", MAIL, NULL, line_of_labels },
	{ "one line of gaps", MAIL, NULL, line_of_gaps },
	{ "45,000 lines like a header", MAIL, NULL, lines_of_headers },
	{ "20,000 paragraphs", MAIL, NULL, paragraphs },
	{ "4,000 wrapped questions", MAIL, NULL, questions },
	{ "deep HTML", MAIL, NULL, html_deep },
	{ "deep tables", MAIL, NULL, html_tables_deep },
	{ "300,000 cells", MAIL, NULL, html_cells },
	{ "200,000 attributes in HTML", MAIL, NULL, html_attributes },
	{ "unclosed HTML", MAIL, NULL, html_unclosed },
	{ "base64 of 15 MiB", MAIL, "limit", base64_huge },
	{ "not a mail", MAIL, "not an e-mail", not_a_mail },
	{ "nothing", MAIL, "not an e-mail", empty },
	{ "billion laughs", XML, "DOCTYPE", xml_laughs },
	{ "external entity", XML, "DOCTYPE", xml_external },
	{ "parameter entity", XML, "DOCTYPE", xml_parameter_entity },
	{ "deep XML", XML, "deep", xml_deep },
	{ "attribute of 8 MiB", XML, "", xml_attribute_huge },
	{ "300,000 attributes", XML, "", xml_attribute_flood },
	{ "300,000 elements", XML, "", xml_elements },
	{ "name of 8 MiB", XML, "", xml_name_huge },
	{ "NUL in XML", XML, "", xml_nul },
	{ "charset that is not loaded", XML, "", xml_unknown_charset },
	{ "nothing as XML", XML, "", empty },
};

static void next_one_is_read(void)
{
	WG_AUTO_BUF struct wg_buf in = WG_BUF(10000);
	WG_AUTO_BUF struct wg_buf out = WG_BUF(10000);
	mail_of(&in, "\r\nFull name: Tess Example\r\n");
	run_fields(MAIL, in.data, in.len, &out);
	assert_non_null(strstr(wg_buf_text(&out), "<field label=\"Full name\" at=\"body, line 1\">Tess Example</field>"));
}

static void hostile_documents(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(hostile); i++) {
		WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
		WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
		struct wg_err err;
		hostile[i].build(&in);
		assert_false(in.failed);
		enum wg_code code = run_reader(hostile[i].reader, in.data, in.len, &out, &err);
		if (code == WG_OK && hostile[i].words == NULL) {
			WG_AUTO_BUF struct wg_buf again = WG_BUF(WG_LIMIT_READER_OUTPUT);
			run_fields(hostile[i].reader, in.data, in.len, &again);
			assert_string_equal(wg_buf_text(&out), wg_buf_text(&again));
		} else if (code != WG_REJECT) {
			fail_msg("%s: %s: %s", hostile[i].name, wg_code_name(code), err.text);
		} else if (hostile[i].words != NULL && strstr(err.text, hostile[i].words) == NULL) {
			fail_msg("%s: the reason is not said: %s", hostile[i].name, err.text);
		}
		next_one_is_read();
	}
}

/* One byte more than a message may have. */
static void larger_than_a_message(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE + 1);
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1000);
	struct wg_err err;
	mail_of(&in, "\r\n");
	repeat(&in, "a", WG_LIMIT_MESSAGE + 1 - in.len);
	assert_int_equal(run_reader(MAIL, in.data, in.len, &out, &err), WG_REJECT);
	next_one_is_read();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(hostile_documents), cmocka_unit_test(larger_than_a_message) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
