/* The server from inside. Invariants:
 * 1. `fresh` holds answers of the transaction that is running; they move to `out` when it is committed and nowhere
 * else.
 * 2. A request is taken from `in` when it is executed and put back (start = mark) when its transaction is rolled back.
 * 3. An owner is a connection's number, never used twice in one process. */
#ifndef WG_STORE_SERVER_INTERNAL_H
#define WG_STORE_SERVER_INTERNAL_H

#include "base/trusted.h"
#include "store/backup.h"
#include "store/check.h"
#include "store/codec.h"
#include "store/server.h"
#include "store/wire.h"

/* Connections at once: a handful of processes per role. */
#define WG_SERVER_CONNECTIONS 64

struct wg_part {
	struct wg_part *next;
	uint8_t hash[WG_SHA256_LEN];
	size_t len;
	uint8_t bytes[];
};

struct wg_conn {
	int fd;
	enum wg_store_role role;
	uint64_t owner;
	struct wg_wire_in in;
	size_t mark;
	struct wg_buf fresh, out;
	size_t sent;   /* of out */
	bool ended;    /* the peer closed: what it sent whole is still done */
	bool dropped;  /* we close: nothing more is done for it */
	bool waiting;  /* its next request is a lease that found nothing yet, or a context whose turn has not come */
	uint64_t turn; /* among those that wait */
	int64_t until; /* steady ms */
	struct wg_part *parts;
	size_t parts_bytes;
	bool held; /* what it asked is in the transaction that nobody knows of (server_away.c): nothing is read from it */
	bool parts_used; /* by a WG_OP_DONE of the transaction that is running */
	bool purges;     /* the last answer in `fresh`, from purge_at on, says that something is destroyed */
	size_t purge_at;
	struct wg_frame purge; /* what it answers, without its body */
};

struct wg_server {
	struct wg_store *store;
	char *folder;
	int listening[WG_STORE_ROLES];
	struct wg_conn *conns[WG_SERVER_CONNECTIONS];
	unsigned count;
	uint64_t owners, turns, turns_given;   /* given: contexts that were answered */
	bool dry;                              /* a lease of messages found nothing in this transaction */
	uint64_t ended[WG_SERVER_CONNECTIONS]; /* owners whose leases have to end */
	unsigned ended_count;
	struct wg_now now;
	struct wg_trusted time;
	bool time_fault;              /* as it was logged last */
	bool time_accepted;           /* by a request of the transaction that is running */
	int64_t time_at;              /* trusted ms: when it is remembered next */
	int64_t moves, moves_now;     /* wg_store_time_moves when the clock was right, and in this transaction */
	int64_t moved_at;             /* steady ms: another node was seen to have put the time right; 0: none was */
	int64_t expire_at, accept_at; /* steady ms */
	bool accepting;
	bool full;                   /* the disk was full in this round: nothing is added */
	bool away;                   /* the database cannot be reached, or has no room: server_away.c */
	bool no_room;                /* the latter, from when it was told until something could be stored again */
	bool doubt;                  /* and nobody knows whether the last transaction is there */
	struct wg_err away_why;      /* what the last try said */
	int64_t again_at, pause;     /* steady ms of the next try, ms to the one after */
	bool undestroyed;            /* wg_store_undestroyed, as it was told last */
	int64_t destroy_at;          /* steady ms of the next try */
	uint64_t waiting;            /* messages to be worked off, at the last look; one a second */
	uint64_t room;               /* free bytes left for this transaction */
	char why[128];               /* not accepting, for people */
	char clock[WG_TRUSTED_TEXT]; /* "ok", or what is wrong with the clock */
	struct wg_copy *copy;        /* a backup that is being taken; NULL: none */
	uint64_t copy_owner;         /* ends with this connection */
	struct wg_err copy_failed;
	wg_server_event *event;
	void *event_arg;
};

void wg_server_tell(struct wg_server *server, const char *event, enum wg_store_role role, const struct wg_err *what);

/* ---- server_conn.c */
struct wg_conn *wg_conn_new(int fd, enum wg_store_role role, uint64_t owner);
void wg_conn_free(struct wg_conn *conn);
void wg_conn_parts_free(struct wg_conn *conn);
void wg_conn_drop(struct wg_server *server, struct wg_conn *conn, const struct wg_err *why);
/* Reads what is there; sends what may leave. */
void wg_conn_read(struct wg_server *server, struct wg_conn *conn);
void wg_conn_write(struct wg_conn *conn);
/* Whether its next request is whole and may run now. */
bool wg_conn_ready(const struct wg_conn *conn);
bool wg_conn_wants_read(const struct wg_conn *conn);

/* ---- server_ops.c */
/* One request being answered. */
struct wg_ask {
	struct wg_server *server;
	struct wg_conn *conn;
	struct wg_cur in;
	struct wg_buf *answer;
	bool malformed;   /* the peer does not speak the protocol, or asks what it may not: it is dropped */
	bool destroys;    /* its answer is true once what it purged is destroyed */
	bool nothing;     /* a lease found nothing, or it is not the turn of a context */
	unsigned wait_ms; /* how long it is to be asked again */
};
/* Whether this role may ask this. */
bool wg_ops_allowed(unsigned op, enum wg_store_role role);
const char *wg_ops_name(unsigned op);
bool wg_ops_waits(unsigned op);
bool wg_ops_silent(unsigned op);
bool wg_ops_reads(unsigned op); /* and changes nothing, not even the log */
/* Inside a transaction and its mark; the code and the words are the answer. */
enum wg_code wg_ops_run(struct wg_ask *ask, unsigned op, struct wg_err *err) WG_MUST;

/* For a request that does not read as it should: its peer is dropped. */
enum wg_code wg_ask_malformed(struct wg_ask *ask, struct wg_err *err);
/* For one whose role may ask the like, but not this. */
enum wg_code wg_ask_denied(struct wg_ask *ask, const char *what, struct wg_err *err);

/* ---- server_sharing.c: rows of the table */
enum wg_code wg_op_context(struct wg_ask *ask, struct wg_err *err);
enum wg_code wg_op_strangers(struct wg_ask *ask, struct wg_err *err);
enum wg_code wg_op_child(struct wg_ask *ask, struct wg_err *err);
enum wg_code wg_op_record(struct wg_ask *ask, struct wg_err *err);
enum wg_code wg_op_records(struct wg_ask *ask, struct wg_err *err);
enum wg_code wg_op_register(struct wg_ask *ask, struct wg_err *err);
enum wg_code wg_op_exempt(struct wg_ask *ask, struct wg_err *err);

/* ---- server_confirm.c: rows of the table */
enum wg_code wg_op_receipt(struct wg_ask *ask, struct wg_err *err) WG_MUST;
enum wg_code wg_op_tasks(struct wg_ask *ask, struct wg_err *err) WG_MUST;
enum wg_code wg_op_task_done(struct wg_ask *ask, struct wg_err *err) WG_MUST;
enum wg_code wg_op_token(struct wg_ask *ask, struct wg_err *err) WG_MUST;
enum wg_code wg_op_inbox(struct wg_ask *ask, struct wg_err *err) WG_MUST;
enum wg_code wg_op_inbox_take(struct wg_ask *ask, struct wg_err *err) WG_MUST;
enum wg_code wg_op_hooks(struct wg_ask *ask, struct wg_err *err) WG_MUST;
enum wg_code wg_op_hook_done(struct wg_ask *ask, struct wg_err *err) WG_MUST;
enum wg_code wg_op_awaited(struct wg_ask *ask, struct wg_err *err) WG_MUST;
enum wg_code wg_op_alerts(struct wg_ask *ask, struct wg_err *err) WG_MUST;
enum wg_code wg_op_metrics(struct wg_ask *ask, struct wg_err *err) WG_MUST;
enum wg_code wg_op_silence(struct wg_ask *ask, struct wg_err *err) WG_MUST;
enum wg_code wg_op_trouble(struct wg_ask *ask, struct wg_err *err) WG_MUST;
enum wg_code wg_op_receipts(struct wg_ask *ask, struct wg_err *err) WG_MUST;

/* ---- purge_ops.c: rows of the table */
enum wg_code wg_op_legal_hold(struct wg_ask *ask, struct wg_err *err) WG_MUST;
enum wg_code wg_op_purge(struct wg_ask *ask, struct wg_err *err) WG_MUST;

/* ---- server_backup.c */
/* Between two transactions: some pages more, if a copy is being made. */
void wg_server_copy(struct wg_server *server);
bool wg_server_copying(const struct wg_server *server);
void wg_server_copy_end(struct wg_server *server);
enum wg_code wg_op_backup_begin(struct wg_ask *ask, struct wg_err *err) WG_MUST;
enum wg_code wg_op_backup_state(struct wg_ask *ask, struct wg_err *err) WG_MUST;
enum wg_code wg_op_backup_heads(struct wg_ask *ask, struct wg_err *err) WG_MUST;
enum wg_code wg_op_backup_end(struct wg_ask *ask, struct wg_err *err) WG_MUST;

/* ---- server_away.c */
/* The store was lost (wg_store_lost): from now on wg_away_step instead of batches, while server->away. */
void wg_away_begin(struct wg_server *server);
/* Nor is there room for anything: the same, but who only reads is answered. Told once, until wg_away_room. */
void wg_away_full(struct wg_server *server);
/* Something was stored. */
void wg_away_room(struct wg_server *server);
/* A try to get it back, if it is time for one; those who can come again are told to. When it is back away is false, and
 * *committed says what became of the transaction that was in doubt. */
enum wg_code wg_away_step(struct wg_server *server, bool *committed, struct wg_err *err) WG_MUST;

/* ---- server_batch.c */
/* Everything that is ready, in one transaction. Only a fault of the store is an error. */
enum wg_code wg_batch_run(struct wg_server *server, struct wg_err *err) WG_MUST;
/* Nothing but requests that only read, whosever, in a transaction that is not committed: while nothing can be.
 * Likewise.
 */
enum wg_code wg_batch_read(struct wg_server *server, struct wg_err *err) WG_MUST;

#endif
