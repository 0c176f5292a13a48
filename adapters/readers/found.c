/* found.c owns struct wg_found and the writing of <fields>.
 * SECURITY: labels and values are outside text; they reach the answer through wg_buf_put_xml only. */
#include "readers/found.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/text.h"

/* The lengths that xsd/fields.xsd allows, in characters there and in bytes here, so that ours are never above. */
#define LABEL_MAX 1000
#define LINE_MAX_BYTES 2000
#define VALUE_MAX 262144
#define TEXT_MAX 65536
/* What the text holds before a remark says that more was there. */
#define TEXT_ROOM (TEXT_MAX - 256)

void wg_found_init(struct wg_found *found)
{
	*found = (struct wg_found){ .text = WG_BUF(TEXT_MAX) };
}

static void field_free(struct wg_found_field *f)
{
	free(f->label);
	free(f->value);
	free(f->at);
	free(f->section);
}

static void document_free(struct wg_found_document *d)
{
	free(d->at);
	free(d->name);
	free(d->type);
	free(d->base64);
}

void wg_found_free(struct wg_found *found)
{
	for (size_t i = 0; i < found->count; i++)
		field_free(&found->fields[i]);
	free(found->fields);
	for (size_t i = 0; i < found->n_documents; i++)
		document_free(&found->documents[i]);
	free(found->documents);
	free(found->section);
	free(found->subject);
	free(found->from);
	free(found->message_id);
	free(found->notice);
	wg_buf_free(&found->text);
	wg_found_init(found);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A copy without the blanks around it. */
static char *trimmed(struct wg_found *found, const char *s)
{
	size_t n = strlen(s);
	while (n > 0 && blank(s[n - 1]))
		n--;
	while (n > 0 && blank(*s))
		s++, n--;
	char *copy = strndup(s, n);
	if (copy == NULL)
		found->no_memory = true;
	return copy;
}

/* A label without its colon, its dot leaders and the blanks inside doubled. */
static char *tidy_label(struct wg_found *found, const char *s)
{
	char *label = trimmed(found, s);
	if (label == NULL)
		return NULL;
	size_t n = 0;
	for (size_t i = 0; label[i] != '\0'; i++) {
		char c = blank(label[i]) ? ' ' : label[i];
		if (c != ' ' || (n > 0 && label[n - 1] != ' '))
			label[n++] = c;
	}
	while (n > 0 && (label[n - 1] == ':' || label[n - 1] == ' '))
		n--;
	if (n >= 2 && label[n - 1] == '.' && (label[n - 2] == '.' || label[n - 2] == ' '))
		while (n > 0 && (label[n - 1] == '.' || label[n - 1] == ' '))
			n--;
	label[n] = '\0';
	return label;
}

static struct wg_found_field *grow(struct wg_found *found)
{
	if (found->count >= WG_LIMIT_FIELDS) {
		found->over = "there are more fields than the limit";
		return NULL;
	}
	if (found->count == found->cap) {
		size_t cap = found->cap == 0 ? 64 : found->cap * 2;
		struct wg_found_field *bigger = reallocarray(found->fields, cap, sizeof *bigger);
		if (bigger == NULL) {
			found->no_memory = true;
			return NULL;
		}
		found->fields = bigger;
		found->cap = cap;
	}
	return &found->fields[found->count];
}

static void add(struct wg_found *found, const char *label, const char *value, const char *at, bool remark)
{
	struct wg_found_field f = { .label = tidy_label(found, label), .value = trimmed(found, value), .remark = remark };
	f.row = remark ? 0 : found->row;
	f.section = !remark && found->section != NULL ? trimmed(found, found->section) : NULL;
	f.at = trimmed(found, at);
	struct wg_found_field *slot = f.label != NULL && f.value != NULL && f.at != NULL ? grow(found) : NULL;
	if (slot != NULL && f.label[0] == '\0') {
		if (f.value[0] != '\0')
			wg_found_text(found, f.value);
		slot = NULL;
	}
	if (slot != NULL && strlen(f.label) > LABEL_MAX) {
		found->over = "a label is longer than the limit";
		slot = NULL;
	}
	if (slot != NULL && strlen(f.value) > VALUE_MAX) {
		found->over = "the value of a field is longer than the limit";
		slot = NULL;
	}
	if (slot == NULL) {
		field_free(&f);
		return;
	}
	*slot = f;
	found->count++;
	if (!remark && f.value[0] != '\0')
		found->filled++;
}

void wg_found_field(struct wg_found *found, const char *label, const char *value, const char *at)
{
	add(found, label, value, at, false);
}

void wg_found_remark(struct wg_found *found, const char *label, const char *value, const char *at)
{
	add(found, label, value, at, true);
}

void wg_found_section(struct wg_found *found, const char *section)
{
	free(wg_steal(&found->section));
	if (section == NULL)
		return;
	char *tidy = tidy_label(found, section);
	if (tidy != NULL && tidy[0] != '\0' && strlen(tidy) <= LABEL_MAX)
		found->section = wg_steal(&tidy);
	free(tidy);
}

void wg_found_row(struct wg_found *found, unsigned row)
{
	found->row = row;
}

static struct wg_found_document *next_document(struct wg_found *found)
{
	if (found->n_documents == found->documents_cap) {
		size_t cap = found->documents_cap == 0 ? 8 : found->documents_cap * 2;
		struct wg_found_document *bigger = reallocarray(found->documents, cap, sizeof *bigger);
		if (bigger == NULL) {
			found->no_memory = true;
			return NULL;
		}
		found->documents = bigger;
		found->documents_cap = cap;
	}
	return &found->documents[found->n_documents];
}

void wg_found_document(struct wg_found *found, const char *at, const char *name, const char *type, bool shown,
                       const void *bytes, size_t len)
{
	if (len > WG_LIMIT_DOCUMENT || found->n_documents >= WG_LIMIT_DOCUMENTS) {
		wg_found_remark(found, "Attachment (not read)",
		                len > WG_LIMIT_DOCUMENT ? "it is larger than the limit" : "there are more than the limit", at);
		return;
	}
	struct wg_found_document *slot = next_document(found);
	if (slot == NULL)
		return;
	*slot = (struct wg_found_document){
		.at = trimmed(found, at),
		.name = name != NULL ? trimmed(found, name) : NULL,
		.type = type != NULL ? trimmed(found, type) : NULL,
		.base64 = wg_base64_encode(bytes, len),
		.shown = shown,
	};
	found->no_memory = found->no_memory || slot->base64 == NULL;
	found->n_documents++;
}

void wg_found_text(struct wg_found *found, const char *line)
{
	size_t n = strlen(line);
	if (found->text_cut)
		return;
	if (n + 1 > TEXT_ROOM - found->text.len) {
		found->text_cut = true;
		return;
	}
	wg_buf_put(&found->text, line, n);
	wg_buf_putc(&found->text, '\n');
}

void wg_found_notice(struct wg_found *found, const void *xml, size_t len)
{
	if (len > WG_LIMIT_NOTICE)
		found->over = "the notice is larger than the limit";
	else if (found->notices++ == 0 && (found->notice = wg_base64_encode(xml, len)) == NULL)
		found->no_memory = true;
}

static void move_field(struct wg_found *into, struct wg_found_field *f)
{
	struct wg_found_field *slot = grow(into);
	if (slot == NULL) {
		field_free(f);
		return;
	}
	*slot = *f;
	into->count++;
	if (!f->remark && f->value[0] != '\0')
		into->filled++;
}

void wg_found_merge(struct wg_found *into, struct wg_found *from, bool remarks_only)
{
	for (size_t i = 0; i < from->count; i++) {
		if (from->fields[i].remark || !remarks_only)
			move_field(into, &from->fields[i]);
		else
			field_free(&from->fields[i]);
	}
	from->count = 0;
	for (size_t i = 0; i < from->n_documents; i++) {
		struct wg_found_document *slot = into->n_documents < WG_LIMIT_DOCUMENTS ? next_document(into) : NULL;
		if (slot == NULL) {
			into->over = "there are more documents than the limit";
			break;
		}
		*slot = from->documents[i];
		from->documents[i] = (struct wg_found_document){ 0 };
		into->n_documents++;
	}
	if (!remarks_only && from->text.len > 0) {
		size_t room = TEXT_ROOM - into->text.len;
		into->text_cut = into->text_cut || from->text.len > room || from->text_cut;
		wg_buf_put(&into->text, from->text.data, from->text.len > room ? 0 : from->text.len);
	}
	if (into->notice == NULL)
		into->notice = wg_steal(&from->notice);
	into->notices += from->notices;
	into->no_memory = into->no_memory || from->no_memory;
	if (into->over == NULL)
		into->over = from->over;
	wg_found_free(from);
}

/* The length of s, cut at the schema's length of a line between characters. */
static size_t line_length(const char *s)
{
	size_t n = strlen(s);
	if (n > LINE_MAX_BYTES) {
		n = LINE_MAX_BYTES;
		while (n > 0 && ((uint8_t)s[n] & 0xC0) == 0x80)
			n--;
	}
	return n;
}

/* <name>text</name>, cut at the schema's length between characters; nothing for NULL. */
static void put_line(struct wg_buf *out, const char *name, const char *s)
{
	if (s == NULL)
		return;
	wg_buf_puts(out, "  <");
	wg_buf_puts(out, name);
	wg_buf_puts(out, ">");
	wg_buf_put_xml(out, s, line_length(s));
	wg_buf_puts(out, "</");
	wg_buf_puts(out, name);
	wg_buf_puts(out, ">\n");
}

static void put_attribute(struct wg_buf *out, const char *name, const char *s)
{
	if (s == NULL)
		return;
	wg_buf_puts(out, " ");
	wg_buf_puts(out, name);
	wg_buf_puts(out, "=\"");
	wg_buf_put_xml(out, s, line_length(s));
	wg_buf_puts(out, "\"");
}

static void put_field(struct wg_buf *out, const struct wg_found_field *f)
{
	wg_buf_puts(out, "  <field");
	put_attribute(out, "label", f->label);
	put_attribute(out, "at", f->at);
	put_attribute(out, "section", f->section);
	if (f->row != 0)
		wg_buf_printf(out, " row=\"%u\"", f->row);
	wg_buf_puts(out, ">");
	wg_buf_put_xml(out, f->value, strlen(f->value));
	wg_buf_puts(out, "</field>\n");
}

static void put_document(struct wg_buf *out, const struct wg_found_document *d)
{
	wg_buf_puts(out, "  <document");
	put_attribute(out, "at", d->at);
	put_attribute(out, "name", d->name);
	put_attribute(out, "type", d->type);
	put_attribute(out, "shown", d->shown ? "true" : NULL);
	wg_buf_puts(out, ">");
	wg_buf_puts(out, d->base64);
	wg_buf_puts(out, "</document>\n");
}

/* Things that only the whole document shows, said as remarks. */
static void last_remarks(struct wg_found *found)
{
	if (found->notices > 1) {
		wg_found_remark(found, "Notice (not read)", "more than one notice in one message: send each by itself",
		                "message");
		free(wg_steal(&found->notice));
	}
	if (found->text_cut)
		wg_found_remark(found, "Text (cut)",
		                "the words outside the fields are longer than is kept here: see the original", "message");
}

enum wg_code wg_found_write(struct wg_found *found, const char *reader, const struct wg_buf *document,
                            struct wg_buf *out, struct wg_err *err)
{
	last_remarks(found);
	if (found->no_memory)
		return wg_err_set(err, WG_SYSTEM, "no memory for the fields");
	if (found->over != NULL)
		return wg_err_set(err, WG_LIMIT, "%s: send it in parts", found->over);
	uint8_t hash[WG_SHA256_LEN];
	char hex[2 * WG_SHA256_LEN + 1];
	wg_sha256(wg_buf_text(document), document->len, hash);
	wg_hex(hash, sizeof hash, hex);
	wg_buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<fields xmlns=\"urn:wardgate:fields:1\"");
	put_attribute(out, "reader", reader);
	put_attribute(out, "sha256", hex);
	put_attribute(out, "divided", found->divided ? "true" : NULL);
	wg_buf_puts(out, ">\n");
	put_line(out, "subject", found->subject);
	put_line(out, "from", found->from);
	put_line(out, "message-id", found->message_id);
	for (size_t i = 0; i < found->count; i++)
		put_field(out, &found->fields[i]);
	for (size_t i = 0; i < found->n_documents; i++)
		put_document(out, &found->documents[i]);
	if (found->notice != NULL) {
		wg_buf_puts(out, "  <notice>");
		wg_buf_puts(out, found->notice);
		wg_buf_puts(out, "</notice>\n");
	}
	if (found->text.len > 0) {
		wg_buf_puts(out, "  <text>");
		wg_buf_put_xml(out, wg_buf_text(&found->text), found->text.len);
		wg_buf_puts(out, "</text>\n");
	}
	wg_buf_puts(out, "</fields>\n");
	return wg_buf_check(out, "fields", err);
}
