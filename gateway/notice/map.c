/* map.c owns the making of a notice from fields: every field gets one line in the report, whatever became of it.
 * SECURITY: labels and values come from strangers' documents. The order of the fields decides nothing; passwords are
 * looked for before anything else is done with a field. */
#include "notice/map.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "notice/map_internal.h"
#include "notice/value.h"

#define NO_FIELD SIZE_MAX
#define MARKING "OFFICIAL-SENSITIVE"

/* Everything one application works with. */
struct applying {
	struct wg_map_filling f;
	size_t *field_of;
	bool *secret_label;
};

static void say(struct wg_placement *p, enum wg_placing what, const char *note)
{
	p->what = what;
	(void)snprintf(p->note, sizeof p->note, "%s", note);
}

int64_t wg_map_day(const char *received)
{
	int64_t ms;
	if (received == NULL || !wg_clock_parse(received, &ms))
		ms = wg_clock_now();
	ms += (int64_t)wg_clock_london_offset(ms) * 60000;
	return ms >= 0 ? ms / 86400000 : (ms - 86399999) / 86400000;
}

/* A label asks for a secret when it speaks of one, or ends in PIN. */
static bool asks_secret(const char *label, const char *folded)
{
	size_t n = strlen(folded);
	bool pin = n >= 3 && strcmp(folded + n - 3, "pin") == 0 && (n == 3 || folded[n - 4] == ' ');
	return pin || wg_value_secret(label);
}

/* "Completed by" below a table of checks, under its heading: no check of its own. What stands in no row is no element
 * beside those that the rows of its section are. */
static enum wg_map_stand stand_of(const struct wg_fields *fields, size_t i)
{
	const struct wg_field *f = &fields->fields[i];
	if (f->row > 0)
		return WG_MAP_IN_ROW;
	for (size_t k = 0; f->section != NULL && k < fields->count; k++)
		if (fields->fields[k].row > 0 && fields->fields[k].section != NULL &&
		    strcmp(fields->fields[k].section, f->section) == 0)
			return WG_MAP_BESIDE_ROWS;
	return WG_MAP_ALONE;
}

/* What can be said of a field before values are compared. */
static void first_look(struct applying *a, size_t i)
{
	const struct wg_field *f = &a->f.fields->fields[i];
	struct wg_placement *p = &a->f.report->placements[i];
	char folded[WG_MAP_LABEL_MAX];
	bool tie = false;
	*p = (struct wg_placement){ .label = f->label, .at = f->at };
	wg_map_label_fold(f->label, folded);
	const struct wg_map_field *field =
		a->f.map != NULL ? wg_map_field_find(a->f.map, f->label, f->section, stand_of(a->f.fields, i), &tie) : NULL;
	bool secret_value = wg_value_secret(f->value);
	a->field_of[i] = NO_FIELD;
	a->secret_label[i] = asks_secret(f->label, folded);
	if (wg_value_blank(f->value)) {
		say(p, field != NULL ? WG_EMPTY : WG_UNMAPPED,
		    field != NULL ? "" : "no map knows this label; nothing was written");
	} else if (secret_value || (field != NULL && field->as == WG_AS_PASSWORD)) {
		say(p, WG_NOT_CARRIED, "it speaks of a password, and passwords are never carried");
		a->f.report->attention = a->f.report->attention || field == NULL || field->as != WG_AS_PASSWORD;
	} else if (a->secret_label[i] && (field == NULL || field->as != WG_AS_ONLINE_IDENTITY)) {
		say(p, WG_NOT_CARRIED, "the label asks for a password, and passwords are never carried");
		a->f.report->attention = true;
	} else if (tie) {
		say(p, WG_AMBIGUOUS, "two fields of the map fit this label below this heading: not carried");
		a->f.report->attention = true;
	} else if (field == NULL) {
		say(p, WG_UNMAPPED, a->f.map != NULL ? "the map does not know this label" : "no map was chosen");
		a->f.report->attention = true;
	} else {
		a->field_of[i] = field->same;
	}
}

enum wg_code wg_map_header(struct wg_notice *notice, const struct wg_envelope_facts *facts, struct wg_err *err)
{
	const struct {
		const char *path, *value;
	} places[] = {
		{ "header/sender/@organisation", facts->organisation },
		{ "header/source/@system", facts->source_system },
		{ "header/source/@reference", facts->source_reference },
		{ "header/received", facts->received },
		{ "header/marking", MARKING },
	};
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < WG_COUNT(places) && code == WG_OK; i++)
		if (places[i].value != NULL)
			code = wg_notice_set(notice, places[i].path, places[i].value, err);
	return code;
}

static bool filled(const struct wg_notice *notice, const char *path, size_t len)
{
	char one[WG_MAP_TO_MAX];
	(void)snprintf(one, sizeof one, "%.*s", (int)len, path);
	WG_AUTO_FREE char *text = wg_notice_get(notice, one);
	return text != NULL && text[0] != '\0';
}

/* Places between bars stand for one another: one of them is enough. */
static void check_required(struct applying *a)
{
	struct wg_report *r = a->f.report;
	if (a->f.map->required == NULL) { /* what the schema says of the kind */
		if (wg_notice_missing(a->f.notice, r->missing, sizeof r->missing) > 0)
			r->attention = true;
		return;
	}
	for (const char *p = a->f.map->required; *p != '\0';) {
		size_t n = strcspn(p, " \t\n");
		bool there = n == 0;
		for (size_t i = 0; i < n;) {
			size_t m = strcspn(p + i, "| \t\n");
			there = there || filled(a->f.notice, p + i, m);
			i += m + 1;
		}
		size_t have = strlen(r->missing);
		if (!there && have + n + 2 <= sizeof r->missing)
			(void)snprintf(r->missing + have, sizeof r->missing - have, "%s%.*s", have > 0 ? " " : "", (int)n, p);
		r->attention = r->attention || !there;
		p += n + (p[n] != '\0');
	}
}

static enum wg_code apply(struct applying *a, const struct wg_envelope_facts *facts)
{
	char why[160];
	a->f.map = a->f.maps->forced ? &a->f.maps->maps[0] : wg_map_choose(a->f.maps, a->f.fields, why, sizeof why);
	for (size_t i = 0; i < a->f.fields->count; i++)
		first_look(a, i);
	if (a->f.map == NULL) {
		a->f.report->attention = true;
		for (size_t i = 0; i < a->f.fields->count; i++)
			if (a->f.report->placements[i].what == WG_UNMAPPED)
				say(&a->f.report->placements[i], WG_UNMAPPED, why);
		return WG_OK;
	}
	(void)snprintf(a->f.report->map, sizeof a->f.report->map, "%s", a->f.map->id);
	enum wg_code code =
		wg_notice_new(a->f.maps->schema, a->f.map->kind, facts->id != NULL ? facts->id : "0", &a->f.notice, a->f.err);
	if (code == WG_OK)
		code = wg_map_header(a->f.notice, facts, a->f.err);
	if (code == WG_OK)
		code = wg_map_fill(&a->f);
	if (code == WG_OK) {
		check_required(a);
		a->f.report->prose = wg_map_sentences(a->f.map, 1, a->f.fields->text);
		a->f.report->attention = a->f.report->attention || a->f.report->prose > 0;
	}
	return code;
}

enum wg_code wg_map_apply(const struct wg_maps *maps, const struct wg_fields *fields,
                          const struct wg_envelope_facts *facts, struct wg_notice **out, struct wg_report **report,
                          struct wg_err *err)
{
	WG_CLEANUP(wg_report_freep) struct wg_report *r = calloc(1, sizeof *r);
	size_t n = fields->count > 0 ? fields->count : 1;
	WG_AUTO_FREE size_t *field_of = calloc(n, sizeof *field_of);
	WG_AUTO_FREE bool *secret_label = calloc(n, sizeof *secret_label);
	if (r == NULL || field_of == NULL || secret_label == NULL ||
	    (r->placements = calloc(n, sizeof *r->placements)) == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a report");
	r->count = fields->count;
	struct applying a = { .f = { .maps = maps,
		                         .fields = fields,
		                         .report = r,
		                         .day = wg_map_day(facts->received),
		                         .field_of = field_of,
		                         .secret_label = secret_label,
		                         .err = err },
		                  .field_of = field_of,
		                  .secret_label = secret_label };
	enum wg_code code = apply(&a, facts);
	if (code != WG_OK) {
		wg_notice_freep(&a.f.notice);
		return code;
	}
	*out = wg_steal(&a.f.notice);
	*report = wg_steal(&r);
	return WG_OK;
}
