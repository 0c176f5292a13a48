/* mem.c owns the wiping of secrets, the closing of descriptors, and what is known of memory that was refused. */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/refused.h"

void wg_closep(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing to do about a failed close of what was only read, or was synced before */
	*fd = -1;
}

void wg_wipe(void *p, size_t len)
{
	if (len > 0)
		explicit_bzero(p, len);
}

/* What such a library gets in the end, so that it comes back at all: not every one survives a refusal. */
#define RESERVE ((size_t)512 * 1024)
static _Thread_local void *reserve;
static _Thread_local bool refused;

void wg_mem_note(void)
{
	refused = true;
}

/* Memory has run out: the reserve is given up. */
static void give_up(void)
{
	refused = true;
	wg_freep(&reserve);
}

void *wg_mem_malloc(size_t n)
{
	void *p = malloc(n);
	if (p == NULL && n > 0) {
		give_up();
		p = malloc(n);
	}
	return p;
}

void *wg_mem_realloc(void *p, size_t n)
{
	void *q = realloc(p, n);
	if (q == NULL && n > 0) {
		give_up();
		q = realloc(p, n);
	}
	return q;
}

char *wg_mem_strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = wg_mem_malloc(n);
	return p != NULL ? memcpy(p, s, n) : NULL;
}

bool wg_mem_refused(void)
{
	bool was = refused;
	refused = false;
	if (reserve == NULL)
		reserve = malloc(RESERVE); /* without it, the next refusal is one */
	return was;
}
