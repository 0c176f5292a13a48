/* wire.c owns frames.
 * SECURITY: wg_wire_in meets bytes of another process; a length is judged before anything is allocated for it. */
#include "store/wire.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/mem.h"

/* One read takes up to this much, many small frames at once. */
#define CHUNK ((size_t)64 * 1024)
/* Memory above this is given back when nothing is left in it. */
#define KEEP ((size_t)1024 * 1024)

static void put_u32(uint8_t *p, size_t v)
{
	for (size_t i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

void wg_wire_head(uint8_t out[WG_WIRE_HEAD], uint32_t tag, unsigned op, unsigned code, size_t body_len)
{
	put_u32(out, body_len + WG_WIRE_FIXED);
	put_u32(out + 4, tag);
	put_u32(out + 8, (op & 0xffff) << 16 | (code & 0xffff));
}

void wg_wire_answer(struct wg_buf *out, const struct wg_frame *to, unsigned code, int64_t now, const void *body,
                    size_t len)
{
	uint8_t head[WG_WIRE_HEAD];
	wg_wire_head(head, to->tag, to->op, code, WG_WIRE_NOW + len);
	wg_buf_put(out, head, sizeof head);
	wg_buf_u64(out, (uint64_t)now);
	wg_buf_put(out, body, len);
}

bool wg_wire_now(struct wg_frame *answer, int64_t *now)
{
	if (answer->len < WG_WIRE_NOW)
		return false;
	*now = (int64_t)((uint64_t)get_u32(answer->body) << 32 | get_u32(answer->body + 4));
	answer->body += WG_WIRE_NOW;
	answer->len -= WG_WIRE_NOW;
	return true;
}

void wg_wire_free(struct wg_wire_in *in)
{
	free(in->data);
	*in = (struct wg_wire_in){ .max = in->max };
}

/* The length of the frame at start, head included; 0 when not even that is known. */
static size_t frame_len(const struct wg_wire_in *in)
{
	return in->len - in->start < 4 ? 0 : (size_t)get_u32(in->data + in->start) + 4;
}

/* Room for at least want more bytes behind len. */
static enum wg_code make_room(struct wg_wire_in *in, size_t want, struct wg_err *err)
{
	if (in->start == in->len) {
		in->start = in->len = 0;
		if (in->cap > KEEP)
			wg_wire_free(in);
	}
	if (want <= in->cap - in->len)
		return WG_OK;
	if (in->start > 0) {
		memmove(in->data, in->data + in->start, in->len - in->start);
		in->len -= in->start;
		in->start = 0;
	}
	if (want <= in->cap - in->len)
		return WG_OK;
	uint8_t *more = realloc(in->data, in->len + want);
	if (more == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	in->data = more;
	in->cap = in->len + want;
	return WG_OK;
}

/* How much the frame at start still lacks, at least a chunk. WG_LIMIT before anything is allocated for too long a one.
 */
static enum wg_code wanted(const struct wg_wire_in *in, size_t *want, struct wg_err *err)
{
	size_t frame = frame_len(in), have = in->len - in->start;
	if (frame > in->max)
		return wg_err_set(err, WG_LIMIT, "a frame of %zu bytes; the limit is %zu", frame, in->max);
	*want = frame > have && frame - have > CHUNK ? frame - have : CHUNK;
	return WG_OK;
}

enum wg_code wg_wire_fill(struct wg_wire_in *in, int fd, int flags, struct wg_err *err)
{
	size_t want = 0;
	enum wg_code code = wanted(in, &want, err);
	if (code == WG_OK)
		code = make_room(in, want, err);
	if (code != WG_OK)
		return code;
	ssize_t n;
	do
		n = recv(fd, in->data + in->len, want, flags);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return WG_AGAIN;
	if (n <= 0)
		return wg_err_set(err, WG_NOT_FOUND, "the peer closed the connection");
	in->len += (size_t)n;
	return WG_OK;
}

enum wg_code wg_wire_feed(struct wg_wire_in *in, const void *p, size_t len, struct wg_err *err)
{
	enum wg_code code = make_room(in, len, err);
	if (code == WG_OK && len > 0) {
		memcpy(in->data + in->len, p, len);
		in->len += len;
	}
	return code;
}

enum wg_code wg_wire_peek(const struct wg_wire_in *in, struct wg_frame *out, struct wg_err *err)
{
	size_t frame = frame_len(in);
	if (frame > in->max)
		return wg_err_set(err, WG_LIMIT, "a frame of %zu bytes; the limit is %zu", frame, in->max);
	if (frame == 0 || in->len - in->start < frame)
		return frame != 0 && frame < WG_WIRE_HEAD ? wg_err_set(err, WG_REJECT, "a frame shorter than its head")
		                                          : WG_AGAIN;
	if (frame < WG_WIRE_HEAD)
		return wg_err_set(err, WG_REJECT, "a frame shorter than its head");
	const uint8_t *p = in->data + in->start;
	uint32_t both = get_u32(p + 8);
	*out = (struct wg_frame){ .tag = get_u32(p + 4),
		                      .op = both >> 16,
		                      .code = both & 0xffff,
		                      .body = p + WG_WIRE_HEAD,
		                      .len = frame - WG_WIRE_HEAD };
	return WG_OK;
}

void wg_wire_take(struct wg_wire_in *in, const struct wg_frame *frame)
{
	in->start += frame->len + WG_WIRE_HEAD;
}

enum wg_code wg_wire_send_all(int fd, struct iovec *iov, size_t count, struct wg_err *err)
{
	while (count > 0) {
		struct msghdr msg = { .msg_iov = iov, .msg_iovlen = count < IOV_MAX ? count : IOV_MAX };
		ssize_t n = sendmsg(fd, &msg, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return wg_err_set(err, WG_AGAIN, WG_CLIENT_GONE);
		size_t done = (size_t)n;
		while (count > 0 && done >= iov->iov_len) {
			done -= iov->iov_len;
			iov++;
			count--;
		}
		if (done > 0) {
			iov->iov_base = (uint8_t *)iov->iov_base + done;
			iov->iov_len -= done;
		}
	}
	return WG_OK;
}

enum wg_code wg_wire_send_some(int fd, const void *p, size_t len, size_t *sent, struct wg_err *err)
{
	ssize_t n;
	do
		n = send(fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		return wg_err_set(err, WG_AGAIN, WG_CLIENT_GONE);
	*sent = n < 0 ? 0 : (size_t)n;
	return WG_OK;
}

enum wg_code wg_wire_send(int fd, const void *head, size_t head_len, const void *body, size_t len, struct wg_err *err)
{
	struct iovec iov[] = { { (void *)(uintptr_t)head, head_len }, { (void *)(uintptr_t)body, len } };
	return wg_wire_send_all(fd, iov, 2, err);
}
