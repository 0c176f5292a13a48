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

/* Who has it, or why not. Of a recipient that the sender may not know of: only that we know. */
static void put_words(const struct wg_process *p, const struct wg_task *task, char *by, char *reason, size_t size)
{
	const struct wg_organisation *self = wg_directory_find(p->directory, p->config->organisation);
	const char *name = self != NULL ? self->name : p->config->organisation;
	by[0] = reason[0] = '\0';
	if (task->state == WG_DLV_ACKNOWLEDGED && task->known)
		(void)snprintf(by, size, "%s", task->person); /* fits */
	else if (task->state == WG_DLV_ACKNOWLEDGED)
		(void)snprintf(by, size, "a person whose name %.90s keeps", name); /* cut: a long name */
	else if (task->state != WG_DLV_REFUSED && task->state != WG_DLV_FAILED)
		return;
	else if (task->known)
		(void)snprintf(reason, size, "%s", task->detail); /* fits */
	else
		(void)snprintf(reason, size, "one of several recipients; ask %.200s", name); /* cut: a long name */
}

enum wg_code wg_task_answer(struct wg_process *p, const struct wg_task *task, struct wg_task_out *out,
                            struct wg_err *err)
{
	const char *level = level_of(task->state);
	char received[WG_CLOCK_TEXT], opened[WG_CLOCK_TEXT], acknowledged[WG_CLOCK_TEXT];
	char by[WG_STORE_DETAIL], reason[WG_STORE_DETAIL];
	bool by_person = task->state == WG_DLV_ACKNOWLEDGED;
	if (level == NULL || task->sender_reference[0] == '\0')
		return WG_OK;
	struct wg_confirm_desk to = wg_confirm_sender(p->policy, p->directory, task->sender);
	if (to.desk == NULL) {
		(void)snprintf(out->done.detail, sizeof out->done.detail, "%s has no desk that could be told", task->sender);
		return WG_OK;
	}
	put_words(p, task, by, reason, sizeof by);
	const struct wg_task_says says[] = {
		{ "delivery/level", level },
		{ "delivery/reference", task->sender_reference },
		{ "delivery/received", wg_task_time(task->received, received) },
		{ "delivery/opened", wg_task_time(task->opened, opened) },
		{ "delivery/acknowledged", wg_task_time(by_person ? task->acknowledged : 0, acknowledged) },
		{ "delivery/by", by },
		{ "delivery/reason", reason },
		{ "delivery/copy-hash", task->sender_copy_hash },
		{ "delivery/log-head", task->log_head },
	};
	(void)snprintf(out->done.detail, sizeof out->done.detail, "%s: %s/%s", level, to.organisation->id,
	               to.desk->name); /* fits */
	return wg_task_say(p, "receipt", &to, task->now, says, WG_COUNT(says), out, err);
}
