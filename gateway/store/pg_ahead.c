/* pg_ahead.c owns what was asked before it is needed: questions that follow each other leave together, and somebody
 * waits for the last of them only. An answer is taken by who asks the same of the same statement in the same
 * transaction, and holds until something is written to a table that the statement names: so nobody can tell it from one
 * that was asked in its time. What is asked of one statement for each key of a message leaves as one question of
 * lists. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/pg_internal.h"

/* What is asked for many keys at once. */
#define LISTED SQL_CHILD_BY_KEY

/* By all that is told of an argument: what is not the same is asked anew. */
static void digest(const struct wg_arg *args, size_t count, uint8_t out[WG_SHA256_LEN])
{
	struct wg_sha256 s;
	wg_sha256_init(&s);
	for (size_t i = 0; i < count; i++) {
		const struct wg_arg *a = &args[i];
		const int64_t head[] = { (int64_t)a->type, a->null, a->number, (int64_t)a->len };
		wg_sha256_update(&s, head, sizeof head);
		if (!a->null && a->p != NULL)
			wg_sha256_update(&s, a->p, a->len);
	}
	wg_sha256_final(&s, out);
}

static void forget(struct wg_pg *pg, struct wg_pg_ahead *a)
{
	PQclear(a->rows);
	*a = (struct wg_pg_ahead){ .stmt = NULL };
	pg->ahead_count--;
}

static bool ends_with(const char *text, size_t len, const char *word)
{
	const size_t n = strlen(word);
	return len >= n && memcmp(text + len - n, word, n) == 0;
}

bool wg_pg_reads(const char *text, const char *table)
{
	const size_t len = strlen(table);
	for (const char *p = text; (p = strstr(p, table)) != NULL; p += len) {
		const unsigned char after = (unsigned char)p[len];
		size_t before = (size_t)(p - text);
		while (before > 0 && text[before - 1] == ' ')
			before--;
		if (isalnum(after) == 0 && after != '_' &&
		    (ends_with(text, before, "FROM") || ends_with(text, before, "JOIN") || ends_with(text, before, ",")))
			return true;
	}
	return false;
}

/* Whether the answer has come, and is one row of that table, another than that number: whatever happens to that one,
 * this stays as it is. */
static bool is_another(const struct wg_pg *pg, const struct wg_pg_ahead *a, const char *table, int64_t number)
{
	static const struct {
		enum wg_sql id; /* of one row at most, whose number is its first column */
		const char *table;
	} rows[] = { { SQL_TASK_FIND, "task" }, { SQL_DLV_BY_ID, "delivery" } };
	for (size_t i = 0; i < WG_COUNT(rows); i++)
		if (a->stmt == &pg->stmt[rows[i].id] && strcmp(table, rows[i].table) == 0)
			return a->rows != NULL && PQntuples(a->rows) == 1 && wg_pg_int(a->rows, 0, 0) != number;
	return false;
}

/* row: NULL, or the number of the only one that changes. */
static void drop(struct wg_pg *pg, const char *table, const int64_t *row)
{
	for (size_t i = 0; pg->ahead_count > 0 && i < WG_PG_AHEAD; i++) {
		struct wg_pg_ahead *a = &pg->ahead[i];
		if (a->stmt != NULL && (table == NULL || wg_pg_reads(a->text, table)) &&
		    (row == NULL || !is_another(pg, a, table, *row)))
			forget(pg, a);
	}
	if (pg->asks.rows > 0 && (table == NULL || wg_pg_reads(pg->asks.stmt.text, table)))
		wg_pg_list_drop(&pg->asks);
}

void wg_pg_ahead_drop(struct wg_pg *pg, const char *table)
{
	drop(pg, table, NULL);
}

void wg_pg_ahead_wrote(struct wg_pg *pg, const struct wg_pg_stmt *stmt, const struct wg_arg *args)
{
	if (stmt->table[0] == '\0')
		drop(pg, NULL, NULL);
	else
		drop(pg, stmt->table, stmt->of_row && args[0].type == WG_ARG_INT ? &args[0].number : NULL);
}

/* The rows that answer one of a list of questions; their last column says which they answer. NULL for want of memory.
 */
static PGresult *part_of(const PGresult *all, unsigned place)
{
	const int columns = PQnfields(all) - 1;
	PGresult *out = PQcopyResult(all, PG_COPYRES_ATTRS);
	bool good = out != NULL;
	for (int i = 0; good && i < PQntuples(all); i++) {
		const int row = PQntuples(out);
		for (int k = 0; good && k < columns && wg_pg_int(all, i, columns) == place; k++)
			good = PQsetvalue(out, row, k, PQgetvalue(all, i, k), PQgetlength(all, i, k)) != 0;
	}
	if (good)
		return out;
	PQclear(out);
	return NULL;
}

void wg_pg_ahead_came(struct wg_pg *pg, unsigned serial, PGresult *rows)
{
	for (size_t i = 0; i < WG_PG_AHEAD; i++) {
		struct wg_pg_ahead *a = &pg->ahead[i];
		if (a->stmt != NULL && a->serial == serial && a->place > 0)
			a->rows = part_of(rows, a->place); /* without memory it is asked anew */
		else if (a->stmt != NULL && a->serial == serial) {
			a->rows = rows;
			return;
		}
	}
	PQclear(rows); /* parts are copies; or nobody wants it any more */
}

static unsigned next_serial(struct wg_pg *pg)
{
	return ++pg->ahead_serial != 0 ? pg->ahead_serial : ++pg->ahead_serial;
}

static struct wg_pg_ahead *find(struct wg_pg *pg, const struct wg_pg_stmt *stmt, const uint8_t asked[WG_SHA256_LEN])
{
	for (size_t i = 0; i < WG_PG_AHEAD; i++)
		if (pg->ahead[i].stmt == stmt && memcmp(pg->ahead[i].asked, asked, WG_SHA256_LEN) == 0)
			return &pg->ahead[i];
	return NULL;
}

enum wg_code wg_pg_ahead_take(struct wg_store *store, struct wg_pg_stmt *stmt, const struct wg_arg *args, size_t count,
                              bool *known, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	uint8_t asked[WG_SHA256_LEN];
	*known = false;
	if (pg->ahead_count == 0)
		return WG_OK;
	digest(args, count, asked);
	struct wg_pg_ahead *found = find(pg, stmt, asked);
	if (found == NULL)
		return WG_OK;
	enum wg_code code = found->rows == NULL ? wg_pg_ahead_send(store, err) : WG_OK;
	if (code == WG_OK && found->rows == NULL)
		code = wg_pg_pipe_settle(store, &pg->main, NULL, err);
	*known = found->rows != NULL;
	stmt->rows = found->rows;
	found->rows = NULL;
	forget(pg, found);
	return code;
}

/* The same, of lists: "?1" is what one question says there. */
static char *text_of(const char *sql, const struct wg_arg *args, size_t count)
{
	WG_AUTO_BUF struct wg_buf b = WG_BUF(strlen(sql) * 2 + 1024);
	wg_buf_puts(&b, "SELECT q.*, k.n FROM unnest(");
	wg_pg_list_types(&b, args, count);
	wg_buf_puts(&b, ") WITH ORDINALITY AS k(");
	for (size_t i = 0; i < count; i++)
		wg_buf_printf(&b, "a%zu, ", i + 1);
	wg_buf_puts(&b, "n) CROSS JOIN LATERAL (");
	for (const char *p = sql; *p != '\0'; p++)
		if (*p == '?')
			wg_buf_puts(&b, "k.a");
		else
			wg_buf_putc(&b, *p);
	wg_buf_puts(&b, " OFFSET 0) AS q");
	return b.failed ? NULL : strdup(wg_buf_text(&b));
}

enum wg_code wg_pg_ahead_send(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	if (pg->asks.rows == 0)
		return WG_OK;
	enum wg_code code = wg_pg_gather_before(store, LISTED, &pg->asks.stmt, err);
	if (code == WG_OK)
		code = wg_pg_list_send(store, &pg->asks, err);
	if (code == WG_OK)
		pg->main.sent[pg->main.count - 1].ahead = pg->asks_serial;
	return code;
}

static enum wg_code put(struct wg_pg *pg, const struct wg_arg *args, size_t count, struct wg_pg_ahead *a,
                        struct wg_err *err)
{
	struct wg_pg_gather *g = &pg->asks;
	enum wg_code code = WG_OK;
	if (g->stmt.text == NULL)
		code = wg_pg_list_start(g, 'a', LISTED, text_of(a->text, args, count), args, count, err);
	if (code != WG_OK)
		return code;
	if (g->rows == 0)
		pg->asks_serial = next_serial(pg);
	wg_pg_list_put(g, args);
	a->serial = pg->asks_serial;
	a->place = g->rows;
	return WG_OK;
}

static enum wg_code ask(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count,
                        struct wg_pg_ahead *a, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	if (id == LISTED)
		return put(pg, args, count, a, err);
	enum wg_code code = wg_pg_send(store, (int)id, args, count, err);
	if (code != WG_OK)
		return code;
	a->serial = pg->main.sent[pg->main.count - 1].ahead = next_serial(pg);
	return WG_OK;
}

void wg_pg_ahead(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count)
{
	struct wg_pg *pg = wg_pg_of(store);
	struct wg_pg_stmt *s = &pg->stmt[id];
	struct wg_err err = { 0 };
	struct wg_pg_ahead a = { .stmt = s, .text = wg_pg_sql((int)id) };
	size_t at = 0;
	digest(args, count, a.asked);
	while (at < WG_PG_AHEAD && pg->ahead[at].stmt != NULL)
		at++;
	if (at == WG_PG_AHEAD || !pg->open || pg->broken.code != WG_OK || store->fault.code != WG_OK ||
	    find(pg, s, a.asked) != NULL)
		return;
	if (ask(store, id, args, count, &a, &err) != WG_OK) /* so will who asks for it find */
		return;
	pg->ahead[at] = a;
	pg->ahead_count++;
}
