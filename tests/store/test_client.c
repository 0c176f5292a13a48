/* A role's connection, before a store that is made by hand: what it answers is written there before it is asked. */
#include "rig.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include "store/client_internal.h"

static struct wg_client *client_with(int *store)
{
	struct wg_err err = { 0 };
	struct wg_client *client = NULL;
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	*store = pair[0];
	OK(wg_client_adopt(pair[1], &client, &err));
	return client;
}

static void answer(int store, uint32_t tag, enum wg_op op, unsigned code, const void *body, size_t len)
{
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF(4096);
	const struct wg_frame to = { .tag = tag, .op = op };
	wg_wire_answer(&out, &to, code, 1, body, len);
	OK(wg_wire_send(store, out.data, out.len, NULL, 0, &err));
}

/* Reports that are refused, and the lease that was asked for with them: both answers are taken, so that the next call
 * reads its own. */
static void refused_with_a_lease(void **state)
{
	static const uint8_t none[4] = { 0 };
	struct wg_err err = { 0 };
	const struct wg_dlv_report report = { .state = WG_DLV_HANDED_OVER };
	struct wg_dlv_job *jobs = NULL;
	unsigned stale = 77, count = 77;
	int store = -1;
	(void)state;
	struct wg_client *client = client_with(&store);
	answer(store, 1, WG_OP_REPORT, WG_AGAIN, "the disk is full", 16);
	answer(store, 2, WG_OP_LEASE_DELIVERIES, WG_OK, none, sizeof none);
	answer(store, 3, WG_OP_REPORT, WG_OK, none, sizeof none);
	FAILS(WG_AGAIN, wg_client_report_lease(client, &report, 1, &stale, "", 1, 1, &jobs, &count, &err));
	assert_string_equal(err.text, "the disk is full");
	assert_null(jobs);
	assert_int_equal(stale, 77);
	OK(wg_client_report(client, &report, 1, &stale, &err));
	assert_int_equal(stale, 0);
	wg_client_freep(&client);
	assert_int_equal(close(store), 0);
}

/* Ten parts of all sizes go out with what is done and the next lease: the frames of a store that reads slowly. */
static void all_in_one_piece(void **state)
{
	enum { PARTS = 10, ALL = PARTS + 2 };
	struct wg_err err = { 0 };
	struct wg_dlv_new d[PARTS];
	struct wg_msg_done_result result = { 0 };
	WG_AUTO_FREE uint8_t *bytes = calloc(1, (size_t)1 << 20);
	struct wg_wire_in in = { .max = WG_LIMIT_FRAME };
	int store = -1, small = 4096;
	bool sent = false;
	(void)state;
	assert_non_null(bytes);
	struct wg_client *client = client_with(&store);
	for (unsigned i = 0; i < PARTS; i++) {
		d[i] = rig_delivery("oatshire", "duty");
		d[i].envelope = bytes;
		d[i].envelope_len = WG_CODEC_PART_MIN + (i % 3 == 0 ? i : (size_t)i * 100001);
	}
	struct wg_msg_done done = rig_done("01k9tess00examp1e0m1ss1ng1", 5, d, PARTS);
	done.notice = done.report = NULL;
	done.notice_len = done.report_len = 0;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) { /* the store: counts whole frames, then answers the last but one */
		struct wg_frame frame = { .tag = 0 };
		unsigned frames = 0;
		(void)setsockopt(store, SOL_SOCKET, SO_RCVBUF, &small, sizeof small); /* only to be slow */
		for (; frames < ALL; frames++) {
			while (wg_wire_peek(&in, &frame, &err) == WG_AGAIN)
				if (wg_wire_fill(&in, store, 0, &err) != WG_OK)
					_exit(1);
			if (frame.tag != frames + 1 ||
			    frame.op != (frames < PARTS    ? WG_OP_PART
			                 : frames == PARTS ? WG_OP_DONE
			                                   : WG_OP_LEASE_MESSAGES) ||
			    (frames < PARTS && frame.len != 4 + d[frames].envelope_len))
				_exit(2);
			wg_wire_take(&in, &frame);
		}
		answer(store, PARTS + 1, WG_OP_DONE, WG_NOT_FOUND, "lost", 4);
		_exit(0);
	}
	FAILS(WG_NOT_FOUND, wg_client_done_lease(client, &done, 1, 0, &result, &sent, &err));
	assert_true(sent);
	int status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	wg_client_freep(&client);
	assert_int_equal(close(store), 0);
}

/* A store that says nothing is waited for once; until it has spoken nothing else is asked of it. */
static void waited_for_once(void **state)
{
	static const uint8_t first[] = "first", second[] = "second";
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf body = WG_BUF(16);
	struct wg_cur in;
	int store = -1;
	(void)state;
	struct wg_client *client = client_with(&store);
	wg_buf_put(&body, "", 0);
	OK(wg_client_patience(client, 20, &err));
	for (int i = 0; i < 3; i++) {
		FAILS(WG_AGAIN, wg_client_call(client, WG_OP_TIME, &body, &in, &err));
		assert_string_equal(err.text, WG_CLIENT_NOT_YET);
		assert_false(wg_client_gone(&err));
	}
	uint8_t asked[2 * WG_WIRE_HEAD];
	assert_int_equal(recv(store, asked, sizeof asked, MSG_DONTWAIT), WG_WIRE_HEAD); /* one question */
	answer(store, 1, WG_OP_TIME, WG_OK, first, sizeof first);                       /* late: nobody's any more */
	answer(store, 2, WG_OP_TIME, WG_OK, second, sizeof second);
	OK(wg_client_call(client, WG_OP_TIME, &body, &in, &err));
	assert_memory_equal(in.p, second, sizeof second);
	FAILS(WG_AGAIN, wg_client_call(client, WG_OP_TIME, &body, &in, &err));
	assert_int_equal(close(store), 0);
	FAILS(WG_AGAIN, wg_client_call(client, WG_OP_TIME, &body, &in, &err));
	assert_true(wg_client_gone(&err));
	wg_client_freep(&client);
}

/* So is one that does not read: what it was asked goes on when it does. */
static void read_to_the_end(void **state)
{
	enum { LARGE = 2 * 1024 * 1024 };
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf body = WG_BUF(LARGE), none = WG_BUF(16);
	struct wg_wire_in in = { .max = WG_LIMIT_FRAME };
	struct wg_frame frame = { .tag = 0 };
	struct wg_cur out;
	int store = -1;
	(void)state;
	struct wg_client *client = client_with(&store);
	memset(wg_buf_room(&body, LARGE - 1), 'x', LARGE - 1);
	body.len = LARGE - 1;
	wg_buf_put(&none, "", 0);
	OK(wg_client_patience(client, 20, &err));
	FAILS(WG_AGAIN, wg_client_call(client, WG_OP_ADD, &body, &out, &err));
	assert_string_equal(err.text, WG_CLIENT_NOT_YET);
	while (wg_wire_peek(&in, &frame, &err) == WG_AGAIN) { /* as much as there is, then some more each time */
		enum wg_code code = wg_wire_fill(&in, store, MSG_DONTWAIT, &err);
		if (code == WG_AGAIN) {
			FAILS(WG_AGAIN, wg_client_call(client, WG_OP_TIME, &none, &out, &err));
			assert_false(wg_client_gone(&err));
		} else {
			OK(code);
		}
	}
	assert_int_equal(frame.len, LARGE - 1);
	wg_wire_take(&in, &frame);
	assert_int_equal(in.start, in.len); /* nothing else was asked meanwhile */
	answer(store, 1, WG_OP_ADD, WG_OK, NULL, 0);
	answer(store, 2, WG_OP_TIME, WG_OK, NULL, 0);
	OK(wg_client_time(client, &err));
	wg_wire_free(&in);
	wg_client_freep(&client);
	assert_int_equal(close(store), 0);
}

static struct wg_msg_new large_message(unsigned number, const uint8_t *bytes, size_t len)
{
	struct wg_msg_new m = rig_message(number);
	m.blob = bytes;
	m.blob_len = len;
	return m;
}

/* Reads the messages from one number up to another, at which a question of the time may come in the place of the last.
 * client: who sends, when it is this thread. */
static void read_messages(struct wg_client *client, int store, uint32_t from, uint32_t to, size_t len)
{
	struct wg_err err = { 0 };
	struct wg_wire_in in = { .max = WG_LIMIT_FRAME };
	struct wg_frame frame = { .tag = 0 };
	while (from <= to) {
		enum wg_code code = wg_wire_peek(&in, &frame, &err);
		if (code == WG_AGAIN) {
			if (client != NULL)
				OK(wg_client_flush(client, &err));
			OK(wg_wire_fill(&in, store, client != NULL ? MSG_DONTWAIT : 0, &err));
			continue;
		}
		OK(code);
		wg_wire_take(&in, &frame);
		if (from == to && frame.op == WG_OP_TIME)
			break;
		assert_int_equal(frame.op, WG_OP_ADD_LATER);
		assert_int_equal(frame.tag, from++);
		assert_true(frame.len > len);
	}
	assert_int_equal(in.start, in.len);
	wg_wire_free(&in);
}

/* A store that does not read holds nobody up: what is large waits here, whole and in its order, until it reads. */
static void kept_until_it_reads(void **state)
{
	enum { LARGE = 4 * 1024 * 1024 };
	struct wg_err err = { 0 };
	WG_AUTO_FREE uint8_t *bytes = calloc(1, LARGE);
	int store = -1, status = -1;
	(void)state;
	assert_non_null(bytes);
	struct wg_client *client = client_with(&store);
	assert_int_equal(wg_client_unsent(client), 0);
	for (unsigned i = 0; i < 3; i++) {
		struct wg_msg_new m = large_message(i, bytes, LARGE);
		OK(wg_client_add_send(client, i, &m, &err));
		assert_in_range(wg_client_unsent(client), (size_t)LARGE * i + 1, (size_t)(LARGE + 4096) * (i + 1));
	}
	read_messages(client, store, 0, 2, LARGE);
	assert_int_equal(wg_client_unsent(client), 0);

	struct wg_msg_new m = large_message(3, bytes, LARGE);
	OK(wg_client_add_send(client, 3, &m, &err));
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) { /* what is asked next goes behind it, and waits */
		read_messages(NULL, store, 3, 4, LARGE);
		answer(store, 1, WG_OP_TIME, WG_OK, NULL, 0);
		_exit(0);
	}
	OK(wg_client_time(client, &err));
	assert_int_equal(wg_client_unsent(client), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);

	OK(wg_client_add_send(client, 4, &m, &err));
	assert_int_equal(close(store), 0);
	FAILS(WG_AGAIN, wg_client_flush(client, &err));
	assert_true(wg_client_gone(&err));
	wg_client_freep(&client); /* with what is left */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_with_a_lease), cmocka_unit_test(all_in_one_piece),
		cmocka_unit_test(waited_for_once),      cmocka_unit_test(read_to_the_end),
		cmocka_unit_test(kept_until_it_reads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
