/* xlsx_sheet.c owns the reading of one sheet into a table.
 * SECURITY: hostile XML, walked through; formulas are never calculated: what the program that saved the workbook stored
 * as their result is read, or nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "readers/table_internal.h"
#include "readers/xlsx_internal.h"

/* The last row and column of a spreadsheet. */
#define LAST_ROW 1048576
#define LAST_COLUMN 16384
/* Rows that a sheet may have or say to have, empty ones too; far more than the 2,000 that may be filled, far less than
 * the million that a bomb says. */
#define ROWS_MAX 20000
#define MERGES_MAX 5000
#define HIDDEN_MAX 200

struct range {
	unsigned left, top, right, bottom;
};

struct sheet {
	struct wg_xlsx_book *book;
	struct wg_table *table;
	struct wg_buf text, list; /* of a cell; of an option list */
	unsigned row, column, rows;
	bool row_hidden, in_cell, formula, inline_text, has_value, other;
	unsigned phonetic;
	char type[12];
	unsigned style;
	struct range *merges;
	size_t n_merges;
	struct range hidden[HIDDEN_MAX]; /* columns */
	size_t n_hidden;
	size_t hidden_rows, hidden_columns; /* that hold something */
	unsigned last_hidden_row;
};

size_t wg_xlsx_reference(const char *s, unsigned *column, unsigned *row)
{
	size_t n = 0;
	unsigned c = 0, r = 0;
	for (; s[n] >= 'A' && s[n] <= 'Z' && n < 4; n++)
		c = c * 26 + (unsigned)(s[n] - 'A') + 1;
	size_t letters = n;
	for (; s[n] >= '0' && s[n] <= '9' && n < letters + 8; n++)
		r = r * 10 + (unsigned)(s[n] - '0');
	if (letters == 0 || n == letters || c > LAST_COLUMN || r == 0 || r > LAST_ROW)
		return 0;
	*column = c;
	*row = r;
	return n;
}

static bool range_of(const char *s, struct range *out)
{
	*out = (struct range){ 0 };
	size_t n = wg_xlsx_reference(s, &out->left, &out->top);
	if (n > 0 && s[n] == ':')
		n = wg_xlsx_reference(s + n + 1, &out->right, &out->bottom) > 0 ? n : 0;
	else
		out->right = out->left, out->bottom = out->top;
	return n > 0 && out->right >= out->left && out->bottom >= out->top;
}

static void start_dimension(struct wg_xlsx_walk *walk)
{
	char ref[40];
	struct range r;
	if (wg_xlsx_attribute(walk, "ref", ref, sizeof ref) && range_of(ref, &r) && r.bottom > ROWS_MAX)
		walk->limit = "it says that it has more rows than the limit: delete the empty rows below the table, or send it "
					  "in parts of at most 2000";
}

static void start_column(struct wg_xlsx_walk *walk, struct sheet *s)
{
	struct range r = { 0 };
	if (!wg_xlsx_flag(walk, "hidden") || !wg_xlsx_number(walk, "min", LAST_COLUMN, &r.left) ||
	    !wg_xlsx_number(walk, "max", LAST_COLUMN, &r.right))
		return;
	if (s->n_hidden < HIDDEN_MAX)
		s->hidden[s->n_hidden++] = r;
	else
		walk->limit = "more groups of columns are hidden than the limit: show them, or remove them";
}

static void start_row(struct wg_xlsx_walk *walk, struct sheet *s)
{
	unsigned before = s->row;
	if (!wg_xlsx_number(walk, "r", LAST_ROW, &s->row))
		s->row = before + 1;
	s->column = 0;
	s->row_hidden = wg_xlsx_flag(walk, "hidden");
	if (s->row <= before)
		walk->fault = "its rows are not in order";
	else if (++s->rows > ROWS_MAX || s->row > ROWS_MAX)
		walk->limit =
			"it has more rows than the limit: delete the empty rows below the table, or send it in parts of at "
			"most 2000";
}

static void start_cell(struct wg_xlsx_walk *walk, struct sheet *s)
{
	char ref[24];
	unsigned row = s->row;
	s->column++;
	if (wg_xlsx_attribute(walk, "r", ref, sizeof ref) && wg_xlsx_reference(ref, &s->column, &row) != strlen(ref))
		row = 0;
	if (row != s->row) {
		walk->fault = "a cell says that it stands in another row than it does";
		return;
	}
	s->in_cell = true;
	s->formula = s->inline_text = s->has_value = false;
	s->style = 0;
	(void)wg_xlsx_number(walk, "s", 100000, &s->style); /* 0: the usual one */
	if (!wg_xlsx_attribute(walk, "t", s->type, sizeof s->type))
		memcpy(s->type, "n", 2);
	wg_buf_reset(&s->text);
}

static void start_merge(struct wg_xlsx_walk *walk, struct sheet *s)
{
	char ref[40];
	struct range r;
	if (!wg_xlsx_attribute(walk, "ref", ref, sizeof ref) || !range_of(ref, &r))
		walk->fault = "it merges cells that there are not";
	else if (s->n_merges >= MERGES_MAX)
		walk->limit = "more cells are merged than the limit";
	else
		s->merges[s->n_merges++] = r;
}

static void on_start(struct wg_xlsx_walk *walk, const char *name)
{
	struct sheet *s = walk->of;
	if (walk->depth == 1)
		s->other = strcmp(name, "worksheet") != 0;
	else if (strcmp(name, "dimension") == 0)
		start_dimension(walk);
	else if (strcmp(name, "col") == 0)
		start_column(walk, s);
	else if (strcmp(name, "row") == 0 && walk->depth == 3)
		start_row(walk, s);
	else if (strcmp(name, "c") == 0 && walk->depth == 4 && s->row > 0)
		start_cell(walk, s);
	else if (strcmp(name, "mergeCell") == 0)
		start_merge(walk, s);
	else if (s->in_cell && strcmp(name, "f") == 0)
		s->formula = true;
	else if (s->in_cell && strcmp(name, "rPh") == 0)
		s->phonetic++;
	else if (s->in_cell && (strcmp(name, "v") == 0 || (strcmp(name, "t") == 0 && s->phonetic == 0)))
		walk->text = &s->text;
	else if (!s->in_cell && (strcmp(name, "formula1") == 0 || strcmp(name, "f") == 0))
		walk->text = &s->list;
}

static bool column_hidden(const struct sheet *s)
{
	for (size_t i = 0; i < s->n_hidden; i++)
		if (s->column >= s->hidden[i].left && s->column <= s->hidden[i].right)
			return true;
	return false;
}

static void remark(struct sheet *s, const char *label, const char *what)
{
	char letters[WG_TABLE_LETTERS], value[200];
	(void)snprintf(value, sizeof value, "cell %s%u %s", wg_table_letters(s->column, letters), s->row, what);
	wg_table_remark(s->table, s->row, label, value);
}

/* The text that a cell shows; NULL: nothing, or it was remarked upon. number: room for what is made here. */
static const char *shown(struct wg_xlsx_walk *walk, struct sheet *s, char *number, size_t size)
{
	static const struct wg_xlsx_format plain = { 0 };
	const struct wg_xlsx_book *book = s->book;
	const char *stored = wg_buf_text(&s->text);
	const struct wg_xlsx_format *format = s->style < book->styles.count ? &book->styles.formats[s->style] : &plain;
	uint64_t n;
	if (strcmp(s->type, "s") == 0) {
		if (wg_num_parse(stored, 0, SIZE_MAX, &n) && n < book->strings.count)
			return book->strings.list[n];
		walk->fault = "a cell refers to a text that there is not";
	} else if (strcmp(s->type, "str") == 0 || strcmp(s->type, "inlineStr") == 0) {
		if (s->text.len > 0)
			wg_xlsx_unescape((char *)s->text.data);
		return wg_buf_text(&s->text);
	} else if (strcmp(s->type, "b") == 0) {
		return stored[0] == '1' ? "yes" : "no";
	} else if (strcmp(s->type, "e") == 0) {
		remark(s, "Cell (not read)", "holds an error instead of a value: correct it and send again");
	} else if (strcmp(s->type, "d") == 0 ? wg_xlsx_value_iso(stored, number, size)
	                                     : wg_xlsx_value(stored, format, book->from_1904, number, size)) {
		return number;
	} else {
		remark(s, "Cell (not read)", "holds a number that is no date: correct it and send again");
	}
	return NULL;
}

static void end_cell(struct wg_xlsx_walk *walk, struct sheet *s)
{
	char number[64];
	s->in_cell = false;
	s->phonetic = 0;
	if (s->text.len == 0) {
		if (s->formula && strcmp(s->type, "str") != 0)
			remark(s, "Formula (not read)",
			       "has a formula and no stored result: open the workbook, save it, and send it again");
		return;
	}
	if (s->row_hidden || column_hidden(s)) {
		s->hidden_columns += !s->row_hidden;
		s->hidden_rows += s->row_hidden && s->last_hidden_row != s->row;
		s->last_hidden_row = s->row;
		return;
	}
	const char *text = shown(walk, s, number, sizeof number);
	if (text == NULL)
		return;
	struct wg_cell *cell = wg_table_cell(s->table, s->row, s->column, text, strlen(text));
	if (cell != NULL)
		cell->bold = s->style < s->book->styles.count && s->book->styles.formats[s->style].bold;
	if (s->table->over != NULL && walk->limit == NULL)
		walk->limit = s->table->over;
}

static void on_end(struct wg_xlsx_walk *walk, const char *name)
{
	struct sheet *s = walk->of;
	if (strcmp(name, "c") == 0 && s->in_cell)
		end_cell(walk, s);
	else if (s->in_cell && strcmp(name, "rPh") == 0)
		s->phonetic -= s->phonetic > 0;
	if (walk->text == &s->list) {
		wg_buf_put(&s->book->lists, s->list.data, s->list.len);
		wg_buf_putc(&s->book->lists, '\n');
		wg_buf_reset(&s->list);
	}
	walk->text = NULL;
}

/* Merged cells: what they mean for the layout, and the one value for all rows of a table that it is merged over. */
static void merge(struct sheet *s)
{
	size_t heading = 0;
	for (size_t i = 0; i < s->n_merges; i++) {
		struct wg_row *row = wg_table_row(s->table, s->merges[i].top);
		for (size_t k = 0; row != NULL && k < row->count; k++)
			if (row->cells[k].column == s->merges[i].left) {
				row->cells[k].wide = s->merges[i].right > s->merges[i].left;
				row->cells[k].tall = s->merges[i].bottom > s->merges[i].top;
			}
	}
	if (wg_table_shape(s->table, &heading) != WG_TABLE_ROWS)
		return;
	unsigned below = s->table->rows[heading].number;
	for (size_t i = 0; i < s->n_merges; i++)
		if (s->merges[i].top > below && s->merges[i].bottom > s->merges[i].top)
			wg_table_fill_down(s->table, s->merges[i].top, s->merges[i].left, s->merges[i].bottom);
}

static void hidden_remarks(const struct sheet *s)
{
	char value[100];
	if (s->hidden_rows > 0) {
		(void)snprintf(value, sizeof value, "%zu hidden rows that hold something: show or delete them", s->hidden_rows);
		wg_table_remark(s->table, 0, "Hidden rows (not read)", value);
	}
	if (s->hidden_columns > 0)
		wg_table_remark(s->table, 0, "Hidden columns (not read)", "hidden columns hold something: show or delete them");
}

enum wg_code wg_xlsx_sheet(struct wg_xlsx_book *book, const char *path, struct wg_table *table, struct wg_err *err)
{
	WG_AUTO_FREE void *merges = calloc(MERGES_MAX, sizeof(struct range));
	struct sheet s = {
		.book = book, .table = table, .text = WG_BUF(WG_TABLE_CELL_BYTES), .list = WG_BUF(WG_TABLE_CELL_BYTES)
	};
	struct wg_xlsx_walk walk = { .start = on_start, .end = on_end, .of = &s };
	char what[WG_TABLE_AT];
	if (merges == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a sheet");
	s.merges = merges;
	(void)snprintf(what, sizeof what, "sheet %zu", book->sheet);
	enum wg_code code = wg_xlsx_walk(book->zip, path, what, &walk, err);
	wg_buf_free(&s.text);
	wg_buf_free(&s.list);
	if (code == WG_OK)
		code = wg_table_check(table, err);
	if (code != WG_OK)
		return code;
	if (s.other)
		wg_table_remark(table, 0, "Sheet (not read)", "it is a chart or a dialogue");
	merge(&s);
	hidden_remarks(&s);
	return WG_OK;
}
