/* purge_again.c owns what has to happen when a copy of store.db from before a purge was put back: the keys of what was
 * purged since are gone, so its content stays closed; here its rows are made to say so. What had not come to its end in
 * that copy is left to whoever works on it next: it is set aside as damaged, and a person sees it. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/keys_internal.h"
#include "store/purge_internal.h"
#include "store/sql_text.h"

struct found {
	int64_t number; /* of a message or a child */
	char id[WG_ID_TEXT];
};

struct founds {
	struct found *list;
	size_t count, cap;
};

static void founds_free(struct founds *f)
{
	free(f->list);
}

static enum wg_code add(struct founds *f, int64_t number, const char *id, struct wg_err *err)
{
	if (f->count == f->cap) {
		size_t cap = f->cap == 0 ? 64 : 2 * f->cap;
		struct found *more = reallocarray(f->list, cap, sizeof *more);
		if (more == NULL)
			return wg_err_set(err, WG_SYSTEM, "out of memory");
		f->list = more;
		f->cap = cap;
	}
	f->list[f->count].number = number;
	(void)snprintf(f->list[f->count++].id, sizeof f->list->id, "%s", id); /* an id, or "": it fits */
	return WG_OK;
}

static enum wg_code is_gone(struct wg_store *store, int64_t head, bool *gone, struct wg_err *err)
{
	uint8_t row[WG_STORE_HEAD];
	size_t len = 0;
	int64_t at = 0;
	enum wg_code code = wg_keys_row(store, head, row, &len, &at, err);
	*gone = len == 0 && at != 0;
	wg_wipe(row, sizeof row);
	return code;
}

/* sql: rows of a number, a head and an id. Those whose head is gone, each number once where its rows stand together. */
static enum wg_code find_gone(struct wg_store *store, const char *sql, struct founds *out, struct wg_err *err)
{
	WG_AUTO_QUERY struct wg_query q = { 0 };
	bool row = true, gone = false;
	enum wg_code code = wg_query_open(&q, store, sql, NULL, 0, err);
	while (code == WG_OK) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		code = is_gone(store, wg_query_int(&q, 1), &gone, err);
		bool fresh = out->count == 0 || out->list[out->count - 1].number != wg_query_int(&q, 0);
		if (code == WG_OK && gone && fresh)
			code = add(out, wg_query_int(&q, 0), wg_query_text(&q, 2), err);
	}
	return code;
}

static enum wg_code messages_again(struct wg_store *store, struct wg_now now, uint64_t *heads, struct wg_err *err)
{
	WG_CLEANUP(founds_free) struct founds f = { 0 };
	enum wg_code code = find_gone(store,
	                              "SELECT m.seq, b.head, m.id FROM message m JOIN blob b ON b.id = m.original"
	                              " WHERE m.purged_at = 0 AND b.head <> 0 AND NOT " WG_PURGE_OPEN("m"),
	                              &f, err);
	for (size_t i = 0; code == WG_OK && i < f.count; i++)
		code = wg_purge_message(store, now, f.list[i].number, f.list[i].id, NULL,
		                        "again: a copy of store.db from before its content was destroyed was put back", heads,
		                        err);
	return code;
}

/* Whose answers about sharing were destroyed; and, of those that have none, whose last message is purged now. */
static enum wg_code children_again(struct wg_store *store, struct wg_now now, uint64_t *heads, struct wg_err *err)
{
	WG_CLEANUP(founds_free) struct founds f = { 0 };
	enum wg_code code = find_gone(store,
	                              "SELECT r.child, b.head, '' FROM record r JOIN blob b ON b.id = r.blob"
	                              " WHERE b.head <> 0 ORDER BY r.child",
	                              &f, err);
	for (size_t i = 0; code == WG_OK && i < f.count; i++)
		code = wg_purge_forget(store, now, f.list[i].number, NULL, heads, err);
	return code == WG_OK ? wg_purge_children(store, now, 0, NULL, heads, err) : code; /* 0: no record is older */
}

enum wg_code wg_purge_again(struct wg_store *store, struct wg_now now, struct wg_err *err)
{
	uint64_t heads = 0;
	if (!store->keys->older)
		return WG_OK;
	store->keys->older = false;
	enum wg_code code = messages_again(store, now, &heads, err);
	return code == WG_OK ? children_again(store, now, &heads, err) : code;
}
