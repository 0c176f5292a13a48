/* mailbox.c owns the packets between intake and those who poll, and the poller's side of them. */
#include "role/mailbox.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "role/mailbox_internal.h"

/* The store answers in milliseconds; when its disk hangs, the mailbox is asked again later. */
#define SETTLE_MS 60000

void wg_mailbox_pack(const struct wg_mailbox_packet *p, struct wg_buf *out)
{
	wg_buf_u8(out, (uint8_t)p->what);
	wg_buf_u32(out, p->serial);
	wg_buf_u32(out, p->uid);
	wg_buf_u64(out, p->size);
	wg_buf_u8(out, (uint8_t)p->code);
	wg_buf_str(out, p->words);
	wg_buf_bytes(out, p->bytes, p->len);
}

enum wg_code wg_mailbox_unpack(const void *bytes, size_t len, struct wg_mailbox_packet *out, struct wg_err *err)
{
	struct wg_cur c = WG_CUR(bytes, len);
	struct wg_mailbox_packet p = { 0 };
	uint8_t what = wg_cur_u8(&c);
	p.serial = wg_cur_u32(&c);
	p.uid = wg_cur_u32(&c);
	p.size = wg_cur_u64(&c);
	uint8_t code = wg_cur_u8(&c);
	wg_cur_name(&c, p.words, sizeof p.words);
	p.bytes = wg_cur_bytes(&c, &p.len);
	if (!wg_cur_end(&c) || what < WG_MAILBOX_BEGIN || what > WG_MAILBOX_TIME || code > WG_DENIED ||
	    p.len > WG_MAILBOX_CHUNK)
		return wg_err_set(err, WG_CORRUPT, "a packet that is none");
	p.what = (enum wg_mailbox_what)what;
	p.code = (enum wg_code)code;
	*out = p;
	return WG_OK;
}

enum wg_code wg_mailbox_send(int fd, const struct wg_mailbox_packet *p, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf b = WG_BUF(WG_MAILBOX_PACKET);
	wg_mailbox_pack(p, &b);
	enum wg_code code = wg_buf_check(&b, "packet", err);
	ssize_t n = -1;
	while (code == WG_OK && (n = send(fd, b.data, b.len, MSG_NOSIGNAL)) < 0 && errno == EINTR)
		;
	if (code == WG_OK && n < 0)
		code = wg_err_errno(err, "intake is gone");
	return code;
}

/* ---- the poller's way to intake */

enum wg_code wg_mailbox_give(void *arg, const struct wg_imap_mail *mail, struct wg_err *err)
{
	struct wg_mailbox_poller *p = arg;
	if (p->count == WG_IMAP_BATCH)
		return wg_err_set(err, WG_LIMIT, "more than %d mails in one batch", WG_IMAP_BATCH);
	struct wg_mailbox_packet packet = { .serial = ++p->shared->serial, .uid = mail->uid, .size = mail->size };
	p->serials[p->count++] = packet.serial;
	if (mail->bytes == NULL) {
		packet.what = WG_MAILBOX_LARGE;
		(void)snprintf(packet.words, sizeof packet.words, "%s", mail->message_id); /* fits */
		return wg_mailbox_send(p->fd, &packet, err);
	}
	packet.what = WG_MAILBOX_BEGIN;
	packet.size = mail->len;
	enum wg_code code = wg_mailbox_send(p->fd, &packet, err);
	packet.what = WG_MAILBOX_BYTES;
	for (size_t at = 0; code == WG_OK && at < mail->len; at += packet.len) {
		packet.bytes = mail->bytes + at;
		packet.len = mail->len - at < WG_MAILBOX_CHUNK ? mail->len - at : WG_MAILBOX_CHUNK;
		code = wg_mailbox_send(p->fd, &packet, err);
	}
	packet.what = WG_MAILBOX_END;
	packet.bytes = NULL;
	packet.len = 0;
	return code == WG_OK ? wg_mailbox_send(p->fd, &packet, err) : code;
}

void wg_mailbox_met(void *arg, const struct wg_peer_look *look)
{
	const struct wg_mailbox_poller *p = arg;
	const struct wg_mailbox_packet packet = { .what = WG_MAILBOX_SEEN,
		                                      .code = look->fault == WG_CERT_FINE ? WG_OK : WG_CRYPTO,
		                                      .bytes = (const uint8_t *)look->pem,
		                                      .len = look->len };
	struct wg_err err;
	/* when intake is gone, so is the poll; the chain is only a hint */
	if (look->len <= WG_MAILBOX_CHUNK && wg_mailbox_send(p->fd, &packet, &err) != WG_OK)
		return;
}

/* One answer; those to a poller that was killed are passed over. */
static enum wg_code hear(struct wg_mailbox_poller *p, bool *kept, bool *heard, struct wg_err *err)
{
	uint8_t bytes[WG_MAILBOX_PACKET];
	struct wg_mailbox_packet packet;
	ssize_t n = recv(p->fd, bytes, sizeof bytes, 0);
	if (n <= 0)
		return wg_err_set(err, WG_SYSTEM, "intake is gone");
	enum wg_code code = wg_mailbox_unpack(bytes, (size_t)n, &packet, err);
	for (unsigned i = 0; code == WG_OK && i < p->count; i++) {
		if (packet.serial != p->serials[i])
			continue;
		heard[i] = true;
		kept[i] = packet.what == WG_MAILBOX_KEPT;
	}
	return code;
}

enum wg_code wg_mailbox_time(const struct wg_mailbox_poller *p, struct wg_err *err)
{
	uint8_t bytes[WG_MAILBOX_PACKET];
	struct wg_mailbox_packet packet = { .what = WG_MAILBOX_TIME };
	enum wg_code code = wg_mailbox_send(p->fd, &packet, err);
	int64_t until = wg_clock_monotonic() + SETTLE_MS, left;
	packet.what = WG_MAILBOX_KEPT; /* answers to a poller that was killed are passed over */
	while (code == WG_OK && packet.what != WG_MAILBOX_TIME) {
		struct pollfd ready = { .fd = p->fd, .events = POLLIN };
		left = until - wg_clock_monotonic();
		if (left <= 0)
			return wg_err_set(err, WG_AGAIN, "intake did not say what time it is");
		if (poll(&ready, 1, (int)left) <= 0)
			continue;
		ssize_t n = recv(p->fd, bytes, sizeof bytes, 0);
		code =
			n <= 0 ? wg_err_set(err, WG_SYSTEM, "intake is gone") : wg_mailbox_unpack(bytes, (size_t)n, &packet, err);
	}
	if (code == WG_OK)
		wg_clock_hear((int64_t)packet.size);
	return code;
}

enum wg_code wg_mailbox_settle(void *arg, bool *kept, unsigned count, struct wg_err *err)
{
	struct wg_mailbox_poller *p = arg;
	bool heard[WG_IMAP_BATCH] = { false };
	int64_t until = wg_clock_monotonic() + SETTLE_MS, left;
	enum wg_code code = WG_OK;
	if (count != p->count)
		return wg_err_set(err, WG_CORRUPT, "%u mails were given, %u asked for", p->count, count);
	for (unsigned i = 0; code == WG_OK && i < count;) {
		struct pollfd ready = { .fd = p->fd, .events = POLLIN };
		if (heard[i]) {
			i++;
			continue;
		}
		left = until - wg_clock_monotonic();
		if (left <= 0)
			code = wg_err_set(err, WG_AGAIN, "the store did not answer in time");
		else if (poll(&ready, 1, (int)left) > 0)
			code = hear(p, kept, heard, err);
	}
	p->count = 0;
	return code;
}
