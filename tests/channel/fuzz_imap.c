/* Fuzz target: a line of an IMAP server, as each of the things that it could be. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "channel/imap_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data;
	uint32_t number = 0, uids[32] = { 0 };
	uint64_t octets = 0;
	size_t count = size % 4, at = 0;
	size_t before = count;
	bool flag = false;
	char separator = 0;
	(void)wg_imap_exists(line, size, &number);
	if (wg_imap_validity(line, size, &number) == WG_IMAP_READ)
		assert(number != 0);
	(void)wg_imap_may_flag(line, size, "$Wardgate", &flag);
	(void)wg_imap_capability(line, size, "MOVE", &flag);
	if (wg_imap_list(line, size, &separator, &at) == WG_IMAP_READ)
		assert(at < size && (separator == 0 || (separator > 0x20 && separator < 0x7f)));
	enum wg_imap_line found = wg_imap_search(line, size, uids, 32, &count);
	assert(count >= before && count <= 32 && (found == WG_IMAP_READ || count == before));
	for (size_t i = before; i < count; i++)
		assert(uids[i] != 0);
	if (wg_imap_size(line, size, &number, &octets) == WG_IMAP_READ)
		assert(number != 0);
	(void)wg_imap_literal(line, size, &number, &octets);
	return 0;
}
