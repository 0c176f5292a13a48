/* pdf_object.c owns the way to the objects of a PDF: the library, its handles, its errors.
 * SECURITY: every object is hostile: its type is asked before its value, and what goes wrong inside the library becomes
 * a null object and an error that wg_pdf_check finds. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "readers/clean.h"
#include "readers/pdf_internal.h"

static enum wg_code judge(struct wg_pdf *pdf, struct wg_err *err)
{
	qpdf_error error = qpdf_get_error(pdf->q);
	switch (qpdf_get_error_code(pdf->q, error)) {
	case qpdf_e_password:
	case qpdf_e_unsupported:
		return wg_err_set(err, WG_REJECT,
		                  "the PDF is protected with a password, or in a way that is not read here: save it without "
		                  "protection and send that");
	case qpdf_e_damaged_pdf:
	case qpdf_e_object:
	case qpdf_e_pages:
	case qpdf_e_linearization:
	case qpdf_e_json:
		return wg_err_set(err, WG_REJECT, "the PDF is damaged or cut short: open it, save it again, and send that");
	case qpdf_e_success:
	case qpdf_e_internal:
	case qpdf_e_system:
	default: /* the library is out of memory; its words may quote the document */
		return wg_err_set(err, WG_LIMIT, "the PDF needs more memory than its limit: it is not an ordinary form");
	}
}

enum wg_code wg_pdf_check(struct wg_pdf *pdf, struct wg_err *err)
{
	if (pdf->no_memory)
		return wg_err_set(err, WG_LIMIT, "the PDF needs more memory than its limit: it is not an ordinary form");
	return qpdf_has_error(pdf->q) ? judge(pdf, err) : WG_OK;
}

bool wg_pdf_faulty(struct wg_pdf *pdf)
{
	bool any = false;
	while (qpdf_more_warnings(pdf->q)) {
		(void)qpdf_next_warning(pdf->q); /* its words may quote the document */
		any = true;
	}
	return any;
}

enum wg_code wg_pdf_open(struct wg_pdf *pdf, const struct wg_buf *in, size_t len, struct wg_err *err)
{
	*pdf = (struct wg_pdf){ .q = qpdf_init() };
	if (pdf->q == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the PDF library");
	qpdf_silence_errors(pdf->q);
	qpdf_set_suppress_warnings(pdf->q, QPDF_TRUE);
	qpdf_set_attempt_recovery(pdf->q, QPDF_FALSE);
	if ((qpdf_read_memory(pdf->q, "document", wg_buf_text(in), len, NULL) & QPDF_ERRORS) != 0)
		return judge(pdf, err);
	if (qpdf_is_encrypted(pdf->q))
		return wg_err_set(err, WG_REJECT,
		                  "the PDF is protected (encrypted, or with restrictions): save it without protection and send "
		                  "that");
	return wg_pdf_check(pdf, err);
}

void wg_pdf_close(struct wg_pdf *pdf)
{
	if (pdf->q != NULL)
		qpdf_cleanup(&pdf->q);
	free(pdf->open);
	*pdf = (struct wg_pdf){ 0 };
}

void wg_pdf_scope_end(const struct wg_pdf_scope *scope)
{
	struct wg_pdf *pdf = scope->pdf;
	while (pdf->n_open > scope->n_open)
		qpdf_oh_release(pdf->q, pdf->open[--pdf->n_open]);
}

/* Notes the handle for the scope that is open. */
static qpdf_oh keep(struct wg_pdf *pdf, qpdf_oh handle)
{
	if (pdf->n_open == pdf->open_cap) {
		size_t cap = pdf->open_cap == 0 ? 256 : pdf->open_cap * 2;
		qpdf_oh *bigger = reallocarray(pdf->open, cap, sizeof *bigger);
		if (bigger == NULL) {
			pdf->no_memory = true; /* the library releases it at the end */
			return handle;
		}
		pdf->open = bigger;
		pdf->open_cap = cap;
	}
	pdf->open[pdf->n_open++] = handle;
	return handle;
}

qpdf_oh wg_pdf_root(struct wg_pdf *pdf)
{
	qpdf_oh trailer = keep(pdf, qpdf_get_trailer(pdf->q));
	return wg_pdf_key(pdf, trailer, "/Root");
}

qpdf_oh wg_pdf_title(struct wg_pdf *pdf)
{
	qpdf_oh trailer = keep(pdf, qpdf_get_trailer(pdf->q));
	return wg_pdf_key(pdf, wg_pdf_key(pdf, trailer, "/Info"), "/Title");
}

bool wg_pdf_is(struct wg_pdf *pdf, qpdf_oh object, enum qpdf_object_type_e type)
{
	return qpdf_oh_get_type_code(pdf->q, object) == type;
}

qpdf_oh wg_pdf_key(struct wg_pdf *pdf, qpdf_oh dict, const char *key)
{
	if (wg_pdf_is(pdf, dict, ot_stream))
		dict = keep(pdf, qpdf_oh_get_dict(pdf->q, dict));
	if (!wg_pdf_is(pdf, dict, ot_dictionary))
		return keep(pdf, qpdf_oh_new_null(pdf->q));
	return keep(pdf, qpdf_oh_get_key(pdf->q, dict, key));
}

size_t wg_pdf_items(struct wg_pdf *pdf, qpdf_oh array)
{
	int n = wg_pdf_is(pdf, array, ot_array) ? qpdf_oh_get_array_n_items(pdf->q, array) : 0;
	return n > 0 ? (size_t)n : 0;
}

qpdf_oh wg_pdf_item(struct wg_pdf *pdf, qpdf_oh array, size_t i)
{
	return keep(pdf, qpdf_oh_get_array_item(pdf->q, array, (int)i)); /* i is below a count that was an int */
}

uint64_t wg_pdf_id(struct wg_pdf *pdf, qpdf_oh object)
{
	if (!qpdf_oh_is_indirect(pdf->q, object))
		return 0;
	uint64_t id = (uint32_t)qpdf_oh_get_object_id(pdf->q, object);
	return id << 32 | (uint32_t)qpdf_oh_get_generation(pdf->q, object);
}

long long wg_pdf_integer(struct wg_pdf *pdf, qpdf_oh object)
{
	return wg_pdf_is(pdf, object, ot_integer) ? qpdf_oh_get_int_value(pdf->q, object) : 0;
}

bool wg_pdf_named(struct wg_pdf *pdf, qpdf_oh object, const char *name)
{
	return wg_pdf_is(pdf, object, ot_name) && qpdf_oh_is_name_and_equals(pdf->q, object, name);
}

void wg_pdf_clean(const char *text, size_t len, struct wg_buf *out)
{
	for (size_t start = 0; start <= len;) {
		size_t end = start;
		while (end < len && text[end] != '\n' && text[end] != '\r')
			end++;
		wg_clean_line(out, text + start, end - start);
		if (end >= len)
			break;
		wg_buf_putc(out, '\n');
		start = end + (text[end] == '\r' && end + 1 < len && text[end + 1] == '\n' ? 2 : 1);
	}
}

void wg_pdf_text(struct wg_pdf *pdf, qpdf_oh object, struct wg_buf *out)
{
	const char *text = NULL;
	size_t len = 0;
	if (wg_pdf_is(pdf, object, ot_string)) {
		if (!qpdf_oh_get_value_as_utf8(pdf->q, object, &text, &len))
			text = NULL;
	} else if (wg_pdf_is(pdf, object, ot_name)) {
		if (qpdf_oh_get_value_as_name(pdf->q, object, &text, &len) && len > 0)
			text++, len--; /* the stroke */
	}
	if (text != NULL)
		wg_pdf_clean(text, len, out);
}

char *wg_pdf_copy(struct wg_pdf *pdf, qpdf_oh object)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_MESSAGE);
	wg_pdf_text(pdf, object, &out);
	char *copy = out.failed ? NULL : strdup(wg_buf_text(&out));
	pdf->no_memory = pdf->no_memory || copy == NULL;
	return copy;
}
