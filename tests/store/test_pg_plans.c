/* How PostgreSQL goes about each statement that is kept, in a session as the driver sets it: by an index, from the
 * first row on that a new store has. Nothing is timed. */
#include "scene.h"
#include "store/pg_internal.h"

/* Tables that stay as short as there are machines, states, settings and troubles. */
static const char *const shorts[] = { "writer", "node", "version", "meta", "counter", "alert", "trouble" };

/* Statements that read a whole table, or would only if there were a row to go on with. */
static bool may_read_all(int id)
{
	static const int may[] = { SQL_AUDIT_MESSAGE,    SQL_AUDIT_DELIVERY,   SQL_AUDIT_GONE,
		                       SQL_AUDIT_DISCLOSURE, SQL_AUDIT_PASSAGE,    SQL_AUDIT_ORIGINAL,
		                       SQL_AUDIT_NOTICE,     SQL_AUDIT_REPORT,     SQL_AUDIT_RECORD,
		                       SQL_AUDIT_EXEMPTION,  SQL_AUDIT_RESOLUTION, SQL_AUDIT_RECORD_GONE,
		                       SQL_LOG_ALL,          SQL_BLOB_ALL,         SQL_EPISODE_REOPEN,
		                       SQL_EPISODE_EMPTY,    SQL_EPISODE_UNLEARN,  SQL_AUDIT_EXEMPTION_GONE };
	for (size_t i = 0; i < WG_COUNT(may); i++)
		if (may[i] == id)
			return true;
	return false;
}

static bool reads_table(const char *step)
{
	const char *scan = strstr(step, "Seq Scan on ");
	if (scan == NULL)
		return false;
	scan += strlen("Seq Scan on ");
	for (size_t i = 0; i < WG_COUNT(shorts); i++)
		if (strncmp(scan, shorts[i], strlen(shorts[i])) == 0 && strchr(" ", scan[strlen(shorts[i])]) != NULL)
			return false;
	return true;
}

static bool is_planned(const char *text)
{
	static const char *const words[] = { "SELECT", "WITH", "INSERT", "UPDATE", "DELETE" };
	for (size_t i = 0; i < WG_COUNT(words); i++)
		if (strncmp(text, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

static unsigned arguments(const char *text)
{
	unsigned most = 0;
	for (const char *p = strchr(text, '$'); p != NULL; p = strchr(p + 1, '$')) {
		unsigned n = 0;
		for (const char *digit = p + 1; *digit >= '0' && *digit <= '9'; digit++)
			n = 10 * n + (unsigned)(*digit - '0');
		most = n > most ? n : most;
	}
	return most;
}

/* Of one; how many steps read a whole table, which are printed. */
static int look(struct wg_store *store, int id)
{
	struct wg_err err = { 0 };
	WG_AUTO_FREE char *text = wg_pg_text(wg_pg_sql(id)), *sql = NULL;
	WG_AUTO_BUF struct wg_buf list = WG_BUF(WG_PG_ARGS * 8);
	int found = 0;
	assert_non_null(text);
	if (!is_planned(text) || id == SQL_MSG_PUT) /* which needs the types of its arguments, and reads nothing */
		return 0;
	for (unsigned i = 0; i < arguments(text); i++)
		wg_buf_puts(&list, i == 0 ? "(NULL" : ",NULL"); /* bounded by what a statement may have */
	assert_true(asprintf(&sql, "PREPARE looked AS %s; EXPLAIN (COSTS OFF) EXECUTE looked%s%s", text, wg_buf_text(&list),
	                     list.len > 0 ? ")" : "") > 0);
	OK(wg_pg_pipe_off(store, &wg_pg_of(store)->main, &err));
	PGresult *r = PQexec(wg_pg_of(store)->main.conn, sql);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("statement %d: %s: %s", id, text, PQresultErrorMessage(r));
	for (int i = 0; i < PQntuples(r); i++)
		if (reads_table(PQgetvalue(r, i, 0))) {
			print_error("%d: %s: %.100s\n", id, PQgetvalue(r, i, 0), text);
			found++;
		}
	PQclear(r);
	PQclear(PQexec(wg_pg_of(store)->main.conn, "DEALLOCATE looked"));
	return found;
}

static void by_an_index(void **state)
{
	struct scene *s = *state;
	int found = 0;
	for (int id = 0; id < PG_COUNT; id++)
		if (!may_read_all(id))
			found += look(s->store, id);
	assert_int_equal(found, 0);
}

/* Else the test of before says nothing. */
static void is_noticed(void **state)
{
	struct scene *s = *state;
	assert_true(look(s->store, SQL_AUDIT_DISCLOSURE) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(by_an_index, set_up, tear_down),
		cmocka_unit_test_setup_teardown(is_noticed, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
