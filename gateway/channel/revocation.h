/* Fetches one list of revoked certificates or one OCSP answer: bytes in, bytes out, bounded; what they are worth is for
 * crypto/revocation.h to say. */
#ifndef WG_CHANNEL_REVOCATION_H
#define WG_CHANNEL_REVOCATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct wg_revocation_fetch {
	const char *url; /* http or https; both, for lists and answers are signed */
	/* OCSP: the question, sent by POST (RFC 6960 A.1); NULL for GET */
	const void *request;
	size_t request_len;
	/* The URL was written by whoever issued a certificate: unless this is set, an address of this machine or of a
	 * private network is not connected to. Set it where the authority itself is in such a network. */
	bool private_addresses;
	int connect_ms, total_ms; /* 0: 10 s, 30 s */
};

/* The body of the answer appended to out, whose maximum bounds it (WG_LIMIT). At most three redirects, each to the same
 * scheme. No proxy, cookies, credentials or compression. WG_AGAIN when it could not be had, with the reason; WG_REJECT
 * for a URL that is never asked. */
enum wg_code wg_revocation_fetch(const struct wg_revocation_fetch *what, struct wg_buf *out, struct wg_err *err)
	WG_MUST;

struct sockaddr;
/* Whether an address is one that only its own network can mean: loopback, link-local, private (RFC 1918, 4193, 6598),
 * multicast, unspecified, or an IPv4 one of these written as IPv6. Any family that is not IP too. */
bool wg_address_private(const struct sockaddr *address);

#endif
