/* pg_gather.c owns rows that are put one by one and sent together: of what nobody reads back at once a statement is
 * sent for many rows, for each statement costs the server more than a row does. Whoever asks of such a table, or writes
 * to it otherwise, finds them there: they are sent before that. They belong to the mark in which they were put: so they
 * are sent before the next is set and before it ends. Invariant: a statement is gathered only inside a transaction, and
 * where its failure may be told later (may_wait). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/pg_internal.h"

static const enum wg_sql gathered[WG_PG_GATHERED] = { SQL_LOG_PUT, SQL_CHILD_KEY, SQL_COUNT_ADD };

static struct wg_pg_gather *gather_of(struct wg_pg *pg, int id)
{
	for (size_t i = 0; i < WG_PG_GATHERED; i++)
		if ((int)gathered[i] == id)
			return &pg->gather[i];
	return NULL;
}

void wg_pg_gather_drop(struct wg_pg *pg)
{
	for (size_t i = 0; i < WG_PG_GATHERED; i++)
		wg_pg_list_drop(&pg->gather[i]);
}

void wg_pg_gather_free(struct wg_pg *pg)
{
	for (size_t i = 0; i < WG_PG_GATHERED; i++)
		wg_pg_list_free(&pg->gather[i]);
}

/* The same insertion, of lists: what stands before VALUES, and behind its bracket. */
static char *text_of(const char *sql, const struct wg_arg *args, size_t count)
{
	const char *values = strstr(sql, " VALUES("), *rest = values != NULL ? strchr(values, ')') : NULL;
	WG_AUTO_BUF struct wg_buf list = WG_BUF(WG_PG_GATHER_COLUMNS * 32);
	char *out = NULL;
	wg_pg_list_types(&list, args, count);
	if (rest == NULL || list.failed ||
	    asprintf(&out, "%.*s SELECT * FROM unnest(%s)%s", (int)(values - sql), sql, wg_buf_text(&list), rest + 1) < 0)
		return NULL;
	return out;
}

enum wg_code wg_pg_gather_flush(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	enum wg_code code = WG_OK;
	for (size_t i = 0; code == WG_OK && i < WG_PG_GATHERED; i++)
		if (pg->gather[i].rows > 0)
			code = wg_pg_list_send(store, &pg->gather[i], err);
	return code;
}

enum wg_code wg_pg_gather_before(struct wg_store *store, int id, const struct wg_pg_stmt *stmt, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	enum wg_code code = WG_OK;
	if (id == SQL_MARK || id == SQL_KEEP || id == SQL_COMMIT)
		return wg_pg_gather_flush(store, err);
	for (size_t i = 0; code == WG_OK && i < WG_PG_GATHERED; i++) {
		struct wg_pg_gather *g = &pg->gather[i];
		if (g->rows > 0 && (strcmp(stmt->table, g->stmt.table) == 0 || wg_pg_reads(stmt->text, g->stmt.table)))
			code = wg_pg_list_send(store, g, err);
	}
	return code;
}

/* Of one that changes a row which is there already: a statement may do so once only. By the first two values. */
static bool is_there(const struct wg_pg_gather *g, const char *key)
{
	return g->keys.len > 0 && strstr(wg_buf_text(&g->keys), key) != NULL;
}

static enum wg_code once(struct wg_store *store, struct wg_pg_gather *g, const struct wg_arg *args, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	WG_AUTO_BUF struct wg_buf key = WG_BUF(WG_PG_LIST_MAX);
	wg_buf_printf(&key, "\n%s\n%s\n", (const char *)args[0].p, (const char *)args[1].p);
	if (!key.failed && g->rows > 0 && is_there(g, wg_buf_text(&key)))
		code = wg_pg_list_send(store, g, err);
	wg_buf_put(&g->keys, key.data, key.len);
	return code == WG_OK && (key.failed || g->keys.failed) ? wg_err_set(err, WG_SYSTEM, "out of memory") : code;
}

enum wg_code wg_pg_gather(struct wg_store *store, int id, const struct wg_pg_stmt *stmt, const struct wg_arg *args,
                          size_t count, bool *taken, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	struct wg_pg_gather *g = gather_of(pg, id);
	enum wg_code code = WG_OK;
	*taken = g != NULL && count <= WG_PG_GATHER_COLUMNS;
	if (!*taken)
		return WG_OK;
	if (g->stmt.text == NULL) {
		code = wg_pg_list_start(g, 'g', id, text_of(wg_pg_sql(id), args, count), args, count, err);
		if (code != WG_OK)
			return code;
		(void)snprintf(g->stmt.table, sizeof g->stmt.table, "%s", stmt->table); /* the same size */
		g->stmt.writes = true;
		g->keys = WG_BUF(WG_PG_LIST_MAX);
		g->updates = strstr(g->stmt.text, " DO UPDATE ") != NULL;
	}
	if (g->updates)
		code = once(store, g, args, err);
	if (code == WG_OK)
		wg_pg_list_put(g, args);
	return code == WG_OK && g->rows == WG_PG_GATHER_ROWS ? wg_pg_list_send(store, g, err) : code;
}
