/* sql_restored.c owns what a store that was put back from a backup is told of itself. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/keys_internal.h"
#include "store/purge_internal.h"
#include "store/restore.h"

static enum wg_code hold_one(struct wg_store *store, struct wg_now now, const struct wg_act *act, int64_t seq,
                             struct wg_err *err)
{
	struct wg_dlv_rec d;
	enum wg_code code = wg_delivery_by_seq(store, seq, &d, err);
	if (code == WG_OK)
		code = wg_act_move(store, now, act, &d, WG_DLV_HELD, err);
	if (code == WG_OK)
		code =
			wg_db_run(store, SQL_DLV_HOLD, WG_ARGS(wg_db_int(seq), wg_db_text(wg_delivery_state_name(d.state))), err);
	return code == WG_OK
	           ? wg_query_run(store, "UPDATE delivery SET maybe = 1 WHERE seq = ?1", WG_ARGS(wg_db_int(seq)), err)
	           : code;
}

/* All that could leave without a person; an alarm goes to our own people and waits for nobody. */
static enum wg_code hold_open(struct wg_store *store, struct wg_now now, const struct wg_act *act, uint64_t *held,
                              struct wg_err *err)
{
	WG_AUTO_QUERY struct wg_query q = { 0 };
	WG_AUTO_FREE int64_t *seqs = NULL;
	int64_t n = 0, i = 0;
	bool row = true;
#define OPEN "FROM delivery WHERE state IN ('decided', 'sealed', 'deferred') AND alarm_of IS NULL"
	enum wg_code code = wg_query_number(store, "SELECT count(*) " OPEN, NULL, 0, &n, err);
	if (code == WG_OK && (seqs = calloc((size_t)n + 1, sizeof *seqs)) == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	if (code == WG_OK)
		code = wg_query_open(&q, store, "SELECT seq " OPEN " ORDER BY seq", NULL, 0, err);
	while (code == WG_OK && i < n) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		seqs[i++] = wg_query_int(&q, 0);
	}
	wg_query_end(&q); /* no statement is in its rows when rows change */
	q = (struct wg_query){ 0 };
	for (int64_t k = 0; code == WG_OK && k < i; k++)
		code = hold_one(store, now, act, seqs[k], err);
	*held = (uint64_t)i;
	return code;
}

static enum wg_code tell(struct wg_store *store, struct wg_now now, const struct wg_act *act, struct wg_err *err)
{
	int64_t through = 0;
	char text[24];
	const struct wg_entry entry = { .who = WG_WHO_ADMIN, .person = act->who, .event = "restored", .detail = act->why };
	enum wg_code code = wg_chain_append(store, now, &entry, err);
	if (code == WG_OK)
		code = wg_query_number(store, "SELECT coalesce(max(seq), 0) FROM message", NULL, 0, &through, err);
	(void)snprintf(text, sizeof text, "%" PRId64, through); /* 20 bytes at most */
	return code == WG_OK
	           ? wg_db_run(store, SQL_META_PUT, WG_ARGS(wg_db_text("restored-through"), wg_db_text(text)), err)
	           : code;
}

enum wg_code wg_store_restored(struct wg_store *store, struct wg_now now, const char *who, const char *words,
                               uint64_t *held, struct wg_err *err)
{
	const struct wg_act act = { "restored", who, words };
	unsigned lost = 0;
	uint64_t n = 0;
	enum wg_code code = wg_store_begin(store, err);
	if (code != WG_OK)
		return code;
	store->keys->older = true; /* the keys may be newer: what they no longer have was purged since */
	code = wg_store_recover(store, now, &lost, err);
	if (code == WG_OK)
		code = tell(store, now, &act, err);
	if (code == WG_OK)
		code = hold_open(store, now, &act, &n, err);
	if (code != WG_OK) {
		wg_store_rollback(store);
		return code;
	}
	code = wg_store_commit(store, err);
	if (code == WG_OK)
		*held = n;
	return code;
}
