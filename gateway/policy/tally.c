/* tally.c owns what becomes of each category for one recipient: nothing is given until a rule gives it; withhold beats
 * share; a gate holds back what is not agreed to, unless a rule lifts it by name. */
#include "policy/tally_internal.h"

#include <stdlib.h>

/* The first rule stays. */
static void credit(const struct wg_rule **of, wg_categories *seen, wg_categories set, const struct wg_rule *rule)
{
	for (wg_categories fresh = set & ~*seen; fresh != 0; fresh &= fresh - 1)
		of[__builtin_ctzll(fresh)] = rule;
	*seen |= set;
}

static void mark(const struct wg_rule *rule, wg_categories set, wg_categories *say, wg_categories *never)
{
	if (rule->marker == WG_MARKER_SAY)
		*say |= set;
	if (rule->marker == WG_MARKER_NONE)
		*never |= set;
}

static wg_categories not_given(const struct wg_tally *tally, wg_categories set)
{
	wg_categories out = WG_CATEGORIES_NONE;
	for (wg_categories left = set; left != 0; left &= left - 1)
		if (tally->consent[__builtin_ctzll(left)] != WG_CONSENT_GIVEN)
			out |= left & -left;
	return out;
}

void wg_tally_add(struct wg_tally *tally, const struct wg_rule *rule)
{
	if (rule->effect == WG_SHARE) {
		credit(tally->sharer, &tally->shared, rule->categories, rule);
		if (rule->overrides)
			credit(tally->lifter, &tally->lifted, rule->categories, rule);
		if (rule->unreviewed)
			tally->unreviewed |= rule->categories;
	} else if (rule->gate) {
		wg_categories closed = not_given(tally, rule->categories);
		tally->asked = true;
		credit(tally->gater, &tally->gated, closed, rule);
		mark(rule, closed, &tally->gate_say, &tally->gate_never);
	} else {
		credit(tally->withholder, &tally->withheld, rule->categories, rule);
		mark(rule, rule->categories, &tally->say, &tally->never_say);
	}
}

wg_categories wg_tally_allowed(const struct wg_tally *tally)
{
	return tally->shared & ~tally->withheld & ~(tally->gated & ~tally->lifted);
}

/* The rule behind what became of a category; NULL when nothing grants it. */
static const struct wg_rule *rule_for(const struct wg_tally *tally, unsigned c, bool given, bool overridden)
{
	if (given)
		return overridden ? tally->lifter[c] : tally->sharer[c];
	/* What is lifted is shared as well, so that a gate that is named here is shut. */
	return tally->withholder[c] != NULL ? tally->withholder[c] : tally->gater[c];
}

const struct wg_rule *wg_tally_keeper(const struct wg_tally *tally, wg_categories present)
{
	wg_categories kept = present & tally->shared & ~wg_tally_allowed(tally);
	return kept != 0 ? rule_for(tally, (unsigned)__builtin_ctzll(kept), false, false) : NULL;
}

static void write_reason(const struct wg_tally *tally, const struct wg_decision *decision, unsigned c,
                         struct wg_reason *out)
{
	bool given = (decision->granted >> c & 1) != 0, overridden = (decision->overridden >> c & 1) != 0;
	const struct wg_rule *rule = rule_for(tally, c, given, overridden);
	*out = (struct wg_reason){
		.category = c,
		.effect = given ? WG_SHARE : WG_WITHHOLD,
		.consent = wg_consent_state_name(tally->consent[c]),
		.override = overridden,
		.kept_back = overridden ? tally->gater[c]->id : NULL,
	};
	if (rule != NULL) {
		out->rule = rule->id;
		out->basis = rule->basis;
		out->source = rule->source;
	}
}

enum wg_code wg_tally_close(const struct wg_tally *tally, wg_categories present, struct wg_decision *out,
                            struct wg_err *err)
{
	wg_categories gated = tally->gated & ~tally->lifted;
	out->allowed = wg_tally_allowed(tally);
	out->granted = present & out->allowed;
	out->withheld = present & ~out->granted;
	out->overridden = out->granted & tally->gated;
	out->mark =
		out->withheld & (tally->say | (tally->gate_say & gated)) & ~(tally->never_say | (tally->gate_never & gated));
	out->reasons = calloc(WG_TALLY_CATEGORIES, sizeof *out->reasons);
	if (out->reasons == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory to decide");
	for (wg_categories left = present; left != 0; left &= left - 1)
		write_reason(tally, out, (unsigned)__builtin_ctzll(left), &out->reasons[out->reason_count++]);
	return WG_OK;
}
