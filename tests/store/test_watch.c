/* What a machine watches: metrics that cost the same however much there is, alerts said once, who is silent, and the
 * receipts that people look at. */
#include "confirm.h"
#include "store/sqlite_internal.h"

static const char *metrics(struct scene *s)
{
	static char text[16384];
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 20);
	struct wg_err err = { 0 };
	OK(wg_store_metrics(s->store, s->now, true, "", "ok", s->now.wall, &out, &err));
	assert_true(out.len < sizeof text);
	memcpy(text, wg_buf_text(&out), out.len + 1);
	int64_t valid = 0;
	OK(wg_query_number(s->store, "SELECT json_valid(?1)", WG_ARGS(wg_db_text(text)), &valid, &err));
	if (valid != 1)
		fail_msg("not JSON: %s", text);
	return text;
}

static void has(struct scene *s, const char *piece)
{
	const char *text = metrics(s);
	if (strstr(text, piece) == NULL)
		fail_msg("no %s in %s", piece, text);
}

static unsigned unconfirmed(struct scene *s, struct wg_row *first)
{
	struct wg_err err = { 0 };
	struct wg_row *rows = NULL;
	unsigned count = 0;
	OK(wg_store_list(s->store, "deliveries", "unconfirmed", "", 10, &rows, &count, &err));
	if (count > 0)
		*first = rows[0];
	free(rows);
	return count;
}

static void what_they_say(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT], waiting[WG_ID_TEXT];
	struct wg_receipt_result result;
	struct wg_dlv_new d[] = { rig_delivery(MEADOW, "duty"), rig_delivery(MEADOW, "night") };
	memcpy(d[0].confirm, "rule", 5);
	d[1].state = WG_DLV_REVIEW;
	d[1].reason = "a person looks";
	decided(s, 1, d, 2, id);
	has(s, "\"accepting\":true,\"why\":\"\",\"clock\":\"ok\",\"now\":\"2023-11-14T22:");
	has(s, "\"states\":{\"messages\":{\"routed\":1},\"deliveries\":{"
	       "\"review\":"
	       "1,\"sealed\":1}},\"receipts\":{},\"outcomes\":[]");
	s->now.wall += 90000;
	has(s, "{\"organisation\":\"meadowton\",\"desk\":\"duty\",\"open\":1,\"oldest_s\":90,\"unconfirmed\":0,"
	       "\"oldest_unconfirmed_s\":0,\"fault_s\":0,\"stalled_s\":0,\"failed\":false,\"why\":\"\"}");
	has(s, "{\"organisation\":\"meadowton\",\"desk\":\"night\",\"open\":1,\"oldest_s\":0,"); /* it waits for a person */
	has(s, "\"attention\":0,\"reviews\":1,\"reviews_overdue\":0,\"tasks_overdue\":0,\"attention_oldest_s\":0,"
	       "\"troubles\":[],\"alerts\":[]");
	struct wg_dlv_job job = take_delivery(s);
	struct wg_row row = { 0 };
	assert_int_equal(unconfirmed(s, &row), 0);
	(void)report(s, &job, WG_DLV_HANDED_OVER, 0);
	s->now.wall += 60000;
	assert_int_equal(unconfirmed(s, &row), 1);
	assert_true(row.unconfirmed);
	assert_int_equal(row.handed, s->now.wall - 60000);
	assert_int_equal(row.ready, s->now.wall - 150000);
	has(s, "\"desk\":\"duty\",\"open\":0,\"oldest_s\":0,\"unconfirmed\":1,\"oldest_unconfirmed_s\":60,");
	const struct wg_receipt_new r = receipt_for(id, WG_RECEIPT_RECEIVED);
	assert_int_equal(give(s, &r, &result), WG_OK);
	has(s, "\"desk\":\"duty\",\"open\":0,\"oldest_s\":0,\"unconfirmed\":1,\"oldest_unconfirmed_s\":60,");
	has(s, "\"receipts\":{\"received\":1},\"outcomes\":[{\"channel\":\"https\",\"state\":\"handed-over\",\"count\":1},"
	       "{\"channel\":\"https\",\"state\":\"received\",\"count\":1}]");
	const struct wg_receipt_new ack = receipt_for(id, WG_RECEIPT_ACKNOWLEDGED);
	assert_int_equal(give(s, &ack, &result), WG_OK);
	assert_int_equal(unconfirmed(s, &row), 0);
	has(s, "\"desk\":\"duty\",\"open\":0,\"oldest_s\":0,\"unconfirmed\":0,\"oldest_unconfirmed_s\":0,");
	add(s, 2, waiting);
	s->now.wall += 400000; /* the look at the task is overdue */
	has(s, "\"messages\":{\"accepted\":1,\"routed\":1}");
	sql(s, "UPDATE task SET due = since");
	has(s, "\"tasks_overdue\":1");
	sql(s, "UPDATE message SET state = 'attention', since = since - 7000 WHERE state = 'accepted'");
	sql(s, "INSERT INTO counter(kind, name, n) VALUES('message', 'attention', 1)");
	has(s, "\"attention\":1,");
	has(s, "\"attention_oldest_s\":407,");
	sql(s, "UPDATE message SET state = 'accepted', since = since + 7000 WHERE state = 'attention'"); /* as it was */
	sql(s, "DELETE FROM counter WHERE kind = 'message' AND name = 'attention'");
	sql(s, "UPDATE delivery SET due = 1 WHERE state = 'review'");
	has(s, "\"reviews\":1,\"reviews_overdue\":1,");
}

static void pull_that_nobody_confirms(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 }, refused = { 0 };
	char id[WG_ID_TEXT];
	struct wg_inbox_item item;
	uint8_t *bytes = NULL;
	size_t len = 0;
	struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
	memcpy(d.channel, "pull", 5);
	decided(s, 1, &d, 1, id);
	s->now.wall += 30000;
	has(s, "\"open\":1,\"oldest_s\":30,\"unconfirmed\":0");
	OK(wg_store_inbox_take(s->store, s->now, MEADOW, id, &item, &bytes, &len, &refused, &err));
	free(bytes);
	s->now.wall += 30000;
	has(s, "\"open\":0,\"oldest_s\":0,\"unconfirmed\":1,\"oldest_unconfirmed_s\":30");
}

/* ---- what is in the way */

static void fault_is(struct scene *s, int64_t fault_s, int64_t stalled_s, bool failed, const char *why)
{
	char text[256];
	(void)snprintf(text, sizeof text, "\"fault_s\":%lld,\"stalled_s\":%lld,\"failed\":%s,\"why\":\"%s\"}",
	               (long long)fault_s, (long long)stalled_s, failed ? "true" : "false", why); /* short */
	has(s, text);
}

/* From the start of the first try that came to nothing, over every further try, until it is there or given up. */
static void tried_in_vain(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	const struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
	struct wg_row *rows = NULL;
	unsigned count = 0;
	decided(s, 1, &d, 1, id);
	fault_is(s, 0, 0, false, "");
	struct wg_dlv_job job = take_delivery(s);
	s->now.wall += 40000; /* a server that does not answer */
	fault_is(s, 0, 40, false, "");
	(void)report(s, &job, WG_DLV_DEFERRED, 1000);
	fault_is(s, 40, 0, false, "said so");
	s->now.wall += 10000;
	s->now.steady += 10000;
	job = take_delivery(s);
	fault_is(s, 50, 0, false, "said so"); /* under way again, and not forgotten */
	s->now.wall += 5000;
	fault_is(s, 55, 5, false, "said so");
	(void)report(s, &job, WG_DLV_DEFERRED, 1000);
	OK(wg_store_list(s->store, "deliveries", "", "", 10, &rows, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(rows[0].fault, s->now.wall - 55000);
	free(rows);
	act(s, "hold", id, 1); /* a person has it in hand */
	fault_is(s, 0, 0, false, "");
	act(s, "release", id, 1);
	fault_is(s, 0, 0, false, ""); /* until it is tried once more */
	s->now.wall += 10000;
	s->now.steady += 10000;
	job = take_delivery(s);
	(void)report(s, &job, WG_DLV_FAILED, 0);
	fault_is(s, 0, 0, true, "said so");
	s->now.wall += 10000;
	act(s, "retry", id, 1); /* not over yet */
	fault_is(s, 10, 0, false, "retry: a test");
	job = take_delivery(s);
	(void)report(s, &job, WG_DLV_HANDED_OVER, 0);
	fault_is(s, 0, 0, false, "");
}

/* What a mail server wrote may name whom it could not reach: an alert, which the log keeps, does not. */
static void words_of_a_bounce(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	struct wg_receipt_result result;
	const struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
	decided(s, 1, &d, 1, id);
	struct wg_dlv_job job = take_delivery(s);
	(void)report(s, &job, WG_DLV_HANDED_OVER, 0);
	struct wg_receipt_new r = receipt_for(id, WG_RECEIPT_FAILED);
	(void)snprintf(r.detail, sizeof r.detail, "the mailbox of Robin Specimen is full");
	assert_int_equal(give(s, &r, &result), WG_OK);
	assert_string_equal(delivery_of(s, id).reason, r.detail); /* it stands there for who looks, until it is purged */
	fault_is(s, 0, 0, true, "it came back after it had been handed over");
}

/* Another copy got through in the meantime: slow is not stalled. Cancelled is dealt with. */
static void slow_and_cancelled(void **state)
{
	struct scene *s = *state;
	char id[2][WG_ID_TEXT];
	struct wg_dlv_job *jobs = NULL;
	const struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
	decided(s, 1, &d, 1, id[0]);
	decided(s, 2, &d, 1, id[1]);
	assert_int_equal(take_deliveries(s, "", 10, 10, &jobs), 2);
	s->now.wall += 30000;
	(void)report(s, &jobs[0], WG_DLV_HANDED_OVER, 0);
	s->now.wall += 7000;
	fault_is(s, 0, 7, false, "");
	(void)report(s, &jobs[1], WG_DLV_FAILED, 0);
	wg_dlv_jobs_free(jobs, 2);
	fault_is(s, 0, 0, true, "said so");
	act(s, "cancel", id[1], 1);
	fault_is(s, 0, 0, false, "");
}

static void ways_in(void **state)
{
	static const char all[] = "a at b\nc at d:1";
	struct scene *s = *state;
	struct wg_err err = { 0 };
	has(s, "\"troubles\":[]");
	OK(wg_store_trouble(s->store, s->now, all, "a at b", "no STARTTLS\nat all", 40, &err));
	OK(wg_store_trouble(s->store, s->now, all, "c at d:1", "", 0, &err));
	s->now.wall += 2000;
	OK(wg_store_trouble(s->store, s->now, all, "a at b", "expired", 0, &err)); /* since then, in its new words */
	has(s, "\"troubles\":[{\"name\":\"a at b\",\"words\":\"expired\",\"since_s\":42}]");
	OK(wg_store_trouble(s->store, s->now, all, "c at d:1", "gone", 0, &err));
	OK(wg_store_trouble(s->store, s->now, all, "a at b", "", 0, &err));
	has(s, "\"troubles\":[{\"name\":\"c at d:1\",\"words\":\"gone\",\"since_s\":0}]");
	OK(wg_store_trouble(s->store, s->now, "a at b", "a at b", "", 0, &err)); /* the other is no way in any more */
	has(s, "\"troubles\":[]");
	FAILS(WG_REJECT, wg_store_trouble(s->store, s->now, all, "at b", "x", 0, &err));
	FAILS(WG_REJECT, wg_store_trouble(s->store, s->now, all, "", "x", 0, &err));
	FAILS(WG_REJECT, wg_store_trouble(s->store, s->now, all, all, "x", 0, &err));
}

/* ---- what it costs */

static int steps;

static int step(void *arg)
{
	(void)arg;
	steps++;
	return 0;
}

/* Hundreds of instructions of SQLite's machine, for a question. */
static int cost_of(struct scene *s, int what)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 20);
	struct wg_err err = { 0 };
	steps = 0;
	sqlite3_progress_handler(wg_sqlite_of(s->store)->db, 100, step, NULL);
	if (what == 0)
		OK(wg_store_metrics(s->store, s->now, true, "", "ok", s->now.wall, &out, &err));
	else if (what == 1)
		OK(wg_store_health(s->store, s->now, true, "", "ok", &out, &err));
	else
		OK(wg_store_silence(s->store, s->now, &out, &err));
	sqlite3_progress_handler(wg_sqlite_of(s->store)->db, 0, NULL, NULL);
	return steps;
}

/* Ten times as many rows that are at their end cost no more. */
static void the_same_however_many(void **state)
{
	if (of_sqlite_only())
		return;
	static const char more[] =
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO message(id,"
		" organisation, content_hash, content_type, way, accepted_at, state, since, original, turn) SELECT '%d-' || i,"
		" 'oatshire-police', '%d-' || i, 'x', 'https', 1600000000000 + i, 'routed', 1, (SELECT min(id) FROM blob), i"
		" FROM n; INSERT INTO delivery(id, message, recipient, organisation, desk, role, channel, state, since, epoch,"
		" deadline, handed_at) SELECT id, seq, 'meadowton/duty', 'meadowton', 'duty', 'r', 'mail', 'acknowledged', 1,"
		" 'e1', 1, accepted_at FROM message WHERE id LIKE '%d-%%';";
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT], text[1024];
	int before[3];
	const struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
	decided(s, 1, &d, 1, id);
	mark(s);
	(void)snprintf(text, sizeof text, more, 1000, 1, 1, 1); /* it fits */
	sql(s, text);
	for (int i = 0; i < 3; i++)
		before[i] = cost_of(s, i);
	(void)snprintf(text, sizeof text, more, 20000, 2, 2, 2); /* it fits */
	sql(s, text);
	for (int i = 0; i < 3; i++)
		if (cost_of(s, i) > 2 * before[i] + 10)
			fail_msg("question %d: %d at 1,000 rows, %d at 21,000", i, before[i], cost_of(s, i));
	assert_int_equal(number(s, "SELECT count(*) FROM delivery WHERE state = 'acknowledged'"), 21000);
	OK(wg_store_undo(s->store, &err));
}

/* ---- alerts */

static unsigned watch(struct scene *s, const struct wg_alert *now, unsigned count, struct wg_alert **out)
{
	struct wg_err err = { 0 };
	unsigned changed = 0;
	OK(wg_store_alerts(s->store, s->now, now, count, out, &changed, &err));
	return changed;
}

static void once_each(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_alert *out = NULL;
	struct wg_alert now[2] = { { .key = "disk", .words = "nearly full" }, { .key = "clock", .words = "set back" } };
	const int64_t start = s->now.wall;
	assert_int_equal(watch(s, now, 1, &out), 1);
	assert_true(!out[0].cleared && out[0].since == start);
	assert_string_equal(out[0].words, "nearly full");
	free(out);
	s->now.wall += 1000;
	memcpy(now[0].words, "very nearly full", 17);
	assert_int_equal(watch(s, now, 2, &out), 1); /* the other; this one goes on */
	assert_string_equal(out[0].key, "clock");
	free(out);
	has(s,
	    "\"alerts\":[{\"key\":\"clock\",\"words\":\"set back\",\"since\":\"2023-11-14T22:13:21Z\"},{\"key\":\"disk\","
	    "\"words\":\"very nearly full\",\"since\":\"2023-11-14T22:13:20Z\"}]");
	assert_int_equal(watch(s, now, 2, &out), 0);
	free(out);
	assert_int_equal(watch(s, now + 1, 1, &out), 1);
	assert_true(out[0].cleared && out[0].since == start);
	assert_string_equal(out[0].key, "disk");
	free(out);
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'alert' AND actor = 'monitor'"), 2);
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'alert-cleared'"), 1);
	struct wg_task *tasks = NULL;
	unsigned count = 0;
	OK(wg_store_tasks(s->store, s->now, 10, &tasks, &count, &err));
	assert_int_equal(count, 3);
	assert_int_equal(tasks[0].kind, WG_TASK_ALERT);
	assert_string_equal(tasks[0].alert, "disk");
	assert_string_equal(tasks[0].detail, "nearly full");
	assert_true(!tasks[0].cleared && tasks[2].cleared);
	for (unsigned i = 0; i < count; i++) {
		const struct wg_task_done done = { .id = tasks[i].id, .token = tasks[i].token };
		OK(wg_store_task_done(s->store, s->now, &done, &err));
	}
	free(tasks);
	assert_int_equal(number(s, "SELECT count(*) FROM task"), 0);
	now[0] = now[1]; /* twice the same */
	FAILS(WG_REJECT, wg_store_alerts(s->store, s->now, now, 2, &out, &count, &err));
	memcpy(now[0].key, "two\nlines", 10);
	FAILS(WG_REJECT, wg_store_alerts(s->store, s->now, now, 1, &out, &count, &err));
}

/* A later step takes the place of the one before: it is told, and nothing is called over until it is. */
static void one_level(void **state)
{
	struct scene *s = *state;
	struct wg_alert *out = NULL;
	struct wg_alert now[2] = { { .key = "certificate-60 a", .words = "60" },
		                       { .key = "certificate-60 b", .words = "60" } };
	assert_int_equal(watch(s, now, 2, &out), 2);
	free(out);
	(void)snprintf(now[0].key, sizeof now[0].key, "certificate-7 a");
	assert_int_equal(watch(s, now, 2, &out), 1);
	assert_string_equal(out[0].key, "certificate-7 a");
	assert_false(out[0].cleared);
	free(out);
	has(s, "\"alerts\":[{\"key\":\"certificate-60 b\",");
	assert_int_equal(number(s, "SELECT count(*) FROM alert"), 2);
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'alert-cleared'"), 0);
	assert_int_equal(watch(s, now, 2, &out), 0);
	free(out);
	/* renewed: over, once; the other is no level of it */
	assert_int_equal(watch(s, now + 1, 1, &out), 1);
	assert_string_equal(out[0].key, "certificate-7 a");
	assert_true(out[0].cleared);
	free(out);
	/* what only looks alike is replaced by nothing */
	static const char *const alike[] = { "certificate b", "certificate-x b", "certificate- b", "cert-7 b" };
	for (size_t i = 0; i < WG_COUNT(alike); i++) {
		struct wg_alert other = { .words = "w" };
		(void)snprintf(other.key, sizeof other.key, "%s", alike[i]);
		assert_int_equal(watch(s, &now[1], 1, &out), i > 0 ? 2 : 0);
		free(out);
		assert_int_equal(watch(s, &other, 1, &out), 2);
		free(out);
	}
}

/* ---- silence */

#define HOUR 3600000LL

static const char *silence(struct scene *s)
{
	static char text[16384];
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 20);
	struct wg_err err = { 0 };
	OK(wg_store_silence(s->store, s->now, &out, &err));
	assert_true(out.len < sizeof text);
	memcpy(text, wg_buf_text(&out), out.len + 1);
	return text;
}

/* Messages at these hours from now on; what is said `ahead` hours after the last. */
static void who_is_missed(void **state)
{
	static const struct {
		const char *hours; /* of events, separated by blanks */
		int ahead;
		int64_t usual_s;
		bool silent;
	} rows[] = {
		{ "0 1 2 3", 1000, 0, false },   /* too few to say */
		{ "0 2 4 6 8", 4, 7200, false }, /* twice as long as usual, and no longer */
		{ "0 2 4 6 8", 5, 7200, true },
		{ "0 2 4 6 106", 4, 7200, false }, /* the longest gap counts for nothing: a holiday */
		{ "0 2 4 6 106", 5, 7200, true },
		{ "0 2 4 104 204", 200, 360000, false }, /* two of them are usual */
		{ "0 0 0 0 0", 2, 3600, false },         /* nobody is missed within the hour */
		{ "0 0 0 0 0", 3, 3600, true },
		{ "0 2400 2402 2404 2406", 5, 0, false }, /* the first is older than 90 days */
		{ "0 2400 2402 2404 2406 2408", 5, 7200, true },
	};
	struct scene *s = *state;
	const struct wg_now start = s->now;
	for (size_t i = 0; i < WG_COUNT(rows); i++)
		for (int to = 0; to < 2; to++) { /* from a sender; to a recipient */
			struct wg_err err = { 0 };
			unsigned n = 0;
			char want[256];
			int64_t last = 0;
			mark(s);
			for (const char *p = rows[i].hours; *p != '\0'; p += strspn(p, " ")) {
				uint64_t hour = 0;
				char digits[8];
				size_t len = strcspn(p, " ");
				(void)snprintf(digits, sizeof digits, "%.*s", (int)len, p); /* short */
				assert_true(wg_num_parse(digits, 0, 9999, &hour));
				p += len;
				last = (int64_t)hour * HOUR;
				s->now.wall = start.wall + last;
				char id[WG_ID_TEXT];
				if (to == 0) {
					add(s, ++n, id);
				} else {
					const struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
					decided(s, ++n, &d, 1, id);
					struct wg_dlv_job job = take_delivery(s);
					(void)report(s, &job, WG_DLV_HANDED_OVER, 0);
				}
			}
			s->now.wall += rows[i].ahead * HOUR;
			(void)snprintf(want, sizeof want, "\"direction\":\"%s\",\"last\":", to == 0 ? "from" : "to"); /* short */
			const char *text = silence(s), *at = strstr(text, want);
			assert_non_null(at);
			(void)snprintf(want, sizeof want, "\"gap_s\":%d,\"usual_s\":%d,\"silent\":%s}", rows[i].ahead * 3600,
			               (int)rows[i].usual_s, rows[i].silent ? "true" : "false"); /* short */
			if (strstr(at, want) == NULL)
				fail_msg("row %zu: %s in %s", i, want, text);
			OK(wg_store_undo(s->store, &err));
			s->now = start;
		}
}

/* A receipt is a word from the recipient; our own notices are no word from anybody. */
static void what_is_heard(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	struct wg_receipt_result result;
	struct wg_msg_receipt receipt;
	struct wg_msg_new own = rig_message(9);
	const struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
	memcpy(own.way, "self", 5);
	memcpy(own.organisation, "oatshire", 9);
	OK(wg_store_add(s->store, s->now, &own, &receipt, &err));
	struct wg_msg_job job_own = take_message(s);
	struct wg_msg_done done = rig_done(job_own.id, job_own.token, NULL, 0);
	struct wg_msg_done_result r2;
	OK(wg_store_done(s->store, s->now, &done, &r2, &err));
	assert_null(strstr(silence(s), "oatshire\""));
	decided(s, 1, &d, 1, id);
	struct wg_dlv_job job = take_delivery(s);
	(void)report(s, &job, WG_DLV_HANDED_OVER, 0);
	s->now.wall += 5 * HOUR;
	const struct wg_receipt_new r = receipt_for(id, WG_RECEIPT_RECEIVED);
	assert_int_equal(give(s, &r, &result), WG_OK);
	s->now.wall += HOUR;
	assert_non_null(
		strstr(silence(s), "\"desk\":\"duty\",\"direction\":\"to\",\"last\":\"2023-11-15T03:13:20Z\",\"gap_s\":3600,"));
}

/* ---- for people */

static void shown(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	struct wg_receipt_result result;
	const struct wg_dlv_new d = rig_delivery(MEADOW, "duty");
	decided(s, 1, &d, 1, id);
	struct wg_dlv_job job = take_delivery(s);
	(void)report(s, &job, WG_DLV_HANDED_OVER, 0);
	struct wg_receipt_new r = receipt_for(id, WG_RECEIPT_ACKNOWLEDGED);
	memcpy(r.detail, "on \"it\"", 8);
	r.said_at = 1700000000000;
	assert_int_equal(give(s, &r, &result), WG_OK);
	for (int i = 0; i < 2; i++) {
		WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 16);
		OK(wg_store_receipts(s->store, i == 0 ? id : job.message, &out, &err));
		assert_non_null(strstr(wg_buf_text(&out),
		                       "\"level\":\"acknowledged\",\"way\":\"https\",\"organisation\":\"meadowton\","
		                       "\"person\":\"Sam Duty\""));
		assert_non_null(strstr(wg_buf_text(&out),
		                       "\"detail\":\"on \\\"it\\\"\",\"at\":\"2023-11-14T22:13:20Z\",\"said_at\":"
		                       "\"2023-11-14T22:13:20Z\",\"moved\":true}"));
	}
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 16);
	FAILS(WG_NOT_FOUND, wg_store_receipts(s->store, "0123456789abcdefghjkmnpqrs", &out, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_they_say, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pull_that_nobody_confirms, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tried_in_vain, set_up, tear_down),
		cmocka_unit_test_setup_teardown(words_of_a_bounce, set_up, tear_down),
		cmocka_unit_test_setup_teardown(slow_and_cancelled, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ways_in, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_same_however_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(once_each, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_level, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_missed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_heard, set_up, tear_down),
		cmocka_unit_test_setup_teardown(shown, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
