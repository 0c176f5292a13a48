/* schema_may.c owns what the text of a place is: prose or not, and what it may hold beside what the place is for:
 * <wg:may-contain> of the element or attribute, otherwise of its type, otherwise of the type that this one rests on. */
#include <libxml/tree.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "notice/schema_internal.h"
#include "notice/schema_print.h"
#include "notice/xml.h"

/* Types of texts by name, so that each is looked up once: some 110 today. */
#define TYPES_MAX 256

/* What is known of a text. */
struct text {
	wg_categories may;
	enum wg_schema_words_kind words;
};

/* The type that all prose rests on. */
#define WG_SCHEMA_PROSE "said"

struct finder {
	const struct wg_schema *schema;
	struct {
		char name[WG_LIMIT_NAME + 1];
		struct text text;
	} known[TYPES_MAX];
	size_t n_known;
	struct wg_err *err;
};

/* The name of the document that holds a node, for messages. */
static const char *file_of(const struct wg_schema *schema, const struct _xmlNode *node)
{
	size_t i = 0;
	while (i + 1 < schema->n_docs && wg_xml_doc(schema->docs[i]) != node->doc)
		i++;
	return wg_xml_docname(schema->docs[i]);
}

/* What a declaration itself says. */
static enum wg_code said_by(struct finder *f, const struct _xmlNode *declared, bool *says, wg_categories *may)
{
	const struct _xmlNode *info = wg_schema_info(declared, "may-contain");
	*says = info != NULL;
	if (info == NULL)
		return WG_OK;
	WG_AUTO_FREE char *names = wg_xml_text(info);
	if (names == NULL)
		return wg_err_set(f->err, WG_SYSTEM, "no memory for the schema");
	enum wg_code code = wg_categories_parse(names, may, f->err);
	if (code == WG_OK && (*may & wg_category_find("administrative")) != 0)
		code = wg_err_set(f->err, WG_CONFIG, "administrative is in every copy: no text need say that it may hold it");
	return code == WG_OK ? WG_OK
	                     : wg_err_add(f->err, "%s:%d: may-contain", file_of(f->schema, info), wg_xml_line(info));
}

/* The base of a simple type, or of a complex one with text; "" when there is none. */
static void base_of(const struct _xmlNode *type, char base[WG_LIMIT_NAME + 1])
{
	const struct _xmlNode *content = wg_xml_first(type, "simpleContent");
	const struct _xmlNode *from =
		wg_xml_first(content != NULL ? content : type, content != NULL ? "extension" : "restriction");
	base[0] = '\0';
	if (from != NULL)
		(void)wg_xml_attr_into(from, "base", base, WG_LIMIT_NAME + 1); /* the loader saw that it fits */
}

/* The recursion ends at a type of XML Schema's own: wg_xml_xsd_load has refused types that rest on themselves. */
static enum wg_code of_type(struct finder *f, const char *name, struct text *out)
{
	*out = (struct text){ .words = strcmp(name, "xs:base64Binary") == 0 ? WG_WORDS_BYTES : WG_WORDS_SHORT };
	for (size_t i = 0; i < f->n_known; i++)
		if (strcmp(f->known[i].name, name) == 0) {
			*out = f->known[i].text;
			return WG_OK;
		}
	const struct _xmlNode *type = wg_schema_global(f->schema, "simpleType", name);
	if (type == NULL)
		type = wg_schema_global(f->schema, "complexType", name);
	if (type == NULL)
		return WG_OK; /* one of XML Schema's own: no prose of ours */
	char base[WG_LIMIT_NAME + 1];
	wg_categories may = WG_CATEGORIES_NONE;
	bool says = false;
	enum wg_code code = said_by(f, type, &says, &may);
	base_of(type, base);
	if (code == WG_OK)
		code = of_type(f, base, out);
	if (says)
		out->may = may;
	if (strcmp(name, WG_SCHEMA_PROSE) == 0)
		out->words = WG_WORDS_PROSE;
	if (code == WG_OK && f->n_known < TYPES_MAX) {
		(void)snprintf(f->known[f->n_known].name, sizeof f->known[0].name, "%s",
		               name); /* the loader saw that it fits */
		f->known[f->n_known++].text = *out;
	}
	return code;
}

static enum wg_code of_declared(struct finder *f, const struct _xmlNode *declared, wg_categories *may,
                                enum wg_schema_words_kind *words)
{
	char type[WG_LIMIT_NAME + 1];
	struct text text = { 0 };
	bool says = false;
	(void)wg_xml_attr_into(declared, "type", type, sizeof type); /* "" for an attribute without one: no type of ours */
	enum wg_code code = of_type(f, type, &text);
	if (code == WG_OK)
		code = said_by(f, declared, &says, &text.may);
	*may = text.may;
	*words = text.words;
	return code;
}

static enum wg_code of_places(struct finder *f, struct wg_type *type)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < type->n_places && code == WG_OK; i++)
		if (wg_place_text(&type->places[i]))
			code = of_declared(f, type->places[i].declared, &type->places[i].may, &type->places[i].words);
	for (size_t i = 0; i < type->n_attributes && code == WG_OK; i++) {
		wg_categories may = WG_CATEGORIES_NONE;
		code = of_declared(f, type->attributes[i].declared, &may, &type->attributes[i].words);
		if (code == WG_OK && may != WG_CATEGORIES_NONE) /* wg_notice_texts looks at elements */
			code =
				wg_err_set(f->err, WG_CONFIG,
			               "the attribute \"%s\" of \"%s\" may hold more than its place says: make it an element, or "
			               "say <wg:may-contain/>",
			               type->attributes[i].name, type->name);
	}
	return code;
}

enum wg_code wg_schema_load_may(struct wg_schema *schema, struct wg_err *err)
{
	struct finder *f = calloc(1, sizeof *f);
	if (f == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the schema");
	f->schema = schema;
	f->err = err;
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < schema->n_types && code == WG_OK; i++)
		code = of_places(f, schema->types[i]);
	free(f);
	return code;
}
