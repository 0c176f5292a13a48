/* The driver: accepting, the leases of messages, completing, opening. One table or one story each. */
#include "store/store.h"

#include "scene.h"

/* ---- accepting */

/* Submissions one after another: who, key, content, and what becomes of it; `as` is the number of the row whose receipt
 * it gets. */
static void same_submission(void **state)
{
	static const struct {
		const char *organisation, *key;
		unsigned content;
		enum wg_code code;
		bool duplicate;
		int as;
	} rows[] = {
		{ "oatshire-police", "k1", 1, WG_OK, false, 0 },
		{ "oatshire-police", "k1", 1, WG_OK, true, 0 },
		{ "oatshire-police", "k1", 2, WG_REJECT, false, 0 },
		{ "oatshire-police", "k2", 1, WG_OK, true, 0 },
		{ "oatshire-police", "k2", 2, WG_REJECT, false, 0 },
		{ "oatshire-police", "", 1, WG_OK, true, 0 },
		{ "oatshire-police", "k3", 2, WG_OK, false, 6 },
		{ "meadowton", "k1", 1, WG_OK, false, 7 },
		{ "meadowton", "k1", 1, WG_OK, true, 7 },
		{ "oatshire-police", "", 3, WG_OK, false, 9 },
		{ "oatshire-police", "", 3, WG_OK, true, 9 },
	};
	struct scene *s = *state;
	char ids[WG_COUNT(rows)][WG_ID_TEXT];
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_err err = { 0 };
		struct wg_msg_receipt r = { .id = "" };
		struct wg_msg_new m = rig_message(rows[i].content);
		(void)snprintf(m.organisation, sizeof m.organisation, "%s", rows[i].organisation); /* short */
		(void)snprintf(m.idempotency_key, sizeof m.idempotency_key, "%s", rows[i].key);    /* short */
		FAILS(rows[i].code, wg_store_add(s->store, s->now, &m, &r, &err));
		memcpy(ids[i], r.id, WG_ID_TEXT);
		if (rows[i].code != WG_OK) {
			assert_non_null(strstr(err.text, ids[0])); /* which message has the key */
			continue;
		}
		assert_int_equal(r.duplicate, rows[i].duplicate);
		assert_string_equal(r.id, ids[rows[i].as]);
		assert_string_equal(r.content_hash, m.content_hash);
		assert_int_equal(r.accepted_at, s->now.wall);
	}
}

static void bad_submission(void **state)
{
	struct scene *s = *state;
	for (int i = 0; i < 10; i++) {
		struct wg_err err = { 0 };
		struct wg_msg_receipt r;
		struct wg_msg_new m = rig_message(1);
		enum wg_code want = WG_REJECT;
		switch (i) {
		case 0:
			m.id[0] = '\0';
			break;
		case 1:
			m.id[3] = '/';
			break;
		case 2:
			m.organisation[0] = '\0';
			break;
		case 3:
			m.organisation[2] = ' ';
			break;
		case 4:
			m.content_hash[63] = '\0';
			break;
		case 5:
			m.content_hash[0] = 'G';
			break;
		case 6:
			memcpy(m.idempotency_key, "a\nb", 4);
			break;
		case 7:
			memcpy(m.content_type, "a\r\nb", 5);
			break;
		case 8:
			m.blob_len = 0;
			break;
		default:
			m.blob_len = WG_STORE_BLOB_MAX + 1;
			want = WG_LIMIT;
			break; /* not read: judged by its length */
		}
		FAILS(want, wg_store_add(s->store, s->now, &m, &r, &err));
	}
	assert_int_equal(messages_waiting(s), 0);
}

static void same_id(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_msg_receipt r;
	struct wg_msg_new a = rig_message(1), b = rig_message(2);
	memcpy(b.id, a.id, sizeof b.id);
	OK(wg_store_add(s->store, s->now, &a, &r, &err));
	mark(s);
	enum wg_code code = wg_store_add(s->store, s->now, &b, &r, &err);
	if (code == WG_OK) /* at the end of the mark at the latest */
		code = wg_store_keep(s->store, &err);
	rig_fails(WG_REJECT, code, &err, "the same id", __LINE__);
	OK(wg_store_undo(s->store, &err));
	assert_int_equal(messages_waiting(s), 1);
}

static void status_only_for_the_sender(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_msg_status status;
	char id[WG_ID_TEXT];
	route(s, 1, "key", "front-door night-desk", id);
	OK(wg_store_status(s->store, id, "oatshire-police", &status, &err));
	assert_int_equal(status.receipt.state, WG_MSG_ROUTED);
	assert_string_equal(status.deliveries, "meadowton/front-door sealed\nmeadowton/night-desk sealed\n");
	free(status.deliveries);
	free(status.parts);
	FAILS(WG_NOT_FOUND, wg_store_status(s->store, id, "meadowton", &status, &err));
	FAILS(WG_NOT_FOUND, wg_store_status(s->store, "00000000000000000000000000", "oatshire-police", &status, &err));
}

/* Recipients that the sender may not know of are counted, and not named. */
static void status_without_names(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_msg_status status;
	struct wg_msg_done_result result;
	char id[WG_ID_TEXT];
	struct wg_dlv_new d[] = { rig_delivery("meadowton", "front-door"), rig_delivery("meadowton", "victims"),
		                      rig_delivery("trust", "nurse"), rig_delivery("trust", "maternity") };
	for (size_t i = 1; i < WG_COUNT(d); i++)
		d[i].known = false;
	d[3].state = WG_DLV_WITHHELD;
	d[3].envelope = NULL;
	d[3].envelope_len = 0;
	add(s, 1, id);
	struct wg_msg_job job = take_message(s);
	struct wg_msg_done done = rig_done(job.id, job.token, d, WG_COUNT(d));
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
	OK(wg_store_status(s->store, id, "oatshire-police", &status, &err));
	assert_string_equal(status.deliveries, "meadowton/front-door sealed\n");
	for (unsigned i = 0; i < WG_DLV_STATES; i++)
		assert_int_equal(status.others[i], i == WG_DLV_SEALED ? 2 : i == WG_DLV_WITHHELD ? 1 : 0);
	free(status.deliveries);
	free(status.parts);
}

/* ---- leases of messages */

static void leased_in_accept_order(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char ids[5][WG_ID_TEXT];
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0;
	for (unsigned i = 0; i < 5; i++)
		add(s, i, ids[i]);
	OK(wg_store_lease_messages(s->store, s->now, ME, 3, &jobs, &count, &err));
	assert_int_equal(count, 3);
	for (unsigned i = 0; i < count; i++) {
		assert_string_equal(jobs[i].id, ids[i]);
		assert_int_equal(jobs[i].blob_len, WG_STORE_HEAD + 22);
		assert_memory_equal(jobs[i].blob, RIG_HEAD "ciphertext of a report", WG_STORE_HEAD + 22);
	}
	wg_msg_jobs_free(jobs, count);
	assert_int_equal(messages_waiting(s), 2);
}

static void a_lost_lease_completes_nothing(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_msg_done_result result;
	char id[WG_ID_TEXT];
	unsigned lost;
	add(s, 1, id);
	struct wg_msg_job old = take_message(s);
	OK(wg_store_leases_end(s->store, s->now, OTHER, &lost, &err));
	assert_int_equal(lost, 0);
	OK(wg_store_leases_end(s->store, s->now, ME, &lost, &err));
	assert_int_equal(lost, 1);
	struct wg_msg_done done = rig_done(id, old.token, NULL, 0);
	FAILS(WG_NOT_FOUND, wg_store_done(s->store, s->now, &done, &result, &err));
	struct wg_msg_job again = take_message(s);
	assert_int_equal(again.tries, 1);
	assert_true(again.token > old.token);
	FAILS(WG_NOT_FOUND, wg_store_done(s->store, s->now, &done, &result, &err));
	FAILS(WG_NOT_FOUND, wg_store_put_back(s->store, s->now, id, old.token, 0, "late", &err));
	done.token = again.token;
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
	FAILS(WG_NOT_FOUND, wg_store_done(s->store, s->now, &done, &result, &err)); /* twice */
}

static void a_lease_has_a_deadline(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	unsigned lost;
	add(s, 1, id);
	(void)take_message(s); /* its token is not used */
	s->now.steady += WG_STORE_LEASE_MESSAGE_MS - 1;
	s->now.wall += (int64_t)3650 * 24 * 3600 * 1000; /* the wall clock may jump ten years: leases do not look at it */
	OK(wg_store_leases_expire(s->store, s->now, &lost, &err));
	assert_int_equal(lost, 0);
	s->now.steady++;
	OK(wg_store_leases_expire(s->store, s->now, &lost, &err));
	assert_int_equal(lost, 1);
	assert_int_equal(messages_waiting(s), 1);
}

/* What is leased beside a message that kills the process role gets through; the other ends with a person. */
static void tries_end_in_attention(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_msg_done_result result;
	char bad[WG_ID_TEXT], good[WG_ID_TEXT];
	unsigned lost, rounds = 0;
	add(s, 1, bad);
	add(s, 2, good);
	while (state_of(s, bad) == WG_MSG_ACCEPTED && ++rounds < 50) {
		struct wg_msg_job *jobs = NULL;
		unsigned count = 0;
		bool dead = false;
		OK(wg_store_lease_messages(s->store, s->now, ME, 10, &jobs, &count, &err));
		assert_true(count == 1 || rounds == 1);
		for (unsigned i = 0; i < count && !dead; i++) {
			struct wg_msg_done done = rig_done(jobs[i].id, jobs[i].token, NULL, 0);
			dead = strcmp(jobs[i].id, bad) == 0;
			if (!dead)
				OK(wg_store_done(s->store, s->now, &done, &result, &err));
		}
		wg_msg_jobs_free(jobs, count);
		OK(wg_store_leases_end(s->store, s->now, ME, &lost, &err));
	}
	assert_int_equal(rounds, WG_STORE_TRIES);
	assert_int_equal(state_of(s, bad), WG_MSG_ATTENTION);
	(void)take_message(s); /* the innocent one, next in turn */
	act(s, "retry", bad, 1);
	assert_int_equal(messages_waiting(s), 1);
}

static void put_back_waits(void **state)
{
	static const struct {
		int64_t jump; /* of the wall clock */
		unsigned waiting;
	} rows[] = { { 0, 0 }, { 59999, 0 }, { 60000, 1 }, { -1, 1 }, { -86400000, 1 } };
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	add(s, 1, id);
	struct wg_msg_job job = take_message(s);
	OK(wg_store_put_back(s->store, s->now, id, job.token, 60000, "the reader is busy", &err));
	int64_t then = s->now.wall;
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		s->now.wall = then + rows[i].jump;
		assert_int_equal(messages_waiting(s), rows[i].waiting);
	}
	s->now.wall = then;
	act(s, "retry", id, 1);
	assert_int_equal(messages_waiting(s), 1);
}

/* ---- completing */

static void complete_checks(void **state)
{
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	add(s, 1, id);
	struct wg_msg_job job = take_message(s);
	for (int i = 0; i < 15; i++) {
		struct wg_err err = { 0 };
		struct wg_match_key key = rig_key(WG_KEY_NHS, "a");
		struct wg_part_new part = { .blob = "row", .blob_len = 3 };
		struct wg_dlv_new d = rig_delivery("meadowton", "front-door");
		struct wg_msg_done done = rig_done(id, job.token, &d, 1);
		struct wg_msg_done_result result;
		enum wg_code want = WG_REJECT;
		switch (i) {
		case 0:
			done.state = WG_MSG_ACCEPTED;
			break;
		case 1:
			done.state = WG_MSG_REJECTED;
			break;
		case 2:
			done.epoch[0] = '\0';
			break;
		case 3:
			d.disclosure = NULL;
			break;
		case 4:
			d.disclosure = "{ not json";
			break;
		case 5:
			d.state = WG_DLV_SENDING;
			break;
		case 6:
			d.envelope_len = 0;
			break;
		case 7:
			d.state = WG_DLV_WITHHELD;
			break; /* with an envelope */
		case 8:
			memcpy(d.desk, "a b", 4);
			break;
		case 9:
			done.delivery_count = WG_LIMIT_RECIPIENTS + 1;
			want = WG_LIMIT;
			break; /* not read */
		case 10:   /* a name instead of its hash must not come in */
			memcpy(key.key, "Tess Example", 13);
			done.keys = &key;
			done.key_count = 1;
			break;
		case 11:
			done.state = WG_MSG_DIVIDED; /* into nothing, with a delivery */
			break;
		case 12: /* what is routed has no parts */
			done.parts = &part;
			done.part_count = 1;
			break;
		case 13: /* a part without a hash */
			done.state = WG_MSG_DIVIDED;
			done.delivery_count = 0;
			done.parts = &part;
			done.part_count = 1;
			break;
		default:
			d.envelope_len = WG_LIMIT_ENVELOPE + 1;
			want = WG_LIMIT;
			break; /* not read */
		}
		mark(s);
		FAILS(want, wg_store_done(s->store, s->now, &done, &result, &err));
		OK(wg_store_undo(s->store, &err));
	}
	assert_int_equal(state_of(s, id), WG_MSG_ACCEPTED);
}

/* The same content of one organisation is one message; of what is rejected or given back nothing is known. */
static void duplicates(void **state)
{
	static const struct {
		const char *content;
		enum wg_message_state as;
		bool duplicate;
	} rows[] = {
		{ "c1", WG_MSG_ROUTED, false },   { "c2", WG_MSG_ATTENTION, false }, { "c1", WG_MSG_ROUTED, true },
		{ "c2", WG_MSG_ROUTED, true },    { "c3", WG_MSG_REJECTED, false },  { "c3", WG_MSG_ROUTED, false },
		{ "c4", WG_MSG_RETURNED, false }, { "c4", WG_MSG_ROUTED, false },    { "", WG_MSG_ROUTED, false },
		{ "", WG_MSG_ROUTED, false },
	};
	struct scene *s = *state;
	for (unsigned i = 0; i < WG_COUNT(rows); i++) {
		struct wg_err err = { 0 };
		struct wg_dlv_new d = rig_delivery("meadowton", "front-door");
		struct wg_msg_done_result result;
		char id[WG_ID_TEXT];
		add(s, i, id);
		struct wg_msg_job job = take_message(s);
		struct wg_msg_done done = rig_done(id, job.token, &d, rows[i].as == WG_MSG_REJECTED ? 0 : 1);
		done.state = rows[i].as;
		(void)snprintf(done.content_key, sizeof done.content_key, "%s", rows[i].content); /* short */
		OK(wg_store_done(s->store, s->now, &done, &result, &err));
		assert_int_equal(result.duplicate, rows[i].duplicate);
		assert_int_equal(result.state, rows[i].duplicate ? WG_MSG_DUPLICATE : rows[i].as);
		assert_int_equal(state_of(s, id), result.state);
		struct wg_msg_status status;
		OK(wg_store_status(s->store, id, "oatshire-police", &status, &err));
		bool sent = !rows[i].duplicate && rows[i].as != WG_MSG_REJECTED;
		assert_string_equal(status.deliveries, sent ? "meadowton/front-door sealed\n" : "");
		assert_string_equal(status.parts, "");
		free(status.deliveries);
		free(status.parts);
	}
}

/* ---- opening */

static void opened_by_one_only(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_store *second = NULL;
	FAILS(WG_AGAIN, wg_store_open(s->folder, &second, &err));
	assert_null(second);
	FAILS(WG_NOT_FOUND, wg_store_open("/nonexistent/folder", &second, &err));
}

static void a_newer_schema_is_refused(void **state)
{
	if (of_sqlite_only())
		return;
	struct scene *s = *state;
	struct wg_err err = { 0 };
	OK(wg_store_commit(s->store, &err));
	OK(wg_db_exec(s->store, "PRAGMA user_version=99", &err));
	wg_store_closep(&s->store);
	FAILS(WG_CONFIG, wg_store_open(s->folder, &s->store, &err));
	char path[128];
	(void)snprintf(path, sizeof path, "%s/store.db", s->folder); /* short */
	assert_int_equal(unlink(path), 0);
	OK(wg_store_open(s->folder, &s->store, &err)); /* from nothing, for the audit at the end */
	OK(wg_store_begin(s->store, &err));
}

static void what_is_not_a_database_is_refused(void **state)
{
	if (of_sqlite_only())
		return;
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char path[128], junk[8192];
	OK(wg_store_commit(s->store, &err));
	wg_store_closep(&s->store);
	memset(junk, 'x', sizeof junk);
	(void)snprintf(path, sizeof path, "%s/store.db", s->folder); /* short */
	int fd = open(path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, junk, sizeof junk), sizeof junk);
	assert_int_equal(close(fd), 0);
	FAILS(WG_CORRUPT, wg_store_open(s->folder, &s->store, &err));
	assert_int_equal(unlink(path), 0);
	OK(wg_store_open(s->folder, &s->store, &err));
	OK(wg_store_begin(s->store, &err));
}

/* ---- what was put a moment ago is not read to be leased */

static bool is_fresh(struct scene *s, int64_t original)
{
	const struct wg_msg_new m = rig_message(0);
	WG_AUTO_FREE uint8_t *bytes = NULL;
	size_t len = 0;
	const bool found = wg_fresh_take(s->store, WG_FRESH_ORIGINAL, original, &bytes, &len);
	if (found) {
		assert_int_equal(len, m.blob_len);
		assert_memory_equal(bytes, m.blob, len);
	}
	return found;
}

static int64_t add_original(struct scene *s, unsigned n)
{
	char id[WG_ID_TEXT];
	struct wg_msg_rec rec;
	struct wg_err err = { 0 };
	add(s, n, id);
	OK(wg_message_by_id(s->store, id, &rec, &err));
	return rec.original;
}

static void an_original_is_fresh_once(void **state)
{
	struct scene *s = *state;
	const int64_t one = add_original(s, 1), two = add_original(s, 2), three = add_original(s, 3);
	assert_true(is_fresh(s, two));
	assert_false(is_fresh(s, two));
	assert_true(is_fresh(s, three));
	(void)take_message(s); /* the oldest */
	assert_false(is_fresh(s, one));
	assert_true(is_fresh(s, add_original(s, 4)));
}

/* Its number may come to mean another. */
static void what_is_undone_is_not_fresh(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	const int64_t before = add_original(s, 1);
	mark(s);
	const int64_t undone = add_original(s, 2);
	OK(wg_store_undo(s->store, &err));
	assert_false(is_fresh(s, undone));
	assert_true(is_fresh(s, before));
	mark(s);
	const int64_t outer = add_original(s, 3);
	mark(s);
	OK(wg_store_keep(s->store, &err));
	OK(wg_store_undo(s->store, &err));
	assert_false(is_fresh(s, outer));
	const int64_t last = add_original(s, 4);
	give_up(s);
	assert_false(is_fresh(s, last));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(same_submission),
		T(bad_submission),
		T(same_id),
		T(status_only_for_the_sender),
		T(status_without_names),
		T(leased_in_accept_order),
		T(a_lost_lease_completes_nothing),
		T(a_lease_has_a_deadline),
		T(tries_end_in_attention),
		T(put_back_waits),
		T(complete_checks),
		T(duplicates),
		T(opened_by_one_only),
		T(a_newer_schema_is_refused),
		T(what_is_not_a_database_is_refused),
		T(an_original_is_fresh_once),
		T(what_is_undone_is_not_fresh),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
