/* The notice that tells a desk of our own organisation that a review is overdue. */
#ifndef WG_ROLE_ALARM_H
#define WG_ROLE_ALARM_H

#include "role/outcome.h"

/* Adds the alarm of the delivery that was added last, which is in review until due (wall ms): sealed now, sent only
 * when the review is not settled by then. role: who is told. Nobody has the role, or no desk of it can be sealed for: a
 * person must look at the message, and the reason says so. */
enum wg_code wg_alarm_add(struct wg_process *process, const struct wg_msg_job *job, const char *role, int64_t due,
                          struct wg_outcome *outcome, struct wg_err *err) WG_MUST;

#endif
