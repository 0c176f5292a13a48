/* keys_level.c owns the agreement of keys.db and store.db: what a crash between their commits left, copies of one of
 * them put back, and the destruction of heads.
 *
 *	number given last, as store.db knows it        means                                    then
 *	the last of keys.db                            all were given                           -
 *	in its last batch of keys, or just before it   the others are to be given               -
 *	just before its last batch of heads, open      a crash between the two commits          that batch is swept
 *	any earlier one                                store.db was put back, keys.db was not   gone on with; see older
 *	later                                          keys.db was put back: keys are missing   counted as damage
 *
 * A batch of keys begins behind the number that was given last when it was made, or when keys were destroyed since.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/driver.h"
#include "store/keys_internal.h"
#include "store/purge_internal.h"

/* Entries of shred worked on at a time. */
#define SHRED_STEP 4096

/* ---- destroying */

struct doomed {
	int64_t head, at;
};

static enum wg_code read_shred(struct wg_store *store, struct doomed *list, size_t *n, struct wg_err *err)
{
	WG_AUTO_QUERY struct wg_query q = { 0 };
	bool row = true;
	*n = 0;
	enum wg_code code = wg_query_open(&q, store, "SELECT head, at FROM shred ORDER BY head LIMIT ?1",
	                                  WG_ARGS(wg_db_int(SHRED_STEP)), err);
	while (code == WG_OK && *n < SHRED_STEP) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		list[*n].head = wg_query_int(&q, 0);
		list[(*n)++].at = wg_query_int(&q, 1);
	}
	return code;
}

static enum wg_code drop_heads(struct wg_store *store, const struct doomed *list, size_t n, struct wg_err *err)
{
	enum wg_code code = store->driver->keys_run(store, KEYS_BEGIN, NULL, 0, err);
	for (size_t i = 0; code == WG_OK && i < n; i++) {
		const int64_t args[] = { list[i].head, list[i].at };
		code = store->driver->keys_run(store, KEYS_DROP, args, 1, err);
		if (code == WG_OK)
			code = store->driver->keys_run(store, KEYS_GONE_PUT, args, 2, err);
	}
	/* Whoever has less in store.db has an older one. Another process may have made keys since: it knew as much. */
	const int64_t given = store->keys->last + 1;
	if (code == WG_OK)
		code = store->driver->keys_run(store, KEYS_RAISE, &given, 1, err);
	return code == WG_OK ? store->driver->keys_run(store, KEYS_COMMIT, NULL, 0, err) : code;
}

static enum wg_code shred(struct wg_store *store, struct wg_err *err)
{
	struct doomed list[SHRED_STEP];
	size_t n = SHRED_STEP;
	bool any = false;
	enum wg_code code = WG_OK;
	while (code == WG_OK && n == SHRED_STEP) {
		code = read_shred(store, list, &n, err);
		if (code != WG_OK || n == 0)
			break;
		any = true;
		code = drop_heads(store, list, n, err);
		if (code == WG_OK)
			code = store->driver->scrub(store, true, err);
		if (code == WG_OK)
			code = wg_query_run(store, "DELETE FROM shred WHERE head <= ?1", WG_ARGS(wg_db_int(list[n - 1].head)), err);
	}
	return code == WG_OK && any ? store->driver->scrub(store, false, err) : code;
}

enum wg_code wg_keys_shred(struct wg_store *store, struct wg_err *err)
{
	enum wg_code code = shred(store, err);
	store->keys->due = code != WG_OK;
	return code == WG_AGAIN && wg_store_full(store) ? WG_OK : code;
}

bool wg_store_undestroyed(const struct wg_store *store)
{
	return store->keys->due;
}

enum wg_code wg_store_destroy(struct wg_store *store, struct wg_err *err)
{
	return store->keys->due ? wg_keys_shred(store, err) : WG_OK;
}

/* ---- levelling */

enum wg_code wg_keys_put_last(struct wg_store *store, int64_t last, struct wg_err *err)
{
	char text[24];
	(void)snprintf(text, sizeof text, "%" PRId64, last); /* 20 bytes at most */
	return wg_db_run(store, SQL_META_PUT, WG_ARGS(wg_db_text("head-last"), wg_db_text(text)), err);
}

static enum wg_code put_batch(struct wg_store *store, int64_t first, int64_t last, struct wg_err *err)
{
	const int64_t args[] = { first, last, WG_BATCH_SETTLED };
	enum wg_code code = store->driver->keys_run(store, KEYS_BATCH_PUT, args, 3, err);
	if (code == WG_OK)
		store->keys->last = store->keys->end = last;
	return code;
}

/* The last batch belongs to nothing: its transaction of store.db never was. Its numbers are given again. */
static enum wg_code sweep(struct wg_store *store, int64_t first, struct wg_err *err)
{
	enum wg_code code = store->driver->keys_run(store, KEYS_BEGIN, NULL, 0, err);
	if (code == WG_OK)
		code = store->driver->keys_run(store, KEYS_DROP_FROM, &first, 1, err);
	if (code == WG_OK)
		code = put_batch(store, first, first - 1, err);
	if (code == WG_OK)
		code = store->driver->keys_run(store, KEYS_COMMIT, NULL, 0, err);
	return code == WG_OK ? store->driver->scrub(store, true, err) : code;
}

/* keys.db is older than store.db: what came in between cannot be opened. */
static enum wg_code count_missing(struct wg_store *store, int64_t known, struct wg_err *err)
{
	int64_t n = 0;
	enum wg_code code = wg_query_number(store, "SELECT count(*) FROM blob WHERE head > ?1",
	                                    WG_ARGS(wg_db_int(store->keys->end)), &n, err);
	store->damaged += (unsigned)n;
	return code == WG_OK ? put_batch(store, known, known, err) : code;
}

static enum wg_code check_pair(struct wg_store *store, struct wg_err *err)
{
	char name[WG_ID_TEXT];
	enum wg_code code = wg_db_meta(store, "keys", name, sizeof name, err);
	if (code == WG_OK && name[0] == '\0')
		return wg_db_run(store, SQL_META_PUT, WG_ARGS(wg_db_text("keys"), wg_db_text(store->keys->name)), err);
	if (code == WG_OK && strcmp(name, store->keys->name) != 0)
		code = wg_err_set(err, WG_CONFIG,
		                  "keys.db and store.db in this folder are not of one gateway: put the right keys.db beside "
		                  "store.db; nothing was changed");
	return code;
}

static enum wg_code level(struct wg_store *store, struct wg_err *err)
{
	char text[24];
	uint64_t known = 0;
	struct wg_keys_batch b = { .first = 0 };
	enum wg_code code = check_pair(store, err);
	if (code == WG_OK)
		code = wg_db_meta(store, "head-last", text, sizeof text, err);
	if (code == WG_OK && text[0] != '\0' && !wg_num_parse(text, 0, INT64_MAX, &known))
		code = wg_err_set(err, WG_CORRUPT, "the number of the last head in store.db is not one");
	if (code == WG_OK)
		code = store->driver->keys_batch(store, &b, err);
	if (code != WG_OK)
		return code;
	if (b.first != store->keys->first) { /* another process destroyed some, or made more when all of these were given */
		wg_keys_forget(store);
		wg_fresh_clear(store);
	}
	store->keys->first = b.first;
	const bool open = b.state == WG_BATCH_OPEN || b.state == WG_BATCH_MOVED;
	store->keys->last = (int64_t)known;
	store->keys->end = b.last;
	if ((int64_t)known == b.last)
		return open ? wg_keys_settle(store, err) : WG_OK;
	if ((int64_t)known > b.last)
		return count_missing(store, (int64_t)known, err);
	if ((int64_t)known >= b.first - 1 && b.state == WG_BATCH_MADE)
		return WG_OK;
	if ((int64_t)known == b.first - 1 && open)
		return sweep(store, b.first, err);
	store->keys->older = true;
	store->keys->last = b.last;
	return wg_keys_put_last(store, b.last, err);
}

enum wg_code wg_keys_again(struct wg_store *store, struct wg_err *err)
{
	return level(store, err);
}

/* After heads were taken out of store.db: its file, and its log, have to forget them before that counts as settled. */
static enum wg_code forget_moved(struct wg_store *store, struct wg_err *err)
{
	struct wg_keys_batch b = { .first = 0 };
	enum wg_code code = store->driver->keys_batch(store, &b, err);
	return code == WG_OK && b.state == WG_BATCH_MOVED ? store->driver->scrub(store, false, err) : code;
}

enum wg_code wg_keys_level(struct wg_store *store, struct wg_err *err)
{
	enum wg_code code = forget_moved(store, err);
	if (code == WG_OK)
		code = wg_store_begin(store, err);
	if (code == WG_OK)
		code = level(store, err);
	if (code == WG_OK)
		code = wg_store_commit(store, err);
	else
		wg_store_rollback(store);
	return code == WG_OK ? wg_keys_shred(store, err) : code; /* again, if a crash was in between: to the last step */
}
