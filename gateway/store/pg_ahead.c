/* pg_ahead.c owns what was asked before it is needed: questions that follow each other leave together, and somebody
 * waits for the last of them only. An answer is taken by who asks the same of the same statement in the same
 * transaction, and holds until something is written to a table that the statement names: so nobody can tell it from one
 * that was asked in its time. */
#include <ctype.h>
#include <string.h>

#include "store/pg_internal.h"

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

void wg_pg_ahead_drop(struct wg_pg *pg, const char *table)
{
	for (size_t i = 0; pg->ahead_count > 0 && i < WG_PG_AHEAD; i++)
		if (pg->ahead[i].stmt != NULL && (table == NULL || wg_pg_reads(pg->ahead[i].stmt->text, table)))
			forget(pg, &pg->ahead[i]);
}

void wg_pg_ahead_came(struct wg_pg *pg, unsigned serial, PGresult *rows)
{
	for (size_t i = 0; i < WG_PG_AHEAD; i++)
		if (pg->ahead[i].stmt != NULL && pg->ahead[i].serial == serial) {
			pg->ahead[i].rows = rows;
			return;
		}
	PQclear(rows); /* nobody wants it any more */
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
	enum wg_code code = found->rows == NULL ? wg_pg_pipe_settle(store, &pg->main, NULL, err) : WG_OK;
	*known = found->rows != NULL;
	stmt->rows = found->rows;
	found->rows = NULL;
	forget(pg, found);
	return code;
}

void wg_pg_ahead(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count)
{
	struct wg_pg *pg = wg_pg_of(store);
	struct wg_pg_stmt *s = &pg->stmt[id];
	struct wg_err err = { 0 };
	struct wg_pg_ahead a = { .stmt = s };
	size_t at = 0;
	digest(args, count, a.asked);
	while (at < WG_PG_AHEAD && pg->ahead[at].stmt != NULL)
		at++;
	if (at == WG_PG_AHEAD || !pg->open || pg->broken.code != WG_OK || store->fault.code != WG_OK ||
	    find(pg, s, a.asked) != NULL)
		return;
	if (wg_pg_send(store, (int)id, args, count, &err) != WG_OK) /* so will who asks for it find */
		return;
	a.serial = ++pg->ahead_serial != 0 ? pg->ahead_serial : ++pg->ahead_serial;
	pg->ahead[at] = a;
	pg->ahead_count++;
	pg->main.sent[pg->main.count - 1].ahead = a.serial;
}
