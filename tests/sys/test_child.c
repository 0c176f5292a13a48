/* Tests of sys/child.h: what a child is given, what its end means, and that nothing of it is left. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "sys/child.h"

#define PROBE WG_BINARY_DIR "/bin/sys_probe"
#define ENOUGH_MS 150000

static enum wg_code run(const struct wg_child *with, const char *const *argv, struct wg_buf *out, struct wg_err *err)
{
	struct wg_child spec = *with;
	spec.program = spec.program != NULL ? spec.program : PROBE;
	spec.argv = argv;
	spec.wall_ms = spec.wall_ms != 0 ? spec.wall_ms : ENOUGH_MS;
	spec.cpu_s = spec.cpu_s != 0 ? spec.cpu_s : 20;
	spec.memory = spec.memory != 0 ? spec.memory : (uint64_t)1 << 30;
	return wg_child_run(&spec, out, err);
}

/* The calls of this program, wherever they stand: the next one answers this errno instead; 0: it does what it does. Of
 * reads the first is let be, which hears whether the child has started. */
static int read_fails, write_fails, reads;

ssize_t read(int fd, void *to, size_t n)
{
	if (read_fails == 0 || reads++ == 0)
		return syscall(SYS_read, fd, to, n);
	errno = read_fails;
	read_fails = 0;
	return -1;
}

ssize_t write(int fd, const void *from, size_t n)
{
	if (write_fails == 0)
		return syscall(SYS_write, fd, from, n);
	errno = write_fails;
	write_fails = 0;
	return -1;
}

#define ARGV(...) ((const char *const[]){ PROBE, __VA_ARGS__, NULL })

/* Input of every awkward size comes back whole: empty, around a pipe's 64 KiB, many megabytes. */
static void all_bytes_through(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0, 1, 4096, 65535, 65536, 65537, 9000000 };
	WG_AUTO_FREE uint8_t *in = malloc(9000000);
	assert_non_null(in);
	for (size_t i = 0; i < 9000000; i++)
		in[i] = (uint8_t)(i * 13 + i / 251);
	for (size_t i = 0; i < WG_COUNT(sizes); i++) {
		WG_AUTO_BUF struct wg_buf out = WG_BUF(sizes[i]);
		struct wg_err err;
		if (run(&(struct wg_child){ .in = in, .in_len = sizes[i] }, ARGV("cat"), &out, &err) != WG_OK)
			fail_msg("%s", err.text);
		assert_int_equal(out.len, sizes[i]);
		assert_memory_equal(out.data != NULL ? out.data : in, in, sizes[i]);
	}
}

static void secret_on_descriptor_three(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1000);
	const struct wg_child with = { .in = "input", .in_len = 5, .secret = "the key", .secret_len = 7 };
	assert_int_equal(run(&with, ARGV("secret"), &out, NULL), WG_OK);
	assert_string_equal(wg_buf_text(&out), "the key");
}

/* An open descriptor, an ignored signal and a variable of this process do not reach the child. */
static void surroundings_are_clean(void **state)
{
	(void)state;
	static const char *const fds[] = { "fd 0\nfd 1\nfd 2\n", "fd 0\nfd 1\nfd 2\nfd 3\n" };
	WG_AUTO_CLOSE int leak = open("/dev/null", O_RDONLY); /* without O_CLOEXEC, on purpose */
	assert_true(leak >= 0);
	assert_int_equal(setenv("WG_TEST_CANARY", "1", 1), 0);
	assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	for (int secret = 0; secret < 2; secret++) {
		WG_AUTO_BUF struct wg_buf out = WG_BUF(1000);
		char want[256];
		struct wg_child with = { .secret = secret ? "k" : NULL, .secret_len = (size_t)secret, .cpu_s = 17 };
		assert_int_equal(run(&with, ARGV("surroundings"), &out, NULL), WG_OK);
		(void)snprintf(want, sizeof want,
		               "variables 0\ncwd /\nown group 1\n%sSIGPIPE default 1 blocked 0\ncpu 17 core 0\n",
		               fds[secret]); /* fits */
		assert_string_equal(wg_buf_text(&out), want);
	}
	assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
}

static void ends_and_their_meaning(void **state)
{
	(void)state;
	static const struct {
		const char *argv[5];
		enum wg_code code;
		const char *words;
	} table[] = {
		{ { PROBE, "exit", "65" }, WG_REJECT, "refused without a reason" },
		{ { PROBE, "exit", "3" }, WG_SYSTEM, "exit status 3" },
		{ { PROBE, "say", "line 7: no\nsecond line", "65" }, WG_REJECT, "line 7: no" },
		{ { PROBE, "say", "odd\x1b[31m\r\nx", "65" }, WG_REJECT, "odd?[31m" },
		{ { PROBE, "say", "no disk", "3" }, WG_SYSTEM, "no disk" },
		{ { PROBE, "no-such-mode" }, WG_SYSTEM, "exit status 64" },
		{ { PROBE, "confined", "open" }, WG_SYSTEM, "forbidden system call" },
		{ { PROBE, "confined", "abort" }, WG_LIMIT, "SIGABRT" },
		{ { PROBE, "confined", "cat" }, WG_OK, NULL },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		WG_AUTO_BUF struct wg_buf out = WG_BUF(100);
		struct wg_err err = { .text = "" };
		enum wg_code code = run(&(struct wg_child){ .in = "in", .in_len = 2 }, table[i].argv, &out, &err);
		if (code != table[i].code || (table[i].words != NULL && strstr(err.text, table[i].words) == NULL))
			fail_msg("row %zu: %s \"%s\"", i, wg_code_name(code), err.text);
		assert_null(strstr(err.text, "second line"));
		assert_string_equal(wg_buf_text(&out), code == WG_OK ? "in" : "");
	}
}

static void limits_end_it(void **state)
{
	(void)state;
	static const struct {
		const char *mode;
		struct wg_child with;
		size_t output;
		const char *words;
	} table[] = {
		{ "sleep", { .wall_ms = 200 }, 10, "longer than 200 ms" },
		{ "grandchild-and-wait", { .wall_ms = 400 }, 100, "longer than 400 ms" },
		{ "flood", { .wall_ms = ENOUGH_MS }, 100000, "more than 100000 bytes" },
		{ "flood", { .wall_ms = ENOUGH_MS }, 0, "more than 0 bytes" },
		{ "spin", { .cpu_s = 1 }, 10, "processor time" },
#if !defined(__SANITIZE_ADDRESS__) && !defined(__clang__) /* the sanitizer's build has no such limit: see the header \
                                                           */
		{ "eat", { .memory = (uint64_t)64 << 20 }, 10, "out of memory" },
#endif
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		WG_AUTO_BUF struct wg_buf out = WG_BUF(table[i].output);
		struct wg_err err;
		int64_t begin = wg_clock_monotonic();
		enum wg_code code = run(&table[i].with, ARGV(table[i].mode), &out, &err);
		if (code != WG_LIMIT || strstr(err.text, table[i].words) == NULL)
			fail_msg("%s: %s \"%s\"", table[i].mode, wg_code_name(code), err.text);
		assert_true(wg_clock_monotonic() - begin < ENOUGH_MS); /* it did not take what the child would have */
		assert_int_equal(out.len, 0);
	}
}

/* The output is whole although a grandchild holds the pipe, and the grandchild is gone. */
static void group_is_gone(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(100);
	struct wg_err err;
	uint64_t pid = 0;
	int status = 0;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); /* orphans come to this process */
	if (run(&(struct wg_child){ 0 }, ARGV("grandchild"), &out, &err) != WG_OK)
		fail_msg("%s", err.text);
	assert_true(wg_num_parse(wg_buf_text(&out), 2, INT32_MAX, &pid));
	assert_int_equal(waitpid((pid_t)pid, &status, 0), (pid_t)pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing else is left either */
}

/* A child that reads nothing: no SIGPIPE here, no descriptor lost, and the signal mask as it was. */
static void unread_input_does_no_harm(void **state)
{
	(void)state;
	WG_AUTO_FREE char *in = calloc(1, 1000000);
	assert_non_null(in);
	int before = dup(0);
	(void)close(before); /* only its number is wanted */
	for (int i = 0; i < 20; i++) {
		WG_AUTO_BUF struct wg_buf out = WG_BUF(10);
		const struct wg_child with = { .in = in, .in_len = 1000000, .secret = in, .secret_len = 1000000 };
		assert_int_equal(run(&with, ARGV("exit", "65"), &out, NULL), WG_REJECT);
	}
	int after = dup(0);
	(void)close(after);
	assert_int_equal(after, before);
	sigset_t mask, pending;
	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
	assert_int_equal(sigpending(&pending), 0);
	assert_int_equal(sigismember(&mask, SIGPIPE), 0);
	assert_int_equal(sigismember(&pending, SIGPIPE), 0);
}

static void cannot_be_started(void **state)
{
	(void)state;
	static const char *const programs[] = { "/no/such/program", "/etc/passwd", "/tmp" };
	for (size_t i = 0; i < WG_COUNT(programs); i++) {
		WG_AUTO_BUF struct wg_buf out = WG_BUF(10);
		struct wg_err err;
		assert_int_equal(run(&(struct wg_child){ .program = programs[i] }, ARGV("x"), &out, &err), WG_SYSTEM);
		assert_non_null(strstr(err.text, programs[i]));
		assert_non_null(strstr(err.text, "exec"));
	}
}

/* Every call on the way fails once, in the parent or in the child: a clean error, never a hang. */
static void any_call_fails(void **state)
{
	(void)state;
	static const char *const table[] = {
		"inject=pipe2:error=EMFILE:when=1", "inject=pipe2:error=EMFILE:when=3", "inject=pipe2:error=EMFILE:when=5",
		"inject=clone:error=EAGAIN:when=1", "inject=pidfd_open:error=EMFILE",   "inject=poll:error=ENOMEM",
		"inject=dup2:error=EBUSY:when=2",   "inject=close_range:error=EINVAL",  "inject=chdir:error=EACCES",
		"inject=prctl:error=EPERM:when=2",  "inject=setpgid:error=EPERM",       "inject=fcntl:error=EMFILE:when=1",
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		WG_AUTO_BUF struct wg_buf out = WG_BUF(4096);
		struct wg_err err = { .text = "" };
		const char *const argv[] = { "strace", "-f", "-o", "/dev/null", "-e", table[i], PROBE, "nested", NULL };
		const struct wg_child with = { .program = "/usr/bin/strace", .memory = (uint64_t)4 << 30 };
		enum wg_code code = run(&with, argv, &out, &err);
		if (code != WG_OK || strncmp(wg_buf_text(&out), "system ", 7) != 0)
			fail_msg("%s: %s \"%s\" \"%s\"", table[i], wg_code_name(code), err.text, wg_buf_text(&out));
	}
	WG_AUTO_BUF struct wg_buf out = WG_BUF(4096);
	const char *const argv[] = { "strace", "-f",     "-o", "/dev/null", "-e", "inject=poll:error=EINTR:when=1",
		                         PROBE,    "nested", NULL };
	const struct wg_child with = { .program = "/usr/bin/strace", .memory = (uint64_t)4 << 30 };
	assert_int_equal(run(&with, argv, &out, NULL), WG_OK);
	assert_string_equal(wg_buf_text(&out), "ok in");
}

/* What is missing because a pipe failed is not the program's word: neither the end of what it says, nor what it makes
 * of half of its input. */
static void pipe_fails(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		WG_AUTO_BUF struct wg_buf out = WG_BUF(200000);
		struct wg_err err = { .text = "" };
		const struct wg_child with = { .in = "a document", .in_len = 10 };
		reads = 0;
		*(i % 2 == 0 ? &read_fails : &write_fails) = i < 2 ? EIO : EINTR;
		enum wg_code code = run(&with, ARGV("cat"), &out, &err);
		if (code != (i < 2 ? WG_SYSTEM : WG_OK))
			fail_msg("%d: %s: %s, \"%s\"", i, wg_code_name(code), err.text, wg_buf_text(&out));
		assert_int_equal(out.len, i < 2 ? 0 : 10);
		assert_int_equal(read_fails + write_fails, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_bytes_through),
		cmocka_unit_test(secret_on_descriptor_three),
		cmocka_unit_test(surroundings_are_clean),
		cmocka_unit_test(ends_and_their_meaning),
		cmocka_unit_test(limits_end_it),
		cmocka_unit_test(group_is_gone),
		cmocka_unit_test(unread_input_does_no_harm),
		cmocka_unit_test(cannot_be_started),
		cmocka_unit_test(any_call_fails),
		cmocka_unit_test(pipe_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
