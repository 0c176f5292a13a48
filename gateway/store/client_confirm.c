/* client_confirm.c owns what the roles ask about confirmation: receipts, tasks, the pull inbox, webhooks, alerts. */
#include <string.h>

#include "base/mem.h"
#include "store/client_internal.h"

/* The answer to a question whose no is committed as well. */
static enum wg_code take_fate(struct wg_cur *answer, struct wg_err *err)
{
	uint8_t fate = wg_cur_u8(answer);
	if (fate == WG_OK)
		return answer->failed ? wg_client_garbled(err) : WG_OK;
	WG_AUTO_FREE char *words = wg_cur_str(answer, WG_ERR_TEXT_MAX);
	if (words == NULL || !wg_cur_end(answer))
		return wg_client_garbled(err);
	return wg_client_refusal(fate, (const uint8_t *)words, strlen(words), err);
}

enum wg_code wg_client_receipt(struct wg_client *client, const struct wg_receipt_new *receipt,
                               struct wg_receipt_result *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_receipt_result result;
	struct wg_cur answer;
	wg_codec_put_receipt_new(&body, receipt);
	enum wg_code code = wg_client_call(client, WG_OP_RECEIPT, &body, &answer, err);
	if (code == WG_OK)
		code = take_fate(&answer, err);
	if (code == WG_OK && !wg_codec_get_receipt_result(&answer, &result))
		code = wg_client_garbled(err);
	if (code == WG_OK)
		*out = result;
	return code;
}

enum wg_code wg_client_token(struct wg_client *client, const char *token_hash, struct wg_token_view *out,
                             struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_token_view view;
	struct wg_cur answer;
	wg_buf_str(&body, token_hash);
	enum wg_code code = wg_client_check_text(token_hash, WG_STORE_HASH_TEXT - 1, err);
	if (code == WG_OK)
		code = wg_client_call(client, WG_OP_TOKEN, &body, &answer, err);
	if (code == WG_OK && !wg_codec_get_token_view(&answer, &view))
		code = wg_client_garbled(err);
	if (code == WG_OK)
		*out = view;
	return code;
}

enum wg_code wg_client_tasks(struct wg_client *client, unsigned max, struct wg_task **out, unsigned *count,
                             struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_buf_u32(&body, max);
	enum wg_code code = wg_client_call(client, WG_OP_TASKS, &body, &answer, err);
	return code == WG_OK && !wg_codec_get_tasks(&answer, out, count) ? wg_client_garbled(err) : code;
}

enum wg_code wg_client_task_done_send(struct wg_client *client, const struct wg_task_done *done, uint32_t *tag,
                                      struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	if (done->notice_count > WG_STORE_TASK_NOTICES || done->next < 0)
		return wg_err_set(err, WG_LIMIT, "more than %d notices for one task, or a look before all time",
		                  WG_STORE_TASK_NOTICES);
	wg_codec_put_task_done(&body, done);
	*tag = ++client->tag;
	return wg_client_send(client, *tag, WG_OP_TASK_DONE, &body, err);
}

enum wg_code wg_client_task_done_take(struct wg_client *client, uint32_t tag, struct wg_err *err)
{
	struct wg_cur answer;
	return wg_client_answer(client, tag, WG_OP_TASK_DONE, &answer, err);
}

enum wg_code wg_client_inbox(struct wg_client *client, const char *organisation, const char *after, unsigned max,
                             struct wg_inbox_item **out, unsigned *count, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	unsigned n = 0;
	wg_buf_str(&body, organisation);
	wg_buf_str(&body, after);
	wg_buf_u32(&body, max);
	enum wg_code code = *after != '\0' ? wg_client_check_id(after, err) : WG_OK;
	if (code == WG_OK)
		code = wg_client_check_text(organisation, WG_LIMIT_NAME, err);
	if (code == WG_OK)
		code = wg_client_call(client, WG_OP_INBOX, &body, &answer, err);
	if (code != WG_OK)
		return code;
	WG_AUTO_FREE struct wg_inbox_item *items = wg_codec_get_items(&answer, &n);
	if (items == NULL || !wg_cur_end(&answer))
		return wg_client_garbled(err);
	*out = wg_steal(&items);
	*count = n;
	return WG_OK;
}

enum wg_code wg_client_inbox_take(struct wg_client *client, const char *organisation, const char *delivery,
                                  struct wg_inbox_item *item, struct wg_buf *envelope, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	unsigned n = 0;
	size_t len = 0;
	wg_buf_str(&body, organisation);
	wg_buf_str(&body, delivery);
	enum wg_code code = wg_client_check_id(delivery, err);
	if (code == WG_OK)
		code = wg_client_check_text(organisation, WG_LIMIT_NAME, err);
	if (code == WG_OK)
		code = wg_client_call(client, WG_OP_INBOX_TAKE, &body, &answer, err);
	if (code == WG_OK)
		code = take_fate(&answer, err);
	if (code != WG_OK)
		return code;
	WG_AUTO_FREE struct wg_inbox_item *items = wg_codec_get_items(&answer, &n);
	const uint8_t *bytes = wg_cur_bytes(&answer, &len);
	if (items == NULL || n != 1 || bytes == NULL || !wg_cur_end(&answer))
		return wg_client_garbled(err);
	*item = items[0];
	wg_buf_put(envelope, bytes, len);
	return wg_client_check(envelope, "the copy", err);
}

enum wg_code wg_client_hooks(struct wg_client *client, unsigned max, struct wg_hook **out, unsigned *count,
                             struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_buf_u32(&body, max);
	enum wg_code code = wg_client_call(client, WG_OP_HOOKS, &body, &answer, err);
	return code == WG_OK && !wg_codec_get_hooks(&answer, out, count) ? wg_client_garbled(err) : code;
}

enum wg_code wg_client_hook_done(struct wg_client *client, const struct wg_hook *hook, enum wg_hook_outcome outcome,
                                 unsigned wait_ms, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_buf_str(&body, hook->delivery);
	wg_buf_u64(&body, hook->token);
	wg_buf_u8(&body, (uint8_t)outcome);
	wg_buf_u32(&body, wait_ms);
	enum wg_code code = wg_client_check_id(hook->delivery, err);
	return code == WG_OK ? wg_client_call(client, WG_OP_HOOK_DONE, &body, &answer, err) : code;
}

enum wg_code wg_client_awaited(struct wg_client *client, const char *channel, const char *after, unsigned max,
                               struct wg_awaited **out, unsigned *count, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_buf_str(&body, channel);
	wg_buf_str(&body, after);
	wg_buf_u32(&body, max);
	enum wg_code code = wg_client_call(client, WG_OP_AWAITED, &body, &answer, err);
	return code == WG_OK && !wg_codec_get_awaited(&answer, out, count) ? wg_client_garbled(err) : code;
}

enum wg_code wg_client_alerts(struct wg_client *client, const struct wg_alert *now, unsigned count,
                              struct wg_alert **out, unsigned *changed, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	if (count > WG_STORE_ALERTS_MAX)
		return wg_err_set(err, WG_LIMIT, "more than %d alerts", WG_STORE_ALERTS_MAX);
	wg_codec_put_alerts(&body, now, count);
	enum wg_code code = wg_client_call(client, WG_OP_ALERTS, &body, &answer, err);
	return code == WG_OK && !wg_codec_get_alerts(&answer, 2 * WG_STORE_ALERTS_MAX, out, changed)
	           ? wg_client_garbled(err)
	           : code;
}

enum wg_code wg_client_trouble(struct wg_client *client, const char *all, const char *name, const char *words,
                               unsigned age_s, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	if (strlen(all) >= WG_STORE_WAYS_MAX || strlen(name) >= WG_STORE_WAY || strlen(words) >= WG_STORE_DETAIL)
		return wg_err_set(err, WG_LIMIT, "the name of a way in, or what is in its way, is too long");
	wg_buf_str(&body, all);
	wg_buf_str(&body, name);
	wg_buf_str(&body, words);
	wg_buf_u32(&body, age_s);
	return wg_client_call(client, WG_OP_TROUBLE, &body, &answer, err);
}

/* A question whose answer is text. */
static enum wg_code ask_text(struct wg_client *client, enum wg_op op, const char *id, struct wg_buf *out,
                             struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	if (id != NULL)
		wg_buf_str(&body, id);
	enum wg_code code = id != NULL ? wg_client_check_id(id, err) : WG_OK;
	if (code == WG_OK)
		code = wg_client_call(client, op, &body, &answer, err);
	if (code != WG_OK)
		return code;
	wg_buf_put(out, answer.p, answer.left);
	return wg_client_check(out, "the store's answer", err);
}

enum wg_code wg_client_metrics(struct wg_client *client, struct wg_buf *out, struct wg_err *err)
{
	return ask_text(client, WG_OP_METRICS, NULL, out, err);
}

enum wg_code wg_client_silence(struct wg_client *client, struct wg_buf *out, struct wg_err *err)
{
	return ask_text(client, WG_OP_SILENCE, NULL, out, err);
}

enum wg_code wg_client_receipts(struct wg_client *client, const char *id, struct wg_buf *out, struct wg_err *err)
{
	return ask_text(client, WG_OP_RECEIPTS, id, out, err);
}
