/* consent_xml.c owns a record of consent as XML: writing it, and reading it back by xsd/consent.xsd.
 * SECURITY: what is read was written by this gateway and lay encrypted; it is validated all the same, and no complaint
 * repeats a value of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "notice/xml.h"
#include "policy/consent.h"

/* Compiled once for the process and kept: a decision reads up to WG_CONSENTS_MAX records. */
static struct {
	char dir[512];
	struct wg_xml_xsd *xsd;
} schema;

enum wg_code wg_consent_ready(const char *xsd_dir, struct wg_err *err)
{
	char path[sizeof schema.dir + 16];
	if (schema.xsd != NULL && strcmp(schema.dir, xsd_dir) == 0)
		return WG_OK;
	if (strlen(xsd_dir) >= sizeof schema.dir)
		return wg_err_set(err, WG_LIMIT, "the path of consent.xsd is too long");
	wg_xml_xsd_freep(&schema.xsd);
	(void)snprintf(schema.dir, sizeof schema.dir, "%s", xsd_dir); /* measured above */
	(void)snprintf(path, sizeof path, "%s/consent.xsd", xsd_dir); /* fits likewise */
	return wg_xml_xsd_load(path, &schema.xsd, err);
}

/* ---- writing */

static void put_attr(struct wg_buf *out, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	wg_buf_printf(out, " %s=\"", name);
	wg_buf_put_xml(out, value, strlen(value));
	wg_buf_putc(out, '"');
}

static void put_text(struct wg_buf *out, const char *text)
{
	if (text != NULL)
		wg_buf_put_xml(out, text, strlen(text));
}

static void put_element(struct wg_buf *out, const char *name, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	wg_buf_printf(out, "<%s>", name);
	put_text(out, text);
	wg_buf_printf(out, "</%s>\n", name);
}

/* To the millisecond: of two answers in the same second the later counts. */
static void put_instant(struct wg_buf *out, const char *name, int64_t ms)
{
	char text[WG_CLOCK_TEXT];
	size_t n = strlen(wg_clock_format(ms, text));
	wg_buf_printf(out, " %s=\"%.*s.%03dZ\"", name, (int)n - 1, text, (int)(((ms % 1000) + 1000) % 1000));
}

enum wg_code wg_consent_write(const struct wg_consent *r, struct wg_buf *out, struct wg_err *err)
{
	char categories[WG_CATEGORIES_TEXT];
	wg_buf_puts(out,
	            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<consent xmlns=\"urn:wardgate:consent:1\" version=\"1\"");
	put_attr(out, "id", r->id);
	put_attr(out, "state", wg_consent_state_name(r->state));
	put_instant(out, "at", r->at);
	if (r->until != INT64_MAX)
		put_instant(out, "until", r->until);
	put_attr(out, "to", r->to);
	if (r->categories != wg_categories_all())
		put_attr(out, "categories", wg_categories_format(r->categories, categories, sizeof categories));
	wg_buf_puts(out, ">\n<answered");
	put_attr(out, "by", r->answered_by);
	put_attr(out, "competent", r->competent);
	put_attr(out, "form", r->form);
	wg_buf_putc(out, '>');
	put_text(out, r->answered_name);
	wg_buf_puts(out, "</answered>\n<told");
	put_attr(out, "by", r->told_by);
	put_attr(out, "at", r->told_at);
	put_attr(out, "language", r->language);
	wg_buf_putc(out, '>');
	put_text(out, r->told);
	wg_buf_puts(out, "</told>\n");
	put_element(out, "purpose", r->purpose);
	put_element(out, "limits", r->limits);
	put_element(out, "reason", r->reason);
	wg_buf_puts(out, "<recorded");
	put_attr(out, "by", r->recorded_by);
	put_attr(out, "message", r->message);
	wg_buf_puts(out, "/>\n</consent>\n");
	return wg_buf_check(out, "record of consent", err);
}

/* ---- reading */

/* One text of a record, from an attribute of the element or, with attribute NULL, from what stands in it; "" is
 * nothing. */
static char *text_from(const struct _xmlNode *node, const char *attribute)
{
	char *text = node == NULL ? NULL : attribute != NULL ? wg_xml_attr(node, attribute) : wg_xml_text(node);
	if (text != NULL && text[0] == '\0') {
		free(text);
		text = NULL;
	}
	return text;
}

/* What the schema has looked at already, in the form of a record. */
static bool read_facts(const struct _xmlNode *root, struct wg_consent *r)
{
	char word[WG_CLOCK_TEXT], list[WG_CATEGORIES_TEXT];
	struct wg_err unused;
	if (!wg_xml_attr_into(root, "id", r->id, sizeof r->id) || !wg_xml_attr_into(root, "state", word, sizeof word) ||
	    !wg_consent_state_find(word, &r->state) || !wg_xml_attr_into(root, "at", word, sizeof word) ||
	    !wg_clock_parse(word, &r->at) || !wg_xml_attr_into(root, "until", word, sizeof word))
		return false;
	r->until = INT64_MAX;
	if (word[0] != '\0' && !wg_clock_parse(word, &r->until))
		return false;
	r->categories = wg_categories_all();
	return wg_xml_attr_into(root, "categories", list, sizeof list) &&
	       (list[0] == '\0' || wg_categories_parse(list, &r->categories, &unused) == WG_OK);
}

static void read_texts(const struct _xmlNode *root, struct wg_consent *r)
{
	const struct _xmlNode *answered = wg_xml_first(root, "answered"), *told = wg_xml_first(root, "told"),
						  *recorded = wg_xml_first(root, "recorded");
	r->to = text_from(root, "to");
	r->answered_by = text_from(answered, "by");
	r->answered_name = text_from(answered, NULL);
	r->competent = text_from(answered, "competent");
	r->form = text_from(answered, "form");
	r->told = text_from(told, NULL);
	r->told_by = text_from(told, "by");
	r->told_at = text_from(told, "at");
	r->language = text_from(told, "language");
	r->purpose = text_from(wg_xml_first(root, "purpose"), NULL);
	r->limits = text_from(wg_xml_first(root, "limits"), NULL);
	r->reason = text_from(wg_xml_first(root, "reason"), NULL);
	r->recorded_by = text_from(recorded, "by");
	r->message = text_from(recorded, "message");
}

enum wg_code wg_consent_parse(const void *bytes, size_t len, const char *xsd_dir, struct wg_consent **out,
                              struct wg_err *err)
{
	WG_AUTO_XML struct wg_xml *doc = NULL;
	WG_CLEANUP(wg_consent_freep) struct wg_consent *record = NULL;
	enum wg_code code = wg_consent_ready(xsd_dir, err);
	if (code == WG_OK)
		code = wg_xml_parse(bytes, len, "record of consent", &doc, err);
	if (code == WG_OK)
		code = wg_xml_validate(doc, schema.xsd, err);
	if (code != WG_OK)
		return code;
	record = calloc(1, sizeof *record);
	if (record == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a record of consent");
	if (!read_facts(wg_xml_root(doc), record))
		return wg_err_set(err, WG_REJECT,
		                  "record of consent: a category that is not known, or an instant that never was");
	read_texts(wg_xml_root(doc), record);
	if (record->to == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a record of consent");
	*out = wg_steal(&record);
	return WG_OK;
}
