/* office_table.c owns tables of a form: which cells are labels, which are values, which rows are headings.
 * SECURITY: the document is hostile; rows are looked at by a fixed number of cells, each once or twice, and nested
 * tables are walked as deep as the XML may be. */
#include "readers/office_cells.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/label.h"
#include "readers/office_tick.h"

/* Items that are looked at for the heading above a table. */
#define BACK_MAX 500

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static bool is_blank(const struct wg_buf *text)
{
	const char *s = wg_buf_text(text);
	return s[strspn(s, " \t\n")] == '\0';
}

static void read_para(const struct wg_office_para *para, struct wg_office_seen *seen, struct wg_buf *bold)
{
	seen->controls = seen->controls || para->n_controls > 0;
	if (is_blank(&para->text))
		return;
	if (seen->text.len > 0) {
		wg_buf_putc(&seen->text, '\n');
		wg_buf_putc(bold, 0);
	}
	wg_buf_put(&seen->text, para->text.data, para->text.len);
	wg_buf_put(bold, para->bold.data, para->bold.len);
}

static void read_cell(const struct wg_office_cell *cell, struct wg_office_seen *seen)
{
	WG_AUTO_BUF struct wg_buf bold = WG_BUF(WG_LIMIT_MESSAGE);
	*seen = (struct wg_office_seen){ .cell = cell, .text = WG_BUF(WG_LIMIT_MESSAGE) };
	for (size_t i = 0; i < cell->flow.n; i++) {
		seen->table = seen->table || cell->flow.blocks[i].table != NULL;
		if (cell->flow.blocks[i].para != NULL)
			read_para(cell->flow.blocks[i].para, seen, &bold);
	}
	seen->bold = wg_office_is_bold(&seen->text, &bold);
}

void wg_office_cells_read(const struct wg_office_table *table, size_t i, bool all, struct wg_office_cells *cells)
{
	const struct wg_office_row *row = &table->rows[i];
	cells->n = 0;
	cells->row = (unsigned)i + 1;
	cells->heading = row->heading;
	cells->too_many = row->n > WG_OFFICE_CELLS_MAX;
	for (size_t k = 0; !cells->too_many && k < row->n; k++)
		if (all || !row->cells[k].goes_on)
			read_cell(&row->cells[k], &cells->list[cells->n++]);
}

void wg_office_cells_free(struct wg_office_cells *cells)
{
	for (size_t k = 0; k < cells->n; k++)
		wg_buf_free(&cells->list[k].text);
	cells->n = 0;
}

/* ---- one row of labels and values */

static const char *text_of(const struct wg_office_seen *seen)
{
	return wg_buf_text(&seen->text);
}

static bool can_label(const struct wg_office_seen *seen)
{
	return !is_blank(&seen->text) && seen->text.len <= WG_OFFICE_LABEL_BYTES;
}

/* Reads like "Label: value" by itself: then its column is no label. */
static bool says_itself(const struct wg_office_seen *seen)
{
	size_t split = 0, lines = 0;
	for (const char *s = text_of(seen); *s != '\0';) {
		size_t n = strcspn(s, "\n"), start;
		WG_AUTO_FREE char *line = strndup(s, n);
		struct wg_label l;
		s += n + (s[n] == '\n');
		lines++;
		/* "A question? (a hint)" says nothing yet */
		split += line != NULL && wg_label_split(line, &start, &l) && strchr("(", line[start + l.value]) == NULL;
	}
	return split > 0 && split * 2 >= lines;
}

/* "1", "2.", "a)": a column that only counts. */
static bool counts(const struct wg_office_seen *seen)
{
	return seen->text.len <= 3 && strspn(text_of(seen), "0123456789abcdefghijklmnopqrst.)") == seen->text.len;
}

static bool listed(const struct wg_office_seen *seen, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(text_of(seen), words[i]) == 0)
			return true;
	return false;
}

/* "Question | Answer": the head of a two-column form, not a field. */
static bool is_caption(const struct wg_office_seen *label, const struct wg_office_seen *value)
{
	static const char *const left[] = { "field", "question", "questions", "label", "item", "heading" };
	static const char *const right[] = { "answer", "answers", "details", "detail", "value", "response", "information" };
	return listed(label, left, WG_COUNT(left)) && listed(value, right, WG_COUNT(right));
}

static bool only_boxes(const struct wg_office_seen *seen)
{
	const char *s = text_of(seen);
	if (!wg_office_tick_has(s))
		return false;
	while (*s != '\0') {
		bool box = wg_office_tick_at(s) != WG_OFFICE_TICK_NONE;
		if (!box && !blank(*s))
			return false;
		s += box ? WG_OFFICE_TICK_BYTES : 1;
	}
	return true;
}

/* As text, in order; a cell's last line does not run on into the next cell. */
static void as_text(struct wg_items *items, const struct wg_office_cells *cells, size_t from)
{
	for (size_t k = from; k < cells->n; k++) {
		wg_office_walk(items, &cells->list[k].cell->flow);
		wg_office_gap(items);
	}
}

static void add_pair(struct wg_items *items, const char *label, const char *value, unsigned row)
{
	struct wg_item *item = wg_items_pair(items, label, value);
	if (item == NULL)
		return;
	item->table = items->tables;
	item->row = row;
}

/* A cell's text without the controls that have labels of their own; those become pairs. An alias that Word cut short is
 * no better than the label that stands beside it. True when there were any. */
static bool take_controls(struct wg_items *items, const struct wg_office_seen *value, unsigned row, struct wg_buf *rest)
{
	bool any = false;
	for (size_t i = 0; i < value->cell->flow.n; i++) {
		const struct wg_office_para *para = value->cell->flow.blocks[i].para;
		WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_LIMIT_MESSAGE);
		WG_AUTO_BUF struct wg_buf bold = WG_BUF(WG_LIMIT_MESSAGE);
		if (para == NULL)
			continue;
		any = wg_office_controls(items, para, items->tables, row, &text, &bold) || any;
		if (is_blank(&text))
			continue;
		if (rest->len > 0)
			wg_buf_putc(rest, '\n');
		for (size_t k = 0; k < text.len; k++)
			wg_buf_putc(rest, text.data[k] == WG_LABEL_MARK ? ' ' : (char)text.data[k]);
	}
	return any;
}

/* The only control of the cell, when its label is the beginning of what the cell beside it says: then that says it
 * whole. */
static bool label_is_cut(const struct wg_office_seen *label, const struct wg_office_seen *value)
{
	const struct wg_office_flow *flow = &value->cell->flow;
	if (flow->n != 1 || flow->blocks[0].para == NULL || flow->blocks[0].para->n_controls != 1)
		return false;
	const char *alias = flow->blocks[0].para->controls[0].label;
	size_t n = alias != NULL ? strlen(alias) : 0;
	return n > 0 && n < label->text.len && strncasecmp(text_of(label), alias, n) == 0;
}

static void put_pair(struct wg_items *items, const struct wg_office_seen *label, const struct wg_office_seen *value,
                     unsigned row)
{
	WG_AUTO_BUF struct wg_buf rest = WG_BUF(WG_LIMIT_MESSAGE);
	if (only_boxes(label) && !wg_office_tick_has(text_of(value))) { /* "[x] | Has run away before" */
		const struct wg_office_seen *box = label;
		label = value;
		value = box;
	}
	if (label_is_cut(label, value) || !take_controls(items, value, row, &rest))
		add_pair(items, text_of(label), text_of(value), row);
	else if (!is_blank(&rest))
		add_pair(items, text_of(label), wg_buf_text(&rest), row);
}

/* The first cell is empty: its row goes on with the value above. */
static bool go_on(struct wg_items *items, const struct wg_office_cells *cells, size_t from)
{
	struct wg_item *last = items->count > 0 ? &items->list[items->count - 1] : NULL;
	if (cells->n - from != 2 || !is_blank(&cells->list[from].text) || last == NULL || last->kind != WG_ITEM_PAIR ||
	    last->table != items->tables || cells->list[from + 1].controls)
		return false;
	WG_AUTO_BUF struct wg_buf value = WG_BUF(WG_LIMIT_MESSAGE);
	wg_buf_printf(&value, "%s\n%s", last->value, text_of(&cells->list[from + 1]));
	char *joined = wg_buf_steal(&value);
	if (joined == NULL)
		return false;
	free(last->value);
	last->value = joined;
	return true;
}

static void put_wide(struct wg_items *items, const struct wg_office_cells *cells, size_t from)
{
	WG_AUTO_BUF struct wg_buf value = WG_BUF(WG_LIMIT_MESSAGE);
	for (size_t k = from + 1; k < cells->n; k++) {
		WG_AUTO_BUF struct wg_buf rest = WG_BUF(WG_LIMIT_MESSAGE);
		(void)take_controls(items, &cells->list[k], cells->row, &rest); /* the rest is the same to us */
		if (rest.len > 0 && value.len > 0)
			wg_buf_puts(&value, " | ");
		wg_buf_put(&value, rest.data, rest.len);
	}
	add_pair(items, text_of(&cells->list[from]), wg_buf_text(&value), cells->row);
}

/* Label and value, twice label and value, or anything wider: then the first is the label and the others are its value,
 * so that nothing of a row is lost and a person looks. */
static void put_row(struct wg_items *items, const struct wg_office_cells *cells, size_t from)
{
	const struct wg_office_seen *list = cells->list + from;
	size_t n = cells->n - from;
	bool even = n % 2 == 0, selves = n > 2 || !list[0].bold || list[1].bold, tables = false, boxes = n == 2;
	for (size_t k = 0; k + 1 < n; k += 2)
		even = even && (can_label(&list[k]) || (is_blank(&list[k].text) && is_blank(&list[k + 1].text)));
	for (size_t k = 0; k < n; k++) {
		selves = selves && (says_itself(&list[k]) || (k > 0 && is_blank(&list[k].text)));
		tables = tables || list[k].table;
		boxes = boxes && wg_office_tick_has(text_of(&list[k])) && !only_boxes(&list[k]);
	}
	if (tables || selves || boxes || (n == 2 && is_caption(&list[0], &list[1]))) {
		as_text(items, cells, from);
	} else if (even) {
		for (size_t k = 0; k < n; k += 2)
			if (!is_blank(&list[k].text))
				put_pair(items, &list[k], &list[k + 1], cells->row);
	} else if (!can_label(&list[0])) {
		if (!go_on(items, cells, from))
			as_text(items, cells, from);
	} else {
		put_wide(items, cells, from);
	}
}

/* ---- rows that are one cell */

/* One line without boxes or controls. */
static bool is_line(const struct wg_office_seen *seen)
{
	return !is_blank(&seen->text) && !seen->table && !seen->controls && seen->text.len <= WG_OFFICE_LABEL_BYTES &&
	       !wg_office_tick_has(text_of(seen)) && strchr(text_of(seen), '\n') == NULL;
}

static bool asks(const struct wg_office_seen *seen)
{
	size_t n = seen->text.len;
	while (n > 0 && blank(text_of(seen)[n - 1]))
		n--;
	return n > 0 && strchr("?:", text_of(seen)[n - 1]) != NULL;
}

static bool looks_like_heading(const struct wg_office_seen *seen)
{
	const struct wg_office_flow *flow = &seen->cell->flow;
	bool style = flow->n > 0 && flow->blocks[0].para != NULL && flow->blocks[0].para->heading;
	return is_line(seen) && (seen->bold || style || seen->cell->shaded || wg_office_is_capitals(text_of(seen)));
}

/* The row below is one cell that answers this one. */
static bool answered(const struct wg_office_table *table, size_t i, const struct wg_office_seen *asked)
{
	if (i + 1 >= table->n)
		return false;
	struct wg_office_cells below;
	wg_office_cells_read(table, i + 1, false, &below);
	const struct wg_office_seen *b = &below.list[0];
	bool answer = below.n == 1 && !b->table && !looks_like_heading(b) && !(is_line(b) && asks(b) && !b->controls) &&
	              (asks(asked) || looks_like_heading(asked));
	wg_office_cells_free(&below);
	return answer;
}

/* A row of one cell: a heading, a question whose answer is the next row, or words. Returns the rows used. */
static size_t put_single(struct wg_items *items, const struct wg_office_table *table, size_t i,
                         const struct wg_office_cells *cells)
{
	const struct wg_office_seen *seen = &cells->list[0];
	size_t start;
	struct wg_label l;
	bool said = !seen->bold && wg_label_split(text_of(seen), &start, &l) && text_of(seen)[start + l.value] != '\0';
	if (!is_line(seen) || said) {
		as_text(items, cells, 0);
		return 1;
	}
	bool answer = answered(table, i, seen), wide = seen->cell->span > 1 && wg_office_is_capitals(text_of(seen));
	if (!answer && (asks(seen) || !looks_like_heading(seen))) {
		as_text(items, cells, 0);
		return 1;
	}
	if (!answer || wide) {
		wg_office_heading(items, text_of(seen));
	}
	if (!answer)
		return 1;
	struct wg_office_cells below;
	wg_office_cells_read(table, i + 1, false, &below);
	put_pair(items, seen, &below.list[0], below.row);
	wg_office_cells_free(&below);
	return 2;
}

/* ---- a first cell that stands beside several rows */

static size_t rows_beside(const struct wg_office_table *table, size_t i)
{
	size_t n = 1;
	while (i + n < table->n && table->rows[i + n].n > 0 && table->rows[i + n].cells[0].goes_on)
		n++;
	return n;
}

/* The heading that holds at the end of the items: looked for among the last ones only, "" when it is not there. */
static const char *heading_before(const struct wg_items *items)
{
	size_t i = items->count;
	for (unsigned steps = 0; i > 0 && steps < BACK_MAX; steps++)
		if (items->list[--i].kind == WG_ITEM_HEAD)
			return items->list[i].text;
	return "";
}

/* Beside label and value it is a heading; beside single cells it is their label. */
static void put_beside(struct wg_items *items, const struct wg_office_table *table, size_t i, size_t rows)
{
	struct wg_office_cells cells;
	WG_AUTO_BUF struct wg_buf value = WG_BUF(WG_LIMIT_MESSAGE);
	WG_AUTO_FREE char *before = strdup(heading_before(items));
	wg_office_cells_read(table, i, false, &cells);
	bool heading = cells.n > 2 && can_label(&cells.list[0]);
	WG_AUTO_FREE char *label = strdup(cells.n > 0 ? text_of(&cells.list[0]) : "");
	wg_office_cells_free(&cells);
	if (heading)
		wg_office_heading(items, label != NULL ? label : "");
	for (size_t k = i; k < i + rows; k++) {
		wg_office_cells_read(table, k, false, &cells);
		size_t from = k == i ? 1 : 0;
		if (heading && cells.n > from) {
			put_row(items, &cells, from);
		} else {
			for (; from < cells.n; from++)
				wg_buf_printf(&value, "%s%s", value.len > 0 ? "\n" : "", text_of(&cells.list[from]));
		}
		wg_office_cells_free(&cells);
	}
	if (heading)
		wg_office_heading(items, before != NULL ? before : "");
	else if (label != NULL)
		add_pair(items, label, wg_buf_text(&value), (unsigned)i + 1);
}

/* ---- the whole */

static void put_all_cells(struct wg_items *items, const struct wg_office_row *row)
{
	for (size_t k = 0; k < row->n; k++)
		wg_office_walk(items, &row->cells[k].flow);
}

/* "SECTION A |  |": capitals, in bold or shaded, and nothing beside them. */
static bool is_heading_row_alone(const struct wg_office_cells *cells)
{
	const struct wg_office_seen *first = &cells->list[0];
	for (size_t k = 1; k < cells->n; k++)
		if (!is_blank(&cells->list[k].text) || cells->list[k].controls)
			return false;
	return cells->n > 1 && is_line(first) && !asks(first) && (first->bold || first->cell->shaded) &&
	       wg_office_is_capitals(text_of(first));
}

/* Row i; returns how many were used. */
static size_t put_rows(struct wg_items *items, const struct wg_office_table *table, size_t i)
{
	size_t beside = rows_beside(table, i), used = 1;
	struct wg_office_cells cells;
	wg_office_cells_read(table, i, false, &cells);
	size_t from = cells.n >= 3 && cells.n % 2 == 1 && counts(&cells.list[0]) ? 1 : 0;
	if (cells.too_many) {
		put_all_cells(items, &table->rows[i]);
	} else if (cells.n > 1 && beside > 1) {
		put_beside(items, table, i, beside);
		used = beside;
	} else if (cells.n == 1) {
		used = put_single(items, table, i, &cells);
	} else if (is_heading_row_alone(&cells)) {
		wg_office_heading(items, text_of(&cells.list[0]));
	} else if (cells.n > 0) {
		put_row(items, &cells, from);
	}
	wg_office_cells_free(&cells);
	return used;
}

void wg_office_table(struct wg_items *items, const struct wg_office_table *table)
{
	items->tables++;
	for (size_t i = 0; i < table->n;)
		i = wg_office_is_heading_row(table, i) ? wg_office_records(items, table, i) : i + put_rows(items, table, i);
}
