/* map_put.c owns the writing of one value: paths, lengths, and what is said of it.
 * SECURITY: what does not fit the type of its place is kept out, so that no value can make the notice invalid. */
#include "notice/map_put.h"

#include <stdio.h>
#include <string.h>

#include "notice/value.h"

void wg_map_note(struct wg_map_placing *p, enum wg_placing what, const char *words)
{
	p->outcome->what = what;
	p->outcome->attention = p->outcome->attention || what == WG_UNREAD || what == WG_AMBIGUOUS;
	(void)snprintf(p->outcome->note, sizeof p->outcome->note, "%s", words);
}

/* Replaces the [+] of a path. */
static void put_step(char *path, size_t size, const char *step)
{
	char *add = strstr(path, "[+]"), rest[WG_MAP_TO_MAX + 32];
	if (add == NULL)
		return;
	(void)snprintf(rest, sizeof rest, "%s", add + 3);
	(void)snprintf(add, size - (size_t)(add - path), "%s%s", step, rest);
}

/* An element that repeats is made once for a value, and once for a row of a table. */
static void path_of(const struct wg_map_placing *p, const char *below, char *path, size_t size)
{
	bool there = p->t->field->group > 0 ? *p->t->joins : p->made;
	(void)snprintf(path, size, "%s%s%s", p->t->field->to, below[0] != '\0' ? "/" : "", below);
	if (there && strstr(p->t->field->to, "[+]") != NULL)
		put_step(path, size, "[last]");
}

void wg_map_went_to(struct wg_map_placing *p, const char *path)
{
	char clean[WG_MAP_TO_MAX + 32];
	(void)snprintf(clean, sizeof clean, "%s", path);
	char *mark = strchr(clean, '[');
	if (mark != NULL) {
		size_t n = strcspn(mark, "]") + 1;
		memmove(mark, mark + n, strlen(mark + n) + 1);
	}
	size_t have = strlen(p->outcome->to);
	if (have + strlen(clean) + 2 > sizeof p->outcome->to)
		return; /* cannot be: three paths at most, of known length */
	(void)snprintf(p->outcome->to + have, sizeof p->outcome->to - have, "%s%s", have > 0 ? " " : "", clean);
}

void wg_map_unread(struct wg_map_placing *p, const char *value, const char *why)
{
	const char *answer = wg_value_answer(value);
	if (answer != NULL && strcmp(answer, "not-known") == 0)
		wg_map_note(p, WG_EMPTY, "the form says that it is not known");
	else
		wg_map_note(p, WG_UNREAD, why);
}

void wg_map_went_below(struct wg_map_placing *p, const char *below)
{
	char path[WG_MAP_TO_MAX + 32];
	path_of(p, below, path, sizeof path);
	wg_map_went_to(p, path);
}

bool wg_map_same_words(const char *a, const char *b)
{
	char x[WG_VALUE_MAX], y[WG_VALUE_MAX];
	if (!wg_value_fold(a, x, sizeof x) || !wg_value_fold(b, y, sizeof y))
		return strcmp(a, b) == 0;
	return strcmp(x, y) == 0 && (x[0] != '\0' || strcmp(a, b) == 0);
}

static void set(struct wg_map_placing *p, const char *path, const char *value)
{
	if (p->code == WG_OK)
		p->code = wg_notice_set(p->t->notice, path, value, p->err);
}

bool wg_map_put(struct wg_map_placing *p, const char *below, const char *value)
{
	char path[WG_MAP_TO_MAX + 32];
	if (strlen(value) > WG_MAP_TEXT_MAX) {
		wg_map_note(p, WG_UNREAD, "too long for its place: not carried");
		return false;
	}
	path_of(p, below, path, sizeof path);
	set(p, path, value);
	wg_map_went_to(p, path);
	if (p->t->field->group > 0)
		*p->t->joins = true;
	else
		p->made = below[0] != '\0';
	return true;
}

void wg_map_put_attribute(struct wg_map_placing *p, const char *below, const char *name, const char *value)
{
	char path[WG_MAP_TO_MAX + 32];
	path_of(p, below, path, sizeof path);
	put_step(path, sizeof path, "[last]");
	size_t n = strlen(path);
	(void)snprintf(path + n, sizeof path - n, "/@%s", name);
	set(p, path, value);
}

bool wg_map_one_line(const char *value, char out[WG_MAP_LINE_MAX + 1])
{
	size_t o = 0;
	for (; *value != '\0'; value++) {
		size_t n = *value == '\n' ? 2 : 1;
		if (o + n > WG_MAP_LINE_MAX)
			return false;
		memcpy(out + o, *value == '\n' ? ", " : *value == '\t' ? " " : value, n);
		o += n;
	}
	out[o] = '\0';
	return true;
}

bool wg_map_put_line(struct wg_map_placing *p, const char *below, const char *value)
{
	char line[WG_MAP_LINE_MAX + 1];
	if (wg_map_one_line(value, line))
		return wg_map_put(p, below, line);
	wg_map_note(p, WG_UNREAD, "too long for one line: not carried");
	return false;
}

char *wg_map_get(const struct wg_map_placing *p, const char *below)
{
	char path[WG_MAP_TO_MAX + 32];
	path_of(p, below, path, sizeof path);
	return wg_notice_get(p->t->notice, path);
}
