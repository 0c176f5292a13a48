/* Owns the tracing of one child by ptrace. */
#include "strike.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#ifndef __x86_64__
#error "strike.c knows the registers of x86-64 only: add those of this machine to set_call, set_result and set_length"
#endif

static void broken(const char *what)
{
	(void)fprintf(stderr, "crash harness: %s: %s (tracing a child of one's own has to be allowed here)\n", what,
	              strerror(errno));
	exit(70);
}

static void set_register(pid_t pid, size_t offset, long value)
{
	if (ptrace(PTRACE_POKEUSER, pid, offset, value) != 0)
		broken("setting a register");
}

/* At the entry: no call at all; at its exit, what it answers. */
static void set_call(pid_t pid, long number)
{
	set_register(pid, offsetof(struct user, regs.orig_rax), number);
}

static void set_result(pid_t pid, long result)
{
	set_register(pid, offsetof(struct user, regs.rax), result);
}

static void set_length(pid_t pid, uint64_t length)
{
	set_register(pid, offsetof(struct user, regs.rdx), (long)length);
}

static void path_of(pid_t pid, uint64_t fd, char *out, size_t size)
{
	char link[64];
	(void)snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)pid, (int)fd); /* it fits */
	ssize_t n = readlink(link, out, size - 1);
	out[n > 0 ? n : 0] = '\0';
}

static int descriptors(pid_t pid)
{
	char path[64];
	int n = 0;
	(void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid); /* it fits */
	DIR *d = opendir(path);
	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		(void)closedir(d); /* was only read */
	return n;
}

/* The next stop at a system call; false when the child has ended. */
static bool next_stop(pid_t pid, int *status)
{
	int signal = 0;
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, signal) != 0 && errno != ESRCH)
			broken("going on");
		if (waitpid(pid, status, 0) != pid)
			broken("waiting");
		if (!WIFSTOPPED(*status))
			return false;
		if (WSTOPSIG(*status) == (SIGTRAP | 0x80))
			return true;
		signal = WSTOPSIG(*status) == SIGTRAP ? 0 : WSTOPSIG(*status);
	}
}

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* For good: of a sync of a folder, all syncs of folders, those of files go on. */
static bool is_hit(pid_t pid, const struct strike *s, const struct strike_seen *seen,
                   const struct __ptrace_syscall_info *info)
{
	unsigned index = seen->calls - 1;
	char path[160];
	if (s->how == STRIKE_NOT || index < s->at)
		return false;
	if (index == s->at)
		return true;
	if (!s->for_good || (long)info->entry.nr != seen->number)
		return false;
	path_of(pid, info->entry.args[0], path, sizeof path);
	return !is_folder(seen->path) || is_folder(path);
}

/* A call that is about to be made, or (fails) not: what it says of the names in the one folder that there is.
 * True for a sync of it. */
static bool note_names(pid_t pid, const struct __ptrace_syscall_info *info, const struct strike *s, bool fails,
                       strike_unsynced *unsynced, void *arg)
{
	static bool changed, reported;
	long number = (long)info->entry.nr;
	char path[160];
	if (number == SYS_execve)
		changed = reported = false; /* is never made: a new child begins with this, see strike_run */
	if (!fails && ((number == SYS_openat && (info->entry.args[2] & O_CREAT) != 0) || number == SYS_unlink ||
	               number == SYS_rename))
		changed = true;
	if (number != SYS_fsync && number != SYS_fdatasync)
		return false;
	path_of(pid, info->entry.args[0], path, sizeof path);
	if (fails && s->error != EINTR && (changed || !is_folder(path))) {
		reported = is_folder(path);
		unsynced(arg, path, false);
	} else if (!fails && is_folder(path)) {
		if (reported)
			unsynced(arg, path, true);
		changed = reported = false;
	}
	return is_folder(path);
}

/* One call, from its entry to its exit. False when the child has ended. */
static bool one_call(pid_t pid, const struct strike *s, strike_unsynced *unsynced, void *arg, struct strike_seen *seen)
{
	struct __ptrace_syscall_info info = { .op = 0 };
	if (!next_stop(pid, &seen->status))
		return false;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0 || info.op != PTRACE_SYSCALL_INFO_ENTRY)
		broken("reading a system call");
	long number = (long)info.entry.nr;
	if (seen->calls >= STRIKE_CALLS_MAX)
		broken("more system calls than there is room for");
	seen->watched[seen->calls] = seen->watch != NULL && *seen->watch;
	seen->numbers[seen->calls++] = (uint16_t)number;
	if (number == SYS_exit_group)
		seen->open_after = descriptors(pid);
	bool hit = is_hit(pid, s, seen, &info), fails = hit && s->how == STRIKE_FAIL;
	if (hit && !seen->struck) {
		seen->struck = true;
		seen->number = number;
		path_of(pid, info.entry.args[0], seen->path, sizeof seen->path);
	}
	if (hit && s->how == STRIKE_KILL) {
		(void)kill(pid, SIGKILL); /* it is our own stopped child */
		if (waitpid(pid, &seen->status, 0) != pid)
			broken("waiting for what was killed");
		return false;
	}
	seen->folder[seen->calls - 1] = note_names(pid, &info, s, fails, unsynced, arg);
	if (fails)
		set_call(pid, -1);
	if (hit && s->how == STRIKE_SHORT && info.entry.args[2] > 1)
		set_length(pid, info.entry.args[2] / 2);
	if (!next_stop(pid, &seen->status))
		return false;
	if (fails)
		set_result(pid, -s->error);
	return true;
}

void strike_run(const struct strike *strike, int (*fn)(void *arg), void *arg, strike_unsynced *unsynced,
                struct strike_seen *seen)
{
	seen->calls = 0;
	seen->struck = false;
	seen->number = -1;
	seen->path[0] = '\0';
	seen->open_after = -1;
	(void)fflush(NULL); /* so that the child has nothing to say twice */
	pid_t pid = fork();
	if (pid < 0)
		broken("fork");
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 || raise(SIGSTOP) != 0)
			broken("being traced");
		_exit(fn(arg));
	}
	if (waitpid(pid, &seen->status, 0) != pid || !WIFSTOPPED(seen->status))
		broken("starting a child");
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) != 0)
		broken("tracing");
	seen->open_before = descriptors(pid);
	(void)note_names(pid, &(struct __ptrace_syscall_info){ .entry.nr = SYS_execve }, strike, false, unsynced, arg);
	while (one_call(pid, strike, unsynced, arg, seen))
		;
}
