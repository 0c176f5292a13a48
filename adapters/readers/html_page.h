/* A page by itself (a form that was saved from a browser, or by a case system) into labelled fields. */
#ifndef WG_READERS_HTML_PAGE_H
#define WG_READERS_HTML_PAGE_H

#include "base/buf.h"
#include "base/err.h"

/* Loads what opens files at its first use; call before confinement. */
enum wg_code wg_html_prepare(struct wg_err *err) WG_MUST;

/* in: one HTML or XHTML page. out: <fields reader="html">, its title as the subject. WG_REJECT when it is no text,
 * WG_LIMIT when it is too large, too deep, or a tag has too many attributes. Nothing is fetched, nothing runs. */
enum wg_code wg_html_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
