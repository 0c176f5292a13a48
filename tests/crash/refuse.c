/* Loaded before the C library into a gateway's processes (LD_PRELOAD): memory that runs out in one role of it, when and
 * for how long a file says that all of them map, and that gateways.py writes. Readers are started without it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* As gateways.py packs it. */
struct order {
	char role[16];          /* "" for nobody */
	_Atomic uint64_t at;    /* which request is refused, counted from 1; 0: they are only counted */
	_Atomic uint64_t good;  /* not 0: and all that follow in the process that it hit */
	_Atomic uint64_t asked; /* requests of that role so far */
	_Atomic uint64_t hit;   /* the process that was refused something; 0: none */
};

static struct order *order;
static char role[16];
static pid_t self;

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static void forked(void)
{
	self = getpid();
}

/* "wardgate serve --role NAME ...": a number of words, each with its NUL. */
static void find_role(void)
{
	char line[512];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, line, sizeof line - 1) : -1;
	if (fd >= 0)
		(void)close(fd); /* was only read */
	for (ssize_t i = 0; i < n; i += (ssize_t)strlen(line + i) + 1) {
		line[n] = '\0';
		const char *next = line + i + strlen(line + i) + 1;
		if (strcmp(line + i, "--role") == 0 && next < line + n && strlen(next) < sizeof role)
			memcpy(role, next, strlen(next) + 1);
	}
}

static void __attribute__((constructor)) begin(void)
{
	const char *path = getenv("WG_REFUSE");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	find_role();
	forked();
	void *map = mmap(NULL, sizeof *order, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd); /* it is mapped */
	if (map != MAP_FAILED && role[0] != '\0' && pthread_atfork(NULL, NULL, forked) == 0)
		order = map;
}

static bool refuses(void)
{
	if (order == NULL || strncmp(order->role, role, sizeof role) != 0)
		return false;
	uint64_t n = atomic_fetch_add(&order->asked, 1) + 1, at = atomic_load(&order->at);
	uint64_t hit = atomic_load(&order->hit);
	bool first = at != 0 && n >= at && hit == 0 && atomic_compare_exchange_strong(&order->hit, &hit, (uint64_t)self);
	if (!first && (hit != (uint64_t)self || atomic_load(&order->good) == 0))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t n)
{
	return refuses() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return refuses() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return refuses() ? NULL : __libc_realloc(p, n);
}

void *reallocarray(void *p, size_t n, size_t size)
{
	size_t all;
	if (__builtin_mul_overflow(n, size, &all) || refuses()) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_realloc(p, all);
}
