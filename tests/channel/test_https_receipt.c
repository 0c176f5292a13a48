/* The reference in another gateway's answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "channel/https_receipt.h"

static void test_receipts(void **state)
{
	(void)state;
	static const struct {
		const char *json, *id;
	} table[] = {
		{ "{\"id\":\"01jd\"}", "01jd" },
		{ " { \"id\" : \"a.b_c:d-e\" } \r\n", "a.b_c:d-e" },
		{ "{\"hash\":\"x\",\"id\":\"01jd\",\"time\":1.5e3,\"ok\":true,\"no\":null}", "01jd" },
		{ "{\"deep\":{\"id\":\"inner\",\"l\":[1,{\"id\":\"y\"},[]]},\"id\":\"outer\"}", "outer" },
		{ "{\"text\":\"a \\\" } { \\\\\",\"id\":\"z\"}", "z" },
		{ "", "" },
		{ "{}", "" },
		{ "[]", "" },
		{ "\"id\"", "" },
		{ "{\"id\":\"\"}", "" },
		{ "{\"id\":\"a b\"}", "" },
		{ "{\"id\":\"a\\u0041\"}", "" },
		{ "{\"id\":\"a\",\"id\":\"b\"}", "" },
		{ "{\"id\":7}", "" },
		{ "{\"id\":[\"a\"]}", "" },
		{ "{\"ID\":\"a\"}", "" },
		{ "{\"deep\":{\"id\":\"inner\"}}", "" },
		{ "{\"id\":\"a\"", "" },
		{ "{\"id\":\"a", "" },
		{ "{\"id\":\"a\"}}", "" },
		{ "{\"id\":\"a\"} x", "" },
		{ "{\"id\":\"a\",}", "" },
		{ "{\"x\":[}],\"id\":\"a\"}", "" },
		{ "{\"x\":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]],\"id\":\"a\"}", "" },
		{ "{\"id\":\"0123456789012345678901234567890123456789\"}", "" },
		{ "{\"x\":\"line\nend\",\"id\":\"a\"}", "" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		char id[32] = "untouched";
		wg_https_receipt(table[i].json, strlen(table[i].json), id, sizeof id);
		if (strcmp(id, table[i].id) != 0)
			fail_msg("%s gave \"%s\"", table[i].json, id);
		for (size_t len = 0; len < strlen(table[i].json) && table[i].id[0] != '\0';
		     len++) { /* only blanks may be missing */
			wg_https_receipt(table[i].json, len, id, sizeof id);
			assert_true(id[0] == '\0' || strcmp(id, table[i].id) == 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_receipts) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
