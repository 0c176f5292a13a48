/* Nodes on machines whose clocks disagree go by one, the database's; and when that is set they find the same wrong
 * time, of which a person tells one of them, and which is put right once. This program stands between the store and the
 * kernel's wall clock, and in the database's schema a function stands before the server's own. */
#include "rig.h"
#include "set_clock.h"
#include "store/server.h"

#define CLOCK_OK "\"clock\":\"ok\""

/* ---- two nodes on one database whose clock can be set */

struct nodes {
	struct rig_server r[2];
	struct pg_place at[2];
	struct wg_client *admin[2];
	PGconn *conn;
};

/* In the names of the first node's schemas, where what stands there goes before the server's own. */
static void place(struct nodes *n, int which, const char *folder)
{
	char conninfo[sizeof n->at[0].database];
	const char *name = strrchr(n->r[0].folder, '/') + 1;
	struct pg_place *at = &n->at[which];
	(void)pg_place(at, n->r[0].folder);
	(void)snprintf(conninfo, sizeof conninfo,
	               "host=%s dbname=postgres user=wardgate options='-csearch_path=\"%s\",pg_catalog'", pg_socket(),
	               name); /* it fits */
	memcpy(at->database, conninfo, sizeof conninfo);
	at->place.folder = folder;
}

static void sql(struct nodes *n, const char *text)
{
	PGresult *r = PQexec(n->conn, text);
	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s", PQerrorMessage(n->conn));
	PQclear(r);
}

static void start(struct nodes *n)
{
	struct wg_err err = { 0 };
	struct wg_store *store = NULL;
	*n = (struct nodes){ .conn = NULL };
	for (int i = 0; i < 2; i++)
		n->r[i].folder = rig_folder();
	OK(wg_store_open(n->r[0].folder, &store, &err)); /* the schema */
	wg_store_closep(&store);
	place(n, 0, n->r[0].folder);
	place(n, 1, n->r[1].folder);
	n->conn = PQconnectdb(n->at[0].database);
	sql(n, "CREATE TABLE shift(by INTERVAL); INSERT INTO shift VALUES('0');"
	       "CREATE FUNCTION clock_timestamp() RETURNS TIMESTAMPTZ LANGUAGE sql AS"
	       " 'SELECT pg_catalog.clock_timestamp() + by FROM shift'");
	for (int i = 0; i < 2; i++) {
		OK(wg_server_open_at(&n->at[i].place, &n->r[i].server, &err));
		rig_run(&n->r[i]);
		n->admin[i] = rig_client(&n->r[i], WG_ROLE_ADMIN);
	}
}

static void end(struct nodes *n)
{
	for (int i = 0; i < 2; i++) {
		wg_client_freep(&n->admin[i]);
		rig_end(&n->r[i]);
	}
	PQfinish(n->conn);
}

static bool says(struct wg_client *admin, const char *piece)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 20);
	struct wg_err err = { 0 };
	OK(wg_client_metrics(admin, &out, &err));
	return strstr(wg_buf_text(&out), piece) != NULL;
}

static void wait_for(struct wg_client *admin, const char *piece)
{
	for (int i = 0; i < 1500 && !says(admin, piece); i++)
		(void)usleep(100000);
	assert_true(says(admin, piece));
}

/* A copy that waits for an hour, made through the first node. */
static void furnish(const struct nodes *n)
{
	struct wg_err err = { 0 };
	struct wg_client *intake = rig_client(&n->r[0], WG_ROLE_INTAKE), *process = rig_client(&n->r[0], WG_ROLE_PROCESS);
	struct wg_dlv_new d = rig_delivery("meadowton", "night");
	struct wg_msg_new m = rig_message(1);
	struct wg_msg_receipt receipt;
	struct wg_msg_job *jobs = NULL;
	struct wg_msg_done_result result;
	unsigned count = 0;
	OK(wg_client_add(intake, &m, &receipt, &err));
	OK(wg_client_epoch(process, "e1", &err));
	OK(wg_client_lease_messages(process, 1, 5000, &jobs, &count, &err));
	assert_int_equal(count, 1);
	d.not_before = wg_clock_now() + 3600 * 1000;
	const struct wg_msg_done done = rig_done(jobs[0].id, jobs[0].token, &d, 1);
	wg_msg_jobs_free(jobs, count);
	OK(wg_client_done(process, &done, &result, &err));
	wg_client_freep(&intake);
	wg_client_freep(&process);
}

/* How long it waits still: some 3600 s. Both nodes go by the same time then: this process has one alone (clock.h). */
static int64_t waits_s(struct wg_client *admin)
{
	struct wg_row *rows = NULL;
	unsigned count = 0;
	struct wg_err err = { 0 };
	OK(wg_client_list(admin, "deliveries", "", "", 10, &rows, &count, &err));
	assert_int_equal(count, 1);
	const int64_t until = rows[0].not_before;
	free(rows);
	return (until - wg_clock_now()) / 1000;
}

static int64_t true_s(void)
{
	struct timespec t;
	assert_int_equal(syscall(SYS_clock_gettime, CLOCK_REALTIME, &t), 0);
	return t.tv_sec;
}

/* ---- the tests */

/* Neither a node that starts with a wrong clock nor one whose clock is set decides by it that anything is due. */
static void a_machine_is_wrong(void **state)
{
	struct nodes n;
	(void)state;
	atomic_store(&set_by_s, DAY_S);
	start(&n);
	furnish(&n);
	for (int i = 0; i < 2; i++) {
		assert_true(says(n.admin[i], CLOCK_OK));
		assert_in_range(wg_clock_now() / 1000 + 600, true_s() + 300, true_s() + 900);
		assert_in_range(waits_s(n.admin[i]), 3000, 3601);
	}
	atomic_store(&set_by_s, -3652 * DAY_S);
	for (int i = 0; i < 2; i++) {
		assert_true(says(n.admin[i], CLOCK_OK));
		assert_in_range(waits_s(n.admin[i]), 3000, 3601);
	}
	end(&n);
	atomic_store(&set_by_s, 0);
}

/* And what waits was moved along with the time, once. */
static void both_are_right(const struct nodes *n)
{
	for (int i = 0; i < 2; i++)
		wait_for(n->admin[i], CLOCK_OK);
	for (int i = 0; i < 2; i++)
		assert_in_range(waits_s(n->admin[i]), 3000, 3601);
}

static void the_database_is_set(void **state)
{
	struct nodes n;
	struct wg_err err = { 0 };
	unsigned changed = 0;
	(void)state;
	start(&n);
	furnish(&n);
	sql(&n, "UPDATE shift SET by = '10 days'");
	for (int i = 0; i < 2; i++) {
		wait_for(n.admin[i], "set forward by 10 days");
		assert_in_range(waits_s(n.admin[i]), 3000, 3601);
	}
	OK(wg_client_act(n.admin[0], "accept-clock", "", "robin", "by two other clocks", &changed, &err));
	both_are_right(&n);
	sql(&n, "UPDATE shift SET by = '5 days'"); /* what was said of the last one says nothing of this one */
	for (int i = 0; i < 2; i++)
		wait_for(n.admin[i], "set back by 5 days");
	(void)usleep(3500000); /* as long as a node takes to follow another */
	for (int i = 0; i < 2; i++)
		assert_false(says(n.admin[i], CLOCK_OK));
	OK(wg_client_act(n.admin[1], "accept-clock", "", "robin", "by two other clocks", &changed, &err));
	both_are_right(&n);
	uint64_t entries = 0;
	char head[WG_STORE_HASH];
	OK(wg_client_audit(n.admin[0], 0, "", &entries, head, &err));
	end(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_machine_is_wrong), cmocka_unit_test(the_database_is_set) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
