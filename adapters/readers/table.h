/* Tables as csv and xlsx have them, and what they are: a form, one notice, or one notice a row. */
#ifndef WG_READERS_TABLE_H
#define WG_READERS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "readers/found.h"

/* Columns of a table: the widest export of a case system has some 200. */
#define WG_TABLE_COLUMNS_MAX 500
/* Bytes of one cell: 32,767 characters are what spreadsheets can hold. */
#define WG_TABLE_CELL_BYTES ((size_t)32767 * 3)

/* All text of one table: as much as an answer may hold. */
#define WG_TABLE_BYTES ((size_t)24 * 1024 * 1024)

struct wg_cell {
	char *text;
	unsigned column; /* from 1 */
	bool bold;
	bool wide; /* merged over several columns */
	bool tall; /* merged over several rows */
};

/* Only filled cells are kept, and only rows that have one. */
struct wg_row {
	unsigned number; /* from 1, as a person counts */
	unsigned width;  /* csv: cells written, the empty ones too; else 0 */
	struct wg_cell *cells;
	size_t count, cap;
};

/* What a person must see. row: the row that it speaks of, 0 for the whole table. */
struct wg_table_remark {
	char *label, *value;
	unsigned row;
};

/* Failures stick: no_memory, over (words; WG_LIMIT), and full_row, where it was. */
struct wg_table {
	char *name; /* of the sheet; NULL in csv */
	struct wg_row *rows;
	size_t count, cap;
	struct wg_table_remark *remarks;
	size_t n_remarks, remarks_cap;
	size_t bytes; /* of all texts */
	const char *over;
	unsigned over_row;
	bool no_memory;
};

void wg_table_free(struct wg_table *table);

/* Rows come in ascending order, cells of a row in any; copies. Blanks around the text go, control characters become
 * blanks; line ends stay. Nothing is kept of an empty text. The cell (valid until the next call), or NULL. */
struct wg_cell *wg_table_cell(struct wg_table *table, unsigned row, unsigned column, const char *text, size_t len);
/* The text of that cell also in the rows below it, down to row bottom, where they are filled elsewhere. */
void wg_table_fill_down(struct wg_table *table, unsigned row, unsigned column, unsigned bottom);
/* The row with that number, or NULL. */
struct wg_row *wg_table_row(struct wg_table *table, unsigned number);
const struct wg_cell *wg_row_cell(const struct wg_row *row, unsigned column);
void wg_table_remark(struct wg_table *table, unsigned row, const char *label, const char *value);
/* WG_LIMIT or WG_SYSTEM when a failure stuck; the words say the row. */
enum wg_code wg_table_check(const struct wg_table *table, struct wg_err *err) WG_MUST;

/* "A", "B" ... "AA" of a column from 1. */
#define WG_TABLE_LETTERS 8
const char *wg_table_letters(unsigned column, char out[WG_TABLE_LETTERS]);

/* All tables of one document into fields, or, one notice a row, into documents: each a CSV of the title lines, the
 * heading row and that row. WG_REJECT when no table can be understood, WG_LIMIT when there are too many rows. */
enum wg_code wg_tables_read(const struct wg_table *tables, size_t count, struct wg_found *found, struct wg_err *err)
	WG_MUST;

#endif
