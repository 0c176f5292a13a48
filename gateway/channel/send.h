/* Ways out: one vtable. A send runs in a worker process that holds the sealed envelope and the TLS client key, nothing
 * else. */
#ifndef WG_CHANNEL_SEND_H
#define WG_CHANNEL_SEND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "crypto/tls.h"

enum wg_sent {
	WG_SENT_OK,      /* the other side took responsibility, proven by its answer */
	WG_SENT_DEFER,   /* try again later; detail says why */
	WG_SENT_REFUSED, /* refused for good; detail says why */
};

struct wg_send_result {
	enum wg_sent what;
	bool tls_fault; /* the reason was TLS: no STARTTLS, injected reply, name, chain, expiry: an alarm, never a fallback
	                 */
	bool maybe;     /* the envelope went out whole and the answer was lost: a retry may be a duplicate */
	char detail[256];  /* words for the operator, defanged; no personal data */
	char receipt[256]; /* the other side's reference: queue id or receipt id; "" when none */
};

struct wg_send_target {
	/* mail */
	const char *smtp_host;
	unsigned smtp_port; /* the smarthost; its name is what the certificate must carry */
	const char *helo;
	const char *from, *to;
	/* https */
	const char *url;
	const char *idempotency_key;
	const char *content_type;
	const char *expect_ip; /* tests: connect here instead of resolving the host; NULL */
	struct wg_tls tls;
	int connect_ms, total_ms;
};

/* Sends several envelopes to one target over one session where the protocol allows; fills one result per envelope. */
struct wg_send_item {
	const char *message_id;
	const void *bytes;
	size_t len;
	const char *to;              /* mail: envelope recipient; https: NULL */
	const char *idempotency_key; /* https */
	struct wg_send_result result;
};

struct wg_channel {
	const char *name;
	void (*send)(const struct wg_send_target *target, struct wg_send_item *items, size_t count);
};

extern const struct wg_channel wg_channel_smtp;
extern const struct wg_channel wg_channel_https;

#endif
