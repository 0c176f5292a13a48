/* The log: one JSON object a line on stderr, for journald. Only the top of a process logs; lower rooms return errors.
 * No personal data: ids, organisations, states, rule names and counts only. */
#ifndef WG_BASE_LOG_H
#define WG_BASE_LOG_H

#include "base/err.h"

enum wg_log_level { WG_LOG_DEBUG, WG_LOG_INFO, WG_LOG_WARNING, WG_LOG_ERROR };

/* The name of this process ("intake", ...) in every line; kept by reference, so a literal. */
void wg_log_role(const char *role);
void wg_log_threshold(enum wg_log_level least);

/* wg_log(WG_LOG_INFO, "accepted", "message", id, "organisation", org, NULL): pairs of name and value, ended by NULL. A
 * NULL value leaves the pair out. Values are defanged and cut at 512 bytes. */
void wg_log(enum wg_log_level level, const char *event, ...) __attribute__((sentinel));

/* The same with the words of err as "error" and its code as "code". */
void wg_log_err(enum wg_log_level level, const char *event, const struct wg_err *err, ...) __attribute__((sentinel));

#endif
