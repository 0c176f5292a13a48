/* xml_main.c is the program wardgate-reader-xml: one document on standard input, its labelled fields on standard
 * output. */
#include <stddef.h>

#include "base/limits.h"
#include "readers/only_xml.h"
#include "readers/reader.h"
#include "readers/tree.h"

static const char *const leave[] = { WG_ONLY_XML_LEAVE, "libz.so", NULL };

int main(void)
{
	static const struct wg_reader reader = {
		.name = "reader xml", .prepare = wg_only_xml_prepare, .leave = leave, .read = wg_tree_read
	};
	wg_reader_main(&reader, WG_LIMIT_MESSAGE);
}
