/* Strikes a running role of a gateway and all that it started: their system calls are counted together, and at one of
 * them the process that makes it is killed, or the call fails, once or with all of its kind in that process. The table
 * of calls and errors is that of strike_calls.c. For gateways.py. See usage. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#include "base/mem.h"
#include "base/text.h"
#include "strike.h"

#ifndef __x86_64__
#error "strike_live.c knows the registers of x86-64 only"
#endif

static const char usage[] = "usage: crash_strike PID count | kill AT | once AT WHICH | good AT WHICH\n"
							"  count   only counts\n"
							"  kill    whoever makes the AT-th call, counted from 0, is killed before it\n"
							"  once    the first call from the AT-th on that may fail fails, by the WHICH-th of its "
							"errors (the rest of a division)\n"
							"  good    it does, and all of its kind in that process after it\n"
							"Prints `attached` when it watches all, `struck NAME WHAT PID OF` when it strikes (OF: "
							"socket, or what else its first\n"
							"argument stands for, or -), `N calls` "
							"at its end, which is SIGTERM or\n"
							"when nothing is left to watch; what it watched goes on.\n";

/* Processes and threads that are watched at the same time; a role and its readers are some twenty. */
#define TASKS_MAX 512
#define NOT_STRUCK (-1)

struct task {
	pid_t tid; /* 0: free */
	int fails; /* the call that it is in answers this errno; 0: none */
};

static struct task tasks[TASKS_MAX];
static volatile sig_atomic_t stopping;
static enum strike_how how = STRIKE_NOT;
static bool for_good;
static uint64_t at, which, calls;
static pid_t hit; /* the process that was struck; 0: none yet */
static long hit_number = NOT_STRUCK;
static int hit_error;

static void broken(const char *what)
{
	(void)fprintf(stderr, "crash_strike: %s: %s (root, and leave to trace, are needed)\n", what, strerror(errno));
	exit(70);
}

static void on_stop(int number)
{
	(void)number;
	stopping = 1;
}

static struct task *task_of(pid_t tid)
{
	struct task *unused = NULL;
	for (size_t i = 0; i < TASKS_MAX; i++) {
		if (tasks[i].tid == tid)
			return &tasks[i];
		if (tasks[i].tid == 0 && unused == NULL)
			unused = &tasks[i];
	}
	if (unused == NULL) {
		errno = E2BIG;
		broken("more to watch than there is room for");
	}
	*unused = (struct task){ .tid = tid };
	return unused;
}

static bool watched(pid_t tid)
{
	for (size_t i = 0; i < TASKS_MAX; i++)
		if (tasks[i].tid == tid)
			return true;
	return false;
}

static unsigned left(void)
{
	unsigned n = 0;
	for (size_t i = 0; i < TASKS_MAX; i++)
		n += tasks[i].tid != 0;
	return n;
}

/* As /proc writes it; 0 for what is no number. */
static pid_t number_of(const char *text)
{
	uint64_t value = 0;
	char digits[16];
	(void)snprintf(digits, sizeof digits, "%.*s", (int)strcspn(text, "\n"), text); /* what is cut is no number */
	return wg_num_parse(digits, 1, INT32_MAX, &value) ? (pid_t)value : 0;
}

/* A line of /proc/TID/status that begins with that word, as a number; 0: it is gone. */
static pid_t status_of(pid_t tid, const char *word)
{
	char path[64], line[256];
	pid_t value = 0;
	(void)snprintf(path, sizeof path, "/proc/%d/status", (int)tid); /* it fits */
	FILE *f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, word, strlen(word)) == 0)
			value = number_of(line + strlen(word) + strspn(line + strlen(word), " \t"));
	if (f != NULL)
		(void)fclose(f); /* was only read */
	return value;
}

static bool descends(pid_t pid, pid_t from)
{
	while (pid > 1 && pid != from)
		pid = status_of(pid, "PPid:");
	return pid == from;
}

/* A call that is to fail is not let go half way: it would answer something else. */
static bool half_way(void)
{
	for (size_t i = 0; i < TASKS_MAX; i++)
		if (tasks[i].tid != 0 && tasks[i].fails != 0)
			return true;
	return false;
}

/* One that ended, or is watched since it was made, is let be. True when it is new. */
static bool seize(pid_t tid)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
	if (watched(tid) || ptrace(PTRACE_SEIZE, tid, NULL, options) != 0)
		return false;
	(void)task_of(tid);
	(void)ptrace(PTRACE_INTERRUPT, tid, NULL, NULL); /* it may have ended */
	return true;
}

static unsigned seize_threads(pid_t pid)
{
	char path[64];
	unsigned found = 0;
	(void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid); /* it fits */
	DIR *d = opendir(path);
	struct dirent *e;
	while (d != NULL && (e = readdir(d)) != NULL)
		found += number_of(e->d_name) > 0 && seize(number_of(e->d_name));
	if (d != NULL)
		(void)closedir(d); /* was only read */
	return found;
}

/* Until nothing new is found: what is made by somebody who is watched is watched from its beginning. */
static void seize_family(pid_t root)
{
	unsigned found;
	do {
		found = 0;
		DIR *d = opendir("/proc");
		struct dirent *e;
		if (d == NULL)
			broken("/proc");
		while ((e = readdir(d)) != NULL)
			if (number_of(e->d_name) > 0 && descends(number_of(e->d_name), root))
				found += seize_threads(number_of(e->d_name));
		(void)closedir(d); /* was only read */
	} while (found > 0);
	if (left() == 0)
		broken("nobody to watch");
}

static void set_register(pid_t tid, size_t offset, long value)
{
	(void)ptrace(PTRACE_POKEUSER, tid, offset, value); /* one that was killed meanwhile has none */
}

/* What that descriptor is: "socket", the last part of a name, or "-". */
static void descriptor(pid_t tid, uint64_t fd, char *out, size_t size)
{
	char link[64], path[256];
	(void)snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)tid, (int)fd); /* it fits */
	ssize_t n = fd <= INT32_MAX ? readlink(link, path, sizeof path - 1) : -1;
	path[n > 0 ? n : 0] = '\0';
	const char *last = strrchr(path, '/');
	if (strncmp(path, "socket:", 7) == 0)
		last = "/socket";
	(void)snprintf(out, size, "%.60s", last != NULL ? last + 1 : path[0] != '\0' ? path : "-"); /* cut is fine */
}

static void tell(const char *what, long number, pid_t pid, const char *of)
{
	(void)printf("struck %s %s %d %s\n", strike_name(number), what, (int)pid, of);
	(void)fflush(stdout); /* a failing stdout is seen by its reader */
}

/* A call is made that does nothing, and what it answers is changed: one that is no call at all would meet the filter.
 */
static void fail_call(struct task *t)
{
	t->fails = hit_error;
	set_register(t->tid, offsetof(struct user, regs.orig_rax), SYS_getpid);
}

/* True when it was killed. */
static bool enter(struct task *t, long number, uint64_t first)
{
	char of[64];
	uint64_t n = calls++;
	if (hit != 0) {
		if (for_good && number == hit_number && status_of(t->tid, "Tgid:") == hit)
			fail_call(t);
		return false;
	}
	if (how == STRIKE_NOT || n < at)
		return false;
	descriptor(t->tid, first, of, sizeof of);
	const int *errors = strcmp(of, "socket") == 0 ? strike_errors_of_socket(number) : strike_errors(number);
	size_t count = 0;
	while (errors != NULL && errors[count] != 0)
		count++;
	if (how == STRIKE_FAIL && count == 0)
		return false;
	hit = status_of(t->tid, "Tgid:");
	hit_number = number;
	if (how == STRIKE_KILL) {
		tell("killed", number, hit, of);
		(void)kill(hit, SIGKILL); /* it is stopped, and so not gone */
		return true;
	}
	hit_error = errors[which % count];
	for_good = for_good && hit_error != EINTR; /* a signal comes once */
	tell(strerrorname_np(hit_error), number, hit, of);
	fail_call(t);
	return false;
}

/* At a call's entry or its exit. */
static bool at_call(struct task *t)
{
	struct __ptrace_syscall_info info = { .op = 0 };
	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->tid, sizeof info, &info) <= 0)
		return false; /* it was killed meanwhile */
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		return enter(t, (long)info.entry.nr, info.entry.args[0]);
	if (t->fails != 0) {
		set_register(t->tid, offsetof(struct user, regs.rax), -t->fails);
		t->fails = 0;
	}
	return false;
}

/* One stop of one task, and on it goes. */
static void one_stop(pid_t tid, int status)
{
	struct task *t = task_of(tid);
	int signal = 0, event = status >> 16;
	if (!WIFSTOPPED(status)) {
		*t = (struct task){ .tid = 0 };
		return;
	}
	if (event == PTRACE_EVENT_STOP && WSTOPSIG(status) != SIGTRAP) { /* stopped by whoever may: it stays so */
		(void)ptrace(PTRACE_LISTEN, tid, NULL, NULL);
		return;
	}
	if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
		if (at_call(t))
			return;
	} else if (event == 0) {
		signal = WSTOPSIG(status);
	}
	(void)ptrace(PTRACE_SYSCALL, tid, NULL, signal); /* one that was killed meanwhile does not hear it */
}

static bool numbers(int argc, char **argv)
{
	return wg_num_parse(argv[3], 0, UINT32_MAX, &at) && (argc < 5 || wg_num_parse(argv[4], 0, UINT32_MAX, &which));
}

static bool arguments(int argc, char **argv, uint64_t *pid)
{
	if (argc < 3 || !wg_num_parse(argv[1], 2, INT32_MAX, pid))
		return false;
	if (strcmp(argv[2], "count") == 0)
		return argc == 3;
	if (strcmp(argv[2], "kill") == 0) {
		how = STRIKE_KILL;
		return argc == 4 && numbers(argc, argv);
	}
	how = STRIKE_FAIL;
	for_good = strcmp(argv[2], "good") == 0;
	return (for_good || strcmp(argv[2], "once") == 0) && argc == 5 && numbers(argc, argv);
}

int main(int argc, char **argv)
{
	struct sigaction stop = { .sa_handler = on_stop }; /* it ends the waiting too */
	sigset_t child;
	uint64_t pid = 0;
	if (!arguments(argc, argv, &pid)) {
		(void)fputs(usage, stderr);
		return 64;
	}
	(void)sigemptyset(&child); /* these cannot fail with valid arguments */
	(void)sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child, NULL);
	(void)sigaction(SIGTERM, &stop, NULL);
	seize_family((pid_t)pid);
	(void)puts("attached");
	(void)fflush(stdout); /* a failing stdout is seen by its reader */
	while ((!stopping || half_way()) && left() > 0) {
		int status = 0;
		pid_t tid = waitpid(-1, &status, __WALL | WNOHANG);
		if (tid > 0)
			one_stop(tid, status);
		else if (tid < 0)
			break;
		else
			(void)sigtimedwait(&child, NULL, &(struct timespec){ .tv_nsec = 50000000 }); /* or SIGTERM */
	}
	(void)printf("%llu calls\n", (unsigned long long)calls);
	return fflush(stdout) == 0 ? 0 : 70; /* whoever is watched is let go by the kernel */
}
