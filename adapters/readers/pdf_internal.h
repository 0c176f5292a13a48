/* What the files of the PDF reader share: the objects of one document, and what was found in it.
 * Invariants: a handle is released exactly once, by the scope in which it was made; every walk passes an object with a
 * number once only; fields[i] is reached through widgets only with i < count. */
#ifndef WG_READERS_PDF_INTERNAL_H
#define WG_READERS_PDF_INTERNAL_H

#include <qpdf/qpdf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "readers/found.h"

/* A field's full name, for people; forms made by programs nest some five names of 30 letters. */
#define WG_PDF_NAME_BYTES 300
/* Fields in fields, and page trees: real ones have five levels. */
#define WG_PDF_DEPTH_MAX 32

/* Object numbers, each with a number beside it. Failures stick in no_memory. */
struct wg_pdf_map {
	uint64_t *keys; /* 0: free */
	uint32_t *values;
	size_t count, cap;
	bool no_memory;
};

/* False when the key is there already (the value stays) or memory ran out. key is not 0. */
bool wg_pdf_map_add(struct wg_pdf_map *map, uint64_t key, uint32_t value);
bool wg_pdf_map_get(const struct wg_pdf_map *map, uint64_t key, uint32_t *value);
void wg_pdf_map_free(struct wg_pdf_map *map);

struct wg_pdf {
	qpdf_data q;
	qpdf_oh *open; /* handles of the scopes that are entered, in order */
	size_t n_open, open_cap;
	bool no_memory;
};

/* Handles made in a function that begins with WG_PDF_SCOPE are released at its end. */
struct wg_pdf_scope {
	struct wg_pdf *pdf;
	size_t n_open;
};
void wg_pdf_scope_end(const struct wg_pdf_scope *scope);
#define WG_PDF_JOIN(a, b) a##b
#define WG_PDF_SCOPE_NAME(line) WG_PDF_JOIN(scope_of_line_, line)
#define WG_PDF_SCOPE(p)          \
	WG_CLEANUP(wg_pdf_scope_end) \
	__attribute__((unused)) const struct wg_pdf_scope WG_PDF_SCOPE_NAME(__LINE__) = { (p), (p)->n_open }

/* Opens the first len bytes, which the caller keeps. WG_REJECT: damaged, encrypted. */
enum wg_code wg_pdf_open(struct wg_pdf *pdf, const struct wg_buf *in, size_t len, struct wg_err *err) WG_MUST;
void wg_pdf_close(struct wg_pdf *pdf);
/* What the library said since the document was opened, as a code. */
enum wg_code wg_pdf_check(struct wg_pdf *pdf, struct wg_err *err) WG_MUST;
/* Did the library have to pass over faults? Forgets them. */
bool wg_pdf_faulty(struct wg_pdf *pdf);

/* Objects. A null object stands for what is not there. */
qpdf_oh wg_pdf_root(struct wg_pdf *pdf);
qpdf_oh wg_pdf_title(struct wg_pdf *pdf);                              /* as the document's properties have it */
qpdf_oh wg_pdf_key(struct wg_pdf *pdf, qpdf_oh dict, const char *key); /* null object also when dict is none */
qpdf_oh wg_pdf_item(struct wg_pdf *pdf, qpdf_oh array, size_t i);
size_t wg_pdf_items(struct wg_pdf *pdf, qpdf_oh array); /* 0 when it is none */
bool wg_pdf_is(struct wg_pdf *pdf, qpdf_oh object, enum qpdf_object_type_e type);
/* A number that is the object's alone, 0 when it stands inside another. */
uint64_t wg_pdf_id(struct wg_pdf *pdf, qpdf_oh object);
long long wg_pdf_integer(struct wg_pdf *pdf, qpdf_oh object); /* 0 when it is none */
/* Is it this name ("/Tx")? */
bool wg_pdf_named(struct wg_pdf *pdf, qpdf_oh object, const char *name);
/* Outside text made plain (clean.h), every kind of line end as a line feed. */
void wg_pdf_clean(const char *text, size_t len, struct wg_buf *out);
/* A string's or a name's words in UTF-8, cleaned, lines parted by line feeds; nothing of any other object. */
void wg_pdf_text(struct wg_pdf *pdf, qpdf_oh object, struct wg_buf *out);
/* The same, owned by the caller; "" when there is nothing; NULL when memory runs out. */
char *wg_pdf_copy(struct wg_pdf *pdf, qpdf_oh object);

/* Bytes: begin and end as a PDF and as nothing else. *len: without the blanks behind. */
enum wg_code wg_pdf_bytes(const struct wg_buf *in, size_t *len, struct wg_err *err) WG_MUST;

/* Everything that can be reached from the document's root: nothing that would act. */
enum wg_code wg_pdf_active(struct wg_pdf *pdf, struct wg_err *err) WG_MUST;
/* Is this one of the lines that Acrobat's field properties write, and nothing else? */
bool wg_pdf_script_formats(const char *script);

struct wg_pdf_field {
	char *label, *value, *section, *name; /* section: or NULL */
	const char *remark;                   /* why the answer was not taken; or NULL */
	unsigned page;                        /* from 1; 0: on none */
	unsigned order;                       /* on the page */
	bool hidden;
};

/* Failures stick: no_memory, over. */
struct wg_pdf_form {
	struct wg_pdf *pdf;
	struct wg_found *found; /* for notes on pages */
	struct wg_pdf_field *fields;
	size_t count, cap;
	struct wg_pdf_map nodes;   /* of the field tree that were seen */
	struct wg_pdf_map widgets; /* on the pages: which field */
	bool odd;                  /* loops, or objects of the wrong type */
	const char *over;
	bool no_memory;
};

/* The whole tree below one of the form's fields. */
void wg_pdf_fields(struct wg_pdf_form *form, qpdf_oh field);
/* All pages: where the fields stand, fields that only a page knows, and notes laid over pages. */
void wg_pdf_pages(struct wg_pdf_form *form);

/* A field whose answer is to be read; what is inherited is filled in. */
struct wg_pdf_node {
	qpdf_oh type, value, options;
	long long flags;
	char name[WG_PDF_NAME_BYTES];    /* of all its groups and itself, parted by full stops */
	char section[WG_PDF_NAME_BYTES]; /* its nearest group; "" */
	char own[WG_PDF_NAME_BYTES];     /* its own part of the name */
	const qpdf_oh *boxes;            /* where it stands on pages */
	size_t n_boxes;
};

/* Answers; the caller frees. NULL when memory ran out. *remark is set when the answer is not to be taken. */
char *wg_pdf_value(struct wg_pdf *pdf, const struct wg_pdf_node *node, const char *label, const char **remark);
char *wg_pdf_ticked(struct wg_pdf *pdf, const struct wg_pdf_node *node, const char *label, const char **remark);
/* Has nothing to answer: a button that does something. */
bool wg_pdf_is_push_button(struct wg_pdf *pdf, const struct wg_pdf_node *node);

#endif
