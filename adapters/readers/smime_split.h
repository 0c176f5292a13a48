/* multipart/signed (RFC 1847 2.1): exactly what was signed, and the signature beside it. */
#ifndef WG_READERS_SMIME_SPLIT_H
#define WG_READERS_SMIME_SPLIT_H

#include "base/buf.h"
#include "readers/smime_head.h"

/* body: what stands below the header. content: the first part as it was signed, with CRLF line ends (RFC 8551 3.1.1);
 * der: the signature out of the second. NULL, or why it is not that, in words: there are exactly two parts, the second
 * is a signature, and nothing but a program's own words stands before, between or behind them. */
const char *wg_smime_split(const struct wg_smime_head *head, const char *body, size_t len, struct wg_buf *content,
                           struct wg_buf *der);

#endif
