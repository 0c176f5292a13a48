/* items.c owns struct wg_items: the lines and rows of one body. */
#include "readers/items.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The longest real report has a few hundred lines; a body with more than this is no form. */
#define ITEMS_MAX 50000

void wg_items_free(struct wg_items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		free(items->list[i].text);
		free(items->list[i].value);
	}
	free(items->list);
	*items = (struct wg_items){ .where = items->where };
}

/* An empty place at the end, not counted yet. */
static struct wg_item *place(struct wg_items *items)
{
	if (items->count >= ITEMS_MAX) {
		items->over = true;
		return NULL;
	}
	if (items->count == items->cap) {
		size_t cap = items->cap == 0 ? 64 : items->cap * 2;
		struct wg_item *bigger = reallocarray(items->list, cap, sizeof *bigger);
		if (bigger == NULL) {
			items->no_memory = true;
			return NULL;
		}
		items->list = bigger;
		items->cap = cap;
	}
	items->list[items->count] = (struct wg_item){ 0 };
	return &items->list[items->count];
}

struct wg_item *wg_items_line(struct wg_items *items, const char *text, size_t len)
{
	struct wg_item *item = place(items);
	if (item == NULL)
		return NULL;
	items->lines++;
	bool delimiter = len == 3 && memcmp(text, "-- ", 3) == 0; /* RFC 3676 4.3: the blank is part of it */
	while (!delimiter && len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	item->text = strndup(text, len);
	if (item->text == NULL) {
		items->no_memory = true;
		return NULL;
	}
	item->line = items->lines;
	items->count++;
	return item;
}

struct wg_item *wg_items_pair(struct wg_items *items, const char *label, const char *value)
{
	struct wg_item *item = place(items);
	if (item == NULL)
		return NULL;
	item->kind = WG_ITEM_PAIR;
	item->text = strdup(label);
	item->value = strdup(value);
	if (item->text == NULL || item->value == NULL) {
		free(item->text);
		free(item->value);
		items->no_memory = true;
		return NULL;
	}
	items->count++;
	return item;
}

void wg_items_splice(struct wg_items *into, struct wg_items *from)
{
	for (size_t i = 0; i < from->count; i++) {
		struct wg_item *item = place(into);
		if (item == NULL)
			break;
		*item = from->list[i];
		from->list[i] = (struct wg_item){ 0 };
		into->count++;
	}
	into->over = into->over || from->over;
	into->no_memory = into->no_memory || from->no_memory;
	into->lines = from->lines;
	into->tables = from->tables;
	into->data_rows = from->data_rows > into->data_rows ? from->data_rows : into->data_rows;
	wg_items_free(from);
}
