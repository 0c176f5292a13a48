/* What the office_*.c share while the fields of one document are read.
 * Invariants: items holds what was not yet read as fields, in the document's order; a run of tick boxes that is open
 * (boxes, options) comes behind it. */
#ifndef WG_READERS_OFFICE_INTERNAL_H
#define WG_READERS_OFFICE_INTERNAL_H

#include "readers/items.h"
#include "readers/office.h"

/* A label is a question at most; html_table.c has the same bound. */
#define WG_OFFICE_LABEL_BYTES 240
/* A heading is a line of a few words. */
#define WG_OFFICE_HEADING_BYTES 120

struct wg_office_reading {
	struct wg_found *found;
	struct wg_items items;
	struct wg_buf label, options; /* of the run of boxes that is open */
	bool boxes;
	unsigned rows; /* records of tables with a heading row, so far */
	char *section; /* that later fields stand under; or NULL */
	enum wg_code code;
	struct wg_err *err;
};

/* office_read.c: what is in items becomes fields. */
void wg_office_flush(struct wg_office_reading *r);
/* The fields from now on stand under that heading (NULL: none). */
void wg_office_section(struct wg_office_reading *r, const char *heading);
/* One field at once, its boxes resolved. Flush first. */
void wg_office_field(struct wg_office_reading *r, const char *label, const char *value, const char *at);
/* Everything of a flow, in order. */
void wg_office_walk(struct wg_office_reading *r, const struct wg_office_flow *flow);

/* office_line.c: one paragraph as lines and pairs. */
void wg_office_lines(struct wg_office_reading *r, const struct wg_office_para *para);
/* The run of boxes is complete. */
void wg_office_end_boxes(struct wg_office_reading *r);
/* The paragraph's text without the controls that have labels of their own and what introduces them; with r, those
 * controls become pairs (table 0: of no table). True when there was one. */
bool wg_office_controls(struct wg_office_reading *r, const struct wg_office_para *para, unsigned table, unsigned row,
                        struct wg_buf *rest, struct wg_buf *bold);
/* Everything but blanks and boxes is bold; there is something. */
bool wg_office_is_bold(const struct wg_buf *text, const struct wg_buf *bold);
/* A line in capitals: letters, perhaps numbers, no small ones. */
bool wg_office_is_capitals(const char *line);

/* office_table.c */
void wg_office_table(struct wg_office_reading *r, const struct wg_office_table *table);

#endif
