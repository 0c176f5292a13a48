/* The check of a file of ours against its schema, in words that help. */
#ifndef WG_POLICY_NAMES_INTERNAL_H
#define WG_POLICY_NAMES_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/sha256.h"
#include "notice/schema_nearest.h"
#include "notice/xml.h"

/* What a file of ours may say, a table that ends with an element of NULL. A row without an attribute lists the
 * attributes of an element; one with an attribute lists the values that it may have. All lists are separated by blanks.
 */
struct wg_names_row {
	const char *element, *attribute, *words;
};

/* Elements, attributes and closed values first, because the schema's own words cannot repeat what was there or guess
 * what was meant; then the whole schema. WG_CONFIG with file:line. */
enum wg_code wg_names_validate(const struct wg_xml *doc, const struct wg_xml_xsd *xsd,
                               const struct wg_names_row *language, struct wg_err *err) WG_MUST;

/* SHA-256 as lower-case hex: which edition of a file this is. */
#define WG_NAMES_HASH (2 * WG_SHA256_LEN + 1)
void wg_names_hash(const void *p, size_t len, char out[WG_NAMES_HASH]);

/* A file of the operator's: whatever is wrong with it, that it is not there or not XML, is WG_CONFIG. */
enum wg_code wg_names_read(const char *path, struct wg_buf *out, struct wg_err *err) WG_MUST;
enum wg_code wg_names_parse(const void *bytes, size_t len, const char *path, struct wg_xml **out, struct wg_err *err)
	WG_MUST;

bool wg_names_has_attr(const struct _xmlNode *node, const char *attribute);

/* Copies the attribute without the blanks around it, which the schema ignores, into out; "" when it is not there.
 * WG_CONFIG when it does not fit. */
enum wg_code wg_names_attr(const struct wg_xml *doc, const struct _xmlNode *node, const char *attribute, char *out,
                           size_t size, struct wg_err *err) WG_MUST;

/* Calls each with every name of a list separated by blanks, until one does not give WG_OK. */
enum wg_code wg_names_each(const char *list, enum wg_code (*each)(void *arg, const char *name, struct wg_err *err),
                           void *arg, struct wg_err *err) WG_MUST;

/* The folder of path with its last slash, "" when path has none, followed by name; name alone when it is absolute.
 * WG_LIMIT when it does not fit. */
enum wg_code wg_names_beside(const char *path, const char *name, char *out, size_t size, struct wg_err *err) WG_MUST;

#endif
