/* html.c owns the taking apart of text/html bodies with libxml2's HTML parser.
 * SECURITY: the markup is hostile. Nothing is fetched (XML_PARSE_NONET, no entity loader), scripts and styles are not
 * text, and the walk is bounded in depth; the parser itself is bounded by the process's limits. */
#include <libxml/HTMLparser.h>
#include <libxml/tree.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/clean.h"
#include "readers/html_internal.h"
#include "readers/label.h"

/* Blanks, equals signs and quotes of one tag: two for each attribute, and Outlook writes some twenty. */
#define MARKS_MAX 1000
/* html, head, title. */
#define TITLE_DEPTH 5

static bool one_of(const xmlNode *node, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp((const char *)node->name, names[i]) == 0)
			return true;
	return false;
}

bool wg_html_is(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcasecmp((const char *)node->name, name) == 0;
}

/* Does what follows a bold run show that the run was a label? "Label value" yes; "Label: value" says so by itself. */
static bool bold_is_label(const struct wg_html *h)
{
	const char *line = wg_buf_text(&h->line);
	size_t n = h->bold_len;
	if (n == 0 || n >= h->line.len)
		return false;
	const char *rest = line + n + strspn(line + n, " ");
	return strchr(":?.,;-!", line[n - 1]) == NULL && strchr(":?.,;-)!", rest[0]) == NULL;
}

/* The line is complete. always: also when it is empty (a line break was written). */
void wg_html_end_line(struct wg_html *h, bool always)
{
	if (h->bold_start)
		h->bold_len = h->line.len;
	if (h->line.len > 0 || always || h->blank) {
		bool all_bold = h->line.len > 0 && h->bold_len == h->line.len;
		if (bold_is_label(h))
			h->line.data[h->bold_len] = (uint8_t)WG_LABEL_MARK; /* there stands the blank after the run */
		struct wg_item *item = wg_items_line(h->items, wg_buf_text(&h->line), h->line.len);
		if (item != NULL && h->line.len > 0) {
			item->bold = all_bold;
			item->bold_end = h->bold_end;
			item->kind = h->heading ? WG_ITEM_HEAD : WG_ITEM_LINE;
		}
	}
	wg_buf_reset(&h->line);
	h->bold_len = 0;
	h->bold_start = h->space = h->blank = false;
}

/* Runs of blanks are one blank, as a browser shows them. */
void wg_html_text(struct wg_html *h, const char *text)
{
	WG_AUTO_BUF struct wg_buf clean = WG_BUF(WG_LIMIT_MESSAGE);
	wg_clean_line(&clean, text, strlen(text));
	if (h->line.len == 0 && strstr(text, "\xC2\xA0") != NULL)
		h->blank = true;
	for (const char *s = wg_buf_text(&clean); *s != '\0'; s++) {
		if (*s == ' ' || *s == '\t') {
			h->space = h->line.len > 0;
			continue;
		}
		if (h->line.len == 0)
			h->bold_start = h->bold > 0;
		if (h->bold_start && h->bold == 0) {
			h->bold_len = h->space ? h->line.len : 0; /* "<b>La</b>bel" is one word, no label */
			h->bold_start = false;
		}
		if (h->space)
			wg_buf_putc(&h->line, ' ');
		h->space = false;
		h->bold_end = h->bold > 0;
		wg_buf_putc(&h->line, *s);
	}
}

static bool follows_definition(const xmlNode *dd)
{
	const xmlNode *dt = dd->prev;
	while (dt != NULL && dt->type != XML_ELEMENT_NODE)
		dt = dt->prev;
	return dt != NULL && wg_html_is(dt, "dt");
}

static void walk_element(struct wg_html *h, const xmlNode *n)
{
	static const char *const hidden[] = { "script", "style", "head",    "title",    "template", "noscript", "object",
		                                  "meta",   "link",  "iframe",  "embed",    "applet",   "svg",      "canvas",
		                                  "audio",  "video", "noembed", "noframes", "datalist", "button" };
	static const char *const bolds[] = { "b", "strong" };
	static const char *const headings[] = { "h1", "h2", "h3", "h4", "h5", "h6", "caption" };
	static const char *const blocks[] = { "p",      "div",        "li",       "ul",      "ol",     "dl",     "dd",
		                                  "dt",     "blockquote", "section",  "article", "header", "footer", "center",
		                                  "pre",    "address",    "fieldset", "form",    "body",   "html",   "option",
		                                  "legend", "main",       "tr",       "td",      "th" };
	if (one_of(n, hidden, WG_COUNT(hidden)) || wg_html_control(h, n))
		return;
	bool heading = one_of(n, headings, WG_COUNT(headings));
	bool block = heading || one_of(n, blocks, WG_COUNT(blocks));
	bool bold = one_of(n, bolds, WG_COUNT(bolds)) || wg_html_names(n);
	if (wg_html_is(n, "br")) {
		wg_html_end_line(h, true);
	} else if (wg_html_is(n, "hr")) {
		wg_html_end_line(h, false);
		wg_html_end_line(h, true);
	} else if (wg_html_is(n, "table")) {
		wg_html_table(h, n);
	} else if (wg_html_is(n, "dt")) {
		wg_html_end_line(h, false);
		wg_html_definition(h, n);
	} else if (!(wg_html_is(n, "dd") && follows_definition(n))) {
		if (block)
			wg_html_end_line(h, false);
		bool was = h->heading;
		h->heading = was || heading;
		h->bold += bold;
		wg_html_walk(h, n->children);
		h->bold -= bold;
		if (block)
			wg_html_end_line(h, false);
		if (wg_html_is(n, "fieldset")) /* its boxes belong together, and no other to them */
			wg_html_end_line(h, true);
		h->heading = was;
	}
}

void wg_html_walk(struct wg_html *h, const xmlNode *node)
{
	if (++h->depth > WG_HTML_DEPTH_MAX)
		h->too_deep = true;
	for (; node != NULL && !h->too_deep; node = node->next) {
		if ((node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) && node->content != NULL)
			wg_html_text(h, (const char *)node->content);
		else if (node->type == XML_ELEMENT_NODE)
			walk_element(h, node);
	}
	h->depth--;
}

static void silent(void *ctx, xmlError *error)
{
	(void)ctx, (void)error;
}

/* Behind the quoted value that begins at i, or i itself when none does. */
static size_t skip_quoted(const char *html, size_t len, size_t i)
{
	const char *end =
		i < len && (html[i] == '"' || html[i] == '\'') ? memchr(html + i + 1, html[i], len - i - 1) : NULL;
	return end != NULL ? (size_t)(end - html) + 1 : i;
}

/* libxml2 compares every attribute of a tag with all before it, so a flood of them costs minutes: they are counted
 * first, from above, by what can stand between two. */
static bool flooded(const char *html, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (html[i] != '<')
			continue;
		size_t marks = 0;
		for (i++; i < len && html[i] != '>' && marks <= MARKS_MAX; i++) {
			if (strchr(" \t\r\n\f/\"'=", html[i]) == NULL)
				continue;
			marks += html[i] != html[i - 1];
			if (html[i] == '=')
				i = skip_quoted(html, len, i + 1 + strspn(html + i + 1, " \t\r\n\f")) - 1;
		}
		if (marks > MARKS_MAX)
			return true;
	}
	return false;
}

/* Recursion is bounded by what a page may nest. */
static const xmlNode *find_title(const xmlNode *node, unsigned depth)
{
	for (; node != NULL && depth < TITLE_DEPTH; node = node->next) {
		if (node->type != XML_ELEMENT_NODE || wg_html_is(node, "body"))
			continue;
		const xmlNode *found = wg_html_is(node, "title") ? node : find_title(node->children, depth + 1);
		if (found != NULL)
			return found;
	}
	return NULL;
}

static void take_title(const xmlNode *root, struct wg_buf *title)
{
	const xmlNode *node = find_title(root, 0);
	xmlChar *text = node != NULL ? xmlNodeGetContent(node) : NULL;
	if (text != NULL)
		wg_clean_line(title, (const char *)text, strlen((const char *)text));
	xmlFree(text);
}

enum wg_code wg_html_page(struct wg_items *items, const char *html, size_t len, struct wg_buf *title,
                          struct wg_err *err)
{
	if (len > INT_MAX)
		return wg_err_set(err, WG_LIMIT, "%s: the HTML is larger than the limit", items->where);
	if (flooded(html, len))
		return wg_err_set(err, WG_LIMIT, "%s: a tag of the HTML has more attributes than the limit", items->where);
	xmlSetStructuredErrorFunc(NULL, silent);
	htmlDocPtr doc = htmlReadMemory(html, (int)len, NULL, "UTF-8",
	                                HTML_PARSE_NONET | HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
	                                    HTML_PARSE_COMPACT);
	if (doc == NULL)
		return len == 0 ? WG_OK : wg_err_set(err, WG_REJECT, "%s: the HTML cannot be read", items->where);
	struct wg_html_labels labels = { 0 };
	struct wg_html h = { .items = items, .labels = &labels, .line = WG_BUF(WG_LIMIT_MESSAGE) };
	xmlNode *root = xmlDocGetRootElement(doc);
	wg_html_labels_find(&labels, root);
	if (title != NULL)
		take_title(root, title);
	wg_html_walk(&h, root);
	wg_html_end_line(&h, false);
	wg_html_labels_free(&labels);
	xmlFreeDoc(doc);
	bool failed = h.line.failed;
	wg_buf_free(&h.line);
	if (h.too_deep)
		return wg_err_set(err, WG_LIMIT, "%s: the HTML is nested too deeply", items->where);
	return failed ? wg_err_set(err, WG_SYSTEM, "no memory for the HTML") : WG_OK;
}

enum wg_code wg_items_html(struct wg_items *items, const char *html, size_t len, struct wg_err *err)
{
	return wg_html_page(items, html, len, NULL, err);
}
