/* A way to PostgreSQL that is cut in the middle of a commit, before the server hears of it or before its answer is
 * heard: what became of it is known before anything is answered, also when others wrote meanwhile. Between the store
 * and a real server stands a relay that cuts. And who is connected to at all. Nothing waits for a time to pass. */
#include "base/id.h"
#include "relay.h"
#include "sharing.h"
#include "store/driver.h"
#include "store/keys_internal.h"
#include "store/pg_internal.h"

/* ---- the store behind it */

struct lost {
	struct relay relay;
	char *folder;
	struct wg_store *store;
};

static void open_behind(const struct scene *s, struct lost *l)
{
	struct wg_err err = { 0 };
	struct pg_place p;
	char database[256];
	const struct wg_store_place *of = pg_place(&p, s->folder);
	*l = (struct lost){ .folder = rig_folder() };
	relay_start(&l->relay);
	relay_way(&l->relay, of->database, "", database, sizeof database);
	const struct wg_store_place place = { .folder = l->folder, .database = database, .keys = of->keys, .unsafe = true };
	OK(wg_store_open_at(&place, &l->store, &err));
}

static void close_behind(struct lost *l)
{
	wg_store_closep(&l->store);
	relay_end(&l->relay);
	rig_remove(l->folder);
}

static void write_one(struct wg_store *store, struct wg_now now, unsigned n)
{
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipt;
	struct wg_msg_new m = rig_message(n);
	OK(wg_store_begin(store, &err));
	OK(wg_store_add(store, now, &m, &receipt, &err));
	OK(wg_store_commit(store, &err));
}

static void reconnect(struct wg_store *store, bool *committed)
{
	struct wg_err err = { 0 };
	enum wg_code code;
	do
		code = wg_store_reconnect(store, committed, &err);
	while (code == WG_AGAIN && err.text[0] == '\0'); /* under way */
	OK(code);
}

/* others: transactions of another node between the cut and the return. */
static void cut_and_back(struct scene *s, int cut, unsigned others)
{
	struct lost l;
	struct wg_err err = { 0 };
	struct wg_msg_receipt first, again;
	struct wg_msg_new m = rig_message(7);
	bool committed = cut == LOSE_REQUEST;
	OK(wg_store_commit(s->store, &err)); /* the scene holds the turn */
	open_behind(s, &l);
	write_one(l.store, s->now, 1);
	OK(wg_store_begin(l.store, &err));
	OK(wg_store_add(l.store, s->now, &m, &first, &err));
	atomic_store(&l.relay.cut, cut);
	assert_int_not_equal(wg_store_commit(l.store, &err), WG_OK);
	assert_int_equal(atomic_load(&l.relay.cuts), 1);
	assert_true(wg_store_unanswered(l.store));
	assert_int_not_equal(wg_store_begin(l.store, &err), WG_OK); /* nothing is done before it is known */
	for (unsigned i = 0; i < others; i++)
		write_one(s->store, s->now, 20 + i);
	reconnect(l.store, &committed);
	assert_int_equal(committed, cut == LOSE_ANSWER);
	assert_false(wg_store_lost(l.store));
	struct wg_msg_new same = rig_message(7);
	OK(wg_store_begin(l.store, &err));
	OK(wg_store_add(l.store, s->now, &same, &again, &err));
	assert_int_equal(again.duplicate, committed);
	if (committed)
		assert_string_equal(again.id, first.id);
	OK(wg_store_commit(l.store, &err));
	close_behind(&l);
	OK(wg_store_begin(s->store, &err));
	assert_int_equal(number(s, "SELECT count(*) FROM message WHERE content_hash LIKE '%00007'"), 1);
	assert_int_equal(number(s, "SELECT count(*) FROM blob"), 2 + others);
}

static void the_request_is_lost(void **state)
{
	cut_and_back(*state, LOSE_REQUEST, 0);
}

static void the_answer_is_lost(void **state)
{
	cut_and_back(*state, LOSE_ANSWER, 0);
}

static void the_request_is_lost_and_others_write(void **state)
{
	cut_and_back(*state, LOSE_REQUEST, 1);
}

static void the_request_is_lost_and_others_write_more(void **state)
{
	cut_and_back(*state, LOSE_REQUEST, 3);
}

static void the_answer_is_lost_and_others_write(void **state)
{
	cut_and_back(*state, LOSE_ANSWER, 2);
}

static bool context(struct wg_store *store, const char *id, const char *child)
{
	struct wg_err err = { 0 };
	const struct wg_match_key key = rig_key(WG_KEY_NHS, child);
	struct wg_context c = { 0 };
	bool turn = false;
	OK(wg_store_context_in_turn(store, id, WG_RELATION_NONE, &key, 1, WG_CHILD_BY_KEYS, "", "", &turn, &c, &err));
	wg_context_free(&c);
	return turn;
}

/* The context that was given in it counts, or does not, as what became of it. */
static void a_context_is_given(struct scene *s, int cut)
{
	struct lost l;
	struct wg_err err = { 0 };
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0;
	bool committed = false;
	OK(wg_store_commit(s->store, &err));
	open_behind(s, &l);
	write_one(l.store, s->now, 1);
	write_one(l.store, s->now, 2);
	OK(wg_store_begin(l.store, &err));
	OK(wg_store_lease_messages(l.store, s->now, wg_store_owners(l.store) + 1, 2, &jobs, &count, &err));
	assert_int_equal(count, 2);
	OK(wg_store_commit(l.store, &err));
	OK(wg_store_begin(l.store, &err));
	assert_true(context(l.store, jobs[0].id, "rowan"));
	atomic_store(&l.relay.cut, cut);
	assert_int_not_equal(wg_store_commit(l.store, &err), WG_OK);
	wg_store_rollback(l.store);
	reconnect(l.store, &committed);
	assert_int_equal(committed, cut == LOSE_ANSWER);
	OK(wg_store_begin(l.store, &err));
	assert_false(context(l.store, jobs[1].id, "rowan")); /* it was given, or is still to be */
	assert_int_equal(context(l.store, jobs[1].id, "ash"), committed);
	wg_store_rollback(l.store);
	wg_msg_jobs_free(jobs, count);
	close_behind(&l);
	OK(wg_store_begin(s->store, &err));
}

static void a_context_is_given_and_known(void **state)
{
	a_context_is_given(*state, LOSE_ANSWER);
}

static void a_context_is_not_given(void **state)
{
	a_context_is_given(*state, LOSE_REQUEST);
}

/* Cut off for so long that the others gave it up: it comes back as another node, and what it had leased is not its own
 * any more. */
static void given_up_meanwhile(void **state)
{
	struct scene *s = *state;
	struct lost l;
	struct wg_err err = { 0 };
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0, lost = 0;
	bool committed = false;
	OK(wg_store_commit(s->store, &err));
	open_behind(s, &l);
	write_one(l.store, s->now, 1);
	OK(wg_store_begin(l.store, &err));
	const uint64_t owner = wg_store_owners(l.store) + 1;
	OK(wg_store_lease_messages(l.store, s->now, owner, 1, &jobs, &count, &err));
	assert_int_equal(count, 1);
	OK(wg_store_commit(l.store, &err));
	OK(wg_store_begin(s->store, &err));
	for (unsigned i = 0; i < 30 && lost == 0; i++)
		OK(wg_store_nodes(s->store, s->now, &lost, &err));
	assert_int_equal(lost, 1);
	OK(wg_store_commit(s->store, &err));
	OK(wg_store_begin(l.store, &err));
	FAILS(WG_SYSTEM, wg_store_nodes(l.store, s->now, &lost, &err));
	assert_true(wg_store_lost(l.store));
	assert_false(wg_store_unanswered(l.store));
	reconnect(l.store, &committed);
	assert_int_not_equal(wg_store_owners(l.store) + 1, owner);
	OK(wg_store_begin(l.store, &err));
	const enum wg_code code = wg_store_put_back(l.store, s->now, jobs[0].id, jobs[0].token, 0, "too late", &err);
	assert_int_not_equal(code, WG_OK);
	wg_store_rollback(l.store);
	wg_msg_jobs_free(jobs, count);
	close_behind(&l);
	OK(wg_store_begin(s->store, &err));
}

/* Back at a server that was behind the last one: what stands there under a number is asked anew. */
static void other_numbers(void **state)
{
	static const char record[] = "{\"reasons\":[{\"category\":\"identity\",\"rule\":\"england/frame\"}]}";
	struct scene *s = *state;
	struct lost l;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	bool committed = true;
	struct wg_msg_receipt receipt;
	struct wg_msg_new m = rig_message(7);
	struct wg_dlv_new d = to_desk("duty", "host", WG_DLV_SEALED);
	const struct notice notice = { .relation = WG_RELATION_WITHIN, .deliveries = &d, .delivery_count = 1 };
	d.disclosure = record;
	OK(wg_store_commit(s->store, &err));
	open_behind(s, &l);
	struct scene far = { .store = l.store, .now = s->now };
	OK(wg_store_begin(l.store, &err));
	send_notice(&far, 1, &notice, id);
	OK(wg_store_commit(l.store, &err));
	OK(wg_store_begin(l.store, &err));
	OK(wg_store_add(l.store, s->now, &m, &receipt, &err));
	atomic_store(&l.relay.cut, LOSE_REQUEST);
	assert_int_not_equal(wg_store_commit(l.store, &err), WG_OK);
	OK(wg_store_begin(s->store, &err));
	OK(wg_db_exec(s->store,
	              "ALTER TABLE passage DISABLE TRIGGER USER; ALTER TABLE disclosure DISABLE TRIGGER USER;"
	              " UPDATE passage SET id = 101; UPDATE disclosure SET record = replace(record, '[1]', '[101]')",
	              &err));
	OK(wg_store_commit(s->store, &err));
	reconnect(l.store, &committed);
	assert_false(committed);
	OK(wg_store_begin(l.store, &err));
	send_notice(&far, 2, &notice, id);
	OK(wg_store_commit(l.store, &err));
	close_behind(&l);
	OK(wg_store_begin(s->store, &err));
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 16);
	OK(wg_store_explain(s->store, id, &out, &err));
	assert_non_null(strstr(wg_buf_text(&out), record));
	assert_int_equal(number(s, "SELECT count(*) FROM passage"), 1);
}

/* The same of the keys of contents: what stands there is what a content is masked with, or it is never opened again. */
static void other_keys(void **state)
{
	struct scene *s = *state;
	struct lost l;
	struct wg_err err = { 0 };
	bool committed = true;
	struct wg_msg_receipt receipt;
	struct wg_msg_new m = rig_message(7);
	uint8_t row[WG_KEYS_ROW] = { 0 }, *bytes = NULL;
	size_t len = 0;
	OK(wg_store_commit(s->store, &err));
	open_behind(s, &l);
	write_one(l.store, s->now, 1);
	const struct wg_keys made = *l.store->keys;
	assert_true(made.end > made.last);
	OK(wg_store_begin(l.store, &err));
	OK(wg_store_add(l.store, s->now, &m, &receipt, &err));
	atomic_store(&l.relay.cut, LOSE_REQUEST);
	assert_int_not_equal(wg_store_commit(l.store, &err), WG_OK);
	OK(wg_store_begin(s->store, &err));
	OK(s->store->driver->keys_run(s->store, KEYS_BEGIN, NULL, 0, &err));
	for (int64_t id = made.last + 1; id <= made.end; id++) {
		OK(s->store->driver->keys_run(s->store, KEYS_DROP, &id, 1, &err));
		OK(wg_random(row + sizeof row - WG_KEYS_LEN, WG_KEYS_LEN, &err));
		OK(s->store->driver->keys_put(s->store, id, row, sizeof row, &err));
	}
	OK(s->store->driver->keys_run(s->store, KEYS_COMMIT, NULL, 0, &err));
	OK(wg_store_commit(s->store, &err));
	reconnect(l.store, &committed);
	assert_false(committed);
	OK(wg_store_begin(l.store, &err));
	OK(wg_store_add(l.store, s->now, &m, &receipt, &err));
	OK(wg_store_commit(l.store, &err));
	close_behind(&l);
	OK(wg_store_begin(s->store, &err));
	OK(wg_store_blob(s->store, s->now, receipt.id, "original", "robin", &bytes, &len, &err));
	assert_int_equal(len, m.blob_len);
	assert_memory_equal(bytes, m.blob, len);
	free(bytes);
}

/* ---- to whom it connects */

static void sslmode_of(const char *conninfo, char *out, size_t size)
{
	struct wg_pg pg = { .conninfo = { (char *)(uintptr_t)conninfo } };
	struct wg_err err = { 0 };
	PGconn *conn = NULL;
	OK(wg_pg_connect_start(&pg, 0, 0, &conn, &err));
	PQconninfoOption *list = PQconninfo(conn);
	for (const PQconninfoOption *o = list; o->keyword != NULL; o++)
		if (strcmp(o->keyword, "sslmode") == 0)
			(void)snprintf(out, size, "%s", o->val); /* a word */
	PQconninfoFree(list);
	PQfinish(conn);
}

/* Where the host stands in the environment, or in a service file, nobody has read it here: it has to prove who it is as
 * any other. */
static void a_host_that_is_not_named(void **state)
{
	struct wg_pg pg = { .conninfo = { (char *)(uintptr_t) "dbname=x sslmode=disable" } };
	struct wg_err err = { 0 };
	PGconn *conn = NULL;
	char mode[16];
	(void)state;
	assert_int_equal(setenv("PGHOST", "localhost", 1), 0);
	sslmode_of("dbname=x", mode, sizeof mode);
	assert_string_equal(mode, "verify-full");
	assert_int_equal(wg_pg_connect_start(&pg, 0, 0, &conn, &err), WG_CONFIG);
	assert_null(conn);
	assert_int_equal(unsetenv("PGHOST"), 0);
	sslmode_of("host=127.0.0.1 dbname=x", mode, sizeof mode);
	assert_string_equal(mode, "prefer");
}

/* Of a host that may take as long as it likes others still have their turn, and it has one. */
static void a_host_without_a_limit(void **state)
{
	static const char *const words[] = { "0", "-1", "99999999999" };
	struct wg_err err = { 0 };
	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		char conninfo[96];
		struct wg_pg pg = { .conninfo = { conninfo } };
		PGconn *conn = NULL;
		(void)snprintf(conninfo, sizeof conninfo, "host=/nowhere,/elsewhere connect_timeout=%s",
		               words[i]); /* it fits */
		OK(wg_pg_connect_start(&pg, 0, 0, &conn, &err));
		assert_int_equal(pg.reach.hosts, 2);
		assert_true(pg.reach.limit_ms >= 1000);
		PQfinish(conn);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_request_is_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_answer_is_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_request_is_lost_and_others_write, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_request_is_lost_and_others_write_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_answer_is_lost_and_others_write, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_context_is_given_and_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_context_is_not_given, set_up, tear_down),
		cmocka_unit_test_setup_teardown(given_up_meanwhile, set_up, tear_down),
		cmocka_unit_test_setup_teardown(other_numbers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(other_keys, set_up, tear_down),
		cmocka_unit_test(a_host_that_is_not_named),
		cmocka_unit_test(a_host_without_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
