/* What may go into an SMTP DATA: one rule for what mime.c makes and for what smtp.c is handed. */
#ifndef WG_CHANNEL_MIME_WIRE_H
#define WG_CHANNEL_MIME_WIRE_H

#include <stddef.h>

#include "base/err.h"

/* Lines of at most 998 bytes (RFC 5322 2.1.1), each ended by CRLF, the last one too; 7-bit without NUL; no CR or LF
 * alone, since a receiver that takes one for a line end can be made to see a second message. WG_REJECT with the reason
 * and the offset, never with the bytes. */
enum wg_code wg_mime_wire_check(const void *bytes, size_t len, struct wg_err *err) WG_MUST;

#endif
