/* Fuzz target: bytes from the network before any library sees them: request headers, in two portions as in one, and
 * answers. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "channel/httpd_guard.h"
#include "channel/httpd_head.h"
#include "channel/https_receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wg_httpd_guard whole, parts;
	size_t cut = size > 0 ? data[0] % size : 0;
	wg_httpd_guard_reset(&whole);
	wg_httpd_guard_reset(&parts);
	wg_httpd_guard_feed(&whole, data, size);
	wg_httpd_guard_feed(&parts, data, cut);
	wg_httpd_guard_feed(&parts, data + cut, size - cut);
	assert(whole.bad == parts.bad && whole.ended == parts.ended && whole.lines == parts.lines);
	struct wg_httpd_head head;
	struct wg_httpd_refusal refusal;
	wg_httpd_head_read((const char *)data, size, 1000, &head, &refusal);
	assert(refusal.status == 0 || (refusal.why != NULL && refusal.name != NULL));
	char id[64];
	wg_https_receipt((const char *)data, size, id, sizeof id);
	assert(strlen(id) < sizeof id);
	char words[32];
	wg_https_member((const char *)data, size, "detail", words, sizeof words);
	assert(strlen(words) < sizeof words);
	return 0;
}
