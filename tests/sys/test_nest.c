/* Tests of sys/nest.h: every run has a child of its own, that has seen nothing, and what ends one is not told of
 * another. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "sys/nest.h"

#define PROBE WG_BINARY_DIR "/bin/sys_nest_probe"
#define ENOUGH_MS 60000

static struct wg_nests *nests;

static int begin(void **state)
{
	(void)state;
	return wg_nests_new(&nests, NULL) == WG_OK ? 0 : -1;
}

/* Nobody is left: neither nests nor what waits in them. */
static int end(void **state)
{
	(void)state;
	wg_nests_freep(&nests);
	return waitpid(-1, NULL, WNOHANG) < 0 ? 0 : -1;
}

/* A nest that was killed between making a child and telling of it leaves one that nobody knows by its number: it ends
 * by itself, since its input does. */
static int end_by_themselves(void **state)
{
	(void)state;
	wg_nests_freep(&nests);
	while (waitpid(-1, NULL, 0) > 0)
		continue;
	return 0;
}

static enum wg_code run(const char *in, const struct wg_child *with, struct wg_buf *out, struct wg_err *err)
{
	struct wg_child spec = *with;
	spec.nests = nests;
	spec.program = PROBE;
	spec.argv = (const char *const[]){ PROBE, NULL };
	spec.in = in;
	spec.in_len = strlen(in);
	spec.wall_ms = spec.wall_ms != 0 ? spec.wall_ms : ENOUGH_MS;
	spec.cpu_s = spec.cpu_s != 0 ? spec.cpu_s : 20;
	spec.memory = (uint64_t)1 << 30;
	return wg_child_run(&spec, out, err);
}

static void expect(const char *in, const char *want)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(10000);
	struct wg_err err;
	if (run(in, &(struct wg_child){ 0 }, &out, &err) != WG_OK)
		fail_msg("%s", err.text);
	assert_string_equal(wg_buf_text(&out), want);
}

/* A number after "NAME ": which processes these were. */
static uint64_t number(const char *in)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(100);
	uint64_t n = 0;
	assert_int_equal(run(in, &(struct wg_child){ 0 }, &out, NULL), WG_OK);
	assert_true(wg_num_parse(wg_buf_text(&out), 1, INT32_MAX, &n));
	return n;
}

/* The same nest, another child each time, and what one did to its memory is not there for the next. */
static void each_is_the_first(void **state)
{
	(void)state;
	uint64_t nest = number("nest"), before = 0;
	for (int i = 0; i < 5; i++) {
		expect("count", "1");
		uint64_t pid = number("pid");
		assert_true(pid != before && pid != nest);
		before = pid;
		assert_int_equal(number("nest"), nest);
		assert_int_equal(number("parent"), getpid());
	}
}

static void surroundings_are_clean(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1000);
	static const char want[] = "fd 0\nfd 1\nfd 2\ncpu 17\n";
	for (int i = 0; i < 2; i++) { /* the second waits already, for a run of this kind */
		wg_buf_reset(&out);
		assert_int_equal(run("surroundings", &(struct wg_child){ .cpu_s = 17 }, &out, NULL), WG_OK);
		assert_string_equal(wg_buf_text(&out), want);
	}
	wg_buf_reset(&out); /* what waits has other limits, and is not taken; nor is its nest */
	assert_int_equal(run("surroundings", &(struct wg_child){ .cpu_s = 18 }, &out, NULL), WG_OK);
	assert_non_null(strstr(wg_buf_text(&out), "cpu 18\n"));
}

static void what_ends_one_says_nothing_of_the_next(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1000);
	struct wg_err err;
	expect("count", "1");
	assert_int_equal(run("abort", &(struct wg_child){ 0 }, &out, &err), WG_LIMIT);
	expect("count", "1");
	assert_int_equal(run("refuse", &(struct wg_child){ 0 }, &out, &err), WG_REJECT);
	assert_string_equal(err.text, "no good");
	expect("count", "1");
	assert_int_equal(run("hang", &(struct wg_child){ .wall_ms = 200 }, &out, &err), WG_LIMIT);
	expect("count", "1");
	assert_int_equal(run("spin", &(struct wg_child){ .cpu_s = 1 }, &out, &err), WG_LIMIT);
	assert_non_null(strstr(err.text, "processor time"));
	expect("count", "1");
	assert_int_equal(run("open", &(struct wg_child){ 0 }, &out, &err), WG_SYSTEM);
	assert_non_null(strstr(err.text, "forbidden system call"));
	expect("count", "1");
}

/* What waits in the nest is a child of this process, as the nest itself. 0: it is not made yet. */
static pid_t waiting_beside(pid_t nest)
{
	char path[64], list[256] = "";
	(void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	size_t n = fread(list, 1, sizeof list - 1, f);
	(void)fclose(f); /* read only */
	list[n] = '\0';
	char *save = NULL;
	for (char *word = strtok_r(list, " \n", &save); word != NULL; word = strtok_r(NULL, " \n", &save)) {
		uint64_t pid = 0;
		assert_true(wg_num_parse(word, 1, INT32_MAX, &pid));
		if ((pid_t)pid != nest)
			return (pid_t)pid;
	}
	return 0;
}

static void end_waiting_beside(pid_t nest)
{
	pid_t pid = 0;
	for (int ms = 0; (pid = waiting_beside(nest)) == 0 && ms < ENOUGH_MS; ms++)
		(void)usleep(1000);
	assert_true(pid > 0);
	siginfo_t how;
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &how, WEXITED | WNOWAIT), 0); /* it is over, and not reaped */
}

/* A child that was ended while it waited is not held against the document that it never saw; nor is a nest. */
static void what_was_ended_is_replaced(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		pid_t nest = (pid_t)number("nest");
		siginfo_t how;
		assert_int_equal(kill(nest, SIGKILL), 0);
		assert_int_equal(waitid(P_PID, (id_t)nest, &how, WEXITED | WNOWAIT), 0);
		expect("count", "1");
		assert_true((pid_t)number("nest") != nest);
	}
	pid_t nest = (pid_t)number("nest");
	end_waiting_beside(nest);
	expect("count", "1");
	assert_int_equal(number("nest"), nest);
}

/* How long one waits for its child is no time of the run: a good document would be turned away for it. */
static void a_slow_nest_is_no_slow_document(void **state)
{
	enum { WALL_MS = 5000, STOPPED_MS = 5500 };
	(void)state;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(100);
	struct wg_err err;
	pid_t nest = (pid_t)number("nest");
	end_waiting_beside(nest);
	assert_int_equal(kill(nest, SIGSTOP), 0);
	pid_t waker = fork();
	if (waker == 0) {
		(void)usleep(STOPPED_MS * 1000);
		_exit(kill(nest, SIGCONT));
	}
	enum wg_code code = run("nest", &(struct wg_child){ .wall_ms = WALL_MS }, &out, &err);
	assert_int_equal(waitpid(waker, NULL, 0), waker);
	if (code != WG_OK)
		fail_msg("%s", err.text);
	uint64_t whose = 0;
	assert_true(wg_num_parse(wg_buf_text(&out), 1, INT32_MAX, &whose));
	assert_int_equal(whose, nest);
}

static void a_nest_is_changed_after_its_runs(void **state)
{
	(void)state;
	uint64_t first = number("nest");
	for (unsigned i = 1; i < WG_NEST_RUNS - 1; i++)
		expect("count", "1");
	assert_int_equal(number("nest"), first);
	assert_true(number("nest") != first);
}

/* A program that cannot wait is started for each run, and how often and why is known until one waits. */
static void what_does_not_wait_is_known(void **state)
{
	(void)state;
	char folder[] = "/tmp/wg-nest-XXXXXX", program[64];
	const char *why = NULL;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(program, sizeof program, "%s/reader", folder);
	assert_int_equal(symlink("/bin/cat", program), 0);
	assert_int_equal(wg_nests_failing(nests, &why), 0);
	assert_string_equal(why, "");
	struct wg_child with = { .program = program, .argv = (const char *const[]){ "reader", NULL } };
	with.nests = nests;
	with.in = "count";
	with.in_len = 5;
	with.wall_ms = ENOUGH_MS;
	with.cpu_s = 20;
	with.memory = (uint64_t)1 << 30;
	for (unsigned i = 1; i <= 2; i++) {
		WG_AUTO_BUF struct wg_buf out = WG_BUF(100);
		assert_int_equal(wg_child_run(&with, &out, NULL), WG_OK);
		assert_string_equal(wg_buf_text(&out), "count");
		assert_int_equal(wg_nests_failing(nests, &why), i);
		assert_non_null(strstr(why, program));
	}
	assert_int_equal(unlink(program), 0);
	assert_int_equal(symlink(PROBE, program), 0);
	WG_AUTO_BUF struct wg_buf out = WG_BUF(100);
	assert_int_equal(wg_child_run(&with, &out, NULL), WG_OK);
	assert_int_equal(wg_nests_failing(nests, &why), 0);
	assert_int_equal(unlink(program), 0);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_is_the_first, begin, end),
		cmocka_unit_test_setup_teardown(surroundings_are_clean, begin, end),
		cmocka_unit_test_setup_teardown(what_ends_one_says_nothing_of_the_next, begin, end),
		cmocka_unit_test_setup_teardown(what_was_ended_is_replaced, begin, end_by_themselves),
		cmocka_unit_test_setup_teardown(what_does_not_wait_is_known, begin, end),
		cmocka_unit_test_setup_teardown(a_slow_nest_is_no_slow_document, begin, end),
		cmocka_unit_test_setup_teardown(a_nest_is_changed_after_its_runs, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
