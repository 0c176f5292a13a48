/* What makes libesmtp 1.1.0 fit to meet a network, done from outside through its callbacks. Used by smtp.c only. */
#ifndef WG_CHANNEL_SMTP_GUARD_H
#define WG_CHANNEL_SMTP_GUARD_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#include <libesmtp.h> /* after ssl.h, or it leaves smtp_starttls_set_ctx out */

#include "base/err.h"
#include "channel/smtp_watch.h"

/* RFC 5321 4.5.3.1.5: a reply line has at most 512 bytes; some servers write more. */
#define WG_SMTP_LINE 1024

/* The state of one session. Invariants: (1) content is given only while wg_smtp_guard_sound; (2) up means: STARTTLS was
 * asked, answered with exactly one line, and the handshake verified chain and name; (3) why, once set, keeps the first
 * reason. */
struct wg_smtp_guard {
	const char *host;            /* the name the certificate must carry; never what a resolver makes of it */
	struct wg_smtp_watch *watch; /* borrowed */
	bool asked;                  /* STARTTLS went out */
	bool named;                  /* the handshake began, with the name set */
	bool up;
	bool bad;                  /* something happened after which nothing is to be believed */
	bool tls_fault;            /* and it was TLS */
	bool lost;                 /* a write failed: the library goes on as if it had not */
	bool quit;                 /* QUIT went out: what is read from here on says nothing of interest */
	SSL *ssl;                  /* borrowed from the library, while the connection stands */
	size_t unasked;            /* bytes read since we last wrote */
	char answer[WG_SMTP_LINE]; /* what was read after STARTTLS went out, in the clear; ends with NUL */
	size_t answer_len;
	char last[WG_SMTP_LINE]; /* the start of what was read last before QUIT, for the operator */
	char why[160];
};

/* Puts the guard around session: STARTTLS required, with ctx. guard must outlive the session. Each message's
 * application data is a bool that starts false: it becomes true when the server answered to the message while the
 * session was sound. */
enum wg_code wg_smtp_guard_arm(struct wg_smtp_guard *guard, smtp_session_t session, SSL_CTX *ctx, struct wg_err *err)
	WG_MUST;

/* The connection is verified and whole so far: content may be given, an answer may be believed. */
bool wg_smtp_guard_sound(const struct wg_smtp_guard *guard);

/* Ends the session for a reason found outside the library. */
void wg_smtp_guard_refuse(struct wg_smtp_guard *guard, bool tls_fault, const char *why);

#endif
