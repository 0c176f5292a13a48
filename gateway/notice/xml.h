/* XML read safely: the only door to libxml2 in the gateway. No DOCTYPE, no entity beyond the five, no network, no file
 * but those that the operator named, depth and size bounded. Errors carry file:line and never the document's values. */
#ifndef WG_NOTICE_XML_H
#define WG_NOTICE_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Opaque: an element of a document; lives as long as its document. The same type as libxml2's xmlNode. */
struct _xmlNode;
struct _xmlDoc;
struct wg_xml;     /* a parsed document with its name for messages */
struct wg_xml_xsd; /* a compiled schema; immutable, may be shared */

/* Sets libxml2 up for the process: no entity loader, silent errors. Call once before anything else here, before
 * threads. */
void wg_xml_init(void);

/* libxml2 asks wg_mem_malloc for its memory, so that wg_mem_refused knows of it. Before anything else of libxml2 is
 * called, wg_xml_init too; who does not call this only learns less. */
void wg_xml_memory(void);

/* Parses len bytes. name stands in messages (a file name, "message"); it is copied. WG_REJECT when not well-formed,
 * with a DOCTYPE, or too deep; WG_LIMIT when larger than the limits. The caller frees *out. */
enum wg_code wg_xml_parse(const void *bytes, size_t len, const char *name, struct wg_xml **out, struct wg_err *err)
	WG_MUST;
/* The same, with those elements only of which keep says yes (local name; depth: 1 for the root's children, which is
 * always kept), and nothing of the others or below them. What wg_xml_parse refuses is refused all the same. */
typedef bool wg_xml_keep(const char *name, size_t depth);
enum wg_code wg_xml_parse_some(const void *bytes, size_t len, const char *name, wg_xml_keep *keep, struct wg_xml **out,
                               struct wg_err *err) WG_MUST;
/* Whether its first element is that one of that namespace. Then all of it was parsed and nothing kept, and what
 * wg_xml_parse refuses is refused in the same words; of another nothing behind the first tag was looked at. */
enum wg_code wg_xml_is(const void *bytes, size_t len, const char *name, const char *ns, const char *root, bool *is,
                       struct wg_err *err) WG_MUST;
/* The same as wg_xml_parse from a file of the operator's, at most WG_LIMIT_CONFIG_FILE; faults of the file are
 * WG_CONFIG. */
enum wg_code wg_xml_load(const char *path, struct wg_xml **out, struct wg_err *err) WG_MUST;
void wg_xml_freep(struct wg_xml **doc);
#define WG_AUTO_XML __attribute__((cleanup(wg_xml_freep)))

/* Compiles path and what it includes beside it (xs:include, xs:import with a relative schemaLocation in the same
 * folder). */
enum wg_code wg_xml_xsd_load(const char *path, struct wg_xml_xsd **out, struct wg_err *err) WG_MUST;
void wg_xml_xsd_freep(struct wg_xml_xsd **xsd);

/* WG_OK or WG_REJECT; the words say name:line, the element, and what the schema wants, without the value that was
 * there. */
enum wg_code wg_xml_validate(const struct wg_xml *doc, const struct wg_xml_xsd *xsd, struct wg_err *err) WG_MUST;

/* Walking. Names are local names; ns may be NULL for any namespace. */
struct _xmlNode *wg_xml_root(const struct wg_xml *doc);
struct _xmlDoc *wg_xml_doc(const struct wg_xml *doc); /* borrowed, for this room */
const char *wg_xml_docname(const struct wg_xml *doc);
const char *wg_xml_name(const struct _xmlNode *node);
const char *wg_xml_ns(const struct _xmlNode *node); /* "" when none */
int wg_xml_line(const struct _xmlNode *node);
struct _xmlNode *wg_xml_first(const struct _xmlNode *parent,
                              const char *name);                             /* first child element; name NULL: any */
struct _xmlNode *wg_xml_next(const struct _xmlNode *node, const char *name); /* next sibling element */
/* Text of the element and all below it, NUL-terminated, or of an attribute; the caller frees; NULL when the attribute
 * is not there or memory ran out (an element without text gives ""). */
char *wg_xml_text(const struct _xmlNode *node);
char *wg_xml_attr(const struct _xmlNode *node, const char *name);
/* The text of an element or an attribute that holds one text and nothing else, as most do, where it stands: good until
 * the node changes. NULL for all others. (An attribute is a node to libxml2, with its text below it.) */
const char *wg_xml_only_text(const struct _xmlNode *node);
/* Copies the attribute into out; "" when not there; false when it does not fit. */
bool wg_xml_attr_into(const struct _xmlNode *node, const char *name, char *out, size_t size);

/* Serialises the whole document, UTF-8, with declaration; format: indented. */
enum wg_code wg_xml_serialise(const struct wg_xml *doc, bool format, struct wg_buf *out, struct wg_err *err) WG_MUST;

/* Wraps a document made by this room with libxml2 itself; takes ownership of doc. NULL when memory runs out (doc
 * freed). */
struct wg_xml *wg_xml_adopt(struct _xmlDoc *doc, const char *name);
/* The other way about: the document is the caller's, *doc is NULL. */
struct _xmlDoc *wg_xml_release(struct wg_xml **doc);

/* WG_CONFIG with "file:line: words" about a node of an operator's file. */
#define wg_xml_complain(...) wg_err_sure(wg_xml_put_complaint(__VA_ARGS__))
enum wg_code wg_xml_put_complaint(const struct wg_xml *doc, const struct _xmlNode *node, struct wg_err *err,
                                  const char *fmt, ...) WG_PRINTF(4, 5);

#endif
