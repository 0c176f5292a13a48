/* render_looks.c owns the looks of a page: which of its fields stand where was said by the stylesheet.
 * SECURITY: labels, titles and values hold outside bytes; put_escaped and put_plain are the only ways into the result.
 *
 * A field stands in the section that holds it, and in each that lists its part, fields of one part in the document's
 * order. A section without fields vanishes. */
#include "notice/render_looks.h"

#include <libxml/tree.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FONT "font-family: Arial, Helvetica, sans-serif; color: #0b0c0c;"
#define HEADING "margin: 0 0 16px; padding: 12px 16px; font-size: 28px; color: #ffffff; background: "

struct field {
	const xmlNode *holder;
	const xmlChar *part; /* NULL: none */
	xmlChar *label, *value;
};

struct wg_page {
	const xmlNode *root;
	xmlChar *title, *marking;
	struct field *fields; /* in the document's order */
	size_t count;
};

static const xmlNode *next_named(const xmlNode *node, const char *name)
{
	while (node != NULL && (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, name) != 0))
		node = node->next;
	return node;
}

static const xmlNode *first_named(const xmlNode *parent, const char *name)
{
	return next_named(parent->children, name);
}

/* Of an attribute of the page's own, which the stylesheet gives as one text; NULL when it is not there. */
static const xmlChar *attribute(const xmlNode *node, const char *name)
{
	for (const xmlAttr *a = node->properties; a != NULL; a = a->next)
		if (strcmp((const char *)a->name, name) == 0)
			return a->children != NULL ? a->children->content : (const xmlChar *)"";
	return NULL;
}

static bool named(const xmlNode *node, const char *name)
{
	return next_named(node, name) == node;
}

static size_t count_fields(const xmlNode *holder)
{
	size_t n = 0;
	for (const xmlNode *f = first_named(holder, "field"); f != NULL; f = next_named(f->next, "field"))
		n++;
	return n;
}

static bool take_field(struct wg_page *page, const xmlNode *field)
{
	const xmlNode *label = first_named(field, "label"), *value = first_named(field, "value");
	struct field *to = &page->fields[page->count++];
	*to = (struct field){ .holder = field->parent, .part = attribute(field, "part") };
	to->label = label != NULL ? xmlNodeGetContent(label) : NULL;
	to->value = value != NULL ? xmlNodeGetContent(value) : NULL;
	return to->label != NULL && to->value != NULL;
}

/* Fields stand in sections and, with their part, beside them. */
static bool take_all(struct wg_page *page)
{
	size_t count = count_fields(page->root);
	for (const xmlNode *s = first_named(page->root, "section"); s != NULL; s = next_named(s->next, "section"))
		count += count_fields(s);
	page->fields = calloc(count + 1, sizeof *page->fields);
	bool ok = page->fields != NULL;
	for (const xmlNode *n = page->root->children; ok && n != NULL; n = n->next) {
		if (named(n, "field"))
			ok = take_field(page, n);
		const xmlNode *f = named(n, "section") ? first_named(n, "field") : NULL;
		for (; ok && f != NULL; f = next_named(f->next, "field"))
			ok = take_field(page, f);
	}
	return ok;
}

struct wg_page *wg_page_new(const xmlDoc *doc)
{
	WG_CLEANUP(wg_page_freep) struct wg_page *page = calloc(1, sizeof *page);
	const xmlNode *root = doc->children;
	while (root != NULL && root->type != XML_ELEMENT_NODE)
		root = root->next;
	const xmlNode *title = root != NULL ? first_named(root, "title") : NULL;
	const xmlNode *marking = root != NULL ? first_named(root, "marking") : NULL;
	if (page == NULL || title == NULL || marking == NULL)
		return NULL;
	page->root = root;
	page->title = xmlNodeGetContent(title);
	page->marking = xmlNodeGetContent(marking);
	if (page->title == NULL || page->marking == NULL || !take_all(page))
		return NULL;
	return wg_steal(&page);
}

void wg_page_freep(struct wg_page **page)
{
	if (*page == NULL)
		return;
	for (size_t i = 0; i < (*page)->count; i++) {
		xmlFree((*page)->fields[i].label);
		xmlFree((*page)->fields[i].value);
	}
	free((*page)->fields);
	xmlFree((*page)->title);
	xmlFree((*page)->marking);
	free(*page);
	*page = NULL;
}

typedef void put_field_of(const struct field *field, struct wg_buf *out);

/* The fields of a section, in its order; put NULL: whether there is any. */
static bool each_field(const struct wg_page *page, const xmlNode *section, put_field_of *put, struct wg_buf *out)
{
	bool any = false;
	for (size_t i = 0; i < page->count; i++)
		if (page->fields[i].holder == section) {
			any = true;
			if (put == NULL)
				return true;
			put(&page->fields[i], out);
		}
	for (const xmlNode *p = first_named(section, "part"); p != NULL; p = next_named(p->next, "part")) {
		const xmlChar *id = attribute(p, "id");
		for (size_t i = 0; id != NULL && i < page->count; i++)
			if (page->fields[i].part != NULL && xmlStrEqual(page->fields[i].part, id)) {
				any = true;
				if (put == NULL)
					return true;
				put(&page->fields[i], out);
			}
	}
	return any;
}

/* ---- HTML */

/* lines: a line end becomes <br>, since not every mail client knows white-space, and a carriage return nothing. */
static void put_escaped(const xmlChar *s, bool lines, struct wg_buf *out)
{
	const char *p = (const char *)s;
	for (;;) {
		size_t n = strcspn(p, lines ? "&<>\n\r" : "&<>");
		wg_buf_put(out, p, n);
		p += n;
		if (*p == '\0')
			break;
		if (*p != '\r')
			wg_buf_puts(out, *p == '&' ? "&amp;" : *p == '<' ? "&lt;" : *p == '>' ? "&gt;" : "<br>");
		p++;
	}
}

static void put_row(const struct field *field, struct wg_buf *out)
{
	wg_buf_puts(out, "<tr><th align=\"left\" valign=\"top\" width=\"30%\" style=\"padding: 6px 12px 6px 0; "
	                 "border-bottom: 1px solid #b1b4b6; font-size: 16px; font-weight: bold; " FONT "\">");
	put_escaped(field->label, false, out);
	wg_buf_puts(out, "</th><td valign=\"top\" style=\"padding: 6px 0; border-bottom: 1px solid #b1b4b6; "
	                 "font-size: 16px; " FONT "\">");
	put_escaped(field->value, true, out);
	wg_buf_puts(out, "</td></tr>");
}

static void put_table(const struct wg_page *page, const xmlNode *section, struct wg_buf *out)
{
	const xmlChar *title = attribute(section, "title");
	wg_buf_puts(out, "<h2 style=\"margin: 24px 0 4px; font-size: 20px;\">");
	put_escaped(title != NULL ? title : (const xmlChar *)"", false, out);
	wg_buf_puts(out, "</h2><table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" width=\"100%\" "
	                 "style=\"max-width: 720px; border-collapse: collapse;\">");
	(void)each_field(page, section, put_row, out); /* there is one */
	wg_buf_puts(out, "</table>");
}

void wg_page_html(const struct wg_page *page, struct wg_buf *out)
{
	const xmlChar *kind = attribute(page->root, "kind");
	bool good = kind != NULL && (xmlStrEqual(kind, BAD_CAST "found") || xmlStrEqual(kind, BAD_CAST "found-onward"));
	wg_buf_puts(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta http-equiv=\"Content-Type\" "
	                 "content=\"text/html; charset=UTF-8\"><title>");
	put_escaped(page->title, false, out);
	wg_buf_puts(out, "</title><meta name=\"viewport\" content=\"width=device-width\"></head>"
	                 "<body style=\"margin: 0; padding: 16px; background: #ffffff; " FONT "\">"
	                 "<p style=\"margin: 0 0 8px; font-size: 14px; font-weight: bold;\">");
	put_escaped(page->marking, false, out);
	wg_buf_puts(out, good ? "</p><h1 style=\"" HEADING "#1b5e3b;\">" : "</p><h1 style=\"" HEADING "#1d3557;\">");
	put_escaped(page->title, false, out);
	wg_buf_puts(out, "</h1>");
	for (const xmlNode *s = first_named(page->root, "section"); s != NULL; s = next_named(s->next, "section"))
		if (each_field(page, s, NULL, NULL))
			put_table(page, s, out);
	wg_buf_puts(out, "<p style=\"margin: 16px 0 0; font-size: 14px; font-weight: bold;\">");
	put_escaped(page->marking, false, out);
	wg_buf_puts(out, "</p></body></html>\n");
}

/* ---- plain text */

static void put_plain(const xmlChar *value, struct wg_buf *out)
{
	const char *p = (const char *)value;
	for (;;) {
		size_t n = strcspn(p, "\t\n\r");
		wg_buf_put(out, p, n);
		p += n;
		if (*p == '\0')
			break;
		if (*p != '\r')
			wg_buf_puts(out, *p == '\t' ? " " : "\xE2\x80\xA8");
		p++;
	}
}

static void put_line(const struct field *field, struct wg_buf *out)
{
	wg_buf_puts(out, (const char *)field->label);
	wg_buf_puts(out, ":\t");
	put_plain(field->value, out);
	wg_buf_putc(out, '\n');
}

void wg_page_text(const struct wg_page *page, struct wg_buf *out)
{
	const char *marking = (const char *)page->marking;
	wg_buf_puts(out, marking);
	wg_buf_puts(out, "\n\n");
	wg_buf_puts(out, (const char *)page->title);
	wg_buf_puts(out, "\n==================================================\n");
	for (const xmlNode *s = first_named(page->root, "section"); s != NULL; s = next_named(s->next, "section")) {
		const xmlChar *title = attribute(s, "title");
		if (!each_field(page, s, NULL, NULL))
			continue;
		wg_buf_putc(out, '\n');
		wg_buf_puts(out, title != NULL ? (const char *)title : "");
		wg_buf_puts(out, "\n--------------------------------------------------\n");
		(void)each_field(page, s, put_line, out); /* there is one */
	}
	wg_buf_putc(out, '\n');
	wg_buf_puts(out, marking);
	wg_buf_putc(out, '\n');
}
