/* xsd_attributes.c owns the attributes that a schema allows an element: libxml2 lists the elements that it expected in
 * its message, and no attributes. The schema is the operator's, and compiled, so that its types end. */
#include "notice/xsd_attributes.h"

#include <string.h>

#include "base/limits.h"
#include "notice/xml.h"

static bool is(const xmlNode *node, const char *name)
{
	return strcmp(wg_xml_name(node), name) == 0;
}

static bool has(const xmlNode *node, const char *attribute, const char *value)
{
	char found[WG_LIMIT_NAME + 1];
	return wg_xml_attr_into(node, attribute, found, sizeof found) && strcmp(found, value) == 0;
}

static void add(const char *name, char *names, size_t size)
{
	const size_t len = strlen(names), more = strlen(name);
	if (size - len < more + 2)
		return;
	names[len] = ' ';
	memcpy(names + len + 1, name, more + 1);
}

static void collect(const xmlNode *schema, const xmlNode *node, char *names, size_t size);

/* What the type ("complexType") or group ("attributeGroup") adds to which the attribute `by` of node refers; one of
 * either kind may have the other's name. */
static void collect_named(const xmlNode *schema, const xmlNode *node, const char *by, const char *kind, char *names,
                          size_t size)
{
	char name[WG_LIMIT_NAME + 1];
	if (!wg_xml_attr_into(node, by, name, sizeof name) || name[0] == '\0')
		return;
	for (const xmlNode *n = wg_xml_first(schema, kind); n != NULL; n = wg_xml_next(n, kind))
		if (has(n, "name", name))
			collect(schema, n, names, size);
}

/* The attributes below node, but for those of elements that stand in it. */
static void collect(const xmlNode *schema, const xmlNode *node, char *names, size_t size)
{
	for (const xmlNode *c = wg_xml_first(node, NULL); c != NULL; c = wg_xml_next(c, NULL)) {
		char name[WG_LIMIT_NAME + 1];
		if (is(c, "attribute") && wg_xml_attr_into(c, "name", name, sizeof name))
			add(name, names, size);
		if (is(c, "element") || is(c, "attribute"))
			continue;
		collect_named(schema, c, "base", "complexType", names, size);
		if (is(c, "attributeGroup"))
			collect_named(schema, c, "ref", "attributeGroup", names, size);
		collect(schema, c, names, size);
	}
}

/* The declarations of the element below node, where owner is the element that they stand in ("": none). */
static void look(const xmlNode *schema, const xmlNode *node, const char *owner, const xmlNode *element, char *names,
                 size_t size)
{
	const bool within = element->parent != NULL && element->parent->type == XML_ELEMENT_NODE;
	for (const xmlNode *c = wg_xml_first(node, NULL); c != NULL; c = wg_xml_next(c, NULL)) {
		char name[WG_LIMIT_NAME + 1];
		const bool declares = is(c, "element") && wg_xml_attr_into(c, "name", name, sizeof name);
		if (declares && strcmp(name, wg_xml_name(element)) == 0 &&
		    (owner[0] == '\0' || (within && strcmp(owner, wg_xml_name(element->parent)) == 0))) {
			collect_named(schema, c, "type", "complexType", names, size);
			collect(schema, c, names, size);
		}
		look(schema, c, declares ? name : owner, element, names, size);
	}
}

void wg_xsd_attributes(const xmlNode *schema, const xmlNode *element, char *names, size_t size)
{
	names[0] = '\0';
	look(schema, schema, "", element, names, size);
}
