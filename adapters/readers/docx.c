/* docx.c owns the reading of a Word document: its parts in their order, and what of it is not read.
 * SECURITY: the document is hostile: it is opened by wg_zip and parsed by wg_xml_parse, both bounded; macros, embedded
 * objects and everything outside the package are left alone and said by a remark. */
#include "readers/docx.h"

#include <string.h>

#include "base/mem.h"
#include "notice/xml.h"
#include "readers/docx_internal.h"
#include "readers/docx_package.h"
#include "readers/office_package.h"
#include "readers/office_xml.h"

/* Headers and footers of one document: three of each for every section. */
#define MARGINS_MAX 60

static enum wg_code read_styles(struct wg_docx_package *package, struct wg_office_styles *styles, struct wg_err *err)
{
	WG_AUTO_XML struct wg_xml *doc = NULL;
	const char *name = wg_docx_relation_target(&package->relations, "styles");
	enum wg_code code =
		name != NULL ? wg_office_part(package->zip, name, "the document's styles", wg_docx_styles_keep, &doc, err)
					 : WG_NOT_FOUND;
	if (code != WG_OK && code != WG_NOT_FOUND)
		return code;
	return wg_docx_styles_read(doc != NULL ? wg_xml_root(doc) : NULL, styles)
	           ? WG_OK
	           : wg_err_set(err, WG_SYSTEM, "no memory for the document");
}

static enum wg_code read_body(struct wg_docx_package *package, struct wg_docx_walk *w, struct wg_err *err)
{
	WG_AUTO_XML struct wg_xml *doc = NULL;
	enum wg_code code = wg_office_part(package->zip, package->main, "the document's main part", NULL, &doc, err);
	if (code == WG_NOT_FOUND)
		return wg_err_set(err, WG_REJECT, "the document's main part is missing: save it again as .docx");
	if (code != WG_OK)
		return code;
	const xmlNode *body = wg_office_child(wg_xml_root(doc), "body");
	if (!wg_office_is(wg_xml_root(doc), "document") || body == NULL)
		return wg_err_set(err, WG_REJECT, "the document's main part is not Word's: save it again as .docx");
	w->flow = &w->doc->body;
	w->body = true;
	wg_docx_blocks(w, body);
	w->body = false;
	return WG_OK;
}

/* Each comment or note is an element below the root; separators between notes are none. A comment becomes one
 * paragraph. */
static void read_notes(struct wg_docx_walk *w, const xmlNode *root, bool comments)
{
	for (const xmlNode *n = root->children; n != NULL; n = n->next) {
		if (n->type != XML_ELEMENT_NODE || wg_office_attr(n, "type")[0] != '\0')
			continue;
		w->n_fields = 0;
		if (!comments) {
			wg_docx_blocks(w, n);
			continue;
		}
		w->para = wg_office_add_para(w->doc, w->flow);
		for (const xmlNode *p = n->children; p != NULL; p = p->next) {
			if (!wg_office_is(p, "p"))
				continue;
			if (w->para != NULL && w->para->text.len > 0)
				wg_office_add_byte(w->doc, w->para, '\n');
			wg_docx_inline(w, p);
		}
		w->para = NULL;
	}
}

/* One part beside the body, by its relationship's type. */
static enum wg_code read_side(struct wg_docx_package *package, struct wg_docx_walk *w,
                              const struct wg_docx_relation *relation, struct wg_err *err)
{
	bool margin = strcmp(relation->type, "header") == 0 || strcmp(relation->type, "footer") == 0;
	bool notes = strcmp(relation->type, "footnotes") == 0 || strcmp(relation->type, "endnotes") == 0;
	bool comments = strcmp(relation->type, "comments") == 0;
	WG_AUTO_XML struct wg_xml *doc = NULL;
	if (relation->external || (!margin && !notes && !comments))
		return WG_OK;
	enum wg_code code =
		wg_office_part(package->zip, relation->target, "a header, footer, note or comment", NULL, &doc, err);
	if (code != WG_OK)
		return code == WG_NOT_FOUND ? WG_OK : code;
	w->n_fields = 0;
	w->flow = margin ? &w->doc->margin : notes ? &w->doc->notes : &w->doc->comments;
	if (margin)
		wg_docx_blocks(w, wg_xml_root(doc));
	else
		read_notes(w, wg_xml_root(doc), comments);
	return WG_OK;
}

/* What a relationship pulls in: from outside, or as a file of another kind. */
static void note_relation(struct wg_office *doc, const struct wg_docx_relation *relation)
{
	static const char *const objects[] = { "oleObject", "package", "control", "activeXControlBinary" };
	if (relation->external && strcmp(relation->type, "attachedTemplate") == 0)
		doc->template_outside = true; /* how Word would format it; councils keep theirs on a server */
	else if (relation->external && strcmp(relation->type, "hyperlink") != 0)
		doc->dropped[WG_OFFICE_OUTSIDE] = true;
	for (size_t i = 0; i < WG_COUNT(objects); i++)
		if (strcmp(relation->type, objects[i]) == 0)
			doc->dropped[WG_OFFICE_OBJECT] = true;
	if (strcmp(relation->type, "aFChunk") == 0)
		doc->dropped[WG_OFFICE_CHUNK] = true;
}

/* The template and the data source hang on the settings. */
static enum wg_code read_relations(struct wg_docx_package *package, struct wg_office *doc, struct wg_err *err)
{
	const char *settings = wg_docx_relation_target(&package->relations, "settings");
	for (size_t i = 0; i < package->relations.n; i++)
		note_relation(doc, &package->relations.list[i]);
	struct wg_docx_relations more = { 0 };
	enum wg_code code = settings != NULL ? wg_docx_package_relations(package, settings, &more, err) : WG_OK;
	for (size_t i = 0; i < more.n; i++)
		note_relation(doc, &more.list[i]);
	wg_docx_relations_free(&more);
	return code;
}

static enum wg_code read_sides(struct wg_docx_package *package, struct wg_docx_walk *w, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	size_t margins = 0;
	for (size_t i = 0; code == WG_OK && i < package->relations.n; i++) {
		const struct wg_docx_relation *relation = &package->relations.list[i];
		if ((strcmp(relation->type, "header") == 0 || strcmp(relation->type, "footer") == 0) && ++margins > MARGINS_MAX)
			return wg_err_set(err, WG_LIMIT, "the document has more headers and footers than the limit of %d",
			                  MARGINS_MAX);
		code = read_side(package, w, relation, err);
	}
	return code;
}

static enum wg_code read_all(struct wg_docx_package *package, struct wg_office *doc, struct wg_err *err)
{
	struct wg_office_styles styles = { 0 };
	struct wg_docx_walk w = { .doc = doc, .styles = &styles };
	enum wg_code code = read_styles(package, &styles, err);
	doc->dropped[WG_OFFICE_MACROS] = package->macros;
	if (code == WG_OK)
		code = read_body(package, &w, err);
	if (code == WG_OK)
		code = read_sides(package, &w, err);
	if (code == WG_OK)
		code = read_relations(package, doc, err);
	wg_office_logos(package->zip, "word/media/", doc);
	wg_office_styles_free(&styles);
	return code;
}

enum wg_code wg_docx_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err)
{
	struct wg_docx_package package;
	WG_AUTO_OFFICE struct wg_office doc;
	WG_AUTO_FOUND struct wg_found found;
	wg_office_init(&doc);
	wg_found_init(&found);
	enum wg_code code = wg_docx_package_open(in, &package, err);
	if (code != WG_OK)
		return code;
	code = read_all(&package, &doc, err);
	wg_docx_package_free(&package);
	if (code == WG_OK)
		code = wg_office_read(&doc, &found, err);
	return code == WG_OK ? wg_found_write(&found, "docx", in, out, err) : code;
}
