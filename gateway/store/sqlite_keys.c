/* sqlite_keys.c owns keys.db, the file of the blobs' keys. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/keys_internal.h"
#include "store/sqlite_gather.h"
#include "store/sqlite_internal.h"

#define APPLICATION_ID "2002875243" /* "wgsk" */
/* Growth of its write-ahead log before it is copied into the file, in pages: 2 MiB, as for store.db. */
#define CHECKPOINT_PAGES "2048"
#define CACHE_KIB "4096"

/* Version 2 has the tables of version 1, whose programs would not know what to make of keys.
 * head: keys, and heads of until then. batch: one row. first, last: the numbers of the last batch; name: what store.db
 * must say too; state: enum wg_batch_state. gone: what was destroyed. */
static const char schema[] =
	"BEGIN IMMEDIATE;"
	"PRAGMA application_id=" APPLICATION_ID ";"
	"CREATE TABLE head(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;"
	"CREATE TABLE gone(id INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;"
	"CREATE TABLE batch(one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, state INTEGER NOT NULL) STRICT;"
	"INSERT INTO batch(one, name, first, last, state) VALUES(1, '%s', 1, 0, 0);"
	"PRAGMA user_version=2;"
	"COMMIT;";

static const char *const texts[KEYS_COUNT] = {
	[KEYS_BEGIN] = "BEGIN IMMEDIATE",
	[KEYS_COMMIT] = "COMMIT",
	[KEYS_BATCH_GET] = "SELECT name, first, last, state FROM batch",
	[KEYS_BATCH_PUT] = "UPDATE batch SET first = ?1, last = ?2, state = ?3",
	[KEYS_RAISE] = "UPDATE batch SET first = ?1 WHERE first < ?1",
	[KEYS_SETTLE] = "UPDATE batch SET state = 0 WHERE state <> 0",
	[KEYS_PUT] = "INSERT INTO head(id, bytes) VALUES(?1, ?2)",
	[KEYS_GET] = "SELECT bytes FROM head WHERE id = ?1",
	[KEYS_DROP] = "DELETE FROM head WHERE id = ?1",
	[KEYS_DROP_FROM] = "DELETE FROM head WHERE id >= ?1",
	[KEYS_GONE_PUT] = "INSERT INTO gone(id, at) VALUES(?1, ?2) ON CONFLICT(id) DO NOTHING",
	[KEYS_GONE_GET] = "SELECT at FROM gone WHERE id = ?1",
};

enum wg_code wg_sqlite_keys_fail(struct wg_store *store, const char *what, struct wg_err *err)
{
	sqlite3 *db = wg_sqlite_of(store)->keys;
	int code = sqlite3_extended_errcode(db);
	bool damaged = (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
	if ((code & 0xff) == SQLITE_FULL && store->fault.code == WG_OK &&
	    (sqlite3_get_autocommit(db) != 0 || sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK)) {
		store->full = true;
		return wg_err_set(err, WG_AGAIN, "not accepting: the disk is full (keys.db: %s)", what);
	}
	if (store->fault.code == WG_OK)
		wg_err_set(&store->fault, damaged ? WG_CORRUPT : WG_SYSTEM, "keys.db: %s: SQLite error %d (%s)%s", what, code,
		           sqlite3_errmsg(db), damaged ? ": stop, copy the folder, put the newest copy of keys.db back" : "");
	return wg_store_fault(store, err);
}

enum wg_code wg_sqlite_keys_exec(struct wg_store *store, const char *sql, struct wg_err *err)
{
	return sqlite3_exec(wg_sqlite_of(store)->keys, sql, NULL, NULL, NULL) == SQLITE_OK
	           ? WG_OK
	           : wg_sqlite_keys_fail(store, "database", err);
}

enum wg_code wg_sqlite_keys_run(struct wg_store *store, enum wg_keys_sql id, const int64_t *args, size_t count,
                                struct wg_err *err)
{
	sqlite3_stmt *stmt = wg_sqlite_of(store)->key_stmt[id];
	int rc = SQLITE_OK;
	for (size_t i = 0; rc == SQLITE_OK && i < count; i++)
		rc = sqlite3_bind_int64(stmt, (int)i + 1, args[i]);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	enum wg_code code = rc == SQLITE_DONE ? WG_OK : wg_sqlite_keys_fail(store, texts[id], err);
	(void)sqlite3_reset(stmt); /* repeats the failure seen above */
	return code;
}

/* ---- the file */

enum wg_code wg_sqlite_keys_batch(struct wg_store *store, struct wg_keys_batch *out, struct wg_err *err)
{
	sqlite3_stmt *stmt = wg_sqlite_of(store)->key_stmt[KEYS_BATCH_GET];
	if (sqlite3_step(stmt) != SQLITE_ROW)
		return wg_sqlite_keys_fail(store, "the row of its last batch is missing", err);
	(void)snprintf(out->name, sizeof out->name, "%s", (const char *)sqlite3_column_text(stmt, 0)); /* an id: it fits */
	out->first = sqlite3_column_int64(stmt, 1);
	out->last = sqlite3_column_int64(stmt, 2);
	out->state = sqlite3_column_int(stmt, 3);
	(void)sqlite3_reset(stmt); /* was only read */
	return WG_OK;
}

static enum wg_code read_batch(struct wg_store *store, struct wg_err *err)
{
	struct wg_keys_batch b = { .first = 0 };
	enum wg_code code = wg_sqlite_keys_batch(store, &b, err);
	if (code != WG_OK)
		return code;
	memcpy(store->keys->name, b.name, sizeof b.name);
	store->keys->last = store->keys->end = b.last;
	return WG_OK;
}

static enum wg_code make_schema(struct wg_store *store, struct wg_err *err)
{
	WG_AUTO_FREE char *sql = NULL;
	char name[WG_ID_TEXT];
	enum wg_code code = wg_id_make(wg_clock_now(), name, err);
	if (code != WG_OK)
		return code;
	if (asprintf(&sql, schema, name) < 0) {
		sql = NULL;
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	}
	return wg_sqlite_keys_exec(store, sql, err);
}

static enum wg_code prepare_all(struct wg_store *store, struct wg_err *err)
{
	struct wg_sqlite *lite = wg_sqlite_of(store);
	for (size_t i = 0; i < KEYS_COUNT; i++)
		if (sqlite3_prepare_v3(lite->keys, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &lite->key_stmt[i], NULL) !=
		    SQLITE_OK)
			return wg_sqlite_keys_fail(store, texts[i], err);
	return read_batch(store, err);
}

static enum wg_code set_up(struct wg_store *store, const char *path, bool fresh, struct wg_err *err)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(path, &db, flags, wg_sqlite_gather()), version = 0;
	wg_sqlite_of(store)->keys = db;
	if (db == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	if (rc != SQLITE_OK)
		return wg_sqlite_keys_fail(store, path, err);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);      /* hardening: */
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL); /* a library without it still works */
	/* What is destroyed gives its room back. Said to an old file, this would write to it. */
	enum wg_code code =
		fresh ? wg_sqlite_keys_exec(store, "PRAGMA page_size=" WG_KEYS_PAGE "; PRAGMA auto_vacuum=INCREMENTAL", err)
			  : WG_OK;
	if (code != WG_OK)
		return code;
	code = wg_sqlite_keys_exec(store,
	                           "PRAGMA secure_delete=ON;"
	                           "PRAGMA locking_mode=EXCLUSIVE;"
	                           "PRAGMA journal_mode=WAL;"
	                           "PRAGMA synchronous=FULL;"
	                           "PRAGMA cell_size_check=ON;"
	                           "PRAGMA cache_size=-" CACHE_KIB ";"
	                           "PRAGMA temp_store=MEMORY;"
	                           "PRAGMA mmap_size=0;"
	                           "PRAGMA wal_autocheckpoint=" CHECKPOINT_PAGES ";",
	                           err);
	sqlite3_stmt *stmt = NULL;
	if (code == WG_OK && (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL) != SQLITE_OK ||
	                      sqlite3_step(stmt) != SQLITE_ROW))
		code = wg_sqlite_keys_fail(store, "schema version", err);
	else if (code == WG_OK)
		version = sqlite3_column_int(stmt, 0);
	(void)sqlite3_finalize(stmt); /* repeats a failure seen above */
	if (code == WG_OK && version > 2)
		return wg_err_set(err, WG_CONFIG, "%s was made by a newer program: use that", path);
	if (code == WG_OK && version == 0)
		code = make_schema(store, err);
	else if (code == WG_OK && version == 1)
		code = wg_sqlite_keys_exec(store, "PRAGMA user_version=2", err);
	return code == WG_OK ? prepare_all(store, err) : code;
}

enum wg_code wg_sqlite_keys_open(struct wg_store *store, const char *folder, bool must_exist, struct wg_err *err)
{
	WG_AUTO_FREE char *path = NULL;
	if (asprintf(&path, "%s/keys.db", folder) < 0) {
		path = NULL;
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	}
	WG_AUTO_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (must_exist ? 0 : O_CREAT), 0600);
	if (fd < 0 && errno == ENOENT && must_exist)
		return wg_err_set(err, WG_CONFIG,
		                  "%s is missing: without it nothing that was accepted can be opened; put its newest copy back",
		                  path);
	if (fd < 0)
		return wg_err_errno(err, "open %s", path);
	struct stat st;
	bool fresh = fstat(fd, &st) == 0 && st.st_size == 0;
	wg_closep(&fd); /* before SQLite takes its locks: closing any descriptor of the file would drop them */
	return set_up(store, path, fresh, err);
}

void wg_sqlite_keys_close(struct wg_store *store)
{
	struct wg_sqlite *lite = wg_sqlite_of(store);
	for (size_t i = 0; i < KEYS_COUNT; i++)
		(void)sqlite3_finalize(lite->key_stmt[i]); /* repeats an old failure */
	(void)sqlite3_close(lite->keys);               /* what is committed is durable already */
}

enum wg_code wg_sqlite_keys_put(struct wg_store *store, int64_t id, const uint8_t *p, size_t len, struct wg_err *err)
{
	sqlite3_stmt *stmt = wg_sqlite_of(store)->key_stmt[KEYS_PUT];
	if (sqlite3_bind_int64(stmt, 1, id) != SQLITE_OK ||
	    sqlite3_bind_blob(stmt, 2, p, (int)len, SQLITE_STATIC) != SQLITE_OK)
		return wg_sqlite_keys_fail(store, "bind", err);
	enum wg_code code = sqlite3_step(stmt) == SQLITE_DONE ? WG_OK : wg_sqlite_keys_fail(store, texts[KEYS_PUT], err);
	(void)sqlite3_reset(stmt);          /* repeats the failure seen above */
	(void)sqlite3_clear_bindings(stmt); /* never fails */
	return code;
}

enum wg_code wg_sqlite_keys_gone(struct wg_store *store, int64_t id, int64_t *at, struct wg_err *err)
{
	sqlite3_stmt *stmt = wg_sqlite_of(store)->key_stmt[KEYS_GONE_GET];
	if (sqlite3_bind_int64(stmt, 1, id) != SQLITE_OK)
		return wg_sqlite_keys_fail(store, "bind", err);
	int rc = sqlite3_step(stmt);
	*at = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
	enum wg_code code =
		rc == SQLITE_ROW || rc == SQLITE_DONE ? WG_OK : wg_sqlite_keys_fail(store, texts[KEYS_GONE_GET], err);
	(void)sqlite3_reset(stmt); /* repeats the failure seen above */
	return code;
}

enum wg_code wg_sqlite_keys_get(struct wg_store *store, int64_t id, uint8_t out[WG_STORE_HEAD], size_t *len,
                                struct wg_err *err)
{
	sqlite3_stmt *stmt = wg_sqlite_of(store)->key_stmt[KEYS_GET];
	if (sqlite3_bind_int64(stmt, 1, id) != SQLITE_OK)
		return wg_sqlite_keys_fail(store, "bind", err);
	int rc = sqlite3_step(stmt);
	enum wg_code code =
		rc == SQLITE_ROW || rc == SQLITE_DONE ? WG_OK : wg_sqlite_keys_fail(store, texts[KEYS_GET], err);
	const void *bytes = rc == SQLITE_ROW ? sqlite3_column_blob(stmt, 0) : NULL;
	size_t have = bytes != NULL ? (size_t)sqlite3_column_bytes(stmt, 0) : 0;
	*len = have < WG_STORE_HEAD ? have : WG_STORE_HEAD;
	if (*len > 0)
		memcpy(out, bytes, *len);
	(void)sqlite3_reset(stmt); /* repeats the failure seen above */
	return code;
}
