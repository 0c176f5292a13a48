/* decide.c owns the decision for each recipient: the rules of all layers over the categories of one notice. Deny beats
 * review; what free text may hold beyond what is granted is for a person; a condition that cannot be judged is an
 * error, never "no". */
#include "policy/decide.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/confirm_internal.h"
#include "policy/tally_internal.h"

/* Conditions speak of the notice and not of the recipient, so each is judged once per notice. */
enum judged { NOT_YET, APPLIES, APPLIES_NOT };

/* A rule that has to do with this notice by kind, day, layer and confirmation. */
struct candidate {
	const struct wg_rule *rule;
	enum judged judged;
};

/* One notice being decided. */
struct deciding {
	const struct wg_policy *policy;
	struct wg_facts_view view;
	struct wg_routing routing;
	struct wg_recipient recipients[WG_LIMIT_RECIPIENTS];
	struct candidate *candidates;
	unsigned candidate_count;
	signed char *deadlines;                 /* judged, one for each of the policy's */
	wg_categories present, frame, in_texts; /* in_texts: what its free text may hold */
	struct wg_notice_text *texts;
	unsigned text_count;
	const struct wg_text_review *text_review; /* NULL without one */
	const struct wg_rule **applied;           /* the rules that had to do with one recipient */
	unsigned applied_count;
	const struct wg_rule *tellers[WG_SET_MAX]; /* rules with tell=, one for each role that is to be told */
	unsigned teller_count;
};

static void close_deciding(struct deciding *d)
{
	wg_facts_view_close(&d->view);
	free(d->candidates);
	free(d->deadlines);
	free(d->applied);
	free(d->texts);
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

static enum wg_code judge(struct deciding *d, struct candidate *candidate, const struct wg_recipient *to, bool *applies,
                          struct wg_err *err)
{
	const struct wg_rule *rule = candidate->rule;
	*applies = false;
	if (!wg_set_has(&rule->to, to->role) || (rule->sides >> to->side & 1) == 0)
		return WG_OK;
	if (candidate->judged == NOT_YET) {
		bool yes = false;
		enum wg_code code = wg_facts_view_test(&d->view, &rule->when, &yes, err);
		if (code != WG_OK)
			return wg_err_add(err, "rule %s", rule->id);
		candidate->judged = yes ? APPLIES : APPLIES_NOT;
	}
	*applies = candidate->judged == APPLIES;
	return WG_OK;
}

/* Review and deny rules that apply to one recipient. */
struct verdict {
	const struct wg_rule *review, *deny; /* of two reviews the sooner */
	bool second_person;
};

static enum wg_code find_verdict(struct deciding *d, const struct wg_recipient *to, wg_categories granted,
                                 struct verdict *out, struct wg_err *err)
{
	for (unsigned i = 0; i < d->candidate_count; i++) {
		const struct wg_rule *rule = d->candidates[i].rule;
		bool applies = false;
		if (rule->effect != WG_REVIEW && rule->effect != WG_DENY)
			continue;
		if (!rule->unconditional && (rule->categories & granted) == 0)
			continue;
		enum wg_code code = judge(d, &d->candidates[i], to, &applies, err);
		if (code != WG_OK)
			return code;
		if (!applies)
			continue;
		d->applied[d->applied_count++] = rule;
		if (rule->effect == WG_DENY && out->deny == NULL)
			out->deny = rule;
		if (rule->effect == WG_REVIEW) {
			out->second_person = out->second_person || rule->second_person;
			if (out->review == NULL || rule->due.minutes < out->review->due.minutes)
				out->review = rule;
		}
	}
	return WG_OK;
}

static void set_verdict(struct wg_decision *out, enum wg_verdict verdict, const char *rule, const char *source)
{
	out->verdict = verdict;
	(void)snprintf(out->verdict_rule, sizeof out->verdict_rule, "%s (%s)", rule, source); /* a long source is cut */
}

static void set_due(struct wg_decision *out, const struct wg_due *due)
{
	memcpy(out->due, due->text, sizeof due->text);
	memcpy(out->escalate, due->escalate, sizeof out->escalate);
	out->due_minutes = due->minutes != UINT_MAX ? due->minutes : 0;
}

/* "free text (may hold family, third-party)" */
static void set_text_verdict(struct wg_decision *out)
{
	char names[2 * WG_CATEGORIES_TEXT] = ""; /* all names there are, with commas */
	size_t used = 0;
	for (wg_categories left = out->in_text; left != 0; left &= left - 1)
		used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? ", " : "",
		                         wg_category_name((unsigned)__builtin_ctzll(left)));
	(void)snprintf(out->verdict_rule, sizeof out->verdict_rule, "free text (may hold %s)",
	               names); /* a long list is cut; in_text has it whole */
	out->verdict = WG_VERDICT_REVIEW;
}

/* Free text that goes unread although it may hold what this recipient may not have. */
static wg_categories hidden_in_text(const struct deciding *d, const struct wg_tally *tally, wg_categories granted)
{
	wg_categories hidden = WG_CATEGORIES_NONE;
	for (unsigned i = 0; i < d->text_count; i++) {
		const struct wg_notice_text *text = &d->texts[i];
		if ((text->need & ~granted) == 0 && (tally->unreviewed >> text->category & 1) == 0)
			hidden |= text->may & ~wg_tally_allowed(tally);
	}
	return hidden;
}

static void set_review(const struct deciding *d, const struct verdict *verdict, struct wg_decision *out)
{
	static const struct wg_due none = { .minutes = UINT_MAX };
	const struct wg_due *due = verdict->review != NULL ? &verdict->review->due : &none;
	const struct wg_due *reading = out->in_text != 0 && d->text_review != NULL ? &d->text_review->due : &none;
	if (verdict->review != NULL)
		set_verdict(out, WG_VERDICT_REVIEW, verdict->review->id, verdict->review->source);
	else
		set_text_verdict(out);
	set_due(out, reading->minutes < due->minutes ? reading : due);
	out->second_person = verdict->second_person;
}

/* Nothing but the frame, or not even that: what keeps the rest back is the reason, where anything would give it. */
static void set_nothing(const struct deciding *d, const struct wg_tally *tally, struct wg_decision *out)
{
	const struct wg_rule *keeper = wg_tally_keeper(tally, d->present);
	if (keeper != NULL)
		set_verdict(out, WG_VERDICT_DENY, keeper->id, keeper->source);
	else
		set_verdict(out, WG_VERDICT_DENY, "no rule", "nothing is granted until a rule grants it");
}

static void conclude(const struct deciding *d, const struct verdict *verdict, const struct wg_tally *tally,
                     struct wg_decision *out)
{
	if (verdict->deny != NULL) {
		set_verdict(out, WG_VERDICT_DENY, verdict->deny->id, verdict->deny->source);
	} else if ((out->granted & d->frame) == 0 || (out->granted & ~d->frame) == 0) {
		set_nothing(d, tally, out);
	} else {
		out->in_text = hidden_in_text(d, tally, out->granted);
		if (verdict->review != NULL || out->in_text != 0)
			set_review(d, verdict, out);
	}
}

/* What rules that gave something ask for besides. */
static void add_obligations(const struct deciding *d, struct wg_decision *out)
{
	unsigned shortest = UINT_MAX;
	for (unsigned i = 0; i < d->applied_count; i++) {
		const struct wg_rule *rule = d->applied[i];
		if (rule->effect != WG_SHARE || (rule->categories & out->granted) == 0)
			continue;
		if (rule->delay > out->delay_minutes)
			out->delay_minutes = rule->delay;
		if (rule->keep.hours < shortest) {
			shortest = rule->keep.hours;
			memcpy(out->keep, rule->keep.text, sizeof out->keep);
		}
	}
}

/* Who is to be told of the rules that had to do with one recipient: each role once. */
static void note_tellers(struct deciding *d)
{
	for (unsigned i = 0; i < d->applied_count; i++) {
		const struct wg_rule *rule = d->applied[i];
		bool noted = rule->tell == WG_SET_OTHER || (rule->categories & d->present) == 0;
		for (unsigned k = 0; k < d->teller_count; k++)
			noted = noted || d->tellers[k]->tell == rule->tell;
		if (!noted)
			d->tellers[d->teller_count++] = rule;
	}
}

/* Shares and withholds. */
static enum wg_code count_rules(struct deciding *d, const struct wg_recipient *to, struct wg_tally *tally,
                                struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (unsigned i = 0; i < d->candidate_count && code == WG_OK; i++) {
		const struct wg_rule *rule = d->candidates[i].rule;
		bool applies = false;
		if (rule->effect == WG_REVIEW || rule->effect == WG_DENY)
			continue;
		code = judge(d, &d->candidates[i], to, &applies, err);
		if (!applies)
			continue;
		wg_tally_add(tally, rule);
		d->applied[d->applied_count++] = rule;
	}
	return code;
}

/* By when it has to be confirmed. A copy that a person must release first is under its rule from then on. */
static enum wg_code find_deadline(struct deciding *d, const struct wg_recipient *to, struct wg_decision *out,
                                  struct wg_err *err)
{
	const struct wg_deadline *deadline = NULL;
	if (out->verdict == WG_VERDICT_DENY)
		return WG_OK;
	enum wg_code code = wg_confirm_choose(&d->view, to, out->organisation->kind, d->deadlines, &deadline, err);
	if (code == WG_OK && deadline != NULL)
		(void)snprintf(out->confirm, sizeof out->confirm, "%.*s", WG_LIMIT_NAME, deadline->id); /* seen to at loading */
	return code;
}

static enum wg_code decide_one(struct deciding *d, unsigned number, struct wg_err *err)
{
	struct wg_decision *out = &d->routing.out->list[number];
	const struct wg_recipient *to = &d->recipients[number];
	struct wg_tally tally = { 0 };
	struct verdict verdict = { 0 };
	d->applied_count = 0;
	for (wg_categories left = d->present | d->in_texts; left != 0; left &= left - 1) {
		unsigned c = (unsigned)__builtin_ctzll(left);
		tally.consent[c] = wg_consents_state(d->view.consents, out->role, c, d->view.now, NULL);
	}
	enum wg_code code = count_rules(d, to, &tally, err);
	out->valid_until = tally.asked ? wg_consents_until(d->view.consents, out->role, d->view.now) : INT64_MAX;
	if (code == WG_OK)
		code = wg_tally_close(&tally, d->present, out, err);
	if (code == WG_OK)
		code = find_verdict(d, to, out->granted, &verdict, err);
	if (code != WG_OK)
		return code;
	conclude(d, &verdict, &tally, out);
	if (d->text_review != NULL)
		memcpy(out->reader, d->text_review->due.escalate, sizeof out->reader);
	add_obligations(d, out);
	return find_deadline(d, to, out, err);
}

/* All that the routes give; then those that rules want told of them, whose own rules tell nobody more. */
static enum wg_code decide_all(struct deciding *d, struct wg_err *err)
{
	enum wg_code code = wg_route_notice(&d->routing, &d->view, err);
	unsigned routed = d->routing.out->count;
	for (unsigned i = 0; i < routed && code == WG_OK; i++) {
		code = decide_one(d, i, err);
		note_tellers(d);
	}
	for (unsigned i = 0; i < d->teller_count && code == WG_OK; i++)
		code = wg_route_tell(&d->routing, d->tellers[i]->tell, d->tellers[i]->source, err);
	for (unsigned i = routed; i < d->routing.out->count && code == WG_OK; i++)
		code = decide_one(d, i, err);
	for (unsigned i = 0; i < d->routing.out->count; i++) { /* a condition is judged once, for all of them */
		struct wg_decision *out = &d->routing.out->list[i];
		out->valid_until = d->view.until < out->valid_until ? d->view.until : out->valid_until;
	}
	wg_route_end(&d->routing);
	return code;
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

static bool has_to_do(const struct deciding *d, const struct wg_rule *rule)
{
	return !rule->unconfirmed && wg_facts_view_in_force(&d->view, rule->layer, &rule->kinds, &rule->span);
}

/* What of the policy has to do with this notice, whoever the recipient is. */
static enum wg_code prepare(struct deciding *d, const struct wg_notice *notice, struct wg_err *err)
{
	const struct wg_policy *policy = d->policy;
	d->present = wg_notice_categories(notice);
	d->frame = wg_category_find("administrative");
	d->candidates = calloc(policy->rule_count + 1, sizeof *d->candidates);
	d->applied = calloc(policy->rule_count + 1, sizeof(const struct wg_rule *));
	d->texts = calloc(WG_NOTICE_TEXTS, sizeof *d->texts);
	d->deadlines = malloc(policy->deadline_count + 1);
	if (d->candidates == NULL || d->applied == NULL || d->texts == NULL || d->deadlines == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory to decide");
	memset(d->deadlines, -1, policy->deadline_count + 1);
	d->text_count = wg_notice_texts(notice, d->texts, WG_NOTICE_TEXTS);
	for (unsigned i = 0; i < d->text_count; i++)
		d->in_texts |= d->texts[i].may;
	for (unsigned i = 0; i < policy->rule_count; i++)
		if (has_to_do(d, &policy->rules[i]))
			d->candidates[d->candidate_count++] = (struct candidate){ .rule = &policy->rules[i] };
	for (unsigned i = 0; i < policy->text_review_count; i++) /* the highest layer comes last */
		if (d->view.speaks[policy->text_reviews[i].layer])
			d->text_review = &policy->text_reviews[i];
	return WG_OK;
}

enum wg_code wg_decide(const struct wg_policy *policy, const struct wg_directory *directory, struct wg_notice *notice,
                       const struct wg_facts *facts, struct wg_decisions **out, struct wg_err *err)
{
	WG_CLEANUP(close_deciding) struct deciding d = { .policy = policy };
	WG_CLEANUP(wg_decisions_freep) struct wg_decisions *made = new_decisions();
	if (made == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory to decide");
	d.routing = (struct wg_routing){
		.policy = policy, .directory = directory, .view = &d.view, .out = made, .recipients = d.recipients
	};
	enum wg_code code = wg_facts_view_open(policy, directory, notice, facts, &d.view, err);
	if (code == WG_OK)
		code = prepare(&d, notice, err);
	if (code == WG_OK)
		code = decide_all(&d, err);
	if (code == WG_OK)
		*out = wg_steal(&made);
	return code;
}
