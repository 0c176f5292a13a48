/* Ownership in one visible line, and wiping of secrets. */
#ifndef WG_BASE_MEM_H
#define WG_BASE_MEM_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Hands over what p points to and leaves NULL behind: *out = wg_steal(&thing); */
#define wg_steal(p)                      \
	({                                   \
		__typeof__(*(p)) stolen_ = *(p); \
		*(p) = NULL;                     \
		stolen_;                         \
	})

#define WG_COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Cleanup handler for char * and void * from malloc. */
static inline void wg_freep(void *p)
{
	void *q;
	memcpy(&q, p, sizeof q);
	free(q);
	memset(p, 0, sizeof q);
}
#define WG_AUTO_FREE __attribute__((cleanup(wg_freep)))

/* Cleanup handler for a file descriptor; -1 means none. */
void wg_closep(int *fd);
#define WG_AUTO_CLOSE __attribute__((cleanup(wg_closep)))

/* The C library's, for libraries that ask for memory through functions that they are given: what is refused is noted.
 * Such a library may take it for a fault of what it was given (a schema that does not fit, a seal that does not open),
 * and then nobody is to be told so. */
void *wg_mem_malloc(size_t n);
void *wg_mem_realloc(void *p, size_t n);
char *wg_mem_strdup(const char *s);
/* Whether anything was refused in this thread since this was asked last. Lays in a reserve, which such a library gets
 * when there is nothing else left, so that it comes back: what it comes back with is then not to be used. */
bool wg_mem_refused(void);

/* Overwrites len bytes; the compiler may not leave it out. */
void wg_wipe(void *p, size_t len);

#endif
