/* pg_pipe.c owns what a connection was sent and has not answered: statements leave one after the other without anybody
 * waiting (libpq's pipeline mode), and their results are read when a row is needed, a transaction ends, or too many are
 * on their way.
 *
 * Neither side can block the other for good: libpq takes in what the server says while it waits to send, and answers of
 * statements without rows are short, as are those of what is asked ahead. After a failure the server skips what follows
 * up to the next sync, so that nothing is done on top of what was not. */
#include <string.h>
#include <sys/socket.h>

#include "store/pg_internal.h"

static bool is_good(const PGresult *r)
{
	return PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK;
}

static void push(struct wg_pg_pipe *pipe, struct wg_pg_stmt *stmt, bool prepares)
{
	pipe->sent[pipe->count++] = (struct wg_pg_sent){ .stmt = stmt, .prepares = prepares };
}

enum wg_code wg_pg_pipe_send(struct wg_store *store, struct wg_pg_pipe *pipe, struct wg_pg_stmt *stmt,
                             const struct wg_pg_args *args, size_t count, struct wg_err *err)
{
	static const struct wg_pg_args none = { .count = 0 };
	const struct wg_pg_args *a = args != NULL ? args : &none;
	enum wg_code code = pipe->count >= WG_PG_SENT_MAX - 3 ? wg_pg_pipe_settle(store, pipe, NULL, err) : WG_OK;
	if (code != WG_OK)
		return code;
	if (PQpipelineStatus(pipe->conn) == PQ_PIPELINE_OFF && PQenterPipelineMode(pipe->conn) != 1)
		return wg_pg_fail(store, pipe->conn, NULL, stmt->text, err);
	if (!stmt->ready) {
		if (PQsendPrepare(pipe->conn, stmt->name, stmt->text, (int)count, a->types) != 1)
			return wg_pg_fail(store, pipe->conn, NULL, stmt->text, err);
		stmt->ready = true;
		push(pipe, stmt, true);
	}
	if (PQsendQueryPrepared(pipe->conn, stmt->name, (int)count, a->values, a->lengths, a->formats, stmt->binary) != 1)
		return wg_pg_fail(store, pipe->conn, NULL, stmt->text, err);
	push(pipe, stmt, false);
	return WG_OK;
}

enum wg_code wg_pg_pipe_flush(struct wg_store *store, struct wg_pg_pipe *pipe, struct wg_err *err)
{
	if (pipe->count == 0)
		return WG_OK;
	if (PQpipelineSync(pipe->conn) != 1)
		return wg_pg_fail(store, pipe->conn, NULL, "sync", err);
	push(pipe, NULL, false);
	return WG_OK;
}

/* The result of one, and the end of its results. NULL: the connection is lost. */
static PGresult *take(struct wg_pg *pg, PGconn *conn, bool sync)
{
	PGresult *r = wg_pg_result(pg, conn);
	PGresult *end = r != NULL && !sync ? wg_pg_result(pg, conn) : NULL;
	bool lost = r == NULL || end != NULL || PQstatus(conn) != CONNECTION_OK ||
	            (sync && PQresultStatus(r) != PGRES_PIPELINE_SYNC);
	PQclear(end);
	if (lost && (r == NULL || is_good(r) || PQresultStatus(r) == PGRES_PIPELINE_ABORTED)) {
		PQclear(r);
		return NULL;
	}
	return r;
}

enum wg_code wg_pg_pipe_settle(struct wg_store *store, struct wg_pg_pipe *pipe, PGresult **last, struct wg_err *err)
{
	enum wg_code code = wg_pg_pipe_flush(store, pipe, err);
	PGresult *kept = NULL;
	if (code != WG_OK && PQsocket(pipe->conn) >= 0) /* what was not sent is not answered: nobody waits for it */
		(void)shutdown(PQsocket(pipe->conn), SHUT_RDWR);
	for (unsigned i = 0; i < pipe->count; i++) {
		struct wg_pg_stmt *stmt = pipe->sent[i].stmt;
		PGresult *r = code == WG_OK || PQstatus(pipe->conn) == CONNECTION_OK
		                  ? take(wg_pg_of(store), pipe->conn, stmt == NULL)
		                  : NULL;
		const bool good = r != NULL && (is_good(r) || stmt == NULL);
		if (!good && stmt != NULL && pipe->sent[i].prepares)
			stmt->ready = false;
		if (!good && code == WG_OK)
			code = wg_pg_fail(store, pipe->conn, r, stmt != NULL ? stmt->text : "sync", err);
		if (good && pipe->sent[i].ahead != 0)
			wg_pg_ahead_came(wg_pg_of(store), pipe->sent[i].ahead, r);
		else if (good && stmt != NULL) {
			PQclear(kept);
			kept = r;
		} else
			PQclear(r);
	}
	pipe->count = 0;
	if (code == WG_OK && pipe == &wg_pg_of(store)->main)
		wg_pg_of(store)->certain = true;
	if (code != WG_OK || last == NULL) {
		PQclear(kept);
		kept = NULL;
	}
	if (last != NULL)
		*last = kept;
	return code;
}

enum wg_code wg_pg_pipe_off(struct wg_store *store, struct wg_pg_pipe *pipe, struct wg_err *err)
{
	enum wg_code code = pipe == &wg_pg_of(store)->main ? wg_pg_gather_flush(store, err) : WG_OK;
	if (code == WG_OK)
		code = wg_pg_pipe_settle(store, pipe, NULL, err);
	if (PQpipelineStatus(pipe->conn) != PQ_PIPELINE_OFF && PQexitPipelineMode(pipe->conn) != 1 && code == WG_OK)
		code = wg_pg_fail(store, pipe->conn, NULL, "end of a pipeline", err);
	return code;
}
