/* What rests locked: whole with its head, nothing without it, refused when a bit of it is another. */
#include "pki.h"

#include "base/mem.h"
#include "crypto/lock.h"

static void test_there_and_back(void **state)
{
	(void)state;
	static const size_t lengths[] = { 0, 1, 15, 16, 17, 2048, 100000 };
	static uint8_t plain[100000];
	memset(plain, 'x', sizeof plain);
	for (size_t i = 0; i < WG_COUNT(lengths); i++) {
		struct wg_buf a = WG_BUF(200000), b = WG_BUF(200000), back = WG_BUF(200000);
		assert_int_equal(wg_lock(plain, lengths[i], &a, &pki_err), WG_OK);
		assert_int_equal(wg_lock(plain, lengths[i], &b, &pki_err), WG_OK);
		assert_int_equal(a.len, lengths[i] + WG_LOCK_HEAD);
		assert_memory_not_equal(a.data, b.data, WG_LOCK_HEAD); /* a key of its own each time */
		assert_true(wg_locked(a.data, a.len));
		assert_int_equal(wg_unlock(a.data, a.len, &back, &pki_err), WG_OK);
		assert_int_equal(back.len, lengths[i]);
		if (lengths[i] > 0)
			assert_memory_equal(back.data, plain, lengths[i]);
		if (lengths[i] >= 16)
			assert_null(memmem(a.data, a.len, plain, 16));
		wg_buf_free(&a);
		wg_buf_free(&b);
		wg_buf_free(&back);
	}
}

static void test_changed(void **state)
{
	(void)state;
	struct wg_buf a = WG_BUF(1000), back = WG_BUF(1000);
	assert_int_equal(wg_lock("a copy of a notice", 18, &a, &pki_err), WG_OK);
	for (size_t i = 0; i < a.len; i++) {
		a.data[i] ^= 1;
		assert_int_equal(wg_unlock(a.data, a.len, &back, &pki_err), WG_CRYPTO);
		assert_int_equal(back.len, 0);
		a.data[i] ^= 1;
	}
	for (size_t n = 0; n < a.len; n++)
		assert_int_equal(wg_unlock(a.data, n, &back, &pki_err), WG_CRYPTO);
	memset(a.data, 0, WG_LOCK_HEAD); /* as a purge leaves it */
	assert_false(wg_locked(a.data, a.len));
	assert_int_equal(wg_unlock(a.data, a.len, &back, &pki_err), WG_CRYPTO);
	wg_buf_free(&a);
	wg_buf_free(&back);
}

static void test_room(void **state)
{
	(void)state;
	struct wg_buf small = WG_BUF(70);
	assert_int_equal(wg_lock("more than six bytes", 19, &small, &pki_err), WG_LIMIT);
	wg_buf_free(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_changed),
		                                cmocka_unit_test(test_room) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
