/* read_aside.c owns what stands beside a form and is listed with it: no map places it, and nothing of it is dropped. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "notice/value.h"
#include "role/read_internal.h"

void wg_read_attend(struct wg_read *read, const char *fmt, ...)
{
	size_t used = read->attention ? strlen(read->reason) : 0;
	va_list ap;
	read->attention = true;
	if (used > 0 && used < sizeof read->reason - 2) {
		memcpy(read->reason + used, "; ", 3);
		used += 2;
	}
	va_start(ap, fmt);
	(void)vsnprintf(read->reason + used, sizeof read->reason - used, fmt, ap); /* cut is acceptable in words */
	va_end(ap);
}

char *wg_read_at(const struct wg_part *part, const char *at)
{
	char *out = NULL;
	const char *name = part->name != NULL ? part->name : part->at;
	return asprintf(&out, "attachment %s%s%s", name, at != NULL ? ": " : "", at != NULL ? at : "") >= 0 ? out : NULL;
}

/* One more field and one more line of the report; strings in the report are borrowed from the fields. */
static enum wg_code grow(struct wg_read *read, struct wg_err *err)
{
	struct wg_fields *f = read->fields;
	struct wg_report *r = read->report;
	struct wg_field *fields = reallocarray(f->fields, f->count + 1, sizeof *fields);
	if (fields != NULL)
		f->fields = fields;
	struct wg_placement *placements =
		fields != NULL ? reallocarray(r->placements, r->count + 1, sizeof *placements) : NULL;
	if (placements == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a report");
	r->placements = placements;
	return WG_OK;
}

enum wg_code wg_read_aside(struct wg_read *read, const char *label, const char *value, const char *at,
                           enum wg_placing what, const char *to, const char *note, struct wg_err *err)
{
	enum wg_code code = grow(read, err);
	if (code != WG_OK)
		return code;
	struct wg_field f = { .label = strdup(label), .value = strdup(value), .at = strdup(at) };
	if (f.label == NULL || f.value == NULL || f.at == NULL) {
		free(f.label);
		free(f.value);
		free(f.at);
		return wg_err_set(err, WG_SYSTEM, "no memory for a report");
	}
	bool kept = what != WG_UNMAPPED && what != WG_AMBIGUOUS;
	if (!kept && (wg_value_secret(label) || wg_value_secret(value))) {
		what = WG_NOT_CARRIED; /* and so its value does not stand in the report */
		note = "it speaks of a password, and passwords are never carried";
	}
	struct wg_placement *p = &read->report->placements[read->report->count++];
	*p = (struct wg_placement){ .label = f.label, .at = f.at, .what = what };
	(void)snprintf(p->to, sizeof p->to, "%s", to);
	(void)snprintf(p->note, sizeof p->note, "%s", note); /* cut is acceptable in words */
	read->fields->fields[read->fields->count++] = f;
	return WG_OK;
}

enum wg_code wg_read_aside_all(struct wg_read *read, const struct wg_fields *from, const char *note, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < from->count && code == WG_OK; i++) {
		const struct wg_field *f = &from->fields[i];
		code = wg_read_aside(read, f->label, f->value, f->at, WG_UNMAPPED, "", note, err);
	}
	return code;
}

char *wg_read_joined(const char *first, const char *between, const char *second)
{
	char *out = NULL;
	if (first == NULL || second == NULL)
		return strdup(first != NULL ? first : second != NULL ? second : "");
	return asprintf(&out, "%s%s%s", first, between, second) >= 0 ? out : NULL;
}

enum wg_code wg_part_from_outside(struct wg_part_read *p, struct wg_err *err)
{
	bool ok = true;
	for (size_t i = 0; i < p->fields->count && ok; i++) {
		char *at = wg_read_at(p->part, p->fields->fields[i].at);
		ok = at != NULL;
		if (ok) {
			free(p->fields->fields[i].at);
			p->fields->fields[i].at = at;
		}
	}
	for (size_t i = 0; i < p->fields->n_parts && ok; i++) {
		char *at = wg_read_at(p->part, p->fields->parts[i].at);
		ok = at != NULL;
		if (ok) {
			free(p->fields->parts[i].at);
			p->fields->parts[i].at = at;
		}
	}
	return ok ? WG_OK : wg_err_set(err, WG_SYSTEM, "no memory for the attachments");
}
