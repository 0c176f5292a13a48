/* The way back from a backup: files made of it, and what a gateway that was put back must not do by itself. */
#ifndef WG_STORE_RESTORE_H
#define WG_STORE_RESTORE_H

#include "store/store.h"

/* A row of keys: its bytes, or, bytes NULL, one that was destroyed at gone (wall ms). *id 0: there is no more. Bytes
 * are borrowed until the next call. */
typedef enum wg_code wg_store_next_key(void *arg, int64_t *id, const uint8_t **bytes, size_t *len, int64_t *gone,
                                       struct wg_err *err);

/* Makes keys.db in folder, where there is none, of the pair with that name whose last key is last. */
enum wg_code wg_keys_make(const char *folder, const char *pair, int64_t last, wg_store_next_key *next, void *arg,
                          struct wg_err *err) WG_MUST;

/* The store was put back from a backup: nothing of what came after it is known here. What was under way then may have
 * been sent since, withdrawn or recalled, so every copy that could leave by itself is held for a person, marked as one
 * that may have arrived; and so is each copy of a message that had not been decided. Their references stay, so that a
 * recipient knows them again. What was purged since, by the keys, is purged again. words: which backup, for the log and
 * the reason. *held counts them. One transaction, committed. */
enum wg_code wg_store_restored(struct wg_store *store, struct wg_now now, const char *who, const char *words,
                               uint64_t *held, struct wg_err *err) WG_MUST;

#endif
