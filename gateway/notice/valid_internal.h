/* Whether a notice is as the schema wants it, found without libxml2's validator; for this room. What the check does not
 * understand, of the schema or of a document, it leaves to libxml2: its yes is libxml2's yes, and it never says no. */
#ifndef WG_NOTICE_VALID_INTERNAL_H
#define WG_NOTICE_VALID_INTERNAL_H

#include "notice/schema_internal.h"

/* A simple type, and what it adds to the one that it rests on (valid_value.c). */
struct wg_simple;

/* The simple type of that name ("line", "xs:token"), read when it is new; it lives as long as the schema. WG_CONFIG
 * when a pattern cannot be compiled. */
enum wg_code wg_simple_named(struct wg_schema *schema, const char *name, const struct wg_simple **out,
                             struct wg_err *err) WG_MUST;
/* The same type with this one value only: of fixed="". */
enum wg_code wg_simple_fixed(struct wg_schema *schema, const struct wg_simple *of, const char *value,
                             const struct wg_simple **out, struct wg_err *err) WG_MUST;
/* All of the definition is understood, and of those it rests on. */
bool wg_simple_known(const struct wg_simple *simple);
/* True: the value is valid. False: it is not, or it is written in a way that is left to libxml2 (blanks that the type
 * would take away, a time such as 24:00:00, base64 with line ends). */
bool wg_simple_holds(const struct wg_simple *simple, const char *value);

/* For schema_load.c, when the types are there: how often and in which order elements stand, and the simple type of each
 * text and attribute (valid_model.c). */
enum wg_code wg_schema_load_valid(struct wg_schema *schema, struct wg_err *err) WG_MUST;
void wg_schema_free_valid(struct wg_schema *schema);

/* True: the element and all below it are a valid notice by the schema's documents (not: by what wg_notice_validate
 * checks besides). False: wg_xml_validate has to be asked. */
bool wg_valid(const struct wg_schema *schema, const struct _xmlNode *root);

#endif
