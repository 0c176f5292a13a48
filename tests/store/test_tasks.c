/* What follows when nothing comes back: looks at deliveries under a confirm rule, and answers to the gateway that a
 * message came from. */
#include "confirm.h"

static unsigned tasks(struct scene *s, struct wg_task **out)
{
	struct wg_err err = { 0 };
	unsigned count = 0;
	OK(wg_store_tasks(s->store, s->now, 100, out, &count, &err));
	return count;
}

/* The only one that is due. */
static struct wg_task only_task(struct scene *s)
{
	struct wg_task *list = NULL;
	assert_int_equal(tasks(s, &list), 1);
	struct wg_task t = list[0];
	free(list);
	return t;
}

static void none_due(struct scene *s)
{
	struct wg_task *list = NULL;
	unsigned n = tasks(s, &list);
	if (n > 0)
		fail_msg("%u tasks are due, the first in state %s", n, wg_delivery_state_name(list[0].state));
	free(list);
}

static enum wg_code done_with(struct scene *s, const struct wg_task *t, unsigned steps, int64_t next)
{
	struct wg_err err = { 0 };
	const struct wg_task_done done = { .id = t->id, .token = t->token, .steps = steps, .next = next };
	return wg_store_task_done(s->store, s->now, &done, &err);
}

static struct wg_dlv_new under_rule(const char *desk)
{
	struct wg_dlv_new d = rig_delivery(MEADOW, desk);
	memcpy(d.confirm, "missing-high", 13);
	return d;
}

static void looked_at(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	struct wg_receipt_result result;
	const struct wg_dlv_new d[] = { under_rule("duty"), rig_delivery(MEADOW, "front-door") };
	decided(s, 1, d, 2, id);
	sql(s, "UPDATE delivery SET stale = 1 WHERE desk = 'front-door'"); /* out of the way */
	struct wg_task t = only_task(s);                                   /* at once; the other is under no rule */
	assert_int_equal(t.kind, WG_TASK_CONFIRM);
	assert_string_equal(t.delivery, id);
	assert_string_equal(t.confirm, "missing-high");
	assert_string_equal(t.sender, "oatshire-police");
	assert_string_equal(t.notice_kind, "missing");
	assert_true(t.since == s->now.wall && t.now == s->now.wall && t.steps == 0 && t.state == WG_DLV_SEALED);
	(void)only_task(s); /* it stays due until it is done */
	assert_int_equal(done_with(s, &t, 0, s->now.wall + 60000), WG_OK);
	assert_int_equal(done_with(s, &t, 0, 0), WG_NOT_FOUND); /* twice */
	none_due(s);
	struct wg_dlv_job job = take_delivery(s);
	assert_string_equal(job.id, id);
	none_due(s); /* that it is tried says nothing */
	(void)report(s, &job, WG_DLV_DEFERRED, 0);
	none_due(s);
	job = take_delivery(s);
	(void)report(s, &job, WG_DLV_HANDED_OVER, 0);
	t = only_task(s);
	assert_true(t.state == WG_DLV_HANDED_OVER && t.handed_over == s->now.wall && t.received == 0);
	const struct wg_task old = t;
	s->now.wall += 5000;
	struct wg_receipt_new r = receipt_for(id, WG_RECEIPT_OPENED);
	assert_int_equal(give(s, &r, &result), WG_OK);
	assert_int_equal(done_with(s, &old, 1, 0), WG_NOT_FOUND); /* it has come further since */
	t = only_task(s);
	assert_true(t.state == WG_DLV_OPENED && t.received == s->now.wall && t.handed_over == s->now.wall - 5000);
	assert_int_equal(done_with(s, &t, 2, 0), WG_OK);
	none_due(s);
	r = receipt_for(id, WG_RECEIPT_ACKNOWLEDGED);
	assert_int_equal(give(s, &r, &result), WG_OK);
	none_due(s); /* a named person has it: nothing is asked any more */
}

/* The next look comes, whatever the clock was by which it was reckoned. */
static void never_far_away(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	const struct wg_dlv_new d = under_rule("duty");
	decided(s, 1, &d, 1, id);
	struct wg_task t = only_task(s);
	assert_int_equal(done_with(s, &t, 1, s->now.wall + 3652LL * 86400000), WG_OK);
	s->now.wall += WG_STORE_LOOK_MAX_MS - 1;
	none_due(s);
	s->now.wall++;
	t = only_task(s);
	assert_int_equal(t.steps, 1);
	assert_int_equal(done_with(s, &t, 0, 0), WG_REJECT); /* who was told cannot be untold */
	assert_int_equal(done_with(s, &t, 1, 5), WG_OK);     /* long ago: not in circles */
	none_due(s);
	s->now.wall += WG_STORE_LOOK_MIN_MS;
	(void)only_task(s);
}

/* Where each state leaves the task of a delivery. */
static void by_state(void **state)
{
	static const struct {
		const char *sql; /* after which it is moved */
		enum wg_delivery_state to;
		enum wg_states_who who;
		bool look;
	} rows[] = {
		{ "", WG_DLV_HELD, WG_WHO_ADMIN, false },
		{ "", WG_DLV_RECALLED, WG_WHO_PROCESS, false },
		{ "", WG_DLV_SUPERSEDED, WG_WHO_PROCESS, false },
		{ "UPDATE delivery SET state = 'review'", WG_DLV_WITHHELD, WG_WHO_ADMIN, false },
		{ "UPDATE delivery SET state = 'review'", WG_DLV_SEALED, WG_WHO_ADMIN, true },
		{ "UPDATE delivery SET state = 'held'", WG_DLV_SEALED, WG_WHO_ADMIN, true },
		{ "UPDATE delivery SET state = 'held'", WG_DLV_DEFERRED, WG_WHO_ADMIN, true },
		{ "UPDATE delivery SET state = 'sending'", WG_DLV_FAILED, WG_WHO_DELIVER, true },
		{ "UPDATE delivery SET state = 'failed'", WG_DLV_DEFERRED, WG_WHO_ADMIN, true },
		{ "UPDATE delivery SET state = 'failed'", WG_DLV_RECALLED, WG_WHO_ADMIN, false },
		{ "UPDATE delivery SET state = 'handed-over'", WG_DLV_REFUSED, WG_WHO_INTAKE, true },
		{ "UPDATE delivery SET state = 'handed-over'", WG_DLV_ACKNOWLEDGED, WG_WHO_INTAKE, false },
	};
	struct scene *s = *state;
	for (size_t i = 0; i < WG_COUNT(rows); i++)
		for (int done = 0; done < 2; done++) { /* while a look is due, and while none is */
			struct wg_err err = { 0 };
			char id[WG_ID_TEXT];
			struct wg_task *list = NULL;
			const struct wg_dlv_new d = under_rule("duty");
			mark(s);
			decided(s, 1, &d, 1, id);
			struct wg_task t = only_task(s);
			if (done == 1)
				assert_int_equal(done_with(s, &t, 1, 0), WG_OK);
			sql(s, rows[i].sql);
			const struct wg_dlv_rec rec = delivery_of(s, id);
			OK(wg_delivery_move(s->store, s->now, &rec, rows[i].to, rows[i].who, NULL, NULL, &err));
			if ((tasks(s, &list) == 1) != rows[i].look)
				fail_msg("row %zu, %d", i, done);
			free(list);
			OK(wg_store_undo(s->store, &err));
		}
}

/* Time counts from when it could have been sent. */
static void since_when(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	struct wg_dlv_new d[] = { under_rule("duty"), under_rule("night") };
	const int64_t start = s->now.wall;
	d[0].not_before = start + 60000;
	d[1].state = WG_DLV_REVIEW;
	d[1].reason = "a person looks";
	decided(s, 1, d, 2, id);
	none_due(s);
	s->now.wall = start + 60000;
	struct wg_task t = only_task(s);
	assert_string_equal(t.desk, "duty");
	assert_int_equal(t.since, start + 60000);
	assert_int_equal(done_with(s, &t, 0, 0), WG_OK);
	s->now.wall = start + 90000;
	act(s, "release", t.message, 1);
	t = only_task(s);
	assert_string_equal(t.desk, "night");
	assert_int_equal(t.since, start + 90000);
}

/* Decided again: who has waited has waited since then, and is not told the same again. */
static void decide_again(struct scene *s, const char *epoch, const struct wg_dlv_new *d)
{
	struct wg_err err = { 0 };
	s->now.wall += 60000;
	OK(wg_store_epoch(s->store, s->now, epoch, &err));
	struct wg_msg_job again = take_message(s);
	struct wg_msg_done done = rig_done(again.id, again.token, d, 1);
	struct wg_msg_done_result result;
	(void)snprintf(done.epoch, sizeof done.epoch, "%s", epoch); /* short */
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
}

static void decided_again(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	struct wg_dlv_new d = under_rule("duty");
	decided(s, 1, &d, 1, id);
	struct wg_task t = only_task(s);
	const int64_t start = t.since;
	assert_int_equal(done_with(s, &t, 2, 0), WG_OK);
	decide_again(s, "e2", &d);
	t = only_task(s);
	assert_string_not_equal(t.delivery, id);
	assert_true(t.steps == 2 && t.since == start);
	d.state = WG_DLV_REVIEW; /* a person has it now: who was told before is not told anew after that */
	d.reason = "look at it";
	decide_again(s, "e3", &d);
	none_due(s);
	struct wg_row *rows = NULL;
	unsigned count = 0;
	struct wg_err err = { 0 };
	OK(wg_store_list(s->store, "deliveries", "review", "", 10, &rows, &count, &err));
	assert_int_equal(count, 1);
	act(s, "release", rows[0].id, 1);
	free(rows);
	t = only_task(s);
	assert_true(t.steps == 2 && t.since == s->now.wall);
	d.state = WG_DLV_SEALED;
	d.reason = NULL;
	memcpy(d.confirm, "missing-all", 12); /* other steps, which nobody has been told by */
	decide_again(s, "e4", &d);
	t = only_task(s);
	assert_string_equal(t.confirm, "missing-all");
	assert_int_equal(t.steps, 0);
}

static void alarms_have_none(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	struct wg_dlv_new d[] = { under_rule("duty"), under_rule("night") };
	d[0].state = WG_DLV_REVIEW;
	d[0].reason = "a person looks";
	d[1].alarm_of = 1;
	decided(s, 1, d, 2, id);
	none_due(s);
}

/* ---- what is said */

static struct wg_msg_new notice(unsigned n)
{
	struct wg_msg_new m = rig_message(n);
	memcpy(m.way, "self", 5);
	memcpy(m.organisation, "oatshire", 9);
	return m;
}

static void notices_go_out(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	const struct wg_dlv_new d = under_rule("duty");
	decided(s, 1, &d, 1, id);
	struct wg_task t = only_task(s);
	struct wg_msg_new said[WG_STORE_TASK_NOTICES + 1] = { notice(11), notice(12) };
	struct wg_task_done done = {
		.id = t.id, .token = t.token, .steps = 1, .notices = said, .notice_count = 2, .detail = "the alternate desk"
	};
	memcpy(said[1].way, "drop", 5); /* as if somebody had handed it in */
	FAILS(WG_REJECT, wg_store_task_done(s->store, s->now, &done, &err));
	sql(s, "DELETE FROM submission"); /* as the server would: nothing of a refused request stays */
	memcpy(said[1].way, "self", 5);
	done.notice_count = WG_STORE_TASK_NOTICES + 1;
	FAILS(WG_LIMIT, wg_store_task_done(s->store, s->now, &done, &err));
	done.notice_count = 2;
	OK(wg_store_task_done(s->store, s->now, &done, &err));
	assert_int_equal(number(s, "SELECT count(*) FROM message WHERE way = 'self' AND organisation = 'oatshire'"), 2);
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'told' AND actor = 'process' AND detail LIKE"
	                           " 'confirm steps=1 notices=2 the alternate desk'"),
	                 1);
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'accepted' AND actor = 'process'"), 2);
	FAILS(WG_NOT_FOUND, wg_store_task_done(s->store, s->now, &done, &err)); /* once */
	struct wg_msg_job job = take_message(s);
	assert_string_equal(job.way, "self");
}

static void answers(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT], delivery[WG_ID_TEXT];
	struct wg_task *list = NULL;
	struct wg_receipt_result result;
	const struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
	add(s, 1, id);
	struct wg_msg_job job = take_message(s);
	struct wg_msg_done done = rig_done(job.id, job.token, &d, 1);
	struct wg_msg_done_result routed;
	memcpy(done.sender_reference, "theirs.42", 10);
	rig_hash(9, done.sender_copy_hash);
	OK(wg_store_done(s->store, s->now, &done, &routed, &err));
	struct wg_dlv_job sent = take_delivery(s);
	memcpy(delivery, sent.id, sizeof delivery);
	(void)report(s, &sent, WG_DLV_HANDED_OVER, 0);
	none_due(s);
	static const enum wg_receipt_level levels[] = { WG_RECEIPT_FAILED, WG_RECEIPT_RECEIVED, WG_RECEIPT_RECEIVED,
		                                            WG_RECEIPT_ACKNOWLEDGED };
	for (size_t i = 0; i < WG_COUNT(levels); i++) {
		struct wg_receipt_new r = receipt_for(delivery, levels[i]);
		(void)snprintf(r.id, sizeof r.id, "%zu", i); /* short */
		assert_int_equal(give(s, &r, &result), WG_OK);
	}
	assert_int_equal(tasks(s, &list), 3); /* failed, received, acknowledged */
	assert_int_equal(list[0].kind, WG_TASK_ANSWER);
	assert_string_equal(list[0].sender_reference, "theirs.42");
	assert_string_equal(list[0].sender_copy_hash, done.sender_copy_hash);
	assert_int_equal(list[0].state, WG_DLV_FAILED);
	assert_int_equal(list[2].state, WG_DLV_ACKNOWLEDGED);
	assert_string_equal(list[2].person, "Sam Duty");
	for (int i = 0; i < 3; i++)
		assert_int_equal(done_with(s, &list[i], 0, i == 1 ? s->now.wall + 60000 : 0), WG_OK);
	free(list);
	none_due(s); /* each once */
	s->now.wall += 60000;
	struct wg_task t = only_task(s); /* but one that could not be told: again */
	assert_int_equal(t.state, WG_DLV_RECEIVED);
	assert_int_equal(done_with(s, &t, 0, 0), WG_OK);
	s->now.wall += 2LL * WG_STORE_LOOK_MAX_MS;
	none_due(s);
}

/* Of an alert too: it is told, if late. */
static void alerts_stay_until_told(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	const struct wg_alert alert = { .key = "disk", .words = "it is full" };
	struct wg_alert *changed = NULL;
	unsigned count = 0;
	OK(wg_store_alerts(s->store, s->now, &alert, 1, &changed, &count, &err));
	free(changed);
	struct wg_task t = only_task(s);
	assert_int_equal(t.kind, WG_TASK_ALERT);
	assert_int_equal(done_with(s, &t, 0, s->now.wall + 60000), WG_OK);
	none_due(s);
	s->now.wall += 60000;
	t = only_task(s);
	assert_string_equal(t.alert, "disk");
	assert_int_equal(done_with(s, &t, 0, 0), WG_OK);
	s->now.wall += 2LL * WG_STORE_LOOK_MAX_MS;
	none_due(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(looked_at, set_up, tear_down),
		cmocka_unit_test_setup_teardown(never_far_away, set_up, tear_down),
		cmocka_unit_test_setup_teardown(by_state, set_up, tear_down),
		cmocka_unit_test_setup_teardown(since_when, set_up, tear_down),
		cmocka_unit_test_setup_teardown(decided_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(alarms_have_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(notices_go_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(alerts_stay_until_told, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
