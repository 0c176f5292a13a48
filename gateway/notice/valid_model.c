/* valid_model.c owns what stands where and how often, read from the complex types of the schema. It understands the
 * part of XML Schema that xsd/wardgate/1 uses; a type that says more is not checked here, and its notices are left to
 * libxml2. */
#include <libxml/tree.h>
#include <limits.h>

#include "base/mem.h"
#include "base/text.h"
#include "notice/notice.h"
#include "notice/valid_internal.h"
#include "notice/xml.h"

/* Elements of one type that are read already. */
struct reading {
	struct wg_schema *schema;
	struct wg_type *type;
	size_t places;
	unsigned choices;
};

/* The node has no attribute but these. */
static bool says_only(const struct _xmlNode *node, const char *names)
{
	for (const xmlAttr *a = node->properties; a != NULL; a = a->next)
		if (a->ns != NULL || !wg_list_has(names, (const char *)a->name))
			return false;
	return true;
}

/* Nothing but documentation stands in it. */
static bool holds_nothing(const struct _xmlNode *node)
{
	for (const struct _xmlNode *c = wg_xml_first(node, NULL); c != NULL; c = wg_xml_next(c, NULL))
		if (strcmp(wg_xml_name(c), "annotation") != 0)
			return false;
	return true;
}

/* minOccurs or maxOccurs, 1 when nothing is said; false when it is no number. */
static bool occurrence(const struct _xmlNode *declared, const char *name, unsigned *out)
{
	char text[16];
	uint64_t n = 1;
	if (!wg_xml_attr_into(declared, name, text, sizeof text))
		return false;
	if (strcmp(text, "unbounded") == 0)
		n = UINT_MAX;
	else if (text[0] != '\0' && !wg_num_parse(text, 0, UINT_MAX, &n))
		return false;
	*out = (unsigned)n;
	return true;
}

/* False: it is not understood. */
static bool read_element(struct reading *r, const struct _xmlNode *declared, unsigned choice)
{
	struct wg_place *place = r->places < r->type->n_places ? &r->type->places[r->places++] : NULL;
	char text[8];
	if (place == NULL || place->declared != declared || !holds_nothing(declared) ||
	    !says_only(declared, "name type minOccurs maxOccurs default") ||
	    !occurrence(declared, "minOccurs", &place->least) || !occurrence(declared, "maxOccurs", &place->most))
		return false;
	place->by_default = !wg_xml_attr_into(declared, "default", text, sizeof text) || text[0] != '\0';
	place->choice = choice;
	return choice == 0 || (place->least == 1 && place->most == 1);
}

static bool read_choice(struct reading *r, const struct _xmlNode *node)
{
	bool good = says_only(node, "");
	r->choices++;
	for (const struct _xmlNode *c = wg_xml_first(node, NULL); c != NULL && good; c = wg_xml_next(c, NULL))
		good = strcmp(wg_xml_name(c), "element") == 0 && read_element(r, c, r->choices);
	return good;
}

static bool read_sequence(struct reading *r, const struct _xmlNode *node)
{
	bool good = says_only(node, "");
	for (const struct _xmlNode *c = wg_xml_first(node, NULL); c != NULL && good; c = wg_xml_next(c, NULL))
		good = strcmp(wg_xml_name(c), "element") == 0 ? read_element(r, c, 0)
		                                              : strcmp(wg_xml_name(c), "choice") == 0 && read_choice(r, c);
	return good;
}

/* The loader has seen that simpleContent holds one extension of a simple type, and that nothing else stands here. */
static bool read_model(struct reading *r, const struct _xmlNode *definition)
{
	bool good = says_only(definition, "name"), sequence = false;
	for (const struct _xmlNode *c = wg_xml_first(definition, NULL); c != NULL && good; c = wg_xml_next(c, NULL)) {
		const char *name = wg_xml_name(c);
		if (strcmp(name, "sequence") == 0) {
			good = !sequence && read_sequence(r, c);
			sequence = true;
		} else {
			good =
				strcmp(name, "annotation") == 0 || strcmp(name, "attribute") == 0 || strcmp(name, "simpleContent") == 0;
		}
	}
	return good && r->places == r->type->n_places;
}

static enum wg_code read_attribute(struct wg_schema *schema, struct wg_type *type, struct wg_attribute *attribute,
                                   struct wg_err *err)
{
	const struct _xmlNode *declared = attribute->declared;
	char name[WG_LIMIT_NAME + 1], use[16];
	WG_AUTO_FREE char *fixed = wg_xml_attr(declared, "fixed");
	bool good = says_only(declared, "name type use fixed") && holds_nothing(declared) &&
	            wg_xml_attr_into(declared, "type", name, sizeof name) && name[0] != '\0' &&
	            wg_xml_attr_into(declared, "use", use, sizeof use) && strcmp(use, "prohibited") != 0;
	type->checked = type->checked && good;
	if (!good)
		return WG_OK;
	enum wg_code code = wg_simple_named(schema, name, &attribute->simple, err);
	if (code == WG_OK && fixed != NULL)
		code = wg_simple_fixed(schema, attribute->simple, fixed, &attribute->simple, err);
	type->checked = type->checked && code == WG_OK && wg_simple_known(attribute->simple);
	return code;
}

/* The simple type that the text of elements of this place is of. */
static enum wg_code read_text(struct wg_schema *schema, struct wg_type *type, struct wg_place *place,
                              struct wg_err *err)
{
	char name[WG_LIMIT_NAME + 1];
	const struct _xmlNode *declared = place->declared;
	if (place->type != NULL) {
		const struct _xmlNode *content =
			wg_xml_first(wg_schema_global(schema, "complexType", place->type->name), "simpleContent");
		declared = wg_xml_first(content, "extension");
	}
	type->checked = type->checked && declared != NULL &&
	                wg_xml_attr_into(declared, place->type != NULL ? "base" : "type", name, sizeof name);
	if (!type->checked)
		return WG_OK;
	enum wg_code code = wg_simple_named(schema, name, &place->simple, err);
	type->checked = code == WG_OK && wg_simple_known(place->simple);
	return code;
}

static enum wg_code read_type(struct wg_schema *schema, struct wg_type *type, struct wg_err *err)
{
	struct reading r = { .schema = schema, .type = type };
	enum wg_code code = WG_OK;
	type->checked = read_model(&r, wg_schema_global(schema, "complexType", type->name));
	for (size_t i = 0; i < type->n_attributes && code == WG_OK; i++)
		code = read_attribute(schema, type, &type->attributes[i], err);
	for (size_t i = 0; i < type->n_places && code == WG_OK; i++)
		if (wg_place_text(&type->places[i]))
			code = read_text(schema, type, &type->places[i], err);
	return code;
}

/* Names are in the namespace of notices, those of attributes in none. */
static bool plain_documents(const struct wg_schema *schema)
{
	for (size_t i = 0; i < schema->n_docs; i++) {
		char space[64], form[16];
		const struct _xmlNode *root = wg_xml_root(schema->docs[i]);
		if (!says_only(root, "targetNamespace elementFormDefault version") ||
		    !wg_xml_attr_into(root, "targetNamespace", space, sizeof space) || strcmp(space, WG_NOTICE_NS) != 0 ||
		    !wg_xml_attr_into(root, "elementFormDefault", form, sizeof form) || strcmp(form, "qualified") != 0)
			return false;
	}
	return true;
}

enum wg_code wg_schema_load_valid(struct wg_schema *schema, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	bool plain = plain_documents(schema) && says_only(schema->root.declared, "name type") &&
	             holds_nothing(schema->root.declared);
	for (size_t i = 0; i < schema->n_types && code == WG_OK; i++) {
		code = read_type(schema, schema->types[i], err);
		schema->types[i]->checked = schema->types[i]->checked && plain;
	}
	return code;
}
