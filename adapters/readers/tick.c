/* tick.c owns what tick boxes in text mean.
 * SECURITY: the text is hostile; one pass over it to see what boxes it has, one to read them. */
#include "readers/tick.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

/* Which boxes belong together: a mark that is a box only beside its opposite. */
enum family { SURE, ROUND, CIRCLE, SQUARE, CROSS, FAMILIES };

static const struct mark {
	const char *bytes;
	enum family family;
	bool ticked;
} marks[] = {
	{ "[x]", SURE, true },
	{ "[X]", SURE, true },
	{ "[ x ]", SURE, true },
	{ "[ X ]", SURE, true },
	{ "[ ]", SURE, false },
	{ "[]", SURE, false },
	{ "[  ]", SURE, false },
	{ "[\xE2\x9C\x93]", SURE, true }, /* a tick in brackets */
	{ "[\xE2\x9C\x94]", SURE, true }, /* a heavy one */
	{ WG_TICK_ON, SURE, true },       /* box with a cross: what Word writes */
	{ WG_TICK_OFF, SURE, false },     /* empty box */
	{ "\xE2\x98\x91", SURE, true },   /* box with a tick */
	{ "\xE2\x9C\x93", SURE, true },   /* tick */
	{ "\xE2\x9C\x94", SURE, true },   /* heavy tick */
	{ "\xE2\x9C\x85", SURE, true },   /* white tick on green */
	{ "\xEF\x83\xBE", SURE, true },   /* Wingdings, as copied out of Word: box with a tick, */
	{ "\xEF\x83\xBD", SURE, true },   /* with a cross, */
	{ "\xEF\x83\xBC", SURE, true },   /* a tick, */
	{ "\xEF\x81\x92", SURE, true },   /* Wingdings 2: box with a tick, */
	{ "\xEF\x82\xA8", SURE, false },  /* empty, */
	{ "\xEF\x81\xAF", SURE, false },  /* empty with a shade */
	{ "\xEF\x82\xA3", SURE, false },  /* Wingdings 2: empty */
	{ "(x)", ROUND, true },
	{ "(X)", ROUND, true },
	{ "( )", ROUND, false },
	{ "()", ROUND, false },
	{ "\xE2\x97\x8F", CIRCLE, true },  /* also a bullet */
	{ "\xE2\x97\x89", CIRCLE, true },  /* fisheye */
	{ "\xE2\x97\x8B", CIRCLE, false }, /* also a bullet of the second order */
	{ "\xE2\x96\xA0", SQUARE, true },  /* also a bullet */
	{ "\xE2\x97\xBC", SQUARE, true },
	{ "\xE2\x96\xA1", SQUARE, false },
	{ "\xE2\x97\xBB", SQUARE, false },
	{ "\xE2\x9D\x8F", SQUARE, false }, /* shadowed squares */
	{ "\xE2\x9D\x91", SQUARE, false },
	{ "\xE2\x9C\x97", CROSS, true }, /* a cross alone marks; beside ticks it strikes out */
	{ "\xE2\x9C\x98", CROSS, true },
	{ "\xE2\x9D\x8E", CROSS, true },
};

/* The mark that s begins with, or NULL. */
static const struct mark *mark_at(const char *s)
{
	if (*s != '[' && *s != '(' && *s != '\xE2' && *s != '\xEF')
		return NULL;
	for (size_t i = 0; i < WG_COUNT(marks); i++)
		if (marks[i].bytes[0] == s[0] && marks[i].bytes[1] == s[1] &&
		    strncmp(s, marks[i].bytes, strlen(marks[i].bytes)) == 0)
			return &marks[i];
	return NULL;
}

/* Which families are boxes in this text, and what a cross means in it. */
struct view {
	bool box[FAMILIES];
	bool cross_ticks;
};

static struct view view_of(const char *text)
{
	bool on[FAMILIES] = { false }, off[FAMILIES] = { false };
	for (const char *s = text; *s != '\0'; s++) {
		const struct mark *m = mark_at(s);
		if (m == NULL)
			continue;
		*(m->ticked ? &on[m->family] : &off[m->family]) = true;
		s += strlen(m->bytes) - 1;
	}
	struct view v = { .cross_ticks = !on[SURE] };
	v.box[SURE] = on[SURE] || off[SURE];
	v.box[ROUND] = on[ROUND] && off[ROUND];
	v.box[CIRCLE] = on[CIRCLE] && off[CIRCLE];
	v.box[SQUARE] = off[SQUARE];
	v.box[CROSS] = on[CROSS];
	return v;
}

/* Bytes of the box at s, 0 when there is none. */
static size_t box_at(const struct view *v, const char *s, bool *ticked)
{
	const struct mark *m = mark_at(s);
	if (m == NULL || !v->box[m->family])
		return 0;
	*ticked = m->family == CROSS ? v->cross_ticks : m->ticked;
	size_t n = strlen(m->bytes);
	return n + (strncmp(s + n, "\xEF\xB8\x8F", 3) == 0 ? 3 : 0); /* "show it in colour" */
}

bool wg_tick_any(const char *text)
{
	struct view v = view_of(text);
	for (size_t i = 0; i < FAMILIES; i++)
		if (v.box[i])
			return true;
	return false;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool wg_tick_begins(const char *text)
{
	bool ticked;
	struct view v = view_of(text);
	return box_at(&v, text + strspn(text, " \t\n\r"), &ticked) > 0;
}

size_t wg_tick_count(const char *text, size_t *first, bool *ends)
{
	struct view v = view_of(text);
	size_t count = 0;
	bool ticked;
	*first = strlen(text);
	*ends = false;
	for (const char *s = text; *s != '\0';) {
		size_t box = box_at(&v, s, &ticked);
		if (box > 0 && count++ == 0)
			*first = (size_t)(s - text);
		*ends = box > 0 || (*ends && blank(*s));
		s += box > 0 ? box : 1;
	}
	return count;
}

/* ---- reading */

struct reading {
	struct wg_buf *out;
	size_t from;     /* where our words begin in out */
	bool any_ticked; /* a box was, and it had no words */
};

/* Blanks and what stands between options ("Yes / No", "Yes, No") go from both ends. */
static void trim(const char **s, size_t *n)
{
	while (*n > 0 && (blank(**s) || strchr("/|,;", **s) != NULL))
		++*s, --*n;
	while (*n > 0 && (blank((*s)[*n - 1]) || strchr("/|,;", (*s)[*n - 1]) != NULL))
		--*n;
}

static void add(struct reading *r, const char *s, size_t n, const char *between)
{
	trim(&s, &n);
	if (n == 0)
		return;
	if (r->out->len > r->from)
		wg_buf_puts(r->out, between);
	wg_buf_put(r->out, s, n);
}

/* "St. Example", "Dr. Sample": the dot ends no sentence. */
static bool title(const char *s, size_t n)
{
	static const char *const titles[] = { "St", "Dr", "Mr", "Ms", "Mrs" };
	for (size_t i = 0; i < WG_COUNT(titles); i++) {
		size_t len = strlen(titles[i]);
		if (n >= len && memcmp(s + n - len, titles[i], len) == 0 && (n == len || blank(s[n - len - 1])))
			return true;
	}
	return false;
}

/* How many bytes of the words behind an empty box are its own: the rest was written by somebody. A form's own words end
 * with their line, at "if yes", and at a colon with something behind it. */
static size_t own_words(const char *s, size_t n)
{
	size_t lead = 0;
	while (lead < n && blank(s[lead]))
		lead++;
	for (size_t i = lead; i < n; i++) {
		if (s[i] == '\n' || (i + 3 < n && memcmp(s + i, "   ", 3) == 0))
			return i;
		if (s[i] == ':' && i + 1 < n && blank(s[i + 1]))
			return i + 1;
		bool ends = s[i] == '?' || s[i] == '!' || (s[i] == '.' && !title(s, i));
		if (ends && i + 2 < n && blank(s[i + 1]))
			return i + 1;
	}
	return n;
}

/* What a form asks behind its boxes ("If yes, details:") says nothing without an answer. */
static bool only_asks(const char *s, size_t n)
{
	while (n > 0 && (blank(s[n - 1]) || s[n - 1] == '_' || s[n - 1] == '.'))
		n--;
	return n == 0 || s[n - 1] == ':' || s[n - 1] == '?';
}

static void option(struct reading *r, const char *s, size_t n, bool ticked)
{
	const char *words = s;
	size_t len = n;
	trim(&words, &len);
	if (ticked) {
		r->any_ticked = r->any_ticked || len == 0;
		add(r, s, n, "; ");
		return;
	}
	size_t own = own_words(s, n);
	if (!only_asks(s + own, n - own))
		add(r, s + own, n - own, "\n");
}

/* Words that stand before the first box, or behind the last: of no box. */
static void outside(struct reading *r, const char *s, size_t n)
{
	if (!only_asks(s, n))
		add(r, s, n, "\n");
}

/* Do the words stand before their boxes ("Yes [x] No [ ]")? Then the text ends with a box and does not begin with one.
 */
static bool words_first(const char *text)
{
	size_t first;
	bool ends;
	return wg_tick_count(text, &first, &ends) > 0 && ends && first > strspn(text, " \t\n\r");
}

static void read_boxes(struct reading *r, const struct view *v, const char *text)
{
	bool before = words_first(text), open = false, ticked = false;
	const char *start = text, *s = text;
	while (*s != '\0') {
		bool this = false;
		size_t n = box_at(v, s, &this);
		if (n == 0) {
			s++;
			continue;
		}
		if (before)
			option(r, start, (size_t)(s - start), this);
		else if (open)
			option(r, start, (size_t)(s - start), ticked);
		else
			outside(r, start, (size_t)(s - start));
		ticked = this;
		open = true;
		s += n;
		start = s;
	}
	if (before)
		outside(r, start, (size_t)(s - start));
	else
		option(r, start, (size_t)(s - start), ticked);
}

void wg_tick_value(const char *text, struct wg_buf *out)
{
	if (!wg_tick_any(text)) {
		wg_buf_puts(out, text);
		return;
	}
	struct view v = view_of(text);
	struct reading r = { .out = out, .from = out->len };
	read_boxes(&r, &v, text);
	if (out->len == r.from && r.any_ticked)
		wg_buf_puts(out, "yes");
}

void wg_tick_words(const char *text, struct wg_buf *out)
{
	struct view v = view_of(text);
	bool ticked;
	for (const char *s = text + strspn(text, " \t\n\r"); *s != '\0';) {
		size_t box = box_at(&v, s, &ticked);
		if (box == 0) {
			wg_buf_putc(out, *s++);
			continue;
		}
		s += box;
		s += strspn(s, " \t");
	}
}
