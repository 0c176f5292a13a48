/* odt_body.c owns paragraphs, lists, sections and tables of an OpenDocument text.
 * SECURITY: the XML was parsed by the guarded parser, which bounds its depth and its elements; a cell or row that says
 * it is repeated is read once. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "readers/odt_internal.h"
#include "readers/office_xml.h"

static void put_paragraph(struct wg_odt_walk *w, const xmlNode *node)
{
	struct wg_odt_walk outer = *w;
	struct wg_office_style style = wg_odt_style_of(w->styles, "paragraph", wg_office_attr(node, "style-name"));
	if (style.contents)
		return; /* it only repeats the headings */
	w->para = wg_office_add_para(w->doc, w->flow);
	w->bold = style.bold;
	w->hidden = style.hidden || outer.hidden;
	if (w->para != NULL)
		w->para->heading = style.heading || wg_office_is(node, "h");
	wg_odt_inline(w, node);
	w->para = outer.para;
	w->bold = outer.bold;
	w->hidden = outer.hidden;
}

static unsigned number(const xmlNode *node, const char *name, unsigned max)
{
	uint64_t n = 1;
	const char *said = wg_office_attr(node, name);
	if (said[0] == '\0' || !wg_num_parse(said, 1, 1000000, &n))
		return 1;
	return n < max ? (unsigned)n : max;
}

static void put_cell(struct wg_odt_walk *w, struct wg_office_row *row, const xmlNode *node)
{
	struct wg_office_cell *cell = wg_office_add_cell(w->doc, row);
	struct wg_office_flow *outer = w->flow;
	if (cell == NULL)
		return;
	cell->span = number(node, "number-columns-spanned", 1000);
	cell->shaded = wg_odt_style_of(w->styles, "table-cell", wg_office_attr(node, "style-name")).shaded;
	w->flow = &cell->flow;
	wg_odt_blocks(w, node);
	w->flow = outer;
}

/* For each column, how many rows below it are covered by a cell above, and in which column that cell begins. */
#define COLUMNS_MAX 64
struct spans {
	unsigned rows[COLUMNS_MAX], first[COLUMNS_MAX];
};

static void note_span(struct spans *spans, const xmlNode *node, unsigned column, unsigned columns)
{
	unsigned rows = number(node, "number-rows-spanned", 1000000);
	for (unsigned k = column; k < column + columns && k < COLUMNS_MAX; k++) {
		spans->rows[k] = rows;
		spans->first[k] = column;
	}
}

/* A covered cell goes on from above once for all its columns; one that a cell at its left covers is none. */
static void put_covered(struct wg_odt_walk *w, struct wg_office_row *row, const struct spans *spans, unsigned column)
{
	if (column >= COLUMNS_MAX || spans->rows[column] == 0 || spans->first[column] != column)
		return;
	struct wg_office_cell *cell = wg_office_add_cell(w->doc, row);
	if (cell != NULL)
		cell->goes_on = true;
}

static void put_row(struct wg_odt_walk *w, struct wg_office_table *table, const xmlNode *node, bool heading,
                    struct spans *spans)
{
	struct wg_office_row *row = wg_office_add_row(w->doc, table);
	unsigned column = 0;
	if (row == NULL)
		return;
	row->heading = heading;
	for (const xmlNode *n = node->children; n != NULL; n = n->next) {
		if (wg_office_is(n, "table-cell")) {
			put_cell(w, row, n);
			note_span(spans, n, column, row->n > 0 ? row->cells[row->n - 1].span : 1);
			column += number(n, "number-columns-repeated", COLUMNS_MAX);
		} else if (wg_office_is(n, "covered-table-cell")) {
			unsigned columns = number(n, "number-columns-repeated", COLUMNS_MAX);
			for (; columns > 0; columns--, column++)
				put_covered(w, row, spans, column);
		}
	}
	for (size_t k = 0; k < COLUMNS_MAX; k++)
		spans->rows[k] -= spans->rows[k] > 0;
}

static void put_rows(struct wg_odt_walk *w, struct wg_office_table *table, const xmlNode *node, bool heading,
                     struct spans *spans)
{
	for (const xmlNode *n = node->children; n != NULL; n = n->next) {
		if (wg_office_is(n, "table-row"))
			put_row(w, table, n, heading, spans);
		else if (wg_office_is(n, "table-header-rows"))
			put_rows(w, table, n, true, spans);
		else if (wg_office_is(n, "table-rows") || wg_office_is(n, "table-row-group"))
			put_rows(w, table, n, heading, spans);
	}
}

static void put_table(struct wg_odt_walk *w, const xmlNode *node)
{
	struct spans spans = { 0 };
	struct wg_office_table *table = wg_office_add_table(w->doc, w->flow);
	if (table != NULL)
		put_rows(w, table, node, false, &spans);
}

static void put_section(struct wg_odt_walk *w, const xmlNode *node)
{
	bool hidden = w->hidden;
	const xmlNode *source = wg_office_child(node, "section-source");
	if (source != NULL && wg_office_attr(source, "href")[0] != '\0')
		w->doc->dropped[WG_OFFICE_OUTSIDE] = true;
	w->hidden = hidden || wg_odt_style_of(w->styles, "section", wg_office_attr(node, "style-name")).hidden ||
	            strcmp(wg_office_attr(node, "display"), "none") == 0;
	wg_odt_blocks(w, node);
	w->hidden = hidden;
}

/* A shape or frame that is anchored to the page stands outside paragraphs. */
static void put_loose(struct wg_odt_walk *w, const xmlNode *node)
{
	struct wg_office_para *outer = w->para;
	w->para = wg_office_add_para(w->doc, w->flow);
	wg_odt_element(w, node);
	w->para = outer;
}

void wg_odt_blocks(struct wg_odt_walk *w, const xmlNode *node)
{
	static const char *const passed[] = { "list",      "list-item", "list-header", "numbered-paragraph",
		                                  "note-body", "text-box",  "text",        "soft-page-break" };
	static const char *const loose[] = { "frame", "custom-shape", "rect", "control" };
	for (const xmlNode *n = node->children; n != NULL; n = n->next) {
		if (n->type != XML_ELEMENT_NODE)
			continue;
		for (size_t i = 0; i < WG_COUNT(passed); i++)
			if (wg_office_is(n, passed[i]))
				wg_odt_blocks(w, n);
		for (size_t i = 0; i < WG_COUNT(loose); i++)
			if (wg_office_is(n, loose[i]))
				put_loose(w, n);
		if (wg_office_is(n, "p") || wg_office_is(n, "h"))
			put_paragraph(w, n);
		else if (wg_office_is(n, "table"))
			put_table(w, n);
		else if (wg_office_is(n, "section"))
			put_section(w, n);
	}
}
