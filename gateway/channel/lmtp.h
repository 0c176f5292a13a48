/* LMTP inward (RFC 2033): a Unix socket on which a mail server of this machine hands mail over. Limits on connections,
 * bytes under way and time always. What is said is in lmtp_session.h. */
#ifndef WG_CHANNEL_LMTP_H
#define WG_CHANNEL_LMTP_H

#include <sys/types.h>

#include "base/err.h"
#include "channel/lmtp_session.h"

struct event_base;
struct wg_lmtp;
struct wg_lmtp_mail; /* one mail in hand; answered exactly once, now or later */

struct wg_lmtp_spec {
	const char *path;     /* of the socket */
	mode_t mode;          /* of the socket: whoever can write to it hands mail over */
	size_t max_mail;      /* bytes of one mail */
	size_t max_under_way; /* bytes of all mails that are being received or not yet answered */
	unsigned max_connections;
	int command_ms; /* from one command to the next (RFC 5321 4.5.3.2.7: 5 minutes) */
	int data_ms;    /* from 354 to the end of the mail, and for replies to be read */
};

/* Called with each whole mail. The handler keeps it until it answers with wg_lmtp_answer, perhaps at once. */
typedef void wg_lmtp_handler(void *arg, struct wg_lmtp_mail *mail);

/* Makes the socket and listens; serves when the base runs. A socket that nobody listens on any more is replaced.
 * WG_CONFIG: the path is too long, is something else than a socket, or another process listens there. Ignores SIGPIPE,
 * for the process. */
enum wg_code wg_lmtp_start(struct event_base *base, const struct wg_lmtp_spec *spec, wg_lmtp_handler *handler,
                           void *arg, struct wg_lmtp **out, struct wg_err *err) WG_MUST;
/* Says 421 to whoever is connected and hangs up. Mails in hand must have been answered before. The socket's file stays:
 * a confined process may not remove it, and the next start replaces it. */
void wg_lmtp_freep(struct wg_lmtp **lmtp);

/* The content, borrowed until it is answered. */
const uint8_t *wg_lmtp_mail_bytes(const struct wg_lmtp_mail *mail, size_t *len);
/* id: goes to the mail server's log with a 250; "" otherwise. */
void wg_lmtp_answer(struct wg_lmtp_mail *mail, enum wg_lmtp_fate fate, const char *id);

#endif
