/* The notice schema as this room uses it: what may stand where, in which order, and the category of each. Derived from
 * the XSD documents themselves, so that there is one truth. */
#ifndef WG_NOTICE_SCHEMA_INTERNAL_H
#define WG_NOTICE_SCHEMA_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/limits.h"
#include "notice/category.h"

/* A type of the schema: 24 children in the longest. */
#define WG_SCHEMA_PLACES 48
#define WG_SCHEMA_ATTRIBUTES 8
#define WG_SCHEMA_TYPES 96

struct wg_xml_xsd;
struct wg_type;

/* One element declaration. */
struct wg_place {
	char name[WG_LIMIT_NAME + 1];
	const struct wg_type *type; /* NULL: text without attributes */
	wg_categories category;     /* exactly one bit */
	bool kept;                  /* not optional where it stands: a copy keeps it when it is emptied */
	bool repeats;
};

/* One attribute declaration. */
struct wg_attribute {
	char name[WG_LIMIT_NAME + 1];
	wg_categories category; /* one bit, or none: that of the element */
	bool required;
};

/* A complex type. Invariants: (1) places stand in the order in which the schema wants the elements; (2) names are
 * unique within places and within attributes; (3) text implies that there are no places. */
struct wg_type {
	char name[WG_LIMIT_NAME + 1];
	bool text;
	bool built; /* false only while the schema loads */
	struct wg_place places[WG_SCHEMA_PLACES];
	size_t n_places;
	struct wg_attribute attributes[WG_SCHEMA_ATTRIBUTES];
	size_t n_attributes;
};

struct wg_schema {
	struct wg_xml_xsd *xsd;
	struct wg_place root;
	struct wg_type *types[WG_SCHEMA_TYPES]; /* pointers, so that places may point at types while the list grows */
	size_t n_types;
};

/* NULL when the type (or a NULL type) has no such element or attribute. */
const struct wg_place *wg_type_place(const struct wg_type *type, const char *name);
const struct wg_attribute *wg_type_attribute(const struct wg_type *type, const char *name);

/* The nearest name of an element (attribute: an attribute) of that type; "" when it has none. */
const char *wg_type_nearest(const struct wg_type *type, const char *name, bool attribute);

/* True when elements of the place hold text rather than elements. */
bool wg_place_text(const struct wg_place *place);

/* The category an attribute has on an element of that place. */
wg_categories wg_place_attribute_category(const struct wg_place *place, const struct wg_attribute *attribute);

/* One step of a path: "name", "name[+]", "name[last]", or "@name". */
struct wg_step {
	char name[WG_LIMIT_NAME + 1];
	bool attribute, add, last;
};

/* Reads the next step at *path and moves *path behind it and its slash; false when it is not a step. */
bool wg_path_step(const char **path, struct wg_step *step);

/* Follows a path from <notice> ("child/name/full", "child/@looked-after"): true when there is such a place. The
 * category is that of the element or the attribute; *text tells that it can be set. Both may be NULL. */
bool wg_schema_find(const struct wg_schema *schema, const char *path, wg_categories *category, bool *text);

/* WG_CONFIG, with the step that is not there and the nearest name that is; for a path that wg_schema_find does not
 * find. */
enum wg_code wg_schema_complain(const struct wg_schema *schema, const char *path, struct wg_err *err);

/* Whether any type has an element (attribute: an attribute) of that name, and the nearest name otherwise. */
bool wg_schema_knows(const struct wg_schema *schema, const char *name, bool attribute);
const char *wg_schema_nearest(const struct wg_schema *schema, const char *name, bool attribute);

#endif
