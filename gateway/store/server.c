/* server.c owns the store process's loop: sockets, who is connected, when a transaction is due. */
#include "store/server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/move.h"
#include "store/server_internal.h"

#define ROLES WG_STORE_ROLES
/* The longest sleep: how late *stop may be seen, and how late a wait that ends by the clock may be noticed. */
#define IDLE_MS 250
#define TICK_MS 50
/* The same, where what is waited for is done by another node: each holds up those behind it. */
#define NEAR_MS 5
/* After accept failed for want of descriptors or memory. */
#define ACCEPT_PAUSE_MS 100

void wg_server_on_event(struct wg_server *server, wg_server_event *event, void *arg)
{
	server->event = event;
	server->event_arg = arg;
}

void wg_server_tell(struct wg_server *server, const char *event, enum wg_store_role role, const struct wg_err *what)
{
	if (server->event != NULL)
		server->event(server->event_arg, event, role, what);
}

static void set_now(struct wg_server *server)
{
	int64_t wall = wg_store_wall(server->store);
	server->now = (struct wg_now){ .wall = wg_trusted_feed(&server->time, wall, wg_clock_boot()),
		                           .steady = wg_clock_monotonic() };
	(void)wg_trusted_words(&server->time, server->clock); /* returns its buffer */
	wg_clock_hear(server->now.wall);
}

static enum wg_code address_of(const char *folder, enum wg_store_role role, struct sockaddr_un *out, struct wg_err *err)
{
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	int n = snprintf(out->sun_path, sizeof out->sun_path, "%s/store-%s.sock", folder, wg_store_role_name(role));
	if (n < 0 || (size_t)n >= sizeof out->sun_path)
		return wg_err_set(err, WG_CONFIG,
		                  "the store's folder has too long a name for a socket in it (%zu bytes at most)",
		                  sizeof out->sun_path);
	return WG_OK;
}

static enum wg_code listen_for(const char *folder, enum wg_store_role role, int *out, struct wg_err *err)
{
	struct sockaddr_un address;
	enum wg_code code = address_of(folder, role, &address, err);
	if (code != WG_OK)
		return code;
	WG_AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return wg_err_errno(err, "socket");
	(void)unlink(address.sun_path); /* left by a process that was killed: we hold the lock, so nobody listens there */
	mode_t mask = umask(0177);
	int rc = bind(fd, (const struct sockaddr *)&address, sizeof address);
	(void)umask(mask); /* never fails */
	if (rc != 0 || listen(fd, WG_SERVER_CONNECTIONS) != 0)
		return wg_err_errno(err, "listen on %s", address.sun_path);
	*out = fd;
	fd = -1;
	return WG_OK;
}

static enum wg_code recover(struct wg_server *server, struct wg_err *err)
{
	unsigned lost = 0;
	struct wg_trusted_memory known = { .trusted = 0 };
	enum wg_code code = wg_store_begin(server->store, err);
	if (code == WG_OK)
		code = wg_store_moved(server->store, err);
	if (code == WG_OK)
		code = wg_store_time_known(server->store, &known, err);
	if (code == WG_OK)
		code = wg_store_time_moves(server->store, &server->moves, err);
	server->moves_now = server->moves;
	wg_trusted_start(&server->time, &known, wg_store_wall(server->store), wg_clock_boot());
	set_now(server);
	if (code == WG_OK)
		code = wg_store_recover(server->store, server->now, &lost, err);
	if (code == WG_OK)
		code = wg_store_waiting(server->store, &server->waiting, err);
	if (code == WG_OK)
		code = wg_store_commit(server->store, err);
	return code;
}

enum wg_code wg_server_open_at(const struct wg_store_place *place, struct wg_server **out, struct wg_err *err)
{
	const char *folder = place->folder;
	WG_CLEANUP(wg_server_freep) struct wg_server *server = calloc(1, sizeof *server);
	if (server == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	for (int role = 0; role < ROLES; role++)
		server->listening[role] = -1;
	server->accepting = true;
	server->folder = strdup(folder);
	if (server->folder == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code = wg_store_open_at(place, &server->store, err);
	if (code == WG_OK) {
		if (place->database == NULL)
			wg_copy_sweep(folder); /* the store is ours alone */
		code = recover(server, err);
	}
	if (code == WG_OK)
		code = wg_store_hurry(server->store, err);
	if (code == WG_OK)
		server->owners = wg_store_owners(server->store);
	for (int role = 0; code == WG_OK && role < ROLES; role++)
		code = listen_for(folder, (enum wg_store_role)role, &server->listening[role], err);
	if (code == WG_OK)
		*out = wg_steal(&server);
	return code;
}

enum wg_code wg_server_open(const char *folder, struct wg_server **out, struct wg_err *err)
{
	const struct wg_store_place place = { .folder = folder };
	return wg_server_open_at(&place, out, err);
}

void wg_server_freep(struct wg_server **server)
{
	struct wg_server *s = *server;
	if (s == NULL)
		return;
	for (unsigned i = 0; i < s->count; i++)
		wg_conn_free(s->conns[i]);
	for (int role = 0; role < ROLES; role++) {
		struct sockaddr_un address;
		if (s->listening[role] >= 0 && address_of(s->folder, (enum wg_store_role)role, &address, NULL) == WG_OK)
			(void)unlink(address.sun_path); /* one that stays is removed at the next start */
		wg_closep(&s->listening[role]);
	}
	wg_server_copy_end(s); /* it reads the store */
	wg_store_closep(&s->store);
	free(s->folder);
	free(s);
	*server = NULL;
}

enum wg_code wg_server_attach(struct wg_server *server, int fd, enum wg_store_role role, struct wg_err *err)
{
	struct wg_conn *conn = server->count < WG_SERVER_CONNECTIONS ? wg_conn_new(fd, role, ++server->owners) : NULL;
	if (conn == NULL) {
		wg_closep(&fd);
		return wg_err_set(err, WG_LIMIT, "%d connections to the store already, or memory ran out",
		                  WG_SERVER_CONNECTIONS);
	}
	server->conns[server->count++] = conn;
	return WG_OK;
}

static void accept_one(struct wg_server *server, enum wg_store_role role)
{
	struct wg_err err = { 0 };
	int fd = accept4(server->listening[role], NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0) {
		if (wg_server_attach(server, fd, role, &err) != WG_OK)
			wg_server_tell(server, "accept-failed", role, &err);
	} else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ECONNABORTED) {
		(void)wg_err_errno(&err, "accept"); /* told, and tried again after a pause */
		wg_server_tell(server, "accept-failed", role, &err);
		server->accept_at = server->now.steady + ACCEPT_PAUSE_MS;
	}
}

/* Closes who is gone; their leases end with the next transaction. While there is none, only those who have none go:
 * there is room for as many ends as there are connections. */
static void reap(struct wg_server *server)
{
	for (unsigned i = 0; i < server->count;) {
		struct wg_conn *c = server->conns[i];
		const bool leases = c->role == WG_ROLE_PROCESS || c->role == WG_ROLE_DELIVER;
		if ((server->away && (leases || c->held)) ||
		    (!c->dropped && (!c->ended || (wg_conn_ready(c) && !c->waiting)))) {
			i++;
			continue;
		}
		if (leases)
			server->ended[server->ended_count++] = c->owner;
		if (c->owner == server->copy_owner)
			wg_server_copy_end(server);
		wg_conn_free(c);
		server->conns[i] = server->conns[--server->count];
	}
}

/* What is due: requests, waits, leases to end. *timeout is how long there is nothing to do but listen. */
static bool is_due(const struct wg_server *server, int *timeout)
{
	bool waiting = false;
	int64_t sleep = IDLE_MS;
	for (unsigned i = 0; i < server->count; i++) {
		const struct wg_conn *c = server->conns[i];
		if (!c->waiting && wg_conn_ready(c))
			sleep = 0;
		if (c->waiting) {
			int64_t left = c->until - server->now.steady;
			waiting = true;
			sleep = left < sleep ? (left > 0 ? left : 0) : sleep;
		}
	}
	const int64_t tick = wg_store_elsewhere(server->store) ? NEAR_MS : TICK_MS;
	if (waiting && sleep > tick)
		sleep = tick;
	if (server->ended_count > 0 || wg_server_copying(server))
		sleep = 0;
	if (server->away) { /* requests wait as well */
		const int64_t left = server->again_at - server->now.steady;
		sleep = left <= 0 ? 0 : left < IDLE_MS ? left : IDLE_MS;
		*timeout = (int)sleep;
		return true;
	}
	*timeout = (int)sleep;
	return waiting || sleep == 0 || server->now.steady >= server->expire_at;
}

static void read_from(struct wg_server *server, struct wg_conn *c)
{
	wg_conn_read(server, c);
	/* what was sent in one piece shall run in one transaction: a message that is done, and the lease of the next */
	if (c->role == WG_ROLE_PROCESS && wg_conn_ready(c))
		wg_conn_read(server, c);
}

/* One sleep and what it brought. The first ROLES entries of fds are the listening sockets, then the connections in
 * order. */
static enum wg_code wait_for_peers(struct wg_server *server, int timeout, struct wg_err *err)
{
	struct pollfd fds[ROLES + WG_SERVER_CONNECTIONS];
	unsigned count = server->count;
	bool open = count < WG_SERVER_CONNECTIONS && server->now.steady >= server->accept_at;
	for (int role = 0; role < ROLES; role++)
		fds[role] = (struct pollfd){ .fd = open ? server->listening[role] : -1, .events = POLLIN };
	for (unsigned i = 0; i < count; i++) {
		const struct wg_conn *c = server->conns[i];
		const bool leave =
			server->away && (c->ended || c->held || wg_conn_ready(c)); /* none is run or reaped meanwhile */
		fds[ROLES + i] = (struct pollfd){ .fd = leave && c->out.len == c->sent ? -1 : c->fd,
			                              .events = (short)((wg_conn_wants_read(c) && !c->held ? POLLIN : 0) |
			                                                (c->out.len > c->sent ? POLLOUT : 0)) };
	}
	int n = poll(fds, ROLES + count, timeout);
	set_now(server);
	if (n < 0 && errno != EINTR)
		return wg_err_errno(err, "poll");
	for (unsigned i = 0; n > 0 && i < count; i++) {
		struct wg_conn *c = server->conns[i];
		short events = fds[ROLES + i].revents;
		if ((events & POLLOUT) != 0)
			wg_conn_write(c);
		if ((events & POLLIN) != 0)
			read_from(server, c);
		else if ((events & (POLLHUP | POLLERR | POLLNVAL)) != 0 && (c->waiting || !wg_conn_ready(c)))
			c->ended = true; /* a request that is ready is done first, and what was sent behind it read */
	}
	for (int role = 0; n > 0 && role < ROLES; role++)
		if ((fds[role].revents & POLLIN) != 0)
			accept_one(server, (enum wg_store_role)role);
	return WG_OK;
}

enum wg_code wg_server_run(struct wg_server *server, const volatile int *stop, struct wg_err *err)
{
	int timeout = 0;
	enum wg_code code = WG_OK;
	set_now(server);
	while (code == WG_OK && !*stop) {
		(void)is_due(server, &timeout); /* asked for the sleep only */
		code = wait_for_peers(server, timeout, err);
		if (code == WG_OK && is_due(server, &timeout))
			code = wg_batch_run(server, err);
		if (code == WG_OK)
			wg_server_copy(server);
		for (unsigned i = 0; code == WG_OK && i < server->count; i++)
			wg_conn_write(server->conns[i]);
		if (code == WG_OK)
			reap(server);
	}
	return code;
}
