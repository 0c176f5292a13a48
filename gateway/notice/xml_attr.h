/* The names of an element's attributes, for a reader that has to say which of them it does not know. */
#ifndef WG_NOTICE_XML_ATTR_H
#define WG_NOTICE_XML_ATTR_H

struct _xmlNode;

/* The local name of attribute i in the order of the file; NULL behind the last. */
const char *wg_xml_attr_name(const struct _xmlNode *node, unsigned i);

#endif
