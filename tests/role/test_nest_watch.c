/* Tests of role/nest_watch.h: that readers do not wait is said once when it begins, once when it lasts, and when it is
 * over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "role/nest_watch.h"
#include "sys/file.h"
#include "sys/nest.h"

#define MINUTE INT64_C(60000)

static char folder[] = "/tmp/wg-watch-XXXXXX";
static char program[64], log_file[64];
static struct wg_nests *nests;

/* A run of the program that is behind that name now. */
static void run(void)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(100);
	const struct wg_child child = {
		.nests = nests,
		.program = program,
		.argv = (const char *const[]){ "reader", NULL },
		.in = "count",
		.in_len = 5,
		.wall_ms = 60000,
		.cpu_s = 20,
		.memory = (uint64_t)1 << 30,
	};
	assert_int_equal(wg_child_run(&child, &out, NULL), WG_OK);
}

static void become(const char *target)
{
	(void)unlink(program); /* it may not be there */
	assert_int_equal(symlink(target, program), 0);
}

/* What was logged since, as often as the word stands in it; the log begins anew. */
static unsigned said(const char *word)
{
	WG_AUTO_BUF struct wg_buf all = WG_BUF(100000);
	unsigned n = 0;
	assert_int_equal(wg_file_read(log_file, &all, NULL), WG_OK);
	for (const char *at = wg_buf_text(&all); (at = strstr(at, word)) != NULL; at++)
		n++;
	assert_int_equal(ftruncate(STDERR_FILENO, 0), 0);
	return n;
}

static void said_when_it_matters(void **state)
{
	(void)state;
	struct wg_nest_watch watch = { 0 };
	assert_int_equal(wg_nests_new(&nests, NULL), WG_OK);
	wg_nest_watch(&watch, nests, MINUTE);
	assert_int_equal(said("{"), 0);
	become("/bin/cat"); /* waits for nobody */
	for (int64_t at = 0; at < 10; at++) {
		run();
		wg_nest_watch(&watch, nests, (2 + at) * MINUTE);
		assert_int_equal(said("readers-do-not-wait"), at == 0 ? 1 : 0);
	}
	for (int64_t at = 0; at < 3; at++) {
		wg_nest_watch(&watch, nests, (12 + at) * MINUTE);
		assert_int_equal(said("\"alarm\":\"readers\""), at == 0 ? 1 : 0);
	}
	become(WG_BINARY_DIR "/bin/sys_nest_probe");
	run();
	wg_nest_watch(&watch, nests, 20 * MINUTE);
	assert_int_equal(said("readers-wait-again"), 1);
	wg_nest_watch(&watch, nests, 21 * MINUTE);
	assert_int_equal(said("{"), 0);
	wg_nests_freep(&nests);
}

int main(void)
{
	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(program, sizeof program, "%s/reader", folder); /* they fit */
	(void)snprintf(log_file, sizeof log_file, "%s/log", folder);
	int before = dup(STDERR_FILENO);
	if (freopen(log_file, "a", stderr) == NULL)
		return 1;
	const struct CMUnitTest tests[] = { cmocka_unit_test(said_when_it_matters) };
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	WG_AUTO_BUF struct wg_buf all = WG_BUF(100000);
	if (wg_file_read(log_file, &all, NULL) == WG_OK) /* the words of what failed */
		(void)!write(before, wg_buf_text(&all), all.len);
	(void)unlink(program);
	(void)unlink(log_file);
	(void)rmdir(folder);
	return failed;
}
