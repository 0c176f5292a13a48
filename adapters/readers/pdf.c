/* pdf.c owns the reading of PDF forms: in which order a document is judged, and what is said of it.
 * SECURITY: the bytes are hostile. They must begin and end as a PDF, the library opens them without repairing anything,
 * and before a single answer is taken the whole document was searched for what would act. */
#include "readers/pdf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/pdf_internal.h"

#define AT_BYTES (WG_PDF_NAME_BYTES + 60)
/* A title says which form it is; some programs put whole abstracts there. */
#define TITLE_BYTES 200

static void form_free(struct wg_pdf_form *form)
{
	for (size_t i = 0; i < form->count; i++) {
		free(form->fields[i].label);
		free(form->fields[i].value);
		free(form->fields[i].section);
		free(form->fields[i].name);
	}
	free(form->fields);
	wg_pdf_map_free(&form->nodes);
	wg_pdf_map_free(&form->widgets);
}

/* By page, and there as the page has them; what stands on no page comes last. */
static int by_place(const void *a, const void *b)
{
	const struct wg_pdf_field *x = a, *y = b;
	unsigned page_x = x->page - 1, page_y = y->page - 1; /* none: the largest number */
	if (page_x != page_y)
		return page_x < page_y ? -1 : 1;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void put_field(struct wg_found *found, const struct wg_pdf_field *f)
{
	char at[AT_BYTES];
	if (f->page > 0)
		(void)snprintf(at, sizeof at, "page %u, %sfield %s", f->page, f->hidden ? "hidden " : "", f->name); /* fits */
	else
		(void)snprintf(at, sizeof at, "on no page, field %s", f->name);
	wg_found_section(found, f->section);
	wg_found_field(found, f->label[0] != '\0' ? f->label : "Field without a name", f->value, at);
	if (f->remark != NULL)
		wg_found_remark(found, "Field (not read)", f->remark, at);
}

static enum wg_code form_check(struct wg_pdf_form *form, struct wg_err *err)
{
	if (form->over != NULL)
		return wg_err_set(err, WG_LIMIT, "%s: it is not an ordinary form", form->over);
	if (form->no_memory || form->nodes.no_memory || form->widgets.no_memory)
		return wg_err_set(err, WG_LIMIT, "the PDF needs more memory than its limit: it is not an ordinary form");
	enum wg_code code = wg_pdf_check(form->pdf, err);
	if (code != WG_OK)
		return code;
	if (form->count == 0 && wg_pdf_faulty(form->pdf))
		return wg_err_set(err, WG_REJECT,
		                  "the PDF is damaged, or holds more than a form does: open it, save it again, and send that");
	if (form->count == 0)
		return wg_err_set(
			err, WG_REJECT,
			"this PDF has no form fields: a scan or a printed page cannot be read; fill the form in on the "
			"computer, or send the Word version");
	return WG_OK;
}

/* The title that the document was given, as the first line of its words: what is printed at its top is not read. */
static void put_title(struct wg_pdf *pdf, struct wg_found *found)
{
	WG_PDF_SCOPE(pdf);
	WG_AUTO_FREE char *title = wg_pdf_copy(pdf, wg_pdf_title(pdf));
	if (title == NULL)
		return;
	title[strcspn(title, "\n")] = '\0';
	if (strlen(title) <= TITLE_BYTES && strcmp(title, "untitled") != 0 && title[0] != '\0')
		wg_found_text(found, title);
}

static enum wg_code read_form(struct wg_pdf *pdf, struct wg_found *found, struct wg_err *err)
{
	WG_CLEANUP(form_free) struct wg_pdf_form form = { .pdf = pdf, .found = found };
	WG_PDF_SCOPE(pdf);
	qpdf_oh root = wg_pdf_root(pdf);
	if (!wg_pdf_is(pdf, wg_pdf_key(pdf, root, "/Pages"), ot_dictionary))
		return wg_err_set(err, WG_REJECT, "the PDF is damaged or cut short: open it, save it again, and send that");
	qpdf_oh fields = wg_pdf_key(pdf, wg_pdf_key(pdf, root, "/AcroForm"), "/Fields");
	size_t n = wg_pdf_items(pdf, fields);
	for (size_t i = 0; i < n && form.over == NULL && !form.no_memory && !pdf->no_memory; i++) {
		WG_PDF_SCOPE(pdf);
		wg_pdf_fields(&form, wg_pdf_item(pdf, fields, i));
	}
	put_title(pdf, found);
	if (form.over == NULL && !form.no_memory)
		wg_pdf_pages(&form);
	enum wg_code code = form_check(&form, err);
	if (code != WG_OK)
		return code;
	qsort(form.fields, form.count, sizeof *form.fields, by_place);
	for (size_t i = 0; i < form.count; i++)
		put_field(found, &form.fields[i]);
	wg_found_section(found, NULL);
	if (wg_pdf_faulty(pdf) || form.odd)
		wg_found_remark(found, "Document (not read wholly)",
		                "the PDF has faults, and programs may show it differently: see the original", "document");
	return WG_OK;
}

enum wg_code wg_pdf_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err)
{
	size_t len = 0;
	enum wg_code code = wg_pdf_bytes(in, &len, err);
	if (code != WG_OK)
		return code;
	WG_CLEANUP(wg_pdf_close) struct wg_pdf pdf = { 0 };
	WG_AUTO_FOUND struct wg_found found;
	wg_found_init(&found);
	code = wg_pdf_open(&pdf, in, len, err);
	if (code == WG_OK)
		code = wg_pdf_active(&pdf, err);
	if (code == WG_OK)
		code = read_form(&pdf, &found, err);
	return code == WG_OK ? wg_found_write(&found, "pdf", in, out, err) : code;
}

/* The smallest form, and one that is broken: the library, its cryptography and the unwinding of its exceptions have
 * then done their first time. */
static const char smallest[] =
	"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[3 0 R]>>>>endobj\n"
	"2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\n3 0 obj<</FT/Tx/T(a)/V(b)>>endobj\n"
	"xref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n0000000079 00000 n \n0000000123 00000 n \n"
	"trailer<</Size 4/Root 1 0 R>>\nstartxref\n157\n%%EOF\n";

enum wg_code wg_pdf_prepare(struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf in = WG_BUF(sizeof smallest);
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_MESSAGE);
	struct wg_err expected = { 0 };
	wg_buf_puts(&in, smallest);
	if (wg_pdf_read(&in, &out, err) != WG_OK)
		return wg_err_set(err, WG_SYSTEM, "the PDF library does not read the smallest form");
	wg_buf_reset(&in);
	wg_buf_puts(&in, "%PDF-1.4\nstartxref\n9\n%%EOF\n");
	if (wg_pdf_read(&in, &out, &expected) != WG_REJECT)
		return wg_err_set(err, WG_SYSTEM, "the PDF library reads what is no PDF");
	return WG_OK;
}
