/* task_answer.c owns the receipt for a partner's gateway: how far the copy that it sent has come here. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "role/task.h"

/* What is told: that a person, or a machine of ours for good, has it, or will not. NULL: nothing. */
static const char *level_of(enum wg_delivery_state state)
{
	switch (state) {
	case WG_DLV_RECEIVED:
		return "received";
	case WG_DLV_OPENED:
		return "opened";
	case WG_DLV_ACKNOWLEDGED:
		return "acknowledged";
	case WG_DLV_REFUSED:
		return "refused";
	case WG_DLV_FAILED:
		return "failed";
	case WG_DLV_DECIDED:
	case WG_DLV_SEALED:
	case WG_DLV_SENDING:
	case WG_DLV_HANDED_OVER:
	case WG_DLV_REVIEW:
	case WG_DLV_WITHHELD:
	case WG_DLV_DEFERRED:
	case WG_DLV_RECALLED:
	case WG_DLV_SUPERSEDED:
	case WG_DLV_HELD:
		break;
	}
	return NULL;
}

enum wg_code wg_task_answer(struct wg_process *p, const struct wg_task *task, struct wg_task_out *out,
                            struct wg_err *err)
{
	const char *level = level_of(task->state);
	char received[WG_CLOCK_TEXT], opened[WG_CLOCK_TEXT], acknowledged[WG_CLOCK_TEXT];
	bool with_words = task->state == WG_DLV_REFUSED || task->state == WG_DLV_FAILED;
	bool by_person = task->state == WG_DLV_ACKNOWLEDGED;
	if (level == NULL || task->sender_reference[0] == '\0')
		return WG_OK;
	struct wg_confirm_desk to = wg_confirm_sender(p->policy, p->directory, task->sender);
	if (to.desk == NULL) {
		(void)snprintf(out->done.detail, sizeof out->done.detail, "%s has no desk that could be told", task->sender);
		return WG_OK;
	}
	const struct wg_task_says says[] = {
		{ "delivery/level", level },
		{ "delivery/reference", task->sender_reference },
		{ "delivery/received", wg_task_time(task->received, received) },
		{ "delivery/opened", wg_task_time(task->opened, opened) },
		{ "delivery/acknowledged", wg_task_time(by_person ? task->acknowledged : 0, acknowledged) },
		{ "delivery/by", by_person ? task->person : "" },
		{ "delivery/reason", with_words ? task->detail : "" },
		{ "delivery/copy-hash", task->sender_copy_hash },
		{ "delivery/log-head", task->log_head },
	};
	(void)snprintf(out->done.detail, sizeof out->done.detail, "%s: %s/%s", level, to.organisation->id,
	               to.desk->name); /* fits */
	return wg_task_say(p, "receipt", &to, task->now, says, WG_COUNT(says), out, err);
}
