/* Memory that runs out in the process role: a message is leased, read, parsed, matched, decided, projected, sealed and
 * completed, and one allocation is refused on the way, once or with all that follow. Whatever that leads to, the role
 * does not crash, nothing is half done, and the message ends as it would have.
 *
 * usage: test_memory [EVERY [FROM]]
 *              one allocation in EVERY, beginning with the FROM-th
 *        test_memory places [FROM [DEPTH]]
 *              the first allocation of each place in the program, as told by its DEPTH (6) callers; from the FROM-th on
 * Says all that went wrong. */
#include "memory.h"

#include "../role/gate.h"

#include <execinfo.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/crypto.h"

static struct gate gate;
static unsigned ended, wrong, place;
static unsigned long every = WG_ASAN ? 1500 : 2500, from = 11;

/* ---- places: who asks for memory, told by its callers */

#define PLACES_MAX 65536
#define DEPTH_MAX 32

static uint64_t places[PLACES_MAX]; /* in the order of their first request */
static unsigned place_count, depth;
static uint64_t wanted; /* the place whose first request is refused; 0: they are gathered */

static uint64_t place_here(void)
{
	void *callers[DEPTH_MAX + 3];
	uint64_t hash = 14695981039346656037U; /* FNV-1a */
	int n = backtrace(callers, (int)depth + 3);
	for (int i = 3; i < n; i++) /* without this function and the two below it */
		hash = (hash ^ (uint64_t)(uintptr_t)callers[i]) * 1099511628211U;
	return hash | 1;
}

static bool choose_place(long n)
{
	static _Thread_local bool inside;
	(void)n;
	if (inside)
		return false;
	inside = true;
	uint64_t here = place_here();
	inside = false;
	if (wanted != 0)
		return here == wanted;
	for (unsigned i = 0; i < place_count; i++)
		if (places[i] == here)
			return false;
	if (place_count < PLACES_MAX)
		places[place_count++] = here;
	return false;
}

static int setup(void **state)
{
	return gate_setup(state) == 0 ? gate_open(&gate) : -1;
}

static int teardown(void **state)
{
	gate_close(&gate);
	return pki_teardown(state);
}

/* What went wrong at an allocation; the others are tried all the same. */
static void __attribute__((format(printf, 3, 4))) say(long at, bool for_good, const char *fmt, ...)
{
	va_list ap;
	wrong++;
	if (at == LONG_MAX)
		(void)printf("place %u", place);
	else
		(void)printf("allocation %ld", at);
	(void)fputs(for_good ? " and all after it: " : ": ", stdout);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)puts(""); /* a failing stdout is seen by its reader */
	(void)fflush(stdout);
}

static struct wg_msg_job *lease(unsigned n, char id[WG_ID_TEXT])
{
	struct wg_msg_job *jobs = NULL;
	struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	char reference[32];
	unsigned count = 0;
	(void)snprintf(reference, sizeof reference, "MEMORY-%o", n); /* its digits name the child: no 8 and 9 there */
	gate_report(&bytes, reference, "Derbyshire", "");
	(void)snprintf(id, WG_ID_TEXT, "%s",
	               gate_submit(&gate, bytes.data, bytes.len, "staffordshire-police", "message/rfc822"));
	wg_buf_free(&bytes);
	if (wg_client_lease_messages(gate.store.process, 1, 30000, &jobs, &count, &pki_err) != WG_OK || count != 1)
		fail_msg("%u jobs: %s", count, pki_err.text);
	assert_string_equal(jobs[0].id, id);
	return jobs;
}

static void is_whole(const char *id, long at, bool for_good)
{
	static const char *const recipients[] = { "derbyshire", "staffordshire", "derbyshire-police" };
	struct wg_row *rows = NULL;
	unsigned count = 0;
	struct wg_row message = gate_row(&gate.store, "messages", id, NULL);
	if (strcmp(message.state, "routed") != 0)
		say(at, for_good, "the message is %s: %s", message.state, message.reason);
	assert_int_equal(wg_client_list(gate.store.admin, "deliveries", "*", id, 100, &rows, &count, &pki_err), WG_OK);
	if (count != WG_COUNT(recipients))
		say(at, for_good, "%u deliveries", count);
	for (unsigned i = 0; i < count; i++)
		if (strcmp(rows[i].state, "sealed") != 0)
			say(at, for_good, "the delivery to %s is %s: %s", rows[i].organisation, rows[i].state, rows[i].reason);
	free(rows);
}

/* In a process of its own, as the role is; its words of failure, if it fails, must be some. */
static int handle(const struct wg_msg_job *job, long at, bool for_good)
{
	static const int signals[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL };
	for (size_t i = 0; i < WG_COUNT(signals); i++)
		(void)signal(signals[i], SIG_DFL); /* not the test framework's */
	pki_err = (struct wg_err){ 0 };
	memory_arm(at, for_good);
	enum wg_code code = gate_logged(&gate, job);
	(void)memory_disarm();
	if (code != WG_OK && pki_err.text[0] == '\0')
		return 2;
	return memory_leaked() ? 3 : 0;
}

static void point(unsigned n, long at, bool for_good)
{
	char id[WG_ID_TEXT];
	struct wg_msg_job *jobs = lease(n, id);
	int status = 0;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(handle(&jobs[0], at, for_good));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	wg_msg_jobs_free(jobs, 1);
	/* GLib ends a program whenever it is refused anything */
	if (!WG_ASAN && WIFSIGNALED(status) && (for_good || WTERMSIG(status) == SIGTRAP))
		ended++;
	else if (status != 0)
		say(at, for_good, "the role ended with status %#x%s", (unsigned)status,
		    status == 0x200   ? " (a failure without words)"
		    : status == 0x300 ? " (memory was forgotten)"
		                      : "");
	gate_store_lose(&gate.store, GATE_STORE); /* it is started anew */
	gate_handle_until_not(&gate, "accepted", id);
	is_whole(id, at, for_good);
}

static void test_every_place(void **state)
{
	char id[WG_ID_TEXT];
	unsigned n = 0;
	(void)state;
	struct wg_msg_job *jobs = lease(n++, id);
	memory_chooses = choose_place;
	memory_arm(LONG_MAX, false);
	assert_int_equal(gate_logged(&gate, &jobs[0]), WG_OK);
	(void)memory_disarm();
	wg_msg_jobs_free(jobs, 1);
	is_whole(id, 0, false);
	assert_true(place_count > 100 && place_count < PLACES_MAX);
	for (unsigned i = (unsigned)from - 1; i < place_count; i++) {
		if (i % 250 == 0) {
			(void)printf("%u of %u places, %u wrong\n", i, place_count, wrong);
			(void)fflush(stdout); /* a failing stdout is seen by its reader */
		}
		wanted = places[i];
		place = i + 1;
		point(n++, LONG_MAX, false);
		point(n++, LONG_MAX, true);
	}
	(void)printf(
		"%u places of allocations refused, once and for good; %u ended the role, %u led to something else than "
		"another try\n",
		place_count, ended, wrong);
	assert_int_equal(wrong, 0);
}

static void test_every_allocation(void **state)
{
	char id[WG_ID_TEXT];
	unsigned n = 0;
	(void)state;
	struct wg_msg_job *jobs = lease(n++, id);
	memory_arm(LONG_MAX, false);
	assert_int_equal(gate_logged(&gate, &jobs[0]), WG_OK);
	long all = memory_disarm();
	wg_msg_jobs_free(jobs, 1);
	is_whole(id, 0, false);
	assert_true(all > 1000); /* else it is not looked at where it should be */
	for (unsigned long at = from; at <= (unsigned long)all; at += every) {
		point(n++, (long)at, false);
		point(n++, (long)at, true);
	}
	assert_true(n > 2);
	(void)printf(
		"%u of %ld allocations refused; %u of them ended the role, %u led to something else than another try\n", n - 1,
		2 * all, ended, wrong);
	assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
	uint64_t number = 0;
	if (!WG_ASAN) { /* there the linker would take their requests for ours */
		wg_crypto_memory();
		wg_xml_memory();
	}
	if (argc > 1 && strcmp(argv[1], "places") == 0) {
		void *callers[DEPTH_MAX];
		from = argc > 2 && wg_num_parse(argv[2], 1, PLACES_MAX, &number) ? (unsigned long)number : 1;
		depth = argc > 3 && wg_num_parse(argv[3], 1, DEPTH_MAX, &number) ? (unsigned)number : 6;
		(void)backtrace(callers, DEPTH_MAX); /* the first one asks for memory itself */
		const struct CMUnitTest all[] = { cmocka_unit_test(test_every_place) };
		return cmocka_run_group_tests(all, setup, teardown);
	}
	if (argc > 1 && wg_num_parse(argv[1], 1, 1000000, &number))
		every = (unsigned long)number;
	if (argc > 2 && wg_num_parse(argv[2], 1, 1000000, &number))
		from = (unsigned long)number;
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_allocation) };
	return cmocka_run_group_tests(tests, setup, teardown);
}
