/* search_words.c owns finding numbers, postcodes and dates of birth in running text.
 * SECURITY: the words were written by strangers; every search looks a bounded way from each place where it begins. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "notice/search_internal.h"
#include "notice/value.h"
#include "notice/value_internal.h"

/* How far from a word of birth a date may stand: "Date of birth (as given by her school): 14/03/2011". */
#define NEAR_BEFORE 24
#define NEAR_AFTER 64

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* ---- the text */

/* What a character beyond ASCII is to the search: an ASCII one, 0 for what cannot be seen, or c itself, a letter. */
static uint32_t plain_of(uint32_t c)
{
	if (c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF)
		return 0;
	if (c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
	    c == 0x205F || c == 0x3000)
		return ' ';
	if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212)
		return '-';
	if (c == 0x2018 || c == 0x2019 || c == 0x201B || c == 0x2032 || c == 0xB4 || c == 0x02BC)
		return '\'';
	if (c >= 0xFF01 && c <= 0xFF5E)
		return c - 0xFF01 + '!';
	bool sign = c < 0xC0 || c == 0xD7 || c == 0xF7 || (c >= 0x2016 && c <= 0x2BFF) || (c >= 0x3001 && c <= 0x303F);
	return sign ? ';' : c;
}

char *wg_search_plain(const char *text)
{
	size_t left = strlen(text), o = 0;
	char *out = malloc(left + 1); /* nothing grows */
	if (out == NULL)
		return NULL;
	for (size_t n; left > 0; text += n, left -= n) {
		uint32_t c = 0;
		n = wg_utf8_decode(text, left, &c);
		if (n == 0) { /* never in a notice, which is UTF-8 */
			n = 1;
			c = ';';
		} else {
			c = c < 0x80 ? (c <= ' ' || c == 0x7F ? ' ' : c) : plain_of(c);
		}
		if (c >= 0x80) {
			memcpy(out + o, text, n);
			o += n;
		} else if (c != 0 && (c != ' ' || (o > 0 && out[o - 1] != ' '))) {
			out[o++] = (char)c;
		}
	}
	out[o] = '\0';
	return out;
}

/* ---- NHS numbers and postcodes */

/* Ten digits from p on, single signs between them; false when there are fewer, or an eleventh digit follows at once. */
static bool ten_digits(const char *p, char out[WG_VALUE_NHS])
{
	size_t n = 0;
	for (; n < 10; p++) {
		if (is_digit(*p))
			out[n++] = *p;
		else if (*p == '\0' || strchr(" -./", *p) == NULL ||
		         !(is_digit(p[1]) || (p[1] == ' ' && is_digit(p[2])) || (*p == ' ' && p[1] == '-' && p[2] == ' ')))
			return false;
	}
	out[n] = '\0';
	return !is_digit(*p);
}

void wg_search_numbers(struct wg_traces *t, const char *plain)
{
	char digits[WG_VALUE_NHS], number[WG_VALUE_NHS];
	for (const char *p = plain; *p != '\0' && !wg_traces_over(t); p++)
		if (is_digit(*p) && (p == plain || !is_digit(p[-1])) && ten_digits(p, digits) && wg_value_nhs(digits, number))
			wg_traces_add(t, WG_TRACE_NHS, number);
	wg_wipe(digits, sizeof digits);
	wg_wipe(number, sizeof number);
}

void wg_search_postcodes(struct wg_traces *t, const char *plain)
{
	for (const char *p = plain; *p != '\0' && !wg_traces_over(t); p++) {
		size_t outward, o = 0;
		if (!is_alpha(*p) || (p != plain && (is_alpha(p[-1]) || is_digit(p[-1]))))
			continue; /* a postcode begins with a letter, and where a word does */
		size_t n = wg_value_postcode_at(p, &outward);
		char code[WG_VALUE_POSTCODE];
		for (size_t i = 0; i < n && o + 1 < sizeof code; i++)
			if (p[i] != ' ')
				code[o++] = p[i] >= 'a' && p[i] <= 'z' ? (char)(p[i] - 'a' + 'A') : p[i];
		code[o] = '\0';
		wg_traces_add(t, WG_TRACE_POSTCODE, code);
	}
}

/* ---- dates of birth */

/* Three parts of a date as they stand: numbers, and at most one of them a month by its name. */
struct date {
	unsigned part[3], digits[3]; /* digits 0: a month's name */
	size_t count;
};

/* The month whose name word begins with, 1 to 12; 0 for none. Moves *p behind the word. */
static unsigned month_at(const char **p)
{
	static const char *const months[] = { "jan", "feb", "mar", "apr", "may", "jun",
		                                  "jul", "aug", "sep", "oct", "nov", "dec" };
	unsigned found = 0;
	for (unsigned i = 0; i < WG_COUNT(months); i++)
		if (strncasecmp(*p, months[i], 3) == 0)
			found = i + 1;
	while (is_alpha(**p))
		(*p)++;
	return found;
}

/* Words that may stand within a date: "on Monday the 14th of March, 2011". */
static bool filler(const char *word, size_t n)
{
	static const char *const words[] = { "on",  "of",  "the", "st",  "nd",  "rd",  "th",
		                                 "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	for (size_t i = 0; i < WG_COUNT(words); i++) {
		size_t len = strlen(words[i]);
		if (strncasecmp(word, words[i], len) == 0 &&
		    (n == len || (len == 3 && n > 5 && strncasecmp(word + n - 3, "day", 3) == 0)))
			return true;
	}
	return false;
}

/* Reads on from a digit or a month's name until three parts are there or something else stands between. */
static void read_date(const char *p, struct date *d)
{
	*d = (struct date){ 0 };
	while (d->count < 3) {
		if (is_digit(*p)) {
			unsigned *value = &d->part[d->count], *digits = &d->digits[d->count];
			for (; is_digit(*p) && *digits < 9; p++, (*digits)++)
				*value = *value * 10 + (unsigned)(*p - '0');
			d->count++;
		} else if (is_alpha(*p)) {
			const char *word = p;
			unsigned month = month_at(&p);
			if (month == 0 && !filler(word, (size_t)(p - word)))
				return;
			if (month != 0)
				d->part[d->count++] = month;
		} else if (*p != '\0' && strchr(" /.-,\\", *p) != NULL) {
			p++;
		} else {
			return;
		}
	}
}

static void add_day(struct wg_traces *t, unsigned year, unsigned month, unsigned day)
{
	char date[32];
	int64_t days;
	year += year < 100 ? 2000 : 0; /* of a child */
	if (year < 1900 || year > 2199 || month > 12 || day > 31 || !wg_clock_days((int)year, (int)month, (int)day, &days))
		return;
	(void)snprintf(date, sizeof date, "%04u-%02u-%02u", year, month, day); /* it fits */
	wg_traces_add(t, WG_TRACE_BIRTH, date);
	wg_wipe(date, sizeof date);
}

/* 14 3 2011, 2011 3 14, 14 March 2011, March 14 2011; 14032011, 20110314. */
static void add_date(struct wg_traces *t, const struct date *d)
{
	const unsigned *p = d->part, *n = d->digits;
	if (d->count > 0 && n[0] == 8) {
		add_day(t, p[0] % 10000, p[0] / 10000 % 100, p[0] / 1000000);
		add_day(t, p[0] / 10000, p[0] / 100 % 100, p[0] % 100);
	} else if (d->count == 3 && n[0] == 4) {
		add_day(t, p[0], p[1], p[2]);
	} else if (d->count == 3 && n[0] == 0) {
		add_day(t, p[2], p[0], p[1]);
	} else if (d->count == 3) {
		add_day(t, p[2], p[1], p[0]);
	}
}

/* Dates that begin within the n bytes at from. */
static void dates_in(struct wg_traces *t, const char *from, size_t n)
{
	for (const char *p = from; p < from + n && *p != '\0'; p++) {
		bool begins = p == from || (is_digit(*p) ? !is_digit(p[-1]) : !is_alpha(p[-1]) && !is_digit(p[-1]));
		if (!begins || !(is_digit(*p) || is_alpha(*p)))
			continue;
		struct date date;
		read_date(p, &date);
		add_date(t, &date);
	}
}

void wg_search_births(struct wg_traces *t, const char *plain)
{
	static const char *const words[] = { "dob",  "d.o.b", "d/o/b", "d o b", "d-o-b",
		                                 "born", "birth", "bday",  "b'day", "b-day" };
	for (const char *p = plain; *p != '\0' && !wg_traces_over(t); p++) {
		bool first = *p == 'd' || *p == 'D' || *p == 'b' || *p == 'B'; /* of each of the words */
		if (!first || (p != plain && (is_alpha(p[-1]) || is_digit(p[-1]))))
			continue;
		for (size_t i = 0; i < WG_COUNT(words); i++)
			if (strncasecmp(p, words[i], strlen(words[i])) == 0) {
				size_t before = (size_t)(p - plain) < NEAR_BEFORE ? (size_t)(p - plain) : NEAR_BEFORE;
				dates_in(t, p - before, before);
				dates_in(t, p + strlen(words[i]), NEAR_AFTER);
				break;
			}
	}
}
