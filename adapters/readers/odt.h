/* An OpenDocument text into labelled fields. */
#ifndef WG_READERS_ODT_H
#define WG_READERS_ODT_H

#include "base/buf.h"
#include "base/err.h"

/* in: one .odt (also .ott). out: <fields reader="odt">. WG_REJECT with the reason and what to do when it is none, is
 * encrypted, has a DOCTYPE in a part, or an archive that programs would read differently; WG_LIMIT when it is too
 * large.
 */
enum wg_code wg_odt_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
