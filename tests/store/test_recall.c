/* A recall takes back what is unsent of the sender's own notices; what was sent keeps its place in the register. */
#include "sharing.h"

#define OPENS WG_RELATION_OPENS
#define WITHIN WG_RELATION_WITHIN

static const char own[] = "0123456789abcdefghjkmnpqrs";

/* What becomes of a delivery in each state. */
static void by_state(void **state)
{
	static const struct {
		enum wg_delivery_state from, to;
	} rows[] = {
		{ WG_DLV_DECIDED, WG_DLV_RECALLED },      { WG_DLV_SEALED, WG_DLV_RECALLED },
		{ WG_DLV_REVIEW, WG_DLV_RECALLED },       { WG_DLV_DEFERRED, WG_DLV_RECALLED },
		{ WG_DLV_HELD, WG_DLV_RECALLED },         { WG_DLV_FAILED, WG_DLV_RECALLED },
		{ WG_DLV_SENDING, WG_DLV_SENDING },       { WG_DLV_HANDED_OVER, WG_DLV_HANDED_OVER },
		{ WG_DLV_RECEIVED, WG_DLV_RECEIVED },     { WG_DLV_WITHHELD, WG_DLV_WITHHELD },
		{ WG_DLV_SUPERSEDED, WG_DLV_SUPERSEDED },
	};
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT], by[WG_ID_TEXT];
	struct wg_dlv_new d = to_desk("front-door", "placing", WG_DLV_SEALED);
	const struct notice n = { .relation = OPENS, .nhs = "tess", .deliveries = &d, .delivery_count = 1 };
	const struct notice recall = { .relation = WITHIN, .nhs = "tess", .concerns = id, .recalls = true };
	send_notice(s, 1, &n, id);
	accept_notice(s, 2, &recall, by);
	struct wg_msg_job job = take_message(s);
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		char sql[128];
		mark(s);
		(void)snprintf(sql, sizeof sql, "UPDATE delivery SET state = '%s', held_from = 'sealed' WHERE seq = 1",
		               wg_delivery_state_name(rows[i].from)); /* short */
		OK(wg_db_exec(s->store, sql, &err));
		(void)complete_notice(s, &job, &recall);
		expect_delivery(s, id, "front-door", rows[i].to);
		OK(wg_store_undo(s->store, &err));
	}
	(void)complete_notice(s, &job, &recall);
	struct wg_dlv_rec rec = delivery_to(s, id, "front-door");
	assert_non_null(strstr(rec.reason, by));
	assert_int_equal(deliveries_due(s), 0);
}

/* Only the sender's own; a stranger's word takes nothing back, and a correction takes nothing back. */
static void whose(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT], other[WG_ID_TEXT], by[WG_ID_TEXT], names[3 * WG_ID_TEXT];
	struct wg_dlv_new d = to_desk("front-door", "placing", WG_DLV_SEALED);
	const struct notice n = {
		.relation = OPENS, .nhs = "tess", .deliveries = &d, .delivery_count = 1, .notice_id = own
	};
	const struct notice theirs = { .organisation = "meadowton",
		                           .relation = OPENS,
		                           .nhs = "kit",
		                           .deliveries = &d,
		                           .delivery_count = 1,
		                           .notice_id = own };
	struct notice word = {
		.organisation = "birchford", .relation = WITHIN, .nhs = "tess", .concerns = own, .recalls = true
	};
	send_notice(s, 1, &n, id);
	send_notice(s, 2, &theirs, other);
	send_notice(s, 3, &word, by);
	assert_int_equal(deliveries_due(s), 2);
	word.organisation = NULL;
	word.recalls = false;
	send_notice(s, 4, &word, by); /* a correction */
	assert_int_equal(deliveries_due(s), 2);
	(void)snprintf(names, sizeof names, "7123456789abcdefghjkmnpqrs %s", own);
	word.concerns = names;
	word.recalls = true;
	send_notice(s, 5, &word, by); /* by the id that both notices give themselves: its own organisation's only */
	expect_delivery(s, id, "front-door", WG_DLV_RECALLED);
	expect_delivery(s, other, "front-door", WG_DLV_SEALED);
}

/* It was being sent: what comes back is not sent again. */
static void on_its_way(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT], by[WG_ID_TEXT];
	struct wg_err err = { 0 };
	struct wg_dlv_new d[] = { to_desk("front-door", "placing", WG_DLV_SEALED), to_desk("duty", "host", WG_DLV_SEALED) };
	const struct notice n = { .relation = OPENS, .nhs = "tess", .deliveries = d, .delivery_count = 2 };
	const struct notice recall = { .relation = WITHIN, .nhs = "tess", .concerns = id, .recalls = true };
	unsigned changed = 0;
	send_notice(s, 1, &n, id);
	struct wg_dlv_job a = take_delivery(s), b = take_delivery(s);
	send_notice(s, 2, &recall, by);
	assert_int_equal(report(s, &a, WG_DLV_DEFERRED, 0), 0);
	assert_int_equal(report(s, &b, WG_DLV_FAILED, 0), 0);
	assert_int_equal(deliveries_due(s), 0);
	assert_int_equal(number(s, "SELECT count(*) FROM delivery WHERE state = 'recalled'"), 1);
	FAILS(WG_REJECT, wg_store_act(s->store, s->now, "retry", b.id, "robin", "why", &changed, &err));
	/* decided again for whatever reason, it stays recalled, and the decision is in the register */
	OK(wg_message_again(s->store, s->now, 1, "a test", &err));
	struct wg_dlv_new more[] = { d[0], d[1], to_desk("school", "host", WG_DLV_SEALED),
		                         to_desk("parent", "host", WG_DLV_WITHHELD) };
	const struct notice wider = { .relation = OPENS, .nhs = "tess", .deliveries = more, .delivery_count = 4 };
	(void)decide_notice(s, id, &wider);
	expect_delivery(s, id, "school", WG_DLV_RECALLED);
	expect_delivery(s, id, "parent", WG_DLV_WITHHELD);
	assert_int_equal(deliveries_due(s), 0);
	assert_int_equal(number(s, "SELECT count(*) FROM disclosure"), 4);
}

/* The notice waited, or was with a person, when its recall came. */
static void not_decided_yet(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT], by[WG_ID_TEXT], later[WG_ID_TEXT];
	struct wg_dlv_new d = to_desk("front-door", "placing", WG_DLV_SEALED);
	const struct notice n = {
		.relation = OPENS, .nhs = "tess", .deliveries = &d, .delivery_count = 1, .notice_id = own
	};
	const struct notice recall = { .relation = WITHIN, .nhs = "tess", .concerns = id, .recalls = true };
	const struct notice named = { .relation = WITHIN, .nhs = "tess", .concerns = own, .recalls = true };
	accept_notice(s, 1, &n, id);
	struct wg_msg_job job = take_message(s);
	send_notice(s, 2, &recall, by);
	(void)complete_notice(s, &job, &n);
	expect_delivery(s, id, "front-door", WG_DLV_RECALLED);
	/* a later notice under the same id is a new one: the recall was not of that */
	send_notice(s, 3, &named, by);
	send_notice(s, 4, &n, later);
	expect_delivery(s, later, "front-door", WG_DLV_SEALED);
}

/* The sender names what it was given a receipt for: a second copy of the notice, or a table of many. */
static void by_another_receipt(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT], copy[WG_ID_TEXT], by[WG_ID_TEXT], table[WG_ID_TEXT], rows[2][WG_ID_TEXT];
	struct wg_dlv_new d = to_desk("front-door", "placing", WG_DLV_SEALED),
					  school = to_desk("school", "host", WG_DLV_SEALED);
	struct wg_msg_done_result result;
	struct notice n = {
		.relation = OPENS, .nhs = "tess", .deliveries = &d, .delivery_count = 1, .content_key = "same"
	};
	struct notice recall = { .relation = WITHIN, .nhs = "tess", .concerns = copy, .recalls = true };
	send_notice(s, 1, &n, id);
	accept_notice(s, 2, &n, copy);
	assert_true(decide_notice(s, copy, &n).duplicate);
	accept_notice(s, 3, &recall, by);
	expect_context(s, by, &recall, "child live told: front-door/placing");
	(void)decide_notice(s, by, &recall);
	expect_delivery(s, id, "front-door", WG_DLV_RECALLED);
	n.deliveries = &school; /* decided again, somebody else is not told either */
	OK(wg_message_again(s->store, s->now, 1, "a test", &err));
	(void)decide_notice(s, id, &n);
	expect_delivery(s, id, "school", WG_DLV_RECALLED);

	/* a table of two children: one row sent on, one not decided yet */
	struct wg_part_new parts[2] = { { .content_type = "text/csv", .blob = "row one", .blob_len = 7 },
		                            { .content_type = "text/csv", .blob = "row two", .blob_len = 7 } };
	struct notice kit = { .relation = OPENS, .nhs = "kit", .deliveries = &d, .delivery_count = 1 };
	struct notice alex = { .relation = OPENS, .nhs = "alex", .deliveries = &d, .delivery_count = 1 };
	struct notice whole = { .relation = WG_RELATION_NONE, .concerns = table, .recalls = true };
	rig_hash(70, parts[0].content_hash);
	rig_hash(71, parts[1].content_hash);
	accept_notice(s, 5, &whole, table);
	struct wg_msg_job job = take_message(s);
	struct wg_msg_done done = rig_done(job.id, job.token, NULL, 0);
	done.state = WG_MSG_DIVIDED;
	done.parts = parts;
	done.part_count = 2;
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
	job = take_message(s);
	memcpy(rows[0], job.id, WG_ID_TEXT);
	(void)complete_notice(s, &job, &kit);
	expect_delivery(s, rows[0], "front-door", WG_DLV_SEALED);
	job = take_message(s);
	memcpy(rows[1], job.id, WG_ID_TEXT);
	send_notice(s, 6, &whole, by);
	expect_delivery(s, rows[0], "front-door", WG_DLV_RECALLED);
	(void)complete_notice(s, &job, &alex);
	expect_delivery(s, rows[1], "front-door", WG_DLV_RECALLED);
}

/* Who has what is recalled is known to the recall: they are told. */
static void told_of_a_recall(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT], by[WG_ID_TEXT];
	struct wg_dlv_new d[] = { to_desk("front-door", "placing", WG_DLV_SEALED), to_desk("duty", "host", WG_DLV_SEALED) };
	const struct notice n = { .relation = OPENS, .nhs = "tess", .deliveries = d, .delivery_count = 2 };
	struct notice recall = { .relation = WITHIN, .nhs = "tess", .concerns = id, .recalls = true };
	send_notice(s, 1, &n, id);
	struct wg_dlv_job job = take_delivery(s);
	assert_int_equal(report(s, &job, WG_DLV_RECEIVED, 0), 0);
	accept_notice(s, 2, &recall, by);
	expect_context(s, by, &recall, "child live told: front-door/placing duty/host");
	const struct wg_dlv_new sorry = to_desk("front-door", "placing", WG_DLV_SEALED);
	recall.deliveries = &sorry;
	recall.delivery_count = 1;
	(void)decide_notice(s, by, &recall);
	expect_context(s, by, &recall, "child live told: duty/host"); /* the other never had it */
	assert_int_equal(deliveries_due(s), 1);
	expect_delivery(s, by, "front-door", WG_DLV_SEALED);
}

/* One copy of a partner's gateway in a form; the states of what became of it, "a sealed, b sealed". */
static void form(struct scene *s, unsigned n, const char *from, const char *reference, struct wg_dlv_new *d,
                 unsigned count, char id[WG_ID_TEXT])
{
	struct wg_err err = { 0 };
	struct wg_msg_receipt r;
	struct wg_msg_new m = rig_message(n);
	struct wg_msg_done_result result;
	(void)snprintf(m.organisation, sizeof m.organisation, "%s", from); /* short */
	OK(wg_store_add(s->store, s->now, &m, &r, &err));
	memcpy(id, r.id, WG_ID_TEXT);
	struct wg_msg_job job = take_message(s);
	struct wg_msg_done done = rig_done(job.id, job.token, d, count);
	(void)snprintf(done.sender_reference, sizeof done.sender_reference, "%s", reference); /* short */
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
}

static const char *states(struct scene *s, const char *message, char *out, size_t size)
{
	struct wg_err err = { 0 };
	WG_AUTO_FREE struct wg_row *rows = NULL;
	unsigned count = 0;
	size_t n = 0;
	OK(wg_store_list(s->store, "deliveries", "*", message, 100, &rows, &count, &err));
	for (unsigned i = 0; i < count; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s %s", n > 0 ? ", " : "", rows[i].desk, rows[i].state);
	return out;
}

/* A later form of the same copy takes the place of what is unsent of the earlier, where it goes to the same desk. */
static void a_later_form(void **state)
{
	static const char copy[] = "01k9tess00examp1e0m1ss1ng1.meadowton.front-door";
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char first[WG_ID_TEXT], other[WG_ID_TEXT], stranger[WG_ID_TEXT], later[WG_ID_TEXT], text[256];
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 16);
	struct wg_dlv_new d[] = { rig_delivery("meadowton", "a"), rig_delivery("meadowton", "b"),
		                      rig_delivery("meadowton", "c") };
	form(s, 1, "oatshire", copy, d, 3, first);
	struct wg_dlv_job job = take_delivery(s); /* a: the first of them */
	OK(report(s, &job, WG_DLV_HANDED_OVER, 0) == 0 ? WG_OK : WG_SYSTEM);
	form(s, 2, "oatshire", "01k9tess00examp1e0m1ss1ng2.meadowton.front-door", d, 3, other);
	form(s, 3, "ryeshire", copy, d, 3, stranger);
	d[2].state = WG_DLV_WITHHELD;
	d[2].envelope = NULL;
	d[2].envelope_len = 0;
	form(s, 4, "oatshire", copy, d, 3, later);
	assert_string_equal(states(s, first, text, sizeof text), "a handed-over, b recalled, c sealed");
	assert_string_equal(states(s, other, text, sizeof text), "a sealed, b sealed, c sealed");
	assert_string_equal(states(s, stranger, text, sizeof text), "a sealed, b sealed, c sealed");
	assert_string_equal(states(s, later, text, sizeof text), "a sealed, b sealed, c withheld");
	OK(wg_store_related(s->store, first, &out, &err));
	(void)snprintf(text, sizeof text, "\"same-copy\":[{\"id\":\"%s\",\"state\":\"routed\"}]", later); /* fits */
	assert_non_null(strstr(wg_buf_text(&out), text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(by_state, set_up, tear_down),
		cmocka_unit_test_setup_teardown(whose, set_up, tear_down),
		cmocka_unit_test_setup_teardown(on_its_way, set_up, tear_down),
		cmocka_unit_test_setup_teardown(not_decided_yet, set_up, tear_down),
		cmocka_unit_test_setup_teardown(by_another_receipt, set_up, tear_down),
		cmocka_unit_test_setup_teardown(told_of_a_recall, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_later_form, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
