/* report.c owns the extraction report: what became of every field, for the person who looks. */
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "notice/map.h"
#include "notice/value.h"

static const char *const names[] = {
	[WG_PLACED] = "placed",       [WG_UNMAPPED] = "unmapped", [WG_UNREAD] = "unread",
	[WG_AMBIGUOUS] = "ambiguous", [WG_EMPTY] = "empty",       [WG_NOT_CARRIED] = "not-carried",
};

const char *wg_placing_name(enum wg_placing what)
{
	return (size_t)what < WG_COUNT(names) ? names[what] : "";
}

void wg_report_freep(struct wg_report **report)
{
	struct wg_report *r = *report;
	*report = NULL;
	if (r == NULL)
		return;
	free(r->placements);
	free(r);
}

static void put_attribute(struct wg_buf *out, const char *name, const char *value)
{
	wg_buf_printf(out, " %s=\"", name);
	wg_buf_put_xml(out, value, strlen(value));
	wg_buf_puts(out, "\"");
}

static void put_element(struct wg_buf *out, const char *indent, const char *name, const char *value)
{
	wg_buf_printf(out, "%s<%s>", indent, name);
	wg_buf_put_xml(out, value, strlen(value));
	wg_buf_printf(out, "</%s>\n", name);
}

/* A value that may hold a password does not stand in the report either: reports are kept, and shown. */
static void put_field(struct wg_buf *out, const struct wg_placement *p, const struct wg_field *f)
{
	wg_buf_puts(out, "\t<field");
	put_attribute(out, "label", p->label);
	put_attribute(out, "at", p->at);
	put_attribute(out, "what", names[p->what]);
	if (p->to[0] != '\0')
		put_attribute(out, "to", p->to);
	wg_buf_puts(out, ">\n");
	if (p->what != WG_NOT_CARRIED)
		put_element(out, "\t\t", "value", f->value);
	if (p->note[0] != '\0')
		put_element(out, "\t\t", "note", p->note);
	wg_buf_puts(out, "\t</field>\n");
}

enum wg_code wg_report_write(const struct wg_report *report, const struct wg_fields *fields, struct wg_buf *out,
                             struct wg_err *err)
{
	wg_buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<report xmlns=\"urn:wardgate:report:1\"");
	put_attribute(out, "reader", fields->reader);
	if (report->map[0] != '\0')
		put_attribute(out, "map", report->map);
	put_attribute(out, "attention", report->attention ? "true" : "false");
	if (report->missing[0] != '\0')
		put_attribute(out, "missing", report->missing);
	if (report->prose > 0)
		wg_buf_printf(out, " prose=\"%u\"", report->prose);
	wg_buf_puts(out, ">\n");
	for (size_t i = 0; i < report->count && i < fields->count; i++)
		put_field(out, &report->placements[i], &fields->fields[i]);
	if (fields->text != NULL && fields->text[0] != '\0' && !wg_value_secret(fields->text))
		put_element(out, "\t", "text", fields->text);
	wg_buf_puts(out, "</report>\n");
	return wg_buf_check(out, "report", err);
}
