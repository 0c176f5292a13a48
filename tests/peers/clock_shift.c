/* Preloaded into a program, shows it another clock, for tests of what happens when years pass or the clock is set. What
 * the kernel says of CLOCK_REALTIME (time, gettimeofday) is shown later by
 *   CLOCK_SHIFT, milliseconds, and
 *   what the file CLOCK_FILE says in its first two words (int64_t, milliseconds, of this machine's byte order), at
 * every moment anew: `set`, by which the clock was set, and `passed`, the time that passed in a moment. CLOCK_BOOTTIME
 * shows what passed too, as after a night in which the machine slept; CLOCK_MONOTONIC never moves. The file is mapped
 * when the program starts, so that confinement does not matter. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Of the file. */
#define WORDS 4
/* Who asks for two clocks at one moment gets one answer, even when time passes in between. */
#define SAME_MOMENT_MS 20

static const volatile int64_t none[2], *shifts = none;
static int64_t constant;
static _Thread_local struct {
	int64_t at, passed;
} last;

static int64_t number(const char *digits)
{
	int64_t n = 0;
	while (digits != NULL && *digits >= '0' && *digits <= '9')
		n = 10 * n + (*digits++ - '0');
	return n;
}

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("CLOCK_FILE");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map = fd >= 0 ? mmap(NULL, WORDS * sizeof *none, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
	if (path != NULL && map == MAP_FAILED)
		abort(); /* a test that shifts nothing proves nothing */
	if (map != MAP_FAILED)
		shifts = (const volatile int64_t *)map + number(getenv("CLOCK_AT")) % (WORDS - 1);
	if (fd >= 0)
		(void)close(fd);
	constant = number(getenv("CLOCK_SHIFT"));
}

static int64_t steady(void)
{
	struct timespec t;
	(void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t); /* cannot fail */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t passed(clockid_t id)
{
	int64_t now = steady();
	if (id == CLOCK_REALTIME || now - last.at > SAME_MOMENT_MS) {
		last.at = now;
		last.passed = shifts[1];
	}
	return last.passed;
}

static void add(struct timespec *t, int64_t ms)
{
	int64_t ns = t->tv_nsec + ms % 1000 * 1000000;
	t->tv_sec += (time_t)(ms / 1000 + (ns >= 1000000000) - (ns < 0));
	t->tv_nsec = (long)(ns >= 1000000000 ? ns - 1000000000 : ns < 0 ? ns + 1000000000 : ns);
}

int clock_gettime(clockid_t id, struct timespec *out)
{
	int rc = (int)syscall(SYS_clock_gettime, id, out);
	if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		add(out, passed(CLOCK_REALTIME) + shifts[0] + constant);
	if (rc == 0 && id == CLOCK_BOOTTIME)
		add(out, passed(id));
	return rc;
}

time_t time(time_t *out)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_REALTIME, &t); /* cannot fail */
	if (out != NULL)
		*out = t.tv_sec;
	return t.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec t;
	(void)zone;
	int rc = clock_gettime(CLOCK_REALTIME, &t);
	*out = (struct timeval){ .tv_sec = t.tv_sec, .tv_usec = (suseconds_t)(t.tv_nsec / 1000) };
	return rc;
}
