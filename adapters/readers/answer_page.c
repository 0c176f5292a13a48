/* answer_page.c owns the words of a page, without looks.
 * SECURITY: hostile HTML: one pass, nothing nested, nothing fetched; what is no tag is text. */
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "readers/answer_internal.h"

struct page {
	struct wg_buf *out;
	unsigned quotes; /* blockquotes that are open */
	bool start;      /* of a line */
};

static const struct {
	const char *name, *text;
} entities[] = { { "amp;", "&" },   { "lt;", "<" },    { "gt;", ">" },    { "quot;", "\"" },
	             { "nbsp;", " " },  { "#39;", "'" },   { "apos;", "'" },  { "#160;", " " },
	             { "rsquo;", "'" }, { "#8217;", "'" }, { "ndash;", "-" }, { "#8211;", "-" } };

static void put(struct page *p, const char *s, size_t n)
{
	for (unsigned i = 0; p->start && i < p->quotes && i < 8; i++)
		wg_buf_puts(p->out, "> ");
	p->start = false;
	wg_buf_put(p->out, s, n);
}

static void end_line(struct page *p)
{
	if (!p->start)
		wg_buf_putc(p->out, '\n');
	p->start = true;
}

static bool tag_is(const char *s, size_t n, const char *name)
{
	size_t m = strlen(name);
	return n >= m && strncasecmp(s, name, m) == 0 && (n == m || strchr(" \t\r\n/>", s[m]) != NULL);
}

/* s stands behind "<". */
static void take_tag(struct page *p, const char *s, size_t n)
{
	static const char *const blocks[] = { "br", "p", "div", "tr", "li", "h1", "h2", "h3", "table", "hr", "body" };
	bool closes = n > 0 && *s == '/';
	s += closes, n -= closes;
	if (tag_is(s, n, "blockquote")) {
		end_line(p);
		if (!closes)
			p->quotes++;
		else if (p->quotes > 0)
			p->quotes--;
	}
	for (size_t i = 0; i < WG_COUNT(blocks); i++)
		if (tag_is(s, n, blocks[i])) {
			if (i == 0 && p->start)
				wg_buf_putc(p->out, '\n');
			end_line(p);
		}
}

/* Scripts and styles hold no words: the offset behind their end, or at when there is none here. */
static size_t skip_silent(const char *html, size_t len, size_t at)
{
	static const char *const silent[] = { "style", "script", "head", "title" };
	for (size_t i = 0; i < WG_COUNT(silent); i++) {
		size_t n = strlen(silent[i]);
		if (!tag_is(html + at, len - at, silent[i]))
			continue;
		for (size_t k = at; k + n + 2 < len; k++)
			if (html[k] == '<' && html[k + 1] == '/' && strncasecmp(html + k + 2, silent[i], n) == 0)
				return k;
		return len;
	}
	return at;
}

void wg_answer_page(const char *html, size_t len, struct wg_buf *out)
{
	struct page p = { .out = out, .start = true };
	for (size_t at = 0; at < len && !out->failed;) {
		if (html[at] == '<') {
			const char *end = memchr(html + at, '>', len - at);
			size_t past = skip_silent(html, len, at + 1);
			if (past > at + 1) {
				at = past;
				continue;
			}
			if (end == NULL)
				break;
			take_tag(&p, html + at + 1, (size_t)(end - (html + at)) - 1);
			at = (size_t)(end - html) + 1;
			continue;
		}
		if (html[at] == '&') {
			size_t i = 0;
			while (i < WG_COUNT(entities) && (len - at - 1 < strlen(entities[i].name) ||
			                                  strncmp(html + at + 1, entities[i].name, strlen(entities[i].name)) != 0))
				i++;
			if (i < WG_COUNT(entities)) {
				put(&p, entities[i].text, strlen(entities[i].text));
				at += strlen(entities[i].name) + 1;
				continue;
			}
		}
		bool blank = strchr(" \t\r\n", html[at]) != NULL;
		if (!blank)
			put(&p, html + at, 1);
		else if (!p.start)
			wg_buf_putc(out, ' ');
		at++;
	}
	end_line(&p);
}
