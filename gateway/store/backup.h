/* A copy of the store while it works: of store.db as a file beside it, made page by page between the transactions, and
 * of the keys in keys.db as rows, so that no second file of keys ever lies on the disk in the clear (what is destroyed
 * there would live on in it). The driver's half, and what passes between store and client. */
#ifndef WG_STORE_BACKUP_H
#define WG_STORE_BACKUP_H

#include "store/store.h"

/* "backup-", an id, ".db" */
#define WG_COPY_NAME (7 + WG_ID_LEN + 3 + 1)
/* What goes into the log of a backup that was verified. */
#define WG_COPY_WORDS 400

/* How far it is; the last five once it is ready: the copy is the store as it stood at that instant. */
struct wg_copy_state {
	bool ready;
	uint64_t done, pages;
	char name[WG_COPY_NAME]; /* in the store's folder; removed at the end, or at the store's next start */
	int64_t at;              /* trusted ms */
	uint64_t entries;        /* of the log in the copy */
	char head[WG_STORE_HASH];
	int64_t last;          /* number of the last key that it may name */
	char pair[WG_ID_TEXT]; /* the name that both files carry */
};

struct wg_copy;

/* Makes the file, empty. WG_AGAIN when the disk has too little room for it, and the reserve beside it. */
enum wg_code wg_copy_start(struct wg_store *store, struct wg_now now, const char *folder, struct wg_copy **out,
                           struct wg_err *err) WG_MUST;
/* Some pages; outside of a transaction of the store, which goes on between two steps: what it changes is changed in the
 * copy too. A failure is the copy's (the disk is full), not the store's. Nothing once it is ready. */
enum wg_code wg_copy_step(struct wg_copy *copy, struct wg_now now, struct wg_err *err) WG_MUST;
void wg_copy_state(const struct wg_copy *copy, struct wg_copy_state *out);
/* Removes the file. */
void wg_copy_freep(struct wg_copy **copy);
/* Removes what a store process that was killed left in the folder. */
void wg_copy_sweep(const char *folder);

/* Rows of keys.db that were given, after that number, as many as fit one answer, into out in wire form: u32 how many,
 * then each its number (u64) and its bytes; gone: of those that were destroyed, number and wall ms (two u64). None: the
 * end. */
enum wg_code wg_store_heads(struct wg_store *store, int64_t after, bool gone, struct wg_buf *out, struct wg_err *err)
	WG_MUST;

/* Into the log: somebody takes a backup; and, done, that it was verified, with what is said of it. */
enum wg_code wg_store_backup_log(struct wg_store *store, struct wg_now now, const char *who, bool done,
                                 const char *words, struct wg_err *err) WG_MUST;

#endif
