/* sql_inbox.c owns the copies that their recipients fetch: what lies ready, in the order in which all others are
 * sent; that it is handed over from the commit on that gave it away; and that it has failed when nobody fetched it in
 * time. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/damage.h"
#include "store/purge_internal.h"
#include "store/sql_text.h"

/* Deliveries that fail in one transaction. */
#define ENDED_MAX 1000

struct place {
	int64_t turn, message, seq;
};

/* Where the list goes on: behind that delivery of the same organisation. */
static enum wg_code place_of(struct wg_store *store, const char *organisation, const char *after, struct place *out,
                             struct wg_err *err)
{
	struct wg_dlv_rec d;
	struct wg_msg_rec m;
	*out = (struct place){ 0 };
	if (*after == '\0')
		return WG_OK;
	enum wg_code code = wg_delivery_by_id(store, after, &d, err);
	if (code == WG_OK && strcmp(d.organisation, organisation) != 0)
		code = wg_err_set(err, WG_NOT_FOUND, "no such delivery"); /* the same words: a stranger learns nothing */
	if (code == WG_OK)
		code = wg_message_by_seq(store, d.message, &m, err);
	if (code == WG_OK)
		*out = (struct place){ .turn = m.turn, .message = d.message, .seq = d.seq };
	return code;
}

static enum wg_code read_item(struct wg_store *store, int64_t seq, struct wg_inbox_item *out, struct wg_err *err)
{
	bool row = false;
	struct wg_inbox_item item = { .size = 0 };
	enum wg_code code = wg_db_row(store, SQL_INBOX_ITEM, WG_ARGS(wg_db_int(seq)), &row, err);
	if (code == WG_OK && row) {
		wg_db_col_text(store, SQL_INBOX_ITEM, 0, item.delivery, sizeof item.delivery);
		wg_db_col_text(store, SQL_INBOX_ITEM, 1, item.reference, sizeof item.reference);
		wg_db_col_text(store, SQL_INBOX_ITEM, 2, item.desk, sizeof item.desk);
		wg_db_col_text(store, SQL_INBOX_ITEM, 3, item.kind, sizeof item.kind);
		wg_db_col_text(store, SQL_INBOX_ITEM, 4, item.copy_hash, sizeof item.copy_hash);
		if (!wg_delivery_state_find(wg_db_col_borrow(store, SQL_INBOX_ITEM, 5), &item.state))
			code = wg_err_set(err, WG_CORRUPT, "delivery %s is in a state that does not exist", item.delivery);
		item.since = wg_db_col_int(store, SQL_INBOX_ITEM, 6);
		item.size = (uint64_t)wg_db_col_int(store, SQL_INBOX_ITEM, 7);
	}
	wg_db_end(store, SQL_INBOX_ITEM);
	if (code == WG_OK)
		*out = item;
	return code;
}

enum wg_code wg_store_inbox(struct wg_store *store, struct wg_now now, const char *organisation, const char *after,
                            unsigned max, struct wg_inbox_item **out, unsigned *count, struct wg_err *err)
{
	struct place at;
	char epoch[WG_STORE_HASH];
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	unsigned want = max < WG_STORE_INBOX_MAX ? max : WG_STORE_INBOX_MAX;
	enum wg_code code = place_of(store, organisation, after, &at, err);
	if (code == WG_OK)
		code = wg_epoch_now(store, epoch, err);
	if (code == WG_OK)
		code = wg_db_seqs(store, SQL_INBOX,
		                  WG_ARGS(wg_db_int(now.wall), wg_db_text(organisation), wg_db_text(epoch), wg_db_int(at.turn),
		                          wg_db_int(at.message), wg_db_int(at.seq), wg_db_int(want)),
		                  want, &seqs, &n, err);
	if (code != WG_OK)
		return code;
	WG_AUTO_FREE struct wg_inbox_item *list = calloc(n + 1, sizeof *list);
	if (list == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	for (size_t i = 0; code == WG_OK && i < n; i++)
		code = read_item(store, seqs[i], &list[i], err);
	if (code != WG_OK)
		return code;
	*out = wg_steal(&list);
	*count = (unsigned)n;
	return WG_OK;
}

/* ---- taking */

static bool was_fetched(enum wg_delivery_state state)
{
	return state == WG_DLV_HANDED_OVER || state == WG_DLV_RECEIVED || state == WG_DLV_OPENED ||
	       state == WG_DLV_ACKNOWLEDGED;
}

/* The first time everything counts that counts for a lease. Again: the answer was lost on its way; but not once a
 * consent has ended, or what there was to give was purged. */
static enum wg_code may_take(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *d, struct wg_err *err)
{
	static const char not_ready[] = "nothing of that id lies ready";
	char epoch[WG_STORE_HASH];
	int64_t ready = 0;
	enum wg_code code = WG_OK;
	if (was_fetched(d->state)) {
		code = wg_query_number(store, "SELECT purged_at = 0 FROM message WHERE seq = ?1",
		                       WG_ARGS(wg_db_int(d->message)), &ready, err);
		ready = ready != 0 && (d->valid_until == 0 || d->valid_until > now.wall);
	} else {
		bool row = false;
		code = wg_epoch_now(store, epoch, err);
		if (code == WG_OK)
			code = wg_db_row(store, SQL_INBOX_READY, WG_ARGS(wg_db_int(now.wall), wg_db_int(d->seq), wg_db_text(epoch)),
			                 &row, err);
		ready = code == WG_OK && row;
		wg_db_end(store, SQL_INBOX_READY);
	}
	return code == WG_OK && ready == 0 ? wg_err_set(err, WG_NOT_FOUND, "%s", not_ready) : code;
}

static enum wg_code hand_over(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *d, struct wg_err *err)
{
	if (was_fetched(d->state)) {
		const struct wg_entry entry = {
			.who = WG_WHO_INTAKE, .event = "fetched-again", .message = d->message_id, .delivery = d->id
		};
		return wg_chain_append(store, now, &entry, err);
	}
	enum wg_code code = wg_delivery_move(store, now, d, WG_DLV_HANDED_OVER, WG_WHO_INTAKE, NULL, "fetched", err);
	return code == WG_OK ? wg_query_run(store, "UPDATE delivery SET attempts = attempts + 1 WHERE seq = ?1",
	                                    WG_ARGS(wg_db_int(d->seq)), err)
	                     : code;
}

enum wg_code wg_store_inbox_take(struct wg_store *store, struct wg_now now, const char *organisation,
                                 const char *delivery, struct wg_inbox_item *item, uint8_t **envelope, size_t *len,
                                 struct wg_err *refused, struct wg_err *err)
{
	struct wg_dlv_rec d;
	WG_AUTO_FREE uint8_t *bytes = NULL;
	size_t n = 0;
	bool sound = false;
	refused->code = WG_OK;
	enum wg_code code = wg_delivery_by_id(store, delivery, &d, err);
	if (code == WG_OK && (strcmp(d.organisation, organisation) != 0 || strcmp(d.channel, "pull") != 0))
		code = wg_err_set(err, WG_NOT_FOUND, "no such delivery"); /* the same words: a stranger learns nothing */
	if (code == WG_OK)
		code = may_take(store, now, &d, err);
	if (code == WG_OK)
		code = wg_delivery_sound(store, now, d.seq, &d, &sound, &n, err);
	if (code == WG_OK && !sound)
		wg_err_set(refused, WG_AGAIN, "the stored copy is not as it was: it was dealt with");
	if (code != WG_OK || !sound)
		return code;
	code = wg_blob_get(store, d.envelope, &bytes, &n, err);
	if (code == WG_CORRUPT && wg_store_fault(store, NULL) == WG_OK && !was_fetched(d.state)) {
		wg_err_set(refused, WG_AGAIN, "the stored copy is damaged: it is made again");
		code = wg_damage_count(store, now, err);
		return code == WG_OK ? wg_delivery_seal_again(store, now, &d, err) : code;
	}
	if (code == WG_OK)
		code = hand_over(store, now, &d, err);
	if (code == WG_OK)
		code = read_item(store, d.seq, item, err);
	if (code != WG_OK)
		return code;
	*envelope = wg_steal(&bytes);
	*len = n;
	return WG_OK;
}

/* An earlier one to the same desk is not at its end (a person holds it back, perhaps): the list has never shown it. */
static enum wg_code waits_its_turn(struct wg_store *store, int64_t seq, int64_t *waits, struct wg_err *err)
{
	return wg_query_number(
		store,
		"SELECT 1 FROM delivery d JOIN delivery e ON " WG_SQL_DLV_OPEN_OF(
			"e.") " AND e.recipient ="
				  " d.recipient AND e.episode = d.episode AND (e.turn, e.message) < (d.turn, d.message)"
				  " WHERE d.seq = ?1 AND d.alarm_of IS NULL",
		WG_ARGS(wg_db_int(seq)), waits, err);
}

static enum wg_code end_one(struct wg_store *store, struct wg_now now, int64_t seq, unsigned *ended, struct wg_err *err)
{
	struct wg_dlv_rec d;
	int64_t waits = 0;
	enum wg_code code = wg_delivery_by_seq(store, seq, &d, err);
	if (code == WG_OK)
		code = waits_its_turn(store, seq, &waits, err);
	if (code == WG_OK && waits != 0) /* as much time as by a retry */
		return wg_db_run(store, SQL_DLV_DUE, WG_ARGS(wg_db_int(seq), wg_db_int(now.wall + WG_STORE_RETRY_MS)), err);
	if (code == WG_OK)
		code = wg_delivery_move(store, now, &d, WG_DLV_FAILED, WG_WHO_STORE, NULL,
		                        "nobody fetched it, and its deadline is over", err);
	*ended += code == WG_OK;
	return code;
}

/* What is decided again anyway is left alone: who did not fetch the old copy may fetch the new one. */
enum wg_code wg_store_deadlines_end(struct wg_store *store, struct wg_now now, unsigned *ended, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	unsigned failed = 0;
	char epoch[WG_STORE_HASH];
	enum wg_code code = wg_epoch_now(store, epoch, err);
	if (code == WG_OK)
		code = wg_db_seqs(store, SQL_DLV_UNFETCHED, WG_ARGS(wg_db_int(now.wall), wg_db_text(epoch)), ENDED_MAX, &seqs,
		                  &n, err);
	for (size_t i = 0; code == WG_OK && i < n; i++)
		code = end_one(store, now, seqs[i], &failed, err);
	*ended = code == WG_OK ? failed : 0;
	return code;
}
