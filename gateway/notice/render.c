/* render.c owns turning a notice into something a person reads: render_page.c says what stands where, render_looks.c
 * lays it out. SECURITY: a notice's words are outside bytes; render_looks.c escapes each. */
#include "base/mem.h"
#include "notice/notice.h"
#include "notice/render_internal.h"
#include "notice/render_looks.h"
#include "notice/render_wrap.h"

static enum wg_code put_text(const struct wg_page *page, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf lines = WG_BUF(out->max);
	wg_page_text(page, &lines);
	enum wg_code code = wg_buf_check(&lines, "text of a notice", err);
	if (code == WG_OK)
		wg_render_wrap(wg_buf_text(&lines), lines.len, out);
	wg_buf_wipe(&lines);
	return code == WG_OK ? wg_buf_check(out, "text of a notice", err) : code;
}

enum wg_code wg_render_both(const struct wg_notice *notice, struct wg_buf *html, struct wg_buf *text,
                            struct wg_err *err)
{
	WG_CLEANUP(wg_page_freep) struct wg_page *page = NULL;
	enum wg_code code = wg_page_new(notice, &page, err);
	if (code == WG_OK && html != NULL) {
		wg_page_html(page, html);
		code = wg_buf_check(html, "HTML of a notice", err);
	}
	if (code == WG_OK && text != NULL)
		code = put_text(page, text, err);
	return code;
}

enum wg_code wg_render_html(const struct wg_notice *notice, struct wg_buf *out, struct wg_err *err)
{
	return wg_render_both(notice, out, NULL, err);
}

enum wg_code wg_render_text(const struct wg_notice *notice, struct wg_buf *out, struct wg_err *err)
{
	return wg_render_both(notice, NULL, out, err);
}
