/* sqlite_db.c owns the one connection, its kept statements, the transaction, and what a failure of SQLite means. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/keys_internal.h"

/* Growth of the write-ahead log before it is copied into the database, in pages: fewer fsyncs under load. */
#define CHECKPOINT_PAGES "4096"
/* Pages kept in memory: the indexes that every addition touches, and what one transaction changes. */
#define CACHE_KIB "16384"
/* The write-ahead log is cut back to this after a large message. */
#define WAL_KEEP_BYTES "67108864"

struct wg_arg wg_db_int(int64_t v)
{
	return (struct wg_arg){ .type = WG_ARG_INT, .number = v };
}

struct wg_arg wg_db_text(const char *s)
{
	if (s == NULL)
		return (struct wg_arg){ .type = WG_ARG_NULL };
	return (struct wg_arg){ .type = WG_ARG_TEXT, .p = s, .len = strlen(s) };
}

struct wg_arg wg_db_text_or_null(const char *s)
{
	return wg_db_text(s != NULL && *s != '\0' ? s : NULL);
}

struct wg_arg wg_db_blob(const void *p, size_t len)
{
	return (struct wg_arg){ .type = WG_ARG_BLOB, .p = len > 0 ? p : "", .len = len };
}

struct wg_arg wg_db_ref(int64_t seq)
{
	return seq != 0 ? wg_db_int(seq) : wg_db_text(NULL);
}

enum wg_code wg_db_fail(struct wg_store *store, const char *what, struct wg_err *err)
{
	int code = sqlite3_extended_errcode(store->db);
	const char *words = sqlite3_errmsg(store->db);
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

enum wg_code wg_store_fault(const struct wg_store *store, struct wg_err *err)
{
	if (store->fault.code != WG_OK && err != NULL)
		*err = store->fault;
	return store->fault.code;
}

bool wg_store_full(struct wg_store *store)
{
	bool full = store->full;
	store->full = false;
	return full;
}

unsigned wg_store_damaged(struct wg_store *store)
{
	unsigned n = store->damaged;
	store->damaged = 0;
	return n;
}

static int bind_one(sqlite3_stmt *stmt, int i, const struct wg_arg *arg)
{
	switch (arg->type) {
	case WG_ARG_NULL:
		return sqlite3_bind_null(stmt, i);
	case WG_ARG_INT:
		return sqlite3_bind_int64(stmt, i, arg->number);
	case WG_ARG_TEXT: /* a query outlives its caller's arguments, hence the copy */
		return sqlite3_bind_text64(stmt, i, arg->p, arg->len, SQLITE_TRANSIENT, SQLITE_UTF8);
	case WG_ARG_BLOB: /* only wg_db_run is given these: they live until it returns */
		return sqlite3_bind_blob64(stmt, i, arg->p, arg->len, SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

enum wg_code wg_db_query(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count,
                         struct wg_err *err)
{
	if (store->fault.code != WG_OK)
		return wg_store_fault(store, err);
	sqlite3_stmt *stmt = store->stmt[id];
	(void)sqlite3_reset(stmt); /* repeats the code of the last run, which was dealt with then */
	for (size_t i = 0; i < count; i++)
		if (bind_one(stmt, (int)i + 1, &args[i]) != SQLITE_OK)
			return wg_db_fail(store, "bind", err);
	return WG_OK;
}

enum wg_code wg_db_step(struct wg_store *store, enum wg_sql id, bool *row, struct wg_err *err)
{
	int rc = sqlite3_step(store->stmt[id]);
	*row = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW)
		return WG_OK;
	enum wg_code code = rc == SQLITE_DONE ? WG_OK : wg_db_fail(store, "store", err);
	wg_db_end(store, id);
	return code;
}

enum wg_code wg_db_row(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count, bool *row,
                       struct wg_err *err)
{
	enum wg_code code = wg_db_query(store, id, args, count, err);
	return code == WG_OK ? wg_db_step(store, id, row, err) : code;
}

enum wg_code wg_db_run(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count,
                       struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, id, args, count, &row, err);
	wg_db_end(store, id);
	return code;
}

void wg_db_end(struct wg_store *store, enum wg_sql id)
{
	(void)sqlite3_reset(store->stmt[id]);          /* the failure, if any, was seen at the step */
	(void)sqlite3_clear_bindings(store->stmt[id]); /* never fails */
}

int64_t wg_db_col_int(struct wg_store *store, enum wg_sql id, int col)
{
	return sqlite3_column_int64(store->stmt[id], col);
}

const char *wg_db_col_borrow(struct wg_store *store, enum wg_sql id, int col)
{
	const unsigned char *s = sqlite3_column_text(store->stmt[id], col);
	return s != NULL ? (const char *)s : "";
}

void wg_db_col_text(struct wg_store *store, enum wg_sql id, int col, char *out, size_t size)
{
	(void)snprintf(out, size, "%s", wg_db_col_borrow(store, id, col)); /* cut, as promised */
}

enum wg_code wg_db_seqs(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count, size_t max,
                        int64_t **out, size_t *n, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *list = NULL;
	size_t have = 0, cap = 0;
	bool row = true;
	enum wg_code code = wg_db_query(store, id, args, count, err);
	while (code == WG_OK && have < max) {
		code = wg_db_step(store, id, &row, err);
		if (code != WG_OK || !row)
			break;
		if (have == cap) {
			cap = cap == 0 ? 16 : 2 * cap;
			int64_t *more = reallocarray(list, cap, sizeof *list);
			if (more == NULL) {
				code = wg_err_set(err, WG_SYSTEM, "out of memory");
				break;
			}
			list = more;
		}
		list[have++] = wg_db_col_int(store, id, 0);
	}
	wg_db_end(store, id);
	if (code == WG_OK) {
		*out = wg_steal(&list);
		*n = have;
	}
	return code;
}

enum wg_code wg_db_exec(struct wg_store *store, const char *sql, struct wg_err *err)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? WG_OK : wg_db_fail(store, "database", err);
}

enum wg_code wg_db_meta(struct wg_store *store, const char *key, char *out, size_t size, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, SQL_META_GET, WG_ARGS(wg_db_text(key)), &row, err);
	if (code == WG_OK) {
		out[0] = '\0';
		if (row)
			wg_db_col_text(store, SQL_META_GET, 0, out, size);
		wg_db_end(store, SQL_META_GET);
	}
	return code;
}

enum wg_code wg_store_begin(struct wg_store *store, struct wg_err *err)
{
	wg_keys_begin(store);
	return wg_db_run(store, SQL_BEGIN, NULL, 0, err);
}

enum wg_code wg_store_commit(struct wg_store *store, struct wg_err *err)
{
	enum wg_code code = wg_keys_commit(store, err); /* first: what store.db names must be there */
	if (code == WG_OK)
		code = wg_db_run(store, SQL_COMMIT, NULL, 0, err);
	if (code == WG_OK)
		code = wg_keys_after(store, err);
	if (code != WG_OK && store->fault.code == WG_OK) { /* even a full disk: an answer may have been promised */
		wg_err_set(&store->fault, WG_SYSTEM, "the commit failed: %s", err != NULL ? err->text : "");
		code = wg_store_fault(store, err);
	}
	return code;
}

void wg_store_rollback(struct wg_store *store)
{
	if (sqlite3_get_autocommit(store->db) != 0)
		return; /* SQLite did it already */
	struct wg_err err = { 0 };
	if (wg_db_run(store, SQL_ROLLBACK, NULL, 0, &err) != WG_OK && store->fault.code == WG_OK)
		wg_err_set(&store->fault, WG_SYSTEM, "the rollback failed: %s", err.text);
}

enum wg_code wg_store_mark(struct wg_store *store, struct wg_err *err)
{
	wg_keys_mark(store);
	return wg_db_run(store, SQL_MARK, NULL, 0, err);
}

enum wg_code wg_store_keep(struct wg_store *store, struct wg_err *err)
{
	return wg_db_run(store, SQL_KEEP, NULL, 0, err);
}

enum wg_code wg_store_undo(struct wg_store *store, struct wg_err *err)
{
	if (sqlite3_get_autocommit(store->db) != 0)
		return WG_OK; /* a full disk: SQLite has rolled back the whole transaction already */
	wg_keys_undo(store);
	enum wg_code code = wg_db_run(store, SQL_UNDO, NULL, 0, err);
	return code == WG_OK ? wg_store_keep(store, err) : code; /* the mark itself has to go as well */
}

/* Held while the store is open, so that two processes never write (nor checkpoint) the same database. */
static enum wg_code take_lock(struct wg_store *store, const char *folder, struct wg_err *err)
{
	WG_AUTO_FREE char *path = NULL;
	if (asprintf(&path, "%s/store.lock", folder) < 0) {
		path = NULL;
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	}
	store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock < 0)
		return wg_err_errno(err, "open %s", path);
	/* An open-file-description lock: it ends with the descriptor, and holds within one process too. */
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	if (fcntl(store->lock, F_OFD_SETLK, &lock) == 0)
		return WG_OK;
	if (errno == EAGAIN || errno == EACCES)
		return wg_err_set(err, WG_AGAIN, "%s: another process has this store open", path);
	return wg_err_errno(err, "lock %s", path);
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
	if (sqlite3_open_v2(path, &store->db, flags, NULL) != SQLITE_OK) {
		if (store->db == NULL)
			return wg_err_set(err, WG_SYSTEM, "out of memory");
		return wg_db_fail(store, path, err);
	}
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);      /* hardening: */
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL); /* a library without it still works */
	/* Blobs of some KiB take fewer writes; what is purged gives its room back. Said to an old database, the second
	 * would write to it. */
	enum wg_code code = fresh ? wg_db_exec(store, "PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL", err) : WG_OK;
	if (code != WG_OK)
		return code;
	return wg_db_exec(store,
	                  "PRAGMA secure_delete=ON;"
	                  "PRAGMA locking_mode=EXCLUSIVE;" /* no second connection, no shared memory file */
	                  "PRAGMA journal_mode=WAL;"
	                  "PRAGMA synchronous=FULL;"
	                  "PRAGMA foreign_keys=ON;"
	                  "PRAGMA cell_size_check=ON;"
	                  "PRAGMA cache_size=-" CACHE_KIB ";"
	                  "PRAGMA temp_store=MEMORY;"
	                  "PRAGMA mmap_size=0;" /* a read error must be an error, not a signal */
	                  "PRAGMA journal_size_limit=" WAL_KEEP_BYTES ";"
	                  "PRAGMA wal_autocheckpoint=" CHECKPOINT_PAGES ";",
	                  err);
}

static enum wg_code prepare_all(struct wg_store *store, struct wg_err *err)
{
	for (size_t i = 0; i < SQL_COUNT; i++)
		if (sqlite3_prepare_v3(store->db, wg_sql_text[i], -1, SQLITE_PREPARE_PERSISTENT, &store->stmt[i], NULL) !=
		    SQLITE_OK)
			return wg_db_fail(store, wg_sql_text[i], err);
	return WG_OK;
}

enum wg_code wg_store_open(const char *folder, struct wg_store **out, struct wg_err *err)
{
	WG_CLEANUP(wg_store_closep) struct wg_store *store = calloc(1, sizeof *store);
	if (store == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	store->lock = -1;
	bool keyed = false;
	enum wg_code code = take_lock(store, folder, err);
	if (code == WG_OK)
		code = open_database(store, folder, err);
	if (code == WG_OK)
		code = wg_schema_keyed(store, &keyed, err);
	if (code == WG_OK)
		code = wg_keys_open(store, folder, keyed, err);
	if (code == WG_OK)
		code = wg_schema_prepare(store, err);
	if (code == WG_OK)
		code = wg_keys_moved(store, folder, err);
	if (code == WG_OK)
		code = prepare_all(store, err);
	if (code == WG_OK)
		code = wg_keys_level(store, err);
	if (code == WG_OK)
		*out = wg_steal(&store);
	return code;
}

void wg_store_closep(struct wg_store **store)
{
	struct wg_store *s = *store;
	if (s == NULL)
		return;
	for (size_t i = 0; i < SQL_COUNT; i++)
		(void)sqlite3_finalize(s->stmt[i]); /* repeats an old failure */
	(void)sqlite3_close(s->db);             /* what is committed is durable already */
	wg_keys_close(s);
	wg_closep(&s->lock);
	free(s);
	*store = NULL;
}
