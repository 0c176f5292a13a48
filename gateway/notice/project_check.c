/* project_check.c owns the whole check of a copy before it leaves: it reads the bytes that would go, names every
 * element and attribute by its whole path, and asks the schema for the category of that path. project_read.c has looked
 * before; a copy in which that one found anything out of the ordinary, or a photograph, comes here. SECURITY: the last
 * one to look. It shares no code with the building of copies in project.c, only the knowledge of what a picture needs.
 */
#include <string.h>

#include "base/mem.h"
#include "notice/notice_internal.h"

struct check {
	const struct wg_schema *schema;
	wg_categories granted;
	const xmlNs *ns; /* of every element: comments and their like have none */
	struct wg_err *err;
};

/* The schema is 5 deep, and a name has 64 bytes at most. */
#define CHECK_PATH_MAX 512

static enum wg_code check_path(const struct check *check, const char *path)
{
	wg_categories category = WG_CATEGORIES_NONE;
	if (!wg_schema_find(check->schema, path, &category, NULL) || (category & check->granted) == 0)
		return wg_err_set(check->err, WG_CORRUPT, "a copy still holds %s, which is not granted: it was not made", path);
	return WG_OK;
}

/* path, a slash where there is a path, and what stands below; false when it does not fit. */
static bool join(char below[CHECK_PATH_MAX], const char *path, const char *sign, const xmlChar *name)
{
	const char *const parts[] = { path, path[0] != '\0' ? "/" : "", sign, (const char *)name };
	size_t used = 0;
	for (size_t i = 0; i < WG_COUNT(parts); i++) {
		size_t n = strlen(parts[i]);
		if (n >= CHECK_PATH_MAX - used)
			return false;
		memcpy(below + used, parts[i], n + 1);
		used += n;
	}
	return true;
}

static enum wg_code check_attributes(const struct check *check, const xmlNode *node, const char *path)
{
	char below[CHECK_PATH_MAX];
	enum wg_code code = WG_OK;
	for (const xmlAttr *a = node->properties; a != NULL && code == WG_OK; a = a->next) {
		if (a->ns != NULL || !join(below, path, "@", a->name))
			return wg_err_set(check->err, WG_CORRUPT, "a copy holds an attribute of another kind: it was not made");
		code = check_path(check, below);
	}
	return code;
}

/* The recursion is bounded by the depth that wg_xml_parse allows. */
static enum wg_code check_node(const struct check *check, const xmlNode *node, const char *path)
{
	char below[CHECK_PATH_MAX];
	if (node->nsDef != NULL && path[0] != '\0')
		return wg_err_set(check->err, WG_CORRUPT, "a copy holds a declaration below its root: it was not made");
	enum wg_code code = check_attributes(check, node, path);
	for (const xmlNode *c = node->children; c != NULL && code == WG_OK; c = c->next) {
		if (c->type == XML_TEXT_NODE)
			continue;
		if (c->ns != check->ns || !join(below, path, "", c->name))
			return wg_err_set(check->err, WG_CORRUPT,
			                  "a copy holds something else than a notice's elements and text: it was not made");
		code = check_path(check, below);
		if (code == WG_OK)
			code = check_node(check, c, below);
	}
	return code;
}

/* A comment, an instruction, a CDATA section behind the declaration: the parser would leave them out, but they would go
 * out with the bytes. What is not markup has its < written as a reference. */
static bool holds_asides(const char *bytes, size_t len)
{
	const char *end = bytes + len;
	for (const char *p = bytes; (p = memchr(p, '<', (size_t)(end - p))) != NULL; p++)
		if (end - p > 1 && (p[1] == '!' || (p[1] == '?' && p != bytes)))
			return true;
	return false;
}

enum wg_code wg_project_check(const struct wg_schema *schema, const void *bytes, size_t len, wg_categories granted,
                              struct wg_err *err)
{
	WG_AUTO_XML struct wg_xml *copy = NULL;
	if (len > 0 && holds_asides(bytes, len))
		return wg_err_set(err, WG_CORRUPT,
		                  "a copy holds something beside a notice's elements and text: it was not made");
	enum wg_code code = wg_xml_parse(bytes, len, "copy", &copy, err);
	if (code != WG_OK)
		return code;
	const xmlNode *root = wg_xml_root(copy);
	struct check check = { .schema = schema, .granted = granted, .ns = root->ns, .err = err };
	code = check_node(&check, root, "");
	return code == WG_OK ? wg_project_check_pictures(root, err) : code;
}
