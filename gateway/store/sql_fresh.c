/* sql_fresh.c owns the envelopes that were put a moment ago. What is decided is mostly leased at once, by the same
 * transaction or the next: then its bytes, whose hash was just taken, need not be read from the database, put together
 * and hashed once more. One is given away once; whoever comes later reads the database. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql_internal.h"

struct wg_fresh {
	struct wg_fresh *next; /* put later */
	int64_t id;            /* of the blob */
	size_t len;
	uint8_t *bytes;
};

static void drop_first(struct wg_store *store)
{
	struct wg_fresh *f = store->fresh;
	store->fresh = f->next;
	store->fresh_bytes -= f->len;
	free(f->bytes);
	free(f);
}

void wg_fresh_clear(struct wg_store *store)
{
	while (store->fresh != NULL)
		drop_first(store);
}

void wg_fresh_keep(struct wg_store *store, int64_t id, const void *p, size_t len)
{
	if (len == 0 || len > WG_STORE_FRESH_BYTES)
		return;
	while (store->fresh_bytes > WG_STORE_FRESH_BYTES - len)
		drop_first(store);
	struct wg_fresh *f = malloc(sizeof *f), **end = &store->fresh;
	uint8_t *bytes = malloc(len + 1);
	if (f == NULL || bytes == NULL) { /* then it is read */
		free(f);
		free(bytes);
		return;
	}
	memcpy(bytes, p, len);
	bytes[len] = 0;
	*f = (struct wg_fresh){ .id = id, .len = len, .bytes = bytes };
	while (*end != NULL)
		end = &(*end)->next;
	*end = f;
	store->fresh_bytes += len;
}

bool wg_fresh_take(struct wg_store *store, int64_t id, uint8_t **out, size_t *len)
{
	struct wg_fresh **at = &store->fresh;
	while (*at != NULL && (*at)->id != id)
		at = &(*at)->next;
	struct wg_fresh *f = *at;
	if (f == NULL)
		return false;
	*at = f->next;
	store->fresh_bytes -= f->len;
	*out = f->bytes;
	*len = f->len;
	free(f);
	return true;
}
