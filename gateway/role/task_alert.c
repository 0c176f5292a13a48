/* task_alert.c owns what the operator is told when something is wrong with the whole gateway, and when it is over. */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/task.h"

enum wg_code wg_task_alert(struct wg_process *p, const struct wg_task *task, struct wg_task_out *out,
                           struct wg_err *err)
{
	const struct wg_organisation *self = wg_directory_find(p->directory, p->config->organisation);
	struct wg_confirm_desk to = { self, self != NULL ? wg_organisation_role(self, WG_CONFIRM_ROLE_OPERATOR) : NULL };
	char since[WG_CLOCK_TEXT];
	if (to.desk == NULL || to.desk->suspended) {
		wg_log(WG_LOG_ERROR, "alert-to-nobody", "alert", task->alert, "what", task->detail, "do",
		       "give a desk of your own organisation the role operator in the directory", NULL);
		(void)snprintf(out->done.detail, sizeof out->done.detail, "no desk here has the role operator");
		return WG_OK;
	}
	const struct wg_task_says says[] = {
		{ "operation/do", task->cleared ? "Nothing: it is over."
		                                : "Look at wardgate stuck and wardgate check on the gateway, and at its "
		                                  "log; then ring whoever it names." },
		{ "operation/state", task->cleared ? "cleared" : "started" },
		{ "operation/what", task->detail[0] != '\0' ? task->detail : task->alert },
		{ "operation/name", task->alert },
		{ "operation/since", wg_task_time(task->since, since) },
	};
	(void)snprintf(out->done.detail, sizeof out->done.detail, "%s: %s/%s", task->cleared ? "cleared" : "started",
	               to.organisation->id, to.desk->name); /* fits */
	return wg_task_say(p, "alert", &to, task->now, says, WG_COUNT(says), out, err);
}
