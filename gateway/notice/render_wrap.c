/* render_wrap.c owns the layout of plain text. XSLT could do it only by recursion, whose depth a long answer would
 * exhaust. */
#include "notice/render_wrap.h"

#include <string.h>

#define LINE_SEPARATOR "\xE2\x80\xA8" /* U+2028 */

/* Characters, not bytes: continuation bytes do not count. */
static size_t columns(const char *s, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xC0) != 0x80 ? 1 : 0;
	return n;
}

static void pad(struct wg_buf *out, size_t n)
{
	static const char blanks[WG_WRAP_VALUE + 1] = "                            ";
	wg_buf_put(out, blanks, n); /* never more than the column of values */
}

/* One paragraph of a value; *column is where the line stands. */
static void put_paragraph(const char *p, size_t len, size_t *column, struct wg_buf *out)
{
	for (size_t i = 0; i < len;) {
		if (p[i] == ' ') {
			i++;
			continue;
		}
		const char *blank = memchr(p + i, ' ', len - i);
		size_t n = blank != NULL ? (size_t)(blank - p) - i : len - i;
		size_t wide = columns(p + i, n);
		bool first = *column == WG_WRAP_VALUE;
		if (!first && *column + 1 + wide > WG_WRAP_WIDTH) {
			wg_buf_putc(out, '\n');
			pad(out, WG_WRAP_VALUE);
			*column = WG_WRAP_VALUE;
			first = true;
		}
		if (!first)
			wg_buf_putc(out, ' ');
		wg_buf_put(out, p + i, n);
		*column += wide + (first ? 0 : 1);
		i += n;
	}
}

static void put_field(const char *line, size_t label, size_t len, struct wg_buf *out)
{
	const char *p = line + label + 1, *end = line + len;
	size_t wide = columns(line, label), column = WG_WRAP_VALUE;
	wg_buf_put(out, line, label);
	pad(out, wide < WG_WRAP_VALUE ? WG_WRAP_VALUE - wide : 1);
	for (;;) {
		const char *stop = memmem(p, (size_t)(end - p), LINE_SEPARATOR, sizeof LINE_SEPARATOR - 1);
		put_paragraph(p, (size_t)((stop != NULL ? stop : end) - p), &column, out);
		if (stop == NULL)
			break;
		p = stop + sizeof LINE_SEPARATOR - 1;
		wg_buf_putc(out, '\n');
		pad(out, p < end ? WG_WRAP_VALUE : 0);
		column = WG_WRAP_VALUE;
	}
	wg_buf_putc(out, '\n');
}

void wg_render_wrap(const char *text, size_t len, struct wg_buf *out)
{
	const char *p = text, *end = text + len;
	while (p < end) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t n = stop != NULL ? (size_t)(stop - p) : (size_t)(end - p);
		const char *tab = memchr(p, '\t', n);
		if (tab != NULL)
			put_field(p, (size_t)(tab - p), n, out);
		else {
			wg_buf_put(out, p, n);
			wg_buf_putc(out, '\n');
		}
		p += n + (stop != NULL ? 1 : 0);
	}
}
