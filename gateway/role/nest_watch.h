/* Readers that do not wait for their documents: each is started for its document then, which works and takes longer. */
#ifndef WG_ROLE_NEST_WATCH_H
#define WG_ROLE_NEST_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct wg_nests;

/* Begins as { 0 }. */
struct wg_nest_watch {
	int64_t since; /* monotonic ms; 0: all is well */
	bool alarmed;
};

/* Logs that it began, that it lasts (an alarm, once) and that it is over; nothing in between. now: monotonic ms. */
void wg_nest_watch(struct wg_nest_watch *watch, const struct wg_nests *nests, int64_t now);

#endif
