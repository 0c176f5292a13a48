/* codec_confirm.c owns the wire form of what comes back from recipients and of what follows when nothing does.
 * SECURITY: getting meets bytes of another process; counts are judged before anything is allocated for them. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/codec.h"

void wg_codec_put_receipt_new(struct wg_buf *b, const struct wg_receipt_new *r)
{
	const char *const texts[] = { r->reference, r->delivery, r->token_hash, r->id,       r->organisation, r->way,
		                          r->person,    r->detail,   r->copy_hash,  r->log_head, r->message };
	for (size_t i = 0; i < WG_COUNT(texts); i++)
		wg_buf_str(b, texts[i]);
	wg_buf_u8(b, (uint8_t)r->level);
	wg_buf_u64(b, (uint64_t)r->said_at);
}

void wg_codec_get_receipt_new(struct wg_cur *c, struct wg_receipt_new *r)
{
	wg_cur_name(c, r->reference, sizeof r->reference);
	wg_cur_name(c, r->delivery, sizeof r->delivery);
	wg_cur_name(c, r->token_hash, sizeof r->token_hash);
	wg_cur_name(c, r->id, sizeof r->id);
	wg_cur_name(c, r->organisation, sizeof r->organisation);
	wg_cur_name(c, r->way, sizeof r->way);
	wg_cur_name(c, r->person, sizeof r->person);
	wg_cur_name(c, r->detail, sizeof r->detail);
	wg_cur_name(c, r->copy_hash, sizeof r->copy_hash);
	wg_cur_name(c, r->log_head, sizeof r->log_head);
	wg_cur_name(c, r->message, sizeof r->message);
	uint8_t level = wg_cur_u8(c);
	if (level >= WG_RECEIPT_LEVELS)
		c->failed = true;
	r->level = c->failed ? WG_RECEIPT_NOTED : (enum wg_receipt_level)level;
	r->said_at = (int64_t)wg_cur_u64(c);
}

static void get_state(struct wg_cur *c, enum wg_delivery_state *out)
{
	uint8_t state = wg_cur_u8(c);
	if (state >= WG_DLV_STATES)
		c->failed = true;
	*out = c->failed ? WG_DLV_DECIDED : (enum wg_delivery_state)state;
}

void wg_codec_put_receipt_result(struct wg_buf *b, const struct wg_receipt_result *r)
{
	wg_buf_str(b, r->delivery);
	wg_buf_str(b, r->message);
	wg_buf_u8(b, (uint8_t)r->state);
	wg_buf_u8(b, r->moved);
	wg_buf_u8(b, r->again);
}

bool wg_codec_get_receipt_result(struct wg_cur *c, struct wg_receipt_result *r)
{
	wg_cur_name(c, r->delivery, sizeof r->delivery);
	wg_cur_name(c, r->message, sizeof r->message);
	get_state(c, &r->state);
	r->moved = wg_cur_u8(c) != 0;
	r->again = wg_cur_u8(c) != 0;
	return wg_cur_end(c);
}
