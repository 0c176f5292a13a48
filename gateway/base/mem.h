/* Ownership in one visible line, and wiping of secrets. */
#ifndef WG_BASE_MEM_H
#define WG_BASE_MEM_H

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

/* Overwrites len bytes; the compiler may not leave it out. */
void wg_wipe(void *p, size_t len);

#endif
