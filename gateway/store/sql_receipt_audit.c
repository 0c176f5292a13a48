/* sql_receipt_audit.c owns the questions that tell whether receipts are those that were logged, and the end of their
 * words. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/check_internal.h"
#include "store/sql_text.h"

enum wg_code wg_receipt_forget(struct wg_store *store, int64_t message, struct wg_err *err)
{
	static const char *const sql[] = {
		"UPDATE delivery SET reason = NULL WHERE message = ?1 AND EXISTS (SELECT 1 FROM receipt r WHERE"
		" r.delivery = delivery.seq AND r.moved = 1)",
		"UPDATE receipt SET person = '', detail = '', salt = '', same = CASE WHEN same LIKE 'says %' THEN 'gone ' || "
		"seq"
		" ELSE same END WHERE delivery IN (SELECT seq FROM delivery WHERE message = ?1)",
	};
	enum wg_code code = WG_OK;
	for (size_t i = 0; code == WG_OK && i < WG_COUNT(sql); i++)
		code = wg_query_run(store, sql[i], WG_ARGS(wg_db_int(message)), err);
	return code;
}

/* As many of each delivery as the log knows; words gone where, and only where, the message was purged. */
static const struct wg_check_question questions[] = {
	{ "SELECT d.id FROM receipt r JOIN delivery d ON d.seq = r.delivery GROUP BY d.seq HAVING count(*) <> (SELECT"
	  " count(*) FROM log l WHERE l.delivery = d.id AND l.delivery <> '' AND l.event = 'receipt')",
	  "has other receipts than the log knows" },
	{ "SELECT l.delivery FROM log l WHERE l.event = 'receipt' AND NOT EXISTS (SELECT 1 FROM receipt r JOIN delivery d "
	  "ON"
	  " d.seq = r.delivery WHERE d.id = l.delivery)",
	  "had receipts by the log, and they are gone" },
	{ "SELECT d.id FROM receipt r JOIN delivery d ON d.seq = r.delivery JOIN message m ON m.seq = d.message WHERE"
	  " (r.salt = '') <> (m.purged_at <> 0)",
	  "has receipts without their words, or words that were purged" },
	{ "SELECT kind || ' ' || name FROM (SELECT 'message' AS kind, state AS name, count(*) AS n FROM message GROUP BY"
	  " state UNION ALL SELECT 'delivery', state, count(*) FROM delivery GROUP BY state UNION ALL SELECT 'receipt',"
	  " level, count(*) FROM receipt GROUP BY level UNION ALL SELECT 'open', recipient, count(*) FROM delivery WHERE"
	  " " WG_SQL_DLV_OPEN " GROUP BY recipient UNION ALL SELECT 'unconfirmed', recipient, count(*) FROM delivery WHERE"
	  " " WG_SQL_DLV_UNCONFIRMED " GROUP BY recipient) t WHERE t.n IS DISTINCT FROM (SELECT c.n FROM counter c WHERE"
	  " c.kind = t.kind AND c.name = t.name)",
	  "are not as many as were counted" },
};

static const char select_all[] =
	"SELECT r.level, r.giver, r.way, r.asked, r.same, r.person, r.detail, r.copy_hash, r.log_head, r.message, r.salt,"
	" r.said_at, d.id FROM receipt r JOIN delivery d ON d.seq = r.delivery WHERE r.salt <> '' ORDER BY r.seq";

static enum wg_code was_logged(struct wg_store *store, const struct wg_query *q, struct wg_check *check,
                               struct wg_err *err)
{
	const char *text[13];
	char hash[WG_STORE_HASH], level[32];
	int64_t n = 0;
	for (int i = 0; i < 13; i++)
		text[i] = wg_query_text(q, i);
	const struct wg_receipt_words w = { .salt = text[10],
		                                .level = text[0],
		                                .giver = text[1],
		                                .way = text[2],
		                                .asked = text[3],
		                                .same = text[4],
		                                .person = text[5],
		                                .detail = text[6],
		                                .copy_hash = text[7],
		                                .log_head = text[8],
		                                .message = text[9],
		                                .said_at = wg_query_int(q, 11) };
	enum wg_code code = wg_receipt_hash(&w, hash, err);
	(void)snprintf(level, sizeof level, " level=%s ", text[0]); /* short */
	if (code == WG_OK)
		code =
			wg_query_number(store,
		                    "SELECT count(*) FROM log WHERE delivery = ?1 AND delivery <> '' AND event = 'receipt' AND"
		                    " substr(detail, 1, 64) = ?2 AND instr(detail, ?3) = 65",
		                    WG_ARGS(wg_db_text(text[12]), wg_db_text(hash), wg_db_text(level)), &n, err);
	if (code == WG_OK && n != 1)
		wg_check_tell(check, WG_CHECK_LOOK, "a receipt of delivery %s is not the one that was logged", text[12]);
	return code;
}

enum wg_code wg_receipt_audit(struct wg_store *store, struct wg_check *check, struct wg_err *err)
{
	WG_AUTO_QUERY struct wg_query q = { 0 };
	bool row = true;
	enum wg_code code = wg_counts_seal(store, err);
	if (code == WG_OK)
		code = wg_check_questions(store, check, questions, WG_COUNT(questions), err);
	if (code == WG_OK)
		code = wg_query_open(&q, store, select_all, NULL, 0, err);
	while (code == WG_OK) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		code = was_logged(store, &q, check, err);
	}
	return code;
}

/* ---- for people */

enum wg_code wg_store_receipts(struct wg_store *store, const char *id, struct wg_buf *out, struct wg_err *err)
{
	static const char *const names[] = { "delivery",  "level",    "way",     "organisation", "person",
		                                 "copy_hash", "log_head", "message", "detail" };
	WG_AUTO_QUERY struct wg_query q = { 0 };
	int64_t known = 0;
	unsigned n = 0;
	bool row = true;
	enum wg_code code =
		wg_query_number(store, "SELECT 1 FROM message WHERE id = ?1 UNION SELECT 1 FROM delivery WHERE id = ?1",
	                    WG_ARGS(wg_db_text(id)), &known, err);
	if (code == WG_OK && known == 0)
		code = wg_err_set(err, WG_NOT_FOUND, "no message or delivery has this id");
	if (code == WG_OK)
		code = wg_query_open(
			&q, store,
			"SELECT d.id, r.level, r.way, r.giver, r.person, r.copy_hash, r.log_head, r.message, r.detail,"
			" r.at, r.said_at, r.moved FROM delivery d JOIN receipt r ON r.delivery = d.seq WHERE"
			" d.id = ?1 OR d.message = (SELECT seq FROM message WHERE id = ?1) ORDER BY r.seq",
			WG_ARGS(wg_db_text(id)), err);
	wg_buf_putc(out, '[');
	while (code == WG_OK && !out->failed) {
		char at[WG_CLOCK_TEXT], said[WG_CLOCK_TEXT];
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		wg_buf_puts(out, n++ == 0 ? "\n{" : ",\n{");
		for (int i = 0; i < (int)WG_COUNT(names); i++) {
			wg_buf_printf(out, "%s\"%s\":", i == 0 ? "" : ",", names[i]);
			wg_buf_put_json(out, wg_query_text(&q, i));
		}
		int64_t said_at = wg_query_int(&q, 10);
		wg_buf_printf(out, ",\"at\":\"%s\",\"said_at\":\"%s\",\"moved\":%s}", wg_clock_format(wg_query_int(&q, 9), at),
		              said_at != 0 ? wg_clock_format(said_at, said) : "", wg_query_int(&q, 11) == 1 ? "true" : "false");
	}
	wg_buf_puts(out, "]\n");
	return code == WG_OK ? wg_buf_check(out, "the answer", err) : code;
}
