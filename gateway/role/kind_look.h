/* What a document can be by its bytes alone; kind.c chooses among it. */
#ifndef WG_ROLE_KIND_LOOK_H
#define WG_ROLE_KIND_LOOK_H

#include <stddef.h>

#include "role/kind.h"

struct wg_kind_seen {
	enum wg_document can[3]; /* the likeliest first */
	size_t count;
	size_t sure;       /* so many of them need nobody to say so */
	const char *words; /* when count is 0: what it is, and what to send instead */
};

void wg_kind_look(const void *bytes, size_t len, struct wg_kind_seen *seen);
/* The same for text, whose first bytes are these. */
void wg_kind_look_text(const char *head, size_t len, struct wg_kind_seen *seen);

#endif
