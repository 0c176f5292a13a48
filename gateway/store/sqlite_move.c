/* sqlite_move.c owns SQLite's part of a move: rows in and out, and the mark in the folder that says that what stands
 * beside it is not whole yet. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/keys_internal.h"
#include "store/move_internal.h"
#include "store/purge_internal.h"
#include "store/sqlite_internal.h"
#include "sys/file.h"

#define MARK "store.copying"
static const char mark_words[] = "What stands beside this file is a copy that is not whole: " WG_MOVE_CUT ".\n";
static const char *const files[] = { "store.db", "keys.db" };
/* What SQLite puts beside a database. */
static const char *const beside[] = { "", "-wal", "-shm", "-journal" };

/* ---- the mark */

static enum wg_code path_of(const char *folder, const char *name, const char *more, char **out, struct wg_err *err)
{
	if (asprintf(out, "%s/%s%s", folder, name, more) < 0) {
		*out = NULL;
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	}
	return WG_OK;
}

static enum wg_code is_there(const char *folder, const char *name, bool *there, struct wg_err *err)
{
	WG_AUTO_FREE char *path = NULL;
	enum wg_code code = path_of(folder, name, "", &path, err);
	if (code != WG_OK)
		return code;
	*there = access(path, F_OK) == 0;
	return *there || errno == ENOENT ? WG_OK : wg_err_errno(err, "%s", path);
}

enum wg_code wg_sqlite_not_copying(const char *folder, struct wg_err *err)
{
	bool marked = false;
	enum wg_code code = is_there(folder, MARK, &marked, err);
	return code == WG_OK && marked ? wg_err_set(err, WG_CONFIG, "%s: " WG_MOVE_CUT, folder) : code;
}

/* Behind the mark nobody but a copy has written. */
static enum wg_code throw_away(const char *folder, struct wg_err *err)
{
	for (size_t i = 0; i < WG_COUNT(files); i++)
		for (size_t k = 0; k < WG_COUNT(beside); k++) {
			WG_AUTO_FREE char *path = NULL;
			enum wg_code code = path_of(folder, files[i], beside[k], &path, err);
			if (code != WG_OK)
				return code;
			if (unlink(path) != 0 && errno != ENOENT)
				return wg_err_errno(err, "remove %s", path);
		}
	return WG_OK;
}

enum wg_code wg_sqlite_fill_begin(const char *folder, struct wg_err *err)
{
	WG_AUTO_FREE char *mark = NULL;
	bool marked = false, there = false;
	enum wg_code code = is_there(folder, MARK, &marked, err);
	for (size_t i = 0; code == WG_OK && !marked && i < WG_COUNT(files); i++) {
		code = is_there(folder, files[i], &there, err);
		if (code == WG_OK && there)
			code = wg_err_set(err, WG_REJECT, "%s/%s is there: " WG_MOVE_TAKEN, folder, files[i]);
	}
	if (code == WG_OK)
		code = path_of(folder, MARK, "", &mark, err);
	if (code == WG_OK && !marked)
		code = wg_file_write(mark, mark_words, sizeof mark_words - 1, 0600, err);
	return code == WG_OK ? throw_away(folder, err) : code;
}

static enum wg_code release(struct wg_store *store, const char *folder, struct wg_err *err)
{
	WG_AUTO_FREE char *mark = NULL;
	enum wg_code code = wg_sqlite_exec(store, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON", err);
	if (code == WG_OK)
		code = wg_sqlite_keys_exec(store, "PRAGMA synchronous=FULL", err);
	if (code == WG_OK)
		code = wg_sqlite_scrub(store, true, err);
	if (code == WG_OK) /* with it all that was put is in the files, and these are on the disk */
		code = wg_sqlite_scrub(store, false, err);
	if (code == WG_OK)
		code = wg_file_sync_folder(folder, err);
	if (code == WG_OK)
		code = path_of(folder, MARK, "", &mark, err);
	return code == WG_OK ? wg_file_remove(mark, err) : code;
}

/* ---- reading */

struct reader {
	sqlite3_stmt *stmt;
	struct wg_buf row;
};

static enum wg_code failed(struct wg_store *store, bool keys, const char *what, struct wg_err *err)
{
	return keys ? wg_sqlite_keys_fail(store, what, err) : wg_sqlite_fail(store, what, err);
}

static sqlite3 *base_of(struct wg_store *store, bool keys)
{
	return keys ? wg_sqlite_of(store)->keys : wg_sqlite_of(store)->db;
}

static enum wg_code read_open(struct wg_store *store, bool keys, const char *select, void **reader, struct wg_err *err)
{
	struct reader *r = calloc(1, sizeof *r);
	*reader = r;
	if (r == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	r->row = WG_BUF(WG_MOVE_ROW_MAX);
	return sqlite3_prepare_v2(base_of(store, keys), select, -1, &r->stmt, NULL) == SQLITE_OK
	           ? WG_OK
	           : failed(store, keys, select, err);
}

static void put_value(struct wg_buf *row, sqlite3_stmt *stmt, int col)
{
	switch (sqlite3_column_type(stmt, col)) {
	case SQLITE_NULL:
		wg_buf_u32(row, UINT32_MAX);
		return;
	case SQLITE_INTEGER:
		wg_buf_u32(row, 8);
		wg_buf_u64(row, (uint64_t)sqlite3_column_int64(stmt, col));
		return;
	default: { /* text and bytes; a table that is STRICT has nothing else here */
		const void *p = sqlite3_column_blob(stmt, col);
		const size_t len = (size_t)sqlite3_column_bytes(stmt, col);
		wg_buf_u32(row, (uint32_t)len);
		wg_buf_put(row, len > 0 ? p : "", len);
	}
	}
}

static enum wg_code read_next(struct wg_store *store, void *reader, const uint8_t **row, size_t *len,
                              struct wg_err *err)
{
	struct reader *r = reader;
	const int rc = sqlite3_step(r->stmt), n = rc == SQLITE_ROW ? sqlite3_column_count(r->stmt) : 0;
	*row = NULL;
	if (rc == SQLITE_DONE)
		return WG_OK;
	if (rc != SQLITE_ROW)
		return failed(store, sqlite3_db_handle(r->stmt) == wg_sqlite_of(store)->keys, "a row", err);
	wg_buf_reset(&r->row);
	wg_buf_u8(&r->row, (uint8_t)(n >> 8));
	wg_buf_u8(&r->row, (uint8_t)n);
	for (int i = 0; i < n; i++)
		put_value(&r->row, r->stmt, i);
	enum wg_code code = wg_buf_check(&r->row, "a row", err);
	*row = (const uint8_t *)r->row.data;
	*len = r->row.len;
	return code;
}

static void read_end(struct wg_store *store, void *reader)
{
	struct reader *r = reader;
	(void)store;
	if (r == NULL)
		return;
	(void)sqlite3_finalize(r->stmt); /* repeats a failure that was seen */
	wg_buf_free(&r->row);
	free(r);
}

/* ---- writing */

struct writer {
	sqlite3_stmt *stmt;
	const struct wg_move_table *table;
};

static enum wg_code write_open(struct wg_store *store, const struct wg_move_table *table, void **writer,
                               struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf sql = WG_BUF((size_t)16 * 1024);
	struct writer *w = calloc(1, sizeof *w);
	*writer = w;
	if (w == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	w->table = table;
	wg_buf_printf(&sql, "INSERT INTO \"%s\"(", table->name);
	for (unsigned i = 0; i < table->count; i++)
		wg_buf_printf(&sql, "%s\"%s\"", i == 0 ? "" : ", ", table->columns[i].name);
	wg_buf_puts(&sql, ") VALUES(?");
	for (unsigned i = 1; i < table->count; i++)
		wg_buf_puts(&sql, ", ?");
	wg_buf_putc(&sql, ')');
	enum wg_code code = wg_buf_check(&sql, "a statement", err);
	if (code == WG_OK &&
	    sqlite3_prepare_v2(base_of(store, table->keys), wg_buf_text(&sql), -1, &w->stmt, NULL) != SQLITE_OK)
		code = failed(store, table->keys, wg_buf_text(&sql), err);
	return code;
}

static int bind_value(sqlite3_stmt *stmt, int at, char type, struct wg_cur *row)
{
	const uint32_t len = wg_cur_u32(row);
	if (len == UINT32_MAX)
		return sqlite3_bind_null(stmt, at);
	if (type == 'i' && len == 8)
		return sqlite3_bind_int64(stmt, at, (int64_t)wg_cur_u64(row));
	if (type == 'i' || row->failed || len > row->left)
		return SQLITE_MISMATCH;
	const void *p = row->p; /* lives until the statement was stepped */
	row->p += len;
	row->left -= len;
	return type == 't' ? sqlite3_bind_text64(stmt, at, p, len, SQLITE_STATIC, SQLITE_UTF8)
	                   : sqlite3_bind_blob64(stmt, at, p, len, SQLITE_STATIC);
}

static enum wg_code put(struct wg_store *store, void *writer, const uint8_t *row, size_t len, struct wg_err *err)
{
	struct writer *w = writer;
	struct wg_cur cur = WG_CUR(row, len);
	unsigned n = (unsigned)wg_cur_u8(&cur) << 8;
	int rc = SQLITE_OK;
	n |= wg_cur_u8(&cur);
	for (unsigned i = 0; rc == SQLITE_OK && i < n && i < w->table->count; i++)
		rc = bind_value(w->stmt, (int)i + 1, w->table->columns[i].type, &cur);
	if (rc == SQLITE_MISMATCH || n != w->table->count || !wg_cur_end(&cur))
		return wg_err_set(err, WG_CORRUPT, "a row is not of the form that its table has");
	if (rc == SQLITE_OK)
		rc = sqlite3_step(w->stmt);
	enum wg_code code = rc == SQLITE_DONE ? WG_OK : failed(store, w->table->keys, "a row", err);
	(void)sqlite3_reset(w->stmt); /* repeats the failure seen above */
	return code;
}

static enum wg_code write_end(struct wg_store *store, void *writer, bool good, struct wg_err *err)
{
	struct writer *w = writer;
	(void)store;
	(void)good;
	(void)err;
	if (w != NULL)
		(void)sqlite3_finalize(w->stmt); /* repeats a failure that was seen */
	free(w);
	return WG_OK;
}

/* ---- around */

/* The lock of the folder is held. */
static enum wg_code alone(struct wg_store *store, struct wg_err *err)
{
	(void)store;
	(void)err;
	return WG_OK;
}

static enum wg_code ready(struct wg_store *store, const char *folder, uint64_t bytes, struct wg_err *err)
{
	uint64_t room = 0;
	enum wg_code code = wg_file_free(folder, &room, err);
	if (code == WG_OK && room < bytes + WG_STORE_RESERVE)
		return wg_err_set(err, WG_AGAIN,
		                  "the store takes %" PRIu64 " MiB with what has to stay free, and %" PRIu64
		                  " MiB are free at %.200s",
		                  (bytes + WG_STORE_RESERVE) >> 20, room >> 20, folder);
	/* What a crash leaves is thrown away; at the end of each log SQLite still waits for the disk. */
	if (code == WG_OK)
		code = wg_sqlite_exec(store, "PRAGMA foreign_keys=OFF; PRAGMA synchronous=NORMAL", err);
	return code == WG_OK ? wg_sqlite_keys_exec(store, "PRAGMA synchronous=NORMAL", err) : code;
}

/* Rows are not held against others until `PRAGMA foreign_key_check` of wg_store_check. */
static enum wg_code nothing_held(struct wg_store *store, char **held, struct wg_err *err)
{
	(void)store;
	(void)held;
	(void)err;
	return WG_OK;
}

const struct wg_mover wg_sqlite_mover = {
	.catalogue = "SELECT t.name, c.name, CASE c.type WHEN 'INTEGER' THEN 'i' WHEN 'TEXT' THEN 't' WHEN 'BLOB' THEN 'b'"
				 " ELSE '?' END, c.pk, c.pk = 1 AND t.sql LIKE '%AUTOINCREMENT%' FROM sqlite_schema t,"
				 " pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite#_%' ESCAPE '#'"
				 " ORDER BY t.name, c.name",
	.size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
	.last = "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = '%1$s'), 0),"
			" coalesce((SELECT max(\"%2$s\") FROM \"%1$s\"), 0))",
	.last_put = "DELETE FROM sqlite_sequence WHERE name = '%1$s' /* %2$s */;"
				" INSERT INTO sqlite_sequence(name, seq) VALUES('%1$s', %3$lld)",
	.in_pieces = true,
	.alone = alone,
	.read = read_open,
	.next = read_next,
	.read_end = read_end,
	.write = write_open,
	.put = put,
	.write_end = write_end,
	.keys_exec = wg_sqlite_keys_exec,
	.ready = ready,
	.loosen = nothing_held,
	.bind = nothing_held,
	.release = release,
};
