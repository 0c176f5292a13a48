/* hold.c owns legal holds: while one stands nothing of a message, or of a child, is purged. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/purge_internal.h"

struct hold {
	bool on;
	const char *who, *why;
};

static enum wg_code log_hold(struct wg_store *store, struct wg_now now, const struct hold *hold, const char *event,
                             const char *message, const char *detail, struct wg_err *err)
{
	const struct wg_entry entry = {
		.who = WG_WHO_ADMIN, .person = hold->who, .event = event, .message = message, .detail = detail
	};
	return wg_chain_append(store, now, &entry, err);
}

static enum wg_code hold_message(struct wg_store *store, struct wg_now now, const struct hold *hold, const char *id,
                                 unsigned *changed, struct wg_err *err)
{
	int64_t held = 0, purged = 0;
	struct wg_msg_rec rec;
	enum wg_code code = wg_message_by_id(store, id, &rec, err);
	if (code == WG_NOT_FOUND)
		return wg_err_set(err, WG_NOT_FOUND, "no message has this id");
	if (code == WG_OK)
		code = wg_query_number(store, "SELECT legal_hold FROM message WHERE seq = ?1", WG_ARGS(wg_db_int(rec.seq)),
		                       &held, err);
	if (code == WG_OK)
		code = wg_query_number(store, "SELECT purged_at FROM message WHERE seq = ?1", WG_ARGS(wg_db_int(rec.seq)),
		                       &purged, err);
	if (code != WG_OK)
		return code;
	if (purged != 0 && hold->on)
		return wg_err_set(err, WG_REJECT, "its content is destroyed already: there is nothing left to hold");
	if ((held != 0) == hold->on)
		return WG_OK;
	*changed = 1;
	code = wg_query_run(store, "UPDATE message SET legal_hold = ?2 WHERE seq = ?1",
	                    WG_ARGS(wg_db_int(rec.seq), wg_db_int(hold->on)), err);
	return code == WG_OK ? log_hold(store, now, hold, hold->on ? "legal-hold" : "legal-release", rec.id, hold->why, err)
	                     : code;
}

/* Each of its messages says so in its own history too. */
static enum wg_code tell_messages(struct wg_store *store, struct wg_now now, const struct hold *hold, int64_t child,
                                  unsigned *changed, struct wg_err *err)
{
	WG_AUTO_QUERY struct wg_query q = { 0 };
	bool row = true;
	enum wg_code code =
		wg_query_open(&q, store, "SELECT id FROM message WHERE child = ?1 AND purged_at = 0 ORDER BY seq",
	                  WG_ARGS(wg_db_int(child)), err);
	while (code == WG_OK) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		(*changed)++;
		code =
			log_hold(store, now, hold, hold->on ? "child-hold" : "child-release", wg_query_text(&q, 0), hold->why, err);
	}
	return code;
}

static enum wg_code hold_child(struct wg_store *store, struct wg_now now, const struct hold *hold, int64_t child,
                               unsigned *changed, struct wg_err *err)
{
	int64_t held = -1;
	char detail[WG_STORE_REASON + 32];
	enum wg_code code =
		wg_query_number(store, "SELECT legal_hold + 1 FROM child WHERE id = ?1", WG_ARGS(wg_db_int(child)), &held, err);
	if (code == WG_OK && held == 0)
		return wg_err_set(err, WG_NOT_FOUND, "no child has this number");
	if (code != WG_OK || (held == 2) == hold->on)
		return code;
	code = wg_query_run(store, "UPDATE child SET legal_hold = ?2 WHERE id = ?1",
	                    WG_ARGS(wg_db_int(child), wg_db_int(hold->on)), err);
	(void)snprintf(detail, sizeof detail, "child=%" PRId64 " %s", child, hold->why); /* cut is acceptable in words */
	if (code == WG_OK)
		code = log_hold(store, now, hold, hold->on ? "child-hold" : "child-release", NULL, detail, err);
	return code == WG_OK ? tell_messages(store, now, hold, child, changed, err) : code;
}

enum wg_code wg_store_legal_hold(struct wg_store *store, struct wg_now now, uint64_t child, const char *id, bool on,
                                 const char *who, const char *why, unsigned *changed, struct wg_err *err)
{
	const struct hold hold = { .on = on, .who = who, .why = why };
	unsigned n = 0;
	if (*who == '\0' || *why == '\0')
		return wg_err_set(err, WG_REJECT, "say who acts and why: it goes into the log");
	enum wg_code code = *id != '\0' ? hold_message(store, now, &hold, id, &n, err)
	                                : hold_child(store, now, &hold, (int64_t)child, &n, err);
	if (code == WG_OK)
		*changed = n;
	return code;
}
