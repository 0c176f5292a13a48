/* Styles of an office document: which paragraphs are headings, which words are bold or hidden. */
#ifndef WG_READERS_OFFICE_STYLE_H
#define WG_READERS_OFFICE_STYLE_H

#include <stdbool.h>
#include <stddef.h>

struct wg_office_style {
	char *id, *based_on;
	bool heading, contents; /* contents: a line of a table of contents */
	bool bold, hidden;
	bool bold_said, hidden_said; /* by this style itself */
	bool shaded;                 /* of a table cell */
};

struct wg_office_styles {
	struct wg_office_style *list; /* sorted by id once wg_office_styles_sort was called */
	size_t n, cap;
};

void wg_office_styles_free(struct wg_office_styles *styles);
/* Moves style behind the others, also when it fails; then memory ran out. */
bool wg_office_styles_add(struct wg_office_styles *styles, struct wg_office_style *style);
void wg_office_styles_sort(struct wg_office_styles *styles);
/* What the style of that name says, with what it is based on; its id and based_on are NULL. False when there is none of
 * that name; all is false then. */
bool wg_office_style_of(const struct wg_office_styles *styles, const char *id, struct wg_office_style *out);

#endif
