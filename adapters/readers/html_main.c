/* html_main.c is the program wardgate-reader-html: one page on standard input, its labelled fields on standard output.
 */
#include "base/limits.h"
#include "readers/html_page.h"
#include "readers/reader.h"

int main(void)
{
	static const struct wg_reader reader = { .name = "reader html", .prepare = wg_html_prepare, .read = wg_html_read };
	wg_reader_main(&reader, WG_LIMIT_MESSAGE);
}
