/* task.c owns the round over what is due, and the form of what the gateway says of its own work: ids, times, desks and
 * telephones, nothing of a child. */
#include "role/task.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"

/* Few at a time: messages wait meanwhile. */
#define TASKS_MOST 64
/* After a fault that is not the store's: not at once again. */
#define FAULT_WAIT_MS 60000

const char *wg_task_time(int64_t at, char *out)
{
	out[0] = '\0';
	return at > 0 ? wg_clock_format(at, out) : out;
}

static enum wg_code set_all(struct wg_notice *notice, const struct wg_task_says *says, size_t count, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < count && code == WG_OK; i++)
		if (says[i].value != NULL && says[i].value[0] != '\0')
			code = wg_notice_set(notice, says[i].place, says[i].value, err);
	return code;
}

enum wg_code wg_task_say(struct wg_process *p, const char *kind, const struct wg_confirm_desk *to, int64_t now,
                         const struct wg_task_says *says, size_t count, struct wg_task_out *out, struct wg_err *err)
{
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	WG_AUTO_BUF struct wg_buf xml = WG_BUF(WG_LIMIT_NOTICE);
	char sent[WG_CLOCK_TEXT];
	if (out->done.notice_count == WG_STORE_TASK_NOTICES)
		return wg_err_set(err, WG_LIMIT, "more than %d notices for one task", WG_STORE_TASK_NOTICES);
	struct wg_msg_new *msg = &out->notices[out->done.notice_count];
	struct wg_buf *blob = &out->blobs[out->done.notice_count];
	const struct wg_task_says head[] = {
		{ "header/sender/@organisation", p->config->organisation },
		{ "header/to/@organisation", to->organisation->id },
		{ "header/to/@desk", to->desk->name },
		{ "header/sent", wg_task_time(now, sent) },
	};
	*msg = (struct wg_msg_new){ .content_type = "application/xml", .way = "self" };
	*blob = WG_BUF(WG_STORE_BLOB_MAX);
	(void)snprintf(msg->organisation, sizeof msg->organisation, "%s", p->config->organisation); /* a name fits */
	enum wg_code code = wg_id_make(wg_clock_now(), msg->id, err);
	if (code == WG_OK)
		code = wg_notice_new(p->schema, kind, msg->id, &notice, err);
	if (code == WG_OK)
		code = set_all(notice, head, WG_COUNT(head), err);
	if (code == WG_OK)
		code = set_all(notice, says, count, err);
	if (code == WG_OK)
		code = wg_notice_validate(notice, err);
	if (code == WG_OK)
		code = wg_notice_serialise(notice, &xml, err);
	if (code == WG_OK)
		code = wg_rest_seal(p->rest, xml.data, xml.len, blob, err);
	if (code != WG_OK)
		return wg_err_add(err, "a notice of kind %s", kind);
	wg_sha256_hex(xml.data, xml.len, msg->content_hash);
	msg->blob = blob->data;
	msg->blob_len = blob->len;
	out->done.notice_count++;
	return WG_OK;
}

static void out_close(struct wg_task_out *out)
{
	for (unsigned i = 0; i < WG_STORE_TASK_NOTICES; i++)
		wg_buf_free(&out->blobs[i]);
}

/* A fault of ours, or of this machine, is told to whoever reads the log and does not keep the others waiting. */
static void set_fault(const struct wg_task *task, const struct wg_err *fault, struct wg_task_out *out)
{
	wg_log_err(WG_LOG_ERROR, "task-failed", fault, "message", task->message, "delivery", task->delivery, NULL);
	out->done.notice_count = 0;
	out->done.steps = task->steps;
	out->done.next = task->now + FAULT_WAIT_MS;
	(void)snprintf(out->done.detail, sizeof out->done.detail, "%.200s", fault->text); /* cut: words */
}

/* What the store was told of one task, and has not answered yet. */
struct told {
	bool sent;
	uint32_t tag;
	unsigned notices;
	char detail[WG_STORE_DETAIL];
};

static enum wg_code do_one(struct wg_process *p, struct wg_client *client, const struct wg_task *task,
                           struct told *told, struct wg_err *err)
{
	static enum wg_code (*const says[])(struct wg_process * process, const struct wg_task *task,
	                                    struct wg_task_out *out, struct wg_err *err) = {
		[WG_TASK_CONFIRM] = wg_task_confirm, [WG_TASK_ANSWER] = wg_task_answer, [WG_TASK_ALERT] = wg_task_alert
	};
	WG_CLEANUP(out_close) struct wg_task_out out = { .done = { .id = task->id, .token = task->token } };
	struct wg_err fault = { 0 };
	out.done.notices = out.notices;
	out.done.steps = task->steps;
	enum wg_code code = says[task->kind](p, task, &out, &fault);
	if (code == WG_SYSTEM) {
		wg_log_err(WG_LOG_WARNING, "task-put-back", &fault, "message", task->message, NULL);
		return WG_OK; /* it stays due */
	}
	if (code != WG_OK)
		set_fault(task, &fault, &out);
	*told = (struct told){ .sent = true, .notices = out.done.notice_count };
	memcpy(told->detail, out.done.detail, sizeof told->detail);
	return wg_client_task_done_send(client, &out.done, &told->tag, err);
}

static enum wg_code hear(struct wg_client *client, const struct wg_task *task, const struct told *told,
                         struct wg_err *err)
{
	if (!told->sent)
		return WG_OK;
	enum wg_code code = wg_client_task_done_take(client, told->tag, err);
	if (code == WG_OK && told->notices > 0)
		wg_log(WG_LOG_INFO, "told", "message", task->message, "delivery", task->delivery, "detail", told->detail, NULL);
	return code == WG_NOT_FOUND ? WG_OK : code; /* it has changed since: it is given again */
}

enum wg_code wg_tasks_do(struct wg_process *p, struct wg_client *client, bool *more, struct wg_err *err)
{
	WG_AUTO_FREE struct wg_task *tasks = NULL;
	unsigned count = 0;
	enum wg_code code = wg_client_tasks(client, TASKS_MOST, &tasks, &count, err);
	struct told told[TASKS_MOST] = { { .sent = false } };
	for (unsigned i = 0; code == WG_OK && i < count; i++)
		code = do_one(p, client, &tasks[i], &told[i], err);
	for (unsigned i = 0; code == WG_OK && i < count; i++)
		code = hear(client, &tasks[i], &told[i], err);
	*more = count == TASKS_MOST;
	return code;
}
