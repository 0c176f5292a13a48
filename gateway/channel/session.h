/* Ways out as sessions: opened once, kept warm between copies, closed when idle for long. One vtable for mail, HTTPS
 * and MESH. A session lives in a worker process that holds sealed envelopes and its own TLS and login secrets, nothing
 * else; the worker is killed from outside when it takes too long. */
#ifndef WG_CHANNEL_SESSION_H
#define WG_CHANNEL_SESSION_H

#include "channel/send.h"

struct wg_session; /* each way's own struct begins with struct wg_session of session_internal.h */

/* An item has its result: called once for each, as soon as it is known, in the order of the items. */
typedef void wg_session_told(void *arg, struct wg_send_item *item);

struct wg_way {
	const char *name;
	/* Connects when the first item is offered, not here. target and what it points at must outlive the session.
	 * WG_CONFIG when the target can never be reached as it is described. */
	enum wg_code (*open)(const struct wg_send_target *target, struct wg_session **out, struct wg_err *err);
	/* Offers each item over one connection; one that was found dead before a byte of the item went out is opened again,
	 * once. Every item gets its result. told may be NULL. Takes at most total_ms for each item and once or twice more
	 * for connecting (direct mail: and 40 seconds for DNS). */
	void (*offer)(struct wg_session *session, struct wg_send_item *items, size_t count, wg_session_told *told,
	              void *arg);
	/* Keeps an idle session warm: to be called every few seconds while nothing is offered. Speaks to the other side
	 * when it was silent for a minute, and notices when the other side has closed; then the next offer opens it again.
	 * Waits for an answer for some seconds at most. False: there is no connection to keep. May be NULL: the way has
	 * nothing to keep. How long to keep it at all is the caller's decision. */
	bool (*keep)(struct wg_session *session);
	/* Ends it politely, within a second, and frees; takes NULL. */
	void (*close)(struct wg_session **session);
};

extern const struct wg_way wg_way_smtp;     /* our own client: STARTTLS or implicit TLS, AUTH, DSN, REQUIRETLS */
extern const struct wg_way wg_way_libesmtp; /* the library behind its guard: STARTTLS to a smarthost */
extern const struct wg_way wg_way_https;    /* POST of one sealed object with mutual TLS */
extern const struct wg_way wg_way_mesh;     /* the MESH API */

/* How a session went, for the metrics. */
struct wg_session_counts {
	unsigned connections; /* TCP connections that were made */
	unsigned resumed;     /* TLS handshakes that resumed an earlier session */
	unsigned reused;      /* items that went over a connection that was there already */
};
const struct wg_session_counts *wg_session_counts(const struct wg_session *session);

#endif
