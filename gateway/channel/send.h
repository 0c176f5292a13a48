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
	bool
		login_fault; /* the server wants a login that it does not get, or refuses ours: an alarm, a person has to act */
	bool maybe;      /* the envelope went out whole and the answer was lost: a retry may be a duplicate */
	unsigned wait_ms;  /* DEFER: the other side asks not to be tried before; 0: it did not say */
	char detail[256];  /* words for the operator, defanged; no personal data */
	char receipt[256]; /* the other side's reference: queue id or receipt id; "" when none */
};

enum wg_send_auth { WG_SEND_AUTH_NONE, WG_SEND_AUTH_PLAIN, WG_SEND_AUTH_SCRAM_SHA_256, WG_SEND_AUTH_XOAUTH2 };

struct wg_send_target {
	/* mail */
	const char *smtp_host; /* the smarthost; its name is what the certificate must carry. NULL: to the servers of the
	                          domain of the recipient, by DANE or MTA-STS */
	unsigned smtp_port;
	const char *helo;
	const char *from, *to;
	bool implicit_tls; /* TLS from the first byte; otherwise STARTTLS */
	enum wg_send_auth auth;
	const char *user, *secret; /* secret: the file of the password or access token, read anew for each connection */
	bool require_tls;          /* REQUIRETLS where the server offers it */
	bool reports;              /* delivery reports where the server offers them */
	/* to find the servers of a domain; NULL where smtp_host is given */
	const char *dns_anchor, *dns_resolver /* or NULL */, *sts_ca;
	const char *sts_cache;     /* folder where MTA-STS policies are remembered, writable; NULL: they are not */
	const char *dns_names_for; /* domains, separated by blanks ("*": all), whose servers may be found without any proof:
	                              the certificate must then carry the name that DNS said. NULL: none, as it should be */
	unsigned sts_port;         /* tests: another port than 443 */
	/* mesh: url is the root of the API; password and key are files */
	const char *mesh_mailbox, *mesh_password, *mesh_key;
	size_t mesh_chunk;
	/* https */
	const char *url;
	const char *idempotency_key;
	const char *content_type;
	bool later_forms; /* https: an item is a copy of which the other side may have taken an earlier form under its key,
	                     and never told us: this form then goes under a key of its own. Otherwise that is a refusal */
	const char *expect_ip; /* tests: connect here instead of resolving the host; NULL */
	struct wg_tls tls;
	int connect_ms, total_ms;
};

/* Sends several envelopes to one target over one session where the protocol allows; fills one result per envelope. */
struct wg_send_item {
	const char *message_id;
	const void *bytes;
	size_t len;
	const char *to;                      /* mail: envelope recipient; https: NULL */
	const char *idempotency_key;         /* https */
	const char *mesh_to, *mesh_workflow; /* mesh: the recipient's mailbox, and the workflow it expects */
	struct wg_send_result result;
};

struct wg_channel {
	const char *name;
	void (*send)(const struct wg_send_target *target, struct wg_send_item *items, size_t count);
};

extern const struct wg_channel wg_channel_smtp;
extern const struct wg_channel wg_channel_https;

#endif
