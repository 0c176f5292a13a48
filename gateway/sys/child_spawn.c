/* child_spawn.c owns the way from fork to exec: descriptors, limits, signals, and the word of what failed on it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/asan.h"
#include "base/mem.h"
#include "sys/child_internal.h"

/* Descriptors of the parent are moved here first, clear of those that the child gets. */
#define SPAWN_FD_BASE 16
/* A reader needs its pipes and, while it starts, a few libraries and charset tables. */
#define SPAWN_MAX_FILES 64

enum spawn_step {
	STEP_GROUP,
	STEP_PARENT,
	STEP_SIGNALS,
	STEP_PIPES,
	STEP_FOLDER,
	STEP_LIMITS,
	STEP_DESCRIPTORS,
	STEP_EXEC
};

static const char *const step_names[] = {
	[STEP_GROUP] = "process group",     [STEP_PARENT] = "tie to parent",
	[STEP_SIGNALS] = "signals",         [STEP_PIPES] = "pipes",
	[STEP_FOLDER] = "folder",           [STEP_LIMITS] = "limits",
	[STEP_DESCRIPTORS] = "descriptors", [STEP_EXEC] = "exec",
};

struct spawn_failure {
	enum spawn_step step;
	int number;
};

enum spawn_pipe { PIPE_IN, PIPE_OUT, PIPE_ERR, PIPE_SECRET, PIPE_ASK, PIPE_TOLD, PIPE_STATUS, PIPE_COUNT };

/* end[which][0] reads, [1] writes. PIPE_IN to PIPE_TOLD are the child's descriptor numbers 0 to 5. */
struct spawn_pipes {
	int end[PIPE_COUNT][2];
};

static void pipes_close(struct spawn_pipes *p)
{
	for (int i = 0; i < PIPE_COUNT; i++) {
		wg_closep(&p->end[i][0]);
		wg_closep(&p->end[i][1]);
	}
}

static bool pipes_open(const struct wg_child *spec, struct spawn_pipes *p)
{
	for (int i = 0; i < PIPE_COUNT; i++)
		p->end[i][0] = p->end[i][1] = -1;
	for (int i = 0; i < PIPE_COUNT; i++)
		if ((spec->nest && i == PIPE_SECRET ? socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p->end[i])
		                                    : pipe2(p->end[i], O_CLOEXEC)) != 0)
			return false;
	return true;
}

static int child_side(int which)
{
	return which == PIPE_IN || which == PIPE_SECRET || which == PIPE_TOLD ? 0 : 1;
}

/* ---- from here to spawn_child, the code runs between fork and exec: async-signal-safe calls only ---- */

static bool reset_signals(void)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	for (int i = 1; i <= SIGSYS; i++) /* SIGSYS is the last before those that libc keeps and the real-time ones */
		if (i != SIGKILL && i != SIGSTOP && sigaction(i, &plain, NULL) != 0)
			return false;
	sigset_t none;
	return sigemptyset(&none) == 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

/* The last of the descriptors that the program gets. */
static int last_pipe(const struct wg_child *spec)
{
	return spec->answer != NULL ? PIPE_TOLD : spec->secret != NULL || spec->nest ? PIPE_SECRET : PIPE_ERR;
}

static bool place_pipes(const struct spawn_pipes *p, int last, int *status)
{
	int moved[PIPE_COUNT];
	for (int i = 0; i < PIPE_COUNT; i++) {
		moved[i] = fcntl(p->end[i][child_side(i)], F_DUPFD_CLOEXEC, SPAWN_FD_BASE);
		if (moved[i] < 0)
			return false;
	}
	*status = moved[PIPE_STATUS];
	for (int i = PIPE_IN; i <= last; i++)
		if (dup2(moved[i], i) < 0)
			return false;
	return true;
}

static bool set_limit(__rlimit_resource_t what, rlim_t soft, rlim_t hard)
{
	return setrlimit(what, &(struct rlimit){ .rlim_cur = soft, .rlim_max = hard }) == 0;
}

static bool set_limits(const struct wg_child *spec)
{
	/* one second between the soft limit, whose SIGXCPU tells why, and the hard one, which nothing survives */
	return set_limit(RLIMIT_CPU, spec->cpu_s, (rlim_t)spec->cpu_s + 1) && set_limit(RLIMIT_CORE, 0, 0) &&
	       set_limit(RLIMIT_NOFILE, SPAWN_MAX_FILES, SPAWN_MAX_FILES) &&
	       (WG_ASAN || set_limit(RLIMIT_AS, spec->memory, spec->memory));
}

static bool tie_to_parent(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       getppid() == parent; /* it may have died before the first call */
}

/* Its only variable, or NULL. What a nest calls is bound before it makes its children: each would do it anew, and not
 * with all libraries at hand. */
static char *environment_of(const struct wg_child *spec)
{
	static char sanitizer[] = "ASAN_OPTIONS=detect_leaks=0:malloc_context_size=8:quarantine_size_mb=16";
	static char nest[] = "LD_BIND_NOW=1";
	return WG_ASAN ? sanitizer : spec->nest ? nest : NULL;
}

/* Every step in order; returns the one that failed. */
static enum spawn_step child_steps(const struct wg_child *spec, const struct spawn_pipes *p, pid_t parent, int *status)
{
	char *const environment[] = { environment_of(spec), NULL };
	int last = last_pipe(spec);
	if (setpgid(0, 0) != 0)
		return STEP_GROUP;
	if (!tie_to_parent(parent))
		return STEP_PARENT;
	if (!reset_signals())
		return STEP_SIGNALS;
	if (!place_pipes(p, last, status))
		return STEP_PIPES;
	if (chdir("/") != 0)
		return STEP_FOLDER;
	if (!set_limits(spec))
		return STEP_LIMITS;
	if (close_range((unsigned)last + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
		return STEP_DESCRIPTORS;
	(void)execve(spec->program, (char *const *)(uintptr_t)spec->argv, environment); /* returns only when it failed */
	return STEP_EXEC;
}

static _Noreturn void spawn_child(const struct wg_child *spec, const struct spawn_pipes *p, pid_t parent)
{
	int status = p->end[PIPE_STATUS][1];
	struct spawn_failure failure = { .step = child_steps(spec, p, parent, &status) };
	failure.number = errno;
	/* smaller than PIPE_BUF, so whole; if it fails the parent sees the exit status */
	(void)!write(status, &failure, sizeof failure);
	_exit(127);
}

/* ---- the parent again ---- */

/* Waits until the exec closed the status pipe, or the child said what failed. */
static enum wg_code await_exec(const struct wg_child *spec, int status, struct wg_err *err)
{
	struct spawn_failure failure;
	ssize_t n;
	do
		n = read(status, &failure, sizeof failure);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return WG_OK;
	if (n != (ssize_t)sizeof failure || (size_t)failure.step >= WG_COUNT(step_names))
		return wg_err_set(err, WG_SYSTEM, "%.200s: start: no word from the child", spec->program);
	return wg_err_set(err, WG_SYSTEM, "%.200s: start: %s: %s", spec->program, step_names[failure.step],
	                  strerror(failure.number));
}

static enum wg_code take_ends(struct spawn_pipes *p, struct wg_child_proc *proc, struct wg_err *err)
{
	int *const ends[] = { &p->end[PIPE_IN][1],     &p->end[PIPE_OUT][0], &p->end[PIPE_ERR][0],
		                  &p->end[PIPE_SECRET][1], &p->end[PIPE_ASK][0], &p->end[PIPE_TOLD][1] };
	int *const into[] = { &proc->in, &proc->out, &proc->err, &proc->secret, &proc->ask, &proc->told };
	for (size_t i = 0; i < WG_COUNT(ends); i++)
		if (fcntl(*ends[i], F_SETFL, O_NONBLOCK) != 0)
			return wg_err_errno(err, "child: pipe");
	for (size_t i = 0; i < WG_COUNT(ends); i++) {
		*into[i] = *ends[i];
		*ends[i] = -1;
	}
	return WG_OK;
}

enum wg_code wg_child_spawn(const struct wg_child *spec, struct wg_child_proc *proc, struct wg_err *err)
{
	WG_CLEANUP(pipes_close) struct spawn_pipes pipes;
	int pidfd = -1;
	if (!pipes_open(spec, &pipes))
		return wg_err_errno(err, "child: pipe");
	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid < 0)
		return wg_err_errno(err, "child: fork");
	if (pid == 0)
		spawn_child(spec, &pipes, parent);
	(void)setpgid(pid, pid); /* the child does it too: whoever is first; it fails once the child has executed */
	for (int i = 0; i < PIPE_COUNT; i++)
		wg_closep(&pipes.end[i][child_side(i)]);
	enum wg_code code = await_exec(spec, pipes.end[PIPE_STATUS][0], err);
	if (code == WG_OK && (pidfd = pidfd_open(pid, 0)) < 0)
		code = wg_err_errno(err, "child: pidfd");
	if (code == WG_OK)
		code = take_ends(&pipes, proc, err);
	if (code != WG_OK) {
		wg_closep(&pidfd);
		(void)kill(-pid, SIGKILL); /* gone already, or goes now */
		(void)waitpid(pid, NULL, 0);
		return code;
	}
	proc->pid = pid;
	proc->pidfd = pidfd;
	return WG_OK;
}
