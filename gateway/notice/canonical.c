/* canonical.c owns making the tree of a valid notice canonical where it stands, as project.c would copy it.
 * SECURITY: the tree is a stranger's, but was found valid: nothing in it is undeclared. */
#include <string.h>
#include <strings.h>

#include "notice/notice_internal.h"

/* The text of an element or attribute is one node. */
static bool one_text(const xmlNode *first)
{
	return first != NULL && first->type == XML_TEXT_NODE && first->next == NULL && first->content != NULL;
}

static bool plain_attributes(const xmlNode *node)
{
	for (const xmlAttr *a = node->properties; a != NULL; a = a->next)
		if (a->ns != NULL || !one_text(a->children))
			return false;
	return true;
}

static void drop(xmlNode *node)
{
	xmlUnlinkNode(node);
	xmlFreeNode(node);
}

/* Nothing is left of an optional container. */
static bool vanishes(const xmlNode *node, const struct wg_place *place)
{
	return !place->kept && !wg_place_text(place) && node->children == NULL && node->properties == NULL;
}

static bool settle(xmlNode *node, const struct wg_place *place, const xmlNs *ns);

/* Takes the blanks between elements away, and containers with nothing in them. The recursion is as deep as the schema.
 */
static bool settle_children(xmlNode *node, const struct wg_type *type, const xmlNs *ns)
{
	for (xmlNode *next, *c = node->children; c != NULL; c = next) {
		next = c->next;
		if (c->type == XML_TEXT_NODE) {
			drop(c);
			continue;
		}
		const struct wg_place *place = c->type == XML_ELEMENT_NODE ? wg_type_place(type, (const char *)c->name) : NULL;
		if (place == NULL || c->nsDef != NULL || !settle(c, place, ns))
			return false;
		if (vanishes(c, place))
			drop(c);
	}
	return true;
}

static bool settle(xmlNode *node, const struct wg_place *place, const xmlNs *ns)
{
	if (node->ns != ns || !plain_attributes(node))
		return false;
	if (!wg_place_text(place))
		return settle_children(node, place->type, ns);
	return node->children == NULL || one_text(node->children);
}

bool wg_canonical(const struct wg_schema *schema, xmlDoc *doc)
{
	xmlNode *root = xmlDocGetRootElement(doc);
	const xmlNs *ns = root != NULL ? root->nsDef : NULL;
	if (ns == NULL || ns->next != NULL || ns->prefix != NULL || strcmp((const char *)ns->href, WG_NOTICE_NS) != 0 ||
	    doc->children != root || root->next != NULL || doc->intSubset != NULL ||
	    (doc->version != NULL && strcmp((const char *)doc->version, "1.0") != 0) ||
	    (doc->encoding != NULL && strcasecmp((const char *)doc->encoding, "UTF-8") != 0))
		return false;
	doc->standalone = -1; /* nothing is said of it */
	return settle(root, &schema->root, ns);
}
