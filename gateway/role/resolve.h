/* What a person said of a message, applied to what was read of it. */
#ifndef WG_ROLE_RESOLVE_H
#define WG_ROLE_RESOLVE_H

#include "notice/resolution.h"
#include "role/process.h"

/* text: the plaintext of job->resolution. read->notice is changed, or made where no map knew the form; read->attention
 * ends, or read->reason says what is still open or which line cannot be applied: the message waits for a person again,
 * it is never rejected for it. When *out says give_back, read->notice is then the notice to the owner of the form
 * (kind form-return) with what is missing, and nothing else of the message may be sent. The caller frees *out. */
enum wg_code wg_resolve(const struct wg_process *process, const struct wg_msg_job *job, const struct wg_buf *text,
                        struct wg_read *read, struct wg_resolution **out, struct wg_err *err) WG_MUST;

#endif
