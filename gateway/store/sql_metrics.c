/* sql_metrics.c owns the numbers that a machine watches. None of them counts rows that are at their end: they come
 * from the counters that are kept (sql_count.c), and from indexes over what is still under way. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/purge_internal.h"
#include "store/sql_text.h"

/* A task that was due this long ago should have been done. */
#define OVERDUE_MS (5 * 60 * 1000)

static void put_name(struct wg_buf *out, bool first, const char *name)
{
	wg_buf_puts(out, first ? "" : ",");
	wg_buf_put_json(out, name);
	wg_buf_putc(out, ':');
}

static int64_t seconds(int64_t since, int64_t now)
{
	return since == 0 || since > now ? 0 : (now - since) / 1000;
}

/* The counters of one kind as an object. */
static enum wg_code put_counters(struct wg_store *store, const char *kind, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_QUERY struct wg_query q = { 0 };
	bool row = true;
	unsigned n = 0;
	enum wg_code code = wg_query_open(&q, store, "SELECT name, n FROM counter WHERE kind = ?1 AND n <> 0 ORDER BY name",
	                                  WG_ARGS(wg_db_text(kind)), err);
	wg_buf_putc(out, '{');
	while (code == WG_OK) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		put_name(out, n++ == 0, wg_query_text(&q, 0));
		wg_buf_printf(out, "%" PRId64, wg_query_int(&q, 1));
	}
	wg_buf_putc(out, '}');
	return code;
}

/* "mail failed" is a channel and a state. */
static enum wg_code put_outcomes(struct wg_store *store, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_QUERY struct wg_query q = { 0 };
	bool row = true;
	unsigned n = 0;
	enum wg_code code =
		wg_query_open(&q, store,
	                  "SELECT substr(name, 1, instr(name, ' ') - 1), substr(name, instr(name, ' ') + 1), n FROM counter"
	                  " WHERE kind = 'outcome' ORDER BY name",
	                  NULL, 0, err);
	wg_buf_puts(out, ",\"outcomes\":[");
	while (code == WG_OK) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		wg_buf_puts(out, n++ == 0 ? "{" : ",{");
		put_name(out, true, "channel");
		wg_buf_put_json(out, wg_query_text(&q, 0));
		put_name(out, false, "state");
		wg_buf_put_json(out, wg_query_text(&q, 1));
		wg_buf_printf(out, ",\"count\":%" PRId64 "}", wg_query_int(&q, 2));
	}
	wg_buf_putc(out, ']');
	return code;
}

/* A few looks into an index for each; leased: the few copies that are under way now. stalled: since when nothing of a
 * recipient's got an answer. */
#define FAULT(what, state) \
	"(SELECT " what " FROM delivery WHERE recipient = c.name AND state = '" state "' AND fault_at <> 0"
#define OLDEST_FAULT(state) "coalesce(" FAULT("min(fault_at)", state) "), 9000000000000000000)"
/* What a receipt said stays with it: these words are told, and stand in the log for ever. */
#define OWN_WORDS                                                                                            \
	"iif(EXISTS (SELECT 1 FROM receipt r WHERE r.delivery = delivery.seq AND r.moved = 1 AND r.detail <> ''" \
	" AND r.detail = reason), 'it came back after it had been handed over', reason)"
#define FAULT_WORDS(state) FAULT(OWN_WORDS, state) " ORDER BY fault_at LIMIT 1)"
static const char select_recipients[] =
	"WITH leased AS MATERIALIZED (SELECT recipient AS name, min(since) AS at FROM delivery WHERE lease_owner <> 0"
	" GROUP BY recipient) SELECT substr(c.name, 1, instr(c.name, '/') - 1), substr(c.name, instr(c.name, '/') + 1), "
	"c.n,"
	" (SELECT min(d.ready_at) FROM delivery d WHERE d.recipient = c.name AND " WG_SQL_DLV_READY_OF(
		"d.") "),"
			  " coalesce((SELECT u.n FROM counter u WHERE u.kind = 'unconfirmed' AND u.name = c.name), 0),"
			  " (SELECT min(handed_at) FROM delivery WHERE recipient = c.name AND " WG_SQL_DLV_UNCONFIRMED "),"
			  " min(" OLDEST_FAULT("deferred") ", " OLDEST_FAULT(
				  "sending") "),"
							 " " FAULT("min(fault_at)",
                                       "failed") "),"
												 " max(l.at, coalesce((SELECT max(handed_at) FROM delivery WHERE "
												 "recipient = c.name "
												 "AND handed_at <> 0), 0)),"
												 " coalesce(" FAULT_WORDS("deferred") ", " FAULT_WORDS(
													 "sending") ", " FAULT_WORDS("failed") ", '')"
																						   " FROM counter c LEFT JOIN "
																						   "leased l ON l.name = "
																						   "c.name WHERE c.kind = "
																						   "'open' ORDER BY c.name";

static enum wg_code put_recipients(struct wg_store *store, struct wg_now now, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_QUERY struct wg_query q = { 0 };
	bool row = true;
	unsigned n = 0;
	enum wg_code code = wg_query_open(&q, store, select_recipients, NULL, 0, err);
	wg_buf_puts(out, ",\"recipients\":[");
	while (code == WG_OK) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		wg_buf_puts(out, n++ == 0 ? "{" : ",{");
		put_name(out, true, "organisation");
		wg_buf_put_json(out, wg_query_text(&q, 0));
		put_name(out, false, "desk");
		wg_buf_put_json(out, wg_query_text(&q, 1));
		wg_buf_printf(out,
		              ",\"open\":%" PRId64 ",\"oldest_s\":%" PRId64 ",\"unconfirmed\":%" PRId64
		              ",\"oldest_unconfirmed_s\":%" PRId64 ",\"fault_s\":%" PRId64 ",\"stalled_s\":%" PRId64
		              ",\"failed\":%s",
		              wg_query_int(&q, 2), seconds(wg_query_int(&q, 3), now.wall), wg_query_int(&q, 4),
		              seconds(wg_query_int(&q, 5), now.wall), seconds(wg_query_int(&q, 6), now.wall),
		              seconds(wg_query_int(&q, 8), now.wall), wg_query_int(&q, 7) != 0 ? "true" : "false");
		put_name(out, false, "why");
		wg_buf_put_json(out, wg_query_text(&q, 9));
		wg_buf_putc(out, '}');
	}
	wg_buf_putc(out, ']');
	return code;
}

static enum wg_code put_alerts(struct wg_store *store, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_QUERY struct wg_query q = { 0 };
	char since[WG_CLOCK_TEXT];
	bool row = true;
	unsigned n = 0;
	enum wg_code code = wg_query_open(&q, store, "SELECT key, words, since FROM alert ORDER BY key", NULL, 0, err);
	wg_buf_puts(out, ",\"alerts\":[");
	while (code == WG_OK) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		wg_buf_puts(out, n++ == 0 ? "{" : ",{");
		put_name(out, true, "key");
		wg_buf_put_json(out, wg_query_text(&q, 0));
		put_name(out, false, "words");
		wg_buf_put_json(out, wg_query_text(&q, 1));
		put_name(out, false, "since");
		wg_buf_put_json(out, wg_clock_format(wg_query_int(&q, 2), since));
		wg_buf_putc(out, '}');
	}
	wg_buf_putc(out, ']');
	return code;
}

/* What is in the way of the ways in. */
static enum wg_code put_troubles(struct wg_store *store, struct wg_now now, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_QUERY struct wg_query q = { 0 };
	bool row = true;
	unsigned n = 0;
	enum wg_code code = wg_query_open(&q, store, "SELECT name, words, since FROM trouble ORDER BY name", NULL, 0, err);
	wg_buf_puts(out, ",\"troubles\":[");
	while (code == WG_OK) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		wg_buf_puts(out, n++ == 0 ? "{" : ",{");
		put_name(out, true, "name");
		wg_buf_put_json(out, wg_query_text(&q, 0));
		put_name(out, false, "words");
		wg_buf_put_json(out, wg_query_text(&q, 1));
		wg_buf_printf(out, ",\"since_s\":%" PRId64 "}", seconds(wg_query_int(&q, 2), now.wall));
	}
	wg_buf_putc(out, ']');
	return code;
}

/* What single numbers say: the name, and the statement that gives it; ?1 is an instant a while ago. */
static enum wg_code put_numbers(struct wg_store *store, struct wg_now now, struct wg_buf *out, struct wg_err *err)
{
	static const struct {
		const char *name, *sql;
	} numbers[] = {
		{ "attention", "SELECT n FROM counter WHERE kind = 'message' AND name = 'attention' AND ?1 <> 0" },
		{ "reviews", "SELECT n FROM counter WHERE kind = 'delivery' AND name = 'review' AND ?1 <> 0" },
		{ "reviews_overdue", "SELECT count(*) FROM delivery WHERE state = 'review' AND due <> 0 AND due < ?1" },
		{ "tasks_overdue", "SELECT count(*) FROM task WHERE due IS NOT NULL AND due < ?1" },
	};
	enum wg_code code = WG_OK;
	for (size_t i = 0; code == WG_OK && i < WG_COUNT(numbers); i++) {
		int64_t n = 0;
		code = wg_query_number(store, numbers[i].sql, WG_ARGS(wg_db_int(now.wall - OVERDUE_MS)), &n, err);
		put_name(out, false, numbers[i].name);
		wg_buf_printf(out, "%" PRId64, n);
	}
	int64_t oldest = 0;
	if (code == WG_OK)
		code = wg_query_number(store, "SELECT coalesce(min(since), 0) FROM message WHERE state = 'attention'", NULL, 0,
		                       &oldest, err);
	put_name(out, false, "attention_oldest_s");
	wg_buf_printf(out, "%" PRId64, seconds(oldest, now.wall));
	return code;
}

/* Where the log ends, to be kept elsewhere. */
static enum wg_code put_log_end(struct wg_store *store, struct wg_buf *out, struct wg_err *err)
{
	uint64_t entries = 0;
	char head[WG_STORE_HASH];
	enum wg_code code = wg_chain_end(store, &entries, head, err);
	if (code == WG_OK)
		wg_buf_printf(out, ",\"log_entries\":%" PRIu64 ",\"log_head\":\"%s\"", entries, head);
	return code;
}

/* How long ago, of an instant that meta keeps; -1: never. */
static enum wg_code put_since(struct wg_store *store, struct wg_now now, const char *key, const char *name,
                              struct wg_buf *out, struct wg_err *err)
{
	char text[24];
	uint64_t at = 0;
	enum wg_code code = wg_db_meta(store, key, text, sizeof text, err);
	if (code != WG_OK)
		return code;
	const bool ever = wg_num_parse(text, 1, INT64_MAX, &at);
	put_name(out, false, name);
	wg_buf_printf(out, "%" PRId64, ever ? seconds((int64_t)at, now.wall) : -1);
	return WG_OK;
}

enum wg_code wg_store_metrics(struct wg_store *store, struct wg_now now, bool accepting, const char *why,
                              const char *clock, int64_t wall, struct wg_buf *out, struct wg_err *err)
{
	char text[WG_CLOCK_TEXT];
	wg_buf_printf(out, "{\"accepting\":%s", accepting ? "true" : "false");
	put_name(out, false, "why");
	wg_buf_put_json(out, why);
	put_name(out, false, "clock");
	wg_buf_put_json(out, clock);
	put_name(out, false, "now");
	wg_buf_put_json(out, wg_clock_format(now.wall, text));
	put_name(out, false, "machine");
	wg_buf_put_json(out, wg_clock_format(wall, text));
	wg_buf_puts(out, ",\"states\":{\"messages\":");
	enum wg_code code = wg_counts_seal(store, err);
	if (code == WG_OK)
		code = put_counters(store, "message", out, err);
	wg_buf_puts(out, ",\"deliveries\":");
	if (code == WG_OK)
		code = put_counters(store, "delivery", out, err);
	wg_buf_puts(out, "},\"receipts\":");
	if (code == WG_OK)
		code = put_counters(store, "receipt", out, err);
	if (code == WG_OK)
		code = put_outcomes(store, out, err);
	if (code == WG_OK)
		code = put_recipients(store, now, out, err);
	if (code == WG_OK)
		code = put_numbers(store, now, out, err);
	if (code == WG_OK)
		code = put_troubles(store, now, out, err);
	if (code == WG_OK)
		code = put_alerts(store, out, err);
	if (code == WG_OK)
		code = put_log_end(store, out, err);
	if (code == WG_OK)
		code = put_since(store, now, "backup-at", "backup_age_s", out, err);
	if (code == WG_OK)
		code = put_since(store, now, "damaged-at", "damage_age_s", out, err);
	wg_buf_puts(out, "}\n");
	return code == WG_OK ? wg_buf_check(out, "the answer", err) : code;
}
