/* sqlite_backup.c owns the copy of store.db that is made while the store works, and the reading of keys.db for a
 * backup. Why SQLite's backup of the one connection: no second connection could read the database (exclusive locking),
 * a read transaction held open for minutes would let the write-ahead log grow without end, and VACUUM INTO holds
 * everything up until it is done. The backup of the connection that writes is told of every page that it changes, so
 * that the copy is the database as it stands when the last page is in, and nothing is ever begun anew. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/backup.h"
#include "store/keys_internal.h"
#include "store/purge_internal.h"
#include "store/sqlite_internal.h"
#include "sys/file.h"

/* Pages of one step: 1 MiB, which takes about as long as one fsync. */
#define STEP_PAGES 128
/* Heads of one answer: 1 MiB. */
#define HEADS_MAX 512
#define GONE_MAX 32768
#define PREFIX "backup-"
#define SUFFIX ".db"
/* Where a database says that it has a write-ahead log (https://www.sqlite.org/fileformat.html, 1.3): the copy has none,
 * and is opened without one. */
#define FORMAT_AT 18

struct wg_copy {
	struct wg_store *store;
	char *path;
	sqlite3 *to;
	sqlite3_backup *backup;
	struct wg_copy_state state;
};

static enum wg_code failed(const struct wg_copy *copy, const char *what, struct wg_err *err)
{
	const int code = sqlite3_extended_errcode(copy->to);
	if ((code & 0xff) == SQLITE_FULL)
		return wg_err_set(err, WG_AGAIN, "the disk is full: no room for the copy of the store that a backup takes");
	return wg_err_set(err, WG_SYSTEM, "the copy of the store: %s: SQLite error %d (%s)", what, code,
	                  sqlite3_errmsg(copy->to));
}

static enum wg_code check_room(struct wg_store *store, const char *folder, struct wg_err *err)
{
	int64_t pages = 0, size = 0;
	uint64_t room = 0;
	enum wg_code code = wg_query_number(store, "PRAGMA page_count", NULL, 0, &pages, err);
	if (code == WG_OK)
		code = wg_query_number(store, "PRAGMA page_size", NULL, 0, &size, err);
	if (code == WG_OK)
		code = wg_file_free(folder, &room, err);
	const uint64_t needed = (uint64_t)pages * (uint64_t)size + WG_STORE_RESERVE;
	if (code == WG_OK && room < needed)
		return wg_err_set(err, WG_AGAIN,
		                  "a backup first copies the database within %.200s: that takes %" PRIu64
		                  " MiB with what has to stay free, and %" PRIu64 " MiB are free",
		                  folder, needed >> 20, room >> 20);
	return code;
}

/* SQLite would make it readable to others. */
static enum wg_code make_file(const char *path, struct wg_err *err)
{
	WG_AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd >= 0 ? WG_OK : wg_err_errno(err, "make %.300s", path);
}

static enum wg_code open_copy(struct wg_copy *copy, struct wg_err *err)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	const int rc = sqlite3_open_v2(copy->path, &copy->to, flags, NULL);
	if (copy->to == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	/* Not durable: a copy that a crash leaves behind is thrown away. */
	if (rc != SQLITE_OK || sqlite3_exec(copy->to,
	                                    "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-4096;"
	                                    "PRAGMA locking_mode=EXCLUSIVE",
	                                    NULL, NULL, NULL) != SQLITE_OK)
		return failed(copy, "open", err);
	copy->backup = sqlite3_backup_init(copy->to, "main", wg_sqlite_of(copy->store)->db, "main");
	return copy->backup != NULL ? WG_OK : failed(copy, "begin", err);
}

enum wg_code wg_copy_start(struct wg_store *store, struct wg_now now, const char *folder, struct wg_copy **out,
                           struct wg_err *err)
{
	char id[WG_ID_TEXT];
	if (store->driver != &wg_sqlite_driver)
		return wg_err_set(err, WG_CONFIG,
		                  "the store is in another database: back it up with that database's own means (PostgreSQL: "
		                  "pg_basebackup, pg_dump), its keys apart from the rest");
	enum wg_code code = wg_store_fault(store, err);
	if (code == WG_OK)
		code = check_room(store, folder, err);
	if (code == WG_OK)
		code = wg_id_make(now.wall, id, err);
	if (code != WG_OK)
		return code;
	WG_CLEANUP(wg_copy_freep) struct wg_copy *copy = calloc(1, sizeof *copy);
	if (copy == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	copy->store = store;
	(void)snprintf(copy->state.name, sizeof copy->state.name, PREFIX "%s" SUFFIX, id); /* exactly its size */
	if (asprintf(&copy->path, "%s/%s", folder, copy->state.name) < 0) {
		copy->path = NULL;
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	}
	code = make_file(copy->path, err);
	if (code == WG_OK)
		code = open_copy(copy, err);
	if (code == WG_OK)
		*out = wg_steal(&copy);
	return code;
}

/* No write-ahead log belongs to it. */
static enum wg_code mark_plain(const char *path, struct wg_err *err)
{
	static const uint8_t plain[2] = { 1, 1 };
	WG_AUTO_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || pwrite(fd, plain, sizeof plain, FORMAT_AT) != (ssize_t)sizeof plain)
		return wg_err_errno(err, "finish %.300s", path);
	return WG_OK;
}

/* The last page is in: where the store stands at this instant. */
static enum wg_code finish(struct wg_copy *copy, struct wg_now now, struct wg_err *err)
{
	struct wg_copy_state *s = &copy->state;
	const int rc = sqlite3_backup_finish(copy->backup);
	copy->backup = NULL;
	if (rc != SQLITE_OK)
		return failed(copy, "finish", err);
	if (sqlite3_close(wg_steal(&copy->to)) != SQLITE_OK)
		return wg_err_set(err, WG_SYSTEM, "the copy of the store cannot be closed");
	enum wg_code code = mark_plain(copy->path, err);
	if (code == WG_OK)
		code = wg_chain_end(copy->store, &s->entries, s->head, err);
	s->at = now.wall;
	s->last = copy->store->keys->last;
	memcpy(s->pair, copy->store->keys->name, sizeof s->pair);
	s->ready = code == WG_OK;
	return code;
}

enum wg_code wg_copy_step(struct wg_copy *copy, struct wg_now now, struct wg_err *err)
{
	if (copy->state.ready)
		return WG_OK;
	if (copy->backup == NULL)
		return wg_err_set(err, WG_SYSTEM, "the copy of the store has failed");
	const int rc = sqlite3_backup_step(copy->backup, STEP_PAGES);
	copy->state.pages = (uint64_t)sqlite3_backup_pagecount(copy->backup);
	copy->state.done = copy->state.pages - (uint64_t)sqlite3_backup_remaining(copy->backup);
	if (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
		return WG_OK;
	if (rc == SQLITE_DONE)
		return finish(copy, now, err);
	if ((rc & 0xff) == SQLITE_FULL)
		return wg_err_set(err, WG_AGAIN, "the disk is full: no room for the copy of the store that a backup takes");
	return wg_err_set(err, WG_SYSTEM, "the copy of the store: SQLite error %d (%s)", rc, sqlite3_errstr(rc));
}

void wg_copy_state(const struct wg_copy *copy, struct wg_copy_state *out)
{
	*out = copy->state;
}

void wg_copy_freep(struct wg_copy **copy)
{
	struct wg_copy *c = *copy;
	if (c == NULL)
		return;
	(void)sqlite3_backup_finish(c->backup); /* repeats the failure of a step; NULL is harmless */
	(void)sqlite3_close(c->to);
	if (c->path != NULL)
		(void)unlink(c->path); /* one that stays is removed at the next start */
	free(c->path);
	free(c);
	*copy = NULL;
}

void wg_copy_sweep(const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	while (d != NULL && (e = readdir(d)) != NULL) {
		const size_t len = strlen(e->d_name);
		if (len == WG_COPY_NAME - 1 && strncmp(e->d_name, PREFIX, sizeof PREFIX - 1) == 0 &&
		    strcmp(e->d_name + len - (sizeof SUFFIX - 1), SUFFIX) == 0)
			(void)unlinkat(dirfd(d), e->d_name, 0); /* tried again at the next start */
	}
	if (d != NULL)
		(void)closedir(d); /* was only read */
}

/* ---- keys.db */

enum wg_code wg_store_heads(struct wg_store *store, int64_t after, bool gone, struct wg_buf *out, struct wg_err *err)
{
	if (store->driver != &wg_sqlite_driver)
		return wg_err_set(err, WG_CONFIG, "the keys are in another database: it is backed up by its own means");
	const char *sql = gone ? "SELECT id, at FROM gone WHERE id > ?1 ORDER BY id LIMIT ?2"
	                       : "SELECT id, bytes FROM head WHERE id > ?1 AND id <= ?3 ORDER BY id LIMIT ?2";
	WG_AUTO_BUF struct wg_buf rows = WG_BUF((size_t)2 * HEADS_MAX * WG_STORE_HEAD);
	sqlite3_stmt *stmt = NULL;
	uint32_t n = 0;
	int rc = sqlite3_prepare_v2(wg_sqlite_of(store)->keys, sql, -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(stmt, 1, after);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(stmt, 2, gone ? GONE_MAX : HEADS_MAX);
	if (rc == SQLITE_OK && !gone) /* what a backup opens is what it is of: not what comes */
		rc = sqlite3_bind_int64(stmt, 3, store->keys->last);
	while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		wg_buf_u64(&rows, (uint64_t)sqlite3_column_int64(stmt, 0));
		if (gone)
			wg_buf_u64(&rows, (uint64_t)sqlite3_column_int64(stmt, 1));
		else
			wg_buf_bytes(&rows, sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1));
		n++;
		rc = SQLITE_OK;
	}
	enum wg_code code = rc == SQLITE_DONE ? wg_buf_check(&rows, "keys", err) : wg_sqlite_keys_fail(store, "heads", err);
	(void)sqlite3_finalize(stmt); /* repeats the failure seen above */
	if (code == WG_OK) {
		wg_buf_u32(out, n);
		wg_buf_put(out, rows.data, rows.len);
	}
	return code;
}

enum wg_code wg_store_backup_log(struct wg_store *store, struct wg_now now, const char *who, bool done,
                                 const char *words, struct wg_err *err)
{
	char at[24];
	const struct wg_entry entry = {
		.who = WG_WHO_ADMIN, .person = who, .event = done ? "backup" : "backup-begun", .detail = words
	};
	if (*who == '\0')
		return wg_err_set(err, WG_REJECT, "say who takes the backup: it goes into the log");
	enum wg_code code = wg_chain_append(store, now, &entry, err);
	(void)snprintf(at, sizeof at, "%" PRId64, now.wall); /* 20 bytes at most */
	if (code == WG_OK && done)
		code = wg_db_run(store, SQL_META_PUT, WG_ARGS(wg_db_text("backup-at"), wg_db_text(at)), err);
	return code;
}
