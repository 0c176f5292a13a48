/* docx_control.c owns content controls (w:sdt): what they are called, and what was put into them.
 * SECURITY: as in docx_run.c. */
#include <string.h>

#include "readers/docx_internal.h"
#include "readers/office_xml.h"

/* Names longer than this are no labels. */
#define LABEL_BYTES 200

struct control {
	char label[LABEL_BYTES + 1]; /* "" when it has none */
	bool placeholder;            /* nobody filled it in */
	bool box, ticked;
	bool contents;    /* a table of contents */
	bool transparent; /* a wrapper that other programs put around text */
};

/* A tag is made for programs: "child_name", "childName" are words too. */
static void put_tag(const char *tag, char *out)
{
	size_t n = 0;
	for (size_t i = 0; tag[i] != '\0' && n + 2 < LABEL_BYTES; i++) {
		bool upper = tag[i] >= 'A' && tag[i] <= 'Z', after = i > 0 && tag[i - 1] >= 'a' && tag[i - 1] <= 'z';
		if (upper && after)
			out[n++] = ' ';
		out[n++] = tag[i] == '_' || tag[i] == '-' || tag[i] == '.' ? ' ' : tag[i];
	}
	out[n] = '\0';
}

static struct control control_of(const xmlNode *sdt)
{
	struct control c = { .label = "" };
	const xmlNode *properties = wg_office_child(sdt, "sdtPr");
	const xmlNode *alias = wg_office_child(properties, "alias"), *tag = wg_office_child(properties, "tag");
	const xmlNode *box = wg_office_child(properties, "checkbox");
	const char *name = alias != NULL ? wg_office_attr(alias, "val") : "";
	const char *said = tag != NULL ? wg_office_attr(tag, "val") : "";
	bool unused;
	if (name[0] != '\0' && strlen(name) <= LABEL_BYTES)
		memcpy(c.label, name, strlen(name) + 1);
	else if (said[0] != '\0' && strncmp(said, "goog_rdk_", 9) != 0 && strlen(said) <= LABEL_BYTES / 2)
		put_tag(said, c.label);
	c.transparent = c.label[0] == '\0' && strncmp(said, "goog_rdk_", 9) == 0;
	c.placeholder = wg_docx_toggle(properties, "showingPlcHdr", &unused);
	c.box = box != NULL;
	c.ticked = wg_docx_toggle(box, "checked", &unused);
	const xmlNode *gallery = wg_office_child(wg_office_child(properties, "docPartObj"), "docPartGallery");
	c.contents = gallery != NULL && strcmp(wg_office_attr(gallery, "val"), "Table of Contents") == 0;
	return c;
}

static size_t length(const struct wg_docx_walk *w)
{
	return w->para != NULL ? w->para->text.len : 0;
}

static void end_control(struct wg_docx_walk *w, const struct control *c, size_t start)
{
	if (!c->transparent)
		wg_office_add_control(w->doc, w->para, c->label[0] != '\0' ? c->label : NULL, start, c->box);
}

void wg_docx_inline_control(struct wg_docx_walk *w, const xmlNode *sdt)
{
	struct control c = control_of(sdt);
	const xmlNode *content = wg_office_child(sdt, "sdtContent");
	size_t start = length(w);
	if (c.box)
		wg_office_add_box(w->doc, w->para, c.ticked);
	else if (content != NULL && !c.placeholder)
		wg_docx_inline(w, content);
	end_control(w, &c, start);
}

/* Anything but paragraphs and controls of paragraphs. */
static bool has_tables(const xmlNode *node)
{
	for (const xmlNode *n = node->children; n != NULL; n = n->next) {
		if (wg_office_is(n, "tbl") || wg_office_is(n, "tr") || wg_office_is(n, "tc"))
			return true;
		if ((wg_office_is(n, "sdt") || wg_office_is(n, "sdtContent")) && has_tables(n))
			return true;
	}
	return false;
}

/* Paragraphs as lines of one. */
static void join_paragraphs(struct wg_docx_walk *w, const xmlNode *node, size_t start)
{
	for (const xmlNode *n = node->children; n != NULL; n = n->next) {
		if (wg_office_is(n, "p")) {
			if (length(w) > start)
				wg_office_add_byte(w->doc, w->para, '\n');
			wg_docx_inline(w, n);
		} else if (wg_office_is(n, "sdt")) {
			const xmlNode *content = wg_office_child(n, "sdtContent");
			struct control c = control_of(n);
			size_t inner = length(w);
			if (c.box)
				wg_office_add_box(w->doc, w->para, c.ticked);
			else if (content != NULL && !c.placeholder)
				join_paragraphs(w, content, start);
			end_control(w, &c, inner);
		} else if (wg_docx_is_deleted(n)) {
			w->doc->dropped[WG_OFFICE_DELETED] = true;
		} else if (n->type == XML_ELEMENT_NODE) {
			join_paragraphs(w, n, start);
		}
	}
}

static void put_whole(struct wg_docx_walk *w, const struct control *c, const xmlNode *content)
{
	struct wg_office_para *outer = w->para;
	w->para = wg_office_add_para(w->doc, w->flow);
	if (c->box)
		wg_office_add_box(w->doc, w->para, c->ticked);
	else if (!c->placeholder)
		join_paragraphs(w, content, 0);
	end_control(w, c, 0);
	w->para = outer;
}

void wg_docx_block_control(struct wg_docx_walk *w, const xmlNode *sdt)
{
	struct control c = control_of(sdt);
	const xmlNode *content = wg_office_child(sdt, "sdtContent");
	if (content == NULL || c.contents)
		return;
	if (c.transparent || (has_tables(content) && !c.placeholder) || (c.label[0] == '\0' && !c.placeholder && !c.box))
		wg_docx_blocks(w, content);
	else
		put_whole(w, &c, content);
}

void wg_docx_cell_control(struct wg_docx_walk *w, const xmlNode *sdt, const xmlNode *cell)
{
	struct control c = control_of(sdt);
	if (c.transparent || (has_tables(cell) && !c.placeholder))
		wg_docx_blocks(w, cell);
	else
		put_whole(w, &c, cell);
}
