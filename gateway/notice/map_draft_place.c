/* map_draft_place.c owns the proposals of a draft: where a label of an unknown form may go. A person decides. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "notice/map_draft.h"
#include "notice/schema_internal.h"
#include "notice/value.h"
#include "notice/xml.h"

/* The deepest place of the schema has five steps. */
#define DEPTH_MAX 6

/* Places of a notice of that kind: not of the body of another. */
static bool of_kind(const struct wg_schema *schema, const char *kind, const char *to)
{
	char step[WG_LIMIT_NAME + 1];
	size_t n = strcspn(to, "/[");
	const char *body = wg_schema_body(schema, kind);
	if (n >= sizeof step)
		return false;
	memcpy(step, to, n);
	step[n] = '\0';
	const struct wg_place *place = wg_type_place(schema->root.type, step);
	return place != NULL && (!wg_schema_is_body(schema, place) || (body != NULL && strcmp(body, step) == 0));
}

/* How much a map's word counts: that of the map which knows the form most, then of one of its kind, then of its body.
 */
static int weight(const struct wg_maps *maps, const struct wg_map *map, const char *kind, const char *prefer)
{
	const char *body = wg_schema_body(maps->schema, kind), *its = wg_schema_body(maps->schema, map->kind);
	if (prefer != NULL && strcmp(map->id, prefer) == 0)
		return 3;
	return strcmp(map->kind, kind) == 0 ? 2 : its != NULL && body != NULL && strcmp(its, body) == 0;
}

/* How many maps say the same. */
static size_t votes(const struct wg_map_field *const *said, size_t n, const struct wg_map_field *one)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += said[i] != NULL && said[i]->as == one->as && strcmp(said[i]->to, one->to) == 0;
	return count;
}

/* What other maps make of the label: the weightiest, and among those what most say. */
static void ask_maps(const struct wg_maps *maps, const struct wg_draft_form *form, const char *label,
                     const char *section, struct wg_draft_place *out)
{
	const struct wg_map_field *said[WG_MAP_MAPS_MAX] = { NULL }, *best = NULL;
	int best_weight = -1;
	size_t best_votes = 0;
	for (size_t i = 0; i < maps->count; i++) {
		bool tie;
		const struct wg_map_field *f = wg_map_field_find(&maps->maps[i], label, section, WG_MAP_ALONE, &tie);
		said[i] = f != NULL && of_kind(maps->schema, form->kind, f->to) ? f : NULL;
	}
	for (size_t i = 0; i < maps->count; i++) {
		int w = said[i] != NULL ? weight(maps, &maps->maps[i], form->kind, form->prefer) : -1;
		size_t v = said[i] != NULL ? votes(said, maps->count, said[i]) : 0;
		if (w < best_weight || said[i] == NULL || (w == best_weight && v <= best_votes))
			continue;
		best = said[i];
		best_weight = w;
		best_votes = v;
		memcpy(out->map, maps->maps[i].id, sizeof out->map);
	}
	if (best == NULL)
		return;
	out->trust = WG_DRAFT_SURE;
	out->as = best->as;
	out->heading = best->heading;
	memcpy(out->to, best->to, sizeof out->to);
	memcpy(out->table, best->table, sizeof out->table);
	memcpy(out->role, best->role, sizeof out->role);
	memcpy(out->area, best->area, sizeof out->area);
}

/* How the types of the schema are read. */
static const struct {
	const char *type;
	enum wg_map_as as;
} readings[] = {
	{ "when", WG_AS_WHEN },
	{ "date", WG_AS_DATE },
	{ "answered", WG_AS_YES_NO },
	{ "address", WG_AS_ADDRESS },
	{ "text", WG_AS_TEXT },
	{ "said", WG_AS_TEXT },
	{ "telephone", WG_AS_TELEPHONE },
	{ "line", WG_AS_LINE },
	{ "person-name", WG_AS_PERSON_NAME },
	{ "count", WG_AS_NUMBER },
	{ "graded-risk", WG_AS_RISK },
	{ "nhs-number", WG_AS_NHS_NUMBER },
	{ "sex", WG_AS_SEX },
	{ "pupil-number", WG_AS_PUPIL_NUMBER },
};

/* Whether, and how, a box can be read into such a place. */
static bool readable(const struct wg_maps *maps, const struct wg_place *place, struct wg_draft_place *out)
{
	char type[WG_LIMIT_NAME + 1];
	if (place->declared == NULL || !wg_xml_attr_into(place->declared, "type", type, sizeof type))
		return false;
	for (size_t i = 0; i < WG_COUNT(readings); i++)
		if (strcmp(readings[i].type, type) == 0) {
			out->as = readings[i].as;
			return true;
		}
	const struct wg_attribute *code = wg_type_attribute(place->type, "code");
	out->as = WG_AS_CODE;
	return code != NULL && wg_xml_attr_into(code->declared, "type", out->table, sizeof out->table) &&
	       wg_map_codes_known(maps, out->table);
}

struct search {
	const struct wg_maps *maps;
	char key[WG_MAP_LABEL_MAX]; /* of the label */
	struct wg_draft_place *out;
	double best;
};

static bool filler(const char *word, size_t n)
{
	static const char *const words[] = { "the",  "a",   "an", "of",  "to",  "and",   "or",    "is",    "are", "was",
		                                 "were", "did", "do", "doe", "you", "your",  "their", "they",  "has", "have",
		                                 "in",   "on",  "at", "for", "any", "child", "young", "person" };
	for (size_t i = 0; i < WG_COUNT(words); i++)
		if (strlen(words[i]) == n && strncmp(words[i], word, n) == 0)
			return true;
	return false;
}

static bool holds_word(const char *text, const char *word, size_t n)
{
	for (const char *p = text; (p = strstr(p, " ")) != NULL; p++)
		if (strncmp(p + 1, word, n) == 0 && (p[1 + n] == ' ' || p[1 + n] == '\0'))
			return true;
	return false;
}

/* Share of the words of a that stand in b; fillers do not count. */
static double share(const char *a, const char *b)
{
	size_t all = 0, there = 0;
	char text[WG_MAP_LABEL_MAX + 2];
	(void)snprintf(text, sizeof text, " %.*s", WG_MAP_LABEL_MAX, b);
	for (const char *p = a; *p != '\0';) {
		size_t n = strcspn(p, " ");
		if (n > 0 && !filler(p, n)) {
			all++;
			there += holds_word(text, p, n);
		}
		p += n + (p[n] == ' ');
	}
	return all > 0 ? (double)there / (double)all : 0;
}

/* Words of a path, of its last step alone, and what the schema says of it, folded. */
static void words_of(const char *path, const struct wg_place *place, char *own, char *whole, char *said)
{
	const char *slash = strrchr(path, '/');
	const struct _xmlNode *annotation = wg_xml_first(place->declared, "annotation");
	const struct _xmlNode *node = annotation != NULL ? wg_xml_first(annotation, "documentation") : NULL;
	WG_AUTO_FREE char *text = node != NULL ? wg_xml_text(node) : NULL;
	own[0] = whole[0] = said[0] = '\0';
	(void)wg_value_fold(slash != NULL ? slash + 1 : path, own, WG_MAP_LABEL_MAX);
	(void)wg_value_fold(path, whole, WG_MAP_LABEL_MAX);
	if (text != NULL && !wg_value_fold(text, said, WG_MAP_LABEL_MAX))
		said[0] = '\0';
	wg_map_label_singular(own);
	wg_map_label_singular(whole);
	wg_map_label_singular(said);
}

static void weigh(struct search *s, const char *path, const struct wg_place *place)
{
	char own[WG_MAP_LABEL_MAX], whole[WG_MAP_LABEL_MAX], said[WG_MAP_LABEL_MAX];
	struct wg_draft_place here = { 0 };
	if (!readable(s->maps, place, &here))
		return;
	words_of(path, place, own, whole, said);
	double named = share(own, s->key), covered = share(s->key, whole), told = share(s->key, said);
	double score = 3 * named + 2 * covered + told;
	if (score <= s->best || (named == 0 && told < 0.5))
		return;
	s->best = score;
	here.trust = named == 1 && covered == 1 ? WG_DRAFT_LIKELY : score >= 2 ? WG_DRAFT_PERHAPS : WG_DRAFT_NONE;
	(void)snprintf(here.to, sizeof here.to, "%s", path);
	*s->out = here;
}

/* All places below a type; path: of the element that has it. The recursion is bounded by DEPTH_MAX. */
static void walk(struct search *s, const struct wg_type *type, const char *path, int depth)
{
	for (size_t i = 0; type != NULL && depth < DEPTH_MAX && i < type->n_places; i++) {
		const struct wg_place *place = &type->places[i];
		char below[WG_MAP_TO_MAX];
		bool added = strstr(path, "[+]") != NULL;
		int n = snprintf(below, sizeof below, "%s/%s%s", path, place->name, place->repeats && !added ? "[+]" : "");
		if (n <= 0 || (size_t)n >= sizeof below)
			continue;
		weigh(s, below, place);
		if (!wg_place_text(place))
			walk(s, place->type, below, depth + 1);
	}
}

/* Where the schema itself uses the label's words. */
static void ask_schema(const struct wg_maps *maps, const char *kind, const char *label, struct wg_draft_place *out)
{
	struct search s = { .maps = maps, .out = out };
	static const char *const shared[] = { "episode", "child", "authorities", "sharing" };
	const struct wg_type *root = maps->schema->root.type;
	const char *body = wg_schema_body(maps->schema, kind);
	const struct wg_place *place = body != NULL ? wg_type_place(root, body) : NULL;
	wg_map_label_fold(label, s.key);
	wg_map_label_singular(s.key);
	if (place != NULL)
		walk(&s, place->type, body, 1);
	for (size_t i = 0; i < WG_COUNT(shared); i++)
		if ((place = wg_type_place(root, shared[i])) != NULL)
			walk(&s, place->type, shared[i], 1);
}

void wg_draft_find(const struct wg_maps *maps, const struct wg_draft_form *form, const char *label, const char *section,
                   struct wg_draft_place *out)
{
	*out = (struct wg_draft_place){ 0 };
	ask_maps(maps, form, label, section, out);
	if (out->trust == WG_DRAFT_NONE)
		ask_schema(maps, form->kind, label, out);
}
