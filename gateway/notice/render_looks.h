/* What a page looks like: as HTML for mail clients, and as plain text. */
#ifndef WG_NOTICE_RENDER_LOOKS_H
#define WG_NOTICE_RENDER_LOOKS_H

#include "base/buf.h"

struct wg_page;

/* One table a section, its style in the head, no script, nothing fetched from anywhere. Every word of the notice is
 * escaped. What does not fit fails out. */
void wg_page_html(const struct wg_page *page, struct wg_buf *out);

/* One field a line: label, colon, tab, value, for wg_render_wrap; a line end within a value is U+2028. */
void wg_page_text(const struct wg_page *page, struct wg_buf *out);

#endif
