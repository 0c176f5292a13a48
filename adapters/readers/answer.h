/* Recognises mails that answer copies of ours: reports, receipts, replies. */
#ifndef WG_READERS_ANSWER_H
#define WG_READERS_ANSWER_H

#include "base/buf.h"
#include "base/err.h"

enum wg_code wg_answer_prepare(struct wg_err *err) WG_MUST;
/* in: a mail, opened where it was sealed. out: wg_answer_write (gateway/notice/answer.h). WG_REJECT and WG_LIMIT for
 * what is no mail or above the limits of the mail reader. */
enum wg_code wg_answer_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
