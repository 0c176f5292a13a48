/* Memory that is refused to the store, one request for it after the other: that is no fault of what was asked, nor of
 * what is stored, and whoever asked is told to come again. */
#include "../refused_memory.h"

#include "served.h"
#include "store/server_internal.h"

static enum wg_code audit(const char *folder, unsigned long at, struct wg_err *err)
{
	struct wg_store *store = NULL;
	uint64_t entries = 0;
	char head[WG_STORE_HASH];
	assert_int_equal(wg_store_open(folder, &store, err), WG_OK);
	assert_int_equal(wg_store_begin(store, err), WG_OK);
	memory_asked = 0;
	memory_fails_at = at;
	enum wg_code code = wg_store_audit(store, &entries, head, err);
	memory_fails_at = 0;
	wg_store_rollback(store);
	wg_store_closep(&store);
	return code;
}

/* One message more, by hand: what is read, what is answered, and in between what memory may be refused to. */
static enum wg_code add_refused(struct rig_server *r, struct wg_wire_in *in, int fd, unsigned n)
{
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf body = WG_BUF(1 << 16);
	const struct wg_msg_new m = rig_message(n);
	struct wg_frame frame = { .tag = 0 };
	wg_codec_put_msg_new(&body, &m);
	send_frame(fd, n, WG_OP_ADD, 0, &body);
	wg_conn_read(r->server, r->server->conns[0]);
	memory_asked = 0;
	memory_fails_at = n;
	OK(wg_batch_run(r->server, &err));
	memory_fails_at = 0;
	wg_conn_write(r->server->conns[0]);
	if (r->server->conns[0]->dropped || !next_answer(fd, in, &frame))
		return WG_AGAIN; /* the peer knows nothing, and comes again */
	assert_int_equal(frame.tag, n);
	return (enum wg_code)frame.code;
}

static void each_in_turn(void **state)
{
	struct rig_server r = { .folder = rig_folder() };
	struct wg_err err = { 0 };
	unsigned n = 0, refused = 0;
	bool enough = false;
	(void)state;
	memory_fails_once = true;
	while (!enough) {
		struct wg_wire_in in = { .max = WG_LIMIT_FRAME };
		OK(wg_server_open(r.folder, &r.server, &err));
		int fd = attach(&r, WG_ROLE_INTAKE);
		enum wg_code code = add_refused(&r, &in, fd, ++n);
		enough = memory_asked < n;
		if (code != WG_AGAIN && code != WG_OK)
			fail_msg("allocation %u: %s", n, wg_code_name(code));
		refused += code == WG_AGAIN;
		wg_wire_free(&in);
		assert_int_equal(close(fd), 0);
		wg_server_freep(&r.server);
	}
	assert_true(n > 5 && refused > 0);
	enough = false;
	for (unsigned long at = 1; !enough; at++) {
		enum wg_code code = audit(r.folder, at, &err);
		enough = memory_asked < at;
		if (code != WG_SYSTEM && code != WG_OK)
			fail_msg("audit, allocation %lu: %s: %s", at, wg_code_name(code), err.text);
	}
	rig_remove(r.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_in_turn) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
