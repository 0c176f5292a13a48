/* fuzz_mail.c feeds the mail reader, without its confinement, and checks what it promises about its answer. */
#include <stddef.h>
#include <stdint.h>

#include "fuzz_reader.h"
#include "readers/mail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_reader reader = { .prepare = wg_mail_prepare, .read = wg_mail_read };
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
	wg_buf_put(&in, data, size);
	struct wg_fields *fields = fuzz_read(&reader, &in);
	wg_fields_freep(&fields);
	return 0;
}
