/* Rows that are put one by one reach PostgreSQL together, and nobody can tell: they are there for whoever asks, as they
 * were put, and go with their request when that is undone. */
#include "scene.h"
#include "store/pg_internal.h"

static unsigned kept(struct scene *s)
{
	unsigned n = 0;
	for (size_t i = 0; i < WG_PG_GATHERED; i++)
		n += wg_pg_of(s->store)->gather[i].rows;
	return n;
}

static void put(struct scene *s, const char *name, int64_t n)
{
	struct wg_err err = { 0 };
	OK(wg_db_run(s->store, SQL_COUNT_ADD, WG_ARGS(wg_db_text("trial"), wg_db_text(name), wg_db_int(n)), &err));
}

static int64_t count(struct scene *s, const char *name)
{
	struct wg_err err = { 0 };
	int64_t n = 0;
	OK(wg_query_number(s->store, "SELECT coalesce(sum(n), 0)::bigint FROM counter WHERE kind = 'trial' AND name = ?1",
	                   WG_ARGS(wg_db_text(name)), &n, &err));
	return n;
}

/* The audit at the end of each test knows nothing of these. */
static void end(struct scene *s)
{
	struct wg_err err = { 0 };
	give_up(s);
	OK(wg_query_run(s->store, "DELETE FROM counter WHERE kind = 'trial'", NULL, 0, &err));
}

static void as_they_were_put(void **state)
{
	static const char *const words[] = { "a",   "",        "NULL", "null",  "a,b",
		                                 "{a}", "\"",      "\\",   "\\\"",  "a\"b\\c,{}",
		                                 " a ", "a\nb\tc", "'",    "?1 $1", "\xc3\xa4\xe2\x82\xac",
		                                 "%s" };
	struct scene *s = *state;
	begin_anew(s, true);
	for (size_t i = 0; i < WG_COUNT(words); i++)
		put(s, words[i], (int64_t)i - 3);
	assert_int_equal(kept(s), WG_COUNT(words));
	for (size_t i = 0; i < WG_COUNT(words); i++)
		assert_int_equal(count(s, words[i]), (int64_t)i - 3);
	assert_int_equal(kept(s), 0);
	end(s);
}

/* A row is changed once by a statement: what is put twice leaves in two. */
static void the_same_twice(void **state)
{
	struct scene *s = *state;
	begin_anew(s, true);
	put(s, "one", 1);
	put(s, "two", 1);
	put(s, "one", 2);
	assert_int_equal(kept(s), 1);
	assert_int_equal(count(s, "one"), 3);
	assert_int_equal(count(s, "two"), 1);
	end(s);
}

static void more_than_fit(void **state)
{
	struct scene *s = *state;
	char name[24];
	begin_anew(s, true);
	for (int i = 0; i < 3 * WG_PG_GATHER_ROWS; i++) {
		(void)snprintf(name, sizeof name, "n%d", i); /* it fits */
		put(s, name, 1);
		assert_true(kept(s) < WG_PG_GATHER_ROWS);
	}
	assert_int_equal(number(s, "SELECT count(*) FROM counter WHERE kind = 'trial'"), 3 * WG_PG_GATHER_ROWS);
	end(s);
}

/* What was put before a request stays, whether its rows had left or not; what was put in it goes. */
static void goes_with_its_request(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	begin_anew(s, false);
	OK(wg_store_mark(s->store, &err));
	put(s, "before", 1);
	OK(wg_store_keep(s->store, &err));
	OK(wg_store_mark(s->store, &err));
	put(s, "undone", 1);
	assert_int_equal(kept(s), 1);
	OK(wg_store_undo(s->store, &err));
	assert_int_equal(kept(s), 0);
	OK(wg_store_mark(s->store, &err));
	put(s, "after", 1);
	OK(wg_store_keep(s->store, &err));
	OK(wg_store_commit(s->store, &err));
	OK(wg_store_begin(s->store, &err));
	assert_int_equal(count(s, "before"), 1);
	assert_int_equal(count(s, "undone"), 0);
	assert_int_equal(count(s, "after"), 1);
	end(s);
}

/* Where all can be done again no mark is sent: rows of several requests leave together, a request that fails before it
 * has written anything costs nothing, and one that fails after that undoes all. */
static void goes_with_all_requests(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	begin_anew(s, true);
	for (int i = 0; i < 2; i++) {
		OK(wg_store_mark(s->store, &err));
		put(s, i == 0 ? "one" : "two", 1);
		OK(wg_store_keep(s->store, &err));
	}
	assert_int_equal(kept(s), 2);
	OK(wg_store_mark(s->store, &err));
	OK(wg_store_undo(s->store, &err));
	assert_false(wg_store_repeat(s->store));
	assert_int_equal(kept(s), 2);
	OK(wg_store_mark(s->store, &err));
	put(s, "three", 1);
	FAILS(WG_AGAIN, wg_store_undo(s->store, &err));
	assert_true(wg_store_repeat(s->store));
	FAILS(WG_AGAIN, wg_store_commit(s->store, &err));
	wg_store_rollback(s->store);
	wg_store_eager(s->store, false);
	OK(wg_store_begin(s->store, &err));
	assert_int_equal(number(s, "SELECT count(*) FROM counter WHERE kind = 'trial'"), 0);
}

/* Of a transaction that is given up nothing is left for the next. */
static void goes_with_its_transaction(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	begin_anew(s, true);
	put(s, "one", 1);
	wg_store_rollback(s->store);
	assert_int_equal(kept(s), 0);
	OK(wg_store_begin(s->store, &err));
	assert_int_equal(count(s, "one"), 0);
	end(s);
}

/* The log, as it is written: read back by the transaction itself, by a kept statement. */
static void the_log_is_read_back(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	bool row = false;
	begin_anew(s, true);
	OK(wg_store_mark(s->store, &err));
	add(s, 1, id);
	assert_true(kept(s) > 0);
	OK(wg_db_row(s->store, SQL_LOG_OF, WG_ARGS(wg_db_text(id), wg_db_int(10)), &row, &err));
	assert_true(row);
	wg_db_end(s->store, SQL_LOG_OF);
	OK(wg_store_keep(s->store, &err));
	OK(wg_store_commit(s->store, &err));
	wg_store_eager(s->store, false);
	OK(wg_store_begin(s->store, &err));
}

/* A row that contradicts what is stored is told to the request that put it, where that is waited for. */
static void a_row_that_is_refused(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	const struct wg_arg nothing = wg_db_text(""), again[] = { wg_db_int(1), wg_db_int(1), nothing, nothing, nothing,
		                                                      nothing,      nothing,      nothing, nothing, nothing };
	char id[WG_ID_TEXT];
	add(s, 1, id);
	begin_anew(s, false);
	OK(wg_store_mark(s->store, &err));
	OK(wg_db_run(s->store, SQL_LOG_PUT, again, WG_COUNT(again), &err));
	assert_int_equal(wg_store_keep(s->store, &err), WG_REJECT);
	OK(wg_store_undo(s->store, &err));
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE seq = 1"), 1);
}

/* Rows that could not be put together for want of memory spoil their transaction, also where nobody hears of it at
 * once. */
static void rows_that_are_not_put_together(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	begin_anew(s, true);
	put(s, "one", 1);
	for (size_t i = 0; i < WG_PG_GATHERED; i++)
		if (wg_pg_of(s->store)->gather[i].rows > 0)
			wg_buf_fail(&wg_pg_of(s->store)->gather[i].columns[1]);
	wg_db_ahead(s->store, SQL_COUNT_MESSAGES, NULL, 0);
	assert_int_equal(kept(s), 0);
	FAILS(WG_AGAIN, wg_store_commit(s->store, &err));
	assert_true(wg_store_repeat(s->store));
	end(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(as_they_were_put, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_same_twice, set_up, tear_down),
		cmocka_unit_test_setup_teardown(more_than_fit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(goes_with_its_request, set_up, tear_down),
		cmocka_unit_test_setup_teardown(goes_with_all_requests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(goes_with_its_transaction, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_log_is_read_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_row_that_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rows_that_are_not_put_together, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
