/* What a reader found in one document: labelled fields in the document's order, our own notice, and the words around
 * them. */
#ifndef WG_READERS_FOUND_H
#define WG_READERS_FOUND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct wg_found_field {
	char *label, *value, *at;
	char *section; /* or NULL */
	unsigned row;  /* or 0 */
	bool remark;   /* said by the reader, not by the document: something a person must look at */
};

/* A document inside this one. */
struct wg_found_document {
	char *at, *name, *type; /* name, type: as declared, or NULL */
	char *base64;
	bool shown;
};

/* Failures stick, like those of struct wg_buf: add on, then wg_found_write tells. */
struct wg_found {
	struct wg_found_field *fields;
	size_t count, cap;
	char *section; /* of the fields that come next; or NULL */
	unsigned row;  /* likewise; or 0 */
	struct wg_found_document *documents;
	size_t n_documents, documents_cap;
	size_t filled;                     /* fields of the document itself that have a value */
	char *subject, *from, *message_id; /* or NULL; owned */
	struct wg_buf text;
	bool text_cut;
	char *notice; /* base64 of the first notice, or NULL */
	size_t notices;
	bool divided;     /* every document is a message of its own: set by the reader of tables */
	const char *over; /* the limit that was passed, or NULL */
	bool no_memory;
};

void wg_found_init(struct wg_found *found);
void wg_found_free(struct wg_found *found);
#define WG_AUTO_FOUND __attribute__((cleanup(wg_found_free)))

/* Copies. Blanks around label and value are trimmed, a colon at the end of the label goes; a field without a label
 * becomes text. */
void wg_found_field(struct wg_found *found, const char *label, const char *value, const char *at);
/* The fields that are added from now on stand under that heading (NULL: under none), and in that row of a table with a
 * heading row (counted through the document from 1; 0: in none). */
void wg_found_section(struct wg_found *found, const char *section);
void wg_found_row(struct wg_found *found, unsigned row);
/* A document inside this one: bytes are copied. name and type may be NULL. One that is larger than WG_LIMIT_DOCUMENT,
 * and those past WG_LIMIT_DOCUMENTS, become a remark. */
void wg_found_document(struct wg_found *found, const char *at, const char *name, const char *type, bool shown,
                       const void *bytes, size_t len);
/* A field that the reader itself adds ("Attachment (not read)"), so that no map places it and a person looks. */
void wg_found_remark(struct wg_found *found, const char *label, const char *value, const char *at);
/* One line of the words outside any field. What passes the maximum is cut, and a remark says so. */
void wg_found_text(struct wg_found *found, const char *line);
/* One of our own notices, as bytes. */
void wg_found_notice(struct wg_found *found, const void *xml, size_t len);

/* Moves everything of from behind what into has; remarks_only: only remarks, documents and notices, the rest is dropped
 * (the other rendering of the same words was taken). from is empty afterwards. */
void wg_found_merge(struct wg_found *into, struct wg_found *from, bool remarks_only);

/* The answer: <fields>, valid against xsd/fields.xsd, with the SHA-256 of document. WG_LIMIT or WG_SYSTEM when a
 * failure stuck. */
enum wg_code wg_found_write(struct wg_found *found, const char *reader, const struct wg_buf *document,
                            struct wg_buf *out, struct wg_err *err) WG_MUST;

#endif
