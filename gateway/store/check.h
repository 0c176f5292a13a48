/* What of the store is not as it was written: the one mechanism behind `audit verify`, `store check`, and the proof of
 * a backup and of what was restored. */
#ifndef WG_STORE_CHECK_H
#define WG_STORE_CHECK_H

#include "store/store.h"

/* Findings of one kind that are told each; how many more there are is told once. */
#define WG_CHECK_EACH 20

struct wg_check {
	bool pages; /* every page of both files, as SQLite sees them, and what rows refer to: minutes for a large store */
	bool blobs; /* every blob is read, opened with its key and held against its hash */
	bool keys;  /* keys that nothing names, blobs that nothing names */
	/* Each finding, in words, and what to do. */
	void (*on)(void *arg, const char *words, const char *todo);
	void *arg;
	uint64_t findings; /* how many; 0: it is as it was written */
	/* out: the log, where its chain was found whole */
	uint64_t entries;
	char head[WG_STORE_HASH];
};

/* Looks at all of it; what does not fit is told and the rest is looked at. WG_OK when it came to its end, whatever it
 * found. Inside a transaction, or where nobody writes. */
enum wg_code wg_store_check(struct wg_store *store, struct wg_check *check, struct wg_err *err) WG_MUST;

/* Whether the log has that entry with that hash: an end that was noted elsewhere. WG_CORRUPT when not: it was cut, or
 * the whole folder was put back from an older copy. */
enum wg_code wg_store_contains(struct wg_store *store, uint64_t entry, const char *hash, struct wg_err *err) WG_MUST;

/* A copy of store.db at rest, for reading; nothing of it is changed, its keys.db is not looked for: blobs and keys of
 * a check must be false. Close it as any store. WG_CONFIG when it is not of this program's version. */
enum wg_code wg_store_open_copy(const char *path, struct wg_store **out, struct wg_err *err) WG_MUST;
/* Gives the rows of another keys.db in the order of their numbers; *id 0: there is no more. The bytes are borrowed
 * until the next call. */
typedef enum wg_code wg_store_next_head(void *arg, int64_t *id, const uint8_t **bytes, size_t *len, struct wg_err *err);
/* Every blob that has content, opened with its key and held against its hash, in the order of the keys. A key that
 * is missing is a finding, unless gone says since when it is (it was destroyed after the copy was made). */
enum wg_code wg_store_check_copy(struct wg_store *copy, struct wg_check *check, wg_store_next_head *next, void *arg,
                                 bool (*gone)(void *arg, int64_t id), uint64_t *blobs, struct wg_err *err) WG_MUST;

#endif
