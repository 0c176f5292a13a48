/* The disclosure register: every decision with its record, its outcome and what people did with it; and what of it a
 * person has marked as exempt. What it says is under audit. */
#include "sharing.h"

#define OPENS WG_RELATION_OPENS

/* The register as text; the caller frees by wg_buf_free. */
static struct wg_buf register_of(struct scene *s, uint64_t child, int64_t from, int64_t until)
{
	struct wg_err err = { 0 };
	struct wg_buf out = WG_BUF(1 << 20);
	OK(wg_store_register(s->store, s->now, child, from, until, "Robin Specimen", &out, &err));
	return out;
}

static unsigned entries_in(const struct wg_buf *b)
{
	unsigned n = 0;
	for (const char *p = wg_buf_text(b); (p = strstr(p, "{\"message\":")) != NULL; p++)
		n++;
	return n;
}

static bool says(const struct wg_buf *b, const char *words)
{
	return strstr(wg_buf_text(b), words) != NULL;
}

static void what_it_says(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char a[WG_ID_TEXT], b[WG_ID_TEXT], words[512];
	struct wg_dlv_new d[] = { to_desk("front-door", "placing", WG_DLV_SEALED),
		                      to_desk("parent", "host", WG_DLV_WITHHELD), to_desk("school", "host", WG_DLV_REVIEW) };
	d[0].disclosure = "{\"rule\":\"england/frame\"}";
	d[1].reason = "no rule grants it";
	d[2].overrides = true;
	const struct notice tess = { .relation = OPENS, .nhs = "tess", .deliveries = d, .delivery_count = 3 };
	const struct notice kit = { .relation = OPENS, .nhs = "kit", .deliveries = d, .delivery_count = 1 };
	send_notice(s, 1, &tess, a);
	s->now.wall += 1000;
	struct wg_dlv_job job = take_delivery(s);
	assert_int_equal(report(s, &job, WG_DLV_RECEIVED, 0), 0);
	send_notice(s, 2, &kit, b);
	s->now.wall += 1000;
	act(s, "withhold", delivery_to(s, a, "school").id, 1);
	OK(wg_message_again(s->store, s->now, 1, "a test", &err)); /* decided again: what was decided first stays in it */
	(void)decide_notice(s, a, &tess);

	WG_AUTO_BUF struct wg_buf r = register_of(s, 1, 0, INT64_MAX);
	assert_int_equal(entries_in(&r), 5); /* one sent, two superseded, two new */
	(void)snprintf(
		words, sizeof words,
		"{\"message\":\"%s\",\"kind\":\"missing\",\"sender\":\"oatshire-police\",\"accepted\":\"2023-11-14T22:13:"
		"20Z\",\"delivery\":\"%s\",\"organisation\":\"meadowton\",\"desk\":\"front-door\",\"role\":\"front-door\","
		"\"of\":\"placing\",\"channel\":\"https\",\"state\":\"received\",\"reason\":\"said so\",\"epoch\":\"e1\","
		"\"decided\":\"2023-11-14T22:13:20Z\",\"sent\":\"2023-11-14T22:13:21Z\",\"receipt\":\"r-1\",\"maybe\":"
		"false,\"overrides\":false,\"record\":{\"rule\":\"england/frame\"},\"acts\":[],\"exemption\":null}",
		a, job.id); /* short */
	assert_true(says(&r, words));
	assert_true(says(&r, "\"desk\":\"parent\",\"role\":\"front-door\",\"of\":\"host\",\"channel\":\"https\",\"state\":"
	                     "\"withheld\",\"reason\":\"no rule grants it\""));
	assert_true(says(&r,
	                 "\"acts\":[{\"at\":\"2023-11-14T22:13:22Z\",\"who\":\"robin\",\"event\":\"withheld\",\"detail\":"
	                 "\"withhold: a test\"}]"));
	assert_true(says(&r, "\"overrides\":true"));
	assert_true(says(&r, "\"state\":\"superseded\""));
	assert_true(says(&r, "\"sent\":\"\""));
	assert_false(says(&r, b));

	WG_AUTO_BUF struct wg_buf all = register_of(s, 0, 0, INT64_MAX);
	assert_int_equal(entries_in(&all), 6);
	assert_true(says(&all, b));
	WG_AUTO_BUF struct wg_buf first = register_of(s, 0, 1700000000000, 1700000000001);
	assert_int_equal(entries_in(&first), 3);
	WG_AUTO_BUF struct wg_buf none = register_of(s, 7, 0, INT64_MAX);
	assert_string_equal(wg_buf_text(&none), "[]\n");
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'register' AND actor = 'admin:Robin Specimen'"),
	                 4);
	FAILS(WG_REJECT, wg_store_register(s->store, s->now, 0, 0, 1, "", &none, &err));
}

static void exemptions(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	struct wg_dlv_new d = to_desk("front-door", "placing", WG_DLV_SEALED);
	const struct notice n = { .relation = OPENS, .nhs = "tess", .deliveries = &d, .delivery_count = 1 };
	send_notice(s, 1, &n, id);
	const char *delivery = delivery_to(s, id, "front-door").id;
	char copy[WG_ID_TEXT];
	memcpy(copy, delivery, sizeof copy);
	OK(wg_store_exempt(s->store, s->now, copy, "serious-harm", "Robin Specimen", "the child asked us", &err));
	WG_AUTO_BUF struct wg_buf r = register_of(s, 1, 0, INT64_MAX);
	assert_true(
		says(&r, "\"exemption\":{\"code\":\"serious-harm\",\"who\":\"Robin Specimen\",\"why\":\"the child asked us\","
	             "\"at\":\"2023-11-14T22:13:20Z\"}"));
	assert_true(says(&r, "\"event\":\"exempt\",\"detail\":\"code=serious-harm the child asked us\""));
	OK(wg_store_exempt(s->store, s->now, copy, "", "Robin Specimen", "it was a mistake", &err));
	WG_AUTO_BUF struct wg_buf again = register_of(s, 1, 0, INT64_MAX);
	assert_true(says(&again, "\"exemption\":null"));
	FAILS(WG_REJECT, wg_store_exempt(s->store, s->now, copy, "boredom", "robin", "why", &err));
	FAILS(WG_REJECT, wg_store_exempt(s->store, s->now, copy, "*", "robin", "why", &err));
	FAILS(WG_REJECT, wg_store_exempt(s->store, s->now, copy, "health", "", "why", &err));
	FAILS(WG_REJECT, wg_store_exempt(s->store, s->now, copy, "health", "robin", "", &err));
	FAILS(WG_NOT_FOUND, wg_store_exempt(s->store, s->now, id, "health", "robin", "why", &err));
	static const char *const codes[] = { "serious-harm", "child-abuse-data", "social-work", "health",     "education",
		                                 "court",        "legal-privilege",  "crime",       "third-party" };
	for (size_t i = 0; i < WG_COUNT(codes); i++)
		OK(wg_store_exempt(s->store, s->now, copy, codes[i], "robin", "why", &err));
}

/* More than one answer holds: nothing is left out in silence. */
static void too_many(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	struct wg_dlv_new d = to_desk("front-door", "placing", WG_DLV_SEALED);
	const struct notice n = { .relation = OPENS, .nhs = "tess", .deliveries = &d, .delivery_count = 1 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF(WG_LIMIT_FRAME), small = WG_BUF(4096);
	send_notice(s, 1, &n, id);
	mark(s);
	OK(wg_db_exec(
		s->store,
		"WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 10098) INSERT INTO "
		"delivery(seq, id, message, recipient, organisation, desk, role, channel, state, since, epoch, deadline)"
		" SELECT i, 'd' || i, 1, 'x', 'x', 'x', 'x', 'x', 'received', 1, 'e1', 1 FROM n;"
		"INSERT INTO disclosure(delivery, decided_at, record) SELECT seq, seq, '{}' FROM delivery WHERE seq > 99",
		&err));
	OK(wg_store_register(s->store, s->now, 1, 0, INT64_MAX, "robin", &out, &err));
	assert_int_equal(entries_in(&out), WG_STORE_LIST_MAX);
	FAILS(WG_LIMIT, wg_store_register(s->store, s->now, 1, 0, INT64_MAX, "robin", &small, &err));
	OK(wg_db_exec(s->store,
	              "INSERT INTO delivery(seq, id, message, recipient, organisation, desk, role, channel, state, since, "
	              "epoch, deadline) VALUES(99, 'd99', 1, 'x', 'x', 'x', 'x', 'x', 'received', 1, 'e1', 1);"
	              "INSERT INTO disclosure(delivery, decided_at, record) VALUES(99, 99, '{}')",
	              &err));
	wg_buf_reset(&out);
	FAILS(WG_LIMIT, wg_store_register(s->store, s->now, 1, 0, INT64_MAX, "robin", &out, &err));
	wg_buf_reset(&out);
	OK(wg_store_register(s->store, s->now, 1, 100, INT64_MAX, "robin", &out, &err));
	OK(wg_store_undo(s->store, &err));
}

/* What somebody changes behind the store's back is found. */
static void under_audit(void **state)
{
	static const char *const changes[] = {
		"UPDATE record SET blob = (SELECT original FROM message WHERE seq = 1) WHERE seq = 1",
		"UPDATE record SET blob = (SELECT blob FROM record WHERE seq = 2) WHERE seq = 1",
		"UPDATE record SET id = '7123456789abcdefghjkmnpqrs' WHERE seq = 2",
		"DELETE FROM record WHERE seq = 2",
		"INSERT INTO record(id, child, at, blob) SELECT '7123456789abcdefghjkmnpqrs', 1, 1, blob FROM record LIMIT 1",
		"INSERT INTO exemption(delivery, at, code, who, why) VALUES(1, 1, 'health', 'x', 'x')",
		"DROP TRIGGER exemption_fixed; UPDATE exemption SET code = 'crime'",
		"DROP TRIGGER exemption_kept; DELETE FROM exemption",
	};
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT], head[WG_STORE_HASH];
	uint64_t entries;
	unsigned pulled;
	struct wg_dlv_new d = to_desk("front-door", "placing", WG_DLV_SEALED);
	const struct wg_record_new r[] = { new_record("given"), new_record("withdrawn") };
	const struct notice n = {
		.relation = OPENS, .nhs = "tess", .deliveries = &d, .delivery_count = 1, .consents = r, .consent_count = 1
	};
	send_notice(s, 1, &n, id);
	OK(wg_store_record(s->store, s->now, 1, &r[1], "robin", "why", &pulled, &err));
	const struct wg_dlv_rec rec = delivery_to(s, id, "front-door");
	OK(wg_store_exempt(s->store, s->now, rec.id, "health", "robin", "why", &err));
	OK(wg_store_audit(s->store, &entries, head, &err));
	for (size_t i = 0; i < WG_COUNT(changes); i++) {
		mark(s);
		OK(wg_db_exec(s->store, changes[i], &err));
		enum wg_code code = wg_store_audit(s->store, &entries, head, &err);
		if (code != WG_CORRUPT)
			fail_msg("not found: %s", changes[i]);
		OK(wg_store_undo(s->store, &err));
	}
	/* destroyed without a word in the log; test_purge.c has it with one */
	mark(s);
	OK(wg_db_exec(s->store, "UPDATE record SET blob = NULL", &err));
	FAILS(WG_CORRUPT, wg_store_audit(s->store, &entries, head, &err));
	OK(wg_store_undo(s->store, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_it_says, set_up, tear_down),
		cmocka_unit_test_setup_teardown(exemptions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(too_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(under_audit, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
