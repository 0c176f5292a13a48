/* pg_reach.c owns the way back to the database while others wait for this process: a step takes a fraction of a second,
 * whatever the hosts do. libpq by itself goes on to the next host when one refuses, not when one is silent; so each is
 * asked on its own, in their order. (A name is looked up by the system's resolver, which takes as long as that is
 * told to: addresses, or /etc/hosts, wait for nobody.) */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/pg_internal.h"

#define STEP_MS 50
/* For what is asked of a connection that is new. */
#define GREETING_MS 2000

void wg_pg_reach_end(struct wg_pg *pg)
{
	wg_pg_hang_up(&pg->reach.conn);
	pg->reach = (struct wg_pg_reach){ .which = 0 };
}

/* Waits a little. *done: it is open, or will not be. */
static void go_on(const struct wg_pg_reach *r, bool *done)
{
	const int64_t end = wg_clock_monotonic() + STEP_MS;
	int64_t now;
	*done = false;
	while (!*done && (now = wg_clock_monotonic()) < end) {
		const PostgresPollingStatusType what = PQconnectPoll(r->conn);
		struct pollfd fd = { .fd = PQsocket(r->conn), .events = what == PGRES_POLLING_WRITING ? POLLOUT : POLLIN };
		*done = what == PGRES_POLLING_OK || what == PGRES_POLLING_FAILED;
		if (!*done)
			(void)poll(&fd, 1, (int)(end - now)); /* whatever it says, PQconnectPoll tells */
	}
}

static void note(struct wg_pg_reach *r, const char *why)
{
	const size_t len = strlen(r->why);
	(void)snprintf(r->why + len, sizeof r->why - len, "%s%s", len > 0 ? "; " : "", why); /* cut if it is long */
}

/* This host will not do: the next, or none. */
static enum wg_code next_host(struct wg_pg *pg, const char *why, struct wg_err *err)
{
	struct wg_pg_reach *r = &pg->reach;
	note(r, why);
	wg_pg_hang_up(&r->conn);
	if (++r->host < r->hosts)
		return wg_err_set(err, WG_AGAIN, "%s", "");
	wg_err_set(err, WG_AGAIN, "%s", r->why);
	wg_pg_reach_end(pg);
	return WG_AGAIN;
}

static enum wg_code greet(struct wg_pg *pg, struct wg_err *err)
{
	const int patience = pg->patience;
	pg->patience = GREETING_MS;
	enum wg_code code = wg_pg_connected(pg, pg->reach.conn, wg_pg_names[pg->reach.which], err);
	pg->patience = patience;
	pg->silent_ms = 0; /* the words say that it was lost */
	return code;
}

static enum wg_code step(struct wg_pg *pg, struct wg_err *err)
{
	struct wg_pg_reach *r = &pg->reach;
	struct wg_err why = { 0 };
	bool done = false;
	if (r->conn == NULL) {
		enum wg_code code = wg_pg_connect_start(pg, r->which, r->host, &r->conn, &why);
		if (code == WG_OK && r->conn == NULL)
			code = wg_err_set(&why, WG_SYSTEM, "out of memory");
		r->until = wg_clock_monotonic() + r->limit_ms;
		if (code != WG_OK)
			return next_host(pg, why.text, err);
	}
	go_on(r, &done);
	if (!done && wg_clock_monotonic() < r->until)
		return wg_err_set(err, WG_AGAIN, "%s", "");
	if (!done)
		wg_err_set(&why, WG_AGAIN, "%s: PostgreSQL does not answer: %s, port %s", wg_pg_names[r->which],
		           PQhost(r->conn), PQport(r->conn));
	else if (greet(pg, &why) == WG_OK)
		return WG_OK;
	return next_host(pg, why.text, err);
}

enum wg_code wg_pg_reach(struct wg_pg *pg, struct wg_err *err)
{
	struct wg_pg_reach *r = &pg->reach;
	struct wg_pg_pipe *const pipes[] = { &pg->main, &pg->keys };
	enum wg_code code = WG_OK;
	r->under_way = true;
	while (code == WG_OK && r->which < 2) {
		code = step(pg, err);
		if (code != WG_OK)
			break;
		pipes[r->which++]->conn = r->conn;
		r->conn = NULL;
		r->host = 0;
		r->why[0] = '\0';
	}
	if (code == WG_OK)
		wg_pg_reach_end(pg);
	return code;
}
