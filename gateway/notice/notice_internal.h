/* The notice in memory. */
#ifndef WG_NOTICE_NOTICE_INTERNAL_H
#define WG_NOTICE_NOTICE_INTERNAL_H

#include <libxml/tree.h>

#include "notice/notice.h"
#include "notice/schema_internal.h"
#include "notice/xml.h"

/* Invariants: (1) xml is canonical: every element is in WG_NOTICE_NS by one default declaration on the root, there are
 * no comments, processing instructions, other declarations or blank text between elements, and everything in it is
 * declared in the schema; (2) facts is NULL or a copy of xml as it stands; (3) so are bytes, unless empty: what
 * project_check.c has read is what is hashed, signed and sent. */
struct wg_notice {
	const struct wg_schema *schema;
	struct wg_xml *xml;
	xmlDoc *facts;
	struct wg_buf bytes;
};

/* Whatever is about to change the tree says so. */
void wg_notice_changes(struct wg_notice *notice);

/* A new canonical tree of what is declared and whose category is in granted; NULL when memory ran out. What the schema
 * does not know is left behind whatever it is, and so is an optional container that is left with nothing in it. */
xmlDoc *wg_project_tree(const struct wg_schema *schema, const xmlNode *root, wg_categories granted);
/* The same of a valid notice's tree where it stands (canonical.c). False: something in it is out of the ordinary, and
 * wg_project_tree has to be asked, which makes the same of it as if this had not been called. */
bool wg_canonical(const struct wg_schema *schema, xmlDoc *doc);
/* The categories of the places that the items of an answer name: that something is to be said there is itself of that
 * category. root is the <notice>. */
wg_categories wg_project_named(const struct wg_schema *schema, const struct _xmlNode *root);

/* The photographs of a copy (project_picture.c): cleaned, named "photograph-1.jpg" and on, with the hash of what is
 * left. left_out: some could not be cleaned and are gone from it. root is the <notice>. */
enum wg_code wg_project_pictures(struct _xmlNode *root, bool *left_out, struct wg_err *err) WG_MUST;
/* For the check below: WG_CORRUPT when one is not clean, or its hash is another's. */
enum wg_code wg_project_check_pictures(const struct _xmlNode *root, struct wg_err *err) WG_MUST;

/* The check of a copy before it leaves (project_check.c): WG_CORRUPT when the bytes hold any element or attribute whose
 * category is not in granted, or anything that is neither, or a photograph that is not clean. */
enum wg_code wg_project_check(const struct wg_schema *schema, const void *bytes, size_t len, wg_categories granted,
                              struct wg_err *err) WG_MUST;

/* The same quickly (project_read.c): true when that check would find nothing. False: it has to look. text is
 * NUL-terminated behind len bytes. */
bool wg_project_read(const struct wg_schema *schema, const char *text, size_t len, wg_categories granted);

/* Makes a notice of a canonical tree; takes ownership of doc, also on failure (doc may be NULL: memory ran out). */
enum wg_code wg_notice_wrap(const struct wg_schema *schema, xmlDoc *doc, const char *name, struct wg_notice **out,
                            struct wg_err *err) WG_MUST;

/* An element that can hold text holds some that is not blank. */
bool wg_node_says(const xmlNode *node);

/* A new element of a place below parent, in the order that the schema wants; NULL when memory ran out. */
xmlNode *wg_notice_insert(xmlNode *parent, const struct wg_type *type, const struct wg_place *place);

#endif
