/* Reviews: two people where the rule asks for two, a person's no that stays, alarms that go out when nobody decides,
 * what goes against a consent, and when a delivery may leave. */
#include "sharing.h"

#define DUE (1700000000000 + 4 * 3600 * 1000)

/* A review for the parent, whose alarm goes to the team at DUE. */
static void review(struct wg_dlv_new d[2])
{
	d[0] = to_desk("parent", "placing", WG_DLV_REVIEW);
	d[0].reason = "NN 8.4";
	d[0].due = DUE;
	d[1] = to_desk("team", "self", WG_DLV_SEALED);
	d[1].not_before = DUE;
	d[1].alarm_of = 1;
}

static void refuse(struct scene *s, const char *action, const char *id, const char *who, const char *words)
{
	struct wg_err err = { 0 };
	unsigned changed = 99;
	FAILS(WG_REJECT, wg_store_act(s->store, s->now, action, id, who, "a test", &changed, &err));
	assert_non_null(strstr(err.text, words));
	assert_int_equal(changed, 99);
}

static void act_as(struct scene *s, const char *action, const char *id, const char *who)
{
	struct wg_err err = { 0 };
	unsigned changed = 0;
	OK(wg_store_act(s->store, s->now, action, id, who, "a test", &changed, &err));
	assert_int_equal(changed, 1);
}

static struct wg_row row_of(struct scene *s, const char *delivery)
{
	struct wg_err err = { 0 };
	WG_AUTO_FREE struct wg_row *rows = NULL;
	unsigned count = 0;
	OK(wg_store_list(s->store, "deliveries", "*", delivery, 10, &rows, &count, &err));
	assert_int_equal(count, 1);
	return rows[0];
}

/* Decides the message again, as a new epoch makes it. */
static void again(struct scene *s, const char *id, const struct notice *n)
{
	struct wg_err err = { 0 };
	char sql[128];
	(void)snprintf(sql, sizeof sql, "SELECT seq FROM message WHERE id = '%s'", id); /* short */
	OK(wg_message_again(s->store, s->now, number(s, sql), "a test", &err));
	(void)decide_notice(s, id, n);
}

/* What waited for a person over a long weekend is tried as often as anything else, not once. */
static void time_after_waiting(void **state)
{
	struct scene *s = *state;
	char a[WG_ID_TEXT], b[WG_ID_TEXT];
	struct wg_dlv_new d[] = { to_desk("parent", "placing", WG_DLV_REVIEW), to_desk("duty", "host", WG_DLV_SEALED) };
	d[0].reason = "NN 8.4";
	d[0].deadline = d[1].deadline = s->now.wall + 3600 * 1000;
	const struct notice n = { .relation = WG_RELATION_OPENS, .nhs = "tess", .deliveries = d, .delivery_count = 2 };
	const struct notice other = { .relation = WG_RELATION_OPENS, .nhs = "kit", .deliveries = d, .delivery_count = 1 };
	send_notice(s, 1, &n, a);
	d[0].deadline += 7 * (int64_t)WG_STORE_RETRY_MS;
	send_notice(s, 2, &other, b);
	act_as(s, "release", delivery_to(s, b, "parent").id, "Robin Specimen");
	assert_true(delivery_to(s, b, "parent").deadline == d[0].deadline); /* it has longer anyway */
	act_as(s, "hold", delivery_to(s, a, "duty").id, "Robin Specimen");
	s->now.wall += (int64_t)4 * 24 * 3600 * 1000;
	act_as(s, "release", delivery_to(s, a, "parent").id, "Robin Specimen");
	act_as(s, "release", delivery_to(s, a, "duty").id, "Robin Specimen");
	assert_true(delivery_to(s, a, "parent").deadline == s->now.wall + WG_STORE_RETRY_MS);
	assert_true(delivery_to(s, a, "duty").deadline == s->now.wall + WG_STORE_RETRY_MS);
}

static void two_people(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	struct wg_dlv_new d[2];
	review(d);
	d[0].second_person = true;
	const struct notice n = { .relation = WG_RELATION_OPENS, .nhs = "tess", .deliveries = d, .delivery_count = 2 };
	send_notice(s, 1, &n, id);
	struct wg_dlv_rec parent = delivery_to(s, id, "parent");
	struct wg_row row = row_of(s, parent.id);
	assert_true(row.second_person && row.due == DUE && !row.alarm);
	assert_string_equal(row.role, "front-door");
	assert_string_equal(row.of, "placing");
	assert_string_equal(row.released_by, "");
	assert_true(row_of(s, delivery_to(s, id, "team").id).alarm);
	assert_int_equal(row_of(s, delivery_to(s, id, "team").id).not_before, DUE);

	act_as(s, "release", parent.id, "Robin Specimen");
	expect_delivery(s, id, "parent", WG_DLV_REVIEW);
	assert_string_equal(row_of(s, parent.id).released_by, "Robin Specimen");
	expect_delivery(s, id, "team", WG_DLV_SEALED); /* half a release settles nothing */
	assert_int_equal(deliveries_due(s), 0);
	refuse(s, "release", parent.id, "Robin Specimen", "second person");
	act_as(s, "release", parent.id, "robin specimen"); /* names are compared as they stand */
	expect_delivery(s, id, "parent", WG_DLV_SEALED);
	expect_delivery(s, id, "team", WG_DLV_RECALLED);
	assert_string_equal(row_of(s, parent.id).released_by, "");
	assert_int_equal(deliveries_due(s), 1);
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'release' AND detail LIKE 'first of two: %'"),
	                 1);
}

/* Held meanwhile, the first release is remembered; decided again, it is not. */
static void two_people_and_what_comes_between(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	struct wg_dlv_new d = to_desk("parent", "placing", WG_DLV_REVIEW);
	d.second_person = true;
	const struct notice n = { .relation = WG_RELATION_OPENS, .nhs = "tess", .deliveries = &d, .delivery_count = 1 };
	send_notice(s, 1, &n, id);
	struct wg_dlv_rec parent = delivery_to(s, id, "parent");
	act_as(s, "release", parent.id, "Robin Specimen");
	act_as(s, "hold", parent.id, "Kit Placeholder");
	act_as(s, "release", parent.id, "Kit Placeholder"); /* the hold */
	expect_delivery(s, id, "parent", WG_DLV_REVIEW);
	refuse(s, "release", parent.id, "Robin Specimen", "second person");
	again(s, id, &n);
	parent = delivery_to(s, id, "parent");
	assert_string_equal(parent.released_by, "");
	act_as(s, "release", parent.id, "Robin Specimen");
	expect_delivery(s, id, "parent", WG_DLV_REVIEW);
	act_as(s, "release", parent.id, "Kit Placeholder");
	expect_delivery(s, id, "parent", WG_DLV_SEALED);
	/* released and not sent, then decided again as a review: it stays a review */
	again(s, id, &n);
	expect_delivery(s, id, "parent", WG_DLV_REVIEW);
}

/* A person said no: whatever is decided afterwards, a person has to say yes. */
static void a_no_stays(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	struct wg_dlv_new d[2];
	review(d);
	struct wg_dlv_new sealed = to_desk("parent", "placing", WG_DLV_SEALED);
	struct wg_dlv_new withheld = to_desk("parent", "placing", WG_DLV_WITHHELD);
	const struct notice asks = { .relation = WG_RELATION_OPENS, .nhs = "tess", .deliveries = d, .delivery_count = 2 };
	const struct notice sends = {
		.relation = WG_RELATION_OPENS, .nhs = "tess", .deliveries = &sealed, .delivery_count = 1
	};
	const struct notice keeps = {
		.relation = WG_RELATION_OPENS, .nhs = "tess", .deliveries = &withheld, .delivery_count = 1
	};
	const struct notice nobody = { .relation = WG_RELATION_OPENS, .nhs = "tess" };
	send_notice(s, 1, &asks, id);
	struct wg_dlv_rec parent = delivery_to(s, id, "parent");
	refuse(s, "withhold", delivery_to(s, id, "team").id, "robin", "only a review");
	act_as(s, "withhold", parent.id, "robin");
	expect_delivery(s, id, "parent", WG_DLV_WITHHELD);
	expect_delivery(s, id, "team", WG_DLV_RECALLED);
	refuse(s, "withhold", parent.id, "robin", "only a review");
	refuse(s, "release", parent.id, "robin", "cannot be released");
	again(s, id, &sends);
	expect_delivery(s, id, "parent", WG_DLV_REVIEW);
	parent = delivery_to(s, id, "parent");
	assert_string_equal(parent.reason, "a person decided before not to share this");
	again(s, id, &keeps);
	expect_delivery(s, id, "parent", WG_DLV_WITHHELD);
	again(s, id, &nobody); /* not even asked for */
	again(s, id, &sends);
	expect_delivery(s, id, "parent", WG_DLV_REVIEW);
	assert_int_equal(deliveries_due(s), 0);
	act_as(s, "release", delivery_to(s, id, "parent").id, "robin");
	again(s, id, &sends); /* somebody said yes since */
	expect_delivery(s, id, "parent", WG_DLV_SEALED);
}

/* What was withheld is decided again when somebody asks: another answer may have been given since. */
static void withheld_is_asked_again(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	struct wg_dlv_new withheld = to_desk("parent", "placing", WG_DLV_WITHHELD);
	struct wg_dlv_new sealed = to_desk("parent", "placing", WG_DLV_SEALED);
	const struct notice keeps = {
		.relation = WG_RELATION_OPENS, .nhs = "tess", .deliveries = &withheld, .delivery_count = 1
	};
	const struct notice sends = {
		.relation = WG_RELATION_OPENS, .nhs = "tess", .deliveries = &sealed, .delivery_count = 1
	};
	send_notice(s, 1, &keeps, id);
	act_as(s, "retry", delivery_to(s, id, "parent").id, "robin");
	assert_int_equal(state_of(s, id), WG_MSG_NORMALISED);
	(void)decide_notice(s, id, &sends);
	expect_delivery(s, id, "parent", WG_DLV_SEALED);
	assert_int_equal(deliveries_due(s), 1);
}

/* The alarm goes out at its time and no earlier, waits for nobody, and makes nobody wait. */
static void an_alarm(void **state)
{
	struct scene *s = *state;
	char first[WG_ID_TEXT], id[WG_ID_TEXT], later[WG_ID_TEXT], waiting[WG_ID_TEXT];
	struct wg_dlv_new d[2], team = to_desk("team", "self", WG_DLV_REVIEW),
							sealed = to_desk("team", "self", WG_DLV_SEALED);
	review(d);
	const struct notice before = {
		.relation = WG_RELATION_OPENS, .nhs = "tess", .deliveries = &team, .delivery_count = 1
	};
	const struct notice n = { .relation = WG_RELATION_WITHIN, .nhs = "tess", .deliveries = d, .delivery_count = 2 };
	const struct notice after = {
		.relation = WG_RELATION_WITHIN, .nhs = "tess", .deliveries = &sealed, .delivery_count = 1
	};
	const struct notice none = { .relation = WG_RELATION_NONE };
	accept_notice(s, 9, &none, waiting); /* of the same sender, not decided yet: others would wait for it */
	struct wg_msg_job stays = take_message(s);
	send_notice(s, 1, &before, first); /* an open one of the same episode to the same desk: so they would for this */
	send_notice(s, 2, &n, id);
	assert_int_equal(deliveries_due(s), 0);
	s->now.wall = DUE - 1;
	assert_int_equal(deliveries_due(s), 0);
	s->now.wall = DUE;
	assert_int_equal(deliveries_due(s), 1);
	(void)complete_notice(s, &stays, &none);
	act_as(s, "cancel", delivery_to(s, first, "team").id, "robin");
	send_notice(s, 3, &after, later); /* the alarm is open still: nobody waits for it */
	assert_int_equal(deliveries_due(s), 2);
	struct wg_dlv_job job = take_delivery(s);
	assert_string_equal(job.message, id);
	assert_int_equal(report(s, &job, WG_DLV_RECEIVED, 0), 0);
	act_as(s, "release", delivery_to(s, id, "parent").id, "robin");
	expect_delivery(s, id, "team", WG_DLV_RECEIVED); /* what was sent was sent */
	again(s, id, &n);
	assert_int_equal(number(s, "SELECT count(*) FROM delivery WHERE alarm_of IS NOT NULL"), 1); /* once is enough */
}

/* What settles a review takes its alarm back, in the same transaction. */
static void what_settles_a_review(void **state)
{
	static const struct {
		const char *act;
		enum wg_delivery_state parent, team;
	} rows[] = {
		{ "release", WG_DLV_SEALED, WG_DLV_RECALLED },
		{ "withhold", WG_DLV_WITHHELD, WG_DLV_RECALLED },
		{ "cancel", WG_DLV_RECALLED, WG_DLV_RECALLED },
		{ "hold", WG_DLV_HELD, WG_DLV_SEALED },    /* a hold decides nothing */
		{ "again", WG_DLV_REVIEW, WG_DLV_SEALED }, /* a new review with a new alarm */
		{ "sealed", WG_DLV_SEALED, WG_DLV_SUPERSEDED },
		{ "recall", WG_DLV_RECALLED, WG_DLV_RECALLED },
	};
	struct scene *s = *state;
	for (unsigned i = 0; i < WG_COUNT(rows); i++) {
		char id[WG_ID_TEXT], by[WG_ID_TEXT];
		struct wg_dlv_new d[2], sealed = to_desk("parent", "placing", WG_DLV_SEALED);
		review(d);
		const struct notice n = { .relation = WG_RELATION_OPENS, .nhs = "tess", .deliveries = d, .delivery_count = 2 };
		const struct notice sends = {
			.relation = WG_RELATION_OPENS, .nhs = "tess", .deliveries = &sealed, .delivery_count = 1
		};
		send_notice(s, 10 * i, &n, id);
		const struct notice recall = { .relation = WG_RELATION_WITHIN, .nhs = "tess", .concerns = id, .recalls = true };
		if (strcmp(rows[i].act, "again") == 0)
			again(s, id, &n);
		else if (strcmp(rows[i].act, "sealed") == 0)
			again(s, id, &sends);
		else if (strcmp(rows[i].act, "recall") == 0)
			send_notice(s, 10 * i + 1, &recall, by);
		else
			act_as(s, rows[i].act, delivery_to(s, id, "parent").id, "robin");
		expect_delivery(s, id, "parent", rows[i].parent);
		expect_delivery(s, id, "team", rows[i].team);
	}
	/* of the review that was held: it is under its alarm still, and settled when it is cancelled */
	char sql[] = "SELECT max(seq) FROM delivery WHERE state = 'held'";
	struct wg_err err = { 0 };
	struct wg_dlv_rec held;
	OK(wg_delivery_by_seq(s->store, number(s, sql), &held, &err));
	act_as(s, "cancel", held.id, "robin");
	expect_delivery(s, held.message_id, "team", WG_DLV_RECALLED);
}

/* An alarm that was on its way when the review was settled is not tried again. */
static void an_alarm_on_its_way(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	struct wg_dlv_new d[2];
	review(d);
	const struct notice n = { .relation = WG_RELATION_OPENS, .nhs = "tess", .deliveries = d, .delivery_count = 2 };
	send_notice(s, 1, &n, id);
	s->now.wall = DUE;
	struct wg_dlv_job job = take_delivery(s);
	act_as(s, "withhold", delivery_to(s, id, "parent").id, "robin");
	expect_delivery(s, id, "team", WG_DLV_SENDING);
	assert_int_equal(report(s, &job, WG_DLV_DEFERRED, 1000), 0);
	expect_delivery(s, id, "team", WG_DLV_RECALLED);
	/* nor when it had failed, and a person would try again */
	send_notice(s, 2, &n, id);
	s->now.wall += 1;
	job = take_delivery(s);
	assert_int_equal(report(s, &job, WG_DLV_FAILED, 0), 0);
	act_as(s, "withhold", delivery_to(s, id, "parent").id, "robin");
	refuse(s, "retry", job.id, "robin", "settled");
}

static void what_is_no_alarm(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	const struct notice none = { .relation = WG_RELATION_NONE };
	accept_notice(s, 1, &none, id);
	struct wg_msg_job job = take_message(s);
	for (int i = 0; i < 6; i++) {
		struct wg_dlv_new d[2];
		struct wg_msg_done_result result;
		review(d);
		d[1].alarm_of = i == 0 ? 2 : i == 1 ? 3 : 1; /* itself; nobody */
		if (i == 2)
			d[0].state = WG_DLV_SEALED;
		if (i == 3)
			d[1].state = WG_DLV_REVIEW;
		if (i == 4)
			d[1].not_before = -1;
		if (i == 5)
			(void)snprintf(d[0].of, sizeof d[0].of, "Not A Name"); /* short */
		struct wg_msg_done done = rig_done(job.id, job.token, d, 2);
		FAILS(WG_REJECT, wg_store_done(s->store, s->now, &done, &result, &err));
	}
	(void)complete_notice(s, &job, &none);
}

/* Nothing leaves before its time, and what comes after it of the same episode waits with it. */
static void not_before(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT], found[WG_ID_TEXT];
	struct wg_dlv_new d = to_desk("front-door", "placing", WG_DLV_SEALED), next = d;
	d.not_before = s->now.wall + 5000;
	const struct notice opens = { .relation = WG_RELATION_OPENS, .nhs = "tess", .deliveries = &d, .delivery_count = 1 };
	const struct notice closes = {
		.relation = WG_RELATION_CLOSES, .nhs = "tess", .deliveries = &next, .delivery_count = 1
	};
	send_notice(s, 1, &opens, id);
	send_notice(s, 2, &closes, found);
	assert_int_equal(deliveries_due(s), 0);
	s->now.wall += 4999;
	assert_int_equal(deliveries_due(s), 0);
	s->now.wall += 1;
	assert_int_equal(deliveries_due(s), 1);
	struct wg_dlv_job job = take_delivery(s);
	assert_string_equal(job.message, id);
	assert_int_equal(report(s, &job, WG_DLV_RECEIVED, 0), 0);
	assert_int_equal(deliveries_due(s), 1);
}

static void overrides_are_looked_at(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	WG_AUTO_BUF struct wg_buf health = WG_BUF(65536), explained = WG_BUF(65536);
	struct wg_err err = { 0 };
	struct wg_dlv_new d[4];
	review(d);
	d[2] = to_desk("police", "host", WG_DLV_SEALED);
	d[2].overrides = true;
	d[3] = to_desk("school", "host", WG_DLV_REVIEW);
	d[3].due = s->now.wall - 1;
	const struct notice n = { .relation = WG_RELATION_OPENS, .nhs = "tess", .deliveries = d, .delivery_count = 4 };
	send_notice(s, 1, &n, id);
	struct wg_dlv_rec police = delivery_to(s, id, "police");
	assert_true(row_of(s, police.id).overrides);
	OK(wg_store_health(s->store, s->now, true, "", "ok", &health, &err));
	assert_non_null(strstr(wg_buf_text(&health),
	                       "\"reviews\":2,\"reviews_overdue\":1,\"review_oldest_due\":\"2023-11-14T22:"
	                       "13:19Z\",\"overrides_unseen\":1"));
	refuse(s, "seen", delivery_to(s, id, "parent").id, "robin", "does not go against a consent");
	act_as(s, "seen", police.id, "robin");
	refuse(s, "seen", police.id, "robin", "already");
	expect_delivery(s, id, "police", WG_DLV_SEALED); /* it stops nothing */
	assert_false(row_of(s, police.id).overrides);
	act_as(s, "release", delivery_to(s, id, "parent").id, "robin");
	act_as(s, "withhold", delivery_to(s, id, "school").id, "robin");
	wg_buf_reset(&health);
	OK(wg_store_health(s->store, s->now, true, "", "ok", &health, &err));
	assert_non_null(strstr(wg_buf_text(&health),
	                       "\"reviews\":0,\"reviews_overdue\":0,\"review_oldest_due\":\"\",\"overrides_"
	                       "unseen\":0"));
	OK(wg_store_explain(s->store, id, &explained, &err));
	const char *text = wg_buf_text(&explained);
	assert_non_null(strstr(text, "\"desk\":\"police\",\"role\":\"front-door\",\"of\":\"host\",\"channel\":\"https\""));
	assert_non_null(strstr(text, "\"due\":\"\",\"second_person\":false,\"overrides\":true,\"record\":{"));
	assert_non_null(strstr(text, "\"due\":\"2023-11-15T02:13:20Z\",\"second_person\":false,\"overrides\":false"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(time_after_waiting, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_people, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_people_and_what_comes_between, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_no_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(withheld_is_asked_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_alarm, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_settles_a_review, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_alarm_on_its_way, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_alarm, set_up, tear_down),
		cmocka_unit_test_setup_teardown(not_before, set_up, tear_down),
		cmocka_unit_test_setup_teardown(overrides_are_looked_at, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
