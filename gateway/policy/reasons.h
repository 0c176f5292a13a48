/* Reasons for people: the categories of one side of a decision, those with the same rule together. */
#ifndef WG_POLICY_REASONS_H
#define WG_POLICY_REASONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* A decision has one reason for each category, and a set of categories one bit of 64. */
#define WG_REASONS_MAX 64

/* Why one category is given, or not. Borrowed; rule NULL or "": no rule grants it. */
struct wg_reason_words {
	const char *category, *rule, *basis, *source;
	const char *consent;   /* the state for this recipient and category; NULL or "not-known": nothing is said of it */
	const char *kept_back; /* given although that rule asks for an agreement that is not there; NULL otherwise */
	bool said;             /* withheld, and the copy says so */
};

/* A title, then for every different reason its categories, and below them the rule, its lawful basis and its source, in
 * lines of less than 100 columns. Nothing when count is 0. */
void wg_reasons_text(const char *title, const struct wg_reason_words *list, unsigned count, struct wg_buf *out);

#define WG_REASONS_WIDTH 98 /* columns of what is printed for people */

/* Text in lines of at most WG_REASONS_WIDTH columns that begin at column indent, broken at blanks, with a line end; the
 * first line begins where out stands, which is that column. */
void wg_reasons_wrap(size_t indent, const char *text, struct wg_buf *out);

#endif
