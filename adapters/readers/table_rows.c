/* table_rows.c owns tables with a heading row: one row as fields, several as documents.
 * SECURITY: what is written into a part is quoted always, so that no cell ends its cell or its row. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/table_internal.h"
#include "readers/tick.h"

/* All parts in base64 are to fit into the answer. */
#define PARTS_BYTES (WG_LIMIT_READER_OUTPUT / 3 * 2)

size_t wg_table_data_rows(const struct wg_table *table, size_t heading)
{
	size_t n = 0;
	for (size_t i = heading + 1; i < table->count; i++)
		n += wg_row_is_data(&table->rows[heading], &table->rows[i]);
	return n;
}

static unsigned last_column(const struct wg_row *row)
{
	return row->count > 0 ? row->cells[row->count - 1].column : 0;
}

enum wg_code wg_table_ragged(const struct wg_table *table, size_t heading, struct wg_err *err)
{
	const struct wg_row *names = &table->rows[heading];
	for (size_t i = heading + 1; i < table->count; i++) {
		const struct wg_row *row = &table->rows[i];
		if (names->width == 0 || !wg_row_is_data(names, row))
			continue;
		if (row->width < last_column(names) || last_column(row) > last_column(names))
			return wg_err_set(err, WG_REJECT,
			                  "row %u has %u cells and the heading row names %u: look there for a separator too many "
			                  "or too few, and put quotation marks around texts that hold one",
			                  row->number, row->width, last_column(names));
	}
	return WG_OK;
}

/* The name of a column; one without a name gets one that no map knows. */
static const char *column_name(const struct wg_row *heading, unsigned column, char *own, size_t size)
{
	const struct wg_cell *cell = wg_row_cell(heading, column);
	char letters[WG_TABLE_LETTERS];
	if (cell != NULL)
		return cell->text;
	(void)snprintf(own, size, "Column %s (no name)", wg_table_letters(column, letters));
	return own;
}

/* What a cell says: of tick boxes, the words of those that are ticked. */
void wg_table_put(struct wg_found *found, const char *label, const char *value, const char *at)
{
	WG_AUTO_BUF struct wg_buf said = WG_BUF(2 * WG_TABLE_ROW_BYTES);
	wg_tick_value(value, &said);
	found->no_memory = found->no_memory || said.failed;
	wg_found_field(found, label, wg_buf_text(&said), at);
}

static unsigned columns(const struct wg_row *heading, const struct wg_row *row)
{
	return last_column(row) > last_column(heading) ? last_column(row) : last_column(heading);
}

void wg_table_row_fields(const struct wg_table *table, const struct wg_row *heading, const struct wg_row *row,
                         struct wg_found *found)
{
	for (unsigned column = 1; column <= columns(heading, row); column++) {
		char own[40], at[WG_TABLE_AT];
		const struct wg_cell *cell = wg_row_cell(row, column);
		if (cell == NULL && wg_row_cell(heading, column) == NULL)
			continue;
		wg_table_put(found, column_name(heading, column, own, sizeof own), cell != NULL ? cell->text : "",
		             wg_table_at(table, row->number, column, at));
	}
}

/* Every cell of the rows that are neither heading row nor data, in order: title lines, footers. */
static void other_lines(const struct wg_table *table, size_t heading, struct wg_found *found)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct wg_row *row = &table->rows[i];
		if (i < heading || row->count == 1)
			wg_table_line(table, row, found);
	}
}

void wg_table_single(const struct wg_table *table, size_t heading, struct wg_found *found)
{
	other_lines(table, heading, found);
	for (size_t i = heading + 1; i < table->count; i++)
		if (wg_row_is_data(&table->rows[heading], &table->rows[i]))
			wg_table_row_fields(table, &table->rows[heading], &table->rows[i], found);
}

static void put_cell(struct wg_buf *out, bool first, const char *text)
{
	wg_buf_puts(out, first ? "\"" : ",\"");
	for (; *text != '\0'; text++) {
		if (*text == '"')
			wg_buf_putc(out, '"');
		wg_buf_putc(out, *text);
	}
	wg_buf_putc(out, '"');
}

static void put_others(struct wg_buf *out, const struct wg_table *table, size_t heading)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct wg_row *row = &table->rows[i];
		for (size_t k = 0; (i < heading || row->count == 1) && k < row->count; k++) {
			put_cell(out, true, row->cells[k].text);
			wg_buf_puts(out, "\r\n");
		}
	}
}

/* The remarks about the row and about the whole table, as columns that no map knows: a person looks. */
static void put_remarks(struct wg_buf *out, const struct wg_table *table, unsigned row, bool labels)
{
	for (size_t i = 0; i < table->n_remarks; i++)
		if (table->remarks[i].row == 0 || table->remarks[i].row == row)
			put_cell(out, false, labels ? table->remarks[i].label : table->remarks[i].value);
}

/* One cell for each column that has a name or holds something in this row: names, or what the row holds. */
static void put_columns(struct wg_buf *out, const struct wg_row *heading, const struct wg_row *row, bool names)
{
	bool first = true;
	for (unsigned column = 1; column <= columns(heading, row); column++) {
		char own[40];
		const struct wg_cell *cell = wg_row_cell(row, column);
		if (cell == NULL && wg_row_cell(heading, column) == NULL)
			continue;
		const char *value = cell != NULL ? cell->text : "";
		put_cell(out, first, names ? column_name(heading, column, own, sizeof own) : value);
		first = false;
	}
}

static void put_part(struct wg_buf *out, const struct wg_table *table, size_t heading, const struct wg_row *row)
{
	const struct wg_row *names = &table->rows[heading];
	put_others(out, table, heading);
	put_columns(out, names, row, true);
	put_remarks(out, table, row->number, true);
	wg_buf_puts(out, "\r\n");
	put_columns(out, names, row, false);
	put_remarks(out, table, row->number, false);
	wg_buf_puts(out, "\r\n");
}

void wg_table_divide(const struct wg_table *table, size_t heading, struct wg_found *found)
{
	size_t total = 0;
	for (size_t i = heading + 1; i < table->count; i++) {
		WG_AUTO_BUF struct wg_buf part = WG_BUF(WG_LIMIT_DOCUMENT);
		char at[WG_TABLE_AT];
		const struct wg_row *row = &table->rows[i];
		if (!wg_row_is_data(&table->rows[heading], row))
			continue;
		put_part(&part, table, heading, row);
		total += part.len;
		if (part.failed || total > PARTS_BYTES)
			found->over = "the rows, each with the names of its columns, are larger than the limit";
		else
			wg_found_document(found, wg_table_at_row(table, row->number, at), NULL, "text/csv", false, part.data,
			                  part.len);
	}
}
