/* The PostgreSQL driver from inside: two connections, to the main database and to that of the keys, which is another
 * one (or at least of another role) so that a copy of the main one alone opens nothing. Invariants:
 * 1. Whoever has a transaction open holds the row of `writer`: writing transactions follow each other across all nodes,
 *    so all that is said of the one writer of SQLite holds here too.
 * 2. What this process remembers of the database is read anew under that lock when another node wrote since.
 * 3. Once a connection is lost nothing more is asked of it: the fault of the store says so. */
#ifndef WG_STORE_PG_INTERNAL_H
#define WG_STORE_PG_INTERNAL_H

#include <libpq-fe.h>

#include "store/driver.h"

struct wg_pg_stmt {
	char *text; /* with $1, $2 ... */
	bool ready;
	PGresult *rows;
	int at, count;
};

#define WG_PG_NODES 256 /* that are looked after at once; machines are few */
struct wg_pg_peer {
	int64_t id, beat;
	unsigned silent; /* looks in a row at which its beat was the same */
};

struct wg_pg {
	PGconn *main, *keys;
	struct wg_pg_stmt stmt[SQL_COUNT];
	bool key_ready[KEYS_COUNT];
	bool open;                            /* a transaction is */
	int64_t changes;                      /* of the last cursor */
	int64_t node;                         /* this process among those that share the database */
	struct wg_pg_peer peers[WG_PG_NODES]; /* the others, as they were seen last */
	size_t peer_count;
	int64_t turn; /* writer.turn as this process left or saw it */
	bool wrote;   /* in the transaction that is open */
};

static inline struct wg_pg *wg_pg_of(struct wg_store *store)
{
	return store->base;
}

/* ---- pg_connect.c */
/* Checked and completed: no password in it, verified TLS wherever it leaves the machine, the host that can be written
 * to. what: "database" or "keys", for words. */
enum wg_code wg_pg_connect(const char *conninfo, const char *what, bool unsafe, PGconn **out, struct wg_err *err)
	WG_MUST;

/* ---- pg_text.c */
/* The text of a statement with $N for ?N; the caller frees. NULL for want of memory. */
char *wg_pg_text(const char *sql) WG_MUST;
/* That of SQL_..., which may differ from SQLite's where it would be slow or wrong here. */
const char *wg_pg_sql(enum wg_sql id);

/* ---- pg_db.c */
#define WG_PG_ARGS 40 /* of one statement */
struct wg_pg_args {
	Oid types[WG_PG_ARGS];
	const char *values[WG_PG_ARGS];
	int lengths[WG_PG_ARGS], formats[WG_PG_ARGS];
	char numbers[WG_PG_ARGS][24];
};
/* False when there are more than WG_PG_ARGS. */
bool wg_pg_bind(struct wg_pg_args *out, const struct wg_arg *args, size_t count);
/* What a failed call means: sets fault or full where that is so. result may be NULL. */
enum wg_code wg_pg_fail(struct wg_store *store, PGconn *conn, const PGresult *result, const char *what,
                        struct wg_err *err);
/* Texts of one or more statements without arguments and rows. */
enum wg_code wg_pg_exec_on(struct wg_store *store, PGconn *conn, const char *sql, struct wg_err *err) WG_MUST;
/* One number of one row; 0 for none. */
enum wg_code wg_pg_number_on(struct wg_store *store, PGconn *conn, const char *sql, int64_t *out, struct wg_err *err)
	WG_MUST;
int64_t wg_pg_int(const PGresult *rows, int row, int col);

/* ---- pg_schema.c */
enum wg_code wg_pg_schema(struct wg_store *store, struct wg_err *err) WG_MUST;

/* ---- pg_node.c: this process among those that share the database */
enum wg_code wg_pg_node_join(struct wg_store *store, const char *folder, struct wg_err *err) WG_MUST;
enum wg_code wg_pg_node_beat(struct wg_store *store, struct wg_err *err) WG_MUST;
/* At a clean end: the others need not wait for what it had leased. */
void wg_pg_node_leave(struct wg_store *store);

/* ---- pg_keys.c */
enum wg_code wg_pg_keys_open(struct wg_store *store, struct wg_err *err) WG_MUST;
enum wg_code wg_pg_keys_run(struct wg_store *store, enum wg_keys_sql id, const int64_t *args, size_t count,
                            struct wg_err *err) WG_MUST;
enum wg_code wg_pg_keys_put(struct wg_store *store, int64_t id, const uint8_t *p, size_t len, struct wg_err *err)
	WG_MUST;
enum wg_code wg_pg_keys_get(struct wg_store *store, int64_t id, uint8_t out[WG_STORE_HEAD], size_t *len,
                            struct wg_err *err) WG_MUST;
enum wg_code wg_pg_keys_gone(struct wg_store *store, int64_t id, int64_t *at, struct wg_err *err) WG_MUST;
enum wg_code wg_pg_keys_batch(struct wg_store *store, struct wg_keys_batch *out, struct wg_err *err) WG_MUST;

#endif
