/* The watchdog by itself: each of its limits frees whoever waits, and it leaves other people's sockets alone. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "channel/smtp_watch.h"

/* Far away: a limit that no test reaches. */
#define NEVER_MS 600000
#define SOON_MS 200
#define FILL_MAX 64

static int tcp_listen(struct sockaddr_in *at, int backlog)
{
	socklen_t len = sizeof *at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)at, sizeof *at), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
	return fd;
}

static int tcp_connect(const struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)at, sizeof *at), 0);
	return fd;
}

static struct wg_smtp_watch *start(int connect_ms, int total_ms, int silence_ms)
{
	const struct wg_smtp_watch_limits limits = { connect_ms, total_ms, silence_ms };
	struct wg_smtp_watch *watch = NULL;
	struct wg_err err;

	assert_int_equal(wg_smtp_watch_start(&limits, &watch, &err), WG_OK);
	return watch;
}

/* A peer that says nothing: the reader is let go with an end of file, for the limit that is named. */
static void test_limits(void **state)
{
	static const struct {
		int connect_ms, total_ms, silence_ms;
		const char *passed;
	} cases[] = {
		{ NEVER_MS, SOON_MS, NEVER_MS, "total" },
		{ NEVER_MS, NEVER_MS, SOON_MS, "silence" },
		{ SOON_MS, NEVER_MS, NEVER_MS, "connect" },
	};

	(void)state; /* none */
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct sockaddr_in at;
		char byte;
		int listener WG_AUTO_CLOSE = -1;
		listener = tcp_listen(&at, 4);
		const int64_t began = wg_clock_monotonic();
		struct wg_smtp_watch *watch WG_CLEANUP(wg_smtp_watch_stop) =
			start(cases[i].connect_ms, cases[i].total_ms, cases[i].silence_ms);
		int fd WG_AUTO_CLOSE = tcp_connect(&at);
		assert_int_equal(read(fd, &byte, 1), 0);
		assert_true(wg_clock_monotonic() - began >= SOON_MS);
		assert_string_equal(wg_smtp_watch_passed(watch), cases[i].passed);
	}
}

/* A connect that nobody answers, since the listener's queue is full. */
static void test_connect_hangs(void **state)
{
	struct sockaddr_in at;
	int listener WG_AUTO_CLOSE = -1;
	int fill[FILL_MAX];
	int count = 0;

	(void)state; /* none */
	listener = tcp_listen(&at, 0);
	for (bool full = false; !full && count < FILL_MAX; count++) { /* until one is not answered any more */
		fill[count] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		struct pollfd answer = { .fd = fill[count], .events = POLLOUT };
		assert_true(fill[count] >= 0);
		if (connect(fill[count], (const struct sockaddr *)&at, sizeof at) != 0 && errno == EINPROGRESS)
			full = poll(&answer, 1, SOON_MS) == 0;
	}
	assert_true(count < FILL_MAX);
	struct wg_smtp_watch *watch WG_CLEANUP(wg_smtp_watch_stop) = start(SOON_MS, NEVER_MS, NEVER_MS);
	int fd WG_AUTO_CLOSE = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_not_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
	assert_string_equal(wg_smtp_watch_passed(watch), "connect");
	while (count > 0)
		(void)close(fill[--count]); /* they hold nothing */
}

/* Progress holds the silence off; being connected ends that limit; a cut ends all at once. */
static void test_progress_and_cut(void **state)
{
	struct sockaddr_in at;
	char byte = 'x';
	int listener WG_AUTO_CLOSE = tcp_listen(&at, 4);
	struct wg_smtp_watch *watch WG_CLEANUP(wg_smtp_watch_stop) = start(10 * SOON_MS, NEVER_MS, 10 * SOON_MS);
	int fd WG_AUTO_CLOSE = tcp_connect(&at);
	int other WG_AUTO_CLOSE = accept(listener, NULL, NULL);

	(void)state; /* none */
	wg_smtp_watch_connected(watch);
	for (int i = 0; i < 13; i++) { /* longer than either limit */
		assert_int_equal(poll(NULL, 0, SOON_MS), 0);
		wg_smtp_watch_progress(watch);
	}
	assert_null(wg_smtp_watch_passed(watch));
	assert_int_equal(write(other, &byte, 1), 1);
	assert_int_equal(read(fd, &byte, 1), 1);
	wg_smtp_watch_cut(watch);
	assert_int_equal(read(fd, &byte, 1), 0);
	assert_null(wg_smtp_watch_passed(watch));
}

/* What was open before is not the watchdog's; pipes and local sockets are not either. */
static void test_foreign(void **state)
{
	struct sockaddr_in at;
	char byte = 'x';
	int local[2], pipes[2];
	int listener WG_AUTO_CLOSE = tcp_listen(&at, 4);
	int before WG_AUTO_CLOSE = tcp_connect(&at);
	int before_peer WG_AUTO_CLOSE = accept(listener, NULL, NULL);
	struct wg_smtp_watch *watch WG_CLEANUP(wg_smtp_watch_stop) = start(NEVER_MS, NEVER_MS, NEVER_MS);

	(void)state; /* none */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, local), 0);
	assert_int_equal(pipe(pipes), 0);
	wg_smtp_watch_cut(watch);
	assert_int_equal(write(before_peer, &byte, 1), 1);
	assert_int_equal(read(before, &byte, 1), 1);
	assert_int_equal(write(local[0], &byte, 1), 1);
	assert_int_equal(read(local[1], &byte, 1), 1);
	assert_int_equal(write(pipes[1], &byte, 1), 1);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	for (size_t i = 0; i < 2; i++) {
		(void)close(local[i]); /* read from already */
		(void)close(pipes[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_connect_hangs),
		cmocka_unit_test(test_progress_and_cut),
		cmocka_unit_test(test_foreign),
	};

	return cmocka_run_group_tests_name("smtp watchdog", tests, NULL, NULL);
}
