/* map_fill.c owns which answers stand together: boxes of one place, a day and its hour, the boxes of one row of a
 * table. SECURITY: labels and values come from strangers' documents. The order of the fields decides nothing but the
 * order in which the rows of a table stand in the notice. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "notice/map_internal.h"
#include "notice/value.h"

/* Answers that belong together: those of one row; or, in no row, those below one heading, where headings part them. */
struct together {
	unsigned row;
	bool parted;
	const char *section; /* NULL: below none */
};

/* Everything below works for one group of answers; NULL: for all. */
struct filling {
	struct wg_map_filling f;
	const struct together *only;
};

static bool same_section(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool belongs(const struct wg_field *field, const struct together *t)
{
	return field->row == t->row && (t->row > 0 || !t->parted || same_section(field->section, t->section));
}

/* Source field i answers that field of the map, within the group at hand. */
static bool answers(const struct filling *a, size_t i, size_t field)
{
	return a->f.field_of[i] == field && (a->only == NULL || belongs(&a->f.fields->fields[i], a->only));
}

static bool answered(const struct filling *a, size_t field)
{
	for (size_t i = 0; i < a->f.fields->count; i++)
		if (answers(a, i, field))
			return true;
	return false;
}

/* The value that a map field has: the one that sorts first of those that say the same, so that order decides nothing.
 * NULL with *differ when two say different things. */
static const char *one_value(const struct filling *a, size_t field, bool *differ, bool *secret)
{
	const char *first = NULL;
	*differ = *secret = false;
	for (size_t i = 0; i < a->f.fields->count; i++) {
		if (!answers(a, i, field))
			continue;
		const char *value = a->f.fields->fields[i].value;
		*secret = *secret || a->f.secret_label[i];
		if (first != NULL && !wg_map_same(a->f.map->fields[field].as, first, value, a->f.day))
			*differ = true;
		if (first == NULL || strcmp(value, first) < 0)
			first = value;
	}
	return *differ ? NULL : first;
}

/* The one or two different values of a field; false when there are more. */
static bool two_values(const struct filling *a, size_t field, const char *two[2])
{
	two[0] = two[1] = NULL;
	for (size_t i = 0; i < a->f.fields->count; i++) {
		const char *value = a->f.fields->fields[i].value;
		if (!answers(a, i, field) || (two[0] != NULL && strcmp(value, two[0]) == 0) ||
		    (two[1] != NULL && strcmp(value, two[1]) == 0))
			continue;
		if (two[1] != NULL)
			return false;
		two[two[0] != NULL] = value;
	}
	return two[1] != NULL;
}

/* A day in one box and an hour in the next ("Date last seen", "Time last seen") say one moment: exactly two answers, of
 * which one is a day and nothing more, and which read together. */
static bool day_and_hour(const struct filling *a, size_t field, char out[WG_VALUE_MAX])
{
	const char *two[2];
	struct wg_value_when when[2];
	enum wg_map_as as = a->f.map->fields[field].as;
	int64_t latest = a->f.day + (as == WG_AS_WHEN_AHEAD ? WG_MAP_AHEAD : 0);
	if ((as != WG_AS_WHEN && as != WG_AS_WHEN_AHEAD) || !two_values(a, field, two))
		return false;
	bool first = wg_value_when(two[0], latest, &when[0]), second = wg_value_when(two[1], latest, &when[1]);
	if (first == second || strcmp(when[first ? 0 : 1].precision, "day") != 0)
		return false;
	int n = snprintf(out, WG_VALUE_MAX, "%s %s", two[first ? 0 : 1], two[first ? 1 : 0]);
	return n > 0 && n < WG_VALUE_MAX && wg_value_when(out, latest, &when[0]);
}

/* The answers of a column, below each other in the order of their rows: nothing of a table is a contradiction. */
static bool column(const struct filling *a, size_t field, struct wg_buf *out)
{
	if (a->f.map->fields[field].as != WG_AS_TEXT)
		return false;
	for (size_t i = 0; i < a->f.fields->count; i++) {
		if (!answers(a, i, field))
			continue;
		if (a->f.fields->fields[i].row == 0)
			return false;
		wg_buf_printf(out, "%s%s", out->len > 0 ? "\n" : "", a->f.fields->fields[i].value);
	}
	return !out->failed;
}

/* A part of a name stands beside the whole name in this form. */
static bool whole_name(const struct filling *a, const struct wg_map_field *part)
{
	const struct wg_map *map = a->f.map;
	for (size_t i = 0; i < map->n_fields; i++)
		if (map->fields[i].as == WG_AS_PERSON_NAME && strcmp(map->fields[i].to, part->to) == 0 && answered(a, i))
			return true;
	return false;
}

static void account(const struct filling *a, size_t source, const struct wg_map_outcome *outcome)
{
	struct wg_placement *p = &a->f.report->placements[source];
	p->what = outcome->what;
	memcpy(p->note, outcome->note, sizeof p->note);
	memcpy(p->to, outcome->to, sizeof p->to);
	a->f.report->attention = a->f.report->attention || outcome->attention;
}

/* A place with one value. */
static enum wg_code place_single(const struct filling *a, size_t field, struct wg_map_target *target)
{
	bool differ;
	struct wg_map_outcome outcome = { 0 };
	char joined[WG_VALUE_MAX];
	WG_AUTO_BUF struct wg_buf rows = WG_BUF(WG_LIMIT_NOTICE);
	const char *value = one_value(a, field, &differ, &target->secret_label);
	if (differ && day_and_hour(a, field, joined)) {
		differ = false;
		value = joined;
	} else if (differ && column(a, field, &rows)) {
		differ = false;
		value = wg_buf_text(&rows);
	}
	if (differ) {
		outcome = (struct wg_map_outcome){ .what = WG_AMBIGUOUS, .attention = true };
		(void)snprintf(outcome.note, sizeof outcome.note, "this place was given different values: none was carried");
	} else if (value != NULL) {
		enum wg_code code = wg_map_place(target, value, &outcome, a->f.err);
		if (code != WG_OK)
			return code;
	}
	for (size_t i = 0; i < a->f.fields->count; i++)
		if (answers(a, i, field))
			account(a, i, &outcome);
	return WG_OK;
}

/* Source field i is of that field of the map and has that value. */
static bool says(const struct filling *a, size_t i, size_t field, const char *text)
{
	return answers(a, i, field) && strcmp(a->f.fields->fields[i].value, text) == 0;
}

/* The value that follows last in sorted order; NULL when there is none. */
static const char *next_value(const struct filling *a, size_t field, const char *last)
{
	const char *next = NULL;
	for (size_t i = 0; i < a->f.fields->count; i++) {
		const char *value = a->f.fields->fields[i].value;
		if (answers(a, i, field) && (last == NULL || strcmp(value, last) > 0) &&
		    (next == NULL || strcmp(value, next) < 0))
			next = value;
	}
	return next;
}

/* A place that repeats: every different value once, in sorted order. */
static enum wg_code place_repeated(const struct filling *a, size_t field, struct wg_map_target *target)
{
	for (const char *value = next_value(a, field, NULL); value != NULL; value = next_value(a, field, value)) {
		struct wg_map_outcome outcome;
		target->secret_label = false;
		for (size_t i = 0; i < a->f.fields->count; i++)
			if (says(a, i, field, value))
				target->secret_label = target->secret_label || a->f.secret_label[i];
		enum wg_code code = wg_map_place(target, value, &outcome, a->f.err);
		if (code != WG_OK)
			return code;
		for (size_t i = 0; i < a->f.fields->count; i++)
			if (says(a, i, field, value))
				account(a, i, &outcome);
	}
	return WG_OK;
}

static enum wg_code place_field(const struct filling *a, size_t field, bool *joins)
{
	const struct wg_map_field *f = &a->f.map->fields[field];
	struct wg_map_target target = {
		.maps = a->f.maps, .field = f, .notice = a->f.notice, .day = a->f.day, .joins = joins
	};
	target.whole_name = (f->as == WG_AS_FORENAMES || f->as == WG_AS_SURNAME) && whole_name(a, f);
	bool repeats = f->group == 0 && strstr(f->to, "[+]") != NULL;
	return repeats ? place_repeated(a, field, &target) : place_single(a, field, &target);
}

/* Combined answers come after the single ones, since they only fill what those left free. */
static bool combined(enum wg_map_as as)
{
	return as == WG_AS_WHEN_WHERE || as == WG_AS_WHERE_WHEN_BY;
}

/* Both fields go below the same element that repeats; or, as texts with headings, into the same text, whose lines stay
 * together by row. */
static bool one_group(const struct wg_map_field *a, const struct wg_map_field *b)
{
	if (a->group > 0)
		return a->group == b->group && strncmp(a->to, b->to, a->group) == 0;
	return a->heading != NULL && a->as == WG_AS_TEXT && b->heading != NULL && b->as == WG_AS_TEXT &&
	       strcmp(a->to, b->to) == 0;
}

static bool grouped(const struct wg_map_field *f)
{
	return f->group > 0 || (f->heading != NULL && f->as == WG_AS_TEXT);
}

static enum wg_code place_ungrouped(const struct filling *a, bool combined_ones)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < a->f.map->n_fields && code == WG_OK; i++) {
		const struct wg_map_field *f = &a->f.map->fields[i];
		if (!grouped(f) && combined(f->as) == combined_ones && answered(a, i))
			code = place_field(a, i, NULL);
	}
	return code;
}

/* The answers of one row to the group that a field belongs to. */
static enum wg_code place_row(const struct filling *a, const struct wg_map_field *leader)
{
	enum wg_code code = WG_OK;
	bool joins = false;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < a->f.map->n_fields && code == WG_OK; i++) {
			const struct wg_map_field *f = &a->f.map->fields[i];
			if (!one_group(leader, f) || combined(f->as) != (pass == 1) || !answered(a, i))
				continue;
			code = place_field(a, i, &joins);
		}
	return code;
}

static struct together together(const struct wg_field *field, const struct wg_map_field *leader)
{
	return (struct together){ .row = field->row, .parted = leader->group > 0, .section = field->section };
}

/* Answers of the group stand in source field i, and none that belongs together with them stands before it. */
static bool begins_row(const struct filling *a, size_t i, const struct wg_map_field *leader)
{
	const struct wg_field *fields = a->f.fields->fields;
	const struct together here = together(&fields[i], leader);
	if (a->f.field_of[i] == SIZE_MAX || !one_group(leader, &a->f.map->fields[a->f.field_of[i]]))
		return false;
	for (size_t k = 0; k < i; k++)
		if (a->f.field_of[k] != SIZE_MAX && one_group(leader, &a->f.map->fields[a->f.field_of[k]]) &&
		    belongs(&fields[k], &here))
			return false;
	return true;
}

static enum wg_code place_group(const struct filling *a, const struct wg_map_field *leader)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < a->f.fields->count && code == WG_OK; i++) {
		if (!begins_row(a, i, leader))
			continue;
		struct together row = together(&a->f.fields->fields[i], leader);
		struct filling one = *a;
		one.only = &row;
		code = place_row(&one, leader);
	}
	return code;
}

static enum wg_code place_groups(const struct filling *a)
{
	enum wg_code code = WG_OK;
	const struct wg_map *map = a->f.map;
	for (size_t i = 0; i < map->n_fields && code == WG_OK; i++) {
		bool first = grouped(&map->fields[i]);
		for (size_t k = 0; k < i && first; k++)
			first = !one_group(&map->fields[i], &map->fields[k]);
		if (first)
			code = place_group(a, &map->fields[i]);
	}
	return code;
}

enum wg_code wg_map_fill(struct wg_map_filling *filling)
{
	struct filling all = { .f = *filling };
	enum wg_code code = place_ungrouped(&all, false);
	if (code == WG_OK)
		code = place_ungrouped(&all, true);
	return code == WG_OK ? place_groups(&all) : code;
}
