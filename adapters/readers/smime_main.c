/* smime_main.c is the program wardgate-reader-smime: one sealed message on standard input, opened on standard output.
 * It is the only reader that holds a key, and holds nothing else. */
#include <sysexits.h>

#include "base/limits.h"
#include "readers/reader.h"
#include "readers/smime.h"

int main(int argc, char **argv)
{
	static const struct wg_reader reader = { .name = "reader smime",
		                                     .prepare = wg_smime_prepare,
		                                     .read = wg_smime_read };
	if (!wg_reader_time(argc, argv))
		return EX_USAGE;
	wg_reader_main(&reader, WG_LIMIT_ENVELOPE);
}
