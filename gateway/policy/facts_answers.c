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

/* Over no category at all nothing is known. */
static const char *consent(const struct wg_facts_view *view, const char *role, wg_categories about)
{
	enum wg_consent_state strictest = about != WG_CATEGORIES_NONE ? WG_CONSENT_GIVEN : WG_CONSENT_NOT_KNOWN;
	for (wg_categories left = about; left != 0; left &= left - 1) {
		unsigned category = (unsigned)__builtin_ctzll(left);
		enum wg_consent_state state = wg_consents_state(view->consents, role, category, view->now, NULL);
		if (state > strictest)
			strictest = state;
	}
	return wg_consent_state_name(strictest);
}

/* A date as its parts. */
struct civil {
	int year, month, day;
};

/* "2011-03-14", whatever stands behind it. */
static bool parse_date(const char *text, struct civil *out)
{
	char part[3][8] = { "", "", "" };
	uint64_t n[3];
	int64_t day;
	if (strlen(text) < 10)
		return false;
	memcpy(part[0], text, 4);
	memcpy(part[1], text + 5, 2);
	memcpy(part[2], text + 8, 2);
	if (!wg_num_parse(part[0], 1, 9999, &n[0]) || !wg_num_parse(part[1], 1, 12, &n[1]) ||
	    !wg_num_parse(part[2], 1, 31, &n[2]))
		return false;
	*out = (struct civil){ (int)n[0], (int)n[1], (int)n[2] };
	return wg_clock_days(out->year, out->month, out->day, &day);
}

/* Whole years between the date of birth and today; somebody born on 29 February has the birthday on 1 March otherwise.
 */
static const char *age(struct wg_facts_view *view)
{
	struct civil born, today;
	char text[WG_CLOCK_TEXT];
	WG_AUTO_FREE char *birth = NULL;
	enum wg_code code = wg_facts_view_text(view, "child/date-of-birth", &birth, &view->why);
	if (code != WG_OK)
		view->fault = code;
	if (birth == NULL || strlen(birth) != 10 || !parse_date(birth, &born) ||
	    !parse_date(wg_clock_format(view->today * DAY_MS, text), &today))
		return "";
	int years = today.year - born.year -
	            (today.month < born.month || (today.month == born.month && today.day < born.day) ? 1 : 0);
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
