/* map_put.c owns the writing of one value: paths, lengths, and what is said of it.
 * SECURITY: what does not fit the type of its place is kept out, so that no value can make the notice invalid. */
#include "notice/map_put.h"

#include <stdio.h>
#include <string.h>

void wg_map_note(struct wg_map_placing *p, enum wg_placing what, const char *words)
{
	p->outcome->what = what;
	p->outcome->attention = p->outcome->attention || what == WG_UNREAD || what == WG_AMBIGUOUS;
	(void)snprintf(p->outcome->note, sizeof p->outcome->note, "%s", words);
}

static void path_of(const struct wg_map_placing *p, const char *below, char *path, size_t size)
{
	(void)snprintf(path, size, "%s%s%s", p->t->field->to, below[0] != '\0' ? "/" : "", below);
}

void wg_map_went_to(struct wg_map_placing *p, const char *path)
{
	char clean[WG_MAP_TO_MAX + 32];
	(void)snprintf(clean, sizeof clean, "%s", path);
	char *add = strstr(clean, "[+]");
	if (add != NULL)
		memmove(add, add + 3, strlen(add + 3) + 1);
	size_t have = strlen(p->outcome->to);
	if (have + strlen(clean) + 2 > sizeof p->outcome->to)
		return; /* cannot be: three paths at most, of known length */
	(void)snprintf(p->outcome->to + have, sizeof p->outcome->to - have, "%s%s", have > 0 ? " " : "", clean);
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
	return true;
}

void wg_map_put_attribute(struct wg_map_placing *p, const char *below, const char *name, const char *value)
{
	char path[WG_MAP_TO_MAX + 32], place[WG_MAP_TO_MAX + 32];
	path_of(p, below, place, sizeof place);
	char *add = strstr(place, "[+]");
	int head = add != NULL ? (int)(add - place) : (int)strlen(place);
	int n = snprintf(path, sizeof path, "%.*s%s/@%s", head, place, add != NULL ? "[last]" : "", name);
	if (n > 0 && (size_t)n < sizeof path)
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
