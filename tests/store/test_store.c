/* The driver's promises, one table or one story each. Time is given, never waited for. */
#include "store/store.h"

#include "rig.h"
#include "store/sqlite_internal.h"

#define ME 1
#define OTHER 2

struct scene {
	char *folder;
	struct wg_store *store;
	struct wg_now now;
};

static int set_up(void **state)
{
	struct wg_err err = { 0 };
	struct scene *s = calloc(1, sizeof *s);
	assert_non_null(s);
	s->folder = rig_folder();
	s->now = (struct wg_now){ .wall = 1700000000000, .steady = 5000 };
	OK(wg_store_open(s->folder, &s->store, &err));
	OK(wg_store_begin(s->store, &err));
	*state = s;
	return 0;
}

/* Whatever a test did, the log has to fit it. */
static int tear_down(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	uint64_t entries;
	char head[WG_STORE_HASH];
	OK(wg_store_audit(s->store, &entries, head, &err));
	OK(wg_store_commit(s->store, &err));
	wg_store_closep(&s->store);
	rig_remove(s->folder);
	free(s);
	return 0;
}

static void add(struct scene *s, unsigned n, char id[WG_ID_TEXT])
{
	struct wg_err err = { 0 };
	struct wg_msg_receipt r;
	struct wg_msg_new m = rig_message(n);
	OK(wg_store_add(s->store, s->now, &m, &r, &err));
	assert_false(r.duplicate);
	memcpy(id, r.id, WG_ID_TEXT);
}

/* Leases the oldest; count must be 1. */
static struct wg_msg_job take_message(struct scene *s)
{
	struct wg_err err = { 0 };
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0;
	OK(wg_store_lease_messages(s->store, s->now, ME, 1, &jobs, &count, &err));
	assert_int_equal(count, 1);
	struct wg_msg_job job = jobs[0];
	free(job.blob);
	job.blob = NULL;
	free(jobs);
	return job;
}

static unsigned messages_waiting(struct scene *s)
{
	struct wg_err err = { 0 };
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0, lost;
	OK(wg_store_mark(s->store, &err));
	OK(wg_store_lease_messages(s->store, s->now, OTHER, 100, &jobs, &count, &err));
	wg_msg_jobs_free(jobs, count);
	OK(wg_store_undo(s->store, &err));
	OK(wg_store_leases_end(s->store, s->now, OTHER, &lost, &err));
	assert_int_equal(lost, 0);
	return count;
}

static enum wg_message_state state_of(struct scene *s, const char *id)
{
	struct wg_err err = { 0 };
	struct wg_msg_rec rec;
	OK(wg_message_by_id(s->store, id, &rec, &err));
	return rec.state;
}

/* Adds message n, which belongs to the episode of key, with deliveries to the desks named by blanks; leaves its id. */
static void route(struct scene *s, unsigned n, const char *key, const char *desks, char id[WG_ID_TEXT])
{
	struct wg_err err = { 0 };
	struct wg_dlv_new d[8];
	unsigned count = 0;
	add(s, n, id);
	struct wg_msg_job job = take_message(s);
	assert_string_equal(job.id, id);
	for (const char *p = desks; *p != '\0' && count < WG_COUNT(d);) {
		char desk[WG_LIMIT_NAME + 1];
		size_t len = strcspn(p, " ");
		(void)snprintf(desk, sizeof desk, "%.*s", (int)len, p); /* short */
		d[count++] = rig_delivery("meadowton", desk);
		p += len + (p[len] == ' ');
	}
	struct wg_msg_done done = rig_done(job.id, job.token, d, count);
	struct wg_msg_done_result result;
	done.episode_keys = &key;
	done.episode_key_count = 1;
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
	assert_false(result.duplicate || result.ambiguous);
}

static unsigned take_deliveries(struct scene *s, const char *busy, unsigned max, unsigned each,
                                struct wg_dlv_job **jobs)
{
	struct wg_err err = { 0 };
	unsigned count = 0;
	OK(wg_store_lease_deliveries(s->store, s->now, ME, busy, max, each, jobs, &count, &err));
	return count;
}

/* Leases everything that may be leased; how many that were, given the leases they hold. */
static unsigned deliveries_due(struct scene *s)
{
	struct wg_dlv_job *jobs = NULL;
	struct wg_err err = { 0 };
	OK(wg_store_mark(s->store, &err));
	unsigned n = take_deliveries(s, "", 100, 100, &jobs);
	wg_dlv_jobs_free(jobs, n);
	OK(wg_store_undo(s->store, &err));
	return n;
}

static struct wg_dlv_job take_delivery(struct scene *s)
{
	struct wg_dlv_job *jobs = NULL;
	assert_int_equal(take_deliveries(s, "", 1, 1, &jobs), 1);
	struct wg_dlv_job job = jobs[0];
	free(job.envelope);
	job.envelope = NULL;
	free(jobs);
	return job;
}

static unsigned report(struct scene *s, const struct wg_dlv_job *job, enum wg_delivery_state as, unsigned wait_ms)
{
	struct wg_err err = { 0 };
	struct wg_dlv_report r = {
		.token = job->token, .state = as, .wait_ms = wait_ms, .detail = "said so", .receipt = "r-1"
	};
	unsigned stale = 0;
	memcpy(r.id, job->id, sizeof r.id);
	OK(wg_store_report(s->store, s->now, &r, 1, &stale, &err));
	return stale;
}

static void act(struct scene *s, const char *action, const char *id, unsigned want)
{
	struct wg_err err = { 0 };
	unsigned changed = 0;
	OK(wg_store_act(s->store, s->now, action, id, "robin", "a test", &changed, &err));
	assert_int_equal(changed, want);
}

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
		if (rows[i].code != WG_OK)
			continue;
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
	OK(wg_store_mark(s->store, &err));
	FAILS(WG_REJECT, wg_store_add(s->store, s->now, &b, &r, &err));
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
	FAILS(WG_NOT_FOUND, wg_store_status(s->store, id, "meadowton", &status, &err));
	FAILS(WG_NOT_FOUND, wg_store_status(s->store, "00000000000000000000000000", "oatshire-police", &status, &err));
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
		assert_int_equal(jobs[i].blob_len, 22);
		assert_memory_equal(jobs[i].blob, "ciphertext of a report", 22);
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
	for (int i = 0; i < 11; i++) {
		struct wg_err err = { 0 };
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
		default:
			d.envelope_len = WG_LIMIT_ENVELOPE + 1;
			want = WG_LIMIT;
			break; /* not read */
		}
		OK(wg_store_mark(s->store, &err));
		FAILS(want, wg_store_done(s->store, s->now, &done, &result, &err));
		OK(wg_store_undo(s->store, &err));
	}
	assert_int_equal(state_of(s, id), WG_MSG_ACCEPTED);
}

/* Messages one after another, each with keys and a content key: what becomes of it. */
static void episodes_and_duplicates(void **state)
{
	static const char *const k1[] = { "incident-1" }, *const k2[] = { "incident-2" },
							 *const k12[] = { "incident-1", "incident-2" }, *const k1c[] = { "incident-1", "child-1" },
							 *const kc[] = { "child-1" };
	static const struct {
		const char *const *keys;
		unsigned count;
		const char *content;
		bool duplicate, ambiguous;
		int64_t episode;
	} rows[] = {
		{ k1, 1, "c1", false, false, 1 },  { k2, 1, "c2", false, false, 2 }, { k12, 2, "c3", false, true, 0 },
		{ k1c, 2, "c4", false, false, 1 }, { kc, 1, "c5", false, false, 1 }, { k1, 1, "c1", true, false, 0 },
		{ NULL, 0, "", false, false, 0 },  { NULL, 0, "", false, false, 0 },
	};
	struct scene *s = *state;
	for (unsigned i = 0; i < WG_COUNT(rows); i++) {
		struct wg_err err = { 0 };
		struct wg_dlv_new d = rig_delivery("meadowton", "front-door");
		struct wg_msg_done_result result;
		struct wg_msg_rec rec;
		char id[WG_ID_TEXT];
		add(s, i, id);
		struct wg_msg_job job = take_message(s);
		struct wg_msg_done done = rig_done(id, job.token, &d, 1);
		done.episode_keys = rows[i].keys;
		done.episode_key_count = rows[i].count;
		(void)snprintf(done.content_key, sizeof done.content_key, "%s", rows[i].content); /* short */
		OK(wg_store_done(s->store, s->now, &done, &result, &err));
		OK(wg_message_by_id(s->store, id, &rec, &err));
		assert_int_equal(result.duplicate, rows[i].duplicate);
		assert_int_equal(result.ambiguous, rows[i].ambiguous);
		assert_int_equal(rec.episode, rows[i].episode);
		assert_int_equal(rec.state, rows[i].duplicate   ? WG_MSG_DUPLICATE
		                            : rows[i].ambiguous ? WG_MSG_ATTENTION
		                                                : WG_MSG_ROUTED);
		struct wg_msg_status status;
		OK(wg_store_status(s->store, id, "oatshire-police", &status, &err));
		assert_string_equal(status.deliveries,
		                    rows[i].duplicate || rows[i].ambiguous ? "" : "meadowton/front-door sealed\n");
		free(status.deliveries);
	}
}

/* ---- deliveries */

/* Messages 1, 2 and 3 of one episode to the same desk, and one of another episode: what may be leased while the first
 * is in each state. */
static void found_never_overtakes_missing(void **state)
{
	static const struct {
		const char *state;
		unsigned due; /* besides the first itself: the second (1), and the one of the other episode (always 1) */
	} rows[] = {
		{ "decided", 1 },
		{ "sending", 1 },
		{ "review", 1 },
		{ "held", 1 },
		{ "handed-over", 2 },
		{ "received", 2 },
		{ "acknowledged", 2 },
		{ "withheld", 2 },
		{ "failed", 2 },
		{ "recalled", 2 },
		{ "superseded", 2 },
		/* it can be leased itself, and then blocks */
		{ "sealed", 2 },
		{ "deferred", 2 },
	};
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	for (unsigned i = 1; i <= 3; i++)
		route(s, i, "incident-1", "front-door", id);
	route(s, 4, "incident-2", "front-door", id);
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		char sql[128];
		OK(wg_store_mark(s->store, &err));
		(void)snprintf(sql, sizeof sql, "UPDATE delivery SET state = '%s' WHERE seq = 1", rows[i].state); /* short */
		OK(wg_db_exec(s->store, sql, &err));
		unsigned due = deliveries_due(s);
		if (due != rows[i].due)
			fail_msg("first %s: %u due instead of %u", rows[i].state, due, rows[i].due);
		OK(wg_store_undo(s->store, &err));
	}
	/* Another desk of the same episode is another queue. */
	route(s, 5, "incident-1", "night-desk", id);
	assert_int_equal(deliveries_due(s), 3);
}

static void one_dead_recipient_delays_nobody(void **state)
{
	struct scene *s = *state;
	struct wg_dlv_job *jobs = NULL;
	char id[WG_ID_TEXT], key[16];
	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(key, sizeof key, "incident-%u", i); /* short */
		route(s, i, key, i < 18 ? "a-dead" : i == 18 ? "b" : "c", id);
	}
	unsigned n = take_deliveries(s, "", 3, 1, &jobs);
	assert_int_equal(n, 3);
	assert_string_equal(jobs[0].desk, "a-dead");
	assert_string_equal(jobs[1].desk, "b");
	assert_string_equal(jobs[2].desk, "c");
	wg_dlv_jobs_free(jobs, n);
	n = take_deliveries(s, "meadowton/x meadowton/a-dead", 10, 10, &jobs);
	assert_int_equal(n, 0);
	wg_dlv_jobs_free(jobs, n);
	n = take_deliveries(s, "", 10, 4, &jobs);
	assert_int_equal(n, 4);
	wg_dlv_jobs_free(jobs, n);
}

/* With one place a lease, everybody gets a turn. */
static void turns_go_round(void **state)
{
	static const char *const desks[] = { "a", "b", "c", "a", "b", "c", "a", "b", "c" };
	struct scene *s = *state;
	char id[WG_ID_TEXT], key[16];
	for (unsigned i = 0; i < 12; i++) {
		(void)snprintf(key, sizeof key, "incident-%u", i); /* short */
		route(s, i, key, i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c", id);
	}
	for (size_t i = 0; i < WG_COUNT(desks); i++) {
		struct wg_dlv_job job = take_delivery(s);
		assert_string_equal(job.desk, desks[i]);
	}
}

static void a_wait_ends_by_the_clock_or_when_it_jumps_back(void **state)
{
	static const struct {
		int64_t jump;
		unsigned due;
	} rows[] = { { 0, 0 }, { 29999, 0 }, { 30000, 1 }, { -1, 1 }, { -86400000, 1 }, { (int64_t)3650 * 86400000, 1 } };
	struct scene *s = *state;
	char id[WG_ID_TEXT];
	route(s, 1, "incident-1", "front-door", id);
	struct wg_dlv_job job = take_delivery(s);
	assert_int_equal(report(s, &job, WG_DLV_DEFERRED, 30000), 0);
	int64_t then = s->now.wall;
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		s->now.wall = then + rows[i].jump;
		if (deliveries_due(s) != rows[i].due)
			fail_msg("row %zu", i);
	}
	s->now.wall = then;
	act(s, "retry", job.id, 1);
	job = take_delivery(s);
	assert_int_equal(job.attempts, 1);
	assert_false(job.maybe);
}

static void a_lost_attempt_may_have_arrived(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	unsigned lost;
	int64_t waited = 0;
	route(s, 1, "incident-1", "front-door", id);
	for (unsigned i = 0; i < 12; i++) {
		struct wg_dlv_job job = take_delivery(s);
		assert_int_equal(job.attempts, i);
		assert_int_equal(job.maybe, i > 0);
		if (i % 2 == 0)
			OK(wg_store_leases_end(s->store, s->now, ME, &lost, &err));
		else
			OK(wg_store_recover(s->store, s->now, &lost, &err));
		assert_int_equal(lost, 1);
		assert_int_equal(report(s, &job, WG_DLV_HANDED_OVER, 0), 1); /* stale */
		int64_t wait = 0;
		while (deliveries_due(s) == 0 && wait <= WG_STORE_LOST_WAIT_MAX_MS) {
			wait += WG_STORE_LOST_WAIT_MS;
			s->now.wall += WG_STORE_LOST_WAIT_MS;
		}
		assert_true(wait >= waited && wait <= WG_STORE_LOST_WAIT_MAX_MS);
		waited = wait;
	}
	assert_int_equal(waited, WG_STORE_LOST_WAIT_MAX_MS);
}

static void leases_do_not_survive_a_restart(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	unsigned lost;
	route(s, 1, "incident-1", "front-door", id);
	add(s, 2, id);
	struct wg_msg_job m = take_message(s);
	struct wg_dlv_job d = take_delivery(s);
	OK(wg_store_commit(s->store, &err));
	wg_store_closep(&s->store);
	OK(wg_store_open(s->folder, &s->store, &err));
	OK(wg_store_begin(s->store, &err));
	OK(wg_store_recover(s->store, s->now, &lost, &err));
	assert_int_equal(lost, 2);
	struct wg_msg_job again = take_message(s);
	assert_true(again.token > m.token);
	assert_int_equal(again.tries, 0); /* not its fault */
	assert_int_equal(report(s, &d, WG_DLV_RECEIVED, 0), 1);
	OK(wg_store_recover(s->store, s->now, &lost, &err));
	assert_int_equal(lost, 1);
	OK(wg_store_recover(s->store, s->now, &lost, &err)); /* again: nothing left to do */
	assert_int_equal(lost, 0);
}

/* ---- epochs */

static void epoch_pulls_back(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_msg_done_result result;
	char sent[WG_ID_TEXT], queued[WG_ID_TEXT];
	route(s, 1, "incident-1", "a", sent);
	struct wg_dlv_job job = take_delivery(s);
	assert_int_equal(report(s, &job, WG_DLV_HANDED_OVER, 0), 0);
	route(s, 2, "incident-2", "a b c", queued);
	job = take_delivery(s);                           /* one is under way */
	OK(wg_store_epoch(s->store, s->now, "e1", &err)); /* the same: nothing happens */
	assert_int_equal(state_of(s, queued), WG_MSG_ROUTED);
	OK(wg_store_epoch(s->store, s->now, "e2", &err));
	assert_int_equal(state_of(s, sent), WG_MSG_ROUTED);
	assert_int_equal(state_of(s, queued), WG_MSG_NORMALISED);
	assert_int_equal(deliveries_due(s), 0); /* nothing decided under an older epoch is handed out */
	struct wg_msg_job again = take_message(s);
	assert_true(again.again);
	assert_string_equal(again.id, queued);
	struct wg_dlv_new d[3] = { rig_delivery("meadowton", "a"), rig_delivery("meadowton", "b"),
		                       rig_delivery("meadowton", "d") };
	d[1].state = WG_DLV_WITHHELD;
	d[1].envelope_len = 0;
	struct wg_msg_done done = rig_done(queued, again.token, d, 3);
	FAILS(WG_AGAIN, wg_store_done(s->store, s->now, &done, &result, &err)); /* still decided under e1 */
	memcpy(done.epoch, "e2", 3);
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
	struct wg_msg_status status;
	OK(wg_store_status(s->store, queued, "oatshire-police", &status, &err));
	/* The one under way is left alone; b is withheld now; c is no longer a recipient; d is new. */
	assert_string_equal(status.deliveries, strcmp(job.desk, "a") == 0
	                                           ? "meadowton/a sending\nmeadowton/b withheld\nmeadowton/d sealed\n"
	                                           : "meadowton/b sending\nmeadowton/a sealed\nmeadowton/d sealed\n");
	free(status.deliveries);
	/* What was under way comes back unsent: it was decided under e1, so the message is decided once more. */
	assert_int_equal(report(s, &job, WG_DLV_DEFERRED, 0), 0);
	assert_int_equal(state_of(s, queued), WG_MSG_NORMALISED);
}

static void a_persons_hold_outlives_a_new_decision(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	struct wg_msg_done_result result;
	struct wg_row *rows = NULL;
	unsigned count = 0;
	char id[WG_ID_TEXT];
	route(s, 1, "incident-1", "a b", id);
	OK(wg_store_list(s->store, "deliveries", "", id, 10, &rows, &count, &err));
	assert_int_equal(count, 2);
	act(s, "hold", rows[0].id, 1);
	act(s, "cancel", rows[1].id, 1);
	free(rows);
	OK(wg_store_epoch(s->store, s->now, "e2", &err));
	struct wg_msg_job again = take_message(s);
	struct wg_dlv_new d[2] = { rig_delivery("meadowton", "a"), rig_delivery("meadowton", "b") };
	struct wg_msg_done done = rig_done(id, again.token, d, 2);
	memcpy(done.epoch, "e2", 3);
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
	struct wg_msg_status status;
	OK(wg_store_status(s->store, id, "oatshire-police", &status, &err));
	assert_string_equal(status.deliveries,
	                    "meadowton/b recalled\nmeadowton/a held\n"); /* not given back what was cancelled */
	free(status.deliveries);
	assert_int_equal(deliveries_due(s), 0);
	act(s, "release", id, 1);
	assert_int_equal(deliveries_due(s), 1);
}

/* ---- damage */

static void damage_is_set_aside(void **state)
{
	struct scene *s = *state;
	struct wg_err err = { 0 };
	char bad[WG_ID_TEXT], good[WG_ID_TEXT], routed[WG_ID_TEXT];
	route(s, 1, "incident-1", "a", routed);
	struct wg_msg_receipt r;
	struct wg_msg_new m = rig_message(2);
	m.blob = "another report";
	m.blob_len = 14;
	OK(wg_store_add(s->store, s->now, &m, &r, &err));
	memcpy(bad, r.id, sizeof bad);
	add(s, 3, good);
	OK(wg_store_mark(s->store, &err));
	OK(wg_db_exec(s->store, "UPDATE blob SET bytes = CAST('sealeD' AS BLOB) WHERE bytes = CAST('sealed' AS BLOB)",
	              &err));
	OK(wg_db_exec(s->store, "UPDATE blob SET bytes = x'00' WHERE bytes = CAST('another report' AS BLOB)", &err));
	struct wg_msg_job job = take_message(s); /* the damaged one is passed over with the next */
	assert_string_equal(job.id, good);
	assert_int_equal(state_of(s, bad), WG_MSG_ATTENTION);
	assert_int_equal(deliveries_due(s), 0);
	struct wg_dlv_job *jobs = NULL;
	assert_int_equal(take_deliveries(s, "", 1, 1, &jobs), 0);
	wg_dlv_jobs_free(jobs, 0);
	assert_int_equal(state_of(s, routed), WG_MSG_NORMALISED); /* its envelope is made again */
	assert_true(wg_store_damaged(s->store) >= 2);
	assert_int_equal(wg_store_damaged(s->store), 0);
	OK(wg_store_undo(s->store, &err));
}

/* ---- people */

static void acts_are_logged_with_who_and_why(void **state)
{
	static const struct {
		const char *action, *who, *why;
		enum wg_code code;
	} rows[] = {
		{ "hold", "", "why", WG_REJECT },
		{ "hold", "robin", "", WG_REJECT },
		{ "*", "robin", "why", WG_REJECT },
		{ "burn", "robin", "w", WG_REJECT },
		{ "hold", "robin", "asked by the desk", WG_OK },
	};
	struct scene *s = *state;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 20);
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	unsigned changed;
	route(s, 1, "incident-1", "a", id);
	for (size_t i = 0; i < WG_COUNT(rows); i++)
		FAILS(rows[i].code,
		      wg_store_act(s->store, s->now, rows[i].action, id, rows[i].who, rows[i].why, &changed, &err));
	FAILS(WG_NOT_FOUND,
	      wg_store_act(s->store, s->now, "hold", "00000000000000000000000000", "robin", "why", &changed, &err));
	OK(wg_store_history(s->store, id, 100, &out, &err));
	assert_non_null(strstr(wg_buf_text(&out), "\"actor\":\"admin:robin\",\"event\":\"held\""));
	assert_non_null(strstr(wg_buf_text(&out), "hold: asked by the desk"));
}

static void reading_is_logged(void **state)
{
	static const struct {
		const char *which, *bytes;
		enum wg_code code;
	} rows[] = { { "original", "ciphertext of a report", WG_OK },
		         { "notice", "notice", WG_OK },
		         { "report", "report", WG_OK },
		         { "envelope", NULL, WG_NOT_FOUND },
		         { "key", NULL, WG_REJECT } };
	struct scene *s = *state;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 20);
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT];
	route(s, 1, "incident-1", "a", id);
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		WG_AUTO_FREE uint8_t *bytes = NULL;
		size_t len = 0;
		FAILS(rows[i].code, wg_store_blob(s->store, s->now, id, rows[i].which, "robin", &bytes, &len, &err));
		if (rows[i].bytes != NULL)
			assert_memory_equal(bytes, rows[i].bytes, len);
	}
	WG_AUTO_FREE uint8_t *bytes = NULL;
	size_t len = 0;
	FAILS(WG_REJECT, wg_store_blob(s->store, s->now, id, "original", "", &bytes, &len, &err));
	OK(wg_store_history(s->store, "", 3, &out, &err));
	assert_non_null(strstr(wg_buf_text(&out), "\"event\":\"read\""));
	assert_non_null(strstr(wg_buf_text(&out), "\"detail\":\"report\""));
}

static void lists_explanations_health(void **state)
{
	static const struct {
		const char *what, *state;
		enum wg_code code;
		unsigned count;
	} rows[] = {
		{ "messages", "", WG_OK, 1 },         { "messages", "*", WG_OK, 2 },
		{ "messages", "routed", WG_OK, 1 },   { "messages", "sealed", WG_REJECT, 0 },
		{ "deliveries", "", WG_OK, 2 },       { "deliveries", "*", WG_OK, 2 },
		{ "deliveries", "sealed", WG_OK, 1 }, { "deliveries", "failed", WG_OK, 1 },
		{ "people", "", WG_REJECT, 0 },       { "messages", "' OR 1=1 --", WG_REJECT, 0 },
	};
	struct scene *s = *state;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 20);
	struct wg_err err = { 0 };
	char id[WG_ID_TEXT], other[WG_ID_TEXT];
	route(s, 1, "incident-1", "a b", id);
	add(s, 2, other);
	struct wg_dlv_job job = take_delivery(s);
	assert_int_equal(report(s, &job, WG_DLV_FAILED, 0), 0);
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		WG_AUTO_FREE struct wg_row *list = NULL;
		unsigned count = 0;
		FAILS(rows[i].code, wg_store_list(s->store, rows[i].what, rows[i].state, "", 100, &list, &count, &err));
		assert_int_equal(count, rows[i].count);
	}
	OK(wg_store_explain(s->store, id, &out, &err));
	assert_non_null(strstr(wg_buf_text(&out), "\"record\":{\"rule\":\"share\"}"));
	FAILS(WG_NOT_FOUND, wg_store_explain(s->store, "00000000000000000000000000", &out, &err));
	wg_buf_reset(&out);
	OK(wg_store_health(s->store, s->now, false, "disk", &out, &err));
	assert_non_null(strstr(wg_buf_text(&out), "\"accepting\":false,\"why\":\"disk\""));
	assert_non_null(strstr(wg_buf_text(&out), "\"failed\":1"));
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

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(same_submission),
		T(bad_submission),
		T(same_id),
		T(status_only_for_the_sender),
		T(leased_in_accept_order),
		T(a_lost_lease_completes_nothing),
		T(a_lease_has_a_deadline),
		T(tries_end_in_attention),
		T(put_back_waits),
		T(complete_checks),
		T(episodes_and_duplicates),
		T(found_never_overtakes_missing),
		T(one_dead_recipient_delays_nobody),
		T(turns_go_round),
		T(a_wait_ends_by_the_clock_or_when_it_jumps_back),
		T(a_lost_attempt_may_have_arrived),
		T(leases_do_not_survive_a_restart),
		T(epoch_pulls_back),
		T(a_persons_hold_outlives_a_new_decision),
		T(damage_is_set_aside),
		T(acts_are_logged_with_who_and_why),
		T(reading_is_logged),
		T(lists_explanations_health),
		T(opened_by_one_only),
		T(a_newer_schema_is_refused),
		T(what_is_not_a_database_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
