/* policy_rule.c owns reading a <rule>, and refusing what stands on one where it means nothing. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/confirm_internal.h"

enum wg_code wg_policy_rule_complain(const struct wg_layer *layer, const struct _xmlNode *node,
                                     const struct wg_rule *rule, const char *words, struct wg_err *err)
{
	return wg_xml_complain(layer->doc, node, err, "rule %s: %s", rule->id, words);
}

static enum wg_code read_id(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_rule *rule,
                            struct wg_err *err)
{
	char id[WG_LIMIT_NAME + 1];
	enum wg_code code = wg_names_attr(layer->doc, node, "id", id, sizeof id, err);
	if (code != WG_OK)
		return code;
	(void)snprintf(rule->id, sizeof rule->id, "%s/%s", layer->id, id); /* two names and a slash fit */
	for (const struct wg_rule *other = layer->policy->rules; other != rule; other++)
		if (strcmp(other->id, rule->id) == 0)
			return wg_xml_complain(layer->doc, node, err, "rule %s stands twice", rule->id);
	if (wg_confirm_find(layer->policy, rule->id) != NULL)
		return wg_xml_complain(layer->doc, node, err, "rule %s: a deadline has this id already", rule->id);
	return WG_OK;
}

/* The only effect with which an attribute means something, and what to do when it stands with another. */
static const struct {
	const char *attribute;
	enum wg_effect effect;
	const char *words;
} only_with[] = {
	{ "marker", WG_WITHHOLD, "marker= is for effect=\"withhold\" only: take it out" },
	{ "unless", WG_WITHHOLD, "unless= is for effect=\"withhold\" only: say it in <when>" },
	{ "due", WG_REVIEW, "due= is for effect=\"review\" only: take it out" },
	{ "second-person", WG_REVIEW, "second-person= is for effect=\"review\" only: take it out" },
	{ "escalate", WG_REVIEW, "escalate= is for effect=\"review\" only: take it out" },
	{ "overrides", WG_SHARE, "overrides= is for effect=\"share\" only: take it out" },
	{ "text", WG_SHARE, "text= is for effect=\"share\" only: take it out" },
	{ "delay", WG_SHARE, "delay= is for effect=\"share\" only: take it out" },
	{ "keep", WG_SHARE, "keep= is for effect=\"share\" only: take it out" },
	{ "confirmation", WG_SHARE, "confirmation= is for effect=\"share\" only: what protects is in force at once" },
};

static enum wg_code check_effect(const struct wg_layer *layer, const struct _xmlNode *node, const struct wg_rule *rule,
                                 struct wg_err *err)
{
	for (size_t i = 0; i < WG_COUNT(only_with); i++)
		if (only_with[i].effect != rule->effect && wg_names_has_attr(node, only_with[i].attribute))
			return wg_policy_rule_complain(layer, node, rule, only_with[i].words, err);
	return WG_OK;
}

/* An attribute that is a word of a closed list, already checked; whether it is there, and is not the word that means
 * the same as leaving it out. */
static enum wg_code read_flag(const struct wg_layer *layer, const struct _xmlNode *node, const char *attribute,
                              bool *out, struct wg_err *err)
{
	char word[16];
	enum wg_code code = wg_names_attr(layer->doc, node, attribute, word, sizeof word, err);
	*out = word[0] != '\0';
	return code;
}

static enum wg_code read_effect(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_rule *rule,
                                struct wg_err *err)
{
	static const char *const effects[] = { [WG_SHARE] = "share", [WG_WITHHOLD] = "withhold", [WG_REVIEW] = "review" };
	char effect[16], marker[16];
	enum wg_code code = wg_names_attr(layer->doc, node, "effect", effect, sizeof effect, err);
	if (code == WG_OK)
		code = wg_names_attr(layer->doc, node, "marker", marker, sizeof marker, err);
	if (code != WG_OK)
		return code;
	rule->effect = WG_DENY; /* the strictest, should a word be added to the schema and not here */
	for (unsigned i = 0; i < WG_COUNT(effects); i++)
		if (strcmp(effects[i], effect) == 0)
			rule->effect = (enum wg_effect)i;
	if (marker[0] != '\0')
		rule->marker = strcmp(marker, "say") == 0 ? WG_MARKER_SAY : WG_MARKER_NONE;
	return check_effect(layer, node, rule, err);
}

static enum wg_code read_flags(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_rule *rule,
                               struct wg_err *err)
{
	enum wg_code code = read_flag(layer, node, "unless", &rule->gate, err);
	if (code == WG_OK)
		code = read_flag(layer, node, "overrides", &rule->overrides, err);
	if (code == WG_OK)
		code = read_flag(layer, node, "text", &rule->unreviewed, err);
	if (code == WG_OK)
		code = read_flag(layer, node, "confirmation", &rule->unconfirmed, err);
	if (code == WG_OK)
		code = wg_policy_words_bool(layer, node, "second-person", &rule->second_person, err);
	return code;
}

/* When, who is told, for how long. */
static enum wg_code read_obligations(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_rule *rule,
                                     struct wg_err *err)
{
	struct wg_due delay;
	unsigned escalate = WG_SET_OTHER;
	const struct wg_role *roles = layer->policy->roles;
	enum wg_code code = wg_policy_words_due(layer, node, "due", &rule->due, err);
	if (code == WG_OK)
		code = wg_policy_words_role(layer, node, "escalate", &escalate, err);
	if (code == WG_OK)
		code = wg_policy_words_due(layer, node, "delay", &delay, err);
	if (code == WG_OK)
		code = wg_policy_words_period(layer, node, &rule->keep, err);
	if (code == WG_OK)
		code = wg_policy_words_role(layer, node, "tell", &rule->tell, err);
	if (code != WG_OK)
		return code;
	rule->delay = delay.text[0] != '\0' ? delay.minutes : 0;
	if (rule->tell != WG_SET_OTHER && strcmp(roles[rule->tell].at, "council") != 0)
		return wg_policy_rule_complain(layer, node, rule,
		                               "tell= wants a role at a council: use a <route> for anybody else", err);
	if (escalate == WG_SET_OTHER)
		return WG_OK;
	if (rule->due.text[0] == '\0')
		return wg_policy_rule_complain(layer, node, rule, "escalate= needs due=: say when it is told", err);
	memcpy(rule->due.escalate, roles[escalate].name, sizeof rule->due.escalate);
	return WG_OK;
}

static enum wg_code read_categories(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_rule *rule,
                                    struct wg_err *err)
{
	WG_AUTO_FREE char *list = NULL;
	struct wg_err inner = { 0 };
	enum wg_code code = wg_policy_words_list(layer, node, "categories", &list, err);
	if (code != WG_OK)
		return code;
	bool judges = rule->effect == WG_REVIEW || rule->effect == WG_DENY;
	rule->star = strcmp(list, "*") == 0;
	rule->unconditional = list[0] == '\0';
	if (rule->unconditional && !judges)
		return wg_policy_rule_complain(layer, node, rule, "categories= is missing", err);
	if (rule->star && rule->effect == WG_SHARE)
		return wg_policy_rule_complain(
			layer, node, rule, "a rule that shares names its categories: \"*\" would give whatever is added later",
			err);
	code = wg_categories_parse(rule->unconditional ? "*" : list, &rule->categories, &inner);
	if (code != WG_OK)
		return wg_policy_rule_complain(layer, node, rule, inner.text, err);
	wg_categories frame = wg_category_find("administrative");
	if (rule->effect == WG_WITHHOLD && !rule->star && (rule->categories & frame) != 0)
		return wg_policy_rule_complain(
			layer, node, rule, "administrative cannot be withheld, no copy is made without it: use effect=\"deny\"",
			err);
	if (rule->effect == WG_WITHHOLD)
		rule->categories &= ~frame;
	return WG_OK;
}

static enum wg_code add_side(void *arg, const char *name, struct wg_err *err)
{
	unsigned *sides = arg;
	(void)err;
	*sides |= 1U << wg_side_find(name); /* the schema has seen that it is one */
	return WG_OK;
}

static enum wg_code read_scope(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_rule *rule,
                               struct wg_err *err)
{
	WG_AUTO_FREE char *of = NULL;
	enum wg_code code = wg_policy_words_kinds(layer, node, &rule->kinds, err);
	if (code == WG_OK)
		code = wg_policy_words_roles(layer, node, "to", &rule->to, err);
	if (code == WG_OK)
		code = wg_policy_words_roles(layer, node, "except", &rule->except, err);
	if (code == WG_OK)
		code = wg_policy_words_list(layer, node, "of", &of, err);
	if (code == WG_OK)
		code = wg_names_each(of, add_side, &rule->sides, err);
	if (code == WG_OK)
		code = wg_policy_words_span(layer, node, &rule->span, err);
	if (code != WG_OK)
		return code;
	if (wg_set_full(&rule->except))
		return wg_policy_rule_complain(layer, node, rule, "except=\"*\" leaves nobody: take the rule out instead", err);
	if (rule->effect == WG_SHARE && wg_set_full(&rule->to))
		return wg_policy_rule_complain(
			layer, node, rule, "a rule that shares names its roles: to=\"*\" would give to whatever is added later",
			err);
	if (rule->sides == 0)
		rule->sides = (1U << WG_SIDES) - 1;
	wg_set_remove(&rule->to, &rule->except);
	return WG_OK;
}

enum wg_code wg_policy_add_rule(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
{
	struct wg_policy *policy = layer->policy;
	enum wg_code code = WG_POLICY_GROW(policy->rules, policy->rule_count, "rules", err);
	if (code != WG_OK)
		return code;
	struct wg_rule *rule = &policy->rules[policy->rule_count - 1]; /* counted also when it fails, to be freed */
	rule->layer = layer->number;
	code = read_id(layer, node, rule, err);
	if (code == WG_OK)
		code = read_effect(layer, node, rule, err);
	if (code == WG_OK)
		code = read_flags(layer, node, rule, err);
	if (code == WG_OK)
		code = read_obligations(layer, node, rule, err);
	if (code == WG_OK)
		code = read_categories(layer, node, rule, err);
	if (code == WG_OK)
		code = read_scope(layer, node, rule, err);
	if (code == WG_OK)
		code = wg_policy_read_basis(layer, node, rule, err);
	if (code == WG_OK)
		code = wg_policy_read_when(layer, node, &rule->when, err);
	if (code == WG_OK)
		code = wg_policy_words_source(node, &rule->source, &rule->note, err);
	return code == WG_OK ? wg_policy_add_item(policy, WG_ITEM_RULE, policy->rule_count - 1, err) : code;
}
