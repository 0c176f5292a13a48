/* child_ref.c owns what a person types to say which child.
 * SECURITY: it is a name, a date of birth or a number of a child: hashed here with the key and by the rules of match.c,
 * and wiped; no word of it leaves this file. */
#include "role/child_ref.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "notice/value.h"
#include "role/match.h"

struct reading {
	const struct wg_directory *directory;
	const struct wg_buf *lookup_key;
	int64_t today;
	struct wg_child_ref *ref;
};

/* scope NULL: the kind of key has none. */
static enum wg_code add(struct reading *r, enum wg_key_kind kind, const char *what, const char *a, const char *b,
                        const char *scope, struct wg_err *err)
{
	struct wg_child_ref *ref = r->ref;
	if (ref->count == WG_CHILD_REF_KEYS)
		return wg_err_set(err, WG_LIMIT,
		                  "the directory has too many organisations for a number without its system: "
		                  "say SYSTEM:NUMBER or FORCE:REFERENCE");
	struct wg_match_key *k = &ref->keys[ref->count];
	*k = (struct wg_match_key){ .kind = kind };
	enum wg_code code = wg_match_hash(r->lookup_key, what, a, b, k->key, err);
	if (code == WG_OK && scope != NULL)
		code = wg_match_hash(r->lookup_key, "scope", scope, "", k->scope, err);
	ref->count += code == WG_OK;
	return code;
}

/* A number of a system, whoever handed it in; the system may also be a police force. */
static enum wg_code add_of_system(struct reading *r, const char *system, const char *number, struct wg_err *err)
{
	char scope[WG_MATCH_SCOPE];
	const char *force = wg_match_organisation(r->directory, system, "police");
	enum wg_code code = add(r, WG_KEY_REFERENCE, "police-reference", number, force != NULL ? force : system, NULL, err);
	if (code == WG_OK) /* a system of the whole country, as "pupil number" */
		code = add(r, WG_KEY_LOCAL_ID, "local-id", number, system, system, err);
	bool named = wg_match_organisation(r->directory, system, "") != NULL;
	for (unsigned i = 0; code == WG_OK && i < wg_directory_count(r->directory); i++) {
		wg_match_scope(r->directory, system, wg_directory_at(r->directory, i)->id, scope);
		code = add(r, WG_KEY_LOCAL_ID, "local-id", number, scope, scope, err);
		if (named)
			break; /* the same for all */
	}
	return code;
}

/* A number alone: the reference of any force, or the number of whoever handed it in without naming a system. */
static enum wg_code add_alone(struct reading *r, const char *number, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (unsigned i = 0; code == WG_OK && i < wg_directory_count(r->directory); i++) {
		const char *id = wg_directory_at(r->directory, i)->id;
		code = add(r, WG_KEY_REFERENCE, "police-reference", number, id, NULL, err);
		if (code == WG_OK)
			code = add(r, WG_KEY_LOCAL_ID, "local-id", number, id, id, err);
	}
	return code;
}

/* "Tess Example, 2011-03-14": what is behind the last comma is the date. False when it is no such thing. */
static bool split_person(const struct reading *r, const char *typed, struct wg_value_person *person,
                         char birth[WG_VALUE_DATE])
{
	char name[WG_VALUE_MAX];
	const char *comma = strrchr(typed, ',');
	size_t n = comma != NULL ? (size_t)(comma - typed) : 0;
	if (n == 0 || n >= sizeof name || !wg_value_date(comma + 1, r->today, birth))
		return false;
	memcpy(name, typed, n);
	name[n] = '\0';
	bool good = wg_value_person(name, person);
	wg_wipe(name, sizeof name);
	return good;
}

static bool has_digit(const char *s)
{
	return s[strcspn(s, "0123456789")] != '\0';
}

static enum wg_code read_typed(struct reading *r, char *typed, struct wg_err *err)
{
	char nhs[WG_VALUE_NHS], birth[WG_VALUE_DATE];
	struct wg_value_person person;
	enum wg_code code;
	char *colon = strchr(typed, ':');
	bool says_nhs = strncasecmp(typed, "nhs:", 4) == 0;
	if (wg_id_valid(typed)) {
		memcpy(r->ref->id, typed, WG_ID_TEXT);
		code = WG_OK;
	} else if (wg_value_nhs(says_nhs ? typed + 4 : typed, nhs)) {
		code = add(r, WG_KEY_NHS, "nhs-number", nhs, "", NULL, err);
		wg_wipe(nhs, sizeof nhs);
	} else if (says_nhs) {
		code = wg_err_set(err, WG_REJECT, "that is no NHS number: ten digits, the last of which checks the others");
	} else if (split_person(r, typed, &person, birth)) {
		code = add(r, WG_KEY_NAME_BIRTH, "child", person.full, birth, NULL, err);
		wg_wipe(&person, sizeof person);
		wg_wipe(birth, sizeof birth);
	} else if (colon != NULL && colon > typed && has_digit(colon + 1)) {
		*colon = '\0';
		code = add_of_system(r, typed, colon + 1, err);
	} else if (has_digit(typed) && strchr(typed, ',') == NULL && colon == NULL) {
		code = add_alone(r, typed, err);
	} else {
		code = wg_err_set(err, WG_REJECT, "that names no child: say " WG_CHILD_REF_FORMS);
	}
	return code;
}

enum wg_code wg_child_ref_read(const char *typed, const struct wg_directory *directory, const struct wg_buf *lookup_key,
                               int64_t today, struct wg_child_ref *out, struct wg_err *err)
{
	char text[WG_VALUE_MAX];
	struct reading r = { .directory = directory, .lookup_key = lookup_key, .today = today, .ref = out };
	*out = (struct wg_child_ref){ 0 };
	size_t start = strspn(typed, " \t"), n = strlen(typed + start);
	if (n >= sizeof text)
		return wg_err_set(err, WG_REJECT, "that is too long to name a child: say " WG_CHILD_REF_FORMS);
	memcpy(text, typed + start, n + 1);
	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		text[--n] = '\0';
	out->keys = calloc(WG_CHILD_REF_KEYS, sizeof *out->keys);
	if (out->keys == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the keys of a child");
	enum wg_code code = read_typed(&r, text, err);
	wg_wipe(text, sizeof text);
	return code;
}

void wg_child_ref_free(struct wg_child_ref *ref)
{
	if (ref->keys != NULL)
		wg_wipe(ref->keys, WG_CHILD_REF_KEYS * sizeof *ref->keys);
	free(ref->keys);
	*ref = (struct wg_child_ref){ 0 };
}

/* As many keys at a time as the store takes; two answers that differ are two children. */
enum wg_code wg_child_ref_find(const struct wg_child_ref *ref, struct wg_client *client, uint64_t *child,
                               struct wg_err *err)
{
	uint64_t found = 0;
	if (ref->id[0] != '\0')
		return wg_client_child(client, ref->id, NULL, 0, child, err);
	for (unsigned at = 0; at < ref->count; at += WG_STORE_KEYS_MAX) {
		uint64_t one = 0;
		unsigned n = ref->count - at < WG_STORE_KEYS_MAX ? ref->count - at : WG_STORE_KEYS_MAX;
		enum wg_code code = wg_client_child(client, "", ref->keys + at, n, &one, err);
		if (code == WG_NOT_FOUND)
			continue;
		if (code != WG_OK)
			return code;
		if (found != 0 && found != one)
			return wg_err_set(err, WG_REJECT, "more than one child is known by that: name a message about the child");
		found = one;
	}
	if (found == 0)
		return wg_err_set(err, WG_NOT_FOUND, "no child is known by that");
	*child = found;
	return WG_OK;
}
