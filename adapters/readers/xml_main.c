/* xml_main.c is the program wardgate-reader-xml: one document on standard input, its labelled fields on standard
 * output. */
#include "base/limits.h"
#include "readers/reader.h"
#include "readers/tree.h"

int main(void)
{
	static const struct wg_reader reader = { .name = "reader xml", .prepare = wg_tree_prepare, .read = wg_tree_read };
	wg_reader_main(&reader, WG_LIMIT_MESSAGE);
}
