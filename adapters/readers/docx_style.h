/* Styles of a Word document: which paragraphs are headings, which words are bold or hidden. */
#ifndef WG_READERS_DOCX_STYLE_H
#define WG_READERS_DOCX_STYLE_H

#include <stdbool.h>
#include <stddef.h>

#include <libxml/tree.h>

struct wg_docx_style {
	char *id, *based_on;
	bool heading, title, contents; /* contents: a line of a table of contents */
	bool bold, hidden;
	bool bold_said, hidden_said; /* by this style itself */
};

struct wg_docx_styles {
	struct wg_docx_style *list; /* sorted by id */
	size_t n;
};

/* root: of the styles part, or NULL. False when memory runs out. */
bool wg_docx_styles_read(const xmlNode *root, struct wg_docx_styles *styles);
void wg_docx_styles_free(struct wg_docx_styles *styles);
/* What the style of that name says, with what it is based on; all false for one that is not known. */
struct wg_docx_style wg_docx_style_of(const struct wg_docx_styles *styles, const char *id);
/* <w:b/>, <w:b w:val="0"/>: *said tells whether the element is there. */
bool wg_docx_toggle(const xmlNode *properties, const char *name, bool *said);

#endif
