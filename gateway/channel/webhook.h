/* Webhooks out, as Standard Webhooks 1.0 describes them: thin, signed, and without any personal data. They say that
 * there is something to fetch; what it is stands in the pull inbox. */
#ifndef WG_CHANNEL_WEBHOOK_H
#define WG_CHANNEL_WEBHOOK_H

#include "base/err.h"
#include "channel/send.h"
#include "store/confirm.h"

/* Where to tell. The URL is the operator's own words (the directory), not the partner's: addresses of private ranges
 * are not refused, for councils reach each other over such; whoever answers there has to prove the URL's name first. */
struct wg_webhook_target {
	const char *url;
	const char *secret;       /* file: whsec_ and base64 of 24 to 64 bytes; read for each webhook, mode 600 */
	struct wg_tls tls;        /* as for copies over HTTPS */
	const char *expect_ip;    /* tests: connect here instead of resolving the host; NULL */
	int connect_ms, total_ms; /* 0: 10 s and 30 s */
};

struct wg_webhook_result {
	enum wg_hook_outcome outcome; /* 2xx TOLD, 410 GONE, all else AGAIN: nothing that is due is given up here */
	bool tls_fault;               /* an alarm */
	unsigned wait_ms;             /* AGAIN: Retry-After, at most an hour; 0: by the caller's own back-off */
	char detail[WG_STORE_DETAIL]; /* words for the operator */
};

/* Tells of one delivery: blocks until it is told or not. The id of the webhook is that of the delivery, the same at
 * every try, so that a receiver may drop what it has seen; wall_ms goes into timestamp and signature. */
void wg_webhook_send(const struct wg_webhook_target *target, const struct wg_hook *hook, int64_t wall_ms,
                     struct wg_webhook_result *out);

/* The signature "v1,BASE64" of `id.timestamp.body` under the secret's text; WG_CONFIG when that is not a secret. The
 * caller frees *out. */
enum wg_code wg_webhook_sign(const char *secret, const char *id, const char *timestamp, const char *body, char **out,
                             struct wg_err *err) WG_MUST;

#endif
