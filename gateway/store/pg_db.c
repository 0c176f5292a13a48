/* pg_db.c owns the two connections, the kept statements, and what a failure of PostgreSQL means. */
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/keys_internal.h"
#include "store/move_internal.h"
#include "store/pg_internal.h"

/* Of PostgreSQL's own types, by the numbers that its catalogue gives them. */
#define OID_INT8 20
#define OID_TEXT 25
#define OID_BYTEA 17
#define SCRUB_MS (10 * 60 * 1000) /* for a vacuum of the keys, which reads the whole table */
#define TEXT_MAX 200              /* of a statement, in words about its failure */

/* ---- failures */

/* Classes of SQLSTATE (PostgreSQL's manual, appendix A). */
static bool is_class(const char *state, const char *class)
{
	return strncmp(state, class, strlen(class)) == 0;
}

static enum wg_code fault(struct wg_store *store, enum wg_code code, const char *what, const char *words,
                          struct wg_err *err)
{
	if (store->fault.code == WG_OK)
		wg_err_set(&store->fault, code, "PostgreSQL: %.*s: %s", TEXT_MAX, what, words);
	return wg_store_fault(store, err);
}

/* The server ends or was overtaken, a lock was waited for in vain, two got in each other's way, memory or connections
 * ran out: done again on a connection of its own it may work. */
static bool is_passing(const char *state)
{
	static const char *const classes[] = { "08", "40", "57", "25006", "25P03", "55P03", "53200", "53300" };
	for (size_t i = 0; i < WG_COUNT(classes); i++)
		if (is_class(state, classes[i]))
			return true;
	return false;
}

enum wg_code wg_pg_fail(struct wg_store *store, PGconn *conn, const PGresult *result, const char *what,
                        struct wg_err *err)
{
	const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	char words[WG_ERR_TEXT_MAX];
	struct wg_pg *pg = wg_pg_of(store);
	(void)wg_defang(state != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : PQerrorMessage(conn), words,
	                sizeof words);
	if (pg->silent_ms != 0)
		(void)snprintf(words, sizeof words, "it did not answer for %d ms", pg->silent_ms); /* short */
	pg->silent_ms = 0;
	if (state == NULL || PQstatus(conn) != CONNECTION_OK || is_passing(state)) {
		store->lost = store->lost || store->fault.code == WG_OK;
		return fault(store, WG_SYSTEM, what, words, err);
	}
	if (is_class(state, "23") || is_class(state, "22") || is_class(state, "P0001"))
		return wg_err_set(err, WG_REJECT, "%.*s: it contradicts what is stored (%s)", TEXT_MAX, what, words);
	if (is_class(state, "54"))
		return wg_err_set(err, WG_LIMIT, "%.*s: larger than the database takes", TEXT_MAX, what);
	if (is_class(state, "53100")) {
		store->full = true;
		return wg_err_set(err, WG_AGAIN, "not accepting: the disk of the database is full");
	}
	if (is_class(state, "25P02")) /* of what had failed already, and was told */
		return wg_err_set(err, WG_REJECT, "%.*s: after what failed before it", TEXT_MAX, what);
	if (is_class(state, "XX"))
		return fault(store, WG_CORRUPT, what, words, err);
	return fault(store, WG_SYSTEM, what, words, err);
}

/* ---- arguments and columns */

bool wg_pg_bind(struct wg_pg_args *out, const struct wg_arg *args, size_t count)
{
	static const Oid types[] = { [WG_ARG_INT] = OID_INT8, [WG_ARG_TEXT] = OID_TEXT, [WG_ARG_BLOB] = OID_BYTEA };
	if (count > WG_PG_ARGS)
		return false;
	out->count = count;
	for (size_t i = 0; i < count; i++) {
		const struct wg_arg *a = &args[i];
		out->types[i] = types[a->type];
		out->formats[i] = a->type == WG_ARG_BLOB;
		out->lengths[i] = (int)a->len; /* of blobs only, and these are bounded */
		out->values[i] = a->null ? NULL : a->p;
		if (a->type == WG_ARG_INT && !a->null) {
			(void)snprintf(out->numbers[i], sizeof out->numbers[i], "%" PRId64, a->number); /* it fits */
			out->values[i] = out->numbers[i];
		}
	}
	return true;
}

/* In either form; true is 1, NULL is 0. */
int64_t wg_pg_int(const PGresult *rows, int row, int col)
{
	if (col >= PQnfields(rows) || PQgetisnull(rows, row, col) != 0)
		return 0;
	const char *p = PQgetvalue(rows, row, col);
	if (PQfformat(rows, col) == 1) {
		uint64_t n = 0;
		if (PQgetlength(rows, row, col) != sizeof n)
			return 0;
		memcpy(&n, p, sizeof n);
		return (int64_t)be64toh(n);
	}
	if (*p == 't' || *p == 'f')
		return *p == 't';
	uint64_t n = 0;
	bool minus = *p == '-';
	if (!wg_num_parse(p + minus, 0, INT64_MAX, &n))
		return 0;
	return minus ? -(int64_t)n : (int64_t)n;
}

static bool is_good(const PGresult *r)
{
	return PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK;
}

enum wg_code wg_pg_exec_on(struct wg_store *store, struct wg_pg_pipe *pipe, const char *sql, struct wg_err *err)
{
	enum wg_code code = wg_pg_pipe_off(store, pipe, err);
	if (code != WG_OK)
		return code;
	PGresult *r = wg_pg_ask(wg_pg_of(store), pipe->conn, sql);
	if (!is_good(r) && PQresultStatus(r) != PGRES_EMPTY_QUERY)
		code = wg_pg_fail(store, pipe->conn, r, sql, err);
	PQclear(r);
	return code;
}

enum wg_code wg_pg_number_on(struct wg_store *store, struct wg_pg_pipe *pipe, const char *sql, int64_t *out,
                             struct wg_err *err)
{
	enum wg_code code = wg_pg_pipe_off(store, pipe, err);
	if (code != WG_OK)
		return code;
	PGresult *r = wg_pg_ask(wg_pg_of(store), pipe->conn, sql);
	if (!is_good(r))
		code = wg_pg_fail(store, pipe->conn, r, sql, err);
	if (code == WG_OK)
		*out = PQntuples(r) > 0 ? wg_pg_int(r, 0, 0) : 0;
	PQclear(r);
	return code;
}

/* ---- kept statements */

static const struct {
	enum wg_sql id;
	const char *column;
} numbered[WG_PG_IDS] = { { SQL_BLOB_PUT, "id" },    { SQL_MSG_PUT, "seq" }, { SQL_CHILD_PUT, "id" },
	                      { SQL_EPISODE_PUT, "id" }, { SQL_DLV_PUT, "seq" }, { SQL_RECEIPT_PUT, "seq" } };

static void end(struct wg_store *store, enum wg_sql id)
{
	struct wg_pg_stmt *s = &wg_pg_of(store)->stmt[id];
	PQclear(s->rows);
	s->rows = NULL;
	s->at = s->count = 0;
}

/* The table that an insertion, a change or a deletion is of. */
static void table_of(const char *sql, char *out, size_t size)
{
	static const char *const begins[] = { "INSERT INTO ", "UPDATE ", "DELETE FROM " };
	out[0] = '\0';
	for (size_t i = 0; i < WG_COUNT(begins); i++) {
		const char *name = sql + strlen(begins[i]);
		const size_t len = strncmp(sql, begins[i], strlen(begins[i])) == 0 ? strcspn(name, " (") : size;
		if (len < size)
			(void)snprintf(out, size, "%.*s", (int)len, name); /* it fits */
	}
}

static bool ends(const char *text, const char *word)
{
	const size_t len = strlen(text), n = strlen(word);
	return len >= n && strcmp(text + len - n, word) == 0;
}

static enum wg_code make(struct wg_store *store, int id, size_t count, struct wg_err *err)
{
	struct wg_pg_stmt *s = &wg_pg_of(store)->stmt[id];
	const char *sql = wg_pg_sql(id);
	for (int i = 0; i < WG_PG_IDS && s->ids == 0; i++)
		if ((int)numbered[i].id == id) {
			s->ids = i + 1;
			s->text = wg_pg_numbered(sql, numbered[i].column, count);
		}
	if (s->ids == 0)
		s->text = wg_pg_text(sql);
	s->writes = strncmp(sql, "INSERT", 6) == 0 || strncmp(sql, "UPDATE", 6) == 0 || strncmp(sql, "DELETE", 6) == 0;
	if (s->writes)
		table_of(sql, s->table, sizeof s->table);
	s->of_row = strncmp(sql, "UPDATE", 6) == 0 && (ends(sql, " WHERE seq = ?1") || ends(sql, " WHERE id = ?1"));
	s->binary = id == SQL_BLOB_GET;
	(void)snprintf(s->name, sizeof s->name, "s%d", id); /* it fits */
	return s->text != NULL ? WG_OK : fault(store, WG_SYSTEM, "statement", "out of memory", err);
}

enum wg_code wg_pg_send(struct wg_store *store, int id, const struct wg_arg *args, size_t count, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	struct wg_pg_stmt *s = &pg->stmt[id];
	struct wg_pg_args a;
	if (!wg_pg_bind(&a, args, count))
		return fault(store, WG_SYSTEM, wg_pg_sql(id), "too many arguments", err);
	enum wg_code code = s->text == NULL ? make(store, id, count, err) : WG_OK;
	if (code == WG_OK)
		code = wg_pg_ahead_send(store, err);
	if (code == WG_OK)
		code = wg_pg_gather_before(store, id, s, err);
	return code == WG_OK ? wg_pg_pipe_send(store, &pg->main, s, &a, count, err) : code;
}

/* Into a table whose rows get their numbers here: the number is told before the row is there. */
static enum wg_code insert(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count,
                           struct wg_err *err)
{
	struct wg_pg_stmt *s = &wg_pg_of(store)->stmt[id];
	struct wg_arg list[WG_PG_ARGS];
	int64_t number = 0;
	if (count >= WG_PG_ARGS)
		return fault(store, WG_SYSTEM, wg_pg_sql((int)id), "too many arguments", err);
	enum wg_code code = wg_pg_next_id(store, s->ids - 1, &number, err);
	if (code != WG_OK)
		return code;
	memcpy(list, args, count * sizeof *args);
	list[count] = wg_db_int(number);
	code = wg_pg_send(store, (int)id, list, count + 1, err);
	s->rows = code == WG_OK ? wg_pg_memo_number(number) : NULL;
	return code == WG_OK && s->rows == NULL ? fault(store, WG_SYSTEM, "statement", "out of memory", err) : code;
}

/* Whether somebody will ask later what became of it. */
static bool may_wait(struct wg_store *store)
{
	const struct wg_pg *pg = wg_pg_of(store);
	return pg->open && (pg->marks > 0 || store->eager);
}

/* Sent, or kept to be sent with others; in s->rows what nobody has to wait for, *wait otherwise. */
static enum wg_code start(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count, bool *wait,
                          struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	struct wg_pg_stmt *s = &pg->stmt[id];
	end(store, id);
	*wait = false;
	if (pg->open && pg->broken.code != WG_OK)
		return wg_pg_spoil(store, pg->broken.code, err);
	s->rows = pg->open ? wg_pg_memo_ask(pg, id, args) : NULL;
	if (s->rows != NULL)
		return WG_OK;
	bool known = false;
	enum wg_code code = s->text == NULL ? make(store, (int)id, count, err) : WG_OK;
	if (code == WG_OK && s->writes) {
		wg_pg_ahead_wrote(pg, s, args);
		wg_pg_touch(pg);
	} else if (code == WG_OK)
		code = wg_pg_ahead_take(store, s, args, count, &known, err);
	if (code != WG_OK || known)
		return code;
	if (s->ids != 0)
		return insert(store, id, args, count, err);
	bool taken = false;
	if (may_wait(store))
		code = wg_pg_gather(store, (int)id, s, args, count, &taken, err);
	if (code != WG_OK || taken)
		return code;
	*wait = true;
	return wg_pg_send(store, (int)id, args, count, err);
}

static enum wg_code finish(struct wg_store *store, enum wg_code code, struct wg_err *err)
{
	const struct wg_pg *pg = wg_pg_of(store);
	return code != WG_OK && pg->open && pg->broken.code == WG_OK ? wg_pg_spoil(store, code, err) : code;
}

static enum wg_code query(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count,
                          struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	struct wg_pg_stmt *s = &pg->stmt[id];
	bool wait = false;
	enum wg_code code = start(store, id, args, count, &wait, err);
	if (code == WG_OK && wait)
		code = wg_pg_pipe_settle(store, &pg->main, &s->rows, err);
	if (code == WG_OK && wait && pg->open)
		wg_pg_memo_learn(pg, id, args, s->rows);
	if (code == WG_OK && s->ids != 0 && !may_wait(store))
		code = wg_pg_pipe_settle(store, &pg->main, NULL, err);
	s->at = -1;
	s->count = PQntuples(s->rows);
	return finish(store, code, err);
}

static enum wg_code step(struct wg_store *store, enum wg_sql id, bool *row, struct wg_err *err)
{
	struct wg_pg_stmt *s = &wg_pg_of(store)->stmt[id];
	(void)err; /* the rows are here */
	*row = s->at + 1 < s->count;
	if (*row)
		s->at++;
	else
		end(store, id);
	return WG_OK;
}

static enum wg_code run(struct wg_store *store, enum wg_sql id, const struct wg_arg *args, size_t count,
                        struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	bool wait = false;
	enum wg_code code = start(store, id, args, count, &wait, err);
	if (code == WG_OK && pg->open)
		wg_pg_memo_wrote(pg, id, args);
	if (code == WG_OK && !may_wait(store))
		code = wg_pg_pipe_settle(store, &pg->main, NULL, err);
	end(store, id);
	return finish(store, code, err);
}

static int64_t col_int(struct wg_store *store, enum wg_sql id, int col)
{
	const struct wg_pg_stmt *s = &wg_pg_of(store)->stmt[id];
	return wg_pg_int(s->rows, s->at, col);
}

static const char *col_text(struct wg_store *store, enum wg_sql id, int col)
{
	const struct wg_pg_stmt *s = &wg_pg_of(store)->stmt[id];
	return PQgetvalue(s->rows, s->at, col); /* NULL is "" here too */
}

static const void *col_blob(struct wg_store *store, enum wg_sql id, int col, size_t *len)
{
	const struct wg_pg_stmt *s = &wg_pg_of(store)->stmt[id];
	*len = (size_t)PQgetlength(s->rows, s->at, col);
	return PQgetvalue(s->rows, s->at, col);
}

/* ---- texts */

static bool starts(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

struct cursor {
	PGresult *rows;
	int at;
};

static void cursor_end(void *cursor)
{
	struct cursor *c = cursor;
	if (c != NULL)
		PQclear(c->rows);
	free(c);
}

static enum wg_code cursor_open(struct wg_store *store, const char *sql, const struct wg_arg *args, size_t count,
                                void **cursor, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	struct wg_pg_args a;
	WG_AUTO_FREE char *text = wg_pg_text(sql);
	struct cursor *c = calloc(1, sizeof *c);
	*cursor = c;
	if (text == NULL || c == NULL || !wg_pg_bind(&a, args, count))
		return fault(store, WG_SYSTEM, sql, "out of memory", err);
	c->at = -1;
	const bool writes = !starts(text, "SELECT") && !starts(text, "WITH");
	if (pg->open && pg->broken.code != WG_OK)
		return wg_pg_spoil(store, pg->broken.code, err);
	if (writes)
		wg_pg_touch(pg);
	enum wg_code code = wg_pg_pipe_off(store, &pg->main, err);
	if (code != WG_OK)
		return finish(store, code, err);
	c->rows = wg_pg_ask_with(pg, pg->main.conn, text, &a);
	if (!is_good(c->rows))
		return finish(store, wg_pg_fail(store, pg->main.conn, c->rows, text, err), err);
	uint64_t n = 0;
	(void)wg_num_parse(PQcmdTuples(c->rows), 0, INT64_MAX, &n); /* "" for what changes nothing */
	pg->changes = (int64_t)n;
	if (writes)
		wg_pg_memo_clear(pg);
	return WG_OK;
}

static enum wg_code cursor_step(struct wg_store *store, void *cursor, bool *row, struct wg_err *err)
{
	struct cursor *c = cursor;
	(void)store;
	(void)err; /* the rows are here */
	*row = c->at + 1 < PQntuples(c->rows);
	c->at += *row;
	return WG_OK;
}

static int64_t cursor_int(void *cursor, int col)
{
	const struct cursor *c = cursor;
	return wg_pg_int(c->rows, c->at, col);
}

static const char *cursor_text(void *cursor, int col)
{
	const struct cursor *c = cursor;
	return PQgetvalue(c->rows, c->at, col);
}

static int64_t changes(struct wg_store *store)
{
	return wg_pg_of(store)->changes;
}

static enum wg_code exec(struct wg_store *store, const char *sql, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	wg_pg_touch(pg);
	enum wg_code code = wg_pg_exec_on(store, &pg->main, sql, err);
	wg_pg_memo_clear(pg);
	return finish(store, code, err);
}

static bool in_transaction(struct wg_store *store)
{
	return wg_pg_of(store)->open;
}

/* The server does so by itself. */
static enum wg_code give_back(struct wg_store *store, uint64_t *freed, struct wg_err *err)
{
	(void)store;
	(void)err;
	*freed = 0;
	return WG_OK;
}

static enum wg_code scrub(struct wg_store *store, bool keys, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	const int patience = pg->patience;
	if (!keys)
		return WG_OK; /* what is gone of the main database is ciphertext without its head */
	pg->patience = patience > 0 ? SCRUB_MS : 0;
	enum wg_code code = wg_pg_exec_on(store, &pg->keys, "VACUUM head", err);
	pg->patience = patience;
	return code;
}

/* ---- open and close */

static enum wg_code open_both(struct wg_store *store, const struct wg_store_place *place, struct wg_err *err)
{
	struct wg_pg *pg = store->base = calloc(1, sizeof *pg);
	if (pg == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	pg->unsafe = place->unsafe;
	pg->conninfo[0] = strdup(place->database);
	pg->conninfo[1] = strdup(place->keys);
	pg->folder = strdup(place->folder);
	if (pg->conninfo[0] == NULL || pg->conninfo[1] == NULL || pg->folder == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	enum wg_code code = wg_pg_connect_both(pg, err);
	if (code == WG_OK)
		code = place->fill ? wg_pg_fill_begin(store, err) : wg_pg_not_copying(store, err);
	if (code == WG_OK)
		code = wg_pg_schema(store, err);
	if (code == WG_OK)
		code = wg_pg_node_join(store, place->folder, err);
	return code == WG_OK ? wg_pg_keys_open(store, err) : code;
}

static void close_both(struct wg_store *store)
{
	struct wg_pg *pg = store->base;
	if (pg == NULL)
		return;
	wg_pg_node_leave(store);
	for (int i = 0; i < PG_COUNT; i++) {
		PQclear(pg->stmt[i].rows);
		free(pg->stmt[i].text);
	}
	for (int i = 0; i < KEYS_COUNT; i++)
		free(pg->key_stmt[i].text);
	wg_pg_ahead_drop(pg, NULL);
	wg_pg_gather_free(pg);
	wg_pg_list_free(&pg->asks);
	free(pg->conninfo[0]);
	free(pg->conninfo[1]);
	free(pg->folder);
	wg_pg_reach_end(pg);
	wg_pg_hang_up(&pg->main.conn); /* what is committed is durable already */
	wg_pg_hang_up(&pg->keys.conn);
	free(pg);
	store->base = NULL;
}

const struct wg_driver wg_pg_driver = {
	.name = "postgresql",
	.shared = true,
	.beat = wg_pg_node_beat,
	.note = wg_pg_node_note,
	.open = open_both,
	.close = close_both,
	.mover = &wg_pg_mover,
	.look = wg_pg_look,
	.step_words = wg_pg_step_words,
	.ahead = wg_pg_ahead,
	.query = query,
	.step = step,
	.end = end,
	.run = run,
	.col_int = col_int,
	.col_text = col_text,
	.col_blob = col_blob,
	.cursor_open = cursor_open,
	.cursor_step = cursor_step,
	.cursor_int = cursor_int,
	.cursor_text = cursor_text,
	.cursor_end = cursor_end,
	.changes = changes,
	.check = wg_pg_refers_check,
	.exec = exec,
	.transact = wg_pg_transact,
	.wall = wg_pg_node_wall,
	.hurry = wg_pg_hurry,
	.reconnect = wg_pg_reconnect,
	.in_transaction = in_transaction,
	.give_back = give_back,
	.scrub = scrub,
	.keys_run = wg_pg_keys_run,
	.keys_put = wg_pg_keys_put,
	.keys_get = wg_pg_keys_get,
	.keys_gone = wg_pg_keys_gone,
	.keys_batch = wg_pg_keys_batch,
};
