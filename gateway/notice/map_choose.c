/* map_choose.c owns the question which form this is. adapters/maps/README.md tells people the rules.
 * SECURITY: a sender decides what stands in subject, titles and labels; the worst that a wrong word does here is a
 * person's look. */
#include <stdio.h>
#include <string.h>

#include "notice/map_internal.h"
#include "notice/value.h"

/* A title stands near the top, on a short line: not in a sentence that speaks of another form. */
#define TITLE_LINES 40
#define TITLE_WORDS 12
/* And it is at least half of the line, up to a bracket or colon: "please arrange the return interview for the child" is
 * no title. */
#define TITLE_SHARE 2

/* By how many labels of its own a map must lead all others that fit. */
#define LEAD 2

/* What speaks for each map. */
struct evidence {
	const struct wg_maps *maps;
	size_t signature[WG_MAP_MAPS_MAX]; /* answered labels that only this form has */
	size_t known[WG_MAP_MAPS_MAX];     /* answered labels that the map knows at all */
	size_t title[WG_MAP_MAPS_MAX];     /* bytes of the longest title that was found */
	bool subject[WG_MAP_MAPS_MAX];
};

/* Keys are made once for all maps. */
static void weigh_label(struct evidence *e, const struct wg_field *field)
{
	struct wg_map_keys keys;
	if (wg_value_blank(field->value))
		return;
	wg_map_label_keys(field->label, &keys);
	for (size_t i = 0; i < e->maps->count; i++) {
		e->signature[i] += wg_map_labels_find(&e->maps->maps[i].signature, &keys) != NULL;
		e->known[i] += wg_map_knows(&e->maps->maps[i], &keys);
	}
}

static void weigh_title(struct evidence *e, const char *line)
{
	size_t words = 1;
	for (const char *p = line; *p != '\0'; p++)
		words += *p == ' ' && p[1] != ' ' && p[1] != '\0';
	if (words > TITLE_WORDS)
		return;
	for (size_t i = 0; i < e->maps->count; i++) {
		size_t n = e->maps->maps[i].titles.count > 0 ? wg_map_phrase_in(&e->maps->maps[i].titles, line) : 0;
		if (n > e->title[i] && n * TITLE_SHARE >= strcspn(line, "(:"))
			e->title[i] = n;
	}
}

static void weigh_titles(struct evidence *e, const struct wg_fields *fields)
{
	const char *p = fields->text != NULL ? fields->text : "";
	for (int lines = 0; *p != '\0' && lines < TITLE_LINES; lines++) {
		char line[WG_MAP_LABEL_MAX];
		size_t n = strcspn(p, "\n");
		if (n < sizeof line) {
			memcpy(line, p, n);
			line[n] = '\0';
			weigh_title(e, line);
		}
		p += n + (p[n] == '\n');
	}
	const char *last = NULL;
	for (size_t i = 0; i < fields->count; i++) {
		const char *section = fields->fields[i].section;
		if (section != NULL && (last == NULL || strcmp(section, last) != 0))
			weigh_title(e, section);
		last = section;
	}
}

/* Map a says that map b gives way to it. */
static bool over(const struct wg_map *a, const struct wg_map *b)
{
	size_t n = strlen(b->id);
	for (const char *p = a->over != NULL ? a->over : ""; *p != '\0';) {
		size_t m = strcspn(p, " \t\n");
		if (m == n && strncmp(p, b->id, n) == 0)
			return true;
		p += m + (p[m] != '\0');
	}
	return false;
}

/* Takes away every map that another one in the set stands above. */
static void give_way(const struct wg_maps *maps, bool *in)
{
	for (size_t i = 0; i < maps->count; i++)
		for (size_t k = 0; in[i] && k < maps->count; k++)
			if (in[k] && over(&maps->maps[i], &maps->maps[k]))
				in[k] = false;
}

static const struct wg_map *only_one(const struct wg_maps *maps, const bool *in)
{
	const struct wg_map *one = NULL;
	for (size_t i = 0; i < maps->count; i++) {
		if (in[i] && one != NULL)
			return NULL;
		one = in[i] ? &maps->maps[i] : one;
	}
	return one;
}

static bool none(const struct wg_maps *maps, const bool *in)
{
	bool any = false;
	for (size_t i = 0; i < maps->count; i++)
		any = any || in[i];
	return !any;
}

static bool stands_below(const struct wg_maps *maps, const bool *in, const struct wg_map *map)
{
	for (size_t i = 0; i < maps->count; i++)
		if (in[i] && over(&maps->maps[i], map))
			return true;
	return false;
}

/* The longest title says it: "Return interview request" is not "Return interview". */
static const struct wg_map *by_title(const struct evidence *e)
{
	bool in[WG_MAP_MAPS_MAX] = { false };
	size_t longest = 1;
	for (size_t i = 0; i < e->maps->count; i++)
		longest = e->title[i] > longest ? e->title[i] : longest;
	for (size_t i = 0; i < e->maps->count; i++)
		in[i] = e->title[i] == longest;
	give_way(e->maps, in);
	return only_one(e->maps, in);
}

/* The only one; or the one that leads all others by its own labels, when none of them knows more of what was answered.
 */
static const struct wg_map *by_lead(const struct evidence *e, const bool *in)
{
	size_t best = 0, n = e->maps->count;
	for (size_t i = 0; i < n; i++)
		if (in[i] && (!in[best] || e->signature[i] > e->signature[best]))
			best = i;
	for (size_t i = 0; i < n; i++)
		if (in[i] && i != best && (e->signature[i] + LEAD > e->signature[best] || e->known[i] > e->known[best]))
			return NULL;
	return &e->maps->maps[best];
}

/* Among maps whose labels fit: a clear lead says it. Otherwise the subject decides when it speaks for one of them
 * alone, and that one does not give way to another that fits; where it speaks for none, those that stand above. */
static const struct wg_map *by_label(const struct evidence *e, const bool *in)
{
	bool both[WG_MAP_MAPS_MAX] = { false }, spoken[WG_MAP_MAPS_MAX] = { false };
	const struct wg_map *one = by_lead(e, in);
	if (one != NULL)
		return one;
	memcpy(spoken, e->subject, sizeof spoken);
	give_way(e->maps, spoken);
	for (size_t i = 0; i < e->maps->count; i++)
		both[i] = in[i] && spoken[i];
	one = only_one(e->maps, both);
	if (one != NULL)
		return stands_below(e->maps, in, one) ? NULL : one;
	if (none(e->maps, both))
		memcpy(both, in, sizeof both);
	give_way(e->maps, both);
	return by_lead(e, both);
}

const struct wg_map *wg_map_choose(const struct wg_maps *maps, const struct wg_fields *fields, char *why, size_t size)
{
	struct evidence e = { .maps = maps };
	bool in[WG_MAP_MAPS_MAX] = { false };
	for (size_t i = 0; i < fields->count; i++)
		weigh_label(&e, &fields->fields[i]);
	weigh_titles(&e, fields);
	for (size_t i = 0; i < maps->count; i++)
		e.subject[i] = fields->subject != NULL && wg_map_phrase_in(&maps->maps[i].subjects, fields->subject) > 0;
	const struct wg_map *one = by_title(&e);
	why[0] = '\0';
	if (one != NULL)
		return one;
	for (size_t i = 0; i < maps->count; i++)
		in[i] = e.signature[i] > 0;
	if (none(maps, in)) {
		memcpy(in, e.subject, sizeof in);
		give_way(maps, in);
		one = only_one(maps, in);
	} else {
		one = by_label(&e, in);
	}
	if (one == NULL)
		(void)snprintf(why, size, "%s",
		               none(maps, in) ? "no map knows this form" : "more than one map fits this form equally");
	return one;
}

const char *wg_maps_choose(const struct wg_maps *maps, const struct wg_fields *fields, char *why, size_t size)
{
	const struct wg_map *map = wg_map_choose(maps, fields, why, size);
	return map != NULL ? map->id : NULL;
}
