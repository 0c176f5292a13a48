/* elements.c owns the list of places at which a notice holds something: for the disclosure register, which says what
 * was given and never what stood there. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "notice/notice_internal.h"

/* One place of the schema that the notice uses. Together they are a tree by number, since the list moves as it grows;
 * the order of first use is the order of the document. Invariant: 0, the root, is nobody's next or first. */
struct spot {
	const struct wg_place *place;
	const struct wg_attribute *attribute; /* NULL: the element itself */
	size_t above, first, last, next;      /* numbers of spots; 0: none */
	wg_categories need;
	unsigned count; /* times that it holds something itself */
};

struct survey {
	struct spot *spots;
	size_t used, room;
};

/* Spots at first: a short notice has some fifty. */
#define ROOM_AT_FIRST 128

/* The spot of a place below another, made at first use; false when memory ran out. */
static bool spot_below(struct survey *s, size_t above, const struct wg_place *place,
                       const struct wg_attribute *attribute, size_t *out)
{
	for (size_t i = s->spots[above].first; i != 0; i = s->spots[i].next)
		if (s->spots[i].place == place && s->spots[i].attribute == attribute) {
			*out = i;
			return true;
		}
	if (s->used == s->room) {
		struct spot *more = realloc(s->spots, 2 * s->room * sizeof *more);
		if (more == NULL)
			return false;
		s->spots = more;
		s->room *= 2;
	}
	wg_categories own = attribute != NULL ? wg_place_attribute_category(place, attribute) : place->category;
	size_t i = s->used++, last = s->spots[above].last;
	s->spots[i] = (struct spot){ .place = place, .attribute = attribute, .above = above };
	s->spots[i].need = s->spots[above].need | own;
	*(last != 0 ? &s->spots[last].next : &s->spots[above].first) = i;
	s->spots[above].last = i;
	*out = i;
	return true;
}

/* The recursion is bounded by the depth that wg_xml_parse allows. What the schema does not know is not in a notice. */
static bool survey_node(struct survey *s, size_t here, const xmlNode *node)
{
	const struct wg_place *place = s->spots[here].place;
	size_t below = 0;
	s->spots[here].count += wg_place_text(place) && wg_node_says(node) ? 1 : 0;
	for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
		if (!spot_below(s, here, place, wg_type_attribute(place->type, (const char *)a->name), &below))
			return false;
		s->spots[below].count++;
	}
	for (const xmlNode *c = wg_xml_first(node, NULL); c != NULL; c = wg_xml_next(c, NULL))
		if (!spot_below(s, here, wg_type_place(place->type, (const char *)c->name), NULL, &below) ||
		    !survey_node(s, below, c))
			return false;
	return true;
}

/* What is written, in the order of the document. path: of the spot that is being written, its end moves. */
struct writing {
	const struct survey *s;
	struct wg_notice_element *out;
	unsigned count;
	char path[sizeof((struct wg_notice_element *)NULL)->path];
	bool fits;
};

/* Adds a step to the path, which ends at len; where it ends then. A path that does not fit is noted and stays. */
static size_t add_step(struct writing *w, size_t len, const struct spot *spot)
{
	const char *parts[] = { len > 0 ? "/" : "", spot->attribute != NULL ? "@" : "",
		                    spot->attribute != NULL ? spot->attribute->name : spot->place->name };
	for (size_t i = 0; i < WG_COUNT(parts); i++) {
		size_t n = strlen(parts[i]);
		w->fits = w->fits && n < sizeof w->path - len;
		if (!w->fits)
			return len;
		memcpy(w->path + len, parts[i], n + 1);
		len += n;
	}
	return len;
}

static void write_spot(struct writing *w, size_t i, size_t above)
{
	const struct spot *spot = &w->s->spots[i];
	size_t len = i == 0 ? 0 : add_step(w, above, spot);
	if (spot->count > 0 && w->fits) {
		struct wg_notice_element *e = &w->out[w->count++];
		e->need = spot->need;
		e->count = spot->count;
		memcpy(e->path, w->path, len + 1);
		wg_categories own =
			spot->attribute != NULL ? wg_place_attribute_category(spot->place, spot->attribute) : spot->place->category;
		e->category = (unsigned)__builtin_ctzll(own); /* one bit: the loader saw to it */
	}
	for (size_t c = spot->first; c != 0; c = w->s->spots[c].next) {
		write_spot(w, c, len);
		w->path[len] = '\0';
	}
}

enum wg_code wg_notice_elements(const struct wg_notice *notice, struct wg_notice_element **out, unsigned *count,
                                struct wg_err *err)
{
	const struct wg_place *root = &notice->schema->root;
	struct survey s = { .spots = malloc(ROOM_AT_FIRST * sizeof *s.spots), .used = 1, .room = ROOM_AT_FIRST };
	if (s.spots == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a list of a notice's places");
	s.spots[0] = (struct spot){ .place = root, .need = root->category };
	bool whole = survey_node(&s, 0, wg_xml_root(notice->xml));
	struct writing w = { .s = &s, .fits = true };
	w.out = whole ? calloc(s.used, sizeof *w.out) : NULL;
	if (w.out != NULL)
		write_spot(&w, 0, 0);
	free(s.spots);
	if (w.out == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a list of a notice's places");
	if (!w.fits) {
		free(w.out);
		return wg_err_set(err, WG_LIMIT, "a place of the schema has a longer path than %zu bytes", sizeof w.out->path);
	}
	*out = w.out;
	*count = w.count;
	return WG_OK;
}
