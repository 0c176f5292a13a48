/* move.c owns the way of a whole store into another database: table by table, as the catalogues of both name them, so
 * that no table can be forgotten; each row hashed as it is read, and once more as it is read back. */
#include "store/move.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/check.h"
#include "store/keys_internal.h"
#include "store/migrate.h"
#include "store/move_internal.h"
#include "store/purge_internal.h"

#define TABLES_MAX 96
/* Rows put until what was put so far is committed, where that is done in pieces. */
#define PIECE_BYTES ((uint64_t)64 * 1024 * 1024)
#define TELL_ROWS 4096
#define SQL_MAX ((size_t)16 * 1024)

struct digest {
	uint64_t rows, bytes;
	char hash[WG_STORE_HASH];
};

struct run {
	const struct wg_move_job *job;
	struct wg_move_result out;
	struct wg_store *from, *to;
	struct wg_move_table *tables;
	size_t count;
	struct digest digests[TABLES_MAX];
	char *held;     /* wg_mover.loosen */
	uint64_t piece; /* bytes put since the last commit */
};

static void run_free(struct run *r)
{
	if (r->from != NULL)
		wg_store_rollback(r->from); /* was only read */
	wg_store_closep(&r->to);        /* what was not committed is not there */
	wg_store_closep(&r->from);
	free(r->tables);
	free(r->held);
}

static void tell(const struct run *r, const char *what)
{
	r->job->progress(r->job->arg, what, 0, 0);
}

/* ---- catalogues */

/* The keys' database has the same two tables everywhere; of its third there is one row. */
static const struct wg_move_table keys_tables[] = {
	{ "gone", true, 2, { { "at", 'i', 0, false }, { "id", 'i', 1, false } } },
	{ "head", true, 2, { { "bytes", 'b', 0, false }, { "id", 'i', 1, false } } },
};

static enum wg_code add_column(struct wg_move_table *tables, size_t *count, const struct wg_query *q,
                               struct wg_err *err)
{
	const char *table = wg_query_text(q, 0);
	if (*count == 0 || strcmp(tables[*count - 1].name, table) != 0) {
		if (*count == TABLES_MAX)
			return wg_err_set(err, WG_LIMIT, "more tables than this program makes");
		(void)snprintf(tables[(*count)++].name, WG_MOVE_NAME, "%s", table); /* ours are short */
	}
	struct wg_move_table *t = &tables[*count - 1];
	if (t->count == WG_MOVE_COLUMNS)
		return wg_err_set(err, WG_LIMIT, "table %.60s has more columns than this program makes", t->name);
	struct wg_move_column *c = &t->columns[t->count++];
	(void)snprintf(c->name, sizeof c->name, "%s", wg_query_text(q, 1)); /* ours are short */
	c->type = *wg_query_text(q, 2);
	c->key = (int)wg_query_int(q, 3);
	c->numbered = wg_query_int(q, 4) != 0;
	if (c->type != 'i' && c->type != 't' && c->type != 'b')
		return wg_err_set(err, WG_CONFIG, "column %.60s of table %.60s is of no type that this program makes", c->name,
		                  t->name);
	return WG_OK;
}

static enum wg_code read_tables(struct wg_store *store, struct wg_move_table **out, size_t *count, struct wg_err *err)
{
	WG_AUTO_QUERY struct wg_query q = { 0 };
	WG_AUTO_FREE struct wg_move_table *tables = calloc(TABLES_MAX, sizeof *tables);
	bool row = true;
	if (tables == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	*count = 0;
	enum wg_code code = wg_query_open(&q, store, store->driver->mover->catalogue, NULL, 0, err);
	while (code == WG_OK) {
		code = wg_query_step(&q, &row, err);
		if (code != WG_OK || !row)
			break;
		code = add_column(tables, count, &q, err);
	}
	for (size_t i = 0; code == WG_OK && i < WG_COUNT(keys_tables); i++) {
		if (*count == TABLES_MAX)
			code = wg_err_set(err, WG_LIMIT, "more tables than this program makes");
		else
			tables[(*count)++] = keys_tables[i];
	}
	if (code == WG_OK)
		*out = wg_steal(&tables);
	return code;
}

/* Which column gets numbers by itself is each driver's own. */
static bool same_table(const struct wg_move_table *a, const struct wg_move_table *b)
{
	bool same = strcmp(a->name, b->name) == 0 && a->count == b->count;
	for (unsigned i = 0; same && i < a->count; i++)
		same = strcmp(a->columns[i].name, b->columns[i].name) == 0 && a->columns[i].type == b->columns[i].type &&
		       a->columns[i].key == b->columns[i].key;
	return same;
}

static enum wg_code match_tables(struct run *r, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_move_table *there = NULL;
	size_t n = 0;
	enum wg_code code = read_tables(r->from, &r->tables, &r->count, err);
	if (code == WG_OK)
		code = read_tables(r->to, &there, &n, err);
	if (code == WG_OK && n != r->count)
		code = wg_err_set(err, WG_CONFIG, "the two stores have %zu and %zu tables: is one of another version?",
		                  r->count, n);
	for (size_t i = 0; code == WG_OK && i < n; i++) {
		if (!same_table(&r->tables[i], &there[i]))
			code =
				wg_err_set(err, WG_CONFIG, "table %.60s is not the same in the two stores: is one of another version?",
			               r->tables[i].name);
		for (unsigned c = 0; code == WG_OK && c < there[i].count; c++) /* as the one that is filled gives them */
			r->tables[i].columns[c].numbered = there[i].columns[c].numbered;
	}
	return code;
}

/* ---- rows */

static enum wg_code select_of(const struct wg_move_table *t, struct wg_buf *sql, struct wg_err *err)
{
	wg_buf_puts(sql, "SELECT ");
	for (unsigned i = 0; i < t->count; i++)
		wg_buf_printf(sql, "%s\"%s\"", i == 0 ? "" : ", ", t->columns[i].name);
	wg_buf_printf(sql, " FROM \"%s\"", t->name);
	for (int key = 1, found = 1; found != 0; key++) {
		found = 0;
		for (unsigned i = 0; i < t->count; i++)
			if (t->columns[i].key == key) {
				wg_buf_printf(sql, "%s\"%s\"", key == 1 ? " ORDER BY " : ", ", t->columns[i].name);
				found = 1;
			}
	}
	return wg_buf_check(sql, "a statement", err);
}

static void digest_row(struct wg_sha256 *sha, struct digest *d, const uint8_t *row, size_t len)
{
	uint8_t size[4] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len };
	wg_sha256_update(sha, size, sizeof size);
	wg_sha256_update(sha, row, len);
	d->rows++;
	d->bytes += len;
}

static enum wg_code pause_fill(struct run *r, struct wg_err *err)
{
	enum wg_code code = r->to->driver->keys_run(r->to, KEYS_COMMIT, NULL, 0, err);
	if (code == WG_OK)
		code = wg_store_commit(r->to, err);
	if (code == WG_OK)
		code = wg_store_begin(r->to, err);
	return code == WG_OK ? r->to->driver->keys_run(r->to, KEYS_BEGIN, NULL, 0, err) : code;
}

static enum wg_code put_row(struct run *r, void *writer, const uint8_t *row, size_t len, struct wg_err *err)
{
	const struct wg_mover *m = r->to->driver->mover;
	enum wg_code code = m->put(r->to, writer, row, len, err);
	r->piece += len;
	if (code != WG_OK || !m->in_pieces || r->piece < PIECE_BYTES)
		return code;
	r->piece = 0;
	return pause_fill(r, err);
}

/* All rows of a table, in the order of its key; into writer, unless that is NULL. */
static enum wg_code pass_rows(struct run *r, struct wg_store *store, const struct wg_move_table *t, void *writer,
                              struct digest *d, struct wg_err *err)
{
	const struct wg_mover *m = store->driver->mover;
	WG_AUTO_BUF struct wg_buf sql = WG_BUF(SQL_MAX);
	struct wg_sha256 sha;
	uint8_t raw[WG_SHA256_LEN];
	void *reader = NULL;
	char what[96];
	*d = (struct digest){ 0 };
	wg_sha256_init(&sha);
	enum wg_code code = select_of(t, &sql, err);
	if (code == WG_OK)
		code = m->read(store, t->keys, wg_buf_text(&sql), &reader, err);
	while (code == WG_OK) {
		const uint8_t *row = NULL;
		size_t len = 0;
		code = m->next(store, reader, &row, &len, err);
		if (code != WG_OK || row == NULL)
			break;
		digest_row(&sha, d, row, len);
		if (writer != NULL)
			code = put_row(r, writer, row, len, err);
		if (d->rows % TELL_ROWS == 0) {
			(void)snprintf(what, sizeof what, "%s, table %.40s: %llu rows", writer != NULL ? "copying" : "reading back",
			               t->name, (unsigned long long)d->rows); /* it fits */
			tell(r, what);
		}
	}
	m->read_end(store, reader);
	wg_sha256_final(&sha, raw);
	wg_hex(raw, sizeof raw, d->hash);
	return code;
}

static enum wg_code clear(struct run *r, const struct wg_move_table *t, struct wg_err *err)
{
	char sql[WG_MOVE_NAME + 32];
	(void)snprintf(sql, sizeof sql, "DELETE FROM \"%s\"", t->name); /* it fits */
	/* what a new store says of itself, and what was counted meanwhile */
	return t->keys ? WG_OK : wg_query_run(r->to, sql, NULL, 0, err);
}

static enum wg_code copy_table(struct run *r, size_t i, struct wg_err *err)
{
	const struct wg_move_table *t = &r->tables[i];
	const struct wg_mover *m = r->to->driver->mover;
	void *writer = NULL;
	enum wg_code code = clear(r, t, err);
	if (code == WG_OK)
		code = m->write(r->to, t, &writer, err);
	if (code == WG_OK)
		code = pass_rows(r, r->from, t, writer, &r->digests[i], err);
	enum wg_code ended = m->write_end(r->to, writer, code == WG_OK, code == WG_OK ? err : NULL);
	if (code == WG_OK)
		code = ended;
	return code == WG_OK ? code : wg_err_add(err, "table %.60s", t->name);
}

/* What counts others comes last: where counting cannot be switched off it is put right then. */
static bool counts_others(const struct wg_move_table *t)
{
	return strcmp(t->name, "counter") == 0;
}

static enum wg_code copy_tables(struct run *r, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (int last = 0; last < 2; last++)
		for (size_t i = 0; code == WG_OK && i < r->count; i++)
			if (counts_others(&r->tables[i]) == (last == 1))
				code = copy_table(r, i, err);
	return code;
}

/* ---- what is beside the rows */

static enum wg_code copy_batch(struct run *r, struct wg_err *err)
{
	struct wg_keys_batch b = { .first = 0 };
	char sql[256];
	enum wg_code code = r->from->driver->keys_batch(r->from, &b, err);
	if (code == WG_OK && !wg_id_valid(b.name))
		code = wg_err_set(err, WG_CORRUPT, "the pair of databases has no name");
	if (code != WG_OK)
		return code;
	(void)snprintf(sql, sizeof sql, "UPDATE batch SET name = '%s', first = %lld, last = %lld, state = %d", b.name,
	               (long long)b.first, (long long)b.last, b.state); /* it fits */
	code = r->to->driver->mover->keys_exec(r->to, sql, err);
	memcpy(r->to->keys->name, b.name, sizeof b.name);
	r->to->keys->last = r->from->keys->last;
	r->to->keys->end = b.last;
	r->to->head = (struct wg_chain_head){ .known = false };
	return code;
}

static enum wg_code number(struct wg_store *store, const char *format, const char *table, const char *column,
                           int64_t *out, struct wg_err *err)
{
	WG_AUTO_FREE char *sql = NULL;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the drivers' own, of two names */
	if (asprintf(&sql, format, table, column) < 0)
		sql = NULL;
#pragma GCC diagnostic pop
	return sql != NULL ? wg_query_number(store, sql, NULL, 0, out, err) : wg_err_set(err, WG_SYSTEM, "out of memory");
}

/* The next number in the new store is the one that it would have been in the old one, so that none is given twice. */
static enum wg_code copy_numbers(struct run *r, const struct wg_move_table *t, const char *column, struct wg_err *err)
{
	int64_t given = 0, most = 0, now = 0;
	WG_AUTO_FREE char *sql = NULL;
	enum wg_code code = number(r->to, "SELECT coalesce(max(\"%2$s\"), 0) FROM \"%1$s\"", t->name, column, &most, err);
	if (code == WG_OK)
		code = number(r->from, r->from->driver->mover->last, t->name, column, &given, err);
	given = given > most ? given : most;
	if (code != WG_OK || given == 0)
		return code;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the drivers' own, of two names and a number */
	if (asprintf(&sql, r->to->driver->mover->last_put, t->name, column, (long long)given) < 0)
		sql = NULL;
#pragma GCC diagnostic pop
	code = sql != NULL ? wg_db_exec(r->to, sql, err) : wg_err_set(err, WG_SYSTEM, "out of memory");
	if (code == WG_OK)
		code = number(r->to, r->to->driver->mover->last, t->name, column, &now, err);
	if (code == WG_OK && now != given)
		code = wg_err_set(err, WG_CORRUPT, "the next number of table %.60s was not taken over", t->name);
	return code;
}

static enum wg_code copy_beside(struct run *r, struct wg_err *err)
{
	enum wg_code code = copy_batch(r, err);
	for (size_t i = 0; i < r->count; i++)
		for (unsigned c = 0; code == WG_OK && c < r->tables[i].count; c++)
			if (r->tables[i].columns[c].numbered)
				code = copy_numbers(r, &r->tables[i], r->tables[i].columns[c].name, err);
	return code;
}

/* ---- reading back */

static enum wg_code verify(struct run *r, struct wg_err *err)
{
	struct wg_sha256 all;
	uint8_t raw[WG_SHA256_LEN];
	enum wg_code code = WG_OK;
	wg_sha256_init(&all);
	for (size_t i = 0; code == WG_OK && i < r->count; i++) {
		const struct digest *want = &r->digests[i];
		struct digest got;
		code = pass_rows(r, r->to, &r->tables[i], NULL, &got, err);
		if (code == WG_OK && (got.rows != want->rows || strcmp(got.hash, want->hash) != 0))
			code = wg_err_set(err, WG_CORRUPT,
			                  "table %.60s: what was read back (%llu rows) is not what was copied (%llu rows)",
			                  r->tables[i].name, (unsigned long long)got.rows, (unsigned long long)want->rows);
		wg_sha256_update(&all, r->tables[i].name, strlen(r->tables[i].name) + 1);
		wg_sha256_update(&all, want->hash, sizeof want->hash);
		r->out.rows += want->rows;
		r->out.bytes += want->bytes;
		if (strcmp(r->tables[i].name, "head") == 0)
			r->out.heads = want->rows;
	}
	wg_sha256_final(&all, raw);
	wg_hex(raw, sizeof raw, r->out.content);
	r->out.tables = (unsigned)r->count;
	return code;
}

/* The rows are the same: what is found was wrong before. */
static enum wg_code check(struct run *r, struct wg_err *err)
{
	struct wg_check c = { .pages = true, .blobs = true, .keys = true, .on = r->job->finding, .arg = r->job->arg };
	tell(r, "looking at every entry of the log and every document");
	enum wg_code code = wg_store_check(r->to, &c, err);
	r->out.findings = c.findings;
	r->out.entries = c.entries;
	memcpy(r->out.head, c.head, sizeof r->out.head);
	return code;
}

/* ---- all of it */

static enum wg_code open_from(struct run *r, struct wg_err *err)
{
	struct wg_schema_view view;
	enum wg_code code = wg_store_schema(r->job->from, &view, err);
	if (code == WG_OK && view.version == 0)
		code = wg_err_set(err, WG_CONFIG, "there is no store");
	if (code == WG_OK && view.version < view.current)
		code = wg_err_set(err, WG_CONFIG,
		                  "it has schema version %lld, this program's is %lld: wardgate store migrate brings it there "
		                  "first",
		                  (long long)view.version, (long long)view.current);
	if (code == WG_OK)
		code = wg_store_open_at(r->job->from, &r->from, err);
	if (code == WG_OK)
		code = r->from->driver->mover->alone(r->from, err);
	if (code == WG_OK)
		code = wg_store_begin(r->from, err); /* nobody else writes meanwhile */
	if (code == WG_OK)
		code = wg_store_moved(r->from, err);
	return code == WG_OK ? code : wg_err_add(err, "the store that is copied");
}

static enum wg_code fill(struct run *r, struct wg_err *err)
{
	const struct wg_mover *m = r->to->driver->mover;
	int64_t bytes = 0;
	enum wg_code code = wg_query_number(r->from, r->from->driver->mover->size, NULL, 0, &bytes, err);
	if (code == WG_OK)
		code = m->ready(r->to, r->job->to->folder, (uint64_t)bytes, err);
	if (code == WG_OK)
		code = match_tables(r, err);
	if (code == WG_OK)
		code = wg_store_begin(r->to, err);
	if (code == WG_OK)
		code = r->to->driver->keys_run(r->to, KEYS_BEGIN, NULL, 0, err);
	if (code == WG_OK)
		code = m->loosen(r->to, &r->held, err);
	if (code == WG_OK)
		code = copy_tables(r, err);
	if (code == WG_OK)
		code = copy_beside(r, err);
	if (code == WG_OK)
		code = m->bind(r->to, &r->held, err);
	if (code == WG_OK)
		code = verify(r, err);
	if (code == WG_OK)
		code = check(r, err);
	if (code == WG_OK) /* the keys first: what the store names must be there */
		code = r->to->driver->keys_run(r->to, KEYS_COMMIT, NULL, 0, err);
	if (code == WG_OK)
		code = wg_store_commit(r->to, err);
	return code;
}

/* At no instant both can be used. */
static enum wg_code hand_over(struct run *r, struct wg_err *err)
{
	enum wg_code code = wg_moved_put(r->from, r->job->where, err);
	if (code == WG_OK)
		code = wg_store_commit(r->from, err);
	if (code != WG_OK)
		return wg_err_add(err, "marking the old store");
	code = r->to->driver->mover->release(r->to, r->job->to->folder, err);
	return code == WG_OK ? code
	                     : wg_err_add(err, "the old store is marked as copied already: wardgate store reopen comes "
	                                       "before the same command");
}

static bool same_folder(const char *a, const char *b)
{
	struct stat one, other;
	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

enum wg_code wg_store_move(const struct wg_move_job *job, struct wg_move_result *out, struct wg_err *err)
{
	WG_CLEANUP(run_free) struct run r = { .job = job };
	struct wg_store_place to = *job->to;
	enum wg_code code = open_from(&r, err);
	if (code != WG_OK)
		return code;
	to.fill = true;
	to.locked =
		same_folder(job->from->folder, job->to->folder); /* SQLite there, PostgreSQL beside it: its lock serves */
	code = wg_store_open_at(&to, &r.to, err);
	if (code != WG_OK)
		return wg_err_add(err, "the new store");
	code = fill(&r, err);
	if (code != WG_OK) {
		wg_store_rollback(r.to);
		return wg_err_add(err, "the copy was not finished; the new store cannot be used until the same command, which "
		                       "begins anew, has succeeded; the old one is as it was");
	}
	code = hand_over(&r, err);
	if (code == WG_OK)
		*out = r.out;
	return code;
}
