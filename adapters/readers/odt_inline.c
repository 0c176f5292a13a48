/* odt_inline.c owns what stands within a paragraph of an OpenDocument text.
 * SECURITY: as in odt_body.c; what is hidden or struck out never becomes text. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "readers/odt_internal.h"
#include "readers/office_xml.h"

/* <text:s text:c="n"/> */
#define SPACES_MAX 80

static void put_text(struct wg_odt_walk *w, const char *s)
{
	if (w->hidden)
		wg_buf_puts(&w->doc->hidden, s);
	else
		wg_office_add_text(w->doc, w->para, s, strlen(s), w->bold);
}

static void put_spaces(struct wg_odt_walk *w, const xmlNode *node)
{
	uint64_t n = 1;
	const char *count = wg_office_attr(node, "c");
	if (count[0] != '\0' && !wg_num_parse(count, 1, SPACES_MAX, &n))
		n = SPACES_MAX;
	for (uint64_t i = 0; i < n; i++)
		put_text(w, " ");
}

static void put_styled(struct wg_odt_walk *w, const xmlNode *node)
{
	bool bold = w->bold, hidden = w->hidden;
	struct wg_office_style style = wg_odt_style_of(w->styles, "text", wg_office_attr(node, "style-name"));
	w->bold = style.bold_said ? style.bold : bold;
	w->hidden = style.hidden_said ? style.hidden : hidden;
	wg_odt_inline(w, node);
	w->bold = bold;
	w->hidden = hidden;
}

/* A field that people fill in: its place is kept also when it is empty. */
static void put_input(struct wg_odt_walk *w, const xmlNode *node)
{
	size_t start = w->para != NULL ? w->para->text.len : 0;
	const char *label = wg_office_attr(node, wg_office_is(node, "drop-down") ? "name" : "description");
	for (const xmlNode *n = node->children; n != NULL; n = n->next) /* a list's choices stand there as elements */
		if (n->type == XML_TEXT_NODE && n->content != NULL)
			put_text(w, (const char *)n->content);
	wg_office_add_control(w->doc, w->para, label[0] != '\0' ? label : NULL, start, false);
}

static void put_hidden(struct wg_odt_walk *w, const xmlNode *node)
{
	bool hidden = w->hidden;
	w->hidden = true;
	put_text(w, wg_office_attr(node, "string-value"));
	wg_odt_inline(w, node);
	put_text(w, " ");
	w->hidden = hidden;
}

/* Paragraphs of a comment or a note, as lines of one. */
static void put_aside(struct wg_odt_walk *w, const xmlNode *node, struct wg_office_flow *flow)
{
	struct wg_odt_walk inner = *w;
	inner.flow = flow;
	inner.para = wg_office_add_para(w->doc, flow);
	inner.bold = inner.hidden = false;
	for (const xmlNode *n = node->children; n != NULL; n = n->next) {
		if (!wg_office_is(n, "p") && !wg_office_is(n, "note-body") && !wg_office_is(n, "list"))
			continue;
		if (inner.para != NULL && inner.para->text.len > 0)
			wg_office_add_byte(w->doc, inner.para, '\n');
		wg_odt_inline(&inner, n);
	}
}

/* Pictures, text boxes, objects: text boxes are read behind the paragraph. */
static void put_frame(struct wg_odt_walk *w, const xmlNode *node)
{
	for (const xmlNode *n = node->children; n != NULL; n = n->next) {
		if (n->type != XML_ELEMENT_NODE)
			continue;
		const char *href = wg_office_attr(n, "href");
		if (strstr(href, "://") != NULL || strncmp(href, "../", 3) == 0 || href[0] == '/')
			w->doc->dropped[WG_OFFICE_OUTSIDE] = true;
		if (wg_office_is(n, "text-box")) {
			struct wg_odt_walk inner = *w;
			inner.para = NULL;
			wg_odt_blocks(&inner, n);
		} else if (wg_office_is(n, "image")) {
			/* beside an object, it is only the object's likeness */
			w->doc->dropped[WG_OFFICE_PICTURE] = w->doc->dropped[WG_OFFICE_PICTURE] || w->body;
		} else if (wg_office_is(n, "object") || wg_office_is(n, "object-ole") || wg_office_is(n, "plugin") ||
		           wg_office_is(n, "applet") || wg_office_is(n, "floating-frame")) {
			w->doc->dropped[WG_OFFICE_OBJECT] = true;
		} else {
			put_frame(w, n);
		}
	}
}

/* Shapes may have text of their own. */
static void put_shape(struct wg_odt_walk *w, const xmlNode *node)
{
	struct wg_odt_walk inner = *w;
	inner.para = NULL;
	wg_odt_blocks(&inner, node);
	put_frame(w, node);
}

void wg_odt_element(struct wg_odt_walk *w, const xmlNode *n)
{
	static const char *const shapes[] = { "custom-shape", "rect", "ellipse", "circle", "g", "polygon" };
	static const char *const silent[] = { "bookmark",     "bookmark-start", "bookmark-end",   "tracked-changes",
		                                  "change-start", "change-end",     "event-listeners" };
	for (size_t i = 0; i < WG_COUNT(silent); i++)
		if (wg_office_is(n, silent[i]))
			return;
	for (size_t i = 0; i < WG_COUNT(shapes); i++) {
		if (wg_office_is(n, shapes[i])) {
			put_shape(w, n);
			return;
		}
	}
	if (wg_office_is(n, "span") || wg_office_is(n, "a"))
		put_styled(w, n);
	else if (wg_office_is(n, "s"))
		put_spaces(w, n);
	else if (wg_office_is(n, "tab"))
		wg_office_add_byte(w->doc, w->para, '\t');
	else if (wg_office_is(n, "line-break"))
		wg_office_add_byte(w->doc, w->para, '\n');
	else if (wg_office_is(n, "text-input") || wg_office_is(n, "drop-down"))
		put_input(w, n);
	else if (wg_office_is(n, "placeholder")) /* nobody filled it in */
		wg_office_add_control(w->doc, w->para, NULL, w->para != NULL ? w->para->text.len : 0, false);
	else if (wg_office_is(n, "hidden-text") || wg_office_is(n, "hidden-paragraph"))
		put_hidden(w, n);
	else if (wg_office_is(n, "content-control"))
		wg_odt_content_control(w, n);
	else if (wg_office_is(n, "control"))
		wg_odt_form_control(w, wg_office_attr(n, "control"));
	else if (wg_office_is(n, "annotation"))
		put_aside(w, n, &w->doc->comments);
	else if (wg_office_is(n, "note"))
		put_aside(w, n, &w->doc->notes);
	else if (wg_office_is(n, "frame"))
		put_frame(w, n);
	else if (wg_office_is(n, "change"))
		w->doc->dropped[WG_OFFICE_DELETED] = true;
	else
		wg_odt_inline(w, n); /* fields that show their value */
}

void wg_odt_inline(struct wg_odt_walk *w, const xmlNode *node)
{
	for (const xmlNode *n = node->children; n != NULL; n = n->next) {
		if ((n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE) && n->content != NULL)
			put_text(w, (const char *)n->content);
		else if (n->type == XML_ELEMENT_NODE)
			wg_odt_element(w, n);
	}
}
