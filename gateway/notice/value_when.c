/* value_when.c owns the meaning of dates and moments: which day, which instant, how exact.
 * SECURITY: the words come from strangers' documents; value_scan.c has bounded them. */
#include <stdio.h>
#include <string.h>

#include "notice/value_internal.h"

static bool date_holds(const struct wg_value_scan *s, int64_t latest, int64_t *days)
{
	if (s->year < 1900 || s->year > 2100 || !wg_clock_days(s->year, s->month, s->day, days) || *days > latest)
		return false;
	if (s->weekday != -1 && (*days + 4) % 7 != s->weekday && (*days + 4) % 7 + 7 != s->weekday)
		return false; /* 1970-01-01 was a Thursday */
	return true;
}

/* An age said beside the date must be the age on the latest day, to a year: forms are filled in around birthdays. */
static bool age_holds(const struct wg_value_scan *s, int64_t days, int64_t latest)
{
	if (s->age == -1)
		return true;
	int64_t years = (latest - days) * 4 / 1461;
	return years - 1 <= s->age && s->age <= years + 1;
}

static bool scan(struct wg_value_scan *s, const char *text, int64_t latest, int64_t *days)
{
	return wg_value_scan(text, s) && date_holds(s, latest, days) && age_holds(s, *days, latest);
}

bool wg_value_date(const char *text, int64_t latest, char out[WG_VALUE_DATE])
{
	struct wg_value_scan s;
	int64_t days;
	if (!scan(&s, text, latest, &days))
		return false;
	bool midnight = s.hour == 0 && s.minute == 0 && s.second <= 0; /* a table's way to write a day */
	if ((s.hour != -1 && !midnight) || s.part != WG_PART_NONE || s.approx || s.offset != -1)
		return false;
	char moment[WG_CLOCK_TEXT];
	memcpy(out, wg_clock_format(days * 86400000, moment), WG_VALUE_DATE - 1);
	out[WG_VALUE_DATE - 1] = '\0';
	return true;
}

/* Brings "9:40 in the evening" to 21:40, and refuses an hour that the words or their lack leave open. */
static bool settle_hour(struct wg_value_scan *s)
{
	if (s->hour == -1 || !s->bare_time)
		return s->hour == -1 || s->part == WG_PART_NONE || (s->part >= WG_PART_AFTERNOON) == (s->hour >= 12);
	switch (s->part) {
	case WG_PART_NONE:
		return !s->twelve_hour;
	case WG_PART_EARLY:
	case WG_PART_MORNING:
		return s->hour < 12;
	case WG_PART_AFTERNOON:
	case WG_PART_EVENING:
	case WG_PART_NIGHT:
		if (s->hour >= 12)
			return s->part == WG_PART_AFTERNOON ? s->hour < 18 : s->hour >= 16;
		if (s->padded_hour || (s->part == WG_PART_NIGHT && s->hour < 6))
			return false;
		s->hour += 12;
		return s->part != WG_PART_EVENING || s->hour >= 16;
	}
	return false;
}

static int part_hour(enum wg_value_part part)
{
	switch (part) {
	case WG_PART_MORNING:
		return 6;
	case WG_PART_AFTERNOON:
		return 12;
	case WG_PART_EVENING:
		return 18;
	case WG_PART_NIGHT:
		return 21;
	case WG_PART_NONE:
	case WG_PART_EARLY:
		break;
	}
	return 0;
}

static const char *precision(const struct wg_value_scan *s)
{
	if (s->approx)
		return "approximate";
	if (s->hour != -1)
		return s->minute != -1 ? "minute" : "hour";
	return s->part != WG_PART_NONE ? "part-of-day" : "day";
}

/* RFC 3339 in London's time: the offset of the moment rather than Z, as people read it. */
static void format_london(int64_t ms, char *out)
{
	int offset = wg_clock_london_offset(ms);
	(void)wg_clock_format(ms + (int64_t)offset * 60000, out);
	size_t n = strlen(out);
	(void)snprintf(out + n - 1, WG_CLOCK_TEXT - n + 1, "+%02d:00", offset / 60 % 24);
}

/* The instant of the scanned day and time. With a zone said it is plain; without, London's clocks must show that time
 * once on that day: the hour that they skip in March never was, the one that they repeat in October was twice. */
static bool instant(const struct wg_value_scan *s, int64_t days, int64_t *ms)
{
	int hour = s->hour != -1 ? s->hour : part_hour(s->part);
	int minute = s->minute != -1 ? s->minute : 0, second = s->second != -1 ? s->second : 0;
	if (s->offset != -1 && s->hour != -1) {
		*ms = days * 86400000 + (((int64_t)hour * 60 + minute - s->offset) * 60 + second) * 1000;
		return true;
	}
	if (!wg_clock_london(s->year, s->month, s->day, hour, minute, second, ms))
		return false;
	int offset = wg_clock_london_offset(*ms);
	bool skipped = *ms + (int64_t)offset * 60000 != days * 86400000 + ((hour * 60 + minute) * 60 + second) * 1000;
	bool repeated = offset != 0 && wg_clock_london_offset(*ms + 3600000) == 0;
	return !skipped && !repeated && (s->offset == -1 || s->offset == offset);
}

bool wg_value_when(const char *text, int64_t latest, struct wg_value_when *out)
{
	struct wg_value_scan s;
	int64_t days, ms;
	char whole[WG_CLOCK_TEXT];
	size_t n = strspn(text, " \t\n"), len = strcspn(text + n, " \t\n");
	if (len < sizeof whole && text[n + len + strspn(text + n + len, " \t\n")] == '\0') {
		memcpy(whole, text + n, len);
		whole[len] = '\0';
		if (wg_clock_parse(whole, &ms) && ms < (latest + 2) * 86400000) {
			format_london(ms, out->value);
			out->precision = "minute";
			return true;
		}
	}
	if (!scan(&s, text, latest, &days) || s.age != -1 || !settle_hour(&s) || !instant(&s, days, &ms))
		return false;
	format_london(ms, out->value);
	out->precision = precision(&s);
	return true;
}
