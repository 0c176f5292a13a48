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
#include "readers/items.h"
#include "readers/label.h"

/* Mail programs nest layout tables some ten deep. */
#define DEPTH_MAX 200
/* Cells of one row that are looked at one by one; more become text. */
#define CELLS_MAX 16
#define LABEL_CELL_BYTES 240
/* Blanks, equals signs and quotes of one tag: two for each attribute, and Outlook writes some twenty. */
#define MARKS_MAX 1000

struct html {
	struct wg_items *items;
	struct wg_buf line; /* blanks collapsed */
	size_t bold_len;    /* of the bold run at the start of the line */
	unsigned bold;      /* how many bold elements are open */
	bool bold_start;    /* the line began bold and still is */
	bool space;         /* a blank is owed before the next word */
	bool blank;         /* the line held only blanks of the kind people put in on purpose */
	bool heading;
	unsigned depth;
	bool too_deep;
};

static void walk(struct html *h, const xmlNode *node);

static bool one_of(const xmlNode *node, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp((const char *)node->name, names[i]) == 0)
			return true;
	return false;
}

static bool is(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcasecmp((const char *)node->name, name) == 0;
}

static bool is_cell(const xmlNode *node)
{
	return is(node, "td") || is(node, "th");
}

/* Does what follows a bold run show that the run was a label? "Label value" yes; "Label: value" says so by itself. */
static bool bold_is_label(const struct html *h)
{
	const char *line = wg_buf_text(&h->line);
	size_t n = h->bold_len;
	if (n == 0 || n >= h->line.len)
		return false;
	const char *rest = line + n + strspn(line + n, " ");
	return strchr(":?.,;-!", line[n - 1]) == NULL && strchr(":?.,;-)!", rest[0]) == NULL;
}

/* The line is complete. always: also when it is empty (a line break was written). */
static void end_line(struct html *h, bool always)
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
			item->kind = h->heading ? WG_ITEM_HEAD : WG_ITEM_LINE;
		}
	}
	wg_buf_reset(&h->line);
	h->bold_len = 0;
	h->bold_start = h->space = h->blank = false;
}

/* Text between tags: runs of blanks are one blank, as a browser shows them. */
static void put_text(struct html *h, const char *text)
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
		wg_buf_putc(&h->line, *s);
	}
}

static bool has_table(const xmlNode *node, unsigned depth)
{
	for (const xmlNode *n = node->children; n != NULL && depth < DEPTH_MAX; n = n->next)
		if (is(n, "table") || (n->type == XML_ELEMENT_NODE && has_table(n, depth + 1)))
			return true;
	return false;
}

struct cell {
	struct wg_items items;
	struct wg_buf text; /* its lines, joined */
	bool head, table;
};

static void cell_read(struct html *h, const xmlNode *node, struct cell *cell)
{
	cell->items = (struct wg_items){ .where = h->items->where, .lines = h->items->lines, .tables = h->items->tables };
	cell->text = WG_BUF(WG_LIMIT_MESSAGE);
	cell->head = is(node, "th");
	cell->table = has_table(node, 0);
	struct html inner = {
		.items = &cell->items, .line = WG_BUF(WG_LIMIT_MESSAGE), .depth = h->depth + 1, .heading = h->heading
	};
	walk(&inner, node->children);
	end_line(&inner, false);
	h->too_deep = h->too_deep || inner.too_deep;
	wg_buf_free(&inner.line);
	for (size_t i = 0; i < cell->items.count; i++) {
		const struct wg_item *item = &cell->items.list[i];
		if (item->text[0] == '\0')
			continue;
		if (cell->text.len > 0)
			wg_buf_putc(&cell->text, '\n');
		for (const char *s = item->text; *s != '\0'; s++)
			wg_buf_putc(&cell->text, *s == WG_LABEL_MARK ? ' ' : *s);
	}
}

static void cell_free(struct cell *cell)
{
	wg_items_free(&cell->items);
	wg_buf_free(&cell->text);
}

/* Reads like "Label: value" by itself: then its column is no label. */
static bool says_itself(const struct cell *cell)
{
	size_t split = 0, lines = 0;
	for (size_t i = 0; i < cell->items.count; i++) {
		const char *s = cell->items.list[i].text;
		size_t start;
		struct wg_label l;
		lines += s[0] != '\0';
		split += wg_label_split(s, &start, &l) && s[start + l.value] != '\0';
	}
	return split > 0 && split * 2 >= lines;
}

static bool can_label(const struct cell *cell)
{
	return cell->text.len > 0 && cell->text.len <= LABEL_CELL_BYTES;
}

/* "1", "2.", "a)": a column that only counts. */
static bool counts(const struct cell *cell)
{
	const char *s = wg_buf_text(&cell->text);
	return cell->text.len <= 3 && strspn(s, "0123456789abcdefghijklmnopqrst.)") == cell->text.len;
}

/* "Question | Answer", also without <th>: the head of a two-column form, not a field. */
static bool is_caption(const struct cell *label, const struct cell *value)
{
	static const char *const left[] = { "field", "question", "questions", "label", "item", "heading" };
	static const char *const right[] = { "answer", "answers", "details", "detail", "value", "response", "information" };
	bool l = false, r = false;
	for (size_t i = 0; i < WG_COUNT(left); i++)
		l = l || strcasecmp(wg_buf_text(&label->text), left[i]) == 0;
	for (size_t i = 0; i < WG_COUNT(right); i++)
		r = r || strcasecmp(wg_buf_text(&value->text), right[i]) == 0;
	return l && r;
}

static void put_pair(struct html *h, const struct cell *label, const struct cell *value, unsigned table, unsigned row)
{
	struct wg_item *item = wg_items_pair(h->items, wg_buf_text(&label->text), wg_buf_text(&value->text));
	if (item != NULL) {
		item->table = table;
		item->row = row;
	}
}

static void splice_all(struct html *h, struct cell *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned lines = h->items->lines, tables = h->items->tables;
		wg_items_splice(h->items, &cells[i].items);
		h->items->lines = h->items->lines > lines ? h->items->lines : lines;
		h->items->tables = h->items->tables > tables ? h->items->tables : tables;
	}
}

/* Label and value, twice label and value, or anything wider: then the first is the label and the others are its value,
 * so that nothing of a row is lost and a person looks. */
static void put_row(struct html *h, struct cell *cells, size_t n, unsigned table, unsigned row)
{
	bool even = n % 2 == 0, selves = n >= 2, heads = n >= 2;
	for (size_t i = 0; i < n; i += 2)
		even = even && (can_label(&cells[i]) || (cells[i].text.len == 0 && cells[i + 1].text.len == 0));
	for (size_t i = 0; i < n; i++)
		heads = heads && cells[i].head;
	for (size_t i = 0; i < n; i++)
		selves = selves && (says_itself(&cells[i]) || (i > 0 && cells[i].text.len == 0));
	if (n == 1 || selves || heads || !can_label(&cells[0])) {
		splice_all(h, cells, n);
	} else if (n == 2 && is_caption(&cells[0], &cells[1])) {
		splice_all(h, cells, n);
	} else if (even) {
		for (size_t i = 0; i < n; i += 2)
			if (cells[i].text.len > 0)
				put_pair(h, &cells[i], &cells[i + 1], table, row);
	} else {
		struct cell *value = &cells[1];
		for (size_t i = 2; i < n; i++) {
			if (cells[i].text.len > 0 && value->text.len > 0)
				wg_buf_puts(&value->text, " | ");
			wg_buf_put(&value->text, cells[i].text.data, cells[i].text.len);
		}
		put_pair(h, &cells[0], value, table, row);
	}
}

static void walk_row(struct html *h, const xmlNode *tr, unsigned table, unsigned row)
{
	struct cell cells[CELLS_MAX];
	size_t n = 0;
	bool tables = false;
	end_line(h, false);
	for (const xmlNode *td = tr->children; td != NULL; td = td->next) {
		if (!is_cell(td)) {
			if (td->type == XML_ELEMENT_NODE && !is(td, "script") && !is(td, "style"))
				walk(h, td->children);
			continue;
		}
		if (n == CELLS_MAX) { /* not a form: as text, in order */
			splice_all(h, cells, n);
			for (size_t i = 0; i < n; i++)
				cell_free(&cells[i]);
			n = 0;
		}
		cell_read(h, td, &cells[n]);
		tables = tables || cells[n].table;
		n++;
	}
	size_t from = n >= 3 && n % 2 == 1 && counts(&cells[0]) ? 1 : 0;
	if (tables)
		splice_all(h, cells, n);
	else if (n > 0)
		put_row(h, cells + from, n - from, table, row);
	for (size_t i = 0; i < n; i++)
		cell_free(&cells[i]);
}

/* Rows may hide in thead, tbody, tfoot or a form. */
static void walk_table(struct html *h, const xmlNode *node, unsigned table, unsigned *row)
{
	if (++h->depth > DEPTH_MAX)
		h->too_deep = true;
	for (const xmlNode *n = node->children; n != NULL && !h->too_deep; n = n->next) {
		if (is(n, "tr"))
			walk_row(h, n, table, ++*row);
		else if (is(n, "thead") || is(n, "tbody") || is(n, "tfoot") || is(n, "form"))
			walk_table(h, n, table, row);
		else if (n->type == XML_ELEMENT_NODE)
			walk(h, n->children);
	}
	h->depth--;
}

/* <dt>label</dt><dd>value</dd> */
static void walk_definition(struct html *h, const xmlNode *dt)
{
	const xmlNode *dd = dt->next;
	while (dd != NULL && dd->type != XML_ELEMENT_NODE)
		dd = dd->next;
	struct cell label, value;
	cell_read(h, dt, &label);
	if (dd != NULL && is(dd, "dd") && can_label(&label)) {
		cell_read(h, dd, &value);
		if (label.table || value.table) {
			splice_all(h, &label, 1);
			splice_all(h, &value, 1);
		} else {
			put_pair(h, &label, &value, 0, ++h->items->lines);
		}
		cell_free(&value);
	} else {
		splice_all(h, &label, 1);
	}
	cell_free(&label);
}

static bool follows_definition(const xmlNode *dd)
{
	const xmlNode *dt = dd->prev;
	while (dt != NULL && dt->type != XML_ELEMENT_NODE)
		dt = dt->prev;
	return dt != NULL && is(dt, "dt");
}

static void walk_element(struct html *h, const xmlNode *n)
{
	static const char *const hidden[] = { "script",   "style",  "head", "title", "template",
		                                  "noscript", "object", "meta", "link" };
	static const char *const bolds[] = { "b", "strong" };
	static const char *const headings[] = { "h1", "h2", "h3", "h4", "h5", "h6", "caption" };
	static const char *const blocks[] = { "p",      "div",        "li",       "ul",      "ol",     "dl",     "dd",
		                                  "dt",     "blockquote", "section",  "article", "header", "footer", "center",
		                                  "pre",    "address",    "fieldset", "form",    "body",   "html",   "option",
		                                  "legend", "main",       "tr",       "td",      "th" };
	if (one_of(n, hidden, WG_COUNT(hidden)))
		return;
	bool heading = one_of(n, headings, WG_COUNT(headings));
	bool block = heading || one_of(n, blocks, WG_COUNT(blocks));
	bool bold = one_of(n, bolds, WG_COUNT(bolds));
	if (is(n, "br")) {
		end_line(h, true);
	} else if (is(n, "hr")) {
		end_line(h, false);
		end_line(h, true);
	} else if (is(n, "table")) {
		unsigned row = 0;
		end_line(h, false);
		walk_table(h, n, ++h->items->tables, &row);
		end_line(h, false);
	} else if (is(n, "dt")) {
		end_line(h, false);
		walk_definition(h, n);
	} else if (!(is(n, "dd") && follows_definition(n))) {
		if (block)
			end_line(h, false);
		bool was = h->heading;
		h->heading = was || heading;
		h->bold += bold;
		walk(h, n->children);
		h->bold -= bold;
		if (block)
			end_line(h, false);
		h->heading = was;
	}
}

static void walk(struct html *h, const xmlNode *node)
{
	if (++h->depth > DEPTH_MAX)
		h->too_deep = true;
	for (; node != NULL && !h->too_deep; node = node->next) {
		if ((node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) && node->content != NULL)
			put_text(h, (const char *)node->content);
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

enum wg_code wg_items_html(struct wg_items *items, const char *html, size_t len, struct wg_err *err)
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
	struct html h = { .items = items, .line = WG_BUF(WG_LIMIT_MESSAGE) };
	walk(&h, xmlDocGetRootElement(doc));
	end_line(&h, false);
	xmlFreeDoc(doc);
	bool failed = h.line.failed;
	wg_buf_free(&h.line);
	if (h.too_deep)
		return wg_err_set(err, WG_LIMIT, "%s: the HTML is nested too deeply", items->where);
	return failed ? wg_err_set(err, WG_SYSTEM, "no memory for the HTML") : WG_OK;
}
