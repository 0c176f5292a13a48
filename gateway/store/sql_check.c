/* sql_check.c owns the look at everything: each thing that is not as it was written is told, and the rest looked at. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/check_internal.h"
#include "store/driver.h"

#define REMEDY_BLOB                                                                                                 \
	"an envelope is made again by itself; of a message that waits a person is told (wardgate attention list): ask " \
	"its "                                                                                                          \
	"sender to send it again, or restore a backup of both files beside this one and read it there"

#define REMEDY_PASSAGE                                                                                            \
	"each record that is not whole for it is named below; where none is, the words stand in another row as well " \
	"and nothing is missing: otherwise they are in every backup made since that policy came into force"

void wg_check_tell(struct wg_check *check, const char *todo, const char *fmt, ...)
{
	char words[WG_STORE_REASON];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(words, sizeof words, fmt, args); /* cut is acceptable in words */
	va_end(args);
	check->findings++;
	check->on(check->arg, words, todo);
}

static void tell_row(struct wg_check *check, unsigned n, const char *row, const char *words, bool before,
                     const char *todo)
{
	char clean[WG_STORE_REASON];
	(void)wg_defang(row, clean, sizeof clean); /* it may be damaged itself; returns its buffer */
	if (n > WG_CHECK_EACH)
		check->findings++;
	else if (before)
		wg_check_tell(check, todo, "%s: %s", words, clean);
	else
		wg_check_tell(check, todo, "%s %s", clean, words);
}

static void tell_more(struct wg_check *check, unsigned n, const char *words)
{
	char text[WG_STORE_REASON];
	if (n <= WG_CHECK_EACH)
		return;
	(void)snprintf(text, sizeof text, "%s: and %u more", words, n - WG_CHECK_EACH); /* it fits */
	check->on(check->arg, text, "so many at once are no single accident: restore a backup");
}

enum wg_code wg_check_rows(struct wg_store *store, struct wg_check *check, const char *sql, const char *words,
                           bool before, const char *todo, struct wg_err *err)
{
	WG_AUTO_QUERY struct wg_query q = { 0 };
	bool row = true;
	unsigned n = 0;
	enum wg_code code = wg_query_open(&q, store, sql, NULL, 0, err);
	while (code == WG_OK) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		tell_row(check, ++n, wg_query_text(&q, 0), words, before, todo);
	}
	tell_more(check, n, words);
	return code;
}

enum wg_code wg_check_questions(struct wg_store *store, struct wg_check *check, const struct wg_check_question *list,
                                size_t count, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; code == WG_OK && i < count; i++)
		code = wg_check_rows(store, check, list[i].sql, list[i].words, false, WG_CHECK_LOOK, err);
	return code;
}

void wg_check_owner(struct wg_store *store, int64_t blob, char *out, size_t size)
{
	static const char sql[] =
		"SELECT CASE ?1 WHEN m.original THEN 'the original' WHEN m.notice THEN 'the notice' WHEN m.report THEN"
		" 'the extraction report' ELSE 'the resolution' END || ' of message ' || m.id FROM message m WHERE"
		" ?1 IN (m.original, m.notice, m.report, m.resolution) UNION ALL SELECT 'the envelope of delivery ' || id FROM"
		" delivery WHERE envelope = ?1 UNION ALL SELECT 'an earlier document of message ' || m.id FROM replaced p JOIN"
		" message m ON m.seq = p.message WHERE p.blob = ?1 UNION ALL SELECT 'a record ' || id FROM record WHERE blob = "
		"?1"
		" LIMIT 1";
	WG_AUTO_QUERY struct wg_query q = { 0 };
	struct wg_err ignored = { 0 };
	bool row = false;
	(void)snprintf(out, size, "blob %lld, which nothing names", (long long)blob); /* it fits */
	if (wg_query_open(&q, store, sql, WG_ARGS(wg_db_int(blob)), &ignored) == WG_OK &&
	    wg_query_step(&q, &row, &ignored) == WG_OK && row)
		(void)wg_defang(wg_query_text(&q, 0), out, size); /* returns its buffer */
}

/* ---- states, records and receipts against the log */

static enum wg_code none_of(struct wg_store *store, struct wg_check *check, enum wg_sql id, const char *words,
                            struct wg_err *err)
{
	bool row = true;
	unsigned n = 0;
	enum wg_code code = wg_db_query(store, id, NULL, 0, err);
	while (code == WG_OK) {
		char name[2 * WG_ID_TEXT + 64];
		code = wg_db_step(store, id, &row, err);
		if (code != WG_OK || !row)
			break;
		(void)snprintf(name, sizeof name, "%.60s %.60s", wg_db_col_borrow(store, id, 0),
		               id == SQL_AUDIT_GONE ? wg_db_col_borrow(store, id, 1) : ""); /* longer ones are damaged */
		tell_row(check, ++n, name, words, true, WG_CHECK_LOOK);
	}
	wg_db_end(store, id);
	tell_more(check, n, words);
	return code;
}

/* The current row of SQL_AUDIT_DISCLOSURE: does the first log entry of the delivery carry these two hashes? */
static enum wg_code check_disclosure(struct wg_store *store, struct wg_check *check, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf record = WG_BUF(WG_STORE_DISCLOSURE_MAX);
	const char *id = wg_db_col_borrow(store, SQL_AUDIT_DISCLOSURE, 0);
	enum wg_code code = wg_disclosure_put(store, wg_db_col_borrow(store, SQL_AUDIT_DISCLOSURE, 1),
	                                      wg_db_col_int(store, SQL_AUDIT_DISCLOSURE, 4) != 0, &record, err);
	if (code != WG_OK)
		return code;
	const char *logged = wg_db_col_borrow(store, SQL_AUDIT_DISCLOSURE, 3);
	uint8_t raw[WG_SHA256_LEN];
	char hash[WG_STORE_HASH], want[2 * WG_STORE_HASH + 32];
	wg_sha256(wg_buf_text(&record), record.len, raw);
	wg_hex(raw, sizeof raw, hash);
	(void)snprintf(want, sizeof want, " envelope=%s disclosure=%s", wg_db_col_borrow(store, SQL_AUDIT_DISCLOSURE, 2),
	               hash); /* cut: no match */
	const size_t a = strlen(logged), b = strlen(want);
	if (a < b || strcmp(logged + a - b, want) != 0)
		wg_check_tell(check, WG_CHECK_LOOK,
		              "the disclosure record or the envelope of delivery %.40s is not the one that was logged", id);
	return WG_OK;
}

static enum wg_code check_disclosures(struct wg_store *store, struct wg_check *check, struct wg_err *err)
{
	bool row = true;
	enum wg_code code = wg_db_query(store, SQL_AUDIT_DISCLOSURE, NULL, 0, err);
	while (code == WG_OK) {
		code = wg_db_step(store, SQL_AUDIT_DISCLOSURE, &row, err);
		if (code != WG_OK || !row)
			break;
		code = check_disclosure(store, check, err);
	}
	wg_db_end(store, SQL_AUDIT_DISCLOSURE);
	return code;
}

/* As they stand in the database: what is known in memory may be right still. */
static enum wg_code check_passages(struct wg_store *store, struct wg_check *check, struct wg_err *err)
{
	static const char words[] = "the words of a passage of disclosure records are not those that it is named for";
	bool row = true;
	unsigned n = 0;
	enum wg_code code = wg_db_query(store, SQL_AUDIT_PASSAGE, NULL, 0, err);
	while (code == WG_OK) {
		char number[24];
		code = wg_db_step(store, SQL_AUDIT_PASSAGE, &row, err);
		if (code != WG_OK || !row)
			break;
		if (wg_passage_sound(wg_db_col_borrow(store, SQL_AUDIT_PASSAGE, 1),
		                     wg_db_col_borrow(store, SQL_AUDIT_PASSAGE, 2)))
			continue;
		(void)snprintf(number, sizeof number, "%lld",
		               (long long)wg_db_col_int(store, SQL_AUDIT_PASSAGE, 0)); /* it fits */
		tell_row(check, ++n, number, words, true, REMEDY_PASSAGE);
	}
	wg_db_end(store, SQL_AUDIT_PASSAGE);
	tell_more(check, n, words);
	return code;
}

static enum wg_code check_logged(struct wg_store *store, struct wg_check *check, struct wg_err *err)
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
	enum wg_code code = WG_OK;
	for (size_t i = 0; code == WG_OK && i < WG_COUNT(checks); i++)
		code = none_of(store, check, checks[i].sql, checks[i].words, err);
	if (code == WG_OK)
		code = check_passages(store, check, err);
	return code == WG_OK ? check_disclosures(store, check, err) : code;
}

static enum wg_code check_chain(struct wg_store *store, struct wg_check *check, struct wg_err *err)
{
	struct wg_err words = { 0 };
	enum wg_code code = wg_chain_check(store, &check->entries, check->head, &words);
	if (code == WG_CORRUPT && wg_store_fault(store, NULL) == WG_OK) {
		wg_check_tell(check,
		              "the log is the proof of who was told what: keep the folder as it is, and restore a backup from "
		              "before; what is right behind that entry cannot be told from what is not",
		              "%s", words.text);
		return WG_OK;
	}
	if (code != WG_OK && err != NULL)
		*err = words;
	return code;
}

static enum wg_code check_blobs(struct wg_store *store, struct wg_check *check, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *ids = NULL;
	size_t n = 0;
	enum wg_code code = wg_db_seqs(store, SQL_BLOB_ALL, NULL, 0, SIZE_MAX, &ids, &n, err);
	for (size_t i = 0; code == WG_OK && i < n; i++) {
		WG_AUTO_FREE uint8_t *bytes = NULL;
		struct wg_err words = { 0 };
		char owner[160];
		size_t len;
		code = wg_blob_get(store, ids[i], &bytes, &len, &words);
		if (code == WG_CORRUPT && wg_store_fault(store, NULL) == WG_OK) {
			wg_check_owner(store, ids[i], owner, sizeof owner);
			wg_check_tell(check, REMEDY_BLOB, "%s: %s", owner, words.text);
			code = WG_OK;
		} else if (code != WG_OK && err != NULL) {
			*err = words;
		}
	}
	return code;
}

enum wg_code wg_store_check(struct wg_store *store, struct wg_check *check, struct wg_err *err)
{
	check->findings = check->entries = 0;
	check->head[0] = '\0';
	enum wg_code code = check->pages ? store->driver->check(store, check, err) : WG_OK;
	if (code == WG_OK)
		code = check_chain(store, check, err);
	if (code == WG_OK)
		code = check_logged(store, check, err);
	if (code == WG_OK && check->blobs)
		code = check_blobs(store, check, err);
	if (code == WG_OK)
		code = wg_purge_audit(store, check, err);
	if (code == WG_OK)
		code = wg_receipt_audit(store, check, err);
	if (code == WG_OK && check->keys)
		code = wg_check_keys(store, check, err);
	return code;
}

enum wg_code wg_store_contains(struct wg_store *store, uint64_t entry, const char *hash, struct wg_err *err)
{
	int64_t n = 0;
	enum wg_code code = wg_query_number(store, "SELECT count(*) FROM log WHERE seq = ?1 AND hash = ?2",
	                                    WG_ARGS(wg_db_int((int64_t)entry), wg_db_text(hash)), &n, err);
	if (code == WG_OK && n == 0)
		code =
			wg_err_set(err, WG_CORRUPT,
		               "the log does not contain entry %llu as it was noted: its end was cut off, or the whole folder "
		               "was put back from an older copy",
		               (unsigned long long)entry);
	return code;
}

/* ---- audit verify: the first finding */

static void first_only(void *arg, const char *words, const char *todo)
{
	char *first = arg;
	(void)todo;
	if (first[0] == '\0')
		(void)snprintf(first, WG_STORE_REASON, "%s", words); /* words have at most as many */
}

enum wg_code wg_store_audit(struct wg_store *store, uint64_t *entries, char head[WG_STORE_HASH], struct wg_err *err)
{
	char first[WG_STORE_REASON] = "";
	struct wg_check check = { .blobs = true, .on = first_only, .arg = first };
	enum wg_code code = wg_store_check(store, &check, err);
	if (code == WG_OK && check.findings > 1)
		code = wg_err_set(err, WG_CORRUPT, "%s; and %llu more: wardgate store check names them", first,
		                  (unsigned long long)check.findings - 1);
	else if (code == WG_OK && check.findings > 0)
		code = wg_err_set(err, WG_CORRUPT, "%s", first);
	if (code == WG_OK) {
		*entries = check.entries;
		memcpy(head, check.head, WG_STORE_HASH);
	}
	return code;
}
