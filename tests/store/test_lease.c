/* Leases on a server with real sockets: those that wait and those that are lost, and what was said before an end. */
#include "store/server.h"

#include "served.h"
#include "store/sql_internal.h"

/* ---- leases that wait */

static void send_lease(struct wg_client *client, uint32_t tag, uint32_t wait_ms)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(64);
	wg_buf_u32(&body, wait_ms);
	wg_buf_u32(&body, 1);
	send_frame(wg_client_fd(client), tag, WG_OP_LEASE_MESSAGES, 0, &body);
}

/* A question and its answer: what was sent to the server before has been looked at when this returns. */
static void settle(struct wg_client *admin)
{
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 16);
	OK(wg_client_health(admin, &out, &err));
}

static void who_waited_longest_is_first(void **state)
{
	struct rig_server r;
	struct wg_err err = { 0 };
	struct wg_client *waiting[3];
	struct wg_msg_receipt receipts[3];
	(void)state;
	rig_start(&r);
	struct wg_client *admin = rig_client(&r, WG_ROLE_ADMIN), *intake = rig_client(&r, WG_ROLE_INTAKE);
	/* connected in this order, asking in the other; an answer shows that it was accepted */
	for (int i = 2; i >= 0; i--) {
		waiting[i] = rig_client(&r, WG_ROLE_PROCESS);
		OK(wg_client_epoch(waiting[i], "e1", &err));
	}
	for (unsigned i = 0; i < 3; i++) {
		send_lease(waiting[i], i, WAIT_MS);
		settle(admin);
	}
	for (unsigned i = 0; i < 3; i++)
		add(intake, i, &receipts[i]);
	for (unsigned i = 0; i < 3; i++) {
		struct wg_wire_in in = { .max = WG_LIMIT_FRAME };
		struct wg_frame frame;
		struct wg_msg_job *jobs = NULL;
		unsigned count = 0;
		assert_true(next_answer(wg_client_fd(waiting[i]), &in, &frame));
		assert_int_equal(frame.code, WG_OK);
		int64_t now = 0;
		assert_true(wg_wire_now(&frame, &now));
		struct wg_cur cur = WG_CUR(frame.body, frame.len);
		assert_true(wg_codec_get_msg_jobs(&cur, &jobs, &count));
		assert_int_equal(count, 1);
		assert_string_equal(jobs[0].id, receipts[i].id);
		wg_msg_jobs_free(jobs, count);
		wg_wire_free(&in);
	}
	for (unsigned i = 0; i < 3; i++)
		wg_client_freep(&waiting[i]);
	wg_client_freep(&admin);
	wg_client_freep(&intake);
	rig_end(&r);
}

static void waiting_ends_with_nothing(void **state)
{
	struct rig_server r;
	struct wg_err err = { 0 };
	(void)state;
	rig_start(&r);
	struct wg_client *process = rig_client(&r, WG_ROLE_PROCESS), *deliver = rig_client(&r, WG_ROLE_DELIVER);
	for (unsigned wait = 0; wait <= 120; wait += 40) {
		struct wg_msg_job *m = NULL;
		struct wg_dlv_job *d = NULL;
		unsigned count = 1;
		OK(wg_client_lease_messages(process, 1, wait, &m, &count, &err));
		assert_int_equal(count, 0);
		wg_msg_jobs_free(m, count);
		OK(wg_client_lease_deliveries(deliver, "", 1, 1, wait, &d, &count, &err));
		assert_int_equal(count, 0);
		wg_dlv_jobs_free(d, count);
	}
	wg_client_freep(&process);
	wg_client_freep(&deliver);
	rig_end(&r);
}

/* The next is leased with the report of the one before; a report under a lost lease is counted, and harms neither. */
static void a_report_brings_the_next_lease(void **state)
{
	struct rig_server r;
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipt;
	struct wg_msg_done_result result;
	struct wg_dlv_job *jobs = NULL, *next = NULL;
	unsigned count = 0, stale = 9;
	(void)state;
	rig_start(&r);
	struct wg_client *intake = rig_client(&r, WG_ROLE_INTAKE), *process = rig_client(&r, WG_ROLE_PROCESS),
					 *deliver = rig_client(&r, WG_ROLE_DELIVER);
	for (unsigned i = 1; i <= 2; i++) {
		add(intake, i, &receipt);
		struct wg_msg_job job = take_message(process);
		struct wg_dlv_new d = rig_delivery(i == 1 ? "meadowton" : "derbyshire", "front-door");
		struct wg_msg_done done = rig_done(job.id, job.token, &d, 1);
		OK(wg_client_done(process, &done, &result, &err));
	}
	OK(wg_client_lease_deliveries(deliver, "", 1, 1, WAIT_MS, &jobs, &count, &err));
	assert_int_equal(count, 1);
	struct wg_dlv_report reports[] = { { .token = jobs[0].token, .state = WG_DLV_HANDED_OVER, .detail = "250 taken" },
		                               { .token = jobs[0].token + 7, .state = WG_DLV_HANDED_OVER } };
	memcpy(reports[0].id, jobs[0].id, sizeof reports[0].id);
	memcpy(reports[1].id, jobs[0].id, sizeof reports[1].id);
	OK(wg_client_report_lease(deliver, reports, 2, &stale, "", 1, 1, &next, &count, &err));
	assert_int_equal(stale, 1);
	assert_int_equal(count, 1);
	assert_string_not_equal(next[0].id, jobs[0].id);
	wg_dlv_jobs_free(jobs, 1);
	/* and with nothing left to lease it comes back at once */
	reports[0].token = next[0].token;
	memcpy(reports[0].id, next[0].id, sizeof reports[0].id);
	wg_dlv_jobs_free(next, 1);
	OK(wg_client_report_lease(deliver, reports, 1, &stale, "", 1, 1, &next, &count, &err));
	assert_int_equal(stale, 0);
	assert_int_equal(count, 0);
	wg_dlv_jobs_free(next, count);
	wg_client_freep(&intake);
	wg_client_freep(&process);
	wg_client_freep(&deliver);
	rig_end(&r);
}

/* ---- leases that are lost */

static void a_closed_connection_gives_back(void **state)
{
	struct rig_server r;
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipt;
	(void)state;
	rig_start(&r);
	struct wg_client *intake = rig_client(&r, WG_ROLE_INTAKE), *first = rig_client(&r, WG_ROLE_PROCESS),
					 *second = rig_client(&r, WG_ROLE_PROCESS);
	add(intake, 1, &receipt);
	struct wg_msg_job lost = take_message(first);
	wg_client_freep(&first);
	struct wg_msg_job job = take_message(second);
	assert_string_equal(job.id, lost.id);
	assert_int_equal(job.tries, 1);
	assert_true(job.token > lost.token);

	struct wg_dlv_new d = rig_delivery("meadowton", "front-door");
	struct wg_msg_done done = rig_done(job.id, job.token, &d, 1);
	struct wg_msg_done_result result;
	OK(wg_client_done(second, &done, &result, &err));
	struct wg_dlv_job *jobs = NULL;
	unsigned count = 0;
	for (unsigned i = 0; i < 2; i++) {
		struct wg_client *deliver = rig_client(&r, WG_ROLE_DELIVER);
		OK(wg_client_lease_deliveries(deliver, "", 1, 1, WAIT_MS, &jobs, &count, &err));
		assert_int_equal(count, 1);
		assert_int_equal(jobs[0].maybe, i > 0);
		assert_int_equal(jobs[0].attempts, i);
		wg_dlv_jobs_free(jobs, count);
		wg_client_freep(&deliver);
	}
	wg_client_freep(&intake);
	wg_client_freep(&second);
	rig_end(&r);
	assert_true(r.lost >= 2);
}

/* A whole request that was sent before its sender died is still done, its lease is not given to the dead. */
static void the_last_words_count(void **state)
{
	struct rig_server r;
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipt;
	WG_AUTO_BUF struct wg_buf body = WG_BUF(1 << 16);
	(void)state;
	rig_start(&r);
	struct wg_client *intake = rig_client(&r, WG_ROLE_INTAKE), *process = rig_client(&r, WG_ROLE_PROCESS),
					 *admin = rig_client(&r, WG_ROLE_ADMIN);
	add(intake, 1, &receipt);
	struct wg_msg_job job = take_message(process);
	struct wg_msg_done done = rig_done(job.id, job.token, NULL, 0);
	wg_codec_put_done(&body, &done);
	send_frame(wg_client_fd(process), 1, WG_OP_DONE, 0, &body);
	send_lease(process, 2, WAIT_MS);
	wg_client_freep(&process);
	add(intake, 2, &receipt);
	process = rig_client(&r, WG_ROLE_PROCESS);
	struct wg_msg_job next = take_message(process);
	assert_string_equal(next.id, receipt.id);
	WG_AUTO_FREE struct wg_row *rows = NULL;
	unsigned count = 0;
	OK(wg_client_list(admin, "messages", "routed", job.id, 10, &rows, &count, &err));
	assert_int_equal(count, 1);
	wg_client_freep(&process);
	wg_client_freep(&intake);
	wg_client_freep(&admin);
	rig_end(&r);
}

/* More of it than is read at once, and nobody there any more when it is read. */
static void all_last_words_count(void **state)
{
	enum { ADDS = 3, BYTES = 40000 };
	static uint8_t bytes[BYTES];
	struct rig_server r = { .folder = rig_folder() };
	struct wg_client *intake = NULL;
	struct wg_err err = { 0 };
	WG_AUTO_FREE struct wg_row *rows = NULL;
	unsigned count = 0;
	(void)state;
	OK(wg_server_open(r.folder, &r.server, &err));
	wg_server_on_event(r.server, rig_event, &r);
	OK(wg_client_adopt(attach(&r, WG_ROLE_INTAKE), &intake, &err));
	for (unsigned i = 0; i < ADDS; i++) {
		struct wg_msg_new m = rig_message(i);
		m.blob = bytes;
		m.blob_len = sizeof bytes;
		OK(wg_client_add_send(intake, i, &m, &err));
	}
	wg_client_freep(&intake);
	rig_run(&r);
	struct wg_client *admin = rig_client(&r, WG_ROLE_ADMIN);
	for (unsigned i = 0; i < 2 * ADDS; i++)
		settle(admin); /* each time it has read on */
	OK(wg_client_list(admin, "messages", "accepted", "", 10, &rows, &count, &err));
	assert_int_equal(count, ADDS);
	wg_client_freep(&admin);
	rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_waited_longest_is_first),    cmocka_unit_test(waiting_ends_with_nothing),
		cmocka_unit_test(a_report_brings_the_next_lease), cmocka_unit_test(a_closed_connection_gives_back),
		cmocka_unit_test(the_last_words_count),           cmocka_unit_test(all_last_words_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
