/* One open store with a transaction under way, and the steps that tests of the driver are made of. Time is given, never
 * waited for. */
#ifndef TESTS_STORE_SCENE_H
#define TESTS_STORE_SCENE_H

#include "rig.h"
#include "store/purge_internal.h"

#define ME 1
#define OTHER 2

struct scene {
	char *folder;
	struct wg_store *store;
	struct wg_now now;
};

static inline int set_up(void **state)
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
static inline int tear_down(void **state)
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

/* The transaction that is under way is committed, and one begun in that way (wg_store_eager). */
static inline void begin_anew(struct scene *s, bool eager)
{
	struct wg_err err = { 0 };
	OK(wg_store_commit(s->store, &err));
	wg_store_eager(s->store, eager);
	OK(wg_store_begin(s->store, &err));
}

/* It comes to nothing, and the next is as in the beginning. */
static inline void give_up(struct scene *s)
{
	struct wg_err err = { 0 };
	wg_store_rollback(s->store);
	wg_store_eager(s->store, false);
	OK(wg_store_begin(s->store, &err));
}

static inline int64_t number(struct scene *s, const char *sql)
{
	struct wg_err err = { 0 };
	int64_t n = 0;
	OK(wg_query_number(s->store, sql, NULL, 0, &n, &err));
	return n;
}

static inline void add(struct scene *s, unsigned n, char id[WG_ID_TEXT])
{
	struct wg_err err = { 0 };
	struct wg_msg_receipt r;
	struct wg_msg_new m = rig_message(n);
	OK(wg_store_add(s->store, s->now, &m, &r, &err));
	assert_false(r.duplicate);
	memcpy(id, r.id, WG_ID_TEXT);
}

/* Leases the oldest; count must be 1. */
static inline struct wg_msg_job take_message(struct scene *s)
{
	struct wg_err err = { 0 };
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0;
	OK(wg_store_lease_messages(s->store, s->now, ME, 1, &jobs, &count, &err));
	assert_int_equal(count, 1);
	struct wg_msg_job job = jobs[0];
	free(job.blob);
	free(job.resolution);
	job.blob = job.resolution = NULL;
	free(jobs);
	return job;
}

/* A mark inside of which there may be others: what was counted is written, so that each undo comes back to nothing. */
static inline void mark(struct scene *s)
{
	struct wg_err err = { 0 };
	OK(wg_counts_seal(s->store, &err));
	OK(wg_store_mark(s->store, &err));
}

static inline unsigned messages_waiting(struct scene *s)
{
	struct wg_err err = { 0 };
	struct wg_msg_job *jobs = NULL;
	unsigned count = 0, lost;
	mark(s);
	OK(wg_store_lease_messages(s->store, s->now, OTHER, 100, &jobs, &count, &err));
	wg_msg_jobs_free(jobs, count);
	OK(wg_store_undo(s->store, &err));
	OK(wg_store_leases_end(s->store, s->now, OTHER, &lost, &err));
	assert_int_equal(lost, 0);
	return count;
}

static inline enum wg_message_state state_of(struct scene *s, const char *id)
{
	struct wg_err err = { 0 };
	struct wg_msg_rec rec;
	OK(wg_message_by_id(s->store, id, &rec, &err));
	return rec.state;
}

/* Adds message n, which belongs to the episode of key, with deliveries to the desks named by blanks; leaves its id. */
static inline void route(struct scene *s, unsigned n, const char *key, const char *desks, char id[WG_ID_TEXT])
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
	struct wg_match_key k = rig_key(WG_KEY_NAME_BIRTH, key);
	done.relation = WG_RELATION_OPENS;
	done.keys = &k;
	done.key_count = 1;
	OK(wg_store_done(s->store, s->now, &done, &result, &err));
	assert_false(result.duplicate || result.doubt);
}

static inline unsigned take_deliveries(struct scene *s, const char *busy, unsigned max, unsigned each,
                                       struct wg_dlv_job **jobs)
{
	struct wg_err err = { 0 };
	unsigned count = 0;
	OK(wg_store_lease_deliveries(s->store, s->now, ME, busy, max, each, jobs, &count, &err));
	return count;
}

/* Leases everything that may be leased; how many that were, given the leases they hold. */
static inline unsigned deliveries_due(struct scene *s)
{
	struct wg_dlv_job *jobs = NULL;
	struct wg_err err = { 0 };
	mark(s);
	unsigned n = take_deliveries(s, "", 100, 100, &jobs);
	wg_dlv_jobs_free(jobs, n);
	OK(wg_store_undo(s->store, &err));
	return n;
}

static inline struct wg_dlv_job take_delivery(struct scene *s)
{
	struct wg_dlv_job *jobs = NULL;
	assert_int_equal(take_deliveries(s, "", 1, 1, &jobs), 1);
	struct wg_dlv_job job = jobs[0];
	free(job.envelope);
	job.envelope = NULL;
	free(jobs);
	return job;
}

static inline unsigned report(struct scene *s, const struct wg_dlv_job *job, enum wg_delivery_state as,
                              unsigned wait_ms)
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

static inline void act(struct scene *s, const char *action, const char *id, unsigned want)
{
	struct wg_err err = { 0 };
	unsigned changed = 0;
	OK(wg_store_act(s->store, s->now, action, id, "robin", "a test", &changed, &err));
	assert_int_equal(changed, want);
}

#endif
