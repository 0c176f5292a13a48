/* pg_turn.c owns the transaction: the turn to write, marks, and what is done when something that was sent has failed.
 *
 * Nobody waits for what gives no rows, so a failure is noticed later than it happened. Inside a mark that is no matter:
 * the mark's end waits. Where store->eager says so no mark is sent, nobody waits, and what is noticed then may be a
 * request's long before: the whole transaction is given up and done again, request by request (store->repeat). That is
 * rare: the statements themselves are ours, and whether they may be asked was asked before. So it is for a request that
 * fails by itself after it has written something. What rows refer to is looked for at
 * that late hour too (pg_schema.c: once for each row, whatever was done to it), and at once where each request is
 * judged at its own end. */
#include <stdio.h>
#include <string.h>

#include "store/keys_internal.h"
#include "store/pg_internal.h"

enum wg_code wg_pg_spoil(struct wg_store *store, enum wg_code code, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	if (store->fault.code != WG_OK)
		return wg_store_fault(store, err);
	if (pg->broken.code == WG_OK && err != NULL)
		pg->broken = *err;
	pg->broken.code = code;
	if (err != NULL)
		*err = pg->broken;
	if (!store->eager)
		return code;
	store->repeat = true;
	return wg_err_set(err, WG_AGAIN, "once more, one request after the other: %.200s", pg->broken.text);
}

static enum wg_code settle(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	enum wg_code code = wg_pg_pipe_settle(store, &pg->main, NULL, err);
	return code != WG_OK && pg->open && pg->broken.code == WG_OK ? wg_pg_spoil(store, code, err) : code;
}

void wg_pg_touch(struct wg_pg *pg)
{
	pg->wrote = pg->touched = true;
}

/* ---- numbers of rows */

enum wg_code wg_pg_next_id(struct wg_store *store, int table, int64_t *out, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	struct wg_pg_pool *pool = &pg->pool[table];
	if (pool->next < pool->count) {
		*out = pool->ids[pool->next++];
		return WG_OK;
	}
	PGresult *r = NULL;
	pool->want = pool->want == 0 ? 4 : pool->want < WG_PG_POOL_MAX ? 2 * pool->want : WG_PG_POOL_MAX;
	pool->next = pool->count = 0;
	enum wg_code code = wg_pg_send(store, PG_IDS + table, WG_ARGS(wg_db_int(pool->want)), err);
	if (code == WG_OK)
		code = wg_pg_pipe_settle(store, &pg->main, &r, err);
	for (int i = 0; code == WG_OK && i < PQntuples(r) && i < WG_PG_POOL_MAX; i++)
		pool->ids[pool->count++] = wg_pg_int(r, i, 0);
	PQclear(r);
	if (code == WG_OK && pool->count == 0)
		code = wg_err_set(err, WG_CORRUPT, "the database gives no more numbers");
	if (code == WG_OK && pg->open)
		*out = pool->ids[pool->next++];
	else if (code == WG_OK) { /* without the turn others take theirs meanwhile */
		*out = pool->ids[0];
		pool->count = 0;
	}
	return code;
}

static void forget(struct wg_pg *pg)
{
	wg_pg_memo_clear(pg);
	for (int i = 0; i < WG_PG_IDS; i++)
		pg->pool[i] = (struct wg_pg_pool){ .next = 0 };
}

/* ---- the transaction */

enum wg_code wg_pg_be_certain(struct wg_store *store, struct wg_err *err)
{
	return wg_pg_of(store)->certain ? WG_OK : settle(store, err);
}

/* The turn to write: until the transaction ends nobody else has it. When the number is not as this process left it
 * another node wrote: what is in memory is read again, and what that node left half done is finished. Who seems to be
 * alone, and can do all again, does not wait for the number: where it is another, all that follows fails. */
static enum wg_code begin(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	PGresult *r = NULL;
	pg->open = false;
	pg->wrote = pg->logged = pg->touched = store->repeat = false;
	pg->marks = 0;
	pg->broken = (struct wg_err){ 0 };
	wg_pg_ahead_drop(pg, NULL); /* of the transaction before */
	wg_pg_gather_drop(pg);
	enum wg_code code = wg_pg_send(store, SQL_BEGIN, NULL, 0, err);
	if (code == WG_OK)
		code = wg_pg_send(store, PG_LOCK, NULL, 0, err);
	if (code == WG_OK && !store->eager)
		code = wg_pg_send(store, PG_AT_ONCE, NULL, 0, err);
	pg->certain = !store->eager || !pg->looked || pg->peer_count > 0;
	if (code == WG_OK && !pg->certain)
		code = wg_pg_send(store, PG_TURN_SAME, WG_ARGS(wg_db_int(pg->turn)), err);
	else if (code == WG_OK)
		code = wg_pg_send(store, PG_TURN, NULL, 0, err);
	pg->open = true;
	if (!pg->certain)
		return code;
	if (code == WG_OK)
		code = wg_pg_pipe_settle(store, &pg->main, &r, err);
	const int64_t turn = PQntuples(r) > 0 ? wg_pg_int(r, 0, 0) : 0;
	PQclear(r);
	if (code == WG_OK && turn != pg->turn) {
		forget(pg);
		code = wg_keys_again(store, err);
	}
	pg->turn = turn;
	return code;
}

/* Of one in which nothing was written nobody waits for the end: it holds up the other nodes no longer than its way to
 * the server takes. */
static enum wg_code commit(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	PGresult *r = NULL;
	enum wg_code code = WG_OK;
	if (pg->broken.code != WG_OK)
		return wg_pg_spoil(store, pg->broken.code, err);
	code = pg->wrote ? WG_OK : wg_pg_be_certain(store, err); /* else its end says so */
	if (code == WG_OK && pg->wrote)
		code = wg_pg_send(store, PG_TURN_PUT, WG_ARGS(wg_db_int(pg->turn + 1), wg_db_int(pg->node)), err);
	if (code == WG_OK)
		code = wg_pg_send(store, SQL_COMMIT, NULL, 0, err);
	if (!pg->wrote && code != WG_OK)
		return code;
	if (!pg->wrote) {
		pg->open = false;
		return wg_pg_pipe_flush(store, &pg->main, err);
	}
	store->unanswered = true;
	pg->asked_turn = pg->turn + 1;
	pg->asked_seq = pg->logged && pg->memo.head_known ? pg->memo.head_seq : 0;
	memcpy(pg->asked_hash, pg->memo.head_hash, sizeof pg->asked_hash);
	if (code == WG_OK)
		code = wg_pg_pipe_settle(store, &pg->main, &r, err);
	store->unanswered = store->lost; /* an error is an answer */
	/* of a transaction that had failed, it says ROLLBACK */
	if (code == WG_OK && strcmp(PQcmdStatus(r), "COMMIT") != 0)
		code = wg_err_set(err, WG_SYSTEM, "the database answered COMMIT with %.40s", PQcmdStatus(r));
	PQclear(r);
	if (code != WG_OK)
		return wg_pg_spoil(store, code, err);
	pg->turn++;
	pg->open = false;
	if (pg->hurried)
		pg->patience = pg->answer_ms; /* it works again as it should */
	return WG_OK;
}

static enum wg_code rollback(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	struct wg_err spoilt = { 0 };
	pg->open = false;
	pg->broken = (struct wg_err){ 0 };
	wg_pg_memo_clear(pg);
	wg_pg_gather_drop(pg);
	enum wg_code code = wg_pg_pipe_settle(store, &pg->main, NULL, &spoilt); /* whatever: it is given up */
	code = wg_store_fault(store, err);
	if (code == WG_OK)
		code = wg_pg_send(store, SQL_ROLLBACK, NULL, 0, err);
	return code == WG_OK ? wg_pg_pipe_settle(store, &pg->main, NULL, err) : code;
}

/* ---- marks: each is a transaction of its own to the server */

static enum wg_code mark(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	pg->marks++;
	pg->touched = false;
	return store->eager ? WG_OK : wg_pg_send(store, SQL_MARK, NULL, 0, err);
}

static enum wg_code keep(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	enum wg_code code = pg->broken.code != WG_OK ? wg_pg_spoil(store, pg->broken.code, err) : WG_OK;
	if (code == WG_OK && !store->eager)
		code = wg_pg_send(store, SQL_KEEP, NULL, 0, err);
	if (code == WG_OK && !store->eager)
		code = settle(store, err);
	pg->marks -= code == WG_OK;
	return code;
}

static enum wg_code undo(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	struct wg_err spoilt = { 0 };
	if (store->eager && !pg->touched && pg->broken.code == WG_OK)
		return WG_OK;
	if (store->eager)
		return wg_pg_spoil(store, wg_err_set(err, WG_AGAIN, "a request had written something before it failed"), err);
	wg_pg_memo_clear(pg);
	wg_pg_gather_drop(pg); /* what stood before the mark was sent before it */
	enum wg_code code = wg_pg_pipe_settle(store, &pg->main, NULL, &spoilt); /* whatever: it is given up */
	code = wg_store_fault(store, err);
	if (code != WG_OK)
		return code;
	pg->broken = (struct wg_err){ 0 };
	return wg_pg_send(store, SQL_UNDO, NULL, 0, err);
}

enum wg_code wg_pg_transact(struct wg_store *store, enum wg_sql what, struct wg_err *err)
{
	switch ((int)what) {
	case SQL_BEGIN:
		return begin(store, err);
	case SQL_COMMIT:
		return commit(store, err);
	case SQL_ROLLBACK:
		return rollback(store, err);
	case SQL_MARK:
		return mark(store, err);
	case SQL_KEEP:
		return keep(store, err);
	default:
		return undo(store, err);
	}
}
