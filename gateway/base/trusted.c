/* trusted.c owns the judgement whether a wall clock was set. */
#include "base/trusted.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

static void agree(struct wg_trusted *t)
{
	t->trusted = t->wall;
	t->agreed = t->steady;
	t->fault = false;
	t->floor = 0;
}

/* What was stamped since the start was too early by as long as the machine was off; otherwise all of it was wrong. */
static void gain(struct wg_trusted *t, int64_t by)
{
	t->gained += by;
	t->gained_from = t->floor != 0 ? t->floor : INT64_MIN;
}

/* Whether it can be that late, when it was earliest. */
static bool possible(int64_t earliest, int64_t wall)
{
	return wall >= earliest - WG_TRUSTED_STEP_MS && wall - earliest <= WG_TRUSTED_OFF_MS;
}

void wg_trusted_start(struct wg_trusted *t, const struct wg_trusted_memory *m, int64_t wall, int64_t steady)
{
	const int64_t remembered = m->trusted, ahead = m->ahead;
	*t = (struct wg_trusted){ .wall = wall, .steady = steady };
	agree(t);
	if (remembered == 0)
		return;
	/* How long it was off nobody knows: what was wrong by so much is wrong still, if it is not less. */
	bool back = wall < remembered - WG_TRUSTED_STEP_MS;
	bool still = ahead != 0 && (ahead > 0 || back) && possible(remembered, wall - ahead);
	t->floor = still ? m->floor : possible(remembered, wall) ? 0 : m->floor != 0 ? m->floor : remembered + 1;
	t->fault = still || t->floor != 0;
	if (t->fault)
		t->trusted = still ? wall - ahead : remembered;
}

struct wg_trusted_memory wg_trusted_memory(const struct wg_trusted *t)
{
	return (struct wg_trusted_memory){ .trusted = t->trusted, .ahead = wg_trusted_ahead(t), .floor = t->floor };
}

int64_t wg_trusted_feed(struct wg_trusted *t, int64_t wall, int64_t steady)
{
	int64_t expected = t->trusted + (steady > t->steady ? steady - t->steady : 0);
	t->wall = wall;
	t->steady = steady;
	if (distance(wall, expected) <= WG_TRUSTED_STEP_MS + (steady - t->agreed) / WG_TRUSTED_DRIFT) {
		agree(t);
	} else if (t->floor != 0 && possible(expected, wall)) {
		gain(t, wall - expected);
		agree(t);
	} else {
		t->trusted = expected;
		t->fault = true;
	}
	return t->trusted;
}

void wg_trusted_accept(struct wg_trusted *t)
{
	gain(t, t->wall - t->trusted);
	agree(t);
}

void wg_trusted_settled(struct wg_trusted *t)
{
	t->gained = t->gained_from = 0;
}

int64_t wg_trusted_ahead(const struct wg_trusted *t)
{
	return t->fault ? t->wall - t->trusted : 0;
}

const char *wg_trusted_words(const struct wg_trusted *t, char out[WG_TRUSTED_TEXT])
{
	static const struct {
		int64_t ms;
		const char *name;
	} units[] = { { 24 * 3600 * 1000, "day" }, { 3600 * 1000, "hour" }, { 60 * 1000, "minute" }, { 1000, "second" } };
	int64_t ahead = wg_trusted_ahead(t), by = ahead > 0 ? ahead : -ahead;
	size_t u = 0;
	if (!t->fault) {
		(void)snprintf(out, WG_TRUSTED_TEXT, "ok"); /* it fits */
		return out;
	}
	/* nearly a day is a day: the two were not read at the same instant */
	while (u + 1 < WG_COUNT(units) && by + units[u].ms / 100 < units[u].ms)
		u++;
	int64_t n = (by + units[u].ms / 100) / units[u].ms;
	(void)snprintf(out, WG_TRUSTED_TEXT, "the clock was set %s by %" PRId64 " %s%s", ahead > 0 ? "forward" : "back", n,
	               units[u].name, n == 1 ? "" : "s"); /* it fits */
	return out;
}
