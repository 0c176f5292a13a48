/* The dialogue with one mail server over one connection: commands, replies, TLS, content. What may be said when is
 * decided here, by construction and not by whoever calls. */
#ifndef WG_CHANNEL_SMTP_TALK_H
#define WG_CHANNEL_SMTP_TALK_H

#include "base/buf.h"
#include "channel/smtp_link.h"
#include "channel/smtp_reply.h"

/* RFC 5321 4.5.3.2 has five minutes for most answers. A server that needs more than one is tried again later instead:
 * whoever waits for this notice is told in time. */
#define WG_SMTP_STEP_MS 60000
/* RFC 5321 4.5.3.2.6, the answer to the content: not less, or mail is doubled. The item's own limit may be nearer. */
#define WG_SMTP_END_MS (10 * 60 * 1000)
/* The longest command: AUTH with a token (RFC 4954 4: 12288 bytes), and some room. */
#define WG_SMTP_COMMAND_MAX ((size_t)13 * 1024)

/* Invariants: (1) until verified, nothing goes out but the lines EHLO, STARTTLS, NOOP and QUIT; verified is set only by
 * wg_smtp_talk_verified; (2) nothing is said while something lies there that was not asked for; (3) after any error but
 * a refusal (a reply that was not wanted), over is set and nothing is said any more. err is never NULL. Errors:
 * WG_AGAIN: lost or too slow; WG_CRYPTO: TLS, or something in the clear that nobody asked for; WG_REJECT, WG_LIMIT:
 * what it says is no SMTP.
 */
struct wg_smtp_talk {
	struct wg_smtp_link link;
	struct wg_smtp_reply reply;   /* the last one */
	struct wg_smtp_offers offers; /* what the last EHLO was answered with */
	int64_t until;                /* monotonic ms: no step goes beyond it */
	int64_t heard;                /* when the last reply came */
	unsigned owed;                /* replies to commands that went out together */
	bool verified;                /* inside TLS with a server that has proven its name */
	bool over;
};

/* A talk that is zeroed but for its link (WG_SMTP_LINK). */
void wg_smtp_talk_init(struct wg_smtp_talk *talk);

/* From here on everything may be said. The caller has just finished a handshake that proved who the server is. */
void wg_smtp_talk_verified(struct wg_smtp_talk *talk);

/* Sets the link's deadline: in ms, and never beyond until. What talks here does it by itself. */
void wg_smtp_talk_step(struct wg_smtp_talk *talk, int ms);

/* Sends whole command lines; each is answered and has to be heard. */
enum wg_code wg_smtp_talk_say(struct wg_smtp_talk *talk, const char *lines, size_t len, unsigned commands,
                              struct wg_err *err) WG_MUST;

/* The next reply, into talk->reply; what: the command, for the words. ms: the longest wait. 421 sets over. */
enum wg_code wg_smtp_talk_hear(struct wg_smtp_talk *talk, const char *what, int ms, struct wg_err *err) WG_MUST;

/* One line without its end, and its reply. */
enum wg_code wg_smtp_talk_ask(struct wg_smtp_talk *talk, const char *what, const char *line, struct wg_err *err)
	WG_MUST;

/* EHLO, and reads what is offered. A refusal is WG_AGAIN with words. */
enum wg_code wg_smtp_talk_ehlo(struct wg_smtp_talk *talk, const char *helo, struct wg_err *err) WG_MUST;

/* STARTTLS up to its 220 with nothing behind it. WG_CRYPTO when it is not offered, refused or not answered alone. */
enum wg_code wg_smtp_talk_starttls(struct wg_smtp_talk *talk, struct wg_err *err) WG_MUST;

/* The content after 354, dots doubled, up to the final dot, which goes out only if the server has said nothing
 * meanwhile. *whole: all of it is out, and with it responsibility may be. bytes passed wg_mime_wire_check. */
enum wg_code wg_smtp_talk_content(struct wg_smtp_talk *talk, const void *bytes, size_t len, bool *whole,
                                  struct wg_err *err) WG_MUST;

/* QUIT where there is somebody to say it to, waiting ms for the answer, and closes. */
void wg_smtp_talk_close(struct wg_smtp_talk *talk, int ms);

#endif
