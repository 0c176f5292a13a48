/* value_number.c owns the reading of postcodes, telephone numbers and NHS numbers.
 * SECURITY: the words come from strangers' documents; whatever is longer than WG_VALUE_MAX is free text and not looked
 * into. */
#include "notice/value.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "notice/value_internal.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Shapes: Royal Mail's A9, A99, AA9, AA99, A9A, AA9A before 9AA. */
size_t wg_value_postcode_at(const char *s, size_t *outward)
{
	size_t i = 0, letters = 0, digits = 0;
	while (letters < 2 && is_alpha(s[i]))
		i++, letters++;
	while (digits < 2 && is_digit(s[i]))
		i++, digits++;
	if (letters == 0 || digits == 0)
		return 0;
	/* the inward part's digit may have been taken when nothing stands between: B338TH, DE13AA */
	for (size_t back = 0; back <= 1 && digits - back >= 1; back++) {
		size_t out = i - back, j = out;
		if (back == 0 && digits == 1 && is_alpha(s[j]) && !(is_alpha(s[j + 1])))
			out = ++j;
		if (back == 0 && s[j] == ' ')
			j++;
		if (is_digit(s[j]) && is_alpha(s[j + 1]) && is_alpha(s[j + 2]) && !is_alpha(s[j + 3]) && !is_digit(s[j + 3])) {
			*outward = out;
			return j + 3;
		}
	}
	return 0;
}

bool wg_value_postcode(const char *s, char out[WG_VALUE_POSTCODE])
{
	char found[WG_VALUE_POSTCODE] = "";
	for (size_t i = 0; s[i] != '\0'; i++) {
		size_t outward,
			n = (i == 0 || (!is_alpha(s[i - 1]) && !is_digit(s[i - 1]))) ? wg_value_postcode_at(s + i, &outward) : 0;
		if (n == 0)
			continue;
		char this[WG_VALUE_POSTCODE];
		size_t o = 0;
		for (size_t k = 0; k < outward; k++)
			this[o++] = upper(s[i + k]);
		this[o++] = ' ';
		for (size_t k = n - 3; k < n; k++)
			this[o++] = upper(s[i + k]);
		this[o] = '\0';
		if (found[0] != '\0' && strcmp(found, this) != 0)
			return false;
		memcpy(found, this, sizeof found);
		i += n - 1;
	}
	if (found[0] == '\0')
		return false;
	memcpy(out, found, sizeof found);
	return true;
}

/* A run of digits with blanks, hyphens, brackets and dots between, that is a UK number; returns its length in s, 0
 * otherwise. */
static size_t number_at(const char *s, char *out, size_t size)
{
	char digits[16] = "";
	size_t n = 0, i = 0, end = 0;
	bool plus = s[0] == '+';
	if (!plus && s[0] != '(' && !is_digit(s[0]))
		return 0;
	for (i = plus ? 1 : 0; s[i] != '\0' && n < sizeof digits - 1; i++) {
		if (is_digit(s[i])) {
			digits[n++] = s[i];
			end = i + 1;
		} else if (strchr(" -().", s[i]) == NULL || (s[i] == '(' && n >= 10)) {
			break; /* "01632 960123 (24 hours)" */
		}
	}
	digits[n] = '\0';
	const char *national = digits;
	if (plus && strncmp(digits, "44", 2) == 0)
		national = digits[2] == '0' ? digits + 2 : digits + 1;
	size_t len = strlen(national);
	/* national begins with the 0, or, behind +44 without one, with the 4 that stands where the 0 would */
	if ((plus ? national == digits : national[0] != '0') || len < 10 || len > 11 || end >= size || is_digit(s[end]))
		return 0;
	memcpy(out, s, end);
	out[end] = '\0';
	return end;
}

static bool network_word(const char *word)
{
	static const char *const networks[] = { "ee",       "o2",         "three", "3",          "vodafone", "voda",
		                                    "giffgaff", "giff",       "gaff",  "tesco",      "sky",      "bt",
		                                    "virgin",   "lebara",     "lyca",  "lycamobile", "smarty",   "voxi",
		                                    "asda",     "talkmobile", "spusu", "id",         "orange",   "talktalk" };
	for (size_t i = 0; i < WG_COUNT(networks); i++)
		if (strcmp(word, networks[i]) == 0)
			return true;
	return false;
}

static bool telephone_filler(const char *word)
{
	static const char *const fillers[] = { "yes",       "y",     "mobile", "mob",      "m",       "tel",
		                                   "telephone", "phone", "number", "no",       "network", "on",
		                                   "t",         "home",  "work",   "landline", "is" };
	for (size_t i = 0; i < WG_COUNT(fillers); i++)
		if (strcmp(word, fillers[i]) == 0)
			return true;
	return false;
}

/* Sorts the words beside the number into network and fillers. */
static bool beside_number(const char *words, struct wg_value_telephone *out)
{
	char folded[WG_VALUE_MAX];
	if (!wg_value_fold(words, folded, sizeof folded))
		return false;
	for (char *p = folded; *p != '\0';) {
		size_t n = strcspn(p, " ");
		bool last = p[n] == '\0';
		p[n] = '\0';
		if (network_word(p)) {
			size_t have = strlen(out->network);
			if (have + n + 2 > sizeof out->network)
				return false;
			if (have > 0)
				out->network[have++] = ' ';
			memcpy(out->network + have, p, n + 1);
		} else if (!telephone_filler(p)) {
			return false;
		}
		p += n + (last ? 0 : 1);
	}
	return true;
}

bool wg_value_telephone(const char *s, struct wg_value_telephone *out)
{
	struct wg_value_telephone t = { 0 };
	size_t at = 0, len = 0;
	if (strlen(s) >= WG_VALUE_MAX)
		return false;
	for (size_t i = 0; s[i] != '\0'; i++) {
		if (i > 0 && (is_digit(s[i - 1]) || is_alpha(s[i - 1])))
			continue;
		char number[sizeof t.number];
		size_t n = number_at(s + i, number, sizeof number);
		if (n == 0)
			continue;
		if (len > 0)
			return false;
		at = i;
		len = n;
		memcpy(t.number, number, sizeof number);
		i += n - 1;
	}
	if (len == 0)
		return false;
	char rest[WG_VALUE_MAX];
	(void)snprintf(rest, sizeof rest, "%.*s %s", (int)at, s, s + at + len);
	t.exact = beside_number(rest, &t);
	if (!t.exact)
		t.network[0] = '\0';
	for (char *c = t.network; *c != '\0'; c++) /* EE, O2: as they are written, where they are short */
		*c = strlen(t.network) <= 2 || c == t.network ? upper(*c) : *c;
	*out = t;
	return true;
}

bool wg_value_nhs(const char *s, char out[WG_VALUE_NHS])
{
	char digits[WG_VALUE_NHS];
	size_t n = 0;
	for (; *s != '\0'; s++) {
		if (is_digit(*s) && n < 10)
			digits[n++] = *s;
		else if (*s != ' ' && *s != '-')
			return false;
	}
	if (n != 10)
		return false;
	digits[10] = '\0';
	/* NHS Data Dictionary: weights 10 to 2, modulus 11; 11 is 0 and 10 is never issued */
	int sum = 0;
	for (int i = 0; i < 9; i++)
		sum += (digits[i] - '0') * (10 - i);
	int check = (11 - sum % 11) % 11;
	if (check != digits[9] - '0')
		return false;
	memcpy(out, digits, sizeof digits);
	return true;
}

/* "none" is for a person: it may count, or say that nobody knows. */
bool wg_value_number(const char *s, char out[WG_VALUE_NUMBER])
{
	static const char *const words[] = { "zero",     "one",      "two",      "three",   "four",    "five",
		                                 "six",      "seven",    "eight",    "nine",    "ten",     "eleven",
		                                 "twelve",   "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
		                                 "eighteen", "nineteen", "twenty" };
	static const char *const counted[] = { "times",     "time",     "episodes", "episode",
		                                   "occasions", "occasion", "days",     "day" };
	char folded[48];
	if (!wg_value_fold(s, folded, sizeof folded) || strpbrk(s, "./-+<>~") != NULL)
		return false;
	char *blank = strchr(folded, ' ');
	bool known = blank == NULL;
	for (size_t i = 0; !known && i < WG_COUNT(counted); i++)
		known = strcmp(blank + 1, counted[i]) == 0;
	if (!known)
		return false;
	if (blank != NULL)
		*blank = '\0';
	for (size_t i = 0; i < WG_COUNT(words); i++)
		if (strcmp(folded, words[i]) == 0) {
			(void)snprintf(out, WG_VALUE_NUMBER, "%zu", i);
			return true;
		}
	size_t n = strspn(folded, "0123456789"), zeros = strspn(folded, "0");
	if (n == 0 || folded[n] != '\0' || n > 9)
		return false;
	(void)snprintf(out, WG_VALUE_NUMBER, "%s", folded + (zeros == n ? n - 1 : zeros));
	return true;
}

bool wg_value_pupil(const char *s, char out[WG_VALUE_PUPIL])
{
	char number[WG_VALUE_PUPIL];
	size_t n = 0;
	for (; *s != '\0'; s++) {
		if (*s == ' ')
			continue;
		bool letter_may = n == 0 || n == WG_VALUE_PUPIL - 2, digit_may = n > 0;
		if (n == WG_VALUE_PUPIL - 1 || !((is_alpha(*s) && letter_may) || (is_digit(*s) && digit_may)))
			return false;
		number[n++] = upper(*s);
	}
	if (n != WG_VALUE_PUPIL - 1)
		return false;
	number[n] = '\0';
	memcpy(out, number, sizeof number);
	return true;
}

bool wg_value_email(const char *s)
{
	const char *at = strchr(s, '@');
	size_t n = strlen(s);
	if (at == NULL || at == s || n > 254 || strchr(at + 1, '@') != NULL)
		return false;
	for (const char *p = s; *p != '\0'; p++)
		if (!is_alpha(*p) && !is_digit(*p) && strchr(p < at ? "._%+-'&/=!#$*?^{}~" : ".-", *p) == NULL && p != at)
			return false;
	const char *dot = strchr(at, '.');
	return dot != NULL && dot > at + 1 && s[n - 1] != '.' && s[n - 1] != '-' && strstr(at, "..") == NULL;
}
