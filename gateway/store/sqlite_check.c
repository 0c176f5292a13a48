/* sqlite_check.c owns the look at the two files as files: pages, heads and blobs that nothing names; and a copy of
 * store.db at rest, held against heads from elsewhere. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/check_internal.h"
#include "store/keys_internal.h"
#include "store/sqlite_internal.h"

#define REMEDY_PAGES                                                                                                   \
	"the file itself is damaged and what it says cannot be relied on: stop the gateway, keep the folder, look at the " \
	"disk, and restore the last backup (wardgate restore)"
#define REMEDY_ORPHAN \
	"no harm: it takes room only; purge and the next start clear what a crash left, tell us if it stays"

/* ---- pages */

/* Rows of a pragma, on either file; a row "ok" is none. */
static enum wg_code pragma_rows(struct wg_store *store, sqlite3 *db, const char *file, const char *sql,
                                struct wg_check *check, struct wg_err *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
	while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		char words[256];
		const char *text = (const char *)sqlite3_column_text(stmt, 0);
		(void)wg_defang(text != NULL ? text : "", words, sizeof words); /* returns its buffer */
		if (strcmp(words, "ok") != 0)
			wg_check_tell(check, REMEDY_PAGES, "%s: %s", file, words);
		rc = SQLITE_OK;
	}
	(void)sqlite3_finalize(stmt); /* repeats the failure of the step */
	if (rc == SQLITE_DONE)
		return WG_OK;
	if ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB) {
		wg_check_tell(check, REMEDY_PAGES, "%s: it cannot be read to its end (%s)", file, sqlite3_errstr(rc));
		return WG_OK;
	}
	(void)store;
	return wg_err_set(err, WG_SYSTEM, "%s: SQLite error %d (%s)", file, rc, sqlite3_errstr(rc));
}

/* A row whose parent is gone: the names of the two tables. */
static const char foreign[] =
	"SELECT 'a row of ' || \"table\" || ' names one of ' || parent || ' that is not there' FROM"
	" pragma_foreign_key_check LIMIT 100";

enum wg_code wg_sqlite_check(struct wg_store *store, struct wg_check *check, struct wg_err *err)
{
	enum wg_code code =
		pragma_rows(store, wg_sqlite_of(store)->db, "store.db", "PRAGMA integrity_check(100)", check, err);
	if (code == WG_OK)
		code = pragma_rows(store, wg_sqlite_of(store)->db, "store.db", foreign, check, err);
	if (code == WG_OK && store->keys != NULL)
		code = pragma_rows(store, wg_sqlite_of(store)->keys, "keys.db", "PRAGMA integrity_check(100)", check, err);
	return code;
}

/* ---- keys.db against store.db */

/* Heads of keys.db and those that store.db names, both in order: what stands in one only. */
static enum wg_code merge_heads(struct wg_store *store, sqlite3_stmt *have, struct wg_query *want,
                                struct wg_check *check, struct wg_err *err)
{
	uint64_t orphans = 0;
	bool row = false;
	int rc = sqlite3_step(have);
	enum wg_code code = wg_query_step(want, &row, err);
	while (code == WG_OK && (row || rc == SQLITE_ROW)) {
		const int64_t h = rc == SQLITE_ROW ? sqlite3_column_int64(have, 0) : INT64_MAX,
					  w = row ? wg_query_int(want, 0) : INT64_MAX;
		orphans += h < w;
		if (h <= w)
			rc = sqlite3_step(have);
		if (w <= h) /* one that is missing is told with its blob */
			code = wg_query_step(want, &row, err);
		if (rc != SQLITE_ROW && rc != SQLITE_DONE)
			break;
	}
	if (code == WG_OK && rc != SQLITE_ROW && rc != SQLITE_DONE)
		return wg_sqlite_keys_fail(store, "heads", err);
	if (code == WG_OK && orphans > 0)
		wg_check_tell(check, REMEDY_ORPHAN, "keys.db has %llu keys of blobs that store.db does not name",
		              (unsigned long long)orphans);
	return code;
}

enum wg_code wg_check_keys(struct wg_store *store, struct wg_check *check, struct wg_err *err)
{
	static const char nobody[] =
		"SELECT 'blob ' || b.id FROM blob b WHERE b.head <> 0 AND NOT EXISTS (SELECT 1 FROM message m WHERE"
		" m.original = b.id) AND b.id NOT IN (SELECT notice FROM message WHERE notice IS NOT NULL UNION SELECT report"
		" FROM message WHERE report IS NOT NULL UNION SELECT resolution FROM message WHERE resolution IS NOT NULL UNION"
		" SELECT envelope FROM delivery WHERE envelope IS NOT NULL UNION SELECT blob FROM replaced UNION SELECT blob"
		" FROM record WHERE blob IS NOT NULL UNION SELECT original FROM message)";
	WG_AUTO_QUERY struct wg_query want = { 0 };
	sqlite3_stmt *have = NULL;
	if (store->driver != &wg_sqlite_driver)
		return wg_check_rows(store, check, nobody, "is named by nothing", false, REMEDY_ORPHAN, err);
	enum wg_code code = wg_query_open(
		&want, store, "SELECT head FROM blob WHERE head <> 0 UNION SELECT head FROM shred ORDER BY 1", NULL, 0, err);
	if (code == WG_OK && sqlite3_prepare_v2(wg_sqlite_of(store)->keys, "SELECT id FROM head WHERE id <= ?1 ORDER BY id",
	                                        -1, &have, NULL) != SQLITE_OK)
		code = wg_sqlite_keys_fail(store, "keys", err);
	if (code == WG_OK &&
	    sqlite3_bind_int64(have, 1, store->keys->last) != SQLITE_OK) /* the others are yet to be given */
		code = wg_sqlite_keys_fail(store, "keys", err);
	if (code == WG_OK)
		code = merge_heads(store, have, &want, check, err);
	(void)sqlite3_finalize(have); /* repeats the failure of a step */
	return code == WG_OK ? wg_check_rows(store, check, nobody, "is named by nothing", false, REMEDY_ORPHAN, err) : code;
}

/* ---- a copy at rest */

enum wg_code wg_store_open_copy(const char *path, struct wg_store **out, struct wg_err *err)
{
	WG_CLEANUP(wg_store_closep) struct wg_store *store = calloc(1, sizeof *store);
	bool current = false;
	if (store == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	store->lock = -1;
	store->driver = &wg_sqlite_driver;
	store->base = calloc(1, sizeof(struct wg_sqlite));
	if (store->base == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	const int rc = sqlite3_open_v2(path, &wg_sqlite_of(store)->db, flags, NULL);
	if (wg_sqlite_of(store)->db == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code = rc == SQLITE_OK ? WG_OK : wg_sqlite_fail(store, path, err);
	(void)sqlite3_db_config(wg_sqlite_of(store)->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL); /* hardening: */
	(void)sqlite3_db_config(wg_sqlite_of(store)->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0,
	                        NULL); /* a library without it still works */
	if (code == WG_OK)
		code = wg_sqlite_exec(store,
		                      "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;"
		                      "PRAGMA cache_size=-16384",
		                      err);
	if (code == WG_OK)
		code = wg_sqlite_current(store, &current, err);
	if (code == WG_OK && !current)
		code = wg_err_set(err, WG_CONFIG, "%s was not made by this version of the program", path);
	if (code == WG_OK)
		code = wg_sqlite_prepare_all(store, err);
	if (code == WG_OK)
		*out = wg_steal(&store);
	return code;
}

struct joining {
	struct wg_store *copy;
	struct wg_check *check;
	wg_store_next_head *next;
	void *arg;
	bool (*gone)(void *arg, int64_t id);
	int64_t id; /* of the head at hand; 0: none yet; -1: there is no more */
	const uint8_t *bytes;
	size_t len;
};

/* To the head with that number, or the first behind it. */
static enum wg_code forward(struct joining *j, int64_t head, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	while (code == WG_OK && j->id >= 0 && j->id < head) {
		int64_t id = 0;
		code = j->next(j->arg, &id, &j->bytes, &j->len, err);
		if (code == WG_OK && id != 0 && id <= j->id)
			code = wg_err_set(err, WG_CORRUPT, "the keys are not in order");
		j->id = id == 0 ? -1 : id;
	}
	return code;
}

static void tell_blob(struct joining *j, int64_t blob, const char *words)
{
	char owner[160];
	wg_check_owner(j->copy, blob, owner, sizeof owner);
	wg_check_tell(j->check, "the backup is not whole: wardgate store check says more of the store it was taken of",
	              "%s %s", owner, words);
}

/* The current row of SQL_BLOB_GET. */
static enum wg_code join_one(struct joining *j, sqlite3_stmt *stmt, int64_t blob, int64_t head, struct wg_err *err)
{
	const uint8_t *rest = sqlite3_column_blob(stmt, 1);
	const size_t have = (size_t)sqlite3_column_bytes(stmt, 1), size = (size_t)sqlite3_column_int64(stmt, 2);
	const char *name = (const char *)sqlite3_column_text(stmt, 0);
	uint8_t raw[WG_SHA256_LEN];
	char hash[WG_STORE_HASH];
	if (j->id != head) {
		if (!j->gone(j->arg, head))
			tell_blob(j, blob, "has no key");
		return WG_OK;
	}
	WG_AUTO_FREE uint8_t *whole = size >= have && size - have <= WG_STORE_HEAD ? malloc(size + 1) : NULL;
	if (whole == NULL && size >= have && size - have <= WG_STORE_HEAD)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	if (whole == NULL || name == NULL || !wg_keys_join(j->bytes, j->len, rest, have, name, whole, size)) {
		tell_blob(j, blob, "is not as long as it was");
		return WG_OK;
	}
	wg_sha256(whole, size, raw);
	wg_hex(raw, sizeof raw, hash);
	if (strcmp(hash, name) != 0)
		tell_blob(j, blob, "is not what was written");
	return WG_OK;
}

enum wg_code wg_store_check_copy(struct wg_store *copy, struct wg_check *check, wg_store_next_head *next, void *arg,
                                 bool (*gone)(void *arg, int64_t id), uint64_t *blobs, struct wg_err *err)
{
	struct joining j = { .copy = copy, .check = check, .next = next, .arg = arg, .gone = gone };
	WG_AUTO_QUERY struct wg_query q = { 0 };
	bool row = true;
	uint64_t n = 0;
	enum wg_code code =
		wg_query_open(&q, copy, "SELECT id, head FROM blob WHERE head <> 0 ORDER BY head", NULL, 0, err);
	while (code == WG_OK) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		const int64_t blob = wg_query_int(&q, 0), head = wg_query_int(&q, 1);
		code = forward(&j, head, err);
		if (code == WG_OK)
			code = wg_db_row(copy, SQL_BLOB_GET, WG_ARGS(wg_db_int(blob)), &row, err);
		if (code == WG_OK && row)
			code = join_one(&j, wg_sqlite_of(copy)->stmt[SQL_BLOB_GET], blob, head, err);
		wg_db_end(copy, SQL_BLOB_GET);
		n++;
	}
	if (code == WG_OK) /* to the very end, so that the whole file of keys was read */
		code = forward(&j, INT64_MAX, err);
	if (code == WG_OK)
		*blobs = n;
	return code;
}
