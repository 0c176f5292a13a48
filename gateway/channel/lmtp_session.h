/* One LMTP session (RFC 2033) as a state machine over bytes: no socket, no clock. Replies go into a buffer, a whole
 * mail is held until its fate is known. Offered: PIPELINING (RFC 2920), 8BITMIME (RFC 6152), SIZE (RFC 1870),
 * ENHANCEDSTATUSCODES (RFC 2034). Which recipients are ours was decided by the mail server; their addresses are
 * counted and not kept. */
#ifndef WG_CHANNEL_LMTP_SESSION_H
#define WG_CHANNEL_LMTP_SESSION_H

#include <stdbool.h>

#include "base/buf.h"

/* RFC 5321 4.5.3.1.4 gives a command line 512 octets, and parameters more; we give any line this many. */
#define WG_LMTP_LINE 2048
/* RFC 5321 4.5.3.1.8: at least 100. */
#define WG_LMTP_RECIPIENTS 100
/* Commands that were not understood or not in order, before the session ends. */
#define WG_LMTP_FAULTS 20
/* Commands that bring no mail nearer (NOOP, RSET, VRFY, LHLO), before the session ends. */
#define WG_LMTP_IDLE_COMMANDS 100

enum wg_lmtp_state {
	WG_LMTP_COMMANDS, /* between commands */
	WG_LMTP_DATA,     /* after 354 */
	WG_LMTP_HELD,     /* a mail is whole and waits for wg_lmtp_session_answer; nothing more is eaten */
	WG_LMTP_CLOSED    /* the last reply is in out: send it and hang up */
};

/* What became of a mail. */
enum wg_lmtp_fate {
	WG_LMTP_KEPT,  /* durable: 250 */
	WG_LMTP_LATER, /* not now: 451, the mail server tries again */
	WG_LMTP_FULL   /* no room now: 452, the same */
};

/* Bytes of mails under way in all sessions of one listener. A session that finds no room answers 452. */
struct wg_lmtp_room {
	size_t used, most;
};

/* Touch through the functions only; reading state, out and mail is allowed. Invariants: recipients > 0 => sender;
 * state DATA or HELD => recipients > 0; mail.len is counted in room->used. */
struct wg_lmtp_session {
	enum wg_lmtp_state state;
	struct wg_buf out;  /* replies not yet sent: the owner sends and resets it */
	struct wg_buf mail; /* content without the dots that were stuffed */
	struct wg_lmtp_room *room;
	size_t line_len;
	unsigned recipients, faults, idle_commands;
	bool greeted, sender;
	/* of the content: where in a line we are, and why it will not be taken */
	unsigned char at;
	bool too_large, no_room, has_nul;
	char line[WG_LMTP_LINE];
};

/* Puts the greeting into out. max_mail: largest content. room is borrowed. Free with wg_lmtp_session_free. */
void wg_lmtp_session_start(struct wg_lmtp_session *s, size_t max_mail, struct wg_lmtp_room *room);
void wg_lmtp_session_free(struct wg_lmtp_session *s);

/* Eats bytes of the peer; stops early when the state becomes HELD or CLOSED. Returns how many were eaten. */
size_t wg_lmtp_session_feed(struct wg_lmtp_session *s, const void *bytes, size_t len);

/* The fate of the mail that is held: one reply for each recipient (RFC 2033 4.2), with id behind a 250. */
void wg_lmtp_session_answer(struct wg_lmtp_session *s, enum wg_lmtp_fate fate, const char *id);

/* Ends the session with a 421 (shutting down, out of time): words for the peer, no CR or LF. */
void wg_lmtp_session_end(struct wg_lmtp_session *s, const char *words);

#endif
