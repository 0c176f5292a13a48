/* Where a test's store is: SQLite in its folder; or, with WG_TEST_POSTGRESQL (the folder of a server's socket), two
 * schemas of a real PostgreSQL, one for the keys, named after the folder. Tests are the same for both. */
#ifndef TESTS_STORE_PG_H
#define TESTS_STORE_PG_H

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/server.h"
#include "store/sql_internal.h"

static inline const char *pg_socket(void)
{
	return getenv("WG_TEST_POSTGRESQL");
}

/* Makes the tables those of schema version 7, as far as version 8 changes them. */
#define PG_BEFORE_8                                                                                                  \
	"ALTER TABLE child_key DROP CONSTRAINT child_key_short, DROP CONSTRAINT child_key_pkey, ADD PRIMARY KEY(key, "   \
	"kind, "                                                                                                         \
	"child); DROP INDEX child_key_key; CREATE INDEX child_key_child ON child_key(child);"                            \
	"ALTER TABLE episode_reference DROP CONSTRAINT episode_reference_short, DROP CONSTRAINT episode_reference_pkey," \
	" ADD PRIMARY KEY(key, episode); DROP INDEX episode_reference_key; CREATE INDEX episode_reference_episode ON"    \
	" episode_reference(episode);"

struct pg_place {
	char database[256], keys[256];
	struct wg_store_place place;
};

static inline void pg_make_schema(const char *conninfo, const char *name)
{
	char sql[96];
	PGconn *conn = PQconnectdb(conninfo);
	(void)snprintf(sql, sizeof sql, "CREATE SCHEMA IF NOT EXISTS \"%s\"", name); /* short */
	PGresult *r = PQexec(conn, sql);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		(void)fprintf(stderr, "the PostgreSQL of the tests: %s", PQerrorMessage(conn));
	PQclear(r);
	PQfinish(conn);
}

static inline void pg_conninfo(char *out, size_t size, const char *schema)
{
	(void)snprintf(out, size, "host=%s dbname=postgres user=wardgate options='-csearch_path=\"%s\"'", pg_socket(),
	               schema); /* both are short */
}

static inline const struct wg_store_place *pg_place(struct pg_place *p, const char *folder)
{
	p->place = (struct wg_store_place){ .folder = folder };
	if (pg_socket() == NULL)
		return &p->place;
	const char *slash = strrchr(folder, '/');
	char name[48], keys[56];
	(void)snprintf(name, sizeof name, "%s", slash != NULL ? slash + 1 : folder);
	(void)snprintf(keys, sizeof keys, "%s-keys", name);
	pg_conninfo(p->database, sizeof p->database, name);
	pg_conninfo(p->keys, sizeof p->keys, keys);
	pg_make_schema(p->database, name);
	pg_make_schema(p->database, keys);
	p->place.database = p->database;
	p->place.keys = p->keys;
	p->place.unsafe = true;
	return &p->place;
}

static inline enum wg_code pg_store_open(const char *folder, struct wg_store **out, struct wg_err *err)
{
	struct pg_place p;
	return wg_store_open_at(pg_place(&p, folder), out, err);
}

static inline enum wg_code pg_server_open(const char *folder, struct wg_server **out, struct wg_err *err)
{
	struct pg_place p;
	return wg_server_open_at(pg_place(&p, folder), out, err);
}

/* What is asked of SQLite's own files or of the kernel below it: there is nothing like it in the other. */
static inline bool of_sqlite_only(void)
{
	if (pg_socket() != NULL)
		(void)fprintf(stderr, "(a test of SQLite's files)\n");
	return pg_socket() != NULL;
}

#define EITHER(sqlite, postgresql) (pg_socket() == NULL ? (sqlite) : (postgresql))

/* Tests spoil the database in SQLite's words: the handful that PostgreSQL has others for. */
static inline enum wg_code pg_exec(struct wg_store *store, const char *text, struct wg_err *err)
{
	static const char *const words[][2] = { { "x'00'", "'\\x00'::bytea" },
		                                    { "x''", "''::bytea" },
		                                    { "AS BLOB)", "AS BYTEA)" },
		                                    { "TRIGGER exemption_fixed", "TRIGGER exemption_kept ON exemption" },
		                                    { "TRIGGER exemption_kept;", "TRIGGER exemption_kept ON exemption;" },
		                                    { "TRIGGER receipt_kept;", "TRIGGER receipt_kept ON receipt;" },
		                                    { "TRIGGER disclosure_kept;", "TRIGGER disclosure_kept ON disclosure;" },
		                                    { "TRIGGER disclosure_fixed;", "TRIGGER disclosure_kept ON disclosure;" },
		                                    { "TRIGGER log_kept;", "TRIGGER log_kept ON log;" },
		                                    { "TRIGGER log_fixed;", "TRIGGER log_kept ON log;" } };
	char out[4096];
	size_t n = 0;
	while (*text != '\0' && n < sizeof out - 64) {
		size_t i = 0;
		while (i < sizeof words / sizeof words[0] && strncmp(text, words[i][0], strlen(words[i][0])) != 0)
			i++;
		if (pg_socket() != NULL && i < sizeof words / sizeof words[0]) {
			n += (size_t)snprintf(out + n, 64, "%s", words[i][1]); /* shorter than that */
			text += strlen(words[i][0]);
		} else
			out[n++] = *text++;
	}
	out[n] = '\0';
	return wg_db_exec(store, out, err);
}

#define wg_db_exec pg_exec
#define wg_store_open pg_store_open
#define wg_server_open pg_server_open

#endif
