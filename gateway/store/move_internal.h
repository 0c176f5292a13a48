/* What a driver does for a move. Rows pass in one form, that of PostgreSQL's COPY (binary): the number of columns (u16,
 * big endian), then of each its length (i32; -1: NULL) and bytes; integers have eight, big endian. Columns are in the
 * order of their names. */
#ifndef WG_STORE_MOVE_INTERNAL_H
#define WG_STORE_MOVE_INTERNAL_H

#include "store/driver.h"
#include "store/move.h"

#define WG_MOVE_NAME 64
#define WG_MOVE_COLUMNS 96
/* The longest row is a blob with what stands beside it. */
#define WG_MOVE_ROW_MAX (WG_STORE_BLOB_MAX + (size_t)1024 * 1024)

struct wg_move_column {
	char name[WG_MOVE_NAME];
	char type;     /* 'i', 't' or 'b' */
	int key;       /* its place in the primary key, from 1; 0: none */
	bool numbered; /* the database gives it the next number */
};

struct wg_move_table {
	char name[WG_MOVE_NAME];
	bool keys; /* of the keys' database */
	unsigned count;
	struct wg_move_column columns[WG_MOVE_COLUMNS]; /* in the order of their names */
};

struct wg_mover {
	/* Rows (table, column, type as above, place in the primary key, 1 if numbered) in the order of table and column. */
	const char *catalogue;
	/* Bytes that the main database takes. */
	const char *size;
	/* %s: table, then column: the last number that was given; and, with a number, that it be that one. */
	const char *last, *last_put;
	bool in_pieces; /* a transaction for all would be a second copy on the disk */

	/* Nobody else works on it, nor may while it is read. */
	enum wg_code (*alone)(struct wg_store *store, struct wg_err *err);

	/* Rows of a SELECT out of the main database, or that of the keys. *row is borrowed until the next call; NULL: no
	 * more. *reader is ended by the caller, also after a failure. */
	enum wg_code (*read)(struct wg_store *store, bool keys, const char *select, void **reader, struct wg_err *err);
	enum wg_code (*next)(struct wg_store *store, void *reader, const uint8_t **row, size_t *len, struct wg_err *err);
	void (*read_end)(struct wg_store *store, void *reader);

	/* Rows into a table. *writer is ended by the caller, good: all of them were put. */
	enum wg_code (*write)(struct wg_store *store, const struct wg_move_table *table, void **writer, struct wg_err *err);
	enum wg_code (*put)(struct wg_store *store, void *writer, const uint8_t *row, size_t len, struct wg_err *err);
	enum wg_code (*write_end)(struct wg_store *store, void *writer, bool good, struct wg_err *err);

	/* The keys' database: a text without rows. */
	enum wg_code (*keys_exec)(struct wg_store *store, const char *sql, struct wg_err *err);

	/* Outside of a transaction, before anything is put. */
	enum wg_code (*ready)(struct wg_store *store, const char *folder, uint64_t bytes, struct wg_err *err);
	/* Inside: rows may come that name others that are not there yet, and nothing is counted. Then the end of that:
	 * *held is what loosen gave, for bind to free. */
	enum wg_code (*loosen)(struct wg_store *store, char **held, struct wg_err *err);
	enum wg_code (*bind)(struct wg_store *store, char **held, struct wg_err *err);
	/* After the last commit: it may be used. */
	enum wg_code (*release)(struct wg_store *store, const char *folder, struct wg_err *err);
};

extern const struct wg_mover wg_sqlite_mover, wg_pg_mover;

/* ---- moved.c */
/* Inside a transaction: this store was copied, now, to that place (NULL: not said). */
enum wg_code wg_moved_put(struct wg_store *store, const char *where, struct wg_err *err) WG_MUST;

/* Words for whoever opens what a copy that was cut off has left. */
#define WG_MOVE_CUT                                                                                                    \
	"wardgate store copy into this store was cut off: repeat that command, which begins anew, or name another place; " \
	"the store that it was copied from is whole"
#define WG_MOVE_TAKEN "nothing is overwritten, so the place of the new store has to be empty"

#endif
