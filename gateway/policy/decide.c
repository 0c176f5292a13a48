/* decide.c owns the decision for each recipient: the rules of all layers over the categories of one notice. Nothing is
 * given until a rule gives it; withhold beats share; deny beats review; a condition that cannot be judged is an error,
 * never "no". */
#include "policy/decide.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/policy_internal.h"

/* Conditions speak of the notice and not of the recipient, so each is judged once per notice. */
enum judged { NOT_YET, APPLIES, APPLIES_NOT };

/* One notice being decided. */
struct deciding {
	const struct wg_policy *policy;
	struct wg_facts_view view;
	unsigned char *judged; /* enum judged, one per rule */
	wg_categories present, frame;
};

static void close_deciding(struct deciding *d)
{
	wg_facts_view_close(&d->view);
	free(d->judged);
}

void wg_decisions_freep(struct wg_decisions **decisions)
{
	struct wg_decisions *d = *decisions;
	for (unsigned i = 0; d != NULL && i < d->count; i++)
		free(d->list[i].reasons);
	if (d != NULL)
		free(d->list);
	free(d);
	*decisions = NULL;
}

static enum wg_code judge(struct deciding *d, unsigned i, const struct wg_decision *to, bool *applies,
                          struct wg_err *err)
{
	const struct wg_rule *rule = &d->policy->rules[i];
	*applies = false;
	if (rule->unconfirmed || !wg_list_has(rule->to, to->role) || wg_list_has(rule->except, to->role) ||
	    (rule->of[0] != '\0' && !wg_list_has(rule->of, to->of)))
		return WG_OK;
	if (d->judged[i] == NOT_YET) {
		bool yes = wg_facts_view_in_force(&d->view, rule->kinds, &rule->span);
		enum wg_code code = yes ? wg_facts_view_test(&d->view, rule->when, &yes, err) : WG_OK;
		if (code != WG_OK)
			return wg_err_add(err, "rule %s", rule->id);
		d->judged[i] = yes ? APPLIES : APPLIES_NOT;
	}
	*applies = d->judged[i] == APPLIES;
	return WG_OK;
}

/* What the rules that apply to one recipient say of the categories. */
struct tally {
	wg_categories shared, withheld, say, never_say;
	const struct wg_rule *sharer[64], *withholder[64]; /* per category, the first that applies; a set has 64 bits */
};

static void credit(const struct wg_rule **of, const struct wg_rule *rule)
{
	for (unsigned c = 0; c < wg_category_count(); c++)
		if ((rule->categories >> c & 1) != 0 && of[c] == NULL)
			of[c] = rule;
}

static void count_rule(struct tally *tally, const struct wg_rule *rule)
{
	if (rule->effect == WG_SHARE) {
		tally->shared |= rule->categories;
		credit(tally->sharer, rule);
	} else if (rule->effect == WG_WITHHOLD) {
		tally->withheld |= rule->categories;
		credit(tally->withholder, rule);
		if (rule->marker == WG_MARKER_SAY)
			tally->say |= rule->categories;
		else if (rule->marker == WG_MARKER_NONE)
			tally->never_say |= rule->categories;
	}
}

static enum wg_code write_reasons(const struct deciding *d, const struct tally *tally, struct wg_decision *out,
                                  struct wg_err *err)
{
	out->reasons = calloc(wg_category_count(), sizeof *out->reasons);
	if (out->reasons == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory to decide");
	for (unsigned c = 0; c < wg_category_count(); c++) {
		if ((d->present >> c & 1) == 0)
			continue;
		bool given = (out->granted >> c & 1) != 0;
		const struct wg_rule *rule = given ? tally->sharer[c] : tally->withholder[c];
		out->reasons[out->reason_count++] = (struct wg_reason){
			.category = c,
			.effect = given ? WG_SHARE : WG_WITHHOLD,
			.rule = rule != NULL ? rule->id : NULL,
			.basis = rule != NULL ? rule->basis : NULL,
			.source = rule != NULL ? rule->source : NULL,
		};
	}
	return WG_OK;
}

static void set_verdict(struct wg_decision *out, enum wg_verdict verdict, const char *rule, const char *source)
{
	out->verdict = verdict;
	(void)snprintf(out->verdict_rule, sizeof out->verdict_rule, "%s (%s)", rule, source); /* a long source is cut */
}

/* Review and deny look at what would be given. Deny beats review; of two reviews the sooner. */
static enum wg_code judge_verdict(struct deciding *d, struct wg_decision *out, struct wg_err *err)
{
	const struct wg_rule *review = NULL, *deny = NULL;
	for (unsigned i = 0; i < d->policy->rule_count; i++) {
		const struct wg_rule *rule = &d->policy->rules[i];
		bool applies = false;
		if (rule->effect != WG_REVIEW && rule->effect != WG_DENY)
			continue;
		if (!rule->unconditional && (rule->categories & out->granted) == 0)
			continue;
		enum wg_code code = judge(d, i, out, &applies, err);
		if (code != WG_OK)
			return code;
		if (!applies)
			continue;
		if (rule->effect == WG_DENY && deny == NULL)
			deny = rule;
		if (rule->effect == WG_REVIEW && (review == NULL || rule->due_minutes < review->due_minutes))
			review = rule;
	}
	if (deny != NULL) {
		set_verdict(out, WG_VERDICT_DENY, deny->id, deny->source);
	} else if ((out->granted & d->frame) == 0 || (out->granted & ~d->frame) == 0) {
		set_verdict(out, WG_VERDICT_DENY, "no rule", "nothing is granted until a rule grants it");
	} else if (review != NULL) {
		set_verdict(out, WG_VERDICT_REVIEW, review->id, review->source);
		memcpy(out->due, review->due, sizeof out->due);
	}
	return WG_OK;
}

static enum wg_code decide_one(struct deciding *d, struct wg_decision *out, struct wg_err *err)
{
	struct tally tally = { 0 };
	for (unsigned i = 0; i < d->policy->rule_count; i++) {
		bool applies = false;
		enum wg_code code = judge(d, i, out, &applies, err);
		if (code != WG_OK)
			return code;
		if (applies)
			count_rule(&tally, &d->policy->rules[i]);
	}
	out->granted = d->present & tally.shared & ~tally.withheld;
	out->withheld = d->present & ~out->granted;
	out->mark = out->withheld & tally.say & ~tally.never_say;
	enum wg_code code = write_reasons(d, &tally, out, err);
	return code == WG_OK ? judge_verdict(d, out, err) : code;
}

static struct wg_decisions *new_decisions(void)
{
	struct wg_decisions *made = calloc(1, sizeof *made);
	if (made != NULL)
		made->list = calloc(WG_LIMIT_RECIPIENTS, sizeof *made->list);
	if (made != NULL && made->list == NULL)
		wg_decisions_freep(&made);
	return made;
}

enum wg_code wg_decide(const struct wg_policy *policy, const struct wg_directory *directory, struct wg_notice *notice,
                       const struct wg_facts *facts, struct wg_decisions **out, struct wg_err *err)
{
	WG_CLEANUP(close_deciding) struct deciding d = { .policy = policy };
	WG_CLEANUP(wg_decisions_freep) struct wg_decisions *made = new_decisions();
	d.judged = calloc(policy->rule_count + 1, sizeof *d.judged);
	if (made == NULL || d.judged == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory to decide");
	d.present = wg_notice_categories(notice);
	d.frame = wg_category_find("administrative");
	enum wg_code code = wg_facts_view_open(policy, notice, facts, &d.view, err);
	if (code == WG_OK)
		code = wg_route_notice(policy, directory, notice, &d.view, made, err);
	for (unsigned i = 0; i < made->count && code == WG_OK; i++)
		code = decide_one(&d, &made->list[i], err);
	if (code == WG_OK)
		*out = wg_steal(&made);
	return code;
}
