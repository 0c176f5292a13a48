/* Mails that answer copies of ours: delivery reports, read receipts, replies. */
#ifndef WG_ROLE_ANSWER_H
#define WG_ROLE_ANSWER_H

#include "notice/answer.h"
#include "role/mail_in.h"
#include "role/outcome.h"

/* What the confined reader finds in the mail. WG_REJECT or WG_LIMIT when it cannot be read as one. */
enum wg_code wg_answer_look(const struct wg_paths *paths, const struct wg_buf *mail, struct wg_answer *out,
                            struct wg_err *err) WG_MUST;

/* A mail that answers a copy is settled here: its receipts are kept, and where it says more than they do, or fits no
 * copy, a person looks. *settled stays false for every other mail, and for one of which a person said what it is. A
 * receipt has an id made of the message's, so that the same mail read again gives none anew. */
enum wg_code wg_answer_handle(struct wg_process *process, struct wg_client *client, const struct wg_msg_job *job,
                              const struct wg_mail_in *mail, struct wg_outcome *outcome, bool *settled,
                              struct wg_err *err) WG_MUST;

/* The receipts that an answer makes, at most WG_ANSWER_RECIPIENTS; reference and token of each are the caller's to fill
 * in. organisation: who signed it, "" for nobody. token: one stands in it. Returns how many. */
struct wg_receipt_new;
unsigned wg_answer_receipts(const struct wg_answer *answer, const char *organisation, bool token,
                            struct wg_receipt_new *out);

#endif
