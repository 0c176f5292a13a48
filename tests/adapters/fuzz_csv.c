/* fuzz_csv.c feeds the reader of separated values, without its confinement, and checks what it promises about its
 * answer: every row of a divided table reads as a table of one row. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "fuzz_reader.h"
#include "readers/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing of a table is lost by dividing it: a part is read, and is not divided again. */
static void read_part(const struct wg_part *part)
{
	struct wg_err err = { 0 };
	struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE), out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	struct wg_fields *fields = NULL;
	wg_buf_put(&in, part->bytes, part->len);
	if (wg_csv_read(&in, &out, &err) != WG_OK || wg_fields_parse(out.data, out.len, &fields, &err) != WG_OK)
		abort();
	if (fields->divided || fields->count == 0)
		abort();
	wg_fields_freep(&fields);
	wg_buf_free(&in);
	wg_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_reader reader = { .prepare = wg_csv_prepare, .read = wg_csv_read };
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
	wg_buf_put(&in, data, size);
	struct wg_fields *fields = fuzz_read(&reader, &in);
	for (size_t i = 0; fields != NULL && fields->divided && i < fields->n_parts && i < 8; i++)
		read_part(&fields->parts[i]);
	wg_fields_freep(&fields);
	return 0;
}
