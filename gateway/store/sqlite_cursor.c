/* sqlite_cursor.c owns statements that are prepared when they are asked, and what gives room back. */
#include "store/sqlite_internal.h"

void wg_sqlite_cursor_end(void *cursor)
{
	(void)sqlite3_finalize(cursor); /* repeats a failure that was seen at the step */
}

enum wg_code wg_sqlite_cursor_open(struct wg_store *store, const char *sql, const struct wg_arg *args, size_t count,
                                   void **cursor, struct wg_err *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(wg_sqlite_of(store)->db, sql, -1, &stmt, NULL);
	*cursor = stmt;
	for (size_t i = 0; rc == SQLITE_OK && i < count; i++)
		rc = wg_sqlite_bind(stmt, (int)i + 1, &args[i], false);
	return rc == SQLITE_OK ? WG_OK : wg_sqlite_fail(store, sql, err);
}

enum wg_code wg_sqlite_cursor_step(struct wg_store *store, void *cursor, bool *row, struct wg_err *err)
{
	int rc = sqlite3_step(cursor);
	*row = rc == SQLITE_ROW;
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? WG_OK : wg_sqlite_fail(store, "store", err);
}

int64_t wg_sqlite_cursor_int(void *cursor, int col)
{
	return sqlite3_column_int64(cursor, col);
}

const char *wg_sqlite_cursor_text(void *cursor, int col)
{
	const unsigned char *s = sqlite3_column_text(cursor, col);
	return s != NULL ? (const char *)s : "";
}

int64_t wg_sqlite_changes(struct wg_store *store)
{
	return sqlite3_changes(wg_sqlite_of(store)->db);
}

static enum wg_code file_size(struct wg_store *store, int64_t *bytes, struct wg_err *err)
{
	int64_t n[2] = { 0 };
	static const char *const sql[] = { "PRAGMA page_count", "PRAGMA page_size" };
	enum wg_code code = WG_OK;
	for (size_t i = 0; code == WG_OK && i < 2; i++) {
		void *cursor = NULL;
		bool row = false;
		code = wg_sqlite_cursor_open(store, sql[i], NULL, 0, &cursor, err);
		if (code == WG_OK)
			code = wg_sqlite_cursor_step(store, cursor, &row, err);
		if (code == WG_OK && row)
			n[i] = wg_sqlite_cursor_int(cursor, 0);
		wg_sqlite_cursor_end(cursor);
	}
	*bytes = n[0] * n[1];
	return code;
}

enum wg_code wg_sqlite_give_back(struct wg_store *store, uint64_t *freed, struct wg_err *err)
{
	int64_t before = 0, after = 0;
	enum wg_code code = file_size(store, &before, err);
	if (code == WG_OK)
		code = wg_sqlite_exec(store, "PRAGMA incremental_vacuum", err);
	if (code == WG_OK)
		code = file_size(store, &after, err);
	if (code == WG_OK)
		*freed = (uint64_t)(before - after);
	return code;
}

/* Out of the write-ahead log too, which is cut to nothing; and the room of heads goes back to the disk. */
enum wg_code wg_sqlite_scrub(struct wg_store *store, bool keys, struct wg_err *err)
{
	struct wg_sqlite *lite = wg_sqlite_of(store);
	enum wg_code code = keys ? wg_sqlite_keys_exec(store, "PRAGMA incremental_vacuum", err) : WG_OK;
	if (code == WG_OK && sqlite3_wal_checkpoint_v2(keys ? lite->keys : lite->db, "main", SQLITE_CHECKPOINT_TRUNCATE,
	                                               NULL, NULL) != SQLITE_OK)
		code = keys ? wg_sqlite_keys_fail(store, "checkpoint", err) : wg_sqlite_fail(store, "checkpoint", err);
	return code;
}
