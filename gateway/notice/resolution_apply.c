/* resolution_apply.c owns what a resolution does to a notice, and what is still open afterwards.
 * SECURITY: values are read by the maps' own rules, so that nothing enters a notice by this way that could not enter
 * it from a form. Faults name lines and places, never values. */
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "notice/map_internal.h"
#include "notice/notice_internal.h"
#include "notice/resolution_internal.h"
#include "notice/value.h"

struct applying {
	const struct wg_resolving *r;
	const struct wg_resolution *resolution;
	struct wg_notice *notice;
	struct wg_err *err;
};

bool wg_resolution_needs(const struct wg_resolving *r, size_t i)
{
	const struct wg_placement *p = &r->report->placements[i];
	return p->what == WG_UNREAD || p->what == WG_AMBIGUOUS || p->what == WG_NOT_CARRIED ||
	       (p->what == WG_UNMAPPED && !wg_value_blank(r->fields->fields[i].value));
}

static enum wg_code complain(const struct applying *a, const struct wg_resolution_line *l, const char *what)
{
	return wg_err_set(a->err, WG_REJECT, "line %d of the resolution, %s: %s", l->line, l->to != NULL ? l->to : "field",
	                  what);
}

/* Reads a part of what the place holds. */
static bool partial(enum wg_map_as as)
{
	return as == WG_AS_FORENAMES || as == WG_AS_SURNAME || as == WG_AS_KNOWN_AS || as == WG_AS_NETWORK ||
	       as == WG_AS_FORCE_NAME || as == WG_AS_PASSWORD;
}

/* How the maps read a value for that place: a map of the notice's kind speaks before the others. NULL: none does. */
static const struct wg_map_field *field_for(const struct applying *a, const char *to)
{
	const struct wg_map_field *found = NULL;
	char kind[WG_LIMIT_NAME + 1];
	if (!wg_notice_get_into(a->notice, "@kind", kind, sizeof kind))
		return NULL;
	for (size_t m = 0; m < a->r->maps->count; m++) {
		const struct wg_map *map = &a->r->maps->maps[m];
		bool own = strcmp(map->kind, kind) == 0;
		for (size_t i = 0; i < map->n_fields && (found == NULL || own); i++)
			if (strcmp(map->fields[i].to, to) == 0 && !partial(map->fields[i].as))
				found = &map->fields[i];
		if (found != NULL && own)
			break;
	}
	return found;
}

/* Takes away what stands at a place, so that the new answer is the only one. */
static void drop(struct wg_notice *notice, const char *path)
{
	xmlNode *node = wg_xml_root(notice->xml);
	struct wg_step step = { 0 };
	wg_notice_changes(notice);
	while (node != NULL && *path != '\0') {
		if (!wg_path_step(&path, &step) || step.add)
			return;
		if (step.attribute) {
			(void)xmlUnsetProp(node, (const xmlChar *)step.name); /* not there is what we want */
			return;
		}
		node = wg_xml_first(node, step.name);
	}
	if (node == NULL || node == wg_xml_root(notice->xml))
		return;
	xmlUnlinkNode(node);
	xmlFreeNode(node);
}

/* What holds several answers (when, where and by) or one that is part of a larger thing is not taken away whole. */
static bool replaces(const struct applying *a, const struct wg_map_field *field, const char *to)
{
	bool text = false;
	if (!wg_schema_find(a->r->schema, to, NULL, &text) || strstr(to, "[+]") != NULL)
		return false;
	return text || (field != NULL && field->as == WG_AS_PERSON_NAME);
}

/* Writes value at a place as the maps would. */
static enum wg_code put(const struct applying *a, const struct wg_resolution_line *l, const char *value)
{
	const struct wg_map_field *field = field_for(a, l->to);
	const char *answer = wg_value_answer(value);
	if (wg_value_secret(value))
		return complain(a, l, "it speaks of a password, and passwords are never carried");
	bool not_known = answer != NULL && strcmp(answer, "not-known") == 0;
	struct wg_map_outcome outcome = { 0 };
	struct wg_err fault = { 0 };
	if (replaces(a, field, l->to))
		drop(a->notice, l->to);
	if (field == NULL) {
		enum wg_code code = wg_notice_set(a->notice, l->to, value, &fault);
		return code == WG_CONFIG ? complain(a, l, fault.text) : code;
	}
	struct wg_map_field plain = *field;
	plain.heading = NULL; /* a person's answer is the whole answer */
	bool joins = false;
	const struct wg_map_target target = { .maps = a->r->maps,
		                                  .field = &plain,
		                                  .notice = a->notice,
		                                  .joins = &joins,
		                                  .day = wg_map_day(a->r->facts->received) };
	enum wg_code code = wg_map_place(&target, value, &outcome, a->err);
	if (code == WG_CONFIG)
		return complain(a, l, "a notice of this kind has no such place");
	if (code == WG_OK && outcome.what != WG_PLACED && !not_known)
		return complain(a, l, outcome.note);
	return code;
}

/* The answer of a field to a place; a text that stands there already keeps its words. */
static enum wg_code move(const struct applying *a, const struct wg_resolution_line *l, const struct wg_field *from)
{
	const struct wg_map_field *field = field_for(a, l->to);
	WG_AUTO_FREE char *before = wg_notice_get(a->notice, l->to);
	bool text = false;
	if (!wg_schema_find(a->r->schema, l->to, NULL, &text))
		return complain(a, l, "there is no such place; wardgate schema paths lists them");
	if (a->r->report != NULL && a->r->report->placements[l->field - 1].what == WG_NOT_CARRIED)
		return complain(a, l,
		                "the field may hold a password, and passwords are never carried: write what else it says");
	if (before == NULL || before[0] == '\0' || !text || strchr(l->to, '@') != NULL ||
	    (field != NULL && field->as != WG_AS_TEXT))
		return put(a, l, from->value);
	WG_AUTO_BUF struct wg_buf both = WG_BUF(WG_LIMIT_NOTICE);
	wg_buf_printf(&both, "%s\n%s: %s", before, from->label, from->value);
	enum wg_code code = wg_buf_check(&both, "answer", a->err);
	if (code == WG_OK)
		code = wg_notice_set(a->notice, l->to, wg_buf_text(&both), a->err);
	wg_buf_wipe(&both);
	return code;
}

/* The field that a line means; its label has to be the one the person saw. */
static enum wg_code field_of(const struct applying *a, const struct wg_resolution_line *l, const struct wg_field **out)
{
	char seen[WG_MAP_LABEL_MAX], there[WG_MAP_LABEL_MAX];
	if (l->field > a->r->fields->count)
		return complain(a, l, "the document has no field of that number");
	*out = &a->r->fields->fields[l->field - 1];
	if (l->label == NULL)
		return WG_OK;
	wg_map_label_fold(l->label, seen);
	wg_map_label_fold((*out)->label, there);
	if (strcmp(seen, there) != 0)
		return complain(a, l, "the field of that number has another label: look again, and write the resolution anew");
	return WG_OK;
}

static enum wg_code apply_line(const struct applying *a, const struct wg_resolution_line *l)
{
	const struct wg_field *field = NULL;
	if (l->what == WG_RESOLVED_SET)
		return put(a, l, l->value);
	enum wg_code code = field_of(a, l, &field);
	return code == WG_OK && l->what == WG_RESOLVED_MOVED ? move(a, l, field) : code;
}

/* ---- what is still open */

/* A line gives that place an answer, or a part of it (child/date-of-birth/@said); so does one for what holds it and
 * little else: child/name answers child/name/full, but child nothing below it. */
static bool answers(const struct wg_resolution *resolution, const char *place, size_t n)
{
	for (size_t i = 0; i < resolution->count; i++) {
		const char *to = resolution->lines[i].to;
		size_t m = to != NULL ? strcspn(to, "[") : 0, less = m < n ? m : n;
		if (to == NULL || strncmp(to, place, less) != 0)
			continue;
		bool parent =
			m < n && place[m] == '/' && memchr(to, '/', m) != NULL && memchr(place + m + 1, '/', n - m - 1) == NULL;
		if (m == n || parent || (m > n && to[n] == '/'))
			return true;
	}
	return false;
}

static bool field_answered(const struct wg_resolving *r, const struct wg_resolution *resolution, size_t i)
{
	const char *to = r->report->placements[i].to;
	for (size_t k = 0; k < resolution->count; k++)
		if (resolution->lines[k].what != WG_RESOLVED_SET && resolution->lines[k].field == i + 1)
			return true;
	return to[0] != '\0' && strchr(to, ' ') == NULL && answers(resolution, to, strlen(to));
}

static void open_required(const struct applying *a, const char *required, struct wg_buf *open)
{
	for (const char *p = required + strspn(required, " \t\n"); *p != '\0';) {
		size_t n = strcspn(p, " \t\n");
		bool there = false;
		for (size_t i = 0; i < n && !there;) {
			char place[WG_MAP_TO_MAX];
			size_t m = strcspn(p + i, "| \t\n");
			(void)snprintf(place, sizeof place, "%.*s", (int)m, p + i);
			WG_AUTO_FREE char *text = wg_notice_get(a->notice, place);
			there = (text != NULL && text[0] != '\0') || answers(a->resolution, p + i, m);
			i += m + 1;
		}
		if (!there) {
			wg_buf_put(open, p, n);
			wg_buf_putc(open, '\n');
		}
		p += n;
		p += strspn(p, " \t\n");
	}
}

static void list_open(const struct applying *a, struct wg_buf *open)
{
	const struct wg_report *report = a->r->report;
	for (size_t i = 0; report != NULL && i < report->count; i++)
		if (wg_resolution_needs(a->r, i) && !field_answered(a->r, a->resolution, i))
			wg_buf_printf(open, "field %zu\n", i + 1);
	if ((report == NULL || report->prose > 0) && !a->resolution->text_read)
		wg_buf_puts(open, "text\n");
	char kind[WG_LIMIT_NAME + 1];
	const char *required = report != NULL ? report->missing : "";
	if (report != NULL && report->map[0] == '\0' && wg_notice_get_into(a->notice, "@kind", kind, sizeof kind))
		required = wg_schema_requires(a->r->schema, kind);
	open_required(a, required != NULL ? required : "", open);
}

/* A notice for a form that no map knew. */
static enum wg_code make(const struct wg_resolving *r, const struct wg_resolution *resolution, struct wg_notice **out,
                         struct wg_err *err)
{
	enum wg_code code = wg_notice_new(r->schema, resolution->kind, r->facts->id != NULL ? r->facts->id : "0", out, err);
	if (code == WG_OK)
		code = wg_map_header(*out, r->facts, err);
	if (code == WG_CONFIG)
		return wg_err_set(err, WG_REJECT,
		                  "kind: there is no kind of notice of that name; wardgate schema doc lists them");
	return code;
}

enum wg_code wg_resolution_apply(const struct wg_resolving *r, const struct wg_resolution *resolution,
                                 struct wg_notice **notice, struct wg_buf *open, struct wg_err *err)
{
	if (*notice == NULL && resolution->kind[0] == '\0') {
		wg_buf_puts(open, "kind\n");
		return wg_buf_check(open, "what is open", err);
	}
	enum wg_code code = *notice == NULL ? make(r, resolution, notice, err) : WG_OK;
	const struct applying a = { .r = r, .resolution = resolution, .notice = *notice, .err = err };
	for (size_t i = 0; code == WG_OK && i < resolution->count; i++)
		code = apply_line(&a, &resolution->lines[i]);
	if (code != WG_OK)
		return code;
	list_open(&a, open);
	return wg_buf_check(open, "what is open", err);
}
