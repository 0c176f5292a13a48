/* consent.c owns the records of one child about sharing, and which of them is in force. */
#include "policy/consent.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

struct wg_consents {
	struct wg_consent *list[WG_CONSENTS_MAX];
	size_t count;
};

static const char *const states[WG_CONSENT_STATES] = {
	[WG_CONSENT_GIVEN] = "given",     [WG_CONSENT_NOT_KNOWN] = "not-known", [WG_CONSENT_NOT_SOUGHT] = "not-sought",
	[WG_CONSENT_EXPIRED] = "expired", [WG_CONSENT_REFUSED] = "refused",     [WG_CONSENT_WITHDRAWN] = "withdrawn",
};

const char *wg_consent_state_name(enum wg_consent_state state)
{
	return states[state];
}

bool wg_consent_state_find(const char *name, enum wg_consent_state *out)
{
	for (size_t i = 0; i < WG_COUNT(states); i++)
		if (strcmp(states[i], name) == 0) {
			*out = (enum wg_consent_state)i;
			return true;
		}
	return false;
}

/* Names, and what was told in confidence: not left behind in freed memory. */
static void forget(char **text)
{
	if (*text != NULL)
		wg_wipe(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

void wg_consent_freep(struct wg_consent **record)
{
	struct wg_consent *r = *record;
	if (r != NULL) {
		char **texts[] = { &r->to,     &r->answered_by, &r->answered_name, &r->competent,  &r->form,
			               &r->told,   &r->told_by,     &r->told_at,       &r->language,   &r->purpose,
			               &r->limits, &r->reason,      &r->message,       &r->recorded_by };
		for (size_t i = 0; i < WG_COUNT(texts); i++)
			forget(texts[i]);
	}
	free(r);
	*record = NULL;
}

enum wg_code wg_consents_new(struct wg_consents **out, struct wg_err *err)
{
	struct wg_consents *consents = calloc(1, sizeof *consents);
	if (consents == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for records of consent");
	*out = consents;
	return WG_OK;
}

void wg_consents_freep(struct wg_consents **consents)
{
	for (size_t i = 0; *consents != NULL && i < (*consents)->count; i++)
		wg_consent_freep(&(*consents)->list[i]);
	free(*consents);
	*consents = NULL;
}

enum wg_code wg_consents_add(struct wg_consents *consents, struct wg_consent *record, struct wg_err *err)
{
	for (size_t i = 0; i < consents->count; i++)
		if (strcmp(consents->list[i]->id, record->id) == 0) {
			wg_consent_freep(&consents->list[i]);
			consents->list[i] = record;
			return WG_OK;
		}
	if (consents->count == WG_CONSENTS_MAX) {
		wg_consent_freep(&record);
		return wg_err_set(err, WG_LIMIT, "more than %d records of consent about one child", WG_CONSENTS_MAX);
	}
	consents->list[consents->count++] = record;
	return WG_OK;
}

size_t wg_consents_count(const struct wg_consents *consents)
{
	return consents != NULL ? consents->count : 0;
}

const struct wg_consent *wg_consents_at(const struct wg_consents *consents, size_t i)
{
	return i < wg_consents_count(consents) ? consents->list[i] : NULL;
}

static enum wg_consent_state state_at(const struct wg_consent *record, int64_t now)
{
	return record->state == WG_CONSENT_GIVEN && record->until <= now ? WG_CONSENT_EXPIRED : record->state;
}

/* Somebody was asked and said something: not that nobody asked, or that nobody knows. */
static bool is_answer(const struct wg_consent *record)
{
	return record->state != WG_CONSENT_NOT_SOUGHT && record->state != WG_CONSENT_NOT_KNOWN;
}

/* The role is among those that the record names, or, with all, the record is for everybody. */
static bool speaks_of(const struct wg_consent *record, const char *role, bool all)
{
	const char *to = record->to != NULL ? record->to : "";
	bool everybody = strcmp(to, "*") == 0;
	return all ? everybody : !everybody && wg_list_has(to, role);
}

static bool counts(const struct wg_consent *record, unsigned category, int64_t now)
{
	return record->at <= now && (record->categories >> category & 1) != 0;
}

/* Of the records for a role, or of those for everybody: the strictest of the instant of the latest answer; of the
 * latest record where nobody has answered. NULL when there is none. */
static const struct wg_consent *latest(const struct wg_consents *consents, const char *role, bool all,
                                       unsigned category, int64_t now)
{
	const struct wg_consent *best = NULL;
	bool answered = false;
	for (size_t i = 0; i < wg_consents_count(consents); i++) {
		const struct wg_consent *r = consents->list[i];
		if (!counts(r, category, now) || !speaks_of(r, role, all) || (answered && !is_answer(r)))
			continue;
		if (best == NULL || is_answer(r) != answered || r->at > best->at)
			best = r;
		answered = is_answer(r);
	}
	for (size_t i = 0; best != NULL && i < consents->count; i++) {
		const struct wg_consent *r = consents->list[i];
		if (r->at == best->at && counts(r, category, now) && speaks_of(r, role, all) &&
		    state_at(r, now) > state_at(best, now))
			best = r;
	}
	return best;
}

enum wg_consent_state wg_consents_state(const struct wg_consents *consents, const char *role, unsigned category,
                                        int64_t now, const struct wg_consent **which)
{
	const struct wg_consent *named = latest(consents, role, false, category, now);
	const struct wg_consent *all = latest(consents, role, true, category, now);
	const struct wg_consent *best = named != NULL ? named : all;
	if (named != NULL && all != NULL && all->at > named->at && state_at(all, now) >= WG_CONSENT_REFUSED)
		best = all;
	if (which != NULL)
		*which = best;
	return best != NULL ? state_at(best, now) : WG_CONSENT_NOT_KNOWN;
}

int64_t wg_consents_until(const struct wg_consents *consents, const char *role, int64_t now)
{
	int64_t until = INT64_MAX;
	for (size_t i = 0; i < wg_consents_count(consents); i++) {
		const struct wg_consent *r = consents->list[i];
		bool holds = r->state == WG_CONSENT_GIVEN && r->at <= now && r->until > now;
		if (holds && r->until < until && (speaks_of(r, role, false) || speaks_of(r, role, true)))
			until = r->until;
	}
	return until;
}
