/* What the commands of an operator share: who it is, and what is kept of a message, opened. */
#ifndef WG_CLI_OPERATOR_H
#define WG_CLI_OPERATOR_H

#include "role/admin.h"

#define WG_OPERATOR_TEXT 64

/* For the log: the login name of the user, or the number. out has WG_OPERATOR_TEXT bytes. Returns out. */
const char *wg_operator(char *out);

/* Appends the plaintext of a blob, opened with the storage key of the configuration; the store logs who asked. */
enum wg_code wg_operator_open(const struct wg_config *config, struct wg_admin *admin, const char *id, const char *which,
                              struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
