/* A listener without a descriptor left: said, no busy loop, and it goes on by itself when there is one again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "channel/loop.h"

static unsigned told, taken;
static char last[256];

static void on_fault(const char *words)
{
	told++;
	(void)snprintf(last, sizeof last, "%s", words); /* cut is fine */
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
	(void)listener, (void)from, (void)len, (void)arg;
	taken++;
	(void)close(fd); /* it was only accepted */
}

static int dial(unsigned short port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

static void test_no_descriptor(void **state)
{
	(void)state;
	struct event_base *base = event_base_new();
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	struct evconnlistener *listener = evconnlistener_new_bind(
		base, on_accept, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 4, (struct sockaddr *)&at, sizeof at);
	assert_non_null(listener);
	assert_int_equal(getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&at, &len), 0);
	wg_loop_faults(on_fault);
	wg_loop_silence();
	struct wg_accept *accept = wg_accept_new(base, listener);
	assert_non_null(accept);
	int client = dial(at.sin_port);
	struct rlimit before, none;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	/* turns of the loop, whatever they are for: with the pause each is an accept or the end of a pause */
	for (int i = 0; i < 6; i++)
		assert_true(event_base_loop(base, EVLOOP_ONCE) >= 0);
	assert_in_range(told, 2, 3);
	assert_int_equal(taken, 0);
	assert_string_equal(last, "a connection cannot be taken: Too many open files");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (int i = 0; i < 6 && taken == 0; i++)
		assert_true(event_base_loop(base, EVLOOP_ONCE) >= 0);
	assert_int_equal(taken, 1);
	wg_closep(&client);
	wg_accept_freep(&accept);
	wg_loop_faults(NULL);
	evconnlistener_free(listener);
	event_base_free(base);
}

static void never(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
	fail();
}

/* A socket that the kernel does not watch: here a file, which it cannot. */
static void test_not_watched(void **state)
{
	(void)state;
	struct event_base *base = event_base_new();
	FILE *file = tmpfile();
	assert_non_null(file);
	told = 0;
	wg_loop_faults(on_fault);
	wg_loop_silence();
	struct event *e = event_new(base, fileno(file), EV_READ, never, NULL);
	assert_non_null(e);
	assert_int_equal(event_add(e, NULL), -1);
	assert_int_equal(told, 1);
	assert_memory_equal(last, "Epoll ", 6);
	wg_loop_faults(NULL);
	event_free(e);
	(void)fclose(file);
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_no_descriptor), cmocka_unit_test(test_not_watched) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
