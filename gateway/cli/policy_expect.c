/* policy_expect.c owns the verdict over one policy test: each expectation against what was decided, and for what is not
 * met the rule and the source behind what came. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/policy.h"
#include "cli/policy_tests.h"
#include "policy/confirm.h"

/* Words to a person about one thing; a longer list is cut. */
#define EXPECT_TEXT 1600

struct judge {
	const struct wg_policy_tests *tests;
	const struct wg_policy *policy;
	const struct wg_policy_scene *scene;
	const struct wg_decisions *decisions;
	wg_categories present;
	struct wg_buf *out;
	unsigned failed;
};

static void unmet(struct judge *j, const struct _xmlNode *node, const char *fmt, ...) WG_PRINTF(3, 4);

static void unmet(struct judge *j, const struct _xmlNode *node, const char *fmt, ...)
{
	char text[EXPECT_TEXT];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args); /* cut when longer */
	va_end(args);
	wg_buf_printf(j->out, "%d: %s\n", wg_xml_line(node), text);
	j->failed++;
}

/* ---- who is meant */

static bool is_side(const char *of, const char *wanted)
{
	return wanted[0] == '\0' || strcmp(of, wanted) == 0;
}

/* Under the role that it was decided for, or under another that leads to the same desk. */
static bool has_role(const struct wg_decision *d, const char *role, const char *of)
{
	if (strcmp(d->role, role) == 0 && is_side(d->of, of))
		return true;
	char also[sizeof d->also], *rest = also, *other, *side;
	memcpy(also, d->also, sizeof also);
	while (wg_policy_tests_recipient(&rest, &other, &side))
		if (strcmp(other, role) == 0 && is_side(side, of))
			return true;
	return false;
}

struct who {
	char to[WG_LIMIT_NAME + 1], of[16], organisation[WG_LIMIT_NAME + 1], desk[WG_LIMIT_NAME + 1];
	char words[4 * WG_LIMIT_NAME];
};

static void read_who(const struct _xmlNode *node, struct who *out)
{
	(void)wg_xml_attr_into(node, "to", out->to, sizeof out->to); /* the schema bounds all four */
	(void)wg_xml_attr_into(node, "of", out->of, sizeof out->of);
	(void)wg_xml_attr_into(node, "organisation", out->organisation, sizeof out->organisation);
	(void)wg_xml_attr_into(node, "desk", out->desk, sizeof out->desk);
	(void)snprintf(out->words, sizeof out->words, "%s%s%s%s%s%s%s", out->to, out->of[0] != '\0' ? " of " : "", out->of,
	               out->organisation[0] != '\0' ? " at " : "", out->organisation, out->desk[0] != '\0' ? "/" : "",
	               out->desk);
}

static bool is_who(const struct wg_decision *d, const struct who *who)
{
	return has_role(d, who->to, who->of) &&
	       (who->organisation[0] == '\0' || strcmp(d->organisation->id, who->organisation) == 0) &&
	       (who->desk[0] == '\0' || strcmp(d->desk->name, who->desk) == 0);
}

static const char *everybody(const struct wg_decisions *all, char *out, size_t size)
{
	char one[WG_POLICY_WHO_TEXT];
	size_t n = (size_t)snprintf(out, size, "%s", all->count == 0 ? "nobody" : "");
	for (unsigned i = 0; i < all->count && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", i > 0 ? ", " : "", wg_policy_who(&all->list[i], one));
	if (all->unreachable[0] != '\0' && n < size)
		(void)snprintf(out + n, size - n, "; cannot be reached: %s", all->unreachable);
	return out;
}

/* ---- categories */

static wg_categories listed(const struct _xmlNode *node, const char *attribute)
{
	WG_AUTO_FREE char *list = wg_xml_attr(node, attribute);
	wg_categories set = WG_CATEGORIES_NONE;
	struct wg_err ignored = { 0 };
	if (list != NULL && wg_categories_parse(list, &set, &ignored) != WG_OK)
		set = WG_CATEGORIES_NONE; /* "nothing": all others were checked with the file */
	return set;
}

/* "given by england/frame (S-31)", "kept back by ... (...), consent refused", "kept back: no rule gives it" */
static const char *came(const struct wg_decision *d, unsigned category, char *out, size_t size)
{
	const struct wg_reason *r = wg_policy_reason(d, category);
	if (r == NULL)
		return "not in the notice";
	if (d->verdict == WG_VERDICT_DENY)
		(void)snprintf(out, size, "not sent: %s", d->verdict_rule);
	else if (r->rule == NULL)
		(void)snprintf(out, size, "kept back: no rule gives it to this recipient (consent %s)", r->consent);
	else
		(void)snprintf(out, size, "%s by %s (%s), consent %s%s", r->effect == WG_SHARE ? "given" : "kept back", r->rule,
		               r->source != NULL ? r->source : "no source", r->consent, r->override ? ", overridden" : "");
	return out;
}

static bool is_among(const char *list, const char *rule)
{
	return wg_list_has(list, rule != NULL ? rule : "no-rule");
}

/* Every category that attribute lists is in the notice and in set; where the attribute rules (or NULL) lists rules, by
 * one of those. */
static void judge_set(struct judge *j, const struct _xmlNode *node, const struct wg_decision *d, const char *attribute,
                      wg_categories set, const char *rules)
{
	WG_AUTO_FREE char *by = rules != NULL ? wg_xml_attr(node, rules) : NULL;
	wg_categories wanted = listed(node, attribute);
	char text[600], who[WG_POLICY_WHO_TEXT];
	for (unsigned i = 0; i < wg_category_count(); i++) {
		wg_categories one = (wg_categories)1 << i;
		if ((wanted & one) == 0)
			continue;
		const struct wg_reason *r = wg_policy_reason(d, i);
		if ((j->present & one) == 0 || r == NULL)
			unmet(j, node, "%s=: the notice holds nothing of %s", attribute, wg_category_name(i));
		else if ((set & one) == 0)
			unmet(j, node, "%s=: %s: %s is %s", attribute, wg_policy_who(d, who), wg_category_name(i),
			      came(d, i, text, sizeof text));
		else if (by != NULL && !is_among(by, r->rule))
			unmet(j, node, "%s: %s: %s is expected by %s and is %s", rules, wg_policy_who(d, who), wg_category_name(i),
			      by, came(d, i, text, sizeof text));
	}
}

/* The set is what attribute lists, no more and no less. */
static void judge_exact(struct judge *j, const struct _xmlNode *node, const struct wg_decision *d,
                        const char *attribute, wg_categories set)
{
	WG_AUTO_FREE char *given = wg_xml_attr(node, attribute);
	char text[600], who[WG_POLICY_WHO_TEXT];
	if (given == NULL)
		return;
	wg_categories wanted = listed(node, attribute);
	for (unsigned i = 0; i < wg_category_count(); i++) {
		wg_categories one = (wg_categories)1 << i;
		if ((wanted & one) == (set & one))
			continue;
		unmet(j, node, "%s=: %s: %s is %s: %s", attribute, wg_policy_who(d, who), wg_category_name(i),
		      (set & one) != 0 ? "not expected" : "missing", came(d, i, text, sizeof text));
	}
}

static void judge_categories(struct judge *j, const struct _xmlNode *node, const struct wg_decision *d)
{
	static const char administrative[] = "administrative";
	wg_categories given = wg_policy_given(d), kept = j->present & ~given;
	WG_AUTO_FREE char *gives = wg_xml_attr(node, "gives"), *withholds = wg_xml_attr(node, "withholds");
	const char *by =
		withholds == NULL ? "withheld-by" : NULL; /* what it is about when it stands beside no withholds= */
	judge_set(j, node, d, "gives", given, "given-by");
	judge_set(j, node, d, "withholds", kept, "withheld-by");
	judge_set(j, node, d, "says", kept & d->mark, by);
	judge_set(j, node, d, "silent", kept & ~d->mark, by);
	judge_exact(j, node, d, "only", given & ~wg_category_find(administrative));
	judge_exact(j, node, d, "in-text", d->in_text);
	WG_AUTO_FREE char *override = wg_xml_attr(node, "override");
	if (override != NULL && strcmp(override, "nothing") == 0)
		judge_exact(j, node, d, "override", d->overridden);
	else
		judge_set(j, node, d, "override", d->overridden & given, gives == NULL ? "given-by" : NULL);
}

static void judge_kept_back(struct judge *j, const struct _xmlNode *node, const struct wg_decision *d)
{
	WG_AUTO_FREE char *rules = wg_xml_attr(node, "kept-back");
	WG_AUTO_FREE char *override = wg_xml_attr(node, "override");
	wg_categories over = listed(node, override != NULL ? "override" : "gives");
	for (unsigned i = 0; rules != NULL && i < wg_category_count(); i++) {
		const struct wg_reason *r = wg_policy_reason(d, i);
		if ((over & (wg_categories)1 << i) != 0 && r != NULL && !is_among(rules, r->kept_back))
			unmet(j, node, "kept-back: %s would have been kept back by %s and not by %s", wg_category_name(i),
			      r->kept_back != NULL ? r->kept_back : "no rule", rules);
	}
}

/* ---- the verdict and what goes with it */

static void judge_word(struct judge *j, const struct _xmlNode *node, const struct wg_decision *d, const char *attribute,
                       const char *is)
{
	WG_AUTO_FREE char *wanted = wg_xml_attr(node, attribute);
	char who[WG_POLICY_WHO_TEXT];
	const char *found = is[0] != '\0' ? is : "none";
	if (wanted != NULL && strcmp(wanted, found) != 0)
		unmet(j, node, "%s: %s: expected %s, came %s%s%s", attribute, wg_policy_who(d, who), wanted, found,
		      d->verdict_rule[0] != '\0' ? "; " : "", d->verdict_rule);
}

static void judge_words_in(struct judge *j, const struct _xmlNode *node, const char *attribute, const char *text)
{
	WG_AUTO_FREE char *wanted = wg_xml_attr(node, attribute);
	if (wanted != NULL && (text == NULL || strstr(text, wanted) == NULL))
		unmet(j, node, "%s: \"%s\" does not stand in: %s", attribute, wanted, text != NULL ? text : "(nothing)");
}

/* The rule's id stands first in verdict_rule, before its source. */
static void judge_stopped(struct judge *j, const struct _xmlNode *node, const struct wg_decision *d)
{
	WG_AUTO_FREE char *rule = wg_xml_attr(node, "stopped-by");
	size_t n = rule != NULL ? strlen(rule) : 0;
	if (rule != NULL &&
	    (strncmp(d->verdict_rule, rule, n) != 0 || (d->verdict_rule[n] != '\0' && d->verdict_rule[n] != ' ')))
		unmet(j, node, "stopped-by: expected %s, came %s", rule,
		      d->verdict_rule[0] != '\0' ? d->verdict_rule : "no rule: it is sent");
}

static bool minutes_of(const char *text, uint64_t *out)
{
	char digits[8];
	bool days = text[1] != 'T';
	const char *from = text + (days ? 1 : 2);
	size_t n = strlen(from);
	if (n < 2 || n > sizeof digits)
		return false;
	memcpy(digits, from, n - 1);
	digits[n - 1] = '\0';
	if (!wg_num_parse(digits, 1, 9999, out))
		return false;
	*out *= days ? 24 * 60 : from[n - 1] == 'H' ? 60 : 1;
	return true;
}

static void judge_delay(struct judge *j, const struct _xmlNode *node, const struct wg_decision *d)
{
	WG_AUTO_FREE char *wanted = wg_xml_attr(node, "delay");
	uint64_t minutes = 0;
	if (wanted != NULL && strcmp(wanted, "none") != 0 && !minutes_of(wanted, &minutes))
		unmet(j, node, "delay: not a time such as PT4H");
	else if (wanted != NULL && minutes != d->delay_minutes)
		unmet(j, node, "delay: expected %s, came %u minutes", wanted, d->delay_minutes);
}

static void judge_obligations(struct judge *j, const struct _xmlNode *node, const struct wg_decision *d)
{
	WG_AUTO_FREE char *second = wg_xml_attr(node, "second-person");
	judge_word(j, node, d, "verdict", wg_policy_verdict_name(d->verdict));
	judge_stopped(j, node, d);
	judge_word(j, node, d, "due", d->due);
	judge_word(j, node, d, "escalate", d->escalate);
	judge_word(j, node, d, "keep", d->keep);
	judge_word(j, node, d, "deadline", d->confirm);
	judge_delay(j, node, d);
	judge_words_in(j, node, "route-source", d->route_source);
	bool two = second != NULL && (strcmp(second, "true") == 0 || strcmp(second, "1") == 0);
	if (second != NULL && two != d->second_person)
		unmet(j, node, "second-person: %s must release it; %s",
		      d->second_person ? "two people" : "nobody or one person",
		      d->verdict_rule[0] != '\0' ? d->verdict_rule : "no rule stops it");
}

static void judge_because(struct judge *j, const struct _xmlNode *node, const struct wg_decision *d)
{
	char name[WG_LIMIT_NAME + 1], text[600];
	WG_AUTO_FREE char *rule = wg_xml_attr(node, "rule"), *consent = wg_xml_attr(node, "consent");
	(void)wg_xml_attr_into(node, "category", name, sizeof name); /* the schema bounds it */
	for (unsigned i = 0; i < wg_category_count(); i++) {
		if (strcmp(wg_category_name(i), name) != 0)
			continue;
		const struct wg_reason *r = wg_policy_reason(d, i);
		if (r == NULL) {
			unmet(j, node, "because: the notice holds nothing of %s", name);
			return;
		}
		if (rule != NULL && !is_among(rule, r->rule))
			unmet(j, node, "because: %s is expected by %s and is %s", name, rule, came(d, i, text, sizeof text));
		if (consent != NULL && strcmp(consent, r->consent) != 0)
			unmet(j, node, "because: the consent for %s is %s and not %s", name, r->consent, consent);
		judge_words_in(j, node, "source", r->source);
		judge_words_in(j, node, "basis", r->basis);
	}
}

/* ---- deadlines */

/* One step of the ladder, its time counted from the time of the test. */
static void judge_step(struct judge *j, const struct _xmlNode *node, const struct wg_decision *d)
{
	WG_AUTO_FREE char *number = wg_xml_attr(node, "number"), *missing = wg_xml_attr(node, "not"),
					  *tell = wg_xml_attr(node, "tell"), *at = wg_xml_attr(node, "at");
	struct wg_confirm_step_view step;
	char due[WG_CLOCK_TEXT] = "never";
	uint64_t i = 0;
	int64_t since = 0, wanted = 0;
	if (number == NULL || !wg_num_parse(number, 1, 12, &i) || !wg_clock_parse(j->scene->now, &since))
		return; /* the schema sees to both */
	if (!wg_confirm_step(j->policy, d->confirm, (unsigned)i - 1, &step)) {
		unmet(j, node, "step: deadline %s has no step %s", d->confirm[0] != '\0' ? d->confirm : "(none)", number);
		return;
	}
	int64_t ms = wg_confirm_step_due(j->policy, d->confirm, (unsigned)i - 1, d->desk, since);
	if (ms != INT64_MAX)
		(void)wg_clock_format(ms, due); /* it gives back its buffer */
	if (missing != NULL && strcmp(missing, wg_confirm_level_name(step.missing)) != 0)
		unmet(j, node, "step %s: is for what is not %s", number, wg_confirm_level_name(step.missing));
	if (tell != NULL && strcmp(tell, step.tell) != 0)
		unmet(j, node, "step %s: tells %s", number, step.tell);
	if (at != NULL && (!wg_clock_parse(at, &wanted) || wanted != ms))
		unmet(j, node, "step %s: is due at %s", number, due);
}

/* ---- the copy */

static enum wg_code project(const struct wg_decision *d, const struct wg_notice *notice, struct wg_notice **out,
                            struct wg_err *err)
{
	struct wg_copy want = { .organisation = d->organisation->id,
		                    .desk = d->desk->name,
		                    .granted = d->granted,
		                    .mark = d->mark,
		                    .reason = "not shared with this recipient",
		                    .keep = d->keep };
	return wg_notice_project(notice, &want, out, err);
}

static bool stands_in(const struct wg_notice *notice, const char *words)
{
	WG_AUTO_BUF struct wg_buf text = WG_BUF(WG_LIMIT_NOTICE), escaped = WG_BUF(WG_LIMIT_NOTICE);
	struct wg_err ignored = { 0 };
	wg_buf_put_xml(&escaped, words, strlen(words));
	return notice != NULL && wg_notice_serialise(notice, &text, &ignored) == WG_OK && !text.failed &&
	       strstr(wg_buf_text(&text), wg_buf_text(&escaped)) != NULL;
}

static void judge_copy(struct judge *j, const struct _xmlNode *node, const struct wg_decision *d)
{
	WG_AUTO_NOTICE struct wg_notice *copy = NULL;
	WG_AUTO_FREE char *words = wg_xml_text(node);
	struct wg_err err = { 0 };
	char who[WG_POLICY_WHO_TEXT];
	bool lacks = strcmp(wg_xml_name(node), "copy-lacks") == 0;
	if (words == NULL || (d->verdict != WG_VERDICT_DENY && project(d, j->scene->notice, &copy, &err) != WG_OK))
		return; /* that there is no valid copy is said for the test as a whole */
	if (lacks && !stands_in(j->scene->notice, words))
		unmet(j, node, "copy-lacks: the notice itself does not hold these words, so this shows nothing");
	else if (stands_in(copy, words) == lacks)
		unmet(j, node, "%s: what %s gets %s these words", wg_xml_name(node), wg_policy_who(d, who),
		      lacks ? "holds" : "does not hold");
}

/* ---- expectations */

static void judge_recipient(struct judge *j, const struct _xmlNode *node)
{
	struct who who = { 0 };
	char all[EXPECT_TEXT / 2];
	unsigned found = 0;
	read_who(node, &who);
	for (unsigned i = 0; i < j->decisions->count; i++) {
		const struct wg_decision *d = &j->decisions->list[i];
		if (!is_who(d, &who))
			continue;
		found++;
		judge_obligations(j, node, d);
		judge_categories(j, node, d);
		judge_kept_back(j, node, d);
		for (const struct _xmlNode *n = wg_xml_first(node, NULL); n != NULL; n = wg_xml_next(n, NULL))
			if (strcmp(wg_xml_name(n), "because") == 0)
				judge_because(j, n, d);
			else if (strcmp(wg_xml_name(n), "step") == 0)
				judge_step(j, n, d);
			else
				judge_copy(j, n, d);
	}
	if (found == 0)
		unmet(j, node, "%s is no recipient; recipients: %s", who.words, everybody(j->decisions, all, sizeof all));
}

static void judge_no_recipient(struct judge *j, const struct _xmlNode *node)
{
	struct who who = { 0 };
	char text[WG_POLICY_WHO_TEXT];
	read_who(node, &who);
	for (unsigned i = 0; i < j->decisions->count; i++)
		if (is_who(&j->decisions->list[i], &who))
			unmet(j, node, "%s is a recipient, by the route of %s", wg_policy_who(&j->decisions->list[i], text),
			      j->decisions->list[i].route_source);
}

static void judge_recipients(struct judge *j, const struct _xmlNode *node)
{
	WG_AUTO_FREE char *text = wg_xml_text(node);
	char *rest = text, *role, *of, all[EXPECT_TEXT / 2], who[WG_POLICY_WHO_TEXT];
	bool known[WG_LIMIT_RECIPIENTS] = { false };
	while (wg_policy_tests_recipient(&rest, &role, &of)) {
		bool found = false;
		for (unsigned i = 0; i < j->decisions->count && i < WG_LIMIT_RECIPIENTS; i++)
			if (has_role(&j->decisions->list[i], role, of))
				found = known[i] = true;
		if (!found)
			unmet(j, node, "%s of %s is no recipient; recipients: %s", role, of,
			      everybody(j->decisions, all, sizeof all));
	}
	for (unsigned i = 0; i < j->decisions->count && i < WG_LIMIT_RECIPIENTS; i++)
		if (!known[i])
			unmet(j, node, "%s is a recipient too, by the route of %s", wg_policy_who(&j->decisions->list[i], who),
			      j->decisions->list[i].route_source);
}

static void judge_grade(struct judge *j, const struct _xmlNode *node)
{
	WG_AUTO_FREE char *wanted = wg_xml_attr(node, "accepted");
	char why[WG_POLICY_GRADE_TEXT] = "";
	bool is = wg_policy_grade(j->policy, j->scene->notice, j->scene->now, why, sizeof why);
	bool want = wanted != NULL && (strcmp(wanted, "true") == 0 || strcmp(wanted, "1") == 0);
	if (is != want)
		unmet(j, node, "the grade of risk is %s%s%s", is ? "accepted" : "not accepted", is ? "" : ": ", why);
	judge_words_in(j, node, "contains", is ? "" : why);
}

static void judge_retention(struct judge *j, const struct _xmlNode *node)
{
	char kind[WG_LIMIT_NAME + 1], at[WG_LIMIT_NAME + 1], wanted[16];
	const char *source = NULL;
	(void)wg_notice_get_into(j->scene->notice, "@kind", kind, sizeof kind); /* the schemas bound all three */
	(void)wg_xml_attr_into(node, "at", at, sizeof at);
	(void)wg_xml_attr_into(node, "keep", wanted, sizeof wanted);
	const char *keep = wg_policy_retention(j->policy, kind, at, &source);
	if (strcmp(keep != NULL ? keep : "unsaid", wanted) != 0)
		unmet(j, node, "a %s keeps such a notice %s (%s)", at,
		      keep != NULL ? keep : "as long as it likes: nothing is said", source != NULL ? source : "no source");
	judge_words_in(j, node, "source", source);
}

static void judge_one(struct judge *j, const struct _xmlNode *node)
{
	const char *name = wg_xml_name(node);
	const char *unreachable = j->decisions->unreachable;
	if (strcmp(name, "expect") == 0)
		judge_recipient(j, node);
	else if (strcmp(name, "expect-not") == 0)
		judge_no_recipient(j, node);
	else if (strcmp(name, "expect-recipients") == 0)
		judge_recipients(j, node);
	else if (strcmp(name, "expect-unreachable") == 0)
		judge_words_in(j, node, "contains", unreachable);
	else if (strcmp(name, "expect-all-reachable") == 0 && unreachable[0] != '\0')
		unmet(j, node, "cannot be reached: %s", unreachable);
	else if (strcmp(name, "expect-grade") == 0)
		judge_grade(j, node);
	else if (strcmp(name, "expect-retention") == 0)
		judge_retention(j, node);
}

/* Whatever a test expects: what a recipient gets must be a valid notice. */
static void judge_copies(struct judge *j, const struct _xmlNode *test)
{
	char who[WG_POLICY_WHO_TEXT];
	for (unsigned i = 0; i < j->decisions->count; i++) {
		WG_AUTO_NOTICE struct wg_notice *copy = NULL;
		struct wg_err err = { 0 };
		const struct wg_decision *d = &j->decisions->list[i];
		if (d->verdict != WG_VERDICT_DENY && project(d, j->scene->notice, &copy, &err) != WG_OK)
			unmet(j, test, "there is no valid copy for %s: %s", wg_policy_who(d, who), err.text);
	}
}

enum wg_code wg_policy_expect(const struct wg_policy_tests *tests, const struct _xmlNode *test,
                              const struct wg_policy *policy, const struct wg_policy_scene *scene,
                              const struct wg_decisions *decisions, struct wg_buf *out, unsigned *failed,
                              struct wg_err *err)
{
	struct judge j = { tests, policy, scene, decisions, wg_notice_categories(scene->notice), out, 0 };
	for (const struct _xmlNode *n = wg_xml_first(test, NULL); n != NULL; n = wg_xml_next(n, NULL))
		judge_one(&j, n);
	judge_copies(&j, test);
	*failed = j.failed;
	return wg_buf_check(out, "what is not met", err);
}
