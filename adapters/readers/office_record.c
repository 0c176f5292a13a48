/* office_record.c owns tables with a heading row: each row below it is a record, each cell a field that its column
 * names.
 * SECURITY: as in office_table.c; the fields are bounded by found.c. */
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/office_cells.h"
#include "readers/office_tick.h"

#define COLUMNS_MIN 3
/* A heading of a column is a few words. */
#define COLUMN_BYTES 120

static const char *text_of(const struct wg_office_cells *cells, size_t k)
{
	return wg_buf_text(&cells->list[k].text);
}

static bool is_blank(const char *s)
{
	return s[strspn(s, " \t\n")] == '\0';
}

/* Words that name a column when nothing else shows that a row is a heading. */
static bool names_column(const char *s)
{
	static const char *const words[] = {
		"relationship", "telephone", "phone",  "contact", "contact details", "role",    "agency", "action", "by whom",
		"organisation", "comments",  "answer", "outcome", "date from",       "date to", "reason", "age",    "time",
		"job title",    "details",   "email",  "address", "telephone number"
	};
	for (size_t i = 0; i < WG_COUNT(words); i++)
		if (strcasecmp(s, words[i]) == 0)
			return true;
	return false;
}

/* What the cells of a row have in common. */
struct look {
	bool names; /* each could name a column; the first may be empty */
	bool bold, shaded, empty;
	size_t known; /* columns behind the first that names_column knows, and the pair of columns "Yes" and "No" */
};

static struct look look_at(const struct wg_office_cells *cells)
{
	struct look look = { .names = true, .bold = true, .shaded = true, .empty = true };
	size_t yes = 0, no = 0;
	for (size_t k = 0; k < cells->n; k++) {
		const struct wg_office_seen *seen = &cells->list[k];
		const char *s = text_of(cells, k);
		bool empty = is_blank(s), corner = empty && k == 0;
		size_t n = strlen(s);
		look.empty = look.empty && empty;
		look.names = look.names && (corner || (!empty && n <= COLUMN_BYTES && s[n - 1] != ':')) && !seen->controls &&
		             !seen->table && !wg_office_tick_has(s);
		look.bold = look.bold && (corner || seen->bold);
		look.shaded = look.shaded && (corner || seen->cell->shaded);
		look.known += k > 0 && names_column(s);
		yes += strcasecmp(s, "yes") == 0;
		no += strcasecmp(s, "no") == 0;
	}
	look.known += yes == 1 && no == 1 ? 2 : 0;
	return look;
}

bool wg_office_is_heading_row(const struct wg_office_table *table, size_t i)
{
	if (table->rows[i].n < COLUMNS_MIN || i + 1 >= table->n || table->rows[i + 1].n != table->rows[i].n)
		return false;
	struct wg_office_cells row, below;
	wg_office_cells_read(table, i, true, &row);
	wg_office_cells_read(table, i + 1, true, &below);
	struct look l = look_at(&row), b = look_at(&below);
	bool marked = row.heading || (l.bold && !b.bold) || (l.shaded && !b.shaded);
	bool corner = row.n > 0 && is_blank(text_of(&row, 0)), goes_on = false;
	for (size_t k = 0; k < row.n; k++)
		goes_on = goes_on || row.list[k].cell->goes_on;
	bool plain = !corner && l.known >= (row.n % 2 == 1 ? 1 : 2);
	bool heading = row.n >= COLUMNS_MIN && l.names && !goes_on && (marked || plain);
	wg_office_cells_free(&row);
	wg_office_cells_free(&below);
	return heading;
}

/* ---- records */

struct records {
	struct wg_items *items;
	struct wg_office_cells head;
	bool row_labels; /* the first column names the row */
	bool answer;     /* the second column holds what the first asks */
	bool ticks[WG_OFFICE_CELLS_MAX];
	size_t n_ticks; /* columns of boxes: what is ticked is an option that its heading names */
};

static bool one_of(const char *s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(s, words[i]) == 0)
			return true;
	return false;
}

static bool asks_column(const char *s)
{
	static const char *const words[] = { "question", "questions", "prompt", "area", "field", "item",     "topic",
		                                 "issue",    "factor",    "risk",   "need", "check", "indicator" };
	return one_of(s, words, WG_COUNT(words));
}

static bool answer_column(const char *s)
{
	static const char *const words[] = { "answer",         "answers",  "response", "details", "detail",
		                                 "child's answer", "comments", "value",    "reply",   "notes" };
	return one_of(s, words, WG_COUNT(words));
}

/* "x", "X", a box, or nothing: what stands in a column of boxes. */
static bool is_mark(const char *s, bool *box)
{
	s += strspn(s, " \t\n");
	if (*s == '\0')
		return true;
	size_t n = wg_office_tick_at(s) != WG_OFFICE_TICK_NONE ? WG_OFFICE_TICK_BYTES : (size_t)(*s == 'x' || *s == 'X');
	*box = *box || n > 0;
	return n > 0 && is_blank(s + n);
}

static bool is_ticked(const char *s)
{
	s += strspn(s, " \t\n");
	return *s != '\0' && wg_office_tick_at(s) != WG_OFFICE_TICK_OFF;
}

/* Is row i a record below the heading? It ends at a row that is laid out otherwise, and at another heading row. */
static bool is_record(const struct records *rec, const struct wg_office_table *table, size_t i)
{
	return i < table->n && table->rows[i].n == rec->head.n && !wg_office_is_heading_row(table, i);
}

static void find_tick_columns(struct records *rec, const struct wg_office_table *table, size_t from, size_t to)
{
	bool box[WG_OFFICE_CELLS_MAX] = { false };
	for (size_t k = 1; k < rec->head.n; k++)
		rec->ticks[k] = true;
	for (size_t i = from; i < to; i++) {
		struct wg_office_cells row;
		wg_office_cells_read(table, i, true, &row);
		for (size_t k = 1; k < row.n; k++)
			rec->ticks[k] = is_mark(text_of(&row, k), &box[k]) && rec->ticks[k];
		wg_office_cells_free(&row);
	}
	size_t boxes = 0;
	for (size_t k = 1; k < rec->head.n; k++)
		boxes += rec->ticks[k] && box[k];
	/* an option that nobody ticked has a column without marks: it counts only beside columns that have some */
	for (size_t k = 1; k < rec->head.n; k++) {
		const char *s = text_of(&rec->head, k);
		bool option = strcasecmp(s, "yes") == 0 || strcasecmp(s, "no") == 0 || box[k];
		rec->ticks[k] = rec->ticks[k] && boxes > 0 && option;
		rec->n_ticks += rec->ticks[k];
	}
	if (rec->n_ticks < 2) {
		memset(rec->ticks, 0, sizeof rec->ticks);
		rec->n_ticks = 0;
	}
}

static void put(const struct records *rec, unsigned row, unsigned data_row, const char *label, const char *value)
{
	struct wg_item *item = wg_items_pair(rec->items, label, value);
	if (item == NULL)
		return;
	item->table = rec->items->tables;
	item->row = row;
	item->data_row = data_row;
}

/* The headings of the columns that are ticked in this row. */
static void put_ticks(const struct records *rec, const struct wg_office_cells *row)
{
	WG_AUTO_BUF struct wg_buf value = WG_BUF(WG_LIMIT_MESSAGE);
	for (size_t k = 1; k < row->n; k++)
		if (rec->ticks[k] && is_ticked(text_of(row, k)))
			wg_buf_printf(&value, "%s%s", value.len > 0 ? "; " : "", text_of(&rec->head, k));
	put(rec, row->row, 0, text_of(row, 0), wg_buf_text(&value));
}

/* A row that its first cell names: "Were you hurt | no | ...": the answer under that name, the rest behind it. */
static void put_named(const struct records *rec, const struct wg_office_cells *row)
{
	if (is_blank(text_of(row, 0)))
		return;
	if (rec->n_ticks > 0)
		put_ticks(rec, row);
	for (size_t k = 1; k < row->n; k++) {
		WG_AUTO_BUF struct wg_buf label = WG_BUF(WG_LIMIT_MESSAGE);
		if (rec->ticks[k])
			continue;
		wg_buf_puts(&label, text_of(row, 0));
		if (!(k == 1 && rec->answer))
			wg_buf_printf(&label, " - %s", text_of(&rec->head, k));
		put(rec, row->row, 0, wg_buf_text(&label), text_of(row, k));
	}
}

static void put_record(const struct records *rec, const struct wg_office_cells *row)
{
	rec->items->data_rows++;
	for (size_t k = 0; k < row->n; k++)
		put(rec, row->row, rec->items->data_rows, text_of(&rec->head, k), text_of(row, k));
}

/* Cells that stand beside several rows say the same in each. */
static void fill_down(struct wg_office_cells *row, const struct wg_office_cells *above)
{
	for (size_t k = 0; k < row->n && k < above->n; k++) {
		if (!row->list[k].cell->goes_on || row->list[k].text.len > 0)
			continue;
		wg_buf_put(&row->list[k].text, above->list[k].text.data, above->list[k].text.len);
	}
}

size_t wg_office_records(struct wg_items *items, const struct wg_office_table *table, size_t i)
{
	struct records rec = { .items = items };
	struct wg_office_cells row, above = { 0 };
	size_t end = i + 1;
	wg_office_cells_read(table, i, true, &rec.head);
	while (is_record(&rec, table, end))
		end++;
	find_tick_columns(&rec, table, i + 1, end);
	rec.answer = asks_column(text_of(&rec.head, 0)) && answer_column(text_of(&rec.head, 1));
	rec.row_labels = rec.answer || rec.n_ticks > 0 || is_blank(text_of(&rec.head, 0));
	for (size_t k = i + 1; k < end; k++) {
		wg_office_cells_read(table, k, true, &row);
		fill_down(&row, &above);
		if (rec.row_labels)
			put_named(&rec, &row);
		else if (!look_at(&row).empty)
			put_record(&rec, &row);
		wg_office_cells_free(&above);
		above = row;
	}
	wg_office_cells_free(&above);
	wg_office_cells_free(&rec.head);
	return end;
}
