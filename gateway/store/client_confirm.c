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

enum wg_code wg_client_tasks(struct wg_client *client, unsigned max, struct wg_task **out, unsigned *count,
                             struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	wg_buf_u32(&body, max);
	enum wg_code code = wg_client_call(client, WG_OP_TASKS, &body, &answer, err);
	return code == WG_OK && !wg_codec_get_tasks(&answer, out, count) ? wg_client_garbled(err) : code;
}

enum wg_code wg_client_task_done(struct wg_client *client, const struct wg_task_done *done, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf body = WG_BUF(WG_LIMIT_FRAME);
	struct wg_cur answer;
	if (done->notice_count > WG_STORE_TASK_NOTICES || done->next < 0)
		return wg_err_set(err, WG_LIMIT, "more than %d notices for one task, or a look before all time",
		                  WG_STORE_TASK_NOTICES);
	wg_codec_put_task_done(&body, done);
	return wg_client_call(client, WG_OP_TASK_DONE, &body, &answer, err);
}
