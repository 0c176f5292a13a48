/* client.c owns a role's connection to the store and the exchange of one request for one answer. */
#include "store/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/client_internal.h"

const char *wg_store_role_name(enum wg_store_role role)
{
	switch (role) {
	case WG_ROLE_INTAKE:
		return "intake";
	case WG_ROLE_PROCESS:
		return "process";
	case WG_ROLE_DELIVER:
		return "deliver";
	case WG_ROLE_ADMIN:
		return "admin";
	case WG_ROLE_MONITOR:
		return "monitor";
	}
	return "unknown";
}

enum wg_code wg_client_open(const char *folder, enum wg_store_role role, struct wg_client **out, struct wg_err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int n = snprintf(address.sun_path, sizeof address.sun_path, "%s/store-%s.sock", folder, wg_store_role_name(role));
	if (n < 0 || (size_t)n >= sizeof address.sun_path)
		return wg_err_set(err, WG_CONFIG,
		                  "the store's folder has too long a name for a socket in it (%zu bytes at most)",
		                  sizeof address.sun_path);
	WG_AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return wg_err_errno(err, "socket");
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
		if (errno == EACCES || errno == EPERM)
			return wg_err_set(err, WG_DENIED, "%s: not yours to open", address.sun_path);
		return wg_err_set(err, WG_AGAIN, "%s: the store does not answer: %s", address.sun_path, strerror(errno));
	}
	enum wg_code code = wg_client_adopt(fd, out, err);
	if (code == WG_OK)
		fd = -1; /* the client's now */
	return code;
}

enum wg_code wg_client_adopt(int fd, struct wg_client **out, struct wg_err *err)
{
	struct wg_client *client = calloc(1, sizeof *client);
	if (client == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	client->fd = fd;
	client->in.max = WG_LIMIT_FRAME;
	client->late_end = &client->late;
	client->unsent_end = &client->unsent;
	*out = client;
	return WG_OK;
}

/* The first of them. */
static void drop_unsent(struct wg_client *client)
{
	struct wg_unsent *u = client->unsent;
	client->unsent = u->next;
	if (client->unsent == NULL)
		client->unsent_end = &client->unsent;
	client->unsent_len -= u->frame.len - u->sent;
	wg_buf_free(&u->frame);
	free(u);
}

void wg_client_freep(struct wg_client **client)
{
	struct wg_client *c = *client;
	if (c == NULL)
		return;
	while (c->late != NULL) {
		struct wg_late *next = c->late->next;
		free(c->late);
		c->late = next;
	}
	while (c->unsent != NULL)
		drop_unsent(c);
	wg_wire_free(&c->in);
	wg_closep(&c->fd);
	free(c);
	*client = NULL;
}

bool wg_client_gone(const struct wg_err *err)
{
	return err->code == WG_SYSTEM || (err->code == WG_AGAIN && strstr(err->text, WG_CLIENT_GONE) != NULL);
}

int wg_client_fd(const struct wg_client *client)
{
	return client->fd;
}

enum wg_code wg_client_check_text(const char *s, size_t max, struct wg_err *err)
{
	return strnlen(s, max + 1) <= max ? WG_OK
	                                  : wg_err_set(err, WG_REJECT, "a name or a text is longer than %zu bytes", max);
}

enum wg_code wg_client_check_id(const char *id, struct wg_err *err)
{
	return wg_id_valid(id) ? WG_OK : wg_err_set(err, WG_NOT_FOUND, "nothing has this id");
}

bool wg_client_hear(struct wg_frame *answer)
{
	int64_t now = 0;
	bool whole = wg_wire_now(answer, &now);
	if (whole)
		wg_clock_hear(now);
	return whole;
}

enum wg_code wg_client_garbled(struct wg_err *err)
{
	return wg_err_set(err, WG_SYSTEM, "the store's answer does not read as it should, or memory ran out");
}

enum wg_code wg_client_refusal(unsigned code, const uint8_t *body, size_t len, struct wg_err *err)
{
	if (code == WG_OK || code > WG_DENIED)
		return wg_client_garbled(err);
	return wg_err_set(err, (enum wg_code)code, "%.*s", (int)(len < WG_ERR_TEXT_MAX ? len : WG_ERR_TEXT_MAX),
	                  (const char *)body);
}

/* What was not read yet, waiting as long as this connection may. */
static enum wg_code send_unsent(struct wg_client *client, struct wg_err *err)
{
	enum wg_code code = wg_client_flush(client, err);
	while (code == WG_OK && client->unsent != NULL) {
		struct pollfd out = { .fd = client->fd, .events = POLLOUT };
		const int n = poll(&out, 1, client->patience > 0 ? client->patience : -1);
		if (n == 0)
			return wg_err_set(err, WG_AGAIN, WG_CLIENT_NOT_YET);
		if (n < 0 && errno != EINTR)
			return wg_err_errno(err, "poll");
		code = wg_client_flush(client, err);
	}
	return code;
}

enum wg_code wg_client_check(const struct wg_buf *b, const char *what, struct wg_err *err)
{
	enum wg_code code = wg_buf_check(b, what, err);
	return code == WG_SYSTEM ? wg_err_set(err, WG_AGAIN, "no memory for %s", what) : code;
}

/* A connection with patience may have to leave a part of it for later. */
static enum wg_code send_patiently(struct wg_client *client, const void *head, const struct wg_buf *body,
                                   struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf frame = WG_BUF(WG_LIMIT_FRAME);
	wg_buf_put(&frame, head, WG_WIRE_HEAD);
	wg_buf_put(&frame, body->data, body->len);
	enum wg_code code = wg_client_check(&frame, "a request to the store", err);
	if (code == WG_OK)
		code = wg_client_send_later(client, &frame, err);
	return code == WG_OK ? send_unsent(client, err) : code;
}

enum wg_code wg_client_send(struct wg_client *client, uint32_t tag, enum wg_op op, const struct wg_buf *body,
                            struct wg_err *err)
{
	uint8_t head[WG_WIRE_HEAD];
	enum wg_code code = wg_client_check(body, "a request to the store", err);
	if (code == WG_OK && body->len > WG_LIMIT_FRAME - WG_WIRE_HEAD)
		code = wg_err_set(err, WG_LIMIT, "a request to the store of %zu bytes", body->len);
	if (code != WG_OK)
		return code;
	wg_wire_head(head, tag, op, 0, body->len);
	if (client->patience > 0)
		return send_patiently(client, head, body, err);
	code = send_unsent(client, err);
	return code == WG_OK ? wg_wire_send(client->fd, head, sizeof head, body->data, body->len, err) : code;
}

enum wg_code wg_client_send_later(struct wg_client *client, struct wg_buf *frame, struct wg_err *err)
{
	struct wg_unsent *u = calloc(1, sizeof *u);
	if (u == NULL)
		return wg_err_set(err, WG_AGAIN, "no memory for a request to the store");
	u->frame = *frame;
	*frame = WG_BUF(frame->max);
	*client->unsent_end = u;
	client->unsent_end = &u->next;
	client->unsent_len += u->frame.len;
	return wg_client_flush(client, err);
}

enum wg_code wg_client_flush(struct wg_client *client, struct wg_err *err)
{
	while (client->unsent != NULL) {
		struct wg_unsent *u = client->unsent;
		size_t sent = 0;
		enum wg_code code = wg_wire_send_some(client->fd, u->frame.data + u->sent, u->frame.len - u->sent, &sent, err);
		if (code != WG_OK)
			return code;
		u->sent += sent;
		client->unsent_len -= sent;
		if (u->sent < u->frame.len)
			break; /* the socket is full */
		drop_unsent(client);
	}
	return WG_OK;
}

size_t wg_client_unsent(const struct wg_client *client)
{
	return client->unsent_len;
}

/* Keeps an answer for wg_client_add_take. */
static enum wg_code keep_late(struct wg_client *client, const struct wg_frame *frame, struct wg_err *err)
{
	struct wg_late *late = malloc(sizeof *late + frame->len);
	if (late == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	*late = (struct wg_late){ .tag = frame->tag, .code = frame->code, .len = frame->len };
	if (frame->len > 0)
		memcpy(late->body, frame->body, frame->len);
	*client->late_end = late;
	client->late_end = &late->next;
	return WG_OK;
}

/* The next answer. flags: of recv. */
static enum wg_code next(struct wg_client *client, int flags, struct wg_frame *frame, struct wg_err *err)
{
	enum wg_code code;
	while ((code = wg_wire_peek(&client->in, frame, err)) == WG_AGAIN) {
		code = wg_wire_fill(&client->in, client->fd, flags, err);
		if (code == WG_AGAIN)
			return wg_err_set(err, WG_AGAIN, WG_CLIENT_NOT_YET);
		if (code == WG_NOT_FOUND)
			return wg_err_set(err, WG_AGAIN, WG_CLIENT_GONE);
		if (code != WG_OK)
			return code;
	}
	if (code != WG_OK)
		return code;
	wg_wire_take(&client->in, frame);
	return wg_client_hear(frame) ? WG_OK : wg_client_garbled(err);
}

enum wg_code wg_client_take(struct wg_client *client, struct wg_frame *frame, struct wg_err *err)
{
	return next(client, MSG_DONTWAIT, frame, err);
}

/* Until the answer with that tag; others were asked for without waiting. */
static enum wg_code await(struct wg_client *client, uint32_t tag, int flags, struct wg_frame *frame, struct wg_err *err)
{
	for (;;) {
		enum wg_code code = next(client, flags, frame, err);
		if (code != WG_OK)
			return code;
		if (frame->op != WG_OP_ADD_LATER)
			return frame->tag == tag ? WG_OK : wg_client_garbled(err);
		code = keep_late(client, frame, err);
		if (code != WG_OK)
			return code;
	}
}

enum wg_code wg_client_patience(struct wg_client *client, int ms, struct wg_err *err)
{
	const struct timeval t = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	client->patience = ms;
	return setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t) == 0
	           ? WG_OK
	           : wg_err_errno(err, "a limit for the store's answers");
}

/* The answer that was given up is taken, if it came by now; what of its question was not read yet goes on. */
static enum wg_code catch_up(struct wg_client *client, struct wg_err *err)
{
	struct wg_frame late;
	if (client->given_up == 0)
		return WG_OK;
	enum wg_code code = wg_client_flush(client, err);
	if (code == WG_OK)
		code = await(client, client->given_up, MSG_DONTWAIT, &late, err);
	if (code == WG_OK)
		client->given_up = 0;
	return code;
}

/* When that was waited for long enough. */
static void give_up(struct wg_client *client, uint32_t tag, enum wg_code code, const struct wg_err *err)
{
	if (code == WG_AGAIN && strcmp(err->text, WG_CLIENT_NOT_YET) == 0)
		client->given_up = tag;
}

enum wg_code wg_client_call(struct wg_client *client, enum wg_op op, const struct wg_buf *body, struct wg_cur *answer,
                            struct wg_err *err)
{
	enum wg_code code = catch_up(client, err);
	if (code != WG_OK)
		return code;
	uint32_t tag = ++client->tag;
	code = wg_client_send(client, tag, op, body, err);
	give_up(client, tag, code, err);
	return code == WG_OK ? wg_client_answer(client, tag, op, answer, err) : code;
}

enum wg_code wg_client_answer(struct wg_client *client, uint32_t tag, enum wg_op op, struct wg_cur *answer,
                              struct wg_err *err)
{
	struct wg_frame frame;
	enum wg_code code = await(client, tag, 0, &frame, err);
	give_up(client, tag, code, err);
	if (code == WG_OK && frame.op != op)
		code = wg_client_garbled(err);
	if (code != WG_OK)
		return code;
	if (frame.code != WG_OK)
		return wg_client_refusal(frame.code, frame.body, frame.len, err);
	*answer = WG_CUR(frame.body, frame.len);
	return WG_OK;
}

enum wg_code wg_client_time(struct wg_client *client, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(16);
	struct wg_cur answer;
	wg_buf_put(&body, "", 0);
	enum wg_code code = wg_client_call(client, WG_OP_TIME, &body, &answer, err);
	return code == WG_OK && !wg_cur_end(&answer) ? wg_client_garbled(err) : code;
}
