/* The PostgreSQL driver from inside: two connections, to the main database and to that of the keys, which is another
 * one (or at least of another role) so that a copy of the main one alone opens nothing. Invariants:
 * 1. Whoever has a transaction open holds the lock that is named in pg_text.c: writing transactions follow each other
 * across all nodes, so all that is said of the one writer of SQLite holds here too.
 * 2. What this process remembers of the database is read anew under that lock when another node wrote since.
 * 3. Once a connection is lost nothing more is asked of it: the fault of the store says so. */
#ifndef WG_STORE_PG_INTERNAL_H
#define WG_STORE_PG_INTERNAL_H

#include <libpq-fe.h>

#include "base/sha256.h"
#include "store/driver.h"
#include "store/migrate.h"

/* Statements of this driver alone, beside those of sql_text.c. */
enum wg_pg_sql {
	PG_LOCK = SQL_COUNT, /* the turn to write, until the transaction ends */
	PG_TURN,
	PG_TURN_SAME, /* fails where it is not ?1 */
	PG_TURN_PUT,
	PG_NOTE,
	PG_AT_ONCE, /* what a row refers to is looked for with each statement, not at the end */
	PG_IDS,     /* and WG_PG_IDS - 1 more */
	PG_COUNT = PG_IDS + 6
};
/* Tables whose rows get their numbers here, so that nobody waits for the database to say them. */
#define WG_PG_IDS (PG_COUNT - PG_IDS)

struct wg_pg_stmt {
	char name[8];
	char *text; /* with $1, $2 ... */
	bool ready; /* it is prepared, or that is on its way */
	bool writes, binary;
	bool of_row;    /* it changes one row, of the number, or the id, that is its first argument */
	char table[24]; /* that it writes to; "": none, or one of a longer name */
	int ids;        /* 1 + which of the tables that get their numbers here it inserts into; 0: none */
	PGresult *rows;
	int at, count;
};

struct wg_pg_sent {
	struct wg_pg_stmt *stmt; /* NULL: a sync */
	bool prepares;
	unsigned ahead; /* which of those asked ahead (pg_ahead.c); 0: none */
};
#define WG_PG_SENT_MAX 256 /* on their way at once: their answers, some 100 bytes each, wait in the socket */
struct wg_pg_pipe {
	PGconn *conn;
	unsigned count;
	struct wg_pg_sent sent[WG_PG_SENT_MAX];
};

/* Asked ahead, and not wanted yet. rows NULL: on its way. */
#define WG_PG_AHEAD 48 /* the keys of a message, and some more */
struct wg_pg_ahead {
	const struct wg_pg_stmt *stmt; /* NULL: free */
	const char *text;
	unsigned serial, place; /* place: in a list of questions, from 1 on; 0: it was asked by itself */
	uint8_t asked[WG_SHA256_LEN];
	PGresult *rows;
};

#define WG_PG_POOL_MAX 64
struct wg_pg_pool {
	int64_t ids[WG_PG_POOL_MAX];
	int next, count, want;
};

/* What was read of the database, or written to it, and holds as long as nobody else writes: the rows of meta that are
 * asked for, and the end of the log. */
#define WG_PG_META 16
struct wg_pg_memo {
	struct {
		char key[32], value[120];
		bool there;
	} meta[WG_PG_META];
	unsigned count;
	bool head_known;
	int64_t head_seq;
	char head_hash[WG_STORE_HASH];
};

/* On the way to new connections, a step at a time: which of the two, at which host, of how many; until when, in steady
 * ms; and why the hosts before did not do. */
struct wg_pg_reach {
	bool under_way;
	PGconn *conn;
	unsigned which, host, hosts;
	int limit_ms; /* for one host */
	int64_t until;
	char why[256];
};

/* Rows of one insertion, or questions to one statement, that wait to be sent together (pg_gather.c, pg_ahead.c). */
#define WG_PG_GATHERED 3
#define WG_PG_GATHER_COLUMNS 10
#define WG_PG_GATHER_ROWS 64
struct wg_pg_gather {
	struct wg_pg_stmt stmt; /* of lists; text NULL: nothing was gathered yet */
	size_t count;           /* of its columns */
	Oid lists[WG_PG_GATHER_COLUMNS];
	struct wg_buf columns[WG_PG_GATHER_COLUMNS]; /* lists without their end */
	unsigned rows;
	bool updates;       /* a row that is there already */
	struct wg_buf keys; /* of rows, then */
};

#define WG_PG_NODES 256 /* that are looked after at once; machines are few */
struct wg_pg_peer {
	int64_t id, beat;
	unsigned silent; /* looks in a row at which its beat was the same */
};

struct wg_pg {
	struct wg_pg_pipe main, keys;
	struct wg_pg_stmt stmt[PG_COUNT], key_stmt[KEYS_COUNT];
	struct wg_pg_pool pool[WG_PG_IDS];
	struct wg_pg_memo memo;
	struct wg_pg_ahead ahead[WG_PG_AHEAD];
	unsigned ahead_count, ahead_serial, asks_serial;
	struct wg_pg_gather gather[WG_PG_GATHERED], asks;
	bool open, keys_open;                 /* a transaction is, of the main database and of the keys */
	unsigned marks;                       /* that are set, one within the other */
	bool touched;                         /* something was written since the last of them */
	struct wg_err broken;                 /* why nothing of this transaction, or of its mark, can be done any more */
	int64_t changes;                      /* of the last cursor */
	int64_t node;                         /* this process among those that share the database */
	struct wg_pg_peer peers[WG_PG_NODES]; /* the others, as they were seen last */
	size_t peer_count;
	bool looked;         /* and it is known who they are */
	int64_t clock_ahead; /* ms that the database's clock is ahead of wg_clock_boot, */
	bool clock_heard;    /* since it was heard */
	int64_t turn;        /* writer.turn as this process left or saw it */
	bool certain;        /* that it is, of the transaction that is open */
	bool wrote;          /* in that */
	bool logged;         /* in it, and to the log: memo knows the end */
	char *conninfo[2], *folder;
	struct wg_pg_reach reach;
	bool hurried;
	int answer_ms; /* how long an answer may take where somebody is in a hurry (driver.h) */
	int patience;  /* ms that the next may take; 0: as long as it likes */
	int silent_ms; /* how long the last was waited for in vain, until that was told; 0: it was not */
	bool unsafe;
	/* of the commit that was not answered: its turn, and the last entry of the log that it wrote; seq 0: none */
	int64_t asked_turn, asked_seq;
	char asked_hash[WG_STORE_HASH];
};

static inline struct wg_pg *wg_pg_of(struct wg_store *store)
{
	return store->base;
}

/* ---- pg_wait.c */
struct wg_pg_args;
/* As PQgetResult, and as PQexec and PQexecParams outside of pipelines, but for no longer than pg->patience: the
 * connection is lost then. The result is the caller's; NULL: none, or lost. */
PGresult *wg_pg_result(struct wg_pg *pg, PGconn *conn) WG_MUST;
PGresult *wg_pg_ask(struct wg_pg *pg, PGconn *conn, const char *sql) WG_MUST;
PGresult *wg_pg_ask_with(struct wg_pg *pg, PGconn *conn, const char *sql, const struct wg_pg_args *args) WG_MUST;
/* As PQfinish, without waiting for anybody; *conn may be NULL, and is after that. */
void wg_pg_hang_up(PGconn **conn);
/* driver.h; again on each new connection. */
enum wg_code wg_pg_hurry(struct wg_store *store, struct wg_err *err) WG_MUST;

/* ---- pg_reach.c: connecting while others wait for this process */
/* One step, which takes a fraction of a second, to both connections. WG_AGAIN without words: it is under way; with
 * words: no host would have it, and the next call begins anew. */
enum wg_code wg_pg_reach(struct wg_pg *pg, struct wg_err *err) WG_MUST;
void wg_pg_reach_end(struct wg_pg *pg);

/* ---- pg_connect.c */
extern const char *const wg_pg_names[2]; /* of the main database and of the keys, for words */
/* Checked and completed: no password in it, verified TLS wherever it leaves the machine, the host that can be written
 * to. what: one of the names. */
enum wg_code wg_pg_connect(struct wg_pg *pg, const char *conninfo, const char *what, PGconn **out, struct wg_err *err)
	WG_MUST;
/* The same begun (PQconnectPoll goes on), to one of the hosts of pg->conninfo[which]: their number, and how long one
 * may take, are in pg->reach after that. *out may be NULL, for want of memory. */
enum wg_code wg_pg_connect_start(struct wg_pg *pg, unsigned which, unsigned host, PGconn **out, struct wg_err *err)
	WG_MUST;
/* And brought to its end: how this connection is used, and what the server has to promise. WG_AGAIN: it is not open. */
enum wg_code wg_pg_connected(struct wg_pg *pg, PGconn *conn, const char *what, struct wg_err *err) WG_MUST;

/* Both connections, to whichever of the hosts can be written to. */
enum wg_code wg_pg_connect_both(struct wg_pg *pg, struct wg_err *err) WG_MUST;

/* ---- pg_again.c */
enum wg_code wg_pg_reconnect(struct wg_store *store, struct wg_err *err) WG_MUST;

/* ---- pg_text.c */
/* The text of a statement with $N for ?N; the caller frees. NULL for want of memory. */
char *wg_pg_text(const char *sql) WG_MUST;
/* That of SQL_... or PG_..., which may differ from SQLite's where it would be slow or wrong here. */
const char *wg_pg_sql(int id);
/* An insertion of `count` values that gives back its number, as one that is told it as its last value. The caller
 * frees; NULL for want of memory. */
char *wg_pg_numbered(const char *sql, const char *column, size_t count) WG_MUST;

/* ---- pg_pipe.c */
#define WG_PG_ARGS 40 /* of one statement */
struct wg_pg_args {
	size_t count;
	Oid types[WG_PG_ARGS];
	const char *values[WG_PG_ARGS];
	int lengths[WG_PG_ARGS], formats[WG_PG_ARGS];
	char numbers[WG_PG_ARGS][24];
};
/* Sends a statement, prepared first if it is not; the arguments (count of them, whatever args->count says) are not
 * needed any more when it returns. What came of those before may come out here, as from settle. */
enum wg_code wg_pg_pipe_send(struct wg_store *store, struct wg_pg_pipe *pipe, struct wg_pg_stmt *stmt,
                             const struct wg_pg_args *args, size_t count, struct wg_err *err) WG_MUST;
/* What was sent reaches the server, and nobody waits. */
enum wg_code wg_pg_pipe_flush(struct wg_store *store, struct wg_pg_pipe *pipe, struct wg_err *err) WG_MUST;
/* Everything that was sent is done; *last (may be NULL) is the result of the last, the caller's. The first failure
 * otherwise: nothing after that one was done. */
enum wg_code wg_pg_pipe_settle(struct wg_store *store, struct wg_pg_pipe *pipe, PGresult **last, struct wg_err *err)
	WG_MUST;
/* The same, and the connection is as for PQexec. */
enum wg_code wg_pg_pipe_off(struct wg_store *store, struct wg_pg_pipe *pipe, struct wg_err *err) WG_MUST;

/* ---- pg_memo.c */
/* What was asked ahead is forgotten too. */
void wg_pg_memo_clear(struct wg_pg *pg);
/* A made-up result when it is known what this statement would give; NULL otherwise, and for want of memory. */
PGresult *wg_pg_memo_ask(struct wg_pg *pg, enum wg_sql id, const struct wg_arg *args);
/* It was asked, and gave these rows. */
void wg_pg_memo_learn(struct wg_pg *pg, enum wg_sql id, const struct wg_arg *args, const PGresult *rows);
/* It was sent, and its result does not matter. */
void wg_pg_memo_wrote(struct wg_pg *pg, enum wg_sql id, const struct wg_arg *args);
/* One row of one number. NULL for want of memory. */
PGresult *wg_pg_memo_number(int64_t n);

/* ---- pg_ahead.c */
/* As wg_driver.ahead. */
void wg_pg_ahead(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count);
/* Questions that wait for others leave. */
enum wg_code wg_pg_ahead_send(struct wg_store *store, struct wg_err *err) WG_MUST;
/* *known: it was asked before, and its answer is in stmt->rows. Fails as settling does. */
enum wg_code wg_pg_ahead_take(struct wg_store *store, struct wg_pg_stmt *stmt, const struct wg_arg *args, size_t count,
                              bool *known, struct wg_err *err) WG_MUST;
/* The answer, which is given away, to what was sent under that number. */
void wg_pg_ahead_came(struct wg_pg *pg, unsigned serial, PGresult *rows);
/* Whether a statement of ours reads that table, by its text: columns have such names too. Behind a comma it may be
 * either. */
bool wg_pg_reads(const char *text, const char *table) WG_MUST;
/* Something is written to that table (NULL: to any): what was asked of it is asked anew. */
void wg_pg_ahead_drop(struct wg_pg *pg, const char *table);
/* That statement, which writes, is about to: as drop, but for answers that are of another row. */
void wg_pg_ahead_wrote(struct wg_pg *pg, const struct wg_pg_stmt *stmt, const struct wg_arg *args);

/* ---- pg_list.c */
#define WG_PG_LIST_MAX ((size_t)4 * 1024 * 1024) /* bytes of one */
/* Lists of such arguments for a statement of that text, which is taken over; NULL: there was no memory for it. Its name
 * is made of letter and id. */
enum wg_code wg_pg_list_start(struct wg_pg_gather *g, char letter, int id, char *text, const struct wg_arg *args,
                              size_t count, struct wg_err *err) WG_MUST;
/* "$1::text[], $2::bigint[]", for unnest. */
void wg_pg_list_types(struct wg_buf *out, const struct wg_arg *args, size_t count);
void wg_pg_list_put(struct wg_pg_gather *g, const struct wg_arg *args);
/* Leaves, and is empty. */
enum wg_code wg_pg_list_send(struct wg_store *store, struct wg_pg_gather *g, struct wg_err *err) WG_MUST;
void wg_pg_list_drop(struct wg_pg_gather *g);
void wg_pg_list_free(struct wg_pg_gather *g);

/* ---- pg_gather.c */
/* *taken: the row is kept, and will be sent. */
enum wg_code wg_pg_gather(struct wg_store *store, int id, const struct wg_pg_stmt *stmt, const struct wg_arg *args,
                          size_t count, bool *taken, struct wg_err *err) WG_MUST;
/* Before that statement is sent: what it would read or write to, or what has to be there before it. */
enum wg_code wg_pg_gather_before(struct wg_store *store, int id, const struct wg_pg_stmt *stmt, struct wg_err *err)
	WG_MUST;
/* All that is kept is sent. */
enum wg_code wg_pg_gather_flush(struct wg_store *store, struct wg_err *err) WG_MUST;
/* What is kept is given up: its transaction, or its mark, is. */
void wg_pg_gather_drop(struct wg_pg *pg);
void wg_pg_gather_free(struct wg_pg *pg);

/* ---- pg_turn.c: the transaction and its turn to write */
enum wg_code wg_pg_transact(struct wg_store *store, enum wg_sql what, struct wg_err *err) WG_MUST;
/* Before anything leaves that the main database does not undo: what this process remembers is as the database has it.
 */
enum wg_code wg_pg_be_certain(struct wg_store *store, struct wg_err *err) WG_MUST;
/* Of each statement that writes, inside a transaction. */
void wg_pg_touch(struct wg_pg *pg);
/* Something sent to the main database failed with that; the transaction is spoilt, up to its mark. Returns what the
 * caller is told. */
enum wg_code wg_pg_spoil(struct wg_store *store, enum wg_code code, struct wg_err *err) WG_MUST;
/* The next number of that table (0 to WG_PG_IDS - 1), higher than all before it. */
enum wg_code wg_pg_next_id(struct wg_store *store, int table, int64_t *out, struct wg_err *err) WG_MUST;

/* ---- pg_db.c */
/* False when there are more than WG_PG_ARGS. */
bool wg_pg_bind(struct wg_pg_args *out, const struct wg_arg *args, size_t count);
/* One of this driver's own, or of the transaction: sent, and nobody waits. */
enum wg_code wg_pg_send(struct wg_store *store, int id, const struct wg_arg *args, size_t count, struct wg_err *err)
	WG_MUST;
/* What a failed call means: sets fault or full where that is so. result may be NULL. */
enum wg_code wg_pg_fail(struct wg_store *store, PGconn *conn, const PGresult *result, const char *what,
                        struct wg_err *err);
/* Texts of one or more statements without arguments and rows; what was sent before is done first. */
enum wg_code wg_pg_exec_on(struct wg_store *store, struct wg_pg_pipe *pipe, const char *sql, struct wg_err *err)
	WG_MUST;
/* One number of one row; 0 for none. */
enum wg_code wg_pg_number_on(struct wg_store *store, struct wg_pg_pipe *pipe, const char *sql, int64_t *out,
                             struct wg_err *err) WG_MUST;
int64_t wg_pg_int(const PGresult *rows, int row, int col);

/* ---- pg_schema.c */
enum wg_code wg_pg_schema(struct wg_store *store, struct wg_err *err) WG_MUST;
enum wg_code wg_pg_look(const struct wg_store_place *place, struct wg_schema_view *out, struct wg_err *err) WG_MUST;
const char *wg_pg_step_words(int64_t version);

/* ---- pg_refers.c */
extern const char wg_pg_refers_drop[]; /* the sixth migration */
struct wg_check;
enum wg_code wg_pg_refers_check(struct wg_store *store, struct wg_check *check, struct wg_err *err) WG_MUST;

/* ---- pg_move.c */
/* WG_CONFIG when a copy into the database was cut off. */
enum wg_code wg_pg_not_copying(struct wg_store *store, struct wg_err *err) WG_MUST;
/* Both databases are empty, and the first is marked: what is made there now is refused to everybody else. */
enum wg_code wg_pg_fill_begin(struct wg_store *store, struct wg_err *err) WG_MUST;

/* ---- pg_node.c: this process among those that share the database */
/* On a new connection: as the node that it was, or, if that was given up, as another. */
enum wg_code wg_pg_node_resume(struct wg_store *store, struct wg_err *err) WG_MUST;
enum wg_code wg_pg_node_join(struct wg_store *store, const char *folder, struct wg_err *err) WG_MUST;
enum wg_code wg_pg_node_beat(struct wg_store *store, struct wg_err *err) WG_MUST;
/* driver.h */
int64_t wg_pg_node_wall(const struct wg_store *store);
enum wg_code wg_pg_node_note(struct wg_store *store, int64_t seq, int64_t token, const char *about, struct wg_err *err)
	WG_MUST;
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
