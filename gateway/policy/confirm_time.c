/* confirm_time.c owns open time: how long an office has been open since an instant, through nights, bank holidays and
 * both changes of summer time. What is open in civil time is followed in instants, so that an hour that comes twice
 * counts twice and one that does not come counts not at all. */
#include <string.h>

#include "base/clock.h"
#include "policy/confirm_internal.h"

#define MINUTE_MS ((int64_t)60 * 1000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define MINUTES_OF_DAY 1440
/* 999 hours of an office that opens for one hour a week take nineteen years; what has not come by then never does. */
#define HORIZON_MS ((int64_t)20 * 366 * DAY_MS)

static int64_t floor_day(int64_t ms)
{
	return ms / DAY_MS - (ms % DAY_MS < 0 ? 1 : 0);
}

static int64_t london(int64_t at)
{
	return at + wg_clock_london_offset(at) * MINUTE_MS;
}

/* The next instant at which that may change: an end or a beginning of opening hours, midnight, or 01:00 UTC, when the
 * clocks change. */
static int64_t next_change(const struct wg_policy *policy, const char *name, int64_t at, bool *open)
{
	int64_t local = london(at), day = floor_day(local), in_day = local - day * DAY_MS;
	unsigned minute = (unsigned)(in_day / MINUTE_MS), until = MINUTES_OF_DAY;
	*open = wg_policy_open(policy, name, day, minute);
	for (unsigned i = 0; i < policy->hours_count; i++) {
		const struct wg_hours *one = &policy->hours[i];
		if (strcmp(one->name, name) != 0)
			continue;
		until = one->opens > minute && one->opens < until ? one->opens : until;
		until = one->closes > minute && one->closes < until ? one->closes : until;
	}
	int64_t next = at + until * MINUTE_MS - in_day, clocks = (floor_day(at - HOUR_MS) + 1) * DAY_MS + HOUR_MS;
	return next < clocks ? next : clocks;
}

int64_t wg_confirm_opens(const struct wg_policy *policy, const char *hours, int64_t from)
{
	if (!wg_policy_has_hours(policy, hours))
		return from;
	for (int64_t at = from; at < from + HORIZON_MS;) {
		bool open = false;
		int64_t next = next_change(policy, hours, at, &open);
		if (open)
			return at;
		at = next;
	}
	return INT64_MAX;
}

static int64_t after_open_time(const struct wg_policy *policy, const char *hours, int64_t since, int64_t ms)
{
	for (int64_t at = since; at < since + HORIZON_MS;) {
		bool open = false;
		int64_t next = next_change(policy, hours, at, &open);
		if (open && ms <= next - at)
			return at + ms;
		ms -= open ? next - at : 0;
		at = next;
	}
	return INT64_MAX;
}

static bool opens_on(const struct wg_policy *policy, const char *hours, int64_t day)
{
	for (unsigned i = 0; i < policy->hours_count; i++)
		if (strcmp(policy->hours[i].name, hours) == 0 && wg_policy_open(policy, hours, day, policy->hours[i].opens))
			return true;
	return false;
}

/* The instant of a time of a day in London; in the hour that does not come, what would be it before the change, and in
 * the one that comes twice the first: as wg_clock_london. */
static int64_t instant_of(int64_t day, int64_t in_day)
{
	int64_t local = day * DAY_MS + in_day, summer = local - HOUR_MS;
	return wg_clock_london_offset(summer) != 0 ? summer : local;
}

/* "Two working days": the same time of day on the second day after on which it opens, or when it is next open. Time
 * that is shut belongs to the next opening. */
static int64_t after_open_days(const struct wg_policy *policy, const char *hours, int64_t since, unsigned days)
{
	int64_t start = wg_confirm_opens(policy, hours, since);
	if (start == INT64_MAX)
		return INT64_MAX;
	int64_t local = london(start), day = floor_day(local), last = day + HORIZON_MS / DAY_MS;
	int64_t in_day = local - day * DAY_MS;
	while (days > 0 && day < last)
		days -= opens_on(policy, hours, ++day) ? 1 : 0;
	return days == 0 ? wg_confirm_opens(policy, hours, instant_of(day, in_day)) : INT64_MAX;
}

int64_t wg_confirm_due(const struct wg_policy *policy, const char *hours, int64_t since,
                       const struct wg_confirm_wait *wait)
{
	if (hours[0] == '\0' || !wg_policy_has_hours(policy, hours))
		return since + wait->ms;
	if (wait->days > 0)
		return after_open_days(policy, hours, since, wait->days);
	return after_open_time(policy, hours, since, wait->ms);
}
