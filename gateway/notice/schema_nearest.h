/* "Did you mean": the known name that an unknown one was probably meant to be. */
#ifndef WG_NOTICE_SCHEMA_NEAREST_H
#define WG_NOTICE_SCHEMA_NEAREST_H

#include <stddef.h>

#include "base/limits.h"

/* The fewest single-character changes that turn a into b; names longer than WG_LIMIT_NAME count as far from everything.
 */
size_t wg_distance(const char *a, const char *b);

/* The nearest of n names, the first of equals; "" when n is 0. */
const char *wg_nearest(const char *name, const char *const *names, size_t n);

/* The next of names, which are separated by blanks and are our own; where they go on, NULL at their end. */
const char *wg_next_name(const char *names, char one[WG_LIMIT_NAME + 1]);

#define WG_HINT 96
/* Writes `; did you mean "x"?` when one of such names is close to name; "" otherwise. Returns out. */
const char *wg_hint(const char *name, const char *names, char out[WG_HINT]);

#endif
