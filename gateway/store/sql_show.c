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

static void explain_row(struct wg_store *store, struct wg_buf *out)
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
	wg_buf_printf(out, ",\"second_person\":%s,\"overrides\":%s,\"record\":%s}",
	              wg_db_col_int(store, SQL_EXPLAIN, 12) != 0 ? "true" : "false",
	              wg_db_col_int(store, SQL_EXPLAIN, 13) != 0 ? "true" : "false",
	              wg_db_col_borrow(store, SQL_EXPLAIN, 10));
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
			explain_row(store, out);
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
	enum wg_sql sql = *id != '\0' ? SQL_LOG_OF_MESSAGE : SQL_LOG_LAST;
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
		code = counts_of(store, SQL_COUNT_MESSAGES, "messages", out, err);
	if (code == WG_OK)
		code = counts_of(store, SQL_COUNT_DELIVERIES, "deliveries", out, err);
	wg_buf_puts(out, "}\n");
	return code == WG_OK ? wg_buf_check(out, "the answer", err) : code;
}

/* A statement that names what contradicts itself must give no row. */
static enum wg_code none_of(struct wg_store *store, enum wg_sql id, const char *words, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, id, NULL, 0, &row, err);
	if (code == WG_OK && row)
		code = wg_err_set(err, WG_CORRUPT, "%s: %s %s", words, wg_db_col_borrow(store, id, 0),
		                  id == SQL_AUDIT_GONE ? wg_db_col_borrow(store, id, 1) : "");
	wg_db_end(store, id);
	return code;
}

/* The current row of SQL_AUDIT_DISCLOSURE: does the first log entry of the delivery carry these two hashes? */
static enum wg_code check_disclosure(struct wg_store *store, struct wg_err *err)
{
	const char *id = wg_db_col_borrow(store, SQL_AUDIT_DISCLOSURE, 0),
			   *record = wg_db_col_borrow(store, SQL_AUDIT_DISCLOSURE, 1);
	const char *logged = wg_db_col_borrow(store, SQL_AUDIT_DISCLOSURE, 3);
	uint8_t raw[WG_SHA256_LEN];
	char hash[WG_STORE_HASH], want[2 * WG_STORE_HASH + 32];
	wg_sha256(record, strlen(record), raw);
	wg_hex(raw, sizeof raw, hash);
	(void)snprintf(want, sizeof want, " envelope=%s disclosure=%s", wg_db_col_borrow(store, SQL_AUDIT_DISCLOSURE, 2),
	               hash); /* cut: no match */
	size_t a = strlen(logged), b = strlen(want);
	if (a < b || strcmp(logged + a - b, want) != 0)
		return wg_err_set(err, WG_CORRUPT,
		                  "the disclosure record or the envelope of delivery %s is not the one that was logged", id);
	return WG_OK;
}

static enum wg_code check_disclosures(struct wg_store *store, struct wg_err *err)
{
	bool row = true;
	enum wg_code code = wg_db_query(store, SQL_AUDIT_DISCLOSURE, NULL, 0, err);
	while (code == WG_OK) {
		code = wg_db_step(store, SQL_AUDIT_DISCLOSURE, &row, err);
		if (code != WG_OK || !row)
			break;
		code = check_disclosure(store, err);
	}
	wg_db_end(store, SQL_AUDIT_DISCLOSURE);
	return code;
}

static enum wg_code check_blobs(struct wg_store *store, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *ids = NULL;
	size_t n = 0;
	enum wg_code code = wg_db_seqs(store, SQL_BLOB_ALL, NULL, 0, SIZE_MAX, &ids, &n, err);
	for (size_t i = 0; code == WG_OK && i < n; i++) {
		WG_AUTO_FREE uint8_t *bytes = NULL;
		size_t len;
		code = wg_blob_get(store, ids[i], &bytes, &len, err);
	}
	return code;
}

enum wg_code wg_store_audit(struct wg_store *store, uint64_t *entries, char head[WG_STORE_HASH], struct wg_err *err)
{
	static const struct {
		enum wg_sql sql;
		const char *words;
	} checks[] = {
		{ SQL_AUDIT_MESSAGE, "the state of a message is not the one that was logged last" },
		{ SQL_AUDIT_DELIVERY, "the state of a delivery is not the one that was logged last" },
		{ SQL_AUDIT_GONE, "the log knows a message or a delivery that is gone" },
		{ SQL_AUDIT_ORIGINAL, "the original of a message is not the one that was logged" },
		{ SQL_AUDIT_NOTICE, "the notice of a message is not one that was logged" },
		{ SQL_AUDIT_REPORT, "the extraction report of a message is not one that was logged" },
		{ SQL_AUDIT_RESOLUTION, "what a person said of a message is not what was logged last" },
		{ SQL_AUDIT_RECORD, "a record of a child is not the one that was logged" },
		{ SQL_AUDIT_RECORD_GONE, "the log knows a record of a child that is gone" },
		{ SQL_AUDIT_EXEMPTION, "an exemption is not one that was logged, of delivery" },
		{ SQL_AUDIT_EXEMPTION_GONE, "the log knows an exemption that is gone, of delivery" },
	};
	uint64_t n = 0;
	char hash[WG_STORE_HASH];
	enum wg_code code = wg_chain_check(store, &n, hash, err);
	for (size_t i = 0; code == WG_OK && i < WG_COUNT(checks); i++)
		code = none_of(store, checks[i].sql, checks[i].words, err);
	if (code == WG_OK)
		code = check_disclosures(store, err);
	if (code == WG_OK)
		code = check_blobs(store, err);
	if (code == WG_OK)
		code = wg_purge_audit(store, err);
	if (code == WG_OK)
		code = wg_receipt_audit(store, err);
	if (code == WG_OK) {
		*entries = n;
		memcpy(head, hash, WG_STORE_HASH);
	}
	return code;
}
