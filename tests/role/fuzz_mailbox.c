/* Fuzz target: a packet from a process that met strangers. What is read is packed again to the same bytes. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "role/mailbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wg_mailbox_packet packet;
	struct wg_err err;
	if (wg_mailbox_unpack(data, size, &packet, &err) != WG_OK)
		return 0;
	WG_AUTO_BUF struct wg_buf again = WG_BUF(WG_MAILBOX_PACKET);
	assert(packet.len <= WG_MAILBOX_CHUNK && strlen(packet.words) < sizeof packet.words);
	wg_mailbox_pack(&packet, &again);
	assert(!again.failed && again.len == size && memcmp(again.data, data, size) == 0);
	return 0;
}
