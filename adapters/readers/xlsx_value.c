/* xlsx_value.c owns how a stored number reads in its cell.
 * A date is a count of days since 31 December 1899, with a 29 February 1900 that never was (serial 60), or, in old
 * workbooks of one maker, since 1 January 1904 (ECMA-376 18.17.4). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "readers/xlsx_internal.h"

/* 31 December 9999, the last day that spreadsheets know. */
#define LAST_DAY 2958465.0
#define DAYS_1904 1462.0
#define FALSE_LEAP_DAY 60
/* The serial of 1 March 1900, and the days from 1 March 0000 to it. */
#define FIRST_MARCH 61
#define FIRST_MARCH_DAY 693960
#define SECONDS_A_DAY 86400.0
/* Whole numbers are exact up to here. */
#define EXACT 1e15
#define NUMBER_BYTES 40

/* Only what XML Schema calls a double, and finite: no hexadecimal, no blanks, nothing behind it. */
static bool number_of(const char *s, double *out)
{
	size_t n = strlen(s);
	if (n == 0 || n > NUMBER_BYTES || strspn(s, "0123456789+-.eE") != n)
		return false;
	char *end;
	*out = strtod(s, &end);
	return *end == '\0' && isfinite(*out);
}

/* Day and month of the day number since 1 March 0000 of the Gregorian calendar. */
static void civil(long days, int *year, int *month, int *day)
{
	long era = days / 146097, of_era = days % 146097;
	long y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	long of_year = of_era - (365 * y + y / 4 - y / 100);
	long m = (5 * of_year + 2) / 153;
	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}

/* The date of a serial of the 1900 system. */
static bool put_date(long serial, char *out, size_t size)
{
	int year, month, day;
	if (serial < 1 || serial == FALSE_LEAP_DAY)
		return false;
	civil(serial - (serial > FALSE_LEAP_DAY ? FIRST_MARCH : FIRST_MARCH - 1) + FIRST_MARCH_DAY, &year, &month, &day);
	(void)snprintf(out, size, "%02d/%02d/%04d", day, month, year);
	return true;
}

/* Days, and minutes of the day rounded from whole seconds down, as a cell shows them. */
static void split(double number, long *days, int *minutes)
{
	double seconds = floor(number * SECONDS_A_DAY + 0.5);
	*days = (long)(seconds / SECONDS_A_DAY);
	*minutes = (int)((seconds - (double)*days * SECONDS_A_DAY) / 60.0);
}

static bool put_when(double number, enum wg_xlsx_kind kind, bool from_1904, char *out, size_t size)
{
	long days;
	int minutes;
	if (number < 0 || number > LAST_DAY)
		return false;
	split(number, &days, &minutes);
	if (kind == WG_XLSX_ELAPSED) {
		(void)snprintf(out, size, "%ld:%02d", days * 24 + minutes / 60, minutes % 60);
		return true;
	}
	if (kind == WG_XLSX_TIME && days == 0) {
		(void)snprintf(out, size, "%02d:%02d", minutes / 60, minutes % 60);
		return true;
	}
	if (!put_date(days + (from_1904 ? (long)DAYS_1904 : 0), out, size))
		return false;
	size_t n = strlen(out);
	if (kind != WG_XLSX_DATE || minutes > 0)
		(void)snprintf(out + n, size - n, " %02d:%02d", minutes / 60, minutes % 60);
	return true;
}

static void put_number(double number, unsigned zeros, char *out, size_t size)
{
	if (fabs(number) < EXACT && number == floor(number))
		(void)snprintf(out, size, "%0*.0f", (int)zeros, number == 0 ? 0.0 : number);
	else
		(void)snprintf(out, size, "%.15g", number);
}

bool wg_xlsx_value(const char *stored, const struct wg_xlsx_format *format, bool from_1904, char *out, size_t size)
{
	double number;
	if (!number_of(stored, &number))
		return false;
	if (format->kind == WG_XLSX_NUMBER) {
		put_number(number, format->zeros, out, size);
		return true;
	}
	if (format->kind == WG_XLSX_PERCENT) {
		put_number(number * 100, 0, out, size);
		size_t n = strlen(out);
		(void)snprintf(out + n, size - n, "%%");
		return true;
	}
	return put_when(number, format->kind, from_1904, out, size);
}

static bool digits(const char *s, const char *shape)
{
	for (; *shape != '\0'; s++, shape++)
		if (*shape == '0' ? *s < '0' || *s > '9' : *s != *shape)
			return false;
	return true;
}

bool wg_xlsx_value_iso(const char *stored, char *out, size_t size)
{
	bool date = digits(stored, "0000-00-00"), time = date && digits(stored + 10, "T00:00");
	if (!date || (stored[10] != '\0' && !time) || size < 20)
		return false;
	(void)snprintf(out, size, "%.2s/%.2s/%.4s%s%.5s", stored + 8, stored + 5, stored, time ? " " : "",
	               time ? stored + 11 : "");
	return true;
}
