/* Fuzz target: what strangers send from the confirm page, and what of it is shown. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "role/intake_confirm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char out[32];
	int found = wg_confirm_field((const char *)data, size, "name", out, sizeof out);
	assert(strlen(out) < sizeof out && (found == 1) == (out[0] != '\0'));
	assert(wg_utf8_valid(out, strlen(out)));
	WG_AUTO_BUF struct wg_buf html = WG_BUF(65536);
	const struct wg_confirm_shown shown = { .us = "us",
		                                    .telephone = "",
		                                    .reference = out,
		                                    .sent = "",
		                                    .to = out,
		                                    .said = "",
		                                    .said_at = "",
		                                    .person = out,
		                                    .style = "/style.css" };
	wg_confirm_html(WG_CONFIRM_DONE, &shown, &html);
	assert(!html.failed && strstr(wg_buf_text(&html), "<script") == NULL);
	return 0;
}
