/* purge_again.c owns what has to happen when a copy of store.db from before a purge was put back: the keys of what was
 * purged since are gone, so its content stays closed; here its rows are made to say so. What had not come to its end in
 * that copy is left to whoever works on it next: it is set aside as damaged, and a person sees it. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/keys_internal.h"
#include "store/purge_internal.h"
#include "store/sqlite_sql.h"

struct found {
	int64_t seq;
	char id[WG_ID_TEXT];
};

static enum wg_code is_gone(struct wg_store *store, int64_t head, bool *gone, struct wg_err *err)
{
	uint8_t bytes[WG_STORE_HEAD];
	int64_t at = 0;
	bool there = false;
	enum wg_code code = wg_keys_get(store, head, 0, bytes, &there, &at, err);
	*gone = !there && at != 0;
	return code;
}

static enum wg_code find_gone(struct wg_store *store, struct found **out, size_t *count, struct wg_err *err)
{
	WG_AUTO_FREE struct found *list = NULL;
	WG_AUTO_QUERY struct wg_query q = { 0 };
	size_t n = 0, cap = 0;
	bool row = true, gone = false;
	enum wg_code code = wg_query_open(&q, store,
	                                  "SELECT m.seq, b.head, m.id FROM message m JOIN blob b ON b.id = m.original"
	                                  " WHERE m.purged_at = 0 AND b.head <> 0 AND NOT " WG_PURGE_OPEN("m"),
	                                  NULL, 0, err);
	while (code == WG_OK) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		code = is_gone(store, wg_query_int(&q, 1), &gone, err);
		if (code != WG_OK || !gone)
			continue;
		if (n == cap) {
			cap = cap == 0 ? 64 : 2 * cap;
			struct found *more = reallocarray(list, cap, sizeof *list);
			if (more == NULL)
				return wg_err_set(err, WG_SYSTEM, "out of memory");
			list = more;
		}
		list[n].seq = wg_query_int(&q, 0);
		(void)snprintf(list[n++].id, sizeof list->id, "%s", wg_query_text(&q, 2)); /* an id: it fits */
	}
	if (code == WG_OK) {
		*out = wg_steal(&list);
		*count = n;
	}
	return code;
}

enum wg_code wg_purge_again(struct wg_store *store, struct wg_now now, struct wg_err *err)
{
	WG_AUTO_FREE struct found *list = NULL;
	size_t n = 0;
	uint64_t heads = 0;
	if (!store->keys->older)
		return WG_OK;
	store->keys->older = false;
	enum wg_code code = find_gone(store, &list, &n, err);
	for (size_t i = 0; code == WG_OK && i < n; i++)
		code = wg_purge_message(store, now, list[i].seq, list[i].id, NULL,
		                        "again: a copy of store.db from before its content was destroyed was put back", &heads,
		                        err);
	return code;
}
