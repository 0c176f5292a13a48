/* What table_shape.c, table_form.c and table_rows.c share. */
#ifndef WG_READERS_TABLE_INTERNAL_H
#define WG_READERS_TABLE_INTERNAL_H

#include "readers/table.h"

/* All cells of one row, with a blank between. */
#define WG_TABLE_ROW_BYTES (WG_TABLE_COLUMNS_MAX * (WG_TABLE_CELL_BYTES + 1))

enum wg_table_shape {
	WG_TABLE_EMPTY,
	WG_TABLE_LINES, /* never two cells side by side */
	WG_TABLE_FORM,  /* labels with their values beside them */
	WG_TABLE_ROWS,  /* a heading row, and what it names below */
	WG_TABLE_BAD    /* many cells, and no row that names them */
};

/* heading: index of the heading row of WG_TABLE_ROWS, of the row that should be it of WG_TABLE_BAD. */
enum wg_table_shape wg_table_shape(const struct wg_table *table, size_t *heading);

/* Could every cell of the row be the name of a column? */
bool wg_row_names_columns(const struct wg_row *row);
/* A cell that says itself to be a label: by a colon, a question mark, or by being bold where every second cell is. */
bool wg_row_cell_is_label(const struct wg_row *row, size_t i);
bool wg_row_all_bold(const struct wg_row *row);

/* A row below the heading row that is filled like one. The same heading once more, as on each printed page, is none. */
bool wg_row_is_data(const struct wg_row *heading, const struct wg_row *row);

/* "sheet Episodes, cell B4"; "row 4, column B". */
#define WG_TABLE_AT 400
const char *wg_table_at(const struct wg_table *table, unsigned row, unsigned column, char out[WG_TABLE_AT]);
const char *wg_table_at_row(const struct wg_table *table, unsigned row, char out[WG_TABLE_AT]);

/* A form, its section being that heading (or NULL). *rows counts the rows of tables inside forms through the document.
 */
void wg_table_form(const struct wg_table *table, const char *section, unsigned *rows, struct wg_found *found);
/* A row of one cell: a field where it reads "Label: value", else text. */
void wg_table_line(const struct wg_table *table, const struct wg_row *row, struct wg_found *found);
void wg_table_remarks(const struct wg_table *table, struct wg_found *found);

/* A field, its tick boxes read. */
void wg_table_put(struct wg_found *found, const char *label, const char *value, const char *at);
/* The cells of a row as fields, under the names of the columns. */
void wg_table_row_fields(const struct wg_table *table, const struct wg_row *heading, const struct wg_row *row,
                         struct wg_found *found);
/* csv: as many cells as the heading row has. */
enum wg_code wg_table_ragged(const struct wg_table *table, size_t heading, struct wg_err *err) WG_MUST;
size_t wg_table_data_rows(const struct wg_table *table, size_t heading);
/* Lines above and below the data, as text or fields; the one data row, or all as documents. */
void wg_table_single(const struct wg_table *table, size_t heading, struct wg_found *found);
void wg_table_divide(const struct wg_table *table, size_t heading, struct wg_found *found);

#endif
