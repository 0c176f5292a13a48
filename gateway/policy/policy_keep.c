/* policy_keep.c owns <retention>, how long this gateway keeps what it holds, and <text-review>, how soon a person has
 * read free text. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/policy_internal.h"

enum wg_code wg_policy_add_text_review(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
{
	struct wg_policy *policy = layer->policy;
	unsigned role;
	if (policy->text_review_count > 0 && policy->text_reviews[policy->text_review_count - 1].layer == layer->number)
		return wg_xml_complain(layer->doc, node, err, "<text-review> stands twice: take one of them out");
	enum wg_code code = WG_POLICY_GROW(policy->text_reviews, policy->text_review_count, "text reviews", err);
	if (code != WG_OK)
		return code;
	struct wg_text_review *review = &policy->text_reviews[policy->text_review_count - 1];
	review->layer = layer->number;
	code = wg_policy_words_source(node, &review->source, &review->note, err);
	if (code == WG_OK)
		code = wg_policy_words_due(layer, node, "due", &review->due, err);
	if (code == WG_OK)
		code = wg_policy_words_role(layer, node, "escalate", &role, err);
	if (code == WG_OK && role != WG_SET_OTHER)
		memcpy(review->due.escalate, policy->roles[role].name, sizeof review->due.escalate);
	return code == WG_OK ? wg_policy_add_item(policy, WG_ITEM_TEXT_REVIEW, policy->text_review_count - 1, err) : code;
}

/* What may run a gateway. */
static const char organisations[] = "council police health home provider school national";

static enum wg_code check_organisation(void *arg, const char *name, struct wg_err *err)
{
	const struct wg_layer *layer = ((void **)arg)[0];
	const struct _xmlNode *node = ((void **)arg)[1];
	char hint[WG_HINT];
	if (strcmp(name, "*") == 0 || wg_list_has(organisations, name))
		return WG_OK;
	return wg_xml_complain(layer->doc, node, err, "unknown kind of organisation \"%s\"%s", name,
	                       wg_hint(name, organisations, hint));
}

enum wg_code wg_policy_add_retention(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
{
	struct wg_policy *policy = layer->policy;
	const void *arg[] = { layer, node };
	enum wg_code code = WG_POLICY_GROW(policy->retentions, policy->retention_count, "retentions", err);
	if (code != WG_OK)
		return code;
	struct wg_retention *one = &policy->retentions[policy->retention_count - 1];
	one->layer = layer->number;
	code = wg_policy_words_kinds(layer, node, &one->kinds, err);
	if (code == WG_OK)
		code = wg_policy_words_list(layer, node, "at", &one->at, err);
	if (code == WG_OK)
		code = wg_names_each(one->at, check_organisation, arg, err);
	if (code == WG_OK)
		code = wg_policy_words_period(layer, node, &one->keep, err);
	if (code == WG_OK)
		code = wg_policy_words_source(node, &one->source, &one->note, err);
	if (code != WG_OK)
		return code;
	one->any_kind = wg_set_full(&one->kinds);
	one->any_at = strcmp(one->at, "*") == 0;
	return wg_policy_add_item(policy, WG_ITEM_RETENTION, policy->retention_count - 1, err);
}

/* Which of two that fit says more: the kind of notice before the kind of organisation. */
static unsigned weight(const struct wg_retention *one)
{
	return (one->any_kind ? 0U : 2U) + (one->any_at ? 0U : 1U);
}

const char *wg_policy_retention(const struct wg_policy *policy, const char *kind, const char *kind_of_self,
                                const char **source)
{
	const struct wg_retention *best = NULL;
	unsigned number = wg_policy_kind(policy, kind);
	for (unsigned i = 0; i < policy->retention_count; i++) {
		const struct wg_retention *one = &policy->retentions[i];
		if (!wg_set_has(&one->kinds, number) || !wg_list_has(one->at, kind_of_self))
			continue;
		if (best == NULL || weight(one) > weight(best) || (weight(one) == weight(best) && one->layer > best->layer))
			best = one;
	}
	if (source != NULL)
		*source = best != NULL ? best->source : NULL;
	return best != NULL ? best->keep.text : NULL;
}
