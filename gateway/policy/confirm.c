/* confirm.c owns which deadline a delivery is under, and the ladder: whom to tell next that it is not confirmed. */
#include "policy/confirm.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/confirm_internal.h"

const char *wg_confirm_level_name(enum wg_confirm_level level)
{
	static const char *const names[WG_CONFIRM_LEVELS] = {
		[WG_CONFIRM_HANDED_OVER] = "handed-over",
		[WG_CONFIRM_RECEIVED] = "received",
		[WG_CONFIRM_OPENED] = "opened",
		[WG_CONFIRM_ACKNOWLEDGED] = "acknowledged",
	};
	return names[level];
}

bool wg_confirm_exempt(const char *kind)
{
	return wg_list_has("not-confirmed receipt alert review-overdue", kind);
}

/* ---- which rule */

const struct wg_deadline *wg_confirm_find(const struct wg_policy *policy, const char *id)
{
	for (unsigned i = 0; i < policy->deadline_count; i++)
		if (strcmp(policy->deadlines[i].id, id) == 0)
			return &policy->deadlines[i];
	return NULL;
}

/* Of two that apply, the one that says more of this delivery. */
static unsigned weight(const struct wg_deadline *one)
{
	bool anybody = wg_set_full(&one->to) && one->sides == (1U << WG_SIDES) - 1 && one->at[0] == '\0';
	return (wg_set_full(&one->kinds) ? 0U : 4U) + (one->when.condition != NULL ? 2U : 0U) + (anybody ? 0U : 1U);
}

/* Rules stand in the order of the layers, the lowest first, and as they were written: of equals the later counts. */
static const struct wg_deadline *weightier(const struct wg_deadline *best, const struct wg_deadline *one)
{
	return best == NULL || weight(one) >= weight(best) ? one : best;
}

static bool is_for(const struct wg_deadline *one, unsigned kind, unsigned role, unsigned sides, const char *at)
{
	return wg_set_has(&one->kinds, kind) && wg_set_has(&one->to, role) && (one->sides & sides) != 0 &&
	       (one->at[0] == '\0' || wg_list_has(one->at, at));
}

enum wg_code wg_confirm_choose(struct wg_facts_view *view, const struct wg_recipient *to, const char *at,
                               signed char *judged, const struct wg_deadline **out, struct wg_err *err)
{
	const struct wg_policy *policy = view->policy;
	const struct wg_deadline *best = NULL;
	if (view->kind != WG_SET_OTHER && wg_confirm_exempt(policy->kinds[view->kind])) {
		*out = NULL;
		return WG_OK;
	}
	for (unsigned i = 0; i < policy->deadline_count; i++) {
		const struct wg_deadline *one = &policy->deadlines[i];
		if (!view->speaks[one->layer] || !is_for(one, view->kind, to->role, 1U << to->side, at))
			continue;
		if (judged[i] < 0) {
			bool yes = false;
			enum wg_code code = wg_facts_view_test(view, &one->when, &yes, err);
			if (code != WG_OK)
				return wg_err_add(err, "deadline %s", one->id);
			judged[i] = yes ? 1 : 0;
		}
		if (judged[i] > 0)
			best = weightier(best, one);
	}
	*out = best;
	return WG_OK;
}

/* What the policy has for a delivery whose rule is gone from it; the notice is not at hand, so only rules that ask
 * nothing of it and speak everywhere. */
static const struct wg_deadline *choose_blind(const struct wg_policy *policy, const struct wg_confirm_facts *facts,
                                              const char *at)
{
	const struct wg_deadline *best = NULL;
	unsigned kind = wg_policy_kind(policy, facts->kind), role = wg_policy_role(policy, facts->role);
	unsigned side = wg_side_find(facts->of), sides = side < WG_SIDES ? 1U << side : 1U << WG_SIDE_TOLD;
	for (unsigned i = 0; i < policy->deadline_count; i++) {
		const struct wg_deadline *one = &policy->deadlines[i];
		if (one->when.condition == NULL && policy->layers[one->layer].everywhere && is_for(one, kind, role, sides, at))
			best = weightier(best, one);
	}
	return best;
}

/* ---- whom to tell */

struct ladder {
	const struct wg_policy *policy;
	const struct wg_directory *directory;
	const struct wg_confirm_facts *facts;
	const struct wg_deadline *rule;
	const struct wg_desk *desk; /* the recipient's; NULL when the directory has it no more */
};

static const struct wg_confirm_desk nobody = { NULL, NULL };

/* A desk that can be told: there, not suspended, and not the one that does not answer. */
static struct wg_confirm_desk usable(const struct ladder *l, const struct wg_organisation *o,
                                     const struct wg_desk *desk)
{
	bool silent = desk != NULL && strcmp(o->id, l->facts->organisation) == 0 && strcmp(desk->name, l->facts->desk) == 0;
	if (desk == NULL || desk->suspended || silent)
		return nobody;
	return (struct wg_confirm_desk){ o, desk };
}

static struct wg_confirm_desk named_desk(const struct ladder *l, const char *name)
{
	const struct wg_organisation *o = NULL;
	const struct wg_desk *desk = NULL;
	if (name[0] == '\0' || !wg_directory_desk(l->directory, name, &o, &desk))
		return nobody;
	return usable(l, o, desk);
}

static struct wg_confirm_desk own_role(const struct ladder *l, const char *role)
{
	const struct wg_organisation *self = wg_directory_find(l->directory, l->facts->self);
	return self != NULL ? usable(l, self, wg_organisation_role(self, role)) : nobody;
}

struct wg_confirm_desk wg_confirm_sender(const struct wg_policy *policy, const struct wg_directory *directory,
                                         const char *organisation)
{
	const struct wg_organisation *o = wg_directory_find(directory, organisation);
	const struct wg_desk *desk = o != NULL ? wg_organisation_role(o, WG_CONFIRM_ROLE_SENDER) : NULL;
	unsigned back = wg_policy_kind(policy, "form-return");
	for (unsigned i = 0; i < policy->route_count && o != NULL && desk == NULL; i++) {
		const struct wg_route *route = &policy->routes[i];
		for (unsigned k = 0; k < route->to_count && desk == NULL && wg_set_has(&route->kinds, back); k++)
			if (route->to[k].side == WG_SIDE_SENDER && strcmp(policy->roles[route->to[k].role].at, o->kind) == 0)
				desk = wg_organisation_role(o, route->to[k].role_name);
	}
	return desk != NULL && !desk->suspended ? (struct wg_confirm_desk){ o, desk } : nobody;
}

static struct wg_confirm_desk step_desk(const struct ladder *l, const struct wg_confirm_step *step)
{
	struct wg_confirm_desk sender;
	switch (step->whom) {
	case WG_CONFIRM_ALTERNATE:
		return l->desk != NULL ? named_desk(l, l->desk->alternate) : nobody;
	case WG_CONFIRM_OUT_OF_HOURS:
		return l->desk != NULL ? named_desk(l, l->desk->out_of_hours) : nobody;
	case WG_CONFIRM_SENDER:
		if (l->facts->hidden)
			return own_role(l, WG_CONFIRM_ROLE_OPERATOR);
		sender = wg_confirm_sender(l->policy, l->directory, l->facts->sender);
		return sender.desk != NULL ? usable(l, sender.organisation, sender.desk)
		                           : own_role(l, WG_CONFIRM_ROLE_OPERATOR);
	case WG_CONFIRM_OPERATOR:
		return own_role(l, WG_CONFIRM_ROLE_OPERATOR);
	case WG_CONFIRM_ROLE:
		break;
	}
	return own_role(l, step->role);
}

/* Whom a step tells: its own, or the next whom the rule names, or the operator. */
static struct wg_confirm_desk told_by(const struct ladder *l, unsigned i)
{
	struct wg_confirm_desk desk = nobody;
	for (; i < l->rule->step_count && desk.desk == NULL; i++)
		desk = step_desk(l, &l->rule->steps[i]);
	return desk.desk != NULL ? desk : own_role(l, WG_CONFIRM_ROLE_OPERATOR);
}

/* Whether an earlier step has told the same desk that the same is missing. */
static bool told_before(const struct ladder *l, unsigned i, const struct wg_desk *desk)
{
	for (unsigned k = 0; k < i; k++)
		if (l->rule->steps[k].missing == l->rule->steps[i].missing && told_by(l, k).desk == desk)
			return true;
	return false;
}

/* ---- when */

static bool reached(const struct wg_confirm_facts *facts, enum wg_confirm_level level)
{
	const int64_t at[WG_CONFIRM_LEVELS] = { facts->handed_over, facts->received, facts->opened, facts->acknowledged };
	for (unsigned i = level; i < WG_CONFIRM_LEVELS; i++)
		if (at[i] != 0)
			return true;
	return false;
}

static const char *hours_of(const struct wg_confirm_step *step, const struct wg_desk *desk)
{
	if (strcmp(step->in, WG_CONFIRM_IN_DESK) != 0)
		return step->in;
	return desk != NULL ? desk->hours : "";
}

static int64_t due(const struct ladder *l, const struct wg_confirm_step *step, int64_t now)
{
	const char *hours = hours_of(step, l->desk);
	int64_t at = wg_confirm_due(l->policy, hours, l->facts->since, &step->after);
	int64_t soonest = l->facts->failed ? wg_confirm_opens(l->policy, hours, now) : INT64_MAX;
	return soonest < at ? soonest : at;
}

void wg_confirm_next(const struct wg_policy *policy, const struct wg_directory *directory,
                     const struct wg_confirm_facts *facts, int64_t now, struct wg_confirm_next *out)
{
	struct ladder l = { .policy = policy, .directory = directory, .facts = facts };
	const struct wg_organisation *o = wg_directory_find(directory, facts->organisation);
	*out = (struct wg_confirm_next){ .what = WG_CONFIRM_OVER, .steps = facts->steps };
	if (facts->ended || wg_confirm_exempt(facts->kind))
		return;
	l.desk = o != NULL ? wg_organisation_desk(o, facts->desk) : NULL;
	l.rule = wg_confirm_find(policy, facts->rule);
	if (l.rule == NULL)
		l.rule = choose_blind(policy, facts, o != NULL ? o->kind : "");
	out->in_vain = l.rule == NULL && !reached(facts, WG_CONFIRM_ACKNOWLEDGED);
	if (l.rule == NULL)
		return;
	out->source = l.rule->source;
	for (unsigned i = facts->steps; i < l.rule->step_count; i++) {
		const struct wg_confirm_step *step = &l.rule->steps[i];
		if (reached(facts, step->missing))
			continue;
		struct wg_confirm_desk to = told_by(&l, i);
		int64_t at = due(&l, step, now);
		if (to.desk == NULL || at == INT64_MAX) { /* in hours that never come */
			out->in_vain = true;
			continue;
		}
		if (told_before(&l, i, to.desk))
			continue;
		out->what = at <= now ? WG_CONFIRM_TELL : WG_CONFIRM_WAIT;
		out->at = at;
		out->steps = at <= now ? i + 1 : facts->steps;
		out->missing = step->missing;
		out->whom = step->whom;
		out->to = to;
		return;
	}
}

/* ---- for tools */

bool wg_confirm_step(const struct wg_policy *policy, const char *rule, unsigned i, struct wg_confirm_step_view *out)
{
	static const char *const whom[WG_CONFIRM_WHOMS] = { [WG_CONFIRM_ALTERNATE] = "alternate",
		                                                [WG_CONFIRM_OUT_OF_HOURS] = "out-of-hours",
		                                                [WG_CONFIRM_SENDER] = "sender",
		                                                [WG_CONFIRM_OPERATOR] = "operator",
		                                                [WG_CONFIRM_ROLE] = "role:" };
	const struct wg_deadline *one = wg_confirm_find(policy, rule);
	if (one == NULL || i >= one->step_count)
		return false;
	const struct wg_confirm_step *step = &one->steps[i];
	*out = (struct wg_confirm_step_view){ .missing = step->missing, .after = step->after.text, .in = step->in };
	(void)snprintf(out->tell, sizeof out->tell, "%s%s", whom[step->whom], step->role); /* a name fits */
	return true;
}

int64_t wg_confirm_step_due(const struct wg_policy *policy, const char *rule, unsigned i, const struct wg_desk *desk,
                            int64_t since)
{
	const struct wg_deadline *one = wg_confirm_find(policy, rule);
	if (one == NULL || i >= one->step_count)
		return INT64_MAX;
	return wg_confirm_due(policy, hours_of(&one->steps[i], desk), since, &one->steps[i].after);
}
