/* map_fold.c owns what of a label is compared: not its numbering, its signs, its plurals, or the hints behind it.
 * SECURITY: labels come from strangers' documents; they are cut at WG_MAP_LABEL_MAX before they are looked at. */
#include <string.h>

#include "base/mem.h"
#include "notice/map_internal.h"
#include "notice/value.h"

/* Hints behind each other: "(if known) (please specify):". */
#define HINTS_MAX 4

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Behind "3", "3.1", "iv" or "a" at p; NULL when there is none of them. */
static const char *number_end(const char *p, bool *plain)
{
	*plain = false;
	if (is_digit(*p)) {
		size_t n = strspn(p, "0123456789");
		if (n > 3)
			return NULL;
		p += n;
		*plain = n <= 2;
		while (*p == '.' && is_digit(p[1]))
			p += 1 + strspn(p + 1, "0123456789");
		return p;
	}
	size_t roman = strspn(p, "ivxIVX");
	if (roman > 0 && roman <= 5 && !is_letter(p[roman]))
		return p + roman;
	return is_letter(*p) && !is_letter(p[1]) ? p + 1 : NULL;
}

/* Behind a numbering such as "1.", "Q3)", "(b)", "3.1 -", "12 "; p itself when there is none. */
static const char *skip_numbering(const char *label)
{
	const char *p = label + strspn(label, " \t*-");
	bool bracket = *p == '(', question = false, plain = false;
	if (bracket)
		p++;
	if ((*p == 'Q' || *p == 'q') && (is_digit(p[1]) || (p[1] == ' ' && is_digit(p[2])))) {
		question = true;
		p += p[1] == ' ' ? 2 : 1;
	}
	bool letter = !is_digit(*p);
	p = number_end(p, &plain);
	if (p == NULL)
		return label;
	size_t blanks = strspn(p, " \t");
	bool sign = p[blanks] != '\0' && strchr(").:-", p[blanks]) != NULL;
	if (bracket ? p[blanks] != ')' : !sign && !(blanks > 0 && (plain || question)))
		return label;
	p += blanks;
	size_t signs = strspn(p, ").:-");
	if (letter && !bracket && p[signs] != ' ' && p[signs] != '\t')
		return label; /* "D.O.B" is no numbering */
	p += strspn(p, ").:- \t\n");
	return *p != '\0' ? p : label;
}

/* Bytes of a plural that a form leaves open at p: "Name(s) of child(ren)". */
static size_t open_plural(const char *p)
{
	static const char *const endings[] = { "(s)", "(S)", "(es)", "(ren)" };
	for (size_t i = 0; *p == '(' && i < WG_COUNT(endings); i++)
		if (strncmp(p, endings[i], strlen(endings[i])) == 0)
			return strlen(endings[i]);
	return 0;
}

/* Copies a label without its numbering and without open plurals. */
static void copy_plain(const char *label, char out[WG_MAP_LABEL_MAX])
{
	size_t n = strnlen(label, WG_MAP_LABEL_MAX - 1), o = 0;
	memcpy(out, label, n);
	out[n] = '\0';
	const char *p = skip_numbering(out);
	while (*p != '\0') {
		size_t skip = o > 0 && is_letter(out[o - 1]) ? open_plural(p) : 0;
		if (skip > 0)
			p += skip;
		else
			out[o++] = *p++; /* never before p */
	}
	out[o] = '\0';
}

void wg_map_label_fold(const char *label, char out[WG_MAP_LABEL_MAX])
{
	char plain[WG_MAP_LABEL_MAX];
	copy_plain(label, plain);
	if (!wg_value_fold(plain, out, WG_MAP_LABEL_MAX))
		out[0] = '\0'; /* folding never makes a label longer */
}

/* Not short words, and not address, status or this. */
static size_t singular_length(const char *word, size_t n)
{
	if (n <= 3 || word[n - 1] != 's' || strchr("ui", word[n - 2]) != NULL)
		return n;
	if (word[n - 2] == 's')
		return n;
	if (n > 4 && strncmp(word + n - 4, "sses", 4) == 0)
		return n - 2;
	return n - 1;
}

void wg_map_label_singular(char *folded)
{
	char *out = folded;
	for (const char *p = folded; *p != '\0';) {
		size_t n = strcspn(p, " "), keep = singular_length(p, n);
		memmove(out, p, keep);
		out += keep;
		p += n;
		if (*p == ' ')
			*out++ = *p++;
	}
	*out = '\0';
}

/* Words that only say how to fill a box in. "Telephone (social worker)" is another question than "Telephone": a bracket
 * goes only when all in it is known to ask nothing. */
static bool hint_word(const char *word, size_t n)
{
	static const char *const words[] = {
		"please",     "specify",  "state",     "give",        "details", "detail",    "if",       "known",
		"applicable", "any",      "dd",        "mm",          "yyyy",    "yy",        "tick",     "one",
		"circle",     "delete",   "as",        "appropriate", "yes",     "no",        "y",        "n",
		"nk",         "hh",       "hhmm",      "ss",          "24",      "hour",      "hrs",      "hours",
		"clock",      "format",   "block",     "capitals",    "full",    "in",        "required", "mandatory",
		"optional",   "not",      "select",    "choose",      "from",    "list",      "drop",     "down",
		"free",       "text",     "max",       "characters",  "words",   "see",       "guidance", "note",
		"notes",      "overleaf", "box",       "boxes",       "where",   "relevant",  "print",    "type",
		"unknown",    "the",      "or",        "and",         "a",       "an",        "of",       "to",
		"all",        "that",     "apply",     "only",        "provide", "enter",     "complete", "continue",
		"separate",   "sheet",    "necessary", "e",           "g",       "eg",        "etc",      "include",
		"including",  "explain",  "describe",  "must",        "be",      "completed",
	};
	for (size_t i = 0; i < WG_COUNT(words); i++)
		if (strlen(words[i]) == n && strncmp(words[i], word, n) == 0)
			return true;
	return false;
}

static bool only_hints(const char *text)
{
	char folded[WG_MAP_LABEL_MAX];
	if (!wg_value_fold(text, folded, sizeof folded))
		return false;
	for (const char *p = folded; *p != '\0';) {
		size_t n = strcspn(p, " ");
		if (!hint_word(p, n))
			return false;
		p += n + (p[n] == ' ');
	}
	return true;
}

/* Cuts a bracket at the end that only holds hints. */
static bool cut_bracket(char *label)
{
	size_t n = strlen(label);
	while (n > 0 && strchr(" \t\n:;?*.,-", label[n - 1]) != NULL)
		n--;
	if (n == 0 || (label[n - 1] != ')' && label[n - 1] != ']'))
		return false;
	label[n - 1] = '\0';
	char *open = strrchr(label, '(');
	char *square = strrchr(label, '[');
	if (square != NULL && (open == NULL || square > open))
		open = square;
	if (open == NULL || open == label || !only_hints(open + 1)) {
		label[n - 1] = ')';
		return false;
	}
	*open = '\0';
	return true;
}

/* Cuts words at the end of a folded label that say how to fill it in. */
static bool cut_words(char *folded)
{
	static const char *const hints[] = {
		"please specify",
		"please state",
		"please give details",
		"please provide details",
		"give details",
		"if known",
		"if applicable",
		"where known",
		"where applicable",
		"please tick",
		"please circle",
		"tick one",
		"tick as appropriate",
		"delete as appropriate",
		"tick all that apply",
		"please tick all that apply",
		"please describe",
		"please explain",
		"please detail",
		"please give full details",
		"y n",
		"yes no",
		"yes no not known",
		"dd mm yyyy",
		"dd mm yy",
		"24 hour clock",
		"if any",
		"please",
	};
	size_t n = strlen(folded);
	for (size_t i = 0; i < WG_COUNT(hints); i++) {
		size_t m = strlen(hints[i]);
		if (n > m + 1 && folded[n - m - 1] == ' ' && strcmp(folded + n - m, hints[i]) == 0) {
			folded[n - m - 1] = '\0';
			return true;
		}
	}
	return false;
}

void wg_map_label_bare(const char *label, char out[WG_MAP_LABEL_MAX])
{
	char plain[WG_MAP_LABEL_MAX];
	copy_plain(label, plain);
	for (int i = 0; i < HINTS_MAX && cut_bracket(plain); i++)
		;
	if (!wg_value_fold(plain, out, WG_MAP_LABEL_MAX))
		out[0] = '\0';
	for (int i = 0; i < HINTS_MAX && cut_words(out); i++)
		;
}

void wg_map_label_keys(const char *label, struct wg_map_keys *out)
{
	wg_map_label_fold(label, out->key);
	wg_map_label_singular(out->key);
	wg_map_label_bare(label, out->bare);
	wg_map_label_singular(out->bare);
}
