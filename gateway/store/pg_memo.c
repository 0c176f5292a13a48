/* pg_memo.c owns what this process knows of the database without asking: a few rows of meta and the end of the log. It
 * holds from one turn to the next as long as nobody else wrote, and is forgotten whenever something is undone. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/pg_internal.h"

void wg_pg_memo_clear(struct wg_pg *pg)
{
	pg->memo.count = 0;
	pg->memo.head_known = false;
	wg_pg_ahead_drop(pg, NULL);
}

/* ---- made-up results */

static PGresult *row_of(const char *const *values, int count)
{
	static char name[] = "known";
	PGresAttDesc columns[2];
	PGresult *r = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	for (int i = 0; i < count; i++)
		columns[i] = (PGresAttDesc){ .name = name, .format = 0, .typlen = -1, .atttypmod = -1 };
	bool made = r != NULL && PQsetResultAttrs(r, count, columns) != 0;
	for (int i = 0; made && values != NULL && i < count; i++)
		made = PQsetvalue(r, 0, i, (char *)(uintptr_t)values[i], (int)strlen(values[i])) != 0; /* it copies */
	if (!made) {
		PQclear(r);
		return NULL;
	}
	return r;
}

PGresult *wg_pg_memo_number(int64_t n)
{
	char text[24];
	const char *const values[] = { text };
	(void)snprintf(text, sizeof text, "%" PRId64, n); /* 20 digits at most */
	return row_of(values, 1);
}

/* ---- what is known */

static int find(const struct wg_pg_memo *m, const char *key)
{
	for (unsigned i = 0; i < m->count; i++)
		if (strcmp(m->meta[i].key, key) == 0)
			return (int)i;
	return -1;
}

static void put(struct wg_pg_memo *m, const char *key, const char *value)
{
	int i = find(m, key);
	if (value != NULL && strlen(value) >= sizeof m->meta[0].value) { /* longer than any that is asked for often */
		if (i >= 0)
			m->meta[i] = m->meta[--m->count];
		return;
	}
	if (strlen(key) >= sizeof m->meta[0].key || (i < 0 && m->count == WG_PG_META))
		return;
	if (i < 0)
		i = (int)m->count++;
	(void)snprintf(m->meta[i].key, sizeof m->meta[i].key, "%s", key);                            /* it fits */
	(void)snprintf(m->meta[i].value, sizeof m->meta[i].value, "%s", value != NULL ? value : ""); /* so does it */
	m->meta[i].there = value != NULL;
}

PGresult *wg_pg_memo_ask(struct wg_pg *pg, enum wg_sql id, const struct wg_arg *args)
{
	const struct wg_pg_memo *m = &pg->memo;
	char seq[24];
	if (id == SQL_META_GET) {
		int i = find(m, args[0].p);
		const char *const values[] = { i >= 0 ? m->meta[i].value : "" };
		return i >= 0 ? row_of(m->meta[i].there ? values : NULL, 1) : NULL;
	}
	if (id != SQL_LOG_HEAD || !m->head_known)
		return NULL;
	(void)snprintf(seq, sizeof seq, "%" PRId64, m->head_seq); /* 20 digits at most */
	const char *const values[] = { seq, m->head_hash };
	return row_of(values, 2);
}

static void learn_head(struct wg_pg_memo *m, int64_t seq, const char *hash)
{
	m->head_known = strlen(hash) < sizeof m->head_hash;
	m->head_seq = seq;
	(void)snprintf(m->head_hash, sizeof m->head_hash, "%s", hash); /* it fits, or is not known */
}

void wg_pg_memo_learn(struct wg_pg *pg, enum wg_sql id, const struct wg_arg *args, const PGresult *rows)
{
	if (id == SQL_META_GET)
		put(&pg->memo, args[0].p, PQntuples(rows) > 0 ? PQgetvalue(rows, 0, 0) : NULL);
	if (id == SQL_LOG_HEAD && PQntuples(rows) > 0)
		learn_head(&pg->memo, wg_pg_int(rows, 0, 0), PQgetvalue(rows, 0, 1));
}

void wg_pg_memo_wrote(struct wg_pg *pg, enum wg_sql id, const struct wg_arg *args)
{
	if (id == SQL_META_PUT)
		put(&pg->memo, args[0].p, args[1].p);
	pg->logged = pg->logged || id == SQL_LOG_PUT;
	if (id == SQL_LOG_PUT)
		learn_head(&pg->memo, args[0].number, args[9].p);
}
