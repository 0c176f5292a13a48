/* What the files of purging share. */
#ifndef WG_STORE_PURGE_INTERNAL_H
#define WG_STORE_PURGE_INTERNAL_H

#include "store/sql_internal.h"

/* Entries of the log that say only that somebody looked, or that something is not to be purged: no reason to keep a
 * message for longer. */
#define WG_PURGE_LOOKS "'read','legal-hold','legal-release','child-hold','child-release'"
/* A message whose turn, or a person's, is still to come; m is its name in the statement. */
#define WG_PURGE_OPEN(m)                                                                                             \
	"(" m ".state IN ('accepted','normalised','attention') OR EXISTS (SELECT 1 FROM delivery o WHERE o.message = " m \
	".seq AND o." WG_SQL_DLV_UNFINISHED "))"
/* The content of message ?1: numbers of blobs. */
#define WG_PURGE_BLOBS                                                                                     \
	"SELECT original FROM message WHERE seq = ?1 UNION SELECT notice FROM message WHERE seq = ?1 UNION"    \
	" SELECT report FROM message WHERE seq = ?1 UNION SELECT resolution FROM message WHERE seq = ?1 UNION" \
	" SELECT envelope FROM delivery WHERE message = ?1 UNION SELECT blob FROM replaced WHERE message = ?1"

/* ---- purge_query.c: statements that are asked too rarely to be kept */
struct wg_query {
	struct wg_store *store;
	void *cursor; /* the driver's */
};
void wg_query_end(struct wg_query *query);
#define WG_AUTO_QUERY WG_CLEANUP(wg_query_end)
enum wg_code wg_query_open(struct wg_query *query, struct wg_store *store, const char *sql, const struct wg_arg *args,
                           size_t count, struct wg_err *err) WG_MUST;
enum wg_code wg_query_step(struct wg_query *query, bool *row, struct wg_err *err) WG_MUST;
int64_t wg_query_int(const struct wg_query *query, int col);
const char *wg_query_text(const struct wg_query *query, int col); /* until the next step */
/* The first column of the first row; 0 when there is none. */
enum wg_code wg_query_number(struct wg_store *store, const char *sql, const struct wg_arg *args, size_t count,
                             int64_t *out, struct wg_err *err) WG_MUST;
/* One that gives no rows. */
enum wg_code wg_query_run(struct wg_store *store, const char *sql, const struct wg_arg *args, size_t count,
                          struct wg_err *err) WG_MUST;

/* ---- purge_content.c: destroying */
/* Bytes of the content of a message. */
enum wg_code wg_purge_size(struct wg_store *store, int64_t seq, uint64_t *bytes, struct wg_err *err) WG_MUST;
/* All that is kept of the message but its row, its register and its log. person NULL: the store itself. *heads counts
 * the keys that go. */
enum wg_code wg_purge_message(struct wg_store *store, struct wg_now now, int64_t seq, const char *id,
                              const char *person, const char *why, uint64_t *heads, struct wg_err *err) WG_MUST;
/* Children of whom no message is kept: what they are found by, and what was answered about sharing, if nothing of that
 * is newer than before. */
enum wg_code wg_purge_children(struct wg_store *store, struct wg_now now, int64_t before, const char *person,
                               uint64_t *heads, struct wg_err *err) WG_MUST;

/* One child; *heads counts as above. */
enum wg_code wg_purge_forget(struct wg_store *store, struct wg_now now, int64_t child, const char *person,
                             uint64_t *heads, struct wg_err *err) WG_MUST;

/* ---- purge_again.c: store.db was put back: what was purged since is purged again, without content or keys as it is.
 */
/* ---- sql_time.c */
/* What is older than until (trusted time, as it was then; 0: nothing) is by so much younger than it says: the clock was
 * wrong until a person said so. */
enum wg_code wg_store_time_lost(struct wg_store *store, int64_t *until, int64_t *by, struct wg_err *err) WG_MUST;

enum wg_code wg_purge_again(struct wg_store *store, struct wg_now now, struct wg_err *err) WG_MUST;

#endif
