/* sql_admin.c owns what a person may do: list, act, read; each act is logged with who and why. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/purge_internal.h"

static void read_list_row(struct wg_store *store, enum wg_sql id, struct wg_row *r)
{
	*r = (struct wg_row){ .since = wg_db_col_int(store, id, 8),
		                  .next = wg_db_col_int(store, id, 9),
		                  .attempts = (unsigned)wg_db_col_int(store, id, 10),
		                  .maybe = wg_db_col_int(store, id, 12) != 0,
		                  .due = wg_db_col_int(store, id, 17),
		                  .not_before = wg_db_col_int(store, id, 18),
		                  .second_person = wg_db_col_int(store, id, 19) != 0,
		                  .alarm = wg_db_col_int(store, id, 21) != 0,
		                  .overrides = wg_db_col_int(store, id, 22) != 0,
		                  .ready = wg_db_col_int(store, id, 23),
		                  .handed = wg_db_col_int(store, id, 24),
		                  .told = (unsigned)wg_db_col_int(store, id, 25),
		                  .unconfirmed = wg_db_col_int(store, id, 26) != 0,
		                  .fault = wg_db_col_int(store, id, 27) };
	wg_db_col_text(store, id, 0, r->id, sizeof r->id);
	wg_db_col_text(store, id, 1, r->message, sizeof r->message);
	wg_db_col_text(store, id, 2, r->state, sizeof r->state);
	wg_db_col_text(store, id, 3, r->organisation, sizeof r->organisation);
	wg_db_col_text(store, id, 4, r->desk, sizeof r->desk);
	wg_db_col_text(store, id, 5, r->channel, sizeof r->channel);
	wg_db_col_text(store, id, 6, r->kind, sizeof r->kind);
	wg_db_col_text(store, id, 7, r->way, sizeof r->way);
	wg_db_col_text(store, id, 11, r->reason, sizeof r->reason);
	wg_db_col_text(store, id, 13, r->assigned, sizeof r->assigned);
	wg_db_col_text(store, id, 14, r->parent, sizeof r->parent);
	wg_db_col_text(store, id, 15, r->role, sizeof r->role);
	wg_db_col_text(store, id, 16, r->of, sizeof r->of);
	wg_db_col_text(store, id, 20, r->released_by, sizeof r->released_by);
}

static bool state_known(const char *state, bool messages)
{
	enum wg_message_state m;
	enum wg_delivery_state d;
	if (*state == '\0' || strcmp(state, "*") == 0)
		return true;
	if (!messages && (strcmp(state, "overrides") == 0 || strcmp(state, "unconfirmed") == 0))
		return true;
	return messages ? wg_message_state_find(state, &m) : wg_delivery_state_find(state, &d);
}

/* Where a list goes on. */
struct place {
	int64_t message, delivery;
};

static enum wg_code place_of(struct wg_store *store, bool messages, const char *after, struct place *out,
                             struct wg_err *err)
{
	struct wg_msg_rec m;
	struct wg_dlv_rec d;
	*out = (struct place){ 0 };
	if (*after == '\0')
		return WG_OK;
	enum wg_code code = messages ? wg_message_by_id(store, after, &m, err) : wg_delivery_by_id(store, after, &d, err);
	if (code == WG_OK && messages)
		out->message = m.seq;
	else if (code == WG_OK)
		*out = (struct place){ d.message, d.seq };
	return code;
}

enum wg_code wg_store_list(struct wg_store *store, const char *what, const char *state, const char *id, unsigned max,
                           struct wg_row **out, unsigned *count, struct wg_err *err)
{
	return wg_store_list_after(store, what, state, id, "", max, out, count, err);
}

enum wg_code wg_store_list_after(struct wg_store *store, const char *what, const char *state, const char *id,
                                 const char *after, unsigned max, struct wg_row **out, unsigned *count,
                                 struct wg_err *err)
{
	struct place place;
	bool messages = strcmp(what, "messages") == 0;
	if (!messages && strcmp(what, "deliveries") != 0)
		return wg_err_set(err, WG_REJECT, "a list is of \"messages\" or of \"deliveries\"");
	if (!state_known(state, messages))
		return wg_err_set(err, WG_REJECT, "there is no such state of %s", what);
	if (max > WG_STORE_LIST_MAX)
		max = WG_STORE_LIST_MAX;
	enum wg_sql sql = messages ? SQL_LIST_MESSAGES : SQL_LIST_DELIVERIES;
	WG_AUTO_FREE struct wg_row *rows = NULL;
	unsigned n = 0, cap = 0;
	bool row = true;
	enum wg_code code = place_of(store, messages, after, &place, err);
	if (code == WG_OK)
		code = wg_db_query(store, sql,
		                   WG_ARGS(wg_db_text(state), wg_db_text(id), wg_db_int(max), wg_db_int(place.message),
		                           wg_db_int(place.delivery)),
		                   err);
	while (code == WG_OK) {
		code = wg_db_step(store, sql, &row, err);
		if (code != WG_OK || !row)
			break;
		if (n == cap) {
			cap = cap == 0 ? 16 : 2 * cap;
			struct wg_row *more = reallocarray(rows, cap, sizeof *rows);
			if (more == NULL) {
				code = wg_err_set(err, WG_SYSTEM, "out of memory");
				break;
			}
			rows = more;
		}
		read_list_row(store, sql, &rows[n++]);
	}
	wg_db_end(store, sql);
	if (code == WG_OK) {
		*out = wg_steal(&rows);
		*count = n;
	}
	return code;
}

static enum wg_code hold(struct wg_store *store, struct wg_now now, const struct wg_act *act,
                         const struct wg_dlv_rec *d, struct wg_err *err)
{
	enum wg_code code = wg_act_move(store, now, act, d, WG_DLV_HELD, err);
	if (code == WG_OK)
		code = wg_db_run(store, SQL_DLV_HOLD, WG_ARGS(wg_db_int(d->seq), wg_db_text(wg_delivery_state_name(d->state))),
		                 err);
	return code;
}

/* WG_NOT_FOUND when its content was purged. */
static enum wg_code check_kept(struct wg_store *store, const char *message, struct wg_err *err)
{
	int64_t purged = 0;
	char when[WG_CLOCK_TEXT];
	enum wg_code code = wg_query_number(store, "SELECT purged_at FROM message WHERE id = ?1",
	                                    WG_ARGS(wg_db_text(message)), &purged, err);
	if (code == WG_OK && purged != 0)
		return wg_err_set(
			err, WG_NOT_FOUND,
			"the content of message %s was destroyed on %.10s under the retention rule; that it came, and "
			"who was told what, is still on record",
			message, wg_clock_format(purged, when));
	return code;
}

/* A delivery that waits is due now; one that was given up is tried again; one that was withheld is decided again. */
static enum wg_code retry(struct wg_store *store, struct wg_now now, const struct wg_act *act,
                          const struct wg_dlv_rec *d, struct wg_err *err)
{
	char pointless[WG_STORE_REASON];
	enum wg_code code = wg_delivery_pointless(store, d, pointless, err);
	if (code != WG_OK)
		return code;
	if (pointless[0] != '\0')
		return wg_err_set(err, WG_REJECT, "it cannot be retried: %s", pointless);
	if (d->state ==
	    WG_DLV_WITHHELD) { /* what was known then is not what is known now: an answer, a release of the law */
		code = check_kept(store, d->message_id, err);
		if (code == WG_OK)
			code = wg_act_log(store, now, act, d, act->why, err);
		return code == WG_OK ? wg_message_again(store, now, d->message, "to be decided again", err) : code;
	}
	if (d->state == WG_DLV_DEFERRED) {
		code = wg_act_log(store, now, act, d, act->why, err);
	} else if (d->state == WG_DLV_FAILED) {
		code = wg_act_move(store, now, act, d, WG_DLV_DEFERRED, err);
	} else {
		return wg_err_set(err, WG_REJECT, "a delivery that is %s cannot be retried", wg_delivery_state_name(d->state));
	}
	if (code == WG_OK)
		code = wg_db_run(store, SQL_DLV_DUE, WG_ARGS(wg_db_int(d->seq), wg_db_int(now.wall + WG_STORE_RETRY_MS)), err);
	char epoch[WG_STORE_HASH];
	if (code == WG_OK)
		code = wg_epoch_now(store, epoch, err);
	if (code == WG_OK && strcmp(epoch, d->epoch) != 0) /* given up before the policy changed */
		return wg_message_again(store, now, d->message, "policy or directory changed", err);
	if (code == WG_OK && d->stale) /* ... or before the records of the child did */
		code = wg_message_again(store, now, d->message, "consent changed", err);
	return code;
}

static enum wg_code act_on_delivery(struct wg_store *store, struct wg_now now, const struct wg_act *act,
                                    const struct wg_dlv_rec *d, struct wg_err *err)
{
	if (strcmp(act->action, "hold") == 0)
		return hold(store, now, act, d, err);
	if (strcmp(act->action, "release") == 0)
		return wg_review_release(store, now, act, d, err);
	if (strcmp(act->action, "withhold") == 0)
		return wg_review_withhold(store, now, act, d, err);
	if (strcmp(act->action, "seen") == 0)
		return wg_review_seen(store, now, act, d, err);
	if (strcmp(act->action, "retry") == 0)
		return retry(store, now, act, d, err);
	return wg_act_move(store, now, act, d, WG_DLV_RECALLED, err);
}

/* A message itself: "retry" reads one in attention anew, or ends its wait; "cancel" closes one in attention. */
static enum wg_code act_on_message(struct wg_store *store, struct wg_now now, const struct wg_act *act,
                                   const struct wg_msg_rec *m, unsigned *changed, struct wg_err *err)
{
	bool again = strcmp(act->action, "retry") == 0, cancel = strcmp(act->action, "cancel") == 0;
	char reason[WG_STORE_REASON];
	(void)snprintf(reason, sizeof reason, "%s: %s", act->action, act->why); /* cut is acceptable in words */
	if (m->state == WG_MSG_ATTENTION && (again || cancel)) {
		(*changed)++;
		return wg_message_move(store, now, m, again ? WG_MSG_ACCEPTED : WG_MSG_REJECTED, WG_WHO_ADMIN, act->who, reason,
		                       NULL, err);
	}
	if (again && (m->state == WG_MSG_ACCEPTED || m->state == WG_MSG_NORMALISED)) {
		(*changed)++;
		const struct wg_entry entry = {
			.who = WG_WHO_ADMIN, .person = act->who, .event = "retry", .message = m->id, .detail = act->why
		};
		enum wg_code code = wg_chain_append(store, now, &entry, err);
		return code == WG_OK ? wg_db_run(store, SQL_MSG_DUE, WG_ARGS(wg_db_int(m->seq)), err) : code;
	}
	return WG_OK;
}

static enum wg_code act_on_all(struct wg_store *store, struct wg_now now, const struct wg_act *act,
                               const struct wg_msg_rec *m, unsigned *changed, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	enum wg_code code = act_on_message(store, now, act, m, changed, err);
	if (code == WG_OK)
		code = wg_db_seqs(store, SQL_DLV_OF_MESSAGE, WG_ARGS(wg_db_int(m->seq)), SIZE_MAX, &seqs, &n, err);
	for (size_t i = 0; code == WG_OK && i < n; i++) {
		struct wg_dlv_rec d;
		code = wg_delivery_by_seq(store, seqs[i], &d, err);
		if (code == WG_OK)
			code = act_on_delivery(store, now, act, &d, err);
		if (code == WG_OK)
			(*changed)++;
		else if (code == WG_REJECT)
			code = WG_OK; /* not possible in its state: this one stays */
	}
	return code;
}

enum wg_code wg_store_act(struct wg_store *store, struct wg_now now, const char *action, const char *id,
                          const char *who, const char *why, unsigned *changed, struct wg_err *err)
{
	const struct wg_act act = { action, who, why };
	struct wg_dlv_rec d;
	struct wg_msg_rec m;
	unsigned n = 0;
	if (!wg_list_has("hold release retry cancel withhold seen", action) || strcmp(action, "*") == 0)
		return wg_err_set(err, WG_REJECT, "there is no such action: hold, release, retry, cancel, withhold or seen");
	if (*who == '\0' || *why == '\0')
		return wg_err_set(err, WG_REJECT, "say who acts and why: it goes into the log");
	enum wg_code code = wg_delivery_by_id(store, id, &d, err);
	if (code == WG_OK) {
		code = act_on_delivery(store, now, &act, &d, err);
		n = 1;
	} else if (code == WG_NOT_FOUND) {
		code = wg_message_by_id(store, id, &m, err);
		if (code == WG_NOT_FOUND)
			return wg_err_set(err, WG_NOT_FOUND, "no message or delivery has this id");
		if (code == WG_OK)
			code = act_on_all(store, now, &act, &m, &n, err);
	}
	if (code == WG_OK)
		*changed = n;
	return code;
}

static enum wg_code find_blob(struct wg_store *store, const char *id, const char *which, int64_t *blob,
                              char message[WG_ID_TEXT], struct wg_err *err)
{
	struct wg_dlv_rec d;
	struct wg_msg_rec m;
	enum wg_code code;
	if (strcmp(which, "envelope") == 0) {
		code = wg_delivery_by_id(store, id, &d, err);
		if (code != WG_OK)
			return code;
		*blob = d.envelope;
		memcpy(message, d.message_id, WG_ID_TEXT);
	} else if (*which != '*' && wg_list_has("original notice report resolution", which)) {
		code = wg_message_by_id(store, id, &m, err);
		if (code != WG_OK)
			return code;
		*blob = strcmp(which, "original") == 0 ? m.original
		        : strcmp(which, "notice") == 0 ? m.notice
		        : strcmp(which, "report") == 0 ? m.report
		                                       : m.resolution;
		memcpy(message, m.id, WG_ID_TEXT);
	} else {
		return wg_err_set(err, WG_REJECT,
		                  "there is no such document: original, notice, report, resolution or envelope");
	}
	return *blob != 0 ? WG_OK : wg_err_set(err, WG_NOT_FOUND, "there is no %s", which);
}

enum wg_code wg_store_blob(struct wg_store *store, struct wg_now now, const char *id, const char *which,
                           const char *who, uint8_t **out, size_t *len, struct wg_err *err)
{
	int64_t blob = 0;
	char message[WG_ID_TEXT];
	if (*who == '\0')
		return wg_err_set(err, WG_REJECT, "say who reads: it goes into the log");
	enum wg_code code = find_blob(store, id, which, &blob, message, err);
	if (code == WG_OK)
		code = check_kept(store, message, err);
	if (code != WG_OK)
		return code;
	const struct wg_entry entry = { .who = WG_WHO_ADMIN,
		                            .person = who,
		                            .event = "read",
		                            .message = message,
		                            .delivery = strcmp(which, "envelope") == 0 ? id : NULL,
		                            .detail = which };
	code = wg_chain_append(store, now, &entry, err);
	return code == WG_OK ? wg_blob_get(store, blob, out, len, err) : code;
}
