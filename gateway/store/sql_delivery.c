/* sql_delivery.c owns a delivery's row and its moves; each move writes its log entry. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql_internal.h"

static const char settled[] = "what it warned of is settled";

/* In review, or held: of what is held from another state there is no alarm. */
static bool waits_for_person(enum wg_delivery_state state)
{
	return state == WG_DLV_REVIEW || state == WG_DLV_HELD;
}

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
		.due = wg_db_col_int(store, id, 20),
		.second_person = wg_db_col_int(store, id, 21) != 0,
		.alarm_of = wg_db_col_int(store, id, 23),
		.overrides = wg_db_col_int(store, id, 24) != 0,
		.seen = wg_db_col_int(store, id, 25) != 0,
		.stale = wg_db_col_int(store, id, 26) != 0,
		.valid_until = wg_db_col_int(store, id, 27),
		.hook = wg_db_col_int(store, id, 31) != 0,
		.pending = (int)wg_db_col_int(store, id, 32),
		.since = wg_db_col_int(store, id, 33),
		.not_before = wg_db_col_int(store, id, 34),
		.known = wg_db_col_int(store, id, 35) != 0,
	};
	wg_db_col_text(store, id, 2, d.id, sizeof d.id);
	wg_db_col_text(store, id, 3, d.message_id, sizeof d.message_id);
	wg_db_col_text(store, id, 4, d.organisation, sizeof d.organisation);
	wg_db_col_text(store, id, 5, d.desk, sizeof d.desk);
	wg_db_col_text(store, id, 6, d.role, sizeof d.role);
	wg_db_col_text(store, id, 7, d.channel, sizeof d.channel);
	wg_db_col_text(store, id, 10, d.epoch, sizeof d.epoch);
	wg_db_col_text(store, id, 18, d.of, sizeof d.of);
	wg_db_col_text(store, id, 19, d.reason, sizeof d.reason);
	wg_db_col_text(store, id, 22, d.released_by, sizeof d.released_by);
	wg_db_col_text(store, id, 28, d.reference, sizeof d.reference);
	wg_db_col_text(store, id, 29, d.copy_hash, sizeof d.copy_hash);
	wg_db_col_text(store, id, 30, d.confirm, sizeof d.confirm);
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

void wg_delivery_ahead(struct wg_store *store, const char *id)
{
	wg_db_ahead(store, SQL_DLV_BY_ID, WG_ARGS(wg_db_text(id)));
}

enum wg_code wg_delivery_by_id(struct wg_store *store, const char *id, struct wg_dlv_rec *out, struct wg_err *err)
{
	return find(store, SQL_DLV_BY_ID, wg_db_text(id), out, err);
}

enum wg_code wg_delivery_by_seq(struct wg_store *store, int64_t seq, struct wg_dlv_rec *out, struct wg_err *err)
{
	return find(store, SQL_DLV_BY_SEQ, wg_db_int(seq), out, err);
}

/* The review is settled: its alarms that have not gone out are not needed any more. */
static enum wg_code recall_alarms(struct wg_store *store, struct wg_now now, int64_t seq, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	enum wg_code code = wg_db_seqs(store, SQL_DLV_ALARMS, WG_ARGS(wg_db_int(seq)), SIZE_MAX, &seqs, &n, err);
	for (size_t i = 0; code == WG_OK && i < n; i++) {
		struct wg_dlv_rec alarm = { 0 };
		code = wg_delivery_by_seq(store, seqs[i], &alarm, err);
		if (code == WG_OK && wg_delivery_may((int)alarm.state, WG_DLV_RECALLED, WG_WHO_STORE))
			code = wg_delivery_move(store, now, &alarm, WG_DLV_RECALLED, WG_WHO_STORE, NULL, settled, err);
	}
	return code;
}

/* A move, and what of the row changes with it by the same statement. */
struct move {
	enum wg_delivery_state to;
	enum wg_states_who who;
	const char *person, *reason, *logged;
	enum wg_sql sql;       /* one of those that begin with what every move leaves: SQL_DLV_STATE, _LEASE, _END */
	struct wg_arg more[4]; /* what it takes beside that */
	size_t more_count;
};

static enum wg_code move_row(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv,
                             const struct move *m, struct wg_err *err)
{
	const struct wg_reached r = wg_delivery_reaches(now, dlv, m->to);
	struct wg_arg args[8 + WG_COUNT(m->more)] = { wg_db_int(dlv->seq),   wg_db_text(wg_delivery_state_name(m->to)),
		                                          wg_db_int(now.wall),   wg_db_text_or_null(m->reason),
		                                          wg_db_int(r.ready),    wg_db_int(r.handed),
		                                          wg_db_int(r.received), wg_db_int(r.acknowledged) };
	memcpy(args + 8, m->more, m->more_count * sizeof *args);
	return wg_db_run(store, m->sql, args, 8 + m->more_count, err);
}

static enum wg_code move(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv, const struct move *m,
                         struct wg_err *err)
{
	const char *name = wg_delivery_state_name(m->to);
	if (!wg_delivery_may((int)dlv->state, m->to, m->who))
		return wg_err_set(err, WG_REJECT, "a delivery that is %s cannot become %s by %s",
		                  wg_delivery_state_name(dlv->state), name, wg_states_who_name(m->who));
	enum wg_code code = move_row(store, now, dlv, m, err);
	const struct wg_counted_dlv counted = { .organisation = dlv->organisation,
		                                    .desk = dlv->desk,
		                                    .channel = dlv->channel,
		                                    .confirm = dlv->confirm[0] != '\0' };
	if (code == WG_OK)
		code = wg_count_delivery(store, &counted, (int)dlv->state, m->to, err);
	if (code != WG_OK)
		return code;
	const struct wg_entry entry = { .who = m->who,
		                            .person = m->person,
		                            .event = name,
		                            .message = dlv->message_id,
		                            .delivery = dlv->id,
		                            .state = name,
		                            .detail = m->logged };
	code = wg_chain_append(store, now, &entry, err);
	if (code == WG_OK)
		code = wg_delivery_follow(store, now, dlv, m->to, err);
	if (code == WG_OK && waits_for_person(dlv->state) && !waits_for_person(m->to))
		code = recall_alarms(store, now, dlv->seq, err);
	return code;
}

enum wg_code wg_delivery_move(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv,
                              enum wg_delivery_state to, enum wg_states_who who, const char *person, const char *reason,
                              struct wg_err *err)
{
	return wg_delivery_move_words(store, now, dlv, to, who, person, reason, reason, err);
}

enum wg_code wg_delivery_move_words(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv,
                                    enum wg_delivery_state to, enum wg_states_who who, const char *person,
                                    const char *reason, const char *logged, struct wg_err *err)
{
	const struct move m = {
		.to = to, .who = who, .person = person, .reason = reason, .logged = logged, .sql = SQL_DLV_STATE
	};
	return move(store, now, dlv, &m, err);
}

enum wg_code wg_delivery_begin(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv, uint64_t owner,
                               struct wg_err *err)
{
	const struct move m = { .to = WG_DLV_SENDING,
		                    .who = WG_WHO_DELIVER,
		                    .sql = SQL_DLV_LEASE,
		                    .more = { wg_db_int((int64_t)owner), wg_db_int(now.steady + WG_STORE_LEASE_DELIVERY_MS) },
		                    .more_count = 2 };
	return move(store, now, dlv, &m, err);
}

enum wg_code wg_delivery_pointless(struct wg_store *store, const struct wg_dlv_rec *dlv, char why[WG_STORE_REASON],
                                   struct wg_err *err)
{
	char by[WG_ID_TEXT];
	why[0] = '\0';
	enum wg_code code = wg_concern_recalled(store, dlv->message_id, NULL, by, err);
	if (code == WG_OK && by[0] != '\0')
		(void)snprintf(why, WG_STORE_REASON, "recalled by its sender with message %s", by); /* it fits */
	if (code != WG_OK || why[0] != '\0' || dlv->alarm_of == 0)
		return code;
	struct wg_dlv_rec watched = { 0 };
	code = wg_delivery_by_seq(store, dlv->alarm_of, &watched, err);
	if (code == WG_OK && !waits_for_person(watched.state))
		(void)snprintf(why, WG_STORE_REASON, "%s", settled); /* it fits */
	return code;
}

/* An attempt came to nothing, and it waits: unless there is nothing to wait for any more, or it has to be decided
 * again, because policy, directory or the records of its child have changed while it was under way. */
static enum wg_code after_wait(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv,
                               struct wg_err *err)
{
	char epoch[WG_STORE_HASH], why[WG_STORE_REASON];
	struct wg_dlv_rec waits = *dlv;
	waits.state = WG_DLV_DEFERRED;
	enum wg_code code = wg_delivery_pointless(store, dlv, why, err);
	if (code == WG_OK && why[0] != '\0')
		return wg_delivery_move(store, now, &waits, WG_DLV_RECALLED, WG_WHO_STORE, NULL, why, err);
	if (code == WG_OK)
		code = wg_epoch_now(store, epoch, err);
	if (code == WG_OK && strcmp(epoch, dlv->epoch) != 0)
		return wg_message_again(store, now, dlv->message, "policy or directory changed", err);
	return code == WG_OK && dlv->stale ? wg_message_again(store, now, dlv->message, "consent changed", err) : code;
}

/* Its time is over: what came to nothing now is not tried again. A lease that was lost is no try, unless it began after
 * the deadline. */
static bool is_over(struct wg_now now, const struct wg_dlv_rec *dlv, const struct wg_dlv_outcome *outcome)
{
	return outcome->state == WG_DLV_DEFERRED && now.wall >= dlv->deadline &&
	       (outcome->who == WG_WHO_DELIVER || dlv->since >= dlv->deadline);
}

enum wg_code wg_delivery_end(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv,
                             const struct wg_dlv_outcome *outcome, struct wg_err *err)
{
	bool over = is_over(now, dlv, outcome), waits = outcome->state == WG_DLV_DEFERRED && !over, moved = false;
	char why[WG_STORE_REASON];
	(void)snprintf(why, sizeof why, "%s%s%s", outcome->detail != NULL ? outcome->detail : "",
	               over && outcome->detail != NULL && *outcome->detail != '\0' ? "; " : "",
	               over ? "its deadline is over" : ""); /* cut is acceptable in words */
	const struct move m = { .to = over ? WG_DLV_FAILED : outcome->state,
		                    .who = over ? WG_WHO_STORE : outcome->who,
		                    .reason = why,
		                    .logged = why,
		                    .sql = SQL_DLV_END,
		                    .more = { wg_db_int(waits ? now.wall + outcome->wait_ms : 0),
		                              wg_db_int(waits ? outcome->wait_ms : 0), wg_db_int(outcome->maybe),
		                              wg_db_text_or_null(outcome->receipt) },
		                    .more_count = 4 };
	enum wg_code code = move(store, now, dlv, &m, err);
	if (code == WG_OK && dlv->pending != 0)
		code = wg_receipt_waiting(store, now, dlv->seq, &moved, err);
	return code == WG_OK && waits && !moved ? after_wait(store, now, dlv, err) : code;
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
