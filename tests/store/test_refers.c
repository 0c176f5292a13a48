/* PostgreSQL looks for what rows refer to, where it does, once a transaction, at its end: a row that refers to nothing
 * is not committed, and is told at once where each request is judged at its own end. */
#include "scene.h"
#include "store/check.h"

/* A part of a message that there is none of. */
static enum wg_code refers_to_nothing(struct wg_store *store, struct wg_err *err)
{
	return wg_db_run(store, SQL_PART_PUT, WG_ARGS(wg_db_int(4711), wg_db_int(1), wg_db_int(4712)), err);
}

static const char parts[] = "SELECT count(*) FROM part";

static void begin(struct scene *s, bool eager)
{
	struct wg_err err = { 0 };
	begin_anew(s, eager);
	OK(wg_store_mark(s->store, &err));
}

/* It is put, and all of the transaction is to be done once more. */
static void not_committed(struct scene *s)
{
	struct wg_err err = { 0 };
	OK(refers_to_nothing(s->store, &err));
	OK(wg_store_keep(s->store, &err));
	FAILS(WG_AGAIN, wg_store_commit(s->store, &err));
	assert_true(wg_store_repeat(s->store));
	OK(wg_store_fault(s->store, &err));
	give_up(s);
	assert_int_equal(number(s, parts), 0);
}

static void at_the_end(void **state)
{
	struct scene *s = *state;
	begin(s, true);
	not_committed(s);
}

/* So it is with a document, and another has its key then. */
static void at_the_end_with_a_document(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipt;
	const struct wg_msg_new m = rig_message(1);
	begin(s, true);
	OK(wg_store_add(s->store, s->now, &m, &receipt, &err));
	not_committed(s);
	OK(wg_store_add(s->store, s->now, &m, &receipt, &err));
	assert_false(receipt.duplicate);
	OK(wg_store_commit(s->store, &err));
	OK(wg_store_begin(s->store, &err));
}

/* Each request judged at its own end: that one is undone, what the others did stays. */
static void at_once(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipt;
	const struct wg_msg_new m = rig_message(1);
	begin(s, false);
	OK(wg_store_add(s->store, s->now, &m, &receipt, &err));
	OK(wg_store_keep(s->store, &err));
	OK(wg_store_mark(s->store, &err));
	OK(refers_to_nothing(s->store, &err));
	FAILS(WG_REJECT, wg_store_keep(s->store, &err));
	OK(wg_store_undo(s->store, &err));
	OK(wg_store_commit(s->store, &err));
	OK(wg_store_begin(s->store, &err));
	assert_int_equal(number(s, parts), 0);
	OK(wg_store_add(s->store, s->now, &m, &receipt, &err));
	assert_true(receipt.duplicate);
}

/* A database of the first version gets there. */
static void from_version_1(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	int64_t n = -1;
	struct pg_place p;
	static const char late[] =
		"SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND condeferred AND connamespace ="
		" (SELECT oid FROM pg_namespace WHERE nspname = current_schema())";
	OK(wg_store_commit(s->store, &err));
	OK(wg_db_exec(s->store,
	              "ALTER TABLE part ALTER CONSTRAINT part_parent_fkey NOT DEFERRABLE;"
	              " ALTER TABLE part ALTER CONSTRAINT part_message_fkey NOT DEFERRABLE;"
	              " " PG_BEFORE_8
	              "DROP TABLE work; DROP TABLE passage; DROP FUNCTION passage_kept(); ALTER TABLE disclosure DROP "
	              "COLUMN packed; "
	              "UPDATE version SET"
	              " number = 1",
	              &err));
	OK(wg_query_number(s->store, late, NULL, 0, &n, &err));
	wg_store_closep(&s->store);
	OK(wg_store_open_at(pg_place(&p, s->folder), &s->store, &err));
	int64_t after = -1;
	OK(wg_query_number(s->store, late, NULL, 0, &after, &err));
	assert_int_equal(after, n + 2);
	OK(wg_store_begin(s->store, &err));
	at_the_end(state);
}

static void tell(void *arg, const char *words, const char *todo)
{
	(void)todo;
	if (strstr(words, "a row of child_key names one of child that is not there") != NULL)
		++*(unsigned *)arg;
}

/* What PostgreSQL does not look for, the check does. */
static void the_check_looks(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	unsigned told = 0;
	struct wg_check check = { .pages = true, .on = tell, .arg = &told };
	char id[WG_ID_TEXT];
	add(s, 1, id);
	OK(wg_store_check(s->store, &check, &err));
	assert_int_equal(check.findings, 0);
	OK(wg_query_run(s->store, "INSERT INTO child_key(key, child, kind, scope) VALUES('k', 4711, 1, '')", NULL, 0,
	                &err));
	OK(wg_store_check(s->store, &check, &err));
	assert_int_equal(check.findings, 1);
	assert_int_equal(told, 1);
	OK(wg_query_run(s->store, "DELETE FROM child_key", NULL, 0, &err));
	OK(wg_store_commit(s->store, &err));
	OK(wg_store_begin(s->store, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(at_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(at_the_end_with_a_document, set_up, tear_down),
		cmocka_unit_test_setup_teardown(at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(from_version_1, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_check_looks, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
