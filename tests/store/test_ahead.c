/* What is asked ahead of a database that is far away is answered as if it were asked in its time. */
#include "scene.h"
#include "store/pg_internal.h"

static bool there(struct scene *s, const char *key)
{
	struct wg_err err = { 0 };
	bool row = false;
	OK(wg_db_row(s->store, SQL_KEY_FIND, WG_ARGS(wg_db_text("derbyshire"), wg_db_text(key)), &row, &err));
	wg_db_end(s->store, SQL_KEY_FIND);
	return row;
}

static void ask(struct scene *s, const char *key)
{
	wg_db_ahead(s->store, SQL_KEY_FIND, WG_ARGS(wg_db_text("derbyshire"), wg_db_text(key)));
}

static unsigned waiting(struct scene *s)
{
	return wg_pg_of(s->store)->ahead_count;
}

/* A key of message 1. */
static void put(struct scene *s, const char *key)
{
	struct wg_err err = { 0 };
	OK(wg_db_run(s->store, SQL_KEY_PUT, WG_ARGS(wg_db_text("derbyshire"), wg_db_text(key), wg_db_int(1)), &err));
}

/* The answers to several are taken in any order, each by who asks the same; to what is asked with others it says
 * nothing. */
static void in_any_order(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	add(s, 1, id);
	put(s, "one");
	put(s, "three");
	ask(s, "one");
	ask(s, "two");
	ask(s, "three");
	ask(s, "one"); /* as before: once is enough */
	assert_int_equal(waiting(s), 3);
	assert_false(there(s, "four"));
	assert_true(there(s, "three"));
	assert_false(there(s, "two"));
	assert_int_equal(waiting(s), 1);
	assert_true(there(s, "one"));
	assert_int_equal(waiting(s), 0);
	assert_true(there(s, "one"));
}

/* What was written since is seen, whether the answer had come or was on its way. */
static void written_since(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	add(s, 1, id);
	ask(s, "one");
	put(s, "one");
	assert_int_equal(waiting(s), 0);
	assert_true(there(s, "one"));
	ask(s, "two");
	ask(s, "three");
	assert_false(there(s, "three")); /* the other one's has come with it */
	put(s, "two");
	assert_true(there(s, "two"));
}

/* By a text that is not kept, too. */
static void written_by_a_text(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	add(s, 1, id);
	put(s, "one");
	ask(s, "one");
	OK(wg_query_run(s->store, "DELETE FROM submission WHERE key = ?1", WG_ARGS(wg_db_text("one")), &err));
	assert_false(there(s, "one"));
}

/* What is written elsewhere lets it stand. */
static void written_elsewhere(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	add(s, 1, id);
	ask(s, "one");
	OK(wg_db_run(s->store, SQL_META_PUT, WG_ARGS(wg_db_text("some"), wg_db_text("thing")), &err));
	assert_int_equal(waiting(s), 1);
	assert_false(there(s, "one"));
	assert_int_equal(waiting(s), 0);
}

/* It ends with what it was asked in: a request that is undone, a transaction. */
static void undone(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	add(s, 1, id);
	OK(wg_store_commit(s->store, &err));
	OK(wg_store_begin(s->store, &err));
	OK(wg_store_mark(s->store, &err));
	put(s, "one");
	ask(s, "one");
	OK(wg_store_undo(s->store, &err));
	assert_false(there(s, "one"));
	put(s, "one");
	ask(s, "one");
	wg_store_rollback(s->store);
	OK(wg_store_begin(s->store, &err));
	assert_int_equal(waiting(s), 0);
	assert_false(there(s, "one"));
	ask(s, "one");
	OK(wg_store_commit(s->store, &err)); /* nothing was written: nobody waits for its end */
	OK(wg_store_begin(s->store, &err));
	assert_false(there(s, "one"));
}

/* More than it can hold are asked in their time. */
static void too_many(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT], key[24];
	add(s, 1, id);
	for (int i = 0; i < 4 * WG_PG_AHEAD; i++) {
		(void)snprintf(key, sizeof key, "key-%d", i); /* it fits */
		if (i % 2 == 0)
			put(s, key);
	}
	for (int i = 0; i < 4 * WG_PG_AHEAD; i++) {
		(void)snprintf(key, sizeof key, "key-%d", i);
		ask(s, key);
	}
	assert_int_equal(waiting(s), WG_PG_AHEAD);
	for (int i = 0; i < 4 * WG_PG_AHEAD; i++) {
		(void)snprintf(key, sizeof key, "key-%d", i);
		assert_int_equal(there(s, key), i % 2 == 0);
	}
}

/* ---- of many keys at once */

#define KIND 3

static void has(struct scene *s, int64_t child, const char *key, int64_t kind)
{
	struct wg_err err = { 0 };
	OK(wg_db_run(s->store, SQL_CHILD_KEY,
	             WG_ARGS(wg_db_text(key), wg_db_int(child), wg_db_int(kind), wg_db_text(""), wg_db_int(1)), &err));
}

static void ask_for(struct scene *s, const char *key)
{
	wg_db_ahead(s->store, SQL_CHILD_BY_KEY, WG_ARGS(wg_db_text(key), wg_db_int(KIND)));
}

/* "7 8 ", of the children that have it. */
static void expect(struct scene *s, const char *key, const char *want)
{
	char got[64] = "";
	struct wg_err err = { 0 };
	WG_AUTO_FREE int64_t *children = NULL;
	size_t n = 0;
	OK(wg_db_seqs(s->store, SQL_CHILD_BY_KEY, WG_ARGS(wg_db_text(key), wg_db_int(KIND)), 10, &children, &n, &err));
	for (size_t i = 0; i < n; i++)
		(void)snprintf(got + strlen(got), sizeof got - strlen(got), "%d ", (int)children[i]); /* short */
	assert_string_equal(got, want);
}

/* One statement asks for all of them, and each has the answer that it would have had. */
static void many_keys(void **state)
{
	struct scene *s = *state;
	const struct wg_pg *pg = wg_pg_of(s->store);
	begin_anew(s, true);
	has(s, 8, "two", KIND);
	has(s, 7, "two", KIND);
	has(s, 7, "old", -1);
	has(s, 9, "old", KIND);
	has(s, 9, "other", KIND + 1);
	static const char *const keys[] = { "two", "none", "old", "{\"a\"}", "other" };
	for (size_t i = 0; i < WG_COUNT(keys); i++)
		ask_for(s, keys[i]);
	ask_for(s, "two"); /* as before */
	assert_int_equal(waiting(s), WG_COUNT(keys));
	assert_int_equal(pg->asks.rows, WG_COUNT(keys));
	const unsigned sent = pg->main.count;
	assert_false(there(s, "one")); /* they leave before whatever else is asked */
	assert_int_equal(pg->asks.rows, 0);
	expect(s, "old", "7 9 ");
	expect(s, "none", "");
	expect(s, "two", "7 8 ");
	expect(s, "other", "");
	expect(s, "{\"a\"}", "");
	assert_int_equal(waiting(s), 0);
	expect(s, "two", "7 8 ");
	assert_true(sent < WG_COUNT(keys)); /* rows of before, together; no question */
	give_up(s);
}

/* Whether it waited for others, was on its way, or had come. */
static void many_keys_written_since(void **state)
{
	struct scene *s = *state;
	begin_anew(s, true);
	ask_for(s, "one");
	has(s, 7, "one", KIND);
	assert_int_equal(waiting(s), 0);
	expect(s, "one", "7 ");
	ask_for(s, "two");
	ask_for(s, "three");
	expect(s, "three", "");
	has(s, 7, "two", KIND);
	expect(s, "two", "7 ");
	ask_for(s, "four");
	wg_store_rollback(s->store);
	wg_store_eager(s->store, false);
	struct wg_err err = { 0 };
	OK(wg_store_begin(s->store, &err));
	assert_int_equal(wg_pg_of(s->store)->asks.rows, 0);
	expect(s, "one", "");
}

/* ---- rows */

static int pending(struct scene *s, const char *id)
{
	struct wg_err err = { 0 };
	struct wg_dlv_rec rec;
	OK(wg_delivery_by_id(s->store, id, &rec, &err));
	assert_string_equal(rec.id, id);
	return rec.pending;
}

static void change(struct scene *s, int64_t seq, int64_t rank)
{
	struct wg_err err = { 0 };
	OK(wg_db_run(s->store, SQL_DLV_PENDING, WG_ARGS(wg_db_int(seq), wg_db_int(rank)), &err));
}

/* What is of one row stays when another is changed, and is asked anew when that one is, or perhaps is. */
static void of_one_row(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	struct wg_dlv_rec one, two;
	route(s, 1, "tess", "front-door missing", id);
	const struct wg_dlv_job a = take_delivery(s), b = take_delivery(s);
	OK(wg_delivery_by_id(s->store, a.id, &one, &err));
	OK(wg_delivery_by_id(s->store, b.id, &two, &err));
	wg_delivery_ahead(s->store, a.id);
	wg_delivery_ahead(s->store, b.id);
	assert_int_equal(pending(s, a.id), 0);
	change(s, one.seq, 5);
	assert_int_equal(waiting(s), 1);
	assert_int_equal(pending(s, b.id), 0);
	wg_delivery_ahead(s->store, a.id);
	wg_delivery_ahead(s->store, b.id);
	assert_int_equal(pending(s, a.id), 5);
	change(s, two.seq, 7);
	assert_int_equal(waiting(s), 0);
	assert_int_equal(pending(s, b.id), 7);
	wg_delivery_ahead(s->store, a.id);
	change(s, two.seq, 8); /* its answer is on its way: nobody knows which row it is of */
	assert_int_equal(waiting(s), 0);
	wg_delivery_ahead(s->store, a.id);
	wg_delivery_ahead(s->store, b.id);
	assert_int_equal(pending(s, a.id), 5);
	OK(wg_db_run(s->store, SQL_MSG_ASSIGN, WG_ARGS(wg_db_int(two.seq), wg_db_text("robin")),
	             &err)); /* of another table */
	assert_int_equal(waiting(s), 0);
}

static int64_t steps_of(struct scene *s, uint64_t task, uint64_t token)
{
	struct wg_err err = { 0 };
	bool row = false;
	const struct wg_arg args[] = { wg_db_int((int64_t)task), wg_db_int((int64_t)token) };
	OK(wg_db_row(s->store, SQL_TASK_FIND, args, 2, &row, &err));
	const int64_t steps = row ? wg_db_col_int(s->store, SQL_TASK_FIND, 3) : -1;
	wg_db_end(s->store, SQL_TASK_FIND);
	return steps;
}

static void of_one_task(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	for (int64_t i = 1; i <= 2; i++)
		OK(wg_query_run(s->store,
		                "INSERT INTO task(id, kind, state, since, due, token) VALUES(?1, 'alert', ?2, 5, 5, 0)",
		                WG_ARGS(wg_db_int(i), wg_db_text(i == 1 ? "one" : "two")), &err));
	for (uint64_t i = 1; i <= 3; i++)
		wg_store_task_ahead(s->store, i, 0);
	assert_int_equal(steps_of(s, 1, 0), 0);
	OK(wg_db_run(s->store, SQL_TASK_DONE, WG_ARGS(wg_db_int(1), wg_db_int(4), wg_db_int(9)), &err));
	assert_int_equal(waiting(s), 1); /* the second; of the third nobody knows what it would be */
	assert_int_equal(steps_of(s, 2, 0), 0);
	wg_store_task_ahead(s->store, 1, 1);
	wg_store_task_ahead(s->store, 2, 0);
	assert_int_equal(steps_of(s, 2, 0), 0);
	OK(wg_db_run(s->store, SQL_TASK_DONE, WG_ARGS(wg_db_int(1), wg_db_int(6), wg_db_int(9)), &err));
	assert_int_equal(waiting(s), 0);
	assert_int_equal(steps_of(s, 1, 1), -1);
	assert_int_equal(steps_of(s, 1, 2), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_any_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(written_since, set_up, tear_down),
		cmocka_unit_test_setup_teardown(written_by_a_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(written_elsewhere, set_up, tear_down),
		cmocka_unit_test_setup_teardown(undone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(too_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_keys_written_since, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_one_row, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_one_task, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
