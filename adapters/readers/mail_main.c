/* mail_main.c is the program wardgate-reader-mail: one document on standard input, its labelled fields on standard
 * output. */
#include "base/limits.h"
#include "readers/mail.h"
#include "readers/reader.h"

int main(void)
{
	static const struct wg_reader reader = { .name = "reader mail", .prepare = wg_mail_prepare, .read = wg_mail_read };
	wg_reader_main(&reader, WG_LIMIT_MESSAGE);
}
