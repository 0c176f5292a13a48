/* What may stand in a condition. */
#ifndef WG_NOTICE_CONDITION_CHECK_H
#define WG_NOTICE_CONDITION_CHECK_H

#include "notice/condition.h"

/* WG_OK when every name in the expression is known and every path leads somewhere in the schema; else WG_CONFIG.
 * Whether it is XPath at all is for the compiler to say. */
enum wg_code wg_condition_check(const char *text, const struct wg_vocabulary *vocabulary,
                                const struct wg_schema *schema, struct wg_err *err) WG_MUST;

#endif
