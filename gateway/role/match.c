/* match.c owns the keyed hashes of a notice: by them the store finds child and episode, without a name; and what each
 * kind of notice has to do with an episode. gateway/store/MATCHING.md says what is made of them. */
#include "role/match.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "role/outcome.h"

/* Names and numbers are single lines; a longer one is no key. */
#define VALUE_MAX 256
/* Numbers in agencies' systems, and names that a child is known as, that are looked at. */
#define REPEATS 9

static const struct {
	const char *kind;
	enum wg_relation relation;
} relations[] = {
	{ "missing", WG_RELATION_OPENS },
	{ "missing-onward", WG_RELATION_OPENS },
	{ "high-risk", WG_RELATION_OPENS },
	{ "found", WG_RELATION_CLOSES },
	{ "found-onward", WG_RELATION_CLOSES },
	{ "prevention-interview", WG_RELATION_AFTER },
	{ "return-interview-request", WG_RELATION_AFTER },
	{ "return-interview-outcome", WG_RELATION_AFTER },
	{ "return-interview", WG_RELATION_AFTER },
	{ "risk-update", WG_RELATION_WITHIN },
	{ "grade-dispute", WG_RELATION_WITHIN },
	{ "intelligence", WG_RELATION_WITHIN },
	{ "checks", WG_RELATION_WITHIN },
	{ "incident-form", WG_RELATION_WITHIN },
	{ "safeguarding-referral", WG_RELATION_WITHIN },
	{ "nrm", WG_RELATION_WITHIN },
	{ "home-office", WG_RELATION_WITHIN },
	{ "welfare-check", WG_RELATION_WITHIN },
	{ "meeting-request", WG_RELATION_WITHIN },
	{ "meeting-minutes", WG_RELATION_WITHIN },
	{ "duration-escalation", WG_RELATION_WITHIN },
	{ "need-to-know", WG_RELATION_WITHIN },
	{ "national-alert", WG_RELATION_WITHIN },
	{ "national-alert-cancelled", WG_RELATION_WITHIN },
	{ "media-notice", WG_RELATION_WITHIN },
	{ "correction", WG_RELATION_WITHIN },
	{ "recall", WG_RELATION_WITHIN },
	{ "absence", WG_RELATION_NONE }, /* where the child is, is known: no missing episode (D-04) */
	{ "profile", WG_RELATION_NONE },
	{ "associates", WG_RELATION_NONE },
	{ "location-form", WG_RELATION_NONE },
	{ "placement-notice", WG_RELATION_NONE },
	{ "placement-change", WG_RELATION_NONE },
	{ "placement-end", WG_RELATION_NONE },
	{ "home-admission", WG_RELATION_NONE },
	{ "home-discharge", WG_RELATION_NONE },
	{ "count-alert", WG_RELATION_NONE },
	{ "repeat-missing-letter", WG_RELATION_NONE },
	{ "digest", WG_RELATION_NONE },
	{ "acknowledgement", WG_RELATION_NONE },
	{ "rejection", WG_RELATION_NONE },
	{ "form-return", WG_RELATION_NONE },
	{ "review-overdue", WG_RELATION_NONE },
	{ "not-confirmed", WG_RELATION_NONE },
	{ "receipt", WG_RELATION_NONE },
	{ "alert", WG_RELATION_NONE },
};

bool wg_match_relation(const char *kind, enum wg_relation *out)
{
	for (size_t i = 0; i < WG_COUNT(relations); i++)
		if (strcmp(relations[i].kind, kind) == 0) {
			*out = relations[i].relation;
			return true;
		}
	return false;
}

/* ---- folding */

/* The small letter of a capital one, as far as names in Europe go; 0 for what tells no names apart: blanks,
 * punctuation, marks. */
static uint32_t fold(uint32_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c + 32;
	if (c < 0x80)
		return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : 0;
	if (c < 0xC0 || c == 0xD7 || c == 0xF7 || (c >= 0x2000 && c <= 0x206F))
		return 0;
	if (c <= 0xDE)
		return c + 32;
	if (c >= 0x100 && c <= 0x137)
		return c | 1;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E))
		return (c & 1) != 0 ? c + 1 : c;
	if (c >= 0x14A && c <= 0x177)
		return c | 1;
	return c;
}

void wg_match_fold(const char *s, struct wg_buf *out)
{
	for (size_t left = strlen(s), n; left > 0; s += n, left -= n) {
		uint32_t c = (unsigned char)*s, small;
		n = c < 0x80 ? 1 : wg_utf8_decode(s, left, &c);
		small = n > 0 ? fold(c) : 0;
		if (n == 0)
			n = 1; /* never in a notice, which is UTF-8 */
		else if (small == 0)
			continue;
		else if (small < 0x80)
			wg_buf_putc(out, (char)small);
		else /* two or more bytes: as they were, but for the capital that was made small, which is as long */
			wg_buf_printf(out, "%x.", small);
	}
}

/* True when both are the same words. */
static bool same(const char *a, const char *b)
{
	WG_AUTO_BUF struct wg_buf x = WG_BUF(8 * VALUE_MAX), y = WG_BUF(8 * VALUE_MAX);
	wg_match_fold(a, &x);
	wg_match_fold(b, &y);
	bool equal = x.len > 0 && x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
	wg_buf_wipe(&x);
	wg_buf_wipe(&y);
	return equal;
}

/* ---- keys */

static enum wg_code keyed(const struct wg_buf *lookup_key, const struct wg_buf *text, char out[static WG_STORE_KEY],
                          struct wg_err *err)
{
	char whole[WG_HASH_TEXT];
	enum wg_code code = wg_hmac_hex(lookup_key->data, lookup_key->len, text->data, text->len, whole, err);
	if (code == WG_OK) {
		memcpy(out, whole, WG_STORE_KEY - 1);
		out[WG_STORE_KEY - 1] = '\0';
	}
	return code;
}

enum wg_code wg_match_hash(const struct wg_buf *lookup_key, const char *what, const char *a, const char *b,
                           char out[static WG_STORE_KEY], struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(32 * VALUE_MAX);
	const char *parts[] = { what, a, b };
	for (size_t i = 0; i < WG_COUNT(parts); i++) {
		wg_match_fold(parts[i], &text);
		wg_buf_putc(&text, '|');
	}
	enum wg_code code = wg_buf_check(&text, "key", err);
	if (code == WG_OK)
		code = keyed(lookup_key, &text, out, err);
	wg_buf_wipe(&text);
	return code;
}

struct making {
	struct wg_process *p;
	const struct wg_msg_job *job;
	const struct wg_notice *notice;
	struct wg_outcome *o;
	char name[VALUE_MAX], birth[VALUE_MAX]; /* "" where not known */
};

/* One keyed hash over `what` and what it is made of; the scope, unless NULL, hashed too. */
static enum wg_code add(struct making *m, enum wg_key_kind kind, const char *what, const char *a, const char *b,
                        const char *scope, struct wg_err *err)
{
	struct wg_msg_done *done = &m->o->done;
	if (done->key_count == WG_OUTCOME_KEYS)
		return WG_OK;
	struct wg_match_key *k = &m->o->keys[done->key_count];
	*k = (struct wg_match_key){ .kind = kind };
	enum wg_code code = wg_match_hash(&m->p->lookup_key, what, a, b, k->key, err);
	if (code == WG_OK && scope != NULL)
		code = wg_match_hash(&m->p->lookup_key, "scope", scope, "", k->scope, err);
	if (code == WG_OK)
		done->key_count++;
	return code;
}

const char *wg_match_organisation(const struct wg_directory *directory, const char *name, const char *kind)
{
	for (unsigned i = 0; i < wg_directory_count(directory); i++) {
		const struct wg_organisation *o = wg_directory_at(directory, i);
		if ((*kind == '\0' || strcmp(o->kind, kind) == 0) && (same(o->id, name) || same(o->name, name)))
			return o->id;
	}
	return NULL;
}

void wg_match_scope(const struct wg_directory *directory, const char *system, const char *organisation,
                    char out[static WG_MATCH_SCOPE])
{
	const char *known = *system != '\0' ? wg_match_organisation(directory, system, "") : organisation;
	(void)snprintf(out, WG_MATCH_SCOPE, "%s%s%s", known != NULL ? known : system, known != NULL ? "" : " of ",
	               known != NULL ? "" : organisation); /* a longer one is cut, the same way each time */
}

static enum wg_code add_reference(struct making *m, struct wg_err *err)
{
	char reference[VALUE_MAX], force[VALUE_MAX];
	if (!wg_notice_get_into(m->notice, "episode/police-reference", reference, sizeof reference) || *reference == '\0')
		return WG_OK;
	if (!wg_notice_get_into(m->notice, "episode/police-reference/@force", force, sizeof force) || *force == '\0')
		return add(m, WG_KEY_REFERENCE, "police-reference", reference, m->job->organisation, NULL, err);
	const char *known = wg_match_organisation(m->p->directory, force, "police");
	return add(m, WG_KEY_REFERENCE, "police-reference", reference, known != NULL ? known : force, NULL, err);
}

static enum wg_code add_local(struct making *m, const char *scheme, const char *number, struct wg_err *err)
{
	char scope[WG_MATCH_SCOPE];
	wg_match_scope(m->p->directory, scheme, m->job->organisation, scope);
	return add(m, WG_KEY_LOCAL_ID, "local-id", number, scope, scope, err);
}

static enum wg_code add_numbers(struct making *m, struct wg_err *err)
{
	static const struct {
		const char *path, *scope; /* of one system in the whole country */
	} national[] = {
		{ "child/pupil-number", "pupil number" },
		{ "child/home-office-reference", "home office" },
		{ "child/unborn/mother-nhs-number", "unborn child of" },
	};
	char number[VALUE_MAX], scheme[VALUE_MAX], path[64];
	enum wg_code code = WG_OK;
	for (unsigned i = 1; code == WG_OK && i <= REPEATS; i++) {
		(void)snprintf(path, sizeof path, "child/local-id[%u]", i); /* it fits */
		if (!wg_notice_get_into(m->notice, path, number, sizeof number) || *number == '\0')
			continue;
		(void)snprintf(path, sizeof path, "child/local-id[%u]/@scheme", i); /* likewise */
		(void)wg_notice_get_into(m->notice, path, scheme, sizeof scheme);   /* "" when there is none */
		code = add_local(m, scheme, number, err);
	}
	for (size_t i = 0; code == WG_OK && i < WG_COUNT(national); i++)
		if (wg_notice_get_into(m->notice, national[i].path, number, sizeof number) && *number != '\0')
			code = add(m, WG_KEY_LOCAL_ID, "local-id", number, national[i].scope, national[i].scope, err);
	if (code == WG_OK && wg_notice_get_into(m->notice, "child/nhs-number", number, sizeof number) && *number != '\0')
		code = add(m, WG_KEY_NHS, "nhs-number", number, "", NULL, err);
	wg_wipe(number, sizeof number);
	return code;
}

/* YYYY-MM-DD and nothing else. */
static bool is_date(const char *s)
{
	return strlen(s) == 10 && strspn(s, "0123456789-") == 10 && s[4] == '-' && s[7] == '-';
}

/* With day and month exchanged, where that is a date too, and another one. */
static bool swap_date(const char *date, char out[11])
{
	if (memcmp(date + 8, "12", 2) > 0 || memcmp(date + 5, date + 8, 2) == 0)
		return false;
	(void)snprintf(out, 11, "%.4s-%.2s-%.2s", date, date + 8, date + 5); /* it fits */
	return true;
}

/* First and last word of a name; false when it has one only. */
static bool split(const char *name, char first[VALUE_MAX], char last[VALUE_MAX])
{
	const char *start = name + strspn(name, " "), *end = start + strlen(start);
	while (end > start && end[-1] == ' ')
		end--;
	const char *gap = start + strcspn(start, " "), *word = end;
	while (word > start && word[-1] != ' ')
		word--;
	if (gap >= end)
		return false;
	(void)snprintf(first, VALUE_MAX, "%.*s", (int)(gap - start), start); /* it fits */
	(void)snprintf(last, VALUE_MAX, "%.*s", (int)(end - word), word);    /* likewise */
	return true;
}

static enum wg_code add_birth(struct making *m, struct wg_err *err)
{
	char first[VALUE_MAX], last[VALUE_MAX], swapped[11];
	enum wg_code code = add(m, WG_KEY_BIRTH, "birth", m->birth, "", NULL, err);
	if (code != WG_OK || *m->name == '\0')
		return code;
	code = add(m, WG_KEY_NAME_BIRTH, "child", m->name, m->birth, NULL, err);
	if (code == WG_OK && swap_date(m->birth, swapped))
		code = add(m, WG_KEY_SWAPPED, "child", m->name, swapped, NULL, err);
	if (code == WG_OK && split(m->name, first, last)) {
		code = add(m, WG_KEY_SURNAME_BIRTH, "surname", last, m->birth, NULL, err);
		if (code == WG_OK)
			code = add(m, WG_KEY_FORENAME_BIRTH, "forename", first, m->birth, NULL, err);
	}
	wg_wipe(first, sizeof first);
	wg_wipe(last, sizeof last);
	return code;
}

/* The full name, and the surname behind what the child is known as. */
static enum wg_code add_names(struct making *m, struct wg_err *err)
{
	char known[VALUE_MAX], first[VALUE_MAX], last[VALUE_MAX] = "", path[64], whole[2 * VALUE_MAX + 2];
	enum wg_code code = add(m, WG_KEY_NAME, "name", m->name, "", NULL, err);
	bool two = split(m->name, first, last);
	for (unsigned i = 1; code == WG_OK && i <= REPEATS; i++) {
		(void)snprintf(path, sizeof path, "child/name/known-as[%u]", i); /* it fits */
		if (!wg_notice_get_into(m->notice, path, known, sizeof known) || *known == '\0')
			continue;
		bool alone = strchr(known, ' ') == NULL;
		(void)snprintf(whole, sizeof whole, "%s %s", known, alone && two ? last : ""); /* it fits */
		code = add(m, WG_KEY_NAME, "name", whole, "", NULL, err);
	}
	wg_wipe(known, sizeof known);
	wg_wipe(first, sizeof first);
	wg_wipe(last, sizeof last);
	wg_wipe(whole, sizeof whole);
	return code;
}

/* A child that is not born yet is known by its mother; the words before her name keep it from being taken for her. */
static void find_person(struct making *m)
{
	char mother[VALUE_MAX - 16];
	if (!wg_notice_get_into(m->notice, "child/name/full", m->name, sizeof m->name) &&
	    wg_notice_get_into(m->notice, "child/unborn/mother", mother, sizeof mother) && *mother != '\0') {
		(void)snprintf(m->name, sizeof m->name, "unborn-child-of %s", mother); /* it fits */
		(void)wg_notice_get_into(m->notice, "child/unborn/expected", m->birth, sizeof m->birth);
		wg_wipe(mother, sizeof mother);
	} else {
		(void)wg_notice_get_into(m->notice, "child/date-of-birth", m->birth, sizeof m->birth); /* or "" */
	}
	if (!is_date(m->birth))
		m->birth[0] = '\0';
}

enum wg_code wg_match_keys(struct wg_process *p, const struct wg_msg_job *job, const struct wg_notice *notice,
                           struct wg_outcome *o, struct wg_err *err)
{
	struct making m = { .p = p, .job = job, .notice = notice, .o = o };
	if (!wg_match_relation(o->done.kind, &o->done.relation))
		o->done.relation = WG_RELATION_WITHIN; /* a kind of a later schema: it belongs where its words put it */
	find_person(&m);
	enum wg_code code = add_reference(&m, err);
	if (code == WG_OK)
		code = add_numbers(&m, err);
	if (code == WG_OK && *m.name != '\0')
		code = add_names(&m, err);
	if (code == WG_OK && *m.birth != '\0')
		code = add_birth(&m, err);
	wg_wipe(m.name, sizeof m.name);
	wg_wipe(m.birth, sizeof m.birth);
	return code;
}

enum wg_code wg_match_content(struct wg_process *p, const struct wg_notice *notice, struct wg_outcome *o,
                              struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf content = WG_BUF(WG_LIMIT_NOTICE);
	enum wg_code code = wg_notice_content(notice, &content, err);
	if (code == WG_OK)
		code = keyed(&p->lookup_key, &content, o->done.content_key, err);
	wg_buf_wipe(&content);
	return code;
}
