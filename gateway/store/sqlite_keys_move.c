/* sqlite_keys_move.c owns the migration that takes the heads of the blobs out of store.db. Until then equal blobs
 * shared one row; from now on each is the content of one message. Ciphertext is never the same twice, so nothing is
 * shared. */
#include <stdio.h>
#include <string.h>

#include "store/keys_internal.h"
#include "store/sqlite_internal.h"

/* What an earlier attempt left that store.db knows nothing of. */
static enum wg_code sweep_attempt(struct wg_store *store, struct wg_err *err)
{
	struct wg_keys_batch batch;
	enum wg_code code = wg_sqlite_keys_batch(store, &batch, err);
	if (code != WG_OK || batch.state != WG_BATCH_MOVED)
		return code;
	code = wg_sqlite_keys_run(store, KEYS_DROP_FROM, &batch.first, 1, err);
	if (code == WG_OK)
		store->keys->last = batch.first - 1;
	return code;
}

static enum wg_code put_content(struct wg_store *store, sqlite3_stmt *from, sqlite3_stmt *to, struct wg_err *err)
{
	const uint8_t *bytes = sqlite3_column_blob(from, 2);
	size_t len = (size_t)sqlite3_column_bytes(from, 2), head = len < WG_STORE_HEAD ? len : WG_STORE_HEAD;
	const int64_t id = store->keys->last + 1;
	uint8_t padded[WG_STORE_HEAD] = { 0 };
	if (head > 0)
		memcpy(padded, bytes, head);
	enum wg_code code = wg_sqlite_keys_put(store, id, padded, sizeof padded, err);
	if (code != WG_OK)
		return code;
	store->keys->last = id;
	int rc = sqlite3_bind_int64(to, 1, sqlite3_column_int64(from, 0));
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(to, 2, (const char *)sqlite3_column_text(from, 1), -1, SQLITE_TRANSIENT);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(to, 3, (int64_t)len);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(to, 4, id);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_blob64(to, 5, len > head ? (const void *)(bytes + head) : "", len - head, SQLITE_STATIC);
	if (rc != SQLITE_OK || sqlite3_step(to) != SQLITE_DONE)
		code = wg_sqlite_fail(store, "content", err);
	(void)sqlite3_reset(to); /* repeats the failure seen above */
	return code;
}

static enum wg_code move_all(struct wg_store *store, struct wg_err *err)
{
	sqlite3_stmt *from = NULL, *to = NULL;
	int rc =
		sqlite3_prepare_v2(wg_sqlite_of(store)->db, "SELECT id, hash, bytes FROM blob ORDER BY id", -1, &from, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(wg_sqlite_of(store)->db,
		                        "INSERT INTO content(id, hash, size, head, bytes) VALUES(?1, ?2, ?3, ?4, ?5)", -1, &to,
		                        NULL);
	enum wg_code code = rc == SQLITE_OK ? WG_OK : wg_sqlite_fail(store, "content", err);
	while (code == WG_OK && (rc = sqlite3_step(from)) == SQLITE_ROW)
		code = put_content(store, from, to, err);
	if (code == WG_OK && rc != SQLITE_DONE)
		code = wg_sqlite_fail(store, "blob", err);
	(void)sqlite3_finalize(from); /* repeats the failure seen above */
	(void)sqlite3_finalize(to);   /* was reset */
	return code;
}

/* replaced: documents of a message in whose place others came; until now only the log knew whose they were. */
static const char before[] =
	"CREATE TABLE content(id INTEGER PRIMARY KEY, hash TEXT NOT NULL, size INTEGER NOT NULL, head INTEGER NOT NULL,"
	" bytes BLOB NOT NULL) STRICT;"
	"CREATE TABLE replaced(message INTEGER NOT NULL REFERENCES message(seq), blob INTEGER NOT NULL REFERENCES blob(id),"
	" PRIMARY KEY(message, blob)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE shred(head INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;"
	"INSERT OR IGNORE INTO replaced(message, blob) SELECT m.seq, b.id FROM log l JOIN message m ON m.id = l.message"
	" JOIN blob b ON b.hash = substr(l.detail, 8, 64) WHERE l.detail LIKE 'notice=%' AND b.id IS NOT m.notice;"
	"INSERT OR IGNORE INTO replaced(message, blob) SELECT m.seq, b.id FROM log l JOIN message m ON m.id = l.message"
	" JOIN blob b ON b.hash = substr(l.detail, instr(l.detail, ' report=') + 8, 64)"
	" WHERE l.detail LIKE 'notice=% report=%' AND b.id IS NOT m.report;"
	"INSERT OR IGNORE INTO replaced(message, blob) SELECT m.seq, b.id FROM log l JOIN message m ON m.id = l.message"
	" JOIN blob b ON b.hash = substr(l.detail, 12, 64) WHERE l.event = 'resolve' AND b.id IS NOT m.resolution;";
static const char after[] =
	"DROP TABLE blob;" /* its pages are overwritten: secure_delete */
	"ALTER TABLE content RENAME TO blob;"
	"CREATE INDEX message_kept ON message(kind, seq) WHERE purged_at = 0;"
	"INSERT INTO meta(key, value) VALUES('head-last', '%lld') ON CONFLICT(key) DO UPDATE SET value = excluded.value;"
	"INSERT INTO meta(key, value) VALUES('keys', '%s') ON CONFLICT(key) DO UPDATE SET value = excluded.value;";

enum wg_code wg_sqlite_keys_move(struct wg_store *store, struct wg_err *err)
{
	struct wg_keys *k = store->keys;
	char sql[sizeof after + 64];
	enum wg_code code = wg_sqlite_keys_run(store, KEYS_BEGIN, NULL, 0, err);
	if (code == WG_OK)
		code = sweep_attempt(store, err);
	const int64_t first = k->last + 1;
	if (code == WG_OK)
		code = wg_sqlite_exec(store, before, err);
	if (code == WG_OK)
		code = move_all(store, err);
	const int64_t batch[] = { first, k->last, WG_BATCH_MOVED };
	if (code == WG_OK)
		code = wg_sqlite_keys_run(store, KEYS_BATCH_PUT, batch, 3, err);
	if (code == WG_OK)
		code = wg_sqlite_keys_run(store, KEYS_COMMIT, NULL, 0, err);
	(void)snprintf(sql, sizeof sql, after, (long long)k->last, k->name); /* it fits */
	return code == WG_OK ? wg_sqlite_exec(store, sql, err) : code;
}

/* Room that is freed is given back from now on, that of the old pages at once. Where there is no room for the copy that
 * this takes it is left for the next start; until then what is freed is used again. */
static enum wg_code compact(struct wg_store *store, struct wg_err *err)
{
	return wg_sqlite_exec(store, "PRAGMA auto_vacuum=INCREMENTAL; VACUUM", err);
}

enum wg_code wg_sqlite_keys_moved(struct wg_store *store, const char *folder, struct wg_err *err)
{
	sqlite3_stmt *stmt = NULL;
	bool gives_back = false;
	enum wg_code code = WG_OK;
	if (sqlite3_prepare_v2(wg_sqlite_of(store)->db, "PRAGMA auto_vacuum", -1, &stmt, NULL) != SQLITE_OK ||
	    sqlite3_step(stmt) != SQLITE_ROW)
		code = wg_sqlite_fail(store, "auto_vacuum", err);
	else
		gives_back = sqlite3_column_int(stmt, 0) != 0;
	(void)sqlite3_finalize(stmt); /* repeats the failure seen above */
	if (code == WG_OK && !gives_back)
		code = wg_sqlite_aside(store, folder, compact, err);
	return code == WG_AGAIN && wg_store_full(store) ? WG_OK : code;
}
