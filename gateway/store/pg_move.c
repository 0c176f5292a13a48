/* pg_move.c owns PostgreSQL's part of a move: rows in and out by COPY in its binary form, references that are set aside
 * meanwhile, and the table that says that what stands beside it is not whole yet. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/keys_internal.h"
#include "store/move_internal.h"
#include "store/pg_internal.h"
#include "store/purge_internal.h"

#define MARK "copying"
/* PostgreSQL's manual, COPY, "Binary Format": signature, flags, length of what may follow them; at the end -1. */
static const char header[19] = "PGCOPY\n\377\r\n\0";
static const char trailer[2] = "\377\377";
#define SQL_MAX ((size_t)16 * 1024)

/* What is of this schema and not of an extension. */
#define OWN_TABLES                                                                                                     \
	"pg_class c WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND c.relkind " \
	"IN ('r','p','v','m','f') AND NOT"                                                                                 \
	" EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
#define OWN_FUNCTIONS                                                                                                  \
	"pg_proc p WHERE p.pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND NOT EXISTS " \
	"(SELECT 1 FROM"                                                                                                   \
	" pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"

static const char count_own[] =
	"SELECT (SELECT count(*) FROM " OWN_TABLES ") + (SELECT count(*) FROM " OWN_FUNCTIONS ")";
static const char drop_own[] =
	"DO $$ DECLARE name text; BEGIN"
	" FOR name IN SELECT c.oid::regclass::text FROM " OWN_TABLES " AND c.relkind IN ('r','p') AND c.relname <> '" MARK
	"' LOOP EXECUTE 'DROP TABLE ' || name || ' CASCADE'; END LOOP;"
	" FOR name IN SELECT p.oid::regprocedure::text FROM " OWN_FUNCTIONS
	" LOOP EXECUTE 'DROP FUNCTION IF EXISTS ' || name || ' CASCADE'; END LOOP; END $$";

/* Not what others have in the same database: a lock for each of their tables too may be more than the server has. */
static const char analyze_own[] =
	"DO $$ DECLARE name text; BEGIN FOR name IN SELECT c.oid::regclass::text FROM " OWN_TABLES
	" AND c.relkind IN ('r','p') LOOP EXECUTE 'ANALYZE ' || name; END LOOP; END $$";

/* ---- the mark */

static enum wg_code is_marked(struct wg_store *store, int64_t *marked, struct wg_err *err)
{
	return wg_pg_number_on(store, &wg_pg_of(store)->main,
	                       "SELECT CASE WHEN to_regclass('" MARK "') IS NULL THEN 0 ELSE 1 END", marked, err);
}

enum wg_code wg_pg_not_copying(struct wg_store *store, struct wg_err *err)
{
	int64_t marked = 0;
	enum wg_code code = is_marked(store, &marked, err);
	return code == WG_OK && marked != 0 ? wg_err_set(err, WG_CONFIG, "the database: " WG_MOVE_CUT) : code;
}

static enum wg_code check_empty(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	int64_t n = 0;
	enum wg_code code = wg_pg_number_on(store, &pg->main, count_own, &n, err);
	if (code == WG_OK && n > 0)
		return wg_err_set(err, WG_REJECT, "the database has tables or functions: " WG_MOVE_TAKEN);
	if (code == WG_OK)
		code = wg_pg_number_on(store, &pg->keys, count_own, &n, err);
	return code == WG_OK && n > 0
	           ? wg_err_set(err, WG_REJECT, "the database of the keys has tables or functions: " WG_MOVE_TAKEN)
	           : code;
}

enum wg_code wg_pg_fill_begin(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	int64_t marked = 0, mine = 0;
	/* until the connection ends: two copies into one database would each throw away the other's */
	enum wg_code code =
		wg_pg_number_on(store, &pg->main,
	                    "SELECT CASE WHEN pg_try_advisory_lock(2002875236, hashtext(current_schema()) + 1) THEN 1 ELSE"
	                    " 0 END",
	                    &mine, err);
	if (code == WG_OK && mine == 0)
		return wg_err_set(err, WG_AGAIN, "another copy into this database is under way");
	if (code == WG_OK)
		code = is_marked(store, &marked, err);
	if (code == WG_OK && marked == 0)
		code = check_empty(store, err);
	if (code == WG_OK && marked == 0)
		return wg_pg_exec_on(store, &pg->main, "CREATE TABLE " MARK "(begun_at TIMESTAMPTZ NOT NULL DEFAULT now())",
		                     err);
	/* behind the mark there is nothing but what a copy has made */
	if (code == WG_OK)
		code = wg_pg_exec_on(store, &pg->main, drop_own, err);
	return code == WG_OK ? wg_pg_exec_on(store, &pg->keys, drop_own, err) : code;
}

static enum wg_code release(struct wg_store *store, const char *folder, struct wg_err *err)
{
	(void)folder;
	return wg_pg_exec_on(store, &wg_pg_of(store)->main, "DROP TABLE " MARK, err);
}

/* ---- reading */

struct reader {
	PGconn *conn;
	char *row; /* libpq's */
	bool begun;
};

static enum wg_code read_open(struct wg_store *store, bool keys, const char *select, void **reader, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	WG_AUTO_FREE char *sql = NULL;
	struct reader *r = calloc(1, sizeof *r);
	*reader = r;
	if (r == NULL || asprintf(&sql, "COPY (%s) TO STDOUT (FORMAT binary)", select) < 0) {
		sql = NULL;
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	}
	struct wg_pg_pipe *pipe = keys ? &pg->keys : &pg->main;
	enum wg_code code = wg_pg_pipe_off(store, pipe, err);
	if (code != WG_OK)
		return code;
	r->conn = pipe->conn;
	PGresult *result = PQexec(r->conn, sql);
	if (PQresultStatus(result) != PGRES_COPY_OUT)
		code = wg_pg_fail(store, r->conn, result, select, err);
	PQclear(result);
	return code;
}

/* The server has said all: did it end well? */
static enum wg_code read_result(struct wg_store *store, struct reader *r, struct wg_err *err)
{
	PGresult *result = PQgetResult(r->conn);
	enum wg_code code =
		PQresultStatus(result) == PGRES_COMMAND_OK ? WG_OK : wg_pg_fail(store, r->conn, result, "COPY", err);
	for (; result != NULL; result = PQgetResult(r->conn))
		PQclear(result);
	return code;
}

/* A row comes in a piece of its own (PostgreSQL's manual, "COPY Operations"); the first has the header before it, the
 * last is the trailer alone or behind the header. */
static enum wg_code read_next(struct wg_store *store, void *reader, const uint8_t **row, size_t *len,
                              struct wg_err *err)
{
	struct reader *r = reader;
	*row = NULL;
	for (;;) {
		PQfreemem(r->row);
		r->row = NULL;
		const int n = PQgetCopyData(r->conn, &r->row, 0);
		if (n == -1)
			return read_result(store, r, err);
		if (n < 0)
			return wg_pg_fail(store, r->conn, NULL, "COPY", err);
		const uint8_t *p = (const uint8_t *)r->row;
		size_t left = (size_t)n;
		if (!r->begun) {
			if (left < sizeof header || memcmp(p, header, sizeof header) != 0)
				return wg_err_set(err, WG_SYSTEM, "PostgreSQL: the rows do not come in the form that was asked for");
			r->begun = true;
			p += sizeof header;
			left -= sizeof header;
		}
		if (left == 0 || (left == sizeof trailer && memcmp(p, trailer, sizeof trailer) == 0))
			continue;
		*row = p;
		*len = left;
		return WG_OK;
	}
}

static void read_end(struct wg_store *store, void *reader)
{
	struct reader *r = reader;
	(void)store;
	if (r != NULL)
		PQfreemem(r->row);
	free(r);
}

/* ---- writing */

struct writer {
	PGconn *conn;
	bool open;
};

static enum wg_code send(struct wg_store *store, const struct writer *w, const void *p, size_t len, struct wg_err *err)
{
	return PQputCopyData(w->conn, p, (int)len) == 1 ? WG_OK : wg_pg_fail(store, w->conn, NULL, "COPY", err);
}

static enum wg_code write_open(struct wg_store *store, const struct wg_move_table *table, void **writer,
                               struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	WG_AUTO_BUF struct wg_buf sql = WG_BUF(SQL_MAX);
	struct writer *w = calloc(1, sizeof *w);
	*writer = w;
	if (w == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	struct wg_pg_pipe *pipe = table->keys ? &pg->keys : &pg->main;
	w->conn = pipe->conn;
	pg->wrote = true;
	wg_buf_printf(&sql, "COPY \"%s\"(", table->name);
	for (unsigned i = 0; i < table->count; i++)
		wg_buf_printf(&sql, "%s\"%s\"", i == 0 ? "" : ", ", table->columns[i].name);
	wg_buf_puts(&sql, ") FROM STDIN (FORMAT binary)");
	enum wg_code code = wg_buf_check(&sql, "a statement", err);
	if (code == WG_OK)
		code = wg_pg_pipe_off(store, pipe, err);
	if (code != WG_OK)
		return code;
	PGresult *result = PQexec(w->conn, wg_buf_text(&sql));
	w->open = PQresultStatus(result) == PGRES_COPY_IN;
	code = w->open ? WG_OK : wg_pg_fail(store, w->conn, result, wg_buf_text(&sql), err);
	PQclear(result);
	return code == WG_OK ? send(store, w, header, sizeof header, err) : code;
}

static enum wg_code put(struct wg_store *store, void *writer, const uint8_t *row, size_t len, struct wg_err *err)
{
	return send(store, writer, row, len, err);
}

static enum wg_code write_end(struct wg_store *store, void *writer, bool good, struct wg_err *err)
{
	struct writer *w = writer;
	enum wg_code code = WG_OK;
	if (w != NULL && w->open) {
		if (good)
			code = send(store, w, trailer, sizeof trailer, err);
		if (PQputCopyEnd(w->conn, good && code == WG_OK ? NULL : "cut off") != 1 && code == WG_OK)
			code = wg_pg_fail(store, w->conn, NULL, "COPY", err);
		PGresult *result = PQgetResult(w->conn);
		if (code == WG_OK && good && PQresultStatus(result) != PGRES_COMMAND_OK)
			code = wg_pg_fail(store, w->conn, result, "COPY", err);
		for (; result != NULL; result = PQgetResult(w->conn))
			PQclear(result);
	}
	free(w);
	return code;
}

static enum wg_code keys_exec(struct wg_store *store, const char *sql, struct wg_err *err)
{
	return wg_pg_exec_on(store, &wg_pg_of(store)->keys, sql, err);
}

/* ---- around */

/* Between two statements of a copy may lie as long as the other side takes; and whoever waits for the turn gives up. */
#define PATIENT "SET idle_in_transaction_session_timeout = 0"

/* The lock of the folder is this machine's; of others the table of nodes knows. Who was killed stays in it: after half
 * a minute it is certainly none that works. */
static enum wg_code alone(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	char sql[160];
	int64_t n = 0;
	(void)snprintf(sql, sizeof sql,
	               "SELECT count(*) FROM node WHERE id <> %lld AND seen_at > now() - interval '30 seconds'",
	               (long long)pg->node); /* it fits */
	enum wg_code code = wg_pg_number_on(store, &pg->main, sql, &n, err);
	if (code == WG_OK && n > 0)
		code = wg_err_set(err, WG_AGAIN,
		                  "%lld gateways worked on this database within the last 30 seconds: stop them first, on every "
		                  "machine (one that was killed counts until that time has passed)",
		                  (long long)n);
	if (code == WG_OK)
		code = wg_pg_exec_on(store, &pg->main, PATIENT, err);
	return code == WG_OK ? wg_pg_exec_on(store, &pg->keys, PATIENT, err) : code;
}

static enum wg_code ready(struct wg_store *store, const char *folder, uint64_t bytes, struct wg_err *err)
{
	(void)folder;
	(void)bytes; /* the server does not tell what is free */
	enum wg_code code = wg_pg_exec_on(store, &wg_pg_of(store)->main, PATIENT, err);
	return code == WG_OK ? wg_pg_exec_on(store, &wg_pg_of(store)->keys, PATIENT, err) : code;
}

static enum wg_code text_of(struct wg_store *store, const char *sql, char **out, struct wg_err *err)
{
	struct wg_pg_pipe *pipe = &wg_pg_of(store)->main;
	enum wg_code code = wg_pg_pipe_off(store, pipe, err);
	if (code != WG_OK)
		return code;
	PGresult *r = PQexec(pipe->conn, sql);
	if (PQresultStatus(r) != PGRES_TUPLES_OK || PQntuples(r) != 1)
		code = wg_pg_fail(store, pipe->conn, r, sql, err);
	if (code == WG_OK && (*out = strdup(PQgetvalue(r, 0, 0))) == NULL)
		code = wg_err_set(err, WG_SYSTEM, "out of memory");
	PQclear(r);
	return code;
}

#define REFERENCES                                                                                        \
	"pg_constraint WHERE contype = 'f' AND connamespace = (SELECT oid FROM pg_namespace WHERE nspname = " \
	"current_schema())"
#define COUNTED                                                                                             \
	"(SELECT DISTINCT tgrelid::regclass AS t FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE NOT " \
	"tgisinternal"                                                                                          \
	" AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) AS counted"

static enum wg_code loosen(struct wg_store *store, char **held, struct wg_err *err)
{
	WG_AUTO_FREE char *drop = NULL;
	enum wg_code code = text_of(store,
	                            "SELECT coalesce(string_agg(format('ALTER TABLE %s ADD CONSTRAINT %I %s;',"
	                            " conrelid::regclass, conname, pg_get_constraintdef(oid)), ' '), '') || (SELECT"
	                            " coalesce(string_agg(format('ALTER TABLE %s ENABLE TRIGGER USER;', t), ' '), '')"
	                            " FROM " COUNTED ") FROM " REFERENCES,
	                            held, err);
	if (code == WG_OK)
		code = text_of(store,
		               "SELECT coalesce(string_agg(format('ALTER TABLE %s DROP CONSTRAINT %I;', conrelid::regclass,"
		               " conname), ' '), '') || (SELECT coalesce(string_agg(format('ALTER TABLE %s DISABLE TRIGGER"
		               " USER;', t), ' '), '') FROM " COUNTED ") FROM " REFERENCES,
		               &drop, err);
	return code == WG_OK ? wg_pg_exec_on(store, &wg_pg_of(store)->main, drop, err) : code;
}

/* Each reference is held against the rows as it comes back: whole tables against whole tables, as no question of a
 * gateway that works is (pg_connect.c). Numbers of nodes go on above all that a lease bears: none
 * of those is mistaken for its own by a process that starts. */
static enum wg_code bind(struct wg_store *store, char **held, struct wg_err *err)
{
	struct wg_pg_pipe *conn = &wg_pg_of(store)->main;
	enum wg_code code =
		wg_pg_exec_on(store, conn, "SET enable_seqscan = on; SET enable_hashjoin = on; SET enable_mergejoin = on", err);
	if (code == WG_OK)
		code = wg_pg_exec_on(store, conn, *held, err);
	wg_pg_memo_clear(wg_pg_of(store)); /* what it remembers of the empty one */
	free(*held);
	*held = NULL;
	if (code == WG_OK)
		code =
			wg_pg_exec_on(store, conn,
		                  "SELECT setval(pg_get_serial_sequence('node', 'id'), (SELECT max(n) FROM (SELECT max(id) AS"
		                  " n FROM node UNION ALL SELECT max(lease_owner >> 32) FROM message UNION ALL SELECT"
		                  " max(lease_owner >> 32) FROM delivery) AS taken))",
		                  err);
	return code == WG_OK ? wg_pg_exec_on(store, conn, analyze_own, err) : code;
}

const struct wg_mover wg_pg_mover = {
	/* node, writer, version and work are about the machines and the schema, not about what is kept */
	.catalogue =
		"SELECT c.relname::text, a.attname::text, CASE a.atttypid WHEN 20 THEN 'i' WHEN 25 THEN 't' WHEN 17 THEN"
		" 'b' ELSE '?' END, coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0), CASE WHEN"
		" a.attidentity <> '' THEN 1 ELSE 0 END FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND"
		" a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary"
		" WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND c.relkind = 'r' "
		"AND c.relname NOT IN"
		" ('node', 'writer', 'version', 'work', '" MARK "') ORDER BY c.relname::text COLLATE \"C\", a.attname::text"
		" COLLATE \"C\"",
	.size = "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE relnamespace ="
			" (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND relkind = 'r'",
	.last = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('\"%1$s\"', '%2$s')::regclass), 0)",
	.last_put = "SELECT setval(pg_get_serial_sequence('\"%1$s\"', '%2$s'), %3$lld)",
	.alone = alone,
	.read = read_open,
	.next = read_next,
	.read_end = read_end,
	.write = write_open,
	.put = put,
	.write_end = write_end,
	.keys_exec = keys_exec,
	.ready = ready,
	.loosen = loosen,
	.bind = bind,
	.release = release,
};
