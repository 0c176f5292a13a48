/* xml_main.c is the program wardgate-reader-xml: one document on standard input, its labelled fields on standard
 * output. */
#include "base/limits.h"
#include "notice/xml.h"
#include "readers/charset.h"
#include "readers/reader.h"
#include "readers/tree.h"

/* libxml2 comes with converters of character sets, which wg_xml_parse has no use for (notice/xml_scan.h), and with
 * unpackers of compressed files. */
static const char *const leave[] = { "libicuuc.so", "libicudata.so", "libstdc++.so", "libgcc_s.so",
	                                 "liblzma.so",  "libz.so",       "libm.so",      NULL };

static enum wg_code prepare(struct wg_err *err)
{
	(void)err;
	wg_charset_none();
	wg_xml_init();
	return WG_OK;
}

int main(void)
{
	static const struct wg_reader reader = {
		.name = "reader xml", .prepare = prepare, .leave = leave, .read = wg_tree_read
	};
	wg_reader_main(&reader, WG_LIMIT_MESSAGE);
}
