/* What the packages of docx and odt have in common. */
#ifndef WG_READERS_OFFICE_PACKAGE_H
#define WG_READERS_OFFICE_PACKAGE_H

#include "base/buf.h"
#include "base/err.h"
#include "notice/xml.h"
#include "readers/office.h"
#include "readers/zip.h"

/* Opens the ZIP; what is none is refused with words for the commonest case: the old binary format, which is also what a
 * password makes of a document. */
enum wg_code wg_office_open(const struct wg_buf *in, struct wg_zip **out, struct wg_err *err) WG_MUST;

/* Refuses a document of which any XML part has a DOCTYPE, read or not. */
enum wg_code wg_office_no_doctype(struct wg_zip *zip, struct wg_err *err) WG_MUST;

/* Of pictures in the text, those of a document whose pictures all have the size of logos call nobody: pictures is the
 * folder they lie in ("word/media/"). */
void wg_office_logos(const struct wg_zip *zip, const char *pictures, struct wg_office *doc);

/* Parses a part with the guarded parser. WG_NOT_FOUND when it is not there. what: for messages; keep: NULL, or which
 * elements are wanted (wg_xml_parse_some). */
enum wg_code wg_office_part(struct wg_zip *zip, const char *name, const char *what, wg_xml_keep *keep,
                            struct wg_xml **out, struct wg_err *err) WG_MUST;

#endif
