/* What could not be sent is not waited for. This program stands between the store and libpq, which for want of memory
 * refuses to send. */
#include <dlfcn.h>

#include "scene.h"

static bool refused;

int PQpipelineSync(PGconn *conn)
{
	int (*real)(PGconn *) = NULL;
	*(void **)&real = dlsym(RTLD_NEXT, "PQpipelineSync"); /* as POSIX has it */
	assert_non_null(real);
	return refused ? 0 : real(conn);
}

static void the_end_of_a_batch(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipt;
	struct wg_msg_new m = rig_message(1);
	OK(wg_store_add(s->store, s->now, &m, &receipt, &err));
	refused = true;
	FAILS(WG_SYSTEM, wg_store_commit(s->store, &err));
	wg_store_rollback(s->store);
	refused = false;
	wg_store_closep(&s->store);
	OK(wg_store_open(s->folder, &s->store, &err));
	OK(wg_store_begin(s->store, &err));
	assert_int_equal(number(s, "SELECT count(*) FROM message"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(the_end_of_a_batch, set_up, tear_down) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
