/* What `wardgate check` says of mail in. Private to gateway/role. */
#ifndef WG_ROLE_CHECK_IN_H
#define WG_ROLE_CHECK_IN_H

#include "base/buf.h"
#include "role/config.h"

/* Mailboxes, that of MESH too: anchors and secrets can be read; LMTP: the socket can be made. Without talking to
 * anybody. Warnings go to out, unless it is NULL. */
enum wg_code wg_check_in(const struct wg_config *config, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
