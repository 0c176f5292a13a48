/* explain.c owns the words of a decision: one JSON object for programs and the disclosure record, lines of text for
 * people. No personal data: names of organisations, roles, rules and categories only. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "policy/decide.h"
#include "policy/reasons.h"

/* Of one decision as JSON: room for it is made once, as each growth copies and wipes what was before. */
#define ROOM_AT_FIRST ((size_t)24 * 1024)

static const char *const verdicts[] = {
	[WG_VERDICT_SEND] = "send",
	[WG_VERDICT_REVIEW] = "review",
	[WG_VERDICT_DENY] = "deny",
};

/* "name": and what opens its value; without printf, which a record would call three hundred times. */
static void put_name(struct wg_buf *out, const char *name, const char *opening)
{
	wg_buf_putc(out, '"');
	wg_buf_puts(out, name);
	wg_buf_put(out, "\":", 2);
	if (opening[0] != '\0')
		wg_buf_puts(out, opening);
}

static void put_text(struct wg_buf *out, const char *name, const char *value)
{
	put_name(out, name, "");
	if (value != NULL)
		wg_buf_put_json(out, value);
	else
		wg_buf_puts(out, "null");
}

static void put_pair(struct wg_buf *out, const char *name, const char *value)
{
	put_text(out, name, value);
	wg_buf_putc(out, ',');
}

static void put_bool(struct wg_buf *out, const char *name, bool value)
{
	put_name(out, name, value ? "true," : "false,");
}

static void put_categories(struct wg_buf *out, const char *name, wg_categories set)
{
	const char *between = "";
	put_name(out, name, "[");
	for (unsigned c = 0; c < wg_category_count(); c++) {
		if ((set >> c & 1) == 0)
			continue;
		wg_buf_puts(out, between);
		wg_buf_put_json(out, wg_category_name(c));
		between = ",";
	}
	wg_buf_puts(out, "],");
}

static void put_reason(struct wg_buf *out, const struct wg_reason *reason)
{
	wg_buf_putc(out, '{');
	put_pair(out, "category", wg_category_name(reason->category));
	put_pair(out, "effect", reason->effect == WG_SHARE ? "share" : "withhold");
	put_pair(out, "rule", reason->rule);
	put_pair(out, "basis", reason->basis);
	put_pair(out, "source", reason->source);
	put_pair(out, "consent", reason->consent);
	put_bool(out, "override", reason->override);
	put_text(out, "kept_back", reason->kept_back);
	wg_buf_putc(out, '}');
}

static void put_elements_of(struct wg_buf *out, const char *name, const struct wg_notice_element *list, unsigned count,
                            wg_categories granted, bool given)
{
	const char *between = "";
	put_name(out, name, "[");
	for (unsigned i = 0; i < count; i++) {
		if (((list[i].need & ~granted) == 0) != given)
			continue;
		wg_buf_puts(out, between);
		wg_buf_putc(out, '{');
		put_pair(out, "place", list[i].path);
		put_pair(out, "category", wg_category_name(list[i].category));
		if (list[i].count == 1) /* as most are: printf would take as long as all else of it */
			wg_buf_puts(out, "\"count\":1}");
		else
			wg_buf_printf(out, "\"count\":%u}", list[i].count);
		between = ",";
	}
	wg_buf_putc(out, ']');
}

/* Which places of the notice are in the copy, and which are not. A list that could not be made leaves no record rather
 * than one that is not whole. */
static void put_elements(struct wg_buf *out, const struct wg_decision *decision, const struct wg_notice *notice)
{
	WG_AUTO_FREE struct wg_notice_element *list = NULL;
	unsigned count = 0;
	struct wg_err err = { 0 };
	if (wg_notice_elements(notice, &list, &count, &err) != WG_OK) {
		wg_buf_fail(out);
		return;
	}
	wg_buf_puts(out, "\"elements\":{");
	put_elements_of(out, "given", list, count, decision->granted, true);
	wg_buf_putc(out, ',');
	put_elements_of(out, "withheld", list, count, decision->granted, false);
	wg_buf_puts(out, "},");
}

static void put_verdict(struct wg_buf *out, const struct wg_decision *decision)
{
	char until[WG_CLOCK_TEXT] = "";
	if (decision->valid_until != INT64_MAX)
		(void)wg_clock_format(decision->valid_until, until); /* it gives back its buffer */
	put_pair(out, "verdict", verdicts[decision->verdict]);
	put_pair(out, "verdict_rule", decision->verdict_rule);
	put_pair(out, "due", decision->due);
	put_bool(out, "second_person", decision->second_person);
	put_pair(out, "escalate", decision->escalate);
	wg_buf_printf(out, "\"delay\":%u,", decision->delay_minutes);
	put_pair(out, "keep", decision->keep);
	put_pair(out, "confirm", decision->confirm);
	put_pair(out, "valid_until", until);
}

void wg_decision_json(const struct wg_policy *policy, const struct wg_decision *decision,
                      const struct wg_notice *notice, struct wg_buf *out)
{
	if (out->max - out->len > ROOM_AT_FIRST)
		(void)wg_buf_room(out, ROOM_AT_FIRST); /* or it fails, which is seen at the end */
	wg_buf_putc(out, '{');
	put_pair(out, "organisation", decision->organisation->id);
	put_pair(out, "desk", decision->desk->name);
	put_bool(out, "known_to_sender", decision->known_to_sender);
	put_pair(out, "role", decision->role);
	put_pair(out, "of", decision->of);
	put_pair(out, "also", decision->also);
	put_pair(out, "route_source", decision->route_source);
	put_verdict(out, decision);
	put_categories(out, "granted", decision->granted);
	put_categories(out, "withheld", decision->withheld);
	put_categories(out, "marked", decision->mark);
	put_categories(out, "overridden", decision->overridden);
	put_categories(out, "in_text", decision->in_text);
	wg_buf_puts(out, "\"reasons\":[");
	for (unsigned i = 0; i < decision->reason_count; i++) {
		wg_buf_puts(out, i > 0 ? "," : "");
		put_reason(out, &decision->reasons[i]);
	}
	wg_buf_puts(out, "],");
	if (notice != NULL)
		put_elements(out, decision, notice);
	put_pair(out, "policy", wg_policy_version(policy));
	put_text(out, "policy_hash", wg_policy_hash(policy));
	wg_buf_putc(out, '}');
}

/* One side of the text: what is given, or what is not. */
static void put_side(struct wg_buf *out, const struct wg_decision *decision, enum wg_effect effect, const char *title)
{
	struct wg_reason_words words[WG_REASONS_MAX];
	unsigned n = 0;
	for (unsigned i = 0; i < decision->reason_count; i++) { /* one for each category: WG_REASONS_MAX at most */
		const struct wg_reason *r = &decision->reasons[i];
		if (r->effect == effect)
			words[n++] = (struct wg_reason_words){ .category = wg_category_name(r->category),
				                                   .rule = r->rule,
				                                   .basis = r->basis,
				                                   .source = r->source,
				                                   .consent = r->consent,
				                                   .kept_back = r->kept_back,
				                                   .said = (decision->mark >> r->category & 1) != 0 };
	}
	wg_reasons_text(title, words, n, out);
}

/* What has to be done before it goes, and afterwards. */
static void put_obligations(struct wg_buf *out, const struct wg_decision *decision)
{
	if (decision->second_person)
		wg_buf_puts(out, "  two different people must release it\n");
	if (decision->escalate[0] != '\0')
		wg_buf_printf(out, "  when that time has passed, %s here is told\n", decision->escalate);
	if (decision->in_text != 0) {
		char names[WG_CATEGORIES_TEXT];
		wg_buf_printf(out, "  its free text may also hold: %s\n",
		              wg_categories_format(decision->in_text, names, sizeof names));
	}
	if (decision->delay_minutes > 0)
		wg_buf_printf(out, "  not sent before %u minutes have passed\n", decision->delay_minutes);
	if (decision->valid_until != INT64_MAX) {
		char until[WG_CLOCK_TEXT];
		wg_buf_printf(out, "  decided again if not sent by %s, when an agreement ends\n",
		              wg_clock_format(decision->valid_until, until));
	}
	if (decision->confirm[0] != '\0')
		wg_buf_printf(out, "  a person there has to confirm it: deadline %s\n", decision->confirm);
	if (decision->keep[0] != '\0')
		wg_buf_printf(out, "  the recipient may keep it for %s\n", decision->keep);
}

void wg_decision_text(const struct wg_policy *policy, const struct wg_decision *decision, struct wg_buf *out)
{
	static const char *const words[] = {
		[WG_VERDICT_SEND] = "send",
		[WG_VERDICT_REVIEW] = "a person must release it",
		[WG_VERDICT_DENY] = "do not send",
	};
	wg_buf_printf(out, "%s (%s), %s as %s of %s: %s\n", decision->organisation->name, decision->organisation->id,
	              decision->desk->name, decision->role, decision->of, words[decision->verdict]);
	wg_buf_printf(out, "  recipient because of %s\n", decision->route_source);
	if (decision->also[0] != '\0')
		wg_buf_printf(out, "  also reached as %s: one copy, decided under the first role\n", decision->also);
	if (decision->verdict_rule[0] != '\0')
		wg_buf_printf(out, "  by %s%s%s\n", decision->verdict_rule, decision->due[0] != '\0' ? ", within " : "",
		              decision->due);
	put_obligations(out, decision);
	/* What was worked out also stands there when nothing is sent: it is what a release would give. */
	put_side(out, decision, WG_SHARE, decision->verdict == WG_VERDICT_SEND ? "gets" : "would get");
	put_side(out, decision, WG_WITHHOLD, "does not get");
	wg_buf_printf(out, "  policy %s, %.12s\n", wg_policy_version(policy), wg_policy_hash(policy));
}
