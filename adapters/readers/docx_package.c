/* docx_package.c owns content types and relationships.
 * SECURITY: names of parts come from the document; they only ever name entries of its own archive. What a document
 * links to outside is never followed. */
#include "readers/docx_package.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "readers/office_package.h"
#include "readers/office_xml.h"

/* A form has some 30; each picture and each link is one. */
#define RELATIONS_MAX 5000
#define PART_NAME_BYTES 260

void wg_docx_relations_free(struct wg_docx_relations *relations)
{
	for (size_t i = 0; i < relations->n; i++) {
		free(relations->list[i].type);
		free(relations->list[i].target);
	}
	free(relations->list);
	*relations = (struct wg_docx_relations){ 0 };
}

void wg_docx_package_free(struct wg_docx_package *package)
{
	wg_zip_freep(&package->zip);
	free(wg_steal(&package->main));
	wg_docx_relations_free(&package->relations);
}

/* "../media/x" seen from the part "word/document.xml": "media/x". False when it leads out of the package. */
static bool resolve(const char *part, const char *target, char *out, size_t size)
{
	const char *slash = strrchr(part, '/');
	size_t dir = target[0] == '/' || slash == NULL ? 0 : (size_t)(slash - part) + 1;
	target += target[0] == '/';
	if (dir + strlen(target) + 1 > size)
		return false;
	memcpy(out, part, dir);
	size_t n = dir;
	while (*target != '\0') {
		size_t len = strcspn(target, "/");
		if (len == 2 && memcmp(target, "..", 2) == 0) {
			if (n == 0)
				return false;
			for (n--; n > 0 && out[n - 1] != '/';)
				n--;
		} else if (len > 0 && !(len == 1 && target[0] == '.')) {
			memcpy(out + n, target, len);
			n += len;
			if (target[len] == '/')
				out[n++] = '/';
		}
		target += len + (target[len] == '/');
	}
	out[n] = '\0';
	return n > 0;
}

static enum wg_code add_relation(struct wg_docx_relations *relations, const xmlNode *node, const char *part,
                                 struct wg_err *err)
{
	const char *type = wg_office_attr(node, "Type"), *target = wg_office_attr(node, "Target");
	const char *word = strrchr(type, '/');
	char name[PART_NAME_BYTES];
	struct wg_docx_relation *r = &relations->list[relations->n];
	*r = (struct wg_docx_relation){ .external = strcmp(wg_office_attr(node, "TargetMode"), "External") == 0 };
	if (!r->external && !resolve(part, target, name, sizeof name))
		r->external = true; /* nowhere in this package */
	r->type = strdup(word != NULL ? word + 1 : type);
	r->target = strdup(r->external ? target : name);
	if (r->type == NULL || r->target == NULL) {
		free(r->type);
		free(r->target);
		return wg_err_set(err, WG_SYSTEM, "no memory for the document");
	}
	relations->n++;
	return WG_OK;
}

enum wg_code wg_docx_package_relations(struct wg_docx_package *package, const char *part,
                                       struct wg_docx_relations *relations, struct wg_err *err)
{
	char name[PART_NAME_BYTES + 12];
	WG_AUTO_XML struct wg_xml *doc = NULL;
	const char *slash = strrchr(part, '/');
	int dir = slash != NULL ? (int)(slash - part) + 1 : 0;
	if (strlen(part) >= PART_NAME_BYTES)
		return WG_OK;
	(void)snprintf(name, sizeof name, "%.*s_rels/%s.rels", dir, part, part + dir); /* fits */
	if (!wg_zip_has(package->zip, name))
		return WG_OK;
	enum wg_code code = wg_office_part(package->zip, name, "the document's relationships", NULL, &doc, err);
	if (code != WG_OK)
		return code;
	size_t n = 0;
	for (const xmlNode *node = wg_xml_root(doc)->children; node != NULL; node = node->next)
		n += wg_office_is(node, "Relationship");
	if (n > RELATIONS_MAX)
		return wg_err_set(err, WG_LIMIT, "the document has more relationships than the limit of %d", RELATIONS_MAX);
	struct wg_docx_relation *bigger = reallocarray(relations->list, relations->n + n + 1, sizeof *bigger);
	if (bigger == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the document");
	relations->list = bigger;
	for (const xmlNode *node = wg_xml_root(doc)->children; code == WG_OK && node != NULL; node = node->next)
		if (wg_office_is(node, "Relationship"))
			code = add_relation(relations, node, part, err);
	return code;
}

const char *wg_docx_relation_target(const struct wg_docx_relations *relations, const char *type)
{
	for (size_t i = 0; i < relations->n; i++)
		if (!relations->list[i].external && strcmp(relations->list[i].type, type) == 0)
			return relations->list[i].target;
	return NULL;
}

/* The content type of the main part says whether this is a Word document, and whether it may have macros. */
static enum wg_code check_type(const struct wg_docx_package *package, const xmlNode *types, bool *macros,
                               struct wg_err *err)
{
	const char *type = "";
	for (const xmlNode *n = types->children; n != NULL; n = n->next)
		if (wg_office_is(n, "Override") && wg_office_attr(n, "PartName")[0] == '/' &&
		    strcmp(wg_office_attr(n, "PartName") + 1, package->main) == 0)
			type = wg_office_attr(n, "ContentType");
	for (const xmlNode *n = types->children; type[0] == '\0' && n != NULL; n = n->next)
		if (wg_office_is(n, "Default") && strcmp(wg_office_attr(n, "Extension"), "xml") == 0)
			type = wg_office_attr(n, "ContentType");
	static const char *const plain[] = {
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"
	};
	static const char *const with_macros[] = { "application/vnd.ms-word.document.macroEnabled.main+xml",
		                                       "application/vnd.ms-word.template.macroEnabledTemplate.main+xml" };
	for (size_t i = 0; i < WG_COUNT(with_macros); i++)
		*macros = *macros || strcmp(type, with_macros[i]) == 0;
	bool word = *macros;
	for (size_t i = 0; i < WG_COUNT(plain); i++)
		word = word || strcmp(type, plain[i]) == 0;
	return word ? WG_OK : wg_err_set(err, WG_REJECT, "this is no Word document: save it as .docx and send it again");
}

static enum wg_code find_main(struct wg_docx_package *package, struct wg_err *err)
{
	struct wg_docx_relations root = { 0 };
	WG_AUTO_XML struct wg_xml *types = NULL;
	enum wg_code code = wg_docx_package_relations(package, "", &root, err);
	const char *main = code == WG_OK ? wg_docx_relation_target(&root, "officeDocument") : NULL;
	size_t mains = 0;
	for (size_t i = 0; i < root.n; i++)
		mains += strcmp(root.list[i].type, "officeDocument") == 0;
	package->main = main != NULL ? strdup(main) : NULL;
	wg_docx_relations_free(&root);
	if (code == WG_OK && (main == NULL || mains != 1))
		code = wg_err_set(err, WG_REJECT, "the document has no main part, or two: save it again as .docx");
	if (code == WG_OK && package->main == NULL)
		code = wg_err_set(err, WG_SYSTEM, "no memory for the document");
	if (code == WG_OK)
		code = wg_office_part(package->zip, "[Content_Types].xml", "the document's content types", NULL, &types, err);
	if (code == WG_NOT_FOUND)
		code = wg_err_set(err, WG_REJECT, "this is no Word document: save it as .docx and send it again");
	return code == WG_OK ? check_type(package, wg_xml_root(types), &package->macros, err) : code;
}

static bool has_macros(const struct wg_zip *zip)
{
	for (size_t i = 0; i < wg_zip_count(zip); i++) {
		const char *slash = strrchr(wg_zip_name(zip, i), '/');
		const char *name = slash != NULL ? slash + 1 : wg_zip_name(zip, i);
		if (strcasecmp(name, "vbaProject.bin") == 0 || strcasecmp(name, "vbaData.xml") == 0)
			return true;
	}
	return false;
}

enum wg_code wg_docx_package_open(const struct wg_buf *in, struct wg_docx_package *package, struct wg_err *err)
{
	*package = (struct wg_docx_package){ 0 };
	enum wg_code code = wg_office_open(in, &package->zip, err);
	if (code == WG_OK)
		code = wg_office_no_doctype(package->zip, err);
	if (code == WG_OK)
		code = find_main(package, err);
	if (code == WG_OK)
		code = wg_docx_package_relations(package, package->main, &package->relations, err);
	if (code == WG_OK)
		package->macros = package->macros || has_macros(package->zip);
	else
		wg_docx_package_free(package);
	return code;
}
