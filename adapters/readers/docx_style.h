/* Styles of a Word document. */
#ifndef WG_READERS_DOCX_STYLE_H
#define WG_READERS_DOCX_STYLE_H

#include <libxml/tree.h>

#include "readers/office_style.h"

/* What of the styles part is looked at, for wg_xml_parse_some: a twentieth of what some programs write there. */
bool wg_docx_styles_keep(const char *name, size_t depth);
/* root: of the styles part, or NULL. False when memory runs out. */
bool wg_docx_styles_read(const xmlNode *root, struct wg_office_styles *styles);
/* By its id; of one that the document does not define, what its name says. */
struct wg_office_style wg_docx_style_of(const struct wg_office_styles *styles, const char *id);
/* <w:b/>, <w:b w:val="0"/>: *said tells whether the element is there. properties may be NULL. */
bool wg_docx_toggle(const xmlNode *properties, const char *name, bool *said);

#endif
