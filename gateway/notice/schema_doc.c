/* schema_doc.c owns the reference of the schema: a page for people, made of the XSD documents alone. */
#include <string.h>

#include "base/mem.h"
#include "notice/notice.h"
#include "notice/schema_internal.h"
#include "notice/schema_print.h"
#include "notice/xml.h"

/* Cells of one row. */
#define COLUMNS 4
/* The words of one cell. */
#define CELL_MAX 4096

/* Where the page goes, in either form. */
struct page {
	const struct wg_schema *schema;
	bool html;
	struct wg_buf *out;
	const char *part; /* of the table that is being written: the element below notice */
};

static void put_escaped(const struct page *page, const char *text)
{
	if (page->html) {
		wg_buf_put_xml(page->out, text, strlen(text));
		return;
	}
	for (const char *p = text; *p != '\0'; p++) {
		if (strchr("|*_<`\\", *p) != NULL)
			wg_buf_putc(page->out, '\\');
		wg_buf_putc(page->out, *p);
	}
}

/* id: what links name, or NULL. */
static void put_heading(const struct page *page, int level, const char *id, const char *text)
{
	if (page->html && id != NULL)
		wg_buf_printf(page->out, "<h%d id=\"%s\">", level, id);
	else if (page->html)
		wg_buf_printf(page->out, "<h%d>", level);
	else
		wg_buf_printf(page->out, "\n%.*s ", level, "######");
	put_escaped(page, text);
	wg_buf_puts(page->out, page->html ? "</h" : "\n\n");
	if (page->html)
		wg_buf_printf(page->out, "%d>\n", level);
}

static void put_paragraph(const struct page *page, const char *text)
{
	wg_buf_puts(page->out, page->html ? "<p>" : "");
	put_escaped(page, text);
	wg_buf_puts(page->out, page->html ? "</p>\n" : "\n\n");
}

static void put_row(const struct page *page, bool heading, const char *const cells[COLUMNS])
{
	wg_buf_puts(page->out, page->html ? "<tr>" : "|");
	for (size_t i = 0; i < COLUMNS; i++) {
		wg_buf_puts(page->out, !page->html ? " " : heading ? "<th>" : "<td>");
		put_escaped(page, cells[i]);
		wg_buf_puts(page->out, !page->html ? " |" : heading ? "</th>" : "</td>");
	}
	wg_buf_puts(page->out, page->html ? "</tr>\n" : "\n");
	if (heading && !page->html)
		wg_buf_puts(page->out, "|---|---|---|---|\n");
}

static void open_table(const struct page *page, const char *a, const char *b, const char *c, const char *d)
{
	const char *const cells[COLUMNS] = { a, b, c, d };
	wg_buf_puts(page->out, page->html ? "<table>\n" : "");
	put_row(page, true, cells);
}

static void close_table(const struct page *page)
{
	wg_buf_puts(page->out, page->html ? "</table>\n" : "\n");
}

/* ---- places */

/* What prose may hold besides, behind the words of its place. */
static void put_may(wg_categories may, struct wg_buf *words)
{
	char names[WG_CATEGORIES_TEXT];
	if (may != WG_CATEGORIES_NONE)
		wg_buf_printf(words, "%s%s",
		              words->len == 0                      ? ""
		              : words->data[words->len - 1] == '.' ? " "
		                                                   : ". ",
		              "May hold: ");
	wg_buf_puts(words, may != WG_CATEGORIES_NONE ? wg_categories_format(may, names, sizeof names) : "");
	wg_buf_puts(words, may != WG_CATEGORIES_NONE ? "." : "");
}

static void put_place(void *arg, const char *path, const struct wg_place *place, const struct wg_attribute *attribute)
{
	const struct page *page = arg;
	size_t n = strlen(page->part);
	char type[WG_LIMIT_NAME + 1] = "", category[WG_CATEGORIES_TEXT];
	WG_AUTO_BUF struct wg_buf words = WG_BUF(CELL_MAX);
	if (strncmp(path, page->part, n) != 0 || (path[n] != '\0' && path[n] != '/' && path[n] != '['))
		return;
	if (attribute != NULL)
		(void)wg_xml_attr_into(attribute->declared, "type", type, sizeof type); /* left empty when there is none */
	else if (wg_place_text(place))
		(void)wg_xml_attr_into(place->declared, "type", type, sizeof type); /* the loader saw it */
	wg_schema_words(attribute != NULL ? attribute->declared : place->declared, &words);
	put_may(attribute != NULL ? WG_CATEGORIES_NONE : place->may, &words);
	wg_categories set = attribute != NULL ? wg_place_attribute_category(place, attribute) : place->category;
	const char *const cells[COLUMNS] = { path, wg_categories_format(set, category, sizeof category), type,
		                                 wg_buf_text(&words) };
	put_row(page, false, cells);
}

/* The kinds that have that body: "missing, missing-onward". */
static void kinds_of(const struct wg_schema *schema, const struct wg_place *body, struct wg_buf *out)
{
	for (size_t i = 0; i < schema->n_kinds; i++)
		if (schema->kinds[i].body == body)
			wg_buf_printf(out, "%s%s", out->len > 0 ? ", " : "", schema->kinds[i].name);
}

static enum wg_code put_part(struct page *page, const struct wg_place *place, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf words = WG_BUF(CELL_MAX), kinds = WG_BUF(CELL_MAX);
	char type[WG_LIMIT_NAME + 1] = "";
	put_heading(page, 3, place->name, place->name);
	kinds_of(page->schema, place, &kinds);
	if (kinds.len > 0)
		wg_buf_printf(&words, "The body of: %s. ", wg_buf_text(&kinds));
	if (place->type != NULL && wg_xml_attr_into(place->declared, "type", type, sizeof type))
		wg_schema_words(wg_schema_global(page->schema, "complexType", type), &words);
	put_paragraph(page, wg_buf_text(&words));
	open_table(page, "Place", "Category", "Type", "What it is");
	page->part = place->name;
	enum wg_code code = wg_schema_walk(page->schema, NULL, put_place, page, err);
	close_table(page);
	return code;
}

/* ---- kinds and codes */

static void put_kinds(const struct page *page)
{
	put_heading(page, 2, "kinds", "Kinds of notice");
	put_paragraph(page, "A person must look at a notice in which a mandatory place is empty; of places with a bar "
	                    "between, one is enough.");
	open_table(page, "Kind", "Body", "Mandatory", "What it tells");
	for (size_t i = 0; i < page->schema->n_kinds; i++) {
		const struct wg_kind *kind = &page->schema->kinds[i];
		WG_AUTO_BUF struct wg_buf words = WG_BUF(CELL_MAX);
		wg_schema_words(kind->declared, &words);
		const char *const cells[COLUMNS] = { kind->name, kind->body->name, kind->requires, wg_buf_text(&words) };
		put_row(page, false, cells);
	}
	close_table(page);
}

static void put_code(const struct page *page, const struct _xmlNode *value)
{
	WG_AUTO_BUF struct wg_buf words = WG_BUF(CELL_MAX);
	char code[WG_LIMIT_NAME + 1] = "", from[16] = "", until[16] = "";
	const struct _xmlNode *info = wg_schema_info(value, "code");
	(void)wg_xml_attr_into(value, "value", code, sizeof code); /* left empty when it does not fit */
	if (info != NULL) {
		(void)wg_xml_attr_into(info, "from", from, sizeof from);    /* open when not there */
		(void)wg_xml_attr_into(info, "until", until, sizeof until); /* open when not there */
	}
	wg_schema_words(value, &words);
	const char *const cells[COLUMNS] = { code, wg_buf_text(&words), from, until };
	put_row(page, false, cells);
}

static void put_code_list(const struct page *page, const struct _xmlNode *type)
{
	WG_AUTO_BUF struct wg_buf words = WG_BUF(CELL_MAX);
	char name[WG_LIMIT_NAME + 1] = "";
	const struct _xmlNode *scheme = wg_schema_info(type, "scheme"), *restriction = wg_xml_first(type, "restriction");
	const struct _xmlNode *value = restriction != NULL ? wg_xml_first(restriction, "enumeration") : NULL;
	if ((value == NULL && scheme == NULL) || !wg_xml_attr_into(type, "name", name, sizeof name) ||
	    strcmp(name, "kind") == 0)
		return;
	put_heading(page, 3, NULL, name);
	wg_schema_words(type, &words);
	if (scheme != NULL) {
		WG_AUTO_FREE char *id = wg_xml_attr(scheme, "id"), *source = wg_xml_attr(scheme, "source");
		wg_buf_printf(&words, " Scheme: %s. Source: %s.", id != NULL ? id : "", source != NULL ? source : "");
	}
	put_paragraph(page, wg_buf_text(&words));
	if (value == NULL) /* a public list by its form alone, such as the numbers of authorities */
		return;
	open_table(page, "Code", "Meaning", "From", "Until");
	for (; value != NULL; value = wg_xml_next(value, "enumeration"))
		put_code(page, value);
	close_table(page);
}

static void put_codes(const struct page *page)
{
	put_heading(page, 2, "codes", "Code lists");
	put_paragraph(page, "A code that has ended stays valid, so that an old notice does.");
	for (size_t i = 0; i < page->schema->n_docs; i++) {
		const struct _xmlNode *type = wg_xml_first(wg_xml_root(page->schema->docs[i]), "simpleType");
		for (; type != NULL; type = wg_xml_next(type, "simpleType"))
			put_code_list(page, type);
	}
}

enum wg_code wg_schema_doc(const struct wg_schema *schema, bool html, struct wg_buf *out, struct wg_err *err)
{
	struct page page = { .schema = schema, .html = html, .out = out };
	enum wg_code code = WG_OK;
	if (html)
		wg_buf_puts(out,
		            "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"UTF-8\"><title>The notice</title>\n"
		            "<style>body{font-family:sans-serif;max-width:70em;margin:2em auto}table{border-collapse:collapse}"
		            "th,td{border:1px solid #b1b4b6;padding:.2em .6em;text-align:left;vertical-align:top}</style>"
		            "</head>\n<body>\n");
	put_heading(&page, 1, NULL, "The notice: reference");
	put_paragraph(
		&page, "Namespace " WG_NOTICE_NS ". Made of the schema by wardgate schema doc. [+] behind a name: it "
			   "may stand more than once. Every place has one category of data, and policy speaks of those. May hold: "
			   "what prose may tell besides, so that a person reads it before it goes to somebody who is not given "
			   "all of that.");
	put_kinds(&page);
	put_heading(&page, 2, "parts", "Parts of a notice");
	for (size_t i = 0; i < schema->root.type->n_places && code == WG_OK; i++)
		code = put_part(&page, &schema->root.type->places[i], err);
	put_codes(&page);
	if (html)
		wg_buf_puts(out, "</body>\n</html>\n");
	return code == WG_OK ? wg_buf_check(out, "the reference of the schema", err) : code;
}
