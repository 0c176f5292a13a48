/* The SQLite driver from inside: two files in the store's folder, store.db and keys.db. Invariants:
 * 1. One connection to each in the whole system: the lock file is held, the databases are in exclusive locking mode.
 * 2. Between SQL_BEGIN and SQL_COMMIT or SQL_ROLLBACK exactly one transaction is open; outside of it none.
 * 3. No statement is in the middle of its rows when a transaction or a mark ends. */
#ifndef WG_STORE_SQLITE_INTERNAL_H
#define WG_STORE_SQLITE_INTERNAL_H

#include <sqlite3.h>

#include "store/driver.h"
#include "store/migrate.h"

struct wg_sqlite {
	sqlite3 *db, *keys;
	sqlite3_stmt *stmt[SQL_COUNT], *key_stmt[KEYS_COUNT];
	bool numbered[SQL_COUNT]; /* stmt is an insertion; its one row is the number of the row that it made */
	int64_t marked;           /* rows changed before the mark, where that is all there is of it */
};

static inline struct wg_sqlite *wg_sqlite_of(struct wg_store *store)
{
	return store->base;
}

/* ---- sqlite_db.c */
/* lives: what arg points to does until the bindings are cleared, and is not copied. */
int wg_sqlite_bind(sqlite3_stmt *stmt, int i, const struct wg_arg *arg, bool lives);
/* What a failed call means: sets fault or full where that is so. */
enum wg_code wg_sqlite_fail(struct wg_store *store, const char *what, struct wg_err *err);
/* A text that is not kept: pragmas and migrations. */
enum wg_code wg_sqlite_exec(struct wg_store *store, const char *sql, struct wg_err *err) WG_MUST;

/* Keeps every statement; once the schema is the program's. */
enum wg_code wg_sqlite_prepare_all(struct wg_store *store, struct wg_err *err) WG_MUST;

/* ---- sqlite_cursor.c: rows of the driver's table */
enum wg_code wg_sqlite_cursor_open(struct wg_store *store, const char *sql, const struct wg_arg *args, size_t count,
                                   void **cursor, struct wg_err *err) WG_MUST;
enum wg_code wg_sqlite_cursor_step(struct wg_store *store, void *cursor, bool *row, struct wg_err *err) WG_MUST;
int64_t wg_sqlite_cursor_int(void *cursor, int col);
const char *wg_sqlite_cursor_text(void *cursor, int col);
void wg_sqlite_cursor_end(void *cursor);
int64_t wg_sqlite_changes(struct wg_store *store);
enum wg_code wg_sqlite_give_back(struct wg_store *store, uint64_t *freed, struct wg_err *err) WG_MUST;
enum wg_code wg_sqlite_scrub(struct wg_store *store, bool keys, struct wg_err *err) WG_MUST;

/* ---- sqlite_schema.c */
/* *keyed: the schema is one whose blobs have their heads in keys.db. WG_CONFIG when it is newer than this program's,
 * WG_AGAIN when the disk has no room for the migration. */
enum wg_code wg_sqlite_check_schema(struct wg_store *store, const char *folder, bool *keyed, struct wg_err *err)
	WG_MUST;
/* What it sorts meanwhile lies in that folder. */
enum wg_code wg_sqlite_schema(struct wg_store *store, const char *folder, struct wg_err *err) WG_MUST;
/* Work for which SQLite puts aside more than memory or /tmp may hold, sorted tables or a copy of the file: it does so
 * in that folder. All of it is ciphertext and keyed hashes. Outside of a transaction. */
enum wg_code wg_sqlite_aside(struct wg_store *store, const char *folder,
                             enum wg_code (*work)(struct wg_store *store, struct wg_err *err), struct wg_err *err)
	WG_MUST;
const char *wg_sqlite_step_words(int64_t version);
/* What it takes from that version, of a database of that size. */
void wg_sqlite_migration(int64_t version, uint64_t size, struct wg_schema_view *out);
enum wg_code wg_sqlite_current(struct wg_store *store, bool *current, struct wg_err *err) WG_MUST;
extern const char wg_schema_confirm[]; /* sqlite_schema_confirm.c */
extern const char wg_schema_count[];   /* sqlite_schema_count.c */
extern const char wg_schema_fewer[];   /* sqlite_schema_fewer.c */
extern const char wg_schema_short[];   /* sqlite_schema_short.c */

/* ---- sqlite_keys.c: keys.db. Any failure is a fault of the store. */
/* must_exist: store.db is one whose heads are there, otherwise it may be made now. */
enum wg_code wg_sqlite_keys_open(struct wg_store *store, const char *folder, bool must_exist, struct wg_err *err)
	WG_MUST;
void wg_sqlite_keys_close(struct wg_store *store);
enum wg_code wg_sqlite_keys_fail(struct wg_store *store, const char *what, struct wg_err *err);
enum wg_code wg_sqlite_keys_exec(struct wg_store *store, const char *sql, struct wg_err *err) WG_MUST;
enum wg_code wg_sqlite_keys_run(struct wg_store *store, enum wg_keys_sql id, const int64_t *args, size_t count,
                                struct wg_err *err) WG_MUST;
enum wg_code wg_sqlite_keys_put(struct wg_store *store, int64_t id, const uint8_t *p, size_t len, struct wg_err *err)
	WG_MUST;
enum wg_code wg_sqlite_keys_get(struct wg_store *store, int64_t id, uint8_t out[WG_STORE_HEAD], size_t *len,
                                struct wg_err *err) WG_MUST;
enum wg_code wg_sqlite_keys_gone(struct wg_store *store, int64_t id, int64_t *at, struct wg_err *err) WG_MUST;
enum wg_code wg_sqlite_keys_batch(struct wg_store *store, struct wg_keys_batch *out, struct wg_err *err) WG_MUST;

/* ---- sqlite_keys_move.c: the migration of store.db that takes the heads out of it; inside its transaction. */
enum wg_code wg_sqlite_keys_move(struct wg_store *store, struct wg_err *err) WG_MUST;
/* After it, outside of a transaction: makes the database one that gives room back, if it is not yet. */
enum wg_code wg_sqlite_keys_moved(struct wg_store *store, const char *folder, struct wg_err *err) WG_MUST;

/* ---- sqlite_look.c */
enum wg_code wg_sqlite_look(const struct wg_store_place *place, struct wg_schema_view *out, struct wg_err *err) WG_MUST;

/* ---- sqlite_move.c */
/* WG_CONFIG when a copy into the folder was cut off. */
enum wg_code wg_sqlite_not_copying(const char *folder, struct wg_err *err) WG_MUST;
/* The folder, whose lock is held, is empty and marked: what is made in it now is refused to everybody else. */
enum wg_code wg_sqlite_fill_begin(const char *folder, struct wg_err *err) WG_MUST;

/* ---- sqlite_check.c: as wg_driver.check. Every page, by SQLite itself, and what rows refer to. */
struct wg_check;
enum wg_code wg_sqlite_check(struct wg_store *store, struct wg_check *check, struct wg_err *err) WG_MUST;

#endif
