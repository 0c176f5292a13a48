/* The second database, keys.db: one random key for each blob. The head of a blob, which holds the wrapped key of its
 * data, stands in store.db masked with it. Without that key a blob stays closed, to whoever has a backup of store.db
 * and the storage key too; so to destroy the key is to destroy the content, wherever copies of store.db are. Keys are
 * made many at a time and before they are needed, so that what is stored waits for one database only. What stands
 * where: STATES.md, "Content and its keys". Invariants:
 * 1. A blob that store.db names has its key in keys.db: a key is durable before its number is given.
 * 2. A key that is to go stands in store.db's table shred, from the transaction that purges until it is gone for good.
 * 3. Which number was given last is said by store.db, in the transaction that names the blob (meta, head-last). A
 * number whose key was destroyed is never given again; one whose transaction came to nothing is.
 * 4. A key stands at the end of WG_KEYS_ROW bytes. At 1024 bytes a page that puts all but the first 99 of them on
 *    an overflow page: SQLite zeroes these when they are freed, and never copies them elsewhere as it does with what
 * lies in a page of its trees.
 * 5. Until version 2 of keys.db the heads themselves stood in it, WG_STORE_HEAD bytes each; such rows are still read.
 *    Their blobs lack their heads in store.db, which tells the two apart. */
#ifndef WG_STORE_KEYS_INTERNAL_H
#define WG_STORE_KEYS_INTERNAL_H

#include "store/sql_internal.h"

#define WG_KEYS_LEN 32
#define WG_KEYS_ROW 1024
/* Keys made at a time: that many more each time, so that a small store does not get a thousand. What a copy of keys.db
 * opens of what came after it are these. */
#define WG_KEYS_MADE_MIN 64
#define WG_KEYS_MADE_MAX 1024
#define WG_KEYS_PAGE "1024"

/* What the last batch of keys.db is. */
enum wg_batch_state {
	WG_BATCH_SETTLED, /* heads, as until version 2: store.db names them */
	WG_BATCH_OPEN,    /* heads whose transaction of store.db was about to be committed */
	WG_BATCH_MOVED,   /* heads that were taken out of an older store.db, and that was about to be committed */
	WG_BATCH_MADE     /* keys: up to its last they are there to be given, from its first on, or were given */
};

struct wg_keys {
	char name[WG_ID_TEXT];        /* of the pair: store.db has it too */
	int64_t last;                 /* number that was given last, by what is committed */
	int64_t first;                /* of the last batch, as it was read or made: higher whenever keys were destroyed */
	int64_t end;                  /* of the last key in keys.db: behind `last` they are there to be given */
	size_t count, marked;         /* given by the transaction that is running */
	uint8_t (*made)[WG_KEYS_LEN]; /* in memory, */
	int64_t made_first;           /* from this number on, */
	size_t made_count;            /* so many */
	bool shred;                   /* the transaction that is running puts numbers into the table shred */
	bool due;                     /* numbers stand in shred that could not be destroyed when it was their time */
	bool older;                   /* store.db is older than this file: it was put back */
};

/* ---- keys.c. A failure of keys.db is a fault of the store. */

/* What memory has of keys: before the database is closed, and when it may be another, which has others under the same
 * numbers. */
void wg_keys_forget(struct wg_store *store);

void wg_keys_begin(struct wg_store *store);
void wg_keys_mark(struct wg_store *store);
void wg_keys_undo(struct wg_store *store);
/* A number and its key, for one blob; *id is never 0. Whoever asked wipes the key. Inside a transaction. */
enum wg_code wg_keys_give(struct wg_store *store, int64_t *id, uint8_t key[WG_KEYS_LEN], struct wg_err *err) WG_MUST;
/* Inside the store's transaction and before its commit: store.db says what was given. */
enum wg_code wg_keys_commit(struct wg_store *store, struct wg_err *err) WG_MUST;
/* After the store's commit: destroys what the table shred names. */
enum wg_code wg_keys_after(struct wg_store *store, struct wg_err *err) WG_MUST;

/* What was put under that number: a key's row, or a head. *len 0: it is not there, and *gone says since when (wall ms;
 * 0: nobody knows). */
enum wg_code wg_keys_row(struct wg_store *store, int64_t id, uint8_t out[WG_STORE_HEAD], size_t *len, int64_t *gone,
                         struct wg_err *err) WG_MUST;

/* Says that store.db has the last batch of heads. */
enum wg_code wg_keys_settle(struct wg_store *store, struct wg_err *err) WG_MUST;

/* ---- keys_mask.c */
/* Masks the head of a blob, or takes the mask away: its first WG_STORE_HEAD bytes, or all len. hash is the blob's. */
void wg_keys_mask(const uint8_t key[WG_KEYS_LEN], const char hash[WG_STORE_HASH], uint8_t *blob, size_t len);
/* The same of what store.db and keys.db have of a blob: rest and row, joined in out, which has size bytes. False: they
 * are not those of one blob. */
bool wg_keys_join(const uint8_t *row, size_t row_len, const uint8_t *rest, size_t rest_len,
                  const char hash[WG_STORE_HASH], uint8_t *out, size_t size);

/* ---- keys_level.c */
/* Which number was given last, in store.db. Inside its transaction. */
enum wg_code wg_keys_put_last(struct wg_store *store, int64_t last, struct wg_err *err) WG_MUST;
/* Both files made to agree, after store.db was opened: what a crash between two commits left is
 * swept, and what was to be destroyed is destroyed. WG_CONFIG when they are not of one pair. */
enum wg_code wg_keys_level(struct wg_store *store, struct wg_err *err) WG_MUST;
/* Inside a transaction in whose beginning it turned out that another process wrote to both: what is in memory is read
 * again, and what that process left half done is swept. */
enum wg_code wg_keys_again(struct wg_store *store, struct wg_err *err) WG_MUST;
/* Destroys what the table shred names, in no file of the live system any more when it returns. WG_OK also when the disk
 * is full: it stays to be done (due), and nobody is told that it was. */
enum wg_code wg_keys_shred(struct wg_store *store, struct wg_err *err) WG_MUST;

#endif
