/* Disclosure records, of which what they say alike is kept once: whatever happens to it, each is again what was given,
 * byte for byte, or is known not to be. */
#include "sharing.h"

#include "store/check.h"

#define REASON(category) \
	"{\"category\":\"" category "\",\"effect\":\"share\",\"rule\":\"england/frame\",\"source\":\"S-01, \xc2\xa7 4\"}"
#define RECORD(desk, reasons)                                                                \
	"{\"desk\":\"" desk "\",\"delay\":0,\"reasons\":[" reasons "],\"elements\":{\"given\":[" \
	"{\"place\":\"child/name/full\",\"count\":1}],\"withheld\":[]}}"
#define FIRST RECORD("front-door", REASON("identity") "," REASON("contact"))
#define SECOND RECORD("school", REASON("contact"))
#define OF_PASSAGES "SELECT count(*) FROM passage"

static struct wg_dlv_new with_record(const char *desk, const char *record)
{
	struct wg_dlv_new d = to_desk(desk, "placing", WG_DLV_SEALED);
	d.disclosure = record;
	return d;
}

static void send_records(struct scene *s, unsigned n, const struct wg_dlv_new *d, unsigned count, char id[WG_ID_TEXT])
{
	const struct notice notice = { .relation = WG_RELATION_WITHIN, .deliveries = d, .delivery_count = count };
	send_notice(s, n, &notice, id);
}

static void expect_record(struct scene *s, const char *message, const char *record)
{
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 20), want = WG_BUF(1 << 20), all = WG_BUF(1 << 20);
	wg_buf_printf(&want, "\"record\":%s", record);
	OK(wg_store_explain(s->store, message, &out, &err));
	if (strstr(wg_buf_text(&out), wg_buf_text(&want)) == NULL)
		fail_msg("%s\nis not in\n%s", wg_buf_text(&want), wg_buf_text(&out));
	OK(wg_store_register(s->store, s->now, 0, 0, INT64_MAX, "robin", &all, &err));
	assert_non_null(strstr(wg_buf_text(&all), wg_buf_text(&want)));
}

/* All that is held in memory is gone. */
static void open_again(struct scene *s)
{
	struct wg_err err = { 0 };
	OK(wg_store_commit(s->store, &err));
	wg_store_closep(&s->store);
	OK(wg_store_open(s->folder, &s->store, &err));
	OK(wg_store_begin(s->store, &err));
}

static void said_once(void **state)
{
	struct scene *s = *state;
	char a[WG_ID_TEXT], b[WG_ID_TEXT];
	const struct wg_dlv_new d[] = { with_record("front-door", FIRST), with_record("school", SECOND) };
	send_records(s, 1, d, 2, a);
	assert_int_equal(number(s, OF_PASSAGES), 3);
	assert_int_equal(number(s, "SELECT count(*) FROM disclosure WHERE packed = 1 AND length(record) < 100"), 2);
	expect_record(s, a, FIRST);
	expect_record(s, a, SECOND);
	open_again(s);
	send_records(s, 2, d, 2, b);
	assert_int_equal(number(s, OF_PASSAGES), 3);
	expect_record(s, a, FIRST);
	expect_record(s, b, SECOND);
	assert_int_equal(deliveries_due(s), 4);
}

/* Nothing of it would be shorter, or what is short could not be told from it. */
static void as_they_are(void **state)
{
	static const char *const records[] = {
		"{}",
		"[]",
		"{\"reasons\":[{\"a\":1}]}",
		"{\"reasons\":[{\"category\":\"identity\",\"rule\":\"a\"},1]}",
		"{\"delays\":[1,2,3]}",
		"{\"reasons\":[{\"category\":{\"name\":\"identity\",\"of\":[]}}]}",
	};
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	for (unsigned i = 0; i < WG_COUNT(records); i++) {
		const struct wg_dlv_new d = with_record("front-door", records[i]);
		send_records(s, i, &d, 1, id);
		expect_record(s, id, records[i]);
	}
	assert_int_equal(number(s, "SELECT count(*) FROM disclosure WHERE packed <> 0"), 0);
	open_again(s);
	expect_record(s, id, records[WG_COUNT(records) - 1]);
}

/* What an undone request has put is put again by the next that has it. */
static void undone(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	const struct wg_dlv_new d[] = { with_record("front-door", FIRST), with_record("school", SECOND) };
	send_records(s, 1, d + 1, 1, id);
	OK(wg_store_commit(s->store, &err));
	OK(wg_store_begin(s->store, &err));
	OK(wg_store_mark(s->store, &err));
	send_records(s, 2, d, 2, id);
	assert_int_equal(number(s, OF_PASSAGES), 3);
	OK(wg_store_undo(s->store, &err));
	assert_int_equal(number(s, OF_PASSAGES), 2);
	send_records(s, 3, d, 2, id);
	expect_record(s, id, FIRST);
	wg_store_rollback(s->store);
	OK(wg_store_begin(s->store, &err));
	assert_int_equal(number(s, OF_PASSAGES), 2);
	send_records(s, 4, d, 2, id);
	assert_int_equal(number(s, OF_PASSAGES), 3);
	open_again(s);
	expect_record(s, id, FIRST);
	assert_int_equal(deliveries_due(s), 3);
}

#define LONG 8000      /* bytes of a passage */
#define OF_A_RECORD 29 /* of them */
#define RECORDS 10     /* 2.3 MB */

static void write_long(unsigned n, struct wg_buf *out)
{
	wg_buf_reset(out);
	wg_buf_puts(out, "{\"reasons\":[");
	for (unsigned i = 0; i < OF_A_RECORD; i++)
		wg_buf_printf(out, "%s{\"category\":\"%0*u\"}", i > 0 ? "," : "", LONG, n * OF_A_RECORD + i);
	wg_buf_puts(out, "]}");
}

/* More than is kept in memory. */
static void very_much(void **state)
{
	struct scene *s = *state;
	char ids[2 * RECORDS][WG_ID_TEXT];
	WG_AUTO_BUF struct wg_buf record = WG_BUF(WG_STORE_DISCLOSURE_MAX);
	for (unsigned i = 0; i < 2 * RECORDS; i++) {
		write_long(i % RECORDS, &record);
		const struct wg_dlv_new d = with_record("front-door", wg_buf_text(&record));
		send_records(s, i, &d, 1, ids[i]);
	}
	assert_int_equal(number(s, OF_PASSAGES), RECORDS * OF_A_RECORD);
	for (unsigned i = 0; i < 2 * RECORDS; i++) {
		struct wg_err err = { 0 };
		WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 20);
		write_long(i % RECORDS, &record);
		OK(wg_store_explain(s->store, ids[i], &out, &err));
		assert_non_null(strstr(wg_buf_text(&out), wg_buf_text(&record)));
	}
}

static void may_not_change(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	const struct wg_dlv_new d = with_record("front-door", FIRST);
	static const char *const changes[] = { "DELETE FROM passage", "UPDATE passage SET words = ''" };
	send_records(s, 1, &d, 1, id);
	for (size_t i = 0; i < WG_COUNT(changes); i++) {
		OK(wg_store_mark(s->store, &err));
		assert_int_not_equal(wg_db_exec(s->store, changes[i], &err), WG_OK);
		OK(wg_store_undo(s->store, &err));
	}
	expect_record(s, id, FIRST);
}

static void note(void *arg, const char *words, const char *todo)
{
	assert_true(todo[0] != '\0');
	wg_buf_printf(arg, "%s\n", words);
}

static void check(struct scene *s, struct wg_buf *words)
{
	struct wg_err err = { 0 };
	struct wg_check check = { .blobs = true, .on = note, .arg = words };
	wg_buf_reset(words);
	OK(wg_store_check(s->store, &check, &err));
}

static void change(struct scene *s, const char *sql)
{
	struct wg_err err = { 0 };
	OK(wg_db_exec(s->store,
	              pg_socket() != NULL ? "ALTER TABLE passage DISABLE TRIGGER USER"
	                                  : "DROP TRIGGER IF EXISTS passage_kept; DROP TRIGGER IF EXISTS passage_fixed",
	              &err));
	OK(wg_db_exec(s->store, sql, &err));
}

/* One damaged row is in many records: what is unsent is decided again, its words are put once more, and from then on
 * the records of before are whole as well. */
static void damaged(void **state)
{
	struct scene *s = *state;
	char sent[WG_ID_TEXT], waiting[WG_ID_TEXT], other[WG_ID_TEXT];
	WG_AUTO_BUF struct wg_buf words = WG_BUF(1 << 20);
	const struct wg_dlv_new d[] = { with_record("front-door", FIRST), with_record("school", SECOND) };
	const struct notice notice = { .relation = WG_RELATION_WITHIN, .deliveries = d, .delivery_count = 1 };
	send_records(s, 1, d, 1, sent);
	struct wg_dlv_job job = take_delivery(s);
	assert_int_equal(report(s, &job, WG_DLV_RECEIVED, 0), 0);
	send_records(s, 2, d, 1, waiting);
	send_records(s, 3, d + 1, 1, other);
	check(s, &words);
	assert_string_equal(wg_buf_text(&words), "");

	change(s, "UPDATE passage SET words = replace(words, 'share', 'SHARE') WHERE words LIKE '%identity%'");
	open_again(s);
	check(s, &words);
	assert_non_null(strstr(wg_buf_text(&words), "the words of a passage of disclosure records are not those"));
	assert_non_null(strstr(wg_buf_text(&words), job.id)); /* its record is not the one that was logged */
	assert_int_equal(deliveries_due(s), 1);
	struct wg_dlv_job *jobs = NULL;
	const unsigned given = take_deliveries(s, "", 10, 10, &jobs);
	assert_int_equal(given, 1);
	wg_dlv_jobs_free(jobs, given);
	expect_delivery(s, waiting, "front-door", WG_DLV_DECIDED);
	(void)decide_notice(s, waiting, &notice);
	assert_int_equal(number(s, OF_PASSAGES), 4);
	open_again(s);
	assert_int_equal(deliveries_due(s), 1);
	expect_record(s, sent, FIRST);
	expect_record(s, waiting, FIRST);
	check(s, &words);
	assert_null(strstr(wg_buf_text(&words), job.id));
	change(s, "UPDATE passage SET words = replace(words, 'SHARE', 'share')"); /* for the look at the end */
}

/* The others are read all the same. */
static void gone(void **state)
{
	struct scene *s = *state;
	char a[WG_ID_TEXT], b[WG_ID_TEXT];
	WG_AUTO_BUF struct wg_buf words = WG_BUF(1 << 20);
	const struct wg_dlv_new d[] = { with_record("front-door", FIRST), with_record("school", SECOND) };
	send_records(s, 1, d, 1, a);
	send_records(s, 2, d + 1, 1, b);
	change(s, "UPDATE passage SET id = 999 WHERE words LIKE '%identity%'");
	open_again(s);
	expect_record(s, a, RECORD("front-door", "null," REASON("contact")));
	expect_record(s, b, SECOND);
	check(s, &words);
	assert_non_null(strstr(wg_buf_text(&words), "is not the one that was logged"));
	change(s, "UPDATE passage SET id = 1 WHERE id = 999");
	open_again(s);
	expect_record(s, a, FIRST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(said_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(as_they_are, set_up, tear_down),
		cmocka_unit_test_setup_teardown(undone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(very_much, set_up, tear_down),
		cmocka_unit_test_setup_teardown(may_not_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damaged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(gone, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
