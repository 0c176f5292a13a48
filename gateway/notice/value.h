/* Values as people write them into British forms, read strictly: a value is read whole and surely, or it is not read.
 * Nothing here guesses; the caller keeps the words that were there. */
#ifndef WG_NOTICE_VALUE_H
#define WG_NOTICE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

/* The longest value that is looked at as anything but free text. */
#define WG_VALUE_MAX 400

/* Lower case, apostrophes gone, every other run of what is not a letter or digit one blank, none at the ends. Letters
 * beyond ASCII are kept as they are. False when it does not fit. */
bool wg_value_fold(const char *s, char *out, size_t size);

/* Makes s fit for a text of the notice, in place: no control characters (line ends are \n), no blanks at line ends or
 * at either end of the whole. */
void wg_value_clean(char *s);

/* Nothing was written: blanks, dashes, dots and underscores only. */
bool wg_value_blank(const char *s);

/* "yes", "no" or "not-known" when the value begins with such a word and goes on, if at all, after a sign ("No, never"),
 * else NULL: "not usually" is no answer. */
const char *wg_value_answer(const char *s);

/* True when the words speak of a password, passcode or PIN. */
bool wg_value_secret(const char *s);

/* A date, day first, into out as 2011-03-14. Reads 14/03/2011, 14.3.11, 14-Mar-2011, 14 March 2011, 14th Mar 2011,
 * 2011-03-14, each with a right weekday or a right age ("14/03/2011 (15)") beside it. latest: the day (since
 * 1970-01-01) on which it was said; a later day is not read, as these are dates of what has happened. Two digits of a
 * year mean 20yy; where 20yy would be after latest they might mean 19yy or a slip, and are not read. */
#define WG_VALUE_DATE 11
bool wg_value_date(const char *s, int64_t latest, char out[WG_VALUE_DATE]);

/* A moment in London time. value is RFC 3339 with the offset of that moment. precision: "minute"; "hour" when no
 * minutes were said; "approximate" after words such as about; "part-of-day", where value is when that part begins
 * (early hours 00:00, morning 06:00, afternoon 12:00, evening 18:00, night 21:00); "day", where value is midnight at
 * its beginning. Not read: 9:40 without am, pm or a part of the day; midnight and 12am or 12pm alone, which people use
 * for two moments; the hour that the clocks repeat in October or skip in March, unless GMT or BST is said; two times or
 * two dates; relative words such as yesterday; anything unknown beside it. latest as above. */
struct wg_value_when {
	char value[WG_CLOCK_TEXT];
	const char *precision;
};
bool wg_value_when(const char *s, int64_t latest, struct wg_value_when *out);

/* A place and a time in one answer ("Example Park, 21:40 on 21 November 2026"), and in some questions the one who saw
 * ("..., by Sam Example"). False when the parts cannot be told apart surely: no single readable time, or a who is asked
 * and no part begins with by or seen by. where and by may come out "". What follows by, up to the time or the end, is
 * by: too much there rather than a name in where. */
struct wg_value_sighting {
	char when_said[WG_VALUE_MAX];
	struct wg_value_when when;
	char where[WG_VALUE_MAX], by[WG_VALUE_MAX];
};
bool wg_value_sighting(const char *s, bool asks_by, int64_t latest, struct wg_value_sighting *out);

/* A name, first names first, and a name behind known as, also known as, aka or alias, in brackets or not. One comma
 * turns "EXAMPLE, Tess" round; letters keep their case. False when it is too long or has more than one line. */
struct wg_value_person {
	char full[WG_VALUE_MAX], known_as[WG_VALUE_MAX];
};
bool wg_value_person(const char *s, struct wg_value_person *out);

/* The one UK postcode in s, with one blank before its last three characters; false when there is none or more than one.
 */
#define WG_VALUE_POSTCODE 10
bool wg_value_postcode(const char *s, char out[WG_VALUE_POSTCODE]);

/* True when s holds one UK telephone number (10 or 11 digits with 0, or +44). network: what is beside it when that is a
 * network and nothing else, else "". exact: nothing but number, network, yes and the labels of such things is there. */
struct wg_value_telephone {
	char number[24], network[32];
	bool exact;
};
bool wg_value_telephone(const char *s, struct wg_value_telephone *out);

/* An NHS number, ten digits with blanks or hyphens between, whose check digit is right. */
#define WG_VALUE_NHS 11
bool wg_value_nhs(const char *s, char out[WG_VALUE_NHS]);

/* NAR, VLOW, LOW, MEDIUM, HIGH; M, F, U; NULL when s is none. */
const char *wg_value_risk(const char *s);
const char *wg_value_sex(const char *s);

/* "given", "refused", "not-sought", "withdrawn" or "not-known": what is known of an agreement; NULL when the words say
 * none of it surely. "Yes, but not to the police" is none: a condition is for a person to read. */
const char *wg_value_consent(const char *s);

/* A unique pupil number, a letter, eleven digits, a digit or letter, blanks between or not; letters come out as
 * capitals. */
#define WG_VALUE_PUPIL 14
bool wg_value_pupil(const char *s, char out[WG_VALUE_PUPIL]);

/* One whole number from 0 on, in digits or (to twenty) in a word, with what is counted behind it ("3 times"). */
#define WG_VALUE_NUMBER 12
bool wg_value_number(const char *s, char out[WG_VALUE_NUMBER]);

/* One e-mail address and nothing else. */
bool wg_value_email(const char *s);

/* A police reference: one line with at least one digit, at most 80 bytes. */
bool wg_value_reference(const char *s);

#endif
