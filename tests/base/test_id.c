/* Tests of base/id.h: form, order and difference of ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"
#include "base/mem.h"

static void made_ids_are_valid_and_differ(void **state)
{
	(void)state;
	enum { COUNT = 200 };
	char ids[COUNT][WG_ID_TEXT];
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(wg_id_make(1795339800000, ids[i], NULL), WG_OK);
		assert_true(wg_id_valid(ids[i]));
		assert_int_equal(strlen(ids[i]), WG_ID_LEN);
		assert_memory_equal(ids[i], ids[0], 10); /* the same instant */
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(ids[i], ids[j]);
	}
}

static void ids_sort_by_time(void **state)
{
	(void)state;
	static const int64_t times[] = { 0, 1, 31, 32, 1023, 1024, 1795339800000, 1795339800001, 253402300799999 };
	char before[WG_ID_TEXT] = "", id[WG_ID_TEXT];
	for (size_t i = 0; i < WG_COUNT(times); i++) {
		assert_int_equal(wg_id_make(times[i], id, NULL), WG_OK);
		assert_true(strcmp(before, id) < 0);
		memcpy(before, id, sizeof before);
	}
}

static void refused_ids(void **state)
{
	(void)state;
	static const char *const table[] = {
		"",
		"0123456789abcdefghjkmnpqr",
		"0123456789abcdefghjkmnpqrst",
		"0123456789ABCDEFGHJKMNPQRS",
		"0123456789abcdefghijklmnop",
		"../../../../../etc/passwd",
		"0123456789abcdefghjkmnpq\r\n",
		"0123456789abcdefghjkmnpq s",
	};
	for (size_t i = 0; i < WG_COUNT(table); i++)
		assert_false(wg_id_valid(table[i]));
	assert_true(wg_id_valid("0123456789abcdefghjkmnpqrs"));
}

static void random_fills_all(void **state)
{
	(void)state;
	uint8_t bytes[4096];
	bool seen[256] = { 0 };
	assert_int_equal(wg_random(bytes, sizeof bytes, NULL), WG_OK);
	size_t different = 0;
	for (size_t i = 0; i < sizeof bytes; i++) {
		different += !seen[bytes[i]];
		seen[bytes[i]] = true;
	}
	assert_true(different > 200); /* of 256: the chance that it is fewer is below 10 to the -1000 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_ids_are_valid_and_differ),
		cmocka_unit_test(ids_sort_by_time),
		cmocka_unit_test(refused_ids),
		cmocka_unit_test(random_fills_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
