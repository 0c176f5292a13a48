/* The machine's wall clock, which a test sets: the test program stands between what it runs and the kernel's. For one
 * file of a program. */
#ifndef TESTS_STORE_SET_CLOCK_H
#define TESTS_STORE_SET_CLOCK_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define DAY_S 86400LL

static _Atomic int64_t set_by_s;

int clock_gettime(clockid_t which, struct timespec *out)
{
	int rc = (int)syscall(SYS_clock_gettime, which, out);
	if (which == CLOCK_REALTIME)
		out->tv_sec += atomic_load(&set_by_s);
	return rc;
}

#endif
