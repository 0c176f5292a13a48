/* server_away.c owns the time in which the database cannot be reached, or has no room: nothing is taken, nobody is sent
 * away. Who hands something in is told to come again; who works for the gateway waits for its answer. When it is back,
 * what was asked and not done is done; what was done and not answered is answered.
 *
 * What was under way when it was lost stays in memory as it was: requests from their marks on, answers in `fresh`. As
 * long as nobody knows whether that transaction is there neither is used. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/server_internal.h"

#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 5000

void wg_away_begin(struct wg_server *server)
{
	struct wg_err why = { 0 };
	if (wg_store_fault(server->store, &why) != WG_OK)
		why.code = WG_AGAIN;
	server->away = true;
	server->no_room = false;
	server->away_why = (struct wg_err){ 0 };
	server->doubt = wg_store_unanswered(server->store);
	for (unsigned i = 0; i < server->count; i++) {
		struct wg_conn *c = server->conns[i];
		c->held = server->doubt && (c->in.start != c->mark || c->fresh.len > 0);
	}
	server->pause = PAUSE_MIN_MS;
	server->again_at = server->now.steady;
	wg_server_tell(server, "database-lost", WG_ROLE_ADMIN, &why);
}

void wg_away_full(struct wg_server *server)
{
	struct wg_err why = { 0 };
	const bool told = server->no_room;
	server->away = server->no_room = true;
	server->again_at = server->now.steady + PAUSE_MAX_MS; /* it is not over at once */
	(void)wg_err_set(&why, WG_AGAIN,
	                 "the disk of the database is full: nothing is stored until there is room; make some, and all goes "
	                 "on by itself"); /* told */
	if (!told)
		wg_server_tell(server, "disk-full", WG_ROLE_ADMIN, &why);
}

void wg_away_room(struct wg_server *server)
{
	const struct wg_err fine = { 0 };
	if (server->no_room)
		wg_server_tell(server, "disk-has-room", WG_ROLE_ADMIN, &fine);
	server->no_room = false;
}

static bool is_told(enum wg_store_role role)
{
	return role == WG_ROLE_INTAKE || role == WG_ROLE_ADMIN;
}

/* To all that is asked by those who can come again. */
static void refuse(struct wg_server *server)
{
	const char *words = server->no_room ? "not accepting: the disk of the database is full; make room, and come again"
	                                    : "not accepting: the database cannot be reached";
	for (unsigned i = 0; i < server->count; i++) {
		struct wg_conn *c = server->conns[i];
		struct wg_frame frame;
		while (is_told(c->role) && !c->held && wg_conn_ready(c) && wg_wire_peek(&c->in, &frame, NULL) == WG_OK &&
		       !wg_ops_silent(frame.op)) {
			wg_wire_take(&c->in, &frame);
			c->waiting = false;
			wg_wire_answer(&c->out, &frame, WG_AGAIN, server->now.wall, words, strlen(words));
		}
	}
}

/* If it goes on as another node, its owners get its numbers: what they had leased is not theirs any more. */
static void own_again(struct wg_server *server)
{
	const uint64_t node = wg_store_owners(server->store), low = ((uint64_t)1 << WG_NODE_SHIFT) - 1;
	struct wg_err words = { 0 };
	if (node == (server->owners & ~low))
		return;
	server->owners = node | (server->owners & low);
	for (unsigned i = 0; i < server->count; i++)
		server->conns[i]->owner = node | (server->conns[i]->owner & low);
	(void)wg_err_set(
		&words, WG_AGAIN,
		"the other nodes heard nothing of this one and gave it up: it goes on as a new one, and what it had "
		"in hand is theirs");
	wg_server_tell(server, "node-given-up", WG_ROLE_ADMIN, &words);
}

enum wg_code wg_away_step(struct wg_server *server, bool *committed, struct wg_err *err)
{
	struct wg_err words = { 0 };
	*committed = false;
	if (server->no_room) { /* only the next transaction can tell whether there is some again */
		server->away = server->now.steady < server->again_at;
		enum wg_code code = server->away ? wg_batch_read(server, err) : WG_OK;
		if (server->away)
			refuse(server);
		return code;
	}
	if (server->now.steady >= server->again_at) {
		enum wg_code code = wg_store_reconnect(server->store, committed, &words);
		if (code == WG_OK) {
			server->away = false;
			wg_server_tell(server, "database-back", WG_ROLE_ADMIN, &words);
			own_again(server);
			return WG_OK;
		}
		if (code != WG_AGAIN) {
			if (err != NULL)
				*err = words;
			return code;
		}
		if (words.text[0] == '\0') { /* under way: those who ask are answered between two steps */
			refuse(server);
			return WG_OK;
		}
		if (strcmp(words.text, server->away_why.text) != 0)
			wg_server_tell(server, "database-away", WG_ROLE_ADMIN, &words);
		server->away_why = words;
		server->again_at = wg_clock_monotonic() + server->pause;
		server->pause = 2 * server->pause < PAUSE_MAX_MS ? 2 * server->pause : PAUSE_MAX_MS;
	}
	refuse(server);
	return WG_OK;
}
