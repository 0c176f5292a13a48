/* The store's private parts, whichever the database. Invariants:
 * 1. One process has the folder: the lock file is held.
 * 2. Between wg_store_begin and commit or rollback exactly one transaction is open; outside of it none.
 * 3. Once fault != WG_OK nothing is written any more.
 * 4. No statement is in the middle of its rows when a transaction or a mark ends. */
#ifndef WG_STORE_SQL_INTERNAL_H
#define WG_STORE_SQL_INTERNAL_H

#include "base/sha256.h"
#include "store/match.h"
#include "store/store.h"

enum wg_sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_MARK,
	SQL_KEEP,
	SQL_UNDO,
	SQL_META_GET,
	SQL_META_PUT,
	SQL_BLOB_PUT,
	SQL_BLOB_GET,
	SQL_BLOB_ALL,
	SQL_BLOB_REPLACED,
	SQL_LOG_HEAD,
	SQL_LOG_PUT,
	SQL_LOG_ALL,
	SQL_LOG_OF,
	SQL_LOG_LAST,
	SQL_AUDIT_MESSAGE,
	SQL_AUDIT_DELIVERY,
	SQL_AUDIT_GONE,
	SQL_AUDIT_DISCLOSURE,
	SQL_AUDIT_PASSAGE,
	SQL_AUDIT_ORIGINAL,
	SQL_AUDIT_NOTICE,
	SQL_AUDIT_REPORT,
	SQL_AUDIT_RESOLUTION,
	SQL_AUDIT_RECORD,
	SQL_AUDIT_RECORD_GONE,
	SQL_AUDIT_EXEMPTION,
	SQL_AUDIT_EXEMPTION_GONE,
	SQL_MSG_PROOF,
	SQL_DLV_PROOF,
	SQL_KEY_FIND,
	SQL_KEY_PUT,
	SQL_CONTENT_FIND,
	SQL_MSG_PUT,
	SQL_MSG_BY_ID,
	SQL_MSG_BY_SEQ,
	SQL_MSG_STATE,
	SQL_MSG_LEASE,
	SQL_MSG_UNLEASE,
	SQL_MSG_DUE,
	SQL_MSG_NEXT,
	SQL_MSG_OWNED,
	SQL_MSG_EXPIRED,
	SQL_MSG_LEASED,
	SQL_MSG_WORK,
	SQL_MSG_DONE,
	SQL_MSG_DUPLICATE,
	SQL_MSG_SAME,
	SQL_MSG_OLD_EPOCH,
	SQL_MSG_ASSIGN,
	SQL_MSG_RESOLVE,
	SQL_MSG_ORGANISATION,
	SQL_MSG_KEY,
	SQL_CHILD_PUT,
	SQL_CHILD_BY_KEY,
	SQL_CHILD_BY_REFERENCE,
	SQL_CHILD_KEYS,
	SQL_CHILD_KEY,
	SQL_CHILD_LAST,
	SQL_CHILD_UNLEARN,
	SQL_STRANGERS,
	SQL_STRANGER_REFERENCE,
	SQL_LIVE,
	SQL_LIVE_TURNED,
	SQL_EPISODE_MESSAGES,
	SQL_TOLD,
	SQL_CONCERN_CLEAR,
	SQL_CONCERN_PUT,
	SQL_CONCERN_SAME,
	SQL_CONCERNED,
	SQL_RECALLED_BY,
	SQL_RECORD_FIND,
	SQL_RECORD_COUNT,
	SQL_RECORD_PUT,
	SQL_RECORD_MOVE,
	SQL_RECORD_OF_MESSAGE,
	SQL_RECORDS,
	SQL_RECORDS_HEAD,
	SQL_RECORDS_AT,
	SQL_RECORDS_CHANGED,
	SQL_RECORDS_SEEN,
	SQL_DLV_STALE,
	SQL_DLV_STALE_OF,
	SQL_DLV_ENDED,
	SQL_DLV_ENDED_STALE,
	SQL_MSG_PULL,
	SQL_EPISODE_PUT,
	SQL_EPISODE_KNOWN,
	SQL_EPISODE_LAST,
	SQL_EPISODE_GET,
	SQL_EPISODE_OPENED,
	SQL_EPISODE_END,
	SQL_EPISODE_END_OPEN,
	SQL_EPISODE_REOPEN,
	SQL_EPISODE_EMPTY,
	SQL_EPISODE_REFERENCE,
	SQL_EPISODE_UNLEARN,
	SQL_EPISODE_FIRST,
	SQL_PART_PUT,
	SQL_PARTS,
	SQL_PARENTS,
	SQL_EARLIER_FORMS,
	SQL_SAME_COPY,
	SQL_SAME_CHILD,
	SQL_SAME_EPISODE,
	SQL_DLV_PUT,
	SQL_DLV_BY_ID,
	SQL_DLV_BY_SEQ,
	SQL_DLV_OF_MESSAGE,
	SQL_DLV_STATE,
	SQL_DLV_LEASE,
	SQL_DLV_END,
	SQL_DLV_HOLD,
	SQL_DLV_DUE,
	SQL_DLV_RECIPIENT,
	SQL_DLV_NEXT,
	SQL_DLV_OWNED,
	SQL_DLV_EXPIRED,
	SQL_DLV_LEASED,
	SQL_DLV_ALARMS,
	SQL_DLV_REFUSED,
	SQL_DLV_REFUSE,
	SQL_DLV_RELEASED_BY,
	SQL_DLV_SEEN,
	SQL_DLV_PENDING,
	SQL_DLV_BY_REFERENCE,
	SQL_DLV_BY_TOKEN,
	SQL_RECEIPT_SAME,
	SQL_RECEIPT_TOKEN,
	SQL_RECEIPT_COUNT,
	SQL_RECEIPT_PUT,
	SQL_RECEIPT_MOVED,
	SQL_RECEIPT_WAITING,
	SQL_TASK_START,
	SQL_TASK_LOOK,
	SQL_TASK_PAUSE,
	SQL_TASK_CARRY,
	SQL_TASK_ANSWER,
	SQL_TASKS,
	SQL_TASK_FIND,
	SQL_TASK_DONE,
	SQL_HOOK_PUT,
	SQL_HOOK_END,
	SQL_HOOKS,
	SQL_INBOX,
	SQL_INBOX_READY,
	SQL_INBOX_ITEM,
	SQL_DLV_UNFETCHED,
	SQL_DISCLOSURE_PUT,
	SQL_PASSAGE_FIND,
	SQL_PASSAGE_PUT,
	SQL_PASSAGE_GET,
	SQL_EXPLAIN,
	SQL_REGISTER_CHILD,
	SQL_REGISTER_ALL,
	SQL_REGISTER_ACTS,
	SQL_EXEMPTION_PUT,
	SQL_EXEMPTION,
	SQL_LIST_MESSAGES,
	SQL_LIST_DELIVERIES,
	SQL_COUNT_MESSAGES,
	SQL_COUNT_DELIVERIES,
	SQL_COUNT_REVIEWS,
	SQL_COUNT_OVERRIDES,
	SQL_OLDEST,
	SQL_WAITING,
	SQL_COUNT_ADD,
	SQL_COUNT
};
/* The text of each; prepared once, at open. */
extern const char *const wg_sql_text[SQL_COUNT];

struct wg_driver;
struct wg_keys;

/* The end of the log as the transaction that is running has it: entry seq (0: it is empty) has that hash. */
struct wg_chain_head {
	bool known;   /* read in this transaction, or written by it */
	bool written; /* it may have moved: meta "log-head" says where it is before the commit */
	uint64_t seq;
	char hash[WG_STORE_HASH];
};

/* Of each kind, what was put and not leased yet, kept in memory: some seconds' work of one machine. */
#define WG_STORE_FRESH_BYTES ((size_t)4 * 1024 * 1024)

enum wg_fresh_kind { WG_FRESH_ORIGINAL, WG_FRESH_ENVELOPE, WG_FRESH_KINDS };
struct wg_fresh;
struct wg_fresh_list {
	struct wg_fresh *first, **end; /* end: where the next is hung, unless there is none yet */
	size_t bytes;
};
struct wg_passages;

struct wg_store {
	const struct wg_driver *driver; /* driver.h */
	void *base;                     /* the driver's own */
	struct wg_keys *keys;           /* keys_internal.h */
	int lock;                       /* descriptor of the lock file */
	int64_t node;                   /* this process among those that share the database; 0 where it is not shared */
	struct wg_err fault;
	bool full;
	bool lost;       /* the fault is one of the way to the database, and may pass: driver.h, reconnect */
	bool unanswered; /* a commit was asked for, and lost before its answer came */
	bool committed;  /* driver.h, reconnect */
	bool eager;      /* whoever runs this transaction does it again from its beginning when repeat is set */
	bool repeat;     /* something of it failed, and nobody knows whose it was: once more, without eager */
	unsigned damaged;
	struct wg_chain_head head; /* sql_chain.c */
	int64_t restored; /* seq of the last message that came with a backup this store was put back from; 0: it was not */
	char turn[2 * WG_LIMIT_NAME + 2];           /* the recipient served last: the next lease starts behind it */
	bool turn_again;                            /* it was served twice in a row: mostly it is the only one */
	struct wg_fresh_list fresh[WG_FRESH_KINDS]; /* sql_fresh.c */
	uint64_t fresh_put, fresh_marked;           /* how many were put so far, and at the last mark */
	struct wg_passages *passages;               /* sql_passage.c; NULL: none is known */
	wg_store_hashed *hashed;                    /* asked before a blob is hashed; NULL: nobody knows */
	void *hashed_arg;
	struct wg_counts *counts; /* sql_count.c; NULL: nothing was counted yet */
	unsigned leases;          /* of messages, for which every so many begins with those of divided ones */
	bool elsewhere;           /* in this transaction a context waited for what another node has in work */
	struct wg_works *works;   /* sql_work.c; NULL: nothing was asked yet */
};

/* ---- sql_db.c: statements */

/* An argument of a statement. */
struct wg_arg {
	enum { WG_ARG_INT, WG_ARG_TEXT, WG_ARG_BLOB } type;
	bool null; /* of that type */
	int64_t number;
	const void *p;
	size_t len;
};
struct wg_arg wg_db_int(int64_t v);
struct wg_arg wg_db_text(const char *s);         /* NULL becomes SQL NULL */
struct wg_arg wg_db_text_or_null(const char *s); /* so does "" */
struct wg_arg wg_db_blob(const void *p, size_t len);
struct wg_arg wg_db_ref(int64_t seq); /* 0 becomes NULL */

#define WG_ARGS(...) \
	(const struct wg_arg[]){ __VA_ARGS__ }, sizeof((const struct wg_arg[]){ __VA_ARGS__ }) / sizeof(struct wg_arg)

/* Runs a statement that gives no rows. */
enum wg_code wg_db_run(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count,
                       struct wg_err *err) WG_MUST;
/* One that gives rows will be asked with these arguments in this transaction: a driver that waits for every answer may
 * ask now, and wait once for several. Whoever does not ask after all, or with others, has lost nothing but that. */
void wg_db_ahead(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count);
/* Starts one that does; the arguments are copied. Then step until *row is false; to leave earlier call wg_db_end. */
enum wg_code wg_db_query(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count,
                         struct wg_err *err) WG_MUST;
enum wg_code wg_db_step(struct wg_store *store, enum wg_sql id, bool *row, struct wg_err *err) WG_MUST;
/* query and first step in one, for at most one row; end it afterwards. */
enum wg_code wg_db_row(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count, bool *row,
                       struct wg_err *err) WG_MUST;
void wg_db_end(struct wg_store *store, enum wg_sql id);
/* Columns of the current row. Text is copied, cut if it does not fit; NULL gives "". */
int64_t wg_db_col_int(struct wg_store *store, enum wg_sql id, int col);
void wg_db_col_text(struct wg_store *store, enum wg_sql id, int col, char *out, size_t size);
const char *wg_db_col_borrow(struct wg_store *store, enum wg_sql id, int col); /* until the next step */
/* NULL for none, or for want of memory. */
const void *wg_db_col_blob(struct wg_store *store, enum wg_sql id, int col, size_t *len);
/* The first column of every row, at most max of them. The caller frees *out. */
enum wg_code wg_db_seqs(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count, size_t max,
                        int64_t **out, size_t *n, struct wg_err *err) WG_MUST;
/* A text that is not kept, of one or more statements without arguments and rows. */
enum wg_code wg_db_exec(struct wg_store *store, const char *sql, struct wg_err *err) WG_MUST;
enum wg_code wg_db_meta(struct wg_store *store, const char *key, char *out, size_t size, struct wg_err *err) WG_MUST;

/* ---- sql_blob.c */
enum wg_code wg_blob_put(struct wg_store *store, const void *p, size_t len, int64_t *id, char hash[WG_STORE_HASH],
                         struct wg_err *err) WG_MUST;
/* Of one that may be leased soon: a copy, in memory. Without memory for it nothing happens. */
void wg_fresh_keep(struct wg_store *store, enum wg_fresh_kind kind, int64_t id, const void *p, size_t len);
/* The caller frees *out. False when it is not there, or no longer. */
bool wg_fresh_take(struct wg_store *store, enum wg_fresh_kind kind, int64_t id, uint8_t **out, size_t *len);
/* Whenever a blob's number may come to mean another, or its content may have changed. */
void wg_fresh_clear(struct wg_store *store);
/* A mark is set; what was put since is undone; and it is no more (an undo of one around it clears all). */
void wg_fresh_mark(struct wg_store *store);
void wg_fresh_undo(struct wg_store *store);
void wg_fresh_mark_ends(struct wg_store *store);
/* Another took its place in the message; it goes when the message is purged. blob 0: there was none. */
enum wg_code wg_blob_replaced(struct wg_store *store, int64_t message, int64_t blob, struct wg_err *err) WG_MUST;
/* WG_CORRUPT when the bytes are not those that were put; counted in damaged, not a fault. */
enum wg_code wg_blob_get(struct wg_store *store, int64_t id, uint8_t **out, size_t *len, struct wg_err *err) WG_MUST;

/* ---- sql_passage.c: disclosure records, each of whose passages is kept once */
/* As it is kept, into out: *packed when numbers of passages stand in it, otherwise as it was given. WG_LIMIT for out.
 */
enum wg_code wg_disclosure_pack(struct wg_store *store, const char *record, struct wg_buf *out, bool *packed,
                                struct wg_err *err) WG_MUST;
/* As it was given, behind what out holds. One that is damaged is not what the log has the hash of. */
enum wg_code wg_disclosure_put(struct wg_store *store, const char *kept, bool packed, struct wg_buf *out,
                               struct wg_err *err) WG_MUST;
/* The same for a JSON text: null in the place of one that is none any more, so that the others can be read. */
enum wg_code wg_disclosure_show(struct wg_store *store, const char *kept, bool packed, struct wg_buf *out,
                                struct wg_err *err) WG_MUST;
/* Whether a passage's words are those that its hash was taken of. */
bool wg_passage_sound(const char *hash, const char *words);
/* At the end of a transaction, and when some of it is undone: what is known of those that it put. */
void wg_passages_settle(struct wg_store *store, bool committed);
void wg_passages_clear(struct wg_store *store);

/* ---- sql_chain.c: the log. Empty texts for what does not apply. */
struct wg_entry {
	enum wg_states_who who;
	const char *person; /* for admin: who asked; NULL otherwise */
	const char *event;
	const char *message, *delivery, *state;
	const char *detail;
};
enum wg_code wg_chain_append(struct wg_store *store, struct wg_now now, const struct wg_entry *entry,
                             struct wg_err *err) WG_MUST;
/* The log has moved since meta "log-head" was written: written now. Before a commit, and before anybody reads it. */
enum wg_code wg_chain_seal(struct wg_store *store, struct wg_err *err) WG_MUST;
/* Its last entry; seq 0 and a hash of zeros when it is empty. */
enum wg_code wg_chain_end(struct wg_store *store, uint64_t *seq, char hash[WG_STORE_HASH], struct wg_err *err) WG_MUST;
/* Walks it; *entries and head as wg_store_audit. */
enum wg_code wg_chain_check(struct wg_store *store, uint64_t *entries, char head[WG_STORE_HASH], struct wg_err *err)
	WG_MUST;

/* ---- sql_count.c: how many there are of what, kept beside the rows. from: the state until now, or WG_STATES_NEW. */
struct wg_counts;
enum wg_code wg_count_message(struct wg_store *store, int from, enum wg_message_state to, struct wg_err *err) WG_MUST;
/* What of a delivery is counted. */
struct wg_counted_dlv {
	const char *organisation, *desk, *channel;
	bool confirm; /* under a confirm rule */
};
enum wg_code wg_count_delivery(struct wg_store *store, const struct wg_counted_dlv *d, int from,
                               enum wg_delivery_state to, struct wg_err *err) WG_MUST;
enum wg_code wg_count_receipt(struct wg_store *store, const char *level, struct wg_err *err) WG_MUST;
/* What was counted is in the table: before a commit, and before anybody reads it. */
enum wg_code wg_counts_seal(struct wg_store *store, struct wg_err *err) WG_MUST;
/* At a mark; back to it; at the beginning of a transaction. counts may be NULL. */
void wg_counts_mark(struct wg_counts *counts);
void wg_counts_undo(struct wg_counts *counts);
void wg_counts_forget(struct wg_counts *counts);
void wg_counts_freep(struct wg_counts **counts);

/* ---- sql_message.c */
/* Ids of messages are ours; a notice may give itself one of its agency's own, at most 64 of [0-9a-z-]: two agencies may
 * count alike. */
#define WG_CONCERN_TEXT (WG_LIMIT_NAME + 1)
struct wg_msg_rec {
	int64_t seq;
	char id[WG_ID_TEXT];
	enum wg_message_state state;
	char organisation[WG_LIMIT_NAME + 1];
	char content_hash[WG_STORE_HASH];
	char content_type[128]; /* the longest that is taken (docx) has 71 */
	int64_t accepted_at, original, notice, report, resolution;
	bool again;
	unsigned tries;
	uint64_t owner, token;
	int64_t child, episode;
	char child_how[16]; /* "", "new", "keys" or "person" */
	bool episode_new;   /* an episode of its own, because a person said so */
	char doubt[256];    /* about the episode; what nobody has looked at yet */
	int64_t turn;       /* its place in the order of sending */
	char way[16];
	char reason[WG_STORE_REASON];
	char notice_id[WG_CONCERN_TEXT];
	char submission_key[WG_LIMIT_KEY + 1]; /* the first that it was handed in under; "" */
	int64_t lease_records; /* what wg_records_head gave when it was leased, or when its context was asked for */
};
/* WG_NOT_FOUND. */
enum wg_code wg_message_by_id(struct wg_store *store, const char *id, struct wg_msg_rec *out, struct wg_err *err)
	WG_MUST;
enum wg_code wg_message_by_seq(struct wg_store *store, int64_t seq, struct wg_msg_rec *out, struct wg_err *err) WG_MUST;
/* Under the first lease that it ever had: nothing was decided, kept or learned of it before, for all that is done under
 * a lease, each of which raises the token when it is given and when it ends. Nor has it any other state then, whatever
 * an older page of the disk says of the token. */
static inline bool wg_message_first(const struct wg_msg_rec *msg)
{
	return msg->owner != 0 && msg->token == 1 && msg->state == WG_MSG_ACCEPTED;
}
/* What a move leaves beside the row: it is counted and logged. */
enum wg_code wg_message_moved(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                              enum wg_message_state to, enum wg_states_who who, const char *person, const char *detail,
                              struct wg_err *err) WG_MUST;
/* Whether the table of states lets who move it so: WG_REJECT. */
enum wg_code wg_message_check(const struct wg_msg_rec *msg, enum wg_message_state to, enum wg_states_who who,
                              struct wg_err *err) WG_MUST;
/* Moves it, if the table of states lets who do so, and writes the log. It is no longer leased afterwards. reason NULL
 * clears it. */
enum wg_code wg_message_move(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                             enum wg_message_state to, enum wg_states_who who, const char *person, const char *reason,
                             const char *detail, struct wg_err *err) WG_MUST;
/* Its lease came to nothing: back to the queue, not before wait_ms, or to attention. */
enum wg_code wg_message_missed(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                               unsigned wait_ms, enum wg_states_who who, const char *reason, struct wg_err *err)
	WG_MUST;
/* To be decided again: to NORMALISED, if it is ROUTED, RETURNED or in ATTENTION; nothing otherwise. */
enum wg_code wg_message_again(struct wg_store *store, struct wg_now now, int64_t seq, const char *why,
                              struct wg_err *err) WG_MUST;

/* ---- sql_delivery.c */
struct wg_dlv_rec {
	int64_t seq, message;
	char id[WG_ID_TEXT], message_id[WG_ID_TEXT];
	char organisation[WG_LIMIT_NAME + 1], desk[WG_LIMIT_NAME + 1], role[WG_LIMIT_NAME + 1], channel[8];
	enum wg_delivery_state state, held_from;
	char epoch[WG_STORE_HASH];
	int64_t envelope, deadline, next;
	unsigned attempts;
	bool maybe;
	uint64_t owner, token;
	char of[WG_LIMIT_NAME + 1], reason[WG_STORE_REASON];
	int64_t due;
	bool second_person, overrides, seen;
	bool stale;          /* what it was decided on has changed since */
	int64_t valid_until; /* when a consent ends that it was decided under; 0: no such instant */
	char released_by[WG_LIMIT_NAME + 1];
	int64_t alarm_of; /* the delivery whose review it watches; 0: it is no alarm */
	char reference[WG_REFERENCE_TEXT], copy_hash[WG_STORE_HASH], confirm[WG_LIMIT_NAME + 1];
	bool hook;
	int pending; /* rank of a receipt that came while it was being sent: sql_receipt.c; 0: none */
	int64_t since, not_before;
	bool known; /* to who handed its message in */
};
/* wg_delivery_by_id will be asked for that one. */
void wg_delivery_ahead(struct wg_store *store, const char *id);
enum wg_code wg_delivery_by_id(struct wg_store *store, const char *id, struct wg_dlv_rec *out, struct wg_err *err)
	WG_MUST;
enum wg_code wg_delivery_by_seq(struct wg_store *store, int64_t seq, struct wg_dlv_rec *out, struct wg_err *err)
	WG_MUST;
/* Moves it, if the table of states lets who do so, and writes the log. A review that is settled by it recalls its
 * alarms. */
enum wg_code wg_delivery_move(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv,
                              enum wg_delivery_state to, enum wg_states_who who, const char *person, const char *reason,
                              struct wg_err *err) WG_MUST;
/* The same, where the log says something else than the row: words from outside are not for the log. */
enum wg_code wg_delivery_move_words(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv,
                                    enum wg_delivery_state to, enum wg_states_who who, const char *person,
                                    const char *reason, const char *logged, struct wg_err *err) WG_MUST;
/* Why there is no sense in sending it: its sender has recalled the message, or it is an alarm of a review that is
 * settled; "" when there is. */
enum wg_code wg_delivery_pointless(struct wg_store *store, const struct wg_dlv_rec *dlv, char why[WG_STORE_REASON],
                                   struct wg_err *err) WG_MUST;
/* The beginning of an attempt: leased, and sending. */
enum wg_code wg_delivery_begin(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv, uint64_t owner,
                               struct wg_err *err) WG_MUST;
/* The end of an attempt: lease over, counted, what came of it kept. */
struct wg_dlv_outcome {
	enum wg_delivery_state state;
	enum wg_states_who who;
	int64_t wait_ms;
	bool maybe;
	const char *detail, *receipt;
};
enum wg_code wg_delivery_end(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv,
                             const struct wg_dlv_outcome *outcome, struct wg_err *err) WG_MUST;
/* The lease of an attempt was lost: deferred, may have arrived. */
enum wg_code wg_delivery_missed(struct wg_store *store, struct wg_now now, int64_t seq, struct wg_err *err) WG_MUST;

/* ---- sql_deliver.c */
/* Its envelope is damaged: it is made again from the message; nothing leaves meanwhile. */
enum wg_code wg_delivery_seal_again(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv,
                                    struct wg_err *err) WG_MUST;

/* ---- sql_evidence.c */
/* Children held against one message: a common name is shared by dozens, and one doubt among them is as good as all. */
#define WG_EVIDENCE_MAX 256
struct wg_evidence {
	struct wg_match_child list[WG_EVIDENCE_MAX];
	unsigned sole[WG_EVIDENCE_MAX]; /* kinds of which a key is this child's alone */
	size_t count;
};
/* Whether a child is found by a key of that kind. A date of birth is shared by too many to say anything, a first name
 * with it decides nothing and raises no doubt, and where somebody lives does not say who it is (MATCHING.md). */
bool wg_key_finds(enum wg_key_kind kind);
/* They will be asked for: wg_db_ahead. */
void wg_evidence_ahead(struct wg_store *store, const struct wg_msg_done *done);
/* The children that share a key with the message by which a child is found (its keys are those of done); msg->seq
 * counts nothing. */
enum wg_code wg_evidence_gather(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *done,
                                struct wg_evidence *out, struct wg_err *err) WG_MUST;

/* ---- sql_work.c: what the contexts of messages in work were given for, and whether another may be now */
/* What a message may be about: numbers that stand for its keys and for the children it may be about. */
struct wg_about {
	uint64_t *list; /* owned */
	size_t count, room;
	bool all; /* it names other messages: it may be about anybody */
};
void wg_about_free(struct wg_about *about);
enum wg_code wg_about_child(struct wg_about *about, int64_t child, struct wg_err *err) WG_MUST;
enum wg_code wg_about_keys(struct wg_about *about, const struct wg_match_key *keys, unsigned count, struct wg_err *err)
	WG_MUST;
/* That will be asked: wg_db_ahead. */
void wg_work_ahead(struct wg_store *store, const char *message);
/* Whether msg, which is about that, may be decided now. What may not, may not either when it turns out to be about
 * more.
 */
enum wg_code wg_work_free(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_about *about,
                          bool *turn, struct wg_err *err) WG_MUST;
/* It may: that is noted, and what about holds is taken. */
enum wg_code wg_work_take(struct wg_store *store, const struct wg_msg_rec *msg, struct wg_about *about,
                          struct wg_err *err) WG_MUST;
/* At the end of a transaction. works may be NULL. */
void wg_works_settle(struct wg_works *works, bool committed);
void wg_works_freep(struct wg_works **works);

/* ---- sql_match.c */
/* What the keys of a message, or a person, say of its child and its episode. */
struct wg_matched {
	int64_t child, episode;      /* 0: none */
	bool doubt;                  /* about the child: nothing was learned */
	char words[WG_STORE_REASON]; /* for a person: of the doubt, about the child or the episode; "" for none */
	char log[WG_STORE_REASON];   /* what was found, by ids of messages; "" for nothing new */
	bool fresh;                  /* nothing but this message was ever about that child: it was made for it, now */
	/* What its row keeps of that: as in struct wg_msg_rec. */
	char child_how[16];
	bool episode_new;
	char unlooked[256]; /* its doubt */
};
/* As its row says until now. */
void wg_matched_start(const struct wg_msg_rec *msg, struct wg_matched *out);
enum wg_code wg_match_run(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                          const struct wg_msg_done *done, struct wg_matched *out, struct wg_err *err) WG_MUST;

/* The child that wg_match_run would find, nothing being written: 0 when it is not known, or in doubt. */
enum wg_code wg_match_look(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *done,
                           int64_t *child, bool *doubt, struct wg_about *about, struct wg_err *err) WG_MUST;

/* ---- sql_episode.c: the episode of a message whose child is certain; fills in episode, words and log. */
enum wg_code wg_episode_run(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                            const struct wg_msg_done *done, struct wg_matched *out, struct wg_err *err) WG_MUST;
/* The episode that it would be given, nothing being written: 0 for none, or one that is not there yet. */
enum wg_code wg_episode_look(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *done,
                             int64_t child, int64_t *episode, struct wg_err *err) WG_MUST;
/* What this message did to episodes of a child that is not its child: undone. */
enum wg_code wg_episode_leave(struct wg_store *store, const struct wg_msg_rec *msg, struct wg_err *err) WG_MUST;

/* ---- sql_concern.c: what a message names in header/concerns */
bool wg_concern_id(const char *s);
/* The next id of a list separated by blanks, from *at on; false when there is none. What cannot be an id is given as
 * "". */
bool wg_concern_next(const char **at, char out[WG_CONCERN_TEXT]);
/* WG_LIMIT above WG_STORE_CONCERNS_MAX. */
enum wg_code wg_concern_check(const char *concerns, struct wg_err *err) WG_MUST;
/* Kept with the message in the place of what it named before. */
enum wg_code wg_concern_put(struct wg_store *store, const struct wg_msg_rec *msg, const struct wg_msg_done *done,
                            struct wg_err *err) WG_MUST;
/* What is unsent of the messages that it names and its own organisation submitted is recalled. */
enum wg_code wg_concern_recall(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                               const struct wg_msg_done *done, struct wg_err *err) WG_MUST;
/* The later message by which its sender has recalled this one, which calls itself that (NULL: as was kept); "" for
 * none. */
enum wg_code wg_concern_recalled(struct wg_store *store, const char *message, const char *notice_id,
                                 char by[WG_ID_TEXT], struct wg_err *err) WG_MUST;
/* That will be asked: wg_db_ahead. */
void wg_concern_recalled_ahead(struct wg_store *store, const char *message, const char *notice_id);

/* Recalls what is unsent of a message; of what is being sent, when the attempt comes to nothing. later: only what goes
 * to a desk that this decision goes to as well, alarms apart; NULL: all of it. */
enum wg_code wg_concern_recall_unsent(struct wg_store *store, struct wg_now now, int64_t message,
                                      const struct wg_msg_done *later, const char *why, struct wg_err *err) WG_MUST;

/* ---- sql_record.c: the records of a child */
enum wg_code wg_record_check(const struct wg_record_new *record, struct wg_err *err) WG_MUST;
/* What of a child's records has changed since the message was leased (or its context was asked for): stale. Then keeps
 * those that came with it, and takes along those of before when its child has changed; the child's other messages are
 * decided again. full: there were more than a child may have. */
enum wg_code wg_records_keep(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                             const struct wg_msg_done *done, const struct wg_matched *m, bool *stale, bool *full,
                             struct wg_err *err) WG_MUST;
/* All records of a child, the oldest first. */
enum wg_code wg_records_of(struct wg_store *store, int64_t child, struct wg_record **out, unsigned *count,
                           struct wg_err *err) WG_MUST;
/* Some of what keeping them will ask, as wg_db_ahead. */
void wg_records_ahead(struct wg_store *store, const struct wg_msg_done *done);
/* Who asks from now on has seen the records of that child (0: it has none) as they stand. Most of them it had seen when
 * it was leased: then nothing is written, and the answer waits for no disk. */
enum wg_code wg_records_seen(struct wg_store *store, const struct wg_msg_rec *msg, int64_t child, struct wg_err *err)
	WG_MUST;

/* ---- sql_turn.c: what changes by itself under a decision */
/* Messages of the child of msg, and of the one it had before (as msg says), whose decision depends on whether the child
 * is missing, and that were decided when that was otherwise: decided again. *itself: msg is one of them. */
enum wg_code wg_turn_live(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg, bool *itself,
                          struct wg_err *err) WG_MUST;

/* ---- sql_decide.c: the deliveries of a message */
/* Whether the deliveries of done are such as store.h says. */
enum wg_code wg_decide_check(const struct wg_msg_done *done, struct wg_err *err) WG_MUST;
/* What was decided before and is unsent is superseded; what is decided now takes its place. recalled: the message by
 * which its sender has recalled it, or ""; NULL: nothing takes its place. */
enum wg_code wg_decide_put(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg, int64_t episode,
                           const struct wg_msg_done *done, const char *recalled, struct wg_err *err) WG_MUST;

/* ---- sql_review.c: what a person does with a review */
struct wg_act {
	const char *action, *who, *why;
};
/* Moves it, with the action and why as the reason. */
enum wg_code wg_act_move(struct wg_store *store, struct wg_now now, const struct wg_act *act,
                         const struct wg_dlv_rec *dlv, enum wg_delivery_state to, struct wg_err *err) WG_MUST;
enum wg_code wg_act_log(struct wg_store *store, struct wg_now now, const struct wg_act *act,
                        const struct wg_dlv_rec *dlv, const char *detail, struct wg_err *err) WG_MUST;
enum wg_code wg_review_release(struct wg_store *store, struct wg_now now, const struct wg_act *act,
                               const struct wg_dlv_rec *dlv, struct wg_err *err) WG_MUST;
enum wg_code wg_review_withhold(struct wg_store *store, struct wg_now now, const struct wg_act *act,
                                const struct wg_dlv_rec *dlv, struct wg_err *err) WG_MUST;
enum wg_code wg_review_seen(struct wg_store *store, struct wg_now now, const struct wg_act *act,
                            const struct wg_dlv_rec *dlv, struct wg_err *err) WG_MUST;

/* ---- sql_receipt.c */
/* What a receipt does to a delivery. */
enum wg_receipt_effect {
	WG_RECEIPT_KEPT,  /* nothing: it is kept with it */
	WG_RECEIPT_MOVES, /* to the state of its level */
	WG_RECEIPT_WAITS, /* the same, when the attempt that is under way has ended */
	WG_RECEIPT_UNSENT /* it is refused: nothing was sent that it could be of */
};
/* RECEIPTS.md. known: its giver is the recipient, by signature, certificate or token. */
enum wg_receipt_effect wg_receipt_effect(const struct wg_dlv_rec *dlv, enum wg_receipt_level level, bool known);
/* An attempt has ended: what came while it was under way moves it now. *moved: it did. */
enum wg_code wg_receipt_waiting(struct wg_store *store, struct wg_now now, int64_t seq, bool *moved, struct wg_err *err)
	WG_MUST;
/* All that come with a message; *unknown counts those that fit nothing. */
enum wg_code wg_receipts_keep(struct wg_store *store, struct wg_now now, const struct wg_msg_done *done,
                              unsigned *unknown, struct wg_err *err) WG_MUST;
/* What the log has the hash of. */
struct wg_receipt_words {
	const char *salt, *level, *giver, *way, *asked, *same, *person, *detail, *copy_hash, *log_head, *message;
	int64_t said_at;
};
enum wg_code wg_receipt_hash(const struct wg_receipt_words *words, char out[WG_STORE_HASH], struct wg_err *err) WG_MUST;

/* ---- sql_receipt_audit.c */
/* The words of the receipts of a message go; that they came, of whom, and what they did stays. */
enum wg_code wg_receipt_forget(struct wg_store *store, int64_t message, struct wg_err *err) WG_MUST;

/* ---- sql_follow.c: what a delivery's coming into a state brings with it: times, tasks, hooks. dlv: as it was. */
/* How far it has come with that: for its row, where each instant is that of the first time, but for ready. */
struct wg_reached {
	int64_t ready; /* from when it can be sent: wall ms; 0: it says nothing of that */
	bool handed, received, acknowledged;
};
struct wg_reached wg_delivery_reaches(struct wg_now now, const struct wg_dlv_rec *dlv, enum wg_delivery_state to);
/* Tasks and hooks. */
enum wg_code wg_delivery_follow(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *dlv,
                                enum wg_delivery_state to, struct wg_err *err) WG_MUST;

/* ---- sql_form.c */
/* The message has been decided: what is unsent of earlier forms of the same copy, and goes to a desk that gets this
 * one, is recalled. */
enum wg_code wg_form_replaces(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *msg,
                              const struct wg_msg_done *done, struct wg_err *err) WG_MUST;

/* ---- sql_parts.c */
/* Each part becomes a message, unless its organisation had sent it before; *fresh counts those that were not there. */
enum wg_code wg_parts_put(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *parent,
                          const struct wg_msg_done *done, unsigned *fresh, struct wg_err *err) WG_MUST;
/* "id state" lines. The caller frees. */
enum wg_code wg_parts_lines(struct wg_store *store, int64_t parent, char **out, struct wg_err *err) WG_MUST;

/* ---- sql_intake.c */
/* SHA-256 in lower-case hex. */
bool wg_is_hash(const char *s);
/* WG_REJECT unless each is a keyed hash, as WG_STORE_KEY says, and its scope one or none. */
enum wg_code wg_keys_check(const struct wg_match_key *keys, unsigned count, struct wg_err *err) WG_MUST;
/* 0 when the organisation has sent nothing with this content hash. */
enum wg_code wg_message_by_content(struct wg_store *store, const char *organisation, const char *content_hash,
                                   int64_t *seq, struct wg_err *err) WG_MUST;
/* A message that is not there yet; parent: the one that it is part number `number` of, or NULL. */
enum wg_code wg_message_put(struct wg_store *store, struct wg_now now, const struct wg_msg_new *msg,
                            const struct wg_msg_rec *parent, unsigned number, int64_t *seq, struct wg_err *err) WG_MUST;

/* ---- sql_epoch.c */
/* The epoch that decisions are taken under now; "" before the first. */
enum wg_code wg_epoch_now(struct wg_store *store, char out[WG_STORE_HASH], struct wg_err *err) WG_MUST;

#endif
