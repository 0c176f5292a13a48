/* Workers: whatever happens to one, its deliveries come back, and what was not said whole may have arrived. */
#include "gate.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "role/worker.h"

#define LONG_MS 60000 /* longer than the test may take */

static struct wg_config *config;
static struct wg_directory *directory;
static int listener = -1;

/* The directory's HTTPS desk is a server that takes connections and never says a word. */
static int setup(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	char url[64];
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (gate_setup(state) != 0 || listener < 0 || bind(listener, (struct sockaddr *)&address, len) != 0 ||
	    listen(listener, 64) != 0 || getsockname(listener, (struct sockaddr *)&address, &len) != 0)
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
		(void)snprintf(jobs[i].message, sizeof jobs[i].message, "01k9tess00examp1e0m1ss1ng%u", i % 10); /* fits */
		jobs[i].envelope = (uint8_t *)strdup("sealed");
		assert_non_null(jobs[i].envelope);
		jobs[i].envelope_len = 6;
	}
	return jobs;
}

static void start(struct wg_worker *w, const char *organisation, unsigned count, int64_t time_ms)
{
	const struct wg_organisation *o = wg_directory_find(directory, organisation);
	struct wg_dlv_job *jobs = jobs_of(count);
	if (wg_worker_start(w, config, o, &o->desks[0], jobs, count, time_ms, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
}

/* Polls to the end, then looks at all results: deferred, and `maybe` as wanted. */
static void finish(struct wg_worker *w, bool maybe, const char *words)
{
	struct wg_send_result results[16];
	struct wg_dlv_job *jobs = w->jobs;
	unsigned count = w->count;
	pid_t pid = w->pid;
	while (!wg_worker_poll(w, wg_clock_monotonic())) {
		struct pollfd fd = { .fd = w->fd, .events = POLLIN };
		assert_true(poll(&fd, 1, 20) >= 0);
	}
	wg_worker_finish(w, results);
	assert_int_equal(w->pid, 0);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1); /* reaped */
	for (unsigned i = 0; i < count; i++) {
		if (results[i].what != WG_SENT_DEFER || results[i].maybe != maybe || strstr(results[i].detail, words) == NULL)
			fail_msg("%u: what %d, maybe %d: %s", i, results[i].what, results[i].maybe, results[i].detail);
	}
	wg_dlv_jobs_free(jobs, count);
}

/* It would wait for the silent server for a minute: killed when its time is over, and all of its batch may have gone.
 */
static void test_hangs(void **state)
{
	(void)state;
	struct wg_worker w;
	start(&w, "derbyshire", 3, 300);
	assert_false(wg_worker_poll(&w, wg_clock_monotonic()));
	finish(&w, true, "signal 9");
}

static void test_killed(void **state)
{
	(void)state;
	struct wg_worker w;
	start(&w, "derbyshire", 2, LONG_MS);
	assert_int_equal(kill(w.pid, SIGKILL), 0);
	finish(&w, true, "signal 9");
}

/* A refusal to connect is said whole: nothing was sent, and that is known. Port 2525 of the mail server is closed, or
 * whoever listens there has no certificate of ours. */
static void test_says_all(void **state)
{
	(void)state;
	struct wg_worker w;
	wg_closep(&listener); /* from here on nobody listens there */
	start(&w, "derbyshire", 2, LONG_MS);
	finish(&w, false, "");
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
	wg_closep(&store[1]);
	struct pollfd fd = { .fd = store[0], .events = POLLIN };
	assert_int_equal(poll(&fd, 1, LONG_MS), 1);
	assert_int_equal(read(store[0], &byte, 1), 0);
	assert_int_equal(kill(w.pid, 0), 0);
	assert_false(wg_worker_poll(&w, wg_clock_monotonic()));
	wg_closep(&store[0]);
	assert_int_equal(kill(w.pid, SIGKILL), 0);
	finish(&w, true, "signal 9");
}

/* ---- what a worker may say: made by hand */

static void put_result(struct wg_buf *b, enum wg_sent what)
{
	wg_buf_u8(b, (uint8_t)what);
	wg_buf_u8(b, 0);
	wg_buf_u8(b, 0);
	wg_buf_str(b, "said");
	wg_buf_str(b, "receipt");
}

/* A child that writes len bytes `times` over, then exits with status; -1: it closes the pipe and stays. */
static struct wg_worker speaker(const void *bytes, size_t len, unsigned long times, int status, unsigned count)
{
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		while (times-- > 0)
			if (write(ends[1], bytes, len) != (ssize_t)len)
				_exit(3);
		wg_closep(&ends[1]);
		wg_closep(&ends[0]);
		while (status < 0)
			(void)pause(); /* returns at a signal only, and then waits on */
		_exit(status);
	}
	wg_closep(&ends[1]);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	return (struct wg_worker){ .pid = pid,
		                       .fd = ends[0],
		                       .kill_at = wg_clock_monotonic() + LONG_MS,
		                       .jobs = jobs_of(count),
		                       .count = count,
		                       .said = WG_BUF((size_t)1 << 20) };
}

static void test_said(void **state)
{
	(void)state;
	struct wg_buf two = WG_BUF(1024);
	put_result(&two, WG_SENT_OK);
	put_result(&two, WG_SENT_REFUSED);
	/* whole, cut at every byte, and with one byte too many */
	for (size_t n = 0; n <= two.len + 1; n++) {
		struct wg_send_result results[2];
		uint8_t bytes[1024] = { 0 };
		memcpy(bytes, two.data, n < two.len ? n : two.len);
		struct wg_worker w = speaker(bytes, n, 1, 0, 2);
		struct wg_dlv_job *jobs = w.jobs;
		while (!wg_worker_poll(&w, wg_clock_monotonic()))
			(void)poll(NULL, 0, 1); /* only a pause */
		wg_worker_finish(&w, results);
		bool whole = n == two.len;
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(results[i].what, whole ? (i == 0 ? WG_SENT_OK : WG_SENT_REFUSED) : WG_SENT_DEFER);
			assert_int_equal(results[i].maybe, !whole);
		}
		wg_dlv_jobs_free(jobs, 2);
	}
	wg_buf_free(&two);
}

static void test_said_badly(void **state)
{
	(void)state;
	static const char noise[4096];
	struct wg_buf one = WG_BUF(1024), unknown = WG_BUF(1024);
	put_result(&one, WG_SENT_OK);
	put_result(&unknown, (enum wg_sent)(WG_SENT_REFUSED + 1));
	struct wg_worker w = speaker(one.data, one.len, 1, 1, 1); /* a whole reply, but it did not end well */
	finish(&w, true, "exit 1");
	w = speaker(unknown.data, unknown.len, 1, 0, 1);
	finish(&w, true, "exit 0");
	w = speaker(noise, sizeof noise, ~0ul, 0, 1); /* it never stops talking */
	finish(&w, true, "");
	w = speaker(one.data, one.len, 1, -1, 1); /* it is done, and stays */
	finish(&w, true, "signal 9");
	wg_buf_free(&one);
	wg_buf_free(&unknown);
}

/* The longest batch ends well before the lease of its envelopes does. */
static void test_time(void **state)
{
	(void)state;
	assert_true(wg_worker_time(16) < WG_STORE_LEASE_DELIVERY_MS);
	assert_true(wg_worker_time(1) > 60000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hangs),      cmocka_unit_test(test_killed),
		cmocka_unit_test(test_lets_go),    cmocka_unit_test(test_said),
		cmocka_unit_test(test_said_badly), cmocka_unit_test(test_says_all), /* last: it takes the server away */
		cmocka_unit_test(test_time),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
