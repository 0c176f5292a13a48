/* fuzz_pdf.c feeds the PDF reader, without its confinement, and checks what it promises about its answer. Bytes that
 * begin as a PDF go in as they are; others are objects parted by NUL, and what a PDF has around its objects is written
 * here, since the places of the objects would rarely come out right by chance. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "notice/map.h"
#include "readers/pdf.h"

#define OBJECTS_MAX 500

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void wrap(const uint8_t *data, size_t size, struct wg_buf *out)
{
	size_t places[OBJECTS_MAX], n = 0;
	wg_buf_puts(out, "%PDF-1.7\n");
	for (size_t at = 0; at <= size && n < OBJECTS_MAX; n++) {
		const uint8_t *stop = at < size ? memchr(data + at, '\0', size - at) : NULL;
		size_t len = stop != NULL ? (size_t)(stop - data) - at : size - at;
		places[n] = out->len;
		wg_buf_printf(out, "%zu 0 obj\n", n + 1);
		wg_buf_put(out, data + at, len);
		wg_buf_puts(out, "\nendobj\n");
		at += len + 1;
	}
	size_t table = out->len;
	wg_buf_printf(out, "xref\n0 %zu\n0000000000 65535 f \n", n + 1);
	for (size_t i = 0; i < n; i++)
		wg_buf_printf(out, "%010zu 00000 n \n", places[i]);
	wg_buf_printf(out, "trailer\n<</Size %zu/Root 1 0 R>>\nstartxref\n%zu\n%%%%EOF\n", n + 1, table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int ready;
	struct wg_err err = { 0 };
	if (!ready && wg_pdf_prepare(&err) != WG_OK)
		abort();
	ready = 1;
	struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE), out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	if (size > 0 && data[0] == '%')
		wg_buf_put(&in, data, size);
	else
		wrap(data, size, &in);
	enum wg_code code = in.failed ? WG_LIMIT : wg_pdf_read(&in, &out, &err);
	struct wg_fields *fields = NULL;
	if (code == WG_OK && wg_fields_parse(out.data, out.len, &fields, &err) != WG_OK)
		abort(); /* the gateway must understand every answer */
	if (code != WG_OK && code != WG_REJECT && code != WG_LIMIT)
		abort(); /* a document is never the machine's fault */
	wg_fields_freep(&fields);
	wg_buf_free(&in);
	wg_buf_free(&out);
	return 0;
}
