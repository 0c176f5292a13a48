/* XML written from a tree, for this room: the bytes that libxml2 writes, in a tenth of its steps. */
#ifndef WG_NOTICE_XML_WRITE_H
#define WG_NOTICE_XML_WRITE_H

#include <stdbool.h>

#include "base/buf.h"

struct _xmlDoc;
struct _xmlNode;

/* What of a document is not written: an element with all below it, or an attribute (which is a node too). */
typedef bool wg_xml_leave_out(const struct _xmlNode *node);

/* The whole document as wg_xml_serialise has it. False, and out as it was, when something is in it that is left to
 * libxml2: anything but elements and text, prefixes, a namespace that is not the notice's, and where leave_out is given
 * an element in which nothing is or would be left. Whether all fitted, wg_buf_check says. */
bool wg_xml_write(const struct _xmlDoc *doc, bool format, wg_xml_leave_out *leave_out, struct wg_buf *out);

#endif
