/* answer_main.c is the program wardgate-reader-answer: one mail on standard input; what it says of copies of ours on
 * standard output. */
#include "base/limits.h"
#include "readers/answer.h"
#include "readers/reader.h"

int main(void)
{
	static const struct wg_reader reader = { .name = "reader answer",
		                                     .prepare = wg_answer_prepare,
		                                     .read = wg_answer_read };
	wg_reader_main(&reader, WG_LIMIT_ENVELOPE);
}
