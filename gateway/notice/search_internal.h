/* What search.c and search_words.c share: candidates gathered one by one, and the text that they are found in. */
#ifndef WG_NOTICE_SEARCH_INTERNAL_H
#define WG_NOTICE_SEARCH_INTERNAL_H

#include <stdint.h>

#include "notice/search.h"

/* Invariants: (1) slots has twice the room of list or more, and each candidate's number + 1 stands in it once; (2)
 * after full or failed nothing is added any more. */
struct wg_traces {
	struct wg_trace *list;
	uint32_t *slots;
	unsigned count, room;
	const char *path; /* of the place that is being searched */
	unsigned category;
	bool full, failed; /* more than WG_TRACES_MAX; memory ran out */
};

/* Adds a candidate of this place, unless it is there already or its value is empty. */
void wg_traces_add(struct wg_traces *t, enum wg_trace_kind kind, const char *value);
/* The search is over before its end. */
bool wg_traces_over(const struct wg_traces *t);

/* The text as the searches want it: each run of blanks, of whatever kind, one blank; hyphens, apostrophes and
 * full-width letters as in ASCII; other signs ';'; what cannot be seen (soft hyphens, zero-width marks) left out. The
 * caller wipes and frees; NULL when memory ran out. */
char *wg_search_plain(const char *text);

/* Each over a whole plain text, in time that grows with its length. */
void wg_search_numbers(struct wg_traces *t, const char *plain);
void wg_search_postcodes(struct wg_traces *t, const char *plain);
void wg_search_births(struct wg_traces *t, const char *plain);
void wg_search_names(struct wg_traces *t, const char *plain);

#endif
