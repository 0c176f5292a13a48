/* Requests and answers of a server as they are on the wire, for tests that speak it themselves. */
#ifndef TESTS_STORE_FRAMES_H
#define TESTS_STORE_FRAMES_H

#include <sys/socket.h>

#include "rig.h"
#include "store/codec.h"
#include "store/wire.h"

/* A connection that the server has before it runs. */
static inline int attach(struct rig_server *r, enum wg_store_role role)
{
	struct wg_err err = { 0 };
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	OK(wg_server_attach(r->server, pair[0], role, &err));
	return pair[1];
}

static inline void send_frame(int fd, uint32_t tag, unsigned op, unsigned code, const struct wg_buf *body)
{
	struct wg_err err = { 0 };
	uint8_t head[WG_WIRE_HEAD];
	wg_wire_head(head, tag, op, code, body->len);
	OK(wg_wire_send(fd, head, sizeof head, body->data, body->len, &err));
}

/* The next answer; false when the peer closed instead. */
static inline bool next_answer(int fd, struct wg_wire_in *in, struct wg_frame *frame)
{
	struct wg_err err = { 0 };
	enum wg_code code;
	while ((code = wg_wire_peek(in, frame, &err)) == WG_AGAIN)
		if (wg_wire_fill(in, fd, 0, &err) != WG_OK)
			return false;
	assert_int_equal(code, WG_OK);
	wg_wire_take(in, frame);
	return true;
}

#endif
