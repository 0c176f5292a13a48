/* read_part.c owns the documents inside a document: what each is, and the running of its reader.
 * SECURITY: the parts come out of a process that hostile bytes may have taken over, and are hostile themselves: their
 * kind is decided by their bytes, and each goes to a confined reader of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "role/read_internal.h"

void wg_parts_read_free(struct wg_parts_read *parts)
{
	for (size_t i = 0; i < parts->count; i++)
		wg_fields_freep(&parts->list[i].fields);
	free(parts->list);
	*parts = (struct wg_parts_read){ 0 };
}

/* What programs declare when they do not know. */
static const char *said(const char *type)
{
	static const char *const nothing[] = { "application/octet-stream", "binary/octet-stream", "application/unknown",
		                                   "application/x-download", "application/force-download" };
	for (size_t i = 0; type != NULL && i < sizeof nothing / sizeof *nothing; i++)
		if (strcasecmp(type, nothing[i]) == 0)
			return NULL;
	return type;
}

static void unread(struct wg_part_read *p, const char *why)
{
	p->is = WG_PART_UNREAD;
	(void)snprintf(p->why, sizeof p->why, "%.250s", why); /* cut is acceptable in words */
}

/* Pictures, cards and calendars; false when it may be a document. */
static bool look_beside(struct wg_part_read *p)
{
	switch (wg_document_beside(p->part->bytes, p->part->len, &p->type)) {
	case WG_BESIDE_PICTURE:
		if (p->part->shown && p->part->len <= WG_LIMIT_LOGO)
			p->is = WG_PART_LOGO;
		else if (p->part->shown)
			unread(p, "a picture within the text that is larger than a logo: nobody has looked at it");
		else if (p->type == NULL)
			unread(p, "a picture that a notice does not carry: send a photograph as JPEG or PNG");
		else
			p->is = WG_PART_PICTURE;
		return true;
	case WG_BESIDE_CARD:
		p->is = WG_PART_CARD;
		return true;
	case WG_BESIDE_CALENDAR:
		unread(p, "a calendar entry: nobody has looked at it");
		return true;
	case WG_BESIDE_NOTHING:
		break;
	}
	return false;
}

/* What the reader made of it. */
static void sort_out(struct wg_part_read *p)
{
	const struct wg_fields *f = p->fields;
	p->is = f->divided ? WG_PART_TABLE : WG_PART_DOCUMENT;
	if (f->notice_xml != NULL)
		unread(p, "a notice inside another document: send it by itself");
	else if (!f->divided && f->count == 0 && (f->text == NULL || f->text[0] == '\0'))
		unread(p, "there is nothing in it that can be read");
	if (p->is == WG_PART_UNREAD)
		wg_fields_freep(&p->fields);
}

static enum wg_code read_one(const struct wg_paths *paths, struct wg_part_read *p, size_t *documents,
                             struct wg_err *err)
{
	struct wg_err fault = { 0 };
	if (look_beside(p))
		return WG_OK;
	enum wg_code code =
		wg_document_kind(p->part->bytes, p->part->len, said(p->part->type), p->part->name, &p->kind, &fault);
	if (code == WG_OK && p->kind == WG_DOCUMENT_SEALED)
		code = wg_err_set(&fault, WG_REJECT, "sealed (S/MIME) inside another message: send it by itself");
	if (code == WG_OK && ++*documents > WG_READ_PARTS_MAX)
		code = wg_err_set(&fault, WG_REJECT, "more than %d documents in one message", WG_READ_PARTS_MAX);
	if (code == WG_OK)
		code = wg_read_fields(paths, p->kind, p->part->bytes, p->part->len, &p->fields, &fault);
	if (code == WG_OK) {
		sort_out(p);
	} else if (code == WG_REJECT || code == WG_LIMIT) {
		unread(p, fault.text);
	} else {
		*err = fault;
		return code;
	}
	return WG_OK;
}

enum wg_code wg_parts_read(const struct wg_paths *paths, const struct wg_fields *fields, struct wg_parts_read *out,
                           struct wg_err *err)
{
	WG_AUTO_PARTS struct wg_parts_read parts = { 0 };
	size_t documents = 0;
	enum wg_code code = WG_OK;
	parts.list = calloc(fields->n_parts > 0 ? fields->n_parts : 1, sizeof *parts.list);
	if (parts.list == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the attachments");
	for (size_t i = 0; i < fields->n_parts && code == WG_OK; i++) {
		struct wg_part_read *p = &parts.list[parts.count++];
		p->part = &fields->parts[i];
		code = read_one(paths, p, &documents, err);
	}
	if (code != WG_OK)
		return code;
	*out = parts;
	parts = (struct wg_parts_read){ 0 };
	return WG_OK;
}

bool wg_read_beside_notice(const struct wg_fields *fields)
{
	for (size_t i = 0; i < fields->n_parts; i++) {
		struct wg_part_read p = { .part = &fields->parts[i] };
		if (!look_beside(&p) || (p.is != WG_PART_LOGO && p.is != WG_PART_CARD))
			return true;
	}
	return false;
}
