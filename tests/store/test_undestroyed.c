/* A disk that is full when keys are to be destroyed: what was purged is not called destroyed, by nobody; the store goes
 * on, tries again, and says when it is done. */
#include "disk_calls.h"
#include "frames.h"
#include "heads.h"
#include "store/purge_internal.h"
#include "store/server_internal.h"

static void fill_keys(unsigned after)
{
	fail_on = "keys.db";
	fail_not = after;
	fail_full = true;
}

static void make_room(void)
{
	fail_on = NULL;
	fail_not = 0;
	fail_full = false;
}

static unsigned keys_left(struct wg_store *store)
{
	return (unsigned)count_of(wg_sqlite_of(store)->keys, "SELECT count(*) FROM head WHERE id <= 4");
}

/* Full from each write on in turn. */
static void the_store_goes_on(void **state)
{
	bool undestroyed = true;
	unsigned after = 0;
	(void)state;
	for (; undestroyed; after++) {
		char *folder = rig_folder(), id[WG_ID_TEXT], second[WG_ID_TEXT];
		struct wg_err err = { 0 };
		uint64_t heads = 0;
		struct wg_store *store = open_store(folder);
		deliver_whole(store, 1, id);
		assert_int_equal(keys_left(store), 4);
		OK(wg_store_begin(store, &err));
		OK(wg_purge_message(store, later, 1, id, "robin", "a test", &heads, &err));
		fill_keys(after);
		OK(wg_store_commit(store, &err));
		undestroyed = wg_store_undestroyed(store);
		assert_int_equal(wg_store_fault(store, NULL), WG_OK);
		assert_false(wg_store_full(store));
		if (undestroyed && after == 0) {
			assert_int_equal(keys_left(store), 4);
			OK(wg_store_destroy(store, &err)); /* there is no room yet */
			assert_true(wg_store_undestroyed(store));
		}
		make_room();
		deliver_whole(store, 2, second);
		OK(wg_store_destroy(store, &err));
		assert_false(wg_store_undestroyed(store));
		assert_int_equal(keys_left(store), 0);
		OK(read_blob(store, second, "original", 2, 'o', &err));
		wg_store_closep(&store);
		rig_remove(folder);
	}
	assert_true(after > 1);
}

/* As the server does: what is there is read, run and answered. */
static void one_turn(struct rig_server *r)
{
	struct wg_err err = { 0 };
	wg_conn_read(r->server, r->server->conns[0]);
	OK(wg_batch_run(r->server, &err));
	wg_conn_write(r->server->conns[0]);
}

static void ask_purge(int fd)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(4096);
	wg_buf_str(&body, "missing");
	wg_buf_u64(&body, (uint64_t)then.wall + 86400000);
	wg_buf_u8(&body, 0);
	wg_buf_str(&body, "");
	wg_buf_str(&body, "robin");
	wg_buf_str(&body, "kept 6 years by a test");
	send_frame(fd, 7, WG_OP_PURGE, 0, &body);
}

static void who_purged_is_told(void **state)
{
	struct rig_server r = { .folder = rig_folder() };
	struct wg_wire_in in = { .max = WG_LIMIT_FRAME };
	struct wg_frame frame = { .tag = 0 };
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	(void)state;
	struct wg_store *store = open_store(r.folder);
	deliver_whole(store, 1, id);
	wg_store_closep(&store);
	OK(wg_server_open(r.folder, &r.server, &err));
	wg_server_on_event(r.server, rig_event, &r);
	const int admin = attach(&r, WG_ROLE_ADMIN);
	ask_purge(admin);
	fill_keys(0);
	one_turn(&r);
	assert_true(next_answer(admin, &in, &frame));
	assert_int_equal(frame.tag, 7);
	assert_int_equal(frame.code, WG_AGAIN);
	assert_non_null(memmem(frame.body, frame.len, "could not be destroyed", 22));
	for (unsigned i = 0; i < 3; i++) { /* said once */
		r.server->destroy_at = 0;
		one_turn(&r);
		assert_int_equal(keys_left(r.server->store), 4);
		assert_true(r.undestroyed == 1 && r.destroyed == 0);
	}
	make_room();
	r.server->destroy_at = 0;
	one_turn(&r);
	assert_int_equal(keys_left(r.server->store), 0);
	assert_true(r.undestroyed == 1 && r.destroyed == 1);
	ask_purge(admin);
	one_turn(&r);
	assert_true(next_answer(admin, &in, &frame));
	assert_int_equal(frame.code, WG_OK);
	wg_wire_free(&in);
	assert_int_equal(close(admin), 0);
	wg_server_freep(&r.server);
	rig_remove(r.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_store_goes_on), cmocka_unit_test(who_purged_is_told) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
