/* What the office_*.c share while the fields of one document are read: everything becomes items, in the document's
 * order, which items.h reads as it reads every other document's. */
#ifndef WG_READERS_OFFICE_INTERNAL_H
#define WG_READERS_OFFICE_INTERNAL_H

#include "readers/items.h"
#include "readers/office.h"

/* A label is a question at most; html_table.c has the same bound. */
#define WG_OFFICE_LABEL_BYTES 240
/* A heading is a line of a few words. */
#define WG_OFFICE_HEADING_BYTES 120

/* office_read.c: everything of a flow, in order. */
void wg_office_walk(struct wg_items *items, const struct wg_office_flow *flow);
/* What comes next does not run on from what came before. */
void wg_office_gap(struct wg_items *items);
/* What comes next stands under that heading. */
void wg_office_heading(struct wg_items *items, const char *heading);

/* office_line.c: one paragraph as lines and pairs. */
void wg_office_lines(struct wg_items *items, const struct wg_office_para *para);
/* The paragraph's text without the controls that have labels of their own and what introduces them; those
 * controls become pairs (table 0: of no table). True when there was one. */
bool wg_office_controls(struct wg_items *items, const struct wg_office_para *para, unsigned table, unsigned row,
                        struct wg_buf *rest, struct wg_buf *bold);
/* Everything but blanks and boxes is bold; there is something. */
bool wg_office_is_bold(const struct wg_buf *text, const struct wg_buf *bold);
/* A line in capitals: letters, perhaps numbers, no small ones. */
bool wg_office_is_capitals(const char *line);

/* office_table.c */
void wg_office_table(struct wg_items *items, const struct wg_office_table *table);

#endif
