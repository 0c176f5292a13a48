/* Nodes made whole or not at all; for this room. */
#ifndef WG_NOTICE_XML_MAKE_H
#define WG_NOTICE_XML_MAKE_H

#include <stdbool.h>

struct _xmlDoc;
struct _xmlNode;
struct _xmlNs;

/* An element that stands nowhere yet; NULL when memory ran out. */
struct _xmlNode *wg_xml_make_element(struct _xmlDoc *doc, struct _xmlNs *ns, const char *name);
/* The text of an element that has none; false when memory ran out. */
bool wg_xml_make_text(struct _xmlNode *parent, const char *text);
/* An attribute, in place of the one that may stand there. False when memory ran out: the element is not to be used. */
bool wg_xml_make_attribute(struct _xmlNode *node, const char *name, const char *value);

#endif
