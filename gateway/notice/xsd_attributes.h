/* Which attributes a schema allows an element, for "did you mean". */
#ifndef WG_NOTICE_XSD_ATTRIBUTES_H
#define WG_NOTICE_XSD_ATTRIBUTES_H

#include <libxml/tree.h>
#include <stddef.h>

/* Writes the names of the attributes that element may have into names, separated by blanks: those of its declarations
 * in this schema document (its root) that stand in the declaration of its parent, in none, or in a named type. What the
 * schema includes from other files is not looked at, and what does not fit is left out: the names are for a hint. */
void wg_xsd_attributes(const xmlNode *schema, const xmlNode *element, char *names, size_t size);

#endif
