/* codec.c owns the wire form of everything but a completed message (codec_done.c).
 * SECURITY: getting meets bytes of another process; counts are judged before anything is allocated for them. */
#include "store/codec.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/refused.h"

static bool get_bool(struct wg_cur *c)
{
	return wg_cur_u8(c) != 0;
}

/* A count of things of which each takes at least `least` bytes. */
static bool get_count(struct wg_cur *c, unsigned max, size_t least, unsigned *out)
{
	*out = wg_cur_u32(c);
	return !c->failed && *out <= max && *out <= c->left / least;
}

/* A copy of bytes, NUL-terminated. */
static uint8_t *get_copy(struct wg_cur *c, size_t *len)
{
	const uint8_t *p = wg_cur_bytes(c, len);
	uint8_t *copy = p != NULL ? malloc(*len + 1) : NULL;
	if (p != NULL && copy == NULL)
		wg_mem_note(); /* to the caller it is malformed */
	if (copy == NULL) {
		c->failed = true;
		return NULL;
	}
	memcpy(copy, p, *len);
	copy[*len] = 0;
	return copy;
}

void wg_codec_put_words(struct wg_buf *b, const char *s, size_t max)
{
	wg_buf_bytes(b, s != NULL ? s : "", s != NULL ? strnlen(s, max) : 0);
}

void wg_codec_put_msg_new(struct wg_buf *b, const struct wg_msg_new *m)
{
	wg_buf_str(b, m->id);
	wg_buf_str(b, m->organisation);
	wg_buf_str(b, m->idempotency_key);
	wg_buf_str(b, m->content_hash);
	wg_buf_str(b, m->content_type);
	wg_buf_str(b, m->way);
	wg_buf_bytes(b, m->blob, m->blob_len);
}

void wg_codec_get_msg_new_of(struct wg_cur *c, struct wg_msg_new *m)
{
	wg_cur_name(c, m->id, sizeof m->id);
	wg_cur_name(c, m->organisation, sizeof m->organisation);
	wg_cur_name(c, m->idempotency_key, sizeof m->idempotency_key);
	wg_cur_name(c, m->content_hash, sizeof m->content_hash);
	wg_cur_name(c, m->content_type, sizeof m->content_type);
	wg_cur_name(c, m->way, sizeof m->way);
	m->blob = wg_cur_bytes(c, &m->blob_len);
}

bool wg_codec_get_msg_new(struct wg_cur *c, struct wg_msg_new *m)
{
	wg_codec_get_msg_new_of(c, m);
	return wg_cur_end(c);
}

void wg_codec_put_receipt(struct wg_buf *b, const struct wg_msg_receipt *r)
{
	wg_buf_str(b, r->id);
	wg_buf_str(b, r->content_hash);
	wg_buf_u64(b, (uint64_t)r->accepted_at);
	wg_buf_u8(b, (uint8_t)r->state);
	wg_buf_u8(b, r->duplicate);
}

static void get_receipt(struct wg_cur *c, struct wg_msg_receipt *r)
{
	wg_cur_name(c, r->id, sizeof r->id);
	wg_cur_name(c, r->content_hash, sizeof r->content_hash);
	r->accepted_at = (int64_t)wg_cur_u64(c);
	uint8_t state = wg_cur_u8(c);
	if (state >= WG_MSG_STATES)
		c->failed = true;
	r->state = (enum wg_message_state)state;
	r->duplicate = get_bool(c);
}

bool wg_codec_get_receipt(struct wg_cur *c, struct wg_msg_receipt *r)
{
	get_receipt(c, r);
	return wg_cur_end(c);
}

void wg_codec_put_status(struct wg_buf *b, const struct wg_msg_status *s)
{
	wg_codec_put_receipt(b, &s->receipt);
	wg_buf_str(b, s->reason);
	wg_buf_str(b, s->deliveries);
	wg_buf_str(b, s->parts);
	for (size_t i = 0; i < WG_DLV_STATES; i++)
		wg_buf_u32(b, s->others[i]);
}

bool wg_codec_get_status(struct wg_cur *c, struct wg_msg_status *s)
{
	get_receipt(c, &s->receipt);
	wg_cur_name(c, s->reason, sizeof s->reason);
	s->deliveries = wg_cur_str(c, WG_LIMIT_FRAME);
	s->parts = wg_cur_str(c, WG_LIMIT_FRAME);
	for (size_t i = 0; i < WG_DLV_STATES; i++)
		s->others[i] = wg_cur_u32(c);
	if (wg_cur_end(c))
		return true;
	wg_freep(&s->deliveries);
	wg_freep(&s->parts);
	return false;
}

void wg_codec_put_msg_jobs(struct wg_buf *b, const struct wg_msg_job *jobs, unsigned count)
{
	wg_buf_u32(b, count);
	for (unsigned i = 0; i < count; i++) {
		const struct wg_msg_job *j = &jobs[i];
		wg_buf_str(b, j->id);
		wg_buf_u64(b, j->token);
		wg_buf_str(b, j->organisation);
		wg_buf_str(b, j->content_type);
		wg_buf_str(b, j->content_hash);
		wg_buf_u64(b, (uint64_t)j->accepted_at);
		wg_buf_str(b, j->way);
		wg_buf_str(b, j->idempotency_key);
		wg_buf_u8(b, j->again);
		wg_buf_u32(b, j->tries);
		wg_buf_bytes(b, j->blob, j->blob_len);
		wg_buf_bytes(b, j->resolution, j->resolution_len);
	}
}

bool wg_codec_get_msg_jobs(struct wg_cur *c, struct wg_msg_job **jobs, unsigned *count)
{
	unsigned n;
	if (!get_count(c, WG_STORE_LEASE_MAX, 52, &n))
		return false;
	struct wg_msg_job *list = calloc((size_t)n + 1, sizeof *list);
	if (list == NULL)
		return false;
	for (unsigned i = 0; i < n; i++) {
		struct wg_msg_job *j = &list[i];
		wg_cur_name(c, j->id, sizeof j->id);
		j->token = wg_cur_u64(c);
		wg_cur_name(c, j->organisation, sizeof j->organisation);
		wg_cur_name(c, j->content_type, sizeof j->content_type);
		wg_cur_name(c, j->content_hash, sizeof j->content_hash);
		j->accepted_at = (int64_t)wg_cur_u64(c);
		wg_cur_name(c, j->way, sizeof j->way);
		wg_cur_name(c, j->idempotency_key, sizeof j->idempotency_key);
		j->again = get_bool(c);
		j->tries = wg_cur_u32(c);
		j->blob = get_copy(c, &j->blob_len);
		j->resolution = get_copy(c, &j->resolution_len);
		if (j->resolution_len == 0) /* there is none */
			wg_freep(&j->resolution);
	}
	if (!wg_cur_end(c)) {
		wg_msg_jobs_free(list, n);
		return false;
	}
	*jobs = list;
	*count = n;
	return true;
}

void wg_codec_put_dlv_jobs(struct wg_buf *b, const struct wg_dlv_job *jobs, unsigned count)
{
	wg_buf_u32(b, count);
	for (unsigned i = 0; i < count; i++) {
		const struct wg_dlv_job *j = &jobs[i];
		wg_buf_str(b, j->id);
		wg_buf_str(b, j->message);
		wg_buf_u64(b, j->token);
		wg_buf_str(b, j->organisation);
		wg_buf_str(b, j->desk);
		wg_buf_str(b, j->channel);
		wg_buf_str(b, j->reference);
		wg_buf_u32(b, j->attempts);
		wg_buf_u64(b, (uint64_t)j->deadline);
		wg_buf_u8(b, j->maybe);
		wg_buf_bytes(b, j->envelope, j->envelope_len);
	}
}

bool wg_codec_get_dlv_jobs(struct wg_cur *c, struct wg_dlv_job **jobs, unsigned *count)
{
	unsigned n;
	if (!get_count(c, WG_STORE_LEASE_MAX, 44, &n))
		return false;
	struct wg_dlv_job *list = calloc((size_t)n + 1, sizeof *list);
	if (list == NULL)
		return false;
	for (unsigned i = 0; i < n; i++) {
		struct wg_dlv_job *j = &list[i];
		wg_cur_name(c, j->id, sizeof j->id);
		wg_cur_name(c, j->message, sizeof j->message);
		j->token = wg_cur_u64(c);
		wg_cur_name(c, j->organisation, sizeof j->organisation);
		wg_cur_name(c, j->desk, sizeof j->desk);
		wg_cur_name(c, j->channel, sizeof j->channel);
		wg_cur_name(c, j->reference, sizeof j->reference);
		j->attempts = wg_cur_u32(c);
		j->deadline = (int64_t)wg_cur_u64(c);
		j->maybe = get_bool(c);
		j->envelope = get_copy(c, &j->envelope_len);
	}
	if (!wg_cur_end(c)) {
		wg_dlv_jobs_free(list, n);
		return false;
	}
	*jobs = list;
	*count = n;
	return true;
}

void wg_codec_put_reports(struct wg_buf *b, const struct wg_dlv_report *reports, unsigned count)
{
	wg_buf_u32(b, count);
	for (unsigned i = 0; i < count; i++) {
		const struct wg_dlv_report *r = &reports[i];
		wg_buf_str(b, r->id);
		wg_buf_u64(b, r->token);
		wg_buf_u8(b, (uint8_t)r->state);
		wg_buf_u32(b, r->wait_ms);
		wg_buf_u8(b, r->maybe);
		wg_buf_str(b, r->detail);
		wg_buf_str(b, r->receipt);
	}
}

bool wg_codec_get_reports(struct wg_cur *c, struct wg_dlv_report **reports, unsigned *count)
{
	unsigned n;
	if (!get_count(c, WG_STORE_REPORTS_MAX, 26, &n))
		return false;
	WG_AUTO_FREE struct wg_dlv_report *list = calloc((size_t)n + 1, sizeof *list);
	if (list == NULL)
		return false;
	for (unsigned i = 0; i < n; i++) {
		struct wg_dlv_report *r = &list[i];
		wg_cur_name(c, r->id, sizeof r->id);
		r->token = wg_cur_u64(c);
		uint8_t state = wg_cur_u8(c);
		if (state >= WG_DLV_STATES)
			c->failed = true;
		r->state = (enum wg_delivery_state)state;
		r->wait_ms = wg_cur_u32(c);
		r->maybe = get_bool(c);
		wg_cur_name(c, r->detail, sizeof r->detail);
		wg_cur_name(c, r->receipt, sizeof r->receipt);
	}
	if (!wg_cur_end(c))
		return false;
	*reports = wg_steal(&list);
	*count = n;
	return true;
}

void wg_codec_put_rows(struct wg_buf *b, const struct wg_row *rows, unsigned count)
{
	wg_buf_u32(b, count);
	for (unsigned i = 0; i < count; i++) {
		const struct wg_row *r = &rows[i];
		const char *const texts[] = { r->id,      r->message, r->state, r->organisation, r->desk,
			                          r->channel, r->kind,    r->way,   r->reason,       r->assigned,
			                          r->parent,  r->role,    r->of,    r->released_by };
		for (size_t t = 0; t < WG_COUNT(texts); t++)
			wg_buf_str(b, texts[t]);
		wg_buf_u64(b, (uint64_t)r->since);
		wg_buf_u64(b, (uint64_t)r->next);
		wg_buf_u32(b, r->attempts);
		wg_buf_u8(b, r->maybe);
		wg_buf_u64(b, (uint64_t)r->due);
		wg_buf_u64(b, (uint64_t)r->not_before);
		wg_buf_u8(b, r->second_person);
		wg_buf_u8(b, r->alarm);
		wg_buf_u8(b, r->overrides);
		wg_buf_u64(b, (uint64_t)r->ready);
		wg_buf_u64(b, (uint64_t)r->handed);
		wg_buf_u32(b, r->told);
		wg_buf_u8(b, r->unconfirmed);
		wg_buf_u64(b, (uint64_t)r->fault);
	}
}

static void get_row(struct wg_cur *c, struct wg_row *r)
{
	wg_cur_name(c, r->id, sizeof r->id);
	wg_cur_name(c, r->message, sizeof r->message);
	wg_cur_name(c, r->state, sizeof r->state);
	wg_cur_name(c, r->organisation, sizeof r->organisation);
	wg_cur_name(c, r->desk, sizeof r->desk);
	wg_cur_name(c, r->channel, sizeof r->channel);
	wg_cur_name(c, r->kind, sizeof r->kind);
	wg_cur_name(c, r->way, sizeof r->way);
	wg_cur_name(c, r->reason, sizeof r->reason);
	wg_cur_name(c, r->assigned, sizeof r->assigned);
	wg_cur_name(c, r->parent, sizeof r->parent);
	wg_cur_name(c, r->role, sizeof r->role);
	wg_cur_name(c, r->of, sizeof r->of);
	wg_cur_name(c, r->released_by, sizeof r->released_by);
	r->since = (int64_t)wg_cur_u64(c);
	r->next = (int64_t)wg_cur_u64(c);
	r->attempts = wg_cur_u32(c);
	r->maybe = get_bool(c);
	r->due = (int64_t)wg_cur_u64(c);
	r->not_before = (int64_t)wg_cur_u64(c);
	r->second_person = get_bool(c);
	r->alarm = get_bool(c);
	r->overrides = get_bool(c);
	r->ready = (int64_t)wg_cur_u64(c);
	r->handed = (int64_t)wg_cur_u64(c);
	r->told = wg_cur_u32(c);
	r->unconfirmed = get_bool(c);
	r->fault = (int64_t)wg_cur_u64(c);
}

bool wg_codec_get_rows(struct wg_cur *c, struct wg_row **rows, unsigned *count)
{
	unsigned n;
	if (!get_count(c, WG_STORE_LIST_MAX, 96, &n))
		return false;
	WG_AUTO_FREE struct wg_row *list = calloc((size_t)n + 1, sizeof *list);
	if (list == NULL)
		return false;
	for (unsigned i = 0; i < n; i++)
		get_row(c, &list[i]);
	if (!wg_cur_end(c))
		return false;
	*rows = wg_steal(&list);
	*count = n;
	return true;
}

void wg_codec_put_result(struct wg_buf *b, const struct wg_msg_done_result *r)
{
	wg_buf_u8(b, r->duplicate);
	wg_buf_str(b, r->duplicate_of);
	wg_buf_u8(b, (uint8_t)r->state);
	wg_buf_u8(b, r->doubt);
	wg_buf_str(b, r->reason);
	wg_buf_u32(b, r->receipts_unknown);
}

bool wg_codec_get_result(struct wg_cur *c, struct wg_msg_done_result *r)
{
	r->duplicate = get_bool(c);
	wg_cur_name(c, r->duplicate_of, sizeof r->duplicate_of);
	uint8_t state = wg_cur_u8(c);
	if (state >= WG_MSG_STATES)
		c->failed = true;
	r->state = (enum wg_message_state)state;
	r->doubt = get_bool(c);
	wg_cur_name(c, r->reason, sizeof r->reason);
	r->receipts_unknown = wg_cur_u32(c);
	return wg_cur_end(c);
}
