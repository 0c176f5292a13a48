/* Several processes on one PostgreSQL: the log is one chain, an order holds across them, and what one that is no more
 * had leased comes back. */
#include "scene.h"
#include "store/keys_internal.h"
#include "store/pg_internal.h"

struct node {
	char *folder;
	struct wg_store *store;
};

/* Opens the database of `of` as another node. */
static struct node join(const struct scene *of)
{
	struct wg_err err = { 0 };
	struct pg_place p;
	struct node n = { .folder = rig_folder() };
	struct wg_store_place place = *pg_place(&p, of->folder);
	place.folder = n.folder;
	OK(wg_store_open_at(&place, &n.store, &err));
	return n;
}

static void leave(struct node *n)
{
	wg_store_closep(&n->store);
	rig_remove(n->folder);
}

static unsigned lease(struct wg_store *store, struct wg_now now, struct wg_msg_job *out)
{
	struct wg_err err = { 0 };
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0;
	OK(wg_store_lease_messages(store, now, wg_store_owners(store) + 1, 1, &jobs, &count, &err));
	*out = (struct wg_msg_job){ .token = count > 0 ? jobs[0].token : 0 };
	if (count > 0)
		memcpy(out->id, jobs[0].id, sizeof out->id);
	wg_msg_jobs_free(jobs, count);
	return count;
}

/* Each adds in turn: what both wrote is one log, and each sees what the other added. */
static void one_chain(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipt;
	uint64_t entries = 0;
	char head[WG_STORE_HASH], id[WG_ID_TEXT];
	add(s, 1, id);
	OK(wg_store_commit(s->store, &err));
	struct node other = join(s);
	for (unsigned i = 0; i < 4; i++) {
		struct wg_store *store = i % 2 == 0 ? other.store : s->store;
		struct wg_msg_new m = rig_message(10 + i);
		OK(wg_store_begin(store, &err));
		OK(wg_store_add(store, s->now, &m, &receipt, &err));
		assert_false(receipt.duplicate);
		OK(wg_store_commit(store, &err));
		struct wg_msg_new same = rig_message(10 + i); /* sent once more, to the other one */
		store = i % 2 == 0 ? s->store : other.store;
		OK(wg_store_begin(store, &err));
		OK(wg_store_add(store, s->now, &same, &receipt, &err));
		assert_true(receipt.duplicate);
		OK(wg_store_commit(store, &err));
	}
	OK(wg_store_begin(other.store, &err));
	OK(wg_store_audit(other.store, &entries, head, &err));
	OK(wg_store_commit(other.store, &err));
	assert_true(entries >= 5);
	leave(&other);
	OK(wg_store_begin(s->store, &err));
}

static enum wg_code add_to(struct wg_store *store, const struct scene *s, unsigned n, struct wg_err *err)
{
	const struct wg_msg_new m = rig_message(n);
	struct wg_msg_receipt receipt;
	enum wg_code code = wg_store_add(store, s->now, &m, &receipt, err);
	if (code == WG_OK)
		assert_false(receipt.duplicate);
	return code;
}

/* Who believes to be alone does not wait for its turn to be told, but nothing comes of what it does when another wrote
 * since: neither is anything kept, nor anything answered. */
static void not_alone(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_pg *pg = wg_pg_of(s->store);
	uint64_t entries = 0;
	char head[WG_STORE_HASH];
	OK(wg_store_commit(s->store, &err));
	struct node other = join(s);
	for (unsigned i = 0; i < 3; i++) {
		const bool wrote = i > 0, asks = i < 2;
		if (wrote) {
			OK(wg_store_begin(other.store, &err));
			OK(add_to(other.store, s, 20 + i, &err));
			OK(wg_store_commit(other.store, &err));
		}
		pg->looked = true;
		pg->peer_count = 0;
		if (!wrote) { /* it has read what the other's coming wrote */
			OK(wg_store_begin(s->store, &err));
			OK(wg_store_commit(s->store, &err));
		}
		wg_store_eager(s->store, true);
		OK(wg_store_begin(s->store, &err));
		assert_false(pg->certain);
		enum wg_code code = asks ? add_to(s->store, s, 10 + i, &err) : WG_OK;
		assert_int_equal(code, asks && wrote ? WG_AGAIN : WG_OK);
		if (code == WG_OK)
			code = wg_store_commit(s->store, &err);
		assert_int_equal(code, wrote ? WG_AGAIN : WG_OK);
		assert_int_equal(wg_store_repeat(s->store), wrote);
		if (!wrote)
			continue;
		wg_store_rollback(s->store);
		wg_store_eager(s->store, false);
		OK(wg_store_begin(s->store, &err));
		assert_true(pg->certain);
		OK(add_to(s->store, s, 10 + i, &err));
		OK(wg_store_commit(s->store, &err));
	}
	OK(wg_store_begin(s->store, &err));
	OK(wg_store_audit(s->store, &entries, head, &err));
	assert_int_equal(number(s, "SELECT count(*) FROM message"), 5);
	leave(&other);
}

/* What is leased by one is not given to another, nor taken from it by the clock of another machine; once it has left it
 * comes back, and its token is worth nothing. */
static void leases_come_back(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_msg_job job, mine;
	unsigned lost = 9;
	char id[WG_ID_TEXT];
	add(s, 1, id);
	OK(wg_store_commit(s->store, &err));
	struct node other = join(s);
	OK(wg_store_begin(other.store, &err));
	assert_int_equal(lease(other.store, s->now, &job), 1);
	OK(wg_store_commit(other.store, &err));
	const struct wg_now late = { .wall = s->now.wall, .steady = s->now.steady + 2 * WG_STORE_LEASE_MESSAGE_MS };
	OK(wg_store_begin(s->store, &err));
	assert_int_equal(lease(s->store, s->now, &mine), 0);
	OK(wg_store_leases_expire(s->store, late, &lost, &err));
	assert_int_equal(lost, 0);
	OK(wg_store_nodes(s->store, s->now, &lost, &err));
	assert_int_equal(lost, 0);
	OK(wg_store_commit(s->store, &err));
	leave(&other);
	OK(wg_store_begin(s->store, &err));
	OK(wg_store_nodes(s->store, s->now, &lost, &err));
	assert_int_equal(lost, 1);
	assert_int_equal(lease(s->store, s->now, &mine), 1);
	assert_string_equal(mine.id, job.id);
	assert_true(mine.token > job.token);
}

/* One that stands still is given up after so many looks of another, within the half minute that they take when they are
 * a second apart; and does nothing more when it wakes. */
static void one_that_stands_still(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_msg_job job;
	unsigned lost = 0, looks = 0;
	char id[WG_ID_TEXT];
	add(s, 1, id);
	OK(wg_store_commit(s->store, &err));
	struct node other = join(s);
	OK(wg_store_begin(other.store, &err));
	assert_int_equal(lease(other.store, s->now, &job), 1);
	OK(wg_store_commit(other.store, &err));
	OK(wg_store_begin(s->store, &err));
	for (; looks < 30 && lost == 0; looks++)
		OK(wg_store_nodes(s->store, s->now, &lost, &err));
	assert_int_equal(lost, 1);
	assert_in_range(looks, 5, 28);
	OK(wg_store_commit(s->store, &err));
	OK(wg_store_begin(other.store, &err));
	FAILS(WG_SYSTEM, wg_store_nodes(other.store, s->now, &lost, &err));
	leave(&other);
	OK(wg_store_begin(s->store, &err));
}

/* A database as version 3 left it, whose rows were counted by triggers, and wrongly at last. */
static void an_older_database(void **state)
{
	static const char older[] =
		"CREATE FUNCTION count_up(TEXT, TEXT, BIGINT) RETURNS VOID LANGUAGE sql AS 'SELECT'; "
		"CREATE FUNCTION message_counted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
		"CREATE FUNCTION delivery_counted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
		"CREATE FUNCTION receipt_counted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
		"CREATE TRIGGER message_counted AFTER INSERT ON message FOR EACH ROW EXECUTE FUNCTION message_counted();"
		"CREATE TRIGGER message_moved AFTER UPDATE OF state ON message FOR EACH ROW EXECUTE FUNCTION message_counted();"
		"CREATE TRIGGER delivery_counted AFTER INSERT ON delivery FOR EACH ROW EXECUTE FUNCTION delivery_counted();"
		"CREATE TRIGGER delivery_moved AFTER UPDATE OF state ON delivery FOR EACH ROW EXECUTE FUNCTION "
		"delivery_counted();"
		"CREATE TRIGGER receipt_counted AFTER INSERT ON receipt FOR EACH ROW EXECUTE FUNCTION receipt_counted();"
		"DROP INDEX child_records; CREATE INDEX child_records ON child(records);" PG_BEFORE_8
		"UPDATE child_key SET key = key || repeat('f', 32), scope = repeat('a', 64);"
		"INSERT INTO child_key(key, child, kind, scope) SELECT 'short', id, 2, '' FROM child;"
		"INSERT INTO episode_reference(key, episode) SELECT repeat('b', 64), id FROM episode;"
		"UPDATE message SET content_key = repeat('c', 64);"
		"UPDATE counter SET n = n + 7 WHERE kind <> 'outcome'; DROP TABLE work; ALTER TABLE blob RESET"
		" (toast_tuple_target); UPDATE version SET number = 3";
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct pg_place p;
	char id[WG_ID_TEXT];
	route(s, 1, "incident-1", "a b", id);
	OK(wg_store_commit(s->store, &err));
	wg_store_closep(&s->store);
	const struct wg_store_place *place = pg_place(&p, s->folder);
	PGconn *conn = PQconnectdb(p.database);
	PGresult *r = PQexec(conn, older);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		fail_msg("%s", PQerrorMessage(conn));
	PQclear(r);
	OK(wg_store_open_at(place, &s->store, &err));
	OK(wg_store_begin(s->store, &err));
	assert_int_equal(number(s, "SELECT number FROM version"), 8);
	assert_int_equal(number(s, "SELECT count(*) FROM child_key WHERE length(key) = 32 AND scope = repeat('a', 32)"), 1);
	assert_int_equal(number(s, "SELECT count(*) FROM child_key WHERE key = 'short' AND kind = 2"), 1);
	assert_int_equal(number(s, "SELECT count(*) FROM episode_reference WHERE key = repeat('b', 32)"), 1);
	assert_int_equal(number(s, "SELECT count(*) FROM message WHERE content_key = repeat('c', 32)"), 1);
	const struct wg_match_key key = rig_key(WG_KEY_NAME_BIRTH, "incident-1");
	uint64_t child = 0;
	OK(wg_store_child(s->store, "", &key, 1, &child, &err));
	assert_int_equal(number(s, "SELECT id FROM child"), child);
	r = PQexec(conn, "INSERT INTO child_key(key, child, kind, scope) SELECT repeat('d', 64), id, 2, '' FROM child");
	assert_string_equal(PQresultErrorField(r, PG_DIAG_SQLSTATE), "23514"); /* a node of before: check_violation */
	PQclear(r);
	PQfinish(conn);
	assert_int_equal(number(s, "SELECT count(*) FROM pg_class WHERE oid = 'blob'::regclass AND reloptions IS NOT NULL"),
	                 1);
	assert_int_equal(number(s, "SELECT count(*) FROM pg_trigger WHERE tgname LIKE '%_moved' AND tgrelid IN"
	                           " ('message'::regclass, 'delivery'::regclass)"),
	                 0);
	assert_int_equal(number(s, "SELECT n FROM counter WHERE kind = 'open' AND name = 'meadowton/a'"), 1);
	route(s, 2, "incident-2", "a", id); /* and tear_down holds the counters against the rows */
	OK(wg_counts_seal(s->store, &err));
	assert_int_equal(number(s, "SELECT n FROM counter WHERE kind = 'open' AND name = 'meadowton/a'"), 2);
}

static bool context(struct wg_store *store, const char *id, const char *child)
{
	struct wg_err err = { 0 };
	const struct wg_match_key key = rig_key(WG_KEY_NHS, child);
	struct wg_context c = { 0 };
	bool turn = false;
	OK(wg_store_begin(store, &err));
	OK(wg_store_context_in_turn(store, id, WG_RELATION_NONE, &key, 1, WG_CHILD_BY_KEYS, "", "", &turn, &c, &err));
	assert_int_equal(wg_store_elsewhere(store), !turn);
	OK(wg_store_commit(store, &err));
	wg_context_free(&c);
	return turn;
}

static void complete(struct wg_store *store, struct wg_now now, const struct wg_msg_job *job, const char *child)
{
	struct wg_err err = { 0 };
	const struct wg_match_key key = rig_key(WG_KEY_NHS, child);
	struct wg_msg_done done = rig_done(job->id, job->token, NULL, 0);
	struct wg_msg_done_result result;
	done.keys = &key;
	done.key_count = 1;
	OK(wg_store_begin(store, &err));
	OK(wg_store_done(store, now, &done, &result, &err));
	OK(wg_store_commit(store, &err));
}

static struct wg_msg_job lease_one(struct wg_store *store, struct wg_now now)
{
	struct wg_err err = { 0 };
	struct wg_msg_job job;
	OK(wg_store_begin(store, &err));
	assert_int_equal(lease(store, now, &job), 1);
	OK(wg_store_commit(store, &err));
	return job;
}

/* Contexts of one child are given one after the other, in the order of acceptance, whichever nodes have the messages;
 * of other children beside each other, as soon as it is known that they are others. */
static void one_after_the_other(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	for (unsigned i = 1; i <= 4; i++)
		add(s, i, id);
	OK(wg_store_commit(s->store, &err));
	struct node other = join(s);
	const struct wg_msg_job one = lease_one(s->store, s->now), two = lease_one(other.store, s->now),
							three = lease_one(s->store, s->now), four = lease_one(other.store, s->now);
	assert_false(context(other.store, two.id, "rowan")); /* nobody knows what the first is about */
	assert_true(context(s->store, one.id, "rowan"));
	assert_false(context(other.store, two.id, "rowan"));
	assert_false(context(s->store, three.id, "ash"));
	complete(s->store, s->now, &one, "rowan");
	assert_true(context(other.store, two.id, "rowan"));
	assert_true(context(s->store, three.id, "ash"));
	assert_false(context(other.store, four.id, "ash"));
	complete(other.store, s->now, &two, "rowan");
	assert_false(context(other.store, four.id, "ash"));
	complete(s->store, s->now, &three, "ash");
	assert_true(context(other.store, four.id, "ash"));
	complete(other.store, s->now, &four, "ash");
	leave(&other);
	OK(wg_store_begin(s->store, &err));
}

/* One that is no more holds up nobody for longer than it takes to notice. */
static void after_one_that_is_no_more(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	unsigned lost = 0;
	add(s, 1, id);
	add(s, 2, id);
	OK(wg_store_commit(s->store, &err));
	struct node other = join(s);
	const struct wg_msg_job one = lease_one(other.store, s->now), two = lease_one(s->store, s->now);
	assert_true(context(other.store, one.id, "rowan"));
	assert_false(context(s->store, two.id, "rowan"));
	leave(&other);
	OK(wg_store_begin(s->store, &err));
	OK(wg_store_nodes(s->store, s->now, &lost, &err));
	assert_int_equal(lost, 1);
	OK(wg_store_commit(s->store, &err));
	assert_true(context(s->store, two.id, "rowan"));
	OK(wg_store_begin(s->store, &err));
}

/* What one destroys no other can open any more from its next transaction on, of which there is one a second. */
static void destroyed_by_another(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1u << 20);
	uint8_t row[WG_STORE_HEAD];
	char id[WG_ID_TEXT];
	uint64_t freed = 0;
	WG_AUTO_FREE uint8_t *bytes = NULL;
	size_t len = 0;
	int64_t gone = 0;
	bool more = false;
	add(s, 1, id);
	OK(wg_store_commit(s->store, &err));
	struct node other = join(s);
	const struct wg_msg_job job = lease_one(s->store, s->now);
	complete(s->store, s->now, &job, "rowan");
	OK(wg_store_begin(s->store, &err));
	const int64_t head = number(s, "SELECT b.head FROM message m JOIN blob b ON b.id = m.original");
	OK(wg_store_commit(s->store, &err));
	OK(wg_keys_row(s->store, head, row, &len, &gone, &err));
	assert_int_equal(len, WG_KEYS_ROW);
	wg_fresh_keep(s->store, WG_FRESH_ORIGINAL, head, "leased by the other one", 23);
	const struct wg_purge what = {
		.kind = "missing", .before = s->now.wall + 1000, .after = "", .who = "robin", .why = "kept 6 years by a test"
	};
	const struct wg_now later = { .wall = s->now.wall + 2000, .steady = s->now.steady };
	OK(wg_store_begin(other.store, &err));
	OK(wg_store_purge(other.store, later, &what, &out, &freed, &more, &err));
	assert_non_null(strstr(wg_buf_text(&out), "\"fate\":\"purge\""));
	OK(wg_store_commit(other.store, &err));
	OK(wg_store_begin(s->store, &err));
	OK(wg_keys_row(s->store, head, row, &len, &gone, &err));
	assert_int_equal(len, 0);
	assert_int_not_equal(gone, 0);
	assert_false(wg_fresh_take(s->store, WG_FRESH_ORIGINAL, head, &bytes, &len));
	OK(wg_store_commit(s->store, &err));
	leave(&other);
	OK(wg_store_begin(s->store, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(not_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_chain, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leases_come_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_stands_still, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_older_database, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_after_the_other, set_up, tear_down),
		cmocka_unit_test_setup_teardown(after_one_that_is_no_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(destroyed_by_another, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
