/* An office document as a sequence of paragraphs, tables and controls, and how that becomes labelled fields: what the
 * readers of docx and odt share. */
#ifndef WG_READERS_OFFICE_H
#define WG_READERS_OFFICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "readers/found.h"

/* A place that people fill in: bytes of its paragraph's text. */
struct wg_office_control {
	char *label; /* what its author called it; NULL: what stands before it is its label */
	size_t start, end;
	bool box;    /* a tick box */
	bool shared; /* others have the same label, which therefore tells nothing: it is left to what stands before */
};

/* Text is UTF-8 without control characters but for line ends and tabs; every kind of tick box is WG_TICK_ON or
 * WG_TICK_OFF. */
struct wg_office_para {
	struct wg_buf text;
	struct wg_buf bold; /* one byte for each of text: 1 when bold */
	struct wg_office_control *controls;
	size_t n_controls;
	bool heading;
};

struct wg_office_block;

struct wg_office_flow {
	struct wg_office_block *blocks;
	size_t n;
};

struct wg_office_cell {
	struct wg_office_flow flow;
	unsigned span; /* columns */
	bool shaded;
	bool goes_on; /* belongs to the cell above */
};

struct wg_office_row {
	struct wg_office_cell *cells;
	size_t n;
	bool heading; /* repeated at the top of every page: headings of columns */
};

struct wg_office_table {
	struct wg_office_row *rows;
	size_t n;
};

/* One of the two. */
struct wg_office_block {
	struct wg_office_para *para;
	struct wg_office_table *table;
};

/* Things of a document that are not read, each said once. */
enum wg_office_dropped {
	WG_OFFICE_MACROS,
	WG_OFFICE_OBJECT,
	WG_OFFICE_OUTSIDE,
	WG_OFFICE_PICTURE,
	WG_OFFICE_CHUNK,
	WG_OFFICE_DELETED,
	WG_OFFICE_DROPPED_COUNT
};

/* A document while it is taken apart. Failures stick. */
struct wg_office {
	struct wg_office_flow body, margin, notes, comments; /* margin: headers and footers; each comment is a paragraph */
	struct wg_buf hidden;                                /* words that the document does not show */
	bool dropped[WG_OFFICE_DROPPED_COUNT];
	bool logos;            /* it has pictures, none larger than a logo */
	bool template_outside; /* its template lies elsewhere */
	bool no_memory;
};

void wg_office_init(struct wg_office *doc);
void wg_office_free(struct wg_office *doc);
#define WG_AUTO_OFFICE __attribute__((cleanup(wg_office_free)))

/* Adding, at the end of what is there. All return NULL when memory runs out, and take NULL then. What they return lives
 * as long as the document; a row and a cell only until the next one of their table or row is added. */
struct wg_office_para *wg_office_add_para(struct wg_office *doc, struct wg_office_flow *flow);
struct wg_office_table *wg_office_add_table(struct wg_office *doc, struct wg_office_flow *flow);
struct wg_office_row *wg_office_add_row(struct wg_office *doc, struct wg_office_table *table);
struct wg_office_cell *wg_office_add_cell(struct wg_office *doc, struct wg_office_row *row);
/* Outside text: made plain, its tick boxes as WG_TICK_ON and WG_TICK_OFF; line ends in it are blanks. */
void wg_office_add_text(struct wg_office *doc, struct wg_office_para *para, const char *text, size_t len, bool bold);
/* One byte of our own: a line end, a tab. */
void wg_office_add_byte(struct wg_office *doc, struct wg_office_para *para, char c);
void wg_office_add_box(struct wg_office *doc, struct wg_office_para *para, bool ticked);
/* From start to the end of the text so far. label may be NULL, and one that a program made up ("Text1") is not kept. */
void wg_office_add_control(struct wg_office *doc, struct wg_office_para *para, const char *label, size_t start,
                           bool box);

/* What the document says, as fields, words and remarks. Changes doc (shared). */
enum wg_code wg_office_read(struct wg_office *doc, struct wg_found *found, struct wg_err *err) WG_MUST;

#endif
