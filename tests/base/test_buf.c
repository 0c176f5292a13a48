/* Tests of base/buf.h, the writing half: maximum, stickiness, escapes, wire form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../refused_memory.h"
#include "base/buf.h"
#include "base/mem.h"

static void empty_buffer_is_empty_text(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf b = WG_BUF(10);
	assert_string_equal(wg_buf_text(&b), "");
	assert_null(wg_buf_steal(&b));
	assert_int_equal(wg_buf_check(&b, "nothing", NULL), WG_OK);
}

/* Every maximum around every length: what fits goes in whole, what does not leaves the buffer failed. */
static void maximum_is_exact(void **state)
{
	(void)state;
	for (size_t max = 0; max < 600; max++) {
		WG_AUTO_BUF struct wg_buf b = WG_BUF(max);
		for (size_t i = 0; i < max; i++)
			wg_buf_putc(&b, 'x');
		assert_false(b.failed);
		assert_int_equal(b.len, max);
		assert_true(b.cap <= max + 1);
		wg_buf_putc(&b, 'y');
		assert_true(b.failed);
		struct wg_err err;
		assert_int_equal(wg_buf_check(&b, "the thing", &err), WG_LIMIT);
		assert_non_null(strstr(err.text, "the thing"));
	}
}

static void failure_sticks_until_reset(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf b = WG_BUF(4);
	wg_buf_puts(&b, "12345");
	assert_true(b.failed);
	wg_buf_puts(&b, "1");
	assert_true(b.failed);
	assert_int_equal(b.len, 0);
	assert_null(wg_buf_steal(&b));
	wg_buf_reset(&b);
	wg_buf_puts(&b, "1");
	assert_string_equal(wg_buf_text(&b), "1");
}

/* A limit is the fault of what was put, refused memory is not: the one is answered, the other tried again. */
static void tells_memory_from_the_limit(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf b = WG_BUF(10000);
	char longer[600];
	struct wg_err err;
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	memory_asked = 0;
	memory_fails_at = 2; /* when it has to grow */
	wg_buf_puts(&b, "short");
	wg_buf_put(&b, longer, sizeof longer);
	memory_fails_at = 0;
	assert_true(b.failed);
	assert_int_equal(wg_buf_check(&b, "the thing", &err), WG_SYSTEM);
	assert_string_equal(err.text, "no memory for the thing");
	wg_buf_reset(&b);
	assert_int_equal(wg_buf_check(&b, "the thing", &err), WG_OK);
	b.max = b.cap - 1;
	while (!b.failed)
		wg_buf_puts(&b, longer);
	assert_int_equal(wg_buf_check(&b, "the thing", &err), WG_LIMIT);
	wg_buf_free(&b);
	wg_buf_fail(&b);
	assert_int_equal(wg_buf_check(&b, "the thing", &err), WG_SYSTEM);
}

static void steal_hands_over(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf b = WG_BUF(100);
	wg_buf_puts(&b, "mine");
	WG_AUTO_FREE char *s = wg_buf_steal(&b);
	assert_string_equal(s, "mine");
	assert_int_equal(b.len, 0);
	assert_int_equal(b.max, 100);
	wg_buf_puts(&b, "again");
	assert_string_equal(wg_buf_text(&b), "again");
}

/* printf around the size of its internal buffer. */
static void printf_of_every_length(void **state)
{
	(void)state;
	for (int n = 500; n < 530; n++) {
		WG_AUTO_BUF struct wg_buf b = WG_BUF(1000);
		wg_buf_printf(&b, "%0*d", n, 7);
		assert_int_equal(b.len, n);
		assert_int_equal(b.data[n - 1], '7');
		assert_int_equal(b.data[n], 0);
	}
	WG_AUTO_BUF struct wg_buf b = WG_BUF(600);
	wg_buf_printf(&b, "%0601d", 7);
	assert_true(b.failed);
}

struct escape {
	const char *in, *out;
};

static void xml_escapes(void **state)
{
	(void)state;
	static const struct escape table[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "<a href=\"x\">&amp;</a>", "&lt;a href=&quot;x&quot;&gt;&amp;amp;&lt;/a&gt;" },
		{ "]]>", "]]&gt;" },
		{ "tab\tline\nend\r", "tab\tline\nend&#13;" },
		{ "a\x01z\x7fq", "a\xEF\xBF\xBDz\xEF\xBF\xBDq" },
		{ "caf\xC3\xA9", "caf\xC3\xA9" },
		{ "caf\xE9.", "caf\xEF\xBF\xBD." },                         /* Windows-1252, not UTF-8 */
		{ "\xC0\xBC", "\xEF\xBF\xBD\xEF\xBF\xBD" },                 /* overlong '<' */
		{ "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" }, /* surrogate */
		{ "\xEF\xBF\xBE\xEF\xBF\xBF", "\xEF\xBF\xBD\xEF\xBF\xBD" }, /* not characters */
		{ "cut\xF0\x9F\x98", "cut\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
		{ "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		WG_AUTO_BUF struct wg_buf b = WG_BUF(1000);
		wg_buf_put_xml(&b, table[i].in, strlen(table[i].in));
		assert_string_equal(wg_buf_text(&b), table[i].out);
	}
	WG_AUTO_BUF struct wg_buf b = WG_BUF(100);
	wg_buf_put_xml(&b, "a\0b", 3);
	assert_string_equal(wg_buf_text(&b), "a\xEF\xBF\xBD"
	                                     "b");
}

static void json_escapes(void **state)
{
	(void)state;
	static const struct escape table[] = {
		{ "", "\"\"" },
		{ "say \"no\"\\", "\"say \\\"no\\\"\\\\\"" },
		{ "line\nfeed\x7f", "\"line\\u000afeed\\u007f\"" },
		{ "caf\xC3\xA9", "\"caf\xC3\xA9\"" },
		{ "caf\xE9", "\"caf\\ufffd\"" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		WG_AUTO_BUF struct wg_buf b = WG_BUF(1000);
		wg_buf_put_json(&b, table[i].in);
		assert_string_equal(wg_buf_text(&b), table[i].out);
	}
}

static void wire_form(void **state)
{
	(void)state;
	static const uint8_t want[] = { 0xAB, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 2, 'h', 'i', 0, 0, 0, 0 };
	WG_AUTO_BUF struct wg_buf b = WG_BUF(100);
	wg_buf_u8(&b, 0xAB);
	wg_buf_u32(&b, 0x01020304);
	wg_buf_u64(&b, 0x0102030405060708);
	wg_buf_str(&b, "hi");
	wg_buf_str(&b, NULL);
	assert_int_equal(b.len, sizeof want);
	assert_memory_equal(b.data, want, sizeof want);
}

static void wipe_empties(void **state)
{
	(void)state;
	struct wg_buf b = WG_BUF(100);
	wg_buf_puts(&b, "secret");
	wg_buf_wipe(&b);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	wg_buf_wipe(&b);
	uint8_t bytes[] = { 1, 2, 3, 4 };
	wg_wipe(bytes, 3);
	assert_memory_equal(bytes, ((uint8_t[]){ 0, 0, 0, 4 }), 4);
}

/* Words that nothing else on the stack says. */
static void make_secret(char out[25])
{
	for (int i = 0; i < 24; i++)
		out[i] = "zqxjkvbpygfwmucl"[(i * 7 + 3) % 16];
	out[24] = '\0';
}

static __attribute__((noinline)) void print_secret(const char *secret, bool control)
{
	char copy[512];
	struct wg_buf b = WG_BUF(1000);
	wg_buf_printf(&b, "user=%s:%d", secret, 3);
	wg_buf_wipe(&b);
	if (control)
		(void)snprintf(copy, sizeof copy, "user=%s", secret);
	__asm__ volatile("" ::"r"(copy) : "memory"); /* it is looked at elsewhere */
}

/* Whether the stack below the caller holds the middle of secret. */
static __attribute__((noinline)) bool left_behind(const char *secret)
{
	__attribute__((uninitialized)) char below[8192];
	bool found = false;
	__asm__ volatile("" ::"r"(below) : "memory");
	for (size_t i = 0; i + 16 <= sizeof below; i++)
		found = found || memcmp(below + i, secret + 4, 16) == 0;
	return found;
}

/* Passwords and tokens are written with it too. */
static void printf_leaves_no_copy(void **state)
{
	(void)state;
	char secret[25];
	make_secret(secret);
	print_secret(secret, false);
	assert_false(left_behind(secret));
	print_secret(secret, true); /* what is left is found */
	assert_true(left_behind(secret));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_buffer_is_empty_text),
		cmocka_unit_test(maximum_is_exact),
		cmocka_unit_test(failure_sticks_until_reset),
		cmocka_unit_test(tells_memory_from_the_limit),
		cmocka_unit_test(steal_hands_over),
		cmocka_unit_test(printf_of_every_length),
		cmocka_unit_test(xml_escapes),
		cmocka_unit_test(json_escapes),
		cmocka_unit_test(wire_form),
		cmocka_unit_test(wipe_empties),
		cmocka_unit_test(printf_leaves_no_copy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
