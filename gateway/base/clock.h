/* Time: wall clock for what people read, monotonic clock for what waits, Europe/London for deadlines and forms. */
#ifndef WG_BASE_CLOCK_H
#define WG_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds since 1970-01-01T00:00:00Z; milliseconds of a clock that never jumps. */
int64_t wg_clock_wall(void);
int64_t wg_clock_monotonic(void);
/* The same, but it goes on while the machine is suspended. */
int64_t wg_clock_boot(void);

/* The time to judge by and to write down: the store's trusted time (base/trusted.h) as this process last heard of it,
 * gone on with by wg_clock_boot; the wall clock as long as nothing was heard. The whole process's; a fork takes it
 * along. What shows a person what the machine's clock says asks wg_clock_wall; everything else asks this. */
int64_t wg_clock_now(void);
/* trusted_ms: as of this instant. Every answer of the store comes here. */
void wg_clock_hear(int64_t trusted_ms);

#define WG_CLOCK_TEXT 32

/* "2026-11-22T09:30:00Z" from milliseconds; out has WG_CLOCK_TEXT bytes. Returns out. */
const char *wg_clock_format(int64_t wall_ms, char *out);

/* RFC 3339 with a zone, to milliseconds; false when it is not exactly that. */
bool wg_clock_parse(const char *s, int64_t *wall_ms);

/* Days since 1970-01-01 of a civil date; year, month 1 to 12, day; false when there is no such day. */
bool wg_clock_days(int year, int month, int day, int64_t *days);

/* Minutes that Europe/London is ahead of UTC at that instant: 0 or 60 (Summer Time Order 2002: from 01:00 UTC on the
 * last Sunday of March to 01:00 UTC on the last Sunday of October). */
int wg_clock_london_offset(int64_t wall_ms);

#define WG_CLOCK_WORDS 40

/* As people in England read it on a clock: "21 July 2026, 22:40"; in the two hours of October that read alike "25
 * October 2026, 01:30 BST", and an hour later "... GMT". out has WG_CLOCK_WORDS bytes. Returns out. */
const char *wg_clock_words(int64_t wall_ms, char *out);

/* The instant of a civil time in London. In the hour that does not exist the offset before the change still counts, so
 * that the instant lies after the change; in the hour that comes twice it is the earlier instant (summer time). */
bool wg_clock_london(int year, int month, int day, int hour, int minute, int second, int64_t *wall_ms);

#endif
