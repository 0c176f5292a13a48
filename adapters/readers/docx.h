/* A Word document into labelled fields. */
#ifndef WG_READERS_DOCX_H
#define WG_READERS_DOCX_H

#include "base/buf.h"
#include "base/err.h"

/* in: one .docx (also .docm, .dotx: macros are dropped and said). out: <fields reader="docx">. WG_REJECT with the
 * reason and what to do when it is none, has a password, a DOCTYPE in a part, or an archive that programs would read
 * differently; WG_LIMIT when it is too large. */
enum wg_code wg_docx_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
