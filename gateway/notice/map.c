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
/* From so many words with a small first letter on a line is a sentence. */
#define PROSE_WORDS 4

/* Everything one application works with. */
struct applying {
	const struct wg_maps *maps;
	const struct wg_map *map;
	const struct wg_fields *fields;
	struct wg_report *report;
	struct wg_notice *notice;
	int64_t day;
	size_t *field_of; /* for each source field the map's field, or NO_FIELD */
	bool *secret_label;
	struct wg_err *err;
};

static void say(struct wg_placement *p, enum wg_placing what, const char *note)
{
	p->what = what;
	(void)snprintf(p->note, sizeof p->note, "%s", note);
}

/* London's day of the arrival; today where it is not said. */
static int64_t day_of(const char *received)
{
	int64_t ms;
	if (received == NULL || !wg_clock_parse(received, &ms))
		ms = wg_clock_wall();
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

/* What can be said of a field before values are compared. */
static void first_look(struct applying *a, size_t i)
{
	const struct wg_field *f = &a->fields->fields[i];
	struct wg_placement *p = &a->report->placements[i];
	char folded[WG_MAP_LABEL_MAX];
	*p = (struct wg_placement){ .label = f->label, .at = f->at };
	wg_map_label_fold(f->label, folded);
	const struct wg_map_label *label = a->map != NULL ? wg_map_labels_find(&a->map->labels, folded) : NULL;
	const struct wg_map_field *field = label != NULL ? &a->map->fields[label->field] : NULL;
	bool secret_value = wg_value_secret(f->value);
	a->field_of[i] = NO_FIELD;
	a->secret_label[i] = asks_secret(f->label, folded);
	if (wg_value_blank(f->value)) {
		say(p, label != NULL ? WG_EMPTY : WG_UNMAPPED,
		    label != NULL ? "" : "no map knows this label; nothing was written");
	} else if (secret_value || (field != NULL && field->as == WG_AS_PASSWORD)) {
		say(p, WG_NOT_CARRIED, "it speaks of a password, and passwords are never carried");
		a->report->attention = a->report->attention || field == NULL || field->as != WG_AS_PASSWORD;
	} else if (a->secret_label[i] && (field == NULL || field->as != WG_AS_ONLINE_IDENTITY)) {
		say(p, WG_NOT_CARRIED, "the label asks for a password, and passwords are never carried");
		a->report->attention = true;
	} else if (label == NULL) {
		say(p, WG_UNMAPPED, a->map != NULL ? "the map does not know this label" : "no map was chosen");
		a->report->attention = true;
	} else {
		a->field_of[i] = label->field;
	}
}

/* The value that a map field has: the one that sorts first of those that say the same, so that order decides nothing.
 * NULL with *differ when two say different things. */
static const char *one_value(const struct applying *a, size_t field, bool *differ, bool *secret)
{
	const char *first = NULL;
	*differ = *secret = false;
	for (size_t i = 0; i < a->fields->count; i++) {
		if (a->field_of[i] != field)
			continue;
		const char *value = a->fields->fields[i].value;
		*secret = *secret || a->secret_label[i];
		if (first != NULL && !wg_map_same(a->map->fields[field].as, first, value, a->day))
			*differ = true;
		if (first == NULL || strcmp(value, first) < 0)
			first = value;
	}
	return *differ ? NULL : first;
}

/* A day in one box and an hour in the next ("Date last seen", "Time last seen") say one moment: exactly two answers, of
 * which one is a day and nothing more, and which read together. */
static bool day_and_hour(const struct applying *a, size_t field, char out[WG_VALUE_MAX])
{
	const char *two[2] = { NULL, NULL };
	struct wg_value_when when[2];
	for (size_t i = 0; i < a->fields->count; i++) {
		const char *value = a->fields->fields[i].value;
		if (a->field_of[i] != field || (two[0] != NULL && strcmp(value, two[0]) == 0) ||
		    (two[1] != NULL && strcmp(value, two[1]) == 0))
			continue;
		if (two[1] != NULL)
			return false;
		two[two[0] != NULL] = value;
	}
	if (a->map->fields[field].as != WG_AS_WHEN || two[1] == NULL)
		return false;
	bool first = wg_value_when(two[0], a->day, &when[0]), second = wg_value_when(two[1], a->day, &when[1]);
	if (first == second || strcmp(when[first ? 0 : 1].precision, "day") != 0)
		return false;
	int n = snprintf(out, WG_VALUE_MAX, "%s %s", two[first ? 0 : 1], two[first ? 1 : 0]);
	return n > 0 && n < WG_VALUE_MAX && wg_value_when(out, a->day, &when[0]);
}

static bool answered(const struct applying *a, size_t field)
{
	for (size_t i = 0; i < a->fields->count; i++)
		if (a->field_of[i] == field)
			return true;
	return false;
}

/* A part of a name stands beside the whole name in this form. */
static bool whole_name(const struct applying *a, const struct wg_map_field *part)
{
	for (size_t i = 0; i < a->map->n_fields; i++)
		if (a->map->fields[i].as == WG_AS_PERSON_NAME && strcmp(a->map->fields[i].to, part->to) == 0 && answered(a, i))
			return true;
	return false;
}

static void account(struct applying *a, size_t source, const struct wg_map_outcome *outcome)
{
	struct wg_placement *p = &a->report->placements[source];
	say(p, outcome->what, outcome->note);
	memcpy(p->to, outcome->to, sizeof p->to);
	a->report->attention = a->report->attention || outcome->attention;
}

/* A place with one value. */
static enum wg_code place_single(struct applying *a, size_t field, struct wg_map_target *target)
{
	bool differ;
	struct wg_map_outcome outcome = { 0 };
	char joined[WG_VALUE_MAX];
	const char *value = one_value(a, field, &differ, &target->secret_label);
	if (differ && day_and_hour(a, field, joined)) {
		differ = false;
		value = joined;
	}
	if (differ) {
		outcome = (struct wg_map_outcome){ .what = WG_AMBIGUOUS, .attention = true };
		(void)snprintf(outcome.note, sizeof outcome.note, "this place was given different values: none was carried");
	} else if (value != NULL) {
		enum wg_code code = wg_map_place(target, value, &outcome, a->err);
		if (code != WG_OK)
			return code;
	}
	for (size_t i = 0; i < a->fields->count; i++)
		if (a->field_of[i] == field)
			account(a, i, &outcome);
	return WG_OK;
}

/* Source field i is of that field of the map and has that value. */
static bool says(const struct applying *a, size_t i, size_t field, const char *text)
{
	const char *value = a->fields->fields[i].value;
	return a->field_of[i] == field && value != NULL && strcmp(value, text) == 0;
}

/* A place that repeats: every different value once, in sorted order. */
static enum wg_code place_repeated(struct applying *a, size_t field, struct wg_map_target *target)
{
	const char *last = NULL;
	for (;;) {
		const char *next = NULL;
		struct wg_map_outcome outcome;
		target->secret_label = false;
		for (size_t i = 0; i < a->fields->count; i++) {
			const char *value = a->fields->fields[i].value;
			if (value != NULL && a->field_of[i] == field && (last == NULL || strcmp(value, last) > 0) &&
			    (next == NULL || strcmp(value, next) < 0))
				next = value;
		}
		if (next == NULL)
			return WG_OK;
		for (size_t i = 0; i < a->fields->count; i++)
			if (says(a, i, field, next))
				target->secret_label = target->secret_label || a->secret_label[i];
		enum wg_code code = wg_map_place(target, next, &outcome, a->err);
		if (code != WG_OK)
			return code;
		for (size_t i = 0; i < a->fields->count; i++)
			if (says(a, i, field, next))
				account(a, i, &outcome);
		last = next;
	}
}

/* Combined answers come after the single ones, since they only fill what those left free. */
static bool combined(enum wg_map_as as)
{
	return as == WG_AS_WHEN_WHERE || as == WG_AS_WHERE_WHEN_BY;
}

static enum wg_code place_all(struct applying *a, bool combined_ones)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < a->map->n_fields && code == WG_OK; i++) {
		const struct wg_map_field *field = &a->map->fields[i];
		if (combined(field->as) != combined_ones || !answered(a, i))
			continue;
		struct wg_map_target target = { .maps = a->maps, .field = field, .notice = a->notice, .day = a->day };
		target.whole_name = (field->as == WG_AS_FORENAMES || field->as == WG_AS_SURNAME) && whole_name(a, field);
		code = strstr(field->to, "[+]") != NULL ? place_repeated(a, i, &target) : place_single(a, i, &target);
	}
	return code;
}

static enum wg_code set_header(struct wg_notice *notice, const struct wg_envelope_facts *facts, struct wg_err *err)
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
	struct wg_report *r = a->report;
	for (const char *p = a->map->required; *p != '\0';) {
		size_t n = strcspn(p, " \t\n");
		bool there = n == 0;
		for (size_t i = 0; i < n;) {
			size_t m = strcspn(p + i, "| \t\n");
			there = there || filled(a->notice, p + i, m);
			i += m + 1;
		}
		size_t have = strlen(r->missing);
		if (!there && have + n + 2 <= sizeof r->missing)
			(void)snprintf(r->missing + have, sizeof r->missing - have, "%s%.*s", have > 0 ? " " : "", (int)n, p);
		r->attention = r->attention || !there;
		p += n + (p[n] != '\0');
	}
}

/* Words that begin with a small letter: a heading, a greeting, a signature has few of them, a sentence has not. */
static unsigned small_words(const char *line, size_t len)
{
	unsigned n = 0;
	for (size_t i = 0; i < len; i++)
		n += line[i] >= 'a' && line[i] <= 'z' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t');
	return n;
}

/* "His mother must not be told where he lives", written between the boxes, has no place in the notice and must not be
 * passed over: sentences outside any field call a person, but for those that the map names as saying nothing. */
static bool expected(const struct wg_map *maps, size_t count, const char *folded)
{
	for (size_t i = 0; i < count; i++)
		if (wg_map_labels_find(&maps[i].prose, folded) != NULL)
			return true;
	return false;
}

static unsigned count_sentences(const struct wg_map *maps, size_t count, const char *text)
{
	unsigned found = 0;
	for (const char *line = text != NULL ? text : ""; *line != '\0';) {
		char one[WG_MAP_LABEL_MAX], folded[WG_MAP_LABEL_MAX];
		size_t n = strcspn(line, "\n");
		(void)snprintf(one, sizeof one, "%.*s", (int)(n < sizeof one ? n : sizeof one - 1), line);
		wg_map_label_fold(one, folded);
		found += small_words(line, n) >= PROSE_WORDS && !expected(maps, count, folded);
		line += n + (line[n] == '\n');
	}
	return found;
}

unsigned wg_maps_sentences(const struct wg_maps *maps, const char *text)
{
	return count_sentences(maps->maps, maps->count, text);
}

static enum wg_code apply(struct applying *a, const struct wg_envelope_facts *facts)
{
	char why[160];
	a->map = wg_map_choose(a->maps, a->fields, why, sizeof why);
	for (size_t i = 0; i < a->fields->count; i++)
		first_look(a, i);
	if (a->map == NULL) {
		a->report->attention = true;
		for (size_t i = 0; i < a->fields->count; i++)
			if (a->report->placements[i].what == WG_UNMAPPED)
				say(&a->report->placements[i], WG_UNMAPPED, why);
		return WG_OK;
	}
	(void)snprintf(a->report->map, sizeof a->report->map, "%s", a->map->id);
	enum wg_code code =
		wg_notice_new(a->maps->schema, a->map->kind, facts->id != NULL ? facts->id : "0", &a->notice, a->err);
	if (code == WG_OK)
		code = set_header(a->notice, facts, a->err);
	if (code == WG_OK)
		code = place_all(a, false);
	if (code == WG_OK)
		code = place_all(a, true);
	if (code == WG_OK) {
		check_required(a);
		a->report->prose = count_sentences(a->map, 1, a->fields->text);
		a->report->attention = a->report->attention || a->report->prose > 0;
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
	struct applying a = { .maps = maps,
		                  .fields = fields,
		                  .report = r,
		                  .day = day_of(facts->received),
		                  .field_of = field_of,
		                  .secret_label = secret_label,
		                  .err = err };
	enum wg_code code = apply(&a, facts);
	if (code != WG_OK) {
		wg_notice_freep(&a.notice);
		return code;
	}
	*out = wg_steal(&a.notice);
	*report = wg_steal(&r);
	return WG_OK;
}
