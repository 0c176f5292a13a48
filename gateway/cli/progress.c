/* progress.c owns the lines that say how far a long command is. */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"

#define TELL_MS 2000

void wg_progress_tell(void *arg, const char *what, uint64_t done, uint64_t all)
{
	struct wg_progress *p = arg;
	const int64_t now = wg_clock_monotonic();
	if (p->told == 0)
		p->told = now;
	if (now - p->told < TELL_MS)
		return;
	p->told = now;
	if (all > 0)
		(void)fprintf(stderr, "wardgate %s: %s: %" PRIu64 " of %" PRIu64 " ...\n", p->command, what, done, all);
	else
		(void)fprintf(stderr, "wardgate %s: %s ...\n", p->command, what);
}

void wg_progress_finding(void *arg, const char *words, const char *todo)
{
	const struct wg_progress *p = arg;
	(void)fprintf(stderr, "wardgate %s: %s\n    what to do: %s\n", p->command, words, todo);
}
