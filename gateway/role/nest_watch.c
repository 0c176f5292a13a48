/* nest_watch.c owns the words about readers that do not wait. */
#include "role/nest_watch.h"

#include "base/log.h"
#include "sys/nest.h"

/* What memory or processes that are short for a moment explain passes sooner. */
#define LASTS_MS (10 * 60 * 1000)

void wg_nest_watch(struct wg_nest_watch *watch, const struct wg_nests *nests, int64_t now)
{
	const char *why;
	if (wg_nests_failing(nests, &why) == 0) {
		if (watch->since != 0)
			wg_log(WG_LOG_INFO, "readers-wait-again", NULL);
		*watch = (struct wg_nest_watch){ .since = 0 };
	} else if (watch->since == 0) {
		watch->since = now > 0 ? now : 1;
		wg_log(WG_LOG_WARNING, "readers-do-not-wait", "why", why, "now",
		       "a reader is started for each document: all works, more slowly", NULL);
	} else if (!watch->alarmed && now - watch->since >= LASTS_MS) {
		watch->alarmed = true;
		wg_log(
			WG_LOG_ERROR, "readers-do-not-wait", "why", why, "alarm", "readers", "do",
			"look at this machine's memory, its number of processes, and whether the readers are those of this version",
			NULL);
	}
}
