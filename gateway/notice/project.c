/* project.c owns redaction: the copy of a notice for one recipient.
 * SECURITY: this is where a withheld word must stay behind. The copy is built of what is declared and granted, never by
 * deleting from the original, and project_read.c reads the bytes again afterwards, or where it cannot project_check.c.
 */
#include <string.h>

#include "base/mem.h"
#include "notice/notice_internal.h"
#include "notice/xml_make.h"

static bool copy_children(xmlNode *to, const xmlNode *from, const struct wg_type *type, wg_categories granted,
                          xmlNs *ns);

static bool copy_attributes(xmlNode *to, const xmlNode *from, const struct wg_place *place, wg_categories granted)
{
	for (const xmlAttr *a = from->properties; a != NULL; a = a->next) {
		const struct wg_attribute *known = a->ns == NULL ? wg_type_attribute(place->type, (const char *)a->name) : NULL;
		if (known == NULL || (wg_place_attribute_category(place, known) & granted) == 0)
			continue;
		const char *only = wg_xml_only_text((const xmlNode *)a);
		WG_AUTO_FREE char *joined = only == NULL ? wg_xml_text((const xmlNode *)a) : NULL;
		const char *value = only != NULL ? only : joined;
		if (value == NULL || !wg_xml_make_attribute(to, known->name, value))
			return false;
	}
	return true;
}

/* The text of the element itself, whatever stood between its parts. */
static bool copy_text(xmlNode *to, const xmlNode *from)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_LIMIT_MESSAGE);
	for (const xmlNode *c = from->children; c != NULL; c = c->next)
		if (c->type == XML_TEXT_NODE)
			wg_buf_puts(&text, (const char *)c->content);
	bool made = !text.failed && (text.len == 0 || wg_xml_make_text(to, wg_buf_text(&text)));
	wg_buf_wipe(&text);
	return made;
}

/* The copy of one element, below parent unless nothing is left of an optional container. */
static bool copy_element(xmlNode *parent, const xmlNode *from, const struct wg_place *place, wg_categories granted,
                         xmlNs *ns)
{
	xmlNode *to = wg_xml_make_element(parent->doc, ns, place->name);
	if (to == NULL)
		return false;
	bool done = copy_attributes(to, from, place, granted);
	if (done && wg_place_text(place))
		done = copy_text(to, from);
	else if (done)
		done = copy_children(to, from, place->type, granted, ns);
	if (done && (place->kept || wg_place_text(place) || to->children != NULL || to->properties != NULL))
		(void)xmlAddChild(parent, to);
	else
		xmlFreeNode(to);
	return done;
}

/* The recursion is bounded by the depth that wg_xml_parse allows. */
static bool copy_children(xmlNode *to, const xmlNode *from, const struct wg_type *type, wg_categories granted,
                          xmlNs *ns)
{
	for (const xmlNode *c = from->children; c != NULL; c = c->next) {
		bool ours =
			c->type == XML_ELEMENT_NODE && c->ns != NULL && strcmp((const char *)c->ns->href, WG_NOTICE_NS) == 0;
		const struct wg_place *place = ours ? wg_type_place(type, (const char *)c->name) : NULL;
		if (place != NULL && (place->category & granted) != 0 && !copy_element(to, c, place, granted, ns))
			return false;
	}
	return true;
}

xmlDoc *wg_project_tree(const struct wg_schema *schema, const xmlNode *root, wg_categories granted)
{
	xmlDoc *doc = xmlNewDoc((const xmlChar *)"1.0");
	xmlNode *top = doc != NULL ? wg_xml_make_element(doc, NULL, "notice") : NULL;
	if (top == NULL) {
		xmlFreeDoc(doc);
		return NULL;
	}
	(void)xmlDocSetRootElement(doc, top); /* there was no root before */
	xmlNs *ns = xmlNewNs(top, (const xmlChar *)WG_NOTICE_NS, NULL);
	xmlSetNs(top, ns);
	if (ns == NULL || ns->href == NULL || !copy_attributes(top, root, &schema->root, granted) ||
	    !copy_children(top, root, schema->root.type, granted, ns)) {
		xmlFreeDoc(doc);
		return NULL;
	}
	return doc;
}

static const xmlNode *withheld_of(const xmlNode *root, const char *category)
{
	for (const xmlNode *c = wg_xml_first(root, "withheld"); c != NULL; c = wg_xml_next(c, "withheld")) {
		char its[WG_LIMIT_NAME + 1];
		if (wg_xml_attr_into(c, "category", its, sizeof its) && strcmp(its, category) == 0)
			return c;
	}
	return NULL;
}

/* Names in the copy the categories that went and are to be named, once each. */
static enum wg_code mark_withheld(struct wg_notice *copy, wg_categories gone, const char *reason, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (unsigned i = 0; i < wg_category_count() && code == WG_OK; i++) {
		if ((gone >> i & 1) == 0 || withheld_of(wg_xml_root(copy->xml), wg_category_name(i)) != NULL)
			continue;
		code = wg_notice_set(copy, "withheld[+]", reason, err);
		if (code == WG_OK)
			code = wg_notice_set(copy, "withheld[last]/@category", wg_category_name(i), err);
	}
	return code;
}

/* The bytes that were read are kept: they are the copy from now on. */
static enum wg_code check_copy(struct wg_notice *copy, wg_categories granted, struct wg_err *err)
{
	struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
	enum wg_code code = wg_notice_serialise(copy, &bytes, err);
	if (code == WG_OK && !wg_project_read(copy->schema, wg_buf_text(&bytes), bytes.len, granted))
		code = wg_project_check(copy->schema, bytes.data, bytes.len, granted, err);
	if (code == WG_OK)
		copy->bytes = bytes;
	else
		wg_buf_wipe(&bytes);
	return code;
}

/* Whom the copy is for and how long it may be kept. What stood there before (a copy of a copy) is replaced. */
static enum wg_code address_copy(struct wg_notice *copy, const struct wg_copy *for_whom, struct wg_err *err)
{
	enum wg_code code = wg_notice_set(copy, "header/copy-for/@organisation", for_whom->organisation, err);
	if (code == WG_OK)
		code = wg_notice_set(copy, "header/copy-for/@desk", for_whom->desk, err);
	if (code == WG_OK && for_whom->keep != NULL && for_whom->keep[0] != '\0')
		code = wg_notice_set(copy, "header/keep", for_whom->keep, err);
	return code;
}

/* Adds the categories of one place and of all above it; false when it is no place of this schema. */
static bool place_categories(const struct wg_schema *schema, char *place, wg_categories *set)
{
	for (char *end = strchrnul(place, '/');; end = strchrnul(end + 1, '/')) {
		wg_categories category = WG_CATEGORIES_NONE;
		char whole = *end;
		*end = '\0';
		if (!wg_schema_find(schema, place, &category, NULL))
			return false;
		*set |= category;
		*end = whole;
		if (whole == '\0')
			return true;
	}
}

/* What an item's place says. No element <place>: nothing. */
static bool item_categories(const struct wg_schema *schema, const xmlNode *item, wg_categories *set)
{
	const xmlNode *place = wg_xml_first(item, "place");
	if (place == NULL)
		return true;
	WG_AUTO_FREE char *text = wg_xml_text(place);
	return text != NULL && place_categories(schema, text, set);
}

wg_categories wg_project_named(const struct wg_schema *schema, const struct _xmlNode *root)
{
	wg_categories named = WG_CATEGORIES_NONE;
	const xmlNode *answer = wg_xml_first(root, "answer");
	const xmlNode *item = answer != NULL ? wg_xml_first(answer, "item") : NULL;
	for (; item != NULL; item = wg_xml_next(item, "item")) {
		wg_categories set = WG_CATEGORIES_NONE;
		if (item_categories(schema, item, &set))
			named |= set;
	}
	return named;
}

/* An item of a correction or a form that goes back names a place: that something stands there is news to whoever is not
 * given the place, so the item goes as well; one that names what is no place goes from every copy. */
static void drop_items(struct wg_notice *copy, wg_categories granted)
{
	const xmlNode *answer = wg_xml_first(wg_xml_root(copy->xml), "answer");
	xmlNode *next, *item = answer != NULL ? wg_xml_first(answer, "item") : NULL;
	for (; item != NULL; item = next) {
		wg_categories set = WG_CATEGORIES_NONE;
		next = wg_xml_next(item, "item");
		if (item_categories(copy->schema, item, &set) && (set & ~granted) == 0)
			continue;
		xmlUnlinkNode(item);
		xmlFreeNode(item);
	}
}

enum wg_code wg_notice_project(const struct wg_notice *notice, const struct wg_copy *copy, struct wg_notice **out,
                               struct wg_err *err)
{
	wg_categories granted = copy->granted | wg_category_find("administrative");
	wg_categories gone = wg_notice_categories(notice) & ~granted & copy->mark;
	WG_AUTO_NOTICE struct wg_notice *result = NULL;
	bool left_out = false;
	if (copy->organisation == NULL || copy->desk == NULL || (gone != 0 && copy->reason == NULL))
		return wg_err_set(err, WG_CONFIG,
		                  "a copy needs an organisation, a desk, and a reason for what it names as withheld");
	xmlDoc *doc = wg_project_tree(notice->schema, wg_xml_root(notice->xml), granted);
	enum wg_code code = wg_notice_wrap(notice->schema, doc, wg_xml_docname(notice->xml), &result, err);
	if (code == WG_OK) {
		drop_items(result, granted);
		code = address_copy(result, copy, err);
	}
	if (code == WG_OK)
		code = wg_project_pictures(wg_xml_root(result->xml), &left_out, err);
	if (code == WG_OK)
		code = mark_withheld(result, gone, copy->reason, err);
	if (code == WG_OK && left_out)
		code = mark_withheld(result, wg_category_find("photograph"), WG_COPY_PICTURE, err);
	if (code == WG_OK && (code = wg_notice_validate(result, err)) == WG_REJECT) {
		(void)wg_err_add(err, "with what is granted to %s/%s this is no valid notice", copy->organisation, copy->desk);
		code = WG_CONFIG;
		if (err != NULL)
			err->code = code;
	}
	if (code == WG_OK)
		code = check_copy(result, granted, err);
	if (code == WG_OK)
		*out = wg_steal(&result);
	return code;
}
