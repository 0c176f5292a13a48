/* One mail over an open session: the transaction, and what each answer means for its item. */
#ifndef WG_CHANNEL_SMTP_MAIL_H
#define WG_CHANNEL_SMTP_MAIL_H

#include "channel/send.h"
#include "channel/smtp_talk.h"

/* WG_OK, or why no byte of the item may go out: its address, its size, what is in it. */
enum wg_code wg_smtp_mail_check(const struct wg_send_target *target, const struct wg_send_item *item,
                                struct wg_err *err) WG_MUST;

/* Offers the item within target->total_ms and writes its result, except that: false, with the reason in the result as
 * DEFER, when the session ended before the server had answered to MAIL, so that nothing of the item can have been taken
 * and another connection may be tried. talk->over then or later: the session is of no further use. */
bool wg_smtp_mail_offer(struct wg_smtp_talk *talk, const struct wg_send_target *target, struct wg_send_item *item);

/* Sets a result with words, defanged and cut. */
void wg_smtp_result(struct wg_send_item *item, enum wg_sent what, const char *words);

#endif
