/* What a loaded schema says of itself in words; for this room. The lists and pages for people: notice.h. */
#ifndef WG_NOTICE_SCHEMA_PRINT_H
#define WG_NOTICE_SCHEMA_PRINT_H

#include "base/buf.h"
#include "notice/schema_internal.h"

/* The documentation of a declaration, blanks run together; nothing when there is none or declared is NULL. */
void wg_schema_words(const struct _xmlNode *declared, struct wg_buf *out);

/* The element of that name in WG_SCHEMA_LABEL_NS under xs:annotation/xs:appinfo; NULL when there is none. */
const struct _xmlNode *wg_schema_info(const struct _xmlNode *declared, const char *name);

/* The first xs:enumeration of a simple type; NULL when it has none. */
const struct _xmlNode *wg_schema_codes(const struct wg_schema *schema, const char *type);

/* The name of the simple type of the text of a place (of a type with attributes: what it extends; of a place that holds
 * others: its own type). False when there is none that fits. */
bool wg_place_type_name(const struct wg_schema *schema, const struct wg_place *place, char *out, size_t size);

/* Called for every place in the order of the schema, attributes of an element (attribute not NULL, place is its
 * element) before what stands below it. path: "child/telephone[+]/@network". */
typedef void (*wg_schema_visit)(void *arg, const char *path, const struct wg_place *place,
                                const struct wg_attribute *attribute);

/* Visits every place of notices of a kind, or of all kinds when kind is NULL; WG_CONFIG when there is no such kind. */
enum wg_code wg_schema_walk(const struct wg_schema *schema, const char *kind, wg_schema_visit visit, void *arg,
                            struct wg_err *err) WG_MUST;

#endif
