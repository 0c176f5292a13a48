/* sql_deliver.c owns the leases of deliveries and what is reported of them: a queue per recipient, in turn. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/damage.h"
#include "store/sql_internal.h"

void wg_dlv_jobs_free(struct wg_dlv_job *jobs, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		free(jobs[i].envelope);
	free(jobs);
}

struct batch {
	struct wg_dlv_job *jobs;
	unsigned count, max;
	size_t bytes;
	bool full;
	uint64_t owner;
	const char *busy;
	unsigned per_recipient;
	char epoch[WG_STORE_HASH];
};

static void batch_free(struct batch *b)
{
	wg_dlv_jobs_free(b->jobs, b->count);
	*b = (struct batch){ 0 };
}

enum wg_code wg_delivery_seal_again(struct wg_store *store, struct wg_now now, const struct wg_dlv_rec *rec,
                                    struct wg_err *err)
{
	static const char why[] = "the stored envelope is damaged: it is made again";
	enum wg_code code = wg_delivery_move(store, now, rec, WG_DLV_DECIDED, WG_WHO_STORE, NULL, why, err);
	return code == WG_OK ? wg_message_again(store, now, rec->message, why, err) : code;
}

static enum wg_code lease_one(struct wg_store *store, struct wg_now now, int64_t seq, struct batch *b,
                              struct wg_err *err)
{
	struct wg_dlv_rec rec;
	size_t len = 0;
	bool sound = false;
	wg_delivery_sound_ahead(store, seq);
	enum wg_code code = wg_delivery_by_seq(store, seq, &rec, err);
	const bool read = code == WG_OK;
	if (read || ((code == WG_CORRUPT || code == WG_NOT_FOUND) && wg_store_fault(store, NULL) == WG_OK))
		code = wg_delivery_sound(store, now, seq, read ? &rec : NULL, &sound, &len, err);
	if (code != WG_OK || !sound)
		return code;
	b->full = b->count > 0 && len > WG_STORE_LEASE_BYTES - b->bytes;
	if (b->full)
		return WG_OK;
	struct wg_dlv_job *job = &b->jobs[b->count];
	*job = (struct wg_dlv_job){
		.token = rec.token + 1, .attempts = rec.attempts, .deadline = rec.deadline, .maybe = rec.maybe
	};
	if (!wg_fresh_take(store, WG_FRESH_ENVELOPE, rec.envelope, &job->envelope, &job->envelope_len))
		code = wg_blob_get(store, rec.envelope, &job->envelope, &job->envelope_len, err);
	if (code == WG_CORRUPT && wg_store_fault(store, NULL) == WG_OK) {
		code = wg_damage_count(store, now, err);
		return code == WG_OK ? wg_delivery_seal_again(store, now, &rec, err) : code;
	}
	if (code != WG_OK)
		return code;
	b->count++;
	b->full = b->count == b->max;
	b->bytes += len < WG_STORE_LEASE_BYTES - b->bytes ? len : WG_STORE_LEASE_BYTES - b->bytes;
	memcpy(job->id, rec.id, sizeof job->id);
	memcpy(job->message, rec.message_id, sizeof job->message);
	memcpy(job->organisation, rec.organisation, sizeof job->organisation);
	memcpy(job->desk, rec.desk, sizeof job->desk);
	memcpy(job->channel, rec.channel, sizeof job->channel);
	memcpy(job->reference, rec.reference, sizeof job->reference);
	return wg_delivery_begin(store, now, &rec, b->owner, err);
}

/* What could be leased of that recipient, in turn; whoever takes the rows has room for as many as are asked for. */
struct asked {
	struct wg_arg args[4];
	unsigned want;
};

static struct asked next_of(struct wg_now now, const char *recipient, const struct batch *b)
{
	const unsigned left = b->max - b->count, want = b->per_recipient < left ? b->per_recipient : left;
	return (struct asked){
		.args = { wg_db_int(now.wall), wg_db_text(recipient), wg_db_text(b->epoch), wg_db_int(want) }, .want = want
	};
}

static enum wg_code lease_next(struct wg_store *store, struct wg_now now, const char *recipient, struct batch *b,
                               bool *any, struct wg_err *err)
{
	WG_AUTO_FREE int64_t *seqs = NULL;
	size_t n = 0;
	const struct asked q = next_of(now, recipient, b);
	enum wg_code code = wg_db_seqs(store, SQL_DLV_NEXT, q.args, WG_COUNT(q.args), q.want, &seqs, &n, err);
	for (size_t i = 0; code == WG_OK && !b->full && i < n; i++)
		code = lease_one(store, now, seqs[i], b, err);
	*any = n > 0;
	return code;
}

static enum wg_code lease_of(struct wg_store *store, struct wg_now now, const char *recipient, struct batch *b,
                             struct wg_err *err)
{
	unsigned before = b->count;
	enum wg_code code = WG_OK;
	bool any = true;
	while (code == WG_OK && any && !b->full && b->count == before) /* again when all that was found was damaged */
		code = lease_next(store, now, recipient, b, &any, err);
	return code;
}

/* The recipient after `after` that has anything open; "" when there is none. */
static enum wg_code next_recipient(struct wg_store *store, const char *after, char *out, size_t size,
                                   struct wg_err *err)
{
	bool row = false;
	char found[2 * WG_LIMIT_NAME + 2] = "";
	enum wg_code code = wg_db_row(store, SQL_DLV_RECIPIENT, WG_ARGS(wg_db_text(after)), &row, err);
	if (code == WG_OK && row)
		wg_db_col_text(store, SQL_DLV_RECIPIENT, 0, found, sizeof found);
	wg_db_end(store, SQL_DLV_RECIPIENT);
	if (code == WG_OK)
		(void)snprintf(out, size, "%s", found); /* the same size */
	return code;
}

/* What is asked when nobody stands behind the one that was served last. */
static void round_ahead(struct wg_store *store, struct wg_now now, const struct batch *b)
{
	const struct asked q = next_of(now, store->turn, b);
	if (store->turn[0] == '\0')
		return;
	wg_db_ahead(store, SQL_DLV_RECIPIENT, WG_ARGS(wg_db_text("")));
	if (store->turn_again && !wg_list_has(b->busy, store->turn))
		wg_db_ahead(store, SQL_DLV_NEXT, q.args, WG_COUNT(q.args));
}

/* Once round all recipients, starting behind the one served last, so that a long queue does not starve the names behind
 * it. */
static enum wg_code lease_round(struct wg_store *store, struct wg_now now, struct batch *b, struct wg_err *err)
{
	char start[sizeof store->turn], at[sizeof store->turn];
	memcpy(start, store->turn, sizeof start);
	memcpy(at, start, sizeof at);
	bool wrapped = false;
	enum wg_code code = WG_OK;
	round_ahead(store, now, b);
	while (code == WG_OK && !b->full) {
		code = next_recipient(store, at, at, sizeof at, err);
		if (code != WG_OK || (*at == '\0' && wrapped))
			break;
		if (*at == '\0') {
			wrapped = true;
			continue;
		}
		if (!wg_list_has(b->busy, at)) {
			unsigned before = b->count;
			code = lease_of(store, now, at, b, err);
			if (b->count > before) {
				store->turn_again = strcmp(store->turn, at) == 0;
				memcpy(store->turn, at, sizeof store->turn);
			}
		}
		if (wrapped && strcmp(at, start) >= 0)
			break;
	}
	return code;
}

enum wg_code wg_store_lease_deliveries(struct wg_store *store, struct wg_now now, uint64_t owner, const char *busy,
                                       unsigned max, unsigned per_recipient, struct wg_dlv_job **out, unsigned *count,
                                       struct wg_err *err)
{
	WG_CLEANUP(batch_free) struct batch b = { .owner = owner, .busy = busy, .per_recipient = per_recipient };
	b.max = max < WG_STORE_LEASE_MAX ? max : WG_STORE_LEASE_MAX;
	if (b.max == 0)
		return wg_err_set(err, WG_REJECT, "a lease of nothing");
	enum wg_code code = wg_epoch_now(store, b.epoch, err);
	if (code == WG_OK && (b.jobs = calloc(b.max, sizeof *b.jobs)) == NULL)
		code = wg_err_set(err, WG_SYSTEM, "out of memory");
	if (code == WG_OK)
		code = lease_round(store, now, &b, err);
	if (code != WG_OK)
		return code;
	*count = b.count;
	*out = wg_steal(&b.jobs);
	b.count = 0;
	return WG_OK;
}

static enum wg_code report_one(struct wg_store *store, struct wg_now now, const struct wg_dlv_report *r,
                               unsigned *stale, struct wg_err *err)
{
	struct wg_dlv_rec rec;
	enum wg_code code = wg_delivery_by_id(store, r->id, &rec, err);
	if (code == WG_NOT_FOUND || (code == WG_OK && (rec.state != WG_DLV_SENDING || rec.token != r->token))) {
		(*stale)++;
		return WG_OK;
	}
	if (code != WG_OK)
		return code;
	const struct wg_dlv_outcome outcome = { .state = r->state,
		                                    .who = WG_WHO_DELIVER,
		                                    .wait_ms = r->wait_ms,
		                                    .maybe = r->maybe,
		                                    .detail = r->detail,
		                                    .receipt = r->receipt };
	return wg_delivery_end(store, now, &rec, &outcome, err);
}

enum wg_code wg_store_report(struct wg_store *store, struct wg_now now, const struct wg_dlv_report *reports,
                             unsigned count, unsigned *stale, struct wg_err *err)
{
	unsigned lost = 0;
	enum wg_code code = WG_OK;
	for (unsigned i = 0; count > 1 && i < count; i++)
		wg_delivery_ahead(store, reports[i].id);
	for (unsigned i = 0; code == WG_OK && i < count; i++)
		code = report_one(store, now, &reports[i], &lost, err);
	if (code == WG_OK)
		*stale = lost;
	return code;
}
