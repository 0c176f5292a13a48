/* Outside text made plain: what a reader may rely on afterwards. */
#ifndef WG_READERS_CLEAN_H
#define WG_READERS_CLEAN_H

#include <stddef.h>

#include "base/buf.h"

/* Appends len bytes of UTF-8: every kind of blank as a space, control characters as spaces (tabs stay), what is
 * invisible or turns the direction of writing left out, what is not UTF-8 as U+FFFD. Line ends are not expected: they
 * become spaces. */
void wg_clean_line(struct wg_buf *out, const char *text, size_t len);

#endif
