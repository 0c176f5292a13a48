/* render_looks.c owns the looks of a page.
 * SECURITY: labels, titles and values hold outside bytes; put_escaped and put_plain are the only ways into the result.
 *
 * A field stands in the section that holds it, or in the one that lists its part, fields of one part in the document's
 * order. A section without fields vanishes. */
#include "notice/render_looks.h"

#include <string.h>

#include "base/mem.h"
#include "notice/render_internal.h"

#define FONT "font-family: Arial, Helvetica, sans-serif; color: #0b0c0c;"
#define HEADING "margin: 0 0 16px; padding: 12px 16px; font-size: 28px; color: #ffffff; background: "

/* Once for all rows: said in each of them it was three quarters of every mail, each byte of it signed, encrypted, kept
 * and sent. Where a client throws it away, the attributes of the rows still make a table of it. */
#define STYLE                                                                                             \
	"h2 { margin: 24px 0 4px; font-size: 20px; } table { max-width: 720px; border-collapse: collapse; } " \
	"th, td { padding: 6px 0; border-bottom: 1px solid #b1b4b6; font-size: 16px; " FONT " } "             \
	"th { width: 30%; padding-right: 12px; font-weight: bold; }"

static const char *words(const struct wg_page *page, size_t at)
{
	return wg_buf_text(&page->words) + at;
}

typedef void put_field_of(const struct wg_page *page, const struct wg_field *field, struct wg_buf *out);

/* Those of one part, or (WG_PART_NONE) those that the section holds; whether there is any. */
static bool each_of(const struct wg_page *page, size_t section, enum wg_part part, put_field_of *put,
                    struct wg_buf *out)
{
	bool any = false;
	for (size_t i = 0; i < page->field_count && !(any && put == NULL); i++) {
		const struct wg_field *f = &page->fields[i];
		if (f->part != part || (part == WG_PART_NONE && f->section != section))
			continue;
		any = true;
		if (put != NULL)
			put(page, f, out);
	}
	return any;
}

/* The fields of a section, in its order; put NULL: only whether there is any. */
static bool each_field(const struct wg_page *page, size_t section, put_field_of *put, struct wg_buf *out)
{
	const enum wg_part *parts = page->sections[section].parts;
	if (parts[0] == WG_PART_NONE)
		return each_of(page, section, WG_PART_NONE, put, out);
	bool any = false;
	for (size_t i = 0; i < WG_SECTION_PARTS && parts[i] != WG_PART_NONE; i++)
		any = each_of(page, section, parts[i], put, out) || any;
	return any;
}

/* ---- HTML */

/* lines: a line end becomes <br>, since not every mail client knows white-space, and a carriage return nothing. */
static void put_escaped(const char *s, bool lines, struct wg_buf *out)
{
	const char *p = s;
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

static void put_row(const struct wg_page *page, const struct wg_field *field, struct wg_buf *out)
{
	wg_buf_puts(out, "<tr valign=\"top\"><th align=\"left\">");
	put_escaped(words(page, field->label), false, out);
	wg_buf_puts(out, "</th><td>");
	put_escaped(words(page, field->value), true, out);
	wg_buf_puts(out, "</td></tr>");
}

static void put_table(const struct wg_page *page, size_t section, struct wg_buf *out)
{
	wg_buf_puts(out, "<h2>");
	put_escaped(words(page, page->sections[section].title), false, out);
	wg_buf_puts(out, "</h2><table role=\"presentation\" cellpadding=\"6\" cellspacing=\"0\" width=\"100%\">");
	(void)each_field(page, section, put_row, out); /* there is one */
	wg_buf_puts(out, "</table>");
}

void wg_page_html(const struct wg_page *page, struct wg_buf *out)
{
	wg_buf_puts(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta http-equiv=\"Content-Type\" "
	                 "content=\"text/html; charset=UTF-8\"><title>");
	put_escaped(words(page, page->title), false, out);
	wg_buf_puts(out, "</title><meta name=\"viewport\" content=\"width=device-width\"><style>" STYLE "</style></head>"
	                 "<body style=\"margin: 0; padding: 16px; background: #ffffff; " FONT "\">"
	                 "<p style=\"margin: 0 0 8px; font-size: 14px; font-weight: bold;\">");
	put_escaped(words(page, page->marking), false, out);
	wg_buf_puts(out,
	            page->good_news ? "</p><h1 style=\"" HEADING "#1b5e3b;\">" : "</p><h1 style=\"" HEADING "#1d3557;\">");
	put_escaped(words(page, page->title), false, out);
	wg_buf_puts(out, "</h1>");
	for (size_t i = 0; i < page->section_count; i++)
		if (each_field(page, i, NULL, NULL))
			put_table(page, i, out);
	wg_buf_puts(out, "<p style=\"margin: 16px 0 0; font-size: 14px; font-weight: bold;\">");
	put_escaped(words(page, page->marking), false, out);
	wg_buf_puts(out, "</p></body></html>\n");
}

/* ---- plain text */

static void put_plain(const char *value, struct wg_buf *out)
{
	const char *p = value;
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

static void put_line(const struct wg_page *page, const struct wg_field *field, struct wg_buf *out)
{
	wg_buf_puts(out, words(page, field->label));
	wg_buf_puts(out, ":\t");
	put_plain(words(page, field->value), out);
	wg_buf_putc(out, '\n');
}

void wg_page_text(const struct wg_page *page, struct wg_buf *out)
{
	const char *marking = words(page, page->marking);
	wg_buf_puts(out, marking);
	wg_buf_puts(out, "\n\n");
	wg_buf_puts(out, words(page, page->title));
	wg_buf_puts(out, "\n==================================================\n");
	for (size_t i = 0; i < page->section_count; i++) {
		if (!each_field(page, i, NULL, NULL))
			continue;
		wg_buf_putc(out, '\n');
		wg_buf_puts(out, words(page, page->sections[i].title));
		wg_buf_puts(out, "\n--------------------------------------------------\n");
		(void)each_field(page, i, put_line, out); /* there is one */
	}
	wg_buf_putc(out, '\n');
	wg_buf_puts(out, marking);
	wg_buf_putc(out, '\n');
}
