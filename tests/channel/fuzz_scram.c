/* Fuzz target: the two messages of a server that speaks SCRAM, with a line end between them. "@" in the first stands
 * for our nonce, which no corpus can know. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "channel/scram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The computing is bounded, but a fuzzer has not that much time: numbers of five digits and more are left out. */
static bool slow(const char *message)
{
	for (const char *p = strstr(message, "i="); p; p = strstr(p + 1, "i="))
		if (strspn(p + 2, "0123456789") > 4 && strspn(p + 2, "0123456789") < 8)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct wg_scram_binding none = { 0 };
	const uint8_t *split = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t first_len = split ? (size_t)(split - data) : size;
	struct wg_buf first WG_AUTO_BUF = WG_BUF(WG_SCRAM_MESSAGE_MAX), last WG_AUTO_BUF = WG_BUF(4 * WG_SCRAM_MESSAGE_MAX),
						message WG_AUTO_BUF = WG_BUF((size_t)64 * 1024);
	struct wg_scram scram;

	if (wg_scram_first(&scram, "user", &none, false, &first, NULL) != WG_OK)
		return 0;
	for (size_t i = 0; i < first_len; i++)
		if (data[i] == '@')
			wg_buf_puts(&message, scram.nonce);
		else
			wg_buf_putc(&message, (char)data[i]);
	if (!message.failed && !slow(wg_buf_text(&message)) &&
	    wg_scram_answer(&scram, "pencil", wg_buf_text(&message), message.len, &last, NULL) == WG_OK) {
		assert(memmem(wg_buf_text(&last), last.len, scram.nonce, strlen(scram.nonce)) != NULL);
		if (split) /* nobody guesses a signature */
			assert(wg_scram_verify(&scram, (const char *)split + 1, size - first_len - 1, NULL) != WG_OK);
	}
	wg_scram_wipe(&scram);
	return 0;
}
