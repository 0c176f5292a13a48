/* html_table.c owns rows: which cells of a table are labels and which are values, and tables whose first row says so.
 * SECURITY: the markup is hostile; depth is bounded with the walk of html.c, and a row is looked at by a fixed number
 * of cells. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/html_internal.h"
#include "readers/label.h"
#include "readers/tick.h"

/* Cells of one row that are looked at one by one; more become text. */
#define CELLS_MAX 16
#define LABEL_CELL_BYTES 240
#define HEADING_BYTES 80
/* Two columns are label and value. */
#define COLUMNS_MIN 3

static bool is_cell(const xmlNode *node)
{
	return wg_html_is(node, "td") || wg_html_is(node, "th");
}

static bool has_table(const xmlNode *node, unsigned depth)
{
	for (const xmlNode *n = node->children; n != NULL && depth < WG_HTML_DEPTH_MAX; n = n->next)
		if (wg_html_is(n, "table") || (n->type == XML_ELEMENT_NODE && has_table(n, depth + 1)))
			return true;
	return false;
}

struct cell {
	struct wg_items items;
	struct wg_buf text; /* its lines, joined */
	bool head, table, bold;
};

static void cell_read(struct wg_html *h, const xmlNode *node, struct cell *cell)
{
	cell->items = (struct wg_items){ .where = h->items->where, .lines = h->items->lines, .tables = h->items->tables };
	cell->text = WG_BUF(WG_LIMIT_MESSAGE);
	cell->head = wg_html_is(node, "th");
	cell->table = has_table(node, 0);
	struct wg_html inner = { .items = &cell->items,
		                     .labels = h->labels,
		                     .line = WG_BUF(WG_LIMIT_MESSAGE),
		                     .depth = h->depth + 1,
		                     .heading = h->heading,
		                     .cell = true };
	wg_html_walk(&inner, node->children);
	wg_html_end_line(&inner, false);
	h->too_deep = h->too_deep || inner.too_deep;
	wg_buf_free(&inner.line);
	cell->bold = cell->items.count > 0;
	for (size_t i = 0; i < cell->items.count; i++) {
		const struct wg_item *item = &cell->items.list[i];
		if (item->text[0] == '\0')
			continue;
		cell->bold = cell->bold && item->bold;
		if (cell->text.len > 0)
			wg_buf_putc(&cell->text, '\n');
		for (const char *s = item->text; *s != '\0'; s++)
			wg_buf_putc(&cell->text, *s == WG_LABEL_MARK ? ' ' : *s);
		if (item->kind == WG_ITEM_PAIR)
			wg_buf_printf(&cell->text, "%s%s", item->value[0] != '\0' ? ": " : "", item->value);
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
		if (cell->items.list[i].kind == WG_ITEM_PAIR) {
			split++, lines++;
			continue;
		}
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

static struct wg_item *put_pair(struct wg_html *h, const struct cell *label, const struct cell *value, unsigned table,
                                unsigned row)
{
	struct wg_item *item = wg_items_pair(h->items, wg_buf_text(&label->text), wg_buf_text(&value->text));
	if (item != NULL) {
		item->table = table;
		item->row = row;
	}
	return item;
}

static void splice_all(struct wg_html *h, struct cell *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned lines = h->items->lines, tables = h->items->tables;
		wg_items_splice(h->items, &cells[i].items);
		h->items->lines = h->items->lines > lines ? h->items->lines : lines;
		h->items->tables = h->items->tables > tables ? h->items->tables : tables;
	}
}

/* A control of a form was there with its label. */
static bool holds_pair(const struct cell *cells, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < cells[i].items.count; k++)
			if (cells[i].items.list[k].kind == WG_ITEM_PAIR)
				return true;
	return false;
}

/* One short cell that is the whole row and drawn like a heading: the rows below stand under it. */
static void mark_heading(struct cell *cell)
{
	size_t start;
	struct wg_label l;
	const char *s = wg_buf_text(&cell->text);
	if (cell->items.count != 1 || cell->items.list[0].kind != WG_ITEM_LINE || !(cell->head || cell->bold))
		return;
	if (cell->text.len <= HEADING_BYTES && !wg_label_split(s, &start, &l) && !wg_tick_any(s))
		cell->items.list[0].kind = WG_ITEM_HEAD;
}

/* ---- tables whose first row names the columns */

/* The head of one table, kept until its first row of data has shown that it is one; or, in a table whose rows are a
 * question and its answer in turn, the question. */
struct columns {
	struct cell cells[CELLS_MAX];
	bool stacked; /* questions and answers in turn */
	size_t n;
	bool used; /* a row of data came */
	bool over; /* no row can be the head any more */
};

static bool can_head(const struct cell *cells, size_t n)
{
	bool heads = true, bolds = true;
	for (size_t i = 0; i < n; i++) {
		heads = heads && cells[i].head;
		bolds = bolds && cells[i].bold;
		if (!can_label(&cells[i]) || cells[i].table || (i > 0 && is_caption(&cells[i - 1], &cells[i])))
			return false;
	}
	return n >= COLUMNS_MIN && (heads || bolds);
}

/* What was kept becomes text when no data came. */
static void columns_end(struct wg_html *h, struct columns *c)
{
	if (c->n > 0 && !c->used)
		splice_all(h, c->cells, c->n);
	for (size_t i = 0; i < c->n; i++)
		cell_free(&c->cells[i]);
	*c = (struct columns){ .over = true };
}

/* True when the row was taken: as the head, or as data below it. */
static bool columns_take(struct wg_html *h, struct columns *c, struct cell *cells, size_t n, unsigned table,
                         unsigned row)
{
	bool filled = false;
	if (!c->over && c->n == 0 && can_head(cells, n)) {
		memcpy(c->cells, cells, n * sizeof *cells); /* ownership moves */
		c->n = n;
		return true;
	}
	if (c->n == 0 || n != c->n) {
		if (n > 1) /* one cell is a title, or a heading between the rows */
			columns_end(h, c);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		filled = filled || cells[i].text.len > 0;
	if (filled)
		h->items->data_rows++;
	for (size_t i = 0; filled && i < n; i++) {
		struct wg_item *item = put_pair(h, &c->cells[i], &cells[i], table, row);
		if (item != NULL)
			item->data_row = h->items->data_rows;
	}
	c->used = true;
	for (size_t i = 0; i < n; i++)
		cell_free(&cells[i]);
	return true;
}

/* Every row has one cell, and they are <th> and <td> in turn: each question stands over its answer. */
static bool is_stacked(const xmlNode *node, unsigned depth, unsigned *rows)
{
	for (const xmlNode *n = node->children; n != NULL; n = n->next) {
		unsigned cells = 0;
		if (n->type != XML_ELEMENT_NODE)
			continue;
		if (!wg_html_is(n, "tr")) {
			if (depth == 0 || !is_stacked(n, depth - 1, rows))
				return false;
			continue;
		}
		for (const xmlNode *td = n->children; td != NULL; td = td->next)
			if (td->type == XML_ELEMENT_NODE && (cells++ > 0 || !wg_html_is(td, *rows % 2 == 0 ? "th" : "td")))
				return false;
		if (cells != 1)
			return false;
		++*rows;
	}
	return true;
}

static void stack_take(struct wg_html *h, struct columns *c, struct cell *cell, unsigned table, unsigned row)
{
	if (c->n == 0) {
		c->cells[c->n++] = *cell; /* ownership moves */
		return;
	}
	if (can_label(&c->cells[0])) {
		(void)put_pair(h, &c->cells[0], cell, table, row);
	} else {
		splice_all(h, c->cells, 1);
		splice_all(h, cell, 1);
	}
	cell_free(&c->cells[0]);
	cell_free(cell);
	c->n = 0;
}

/* Label and value, twice label and value, or anything wider: then the first is the label and the others are its value,
 * so that nothing of a row is lost and a person looks. */
static void put_row(struct wg_html *h, struct cell *cells, size_t n, unsigned table, unsigned row)
{
	bool even = n % 2 == 0, selves = n >= 2, heads = n >= 2;
	for (size_t i = 0; i < n; i += 2)
		even = even && (can_label(&cells[i]) || (cells[i].text.len == 0 && cells[i + 1].text.len == 0));
	for (size_t i = 0; i < n; i++)
		heads = heads && cells[i].head;
	for (size_t i = 0; i < n; i++)
		selves = selves && (says_itself(&cells[i]) || ((i > 0 || holds_pair(cells, n)) && cells[i].text.len == 0));
	if (n == 1)
		mark_heading(&cells[0]);
	if (n == 1 || selves || heads || !can_label(&cells[0])) {
		splice_all(h, cells, n);
	} else if (n == 2 && is_caption(&cells[0], &cells[1])) {
		splice_all(h, cells, n);
	} else if (even) {
		for (size_t i = 0; i < n; i += 2)
			if (cells[i].text.len > 0)
				(void)put_pair(h, &cells[i], &cells[i + 1], table, row);
	} else {
		struct cell *value = &cells[1];
		for (size_t i = 2; i < n; i++) {
			if (cells[i].text.len > 0 && value->text.len > 0)
				wg_buf_puts(&value->text, " | ");
			wg_buf_put(&value->text, cells[i].text.data, cells[i].text.len);
		}
		(void)put_pair(h, &cells[0], value, table, row);
	}
}

static void walk_row(struct wg_html *h, const xmlNode *tr, struct columns *columns, unsigned table, unsigned row)
{
	struct cell cells[CELLS_MAX];
	size_t n = 0;
	bool tables = false;
	wg_html_end_line(h, false);
	for (const xmlNode *td = tr->children; td != NULL; td = td->next) {
		if (!is_cell(td)) {
			if (td->type == XML_ELEMENT_NODE && !wg_html_is(td, "script") && !wg_html_is(td, "style"))
				wg_html_walk(h, td->children);
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
	if (columns->stacked && n == 1 && !tables) {
		stack_take(h, columns, cells, table, row);
		return;
	}
	if (n > 0 && !tables && columns_take(h, columns, cells, n, table, row))
		return;
	size_t from = n >= 3 && n % 2 == 1 && counts(&cells[0]) ? 1 : 0;
	if (tables)
		splice_all(h, cells, n);
	else if (n > 0)
		put_row(h, cells + from, n - from, table, row);
	for (size_t i = 0; i < n; i++)
		cell_free(&cells[i]);
}

/* Rows may hide in thead, tbody, tfoot or a form. */
static void walk_table(struct wg_html *h, const xmlNode *node, struct columns *columns, unsigned table, unsigned *row)
{
	if (++h->depth > WG_HTML_DEPTH_MAX)
		h->too_deep = true;
	for (const xmlNode *n = node->children; n != NULL && !h->too_deep; n = n->next) {
		if (wg_html_is(n, "tr"))
			walk_row(h, n, columns, table, ++*row);
		else if (wg_html_is(n, "thead") || wg_html_is(n, "tbody") || wg_html_is(n, "tfoot") || wg_html_is(n, "form"))
			walk_table(h, n, columns, table, row);
		else if (n->type == XML_ELEMENT_NODE)
			wg_html_walk(h, n->children);
	}
	h->depth--;
}

void wg_html_table(struct wg_html *h, const xmlNode *table)
{
	unsigned row = 0, rows = 0;
	struct columns columns = { .stacked = is_stacked(table, 1, &rows) && rows % 2 == 0 };
	wg_html_end_line(h, false);
	walk_table(h, table, &columns, ++h->items->tables, &row);
	columns_end(h, &columns);
	wg_html_end_line(h, false);
}

/* <dt>label</dt><dd>value</dd> */
void wg_html_definition(struct wg_html *h, const xmlNode *dt)
{
	const xmlNode *dd = dt->next;
	while (dd != NULL && dd->type != XML_ELEMENT_NODE)
		dd = dd->next;
	struct cell label, value;
	cell_read(h, dt, &label);
	if (dd != NULL && wg_html_is(dd, "dd") && can_label(&label)) {
		cell_read(h, dd, &value);
		if (label.table || value.table) {
			splice_all(h, &label, 1);
			splice_all(h, &value, 1);
		} else {
			(void)put_pair(h, &label, &value, 0, ++h->items->lines);
		}
		cell_free(&value);
	} else {
		splice_all(h, &label, 1);
	}
	cell_free(&label);
}
