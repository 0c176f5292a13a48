/* SCRAM-SHA-256 and SCRAM-SHA-256-PLUS as a client (RFC 5802, RFC 7677): the messages alone, without a connection. Both
 * sides prove that they know the password; with a channel binding (RFC 5929, RFC 9266) also that nobody stands between
 * them. */
#ifndef WG_CHANNEL_SCRAM_H
#define WG_CHANNEL_SCRAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/sha256.h"

/* RFC 7677 4: 4096 at least. The most is a second of computing here: a server must not be able to ask for an hour. */
#define WG_SCRAM_ITERATIONS_MIN 4096
#define WG_SCRAM_ITERATIONS_MAX 1000000
/* A server's message: nonce, salt and a number; those seen have some 120 bytes. */
#define WG_SCRAM_MESSAGE_MAX 1024
/* The digest of a certificate, at most SHA-512. */
#define WG_SCRAM_BINDING_MAX 64

/* The channel's binding. type NULL: there is none; offered: and the server offers the -PLUS mechanism all the same. */
struct wg_scram_binding {
	const char *type; /* "tls-exporter", "tls-server-end-point" */
	uint8_t data[WG_SCRAM_BINDING_MAX];
	size_t len;
};

/* One exchange; wipe it with wg_wipe when it is over. */
struct wg_scram {
	char header[40];    /* the GS2 header */
	char nonce[33];     /* ours */
	struct wg_buf bare; /* client-first-message-bare */
	uint8_t binding[40 + WG_SCRAM_BINDING_MAX];
	size_t binding_len;            /* GS2 header and binding data */
	uint8_t server[WG_SHA256_LEN]; /* the signature that proves the server */
	bool answered;
};

/* The first message. bind: use binding (-PLUS); otherwise the header says whether we could have: "y" tells a server
 * that offers it that somebody took the offer away. user is printable ASCII (SASLprep changes nothing in it), else
 * WG_CONFIG. */
enum wg_code wg_scram_first(struct wg_scram *scram, const char *user, const struct wg_scram_binding *binding, bool bind,
                            struct wg_buf *out, struct wg_err *err) WG_MUST;

/* The answer to the server's first message. WG_REJECT when that is not what RFC 5802 7 says, not for our nonce, or asks
 * for too few or too many iterations; WG_CONFIG: the password is not printable ASCII. */
enum wg_code wg_scram_answer(struct wg_scram *scram, const char *password, const char *message, size_t len,
                             struct wg_buf *out, struct wg_err *err) WG_MUST;

/* WG_OK only if the server's last message proves that it knows the password. */
enum wg_code wg_scram_verify(const struct wg_scram *scram, const char *message, size_t len, struct wg_err *err) WG_MUST;

void wg_scram_wipe(struct wg_scram *scram);

#endif
