/* map_choose.c owns the question which form this is.
 * SECURITY: a sender decides what stands in subject and labels; the worst that a wrong word does here is a person's
 * look. */
#include <stdio.h>
#include <string.h>

#include "notice/map_internal.h"
#include "notice/value.h"

/* Answered fields whose label only this form has. */
static size_t count_signature(const struct wg_map *map, const struct wg_fields *fields)
{
	size_t n = 0;
	for (size_t i = 0; i < fields->count; i++) {
		char folded[WG_MAP_LABEL_MAX];
		wg_map_label_fold(fields->fields[i].label, folded);
		n += !wg_value_blank(fields->fields[i].value) && wg_map_labels_find(&map->signature, folded) != NULL;
	}
	return n;
}

/* Takes away every map that another one in the set stands above. */
static void give_way(const struct wg_maps *maps, bool *in, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; in[i] && k < n; k++)
			if (in[k] && strcmp(maps->maps[k].id, maps->maps[i].over) == 0)
				in[k] = false;
}

static size_t only_one(const bool *in, size_t n, const struct wg_maps *maps, const struct wg_map **one)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		if (in[i]) {
			*one = &maps->maps[i];
			count++;
		}
	return count;
}

static bool stands_below(const struct wg_maps *maps, const bool *in, size_t n, const struct wg_map *map)
{
	bool below = false;
	for (size_t i = 0; i < n; i++)
		below = below || (in[i] && strcmp(maps->maps[i].over, map->id) == 0);
	return below;
}

/* The labels say what a form is; the subject speaks where they are silent or fit several. A map that stands above
 * another (a found report repeats the words of the missing one) wins by labels, unless the subject speaks for the other
 * alone. */
const struct wg_map *wg_map_choose(const struct wg_maps *maps, const struct wg_fields *fields, char *why, size_t size)
{
	bool label[WG_MAP_MAPS_MAX] = { false }, subject[WG_MAP_MAPS_MAX] = { false }, both[WG_MAP_MAPS_MAX];
	const struct wg_map *one = NULL;
	bool any_label = false, any_subject = false;
	size_t n = maps->count;
	for (size_t i = 0; i < n; i++) {
		label[i] = count_signature(&maps->maps[i], fields) > 0;
		subject[i] = fields->subject != NULL && wg_map_phrase_in(&maps->maps[i].subjects, fields->subject);
		any_label = any_label || label[i];
		any_subject = any_subject || subject[i];
	}
	why[0] = '\0';
	give_way(maps, subject, n);
	const bool *in = any_label ? label : subject;
	if (!any_label && !any_subject) {
		(void)snprintf(why, size, "no map knows this form");
		return NULL;
	}
	if (only_one(in, n, maps, &one) == 1)
		return one;
	for (size_t i = 0; i < n; i++)
		both[i] = label[i] && subject[i];
	if (only_one(both, n, maps, &one) == 1 && !stands_below(maps, label, n, one))
		return one;
	if (any_label && !any_subject) {
		give_way(maps, label, n);
		if (only_one(label, n, maps, &one) == 1)
			return one;
	}
	(void)snprintf(why, size, "more than one map fits this form equally");
	return NULL;
}
