/* Checking a configuration as the roles will use it, before they do. */
#ifndef WG_ROLE_CHECK_H
#define WG_ROLE_CHECK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* Loads configuration, policy, directory, maps, keys and certificates. The first fault that stops a role is the error
 * (file:line, what is wrong, what to do). Warnings and the effective configuration go to out, one a line, when it is
 * not NULL; *warnings is then not told apart from them: lines begin with "warning: ".
 * start: nothing runs yet. Then a signature of our own that is not valid now is no fault: the machine's clock may be
 * wrong, and what comes in can be taken in meanwhile. */
enum wg_code wg_check(const char *config_file, bool start, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
