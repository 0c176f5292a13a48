/* A whole store server whose database is away: a commit that is not answered, a server or a network that stands still,
 * another node that stands still with the turn to write. Who asks is told to come again while nothing can be done,
 * everything asked is answered once, and it goes on by itself. Between the server and a real PostgreSQL stands a relay.
 */
#include "store/client.h"

#include "relay.h"
#include "scene.h"

#define ADDS 6
/* How long connecting (seconds) and an answer (ms) of the database may take: longer than under sanitizers beside other
 * work; and where it is to be waited for, whatever it does. */
#define BRIEFLY "connect_timeout=2 tcp_user_timeout=4000"
#define PATIENTLY "tcp_user_timeout=120000"

struct away {
	struct relay relay;
	struct rig_server server;
	char main[256], keys[256];
	const char *folder; /* of the scene, whose store is another node on the same database */
};

static void start(struct scene *s, struct away *a, const char *more)
{
	struct wg_err err = { 0 };
	struct pg_place p;
	const struct wg_store_place *of = pg_place(&p, s->folder);
	OK(wg_store_commit(s->store, &err)); /* the scene holds the turn */
	*a = (struct away){ .server.folder = rig_folder(), .folder = s->folder };
	relay_start(&a->relay);
	relay_way(&a->relay, of->database, more, a->main, sizeof a->main);
	relay_way(&a->relay, of->keys, more, a->keys, sizeof a->keys);
	const struct wg_store_place place = {
		.folder = a->server.folder, .database = a->main, .keys = a->keys, .unsafe = true
	};
	OK(wg_server_open_at(&place, &a->server.server, &err));
	wg_server_on_event(a->server.server, rig_event, &a->server);
	rig_run(&a->server);
}

static void end(struct scene *s, struct away *a)
{
	struct wg_err err = { 0 };
	rig_end(&a->server);
	relay_end(&a->relay);
	assert_int_equal(a->server.code, WG_OK);
	OK(wg_store_begin(s->store, &err));
}

static void send_adds(struct wg_client *client, unsigned first)
{
	struct wg_err err = { 0 };
	for (unsigned i = 0; i < ADDS; i++) {
		struct wg_msg_new m = rig_message(first + i);
		OK(wg_client_add_send(client, i, &m, &err));
	}
}

/* Each is answered once, and was not there before. Waits for all of them. */
static void take_adds(struct wg_client *client)
{
	struct wg_err err = { 0 }, failed = { 0 };
	struct wg_msg_receipt receipt;
	unsigned seen = 0;
	for (unsigned n = 0; n < ADDS;) {
		uint32_t tag = 0;
		struct pollfd fd = { .fd = wg_client_fd(client), .events = POLLIN };
		enum wg_code code = wg_client_add_take(client, &tag, &receipt, &failed, &err);
		if (code == WG_AGAIN && strcmp(err.text, "no answer yet") == 0) {
			assert_true(poll(&fd, 1, 240000) == 1); /* far longer than it may take: it hangs */
			continue;
		}
		OK(code);
		if (failed.code != WG_OK)
			fail_msg("message %u: %s", tag, failed.text);
		assert_true(tag < ADDS && (seen & 1u << tag) == 0);
		assert_false(receipt.duplicate);
		seen |= 1u << tag;
		n++;
	}
}

/* What the server says to those who ask before they send; it answers, whatever the database does. */
static enum wg_code ask(struct wg_client *client)
{
	struct wg_err err = { 0 };
	enum wg_code code = wg_client_ready(client, &err);
	if (code == WG_AGAIN)
		assert_memory_equal(err.text, "not accepting: the database", 27);
	else
		OK(code);
	return code;
}

static void wait_for(struct wg_client *client, enum wg_code wanted)
{
	for (unsigned i = 0; ask(client) != wanted; i++) {
		assert_true(i < 24000);
		(void)poll(NULL, 0, 10);
	}
}

static void check(struct scene *s, unsigned messages)
{
	struct wg_err err = { 0 };
	OK(wg_store_begin(s->store, &err));
	assert_int_equal(number(s, "SELECT count(*) FROM message"), messages);
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'accepted'"), messages);
	OK(wg_store_commit(s->store, &err));
}

/* ---- a commit that is not answered */

static void not_answered(struct scene *s, int cut)
{
	struct away a;
	start(s, &a, PATIENTLY);
	struct wg_client *adds = rig_client(&a.server, WG_ROLE_INTAKE), *asks = rig_client(&a.server, WG_ROLE_INTAKE);
	atomic_store(&a.relay.after, (int)SQL_MSG_PUT);
	for (unsigned round = 0; round < 2; round++) {
		atomic_store(&a.relay.cut, cut);
		send_adds(adds, 10 * round);
		take_adds(adds);
		assert_int_equal(atomic_load(&a.relay.cuts), round + 1);
	}
	wait_for(asks, WG_OK);
	wg_client_freep(&adds);
	wg_client_freep(&asks);
	rig_stop(&a.server);
	assert_int_equal(a.server.away, 2);
	assert_int_equal(a.server.back, 2);
	check(s, 2 * ADDS);
	end(s, &a);
}

static void the_answer_is_lost(void **state)
{
	not_answered(*state, LOSE_ANSWER);
}

static void the_request_is_lost(void **state)
{
	not_answered(*state, LOSE_REQUEST);
}

/* ---- nothing passes any more, and nobody says so */

static void it_stands_still(void **state)
{
	struct scene *s = *state;
	struct away a;
	start(s, &a, BRIEFLY);
	struct wg_client *adds = rig_client(&a.server, WG_ROLE_INTAKE), *asks = rig_client(&a.server, WG_ROLE_INTAKE);
	send_adds(adds, 0);
	take_adds(adds);
	atomic_store(&a.relay.frozen, 1);
	wait_for(asks, WG_AGAIN);
	for (unsigned i = 0; i < 40; i++) { /* tries to connect begin and end meanwhile: nobody waits for them */
		assert_int_equal(ask(asks), WG_AGAIN);
		(void)poll(NULL, 0, 10);
	}
	atomic_store(&a.relay.frozen, 0);
	wait_for(asks, WG_OK);
	send_adds(adds, 10);
	take_adds(adds);
	wg_client_freep(&adds);
	wg_client_freep(&asks);
	rig_stop(&a.server);
	check(s, 2 * ADDS);
	end(s, &a);
}

/* In the middle of what is asked: it is answered once, after it is back. */
static void it_stands_still_meanwhile(void **state)
{
	struct scene *s = *state;
	struct away a;
	start(s, &a, BRIEFLY);
	struct wg_client *adds = rig_client(&a.server, WG_ROLE_INTAKE), *asks = rig_client(&a.server, WG_ROLE_INTAKE);
	struct wg_client *process = rig_client(&a.server, WG_ROLE_PROCESS);
	struct wg_err err = { 0 };
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0;
	send_adds(adds, 0);
	take_adds(adds);
	OK(wg_client_lease_messages(process, ADDS, 60000, &jobs, &count, &err));
	assert_int_equal(count, ADDS);
	atomic_store(&a.relay.frozen, 1);
	struct wg_dlv_new d = rig_delivery("meadowton", "desk");
	struct wg_msg_done done = rig_done(jobs[0].id, jobs[0].token, &d, 1);
	struct wg_msg_done_result result;
	wait_for(asks, WG_AGAIN);
	atomic_store(&a.relay.frozen, 0);
	OK(wg_client_done(process, &done, &result, &err)); /* its lease is its own still */
	wg_msg_jobs_free(jobs, count);
	wg_client_freep(&process);
	wg_client_freep(&adds);
	wg_client_freep(&asks);
	rig_stop(&a.server);
	check(s, ADDS);
	end(s, &a);
}

static void run(PGconn *conn, const char *sql)
{
	PGresult *r = PQexec(conn, sql);
	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(conn));
	PQclear(r);
}

/* Another node has the turn to write, and stands still with it. What it does then is done before the server is back. */
static void kept_from_the_turn(struct scene *s, const char *then, unsigned given_up)
{
	struct away a;
	struct pg_place p;
	start(s, &a, BRIEFLY);
	PGconn *other = PQconnectdb(pg_place(&p, s->folder)->database);
	struct wg_client *asks = rig_client(&a.server, WG_ROLE_INTAKE);
	wait_for(asks, WG_OK);
	run(other, "BEGIN; SELECT pg_advisory_xact_lock(2002875237, hashtext(current_schema()))");
	wait_for(asks, WG_AGAIN);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(ask(asks), WG_AGAIN);
	run(other, then);
	PQfinish(other);
	wait_for(asks, WG_OK);
	send_adds(asks, 0);
	take_adds(asks);
	wg_client_freep(&asks);
	rig_stop(&a.server);
	assert_int_equal(a.server.given_up, given_up);
	check(s, ADDS);
	end(s, &a);
}

static void another_keeps_the_turn(void **state)
{
	kept_from_the_turn(*state, "ROLLBACK", 0);
}

/* Its connection was ended while it stood still, and the others gave it up: it says so, and goes on as a new one. */
static void it_is_given_up(void **state)
{
	kept_from_the_turn(*state, "DELETE FROM node WHERE id = (SELECT max(id) FROM node); COMMIT", 1);
}

/* The server says that its disk is full (SQLSTATE 53100), of all that adds a document: who hands in is told to come
 * again, nothing else suffers, and it goes on by itself. */
static void its_disk_is_full(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct away a;
	struct pg_place p;
	start(s, &a, PATIENTLY);
	PGconn *other = PQconnectdb(pg_place(&p, s->folder)->database);
	struct wg_client *adds = rig_client(&a.server, WG_ROLE_INTAKE), *asks = rig_client(&a.server, WG_ROLE_INTAKE),
					 *process = rig_client(&a.server, WG_ROLE_PROCESS);
	struct wg_msg_receipt receipt;
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0;
	send_adds(adds, 0);
	take_adds(adds);
	run(other, "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'could not "
	           "extend file' USING ERRCODE = '53100'; END $$");
	run(other, "CREATE TRIGGER full_disk BEFORE INSERT ON message FOR EACH ROW EXECUTE FUNCTION full_disk()");
	for (unsigned i = 0; i < 3; i++) {
		struct wg_msg_new m = rig_message(50 + i);
		FAILS(WG_AGAIN, wg_client_add(asks, &m, &receipt, &err));
	}
	OK(wg_client_lease_messages(process, 1, 60000, &jobs, &count, &err));
	assert_int_equal(count, 1);
	wg_msg_jobs_free(jobs, count);
	run(other, "DROP TRIGGER full_disk ON message");
	send_adds(adds, 10);
	take_adds(adds);
	PQfinish(other);
	wg_client_freep(&process);
	wg_client_freep(&adds);
	wg_client_freep(&asks);
	rig_stop(&a.server);
	assert_int_equal(a.server.away, 0);
	check(s, 2 * ADDS);
	end(s, &a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_answer_is_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_request_is_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_stands_still, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_stands_still_meanwhile, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_keeps_the_turn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_is_given_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(its_disk_is_full, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
