/* Processes that share a role's work: one that is killed is started again, one that cannot go on ends all. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "role/role.h"
#include "role/team.h"

#define COUNT 3

/* What all of them see. */
struct board {
	volatile pid_t pids[COUNT];
	volatile unsigned starts[COUNT], ready;
	volatile bool give_up;
	volatile bool killed;
	volatile bool early;
};

static enum wg_code work(void *arg, unsigned number, struct wg_err *err)
{
	struct board *b = arg;
	b->pids[number] = getpid();
	b->starts[number]++;
	wg_team_ready();
	while (!wg_role_stop) {
		if (number == 0 && b->starts[1] == 2 && b->starts[2] == 2) /* it ends when the others were started again */
			return b->give_up                      ? wg_err_set(err, WG_AGAIN, "it cannot go on")
			       : kill(getppid(), SIGTERM) == 0 ? WG_OK
			                                       : WG_SYSTEM;
		if (number == 0 && b->ready == 1 && !b->killed) {
			b->killed = true;
			(void)kill(b->pids[1], SIGKILL);
			(void)kill(b->pids[2], SIGKILL);
		}
		(void)usleep(2000);
	}
	return WG_OK;
}

static void ready(void *arg)
{
	struct board *b = arg;
	b->ready++;
}

static void run(bool give_up, enum wg_code want)
{
	struct board *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct wg_err err = { 0 };
	assert_true(b != MAP_FAILED);
	b->give_up = give_up;
	const struct wg_team team = { .count = COUNT, .work = work, .ready = ready, .arg = b };
	wg_role_stop = 0;
	wg_role_signals();
	assert_int_equal(wg_team_run(&team, &err), want);
	assert_int_equal(b->ready, 1); /* said once, whoever is started again */
	for (unsigned i = 1; i < COUNT; i++)
		assert_true(b->starts[i] >= 2);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
	wg_role_stop = 0;
	assert_int_equal(munmap(b, sizeof *b), 0);
}

static void killed_and_told_to_stop(void **state)
{
	(void)state;
	run(false, WG_OK);
}

static void one_gives_up(void **state)
{
	(void)state;
	run(true, WG_AGAIN);
}

/* The first says that it is at work, is killed and says it again; the second has not said anything yet. */
static enum wg_code twice_or_late(void *arg, unsigned number, struct wg_err *err)
{
	struct board *b = arg;
	(void)err;
	unsigned start = ++b->starts[number];
	while (number == 1 && b->starts[0] < 2)
		(void)usleep(2000);
	if (number == 1) {
		(void)usleep(100000); /* who keeps them hears what was said; a moment too short proves less and fails nothing */
		b->early = b->ready > 0;
	}
	wg_team_ready();
	if (number == 0 && start == 1)
		(void)raise(SIGKILL);
	while (number == 1 && b->ready == 0)
		(void)usleep(2000);
	if (number == 1)
		(void)kill(getppid(), SIGTERM);
	while (!wg_role_stop)
		(void)usleep(2000);
	return WG_OK;
}

static void ready_is_when_each_is(void **state)
{
	(void)state;
	struct board *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct wg_err err = { 0 };
	assert_true(b != MAP_FAILED);
	const struct wg_team team = { .count = 2, .work = twice_or_late, .ready = ready, .arg = b };
	wg_role_stop = 0;
	wg_role_signals();
	assert_int_equal(wg_team_run(&team, &err), WG_OK);
	assert_int_equal(b->ready, 1);
	assert_int_equal(b->starts[0], 2);
	assert_false(b->early);
	wg_role_stop = 0;
	assert_int_equal(munmap(b, sizeof *b), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_and_told_to_stop),
		cmocka_unit_test(one_gives_up),
		cmocka_unit_test(ready_is_when_each_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
