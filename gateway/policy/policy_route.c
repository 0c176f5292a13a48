/* policy_route.c owns reading a <route>: who is a recipient, before any rule says of what. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/policy_internal.h"

/* Whether a role has such a side at all; otherwise what to do. NULL when it has. */
static const char *side_fault(const struct wg_role *role, enum wg_side side)
{
	bool national = strcmp(role->at, "national") == 0;
	bool alone = strcmp(role->at, "home") == 0 || strcmp(role->at, "school") == 0;
	if (strcmp(role->at, "any") == 0)
		return "a route cannot tell which organisation is meant: only of=\"addressed\" leads there";
	if (side == WG_SIDE_NATIONAL && !national)
		return "of=\"national\" is for roles at=\"national\"";
	if (side == WG_SIDE_NAMED && role->named_count == 0)
		return "of=\"named\" needs named= on the role: the places of a notice that name its organisation";
	if (side == WG_SIDE_PLACING || side == WG_SIDE_HOST) {
		if (national)
			return "a national body belongs to no authority: use of=\"national\"";
		if (alone)
			return "homes and schools cover no authority: use of=\"named\", of=\"sender\" or of=\"told\"";
	}
	return NULL;
}

static enum wg_code read_to(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_route_to *to,
                            struct wg_err *err)
{
	char of[WG_LIMIT_NAME + 1];
	enum wg_code code = wg_names_attr(layer->doc, node, "role", to->role_name, sizeof to->role_name, err);
	if (code == WG_OK)
		code = wg_names_attr(layer->doc, node, "of", of, sizeof of, err);
	if (code != WG_OK)
		return code;
	to->side = (enum wg_side)wg_side_find(of); /* the schema has seen that it is one */
	to->role = wg_policy_role(layer->policy, to->role_name);
	if (strcmp(to->role_name, "*") == 0)
		return to->side == WG_SIDE_TOLD || to->side == WG_SIDE_ADDRESSED
		           ? WG_OK
		           : wg_xml_complain(layer->doc, node, err,
		                             "role=\"*\" is for of=\"told\" and of=\"addressed\" only: name the role");
	if (to->side == WG_SIDE_ADDRESSED)
		return wg_xml_complain(layer->doc, node, err,
		                       "of=\"addressed\" leads to the desk that the notice names: role=\"*\"");
	if (to->role == WG_SET_OTHER)
		return wg_policy_no_role(layer, node, to->role_name, err);
	const struct wg_role *role = &layer->policy->roles[to->role];
	const char *fault = side_fault(role, to->side);
	return fault == NULL
	           ? WG_OK
	           : wg_xml_complain(layer->doc, node, err, "role %s is done at \"%s\": %s", role->name, role->at, fault);
}

static enum wg_code read_all_to(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_route *route,
                                struct wg_err *err)
{
	enum wg_code code = WG_OK;
	unsigned n = 0;
	for (struct _xmlNode *to = wg_xml_first(node, "to"); to != NULL; to = wg_xml_next(to, "to"))
		n++;
	route->to = calloc(n + 1, sizeof *route->to); /* one to spare: never a request for nothing */
	if (route->to == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the policy");
	for (struct _xmlNode *to = wg_xml_first(node, "to"); to != NULL && code == WG_OK; to = wg_xml_next(to, "to"))
		code = read_to(layer, to, &route->to[route->to_count++], err);
	return code;
}

enum wg_code wg_policy_add_route(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
{
	struct wg_policy *policy = layer->policy;
	enum wg_code code = WG_POLICY_GROW(policy->routes, policy->route_count, "routes", err);
	if (code != WG_OK)
		return code;
	struct wg_route *route = &policy->routes[policy->route_count - 1]; /* counted also when it fails, to be freed */
	route->layer = layer->number;
	code = wg_policy_words_kinds(layer, node, &route->kinds, err);
	if (code == WG_OK)
		code = wg_policy_words_span(layer, node, &route->span, err);
	if (code == WG_OK)
		code = wg_policy_read_when(layer, node, &route->when, err);
	if (code == WG_OK)
		code = wg_policy_words_source(node, &route->source, &route->note, err);
	if (code == WG_OK)
		code = wg_policy_words_bool(layer, node, "even-to-sender", &route->even_to_sender, err);
	if (code == WG_OK)
		code = read_all_to(layer, node, route, err);
	return code == WG_OK ? wg_policy_add_item(policy, WG_ITEM_ROUTE, policy->route_count - 1, err) : code;
}
