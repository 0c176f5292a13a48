/* team.c owns the processes that do one role's work together. Who keeps them holds what they hold, talks to nobody and
 * reads nothing that comes from outside: it starts them, and waits for their end. */
#include "role/team.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/role.h"

/* As the supervisor does with roles: the first time at once, then later and later for one that dies young. */
#define BACKOFF_FIRST_MS 50
#define BACKOFF_MOST_MS 10000
#define LIVED_MS 2000
#define LOOK_MS 10000
/* From being told to stop to being killed; the supervisor waits 30 s for all of us. */
#define STOP_MS 20000

struct member {
	pid_t pid;                          /* 0: not running */
	int64_t started, start_at, backoff; /* monotonic ms */
	bool at_work;                       /* this one has said so */
};

struct keeper {
	const struct wg_team *team;
	struct member members[WG_TEAM_MAX];
	int ready[2];                /* a pipe that does not block: each new member writes its number when it is at work */
	bool said, stopping, failed; /* failed: a member could not go on */
};

static int ready_end = -1; /* in a member */
static uint8_t own_number;

static void on_child(int number)
{
	(void)number; /* only to end a pause */
}

void wg_team_ready(void)
{
	if (ready_end >= 0)
		(void)!write(ready_end, &own_number, 1); /* who does not hear it waits in vain for all, and says nothing */
	wg_closep(&ready_end);
}

static _Noreturn void be(struct keeper *k, unsigned number, pid_t parent)
{
	struct wg_err err = { 0 };
	char text[16];
	sigset_t none;
	(void)signal(SIGCHLD, SIG_DFL);         /* cannot fail */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* none outlives who keeps it; cannot fail */
	if (getppid() != parent)
		_exit(0);
	wg_closep(&k->ready[0]);
	ready_end = k->ready[1];
	own_number = (uint8_t)number;
	(void)sigemptyset(&none);                    /* cannot fail */
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* cannot fail with valid arguments */
	enum wg_code code = k->team->work(k->team->arg, number, &err);
	if (code == WG_OK || (code == WG_AGAIN && wg_role_stop))
		exit(0);
	(void)snprintf(text, sizeof text, "%u", number);
	wg_log_err(WG_LOG_ERROR, "stopped", &err, "worker", text, NULL);
	exit(1);
}

static void tell(const char *event, unsigned number, const char *name, const char *value)
{
	char text[16];
	(void)snprintf(text, sizeof text, "%u", number);
	wg_log(strcmp(event, "worker-started") == 0 ? WG_LOG_INFO : WG_LOG_WARNING, event, "worker", text, name, value,
	       NULL);
}

static void start(struct keeper *k, unsigned number)
{
	struct member *m = &k->members[number];
	char text[16];
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		be(k, number, parent);
	m->started = wg_clock_monotonic();
	m->pid = pid > 0 ? pid : 0;
	(void)snprintf(text, sizeof text, "%d", (int)pid);
	if (pid > 0)
		tell("worker-started", number, "pid", text);
	else {
		m->start_at = m->started + BACKOFF_MOST_MS;
		tell("worker-cannot-start", number, "why", strerror(errno));
	}
}

/* Who said that it is at work. */
static void hear(struct keeper *k)
{
	uint8_t said[WG_TEAM_MAX];
	for (ssize_t n; (n = read(k->ready[0], said, sizeof said)) > 0;)
		for (ssize_t i = 0; i < n; i++)
			if (said[i] < k->team->count)
				k->members[said[i]].at_work = true;
}

static bool all_at_work(const struct keeper *k)
{
	unsigned n = 0;
	for (unsigned i = 0; i < k->team->count; i++)
		n += k->members[i].at_work ? 1 : 0;
	return n == k->team->count;
}

static void ended(struct keeper *k, unsigned number, int status)
{
	struct member *m = &k->members[number];
	const int64_t now = wg_clock_monotonic();
	char how[48];
	m->pid = 0;
	hear(k); /* what it said is said by now, and does not stand for the next */
	m->at_work = false;
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
		k->failed = true; /* it has said why */
		return;
	}
	if (now - m->started >= LIVED_MS)
		m->backoff = 0;
	m->start_at = now + m->backoff;
	m->backoff = m->backoff == 0 ? BACKOFF_FIRST_MS : 2 * m->backoff;
	if (m->backoff > BACKOFF_MOST_MS)
		m->backoff = BACKOFF_MOST_MS;
	if (wg_role_stop || k->stopping)
		return;
	if (WIFSIGNALED(status))
		(void)snprintf(how, sizeof how, "signal %d (%s)", WTERMSIG(status), sigabbrev_np(WTERMSIG(status)));
	else
		(void)snprintf(how, sizeof how, "exit 0");
	tell("worker-ended", number, "how", how);
}

static void reap(struct keeper *k)
{
	for (unsigned i = 0; i < k->team->count; i++) {
		int status = 0;
		if (k->members[i].pid != 0 && waitpid(k->members[i].pid, &status, WNOHANG) > 0)
			ended(k, i, status);
	}
}

/* Starts what is due; until when there is nothing to do. */
static int64_t start_due(struct keeper *k, int64_t next)
{
	const int64_t now = wg_clock_monotonic();
	for (unsigned i = 0; i < k->team->count; i++) {
		struct member *m = &k->members[i];
		if (m->pid == 0 && m->start_at <= now)
			start(k, i);
		if (m->pid == 0 && m->start_at < next)
			next = m->start_at;
	}
	return next;
}

/* Until something is said, a signal comes, or the time. Signals are let in here only. */
static void pause_until(struct keeper *k, int64_t until)
{
	const int64_t left = until - wg_clock_monotonic(), wait = left > 1 ? left : 1;
	const struct timespec t = { .tv_sec = wait / 1000, .tv_nsec = wait % 1000 * 1000000 };
	struct pollfd from = { .fd = k->ready[0], .events = POLLIN };
	sigset_t none;
	(void)sigemptyset(&none); /* cannot fail */
	if (ppoll(&from, 1, &t, &none) > 0)
		hear(k);
	if (!k->said && all_at_work(k)) {
		k->said = true;
		k->team->ready(k->team->arg);
	}
}

static void stop(struct keeper *k)
{
	const int64_t by = wg_clock_monotonic() + STOP_MS;
	bool any = true;
	k->stopping = true;
	for (unsigned i = 0; i < k->team->count; i++)
		if (k->members[i].pid != 0)
			(void)kill(k->members[i].pid, SIGTERM); /* ours and not reaped */
	while (any) {
		any = false;
		reap(k);
		for (unsigned i = 0; i < k->team->count; i++) {
			any = any || k->members[i].pid != 0;
			if (k->members[i].pid != 0 && wg_clock_monotonic() >= by)
				(void)kill(k->members[i].pid, SIGKILL); /* as above */
		}
		if (any)
			pause_until(k, wg_clock_monotonic() + 20);
	}
}

static enum wg_code take_signals(sigset_t *before, struct wg_err *err)
{
	struct sigaction child = { .sa_handler = on_child };
	sigset_t ours;
	if (sigaction(SIGCHLD, &child, NULL) != 0 || sigemptyset(&ours) != 0 || sigaddset(&ours, SIGCHLD) != 0 ||
	    sigaddset(&ours, SIGTERM) != 0 || sigaddset(&ours, SIGINT) != 0 || sigprocmask(SIG_BLOCK, &ours, before) != 0)
		return wg_err_errno(err, "signals");
	return WG_OK;
}

enum wg_code wg_team_run(const struct wg_team *team, struct wg_err *err)
{
	struct keeper k = { .team = team, .ready = { -1, -1 } };
	sigset_t before;
	int64_t look = wg_clock_monotonic() + LOOK_MS;
	enum wg_code code = take_signals(&before, err);
	if (code == WG_OK && pipe2(k.ready, O_CLOEXEC | O_NONBLOCK) != 0)
		code = wg_err_errno(err, "pipe");
	if (code != WG_OK)
		return code;
	while (code == WG_OK && !wg_role_stop && !k.failed) {
		pause_until(&k, start_due(&k, look));
		reap(&k);
		if (team->look != NULL && wg_clock_monotonic() >= look) {
			look = wg_clock_monotonic() + LOOK_MS;
			code = team->look(team->arg, err);
		}
	}
	stop(&k);
	wg_closep(&k.ready[0]);
	wg_closep(&k.ready[1]);
	(void)sigprocmask(SIG_SETMASK, &before, NULL); /* cannot fail with valid arguments */
	if (code == WG_OK && k.failed && !wg_role_stop)
		code = wg_err_set(err, WG_AGAIN, "one of the processes that do this work could not go on");
	return code;
}
