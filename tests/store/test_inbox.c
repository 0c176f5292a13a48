/* Copies that their recipients fetch: in turn, once each, never leased to deliver; their webhooks; and what nobody
 * fetches. */
#include "confirm.h"

static struct wg_dlv_new pulled(const char *desk)
{
	struct wg_dlv_new d = rig_delivery(MEADOW, desk);
	memcpy(d.channel, "pull", 5);
	return d;
}

/* What the list shows: delivery ids, separated by blanks. */
static const char *listed(struct scene *s, const char *organisation, const char *after)
{
	static char text[16 * WG_ID_TEXT];
	struct wg_err err = { 0 };
	struct wg_inbox_item *items = NULL;
	unsigned count = 0;
	OK(wg_store_inbox(s->store, s->now, organisation, after, 10, &items, &count, &err));
	size_t len = 0;
	text[0] = '\0';
	for (unsigned i = 0; i < count; i++) {
		len +=
			(size_t)snprintf(text + len, sizeof text - len, "%s%s", i > 0 ? " " : "", items[i].delivery); /* it fits */
		assert_int_equal(items[i].size, WG_STORE_HEAD + 6);
	}
	free(items);
	return text;
}

static enum wg_code take(struct scene *s, const char *organisation, const char *delivery, struct wg_inbox_item *item)
{
	struct wg_err err = { 0 }, refused = { 0 };
	uint8_t *bytes = NULL;
	size_t len = 0;
	enum wg_code code =
		wg_store_inbox_take(s->store, s->now, organisation, delivery, item, &bytes, &len, &refused, &err);
	if (code == WG_OK && refused.code == WG_OK) {
		assert_int_equal(len, WG_STORE_HEAD + 6);
		assert_memory_equal(bytes + WG_STORE_HEAD, "sealed", 6);
	}
	free(bytes);
	return code == WG_OK ? refused.code : code;
}

/* Three messages of one episode to one desk: each only when the one before was fetched. */
static void in_turn(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[3][WG_ID_TEXT], message[WG_ID_TEXT], text[2 * WG_ID_TEXT];
	const struct wg_match_key key = rig_key(WG_KEY_NHS, "tess");
	struct wg_inbox_item item;
	const struct wg_dlv_new d = pulled("duty");
	for (unsigned i = 0; i < 3; i++) {
		add(s, i, message);
		struct wg_msg_job job = take_message(s);
		struct wg_msg_done done = rig_done(job.id, job.token, &d, 1);
		struct wg_msg_done_result result;
		struct wg_row *rows = NULL;
		unsigned count = 0;
		done.relation = i == 0 ? WG_RELATION_OPENS : WG_RELATION_WITHIN;
		done.keys = &key;
		done.key_count = 1;
		OK(wg_store_done(s->store, s->now, &done, &result, &err));
		OK(wg_store_list(s->store, "deliveries", "*", message, 1, &rows, &count, &err));
		memcpy(id[i], rows[0].id, WG_ID_TEXT);
		free(rows);
	}
	assert_int_equal(deliveries_due(s), 0); /* never leased */
	assert_string_equal(listed(s, MEADOW, ""), id[0]);
	assert_string_equal(listed(s, "oatshire", ""), "");
	assert_int_equal(take(s, "oatshire", id[0], &item), WG_NOT_FOUND);
	assert_int_equal(take(s, MEADOW, id[1], &item), WG_NOT_FOUND); /* not its turn */
	assert_int_equal(take(s, MEADOW, id[0], &item), WG_OK);
	assert_int_equal(item.state, WG_DLV_HANDED_OVER);
	assert_string_equal(item.kind, "missing");
	assert_string_equal(item.desk, "duty");
	assert_int_equal(delivery_of(s, id[0]).attempts, 1);
	(void)snprintf(text, sizeof text, "%s %s", id[0], id[1]); /* short */
	assert_string_equal(listed(s, MEADOW, ""), text);         /* fetched, and not said to have arrived */
	assert_string_equal(listed(s, MEADOW, id[0]), id[1]);
	assert_string_equal(listed(s, MEADOW, id[1]), "");
	assert_int_equal(take(s, MEADOW, id[0], &item), WG_OK); /* the answer was lost: again */
	assert_int_equal(delivery_of(s, id[0]).attempts, 1);
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'handed-over' AND actor = 'intake'"), 1);
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'fetched-again'"), 1);
	struct wg_receipt_result result;
	struct wg_receipt_new r = receipt_for(id[0], WG_RECEIPT_RECEIVED);
	memcpy(r.way, "pull", 5);
	assert_int_equal(give(s, &r, &result), WG_OK);
	assert_string_equal(listed(s, MEADOW, ""), id[1]);
	r = receipt_for(id[1], WG_RECEIPT_ACKNOWLEDGED); /* before it was fetched */
	assert_int_equal(give(s, &r, &result), WG_REJECT);
}

/* As the gateway does it: a row whose state the log does not know is damaged. */
static void log_state(struct scene *s, const char *delivery)
{
	struct wg_err err = { 0 };
	const struct wg_dlv_rec d = delivery_of(s, delivery);
	const struct wg_entry entry = { .who = WG_WHO_STORE,
		                            .event = "test",
		                            .message = d.message_id,
		                            .delivery = d.id,
		                            .state = wg_delivery_state_name(d.state) };
	OK(wg_chain_append(s->store, s->now, &entry, &err));
}

/* All that keeps a copy from being leased keeps it from being fetched. */
static void what_waits(void **state)
{
	static const struct {
		const char *sql;
		enum wg_code code;
	} rows[] = {
		{ "UPDATE delivery SET id = id", WG_OK },
		{ "UPDATE delivery SET stale = 1", WG_NOT_FOUND },
		{ "UPDATE delivery SET epoch = 'older'", WG_NOT_FOUND },
		{ "UPDATE delivery SET not_before = 9000000000000", WG_NOT_FOUND },
		{ "UPDATE delivery SET valid_until = 5", WG_NOT_FOUND },
		{ "DROP TRIGGER disclosure_kept; DELETE FROM disclosure", WG_NOT_FOUND },
		{ "UPDATE delivery SET state = 'held', held_from = 'sealed'", WG_NOT_FOUND },
		{ "UPDATE delivery SET state = 'review'", WG_NOT_FOUND },
		{ "UPDATE delivery SET state = 'deferred', next_try = 9000000000000", WG_OK }, /* it is the desk that comes */
		{ "UPDATE delivery SET state = 'failed'", WG_NOT_FOUND },
		{ "UPDATE delivery SET state = 'recalled'", WG_NOT_FOUND },
		{ "UPDATE delivery SET state = 'superseded'", WG_NOT_FOUND },
		{ "UPDATE delivery SET state = 'handed-over'", WG_OK },
		{ "UPDATE delivery SET state = 'handed-over', valid_until = 5", WG_NOT_FOUND },
		{ "UPDATE delivery SET state = 'acknowledged'", WG_OK },
		{ "UPDATE delivery SET state = 'refused'", WG_NOT_FOUND },
		{ "UPDATE delivery SET state = 'handed-over'; UPDATE message SET purged_at = 1", WG_NOT_FOUND },
		{ "UPDATE delivery SET channel = 'mail'", WG_NOT_FOUND },
	};
	struct scene *s = *state;
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_err err = { 0 };
		struct wg_inbox_item item;
		char id[WG_ID_TEXT];
		const struct wg_dlv_new d = pulled("duty");
		mark(s);
		decided(s, 1, &d, 1, id);
		sql(s, rows[i].sql);
		log_state(s, id);
		enum wg_code code = take(s, MEADOW, id, &item);
		if (code != rows[i].code)
			fail_msg("%s: %s", rows[i].sql, wg_code_name(code));
		if (code != WG_OK)
			assert_string_equal(listed(s, MEADOW, ""), "");
		OK(wg_store_undo(s->store, &err));
	}
}

static void damaged(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	struct wg_inbox_item item;
	const struct wg_dlv_new d = pulled("duty");
	decided(s, 1, &d, 1, id);
	struct wg_err err = { 0 };
	mark(s);
	sql(s, "UPDATE blob SET bytes = x'00' WHERE id = (SELECT envelope FROM delivery)");
	assert_int_equal(take(s, MEADOW, id, &item), WG_AGAIN);
	assert_int_equal(delivery_of(s, id).state, WG_DLV_DECIDED);
	assert_int_equal(messages_waiting(s), 1); /* it is made again */
	OK(wg_store_undo(s->store, &err));
}

/* A row that is not what was logged gives nothing away: its state is put right by the log, or it is decided again. */
static void not_as_logged(void **state)
{
	static const struct {
		const char *sql;
		bool fetched; /* before */
		enum wg_delivery_state then;
		enum wg_code again; /* what who asks once more is told */
	} rows[] = {
		{ "UPDATE delivery SET state = 'handed-over'", false, WG_DLV_SEALED, WG_OK }, /* as if it had been released */
		{ "UPDATE delivery SET state = 'deferred'", false, WG_DLV_SEALED, WG_OK },
		{ "UPDATE delivery SET state = 'sealed'", true, WG_DLV_HANDED_OVER, WG_OK },
		{ "UPDATE delivery SET role = 'parent'", false, WG_DLV_DECIDED, WG_NOT_FOUND },
		{ "UPDATE delivery SET desk = 'night'", false, WG_DLV_DECIDED, WG_NOT_FOUND },
		{ "UPDATE delivery SET reference = 'another'", false, WG_DLV_DECIDED, WG_NOT_FOUND },
		{ "UPDATE delivery SET envelope = (SELECT original FROM message)", false, WG_DLV_DECIDED, WG_NOT_FOUND },
		{ "DROP TRIGGER disclosure_fixed; UPDATE disclosure SET record = '{}'", false, WG_DLV_DECIDED, WG_NOT_FOUND },
		{ "UPDATE delivery SET role = 'parent'", true, WG_DLV_HANDED_OVER, WG_AGAIN },
		{ "UPDATE delivery SET envelope = (SELECT original FROM message)", true, WG_DLV_HANDED_OVER, WG_AGAIN },
	};
	struct scene *s = *state;
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_err err = { 0 };
		struct wg_inbox_item item;
		char id[WG_ID_TEXT];
		const struct wg_dlv_new d = pulled("duty");
		mark(s);
		decided(s, 1, &d, 1, id);
		if (rows[i].fetched)
			assert_int_equal(take(s, MEADOW, id, &item), WG_OK);
		(void)wg_store_damaged(s->store);
		sql(s, rows[i].sql);
		enum wg_code code = take(s, MEADOW, id, &item);
		if (code != WG_AGAIN || delivery_of(s, id).state != rows[i].then || wg_store_damaged(s->store) != 1)
			fail_msg("%s: %s, %s", rows[i].sql, wg_code_name(code), wg_delivery_state_name(delivery_of(s, id).state));
		if (take(s, MEADOW, id, &item) != rows[i].again)
			fail_msg("%s: asked again", rows[i].sql);
		OK(wg_store_undo(s->store, &err));
	}
}

static void unfetched(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	unsigned ended = 0;
	struct wg_dlv_new d[] = { pulled("duty"), rig_delivery(MEADOW, "front-door") };
	d[0].deadline = d[1].deadline = s->now.wall + 60000;
	decided(s, 1, d, 2, id);
	OK(wg_store_deadlines_end(s->store, s->now, &ended, &err));
	assert_int_equal(ended, 0);
	s->now.wall += 60000;
	sql(s, "UPDATE delivery SET stale = 1");
	OK(wg_store_deadlines_end(s->store, s->now, &ended, &err));
	assert_int_equal(ended, 0); /* it is decided again anyway */
	sql(s, "UPDATE delivery SET stale = 0");
	OK(wg_store_deadlines_end(s->store, s->now, &ended, &err));
	assert_int_equal(ended, 1); /* the other is for deliver to try */
	assert_int_equal(delivery_of(s, id).state, WG_DLV_FAILED);
	assert_string_equal(delivery_of(s, id).reason, "nobody fetched it, and its deadline is over");
	act(s, "retry", id, 1);
	assert_string_equal(listed(s, MEADOW, ""), id);
	OK(wg_store_deadlines_end(s->store, s->now, &ended, &err));
	assert_int_equal(ended, 0); /* a person has given it a day */
}

/* Message n about one child, which is missing: its first delivery. */
static void of_episode(struct scene *s, unsigned n, const struct wg_dlv_new *d, char delivery[WG_ID_TEXT])
{
	struct wg_err err = { 0 };
	char message[WG_ID_TEXT];
	const struct wg_match_key key = rig_key(WG_KEY_NHS, "tess");
	struct wg_msg_done_result result;
	struct wg_row *rows = NULL;
	unsigned count = 0;
	add(s, n, message);
	struct wg_msg_job job = take_message(s);
	struct wg_msg_done done = rig_done(job.id, job.token, d, 1);
	done.relation = n == 1 ? WG_RELATION_OPENS : WG_RELATION_WITHIN;
	done.keys = &key;
	done.key_count = 1;
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
	OK(wg_store_list(s->store, "deliveries", "*", message, 1, &rows, &count, &err));
	memcpy(delivery, rows[0].id, WG_ID_TEXT);
	free(rows);
}

/* Behind one that a person holds back it was never there to be fetched. */
static void unfetched_behind_another(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[2][WG_ID_TEXT];
	unsigned ended = 0;
	struct wg_dlv_new d = pulled("duty");
	d.deadline = s->now.wall + 60000;
	d.state = WG_DLV_REVIEW;
	d.reason = "look at it";
	of_episode(s, 1, &d, id[0]);
	d.state = WG_DLV_SEALED;
	d.reason = NULL;
	of_episode(s, 2, &d, id[1]);
	s->now.wall += 60000;
	OK(wg_store_deadlines_end(s->store, s->now, &ended, &err));
	assert_int_equal(ended, 0);
	assert_int_equal(delivery_of(s, id[1]).state, WG_DLV_SEALED);
	act(s, "withhold", id[0], 1);
	assert_string_equal(listed(s, MEADOW, ""), id[1]); /* now it is */
	OK(wg_store_deadlines_end(s->store, s->now, &ended, &err));
	assert_int_equal(ended, 0);
	s->now.wall += WG_STORE_RETRY_MS;
	OK(wg_store_deadlines_end(s->store, s->now, &ended, &err));
	assert_int_equal(ended, 1); /* and nobody came */
	assert_int_equal(delivery_of(s, id[1]).state, WG_DLV_FAILED);
}

/* ---- webhooks */

static struct wg_hook only_hook(struct scene *s)
{
	struct wg_err err = { 0 };
	struct wg_hook *list = NULL;
	unsigned count = 0;
	OK(wg_store_hooks(s->store, s->now, 10, &list, &count, &err));
	assert_int_equal(count, 1);
	struct wg_hook h = list[0];
	free(list);
	return h;
}

static unsigned hooks_due(struct scene *s)
{
	struct wg_err err = { 0 };
	struct wg_hook *list = NULL;
	unsigned count = 0;
	OK(wg_store_hooks(s->store, s->now, 10, &list, &count, &err));
	free(list);
	return count;
}

static void told_by_hook(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	struct wg_inbox_item item;
	struct wg_dlv_new d[] = { pulled("duty"), pulled("front-door") };
	d[0].hook = true;
	decided(s, 1, d, 2, id);
	struct wg_hook h = only_hook(s);
	assert_string_equal(h.delivery, id);
	assert_string_equal(h.desk, "duty");
	assert_int_equal(h.attempts, 0);
	OK(wg_store_hook_done(s->store, s->now, h.delivery, h.token, WG_HOOK_AGAIN, 60000, &err));
	FAILS(WG_NOT_FOUND, wg_store_hook_done(s->store, s->now, h.delivery, h.token, WG_HOOK_TOLD, 0, &err));
	assert_int_equal(hooks_due(s), 0);
	s->now.wall += 60000;
	h = only_hook(s);
	assert_int_equal(h.attempts, 1);
	assert_int_equal(take(s, MEADOW, id, &item), WG_OK); /* it came by itself meanwhile */
	assert_int_equal(hooks_due(s), 0);
	FAILS(WG_NOT_FOUND, wg_store_hook_done(s->store, s->now, h.delivery, h.token, WG_HOOK_AGAIN, 0, &err));
	assert_int_equal(hooks_due(s), 0);
}

static void hooks_end(void **state)
{
	static const enum wg_hook_outcome ends[] = { WG_HOOK_TOLD, WG_HOOK_GONE };
	struct scene *s = *state;
	for (size_t i = 0; i < WG_COUNT(ends); i++) {
		struct wg_err err = { 0 };
		char id[WG_ID_TEXT];
		struct wg_dlv_new d = pulled("duty");
		mark(s);
		d.hook = true;
		d.not_before = s->now.wall + 1000;
		decided(s, 1, &d, 1, id);
		assert_int_equal(hooks_due(s), 0); /* not before there is something to fetch */
		s->now.wall += 1000;
		struct wg_hook h = only_hook(s);
		OK(wg_store_hook_done(s->store, s->now, h.delivery, h.token, ends[i], 0, &err));
		assert_int_equal(hooks_due(s), 0);
		act(s, "hold", id, 1);
		act(s, "release", id, 1);
		assert_int_equal(hooks_due(s), 1); /* released: it is there anew */
		OK(wg_store_undo(s->store, &err));
	}
	struct wg_dlv_new wrong = rig_delivery(MEADOW, "duty"); /* not one that fetches */
	char id[WG_ID_TEXT];
	struct wg_err err = { 0 };
	struct wg_msg_done_result result;
	wrong.hook = true;
	add(s, 2, id);
	struct wg_msg_job job = take_message(s);
	struct wg_msg_done done = rig_done(job.id, job.token, &wrong, 1);
	FAILS(WG_REJECT, wg_store_done(s->store, s->now, &done, &result, &err));
}

/* Nobody is called for what is not there yet, and everybody when it is. */
static void hooks_in_turn(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[2][WG_ID_TEXT];
	struct wg_inbox_item item;
	struct wg_dlv_new d = pulled("duty");
	d.hook = true;
	of_episode(s, 1, &d, id[0]);
	of_episode(s, 2, &d, id[1]);
	struct wg_hook h = only_hook(s);
	assert_string_equal(h.delivery, id[0]);
	OK(wg_store_hook_done(s->store, s->now, h.delivery, h.token, WG_HOOK_TOLD, 0, &err));
	assert_int_equal(hooks_due(s), 0);
	assert_int_equal(take(s, MEADOW, id[0], &item), WG_OK);
	assert_string_equal(only_hook(s).delivery, id[1]);
}

/* One desk that does not answer is not called again and again before anybody else. */
static void hooks_of_a_dead_desk(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_hook *list = NULL;
	unsigned count = 0;
	char id[WG_ID_TEXT];
	struct wg_dlv_new dead = pulled("duty"), live = pulled("front-door");
	dead.hook = live.hook = true;
	for (unsigned i = 1; i <= 3; i++)
		decided(s, i, &dead, 1, id);
	s->now.wall += 1000;
	decided(s, 4, &live, 1, id);
	OK(wg_store_hooks(s->store, s->now, 2, &list, &count, &err));
	assert_int_equal(count, 2);
	assert_string_equal(list[0].desk, "duty");
	assert_string_equal(list[1].delivery, id);
	OK(wg_store_hook_done(s->store, s->now, list[0].delivery, list[0].token, WG_HOOK_AGAIN, 60000, &err));
	free(list);
	assert_string_equal(only_hook(s).delivery, id);
	s->now.wall += 30000;
	assert_int_equal(hooks_due(s), 2); /* another of the desk that was down: it may have been that one's fault */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_turn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_waits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damaged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(not_as_logged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unfetched, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unfetched_behind_another, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hooks_in_turn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hooks_of_a_dead_desk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(told_by_hook, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hooks_end, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
