/* sql_message.c owns a message's row and its moves; each move writes its log entry. */
#include <stdio.h>
#include <string.h>

#include "store/sql_internal.h"

static enum wg_code read_row(struct wg_store *store, enum wg_sql id, struct wg_msg_rec *out, struct wg_err *err)
{
	struct wg_msg_rec m = {
		.seq = wg_db_col_int(store, id, 0),
		.accepted_at = wg_db_col_int(store, id, 6),
		.original = wg_db_col_int(store, id, 7),
		.notice = wg_db_col_int(store, id, 8),
		.report = wg_db_col_int(store, id, 9),
		.again = wg_db_col_int(store, id, 10) != 0,
		.tries = (unsigned)wg_db_col_int(store, id, 11),
		.owner = (uint64_t)wg_db_col_int(store, id, 12),
		.token = (uint64_t)wg_db_col_int(store, id, 13),
		.episode = wg_db_col_int(store, id, 14),
		.resolution = wg_db_col_int(store, id, 16),
		.child = wg_db_col_int(store, id, 17),
		.episode_new = wg_db_col_int(store, id, 19) != 0,
		.turn = wg_db_col_int(store, id, 21),
		.lease_records = wg_db_col_int(store, id, 24),
	};
	wg_db_col_text(store, id, 1, m.id, sizeof m.id);
	wg_db_col_text(store, id, 3, m.organisation, sizeof m.organisation);
	wg_db_col_text(store, id, 4, m.content_hash, sizeof m.content_hash);
	wg_db_col_text(store, id, 5, m.content_type, sizeof m.content_type);
	wg_db_col_text(store, id, 15, m.reason, sizeof m.reason);
	wg_db_col_text(store, id, 18, m.child_how, sizeof m.child_how);
	wg_db_col_text(store, id, 20, m.doubt, sizeof m.doubt);
	wg_db_col_text(store, id, 22, m.way, sizeof m.way);
	wg_db_col_text(store, id, 23, m.notice_id, sizeof m.notice_id);
	wg_db_col_text(store, id, 25, m.submission_key, sizeof m.submission_key);
	if (!wg_message_state_find(wg_db_col_borrow(store, id, 2), &m.state))
		return wg_err_set(err, WG_CORRUPT, "message %s is in a state that does not exist", m.id);
	*out = m;
	return WG_OK;
}

static enum wg_code find(struct wg_store *store, enum wg_sql id, struct wg_arg key, struct wg_msg_rec *out,
                         struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, id, &key, 1, &row, err);
	if (code == WG_OK)
		code = row ? read_row(store, id, out, err) : wg_err_set(err, WG_NOT_FOUND, "no such message");
	wg_db_end(store, id);
	return code;
}

enum wg_code wg_message_by_id(struct wg_store *store, const char *id, struct wg_msg_rec *out, struct wg_err *err)
{
	return find(store, SQL_MSG_BY_ID, wg_db_text(id), out, err);
}

enum wg_code wg_message_by_seq(struct wg_store *store, int64_t seq, struct wg_msg_rec *out, struct wg_err *err)
{
	return find(store, SQL_MSG_BY_SEQ, wg_db_int(seq), out, err);
}

enum wg_code wg_message_check(const struct wg_msg_rec *msg, enum wg_message_state to, enum wg_states_who who,
                              struct wg_err *err)
{
	if (wg_message_may((int)msg->state, to, who))
		return WG_OK;
	return wg_err_set(err, WG_REJECT, "a message that is %s cannot become %s by %s", wg_message_state_name(msg->state),
	                  wg_message_state_name(to), wg_states_who_name(who));
}

enum wg_code wg_message_moved(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                              enum wg_message_state to, enum wg_states_who who, const char *person, const char *detail,
                              struct wg_err *err)
{
	const char *name = wg_message_state_name(to);
	const struct wg_entry entry = {
		.who = who, .person = person, .event = name, .message = msg->id, .state = name, .detail = detail
	};
	enum wg_code code = wg_count_message(store, (int)msg->state, to, err);
	return code == WG_OK ? wg_chain_append(store, now, &entry, err) : code;
}

enum wg_code wg_message_move(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                             enum wg_message_state to, enum wg_states_who who, const char *person, const char *reason,
                             const char *detail, struct wg_err *err)
{
	bool again = to == WG_MSG_NORMALISED;
	enum wg_code code = wg_message_check(msg, to, who, err);
	if (code == WG_OK)
		code = wg_db_run(store, SQL_MSG_STATE,
		                 WG_ARGS(wg_db_int(msg->seq), wg_db_text(wg_message_state_name(to)), wg_db_int(now.wall),
		                         wg_db_text_or_null(reason), wg_db_int(again)),
		                 err);
	if (code != WG_OK)
		return code;
	return wg_message_moved(store, now, msg, to, who, person, detail != NULL ? detail : reason, err);
}

enum wg_code wg_message_missed(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                               unsigned wait_ms, enum wg_states_who who, const char *reason, struct wg_err *err)
{
	unsigned tries = msg->tries + 1;
	if (tries >= WG_STORE_TRIES) {
		char why[WG_STORE_REASON];
		(void)snprintf(why, sizeof why, "given up after %u tries: %s", tries, reason); /* cut is acceptable in words */
		return wg_message_move(store, now, msg, WG_MSG_ATTENTION, WG_WHO_STORE, NULL, why, NULL, err);
	}
	enum wg_code code =
		wg_db_run(store, SQL_MSG_UNLEASE,
	              WG_ARGS(wg_db_int(msg->seq), wg_db_int(tries), wg_db_int(wait_ms > 0 ? now.wall + wait_ms : 0),
	                      wg_db_int(wait_ms), wg_db_text(reason)),
	              err);
	if (code != WG_OK)
		return code;
	const struct wg_entry entry = { .who = who, .event = "not-done", .message = msg->id, .detail = reason };
	return wg_chain_append(store, now, &entry, err);
}

enum wg_code wg_message_again(struct wg_store *store, struct wg_now now, int64_t seq, const char *why,
                              struct wg_err *err)
{
	struct wg_msg_rec msg;
	enum wg_code code = wg_message_by_seq(store, seq, &msg, err);
	if (code != WG_OK)
		return code;
	if (msg.state != WG_MSG_ROUTED && msg.state != WG_MSG_ATTENTION && msg.state != WG_MSG_RETURNED)
		return WG_OK; /* at its end */
	return wg_message_move(store, now, &msg, WG_MSG_NORMALISED, WG_WHO_STORE, NULL, why, NULL, err);
}
