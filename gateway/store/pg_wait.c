/* pg_wait.c owns how long an answer of the server is waited for. A server that stands still, or a network that carries
 * nothing any more and says so to nobody, looks like one that reckons; whoever waited long enough takes the connection
 * for lost. Its socket is shut down, and libpq finds that for itself: nothing waits on it any more, neither the answer
 * nor the farewell. */
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "store/pg_internal.h"

/* What is waited for once a wait was too short, each time it was: so that work that needs longer is done in the end. */
#define PATIENCE_MAX_MS 60000

void wg_pg_hang_up(PGconn **conn)
{
	if (*conn != NULL && PQsocket(*conn) >= 0)
		(void)shutdown(PQsocket(*conn), SHUT_RDWR); /* else it would wait for room to say goodbye */
	PQfinish(*conn);
	*conn = NULL;
}

static void lose(struct wg_pg *pg, const PGconn *conn)
{
	pg->silent_ms = pg->patience;
	if (pg->patience < PATIENCE_MAX_MS)
		pg->patience *= 2;
	(void)shutdown(PQsocket(conn), SHUT_RDWR); /* else it is closed already */
}

/* Until the next result is here, or the connection is lost. */
static void await(struct wg_pg *pg, PGconn *conn)
{
	const int64_t until = wg_clock_monotonic() + pg->patience;
	bool lost = false;
	while (PQstatus(conn) == CONNECTION_OK && PQisBusy(conn) != 0) {
		const int unsent = PQflush(conn);
		const int64_t left = pg->patience == 0 ? -1 : until - wg_clock_monotonic();
		struct pollfd fd = { .fd = PQsocket(conn), .events = (short)(POLLIN | (unsent > 0 ? POLLOUT : 0)) };
		if (pg->patience != 0 && left <= 0 && !lost) {
			lose(pg, conn);
			lost = true;
		} else if (!lost)
			(void)poll(&fd, 1, (int)left); /* whatever it says, reading tells */
		if (unsent < 0 || PQconsumeInput(conn) == 0)
			return; /* and it does not wait any more */
	}
}

PGresult *wg_pg_result(struct wg_pg *pg, PGconn *conn)
{
	await(pg, conn);
	return PQgetResult(conn);
}

static PGresult *last_of(struct wg_pg *pg, PGconn *conn)
{
	PGresult *last = NULL, *next;
	while ((next = wg_pg_result(pg, conn)) != NULL) {
		PQclear(last);
		last = next;
	}
	return last;
}

PGresult *wg_pg_ask(struct wg_pg *pg, PGconn *conn, const char *sql)
{
	return PQsendQuery(conn, sql) == 1 ? last_of(pg, conn) : NULL;
}

PGresult *wg_pg_ask_with(struct wg_pg *pg, PGconn *conn, const char *sql, const struct wg_pg_args *args)
{
	return PQsendQueryParams(conn, sql, (int)args->count, args->types, args->values, args->lengths, args->formats, 0) ==
	               1
	           ? last_of(pg, conn)
	           : NULL;
}

enum wg_code wg_pg_hurry(struct wg_store *store, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	pg->hurried = true;
	if (pg->patience == 0)
		pg->patience = pg->answer_ms;
	if (PQsetnonblocking(pg->main.conn, 1) != 0 || PQsetnonblocking(pg->keys.conn, 1) != 0)
		return wg_pg_fail(store, pg->main.conn, NULL, "nonblocking", err);
	/* for the turn to write, which others have for the time of a batch: the server says so before it seems silent */
	char sql[48];
	(void)snprintf(sql, sizeof sql, "SET lock_timeout = %d", pg->answer_ms / 4 * 3); /* it fits */
	enum wg_code code = wg_pg_exec_on(store, &pg->main, sql, err);
	return code == WG_OK ? wg_pg_exec_on(store, &pg->keys, sql, err) : code;
}
