/* One TLS connection to where copies go, verified as they would be, and nothing sent over it. */
#ifndef WG_CHANNEL_PROBE_H
#define WG_CHANNEL_PROBE_H

#include "base/err.h"
#include "crypto/tls.h"

/* url: https://host[:port]/..., smtps://host:port, or smtp://host:port (then STARTTLS). WG_OK: the name and the chain
 * of the server were verified. WG_CRYPTO: TLS was the fault; WG_AGAIN: it could not be reached, or did not do its part.
 * Up to 15 s. */
enum wg_code wg_probe(const char *url, const struct wg_tls *tls, struct wg_err *err) WG_MUST;

#endif
