/* sqlite_db.c owns the connection to store.db, its kept statements, and what a failure of SQLite means. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/driver.h"
#include "store/keys_internal.h"
#include "store/move_internal.h"
#include "store/sqlite_gather.h"
#include "store/sqlite_internal.h"
#include "sys/file.h"

/* Growth of the write-ahead log before it is copied into the database, in bytes. Whoever comes while it is
 * copied waits for it: 12 MiB cost no more processor time for each message than 32, and a shorter pause. */
#define CHECKPOINT_BYTES (12 * 1024 * 1024)
/* Pages kept in memory: the indexes that every addition touches, and what one transaction changes. */
#define CACHE_KIB "16384"
/* The write-ahead log is cut back to this after a large message. */
#define WAL_KEEP_BYTES "67108864"

enum wg_code wg_sqlite_fail(struct wg_store *store, const char *what, struct wg_err *err)
{
	int code = sqlite3_extended_errcode(wg_sqlite_of(store)->db);
	const char *words = sqlite3_errmsg(wg_sqlite_of(store)->db);
	switch (code & 0xff) {
	case SQLITE_FULL:
		store->full = true;
		return wg_err_set(err, WG_AGAIN, "not accepting: the disk is full (%s)", what);
	case SQLITE_CONSTRAINT:
		return wg_err_set(err, WG_REJECT, "%s: it contradicts what is stored (%s)", what, words);
	case SQLITE_TOOBIG:
		return wg_err_set(err, WG_LIMIT, "%s: larger than the database takes", what);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		wg_err_set(&store->fault, WG_CORRUPT,
		           "%s: the database is damaged (%s): stop, copy the folder, restore a backup", what, words);
		break;
	default: /* I/O, memory, or our own bug: nothing that follows could be trusted */
		wg_err_set(&store->fault, WG_SYSTEM, "%s: SQLite error %d (%s)", what, code, words);
		break;
	}
	if (err != NULL)
		*err = store->fault;
	return store->fault.code;
}

int wg_sqlite_bind(sqlite3_stmt *stmt, int i, const struct wg_arg *arg, bool lives)
{
	if (arg->null)
		return sqlite3_bind_null(stmt, i);
	switch (arg->type) {
	case WG_ARG_INT:
		return sqlite3_bind_int64(stmt, i, arg->number);
	case WG_ARG_TEXT: /* a query outlives its caller's arguments, hence the copy */
		return sqlite3_bind_text64(stmt, i, arg->p, arg->len, lives ? SQLITE_STATIC : SQLITE_TRANSIENT, SQLITE_UTF8);
	case WG_ARG_BLOB: /* only wg_db_run is given these: they live until it returns */
		return sqlite3_bind_blob64(stmt, i, arg->p, arg->len, SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

static void end(struct wg_store *store, enum wg_sql id)
{
	(void)sqlite3_reset(wg_sqlite_of(store)->stmt[id]);          /* the failure, if any, was seen at the step */
	(void)sqlite3_clear_bindings(wg_sqlite_of(store)->stmt[id]); /* never fails */
}

static enum wg_code bind_all(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count, bool live,
                             struct wg_err *err)
{
	sqlite3_stmt *stmt = wg_sqlite_of(store)->stmt[id];
	(void)sqlite3_reset(stmt); /* repeats the code of the last run, which was dealt with then */
	for (size_t i = 0; i < count; i++)
		if (wg_sqlite_bind(stmt, (int)i + 1, &args[i], live) != SQLITE_OK)
			return wg_sqlite_fail(store, "bind", err);
	return WG_OK;
}

static enum wg_code query(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count,
                          struct wg_err *err)
{
	return bind_all(store, id, args, count, false, err);
}

static enum wg_code step(struct wg_store *store, enum wg_sql id, bool *row, struct wg_err *err)
{
	int rc = sqlite3_step(wg_sqlite_of(store)->stmt[id]);
	*row = rc == SQLITE_ROW || (rc == SQLITE_DONE && wg_sqlite_of(store)->numbered[id]);
	if (*row)
		return WG_OK;
	enum wg_code code = rc == SQLITE_DONE ? WG_OK : wg_sqlite_fail(store, "store", err);
	end(store, id);
	return code;
}

static enum wg_code run(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count,
                        struct wg_err *err)
{
	bool row = false;
	enum wg_code code = bind_all(store, id, args, count, true, err); /* what is bound is forgotten at the end */
	if (code == WG_OK)
		code = step(store, id, &row, err);
	end(store, id);
	return code;
}

/* A mark costs a copy of every page that is changed behind it, and few requests fail after they have changed something:
 * where the whole transaction can be done again (store->eager) a mark is only the number of rows changed so far. */
static enum wg_code transact(struct wg_store *store, enum wg_sql what, struct wg_err *err)
{
	struct wg_sqlite *lite = wg_sqlite_of(store);
	if (what == SQL_BEGIN)
		store->repeat = false;
	if (!store->eager || (what != SQL_MARK && what != SQL_KEEP && what != SQL_UNDO))
		return run(store, what, NULL, 0, err);
	const int64_t changed = sqlite3_total_changes64(lite->db); /* those of triggers too */
	store->repeat = store->repeat || (what == SQL_UNDO && changed != lite->marked);
	if (what == SQL_MARK)
		lite->marked = changed;
	return store->repeat ? wg_err_set(err, WG_AGAIN, "once more, each request with a mark") : WG_OK;
}

static bool in_transaction(struct wg_store *store)
{
	return sqlite3_get_autocommit(wg_sqlite_of(store)->db) == 0;
}

static int64_t col_int(struct wg_store *store, enum wg_sql id, int col)
{
	return wg_sqlite_of(store)->numbered[id] ? sqlite3_last_insert_rowid(wg_sqlite_of(store)->db)
	                                         : sqlite3_column_int64(wg_sqlite_of(store)->stmt[id], col);
}

static const char *col_text(struct wg_store *store, enum wg_sql id, int col)
{
	const unsigned char *s = sqlite3_column_text(wg_sqlite_of(store)->stmt[id], col);
	return s != NULL ? (const char *)s : "";
}

static const void *col_blob(struct wg_store *store, enum wg_sql id, int col, size_t *len)
{
	sqlite3_stmt *stmt = wg_sqlite_of(store)->stmt[id];
	const void *p = sqlite3_column_blob(stmt, col);
	*len = (size_t)sqlite3_column_bytes(stmt, col);
	return p;
}

enum wg_code wg_sqlite_exec(struct wg_store *store, const char *sql, struct wg_err *err)
{
	return sqlite3_exec(wg_sqlite_of(store)->db, sql, NULL, NULL, NULL) == SQLITE_OK
	           ? WG_OK
	           : wg_sqlite_fail(store, "database", err);
}

static enum wg_code open_database(struct wg_store *store, const char *folder, struct wg_err *err)
{
	WG_AUTO_FREE char *path = NULL;
	if (asprintf(&path, "%s/store.db", folder) < 0) {
		path = NULL;
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	}
	WG_AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600); /* SQLite would make it 0644 */
	if (fd < 0)
		return wg_err_errno(err, "open %s", path);
	struct stat st;
	bool fresh = fstat(fd, &st) == 0 && st.st_size == 0;
	wg_closep(&fd); /* before SQLite takes its locks: closing any descriptor of the file would drop them */
	int flags =
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	if (sqlite3_open_v2(path, &wg_sqlite_of(store)->db, flags, wg_sqlite_gather()) != SQLITE_OK) {
		if (wg_sqlite_of(store)->db == NULL)
			return wg_err_set(err, WG_SYSTEM, "out of memory");
		return wg_sqlite_fail(store, path, err);
	}
	(void)sqlite3_db_config(wg_sqlite_of(store)->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL); /* hardening: */
	(void)sqlite3_db_config(wg_sqlite_of(store)->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0,
	                        NULL); /* a library without it still works */
	/* Else SQLite holds what is bound against the constants of partial indexes, and plans such a statement anew at each
	 * other value: our statements mean the same index whatever is bound. */
	(void)sqlite3_db_config(wg_sqlite_of(store)->db, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
	/* Most pages that a transaction writes are of indexes, for the sake of a row or two each: half as large as 8 KiB,
	 * the write-ahead log grows by 40 % less a notice. What is purged gives its room back. Said to an old database, the
	 * second would write to it. */
	enum wg_code code =
		fresh ? wg_sqlite_exec(store, "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL", err) : WG_OK;
	if (code != WG_OK)
		return code;
	return wg_sqlite_exec(store,
	                      "PRAGMA secure_delete=ON;"
	                      "PRAGMA locking_mode=EXCLUSIVE;" /* no second connection, no shared memory file */
	                      "PRAGMA journal_mode=WAL;"
	                      "PRAGMA synchronous=FULL;"
	                      "PRAGMA foreign_keys=ON;"
	                      "PRAGMA cell_size_check=ON;"
	                      "PRAGMA cache_size=-" CACHE_KIB ";"
	                      "PRAGMA temp_store=MEMORY;"
	                      "PRAGMA mmap_size=0;" /* a read error must be an error, not a signal */
	                      "PRAGMA journal_size_limit=" WAL_KEEP_BYTES ";",
	                      err);
}

/* To give a number back SQLite makes a table for it each time. It is known without: so the text ends before that. */
static int prepare_length(const char *sql, bool *numbered)
{
	const char *returning = strstr(sql, " RETURNING ");
	*numbered = returning != NULL;
	return returning != NULL ? (int)(returning - sql) : -1;
}

/* Stores of two sizes of page are there: what was made before version 10 of the schema has pages of 8 KiB. */
static enum wg_code set_checkpoint(struct wg_store *store, struct wg_err *err)
{
	sqlite3 *db = wg_sqlite_of(store)->db;
	sqlite3_stmt *stmt = NULL;
	int bytes = 0;
	if (sqlite3_prepare_v2(db, "PRAGMA page_size", -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
		bytes = sqlite3_column_int(stmt, 0);
	const enum wg_code code = bytes > 0 && sqlite3_wal_autocheckpoint(db, CHECKPOINT_BYTES / bytes) == SQLITE_OK
	                              ? WG_OK
	                              : wg_sqlite_fail(store, "page size", err);
	(void)sqlite3_finalize(stmt); /* repeats a failure seen above */
	return code;
}

enum wg_code wg_sqlite_prepare_all(struct wg_store *store, struct wg_err *err)
{
	struct wg_sqlite *lite = wg_sqlite_of(store);
	for (size_t i = 0; i < SQL_COUNT; i++) {
		int len = prepare_length(wg_sql_text[i], &lite->numbered[i]);
		if (sqlite3_prepare_v3(lite->db, wg_sql_text[i], len, SQLITE_PREPARE_PERSISTENT, &lite->stmt[i], NULL) !=
		    SQLITE_OK)
			return wg_sqlite_fail(store, wg_sql_text[i], err);
	}
	return WG_OK;
}

static enum wg_code open_both(struct wg_store *store, const struct wg_store_place *place, struct wg_err *err)
{
	bool keyed = false;
	store->base = calloc(1, sizeof(struct wg_sqlite));
	if (store->base == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code =
		place->fill ? wg_sqlite_fill_begin(place->folder, err) : wg_sqlite_not_copying(place->folder, err);
	if (code == WG_OK)
		code = open_database(store, place->folder, err);
	if (code == WG_OK)
		code = set_checkpoint(store, err);
	if (code == WG_OK)
		code = wg_sqlite_check_schema(store, place->folder, &keyed, err);
	if (code == WG_OK)
		code = wg_sqlite_keys_open(store, place->folder, keyed, err);
	if (code == WG_OK)
		code = wg_sqlite_schema(store, place->folder, err);
	if (code == WG_OK)
		code = wg_sqlite_keys_moved(store, place->folder, err);
	if (code == WG_OK)
		code = wg_sqlite_prepare_all(store, err);
	/* Both write-ahead logs are there, and keep their names until they are closed. SQLite syncs the folder too, but
	 * does not say so when that fails. */
	return code == WG_OK ? wg_file_sync_folder(place->folder, err) : code;
}

static void close_both(struct wg_store *store)
{
	struct wg_sqlite *lite = store->base;
	if (lite == NULL)
		return;
	for (size_t i = 0; i < SQL_COUNT; i++)
		(void)sqlite3_finalize(lite->stmt[i]); /* repeats an old failure */
	(void)sqlite3_close(lite->db);             /* what is committed is durable already */
	wg_sqlite_keys_close(store);
	free(lite);
	store->base = NULL;
}

const struct wg_driver wg_sqlite_driver = {
	.name = "sqlite",
	.open = open_both,
	.close = close_both,
	.mover = &wg_sqlite_mover,
	.look = wg_sqlite_look,
	.step_words = wg_sqlite_step_words,
	.query = query,
	.step = step,
	.end = end,
	.run = run,
	.col_int = col_int,
	.col_text = col_text,
	.col_blob = col_blob,
	.cursor_open = wg_sqlite_cursor_open,
	.cursor_step = wg_sqlite_cursor_step,
	.cursor_int = wg_sqlite_cursor_int,
	.cursor_text = wg_sqlite_cursor_text,
	.cursor_end = wg_sqlite_cursor_end,
	.changes = wg_sqlite_changes,
	.check = wg_sqlite_check,
	.exec = wg_sqlite_exec,
	.transact = transact,
	.in_transaction = in_transaction,
	.give_back = wg_sqlite_give_back,
	.scrub = wg_sqlite_scrub,
	.keys_run = wg_sqlite_keys_run,
	.keys_put = wg_sqlite_keys_put,
	.keys_get = wg_sqlite_keys_get,
	.keys_gone = wg_sqlite_keys_gone,
	.keys_batch = wg_sqlite_keys_batch,
};
