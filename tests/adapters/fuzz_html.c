/* fuzz_html.c feeds the reader of pages, without its confinement, and checks what it promises about its answer. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/limits.h"
#include "notice/map.h"
#include "readers/html_page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int ready;
	struct wg_err err = { 0 };
	if (!ready && wg_html_prepare(&err) != WG_OK)
		abort();
	ready = 1;
	struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE), out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	wg_buf_put(&in, data, size);
	enum wg_code code = in.failed ? WG_LIMIT : wg_html_read(&in, &out, &err);
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
