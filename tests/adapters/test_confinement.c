/* A reader is confined, and was confined before it read its first byte. */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "sys/child.h"
#include "sys/nest.h"

#define PATIENCE_MS 30000

/* The control: the probe works, when its document asks for nothing. */
static void harmless_document_is_answered(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1000);
	struct wg_err err;
	assert_int_equal(run_reader("readers_probe", "nothing", 7, &out, &err), WG_OK);
	assert_string_equal(wg_buf_text(&out), "did nothing: 0");
}

/* Whatever a document makes its reader do, the process dies of it and has said nothing. */
static void misbehaviour_kills(void **state)
{
	(void)state;
	static const char *const deeds[] = { "open", "create", "socket", "unix", "fork", "exec", "kill", "executable" };
	for (size_t i = 0; i < 2 * WG_COUNT(deeds); i++) { /* out of a nest, and started anew: run_reader takes turns */
		const char *deed = deeds[i / 2];
		WG_AUTO_BUF struct wg_buf out = WG_BUF(1000);
		struct wg_err err;
		enum wg_code code = run_reader("readers_probe", deed, strlen(deed), &out, &err);
		if (code == WG_OK)
			fail_msg("%s was not stopped: %s", deed, wg_buf_text(&out));
		assert_int_equal(out.len, 0);
	}
	assert_int_equal(access("/tmp/readers-probe", F_OK), -1);
}

/* The value of a line of /proc/PID/status, or -1. */
static int status_of(pid_t pid, const char *name)
{
	char path[64], line[256];
	int value = -1;
	(void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid); /* fits */
	FILE *f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			value = line[strlen(name) + 2] - '0';
	if (f != NULL)
		(void)fclose(f); /* was only read */
	return value;
}

static pid_t start(const char *name, int *to_child)
{
	char program[512];
	int in[2];
	(void)snprintf(program, sizeof program, "%s/bin/%s", WG_BINARY_DIR, name); /* a cut path does not start */
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(in[0], STDIN_FILENO); /* a failure shows as a reader that ends */
		(void)execl(program, name, (char *)NULL);
		_exit(127);
	}
	(void)close(in[0]); /* the child's end */
	*to_child = in[1];
	return pid;
}

/* While its input stays empty, the kernel already says: filter on, no new privileges. So not one byte was read before.
 */
static void confined_before_the_first_byte(void **state)
{
	(void)state;
	static const char *const readers[] = { "wardgate-reader-mail", "wardgate-reader-xml", "wardgate-reader-pdf",
		                                   "wardgate-reader-csv", "wardgate-reader-xlsx" };
	for (size_t i = 0; i < WG_COUNT(readers); i++) {
		int to_child, status;
		pid_t pid = start(readers[i], &to_child);
		int64_t end = wg_clock_monotonic() + PATIENCE_MS;
		while (status_of(pid, "Seccomp") != 2 && wg_clock_monotonic() < end)
			(void)usleep(1000); /* interrupted is as good */
		assert_int_equal(status_of(pid, "Seccomp"), 2);
		assert_int_equal(status_of(pid, "NoNewPrivs"), 1);
		(void)close(to_child); /* nothing was written: the reader now sees an empty document */
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 65);
	}
}

/* A child of this process that is confined as readers are, which come from a nest with one filter and have one more,
 * and not that one; 0: there is none. */
static pid_t confined_child(pid_t but)
{
	char path[64], list[256] = "";
	(void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid()); /* fits */
	FILE *f = fopen(path, "re");
	const int filters = status_of(getpid(), "Seccomp_filters") + 2; /* whatever these tests run under */
	assert_non_null(f);
	size_t n = fread(list, 1, sizeof list - 1, f);
	(void)fclose(f); /* read only */
	list[n] = '\0';
	char *save = NULL;
	for (char *word = strtok_r(list, " \n", &save); word != NULL; word = strtok_r(NULL, " \n", &save)) {
		uint64_t pid = 0;
		assert_true(wg_num_parse(word, 1, INT32_MAX, &pid));
		if ((pid_t)pid != but && status_of((pid_t)pid, "Seccomp_filters") == filters &&
		    status_of((pid_t)pid, "NoNewPrivs") == 1)
			return (pid_t)pid;
	}
	return 0;
}

/* Out of a nest too, and even before there is a document: after one the next reader waits, confined. */
static void the_next_waits_confined(void **state)
{
	(void)state;
	WG_CLEANUP(wg_nests_freep) struct wg_nests *nests = NULL;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1000);
	struct wg_err err;
	const char *const argv[] = { "wardgate-reader-xml", NULL };
	const struct wg_child child = { .program = WG_BINARY_DIR "/bin/wardgate-reader-xml",
		                            .argv = argv,
		                            .in = "no notice",
		                            .in_len = 9,
		                            .wall_ms = PATIENCE_MS,
		                            .cpu_s = 20,
		                            .memory = (uint64_t)256 << 20 };
	struct wg_child nested = child;
	assert_int_equal(wg_nests_new(&nests, &err), WG_OK);
	nested.nests = nests;
	pid_t before = confined_child(0); /* of the tests above: it waits in the nest of run_reader */
	assert_int_equal(wg_child_run(&nested, &out, &err), WG_REJECT);
	int64_t end = wg_clock_monotonic() + PATIENCE_MS;
	pid_t waits = 0;
	while ((waits = confined_child(before)) == 0 && wg_clock_monotonic() < end)
		(void)usleep(1000); /* interrupted is as good */
	assert_true(waits > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(harmless_document_is_answered),
		cmocka_unit_test(misbehaviour_kills),
		cmocka_unit_test(confined_before_the_first_byte),
		cmocka_unit_test(the_next_waits_confined),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
