/* Stands between SQLite and the kernel: kills this process before any write, sync or cut, and makes one fail. To be
 * included by one program only, which calls no other way. */
#ifndef WG_TESTS_STORE_DISK_CALLS_H
#define WG_TESTS_STORE_DISK_CALLS_H

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Calls until this process is killed; 0: never. */
static atomic_int kill_after;
/* The next call on a file of this name fails. */
static const char *fail_on;
/* But for so many before. */
static unsigned fail_not;
/* And all that follow, but for the want of room alone: writes, not syncs nor cuts. */
static bool fail_full;
/* And none that follows. */
static bool fail_once;

static bool named(int fd, const char *name)
{
	char link[64], path[256];
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd); /* short */
	ssize_t n = readlink(link, path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	return strstr(path, name) != NULL;
}

/* True when the call is to fail. */
static bool call_seen(int fd, bool writes)
{
	if (atomic_load(&kill_after) > 0 && atomic_fetch_sub(&kill_after, 1) == 1)
		(void)raise(SIGKILL); /* does not return */
	if (fail_on == NULL || !named(fd, fail_on) || (fail_full && !writes))
		return false;
	if (fail_not > 0) {
		fail_not--;
		return false;
	}
	if (fail_once)
		fail_on = NULL;
	errno = fail_full ? ENOSPC : EIO;
	return true;
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at);
ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return call_seen(fd, true) ? -1 : syscall(SYS_pwrite64, fd, p, n, at);
}

/* Nothing is really synced: a process that is killed, unlike a machine, loses nothing by that. */
int fdatasync(int fd)
{
	return call_seen(fd, false) ? -1 : 0;
}

int ftruncate64(int fd, off64_t len)
{
	return call_seen(fd, false) ? -1 : (int)syscall(SYS_ftruncate, fd, len);
}

#endif
