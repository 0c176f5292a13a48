/* html_page.c owns the reading of a page by itself: its character set, its title.
 * SECURITY: the bytes are hostile; the markup is taken apart by html.c, where the limits are. */
#include "readers/html_page.h"

#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "readers/charset.h"
#include "readers/found.h"
#include "readers/html_internal.h"
#include "readers/tree.h"

/* HTML 13.2.3.2: a page says its character set within its first 1024 bytes. */
#define HEAD_BYTES 1024
#define CHARSET_BYTES 40

enum wg_code wg_html_prepare(struct wg_err *err)
{
	return wg_tree_prepare(err);
}

/* What stands behind key in the head ("charset=", "encoding="): a name in or without quotes. */
static bool named(const char *head, size_t len, const char *key, char out[CHARSET_BYTES])
{
	size_t k = strlen(key), n = 0;
	for (size_t i = 0; i + k < len; i++) {
		if (strncasecmp(head + i, key, k) != 0)
			continue;
		size_t at = i + k;
		while (at < len && (head[at] == '"' || head[at] == '\'' || head[at] == ' '))
			at++;
		while (at + n < len && n + 1 < CHARSET_BYTES && strchr("\"' />;?\t\r\n", head[at + n]) == NULL)
			n++;
		memcpy(out, head + at, n);
		out[n] = '\0';
		return n > 0;
	}
	return false;
}

/* The page's own word for its character set; NULL when it says none. A page that is read as bytes up to its <meta>
 * cannot be UTF-16, whatever it says there. */
static const char *charset_of(const struct wg_buf *in, char name[CHARSET_BYTES])
{
	const char *p = wg_buf_text(in);
	size_t len = in->len < HEAD_BYTES ? in->len : HEAD_BYTES;
	if (len >= 2 && (memcmp(p, "\xFF\xFE", 2) == 0 || memcmp(p, "\xFE\xFF", 2) == 0))
		return "UTF-16";
	if (!named(p, len, "charset=", name) && !named(p, len, "encoding=", name))
		return NULL;
	return strncasecmp(name, "utf-16", 6) == 0 ? "UTF-8" : name;
}

static enum wg_code page_text(const struct wg_buf *in, struct wg_buf *text, struct wg_found *found, struct wg_err *err)
{
	char name[CHARSET_BYTES], safe[CHARSET_BYTES];
	const char *charset = charset_of(in, name);
	if (!wg_charset_to_utf8(charset, wg_buf_text(in), in->len, text))
		wg_found_remark(found, "Character set (not known)",
		                wg_defang(charset != NULL ? charset : "", safe, sizeof safe), "page");
	enum wg_code code = wg_buf_check(text, "page", err);
	if (code == WG_OK && memchr(text->data, '\0', text->len) != NULL)
		code = wg_err_set(err, WG_REJECT, "the page holds a NUL byte: it is no text; save it again as HTML");
	return code;
}

enum wg_code wg_html_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_LIMIT_READER_OUTPUT), title = WG_BUF(WG_LIMIT_MESSAGE);
	WG_AUTO_ITEMS struct wg_items items = { .where = "page" };
	WG_AUTO_FOUND struct wg_found found;
	wg_found_init(&found);
	if (in->len == 0)
		return wg_err_set(err, WG_REJECT, "the page is empty");
	enum wg_code code = page_text(in, &text, &found, err);
	if (code == WG_OK)
		code = wg_html_page(&items, wg_buf_text(&text), text.len, &title, err);
	if (code == WG_OK)
		code = wg_items_read(&items, &found, err);
	if (code == WG_OK)
		code = wg_buf_check(&title, "title of the page", err);
	if (code == WG_OK && title.len > 0)
		found.subject = wg_buf_steal(&title);
	return code == WG_OK ? wg_found_write(&found, "html", in, out, err) : code;
}
