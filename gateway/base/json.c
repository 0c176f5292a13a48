/* json.c owns the walk through a JSON text.
 * SECURITY: the text may come from another process or a damaged file: every look is before the end, depth is bounded.
 */
#include "base/json.h"

#include <string.h>

#include "base/text.h"

struct walk {
	const char *begin, *p, *end;
	wg_json_on *on;
	void *arg;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The next byte; 0 at the end, as for a NUL in the text: neither stands in JSON. */
static char peek(const struct walk *w)
{
	return w->p < w->end ? *w->p : '\0';
}

static bool take(struct walk *w, char c)
{
	if (peek(w) != c)
		return false;
	w->p++;
	return true;
}

static void skip_blanks(struct walk *w)
{
	while (w->p < w->end && wg_is_space(*w->p))
		w->p++;
}

static bool digits(struct walk *w)
{
	const char *from = w->p;
	while (is_digit(peek(w)))
		w->p++;
	return w->p > from;
}

static bool number(struct walk *w)
{
	(void)take(w, '-'); /* it may be missing */
	if (!take(w, '0') && !digits(w))
		return false;
	if (take(w, '.') && !digits(w))
		return false;
	if (!take(w, 'e') && !take(w, 'E'))
		return true;
	if (!take(w, '+'))
		(void)take(w, '-'); /* likewise */
	return digits(w);
}

/* Behind the backslash. */
static bool escape(struct walk *w)
{
	const char c = peek(w);
	if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
		return false;
	w->p++;
	for (int i = 0; c == 'u' && i < 4; i++, w->p++)
		if (!is_hex(peek(w)))
			return false;
	return true;
}

static bool string(struct walk *w)
{
	if (!take(w, '"'))
		return false;
	while (w->p < w->end && (unsigned char)*w->p >= 0x20) {
		const char c = *w->p++;
		if (c == '"')
			return true;
		if (c == '\\' && !escape(w))
			return false;
	}
	return false;
}

static bool word(struct walk *w, const char *word)
{
	const size_t n = strlen(word);
	if ((size_t)(w->end - w->p) < n || memcmp(w->p, word, n) != 0)
		return false;
	w->p += n;
	return true;
}

static bool value(struct walk *w, unsigned depth, bool member);

static bool array(struct walk *w, unsigned depth)
{
	w->p++;
	skip_blanks(w);
	if (take(w, ']'))
		return true;
	do {
		skip_blanks(w);
		if (!value(w, depth, true))
			return false;
		skip_blanks(w);
	} while (take(w, ','));
	return take(w, ']');
}

/* *flat: neither arrays nor objects in it. */
static bool object(struct walk *w, unsigned depth, bool *flat)
{
	w->p++;
	skip_blanks(w);
	*flat = true;
	if (take(w, '}'))
		return true;
	do {
		skip_blanks(w);
		if (!string(w))
			return false;
		skip_blanks(w);
		if (!take(w, ':'))
			return false;
		skip_blanks(w);
		*flat = *flat && peek(w) != '{' && peek(w) != '[';
		if (!value(w, depth, false))
			return false;
		skip_blanks(w);
	} while (take(w, ','));
	return take(w, '}');
}

static void tell(struct walk *w, const char *from, bool is_number)
{
	const struct wg_json_member found = { .at = (size_t)(from - w->begin),
		                                  .len = (size_t)(w->p - from),
		                                  .number = is_number };
	if (w->on != NULL)
		w->on(w->arg, &found);
}

/* Calls itself through array and object, no deeper than WG_JSON_DEPTH. */
static bool value(struct walk *w, unsigned depth, bool member)
{
	const char *from = w->p;
	bool flat = false, good;
	switch (peek(w)) {
	case '"':
		return string(w);
	case '{':
		good = depth < WG_JSON_DEPTH && object(w, depth + 1, &flat);
		if (good && member && flat)
			tell(w, from, false);
		return good;
	case '[':
		return depth < WG_JSON_DEPTH && array(w, depth + 1);
	case 't':
		return word(w, "true");
	case 'f':
		return word(w, "false");
	case 'n':
		return word(w, "null");
	default:
		good = number(w);
		if (good && member)
			tell(w, from, true);
		return good;
	}
}

bool wg_json_walk(const char *text, size_t len, wg_json_on *on, void *arg)
{
	struct walk w = { .begin = text, .p = text, .end = text + len, .on = on, .arg = arg };
	skip_blanks(&w);
	if (!value(&w, 0, false))
		return false;
	skip_blanks(&w);
	return w.p == w.end;
}
