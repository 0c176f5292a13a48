/* table.c owns struct wg_table: the filled cells of one sheet.
 * SECURITY: what is kept is bounded by rows, columns and bytes of a cell before it is copied. */
#include "readers/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/clean.h"
#include "readers/table_internal.h"

/* Title lines, page headings and footers beside the rows that become documents. */
#define OTHER_ROWS 200
#define ROWS_MAX (WG_LIMIT_DOCUMENTS + OTHER_ROWS)
#define REMARKS_MAX 200

static void row_free(struct wg_row *row)
{
	for (size_t i = 0; i < row->count; i++)
		free(row->cells[i].text);
	free(row->cells);
}

void wg_table_free(struct wg_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		row_free(&table->rows[i]);
	free(table->rows);
	for (size_t i = 0; i < table->n_remarks; i++) {
		free(table->remarks[i].label);
		free(table->remarks[i].value);
	}
	free(table->remarks);
	free(table->name);
	*table = (struct wg_table){ 0 };
}

static struct wg_cell *fail(struct wg_table *table, unsigned row, const char *over)
{
	if (table->over == NULL) {
		table->over = over;
		table->over_row = row;
	}
	return NULL;
}

/* A bigger block when the list is full; false when a failure stuck. */
static bool make_room(struct wg_table *table, void *list, size_t count, size_t *cap, size_t each)
{
	void *old;
	memcpy(&old, list, sizeof old);
	if (count < *cap)
		return true;
	size_t bigger = *cap == 0 ? 8 : *cap * 2;
	void *block = reallocarray(old, bigger, each);
	if (block == NULL) {
		table->no_memory = true;
		return false;
	}
	memcpy(list, &block, sizeof block);
	*cap = bigger;
	return true;
}

static struct wg_row *last_row(struct wg_table *table, unsigned number)
{
	if (table->count > 0 && table->rows[table->count - 1].number == number)
		return &table->rows[table->count - 1];
	if (table->count >= ROWS_MAX) {
		(void)fail(table, number,
		           "there are more filled rows than one document may have: send it in parts of at most 2000");
		return NULL;
	}
	if (!make_room(table, &table->rows, table->count, &table->cap, sizeof *table->rows))
		return NULL;
	table->rows[table->count] = (struct wg_row){ .number = number };
	return &table->rows[table->count++];
}

/* The text made plain, without the blanks around it; NULL when nothing is left. */
static char *plain(struct wg_table *table, const char *text, size_t len)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(3 * WG_TABLE_CELL_BYTES); /* U+FFFD for one byte at worst */
	for (size_t i = 0; i <= len;) {
		const char *end = i < len ? memchr(text + i, '\n', len - i) : NULL;
		size_t n = end != NULL ? (size_t)(end - text) - i : len - i;
		size_t keep = n > 0 && text[i + n - 1] == '\r' ? n - 1 : n;
		wg_clean_line(&out, text + i, keep);
		i += n + 1;
		if (i <= len)
			wg_buf_putc(&out, '\n');
	}
	if (out.failed)
		table->no_memory = true;
	const char *s = wg_buf_text(&out);
	s += strspn(s, " \t\n");
	size_t n = strlen(s);
	while (n > 0 && strchr(" \t\n", s[n - 1]) != NULL)
		n--;
	if (n == 0 || out.failed)
		return NULL;
	char *copy = strndup(s, n);
	table->no_memory = table->no_memory || copy == NULL;
	return copy;
}

/* Takes text. */
static struct wg_cell *insert(struct wg_table *table, struct wg_row *r, unsigned column, char *text)
{
	WG_AUTO_FREE char *words = text;
	size_t at = r->count;
	if (!make_room(table, &r->cells, r->count, &r->cap, sizeof *r->cells))
		return NULL;
	while (at > 0 && r->cells[at - 1].column > column)
		at--;
	if (at > 0 && r->cells[at - 1].column == column)
		return fail(table, r->number, "it has a cell twice: save it again with a spreadsheet program");
	table->bytes += strlen(words) + 1;
	if (table->bytes > WG_TABLE_BYTES)
		return fail(table, r->number, "the table holds more text than the limit: send it in parts");
	memmove(&r->cells[at + 1], &r->cells[at], (r->count - at) * sizeof *r->cells);
	r->cells[at] = (struct wg_cell){ .text = wg_steal(&words), .column = column };
	r->count++;
	return &r->cells[at];
}

struct wg_cell *wg_table_cell(struct wg_table *table, unsigned row, unsigned column, const char *text, size_t len)
{
	if (table->over != NULL || table->no_memory)
		return NULL;
	if (len > WG_TABLE_CELL_BYTES)
		return fail(table, row, "a cell holds more text than a spreadsheet's cell can: shorten it");
	WG_AUTO_FREE char *words = plain(table, text, len);
	if (words == NULL)
		return NULL;
	if (column > WG_TABLE_COLUMNS_MAX)
		return fail(table, row, "there are more columns than the limit: remove those that are not needed");
	if (table->count > 0 && table->rows[table->count - 1].number > row)
		return fail(table, row, "its rows are not in order: save it again with a spreadsheet program");
	struct wg_row *r = last_row(table, row);
	return r != NULL ? insert(table, r, column, wg_steal(&words)) : NULL;
}

void wg_table_fill_down(struct wg_table *table, unsigned row, unsigned column, unsigned bottom)
{
	struct wg_row *from = wg_table_row(table, row);
	const struct wg_cell *cell = from != NULL ? wg_row_cell(from, column) : NULL;
	if (cell == NULL || table->over != NULL || table->no_memory)
		return;
	for (struct wg_row *r = from + 1; r < table->rows + table->count && r->number <= bottom; r++) {
		char *copy = wg_row_cell(r, column) == NULL ? strdup(cell->text) : NULL;
		if (copy != NULL && insert(table, r, column, copy) == NULL)
			return;
	}
}

struct wg_row *wg_table_row(struct wg_table *table, unsigned number)
{
	size_t low = 0, high = table->count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (table->rows[mid].number < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low < table->count && table->rows[low].number == number ? &table->rows[low] : NULL;
}

const struct wg_cell *wg_row_cell(const struct wg_row *row, unsigned column)
{
	for (size_t i = 0; i < row->count; i++)
		if (row->cells[i].column == column)
			return &row->cells[i];
	return NULL;
}

void wg_table_remark(struct wg_table *table, unsigned row, const char *label, const char *value)
{
	if (table->n_remarks > REMARKS_MAX)
		return; /* the one that says so was kept */
	if (table->n_remarks == REMARKS_MAX)
		label = "More (not read)", value = "there are more remarks of this kind", row = 0;
	if (!make_room(table, &table->remarks, table->n_remarks, &table->remarks_cap, sizeof *table->remarks))
		return;
	struct wg_table_remark remark = { .label = strdup(label), .value = strdup(value), .row = row };
	table->no_memory = table->no_memory || remark.label == NULL || remark.value == NULL;
	table->remarks[table->n_remarks++] = remark;
}

enum wg_code wg_table_check(const struct wg_table *table, struct wg_err *err)
{
	if (table->no_memory)
		return wg_err_set(err, WG_SYSTEM, "no memory for the table");
	if (table->over != NULL)
		return wg_err_set(err, WG_LIMIT, "row %u: %s", table->over_row, table->over);
	return WG_OK;
}

const char *wg_table_letters(unsigned column, char out[WG_TABLE_LETTERS])
{
	char reversed[WG_TABLE_LETTERS];
	size_t n = 0;
	for (; column > 0 && n + 1 < WG_TABLE_LETTERS; column = (column - 1) / 26)
		reversed[n++] = (char)('A' + (int)((column - 1) % 26));
	for (size_t i = 0; i < n; i++)
		out[i] = reversed[n - 1 - i];
	out[n] = '\0';
	return out;
}
