/* say.c owns the sentences of a policy: every rule and route in words that somebody who answers for it can sign. */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "policy/confirm_internal.h"
#include "policy/say_internal.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

void wg_say_name(const char *name, struct wg_buf *out)
{
	for (; *name != '\0'; name++)
		wg_buf_putc(out, *name == '-' ? ' ' : *name);
}

void wg_say_role(const struct wg_policy *policy, unsigned role, struct wg_buf *out)
{
	const char *words = policy->roles[role].words;
	size_t n = strcspn(words, ",:;.");
	if (n == 0) {
		wg_say_name(policy->roles[role].name, out);
		return;
	}
	/* A sentence goes on with it: "the police", but "CEOP". */
	bool small = islower((unsigned char)words[1]) || words[1] == ' ';
	wg_buf_putc(out, small ? (char)tolower((unsigned char)words[0]) : words[0]);
	wg_buf_put(out, words + 1, n - 1);
}

/* "PT4H" as "4 hours", "P6Y" as "6 years". */
void wg_say_time(const char *text, struct wg_buf *out)
{
	size_t lead = strspn(text, "PT"), n = strspn(text + lead, "0123456789");
	char unit = text[lead + n];
	const char *words = unit == 'Y'   ? "year"
	                    : unit == 'D' ? "day"
	                    : unit == 'H' ? "hour"
	                    : unit == 'S' ? "second"
	                    : lead == 2   ? "minute"
	                                  : "month";
	wg_buf_put(out, text + lead, n);
	wg_buf_printf(out, " %s%s", words, n == 1 && text[lead] == '1' ? "" : "s");
}

/* "a", "a and b", "a, b and c": what stands between number i of n and the next. */
static const char *between(unsigned i, unsigned n)
{
	return i + 1 >= n ? "" : i + 2 == n ? " and " : ", ";
}

void wg_say_roles(const struct wg_policy *policy, const struct wg_set *set, struct wg_buf *out)
{
	unsigned n = 0, i = 0;
	for (unsigned r = 0; r < policy->role_count; r++)
		n += wg_set_has(set, r) ? 1 : 0;
	for (unsigned r = 0; r < policy->role_count; r++) {
		if (!wg_set_has(set, r))
			continue;
		wg_say_role(policy, r, out);
		wg_buf_puts(out, between(i++, n));
	}
}

void wg_say_kinds(const struct wg_policy *policy, const struct wg_set *set, struct wg_buf *out)
{
	unsigned n = 0, i = 0;
	if (wg_set_full(set)) {
		wg_buf_puts(out, "every kind");
		return;
	}
	for (unsigned k = 0; k < policy->kind_count; k++)
		n += wg_set_has(set, k) ? 1 : 0;
	wg_buf_puts(out, n > 1 ? "the kinds " : "the kind ");
	for (unsigned k = 0; k < policy->kind_count; k++) {
		if (!wg_set_has(set, k))
			continue;
		wg_say_name(policy->kinds[k], out);
		wg_buf_puts(out, between(i++, n));
	}
}

static void say_categories(const struct wg_rule *rule, struct wg_buf *out)
{
	unsigned n = (unsigned)__builtin_popcountll(rule->categories), i = 0;
	if (rule->star) {
		wg_buf_puts(out, "everything");
		return;
	}
	for (wg_categories left = rule->categories; left != 0; left &= left - 1) {
		wg_say_name(wg_category_name((unsigned)__builtin_ctzll(left)), out);
		wg_buf_puts(out, between(i++, n));
	}
}

static bool several(const struct wg_rule *rule)
{
	return !rule->star && (rule->categories & (rule->categories - 1)) != 0;
}

void wg_say_sides(unsigned sides, struct wg_buf *out)
{
	static const char *const words[WG_SIDES] = {
		[WG_SIDE_PLACING] = "of the responsible (placing) authority",
		[WG_SIDE_HOST] = "of the authority where the child is (host)",
		[WG_SIDE_SENDER] = "who sent it",
		[WG_SIDE_NAMED] = "named in the notice",
		[WG_SIDE_NATIONAL] = "for the whole country",
		[WG_SIDE_TOLD] = "told before",
		[WG_SIDE_ADDRESSED] = "whom the gateway's own notice names",
	};
	const char *before = " (";
	for (unsigned i = 0; sides != (1U << WG_SIDES) - 1 && i < WG_SIDES; i++) {
		if ((sides >> i & 1) == 0)
			continue;
		wg_buf_printf(out, "%s%s", before, words[i]);
		before = " or ";
	}
	wg_buf_puts(out, before[1] == '(' ? "" : ")");
}

static void say_day(const char *before, int64_t day, struct wg_buf *out)
{
	char text[WG_CLOCK_TEXT];
	if (day != INT64_MIN && day != INT64_MAX)
		wg_buf_printf(out, "%s%.10s", before, wg_clock_format(day * DAY_MS, text));
}

/* From when, until when, on which condition. */
void wg_say_bounds(const struct wg_span *span, const struct wg_when *when, struct wg_buf *out)
{
	say_day(", from ", span->from, out);
	say_day(", until ", span->until, out);
	if (when->text != NULL) {
		wg_buf_puts(out, ", when ");
		wg_say_when(when->text, out);
	}
}

static const struct wg_policy_layer *layer_of(const struct wg_policy *policy, unsigned layer)
{
	return &policy->layers[layer];
}

void wg_say_areas(const struct wg_policy_layer *layer, struct wg_buf *out)
{
	const char *before = " Only for children of or in the authorities ";
	for (unsigned i = 0; !layer->everywhere && i < WG_POLICY_AREAS; i++) {
		if ((layer->areas[i / 64] >> (i % 64) & 1) == 0)
			continue;
		wg_buf_printf(out, "%s%03u", before, i);
		before = ", ";
	}
	wg_buf_puts(out, layer->everywhere ? "" : ".");
}

/* Who the rule is about. */
static void say_recipients(const struct wg_policy *policy, const struct wg_rule *rule, struct wg_buf *out)
{
	if (wg_set_full(&rule->to)) {
		wg_buf_puts(out, "every recipient");
		for (unsigned r = 0; r < policy->role_count; r++)
			if (wg_set_has(&rule->except, r)) {
				wg_buf_puts(out, " except ");
				wg_say_roles(policy, &rule->except, out);
				break;
			}
	} else {
		wg_say_roles(policy, &rule->to, out);
	}
	wg_say_sides(rule->sides, out);
}

static void say_review(const struct wg_policy *policy, const struct wg_rule *rule, struct wg_buf *out)
{
	wg_buf_printf(out, "%s must release what ", rule->second_person ? "Two people" : "A person");
	say_recipients(policy, rule, out);
	wg_buf_puts(out, " would be sent of notices of ");
	wg_say_kinds(policy, &rule->kinds, out);
	if (!rule->unconditional && !rule->star) {
		wg_buf_puts(out, " where it holds ");
		say_categories(rule, out);
	}
	if (rule->due.text[0] != '\0') {
		wg_buf_puts(out, ", within ");
		wg_say_time(rule->due.text, out);
	}
	if (rule->due.escalate[0] != '\0') {
		wg_buf_puts(out, "; after that ");
		wg_say_role(policy, wg_policy_role(policy, rule->due.escalate), out);
		wg_buf_puts(out, " is told");
	}
}

static void say_withhold(const struct wg_policy *policy, const struct wg_rule *rule, struct wg_buf *out)
{
	wg_buf_puts(out, "Of notices of ");
	wg_say_kinds(policy, &rule->kinds, out);
	wg_buf_puts(out, ": ");
	say_categories(rule, out);
	wg_buf_puts(out, several(rule) ? " are " : " is ");
	wg_buf_puts(out, rule->gate ? "kept back, unless that was agreed to, from " : "withheld from ");
	say_recipients(policy, rule, out);
	if (rule->marker == WG_MARKER_SAY)
		wg_buf_puts(out, "; the copy says so");
}

static void say_share(const struct wg_policy *policy, const struct wg_rule *rule, struct wg_buf *out)
{
	say_categories(rule, out);
	wg_buf_puts(out, " of notices of ");
	wg_say_kinds(policy, &rule->kinds, out);
	wg_buf_puts(out, several(rule) ? " are given to " : " is given to ");
	say_recipients(policy, rule, out);
	if (rule->overrides)
		wg_buf_puts(out, ", although it was not agreed to");
	if (rule->unreviewed)
		wg_buf_puts(out, ", free text without a person having read it");
	if (rule->delay > 0)
		wg_buf_printf(out, ", %u minutes later", rule->delay);
	if (rule->keep.text[0] != '\0') {
		wg_buf_puts(out, ", to be kept no longer than ");
		wg_say_time(rule->keep.text, out);
	}
}

static void say_deny(const struct wg_policy *policy, const struct wg_rule *rule, struct wg_buf *out)
{
	bool everything = rule->unconditional || rule->star;
	wg_buf_puts(out, "Nothing of notices of ");
	wg_say_kinds(policy, &rule->kinds, out);
	wg_buf_puts(out, everything ? "" : " that holds ");
	if (!everything)
		say_categories(rule, out);
	wg_buf_puts(out, " is sent to ");
	say_recipients(policy, rule, out);
}

static void say_rule(const struct wg_policy *policy, const struct wg_rule *rule, struct wg_buf *out)
{
	static void (*const effects[])(const struct wg_policy *policy, const struct wg_rule *rule, struct wg_buf *out) = {
		[WG_SHARE] = say_share, [WG_WITHHOLD] = say_withhold, [WG_REVIEW] = say_review, [WG_DENY] = say_deny
	};
	effects[rule->effect](policy, rule, out);
	wg_say_bounds(&rule->span, &rule->when, out);
	wg_buf_putc(out, '.');
	if (rule->tell != WG_SET_OTHER) {
		wg_buf_puts(out, " Whenever that applies, it is told also to ");
		wg_say_role(policy, rule->tell, out);
		wg_buf_puts(out, " of the responsible authority.");
	}
	if (rule->unconfirmed)
		wg_buf_puts(out, " Not in force until the operator confirms the law that it rests on.");
	if (rule->basis != NULL)
		wg_buf_printf(out, " Lawful basis: %s.", rule->basis);
	wg_say_areas(layer_of(policy, rule->layer), out);
}

/* Those on one side together: the side is said behind the last of them. */
static void say_to(const struct wg_policy *policy, const struct wg_route *route, unsigned i, struct wg_buf *out)
{
	const struct wg_route_to *to = &route->to[i];
	if (to->side == WG_SIDE_ADDRESSED) {
		wg_buf_puts(out, "the desk that they are addressed to");
		wg_buf_puts(out, between(i, route->to_count));
		return;
	}
	if (to->role == WG_SET_OTHER)
		wg_buf_puts(out, "everybody");
	else
		wg_say_role(policy, to->role, out);
	if (i + 1 == route->to_count || route->to[i + 1].side != to->side)
		wg_say_sides(1U << to->side, out);
	wg_buf_puts(out, between(i, route->to_count));
}

static void say_route(const struct wg_policy *policy, const struct wg_route *route, struct wg_buf *out)
{
	wg_buf_puts(out, "Notices of ");
	wg_say_kinds(policy, &route->kinds, out);
	wg_buf_puts(out, " go to ");
	for (unsigned i = 0; i < route->to_count; i++)
		say_to(policy, route, i, out);
	wg_say_bounds(&route->span, &route->when, out);
	wg_buf_puts(out, route->even_to_sender ? ", even to who sent them." : ".");
	wg_say_areas(layer_of(policy, route->layer), out);
}

static void say_hours(const struct wg_hours *hours, struct wg_buf *out)
{
	static const char *const days[] = { "Mondays", "Tuesdays",  "Wednesdays", "Thursdays",
		                                "Fridays", "Saturdays", "Sundays" };
	unsigned n = (unsigned)__builtin_popcount(hours->days), i = 0;
	wg_buf_printf(out, "The office with the hours of %s is open from %02u:%02u to %02u:%02u on ", hours->name,
	              hours->opens / 60, hours->opens % 60, hours->closes / 60, hours->closes % 60);
	for (unsigned d = 0; d < WG_COUNT(days); d++)
		if ((hours->days >> d & 1) != 0)
			wg_buf_printf(out, "%s%s", days[d], between(i++, n));
	wg_buf_puts(out, hours->closed_days ? ", not on bank holidays." : ", bank holidays too.");
}

static void say_retention(const struct wg_policy *policy, const struct wg_retention *one, struct wg_buf *out)
{
	wg_buf_puts(out, "A gateway ");
	if (!one->any_at)
		wg_buf_printf(out, "of kind %s ", one->at);
	wg_buf_puts(out, "keeps notices of ");
	wg_say_kinds(policy, &one->kinds, out);
	wg_buf_puts(out, " for ");
	wg_say_time(one->keep.text, out);
	wg_buf_puts(out, " after the last thing that happened to them.");
}

static void say_text_review(const struct wg_policy *policy, const struct wg_text_review *one, struct wg_buf *out)
{
	wg_buf_puts(out, "Free text that may hold what its recipient is not given is read by a person within ");
	wg_say_time(one->due.text, out);
	if (one->due.escalate[0] != '\0') {
		wg_buf_puts(out, "; after that ");
		wg_say_role(policy, wg_policy_role(policy, one->due.escalate), out);
		wg_buf_puts(out, " is told");
	}
	wg_buf_putc(out, '.');
	wg_say_areas(layer_of(policy, one->layer), out);
}

static void say_grades(const struct wg_grades *one, struct wg_buf *out)
{
	wg_buf_printf(out, "Children of the authorities %s have the grades of risk %s", one->of, one->allow);
	if (one->first[0] != '\0')
		wg_buf_printf(out, ", in a first report %s", one->first);
	wg_buf_puts(out, "; another grade calls a person.");
}

static void say_define(const struct wg_define *one, struct wg_buf *out)
{
	wg_buf_putc(out, '"');
	wg_say_name(one->name, out);
	wg_buf_puts(out, "\" applies when ");
	wg_say_when(one->when.text, out);
	wg_buf_putc(out, '.');
}

void wg_say_item(const struct wg_policy *policy, const struct wg_item *item, struct wg_buf *out)
{
	unsigned i = item->index;
	if (item->kind == WG_ITEM_RULE)
		say_rule(policy, &policy->rules[i], out);
	else if (item->kind == WG_ITEM_ROUTE)
		say_route(policy, &policy->routes[i], out);
	else if (item->kind == WG_ITEM_GRADES)
		say_grades(&policy->grades[i], out);
	else if (item->kind == WG_ITEM_RETENTION)
		say_retention(policy, &policy->retentions[i], out);
	else if (item->kind == WG_ITEM_HOURS)
		say_hours(&policy->hours[i], out);
	else if (item->kind == WG_ITEM_TEXT_REVIEW)
		say_text_review(policy, &policy->text_reviews[i], out);
	else if (item->kind == WG_ITEM_DEADLINE)
		wg_say_deadline(policy, &policy->deadlines[i], out);
	else
		say_define(&policy->defines[i], out);
}
