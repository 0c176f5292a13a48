/* pg_again.c owns what follows when the way to the database was lost: a new connection to whichever of the hosts takes
 * writing, and the answer to the one question that the old one left open: a COMMIT that was sent and not answered, is
 * it there?
 *
 * Whoever committed left its turn's number and its own in the row of `writer`, in the same transaction; others that
 * wrote since have overwritten it, and then the log tells: its entries are chained, so the entry of a number and a hash
 * is there or another is in its place. What wrote no entry is taken for not there: leases, at worst, that nobody has
 * and that run out. The question is put with the turn to write, which the old transaction, should the server still have
 * it, keeps until it has ended one way or the other. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/pg_internal.h"

static void drop(struct wg_store *store)
{
	struct wg_pg *pg = wg_pg_of(store);
	struct wg_pg_pipe *const pipes[] = { &pg->main, &pg->keys };
	for (size_t i = 0; i < 2; i++) {
		wg_pg_hang_up(&pipes[i]->conn);
		pipes[i]->count = 0;
	}
	for (int i = 0; i < PG_COUNT; i++) {
		PQclear(pg->stmt[i].rows);
		pg->stmt[i].rows = NULL;
		pg->stmt[i].at = pg->stmt[i].count = 0;
		pg->stmt[i].ready = false;
	}
	for (int i = 0; i < KEYS_COUNT; i++)
		pg->key_stmt[i].ready = false;
	for (int i = 0; i < WG_PG_IDS; i++)
		pg->pool[i] = (struct wg_pg_pool){ .next = 0 };
	for (int i = 0; i < WG_PG_GATHERED; i++)
		pg->gather[i].stmt.ready = false;
	pg->asks.stmt.ready = false;
	wg_pg_gather_drop(pg);
	wg_pg_memo_clear(pg);
	pg->open = pg->keys_open = pg->touched = false;
	pg->marks = 0;
	pg->broken = (struct wg_err){ 0 };
	pg->peer_count = 0;
	pg->looked = false;
}

static enum wg_code log_has(struct wg_store *store, bool *has, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	struct wg_pg_args args;
	(void)wg_pg_bind(&args, WG_ARGS(wg_db_int(pg->asked_seq), wg_db_text(pg->asked_hash))); /* two */
	PGresult *r = wg_pg_ask_with(pg, pg->main.conn, "SELECT 1 FROM log WHERE seq = $1 AND hash = $2", &args);
	enum wg_code code =
		PQresultStatus(r) == PGRES_TUPLES_OK ? WG_OK : wg_pg_fail(store, pg->main.conn, r, "the log", err);
	*has = code == WG_OK && PQntuples(r) == 1;
	PQclear(r);
	return code;
}

/* Inside a transaction that has the turn. */
static enum wg_code judge(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	int64_t turn = 0, node = 0;
	bool there = false;
	enum wg_code code = wg_pg_number_on(store, &pg->main, "SELECT turn FROM writer", &turn, err);
	if (code == WG_OK)
		code = wg_pg_number_on(store, &pg->main, "SELECT node FROM writer", &node, err);
	if (code == WG_OK && turn == pg->asked_turn)
		there = node == pg->node;
	else if (code == WG_OK && turn > pg->asked_turn && pg->asked_seq != 0)
		code = log_has(store, &there, err);
	if (code == WG_OK) {
		store->committed = there;
		store->unanswered = false;
	}
	return code;
}

/* The turn to write can be had: as long as it cannot, because another node stands still with it or a standby does not
 * say that it has what was committed, the database is as good as not there. */
static enum wg_code take_turn(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	char sql[160];
	(void)snprintf(sql, sizeof sql, "BEGIN; SET LOCAL lock_timeout = '1s'; %s", wg_pg_sql(PG_LOCK)); /* it fits */
	enum wg_code code = wg_pg_exec_on(store, &pg->main, sql, err);
	if (code == WG_OK && store->unanswered)
		code = judge(store, err);
	return code == WG_OK ? wg_pg_exec_on(store, &pg->main, "ROLLBACK", err) : code;
}

enum wg_code wg_pg_reconnect(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	if (!pg->reach.under_way)
		drop(store);
	enum wg_code code = wg_pg_reach(pg, err);
	if (code != WG_OK) { /* the fault of before stays */
		if (err != NULL)
			err->code = WG_AGAIN;
		return WG_AGAIN;
	}
	store->fault = (struct wg_err){ 0 };
	store->lost = store->full = false;
	if (pg->hurried)
		code = wg_pg_hurry(store, err);
	if (code == WG_OK)
		code = take_turn(store, err);
	if (code == WG_OK)
		code = wg_pg_node_resume(store, err);
	pg->turn = -1; /* no turn has this number: everything is read again */
	return code;
}
