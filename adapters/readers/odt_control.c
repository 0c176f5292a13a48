/* odt_control.c owns the controls of an OpenDocument text: those of a form, which stand in a list of their own, and
 * those around text, which LibreOffice writes since 7.4.
 * SECURITY: as in odt_body.c; the list of controls is searched by id for every control in the text, so their product is
 * bounded. */
#include <string.h>

#include "readers/odt_internal.h"
#include "readers/office_xml.h"

/* Controls that are looked at for one id: the largest real form has some 150. */
#define CONTROLS_MAX 2000

/* The control with that id, anywhere below node. */
static const xmlNode *find(const xmlNode *node, const char *id, unsigned *left)
{
	for (const xmlNode *n = node != NULL ? node->children : NULL; n != NULL && *left > 0; n = n->next) {
		if (n->type != XML_ELEMENT_NODE)
			continue;
		--*left;
		if (strcmp(wg_office_attr(n, "id"), id) == 0)
			return n;
		const xmlNode *below = find(n, id, left);
		if (below != NULL)
			return below;
	}
	return NULL;
}

static const char *either(const xmlNode *node, const char *first, const char *second)
{
	const char *value = wg_office_attr(node, first);
	return value[0] != '\0' ? value : wg_office_attr(node, second);
}

static void put(struct wg_odt_walk *w, const char *s)
{
	wg_office_add_text(w->doc, w->para, s, strlen(s), false);
}

/* <form:listbox> with <form:option form:current-selected="true">; also the items of a combo box's own value. */
static void put_list(struct wg_odt_walk *w, const xmlNode *control)
{
	bool any = false;
	for (const xmlNode *n = control->children; n != NULL; n = n->next) {
		if (!wg_office_is(n, "option") || strcmp(either(n, "current-selected", "selected"), "true") != 0)
			continue;
		if (any)
			put(w, "; ");
		put(w, either(n, "label", "value"));
		any = true;
	}
}

static bool is_ticked(const xmlNode *control)
{
	const char *state = either(control, "current-state", "state");
	const char *selected = either(control, "current-selected", "selected");
	return strcmp(state, "checked") == 0 || strcmp(selected, "true") == 0;
}

void wg_odt_form_control(struct wg_odt_walk *w, const char *id)
{
	unsigned left = CONTROLS_MAX;
	const xmlNode *control = id[0] != '\0' ? find(w->forms, id, &left) : NULL;
	if (control == NULL || w->para == NULL)
		return;
	size_t start = w->para->text.len;
	bool box = wg_office_is(control, "checkbox") || wg_office_is(control, "radio");
	if (box) {
		const char *words = wg_office_attr(control, "label");
		wg_office_add_box(w->doc, w->para, is_ticked(control));
		if (words[0] != '\0')
			put(w, " ");
		put(w, words);
		wg_office_add_byte(w->doc, w->para, ' ');
	} else if (wg_office_is(control, "listbox")) {
		put_list(w, control);
	} else if (wg_office_is(control, "fixed-text") || wg_office_is(control, "button") ||
	           wg_office_is(control, "image-frame")) {
		put(w, wg_office_attr(control, "label"));
		return;
	} else {
		put(w, either(control, "current-value", "value"));
	}
	const char *name = wg_office_attr(control, "title");
	if (!wg_office_is(control, "radio"))
		wg_office_add_control(w->doc, w->para, name[0] != '\0' ? name : wg_office_attr(control, "name"), start, box);
}

void wg_odt_content_control(struct wg_odt_walk *w, const xmlNode *node)
{
	bool box = strcmp(wg_office_attr(node, "checkbox"), "true") == 0;
	const char *label = either(node, "alias", "tag");
	size_t start = w->para != NULL ? w->para->text.len : 0;
	if (box)
		wg_office_add_box(w->doc, w->para, strcmp(wg_office_attr(node, "checked"), "true") == 0);
	else if (strcmp(wg_office_attr(node, "showing-place-holder"), "true") != 0)
		wg_odt_inline(w, node);
	wg_office_add_control(w->doc, w->para, label[0] != '\0' ? label : NULL, start, box);
}
