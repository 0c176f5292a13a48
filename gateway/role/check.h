/* Checking a configuration as the roles will use it, before they do. */
#ifndef WG_ROLE_CHECK_H
#define WG_ROLE_CHECK_H

#include "base/buf.h"
#include "base/err.h"

/* Loads configuration, policy, directory, maps, keys and certificates. The first fault that stops a role is the error
 * (file:line, what is wrong, what to do). Warnings and the effective configuration go to out, one a line, when it is
 * not NULL; *warnings is then not told apart from them: lines begin with "warning: ". */
enum wg_code wg_check(const char *config_file, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
