/* "Did you mean": the known name that an unknown one was probably meant to be. */
#ifndef WG_NOTICE_SCHEMA_NEAREST_H
#define WG_NOTICE_SCHEMA_NEAREST_H

#include <stddef.h>

/* The fewest single-character changes that turn a into b; names longer than WG_LIMIT_NAME count as far from everything.
 */
size_t wg_distance(const char *a, const char *b);

/* The nearest of n names, the first of equals; "" when n is 0. */
const char *wg_nearest(const char *name, const char *const *names, size_t n);

#endif
