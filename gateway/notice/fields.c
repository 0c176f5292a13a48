/* fields.c owns what readers hand over.
 * SECURITY: a reader that its document has taken over writes whatever it likes, so this checks all that xsd/fields.xsd
 * says, by itself, and cleans every text. */
#include <libxml/tree.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "notice/map.h"
#include "notice/value.h"
#include "notice/xml.h"

#define FIELDS_NS "urn:wardgate:fields:1"

/* As in xsd/fields.xsd, here in bytes: a line of a form, a mail header, the longest answer, the words beside the
 * fields. */
#define LABEL_MAX 4000
#define LINE_MAX_BYTES 8000
#define VALUE_MAX_BYTES ((size_t)262144)
#define TEXT_MAX_BYTES ((size_t)65536 * 4)
#define ROWS_MAX 1000000

static enum wg_code refuse(struct wg_err *err, const struct _xmlNode *node, const char *why)
{
	return wg_err_set(err, WG_REJECT, "reader's output, line %d: %s", wg_xml_line(node), why);
}

/* Takes a text of at most max bytes, cleaned; frees raw. */
static enum wg_code take(char *raw, size_t max, const struct _xmlNode *node, const char *what, char **out,
                         struct wg_err *err)
{
	WG_AUTO_FREE char *text = raw;
	char why[96];
	if (text == NULL) {
		(void)snprintf(why, sizeof why, "%s is not there", what);
		return refuse(err, node, why);
	}
	if (strlen(text) > max) {
		(void)snprintf(why, sizeof why, "%s is too long", what);
		return wg_err_set(err, WG_LIMIT, "reader's output, line %d: %s", wg_xml_line(node), why);
	}
	wg_value_clean(text);
	free(*out);
	*out = wg_steal(&text);
	return WG_OK;
}

static enum wg_code only_attributes(const struct _xmlNode *node, const char *const *names, size_t n, struct wg_err *err)
{
	for (const xmlAttr *a = node->properties; a != NULL; a = a->next) {
		bool known = false;
		for (size_t i = 0; i < n; i++)
			known = known || (a->ns == NULL && strcmp((const char *)a->name, names[i]) == 0);
		if (!known)
			return refuse(err, node, "an attribute that does not belong there");
	}
	return WG_OK;
}

static bool read_row(const char *s, unsigned *out)
{
	unsigned n = 0;
	for (; *s >= '0' && *s <= '9' && n < ROWS_MAX; s++)
		n = n * 10 + (unsigned)(*s - '0');
	*out = n;
	return *s == '\0' && n > 0 && n <= ROWS_MAX;
}

static enum wg_code read_field(const struct _xmlNode *node, struct wg_fields *f, struct wg_err *err)
{
	static const char *const names[] = { "label", "at", "section", "row" };
	WG_AUTO_FREE char *section = wg_xml_attr(node, "section"), *row = wg_xml_attr(node, "row");
	struct wg_field *field = &f->fields[f->count++];
	enum wg_code code = only_attributes(node, names, WG_COUNT(names), err);
	if (code == WG_OK)
		code = take(wg_xml_attr(node, "label"), LABEL_MAX, node, "a label", &field->label, err);
	if (code == WG_OK)
		code = take(wg_xml_attr(node, "at"), LINE_MAX_BYTES, node, "the place of a field", &field->at, err);
	if (code == WG_OK)
		code = take(wg_xml_text(node), VALUE_MAX_BYTES, node, "a value", &field->value, err);
	if (code == WG_OK && section != NULL)
		code = take(wg_steal(&section), LABEL_MAX, node, "a section", &field->section, err);
	if (code == WG_OK && row != NULL && !read_row(row, &field->row))
		code = refuse(err, node, "the row is not a number");
	return code;
}

static enum wg_code read_part(const struct _xmlNode *node, struct wg_fields *f, struct wg_err *err)
{
	static const char *const names[] = { "at", "name", "type", "shown" };
	struct wg_part *part = &f->parts[f->n_parts++];
	WG_AUTO_FREE char *text = wg_xml_text(node), *shown = wg_xml_attr(node, "shown");
	WG_AUTO_FREE char *name = wg_xml_attr(node, "name"), *type = wg_xml_attr(node, "type");
	if (text == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a document");
	enum wg_code code = only_attributes(node, names, WG_COUNT(names), err);
	if (code == WG_OK)
		code = take(wg_xml_attr(node, "at"), LINE_MAX_BYTES, node, "the place of a document", &part->at, err);
	if (code == WG_OK && name != NULL)
		code = take(wg_steal(&name), LINE_MAX_BYTES, node, "the name of a document", &part->name, err);
	if (code == WG_OK && type != NULL)
		code = take(wg_steal(&type), LINE_MAX_BYTES, node, "the type of a document", &part->type, err);
	if (code != WG_OK)
		return code;
	part->shown = shown != NULL;
	code = wg_base64_decode(text, strlen(text), &part->bytes, &part->len, err);
	return code == WG_OK || code == WG_SYSTEM ? code : refuse(err, node, "a document is not base64");
}

static enum wg_code read_notice(const struct _xmlNode *node, struct wg_fields *f, struct wg_err *err)
{
	WG_AUTO_FREE char *text = wg_xml_text(node);
	if (text == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a notice");
	enum wg_code code = wg_base64_decode(text, strlen(text), &f->notice_xml, &f->notice_xml_len, err);
	return code == WG_OK || code == WG_SYSTEM ? code : refuse(err, node, "the notice is not base64");
}

/* The children in the order of the schema; each but field and document at most once. */
static enum wg_code read_child(const struct _xmlNode *node, int *last, struct wg_fields *f, struct wg_err *err)
{
	static const char *const order[] = { "subject", "from", "message-id", "field", "document", "notice", "text" };
	char **const lines[] = { &f->subject, &f->from, &f->message_id };
	int place = -1;
	for (int i = 0; i < (int)WG_COUNT(order); i++)
		if (strcmp(wg_xml_name(node), order[i]) == 0 && strcmp(wg_xml_ns(node), FIELDS_NS) == 0)
			place = i;
	if (place < *last || (place == *last && place != 3 && place != 4))
		return refuse(err, node, "an element that does not belong there");
	*last = place;
	if (wg_xml_first(node, NULL) != NULL)
		return refuse(err, node, "an element inside a text");
	if (place == 3)
		return read_field(node, f, err);
	if (place == 4)
		return read_part(node, f, err);
	enum wg_code code = only_attributes(node, NULL, 0, err);
	if (code != WG_OK)
		return code;
	if (place == 5)
		return read_notice(node, f, err);
	if (place == 6)
		return take(wg_xml_text(node), TEXT_MAX_BYTES, node, "the text", &f->text, err);
	return take(wg_xml_text(node), LINE_MAX_BYTES, node, order[place], lines[place], err);
}

static bool is_hash(const char *s)
{
	return s != NULL && strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

static enum wg_code read_root(const struct _xmlNode *root, struct wg_fields *f, struct wg_err *err)
{
	static const char *const names[] = { "reader", "sha256", "divided" };
	char divided[8];
	if (strcmp(wg_xml_name(root), "fields") != 0 || strcmp(wg_xml_ns(root), FIELDS_NS) != 0)
		return refuse(err, root, "it is not a list of fields");
	WG_AUTO_FREE char *hash = wg_xml_attr(root, "sha256");
	if (!wg_xml_attr_into(root, "reader", f->reader, sizeof f->reader) || !wg_name_valid(f->reader) || !is_hash(hash))
		return refuse(err, root, "it does not say which reader wrote it, or of what");
	f->divided = wg_xml_attr_into(root, "divided", divided, sizeof divided) && strcmp(divided, "true") == 0;
	return only_attributes(root, names, WG_COUNT(names), err);
}

/* Room for all fields and documents. */
static enum wg_code make_room(const struct _xmlNode *root, struct wg_fields *f, struct wg_err *err)
{
	size_t fields = 0, parts = 0;
	for (const struct _xmlNode *node = wg_xml_first(root, "field"); node != NULL; node = wg_xml_next(node, "field"))
		fields++;
	for (const struct _xmlNode *node = wg_xml_first(root, "document"); node != NULL;
	     node = wg_xml_next(node, "document"))
		parts++;
	if (fields > WG_LIMIT_FIELDS || parts > WG_LIMIT_DOCUMENTS)
		return wg_err_set(err, WG_LIMIT, "reader's output: more than %d fields or %d documents", WG_LIMIT_FIELDS,
		                  WG_LIMIT_DOCUMENTS);
	if (f->divided && (fields > 0 || parts == 0))
		return refuse(err, root, "a document that is divided has fields of its own, or no parts");
	if ((fields > 0 && (f->fields = calloc(fields, sizeof *f->fields)) == NULL) ||
	    (parts > 0 && (f->parts = calloc(parts, sizeof *f->parts)) == NULL))
		return wg_err_set(err, WG_SYSTEM, "no memory for fields");
	return WG_OK;
}

enum wg_code wg_fields_parse(const void *bytes, size_t len, struct wg_fields **out, struct wg_err *err)
{
	WG_AUTO_XML struct wg_xml *xml = NULL;
	enum wg_code code = wg_xml_parse(bytes, len, "reader's output", &xml, err);
	if (code != WG_OK)
		return code;
	WG_CLEANUP(wg_fields_freep) struct wg_fields *f = calloc(1, sizeof *f);
	if (f == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for fields");
	const struct _xmlNode *root = wg_xml_root(xml);
	code = read_root(root, f, err);
	if (code == WG_OK)
		code = make_room(root, f, err);
	int last = -1;
	for (const struct _xmlNode *node = wg_xml_first(root, NULL); code == WG_OK && node != NULL;
	     node = wg_xml_next(node, NULL))
		code = read_child(node, &last, f, err);
	if (code == WG_OK)
		*out = wg_steal(&f);
	return code;
}

enum wg_code wg_fields_of_notice(const void *bytes, size_t len, struct wg_fields **out, struct wg_err *err)
{
	WG_CLEANUP(wg_fields_freep) struct wg_fields *f = calloc(1, sizeof *f);
	if (f == NULL || (f->notice_xml = malloc(len + 1)) == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a notice");
	memcpy(f->notice_xml, bytes, len);
	f->notice_xml[len] = '\0';
	f->notice_xml_len = len;
	(void)snprintf(f->reader, sizeof f->reader, "xml"); /* fits */
	*out = wg_steal(&f);
	return WG_OK;
}

void wg_fields_freep(struct wg_fields **fields)
{
	struct wg_fields *f = *fields;
	*fields = NULL;
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->count; i++) {
		free(f->fields[i].label);
		free(f->fields[i].value);
		free(f->fields[i].at);
		free(f->fields[i].section);
	}
	for (size_t i = 0; i < f->n_parts; i++) {
		free(f->parts[i].at);
		free(f->parts[i].name);
		free(f->parts[i].type);
		free(f->parts[i].bytes);
	}
	free(f->parts);
	free(f->fields);
	free(f->subject);
	free(f->from);
	free(f->message_id);
	free(f->notice_xml);
	free(f->text);
	free(f);
}
