/* sql_fresh.c owns the documents that were put a moment ago and are leased next: originals, and envelopes. What is
 * accepted or decided is mostly leased at once, by the same transaction or one soon after: then its bytes, whose hash
 * was just taken, need not be read from the database, put together and hashed once more. One is given away once;
 * whoever comes later reads the database. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql_internal.h"

struct wg_fresh {
	struct wg_fresh *next; /* put later */
	int64_t id;            /* of the blob */
	uint64_t number;       /* of all that were put */
	size_t len;
	uint8_t *bytes;
};

/* Takes the one that *at points to out of its list. */
static struct wg_fresh *unlink_at(struct wg_fresh_list *list, struct wg_fresh **at)
{
	struct wg_fresh *f = *at;
	*at = f->next;
	if (list->end == &f->next)
		list->end = at;
	list->bytes -= f->len;
	return f;
}

static void drop_at(struct wg_fresh_list *list, struct wg_fresh **at)
{
	struct wg_fresh *f = unlink_at(list, at);
	free(f->bytes);
	free(f);
}

static void drop_after(struct wg_store *store, uint64_t number)
{
	for (size_t i = 0; i < WG_COUNT(store->fresh); i++) {
		struct wg_fresh **at = &store->fresh[i].first;
		while (*at != NULL && (*at)->number <= number)
			at = &(*at)->next;
		while (*at != NULL)
			drop_at(&store->fresh[i], at);
	}
}

void wg_fresh_clear(struct wg_store *store)
{
	drop_after(store, 0);
}

void wg_fresh_mark(struct wg_store *store)
{
	store->fresh_marked = store->fresh_put;
}

void wg_fresh_undo(struct wg_store *store)
{
	drop_after(store, store->fresh_marked);
}

void wg_fresh_mark_ends(struct wg_store *store)
{
	store->fresh_marked = 0;
}

void wg_fresh_keep(struct wg_store *store, enum wg_fresh_kind kind, int64_t id, const void *p, size_t len)
{
	struct wg_fresh_list *list = &store->fresh[kind];
	if (len == 0 || len > WG_STORE_FRESH_BYTES)
		return;
	while (list->bytes > WG_STORE_FRESH_BYTES - len)
		drop_at(list, &list->first);
	struct wg_fresh *f = malloc(sizeof *f);
	uint8_t *bytes = malloc(len + 1);
	if (f == NULL || bytes == NULL) { /* then it is read */
		free(f);
		free(bytes);
		return;
	}
	memcpy(bytes, p, len);
	bytes[len] = 0;
	*f = (struct wg_fresh){ .id = id, .number = ++store->fresh_put, .len = len, .bytes = bytes };
	if (list->first == NULL)
		list->end = &list->first;
	*list->end = f;
	list->end = &f->next;
	list->bytes += len;
}

bool wg_fresh_take(struct wg_store *store, enum wg_fresh_kind kind, int64_t id, uint8_t **out, size_t *len)
{
	struct wg_fresh_list *list = &store->fresh[kind];
	struct wg_fresh **at = &list->first;
	while (*at != NULL && (*at)->id != id)
		at = &(*at)->next;
	if (*at == NULL)
		return false;
	struct wg_fresh *f = unlink_at(list, at);
	*out = f->bytes;
	*len = f->len;
	free(f);
	return true;
}
