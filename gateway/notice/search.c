/* search.c owns the walk through a copy that looks for what could be somebody, and the list of what was found.
 * SECURITY: the words were written by strangers: time and list are bounded, and what was found is wiped when it goes.
 */
#include "notice/search.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "notice/notice_internal.h"
#include "notice/search_internal.h"

/* Candidates at first, of a page of text some hundred; the list doubles. A power of two, as WG_TRACES_MAX is not: the
 * last doubling goes beyond it. */
#define ROOM_AT_FIRST 256

#define PATH_MAX_BYTES sizeof(((struct wg_trace *)0)->path)

/* ---- the list */

/* FNV-1a. */
static uint32_t hash_of(enum wg_trace_kind kind, const char *value, const char *path)
{
	uint32_t h = 2166136261u ^ (uint32_t)kind;
	const char *parts[] = { value, path };
	for (size_t i = 0; i < WG_COUNT(parts); i++)
		for (const char *p = parts[i];; p++) {
			h = (h ^ (uint8_t)*p) * 16777619u;
			if (*p == '\0')
				break;
		}
	return h;
}

/* The slot that holds the candidate, or the empty one where it belongs. */
static uint32_t *slot_of(const struct wg_traces *t, enum wg_trace_kind kind, const char *value, const char *path)
{
	uint32_t mask = 2 * t->room - 1;
	uint32_t i = hash_of(kind, value, path) & mask;
	for (;; i = (i + 1) & mask) {
		const struct wg_trace *there = t->slots[i] != 0 ? &t->list[t->slots[i] - 1] : NULL;
		if (there == NULL ||
		    (there->kind == kind && strcmp(there->value, value) == 0 && strcmp(there->path, path) == 0))
			return &t->slots[i];
	}
}

/* Twice the room, the old list wiped: realloc would leave it behind. */
static bool grow(struct wg_traces *t)
{
	unsigned room = t->room > 0 ? 2 * t->room : ROOM_AT_FIRST;
	struct wg_traces more = { .count = t->count, .room = room };
	more.list = malloc(room * sizeof *more.list); /* each is written whole when it is added */
	more.slots = calloc((size_t)2 * room, sizeof *more.slots);
	if (more.list == NULL || more.slots == NULL) {
		free(more.list);
		free(more.slots);
		return false;
	}
	for (unsigned i = 0; i < t->count; i++) {
		more.list[i] = t->list[i];
		*slot_of(&more, t->list[i].kind, t->list[i].value, t->list[i].path) = i + 1;
	}
	wg_traces_free(t->list, t->count);
	free(t->slots);
	t->list = more.list;
	t->slots = more.slots;
	t->room = room;
	return true;
}

bool wg_traces_over(const struct wg_traces *t)
{
	return t->full || t->failed;
}

/* Cut where it does not fit; the searches and walk see to it that it does. */
static void copy(char *out, size_t size, const char *text)
{
	size_t n = strnlen(text, size - 1);
	memcpy(out, text, n);
	out[n] = '\0';
}

void wg_traces_add(struct wg_traces *t, enum wg_trace_kind kind, const char *value)
{
	if (wg_traces_over(t) || value[0] == '\0')
		return;
	uint32_t *slot = t->room > 0 ? slot_of(t, kind, value, t->path) : NULL;
	if (slot != NULL && *slot != 0)
		return;
	t->full = t->count == WG_TRACES_MAX;
	t->failed = !t->full && t->count == t->room && !grow(t);
	if (wg_traces_over(t))
		return;
	struct wg_trace *trace = &t->list[t->count];
	trace->kind = kind;
	trace->category = t->category;
	copy(trace->value, sizeof trace->value, value);
	copy(trace->path, sizeof trace->path, t->path);
	*slot_of(t, kind, trace->value, trace->path) = ++t->count;
}

/* ---- the walk */

static void search_text(struct wg_traces *t, const char *text, enum wg_schema_words_kind words)
{
	char *plain = wg_search_plain(text);
	t->failed = t->failed || plain == NULL;
	if (plain == NULL)
		return;
	if (plain[strcspn(plain, "0123456789")] != '\0') { /* in each of these there is one */
		wg_search_numbers(t, plain);
		wg_search_postcodes(t, plain);
		wg_search_births(t, plain);
	}
	if (words == WG_WORDS_PROSE)
		wg_search_names(t, plain);
	wg_wipe(plain, strlen(plain));
	free(plain);
}

static void search_place(struct wg_traces *t, const char *path, wg_categories own, const xmlNode *node,
                         enum wg_schema_words_kind words)
{
	if (own == wg_category_find("administrative") || words == WG_WORDS_BYTES || wg_traces_over(t))
		return;
	const char *only = wg_xml_only_text(node);
	char *joined = only == NULL ? wg_xml_text(node) : NULL;
	t->failed = only == NULL && joined == NULL;
	if (t->failed)
		return;
	t->path = path;
	t->category = (unsigned)__builtin_ctzll(own); /* one bit: the loader saw to it */
	search_text(t, only != NULL ? only : joined, words);
	t->path = NULL; /* the caller's */
	if (joined != NULL)
		wg_wipe(joined, strlen(joined));
	free(joined);
}

/* The path of what is below another: "path/name", "path/@name", without the first slash where there is none above. Cut
 * where it does not fit: wg_notice_elements says when not. */
static void join(char out[PATH_MAX_BYTES], const char *path, bool attribute, const char *name)
{
	const size_t above = strlen(path), room = PATH_MAX_BYTES - 1;
	size_t n = above, more = strlen(name);
	memcpy(out, path, above); /* it was made here too, or is "" */
	if (above > 0 && n < room)
		out[n++] = '/';
	if (attribute && n < room)
		out[n++] = '@';
	more = more < room - n ? more : room - n;
	memcpy(out + n, name, more);
	out[n + more] = '\0';
}

/* The recursion is bounded by the depth that wg_xml_parse allows. What the schema does not know is not in a notice. */
static void walk(struct wg_traces *t, const xmlNode *node, const struct wg_place *place, const char *path)
{
	char below[PATH_MAX_BYTES];
	if (wg_place_text(place))
		search_place(t, path, place->category, node, place->words);
	for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
		const struct wg_attribute *known = wg_type_attribute(place->type, (const char *)a->name);
		join(below, path, true, known->name);
		search_place(t, below, wg_place_attribute_category(place, known), (const xmlNode *)a, known->words);
	}
	for (const xmlNode *c = wg_xml_first(node, NULL); c != NULL; c = wg_xml_next(c, NULL)) {
		join(below, path, false, (const char *)c->name);
		walk(t, c, wg_type_place(place->type, (const char *)c->name), below);
	}
}

enum wg_code wg_notice_traces(const struct wg_notice *copy, struct wg_trace **out, unsigned *count, bool *more,
                              struct wg_err *err)
{
	struct wg_traces t = { 0 };
	walk(&t, wg_xml_root(copy->xml), &copy->schema->root, "");
	free(t.slots);
	if (t.failed) {
		wg_traces_free(t.list, t.count);
		return wg_err_set(err, WG_SYSTEM, "no memory to search a copy");
	}
	*out = t.list;
	*count = t.count;
	*more = t.full;
	return WG_OK;
}

void wg_traces_free(struct wg_trace *traces, unsigned count)
{
	if (traces != NULL)
		wg_wipe(traces, count * sizeof *traces);
	free(traces);
}
