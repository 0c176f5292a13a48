/* server_confirm.c owns the questions about confirmation on their way to the store: receipts, tasks, the pull inbox,
 * webhooks, alerts.
 * SECURITY: requests come from processes that talk to strangers; what does not read as it should ends the connection.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/server_internal.h"

static enum wg_states_who who_is(enum wg_store_role role)
{
	switch (role) {
	case WG_ROLE_INTAKE:
		return WG_WHO_INTAKE;
	case WG_ROLE_PROCESS:
		return WG_WHO_PROCESS;
	case WG_ROLE_DELIVER:
		return WG_WHO_DELIVER;
	case WG_ROLE_ADMIN:
	case WG_ROLE_MONITOR:
		break;
	}
	return WG_WHO_ADMIN;
}

/* An answer that has to be committed though it is a no: first its code, then its words or what was asked for. */
static void put_fate(struct wg_ask *ask, const struct wg_err *refused)
{
	wg_buf_u8(ask->answer, (uint8_t)refused->code);
	if (refused->code != WG_OK)
		wg_buf_str(ask->answer, refused->text);
}

enum wg_code wg_op_receipt(struct wg_ask *ask, struct wg_err *err)
{
	struct wg_receipt_new receipt;
	struct wg_receipt_result result;
	struct wg_err refused = { 0 };
	wg_codec_get_receipt_new(&ask->in, &receipt);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	/* it asks MESH what became of a copy: nobody has shown it a signature, a certificate or a token */
	if (ask->conn->role == WG_ROLE_DELIVER && (receipt.organisation[0] != '\0' || receipt.token_hash[0] != '\0'))
		return wg_ask_denied(ask, "deliver may not speak for a recipient", err);
	enum wg_code code = wg_store_receipt(ask->server->store, ask->server->now, who_is(ask->conn->role), &receipt,
	                                     &result, &refused, err);
	if (code != WG_OK)
		return code;
	put_fate(ask, &refused);
	if (refused.code == WG_OK)
		wg_codec_put_receipt_result(ask->answer, &result);
	return WG_OK;
}

enum wg_code wg_op_token(struct wg_ask *ask, struct wg_err *err)
{
	char hash[WG_STORE_HASH_TEXT];
	struct wg_token_view view;
	wg_cur_name(&ask->in, hash, sizeof hash);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code = wg_store_token(ask->server->store, hash, &view, err);
	if (code == WG_OK)
		wg_codec_put_token_view(ask->answer, &view);
	return code;
}

enum wg_code wg_op_tasks(struct wg_ask *ask, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_task *tasks = NULL;
	unsigned count = 0, max = wg_cur_u32(&ask->in);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code = wg_store_tasks(ask->server->store, ask->server->now, max, &tasks, &count, err);
	if (code == WG_OK)
		wg_codec_put_tasks(ask->answer, tasks, count);
	return code;
}

/* Taken though nothing new is accepted: what is said here is short, and what was accepted may wait for it. */
enum wg_code wg_op_task_done(struct wg_ask *ask, struct wg_err *err)
{
	struct wg_msg_new notices[WG_STORE_TASK_NOTICES];
	struct wg_task_done done;
	if (!wg_codec_get_task_done(&ask->in, notices, &done))
		return wg_ask_malformed(ask, err);
	return wg_store_task_done(ask->server->store, ask->server->now, &done, err);
}

enum wg_code wg_op_inbox(struct wg_ask *ask, struct wg_err *err)
{
	char organisation[WG_LIMIT_NAME + 1], after[WG_ID_TEXT];
	WG_AUTO_FREE struct wg_inbox_item *items = NULL;
	unsigned count = 0;
	wg_cur_name(&ask->in, organisation, sizeof organisation);
	wg_cur_name(&ask->in, after, sizeof after);
	unsigned max = wg_cur_u32(&ask->in);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code =
		wg_store_inbox(ask->server->store, ask->server->now, organisation, after, max, &items, &count, err);
	if (code == WG_OK)
		wg_codec_put_items(ask->answer, items, count);
	return code;
}

enum wg_code wg_op_inbox_take(struct wg_ask *ask, struct wg_err *err)
{
	char organisation[WG_LIMIT_NAME + 1], delivery[WG_ID_TEXT];
	struct wg_inbox_item item;
	struct wg_err refused = { 0 };
	WG_AUTO_FREE uint8_t *envelope = NULL;
	size_t len = 0;
	wg_cur_name(&ask->in, organisation, sizeof organisation);
	wg_cur_name(&ask->in, delivery, sizeof delivery);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code = wg_store_inbox_take(ask->server->store, ask->server->now, organisation, delivery, &item,
	                                        &envelope, &len, &refused, err);
	if (code != WG_OK)
		return code;
	put_fate(ask, &refused);
	if (refused.code == WG_OK) {
		wg_codec_put_items(ask->answer, &item, 1);
		wg_buf_bytes(ask->answer, envelope, len);
	}
	return WG_OK;
}

enum wg_code wg_op_hooks(struct wg_ask *ask, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_hook *hooks = NULL;
	unsigned count = 0, max = wg_cur_u32(&ask->in);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code = wg_store_hooks(ask->server->store, ask->server->now, max, &hooks, &count, err);
	if (code == WG_OK)
		wg_codec_put_hooks(ask->answer, hooks, count);
	return code;
}

enum wg_code wg_op_hook_done(struct wg_ask *ask, struct wg_err *err)
{
	char delivery[WG_ID_TEXT];
	wg_cur_name(&ask->in, delivery, sizeof delivery);
	uint64_t token = wg_cur_u64(&ask->in);
	uint8_t outcome = wg_cur_u8(&ask->in);
	unsigned wait_ms = wg_cur_u32(&ask->in);
	if (!wg_cur_end(&ask->in) || outcome > WG_HOOK_GONE)
		return wg_ask_malformed(ask, err);
	return wg_store_hook_done(ask->server->store, ask->server->now, delivery, token, (enum wg_hook_outcome)outcome,
	                          wait_ms, err);
}

enum wg_code wg_op_awaited(struct wg_ask *ask, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_awaited *list = NULL;
	char channel[8], after[WG_ID_TEXT];
	unsigned count = 0;
	wg_cur_name(&ask->in, channel, sizeof channel);
	wg_cur_name(&ask->in, after, sizeof after);
	unsigned max = wg_cur_u32(&ask->in);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	enum wg_code code = wg_store_awaited(ask->server->store, channel, after, max, &list, &count, err);
	if (code == WG_OK)
		wg_codec_put_awaited(ask->answer, list, count);
	return code;
}

enum wg_code wg_op_alerts(struct wg_ask *ask, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_alert *now = NULL, *changed = NULL;
	unsigned count = 0, n = 0;
	if (!wg_codec_get_alerts(&ask->in, WG_STORE_ALERTS_MAX, &now, &count))
		return wg_ask_malformed(ask, err);
	enum wg_code code = wg_store_alerts(ask->server->store, ask->server->now, now, count, &changed, &n, err);
	if (code == WG_OK)
		wg_codec_put_alerts(ask->answer, changed, n);
	return code;
}

enum wg_code wg_op_metrics(struct wg_ask *ask, struct wg_err *err)
{
	const struct wg_server *s = ask->server;
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	return wg_store_metrics(s->store, s->now, s->accepting, s->why, s->clock, s->time.wall, ask->answer, err);
}

enum wg_code wg_op_trouble(struct wg_ask *ask, struct wg_err *err)
{
	char all[WG_STORE_WAYS_MAX], name[WG_STORE_WAY], words[WG_STORE_DETAIL];
	wg_cur_name(&ask->in, all, sizeof all);
	wg_cur_name(&ask->in, name, sizeof name);
	wg_cur_name(&ask->in, words, sizeof words);
	unsigned age_s = wg_cur_u32(&ask->in);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	return wg_store_trouble(ask->server->store, ask->server->now, all, name, words, age_s, err);
}

enum wg_code wg_op_silence(struct wg_ask *ask, struct wg_err *err)
{
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	return wg_store_silence(ask->server->store, ask->server->now, ask->answer, err);
}

enum wg_code wg_op_receipts(struct wg_ask *ask, struct wg_err *err)
{
	char id[WG_ID_TEXT];
	wg_cur_name(&ask->in, id, sizeof id);
	if (!wg_cur_end(&ask->in))
		return wg_ask_malformed(ask, err);
	return wg_store_receipts(ask->server->store, id, ask->answer, err);
}
