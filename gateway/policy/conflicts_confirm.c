/* conflicts_confirm.c owns what a reader of the deadlines would overlook: kinds without one, rules that others always
 * stand before, steps that can tell nobody. */
#include <string.h>

#include "base/mem.h"
#include "policy/confirm_internal.h"

struct search {
	const struct wg_policy *policy;
	const struct wg_directory *directory;
	struct wg_buf *out;
	unsigned *found;
};

static void finding(const struct search *s, const char *what, const char *words)
{
	wg_buf_printf(s->out, "%s: %s\n", what, words);
	(*s->found)++;
}

/* ---- every kind has one that asks nothing of the notice */

static bool has_default(const struct wg_policy *policy, unsigned kind)
{
	for (unsigned i = 0; i < policy->deadline_count; i++) {
		const struct wg_deadline *one = &policy->deadlines[i];
		if (wg_set_has(&one->kinds, kind) && wg_set_full(&one->to) && one->sides == (1U << WG_SIDES) - 1 &&
		    one->at[0] == '\0' && one->when.condition == NULL && policy->layers[one->layer].everywhere)
			return true;
	}
	return false;
}

static bool is_sent(const struct wg_policy *policy, unsigned kind)
{
	for (unsigned i = 0; i < policy->route_count; i++)
		if (wg_set_has(&policy->routes[i].kinds, kind))
			return true;
	return false;
}

static void check_kinds(const struct search *s)
{
	const struct wg_policy *p = s->policy;
	for (unsigned k = 0; k < p->kind_count; k++)
		if (!wg_confirm_exempt(p->kinds[k]) && is_sent(p, k) && !has_default(p, k))
			finding(s, p->kinds[k],
			        "nobody is told when a notice of this kind is not confirmed: add a <deadline> for it, or one for "
			        "kind=\"*\" to=\"*\"");
}

/* ---- rules that never count: another is written after it, for the same or more, and asks nothing */

static bool holds(const struct wg_set *more, const struct wg_set *less)
{
	struct wg_set left = *less;
	wg_set_remove(&left, more);
	for (unsigned i = 0; i < WG_COUNT(left.word); i++)
		if (left.word[i] != 0)
			return false;
	return true;
}

static bool stands_before(const struct wg_policy *p, const struct wg_deadline *other, const struct wg_deadline *one)
{
	bool narrower = wg_set_full(&other->kinds) && !wg_set_full(&one->kinds);
	return other->when.condition == NULL && one->when.condition == NULL && other->at[0] == '\0' && !narrower &&
	       holds(&other->kinds, &one->kinds) && holds(&other->to, &one->to) && (one->sides & ~other->sides) == 0 &&
	       wg_set_full(&other->to) == wg_set_full(&one->to) &&
	       (p->layers[other->layer].everywhere || other->layer == one->layer);
}

static void check_unused(const struct search *s)
{
	const struct wg_policy *p = s->policy;
	for (unsigned i = 0; i < p->deadline_count; i++)
		for (unsigned k = i + 1; k < p->deadline_count; k++)
			if (stands_before(p, &p->deadlines[k], &p->deadlines[i])) {
				finding(s, p->deadlines[i].id,
				        "another deadline for the same comes after it and counts: take one of them out");
				break;
			}
}

/* ---- steps that tell nobody, or never come */

static void check_hours(const struct search *s, const struct wg_deadline *one, const char *hours)
{
	WG_AUTO_BUF struct wg_buf words = WG_BUF(2048);
	if (hours[0] == '\0' || strcmp(hours, WG_CONFIRM_IN_DESK) == 0 ||
	    wg_confirm_opens(s->policy, hours, 0) != INT64_MAX)
		return;
	wg_buf_printf(&words, "the hours of %s never come: give them days on which it is open", hours);
	finding(s, one->id, wg_buf_text(&words));
}

static bool anybody_has(const struct wg_directory *directory, bool out_of_hours)
{
	for (unsigned i = 0; i < wg_directory_count(directory); i++) {
		const struct wg_organisation *o = wg_directory_at(directory, i);
		for (unsigned d = 0; d < o->desk_count; d++)
			if ((out_of_hours ? o->desks[d].out_of_hours : o->desks[d].alternate)[0] != '\0')
				return true;
	}
	return false;
}

static bool anybody_is(const struct wg_directory *directory, const char *role)
{
	for (unsigned i = 0; i < wg_directory_count(directory); i++)
		if (wg_organisation_role(wg_directory_at(directory, i), role) != NULL)
			return true;
	return false;
}

static bool any_step(const struct wg_policy *policy, enum wg_confirm_whom whom)
{
	for (unsigned i = 0; i < policy->deadline_count; i++)
		for (unsigned k = 0; k < policy->deadlines[i].step_count; k++)
			if (policy->deadlines[i].steps[k].whom == whom)
				return true;
	return false;
}

static void check_roles(const struct search *s, const struct wg_deadline *one)
{
	WG_AUTO_BUF struct wg_buf words = WG_BUF(2048);
	for (unsigned k = 0; k < one->step_count; k++) {
		const char *role = one->steps[k].role;
		if (one->steps[k].whom != WG_CONFIRM_ROLE || anybody_is(s->directory, role))
			continue;
		wg_buf_reset(&words);
		wg_buf_printf(&words, "no desk of the directory has the role %s: whoever comes after it is told in its place",
		              role);
		finding(s, one->id, wg_buf_text(&words));
	}
}

/* A desk whose hours the policy does not have is open at all hours. */
static void check_desk(const struct search *s, const struct wg_organisation *o, const struct wg_desk *desk)
{
	WG_AUTO_BUF struct wg_buf what = WG_BUF(512), words = WG_BUF(1024);
	if (desk->hours[0] == '\0' || wg_policy_has_hours(s->policy, desk->hours))
		return;
	wg_buf_printf(&what, "%s/%s", o->id, desk->name);
	wg_buf_printf(&words, "there is no <hours name=\"%s\"> in the policy: it counts as always open", desk->hours);
	finding(s, wg_buf_text(&what), wg_buf_text(&words));
}

static void check_directory(const struct search *s)
{
	const struct wg_policy *p = s->policy;
	if (any_step(p, WG_CONFIRM_ALTERNATE) && !anybody_has(s->directory, false))
		finding(s, "tell=\"alternate\"",
		        "no desk of the directory has an alternate=: whoever comes after it is told at once");
	if (any_step(p, WG_CONFIRM_OUT_OF_HOURS) && !anybody_has(s->directory, true))
		finding(s, "tell=\"out-of-hours\"",
		        "no desk of the directory has an out-of-hours=: whoever comes after it is told at once");
	if (any_step(p, WG_CONFIRM_OPERATOR) && !anybody_is(s->directory, WG_CONFIRM_ROLE_OPERATOR))
		finding(
			s, "tell=\"operator\"",
			"no desk of the directory has the role operator: nobody hears at the end that a notice is not confirmed");
	for (unsigned i = 0; i < wg_directory_count(s->directory); i++) {
		const struct wg_organisation *o = wg_directory_at(s->directory, i);
		for (unsigned d = 0; d < o->desk_count; d++)
			check_desk(s, o, &o->desks[d]);
	}
}

enum wg_code wg_confirm_conflicts(const struct wg_policy *policy, const struct wg_directory *directory,
                                  struct wg_buf *out, unsigned *found, struct wg_err *err)
{
	struct search s = { .policy = policy, .directory = directory, .out = out, .found = found };
	if (policy->deadline_count > 0)
		check_kinds(&s); /* one that has none at all says so by that */
	check_unused(&s);
	for (unsigned i = 0; i < policy->deadline_count; i++)
		for (unsigned k = 0; k < policy->deadlines[i].step_count; k++)
			check_hours(&s, &policy->deadlines[i], policy->deadlines[i].steps[k].in);
	if (directory != NULL && policy->deadline_count > 0)
		check_directory(&s);
	for (unsigned i = 0; directory != NULL && i < policy->deadline_count; i++)
		check_roles(&s, &policy->deadlines[i]);
	return wg_buf_check(out, "the list of conflicts", err);
}
