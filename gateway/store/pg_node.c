/* pg_node.c owns who shares the database: each process that opened it is a node with a number of its own, which its
 * leases bear; one that is not heard of is no more, and its leases go back.
 *
 * A node is heard of by its beat, a number that it raises about once a second. The others count at how many of their
 * own looks it stood still: no clock is compared, neither between machines nor with the database's, and who could not
 * look (the database was away, or somebody else had the turn to write) has counted nothing. Looks and beats are made
 * with the turn to write, so that a node is never given up in the middle of what it writes. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/pg_internal.h"

/* Looks, about a second apart, after which a node that stood still is no more: its leases have to be others' within 30
 * seconds, also when looks take twice as long as they should. */
#define SILENT_MAX 12

static bool is_good(const PGresult *r)
{
	return PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK;
}

/* ---- one clock */

/* What the database's clock says, as a column; and such a column of the first row, which was asked for at `asked` (by
 * wg_clock_boot) and is here now: what is known is kept as long as it may be right, so that an answer that took long
 * changes nothing. */
#define CLOCK "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

static void hear(struct wg_pg *pg, int64_t asked, int64_t said)
{
	const int64_t least = said - wg_clock_boot(), most = said - asked;
	if (!pg->clock_heard)
		pg->clock_ahead = least + (most - least) / 2;
	else if (pg->clock_ahead < least)
		pg->clock_ahead = least;
	else if (pg->clock_ahead > most)
		pg->clock_ahead = most;
	pg->clock_heard = true;
}

int64_t wg_pg_node_wall(const struct wg_store *store)
{
	const struct wg_pg *pg = store->base;
	return wg_clock_boot() + pg->clock_ahead;
}

/* ---- who is there */

#define NAME_MAX_BYTES (65 + PATH_MAX)

static void name_of(const char *folder, char out[NAME_MAX_BYTES])
{
	char host[64] = "?";
	WG_AUTO_FREE char *real = realpath(folder, NULL);
	(void)gethostname(host, sizeof host - 1);
	(void)snprintf(out, NAME_MAX_BYTES, "%s:%s", host, real != NULL ? real : folder); /* a path fits */
}

/* Who starts in a folder (it has its lock) is heir to who was there before: that one is no more. */
enum wg_code wg_pg_node_join(struct wg_store *store, const char *folder, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	char name[NAME_MAX_BYTES], sql[64];
	name_of(folder, name);
	struct wg_pg_args args;
	(void)wg_pg_bind(&args, WG_ARGS(wg_db_text(name))); /* one */
	const int64_t asked = wg_clock_boot();
	PGresult *r = wg_pg_ask_with(pg, pg->main.conn,
	                             "WITH before AS (DELETE FROM node WHERE name = $1)"
	                             " INSERT INTO node(name, seen_at) VALUES($1, now()) RETURNING id, " CLOCK,
	                             &args);
	enum wg_code code = is_good(r) ? WG_OK : wg_pg_fail(store, pg->main.conn, r, "joining the nodes", err);
	if (code == WG_OK) {
		store->node = pg->node = wg_pg_int(r, 0, 0);
		hear(pg, asked, wg_pg_int(r, 0, 1));
	}
	PQclear(r);
	(void)snprintf(sql, sizeof sql, "SET wardgate.node = %" PRId64, pg->node); /* it fits */
	return code == WG_OK ? wg_pg_exec_on(store, &pg->main, sql, err) : code;
}

/* The others gave this one up. Where its own name is taken it was for another reason, and the two would push each other
 * out for ever. */
static enum wg_code join_anew(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	char name[NAME_MAX_BYTES];
	struct wg_pg_args args;
	name_of(pg->folder, name);
	(void)wg_pg_bind(&args, WG_ARGS(wg_db_text(name))); /* one */
	PGresult *r = wg_pg_ask_with(pg, pg->main.conn, "SELECT 1 FROM node WHERE name = $1", &args);
	enum wg_code code = is_good(r) ? WG_OK : wg_pg_fail(store, pg->main.conn, r, "the nodes", err);
	if (code == WG_OK && PQntuples(r) > 0)
		code = wg_err_set(err, WG_SYSTEM,
		                  "another node was started in a folder of the same name on a machine of the same name: %.200s",
		                  name);
	PQclear(r);
	return code == WG_OK ? wg_pg_node_join(store, pg->folder, err) : code;
}

enum wg_code wg_pg_node_resume(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	char sql[128];
	(void)snprintf(sql, sizeof sql,
	               "WITH mine AS (UPDATE node SET beat = beat + 1, seen_at = now() WHERE id = %" PRId64
	               " RETURNING id) SELECT count(*) FROM mine",
	               pg->node); /* it fits */
	int64_t there = 0;
	enum wg_code code = wg_pg_number_on(store, &pg->main, sql, &there, err);
	if (code == WG_OK && there == 0)
		return join_anew(store, err);
	(void)snprintf(sql, sizeof sql, "SET wardgate.node = %" PRId64, pg->node); /* it fits */
	return code == WG_OK ? wg_pg_exec_on(store, &pg->main, sql, err) : code;
}

static enum wg_code say(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	char sql[192];
	enum wg_code off = wg_pg_pipe_off(store, &pg->main, err);
	if (off != WG_OK)
		return off;
	pg->wrote = true;
	(void)snprintf(sql, sizeof sql,
	               "UPDATE node SET beat = beat + 1, seen_at = now() WHERE id = %" PRId64 " RETURNING " CLOCK,
	               pg->node);
	const int64_t asked = wg_clock_boot();
	PGresult *r = wg_pg_ask(pg, pg->main.conn, sql);
	enum wg_code code = is_good(r) ? WG_OK : wg_pg_fail(store, pg->main.conn, r, "a beat", err);
	const bool gone = code == WG_OK && PQntuples(r) != 1;
	if (code == WG_OK && !gone)
		hear(pg, asked, wg_pg_int(r, 0, 0));
	store->lost = store->lost || gone; /* it goes on as another node */
	if (gone)
		code =
			wg_err_set(&store->fault, WG_SYSTEM,
		               "the other nodes heard nothing of this one and gave it up, or another was started in a folder "
		               "of the same name on a machine of the same name: it starts anew");
	PQclear(r);
	return store->fault.code != WG_OK ? wg_store_fault(store, err) : code;
}

static struct wg_pg_peer *peer_of(struct wg_pg *pg, int64_t id)
{
	for (size_t i = 0; i < pg->peer_count; i++)
		if (pg->peers[i].id == id)
			return &pg->peers[i];
	return NULL;
}

static enum wg_code give_up(struct wg_store *store, int64_t id, struct wg_err *err)
{
	char sql[64];
	(void)snprintf(sql, sizeof sql, "DELETE FROM node WHERE id = %" PRId64, id); /* it fits */
	return wg_pg_exec_on(store, &wg_pg_of(store)->main, sql, err);
}

enum wg_code wg_pg_node_beat(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	struct wg_pg_peer now[WG_PG_NODES];
	size_t count = 0;
	char sql[96];
	enum wg_code code = say(store, err);
	if (code != WG_OK)
		return code;
	(void)snprintf(sql, sizeof sql, "SELECT id, beat FROM node WHERE id <> %" PRId64 " ORDER BY id LIMIT %d", pg->node,
	               WG_PG_NODES); /* it fits */
	PGresult *r = wg_pg_ask(pg, pg->main.conn, sql);
	code = is_good(r) ? WG_OK : wg_pg_fail(store, pg->main.conn, r, "a look at the nodes", err);
	for (int i = 0; code == WG_OK && i < PQntuples(r); i++) {
		struct wg_pg_peer p = { .id = wg_pg_int(r, i, 0), .beat = wg_pg_int(r, i, 1) };
		const struct wg_pg_peer *before = peer_of(pg, p.id);
		p.silent = before != NULL && before->beat == p.beat ? before->silent + 1 : 0;
		if (p.silent >= SILENT_MAX)
			code = give_up(store, p.id, err);
		else
			now[count++] = p;
	}
	PQclear(r);
	if (code == WG_OK) {
		memcpy(pg->peers, now, count * sizeof *now);
		pg->peer_count = count;
		pg->looked = true;
	}
	if (code == WG_OK && count > 0) /* what is not in work any more */
		code = wg_pg_exec_on(store, &pg->main,
		                     "DELETE FROM work k WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.seq = k.seq AND"
		                     " m.lease_owner <> 0 AND m.lease_token = k.token)",
		                     err);
	return code;
}

/* Alone, nobody reads it. One that joins meanwhile finds what was leased before it came, and waits for its end. */
enum wg_code wg_pg_node_note(struct wg_store *store, int64_t seq, int64_t token, const char *about, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	if (pg->looked && pg->peer_count == 0)
		return WG_OK;
	wg_pg_touch(pg);
	return wg_pg_send(store, PG_NOTE, WG_ARGS(wg_db_int(seq), wg_db_int(token), wg_db_text(about)), err);
}

void wg_pg_node_leave(struct wg_store *store)
{
	struct wg_pg *pg = wg_pg_of(store);
	struct wg_err err = { 0 };
	if (pg->node != 0 && !pg->open && PQstatus(pg->main.conn) == CONNECTION_OK)
		(void)give_up(store, pg->node, &err); /* otherwise the others notice */
}
