/* value_scan.c owns the reading of the words that dates and moments are written in.
 * SECURITY: the words come from strangers' documents; the scan is bounded by WG_VALUE_MAX and reads each byte a fixed
 * number of times. */
#include <string.h>

#include "base/mem.h"
#include "notice/value_internal.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

/* The number of n digits at p; -1 when there are not n. */
static int digits_at(const char *p, size_t n)
{
	int v = 0;
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(p[i]))
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

static size_t count_digits(const char *p)
{
	size_t n = 0;
	while (is_digit(p[n]))
		n++;
	return n;
}

static const char *skip_blanks(const char *p)
{
	while (*p == ' ')
		p++;
	return p;
}

static bool set(int *field, int v)
{
	if (*field != -1 || v < 0)
		return false;
	*field = v;
	return true;
}

static bool set_date(struct wg_value_scan *s, int day, int month, int year)
{
	return set(&s->day, day) && set(&s->month, month) && set(&s->year, year);
}

/* A year of two or four digits at *p, nothing numeric behind it. */
static bool read_year(const char **p, int *year)
{
	size_t n = count_digits(*p);
	if (n != 2 && n != 4)
		return false;
	*year = digits_at(*p, n);
	if (n == 2)
		*year += 2000;
	*p += n;
	return true;
}

/* 14/03/2011, 14.3.11, 14-3-2011, 14 / 03 / 2011; the two signs are the same. */
static bool numeric_date(struct wg_value_scan *s, bool *ok)
{
	const char *p = s->p;
	size_t n = count_digits(p);
	if (n < 1 || n > 2)
		return false;
	int day = digits_at(p, n);
	p = skip_blanks(p + n);
	char sign = *p;
	if (sign != '/' && sign != '.' && sign != '-')
		return false;
	p = skip_blanks(p + 1);
	n = count_digits(p);
	if (n < 1 || n > 2)
		return false;
	int month = digits_at(p, n), year = 0;
	p = skip_blanks(p + n);
	if (*p != sign)
		return false;
	p = skip_blanks(p + 1);
	if (!read_year(&p, &year))
		return false;
	*ok = set_date(s, day, month, year);
	s->p = p;
	return true;
}

/* Number of the month whose name or short name stands at *p, which moves behind it; 0 when there is none. */
static int month_name(const char **p);

/* 14-Mar-2011, 14/Mar/11, 14.March.2011, as spreadsheets write it. */
static bool named_date(struct wg_value_scan *s, bool *ok)
{
	const char *p = s->p;
	size_t n = count_digits(p);
	char sign = n == 1 || n == 2 ? p[n] : 0;
	if (sign != '/' && sign != '.' && sign != '-')
		return false;
	int day = digits_at(p, n), year = 0;
	p += n + 1;
	int month = month_name(&p);
	if (month == 0 || *p++ != sign || !read_year(&p, &year))
		return false;
	*ok = set_date(s, day, month, year);
	s->p = p;
	return true;
}

/* 2011-03-14 and 2011/03/14. */
static bool iso_date(struct wg_value_scan *s, bool *ok)
{
	const char *p = s->p;
	if (count_digits(p) != 4 || (p[4] != '-' && p[4] != '/') || count_digits(p + 5) != 2 || p[7] != p[4] ||
	    count_digits(p + 8) != 2)
		return false;
	*ok = set_date(s, digits_at(p + 8, 2), digits_at(p + 5, 2), digits_at(p, 4));
	s->p = p + 10;
	if (s->p[0] == 't' && is_digit(s->p[1]))
		s->p++;
	return true;
}

/* am, pm, a.m., p.m. behind a number: 'a', 'p' or 0; *p moves behind it. */
static char half_of_day(const char **p)
{
	const char *q = skip_blanks(*p);
	char half = *q;
	if (half != 'a' && half != 'p')
		return 0;
	q++;
	if (*q == '.')
		q++;
	if (*q != 'm' || is_letter(q[1]) || is_digit(q[1]))
		return 0;
	q++;
	if (*q == '.')
		q++;
	*p = q;
	return half;
}

static bool hours_word(const char **p)
{
	static const char *const words[] = { "hours", "hrs", "hr", "h" };
	const char *q = skip_blanks(*p);
	for (size_t i = 0; i < WG_COUNT(words); i++) {
		size_t n = strlen(words[i]);
		if (strncmp(q, words[i], n) == 0 && !is_letter(q[n]) && !is_digit(q[n])) {
			*p = q + n;
			return true;
		}
	}
	return false;
}

/* Takes hour and minute (-1: none said) as they stood, with am or pm behind them or not. 12am and 12pm alone are not
 * taken. */
static bool set_time(struct wg_value_scan *s, int hour, int minute, char half, bool padded, bool sure)
{
	if (half != 0) {
		if (hour < 1 || hour > 12 || (hour == 12 && minute <= 0))
			return false;
		hour = hour % 12 + (half == 'p' ? 12 : 0);
	} else {
		s->twelve_hour = !padded && !sure && hour >= 1 && hour <= 9;
		s->padded_hour = padded || hour > 12 || hour == 0;
	}
	if (hour > 23 || minute > 59 || !set(&s->hour, hour))
		return false;
	s->minute = minute;
	s->bare_time = half == 0;
	return true;
}

/* 21:40, 21.40, 9.30pm, 21:40:05, 9pm, 2140, 2140hrs, 930pm. */
static bool clock_time(struct wg_value_scan *s, bool *ok)
{
	const char *p = s->p;
	size_t n = count_digits(p);
	if (n < 1 || n > 4)
		return false;
	int hour = digits_at(p, n <= 2 ? n : n - 2), minute = n <= 2 ? -1 : digits_at(p + n - 2, 2);
	bool padded = n == 4 || (n == 2 && *p == '0');
	p += n;
	if (n <= 2 && (*p == ':' || *p == '.') && count_digits(p + 1) == 2) {
		minute = digits_at(p + 1, 2);
		p += 3;
		if (*p == ':' && count_digits(p + 1) == 2) {
			if (!set(&s->second, digits_at(p + 1, 2)) || s->second > 59)
				return false;
			p += 3;
			if (*p == '.' && is_digit(p[1])) /* exports write fractions of it */
				p += 1 + count_digits(p + 1);
		}
	}
	if (is_digit(*p) || ((*p == ':' || *p == '.' || *p == '/') && is_digit(p[1])))
		return false;
	char half = half_of_day(&p);
	bool hours = half == 0 && hours_word(&p);
	if (minute == -1 && half == 0)
		return false;
	if (n == 3 && half == 0 && !hours)
		return false;
	*ok = set_time(s, hour, minute, half, padded, hours);
	s->p = p;
	return true;
}

/* 14, 14th, and the year of "14 March 2011" or "14 March '11". */
static bool lone_number(struct wg_value_scan *s)
{
	static const char *const endings[] = { "st", "nd", "rd", "th" };
	size_t n = count_digits(s->p);
	if (s->day == -1 && n <= 2) {
		s->day = digits_at(s->p, n);
		s->p += n;
		for (size_t i = 0; i < WG_COUNT(endings); i++)
			if (strncmp(s->p, endings[i], 2) == 0 && !is_letter(s->p[2])) {
				s->p += 2;
				break;
			}
		return true;
	}
	int year;
	return s->day != -1 && s->month != -1 && s->year == -1 && read_year(&s->p, &year) && set(&s->year, year);
}

static bool number(struct wg_value_scan *s)
{
	bool ok = true;
	if (iso_date(s, &ok) || numeric_date(s, &ok) || named_date(s, &ok))
		return ok;
	/* "14 March 2011": four digits behind a month are its year before they are a time */
	if (s->day != -1 && s->month != -1 && s->year == -1 && count_digits(s->p) == 4 && lone_number(s))
		return true;
	if (clock_time(s, &ok))
		return ok;
	return lone_number(s);
}

enum { WORD_FILLER, WORD_LATE, WORD_APPROX, WORD_MONTH, WORD_WEEKDAY, WORD_PART, WORD_NOON, WORD_ZONE, WORD_AGE };

struct word {
	const char *text;
	int kind, value;
};

static const struct word words[] = {
	{ "at", WORD_FILLER, 0 },
	{ "on", WORD_FILLER, 0 },
	{ "the", WORD_FILLER, 0 },
	{ "of", WORD_FILLER, 0 },
	{ "in", WORD_FILLER, 0 },
	{ "date", WORD_FILLER, 0 },
	{ "time", WORD_FILLER, 0 },
	{ "hrs", WORD_FILLER, 0 },
	{ "hours", WORD_FILLER, 0 },
	{ "around", WORD_APPROX, 0 },
	{ "about", WORD_APPROX, 0 },
	{ "approx", WORD_APPROX, 0 },
	{ "approximately", WORD_APPROX, 0 },
	{ "circa", WORD_APPROX, 0 },
	{ "roughly", WORD_APPROX, 0 },
	{ "abt", WORD_APPROX, 0 },
	{ "c", WORD_APPROX, 0 },
	{ "ca", WORD_APPROX, 0 },
	{ "est", WORD_APPROX, 0 },
	{ "estimated", WORD_APPROX, 0 },
	{ "january", WORD_MONTH, 1 },
	{ "jan", WORD_MONTH, 1 },
	{ "february", WORD_MONTH, 2 },
	{ "feb", WORD_MONTH, 2 },
	{ "march", WORD_MONTH, 3 },
	{ "mar", WORD_MONTH, 3 },
	{ "april", WORD_MONTH, 4 },
	{ "apr", WORD_MONTH, 4 },
	{ "may", WORD_MONTH, 5 },
	{ "june", WORD_MONTH, 6 },
	{ "jun", WORD_MONTH, 6 },
	{ "july", WORD_MONTH, 7 },
	{ "jul", WORD_MONTH, 7 },
	{ "august", WORD_MONTH, 8 },
	{ "aug", WORD_MONTH, 8 },
	{ "september", WORD_MONTH, 9 },
	{ "sept", WORD_MONTH, 9 },
	{ "sep", WORD_MONTH, 9 },
	{ "october", WORD_MONTH, 10 },
	{ "oct", WORD_MONTH, 10 },
	{ "november", WORD_MONTH, 11 },
	{ "nov", WORD_MONTH, 11 },
	{ "december", WORD_MONTH, 12 },
	{ "dec", WORD_MONTH, 12 },
	{ "sunday", WORD_WEEKDAY, 0 },
	{ "sun", WORD_WEEKDAY, 0 },
	{ "monday", WORD_WEEKDAY, 1 },
	{ "mon", WORD_WEEKDAY, 1 },
	{ "tuesday", WORD_WEEKDAY, 2 },
	{ "tues", WORD_WEEKDAY, 2 },
	{ "tue", WORD_WEEKDAY, 2 },
	{ "wednesday", WORD_WEEKDAY, 3 },
	{ "weds", WORD_WEEKDAY, 3 },
	{ "wed", WORD_WEEKDAY, 3 },
	{ "thursday", WORD_WEEKDAY, 4 },
	{ "thurs", WORD_WEEKDAY, 4 },
	{ "thur", WORD_WEEKDAY, 4 },
	{ "thu", WORD_WEEKDAY, 4 },
	{ "friday", WORD_WEEKDAY, 5 },
	{ "fri", WORD_WEEKDAY, 5 },
	{ "saturday", WORD_WEEKDAY, 6 },
	{ "sat", WORD_WEEKDAY, 6 },
	{ "early", WORD_PART, WG_PART_EARLY },
	{ "late", WORD_LATE, 0 },
	{ "morning", WORD_PART, WG_PART_MORNING },
	{ "afternoon", WORD_PART, WG_PART_AFTERNOON },
	{ "evening", WORD_PART, WG_PART_EVENING },
	{ "eve", WORD_PART, WG_PART_EVENING },
	{ "night", WORD_PART, WG_PART_NIGHT },
	{ "noon", WORD_NOON, 0 },
	{ "midday", WORD_NOON, 0 },
	{ "gmt", WORD_ZONE, 0 },
	{ "utc", WORD_ZONE, 0 },
	{ "z", WORD_ZONE, 0 },
	{ "bst", WORD_ZONE, 60 },
	{ "aged", WORD_AGE, 0 },
	{ "age", WORD_AGE, 0 },
};

static int month_name(const char **p)
{
	size_t n = 0;
	while (is_letter((*p)[n]))
		n++;
	for (size_t i = 0; i < WG_COUNT(words); i++) {
		if (words[i].kind != WORD_MONTH || strlen(words[i].text) != n || strncmp(words[i].text, *p, n) != 0)
			continue;
		*p += n;
		return words[i].value;
	}
	return 0;
}

/* "(15)", "aged 15", "age 15 years" beside a date. */
static bool age_at(struct wg_value_scan *s, const char *p)
{
	p = skip_blanks(p);
	size_t n = count_digits(p);
	if (n < 1 || n > 2 || !set(&s->age, digits_at(p, n)))
		return false;
	p = skip_blanks(p + n);
	static const char *const units[] = { "years old", "years", "yrs", "yr", "yo", "y" };
	for (size_t i = 0; i < WG_COUNT(units); i++) {
		size_t u = strlen(units[i]);
		if (strncmp(p, units[i], u) == 0 && !is_letter(p[u])) {
			p += u;
			break;
		}
	}
	s->p = p;
	return !is_letter(*p) && !is_digit(*p);
}

static bool set_part(struct wg_value_scan *s, enum wg_value_part part)
{
	/* "early hours of" is one thing said in two words, of which hours is a filler; "early evening" is an evening */
	if (s->part == WG_PART_NONE || (s->part == WG_PART_EARLY && part != WG_PART_EARLY)) {
		s->part = part;
		return true;
	}
	return false;
}

static bool take_word(struct wg_value_scan *s, const struct word *w)
{
	switch (w->kind) {
	case WORD_FILLER:
		return true;
	case WORD_LATE:
		s->late = true;
		return true;
	case WORD_APPROX:
		s->approx = true;
		return true;
	case WORD_MONTH:
		return set(&s->month, w->value);
	case WORD_WEEKDAY:
		return set(&s->weekday, w->value);
	case WORD_PART:
		return set_part(s, (enum wg_value_part)w->value);
	case WORD_NOON:
		return set_time(s, 12, -1, 0, true, true);
	case WORD_ZONE:
		return set(&s->offset, w->value);
	case WORD_AGE:
		return age_at(s, *s->p == ':' ? s->p + 1 : s->p);
	default:
		return false;
	}
}

static bool word(struct wg_value_scan *s)
{
	size_t n = 0;
	while (is_letter(s->p[n]))
		n++;
	const char *start = s->p;
	s->p += n;
	for (size_t i = 0; i < WG_COUNT(words); i++)
		if (strlen(words[i].text) == n && strncmp(words[i].text, start, n) == 0) {
			if (*s->p == '.' && (words[i].kind == WORD_APPROX || !is_digit(s->p[1])))
				s->p++; /* "c.21:40", "Nov." */
			return take_word(s, &words[i]);
		}
	return false;
}

/* Signs that may stand between the parts. A hyphen only between blanks: "21:40-22:00" is a range. */
static bool sign(struct wg_value_scan *s)
{
	if (*s->p == '(' && s->day != -1 && is_digit(s->p[1])) {
		const char *p = s->p + 1;
		size_t n = count_digits(p);
		if (n <= 2 && p[n] != ':' && p[n] != '.' && age_at(s, p))
			return true;
	}
	bool lone_hyphen = *s->p == '-' && s->p[1] == ' ';
	if (strchr(" ,;:()[]'~@\n", *s->p) == NULL && !lone_hyphen)
		return false;
	if (*s->p == '~')
		s->approx = true;
	s->p++;
	return true;
}

/* The value in lower case with blanks for tabs, a hyphen for the typographic dashes; false when it is too long. */
static bool lower(const char *in, char *out, size_t size)
{
	size_t o = 0;
	for (; *in != '\0'; in++) {
		char c = *in;
		if (o + 1 >= size)
			return false;
		if (strncmp(in, "\xe2\x80\x93", 3) == 0 || strncmp(in, "\xe2\x80\x94", 3) == 0) {
			c = '-';
			in += 2;
		} else if (strncmp(in, "\xe2\x80\x99", 3) == 0) {
			c = '\'';
			in += 2;
		} else if (strncmp(in, "\xc2\xa0", 2) == 0) {
			c = ' ';
			in += 1;
		} else if (c == '\t') {
			c = ' ';
		} else if (c >= 'A' && c <= 'Z') {
			c = (char)(c - 'A' + 'a');
		}
		out[o++] = c;
	}
	while (o > 0 && (out[o - 1] == ' ' || out[o - 1] == '.' || out[o - 1] == '\n'))
		o--;
	out[o] = '\0';
	return true;
}

bool wg_value_scan(const char *text, struct wg_value_scan *out)
{
	char low[WG_VALUE_MAX];
	if (!lower(text, low, sizeof low))
		return false;
	struct wg_value_scan *s = out;
	*s = (struct wg_value_scan){ .p = low,
		                         .year = -1,
		                         .month = -1,
		                         .day = -1,
		                         .weekday = -1,
		                         .age = -1,
		                         .hour = -1,
		                         .minute = -1,
		                         .second = -1,
		                         .offset = -1 };
	while (*s->p != '\0') {
		bool ok = is_digit(*s->p) ? number(s) : is_letter(*s->p) ? word(s) : sign(s);
		if (!ok)
			return false;
	}
	s->p = NULL;
	return !s->late || s->part != WG_PART_NONE; /* late in which part of the day? */
}
