/* codec_done.c owns the wire form of a completed message, whose large blobs travel ahead of it.
 * SECURITY: getting meets bytes of another process; counts are judged before anything is allocated for them. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/codec.h"

/* The fewest bytes that one of each takes on the wire. */
#define DELIVERY_LEAST 86
#define CONSENT_LEAST 5

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

static unsigned get_enum(struct wg_cur *c, unsigned last)
{
	uint8_t v = wg_cur_u8(c);
	if (v > last)
		c->failed = true;
	return v <= last ? v : 0;
}

static void put_part(struct wg_buf *b, const struct wg_part_new *p)
{
	wg_buf_str(b, p->content_hash);
	wg_buf_str(b, p->content_type);
	put_blob(b, p->blob, p->blob_len);
}

static void get_part(struct wg_cur *c, wg_codec_part *part, void *arg, struct wg_part_new *p)
{
	wg_cur_name(c, p->content_hash, sizeof p->content_hash);
	wg_cur_name(c, p->content_type, sizeof p->content_type);
	p->blob = get_blob(c, part, arg, &p->blob_len);
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
	wg_buf_str(b, d->of);
	wg_buf_u64(b, (uint64_t)d->not_before);
	wg_buf_u64(b, (uint64_t)d->due);
	wg_buf_u8(b, d->second_person);
	wg_buf_u32(b, d->alarm_of);
	wg_buf_u8(b, d->overrides);
	wg_buf_u64(b, (uint64_t)d->valid_until);
	wg_buf_str(b, d->reference);
	wg_buf_str(b, d->token_hash);
	wg_buf_str(b, d->copy_hash);
	wg_buf_str(b, d->confirm);
	wg_buf_u8(b, d->hook);
	wg_buf_u8(b, d->known);
}

static void get_delivery(struct wg_cur *c, wg_codec_part *part, void *arg, struct wg_dlv_new *d)
{
	wg_cur_name(c, d->organisation, sizeof d->organisation);
	wg_cur_name(c, d->desk, sizeof d->desk);
	wg_cur_name(c, d->role, sizeof d->role);
	wg_cur_name(c, d->channel, sizeof d->channel);
	d->state = (enum wg_delivery_state)get_enum(c, WG_DLV_STATES - 1);
	d->reason = wg_cur_str(c, WG_STORE_REASON - 1);
	d->disclosure = wg_cur_str(c, WG_STORE_DISCLOSURE_MAX);
	d->envelope = get_blob(c, part, arg, &d->envelope_len);
	d->deadline = (int64_t)wg_cur_u64(c);
	wg_cur_name(c, d->of, sizeof d->of);
	d->not_before = (int64_t)wg_cur_u64(c);
	d->due = (int64_t)wg_cur_u64(c);
	d->second_person = wg_cur_u8(c) != 0;
	d->alarm_of = wg_cur_u32(c);
	d->overrides = wg_cur_u8(c) != 0;
	d->valid_until = (int64_t)wg_cur_u64(c);
	wg_cur_name(c, d->reference, sizeof d->reference);
	wg_cur_name(c, d->token_hash, sizeof d->token_hash);
	wg_cur_name(c, d->copy_hash, sizeof d->copy_hash);
	wg_cur_name(c, d->confirm, sizeof d->confirm);
	d->hook = wg_cur_u8(c) != 0;
	d->known = wg_cur_u8(c) != 0;
}

static void put_consent(struct wg_buf *b, const struct wg_record_new *r)
{
	wg_buf_str(b, r->id);
	put_blob(b, r->blob, r->blob_len);
}

static void get_consent(struct wg_cur *c, wg_codec_part *part, void *arg, struct wg_record_new *r)
{
	wg_cur_name(c, r->id, sizeof r->id);
	r->blob = get_blob(c, part, arg, &r->blob_len);
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
	wg_buf_u8(b, (uint8_t)d->relation);
	wg_codec_put_keys(b, d->keys, d->key_count);
	wg_buf_u32(b, d->part_count);
	for (unsigned i = 0; i < d->part_count; i++)
		put_part(b, &d->parts[i]);
	wg_buf_u32(b, d->delivery_count);
	for (unsigned i = 0; i < d->delivery_count; i++)
		put_delivery(b, &d->deliveries[i]);
	wg_buf_str(b, d->notice_id);
	wg_buf_str(b, d->concerns);
	wg_buf_u8(b, d->recalls);
	wg_buf_u32(b, d->consent_count);
	for (unsigned i = 0; i < d->consent_count; i++)
		put_consent(b, &d->consents[i]);
	wg_buf_u8(b, d->watches_live);
	wg_buf_u8(b, d->live);
	wg_buf_str(b, d->organisation);
	wg_buf_str(b, d->sender_reference);
	wg_buf_str(b, d->sender_copy_hash);
	wg_buf_u32(b, d->receipt_count);
	for (unsigned i = 0; i < d->receipt_count; i++)
		wg_codec_put_receipt_new(b, &d->receipts[i]);
}

bool wg_codec_get_done(struct wg_cur *c, wg_codec_part *part, void *arg, struct wg_msg_done *out)
{
	struct wg_msg_done d = { .id = "" };
	wg_cur_name(c, d.id, sizeof d.id);
	d.token = wg_cur_u64(c);
	d.state = (enum wg_message_state)get_enum(c, WG_MSG_STATES - 1);
	wg_cur_name(c, d.kind, sizeof d.kind);
	d.reason = wg_cur_str(c, WG_STORE_REASON - 1);
	d.notice = get_blob(c, part, arg, &d.notice_len);
	d.report = get_blob(c, part, arg, &d.report_len);
	d.child_choice = (enum wg_child_choice)get_enum(c, WG_CHILD_NEW);
	wg_cur_name(c, d.child_as, sizeof d.child_as);
	d.episode_new = wg_cur_u8(c) != 0;
	wg_cur_name(c, d.content_key, sizeof d.content_key);
	wg_cur_name(c, d.epoch, sizeof d.epoch);
	d.relation = (enum wg_relation)get_enum(c, WG_RELATION_AFTER);
	d.keys = wg_codec_get_keys(c, WG_STORE_KEYS_MAX, &d.key_count);
	struct wg_part_new *parts = wg_codec_get_list(c, WG_LIMIT_DOCUMENTS, 9, sizeof *parts, &d.part_count);
	d.parts = parts;
	for (unsigned i = 0; i < d.part_count; i++)
		get_part(c, part, arg, &parts[i]);
	struct wg_dlv_new *deliveries =
		wg_codec_get_list(c, WG_LIMIT_RECIPIENTS, DELIVERY_LEAST, sizeof *deliveries, &d.delivery_count);
	d.deliveries = deliveries;
	for (unsigned i = 0; i < d.delivery_count; i++)
		get_delivery(c, part, arg, &deliveries[i]);
	wg_cur_name(c, d.notice_id, sizeof d.notice_id);
	d.concerns = wg_cur_str(c, WG_CODEC_CONCERNS_MAX);
	d.recalls = wg_cur_u8(c) != 0;
	struct wg_record_new *consents =
		wg_codec_get_list(c, WG_STORE_RECORDS_MAX, CONSENT_LEAST, sizeof *consents, &d.consent_count);
	d.consents = consents;
	for (unsigned i = 0; i < d.consent_count; i++)
		get_consent(c, part, arg, &consents[i]);
	d.watches_live = wg_cur_u8(c) != 0;
	d.live = wg_cur_u8(c) != 0;
	wg_cur_name(c, d.organisation, sizeof d.organisation);
	wg_cur_name(c, d.sender_reference, sizeof d.sender_reference);
	wg_cur_name(c, d.sender_copy_hash, sizeof d.sender_copy_hash);
	struct wg_receipt_new *receipts =
		wg_codec_get_list(c, WG_STORE_RECEIPTS_MAX, WG_CODEC_RECEIPT_LEAST, sizeof *receipts, &d.receipt_count);
	d.receipts = receipts;
	for (unsigned i = 0; i < d.receipt_count; i++)
		wg_codec_get_receipt_new(c, &receipts[i]);
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
	drop(d->keys);
	drop(d->parts);
	for (unsigned i = 0; i < d->delivery_count; i++) {
		drop(d->deliveries[i].reason);
		drop(d->deliveries[i].disclosure);
	}
	drop(d->deliveries);
	drop(d->concerns);
	drop(d->consents);
	drop(d->receipts);
	*d = (struct wg_msg_done){ .id = "" };
}
