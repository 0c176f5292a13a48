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
	int64_t floor;  /* not 0: how long the machine was off is not known; it was this or later when it started */
	int64_t gained; /* not 0: what was reckoned since gained_from was wrong by so much, and is so no more */
	int64_t gained_from;
};

/* What the next process has to know: the trusted time (0: there was no earlier process); by how much the wall clock was
 * ahead of it (less than 0: behind; 0: they agreed); floor as above. */
struct wg_trusted_memory {
	int64_t trusted, ahead, floor;
};

/* steady has to count while the machine is suspended. A wall
 * clock that was wrong then and may be wrong by the same still is taken for that; one that cannot be right otherwise
 * (before what is remembered, or years after it) leaves what is remembered as the earliest that it can be, and is
 * believed as soon as it says what it might have said at the start. */
void wg_trusted_start(struct wg_trusted *t, const struct wg_trusted_memory *m, int64_t wall, int64_t steady);

/* As last fed. */
struct wg_trusted_memory wg_trusted_memory(const struct wg_trusted *t);

/* The trusted time at this instant. */
int64_t wg_trusted_feed(struct wg_trusted *t, int64_t wall, int64_t steady);

/* A person says that the wall clock, as last fed, is right. */
void wg_trusted_accept(struct wg_trusted *t);

/* What was gained was made good. */
void wg_trusted_settled(struct wg_trusted *t);

/* By how much the wall clock is ahead, as last fed; 0 when it is trusted. */
int64_t wg_trusted_ahead(const struct wg_trusted *t);

#define WG_TRUSTED_TEXT 96
/* "ok", or "the clock was set forward by 3652 days". Returns out. */
const char *wg_trusted_words(const struct wg_trusted *t, char out[WG_TRUSTED_TEXT]);

#endif
