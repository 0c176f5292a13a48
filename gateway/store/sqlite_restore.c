/* sqlite_restore.c owns a keys.db that is made anew from the rows of a backup. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/keys_internal.h"
#include "store/restore.h"
#include "store/sqlite_internal.h"

static enum wg_code put_row(struct wg_store *store, int64_t id, const uint8_t *bytes, size_t len, int64_t gone,
                            struct wg_err *err)
{
	sqlite3_stmt *stmt = wg_sqlite_of(store)->key_stmt[bytes != NULL ? KEYS_PUT : KEYS_GONE_PUT];
	if (sqlite3_bind_int64(stmt, 1, id) != SQLITE_OK ||
	    (bytes != NULL ? sqlite3_bind_blob(stmt, 2, bytes, (int)len, SQLITE_STATIC)
	                   : sqlite3_bind_int64(stmt, 2, gone)) != SQLITE_OK)
		return wg_sqlite_keys_fail(store, "bind", err);
	enum wg_code code = sqlite3_step(stmt) == SQLITE_DONE ? WG_OK : wg_sqlite_keys_fail(store, "a row", err);
	(void)sqlite3_reset(stmt);          /* repeats the failure seen above */
	(void)sqlite3_clear_bindings(stmt); /* never fails */
	return code;
}

/* One transaction: it is whole, or the folder is thrown away. */
static enum wg_code fill(struct wg_store *store, const char *pair, int64_t last, wg_store_next_key *next, void *arg,
                         struct wg_err *err)
{
	char sql[128];
	int64_t id = 1, gone = 0;
	const int64_t batch[] = { last + 1, last, WG_BATCH_SETTLED };
	enum wg_code code = wg_sqlite_keys_run(store, KEYS_BEGIN, NULL, 0, err);
	while (code == WG_OK) {
		const uint8_t *bytes = NULL;
		size_t len = 0;
		code = next(arg, &id, &bytes, &len, &gone, err);
		if (code != WG_OK || id == 0)
			break;
		code = put_row(store, id, bytes, len, gone, err);
	}
	if (code == WG_OK)
		code = wg_sqlite_keys_run(store, KEYS_BATCH_PUT, batch, 3, err);
	(void)snprintf(sql, sizeof sql, "UPDATE batch SET name = '%s'", pair); /* an id: letters and digits */
	if (code == WG_OK)
		code = wg_sqlite_keys_exec(store, sql, err);
	return code == WG_OK ? wg_sqlite_keys_run(store, KEYS_COMMIT, NULL, 0, err) : code;
}

enum wg_code wg_keys_make(const char *folder, const char *pair, int64_t last, wg_store_next_key *next, void *arg,
                          struct wg_err *err)
{
	struct wg_store *store = calloc(1, sizeof *store);
	if (store == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	store->lock = -1;
	store->driver = &wg_sqlite_driver;
	store->keys = calloc(1, sizeof *store->keys);
	store->base = calloc(1, sizeof(struct wg_sqlite));
	if (store->keys == NULL || store->base == NULL) {
		wg_store_closep(&store);
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	}
	enum wg_code code = wg_id_valid(pair) ? WG_OK : wg_err_set(err, WG_CORRUPT, "the pair of files has no name");
	if (code == WG_OK)
		code = wg_sqlite_keys_open(store, folder, false, err);
	if (code == WG_OK)
		code = fill(store, pair, last, next, arg, err);
	wg_store_closep(&store);
	return code;
}
