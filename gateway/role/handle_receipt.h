/* Notices of kind receipt: a partner's gateway says how far a copy of ours has come. */
#ifndef WG_ROLE_HANDLE_RECEIPT_H
#define WG_ROLE_HANDLE_RECEIPT_H

#include "role/mail_in.h"
#include "role/outcome.h"

/* Whether a notice of that kind, which came in by that way, is such a one. */
bool wg_handle_receipt_is(const struct wg_msg_job *job, const char *kind);

/* Settles it: as an answer that the store keeps with the delivery it is of, or before a person, where nobody is known
 * to have signed it or it is not for us. job->organisation: who handed it in, as authenticated. */
void wg_handle_receipt(const struct wg_process *process, const struct wg_msg_job *job, const struct wg_mail_in *mail,
                       const struct wg_notice *notice, struct wg_outcome *outcome);

#endif
