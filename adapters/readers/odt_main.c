/* odt_main.c is the program wardgate-reader-odt: one OpenDocument text on standard input, its labelled fields on
 * standard output. */
#include "base/limits.h"
#include "readers/odt.h"
#include "readers/only_xml.h"
#include "readers/reader.h"

int main(void)
{
	static const struct wg_reader reader = {
		.name = "reader odt", .prepare = wg_only_xml_prepare, .leave = wg_only_xml_zipped_leave, .read = wg_odt_read
	};
	wg_reader_main(&reader, WG_LIMIT_MESSAGE);
}
