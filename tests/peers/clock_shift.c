/* Preloaded into a program, shows it a wall clock that is ahead by CLOCK_SHIFT milliseconds: for tests of what happens
 * after years. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *out)
{
	int rc = (int)syscall(SYS_clock_gettime, id, out);
	const char *digits = getenv("CLOCK_SHIFT");
	int64_t shift = 0;
	while (digits != NULL && *digits >= '0' && *digits <= '9')
		shift = 10 * shift + (*digits++ - '0');
	if (rc == 0 && id == CLOCK_REALTIME)
		out->tv_sec += (time_t)(shift / 1000); /* whole seconds do */
	return rc;
}
