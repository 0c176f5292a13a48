/* fuzz_answer.c feeds the reader of answers, without its confinement: whatever the mail, its answer is one. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/limits.h"
#include "notice/answer.h"
#include "readers/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE), out = WG_BUF(WG_LIMIT_READER_OUTPUT);
	struct wg_answer answer;
	if (!ready && wg_answer_prepare(&err) != WG_OK)
		abort();
	ready = true;
	wg_buf_put(&in, data, size);
	enum wg_code code = wg_answer_read(&in, &out, &err);
	if (code == WG_OK && wg_answer_parse(out.data, out.len, &answer, &err) != WG_OK)
		abort(); /* the gateway must understand every answer */
	if (code != WG_OK && code != WG_REJECT && code != WG_LIMIT)
		abort(); /* a mail is never the machine's fault */
	return 0;
}
