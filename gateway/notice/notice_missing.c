/* notice_missing.c owns the check of the places that a kind requires. */
#include <string.h>

#include "notice/notice_internal.h"

/* The recursion is bounded by the depth that wg_xml_parse allows. */
static bool holds(const xmlNode *node)
{
	for (const xmlAttr *a = node->properties; a != NULL; a = a->next)
		if (a->children != NULL && a->children->content != NULL && a->children->content[0] != '\0')
			return true;
	for (const xmlNode *c = node->children; c != NULL; c = c->next) {
		const char *text = c->type == XML_TEXT_NODE ? (const char *)c->content : NULL;
		if (c->type == XML_ELEMENT_NODE ? holds(c) : text != NULL && text[strspn(text, " \t\r\n")] != '\0')
			return true;
	}
	return false;
}

/* Any of the elements, or attributes, that the path may mean. */
static bool there(const xmlNode *node, const char *path)
{
	struct wg_step step;
	if (*path == '\0')
		return holds(node);
	if (!wg_path_step(&path, &step))
		return false;
	if (step.attribute) {
		const xmlAttr *a = xmlHasProp(node, (const xmlChar *)step.name);
		return a != NULL && a->children != NULL && a->children->content[0] != '\0';
	}
	for (const xmlNode *c = wg_xml_first(node, step.name); c != NULL; c = wg_xml_next(c, step.name))
		if (there(c, path))
			return true;
	return false;
}

/* One of the n bytes' places, with bars between, is there. */
static bool group_there(const xmlNode *root, const char *group, size_t n)
{
	char path[WG_SCHEMA_REQUIRES];
	for (size_t at = 0; at < n;) {
		size_t one = strcspn(group + at, "| ");
		memcpy(path, group + at, one);
		path[one] = '\0';
		if (there(root, path))
			return true;
		at += one + 1;
	}
	return false;
}

static size_t append(const char *group, size_t n, char *out, size_t used, size_t size)
{
	size_t gap = used > 0 ? 1 : 0;
	if (n + gap >= size - used)
		return used;
	if (gap != 0)
		out[used++] = ' ';
	memcpy(out + used, group, n);
	out[used + n] = '\0';
	return used + n;
}

size_t wg_notice_missing(const struct wg_notice *notice, char *out, size_t size)
{
	char kind[WG_LIMIT_NAME + 1];
	const xmlNode *root = wg_xml_root(notice->xml);
	const char *required =
		wg_xml_attr_into(root, "kind", kind, sizeof kind) ? wg_schema_requires(notice->schema, kind) : NULL;
	size_t count = 0, used = 0;
	if (size > 0)
		out[0] = '\0';
	for (const char *p = required; p != NULL && *p != '\0';) {
		size_t n = strcspn(p, " ");
		if (!group_there(root, p, n)) {
			used = size > 0 ? append(p, n, out, used, size) : 0;
			count++;
		}
		p += n + (p[n] == ' ' ? 1 : 0);
	}
	return count;
}
