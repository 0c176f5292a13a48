/* The scan of a date or a moment, from words to numbers; and what the search of a copy shares with the reading of
 * values. */
#ifndef WG_NOTICE_VALUE_INTERNAL_H
#define WG_NOTICE_VALUE_INTERNAL_H

#include "notice/value.h"

enum wg_value_part { WG_PART_NONE, WG_PART_EARLY, WG_PART_MORNING, WG_PART_AFTERNOON, WG_PART_EVENING, WG_PART_NIGHT };

/* What was found so far; -1 means not yet. Every field is set at most once: a second date or time is a range or a
 * doubt. */
struct wg_value_scan {
	const char *p; /* where the scan stands; NULL afterwards */
	int year, month, day, weekday, age;
	int hour, minute, second; /* minute -1: only an hour was said */
	int offset;               /* minutes before UTC that were said; -1 none */
	enum wg_value_part part;
	bool approx, late, twelve_hour, padded_hour, bare_time;
};

/* Scans a whole value: false when anything in it is not understood, or something stands in it twice. Says nothing yet
 * of whether there is such a day or hour. */
bool wg_value_scan(const char *text, struct wg_value_scan *out);

/* Length of a postcode at s (outward part, blank or not, digit and two letters), 0 when there is none; *outward: of its
 * first part. */
size_t wg_value_postcode_at(const char *s, size_t *outward);

#endif
