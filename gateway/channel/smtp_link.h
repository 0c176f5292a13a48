/* One TCP connection, in the clear or inside TLS, where nothing waits beyond a deadline. */
#ifndef WG_CHANNEL_SMTP_LINK_H
#define WG_CHANNEL_SMTP_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct ssl_st;

/* What is read at once: a TLS record has up to 16 KB, a reply some hundred bytes. */
#define WG_SMTP_LINK_IN 4096

/* Start one with WG_SMTP_LINK. Invariants: (1) in[at, end) was read and not used; (2) ssl is set only after the
 * handshake was begun, and from then on no byte goes around it; (3) once broken, nothing is read or written any more.
 * err is never NULL. Errors of all functions: WG_AGAIN: lost, closed or too slow, with words; WG_CRYPTO: TLS itself;
 * WG_SYSTEM. */
struct wg_smtp_link {
	int fd; /* -1: none */
	struct ssl_st *ssl;
	int64_t until; /* monotonic ms; the caller sets it before each step */
	bool broken;
	bool faulty; /* and it was TLS */
	size_t at, end;
	char in[WG_SMTP_LINK_IN];
};
#define WG_SMTP_LINK ((struct wg_smtp_link){ .fd = -1 })

/* To a numeric IPv4 or IPv6 address. */
enum wg_code wg_smtp_link_connect(struct wg_smtp_link *link, const char *address, unsigned port, struct wg_err *err)
	WG_MUST;

/* The handshake, as a client, with an SSL that was set up for it; the link owns it from here on, whatever happens. The
 * caller has seen to it that nothing was read ahead. */
enum wg_code wg_smtp_link_tls(struct wg_smtp_link *link, struct ssl_st *ssl, struct wg_err *err) WG_MUST;

/* All of it, or an error. */
enum wg_code wg_smtp_link_write(struct wg_smtp_link *link, const void *bytes, size_t len, struct wg_err *err) WG_MUST;

/* The next byte. */
enum wg_code wg_smtp_link_byte(struct wg_smtp_link *link, char *out, struct wg_err *err) WG_MUST;

/* Without waiting: has the other side said anything that was not read yet? WG_OK: no. WG_REJECT: yes. WG_AGAIN: it has
 * closed. TLS's own messages (tickets) are not anything said. */
enum wg_code wg_smtp_link_quiet(struct wg_smtp_link *link, struct wg_err *err) WG_MUST;

/* Ends TLS without waiting for the other side, closes, and makes it WG_SMTP_LINK again. */
void wg_smtp_link_close(struct wg_smtp_link *link);

#endif
