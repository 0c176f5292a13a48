/* pg_node.c owns who shares the database: each process that opened it is a node with a number of its own, which its
 * leases bear; one that is not heard of is no more, and its leases go back. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "store/pg_internal.h"

enum wg_code wg_pg_node_join(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	char host[64] = "?", name[128], sql[64];
	(void)gethostname(host, sizeof host - 1); /* for people */
	(void)snprintf(name, sizeof name, "%s %ld", host, (long)getpid());
	const char *const values[] = { name };
	PGresult *r = PQexecParams(pg->main, "INSERT INTO node(name, seen_at) VALUES($1, now()) RETURNING id", 1, NULL,
	                           values, NULL, NULL, 0);
	enum wg_code code =
		PQresultStatus(r) == PGRES_TUPLES_OK ? WG_OK : wg_pg_fail(store, pg->main, r, "joining the nodes", err);
	if (code == WG_OK)
		pg->node = wg_pg_int(r, 0, 0);
	PQclear(r);
	(void)snprintf(sql, sizeof sql, "SET wardgate.node = %" PRId64, pg->node); /* it fits */
	return code == WG_OK ? wg_pg_exec_on(store, pg->main, sql, err) : code;
}
