/* table_form.c owns forms laid out in cells: labels with values beside them, headings between them, and tables with a
 * heading row among them.
 * SECURITY: a row that could be read in two ways becomes a remark, never a field. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "readers/label.h"
#include "readers/table_internal.h"

/* A cell alone with more than this is a sentence, no label and no heading. */
#define ALONE_BYTES 80
struct form {
	const struct wg_table *table;
	struct wg_found *found;
	const struct wg_row *names; /* heading row of the table inside the form that is being read, or NULL */
	unsigned *rows;
	bool lines;       /* nothing stands side by side anywhere */
	bool whole;       /* it is the whole sheet: empty rows do not end it */
	bool begun;       /* the first label came */
	bool labels_bold; /* the labels are, so that a bold cell alone is a label without an answer too */
};

static bool follows(const struct wg_table *table, size_t i)
{
	return i > 0 && table->rows[i - 1].number + 1 == table->rows[i].number;
}

void wg_table_line(const struct wg_table *table, const struct wg_row *row, struct wg_found *found)
{
	size_t start;
	struct wg_label l;
	for (size_t i = 0; i < row->count; i++) {
		const char *s = row->cells[i].text;
		char at[WG_TABLE_AT];
		if (strchr(s, '\n') == NULL && wg_label_split(s, &start, &l) && s[start + l.value] != '\0') {
			WG_AUTO_FREE char *label = strndup(s + start, l.label_len);
			found->no_memory = found->no_memory || label == NULL;
			wg_found_field(found, label != NULL ? label : "", s + start + l.value,
			               wg_table_at(table, row->number, row->cells[i].column, at));
		} else {
			wg_found_text(found, s);
		}
	}
}

void wg_table_remarks(const struct wg_table *table, struct wg_found *found)
{
	char at[WG_TABLE_AT];
	for (size_t i = 0; i < table->n_remarks; i++)
		wg_found_remark(found, table->remarks[i].label, table->remarks[i].value,
		                wg_table_at_row(table, table->remarks[i].row, at));
}

static void field(struct form *f, const struct wg_row *row, size_t label, const char *value)
{
	char at[WG_TABLE_AT];
	f->begun = true;
	wg_table_put(f->found, row->cells[label].text, value,
	             wg_table_at(f->table, row->number, row->cells[label].column, at));
}

/* Cells from label + 1 up to the next label are its value. Returns the next label. */
static size_t pair(struct form *f, const struct wg_row *row, size_t label, bool labelled)
{
	WG_AUTO_BUF struct wg_buf value = WG_BUF(WG_TABLE_ROW_BYTES);
	size_t i = label + 1;
	for (; i < row->count && !(labelled && wg_row_cell_is_label(row, i)); i++) {
		if (value.len > 0)
			wg_buf_putc(&value, ' ');
		wg_buf_puts(&value, row->cells[i].text);
	}
	f->found->no_memory = f->found->no_memory || value.failed;
	field(f, row, label, wg_buf_text(&value));
	return i;
}

static void pairs(struct form *f, const struct wg_row *row)
{
	bool labelled = wg_row_cell_is_label(row, 0);
	for (size_t i = 0; i < row->count;)
		i = pair(f, row, i, labelled);
}

/* The line above the row that the table begins with is empty or has one cell: what a table within a form looks like.
 * Of two and of four columns that are not bold it could as well be labels and values. */
static bool begins_table(const struct wg_table *table, size_t i)
{
	const struct wg_row *row = &table->rows[i];
	if (row->count < 3 || !wg_row_names_columns(row) || wg_row_cell_is_label(row, 0))
		return false;
	bool apart = !follows(table, i) || table->rows[i - 1].count == 1;
	return wg_row_all_bold(row) || (apart && row->count != 4);
}

static void not_understood(struct form *f, const struct wg_row *row)
{
	char at[WG_TABLE_AT];
	wg_found_remark(f->found, "Row (not read)",
	                "it could be a heading row or labels with their values: put a colon behind each label",
	                wg_table_at_row(f->table, row->number, at));
}

/* Row i of the table that f->names heads, or not any more. */
static bool in_table(struct form *f, size_t i)
{
	const struct wg_row *row = &f->table->rows[i];
	if (f->names == NULL || !(f->whole || follows(f->table, i)) || !wg_row_is_data(f->names, row))
		return false;
	if (wg_row_cell_is_label(row, 0))
		return false;
	wg_found_row(f->found, ++*f->rows);
	wg_table_row_fields(f->table, f->names, row, f->found);
	wg_found_row(f->found, 0);
	return true;
}

/* "What happened?" with the answer in the row below: where both are merged over columns, or nothing stands side by side
 * anywhere. Else the row below could be the next label. */
static bool answers_below(const struct form *f, size_t i)
{
	const struct wg_table *t = f->table;
	if (i + 1 >= t->count || !follows(t, i + 1) || t->rows[i + 1].count != 1)
		return false;
	const struct wg_cell *label = &t->rows[i].cells[0], *below = &t->rows[i + 1].cells[0];
	size_t start;
	struct wg_label l;
	return (f->lines || (label->wide && below->wide)) && !below->bold && !wg_label_split(below->text, &start, &l) &&
	       !wg_label_is_heading(below->text);
}

static bool is_heading(const struct form *f, size_t i)
{
	const struct wg_cell *cell = &f->table->rows[i].cells[0];
	return cell->wide || wg_label_is_heading(cell->text) || !follows(f->table, i) || (cell->bold && !f->labels_bold);
}

/* A row of one cell; returns how many rows were read. */
static size_t alone(struct form *f, size_t i)
{
	const struct wg_table *t = f->table;
	const struct wg_row *row = &t->rows[i];
	const char *s = row->cells[0].text;
	char last = s[strlen(s) - 1];
	if (last == ':' || last == '?') {
		bool below = answers_below(f, i);
		field(f, row, 0, below ? t->rows[i + 1].cells[0].text : "");
		return below ? 2 : 1;
	}
	bool names_below = i + 1 < t->count && follows(t, i + 1) && begins_table(t, i + 1); /* over a table */
	bool pairs_below = i + 1 < t->count && t->rows[i + 1].count >= 2;
	if (strlen(s) > ALONE_BYTES || strchr(s, '\n') != NULL || strchr(s, ':') != NULL) {
		wg_table_line(t, row, f->found);
	} else if (f->begun ? is_heading(f, i) || names_below : pairs_below) {
		wg_found_section(f->found, s);
		wg_found_text(f->found, s);
	} else if (f->begun) {
		field(f, row, 0, "");
	} else {
		wg_table_line(t, row, f->found);
	}
	return 1;
}

static bool labels_are_bold(const struct wg_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->rows[i].count == 2 && table->rows[i].cells[0].bold && !table->rows[i].cells[1].bold)
			return true;
	return false;
}

/* A row of several cells that belongs to no table. */
static void several(struct form *f, size_t i)
{
	const struct wg_table *t = f->table;
	const struct wg_row *row = &t->rows[i];
	if (row->count == 3 && row->cells[0].tall) { /* a heading at the side of several rows */
		wg_found_section(f->found, row->cells[0].text);
		(void)pair(f, row, 1, false);
		return;
	}
	if (row->count == 2 || wg_row_cell_is_label(row, 0)) {
		pairs(f, row);
		return;
	}
	if (begins_table(t, i))
		f->names = row;
	else
		not_understood(f, row);
}

void wg_table_form(const struct wg_table *table, const char *section, unsigned *rows, struct wg_found *found)
{
	struct form f = { .table = table, .found = found, .rows = rows };
	size_t heading = 0;
	f.labels_bold = labels_are_bold(table);
	wg_found_section(found, section);
	enum wg_table_shape shape = wg_table_shape(table, &heading);
	f.lines = shape == WG_TABLE_LINES;
	if (shape == WG_TABLE_ROWS) {
		for (size_t i = 0; i < heading; i++)
			wg_table_line(table, &table->rows[i], found);
		f.names = &table->rows[heading];
		f.whole = true;
	}
	for (size_t i = f.names != NULL ? heading + 1 : 0; i < table->count;) {
		if (in_table(&f, i)) {
			i++;
			continue;
		}
		f.names = f.whole ? f.names : NULL;
		if (table->rows[i].count > 1)
			several(&f, i++);
		else
			i += alone(&f, i);
	}
	wg_found_section(found, NULL);
}
