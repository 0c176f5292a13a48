/* hsm_wire.c owns the wire form of requests to an HSM's keys.
 * SECURITY: requests come from a process that hostile mail may have taken over; what is not exactly one is none. */
#include "crypto/hsm_wire.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sys/file.h"

/* A network HSM answers within milliseconds; one that is busy, or changes over to its twin, within seconds. Less than a
 * reader may take in all. */
#define ANSWER_MS 8000

void wg_hsm_put(const struct wg_hsm_request *r, struct wg_buf *out)
{
	if (r->label_len > WG_HSM_LABEL_MAX || r->data_len > WG_HSM_DATA_MAX) {
		wg_buf_fail(out);
		return;
	}
	wg_buf_u8(out, (uint8_t)r->op);
	wg_buf_u8(out, r->key);
	wg_buf_u8(out, (uint8_t)r->padding);
	wg_buf_u8(out, (uint8_t)r->digest);
	wg_buf_u8(out, (uint8_t)r->mask);
	wg_buf_u8(out, r->wanted);
	wg_buf_bytes(out, r->label, r->label_len);
	wg_buf_bytes(out, r->data, r->data_len);
}

static bool digest_known(unsigned digest)
{
	return digest >= WG_HSM_SHA1 && digest <= WG_HSM_SHA512;
}

static bool sensible(const struct wg_hsm_request *r)
{
	if (r->label_len > WG_HSM_LABEL_MAX || r->data_len == 0 || r->data_len > WG_HSM_DATA_MAX)
		return false;
	bool bare = (unsigned)r->digest == 0 && (unsigned)r->mask == 0 && r->label_len == 0;
	switch (r->op) {
	case WG_HSM_OPEN:
		return bare && (unsigned)r->padding == 0 && r->wanted == 0 && r->key == 0;
	case WG_HSM_SIGN:
	case WG_HSM_DERIVE:
		return bare && (unsigned)r->padding == 0 && r->wanted == 0;
	case WG_HSM_UNWRAP:
		return (r->wanted == 16 || r->wanted == 24 || r->wanted == 32) &&
		       (r->padding == WG_HSM_PKCS1
		            ? bare
		            : r->padding == WG_HSM_OAEP && digest_known(r->digest) && digest_known(r->mask));
	}
	return false;
}

bool wg_hsm_get(const void *p, size_t len, struct wg_hsm_request *out)
{
	struct wg_cur cur = WG_CUR(p, len);
	struct wg_hsm_request r = { .op = (enum wg_hsm_op)wg_cur_u8(&cur) };
	r.key = wg_cur_u8(&cur);
	r.padding = (enum wg_hsm_padding)wg_cur_u8(&cur);
	r.digest = (enum wg_hsm_digest)wg_cur_u8(&cur);
	r.mask = (enum wg_hsm_digest)wg_cur_u8(&cur);
	r.wanted = wg_cur_u8(&cur);
	r.label = wg_cur_bytes(&cur, &r.label_len);
	r.data = wg_cur_bytes(&cur, &r.data_len);
	if (!wg_cur_end(&cur) || !sensible(&r))
		return false;
	*out = r;
	return true;
}

void wg_hsm_tell(enum wg_hsm_status status, const void *p, size_t len, struct wg_buf *out)
{
	wg_buf_u8(out, (uint8_t)status);
	wg_buf_bytes(out, p, len);
}

bool wg_hsm_told(const struct wg_buf *answer, enum wg_hsm_status *status, const uint8_t **p, size_t *len)
{
	struct wg_cur cur = WG_CUR(answer->data, answer->len);
	uint8_t said = wg_cur_u8(&cur);
	const uint8_t *bytes = wg_cur_bytes(&cur, len);
	if (!wg_cur_end(&cur) || said > WG_HSM_GONE)
		return false;
	*status = (enum wg_hsm_status)said;
	*p = bytes;
	return true;
}

/* Exactly len bytes. */
static bool read_exactly(int fd, int wait_ms, uint8_t *p, size_t len)
{
	int64_t until = wg_clock_monotonic() + wait_ms;
	while (len > 0) {
		int64_t left = wait_ms < 0 ? -1 : until - wg_clock_monotonic();
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		int n = wait_ms >= 0 && left <= 0 ? 0 : poll(&ready, 1, (int)left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		ssize_t got = read(fd, p, len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		p += got;
		len -= (size_t)got;
	}
	return true;
}

bool wg_hsm_frame_read(int fd, int wait_ms, struct wg_buf *out)
{
	uint8_t head[4], part[512];
	if (!read_exactly(fd, wait_ms, head, sizeof head))
		return false;
	struct wg_cur cur = WG_CUR(head, sizeof head);
	size_t left = wg_cur_u32(&cur);
	bool good = left <= out->max;
	while (good && left > 0) {
		size_t n = left < sizeof part ? left : sizeof part;
		good = read_exactly(fd, wait_ms, part, n);
		if (good)
			wg_buf_put(out, part, n);
		left -= n;
	}
	wg_wipe(part, sizeof part); /* it may have held a content key */
	return good && !out->failed;
}

bool wg_hsm_frame_write(int fd, const struct wg_buf *frame)
{
	uint8_t head[4] = { (uint8_t)(frame->len >> 24), (uint8_t)(frame->len >> 16), (uint8_t)(frame->len >> 8),
		                (uint8_t)frame->len };
	struct wg_err ignored; /* whoever was there is gone: told by the result */
	return !frame->failed && wg_fd_write(fd, head, sizeof head, &ignored) == WG_OK &&
	       wg_fd_write(fd, frame->data, frame->len, &ignored) == WG_OK;
}

bool wg_hsm_ask(const struct wg_hsm_line *line, const struct wg_hsm_request *request, struct wg_buf *answer)
{
	WG_AUTO_BUF struct wg_buf frame = WG_BUF(WG_HSM_ASK_MAX);
	wg_hsm_put(request, &frame);
	wg_buf_reset(answer);
	return line->to >= 0 && wg_hsm_frame_write(line->to, &frame) && wg_hsm_frame_read(line->from, ANSWER_MS, answer);
}
