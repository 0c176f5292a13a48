/* pg_connect.c owns how PostgreSQL is reached: what a connection string must not and need not say, and what the server
 * must promise before it is trusted with what was accepted. */
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/asan.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/pg_internal.h"

/* Ends a connection whose other side is gone, in seconds and ms: a failover is not waited for longer, nor an answer
 * while gateways wait (pg_wait.c). */
#define CONNECT_S "3"
#define CONNECT_MS 3000
#define OPTIONS_MAX 64
#define PICKED 3 /* options that are lists, one entry a host */
/* A process that stops in the middle of a transaction holds up all nodes: the server ends it then. Under sanitizers one
 * that only reckons is silent for so long. */
#if WG_ASAN
#define HANGS "120s"
#define SILENT_MS "120000"
#else
#define HANGS "10s"
#define SILENT_MS "5000"
#endif
static const char settings[] =
	"SET client_min_messages = warning; SET idle_in_transaction_session_timeout = '" HANGS "';"
	" SET lock_timeout = '60s'; SET jit = off; SET datestyle = 'ISO'; SET standard_conforming_strings = on;"
	/* every statement has its index (tests/store/test_pg_plans): planned once, whatever the values, and not by how
       large tables were when somebody last counted them, which of a new store is nothing */
	" SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off;"
	" SET enable_mergejoin = off; SET enable_bitmapscan = off;";

/* A server whose client has gone notices that while it waits for a lock or a standby, and by itself where nobody told
 * it: else every try to come back would leave one more that waits. */
static const char leaving[] = "SET client_connection_check_interval = '2s'; SET tcp_keepalives_idle = 5;"
							  " SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 2;";

const char *const wg_pg_names[2] = { "database", "keys" };

struct options {
	const char *names[OPTIONS_MAX + 1], *values[OPTIONS_MAX + 1];
	size_t count;
};

static void options_free(PQconninfoOption **list)
{
	PQconninfoFree(*list);
}

static const char *value_of(const PQconninfoOption *list, const char *name)
{
	for (; list->keyword != NULL; list++)
		if (strcmp(list->keyword, name) == 0)
			return list->val != NULL && *list->val != '\0' ? list->val : NULL;
	return NULL;
}

static void add(struct options *o, const char *name, const char *value)
{
	if (o->count < OPTIONS_MAX) {
		o->names[o->count] = name;
		o->values[o->count++] = value;
	}
}

/* Sockets of this machine, and it alone: everything else has to prove who it is. So does what is not named here: it is
 * libpq's default, a Unix socket, where nothing is asked of TLS, or what the environment or a service file says. */
static bool is_local(const char *hosts)
{
	if (hosts == NULL)
		return false;
	for (const char *p = hosts; *p != '\0'; p += *p == ',') {
		size_t n = strcspn(p, ",");
		bool local = *p == '/' || (n == 9 && memcmp(p, "127.0.0.1", 9) == 0) || (n == 3 && memcmp(p, "::1", 3) == 0);
		if (!local)
			return false;
		p += n;
	}
	return true;
}

static enum wg_code complete(const PQconninfoOption *given, const char *what, struct options *o, struct wg_err *err)
{
	const char *hosts = value_of(given, "host"), *addresses = value_of(given, "hostaddr"),
			   *tls = value_of(given, "sslmode");
	bool local = is_local(addresses != NULL ? addresses : hosts);
	if (value_of(given, "password") != NULL)
		return wg_err_set(err, WG_CONFIG,
		                  "%s: a password in the configuration is read by whoever reads that: use passfile=, a client "
		                  "certificate, or peer",
		                  what);
	if (!local && tls != NULL && strcmp(tls, "verify-full") != 0)
		return wg_err_set(err, WG_CONFIG,
		                  "%s: sslmode=%s does not prove who the server is: leave it out, or verify-full", what, tls);
	for (const PQconninfoOption *p = given; p->keyword != NULL; p++)
		if (p->val != NULL && *p->val != '\0')
			add(o, p->keyword, p->val);
	static const char *const defaults[][2] = { { "application_name", "wardgate" }, { "client_encoding", "UTF8" },
		                                       { "connect_timeout", CONNECT_S },   { "gssencmode", "disable" },
		                                       { "tcp_user_timeout", SILENT_MS },  { "keepalives_idle", "5" },
		                                       { "keepalives_interval", "5" },     { "keepalives_count", "2" } };
	for (size_t i = 0; i < WG_COUNT(defaults); i++)
		if (value_of(given, defaults[i][0]) == NULL)
			add(o, defaults[i][0], defaults[i][1]);
	if (!local && tls == NULL)
		add(o, "sslmode", "verify-full");
	if (value_of(given, "target_session_attrs") == NULL)
		add(o, "target_session_attrs", "read-write");
	return WG_OK;
}

static void show(struct wg_pg *pg, PGconn *conn, const char *name, char *out, size_t size)
{
	char sql[64];
	(void)snprintf(sql, sizeof sql, "SHOW %s", name); /* our own names */
	PGresult *r = wg_pg_ask(pg, conn, sql);
	(void)snprintf(out, size, "%s", PQresultStatus(r) == PGRES_TUPLES_OK ? PQgetvalue(r, 0, 0) : "?"); /* short */
	PQclear(r);
}

/* What is acknowledged has to be on the server's disk, whole. */
static enum wg_code check_promises(struct wg_pg *pg, PGconn *conn, const char *what, struct wg_err *err)
{
	char value[32];
	static const char *const needed[] = { "fsync", "full_page_writes" };
	if (PQserverVersion(conn) < 140000)
		return wg_err_set(err, WG_CONFIG, "%s: PostgreSQL %d is too old: 14 at least", what,
		                  PQserverVersion(conn) / 10000);
	for (size_t i = 0; !pg->unsafe && i < WG_COUNT(needed); i++) {
		show(pg, conn, needed[i], value, sizeof value);
		if (strcmp(value, "on") != 0)
			return wg_err_set(err, WG_CONFIG,
			                  "%s: the server runs with %s=%s, and would lose what it said it has: switch it on", what,
			                  needed[i], value);
	}
	show(pg, conn, "synchronous_commit", value, sizeof value);
	if (pg->unsafe || strcmp(value, "on") == 0 || strcmp(value, "remote_apply") == 0)
		return WG_OK;
	PGresult *r = wg_pg_ask(pg, conn, "SET synchronous_commit = on");
	bool good = PQresultStatus(r) == PGRES_COMMAND_OK;
	PQclear(r);
	return good ? WG_OK
	            : wg_err_set(err, WG_CONFIG, "%s: synchronous_commit=%s, and it cannot be set: switch it on", what,
	                         value);
}

/* libpq would write to stderr what the server says by the way, as a last word too. */
static void silent(void *arg, const char *words)
{
	(void)arg;
	(void)words;
}

/* The part of a list that belongs to one of the hosts; a list of one belongs to all. */
static char *part_of(const char *list, unsigned host)
{
	if (strchr(list, ',') == NULL)
		return strdup(list);
	for (; host > 0 && *list != '\0'; list++)
		host -= *list == ',';
	return strndup(list, strcspn(list, ","));
}

static unsigned hosts_of(const PQconninfoOption *given)
{
	const char *addresses = value_of(given, "hostaddr"), *names = value_of(given, "host");
	unsigned count = 1;
	for (const char *p = addresses != NULL ? addresses : names; p != NULL && *p != '\0'; p++)
		count += *p == ',';
	return count;
}

/* All but one of the hosts are taken out. */
static enum wg_code pick(struct options *o, unsigned host, char *own[PICKED], struct wg_err *err)
{
	static const char *const lists[PICKED] = { "host", "hostaddr", "port" };
	for (size_t i = 0; i < o->count; i++)
		for (size_t k = 0; k < PICKED; k++)
			if (strcmp(o->names[i], lists[k]) == 0) {
				own[k] = part_of(o->values[i], host);
				o->values[i] = own[k];
				if (own[k] == NULL)
					return wg_err_set(err, WG_SYSTEM, "out of memory");
			}
	return WG_OK;
}

/* Begun only, to the host of that number; ALL: done, to the first that takes it. */
#define ALL UINT_MAX
static enum wg_code start(struct wg_pg *pg, const char *conninfo, const char *what, unsigned host, PGconn **out,
                          struct wg_err *err)
{
	char *words = NULL, *own[PICKED] = { NULL };
	struct options o = { .count = 0 };
	uint64_t number = 0;
	WG_CLEANUP(options_free) PQconninfoOption *given = PQconninfoParse(conninfo, &words);
	if (given == NULL) {
		enum wg_code code = wg_err_set(err, WG_CONFIG, "%s: %s", what, words != NULL ? words : "out of memory");
		PQfreemem(words);
		return code;
	}
	enum wg_code code = complete(given, what, &o, err);
	pg->reach.hosts = hosts_of(given);
	pg->reach.limit_ms = CONNECT_MS; /* also of one that is told to wait for ever: there may be others */
	for (size_t i = 0; code == WG_OK && i < o.count; i++)
		if (strcmp(o.names[i], "tcp_user_timeout") == 0 && wg_num_parse(o.values[i], 1, INT_MAX / 2, &number))
			pg->answer_ms = (int)number;
		else if (strcmp(o.names[i], "connect_timeout") == 0 && wg_num_parse(o.values[i], 1, INT_MAX / 2000, &number))
			pg->reach.limit_ms = (int)number * 1000;
	if (code == WG_OK && host != ALL)
		code = pick(&o, host, own, err);
	if (code == WG_OK)
		*out = host == ALL ? PQconnectdbParams(o.names, o.values, 0) : PQconnectStartParams(o.names, o.values, 0);
	for (size_t k = 0; k < PICKED; k++)
		free(own[k]);
	return code;
}

enum wg_code wg_pg_connect_start(struct wg_pg *pg, unsigned which, unsigned host, PGconn **out, struct wg_err *err)
{
	return start(pg, pg->conninfo[which], wg_pg_names[which], host, out, err);
}

enum wg_code wg_pg_connected(struct wg_pg *pg, PGconn *conn, const char *what, struct wg_err *err)
{
	(void)PQsetNoticeProcessor(conn, silent, NULL);
	if (PQstatus(conn) != CONNECTION_OK)
		return wg_err_set(err, WG_AGAIN, "%s: PostgreSQL cannot be reached: %s", what, PQerrorMessage(conn));
	PGresult *r = wg_pg_ask(pg, conn, settings);
	enum wg_code code = WG_OK;
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		code = wg_err_set(err, PQstatus(conn) == CONNECTION_OK ? WG_CONFIG : WG_AGAIN, "%s: %s", what,
		                  PQerrorMessage(conn));
	PQclear(r);
	PQclear(wg_pg_ask(pg, conn, leaving)); /* where the server's system cannot do that it goes without */
	return code == WG_OK ? check_promises(pg, conn, what, err) : code;
}

enum wg_code wg_pg_connect(struct wg_pg *pg, const char *conninfo, const char *what, PGconn **out, struct wg_err *err)
{
	PGconn *conn = NULL;
	enum wg_code code = start(pg, conninfo, what, ALL, &conn, err);
	if (code == WG_OK)
		code = wg_pg_connected(pg, conn, what, err);
	if (code == WG_OK)
		*out = conn;
	else
		wg_pg_hang_up(&conn);
	return code;
}

enum wg_code wg_pg_connect_both(struct wg_pg *pg, struct wg_err *err)
{
	const struct passwd *me = getenv("PGUSER") == NULL ? getpwuid(geteuid()) : NULL;
	if (me != NULL) /* libpq's default, which cannot be asked any more once the process is confined */
		(void)setenv("PGUSER", me->pw_name, 0); /* without memory libpq says so */
	enum wg_code code = wg_pg_connect(pg, pg->conninfo[0], wg_pg_names[0], &pg->main.conn, err);
	return code == WG_OK ? wg_pg_connect(pg, pg->conninfo[1], wg_pg_names[1], &pg->keys.conn, err) : code;
}

static enum wg_code keep_path(const char *path, char *out[WG_STORE_READS], size_t *count, struct wg_err *err)
{
	if (path == NULL || *path == '\0' || access(path, R_OK) != 0 || *count == WG_STORE_READS)
		return WG_OK;
	out[*count] = strdup(path);
	if (out[*count] == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	++*count;
	return WG_OK;
}

/* Those that are named, and those that libpq looks for by itself. */
static enum wg_code reads_of(const char *conninfo, char *out[WG_STORE_READS], size_t *count, struct wg_err *err)
{
	static const char *const options[] = { "passfile", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslcrldir" };
	static const char *const homely[] = { ".pgpass", ".postgresql" };
	const char *home = getenv("HOME"); /* one thread, at the start */
	char *words = NULL;
	WG_CLEANUP(options_free) PQconninfoOption *given = PQconninfoParse(conninfo, &words);
	enum wg_code code = given != NULL ? WG_OK : wg_err_set(err, WG_CONFIG, "%s", words != NULL ? words : "memory");
	PQfreemem(words);
	for (size_t i = 0; code == WG_OK && i < WG_COUNT(options); i++)
		code = keep_path(value_of(given, options[i]), out, count, err);
	for (size_t i = 0; code == WG_OK && home != NULL && i < WG_COUNT(homely); i++) {
		WG_AUTO_FREE char *path = NULL;
		if (asprintf(&path, "%s/%s", home, homely[i]) < 0) {
			path = NULL;
			return wg_err_set(err, WG_SYSTEM, "out of memory");
		}
		code = keep_path(path, out, count, err);
	}
	return code;
}

enum wg_code wg_store_reads(const struct wg_store_place *place, char *out[WG_STORE_READS], size_t *count,
                            struct wg_err *err)
{
	*count = 0;
	if (place->database == NULL)
		return WG_OK;
	enum wg_code code = reads_of(place->database, out, count, err);
	return code == WG_OK ? reads_of(place->keys, out, count, err) : code;
}
