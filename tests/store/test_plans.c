/* How SQLite goes about each statement that is kept: none that is asked while the gateway works reads a whole table, so
 * that a million messages cost what a thousand do. Nothing is timed. */
#include "scene.h"
#include "store/sqlite_internal.h"

/* Statements that may read a whole table, each with its reason. */
static const struct {
	enum wg_sql id;
	const char *why;
} may[] = {
	{ SQL_BLOB_ALL, "the audit reads everything" },
	{ SQL_LOG_ALL, "the audit" },
	{ SQL_AUDIT_MESSAGE, "the audit" },
	{ SQL_AUDIT_DELIVERY, "the audit" },
	{ SQL_AUDIT_GONE, "the audit" },
	{ SQL_AUDIT_DISCLOSURE, "the audit" },
	{ SQL_AUDIT_PASSAGE, "the audit" },
	{ SQL_AUDIT_ORIGINAL, "the audit" },
	{ SQL_AUDIT_NOTICE, "the audit" },
	{ SQL_AUDIT_REPORT, "the audit" },
	{ SQL_AUDIT_RESOLUTION, "the audit" },
	{ SQL_AUDIT_RECORD, "the audit" },
	{ SQL_AUDIT_RECORD_GONE, "the audit" },
	{ SQL_AUDIT_EXEMPTION, "the audit" },
	{ SQL_AUDIT_EXEMPTION_GONE, "the audit" },
	{ SQL_LOG_HEAD, "backwards, and one row of it" },
	{ SQL_LOG_LAST, "backwards, and as many rows as were asked for" },
	{ SQL_BLOB_PUT, "SQLite's plan for keys that point to a row not there yet: never gone through, for none does" },
	{ SQL_MSG_PUT, "the same" },
	{ SQL_EPISODE_PUT, "the same" },
	{ SQL_EPISODE_REOPEN, "a message turns out to be of another child" },
	{ SQL_EPISODE_EMPTY, "the same" },
	{ SQL_EPISODE_UNLEARN, "the same" },
};

/* A partial index that holds what is under way and nothing else is short, however much is stored. */
static const char *const shorts[] = { "message_leased",  "delivery_leased",   "delivery_accepted",
	                                  "delivery_review", "delivery_override", "delivery_unconfirmed",
	                                  "delivery_valid" };

static bool reads_table(const char *step)
{
	if (strncmp(step, "SCAN ", 5) != 0 || strcmp(step, "SCAN CONSTANT ROW") == 0 || step[5] == '(')
		return false; /* what a step before it found */
	if (strncmp(step, "SCAN k VIRTUAL TABLE", 20) == 0)
		return false; /* the list that it was given */
	if (strcmp(step, "SCAN c") == 0 || strcmp(step, "SCAN n") == 0 || strcmp(step, "SCAN found") == 0)
		return false; /* the same, by a name that the statement gives it */
	for (size_t i = 0; i < WG_COUNT(shorts); i++)
		if (strstr(step, shorts[i]) != NULL)
			return false;
	return true;
}

static bool allowed(enum wg_sql id)
{
	for (size_t i = 0; i < WG_COUNT(may); i++)
		if (may[i].id == id)
			return true;
	return false;
}

/* The first step of it that reads a whole table; "" when none does. */
static void first_reading(struct wg_store *store, enum wg_sql id, char out[256])
{
	char sql[8192];
	sqlite3_stmt *stmt = NULL;
	int n = snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", wg_sql_text[id]);
	assert_true(n > 0 && (size_t)n < sizeof sql);
	out[0] = '\0';
	if (sqlite3_prepare_v2(wg_sqlite_of(store)->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(wg_sqlite_of(store)->db));
	while (out[0] == '\0' && sqlite3_step(stmt) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(stmt, 3);
		if (reads_table(step))
			(void)snprintf(out, 256, "%s", step); /* cut is acceptable in words */
	}
	(void)sqlite3_finalize(stmt); /* was only read */
}

static void no_table_is_read(void **state)
{
	(void)state;
	struct wg_store *store = NULL;
	struct wg_err err = { 0 };
	char step[256];
	char *folder = rig_folder();
	unsigned bad = 0;
	OK(wg_store_open(folder, &store, &err));
	for (int id = 0; id < SQL_COUNT; id++) {
		first_reading(store, (enum wg_sql)id, step);
		if (step[0] != '\0' && !allowed((enum wg_sql)id)) {
			print_error("%s: %s\n", step, wg_sql_text[id]);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
	/* and the test sees one that does */
	first_reading(store, SQL_AUDIT_MESSAGE, step);
	assert_string_equal(step, "SCAN m");
	wg_store_closep(&store);
	rig_remove(folder);
}

/* Of a recipient that nothing reaches, what is not due is not read: each look is a range of an index of its own. */
static void what_is_deferred_is_found_by_its_time(void **state)
{
	(void)state;
	static const char *const ranges[] = { "delivery_deferred (recipient=? AND next_try<?)",
		                                  "delivery_set_back (recipient=? AND <expr>>?)",
		                                  "delivery_last_try (recipient=? AND deadline<?)" };
	struct wg_store *store = NULL;
	struct wg_err err = { 0 };
	char sql[8192];
	sqlite3_stmt *stmt = NULL;
	char *folder = rig_folder();
	unsigned seen[WG_COUNT(ranges)] = { 0 };
	OK(wg_store_open(folder, &store, &err));
	int n = snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", wg_sql_text[SQL_DLV_NEXT]);
	assert_true(n > 0 && (size_t)n < sizeof sql);
	assert_int_equal(sqlite3_prepare_v2(wg_sqlite_of(store)->db, sql, -1, &stmt, NULL), SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		for (size_t i = 0; i < WG_COUNT(ranges); i++)
			seen[i] += strstr((const char *)sqlite3_column_text(stmt, 3), ranges[i]) != NULL;
	(void)sqlite3_finalize(stmt); /* was only read */
	for (size_t i = 0; i < WG_COUNT(ranges); i++)
		if (seen[i] != 1)
			fail_msg("%s is looked through %u times", ranges[i], seen[i]);
	wg_store_closep(&store);
	rig_remove(folder);
}

/* Of a key that thousands of children have as many are read as are taken: nothing is sorted first. */
static void what_many_have_is_not_sorted(void **state)
{
	(void)state;
	struct wg_store *store = NULL;
	struct wg_err err = { 0 };
	char sql[1024];
	sqlite3_stmt *stmt = NULL;
	char *folder = rig_folder();
	unsigned steps = 0;
	OK(wg_store_open(folder, &store, &err));
	int n = snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", wg_sql_text[SQL_CHILD_BY_KEY]);
	assert_true(n > 0 && (size_t)n < sizeof sql);
	assert_int_equal(sqlite3_prepare_v2(wg_sqlite_of(store)->db, sql, -1, &stmt, NULL), SQLITE_OK);
	for (; sqlite3_step(stmt) == SQLITE_ROW; steps++)
		if (strstr((const char *)sqlite3_column_text(stmt, 3), "TEMP B-TREE") != NULL)
			fail_msg("%s", (const char *)sqlite3_column_text(stmt, 3));
	(void)sqlite3_finalize(stmt); /* was only read */
	assert_true(steps > 0);
	wg_store_closep(&store);
	rig_remove(folder);
}

struct updates {
	unsigned message, delivery;
};

static void note_update(void *arg, int what, const char *database, const char *table, sqlite3_int64 row)
{
	struct updates *u = arg;
	(void)database;
	(void)row;
	u->message += what == SQLITE_UPDATE && strcmp(table, "message") == 0;
	u->delivery += what == SQLITE_UPDATE && strcmp(table, "delivery") == 0;
}

/* Each of their rows is in a dozen indexes: what a step changes of one it changes at once. */
static void a_row_is_changed_once_a_step(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct updates u = { 0 };
	struct wg_dlv_new d = rig_delivery("meadowton", "a");
	struct wg_match_key keys[] = { rig_key(WG_KEY_NAME_BIRTH, "tess"), rig_key(WG_KEY_REFERENCE, "incident-1") };
	struct wg_msg_done_result result;
	char id[WG_ID_TEXT];
	unsigned stale = 9;
	add(s, 1, id);
	(void)sqlite3_update_hook(wg_sqlite_of(s->store)->db, note_update, &u); /* there was none */
	struct wg_msg_job job = take_message(s);
	assert_int_equal(u.message, 1);
	struct wg_msg_done done = rig_done(job.id, job.token, &d, 1);
	done.relation = WG_RELATION_OPENS;
	done.keys = keys;
	done.key_count = WG_COUNT(keys);
	done.watches_live = true;
	(void)snprintf(done.sender_reference, sizeof done.sender_reference, "copy-1"); /* short */
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
	assert_int_equal(result.state, WG_MSG_ROUTED);
	assert_int_equal(u.message, 2);
	assert_int_equal(u.delivery, 0);
	const struct wg_dlv_job copy = take_delivery(s);
	assert_int_equal(u.delivery, 1);
	struct wg_dlv_report r = { .token = copy.token, .state = WG_DLV_HANDED_OVER };
	memcpy(r.id, copy.id, sizeof r.id);
	OK(wg_store_report(s->store, s->now, &r, 1, &stale, &err));
	assert_int_equal(u.delivery, 2);
	assert_int_equal(u.message, 2);
}

/* How many steps SQLite takes to say whether others have a date of birth that so many children have. */
static int64_t steps_of_strangers(unsigned children)
{
	struct wg_store *store = NULL;
	struct wg_err err = { 0 };
	char *folder = rig_folder(), sql[512];
	bool hit = false, own = true;
	const struct wg_match_key key = rig_key(WG_KEY_BIRTH, "2011-03-14");
	OK(wg_store_open(folder, &store, &err));
	OK(wg_store_begin(store, &err));
	int n =
		snprintf(sql, sizeof sql,
	             "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %u) INSERT INTO child(id,"
	             " made_at) SELECT n, 1 FROM c; INSERT INTO child_key(key, child, kind, scope) SELECT '%s', id, %d, ''"
	             " FROM child",
	             children, key.key, (int)WG_KEY_BIRTH);
	assert_true(n > 0 && (size_t)n < sizeof sql);
	OK(wg_db_exec(store, sql, &err));
	OK(wg_store_strangers(store, children, &key, 1, &own, &err)); /* who has it too is not its alone, and no stranger */
	OK(wg_store_strangers(store, 0, &key, 1, &hit, &err));
	assert_true(hit && !own);
	const int64_t steps = sqlite3_stmt_status(wg_sqlite_of(store)->stmt[SQL_STRANGERS], SQLITE_STMTSTATUS_VM_STEP, 0);
	wg_store_rollback(store);
	wg_store_closep(&store);
	rig_remove(folder);
	return steps;
}

/* Whose a key is, is two looks, be it one child's or two thousand children's: a text of some thousand words is asked
 * about in one question. */
static void what_many_have_is_not_gone_through(void **state)
{
	(void)state;
	const int64_t few = steps_of_strangers(2), many = steps_of_strangers(2000);
	assert_true(few > 0);
	assert_int_equal(few, many);
}

/* Most words of a copy's text are nobody's key: each is one look. */
static void what_nobody_has_is_one_look(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_match_key keys[64];
	bool hit[WG_COUNT(keys)];
	for (unsigned i = 0; i < WG_COUNT(keys); i++) {
		char word[16];
		(void)snprintf(word, sizeof word, "word %u", i); /* it fits */
		keys[i] = rig_key(i % 2 == 0 ? WG_KEY_NAME_BIRTH : WG_KEY_NHS, word);
	}
	OK(wg_store_strangers(s->store, 0, keys, WG_COUNT(keys), hit, &err));
	const int64_t steps =
		sqlite3_stmt_status(wg_sqlite_of(s->store)->stmt[SQL_STRANGERS], SQLITE_STMTSTATUS_VM_STEP, 0);
	for (unsigned i = 0; i < WG_COUNT(keys); i++)
		assert_false(hit[i]);
	assert_in_range(steps, WG_COUNT(keys), 14 * WG_COUNT(keys));
}

/* A statement is planned once, at open: not again whenever it is given another value. */
static void nothing_is_planned_twice(void **state)
{
	(void)state;
	struct wg_store *store = NULL;
	struct wg_err err = { 0 };
	char *folder = rig_folder();
	unsigned again = 0;
	OK(wg_store_open(folder, &store, &err));
	for (int64_t bulk = 0; bulk <= 2; bulk++) {
		WG_AUTO_FREE int64_t *seqs = NULL;
		size_t n = 0;
		OK(wg_db_seqs(store, SQL_MSG_NEXT, WG_ARGS(wg_db_int(1), wg_db_int(1), wg_db_int(bulk)), 1, &seqs, &n, &err));
	}
	for (int id = 0; id < SQL_COUNT; id++)
		if (sqlite3_stmt_status(wg_sqlite_of(store)->stmt[id], SQLITE_STMTSTATUS_REPREPARE, 0) > 0) {
			print_error("planned anew: %s\n", wg_sql_text[id]);
			again++;
		}
	assert_int_equal(again, 0);
	wg_store_closep(&store);
	rig_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(no_table_is_read),
		                                cmocka_unit_test(what_is_deferred_is_found_by_its_time),
		                                cmocka_unit_test(what_many_have_is_not_sorted),
		                                cmocka_unit_test(what_many_have_is_not_gone_through),
		                                cmocka_unit_test_setup_teardown(what_nobody_has_is_one_look, set_up, tear_down),
		                                cmocka_unit_test_setup_teardown(a_row_is_changed_once_a_step, set_up,
		                                                                tear_down),
		                                cmocka_unit_test(nothing_is_planned_twice) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
