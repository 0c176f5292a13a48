/* schema_may.c owns what the text of a place may hold beside what the place is for: <wg:may-contain> of the element or
 * attribute, otherwise of its type, otherwise of the type that this one restricts or extends. */
#include <libxml/tree.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "notice/schema_internal.h"
#include "notice/schema_print.h"
#include "notice/xml.h"

/* Simple types by name, so that each is looked up once: some 70 today. */
#define TYPES_MAX 160

struct finder {
	const struct wg_schema *schema;
	struct {
		char name[WG_LIMIT_NAME + 1];
		wg_categories may;
	} known[TYPES_MAX];
	size_t n_known;
	struct wg_err *err;
};

/* The name of the document that holds a node, for messages. */
static const char *file_of(const struct wg_schema *schema, const struct _xmlNode *node)
{
	size_t i = 0;
	while (i + 1 < schema->n_docs && wg_xml_doc(schema->docs[i]) != node->doc)
		i++;
	return wg_xml_docname(schema->docs[i]);
}

/* What a declaration itself says. */
static enum wg_code said_by(struct finder *f, const struct _xmlNode *declared, bool *says, wg_categories *may)
{
	const struct _xmlNode *info = wg_schema_info(declared, "may-contain");
	*says = info != NULL;
	if (info == NULL)
		return WG_OK;
	WG_AUTO_FREE char *names = wg_xml_text(info);
	if (names == NULL)
		return wg_err_set(f->err, WG_SYSTEM, "no memory for the schema");
	enum wg_code code = wg_categories_parse(names, may, f->err);
	if (code == WG_OK && (*may & wg_category_find("administrative")) != 0)
		code = wg_err_set(f->err, WG_CONFIG, "administrative is in every copy: no text need say that it may hold it");
	return code == WG_OK ? WG_OK
	                     : wg_err_add(f->err, "%s:%d: may-contain", file_of(f->schema, info), wg_xml_line(info));
}

/* The base of a simple type, or of a complex one with text; "" when there is none. */
static void base_of(const struct _xmlNode *type, char base[WG_LIMIT_NAME + 1])
{
	const struct _xmlNode *content = wg_xml_first(type, "simpleContent");
	const struct _xmlNode *from =
		wg_xml_first(content != NULL ? content : type, content != NULL ? "extension" : "restriction");
	base[0] = '\0';
	if (from != NULL)
		(void)wg_xml_attr_into(from, "base", base, WG_LIMIT_NAME + 1); /* the loader saw that it fits */
}

/* The recursion ends at a type of XML Schema's own: wg_xml_xsd_load has refused types that rest on themselves. */
static enum wg_code of_type(struct finder *f, const char *name, wg_categories *may)
{
	*may = WG_CATEGORIES_NONE;
	for (size_t i = 0; i < f->n_known; i++)
		if (strcmp(f->known[i].name, name) == 0) {
			*may = f->known[i].may;
			return WG_OK;
		}
	const struct _xmlNode *type = wg_schema_global(f->schema, "simpleType", name);
	if (type == NULL)
		type = wg_schema_global(f->schema, "complexType", name);
	if (type == NULL)
		return WG_OK; /* xs:string and its like hold no prose of ours */
	char base[WG_LIMIT_NAME + 1];
	bool says = false;
	enum wg_code code = said_by(f, type, &says, may);
	base_of(type, base);
	if (code == WG_OK && !says && base[0] != '\0')
		code = of_type(f, base, may);
	if (code != WG_OK)
		return code;
	if (f->n_known < TYPES_MAX) {
		(void)snprintf(f->known[f->n_known].name, sizeof f->known[0].name, "%s",
		               name); /* the loader saw that it fits */
		f->known[f->n_known++].may = *may;
	}
	return WG_OK;
}

static enum wg_code of_declared(struct finder *f, const struct _xmlNode *declared, wg_categories *may)
{
	char type[WG_LIMIT_NAME + 1];
	bool says = false;
	enum wg_code code = said_by(f, declared, &says, may);
	if (code == WG_OK && !says && wg_xml_attr_into(declared, "type", type, sizeof type))
		code = of_type(f, type, may);
	return code;
}

static enum wg_code of_places(struct finder *f, struct wg_type *type)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < type->n_places && code == WG_OK; i++)
		if (wg_place_text(&type->places[i]))
			code = of_declared(f, type->places[i].declared, &type->places[i].may);
	for (size_t i = 0; i < type->n_attributes && code == WG_OK; i++)
		code = of_declared(f, type->attributes[i].declared, &type->attributes[i].may);
	return code;
}

enum wg_code wg_schema_load_may(struct wg_schema *schema, struct wg_err *err)
{
	struct finder *f = calloc(1, sizeof *f);
	if (f == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the schema");
	f->schema = schema;
	f->err = err;
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < schema->n_types && code == WG_OK; i++)
		code = of_places(f, schema->types[i]);
	free(f);
	return code;
}
