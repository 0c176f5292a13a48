/* What html.c, html_table.c and html_control.c share: the state of one walk through a body's markup.
 * Invariants: line holds no line end and no blank at its start; bold_len <= line.len. */
#ifndef WG_READERS_HTML_INTERNAL_H
#define WG_READERS_HTML_INTERNAL_H

#include <libxml/hash.h>
#include <libxml/tree.h>
#include <stdbool.h>

#include "base/buf.h"
#include "readers/items.h"

/* Mail programs nest layout tables some ten deep. */
#define WG_HTML_DEPTH_MAX 200

/* Which labels name controls of a form; made once for a page. Borrows its nodes. */
struct wg_html_labels {
	xmlHashTablePtr labels;   /* id of a control to its <label for="id"> */
	xmlHashTablePtr controls; /* id to a control with a value; both NULL when the page has no such label */
};

struct wg_html {
	struct wg_items *items;
	const struct wg_html_labels *labels;
	struct wg_buf line; /* blanks collapsed */
	size_t bold_len;    /* of the bold run at the start of the line */
	unsigned bold;      /* how many bold elements are open */
	bool bold_start;    /* the line began bold and still is */
	bool bold_end;      /* the last character of the line is bold */
	bool space;         /* a blank is owed before the next word */
	bool blank;         /* the line held only blanks of the kind people put in on purpose */
	bool heading;
	bool cell; /* inside one cell of a table: a control without a label is what the cell says */
	unsigned depth;
	bool too_deep;
};

bool wg_html_is(const xmlNode *node, const char *name);
/* The node and those behind it, with all below them. */
void wg_html_walk(struct wg_html *h, const xmlNode *node);
/* The line is complete. always: also when it is empty (a line break was written). */
void wg_html_end_line(struct wg_html *h, bool always);

/* Text between tags. */
void wg_html_text(struct wg_html *h, const char *text);

/* A control of a form (<input>, <select>, <textarea>), or the <label> of one that says it itself: true when the node
 * was one, and needs no further walk. */
bool wg_html_control(struct wg_html *h, const xmlNode *node);
/* A <label> that holds no control: what stands behind it is its value. */
bool wg_html_names(const xmlNode *node);
void wg_html_labels_find(struct wg_html_labels *labels, xmlNode *root);
void wg_html_labels_free(struct wg_html_labels *labels);

/* Parses and reads a whole page; its title is appended to title, if that is not NULL. */
enum wg_code wg_html_page(struct wg_items *items, const char *html, size_t len, struct wg_buf *title,
                          struct wg_err *err) WG_MUST;

/* A <table>: rows that are label and value become pairs, the rest becomes lines. */
void wg_html_table(struct wg_html *h, const xmlNode *table);
/* A <dt>, with the <dd> behind it. */
void wg_html_definition(struct wg_html *h, const xmlNode *dt);

#endif
