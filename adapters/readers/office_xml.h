/* Elements of an office document's parts, by their local names: the same names stand in several namespaces, one for
 * each edition of the standards. */
#ifndef WG_READERS_OFFICE_XML_H
#define WG_READERS_OFFICE_XML_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <string.h>

static inline bool wg_office_is(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

/* The value of an attribute, borrowed; "" when it is not there. */
static inline const char *wg_office_attr(const xmlNode *node, const char *name)
{
	for (const xmlAttr *a = node->properties; a != NULL; a = a->next)
		if (strcmp((const char *)a->name, name) == 0 && a->children != NULL && a->children->content != NULL)
			return (const char *)a->children->content;
	return "";
}

/* The first child element of that name, or NULL; node may be NULL. */
static inline const xmlNode *wg_office_child(const xmlNode *node, const char *name)
{
	for (const xmlNode *n = node != NULL ? node->children : NULL; n != NULL; n = n->next)
		if (wg_office_is(n, name))
			return n;
	return NULL;
}

#endif
