/* sql_db.c owns the store's way to its database, whichever that is: statements, the transaction with the keys' part of
 * it, faults, and the lock file that keeps a folder to one process. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/driver.h"
#include "store/keys_internal.h"

struct wg_arg wg_db_int(int64_t v)
{
	return (struct wg_arg){ .type = WG_ARG_INT, .number = v };
}

struct wg_arg wg_db_text(const char *s)
{
	if (s == NULL)
		return (struct wg_arg){ .type = WG_ARG_TEXT, .null = true };
	return (struct wg_arg){ .type = WG_ARG_TEXT, .p = s, .len = strlen(s) };
}

struct wg_arg wg_db_text_or_null(const char *s)
{
	return wg_db_text(s != NULL && *s != '\0' ? s : NULL);
}

struct wg_arg wg_db_blob(const void *p, size_t len)
{
	return (struct wg_arg){ .type = WG_ARG_BLOB, .p = len > 0 ? p : "", .len = len };
}

struct wg_arg wg_db_ref(int64_t seq)
{
	return (struct wg_arg){ .type = WG_ARG_INT, .null = seq == 0, .number = seq };
}

enum wg_code wg_store_fault(const struct wg_store *store, struct wg_err *err)
{
	if (store->fault.code != WG_OK && err != NULL)
		*err = store->fault;
	return store->fault.code;
}

bool wg_store_full(struct wg_store *store)
{
	bool full = store->full;
	store->full = false;
	return full;
}

bool wg_store_elsewhere(const struct wg_store *store)
{
	return store->elsewhere;
}

bool wg_store_lost(const struct wg_store *store)
{
	return store->lost;
}

bool wg_store_unanswered(const struct wg_store *store)
{
	return store->lost && store->unanswered;
}

int64_t wg_store_wall(const struct wg_store *store)
{
	return store->driver->wall != NULL ? store->driver->wall(store) : wg_clock_wall();
}

enum wg_code wg_store_hurry(struct wg_store *store, struct wg_err *err)
{
	return store->driver->hurry != NULL ? store->driver->hurry(store, err) : WG_OK;
}

enum wg_code wg_store_reconnect(struct wg_store *store, bool *committed, struct wg_err *err)
{
	wg_passages_clear(store); /* it may be another server, which has not all that the last one had */
	wg_keys_forget(store);
	enum wg_code code = store->driver->reconnect(store, err);
	if (code == WG_OK) {
		wg_works_settle(store->works, store->committed); /* before there are other transactions */
		code = wg_keys_level(store, err);
	}
	if (code == WG_OK)
		*committed = store->committed; /* known since the first connection, however many it took since */
	if (code == WG_OK)
		store->committed = false;
	if (code != WG_OK && store->lost && err != NULL)
		err->code = WG_AGAIN;
	return code != WG_OK && store->lost ? WG_AGAIN : code;
}

void wg_store_eager(struct wg_store *store, bool eager)
{
	store->eager = eager;
}

bool wg_store_repeat(const struct wg_store *store)
{
	return store->repeat;
}

unsigned wg_store_damaged(struct wg_store *store)
{
	unsigned n = store->damaged;
	store->damaged = 0;
	return n;
}

void wg_db_ahead(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count)
{
	if (store->driver->ahead != NULL)
		store->driver->ahead(store, id, args, count);
}

enum wg_code wg_db_query(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count,
                         struct wg_err *err)
{
	if (store->fault.code != WG_OK)
		return wg_store_fault(store, err);
	return store->driver->query(store, id, args, count, err);
}

enum wg_code wg_db_step(struct wg_store *store, enum wg_sql id, bool *row, struct wg_err *err)
{
	return store->driver->step(store, id, row, err);
}

enum wg_code wg_db_row(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count, bool *row,
                       struct wg_err *err)
{
	enum wg_code code = wg_db_query(store, id, args, count, err);
	return code == WG_OK ? wg_db_step(store, id, row, err) : code;
}

enum wg_code wg_db_run(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count,
                       struct wg_err *err)
{
	if (store->fault.code != WG_OK)
		return wg_store_fault(store, err);
	return store->driver->run(store, id, args, count, err);
}

void wg_db_end(struct wg_store *store, enum wg_sql id)
{
	store->driver->end(store, id);
}

int64_t wg_db_col_int(struct wg_store *store, enum wg_sql id, int col)
{
	return store->driver->col_int(store, id, col);
}

const char *wg_db_col_borrow(struct wg_store *store, enum wg_sql id, int col)
{
	return store->driver->col_text(store, id, col);
}

const void *wg_db_col_blob(struct wg_store *store, enum wg_sql id, int col, size_t *len)
{
	return store->driver->col_blob(store, id, col, len);
}

void wg_db_col_text(struct wg_store *store, enum wg_sql id, int col, char *out, size_t size)
{
	(void)snprintf(out, size, "%s", wg_db_col_borrow(store, id, col)); /* cut, as promised */
}

enum wg_code wg_db_seqs(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count, size_t max,
                        int64_t **out, size_t *n, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *list = NULL;
	size_t have = 0, cap = 0;
	bool row = true;
	enum wg_code code = wg_db_query(store, id, args, count, err);
	while (code == WG_OK && have < max) {
		code = wg_db_step(store, id, &row, err);
		if (code != WG_OK || !row)
			break;
		if (have == cap) {
			cap = cap == 0 ? 16 : 2 * cap;
			int64_t *more = reallocarray(list, cap, sizeof *list);
			if (more == NULL) {
				code = wg_err_set(err, WG_SYSTEM, "out of memory");
				break;
			}
			list = more;
		}
		list[have++] = wg_db_col_int(store, id, 0);
	}
	wg_db_end(store, id);
	if (code == WG_OK) {
		*out = wg_steal(&list);
		*n = have;
	}
	return code;
}

enum wg_code wg_db_exec(struct wg_store *store, const char *sql, struct wg_err *err)
{
	wg_fresh_clear(store); /* whatever it changes */
	wg_passages_clear(store);
	return store->driver->exec(store, sql, err);
}

enum wg_code wg_db_meta(struct wg_store *store, const char *key, char *out, size_t size, struct wg_err *err)
{
	bool row = false;
	enum wg_code code = wg_db_row(store, SQL_META_GET, WG_ARGS(wg_db_text(key)), &row, err);
	if (code == WG_OK) {
		out[0] = '\0';
		if (row)
			wg_db_col_text(store, SQL_META_GET, 0, out, size);
		wg_db_end(store, SQL_META_GET);
	}
	return code;
}

static enum wg_code transact(struct wg_store *store, enum wg_sql what, struct wg_err *err)
{
	if (store->fault.code != WG_OK)
		return wg_store_fault(store, err);
	return store->driver->transact(store, what, err);
}

enum wg_code wg_store_begin(struct wg_store *store, struct wg_err *err)
{
	wg_keys_begin(store);
	wg_counts_forget(store->counts);
	store->elsewhere = false;
	store->head = (struct wg_chain_head){ .known = false };
	return transact(store, SQL_BEGIN, err);
}

enum wg_code wg_store_commit(struct wg_store *store, struct wg_err *err)
{
	enum wg_code code = wg_counts_seal(store, err);
	if (code == WG_OK)
		code = wg_chain_seal(store, err);
	if (code == WG_OK)
		code = wg_keys_commit(store, err);
	if (code != WG_OK)
		return code; /* it can still be rolled back */
	code = transact(store, SQL_COMMIT, err);
	const bool undone = code == WG_AGAIN && store->full && !store->driver->in_transaction(store);
	if (code == WG_OK)
		code = wg_keys_after(store, err);
	if (code != WG_OK && !store->driver->in_transaction(store) && store->lost && !store->unanswered)
		code = WG_OK; /* it is there; what is to be destroyed stands in it, and is when the database is back */
	wg_passages_settle(store, code == WG_OK);
	if (!wg_store_unanswered(store)) /* reconnect knows then */
		wg_works_settle(store->works, code == WG_OK);
	if (code != WG_OK && !undone && store->fault.code == WG_OK && !store->repeat) {
		wg_err_set(&store->fault, WG_SYSTEM, "the commit failed: %s", err != NULL ? err->text : "");
		code = wg_store_fault(store, err);
	}
	return code;
}

void wg_store_rollback(struct wg_store *store)
{
	store->head = (struct wg_chain_head){ .known = false };
	wg_counts_forget(store->counts);
	wg_fresh_clear(store);
	wg_passages_settle(store, false);
	if (!wg_store_unanswered(store))
		wg_works_settle(store->works, false);
	if (!store->driver->in_transaction(store))
		return; /* the database did it already */
	struct wg_err err = { 0 };
	if (transact(store, SQL_ROLLBACK, &err) != WG_OK && store->fault.code == WG_OK)
		wg_err_set(&store->fault, WG_SYSTEM, "the rollback failed: %s", err.text);
}

enum wg_code wg_store_mark(struct wg_store *store, struct wg_err *err)
{
	wg_keys_mark(store);
	wg_fresh_mark(store);
	wg_counts_mark(store->counts);
	return transact(store, SQL_MARK, err);
}

enum wg_code wg_store_keep(struct wg_store *store, struct wg_err *err)
{
	wg_fresh_mark_ends(store);
	return transact(store, SQL_KEEP, err);
}

enum wg_code wg_store_undo(struct wg_store *store, struct wg_err *err)
{
	wg_fresh_undo(store);
	wg_passages_settle(store, false);
	store->head.known = false; /* asked anew; and said anew, for what was said since the mark is undone too */
	store->head.written = true;
	wg_counts_undo(store->counts);
	if (!store->driver->in_transaction(store)) { /* a full disk: the database has rolled back the whole transaction */
		wg_fresh_clear(store);
		return WG_OK;
	}
	wg_keys_undo(store);
	enum wg_code code = transact(store, SQL_UNDO, err);
	return code == WG_OK ? wg_store_keep(store, err) : code; /* the mark itself has to go as well */
}

/* Held while the store is open, so that two processes never write (nor checkpoint) the same database. */
static enum wg_code take_lock(struct wg_store *store, const char *folder, struct wg_err *err)
{
	WG_AUTO_FREE char *path = NULL;
	if (asprintf(&path, "%s/store.lock", folder) < 0) {
		path = NULL;
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	}
	store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock < 0)
		return wg_err_errno(err, "open %s", path);
	/* An open-file-description lock: it ends with the descriptor, and holds within one process too. */
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	if (fcntl(store->lock, F_OFD_SETLK, &lock) == 0)
		return WG_OK;
	if (errno == EAGAIN || errno == EACCES)
		return wg_err_set(err, WG_AGAIN, "%s: another process has this store open", path);
	return wg_err_errno(err, "lock %s", path);
}

enum wg_code wg_store_open_at(const struct wg_store_place *place, struct wg_store **out, struct wg_err *err)
{
	WG_CLEANUP(wg_store_closep) struct wg_store *store = calloc(1, sizeof *store);
	if (store == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	char restored[24];
	uint64_t through = 0;
	store->lock = -1;
	store->keys = calloc(1, sizeof *store->keys);
	if (store->keys == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code = place->fill && place->locked ? WG_OK : take_lock(store, place->folder, err);
	store->driver = place->database != NULL ? &wg_pg_driver : &wg_sqlite_driver;
	if (code == WG_OK)
		code = store->driver->open(store, place, err);
	if (code == WG_OK)
		code = wg_keys_level(store, err);
	if (code == WG_OK)
		code = wg_db_meta(store, "restored-through", restored, sizeof restored, err);
	if (code == WG_OK && wg_num_parse(restored, 0, INT64_MAX, &through))
		store->restored = (int64_t)through;
	if (code == WG_OK)
		*out = wg_steal(&store);
	return code;
}

enum wg_code wg_store_open(const char *folder, struct wg_store **out, struct wg_err *err)
{
	const struct wg_store_place place = { .folder = folder };
	return wg_store_open_at(&place, out, err);
}

void wg_store_closep(struct wg_store **store)
{
	struct wg_store *s = *store;
	if (s == NULL)
		return;
	wg_fresh_clear(s);
	wg_passages_clear(s);
	if (s->keys != NULL)
		wg_keys_forget(s);
	if (s->driver != NULL)
		s->driver->close(s);
	free(s->keys);
	wg_works_freep(&s->works);
	wg_counts_freep(&s->counts);
	wg_closep(&s->lock);
	free(s);
	*store = NULL;
}
