/* purge_query.c owns statements that are prepared when they are asked. Values are bound, never pasted. */
#include "store/purge_internal.h"

void wg_query_end(struct wg_query *query)
{
	(void)sqlite3_finalize(query->stmt); /* repeats a failure that was seen at the step */
	query->stmt = NULL;
}

static int bind_one(sqlite3_stmt *stmt, int i, const struct wg_arg *arg)
{
	switch (arg->type) {
	case WG_ARG_INT:
		return sqlite3_bind_int64(stmt, i, arg->number);
	case WG_ARG_TEXT:
		return sqlite3_bind_text64(stmt, i, arg->p, arg->len, SQLITE_TRANSIENT, SQLITE_UTF8);
	case WG_ARG_NULL:
		return sqlite3_bind_null(stmt, i);
	case WG_ARG_BLOB:
		break; /* nobody asks with one */
	}
	return SQLITE_MISUSE;
}

enum wg_code wg_query_open(struct wg_query *query, struct wg_store *store, const char *sql, const struct wg_arg *args,
                           size_t count, struct wg_err *err)
{
	*query = (struct wg_query){ .store = store };
	if (store->fault.code != WG_OK)
		return wg_store_fault(store, err);
	int rc = sqlite3_prepare_v2(store->db, sql, -1, &query->stmt, NULL);
	for (size_t i = 0; rc == SQLITE_OK && i < count; i++)
		rc = bind_one(query->stmt, (int)i + 1, &args[i]);
	return rc == SQLITE_OK ? WG_OK : wg_db_fail(store, sql, err);
}

enum wg_code wg_query_step(struct wg_query *query, bool *row, struct wg_err *err)
{
	int rc = sqlite3_step(query->stmt);
	*row = rc == SQLITE_ROW;
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? WG_OK : wg_db_fail(query->store, "store", err);
}

int64_t wg_query_int(const struct wg_query *query, int col)
{
	return sqlite3_column_int64(query->stmt, col);
}

const char *wg_query_text(const struct wg_query *query, int col)
{
	const unsigned char *s = sqlite3_column_text(query->stmt, col);
	return s != NULL ? (const char *)s : "";
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
