/* How many there are of what: counted in memory, written once a transaction, and always as many as the rows are. Each
 * tear_down holds the table against them. */
#include "scene.h"
#include "store/driver.h"

static int64_t counted(struct scene *s, const char *kind, const char *name)
{
	struct wg_err err = { 0 };
	int64_t n = -1;
	OK(wg_query_number(s->store, "SELECT coalesce(max(n), -1) FROM counter WHERE kind = ?1 AND name = ?2",
	                   WG_ARGS(wg_db_text(kind), wg_db_text(name)), &n, &err));
	return n;
}

/* Nothing of it is in the table before that is asked for; a move there and back is none. */
static void written_when_it_is_read(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	uint64_t waiting = 9;
	add(s, 1, id);
	add(s, 2, id);
	assert_int_equal(counted(s, "message", "accepted"), -1);
	OK(wg_store_waiting(s->store, &waiting, &err));
	assert_int_equal(waiting, 2);
	assert_int_equal(counted(s, "message", "accepted"), 2);
}

/* A request that fails takes back what it counted, whether or not that was written meanwhile. */
static void undone_with_its_request(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	add(s, 1, id);
	for (int sealed = 0; sealed < 2; sealed++) {
		OK(wg_store_mark(s->store, &err));
		add(s, 2, id);
		if (sealed == 1)
			OK(wg_counts_seal(s->store, &err));
		OK(wg_store_undo(s->store, &err));
		OK(wg_store_mark(s->store, &err));
		OK(wg_store_keep(s->store, &err));
	}
	OK(wg_counts_seal(s->store, &err));
	assert_int_equal(counted(s, "message", "accepted"), 1);
}

/* One that was open for as long as a transaction took leaves the row that names its recipient. */
static void a_recipient_is_known(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	unsigned stale = 9;
	route(s, 1, "incident-1", "a", id);
	const struct wg_dlv_job job = take_delivery(s);
	struct wg_dlv_report r = { .token = job.token, .state = WG_DLV_HANDED_OVER };
	memcpy(r.id, job.id, sizeof r.id);
	OK(wg_store_report(s->store, s->now, &r, 1, &stale, &err));
	assert_int_equal(stale, 0);
	OK(wg_store_commit(s->store, &err));
	OK(wg_store_begin(s->store, &err));
	assert_int_equal(counted(s, "open", "meadowton/a"), 0);
	assert_int_equal(counted(s, "delivery", "handed-over"), 1);
	assert_int_equal(counted(s, "delivery", "sealed"), -1);
	assert_int_equal(counted(s, "outcome", "https handed-over"), 1);
}

/* What a transaction that is rolled back counted, the next does not write. */
static void rolled_back(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	add(s, 1, id);
	wg_store_rollback(s->store);
	OK(wg_store_begin(s->store, &err));
	add(s, 2, id);
	OK(wg_store_commit(s->store, &err));
	OK(wg_store_begin(s->store, &err));
	assert_int_equal(counted(s, "message", "accepted"), 1);
}

/* More names than there was room for at first. */
static void many_names(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT], desks[64], name[32];
	for (unsigned i = 0; i < 12; i++) {
		char key[32];
		(void)snprintf(desks, sizeof desks, "a%u b%u c%u d%u", i, i, i, i); /* short, as the others */
		(void)snprintf(key, sizeof key, "incident-%u", i);
		route(s, i + 1, key, desks, id);
	}
	OK(wg_counts_seal(s->store, &err));
	for (unsigned i = 0; i < 12; i++) {
		(void)snprintf(name, sizeof name, "meadowton/c%u", i);
		assert_int_equal(counted(s, "open", name), 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(written_when_it_is_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(undone_with_its_request, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_recipient_is_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rolled_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_names, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
