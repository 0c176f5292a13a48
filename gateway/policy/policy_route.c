/* policy_route.c owns reading a <route>: who is a recipient, before any rule says of what. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "policy/policy_internal.h"

static enum wg_code read_to(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_route_to *to,
                            struct wg_err *err)
{
	enum wg_code code = wg_names_attr(layer->doc, node, "role", to->role, sizeof to->role, err);
	if (code == WG_OK)
		code = wg_names_attr(layer->doc, node, "of", to->of, sizeof to->of, err);
	if (code != WG_OK)
		return code;
	const struct wg_role *role = wg_policy_role(layer->policy, to->role);
	if (role == NULL)
		return wg_policy_no_role(layer, node, to->role, err);
	to->police = strcmp(role->at, "police") == 0;
	to->sender = strcmp(to->of, "sender") == 0;
	memcpy(to->at, role->at, sizeof to->at);
	if (!to->police && !to->sender && strcmp(role->at, "council") != 0)
		return wg_xml_complain(layer->doc, node, err,
		                       "role %s is done at \"%s\": only councils and police have a placing and a host side to "
		                       "route by; of=\"sender\" is for all",
		                       role->name, role->at);
	return WG_OK;
}

static enum wg_code read_route(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_route *route,
                               struct wg_err *err)
{
	char even[8];
	enum wg_code code = wg_policy_words_kinds(layer, node, &route->kinds, err);
	if (code == WG_OK)
		code = wg_policy_words_span(layer, node, &route->span, err);
	if (code == WG_OK)
		code = wg_policy_words_when(layer, node, &route->when, err);
	if (code == WG_OK)
		code = wg_policy_words_child(node, "source", &route->source, err);
	if (code == WG_OK && (code = wg_names_attr(layer->doc, node, "even-to-sender", even, sizeof even, err)) == WG_OK)
		route->even_to_sender = strcmp(even, "true") == 0 || strcmp(even, "1") == 0;
	unsigned n = 0;
	for (struct _xmlNode *to = wg_xml_first(node, "to"); to != NULL; to = wg_xml_next(to, "to"))
		n++;
	route->to = calloc(n > 0 ? n : 1, sizeof *route->to);
	if (code == WG_OK && route->to == NULL)
		code = wg_err_set(err, WG_SYSTEM, "no memory for the policy");
	for (struct _xmlNode *to = wg_xml_first(node, "to"); to != NULL && code == WG_OK; to = wg_xml_next(to, "to"))
		code = read_to(layer, to, &route->to[route->to_count++], err);
	return code;
}

enum wg_code wg_policy_add_route(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
{
	struct wg_policy *policy = layer->policy;
	struct wg_route *list = wg_policy_grow(policy->routes, &policy->route_count, sizeof *list);
	if (list == NULL)
		return wg_err_set(err, WG_LIMIT, "no room for more than %u routes", policy->route_count);
	policy->routes = list;
	return read_route(layer, node, &list[policy->route_count++], err); /* counted also when it failed, to be freed */
}
