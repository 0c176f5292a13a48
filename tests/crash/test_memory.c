/* Memory that runs out in the process role: a message is leased, read, parsed, matched, decided, projected, sealed and
 * completed, and one allocation is refused on the way, once or with all that follow. Whatever that leads to, the role
 * does not crash, nothing is half done, and the message ends as it would have.
 *
 * usage: test_memory [EVERY [FROM]]   one allocation in EVERY, beginning with the FROM-th */
#include "memory.h"

#include "../role/gate.h"

#include <limits.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/crypto.h"

static struct gate gate;
static unsigned ended;
static unsigned long every = WG_ASAN ? 1500 : 2500, from = 11;

static int setup(void **state)
{
	return gate_setup(state) == 0 ? gate_open(&gate) : -1;
}

static int teardown(void **state)
{
	gate_close(&gate);
	return pki_teardown(state);
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

static void is_whole(const char *id, long at)
{
	static const char *const recipients[] = { "derbyshire", "staffordshire", "derbyshire-police" };
	struct wg_row *rows = NULL;
	unsigned count = 0;
	struct wg_row message = gate_row(&gate.store, "messages", id, NULL);
	if (strcmp(message.state, "routed") != 0)
		fail_msg("allocation %ld: the message is %s: %s", at, message.state, message.reason);
	assert_int_equal(wg_client_list(gate.store.admin, "deliveries", "*", id, 100, &rows, &count, &pki_err), WG_OK);
	if (count != WG_COUNT(recipients))
		fail_msg("allocation %ld: %u deliveries", at, count);
	for (unsigned i = 0; i < count; i++)
		if (strcmp(rows[i].state, "sealed") != 0)
			fail_msg("allocation %ld: the delivery to %s is %s: %s", at, rows[i].organisation, rows[i].state,
			         rows[i].reason);
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
	/* GLib ends a program whenever it is refused anything; libxslt falls over when nothing at all is left (base/mem.c)
	 */
	if (!WG_ASAN && WIFSIGNALED(status) && (for_good || WTERMSIG(status) == SIGTRAP))
		ended++;
	else if (status != 0)
		fail_msg("allocation %ld%s: the role ended with status %#x%s", at, for_good ? " and all after it" : "",
		         (unsigned)status,
		         status == 0x200   ? " (a failure without words)"
		         : status == 0x300 ? " (memory was forgotten)"
		                           : "");
	gate_store_lose(&gate.store, GATE_STORE); /* it is started anew */
	gate_handle_until_not(&gate, "accepted", id);
	is_whole(id, at);
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
	is_whole(id, 0);
	assert_true(all > 1000); /* else it is not looked at where it should be */
	for (unsigned long at = from; at <= (unsigned long)all; at += every) {
		point(n++, (long)at, false);
		point(n++, (long)at, true);
	}
	assert_true(n > 2);
	(void)printf("%u of %ld allocations refused; %u of them ended the role\n", n - 1, 2 * all, ended);
}

int main(int argc, char **argv)
{
	uint64_t number = 0;
	if (!WG_ASAN) { /* there the linker would take their requests for ours */
		wg_crypto_memory();
		wg_xml_memory();
	}
	if (argc > 1 && wg_num_parse(argv[1], 1, 1000000, &number))
		every = (unsigned long)number;
	if (argc > 2 && wg_num_parse(argv[2], 1, 1000000, &number))
		from = (unsigned long)number;
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_allocation) };
	return cmocka_run_group_tests(tests, setup, teardown);
}
