/* Fuzzes the reader of docx: bytes that begin as an archive are the document; anything else is the main part of a sound
 * one, so that the fuzzer reaches past the archive. Never confined here: the sanitizers see the whole process. */
#include <stdint.h>
#include <string.h>

#include "fuzz_reader.h"
#include "office_make.h"
#include "readers/docx.h"
#include "readers/only_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_reader reader = { .prepare = wg_only_xml_prepare, .read = wg_docx_read };
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
	if (size >= 2 && memcmp(data, "PK", 2) == 0)
		wg_buf_put(&in, data, size);
	else
		office_docx(&in, data, size);
	struct wg_fields *fields = fuzz_read(&reader, &in);
	wg_fields_freep(&fields);
	return 0;
}
