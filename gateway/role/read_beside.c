/* read_beside.c owns what comes with a form in one message: photographs, which go with the notice, and all else, which
 * is listed; what nobody has read calls a person. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "role/read_internal.h"

/* What xsd/wardgate/1 takes: photographs of one notice, and the bytes of each; here of all together, for the notice
 * with them must stay below WG_LIMIT_NOTICE. */
#define PHOTOGRAPHS_MAX 4
#define PHOTOGRAPHS_BYTES ((size_t)1100000)
#define NAME_BYTES 250

/* "image/jpeg photo.jpg, 12345 bytes": for the report alone. */
static void describe(const struct wg_part *part, char *out, size_t size)
{
	(void)snprintf(out, size, "%.100s%s%.250s, %zu bytes", part->type != NULL ? part->type : "",
	               part->name != NULL ? " " : "", part->name != NULL ? part->name : "", part->len); /* cut is fine */
}

static enum wg_code set_photograph(struct wg_notice *notice, const struct wg_part_read *p, struct wg_err *err)
{
	char hash[WG_HASH_TEXT], name[NAME_BYTES + 1];
	WG_AUTO_FREE char *text = wg_base64_encode(p->part->bytes, p->part->len);
	if (text == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a photograph");
	wg_sha256_hex(p->part->bytes, p->part->len, hash);
	size_t n = p->part->name != NULL ? strnlen(p->part->name, NAME_BYTES) : 0;
	while (n > 0 && ((unsigned char)p->part->name[n] & 0xC0) == 0x80)
		n--;
	(void)snprintf(name, sizeof name, "%.*s", (int)n, n > 0 ? p->part->name : "");
	const struct {
		const char *path, *value;
	} places[] = {
		{ "attachment[+]", text },
		{ "attachment[last]/@name", n > 0 ? name : "photograph" },
		{ "attachment[last]/@type", p->type },
		{ "attachment[last]/@sha256", hash },
	};
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < WG_COUNT(places) && code == WG_OK; i++)
		code = wg_notice_set(notice, places[i].path, places[i].value, err);
	return code;
}

/* A photograph goes with the notice that was made, if there is room. */
static enum wg_code put_photograph(struct wg_read *read, const struct wg_part_read *p, const char *what, const char *at,
                                   size_t *count, size_t *bytes, struct wg_err *err)
{
	const char *why = read->notice == NULL                        ? "no notice was made that could carry it"
	                  : *count >= PHOTOGRAPHS_MAX                 ? "more photographs than a notice carries (4)"
	                  : p->part->len > PHOTOGRAPHS_BYTES - *bytes ? "larger than a notice carries (1.1 MB together)"
	                                                              : NULL;
	if (why != NULL) {
		wg_read_attend(read, "a photograph was not carried: %s", why);
		return wg_read_aside(read, "Attachment (not carried)", what, at, WG_UNREAD, "", why, err);
	}
	++*count;
	*bytes += p->part->len;
	enum wg_code code = set_photograph(read->notice, p, err);
	return code != WG_OK ? code
	                     : wg_read_aside(read, "Attachment", what, at, WG_PLACED, "attachment", "a photograph", err);
}

enum wg_code wg_beside_parts(struct wg_read *read, const struct wg_content *c, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	size_t photographs = 0, bytes = 0;
	for (size_t i = 0; i < c->parts.count && code == WG_OK; i++) {
		const struct wg_part_read *p = &c->parts.list[i];
		const char *at = p->part->at;
		char what[400];
		describe(p->part, what, sizeof what);
		switch (p->is) {
		case WG_PART_UNREAD:
			wg_read_attend(read, "attachment %zu was not read: %s", i + 1, p->why);
			code = wg_read_aside(read, "Attachment (not read)", what, at, WG_UNREAD, "", p->why, err);
			break;
		case WG_PART_LOGO:
			code = wg_read_aside(read, "Picture within the text", what, at, WG_PLACED, "",
			                     "a small picture that the mail shows within its text: taken for a logo, not carried",
			                     err);
			break;
		case WG_PART_CARD:
			code = wg_read_aside(read, "Contact card", what, at, WG_PLACED, "", "of whoever wrote: not carried", err);
			break;
		case WG_PART_PICTURE:
			code = put_photograph(read, p, what, at, &photographs, &bytes, err);
			break;
		case WG_PART_DOCUMENT:
		case WG_PART_TABLE:
			break;
		}
	}
	return code;
}

/* The words of a document that is not the form, for the person who looks. */
static enum wg_code keep_words(struct wg_read *read, const struct wg_fields *from, struct wg_err *err)
{
	if (from->text == NULL)
		return WG_OK;
	char *text = wg_read_joined(read->fields->text, "\n", from->text);
	if (text == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the words");
	free(read->fields->text);
	read->fields->text = text;
	return WG_OK;
}

enum wg_code wg_beside_others(struct wg_read *read, struct wg_content *c, const char *note, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < c->parts.count && code == WG_OK; i++) {
		struct wg_part_read *p = &c->parts.list[i];
		if ((p->is != WG_PART_DOCUMENT && p->is != WG_PART_TABLE) || (p == c->form && c->forms == 1))
			continue;
		if (p->is == WG_PART_DOCUMENT && c->forms <= 1)
			wg_read_attend(read, "attachment %zu is %s that no map recognises", i + 1, wg_document_words(p->kind));
		code = wg_part_from_outside(p, err);
		if (code == WG_OK)
			code = keep_words(read, p->fields, err);
		if (code == WG_OK)
			code = wg_read_aside_all(read, p->fields, note, err);
		char what[400];
		describe(p->part, what, sizeof what);
		if (code == WG_OK)
			code = wg_read_aside(read, "Attachment", what, p->part->at, WG_UNMAPPED, "", note, err);
	}
	return code;
}

enum wg_code wg_beside_inner(struct wg_read *read, const struct wg_content *c, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; c->form != NULL && i < c->form->fields->n_parts && code == WG_OK; i++) {
		const struct wg_part *part = &c->form->fields->parts[i];
		char what[400];
		describe(part, what, sizeof what);
		wg_read_attend(read, "a document inside an attached one was not read");
		code = wg_read_aside(read, "Attachment (not read)", what, part->at, WG_UNREAD, "",
		                     "a document inside an attached one: send it by itself", err);
	}
	return code;
}
