/* A way to PostgreSQL that is cut in the middle of a commit, before the server hears of it or before its answer is
 * heard: what became of it is known before anything is answered, also when others wrote meanwhile. Between the store
 * and a real server stands a relay that cuts. Nothing waits for a time to pass. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "scene.h"

enum { PASS, LOSE_REQUEST, LOSE_ANSWER };
#define LINKS 8 /* there are two, and two more after each loss */

struct relay {
	char *folder;
	int listening;
	pthread_t thread;
	atomic_int cut, stop, cuts;
	struct {
		int client, server;
		bool deaf; /* what the server says is thrown away, and then it ends */
	} link[LINKS];
	unsigned count;
};

static int socket_in(const char *folder, bool listens)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	(void)snprintf(to.sun_path, sizeof to.sun_path, "%s/.s.PGSQL.5432", folder); /* short */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (listens) {
		assert_int_equal(bind(fd, (const struct sockaddr *)&to, sizeof to), 0);
		assert_int_equal(listen(fd, LINKS), 0);
	} else if (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static void end_link(struct relay *r, unsigned i)
{
	(void)close(r->link[i].client);
	(void)close(r->link[i].server);
	r->link[i] = r->link[--r->count];
}

/* Whether it runs the statement that commits: its Bind names the unnamed portal and that statement (PostgreSQL's
 * manual, 55.7). */
static bool commits(const char *p, size_t len)
{
	char wanted[16] = "";
	int n = snprintf(wanted + 1, sizeof wanted - 1, "s%d", (int)SQL_COMMIT) + 2; /* a NUL before and after */
	return memmem(p, len, wanted, (size_t)n) != NULL;
}

static bool pass(int from, int to, bool deaf, struct relay *r, bool *goes_deaf)
{
	char buffer[65536];
	ssize_t n = recv(from, buffer, sizeof buffer, 0);
	if (n <= 0)
		return false;
	if (deaf) {
		atomic_fetch_add(&r->cuts, 1);
		return false;
	}
	if (goes_deaf != NULL && atomic_load(&r->cut) != PASS && commits(buffer, (size_t)n)) {
		if (atomic_exchange(&r->cut, PASS) == LOSE_REQUEST) {
			atomic_fetch_add(&r->cuts, 1);
			return false;
		}
		*goes_deaf = true;
	}
	for (ssize_t sent = 0; sent < n;) {
		ssize_t m = send(to, buffer + sent, (size_t)(n - sent), MSG_NOSIGNAL);
		if (m <= 0)
			return false;
		sent += m;
	}
	return true;
}

static void step(struct relay *r)
{
	struct pollfd fds[1 + 2 * LINKS] = { { .fd = r->listening, .events = POLLIN } };
	unsigned count = r->count;
	for (unsigned i = 0; i < count; i++) {
		fds[1 + 2 * i] = (struct pollfd){ .fd = r->link[i].client, .events = POLLIN };
		fds[2 + 2 * i] = (struct pollfd){ .fd = r->link[i].server, .events = POLLIN };
	}
	if (poll(fds, 1 + 2 * count, 20) <= 0)
		return;
	for (unsigned i = count; i-- > 0;) {
		bool good = true;
		if (fds[1 + 2 * i].revents != 0)
			good = pass(r->link[i].client, r->link[i].server, false, r, &r->link[i].deaf);
		if (good && fds[2 + 2 * i].revents != 0)
			good = pass(r->link[i].server, r->link[i].client, r->link[i].deaf, r, NULL);
		if (!good)
			end_link(r, i);
	}
	if (fds[0].revents != 0 && r->count < LINKS) {
		int client = accept(r->listening, NULL, NULL), server = socket_in(pg_socket(), false);
		r->link[r->count].client = client;
		r->link[r->count].server = server;
		r->link[r->count++].deaf = false;
	}
}

static void *relay_run(void *arg)
{
	struct relay *r = arg;
	while (!atomic_load(&r->stop))
		step(r);
	while (r->count > 0)
		end_link(r, 0);
	return NULL;
}

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
	*l = (struct lost){ .folder = rig_folder(), .relay.folder = rig_folder() };
	l->relay.listening = socket_in(l->relay.folder, true);
	assert_int_equal(pthread_create(&l->relay.thread, NULL, relay_run, &l->relay), 0);
	(void)snprintf(database, sizeof database, "host=%s%s", l->relay.folder, strchr(of->database, ' ')); /* as its own */
	const struct wg_store_place place = { .folder = l->folder, .database = database, .keys = of->keys, .unsafe = true };
	OK(wg_store_open_at(&place, &l->store, &err));
}

static void close_behind(struct lost *l)
{
	wg_store_closep(&l->store);
	atomic_store(&l->relay.stop, 1);
	assert_int_equal(pthread_join(l->relay.thread, NULL), 0);
	(void)close(l->relay.listening);
	rig_remove(l->relay.folder);
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
	OK(wg_store_reconnect(l.store, &committed, &err));
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
	OK(wg_store_reconnect(l.store, &committed, &err));
	assert_int_not_equal(wg_store_owners(l.store) + 1, owner);
	OK(wg_store_begin(l.store, &err));
	const enum wg_code code = wg_store_put_back(l.store, s->now, jobs[0].id, jobs[0].token, 0, "too late", &err);
	assert_int_not_equal(code, WG_OK);
	wg_store_rollback(l.store);
	wg_msg_jobs_free(jobs, count);
	close_behind(&l);
	OK(wg_store_begin(s->store, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_request_is_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_answer_is_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_request_is_lost_and_others_write, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_request_is_lost_and_others_write_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_answer_is_lost_and_others_write, set_up, tear_down),
		cmocka_unit_test_setup_teardown(given_up_meanwhile, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
