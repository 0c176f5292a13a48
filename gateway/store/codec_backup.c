/* codec_backup.c owns what passes about a backup. */
#include "store/codec.h"

void wg_codec_put_copy(struct wg_buf *b, const struct wg_copy_state *s)
{
	wg_buf_u8(b, s->ready);
	wg_buf_u64(b, s->done);
	wg_buf_u64(b, s->pages);
	wg_buf_str(b, s->name);
	wg_buf_u64(b, (uint64_t)s->at);
	wg_buf_u64(b, s->entries);
	wg_buf_str(b, s->head);
	wg_buf_u64(b, (uint64_t)s->last);
	wg_buf_str(b, s->pair);
}

bool wg_codec_get_copy(struct wg_cur *c, struct wg_copy_state *s)
{
	*s = (struct wg_copy_state){ .ready = wg_cur_u8(c) != 0 };
	s->done = wg_cur_u64(c);
	s->pages = wg_cur_u64(c);
	wg_cur_name(c, s->name, sizeof s->name);
	s->at = (int64_t)wg_cur_u64(c);
	s->entries = wg_cur_u64(c);
	wg_cur_name(c, s->head, sizeof s->head);
	s->last = (int64_t)wg_cur_u64(c);
	wg_cur_name(c, s->pair, sizeof s->pair);
	return wg_cur_end(c);
}
