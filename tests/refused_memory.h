/* Memory that runs out: the allocation of ours with that number fails, and all after it unless it is once only. For
 * programs that are linked with --wrap for malloc, calloc and realloc; libraries are not touched. */
#ifndef WG_TESTS_REFUSED_MEMORY_H
#define WG_TESTS_REFUSED_MEMORY_H

#include <stdbool.h>
#include <stdlib.h>

static unsigned long memory_asked, memory_fails_at; /* 0: never */
static bool memory_fails_once;

static bool memory_fails(void)
{
	return ++memory_asked >= memory_fails_at && memory_fails_at != 0 &&
	       (!memory_fails_once || memory_asked == memory_fails_at);
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
	return memory_fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return memory_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return memory_fails() ? NULL : __real_realloc(p, n);
}

#endif
