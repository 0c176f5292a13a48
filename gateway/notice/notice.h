/* The notice: the one common form of what agencies tell each other. Namespace urn:wardgate:notice:1, xsd/wardgate/1. */
#ifndef WG_NOTICE_NOTICE_H
#define WG_NOTICE_NOTICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "notice/category.h"

#define WG_NOTICE_NS "urn:wardgate:notice:1"

struct _xmlDoc;
struct wg_schema;
struct wg_notice;

/* Compiles xsd_dir/wardgate/1/notice.xsd and the category of every element declaration. WG_CONFIG when an element
 * carries no category or an unknown one. Immutable afterwards. */
enum wg_code wg_schema_load(const char *xsd_dir, struct wg_schema **out, struct wg_err *err) WG_MUST;
void wg_schema_freep(struct wg_schema **schema);

/* The kinds of notice, in the order of the schema: how many, and the name of number i (NULL when there is none). */
size_t wg_schema_kinds(const struct wg_schema *schema);
const char *wg_schema_kind(const struct wg_schema *schema, size_t i);
/* The name of the element below <notice> that is the body of a kind; NULL when there is no such kind. */
const char *wg_schema_body(const struct wg_schema *schema, const char *kind);
/* The places without which a person must look at a notice of that kind: paths with single blanks between, a|b|c where
 * one of several is enough; NULL when the kind requires none or is not known. */
const char *wg_schema_requires(const struct wg_schema *schema, const char *kind);
/* The known kind that is spelt most like this. */
const char *wg_schema_kind_nearest(const struct wg_schema *schema, const char *kind);

/* WG_OK when path is a place that holds text ("child/name/full", "placement/@ofsted"); WG_CONFIG with the step that is
 * not there and the nearest name that is. */
enum wg_code wg_schema_check_place(const struct wg_schema *schema, const char *path, struct wg_err *err) WG_MUST;

/* For those who write maps: every place that can be set in notices of a kind (NULL: of any), one a line: path, type,
 * category, documentation. WG_CONFIG when there is no such kind. */
enum wg_code wg_schema_paths(const struct wg_schema *schema, const char *kind, struct wg_buf *out, struct wg_err *err)
	WG_MUST;
/* The reference: kinds, parts, code lists, all out of the XSD documents; as a page of HTML or as Markdown. */
enum wg_code wg_schema_doc(const struct wg_schema *schema, bool html, struct wg_buf *out, struct wg_err *err) WG_MUST;

/* Parses and validates a notice. WG_REJECT with name:line and the reason, never with a value. *out keeps a pointer to
 * schema. */
enum wg_code wg_notice_parse(const struct wg_schema *schema, const void *bytes, size_t len, const char *name,
                             struct wg_notice **out, struct wg_err *err) WG_MUST;
/* An empty notice of a kind of the schema ("missing", "return-interview"): <notice> with id, kind and version, to be
 * filled by wg_notice_set. Not yet valid. */
enum wg_code wg_notice_new(const struct wg_schema *schema, const char *kind, const char *id, struct wg_notice **out,
                           struct wg_err *err) WG_MUST;
void wg_notice_freep(struct wg_notice **notice);
#define WG_AUTO_NOTICE __attribute__((cleanup(wg_notice_freep)))

/* Sets the text of the element, or the attribute, at path ("child/name/full", "child/@looked-after"), relative to
 * <notice>, making what is missing on the way in the order that the schema wants. A repeatable step, anywhere in the
 * path, written "consent[+]" adds one more, "consent[last]" means the last there is. WG_CONFIG when the schema, or a
 * notice of this kind, has no such place; WG_REJECT when XML cannot hold the value. Facts given out before are no
 * longer valid. */
enum wg_code wg_notice_set(struct wg_notice *notice, const char *path, const char *value, struct wg_err *err) WG_MUST;

/* Takes the element, or the attribute, at path away with all below it; WG_OK when there was none. WG_CONFIG when the
 * schema has no such place. Facts given out before are no longer valid. */
enum wg_code wg_notice_clear(struct wg_notice *notice, const char *path, struct wg_err *err) WG_MUST;

/* The text at path (same form, first match; "local-id[2]", up to 9, is the second); the caller frees; NULL when it is
 * not there. */
char *wg_notice_get(const struct wg_notice *notice, const char *path);
/* The same into out of size bytes; false, and out empty, when it is not there or too long. */
bool wg_notice_get_into(const struct wg_notice *notice, const char *path, char *out, size_t size);

/* WG_OK or WG_REJECT with the first fault. */
enum wg_code wg_notice_validate(const struct wg_notice *notice, struct wg_err *err) WG_MUST;

/* Which of the places that its kind requires are empty: into out of size bytes, as wg_schema_requires writes them (a
 * group a|b|c whole), cut when it does not fit. Returns how many there are. A place holds something when it has text
 * that is not blank, an attribute that is not empty, or an element that holds something: a question answered "not
 * known" is answered. */
size_t wg_notice_missing(const struct wg_notice *notice, char *out, size_t size);
/* Room for all that a kind can require. */
#define WG_NOTICE_MISSING_TEXT 512

/* The categories of all that is there, and of the places that the items of an answer name. */
wg_categories wg_notice_categories(const struct wg_notice *notice);

/* What a copy says of itself. */
#define WG_COPY_REASON "not shared with this recipient"
#define WG_COPY_PICTURE "a photograph was left out: what the camera may have written into it could not be taken away"
struct wg_copy {
	const char *organisation, *desk; /* whom this copy is for; written to header/copy-for */
	wg_categories granted;           /* what stays */
	wg_categories mark;              /* of what goes: name these categories in <withheld> (others go without a word) */
	const char *reason;              /* text of <withheld> entries, WG_COPY_REASON in what is sent */
	const char *keep; /* how long the recipient may keep it ("P6Y"): header/keep; NULL or "": nothing is added */
};

/* The copy for one recipient: every element whose category is not granted is gone with all below it, and the result is
 * again a valid notice (an element that the schema requires and that is not granted makes WG_CONFIG: the policy grants
 * too little for a notice of this kind). Categories "administrative" are always kept. Afterwards checks that nothing
 * outside granted is left, independently of how it was removed. Photographs are cleaned (notice/picture.h), with the
 * hash of what is left, and named anew ("photograph-1.jpg"): the name that a file had may say anything. One that cannot
 * be cleaned stays out of the copy, which then says so in <withheld category="photograph">, WG_COPY_PICTURE. An
 * answer's item whose place is not granted goes too: that there is something to correct is itself information. */
enum wg_code wg_notice_project(const struct wg_notice *notice, const struct wg_copy *copy, struct wg_notice **out,
                               struct wg_err *err) WG_MUST;

/* How many photographs it holds: fewer in a copy whose recipient is granted them when some could not be cleaned. */
unsigned wg_notice_pictures(const struct wg_notice *notice);

/* One place that a notice holds something at, with its path as the schema writes it: no numbers, no values. */
struct wg_notice_element {
	char path[192];
	unsigned category;  /* its own: number of the category */
	wg_categories need; /* its own and those of all above it: it is in a copy only when all are granted */
	unsigned count;     /* how often */
};
/* Every place that holds text or an attribute, in document order; the caller frees the list. */
enum wg_code wg_notice_elements(const struct wg_notice *notice, struct wg_notice_element **out, unsigned *count,
                                struct wg_err *err) WG_MUST;

/* Free text may hold more than its place says: the schema's <wg:may-contain> names which categories. One entry for each
 * category and need together; may is all that texts of those may hold. */
struct wg_notice_text {
	unsigned category;  /* of the place */
	wg_categories need; /* as above */
	wg_categories may;  /* what it may hold besides */
};
/* How many are written, at most max (WG_NOTICE_TEXTS is always enough). */
#define WG_NOTICE_TEXTS 256
unsigned wg_notice_texts(const struct wg_notice *notice, struct wg_notice_text *out, unsigned max);

/* UTF-8, indented, deterministic: the same notice gives the same bytes. */
enum wg_code wg_notice_serialise(const struct wg_notice *notice, struct wg_buf *out, struct wg_err *err) WG_MUST;

/* The bytes of what the notice says (everything but id, header/source, header times, keep, copy-for), for a content
 * hash: the same report arriving twice by different ways gives the same bytes. */
enum wg_code wg_notice_content(const struct wg_notice *notice, struct wg_buf *out, struct wg_err *err) WG_MUST;

/* For the policy room: a copy of the notice's tree with namespaces taken off, so that conditions read
 * `child/@looked-after`. Borrowed from the notice, built at first use, gone at the next wg_notice_set or with the
 * notice. */
struct _xmlDoc *wg_notice_facts(struct wg_notice *notice, struct wg_err *err);

/* For people: what stands where and under which words is said by notice/render_words.c, both looks by
 * notice/render_looks.c. WG_LIMIT when it does not fit, WG_SYSTEM when memory runs out. */
enum wg_code wg_render_html(const struct wg_notice *notice, struct wg_buf *out, struct wg_err *err) WG_MUST;
enum wg_code wg_render_text(const struct wg_notice *notice, struct wg_buf *out, struct wg_err *err) WG_MUST;
/* Both for the price of little more than one: what stands where is found once. Either may be NULL. */
enum wg_code wg_render_both(const struct wg_notice *notice, struct wg_buf *html, struct wg_buf *text,
                            struct wg_err *err) WG_MUST;

#endif
