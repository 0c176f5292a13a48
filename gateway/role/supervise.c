/* supervise.c owns the children of `wardgate serve`: one process per role, started again with back-off when it dies.
 * The supervisor itself holds no message, no key and no socket. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "notice/xml.h"
#include "role/check.h"
#include "role/role.h"

/* The first restart comes at once; a role that keeps dying waits longer each time, and is forgiven when it lived a
 * while. */
#define BACKOFF_FIRST_MS 50
#define BACKOFF_MOST_MS 10000
#define LIVED_MS 2000
#define STOP_MS 30000 /* deliver may take 20 s to let its workers end */

struct child {
	const char *role;
	pid_t pid;                          /* 0: not running */
	int64_t started, start_at, backoff; /* monotonic ms */
	bool asked_to_stop;                 /* by a reload: its end is no fault */
};

static volatile sig_atomic_t reload_wanted;

static void on_hangup(int number)
{
	(void)number;
	reload_wanted = 1;
}

static void on_child(int number)
{
	(void)number; /* only to end a pause */
}

static void in_child(const struct wg_config *config, const char *role)
{
	sigset_t none;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* cannot fail with valid arguments */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);      /* the roles do not outlive their supervisor */
	execl(config->paths.program, "wardgate", "serve", "--role", role, "--config", config->file, (char *)NULL);
	_exit(127);
}

static void start(struct child *c, const struct wg_config *config)
{
	pid_t pid = fork();
	if (pid == 0)
		in_child(config, c->role);
	c->started = wg_clock_monotonic();
	if (pid > 0) {
		char number[16];
		c->pid = pid;
		c->asked_to_stop = false;
		(void)snprintf(number, sizeof number, "%d", (int)pid);
		wg_log(WG_LOG_INFO, "started", "child", c->role, "pid", number, NULL);
	} else {
		c->start_at = c->started + BACKOFF_MOST_MS;
		wg_log(WG_LOG_ERROR, "cannot-start", "child", c->role, NULL);
	}
}

static void ended(struct child *c, int status)
{
	char how[64];
	int64_t now = wg_clock_monotonic();
	(void)snprintf(how, sizeof how, WIFSIGNALED(status) ? "signal %d" : "exit %d",
	               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	if (now - c->started >= LIVED_MS || c->asked_to_stop)
		c->backoff = 0;
	c->start_at = now + c->backoff;
	c->backoff = c->backoff == 0                    ? BACKOFF_FIRST_MS
	             : c->backoff * 2 < BACKOFF_MOST_MS ? c->backoff * 2
	                                                : BACKOFF_MOST_MS;
	c->pid = 0;
	wg_log(c->asked_to_stop || wg_role_stop ? WG_LOG_INFO : WG_LOG_WARNING, "ended", "child", c->role, "how", how,
	       NULL);
}

static void reap(struct child *children, size_t count)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < count; i++)
			if (children[i].pid == pid)
				ended(&children[i], status);
}

/* Pauses for at most wait_ms, shorter when a signal comes. */
static void pause_ms(int64_t wait_ms)
{
	struct timespec t = { .tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000 };
	(void)nanosleep(&t, NULL);
}

/* The new configuration is tried whole before anything is touched; a bad one changes nothing. */
static void reload(struct child *children, size_t count, const struct wg_config *config)
{
	struct wg_err err = { 0 };
	reload_wanted = 0;
	if (wg_check(config->file, NULL, &err) != WG_OK) {
		wg_log_err(WG_LOG_ERROR, "reload-refused", &err, "now", "the old configuration goes on", NULL);
		return;
	}
	wg_log(WG_LOG_INFO, "reload", NULL);
	for (size_t i = 1; i < count; i++) { /* the store reads nothing that a reload changes */
		if (children[i].pid == 0)
			continue;
		children[i].asked_to_stop = true;
		(void)kill(children[i].pid, SIGTERM); /* it may have died meanwhile: reaped next */
	}
}

static bool any_running(const struct child *children, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (children[i].pid != 0)
			return true;
	return false;
}

/* Those that use the store first, the store last. */
static void stop_all(struct child *children, size_t count)
{
	int64_t until = wg_clock_monotonic() + STOP_MS;
	for (size_t i = count; i-- > 0;) {
		if (children[i].pid != 0)
			(void)kill(children[i].pid, SIGTERM);
		while (i == 1 && any_running(children + 1, count - 1) && wg_clock_monotonic() < until) {
			pause_ms(20);
			reap(children, count);
		}
	}
	while (any_running(children, count)) {
		if (wg_clock_monotonic() >= until)
			for (size_t i = 0; i < count; i++)
				if (children[i].pid != 0)
					(void)kill(children[i].pid, SIGKILL);
		pause_ms(20);
		reap(children, count);
	}
}

enum wg_code wg_supervise(const struct wg_config *config, struct wg_err *err)
{
	struct child children[] = {
		{ .role = "store" }, { .role = "process" }, { .role = "deliver" }, { .role = "intake" }
	};
	struct sigaction hangup = { .sa_handler = on_hangup }, child = { .sa_handler = on_child };
	wg_log_role("supervisor");
	wg_role_signals();
	if (sigaction(SIGHUP, &hangup, NULL) != 0 || sigaction(SIGCHLD, &child, NULL) != 0)
		return wg_err_errno(err, "signals");
	while (!wg_role_stop) {
		int64_t now = wg_clock_monotonic(), next = now + 1000;
		reap(children, WG_COUNT(children));
		if (reload_wanted)
			reload(children, WG_COUNT(children), config);
		for (size_t i = 0; i < WG_COUNT(children); i++) {
			if (children[i].pid == 0 && children[i].start_at <= now)
				start(&children[i], config);
			else if (children[i].pid == 0 && children[i].start_at < next)
				next = children[i].start_at;
		}
		pause_ms(next > now ? next - now : 1);
	}
	wg_log(WG_LOG_INFO, "stopping", NULL);
	stop_all(children, WG_COUNT(children));
	return WG_OK;
}
