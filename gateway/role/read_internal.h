/* What read.c, read_part.c, read_mail.c and read_aside.c share: the documents inside the one that is read. */
#ifndef WG_ROLE_READ_INTERNAL_H
#define WG_ROLE_READ_INTERNAL_H

#include "role/read.h"

/* A message has one form and a few things beside it; each is read by a process of its own. */
#define WG_READ_PARTS_MAX 12

enum wg_part_is {
	WG_PART_UNREAD,   /* why says what a person has to know */
	WG_PART_LOGO,     /* a small picture that the mail shows within its text */
	WG_PART_CARD,     /* a contact card of whoever wrote */
	WG_PART_PICTURE,  /* a photograph that a notice can carry */
	WG_PART_DOCUMENT, /* read: fields is not NULL */
	WG_PART_TABLE     /* read, and its rows are messages of their own */
};

struct wg_part_read {
	const struct wg_part *part;
	enum wg_part_is is;
	enum wg_document kind;    /* of a document */
	const char *type;         /* of a picture */
	struct wg_fields *fields; /* of a document or a table */
	bool form;                /* a map recognises it */
	char map[64];             /* which */
	char why[256];
};

struct wg_parts_read {
	struct wg_part_read *list;
	size_t count;
};

void wg_parts_read_free(struct wg_parts_read *parts);
#define WG_AUTO_PARTS __attribute__((cleanup(wg_parts_read_free)))

/* Runs the reader of that kind; its answer parsed. */
enum wg_code wg_read_fields(const struct wg_paths *paths, enum wg_document kind, const void *bytes, size_t len,
                            struct wg_fields **out, struct wg_err *err) WG_MUST;
/* Looks at every part of fields, reads those that are documents. Keeps pointers into fields. WG_SYSTEM when the machine
 * is at fault; what the parts are at fault for stands in them. */
enum wg_code wg_parts_read(const struct wg_paths *paths, const struct wg_fields *fields, struct wg_parts_read *out,
                           struct wg_err *err) WG_MUST;

/* What the message has in it. */
struct wg_content {
	struct wg_parts_read parts;
	struct wg_part_read *form, *table; /* the one; or NULL */
	size_t forms, tables;
	bool body; /* the message's own words are a form */
	char body_map[64];
};

/* Every part gets its line in the report; what nobody read calls a person. */
enum wg_code wg_beside_parts(struct wg_read *read, const struct wg_content *c, struct wg_err *err) WG_MUST;
/* Documents that are not the form: all they say is listed, and a person looks. */
enum wg_code wg_beside_others(struct wg_read *read, struct wg_content *c, const char *note, struct wg_err *err) WG_MUST;
/* Documents inside the form's own document are not read. */
enum wg_code wg_beside_inner(struct wg_read *read, const struct wg_content *c, struct wg_err *err) WG_MUST;

/* A field that no map sees is added behind the others, with what became of it: label and value are copied. */
enum wg_code wg_read_aside(struct wg_read *read, const char *label, const char *value, const char *at,
                           enum wg_placing what, const char *to, const char *note, struct wg_err *err) WG_MUST;
/* All fields of from likewise, as they are. from keeps its own. */
enum wg_code wg_read_aside_all(struct wg_read *read, const struct wg_fields *from, const char *note, struct wg_err *err)
	WG_MUST;
/* "attachment form.docx: table 1, row 2": where something stands in a part. */
char *wg_read_at(const struct wg_part *part, const char *at);

/* Where fields and parts of a document stand is said from the message's point of view from now on. */
enum wg_code wg_part_from_outside(struct wg_part_read *p, struct wg_err *err) WG_MUST;
/* The one, between, the other; the caller frees. Either may be NULL, then there is nothing between. NULL: no memory. */
char *wg_read_joined(const char *first, const char *between, const char *second);

/* A person must look, for one more reason (no values in it). */
void wg_read_attend(struct wg_read *read, const char *fmt, ...) WG_PRINTF(2, 3);

/* The fields as a form: the map, the notice, the report, and why a person must look. */
enum wg_code wg_read_form(const struct wg_reading *reading, const struct wg_envelope_facts *facts, struct wg_read *read,
                          struct wg_err *err) WG_MUST;
/* The same for a document that holds others. */
enum wg_code wg_read_mail(const struct wg_reading *reading, const struct wg_envelope_facts *facts, struct wg_read *read,
                          struct wg_err *err) WG_MUST;
/* One of our notices came with these parts beside it: is there anything that a person must see? */
bool wg_read_beside_notice(const struct wg_fields *fields);

#endif
