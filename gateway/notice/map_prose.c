/* map_prose.c owns the words that stand outside any field. */
#include <stdio.h>
#include <string.h>

#include "notice/map_internal.h"

/* From so many words with a small first letter on a line is a sentence. */
#define PROSE_WORDS 4

/* Words that begin with a small letter: a heading, a greeting, a signature has few of them, a sentence has not. */
static unsigned small_words(const char *line, size_t len)
{
	unsigned n = 0;
	for (size_t i = 0; i < len; i++)
		n += line[i] >= 'a' && line[i] <= 'z' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t');
	return n;
}

/* "His mother must not be told where he lives", written between the boxes, has no place in the notice and must not be
 * passed over: sentences outside any field call a person, but for those that the map names as saying nothing, what is
 * printed over the form, and headings that the map knows. */
static bool heading(const struct wg_map *map, const struct wg_map_keys *keys)
{
	for (size_t i = 0; i < map->n_fields; i++)
		if (map->fields[i].under.count > 0 && wg_map_labels_find(&map->fields[i].under, keys) != NULL)
			return true;
	return false;
}

static bool expected(const struct wg_map *maps, size_t count, const char *line)
{
	struct wg_map_keys keys;
	wg_map_label_keys(line, &keys);
	for (size_t i = 0; i < count; i++) {
		bool said = wg_map_labels_find(&maps[i].prose, &keys) != NULL ||
		            wg_map_labels_find(&maps[i].titles, &keys) != NULL || heading(&maps[i], &keys);
		for (size_t k = 0; k < maps[i].n_uses && !said; k++)
			said = wg_map_labels_find(&maps[i].uses[k]->prose, &keys) != NULL;
		if (said)
			return true;
	}
	return false;
}

unsigned wg_map_sentences(const struct wg_map *maps, size_t count, const char *text)
{
	unsigned found = 0;
	for (const char *line = text != NULL ? text : ""; *line != '\0';) {
		char one[WG_MAP_LABEL_MAX];
		size_t n = strcspn(line, "\n");
		(void)snprintf(one, sizeof one, "%.*s", (int)(n < sizeof one ? n : sizeof one - 1), line);
		found += small_words(line, n) >= PROSE_WORDS && !expected(maps, count, one);
		line += n + (line[n] == '\n');
	}
	return found;
}

unsigned wg_maps_sentences(const struct wg_maps *maps, const char *text)
{
	return wg_map_sentences(maps->maps, maps->count, text);
}
