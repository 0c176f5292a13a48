/* server_batch.c owns group commit: everything that is ready runs in one transaction, each request inside a mark of its
 * own so that one that fails does not spoil the others; one commit; only then do the answers leave. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "store/server_internal.h"
#include "sys/file.h"

/* Requests of one connection in one transaction, so that a busy one does not make the others wait. */
#define REQUESTS_MAX 256
/* How often leases past their deadline, and decisions under a consent that has ended, are looked for. */
#define EXPIRE_MS 1000
/* How often the trusted time is remembered for the next process; and as long as that has nothing else to go by, so that
 * it goes on although the store is started anew time and again. */
#define TIME_MS 60000
#define TIME_DOUBTED_MS 2000
/* How long after another node put the time right: the database's clock was heard since (wg_store_nodes). */
#define FOLLOW_MS (3 * EXPIRE_MS)
/* How often what could not be destroyed is tried again. */
#define DESTROY_MS 5000

static void answer(struct wg_conn *conn, const struct wg_frame *frame, int64_t now, enum wg_code code,
                   const struct wg_buf *body, const struct wg_err *err)
{
	if (code == WG_OK)
		wg_wire_answer(&conn->fresh, frame, WG_OK, now, body->data, body->len);
	else
		wg_wire_answer(&conn->fresh, frame, code, now, err->text, strlen(err->text));
}

/* Inside its mark. Returns other than WG_OK only when the whole transaction has to end: a fault, or (WG_AGAIN) a full
 * disk. */
static enum wg_code run_marked(struct wg_ask *ask, const struct wg_frame *frame, enum wg_code *fate,
                               struct wg_err *words, struct wg_err *err)
{
	struct wg_store *store = ask->server->store;
	enum wg_code code = wg_store_mark(store, err);
	if (code != WG_OK)
		return code;
	*fate = wg_ops_run(ask, frame->op, words);
	if (wg_store_fault(store, err) != WG_OK)
		return err->code;
	if (wg_store_full(store))
		return wg_err_set(err, WG_AGAIN, "the disk is full");
	if (wg_store_repeat(store))
		return wg_err_set(err, WG_AGAIN, "once more");
	if (*fate == WG_OK)
		*fate = wg_store_keep(store, words);
	if (wg_store_fault(store, err) != WG_OK)
		return err->code;
	if (wg_store_full(store))
		return wg_err_set(err, WG_AGAIN, "the disk is full");
	return *fate == WG_OK ? WG_OK : wg_store_undo(store, err);
}

static enum wg_code run_request(struct wg_server *server, struct wg_conn *conn, const struct wg_frame *frame,
                                struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME - WG_WIRE_HEAD - WG_WIRE_NOW);
	struct wg_err words = { 0 };
	enum wg_code fate = WG_OK;
	struct wg_ask ask = { .server = server, .conn = conn, .in = WG_CUR(frame->body, frame->len), .answer = &body };
	if (frame->code != 0 || !wg_ops_allowed(frame->op, conn->role)) {
		wg_err_set(&words, WG_DENIED, "%s may not ask for %s (%u)", wg_store_role_name(conn->role),
		           wg_ops_name(frame->op), frame->op);
		wg_conn_drop(server, conn, &words);
		return WG_OK;
	}
	enum wg_code code = run_marked(&ask, frame, &fate, &words, err);
	if (code != WG_OK)
		return code;
	if (ask.malformed) {
		wg_conn_drop(server, conn, &words);
		return WG_OK;
	}
	if (fate == WG_OK && ask.nothing) {
		if (!conn->waiting) {
			conn->waiting = true;
			conn->turn = ++server->turns;
			conn->until = server->now.steady + ask.wait_ms;
		}
		if (server->now.steady < conn->until)
			return WG_OK; /* the request stays where it is and is asked again */
	}
	conn->waiting = false;
	wg_wire_take(&conn->in, frame);
	if (fate == WG_SYSTEM)
		fate = WG_AGAIN; /* no fault of the store (run_marked): memory for this one request */
	if (ask.destroys && fate == WG_OK) {
		conn->purges = true;
		conn->purge_at = conn->fresh.len;
		conn->purge = (struct wg_frame){ .tag = frame->tag, .op = frame->op };
	}
	if (!wg_ops_silent(frame->op))
		answer(conn, frame, server->now.wall, fate, &body, &words);
	return WG_OK;
}

/* What several requests in a row ask the database first, so that it is waited for once. */
static void ask_ahead(struct wg_server *server, const struct wg_conn *conn)
{
	struct wg_wire_in in = conn->in; /* read on in, and given away to nobody */
	struct wg_frame frame;
	while (wg_ops_allowed(WG_OP_TASK_DONE, conn->role) && wg_wire_peek(&in, &frame, NULL) == WG_OK &&
	       frame.op == WG_OP_TASK_DONE) {
		struct wg_cur cur = WG_CUR(frame.body, frame.len);
		const uint64_t id = wg_cur_u64(&cur), token = wg_cur_u64(&cur);
		if (!cur.failed)
			wg_store_task_ahead(server->store, id, token);
		wg_wire_take(&in, &frame);
	}
}

/* All requests that are there, up to one that is a lease: leases come last, so that they see what the others brought.
 */
static enum wg_code run_ready(struct wg_server *server, struct wg_conn *conn, struct wg_err *err)
{
	ask_ahead(server, conn);
	for (unsigned i = 0; i < REQUESTS_MAX && !conn->purges && wg_conn_ready(conn); i++) {
		struct wg_frame frame;
		struct wg_err words = { 0 };
		if (wg_wire_peek(&conn->in, &frame, &words) != WG_OK) {
			wg_conn_drop(server, conn, &words);
			break;
		}
		if (wg_ops_waits(frame.op) && wg_ops_allowed(frame.op, conn->role)) {
			conn->dropped = conn->dropped || conn->ended; /* nobody is there to take it */
			break;
		}
		enum wg_code code = run_request(server, conn, &frame, err);
		if (code != WG_OK)
			return code;
	}
	return WG_OK;
}

/* The connection whose lease, or context, is next: those that wait in their order, then those that just asked. NULL
 * when none is left. */
static struct wg_conn *next_lease(struct wg_server *server, uint64_t after)
{
	struct wg_conn *best = NULL;
	for (unsigned i = 0; i < server->count; i++) {
		struct wg_conn *c = server->conns[i];
		if (c->waiting && !c->ended && !c->dropped && c->turn > after && (best == NULL || c->turn < best->turn))
			best = c;
	}
	return best;
}

static enum wg_code run_lease(struct wg_server *server, struct wg_conn *conn, struct wg_err *err)
{
	struct wg_frame frame;
	if (!wg_conn_ready(conn) || wg_wire_peek(&conn->in, &frame, NULL) != WG_OK || !wg_ops_waits(frame.op))
		return WG_OK;
	return run_request(server, conn, &frame, err);
}

static enum wg_code run_waiting(struct wg_server *server, struct wg_err *err)
{
	uint64_t turn = 0, last = server->turns;
	struct wg_conn *conn;
	enum wg_code code = WG_OK;
	while (code == WG_OK && (conn = next_lease(server, turn)) != NULL && conn->turn <= last) {
		turn = conn->turn;
		code = run_lease(server, conn, err);
	}
	for (unsigned i = 0; code == WG_OK && i < server->count; i++)
		if (!server->conns[i]->waiting && !server->conns[i]->ended)
			code = run_lease(server, server->conns[i], err);
	return code;
}

/* A context that was given may let others go, whoever asked first. */
static enum wg_code run_leases(struct wg_server *server, struct wg_err *err)
{
	uint64_t before = 0;
	unsigned rounds = 0;
	enum wg_code code = WG_OK;
	do {
		before = server->turns_given;
		code = run_waiting(server, err);
	} while (code == WG_OK && server->turns_given != before && ++rounds < REQUESTS_MAX);
	return code;
}

/* By the time itself, so that a machine that slept for months remembers it when it wakes. */
static bool time_is_due(const struct wg_server *server)
{
	return server->now.wall >= server->time_at || server->now.wall < server->time_at - TIME_MS;
}

static int64_t next_time(const struct wg_server *server)
{
	return server->now.wall + (server->time.fault ? TIME_DOUBTED_MS : TIME_MS);
}

/* What nodes that share a database, and its clock, find wrong is put right once, by the first of them that was told
 * so or finds out; the others follow when they have heard that clock again since. */
static enum wg_code share_time(struct wg_server *server, struct wg_err *err)
{
	struct wg_trusted *t = &server->time;
	const bool wrong = t->fault || t->gained != 0;
	if (!wrong && !time_is_due(server))
		return WG_OK;
	enum wg_code code = wg_store_time_moves(server->store, &server->moves_now, err);
	if (code != WG_OK || !wrong)
		return code;
	const bool elsewhere = server->moves_now != server->moves;
	if (elsewhere && server->moved_at == 0)
		server->moved_at = server->now.steady;
	if (elsewhere && t->fault && server->now.steady >= server->moved_at + FOLLOW_MS) {
		wg_trusted_accept(t);
		(void)wg_trusted_words(t, server->clock); /* returns its buffer */
	}
	if (elsewhere)
		wg_trusted_settled(t);
	if (t->gained == 0)
		return WG_OK;
	code = wg_store_time_moved(server->store, server->now, t->gained, t->gained_from, err);
	server->moves_now++;
	return code;
}

/* The clock was set, or is right again; and what the next process has to know of the time. */
static enum wg_code keep_time(struct wg_server *server, struct wg_err *err)
{
	const bool gained = server->time.gained != 0;
	enum wg_code code = share_time(server, err);
	bool news = server->time.fault != server->time_fault;
	if (code == WG_OK && news)
		code = wg_store_time_log(server->store, server->now, NULL, server->clock, err);
	const struct wg_trusted_memory known = wg_trusted_memory(&server->time);
	/* and something has to be written before it is said that there is room again */
	if (code == WG_OK && (news || gained || server->no_room || time_is_due(server)))
		code = wg_store_time_keep(server->store, &known, err);
	return code;
}

/* After the commit. */
static void time_kept(struct wg_server *server)
{
	wg_trusted_settled(&server->time);
	if (!server->time.fault) {
		server->moves = server->moves_now;
		server->moved_at = 0;
	}
	if (server->time.fault != server->time_fault) {
		struct wg_err what = { 0 };
		server->time_fault = server->time.fault;
		wg_err_set(&what, WG_AGAIN, "%s", server->clock);
		wg_server_tell(server, server->time_fault ? "clock-set" : "clock-right", WG_ROLE_ADMIN, &what);
		server->time_at = next_time(server);
	}
	if (time_is_due(server))
		server->time_at = next_time(server);
	if (server->time_accepted)
		wg_trusted_accept(&server->time);
	server->time_accepted = false;
}

static enum wg_code end_leases(struct wg_server *server, struct wg_err *err)
{
	unsigned lost = 0, n = 0, ended = 0;
	enum wg_code code = keep_time(server, err); /* first: it may move what is due */
	for (unsigned i = 0; code == WG_OK && i < server->ended_count; i++, lost += n)
		code = wg_store_leases_end(server->store, server->now, server->ended[i], &n, err);
	n = 0;
	if (code == WG_OK && server->now.steady >= server->expire_at)
		code = wg_store_leases_expire(server->store, server->now, &n, err);
	if (code == WG_OK && server->now.steady >= server->expire_at)
		code = wg_store_consents_end(server->store, server->now, &ended, err);
	if (code == WG_OK && server->now.steady >= server->expire_at)
		code = wg_store_deadlines_end(server->store, server->now, &ended, err);
	if (code == WG_OK && server->now.steady >= server->expire_at)
		code = wg_store_waiting(server->store, &server->waiting, err);
	lost += n;
	n = 0;
	if (code == WG_OK && server->now.steady >= server->expire_at)
		code = wg_store_nodes(server->store, server->now, &n, err);
	lost += n;
	if (code == WG_OK && lost > 0) {
		struct wg_err what = { 0 };
		wg_err_set(&what, WG_AGAIN, "%u leases came to nothing", lost);
		wg_server_tell(server, "leases-lost", WG_ROLE_ADMIN, &what);
	}
	if (wg_store_full(server->store) && code != WG_OK)
		return wg_err_set(err, WG_AGAIN, "the disk is full");
	return code;
}

static enum wg_code run_all(struct wg_server *server, struct wg_err *err)
{
	enum wg_code code = wg_store_begin(server->store, err);
	server->dry = false;
	if (code == WG_OK)
		code = end_leases(server, err);
	for (unsigned i = 0; code == WG_OK && i < server->count; i++)
		code = run_ready(server, server->conns[i], err);
	return code == WG_OK ? run_leases(server, err) : code;
}

/* Whether new messages are taken: a named reserve has to stay free for what was accepted already, and that may not be
 * more than anybody comes to. */
static void judge_room(struct wg_server *server)
{
	bool before = server->accepting;
	struct wg_err err = { 0 };
	uint64_t bytes = 0;
	if (wg_file_free(server->folder, &bytes, &err) != WG_OK)
		bytes = 0;
	const bool crowded = server->waiting >= WG_STORE_WAITING_MAX;
	server->accepting = !server->full && bytes >= WG_STORE_RESERVE && !crowded;
	server->room = bytes;
	server->why[0] = '\0';
	if (!server->accepting && crowded)
		(void)snprintf(server->why, sizeof server->why, "queue: %llu messages wait to be worked off",
		               (unsigned long long)server->waiting); /* it fits */
	else if (server->full)
		(void)snprintf(server->why, sizeof server->why, "disk: the database found it full"); /* it fits */
	else if (!server->accepting)
		(void)snprintf(server->why, sizeof server->why, "disk: %llu MiB free, %llu MiB have to stay free",
		               (unsigned long long)bytes >> 20, (unsigned long long)WG_STORE_RESERVE >> 20); /* it fits */
	if (before != server->accepting) {
		wg_err_put(&err, server->accepting ? WG_OK : WG_AGAIN, "%s", server->why);
		wg_server_tell(server, server->accepting ? "accepting" : "not-accepting", WG_ROLE_INTAKE, &err);
	}
}

static void set_marks(struct wg_server *server)
{
	for (unsigned i = 0; i < server->count; i++)
		server->conns[i]->mark = server->conns[i]->in.start;
}

static void take_back(struct wg_server *server)
{
	for (unsigned i = 0; i < server->count; i++) {
		struct wg_conn *c = server->conns[i];
		c->in.start = c->mark;
		c->parts_used = c->purges = false;
		wg_buf_reset(&c->fresh);
	}
}

/* It was purged, durably, and what opens it is there: whoever purged is not told that it is destroyed. */
static void say_undestroyed(struct wg_server *server, struct wg_conn *c)
{
	static const char words[] =
		"it is purged, but the keys of its content could not be destroyed yet: the disk is full, or the database was "
		"lost; make room, and it is done by itself (the log says keys-destroyed)";
	c->fresh.len = c->purge_at;
	wg_wire_answer(&c->fresh, &c->purge, WG_AGAIN, server->now.wall, words, sizeof words - 1);
}

static void send_answers(struct wg_server *server)
{
	for (unsigned i = 0; i < server->count; i++) {
		struct wg_conn *c = server->conns[i];
		if (c->purges && wg_store_undestroyed(server->store))
			say_undestroyed(server, c);
		c->purges = false;
		if (c->parts_used)
			wg_conn_parts_free(c);
		wg_buf_put(&c->out, c->fresh.data, c->fresh.len);
		if (c->fresh.failed || c->out.failed) {
			struct wg_err words = { 0 };
			wg_err_set(&words, WG_LIMIT, "more answers than memory");
			wg_conn_drop(server, c, &words);
		}
		wg_buf_free(&c->fresh);
	}
}

/* Once when keys stay that are to be destroyed, and once when they went. */
static void tell_undestroyed(struct wg_server *server)
{
	struct wg_err words = { 0 };
	if (wg_store_undestroyed(server->store) == server->undestroyed)
		return;
	server->undestroyed = !server->undestroyed;
	server->destroy_at = server->now.steady + DESTROY_MS;
	if (server->undestroyed)
		(void)wg_err_set(&words, WG_AGAIN,
		                 "what was purged can still be opened in copies of the database until there is room to destroy "
		                 "its keys: tried again every %d s",
		                 DESTROY_MS / 1000); /* told */
	wg_server_tell(server, server->undestroyed ? "keys-not-destroyed" : "keys-destroyed", WG_ROLE_ADMIN, &words);
}

static enum wg_code destroy(struct wg_server *server, struct wg_err *err)
{
	if (!server->undestroyed || server->now.steady < server->destroy_at)
		return WG_OK;
	server->destroy_at = server->now.steady + DESTROY_MS;
	return wg_store_destroy(server->store, err);
}

/* After the commit: answers may leave, what they answered is over. */
static void release(struct wg_server *server)
{
	send_answers(server);
	tell_undestroyed(server);
	server->ended_count = 0;
	time_kept(server);
	if (server->now.steady >= server->expire_at)
		server->expire_at = server->now.steady + EXPIRE_MS;
	unsigned damaged = wg_store_damaged(server->store);
	if (damaged > 0) {
		struct wg_err words = { 0 };
		wg_err_set(&words, WG_CORRUPT, "%u stored blobs are damaged: what they belong to was set aside", damaged);
		wg_server_tell(server, "damaged", WG_ROLE_ADMIN, &words);
	}
}

static enum wg_code run_reads(struct wg_server *server, struct wg_conn *conn, struct wg_err *err)
{
	struct wg_frame frame;
	enum wg_code code = WG_OK;
	while (code == WG_OK && wg_conn_ready(conn) && wg_wire_peek(&conn->in, &frame, NULL) == WG_OK &&
	       wg_ops_reads(frame.op))
		code = run_request(server, conn, &frame, err);
	return code;
}

enum wg_code wg_batch_read(struct wg_server *server, struct wg_err *err)
{
	set_marks(server);
	enum wg_code code = wg_store_begin(server->store, err);
	for (unsigned i = 0; code == WG_OK && i < server->count; i++)
		code = run_reads(server, server->conns[i], err);
	wg_store_rollback(server->store);
	(void)wg_store_full(server->store); /* the code says it */
	if (code == WG_OK)
		send_answers(server);
	else
		take_back(server);
	return code == WG_AGAIN ? WG_OK : code; /* even that needs room: they are told to come again */
}

static enum wg_code run_and_commit(struct wg_server *server, struct wg_err *err)
{
	enum wg_code code = run_all(server, err);
	if (code == WG_OK)
		code = wg_store_commit(server->store, err);
	(void)wg_store_full(server->store); /* the code says it */
	return code;
}

/* A person's request may do more than rows show (a backup begins): it is not done twice. */
static bool person_asks(const struct wg_server *server)
{
	for (unsigned i = 0; i < server->count; i++)
		if (server->conns[i]->role == WG_ROLE_ADMIN && wg_conn_ready(server->conns[i]))
			return true;
	return false;
}

/* Without waiting for what gives no rows; when something of that failed, whosever it was, all of it once more with each
 * request judged at its own end. */
static enum wg_code run_eagerly(struct wg_server *server, struct wg_err *err)
{
	struct wg_store *store = server->store;
	wg_store_eager(store, !person_asks(server));
	enum wg_code code = run_and_commit(server, err);
	wg_store_eager(store, false);
	if (code == WG_OK || !wg_store_repeat(store))
		return code;
	wg_store_rollback(store);
	take_back(server);
	return run_and_commit(server, err);
}

/* The database was away: on when it is back. *back: there is nothing in the way of the next transaction. */
static enum wg_code come_back(struct wg_server *server, bool *back, struct wg_err *err)
{
	bool committed = false;
	enum wg_code code = wg_away_step(server, &committed, err);
	*back = code == WG_OK && !server->away;
	if (*back && server->doubt && committed)
		release(server);
	else if (*back && server->doubt) {
		for (unsigned i = 0; i < server->count; i++)
			if (!server->conns[i]->held) /* nothing of it is to be done again, and it was read from since */
				server->conns[i]->mark = server->conns[i]->in.start;
		take_back(server);
	}
	for (unsigned i = 0; *back && i < server->count; i++)
		server->conns[i]->held = false;
	if (*back)
		server->doubt = false;
	return code;
}

enum wg_code wg_batch_run(struct wg_server *server, struct wg_err *err)
{
	bool back = true;
	if (server->away) {
		enum wg_code away = come_back(server, &back, err);
		if (away != WG_OK || !back)
			return away;
	}
	server->full = server->no_room; /* what adds comes last */
	judge_room(server);
	set_marks(server);
	enum wg_code code = destroy(server, err);
	if (code == WG_OK)
		code = server->full ? run_and_commit(server, err) : run_eagerly(server, err);
	if (code == WG_AGAIN && !server->full) { /* in the middle: once more without what adds, as the requests came */
		wg_store_rollback(server->store);
		take_back(server);
		server->full = true;
		judge_room(server);
		code = run_and_commit(server, err);
	}
	if (code == WG_OK) {
		release(server);
		wg_away_room(server);
		return WG_OK;
	}
	wg_store_rollback(server->store);
	if (wg_store_lost(server->store))
		wg_away_begin(server);
	else if (code == WG_AGAIN)
		wg_away_full(server);
	else
		return code;
	if (!server->doubt)
		take_back(server);
	return WG_OK;
}
