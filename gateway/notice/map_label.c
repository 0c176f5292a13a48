/* map_label.c owns lists of spellings: an index by what is compared, and the search in it.
 * SECURITY: labels come from strangers' documents; map_fold.c has cut them at WG_MAP_LABEL_MAX. */
#include <string.h>

#include "base/mem.h"
#include "notice/map_internal.h"
#include "notice/value.h"

/* FNV-1a. */
#define HASH_BEGIN 2166136261U
#define HASH_PRIME 16777619U
#define SLOTS_LEAST 16

/* What a walk looks for next. */
enum { TIER_EQUAL, TIER_BARE, TIER_OPEN, TIER_END };

uint32_t wg_map_hash(const char *text, size_t n)
{
	uint32_t hash = HASH_BEGIN;
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (unsigned char)text[i]) * HASH_PRIME;
	return hash;
}

static void put_slot(struct wg_map_labels *labels, size_t entry)
{
	const char *key = labels->list[entry].key;
	uint32_t hash = wg_map_hash(key, strlen(key));
	size_t i = hash & (labels->n_slots - 1);
	while (labels->slots[i].entry != 0)
		i = (i + 1) & (labels->n_slots - 1);
	labels->slots[i] = (struct wg_map_slot){ .hash = hash, .entry = (uint32_t)entry + 1 };
}

/* Room for one more entry in list and index. */
static bool make_room(struct wg_map_labels *labels)
{
	struct wg_map_label *list = labels->list;
	if ((labels->count & (labels->count - 1)) == 0) { /* a power of two, or none: the list is full */
		list = reallocarray(list, labels->count > 0 ? labels->count * 2 : 1, sizeof *list);
		if (list == NULL)
			return false;
		labels->list = list;
	}
	if ((labels->count + 1) * 2 <= labels->n_slots)
		return true;
	size_t n = labels->n_slots > 0 ? labels->n_slots * 2 : SLOTS_LEAST;
	struct wg_map_slot *slots = calloc(n, sizeof *slots);
	if (slots == NULL)
		return false;
	free(labels->slots);
	labels->slots = slots;
	labels->n_slots = n;
	for (size_t i = 0; i < labels->count; i++)
		put_slot(labels, i);
	return true;
}

/* The next entry of n bytes of key from slot *at on, which moves behind it; NULL when there are no more. */
static const struct wg_map_label *next_equal(const struct wg_map_labels *labels, const char *key, size_t n, size_t *at)
{
	uint32_t hash = wg_map_hash(key, n);
	for (; *at < labels->n_slots; (*at)++) {
		const struct wg_map_slot *slot = &labels->slots[(hash + *at) & (labels->n_slots - 1)];
		if (slot->entry == 0)
			break;
		const struct wg_map_label *label = &labels->list[slot->entry - 1];
		if (slot->hash == hash && strncmp(label->key, key, n) == 0 && label->key[n] == '\0') {
			(*at)++;
			return label;
		}
	}
	*at = labels->n_slots;
	return NULL;
}

/* Ends the walk's words one earlier; false when none are left. */
static bool shorten(const char *key, size_t *length)
{
	while (*length > 0 && key[*length - 1] != ' ')
		(*length)--;
	if (*length > 0)
		(*length)--;
	return *length > 0;
}

static void next_tier(struct wg_map_walk *walk, const struct wg_map_keys *keys)
{
	walk->slot = 0;
	if (walk->tier == TIER_OPEN) {
		if (!shorten(keys->key, &walk->length))
			walk->tier = TIER_END;
		return;
	}
	walk->tier++;
	if (walk->tier == TIER_BARE && (keys->bare[0] == '\0' || strcmp(keys->key, keys->bare) == 0))
		walk->tier++;
	walk->length = strlen(keys->key);
}

const struct wg_map_label *wg_map_labels_next(const struct wg_map_labels *labels, const struct wg_map_keys *keys,
                                              struct wg_map_walk *walk)
{
	for (; walk->tier != TIER_END && keys->key[0] != '\0'; next_tier(walk, keys)) {
		const char *key = walk->tier == TIER_BARE ? keys->bare : keys->key;
		size_t n = walk->tier == TIER_OPEN ? walk->length : strlen(key);
		for (const struct wg_map_label *l; (l = next_equal(labels, key, n, &walk->slot)) != NULL;)
			if (l->open == (walk->tier == TIER_OPEN))
				return l;
	}
	return NULL;
}

const struct wg_map_label *wg_map_labels_find(const struct wg_map_labels *labels, const struct wg_map_keys *keys)
{
	struct wg_map_walk walk = { 0 };
	return wg_map_labels_next(labels, keys, &walk);
}

/* The best field so far. rank: how well the label fits, lower is better. */
struct found {
	const struct wg_map_field *anywhere, *here;
	size_t anywhere_rank, here_rank, phrase;
	bool tie;
};

/* One spelling that fits: of a heading, the longer phrase of it is better. title: bytes of the form's own title in it.
 */
static void consider(struct found *f, const struct wg_map_field *field, size_t rank, const char *section, size_t title)
{
	if (field->under.count == 0) {
		if (f->anywhere == NULL || rank < f->anywhere_rank) {
			f->anywhere = field;
			f->anywhere_rank = rank;
		}
		return;
	}
	size_t n = section != NULL ? wg_map_phrase_in(&field->under, section) : 0;
	if (n <= title || n < f->phrase || (n == f->phrase && rank > f->here_rank))
		return;
	if (n == f->phrase && rank == f->here_rank) {
		f->tie = f->tie || field != f->here;
		return;
	}
	f->here = field;
	f->here_rank = rank;
	f->phrase = n;
	f->tie = false;
}

/* Equal spellings before open ones, longer ones before shorter, the map's own before those that it uses. */
static size_t rank_of(const struct wg_map_walk *walk, size_t source)
{
	size_t fit =
		(size_t)walk->tier * WG_MAP_LABEL_MAX + (walk->tier == TIER_OPEN ? WG_MAP_LABEL_MAX - walk->length : 0);
	return fit * (WG_MAP_USES_MAX + 1) + source;
}

const struct wg_map_field *wg_map_field_find(const struct wg_map *map, const char *label, const char *section,
                                             enum wg_map_stand stand, bool *tie)
{
	struct wg_map_keys keys;
	struct found f = { 0 };
	size_t title = stand != WG_MAP_IN_ROW && section != NULL && map->titles.count > 0
	                   ? wg_map_phrase_in(&map->titles, section)
	                   : 0;
	wg_map_label_keys(label, &keys);
	for (size_t s = 0; s <= map->n_uses; s++) {
		const struct wg_map_labels *labels = s == 0 ? &map->labels : &map->uses[s - 1]->labels;
		const struct wg_map_field *fields = map->fields + (s == 0 ? 0 : map->offset[s - 1]);
		struct wg_map_walk walk = { 0 };
		for (const struct wg_map_label *l; (l = wg_map_labels_next(labels, &keys, &walk)) != NULL;)
			if (stand != WG_MAP_BESIDE_ROWS || fields[l->field].group == 0)
				consider(&f, &fields[l->field], rank_of(&walk, s), section, title);
	}
	*tie = f.tie;
	return f.tie ? NULL : f.here != NULL ? f.here : f.anywhere;
}

bool wg_map_knows(const struct wg_map *map, const struct wg_map_keys *keys)
{
	bool knows = wg_map_labels_find(&map->labels, keys) != NULL;
	for (size_t i = 0; i < map->n_uses && !knows; i++)
		knows = wg_map_labels_find(&map->uses[i]->labels, keys) != NULL;
	return knows;
}

/* Two fields of one label are told apart by their headings: neither names a heading of the other's. */
static bool apart(const struct wg_map_field *a, const struct wg_map_field *b)
{
	if (a->under.count == 0 && b->under.count == 0)
		return false;
	for (size_t i = 0; i < a->under.count; i++)
		for (size_t k = 0; k < b->under.count; k++)
			if (strcmp(a->under.list[i].key, b->under.list[k].key) == 0)
				return false;
	return true;
}

static enum wg_code add_one(struct wg_map_labels *labels, const char *text, bool open, size_t field,
                            const struct wg_map_field *fields, struct wg_err *err)
{
	char key[WG_MAP_LABEL_MAX];
	size_t at = 0, n = strlen(text);
	if (n == 0)
		return wg_err_set(err, WG_CONFIG, "a label is empty: write words between the bars");
	memcpy(key, text, n + 1);
	wg_map_label_singular(key);
	n = strlen(key);
	for (const struct wg_map_label *l; (l = next_equal(labels, key, n, &at)) != NULL;) {
		if (l->open != open)
			continue;
		if (l->field == field)
			return WG_OK; /* "d.o.b | d o b" is one spelling, written twice */
		if (fields == NULL || !apart(&fields[l->field], &fields[field]))
			return wg_err_set(err, WG_CONFIG, "the label \"%s\" stands twice in this map: a label has one place%s",
			                  text, fields == NULL ? "" : ", unless under= tells its headings apart");
	}
	if (!make_room(labels))
		return wg_err_set(err, WG_SYSTEM, "no memory for labels");
	struct wg_map_label *l = &labels->list[labels->count];
	*l = (struct wg_map_label){ .text = strdup(text), .open = open, .field = field };
	l->key = l->text == NULL || strcmp(key, text) == 0 ? l->text : strdup(key);
	if (l->key == NULL) {
		free(l->text);
		return wg_err_set(err, WG_SYSTEM, "no memory for labels");
	}
	put_slot(labels, labels->count++);
	return WG_OK;
}

enum wg_code wg_map_labels_add(struct wg_map_labels *labels, const char *list, size_t field,
                               const struct wg_map_field *fields, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (const char *p = list; code == WG_OK; p++) {
		char one[WG_MAP_LABEL_MAX], folded[WG_MAP_LABEL_MAX];
		size_t n = strcspn(p, "|"), len = n;
		if (n >= sizeof one)
			return wg_err_set(err, WG_CONFIG, "a label is longer than %d characters", WG_MAP_LABEL_MAX);
		memcpy(one, p, n);
		while (len > 0 && strchr(" \t\n", one[len - 1]) != NULL)
			len--;
		bool open = len > 0 && one[len - 1] == '*';
		one[open ? len - 1 : len] = '\0';
		wg_map_label_fold(one, folded);
		code = add_one(labels, folded, open, field, fields, err);
		p += n;
		if (*p == '\0')
			break;
	}
	return code;
}

void wg_map_labels_free(struct wg_map_labels *labels)
{
	for (size_t i = 0; i < labels->count; i++) {
		if (labels->list[i].key != labels->list[i].text)
			free(labels->list[i].key);
		free(labels->list[i].text);
	}
	free(labels->list);
	free(labels->slots);
	*labels = (struct wg_map_labels){ 0 };
}

size_t wg_map_phrase_in(const struct wg_map_labels *phrases, const char *text)
{
	char key[WG_MAP_LABEL_MAX];
	size_t longest = 0;
	wg_map_label_fold(text, key);
	wg_map_label_singular(key);
	for (size_t i = 0; i < phrases->count; i++) {
		const char *phrase = phrases->list[i].key;
		size_t n = strlen(phrase);
		for (const char *p = key; n > longest && (p = strstr(p, phrase)) != NULL; p++)
			if ((p == key || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
				longest = n;
	}
	return longest;
}
