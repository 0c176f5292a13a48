/* sql_blob.c owns the blobs: ciphertext, named by the hash of its content, checked whenever it is read. The head of
 * each is masked with its key, which is in keys.db. One whose content was destroyed stays as a row without either, for
 * the log names it. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/keys_internal.h"

static void name_of(const void *p, size_t len, char hash[WG_STORE_HASH])
{
	uint8_t raw[WG_SHA256_LEN];
	wg_sha256(p, len, raw);
	wg_hex(raw, sizeof raw, hash);
}

void wg_store_on_hash(struct wg_store *store, wg_store_hashed *hashed, void *arg)
{
	store->hashed = hashed;
	store->hashed_arg = arg;
}

enum wg_code wg_blob_put(struct wg_store *store, const void *p, size_t len, int64_t *id, char hash[WG_STORE_HASH],
                         struct wg_err *err)
{
	bool row = false;
	int64_t number = 0;
	uint8_t raw[WG_SHA256_LEN], key[WG_KEYS_LEN];
	WG_AUTO_FREE uint8_t *masked = malloc(len + 1);
	if (masked == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	if (store->hashed != NULL && store->hashed(store->hashed_arg, p, len, raw))
		wg_hex(raw, sizeof raw, hash);
	else
		name_of(p, len, hash);
	enum wg_code code = wg_keys_give(store, &number, key, err);
	if (code != WG_OK)
		return code;
	if (len > 0)
		memcpy(masked, p, len);
	wg_keys_mask(key, hash, masked, len);
	wg_wipe(key, sizeof key);
	code = wg_db_row(store, SQL_BLOB_PUT,
	                 WG_ARGS(wg_db_text(hash), wg_db_int((int64_t)len), wg_db_int(number), wg_db_blob(masked, len)),
	                 &row, err);
	if (code == WG_OK && row)
		*id = wg_db_col_int(store, SQL_BLOB_PUT, 0);
	wg_db_end(store, SQL_BLOB_PUT);
	return code;
}

enum wg_code wg_blob_replaced(struct wg_store *store, int64_t message, int64_t blob, struct wg_err *err)
{
	if (blob == 0)
		return WG_OK;
	return wg_db_run(store, SQL_BLOB_REPLACED, WG_ARGS(wg_db_int(message), wg_db_int(blob)), err);
}

/* What was destroyed is no damage; a copy of store.db from before then names it still. */
static enum wg_code no_head(struct wg_store *store, int64_t gone, struct wg_err *err)
{
	char when[WG_CLOCK_TEXT];
	if (gone != 0)
		return wg_err_set(
			err, WG_CORRUPT,
			"its key was destroyed on %.10s under the retention rule: store.db is a copy from before then",
			wg_clock_format(gone, when));
	store->damaged++;
	return wg_err_set(err, WG_CORRUPT, "a stored blob cannot be opened: its key is missing from keys.db");
}

/* Whole and without its mask; the caller frees. */
static enum wg_code join_row(struct wg_store *store, uint8_t **out, size_t *len, struct wg_err *err)
{
	size_t rest = 0, have = 0, size = (size_t)wg_db_col_int(store, SQL_BLOB_GET, 2);
	const void *bytes = wg_db_col_blob(store, SQL_BLOB_GET, 1, &rest);
	int64_t head = wg_db_col_int(store, SQL_BLOB_GET, 3), gone = 0;
	uint8_t row[WG_STORE_HEAD];
	if (head == 0)
		return wg_err_set(err, WG_CORRUPT, "its content was destroyed under the retention rule");
	if (bytes == NULL && rest > 0)
		return wg_err_set(err, WG_SYSTEM, "out of memory for a stored blob");
	if (size < rest || size - rest > WG_STORE_HEAD) {
		store->damaged++;
		return wg_err_set(err, WG_CORRUPT, "a stored blob is not what was written: its length does not fit");
	}
	WG_AUTO_FREE uint8_t *copy = malloc(size + 1);
	if (copy == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code = wg_keys_row(store, head, row, &have, &gone, err);
	if (code == WG_OK && !wg_keys_join(row, have, bytes, rest, wg_db_col_borrow(store, SQL_BLOB_GET, 0), copy, size))
		code = no_head(store, gone, err);
	wg_wipe(row, sizeof row);
	if (code != WG_OK)
		return code;
	copy[size] = 0;
	*out = wg_steal(&copy);
	*len = size;
	return WG_OK;
}

static enum wg_code copy_row(struct wg_store *store, uint8_t **out, size_t *len, struct wg_err *err)
{
	WG_AUTO_FREE uint8_t *copy = NULL;
	size_t size = 0;
	char hash[WG_STORE_HASH];
	enum wg_code code = join_row(store, &copy, &size, err);
	if (code != WG_OK)
		return code;
	name_of(copy, size, hash);
	if (strcmp(hash, wg_db_col_borrow(store, SQL_BLOB_GET, 0)) != 0) {
		store->damaged++;
		return wg_err_set(err, WG_CORRUPT, "a stored blob is not what was written: its hash does not fit");
	}
	*out = wg_steal(&copy);
	*len = size;
	return WG_OK;
}

enum wg_code wg_blob_get(struct wg_store *store, int64_t id, uint8_t **out, size_t *len, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, SQL_BLOB_GET, WG_ARGS(wg_db_int(id)), &row, err);
	if (code == WG_OK && row)
		code = copy_row(store, out, len, err);
	else if (code == WG_OK)
		code = wg_err_set(err, WG_CORRUPT, "a stored blob is missing");
	wg_db_end(store, SQL_BLOB_GET);
	return code;
}
