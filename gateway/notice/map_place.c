/* map_place.c owns the reading of one value as its field says, and where its parts go.
 * SECURITY: values come from strangers' documents; map_put.c keeps out what does not fit. Notes never hold a value. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "notice/map_put.h"
#include "notice/value.h"

#define DAYS_MAX (131 * 366) /* behind every day that is read: none is later than 2100 */

static void place_text(struct wg_map_placing *p, const char *value)
{
	const char *heading = p->t->field->heading;
	if (heading == NULL) {
		(void)wg_map_put(p, "", value);
		return;
	}
	WG_AUTO_FREE char *before = wg_map_get(p, "");
	WG_AUTO_BUF struct wg_buf all = WG_BUF((size_t)2 * WG_MAP_TEXT_MAX);
	if (before != NULL && before[0] != '\0')
		wg_buf_printf(&all, "%s\n", before);
	wg_buf_printf(&all, "%s: ", heading);
	wg_buf_puts(&all, value);
	if (all.failed)
		wg_map_note(p, WG_UNREAD, "too long for its place: not carried");
	else
		(void)wg_map_put(p, "", wg_buf_text(&all));
}

static void place_person(struct wg_map_placing *p, const char *value)
{
	struct wg_value_person person;
	if (!wg_value_person(value, &person)) {
		if (wg_map_put_line(p, "full", value))
			wg_map_note(p, WG_UNREAD, "not a name on one line: kept as it was written");
		return;
	}
	if (wg_map_put_line(p, "full", person.full) && person.known_as[0] != '\0')
		(void)wg_map_put_line(p, "known-as", person.known_as);
}

/* Forenames and surname build the name together, whichever comes first; beside a whole name they must be in it. */
static void place_name_part(struct wg_map_placing *p, const char *value)
{
	WG_AUTO_FREE char *full = wg_map_get(p, "full");
	char both[WG_VALUE_MAX];
	if (full == NULL || full[0] == '\0') {
		(void)wg_map_put_line(p, "full", value);
		return;
	}
	if (p->t->whole_name) {
		char name[WG_VALUE_MAX], part[WG_VALUE_MAX];
		bool fits = wg_value_fold(full, name, sizeof name) && wg_value_fold(value, part, sizeof part);
		const char *at = fits ? strstr(name, part) : NULL;
		if (at == NULL || (at != name && at[-1] != ' ') || (at[strlen(part)] != ' ' && at[strlen(part)] != '\0'))
			wg_map_note(p, WG_AMBIGUOUS, "the full name says something else");
		else
			wg_map_went_below(p, "full");
		return;
	}
	bool surname = p->t->field->as == WG_AS_SURNAME;
	int n = snprintf(both, sizeof both, "%s %s", surname ? full : value, surname ? value : full);
	if (n < 0 || (size_t)n >= sizeof both)
		wg_map_note(p, WG_UNREAD, "too long for one line: not carried");
	else
		(void)wg_map_put_line(p, "full", both);
}

static void place_known_as(struct wg_map_placing *p, const char *value)
{
	WG_AUTO_FREE char *full = wg_map_get(p, "full"), *known = wg_map_get(p, "known-as");
	if (full == NULL)
		wg_map_note(p, WG_UNREAD, "there is no name that it could belong to: not carried");
	else if (known != NULL && wg_map_same_words(known, value))
		wg_map_went_below(p, "known-as");
	else
		(void)wg_map_put_line(p, "known-as[+]", value);
}

static bool is_ahead(const struct wg_map_placing *p)
{
	return p->t->field->as == WG_AS_DATE_AHEAD || p->t->field->as == WG_AS_WHEN_AHEAD;
}

/* The last day that a value may speak of. */
static int64_t latest(const struct wg_map_placing *p)
{
	return p->t->day + (is_ahead(p) ? WG_MAP_AHEAD : 0);
}

/* A slip in the year or the month is not a value that nobody understands: whoever looks is told which it is. */
static void note_unread(struct wg_map_placing *p, bool to_come, const char *words)
{
	if (to_come)
		words = is_ahead(p) ? "a day further ahead than is likely: kept as it was written"
		                    : "a day that was still to come when this arrived: kept as it was written";
	wg_map_note(p, WG_UNREAD, words);
}

static void place_date(struct wg_map_placing *p, const char *value)
{
	char iso[WG_VALUE_DATE];
	if (strlen(value) > WG_MAP_TEXT_MAX) {
		wg_map_note(p, WG_UNREAD, "too long for its place: not carried");
		return;
	}
	bool plain = strspn(value, "0123456789-/") == strlen(value) && strlen(value) == 10;
	if (!wg_value_date(value, latest(p), iso)) {
		if (wg_map_put(p, "", ""))
			wg_map_put_attribute(p, "", "said", value);
		const char *answer = wg_value_answer(value);
		if (answer == NULL || strcmp(answer, "not-known") != 0)
			note_unread(p, wg_value_date(value, DAYS_MAX, iso),
			            "not a date that can be read surely: kept as it was written");
		return;
	}
	if (wg_map_put(p, "", iso) && !plain)
		wg_map_put_attribute(p, "", "said", value);
}

/* Writes a time that was or was not read. */
static void put_when(struct wg_map_placing *p, const char *below, const char *said, const struct wg_value_when *when)
{
	if (!wg_map_put(p, below, said))
		return;
	if (when != NULL)
		wg_map_put_attribute(p, below, "value", when->value);
	wg_map_put_attribute(p, below, "precision", when != NULL ? when->precision : "unknown");
}

static void place_when(struct wg_map_placing *p, const char *value)
{
	struct wg_value_when when;
	bool read = wg_value_when(value, latest(p), &when);
	const char *answer = wg_value_answer(value);
	put_when(p, "", value, read ? &when : NULL);
	if (!read && (answer == NULL || strcmp(answer, "not-known") != 0) && p->outcome->what == WG_PLACED)
		note_unread(p, wg_value_when(value, DAYS_MAX, &when),
		            "not a time that can be read surely: kept as it was written");
}

/* True when the place is free or says the same. */
static bool agrees(const struct wg_map_placing *p, const char *below, const char *said, enum wg_map_as as)
{
	WG_AUTO_FREE char *there = said[0] != '\0' ? wg_map_get(p, below) : NULL;
	return there == NULL || there[0] == '\0' || wg_map_same(as, there, said, p->t->day);
}

/* A combined answer that cannot be parted is kept whole, under who saw the child when a person may be named in it: the
 * narrower place, so that the whole is shared with no more people than its narrowest part. */
static void keep_whole(struct wg_map_placing *p, const char *value, bool asks_by)
{
	WG_AUTO_FREE char *by = wg_map_get(p, "by"), *when = wg_map_get(p, "when");
	WG_AUTO_BUF struct wg_buf all = WG_BUF((size_t)2 * WG_MAP_TEXT_MAX);
	if (!asks_by && when == NULL) {
		put_when(p, "when", value, NULL);
	} else {
		if (by != NULL && by[0] != '\0')
			wg_buf_printf(&all, "%s\n", by);
		wg_buf_puts(&all, value);
		if (!all.failed)
			(void)wg_map_put(p, "by", wg_buf_text(&all));
	}
	if (p->outcome->what == WG_PLACED)
		wg_map_note(p, WG_UNREAD, "its parts cannot be told apart surely: kept whole");
}

static void place_sighting(struct wg_map_placing *p, const char *value)
{
	struct wg_value_sighting s;
	bool asks_by = p->t->field->as == WG_AS_WHERE_WHEN_BY;
	const char *answer = wg_value_answer(value);
	if (answer != NULL && strcmp(answer, "not-known") == 0 && strpbrk(value, ",;:(\n-") == NULL &&
	    agrees(p, "when", value, WG_AS_WHEN)) {
		put_when(p, "when", value, NULL);
		return;
	}
	if (!wg_value_sighting(value, asks_by, p->t->day, &s)) {
		/* "by" in an answer that was not asked for it names somebody all the same */
		keep_whole(p, value, asks_by || strstr(value, "by ") != NULL);
		return;
	}
	if (!agrees(p, "when", s.when_said, WG_AS_WHEN) || !agrees(p, "where", s.where, WG_AS_TEXT) ||
	    !agrees(p, "by", s.by, WG_AS_TEXT)) {
		wg_map_note(p, WG_AMBIGUOUS, "another answer says otherwise when, where or by whom");
		return;
	}
	put_when(p, "when", s.when_said, &s.when);
	if (s.where[0] != '\0')
		(void)wg_map_put(p, "where", s.where);
	if (s.by[0] != '\0')
		(void)wg_map_put(p, "by", s.by);
}

static void place_yes_no(struct wg_map_placing *p, const char *value)
{
	const char *answer = wg_value_answer(value);
	if (wg_map_put(p, "", value) && answer != NULL)
		wg_map_put_attribute(p, "", "answer", answer);
}

/* "Yes, section 20": the words behind the answer are a legal status, or nobody has carried them. */
static void place_status_beside(struct wg_map_placing *p, const char *value)
{
	size_t n = strcspn(value, ",;:(\n-");
	const char *rest = value + n + strspn(value + n, ",;:(\n- ");
	char words[WG_VALUE_MAX];
	if (*rest == '\0' || strlen(rest) >= sizeof words)
		return;
	memcpy(words, rest, strlen(rest) + 1);
	for (size_t end = strlen(words); end > 0 && strchr(") .", words[end - 1]) != NULL;)
		words[--end] = '\0';
	if (words[0] == '\0')
		return;
	const struct wg_map_code *c = wg_map_codes_find(p->t->maps, "legal-status", words, p->t->day);
	WG_AUTO_FREE char *there = wg_map_get(p, "legal-status");
	WG_AUTO_FREE char *code = wg_map_get(p, "legal-status/@code");
	if (c == NULL)
		wg_map_note(p, WG_UNREAD, "the words behind the answer are no legal status: not carried");
	else if (there != NULL && (code == NULL || strcmp(code, c->value) != 0))
		wg_map_note(p, WG_AMBIGUOUS, "another answer gives another legal status");
	else if (there == NULL && wg_map_put(p, "legal-status", words))
		wg_map_put_attribute(p, "legal-status", "code", c->value);
}

static void place_looked_after(struct wg_map_placing *p, const char *value)
{
	static const struct {
		const char *words, *state;
	} states[] = { { "looked after", "true" },
		           { "looked after child", "true" },
		           { "lac", "true" },
		           { "child in care", "true" },
		           { "in care", "true" },
		           { "cic", "true" },
		           { "child looked after", "true" },
		           { "cla", "true" },
		           { "not looked after", "false" },
		           { "not in care", "false" } };
	const char *answer = wg_value_answer(value), *state = NULL;
	char folded[64];
	if (answer != NULL)
		state = strcmp(answer, "yes") == 0 ? "true" : strcmp(answer, "no") == 0 ? "false" : "not-known";
	else if (wg_value_fold(value, folded, sizeof folded))
		for (size_t i = 0; i < WG_COUNT(states); i++)
			if (strcmp(folded, states[i].words) == 0)
				state = states[i].state;
	if (state == NULL)
		wg_map_note(p, WG_UNREAD, "neither yes, no nor not known: not carried");
	else if (wg_map_put(p, "@looked-after", state) && answer != NULL)
		place_status_beside(p, value);
}

static void place_address(struct wg_map_placing *p, const char *value)
{
	char postcode[WG_VALUE_POSTCODE];
	if (wg_map_put(p, "", value) && wg_value_postcode(value, postcode))
		wg_map_put_attribute(p, "", "postcode", postcode);
}

static void place_telephone(struct wg_map_placing *p, const char *value)
{
	struct wg_value_telephone t;
	bool read = wg_value_telephone(value, &t);
	if (!wg_map_put_line(p, "", read && t.exact ? t.number : value))
		return;
	if (read && t.network[0] != '\0')
		wg_map_put_attribute(p, "", "network", t.network);
	if (!read && wg_value_answer(value) == NULL)
		wg_map_note(p, WG_UNREAD, "no single telephone number in it: kept as it was written");
}

/* The network in a box of its own, beside the number that it belongs to. */
static void place_network(struct wg_map_placing *p, const char *value)
{
	WG_AUTO_FREE char *number = wg_map_get(p, ""), *there = wg_map_get(p, "@network");
	if (number == NULL || number[0] == '\0')
		wg_map_note(p, WG_UNREAD, "there is no telephone number that it could belong to: not carried");
	else if (there != NULL && !wg_map_same_words(there, value))
		wg_map_note(p, WG_AMBIGUOUS, "another network stands beside the number");
	else
		(void)wg_map_put_line(p, "@network", value);
}

static void place_nhs(struct wg_map_placing *p, const char *value)
{
	char digits[WG_VALUE_NHS];
	if (wg_value_nhs(value, digits))
		(void)wg_map_put(p, "", digits);
	else
		wg_map_unread(p, value, "not an NHS number, or its check digit is wrong: not carried");
}

/* "High (age and health)": the grade, when what follows names no other one. */
static const char *risk_of(const char *value)
{
	const char *grade = wg_value_risk(value);
	char head[WG_VALUE_MAX], rest[WG_VALUE_MAX];
	size_t n = strcspn(value, ",;(:\n-");
	if (grade != NULL || n >= sizeof head || value[n] == '\0' || !wg_value_fold(value + n, rest, sizeof rest))
		return grade;
	memcpy(head, value, n);
	head[n] = '\0';
	static const char *const grades[] = { "high", "medium", "low", "absent", "no apparent risk" };
	for (size_t i = 0; i < WG_COUNT(grades); i++)
		if (strstr(rest, grades[i]) != NULL)
			return NULL;
	return wg_value_risk(head);
}

static void place_risk(struct wg_map_placing *p, const char *value)
{
	const char *grade = strlen(value) <= WG_MAP_TEXT_MAX ? risk_of(value) : NULL;
	if (grade == NULL) {
		wg_map_unread(p, value, "not the name of one risk grade: not carried");
		return;
	}
	if (wg_map_put(p, "", grade) && !wg_map_same_words(grade, value))
		wg_map_put_attribute(p, "", "said", value);
}

static void place_sex(struct wg_map_placing *p, const char *value)
{
	const char *sex = wg_value_sex(value);
	if (sex != NULL)
		(void)wg_map_put(p, "", sex);
	else
		wg_map_note(p, WG_UNREAD, "not male, female or unknown: not carried");
}

static void place_reference(struct wg_map_placing *p, const char *value)
{
	if (wg_value_reference(value))
		(void)wg_map_put_line(p, "", value);
	else
		wg_map_unread(p, value, "not a reference: not carried");
}

static void place_force_name(struct wg_map_placing *p, const char *value)
{
	WG_AUTO_FREE char *reference = wg_map_get(p, "");
	const struct wg_map_code *c = wg_map_codes_find(p->t->maps, "police", value, p->t->day);
	char line[WG_MAP_LINE_MAX + 1];
	if (reference == NULL || reference[0] == '\0') {
		wg_map_note(p, WG_UNREAD, "there is no police reference that it could belong to: not carried");
	} else if (!wg_map_one_line(value, line)) {
		wg_map_note(p, WG_UNREAD, "too long for one line: not carried");
	} else {
		(void)wg_map_put(p, "@force", c != NULL ? c->name : line);
		if (c == NULL)
			wg_map_note(p, WG_UNREAD, "not a police force of the code table: kept as it was written");
	}
}

static void place_number(struct wg_map_placing *p, const char *value)
{
	char digits[WG_VALUE_NUMBER];
	if (wg_value_number(value, digits))
		(void)wg_map_put(p, "", digits);
	else
		wg_map_unread(p, value, "not one whole number: not carried");
}

static void place_pupil(struct wg_map_placing *p, const char *value)
{
	char number[WG_VALUE_PUPIL];
	if (wg_value_pupil(value, number))
		(void)wg_map_put(p, "", number);
	else
		wg_map_unread(p, value, "not a unique pupil number: not carried");
}

static void place_email(struct wg_map_placing *p, const char *value)
{
	if (!wg_map_put_line(p, "", value))
		return;
	if (!wg_value_email(value) && wg_value_answer(value) == NULL)
		wg_map_note(p, WG_UNREAD, "not one e-mail address: kept as it was written");
}

/* A box that is for one service names it in its heading: "rob.specimen" alone would not say where. */
static void put_identity(struct wg_map_placing *p, const char *line)
{
	WG_AUTO_BUF struct wg_buf named = WG_BUF((size_t)2 * WG_MAP_TEXT_MAX);
	if (p->t->field->heading != NULL && wg_value_answer(line) == NULL)
		wg_buf_printf(&named, "%s: ", p->t->field->heading);
	wg_buf_puts(&named, line);
	if (named.failed)
		wg_map_note(p, WG_UNREAD, "too long for its place: not carried");
	else
		(void)wg_map_put_line(p, "", wg_buf_text(&named));
}

static void place_identities(struct wg_map_placing *p, const char *value)
{
	WG_AUTO_FREE char *lines = malloc(WG_MAP_TEXT_MAX);
	bool left = false;
	if (lines == NULL) {
		p->code = wg_err_set(p->err, WG_SYSTEM, "no memory for a value");
		return;
	}
	if (!wg_map_identities(value, p->t->secret_label, lines, WG_MAP_TEXT_MAX, &left)) {
		wg_map_note(p, WG_UNREAD, "too long for its place: not carried");
		return;
	}
	for (char *line = lines; *line != '\0';) {
		char *end = line + strcspn(line, "\n");
		bool more = *end != '\0';
		*end = '\0';
		p->outcome->to[0] = '\0';
		put_identity(p, line);
		line = end + (more ? 1 : 0);
	}
	if (left) {
		wg_map_note(p, WG_NOT_CARRIED,
		            "the label asks for passwords: only what is surely a service and a username was carried");
		p->outcome->attention = true;
	}
}

static void place_by_kind(struct wg_map_placing *p, const char *value)
{
	switch (p->t->field->as) {
	case WG_AS_TEXT:
		place_text(p, value);
		break;
	case WG_AS_LINE:
		(void)wg_map_put_line(p, "", value);
		break;
	case WG_AS_PERSON_NAME:
		place_person(p, value);
		break;
	case WG_AS_FORENAMES:
	case WG_AS_SURNAME:
		place_name_part(p, value);
		break;
	case WG_AS_KNOWN_AS:
		place_known_as(p, value);
		break;
	case WG_AS_DATE:
	case WG_AS_DATE_AHEAD:
		place_date(p, value);
		break;
	case WG_AS_WHEN:
	case WG_AS_WHEN_AHEAD:
		place_when(p, value);
		break;
	case WG_AS_WHEN_WHERE:
	case WG_AS_WHERE_WHEN_BY:
		place_sighting(p, value);
		break;
	case WG_AS_YES_NO:
		place_yes_no(p, value);
		break;
	case WG_AS_LOOKED_AFTER:
		place_looked_after(p, value);
		break;
	case WG_AS_ADDRESS:
		place_address(p, value);
		break;
	case WG_AS_TELEPHONE:
		place_telephone(p, value);
		break;
	case WG_AS_NETWORK:
		place_network(p, value);
		break;
	case WG_AS_NHS_NUMBER:
		place_nhs(p, value);
		break;
	case WG_AS_RISK:
		place_risk(p, value);
		break;
	case WG_AS_SEX:
		place_sex(p, value);
		break;
	case WG_AS_POLICE_REFERENCE:
		place_reference(p, value);
		break;
	case WG_AS_FORCE_NAME:
		place_force_name(p, value);
		break;
	case WG_AS_POLICE_FORCE:
	case WG_AS_AUTHORITY:
	case WG_AS_ETHNICITY:
	case WG_AS_LEGAL_STATUS:
	case WG_AS_PLACEMENT_TYPE:
	case WG_AS_CODE:
		wg_map_place_code(p, value);
		break;
	case WG_AS_CONSENT:
		wg_map_place_consent(p, value);
		break;
	case WG_AS_NUMBER:
		place_number(p, value);
		break;
	case WG_AS_PUPIL_NUMBER:
		place_pupil(p, value);
		break;
	case WG_AS_EMAIL:
		place_email(p, value);
		break;
	case WG_AS_ONLINE_IDENTITY:
		place_identities(p, value);
		break;
	case WG_AS_PASSWORD:
	case WG_AS_COUNT:
		wg_map_note(p, WG_NOT_CARRIED, "passwords are never carried");
		break;
	}
}

enum wg_code wg_map_place(const struct wg_map_target *target, const char *value, struct wg_map_outcome *outcome,
                          struct wg_err *err)
{
	struct wg_map_placing p = { .t = target, .outcome = outcome, .err = err };
	*outcome = (struct wg_map_outcome){ .what = WG_PLACED };
	place_by_kind(&p, value);
	return p.code;
}

bool wg_map_same(enum wg_map_as as, const char *a, const char *b, int64_t day)
{
	struct wg_value_when wa, wb;
	char da[WG_VALUE_DATE], db[WG_VALUE_DATE];
	if (wg_map_same_words(a, b))
		return true;
	if (as == WG_AS_DATE_AHEAD || as == WG_AS_WHEN_AHEAD)
		day += WG_MAP_AHEAD;
	if (as == WG_AS_DATE || as == WG_AS_DATE_AHEAD)
		return wg_value_date(a, day, da) && wg_value_date(b, day, db) && strcmp(da, db) == 0;
	if (as == WG_AS_WHEN || as == WG_AS_WHEN_AHEAD)
		return wg_value_when(a, day, &wa) && wg_value_when(b, day, &wb) && strcmp(wa.value, wb.value) == 0 &&
		       strcmp(wa.precision, wb.precision) == 0;
	return false;
}
