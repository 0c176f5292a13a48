/* codec_done.c owns the wire form of a completed message, whose large blobs travel ahead of it.
 * SECURITY: getting meets bytes of another process; counts are judged before anything is allocated for them. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/codec.h"

enum { BLOB_NONE, BLOB_HERE, BLOB_PART };

static void put_blob(struct wg_buf *b, const void *p, size_t len)
{
	uint8_t hash[WG_SHA256_LEN];
	if (p == NULL || len == 0) {
		wg_buf_u8(b, BLOB_NONE);
	} else if (len < WG_CODEC_PART_MIN) {
		wg_buf_u8(b, BLOB_HERE);
		wg_buf_bytes(b, p, len);
	} else {
		wg_buf_u8(b, BLOB_PART);
		wg_sha256(p, len, hash);
		wg_buf_bytes(b, hash, sizeof hash);
	}
}

static const void *get_blob(struct wg_cur *c, wg_codec_part *part, void *arg, size_t *len)
{
	uint8_t kind = wg_cur_u8(c);
	*len = 0;
	if (kind == BLOB_NONE)
		return NULL;
	const uint8_t *p = wg_cur_bytes(c, len);
	if (p != NULL && kind == BLOB_PART)
		p = *len == WG_SHA256_LEN ? part(arg, p, len) : NULL;
	else if (kind != BLOB_HERE)
		p = NULL;
	if (p == NULL) {
		c->failed = true;
		*len = 0;
	}
	return p;
}

static void put_delivery(struct wg_buf *b, const struct wg_dlv_new *d)
{
	wg_buf_str(b, d->organisation);
	wg_buf_str(b, d->desk);
	wg_buf_str(b, d->role);
	wg_buf_str(b, d->channel);
	wg_buf_u8(b, (uint8_t)d->state);
	wg_codec_put_words(b, d->reason, WG_STORE_REASON - 1);
	wg_buf_str(b, d->disclosure);
	put_blob(b, d->envelope, d->envelope_len);
	wg_buf_u64(b, (uint64_t)d->deadline);
}

static void get_delivery(struct wg_cur *c, wg_codec_part *part, void *arg, struct wg_dlv_new *d)
{
	wg_cur_name(c, d->organisation, sizeof d->organisation);
	wg_cur_name(c, d->desk, sizeof d->desk);
	wg_cur_name(c, d->role, sizeof d->role);
	wg_cur_name(c, d->channel, sizeof d->channel);
	uint8_t state = wg_cur_u8(c);
	if (state >= WG_DLV_STATES)
		c->failed = true;
	d->state = (enum wg_delivery_state)state;
	d->reason = wg_cur_str(c, WG_STORE_REASON - 1);
	d->disclosure = wg_cur_str(c, WG_STORE_DISCLOSURE_MAX);
	d->envelope = get_blob(c, part, arg, &d->envelope_len);
	d->deadline = (int64_t)wg_cur_u64(c);
}

void wg_codec_put_done(struct wg_buf *b, const struct wg_msg_done *d)
{
	wg_buf_str(b, d->id);
	wg_buf_u64(b, d->token);
	wg_buf_u8(b, (uint8_t)d->state);
	wg_buf_str(b, d->kind);
	wg_codec_put_words(b, d->reason, WG_STORE_REASON - 1);
	put_blob(b, d->notice, d->notice_len);
	put_blob(b, d->report, d->report_len);
	wg_buf_u8(b, (uint8_t)d->child_choice);
	wg_buf_str(b, d->child_as);
	wg_buf_u8(b, d->episode_new);
	wg_buf_str(b, d->content_key);
	wg_buf_str(b, d->epoch);
	wg_buf_u32(b, d->episode_key_count);
	for (unsigned i = 0; i < d->episode_key_count; i++)
		wg_buf_str(b, d->episode_keys[i]);
	wg_buf_u32(b, d->delivery_count);
	for (unsigned i = 0; i < d->delivery_count; i++)
		put_delivery(b, &d->deliveries[i]);
}

/* A list of n members of size each, zeroed; NULL with the cursor failed when there are too many or no memory. */
static void *get_list(struct wg_cur *c, unsigned max, size_t least, size_t size, unsigned *n)
{
	*n = wg_cur_u32(c);
	void *list = c->failed || *n > max || *n > c->left / least ? NULL : calloc((size_t)*n + 1, size);
	if (list == NULL) {
		c->failed = true;
		*n = 0;
	}
	return list;
}

bool wg_codec_get_done(struct wg_cur *c, wg_codec_part *part, void *arg, struct wg_msg_done *out)
{
	struct wg_msg_done d = { .id = "" };
	wg_cur_name(c, d.id, sizeof d.id);
	d.token = wg_cur_u64(c);
	uint8_t state = wg_cur_u8(c);
	if (state >= WG_MSG_STATES)
		c->failed = true;
	d.state = (enum wg_message_state)state;
	wg_cur_name(c, d.kind, sizeof d.kind);
	d.reason = wg_cur_str(c, WG_STORE_REASON - 1);
	d.notice = get_blob(c, part, arg, &d.notice_len);
	d.report = get_blob(c, part, arg, &d.report_len);
	uint8_t choice = wg_cur_u8(c);
	if (choice > WG_CHILD_NEW)
		c->failed = true;
	d.child_choice = (enum wg_child_choice)choice;
	wg_cur_name(c, d.child_as, sizeof d.child_as);
	d.episode_new = wg_cur_u8(c) != 0;
	wg_cur_name(c, d.content_key, sizeof d.content_key);
	wg_cur_name(c, d.epoch, sizeof d.epoch);
	char **keys = get_list(c, WG_STORE_KEYS_MAX, 4, sizeof *keys, &d.episode_key_count);
	d.episode_keys = (const char *const *)keys;
	for (unsigned i = 0; i < d.episode_key_count; i++)
		keys[i] = wg_cur_str(c, WG_STORE_HASH - 1);
	struct wg_dlv_new *deliveries = get_list(c, WG_LIMIT_RECIPIENTS, 34, sizeof *deliveries, &d.delivery_count);
	d.deliveries = deliveries;
	for (unsigned i = 0; i < d.delivery_count; i++)
		get_delivery(c, part, arg, &deliveries[i]);
	if (wg_cur_end(c)) {
		*out = d;
		return true;
	}
	wg_codec_done_free(&d);
	return false;
}

/* What get allocated; const in the struct because callers that fill it themselves own it otherwise. */
static void drop(const void *p)
{
	free((void *)(uintptr_t)p);
}

void wg_codec_done_free(struct wg_msg_done *d)
{
	drop(d->reason);
	for (unsigned i = 0; i < d->episode_key_count; i++)
		drop(d->episode_keys[i]);
	drop((const void *)d->episode_keys);
	for (unsigned i = 0; i < d->delivery_count; i++) {
		drop(d->deliveries[i].reason);
		drop(d->deliveries[i].disclosure);
	}
	drop(d->deliveries);
	*d = (struct wg_msg_done){ .id = "" };
}
