/* The type of a document, decided once, by its content; a disagreement with what was declared is refused. */
#ifndef WG_ROLE_KIND_H
#define WG_ROLE_KIND_H

#include <stddef.h>

#include "base/err.h"

enum wg_document { WG_DOCUMENT_XML, WG_DOCUMENT_MAIL, WG_DOCUMENT_SEALED };

/* declared: a media type without parameters ("application/xml", "message/rfc822", "application/pkcs7-mime"), or NULL
 * when nobody said. name: a file name whose ending may disagree, or NULL. WG_REJECT says what was seen and what was
 * declared. Looks at a few bytes only: parses nothing. */
enum wg_code wg_document_kind(const void *bytes, size_t len, const char *declared, const char *name,
                              enum wg_document *out, struct wg_err *err) WG_MUST;

/* The media type of a kind. */
const char *wg_document_type(enum wg_document kind);

#endif
