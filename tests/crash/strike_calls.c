/* Owns the table of the system calls that are struck: their names, and the errors that each may meet. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "strike.h"

static const int of_read[] = { EIO, EINTR, 0 };
static const int of_write[] = { EIO, ENOSPC, EDQUOT, EINTR, 0 };
static const int of_sync[] = { EIO, ENOSPC, EDQUOT, EINTR, 0 };
static const int of_open[] = { EIO, EMFILE, ENFILE, ENOMEM, ENOSPC, EDQUOT, EACCES, EINTR, 0 };
static const int of_file[] = { EIO, ENOMEM, 0 };
static const int of_lock[] = { EIO, ENOLCK, EINTR, 0 };
static const int of_name[] = { EIO, ENOSPC, EROFS, 0 };
static const int of_memory[] = { ENOMEM, 0 };
static const int of_random[] = { EINTR, ENOSYS, 0 };
static const int of_socket[] = { EMFILE, ENFILE, ENOMEM, ENOBUFS, 0 };
static const int of_accept[] = { EMFILE, ENFILE, ENOMEM, ECONNABORTED, EINTR, 0 };
static const int of_connect[] = { ECONNREFUSED, ENETUNREACH, ETIMEDOUT, EINTR, 0 };
static const int of_connect_local[] = { EADDRINUSE, ENOMEM, 0 };
static const int of_send[] = { ECONNRESET, EPIPE, ENOBUFS, ENOMEM, EINTR, 0 };
static const int of_receive[] = { ECONNRESET, ENOMEM, EINTR, 0 };
static const int of_pipe[] = { EMFILE, ENFILE, 0 };
static const int of_process[] = { EAGAIN, ENOMEM, 0 };
static const int of_program[] = { ENOMEM, EIO, EMFILE, 0 };
static const int of_wait[] = { EINTR, ENOMEM, 0 };
static const int of_events[] = { ENOMEM, ENOSPC, 0 };
static const int of_pause[] = { EINTR, 0 };
static const int of_list[] = { EIO, ENOMEM, 0 };

static const struct {
	long number;
	const char *name;
	const int *errors;
	bool writes;
} calls[] = {
	{ SYS_read, "read", of_read, false },
	{ SYS_pread64, "pread64", of_read, false },
	{ SYS_write, "write", of_write, true },
	{ SYS_pwrite64, "pwrite64", of_write, true },
	{ SYS_fsync, "fsync", of_sync, false },
	{ SYS_fdatasync, "fdatasync", of_sync, false },
	{ SYS_ftruncate, "ftruncate", of_write, false },
	{ SYS_fallocate, "fallocate", of_write, false },
	{ SYS_open, "open", of_open, false },
	{ SYS_openat, "openat", of_open, false },
	{ SYS_close, "close", of_read, false },
	{ SYS_stat, "stat", of_file, false },
	{ SYS_lstat, "lstat", of_file, false },
	{ SYS_fstat, "fstat", of_file, false },
	{ SYS_newfstatat, "newfstatat", of_file, false },
	{ SYS_statx, "statx", of_file, false },
	{ SYS_access, "access", of_file, false },
	{ SYS_lseek, "lseek", of_file, false },
	{ SYS_readlink, "readlink", of_file, false },
	{ SYS_getcwd, "getcwd", of_file, false },
	{ SYS_fcntl, "fcntl", of_lock, false },
	{ SYS_unlink, "unlink", of_name, false },
	{ SYS_rename, "rename", of_name, false },
	{ SYS_fchmod, "fchmod", of_name, false },
	{ SYS_fchown, "fchown", of_name, false },
	{ SYS_mmap, "mmap", of_memory, false },
	{ SYS_mremap, "mremap", of_memory, false },
	{ SYS_getrandom, "getrandom", of_random, false },
	{ SYS_writev, "writev", of_write, false },
	{ SYS_readv, "readv", of_read, false },
	{ SYS_socket, "socket", of_socket, false },
	{ SYS_socketpair, "socketpair", of_socket, false },
	{ SYS_accept4, "accept4", of_accept, false },
	{ SYS_connect, "connect", of_connect, false },
	{ SYS_sendto, "sendto", of_send, false },
	{ SYS_sendmsg, "sendmsg", of_send, false },
	{ SYS_recvfrom, "recvfrom", of_receive, false },
	{ SYS_recvmsg, "recvmsg", of_receive, false },
	{ SYS_pipe2, "pipe2", of_pipe, false },
	{ SYS_dup, "dup", of_pipe, false },
	{ SYS_dup2, "dup2", of_pipe, false },
	{ SYS_eventfd2, "eventfd2", of_pipe, false },
	{ SYS_pidfd_open, "pidfd_open", of_pipe, false },
	{ SYS_clone, "clone", of_process, false },
	{ SYS_fork, "fork", of_process, false },
	{ SYS_vfork, "vfork", of_process, false },
	{ SYS_execve, "execve", of_program, false },
	{ SYS_wait4, "wait4", of_pause, false },
	{ SYS_poll, "poll", of_wait, false },
	{ SYS_ppoll, "ppoll", of_wait, false },
	{ SYS_epoll_wait, "epoll_wait", of_pause, false },
	{ SYS_epoll_ctl, "epoll_ctl", of_events, false },
	{ SYS_epoll_create1, "epoll_create1", of_pipe, false },
	{ SYS_clock_nanosleep, "clock_nanosleep", of_pause, false },
	{ SYS_getdents64, "getdents64", of_list, false },
	{ SYS_mkdir, "mkdir", of_name, false },
	{ SYS_link, "link", of_name, false },
	{ SYS_mprotect, "mprotect", of_memory, false },
	{ SYS_munmap, "munmap", NULL, false },
	{ SYS_brk, "brk", NULL, false }, /* the C library takes a negative answer for a high address */
	{ SYS_madvise, "madvise", NULL, false },
	{ SYS_geteuid, "geteuid", NULL, false },
	{ SYS_getpid, "getpid", NULL, false },
	{ SYS_rt_sigaction, "rt_sigaction", NULL, false },
	{ SYS_rt_sigprocmask, "rt_sigprocmask", NULL, false },
	{ SYS_getppid, "getppid", NULL, false },
	{ SYS_kill, "kill", NULL, false },
	{ SYS_prctl, "prctl", NULL, false },
	{ SYS_setpgid, "setpgid", NULL, false },
	{ SYS_prlimit64, "prlimit64", NULL, false },
	{ SYS_close_range, "close_range", NULL, false },
	{ SYS_landlock_create_ruleset, "landlock_create_ruleset", NULL, false }, /* sandboxes are not to be told apart: */
	{ SYS_landlock_add_rule, "landlock_add_rule", NULL, false },             /* what fails there stops a start */
	{ SYS_landlock_restrict_self, "landlock_restrict_self", NULL, false },
	{ SYS_seccomp, "seccomp", NULL, false },
	{ SYS_inotify_add_watch, "inotify_add_watch", of_events, false },
	{ SYS_inotify_init1, "inotify_init1", of_pipe, false },
	{ SYS_bind, "bind", of_connect_local, false },
	{ SYS_listen, "listen", of_connect_local, false },
	{ SYS_setsockopt, "setsockopt", NULL, false },
	{ SYS_getsockopt, "getsockopt", NULL, false },
	{ SYS_getsockname, "getsockname", NULL, false },
	{ SYS_getpeername, "getpeername", NULL, false },
	{ SYS_shutdown, "shutdown", NULL, false },
	{ SYS_futex, "futex", NULL, false },
	{ SYS_exit_group, "exit_group", NULL, false },
};
#define CALLS (sizeof calls / sizeof calls[0])

static size_t find(long number)
{
	size_t i = 0;
	while (i < CALLS && calls[i].number != number)
		i++;
	return i;
}

const int *strike_errors(long number)
{
	size_t i = find(number);
	return i < CALLS ? calls[i].errors : NULL;
}

const int *strike_errors_of_socket(long number)
{
	if (number == SYS_read || number == SYS_readv)
		return of_receive;
	return number == SYS_write || number == SYS_writev ? of_send : strike_errors(number);
}

const char *strike_name(long number)
{
	static char other[24];
	size_t i = find(number);
	if (i < CALLS)
		return calls[i].name;
	(void)snprintf(other, sizeof other, "call-%ld", number); /* it fits */
	return other;
}

bool strike_writes(long number)
{
	size_t i = find(number);
	return i < CALLS && calls[i].writes;
}
