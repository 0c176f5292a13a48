/* plain.c owns the taking apart of text/plain bodies.
 * SECURITY: the text is hostile; everything that some program shows as a line end is one, so that no trick with line
 * ends hides a label inside the value above it. */
#include <string.h>

#include "base/limits.h"
#include "readers/clean.h"
#include "readers/items.h"

/* How deep a quotation is still counted; deeper ones read as this deep. */
#define QUOTE_MAX 50

/* Length of the line end that s begins with, 0 when there is none: CR LF, CR, LF, vertical tab, form feed, and
 * Unicode's next line, line separator and paragraph separator. */
static size_t line_end(const char *s, size_t left)
{
	if (left >= 2 && s[0] == '\r' && s[1] == '\n')
		return 2;
	if (s[0] == '\r' || s[0] == '\n' || s[0] == '\v' || s[0] == '\f')
		return 1;
	if (left >= 2 && memcmp(s, "\xC2\x85", 2) == 0)
		return 2;
	return left >= 3 && (memcmp(s, "\xE2\x80\xA8", 3) == 0 || memcmp(s, "\xE2\x80\xA9", 3) == 0) ? 3 : 0;
}

/* One line of the text; *rest moves behind its end. */
static size_t next_line(const char **rest, size_t *left)
{
	const char *s = *rest;
	size_t n = 0, end = 0;
	while (n < *left && (end = line_end(s + n, *left - n)) == 0)
		n++;
	*rest += n + end;
	*left -= n + end;
	return n;
}

/* Bytes of quote marks at the start; counts them. "> > ", ">> " and " > " are all in use. */
static size_t quote_marks(const char *s, size_t len, unsigned *depth)
{
	size_t i = 0;
	*depth = 0;
	while (i < len && *depth < QUOTE_MAX) {
		size_t j = i + (s[i] == ' ' && *depth > 0 ? 1 : 0);
		if (j >= len || s[j] != '>')
			break;
		i = j + 1;
		++*depth;
	}
	return i;
}

/* RFC 3676: a line that ends with a blank goes on in the next of the same depth; a blank at the start was stuffed. */
struct flow {
	struct wg_buf line;
	unsigned depth, first; /* of the joined line: quote depth, number of its first line */
	bool open;
};

static void flow_end(struct flow *f, struct wg_items *items)
{
	if (!f->open)
		return;
	unsigned now = items->lines;
	struct wg_item *item = wg_items_line(items, wg_buf_text(&f->line), f->line.len);
	if (item != NULL) {
		item->quote = f->depth;
		item->line = f->first;
	}
	items->lines = now;
	wg_buf_reset(&f->line);
	f->open = false;
}

static void take(struct flow *f, struct wg_items *items, const char *s, size_t len, bool flowed, bool delsp)
{
	unsigned depth;
	size_t skip = quote_marks(s, len, &depth);
	s += skip, len -= skip;
	if ((flowed || depth > 0) && len > 0 && s[0] == ' ')
		s++, len--;
	bool delimiter = len == 3 && memcmp(s, "-- ", 3) == 0;
	if (f->open && (depth != f->depth || delimiter))
		flow_end(f, items);
	items->lines++;
	if (!f->open) {
		f->open = true;
		f->depth = depth;
		f->first = items->lines;
	}
	bool goes_on = flowed && !delimiter && len > 0 && s[len - 1] == ' ';
	wg_clean_line(&f->line, s, goes_on && delsp ? len - 1 : len);
	if (!goes_on)
		flow_end(f, items);
}

void wg_items_plain(struct wg_items *items, const char *text, size_t len, bool flowed, bool delsp)
{
	struct flow f = { .line = WG_BUF(WG_LIMIT_MESSAGE) };
	while (len > 0 && !items->over && !items->no_memory && !f.line.failed) {
		const char *s = text;
		size_t n = next_line(&text, &len);
		take(&f, items, s, n, flowed, delsp);
	}
	flow_end(&f, items);
	items->no_memory = items->no_memory || f.line.failed;
	wg_buf_free(&f.line);
}
