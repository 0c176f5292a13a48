/* What html.c and html_table.c share: the state of one walk through a body's markup.
 * Invariants: line holds no line end and no blank at its start; bold_len <= line.len. */
#ifndef WG_READERS_HTML_INTERNAL_H
#define WG_READERS_HTML_INTERNAL_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "base/buf.h"
#include "readers/items.h"

/* Mail programs nest layout tables some ten deep. */
#define WG_HTML_DEPTH_MAX 200

struct wg_html {
	struct wg_items *items;
	struct wg_buf line; /* blanks collapsed */
	size_t bold_len;    /* of the bold run at the start of the line */
	unsigned bold;      /* how many bold elements are open */
	bool bold_start;    /* the line began bold and still is */
	bool bold_end;      /* the last character of the line is bold */
	bool space;         /* a blank is owed before the next word */
	bool blank;         /* the line held only blanks of the kind people put in on purpose */
	bool heading;
	unsigned depth;
	bool too_deep;
};

bool wg_html_is(const xmlNode *node, const char *name);
/* The node and those behind it, with all below them. */
void wg_html_walk(struct wg_html *h, const xmlNode *node);
/* The line is complete. always: also when it is empty (a line break was written). */
void wg_html_end_line(struct wg_html *h, bool always);

/* A <table>: rows that are label and value become pairs, the rest becomes lines. */
void wg_html_table(struct wg_html *h, const xmlNode *table);
/* A <dt>, with the <dd> behind it. */
void wg_html_definition(struct wg_html *h, const xmlNode *dt);

#endif
