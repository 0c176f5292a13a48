/* policy_confirm.c owns reading a <deadline>: by when a copy has to be confirmed, and who is told when it is not. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/confirm_internal.h"

#define MINUTE_MS ((int64_t)60 * 1000)

static enum wg_code complain(const struct wg_layer *layer, const struct _xmlNode *node, const struct wg_deadline *one,
                             const char *words, struct wg_err *err)
{
	return wg_xml_complain(layer->doc, node, err, "deadline %s: %s", one->id, words);
}

static enum wg_code read_id(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_deadline *one,
                            struct wg_err *err)
{
	char id[WG_LIMIT_NAME + 1];
	enum wg_code code = wg_names_attr(layer->doc, node, "id", id, sizeof id, err);
	if (code != WG_OK)
		return code;
	(void)snprintf(one->id, sizeof one->id, "%s/%s", layer->id, id); /* two names and a slash fit */
	for (const struct wg_deadline *other = layer->policy->deadlines; other != one; other++)
		if (strcmp(other->id, one->id) == 0)
			return complain(layer, node, one, "stands twice", err);
	for (unsigned i = 0; i < layer->policy->rule_count; i++)
		if (strcmp(layer->policy->rules[i].id, one->id) == 0)
			return complain(layer, node, one, "a rule has this id already", err);
	/* it is kept with the delivery, where a name has room */
	return strlen(one->id) <= WG_LIMIT_NAME ? WG_OK : complain(layer, node, one, "give it a shorter id=", err);
}

static enum wg_code add_side(void *arg, const char *name, struct wg_err *err)
{
	unsigned *sides = arg;
	(void)err;
	*sides |= 1U << wg_side_find(name); /* the schema has seen that it is one */
	return WG_OK;
}

/* An alarm that nobody confirms must not alarm for ever: "*" leaves those kinds out, and naming one is refused. */
static enum wg_code leave_exempt_out(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_deadline *one,
                                     struct wg_err *err)
{
	struct wg_set exempt = { 0 };
	bool all = wg_set_full(&one->kinds);
	for (unsigned k = 0; k < layer->policy->kind_count; k++) {
		if (!wg_confirm_exempt(layer->policy->kinds[k]))
			continue;
		if (!all && wg_set_has(&one->kinds, k))
			return wg_xml_complain(layer->doc, node, err,
			                       "deadline %s: what the gateway itself says (%s) is under no deadline, or an alarm "
			                       "that nobody confirms would alarm for ever: take it out of kind=",
			                       one->id, layer->policy->kinds[k]);
		wg_set_add(&exempt, k);
	}
	wg_set_remove(&one->kinds, &exempt);
	return WG_OK;
}

static enum wg_code read_scope(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_deadline *one,
                               struct wg_err *err)
{
	WG_AUTO_FREE char *of = NULL;
	enum wg_code code = wg_policy_words_kinds(layer, node, &one->kinds, err);
	if (code == WG_OK)
		code = leave_exempt_out(layer, node, one, err);
	if (code == WG_OK)
		code = wg_policy_words_roles(layer, node, "to", &one->to, err);
	if (code == WG_OK)
		code = wg_policy_words_roles(layer, node, "except", &one->except, err);
	if (code == WG_OK)
		code = wg_policy_words_list(layer, node, "of", &of, err);
	if (code == WG_OK)
		code = wg_names_each(of, add_side, &one->sides, err);
	if (code == WG_OK)
		code = wg_policy_words_list(layer, node, "at", &one->at, err);
	if (code != WG_OK)
		return code;
	if (wg_set_full(&one->except))
		return complain(layer, node, one, "except=\"*\" leaves nobody: take the deadline out instead", err);
	if (one->sides == 0)
		one->sides = (1U << WG_SIDES) - 1;
	wg_set_remove(&one->to, &one->except);
	return WG_OK;
}

/* "PT15M", "P2D"; the schema has seen to the form. */
static enum wg_code read_after(const struct wg_layer *layer, const struct _xmlNode *node, bool in_hours,
                               struct wg_confirm_wait *out, struct wg_err *err)
{
	char digits[4] = "";
	uint64_t n = 0;
	enum wg_code code = wg_names_attr(layer->doc, node, "after", out->text, sizeof out->text, err);
	if (code != WG_OK)
		return code;
	size_t lead = strspn(out->text, "PT"), len = strspn(out->text + lead, "0123456789");
	char unit = out->text[lead + len];
	(void)snprintf(digits, sizeof digits, "%.*s", (int)len, out->text + lead); /* three at most */
	(void)wg_num_parse(digits, 1, 999, &n);                                    /* it is one */
	out->days = unit == 'D' && in_hours ? (unsigned)n : 0;
	out->ms = (int64_t)n * (unit == 'D'   ? 24 * 60 * MINUTE_MS
	                        : unit == 'H' ? 60 * MINUTE_MS
	                        : unit == 'M' ? MINUTE_MS
	                                      : 1000);
	return WG_OK;
}

static enum wg_code read_in(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_confirm_step *step,
                            struct wg_err *err)
{
	const struct wg_policy *policy = layer->policy;
	char hint[WG_HINT];
	WG_AUTO_BUF struct wg_buf known = WG_BUF(WG_POLICY_ITEMS * (WG_LIMIT_NAME + 1));
	enum wg_code code = wg_names_attr(layer->doc, node, "in", step->in, sizeof step->in, err);
	bool there = step->in[0] == '\0' || strcmp(step->in, WG_CONFIRM_IN_DESK) == 0;
	if (code != WG_OK || there || wg_policy_has_hours(policy, step->in))
		return code;
	wg_buf_puts(&known, WG_CONFIRM_IN_DESK " ");
	for (unsigned i = 0; i < policy->hours_count; i++)
		wg_buf_printf(&known, "%s ", policy->hours[i].name);
	return wg_xml_complain(layer->doc, node, err, "there is no <hours name=\"%s\">%s", step->in,
	                       wg_hint(step->in, wg_buf_text(&known), hint));
}

static enum wg_code read_tell(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_confirm_step *step,
                              struct wg_err *err)
{
	static const char *const whom[] = { [WG_CONFIRM_ALTERNATE] = "alternate",
		                                [WG_CONFIRM_OUT_OF_HOURS] = "out-of-hours",
		                                [WG_CONFIRM_SENDER] = "sender",
		                                [WG_CONFIRM_OPERATOR] = "operator" };
	char tell[WG_LIMIT_NAME + 8];
	enum wg_code code = wg_names_attr(layer->doc, node, "tell", tell, sizeof tell, err);
	if (code != WG_OK)
		return code;
	step->whom = WG_CONFIRM_ROLE;
	for (unsigned i = 0; i < WG_COUNT(whom); i++)
		if (strcmp(whom[i], tell) == 0)
			step->whom = (enum wg_confirm_whom)i;
	if (step->whom != WG_CONFIRM_ROLE)
		return WG_OK;
	(void)snprintf(step->role, sizeof step->role, "%.*s", WG_LIMIT_NAME, tell + strlen("role:")); /* a name: fits */
	return wg_policy_role(layer->policy, step->role) != WG_SET_OTHER ? WG_OK
	                                                                 : wg_policy_no_role(layer, node, step->role, err);
}

static enum wg_code read_step(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_confirm_step *step,
                              struct wg_err *err)
{
	char missing[16];
	enum wg_code code = wg_names_attr(layer->doc, node, "not", missing, sizeof missing, err);
	for (unsigned i = 0; i < WG_CONFIRM_LEVELS; i++)
		if (code == WG_OK && strcmp(wg_confirm_level_name((enum wg_confirm_level)i), missing) == 0)
			step->missing = (enum wg_confirm_level)i;
	if (code == WG_OK)
		code = read_in(layer, node, step, err);
	if (code == WG_OK)
		code = read_after(layer, node, step->in[0] != '\0', &step->after, err);
	if (code == WG_OK)
		code = read_tell(layer, node, step, err);
	return code;
}

/* Steps come in order, so one that is due before an earlier one would only be late. */
static bool goes_back(const struct wg_deadline *one)
{
	const struct wg_confirm_step *last = &one->steps[one->step_count - 1], *before = last - 1;
	return one->step_count > 1 && strcmp(last->in, before->in) == 0 &&
	       (last->after.days == 0) == (before->after.days == 0) && last->after.ms < before->after.ms;
}

static enum wg_code read_steps(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_deadline *one,
                               struct wg_err *err)
{
	for (struct _xmlNode *step = wg_xml_first(node, "step"); step != NULL; step = wg_xml_next(step, "step")) {
		if (one->step_count == WG_CONFIRM_STEPS)
			return complain(layer, step, one, "has too many steps", err);
		enum wg_code code = read_step(layer, step, &one->steps[one->step_count++], err);
		if (code != WG_OK)
			return code;
		if (goes_back(one))
			return complain(layer, step, one,
			                "this step is due before the one above it: put the steps in the order of their time", err);
	}
	return WG_OK;
}

enum wg_code wg_policy_add_deadline(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
{
	struct wg_policy *policy = layer->policy;
	enum wg_code code = WG_POLICY_GROW(policy->deadlines, policy->deadline_count, "deadlines", err);
	if (code != WG_OK)
		return code;
	struct wg_deadline *one = &policy->deadlines[policy->deadline_count - 1]; /* counted also when it fails */
	one->layer = layer->number;
	code = read_id(layer, node, one, err);
	if (code == WG_OK)
		code = read_scope(layer, node, one, err);
	if (code == WG_OK)
		code = wg_policy_read_when(layer, node, &one->when, err);
	if (code == WG_OK)
		code = read_steps(layer, node, one, err);
	if (code == WG_OK)
		code = wg_policy_words_source(node, &one->source, &one->note, err);
	return code == WG_OK ? wg_policy_add_item(policy, WG_ITEM_DEADLINE, policy->deadline_count - 1, err) : code;
}

void wg_deadlines_free(struct wg_policy *policy)
{
	for (unsigned i = 0; i < policy->deadline_count; i++) {
		struct wg_deadline *one = &policy->deadlines[i];
		free(one->at);
		free(one->source);
		free(one->note);
		wg_when_free(&one->when);
	}
	free(policy->deadlines);
}
