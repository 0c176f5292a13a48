/* A mail into labelled fields. */
#ifndef WG_READERS_MAIL_H
#define WG_READERS_MAIL_H

#include "base/buf.h"
#include "base/err.h"

/* Loads what opens files at its first use; call before confinement. */
enum wg_code wg_mail_prepare(struct wg_err *err) WG_MUST;

/* in: one RFC 5322 message. out: <fields reader="mail">. WG_REJECT with the reason when the message is not one that
 * mail programs would all read alike, WG_LIMIT when it is too large, too deep or has too many parts. */
enum wg_code wg_mail_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
