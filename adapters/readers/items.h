/* A body taken apart: its lines and its rows, in order, before anybody asks which of them are fields. */
#ifndef WG_READERS_ITEMS_H
#define WG_READERS_ITEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "readers/found.h"

enum wg_item_kind {
	WG_ITEM_LINE, /* text; "" is a blank line */
	WG_ITEM_PAIR, /* a table said which is label and which is value */
	WG_ITEM_HEAD  /* a line that markup calls a heading: never part of a field, and the section of those below; empty:
	                 they  stand under none */
};

struct wg_item {
	enum wg_item_kind kind;
	char *text;          /* the line, or the label */
	char *value;         /* of a pair */
	unsigned table, row; /* of a pair; table 0: of a list, row is its line */
	unsigned data_row;   /* of a pair: the row of a table with a heading row, counted through the document; or 0 */
	unsigned line;       /* of a line, as the reader of the mail counts */
	unsigned quote;      /* how many times it was quoted */
	bool bold;           /* the whole line: perhaps a label with its value below */
	bool bold_end;       /* its last word */
};

/* Failures stick: no_memory, over. where is borrowed ("body", "attached message"). */
struct wg_items {
	struct wg_item *list;
	size_t count, cap;
	const char *where;
	unsigned lines, tables, data_rows; /* counted so far */
	bool over, no_memory;
};

void wg_items_free(struct wg_items *items);
#define WG_AUTO_ITEMS __attribute__((cleanup(wg_items_free)))

/* Copies len bytes; blanks at the end go. The line number is the next one. Returns the item, NULL when a failure stuck.
 */
struct wg_item *wg_items_line(struct wg_items *items, const char *text, size_t len);
struct wg_item *wg_items_pair(struct wg_items *items, const char *label, const char *value);
/* Moves the items of from behind those of into. */
void wg_items_splice(struct wg_items *into, struct wg_items *from);

/* A text/plain body in UTF-8: lines, without quote marks (RFC 3676 when flowed), no-break spaces as blanks, controls
 * replaced. */
void wg_items_plain(struct wg_items *items, const char *text, size_t len, bool flowed, bool delsp);
/* A text/html body in UTF-8. */
enum wg_code wg_items_html(struct wg_items *items, const char *html, size_t len, struct wg_err *err) WG_MUST;

/* Which items are fields, and which are words outside any field. */
enum wg_code wg_items_read(const struct wg_items *items, struct wg_found *found, struct wg_err *err) WG_MUST;

#endif
