/* notice.c owns struct wg_notice: making, checking, listing and writing notices.
 * SECURITY: wg_notice_parse meets outside bytes; only what the schema declares gets into the tree. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "notice/notice_internal.h"
#include "notice/valid_internal.h"
#include "notice/xml_write.h"

/* A notice with its photographs: four of the size that the schema allows, in base64. */
#define PARSE_MAX (WG_LIMIT_NOTICE + (size_t)6 * 1024 * 1024)

enum wg_code wg_notice_wrap(const struct wg_schema *schema, xmlDoc *doc, const char *name, struct wg_notice **out,
                            struct wg_err *err)
{
	struct wg_notice *notice = calloc(1, sizeof *notice);
	struct wg_xml *xml = doc != NULL ? wg_xml_adopt(doc, name) : NULL;
	if (notice == NULL || xml == NULL) {
		free(notice);
		wg_xml_freep(&xml);
		return wg_err_set(err, WG_SYSTEM, "%s: no memory for a notice", name);
	}
	*notice = (struct wg_notice){ .schema = schema, .xml = xml, .bytes = WG_BUF(WG_LIMIT_MESSAGE) };
	*out = notice;
	return WG_OK;
}

/* What was made of the notice as it was goes. */
void wg_notice_changes(struct wg_notice *notice)
{
	xmlFreeDoc(notice->facts);
	notice->facts = NULL;
	wg_buf_wipe(&notice->bytes);
}

void wg_notice_freep(struct wg_notice **notice)
{
	if (*notice == NULL)
		return;
	wg_notice_changes(*notice);
	wg_xml_freep(&(*notice)->xml);
	free(*notice);
	*notice = NULL;
}

/* The body must be the one that kind names. */
static enum wg_code check_kind(const struct wg_schema *schema, const struct wg_xml *xml, struct wg_err *err)
{
	char kind[WG_LIMIT_NAME + 1];
	const xmlNode *root = wg_xml_root(xml);
	const char *body = wg_xml_attr_into(root, "kind", kind, sizeof kind) ? wg_schema_body(schema, kind) : NULL;
	if (body != NULL && wg_xml_first(root, body) != NULL)
		return WG_OK;
	return wg_err_set(err, WG_REJECT, "%s:%d: the notice's body is not the one that its kind names",
	                  wg_xml_docname(xml), wg_xml_line(root));
}

/* One entry a category. An xs:unique would do, but the validator compares each entry with each. */
static enum wg_code check_withheld(const struct wg_xml *xml, struct wg_err *err)
{
	wg_categories seen = WG_CATEGORIES_NONE;
	for (const xmlNode *c = wg_xml_first(wg_xml_root(xml), "withheld"); c != NULL; c = wg_xml_next(c, "withheld")) {
		char name[WG_LIMIT_NAME + 1];
		wg_categories one =
			wg_xml_attr_into(c, "category", name, sizeof name) ? wg_category_find(name) : WG_CATEGORIES_NONE;
		if ((seen & one) != 0)
			return wg_err_set(err, WG_REJECT, "%s:%d: withheld/@category: repeats what may stand only once",
			                  wg_xml_docname(xml), wg_xml_line(c));
		seen |= one;
	}
	return WG_OK;
}

/* Most notices are plainly valid; libxml2's validator, twenty times as slow, judges the others and has the words for
 * what is wrong. */
static enum wg_code validate(const struct wg_schema *schema, const struct wg_xml *xml, struct wg_err *err)
{
	enum wg_code code = wg_valid(schema, wg_xml_root(xml)) ? WG_OK : wg_xml_validate(xml, schema->xsd, err);
	if (code == WG_OK)
		code = check_kind(schema, xml, err);
	return code == WG_OK ? check_withheld(xml, err) : code;
}

enum wg_code wg_notice_parse(const struct wg_schema *schema, const void *bytes, size_t len, const char *name,
                             struct wg_notice **out, struct wg_err *err)
{
	WG_AUTO_XML struct wg_xml *xml = NULL;
	if (len > PARSE_MAX)
		return wg_err_set(err, WG_LIMIT, "%s: a notice of %zu bytes is larger than the limit of %zu", name, len,
		                  PARSE_MAX);
	enum wg_code code = wg_xml_parse(bytes, len, name, &xml, err);
	if (code == WG_OK && strcmp(wg_xml_ns(wg_xml_root(xml)), WG_NOTICE_NS) != 0)
		code = wg_err_set(err, WG_REJECT, "%s:%d: not a notice of " WG_NOTICE_NS, name, wg_xml_line(wg_xml_root(xml)));
	if (code == WG_OK)
		code = validate(schema, xml, err);
	if (code != WG_OK)
		return code;
	xmlDoc *doc = wg_canonical(schema, wg_xml_doc(xml))
	                  ? wg_xml_release(&xml)
	                  : wg_project_tree(schema, wg_xml_root(xml), wg_categories_all());
	return wg_notice_wrap(schema, doc, name, out, err);
}

enum wg_code wg_notice_new(const struct wg_schema *schema, const char *kind, const char *id, struct wg_notice **out,
                           struct wg_err *err)
{
	static const char empty[] =
		"<notice xmlns=\"" WG_NOTICE_NS "\" version=\"1\"><header/><child/><authorities/></notice>";
	WG_AUTO_XML struct wg_xml *xml = NULL;
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	const struct wg_kind *known = wg_schema_kind_named(schema, kind);
	if (known == NULL)
		return wg_err_set(err, WG_CONFIG, "\"%s\" is not a kind of notice; did you mean \"%s\"?", kind,
		                  wg_schema_kind_nearest(schema, kind));
	enum wg_code code = wg_xml_parse(empty, sizeof empty - 1, "notice", &xml, err);
	if (code == WG_OK)
		code = wg_notice_wrap(schema, wg_project_tree(schema, wg_xml_root(xml), wg_categories_all()), id, &notice, err);
	if (code == WG_OK)
		code = wg_notice_set(notice, "@id", id, err);
	if (code == WG_OK)
		code = wg_notice_set(notice, "@kind", kind, err);
	if (code == WG_OK && wg_notice_insert(wg_xml_root(notice->xml), schema->root.type, known->body) == NULL)
		code = wg_err_set(err, WG_SYSTEM, "no memory for a notice");
	if (code == WG_OK)
		*out = wg_steal(&notice);
	return code;
}

enum wg_code wg_notice_validate(const struct wg_notice *notice, struct wg_err *err)
{
	return validate(notice->schema, notice->xml, err);
}

static wg_categories categories_below(const xmlNode *node, const struct wg_place *place)
{
	wg_categories set = place->category;
	for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
		const struct wg_attribute *known = wg_type_attribute(place->type, (const char *)a->name);
		set |= known != NULL ? wg_place_attribute_category(place, known) : WG_CATEGORIES_NONE;
	}
	for (const xmlNode *c = wg_xml_first(node, NULL); c != NULL; c = wg_xml_next(c, NULL)) {
		const struct wg_place *below = wg_type_place(place->type, (const char *)c->name);
		set |= below != NULL ? categories_below(c, below) : WG_CATEGORIES_NONE;
	}
	return set;
}

wg_categories wg_notice_categories(const struct wg_notice *notice)
{
	const xmlNode *root = wg_xml_root(notice->xml);
	return categories_below(root, &notice->schema->root) | wg_project_named(notice->schema, root);
}

enum wg_code wg_notice_serialise(const struct wg_notice *notice, struct wg_buf *out, struct wg_err *err)
{
	if (notice->bytes.len == 0)
		return wg_xml_serialise(notice->xml, true, out, err);
	wg_buf_put(out, notice->bytes.data, notice->bytes.len);
	return wg_buf_check(out, "notice", err);
}

static void remove_children(xmlNode *parent, const char *name)
{
	xmlNode *next, *node = parent != NULL ? wg_xml_first(parent, name) : NULL;
	for (; node != NULL; node = next) {
		next = wg_xml_next(node, name);
		xmlUnlinkNode(node);
		xmlFreeNode(node);
	}
}

/* What a notice's way here has made of it, but not what it says. */
static const char *const handling[] = { "source", "sent", "received", "keep", "copy-for" };

static bool is_handling(const xmlNode *node)
{
	const xmlNode *above = node->parent;
	if (node->type == XML_ATTRIBUTE_NODE)
		return above->parent->type == XML_DOCUMENT_NODE && strcmp((const char *)node->name, "id") == 0;
	if (node->type != XML_ELEMENT_NODE || above->type != XML_ELEMENT_NODE || above->parent->parent == NULL ||
	    above->parent->parent->type != XML_DOCUMENT_NODE || strcmp((const char *)above->name, "header") != 0)
		return false;
	for (size_t i = 0; i < WG_COUNT(handling); i++)
		if (strcmp((const char *)node->name, handling[i]) == 0)
			return true;
	return false;
}

/* The same by way of a copy, which leaves out containers that hold nothing. */
static enum wg_code content_of_copy(const struct wg_notice *notice, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_NOTICE struct wg_notice *copy = NULL;
	xmlDoc *doc = wg_project_tree(notice->schema, wg_xml_root(notice->xml), wg_categories_all());
	enum wg_code code = wg_notice_wrap(notice->schema, doc, "notice", &copy, err);
	if (code != WG_OK)
		return code;
	xmlNode *root = wg_xml_root(copy->xml), *header = wg_xml_first(root, "header");
	for (size_t i = 0; i < WG_COUNT(handling); i++)
		remove_children(header, handling[i]);
	(void)xmlUnsetProp(root, (const xmlChar *)"id"); /* may be absent in a notice that is not valid yet */
	return wg_xml_serialise(copy->xml, false, out, err);
}

enum wg_code wg_notice_content(const struct wg_notice *notice, struct wg_buf *out, struct wg_err *err)
{
	if (wg_xml_write(wg_xml_doc(notice->xml), false, is_handling, out))
		return wg_buf_check(out, "notice", err);
	return content_of_copy(notice, out, err);
}

/* Namespaces off, so that conditions read child/@looked-after. The declaration itself goes last: nodes point at it. */
static void strip_namespace(xmlNode *node)
{
	node->ns = NULL;
	for (xmlNode *c = wg_xml_first(node, NULL); c != NULL; c = wg_xml_next(c, NULL))
		strip_namespace(c);
}

struct _xmlDoc *wg_notice_facts(struct wg_notice *notice, struct wg_err *err)
{
	if (notice->facts == NULL) {
		xmlDoc *doc = xmlCopyDoc(wg_xml_doc(notice->xml), 1);
		if (doc == NULL) {
			(void)wg_err_set(err, WG_SYSTEM, "no memory for a notice's facts");
			return NULL;
		}
		xmlNode *root = xmlDocGetRootElement(doc);
		strip_namespace(root);
		xmlFreeNsList(root->nsDef);
		root->nsDef = NULL;
		notice->facts = doc;
	}
	return notice->facts;
}
