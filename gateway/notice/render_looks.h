/* What a page of notice-sections.xsl looks like: as HTML for mail clients, and as plain text. Said in C and not in a
 * stylesheet of their own, because they only lay out, and an interpreter took longer for that than all of the
 * cryptography. */
#ifndef WG_NOTICE_RENDER_LOOKS_H
#define WG_NOTICE_RENDER_LOOKS_H

#include "base/buf.h"

/* A <page> of adapters/render/notice-sections.xsl, ready to be laid out; borrows the document. */
struct wg_page;
struct _xmlDoc;

/* NULL when memory runs out or the document is no page. The caller frees. */
struct wg_page *wg_page_new(const struct _xmlDoc *doc);
void wg_page_freep(struct wg_page **page);

/* One table, styles in place, no script, nothing fetched from anywhere. Every word of the notice is escaped. What does
 * not fit fails out. */
void wg_page_html(const struct wg_page *page, struct wg_buf *out);

/* One field a line: label, colon, tab, value, for wg_render_wrap; a line end within a value is U+2028. */
void wg_page_text(const struct wg_page *page, struct wg_buf *out);

#endif
