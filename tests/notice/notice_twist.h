/* A notice's tree changed here and there, by numbers that come from anywhere: what stands where, how often, under which
 * name and with which words. Some of it stays a notice. */
#ifndef WG_TESTS_NOTICE_TWIST_H
#define WG_TESTS_NOTICE_TWIST_H

#include <libxml/tree.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "notice/schema_internal.h"
#include "notice/schema_print.h"
#include "notice/xml.h"

/* The next number below n. */
struct twists {
	const struct wg_schema *schema;
	uint32_t (*next)(void *arg, uint32_t n);
	void *arg;
};

#define TWIST_SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Words for a value: of every type some that fit and some that nearly do. */
static const char *const twist_words[] = {
	"",
	" ",
	"\t",
	"a",
	"A",
	"0",
	"1",
	"2",
	" 1",
	"1 ",
	"x y",
	"x  y",
	"x\ny",
	"yes",
	"Yes",
	"true",
	"false",
	"not-known",
	"not known",
	"HIGH",
	"missing",
	"other",
	"*",
	"**",
	"front-door",
	"-front",
	"front-",
	"2011-03-14",
	"2011-02-30",
	"2011-13-01",
	"2011-03-32",
	"0000-00-00",
	"2026-11-20T22:41:07Z",
	"2026-11-20T22:41:07+01:00",
	"2026-11-20T22:41:07-13:59",
	"2026-11-20T22:41:07+14:00",
	"2026-11-20T22:41:07+14:01",
	"2026-11-20T22:41:07+15:00",
	"2026-11-20T22:41:07.Z",
	"2026-11-20T22:41:07.5Z",
	"2026-11-20T22:41:59.999999999Z",
	"2026-11-20T22:41:59.99999999999999999999Z",
	"2026-11-20T22:41:60Z",
	"2026-11-20T22:60:07Z",
	"2026-11-20T24:00:00Z",
	"2026-11-20T24:00:01Z",
	"2026-11-20T25:00:00Z",
	"2026-11-20T22:41:07",
	"2026-11-20T22:41Z",
	"2026-11-20T22:41:07z",
	"2026-11-20 22:41:07Z",
	"2026-02-29T00:00:00Z",
	"2024-02-29T00:00:00Z",
	"1900-02-29T00:00:00Z",
	"2000-02-29T23:59:59.999Z",
	"0000-01-01T00:00:00Z",
	"0001-01-01T00:00:00Z",
	"12026-01-01T00:00:00Z",
	"-2026-01-01T00:00:00Z",
	"2026-00-01T00:00:00Z",
	"2026-04-31T00:00:00Z",
	" 2026-11-20T22:41:07Z",
	"P6Y",
	"P0Y",
	"P12345D",
	"P18M",
	"830",
	"83",
	"E23000015",
	"E2300001",
	"9990000018",
	"999000001",
	"A999999999999",
	"ZZ9 9ZZ",
	"ZZ9  9ZZ",
	"Z",
	"417",
	"1234567",
	"child/name/full",
	"child/name/@full",
	"child//name",
	"identity risk",
	"identity  risk",
	"identity risk ",
	"QUJD",
	"QUI=",
	"QQ==",
	"QR==",
	"QUJ=",
	"QUJ",
	"Q===",
	"=",
	"QUJD QUJD",
	"QUJD\nQUJD",
	"QU-D",
	"QUJDQQ==QUJD",
	TWIST_SHA,
	TWIST_SHA "0",
	"01k9tess00examp1e0000000ld",
	"Zo\xC3\xAB",
	"\xC2\x80",
	"\xC2\xA0",
	"\x7F",
	"\xE2\x80\xA7",
	"\xE2\x80\xA8",
	"\xE2\x80\xA9",
	"\xE2\x80\xAA",
	"\xEF\xBF\xBD",
	"\xED\x9F\xBF",
	"\xEE\x80\x80",
	"\xF0\x9F\x98\x80",
	"\xF4\x8F\xBF\xBF",
};

/* So many of one character: lengths that types end at. */
static const struct {
	const char *letter;
	unsigned count;
} twist_runs[] = { { "a", 64 },   { "a", 65 },           { "a", 160 },          { "a", 161 },
	               { "a", 300 },  { "a", 301 },          { "\xC3\xAB", 300 },   { "\xC3\xAB", 301 },
	               { "a", 1000 }, { "a", 1001 },         { "a", 20000 },        { "a", 20001 },
	               { "\n", 3 },   { "\xC3\xAB", 20000 }, { "\xC3\xAB", 20001 }, { "QUJD", 300000 } };

static inline uint32_t twist_next(struct twists *t, size_t n)
{
	return n > 0 ? t->next(t->arg, (uint32_t)n) : 0;
}

/* Number i of the words above and after them of the runs; the caller frees. */
static inline char *twist_value(size_t i)
{
	if (i < WG_COUNT(twist_words))
		return strdup(twist_words[i]);
	const char *letter = twist_runs[i - WG_COUNT(twist_words)].letter;
	size_t n = strlen(letter), count = twist_runs[i - WG_COUNT(twist_words)].count;
	char *value = calloc(n * count + 1, 1);
	for (size_t k = 0; value != NULL && k < count; k++)
		memcpy(value + n * k, letter, n);
	return value;
}

#define TWIST_VALUES (WG_COUNT(twist_words) + WG_COUNT(twist_runs))

/* The element or attribute that the type of a code was declared for, or any words. */
static inline char *twist_words_for(struct twists *t, const struct _xmlNode *declared)
{
	char type[WG_LIMIT_NAME + 1];
	const struct _xmlNode *codes = declared != NULL && wg_xml_attr_into(declared, "type", type, sizeof type)
	                                   ? wg_schema_codes(t->schema, type)
	                                   : NULL;
	if (codes == NULL || twist_next(t, 4) == 0)
		return twist_value(twist_next(t, TWIST_VALUES - (twist_next(t, 50) == 0 ? 0 : 1))); /* the last is long */
	for (uint32_t skip = twist_next(t, 40); skip > 0 && wg_xml_next(codes, "enumeration") != NULL; skip--)
		codes = wg_xml_next(codes, "enumeration");
	return wg_xml_attr(codes, "value");
}

static inline size_t twist_count(xmlNode *node)
{
	size_t n = 1;
	for (xmlNode *c = wg_xml_first(node, NULL); c != NULL; c = wg_xml_next(c, NULL))
		n += twist_count(c);
	return n;
}

/* Element number *i in the document's order, the root being 0. */
static inline xmlNode *twist_at(xmlNode *node, size_t *i)
{
	if (*i == 0)
		return node;
	--*i;
	for (xmlNode *c = wg_xml_first(node, NULL); c != NULL; c = wg_xml_next(c, NULL)) {
		xmlNode *found = twist_at(c, i);
		if (found != NULL)
			return found;
	}
	return NULL;
}

static inline xmlNode *twist_element(struct twists *t, xmlNode *root)
{
	size_t i = twist_next(t, twist_count(root));
	xmlNode *found = twist_at(root, &i);
	return found != NULL ? found : root;
}

/* Where the schema has it, or NULL. */
static inline const struct wg_place *twist_place(const struct twists *t, const xmlNode *node)
{
	if (node->parent == NULL || node->parent->type != XML_ELEMENT_NODE)
		return &t->schema->root;
	const struct wg_place *above = twist_place(t, node->parent);
	return above != NULL ? wg_type_place(above->type, (const char *)node->name) : NULL;
}

static inline const struct wg_place *twist_any_place(struct twists *t, const struct wg_type *type)
{
	if (type == NULL || type->n_places == 0 || twist_next(t, 8) == 0)
		type = t->schema->types[twist_next(t, t->schema->n_types)];
	return type->n_places > 0 ? &type->places[twist_next(t, type->n_places)] : &t->schema->root;
}

static inline void twist_text(xmlNode *node, const char *text)
{
	while (node->children != NULL) {
		xmlNode *old = node->children;
		xmlUnlinkNode(old);
		xmlFreeNode(old);
	}
	if (text != NULL && text[0] != '\0')
		(void)xmlAddChild(node, xmlNewDocText(node->doc, (const xmlChar *)text)); /* a test's memory lasts */
}

static inline void twist_insert(struct twists *t, xmlNode *node)
{
	const struct wg_place *here = twist_place(t, node), *place = twist_any_place(t, here != NULL ? here->type : NULL);
	xmlNode *made = xmlNewDocNode(node->doc, node->ns, (const xmlChar *)place->name, NULL);
	xmlNode *before = wg_xml_first(node, NULL);
	bool in_order = here != NULL && here->type != NULL && twist_next(t, 4) != 0;
	while (before != NULL &&
	       (in_order ? wg_type_place(here->type, (const char *)before->name) <= place : twist_next(t, 3) != 0))
		before = wg_xml_next(before, NULL);
	if (wg_place_text(place)) {
		WG_AUTO_FREE char *value = twist_words_for(t, place->declared);
		twist_text(made, value);
	}
	if (before != NULL)
		(void)xmlAddPrevSibling(before, made);
	else
		(void)xmlAddChild(node, made);
}

static inline void twist_attribute(struct twists *t, xmlNode *node)
{
	const struct wg_place *place = twist_place(t, node);
	const struct wg_type *type = place != NULL ? place->type : NULL;
	if (type == NULL || type->n_attributes == 0 || twist_next(t, 8) == 0)
		type = t->schema->types[twist_next(t, t->schema->n_types)];
	if (type->n_attributes == 0)
		return;
	const struct wg_attribute *a = &type->attributes[twist_next(t, type->n_attributes)];
	WG_AUTO_FREE char *value = twist_words_for(t, a->declared);
	(void)xmlSetProp(node, (const xmlChar *)a->name, (const xmlChar *)value);
}

static inline void twist_letter(struct twists *t, xmlNode *node)
{
	WG_AUTO_FREE char *text = wg_xml_first(node, NULL) == NULL ? wg_xml_text(node) : NULL;
	size_t n = text != NULL ? strlen(text) : 0, at = n > 0 ? twist_next(t, n) : 0;
	if (n == 0 || (unsigned char)text[at] >= 0x80)
		return;
	text[at] = " aZ0-/:.\n"[twist_next(t, 9)];
	twist_text(node, text);
}

static inline void twist_move(struct twists *t, xmlNode *root, xmlNode *node)
{
	xmlNode *to = twist_next(t, 2) == 0 ? node->parent : twist_element(t, root);
	for (xmlNode *up = to; up != NULL; up = up->parent)
		if (up == node)
			return; /* not below itself */
	xmlUnlinkNode(node);
	xmlNode *first = wg_xml_first(to, NULL);
	if (first != NULL && twist_next(t, 2) == 0)
		(void)xmlAddPrevSibling(first, node);
	else
		(void)xmlAddChild(to, node);
}

static inline void twist_strange(struct twists *t, xmlNode *root, xmlNode *node)
{
	switch (twist_next(t, 6)) {
	case 0:
		(void)xmlSetProp(node, (const xmlChar *)"strange", (const xmlChar *)"x");
		break;
	case 1:
		node->ns = NULL;
		break;
	case 2:
		node->ns = xmlNewNs(root, (const xmlChar *)"urn:other", (const xmlChar *)"o");
		break;
	case 3:
		(void)xmlSetNsProp(node, xmlNewNs(root, (const xmlChar *)"urn:other", (const xmlChar *)"p"),
		                   (const xmlChar *)"name", (const xmlChar *)"x");
		break;
	case 4:
		(void)xmlAddChild(node, xmlNewDocText(node->doc, (const xmlChar *)(twist_next(t, 2) == 0 ? " \n\t" : "x")));
		break;
	default:
		(void)xmlAddChild(node, xmlNewDocComment(node->doc, (const xmlChar *)"x"));
	}
}

/* One change. */
static inline void twist(struct twists *t, xmlNode *root)
{
	xmlNode *node = twist_element(t, root);
	const struct wg_place *place = twist_place(t, node);
	uint32_t what = twist_next(t, 16);
	if (what < 2 && node != root) {
		xmlUnlinkNode(node);
		xmlFreeNode(node);
	} else if (what == 2 && node != root) {
		(void)xmlAddNextSibling(node, xmlDocCopyNode(node, node->doc, 1));
	} else if (what == 3 && node != root) {
		twist_move(t, root, node);
	} else if (what == 4) {
		xmlNodeSetName(node, (const xmlChar *)twist_any_place(t, NULL)->name);
	} else if (what < 8) {
		twist_insert(t, node);
	} else if (what == 8 && node->properties != NULL) {
		(void)xmlRemoveProp(node->properties);
	} else if (what < 11) {
		twist_attribute(t, node);
	} else if (what < 14 && wg_xml_first(node, NULL) == NULL) {
		WG_AUTO_FREE char *value = twist_words_for(t, place != NULL ? place->declared : NULL);
		twist_text(node, value);
	} else if (what == 14) {
		twist_letter(t, node);
	} else {
		twist_strange(t, root, node);
	}
}

#endif
