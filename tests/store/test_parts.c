/* One message becomes many: once, however often it is tried; in its place in the order; and without keeping the others
 * waiting. */
#include "scene.h"

#define PARTS 12

/* Part n: "row n", its hash from rig_hash, so that equal rows are equal. */
struct rows {
	struct wg_part_new list[WG_LIMIT_DOCUMENTS + 1];
	char text[WG_LIMIT_DOCUMENTS + 1][16];
};

static void fill(struct rows *r, const unsigned *numbers, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct wg_part_new *p = &r->list[i];
		(void)snprintf(r->text[i], sizeof r->text[i], "row %u", numbers != NULL ? numbers[i] : i); /* short */
		*p = (struct wg_part_new){ .content_type = "text/csv", .blob = r->text[i], .blob_len = strlen(r->text[i]) };
		rig_hash(5000 + (numbers != NULL ? numbers[i] : i), p->content_hash);
	}
}

static struct wg_msg_done_result divide(struct scene *s, const char *id, enum wg_message_state as,
                                        const unsigned *numbers, unsigned count)
{
	struct wg_err err = { 0 };
	struct wg_msg_done_result result;
	struct rows *rows = calloc(1, sizeof *rows);
	assert_non_null(rows);
	fill(rows, numbers, count);
	struct wg_msg_job job = take_message(s);
	assert_string_equal(job.id, id);
	struct wg_msg_done done = rig_done(job.id, job.token, NULL, 0);
	done.state = as;
	done.parts = rows->list;
	done.part_count = count;
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
	free(rows);
	return result;
}

/* The states of the parts as the sender is told, and how many there are. */
static unsigned parts_of(struct scene *s, const char *id, const char *state)
{
	struct wg_err err = { 0 };
	struct wg_msg_status status;
	unsigned n = 0;
	OK(wg_store_status(s->store, id, "oatshire-police", &status, &err));
	for (const char *line = status.parts; *line != '\0'; line += strcspn(line, "\n") + 1) {
		assert_int_equal(strncmp(line + WG_ID_LEN + 1, state, strlen(state)), 0);
		n++;
	}
	free(status.deliveries);
	free(status.parts);
	return n;
}

static unsigned messages(struct scene *s, const char *state)
{
	struct wg_err err = { 0 };
	struct wg_row *rows = NULL;
	unsigned count = 0;
	OK(wg_store_list(s->store, "messages", state, "", WG_STORE_LIST_MAX, &rows, &count, &err));
	free(rows);
	return count;
}

static void each_a_message(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_row *rows = NULL;
	unsigned count = 0;
	char id[WG_ID_TEXT];
	add(s, 1, id);
	s->now.wall += 5000;
	struct wg_msg_done_result r = divide(s, id, WG_MSG_DIVIDED, NULL, PARTS);
	assert_int_equal(r.state, WG_MSG_DIVIDED);
	assert_string_equal(r.reason, "divided into 12 messages");
	assert_int_equal(parts_of(s, id, "accepted"), PARTS);
	OK(wg_store_list(s->store, "messages", "accepted", "", 100, &rows, &count, &err));
	assert_int_equal(count, PARTS);
	for (unsigned i = 0; i < count; i++) {
		assert_string_equal(rows[i].parent, id);
		assert_string_equal(rows[i].organisation, "oatshire-police");
		assert_string_equal(rows[i].way, "https");
		struct wg_msg_job job = take_message(s); /* in the order of the rows */
		assert_string_equal(job.id, rows[i].id);
		assert_string_equal(job.content_type, "text/csv");
		assert_int_equal(job.accepted_at, s->now.wall - 5000); /* when the table came */
	}
	free(rows);
	/* told from both sides */
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 16);
	OK(wg_store_related(s->store, id, &out, &err));
	assert_non_null(strstr(wg_buf_text(&out), "\"parts\":[{\"id\":\""));
}

/* A table that is sent every week with new rows: only those are new; equal rows of one table are one message. */
static void rows_that_came_before(void **state)
{
	static const unsigned first[] = { 1, 2, 3 }, second[] = { 1, 2, 3, 4, 5, 5 };
	struct scene *s = *state;
	char a[WG_ID_TEXT], b[WG_ID_TEXT];
	add(s, 1, a);
	(void)divide(s, a, WG_MSG_DIVIDED, first, WG_COUNT(first));
	assert_int_equal(messages(s, "accepted"), 3);
	for (int i = 0; i < 3; i++)
		(void)take_message(s);
	add(s, 2, b);
	struct wg_msg_done_result r = divide(s, b, WG_MSG_DIVIDED, second, WG_COUNT(second));
	assert_string_equal(r.reason, "divided into 6 messages; 4 of them were there before");
	assert_int_equal(parts_of(s, b, "accepted"), 6);
	assert_int_equal(messages(s, "accepted"), 5);
}

/* Something beside the table waits for a person: the rows are messages all the same, and stay the same when the table
 * is read anew. */
static void divided_twice(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	add(s, 1, id);
	struct wg_msg_done_result r = divide(s, id, WG_MSG_ATTENTION, NULL, PARTS);
	assert_int_equal(r.state, WG_MSG_ATTENTION);
	assert_int_equal(messages(s, "accepted"), PARTS);
	for (int i = 0; i < PARTS; i++)
		(void)take_message(s);
	act(s, "retry", id, 1);
	(void)divide(s, id, WG_MSG_DIVIDED, NULL, PARTS);
	assert_int_equal(messages(s, "accepted"), PARTS);
	assert_int_equal(parts_of(s, id, "accepted"), PARTS);
}

/* A failure in the middle leaves nothing of it. */
static void all_or_nothing(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_msg_done_result r;
	char id[WG_ID_TEXT];
	struct rows *rows = calloc(1, sizeof *rows);
	assert_non_null(rows);
	fill(rows, NULL, PARTS);
	rows->list[PARTS - 1].blob_len = 0; /* empty: no message */
	add(s, 1, id);
	struct wg_msg_job job = take_message(s);
	struct wg_msg_done done = rig_done(job.id, job.token, NULL, 0);
	done.state = WG_MSG_DIVIDED;
	done.parts = rows->list;
	done.part_count = PARTS;
	mark(s);
	FAILS(WG_REJECT, wg_store_done(s->store, s->now, &done, &r, &err));
	OK(wg_store_undo(s->store, &err));
	assert_int_equal(messages(s, "*"), 1);
	done.part_count = WG_LIMIT_DOCUMENTS + 1;
	FAILS(WG_LIMIT, wg_store_done(s->store, s->now, &done, &r, &err));
	free(rows);
}

/* What comes alone goes before the rows of a table, which still get on. */
static void rows_give_way(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0, singles = 0;
	char id[WG_ID_TEXT];
	add(s, 1, id);
	(void)divide(s, id, WG_MSG_DIVIDED, NULL, 40);
	for (unsigned i = 0; i < 40; i++)
		add(s, 100 + i, id);
	OK(wg_store_lease_messages(s->store, s->now, ME, 16, &jobs, &count, &err));
	assert_int_equal(count, 16);
	for (unsigned i = 0; i < count; i++)
		singles += strcmp(jobs[i].content_type, "text/csv") != 0;
	assert_int_equal(singles, 12);
	wg_msg_jobs_free(jobs, count);
	OK(wg_store_lease_messages(s->store, s->now, ME, 1, &jobs, &count, &err));
	assert_string_equal(jobs[0].content_type, "application/xml");
	wg_msg_jobs_free(jobs, count);
}

/* The table says missing, a message that came after it says found: found waits for the rows, and for the missing
 * report of its child among them, though it was processed first. */
static void found_never_overtakes_a_row(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_dlv_new d = rig_delivery("meadowton", "front-door");
	struct wg_match_key key = rig_key(WG_KEY_NAME_BIRTH, "tess-example|0103");
	struct wg_msg_done_result r;
	char table[WG_ID_TEXT], found[WG_ID_TEXT];
	add(s, 1, table);
	add(s, 2, found);
	static const unsigned rows[] = { 1, 2 };
	(void)divide(s, table, WG_MSG_DIVIDED, rows, 2);
	struct wg_msg_job job = take_message(s);
	assert_string_equal(job.id, found); /* the rows give way */
	struct wg_msg_done done = rig_done(job.id, job.token, &d, 1);
	done.relation = WG_RELATION_CLOSES;
	done.keys = &key;
	done.key_count = 1;
	OK(wg_store_done(s->store, s->now, &done, &r, &err));
	assert_int_equal(deliveries_due(s), 0); /* rows of the same sender are not decided yet */
	struct wg_msg_job one = take_message(s), two = take_message(s);
	done = rig_done(one.id, one.token, NULL, 0);
	OK(wg_store_done(s->store, s->now, &done, &r, &err));
	assert_int_equal(deliveries_due(s), 0);
	done = rig_done(two.id, two.token, &d, 1);
	done.relation = WG_RELATION_OPENS;
	done.keys = &key;
	done.key_count = 1;
	OK(wg_store_done(s->store, s->now, &done, &r, &err));
	assert_int_equal(deliveries_due(s), 1);
	struct wg_dlv_job sent = take_delivery(s);
	assert_string_equal(sent.message, two.id);
	assert_int_equal(deliveries_due(s), 0);
	assert_int_equal(report(s, &sent, WG_DLV_HANDED_OVER, 0), 0);
	sent = take_delivery(s);
	assert_string_equal(sent.message, found);
	struct wg_msg_rec a, b;
	OK(wg_message_by_id(s->store, two.id, &a, &err));
	OK(wg_message_by_id(s->store, found, &b, &err));
	assert_int_equal(a.episode, b.episode);
}

/* As many and as large as may be, over the socket. */
static void over_the_wire(void **state)
{
	struct rig_server server;
	struct wg_err err = { 0 };
	struct wg_msg_receipt receipt;
	struct wg_msg_job *jobs = NULL;
	struct wg_msg_done_result r;
	struct wg_msg_status status;
	unsigned count = 0;
	struct rows *rows = calloc(1, sizeof *rows);
	size_t large = 3 * 64 * 1024; /* goes ahead of the rest */
	char *bytes = calloc(1, large);
	assert_true(rows != NULL && bytes != NULL);
	(void)state;
	rig_start(&server);
	struct wg_client *intake = rig_client(&server, WG_ROLE_INTAKE), *process = rig_client(&server, WG_ROLE_PROCESS);
	struct wg_msg_new m = rig_message(1);
	OK(wg_client_add(intake, &m, &receipt, &err));
	OK(wg_client_lease_messages(process, 1, 1000, &jobs, &count, &err));
	assert_int_equal(count, 1);
	struct wg_msg_done done = rig_done(jobs[0].id, jobs[0].token, NULL, 0);
	wg_msg_jobs_free(jobs, count);
	fill(rows, NULL, WG_LIMIT_DOCUMENTS);
	for (unsigned i = 0; i < 5; i++) {
		rows->list[i].blob = bytes;
		rows->list[i].blob_len = large - i; /* five different ones */
	}
	done.state = WG_MSG_DIVIDED;
	done.parts = rows->list;
	done.part_count = WG_LIMIT_DOCUMENTS;
	OK(wg_client_done(process, &done, &r, &err));
	assert_int_equal(r.state, WG_MSG_DIVIDED);
	OK(wg_client_status(intake, receipt.id, "oatshire-police", &status, &err));
	assert_int_equal(status.receipt.state, WG_MSG_DIVIDED);
	assert_int_equal(strlen(status.parts), WG_LIMIT_DOCUMENTS * (WG_ID_LEN + strlen(" accepted\n")));
	free(status.deliveries);
	free(status.parts);
	OK(wg_client_lease_messages(process, 3, 1000, &jobs, &count, &err));
	assert_int_equal(count, 3);
	assert_int_equal(jobs[2].blob_len, large - 2);
	wg_msg_jobs_free(jobs, count);
	wg_client_freep(&intake);
	wg_client_freep(&process);
	rig_end(&server);
	free(rows);
	free(bytes);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_a_message),
		T(rows_that_came_before),
		T(divided_twice),
		T(all_or_nothing),
		T(rows_give_way),
		T(found_never_overtakes_a_row),
		cmocka_unit_test(over_the_wire),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
