/* What tests of the server on real sockets share. */
#ifndef TESTS_STORE_SERVED_H
#define TESTS_STORE_SERVED_H

#include <sys/socket.h>

#include "bodies.h"
#include "rig.h"
#include "store/codec.h"
#include "store/wire.h"

#define WAIT_MS 60000 /* longer than the test may take: who waits that long has waited in vain */

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

static inline void add(struct wg_client *client, unsigned n, struct wg_msg_receipt *r)
{
	struct wg_err err = { 0 };
	struct wg_msg_new m = rig_message(n);
	OK(wg_client_add(client, &m, r, &err));
}

/* Leases one message, waiting. */
static inline struct wg_msg_job take_message(struct wg_client *client)
{
	struct wg_err err = { 0 };
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0;
	OK(wg_client_lease_messages(client, 1, WAIT_MS, &jobs, &count, &err));
	assert_int_equal(count, 1);
	struct wg_msg_job job = jobs[0];
	free(job.blob);
	job.blob = NULL;
	free(jobs);
	return job;
}

#endif
