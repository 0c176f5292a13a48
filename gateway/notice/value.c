/* value.c owns the folding of words, and the reading of names, grades, answers and signs of secrets.
 * SECURITY: the words come from strangers' documents; whatever is longer than WG_VALUE_MAX is free text and not looked
 * into. */
#include "notice/value.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Bytes of a sign of punctuation beyond ASCII at s (typographic quotes and dashes, no-break space, bullets), else 0.
 * apostrophe: it is one. */
static size_t wide_sign(const char *s, bool *apostrophe)
{
	const unsigned char *u = (const unsigned char *)s;
	*apostrophe = false;
	if (u[0] == 0xc2 && u[1] >= 0x80 && u[1] <= 0xbf)
		return 2;
	if (u[0] != 0xe2 || (u[1] & 0xc0) != 0x80 || (u[2] & 0xc0) != 0x80)
		return 0;
	if (u[1] == 0x80 || u[1] == 0x81) {
		*apostrophe = u[1] == 0x80 && (u[2] == 0x98 || u[2] == 0x99);
		return 3;
	}
	return u[1] >= 0x82 && u[1] <= 0xaf ? 3 : 0; /* arrows, boxes, bullets */
}

bool wg_value_fold(const char *s, char *out, size_t size)
{
	size_t o = 0;
	bool gap = false;
	while (*s != '\0') {
		bool apostrophe;
		size_t wide = wide_sign(s, &apostrophe);
		if (wide > 0 || *s == '\'' || *s == '`') {
			gap = gap || (wide > 0 && !apostrophe);
			s += wide > 0 ? wide : 1;
			continue;
		}
		if (!is_alpha(*s) && !is_digit(*s) && (unsigned char)*s < 0x80) {
			gap = true;
			s++;
			continue;
		}
		if (gap && o > 0) {
			if (o + 1 >= size)
				return false;
			out[o++] = ' ';
		}
		gap = false;
		if (o + 1 >= size)
			return false;
		out[o++] = lower(*s++);
	}
	out[o] = '\0';
	return true;
}

/* The character at *s as the notice wants it; -1 to leave it out. Moves *s on. */
static int32_t next_clean(const char **s)
{
	uint32_t c;
	size_t n = wg_utf8_decode(*s, strlen(*s) < 4 ? strlen(*s) : 4, &c);
	if (n == 0) {
		(*s)++;
		return '?';
	}
	*s += n;
	if (c == '\r') {
		if (**s == '\n')
			(*s)++;
		return '\n';
	}
	if (c == 0x2028 || c == 0x2029)
		return '\n';
	if (c == '\t' || c == '\n' || (c >= 0x20 && c < 0x7f) ||
	    (c >= 0xa0 && c < 0xfffe && c != 0xfeff && (c < 0x200b || c > 0x200f)) || c > 0xffff)
		return (int32_t)c;
	return -1;
}

void wg_value_clean(char *s)
{
	const char *in = s;
	char *out = s;
	while (*in != '\0') {
		const char *start = in;
		int32_t c = next_clean(&in);
		if (c == '\n') {
			while (out > s && (out[-1] == ' ' || out[-1] == '\t'))
				out--;
			if (out > s)
				*out++ = '\n';
		} else if ((c == ' ' || c == '\t' || c == 0xa0) && out == s) {
			continue;
		} else if (c == '?' || c == 0xa0) {
			*out++ = c == '?' ? '?' : ' '; /* never longer than what was read */
		} else if (c >= 0) {
			memmove(out, start, (size_t)(in - start));
			out += in - start;
		}
	}
	while (out > s && (out[-1] == ' ' || out[-1] == '\t' || out[-1] == '\n'))
		out--;
	*out = '\0';
}

bool wg_value_blank(const char *s)
{
	char folded[8];
	if (!wg_value_fold(s, folded, sizeof folded) || folded[0] != '\0')
		return false;
	/* a tick or a question mark is something written; leaders of a form are not */
	return s[strspn(s, " \t\r\n-_.:\xe2\x80\x93\x94\xa6\xc2\xa0")] == '\0';
}

struct answer {
	const char *word, *answer;
};

static const struct answer answers[] = {
	{ "not known", "not-known" },
	{ "unknown", "not-known" },
	{ "dont know", "not-known" },
	{ "do not know", "not-known" },
	{ "not sure", "not-known" },
	{ "unsure", "not-known" },
	{ "nk", "not-known" },
	{ "n k", "not-known" },
	{ "unk", "not-known" },
	{ "tbc", "not-known" },
	{ "tba", "not-known" },
	{ "to be confirmed", "not-known" },
	{ "to be advised", "not-known" },
	{ "not yet known", "not-known" },
	{ "unknown at this time", "not-known" },
	{ "not known at this time", "not-known" },
	{ "unknown at present", "not-known" },
	{ "not known at present", "not-known" },
	{ "currently unknown", "not-known" },
	{ "not stated", "not-known" },
	{ "not recorded", "not-known" },
	{ "not disclosed", "not-known" },
	{ "no information", "not-known" },
	{ "none known", "no" },
	{ "nil", "no" },
	{ "nil known", "no" },
	{ "none", "no" },
	{ "not applicable", "no" },
	{ "n a", "no" },
	{ "no", "no" },
	{ "n", "no" },
	{ "false", "no" },
	{ "yes", "yes" },
	{ "y", "yes" },
	{ "yeah", "yes" },
	{ "true", "yes" },
};

const char *wg_value_answer(const char *s)
{
	char head[32];
	/* the first words, up to a sign that ends them; a slash is part of N/A and N/K, and of Yes/No left standing */
	size_t n = strcspn(s, ",;.:!\n(");
	const char *dash = strstr(s, " -");
	if (dash != NULL && (size_t)(dash - s) < n)
		n = (size_t)(dash - s);
	dash = strstr(s, " \xe2\x80\x93");
	if (dash != NULL && (size_t)(dash - s) < n)
		n = (size_t)(dash - s);
	if (n >= sizeof head)
		return NULL;
	memcpy(head, s, n);
	head[n] = '\0';
	char folded[sizeof head];
	if (!wg_value_fold(head, folded, sizeof folded))
		return NULL;
	for (size_t i = 0; i < WG_COUNT(answers); i++)
		if (strcmp(folded, answers[i].word) == 0)
			return answers[i].answer;
	return NULL;
}

/* The next lower-case letter or digit at or behind *s, which moves behind it; gap: something else stood between. 0 at
 * the end. */
static char next_plain(const char **s, bool *gap)
{
	*gap = false;
	for (; **s != '\0'; (*s)++) {
		if (is_alpha(**s) || is_digit(**s))
			return lower(*(*s)++);
		*gap = true;
	}
	return 0;
}

/* Behind word when it begins at s, read without what is no letter or digit ("pass-word"); ends: no letter or digit may
 * follow. NULL when it does not. */
static const char *behind_word(const char *s, const char *word, bool ends)
{
	bool gap;
	for (; *word != '\0'; word++)
		if (next_plain(&s, &gap) != *word)
			return NULL;
	return !ends || (!is_alpha(*s) && !is_digit(*s)) ? s : NULL;
}

/* "pass: x", "pin 1234": words that mean a secret only by what follows them. */
static bool secret_follows(const char *s)
{
	const char *pass = behind_word(s, "pass", true), *pin = behind_word(s, "pin", true);
	const char *p = pass != NULL ? pass : pin;
	if (p == NULL)
		return false;
	p += strspn(p, " \t");
	return *p == ':' || *p == '=' || (*p == '-' && p[1] == ' ') || (pin != NULL && is_digit(*p)) ||
	       strncmp(p, "is ", 3) == 0;
}

bool wg_value_secret(const char *s)
{
	static const struct {
		const char *word;
		bool ends, anywhere;
	} secrets[] = {
		{ "password", false, true },  { "passcode", false, true }, { "passphrase", false, false },
		{ "passwd", false, false },   { "pswd", true, false },     { "pwd", true, false },
		{ "pw", true, false },        { "pword", true, false },    { "pincode", true, false },
		{ "pinnumber", true, false }, { "pinno", true, false },    { "unlockcode", true, false },
	};
	bool begins = true; /* a word begins here */
	for (; *s != '\0'; s++) {
		bool plain = is_alpha(*s) || is_digit(*s);
		for (size_t i = 0; plain && i < WG_COUNT(secrets); i++)
			if ((begins || secrets[i].anywhere) && behind_word(s, secrets[i].word, secrets[i].ends) != NULL)
				return true;
		if (plain && begins && secret_follows(s))
			return true;
		begins = !plain;
	}
	return false;
}

static bool copy_trimmed(const char *from, size_t n, char *out, size_t size)
{
	while (n > 0 && strchr(" \t,;", from[0]) != NULL)
		from++, n--;
	while (n > 0 && strchr(" \t,;", from[n - 1]) != NULL)
		n--;
	if (n >= size)
		return false;
	memcpy(out, from, n);
	out[n] = '\0';
	return true;
}

/* Finds word in s without regard to case, standing alone; NULL when it is not there. */
static const char *find_word(const char *s, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = s; *p != '\0'; p++) {
		size_t i = 0;
		while (i < n && lower(p[i]) == word[i])
			i++;
		if (i == n && (p == s || !is_alpha(p[-1])) && !is_alpha(p[n]))
			return p;
	}
	return NULL;
}

/* Cuts "(known as Tessie)" and its likes off the end of the name. */
static bool take_known_as(char *name, char *known, size_t size)
{
	static const char *const marks[] = {
		"also known as", "likes to be known as", "prefers to be called", "known as", "a.k.a.", "a.k.a", "aka", "alias"
	};
	known[0] = '\0';
	for (size_t i = 0; i < WG_COUNT(marks); i++) {
		const char *at = find_word(name, marks[i]);
		if (at == NULL)
			continue;
		const char *rest = at + strlen(marks[i]);
		rest += strspn(rest, " :'\"");
		size_t n = strcspn(rest, ")'\"\n");
		const char *tail = rest + n + strspn(rest + n, ")'\" ");
		size_t head = (size_t)(at - name);
		while (head > 0 && strchr(" ([,;-'\"", name[head - 1]) != NULL)
			head--;
		if (n == 0 || head == 0 || *tail != '\0' || !copy_trimmed(rest, n, known, size))
			return known[0] = '\0', true; /* not sure: all of it stays the name */
		name[head] = '\0';
		return true;
	}
	return true;
}

bool wg_value_person(const char *s, struct wg_value_person *out)
{
	struct wg_value_person p = { 0 };
	char name[WG_VALUE_MAX];
	if (strchr(s, '\n') != NULL || strlen(s) > 300 || !copy_trimmed(s, strlen(s), name, sizeof name) ||
	    !take_known_as(name, p.known_as, sizeof p.known_as))
		return false;
	char *comma = strchr(name, ',');
	if (comma != NULL && strchr(comma + 1, ',') == NULL && comma[1 + strspn(comma + 1, " ")] != '\0' && comma != name) {
		char last[WG_VALUE_MAX], first[WG_VALUE_MAX];
		if (!copy_trimmed(name, (size_t)(comma - name), last, sizeof last) ||
		    !copy_trimmed(comma + 1, strlen(comma + 1), first, sizeof first))
			return false;
		int n = snprintf(p.full, sizeof p.full, "%s %s", first, last);
		if (n < 0 || (size_t)n >= sizeof p.full)
			return false;
	} else if (!copy_trimmed(name, strlen(name), p.full, sizeof p.full)) {
		return false;
	}
	if (p.full[0] == '\0')
		return false;
	*out = p;
	return true;
}

struct pair {
	const char *word, *code;
};

static const char *find_pair(const struct pair *pairs, size_t n, const char *s)
{
	char folded[64];
	if (!wg_value_fold(s, folded, sizeof folded))
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (strcmp(folded, pairs[i].word) == 0)
			return pairs[i].code;
	return NULL;
}

const char *wg_value_risk(const char *s)
{
	static const struct pair grades[] = {
		{ "high", "HIGH" },
		{ "high risk", "HIGH" },
		{ "medium", "MEDIUM" },
		{ "medium risk", "MEDIUM" },
		{ "med", "MEDIUM" },
		{ "low", "LOW" },
		{ "low risk", "LOW" },
		{ "very low", "VLOW" },
		{ "very low risk", "VLOW" },
		{ "vlow", "VLOW" },
		{ "nar", "NAR" },
		{ "no apparent risk", "NAR" },
		{ "no apparent risk absent", "NAR" },
		{ "absent", "NAR" },
		{ "absent no apparent risk", "NAR" },
		{ "nar no apparent risk", "NAR" },
		{ "no apparent risk nar", "NAR" },
	};
	return find_pair(grades, WG_COUNT(grades), s);
}

const char *wg_value_sex(const char *s)
{
	static const struct pair sexes[] = {
		{ "m", "M" },         { "male", "M" },   { "boy", "M" },      { "1", "M" },      { "f", "F" },
		{ "female", "F" },    { "girl", "F" },   { "2", "F" },        { "u", "U" },      { "unknown", "U" },
		{ "not known", "U" }, { "m male", "M" }, { "f female", "F" }, { "male m", "M" }, { "female f", "F" },
	};
	return find_pair(sexes, WG_COUNT(sexes), s);
}

bool wg_value_reference(const char *s)
{
	size_t n = strlen(s);
	return n <= 80 && strchr(s, '\n') == NULL && strpbrk(s, "0123456789") != NULL;
}
