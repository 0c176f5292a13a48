/* codec_context.c owns the wire form of what a decision asks the store: keys, records, the context.
 * SECURITY: getting meets bytes of another process; counts are judged before anything is allocated for them. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/refused.h"
#include "store/codec.h"

/* The fewest bytes that one of each takes on the wire. */
#define KEY_LEAST 9
#define TOLD_LEAST 16
#define RECORD_LEAST 16
#define DUE_LEAST 20

static void put_key(struct wg_buf *b, const struct wg_match_key *k)
{
	wg_buf_u8(b, (uint8_t)k->kind);
	wg_buf_str(b, k->key);
	wg_buf_str(b, k->scope);
}

static void get_key(struct wg_cur *c, struct wg_match_key *k)
{
	uint8_t kind = wg_cur_u8(c);
	if (kind >= WG_KEY_KINDS)
		c->failed = true;
	k->kind = c->failed ? WG_KEY_REFERENCE : (enum wg_key_kind)kind;
	wg_cur_name(c, k->key, sizeof k->key);
	wg_cur_name(c, k->scope, sizeof k->scope);
}

void *wg_codec_get_list(struct wg_cur *c, unsigned max, size_t least, size_t size, unsigned *n)
{
	*n = wg_cur_u32(c);
	bool fits = !c->failed && *n <= max && *n <= c->left / least;
	void *list = fits ? calloc((size_t)*n + 1, size) : NULL;
	if (fits && list == NULL)
		wg_mem_note(); /* to the caller it is malformed */
	if (list == NULL) {
		c->failed = true;
		*n = 0;
	}
	return list;
}

void wg_codec_put_keys(struct wg_buf *b, const struct wg_match_key *keys, unsigned count)
{
	wg_buf_u32(b, count);
	for (unsigned i = 0; i < count; i++)
		put_key(b, &keys[i]);
}

struct wg_match_key *wg_codec_get_keys(struct wg_cur *c, unsigned max, unsigned *count)
{
	struct wg_match_key *keys = wg_codec_get_list(c, max, KEY_LEAST, sizeof *keys, count);
	for (unsigned i = 0; i < *count; i++)
		get_key(c, &keys[i]);
	return keys;
}

/* ---- records */

static void put_records(struct wg_buf *b, const struct wg_record *records, unsigned count)
{
	wg_buf_u32(b, count);
	for (unsigned i = 0; i < count; i++) {
		wg_buf_str(b, records[i].id);
		wg_buf_u64(b, (uint64_t)records[i].at);
		wg_buf_bytes(b, records[i].blob, records[i].blob_len);
	}
}

static void get_record(struct wg_cur *c, struct wg_record *r)
{
	wg_cur_name(c, r->id, sizeof r->id);
	r->at = (int64_t)wg_cur_u64(c);
	const uint8_t *p = wg_cur_bytes(c, &r->blob_len);
	r->blob = p != NULL ? malloc(r->blob_len + 1) : NULL;
	if (r->blob == NULL) {
		c->failed = true;
		return;
	}
	memcpy(r->blob, p, r->blob_len);
	r->blob[r->blob_len] = 0;
}

/* What was allocated is in *records also when it failed. */
static void get_records(struct wg_cur *c, struct wg_record **records, unsigned *count)
{
	struct wg_record *list = wg_codec_get_list(c, WG_STORE_RECORDS_MAX, RECORD_LEAST, sizeof *list, count);
	for (unsigned i = 0; i < *count; i++)
		get_record(c, &list[i]);
	*records = list;
}

void wg_codec_put_records(struct wg_buf *b, const struct wg_record *records, unsigned count)
{
	put_records(b, records, count);
}

bool wg_codec_get_records(struct wg_cur *c, struct wg_record **records, unsigned *count)
{
	struct wg_record *list = NULL;
	unsigned n = 0;
	get_records(c, &list, &n);
	if (!wg_cur_end(c)) {
		wg_records_free(list, n);
		return false;
	}
	*records = list;
	*count = n;
	return true;
}

/* ---- the context */

static void put_dues(struct wg_buf *b, const struct wg_review_due *dues, unsigned count)
{
	wg_buf_u32(b, count);
	for (unsigned i = 0; i < count; i++) {
		wg_buf_str(b, dues[i].organisation);
		wg_buf_str(b, dues[i].desk);
		wg_buf_str(b, dues[i].role);
		wg_buf_u64(b, (uint64_t)dues[i].due);
	}
}

static void get_dues(struct wg_cur *c, struct wg_context *x)
{
	x->dues = wg_codec_get_list(c, WG_LIMIT_RECIPIENTS, DUE_LEAST, sizeof *x->dues, &x->due_count);
	for (unsigned i = 0; i < x->due_count; i++) {
		wg_cur_name(c, x->dues[i].organisation, sizeof x->dues[i].organisation);
		wg_cur_name(c, x->dues[i].desk, sizeof x->dues[i].desk);
		wg_cur_name(c, x->dues[i].role, sizeof x->dues[i].role);
		x->dues[i].due = (int64_t)wg_cur_u64(c);
	}
}

void wg_codec_put_context(struct wg_buf *b, const struct wg_context *x)
{
	wg_buf_u64(b, x->child);
	wg_buf_u8(b, x->doubt);
	wg_buf_u8(b, x->live);
	wg_buf_u8(b, x->concerns_unknown);
	wg_buf_u32(b, x->told_count);
	for (unsigned i = 0; i < x->told_count; i++) {
		wg_buf_str(b, x->told[i].organisation);
		wg_buf_str(b, x->told[i].desk);
		wg_buf_str(b, x->told[i].role);
		wg_buf_str(b, x->told[i].of);
	}
	put_records(b, x->records, x->record_count);
	put_dues(b, x->dues, x->due_count);
}

bool wg_codec_get_context(struct wg_cur *c, struct wg_context *out)
{
	WG_CLEANUP(wg_context_free) struct wg_context x = { 0 };
	x.child = wg_cur_u64(c);
	x.doubt = wg_cur_u8(c) != 0;
	x.live = wg_cur_u8(c) != 0;
	x.concerns_unknown = wg_cur_u8(c) != 0;
	x.told = wg_codec_get_list(c, WG_STORE_TOLD_MAX, TOLD_LEAST, sizeof *x.told, &x.told_count);
	for (unsigned i = 0; i < x.told_count; i++) {
		wg_cur_name(c, x.told[i].organisation, sizeof x.told[i].organisation);
		wg_cur_name(c, x.told[i].desk, sizeof x.told[i].desk);
		wg_cur_name(c, x.told[i].role, sizeof x.told[i].role);
		wg_cur_name(c, x.told[i].of, sizeof x.told[i].of);
	}
	get_records(c, &x.records, &x.record_count);
	get_dues(c, &x);
	if (!wg_cur_end(c))
		return false;
	*out = x;
	x = (struct wg_context){ 0 };
	return true;
}
