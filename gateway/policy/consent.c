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

/* How near a record's recipients come to a role: 2 names it, 1 is for all, 0 is about others. */
static unsigned nearness(const struct wg_consent *record, const char *role)
{
	const char *to = record->to != NULL ? record->to : "";
	if (strcmp(to, "*") == 0)
		return 1;
	return wg_list_has(to, role) ? 2 : 0;
}

static bool counts(const struct wg_consent *record, unsigned category, int64_t now)
{
	return record->at <= now && (record->categories >> category & 1) != 0;
}

/* What of the records is to be asked: those as near as the nearest, of the instant of the latest answer among them, or
 * of the latest record where nobody has answered. */
struct deciding {
	unsigned nearness;
	bool answered;
	int64_t at;
};

static void consider(struct deciding *d, const struct wg_consent *record, const char *role)
{
	unsigned near = nearness(record, role);
	bool answer = is_answer(record);
	if (near == 0 || near < d->nearness || (near == d->nearness && d->answered && !answer))
		return;
	bool other = near > d->nearness || (answer && !d->answered);
	if (other || record->at > d->at)
		*d = (struct deciding){ .nearness = near, .answered = answer, .at = record->at };
}

enum wg_consent_state wg_consents_state(const struct wg_consents *consents, const char *role, unsigned category,
                                        int64_t now, const struct wg_consent **which)
{
	struct deciding deciding = { 0 };
	const struct wg_consent *strictest = NULL;
	for (size_t i = 0; i < wg_consents_count(consents); i++)
		if (counts(consents->list[i], category, now))
			consider(&deciding, consents->list[i], role);
	for (size_t i = 0; i < wg_consents_count(consents); i++) {
		const struct wg_consent *r = consents->list[i];
		if (!counts(r, category, now) || r->at != deciding.at || nearness(r, role) != deciding.nearness ||
		    deciding.nearness == 0)
			continue;
		if (strictest == NULL || state_at(r, now) > state_at(strictest, now))
			strictest = r;
	}
	if (which != NULL)
		*which = strictest;
	return strictest != NULL ? state_at(strictest, now) : WG_CONSENT_NOT_KNOWN;
}
