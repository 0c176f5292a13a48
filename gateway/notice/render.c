/* render.c owns turning a notice into something a person reads: the project's own stylesheet says what stands where
 * (notice-sections.xsl), render_looks.c lays it out. SECURITY: a notice's words are outside bytes; the
 * stylesheet may read and write nothing. */
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <libxslt/extensions.h>
#include <libxslt/security.h>
#include <libxslt/transform.h>
#include <libxslt/xsltInternals.h>
#include <libxslt/xsltutils.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "notice/notice_internal.h"
#include "notice/render_looks.h"
#include "notice/render_wrap.h"
#include "notice/schema_print.h"

#define RENDER_PATH_MAX 1024
/* The words of one code: a line of the schema. */
#define MEANING_MAX 1024

struct wg_render {
	xsltStylesheet *sections;
	xsltSecurityPrefs *closed;
};

static void silent(void *ctx, const char *fmt, ...)
{
	(void)ctx, (void)fmt;
}

/* Parsed through wg_xml_load, so that a stylesheet can bring in no other: the entity loader is shut. */
static enum wg_code load_sheet(const char *dir, const char *name, xsltStylesheet **out, struct wg_err *err)
{
	char path[RENDER_PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof path)
		return wg_err_set(err, WG_CONFIG, "the stylesheet folder's name is too long");
	WG_AUTO_XML struct wg_xml *xml = NULL;
	enum wg_code code = wg_xml_load(path, &xml, err);
	if (code != WG_OK)
		return code;
	xmlDoc *doc = xmlCopyDoc(wg_xml_doc(xml), 1);
	xsltStylesheet *sheet = doc != NULL ? xsltParseStylesheetDoc(doc) : NULL;
	if (sheet == NULL) {
		xmlFreeDoc(doc); /* a failed parse leaves the document with the caller */
		return wg_err_set(err, WG_CONFIG, "%s: not a stylesheet", path);
	}
	*out = sheet;
	if (sheet->errors != 0)
		return wg_err_set(err, WG_CONFIG, "%s: the stylesheet has %d faults", path, sheet->errors);
	return WG_OK;
}

static xsltSecurityPrefs *all_forbidden(void)
{
	static const xsltSecurityOption options[] = {
		XSLT_SECPREF_READ_FILE,    XSLT_SECPREF_WRITE_FILE,    XSLT_SECPREF_CREATE_DIRECTORY,
		XSLT_SECPREF_READ_NETWORK, XSLT_SECPREF_WRITE_NETWORK,
	};
	xsltSecurityPrefs *prefs = xsltNewSecurityPrefs();
	for (size_t i = 0; prefs != NULL && i < WG_COUNT(options); i++)
		if (xsltSetSecurityPrefs(prefs, options[i], xsltSecurityForbid) != 0) {
			xsltFreeSecurityPrefs(prefs);
			prefs = NULL;
		}
	return prefs;
}

enum wg_code wg_render_load(const char *render_dir, struct wg_render **out, struct wg_err *err)
{
	__attribute__((cleanup(wg_render_freep))) struct wg_render *render = calloc(1, sizeof *render);
	xsltSetGenericErrorFunc(NULL, silent);
	if (render == NULL || (render->closed = all_forbidden()) == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the stylesheets");
	enum wg_code code = load_sheet(render_dir, "notice-sections.xsl", &render->sections, err);
	if (code == WG_OK)
		*out = wg_steal(&render);
	return code;
}

void wg_render_freep(struct wg_render **render)
{
	if (*render == NULL)
		return;
	xsltFreeStylesheet((*render)->sections);
	xsltFreeSecurityPrefs((*render)->closed);
	free(*render);
	*render = NULL;
}

/* r:london('2026-07-21T21:40:00Z') is "21 July 2026, 22:40" (wg_clock_words); what is no instant comes back as it was.
 */
static void london(xmlXPathParserContext *ctxt, int nargs)
{
	char words[WG_CLOCK_WORDS];
	int64_t wall;
	if (nargs != 1) {
		xmlXPathSetArityError(ctxt);
		return;
	}
	xmlChar *said = xmlXPathPopString(ctxt);
	if (said == NULL || !wg_clock_parse((const char *)said, &wall)) {
		valuePush(ctxt, said != NULL ? xmlXPathWrapString(said) : xmlXPathNewCString(""));
		return;
	}
	valuePush(ctxt, xmlXPathNewCString(wg_clock_words(wall, words)));
	xmlFree(said);
}

/* The place of an element of a notice; NULL when the schema has none. The recursion is bounded by the depth that
 * wg_xml_parse allows. */
static const struct wg_place *place_of(const struct wg_schema *schema, const xmlNode *node)
{
	if (node == NULL || node->type != XML_ELEMENT_NODE)
		return NULL;
	if (node->parent == NULL || node->parent->type != XML_ELEMENT_NODE)
		return &schema->root;
	const struct wg_place *above = place_of(schema, node->parent);
	return above != NULL ? wg_type_place(above->type, (const char *)node->name) : NULL;
}

/* r:meaning(.) is what the code of an element means ("Full care order"), by the schema; "" when there is no code. */
static void meaning(xmlXPathParserContext *ctxt, int nargs)
{
	if (nargs != 1) {
		xmlXPathSetArityError(ctxt);
		return;
	}
	xmlNodeSet *nodes = xmlXPathPopNodeSet(ctxt);
	const xsltTransformContext *transform = xsltXPathGetTransformContext(ctxt);
	const xmlNode *node = nodes != NULL && nodes->nodeNr > 0 ? nodes->nodeTab[0] : NULL;
	const struct wg_place *place =
		transform != NULL && transform->_private != NULL ? place_of(transform->_private, node) : NULL;
	WG_AUTO_BUF struct wg_buf words = WG_BUF(MEANING_MAX);
	if (place != NULL && wg_place_text(place)) {
		WG_AUTO_FREE char *value = wg_xml_text(node), *code = wg_xml_attr(node, "code");
		if (value != NULL)
			wg_schema_meaning(transform->_private, place, value, code, &words);
	}
	xmlXPathFreeNodeSet(nodes);
	valuePush(ctxt, xmlXPathNewCString(wg_buf_text(&words)));
}

/* One transformation; NULL when it failed. schema: for r:meaning. */
static xmlDoc *apply(const struct wg_render *render, xsltStylesheet *sheet, xmlDoc *doc, const struct wg_schema *schema)
{
	xsltTransformContext *ctxt = xsltNewTransformContext(sheet, doc);
	xmlDoc *result = NULL;
	if (ctxt == NULL)
		return NULL;
	static const xmlChar ours[] = "urn:wardgate:render:1";
	xsltSetTransformErrorFunc(ctxt, NULL, silent);
	ctxt->_private = (void *)(uintptr_t)schema; /* only read */
	if (xsltSetCtxtSecurityPrefs(render->closed, ctxt) == 0 &&
	    xsltRegisterExtFunction(ctxt, (const xmlChar *)"london", ours, london) == 0 &&
	    xsltRegisterExtFunction(ctxt, (const xmlChar *)"meaning", ours, meaning) == 0)
		result = xsltApplyStylesheetUser(sheet, doc, NULL, NULL, NULL, ctxt);
	if (result != NULL && ctxt->state != XSLT_STATE_OK) {
		xmlFreeDoc(result);
		result = NULL;
	}
	xsltFreeTransformContext(ctxt);
	return result;
}

static enum wg_code put_text(const struct wg_page *page, struct wg_buf *out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf lines = WG_BUF(out->max);
	wg_page_text(page, &lines);
	enum wg_code code = wg_buf_check(&lines, "text of a notice", err);
	if (code == WG_OK)
		wg_render_wrap(wg_buf_text(&lines), lines.len, out);
	wg_buf_wipe(&lines);
	return code == WG_OK ? wg_buf_check(out, "text of a notice", err) : code;
}

enum wg_code wg_render_both(const struct wg_render *render, const struct wg_notice *notice, struct wg_buf *html,
                            struct wg_buf *text, struct wg_err *err)
{
	xmlDoc *doc = apply(render, render->sections, wg_xml_doc(notice->xml), notice->schema);
	WG_CLEANUP(wg_page_freep) struct wg_page *page = doc != NULL ? wg_page_new(doc) : NULL;
	enum wg_code code = page != NULL ? WG_OK : wg_err_set(err, WG_SYSTEM, "a notice could not be rendered");
	if (code == WG_OK && html != NULL) {
		wg_page_html(page, html);
		code = wg_buf_check(html, "HTML of a notice", err);
	}
	if (code == WG_OK && text != NULL)
		code = put_text(page, text, err);
	wg_page_freep(&page);
	xmlFreeDoc(doc);
	return code;
}

enum wg_code wg_render_html(const struct wg_render *render, const struct wg_notice *notice, struct wg_buf *out,
                            struct wg_err *err)
{
	return wg_render_both(render, notice, out, NULL, err);
}

enum wg_code wg_render_text(const struct wg_render *render, const struct wg_notice *notice, struct wg_buf *out,
                            struct wg_err *err)
{
	return wg_render_both(render, notice, NULL, out, err);
}
