/* xml.c owns parsing, walking and serialising of XML.
 * SECURITY: the bytes given to wg_xml_parse are hostile; everything that could reach a file or the network is off. */
#include "notice/xml.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/refused.h"
#include "base/text.h"
#include "notice/xml_scan.h"
#include "notice/xml_write.h"
#include "sys/file.h"

struct wg_xml {
	xmlDoc *doc;
	char name[256];
};

/* Entities are answered with nothing: no document may make this process open anything. */
static xmlParserInput *no_entity(const char *url, const char *id, xmlParserCtxt *ctxt)
{
	(void)url, (void)id, (void)ctxt;
	return NULL;
}

static void silent(void *ctx, const char *fmt, ...)
{
	(void)ctx, (void)fmt;
}

static void silent_structured(void *ctx, xmlError *error)
{
	(void)ctx, (void)error;
}

void wg_xml_memory(void)
{
	(void)xmlMemSetup(free, wg_mem_malloc, wg_mem_realloc, wg_mem_strdup); /* fails only without one of them */
}

void wg_xml_init(void)
{
	LIBXML_TEST_VERSION
	xmlInitParser();
	xmlSetExternalEntityLoader(no_entity);
	xmlSetGenericErrorFunc(NULL, silent);
	xmlSetStructuredErrorFunc(NULL, silent_structured);
}

/* What a document may cost, counted while it is parsed. Lives in ctxt->_private. */
struct budget {
	size_t depth, nodes;
	const char *fault;
	startElementNsSAX2Func start;
	endElementNsSAX2Func end;
	charactersSAXFunc characters;
	wg_xml_keep *keep;     /* NULL: all */
	size_t left_out;       /* elements that are open and left out */
	const char *ns, *root; /* which element is looked for */
	bool begun, other;     /* the first came, and is another */
};

static void stop(xmlParserCtxt *ctxt, const char *fault)
{
	struct budget *budget = ctxt->_private;
	if (budget->fault == NULL)
		budget->fault = fault;
	xmlStopParser(ctxt);
}

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *id, const xmlChar *url)
{
	(void)name, (void)id, (void)url;
	stop(ctx, "a DOCTYPE is not accepted: remove it and send again");
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_ns,
                     const xmlChar **ns, int n_attr, int n_default, const xmlChar **attr)
{
	xmlParserCtxt *ctxt = ctx;
	struct budget *budget = ctxt->_private;
	budget->nodes += 1 + (size_t)n_attr + (size_t)n_ns;
	if (++budget->depth > WG_LIMIT_XML_DEPTH)
		stop(ctxt, "elements are nested too deeply");
	else if (budget->nodes > WG_LIMIT_XML_NODES)
		stop(ctxt, "there are too many elements and attributes");
	else if (budget->left_out > 0 ||
	         (budget->keep != NULL && budget->depth > 1 && !budget->keep((const char *)name, budget->depth - 1)))
		budget->left_out++;
	else
		budget->start(ctx, name, prefix, uri, n_ns, ns, n_attr, n_default, attr);
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	xmlParserCtxt *ctxt = ctx;
	struct budget *budget = ctxt->_private;
	budget->depth--;
	if (budget->left_out > 0)
		budget->left_out--;
	else
		budget->end(ctx, name, prefix, uri);
}

static void on_characters(void *ctx, const xmlChar *text, int len)
{
	xmlParserCtxt *ctxt = ctx;
	struct budget *budget = ctxt->_private;
	if (budget->left_out == 0)
		budget->characters(ctx, text, len);
}

/* Processing instructions and comments carry nothing for us and are not kept. */
static void on_pi(void *ctx, const xmlChar *target, const xmlChar *data)
{
	(void)ctx, (void)target, (void)data;
}

static void on_comment(void *ctx, const xmlChar *value)
{
	(void)ctx, (void)value;
}

struct wg_xml *wg_xml_adopt(struct _xmlDoc *doc, const char *name)
{
	struct wg_xml *x = doc != NULL ? calloc(1, sizeof *x) : NULL;
	if (x == NULL) {
		xmlFreeDoc(doc);
		return NULL;
	}
	x->doc = doc;
	(void)wg_defang(name, x->name, sizeof x->name);
	return x;
}

struct _xmlDoc *wg_xml_release(struct wg_xml **doc)
{
	xmlDoc *released = (*doc)->doc;
	free(*doc);
	*doc = NULL;
	return released;
}

/* A parser that is ready to begin, with the limits; *budget has to live as long. */
static enum wg_code parser(const void *bytes, size_t len, const char *name, struct budget *budget, xmlParserCtxt **out,
                           struct wg_err *err)
{
	if (len > INT_MAX || len > WG_LIMIT_READER_OUTPUT)
		return wg_err_set(err, WG_LIMIT, "%s: XML of %zu bytes is larger than the limit of %zu", name, len,
		                  WG_LIMIT_READER_OUTPUT);
	const char *fault = len > 0 ? wg_xml_scan(bytes, len) : NULL;
	if (fault != NULL)
		return wg_err_set(err, WG_REJECT, "%s: %s", name, fault);
	xmlParserCtxt *ctxt = xmlCreateMemoryParserCtxt(len > 0 ? bytes : " ", len > 0 ? (int)len : 1);
	if (ctxt == NULL)
		return wg_err_set(err, WG_SYSTEM, "%s: no memory for an XML parser", name);
	*budget = (struct budget){ .start = ctxt->sax->startElementNs, .end = ctxt->sax->endElementNs };
	ctxt->_private = budget;
	(void)xmlCtxtUseOptions(ctxt, XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_COMPACT | XML_PARSE_NOERROR |
	                                  XML_PARSE_NOWARNING);
	ctxt->sax->internalSubset = on_doctype;
	ctxt->sax->startElementNs = on_start;
	ctxt->sax->endElementNs = on_end;
	ctxt->sax->processingInstruction = on_pi;
	ctxt->sax->comment = on_comment;
	*out = ctxt;
	return WG_OK;
}

/* What the parser stumbled over, for people who write such files; its own words quote what stands there. */
static const char *stumble(int code)
{
	switch (code) { /* xmlParserErrors, as an int */
	case XML_ERR_DOCUMENT_EMPTY:
		return "there is nothing in it";
	case XML_ERR_DOCUMENT_END:
		return "something stands behind its end";
	case XML_ERR_TAG_NAME_MISMATCH:
		return "an end tag is not that of the element which is open: is one missing, or mistyped?";
	case XML_ERR_TAG_NOT_FINISHED:
		return "it ends while an element is open";
	case XML_ERR_GT_REQUIRED:
	case XML_ERR_SPACE_REQUIRED:
		return "a tag is not written as it must be: is a \">\", a blank or a quotation mark missing?";
	case XML_ERR_ATTRIBUTE_NOT_STARTED:
	case XML_ERR_ATTRIBUTE_NOT_FINISHED:
	case XML_ERR_ATTRIBUTE_WITHOUT_VALUE:
		return "the value of an attribute is missing, or not in quotation marks";
	case XML_ERR_ATTRIBUTE_REDEFINED:
		return "an attribute stands twice in a tag";
	case XML_ERR_LT_IN_ATTRIBUTE:
	case XML_ERR_NAME_REQUIRED:
	case XML_ERR_ENTITYREF_SEMICOL_MISSING:
	case XML_ERR_UNDECLARED_ENTITY:
		return "in text, \"<\" is written &lt; and \"&\" is written &amp;";
	case XML_ERR_INVALID_CHAR:
	case XML_ERR_INVALID_ENCODING:
		return "it has bytes that are no text of its encoding: save it as UTF-8";
	default:
		return NULL;
	}
}

/* root: whether there was a first element. */
static enum wg_code judge(const xmlParserCtxt *ctxt, const struct budget *budget, bool root, const char *name,
                          struct wg_err *err)
{
	if (budget->fault != NULL)
		return wg_err_set(err, WG_REJECT, "%s: %s", name, budget->fault);
	if (ctxt->wellFormed && ctxt->errNo != XML_ERR_NO_MEMORY && root)
		return WG_OK;
	const char *why = stumble(ctxt->lastError.code);
	if (why != NULL)
		return wg_err_set(err, WG_REJECT, "%s:%d: not well-formed XML: %s", name, ctxt->lastError.line, why);
	return wg_err_set(err, WG_REJECT, "%s:%d: not well-formed XML (parser error %d)", name, ctxt->lastError.line,
	                  ctxt->lastError.code);
}

enum wg_code wg_xml_parse(const void *bytes, size_t len, const char *name, struct wg_xml **out, struct wg_err *err)
{
	return wg_xml_parse_some(bytes, len, name, NULL, out, err);
}

enum wg_code wg_xml_parse_some(const void *bytes, size_t len, const char *name, wg_xml_keep *keep, struct wg_xml **out,
                               struct wg_err *err)
{
	struct budget budget;
	xmlParserCtxt *ctxt = NULL;
	enum wg_code code = parser(bytes, len, name, &budget, &ctxt, err);
	if (code != WG_OK)
		return code;
	if (keep != NULL) {
		budget.keep = keep;
		budget.characters = ctxt->sax->characters;
		ctxt->sax->characters = ctxt->sax->ignorableWhitespace = on_characters;
	}
	ctxt->linenumbers = 1;
	(void)xmlParseDocument(ctxt);
	xmlDoc *doc = ctxt->myDoc;
	ctxt->myDoc = NULL;
	code = judge(ctxt, &budget, doc != NULL && xmlDocGetRootElement(doc) != NULL, name, err);
	xmlFreeParserCtxt(ctxt);
	if (code != WG_OK) {
		xmlFreeDoc(doc);
		return code;
	}
	struct wg_xml *x = wg_xml_adopt(doc, name);
	if (x == NULL)
		return wg_err_set(err, WG_SYSTEM, "%s: no memory", name);
	*out = x;
	return WG_OK;
}

/* Nothing is kept of an element but the question whether the first is the one. */
static void first_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_ns,
                        const xmlChar **ns, int n_attr, int n_default, const xmlChar **attr)
{
	xmlParserCtxt *ctxt = ctx;
	struct budget *budget = ctxt->_private;
	(void)prefix, (void)n_ns, (void)ns, (void)n_attr, (void)n_default, (void)attr;
	if (budget->begun)
		return;
	budget->begun = true;
	budget->other =
		strcmp((const char *)name, budget->root) != 0 || uri == NULL || strcmp((const char *)uri, budget->ns) != 0;
	if (budget->other)
		xmlStopParser(ctxt);
}

static void first_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	(void)ctx, (void)name, (void)prefix, (void)uri;
}

enum wg_code wg_xml_is(const void *bytes, size_t len, const char *name, const char *ns, const char *root, bool *is,
                       struct wg_err *err)
{
	struct budget budget;
	xmlParserCtxt *ctxt = NULL;
	enum wg_code code = parser(bytes, len, name, &budget, &ctxt, err);
	if (code != WG_OK)
		return code;
	budget.ns = ns;
	budget.root = root;
	budget.start = first_start;
	budget.end = first_end;
	ctxt->sax->startDocument = NULL; /* which makes the tree */
	ctxt->sax->endDocument = NULL;
	ctxt->sax->characters = ctxt->sax->ignorableWhitespace = NULL;
	ctxt->sax->cdataBlock = NULL;
	ctxt->sax->reference = NULL;
	(void)xmlParseDocument(ctxt);
	if (!budget.other)
		code = judge(ctxt, &budget, budget.begun, name, err);
	xmlFreeDoc(ctxt->myDoc); /* there is none */
	xmlFreeParserCtxt(ctxt);
	if (code == WG_OK)
		*is = !budget.other;
	return code;
}

enum wg_code wg_xml_load(const char *path, struct wg_xml **out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_CONFIG_FILE);
	enum wg_code code = wg_file_read(path, &bytes, err);
	if (code == WG_OK)
		code = wg_xml_parse(bytes.data, bytes.len, path, out, err);
	if (code == WG_REJECT || code == WG_LIMIT || code == WG_NOT_FOUND) /* the operator's to mend */
		err->code = code = WG_CONFIG;
	return code;
}

void wg_xml_freep(struct wg_xml **doc)
{
	if (*doc != NULL)
		xmlFreeDoc((*doc)->doc);
	free(*doc);
	*doc = NULL;
}

struct _xmlNode *wg_xml_root(const struct wg_xml *doc)
{
	return xmlDocGetRootElement(doc->doc);
}

struct _xmlDoc *wg_xml_doc(const struct wg_xml *doc)
{
	return doc->doc;
}

const char *wg_xml_docname(const struct wg_xml *doc)
{
	return doc->name;
}

const char *wg_xml_name(const struct _xmlNode *node)
{
	return (const char *)node->name;
}

const char *wg_xml_ns(const struct _xmlNode *node)
{
	return node->ns != NULL && node->ns->href != NULL ? (const char *)node->ns->href : "";
}

int wg_xml_line(const struct _xmlNode *node)
{
	return (int)xmlGetLineNo((xmlNode *)node);
}

static xmlNode *element_from(xmlNode *node, const char *name)
{
	for (; node != NULL; node = node->next)
		if (node->type == XML_ELEMENT_NODE && (name == NULL || strcmp((const char *)node->name, name) == 0))
			return node;
	return NULL;
}

struct _xmlNode *wg_xml_first(const struct _xmlNode *parent, const char *name)
{
	return element_from(parent->children, name);
}

struct _xmlNode *wg_xml_next(const struct _xmlNode *node, const char *name)
{
	return element_from(node->next, name);
}

/* libxml2's strings into malloc's, so that every caller frees the same way. */
static char *own(xmlChar *s)
{
	char *copy = s != NULL ? strdup((const char *)s) : NULL;
	if (s != NULL && copy == NULL)
		wg_mem_note(); /* to the caller it is not there */
	xmlFree(s);
	return copy;
}

const char *wg_xml_only_text(const struct _xmlNode *node)
{
	const xmlNode *only = node->children;
	return only != NULL && only->next == NULL && only->type == XML_TEXT_NODE ? (const char *)only->content : NULL;
}

char *wg_xml_text(const struct _xmlNode *node)
{
	return own(xmlNodeGetContent(node));
}

char *wg_xml_attr(const struct _xmlNode *node, const char *name)
{
	return own(xmlGetNoNsProp(node, (const xmlChar *)name));
}

bool wg_xml_attr_into(const struct _xmlNode *node, const char *name, char *out, size_t size)
{
	WG_AUTO_FREE char *value = wg_xml_attr(node, name);
	out[0] = '\0';
	if (value == NULL)
		return true;
	size_t n = strlen(value);
	if (n >= size)
		return false;
	memcpy(out, value, n + 1);
	return true;
}

enum wg_code wg_xml_serialise(const struct wg_xml *doc, bool format, struct wg_buf *out, struct wg_err *err)
{
	xmlChar *text = NULL;
	int len = 0;
	if (wg_xml_write(doc->doc, format, NULL, out))
		return wg_buf_check(out, doc->name, err);
	xmlDocDumpFormatMemoryEnc(doc->doc, &text, &len, "UTF-8", format ? 1 : 0);
	if (text == NULL || len < 0)
		return wg_err_set(err, WG_SYSTEM, "%s: no memory to write XML", doc->name);
	wg_buf_put(out, text, (size_t)len);
	wg_wipe(text, (size_t)len);
	xmlFree(text);
	return wg_buf_check(out, doc->name, err);
}

enum wg_code wg_xml_put_complaint(const struct wg_xml *doc, const struct _xmlNode *node, struct wg_err *err,
                                  const char *fmt, ...)
{
	char words[WG_ERR_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	return wg_err_set(err, WG_CONFIG, "%s:%d: %s", doc->name, node != NULL ? wg_xml_line(node) : 0, words);
}
