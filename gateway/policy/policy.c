/* policy.c owns a loaded policy: its memory, its lists and its names. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/confirm_internal.h"

const char *const wg_side_names[WG_SIDES] = {
	[WG_SIDE_PLACING] = "placing",     [WG_SIDE_HOST] = "host",         [WG_SIDE_SENDER] = "sender",
	[WG_SIDE_NAMED] = "named",         [WG_SIDE_NATIONAL] = "national", [WG_SIDE_TOLD] = "told",
	[WG_SIDE_ADDRESSED] = "addressed",
};

unsigned wg_side_find(const char *name)
{
	unsigned side = 0;
	while (side < WG_SIDES && strcmp(wg_side_names[side], name) != 0)
		side++;
	return side;
}

unsigned wg_policy_role(const struct wg_policy *policy, const char *name)
{
	for (unsigned i = 0; i < policy->role_count; i++)
		if (strcmp(policy->roles[i].name, name) == 0)
			return i;
	return WG_SET_OTHER;
}

unsigned wg_policy_kind(const struct wg_policy *policy, const char *name)
{
	for (unsigned i = 0; i < policy->kind_count; i++)
		if (strcmp(policy->kinds[i], name) == 0)
			return i;
	return WG_SET_OTHER;
}

bool wg_policy_watches_live(const struct wg_policy *policy, const char *kind)
{
	unsigned k = wg_policy_kind(policy, kind);
	for (unsigned i = 0; i < policy->route_count; i++)
		if (policy->routes[i].when.live && wg_set_has(&policy->routes[i].kinds, k))
			return true;
	for (unsigned i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].when.live && !policy->rules[i].unconfirmed && wg_set_has(&policy->rules[i].kinds, k))
			return true;
	for (unsigned i = 0; i < policy->deadline_count; i++)
		if (policy->deadlines[i].when.live && wg_set_has(&policy->deadlines[i].kinds, k))
			return true;
	return false;
}

enum wg_code wg_policy_grow(void **list, unsigned *count, size_t size, const char *what, struct wg_err *err)
{
	/* Doubled whenever a power of two is full, so that no capacity needs to be kept. */
	unsigned n = *count;
	if (n == WG_POLICY_ITEMS)
		return wg_err_set(err, WG_LIMIT, "no room for more than %u %s in a policy", n, what);
	if ((n & (n - 1)) == 0) {
		void *bigger = reallocarray(*list, n == 0 ? 1 : (size_t)n * 2, size);
		if (bigger == NULL)
			return wg_err_set(err, WG_SYSTEM, "no memory for the policy");
		*list = bigger;
	}
	memset((char *)*list + (size_t)n * size, 0, size);
	(*count)++;
	return WG_OK;
}

enum wg_code wg_policy_add_item(struct wg_policy *policy, enum wg_item_kind kind, unsigned index, struct wg_err *err)
{
	enum wg_code code = WG_POLICY_GROW(policy->items, policy->item_count, "items", err);
	if (code == WG_OK)
		policy->items[policy->item_count - 1] = (struct wg_item){ .kind = kind, .index = index };
	return code;
}

static void free_texts(char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(texts[i]);
}

static void free_roles(struct wg_policy *policy)
{
	for (unsigned i = 0; i < policy->role_count; i++) {
		free(policy->roles[i].words);
		free_texts(policy->roles[i].named, policy->roles[i].named_count);
		free(policy->roles[i].named);
	}
	free(policy->roles);
}

static void free_rules(struct wg_policy *policy)
{
	for (unsigned i = 0; i < policy->rule_count; i++) {
		struct wg_rule *rule = &policy->rules[i];
		free_texts((char *[]){ rule->basis, rule->source, rule->note }, 3);
		wg_when_free(&rule->when);
	}
	free(policy->rules);
}

static void free_routes(struct wg_policy *policy)
{
	for (unsigned i = 0; i < policy->route_count; i++) {
		struct wg_route *route = &policy->routes[i];
		free_texts((char *[]){ route->source, route->note }, 2);
		free(route->to);
		wg_when_free(&route->when);
	}
	free(policy->routes);
}

static void free_small(struct wg_policy *policy)
{
	for (unsigned i = 0; i < policy->define_count; i++) {
		wg_when_free(&policy->defines[i].when);
		free_texts((char *[]){ policy->defines[i].source, policy->defines[i].note }, 2);
	}
	for (unsigned i = 0; i < policy->grades_count; i++) {
		struct wg_grades *g = &policy->grades[i];
		free_texts((char *[]){ g->of, g->allow, g->first, g->source, g->note }, 5);
	}
	for (unsigned i = 0; i < policy->hours_count; i++)
		free_texts((char *[]){ policy->hours[i].source, policy->hours[i].note }, 2);
	for (unsigned i = 0; i < policy->text_review_count; i++)
		free_texts((char *[]){ policy->text_reviews[i].source, policy->text_reviews[i].note }, 2);
	for (unsigned i = 0; i < policy->retention_count; i++) {
		struct wg_retention *r = &policy->retentions[i];
		free_texts((char *[]){ r->at, r->source, r->note }, 3);
	}
	for (unsigned i = 0; i < policy->item_count; i++)
		free_texts(
			(char *[]){ policy->items[i].id, policy->items[i].text, policy->items[i].kinds, policy->items[i].roles },
			4);
}

void wg_policy_freep(struct wg_policy **policy)
{
	struct wg_policy *p = *policy;
	if (p == NULL)
		return;
	free_roles(p);
	free_rules(p);
	free_routes(p);
	free_small(p);
	wg_deadlines_free(p);
	void *lists[] = { p->defines, p->grades, p->hours, p->closed, p->text_reviews, p->retentions, p->items };
	for (size_t i = 0; i < WG_COUNT(lists); i++)
		free(lists[i]);
	if (p->spare != NULL)
		wg_condition_spare_free(p->spare);
	free(p->spare);
	free(p);
	*policy = NULL;
}

const char *wg_policy_version(const struct wg_policy *policy)
{
	return policy->version;
}

const char *wg_policy_hash(const struct wg_policy *policy)
{
	return policy->hash;
}
