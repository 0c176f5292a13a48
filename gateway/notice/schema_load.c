/* schema_load.c owns reading the XSD documents: the types, the order of elements and the category of every declaration.
 * It understands only the part of XML Schema that xsd/wardgate/1 uses and refuses any other construct, because an
 * element declared in a way that it does not see would carry no category. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "notice/notice.h"
#include "notice/schema_internal.h"
#include "notice/valid_internal.h"
#include "notice/xml.h"

#define XSD_NS "http://www.w3.org/2001/XMLSchema"

#define PATH_MAX_BYTES 1024

struct loader {
	struct wg_schema *schema;
	const char *folder;
	char names[WG_SCHEMA_DOCUMENTS][WG_LIMIT_NAME + 1]; /* of schema->docs */
	struct wg_err *err;
};

/* Where a declaration stands, for messages. */
struct at {
	const struct wg_xml *doc;
	const struct _xmlNode *node;
};

static bool is(const struct _xmlNode *node, const char *ns, const char *name)
{
	return strcmp(wg_xml_ns(node), ns) == 0 && strcmp(wg_xml_name(node), name) == 0;
}

/* A name attribute; WG_CONFIG when it is missing or too long. */
static enum wg_code name_of(struct loader *l, struct at at, const char *attribute, char *out)
{
	if (!wg_xml_attr_into(at.node, attribute, out, WG_LIMIT_NAME + 1) || out[0] == '\0')
		return wg_xml_complain(at.doc, at.node, l->err, "xs:%s without a usable %s attribute", wg_xml_name(at.node),
		                       attribute);
	return WG_OK;
}

static enum wg_code load_document(struct loader *l, const char *name)
{
	struct wg_schema *schema = l->schema;
	for (size_t i = 0; i < schema->n_docs; i++)
		if (strcmp(l->names[i], name) == 0)
			return WG_OK;
	if (schema->n_docs == WG_SCHEMA_DOCUMENTS)
		return wg_err_set(l->err, WG_CONFIG, "%s: more than %d schema documents", l->folder, WG_SCHEMA_DOCUMENTS);
	char path[PATH_MAX_BYTES];
	int n = snprintf(path, sizeof path, "%s/%s", l->folder, name);
	if (n < 0 || (size_t)n >= sizeof path || strlen(name) > WG_LIMIT_NAME || strchr(name, '/') != NULL)
		return wg_err_set(l->err, WG_CONFIG, "%s: a schema document must stand in this folder", l->folder);
	struct wg_xml *doc = NULL;
	enum wg_code code = wg_xml_load(path, &doc, l->err);
	if (code != WG_OK)
		return code;
	memcpy(l->names[schema->n_docs], name, strlen(name) + 1);
	schema->docs[schema->n_docs++] = doc;
	const struct _xmlNode *root = wg_xml_root(doc);
	if (!is(root, XSD_NS, "schema"))
		return wg_xml_complain(doc, root, l->err, "not an XML Schema");
	for (const struct _xmlNode *c = wg_xml_first(root, "include"); c != NULL && code == WG_OK;
	     c = wg_xml_next(c, "include")) {
		char included[WG_LIMIT_NAME + 1];
		code = name_of(l, (struct at){ doc, c }, "schemaLocation", included);
		if (code == WG_OK)
			code = load_document(l, included);
	}
	return code;
}

/* The one category named under xs:annotation/xs:appinfo; none when there is none. */
static enum wg_code label_of(struct loader *l, struct at at, wg_categories *out)
{
	wg_categories found = WG_CATEGORIES_NONE;
	const struct _xmlNode *annotation = wg_xml_first(at.node, "annotation");
	const struct _xmlNode *info = annotation != NULL ? wg_xml_first(annotation, "appinfo") : NULL;
	for (; info != NULL; info = wg_xml_next(info, "appinfo")) {
		const struct _xmlNode *label = wg_xml_first(info, NULL);
		for (; label != NULL; label = wg_xml_next(label, NULL)) {
			if (is(label, WG_SCHEMA_LABEL_NS, "may-contain"))
				continue; /* schema_may.c */
			if (!is(label, WG_SCHEMA_LABEL_NS, "category"))
				return wg_xml_complain(at.doc, label, l->err, "\"%s\" is neither wg:category nor wg:may-contain",
				                       wg_xml_name(label));
			WG_AUTO_FREE char *name = wg_xml_text(label);
			wg_categories one = WG_CATEGORIES_NONE;
			if (name == NULL || found != WG_CATEGORIES_NONE)
				return wg_xml_complain(at.doc, label, l->err, "a declaration carries exactly one category");
			enum wg_code code = wg_categories_parse(name, &one, l->err);
			if (code != WG_OK)
				return wg_err_add(l->err, "%s:%d", wg_xml_docname(at.doc), wg_xml_line(label));
			if (one == WG_CATEGORIES_NONE || (one & (one - 1)) != 0)
				return wg_xml_complain(at.doc, label, l->err, "a declaration carries exactly one category");
			found = one;
		}
	}
	*out = found;
	return WG_OK;
}

/* The type of that name, made empty when it is new; NULL for text without attributes. */
static enum wg_code type_named(struct loader *l, struct at at, const char *name, struct wg_type **out)
{
	*out = NULL;
	if (strncmp(name, "xs:", 3) == 0 || wg_schema_global(l->schema, "simpleType", name) != NULL)
		return WG_OK;
	for (size_t i = 0; i < l->schema->n_types; i++)
		if (strcmp(l->schema->types[i]->name, name) == 0) {
			*out = l->schema->types[i];
			return WG_OK;
		}
	if (wg_schema_global(l->schema, "complexType", name) == NULL)
		return wg_xml_complain(at.doc, at.node, l->err, "type \"%s\" is not defined", name);
	if (l->schema->n_types == WG_SCHEMA_TYPES)
		return wg_xml_complain(at.doc, at.node, l->err, "more than %d types", WG_SCHEMA_TYPES);
	struct wg_type *type = calloc(1, sizeof *type);
	if (type == NULL)
		return wg_err_set(l->err, WG_SYSTEM, "no memory for the schema");
	memcpy(type->name, name, strlen(name) + 1);
	l->schema->types[l->schema->n_types++] = type;
	*out = type;
	return WG_OK;
}

static enum wg_code read_place(struct loader *l, struct at at, struct wg_place *place)
{
	char type_name[WG_LIMIT_NAME + 1], min[16], max[16];
	enum wg_code code = name_of(l, at, "name", place->name);
	if (code == WG_OK)
		code = name_of(l, at, "type", type_name);
	if (code == WG_OK)
		code = label_of(l, at, &place->category);
	if (code != WG_OK)
		return code;
	if (place->category == WG_CATEGORIES_NONE)
		return wg_xml_complain(at.doc, at.node, l->err, "element \"%s\" carries no category", place->name);
	if (!wg_xml_attr_into(at.node, "minOccurs", min, sizeof min) ||
	    !wg_xml_attr_into(at.node, "maxOccurs", max, sizeof max))
		return wg_xml_complain(at.doc, at.node, l->err, "element \"%s\": occurrence out of range", place->name);
	place->declared = at.node;
	place->kept = strcmp(min, "0") != 0;
	place->repeats = max[0] != '\0' && strcmp(max, "1") != 0;
	struct wg_type *type = NULL;
	code = type_named(l, at, type_name, &type);
	place->type = type;
	return code;
}

static enum wg_code add_place(struct loader *l, struct at at, struct wg_type *type)
{
	struct wg_place place = { 0 };
	enum wg_code code = read_place(l, at, &place);
	if (code != WG_OK)
		return code;
	if (type->n_places == WG_SCHEMA_PLACES || wg_type_place(type, place.name) != NULL)
		return wg_xml_complain(at.doc, at.node, l->err, "type \"%s\" has \"%s\" twice, or too many elements",
		                       type->name, place.name);
	type->places[type->n_places++] = place;
	return WG_OK;
}

static enum wg_code add_attribute(struct loader *l, struct at at, struct wg_type *type)
{
	struct wg_attribute attribute = { 0 };
	char use[16];
	enum wg_code code = name_of(l, at, "name", attribute.name);
	if (code == WG_OK)
		code = label_of(l, at, &attribute.category);
	if (code != WG_OK)
		return code;
	if (type->n_attributes == WG_SCHEMA_ATTRIBUTES || wg_type_attribute(type, attribute.name) != NULL)
		return wg_xml_complain(at.doc, at.node, l->err, "type \"%s\" has \"%s\" twice, or too many attributes",
		                       type->name, attribute.name);
	attribute.declared = at.node;
	attribute.required = wg_xml_attr_into(at.node, "use", use, sizeof use) && strcmp(use, "required") == 0;
	type->attributes[type->n_attributes++] = attribute;
	return WG_OK;
}

/* What stands in a complexType, in a sequence or choice of it, or in the extension of its simpleContent. The recursion
 * is bounded by the depth that wg_xml_parse allows. */
static enum wg_code read_content(struct loader *l, struct at at, struct wg_type *type)
{
	enum wg_code code = WG_OK;
	for (const struct _xmlNode *c = wg_xml_first(at.node, NULL); c != NULL && code == WG_OK; c = wg_xml_next(c, NULL)) {
		struct at here = { at.doc, c };
		if (is(c, XSD_NS, "annotation"))
			continue;
		if (is(c, XSD_NS, "element"))
			code = add_place(l, here, type);
		else if (is(c, XSD_NS, "attribute"))
			code = add_attribute(l, here, type);
		else if (is(c, XSD_NS, "sequence") || is(c, XSD_NS, "choice"))
			code = read_content(l, here, type);
		else if (is(c, XSD_NS, "simpleContent")) {
			type->text = true;
			code = read_content(l, here, type);
		} else if (is(c, XSD_NS, "extension") && type->text) {
			char base[WG_LIMIT_NAME + 1];
			struct wg_type *complex = NULL;
			code = name_of(l, here, "base", base);
			if (code == WG_OK)
				code = type_named(l, here, base, &complex);
			if (code == WG_OK && complex != NULL)
				code = wg_xml_complain(at.doc, c, l->err,
				                       "an extension of a type that has attributes is not understood here");
			if (code == WG_OK)
				code = read_content(l, here, type);
		} else
			code = wg_xml_complain(at.doc, c, l->err,
			                       "xs:%s is not understood here, so nothing below it would carry a category",
			                       wg_xml_name(c));
	}
	return code;
}

/* Builds every complex type there is, used or not: an element without a category must not wait for its first use. */
static enum wg_code read_types(struct loader *l)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < l->schema->n_docs && code == WG_OK; i++) {
		const struct _xmlNode *c = wg_xml_first(wg_xml_root(l->schema->docs[i]), NULL);
		for (; c != NULL && code == WG_OK; c = wg_xml_next(c, NULL)) {
			struct at at = { l->schema->docs[i], c };
			char name[WG_LIMIT_NAME + 1];
			struct wg_type *type = NULL;
			if (is(c, XSD_NS, "include") || is(c, XSD_NS, "annotation") || is(c, XSD_NS, "simpleType") ||
			    is(c, XSD_NS, "element"))
				continue;
			if (!is(c, XSD_NS, "complexType"))
				return wg_xml_complain(at.doc, c, l->err, "xs:%s is not understood here", wg_xml_name(c));
			code = name_of(l, at, "name", name);
			if (code == WG_OK)
				code = type_named(l, at, name, &type);
			if (code == WG_OK && (type == NULL || type->built))
				code = wg_xml_complain(at.doc, c, l->err, "type \"%s\" is defined twice", name);
			if (type == NULL)
				continue; /* code says why */
			if (code == WG_OK)
				code = read_content(l, at, type);
			type->built = true;
		}
	}
	return code;
}

/* <notice> is the only global element: a second one would be a second kind of document that nobody checks. */
static enum wg_code read_root(struct loader *l)
{
	size_t count = 0;
	for (size_t i = 0; i < l->schema->n_docs; i++) {
		const struct _xmlNode *c = wg_xml_first(wg_xml_root(l->schema->docs[i]), "element");
		for (; c != NULL; c = wg_xml_next(c, "element"), count++) {
			enum wg_code code = read_place(l, (struct at){ l->schema->docs[i], c }, &l->schema->root);
			if (code != WG_OK)
				return code;
		}
	}
	if (count != 1 || strcmp(l->schema->root.name, "notice") != 0 || l->schema->root.type == NULL)
		return wg_err_set(l->err, WG_CONFIG, "%s: the schema must declare one global element, notice", l->folder);
	return WG_OK;
}

enum wg_code wg_schema_load(const char *xsd_dir, struct wg_schema **out, struct wg_err *err)
{
	char folder[PATH_MAX_BYTES - WG_LIMIT_NAME - 2], path[PATH_MAX_BYTES];
	int n = snprintf(folder, sizeof folder, "%s/wardgate/1", xsd_dir);
	if (n < 0 || (size_t)n >= sizeof folder)
		return wg_err_set(err, WG_CONFIG, "the schema folder's name is too long");
	(void)snprintf(path, sizeof path, "%s/notice.xsd", folder); /* fits: see the size of folder */
	struct wg_schema *schema = calloc(1, sizeof *schema);
	if (schema == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the schema");
	struct loader loader = { .schema = schema, .folder = folder, .err = err };
	(void)wg_mem_refused(); /* that was somebody else's */
	enum wg_code code = load_document(&loader, "notice.xsd");
	if (code == WG_OK)
		code = wg_schema_load_globals(schema, err);
	if (code == WG_OK)
		code = read_types(&loader);
	if (code == WG_OK)
		code = read_root(&loader);
	if (code == WG_OK)
		code = wg_schema_load_kinds(schema, folder, err);
	if (code == WG_OK)
		code = wg_xml_xsd_load(path, &schema->xsd, err);
	if (code == WG_OK)
		code = wg_schema_load_may(schema, err);
	if (code == WG_OK)
		code = wg_schema_load_codes(schema, err);
	if (code == WG_OK)
		code = wg_schema_load_valid(schema, err);
	/* an attribute that could not be copied was taken for one that is not there */
	if (code == WG_OK && wg_mem_refused())
		code = wg_err_set(err, WG_SYSTEM, "no memory for the schema");
	if (code == WG_OK)
		*out = wg_steal(&schema);
	wg_schema_freep(&schema);
	return code;
}

void wg_schema_freep(struct wg_schema **schema)
{
	if (*schema == NULL)
		return;
	for (size_t i = 0; i < (*schema)->n_types; i++)
		free((*schema)->types[i]);
	for (size_t i = 0; i < (*schema)->n_docs; i++)
		wg_xml_freep(&(*schema)->docs[i]);
	free((*schema)->globals);
	wg_schema_free_codes(*schema);
	wg_schema_free_valid(*schema);
	wg_xml_xsd_freep(&(*schema)->xsd);
	free(*schema);
	*schema = NULL;
}
