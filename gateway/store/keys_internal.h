/* The second database, keys.db: the head of every blob, which holds the wrapped key of its data. Without its head a
 * blob stays closed, to whoever has a backup of store.db and the storage key too; so to destroy the head is to destroy
 * the content, wherever copies of store.db are. What stands where: STATES.md, "Content and its keys". Invariants:
 * 1. A blob that store.db names has its head in keys.db: heads are durable before the transaction that names them.
 * 2. A head that is to go stands in store.db's table shred, from the transaction that purges until it is gone for good.
 * 3. Numbers of heads only rise, and none is ever given to a second blob of the same pair of files.
 * 4. Heads are padded to one length. At 1024 bytes a page that puts all but their first 103 bytes, which name the
 *    certificate, on overflow pages: SQLite zeroes these when they are freed, and never copies them elsewhere as it
 * does with what lies in a page of its trees. */
#ifndef WG_STORE_KEYS_INTERNAL_H
#define WG_STORE_KEYS_INTERNAL_H

#include "store/sql_internal.h"

/* Heads that wait in memory for one commit; they were part of requests that are in memory anyhow. */
#define WG_KEYS_BATCH_MAX ((size_t)1 << 17)
#define WG_KEYS_PAGE "1024"

/* What keys.db knows of its last batch. */
enum wg_batch_state {
	WG_BATCH_SETTLED, /* store.db names it */
	WG_BATCH_OPEN,    /* its transaction of store.db was about to be committed */
	WG_BATCH_MOVED    /* it was taken out of an older store.db, and that was about to be committed */
};

struct wg_head {
	size_t len;
	uint8_t bytes[WG_STORE_HEAD];
};

struct wg_keys {
	char name[WG_ID_TEXT]; /* of the pair: store.db has it too */
	int64_t last;          /* number of the last head that is durable */
	struct wg_head *heads; /* last + 1 and on: of the transaction that is running */
	size_t count, cap, marked;
	bool shred;     /* the transaction that is running puts heads into the table shred */
	bool unsettled; /* keys.db does not know yet that store.db has its last batch */
	bool older;     /* store.db is older than this file: it was put back */
};

/* ---- keys.c: the file, and the heads of the transaction that is running. Any failure is a fault of the store, but for
 * WG_LIMIT of wg_keys_put. */

/* Before the database is closed. */
void wg_keys_close(struct wg_store *store);

void wg_keys_begin(struct wg_store *store);
void wg_keys_mark(struct wg_store *store);
void wg_keys_undo(struct wg_store *store);
/* Whether wg_keys_commit has anything to make durable. */
bool wg_keys_waiting(const struct wg_store *store);
/* Inside the store's transaction and before its commit: the heads become durable. */
enum wg_code wg_keys_commit(struct wg_store *store, struct wg_err *err) WG_MUST;
/* After the store's commit: destroys what the table shred names. */
enum wg_code wg_keys_after(struct wg_store *store, struct wg_err *err) WG_MUST;

/* The first len bytes of a blob, at most WG_STORE_HEAD. *id is never 0. */
enum wg_code wg_keys_put(struct wg_store *store, const void *p, size_t len, int64_t *id, struct wg_err *err) WG_MUST;
/* len bytes of it into out. *found false: it is not there, and *gone says since when (wall ms; 0: nobody knows). */
enum wg_code wg_keys_get(struct wg_store *store, int64_t id, size_t len, uint8_t out[WG_STORE_HEAD], bool *found,
                         int64_t *gone, struct wg_err *err) WG_MUST;

/* Says that store.db has the last batch: so that a copy of store.db from before it is not taken for a crash. */
enum wg_code wg_keys_settle(struct wg_store *store, struct wg_err *err) WG_MUST;
/* Writes the heads that wait; inside a transaction of keys.db. */
enum wg_code wg_keys_write(struct wg_store *store, struct wg_err *err) WG_MUST;

/* ---- keys_level.c: both files made to agree, after store.db was opened: what a crash between two commits left is
 * swept, and what was to be destroyed is destroyed. WG_CONFIG when they are not of one pair. */
enum wg_code wg_keys_level(struct wg_store *store, struct wg_err *err) WG_MUST;
/* Inside a transaction in whose beginning it turned out that another process wrote to both: what is in memory is read
 * again, and what that process left half done is swept. */
enum wg_code wg_keys_again(struct wg_store *store, struct wg_err *err) WG_MUST;
/* Destroys what the table shred names, in no file of the live system any more when it returns. */
enum wg_code wg_keys_shred(struct wg_store *store, struct wg_err *err) WG_MUST;

#endif
