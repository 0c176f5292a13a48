/* xlsx_main.c is the program wardgate-reader-xlsx: one workbook on standard input, its labelled fields on standard
 * output.
 */
#include "base/limits.h"
#include "readers/only_xml.h"
#include "readers/reader.h"
#include "readers/xlsx.h"

int main(void)
{
	static const struct wg_reader reader = {
		.name = "reader xlsx", .prepare = wg_only_xml_prepare, .leave = wg_only_xml_zipped_leave, .read = wg_xlsx_read
	};
	wg_reader_main(&reader, WG_LIMIT_MESSAGE);
}
