/* The watchdog of one blocking send: closes, from beside, the connections of a library that cannot be told to stop. */
#ifndef WG_CHANNEL_SMTP_WATCH_H
#define WG_CHANNEL_SMTP_WATCH_H

#include <stdbool.h>

#include "base/err.h"

struct wg_smtp_watch;

struct wg_smtp_watch_limits {
	int connect_ms; /* from the start until wg_smtp_watch_connected */
	int total_ms;   /* from the start to the end */
	int silence_ms; /* the longest time without wg_smtp_watch_progress */
};

/* Starts the watch, on a thread of its own. What it may close is every TCP socket that was not open at this moment: so
 * it belongs into a worker that does one thing, where nobody else opens sockets until wg_smtp_watch_stop. A name lookup
 * that hangs is out of its reach; the wall-clock limit on the worker ends that. The limits are at least 1. */
enum wg_code wg_smtp_watch_start(const struct wg_smtp_watch_limits *limits, struct wg_smtp_watch **out,
                                 struct wg_err *err) WG_MUST;

/* These may be called from any thread. */
void wg_smtp_watch_connected(struct wg_smtp_watch *watch);
void wg_smtp_watch_progress(struct wg_smtp_watch *watch);

/* Shuts the watched sockets down, both ways and at once: whoever blocks on one of them wakes up with an error. */
void wg_smtp_watch_cut(struct wg_smtp_watch *watch);

/* NULL, or which of the limits passed: "connect", "total", "silence"; from then on every new socket is shut down too.
 */
const char *wg_smtp_watch_passed(const struct wg_smtp_watch *watch);

/* Ends the thread and frees; takes NULL. */
void wg_smtp_watch_stop(struct wg_smtp_watch **watch);

#endif
