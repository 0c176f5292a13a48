/* A wall clock that does not jump. It is fed what the machine's wall clock and a steady clock say at the same instant:
 * while the two move together the wall clock is right; when it is set by more than a little, time goes on as the steady
 * clock says, and somebody is told, until the wall clock is back or a person says that it is right now. Pure: it asks
 * no clock.
 */
#ifndef WG_BASE_TRUSTED_H
#define WG_BASE_TRUSTED_H

#include <stdbool.h>
#include <stdint.h>

/* Steps that are taken as they come: a leap second, what a time daemon corrects when it starts. */
#define WG_TRUSTED_STEP_MS (30 * 1000)
/* What the steady clock itself may be wrong by since both last agreed: one part in this many (the worst quartz is ten
 * times better). So what is wrong by a minute is right again by itself after a night. */
#define WG_TRUSTED_DRIFT 1000
/* How long a machine may have been off: who starts later than this is told, and asked. */
#define WG_TRUSTED_OFF_MS (400LL * 24 * 3600 * 1000)

/* All in ms. Touch the members through the functions only; reading is allowed. */
struct wg_trusted {
	int64_t wall, steady; /* as last fed */
	int64_t trusted;      /* the time, as of then */
	int64_t agreed;       /* steady: when the two last agreed */
	bool fault;
};

/* remembered: the trusted time of an earlier process, 0 when there was none; ahead: by how much the wall clock was
 * ahead of it then (less than 0: behind; 0: they agreed). steady has to count while the machine is suspended. */
void wg_trusted_start(struct wg_trusted *t, int64_t remembered, int64_t ahead, int64_t wall, int64_t steady);

/* The trusted time at this instant. */
int64_t wg_trusted_feed(struct wg_trusted *t, int64_t wall, int64_t steady);

/* A person says that the wall clock, as last fed, is right. */
void wg_trusted_accept(struct wg_trusted *t);

/* By how much the wall clock is ahead, as last fed; 0 when it is trusted. */
int64_t wg_trusted_ahead(const struct wg_trusted *t);

#define WG_TRUSTED_TEXT 96
/* "ok", or "the clock was set forward by 3652 days". Returns out. */
const char *wg_trusted_words(const struct wg_trusted *t, char out[WG_TRUSTED_TEXT]);

#endif
