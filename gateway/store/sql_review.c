/* sql_review.c owns what a person does with a delivery that waits for a person: release, by two where the rule asks
 * for two; withhold; and look at what goes against a consent. Each is logged with who and why. */
#include <stdio.h>
#include <string.h>

#include "store/sql_internal.h"

enum wg_code wg_act_move(struct wg_store *store, struct wg_now now, const struct wg_act *act,
                         const struct wg_dlv_rec *dlv, enum wg_delivery_state to, struct wg_err *err)
{
	char reason[WG_STORE_REASON];
	(void)snprintf(reason, sizeof reason, "%s: %s", act->action, act->why); /* cut is acceptable in words */
	return wg_delivery_move(store, now, dlv, to, WG_WHO_ADMIN, act->who, reason, err);
}

enum wg_code wg_act_log(struct wg_store *store, struct wg_now now, const struct wg_act *act,
                        const struct wg_dlv_rec *dlv, const char *detail, struct wg_err *err)
{
	const struct wg_entry entry = { .who = WG_WHO_ADMIN,
		                            .person = act->who,
		                            .event = act->action,
		                            .message = dlv->message_id,
		                            .delivery = dlv->id,
		                            .detail = detail };
	return wg_chain_append(store, now, &entry, err);
}

/* The first of two: it stays in review, and who it was is remembered. */
static enum wg_code release_first(struct wg_store *store, struct wg_now now, const struct wg_act *act,
                                  const struct wg_dlv_rec *dlv, struct wg_err *err)
{
	char detail[WG_STORE_REASON + 32];
	(void)snprintf(detail, sizeof detail, "first of two: %s", act->why); /* it fits */
	enum wg_code code = wg_db_run(store, SQL_DLV_RELEASED_BY, WG_ARGS(wg_db_int(dlv->seq), wg_db_text(act->who)), err);
	return code == WG_OK ? wg_act_log(store, now, act, dlv, detail, err) : code;
}

/* While it waited for a person the time in which it may be tried has passed, or most of it: it is given as much as by a
 * retry. */
static enum wg_code give_time(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv,
                              struct wg_err *err)
{
	return wg_db_run(store, SQL_DLV_DUE, WG_ARGS(wg_db_int(dlv->seq), wg_db_int(now.wall + WG_STORE_RETRY_MS)), err);
}

/* From a hold to where it stood before. */
static enum wg_code end_hold(struct wg_store *store, struct wg_now now, const struct wg_act *act,
                             const struct wg_dlv_rec *dlv, struct wg_err *err)
{
	enum wg_code code = wg_act_move(store, now, act, dlv, dlv->held_from, err);
	if (code == WG_OK)
		code = give_time(store, now, dlv, err);
	return code == WG_OK ? wg_db_run(store, SQL_DLV_HOLD, WG_ARGS(wg_db_int(dlv->seq), wg_db_text(NULL)), err) : code;
}

enum wg_code wg_review_release(struct wg_store *store, struct wg_now now, const struct wg_act *act,
                               const struct wg_dlv_rec *dlv, struct wg_err *err)
{
	if (dlv->state == WG_DLV_HELD)
		return end_hold(store, now, act, dlv, err);
	if (dlv->state != WG_DLV_REVIEW)
		return wg_err_set(err, WG_REJECT, "a delivery that is %s cannot be released",
		                  wg_delivery_state_name(dlv->state));
	if (dlv->valid_until != 0 && dlv->valid_until <= now.wall)
		return wg_err_set(err, WG_REJECT,
		                  "the consent that it was decided under has ended: it is decided again now; look"
		                  " at what becomes of it");
	if (dlv->second_person && dlv->released_by[0] == '\0')
		return release_first(store, now, act, dlv, err);
	if (dlv->second_person && strcmp(dlv->released_by, act->who) == 0)
		return wg_err_set(err, WG_REJECT, "you have released it already: the rule asks for a second person");
	enum wg_code code = wg_act_move(store, now, act, dlv, WG_DLV_SEALED, err);
	if (code == WG_OK)
		code = give_time(store, now, dlv, err);
	/* a no of before is answered by this yes */
	return code == WG_OK ? wg_db_run(store, SQL_DLV_REFUSE, WG_ARGS(wg_db_int(dlv->seq), wg_db_int(0)), err) : code;
}

enum wg_code wg_review_withhold(struct wg_store *store, struct wg_now now, const struct wg_act *act,
                                const struct wg_dlv_rec *dlv, struct wg_err *err)
{
	if (dlv->state != WG_DLV_REVIEW)
		return wg_err_set(err, WG_REJECT, "a delivery that is %s does not wait for a decision: only a review does",
		                  wg_delivery_state_name(dlv->state));
	enum wg_code code = wg_act_move(store, now, act, dlv, WG_DLV_WITHHELD, err);
	return code == WG_OK ? wg_db_run(store, SQL_DLV_REFUSE, WG_ARGS(wg_db_int(dlv->seq), wg_db_int(1)), err) : code;
}

enum wg_code wg_review_seen(struct wg_store *store, struct wg_now now, const struct wg_act *act,
                            const struct wg_dlv_rec *dlv, struct wg_err *err)
{
	if (!dlv->overrides || dlv->seen || dlv->state == WG_DLV_SUPERSEDED)
		return wg_err_set(err, WG_REJECT, "%s",
		                  dlv->overrides ? "somebody has looked at it already, or it was decided again"
		                                 : "this delivery does not go against a consent");
	enum wg_code code = wg_db_run(store, SQL_DLV_SEEN, WG_ARGS(wg_db_int(dlv->seq), wg_db_int(now.wall)), err);
	return code == WG_OK ? wg_act_log(store, now, act, dlv, act->why, err) : code;
}
