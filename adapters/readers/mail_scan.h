/* What must be true of a mail's bytes before a MIME parser sees them. */
#ifndef WG_READERS_MAIL_SCAN_H
#define WG_READERS_MAIL_SCAN_H

#include "base/buf.h"
#include "base/err.h"

/* WG_REJECT: empty, no header, or a NUL byte. WG_LIMIT: the header, a line of it, or the number of lines that could be
 * part boundaries is above the limits. Words say which line. */
enum wg_code wg_mail_scan(const struct wg_buf *in, struct wg_err *err) WG_MUST;

#endif
