/* keys.c owns the keys that are made before they are needed, and which of them the running transaction gives. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/mem.h"
#include "store/driver.h"
#include "store/keys_internal.h"
#include "store/purge_internal.h"

enum wg_code wg_keys_settle(struct wg_store *store, struct wg_err *err)
{
	return store->driver->keys_run(store, KEYS_SETTLE, NULL, 0, err);
}

void wg_keys_forget(struct wg_store *store)
{
	struct wg_keys *k = store->keys;
	if (k->made != NULL)
		wg_wipe(k->made, k->made_count * sizeof *k->made);
	free(k->made);
	k->made = NULL;
	k->made_count = 0;
}

/* ---- the numbers of the transaction that is running */

void wg_keys_begin(struct wg_store *store)
{
	store->keys->count = store->keys->marked = 0;
	store->keys->shred = false;
}

void wg_keys_mark(struct wg_store *store)
{
	store->keys->marked = store->keys->count;
}

void wg_keys_undo(struct wg_store *store)
{
	store->keys->count = store->keys->marked;
}

static enum wg_code put_made(struct wg_store *store, int64_t first, uint8_t (*made)[WG_KEYS_LEN], size_t n,
                             struct wg_err *err)
{
	uint8_t row[WG_KEYS_ROW] = { 0 };
	/* What is committed was given; who finds less in store.db has an older one. */
	const int64_t batch[] = { store->keys->last + 1, first + (int64_t)n - 1, WG_BATCH_MADE };
	enum wg_code code = store->driver->keys_run(store, KEYS_BEGIN, NULL, 0, err);
	for (size_t i = 0; code == WG_OK && i < n; i++) {
		memcpy(row + sizeof row - WG_KEYS_LEN, made[i], WG_KEYS_LEN);
		code = store->driver->keys_put(store, first + (int64_t)i, row, sizeof row, err);
	}
	wg_wipe(row, sizeof row);
	if (code == WG_OK)
		code = store->driver->keys_run(store, KEYS_BATCH_PUT, batch, 3, err);
	return code == WG_OK ? store->driver->keys_run(store, KEYS_COMMIT, NULL, 0, err) : code;
}

/* More keys, durable when it returns. Which of them are given is not decided by that, so nothing has to be undone when
 * the store's transaction is. */
static enum wg_code make_more(struct wg_store *store, struct wg_err *err)
{
	struct wg_keys *k = store->keys;
	struct wg_keys_batch b = { .first = 0 };
	const size_t twice = 2 * k->made_count, n = twice < WG_KEYS_MADE_MIN   ? WG_KEYS_MADE_MIN
	                                            : twice > WG_KEYS_MADE_MAX ? WG_KEYS_MADE_MAX
	                                                                       : twice;
	enum wg_code code = store->driver->keys_batch(store, &b, err);
	if (code != WG_OK)
		return code;
	if (b.last > k->end) { /* another process made some, in a turn that came to nothing */
		k->end = b.last;
		return WG_OK;
	}
	uint8_t(*made)[WG_KEYS_LEN] = calloc(n, sizeof *made);
	if (made == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	code = wg_random(made, n * sizeof *made, err);
	if (code == WG_OK)
		code = put_made(store, k->end + 1, made, n, err);
	wg_keys_forget(store);
	k->made = made;
	k->made_count = n;
	k->made_first = k->end + 1;
	if (code != WG_OK)
		wg_keys_forget(store);
	else {
		k->first = k->last + 1;
		k->end += (int64_t)n;
	}
	return code;
}

/* *there false: there is none of that number. */
static enum wg_code find(struct wg_store *store, int64_t id, uint8_t key[WG_KEYS_LEN], bool *there, struct wg_err *err)
{
	uint8_t row[WG_STORE_HEAD];
	size_t len = 0;
	int64_t gone = 0;
	enum wg_code code = wg_keys_row(store, id, row, &len, &gone, err);
	*there = code == WG_OK && len == WG_KEYS_ROW;
	if (*there)
		memcpy(key, row + WG_KEYS_ROW - WG_KEYS_LEN, WG_KEYS_LEN);
	wg_wipe(row, sizeof row);
	return code;
}

enum wg_code wg_keys_give(struct wg_store *store, int64_t *id, uint8_t key[WG_KEYS_LEN], struct wg_err *err)
{
	struct wg_keys *k = store->keys;
	bool there = false;
	enum wg_code code = WG_OK;
	while (code == WG_OK && !there) { /* a number without a key is passed over */
		if (k->last + (int64_t)k->count >= k->end)
			code = make_more(store, err);
		if (code == WG_OK && k->last + (int64_t)k->count < k->end)
			code = find(store, k->last + (int64_t)++k->count, key, &there, err);
	}
	if (code == WG_OK)
		*id = k->last + (int64_t)k->count;
	return code;
}

/* A purge spends a number, which is destroyed with the rest: a copy of store.db from before it has to be known as one,
 * although nothing else may have come since. */
static enum wg_code spend(struct wg_store *store, struct wg_err *err)
{
	uint8_t key[WG_KEYS_LEN];
	int64_t id = 0;
	const size_t before = store->keys->count;
	enum wg_code code = wg_keys_give(store, &id, key, err);
	wg_wipe(key, sizeof key);
	if (code == WG_OK)
		code = wg_query_run(store, "INSERT INTO shred(head, at) SELECT ?1, at FROM shred ORDER BY at DESC LIMIT 1",
		                    WG_ARGS(wg_db_int(id)), err);
	if (code == WG_OK && store->driver->changes(store) == 0) /* nothing is destroyed */
		store->keys->count = before;
	return code;
}

enum wg_code wg_keys_commit(struct wg_store *store, struct wg_err *err)
{
	struct wg_keys *k = store->keys;
	enum wg_code code = k->shred ? spend(store, err) : WG_OK;
	if (code != WG_OK || k->count == 0)
		return code; /* a transaction without blobs costs nothing here */
	return wg_keys_put_last(store, k->last + (int64_t)k->count, err);
}

enum wg_code wg_keys_after(struct wg_store *store, struct wg_err *err)
{
	struct wg_keys *k = store->keys;
	k->last += (int64_t)k->count;
	k->count = k->marked = 0;
	if (!k->shred)
		return WG_OK;
	k->shred = false;
	wg_keys_forget(store); /* what is to be destroyed may be among them */
	return wg_keys_shred(store, err);
}

/* ---- reading */

enum wg_code wg_keys_row(struct wg_store *store, int64_t id, uint8_t out[WG_STORE_HEAD], size_t *len, int64_t *gone,
                         struct wg_err *err)
{
	const struct wg_keys *k = store->keys;
	*gone = 0;
	if (id >= k->made_first && (uint64_t)(id - k->made_first) < k->made_count) {
		memset(out, 0, WG_KEYS_ROW);
		memcpy(out + WG_KEYS_ROW - WG_KEYS_LEN, k->made[id - k->made_first], WG_KEYS_LEN);
		*len = WG_KEYS_ROW;
		return WG_OK;
	}
	enum wg_code code = store->driver->keys_get(store, id, out, len, err);
	return code == WG_OK && *len == 0 ? store->driver->keys_gone(store, id, gone, err) : code;
}
