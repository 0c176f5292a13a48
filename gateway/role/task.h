/* What the process role does on its own account, when its time has come: who is told that a copy is not confirmed, that
 * one has come further, that something is wrong with the gateway. What is said are notices of the gateway itself; they
 * go through policy and sealing like any other. */
#ifndef WG_ROLE_TASK_H
#define WG_ROLE_TASK_H

#include "policy/confirm.h"
#include "role/process.h"

/* Does what is due, a few tasks at most; *more: perhaps not all of it. WG_OK also when one of them failed, which is
 * logged and tried again later; otherwise the connection to the store is gone. */
enum wg_code wg_tasks_do(struct wg_process *process, struct wg_client *client, bool *more, struct wg_err *err) WG_MUST;

/* ---- shared by task_*.c */

/* What is to be said of one task, and what the store is told of it. */
struct wg_task_out {
	struct wg_task_done done;
	struct wg_msg_new notices[WG_STORE_TASK_NOTICES]; /* done.notices points here */
	struct wg_buf blobs[WG_STORE_TASK_NOTICES];       /* ciphertext */
};

/* One place of a notice. */
struct wg_task_says {
	const char *place, *value; /* value NULL or "": nothing is said */
};

/* Adds a notice of that kind to out, addressed to a desk; says: count further places. WG_SYSTEM: no memory, no random
 * numbers. Anything else is a fault of ours. */
enum wg_code wg_task_say(struct wg_process *process, const char *kind, const struct wg_confirm_desk *to, int64_t now,
                         const struct wg_task_says *says, size_t count, struct wg_task_out *out, struct wg_err *err)
	WG_MUST;
/* "2026-11-22T09:30:00Z", or "" for 0: what has not come is not said. out has WG_CLOCK_TEXT bytes. Returns out. */
const char *wg_task_time(int64_t at, char *out);

/* What each kind of task says; done.id and done.token are the caller's. */
enum wg_code wg_task_confirm(struct wg_process *process, const struct wg_task *task, struct wg_task_out *out,
                             struct wg_err *err) WG_MUST;
enum wg_code wg_task_answer(struct wg_process *process, const struct wg_task *task, struct wg_task_out *out,
                            struct wg_err *err) WG_MUST;
enum wg_code wg_task_alert(struct wg_process *process, const struct wg_task *task, struct wg_task_out *out,
                           struct wg_err *err) WG_MUST;

#endif
