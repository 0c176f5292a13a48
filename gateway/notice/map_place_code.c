/* map_place_code.c owns values that become codes: of a table, or of what somebody agreed to.
 * SECURITY: values come from strangers' documents; map_put.c keeps out what does not fit. Notes never hold a value. */
#include <string.h>

#include "base/mem.h"
#include "notice/map_put.h"
#include "notice/value.h"

/* A place that holds a code and, beside it, the name of what it means. */
static void place_named_code(struct wg_map_placing *p, const char *table, const char *value)
{
	const struct wg_map_code *c = wg_map_codes_find(p->t->maps, table, value, p->t->day);
	if (c == NULL) {
		wg_map_unread(p, value, "not one name of the code table, as of that day: not carried");
		return;
	}
	if (!wg_map_put(p, "", c->value))
		return;
	if (p->t->field->area[0] != '\0')
		wg_map_put_attribute(p, "", "area", p->t->field->area);
	wg_map_put_attribute(p, "", "name", c->name);
}

/* A place that holds the words and, beside them, their code. How people describe themselves has no end of words,
 * "foster care" has six codes, and nothing is decided by these: a person is called only for the other tables. */
static void place_coded_words(struct wg_map_placing *p, const char *table, const char *value)
{
	bool quiet = p->t->field->as == WG_AS_ETHNICITY || p->t->field->as == WG_AS_PLACEMENT_TYPE;
	const struct wg_map_code *c = wg_map_codes_find(p->t->maps, table, value, p->t->day);
	const char *answer = wg_value_answer(value);
	WG_AUTO_FREE char *before = p->t->field->as == WG_AS_LEGAL_STATUS ? wg_map_get(p, "@code") : NULL;
	if (before != NULL && (c == NULL || strcmp(before, c->value) != 0)) { /* behind "looked after: yes, ..." */
		wg_map_note(p, WG_AMBIGUOUS, "another answer gives another legal status");
		return;
	}
	if (!wg_map_put(p, "", value))
		return;
	if (c != NULL)
		wg_map_put_attribute(p, "", "code", c->value);
	else if (answer == NULL || strcmp(answer, "not-known") != 0)
		wg_map_note(p, quiet ? WG_PLACED : WG_UNREAD,
		            "not words of the code table: kept as they were written, without a code");
}

/* A code alone: there is no place for the words. */
static void place_code_alone(struct wg_map_placing *p, const char *value)
{
	const struct wg_map_code *c = wg_map_codes_find(p->t->maps, p->t->field->table, value, p->t->day);
	if (c != NULL)
		(void)wg_map_put(p, "", c->value);
	else
		wg_map_unread(p, value, "not words of the code table, as of that day: not carried");
}

/* Several boxes ticked, or several lines, in a place that may repeat: each is one of its own. */
static void place_code_list(struct wg_map_placing *p, const char *value)
{
	char part[WG_VALUE_MAX], note[sizeof p->outcome->note] = "";
	bool unread = false;
	for (const char *v = value; *v != '\0';) {
		size_t n = strcspn(v, ";\n"), lead = strspn(v, " \t");
		size_t len = n > lead ? n - lead : 0;
		if (len > 0 && len < sizeof part) {
			memcpy(part, v + lead, len);
			part[len] = '\0';
			wg_value_clean(part);
			p->outcome->what = WG_PLACED;
			p->outcome->to[0] = '\0';
			place_coded_words(p, p->t->field->table, part);
			unread = unread || p->outcome->what != WG_PLACED;
			if (p->outcome->what != WG_PLACED)
				memcpy(note, p->outcome->note, sizeof note);
		}
		v += n + (v[n] != '\0');
	}
	if (unread)
		wg_map_note(p, WG_UNREAD, note);
}

/* A place that may repeat, and words that are several. */
static bool is_list(const struct wg_map_placing *p, const char *value)
{
	const struct wg_map_field *f = p->t->field;
	size_t n = strlen(f->to);
	return f->group == 0 && n > 3 && strcmp(f->to + n - 3, "[+]") == 0 && strpbrk(value, ";\n") != NULL &&
	       strlen(value) < WG_VALUE_MAX && wg_map_codes_find(p->t->maps, f->table, value, p->t->day) == NULL;
}

void wg_map_place_code(struct wg_map_placing *p, const char *value)
{
	const struct wg_map_field *f = p->t->field;
	if (f->as == WG_AS_POLICE_FORCE)
		place_named_code(p, "police", value);
	else if (f->as == WG_AS_AUTHORITY)
		place_named_code(p, "authority", value);
	else if (f->as == WG_AS_CODE && !f->coded)
		place_code_alone(p, value);
	else if (f->as == WG_AS_CODE && is_list(p, value))
		place_code_list(p, value);
	else
		place_coded_words(p, f->as == WG_AS_CODE ? f->table : wg_map_as_name(f->as), value);
}

/* Whatever cannot be read surely stands as not known, beside the words: nobody is said to have agreed who has not. */
void wg_map_place_consent(struct wg_map_placing *p, const char *value)
{
	const char *state = wg_value_consent(value);
	if (!wg_map_put(p, "", value))
		return;
	wg_map_put_attribute(p, "", "to", p->t->field->role);
	wg_map_put_attribute(p, "", "state", state != NULL ? state : "not-known");
	if (state == NULL)
		wg_map_note(p, WG_UNREAD,
		            "neither agreed, refused, not asked nor withdrawn: kept as it was written, as not known");
}
