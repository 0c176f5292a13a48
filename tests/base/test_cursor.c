/* Tests of base/buf.h, the reading half: a message is read whole, and cut at every byte it is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"

static void compose(struct wg_buf *b)
{
	wg_buf_u8(b, 7);
	wg_buf_u32(b, 0xFFFFFFFF);
	wg_buf_u64(b, UINT64_MAX - 1);
	wg_buf_bytes(b, "a\0b", 3);
	wg_buf_str(b, "text");
	wg_buf_str(b, "name");
}

/* True when the whole message was read; the values are looked at only then, as a caller would. */
static bool read_message(const uint8_t *p, size_t len)
{
	struct wg_cur c = WG_CUR(p, len);
	size_t n;
	char name[8];
	uint8_t u8 = wg_cur_u8(&c);
	uint32_t u32 = wg_cur_u32(&c);
	uint64_t u64 = wg_cur_u64(&c);
	const uint8_t *bytes = wg_cur_bytes(&c, &n);
	WG_AUTO_FREE char *text = wg_cur_str(&c, 4);
	wg_cur_name(&c, name, sizeof name);
	if (!wg_cur_end(&c))
		return false;
	assert_int_equal(u8, 7);
	assert_int_equal(u32, 0xFFFFFFFF);
	assert_true(u64 == UINT64_MAX - 1);
	assert_int_equal(n, 3);
	assert_memory_equal(bytes, "a\0b", 3);
	assert_string_equal(text, "text");
	assert_string_equal(name, "name");
	return true;
}

static void whole_and_cut_at_every_byte(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf b = WG_BUF(100);
	compose(&b);
	assert_true(read_message(b.data, b.len));
	for (size_t len = 0; len < b.len; len++) {
		uint8_t *exact = malloc(len > 0 ? len : 1); /* so that a sanitizer sees a read behind the end */
		assert_non_null(exact);
		memcpy(exact, b.data, len);
		assert_false(read_message(exact, len));
		free(exact);
	}
	wg_buf_u8(&b, 0);
	assert_false(read_message(b.data, b.len)); /* one byte too many */
}

static void first_failure_sticks(void **state)
{
	(void)state;
	const uint8_t p[] = { 0, 0, 0 };
	struct wg_cur c = WG_CUR(p, sizeof p);
	assert_int_equal(wg_cur_u32(&c), 0);
	assert_true(c.failed);
	assert_int_equal(wg_cur_u8(&c), 0);
	assert_true(c.failed);
	assert_false(wg_cur_end(&c));
}

static void hostile_lengths(void **state)
{
	(void)state;
	static const uint8_t huge[] = { 0xFF, 0xFF, 0xFF, 0xFF, 'x' };
	static const uint8_t nul[] = { 0, 0, 0, 3, 'a', 0, 'b' };
	static const uint8_t longer[] = { 0, 0, 0, 5, 'a', 'b', 'c', 'd', 'e' };
	size_t n = 99;
	char name[5];
	struct wg_cur c = WG_CUR(huge, sizeof huge);
	assert_null(wg_cur_bytes(&c, &n));
	assert_int_equal(n, 0);
	assert_true(c.failed);
	c = WG_CUR(nul, sizeof nul);
	assert_null(wg_cur_str(&c, 10));
	assert_true(c.failed);
	c = WG_CUR(nul, sizeof nul);
	wg_cur_name(&c, name, sizeof name);
	assert_true(c.failed);
	assert_string_equal(name, "");
	c = WG_CUR(longer, sizeof longer);
	assert_null(wg_cur_str(&c, 4));
	assert_true(c.failed);
	c = WG_CUR(longer, sizeof longer);
	wg_cur_name(&c, name, sizeof name); /* five bytes and a NUL do not fit in five */
	assert_true(c.failed);
	assert_string_equal(name, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_and_cut_at_every_byte),
		cmocka_unit_test(first_failure_sticks),
		cmocka_unit_test(hostile_lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
