/* AUTH (RFC 4954) inside verified TLS: PLAIN, SCRAM-SHA-256 with and without channel binding, XOAUTH2. */
#ifndef WG_CHANNEL_SMTP_LOGIN_H
#define WG_CHANNEL_SMTP_LOGIN_H

#include "channel/send.h"
#include "channel/smtp_talk.h"

/* Logs in as the target says; WG_OK without a word where it says none. The secret is read anew from its file.
 * WG_CONFIG: nothing that a later try would change: not offered, refused, the file; the operator has to act. Anything
 * else as smtp_talk.h has it. */
enum wg_code wg_smtp_login(struct wg_smtp_talk *talk, const struct wg_send_target *target, struct wg_err *err) WG_MUST;

/* A reply to any command that says our login is wanting (RFC 4954 4, 6): 530, 534, 535, 538. */
bool wg_smtp_login_wanting(int code);

#endif
