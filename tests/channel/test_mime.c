/* Mail bodies: whatever the notice holds, what goes out is plain lines, and another parser finds in it exactly what
 * went in. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "channel/mime.h"
#include "channel/mime_wire.h"
#include "crypto/crypto.h"

#define OUT_MAX ((size_t)64 * 1024 * 1024)

/* What Python's parser says about bytes. */
static void ask_python(const struct wg_buf *bytes, char *said, size_t size)
{
	char path[] = "/tmp/wg-mime-XXXXXX";
	int file WG_AUTO_CLOSE = mkstemp(path), out[2], status = -1;
	size_t len = 0;
	ssize_t got;

	assert_true(file >= 0 && pipe2(out, O_CLOEXEC) == 0);
	assert_int_equal(write(file, bytes->data, bytes->len), bytes->len);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(out[1], 1); /* a failure shows as an empty answer */
		(void)execl(WG_SOURCE_DIR "/tests/peers/mime_parts.py", "mime_parts.py", path, (char *)NULL);
		_exit(127);
	}
	(void)close(out[1]);
	while (len + 1 < size && (got = read(out[0], said + len, size - 1 - len)) > 0)
		len += (size_t)got;
	said[len] = '\0';
	(void)close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)unlink(path);
}

static void expect(const char *said, const char *line)
{
	if (!strstr(said, line))
		fail_msg("expected \"%s\" in:\n%s", line, said);
}

static void expect_part(const char *said, const char *words, const void *content, size_t len)
{
	char hash[WG_HASH_TEXT], line[256];

	wg_sha256_hex(content, len, hash);
	(void)snprintf(line, sizeof line, "part %s %zu %s\n", words, len, hash); /* fits */
	expect(said, line);
}

/* Lines as the canonical form of text has them. */
static void canonical(const char *text, struct wg_buf *out)
{
	*out = WG_BUF(OUT_MAX);
	for (const char *p = text; *p; p++) {
		if (*p == '\n' && (p == text || p[-1] != '\r'))
			wg_buf_putc(out, '\r');
		wg_buf_putc(out, *p);
	}
}

struct content {
	const char *text, *html, *xml;
	size_t xml_len;
	const char *base64; /* of t, h, x those that go out as that, the others as quoted-printable */
};

#define XML(s) s, sizeof(s) - 1
#define SEVENTY "0123456789 123456789 123456789 123456789 123456789 123456789 123456789"
static const struct content contents[] = {
	{ SEVENTY "blanks  \nat the end \t\r\nof lines\t\n ", SEVENTY "<p>a and b</p> =\nthe =3D and the end=20",
	  XML(SEVENTY "<a>\n\t<b c=\"d\"/>and many a word\r\n</a> \n"), "" },
	{ SEVENTY "12\n" SEVENTY "123\n" SEVENTY "1234\n" SEVENTY "12 \n" SEVENTY "12345678",
	  SEVENTY "1=\n" SEVENTY "12=", XML(SEVENTY "12\n" SEVENTY "123\n"), "" },
	{ SEVENTY "with one \x7f and one \x01 and a lone \r in it\r", SEVENTY "Caf\xc3\xa9",
	  XML(SEVENTY "<a>Caf\xc3\xa9 \0 \xff</a>"), "" },
	{ "x", "y",
	  XML("<a>\n    <b>\n      <c>and more</c>\n      <d>and more</d>\n    </b>\n  </a>\n<a>and more of it</a>"), "" },
	{ "Tess Example is missing.\n", "<p>Tess Example</p>\n", XML("<notice/>\n"), "" },
	{ "", "", XML(""), "" },
	{ "before\n.\nafter\n..\n", "\r\n.\r\n", XML("a\n.\nb\r\n.\r\nc\r.\rd"), "thx" },
	{ "no end", "\n\n\n", XML("nul \0 in \0\0 it\0"), "hx" },
	{ "Content-Type: text/plain\n\n--=_wg-\n", "--=_wg-boundary--\n", XML("\r\n--=_wg-\r\n\r\nMIME-Version: 1.0\r\n"),
	  "x" },
	{ "Łucja Überprüfung, 児童, \xf0\x9f\x91\xa7\n", "\xe2\x80\xa8", XML("\xff\xfe\x80\x00\x01"), "thx" },
	{ "From nobody\nSubject: x\n\n", "\t \n", XML("]]>&<!--"), "h" },
	{ "lone \r return", "\r", XML("\r\n\n\r"), "hx" },
};

static void build(const struct content *c, const char *seed, struct wg_buf *out)
{
	struct wg_err err = { .code = WG_OK };

	*out = WG_BUF(OUT_MAX);
	if (wg_mime_entity(c->text, c->html, c->xml, c->xml_len, seed, out, &err) != WG_OK)
		fail_msg("entity: %s", err.text);
	assert_int_equal(wg_mime_wire_check(out->data, out->len, &err), WG_OK);
}

/* RFC 2045 6.7 and 6.8: no line of a body is longer than 76, and none ends with a blank. */
static void assert_lines(const struct wg_buf *entity)
{
	const char *end;
	for (const char *p = wg_buf_text(entity); (end = strstr(p, "\r\n")) != NULL; p = end + 2)
		assert_true(end - p <= 76 && (end == p || (end[-1] != ' ' && end[-1] != '\t')));
}

static const char *encoding(const struct content *c, char part)
{
	return strchr(c->base64, part) != NULL ? "base64" : "quoted-printable";
}

/* What another parser finds in it. */
static void assert_same(const struct content *c)
{
	static char said[16384];
	char words[80];
	struct wg_buf out WG_AUTO_BUF, text WG_AUTO_BUF, html WG_AUTO_BUF;
	build(c, "0123456789abcdef", &out);
	assert_lines(&out);
	canonical(c->text, &text);
	canonical(c->html, &html);
	ask_python(&out, said, sizeof said);
	assert_null(strstr(said, "defects"));
	expect(said, "part 0 multipart/mixed - - - - - -\npart 1 multipart/alternative - - - - - -\npart 2 text/plain");
	(void)snprintf(words, sizeof words, "2 text/plain utf-8 %s - -", encoding(c, 't')); /* all fit */
	expect_part(said, words, wg_buf_text(&text), text.len);
	(void)snprintf(words, sizeof words, "2 text/html utf-8 %s - -", encoding(c, 'h'));
	expect_part(said, words, wg_buf_text(&html), html.len);
	(void)snprintf(words, sizeof words, "1 application/xml - %s notice.xml -", encoding(c, 'x'));
	expect_part(said, words, c->xml, c->xml_len);
}

/* Blanks, line ends and what has to be quoted at all places of a line. */
static void test_lines(void **state)
{
	enum { LEN = 20000 };
	static const char letters[] = "abcdefgh ijklmnop.qrstuvw xyz--ABCDEFGHIJKLM  NOPQ\tRST.\r\n=\xc3\xa9";
	static char text[LEN + 1], xml[LEN];
	uint32_t dice = 20261123;
	(void)state; /* none */
	for (size_t i = 0; i < LEN; i++) {
		dice = dice * 1664525 + 1013904223;
		xml[i] = letters[(dice >> 8) % (sizeof letters - 1)];
		text[i] = xml[i];
		if ((xml[i] & 0x80) != 0)
			text[i] = '\n'; /* a half of a character is no UTF-8 */
	}
	assert_same(&(const struct content){ text, text + LEN / 2, xml, LEN, "" });
}

static void test_entity(void **state)
{
	(void)state; /* none */
	for (size_t i = 0; i < WG_COUNT(contents); i++)
		assert_same(&contents[i]);
}

/* One line of many megabytes, and many. */
static void test_large(void **state)
{
	static char said[16384];
	size_t len = 4 * 1024 * 1024;
	char *big WG_AUTO_FREE = malloc(len + 1), *lines WG_AUTO_FREE = malloc(len + 1);

	(void)state; /* none */
	assert_true(big && lines);
	memset(big, 'x', len);
	memset(lines, '\n', len);
	big[len] = lines[len] = '\0';
	const struct content c = { big, lines, big, len, "h" };
	struct wg_buf out WG_AUTO_BUF, html WG_AUTO_BUF;
	build(&c, "seed", &out);
	canonical(lines, &html);
	ask_python(&out, said, sizeof said);
	expect_part(said, "2 text/plain utf-8 quoted-printable - -", big, len);
	expect_part(said, "2 text/html utf-8 base64 - -", wg_buf_text(&html), html.len);
}

/* One projection is signed once: the same input gives the same bytes, another seed other boundaries. */
static void test_deterministic(void **state)
{
	(void)state; /* none */
	for (size_t i = 0; i < WG_COUNT(contents); i++) {
		struct wg_buf a WG_AUTO_BUF, b WG_AUTO_BUF, c WG_AUTO_BUF;
		build(&contents[i], "seed", &a);
		build(&contents[i], "seed", &b);
		build(&contents[i], "other", &c);
		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.data, b.data, a.len);
		assert_int_equal(a.len, c.len);
		assert_memory_not_equal(a.data, c.data, a.len);
	}
}

static void test_entity_refused(void **state)
{
	struct wg_buf out WG_AUTO_BUF = WG_BUF(OUT_MAX), small WG_AUTO_BUF = WG_BUF(100);
	struct wg_err err;

	(void)state; /* none */
	assert_int_equal(wg_mime_entity("\xff", "", "", 0, "s", &out, &err), WG_REJECT);
	assert_int_equal(wg_mime_entity("", "\xc3", "", 0, "s", &out, &err), WG_REJECT);
	assert_int_equal(wg_mime_entity("", "", "", WG_LIMIT_ENVELOPE + 1, "s", &out, &err), WG_LIMIT);
	assert_int_equal(out.len, 0);
	assert_int_equal(wg_mime_entity("", "", "", 0, "s", &small, &err), WG_LIMIT);
}

static const struct wg_mail_head good_head = {
	.from = "gateway@wardgate.example",
	.to = "desk@front-door.example",
	.message_id = "01jd3c4e5f6g7h8j9k0m1n2p3q@wardgate.example",
	.subject = "Notice 01jd3c4e",
	.in_reply_to = "01jd000000000000000000000a@front-door.example",
	.date_ms = 1795339800000,
};
static const char der[] = "\x30\x80\x00\r\n.\r\n\xff";

static void test_mail(void **state)
{
	static const char *const types[] = { "signed-data", "enveloped-data", "authEnveloped-data" };
	static char said[16384];

	(void)state; /* none */
	for (size_t i = 0; i < WG_COUNT(types); i++) {
		struct wg_buf out WG_AUTO_BUF = WG_BUF(OUT_MAX);
		struct wg_err err = { .code = WG_OK };
		char words[128];
		assert_int_equal(wg_mime_mail(&good_head, der, sizeof der, types[i], &out, &err), WG_OK);
		assert_int_equal(wg_mime_wire_check(out.data, out.len, &err), WG_OK);
		ask_python(&out, said, sizeof said);
		expect(said, "header From: gateway@wardgate.example\n");
		expect(said, "header To: desk@front-door.example\n");
		expect(said, "header Date: Sun, 22 Nov 2026 09:30:00 +0000\n");
		expect(said, "header Message-Id: <01jd3c4e5f6g7h8j9k0m1n2p3q@wardgate.example>\n");
		expect(said, "header Subject: Notice 01jd3c4e\n");
		expect(said, "header In-Reply-To: <01jd000000000000000000000a@front-door.example>\n");
		expect(said, "header Auto-Submitted: auto-generated\n");
		expect(said, "header MIME-Version: 1.0\n");
		(void)snprintf(words, sizeof words, "0 application/pkcs7-mime - base64 smime.p7m %s", types[i]); /* fits */
		expect_part(said, words, der, sizeof der);
	}
}

static void test_pkcs7(void **state)
{
	static char said[16384];
	struct wg_buf out WG_AUTO_BUF = WG_BUF(OUT_MAX);
	struct wg_err err;

	(void)state; /* none */
	assert_int_equal(wg_mime_pkcs7(der, sizeof der, "signed-data", &out, &err), WG_OK);
	assert_int_equal(wg_mime_wire_check(out.data, out.len, &err), WG_OK);
	ask_python(&out, said, sizeof said);
	expect_part(said, "0 application/pkcs7-mime - base64 smime.p7m signed-data", der, sizeof der);
	assert_null(strstr(said, "header From"));
	assert_memory_equal(wg_buf_text(&out), "Content-Type: application/pkcs7-mime;", 37);
	wg_buf_reset(&out);
	assert_int_equal(wg_mime_pkcs7(der, sizeof der, "certs-only", &out, &err), WG_REJECT);
	assert_int_equal(wg_mime_pkcs7(der, 0, "signed-data", &out, &err), WG_LIMIT);
	assert_int_equal(out.len, 0);
}

/* A subject beyond ASCII is encoded, and read back as it was. */
static void test_subject(void **state)
{
	static const char *const subjects[] = { "Notice – answer", "Überprüfung",
		                                    "=?UTF-8?Q?Bcc:_x?=", "a: b; c=\"d\" <e@f>" };
	static char said[16384];

	(void)state; /* none */
	for (size_t i = 0; i < WG_COUNT(subjects); i++) {
		struct wg_buf out WG_AUTO_BUF = WG_BUF(OUT_MAX);
		struct wg_mail_head head = good_head;
		struct wg_err err;
		head.subject = subjects[i];
		assert_int_equal(wg_mime_mail(&head, der, sizeof der, "signed-data", &out, &err), WG_OK);
		ask_python(&out, said, sizeof said);
		assert_null(strstr(said, "header Bcc"));
		if (subjects[i][0] != '=') /* what looks encoded already is read as if it were: a decoder cannot tell */
			expect(said, subjects[i]);
	}
}

static void test_injection(void **state)
{
	static const char *const values[] = {
		"",
		"x",
		"a@b.example\r\nBcc: thief@elsewhere.example",
		"a@b.example\nBcc: x@y.example",
		"a@b.example\r",
		"a@b.example, c@d.example",
		"\"a\r\n\"@b.example",
		"a b@c.example",
		"<a@b.example>",
		"a@b.example>",
		"a@b@c.example",
		"t\xc3\xa9ss@b.example",
		"a@b.example\x01",
	};

	(void)state; /* none */
	for (size_t i = 0; i < WG_COUNT(values); i++)
		for (int field = 0; field < 4; field++) {
			struct wg_buf out WG_AUTO_BUF = WG_BUF(OUT_MAX);
			struct wg_mail_head head = good_head;
			const char **const fields[] = { &head.from, &head.to, &head.message_id, &head.in_reply_to };
			struct wg_err err;
			*fields[field] = values[i];
			if (wg_mime_mail(&head, der, sizeof der, "signed-data", &out, &err) != WG_REJECT)
				fail_msg("value %zu was let through as field %d", i, field);
			assert_int_equal(out.len, 0);
		}
	static const char *const subjects[] = {
		"",     "a\r\nBcc: x@y.example",
		"a\nb", "a\rb",
		"a\tb", "\x7f",
		"\xff", "a subject that is much longer than a neutral subject has any need to be"
	};
	for (size_t i = 0; i < WG_COUNT(subjects); i++) {
		struct wg_buf out WG_AUTO_BUF = WG_BUF(OUT_MAX);
		struct wg_mail_head head = good_head;
		struct wg_err err;
		head.subject = subjects[i];
		assert_int_equal(wg_mime_mail(&head, der, sizeof der, "signed-data", &out, &err), WG_REJECT);
	}
}

static void test_dates(void **state)
{
	static const struct {
		long long ms;
		enum wg_code code;
	} dates[] = {
		{ 0, WG_OK },
		{ 253402300799000, WG_OK },
		{ 253402300800000, WG_REJECT },
		{ -1, WG_REJECT },
	};

	(void)state; /* none */
	for (size_t i = 0; i < WG_COUNT(dates); i++) {
		struct wg_buf out WG_AUTO_BUF = WG_BUF(OUT_MAX);
		struct wg_mail_head head = good_head;
		struct wg_err err;
		head.date_ms = dates[i].ms;
		assert_int_equal(wg_mime_mail(&head, der, sizeof der, "signed-data", &out, &err), dates[i].code);
	}
}

static void test_wire(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum wg_code code;
	} cases[] = {
		{ XML("a\r\n"), WG_OK },
		{ XML("\r\n"), WG_OK },
		{ XML(".\r\n\r\n.\r\n"), WG_OK },
		{ XML("a\tb\x7f\x01\r\n"), WG_OK },
		{ XML(""), WG_REJECT },
		{ XML("a"), WG_REJECT },
		{ XML("a\n"), WG_REJECT },
		{ XML("a\r"), WG_REJECT },
		{ XML("a\n\r\n"), WG_REJECT },
		{ XML("a\r\r\n"), WG_REJECT },
		{ XML("a\r\n\r"), WG_REJECT },
		{ XML("a\r\nb"), WG_REJECT },
		{ XML("a\n.\r\n"), WG_REJECT },
		{ XML("a\0b\r\n"), WG_REJECT },
		{ XML("\x80\r\n"), WG_REJECT },
		{ XML("12345678\r\n"), WG_OK },
		{ XML("12345678abc\r\n12345678\r\n"), WG_OK },
		{ XML("1234567\n\r\n"), WG_REJECT },
		{ XML("12345678\0\r\n"), WG_REJECT },
		{ XML("12345678"), WG_REJECT },
		{ XML("1234567\x80 b\r\n"), WG_REJECT },
	};
	struct wg_err err;

	(void)state; /* none */
	for (size_t i = 0; i < WG_COUNT(cases); i++)
		if (wg_mime_wire_check(cases[i].bytes, cases[i].len, &err) != cases[i].code)
			fail_msg("case %zu", i);
	for (size_t len = 997; len <= 999; len++) {
		char line[1001];
		memset(line, 'x', len);
		memcpy(line + len, "\r\n", 2);
		assert_int_equal(wg_mime_wire_check(line, len + 2, &err), len <= 998 ? WG_OK : WG_REJECT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),         cmocka_unit_test(test_entity),         cmocka_unit_test(test_large),
		cmocka_unit_test(test_deterministic), cmocka_unit_test(test_entity_refused), cmocka_unit_test(test_mail),
		cmocka_unit_test(test_pkcs7),         cmocka_unit_test(test_subject),        cmocka_unit_test(test_injection),
		cmocka_unit_test(test_dates),         cmocka_unit_test(test_wire),
	};

	return cmocka_run_group_tests_name("mime", tests, NULL, NULL);
}
