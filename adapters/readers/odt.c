/* odt.c owns the reading of an OpenDocument text: its parts in their order, and what of it is not read.
 * SECURITY: the document is hostile: it is opened by wg_zip and parsed by wg_xml_parse, both bounded; macros, embedded
 * objects and everything outside the archive are left alone and said by a remark. */
#include "readers/odt.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "notice/xml.h"
#include "readers/odt_internal.h"
#include "readers/office_package.h"
#include "readers/office_xml.h"

#define TYPE_BYTES 200

/* The archive says what it is in its entry "mimetype". */
static enum wg_code check_type(struct wg_zip *zip, struct wg_err *err)
{
	static const char *const texts[] = { "application/vnd.oasis.opendocument.text",
		                                 "application/vnd.oasis.opendocument.text-template" };
	WG_AUTO_BUF struct wg_buf type = WG_BUF(TYPE_BYTES);
	enum wg_code code = wg_zip_read(zip, "mimetype", &type, err);
	for (size_t i = 0; code == WG_OK && i < WG_COUNT(texts); i++)
		if (strcmp(wg_buf_text(&type), texts[i]) == 0)
			return WG_OK;
	if (code == WG_SYSTEM)
		return code;
	return wg_err_set(err, WG_REJECT, "this is no OpenDocument text: save it as .odt and send it again");
}

/* A password encrypts each part by itself; the manifest says so. */
static enum wg_code check_manifest(struct wg_zip *zip, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf manifest = WG_BUF(WG_LIMIT_READER_OUTPUT);
	enum wg_code code = wg_zip_read(zip, "META-INF/manifest.xml", &manifest, err);
	if (code == WG_NOT_FOUND)
		return WG_OK;
	if (code == WG_OK && strstr(wg_buf_text(&manifest), "encryption-data") != NULL)
		code = wg_err_set(err, WG_REJECT, "the document has a password: save it without one and send it again");
	return code;
}

static void note_entries(const struct wg_zip *zip, struct wg_office *doc)
{
	for (size_t i = 0; i < wg_zip_count(zip); i++) {
		const char *name = wg_zip_name(zip, i);
		size_t n = strlen(name);
		if (name[n - 1] != '/' && (strncmp(name, "Basic/", 6) == 0 || strncmp(name, "Scripts/", 8) == 0))
			doc->dropped[WG_OFFICE_MACROS] = true;
	}
}

static enum wg_code part(struct wg_zip *zip, const char *name, const char *what, struct wg_xml **out,
                         struct wg_err *err)
{
	enum wg_code code = wg_office_part(zip, name, what, NULL, out, err);
	return code == WG_NOT_FOUND ? wg_err_set(err, WG_REJECT, "%s is missing: save it again as .odt", what) : code;
}

/* Headers and footers stand in the master pages of the styles. */
static void read_margins(struct wg_odt_walk *w, const xmlNode *root)
{
	const xmlNode *masters = wg_office_child(root, "master-styles");
	for (const xmlNode *page = masters != NULL ? masters->children : NULL; page != NULL; page = page->next) {
		if (!wg_office_is(page, "master-page"))
			continue;
		w->flow = &w->doc->margin;
		for (const xmlNode *n = page->children; n != NULL; n = n->next)
			if (strncmp((const char *)n->name, "header", 6) == 0 || strncmp((const char *)n->name, "footer", 6) == 0)
				wg_odt_blocks(w, n);
	}
}

static enum wg_code read_parts(struct wg_odt_walk *w, struct wg_office_styles *styles, const struct wg_xml *content,
                               const struct wg_xml *named, struct wg_err *err)
{
	if (!wg_odt_styles_read(wg_xml_root(content), styles) ||
	    (named != NULL && !wg_odt_styles_read(wg_xml_root(named), styles)))
		return wg_err_set(err, WG_SYSTEM, "no memory for the document");
	wg_office_styles_sort(styles);
	const xmlNode *text = wg_office_child(wg_office_child(wg_xml_root(content), "body"), "text");
	if (text == NULL)
		return wg_err_set(err, WG_REJECT, "the document has no text: save it again as .odt");
	if (wg_office_child(wg_office_child(wg_xml_root(content), "scripts"), "script") != NULL)
		w->doc->dropped[WG_OFFICE_MACROS] = true;
	w->forms = wg_office_child(text, "forms");
	w->flow = &w->doc->body;
	w->body = true;
	wg_odt_blocks(w, text);
	w->body = false;
	if (named != NULL)
		read_margins(w, wg_xml_root(named));
	return WG_OK;
}

static enum wg_code read_all(struct wg_zip *zip, struct wg_office *doc, struct wg_err *err)
{
	WG_AUTO_XML struct wg_xml *content = NULL;
	WG_AUTO_XML struct wg_xml *named = NULL;
	struct wg_office_styles styles = { 0 };
	struct wg_odt_walk w = { .doc = doc, .styles = &styles };
	enum wg_code code = check_type(zip, err);
	if (code == WG_OK)
		code = check_manifest(zip, err);
	if (code == WG_OK)
		code = wg_office_no_doctype(zip, err);
	if (code == WG_OK)
		code = part(zip, "content.xml", "the document's main part", &content, err);
	if (code == WG_OK && wg_zip_has(zip, "styles.xml"))
		code = part(zip, "styles.xml", "the document's styles", &named, err);
	if (code == WG_OK)
		code = read_parts(&w, &styles, content, named, err);
	note_entries(zip, doc);
	wg_office_logos(zip, "Pictures/", doc);
	wg_office_styles_free(&styles);
	return code;
}

enum wg_code wg_odt_read(const struct wg_buf *in, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_ZIP struct wg_zip *zip = NULL;
	WG_AUTO_OFFICE struct wg_office doc;
	WG_AUTO_FOUND struct wg_found found;
	wg_office_init(&doc);
	wg_found_init(&found);
	enum wg_code code = wg_office_open(in, &zip, err);
	if (code == WG_OK)
		code = read_all(zip, &doc, err);
	if (code == WG_OK)
		code = wg_office_read(&doc, &found, err);
	return code == WG_OK ? wg_found_write(&found, "odt", in, out, err) : code;
}
