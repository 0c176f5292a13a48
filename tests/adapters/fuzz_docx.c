/* Fuzzes the reader of docx: bytes that begin as an archive are the document; anything else is the main part of a sound
 * one, so that the fuzzer reaches past the archive. Never confined here: the sanitizers see the whole process. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "office_make.h"
#include "readers/docx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int prepared;
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	if (prepared++ == 0 && wg_docx_prepare(&err) != WG_OK)
		abort();
	if (size >= 2 && memcmp(data, "PK", 2) == 0)
		wg_buf_put(&in, data, size);
	else
		office_docx(&in, data, size);
	if (in.failed)
		return 0;
	if (wg_docx_read(&in, &out, &err) == WG_OK && (out.len == 0 || memchr(out.data, 0, out.len) != NULL))
		abort(); /* an answer is text */
	return 0;
}
