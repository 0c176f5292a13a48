/* docx_body.c owns paragraphs, tables and what hangs beside them.
 * SECURITY: the XML was parsed by the guarded parser, which bounds its depth and its elements; spans are numbers of the
 * document's and are only compared. */
#include <string.h>

#include "base/text.h"
#include "readers/docx_internal.h"
#include "readers/office_xml.h"

static void put_paragraph(struct wg_docx_walk *w, const xmlNode *node)
{
	struct wg_docx_walk outer = *w;
	const xmlNode *properties = wg_office_child(node, "pPr"), *named = wg_office_child(properties, "pStyle");
	const xmlNode *level = wg_office_child(properties, "outlineLvl");
	struct wg_office_style style = wg_docx_style_of(w->styles, named != NULL ? wg_office_attr(named, "val") : "");
	if (style.contents)
		return; /* it only repeats the headings */
	w->para = wg_office_add_para(w->doc, w->flow);
	w->bold = style.bold;
	w->hidden = style.hidden;
	if (w->para != NULL)
		w->para->heading = style.heading || (level != NULL && strcmp(wg_office_attr(level, "val"), "9") != 0);
	wg_docx_inline(w, node);
	w->para = outer.para;
	w->bold = outer.bold;
	w->hidden = outer.hidden;
}

static bool is_shaded(const xmlNode *properties)
{
	const xmlNode *shade = wg_office_child(properties, "shd");
	if (shade == NULL)
		return false;
	const char *fill = wg_office_attr(shade, "fill");
	return fill[0] != '\0' && strcmp(fill, "auto") != 0 && strcmp(fill, "FFFFFF") != 0 && strcmp(fill, "ffffff") != 0;
}

/* sdt: the control around the cell, or NULL. */
static void put_cell(struct wg_docx_walk *w, struct wg_office_row *row, const xmlNode *node, const xmlNode *sdt)
{
	const xmlNode *properties = wg_office_child(node, "tcPr");
	const xmlNode *span = wg_office_child(properties, "gridSpan"), *merge = wg_office_child(properties, "vMerge");
	struct wg_office_cell *cell = wg_office_add_cell(w->doc, row);
	struct wg_office_flow *outer = w->flow;
	uint64_t columns = 1;
	if (cell == NULL)
		return;
	if (span != NULL && wg_num_parse(wg_office_attr(span, "val"), 1, 1000, &columns))
		cell->span = (unsigned)columns;
	cell->goes_on = merge != NULL && strcmp(wg_office_attr(merge, "val"), "restart") != 0;
	cell->shaded = is_shaded(properties);
	w->flow = &cell->flow;
	if (sdt != NULL)
		wg_docx_cell_control(w, sdt, node);
	else
		wg_docx_blocks(w, node);
	w->flow = outer;
}

static void put_cells(struct wg_docx_walk *w, struct wg_office_row *row, const xmlNode *node, const xmlNode *sdt)
{
	for (const xmlNode *n = node->children; n != NULL; n = n->next) {
		if (wg_office_is(n, "tc"))
			put_cell(w, row, n, sdt);
		else if (wg_office_is(n, "sdt"))
			put_cells(w, row, n, n);
		else if (wg_office_is(n, "sdtContent") || wg_office_is(n, "customXml"))
			put_cells(w, row, n, sdt);
	}
}

static void put_rows(struct wg_docx_walk *w, struct wg_office_table *table, const xmlNode *node)
{
	bool unused;
	for (const xmlNode *n = node->children; n != NULL; n = n->next) {
		if (wg_office_is(n, "tr")) {
			const xmlNode *properties = wg_office_child(n, "trPr");
			if (wg_office_child(properties, "del") != NULL) {
				w->doc->dropped[WG_OFFICE_DELETED] = true;
				continue;
			}
			struct wg_office_row *row = wg_office_add_row(w->doc, table);
			if (row == NULL)
				return;
			row->heading = wg_docx_toggle(properties, "tblHeader", &unused);
			put_cells(w, row, n, NULL);
		} else if (wg_office_is(n, "sdt") || wg_office_is(n, "sdtContent") || wg_office_is(n, "customXml") ||
		           wg_office_is(n, "ins")) {
			put_rows(w, table, n);
		}
	}
}

/* A table stands outside paragraphs, but fields of the old kind that are open go on behind it. */
static void put_table(struct wg_docx_walk *w, const xmlNode *node)
{
	struct wg_office_table *table = wg_office_add_table(w->doc, w->flow);
	if (table != NULL)
		put_rows(w, table, node);
}

void wg_docx_blocks(struct wg_docx_walk *w, const xmlNode *node)
{
	for (const xmlNode *n = node->children; n != NULL; n = n->next) {
		if (n->type != XML_ELEMENT_NODE)
			continue;
		if (wg_office_is(n, "p")) {
			put_paragraph(w, n);
		} else if (wg_office_is(n, "tbl")) {
			put_table(w, n);
		} else if (wg_office_is(n, "sdt")) {
			wg_docx_block_control(w, n);
		} else if (wg_office_is(n, "altChunk") || wg_office_is(n, "subDoc")) {
			w->doc->dropped[WG_OFFICE_CHUNK] = true;
		} else if (wg_docx_is_deleted(n)) {
			w->doc->dropped[WG_OFFICE_DELETED] = true;
		} else if (wg_office_is(n, "AlternateContent")) {
			const xmlNode *choice = wg_docx_choice(n);
			if (choice != NULL)
				wg_docx_blocks(w, choice);
		} else if (wg_office_is(n, "customXml") || wg_office_is(n, "smartTag") || wg_office_is(n, "ins") ||
		           wg_office_is(n, "moveTo") || wg_office_is(n, "sdtContent")) {
			wg_docx_blocks(w, n);
		}
	}
}

void wg_docx_aside(struct wg_docx_walk *w, const xmlNode *node)
{
	for (const xmlNode *n = node->children; n != NULL; n = n->next) {
		if (n->type != XML_ELEMENT_NODE)
			continue;
		if (wg_office_is(n, "txbxContent")) {
			struct wg_docx_walk inner = *w;
			inner.n_fields = 0;
			inner.para = NULL;
			wg_docx_blocks(&inner, n);
		} else if (wg_office_is(n, "AlternateContent")) {
			const xmlNode *choice = wg_docx_choice(n);
			if (choice != NULL)
				wg_docx_aside(w, choice);
		} else {
			if (wg_office_is(n, "OLEObject") || wg_office_is(n, "control"))
				w->doc->dropped[WG_OFFICE_OBJECT] = true;
			if (w->body && (wg_office_is(n, "blip") || wg_office_is(n, "imagedata")))
				w->doc->dropped[WG_OFFICE_PICTURE] = true;
			wg_docx_aside(w, n);
		}
	}
}
