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

void wg_codec_put_token_view(struct wg_buf *b, const struct wg_token_view *v)
{
	wg_buf_str(b, v->reference);
	wg_buf_str(b, v->organisation);
	wg_buf_str(b, v->desk);
	wg_buf_u8(b, (uint8_t)v->state);
	wg_buf_u64(b, (uint64_t)v->sent);
	wg_buf_u8(b, (uint8_t)v->said);
	wg_buf_str(b, v->person);
	wg_buf_u64(b, (uint64_t)v->said_at);
}

bool wg_codec_get_token_view(struct wg_cur *c, struct wg_token_view *v)
{
	wg_cur_name(c, v->reference, sizeof v->reference);
	wg_cur_name(c, v->organisation, sizeof v->organisation);
	wg_cur_name(c, v->desk, sizeof v->desk);
	get_state(c, &v->state);
	v->sent = (int64_t)wg_cur_u64(c);
	uint8_t said = wg_cur_u8(c);
	if (said >= WG_RECEIPT_LEVELS)
		c->failed = true;
	v->said = c->failed ? WG_RECEIPT_NOTED : (enum wg_receipt_level)said;
	wg_cur_name(c, v->person, sizeof v->person);
	v->said_at = (int64_t)wg_cur_u64(c);
	return wg_cur_end(c);
}

/* ---- tasks */

/* The texts of a task, in their order on the wire. */
#define TASK_TEXTS(t)                                                                                                 \
	{                                                                                                                 \
		{ (t)->message, sizeof(t)->message }, { (t)->delivery, sizeof(t)->delivery },                                 \
			{ (t)->reference, sizeof(t)->reference }, { (t)->sender, sizeof(t)->sender },                             \
			{ (t)->sender_reference, sizeof(t)->sender_reference },                                                   \
			{ (t)->sender_copy_hash, sizeof(t)->sender_copy_hash }, { (t)->notice_kind, sizeof(t)->notice_kind },     \
			{ (t)->organisation, sizeof(t)->organisation }, { (t)->desk, sizeof(t)->desk },                           \
			{ (t)->role, sizeof(t)->role }, { (t)->of, sizeof(t)->of }, { (t)->confirm, sizeof(t)->confirm },         \
			{ (t)->person, sizeof(t)->person }, { (t)->detail, sizeof(t)->detail }, { (t)->alert, sizeof(t)->alert }, \
			{ (t)->log_head, sizeof(t)->log_head },                                                                   \
	}
#define TASK_LEAST 140

static void put_task(struct wg_buf *b, const struct wg_task *t)
{
	const struct {
		const char *text;
		size_t size;
	} texts[] = TASK_TEXTS(t);
	wg_buf_u8(b, (uint8_t)t->kind);
	wg_buf_u64(b, t->id);
	wg_buf_u64(b, t->token);
	wg_buf_u64(b, (uint64_t)t->now);
	for (size_t i = 0; i < WG_COUNT(texts); i++)
		wg_buf_str(b, texts[i].text);
	wg_buf_u8(b, (uint8_t)t->state);
	wg_buf_u64(b, (uint64_t)t->since);
	wg_buf_u64(b, (uint64_t)t->handed_over);
	wg_buf_u64(b, (uint64_t)t->received);
	wg_buf_u64(b, (uint64_t)t->opened);
	wg_buf_u64(b, (uint64_t)t->acknowledged);
	wg_buf_u32(b, t->steps);
	wg_buf_u8(b, t->cleared);
	wg_buf_u8(b, t->known);
}

static void get_task(struct wg_cur *c, struct wg_task *t)
{
	const struct {
		char *text;
		size_t size;
	} texts[] = TASK_TEXTS(t);
	uint8_t kind = wg_cur_u8(c);
	if (kind > WG_TASK_ALERT)
		c->failed = true;
	t->kind = c->failed ? WG_TASK_CONFIRM : (enum wg_task_kind)kind;
	t->id = wg_cur_u64(c);
	t->token = wg_cur_u64(c);
	t->now = (int64_t)wg_cur_u64(c);
	for (size_t i = 0; i < WG_COUNT(texts); i++)
		wg_cur_name(c, texts[i].text, texts[i].size);
	get_state(c, &t->state);
	t->since = (int64_t)wg_cur_u64(c);
	t->handed_over = (int64_t)wg_cur_u64(c);
	t->received = (int64_t)wg_cur_u64(c);
	t->opened = (int64_t)wg_cur_u64(c);
	t->acknowledged = (int64_t)wg_cur_u64(c);
	t->steps = wg_cur_u32(c);
	t->cleared = wg_cur_u8(c) != 0;
	t->known = wg_cur_u8(c) != 0;
}

void wg_codec_put_tasks(struct wg_buf *b, const struct wg_task *tasks, unsigned count)
{
	wg_buf_u32(b, count);
	for (unsigned i = 0; i < count; i++)
		put_task(b, &tasks[i]);
}

bool wg_codec_get_tasks(struct wg_cur *c, struct wg_task **tasks, unsigned *count)
{
	unsigned n = 0;
	WG_AUTO_FREE struct wg_task *list = wg_codec_get_list(c, WG_STORE_TASKS_MAX, TASK_LEAST, sizeof *list, &n);
	for (unsigned i = 0; i < n; i++)
		get_task(c, &list[i]);
	if (list == NULL || !wg_cur_end(c))
		return false;
	*tasks = wg_steal(&list);
	*count = n;
	return true;
}

void wg_codec_put_task_done(struct wg_buf *b, const struct wg_task_done *d)
{
	wg_buf_u64(b, d->id);
	wg_buf_u64(b, d->token);
	wg_buf_u32(b, d->steps);
	wg_buf_u64(b, (uint64_t)d->next);
	wg_buf_str(b, d->detail);
	wg_buf_u32(b, d->notice_count);
	for (unsigned i = 0; i < d->notice_count; i++)
		wg_codec_put_msg_new(b, &d->notices[i]);
}

bool wg_codec_get_task_done(struct wg_cur *c, struct wg_msg_new *notices, struct wg_task_done *d)
{
	d->id = wg_cur_u64(c);
	d->token = wg_cur_u64(c);
	d->steps = wg_cur_u32(c);
	d->next = (int64_t)wg_cur_u64(c);
	wg_cur_name(c, d->detail, sizeof d->detail);
	d->notice_count = wg_cur_u32(c);
	d->notices = notices;
	if (c->failed || d->notice_count > WG_STORE_TASK_NOTICES || d->next < 0)
		return false;
	for (unsigned i = 0; i < d->notice_count; i++)
		wg_codec_get_msg_new_of(c, &notices[i]);
	return wg_cur_end(c);
}

/* ---- the pull inbox and its webhooks */

#define ITEM_LEAST 37
#define HOOK_LEAST 32

void wg_codec_put_items(struct wg_buf *b, const struct wg_inbox_item *items, unsigned count)
{
	wg_buf_u32(b, count);
	for (unsigned i = 0; i < count; i++) {
		const struct wg_inbox_item *t = &items[i];
		wg_buf_str(b, t->delivery);
		wg_buf_str(b, t->reference);
		wg_buf_str(b, t->desk);
		wg_buf_str(b, t->kind);
		wg_buf_str(b, t->copy_hash);
		wg_buf_u8(b, (uint8_t)t->state);
		wg_buf_u64(b, (uint64_t)t->since);
		wg_buf_u64(b, t->size);
	}
}

struct wg_inbox_item *wg_codec_get_items(struct wg_cur *c, unsigned *count)
{
	struct wg_inbox_item *list = wg_codec_get_list(c, WG_STORE_INBOX_MAX, ITEM_LEAST, sizeof *list, count);
	for (unsigned i = 0; i < *count; i++) {
		struct wg_inbox_item *t = &list[i];
		wg_cur_name(c, t->delivery, sizeof t->delivery);
		wg_cur_name(c, t->reference, sizeof t->reference);
		wg_cur_name(c, t->desk, sizeof t->desk);
		wg_cur_name(c, t->kind, sizeof t->kind);
		wg_cur_name(c, t->copy_hash, sizeof t->copy_hash);
		get_state(c, &t->state);
		t->since = (int64_t)wg_cur_u64(c);
		t->size = wg_cur_u64(c);
	}
	return list;
}

void wg_codec_put_hooks(struct wg_buf *b, const struct wg_hook *hooks, unsigned count)
{
	wg_buf_u32(b, count);
	for (unsigned i = 0; i < count; i++) {
		const struct wg_hook *h = &hooks[i];
		wg_buf_str(b, h->organisation);
		wg_buf_str(b, h->desk);
		wg_buf_str(b, h->delivery);
		wg_buf_str(b, h->reference);
		wg_buf_str(b, h->kind);
		wg_buf_u64(b, h->token);
		wg_buf_u32(b, h->attempts);
	}
}

bool wg_codec_get_hooks(struct wg_cur *c, struct wg_hook **hooks, unsigned *count)
{
	unsigned n = 0;
	WG_AUTO_FREE struct wg_hook *list = wg_codec_get_list(c, WG_STORE_HOOKS_MAX, HOOK_LEAST, sizeof *list, &n);
	for (unsigned i = 0; i < n; i++) {
		struct wg_hook *h = &list[i];
		wg_cur_name(c, h->organisation, sizeof h->organisation);
		wg_cur_name(c, h->desk, sizeof h->desk);
		wg_cur_name(c, h->delivery, sizeof h->delivery);
		wg_cur_name(c, h->reference, sizeof h->reference);
		wg_cur_name(c, h->kind, sizeof h->kind);
		h->token = wg_cur_u64(c);
		h->attempts = wg_cur_u32(c);
	}
	if (list == NULL || !wg_cur_end(c))
		return false;
	*hooks = wg_steal(&list);
	*count = n;
	return true;
}

/* ---- alerts */

#define ALERT_LEAST 17

void wg_codec_put_alerts(struct wg_buf *b, const struct wg_alert *alerts, unsigned count)
{
	wg_buf_u32(b, count);
	for (unsigned i = 0; i < count; i++) {
		wg_buf_str(b, alerts[i].key);
		wg_buf_str(b, alerts[i].words);
		wg_buf_u64(b, (uint64_t)alerts[i].since);
		wg_buf_u8(b, alerts[i].cleared);
	}
}

bool wg_codec_get_alerts(struct wg_cur *c, unsigned max, struct wg_alert **alerts, unsigned *count)
{
	unsigned n = 0;
	WG_AUTO_FREE struct wg_alert *list = wg_codec_get_list(c, max, ALERT_LEAST, sizeof *list, &n);
	for (unsigned i = 0; i < n; i++) {
		wg_cur_name(c, list[i].key, sizeof list[i].key);
		wg_cur_name(c, list[i].words, sizeof list[i].words);
		list[i].since = (int64_t)wg_cur_u64(c);
		list[i].cleared = wg_cur_u8(c) != 0;
	}
	if (list == NULL || !wg_cur_end(c))
		return false;
	*alerts = wg_steal(&list);
	*count = n;
	return true;
}

void wg_codec_put_awaited(struct wg_buf *b, const struct wg_awaited *list, unsigned count)
{
	wg_buf_u32(b, count);
	for (unsigned i = 0; i < count; i++) {
		wg_buf_str(b, list[i].delivery);
		wg_buf_str(b, list[i].reference);
		wg_buf_str(b, list[i].receipt);
	}
}

bool wg_codec_get_awaited(struct wg_cur *c, struct wg_awaited **out, unsigned *count)
{
	unsigned n = 0;
	WG_AUTO_FREE struct wg_awaited *list = wg_codec_get_list(c, WG_STORE_AWAITED_MAX, 3 * 4, sizeof *list, &n);
	for (unsigned i = 0; i < n; i++) {
		wg_cur_name(c, list[i].delivery, sizeof list[i].delivery);
		wg_cur_name(c, list[i].reference, sizeof list[i].reference);
		wg_cur_name(c, list[i].receipt, sizeof list[i].receipt);
	}
	if (list == NULL || !wg_cur_end(c))
		return false;
	*out = wg_steal(&list);
	*count = n;
	return true;
}
