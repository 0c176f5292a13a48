/* facts_answers.c owns the functions that conditions may call, and what they answer. SECURITY: the notice comes from
 * outside; what it says is compared, never interpreted. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "policy/policy_internal.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

/* consent('role'): what is recorded of consent to share what is in the notice with that role: the strictest of given,
 * not-known, not-sought, expired, refused and withdrawn over its categories; consent('role', 'category'): for that one
 * alone. age(): the child's age in whole years
 * today, "" when the date of birth is not known. live-episode(): whether the child is missing now: yes, no, not-known.
 * working-hours('name'): whether that office is open now: yes, no. relation(): whether the authority that is
 * responsible for the child is the one where it is: own, other, not-known; relation('submitter'): who handed the notice
 * in, seen from them. */
const char *const wg_facts_functions[] = { "consent", "age", "live-episode", "working-hours", "relation", NULL };

/* Over no category at all nothing is known. The answer stands until something that was given to the role ends. */
static const char *consent(struct wg_facts_view *view, const char *role, wg_categories about)
{
	int64_t until = wg_consents_until(view->consents, role, view->now);
	view->until = until < view->until ? until : view->until;
	enum wg_consent_state strictest = about != WG_CATEGORIES_NONE ? WG_CONSENT_GIVEN : WG_CONSENT_NOT_KNOWN;
	for (wg_categories left = about; left != 0; left &= left - 1) {
		unsigned category = (unsigned)__builtin_ctzll(left);
		enum wg_consent_state state = wg_consents_state(view->consents, role, category, view->now, NULL);
		if (state > strictest)
			strictest = state;
	}
	return wg_consent_state_name(strictest);
}

/* The year of "2011-03-14". */
static int year_of(const char *date)
{
	char part[8] = "";
	uint64_t year = 0;
	memcpy(part, date, 4);
	(void)wg_num_parse(part, 1, 9999, &year); /* it is a day */
	return (int)year;
}

/* Whole years between the date of birth and today; somebody born on 29 February has the birthday on 1 March otherwise.
 * Days of this form compare as text. */
static const char *age(struct wg_facts_view *view)
{
	char today[WG_CLOCK_TEXT];
	int64_t day;
	WG_AUTO_FREE char *born = NULL;
	enum wg_code code = wg_facts_view_text(view, "child/date-of-birth", &born, &view->why);
	if (code != WG_OK)
		view->fault = code;
	if (born == NULL || !wg_policy_words_day(born, &day))
		return "";
	(void)wg_clock_format(view->today * DAY_MS, today); /* "2026-11-22T00:00:00Z" */
	int years = year_of(today) - year_of(born) - (strncmp(today + 5, born + 5, 5) < 0 ? 1 : 0);
	if (years < 0)
		return "";
	(void)snprintf(view->scratch, sizeof view->scratch, "%d", years); /* four digits fit */
	return view->scratch;
}

static const char *live_episode(const struct wg_facts_view *view)
{
	const char *live = view->given->live_episode;
	return live != NULL && (strcmp(live, "yes") == 0 || strcmp(live, "no") == 0) ? live : "not-known";
}

static const char *relation(const struct wg_facts_view *view)
{
	if (view->side[0][0] == '\0' || view->side[1][0] == '\0')
		return "not-known";
	return strcmp(view->side[0], view->side[1]) == 0 ? "own" : "other";
}

/* Who handed it in, seen from the authorities of the notice. */
static const char *submitter(const struct wg_facts_view *view)
{
	static const char *const councils[] = { "other", "placing", "host", "both" };
	static const char *const forces[] = { "other", "police-of-placing", "police-of-host", "police-of-both" };
	static const char *const others[] = { "provider", "home", "health", "school" };
	const struct wg_organisation *o = wg_directory_find(view->directory, view->given->submitter);
	if (o == NULL)
		return "other";
	unsigned sides =
		(wg_organisation_covers(o, view->side[0]) ? 1U : 0U) + (wg_organisation_covers(o, view->side[1]) ? 2U : 0U);
	if (strcmp(o->kind, "council") == 0)
		return councils[sides];
	if (strcmp(o->kind, "police") == 0)
		return forces[sides];
	for (size_t i = 0; i < WG_COUNT(others); i++)
		if (strcmp(o->kind, others[i]) == 0)
			return others[i];
	return "other";
}

const char *wg_facts_function(void *arg, const char *name, const char *const *args, int n)
{
	struct wg_facts_view *view = arg;
	if (strcmp(name, "consent") == 0)
		return consent(view, args[0], n == 1 ? view->present : wg_category_find(args[1])); /* the loader saw them */
	if (strcmp(name, "age") == 0)
		return age(view);
	if (strcmp(name, "live-episode") == 0)
		return live_episode(view);
	if (strcmp(name, "working-hours") == 0)
		return wg_policy_open(view->policy, args[0], view->today, view->minute) ? "yes" : "no";
	return n == 0 ? relation(view) : submitter(view);
}
