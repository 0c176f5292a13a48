/* What handle.c does differently for a message that came by mail: nobody handed it in, so its sender has to be found.
 */
#ifndef WG_ROLE_HANDLE_MAIL_H
#define WG_ROLE_HANDLE_MAIL_H

#include "role/mail_in.h"
#include "role/outcome.h"

/* Opens the mail, and finds who sent it: as decided before, as signed, or as a person says. known: a copy of the job,
 * which gets that organisation; the outcome too. known->organisation stays "" when it is not known; mail->why tells. */
enum wg_code wg_handle_mail(struct wg_process *process, const struct wg_msg_job *job, const struct wg_buf *original,
                            struct wg_mail_in *mail, struct wg_msg_job *known, struct wg_outcome *outcome,
                            struct wg_err *err) WG_MUST;

/* Nobody knows who sent it: a person looks, whatever else is said of it. */
void wg_handle_unknown(const struct wg_mail_in *mail, const char *also, struct wg_outcome *outcome);

/* What a person said of the message, NULL when nobody did. The caller frees. */
struct wg_resolution;
enum wg_code wg_handle_resolution(const struct wg_process *process, const struct wg_msg_job *job,
                                  struct wg_resolution **out, struct wg_err *err) WG_MUST;

/* A copy that a partner's gateway made for us is told to the store by its reference and hash. */
void wg_handle_copy(const struct wg_process *process, const struct wg_msg_job *job, const struct wg_mail_in *mail,
                    const struct wg_read *read, struct wg_outcome *outcome);

#endif
