/* pdf_main.c is the program wardgate-reader-pdf: one document on standard input, its labelled fields on standard
 * output. */
#include "base/limits.h"
#include "readers/pdf.h"
#include "readers/reader.h"

int main(void)
{
	static const struct wg_reader reader = { .name = "reader pdf", .prepare = wg_pdf_prepare, .read = wg_pdf_read };
	wg_reader_main(&reader, WG_LIMIT_MESSAGE);
}
