/* What keeps an event loop from working: a socket that cannot be watched, a connection that cannot be taken. */
#ifndef WG_CHANNEL_LOOP_H
#define WG_CHANNEL_LOOP_H

#include "base/err.h"

struct event_base;
struct evconnlistener;
struct wg_accept;

/* Such a fault is given to told, in words of libevent and the kernel, none of a stranger's, as often as it happens;
 * else it goes nowhere. For the process. */
void wg_loop_faults(void (*told)(const char *words));

/* Silences libevent's own log, which would write strangers' bytes to stderr, but for what wg_loop_faults passes on. */
void wg_loop_silence(void);

/* When the listener cannot take a connection that waits (no descriptor, no memory), it pauses a moment: else the loop
 * would be told of it again at once, and do nothing else. Borrows the listener; call freep before that is freed, or let
 * the base not run any more. NULL without memory. */
struct wg_accept *wg_accept_new(struct event_base *base, struct evconnlistener *listener) WG_MUST;
void wg_accept_freep(struct wg_accept **accept);

#endif
