/* xml_attr.c owns walking the attributes of an element. */
#include "notice/xml_attr.h"

#include <libxml/tree.h>

const char *wg_xml_attr_name(const struct _xmlNode *node, unsigned i)
{
	const xmlAttr *a = node->properties;
	while (a != NULL && i-- > 0)
		a = a->next;
	return a != NULL ? (const char *)a->name : NULL;
}
