/* fuzz_xml.c feeds the XML reader, without its confinement, and checks what it promises about its answer. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fuzz_reader.h"
#include "notice/xml.h"
#include "readers/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_reader reader = { .prepare = wg_tree_prepare, .read = wg_tree_read, .silent_for_notice = true };
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
	wg_buf_put(&in, data, size);
	struct wg_fields *fields = fuzz_read(&reader, &in);
	/* a notice is what the tree says, too: the reader looks without one */
	WG_AUTO_XML struct wg_xml *doc = NULL;
	struct wg_err err;
	if (fields != NULL && fields->notice_xml != NULL &&
	    (wg_xml_parse(data, size, "it", &doc, &err) != WG_OK || strcmp(wg_xml_name(wg_xml_root(doc)), "notice") != 0))
		abort();
	wg_fields_freep(&fields);
	return 0;
}
