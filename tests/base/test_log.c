/* Tests of base/log.h and base/err.h: one line per event whatever the values hold. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/mem.h"

/* Standard error goes into a file for the length of a test. */
struct capture {
	FILE *file;
	int before;
	char text[8192];
};

static void capture_begin(struct capture *c)
{
	c->file = tmpfile();
	assert_non_null(c->file);
	c->before = dup(STDERR_FILENO);
	assert_true(dup2(fileno(c->file), STDERR_FILENO) >= 0);
}

static const char *capture_end(struct capture *c)
{
	assert_true(dup2(c->before, STDERR_FILENO) >= 0);
	(void)close(c->before); /* restored above */
	rewind(c->file);
	size_t n = fread(c->text, 1, sizeof c->text - 1, c->file);
	c->text[n] = '\0';
	(void)fclose(c->file); /* was only read */
	return c->text;
}

static size_t lines(const char *s)
{
	size_t n = 0;
	for (; *s != '\0'; s++)
		n += *s == '\n';
	return n;
}

static void pairs_in_one_line(void **state)
{
	(void)state;
	struct capture c;
	capture_begin(&c);
	wg_log_role("intake");
	wg_log(WG_LOG_INFO, "accepted", "message", "0123", "left-out", NULL, "organisation", "council-a", NULL);
	const char *s = capture_end(&c);
	assert_int_equal(lines(s), 1);
	assert_memory_equal(s, "{\"time\":\"", 9);
	assert_non_null(strstr(s, "\"level\":\"info\",\"role\":\"intake\",\"event\":\"accepted\",\"message\":\"0123\","
	                          "\"organisation\":\"council-a\"}\n"));
	assert_null(strstr(s, "left-out"));
}

static void hostile_values_stay_in_their_string(void **state)
{
	(void)state;
	struct capture c;
	capture_begin(&c);
	wg_log(WG_LOG_ERROR, "refused", "value", "x\"}\r\n{\"event\":\"forged\"}\x1b[2J\xE2\x80\xAE\xFF", NULL);
	const char *s = capture_end(&c);
	assert_int_equal(lines(s), 1);
	assert_null(strstr(s, "\"event\":\"forged\""));
	assert_null(strchr(s, '\x1b'));
	assert_null(strchr(s, '\r'));
	assert_non_null(strstr(s, "\"value\":\"x\\\"}??{\\\"event\\\":\\\"forged\\\"}?[2J??\""));
}

static void long_values_are_cut(void **state)
{
	(void)state;
	char value[2000];
	struct capture c;
	memset(value, 'v', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	capture_begin(&c);
	wg_log(WG_LOG_WARNING, "long", "a", value, "b", "after", NULL);
	const char *s = capture_end(&c);
	assert_true(strlen(s) < 800);
	assert_non_null(strstr(s, "v...\",\"b\":\"after\"}"));
}

static void below_the_threshold_nothing(void **state)
{
	(void)state;
	struct capture c;
	capture_begin(&c);
	wg_log(WG_LOG_DEBUG, "detail", NULL);
	wg_log_threshold(WG_LOG_ERROR);
	wg_log(WG_LOG_WARNING, "quiet", NULL);
	wg_log(WG_LOG_ERROR, "loud", NULL);
	wg_log_threshold(WG_LOG_INFO);
	const char *s = capture_end(&c);
	assert_int_equal(lines(s), 1);
	assert_non_null(strstr(s, "\"loud\""));
}

static void errors_carry_code_and_words(void **state)
{
	(void)state;
	struct wg_err err;
	struct capture c;
	errno = EACCES;
	assert_int_equal(wg_err_errno(&err, "open %s", "thing"), WG_SYSTEM);
	assert_string_equal(err.text, "open thing: Permission denied");
	assert_int_equal(wg_err_add(&err, "while %s", "testing"), WG_SYSTEM);
	assert_string_equal(err.text, "while testing: open thing: Permission denied");
	capture_begin(&c);
	wg_log_err(WG_LOG_ERROR, "failed", &err, "id", "7", NULL);
	const char *s = capture_end(&c);
	assert_non_null(strstr(s, "\"event\":\"failed\",\"id\":\"7\",\"code\":\"system\","
	                          "\"error\":\"while testing: open thing: Permission denied\"}\n"));
	errno = ENOENT;
	assert_int_equal(wg_err_errno(NULL, "open"), WG_NOT_FOUND);
}

/* Context piles up without ever running over. */
static void words_never_run_over(void **state)
{
	(void)state;
	struct wg_err err;
	assert_int_equal(wg_err_set(&err, WG_LIMIT, "start"), WG_LIMIT);
	for (int i = 0; i < 500; i++)
		assert_int_equal(wg_err_add(&err, "context %d of many", i), WG_LIMIT);
	assert_true(strlen(err.text) < WG_ERR_TEXT_MAX);
	assert_memory_equal(err.text, "context 499 of many: context 498", 32);
}

static void every_code_has_a_name_and_an_exit(void **state)
{
	(void)state;
	for (int i = WG_OK; i <= WG_DENIED; i++) {
		assert_string_not_equal(wg_code_name((enum wg_code)i), "unknown");
		assert_int_equal(wg_code_exit((enum wg_code)i) == 0, i == WG_OK);
	}
	assert_string_equal(wg_code_name((enum wg_code)99), "unknown");
	assert_int_not_equal(wg_code_exit((enum wg_code)99), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_in_one_line),
		cmocka_unit_test(hostile_values_stay_in_their_string),
		cmocka_unit_test(long_values_are_cut),
		cmocka_unit_test(below_the_threshold_nothing),
		cmocka_unit_test(errors_carry_code_and_words),
		cmocka_unit_test(words_never_run_over),
		cmocka_unit_test(every_code_has_a_name_and_an_exit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
