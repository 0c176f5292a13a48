/* sql_time.c owns what the next process has to know of the time, and what the log says of the clock. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/purge_internal.h"
#include "store/sql_text.h"

#define TIME_TEXT 32
/* No instant that we remember is further away than this, in ms: the year 9999. */
#define TIME_MAX 253402300799999ULL

static enum wg_code get(struct wg_store *store, const char *key, int64_t *out, struct wg_err *err)
{
	char text[TIME_TEXT];
	uint64_t n = 0;
	*out = 0;
	enum wg_code code = wg_db_meta(store, key, text, sizeof text, err);
	bool less = text[0] == '-';
	if (code == WG_OK && wg_num_parse(text + less, 0, TIME_MAX, &n)) /* else: it was never kept */
		*out = less ? -(int64_t)n : (int64_t)n;
	return code;
}

static enum wg_code put(struct wg_store *store, const char *key, int64_t value, struct wg_err *err)
{
	char text[TIME_TEXT];
	(void)snprintf(text, sizeof text, "%" PRId64, value); /* 20 digits at most */
	return wg_db_run(store, SQL_META_PUT, WG_ARGS(wg_db_text(key), wg_db_text(text)), err);
}

enum wg_code wg_store_time_known(struct wg_store *store, struct wg_trusted_memory *out, struct wg_err *err)
{
	int64_t last = 0;
	enum wg_code code = get(store, "time", &out->trusted, err);
	if (code == WG_OK &&
	    out->trusted != 0) /* it is remembered now and then; the log knows of later, to the last stamp */
		code = wg_query_number(store, "SELECT coalesce((SELECT at FROM log ORDER BY seq DESC LIMIT 1), 0)", NULL, 0,
		                       &last, err);
	out->trusted = last > out->trusted ? last : out->trusted;
	if (code == WG_OK)
		code = get(store, "time-ahead", &out->ahead, err);
	return code == WG_OK ? get(store, "time-floor", &out->floor, err) : code;
}

enum wg_code wg_store_time_keep(struct wg_store *store, const struct wg_trusted_memory *known, struct wg_err *err)
{
	enum wg_code code = put(store, "time", known->trusted, err);
	if (code == WG_OK)
		code = put(store, "time-ahead", known->ahead, err);
	return code == WG_OK ? put(store, "time-floor", known->floor, err) : code;
}

/* ---- put right by a person */

/* Not at its end, or at one that somebody still has to confirm. */
#define LIVE "state NOT IN ('acknowledged','refused','withheld','failed','recalled','superseded')"
/* An instant that was reckoned when `stamp` was written, or that is a stamp itself; 0: there is none. */
#define MOVED(column, stamp) column " = iif(" column " = 0 OR " stamp " < ?2, " column ", " column " + ?1)"
#define STAMP(column) MOVED(column, column)
#define DECIDED "coalesce((SELECT x.decided_at FROM disclosure x WHERE x.delivery = delivery.seq), since)"
/* Ready when a delay is over is as old as the delay. */
#define READY "iif(ready_at = not_before, " DECIDED ", ready_at)"
#define TASK_BEGUN                                                                                         \
	"coalesce((SELECT x.decided_at FROM delivery d JOIN disclosure x ON x.delivery = d.seq WHERE d.seq = " \
	"task.delivery"                                                                                        \
	" AND d.not_before = task.since), since)"

/* Tasks first: they look at deliveries as they were. What is said of how long ago something happened (accepted_at, the
 * log, receipts) is history. valid_until is a day of the calendar. */
static const char *const moves[] = {
	"UPDATE task SET " MOVED("due", TASK_BEGUN) ", " MOVED("since", TASK_BEGUN) " WHERE due IS NOT NULL",
	"UPDATE hook SET " STAMP("due") " WHERE due IS NOT NULL",
	/* clang-format off */
	"UPDATE message SET " MOVED("next_try", "since") ", " STAMP("since")
	" WHERE " WG_SQL_MSG_WAITING " OR state = 'attention'",
	"UPDATE delivery SET " MOVED("next_try", "since") ", " MOVED("not_before", DECIDED) ", " MOVED("deadline", DECIDED)
	", " MOVED("due", DECIDED) ", " MOVED("ready_at", READY) ", " STAMP("handed_at") ", " STAMP("received_at") ", " STAMP("fault_at")
	", " STAMP("since") " WHERE " LIVE,
	/* clang-format on */
	"UPDATE alert SET " STAMP("since"),
	"UPDATE trouble SET " STAMP("since"),
};

enum wg_code wg_store_time_lost(struct wg_store *store, int64_t *until, int64_t *by, struct wg_err *err)
{
	enum wg_code code = get(store, "time-moved-until", until, err);
	return code == WG_OK ? get(store, "time-moved-by", by, err) : code;
}

enum wg_code wg_store_time_moves(struct wg_store *store, int64_t *count, struct wg_err *err)
{
	return get(store, "time-moves", count, err);
}

enum wg_code wg_store_time_moved(struct wg_store *store, struct wg_now now, int64_t by, int64_t from,
                                 struct wg_err *err)
{
	int64_t until = 0, before = 0, count = 0;
	enum wg_code code = wg_store_time_lost(store, &until, &before, err);
	if (code == WG_OK)
		code = wg_store_time_moves(store, &count, err);
	if (code == WG_OK)
		code = put(store, "time-moves", count + 1, err);
	for (size_t i = 0; code == WG_OK && i < WG_COUNT(moves); i++)
		code = wg_query_run(store, moves[i], WG_ARGS(wg_db_int(by), wg_db_int(from)), err);
	if (code != WG_OK || by < 0 || from != INT64_MIN)
		return code; /* what is too young now is kept for longer, and no harm done */
	code = put(store, "time-moved-until", now.wall, err);
	return code == WG_OK ? put(store, "time-moved-by", before + by, err) : code;
}

enum wg_code wg_store_time_log(struct wg_store *store, struct wg_now now, const char *who, const char *words,
                               struct wg_err *err)
{
	const struct wg_entry entry = { .who = who != NULL ? WG_WHO_ADMIN : WG_WHO_STORE,
		                            .person = who,
		                            .event = who != NULL ? "accept-clock" : "clock",
		                            .detail = words };
	return wg_chain_append(store, now, &entry, err);
}
