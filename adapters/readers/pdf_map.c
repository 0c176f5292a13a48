/* pdf_map.c owns the set of objects that were seen: open addressing, at most half full. */
#include <stdlib.h>

#include "readers/pdf_internal.h"

#define FIRST_CAP 1024
/* Odd, from the golden ratio: neighbouring object numbers land apart. */
#define SPREAD UINT64_C(0x9E3779B97F4A7C15)

static size_t place(const struct wg_pdf_map *map, uint64_t key)
{
	size_t i = (size_t)((key * SPREAD) >> 20) & (map->cap - 1);
	while (map->keys[i] != 0 && map->keys[i] != key)
		i = (i + 1) & (map->cap - 1);
	return i;
}

static bool grow(struct wg_pdf_map *map)
{
	struct wg_pdf_map bigger = { .cap = map->cap == 0 ? FIRST_CAP : map->cap * 2 };
	bigger.keys = calloc(bigger.cap, sizeof *bigger.keys);
	bigger.values = calloc(bigger.cap, sizeof *bigger.values);
	if (bigger.keys == NULL || bigger.values == NULL) {
		wg_pdf_map_free(&bigger);
		map->no_memory = true;
		return false;
	}
	for (size_t i = 0; i < map->cap; i++) {
		if (map->keys[i] == 0)
			continue;
		size_t at = place(&bigger, map->keys[i]);
		bigger.keys[at] = map->keys[i];
		bigger.values[at] = map->values[i];
	}
	bigger.count = map->count;
	wg_pdf_map_free(map);
	*map = bigger;
	return true;
}

bool wg_pdf_map_add(struct wg_pdf_map *map, uint64_t key, uint32_t value)
{
	if (map->count * 2 >= map->cap && !grow(map))
		return false;
	size_t at = place(map, key);
	if (map->keys[at] == key)
		return false;
	map->keys[at] = key;
	map->values[at] = value;
	map->count++;
	return true;
}

bool wg_pdf_map_get(const struct wg_pdf_map *map, uint64_t key, uint32_t *value)
{
	if (map->cap == 0)
		return false;
	size_t at = place(map, key);
	if (map->keys[at] != key)
		return false;
	*value = map->values[at];
	return true;
}

void wg_pdf_map_free(struct wg_pdf_map *map)
{
	free(map->keys);
	free(map->values);
	*map = (struct wg_pdf_map){ 0 };
}
