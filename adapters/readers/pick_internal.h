/* What pick.c and pick_look.c share: the state of one reading of a body's items.
 * Invariants: label and value belong to the field that is open; value is empty when none is. */
#ifndef WG_READERS_PICK_INTERNAL_H
#define WG_READERS_PICK_INTERNAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "readers/items.h"

#define WG_PICK_BOLD_BYTES 80
/* A question above or before its tick boxes. */
#define WG_PICK_ASKS_BYTES 240

enum wg_footer { FOOTER_NONE, FOOTER_SIGNATURE, FOOTER_DISCLAIMER, FOOTER_REST };

struct wg_pick {
	const struct wg_items *items;
	struct wg_found *found;
	struct wg_buf label, value; /* of the field that is open */
	char at[160];
	bool open, question, blank; /* blank: a blank line came after the last one taken */
	bool dashes;
	bool bold;  /* the value ends in bold: so what goes on may be */
	bool boxes; /* the value has tick boxes */
	bool lone;  /* the open field is one box with its words: the next box is another's */
	enum wg_footer footer;
	unsigned quote;
};

/* The item at i when it is a line, else NULL. */
const struct wg_item *wg_pick_line(const struct wg_pick *p, size_t i);
bool wg_pick_is_label(const struct wg_pick *p, const struct wg_item *item);
/* The lines of a mail's header that was pasted with it ("From: ... Sent: ... Subject: ..."): how many items from i, or
 * 0. */
size_t wg_pick_header(const struct wg_pick *p, size_t i);
/* How many of the next lines are labels of a form, not of a business card. */
size_t wg_pick_labels_ahead(const struct wg_pick *p, size_t i);
/* "Gender: F      Build: slim": where the second label of the line begins, 0 when there is none. */
size_t wg_pick_second(const char *value);
/* A bold line alone is the label of what stands below it, unless that is a label or bold itself. */
bool wg_pick_bold(const struct wg_pick *p, size_t i);
/* A line without a box that the boxes on the next line belong to. */
bool wg_pick_asks_below(const struct wg_pick *p, size_t i);
/* Does a label follow, before the mail is signed? */
bool wg_pick_later(const struct wg_pick *p, size_t i);
/* Is the document laid out as "Label - value" throughout? */
bool wg_pick_dashes(const struct wg_items *items);

#endif
