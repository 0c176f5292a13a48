/* sql_follow.c owns what a delivery's coming into a state brings with it, in the same transaction: whether it has to be
 * looked at under its confirm rule, whether the gateway that it came from is told, whether the webhook of its desk is
 * due. */
#include "store/sql_internal.h"

/* It can be sent from now on: decided so, released, or no longer held. */
static bool becomes_ready(const struct wg_dlv_rec *dlv, enum wg_delivery_state to)
{
	return to == WG_DLV_SEALED || (to == WG_DLV_DEFERRED && dlv->state == WG_DLV_HELD);
}

/* The other side has it, in one way or another. */
static bool has_arrived(enum wg_delivery_state to)
{
	return to == WG_DLV_RECEIVED || to == WG_DLV_OPENED || to == WG_DLV_ACKNOWLEDGED || to == WG_DLV_REFUSED;
}

struct wg_reached wg_delivery_reaches(struct wg_now now, const struct wg_dlv_rec *dlv, enum wg_delivery_state to)
{
	struct wg_reached r = { .received = has_arrived(to), .acknowledged = to == WG_DLV_ACKNOWLEDGED };
	r.handed = r.received || to == WG_DLV_HANDED_OVER;
	if (becomes_ready(dlv, to))
		r.ready = dlv->not_before > now.wall ? dlv->not_before : now.wall;
	return r;
}

/* SENDING, and DEFERRED after it, say nothing new of whether it is confirmed. A refusal is looked at once more:
 * somebody has to be told. */
static enum wg_code confirm(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv,
                            enum wg_delivery_state to, int64_t ready, struct wg_err *err)
{
	if (dlv->confirm[0] == '\0' || dlv->alarm_of != 0)
		return WG_OK;
	if (ready != 0)
		return wg_db_run(store, SQL_TASK_START, WG_ARGS(wg_db_int(dlv->seq), wg_db_int(ready)), err);
	switch (to) {
	case WG_DLV_SEALED:
	case WG_DLV_SENDING:
		return WG_OK;
	case WG_DLV_DEFERRED:
		if (dlv->state != WG_DLV_FAILED)
			return WG_OK;
		break;
	case WG_DLV_HANDED_OVER:
	case WG_DLV_RECEIVED:
	case WG_DLV_OPENED:
	case WG_DLV_FAILED:
	case WG_DLV_REFUSED:
		break;
	case WG_DLV_DECIDED:
	case WG_DLV_REVIEW:
	case WG_DLV_HELD:
	case WG_DLV_ACKNOWLEDGED:
	case WG_DLV_WITHHELD:
	case WG_DLV_RECALLED:
	case WG_DLV_SUPERSEDED:
		return wg_db_run(store, SQL_TASK_PAUSE, WG_ARGS(wg_db_int(dlv->seq)), err);
	}
	return wg_db_run(store, SQL_TASK_LOOK, WG_ARGS(wg_db_int(dlv->seq), wg_db_int(now.wall)), err);
}

enum wg_code wg_delivery_follow(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv,
                                enum wg_delivery_state to, struct wg_err *err)
{
	const int64_t ready = wg_delivery_reaches(now, dlv, to).ready;
	enum wg_code code = confirm(store, now, dlv, to, ready, err);
	if (code == WG_OK && (has_arrived(to) || to == WG_DLV_FAILED))
		code =
			wg_db_run(store, SQL_TASK_ANSWER,
		              WG_ARGS(wg_db_int(dlv->seq), wg_db_text(wg_delivery_state_name(to)), wg_db_int(now.wall)), err);
	if (code == WG_OK && dlv->hook && ready == 0 && to != WG_DLV_DEFERRED)
		code = wg_db_run(store, SQL_HOOK_END, WG_ARGS(wg_db_int(dlv->seq)), err);
	if (code == WG_OK && dlv->hook && (ready != 0 || to == WG_DLV_DEFERRED))
		code =
			wg_db_run(store, SQL_HOOK_PUT, WG_ARGS(wg_db_int(dlv->seq), wg_db_int(ready != 0 ? ready : now.wall)), err);
	return code;
}
