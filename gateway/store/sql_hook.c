/* sql_hook.c owns the webhooks of desks that fetch their copies: which are due, and what became of one. They are
 * made and ended with the moves of their delivery (sql_follow.c): what was fetched needs none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/purge_internal.h"
#include "store/sql_text.h"

/* After a webhook that was not taken: how long the desk's others wait. Short: it may have been this one's fault. */
#define PAUSE_MS 30000

enum wg_code wg_store_hooks(struct wg_store *store, struct wg_now now, unsigned max, struct wg_hook **out,
                            unsigned *count, struct wg_err *err)
{
	unsigned n = 0, want = max < WG_STORE_HOOKS_MAX ? max : WG_STORE_HOOKS_MAX;
	char epoch[WG_STORE_HASH];
	bool row = true;
	WG_AUTO_FREE struct wg_hook *list = calloc((size_t)want + 1, sizeof *list);
	if (list == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code = wg_epoch_now(store, epoch, err);
	if (code == WG_OK)
		code = wg_db_query(store, SQL_HOOKS, WG_ARGS(wg_db_int(now.wall), wg_db_text(epoch), wg_db_int(want)), err);
	while (code == WG_OK && n < want) {
		code = wg_db_step(store, SQL_HOOKS, &row, err);
		if (code != WG_OK || !row)
			break;
		struct wg_hook *h = &list[n++];
		wg_db_col_text(store, SQL_HOOKS, 0, h->organisation, sizeof h->organisation);
		wg_db_col_text(store, SQL_HOOKS, 1, h->desk, sizeof h->desk);
		wg_db_col_text(store, SQL_HOOKS, 2, h->delivery, sizeof h->delivery);
		wg_db_col_text(store, SQL_HOOKS, 3, h->reference, sizeof h->reference);
		wg_db_col_text(store, SQL_HOOKS, 4, h->kind, sizeof h->kind);
		h->token = (uint64_t)wg_db_col_int(store, SQL_HOOKS, 5);
		h->attempts = (unsigned)wg_db_col_int(store, SQL_HOOKS, 6);
	}
	wg_db_end(store, SQL_HOOKS);
	if (code != WG_OK)
		return code;
	*out = wg_steal(&list);
	*count = n;
	return WG_OK;
}

/* Whoever did not answer once is not asked about everything else at once: one desk that is down must not take the turn
 * of all the others. */
static enum wg_code pause_desk(struct wg_store *store, const struct wg_dlv_rec *d, int64_t until, struct wg_err *err)
{
	return wg_query_run(store,
	                    "UPDATE hook SET due = ?3 WHERE due < ?3 AND delivery IN (SELECT seq FROM delivery WHERE"
	                    " organisation = ?1 AND desk = ?2 AND " WG_SQL_DLV_PULL ")",
	                    WG_ARGS(wg_db_text(d->organisation), wg_db_text(d->desk), wg_db_int(until)), err);
}

enum wg_code wg_store_hook_done(struct wg_store *store, struct wg_now now, const char *delivery, uint64_t token,
                                enum wg_hook_outcome outcome, unsigned wait_ms, struct wg_err *err)
{
	struct wg_dlv_rec d;
	int64_t found = 0;
	enum wg_code code = wg_delivery_by_id(store, delivery, &d, err);
	if (code == WG_OK)
		code = wg_query_number(store, "SELECT 1 FROM hook WHERE delivery = ?1 AND token = ?2 AND due IS NOT NULL",
		                       WG_ARGS(wg_db_int(d.seq), wg_db_int((int64_t)token)), &found, err);
	if (code == WG_OK && found == 0)
		code = wg_err_set(err, WG_NOT_FOUND, "that webhook is over: the copy was fetched, or another has told it");
	if (code == WG_OK)
		code = wg_query_run(
			store, "UPDATE hook SET due = ?2, attempts = attempts + 1, token = token + 1 WHERE delivery = ?1",
			WG_ARGS(wg_db_int(d.seq), wg_db_ref(outcome == WG_HOOK_AGAIN ? now.wall + wait_ms : 0)), err);
	if (code == WG_OK && outcome == WG_HOOK_AGAIN)
		code = pause_desk(store, &d, now.wall + (wait_ms < PAUSE_MS ? wait_ms : PAUSE_MS), err);
	if (code != WG_OK || outcome == WG_HOOK_AGAIN)
		return code;
	const struct wg_entry entry = { .who = WG_WHO_DELIVER,
		                            .event = "webhook",
		                            .message = d.message_id,
		                            .delivery = d.id,
		                            .detail = outcome == WG_HOOK_TOLD ? "told" : "gone: not told any more" };
	return wg_chain_append(store, now, &entry, err);
}

/* Ids sort by the time at which they were made. */
enum wg_code wg_store_awaited(struct wg_store *store, const char *channel, const char *after, unsigned max,
                              struct wg_awaited **out, unsigned *count, struct wg_err *err)
{
	unsigned n = 0, want = max < WG_STORE_AWAITED_MAX ? max : WG_STORE_AWAITED_MAX;
	bool row = true;
	WG_AUTO_QUERY struct wg_query q = { 0 };
	WG_AUTO_FREE struct wg_awaited *list = calloc((size_t)want + 1, sizeof *list);
	if (list == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code = wg_query_open(&q, store,
	                                  "SELECT id, reference, receipt FROM delivery WHERE " WG_SQL_DLV_UNCONFIRMED
	                                  " AND state = 'handed-over' AND channel = ?1 AND id > ?2 AND receipt <> ''"
	                                  " ORDER BY id LIMIT ?3",
	                                  WG_ARGS(wg_db_text(channel), wg_db_text(after), wg_db_int(want)), err);
	while (code == WG_OK && n < want) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		(void)snprintf(list[n].delivery, sizeof list[n].delivery, "%s", wg_query_text(&q, 0)); /* as they were put in */
		(void)snprintf(list[n].reference, sizeof list[n].reference, "%s", wg_query_text(&q, 1));
		(void)snprintf(list[n].receipt, sizeof list[n].receipt, "%s", wg_query_text(&q, 2));
		n++;
	}
	if (code != WG_OK)
		return code;
	*out = wg_steal(&list);
	*count = n;
	return WG_OK;
}
