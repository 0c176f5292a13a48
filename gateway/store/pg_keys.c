/* pg_keys.c owns the keys of blobs in their database. A row that is deleted is no more to be read at once,
 * and its room is overwritten after the vacuum that follows; what the server archives of its write-ahead log, and
 * copies of this database, hold it for as long as they are kept (ops/postgresql). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/keys_internal.h"
#include "store/pg_internal.h"

/* As sqlite_keys.c, the version too. */
static const char schema[] =
	"CREATE TABLE IF NOT EXISTS head(id BIGINT PRIMARY KEY, bytes BYTEA NOT NULL);"
	"CREATE TABLE IF NOT EXISTS gone(id BIGINT PRIMARY KEY, at BIGINT NOT NULL);"
	"CREATE TABLE IF NOT EXISTS batch(one BIGINT PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL, first BIGINT NOT "
	"NULL,"
	" last BIGINT NOT NULL, state BIGINT NOT NULL, version BIGINT NOT NULL);"
	"INSERT INTO batch(one, name, first, last, state, version) VALUES(1, '%s', 1, 0, 0, 2) ON CONFLICT DO NOTHING;";

static const char *const texts[KEYS_COUNT] = {
	[KEYS_BEGIN] = "BEGIN",
	[KEYS_COMMIT] = "COMMIT",
	[KEYS_BATCH_GET] = "SELECT name, first, last, state FROM batch",
	[KEYS_BATCH_PUT] = "UPDATE batch SET first = $1, last = $2, state = $3",
	[KEYS_RAISE] = "UPDATE batch SET first = $1 WHERE first < $1",
	[KEYS_SETTLE] = "UPDATE batch SET state = 0 WHERE state <> 0",
	[KEYS_PUT] = "INSERT INTO head(id, bytes) VALUES($1, $2)",
	[KEYS_GET] = "SELECT bytes FROM head WHERE id = $1",
	[KEYS_DROP] = "DELETE FROM head WHERE id = $1",
	[KEYS_DROP_FROM] = "DELETE FROM head WHERE id >= $1",
	[KEYS_GONE_PUT] = "INSERT INTO gone(id, at) VALUES($1, $2) ON CONFLICT(id) DO NOTHING",
	[KEYS_GONE_GET] = "SELECT at FROM gone WHERE id = $1",
};

/* Any failure of this database is a fault: nothing may go on without its keys. */
static enum wg_code fail(struct wg_store *store, enum wg_code code, const char *what, struct wg_err *err)
{
	if (store->fault.code == WG_OK)
		wg_err_set(&store->fault, WG_SYSTEM, "keys: %s: %s", what, err != NULL ? err->text : wg_code_name(code));
	return wg_store_fault(store, err);
}

static enum wg_code send(struct wg_store *store, enum wg_keys_sql id, const struct wg_arg *args, size_t count,
                         struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	struct wg_pg_stmt *s = &pg->key_stmt[id];
	struct wg_pg_args a;
	if (store->fault.code != WG_OK)
		return wg_store_fault(store, err);
	(void)wg_pg_bind(&a, args, count); /* three at most */
	if (s->text == NULL) {
		(void)snprintf(s->name, sizeof s->name, "k%d", (int)id);
		s->text = strdup(texts[id]);
		s->binary = true;
	}
	if (s->text == NULL)
		return fail(store, WG_SYSTEM, "statement", err);
	enum wg_code code = wg_pg_pipe_send(store, &pg->keys, s, &a, count, err);
	return code == WG_OK ? WG_OK : fail(store, code, texts[id], err);
}

static enum wg_code ask(struct wg_store *store, enum wg_keys_sql id, const struct wg_arg *args, size_t count,
                        PGresult **out, struct wg_err *err)
{
	*out = NULL;
	enum wg_code code = send(store, id, args, count, err);
	if (code != WG_OK)
		return code;
	code = wg_pg_pipe_settle(store, &wg_pg_of(store)->keys, out, err);
	return code == WG_OK ? WG_OK : fail(store, code, texts[id], err);
}

enum wg_code wg_pg_keys_run(struct wg_store *store, enum wg_keys_sql id, const int64_t *args, size_t count,
                            struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	struct wg_arg list[3];
	PGresult *r = NULL;
	for (size_t i = 0; i < count; i++)
		list[i] = wg_db_int(args[i]);
	/* Between the two what fails is told at the end. */
	if (pg->keys_open && id != KEYS_COMMIT)
		return send(store, id, list, count, err);
	enum wg_code code = pg->open ? wg_pg_be_certain(store, err) : WG_OK;
	if (code != WG_OK)
		return code;
	pg->keys_open = id == KEYS_BEGIN;
	if (pg->keys_open)
		return send(store, id, list, count, err);
	code = ask(store, id, list, count, &r, err);
	if (code == WG_OK && id == KEYS_COMMIT && strcmp(PQcmdStatus(r), "COMMIT") != 0)
		code = fail(store, WG_SYSTEM, PQcmdStatus(r), err);
	PQclear(r);
	return code;
}

enum wg_code wg_pg_keys_put(struct wg_store *store, int64_t id, const uint8_t *p, size_t len, struct wg_err *err)
{
	const struct wg_arg list[] = { wg_db_int(id), wg_db_blob(p, len) };
	return send(store, KEYS_PUT, list, 2, err);
}

enum wg_code wg_pg_keys_get(struct wg_store *store, int64_t id, uint8_t out[WG_STORE_HEAD], size_t *len,
                            struct wg_err *err)
{
	PGresult *r = NULL;
	const struct wg_arg list[] = { wg_db_int(id) };
	enum wg_code code = ask(store, KEYS_GET, list, 1, &r, err);
	*len = 0;
	if (code == WG_OK && PQntuples(r) == 1) {
		size_t have = (size_t)PQgetlength(r, 0, 0);
		*len = have < WG_STORE_HEAD ? have : WG_STORE_HEAD;
		memcpy(out, PQgetvalue(r, 0, 0), *len);
		wg_wipe(PQgetvalue(r, 0, 0), have); /* what libpq read it into is not to be reached from here */
	}
	PQclear(r);
	return code;
}

enum wg_code wg_pg_keys_gone(struct wg_store *store, int64_t id, int64_t *at, struct wg_err *err)
{
	PGresult *r = NULL;
	const struct wg_arg list[] = { wg_db_int(id) };
	enum wg_code code = ask(store, KEYS_GONE_GET, list, 1, &r, err);
	*at = code == WG_OK && PQntuples(r) == 1 ? wg_pg_int(r, 0, 0) : 0;
	PQclear(r);
	return code;
}

enum wg_code wg_pg_keys_batch(struct wg_store *store, struct wg_keys_batch *out, struct wg_err *err)
{
	PGresult *r = NULL;
	enum wg_code code = ask(store, KEYS_BATCH_GET, NULL, 0, &r, err);
	if (code == WG_OK && PQntuples(r) != 1)
		code = fail(store, WG_CORRUPT, "batch has no row, or many", err);
	if (code == WG_OK) {
		(void)snprintf(out->name, sizeof out->name, "%s", PQgetvalue(r, 0, 0)); /* an id: it fits */
		out->first = wg_pg_int(r, 0, 1);
		out->last = wg_pg_int(r, 0, 2);
		out->state = (int)wg_pg_int(r, 0, 3);
	}
	PQclear(r);
	return code;
}

enum wg_code wg_pg_keys_open(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	struct wg_keys_batch b;
	char name[WG_ID_TEXT], sql[sizeof schema + WG_ID_TEXT];
	int64_t there = 0, version = 0;
	enum wg_code code = wg_pg_number_on(store, &pg->keys,
	                                    "SELECT CASE WHEN to_regclass('batch') IS NULL THEN 0 ELSE 1 END", &there, err);
	if (code == WG_OK && there == 0)
		code = wg_id_make(wg_clock_now(), name, err);
	if (code == WG_OK && there == 0) {
		(void)snprintf(sql, sizeof sql, schema, name); /* it fits */
		code = wg_pg_exec_on(store, &pg->keys, sql, err);
	}
	if (code == WG_OK)
		code = wg_pg_number_on(store, &pg->keys, "SELECT version FROM batch", &version, err);
	if (code == WG_OK && version > 2)
		code = wg_err_set(err, WG_CONFIG, "the database of the keys was made by a newer program: use that");
	if (code == WG_OK && version == 1)
		code = wg_pg_exec_on(store, &pg->keys, "UPDATE batch SET version = 2", err);
	if (code == WG_OK)
		code = wg_pg_keys_batch(store, &b, err);
	if (code == WG_OK) {
		memcpy(store->keys->name, b.name, sizeof b.name);
		store->keys->last = store->keys->end = b.last;
	}
	return code;
}
