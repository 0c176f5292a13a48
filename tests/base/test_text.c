/* Tests of base/text.h: tables of what is taken and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

struct verdict {
	const char *text;
	bool good;
};

static void check_all(const struct verdict *table, size_t n, bool (*judge)(const char *))
{
	for (size_t i = 0; i < n; i++) {
		if (judge(table[i].text) != table[i].good)
			print_error("row %zu: \"%s\"\n", i, table[i].text);
		assert_int_equal(judge(table[i].text), table[i].good);
	}
}

static void utf8(void **state)
{
	(void)state;
	static const struct {
		const char *s;
		size_t len;
		uint32_t c;
	} table[] = {
		{ "A", 1, 'A' },
		{ "\xC2\x80", 2, 0x80 },
		{ "\xDF\xBF", 2, 0x7FF },
		{ "\xE0\xA0\x80", 3, 0x800 },
		{ "\xEF\xBF\xBF", 3, 0xFFFF },
		{ "\xF0\x90\x80\x80", 4, 0x10000 },
		{ "\xF4\x8F\xBF\xBF", 4, 0x10FFFF },
		{ "\xC1\xBF", 0, 0 }, /* overlong */
		{ "\xE0\x9F\xBF", 0, 0 },
		{ "\xF0\x8F\xBF\xBF", 0, 0 },
		{ "\xED\xA0\x80", 0, 0 }, /* surrogates */
		{ "\xED\xBF\xBF", 0, 0 },
		{ "\xF4\x90\x80\x80", 0, 0 },     /* above the last character */
		{ "\xF8\x88\x80\x80\x80", 0, 0 }, /* five bytes */
		{ "\x80", 0, 0 },
		{ "\xC3", 0, 0 }, /* cut short */
		{ "\xC3(", 0, 0 },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		uint32_t c = 0;
		assert_int_equal(wg_utf8_decode(table[i].s, strlen(table[i].s), &c), table[i].len);
		assert_int_equal(c, table[i].c);
		assert_int_equal(wg_utf8_valid(table[i].s, strlen(table[i].s)), table[i].len > 0);
	}
	uint32_t c;
	assert_int_equal(wg_utf8_decode("", 0, &c), 0);
	assert_true(wg_utf8_valid("", 0));
}

static void defang(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		size_t size;
		const char *out;
	} table[] = {
		{ "plain", 64, "plain" },
		{ "two\r\nlines\x1b[31m", 64, "two??lines?[31m" },
		{ "del\x7f c1\xC2\x85", 64, "del? c1?" },
		{ "bidi\xE2\x80\xAE and \xE2\x81\xA6", 64, "bidi? and ?" },
		{ "separators\xE2\x80\xA8\xE2\x80\xA9", 64, "separators??" },
		{ "caf\xE9 caf\xC3\xA9", 64, "caf? caf\xC3\xA9" },
		{ "none \xEF\xBF\xBE\xEF\xBF\xBF \xEF\xBF\xBD", 64, "none ?? \xEF\xBF\xBD" },
		{ "exactly", 8, "exactly" },
		{ "one more", 8, "one ..." },
		{ "abc\xC3\xA9\xC3\xA9", 8, "abc\xC3\xA9\xC3\xA9" },
		{ "abc\xC3\xA9\xC3\xA9x", 8, "abc..." }, /* a character is never cut in two */
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		char out[64];
		assert_string_equal(wg_defang(table[i].in, out, table[i].size), table[i].out);
		assert_true(strlen(out) < table[i].size);
		assert_true(wg_utf8_valid(out, strlen(out)));
	}
}

static void numbers(void **state)
{
	(void)state;
	static const struct {
		const char *s;
		uint64_t min, max, value;
		bool good;
	} table[] = {
		{ "0", 0, 10, 0, true },
		{ "007", 0, 10, 7, true },
		{ "10", 0, 10, 10, true },
		{ "11", 0, 10, 0, false },
		{ "4", 5, 10, 0, false },
		{ "18446744073709551615", 0, UINT64_MAX, UINT64_MAX, true },
		{ "18446744073709551616", 0, UINT64_MAX, 0, false },
		{ "99999999999999999999999", 0, UINT64_MAX, 0, false },
		{ "", 0, 10, 0, false },
		{ " 1", 0, 10, 0, false },
		{ "1 ", 0, 10, 0, false },
		{ "+1", 0, 10, 0, false },
		{ "-1", 0, UINT64_MAX, 0, false },
		{ "0x1", 0, 10, 0, false },
		{ "1.0", 0, 10, 0, false },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		uint64_t v = 4711;
		assert_int_equal(wg_num_parse(table[i].s, table[i].min, table[i].max, &v), table[i].good);
		assert_true(v == (table[i].good ? table[i].value : 4711)); /* untouched on failure */
	}
}

static void addresses(void **state)
{
	(void)state;
	static const struct verdict table[] = {
		{ "desk@council.example", true },
		{ "a.b+c=d@mail.force.example", true },
		{ "x@a-b.c.test", true },
		{ "", false },
		{ "desk", false },
		{ "@council.example", false },
		{ "desk@", false },
		{ "desk@example", false }, /* one label */
		{ "desk@@council.example", false },
		{ "a@b@council.example", false },
		{ ".desk@council.example", false },
		{ "desk.@council.example", false },
		{ "de..sk@council.example", false },
		{ "desk@council.example.", false },
		{ "desk@-council.example", false },
		{ "desk@council-.example", false },
		{ "desk@[127.0.0.1]", false },
		{ "desk@127.0.0.1", false },
		{ "\"quoted desk\"@council.example", false },
		{ "desk@council.example\r\nRCPT TO:<thief@elsewhere.example>", false },
		{ "desk\r\n@council.example", false },
		{ "desk @council.example", false },
		{ "desk@council.example>", false },
		{ "<desk@council.example", false },
		{ "d\xC3\xA9sk@council.example", false },
	};
	check_all(table, WG_COUNT(table), wg_address_valid);
	check_all(table, WG_COUNT(table), wg_message_id_valid);
}

static void address_lengths(void **state)
{
	(void)state;
	char s[400];
	for (size_t local = 60; local < 70; local++) {
		memset(s, 'a', local);
		memcpy(s + local, "@council.example", sizeof "@council.example");
		assert_int_equal(wg_address_valid(s), local <= 64);
		assert_true(wg_message_id_valid(s)); /* it is no mailbox */
	}
	for (size_t label = 60; label < 70; label++) {
		memcpy(s, "a@", 2);
		memset(s + 2, 'b', label);
		memcpy(s + 2 + label, ".example", sizeof ".example");
		assert_int_equal(wg_address_valid(s), label <= 63);
	}
	for (size_t total = 250; total < 260; total++) {
		for (size_t i = 0; i < total; i++)
			s[i] = i == 1 ? '@' : i > 2 && i % 50 == 0 && i + 1 < total ? '.' : 'c';
		s[total] = '\0';
		assert_int_equal(wg_address_valid(s), total <= WG_LIMIT_ADDRESS);
	}
	char id[WG_LIMIT_MESSAGE_ID + 8];
	for (size_t total = WG_LIMIT_MESSAGE_ID - 2; total < WG_LIMIT_MESSAGE_ID + 3; total++) {
		memset(id, 'a', total);
		memcpy(id + total - strlen("@council.example"), "@council.example", sizeof "@council.example");
		assert_int_equal(wg_message_id_valid(id), total <= WG_LIMIT_MESSAGE_ID);
	}
}

static void hostnames(void **state)
{
	(void)state;
	static const struct verdict table[] = {
		{ "localhost", true },
		{ "mail.force.example", true },
		{ "3com.example", true },
		{ "1.2.3.4a", true },
		{ "", false },
		{ ".", false },
		{ "a..b", false },
		{ ".a", false },
		{ "a.", false },
		{ "127.0.0.1", false },
		{ "::1", false },
		{ "a_b.example", false },
		{ "a b", false },
		{ "-a.example", false },
		{ "a-.example", false },
		{ "a\n", false },
	};
	check_all(table, WG_COUNT(table), wg_hostname_valid);
}

static void names(void **state)
{
	(void)state;
	static const struct verdict table[] = {
		{ "front-door", true },
		{ "9", true },
		{ "", false },
		{ "-a", false },
		{ "A", false },
		{ "a_b", false },
		{ "a/b", false },
		{ "..", false },
		{ "a b", false },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true },   /* 64 */
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false }, /* 65 */
	};
	check_all(table, WG_COUNT(table), wg_name_valid);
}

static void lists(void **state)
{
	(void)state;
	static const struct {
		const char *list, *name;
		bool has;
	} table[] = {
		{ "identity episode", "episode", true },
		{ " identity\n\tepisode ", "identity", true },
		{ "identity episode", "epi", false },
		{ "identity episode", "episodes", false },
		{ "identity", "", false },
		{ "", "identity", false },
		{ "*", "anything", true },
		{ "a * b", "anything", true },
		{ "a*", "anything", false },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++)
		assert_int_equal(wg_list_has(table[i].list, table[i].name), table[i].has);
}

static void base64_both_ways(void **state)
{
	(void)state;
	uint8_t bytes[400]; /* every digit in every place */
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 37 + i / 7 * i + 200);
	for (size_t len = 0; len <= sizeof bytes; len++) {
		WG_AUTO_FREE char *text = wg_base64_encode(bytes, len);
		uint8_t *back;
		size_t n;
		assert_int_equal(wg_base64_decode(text, strlen(text), &back, &n, NULL), WG_OK);
		assert_int_equal(n, len);
		assert_memory_equal(back, bytes, len);
		free(back);
	}
	static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t *numbers;
	size_t n;
	assert_int_equal(wg_base64_decode(all, sizeof all - 1, &numbers, &n, NULL), WG_OK);
	WG_AUTO_FREE char *again = wg_base64_encode(numbers, n);
	assert_string_equal(again, all);
	free(numbers);
	/* RFC 4648 section 10 */
	WG_AUTO_FREE char *text = wg_base64_encode("foobar", 6);
	assert_string_equal(text, "Zm9vYmFy");
	WG_AUTO_FREE char *padded = wg_base64_encode("foob", 4);
	assert_string_equal(padded, "Zm9vYg==");
}

static void base64_refusals(void **state)
{
	(void)state;
	static const struct verdict table[] = {
		{ "Zm9v", true },  { " Zm\r\n9v\t", true }, { "", true },      { "Zm9", false },      { "Z", false },
		{ "=", false },    { "====", false },       { "Z===", false }, { "Zm==Zm9v", false }, { "Zm9=v", false },
		{ "Zm9*", false }, { "Zm9-", false },       { "=Zm9", false }, { "Zm9v=", false },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		uint8_t *out = NULL;
		size_t n = 99;
		enum wg_code code = wg_base64_decode(table[i].text, strlen(table[i].text), &out, &n, NULL);
		assert_int_equal(code, table[i].good ? WG_OK : WG_REJECT);
		if (!table[i].good)
			assert_null(out);
		free(out);
	}
}

static void hex(void **state)
{
	(void)state;
	char out[9];
	wg_hex("\x00\xff\x1a\x20", 4, out);
	assert_string_equal(out, "00ff1a20");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8),
		cmocka_unit_test(defang),
		cmocka_unit_test(numbers),
		cmocka_unit_test(addresses),
		cmocka_unit_test(address_lengths),
		cmocka_unit_test(hostnames),
		cmocka_unit_test(names),
		cmocka_unit_test(lists),
		cmocka_unit_test(base64_both_ways),
		cmocka_unit_test(base64_refusals),
		cmocka_unit_test(hex),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
