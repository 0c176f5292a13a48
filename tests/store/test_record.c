/* Records of consent: kept once, with the child that the message got; what was decided under the old ones is not sent
 * any more from that transaction on, and is decided again. And: no record, no send. */
#include "sharing.h"

#define OPENS WG_RELATION_OPENS

static uint64_t child_of(struct scene *s, const char *id)
{
	struct wg_err err = { 0 };
	struct wg_msg_rec rec;
	OK(wg_message_by_id(s->store, id, &rec, &err));
	return (uint64_t)rec.child;
}

static unsigned record(struct scene *s, uint64_t child, const struct wg_record_new *r)
{
	struct wg_err err = { 0 };
	unsigned pulled = 99;
	OK(wg_store_record(s->store, s->now, child, r, "robin", "the child said so", &pulled, &err));
	return pulled;
}

static unsigned records_of(struct scene *s, uint64_t child, char ids[][WG_ID_TEXT], unsigned max)
{
	struct wg_err err = { 0 };
	struct wg_record *records = NULL;
	unsigned count = 0;
	OK(wg_store_records(s->store, s->now, child, "robin", &records, &count, &err));
	for (unsigned i = 0; i < count && i < max; i++)
		memcpy(ids[i], records[i].id, WG_ID_TEXT);
	wg_records_free(records, count);
	return count;
}

static void withdrawal_stops_what_waits(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char a[WG_ID_TEXT], b[WG_ID_TEXT], sent[WG_ID_TEXT];
	struct wg_dlv_new d[] = { to_desk("front-door", "placing", WG_DLV_SEALED), to_desk("duty", "host", WG_DLV_SEALED) };
	const struct notice tess = { .relation = OPENS, .nhs = "tess", .deliveries = d, .delivery_count = 2 };
	const struct notice kit = { .relation = OPENS, .nhs = "kit", .deliveries = d, .delivery_count = 1 };
	const struct notice gone = { .relation = OPENS, .nhs = "tess" };
	send_notice(s, 1, &tess, a);
	struct wg_dlv_job job = take_delivery(s);
	assert_int_equal(report(s, &job, WG_DLV_DEFERRED, 1000), 0); /* waits for its next try */
	send_notice(s, 2, &kit, b);
	send_notice(s, 3, &gone, sent);
	assert_int_equal(deliveries_due(s), 2);
	const struct wg_record_new r = new_record("withdrawn");
	assert_int_equal(record(s, child_of(s, a), &r), 1);
	assert_int_equal(state_of(s, a), WG_MSG_NORMALISED);
	assert_int_equal(state_of(s, b), WG_MSG_ROUTED);
	assert_int_equal(state_of(s, sent), WG_MSG_ROUTED); /* has nothing to send */
	s->now.wall += 5000;
	assert_int_equal(deliveries_due(s), 1); /* the other child's */
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'normalised' AND detail = 'consent changed'"),
	                 1);
	/* the same record again changes nothing */
	assert_int_equal(record(s, child_of(s, a), &r), 0);
	/* decided again under it, it goes */
	struct wg_msg_job again = take_message(s);
	assert_string_equal(again.id, a);
	assert_true(again.again);
	assert_int_equal(complete_notice(s, &again, &tess).state, WG_MSG_ROUTED);
	assert_int_equal(deliveries_due(s), 3);
	struct wg_context x = context_of(s, a, &tess);
	assert_int_equal(x.record_count, 1);
	assert_string_equal(x.records[0].id, r.id);
	assert_int_equal(x.records[0].at, 1700000000000);
	assert_memory_equal(x.records[0].blob, "withdrawn", 9);
	wg_context_free(&x);
	FAILS(WG_NOT_FOUND, wg_store_record(s->store, s->now, 77, &r, "robin", "why", &(unsigned){ 0 }, &err));
	FAILS(WG_REJECT, wg_store_record(s->store, s->now, 1, &r, "", "why", &(unsigned){ 0 }, &err));
}

/* It was being sent when the child withdrew: what was sent was sent; what comes back is decided again. */
static void withdrawn_while_it_is_sent(void **state)
{
	struct scene *s = *state;
	char a[WG_ID_TEXT];
	struct wg_dlv_new d = to_desk("front-door", "placing", WG_DLV_SEALED);
	const struct notice tess = { .relation = OPENS, .nhs = "tess", .deliveries = &d, .delivery_count = 1 };
	send_notice(s, 1, &tess, a);
	struct wg_dlv_job job = take_delivery(s);
	const struct wg_record_new r = new_record("withdrawn");
	assert_int_equal(record(s, child_of(s, a), &r), 0);
	assert_int_equal(state_of(s, a), WG_MSG_ROUTED);
	assert_int_equal(report(s, &job, WG_DLV_DEFERRED, 0), 0);
	assert_int_equal(state_of(s, a), WG_MSG_NORMALISED);
	assert_int_equal(deliveries_due(s), 0);
	(void)decide_notice(s, a, &tess);
	assert_int_equal(deliveries_due(s), 1);
	/* and one that had failed, when a person tries again */
	job = take_delivery(s);
	const struct wg_record_new more = new_record("given");
	assert_int_equal(record(s, child_of(s, a), &more), 0);
	assert_int_equal(report(s, &job, WG_DLV_FAILED, 0), 0);
	act(s, "retry", job.id, 1);
	assert_int_equal(state_of(s, a), WG_MSG_NORMALISED);
	assert_int_equal(deliveries_due(s), 0);
	(void)decide_notice(s, a, &tess);
}

/* The process role had asked before the child answered: what it decided is not sent, and it decides once more. */
static void withdrawn_while_it_is_decided(void **state)
{
	struct scene *s = *state;
	char first[WG_ID_TEXT], a[WG_ID_TEXT], b[WG_ID_TEXT];
	struct wg_dlv_new d = to_desk("front-door", "placing", WG_DLV_SEALED);
	const struct notice tess = { .relation = OPENS, .nhs = "tess", .deliveries = &d, .delivery_count = 1 };
	const struct notice kit = { .relation = OPENS, .nhs = "kit", .deliveries = &d, .delivery_count = 1 };
	const struct notice known = { .relation = OPENS, .nhs = "tess" };
	send_notice(s, 1, &known, first);
	accept_notice(s, 2, &tess, a);
	struct wg_msg_job job = take_message(s);
	expect_context(s, a, &tess, "child live told: ");
	const struct wg_record_new r = new_record("withdrawn");
	assert_int_equal(record(s, child_of(s, first), &r), 0);
	assert_int_equal(complete_notice(s, &job, &tess).state, WG_MSG_NORMALISED);
	assert_int_equal(deliveries_due(s), 0);
	assert_int_equal(decide_notice(s, a, &tess).state, WG_MSG_ROUTED); /* once, and no more */
	assert_int_equal(messages_waiting(s), 0);
	assert_int_equal(deliveries_due(s), 1);
	/* asked afterwards, it was decided rightly the first time */
	accept_notice(s, 3, &tess, b);
	job = take_message(s);
	const struct wg_record_new more = new_record("given");
	(void)record(s, child_of(s, first), &more);
	expect_context(s, b, &tess, "child live told: ");
	assert_int_equal(complete_notice(s, &job, &tess).state, WG_MSG_ROUTED);
	(void)decide_notice(s, a, &tess);
	/* another child's answer is nothing to it */
	accept_notice(s, 4, &kit, b);
	job = take_message(s);
	const struct wg_record_new other = new_record("refused");
	(void)record(s, child_of(s, first), &other);
	struct wg_err err = { 0 };
	int64_t leased = 0, asked = 0; /* and asking writes nothing: the answer need not wait for a disk */
	static const char seen[] = "SELECT lease_records FROM message WHERE lease_owner <> 0";
	OK(wg_query_number(s->store, seen, NULL, 0, &leased, &err));
	expect_context(s, b, &kit, "told: ");
	OK(wg_query_number(s->store, seen, NULL, 0, &asked, &err));
	assert_int_equal(asked, leased);
	assert_int_equal(complete_notice(s, &job, &kit).state, WG_MSG_ROUTED);
}

static void records_come_with_notices(void **state)
{
	struct scene *s = *state;
	char first[WG_ID_TEXT], a[WG_ID_TEXT], ids[4][WG_ID_TEXT];
	struct wg_dlv_new d = to_desk("front-door", "placing", WG_DLV_SEALED);
	const struct wg_record_new r[] = { new_record("given"), new_record("refused") };
	const struct notice plain = { .relation = OPENS, .nhs = "tess", .deliveries = &d, .delivery_count = 1 };
	struct notice brings = plain;
	brings.consents = r;
	brings.consent_count = 2;
	send_notice(s, 1, &plain, first);
	send_notice(s, 2, &brings, a);
	assert_int_equal(state_of(s, first), WG_MSG_NORMALISED); /* the other one is decided again */
	assert_int_equal(state_of(s, a), WG_MSG_ROUTED);         /* it was decided with what it brought */
	assert_int_equal(records_of(s, child_of(s, a), ids, 4), 2);
	assert_string_equal(ids[0], r[0].id);
	assert_string_equal(ids[1], r[1].id);
	(void)decide_notice(s, first, &plain);
	/* decided again itself, it brings the same, and nobody bounces */
	struct wg_err err = { 0 };
	OK(wg_message_again(s->store, s->now, 2, "a test", &err));
	assert_int_equal(decide_notice(s, a, &brings).state, WG_MSG_ROUTED);
	assert_int_equal(messages_waiting(s), 0);
	assert_int_equal(records_of(s, child_of(s, a), ids, 4), 2);
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'record'"), 2);
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'records'"), 2); /* who read them */
}

/* A message about nobody leaves none; in doubt none either, until a person has said whose they are. */
static void records_of_nobody(void **state)
{
	struct scene *s = *state;
	char a[WG_ID_TEXT], b[WG_ID_TEXT], c[WG_ID_TEXT], ids[4][WG_ID_TEXT];
	const struct wg_record_new r = new_record("given");
	const struct notice tess = { .relation = OPENS, .nhs = "tess" }, kit = { .relation = OPENS, .nhs = "kit" };
	struct notice n = { .relation = OPENS, .consents = &r, .consent_count = 1 };
	struct wg_err err = { 0 };
	send_notice(s, 1, &tess, a);
	send_notice(s, 2, &kit, b);
	send_notice(s, 3, &n, c);
	assert_int_equal(number(s, "SELECT count(*) FROM record"), 0);
	n.choice = WG_CHILD_SAME;
	n.child_as = a;
	OK(wg_message_again(s->store, s->now, 3, "a test", &err));
	(void)decide_notice(s, c, &n);
	assert_int_equal(records_of(s, child_of(s, a), ids, 4), 1);
	/* a person says otherwise: they go where the message goes, and both children's messages are looked at again */
	n.child_as = b;
	OK(wg_message_again(s->store, s->now, 3, "a test", &err));
	(void)decide_notice(s, c, &n);
	assert_int_equal(records_of(s, child_of(s, a), ids, 4), 0);
	assert_int_equal(records_of(s, child_of(s, b), ids, 4), 1);
	assert_int_equal(messages_waiting(s), 0); /* neither has anything unsent */
	assert_int_equal(number(s, "SELECT count(*) FROM log WHERE event = 'records-moved'"), 1);
}

static void moved_records_are_felt_on_both_sides(void **state)
{
	struct scene *s = *state;
	char a[WG_ID_TEXT], b[WG_ID_TEXT], c[WG_ID_TEXT];
	const struct wg_record_new r = new_record("given");
	struct wg_dlv_new d = to_desk("front-door", "placing", WG_DLV_SEALED);
	const struct notice tess = { .relation = OPENS, .nhs = "tess", .deliveries = &d, .delivery_count = 1 };
	const struct notice kit = { .relation = OPENS, .nhs = "kit", .deliveries = &d, .delivery_count = 1 };
	struct notice n = { .relation = OPENS, .nhs = "tess", .consents = &r, .consent_count = 1 };
	struct wg_err err = { 0 };
	send_notice(s, 1, &n, c);
	send_notice(s, 2, &tess, a);
	send_notice(s, 3, &kit, b);
	n.choice = WG_CHILD_SAME;
	n.child_as = b;
	OK(wg_message_again(s->store, s->now, 1, "a test", &err));
	assert_int_equal(decide_notice(s, c, &n).state, WG_MSG_ROUTED);
	assert_int_equal(state_of(s, a), WG_MSG_NORMALISED); /* decided with an answer that was another child's */
	assert_int_equal(state_of(s, b), WG_MSG_NORMALISED);
	assert_int_equal(deliveries_due(s), 0);
	(void)decide_notice(s, a, &tess);
	(void)decide_notice(s, b, &kit);
	assert_int_equal(deliveries_due(s), 2);
}

static void as_many_as_there_may_be(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char a[WG_ID_TEXT], b[WG_ID_TEXT];
	const struct wg_record_new r = new_record("one more");
	const struct notice tess = { .relation = OPENS, .nhs = "tess" };
	const struct notice brings = { .relation = OPENS, .nhs = "tess", .consents = &r, .consent_count = 1 };
	struct wg_record_new bad = r;
	send_notice(s, 1, &tess, a);
	for (unsigned i = 0; i < WG_STORE_RECORDS_MAX; i++) {
		const struct wg_record_new one = new_record("an answer");
		(void)record(s, child_of(s, a), &one);
	}
	FAILS(WG_LIMIT, wg_store_record(s->store, s->now, 1, &r, "robin", "why", &(unsigned){ 0 }, &err));
	accept_notice(s, 2, &brings, b);
	struct wg_msg_done_result result = decide_notice(s, b, &brings); /* a person is told; nothing is lost in silence */
	assert_int_equal(result.state, WG_MSG_ATTENTION);
	assert_non_null(strstr(result.reason, "not all answers about sharing were kept"));
	bad.blob_len = 0;
	FAILS(WG_REJECT, wg_store_record(s->store, s->now, 1, &bad, "robin", "why", &(unsigned){ 0 }, &err));
	bad.blob_len = WG_STORE_RECORD_MAX + 1;
	FAILS(WG_LIMIT, wg_store_record(s->store, s->now, 1, &bad, "robin", "why", &(unsigned){ 0 }, &err));
	bad = r;
	bad.id[0] = '\0';
	FAILS(WG_REJECT, wg_store_record(s->store, s->now, 1, &bad, "robin", "why", &(unsigned){ 0 }, &err));
}

#define PG_FAULT \
	"CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a fault'; END $$;"
/* The disclosure record cannot be written: the whole decision is undone, and nothing leaves. */
static void no_record_no_send(void **state)
{
	static const char *const pg_faults[] = {
		PG_FAULT "CREATE TRIGGER fault BEFORE INSERT ON disclosure FOR EACH ROW EXECUTE FUNCTION fault()",
		PG_FAULT "CREATE TRIGGER fault BEFORE INSERT ON log FOR EACH ROW WHEN (new.event = 'sealed')"
				 " EXECUTE FUNCTION fault()",
	};
	static const char *const faults[] = {
		"CREATE TEMP TRIGGER fault BEFORE INSERT ON disclosure BEGIN SELECT RAISE(ABORT, 'a fault'); END",
		"CREATE TEMP TRIGGER fault BEFORE INSERT ON main.log WHEN new.event = 'sealed' BEGIN SELECT RAISE(ABORT, 'a "
		"fault'); END",
	};
	struct scene *s = *state;
	struct wg_err err = { 0 };
	for (unsigned i = 0; i < WG_COUNT(faults); i++) {
		char id[WG_ID_TEXT], key[16];
		struct wg_dlv_new d[] = { to_desk("front-door", "placing", WG_DLV_SEALED),
			                      to_desk("duty", "host", WG_DLV_SEALED) };
		struct wg_msg_done_result result;
		(void)snprintf(key, sizeof key, "child %u", i); /* short */
		const struct notice n = { .relation = OPENS, .nhs = key, .deliveries = d, .delivery_count = 2 };
		accept_notice(s, i, &n, id);
		struct wg_msg_job job = take_message(s);
		OK(wg_db_exec(s->store, EITHER(faults, pg_faults)[i], &err));
		mark(s);
		struct wg_msg_done done = rig_done(job.id, job.token, d, 2);
		enum wg_code code = wg_store_done(s->store, s->now, &done, &result, &err);
		if (code == WG_OK) /* a driver may tell at the end of the request */
			code = wg_store_keep(s->store, &err);
		assert_int_equal(code, WG_REJECT);
		if (i == 0 &&
		    pg_socket() ==
		        NULL) /* a delivery without its record is not even leased before it is undone, which the server does */
			assert_int_equal(deliveries_due(s), 0);
		OK(wg_store_undo(s->store, &err));
		assert_int_equal(deliveries_due(s), 0);
		assert_int_equal(number(s, "SELECT count(*) FROM delivery"), 2 * i);
		assert_int_equal(state_of(s, id), WG_MSG_ACCEPTED);
		OK(wg_db_exec(s->store, EITHER("DROP TRIGGER fault", "DROP FUNCTION fault CASCADE"),
		              &err)); /* and when it can be written, it goes */
		(void)complete_notice(s, &job, &n);
		assert_int_equal(deliveries_due(s), 2);
		struct wg_dlv_job *jobs = NULL;
		unsigned count = take_deliveries(s, "", 2, 2, &jobs);
		for (unsigned k = 0; k < count; k++)
			assert_int_equal(report(s, &jobs[k], WG_DLV_RECEIVED, 0), 0);
		wg_dlv_jobs_free(jobs, count);
	}
}

/* Over the socket, as the command line asks: how long a withdrawal takes with much of the child's unsent. */
static void how_long_a_withdrawal_takes(void **state)
{
	enum { MESSAGES = 100, DESKS = 8 };
	struct rig_server r;
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipt = { .id = "" };
	struct wg_dlv_new d[DESKS];
	unsigned count = 0, pulled = 0;
	uint64_t child = 0;
	struct wg_msg_done_result result;
	struct wg_match_key key = rig_key(WG_KEY_NHS, "tess");
	struct wg_record *records = NULL;
	struct wg_context x = { 0 };
	bool hit = false;
	(void)state;
	rig_start(&r);
	struct wg_client *intake = rig_client(&r, WG_ROLE_INTAKE), *process = rig_client(&r, WG_ROLE_PROCESS),
					 *deliver = rig_client(&r, WG_ROLE_DELIVER), *admin = rig_client(&r, WG_ROLE_ADMIN);
	for (unsigned i = 0; i < DESKS; i++) {
		char desk[16];
		(void)snprintf(desk, sizeof desk, "desk-%u", i); /* short */
		d[i] = to_desk(desk, "placing", WG_DLV_SEALED);
	}
	for (unsigned i = 0; i < MESSAGES; i++) {
		struct wg_msg_job *jobs = NULL;
		struct wg_msg_new m = rig_message(i);
		OK(wg_client_add(intake, &m, &receipt, &err));
		OK(wg_client_lease_messages(process, 1, 5000, &jobs, &count, &err));
		assert_int_equal(count, 1);
		struct wg_msg_done done = rig_done(jobs[0].id, jobs[0].token, d, DESKS);
		wg_msg_jobs_free(jobs, count);
		done.relation = WG_RELATION_NONE; /* of no episode: all of them may go at once */
		done.keys = &key;
		done.key_count = 1;
		OK(wg_client_done(process, &done, &result, &err));
	}
	OK(wg_client_child(admin, "", &key, 1, &child, &err));
	const struct wg_record_new withdrawn = new_record("withdrawn");
	int64_t from = micros();
	OK(wg_client_record(admin, child, &withdrawn, "robin", "the child said so", &pulled, &err));
	int64_t until = micros();
	struct wg_dlv_job *jobs = NULL;
	OK(wg_client_lease_deliveries(deliver, "", 100, 100, 0, &jobs, &count, &err));
	assert_int_equal(count, 0);
	wg_dlv_jobs_free(jobs, count);
	assert_int_equal(pulled, MESSAGES);
	print_message("a withdrawal that takes back %d deliveries of %d messages: %.1f ms\n", MESSAGES * DESKS, MESSAGES,
	              (double)(until - from) / 1000);
	OK(wg_client_record(admin, child, &withdrawn, "robin", "again", &pulled, &err));
	assert_int_equal(pulled, 0);
	OK(wg_client_records(admin, child, "robin", &records, &count, &err));
	assert_int_equal(count, 1);
	assert_memory_equal(records[0].blob, "withdrawn", 10); /* and its NUL */
	wg_records_free(records, count);
	OK(wg_client_context(process, receipt.id, WG_RELATION_OPENS, &key, 1, WG_CHILD_BY_KEYS, "", receipt.id, &x, &err));
	assert_true(x.child == child && x.record_count == 1 && x.told_count == 0 && !x.doubt && !x.live);
	assert_string_equal(x.records[0].id, withdrawn.id);
	wg_context_free(&x);
	OK(wg_client_strangers(process, 0, &key, 1, &hit, &err));
	assert_true(hit);
	OK(wg_client_strangers(process, child, &key, 1, &hit, &err));
	assert_false(hit);
	wg_client_freep(&intake);
	wg_client_freep(&process);
	wg_client_freep(&deliver);
	wg_client_freep(&admin);
	rig_end(&r);
	assert_int_equal(r.code, WG_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(withdrawal_stops_what_waits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(withdrawn_while_it_is_sent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(withdrawn_while_it_is_decided, set_up, tear_down),
		cmocka_unit_test_setup_teardown(records_come_with_notices, set_up, tear_down),
		cmocka_unit_test_setup_teardown(records_of_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(moved_records_are_felt_on_both_sides, set_up, tear_down),
		cmocka_unit_test_setup_teardown(as_many_as_there_may_be, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_record_no_send, set_up, tear_down),
		cmocka_unit_test(how_long_a_withdrawal_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
