/* sqlite_blob.c owns the blobs: ciphertext, named by the hash of its content, checked whenever it is read. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/sqlite_internal.h"

static void name_of(const void *p, size_t len, char hash[WG_STORE_HASH])
{
	uint8_t raw[WG_SHA256_LEN];
	wg_sha256(p, len, raw);
	wg_hex(raw, sizeof raw, hash);
}

enum wg_code wg_blob_put(struct wg_store *store, const void *p, size_t len, int64_t *id, char hash[WG_STORE_HASH],
                         struct wg_err *err)
{
	bool row = false;
	name_of(p, len, hash);
	enum wg_code code = wg_db_row(store, SQL_BLOB_FIND, WG_ARGS(wg_db_text(hash)), &row, err);
	if (code != WG_OK)
		return code;
	if (row)
		*id = wg_db_col_int(store, SQL_BLOB_FIND, 0);
	wg_db_end(store, SQL_BLOB_FIND);
	if (row)
		return WG_OK;
	code = wg_db_row(store, SQL_BLOB_PUT, WG_ARGS(wg_db_text(hash), wg_db_blob(p, len)), &row, err);
	if (code == WG_OK && row)
		*id = wg_db_col_int(store, SQL_BLOB_PUT, 0);
	wg_db_end(store, SQL_BLOB_PUT);
	return code;
}

enum wg_code wg_blob_length(struct wg_store *store, int64_t id, size_t *len, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, SQL_BLOB_LENGTH, WG_ARGS(wg_db_int(id)), &row, err);
	if (code == WG_OK)
		*len = row ? (size_t)wg_db_col_int(store, SQL_BLOB_LENGTH, 0) : 0;
	wg_db_end(store, SQL_BLOB_LENGTH);
	return code;
}

static enum wg_code copy_row(struct wg_store *store, uint8_t **out, size_t *len, struct wg_err *err)
{
	sqlite3_stmt *stmt = store->stmt[SQL_BLOB_GET];
	const void *bytes = sqlite3_column_blob(stmt, 1);
	size_t n = (size_t)sqlite3_column_bytes(stmt, 1);
	char hash[WG_STORE_HASH];
	if (bytes == NULL && n > 0)
		return wg_err_set(err, WG_SYSTEM, "out of memory for a stored blob");
	name_of(n > 0 ? bytes : "", n, hash);
	if (strcmp(hash, wg_db_col_borrow(store, SQL_BLOB_GET, 0)) != 0) {
		store->damaged++;
		return wg_err_set(err, WG_CORRUPT, "a stored blob is not what was written: its hash does not fit");
	}
	uint8_t *copy = malloc(n + 1);
	if (copy == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	if (n > 0)
		memcpy(copy, bytes, n);
	copy[n] = 0;
	*out = copy;
	*len = n;
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
