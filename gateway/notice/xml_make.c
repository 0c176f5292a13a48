/* xml_make.c owns making nodes. libxml2 gives back a node even when memory ran out before its name or its text was
 * copied: then words would be lost without a word, so here that is a failure as any other. */
#include "notice/xml_make.h"

#include <libxml/tree.h>

xmlNode *wg_xml_make_element(xmlDoc *doc, xmlNs *ns, const char *name)
{
	xmlNode *node = xmlNewDocNode(doc, ns, (const xmlChar *)name, NULL);
	if (node != NULL && node->name == NULL) {
		xmlFreeNode(node);
		node = NULL;
	}
	return node;
}

bool wg_xml_make_text(xmlNode *parent, const char *text)
{
	xmlNode *node = xmlNewDocText(parent->doc, (const xmlChar *)text);
	if (node != NULL && node->content != NULL)
		return xmlAddChild(parent, node) != NULL; /* the only text of its parent: nothing is merged, no memory needed */
	xmlFreeNode(node);
	return false;
}

bool wg_xml_make_attribute(xmlNode *node, const char *name, const char *value)
{
	const xmlAttr *made = xmlSetProp(node, (const xmlChar *)name, (const xmlChar *)value);
	return made != NULL && made->name != NULL && made->children != NULL && made->children->content != NULL;
}
