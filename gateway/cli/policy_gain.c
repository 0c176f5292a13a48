/* policy_gain.c owns counting what another policy would change. */
#include "cli/policy_gain.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/policy.h"

void wg_policy_gains_free(struct wg_policy_gains *gains)
{
	free(gains->list);
	*gains = (struct wg_policy_gains){ 0 };
}

struct wg_policy_stand wg_policy_stand(const struct wg_decision *decision)
{
	struct wg_policy_stand stand = { 0 };
	if (decision != NULL)
		stand = (struct wg_policy_stand){ true, decision->verdict, wg_policy_given(decision) };
	return stand;
}

static bool is_same(const struct wg_policy_gain *a, const struct wg_policy_gain *b)
{
	return a->what == b->what && a->category == b->category && a->was == b->was && a->is == b->is &&
	       strcmp(a->kind, b->kind) == 0 && strcmp(a->who, b->who) == 0;
}

static void count(struct wg_policy_gains *gains, const struct wg_policy_gain *one)
{
	for (unsigned i = 0; i < gains->count; i++)
		if (is_same(&gains->list[i], one)) {
			gains->list[i].count++;
			return;
		}
	bool full = gains->count == WG_POLICY_GAINS_MAX;
	if (!full && (gains->count & (gains->count - 1)) == 0) { /* at every power of two twice the room */
		size_t room = gains->count > 0 ? (size_t)gains->count * 2 : 1;
		struct wg_policy_gain *more = reallocarray(gains->list, room, sizeof *more);
		gains->list = more != NULL ? more : gains->list;
		full = more == NULL;
	}
	gains->failed = gains->failed || full;
	if (full)
		return;
	gains->list[gains->count] = *one;
	gains->list[gains->count++].count = 1;
}

bool wg_policy_gains_add(struct wg_policy_gains *gains, const char *kind, const char *who, const char *example,
                         const struct wg_policy_stand *was, const struct wg_policy_stand *is)
{
	struct wg_policy_gain one = { 0 };
	bool differs = false;
	(void)snprintf(one.kind, sizeof one.kind, "%s", kind); /* longer names are cut */
	(void)snprintf(one.who, sizeof one.who, "%s", who);
	(void)snprintf(one.example, sizeof one.example, "%s", example);
	if (was->recipient != is->recipient) {
		one.what = is->recipient ? WG_GAIN_RECIPIENT : WG_GAIN_NO_RECIPIENT;
		count(gains, &one);
		differs = true;
	} else if (was->recipient && was->verdict != is->verdict) {
		struct wg_policy_gain verdict = one;
		verdict.what = WG_GAIN_VERDICT;
		verdict.was = was->verdict;
		verdict.is = is->verdict;
		count(gains, &verdict);
		differs = true;
	}
	for (unsigned c = 0; c < wg_category_count(); c++) {
		bool before = (was->given >> c & 1) != 0, after = (is->given >> c & 1) != 0;
		if (before == after)
			continue;
		one.what = after ? WG_GAIN_GAINS : WG_GAIN_LOSES;
		one.category = c;
		count(gains, &one);
		gains->gained += after;
		gains->lost += before;
		differs = true;
	}
	return differs;
}

bool wg_policy_gains_compare(struct wg_policy_gains *gains, const char *kind, const char *example,
                             const struct wg_decisions *was, const struct wg_decisions *is)
{
	char who[WG_POLICY_WHO_TEXT];
	bool differs = false;
	for (unsigned i = 0; i < was->count; i++) {
		const struct wg_decision *d = &was->list[i];
		struct wg_policy_stand before = wg_policy_stand(d), after = wg_policy_stand(wg_policy_same(is, d));
		differs = wg_policy_gains_add(gains, kind, wg_policy_who(d, who), example, &before, &after) || differs;
	}
	for (unsigned i = 0; i < is->count; i++) {
		const struct wg_decision *d = &is->list[i];
		struct wg_policy_stand before = { 0 }, after = wg_policy_stand(d);
		if (wg_policy_same(was, d) == NULL)
			differs = wg_policy_gains_add(gains, kind, wg_policy_who(d, who), example, &before, &after) || differs;
	}
	return differs;
}

/* ---- printing */

static int order(const void *a, const void *b)
{
	const struct wg_policy_gain *x = a, *y = b;
	int by = strcmp(x->kind, y->kind);
	by = by != 0 ? by : strcmp(x->who, y->who);
	by = by != 0 ? by : (int)x->what - (int)y->what;
	by = by != 0 ? by : (int)x->category - (int)y->category;
	by = by != 0 ? by : (int)x->was - (int)y->was;
	return by != 0 ? by : (int)x->is - (int)y->is;
}

static void text_gain(const struct wg_policy_gain *g, struct wg_buf *out)
{
	switch (g->what) {
	case WG_GAIN_RECIPIENT:
		wg_buf_puts(out, "    is a recipient now");
		break;
	case WG_GAIN_NO_RECIPIENT:
		wg_buf_puts(out, "    is no recipient any more");
		break;
	case WG_GAIN_VERDICT:
		wg_buf_printf(out, "    %s instead of %s", wg_policy_verdict_name(g->is), wg_policy_verdict_name(g->was));
		break;
	case WG_GAIN_GAINS:
	case WG_GAIN_LOSES:
		wg_buf_printf(out, "    %s %s", g->what == WG_GAIN_GAINS ? "gains" : "loses", wg_category_name(g->category));
		break;
	}
	wg_buf_printf(out, " (%u, such as %s)\n", g->count, g->example);
}

static void json_gain(const struct wg_policy_gain *g, struct wg_buf *out)
{
	static const char *const names[] = { "recipient", "no-recipient", "verdict", "gains", "loses" };
	const char *texts[][2] = {
		{ "kind", g->kind }, { "who", g->who }, { "what", names[g->what] }, { "example", g->example }
	};
	for (size_t i = 0; i < WG_COUNT(texts); i++) {
		wg_buf_printf(out, "%s\"%s\":", i > 0 ? "," : "{", texts[i][0]);
		wg_buf_put_json(out, texts[i][1]);
	}
	if (g->what == WG_GAIN_GAINS || g->what == WG_GAIN_LOSES)
		wg_buf_printf(out, ",\"category\":\"%s\"", wg_category_name(g->category));
	if (g->what == WG_GAIN_VERDICT)
		wg_buf_printf(out, ",\"was\":\"%s\",\"is\":\"%s\"", wg_policy_verdict_name(g->was),
		              wg_policy_verdict_name(g->is));
	wg_buf_printf(out, ",\"count\":%u}", g->count);
}

enum wg_code wg_policy_gains_print(struct wg_policy_gains *gains, bool json, struct wg_buf *out, struct wg_err *err)
{
	if (gains->failed)
		return wg_err_set(err, WG_LIMIT, "more than %u differences: compare fewer notices at once", gains->count);
	if (gains->count > 0)
		qsort(gains->list, gains->count, sizeof *gains->list, order);
	wg_buf_puts(out, json ? "[" : "");
	for (unsigned i = 0; i < gains->count; i++) {
		const struct wg_policy_gain *g = &gains->list[i], *before = i > 0 ? g - 1 : NULL;
		if (json) {
			wg_buf_puts(out, i > 0 ? "," : "");
			json_gain(g, out);
			continue;
		}
		if (before == NULL || strcmp(before->kind, g->kind) != 0 || strcmp(before->who, g->who) != 0)
			wg_buf_printf(out, "  %s to %s\n", g->kind, g->who);
		text_gain(g, out);
	}
	wg_buf_puts(out, json ? "]" : "");
	return wg_buf_check(out, "the differences", err);
}
