/* pdf_pages.c owns the walk over the pages: where the fields stand, and what was laid over a page.
 * SECURITY: the tree of pages may have loops and be deep, and an annotation may claim any parent: everything is passed
 * once and counted. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "readers/pdf_internal.h"

/* Pages of one form: the longest assessment forms have some 60. */
#define PAGES_MAX 2000
/* Annotations of all pages: every box of a form, and every link of its guidance. */
#define ANNOTATIONS_MAX 20000

struct pages {
	struct wg_pdf_form *form;
	struct wg_pdf_map seen;
	unsigned count;
	unsigned annotations;
};

/* Seen only by who looks at the page. */
static void note(struct pages *pages, qpdf_oh annotation)
{
	struct wg_pdf *pdf = pages->form->pdf;
	char at[40];
	WG_AUTO_FREE char *words = wg_pdf_copy(pdf, wg_pdf_key(pdf, annotation, "/Contents"));
	if (words == NULL)
		return;
	(void)snprintf(at, sizeof at, "page %u", pages->count); /* fits */
	wg_found_remark(
		pages->form->found, words[0] != '\0' ? "Note on the page (not read)" : "Drawing on the page (not read)",
		words[0] != '\0' ? "somebody laid a note over the page: its words stand with those outside the fields"
						 : "somebody drew, stamped or marked something on the page: see the original",
		at);
	for (char *line = words, *next; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		wg_found_text(pages->form->found, line);
	}
}

/* The uppermost of those that the annotation says it belongs to. */
static qpdf_oh top_of(struct pages *pages, qpdf_oh box)
{
	struct wg_pdf *pdf = pages->form->pdf;
	for (unsigned i = 0; i < WG_PDF_DEPTH_MAX; i++) {
		qpdf_oh parent = wg_pdf_key(pdf, box, "/Parent");
		if (!wg_pdf_is(pdf, parent, ot_dictionary))
			return box;
		box = parent;
	}
	pages->form->over = "the fields of the PDF are nested deeper than the limit";
	return box;
}

static void place(struct pages *pages, struct wg_pdf_field *field)
{
	if (field->page != 0)
		return;
	field->page = pages->count;
	field->order = pages->annotations;
}

static void box(struct pages *pages, qpdf_oh annotation)
{
	struct wg_pdf_form *form = pages->form;
	uint64_t id = wg_pdf_id(form->pdf, annotation);
	uint32_t index;
	size_t before = form->count;
	if (id == 0 || !wg_pdf_map_get(&form->widgets, id, &index)) { /* the form's own list does not have it */
		uint32_t seen;
		qpdf_oh top = top_of(pages, annotation);
		if (!wg_pdf_map_get(&form->nodes, wg_pdf_id(form->pdf, top) != 0 ? wg_pdf_id(form->pdf, top) : UINT64_MAX,
		                    &seen))
			wg_pdf_fields(form, top);
	}
	if (id == 0 && form->count == before + 1)
		place(pages, &form->fields[before]);
	if (id != 0 && wg_pdf_map_get(&form->widgets, id, &index))
		place(pages, &form->fields[index]);
}

static void annotation(struct pages *pages, qpdf_oh item)
{
	struct wg_pdf *pdf = pages->form->pdf;
	WG_PDF_SCOPE(pdf);
	static const char *const harmless[] = { "/Link", "/Popup", "/PrinterMark", "/TrapNet" };
	qpdf_oh type = wg_pdf_key(pdf, item, "/Subtype");
	if (++pages->annotations > ANNOTATIONS_MAX) {
		pages->form->over = "the PDF has more boxes and notes on its pages than the limit";
		return;
	}
	if (!wg_pdf_is(pdf, type, ot_name)) {
		pages->form->odd = true;
		return;
	}
	if (wg_pdf_named(pdf, type, "/Widget")) {
		box(pages, item);
		return;
	}
	for (size_t i = 0; i < WG_COUNT(harmless); i++)
		if (wg_pdf_named(pdf, type, harmless[i]))
			return;
	note(pages, item);
}

static bool stopped(const struct pages *pages)
{
	const struct wg_pdf_form *form = pages->form;
	return form->over != NULL || form->no_memory || form->pdf->no_memory || pages->seen.no_memory ||
	       qpdf_has_error(form->pdf->q);
}

static void page(struct pages *pages, qpdf_oh node)
{
	struct wg_pdf *pdf = pages->form->pdf;
	WG_PDF_SCOPE(pdf);
	if (++pages->count > PAGES_MAX) {
		pages->form->over = "the PDF has more pages than the limit";
		return;
	}
	qpdf_oh annotations = wg_pdf_key(pdf, node, "/Annots");
	size_t n = wg_pdf_items(pdf, annotations);
	for (size_t i = 0; i < n && !stopped(pages); i++) {
		WG_PDF_SCOPE(pdf);
		annotation(pages, wg_pdf_item(pdf, annotations, i));
	}
}

static void walk(struct pages *pages, qpdf_oh node, unsigned depth)
{
	struct wg_pdf *pdf = pages->form->pdf;
	WG_PDF_SCOPE(pdf);
	uint64_t id = wg_pdf_id(pdf, node);
	if (depth > WG_PDF_DEPTH_MAX) {
		pages->form->over = "the pages of the PDF are nested deeper than the limit";
		return;
	}
	if (!wg_pdf_is(pdf, node, ot_dictionary) || (id != 0 && !wg_pdf_map_add(&pages->seen, id, 0))) {
		pages->form->odd = true;
		return;
	}
	if (!qpdf_oh_has_key(pdf->q, node, "/Kids")) {
		page(pages, node);
		return;
	}
	qpdf_oh kids = wg_pdf_key(pdf, node, "/Kids");
	size_t n = wg_pdf_items(pdf, kids);
	for (size_t i = 0; i < n && !stopped(pages); i++) {
		WG_PDF_SCOPE(pdf);
		walk(pages, wg_pdf_item(pdf, kids, i), depth + 1);
	}
}

void wg_pdf_pages(struct wg_pdf_form *form)
{
	WG_PDF_SCOPE(form->pdf);
	struct pages pages = { .form = form };
	walk(&pages, wg_pdf_key(form->pdf, wg_pdf_root(form->pdf), "/Pages"), 0);
	form->no_memory = form->no_memory || pages.seen.no_memory;
	wg_pdf_map_free(&pages.seen);
}
