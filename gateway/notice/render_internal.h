/* A notice as a page for people: which fields there are, in which sections, under which words. render_looks.h lays it
 * out. For this room. */
#ifndef WG_NOTICE_RENDER_INTERNAL_H
#define WG_NOTICE_RENDER_INTERNAL_H

#include <string.h>

#include "notice/notice_internal.h"

/* Where a field stands: each is listed by one section (render_page.c). */
enum wg_part {
	WG_PART_NONE, /* of a field in a section of its own */
	WG_PART_DO,
	WG_PART_RING,
	WG_PART_KEY_1,
	WG_PART_KEY_2,
	WG_PART_KEY_3,
	WG_PART_WHAT,
	WG_PART_OTHER,
	WG_PART_RISK_1,
	WG_PART_RISK_2,
	WG_PART_EPISODE,
	WG_PART_DESCRIPTION_1,
	WG_PART_DESCRIPTION_2,
	WG_PART_PHOTOGRAPH,
	WG_PART_HEALTH,
	WG_PART_CONTACT,
	WG_PART_CARE,
	WG_PART_PLACEMENT,
	WG_PART_WORKERS,
	WG_PART_PEOPLE_1,
	WG_PART_PEOPLE_2,
	WG_PART_IDENTITY,
	WG_PART_SHARING,
	WG_PART_AUTHORITIES,
	WG_PART_WITHHELD,
	WG_PART_ABOUT
};

/* Parts that one section lists. */
#define WG_SECTION_PARTS 3

/* Words are offsets into the page's: its memory moves while it is made. */
struct wg_field {
	size_t label, value;
	enum wg_part part;
	size_t section; /* of WG_PART_NONE: the number of the section that holds it */
};

struct wg_section {
	size_t title;
	enum wg_part parts[WG_SECTION_PARTS]; /* the last ones WG_PART_NONE */
};

/* Invariant: a section without fields is left out of what is laid out, not of this. */
struct wg_page {
	struct wg_buf words; /* NUL after each; not to be used when it failed */
	size_t title, marking;
	bool good_news;          /* a child was found */
	struct wg_field *fields; /* in the document's order */
	size_t field_count, field_room;
	struct wg_section *sections;
	size_t section_count, section_room;
	bool failed; /* memory ran out */
};

/* The page of a notice. WG_SYSTEM when memory runs out, WG_LIMIT when its words are longer than any rendering may be.
 * The caller frees, which wipes. */
enum wg_code wg_page_new(const struct wg_notice *notice, struct wg_page **out, struct wg_err *err) WG_MUST;
void wg_page_freep(struct wg_page **page);

/* ---- for render_page.c, of elements of a notice ---- */

/* The name of an element; "" of what is none. */
static inline const char *wg_render_name(const xmlNode *node)
{
	return node != NULL && node->type == XML_ELEMENT_NODE ? (const char *)node->name : "";
}

/* The first letters are compared here: most lines of the lists end with them. */
static inline bool wg_render_same(const char *a, const char *b)
{
	return *a == *b && strcmp(a, b) == 0;
}

/* The element has that name, and (unless NULL) its parent the other. */
static inline bool wg_render_is(const xmlNode *node, const char *parent, const char *name)
{
	return wg_render_same(wg_render_name(node), name) &&
	       (parent == NULL || wg_render_same(wg_render_name(node->parent), parent));
}

/* What is written in an attribute: NULL or "" when it is not there. Borrowed. */
const char *wg_render_attribute(const xmlNode *node, const char *name);
const char *wg_render_attribute_or(const xmlNode *node, const char *name);
/* "not-known" as "Not known", and as "not known". */
void wg_render_words(const char *name, struct wg_buf *out);
void wg_render_blanks(const char *name, struct wg_buf *out);
/* The title of the page of a notice of that kind, and of the section of a holder. */
void wg_render_title(const xmlNode *root, const char *kind, struct wg_buf *out);
void wg_render_holder(const xmlNode *holder, struct wg_buf *out);
void wg_render_label(const xmlNode *node, struct wg_buf *out);
enum wg_part wg_render_part(const xmlNode *node);
/* The value of an element without elements: what was said, and beside it what an attribute adds. place: its own, or
 * NULL. */
void wg_render_value(const xmlNode *node, const struct wg_place *place, struct wg_buf *out);

#endif
