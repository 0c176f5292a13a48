/* keys.c owns the heads of the transaction that is running, and their way into the second database. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/driver.h"
#include "store/keys_internal.h"

enum wg_code wg_keys_settle(struct wg_store *store, struct wg_err *err)
{
	enum wg_code code = store->driver->keys_run(store, KEYS_SETTLE, NULL, 0, err);
	if (code == WG_OK)
		store->keys->unsettled = false;
	return code;
}

void wg_keys_close(struct wg_store *store)
{
	struct wg_keys *k = store->keys;
	struct wg_err err = { 0 };
	if (k->unsettled && !store->driver->shared && store->fault.code == WG_OK && wg_keys_settle(store, &err) != WG_OK)
		k->unsettled = false; /* no harm: the next start looks for itself */
	free(k->heads);
	k->heads = NULL;
}

/* ---- the heads of the transaction that is running */

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

enum wg_code wg_keys_put(struct wg_store *store, const void *p, size_t len, int64_t *id, struct wg_err *err)
{
	struct wg_keys *k = store->keys;
	if (k->count == WG_KEYS_BATCH_MAX)
		return wg_err_set(err, WG_LIMIT, "more than %zu documents in one transaction", (size_t)WG_KEYS_BATCH_MAX);
	if (k->count == k->cap) {
		size_t cap = k->cap == 0 ? 64 : 2 * k->cap;
		struct wg_head *more = reallocarray(k->heads, cap, sizeof *more);
		if (more == NULL)
			return wg_err_set(err, WG_SYSTEM, "out of memory");
		k->heads = more;
		k->cap = cap;
	}
	struct wg_head *h = &k->heads[k->count++];
	h->len = len < WG_STORE_HEAD ? len : WG_STORE_HEAD;
	memset(h->bytes, 0, sizeof h->bytes);
	if (h->len > 0)
		memcpy(h->bytes, p, h->len);
	*id = k->last + (int64_t)k->count;
	return WG_OK;
}

enum wg_code wg_keys_write(struct wg_store *store, struct wg_err *err)
{
	struct wg_keys *k = store->keys;
	enum wg_code code = WG_OK;
	for (size_t i = 0; code == WG_OK && i < k->count; i++)
		code = store->driver->keys_put(store, k->last + 1 + (int64_t)i, k->heads[i].bytes, WG_STORE_HEAD, err);
	if (code == WG_OK) {
		k->last += (int64_t)k->count;
		k->count = k->marked = 0;
	}
	return code;
}

bool wg_keys_waiting(const struct wg_store *store)
{
	return store->keys->count > 0 || store->keys->shred;
}

enum wg_code wg_keys_commit(struct wg_store *store, struct wg_err *err)
{
	struct wg_keys *k = store->keys;
	char last[24];
	/* A purge spends a number too: a copy of store.db from before it has to be known as one. */
	const int64_t spent = (int64_t)k->count + k->shred;
	if (spent == 0)
		return WG_OK; /* a transaction without blobs costs nothing here */
	const int64_t batch[] = { k->last + 1, k->last + spent, WG_BATCH_OPEN };
	(void)snprintf(last, sizeof last, "%lld", (long long)batch[1]); /* 19 digits */
	enum wg_code code = store->driver->keys_run(store, KEYS_BEGIN, NULL, 0, err);
	if (code == WG_OK)
		code = wg_keys_write(store, err);
	if (code == WG_OK)
		code = store->driver->keys_run(store, KEYS_BATCH_PUT, batch, 3, err);
	if (code == WG_OK)
		code = store->driver->keys_run(store, KEYS_COMMIT, NULL, 0, err);
	k->last = batch[1];
	k->unsettled = true;
	return code == WG_OK ? wg_db_run(store, SQL_META_PUT, WG_ARGS(wg_db_text("head-last"), wg_db_text(last)), err)
	                     : code;
}

enum wg_code wg_keys_after(struct wg_store *store, struct wg_err *err)
{
	if (!store->keys->shred)
		return WG_OK;
	store->keys->shred = false;
	return wg_keys_shred(store, err);
}

/* ---- reading */

enum wg_code wg_keys_get(struct wg_store *store, int64_t id, size_t len, uint8_t out[WG_STORE_HEAD], bool *found,
                         int64_t *gone, struct wg_err *err)
{
	struct wg_keys *k = store->keys;
	*gone = 0;
	if (id > k->last && (uint64_t)(id - k->last) <= k->count) { /* of the transaction that is running */
		memcpy(out, k->heads[id - k->last - 1].bytes, len);
		*found = true;
		return WG_OK;
	}
	uint8_t head[WG_STORE_HEAD];
	size_t have = 0;
	enum wg_code code = store->driver->keys_get(store, id, head, &have, err);
	*found = code == WG_OK && have > 0 && have >= len;
	if (*found)
		memcpy(out, head, len);
	return code == WG_OK && !*found ? store->driver->keys_gone(store, id, gone, err) : code;
}
