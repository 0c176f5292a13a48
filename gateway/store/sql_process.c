/* sql_process.c owns the leases of messages and their end, wanted or not. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/damage.h"
#include "store/driver.h"
#include "store/purge_internal.h"

void wg_msg_jobs_free(struct wg_msg_job *jobs, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		free(jobs[i].blob);
		free(jobs[i].resolution);
	}
	free(jobs);
}

struct batch {
	struct wg_msg_job *jobs;
	unsigned count;
	size_t bytes;
};

static void batch_free(struct batch *b)
{
	wg_msg_jobs_free(b->jobs, b->count);
	*b = (struct batch){ 0 };
}

/* A message whose original is damaged cannot be read by anybody: a person has to see it; the others go on. */
static enum wg_code set_aside(struct wg_store *store, struct wg_now now, const struct wg_msg_rec *rec, const char *why,
                              struct wg_err *err)
{
	enum wg_code code = wg_damage_count(store, now, err);
	if (code != WG_OK)
		return code;
	return wg_message_move(store, now, rec, WG_MSG_ATTENTION, WG_WHO_STORE, NULL, why, NULL, err);
}

/* Damage is answered by *damaged: words for a person. */
static enum wg_code read_blobs(struct wg_store *store, const struct wg_msg_rec *rec, struct wg_msg_job *job,
                               const char **damaged, struct wg_err *err)
{
	const char *words = "the stored original is damaged: ask the sender to send it again";
	enum wg_code code = WG_OK;
	if (!wg_fresh_take(store, WG_FRESH_ORIGINAL, rec->original, &job->blob, &job->blob_len))
		code = wg_blob_get(store, rec->original, &job->blob, &job->blob_len, err);
	if (code == WG_OK && rec->resolution != 0) {
		words = "what a person said of this message is damaged: resolve it again";
		code = wg_blob_get(store, rec->resolution, &job->resolution, &job->resolution_len, err);
	}
	if (code == WG_OK)
		return code;
	wg_freep(&job->blob);
	if (code != WG_CORRUPT || wg_store_fault(store, NULL) != WG_OK)
		return code;
	*damaged = words;
	return WG_OK;
}

/* *more is false when this one has to wait for the next lease. */
static enum wg_code lease_one(struct wg_store *store, struct wg_now now, uint64_t owner, int64_t seq, struct batch *b,
                              bool *more, struct wg_err *err)
{
	struct wg_msg_rec rec;
	size_t len = 0;
	bool sound = false;
	wg_message_sound_ahead(store, seq);
	enum wg_code code = wg_message_by_seq(store, seq, &rec, err);
	const bool read = code == WG_OK;
	if (read || ((code == WG_CORRUPT || code == WG_NOT_FOUND) && wg_store_fault(store, NULL) == WG_OK))
		code = wg_message_sound(store, now, seq, read ? &rec : NULL, &sound, &len, err);
	if (code != WG_OK || !sound)
		return code;
	/* Alone from the second try on: see WG_STORE_TRIES. */
	*more = b->count == 0 || (rec.tries == 0 && len <= WG_STORE_LEASE_BYTES - b->bytes);
	if (!*more)
		return WG_OK;
	struct wg_msg_job *job = &b->jobs[b->count];
	*job = (struct wg_msg_job){
		.token = rec.token + 1, .accepted_at = rec.accepted_at, .again = rec.again, .tries = rec.tries
	};
	const char *damaged = NULL;
	code = read_blobs(store, &rec, job, &damaged, err);
	if (code == WG_OK && damaged != NULL)
		return set_aside(store, now, &rec, damaged, err);
	if (code != WG_OK)
		return code;
	b->count++;
	b->bytes += len < WG_STORE_LEASE_BYTES - b->bytes ? len : WG_STORE_LEASE_BYTES - b->bytes;
	memcpy(job->id, rec.id, sizeof job->id);
	memcpy(job->organisation, rec.organisation, sizeof job->organisation);
	memcpy(job->content_type, rec.content_type, sizeof job->content_type);
	memcpy(job->content_hash, rec.content_hash, sizeof job->content_hash);
	memcpy(job->way, rec.way, sizeof job->way);
	memcpy(job->idempotency_key, rec.submission_key, sizeof job->idempotency_key);
	*more = rec.tries == 0;
	return wg_db_run(
		store, SQL_MSG_LEASE,
		WG_ARGS(wg_db_int(seq), wg_db_int((int64_t)owner), wg_db_int(now.steady + WG_STORE_LEASE_MESSAGE_MS)), err);
}

/* Parts of divided messages come many at a time: they get the last quarter of a lease, and what the others leave. Of
 * leases too small to be shared they get every fourth, first. */
#define SHARED_LEASE 4

#define NEXT_ARGS(now, max, bulk) WG_ARGS(wg_db_int((now).wall), wg_db_int(max), wg_db_int(bulk))

static enum wg_code next_seqs(struct wg_store *store, struct wg_now now, unsigned max, bool bulk, int64_t **seqs,
                              size_t *n, struct wg_err *err)
{
	return wg_db_seqs(store, SQL_MSG_NEXT, NEXT_ARGS(now, max, bulk), max, seqs, n, err);
}

static enum wg_code lease_next(struct wg_store *store, struct wg_now now, uint64_t owner, unsigned max, struct batch *b,
                               bool *any, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *single = NULL, *bulk = NULL;
	size_t singles = 0, bulks = 0;
	bool more = true;
	const unsigned theirs = max >= SHARED_LEASE ? max / SHARED_LEASE : ++store->leases % SHARED_LEASE == 0 ? max : 0;
	wg_db_ahead(store, SQL_MSG_NEXT, NEXT_ARGS(now, max, false)); /* as it is asked when there are no parts */
	enum wg_code code = next_seqs(store, now, max, true, &bulk, &bulks, err);
	if (code == WG_OK)
		code = next_seqs(store, now, max - (bulks < theirs ? (unsigned)bulks : theirs), false, &single, &singles, err);
	for (size_t i = 0; code == WG_OK && more && i < singles; i++)
		code = lease_one(store, now, owner, single[i], b, &more, err);
	for (size_t i = 0; code == WG_OK && more && i < bulks && i < max - singles; i++)
		code = lease_one(store, now, owner, bulk[i], b, &more, err);
	*any = singles + bulks > 0;
	return code;
}

enum wg_code wg_store_lease_messages(struct wg_store *store, struct wg_now now, uint64_t owner, unsigned max,
                                     struct wg_msg_job **out, unsigned *count, struct wg_err *err)
{
	WG_CLEANUP(batch_free) struct batch b = { 0 };
	enum wg_code code = WG_OK;
	bool any = true;
	if (max == 0)
		return wg_err_set(err, WG_REJECT, "a lease of nothing");
	if (max > WG_STORE_LEASE_MAX)
		max = WG_STORE_LEASE_MAX;
	b.jobs = calloc(max, sizeof *b.jobs);
	if (b.jobs == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	while (code == WG_OK && any && b.count == 0) /* again when all that was found had to be set aside */
		code = lease_next(store, now, owner, max, &b, &any, err);
	if (code != WG_OK)
		return code;
	*count = b.count;
	*out = wg_steal(&b.jobs);
	b.count = 0;
	return WG_OK;
}

enum wg_code wg_store_put_back(struct wg_store *store, struct wg_now now, const char *id, uint64_t token,
                               unsigned wait_ms, const char *reason, struct wg_err *err)
{
	struct wg_msg_rec rec;
	enum wg_code code = wg_message_by_id(store, id, &rec, err);
	if (code == WG_OK && (rec.owner == 0 || rec.token != token))
		code = wg_err_set(err, WG_NOT_FOUND, "the lease of message %s was lost", id);
	return code == WG_OK ? wg_message_missed(store, now, &rec, wait_ms, WG_WHO_PROCESS, reason, err) : code;
}

/* The leases that a statement names come to nothing. */
static enum wg_code lose(struct wg_store *store, struct wg_now now, enum wg_sql messages, enum wg_sql deliveries,
                         const struct wg_arg *args, size_t count, unsigned *lost, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *m = NULL, *d = NULL;
	size_t m_count = 0, d_count = 0;
	enum wg_code code = wg_db_seqs(store, messages, args, count, SIZE_MAX, &m, &m_count, err);
	if (code == WG_OK)
		code = wg_db_seqs(store, deliveries, args, count, SIZE_MAX, &d, &d_count, err);
	for (size_t i = 0; code == WG_OK && i < m_count; i++) {
		struct wg_msg_rec rec;
		code = wg_message_by_seq(store, m[i], &rec, err);
		if (code == WG_OK)
			code = wg_message_missed(store, now, &rec, 0, WG_WHO_STORE, "the process that had leased it ended or hung",
			                         err);
	}
	for (size_t i = 0; code == WG_OK && i < d_count; i++)
		code = wg_delivery_missed(store, now, d[i], err);
	if (code == WG_OK)
		*lost = (unsigned)(m_count + d_count);
	return code;
}

enum wg_code wg_store_leases_end(struct wg_store *store, struct wg_now now, uint64_t owner, unsigned *lost,
                                 struct wg_err *err)
{
	return lose(store, now, SQL_MSG_OWNED, SQL_DLV_OWNED, WG_ARGS(wg_db_int((int64_t)owner)), lost, err);
}

enum wg_code wg_store_leases_expire(struct wg_store *store, struct wg_now now, unsigned *lost, struct wg_err *err)
{
	return lose(store, now, SQL_MSG_EXPIRED, SQL_DLV_EXPIRED, WG_ARGS(wg_db_int(now.steady)), lost, err);
}

/* Leases of those who are no more. */
static enum wg_code give_back(struct wg_store *store, struct wg_now now, unsigned *lost, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *m = NULL, *d = NULL;
	size_t m_count = 0, d_count = 0;
	enum wg_code code = wg_db_seqs(store, SQL_MSG_LEASED, NULL, 0, SIZE_MAX, &m, &m_count, err);
	if (code == WG_OK)
		code = wg_db_seqs(store, SQL_DLV_LEASED, NULL, 0, SIZE_MAX, &d, &d_count, err);
	for (size_t i = 0; code == WG_OK && i < m_count; i++) {
		struct wg_msg_rec rec;
		code = wg_message_by_seq(store, m[i], &rec, err);
		if (code == WG_OK) /* not the message's fault: no try is counted */
			code = wg_db_run(store, SQL_MSG_UNLEASE,
			                 WG_ARGS(wg_db_int(m[i]), wg_db_int(rec.tries), wg_db_int(0), wg_db_int(0),
			                         wg_db_text_or_null(rec.reason)),
			                 err);
	}
	for (size_t i = 0; code == WG_OK && i < d_count; i++)
		code = wg_delivery_missed(store, now, d[i], err);
	if (code == WG_OK)
		*lost = (unsigned)(m_count + d_count);
	return code;
}

enum wg_code wg_store_recover(struct wg_store *store, struct wg_now now, unsigned *lost, struct wg_err *err)
{
	enum wg_code code = give_back(store, now, lost, err);
	return code == WG_OK ? wg_purge_again(store, now, err) : code;
}

enum wg_code wg_store_nodes(struct wg_store *store, struct wg_now now, unsigned *lost, struct wg_err *err)
{
	*lost = 0;
	if (store->driver->beat == NULL)
		return WG_OK;
	enum wg_code code = store->driver->beat(store, err);
	return code == WG_OK ? give_back(store, now, lost, err) : code;
}

uint64_t wg_store_owners(const struct wg_store *store)
{
	return (uint64_t)store->node << WG_NODE_SHIFT;
}
