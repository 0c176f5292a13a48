/* value_sighting.c owns the parting of combined answers: where, when and by whom in one box.
 * SECURITY: who saw the child is a third party's data and where is not, so a doubt goes to "by" or to nobody. */
#include "notice/value.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* More parts than this are prose. */
#define PARTS_MAX 24

struct parts {
	struct {
		const char *start;
		size_t len;
	} part[PARTS_MAX];
	size_t count;
};

static bool blank_at(const char *p)
{
	return *p == ' ' || *p == '\t';
}

static const char *trim(const char *p, size_t *len)
{
	while (*len > 0 && (blank_at(p) || *p == '\n'))
		p++, (*len)--;
	while (*len > 0 && (blank_at(p + *len - 1) || p[*len - 1] == '\n' || p[*len - 1] == '.'))
		(*len)--;
	return p;
}

/* Bytes of the sign that parts two pieces at p; 0 when none does. */
static size_t parts_at(const char *p)
{
	if (*p == ',' || *p == ';' || *p == '\n')
		return 1;
	if (*p == '.' && (p[1] == ' ' || p[1] == '\n'))
		return 1;
	if (strncmp(p, " - ", 3) == 0)
		return 3;
	return strncmp(p, " \xe2\x80\x93 ", 5) == 0 ? 5 : 0;
}

static bool cut(const char *s, struct parts *out)
{
	const char *start = s;
	for (const char *p = s;; p++) {
		size_t sign = *p != '\0' ? parts_at(p) : 0;
		if (*p != '\0' && sign == 0)
			continue;
		size_t len = (size_t)(p - start);
		const char *piece = trim(start, &len);
		if (len > 0) {
			if (out->count == PARTS_MAX)
				return false;
			out->part[out->count].start = piece;
			out->part[out->count++].len = len;
		}
		if (*p == '\0')
			return true;
		start = p + sign;
		p += sign - 1;
	}
}

/* Bytes of the mark that a name follows; 0 when there is none. */
static size_t begins_by(const char *p, size_t len)
{
	static const char *const marks[] = { "by ", "by: ", "seen by ", "last seen by " };
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (len > strlen(marks[i]) && strncasecmp(p, marks[i], strlen(marks[i])) == 0)
			return strlen(marks[i]);
	return 0;
}

/* The text from part a up to and without part b, as it stands in the value. */
static bool span(const struct parts *p, size_t a, size_t b, char *out, size_t size)
{
	const char *end = p->part[b - 1].start + p->part[b - 1].len;
	size_t n = (size_t)(end - p->part[a].start);
	if (n >= size)
		return false;
	memcpy(out, p->part[a].start, n);
	out[n] = '\0';
	return true;
}

/* Finds the one run of parts, at most four long, that reads as a time; the longest at its start. False when none or two
 * do. */
static bool find_when(const struct parts *p, int64_t latest, size_t *from, size_t *to, struct wg_value_sighting *out)
{
	bool found = false;
	for (size_t i = 0; i < p->count; i++) {
		size_t most = p->count - i < 4 ? p->count - i : 4;
		for (size_t n = most; n > 0; n--) {
			char text[WG_VALUE_MAX];
			struct wg_value_when when;
			if (!span(p, i, i + n, text, sizeof text) || !wg_value_when(text, latest, &when))
				continue;
			if (found)
				return false;
			found = true;
			*from = i;
			*to = i + n;
			out->when = when;
			memcpy(out->when_said, text, sizeof text);
			i += n - 1;
			break;
		}
	}
	return found;
}

static bool add(char *list, size_t size, const struct parts *p, size_t i, size_t mark)
{
	size_t have = strlen(list);
	int n = snprintf(list + have, size - have, "%s%.*s", have > 0 ? ", " : "", (int)(p->part[i].len - mark),
	                 p->part[i].start + mark);
	return n >= 0 && (size_t)n < size - have;
}

/* "21/11/2026 at 21:40 at Example Park": the longest beginning that reads as a time, where a place goes on behind it.
 */
static bool leading_when(const char *s, int64_t latest, struct wg_value_sighting *out)
{
	static const char *const joints[] = { " at ", " in ", " near ", " outside ", " leaving ", " from " };
	for (size_t n = strlen(s); n > 0; n--)
		for (size_t j = 0; j < sizeof joints / sizeof joints[0]; j++) {
			if (strncasecmp(s + n, joints[j], strlen(joints[j])) != 0)
				continue;
			char head[WG_VALUE_MAX];
			memcpy(head, s, n);
			head[n] = '\0';
			if (!wg_value_when(head, latest, &out->when))
				continue;
			memcpy(out->when_said, head, n + 1);
			(void)snprintf(out->where, sizeof out->where, "%s", s + n + (j == 0 ? 4 : 1));
			return true;
		}
	return false;
}

bool wg_value_sighting(const char *s, bool asks_by, int64_t latest, struct wg_value_sighting *result)
{
	struct wg_value_sighting out = { 0 };
	struct parts parts = { .count = 0 };
	size_t from = 0, to = 0;
	bool by = false, saw = false;
	if (strlen(s) >= WG_VALUE_MAX || !cut(s, &parts))
		return false;
	if (!find_when(&parts, latest, &from, &to, &out)) {
		if (asks_by || strchr(s, '\n') != NULL || !leading_when(s, latest, &out))
			return false;
		*result = out;
		return true;
	}
	for (size_t i = 0; i < parts.count; i++) {
		if (i >= from && i < to) {
			by = false;
			continue;
		}
		size_t mark = by ? 0 : begins_by(parts.part[i].start, parts.part[i].len);
		by = by || mark > 0;
		saw = saw || by;
		if (!add(by ? out.by : out.where, by ? sizeof out.by : sizeof out.where, &parts, i, mark))
			return false;
	}
	/* a name may stand anywhere: without the word that marks it nobody can say what is a place */
	if (asks_by && !saw)
		return false;
	*result = out;
	return true;
}
