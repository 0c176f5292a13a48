/* clock.c owns calendar arithmetic; no libc time zone is asked, so that the answer does not depend on the machine. */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const int64_t ms_per_day = 86400000;

/* By how much trusted time is ahead of wg_clock_boot; 0: nothing was heard. Threads read it while a client writes. */
static _Atomic int64_t heard;

static int64_t clock_read(clockid_t which)
{
	struct timespec t;
	if (clock_gettime(which, &t) != 0)
		return 0; /* cannot happen for these clocks */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t wg_clock_wall(void)
{
	return clock_read(CLOCK_REALTIME);
}

int64_t wg_clock_monotonic(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

int64_t wg_clock_boot(void)
{
	return clock_read(CLOCK_BOOTTIME);
}

int64_t wg_clock_now(void)
{
	int64_t ahead = atomic_load(&heard);
	return ahead != 0 ? wg_clock_boot() + ahead : wg_clock_wall();
}

void wg_clock_hear(int64_t trusted_ms)
{
	atomic_store(&heard, trusted_ms - wg_clock_boot());
}

/* Days from civil and back: Howard Hinnant's public algorithms on eras of 400 years. */
static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

static void civil_from_days(int64_t z, int *year, int *month, int *day)
{
	z += 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

bool wg_clock_days(int year, int month, int day, int64_t *days)
{
	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	int64_t z = days_from_civil(year, month, day);
	int y, m, d;
	civil_from_days(z, &y, &m, &d);
	if (y != year || m != month || d != day)
		return false;
	*days = z;
	return true;
}

const char *wg_clock_format(int64_t wall_ms, char *out)
{
	int64_t days = wall_ms / ms_per_day, rest = wall_ms % ms_per_day;
	if (rest < 0) {
		days--;
		rest += ms_per_day;
	}
	int y, m, d;
	civil_from_days(days, &y, &m, &d);
	int s = (int)(rest / 1000);
	(void)snprintf(out, WG_CLOCK_TEXT, "%04d-%02d-%02dT%02d:%02d:%02dZ", y, m, d, s / 3600, s / 60 % 60, s % 60);
	return out;
}

/* n digits at *s, which moves on; -1 when they are not digits. */
static int digits(const char **s, int n)
{
	int v = 0;
	for (int i = 0; i < n; i++) {
		char c = (*s)[i];
		if (c < '0' || c > '9')
			return -1;
		v = v * 10 + (c - '0');
	}
	*s += n;
	return v;
}

static bool expect(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

/* "Z" or "+hh:mm" to minutes east of UTC, at the end of the text. */
static bool parse_zone(const char *s, int *minutes)
{
	*minutes = 0;
	if (strcmp(s, "Z") == 0)
		return true;
	int sign = *s == '+' ? 1 : *s == '-' ? -1 : 0;
	if (sign == 0)
		return false;
	s++;
	int h = digits(&s, 2);
	if (h < 0 || h > 14 || !expect(&s, ':'))
		return false;
	int m = digits(&s, 2);
	if (m < 0 || m > 59 || *s != '\0')
		return false;
	*minutes = sign * (h * 60 + m);
	return true;
}

bool wg_clock_parse(const char *s, int64_t *wall_ms)
{
	int y, mo, d, h, mi, sec, zone, ms = 0;
	if ((y = digits(&s, 4)) < 0 || !expect(&s, '-') || (mo = digits(&s, 2)) < 0 || !expect(&s, '-') ||
	    (d = digits(&s, 2)) < 0 || !expect(&s, 'T') || (h = digits(&s, 2)) < 0 || !expect(&s, ':') ||
	    (mi = digits(&s, 2)) < 0 || !expect(&s, ':') || (sec = digits(&s, 2)) < 0)
		return false;
	if (*s == '.') {
		int scale = 100, count = 0;
		for (s++; *s >= '0' && *s <= '9'; s++, count++) {
			ms += (*s - '0') * scale;
			scale /= 10;
		}
		if (count == 0 || count > 9)
			return false;
	}
	int64_t days;
	if (h > 23 || mi > 59 || sec > 59 || !parse_zone(s, &zone) || !wg_clock_days(y, mo, d, &days))
		return false;
	*wall_ms = days * ms_per_day + (((int64_t)h * 60 + mi - zone) * 60 + sec) * 1000 + ms;
	return true;
}

/* 01:00 UTC on the last Sunday of the month, which has 31 days (March, October). */
static int64_t last_sunday(int year, int month)
{
	int64_t z = days_from_civil(year, month, 31);
	int64_t weekday = ((z + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday; 0 is Sunday */
	return (z - weekday) * ms_per_day + 3600000;
}

int wg_clock_london_offset(int64_t wall_ms)
{
	int64_t days = wall_ms / ms_per_day - (wall_ms % ms_per_day < 0);
	int y, m, d;
	civil_from_days(days, &y, &m, &d);
	return wall_ms >= last_sunday(y, 3) && wall_ms < last_sunday(y, 10) ? 60 : 0;
}

const char *wg_clock_words(int64_t wall_ms, char *out)
{
	static const char *const months[] = { "January", "February", "March",     "April",   "May",      "June",
		                                  "July",    "August",   "September", "October", "November", "December" };
	const int64_t hour_ms = 3600000;
	char text[WG_CLOCK_TEXT]; /* 2026-11-22T10:30:00Z */
	int offset = wg_clock_london_offset(wall_ms);
	bool first = offset != 0 && wg_clock_london_offset(wall_ms + hour_ms) == 0;
	bool second = offset == 0 && wg_clock_london_offset(wall_ms - hour_ms) != 0;
	(void)wg_clock_format(wall_ms + offset * 60000, text); /* returns text */
	unsigned month = (unsigned)(text[5] - '0') * 10 + (unsigned)(text[6] - '0');
	unsigned day = (unsigned)(text[8] - '0') * 10 + (unsigned)(text[9] - '0');
	(void)snprintf(out, WG_CLOCK_WORDS, "%u %s %.4s, %.5s%s", day, months[(month + 11) % 12], text, text + 11,
	               first    ? " BST"
	               : second ? " GMT"
	                        : ""); /* it fits */
	return out;
}

bool wg_clock_london(int year, int month, int day, int hour, int minute, int second, int64_t *wall_ms)
{
	int64_t days;
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 ||
	    !wg_clock_days(year, month, day, &days))
		return false;
	int64_t local = days * ms_per_day + (((int64_t)hour * 60 + minute) * 60 + second) * 1000;
	int64_t summer = local - 3600000;
	*wall_ms = wg_clock_london_offset(summer) == 60 ? summer : local;
	return true;
}
