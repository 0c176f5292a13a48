/* A mailbox over IMAP (RFC 3501), asked once: what has not been taken yet is fetched, handed over, and marked only when
 * the other side has it for good. TLS and the server's name are verified before the login, or there is no login. Runs
 * in a process of its own that may be killed at any moment: what was not marked is fetched again.
 *
 * The mark is the keyword $Wardgate (and \Seen): people who read the mailbox set other flags, not this one. Where the
 * server can (RFC 6851), marked mails are moved to the folder wardgate/taken. Nothing is deleted or expunged, ever. A
 * mailbox in which neither can be done is not taken from: every poll would take everything again. */
#ifndef WG_CHANNEL_IMAP_H
#define WG_CHANNEL_IMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct wg_peer;

/* Mails whose fate is asked for at once, and taken in one poll; then it is somebody else's turn. */
#define WG_IMAP_BATCH 16
#define WG_IMAP_TAKE_MOST 512

struct wg_imap_box {
	const char *host; /* its certificate must carry this name */
	unsigned short port;
	bool implicit; /* TLS from the first byte; otherwise STARTTLS, and nothing without it */
	const char *ca;
	struct wg_peer *peer;      /* of its TLS (crypto/tls.h); NULL: whether the server was revoked is not asked */
	const char *user, *secret; /* a file: the password or token; read anew each time */
	bool xoauth2;              /* otherwise PLAIN or LOGIN */
	const char *folder;        /* INBOX */
};

/* One mail as it stands in the mailbox. Borrowed for the call. */
struct wg_imap_mail {
	uint32_t uid;
	const uint8_t *bytes; /* NULL: it is larger than WG_LIMIT_MESSAGE and was not fetched */
	size_t len;
	uint64_t size;        /* as the server says */
	char message_id[256]; /* of one that was not fetched; "" when unknown; outside text, defanged */
};

/* Where mails go. Both calls: an error ends the poll. */
struct wg_imap_sink {
	void *arg;
	enum wg_code (*give)(void *arg, const struct wg_imap_mail *mail, struct wg_err *err);
	/* Waits for the fate of the count mails given since the last call, in order: kept[i] when it is durable. */
	enum wg_code (*settle)(void *arg, bool *kept, unsigned count, struct wg_err *err);
};

/* How far it came; may lie in shared memory, so that a poll that was killed has still said it. */
struct wg_imap_progress {
	uint32_t
		at; /* UID of the mail in hand, or the last; begin behind it when the poll before failed. 0: at the start */
	uint32_t kept; /* handed over and durable in this poll */
	bool more;     /* there is more than one poll takes: ask again at once */
};

/* progress->at is read, all of it written. WG_OK when all that is there is taken, or as much as one poll takes. One
 * mail that cannot be had does not keep the next waiting: its fault is returned in the end. WG_AGAIN: the network or
 * the server; WG_CRYPTO: TLS could not be verified, nothing was said to the server; WG_CONFIG: for the operator (login,
 * folder, secret, no way to mark); WG_REJECT: the server says what no server should. */
enum wg_code wg_imap_poll(const struct wg_imap_box *box, const struct wg_imap_sink *sink,
                          struct wg_imap_progress *progress, struct wg_err *err) WG_MUST;

#endif
