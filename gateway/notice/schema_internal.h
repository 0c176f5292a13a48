/* The notice schema as this room uses it: what may stand where, in which order, and the category of each. Derived from
 * the XSD documents themselves, so that there is one truth. */
#ifndef WG_NOTICE_SCHEMA_INTERNAL_H
#define WG_NOTICE_SCHEMA_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/limits.h"
#include "notice/category.h"

/* The namespace of what the XSD documents say of themselves under xs:appinfo: categories, bodies, code lists. */
#define WG_SCHEMA_LABEL_NS "urn:wardgate:schema:1"

/* Elements in one type: the child has 46, the body of a placement notice 45. */
#define WG_SCHEMA_PLACES 80
/* Attributes of one type: 10 in the longest, of an answer about sharing. */
#define WG_SCHEMA_ATTRIBUTES 16
/* Types that hold elements or attributes: 102 today. */
#define WG_SCHEMA_TYPES 192
/* Kinds of notice: 43, of the 40 rows of requirements section 2. */
#define WG_SCHEMA_KINDS 96
/* The documents of one schema: 22 today. */
#define WG_SCHEMA_DOCUMENTS 32
/* What a kind requires, as text: 171 bytes in the longest today. */
#define WG_SCHEMA_REQUIRES 512

struct wg_xml;
struct wg_xml_xsd;
struct _xmlNode;
struct wg_type;
struct wg_codes;  /* the codes of a simple type and what each means (schema_codes.c) */
struct wg_simple; /* what a simple type lets its values be (valid_value.c) */

/* What kind of words a place takes, by the type that its own rests on in the end. */
enum wg_schema_words_kind {
	WG_WORDS_SHORT, /* a line, a code, a date, a number */
	WG_WORDS_PROSE, /* of the type said */
	WG_WORDS_BYTES  /* base64 */
};

/* One element declaration. */
struct wg_place {
	char name[WG_LIMIT_NAME + 1];
	const struct wg_type *type;      /* NULL: text without attributes */
	wg_categories category;          /* exactly one bit */
	wg_categories may;               /* what its text may hold besides */
	enum wg_schema_words_kind words; /* of its text */
	const struct wg_codes *codes;    /* of its text; NULL: it is no code */
	const struct _xmlNode *declared; /* xs:element, in one of the schema's documents */
	bool kept;                       /* not optional where it stands: a copy keeps it when it is emptied */
	bool repeats;
	unsigned least, most;           /* how often it stands; UINT_MAX: any number of times */
	unsigned choice;                /* 0, or number of the choice in its type: one of those stands, once */
	const struct wg_simple *simple; /* of its text */
	bool by_default;                /* empty it says what its declaration says */
};

/* One attribute declaration. */
struct wg_attribute {
	char name[WG_LIMIT_NAME + 1];
	wg_categories category;          /* one bit, or none: that of the element */
	enum wg_schema_words_kind words; /* of its value */
	const struct wg_codes *codes;    /* likewise */
	const struct _xmlNode *declared; /* xs:attribute */
	const struct wg_simple *simple;
	bool required;
};

/* A complex type. Invariants: (1) places stand in the order in which the schema wants the elements; (2) names are
 * unique within places and within attributes; (3) text implies that there are no places. */
struct wg_type {
	char name[WG_LIMIT_NAME + 1];
	bool text;
	bool built;   /* false only while the schema loads */
	bool checked; /* all that its definition says is known to valid.c */
	struct wg_place places[WG_SCHEMA_PLACES];
	size_t n_places;
	struct wg_attribute attributes[WG_SCHEMA_ATTRIBUTES];
	size_t n_attributes;
};

/* One kind of notice. */
struct wg_kind {
	char name[WG_LIMIT_NAME + 1];
	const struct wg_place *body;       /* a place of the root's type */
	char requires[WG_SCHEMA_REQUIRES]; /* places with single blanks between, a|b where one of several is enough; or ""
	                                    */
	const struct _xmlNode *declared;   /* xs:enumeration */
};

/* What stands directly below the root of one of the documents, and has a name. All borrowed from the document. */
struct wg_global {
	const char *kind, *name; /* "complexType" */
	const struct _xmlNode *node;
};

struct wg_schema {
	struct wg_xml_xsd *xsd;
	struct wg_xml *docs[WG_SCHEMA_DOCUMENTS]; /* kept: declared points into them */
	size_t n_docs;
	struct wg_global *globals; /* sorted by name, then kind */
	size_t n_globals;
	struct wg_kind kinds[WG_SCHEMA_KINDS]; /* in the order of the schema */
	size_t n_kinds;
	struct wg_codes *codes;    /* all of them */
	struct wg_simple *simples; /* likewise */
	struct wg_place root;
	struct wg_type *types[WG_SCHEMA_TYPES]; /* pointers, so that places may point at types while the list grows */
	size_t n_types;
};

/* NULL when there is no such kind. */
const struct wg_kind *wg_schema_kind_named(const struct wg_schema *schema, const char *kind);

/* True when that place, of the root's type, is the body of some kind. */
bool wg_schema_is_body(const struct wg_schema *schema, const struct wg_place *place);

/* The global definition ("complexType", "simpleType") of that name; NULL when there is none. */
const struct _xmlNode *wg_schema_global(const struct wg_schema *schema, const char *definition, const char *name);

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
	unsigned nth; /* 1 to 9, for reading only; else 0 */
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

/* For schema_load.c, when the documents are there: globals. */
enum wg_code wg_schema_load_globals(struct wg_schema *schema, struct wg_err *err) WG_MUST;

/* For schema_load.c: reads the kinds, their bodies and what they require (schema_kinds.c). WG_CONFIG when a body or a
 * required place is not in the schema. */
enum wg_code wg_schema_load_kinds(struct wg_schema *schema, const char *folder, struct wg_err *err) WG_MUST;

/* For schema_load.c, when all else is loaded: what the text of each place may hold (schema_may.c). WG_CONFIG with
 * file:line when it names a category that is none. */
enum wg_code wg_schema_load_may(struct wg_schema *schema, struct wg_err *err) WG_MUST;

/* For schema_load.c, when the types are there: the codes of each place. */
enum wg_code wg_schema_load_codes(struct wg_schema *schema, struct wg_err *err) WG_MUST;
void wg_schema_free_codes(struct wg_schema *schema);

/* What a code means: of code where the place has an attribute code, else of value, its text; "" when the list has no
 * words for it. Lives as long as the schema. */
const char *wg_place_meaning(const struct wg_place *place, const char *value, const char *code);

#endif
