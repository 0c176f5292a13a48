/* supervise.c owns the children of `wardgate serve`: one process per role, started again with back-off when it dies.
 * The supervisor itself holds no message, no key and no socket. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/check.h"
#include "role/files.h"
#include "role/role.h"
#include "sys/sandbox.h"

/* The first restart comes at once; a role that keeps dying waits longer each time, and is forgiven when it lived a
 * while. */
#define BACKOFF_FIRST_MS 50
#define BACKOFF_MOST_MS 10000
#define LIVED_MS 2000
/* How often the files of certificates and keys are looked at; a change counts once two looks agree on it, so that a
 * certificate is not taken before its key is there. */
#define LOOK_MS 5000
#define STOP_MS 30000 /* deliver may take 20 s to let its workers end */
/* What was accepted is safe and can wait a moment, what was not is not: when everybody sends at once, those who take in
 * and keep go before those who work it off, their readers and senders with them. With 5 more these get a quarter of a
 * processor that both want, and all that nobody else does. */
#define WORKS_OFF_NICE 5
/* Checking a configuration takes a second; it opens every file and asks the HSM, either of which can hang. */
#define CHECK_MS 60000

struct child {
	const char *role;
	pid_t pid;                          /* 0: not running */
	int64_t started, start_at, backoff; /* monotonic ms */
	int64_t stop_by;                    /* asked to stop: its end is no fault, and comes by then; 0: not asked */
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

/* Between fork and exec. Signals are blocked here: one that came meanwhile has to end the child once it is let in, and
 * not to be eaten by a handler of the parent. A group of its own keeps the terminal's Ctrl-C from reaching all roles at
 * once: the store ends last. */
static void in_child(const struct wg_config *config, const char *role, pid_t parent)
{
	static const int defaults[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	sigset_t none;
	for (size_t i = 0; i < WG_COUNT(defaults); i++)
		(void)signal(defaults[i], SIG_DFL); /* cannot fail for these */
	(void)setpgid(0, 0);                    /* fails only for the leader of a session, which this is not */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* the roles do not outlive their supervisor; cannot fail */
	if (getppid() != parent)
		_exit(0); /* it died before that line */
	if (strcmp(role, "store") != 0 && strcmp(role, "intake") != 0)
		(void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + WORKS_OFF_NICE); /* to be nicer may all */
	(void)sigemptyset(&none);                                                              /* cannot fail */
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* cannot fail with valid arguments */
	execl(config->paths.program, "wardgate", "serve", "--role", role, "--config", config->file, (char *)NULL);
	_exit(127);
}

static void start(struct child *c, const struct wg_config *config)
{
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		in_child(config, c->role, parent);
	c->started = wg_clock_monotonic();
	if (pid > 0) {
		char number[16];
		c->pid = pid;
		c->stop_by = 0;
		(void)snprintf(number, sizeof number, "%d", (int)pid);
		wg_log(WG_LOG_INFO, "started", "child", c->role, "pid", number, NULL);
	} else {
		c->start_at = c->started + BACKOFF_MOST_MS;
		wg_log(WG_LOG_ERROR, "cannot-start", "child", c->role, NULL);
	}
}

/* How it ended, in words: a forbidden system call is the one that an operator has to know from a crash. */
static void end_words(int status, char *out, size_t size)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		(void)snprintf(out, size, "forbidden system call (SIGSYS)");
	else if (WIFSIGNALED(status))
		(void)snprintf(out, size, "signal %d (%s)", WTERMSIG(status), sigabbrev_np(WTERMSIG(status)));
	else
		(void)snprintf(out, size, "exit %d", WEXITSTATUS(status));
}

static void ended(struct child *c, int status)
{
	char how[64];
	int64_t now = wg_clock_monotonic();
	end_words(status, how, sizeof how);
	if (now - c->started >= LIVED_MS || c->stop_by != 0)
		c->backoff = 0;
	c->start_at = now + c->backoff;
	if (c->backoff == 0)
		c->backoff = BACKOFF_FIRST_MS;
	else
		c->backoff = c->backoff * 2 < BACKOFF_MOST_MS ? c->backoff * 2 : BACKOFF_MOST_MS;
	c->pid = 0;
	wg_log(c->stop_by != 0 ? WG_LOG_INFO : WG_LOG_WARNING, "ended", "child", c->role, "how", how, NULL);
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

/* Pauses for at most wait_ms, shorter when a signal comes. Signals are let in here and nowhere else, so that none slips
 * in between the look at a flag and the pause. */
static void pause_ms(int64_t wait_ms)
{
	struct timespec t = { .tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000 };
	sigset_t none;
	(void)sigemptyset(&none);        /* cannot fail */
	(void)ppoll(NULL, 0, &t, &none); /* a signal or an error only makes the pause shorter */
}

/* In a child of its own: checking loads keys, which the supervisor shall not hold, and a fault in it shall not end the
 * supervisor. Says on `say` what is wrong. */
static void check_in_child(const struct wg_config *old, bool start, int say)
{
	WG_AUTO_FREE struct wg_config *config = NULL;
	struct wg_err err = { 0 };
	enum wg_code code = wg_sandbox_harden(&err);
	if (code == WG_OK)
		code = wg_check(old->file, start, NULL, &err);
	if (code == WG_OK)
		code = wg_config_load(old->file, &config, &err);
	if (code == WG_OK && strcmp(config->state, old->state) != 0)
		code = wg_err_set(&err, WG_CONFIG, "%s: state= is another folder now: stop the gateway and start it again",
		                  old->file);
	if (code != WG_OK)
		(void)!write(say, err.text, strlen(err.text)); /* a pipe takes it whole; the parent otherwise says less */
	_exit(code == WG_OK ? 0 : 1);
}

/* Whether the other end says something, or closes it, in time. */
static bool says_in_time(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t until = wg_clock_monotonic() + CHECK_MS, left = CHECK_MS;
	int n;
	while ((n = poll(&p, 1, (int)left)) < 0 && errno == EINTR && left > 0) {
		left = until - wg_clock_monotonic();
		left = left > 0 ? left : 0;
	}
	return n != 0;
}

/* WG_CONFIG with what is wrong in the configuration as it is on disk now. */
static enum wg_code check_aside(const struct wg_config *config, bool start, struct wg_err *err)
{
	int ends[2], status = 0;
	char why[WG_ERR_TEXT_MAX] = "it could not be checked";
	if (pipe2(ends, O_CLOEXEC) != 0)
		return wg_err_errno(err, "pipe");
	pid_t pid = fork();
	if (pid == 0)
		check_in_child(config, start, ends[1]);
	wg_closep(&ends[1]);
	ssize_t n = -1;
	if (pid > 0 && !says_in_time(ends[0])) {
		(void)kill(pid, SIGKILL); /* ours and not reaped */
		(void)snprintf(why, sizeof why,
		               "checking it took longer than %d s: is there a file or an HSM that does not answer?",
		               CHECK_MS / 1000); /* fits */
	}
	while (pid > 0 && (n = read(ends[0], why, sizeof why - 1)) < 0 && errno == EINTR)
		;
	wg_closep(&ends[0]);
	if (pid < 0)
		return wg_err_errno(err, "fork");
	if (n > 0)
		why[n] = '\0';
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? WG_OK : wg_err_set(err, WG_CONFIG, "%s", why);
}

static void ask_to_stop(struct child *c)
{
	if (c->pid == 0)
		return;
	if (c->stop_by == 0)
		c->stop_by = wg_clock_monotonic() + STOP_MS;
	(void)kill(c->pid, SIGTERM); /* it may have died meanwhile: reaped next */
}

/* Those that were asked long ago and still run. */
static void end_the_deaf(const struct child *children, size_t count)
{
	int64_t now = wg_clock_monotonic();
	for (size_t i = 0; i < count; i++)
		if (children[i].pid != 0 && children[i].stop_by != 0 && now >= children[i].stop_by)
			(void)kill(children[i].pid, SIGKILL); /* as above */
}

/* ---- certificates and keys that change under us */

struct watch {
	struct wg_config *config; /* as it was read at the last reload */
	struct wg_directory *directory;
	uint64_t known, seen;
	int64_t look_at; /* monotonic ms */
};

static void watch_free(struct watch *w)
{
	wg_directory_freep(&w->directory);
	free(w->config);
	*w = (struct watch){ .config = NULL };
}

/* What is watched from now on. A configuration that cannot be read at this moment was read a moment ago: nothing is
 * watched then, and that is said. */
static void watch_begin(struct watch *w, const char *file)
{
	struct wg_err err = { 0 };
	watch_free(w);
	if (wg_config_load(file, &w->config, &err) != WG_OK ||
	    wg_directory_load(w->config->directory, w->config->paths.xsd, &w->directory, &err) != WG_OK) {
		wg_log_err(WG_LOG_ERROR, "not-watching", &err, "now", "certificates are read anew at the next reload only",
		           NULL);
		return;
	}
	w->known = w->seen = wg_files_stamp(w->config, w->directory);
	w->look_at = wg_clock_monotonic() + LOOK_MS;
}

/* True once for each change that has settled. */
static bool watch_look(struct watch *w)
{
	if (w->directory == NULL || wg_clock_monotonic() < w->look_at)
		return false;
	uint64_t now = wg_files_stamp(w->config, w->directory);
	bool changed = now != w->known && now == w->seen;
	w->seen = now;
	w->look_at = wg_clock_monotonic() + LOOK_MS;
	if (changed)
		w->known = now; /* also when it will be refused: the next change is another one */
	return changed;
}

/* The new configuration is tried whole before anything is touched; a bad one changes nothing. */
static void reload(struct child *children, size_t count, const struct wg_config *config, struct watch *watch)
{
	struct wg_err err = { 0 };
	reload_wanted = 0;
	if (check_aside(config, false, &err) != WG_OK) {
		wg_log_err(WG_LOG_ERROR, "reload-refused", &err, "now", "the old configuration goes on", NULL);
		return;
	}
	wg_log(WG_LOG_INFO, "reload", NULL);
	watch_begin(watch, config->file);
	for (size_t i = 1; i < count; i++) /* the store reads nothing that a reload changes */
		ask_to_stop(&children[i]);
}

/* Ends those from first on, and returns when they have. Any of the others may end meanwhile. */
static void stop(struct child *children, size_t count, size_t first)
{
	bool running = true;
	for (size_t i = first; i < count; i++)
		ask_to_stop(&children[i]);
	while (running) {
		end_the_deaf(children, count);
		pause_ms(20);
		reap(children, count);
		running = false;
		for (size_t i = first; i < count; i++)
			running = running || children[i].pid != 0;
	}
}

/* Starts what is due; returns when there is something to do next, at the latest in a second. */
static int64_t start_due(struct child *children, size_t count, const struct wg_config *config)
{
	int64_t now = wg_clock_monotonic(), next = now + 1000;
	for (size_t i = 0; i < count; i++) {
		if (children[i].pid == 0 && children[i].start_at <= now)
			start(&children[i], config);
		else if (children[i].pid == 0 && children[i].start_at < next)
			next = children[i].start_at;
	}
	return next > now ? next - now : 1;
}

static enum wg_code take_signals(struct wg_err *err)
{
	struct sigaction hangup = { .sa_handler = on_hangup }, child = { .sa_handler = on_child };
	sigset_t ours;
	wg_role_signals();
	if (sigaction(SIGHUP, &hangup, NULL) != 0 || sigaction(SIGCHLD, &child, NULL) != 0 || sigemptyset(&ours) != 0 ||
	    sigaddset(&ours, SIGHUP) != 0 || sigaddset(&ours, SIGCHLD) != 0 || sigaddset(&ours, SIGTERM) != 0 ||
	    sigaddset(&ours, SIGINT) != 0 || sigprocmask(SIG_BLOCK, &ours, NULL) != 0)
		return wg_err_errno(err, "signals");
	return WG_OK;
}

enum wg_code wg_supervise(const struct wg_config *config, struct wg_err *err)
{
	/* in the order of starting; the store first */
	struct child children[] = {
		{ .role = "store" }, { .role = "process" }, { .role = "deliver" }, { .role = "intake" }, { .role = "monitor" }
	};
	size_t count = WG_COUNT(children);
	wg_log_role("supervisor");
	enum wg_code code = check_aside(config, true, err); /* a fault is said here, once, not by four roles for ever */
	if (code == WG_OK)
		code = take_signals(err);
	if (code != WG_OK)
		return code;
	struct watch watch = { .config = NULL };
	watch_begin(&watch, config->file);
	while (!wg_role_stop) {
		reap(children, count);
		if (watch_look(&watch)) {
			wg_log(WG_LOG_INFO, "certificates-changed", NULL);
			reload_wanted = 1;
		}
		if (reload_wanted)
			reload(children, count, config, &watch);
		end_the_deaf(children, count);
		pause_ms(start_due(children, count, config));
	}
	watch_free(&watch);
	wg_log(WG_LOG_INFO, "stopping", NULL);
	stop(children, count, 1); /* those that use the store, then the store */
	stop(children, count, 0);
	return WG_OK;
}
