/* What changes by itself under a decision: a consent that ends while a copy waits, and an episode that opens or ends.
 * Time is given, never waited for. */
#include "sharing.h"

#define OPENS WG_RELATION_OPENS
#define CLOSES WG_RELATION_CLOSES
#define ABOUT WG_RELATION_NONE
#define MINUTE 60000

static unsigned consents_end(struct scene *s)
{
	struct wg_err err = { 0 };
	unsigned ended = 99;
	OK(wg_store_consents_end(s->store, s->now, &ended, &err));
	return ended;
}

static void refused(struct scene *s, const char *action, const char *id, const char *words)
{
	struct wg_err err = { 0 };
	unsigned changed = 0;
	FAILS(WG_REJECT, wg_store_act(s->store, s->now, action, id, "robin", "a test", &changed, &err));
	assert_non_null(strstr(err.text, words));
}

static int64_t logged(struct scene *s, const char *why)
{
	char sql[128];
	(void)snprintf(sql, sizeof sql, "SELECT count(*) FROM log WHERE event = 'normalised' AND detail = '%s'",
	               why); /* short */
	return number(s, sql);
}

/* A delivery that is good for a minute. */
static struct wg_dlv_new for_a_minute(struct scene *s, const char *desk, enum wg_delivery_state state)
{
	struct wg_dlv_new d = to_desk(desk, "placing", state);
	d.valid_until = s->now.wall + MINUTE;
	return d;
}

/* ---- consent that ends */

static void consent_ends_while_copies_wait(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	struct wg_dlv_new d[] = { for_a_minute(s, "a", WG_DLV_SEALED), to_desk("b", "host", WG_DLV_SEALED),
		                      for_a_minute(s, "c", WG_DLV_REVIEW), for_a_minute(s, "d", WG_DLV_SEALED) };
	const struct notice tess = { .relation = OPENS, .nhs = "tess", .deliveries = d, .delivery_count = 4 };
	d[2].second_person = true;
	send_notice(s, 1, &tess, id);
	act(s, "hold", delivery_to(s, id, "d").id, 1);
	assert_int_equal(deliveries_due(s), 2);
	s->now.wall += MINUTE - 1;
	assert_int_equal(deliveries_due(s), 2);
	assert_int_equal(consents_end(s), 0);
	s->now.wall++; /* the first instant at which it does not hold any more */
	assert_int_equal(deliveries_due(s), 1);
	refused(s, "release", delivery_to(s, id, "c").id, "consent that it was decided under has ended");
	assert_int_equal(consents_end(s), 1);
	assert_int_equal(consents_end(s), 0); /* once */
	assert_int_equal(state_of(s, id), WG_MSG_NORMALISED);
	assert_int_equal(logged(s, "consent ended"), 1);
	refused(s, "release", delivery_to(s, id, "c").id, "decided again");
	act(s, "release", delivery_to(s, id, "d").id, 1); /* from its hold: it is not sent for all that */
	act(s, "hold", delivery_to(s, id, "d").id, 1);
	assert_int_equal(deliveries_due(s), 1);
	d[0] = to_desk("a", "placing", WG_DLV_WITHHELD);
	d[2] = to_desk("c", "placing", WG_DLV_WITHHELD);
	d[3].valid_until = 0;
	assert_int_equal(decide_notice(s, id, &tess).state, WG_MSG_ROUTED);
	expect_delivery(s, id, "a", WG_DLV_WITHHELD);
	expect_delivery(s, id, "d", WG_DLV_HELD);
	assert_int_equal(deliveries_due(s), 1);
	assert_int_equal(consents_end(s), 0);
	assert_int_equal(messages_waiting(s), 0);
}

static void consent_ends_while_it_is_sent(void **state)
{
	struct scene *s = *state;
	char a[WG_ID_TEXT], b[WG_ID_TEXT], c[WG_ID_TEXT];
	struct wg_dlv_new d = for_a_minute(s, "front-door", WG_DLV_SEALED);
	const struct notice tess = { .relation = ABOUT, .nhs = "tess", .deliveries = &d, .delivery_count = 1 };
	send_notice(s, 1, &tess, a);
	send_notice(s, 2, &tess, b);
	send_notice(s, 3, &tess, c);
	struct wg_dlv_job first = take_delivery(s), second = take_delivery(s), third = take_delivery(s);
	s->now.wall += MINUTE;
	assert_int_equal(consents_end(s), 0); /* what is on its way is */
	assert_int_equal(report(s, &first, WG_DLV_RECEIVED, 0), 0);
	assert_int_equal(report(s, &second, WG_DLV_DEFERRED, 0), 0);
	assert_int_equal(report(s, &third, WG_DLV_FAILED, 0), 0);
	assert_int_equal(deliveries_due(s), 0); /* nothing is tried again */
	assert_int_equal(consents_end(s), 1);
	assert_int_equal(state_of(s, a), WG_MSG_ROUTED);
	assert_int_equal(state_of(s, b), WG_MSG_NORMALISED);
	assert_int_equal(state_of(s, c), WG_MSG_ROUTED);
	act(s, "retry", third.id, 1);
	assert_int_equal(deliveries_due(s), 0);
	assert_int_equal(consents_end(s), 1);
	assert_int_equal(state_of(s, c), WG_MSG_NORMALISED);
}

/* It cannot be decided again: a person has it, and it is not put before the process role over and over. */
static void ended_and_not_decidable(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	struct wg_dlv_new d = for_a_minute(s, "front-door", WG_DLV_SEALED);
	const struct notice tess = { .relation = ABOUT, .nhs = "tess", .deliveries = &d, .delivery_count = 1 };
	send_notice(s, 1, &tess, id);
	s->now.wall += MINUTE;
	assert_int_equal(consents_end(s), 1);
	for (unsigned i = 0; i < WG_STORE_TRIES; i++) {
		struct wg_msg_job job = take_message(s);
		OK(wg_store_put_back(s->store, s->now, job.id, job.token, 0, "a fault", &err));
	}
	assert_int_equal(state_of(s, id), WG_MSG_ATTENTION);
	assert_int_equal(consents_end(s), 0);
	assert_int_equal(deliveries_due(s), 0);
	act(s, "retry", id, 1); /* it is read anew */
	d.valid_until = 0;
	assert_int_equal(decide_notice(s, id, &tess).state, WG_MSG_ROUTED);
	assert_int_equal(deliveries_due(s), 1);
}

/* A decision that comes too late is looked at once more, and one that asks for an instant before all others is none. */
static void ended_before_it_was_kept(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_msg_done_result result;
	char id[WG_ID_TEXT];
	struct wg_dlv_new d = to_desk("front-door", "placing", WG_DLV_SEALED);
	const struct notice tess = { .relation = ABOUT, .nhs = "tess", .deliveries = &d, .delivery_count = 1 };
	accept_notice(s, 1, &tess, id);
	struct wg_msg_job job = take_message(s);
	d.valid_until = -1;
	struct wg_msg_done done = rig_done(job.id, job.token, &d, 1);
	FAILS(WG_REJECT, wg_store_done(s->store, s->now, &done, &result, &err));
	d.valid_until = s->now.wall;
	assert_int_equal(complete_notice(s, &job, &tess).state, WG_MSG_ROUTED);
	assert_int_equal(deliveries_due(s), 0);
	assert_int_equal(consents_end(s), 1);
	d.valid_until = 0;
	assert_int_equal(decide_notice(s, id, &tess).state, WG_MSG_ROUTED);
	assert_int_equal(deliveries_due(s), 1);
}

/* The server looks by itself: nobody asks, and the message comes back to the process role, which says over the wire
 * what the decision was told. */
static void the_server_looks(void **state)
{
	struct rig_server r;
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipt;
	struct wg_msg_job *jobs = NULL;
	struct wg_dlv_job *sent = NULL;
	struct wg_msg_done_result result;
	struct wg_dlv_new d = to_desk("front-door", "placing", WG_DLV_SEALED);
	struct wg_msg_new m = rig_message(1);
	const struct wg_match_key key = rig_key(WG_KEY_NHS, "tess");
	unsigned count = 0;
	(void)state;
	d.valid_until = 1;
	rig_start(&r);
	struct wg_client *intake = rig_client(&r, WG_ROLE_INTAKE), *process = rig_client(&r, WG_ROLE_PROCESS),
					 *deliver = rig_client(&r, WG_ROLE_DELIVER);
	OK(wg_client_add(intake, &m, &receipt, &err));
	OK(wg_client_lease_messages(process, 1, 5000, &jobs, &count, &err));
	assert_true(count == 1 && !jobs[0].again);
	struct wg_msg_done done = rig_done(jobs[0].id, jobs[0].token, &d, 1);
	wg_msg_jobs_free(jobs, count);
	OK(wg_client_done(process, &done, &result, &err));
	OK(wg_client_lease_deliveries(deliver, "", 1, 1, 0, &sent, &count, &err));
	assert_int_equal(count, 0);
	wg_dlv_jobs_free(sent, count);
	d.valid_until = 0;
	for (int live = 1; live >= 0; live--) { /* decided as of a missing child, which it is not: once more */
		OK(wg_client_lease_messages(process, 1, 60000, &jobs, &count, &err));
		assert_true(count == 1 && jobs[0].again);
		done.token = jobs[0].token;
		wg_msg_jobs_free(jobs, count);
		done.keys = &key;
		done.key_count = 1;
		done.watches_live = true;
		done.live = live == 1;
		OK(wg_client_done(process, &done, &result, &err));
		assert_int_equal(result.state, live == 1 ? WG_MSG_NORMALISED : WG_MSG_ROUTED);
	}
	OK(wg_client_lease_deliveries(deliver, "", 1, 1, 0, &sent, &count, &err));
	assert_int_equal(count, 1);
	wg_dlv_jobs_free(sent, count);
	wg_client_freep(&intake);
	wg_client_freep(&process);
	wg_client_freep(&deliver);
	rig_end(&r);
	assert_int_equal(r.code, WG_OK);
}

/* ---- an episode that opens or ends */

/* A form about a child, decided when it was not missing: the police get nothing, the authority gets it. */
struct form {
	struct wg_dlv_new d[2];
	struct notice n;
};

static void fill_form(struct form *f, const char *nhs, bool live)
{
	f->d[0] = to_desk("police", "host", live ? WG_DLV_SEALED : WG_DLV_WITHHELD);
	f->d[1] = to_desk("front-door", "placing", WG_DLV_SEALED);
	f->n = (struct notice){
		.relation = ABOUT, .nhs = nhs, .deliveries = f->d, .delivery_count = 2, .watches = true, .live = live
	};
}

/* The process role decides it as the store says. */
static struct wg_msg_done_result decide_form(struct scene *s, const char *id, const char *nhs, bool want_live)
{
	struct form f;
	struct wg_msg_job job = take_message(s);
	assert_string_equal(job.id, id);
	fill_form(&f, nhs, want_live);
	struct wg_context c = context_of(s, id, &f.n);
	assert_int_equal(c.live, want_live);
	wg_context_free(&c);
	return complete_notice(s, &job, &f.n);
}

static void send_all(struct scene *s)
{
	struct wg_dlv_job *jobs = NULL;
	unsigned n = take_deliveries(s, "", 100, 100, &jobs);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(report(s, &jobs[i], WG_DLV_RECEIVED, 0), 0);
	wg_dlv_jobs_free(jobs, n);
}

static void the_form_waits_for_the_episode(void **state)
{
	struct scene *s = *state;
	char form[WG_ID_TEXT], other[WG_ID_TEXT], plain[WG_ID_TEXT], missing[WG_ID_TEXT], found[WG_ID_TEXT];
	struct form f, g;
	const struct notice opens = { .relation = OPENS, .nhs = "tess" }, closes = { .relation = CLOSES, .nhs = "tess" };
	const struct notice about = { .relation = ABOUT, .nhs = "tess" };
	fill_form(&f, "tess", false);
	fill_form(&g, "kit", false);
	send_notice(s, 1, &f.n, form);
	send_notice(s, 2, &g.n, other);
	send_notice(s, 3, &about, plain); /* a policy that does not ask */
	send_all(s);
	send_notice(s, 4, &opens, missing);
	assert_int_equal(state_of(s, form), WG_MSG_NORMALISED);
	assert_int_equal(messages_waiting(s), 1); /* nobody else */
	assert_int_equal(logged(s, "episode changed"), 1);
	assert_int_equal(decide_form(s, form, "tess", true).state, WG_MSG_ROUTED);
	expect_delivery(s, form, "police", WG_DLV_SEALED);
	assert_int_equal(deliveries_due(s), 1); /* the authority has it already */
	send_notice(s, 5, &opens, missing);     /* a second report of the same episode */
	assert_int_equal(messages_waiting(s), 0);
	send_notice(s, 6, &closes, found); /* before it went out */
	assert_int_equal(state_of(s, form), WG_MSG_NORMALISED);
	assert_int_equal(deliveries_due(s), 0);
	assert_int_equal(decide_form(s, form, "tess", false).state, WG_MSG_ROUTED);
	expect_delivery(s, form, "police", WG_DLV_WITHHELD);
	assert_int_equal(logged(s, "episode changed"), 2);
	send_notice(s, 7, &closes, found); /* found twice is found */
	assert_int_equal(messages_waiting(s), 0);
}

static void who_has_it_is_left_alone(void **state)
{
	struct scene *s = *state;
	char form[WG_ID_TEXT], other[WG_ID_TEXT];
	struct form f;
	const struct notice opens = { .relation = OPENS, .nhs = "tess" }, closes = { .relation = CLOSES, .nhs = "tess" };
	fill_form(&f, "tess", false);
	send_notice(s, 1, &f.n, form);
	send_notice(s, 2, &opens, other);
	(void)decide_form(s, form, "tess", true);
	struct wg_dlv_job *jobs = NULL;
	assert_int_equal(take_deliveries(s, "", 100, 100, &jobs), 2);
	assert_int_equal(report(s, &jobs[0], WG_DLV_RECEIVED, 0), 0);
	send_notice(s, 3, &closes, other); /* while the second is on its way */
	(void)decide_form(s, form, "tess", false);
	expect_delivery(s, form, jobs[0].desk, WG_DLV_RECEIVED);
	expect_delivery(s, form, jobs[1].desk, WG_DLV_SENDING);
	assert_int_equal(messages_waiting(s), 0);
	assert_int_equal(report(s, &jobs[1], WG_DLV_DEFERRED, 0), 0); /* it comes back: decided before it is tried again */
	assert_int_equal(state_of(s, form), WG_MSG_NORMALISED);
	assert_int_equal(deliveries_due(s), 0);
	(void)decide_form(s, form, "tess", false);
	expect_delivery(s, form, jobs[0].desk, WG_DLV_RECEIVED);
	wg_dlv_jobs_free(jobs, 2);
	send_notice(s, 4, &opens, other); /* missing again: a new episode */
	(void)decide_form(s, form, "tess", true);
	assert_int_equal(messages_waiting(s), 0);
	assert_int_equal(deliveries_due(s), 1); /* the one that did not have it */
}

/* Both are decided at the same time: whoever comes last sees the other. */
static void decided_meanwhile(void **state)
{
	struct scene *s = *state;
	char form[WG_ID_TEXT], first[WG_ID_TEXT], missing[WG_ID_TEXT];
	struct form f;
	const struct notice opens = { .relation = OPENS, .nhs = "tess" }, about = { .relation = ABOUT, .nhs = "tess" };
	send_notice(s, 1, &about, first);
	fill_form(&f, "tess", false);
	accept_notice(s, 2, &f.n, form);
	accept_notice(s, 3, &opens, missing);
	struct wg_msg_job job = take_message(s);
	expect_context(s, form, &f.n, "child told: ");
	assert_string_equal(take_message(s).id, missing);
	char sql[128];
	(void)snprintf(sql, sizeof sql, "SELECT lease_token FROM message WHERE id = '%s'", missing); /* short */
	struct wg_msg_job theirs = { .token = (uint64_t)number(s, sql) };
	memcpy(theirs.id, missing, sizeof theirs.id);
	assert_int_equal(complete_notice(s, &theirs, &opens).state, WG_MSG_ROUTED);
	assert_int_equal(complete_notice(s, &job, &f.n).state, WG_MSG_NORMALISED);
	assert_int_equal(deliveries_due(s), 0);
	assert_int_equal(decide_form(s, form, "tess", true).state, WG_MSG_ROUTED); /* once, and no more */
	assert_int_equal(messages_waiting(s), 0);
	assert_int_equal(deliveries_due(s), 2);
}

/* Reports that depend on it themselves: what a message did to the episode does not count for itself. */
static void no_message_turns_itself(void **state)
{
	static const enum wg_relation relations[] = { OPENS, CLOSES, OPENS, OPENS, WG_RELATION_WITHIN, CLOSES, CLOSES };
	struct scene *s = *state;
	struct wg_err err = { 0 };
	unsigned turns = 0;
	for (unsigned i = 0; i < WG_COUNT(relations); i++) {
		struct notice n = { .relation = relations[i], .nhs = "tess", .watches = true };
		char id[WG_ID_TEXT];
		accept_notice(s, i, &n, id);
		struct wg_context c = context_of(s, id, &n);
		n.live = c.live;
		wg_context_free(&c);
		struct wg_msg_done_result result = decide_notice(s, id, &n);
		assert_int_equal(result.state, WG_MSG_ROUTED);
		for (unsigned left = 50; messages_waiting(s) > 0; left--) { /* the others come to rest */
			struct wg_msg_job job = take_message(s);
			assert_true(left > 0 && strcmp(job.id, id) != 0);
			struct wg_msg_rec rec;
			OK(wg_message_by_id(s->store, job.id, &rec, &err));
			struct notice o = { .relation = relations[rec.seq - 1], .nhs = "tess", .watches = true };
			c = context_of(s, job.id, &o);
			o.live = c.live;
			wg_context_free(&c);
			assert_int_equal(complete_notice(s, &job, &o).state, WG_MSG_ROUTED);
			turns++;
		}
	}
	assert_int_equal(logged(s, "episode changed"), turns);
	assert_true(turns > 5);
}

/* What is at its end, being read, or purged stays; what a person was told of is decided again all the same. */
static void which_messages_turn(void **state)
{
	static const struct {
		const char *set;
		enum wg_message_state want;
	} rows[] = {
		{ "state = 'attention'", WG_MSG_NORMALISED }, { "state = 'rejected'", WG_MSG_REJECTED },
		{ "state = 'duplicate'", WG_MSG_DUPLICATE },  { "state = 'returned'", WG_MSG_RETURNED },
		{ "state = 'divided'", WG_MSG_DIVIDED },      { "state = 'accepted', lease_owner = 9", WG_MSG_ACCEPTED },
		{ "purged_at = 1", WG_MSG_ROUTED },           { "watches = 2", WG_MSG_ROUTED },
	};
	struct scene *s = *state;
	struct wg_err err = { 0 };
	for (unsigned i = 0; i < WG_COUNT(rows); i++) {
		char form[WG_ID_TEXT], missing[WG_ID_TEXT], sql[256];
		struct form f;
		const struct notice opens = { .relation = OPENS, .nhs = "tess" };
		mark(s);
		fill_form(&f, "tess", false);
		send_notice(s, 1, &f.n, form);
		(void)snprintf(sql, sizeof sql, "UPDATE message SET %s WHERE id = '%s'", rows[i].set, form); /* short */
		OK(wg_db_exec(s->store, sql, &err));
		send_notice(s, 2, &opens, missing);
		if (state_of(s, form) != rows[i].want)
			fail_msg("%s: %s", rows[i].set, wg_message_state_name(state_of(s, form)));
		OK(wg_store_undo(s->store, &err));
	}
}

/* Which child it is about is a person's to say: the episode is opened, and goes away again, when they do. */
static void a_person_says_whose_episode(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char tess[WG_ID_TEXT], kit[WG_ID_TEXT], missing[WG_ID_TEXT];
	struct form f;
	struct notice n = { .relation = OPENS, .nhs = NULL }; /* about nobody */
	fill_form(&f, "tess", false);
	send_notice(s, 1, &f.n, tess);
	fill_form(&f, "kit", false);
	send_notice(s, 2, &f.n, kit);
	send_notice(s, 3, &n, missing);
	assert_int_equal(messages_waiting(s), 0);
	n.choice = WG_CHILD_SAME;
	n.child_as = tess;
	OK(wg_message_again(s->store, s->now, 3, "a test", &err));
	assert_int_equal(decide_notice(s, missing, &n).state, WG_MSG_ROUTED);
	assert_int_equal(state_of(s, tess), WG_MSG_NORMALISED);
	assert_int_equal(state_of(s, kit), WG_MSG_ROUTED);
	(void)decide_form(s, tess, "tess", true);
	n.child_as = kit; /* no: the other one */
	OK(wg_message_again(s->store, s->now, 3, "a test", &err));
	assert_int_equal(decide_notice(s, missing, &n).state, WG_MSG_ROUTED);
	assert_int_equal(state_of(s, tess), WG_MSG_NORMALISED);
	assert_int_equal(state_of(s, kit), WG_MSG_NORMALISED);
	(void)decide_form(s, tess, "tess", false);
	(void)decide_form(s, kit, "kit", true);
	assert_int_equal(messages_waiting(s), 0);
}

/* A form in doubt was not decided, whatever the decision asked: it waits for a person. */
static void a_form_in_doubt(void **state)
{
	struct scene *s = *state;
	char tess[WG_ID_TEXT], form[WG_ID_TEXT], missing[WG_ID_TEXT];
	struct form f;
	const struct notice opens = { .relation = OPENS, .nhs = "tess" };
	struct notice about = { .relation = ABOUT, .nhs = "tess" };
	send_notice(s, 1, &about, tess);
	fill_form(&f, "tess", false);
	f.n.choice = WG_CHILD_SAME;
	f.n.child_as = "0123456789abcdefghjkmnpqrs"; /* nobody */
	accept_notice(s, 2, &f.n, form);
	struct wg_msg_done_result result = decide_notice(s, form, &f.n);
	assert_true(result.doubt && result.state == WG_MSG_ATTENTION);
	assert_int_equal(number(s, "SELECT watches FROM message WHERE seq = 2"), 0);
	send_notice(s, 3, &opens, missing);
	assert_int_equal(state_of(s, form), WG_MSG_ATTENTION);
	assert_int_equal(messages_waiting(s), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(consent_ends_while_copies_wait, set_up, tear_down),
		cmocka_unit_test_setup_teardown(consent_ends_while_it_is_sent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ended_and_not_decidable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ended_before_it_was_kept, set_up, tear_down),
		cmocka_unit_test(the_server_looks),
		cmocka_unit_test_setup_teardown(the_form_waits_for_the_episode, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_has_it_is_left_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(decided_meanwhile, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_message_turns_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(which_messages_turn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_person_says_whose_episode, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_form_in_doubt, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
