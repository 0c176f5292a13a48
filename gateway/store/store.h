/* The store: what was accepted, decided and sent. One driver behind it (SQLite; PostgreSQL later); only the store
 * process calls this. Times are wall-clock ms for people and order; waiting is kept as wall ms too, judged against
 * `now` given by the caller. Every change appends to the hash-chained log in the same transaction. Originals and
 * envelopes are ciphertext; the store cannot open them. */
#ifndef WG_STORE_STORE_H
#define WG_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "base/trusted.h"
#include "policy/told.h"
#include "store/confirm.h"
#include "store/states.h"

struct wg_store;

#define WG_STORE_HASH 65 /* SHA-256 in lower-case hex, and its NUL */
/* A keyed hash, to look things up by: the first 128 bits of HMAC-SHA-256 (RFC 2104, section 5) in lower-case hex, and
 * its NUL. Without the key nobody can look for two that are the same, and by chance there are two among 10^9 once in
 * 10^21: the other half would only make the trees twice as large that every notice looks into. */
#define WG_STORE_KEY 33

/* Leases of one message that may come to nothing before a person has to look. High, because whoever is leased beside a
 * message that kills the process role loses a try as well; from the second try on a message is leased alone, so that
 * innocents get through. */
#define WG_STORE_TRIES 8
/* How long a lease lasts when nobody reports: a reader is killed after a minute; a mail session may last as long as
 * SMTP's own timeouts. */
#define WG_STORE_LEASE_MESSAGE_MS (5 * 60 * 1000)
#define WG_STORE_LEASE_DELIVERY_MS (30 * 60 * 1000)
/* Wait after a delivery whose lease was lost: doubled per attempt, so that an envelope that kills its sender does not
 * do so in a loop. */
#define WG_STORE_LOST_WAIT_MS 500
#define WG_STORE_LOST_WAIT_MAX_MS (5 * 60 * 1000)
/* What a person's "retry" or "release" gives a delivery whose deadline has passed. */
#define WG_STORE_RETRY_MS (24 * 3600 * 1000)
/* Free bytes below which nothing new is accepted, so that what was accepted can still be worked on: the largest message
 * with its envelope, and the write-ahead log of both. */
#define WG_STORE_RESERVE ((uint64_t)128 * 1024 * 1024)
/* Messages that wait to be worked off, from which on nothing new is accepted: many hours' work of one machine, which
 * whoever sends had better know of. */
#define WG_STORE_WAITING_MAX 1000000
/* Jobs of one lease: by count, and by bytes (a single larger one is given alone). */
#define WG_STORE_LEASE_MAX 256
#define WG_STORE_LEASE_BYTES ((size_t)16 * 1024 * 1024)
/* Reports in one transaction, rows of one list, entries of one history. */
#define WG_STORE_REPORTS_MAX 1024
#define WG_STORE_LIST_MAX 10000
/* Messages of the same child that are named beside one. */
#define WG_STORE_RELATED_MAX 50
/* Keys by which a message finds its child: a handful of numbers and names, hashed. */
#define WG_STORE_KEYS_MAX 64
/* One disclosure record: 31 categories with their rules and citations. */
#define WG_STORE_DISCLOSURE_MAX ((size_t)256 * 1024)
/* The ciphertext of one message or of what was made of it: the plaintext's limit and what encryption adds. */
#define WG_STORE_BLOB_MAX (WG_LIMIT_MESSAGE + WG_LIMIT_MESSAGE / 2)
/* The head of a blob, which is masked with a key that can be destroyed everywhere at once (STATES.md, "Content and its
 * keys"): it has to reach beyond the wrapped data key. With an RSA key of 4096 bits and a long name of
 * the certificate's issuer that ends before byte 1,100; the roles refuse a storage certificate with which it does not.
 */
#define WG_STORE_HEAD 2048
/* What a person said of a message: places and values, encrypted. */
#define WG_STORE_RESOLUTION_MAX ((size_t)1024 * 1024)
/* Words for a person, and names of recipients that a deliverer is busy with. */
#define WG_STORE_REASON 512
#define WG_STORE_BUSY_MAX ((size_t)64 * 1024)

/* The clocks of one instant: wall for what is kept, the log too, by trusted time (base/trusted.h), so that a clock that
 * is set makes nothing expire; steady (monotonic) for leases, which do not outlive the process. */
struct wg_now {
	int64_t wall, steady;
};

/* ---- what passes through: the same for the driver and for the client of client.h */

/* A new message. The blob is its ciphertext. */
struct wg_msg_new {
	char id[WG_ID_TEXT];
	char organisation[WG_LIMIT_NAME + 1];   /* who submitted, as authenticated */
	char idempotency_key[WG_LIMIT_KEY + 1]; /* "" when none */
	char content_hash[WG_STORE_HASH];       /* SHA-256 of the plaintext original, hex */
	char content_type[128];                 /* the longest that is taken (docx) has 71 */
	/* "https", "drop", "imap", "lmtp", "mesh": organisation is "" for the last three, until process knows who signed;
	   "self": a notice of our own */
	char way[16];
	const void *blob;
	size_t blob_len;
};

/* What the sender is told: given only after the row is durable. */
struct wg_msg_receipt {
	char id[WG_ID_TEXT];
	char content_hash[WG_STORE_HASH];
	int64_t accepted_at;
	enum wg_message_state state;
	bool duplicate; /* it was there already: same organisation and key, or same organisation and content */
};

/* For who handed it in. deliveries: "org/desk state" lines of the recipients that this one may know of; the caller
 * frees both texts. others: how many more there are in each state. */
struct wg_msg_status {
	struct wg_msg_receipt receipt;
	char reason[512];
	char *deliveries;
	unsigned others[WG_DLV_STATES];
	char *parts; /* of a divided one: "id state" lines, one a part; the caller frees */
};

struct wg_msg_job {
	char id[WG_ID_TEXT];
	uint64_t token; /* fencing token: completing under an older one is refused */
	char organisation[WG_LIMIT_NAME + 1];
	char content_type[128]; /* the longest that is taken (docx) has 71 */
	char content_hash[WG_STORE_HASH];
	int64_t accepted_at;
	char way[16]; /* how it came in */
	char idempotency_key[WG_LIMIT_KEY +
	                     1]; /* "" when none: over HTTPS the reference under which a partner gateway sent it */
	bool again;              /* decided before under an older epoch: decide again */
	unsigned tries;          /* leases before this one that came to nothing */
	uint8_t *blob;
	size_t blob_len;
	uint8_t *resolution; /* the last that a person gave, as it was handed in; NULL for none */
	size_t resolution_len;
};
void wg_msg_jobs_free(struct wg_msg_job *jobs, unsigned count);

struct wg_dlv_new {
	char organisation[WG_LIMIT_NAME + 1], desk[WG_LIMIT_NAME + 1], role[WG_LIMIT_NAME + 1];
	char of[WG_LIMIT_NAME + 1];   /* the side under which it is a recipient: "placing", "host", ... */
	char channel[8];              /* "mail", "https" */
	enum wg_delivery_state state; /* SEALED, REVIEW or WITHHELD */
	const char *reason;           /* for REVIEW and WITHHELD; NULL otherwise */
	const char *disclosure;       /* the decision as JSON; never NULL: no record, no send */
	const void *envelope;         /* sealed; NULL for WITHHELD */
	size_t envelope_len;
	int64_t deadline;   /* wall ms after which a retry is given up */
	int64_t not_before; /* wall ms before which it is not sent; 0: at once */
	/* REVIEW */
	int64_t due;        /* wall ms by which a person must have decided; 0 when nothing is said */
	bool second_person; /* released only by two different people */
	/* Not 0: this one is the alarm of the delivery with number alarm_of - 1 of the same message: it goes out at
	 * not_before, unless that one has left REVIEW by then: it is recalled in the transaction that settles the review.
	 * It belongs to no episode, so it neither waits nor makes wait. state is SEALED. */
	unsigned alarm_of;
	bool overrides;                    /* the decision goes against a consent: listed until a person has looked at it */
	char reference[WG_REFERENCE_TEXT]; /* under which the copy travels; "" for MESSAGE.ORGANISATION.DESK */
	char token_hash[WG_STORE_HASH];    /* SHA-256 of its single-use token; "" for none */
	char copy_hash[WG_STORE_HASH];     /* SHA-256 of its notice.xml; "" when it has none */
	char confirm[WG_LIMIT_NAME + 1];   /* id of the confirm rule that it is under; "" for none */
	bool hook;                         /* PULL: the desk wants to be told that it is there */
	/* Wall ms at which a consent ends that it was decided under: from then on it is neither sent nor released, and its
	 * message is decided again. 0: no such instant. */
	int64_t valid_until;
	bool known; /* who handed the message in may know that this recipient is told: struct wg_decision */
};

/* What a keyed hash stands for, in the order of the evidence; MATCHING.md says what each is good for. The store sees
 * hashes only: those of the same kind and scope, of the same words, are the same. */
enum wg_key_kind {
	WG_KEY_REFERENCE, /* a police force's number of an episode */
	WG_KEY_LOCAL_ID,  /* the child's number in an agency's own system */
	WG_KEY_NHS,
	WG_KEY_NAME_BIRTH, /* full name and date of birth */
	WG_KEY_BIRTH,      /* the rest can raise doubt, and never decides */
	WG_KEY_NAME,
	WG_KEY_SURNAME_BIRTH,
	WG_KEY_FORENAME_BIRTH,
	WG_KEY_SWAPPED, /* the key that NAME_BIRTH would be with day and month exchanged: looked for, never kept */
	/* a postcode of an address that must not become known: kept with the child, says nothing of who it is, and is never
	   used to match */
	WG_KEY_CONFIDENTIAL
};
#define WG_KEY_KINDS 10

struct wg_match_key {
	enum wg_key_kind kind;
	char key[WG_STORE_KEY];
	char scope[WG_STORE_KEY]; /* LOCAL_ID: the hash of the system that gave it: of two in one system, one is wrong */
};

/* What a message has to do with a missing episode. */
enum wg_relation {
	WG_RELATION_NONE,   /* it is about the child */
	WG_RELATION_OPENS,  /* the child is missing */
	WG_RELATION_CLOSES, /* the child is found */
	WG_RELATION_WITHIN, /* it belongs to an episode: the open one, when it names none */
	WG_RELATION_AFTER   /* the last that has ended, when it names none: an interview */
};

/* One of the messages that a message is divided into. */
struct wg_part_new {
	char content_hash[WG_STORE_HASH]; /* SHA-256 of its plaintext, hex */
	char content_type[128];           /* as of wg_msg_new */
	const void *blob;                 /* ciphertext */
	size_t blob_len;
};

/* Which child a message is about, where a person has said it. */
enum wg_child_choice {
	WG_CHILD_BY_KEYS, /* nobody has: MATCHING.md decides */
	WG_CHILD_SAME,    /* the child of message child_as */
	WG_CHILD_NEW      /* a child that the store does not know yet, whatever its keys say */
};

/* One record about a child: an answer about sharing. The store keeps ciphertext. */
struct wg_record_new {
	char id[WG_ID_TEXT];
	const void *blob;
	size_t blob_len;
};
struct wg_record {
	char id[WG_ID_TEXT];
	int64_t at; /* when it was kept */
	uint8_t *blob;
	size_t blob_len;
};
void wg_records_free(struct wg_record *records, unsigned count);
/* Records of one child; a record's bytes. */
#define WG_STORE_RECORDS_MAX 256
#define WG_STORE_RECORD_MAX ((size_t)64 * 1024)

struct wg_msg_done {
	char id[WG_ID_TEXT];
	uint64_t token;
	enum wg_message_state state;  /* ROUTED, ATTENTION, RETURNED, DIVIDED, REJECTED or ANSWER */
	char kind[WG_LIMIT_NAME + 1]; /* "" when unknown */
	const char *reason;           /* for a person; no personal data; NULL for none */
	const void *notice;           /* ciphertext of the notice as normalised; NULL for none */
	size_t notice_len;
	const void *report; /* ciphertext of the extraction report; NULL for none */
	size_t report_len;
	enum wg_relation relation;
	const struct wg_match_key *keys; /* the store finds or makes child and episode */
	unsigned key_count;
	const struct wg_part_new
		*parts; /* DIVIDED, or ATTENTION beside: each becomes a message, unless it is one already */
	unsigned part_count;
	enum wg_child_choice child_choice;
	char child_as[WG_ID_TEXT];      /* for SAME; "" otherwise */
	bool episode_new;               /* a person said: an episode of its own, whatever is open */
	char content_key[WG_STORE_KEY]; /* keyed hash of the notice's content; "" for none: same organisation and content
	                                   => duplicate */
	char epoch[WG_STORE_HASH];
	const struct wg_dlv_new *deliveries;
	unsigned delivery_count;
	char notice_id[WG_LIMIT_NAME + 1]; /* the id the notice gives itself (at most 64 of [0-9a-z-]), when not the
	                                      message's; "" otherwise */
	const char
		*concerns; /* ids of the notices that it names in header/concerns, separated by blanks; NULL or "" for none */
	bool recalls;  /* what is unsent of the messages named in concerns is recalled in the same transaction */
	const struct wg_record_new *consents; /* records of the child that came in with the notice: kept once each by id */
	unsigned consent_count;
	/* Who handed it in, where that was not known when it was added ("" then): process has it from the signature. */
	char organisation[WG_LIMIT_NAME + 1];
	/* It is a copy that a partner gateway sent: under which reference, and the SHA-256 of its notice.xml. That gateway
	   is told how far its own deliveries come (WG_TASK_ANSWER). "" otherwise. */
	char sender_reference[WG_REFERENCE_TEXT], sender_copy_hash[WG_STORE_HASH];
	/* It is no notice but an answer to copies of ours (state ANSWER) or has answers beside it: kept in the same
	   transaction; those that fit no delivery are counted in the result. */
	const struct wg_receipt_new *receipts;
	unsigned receipt_count;
	bool watches_live; /* the decision depends on whether the child is missing: taken again whenever that changes */
	bool live;         /* what the context said of that when it was taken */
};

/* By when a person must have decided about a copy of the message that is in review now. */
struct wg_review_due {
	char organisation[WG_LIMIT_NAME + 1], desk[WG_LIMIT_NAME + 1], role[WG_LIMIT_NAME + 1];
	int64_t due; /* wall ms */
};

/* What the store knows that a decision about a message needs. */
struct wg_context {
	uint64_t child; /* the store's own number of the child; 0: none that is known, or it is in doubt */
	bool doubt;
	bool live;             /* the child has an open missing episode, this message not counted */
	bool concerns_unknown; /* it names a notice that is not here, or is about another child */
	struct wg_told *told;  /* each once: who has, will have or may have got (an attempt was cut off) the messages of
	                          the same episode (relation CLOSES or WITHIN), or those it concerns when it names any */
	unsigned told_count;
	struct wg_record *records;
	unsigned record_count;
	struct wg_review_due *dues; /* of the message itself, where it is decided again: no later than these */
	unsigned due_count;         /* at most WG_LIMIT_RECIPIENTS */
};
/* Ids in header/concerns: a correction names one or two. */
#define WG_STORE_CONCERNS_MAX 64
void wg_context_free(struct wg_context *context);
#define WG_STORE_TOLD_MAX 256
/* Keys that a text is searched for in one question: the numbers, names and postcodes of a long account. */
#define WG_STORE_SEARCH_MAX 4096
/* Why an entry of the register is not shown to its subject: Data Protection Act 2018, schedules 2 to 4. */
#define WG_STORE_EXEMPTIONS \
	"serious-harm child-abuse-data social-work health education court legal-privilege crime third-party"

struct wg_msg_done_result {
	bool duplicate; /* the same content from the same organisation was there: now state DUPLICATE, nothing is sent */
	char duplicate_of[WG_ID_TEXT];
	enum wg_message_state state; /* where the message is now: the one asked for, DUPLICATE, or ATTENTION */
	bool doubt; /* which child it is about is a person's to say: ATTENTION, nothing is sent. Doubt about the episode
	               alone is ATTENTION too, and what was decided goes on. */
	char reason[WG_STORE_REASON]; /* as kept with the message */
	unsigned receipts_unknown;    /* of the receipts given: those that fit no delivery, or not this giver's */
};

struct wg_dlv_job {
	char id[WG_ID_TEXT]; /* of the delivery */
	char message[WG_ID_TEXT];
	uint64_t token;
	char organisation[WG_LIMIT_NAME + 1], desk[WG_LIMIT_NAME + 1], channel[8];
	char reference[WG_REFERENCE_TEXT]; /* under which the copy travels, at every try */
	unsigned attempts;                 /* before this one */
	int64_t deadline;
	bool maybe; /* an earlier attempt may have arrived */
	uint8_t *envelope;
	size_t envelope_len;
};
void wg_dlv_jobs_free(struct wg_dlv_job *jobs, unsigned count);

struct wg_dlv_report {
	char id[WG_ID_TEXT];
	uint64_t token;
	enum wg_delivery_state state; /* HANDED_OVER, RECEIVED, DEFERRED or FAILED */
	unsigned wait_ms;             /* DEFERRED: not before this long from now */
	bool maybe;
	char detail[256], receipt[256];
};

/* What is to be purged. */
struct wg_purge {
	const char *kind;  /* of notice; "" for those whose kind was never known */
	int64_t before;    /* wall ms: nothing has happened to it since */
	bool dry;          /* only say so */
	const char *after; /* id of a message: only those accepted after it; "" for all */
	const char *who;   /* for the log; with dry it may be "" */
	const char *why;   /* the rule, for the log; with dry it may be "" */
};

struct wg_row {                               /* one message or one delivery, for people */
	char id[WG_ID_TEXT], message[WG_ID_TEXT]; /* the same for a message row */
	char state[24], organisation[WG_LIMIT_NAME + 1], desk[WG_LIMIT_NAME + 1], channel[8], kind[WG_LIMIT_NAME + 1],
		way[16];
	int64_t since, next;   /* entered the state; next try or 0 */
	int64_t ready, handed; /* a delivery: from when it could be sent; when it was first handed over; 0: not yet */
	int64_t fault;         /* a delivery: since when it is tried in vain, or was given up; 0: it is not */
	bool unconfirmed;      /* the other side has it, and nobody there has said that they have */
	unsigned told;         /* a delivery under a confirm rule: steps told, that it is not confirmed */
	unsigned attempts;
	char reason[512];
	bool maybe;
	char role[WG_LIMIT_NAME + 1], of[WG_LIMIT_NAME + 1];
	int64_t due;                         /* review: by when a person must have decided; 0 for none */
	int64_t not_before;                  /* 0: at once */
	bool second_person;                  /* review: two people must release it */
	char released_by[WG_LIMIT_NAME + 1]; /* the first of two who has; "" */
	bool alarm;                          /* it tells somebody that a review is overdue */
	bool overrides;                      /* against a consent, and nobody has looked at it yet */
	char assigned[WG_LIMIT_NAME + 1];    /* who looks after a message in attention; "" for nobody */
	char parent[WG_ID_TEXT];             /* the message that this one was a part of; "" for none */
};

/* ---- the driver. WG_SYSTEM and WG_CORRUPT together with wg_store_fault() != WG_OK mean that the store can no longer
 * be trusted: answer nobody, exit. Every other code is the answer to that one question. */

/* Opens or makes the database in folder, alone: a lock file is held until close; WG_AGAIN when another process holds
 * it. A schema older than the program's is migrated, a newer one is refused (WG_CONFIG). Then call wg_store_recover. */
enum wg_code wg_store_open(const char *folder, struct wg_store **out, struct wg_err *err) WG_MUST;
/* The same, of another database. */
struct wg_store_place {
	const char *folder;   /* of this process alone: lock, sockets; SQLite's database */
	const char *database; /* PostgreSQL: how it is reached (libpq's connection string); NULL: SQLite */
	const char *keys;     /* likewise: the keys of what is stored, elsewhere */
	bool unsafe;          /* for tests: nothing has to survive the machine */
	bool fill;            /* for move.c alone: empty, to be filled by a copy, and refused to all others until it is */
	bool locked;          /* with fill: the caller has the folder's lock, by another store that it has open */
};
enum wg_code wg_store_open_at(const struct wg_store_place *place, struct wg_store **out, struct wg_err *err) WG_MUST;
void wg_store_closep(struct wg_store **store);
#define WG_STORE_READS 24
/* Files that connecting to the place's databases reads (certificates, passwords), of those that are there. The caller
 * frees each; count at most WG_STORE_READS. Nothing for SQLite. */
enum wg_code wg_store_reads(const struct wg_store_place *place, char *out[WG_STORE_READS], size_t *count,
                            struct wg_err *err) WG_MUST;

/* WG_OK, or why the store can no longer be trusted. */
enum wg_code wg_store_fault(const struct wg_store *store, struct wg_err *err) WG_MUST;
/* True once after the disk was found full inside a transaction: roll it back and do without what adds. Reading clears
 * it. */
bool wg_store_full(struct wg_store *store);
/* What was purged is not destroyed yet, its keys are there: the disk was full after the commit, or the database lost.
 * Nobody may be told that it is, until this is false. */
bool wg_store_undestroyed(const struct wg_store *store);
/* Another try, if that is so; outside a transaction. WG_OK does not say that it is done. */
enum wg_code wg_store_destroy(struct wg_store *store, struct wg_err *err) WG_MUST;
/* In the last transaction a context waited for what another node has in work: nobody will say when that is done. */
bool wg_store_elsewhere(const struct wg_store *store);
/* The wall clock that feeds trusted time: this machine's or, of a database that several machines share, that of the
 * database, so that a deadline is over for all of them at once and none with a wrong clock decides it alone. */
int64_t wg_store_wall(const struct wg_store *store);
/* From now on others wait for this process: an answer of a database elsewhere that takes longer than a few seconds (its
 * tcp_user_timeout) is taken for a loss. Without it one is waited for. */
enum wg_code wg_store_hurry(struct wg_store *store, struct wg_err *err) WG_MUST;
/* The fault is that the database cannot be reached, or that somebody else took its place: it may pass. */
bool wg_store_lost(const struct wg_store *store);
/* And whether it was lost while a commit was under way: it may be there or not. */
bool wg_store_unanswered(const struct wg_store *store);
/* After that: connects again, waiting for some seconds at most. WG_AGAIN: not yet, with words why; without words it is
 * under way, and to be asked again at once. *committed: the transaction whose
 * commit failed is there all the same; otherwise nothing of it is. Leases of this process may be over, and the numbers
 * of its owners others: wg_store_owners. */
enum wg_code wg_store_reconnect(struct wg_store *store, bool *committed, struct wg_err *err) WG_MUST;
/* For who can do a whole transaction again from its beginning: from its begin on the store may go ahead although it
 * does not know yet whether all was done. When it was not, wg_store_repeat is true, until the next begin: roll back,
 * and do it all again, not eagerly. */
void wg_store_eager(struct wg_store *store, bool eager);
bool wg_store_repeat(const struct wg_store *store);
/* What the last process knew of the time. Inside a transaction, as the four below. */
enum wg_code wg_store_time_known(struct wg_store *store, struct wg_trusted_memory *out, struct wg_err *err) WG_MUST;
enum wg_code wg_store_time_keep(struct wg_store *store, const struct wg_trusted_memory *known, struct wg_err *err)
	WG_MUST;
/* What was stamped since `from` was wrong by so much (ms) and is put right: whatever waits has waited no longer and no
 * less for that. Moved are the instants by which live messages, deliveries, tasks and alerts are judged; what is
 * history stays, and what is older than now is as much younger for wg_store_purge. */
enum wg_code wg_store_time_moved(struct wg_store *store, struct wg_now now, int64_t by, int64_t from,
                                 struct wg_err *err) WG_MUST;
/* How often that was done: several processes that share the database find the same wrong time, and it is put right
 * once. */
enum wg_code wg_store_time_moves(struct wg_store *store, int64_t *count, struct wg_err *err) WG_MUST;
/* Into the log: what is wrong with the clock, or "ok" again; by a person who accepts it, or by the store (who NULL). */
enum wg_code wg_store_time_log(struct wg_store *store, struct wg_now now, const char *who, const char *words,
                               struct wg_err *err) WG_MUST;
/* Damaged blobs met since the last call; what they belonged to was set aside. */
unsigned wg_store_damaged(struct wg_store *store);

/* One transaction at a time; a mark inside it for each request: keep it or undo back to it. Durable when commit returns
 * WG_OK; a commit that fails is a fault, but for one that the database undid for want of room (WG_AGAIN,
 * wg_store_full): nothing of it is there. What a rollback cannot undo is a fault that the next begin reports. */
enum wg_code wg_store_begin(struct wg_store *store, struct wg_err *err) WG_MUST;
enum wg_code wg_store_commit(struct wg_store *store, struct wg_err *err) WG_MUST;
void wg_store_rollback(struct wg_store *store);
enum wg_code wg_store_mark(struct wg_store *store, struct wg_err *err) WG_MUST;
enum wg_code wg_store_keep(struct wg_store *store, struct wg_err *err) WG_MUST;
enum wg_code wg_store_undo(struct wg_store *store, struct wg_err *err) WG_MUST;
/* Who knows the SHA-256 of bytes at p, because it was taken of these very bytes in this process: false when not. NULL:
 * nobody. Asked within wg_store_done for what `done` points to. */
typedef bool wg_store_hashed(void *arg, const void *p, size_t len, uint8_t hash[WG_SHA256_LEN]);
void wg_store_on_hash(struct wg_store *store, wg_store_hashed *hashed, void *arg);

/* All below inside a transaction. */

/* At start: every lease is void (SENDING becomes DEFERRED, may have arrived). *lost counts them. */
enum wg_code wg_store_recover(struct wg_store *store, struct wg_now now, unsigned *lost, struct wg_err *err) WG_MUST;
/* The leases of one owner (a connection) end; the same for leases past their deadline. */
enum wg_code wg_store_leases_end(struct wg_store *store, struct wg_now now, uint64_t owner, unsigned *lost,
                                 struct wg_err *err) WG_MUST;
enum wg_code wg_store_leases_expire(struct wg_store *store, struct wg_now now, unsigned *lost, struct wg_err *err)
	WG_MUST;
/* Where several processes share the database: says that this one is still there, and the leases of those that were not
 * heard of for some seconds come to nothing. WG_SYSTEM, a fault, when they gave this one up. To be called about once a
 * second. */
enum wg_code wg_store_nodes(struct wg_store *store, struct wg_now now, unsigned *lost, struct wg_err *err) WG_MUST;
#define WG_NODE_SHIFT 32 /* an owner of leases: the node above, its connection below */
/* What the owners of this process's leases begin with: above it nobody else's are. */
uint64_t wg_store_owners(const struct wg_store *store);

/* What was decided under a consent that has ended since is not sent any more, and its message is decided again, once.
 * *ended counts those messages. */
enum wg_code wg_store_consents_end(struct wg_store *store, struct wg_now now, unsigned *ended, struct wg_err *err)
	WG_MUST;

/* How many messages wait to be worked off. */
enum wg_code wg_store_waiting(struct wg_store *store, uint64_t *n, struct wg_err *err) WG_MUST;

/* What the functions of the same name in client.h promise. owner: who holds the lease, never 0.
 * A wait is over when its instant has come, or when that instant lies further ahead than the wait was long: the clock
 * was set back. */
enum wg_code wg_store_add(struct wg_store *store, struct wg_now now, const struct wg_msg_new *msg,
                          struct wg_msg_receipt *out, struct wg_err *err) WG_MUST;
enum wg_code wg_store_status(struct wg_store *store, const char *id, const char *organisation,
                             struct wg_msg_status *out, struct wg_err *err) WG_MUST;
enum wg_code wg_store_lease_messages(struct wg_store *store, struct wg_now now, uint64_t owner, unsigned max,
                                     struct wg_msg_job **out, unsigned *count, struct wg_err *err) WG_MUST;
enum wg_code wg_store_done(struct wg_store *store, struct wg_now now, const struct wg_msg_done *done,
                           struct wg_msg_done_result *out, struct wg_err *err) WG_MUST;
enum wg_code wg_store_context(struct wg_store *store, const char *message, enum wg_relation relation,
                              const struct wg_match_key *keys, unsigned key_count, enum wg_child_choice choice,
                              const char *child_as, const char *concerns, struct wg_context *out, struct wg_err *err)
	WG_MUST;
/* The same of a message in work, in its turn (STATES.md, "Several at a time"): *turn is false, and *out as it was,
 * while an earlier message in work has not been given its own, or one was given that may be about the same child and is
 * not done. Ask again when something was done. */
enum wg_code wg_store_context_in_turn(struct wg_store *store, const char *message, enum wg_relation relation,
                                      const struct wg_match_key *keys, unsigned key_count, enum wg_child_choice choice,
                                      const char *child_as, const char *concerns, bool *turn, struct wg_context *out,
                                      struct wg_err *err) WG_MUST;
enum wg_code wg_store_strangers(struct wg_store *store, uint64_t child, const struct wg_match_key *keys,
                                unsigned key_count, bool *hit, struct wg_err *err) WG_MUST;
enum wg_code wg_store_put_back(struct wg_store *store, struct wg_now now, const char *id, uint64_t token,
                               unsigned wait_ms, const char *reason, struct wg_err *err) WG_MUST;
enum wg_code wg_store_epoch(struct wg_store *store, struct wg_now now, const char *epoch, struct wg_err *err) WG_MUST;
enum wg_code wg_store_lease_deliveries(struct wg_store *store, struct wg_now now, uint64_t owner, const char *busy,
                                       unsigned max, unsigned per_recipient, struct wg_dlv_job **out, unsigned *count,
                                       struct wg_err *err) WG_MUST;
enum wg_code wg_store_report(struct wg_store *store, struct wg_now now, const struct wg_dlv_report *reports,
                             unsigned count, unsigned *stale, struct wg_err *err) WG_MUST;
/* who: the role that brings it. WG_OK with refused->code WG_REJECT: it was refused, and that stands in the log: commit.
 */
enum wg_code wg_store_receipt(struct wg_store *store, struct wg_now now, enum wg_states_who who,
                              const struct wg_receipt_new *receipt, struct wg_receipt_result *out,
                              struct wg_err *refused, struct wg_err *err) WG_MUST;
enum wg_code wg_store_token(struct wg_store *store, const char *token_hash, struct wg_token_view *out,
                            struct wg_err *err) WG_MUST;
enum wg_code wg_store_tasks(struct wg_store *store, struct wg_now now, unsigned max, struct wg_task **out,
                            unsigned *count, struct wg_err *err) WG_MUST;
/* The same will be said of that task: as wg_db_ahead. */
void wg_store_task_ahead(struct wg_store *store, uint64_t id, uint64_t token);
enum wg_code wg_store_task_done(struct wg_store *store, struct wg_now now, const struct wg_task_done *done,
                                struct wg_err *err) WG_MUST;
enum wg_code wg_store_inbox(struct wg_store *store, struct wg_now now, const char *organisation, const char *after,
                            unsigned max, struct wg_inbox_item **out, unsigned *count, struct wg_err *err) WG_MUST;
/* The caller frees *envelope. WG_OK with refused->code WG_AGAIN: it is damaged and made again: commit. */
enum wg_code wg_store_inbox_take(struct wg_store *store, struct wg_now now, const char *organisation,
                                 const char *delivery, struct wg_inbox_item *item, uint8_t **envelope, size_t *len,
                                 struct wg_err *refused, struct wg_err *err) WG_MUST;
/* What nobody fetched by its deadline has failed. *ended: how many. */
enum wg_code wg_store_deadlines_end(struct wg_store *store, struct wg_now now, unsigned *ended, struct wg_err *err)
	WG_MUST;
enum wg_code wg_store_hooks(struct wg_store *store, struct wg_now now, unsigned max, struct wg_hook **out,
                            unsigned *count, struct wg_err *err) WG_MUST;
enum wg_code wg_store_awaited(struct wg_store *store, const char *channel, const char *after, unsigned max,
                              struct wg_awaited **out, unsigned *count, struct wg_err *err) WG_MUST;
enum wg_code wg_store_hook_done(struct wg_store *store, struct wg_now now, const char *delivery, uint64_t token,
                                enum wg_hook_outcome outcome, unsigned wait_ms, struct wg_err *err) WG_MUST;
enum wg_code wg_store_trouble(struct wg_store *store, struct wg_now now, const char *all, const char *name,
                              const char *words, unsigned age_s, struct wg_err *err) WG_MUST;
enum wg_code wg_store_alerts(struct wg_store *store, struct wg_now now, const struct wg_alert *list, unsigned count,
                             struct wg_alert **out, unsigned *changed, struct wg_err *err) WG_MUST;
/* accepting, why and clock are the server's to know, here and in wg_store_health; wall: what wg_store_wall says. */
enum wg_code wg_store_metrics(struct wg_store *store, struct wg_now now, bool accepting, const char *why,
                              const char *clock, int64_t wall, struct wg_buf *out, struct wg_err *err) WG_MUST;
enum wg_code wg_store_silence(struct wg_store *store, struct wg_now now, struct wg_buf *out, struct wg_err *err)
	WG_MUST;
enum wg_code wg_store_receipts(struct wg_store *store, const char *id, struct wg_buf *out, struct wg_err *err) WG_MUST;
enum wg_code wg_store_list(struct wg_store *store, const char *what, const char *state, const char *id, unsigned max,
                           struct wg_row **out, unsigned *count, struct wg_err *err) WG_MUST;
enum wg_code wg_store_list_after(struct wg_store *store, const char *what, const char *state, const char *id,
                                 const char *after, unsigned max, struct wg_row **out, unsigned *count,
                                 struct wg_err *err) WG_MUST;
enum wg_code wg_store_act(struct wg_store *store, struct wg_now now, const char *action, const char *id,
                          const char *who, const char *why, unsigned *changed, struct wg_err *err) WG_MUST;
enum wg_code wg_store_child(struct wg_store *store, const char *id, const struct wg_match_key *keys, unsigned key_count,
                            uint64_t *child, struct wg_err *err) WG_MUST;
enum wg_code wg_store_record(struct wg_store *store, struct wg_now now, uint64_t child,
                             const struct wg_record_new *record, const char *who, const char *why, unsigned *pulled,
                             struct wg_err *err) WG_MUST;
enum wg_code wg_store_records(struct wg_store *store, struct wg_now now, uint64_t child, const char *who,
                              struct wg_record **out, unsigned *count, struct wg_err *err) WG_MUST;
enum wg_code wg_store_register(struct wg_store *store, struct wg_now now, uint64_t child, int64_t from, int64_t until,
                               const char *who, struct wg_buf *out, struct wg_err *err) WG_MUST;
enum wg_code wg_store_exempt(struct wg_store *store, struct wg_now now, const char *delivery, const char *code,
                             const char *who, const char *why, struct wg_err *err) WG_MUST;
enum wg_code wg_store_assign(struct wg_store *store, struct wg_now now, const char *id, const char *to, const char *who,
                             const char *why, struct wg_err *err) WG_MUST;
enum wg_code wg_store_legal_hold(struct wg_store *store, struct wg_now now, uint64_t child, const char *id, bool on,
                                 const char *who, const char *why, unsigned *changed, struct wg_err *err) WG_MUST;
enum wg_code wg_store_purge(struct wg_store *store, struct wg_now now, const struct wg_purge *what, struct wg_buf *out,
                            uint64_t *freed, bool *more, struct wg_err *err) WG_MUST;
enum wg_code wg_store_resolve(struct wg_store *store, struct wg_now now, const char *id, const char *who,
                              const char *why, const void *blob, size_t len, struct wg_err *err) WG_MUST;
enum wg_code wg_store_explain(struct wg_store *store, const char *id, struct wg_buf *out, struct wg_err *err) WG_MUST;
enum wg_code wg_store_related(struct wg_store *store, const char *id, struct wg_buf *out, struct wg_err *err) WG_MUST;
enum wg_code wg_store_blob(struct wg_store *store, struct wg_now now, const char *id, const char *which,
                           const char *who, uint8_t **out, size_t *len, struct wg_err *err) WG_MUST;
enum wg_code wg_store_audit(struct wg_store *store, uint64_t *entries, char head[WG_STORE_HASH], struct wg_err *err)
	WG_MUST;
enum wg_code wg_store_history(struct wg_store *store, const char *id, unsigned max, struct wg_buf *out,
                              struct wg_err *err) WG_MUST;
/* accepting, why and clock are the server's to know; they become members of the object. */
enum wg_code wg_store_health(struct wg_store *store, struct wg_now now, bool accepting, const char *why,
                             const char *clock, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
