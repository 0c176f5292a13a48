/* The type of a document, decided once, by its content; a disagreement with what was declared is refused. */
#ifndef WG_ROLE_KIND_H
#define WG_ROLE_KIND_H

#include <stddef.h>

#include "base/err.h"

enum wg_document {
	WG_DOCUMENT_XML,
	WG_DOCUMENT_MAIL,
	WG_DOCUMENT_SEALED,
	WG_DOCUMENT_DOCX,
	WG_DOCUMENT_ODT,
	WG_DOCUMENT_XLSX,
	WG_DOCUMENT_PDF,
	WG_DOCUMENT_CSV,
	WG_DOCUMENT_HTML
};

/* declared: a media type without parameters ("application/xml", "message/rfc822", "application/pkcs7-mime"), or NULL
 * when nobody said. name: a file name whose ending may disagree, or NULL. What could be two things by its content (a
 * table whose first heading ends with a colon, XML that begins with an element of HTML) is what was declared or named.
 * WG_REJECT says what was seen, what was declared, and what to send instead; also for what is two things at once (a PDF
 * that is a ZIP as well). Compares bytes: parses nothing. */
enum wg_code wg_document_kind(const void *bytes, size_t len, const char *declared, const char *name,
                              enum wg_document *out, struct wg_err *err) WG_MUST;

/* The media type of a kind. */
const char *wg_document_type(enum wg_document kind);
/* The program that reads it: "wardgate-reader-docx". */
const char *wg_document_reader(enum wg_document kind);
/* In words for people: "a Word document (.docx)". */
const char *wg_document_words(enum wg_document kind);

/* What is no form and still comes beside one. */
enum wg_beside { WG_BESIDE_NOTHING, WG_BESIDE_PICTURE, WG_BESIDE_CALENDAR, WG_BESIDE_CARD };
/* *type: the media type of a picture of a kind that a notice carries ("image/jpeg", "image/png"), NULL for all else and
 * for a picture that is something else as well. */
enum wg_beside wg_document_beside(const void *bytes, size_t len, const char **type);

#endif
