/* What a message has to do with others, in words: the same child, the same episode, parts. */
#ifndef WG_CLI_RELATED_H
#define WG_CLI_RELATED_H

#include "base/buf.h"

/* json: the answer of wg_client_related. Appends lines; none when there is nothing to say. */
enum wg_code wg_related_text(const struct wg_buf *json, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
