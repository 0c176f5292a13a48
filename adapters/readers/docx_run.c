/* docx_run.c owns what stands within a paragraph of a Word document: runs, symbols, fields of the old kind, changes.
 * SECURITY: the XML was parsed by the guarded parser, which bounds its depth; what is hidden or struck out never
 * becomes text. */
#include <string.h>

#include "base/text.h"
#include "readers/docx_internal.h"
#include "readers/office_tick.h"
#include "readers/office_xml.h"

bool wg_docx_is_deleted(const xmlNode *node)
{
	return wg_office_is(node, "del") || wg_office_is(node, "moveFrom");
}

const xmlNode *wg_docx_choice(const xmlNode *node)
{
	const xmlNode *choice = wg_office_child(node, "Choice");
	return choice != NULL ? choice : wg_office_child(node, "Fallback");
}

/* Text in a symbol font: its letters are pictures. */
static void put_symbols(struct wg_docx_walk *w, const char *s)
{
	for (size_t len = strlen(s), i = 0; i < len;) {
		uint32_t c = 0;
		size_t used = wg_utf8_decode(s + i, len - i, &c);
		enum wg_office_tick tick = wg_office_tick_of_symbol(w->symbols, c);
		used = used > 0 ? used : 1;
		if (tick != WG_OFFICE_TICK_NONE)
			wg_office_add_box(w->doc, w->para, tick == WG_OFFICE_TICK_ON);
		else
			wg_office_add_text(w->doc, w->para, s + i, used, false);
		i += used;
	}
}

/* The text of an element, which has no elements below it. */
static void put_content(struct wg_docx_walk *w, const xmlNode *node, bool bold, bool hidden)
{
	for (const xmlNode *n = node->children; n != NULL; n = n->next) {
		if ((n->type != XML_TEXT_NODE && n->type != XML_CDATA_SECTION_NODE) || n->content == NULL)
			continue;
		const char *s = (const char *)n->content;
		if (hidden)
			wg_buf_puts(&w->doc->hidden, s);
		else if (w->symbols != NULL)
			put_symbols(w, s);
		else
			wg_office_add_text(w->doc, w->para, s, strlen(s), bold);
	}
}

/* <w:sym w:font="Wingdings" w:char="F0FE"/> */
static void put_symbol(struct wg_docx_walk *w, const xmlNode *node)
{
	const char *hex = wg_office_attr(node, "char");
	uint32_t c = 0;
	for (size_t i = 0; i < 4 && hex[i] != '\0'; i++) {
		static const char digits[] = "0123456789ABCDEF0123456789abcdef"; /* both cases */
		const char *at = strchr(digits, hex[i]);
		c = c << 4 | (at != NULL ? (uint32_t)(at - digits) % 16 : 0);
	}
	enum wg_office_tick tick = wg_office_tick_of_symbol(wg_office_attr(node, "font"), c);
	if (tick != WG_OFFICE_TICK_NONE)
		wg_office_add_box(w->doc, w->para, tick == WG_OFFICE_TICK_ON);
	else
		wg_office_add_byte(w->doc, w->para, ' '); /* an ornament */
}

/* Tick boxes and lists of the old kind carry what was chosen in their definition. */
static bool put_form_field(struct wg_docx_walk *w, const xmlNode *data)
{
	const xmlNode *box = wg_office_child(data, "checkBox"), *list = wg_office_child(data, "ddList");
	bool said;
	if (box != NULL) {
		bool ticked = wg_docx_toggle(box, "checked", &said);
		if (!said)
			ticked = wg_docx_toggle(box, "default", &said);
		size_t start = w->para != NULL ? w->para->text.len : 0;
		wg_office_add_box(w->doc, w->para, ticked);
		wg_office_add_control(w->doc, w->para, NULL, start, true);
	} else if (list != NULL) {
		const xmlNode *chosen = wg_office_child(list, "result");
		uint64_t index = 0, i = 0;
		if (chosen == NULL)
			chosen = wg_office_child(list, "default");
		if (chosen != NULL && !wg_num_parse(wg_office_attr(chosen, "val"), 0, 1000, &index))
			index = 0;
		size_t start = w->para != NULL ? w->para->text.len : 0;
		for (const xmlNode *n = list->children; n != NULL; n = n->next)
			if (wg_office_is(n, "listEntry") && i++ == index)
				wg_office_add_text(w->doc, w->para, wg_office_attr(n, "val"), strlen(wg_office_attr(n, "val")), false);
		wg_office_add_control(w->doc, w->para, NULL, start, false);
	}
	return box != NULL || list != NULL;
}

static void field_begin(struct wg_docx_walk *w, const xmlNode *node)
{
	if (w->n_fields == WG_DOCX_FIELDS_MAX)
		return;
	struct wg_docx_field *f = &w->fields[w->n_fields++];
	const xmlNode *data = wg_office_child(node, "ffData");
	*f = (struct wg_docx_field){ .para = w->para };
	f->own = data != NULL && put_form_field(w, data);
	f->text = data != NULL && wg_office_child(data, "textInput") != NULL;
}

static void field_end(struct wg_docx_walk *w)
{
	if (w->n_fields == 0)
		return;
	const struct wg_docx_field *f = &w->fields[--w->n_fields];
	if (f->text && f->result && w->para != NULL && f->para == w->para)
		wg_office_add_control(w->doc, w->para, NULL, f->start, false);
}

static void put_field_mark(struct wg_docx_walk *w, const xmlNode *node)
{
	const char *type = wg_office_attr(node, "fldCharType");
	if (strcmp(type, "begin") == 0) {
		field_begin(w, node);
	} else if (strcmp(type, "end") == 0) {
		field_end(w);
	} else if (strcmp(type, "separate") == 0 && w->n_fields > 0) {
		w->fields[w->n_fields - 1].result = true;
		w->fields[w->n_fields - 1].start = w->para != NULL ? w->para->text.len : 0;
	}
}

/* Within the instructions of a field, or in the result of one whose answer was said. */
static bool is_silent(const struct wg_docx_walk *w)
{
	for (size_t i = 0; i < w->n_fields; i++)
		if (!w->fields[i].result || w->fields[i].own)
			return true;
	return false;
}

static void put_run_child(struct wg_docx_walk *w, const xmlNode *n, bool bold, bool hidden)
{
	static const char *const asides[] = { "drawing", "pict", "object" };
	if (wg_office_is(n, "fldChar")) {
		put_field_mark(w, n);
	} else if (wg_office_is(n, "AlternateContent")) {
		const xmlNode *choice = wg_docx_choice(n);
		for (const xmlNode *c = choice != NULL ? choice->children : NULL; c != NULL; c = c->next)
			put_run_child(w, c, bold, hidden);
	} else if (is_silent(w)) {
		return;
	} else if (wg_office_is(n, "t")) {
		put_content(w, n, bold, hidden);
	} else if (wg_office_is(n, "tab") || wg_office_is(n, "ptab")) {
		wg_office_add_byte(w->doc, w->para, '\t');
	} else if (wg_office_is(n, "br") || wg_office_is(n, "cr")) {
		wg_office_add_byte(w->doc, w->para, '\n');
	} else if (wg_office_is(n, "noBreakHyphen")) {
		wg_office_add_byte(w->doc, w->para, '-');
	} else if (wg_office_is(n, "sym")) {
		put_symbol(w, n);
	} else if (wg_office_is(n, "delText")) {
		w->doc->dropped[WG_OFFICE_DELETED] = true;
	} else {
		for (size_t i = 0; i < sizeof asides / sizeof *asides; i++)
			if (wg_office_is(n, asides[i]))
				wg_docx_aside(w, n);
	}
}

static void put_run(struct wg_docx_walk *w, const xmlNode *run)
{
	const xmlNode *properties = wg_office_child(run, "rPr"), *style = wg_office_child(properties, "rStyle");
	const xmlNode *fonts = wg_office_child(properties, "rFonts");
	bool bold_said, hidden_said;
	bool bold = wg_docx_toggle(properties, "b", &bold_said),
		 hidden = wg_docx_toggle(properties, "vanish", &hidden_said);
	struct wg_office_style named = { 0 };
	if (style != NULL)
		named = wg_docx_style_of(w->styles, wg_office_attr(style, "val"));
	bold = bold_said ? bold : w->bold || named.bold;
	hidden = hidden_said ? hidden : w->hidden || named.hidden;
	const char *font = fonts != NULL ? wg_office_attr(fonts, "ascii") : NULL;
	w->symbols = font != NULL && strncmp(font, "Wingdings", 9) == 0 ? font : NULL;
	for (const xmlNode *n = run->children; n != NULL; n = n->next)
		if (n->type == XML_ELEMENT_NODE)
			put_run_child(w, n, bold, hidden);
	if (hidden)
		wg_buf_putc(&w->doc->hidden, ' ');
}

void wg_docx_inline(struct wg_docx_walk *w, const xmlNode *node)
{
	for (const xmlNode *n = node->children; n != NULL; n = n->next) {
		if (n->type != XML_ELEMENT_NODE || wg_office_is(n, "pPr") || wg_office_is(n, "rPr"))
			continue;
		if (wg_docx_is_deleted(n)) {
			w->doc->dropped[WG_OFFICE_DELETED] = true;
		} else if (wg_office_is(n, "r")) {
			put_run(w, n);
		} else if (wg_office_is(n, "sdt")) {
			wg_docx_inline_control(w, n);
		} else if (wg_office_is(n, "AlternateContent")) {
			const xmlNode *choice = wg_docx_choice(n);
			if (choice != NULL)
				wg_docx_inline(w, choice);
		} else {
			wg_docx_inline(w, n); /* hyperlinks, insertions, simple fields, tags */
		}
	}
}
