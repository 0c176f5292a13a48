/* How PostgreSQL goes about each statement that is kept, in a session as the driver sets it: by a range of an index,
 * from the first row on that a new store has, and when it has many. Nothing is timed. */
#include "scene.h"
#include "store/pg_internal.h"

/* Tables that stay as short as there are machines, states, settings and troubles. */
static const char *const shorts[] = { "writer", "node", "version", "meta", "counter", "alert", "trouble" };

/* Statements that read a whole table, or would only if there were a row to go on with; or from its end, as many rows
 * as are wanted. */
static bool may_read_all(int id)
{
	static const int may[] = { SQL_AUDIT_MESSAGE,    SQL_AUDIT_DELIVERY,   SQL_AUDIT_GONE,
		                       SQL_AUDIT_DISCLOSURE, SQL_AUDIT_PASSAGE,    SQL_AUDIT_ORIGINAL,
		                       SQL_AUDIT_NOTICE,     SQL_AUDIT_REPORT,     SQL_AUDIT_RECORD,
		                       SQL_AUDIT_EXEMPTION,  SQL_AUDIT_RESOLUTION, SQL_AUDIT_RECORD_GONE,
		                       SQL_LOG_ALL,          SQL_BLOB_ALL,         SQL_EPISODE_REOPEN,
		                       SQL_EPISODE_EMPTY,    SQL_EPISODE_UNLEARN,  SQL_AUDIT_EXEMPTION_GONE,
		                       SQL_LOG_HEAD,         SQL_LOG_LAST };
	for (size_t i = 0; i < WG_COUNT(may); i++)
		if (may[i] == id)
			return true;
	return false;
}

/* Indexes of what is open, waits or is in work: few rows, however many are stored. */
static const char *const small[] = {
	"message_leased",         "message_waiting",   "message_before",    "message_attention",    "delivery_leased",
	"delivery_open",          "delivery_sealed",   "delivery_deferred", "delivery_review",      "delivery_override",
	"delivery_set_back",      "delivery_last_try", "delivery_valid",    "delivery_accepted",    "delivery_pull",
	"delivery_pull_deadline", "delivery_ready",    "delivery_fetched",  "delivery_unconfirmed", "delivery_alarm",
	"child_records",          "hook_due",          "task_due"
};

static bool is_among(const char *name, const char *const *list, size_t count)
{
	const size_t len = strcspn(name, " ");
	for (size_t i = 0; i < count; i++)
		if (strlen(list[i]) == len && strncmp(name, list[i], len) == 0)
			return true;
	return false;
}

static const char *behind(const char *step, const char *words)
{
	const char *at = strstr(step, words);
	return at != NULL ? at + strlen(words) : NULL;
}

/* A whole table, or the whole of an index that grows with what is stored; next: the line behind it, which says what is
 * looked up. */
static bool reads_table(const char *step, const char *next)
{
	const char *table = behind(step, "Seq Scan on "), *index = behind(step, "Scan using ");
	if (index == NULL)
		index = behind(step, "Scan Backward using ");
	if (index != NULL && strstr(next, "Index Cond: ") == NULL && !is_among(index, small, WG_COUNT(small)))
		table = behind(index, " on ");
	return table != NULL && !is_among(table, shorts, WG_COUNT(shorts));
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

/* What is asked ahead has to be asked anew when something is written to a table that it reads: the plan knows which. */
static bool is_known(const char *text, const char *step)
{
	const char *table = behind(step, "Scan on ");
	char name[64];
	if (table == NULL && (table = behind(step, "Scan using ")) == NULL &&
	    (table = behind(step, "Backward using ")) == NULL)
		return true;
	if (behind(table, " on ") != NULL)
		table = behind(table, " on ");
	(void)snprintf(name, sizeof name, "%.*s", (int)strcspn(table, " "), table); /* short */
	return strstr(step, "Function Scan") != NULL || strstr(step, "Subquery Scan") != NULL ||
	       strstr(step, "CTE Scan") != NULL || wg_pg_reads(text, name);
}

/* How many steps read a whole table, which are printed. */
static int look_at(struct wg_store *store, int id, const char *text)
{
	struct wg_err err = { 0 };
	WG_AUTO_FREE char *sql = NULL;
	WG_AUTO_BUF struct wg_buf list = WG_BUF(WG_PG_ARGS * 8);
	int found = 0;
	for (unsigned i = 0; i < arguments(text); i++)
		wg_buf_puts(&list, i == 0 ? "(NULL" : ",NULL"); /* bounded by what a statement may have */
	assert_true(asprintf(&sql, "PREPARE looked AS %s; EXPLAIN (COSTS OFF) EXECUTE looked%s%s", text, wg_buf_text(&list),
	                     list.len > 0 ? ")" : "") > 0);
	OK(wg_pg_pipe_off(store, &wg_pg_of(store)->main, &err));
	PGresult *r = PQexec(wg_pg_of(store)->main.conn, sql);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("statement %d: %s: %s", id, text, PQresultErrorMessage(r));
	for (int i = 0; i < PQntuples(r); i++)
		if (reads_table(PQgetvalue(r, i, 0), i + 1 < PQntuples(r) ? PQgetvalue(r, i + 1, 0) : "")) {
			print_error("%d: %s: %.100s\n", id, PQgetvalue(r, i, 0), text);
			found++;
		}
	const bool reads = strncmp(text, "SELECT", 6) == 0 || strncmp(text, "WITH", 4) == 0;
	for (int i = 0; reads && i < PQntuples(r); i++)
		if (!is_known(text, PQgetvalue(r, i, 0)))
			fail_msg("statement %d: it is not seen to read what it does: %s: %s", id, PQgetvalue(r, i, 0), text);
	PQclear(r);
	PQclear(PQexec(wg_pg_of(store)->main.conn, "DEALLOCATE looked"));
	return found;
}

static int look(struct wg_store *store, int id)
{
	WG_AUTO_FREE char *text = wg_pg_text(wg_pg_sql(id));
	assert_non_null(text);
	if (!is_planned(text) || id == SQL_MSG_PUT) /* which needs the types of its arguments, and reads nothing */
		return 0;
	return look_at(store, id, text);
}

/* One that is asked for many keys at once. */
static int look_at_list(struct wg_store *store)
{
	wg_db_ahead(store, SQL_CHILD_BY_KEY, WG_ARGS(wg_db_text("key"), wg_db_int(1)));
	assert_non_null(wg_pg_of(store)->asks.stmt.text);
	return look_at(store, SQL_CHILD_BY_KEY, wg_pg_of(store)->asks.stmt.text);
}

static int look_at_all(struct wg_store *store)
{
	int found = look_at_list(store);
	for (int id = 0; id < PG_COUNT; id++)
		if (!may_read_all(id))
			found += look(store, id);
	return found;
}

static void by_an_index(void **state)
{
	struct scene *s = *state;
	assert_int_equal(look_at_all(s->store), 0);
}

/* Rows of every table that grows, and the planner knows how many. */
#define ROWS "FROM generate_series(1, 4000) n;"
static const char fill[] =
	"INSERT INTO blob(id, hash, size, head, bytes) SELECT n, 'h' || n, 1, n, '' " ROWS
	"INSERT INTO child(id, made_at, records) SELECT n, 1, 0 " ROWS
	"INSERT INTO episode(id, made_at, child) SELECT n, 1, n " ROWS
	"INSERT INTO message(seq, id, organisation, content_hash, content_type, way, accepted_at, state, since, original,"
	" notice, kind, content_key, episode, child, turn, notice_id, watches, sender_reference) SELECT n, 'm' || n, "
	"'force', 'h' || n, "
	"'xml',"
	" 'https', n, 'routed', n, n, n, 'missing', 'k' || n, n, n, n, 'n' || n, n % 3, 'r' || n " ROWS
	"INSERT INTO delivery(seq, id, message, episode, recipient, organisation, desk, role, channel, state, since, epoch,"
	" envelope, deadline, turn, handed_at, confirm) SELECT n, 'd' || n, n, n, 'r' || n % 9, 'council', 'desk', 'r',"
	" CASE WHEN n % 2 = 0 THEN 'pull' ELSE 'mail' END, 'acknowledged', n, 'e', n, n, n, n, 'rule' " ROWS
	"INSERT INTO disclosure(delivery, decided_at, record) SELECT n, n, '{}' " ROWS
	"INSERT INTO log(seq, at, actor, event, message, delivery, state, detail, prev, hash) SELECT n + 10, n, 'store',"
	" 'accepted', 'm' || n, CASE WHEN n % 2 = 0 THEN 'd' || n ELSE '' END, 'accepted', '', '', 'h' || n " ROWS
	"INSERT INTO child_key(key, child, kind, scope, message) SELECT 'k' || n, n, 1, '', n " ROWS
	"INSERT INTO episode_reference(key, episode, message) SELECT 'k' || n, n, n " ROWS
	"INSERT INTO concern(message, id, recalls) SELECT n, 'm' || n, n % 2 " ROWS
	"INSERT INTO record(id, child, at, message, blob) SELECT 'r' || n, n, n, n, n " ROWS
	"INSERT INTO task(kind, delivery, since) SELECT 'confirm', n, n " ROWS "INSERT INTO hook(delivery) SELECT n " ROWS
	"INSERT INTO submission(organisation, key, message) SELECT 'force', 'k' || n, n " ROWS;

static void by_an_index_among_many(void **state)
{
	struct scene *s = *state;
	struct wg_pg_pipe *pipe = &wg_pg_of(s->store)->main;
	struct wg_err err = { 0 };
	OK(wg_pg_exec_on(s->store, pipe, "BEGIN", &err));
	OK(wg_pg_exec_on(s->store, pipe, fill, &err));
	OK(wg_pg_exec_on(
		s->store, pipe,
		"ANALYZE message, delivery, disclosure, log, child, child_key, episode, episode_reference, concern,"
		" record, task, hook, submission, blob",
		&err));
	const int found = look_at_all(s->store);
	OK(wg_pg_exec_on(s->store, pipe, "ROLLBACK", &err)); /* no log tells of them */
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
		cmocka_unit_test_setup_teardown(by_an_index_among_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(is_noticed, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
