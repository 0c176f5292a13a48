/* The server of metrics and health, over its Unix socket: what it answers, and how many it lets in. */
#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "channel/plain_httpd.h"

#define WAIT_MS 120000 /* only against a hung test */
/* As in plain_httpd.c, and some more. */
#define LET_IN 32
#define MORE 8

static char folder[] = "/tmp/wardgate-test-XXXXXX";
static struct sockaddr_un where = { .sun_family = AF_UNIX };
static pid_t server;

static int serve(void *arg, const char *path, struct wg_buf *body, const char **type)
{
	(void)arg, (void)type; /* part of the signature */
	wg_buf_puts(body, path);
	return strcmp(path, "/metrics") == 0 ? 200 : 404;
}

static void stop(evutil_socket_t fd, short what, void *base)
{
	(void)fd, (void)what;
	(void)event_base_loopexit(base, NULL); /* teardown notices a loop that goes on */
}

static _Noreturn void run(int ready)
{
	struct event_base *base = event_base_new();
	struct event *end = evsignal_new(base, SIGTERM, stop, base);
	struct wg_plain_httpd *httpd = NULL;
	struct wg_err err = { 0 };
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || event_add(end, NULL) != 0 ||
	    wg_plain_httpd_start(base, where.sun_path, NULL, 0, serve, NULL, &httpd, &err) != WG_OK ||
	    write(ready, "", 1) != 1)
		_exit(90);
	(void)event_base_dispatch(base); /* ends by SIGTERM only */
	wg_plain_httpd_freep(&httpd);
	event_free(end);
	event_base_free(base);
	exit(0); /* not _exit: a leak checker has its say */
}

static int setup(void **state)
{
	int ends[2];
	char byte;
	(void)state;
	if (mkdtemp(folder) == NULL || pipe(ends) != 0)
		return -1;
	(void)snprintf(where.sun_path, sizeof where.sun_path, "%s/monitor.sock", folder);
	server = fork();
	if (server == 0)
		run(ends[1]);
	(void)close(ends[1]);
	bool started = server > 0 && read(ends[0], &byte, 1) == 1;
	(void)close(ends[0]);
	return started ? 0 : -1;
}

static int teardown(void **state)
{
	int status = -1;
	(void)state;
	(void)kill(server, SIGTERM); /* it is there, or the wait fails */
	bool clean = waitpid(server, &status, 0) == server && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return clean && access(where.sun_path, F_OK) != 0 && rmdir(folder) == 0 ? 0 : -1;
}

static int connect_there(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&where, sizeof where), 0);
	return fd;
}

/* True when the other side has closed. */
static bool is_over(int fd, int wait_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char byte;
	if (poll(&p, 1, wait_ms) == 0)
		return false;
	return recv(fd, &byte, 1, MSG_DONTWAIT) <= 0 && errno != EAGAIN;
}

/* The status that is answered; "" when there is none. */
static const char *ask(const char *request)
{
	static char answer[1024];
	size_t len = 0;
	int fd = connect_there();
	(void)send(fd, request, strlen(request), MSG_NOSIGNAL); /* it may be closed already: then nothing is read */
	for (ssize_t n; len < sizeof answer - 1 && (n = read(fd, answer + len, sizeof answer - 1 - len)) > 0;)
		len += (size_t)n; /* to its end: no connection is kept */
	(void)close(fd);
	answer[len] = '\0';
	if (strncmp(answer, "HTTP/1.1 ", 9) != 0)
		return "";
	answer[12] = '\0';
	return answer + 9;
}

static void test_answers(void **state)
{
	(void)state;
	static const struct {
		const char *first, *status;
	} rows[] = {
		{ "GET /metrics HTTP/1.1", "200" },
		{ "GET /metrics?x=1 HTTP/1.0", "200" },
		{ "GET /metrics?? HTTP/1.1", "200" },
		{ "GET /other HTTP/1.1", "404" },
		{ "GET / HTTP/1.1", "404" },
		{ "POST /metrics HTTP/1.1", "501" },
		{ "GET metrics HTTP/1.1", "400" },
		{ "GET /metrics", "400" },
		{ "GET  HTTP/1.1", "400" },
		{ "GET /metrics HTTPS/1", "400" },
		{ "", "400" },
		{ " ", "400" },
		{ "/metrics HTTP/1.1 GET ", "400" },
		{ "\r", "400" },
		{ "get /metrics HTTP/1.1", "501" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char request[128];
		(void)snprintf(request, sizeof request, "%s\r\nHost: x\r\n\r\n", rows[i].first);
		const char *status = ask(request);
		if (strcmp(status, rows[i].status) != 0)
			fail_msg("%s: %s", rows[i].first, status);
	}
}

/* Whoever opens connections and says nothing does not take the monitor's descriptors. */
static void test_too_many(void **state)
{
	int fds[LET_IN + MORE];
	(void)state;
	for (size_t i = 0; i < LET_IN + MORE; i++)
		fds[i] = connect_there();
	for (size_t i = LET_IN; i < LET_IN + MORE; i++)
		assert_true(is_over(fds[i], WAIT_MS));
	for (size_t i = 0; i < LET_IN; i++)
		assert_false(is_over(fds[i], 0));
	for (size_t i = 0; i < LET_IN + MORE; i++)
		(void)close(fds[i]);
	const struct timespec moment = { .tv_nsec = 20 * 1000 * 1000 };
	const char *status = "";
	for (int i = 0; i < WAIT_MS / 20 && strcmp(status, "200") != 0; i++) {
		(void)nanosleep(&moment, NULL); /* until it has seen that they went */
		status = ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	}
	assert_string_equal(status, "200");
}

/* A process that hangs holds the socket: said at once, not waited for. */
static void test_busy_socket(void **state)
{
	char path[sizeof where.sun_path];
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct wg_plain_httpd *httpd = NULL;
	struct wg_err err = { 0 };
	int clients[8], fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)state;
	(void)snprintf(path, sizeof path, "%s/hangs.sock", folder);
	memcpy(at.sun_path, path, sizeof path);
	assert_true(fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 0) == 0);
	for (size_t i = 0; i < 8; i++) { /* until the queue is full */
		clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)connect(clients[i], (const struct sockaddr *)&at, sizeof at);
	}
	struct event_base *base = event_base_new();
	(void)alarm(WAIT_MS / 1000); /* waiting is the failure */
	assert_int_equal(wg_plain_httpd_start(base, path, NULL, 0, serve, NULL, &httpd, &err), WG_CONFIG);
	(void)alarm(0);
	assert_non_null(strstr(err.text, "another process"));
	event_base_free(base);
	for (size_t i = 0; i < 8; i++)
		(void)close(clients[i]);
	(void)close(fd);
	assert_int_equal(unlink(path), 0); /* it was left where it is */
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_answers), cmocka_unit_test(test_too_many),
		                                cmocka_unit_test(test_busy_socket) };
	return cmocka_run_group_tests(tests, setup, teardown);
}
