/* fuzz_pdf.c feeds the PDF reader, without its confinement, and checks what it promises about its answer. Bytes that
 * begin as a PDF go in as they are; others are objects parted by NUL, and what a PDF has around its objects is written
 * here, since the places of the objects would rarely come out right by chance. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_reader.h"
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
	static struct fuzz_reader reader = { .prepare = wg_pdf_prepare, .read = wg_pdf_read };
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
	if (size > 0 && data[0] == '%')
		wg_buf_put(&in, data, size);
	else
		wrap(data, size, &in);
	struct wg_fields *fields = fuzz_read(&reader, &in);
	wg_fields_freep(&fields);
	return 0;
}
