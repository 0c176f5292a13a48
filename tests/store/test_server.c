/* The server on real sockets: who may ask what, group commit, sizes. This program stands between SQLite and the kernel
 * at fsync and fdatasync, to count them, to look at the sockets at that very moment, and to make one fail. */
#include "store/server.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "served.h"
#include "store/server_internal.h"
#include "store/sql_internal.h"

/* ---- between SQLite and the kernel */

static atomic_int syncs, early, fail_next;
static int watched[8];
static atomic_int watched_count;

static int sync_seen(int fd, long call)
{
	char byte;
	atomic_fetch_add(&syncs, 1);
	for (int i = 0; i < atomic_load(&watched_count); i++)
		if (recv(watched[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0)
			atomic_fetch_add(&early, 1);
	if (atomic_exchange(&fail_next, 0) != 0) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(call, fd);
}

int fsync(int fd)
{
	return sync_seen(fd, SYS_fsync);
}

int fdatasync(int fd)
{
	return sync_seen(fd, SYS_fdatasync);
}

/* One write that finds the disk full, where statvfs had said that there was room. */
static atomic_int full_next, full;

ssize_t pwrite64(int fd, const void *p, size_t len, off_t at)
{
	if (atomic_exchange(&full_next, 0) != 0 || atomic_load(&full) != 0) {
		errno = ENOSPC;
		return -1;
	}
	return (ssize_t)syscall(SYS_pwrite64, fd, p, len, at);
}

ssize_t pwrite(int fd, const void *p, size_t len, off_t at)
{
	return pwrite64(fd, p, len, at);
}

/* ---- who may ask what */

static void roles_and_ops(void **state)
{
	/* i: intake, p: process, d: deliver, a: admin, m: monitor. By op, from 0. */
	static const char *const may[] = { "",  "i",  "i",  "i", "p",   "p", "p",     "p",  "p", "d", "d", "a", "a",
		                               "a", "a",  "a",  "a", "a",   "a", "a",     "am", "p", "p", "a", "a", "a",
		                               "a", "a",  "a",  "a", "ipd", "p", "p",     "i",  "i", "i", "d", "d", "d",
		                               "m", "am", "am", "a", "i",   "i", "ipdam", "a",  "a", "a", "a", "",  "" };
	static const char letters[] = "ipdam";
	struct rig_server r;
	(void)state;
	assert_int_equal(WG_COUNT(may), WG_OP_END + 2);
	rig_start(&r);
	for (unsigned role = 0; role < WG_STORE_ROLES; role++)
		for (unsigned op = 0; op < WG_COUNT(may); op++)
			for (unsigned code = 0; code < 2; code++) {
				WG_AUTO_BUF struct wg_buf body = WG_BUF(1 << 16);
				WG_AUTO_BUF struct wg_buf epoch = WG_BUF(64);
				struct wg_wire_in in = { .max = WG_LIMIT_FRAME };
				struct wg_frame frame = { .tag = 0 };
				struct wg_client *client = rig_client(&r, (enum wg_store_role)role);
				int fd = wg_client_fd(client);
				bool want = code == 0 && strchr(may[op], letters[role]) != NULL && *may[op] != '\0';
				put_body(op, &body);
				wg_buf_str(&epoch, "e1");
				send_frame(fd, 77, op, code, &body);
				if (op == WG_OP_PART && want) /* has no answer of its own: is the connection still there? */
					send_frame(fd, 77, WG_OP_EPOCH, 0, &epoch);
				bool got = next_answer(fd, &in, &frame);
				if (got != want)
					fail_msg("%s asking %u with code %u: %s", wg_store_role_name((enum wg_store_role)role), op, code,
					         r.last);
				if (got) {
					assert_int_equal(frame.tag, 77);
					assert_int_equal(frame.op, op == WG_OP_PART ? WG_OP_EPOCH : op);
				}
				wg_wire_free(&in);
				wg_client_freep(&client);
			}
	rig_end(&r);
	unsigned allowed = 0;
	for (unsigned op = 0; op < WG_COUNT(may); op++)
		allowed += (unsigned)strlen(may[op]);
	assert_int_equal(r.dropped, WG_STORE_ROLES * WG_COUNT(may) * 2 - allowed);
}

/* Whatever does not read as it should ends that connection and no other. */
static void malformed_requests(void **state)
{
	static const struct {
		enum wg_store_role role;
		size_t len;
		uint8_t bytes[24];
	} rows[] = {
		{ WG_ROLE_INTAKE, 4, { 0xff, 0xff, 0xff, 0xff } }, /* 4 GiB announced */
		{ WG_ROLE_INTAKE, 4, { 0, 0, 0, 7 } },             /* shorter than its head */
		{ WG_ROLE_INTAKE, 4, { 0, 0, 0, 0 } },
		{ WG_ROLE_ADMIN, 4, { 0, 0x20, 0, 0 } },                                /* longer than admin may */
		{ WG_ROLE_DELIVER, 4, { 0, 0x10, 0, 0 } },                              /* longer than deliver may */
		{ WG_ROLE_INTAKE, 12, { 0, 0, 0, 8, 0, 0, 0, 1, 0, WG_OP_ADD, 0, 0 } }, /* without a body */
		{ WG_ROLE_PROCESS, 12, { 0, 0, 0, 8, 0, 0, 0, 1, 0, WG_OP_DONE, 0, 0 } },
		{ WG_ROLE_PROCESS, 16, { 0, 0, 0, 12, 0, 0, 0, 1, 0, WG_OP_PART, 0, 0, 0, 0, 0, 9 } }, /* less than it says */
		{ WG_ROLE_DELIVER,
		  16,
		  { 0, 0, 0, 12, 0, 0, 0, 1, 0, WG_OP_REPORT, 0, 0, 0xff, 0, 0, 0 } },         /* too many to be true */
		{ WG_ROLE_ADMIN, 13, { 0, 0, 0, 9, 0, 0, 0, 1, 0, WG_OP_HEALTH, 0, 0, 'x' } }, /* more than it says */
	};
	struct rig_server r;
	(void)state;
	rig_start(&r);
	struct wg_client *other = rig_client(&r, WG_ROLE_INTAKE);
	for (unsigned i = 0; i < WG_COUNT(rows); i++) {
		struct wg_err err = { 0 };
		struct wg_client *client = rig_client(&r, rows[i].role);
		struct wg_msg_receipt receipt;
		char byte;
		OK(wg_wire_send(wg_client_fd(client), rows[i].bytes, rows[i].len, NULL, 0, &err));
		assert_true(recv(wg_client_fd(client), &byte, 1, 0) <= 0); /* closed, or reset when bytes were left unread */
		add(other, i, &receipt);
		assert_false(receipt.duplicate);
		wg_client_freep(&client);
	}
	wg_client_freep(&other);
	rig_end(&r);
	assert_int_equal(r.dropped, WG_COUNT(rows));
}

/* What a role may ask at all it may still not ask in somebody else's place. */
static void in_nobodys_place(void **state)
{
	struct rig_server r;
	struct wg_err err = { 0 };
	struct wg_receipt_result result;
	struct wg_msg_receipt receipt;
	(void)state;
	rig_start(&r);
	struct wg_msg_new own = rig_message(1);
	(void)snprintf(own.way, sizeof own.way, "self");
	struct wg_client *intake = rig_client(&r, WG_ROLE_INTAKE);
	FAILS(WG_AGAIN, wg_client_add(intake, &own, &receipt, &err));
	wg_client_freep(&intake);
	const struct wg_receipt_new rows[] = {
		{ .reference = "m.oatshire.duty",
		  .organisation = "oatshire",
		  .person = "Robin",
		  .level = WG_RECEIPT_ACKNOWLEDGED },
		{ .reference = "m.oatshire.duty", .organisation = "oatshire", .level = WG_RECEIPT_RECEIVED },
		{ .token_hash = "0000000000000000000000000000000000000000000000000000000000000000",
		  .person = "Robin",
		  .level = WG_RECEIPT_ACKNOWLEDGED },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_client *deliver = rig_client(&r, WG_ROLE_DELIVER);
		FAILS(WG_AGAIN, wg_client_receipt(deliver, &rows[i], &result, &err));
		wg_client_freep(&deliver);
	}
	struct wg_client *deliver = rig_client(&r, WG_ROLE_DELIVER);
	const struct wg_receipt_new nobody = { .reference = "m.oatshire.duty", .level = WG_RECEIPT_RECEIVED };
	FAILS(WG_NOT_FOUND, wg_client_receipt(deliver, &nobody, &result, &err)); /* there is none; but it may ask */
	wg_client_freep(&deliver);
	rig_end(&r);
	assert_int_equal(r.dropped, 1 + WG_COUNT(rows));
}

/* ---- group commit */

static void one_commit_for_all_that_is_there(void **state)
{
	if (of_sqlite_only())
		return;
	enum { CLIENTS = 4, EACH = 50 };
	struct rig_server r = { .folder = rig_folder() };
	struct wg_client *clients[CLIENTS];
	struct wg_err err = { 0 };
	char seen[CLIENTS * EACH] = { 0 }, id[WG_ID_TEXT] = "";
	(void)state;
	OK(wg_server_open(r.folder, &r.server, &err));
	wg_server_on_event(r.server, rig_event, &r);
	for (unsigned c = 0; c < CLIENTS; c++) {
		watched[c] = attach(&r, WG_ROLE_INTAKE);
		OK(wg_client_adopt(watched[c], &clients[c], &err));
		for (unsigned i = 0; i < EACH; i++) {
			struct wg_msg_new m = rig_message(c * EACH + i);
			m.blob_len = 22; /* all of them have to fit the socket */
			if (i == 7)
				m.organisation[0] = '!'; /* one bad request among the good does not spoil them */
			if (i == 8)                  /* nor does one that fails when some of it is there: its id is another's */
				memcpy(m.id, id, sizeof m.id);
			if (i == 6)
				memcpy(id, m.id, sizeof id);
			OK(wg_client_add_send(clients[c], i, &m, &err));
		}
	}
	atomic_store(&syncs, 0);
	atomic_store(&early, 0);
	atomic_store(&watched_count, CLIENTS);
	rig_run(&r);
	for (unsigned c = 0; c < CLIENTS; c++)
		for (unsigned i = 0; i < EACH;) {
			struct wg_msg_receipt receipt;
			struct wg_err failed;
			uint32_t tag;
			enum wg_code code = wg_client_add_take(clients[c], &tag, &receipt, &failed, &err);
			if (code == WG_AGAIN) {
				assert_string_equal(err.text, "no answer yet");
				struct pollfd p = { .fd = watched[c], .events = POLLIN };
				assert_int_equal(poll(&p, 1, WAIT_MS), 1);
				if (atomic_load(&watched_count) > 0)
					atomic_store(&watched_count,
					             0); /* the first answers are out: from now on they may be seen at a sync */
				continue;
			}
			OK(code);
			assert_int_equal(failed.code, tag == 7 || tag == 8 ? WG_REJECT : WG_OK);
			seen[c * EACH + tag]++;
			i++;
		}
	for (size_t i = 0; i < sizeof seen; i++)
		assert_int_equal(seen[i], 1);
	assert_int_equal(atomic_load(&early), 0);
	assert_in_range(atomic_load(&syncs), 1,
	                6); /* all were there before it began: a commit or two, with the log's head */
	for (unsigned c = 0; c < CLIENTS; c++)
		wg_client_freep(&clients[c]);
	struct wg_client *admin = rig_client(&r, WG_ROLE_ADMIN);
	WG_AUTO_FREE struct wg_row *rows = NULL;
	unsigned count = 0;
	uint64_t entries;
	char head[WG_STORE_HASH];
	OK(wg_client_list(admin, "messages", "accepted", "", 1000, &rows, &count, &err));
	assert_int_equal(count, CLIENTS * (EACH - 2));
	OK(wg_client_audit(admin, 0, "", &entries, head, &err)); /* nothing is left of what failed */
	assert_int_equal(entries, CLIENTS * (EACH - 2));
	wg_client_freep(&admin);
	rig_end(&r);
	assert_int_equal(r.code, WG_OK);
}

/* An fsync that fails: nobody is answered, the loop ends, what was acknowledged before is there. */
static void a_failed_sync_answers_nobody(void **state)
{
	if (of_sqlite_only())
		return;
	struct rig_server r;
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipt, never;
	(void)state;
	rig_start(&r);
	struct wg_client *client = rig_client(&r, WG_ROLE_INTAKE);
	add(client, 1, &receipt);
	struct wg_msg_new m = rig_message(2);
	atomic_store(&fail_next, 1);
	enum wg_code code = wg_client_add_send(client, 1, &m, &err);
	assert_int_equal(code, WG_OK);
	assert_int_equal(pthread_join(r.thread, NULL), 0);
	r.running = false;
	assert_int_equal(r.code, WG_SYSTEM);
	uint32_t tag;
	struct wg_err failed;
	FAILS(WG_AGAIN, wg_client_add_take(client, &tag, &never, &failed, &err)); /* while the socket is still open */
	assert_string_equal(err.text, "no answer yet");
	wg_server_freep(&r.server);
	FAILS(WG_AGAIN, wg_client_add_take(client, &tag, &never, &failed, &err));
	assert_string_equal(err.text, "the store closed the connection");
	FAILS(WG_AGAIN, wg_client_add(client, &m, &never, &err));
	wg_client_freep(&client);

	OK(wg_server_open(r.folder, &r.server, &err));
	rig_run(&r);
	struct wg_client *admin = rig_client(&r, WG_ROLE_ADMIN);
	uint64_t entries;
	char head[WG_STORE_HASH];
	WG_AUTO_FREE struct wg_row *rows = NULL;
	unsigned count;
	OK(wg_client_audit(admin, 0, "", &entries, head, &err));
	OK(wg_client_list(admin, "messages", "accepted", receipt.id, 10, &rows, &count, &err));
	assert_int_equal(count, 1);
	wg_client_freep(&admin);
	rig_end(&r);
}

/* The disk turns out to be full in the middle of a transaction: it is run again without what adds; no later one
 * suffers. */
static void full_in_the_middle(void **state)
{
	if (of_sqlite_only())
		return;
	struct rig_server r;
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipt;
	struct wg_msg_status status;
	const size_t len = WG_STORE_BLOB_MAX; /* more than SQLite keeps in memory: it writes before the commit */
	(void)state;
	rig_start(&r);
	struct wg_client *client = rig_client(&r, WG_ROLE_INTAKE), *process = rig_client(&r, WG_ROLE_PROCESS);
	WG_AUTO_FREE uint8_t *bytes = calloc(1, len);
	assert_non_null(bytes);
	add(client, 1, &receipt);
	struct wg_msg_job job = take_message(process);
	struct wg_msg_new m = rig_message(2);
	m.blob = bytes;
	m.blob_len = len;
	atomic_store(&full_next, 1);
	FAILS(WG_AGAIN, wg_client_add(client, &m, &receipt, &err));
	assert_non_null(strstr(err.text, "not accepting: disk"));
	assert_int_equal(atomic_load(&full_next), 0);
	OK(wg_client_status(client, job.id, "oatshire-police", &status,
	                    &err)); /* both connections are still there, the lease too */
	free(status.deliveries);
	free(status.parts);
	struct wg_msg_done done = rig_done(job.id, job.token, NULL, 0);
	struct wg_msg_done_result result;
	OK(wg_client_done(process, &done, &result, &err));
	OK(wg_client_add(client, &m, &receipt, &err));
	assert_false(receipt.duplicate);
	wg_client_freep(&client);
	wg_client_freep(&process);
	rig_end(&r);
	assert_int_equal(r.code, WG_OK);
}

/* Nothing new is taken while more waits to be worked off than anybody comes to; what waits is worked off. */
static void too_much_waits(void **state)
{
	struct rig_server r;
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipt;
	struct wg_store *store = NULL;
	(void)state;
	rig_start(&r);
	struct wg_client *client = rig_client(&r, WG_ROLE_INTAKE);
	add(client, 1, &receipt);
	wg_client_freep(&client);
	rig_stop(&r);
	OK(wg_store_open(r.folder, &store, &err)); /* as if there were so many */
	OK(wg_db_exec(store, "UPDATE counter SET n = 1000000 WHERE kind = 'message' AND name = 'accepted'", &err));
	wg_store_closep(&store);
	OK(wg_server_open(r.folder, &r.server, &err));
	rig_run(&r);
	client = rig_client(&r, WG_ROLE_INTAKE);
	struct wg_client *process = rig_client(&r, WG_ROLE_PROCESS);
	FAILS(WG_AGAIN, wg_client_ready(client, &err));
	assert_string_equal(err.text, "not accepting: queue: 1000000 messages wait to be worked off");
	struct wg_msg_new m = rig_message(2);
	FAILS(WG_AGAIN, wg_client_add(client, &m, &receipt, &err));
	struct wg_msg_job job = take_message(process);
	struct wg_msg_done done = rig_done(job.id, job.token, NULL, 0);
	struct wg_msg_done_result result;
	OK(wg_client_done(process, &done, &result, &err));
	enum wg_code code = WG_AGAIN;
	while (code == WG_AGAIN) /* it looks once a second */
		code = wg_client_add(client, &m, &receipt, &err);
	OK(code);
	wg_client_freep(&client);
	wg_client_freep(&process);
	rig_end(&r);
}

/* ---- sizes */

static void large_envelopes(void **state)
{
	static const size_t sizes[] = { WG_CODEC_PART_MIN - 1, WG_CODEC_PART_MIN, (size_t)5 << 20, WG_LIMIT_ENVELOPE };
	struct rig_server r;
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipt;
	struct wg_dlv_new d[WG_COUNT(sizes)];
	struct wg_msg_done_result result;
	(void)state;
	rig_start(&r);
	struct wg_client *intake = rig_client(&r, WG_ROLE_INTAKE), *process = rig_client(&r, WG_ROLE_PROCESS),
					 *deliver = rig_client(&r, WG_ROLE_DELIVER);
	WG_AUTO_FREE uint8_t *bytes = malloc(WG_LIMIT_ENVELOPE + 1);
	assert_non_null(bytes);
	for (size_t i = 0; i <= WG_LIMIT_ENVELOPE; i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	struct wg_msg_new m = rig_message(1);
	m.blob = bytes;
	m.blob_len = WG_STORE_BLOB_MAX;
	OK(wg_client_add(intake, &m, &receipt, &err));
	struct wg_msg_job job = take_message(process);
	for (unsigned i = 0; i < WG_COUNT(sizes); i++) {
		char desk[16];
		(void)snprintf(desk, sizeof desk, "desk-%u", i); /* short */
		d[i] = rig_delivery("meadowton", desk);
		d[i].envelope = bytes;
		d[i].envelope_len = sizes[i];
	}
	struct wg_msg_done done = rig_done(job.id, job.token, d, WG_COUNT(sizes));
	d[3].envelope_len++;
	FAILS(WG_LIMIT, wg_client_done(process, &done, &result, &err));
	d[3].envelope_len--;
	OK(wg_client_done(process, &done, &result, &err));
	for (unsigned got = 0; got < WG_COUNT(sizes);) {
		struct wg_dlv_job *jobs = NULL;
		unsigned count = 0;
		OK(wg_client_lease_deliveries(deliver, "", 10, 1, WAIT_MS, &jobs, &count, &err));
		assert_true(count > 0);
		for (unsigned i = 0; i < count; i++, got++) {
			assert_int_equal(jobs[i].envelope_len, sizes[got]);
			assert_memory_equal(jobs[i].envelope, bytes, sizes[got]);
		}
		wg_dlv_jobs_free(jobs, count);
	}
	wg_client_freep(&intake);
	wg_client_freep(&process);
	wg_client_freep(&deliver);
	rig_end(&r);
}

/* Answers to adds that are under way are kept while something else is asked on the same connection. */
static void asking_between_adds(void **state)
{
	struct rig_server r;
	struct wg_err err = { 0 }, failed;
	struct wg_msg_receipt receipt;
	struct wg_msg_status status;
	(void)state;
	rig_start(&r);
	struct wg_client *client = rig_client(&r, WG_ROLE_INTAKE);
	add(client, 100, &receipt);
	for (uint32_t i = 0; i < 10; i++) {
		struct wg_msg_new m = rig_message(i);
		OK(wg_client_add_send(client, i + 1000, &m, &err));
	}
	OK(wg_client_status(client, receipt.id, "oatshire-police", &status, &err));
	free(status.deliveries);
	free(status.parts);
	for (uint32_t i = 0; i < 10; i++) {
		uint32_t tag = 0;
		OK(wg_client_add_take(client, &tag, &receipt, &failed, &err));
		assert_int_equal(tag, i + 1000);
		assert_int_equal(failed.code, WG_OK);
	}
	FAILS(WG_NOT_FOUND,
	      wg_client_status(client, "not-an-id-but-much-longer-than-one", "oatshire-police", &status, &err));
	OK(wg_client_status(client, receipt.id, "oatshire-police", &status, &err)); /* the connection is still there */
	free(status.deliveries);
	free(status.parts);
	wg_client_freep(&client);
	rig_end(&r);
}

static void too_many_connections(void **state)
{
	struct rig_server r = { .folder = rig_folder() };
	struct wg_err err = { 0 };
	int fds[64], pair[2];
	(void)state;
	OK(wg_server_open(r.folder, &r.server, &err));
	for (size_t i = 0; i < WG_COUNT(fds); i++)
		fds[i] = attach(&r, WG_ROLE_INTAKE);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	FAILS(WG_LIMIT, wg_server_attach(r.server, pair[0], WG_ROLE_INTAKE, &err));
	assert_int_equal(close(pair[1]), 0);
	struct wg_client *client = NULL;
	OK(wg_client_open(r.folder, WG_ROLE_INTAKE, &client, &err)); /* waits in the backlog ... */
	for (size_t i = 0; i < WG_COUNT(fds); i++)
		assert_int_equal(close(fds[i]), 0);
	rig_run(&r);
	struct wg_msg_receipt receipt;
	add(client, 1, &receipt); /* ... until there is room */
	wg_client_freep(&client);
	rig_end(&r);
}

static void files_are_private(void **state)
{
	struct rig_server r;
	(void)state;
	rig_start(&r);
	for (unsigned role = 0; role < WG_STORE_ROLES; role++) {
		char path[128];
		struct stat st;
		(void)snprintf(path, sizeof path, "%s/store-%s.sock", r.folder,
		               wg_store_role_name((enum wg_store_role)role)); /* short */
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		if (pg_socket() != NULL)
			continue; /* its files are the server's */
		(void)snprintf(path, sizeof path, "%s/store.db%s", r.folder, role % 2 == 0 ? "" : "-wal"); /* short */
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	rig_end(&r);
}

/* One turn of the server by hand: what is there is read, run and answered. When there is no room it looks again only
 * if it shall: after a pause. */
static void turn(struct rig_server *r, bool look)
{
	struct wg_err err = { 0 };
	for (unsigned i = 0; i < r->server->count; i++)
		wg_conn_read(r->server, r->server->conns[i]);
	if (look)
		r->server->again_at = r->server->now.steady;
	OK(wg_batch_run(r->server, &err));
	for (unsigned i = 0; i < r->server->count; i++)
		wg_conn_write(r->server->conns[i]);
}

static void ask(int fd, uint32_t tag, unsigned op)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(1 << 16);
	put_body(op, &body);
	send_frame(fd, tag, op, 0, &body);
}

static enum wg_code answer_to(int fd, struct wg_wire_in *in, uint32_t tag)
{
	struct wg_frame frame = { .tag = 0 };
	assert_true(next_answer(fd, in, &frame));
	assert_int_equal(frame.tag, tag);
	return (enum wg_code)frame.code;
}

/* No room for anything: said once, however often it is looked for, and once when it is there. Meanwhile who only reads
 * is answered, who hands in is told to come again, and who works waits. */
static void no_room_is_told_once(void **state)
{
	struct wg_wire_in in[3] = { { .max = WG_LIMIT_FRAME }, { .max = WG_LIMIT_FRAME }, { .max = WG_LIMIT_FRAME } };
	struct wg_err err = { 0 };
	uint32_t tag = 1;
	char byte;
	(void)state;
	if (of_sqlite_only()) /* PostgreSQL's files are its server's: test_away */
		return;
	struct rig_server r = { .folder = rig_folder() };
	OK(wg_server_open(r.folder, &r.server, &err));
	wg_server_on_event(r.server, rig_event, &r);
	const int intake = attach(&r, WG_ROLE_INTAKE), admin = attach(&r, WG_ROLE_ADMIN),
			  process = attach(&r, WG_ROLE_PROCESS);
	ask(intake, tag, WG_OP_ADD);
	turn(&r, false);
	assert_int_equal(answer_to(intake, &in[0], tag), WG_OK);
	atomic_store(&full, 1);
	ask(process, tag, WG_OP_LEASE_MESSAGES);
	turn(&r, false);
	for (unsigned i = 0; i < 6; i++) {
		ask(admin, ++tag, WG_OP_HEALTH);
		ask(intake, tag, WG_OP_READY);
		turn(&r, i % 2 == 1);
		turn(&r, false);
		assert_int_equal(answer_to(admin, &in[1], tag), WG_OK);
		assert_int_equal(answer_to(intake, &in[0], tag), WG_AGAIN);
		ask(admin, ++tag, WG_OP_ACT);
		turn(&r, false);
		assert_int_equal(answer_to(admin, &in[1], tag), WG_AGAIN); /* it would change something */
		assert_true(recv(process, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0);
		assert_true(r.full == 1 && r.room == 0);
	}
	atomic_store(&full, 0);
	turn(&r, true);
	assert_int_equal(answer_to(process, &in[2], 1), WG_OK);
	assert_true(r.full == 1 && r.room == 1 && r.away == 0);
	for (unsigned i = 0; i < WG_COUNT(in); i++)
		wg_wire_free(&in[i]);
	assert_int_equal(close(intake) | close(admin) | close(process), 0);
	wg_server_freep(&r.server);
	rig_remove(r.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_and_ops),
		cmocka_unit_test(malformed_requests),
		cmocka_unit_test(in_nobodys_place),
		cmocka_unit_test(one_commit_for_all_that_is_there),
		cmocka_unit_test(a_failed_sync_answers_nobody),
		cmocka_unit_test(full_in_the_middle),
		cmocka_unit_test(no_room_is_told_once),
		cmocka_unit_test(too_much_waits),
		cmocka_unit_test(large_envelopes),
		cmocka_unit_test(asking_between_adds),
		cmocka_unit_test(too_many_connections),
		cmocka_unit_test(files_are_private),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
