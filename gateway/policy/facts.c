/* facts.c owns what a notice answers to the conditions of a policy: functions, variables, definitions, and the day.
 * SECURITY: the notice comes from outside; what it says is compared, never interpreted. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "policy/policy_internal.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

/* consent('role'): what is recorded of consent to share with that role: given, refused, withdrawn, not-sought or
 * not-known. age(): the child's age in whole years today, "" when the date of birth is not known. */
const char *const wg_facts_functions[] = { "consent", "age", NULL };
/* $self: this gateway's organisation; $submitter: who handed the notice in. */
const char *const wg_facts_variables[] = { "self", "submitter", NULL };

/* The <notice> of the facts; a document is the parent of its root like any node. */
static const struct _xmlNode *root_of(const struct wg_facts_view *view)
{
	return wg_xml_first((const struct _xmlNode *)(const void *)view->doc, "notice");
}

static const struct _xmlNode *below(const struct _xmlNode *node, const char *name)
{
	return node != NULL ? wg_xml_first(node, name) : NULL;
}

/* The states from the one that holds sharing back most to the one that allows it: where two entries disagree, the first
 * of these wins. A static string, or NULL for no state of ours. */
static const char *const consent_states[] = { "withdrawn", "refused", "not-sought", "not-known", "given" };

static size_t consent_rank(const char *state)
{
	size_t i = 0;
	while (i < WG_COUNT(consent_states) && strcmp(state, consent_states[i]) != 0)
		i++;
	return i;
}

/* The strictest entry whose to= is exactly that; the number of states when there is none. */
static size_t consent_to(const struct wg_facts_view *view, const char *to)
{
	size_t strictest = WG_COUNT(consent_states);
	const struct _xmlNode *sharing = below(root_of(view), "sharing");
	for (const struct _xmlNode *c = below(sharing, "consent"); c != NULL; c = wg_xml_next(c, "consent")) {
		WG_AUTO_FREE char *entry = wg_xml_attr(c, "to");
		WG_AUTO_FREE char *state = wg_xml_attr(c, "state");
		if (entry == NULL || state == NULL || strcmp(entry, to) != 0)
			continue;
		size_t rank = consent_rank(state);
		if (rank < strictest)
			strictest = rank;
	}
	return strictest;
}

/* An entry for the role itself says more than one for everybody. */
static const char *consent(const struct wg_facts_view *view, const char *role)
{
	size_t rank = consent_to(view, role);
	if (rank == WG_COUNT(consent_states))
		rank = consent_to(view, "*");
	return rank < WG_COUNT(consent_states) ? consent_states[rank] : "not-known";
}

/* Year, month and day of a day since 1970, by asking for the day that begins each year and month. */
static bool civil(int64_t day, int *year, int *month, int *date)
{
	char text[WG_CLOCK_TEXT];
	uint64_t n[3];
	(void)wg_clock_format(day * DAY_MS, text); /* "2026-11-22T00:00:00Z" */
	char part[3][8] = { "", "", "" };
	memcpy(part[0], text, 4);
	memcpy(part[1], text + 5, 2);
	memcpy(part[2], text + 8, 2);
	if (!wg_num_parse(part[0], 1, 9999, &n[0]) || !wg_num_parse(part[1], 1, 12, &n[1]) ||
	    !wg_num_parse(part[2], 1, 31, &n[2]))
		return false;
	*year = (int)n[0];
	*month = (int)n[1];
	*date = (int)n[2];
	return true;
}

/* "2011-03-14" and nothing else. */
static bool parse_date(const char *text, int *year, int *month, int *date)
{
	char part[3][8] = { "", "", "" };
	uint64_t n[3];
	int64_t day;
	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return false;
	memcpy(part[0], text, 4);
	memcpy(part[1], text + 5, 2);
	memcpy(part[2], text + 8, 2);
	if (!wg_num_parse(part[0], 1, 9999, &n[0]) || !wg_num_parse(part[1], 1, 12, &n[1]) ||
	    !wg_num_parse(part[2], 1, 31, &n[2]))
		return false;
	*year = (int)n[0];
	*month = (int)n[1];
	*date = (int)n[2];
	return wg_clock_days(*year, *month, *date, &day);
}

/* Whole years between the date of birth and today; somebody born on 29 February has the birthday on 1 March otherwise.
 */
static const char *age(struct wg_facts_view *view)
{
	int by, bm, bd, ty, tm, td;
	const struct _xmlNode *born = below(below(root_of(view), "child"), "date-of-birth");
	WG_AUTO_FREE char *text = born != NULL ? wg_xml_text(born) : NULL;
	if (text == NULL || !parse_date(text, &by, &bm, &bd) || !civil(view->today, &ty, &tm, &td))
		return "";
	int years = ty - by - (tm < bm || (tm == bm && td < bd) ? 1 : 0);
	if (years < 0 || years > 9999)
		return "";
	(void)snprintf(view->scratch, sizeof view->scratch, "%d", years); /* four digits fit */
	return view->scratch;
}

static const char *function(void *arg, const char *name, const char *const *args, int n)
{
	struct wg_facts_view *view = arg;
	if (strcmp(name, "consent") == 0)
		return n == 1 && args[0] != NULL ? consent(view, args[0]) : "not-known";
	if (strcmp(name, "age") == 0)
		return age(view);
	return "";
}

static const char *variable(void *arg, const char *name)
{
	const struct wg_facts_view *view = arg;
	if (strcmp(name, "self") == 0)
		return view->given->self;
	if (strcmp(name, "submitter") == 0)
		return view->given->submitter;
	for (unsigned i = 0; i < view->defined_count; i++)
		if (strcmp(name, view->policy->defines[i].name) == 0)
			return view->defined[i] ? "true" : ""; /* XPath takes "" for false and any other text for true */
	return "";
}

enum wg_code wg_facts_view_test(struct wg_facts_view *view, const struct wg_condition *when, bool *out,
                                struct wg_err *err)
{
	struct wg_answers answers = { .function = function, .variable = variable, .arg = view };
	if (when != NULL)
		return wg_condition_test(when, view->doc, &answers, out, err);
	*out = true;
	return WG_OK;
}

bool wg_facts_view_in_force(const struct wg_facts_view *view, const char *kinds, const struct wg_span *span)
{
	return wg_list_has(kinds, view->kind) && view->today >= span->from && view->today <= span->until;
}

static enum wg_code read_today(const char *now, int64_t *today, struct wg_err *err)
{
	int64_t ms;
	if (now == NULL || !wg_clock_parse(now, &ms))
		return wg_err_set(err, WG_CONFIG, "the time of the decision is missing or not RFC 3339");
	ms += (int64_t)wg_clock_london_offset(ms) * 60 * 1000;
	*today = ms / DAY_MS - (ms % DAY_MS < 0 ? 1 : 0);
	return WG_OK;
}

enum wg_code wg_facts_view_open(const struct wg_policy *policy, struct wg_notice *notice, const struct wg_facts *facts,
                                struct wg_facts_view *out, struct wg_err *err)
{
	*out = (struct wg_facts_view){ .policy = policy, .given = facts };
	enum wg_code code = read_today(facts->now, &out->today, err);
	if (code != WG_OK)
		return code;
	out->doc = wg_notice_facts(notice, err);
	if (out->doc == NULL)
		return err != NULL && err->code != WG_OK ? err->code : WG_SYSTEM;
	if (!wg_notice_get_into(notice, "@kind", out->kind, sizeof out->kind))
		return wg_err_set(err, WG_REJECT, "the notice has no kind");
	out->defined = calloc(policy->define_count + 1, sizeof *out->defined);
	if (out->defined == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory to decide");
	for (unsigned i = 0; i < policy->define_count && code == WG_OK; i++) {
		code = wg_facts_view_test(out, policy->defines[i].when, &out->defined[i], err);
		out->defined_count = i + 1;
		if (code != WG_OK)
			code = wg_err_add(err, "$%s", policy->defines[i].name);
	}
	return code;
}

void wg_facts_view_close(struct wg_facts_view *view)
{
	free(view->defined);
	view->defined = NULL;
}
