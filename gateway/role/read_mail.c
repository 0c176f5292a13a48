/* read_mail.c owns what becomes of a document that holds others: a mail with a form attached, with a table, with
 * photographs. One message makes one notice (or, of a table, one a row); where it holds two forms, a person looks.
 * SECURITY: a covering note never fills a place of the form that came with it: "Tel:" there is the writer's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "notice/value.h"
#include "role/read_internal.h"

/* A body with less filled boxes than this, beside an attached form, is a covering note. */
#define BODY_FIELDS 3

/* ---- which of them is the form */

static size_t filled(const struct wg_fields *fields)
{
	size_t n = 0;
	for (size_t i = 0; i < fields->count; i++)
		n += !wg_value_blank(fields->fields[i].value);
	return n;
}

/* The map that knows these fields, with that subject (which the fields get back afterwards). */
static bool recognise(const struct wg_maps *maps, struct wg_fields *fields, char *subject, char map[64])
{
	char why[160];
	char *own = fields->subject;
	fields->subject = subject;
	const char *id = fields->count > 0 ? wg_maps_choose(maps, fields, why, sizeof why) : NULL;
	fields->subject = own;
	(void)snprintf(map, 64, "%s", id != NULL ? id : ""); /* ids are names, at most 64 bytes: compared only */
	return id != NULL;
}

/* A subject may name the attached form, so it speaks last, and for one document only. */
static void find_forms(const struct wg_maps *maps, struct wg_fields *fields, struct wg_content *c)
{
	bool documents = false;
	for (size_t i = 0; i < c->parts.count; i++) {
		struct wg_part_read *p = &c->parts.list[i];
		documents = documents || p->is == WG_PART_DOCUMENT || p->is == WG_PART_TABLE;
		c->tables += p->is == WG_PART_TABLE;
		c->table = p->is == WG_PART_TABLE ? p : c->table;
		p->form = p->is == WG_PART_DOCUMENT && recognise(maps, p->fields, p->fields->subject, p->map);
		c->forms += p->form;
		c->form = p->form ? p : c->form;
	}
	c->body = (!documents || filled(fields) >= BODY_FIELDS) &&
	          recognise(maps, fields, documents ? NULL : fields->subject, c->body_map);
	for (size_t i = 0; i < c->parts.count && c->forms == 0 && c->tables == 0 && !c->body; i++) {
		struct wg_part_read *p = &c->parts.list[i];
		p->form = p->is == WG_PART_DOCUMENT && recognise(maps, p->fields, fields->subject, p->map);
		c->forms += p->form;
		c->form = p->form ? p : c->form;
	}
}

/* ---- bringing them together */

static bool folded_same(const char *a, const char *b)
{
	char fa[WG_VALUE_MAX], fb[WG_VALUE_MAX];
	if (!wg_value_fold(a, fa, sizeof fa) || !wg_value_fold(b, fb, sizeof fb))
		return strcmp(a, b) == 0;
	return strcmp(fa, fb) == 0;
}

/* How to reach whoever wrote, and the lines of a mail's header that was pasted. */
static bool writers_own(const char *label)
{
	static const char *const labels[] = { "tel",  "telephone", "phone",   "mobile", "mob",         "email", "e mail",
		                                  "fax",  "web",       "website", "ext",    "direct dial", "ddi",   "t",
		                                  "m",    "e",         "w",       "from",   "to",          "cc",    "sent",
		                                  "date", "subject",   "office",  "desk" };
	for (size_t i = 0; i < WG_COUNT(labels); i++)
		if (folded_same(label, labels[i]))
			return true;
	return false;
}

/* One field of a covering note, beside the form that was attached to it. */
static enum wg_code put_note_field(struct wg_read *read, const struct wg_field *f, size_t form_count,
                                   struct wg_err *err)
{
	bool same = false, other = false;
	for (size_t i = 0; i < form_count; i++) {
		const struct wg_field *there = &read->fields->fields[i];
		bool about = folded_same(there->label, f->label) && !wg_value_blank(there->value);
		same = same || (about && folded_same(there->value, f->value));
		other = other || (about && !folded_same(there->value, f->value));
	}
	if (wg_value_blank(f->value))
		return wg_read_aside(read, f->label, f->value, f->at, WG_EMPTY, "", "", err);
	if (same && !other)
		return wg_read_aside(read, f->label, f->value, f->at, WG_PLACED, "", "the attached form says the same", err);
	if (writers_own(f->label))
		return wg_read_aside(read, f->label, f->value, f->at, WG_PLACED, "",
		                     "in the covering note: of whoever wrote it, not of the form", err);
	wg_read_attend(read, "%s",
	               other ? "the covering note and the attached form contradict each other"
	                     : "the covering note says something of its own");
	return other ? wg_read_aside(read, f->label, f->value, f->at, WG_AMBIGUOUS, "",
	                             "the attached form says something else", err)
	             : wg_read_aside(read, f->label, f->value, f->at, WG_UNMAPPED, "",
	                             "in the covering note, outside the attached form", err);
}

/* Moves the fields of from behind those of into. */
static enum wg_code move_fields(struct wg_fields *into, struct wg_fields *from, struct wg_err *err)
{
	if (from->count == 0)
		return WG_OK;
	struct wg_field *bigger = reallocarray(into->fields, into->count + from->count, sizeof *bigger);
	if (bigger == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the fields");
	memcpy(bigger + into->count, from->fields, from->count * sizeof *bigger);
	into->fields = bigger;
	into->count += from->count;
	from->count = 0;
	return WG_OK;
}

/* The words of the part come first: a title that names the form stands there. */
static enum wg_code join_words(struct wg_fields *into, const struct wg_fields *from, struct wg_err *err)
{
	char *text = wg_read_joined(from->text, "\n", into->text),
		 *subject = wg_read_joined(into->subject, " | ", from->subject);
	if (text == NULL || subject == NULL) {
		free(text);
		free(subject);
		return wg_err_set(err, WG_SYSTEM, "no memory for the words");
	}
	free(into->text);
	free(into->subject);
	into->text = text;
	into->subject = subject;
	return WG_OK;
}

/* The attached form takes the place of a body that is none; note gets the body's own fields then. */
static enum wg_code take_part(struct wg_read *read, struct wg_content *c, struct wg_fields *note, struct wg_err *err)
{
	enum wg_code code = wg_part_from_outside(c->form, err);
	if (code == WG_OK && !c->body) {
		note->fields = wg_steal(&read->fields->fields);
		note->count = read->fields->count;
		read->fields->count = 0;
	}
	if (code == WG_OK)
		code = move_fields(read->fields, c->form->fields, err);
	if (code == WG_OK)
		code = join_words(read->fields, c->form->fields, err);
	return code;
}

static void note_free(struct wg_fields *note)
{
	for (size_t i = 0; i < note->count; i++) {
		free(note->fields[i].label);
		free(note->fields[i].value);
		free(note->fields[i].at);
		free(note->fields[i].section);
	}
	free(note->fields);
}

/* ---- the ways that a message can go */

/* An empty report, to which everything is added: no notice is made. */
static enum wg_code no_notice(struct wg_read *read, const char *note, struct wg_err *err)
{
	struct wg_fields *f = read->fields;
	struct wg_report *r = calloc(1, sizeof *r);
	read->report = r;
	if (r == NULL || (r->placements = calloc(f->count > 0 ? f->count : 1, sizeof *r->placements)) == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a report");
	r->attention = true;
	for (size_t i = 0; i < f->count; i++) {
		struct wg_placement *p = &r->placements[r->count++];
		*p = (struct wg_placement){ .label = f->fields[i].label, .at = f->fields[i].at, .what = WG_UNMAPPED };
		if (wg_value_secret(f->fields[i].label) || wg_value_secret(f->fields[i].value))
			p->what = WG_NOT_CARRIED;
		(void)snprintf(p->note, sizeof p->note, "%s", note);
	}
	return WG_OK;
}

static enum wg_code two_forms(struct wg_read *read, struct wg_content *c, struct wg_err *err)
{
	static const char note[] = "there are two forms in this message, and one notice cannot be both";
	wg_read_attend(read, "there are %zu forms in this message: each is to be sent by itself",
	               c->forms + c->tables + c->body);
	enum wg_code code = no_notice(read, note, err);
	c->forms = c->forms == 1 ? 2 : c->forms; /* none of them is the form */
	if (code == WG_OK)
		code = wg_beside_others(read, c, note, err);
	return code == WG_OK ? wg_beside_parts(read, c, err) : code;
}

/* The rows of an attached table become messages; what stands around it waits for a person. */
static enum wg_code divide(const struct wg_reading *reading, struct wg_read *read, struct wg_content *c,
                           struct wg_err *err)
{
	enum wg_code code = wg_part_from_outside(c->table, err);
	unsigned sentences = wg_maps_sentences(reading->maps, read->fields->text);
	size_t own = 0;
	for (size_t i = 0; i < read->fields->count; i++)
		own += !wg_value_blank(read->fields->fields[i].value) && !writers_own(read->fields->fields[i].label);
	if (sentences > 0 || own > 0)
		wg_read_attend(read, "beside the table the mail says something of its own");
	if (c->table->fields->count > 0)
		wg_read_attend(read, "beside the rows of the table there is something that was not read");
	for (size_t i = 0; i < c->parts.count; i++) {
		const struct wg_part_read *p = &c->parts.list[i];
		if (p->is == WG_PART_UNREAD)
			wg_read_attend(read, "attachment %zu was not read: %s", i + 1, p->why);
		else if (p->is == WG_PART_PICTURE || p->is == WG_PART_DOCUMENT)
			wg_read_attend(read, "attachment %zu stands beside a table: nobody has read it", i + 1);
	}
	if (code != WG_OK)
		return code;
	read->attached = wg_steal(&c->table->fields);
	read->divided = true;
	read->parts = read->attached->parts;
	read->n_parts = read->attached->n_parts;
	return WG_OK;
}

static enum wg_code one_form(const struct wg_reading *reading, const struct wg_envelope_facts *facts,
                             struct wg_read *read, struct wg_content *c, struct wg_err *err)
{
	__attribute__((cleanup(note_free))) struct wg_fields note = { 0 };
	enum wg_code code = c->forms == 1 ? take_part(read, c, &note, err) : WG_OK;
	if (code == WG_OK)
		code = wg_read_form(reading, facts, read, err);
	size_t form_count = code == WG_OK ? read->fields->count : 0;
	for (size_t i = 0; i < note.count && code == WG_OK; i++)
		code = put_note_field(read, &note.fields[i], form_count, err);
	if (code == WG_OK)
		code = wg_beside_others(read, c, "in an attachment that no map recognises", err);
	if (code == WG_OK && c->forms == 1)
		code = wg_beside_inner(read, c, err);
	if (code == WG_OK)
		code = wg_beside_parts(read, c, err);
	return code;
}

enum wg_code wg_read_mail(const struct wg_reading *reading, const struct wg_envelope_facts *facts, struct wg_read *read,
                          struct wg_err *err)
{
	struct wg_content c = { 0 };
	enum wg_code code = wg_parts_read(reading->paths, read->fields, &c.parts, err);
	if (code != WG_OK)
		return code;
	find_forms(reading->maps, read->fields, &c);
	bool both = c.forms == 1 && c.body && strcmp(c.form->map, c.body_map) != 0;
	if (c.forms + c.tables > 1 || (c.tables == 1 && c.body) || both)
		code = two_forms(read, &c, err);
	else if (c.tables == 1)
		code = divide(reading, read, &c, err);
	else
		code = one_form(reading, facts, read, &c, err);
	if (code == WG_OK && read->report != NULL)
		read->report->attention = read->report->attention || read->attention;
	wg_parts_read_free(&c.parts);
	return code;
}
