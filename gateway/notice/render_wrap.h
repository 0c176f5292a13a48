/* Plain text for people: aligned and wrapped. */
#ifndef WG_NOTICE_RENDER_WRAP_H
#define WG_NOTICE_RENDER_WRAP_H

#include <stddef.h>

#include "base/buf.h"

/* Columns of a line of mail that nobody's client breaks again, and where values begin. */
#define WG_WRAP_WIDTH 76
#define WG_WRAP_VALUE 28

/* Writes len bytes of UTF-8 text to out. A line "label TAB value" becomes the label, and the value from column
 * WG_WRAP_VALUE on, going on below itself; U+2028 in it begins a new line there. Words longer than a line stay whole.
 * Other lines are written as they are. */
void wg_render_wrap(const char *text, size_t len, struct wg_buf *out);

#endif
