/* sql_show.c owns what the store says of itself: disclosures, history, health, the audit. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/purge_internal.h"

/* ,"name":"text"  (the comma left out when first) */
static void member(struct wg_buf *out, bool first, const char *name, const char *text)
{
	wg_buf_printf(out, "%s\"%s\":", first ? "" : ",", name);
	wg_buf_put_json(out, text);
}

static void member_time(struct wg_buf *out, const char *name, int64_t wall)
{
	char text[WG_CLOCK_TEXT];
	member(out, false, name, wg_clock_format(wall, text));
}

static enum wg_code explain_row(struct wg_store *store, struct wg_buf *out, struct wg_err *err)
{
	static const char *const names[] = { "delivery", "organisation", "desk",   "role", "of",
		                                 "channel",  "state",        "reason", "epoch" };
	int64_t due = wg_db_col_int(store, SQL_EXPLAIN, 11);
	wg_buf_putc(out, '{');
	for (int i = 0; i < (int)WG_COUNT(names); i++)
		member(out, i == 0, names[i], wg_db_col_borrow(store, SQL_EXPLAIN, i));
	member_time(out, "decided", wg_db_col_int(store, SQL_EXPLAIN, 9));
	if (due != 0)
		member_time(out, "due", due);
	else
		member(out, false, "due", "");
	wg_buf_printf(out, ",\"second_person\":%s,\"overrides\":%s,\"record\":",
	              wg_db_col_int(store, SQL_EXPLAIN, 12) != 0 ? "true" : "false",
	              wg_db_col_int(store, SQL_EXPLAIN, 13) != 0 ? "true" : "false");
	enum wg_code code = wg_disclosure_show(store, wg_db_col_borrow(store, SQL_EXPLAIN, 10),
	                                       wg_db_col_int(store, SQL_EXPLAIN, 14) != 0, out, err);
	wg_buf_putc(out, '}');
	return code;
}

static void history_row(struct wg_store *store, enum wg_sql id, struct wg_buf *out)
{
	static const char *const names[] = { "actor", "event", "message", "delivery", "state", "detail", "prev", "hash" };
	wg_buf_printf(out, "{\"seq\":%" PRId64, wg_db_col_int(store, id, 0));
	member_time(out, "at", wg_db_col_int(store, id, 1));
	for (int i = 0; i < (int)WG_COUNT(names); i++)
		member(out, false, names[i], wg_db_col_borrow(store, id, i + 2));
	wg_buf_putc(out, '}');
}

/* A JSON array of the rows of a statement that was started. */
static enum wg_code array_of(struct wg_store *store, enum wg_sql id, struct wg_buf *out, struct wg_err *err)
{
	bool row = true, first = true;
	enum wg_code code = WG_OK;
	wg_buf_putc(out, '[');
	while (code == WG_OK && !out->failed) {
		code = wg_db_step(store, id, &row, err);
		if (code != WG_OK || !row)
			break;
		wg_buf_puts(out, first ? "\n" : ",\n");
		first = false;
		if (id == SQL_EXPLAIN)
			code = explain_row(store, out, err);
		else
			history_row(store, id, out);
	}
	wg_buf_puts(out, "]\n");
	wg_db_end(store, id);
	return code == WG_OK ? wg_buf_check(out, "the answer", err) : code;
}

enum wg_code wg_store_explain(struct wg_store *store, const char *id, struct wg_buf *out, struct wg_err *err)
{
	struct wg_msg_rec msg;
	enum wg_code code = wg_message_by_id(store, id, &msg, err);
	if (code == WG_OK)
		code = wg_db_query(store, SQL_EXPLAIN, WG_ARGS(wg_db_text(id)), err);
	return code == WG_OK ? array_of(store, SQL_EXPLAIN, out, err) : code;
}

enum wg_code wg_store_history(struct wg_store *store, const char *id, unsigned max, struct wg_buf *out,
                              struct wg_err *err)
{
	enum wg_sql sql = *id != '\0' ? SQL_LOG_OF : SQL_LOG_LAST;
	if (max > WG_STORE_LIST_MAX)
		max = WG_STORE_LIST_MAX;
	enum wg_code code = *id != '\0' ? wg_db_query(store, sql, WG_ARGS(wg_db_text(id), wg_db_int(max)), err)
	                                : wg_db_query(store, sql, WG_ARGS(wg_db_int(max)), err);
	return code == WG_OK ? array_of(store, sql, out, err) : code;
}

/* "what":{"state":count,...} */
static enum wg_code counts_of(struct wg_store *store, enum wg_sql id, const char *what, struct wg_buf *out,
                              struct wg_err *err)
{
	bool row = true, first = true;
	enum wg_code code = wg_db_query(store, id, NULL, 0, err);
	wg_buf_printf(out, ",\"%s\":{", what);
	while (code == WG_OK) {
		code = wg_db_step(store, id, &row, err);
		if (code != WG_OK || !row)
			break;
		wg_buf_puts(out, first ? "" : ",");
		first = false;
		wg_buf_put_json(out, wg_db_col_borrow(store, id, 0));
		wg_buf_printf(out, ":%" PRId64, wg_db_col_int(store, id, 1));
	}
	wg_db_end(store, id);
	wg_buf_putc(out, '}');
	return code;
}

/* What waits for people: reviews, those past their due time, the earliest of those times, and what goes against a
 * consent and nobody has looked at. */
static enum wg_code reviews_of(struct wg_store *store, struct wg_now now, struct wg_buf *out, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, SQL_COUNT_REVIEWS, WG_ARGS(wg_db_int(now.wall)), &row, err);
	if (code == WG_OK && row) {
		int64_t due = wg_db_col_int(store, SQL_COUNT_REVIEWS, 2);
		wg_buf_printf(out, ",\"reviews\":%" PRId64 ",\"reviews_overdue\":%" PRId64,
		              wg_db_col_int(store, SQL_COUNT_REVIEWS, 0), wg_db_col_int(store, SQL_COUNT_REVIEWS, 1));
		if (due != 0)
			member_time(out, "review_oldest_due", due);
		else
			member(out, false, "review_oldest_due", "");
	}
	wg_db_end(store, SQL_COUNT_REVIEWS);
	if (code == WG_OK)
		code = wg_db_row(store, SQL_COUNT_OVERRIDES, NULL, 0, &row, err);
	if (code == WG_OK && row)
		wg_buf_printf(out, ",\"overrides_unseen\":%" PRId64, wg_db_col_int(store, SQL_COUNT_OVERRIDES, 0));
	wg_db_end(store, SQL_COUNT_OVERRIDES);
	return code;
}

enum wg_code wg_store_waiting(struct wg_store *store, uint64_t *n, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_counts_seal(store, err);
	if (code == WG_OK)
		code = wg_db_row(store, SQL_WAITING, NULL, 0, &row, err);
	if (code == WG_OK)
		*n = row ? (uint64_t)wg_db_col_int(store, SQL_WAITING, 0) : 0;
	wg_db_end(store, SQL_WAITING);
	return code;
}

enum wg_code wg_store_health(struct wg_store *store, struct wg_now now, bool accepting, const char *why,
                             const char *clock, struct wg_buf *out, struct wg_err *err)
{
	bool row = false;
	char epoch[WG_STORE_HASH];
	enum wg_code code = wg_epoch_now(store, epoch, err);
	if (code == WG_OK)
		code = wg_db_row(store, SQL_OLDEST, NULL, 0, &row, err);
	if (code != WG_OK)
		return code;
	int64_t oldest = row ? wg_db_col_int(store, SQL_OLDEST, 0) : 0;
	wg_db_end(store, SQL_OLDEST);
	wg_buf_printf(out, "{\"accepting\":%s,\"why\":", accepting ? "true" : "false");
	wg_buf_put_json(out, why);
	member(out, false, "clock", clock);
	member(out, false, "epoch", epoch);
	int64_t age = oldest == 0 || now.wall < oldest ? 0 : now.wall - oldest;
	wg_buf_printf(out, ",\"oldest_unsent_ms\":%" PRId64, age);
	code = reviews_of(store, now, out, err);
	if (code == WG_OK)
		code = wg_counts_seal(store, err);
	if (code == WG_OK)
		code = counts_of(store, SQL_COUNT_MESSAGES, "messages", out, err);
	if (code == WG_OK)
		code = counts_of(store, SQL_COUNT_DELIVERIES, "deliveries", out, err);
	wg_buf_puts(out, "}\n");
	return code == WG_OK ? wg_buf_check(out, "the answer", err) : code;
}
