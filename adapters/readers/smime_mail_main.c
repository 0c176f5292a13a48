/* smime_mail_main.c is the program wardgate-reader-smime-mail: one mail on standard input; what its signature is worth
 * and what is inside on standard output. It holds our decryption keys and nothing else. */
#include <sysexits.h>

#include "base/limits.h"
#include "readers/reader.h"
#include "readers/smime.h"
#include "readers/smime_mail.h"

int main(int argc, char **argv)
{
	static const struct wg_reader reader = { .name = "reader smime-mail",
		                                     .prepare = wg_smime_prepare,
		                                     .read = wg_smime_mail_read };
	if (!wg_reader_time(argc, argv))
		return EX_USAGE;
	wg_reader_main(&reader, WG_LIMIT_ENVELOPE);
}
