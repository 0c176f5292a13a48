/* Tests of base/token.h: tokens are found again however they were quoted, and nothing else is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/token.h"

#define DIGITS "7k3m0q8r5tzvwxy1a2b4c6d9ef"

static void made_tokens_differ(void **state)
{
	(void)state;
	enum { COUNT = 100 };
	char made[COUNT][WG_TOKEN_TEXT], hash[WG_TOKEN_HASH], found[WG_TOKEN_TEXT];
	for (size_t i = 0; i < COUNT; i++) {
		size_t at = 0;
		assert_int_equal(wg_token_make(made[i], NULL), WG_OK);
		assert_int_equal(strlen(made[i]), WG_TOKEN_TEXT - 1);
		assert_true(wg_token_find(made[i], strlen(made[i]), &at, found));
		assert_string_equal(found, made[i]);
		wg_token_hash(made[i], hash);
		assert_int_equal(strspn(hash, "0123456789abcdef"), WG_TOKEN_HASH - 1);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(made[i], made[j]);
	}
}

static void found(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned count;
	} table[] = {
		{ "wgc-" DIGITS, 1 },
		{ "> > Code: wgc-" DIGITS "\r\n> >", 1 },
		{ "<https://a.example/wgc-" DIGITS ">", 1 },
		{ "WGC-7K3MOQ8R5TZVWXYIA2B4C6D9EF.", 1 }, /* typed by hand: O and I */
		{ "wgc-" DIGITS " wgc-" DIGITS, 2 },
		{ "wgc-" DIGITS "a", 0 },
		{ "wgc-7k3m", 0 },
		{ "xwgc-" DIGITS, 0 },
		{ "wgc-7k3m0q8r5tzvwxy1a2b4c6d9eu", 0 },
		{ "wgc-\xc3\xa9" DIGITS, 0 },
		{ "", 0 },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		size_t at = 0;
		unsigned n = 0;
		char out[WG_TOKEN_TEXT];
		while (wg_token_find(table[i].text, strlen(table[i].text), &at, out)) {
			assert_string_equal(out, "wgc-" DIGITS);
			n++;
		}
		assert_int_equal(n, table[i].count);
	}
}

static void parsed(void **state)
{
	(void)state;
	char out[WG_TOKEN_TEXT];
	static const char *const good[] = { "wgc-" DIGITS, DIGITS, " wgc-" DIGITS "\n", "WGC-" DIGITS };
	static const char *const bad[] = { "", "wgc-", DIGITS "1", "wgc-wgc-" DIGITS, "wgc-" DIGITS " x" };
	for (size_t i = 0; i < WG_COUNT(good); i++) {
		assert_true(wg_token_parse(good[i], strlen(good[i]), out));
		assert_string_equal(out, "wgc-" DIGITS);
	}
	for (size_t i = 0; i < WG_COUNT(bad); i++)
		assert_false(wg_token_parse(bad[i], strlen(bad[i]), out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_tokens_differ),
		cmocka_unit_test(found),
		cmocka_unit_test(parsed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
