/* Memory that runs out: every allocation of this program is counted, and one is refused, or that one and all after it.
 * In the build that ships those of the libraries too (SQLite, OpenSSL, libxml2, the C library); in the one of the
 * address sanitizer, whose own they are, those of our rooms. Include in one file of a program; see wg_memory_wrapped of
 * CMakeLists.txt. */
#ifndef TESTS_CRASH_MEMORY_H
#define TESTS_CRASH_MEMORY_H

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/asan.h"

/* Which one is refused, counted from 1; 0: none is, and none is counted. LONG_MAX: only counted. */
static atomic_long memory_at;
static atomic_long memory_asked;
static atomic_bool memory_for_good;

/* When there is one it says which is refused, asked for every one while they are counted (test_memory.c). */
static bool (*memory_chooses)(long n);

static inline bool memory_refuses(void)
{
	long at = atomic_load(&memory_at);
	if (at == 0)
		return false;
	long n = atomic_fetch_add(&memory_asked, 1) + 1;
	if (memory_chooses != NULL && at == LONG_MAX && memory_chooses(n))
		atomic_store(&memory_at, at = n);
	if (n != at && !(n > at && atomic_load(&memory_for_good)))
		return false;
	errno = ENOMEM;
	return true;
}

static inline void memory_arm(long at, bool for_good)
{
	atomic_store(&memory_asked, 0);
	atomic_store(&memory_for_good, for_good);
	atomic_store(&memory_at, at);
}

/* How many there were. */
static inline long memory_disarm(void)
{
	atomic_store(&memory_at, 0);
	return atomic_load(&memory_asked);
}

#if WG_ASAN
#define MEMORY_OURS(name) __wrap_##name
#define MEMORY_REAL(name) __real_##name
#else
#define MEMORY_OURS(name) name
#define MEMORY_REAL(name) __libc_##name
#endif

void *MEMORY_REAL(malloc)(size_t n);
void *MEMORY_REAL(calloc)(size_t n, size_t size);
void *MEMORY_REAL(realloc)(void *p, size_t n);
void *MEMORY_OURS(malloc)(size_t n);
void *MEMORY_OURS(calloc)(size_t n, size_t size);
void *MEMORY_OURS(realloc)(void *p, size_t n);
void *MEMORY_OURS(reallocarray)(void *p, size_t n, size_t size);

void *MEMORY_OURS(malloc)(size_t n)
{
	return memory_refuses() ? NULL : MEMORY_REAL(malloc)(n);
}

void *MEMORY_OURS(calloc)(size_t n, size_t size)
{
	return memory_refuses() ? NULL : MEMORY_REAL(calloc)(n, size);
}

void *MEMORY_OURS(realloc)(void *p, size_t n)
{
	return memory_refuses() ? NULL : MEMORY_REAL(realloc)(p, n);
}

void *MEMORY_OURS(reallocarray)(void *p, size_t n, size_t size)
{
	size_t all;
	if (__builtin_mul_overflow(n, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return memory_refuses() ? NULL : MEMORY_REAL(realloc)(p, all);
}

#if WG_ASAN /* what the C library would ask for by itself */
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
int __wrap_asprintf(char **out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

char *__wrap_strdup(const char *s)
{
	return memory_refuses() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return memory_refuses() ? NULL : __real_strndup(s, n);
}

int __wrap_asprintf(char **out, const char *fmt, ...)
{
	if (memory_refuses())
		return -1;
	va_list ap;
	va_start(ap, fmt);
	int n = vasprintf(out, fmt, ap);
	va_end(ap);
	return n;
}

int __lsan_do_recoverable_leak_check(void);
static inline bool memory_leaked(void)
{
	return __lsan_do_recoverable_leak_check() != 0;
}
#else
static inline bool memory_leaked(void)
{
	return false; /* only that build sees it */
}
#endif

#endif
