/* Fuzz target: an LMTP session, in two portions as in one: the same replies, the same mails, nothing left over. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "channel/lmtp_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
	struct wg_lmtp_session s;
	struct wg_lmtp_room room;
	struct wg_buf all;
};

static void begin(struct heard *h)
{
	*h = (struct heard){ .room = { .most = 500 }, .all = WG_BUF((size_t)1 << 24) };
	wg_lmtp_session_start(&h->s, 300, &h->room);
}

static void feed(struct heard *h, const uint8_t *p, size_t len)
{
	while (len > 0 && h->s.state != WG_LMTP_CLOSED) {
		size_t n = wg_lmtp_session_feed(&h->s, p, len);
		assert(n <= len && (n > 0 || h->s.state == WG_LMTP_HELD));
		p += n;
		len -= n;
		assert(h->room.used == h->s.mail.len && h->s.mail.len <= 300);
		wg_buf_put(&h->all, h->s.out.data, h->s.out.len);
		wg_buf_reset(&h->s.out);
		if (h->s.state != WG_LMTP_HELD)
			continue;
		assert(h->s.recipients > 0 && memchr(wg_buf_text(&h->s.mail), '\0', h->s.mail.len) == NULL);
		wg_buf_put(&h->all, h->s.mail.data, h->s.mail.len);
		wg_lmtp_session_answer(&h->s, h->s.mail.len % 2 == 0 ? WG_LMTP_KEPT : WG_LMTP_LATER, "id");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct heard whole, parts;
	size_t cut = size > 0 ? data[0] % size : 0;
	begin(&whole);
	begin(&parts);
	feed(&whole, data, size);
	feed(&parts, data, cut);
	feed(&parts, data + cut, size - cut);
	assert(whole.s.state == parts.s.state && whole.all.len == parts.all.len);
	assert(whole.all.len == 0 || memcmp(whole.all.data, parts.all.data, whole.all.len) == 0);
	wg_lmtp_session_free(&whole.s);
	wg_lmtp_session_free(&parts.s);
	assert(whole.room.used == 0 && parts.room.used == 0);
	wg_buf_free(&whole.all);
	wg_buf_free(&parts.all);
	return 0;
}
