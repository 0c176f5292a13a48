/* Workers: whatever happens to one, its deliveries come back, and what was not said whole may have arrived. */
#include "gate.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../own_port.h"
#include "base/clock.h"
#include "base/mem.h"
#include "role/courier.h"
#include "role/worker.h"

#define LONG_MS 60000 /* longer than the test may take */

static struct wg_config *config;
static struct wg_directory *directory;
static int listener = -1;

/* The directory's HTTPS desk is a server that takes connections and never says a word. */
static int setup(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int yes = 1;
	char url[64];
	address.sin_port = htons(own_port()); /* nobody else listens there when this one ends */
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (gate_setup(state) != 0 || listener < 0 ||
	    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
	    bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 64) != 0)
		return -1;
	(void)snprintf(url, sizeof url, "https://localhost:%u/in", ntohs(address.sin_port)); /* fits */
	char *text = gate_directory("https://localhost:9/v1/notices", url);
	(void)gate_write("directory.xml", text);
	free(text);
	config = gate_load();
	if (wg_directory_load(config->directory, config->paths.xsd, &directory, &pki_err) != WG_OK) {
		print_error("%s\n", pki_err.text);
		return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	wg_directory_freep(&directory);
	free(config);
	wg_closep(&listener);
	return pki_teardown(state);
}

static struct wg_dlv_job *jobs_of(unsigned count)
{
	struct wg_dlv_job *jobs = calloc(count, sizeof *jobs);
	assert_non_null(jobs);
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(jobs[i].message, sizeof jobs[i].message, "01k9tess00examp1e0m1ss1ng%u", i % 10);     /* fits */
		(void)snprintf(jobs[i].reference, sizeof jobs[i].reference, "%s.derbyshire.desk", jobs[i].message); /* fits */
		jobs[i].envelope = (uint8_t *)strdup("sealed");
		assert_non_null(jobs[i].envelope);
		jobs[i].envelope_len = 6;
	}
	return jobs;
}

/* What was told so far. */
static struct wg_send_result results[32];
static unsigned told_count;

static void told(void *arg, const struct wg_dlv_job *job, const struct wg_send_result *result)
{
	(void)arg;
	assert_true(told_count < WG_COUNT(results));
	assert_memory_equal(job->envelope, "sealed", 6); /* still there */
	results[told_count++] = *result;
}

static void give(struct wg_worker *w, const char *organisation, unsigned count, int64_t time_ms)
{
	const struct wg_organisation *o = wg_directory_find(directory, organisation);
	wg_worker_give(w, o, &o->desks[0], jobs_of(count), count, time_ms);
	told_count = 0;
}

static void start(struct wg_worker *w, const char *organisation, unsigned count, int64_t time_ms)
{
	const struct wg_organisation *o = wg_directory_find(directory, organisation);
	if (wg_worker_start(w, config, o, &o->desks[0], &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	give(w, organisation, count, time_ms);
}

static void step_until(struct wg_worker *w, unsigned wanted)
{
	while (told_count < wanted) {
		struct pollfd fd = { .fd = w->fd, .events = POLLIN };
		assert_true(poll(&fd, 1, 20) >= 0);
		wg_worker_step(w, wg_clock_monotonic(), told, NULL);
	}
}

/* The worker has ended and is reaped; all count are deferred, the first `begun` of them as wanted. */
static void ended(const struct wg_worker *w, pid_t pid, unsigned count, unsigned begun, const char *words)
{
	assert_int_equal(w->pid, 0);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	assert_int_equal(told_count, count);
	for (unsigned i = 0; i < count; i++)
		if (results[i].what != WG_SENT_DEFER || results[i].maybe != (i < begun) ||
		    strstr(results[i].detail, i < begun ? words : "not tried") == NULL)
			fail_msg("%u: what %d, maybe %d: %s", i, results[i].what, results[i].maybe, results[i].detail);
}

/* It would wait for the silent server for a minute: killed when its time is over. The first copy may have gone, the
 * others were not begun. */
static void test_hangs(void **state)
{
	(void)state;
	struct wg_worker w;
	start(&w, "derbyshire", 3, LONG_MS);
	pid_t pid = w.pid;
	wg_worker_step(&w, wg_clock_monotonic(), told, NULL);
	assert_int_equal(told_count, 0);
	int there = accept(listener, NULL, NULL); /* it has begun with the first */
	assert_true(there >= 0);
	while (told_count < 3) {
		struct pollfd fd = { .fd = w.fd, .events = POLLIN };
		assert_true(poll(&fd, 1, 20) >= 0);
		wg_worker_step(&w, wg_clock_monotonic() + LONG_MS, told, NULL);
	}
	(void)close(there);
	ended(&w, pid, 3, 1, "signal 9");
}

static void test_killed(void **state)
{
	(void)state;
	struct wg_worker w;
	start(&w, "derbyshire", 2, LONG_MS);
	pid_t pid = w.pid;
	assert_int_equal(kill(pid, SIGKILL), 0);
	step_until(&w, 2);
	/* whether the first copy was handed over to the worker before it died is chance: deferred either way */
	assert_int_equal(w.pid, 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(results[i].what, WG_SENT_DEFER);
	assert_false(results[1].maybe);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
}

/* A refusal to connect is said whole: nothing was sent, and that is known. The worker is idle then, and good for more.
 */
static void test_says_all(void **state)
{
	(void)state;
	struct wg_worker w;
	wg_closep(&listener); /* from here on nobody listens there */
	start(&w, "derbyshire", 2, LONG_MS);
	pid_t pid = w.pid;
	for (unsigned round = 0; round < 3; round++) {
		step_until(&w, 2);
		for (unsigned i = 0; i < 2; i++)
			if (results[i].what != WG_SENT_DEFER || results[i].maybe || strstr(results[i].detail, "not tried") != NULL)
				fail_msg("%s", results[i].detail);
		assert_int_equal(w.pid, pid);
		assert_int_equal(w.count, 0);
		assert_string_equal(w.recipient, "");
		if (round < 2)
			give(&w, "derbyshire", 2, LONG_MS);
	}
	wg_worker_dismiss(&w);
	assert_int_equal(w.pid, 0);
	while (waitpid(pid, NULL, WNOHANG) == 0) { /* it goes by itself, and is reaped by whoever looks first */
		wg_workers_reap(wg_clock_monotonic());
		(void)poll(NULL, 0, 5); /* only a pause */
	}
	wg_workers_reap(wg_clock_monotonic() + LONG_MS);
}

/* The pipe's other end stands for the store's socket: closed by the parent, nobody has it any more, though the worker
 * still runs. */
static void test_lets_go(void **state)
{
	(void)state;
	struct wg_worker w;
	int store[2];
	char byte;
	assert_int_equal(pipe2(store, O_CLOEXEC), 0);
	start(&w, "derbyshire", 1, LONG_MS);
	pid_t pid = w.pid;
	wg_closep(&store[1]);
	struct pollfd fd = { .fd = store[0], .events = POLLIN };
	assert_int_equal(poll(&fd, 1, LONG_MS), 1);
	assert_int_equal(read(store[0], &byte, 1), 0);
	assert_int_equal(kill(pid, 0), 0);
	wg_closep(&store[0]);
	wg_worker_kill(&w, told, NULL);
	assert_int_equal(told_count, 1);
	assert_int_equal(w.pid, 0);
}

/* ---- what a worker may say: made by hand */

static void put_result(struct wg_buf *b, enum wg_sent what)
{
	static const struct wg_session_counts counts = { 1, 0, 7 };
	struct wg_buf answer = WG_BUF(WG_COURIER_ANSWER_MAX);
	const struct wg_send_result result = { .what = what, .detail = "said", .receipt = "receipt" };
	wg_courier_put_result(&answer, &result, &counts);
	wg_buf_bytes(b, answer.data, answer.len);
	wg_buf_free(&answer);
}

/* A child that writes len bytes `times` over, then exits with status; -1: it stays. */
static struct wg_worker speaker(const void *bytes, size_t len, unsigned long times, int status, unsigned count)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char taken[256];
		wg_closep(&ends[0]);
		if (recv(ends[1], taken, 1, 0) != 1) /* nobody answers before he is asked */
			_exit(4);
		while (times-- > 0)
			if (send(ends[1], bytes, len, MSG_NOSIGNAL) != (ssize_t)len)
				_exit(3);
		while (status < 0)
			(void)pause();                /* returns at a signal only, and then waits on */
		(void)shutdown(ends[1], SHUT_WR); /* a child's own end: what it does to it harms nobody */
		/* our copies are taken, so that closing loses none of what was said */
		while (recv(ends[1], taken, sizeof taken, 0) > 0)
			;
		_exit(status);
	}
	wg_closep(&ends[1]);
	struct wg_worker w = {
		.pid = pid, .fd = ends[0], .out = WG_BUF(4096), .said = WG_BUF(64 * (size_t)WG_COURIER_ANSWER_MAX)
	};
	const struct wg_organisation *o = wg_directory_find(directory, "derbyshire");
	wg_worker_give(&w, o, &o->desks[0], jobs_of(count), count, LONG_MS);
	told_count = 0;
	return w;
}

static void test_said(void **state)
{
	(void)state;
	struct wg_buf two = WG_BUF(2048);
	put_result(&two, WG_SENT_OK);
	size_t one = two.len;
	put_result(&two, WG_SENT_REFUSED);
	/* whole, and cut at every byte */
	for (size_t n = 0; n <= two.len; n++) {
		struct wg_worker w = speaker(two.data, n, n > 0, 0, 2);
		step_until(&w, 2);
		assert_int_equal(results[0].what, n >= one ? WG_SENT_OK : WG_SENT_DEFER);
		assert_int_equal(results[1].what, n == two.len ? WG_SENT_REFUSED : WG_SENT_DEFER);
		while (w.pid != 0)
			wg_worker_step(&w, wg_clock_monotonic(), told, NULL);
		assert_int_equal(told_count, 2);
	}
	wg_buf_free(&two);
}

static void said_badly(const void *bytes, size_t len, unsigned long times, unsigned count)
{
	struct wg_worker w = speaker(bytes, len, times, 0, count);
	while (w.pid != 0)
		wg_worker_step(&w, wg_clock_monotonic(), told, NULL);
	assert_int_equal(told_count, count);
}

static void test_said_badly(void **state)
{
	(void)state;
	static const char noise[4096] = { 0x7f };
	struct wg_buf one = WG_BUF(1024), unknown = WG_BUF(1024);
	put_result(&one, WG_SENT_OK);
	put_result(&unknown, (enum wg_sent)(WG_SENT_REFUSED + 1));
	said_badly(one.data, one.len, 2, 1); /* more answers than questions: the first one counts */
	assert_int_equal(results[0].what, WG_SENT_OK);
	said_badly(unknown.data, unknown.len, 1, 1);
	assert_true(results[0].what == WG_SENT_DEFER && results[0].maybe);
	said_badly(noise, sizeof noise, ~0ul, 2); /* it never stops talking */
	assert_true(results[0].what == WG_SENT_DEFER && results[0].maybe && results[1].what == WG_SENT_DEFER);
	struct wg_worker w = speaker(one.data, one.len, 1, -1, 1); /* it is done; told to go, it stays */
	pid_t pid = w.pid;
	step_until(&w, 1);
	assert_int_equal(results[0].what, WG_SENT_OK);
	assert_int_equal(w.counts.reused, 7);
	assert_int_equal(w.pid, pid);
	wg_worker_dismiss(&w);
	wg_workers_reap(wg_clock_monotonic());
	assert_int_equal(kill(pid, 0), 0);
	while (kill(pid, 0) == 0)
		wg_workers_reap(wg_clock_monotonic() + LONG_MS);
	wg_buf_free(&one);
	wg_buf_free(&unknown);
}

/* Nobody can say what became of a copy that he has in part: such a worker is not believed at all. */
static void test_said_early(void **state)
{
	(void)state;
	const size_t large = (size_t)8 << 20; /* more than any socket holds */
	struct wg_buf one = WG_BUF(1024);
	put_result(&one, WG_SENT_OK);
	struct wg_worker w = speaker(one.data, one.len, 1, -1, 2);
	for (unsigned i = 0; i < 2; i++) {
		free(w.jobs[i].envelope);
		w.jobs[i].envelope = calloc(1, large);
		assert_non_null(w.jobs[i].envelope);
		memcpy(w.jobs[i].envelope, "sealed", 6);
		w.jobs[i].envelope_len = large;
	}
	while (w.pid != 0)
		wg_worker_step(&w, wg_clock_monotonic(), told, NULL);
	assert_int_equal(told_count, 2);
	assert_true(results[0].what == WG_SENT_DEFER && results[0].maybe && results[1].what == WG_SENT_DEFER);
	wg_buf_free(&one);
}

/* ---- what the log says of a session */

/* Lets a worker for target, which said one result, go; what the log got of it, NUL-terminated. */
static void log_of(const char *target, bool says, bool kill, char *out, size_t size)
{
	struct wg_buf one = WG_BUF(1024);
	int ends[2], before = dup(STDERR_FILENO);
	put_result(&one, WG_SENT_OK);
	struct wg_worker w = speaker(one.data, one.len, says, -1, 1);
	pid_t pid = w.pid;
	(void)snprintf(w.target, sizeof w.target, "%s", target); /* fits */
	assert_true(before >= 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	if (says)
		step_until(&w, 1);
	if (kill || !says)
		wg_worker_kill(&w, told, NULL);
	else
		wg_worker_dismiss(&w);
	assert_int_equal(dup2(before, STDERR_FILENO), STDERR_FILENO);
	wg_closep(&before);
	wg_closep(&ends[1]);
	ssize_t n = read(ends[0], out, size - 1); /* one line is one write */
	assert_true(n >= 0);
	out[n] = '\0';
	wg_closep(&ends[0]);
	while (waitpid(pid, NULL, WNOHANG) == 0)
		wg_workers_reap(wg_clock_monotonic() + LONG_MS);
	wg_buf_free(&one);
}

/* The kind and four numbers, and nothing that says who or where: a desk's address, its domain, the server's words. */
static void test_log(void **state)
{
	(void)state;
	static const struct {
		const char *target, *kind;
	} rows[] = {
		{ "mail", "mail" },
		{ "mail canary.example", "mail" },
		{ "mesh", "mesh" },
		{ "canary/front-door", "https" },
		{ "mailroom/canary", "https" },
		{ "mesh-canary/desk", "https" },
	};
	char line[1024], wanted[256];
	for (size_t i = 0; i < 2 * WG_COUNT(rows); i++) {
		log_of(rows[i / 2].target, true, i % 2, line, sizeof line);
		(void)snprintf(wanted, sizeof wanted,
		               "\"event\":\"session\",\"target\":\"%s\",\"copies\":\"1\",\"connections\":\"1\","
		               "\"resumed\":\"0\",\"reused\":\"7\"}\n",
		               rows[i / 2].kind); /* fits */
		const char *at = strstr(line, "\"event\"");
		assert_non_null(at);
		assert_string_equal(at, wanted); /* whole: there is nothing else */
		assert_null(strstr(line, "canary"));
		assert_null(strchr(line, '@'));
	}
	log_of("mail", false, true, line, sizeof line);
	assert_string_equal(line, ""); /* it never said how its session went */
}

/* The longest batch ends before the lease of its copies does. */
static void test_time(void **state)
{
	(void)state;
	assert_true(WG_WORKER_BATCH * WG_WORKER_TIME_MS < WG_STORE_LEASE_DELIVERY_MS);
}

/* Who shares a session, and who never does. */
static void test_target(void **state)
{
	(void)state;
	char a[WG_WORKER_TARGET], b[WG_WORKER_TARGET];
	struct wg_config direct = { .mail_out = { .direct = true } }, smarthost = { .mail_out = { .host = "mx.test" } };
	struct wg_organisation o = { .id = "one" }, p = { .id = "two" };
	struct wg_desk mail = { .name = "d", .channel = WG_CHANNEL_MAIL, .address = "a@x.example" };
	struct wg_desk other = { .name = "e", .channel = WG_CHANNEL_MAIL, .address = "a@y.example" };
	struct wg_desk push = { .name = "d", .channel = WG_CHANNEL_HTTPS };
	wg_worker_target(&smarthost, &o, &mail, a);
	wg_worker_target(&smarthost, &p, &other, b);
	assert_string_equal(a, b);
	wg_worker_target(&direct, &o, &mail, a);
	wg_worker_target(&direct, &p, &other, b);
	assert_string_not_equal(a, b);
	wg_worker_target(&smarthost, &o, &push, a);
	wg_worker_target(&smarthost, &p, &push, b);
	assert_string_not_equal(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hangs),      cmocka_unit_test(test_killed),
		cmocka_unit_test(test_lets_go),    cmocka_unit_test(test_said),
		cmocka_unit_test(test_said_badly), cmocka_unit_test(test_said_early),
		cmocka_unit_test(test_target),     cmocka_unit_test(test_log),
		cmocka_unit_test(test_says_all), /* last: it takes the server away */
		cmocka_unit_test(test_time),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
