/* explain.c owns the words of a decision: one JSON object for programs and the disclosure record, lines of text for
 * people. No personal data: names of organisations, roles, rules and categories only. */
#include <string.h>

#include "base/text.h"
#include "policy/decide.h"
#include "policy/reasons.h"

static const char *verdict_name(enum wg_verdict verdict)
{
	switch (verdict) {
	case WG_VERDICT_SEND:
		return "send";
	case WG_VERDICT_REVIEW:
		return "review";
	case WG_VERDICT_DENY:
		return "deny";
	}
	return "deny";
}

static void put_pair(struct wg_buf *out, const char *name, const char *value)
{
	wg_buf_printf(out, "\"%s\":", name);
	if (value != NULL)
		wg_buf_put_json(out, value);
	else
		wg_buf_puts(out, "null");
	wg_buf_putc(out, ',');
}

static void put_categories(struct wg_buf *out, const char *name, wg_categories set)
{
	const char *between = "";
	wg_buf_printf(out, "\"%s\":[", name);
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
	wg_buf_puts(out, "\"source\":");
	if (reason->source != NULL)
		wg_buf_put_json(out, reason->source);
	else
		wg_buf_puts(out, "null");
	wg_buf_putc(out, '}');
}

void wg_decision_json(const struct wg_policy *policy, const struct wg_decision *decision,
                      const struct wg_notice *notice, struct wg_buf *out)
{
	(void)notice; /* its elements are listed by what follows */
	wg_buf_putc(out, '{');
	put_pair(out, "organisation", decision->organisation->id);
	put_pair(out, "desk", decision->desk->name);
	put_pair(out, "role", decision->role);
	put_pair(out, "of", decision->of);
	put_pair(out, "also", decision->also);
	put_pair(out, "route_source", decision->route_source);
	put_pair(out, "verdict", verdict_name(decision->verdict));
	put_pair(out, "verdict_rule", decision->verdict_rule);
	put_pair(out, "due", decision->due);
	put_categories(out, "granted", decision->granted);
	put_categories(out, "withheld", decision->withheld);
	put_categories(out, "marked", decision->mark);
	wg_buf_puts(out, "\"reasons\":[");
	for (unsigned i = 0; i < decision->reason_count; i++) {
		wg_buf_puts(out, i > 0 ? "," : "");
		put_reason(out, &decision->reasons[i]);
	}
	wg_buf_puts(out, "],");
	put_pair(out, "policy", wg_policy_version(policy));
	wg_buf_puts(out, "\"policy_hash\":");
	wg_buf_put_json(out, wg_policy_hash(policy));
	wg_buf_putc(out, '}');
}

/* One side of the text: what is given, or what is not. */
static void put_side(struct wg_buf *out, const struct wg_decision *decision, enum wg_effect effect, const char *title)
{
	struct wg_reason_words words[WG_REASONS_MAX];
	unsigned n = 0;
	for (unsigned i = 0; i < decision->reason_count && n < WG_REASONS_MAX; i++) {
		const struct wg_reason *r = &decision->reasons[i];
		if (r->effect == effect)
			words[n++] = (struct wg_reason_words){ .category = wg_category_name(r->category),
				                                   .rule = r->rule,
				                                   .basis = r->basis,
				                                   .source = r->source,
				                                   .said = (decision->mark >> r->category & 1) != 0 };
	}
	wg_reasons_text(title, words, n, out);
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
	/* What was worked out also stands there when nothing is sent: it is what a release would give. */
	put_side(out, decision, WG_SHARE, decision->verdict == WG_VERDICT_SEND ? "gets" : "would get");
	put_side(out, decision, WG_WITHHOLD, "does not get");
	wg_buf_printf(out, "  policy %s, %.12s\n", wg_policy_version(policy), wg_policy_hash(policy));
}
