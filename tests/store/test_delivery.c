/* The driver: deliveries in their order, epochs, damage, what people do. One table or one story each. */
#include "store/store.h"

#include "scene.h"

/* ---- deliveries */

/* Messages 1, 2 and 3 of one episode to the same desk, and one of another episode: what may be leased while the first
 * is in each state. */
static void found_never_overtakes_missing(void **state)
{
	static const struct {
		const char *state;
		unsigned due; /* besides the first itself: the second (1), and the one of the other episode (always 1) */
	} rows[] = {
		{ "decided", 1 },
		{ "sending", 1 },
		{ "review", 1 },
		{ "held", 1 },
		{ "handed-over", 2 },
		{ "received", 2 },
		{ "acknowledged", 2 },
		{ "withheld", 2 },
		{ "failed", 2 },
		{ "recalled", 2 },
		{ "superseded", 2 },
		/* it can be leased itself, and then blocks */
		{ "sealed", 2 },
		{ "deferred", 2 },
	};
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	for (unsigned i = 1; i <= 3; i++)
		route(s, i, "incident-1", "front-door", id);
	route(s, 4, "incident-2", "front-door", id);
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		char sql[128];
		mark(s);
		(void)snprintf(sql, sizeof sql, "UPDATE delivery SET state = '%s' WHERE seq = 1", rows[i].state); /* short */
		OK(wg_db_exec(s->store, sql, &err));
		struct wg_dlv_rec first;
		OK(wg_delivery_by_seq(s->store, 1, &first, &err));
		const struct wg_entry entry = { .who = WG_WHO_STORE,
			                            .event = rows[i].state,
			                            .message = first.message_id,
			                            .delivery = first.id,
			                            .state = rows[i].state };
		OK(wg_chain_append(s->store, s->now, &entry, &err)); /* a row that the log does not know is damaged */
		unsigned due = deliveries_due(s);
		if (due != rows[i].due)
			fail_msg("first %s: %u due instead of %u", rows[i].state, due, rows[i].due);
		OK(wg_store_undo(s->store, &err));
	}
	/* Another desk of the same episode is another queue. */
	route(s, 5, "incident-1", "night-desk", id);
	assert_int_equal(deliveries_due(s), 3);
}

/* A missing report that was put back is not overtaken by the found report behind it, nor does it wait for ever. */
static void put_back_is_not_overtaken(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char missing[WG_ID_TEXT], found[WG_ID_TEXT];
	add(s, 1, missing);
	struct wg_msg_job job = take_message(s);
	OK(wg_store_put_back(s->store, s->now, missing, job.token, 1000, "a passing fault", &err));
	route(s, 2, "incident-1", "front-door", found);
	assert_int_equal(deliveries_due(s), 0);
	for (unsigned i = 1; state_of(s, missing) == WG_MSG_ACCEPTED; i++) {
		assert_true(i <= WG_STORE_TRIES);
		s->now.wall += 2000;
		job = take_message(s);
		OK(wg_store_put_back(s->store, s->now, missing, job.token, 1000, "a passing fault", &err));
	}
	assert_int_equal(state_of(s, missing), WG_MSG_ATTENTION);
	assert_int_equal(deliveries_due(s), 1);
}

static void one_dead_recipient_delays_nobody(void **state)
{
	struct scene *s = *state;
	struct wg_dlv_job *jobs = NULL;
	char id[WG_ID_TEXT], key[16];
	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(key, sizeof key, "incident-%u", i); /* short */
		route(s, i, key, i < 18 ? "a-dead" : i == 18 ? "b" : "c", id);
	}
	unsigned n = take_deliveries(s, "", 3, 1, &jobs);
	assert_int_equal(n, 3);
	assert_string_equal(jobs[0].desk, "a-dead");
	assert_string_equal(jobs[1].desk, "b");
	assert_string_equal(jobs[2].desk, "c");
	wg_dlv_jobs_free(jobs, n);
	n = take_deliveries(s, "meadowton/x meadowton/a-dead", 10, 10, &jobs);
	assert_int_equal(n, 0);
	wg_dlv_jobs_free(jobs, n);
	n = take_deliveries(s, "", 10, 4, &jobs);
	assert_int_equal(n, 4);
	wg_dlv_jobs_free(jobs, n);
}

/* With one place a lease, everybody gets a turn. */
static void turns_go_round(void **state)
{
	static const char *const desks[] = { "a", "b", "c", "a", "b", "c", "a", "b", "c" };
	struct scene *s = *state;
	char id[WG_ID_TEXT], key[16];
	for (unsigned i = 0; i < 12; i++) {
		(void)snprintf(key, sizeof key, "incident-%u", i); /* short */
		route(s, i, key, i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c", id);
	}
	for (size_t i = 0; i < WG_COUNT(desks); i++) {
		struct wg_dlv_job job = take_delivery(s);
		assert_string_equal(job.desk, desks[i]);
	}
}

static void a_wait_ends_by_the_clock_or_when_it_jumps_back(void **state)
{
	static const struct {
		int64_t jump;
		unsigned due;
	} rows[] = { { 0, 0 }, { 29999, 0 }, { 30000, 1 }, { -1, 1 }, { -86400000, 1 }, { (int64_t)3650 * 86400000, 1 } };
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	route(s, 1, "incident-1", "front-door", id);
	struct wg_dlv_job job = take_delivery(s);
	assert_int_equal(report(s, &job, WG_DLV_DEFERRED, 30000), 0);
	int64_t then = s->now.wall;
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		s->now.wall = then + rows[i].jump;
		if (deliveries_due(s) != rows[i].due)
			fail_msg("row %zu", i);
	}
	s->now.wall = then;
	act(s, "retry", job.id, 1);
	job = take_delivery(s);
	assert_int_equal(job.attempts, 1);
	assert_false(job.maybe);
}

static void a_lost_attempt_may_have_arrived(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	unsigned lost;
	int64_t waited = 0;
	route(s, 1, "incident-1", "front-door", id);
	for (unsigned i = 0; i < 12; i++) {
		struct wg_dlv_job job = take_delivery(s);
		assert_int_equal(job.attempts, i);
		assert_int_equal(job.maybe, i > 0);
		if (i % 2 == 0)
			OK(wg_store_leases_end(s->store, s->now, ME, &lost, &err));
		else
			OK(wg_store_recover(s->store, s->now, &lost, &err));
		assert_int_equal(lost, 1);
		assert_int_equal(report(s, &job, WG_DLV_HANDED_OVER, 0), 1); /* stale */
		int64_t wait = 0;
		while (deliveries_due(s) == 0 && wait <= WG_STORE_LOST_WAIT_MAX_MS) {
			wait += WG_STORE_LOST_WAIT_MS;
			s->now.wall += WG_STORE_LOST_WAIT_MS;
		}
		assert_true(wait >= waited && wait <= WG_STORE_LOST_WAIT_MAX_MS);
		waited = wait;
	}
	assert_int_equal(waited, WG_STORE_LOST_WAIT_MAX_MS);
}

static void leases_do_not_survive_a_restart(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	unsigned lost;
	route(s, 1, "incident-1", "front-door", id);
	add(s, 2, id);
	struct wg_msg_job m = take_message(s);
	struct wg_dlv_job d = take_delivery(s);
	OK(wg_store_commit(s->store, &err));
	wg_store_closep(&s->store);
	OK(wg_store_open(s->folder, &s->store, &err));
	OK(wg_store_begin(s->store, &err));
	OK(wg_store_recover(s->store, s->now, &lost, &err));
	assert_int_equal(lost, 2);
	struct wg_msg_job again = take_message(s);
	assert_true(again.token > m.token);
	assert_int_equal(again.tries, 0); /* not its fault */
	assert_int_equal(report(s, &d, WG_DLV_RECEIVED, 0), 1);
	OK(wg_store_recover(s->store, s->now, &lost, &err));
	assert_int_equal(lost, 1);
	OK(wg_store_recover(s->store, s->now, &lost, &err)); /* again: nothing left to do */
	assert_int_equal(lost, 0);
}

/* ---- epochs */

static void epoch_pulls_back(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_msg_done_result result;
	char sent[WG_ID_TEXT], queued[WG_ID_TEXT];
	route(s, 1, "incident-1", "a", sent);
	struct wg_dlv_job job = take_delivery(s);
	assert_int_equal(report(s, &job, WG_DLV_HANDED_OVER, 0), 0);
	route(s, 2, "incident-2", "a b c", queued);
	job = take_delivery(s);                           /* one is under way */
	OK(wg_store_epoch(s->store, s->now, "e1", &err)); /* the same: nothing happens */
	assert_int_equal(state_of(s, queued), WG_MSG_ROUTED);
	OK(wg_store_epoch(s->store, s->now, "e2", &err));
	assert_int_equal(state_of(s, sent), WG_MSG_ROUTED);
	assert_int_equal(state_of(s, queued), WG_MSG_NORMALISED);
	assert_int_equal(deliveries_due(s), 0); /* nothing decided under an older epoch is handed out */
	struct wg_msg_job again = take_message(s);
	assert_true(again.again);
	assert_string_equal(again.id, queued);
	struct wg_dlv_new d[3] = { rig_delivery("meadowton", "a"), rig_delivery("meadowton", "b"),
		                       rig_delivery("meadowton", "d") };
	d[1].state = WG_DLV_WITHHELD;
	d[1].envelope_len = 0;
	struct wg_msg_done done = rig_done(queued, again.token, d, 3);
	FAILS(WG_AGAIN, wg_store_done(s->store, s->now, &done, &result, &err)); /* still decided under e1 */
	memcpy(done.epoch, "e2", 3);
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
	struct wg_msg_status status;
	OK(wg_store_status(s->store, queued, "oatshire-police", &status, &err));
	/* The one under way is left alone; b is withheld now; c is no longer a recipient; d is new. */
	assert_string_equal(status.deliveries, strcmp(job.desk, "a") == 0
	                                           ? "meadowton/a sending\nmeadowton/b withheld\nmeadowton/d sealed\n"
	                                           : "meadowton/b sending\nmeadowton/a sealed\nmeadowton/d sealed\n");
	free(status.deliveries);
	free(status.parts);
	/* What was under way comes back unsent: it was decided under e1, so the message is decided once more. */
	assert_int_equal(report(s, &job, WG_DLV_DEFERRED, 0), 0);
	assert_int_equal(state_of(s, queued), WG_MSG_NORMALISED);
}

static void a_persons_hold_outlives_a_new_decision(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_msg_done_result result;
	struct wg_row *rows = NULL;
	unsigned count = 0;
	char id[WG_ID_TEXT];
	route(s, 1, "incident-1", "a b", id);
	OK(wg_store_list(s->store, "deliveries", "", id, 10, &rows, &count, &err));
	assert_int_equal(count, 2);
	act(s, "hold", rows[0].id, 1);
	act(s, "cancel", rows[1].id, 1);
	free(rows);
	OK(wg_store_epoch(s->store, s->now, "e2", &err));
	struct wg_msg_job again = take_message(s);
	struct wg_dlv_new d[2] = { rig_delivery("meadowton", "a"), rig_delivery("meadowton", "b") };
	struct wg_msg_done done = rig_done(id, again.token, d, 2);
	memcpy(done.epoch, "e2", 3);
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
	struct wg_msg_status status;
	OK(wg_store_status(s->store, id, "oatshire-police", &status, &err));
	assert_string_equal(status.deliveries,
	                    "meadowton/b recalled\nmeadowton/a held\n"); /* not given back what was cancelled */
	free(status.deliveries);
	free(status.parts);
	assert_int_equal(deliveries_due(s), 0);
	act(s, "release", id, 1);
	assert_int_equal(deliveries_due(s), 1);
}

/* ---- damage */

static void damage_is_set_aside(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char bad[WG_ID_TEXT], good[WG_ID_TEXT], routed[WG_ID_TEXT];
	route(s, 1, "incident-1", "a", routed);
	struct wg_msg_receipt r;
	struct wg_msg_new m = rig_message(2);
	m.blob = RIG_HEAD "another report";
	m.blob_len = WG_STORE_HEAD + 14;
	OK(wg_store_add(s->store, s->now, &m, &r, &err));
	memcpy(bad, r.id, sizeof bad);
	add(s, 3, good);
	mark(s);
	OK(wg_db_exec(s->store,
	              "UPDATE blob SET hash = 'xx' || substr(hash, 3) WHERE substr(bytes, 2049) = CAST('sealed' AS BLOB)",
	              &err));
	OK(wg_db_exec(s->store, "UPDATE blob SET bytes = x'00' WHERE substr(bytes, 2049) = CAST('another report' AS BLOB)",
	              &err));
	struct wg_msg_job job = take_message(s); /* the damaged one is passed over with the next */
	assert_string_equal(job.id, good);
	assert_int_equal(state_of(s, bad), WG_MSG_ATTENTION);
	assert_int_equal(deliveries_due(s), 0);
	struct wg_dlv_job *jobs = NULL;
	assert_int_equal(take_deliveries(s, "", 1, 1, &jobs), 0);
	wg_dlv_jobs_free(jobs, 0);
	assert_int_equal(state_of(s, routed), WG_MSG_NORMALISED); /* its envelope is made again */
	assert_true(wg_store_damaged(s->store) >= 2);
	assert_int_equal(wg_store_damaged(s->store), 0);
	OK(wg_store_undo(s->store, &err));
}

/* ---- people */

static void acts_are_logged_with_who_and_why(void **state)
{
	static const struct {
		const char *action, *who, *why;
		enum wg_code code;
	} rows[] = {
		{ "hold", "", "why", WG_REJECT },
		{ "hold", "robin", "", WG_REJECT },
		{ "*", "robin", "why", WG_REJECT },
		{ "burn", "robin", "w", WG_REJECT },
		{ "hold", "robin", "asked by the desk", WG_OK },
	};
	struct scene *s = *state;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 20);
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	unsigned changed;
	route(s, 1, "incident-1", "a", id);
	for (size_t i = 0; i < WG_COUNT(rows); i++)
		FAILS(rows[i].code,
		      wg_store_act(s->store, s->now, rows[i].action, id, rows[i].who, rows[i].why, &changed, &err));
	FAILS(WG_NOT_FOUND,
	      wg_store_act(s->store, s->now, "hold", "00000000000000000000000000", "robin", "why", &changed, &err));
	OK(wg_store_history(s->store, id, 100, &out, &err));
	assert_non_null(strstr(wg_buf_text(&out), "\"actor\":\"admin:robin\",\"event\":\"held\""));
	assert_non_null(strstr(wg_buf_text(&out), "hold: asked by the desk"));
	const char *delivery = strstr(wg_buf_text(&out), "\"delivery\":\"0");
	assert_non_null(delivery);
	(void)snprintf(id, sizeof id, "%.26s", delivery + strlen("\"delivery\":\"")); /* its own history */
	wg_buf_reset(&out);
	OK(wg_store_history(s->store, id, 100, &out, &err));
	assert_non_null(strstr(wg_buf_text(&out), "\"event\":\"held\""));
	assert_non_null(strstr(wg_buf_text(&out), id));
	assert_null(strstr(wg_buf_text(&out), "\"event\":\"accepted\""));
}

static void reading_is_logged(void **state)
{
	static const struct {
		const char *which, *bytes;
		enum wg_code code;
	} rows[] = { { "original", RIG_HEAD "ciphertext of a report", WG_OK },
		         { "notice", RIG_HEAD "notice", WG_OK },
		         { "report", RIG_HEAD "report", WG_OK },
		         { "envelope", NULL, WG_NOT_FOUND },
		         { "key", NULL, WG_REJECT } };
	struct scene *s = *state;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 20);
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	route(s, 1, "incident-1", "a", id);
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		WG_AUTO_FREE uint8_t *bytes = NULL;
		size_t len = 0;
		FAILS(rows[i].code, wg_store_blob(s->store, s->now, id, rows[i].which, "robin", &bytes, &len, &err));
		if (rows[i].bytes != NULL)
			assert_memory_equal(bytes, rows[i].bytes, len);
	}
	WG_AUTO_FREE uint8_t *bytes = NULL;
	size_t len = 0;
	FAILS(WG_REJECT, wg_store_blob(s->store, s->now, id, "original", "", &bytes, &len, &err));
	OK(wg_store_history(s->store, "", 3, &out, &err));
	assert_non_null(strstr(wg_buf_text(&out), "\"event\":\"read\""));
	assert_non_null(strstr(wg_buf_text(&out), "\"detail\":\"report\""));
}

static void lists_explanations_health(void **state)
{
	static const struct {
		const char *what, *state;
		enum wg_code code;
		unsigned count;
	} rows[] = {
		{ "messages", "", WG_OK, 1 },         { "messages", "*", WG_OK, 2 },
		{ "messages", "routed", WG_OK, 1 },   { "messages", "sealed", WG_REJECT, 0 },
		{ "deliveries", "", WG_OK, 2 },       { "deliveries", "*", WG_OK, 2 },
		{ "deliveries", "sealed", WG_OK, 1 }, { "deliveries", "failed", WG_OK, 1 },
		{ "people", "", WG_REJECT, 0 },       { "messages", "' OR 1=1 --", WG_REJECT, 0 },
	};
	struct scene *s = *state;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 20);
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT], other[WG_ID_TEXT];
	route(s, 1, "incident-1", "a b", id);
	add(s, 2, other);
	struct wg_dlv_job job = take_delivery(s);
	assert_int_equal(report(s, &job, WG_DLV_FAILED, 0), 0);
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		WG_AUTO_FREE struct wg_row *list = NULL;
		unsigned count = 0;
		FAILS(rows[i].code, wg_store_list(s->store, rows[i].what, rows[i].state, "", 100, &list, &count, &err));
		assert_int_equal(count, rows[i].count);
	}
	OK(wg_store_explain(s->store, id, &out, &err));
	assert_non_null(strstr(wg_buf_text(&out), "\"record\":{\"rule\":\"share\"}"));
	FAILS(WG_NOT_FOUND, wg_store_explain(s->store, "00000000000000000000000000", &out, &err));
	wg_buf_reset(&out);
	OK(wg_store_health(s->store, s->now, false, "disk", "ok", &out, &err));
	assert_non_null(strstr(wg_buf_text(&out), "\"accepting\":false,\"why\":\"disk\""));
	assert_non_null(strstr(wg_buf_text(&out), "\"failed\":1"));
}

/* Pages of any size are the whole list, each row once, in its order. */
static void in_pages(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	for (unsigned n = 1; n <= 5; n++)
		route(s, n, "incident-1", "a b c", id);
	static const char *const whats[] = { "messages", "deliveries" };
	for (size_t k = 0; k < WG_COUNT(whats); k++) {
		WG_AUTO_FREE struct wg_row *whole = NULL;
		unsigned all = 0;
		OK(wg_store_list(s->store, whats[k], "*", "", 100, &whole, &all, &err));
		assert_int_equal(all, k == 0 ? 5 : 15);
		for (unsigned size = 1; size <= 4; size++) {
			char after[WG_ID_TEXT] = "";
			unsigned seen = 0, n = size;
			while (n == size) {
				WG_AUTO_FREE struct wg_row *page = NULL;
				OK(wg_store_list_after(s->store, whats[k], "*", "", after, size, &page, &n, &err));
				for (unsigned i = 0; i < n; i++)
					assert_string_equal(page[i].id, whole[seen++].id);
				if (n > 0)
					memcpy(after, page[n - 1].id, sizeof after);
			}
			assert_int_equal(seen, all);
		}
		WG_AUTO_FREE struct wg_row *page = NULL;
		unsigned n = 0;
		FAILS(WG_NOT_FOUND,
		      wg_store_list_after(s->store, whats[k], "*", "", "00000000000000000000000000", 1, &page, &n, &err));
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(found_never_overtakes_missing),
		T(in_pages),
		T(put_back_is_not_overtaken),
		T(one_dead_recipient_delays_nobody),
		T(turns_go_round),
		T(a_wait_ends_by_the_clock_or_when_it_jumps_back),
		T(a_lost_attempt_may_have_arrived),
		T(leases_do_not_survive_a_restart),
		T(epoch_pulls_back),
		T(a_persons_hold_outlives_a_new_decision),
		T(damage_is_set_aside),
		T(acts_are_logged_with_who_and_why),
		T(reading_is_logged),
		T(lists_explanations_health),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
