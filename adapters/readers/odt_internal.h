/* What odt.c, odt_body.c, odt_inline.c and odt_style.c share: the state of one walk through a part.
 * Invariants: para is NULL outside a paragraph; the depth of the walk is that of the XML, which is bounded. */
#ifndef WG_READERS_ODT_INTERNAL_H
#define WG_READERS_ODT_INTERNAL_H

#include <libxml/tree.h>

#include "readers/office.h"
#include "readers/office_style.h"

struct wg_odt_walk {
	struct wg_office *doc;
	const struct wg_office_styles *styles;
	struct wg_office_flow *flow;
	struct wg_office_para *para;
	const xmlNode *forms; /* <office:forms>: what the controls in the text are; or NULL */
	bool bold, hidden;
	bool body; /* the main part: its pictures may say something */
};

/* odt_style.c: adds the styles of a part; its root. False when memory runs out. Sort when all were read. */
bool wg_odt_styles_read(const xmlNode *root, struct wg_office_styles *styles);
/* By family ("paragraph", "text", "table-cell", "section") and name. */
struct wg_office_style wg_odt_style_of(const struct wg_office_styles *styles, const char *family, const char *name);

/* odt_body.c: paragraphs, lists and tables below the node, in order, into the walk's flow. */
void wg_odt_blocks(struct wg_odt_walk *w, const xmlNode *node);

/* odt_inline.c: what stands within a paragraph, into the walk's paragraph. */
void wg_odt_inline(struct wg_odt_walk *w, const xmlNode *node);
/* The same for one element within a paragraph. */
void wg_odt_element(struct wg_odt_walk *w, const xmlNode *n);

/* odt_control.c: a control in the text: of a form, or around text. */
void wg_odt_form_control(struct wg_odt_walk *w, const char *id);
void wg_odt_content_control(struct wg_odt_walk *w, const xmlNode *node);

#endif
