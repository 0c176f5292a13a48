/* sqlite_delivery.c owns a delivery's row and its moves; each move writes its log entry. */
#include <stdio.h>
#include <string.h>

#include "store/sqlite_internal.h"

static enum wg_code read_row(struct wg_store *store, enum wg_sql id, struct wg_dlv_rec *out, struct wg_err *err)
{
	struct wg_dlv_rec d = {
		.seq = wg_db_col_int(store, id, 0),
		.message = wg_db_col_int(store, id, 1),
		.held_from = WG_DLV_SEALED,
		.envelope = wg_db_col_int(store, id, 11),
		.deadline = wg_db_col_int(store, id, 12),
		.next = wg_db_col_int(store, id, 13),
		.attempts = (unsigned)wg_db_col_int(store, id, 14),
		.maybe = wg_db_col_int(store, id, 15) != 0,
		.owner = (uint64_t)wg_db_col_int(store, id, 16),
		.token = (uint64_t)wg_db_col_int(store, id, 17),
	};
	wg_db_col_text(store, id, 2, d.id, sizeof d.id);
	wg_db_col_text(store, id, 3, d.message_id, sizeof d.message_id);
	wg_db_col_text(store, id, 4, d.organisation, sizeof d.organisation);
	wg_db_col_text(store, id, 5, d.desk, sizeof d.desk);
	wg_db_col_text(store, id, 6, d.role, sizeof d.role);
	wg_db_col_text(store, id, 7, d.channel, sizeof d.channel);
	wg_db_col_text(store, id, 10, d.epoch, sizeof d.epoch);
	const char *held = wg_db_col_borrow(store, id, 9);
	if (!wg_delivery_state_find(wg_db_col_borrow(store, id, 8), &d.state) ||
	    (*held != '\0' && !wg_delivery_state_find(held, &d.held_from)))
		return wg_err_set(err, WG_CORRUPT, "delivery %s is in a state that does not exist", d.id);
	*out = d;
	return WG_OK;
}

static enum wg_code find(struct wg_store *store, enum wg_sql id, struct wg_arg key, struct wg_dlv_rec *out,
                         struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, id, &key, 1, &row, err);
	if (code == WG_OK)
		code = row ? read_row(store, id, out, err) : wg_err_set(err, WG_NOT_FOUND, "no such delivery");
	wg_db_end(store, id);
	return code;
}

enum wg_code wg_delivery_by_id(struct wg_store *store, const char *id, struct wg_dlv_rec *out, struct wg_err *err)
{
	return find(store, SQL_DLV_BY_ID, wg_db_text(id), out, err);
}

enum wg_code wg_delivery_by_seq(struct wg_store *store, int64_t seq, struct wg_dlv_rec *out, struct wg_err *err)
{
	return find(store, SQL_DLV_BY_SEQ, wg_db_int(seq), out, err);
}

enum wg_code wg_delivery_move(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv,
                              enum wg_delivery_state to, enum wg_states_who who, const char *person, const char *reason,
                              struct wg_err *err)
{
	const char *name = wg_delivery_state_name(to);
	if (!wg_delivery_may((int)dlv->state, to, who))
		return wg_err_set(err, WG_REJECT, "a delivery that is %s cannot become %s by %s",
		                  wg_delivery_state_name(dlv->state), name, wg_states_who_name(who));
	enum wg_code code =
		wg_db_run(store, SQL_DLV_STATE,
	              WG_ARGS(wg_db_int(dlv->seq), wg_db_text(name), wg_db_int(now.wall), wg_db_text_or_null(reason)), err);
	if (code != WG_OK)
		return code;
	const struct wg_entry entry = { .who = who,
		                            .person = person,
		                            .event = name,
		                            .message = dlv->message_id,
		                            .delivery = dlv->id,
		                            .state = name,
		                            .detail = reason };
	return wg_chain_append(store, now, &entry, err);
}

enum wg_code wg_delivery_end(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv,
                             const struct wg_dlv_outcome *outcome, struct wg_err *err)
{
	bool waits = outcome->state == WG_DLV_DEFERRED;
	enum wg_code code = wg_delivery_move(store, now, dlv, outcome->state, outcome->who, NULL, outcome->detail, err);
	if (code == WG_OK)
		code = wg_db_run(store, SQL_DLV_END,
		                 WG_ARGS(wg_db_int(dlv->seq), wg_db_int(waits ? now.wall + outcome->wait_ms : 0),
		                         wg_db_int(waits ? outcome->wait_ms : 0), wg_db_int(outcome->maybe),
		                         wg_db_text_or_null(outcome->receipt)),
		                 err);
	/* Decided under an older epoch while it was under way: now that it waits it has to be decided again. */
	char epoch[WG_STORE_HASH];
	if (code == WG_OK && waits)
		code = wg_epoch_now(store, epoch, err);
	if (code == WG_OK && waits && strcmp(epoch, dlv->epoch) != 0)
		code = wg_message_again(store, now, dlv->message, "policy or directory changed", err);
	return code;
}

enum wg_code wg_delivery_missed(struct wg_store *store, struct wg_now now, int64_t seq, struct wg_err *err)
{
	struct wg_dlv_rec dlv;
	enum wg_code code = wg_delivery_by_seq(store, seq, &dlv, err);
	if (code != WG_OK)
		return code;
	int64_t wait = WG_STORE_LOST_WAIT_MS;
	for (unsigned i = 0; i < dlv.attempts && wait < WG_STORE_LOST_WAIT_MAX_MS; i++)
		wait *= 2;
	if (wait > WG_STORE_LOST_WAIT_MAX_MS)
		wait = WG_STORE_LOST_WAIT_MAX_MS;
	const struct wg_dlv_outcome outcome = { .state = WG_DLV_DEFERRED,
		                                    .who = WG_WHO_STORE,
		                                    .wait_ms = wait,
		                                    .maybe = true,
		                                    .detail = "the attempt ended without a report: it may have arrived" };
	return wg_delivery_end(store, now, &dlv, &outcome, err);
}
