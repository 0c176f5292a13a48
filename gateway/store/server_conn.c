/* server_conn.c owns one connection's buffers.
 * SECURITY: what it reads was written by another process; wire.c judges lengths before memory is taken for them. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/server_internal.h"

/* Answers that a peer has not read yet; beyond this its requests wait. */
#define OUT_HIGH ((size_t)1024 * 1024)

/* The longest request of each role: intake hands in one message, admin one resolution, process what goes beside its
 * parts or one part, deliver a list of reports, monitor a list of alerts. */
static size_t frame_max(enum wg_store_role role)
{
	switch (role) {
	case WG_ROLE_INTAKE:
		return WG_STORE_BLOB_MAX + 4096;
	case WG_ROLE_PROCESS:
		return WG_LIMIT_FRAME;
	case WG_ROLE_DELIVER:
		return (size_t)1024 * 1024;
	case WG_ROLE_ADMIN:
		return WG_STORE_RESOLUTION_MAX + 4096;
	case WG_ROLE_MONITOR:
		return (size_t)WG_STORE_ALERTS_MAX * sizeof(struct wg_alert) + 4096;
	}
	return 0;
}

struct wg_conn *wg_conn_new(int fd, enum wg_store_role role, uint64_t owner)
{
	struct wg_conn *conn = calloc(1, sizeof *conn);
	if (conn == NULL)
		return NULL;
	*conn = (struct wg_conn){
		.fd = fd, .role = role, .owner = owner, .fresh = WG_BUF(2 * WG_LIMIT_FRAME), .out = WG_BUF(4 * WG_LIMIT_FRAME)
	};
	conn->in.max = frame_max(role);
	return conn;
}

void wg_conn_parts_free(struct wg_conn *conn)
{
	while (conn->parts != NULL) {
		struct wg_part *next = conn->parts->next;
		free(conn->parts);
		conn->parts = next;
	}
	conn->parts_bytes = 0;
	conn->parts_used = false;
}

void wg_conn_free(struct wg_conn *conn)
{
	if (conn == NULL)
		return;
	wg_conn_parts_free(conn);
	wg_wire_free(&conn->in);
	wg_buf_free(&conn->fresh);
	wg_buf_free(&conn->out);
	wg_closep(&conn->fd);
	free(conn);
}

void wg_conn_drop(struct wg_server *server, struct wg_conn *conn, const struct wg_err *why)
{
	if (!conn->dropped)
		wg_server_tell(server, "peer-dropped", conn->role, why);
	conn->dropped = true;
	conn->waiting = false;
}

void wg_conn_read(struct wg_server *server, struct wg_conn *conn)
{
	struct wg_err err = { 0 };
	enum wg_code code = wg_wire_fill(&conn->in, conn->fd, MSG_DONTWAIT, &err);
	if (code == WG_NOT_FOUND)
		conn->ended = true;
	else if (code != WG_OK && code != WG_AGAIN)
		wg_conn_drop(server, conn, &err);
}

void wg_conn_write(struct wg_conn *conn)
{
	while (conn->sent < conn->out.len) {
		ssize_t n =
			send(conn->fd, conn->out.data + conn->sent, conn->out.len - conn->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n < 0) /* nobody is there to be answered; what was sent before is still read, and then the end */
			conn->sent = conn->out.len;
		else
			conn->sent += (size_t)n;
	}
	if (conn->out.cap > OUT_HIGH)
		wg_buf_free(&conn->out);
	else
		wg_buf_reset(&conn->out);
	conn->sent = 0;
}

bool wg_conn_ready(const struct wg_conn *conn)
{
	struct wg_frame frame;
	if (conn->dropped || conn->fresh.len > OUT_HIGH || conn->out.len - conn->sent > OUT_HIGH || conn->parts_used)
		return false;
	return wg_wire_peek(&conn->in, &frame, NULL) != WG_AGAIN; /* a bad frame too: running it drops the peer */
}

/* One whole request at a time is enough: the rest stays in the socket, which makes the sender wait. */
bool wg_conn_wants_read(const struct wg_conn *conn)
{
	struct wg_frame frame;
	return !conn->dropped && !conn->ended && wg_wire_peek(&conn->in, &frame, NULL) == WG_AGAIN;
}
