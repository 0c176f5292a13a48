/* What office_table.c and office_record.c share: the cells of a row, ready to be looked at. */
#ifndef WG_READERS_OFFICE_CELLS_H
#define WG_READERS_OFFICE_CELLS_H

#include "readers/office_internal.h"

/* Cells of one row that are looked at one by one; a row with more is no form and becomes text. */
#define WG_OFFICE_CELLS_MAX 40

struct wg_office_seen {
	const struct wg_office_cell *cell;
	struct wg_buf text; /* its paragraphs, without empty ones */
	bool bold, table, controls;
};

struct wg_office_cells {
	struct wg_office_seen list[WG_OFFICE_CELLS_MAX];
	size_t n;
	unsigned row;  /* from 1 */
	bool heading;  /* said by the document: headings of columns */
	bool too_many; /* then list is empty */
};

/* Reads row i of the table; those that go on from above are left out unless all is true. Free it. */
void wg_office_cells_read(const struct wg_office_table *table, size_t i, bool all, struct wg_office_cells *cells);
void wg_office_cells_free(struct wg_office_cells *cells);
#define WG_AUTO_CELLS __attribute__((cleanup(wg_office_cells_free)))

/* office_record.c: does a table with a heading row begin at row i? */
bool wg_office_is_heading_row(const struct wg_office_table *table, size_t i);
/* Reads the records below heading row i; returns the row behind the last. */
size_t wg_office_records(struct wg_items *items, const struct wg_office_table *table, size_t i);

#endif
