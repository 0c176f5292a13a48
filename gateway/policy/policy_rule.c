/* policy_rule.c owns reading a <rule>, and refusing one that grants without saying by what right. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/policy_internal.h"

/* Data that Article 9 of the UK GDPR protects whoever holds it: a rule that shares it names a condition of Article
 * 9(2), or of schedule 8 where Part 3 of the DPA 2018 applies instead. */
static const char special_categories[] = "health disability equality sexual-activity";

/* All complaints about a rule begin with its id. */
static enum wg_code complain(const struct wg_layer *layer, const struct _xmlNode *node, const struct wg_rule *rule,
                             struct wg_err *err, const char *words)
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
	return WG_OK;
}

/* An attribute that is a word of a closed list, already checked; "" when it is not there. */
static enum wg_code read_words(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_rule *rule,
                               struct wg_err *err)
{
	char effect[16], marker[16], confirmation[16];
	enum wg_code code = wg_names_attr(layer->doc, node, "effect", effect, sizeof effect, err);
	if (code == WG_OK)
		code = wg_names_attr(layer->doc, node, "marker", marker, sizeof marker, err);
	if (code == WG_OK)
		code = wg_names_attr(layer->doc, node, "confirmation", confirmation, sizeof confirmation, err);
	if (code != WG_OK)
		return code;
	if (strcmp(effect, "share") == 0)
		rule->effect = WG_SHARE;
	else if (strcmp(effect, "withhold") == 0)
		rule->effect = WG_WITHHOLD;
	else if (strcmp(effect, "review") == 0)
		rule->effect = WG_REVIEW;
	else
		rule->effect = WG_DENY; /* the strictest, should a word be added to the schema and not here */
	if (marker[0] != '\0' && rule->effect != WG_WITHHOLD)
		return complain(layer, node, rule, err, "marker= is for effect=\"withhold\" only");
	if (marker[0] != '\0')
		rule->marker = strcmp(marker, "say") == 0 ? WG_MARKER_SAY : WG_MARKER_NONE;
	if (confirmation[0] != '\0' && rule->effect != WG_SHARE)
		return complain(layer, node, rule, err,
		                "confirmation= is for effect=\"share\" only: what protects is in force at once");
	rule->unconfirmed = confirmation[0] != '\0';
	return WG_OK;
}

/* "PT4H": the schema has seen to the form. */
static enum wg_code read_due(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_rule *rule,
                             struct wg_err *err)
{
	rule->due_minutes = UINT_MAX;
	enum wg_code code = wg_names_attr(layer->doc, node, "due", rule->due, sizeof rule->due, err);
	if (code != WG_OK || rule->due[0] == '\0')
		return code;
	if (rule->effect != WG_REVIEW)
		return complain(layer, node, rule, err, "due= is for effect=\"review\" only");
	size_t n = strlen(rule->due), lead = rule->due[1] == 'T' ? 2 : 1;
	char digits[8] = "";
	uint64_t number = 0;
	if (n > lead + 1 && n - lead - 1 < sizeof digits)
		memcpy(digits, rule->due + lead, n - lead - 1);
	if (!wg_num_parse(digits, 1, 999, &number))
		return complain(layer, node, rule, err, "due= is not a duration such as PT4H");
	unsigned unit = rule->due[n - 1] == 'D' ? 24 * 60 : rule->due[n - 1] == 'H' ? 60 : 1;
	rule->due_minutes = (unsigned)number * unit;
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
	bool judges = rule->effect == WG_REVIEW || rule->effect == WG_DENY, star = strcmp(list, "*") == 0;
	if (list[0] == '\0' && !judges)
		return complain(layer, node, rule, err, "categories= is missing");
	if (star && rule->effect == WG_SHARE)
		return complain(layer, node, rule, err,
		                "a rule that shares names its categories: \"*\" would give whatever is added later");
	rule->unconditional = list[0] == '\0';
	code = wg_categories_parse(rule->unconditional ? "*" : list, &rule->categories, &inner);
	if (code != WG_OK)
		return complain(layer, node, rule, err, inner.text);
	wg_categories frame = wg_category_find("administrative");
	if (rule->effect == WG_WITHHOLD && !star && (rule->categories & frame) != 0)
		return complain(layer, node, rule, err,
		                "administrative cannot be withheld, no copy is made without it: use effect=\"deny\"");
	if (rule->effect == WG_WITHHOLD)
		rule->categories &= ~frame;
	return WG_OK;
}

/* "UK GDPR 6(1)(e), 9(2)(g); DPA 2018 schedule 1 paragraph 18; Children Act 2004 section 10" */
static char *basis_words(const char *gdpr, const char *dpa, const char *act)
{
	WG_AUTO_BUF struct wg_buf b = WG_BUF(1024); /* three attributes of 160 at most, by the schema */
	if (gdpr[0] != '\0')
		wg_buf_puts(&b, "UK GDPR ");
	for (const char *p = gdpr; *p != '\0'; p++)
		wg_buf_puts(&b, *p == ' ' ? ", " : (char[2]){ *p, '\0' });
	if (dpa[0] != '\0')
		wg_buf_printf(&b, "%sDPA 2018 %s", b.len > 0 ? "; " : "", dpa);
	if (act[0] != '\0')
		wg_buf_printf(&b, "%s%s", b.len > 0 ? "; " : "", act);
	return wg_buf_steal(&b);
}

static enum wg_code read_basis(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_rule *rule,
                               struct wg_err *err)
{
	char gdpr[256] = "", dpa[256] = "", act[256] = "";
	const struct _xmlNode *basis = wg_xml_first(node, "basis");
	enum wg_code code = WG_OK;
	if (basis != NULL)
		code = wg_names_attr(layer->doc, basis, "gdpr", gdpr, sizeof gdpr, err);
	if (basis != NULL && code == WG_OK)
		code = wg_names_attr(layer->doc, basis, "dpa", dpa, sizeof dpa, err);
	if (basis != NULL && code == WG_OK)
		code = wg_names_attr(layer->doc, basis, "act", act, sizeof act, err);
	if (code != WG_OK)
		return code;
	bool named = gdpr[0] != '\0' || dpa[0] != '\0';
	if (rule->effect == WG_SHARE && !named)
		return complain(layer, basis != NULL ? basis : node, rule, err,
		                "a rule that shares needs its lawful basis: <basis gdpr=\"...\"/> or dpa=");
	wg_categories special;
	code = wg_categories_parse(special_categories, &special, err);
	if (code != WG_OK)
		return code;
	if (rule->effect == WG_SHARE && (rule->categories & special) != 0 && strstr(gdpr, "9(2)") == NULL &&
	    strstr(dpa, "schedule 8") == NULL)
		return complain(
			layer, basis, rule, err,
			"it shares special category data: the basis needs a condition of Article 9(2), or of DPA 2018 schedule 8");
	if (basis == NULL || (!named && act[0] == '\0'))
		return WG_OK;
	rule->basis = basis_words(gdpr, dpa, act);
	return rule->basis != NULL ? WG_OK : wg_err_set(err, WG_SYSTEM, "no memory for the policy");
}

static enum wg_code read_scope(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_rule *rule,
                               struct wg_err *err)
{
	enum wg_code code = wg_policy_words_kinds(layer, node, &rule->kinds, err);
	if (code == WG_OK)
		code = wg_policy_words_roles(layer, node, "to", &rule->to, err);
	if (code == WG_OK)
		code = wg_policy_words_roles(layer, node, "except", &rule->except, err);
	if (code == WG_OK)
		code = wg_policy_words_list(layer, node, "of", &rule->of, err);
	if (code == WG_OK)
		code = wg_policy_words_span(layer, node, &rule->span, err);
	if (code != WG_OK)
		return code;
	if (strcmp(rule->except, "*") == 0)
		return complain(layer, node, rule, err, "except=\"*\" leaves nobody: take the rule out instead");
	if (rule->effect == WG_SHARE && strcmp(rule->to, "*") == 0)
		return complain(layer, node, rule, err,
		                "a rule that shares names its roles: to=\"*\" would give to whatever is added later");
	return WG_OK;
}

enum wg_code wg_policy_add_rule(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
{
	struct wg_policy *policy = layer->policy;
	struct wg_rule *list = wg_policy_grow(policy->rules, &policy->rule_count, sizeof *list);
	if (list == NULL)
		return wg_err_set(err, WG_LIMIT, "no room for more than %u rules", policy->rule_count);
	policy->rules = list;
	struct wg_rule *rule = &list[policy->rule_count++]; /* counted also when it fails, to be freed */
	rule->layer = layer->number;
	enum wg_code code = read_id(layer, node, rule, err);
	if (code == WG_OK)
		code = read_words(layer, node, rule, err);
	if (code == WG_OK)
		code = read_due(layer, node, rule, err);
	if (code == WG_OK)
		code = read_categories(layer, node, rule, err);
	if (code == WG_OK)
		code = read_scope(layer, node, rule, err);
	if (code == WG_OK)
		code = read_basis(layer, node, rule, err);
	if (code == WG_OK)
		code = wg_policy_words_when(layer, node, &rule->when, err);
	if (code == WG_OK)
		code = wg_policy_words_child(node, "source", &rule->source, err);
	return code;
}
