/* notice_edit.c owns writing and reading single places of a notice by path. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "notice/notice_internal.h"
#include "notice/xml_make.h"

/* The position of an element name in its parent's order. */
static size_t rank(const struct wg_type *type, const char *name)
{
	const struct wg_place *place = wg_type_place(type, name);
	return place != NULL ? (size_t)(place - type->places) : WG_SCHEMA_PLACES;
}

xmlNode *wg_notice_insert(xmlNode *parent, const struct wg_type *type, const struct wg_place *place)
{
	xmlNode *node = wg_xml_make_element(parent->doc, parent->ns, place->name);
	if (node == NULL)
		return NULL;
	size_t own = rank(type, place->name);
	xmlNode *behind = wg_xml_first(parent, NULL);
	while (behind != NULL && rank(type, (const char *)behind->name) <= own)
		behind = wg_xml_next(behind, NULL);
	return behind != NULL ? xmlAddPrevSibling(behind, node) : xmlAddChild(parent, node);
}

/* The child element that a step means: the first, the last or the nth of its name; NULL when there is none. */
static xmlNode *child_of(const xmlNode *parent, const struct wg_step *step)
{
	xmlNode *node = wg_xml_first(parent, step->name);
	for (xmlNode *next = node; step->last && next != NULL; next = wg_xml_next(next, step->name))
		node = next;
	for (unsigned i = 1; i < step->nth && node != NULL; i++)
		node = wg_xml_next(node, step->name);
	return node;
}

/* XML 1.0 cannot hold most control characters, escaped or not. */
static bool writable(const char *value)
{
	for (const char *p = value; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 && *p != '\t' && *p != '\n' && *p != '\r')
			return false;
	return wg_utf8_valid(value, strlen(value)) && strstr(value, "\xEF\xBF\xBE") == NULL &&
	       strstr(value, "\xEF\xBF\xBF") == NULL;
}

static bool set_text(xmlNode *node, const char *value)
{
	while (node->children != NULL) {
		xmlNode *old = node->children;
		xmlUnlinkNode(old);
		xmlFreeNode(old);
	}
	return value[0] == '\0' || wg_xml_make_text(node, value);
}

/* One notice has one body: a path into another one is a mistake in whoever asks. */
static bool other_body(const struct wg_notice *notice, const char *path)
{
	char kind[WG_LIMIT_NAME + 1];
	struct wg_step step;
	if (!wg_path_step(&path, &step) || step.attribute)
		return false;
	const struct wg_place *place = wg_type_place(notice->schema->root.type, step.name);
	if (place == NULL || !wg_schema_is_body(notice->schema, place) ||
	    !wg_xml_attr_into(wg_xml_root(notice->xml), "kind", kind, sizeof kind))
		return false;
	const struct wg_kind *known = wg_schema_kind_named(notice->schema, kind);
	return known == NULL || known->body != place;
}

/* Follows path and makes what is missing on the way; NULL when memory ran out. The path is known to the schema. */
static xmlNode *make_way(struct wg_notice *notice, const char *path, struct wg_step *step)
{
	xmlNode *node = wg_xml_root(notice->xml);
	const struct wg_type *type = notice->schema->root.type;
	while (node != NULL && *path != '\0' && wg_path_step(&path, step) && !step->attribute) {
		const struct wg_place *place = wg_type_place(type, step->name);
		xmlNode *below = step->add ? NULL : child_of(node, step);
		node = below != NULL ? below : wg_notice_insert(node, type, place);
		type = place->type;
	}
	return node;
}

enum wg_code wg_notice_set(struct wg_notice *notice, const char *path, const char *value, struct wg_err *err)
{
	bool text = false;
	struct wg_step step = { 0 };
	if (!wg_schema_find(notice->schema, path, NULL, &text))
		return wg_schema_complain(notice->schema, path, err);
	if (!text)
		return wg_err_set(err, WG_CONFIG, "\"%s\" holds other elements and no text of its own", path);
	if (other_body(notice, path))
		return wg_err_set(err, WG_CONFIG, "\"%s\" is not a place in a notice of this kind", path);
	if (!writable(value))
		return wg_err_set(err, WG_REJECT, "what is meant for \"%s\" is not UTF-8 text that XML can hold", path);
	wg_notice_changes(notice);
	xmlNode *node = make_way(notice, path, &step);
	bool done = node != NULL;
	if (done && step.attribute)
		done = wg_xml_make_attribute(node, step.name, value);
	else if (done)
		done = set_text(node, value);
	return done ? WG_OK : wg_err_set(err, WG_SYSTEM, "no memory for a notice");
}

enum wg_code wg_notice_clear(struct wg_notice *notice, const char *path, struct wg_err *err)
{
	struct wg_step step = { 0 };
	xmlNode *node = wg_xml_root(notice->xml);
	if (*path == '\0' || !wg_schema_find(notice->schema, path, NULL, NULL))
		return wg_schema_complain(notice->schema, path, err);
	wg_notice_changes(notice);
	while (node != NULL && *path != '\0' && wg_path_step(&path, &step) && !step.attribute)
		node = step.add ? NULL : child_of(node, &step);
	if (node != NULL && step.attribute)
		(void)xmlUnsetProp(node, (const xmlChar *)step.name); /* -1: there was none */
	if (node == NULL || step.attribute)
		return WG_OK;
	xmlUnlinkNode(node);
	xmlFreeNode(node);
	return WG_OK;
}

char *wg_notice_get(const struct wg_notice *notice, const char *path)
{
	const xmlNode *node = wg_xml_root(notice->xml);
	struct wg_step step = { 0 };
	while (node != NULL && *path != '\0') {
		if (!wg_path_step(&path, &step) || step.add)
			return NULL;
		if (step.attribute)
			return wg_xml_attr(node, step.name);
		node = child_of(node, &step);
	}
	return node != NULL ? wg_xml_text(node) : NULL;
}

bool wg_notice_get_into(const struct wg_notice *notice, const char *path, char *out, size_t size)
{
	WG_AUTO_FREE char *value = wg_notice_get(notice, path);
	size_t n = value != NULL ? strlen(value) : 0;
	if (size > 0)
		out[0] = '\0';
	if (value == NULL || n >= size)
		return false;
	memcpy(out, value, n + 1);
	return true;
}
