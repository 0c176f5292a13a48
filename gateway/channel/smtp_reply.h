/* A mail server's replies (RFC 5321 4.2), taken apart byte by byte with limits, and what a reply to EHLO offers. */
#ifndef WG_CHANNEL_SMTP_REPLY_H
#define WG_CHANNEL_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* RFC 5321 4.5.3.1.5 allows 512 bytes with the line end; some servers write more. */
#define WG_SMTP_REPLY_LINE 1024
/* The longest EHLO replies seen have some 25 lines. */
#define WG_SMTP_REPLY_LINES 128
/* All lines of one reply together: far above any server, far below what hurts. */
#define WG_SMTP_REPLY_BYTES ((size_t)32 * 1024)
/* "5.7.999" (RFC 3463 2: a digit and twice up to three). */
#define WG_SMTP_ENHANCED 10

/* Invariants: (1) text holds what stood behind the codes, a line each, ended by '\n', then NUL; (2) code is 0 until the
 * first line was read whole, then one of 200 to 559 and the same for all lines. */
struct wg_smtp_reply {
	int code;
	char enhanced[WG_SMTP_ENHANCED]; /* of the last line that had one that fits its code; "" when none */
	unsigned lines;
	size_t text_len, line_len, total;
	char line[WG_SMTP_REPLY_LINE];
	char text[WG_SMTP_REPLY_BYTES + 1];
	bool done;
};

void wg_smtp_reply_reset(struct wg_smtp_reply *reply);

/* Takes one byte. WG_OK: look at done. WG_REJECT: this is no reply; WG_LIMIT: a maximum was passed. After an error the
 * rest of what the server says cannot be told apart and the connection has to be closed. A lone LF ends a line, as
 * other clients have it; NUL is refused. */
enum wg_code wg_smtp_reply_take(struct wg_smtp_reply *reply, char byte, struct wg_err *err) WG_MUST;

/* The reply in words for the operator: "550 5.1.1 no such desk", its first line with text, defanged, cut at size. */
const char *wg_smtp_reply_words(const struct wg_smtp_reply *reply, char *out, size_t size);

enum wg_smtp_auth {
	WG_SMTP_AUTH_PLAIN = 1,
	WG_SMTP_AUTH_XOAUTH2 = 2,
	WG_SMTP_AUTH_SCRAM = 4,      /* SCRAM-SHA-256 */
	WG_SMTP_AUTH_SCRAM_PLUS = 8, /* SCRAM-SHA-256-PLUS */
};

/* What the server offers. An extension counts only as a keyword of its own (RFC 5321 4.1.1.1), never out of the first
 * line, which is a greeting. */
struct wg_smtp_offers {
	bool starttls, pipelining, dsn, size, require_tls;
	uint64_t size_max; /* 0: none said (RFC 1870 4) */
	unsigned auth;     /* of enum wg_smtp_auth */
};
void wg_smtp_offers_read(const struct wg_smtp_reply *reply, struct wg_smtp_offers *out);

/* The server's reference out of its answer to the content: what stands behind "queued as" or "id=", else the line.
 * Defanged, cut at size. */
void wg_smtp_receipt(const char *text, char *out, size_t size);

#endif
