/* csv_main.c is the program wardgate-reader-csv: one table on standard input, its labelled fields on standard output.
 */
#include "base/limits.h"
#include "readers/csv.h"
#include "readers/reader.h"

int main(void)
{
	static const struct wg_reader reader = { .name = "reader csv", .prepare = wg_csv_prepare, .read = wg_csv_read };
	wg_reader_main(&reader, WG_LIMIT_MESSAGE);
}
