/* role_nearest.c owns the guess at which role was meant. */
#include <string.h>

#include "notice/schema_nearest.h"
#include "policy/policy_internal.h"

const char *wg_policy_role_nearest(const struct wg_policy *policy, const char *role)
{
	const char *nearest = "";
	size_t best = 2 + strnlen(role, WG_LIMIT_NAME) / 3; /* further off is no guess but noise */
	for (unsigned i = 0; i < policy->role_count; i++) {
		size_t d = wg_distance(role, policy->roles[i].name);
		if (d >= best)
			continue;
		best = d;
		nearest = policy->roles[i].name;
	}
	return nearest;
}
