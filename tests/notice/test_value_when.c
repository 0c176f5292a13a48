/* Dates and moments as people write them: read surely, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "notice/value.h"

/* Every value here was said on Sunday 22 November 2026. */
static int64_t said_on(void)
{
	int64_t day = 0;
	assert_true(wg_clock_days(2026, 11, 22, &day));
	return day;
}

/* Every row that is wrong is named before the test fails. */
static int faults;
#define complain(...) (faults++, print_error(__VA_ARGS__))

struct row {
	const char *said, *value, *precision; /* value NULL: not read */
};

static const struct row dates[] = {
	{ "14/03/2011", "2011-03-14", NULL },
	{ "14/3/2011", "2011-03-14", NULL },
	{ "4/3/2011", "2011-03-04", NULL },
	{ "04/03/2011", "2011-03-04", NULL },
	{ "14.03.2011", "2011-03-14", NULL },
	{ "14-03-2011", "2011-03-14", NULL },
	{ "14 / 03 / 2011", "2011-03-14", NULL },
	{ "14.3.11", "2011-03-14", NULL },
	{ "14/3/11", "2011-03-14", NULL },
	{ "14-3-11", "2011-03-14", NULL },
	{ "01/02/03", "2003-02-01", NULL },
	{ "2011-03-14", "2011-03-14", NULL },
	{ "2011/03/14", "2011-03-14", NULL },
	{ "14 March 2011", "2011-03-14", NULL },
	{ "14 MARCH 2011", "2011-03-14", NULL },
	{ "14th March 2011", "2011-03-14", NULL },
	{ "14th of March 2011", "2011-03-14", NULL },
	{ "the 14th of March, 2011", "2011-03-14", NULL },
	{ "14th Mar 2011", "2011-03-14", NULL },
	{ "14 Mar. 2011", "2011-03-14", NULL },
	{ "14 Mar 11", "2011-03-14", NULL },
	{ "14-Mar-2011", "2011-03-14", NULL },
	{ "14-MAR-11", "2011-03-14", NULL },
	{ "4/March/2011", "2011-03-04", NULL },
	{ "14.Mar.2011", "2011-03-14", NULL },
	{ "14-Mar/2011", NULL, NULL }, /* two signs */
	{ "14-Mar-201", NULL, NULL },
	{ "14-Mar", NULL, NULL },
	{ "14-Marc-2011", NULL, NULL },
	{ "31-Feb-2011", NULL, NULL },
	{ "14 Mar '11", "2011-03-14", NULL },
	{ "14MAR2011", "2011-03-14", NULL },
	{ "1st April 2012", "2012-04-01", NULL },
	{ "2nd May 2012", "2012-05-02", NULL },
	{ "3rd June 2012", "2012-06-03", NULL },
	{ "22nd July 2012", "2012-07-22", NULL },
	{ "23rd Aug 2012", "2012-08-23", NULL },
	{ "31 Sept 2012", NULL, NULL },
	{ "30 Sept 2012", "2012-09-30", NULL },
	{ "9 October 2012", "2012-10-09", NULL },
	{ "5 Dec 2012", "2012-12-05", NULL },
	{ "March 14 2011", "2011-03-14", NULL },
	{ "March 14th, 2011", "2011-03-14", NULL },
	{ "Monday 14 March 2011", "2011-03-14", NULL },
	{ "Mon 14/03/2011", "2011-03-14", NULL },
	{ "Tuesday 14 March 2011", NULL, NULL }, /* it was a Monday */
	{ "14/03/2011 (15)", "2011-03-14", NULL },
	{ "14/03/2011 (15 years)", "2011-03-14", NULL },
	{ "14/03/2011 (aged 15)", "2011-03-14", NULL },
	{ "14/03/2011, age 15", "2011-03-14", NULL },
	{ "14/03/2011 age: 15 yrs", "2011-03-14", NULL },
	{ "14/03/2011 (12)", NULL, NULL },             /* date and age disagree */
	{ "14/03/2011 00:00:00", "2011-03-14", NULL }, /* as tables are exported */
	{ "2011-03-14T00:00:00", "2011-03-14", NULL },
	{ "2011-03-14 00:00:00.000", "2011-03-14", NULL },
	{ "14/03/2011 00:00", "2011-03-14", NULL },
	{ "14/03/2011 00:01", NULL, NULL },
	{ "TBC", NULL, NULL },
	{ " 14/03/2011 ", "2011-03-14", NULL },
	{ "14/03/2011.", "2011-03-14", NULL },
	{ "29/02/2012", "2012-02-29", NULL },
	{ "29/02/2011", NULL, NULL },
	{ "31/04/2011", NULL, NULL },
	{ "00/03/2011", NULL, NULL },
	{ "14/00/2011", NULL, NULL },
	{ "03/14/2011", NULL, NULL }, /* month first is not British, and there is no month 14 */
	{ "14/03/98", NULL, NULL },   /* 1998, 2098 or a slip */
	{ "14/03/27", NULL, NULL },   /* not yet */
	{ "22/11/26", "2026-11-22", NULL },
	{ "23/11/26", NULL, NULL },
	{ "14/03/2027", NULL, NULL },
	{ "14/03/1998", "1998-03-14", NULL },
	{ "14/03/1898", NULL, NULL },
	{ "14/03/201", NULL, NULL },
	{ "14/03/20111", NULL, NULL },
	{ "14.03/2011", NULL, NULL },
	{ "14/03-2011", NULL, NULL },
	{ "14032011", NULL, NULL }, /* could be year first */
	{ "20110314", NULL, NULL },
	{ "14 March", NULL, NULL },
	{ "March 2011", NULL, NULL },
	{ "2011", NULL, NULL },
	{ "14", NULL, NULL },
	{ "15", NULL, NULL },
	{ "14 Marsh 2011", NULL, NULL },
	{ "14 March 2011 or 15 March 2011", NULL, NULL },
	{ "14/03/2011 15/03/2011", NULL, NULL },
	{ "14/03/2011 14/03/2011", NULL, NULL },
	{ "14/03/2011 at 09:00", NULL, NULL }, /* a date was asked for */
	{ "about 14/03/2011", NULL, NULL },
	{ "14/03/2011?", NULL, NULL },
	{ "not known", NULL, NULL },
	{ "unknown", NULL, NULL },
	{ "approx 15 years old", NULL, NULL },
	{ "14\xe2\x80\x93"
	  "03\xe2\x80\x93"
	  "2011",
	  "2011-03-14", NULL },
	{ "14\xc2\xa0March\xc2\xa0"
	  "2011",
	  "2011-03-14", NULL },
	{ "-14/03/2011", NULL, NULL },
	{ "14//03/2011", NULL, NULL },
	{ "", NULL, NULL },
	{ " ", NULL, NULL },
	{ "99999999999999999999", NULL, NULL },
	{ "14/03/2011<b>", NULL, NULL },
	{ "1/1/1", NULL, NULL },
};

static const struct row moments[] = {
	{ "21/11/2026 at 21:40", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21/11/2026 21:40", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21/11/2026, 21:40", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21/11/2026 - 21:40", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21/11/2026 21:40hrs", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21/11/2026 21:40 hrs", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21/11/2026 2140", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21/11/2026 2140hrs", "2026-11-21T21:40:00+00:00", "minute" },
	{ "2140hrs 21/11/2026", "2026-11-21T21:40:00+00:00", "minute" },
	{ "2140 hours on 21/11/2026", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21:40 hrs on 21 November 2026", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21:40 on Saturday 21st November 2026", "2026-11-21T21:40:00+00:00", "minute" },
	{ "Saturday 21 November 2026 at 9.40pm", "2026-11-21T21:40:00+00:00", "minute" },
	{ "Sunday 21 November 2026 at 9.40pm", NULL, NULL },
	{ "9:40pm 21/11/26", "2026-11-21T21:40:00+00:00", "minute" },
	{ "9:40 p.m. on 21/11/26", "2026-11-21T21:40:00+00:00", "minute" },
	{ "9.40 PM, 21 Nov 26", "2026-11-21T21:40:00+00:00", "minute" },
	{ "940pm 21/11/26", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21.40 21.11.26", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21.11.2026 21.40", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21 NOV 2026 2140 HRS", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21NOV2026 21:40", "2026-11-21T21:40:00+00:00", "minute" },
	{ "2130 21 November 2026", "2026-11-21T21:30:00+00:00", "minute" },
	{ "Date: 21/11/2026 Time: 21:40", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21/11/2026\n21:40", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21/11/2026 (21:40)", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21:40:15 21/11/2026", "2026-11-21T21:40:15+00:00", "minute" },
	{ "2026-11-21 21:40", "2026-11-21T21:40:00+00:00", "minute" },
	{ "2026-11-21T21:40:00Z", "2026-11-21T21:40:00+00:00", "minute" },
	{ "2026-11-21T21:40:00+00:00", "2026-11-21T21:40:00+00:00", "minute" },
	{ "2026-07-01T20:40:00Z", "2026-07-01T21:40:00+01:00", "minute" },
	{ "2026-11-21T21:40", "2026-11-21T21:40:00+00:00", "minute" },
	{ "00:00 21/11/2026", "2026-11-21T00:00:00+00:00", "minute" },
	{ "0015 21/11/2026", "2026-11-21T00:15:00+00:00", "minute" },
	{ "12:30 21/11/2026", "2026-11-21T12:30:00+00:00", "minute" },
	{ "12:30am 21/11/2026", "2026-11-21T00:30:00+00:00", "minute" },
	{ "12:30pm 21/11/2026", "2026-11-21T12:30:00+00:00", "minute" },
	{ "noon on 21/11/2026", "2026-11-21T12:00:00+00:00", "hour" },
	{ "midday 21/11/2026", "2026-11-21T12:00:00+00:00", "hour" },
	{ "9pm on 21/11/2026", "2026-11-21T21:00:00+00:00", "hour" },
	{ "9 pm 21/11/2026", "2026-11-21T21:00:00+00:00", "hour" },
	{ "9am 21/11/2026", "2026-11-21T09:00:00+00:00", "hour" },
	{ "09:40 21/11/2026", "2026-11-21T09:40:00+00:00", "minute" },
	{ "10:15 21/11/2026", "2026-11-21T10:15:00+00:00", "minute" },
	{ "9:40hrs 21/11/2026", "2026-11-21T09:40:00+00:00", "minute" },
	{ "about 9pm on 21/11/2026", "2026-11-21T21:00:00+00:00", "approximate" },
	{ "approx 2130 21/11/26", "2026-11-21T21:30:00+00:00", "approximate" },
	{ "approx. 2130 21/11/26", "2026-11-21T21:30:00+00:00", "approximate" },
	{ "Approximately 21:30 hrs on 21/11/2026", "2026-11-21T21:30:00+00:00", "approximate" },
	{ "around 9.30pm on 21 November 2026", "2026-11-21T21:30:00+00:00", "approximate" },
	{ "circa 2130 21/11/26", "2026-11-21T21:30:00+00:00", "approximate" },
	{ "c. 2130 21/11/26", "2026-11-21T21:30:00+00:00", "approximate" },
	{ "~21:30 21/11/26", "2026-11-21T21:30:00+00:00", "approximate" },
	{ "21/11/2026 at 21:40 (approx)", "2026-11-21T21:40:00+00:00", "approximate" },
	{ "21/11/2026", "2026-11-21T00:00:00+00:00", "day" },
	{ "Saturday 21 November 2026", "2026-11-21T00:00:00+00:00", "day" },
	{ "evening of 21/11/2026", "2026-11-21T18:00:00+00:00", "part-of-day" },
	{ "early evening 21/11/2026", "2026-11-21T18:00:00+00:00", "part-of-day" },
	{ "the morning of 21 November 2026", "2026-11-21T06:00:00+00:00", "part-of-day" },
	{ "21/11/2026 afternoon", "2026-11-21T12:00:00+00:00", "part-of-day" },
	{ "21/11/2026 in the night", "2026-11-21T21:00:00+00:00", "part-of-day" },
	{ "early hours of 21/11/2026", "2026-11-21T00:00:00+00:00", "part-of-day" },
	{ "9:40 in the evening on 21/11/2026", "2026-11-21T21:40:00+00:00", "minute" },
	{ "9.40 at night on 21/11/2026", "2026-11-21T21:40:00+00:00", "minute" },
	{ "8:15 in the morning on 21/11/2026", "2026-11-21T08:15:00+00:00", "minute" },
	{ "3:30 in the afternoon on 21/11/2026", "2026-11-21T15:30:00+00:00", "minute" },
	{ "2:15 in the early hours of 21/11/2026", "2026-11-21T02:15:00+00:00", "minute" },
	{ "10:30 in the evening of 21/11/2026", "2026-11-21T22:30:00+00:00", "minute" },
	{ "9pm in the evening of 21/11/2026", "2026-11-21T21:00:00+00:00", "hour" },
	{ "9am in the evening of 21/11/2026", NULL, NULL },
	{ "21:40 in the morning of 21/11/2026", NULL, NULL },
	{ "09:40 in the evening of 21/11/2026", NULL, NULL },
	{ "2:15 at night on 21/11/2026", NULL, NULL },
	{ "01/07/2026 21:40", "2026-07-01T21:40:00+01:00", "minute" },
	{ "01/07/2026 21:40 BST", "2026-07-01T21:40:00+01:00", "minute" },
	{ "01/07/2026 20:40 GMT", "2026-07-01T21:40:00+01:00", "minute" },
	{ "01/07/2026 20:40 UTC", "2026-07-01T21:40:00+01:00", "minute" },
	{ "21/11/2026 21:40 GMT", "2026-11-21T21:40:00+00:00", "minute" },
	{ "29/03/2026 00:59", "2026-03-29T00:59:00+00:00", "minute" },
	{ "29/03/2026 02:00", "2026-03-29T02:00:00+01:00", "minute" },
	{ "25/10/2026 00:30", "2026-10-25T00:30:00+01:00", "minute" },
	{ "25/10/2026 02:30", "2026-10-25T02:30:00+00:00", "minute" },
	{ "25/10/2026 01:00", NULL, NULL }, /* this hour was twice */
	{ "25/10/2026 01:30", NULL, NULL },
	{ "about 1am on 25/10/2026", NULL, NULL },
	{ "25/10/2026 01:59:59", NULL, NULL },
	{ "25/10/2026 00:59:59", "2026-10-25T00:59:59+01:00", "minute" },
	{ "25/10/2026 02:00", "2026-10-25T02:00:00+00:00", "minute" },
	{ "25/10/2026 01:30 BST", "2026-10-25T01:30:00+01:00", "minute" },
	{ "25/10/2026 01:30 GMT", "2026-10-25T01:30:00+00:00", "minute" },
	{ "25/10/2026", "2026-10-25T00:00:00+01:00", "day" },
	{ "early hours of 25/10/2026", "2026-10-25T00:00:00+01:00", "part-of-day" },
	{ "29/03/2026 01:00", NULL, NULL }, /* this one never was */
	{ "29/03/2026 01:30", NULL, NULL },
	{ "29/03/2026 01:30 GMT", "2026-03-29T02:30:00+01:00", "minute" },
	{ "29/03/2026 01:30 BST", "2026-03-29T00:30:00+00:00", "minute" },
	{ "01/07/2026 GMT", NULL, NULL },
	{ "01/07/2026 BST", "2026-07-01T00:00:00+01:00", "day" },
	{ "21-Nov-2026 21:40", "2026-11-21T21:40:00+00:00", "minute" },
	{ "2140hrs 21-NOV-26", "2026-11-21T21:40:00+00:00", "minute" },
	{ "01/07/2026", "2026-07-01T00:00:00+01:00", "day" },
	{ "9:40 21/11/2026", NULL, NULL }, /* morning or evening */
	{ "9.40 on 21/11/2026", NULL, NULL },
	{ "9 on 21/11/2026", NULL, NULL },
	{ "9 o'clock 21/11/2026", NULL, NULL },
	{ "about 9 on 21/11/2026", NULL, NULL },
	{ "midnight 21/11/2026", NULL, NULL }, /* which of the two */
	{ "12am 21/11/2026", NULL, NULL },
	{ "12pm 21/11/2026", NULL, NULL },
	{ "12:00am 21/11/2026", NULL, NULL },
	{ "13pm 21/11/2026", NULL, NULL },
	{ "0pm 21/11/2026", NULL, NULL },
	{ "24:00 21/11/2026", NULL, NULL },
	{ "21:60 21/11/2026", NULL, NULL },
	{ "2560 21/11/2026", NULL, NULL },
	{ "21:40", NULL, NULL }, /* of which day */
	{ "9pm", NULL, NULL },
	{ "yesterday", NULL, NULL },
	{ "yesterday evening", NULL, NULL },
	{ "last night", NULL, NULL },
	{ "last night 21/11/2026", NULL, NULL },
	{ "this morning at 08:30", NULL, NULL },
	{ "today 21:40", NULL, NULL },
	{ "Saturday 21:40", NULL, NULL },
	{ "between 21:00 and 22:00 on 21/11/2026", NULL, NULL },
	{ "21:00-22:00 21/11/2026", NULL, NULL },
	{ "21:00 - 22:00 21/11/2026", NULL, NULL },
	{ "21/11/2026 - 22/11/2026", NULL, NULL },
	{ "after 21:40 on 21/11/2026", NULL, NULL },
	{ "before 21:40 on 21/11/2026", NULL, NULL },
	{ "21/11/2026 at 21:40 at Example Park", NULL, NULL },
	{ "23/11/2026 21:40", NULL, NULL }, /* not yet */
	{ "21/11/2126 21:40", NULL, NULL },
	{ "2126-11-21T21:40:00Z", NULL, NULL },
	{ "21/11/2026 21:40 (15)", NULL, NULL },
	{ "not known", NULL, NULL },
	{ "21/11/2026 21:40 21:40", NULL, NULL },
	{ "21/11/2026 evening night", NULL, NULL },
	{ "21/13/2026 21:40", NULL, NULL },
	{ "21st Nov 26 2140hrs", "2026-11-21T21:40:00+00:00", "minute" },
	{ "2140hrs 21/11/26", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21/11/2026 21:40:00", "2026-11-21T21:40:00+00:00", "minute" },
	{ "2026-11-21T21:40:00", "2026-11-21T21:40:00+00:00", "minute" },
	{ "2026-11-21 21:40:30.500", "2026-11-21T21:40:30+00:00", "minute" },
	{ "21-Nov-2026 21:40", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21/11/2026 approx 2140", "2026-11-21T21:40:00+00:00", "approximate" },
	{ "21/11/2026 c.21:40", "2026-11-21T21:40:00+00:00", "approximate" },
	{ "21/11/2026 @ 21:40", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21.11.26 @ 21.40", "2026-11-21T21:40:00+00:00", "minute" },
	{ "21/11/2026 late evening", "2026-11-21T18:00:00+00:00", "part-of-day" },
	{ "late 21/11/2026", NULL, NULL },
	{ "between 9 and 10pm 21/11/2026", NULL, NULL },
	{ "21/11/2026 9-10pm", NULL, NULL },
	{ "21/11/2026 21:40 - 22:00", NULL, NULL },
	{ "21/11/2026 after 21:40", NULL, NULL },
	{ "overnight 21/22 November 2026", NULL, NULL },
	{ "21/11/2026 21:40:30.", "2026-11-21T21:40:30+00:00", "minute" },
	{ "31/11/2026 21:40", NULL, NULL },
	{ "21/11/2026 at 21:40 by Sam", NULL, NULL },
	{ "", NULL, NULL },
};

static void reads_dates(void **state)
{
	(void)state;
	faults = 0;
	for (size_t i = 0; i < WG_COUNT(dates); i++) {
		char out[WG_VALUE_DATE] = "untouched";
		bool read = wg_value_date(dates[i].said, said_on(), out);
		if (read != (dates[i].value != NULL) || (read && strcmp(out, dates[i].value) != 0))
			complain("\"%s\": %s\n", dates[i].said, read ? out : "not read");
		if (!read)
			assert_string_equal(out, "untouched");
	}
	assert_int_equal(faults, 0);
}

static void reads_moments(void **state)
{
	(void)state;
	faults = 0;
	for (size_t i = 0; i < WG_COUNT(moments); i++) {
		struct wg_value_when when = { "", "" };
		bool read = wg_value_when(moments[i].said, said_on(), &when);
		if (read != (moments[i].value != NULL) ||
		    (read && (strcmp(when.value, moments[i].value) != 0 || strcmp(when.precision, moments[i].precision) != 0)))
			complain("\"%s\": %s %s\n", moments[i].said, read ? when.value : "not read", read ? when.precision : "");
	}
	assert_int_equal(faults, 0);
}

/* Every day of a leap cycle, in every notation, comes back as itself. */
static void reads_every_day(void **state)
{
	(void)state;
	faults = 0;
	static const char *const months[] = { "January", "Feb",    "March", "Apr", "May",      "June",
		                                  "Jul",     "August", "Sept",  "Oct", "November", "Dec" };
	static const char *const forms[] = { "%02d/%02d/%04d", "%d.%d.%d", "%d-%02d-%d" };
	int64_t first, day;
	int count = 0;
	assert_true(wg_clock_days(2007, 1, 1, &first));
	for (int y = 2007; y < 2012; y++)
		for (int m = 1; m <= 12; m++)
			for (int d = 1; d <= 31; d++) {
				if (!wg_clock_days(y, m, d, &day))
					continue;
				char want[64], said[64], out[WG_VALUE_DATE];
				(void)snprintf(want, sizeof want, "%04d-%02d-%02d", y, m, d);
				for (size_t f = 0; f < WG_COUNT(forms); f++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
					(void)snprintf(said, sizeof said, forms[f], d, m, y);
#pragma GCC diagnostic pop
					assert_true(wg_value_date(said, said_on(), out));
					assert_string_equal(out, want);
				}
				(void)snprintf(said, sizeof said, "%d%s %s %d", d, d % 10 == 1 && d != 11 ? "st" : "th", months[m - 1],
				               y);
				assert_true(wg_value_date(said, said_on(), out));
				assert_string_equal(out, want);
				assert_int_equal(day, first + count++);
			}
	assert_int_equal(count, 5 * 365 + 1);
	assert_int_equal(faults, 0);
}

/* Every minute of a day, in both clocks. */
static void reads_every_minute(void **state)
{
	(void)state;
	faults = 0;
	for (int t = 0; t < 24 * 60; t++) {
		char said[64], want[64];
		struct wg_value_when when;
		int h = t / 60, m = t % 60, h12 = h % 12 == 0 ? 12 : h % 12;
		(void)snprintf(want, sizeof want, "2026-11-21T%02d:%02d:00+00:00", h, m);
		(void)snprintf(said, sizeof said, "%02d:%02d on 21/11/2026", h, m);
		assert_true(wg_value_when(said, said_on(), &when));
		assert_string_equal(when.value, want);
		(void)snprintf(said, sizeof said, "%02d%02d hrs 21 Nov 2026", h, m);
		assert_true(wg_value_when(said, said_on(), &when));
		assert_string_equal(when.value, want);
		if (h12 == 12 && m == 0)
			continue; /* nobody knows what 12pm is */
		(void)snprintf(said, sizeof said, "21/11/26 at %d.%02d%s", h12, m, h < 12 ? "am" : "pm");
		assert_true(wg_value_when(said, said_on(), &when));
		assert_string_equal(when.value, want);
	}
	assert_int_equal(faults, 0);
}

struct sighting {
	const char *said;
	bool asks_by, read;
	const char *when, *where, *by;
};

static const struct sighting sightings[] = {
	{ "Example Park, Derby, 21:40 on 21 November 2026, by Sam Example (key worker)", true, true,
	  "2026-11-21T21:40:00+00:00", "Example Park, Derby", "Sam Example (key worker)" },
	{ "21/11/2026 at 21:40; Example Park; seen by Sam Example", true, true, "2026-11-21T21:40:00+00:00", "Example Park",
	  "Sam Example" },
	{ "By Sam Example, night staff, 21/11/2026 21:40, Example House", true, true, "2026-11-21T21:40:00+00:00",
	  "Example House", "Sam Example, night staff" },
	{ "Saturday 21 November, 2026, 21:40\nExample Park\nby Sam Example", true, true, "2026-11-21T21:40:00+00:00",
	  "Example Park", "Sam Example" },
	/* nobody can say whether Sam is a place */
	{ "Example Park, 21:40 on 21/11/2026, Sam Example", true, false, NULL, NULL, NULL },
	{ "Example Park, 21:40 on 21/11/2026", true, false, NULL, NULL, NULL },
	{ "Example Park by Sam Example yesterday", true, false, NULL, NULL, NULL },
	{ "21/11/2026, 22/11/2026, by Sam Example", true, false, NULL, NULL, NULL },
	{ "Example Park, 21:40 on 21/11/2026", false, true, "2026-11-21T21:40:00+00:00", "Example Park", "" },
	{ "21/11/2026 at 21:40 at Example Park, Derby", false, true, "2026-11-21T21:40:00+00:00", "Example Park, Derby",
	  "" },
	{ "21/11/2026 21:40 - Example Park", false, true, "2026-11-21T21:40:00+00:00", "Example Park", "" },
	{ "21/11/2026 21:40 leaving Example School", false, true, "2026-11-21T21:40:00+00:00", "leaving Example School",
	  "" },
	{ "Example Park, 21/11/2026 21:40, by Sam Example", false, true, "2026-11-21T21:40:00+00:00", "Example Park",
	  "Sam Example" },
	{ "21/11/2026 at 21:40", false, true, "2026-11-21T21:40:00+00:00", "", "" },
	{ "Example Park", false, false, NULL, NULL, NULL },
	{ "Example Park last night", false, false, NULL, NULL, NULL },
	{ "", false, false, NULL, NULL, NULL },
	{ ",,,;;;", false, false, NULL, NULL, NULL },
};

static void parts_sightings(void **state)
{
	(void)state;
	faults = 0;
	for (size_t i = 0; i < WG_COUNT(sightings); i++) {
		const struct sighting *s = &sightings[i];
		struct wg_value_sighting out = { 0 };
		bool read = wg_value_sighting(s->said, s->asks_by, said_on(), &out);
		if (read != s->read)
			complain("\"%s\": %s\n", s->said, read ? "read" : "not read");
		if (!read)
			continue;
		if (strcmp(out.when.value, s->when) != 0 || strcmp(out.where, s->where) != 0 || strcmp(out.by, s->by) != 0)
			complain("\"%s\": %s | %s | %s\n", s->said, out.when.value, out.where, out.by);
	}
	assert_int_equal(faults, 0);
}

/* Whatever is longer than a value is prose. */
static void leaves_long_words_alone(void **state)
{
	(void)state;
	faults = 0;
	char said[WG_VALUE_MAX * 2], out[WG_VALUE_DATE];
	struct wg_value_when when;
	struct wg_value_sighting sighting;
	memset(said, ' ', sizeof said);
	memcpy(said, "14/03/2011", 10);
	said[sizeof said - 1] = '\0';
	assert_false(wg_value_date(said, said_on(), out));
	assert_false(wg_value_when(said, said_on(), &when));
	assert_false(wg_value_sighting(said, false, said_on(), &sighting));
	assert_int_equal(faults, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_dates),     cmocka_unit_test(reads_moments),
		cmocka_unit_test(reads_every_day), cmocka_unit_test(reads_every_minute),
		cmocka_unit_test(parts_sightings), cmocka_unit_test(leaves_long_words_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
