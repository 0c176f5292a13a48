/* What docx.c, docx_body.c, docx_run.c and docx_control.c share: the state of one walk through a part.
 * Invariants: para is NULL outside a paragraph; the depth of the walk is that of the XML, which is bounded. */
#ifndef WG_READERS_DOCX_INTERNAL_H
#define WG_READERS_DOCX_INTERNAL_H

#include <libxml/tree.h>

#include "readers/docx_style.h"
#include "readers/office.h"

/* Fields of Word ({ PAGE }, FORMTEXT) inside each other: Word nests two or three. */
#define WG_DOCX_FIELDS_MAX 16

/* One field between its begin and end. */
struct wg_docx_field {
	bool result; /* behind "separate": what it shows */
	bool own;    /* a tick box or a list of the old kind: what it shows was said already */
	bool text;   /* FORMTEXT: a place to fill in */
	size_t start;
	const struct wg_office_para *para; /* where it began */
};

struct wg_docx_walk {
	struct wg_office *doc;
	const struct wg_office_styles *styles;
	struct wg_office_flow *flow;
	struct wg_office_para *para;
	bool bold, hidden;   /* of the paragraph's style */
	const char *symbols; /* the symbol font of the run, or NULL */
	bool body;           /* the main part: its pictures may say something */
	struct wg_docx_field fields[WG_DOCX_FIELDS_MAX];
	size_t n_fields;
};

/* docx_body.c: paragraphs and tables below the node, in order, into the walk's flow. */
void wg_docx_blocks(struct wg_docx_walk *w, const xmlNode *node);
/* Text boxes and the like: blocks of their own, behind the paragraph that holds them. */
void wg_docx_aside(struct wg_docx_walk *w, const xmlNode *node);

/* docx_run.c: what stands within a paragraph, into the walk's paragraph. */
void wg_docx_inline(struct wg_docx_walk *w, const xmlNode *node);
/* Of <mc:AlternateContent>: the one rendering that is read, or NULL. */
const xmlNode *wg_docx_choice(const xmlNode *node);
/* Deleted or moved away by a tracked change. */
bool wg_docx_is_deleted(const xmlNode *node);

/* docx_control.c: content controls. */
void wg_docx_inline_control(struct wg_docx_walk *w, const xmlNode *sdt);
void wg_docx_block_control(struct wg_docx_walk *w, const xmlNode *sdt);
/* A control around a table cell: into the walk's flow, which is the cell's. */
void wg_docx_cell_control(struct wg_docx_walk *w, const xmlNode *sdt, const xmlNode *cell);

#endif
