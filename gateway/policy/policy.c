/* policy.c owns a loaded policy: its memory, its lists and its name. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/policy_internal.h"

const struct wg_role *wg_policy_role(const struct wg_policy *policy, const char *name)
{
	for (unsigned i = 0; i < policy->role_count; i++)
		if (strcmp(policy->roles[i].name, name) == 0)
			return &policy->roles[i];
	return NULL;
}

void *wg_policy_grow(void *list, unsigned *count, size_t size)
{
	if (*count >= WG_POLICY_ITEMS)
		return NULL;
	/* Doubled whenever a power of two is full, so that no capacity needs to be kept. */
	unsigned n = *count;
	if ((n & (n - 1)) == 0) {
		void *bigger = reallocarray(list, n == 0 ? 1 : (size_t)n * 2, size);
		if (bigger == NULL)
			return NULL;
		list = bigger;
	}
	memset((char *)list + (size_t)n * size, 0, size);
	return list;
}

static void free_rules(struct wg_policy *policy)
{
	for (unsigned i = 0; i < policy->rule_count; i++) {
		struct wg_rule *rule = &policy->rules[i];
		char *texts[] = { rule->kinds, rule->to, rule->except, rule->of, rule->basis, rule->source };
		for (unsigned k = 0; k < WG_COUNT(texts); k++)
			free(texts[k]);
		wg_condition_freep(&rule->when);
	}
	free(policy->rules);
}

static void free_routes(struct wg_policy *policy)
{
	for (unsigned i = 0; i < policy->route_count; i++) {
		free(policy->routes[i].kinds);
		free(policy->routes[i].source);
		free(policy->routes[i].to);
		wg_condition_freep(&policy->routes[i].when);
	}
	free(policy->routes);
}

void wg_policy_freep(struct wg_policy **policy)
{
	struct wg_policy *p = *policy;
	if (p == NULL)
		return;
	free_rules(p);
	free_routes(p);
	wg_policy_free_grades(p);
	for (unsigned i = 0; i < p->define_count; i++)
		wg_condition_freep(&p->defines[i].when);
	free(p->defines);
	free(p->roles);
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
