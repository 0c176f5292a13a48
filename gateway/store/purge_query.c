/* purge_query.c owns texts that are asked too rarely to be kept as statements. Values are bound, never pasted. */
#include "store/driver.h"
#include "store/purge_internal.h"

void wg_query_end(struct wg_query *query)
{
	if (query->cursor != NULL)
		query->store->driver->cursor_end(query->cursor);
	query->cursor = NULL;
}

enum wg_code wg_query_open(struct wg_query *query, struct wg_store *store, const char *sql, const struct wg_arg *args,
                           size_t count, struct wg_err *err)
{
	*query = (struct wg_query){ .store = store };
	if (store->fault.code != WG_OK)
		return wg_store_fault(store, err);
	return store->driver->cursor_open(store, sql, args, count, &query->cursor, err);
}

enum wg_code wg_query_step(struct wg_query *query, bool *row, struct wg_err *err)
{
	return query->store->driver->cursor_step(query->store, query->cursor, row, err);
}

int64_t wg_query_int(const struct wg_query *query, int col)
{
	return query->store->driver->cursor_int(query->cursor, col);
}

const char *wg_query_text(const struct wg_query *query, int col)
{
	return query->store->driver->cursor_text(query->cursor, col);
}

enum wg_code wg_query_number(struct wg_store *store, const char *sql, const struct wg_arg *args, size_t count,
                             int64_t *out, struct wg_err *err)
{
	WG_AUTO_QUERY struct wg_query q = { 0 };
	bool row = false;
	enum wg_code code = wg_query_open(&q, store, sql, args, count, err);
	if (code == WG_OK)
		code = wg_query_step(&q, &row, err);
	if (code == WG_OK)
		*out = row ? wg_query_int(&q, 0) : 0;
	return code;
}

enum wg_code wg_query_run(struct wg_store *store, const char *sql, const struct wg_arg *args, size_t count,
                          struct wg_err *err)
{
	WG_AUTO_QUERY struct wg_query q = { 0 };
	bool row = false;
	enum wg_code code = wg_query_open(&q, store, sql, args, count, err);
	return code == WG_OK ? wg_query_step(&q, &row, err) : code;
}
