/* The store decides that a deadline is over: what waits is tried once more when it comes, and then it has failed. */
#include "confirm.h"

static void one(struct scene *s, int64_t deadline_in, char id[WG_ID_TEXT])
{
	struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
	d.deadline = s->now.wall + deadline_in;
	decided(s, 1, &d, 1, id);
}

/* deferred: what the role that delivers says, which knows nothing of deadlines. */
static void tried_once_more(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	one(s, 60000, id);
	struct wg_dlv_job job = take_delivery(s);
	(void)report(s, &job, WG_DLV_DEFERRED, 3600000); /* long after the deadline */
	assert_int_equal(delivery_of(s, id).state, WG_DLV_DEFERRED);
	s->now.wall += 59999;
	assert_int_equal(deliveries_due(s), 0);
	s->now.wall += 1;
	job = take_delivery(s); /* at once */
	(void)report(s, &job, WG_DLV_DEFERRED, 1000);
	assert_int_equal(delivery_of(s, id).state, WG_DLV_FAILED);
	assert_string_equal(delivery_of(s, id).reason, "said so; its deadline is over");
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'failed' AND actor = 'store'"), 1);
	assert_int_equal(deliveries_due(s), 0);
}

/* The last try may succeed; and what fails by itself fails. */
static void the_last_try(void **state)
{
	static const enum wg_delivery_state says[] = { WG_DLV_HANDED_OVER, WG_DLV_RECEIVED, WG_DLV_FAILED };
	struct scene *s = *state;
	for (size_t i = 0; i < WG_COUNT(says); i++) {
		struct wg_err err = { 0 };
		char id[WG_ID_TEXT];
		mark(s);
		one(s, 60000, id);
		s->now.wall += 120000; /* the machine was off: it is tried all the same */
		struct wg_dlv_job job = take_delivery(s);
		(void)report(s, &job, says[i], 0);
		assert_int_equal(delivery_of(s, id).state, says[i]);
		assert_string_equal(delivery_of(s, id).reason, "said so");
		OK(wg_store_undo(s->store, &err));
		s->now.wall -= 120000;
	}
}

/* A lease that is lost is no try, unless it began after the deadline: else whoever dies of it would do so for ever. */
static void lost_leases(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	unsigned lost = 0;
	one(s, 60000, id);
	(void)take_delivery(s);
	s->now.wall += 60000;
	OK(wg_store_leases_end(s->store, s->now, ME, &lost, &err));
	assert_int_equal(delivery_of(s, id).state, WG_DLV_DEFERRED);
	assert_int_equal(deliveries_due(s), 0); /* not at once: it waits as after every lost lease */
	s->now.wall += WG_STORE_LOST_WAIT_MAX_MS;
	(void)take_delivery(s);
	OK(wg_store_leases_end(s->store, s->now, ME, &lost, &err));
	assert_int_equal(delivery_of(s, id).state, WG_DLV_FAILED);
	assert_true(delivery_of(s, id).maybe);
	act(s, "retry", id, 1); /* a person gives it another day */
	struct wg_dlv_job job = take_delivery(s);
	(void)report(s, &job, WG_DLV_DEFERRED, 1000);
	assert_int_equal(delivery_of(s, id).state, WG_DLV_DEFERRED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tried_once_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_last_try, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lost_leases, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
