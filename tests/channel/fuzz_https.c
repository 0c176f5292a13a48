/* Fuzz target: bytes from the network before any library sees them: request headers, in two portions as in one, and
 * answers. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "channel/httpd_chunk.h"
#include "channel/httpd_guard.h"
#include "channel/httpd_head.h"
#include "channel/https_receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The body of chunks, in portions that end at cut; how it ended, and a hash of what was in it. */
static enum wg_httpd_chunked read_chunks(const uint8_t *data, size_t size, size_t cut, uint64_t *hash, size_t *end)
{
	struct wg_httpd_chunks c;
	uint64_t total = 0;
	wg_httpd_chunks_begin(&c, 1000);
	*hash = 14695981039346656037u;
	for (*end = 0; *end < size && c.on;) {
		const uint8_t *piece;
		size_t used, n, to = *end < cut ? cut : size;
		(void)wg_httpd_chunks_next(&c, data + *end, to - *end, &used, &piece, &n);
		assert(used > 0 && used <= to - *end && n <= used && (n == 0 || piece + n == data + *end + used));
		for (size_t i = 0; i < n; i++)
			*hash = (*hash ^ piece[i]) * 1099511628211u;
		total += n;
		*end += used;
		assert(total == c.body && c.body <= c.max);
		assert(c.state == WG_CHUNKED_LARGE || c.left <= c.max - c.body);
	}
	return c.state;
}

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
	uint64_t one, two;
	size_t one_end, two_end;
	enum wg_httpd_chunked state = read_chunks(data, size, size, &one, &one_end);
	assert(read_chunks(data, size, cut, &two, &two_end) == state && one == two && one_end == two_end);
	char id[64];
	wg_https_receipt((const char *)data, size, id, sizeof id);
	assert(strlen(id) < sizeof id);
	char words[32];
	wg_https_member((const char *)data, size, "detail", words, sizeof words);
	assert(strlen(words) < sizeof words);
	return 0;
}
