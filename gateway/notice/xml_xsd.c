/* xml_xsd.c owns compiling XML Schemas, validating against them, and the words about what is wrong.
 * SECURITY: the validator's own messages quote the document's values, and those are personal data; nothing of a message
 * is repeated but what stands behind the value and comes from the schema. */
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/schemasInternals.h>
#include <libxml/xmlschemas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "notice/schema_nearest.h"
#include "notice/xml.h"
#include "notice/xsd_attributes.h"

struct wg_xml_xsd {
	xmlSchema *schema;
};

/* The first complaint of a validation or of a schema's compilation. */
struct complaint {
	const xmlNode *schema; /* its document's root when something is validated */
	char text[720];
	int line;
};

/* Only while a schema compiles: its includes, relative to it, are the operator's own files. */
static xmlParserInput *schema_entity(const char *url, const char *id, xmlParserCtxt *ctxt)
{
	(void)id;
	if (url == NULL || strstr(url, "://") != NULL)
		return NULL;
	return xmlNewInputFromFile(ctxt, url);
}

/* The schema is the operator's: its values may be told. */
static void on_schema_fault(void *ctx, xmlError *error)
{
	struct complaint *c = ctx;
	if (c->text[0] != '\0' || error->message == NULL)
		return;
	(void)wg_defang(error->message, c->text, sizeof c->text);
	c->line = error->line;
}

enum wg_code wg_xml_xsd_load(const char *path, struct wg_xml_xsd **out, struct wg_err *err)
{
	struct complaint complaint = { 0 };
	xmlExternalEntityLoader closed = xmlGetExternalEntityLoader();
	xmlSetExternalEntityLoader(schema_entity);
	xmlSchemaParserCtxt *ctxt = xmlSchemaNewParserCtxt(path);
	xmlSchema *schema = NULL;
	if (ctxt != NULL) {
		xmlSchemaSetParserStructuredErrors(ctxt, on_schema_fault, &complaint);
		schema = xmlSchemaParse(ctxt);
		xmlSchemaFreeParserCtxt(ctxt);
	}
	xmlSetExternalEntityLoader(closed);
	struct wg_xml_xsd *x = schema != NULL ? calloc(1, sizeof *x) : NULL;
	if (x == NULL) {
		xmlSchemaFree(schema);
		return wg_err_set(err, WG_CONFIG, "%s:%d: schema cannot be used: %s", path, complaint.line,
		                  complaint.text[0] != '\0' ? complaint.text : "it cannot be read");
	}
	x->schema = schema;
	*out = x;
	return WG_OK;
}

void wg_xml_xsd_freep(struct wg_xml_xsd **xsd)
{
	if (*xsd != NULL)
		xmlSchemaFree((*xsd)->schema);
	free(*xsd);
	*xsd = NULL;
}

/* What stands behind the last mark in a message, or "". */
static const char *behind_last(const char *message, const char *mark)
{
	const char *found = "";
	for (const char *p = message; (p = strstr(p, mark)) != NULL; p += strlen(mark))
		found = p + strlen(mark);
	return found;
}

/* Copies names of the schema out of a message, without the namespaces in braces before them, without the line end. */
static void put_names(const char *from, char *out, size_t size)
{
	size_t o = 0;
	for (const char *p = from; *p != '\0' && *p != '\n' && o + 1 < size; p++) {
		const char *close = strncmp(p, "{urn:", 5) == 0 ? strchr(p, '}') : NULL;
		if (close != NULL)
			p = close;
		else
			out[o++] = *p;
	}
	out[o] = '\0';
}

/* Which of the names "( a, b, c )" in a rule an element's was meant to be, perhaps. */
static const char *meant(const char *element, const char *listed, char hint[WG_HINT])
{
	char names[400];
	const char *open = strchr(listed, '(');
	(void)snprintf(names, sizeof names, "%s", open != NULL ? open + 1 : ""); /* as long as listed */
	for (char *p = names; *p != '\0'; p++)
		if (*p == ',' || *p == ')')
			*p = ' ';
	return wg_hint(element, names, hint);
}

/* The rule that was broken, in words. A value stands before "set {", "type '", "Expected is" and "allowed (" in the
 * validator's messages, so that what is behind the last of them is the schema's. */
static void put_rule(const xmlError *error, const char *element, char *out, size_t size)
{
	const char *rule = "is not as the schema wants it", *mark = NULL;
	switch (error->code) { /* an int: the codes of several enums of libxml2 */
	case XML_SCHEMAV_ELEMENT_CONTENT:
		rule = strstr(error->message, "Missing child") != NULL ? "something is missing in it" : "must not stand here";
		mark = "Expected is ";
		break;
	case XML_SCHEMAV_CVC_ENUMERATION_VALID:
		rule = "holds a value that is not in the list";
		mark = "is not an element of the set ";
		break;
	case XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1:
	case XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_2:
	case XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_3:
		rule = "holds a value that is not of its type";
		mark = " type ";
		break;
	case XML_SCHEMAV_CVC_PATTERN_VALID:
		rule = "holds a value that is not written as it must be, or has control characters";
		break;
	case XML_SCHEMAV_CVC_MININCLUSIVE_VALID:
		rule = "is less than is allowed";
		mark = "allowed (";
		break;
	case XML_SCHEMAV_CVC_MAXINCLUSIVE_VALID:
		rule = "is more than is allowed";
		mark = "allowed (";
		break;
	case XML_SCHEMAV_CVC_MINLENGTH_VALID:
		rule = "is empty or too short";
		break;
	case XML_SCHEMAV_CVC_MAXLENGTH_VALID:
		rule = "is too long";
		break;
	case XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_1:
	case XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_2: /* see is_unknown_attribute */
		rule = "is not a known attribute";
		break;
	case XML_SCHEMAV_CVC_COMPLEX_TYPE_4:
		rule = "lacks a required attribute";
		mark = "The attribute ";
		break;
	case XML_SCHEMAV_CVC_COMPLEX_TYPE_2_3:
		rule = "holds text between its elements";
		break;
	case XML_SCHEMAV_CVC_IDC:
		rule = "repeats what may stand only once";
		break;
	default:
		break;
	}
	const char *names = mark != NULL ? behind_last(error->message, mark) : "";
	char listed[400], hint[WG_HINT] = "";
	put_names(names, listed, sizeof listed);
	size_t n = strlen(listed);
	if (n > 0 && listed[n - 1] == '.')
		listed[--n] = '\0';
	if (n > 0 && listed[n - 1] == ')' && strchr(listed, '(') == NULL)
		listed[n - 1] = '\0';
	if (error->code == XML_SCHEMAV_ELEMENT_CONTENT)
		(void)meant(element, listed, hint); /* returns hint */
	(void)snprintf(out, size, "%s%s%s%s", rule, listed[0] != '\0' ? ": " : "", listed, hint);
}

/* The attribute's name stands only in the message, behind the element's; it is taken when all before it is what we know
 * it must be, because a namespace may hold any text. */
static void put_attribute(const xmlError *error, const xmlNode *element, char *out, size_t size)
{
	char prefix[400];
	const char *ns = wg_xml_ns(element);
	int n = snprintf(prefix, sizeof prefix, "Element '%s%s%s%s', attribute '", ns[0] != '\0' ? "{" : "", ns,
	                 ns[0] != '\0' ? "}" : "", wg_xml_name(element));
	out[0] = '\0';
	if (n < 0 || (size_t)n >= sizeof prefix || strncmp(error->message, prefix, (size_t)n) != 0)
		return;
	char name[WG_LIMIT_NAME + 1];
	size_t len = strcspn(error->message + n, "'");
	if (len >= sizeof name || error->message[n] == '{') /* an attribute with a namespace: the text may be anything */
		return;
	memcpy(name, error->message + n, len);
	name[len] = '\0';
	(void)wg_defang(name, out, size);
}

static bool is_unknown_attribute(const xmlError *error)
{
	return error->code == XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_1 || error->code == XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_2;
}

static void on_fault(void *ctx, xmlError *error)
{
	struct complaint *c = ctx;
	const xmlNode *node = error->node;
	char element[WG_LIMIT_NAME + 1] = "the document", attribute[WG_LIMIT_NAME + 1] = "", rule[560], known[400];
	char hint[WG_HINT] = "";
	if (c->text[0] != '\0' || error->message == NULL)
		return;
	if (node != NULL && node->type == XML_ATTRIBUTE_NODE)
		node = node->parent;
	if (node != NULL && node->type == XML_ELEMENT_NODE) {
		(void)wg_defang((const char *)node->name, element, sizeof element);
		put_attribute(error, node, attribute, sizeof attribute);
	}
	put_rule(error, element, rule, sizeof rule);
	if (attribute[0] != '\0' && is_unknown_attribute(error)) {
		wg_xsd_attributes(c->schema, node, known, sizeof known);
		(void)wg_hint(attribute, known, hint); /* returns hint */
	}
	(void)snprintf(c->text, sizeof c->text, "%s%s%s: %s%s", element, attribute[0] != '\0' ? "/@" : "", attribute, rule,
	               hint);
	c->line = error->line;
}

/* xsi:type would change what a declaration means, xsi:schemaLocation would make the validator look for files. The
 * recursion is bounded by the depth that wg_xml_parse allows. */
static const xmlNode *instance_attribute(const xmlNode *node)
{
	const xmlNode *found = NULL;
	for (const xmlAttr *a = node->properties; a != NULL && found == NULL; a = a->next)
		if (a->ns != NULL && strcmp((const char *)a->ns->href, "http://www.w3.org/2001/XMLSchema-instance") == 0)
			found = node;
	for (const xmlNode *c = wg_xml_first(node, NULL); c != NULL && found == NULL; c = wg_xml_next(c, NULL))
		found = instance_attribute(c);
	return found;
}

enum wg_code wg_xml_validate(const struct wg_xml *doc, const struct wg_xml_xsd *xsd, struct wg_err *err)
{
	struct complaint complaint = { .schema = xmlDocGetRootElement(xsd->schema->doc) };
	const char *name = wg_xml_docname(doc);
	const xmlNode *instance = instance_attribute(wg_xml_root(doc));
	if (instance != NULL)
		return wg_err_set(err, WG_REJECT, "%s:%d: attributes of XMLSchema-instance are not accepted: remove them", name,
		                  wg_xml_line(instance));
	xmlSchemaValidCtxt *ctxt = xmlSchemaNewValidCtxt(xsd->schema);
	if (ctxt == NULL)
		return wg_err_set(err, WG_SYSTEM, "%s: no memory to validate", name);
	xmlSchemaSetValidStructuredErrors(ctxt, on_fault, &complaint);
	int rc = xmlSchemaValidateDoc(ctxt, wg_xml_doc(doc));
	xmlSchemaFreeValidCtxt(ctxt);
	if (rc == 0)
		return WG_OK;
	if (rc < 0)
		return wg_err_set(err, WG_SYSTEM, "%s: validation could not run", name);
	return wg_err_set(err, WG_REJECT, "%s:%d: %s", name, complaint.line, complaint.text);
}
