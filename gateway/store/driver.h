/* What a database has to do for the store: one such table for SQLite (sqlite_*.c), one for PostgreSQL (pg_*.c). All
 * that decides is above it, in sql_*.c, keys*.c and purge*.c, one code for both. Statements are those of sql_text.c, by
 * number, or texts that are asked too rarely to be kept; both in the SQL that the two understand alike, with ?1, ?2 ...
 * for the arguments. Functions that give a code set store->fault or store->full where that is so. */
#ifndef WG_STORE_DRIVER_H
#define WG_STORE_DRIVER_H

#include "store/sql_internal.h"

enum wg_keys_sql {
	KEYS_BEGIN,
	KEYS_COMMIT,
	KEYS_BATCH_GET,
	KEYS_BATCH_PUT,
	KEYS_RAISE, /* the first number of the last batch, never to a lower one */
	KEYS_SETTLE,
	KEYS_PUT,
	KEYS_GET,
	KEYS_DROP,
	KEYS_DROP_FROM,
	KEYS_GONE_PUT,
	KEYS_GONE_GET,
	KEYS_COUNT
};

/* The row of keys' table batch: what it knows of its last batch. */
struct wg_keys_batch {
	char name[WG_ID_TEXT];
	int64_t first, last;
	int state; /* enum wg_batch_state */
};

struct wg_mover;       /* move_internal.h */
struct wg_schema_view; /* migrate.h */
struct wg_check;       /* check.h */

struct wg_driver {
	const char *name;
	const struct wg_mover *mover;
	bool shared; /* several processes write, each in its turn */
	/* The main database: opened, of this program's schema, every statement ready; the keys too. What it made is in
	 * store->base and store->keys->base, for close, which is called also when this fails. */
	enum wg_code (*open)(struct wg_store *store, const struct wg_store_place *place, struct wg_err *err);
	void (*close)(struct wg_store *store);
	/* For migrate.h, of a database that is not open and is changed by nothing here; and the words of a step. */
	enum wg_code (*look)(const struct wg_store_place *place, struct wg_schema_view *out, struct wg_err *err);
	const char *(*step_words)(int64_t version);

	/* As wg_db_ahead. NULL: nobody waits for an answer of this database. */
	void (*ahead)(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count);
	/* As wg_db_query, _step, _end. A blob among the arguments lives until its statement was stepped. */
	enum wg_code (*query)(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count,
	                      struct wg_err *err);
	enum wg_code (*step)(struct wg_store *store, enum wg_sql id, bool *row, struct wg_err *err);
	void (*end)(struct wg_store *store, enum wg_sql id);
	/* Of one that gives no rows, or whose rows nobody wants. Inside a mark a driver may send it and learn of its
	 * failure later: at the next row that is asked for or the end of the mark; of what store->eager lets be told later
	 * still, at any row of the transaction or at its commit (WG_AGAIN then, and store->repeat is set). */
	enum wg_code (*run)(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count,
	                    struct wg_err *err);
	int64_t (*col_int)(struct wg_store *store, enum wg_sql id, int col);                   /* true is 1, NULL is 0 */
	const char *(*col_text)(struct wg_store *store, enum wg_sql id, int col);              /* NULL is "" */
	const void *(*col_blob)(struct wg_store *store, enum wg_sql id, int col, size_t *len); /* NULL also for memory */

	/* A text: *cursor is ended by the caller, also after a failure (NULL then or not). */
	enum wg_code (*cursor_open)(struct wg_store *store, const char *sql, const struct wg_arg *args, size_t count,
	                            void **cursor, struct wg_err *err);
	enum wg_code (*cursor_step)(struct wg_store *store, void *cursor, bool *row, struct wg_err *err);
	int64_t (*cursor_int)(void *cursor, int col);
	const char *(*cursor_text)(void *cursor, int col);
	void (*cursor_end)(void *cursor);
	/* Rows that the last statement of a cursor that was stepped has changed. */
	int64_t (*changes)(struct wg_store *store);

	/* What of the database is not as it has to be, whatever the rows say: wg_check.pages. */
	enum wg_code (*check)(struct wg_store *store, struct wg_check *check, struct wg_err *err);

	/* A text of one or more statements without arguments and rows. */
	enum wg_code (*exec)(struct wg_store *store, const char *sql, struct wg_err *err);
	/* SQL_BEGIN, SQL_COMMIT, SQL_ROLLBACK, SQL_MARK, SQL_KEEP, SQL_UNDO. */
	enum wg_code (*transact)(struct wg_store *store, enum wg_sql what, struct wg_err *err);
	bool (*in_transaction)(struct wg_store *store);

	/* Where the database is shared, once a second inside a transaction: this process is still there; those that were
	 * not heard of for long are no more. WG_SYSTEM, a fault, when the others gave this one up. NULL: not shared. */
	enum wg_code (*beat)(struct wg_store *store, struct wg_err *err);

	/* For the other processes, inside a transaction: a message that is leased with that token was given its context,
	 * and may be about that (sql_work.c). They find it in the fifth column of SQL_MSG_WORK. NULL: not shared. */
	enum wg_code (*note)(struct wg_store *store, int64_t seq, int64_t token, const char *about, struct wg_err *err);

	/* The wall clock to go by, in ms: of the machine of the database, which all that share it have in common. Asks
	 * nobody: as it was heard last (at each beat), and gone on with by wg_clock_boot. NULL: this machine's. */
	int64_t (*wall)(const struct wg_store *store);

	/* From now on others wait for this process: an answer of the database that takes longer than a few seconds is taken
	 * for a loss. NULL: it has nothing to wait for. */
	enum wg_code (*hurry)(struct wg_store *store, struct wg_err *err);
	/* After store->lost: connected anew, to whichever of the hosts takes writing; fault and lost are over then, and
	 * store->committed says whether the transaction is there whose commit was asked for and not answered. What this
	 * process remembers is read again with the next turn; store->node may be another. WG_AGAIN: not yet, with words
	 * why; without words: it is under way, and shall be asked again at once. Takes seconds at most. NULL: the database
	 * is here, and never lost. */
	enum wg_code (*reconnect)(struct wg_store *store, struct wg_err *err);

	/* Room that is free goes back to the disk; *freed counts bytes. Inside a transaction. */
	enum wg_code (*give_back)(struct wg_store *store, uint64_t *freed, struct wg_err *err);
	/* Outside of a transaction: what was overwritten is in no file of the live system any more. keys: of the keys,
	 * otherwise of the main database. */
	enum wg_code (*scrub)(struct wg_store *store, bool keys, struct wg_err *err);

	/* The keys: statements of numbers without rows; keys' rows and heads, put by number and read (len 0: not there). */
	enum wg_code (*keys_run)(struct wg_store *store, enum wg_keys_sql id, const int64_t *args, size_t count,
	                         struct wg_err *err);
	enum wg_code (*keys_put)(struct wg_store *store, int64_t id, const uint8_t *p, size_t len, struct wg_err *err);
	enum wg_code (*keys_get)(struct wg_store *store, int64_t id, uint8_t out[WG_STORE_HEAD], size_t *len,
	                         struct wg_err *err);
	enum wg_code (*keys_gone)(struct wg_store *store, int64_t id, int64_t *at, struct wg_err *err);
	enum wg_code (*keys_batch)(struct wg_store *store, struct wg_keys_batch *out, struct wg_err *err);
};

extern const struct wg_driver wg_sqlite_driver, wg_pg_driver;

#endif
