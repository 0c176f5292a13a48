/* policy_role.c owns reading a <role>: who that is, and where notices name its organisation. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "policy/policy_internal.h"

/* Kinds of organisation that a notice can name one of; of the others there is one for the area, or all are meant. */
static bool can_be_named(const char *at)
{
	return strcmp(at, "family") != 0 && strcmp(at, "national") != 0 && strcmp(at, "any") != 0;
}

/* One place of named=, "school/name", without blanks around it. */
static enum wg_code add_place(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_role *role,
                              const char *start, size_t len, struct wg_err *err)
{
	struct wg_err inner = { 0 };
	char *place = strndup(start, len);
	if (place == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the policy");
	role->named[role->named_count++] = place;
	enum wg_code code = wg_schema_check_place(layer->schema, place, &inner);
	return code == WG_OK ? WG_OK : wg_xml_complain(layer->doc, node, err, "role %s: %s", role->name, inner.text);
}

static enum wg_code read_named(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_role *role,
                               struct wg_err *err)
{
	WG_AUTO_FREE char *list = NULL;
	enum wg_code code = wg_policy_words_list(layer, node, "named", &list, err);
	if (code == WG_OK && list[0] != '\0' && !can_be_named(role->at))
		code = wg_xml_complain(layer->doc, node, err,
		                       "role %s: named= is not for at=\"%s\": take it out, or route to another side",
		                       role->name, role->at);
	if (code != WG_OK)
		return code;
	role->named = calloc(strlen(list) + 1, sizeof *role->named); /* more than there can be */
	if (role->named == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the policy");
	for (const char *p = list; code == WG_OK && *p != '\0';) {
		size_t len = strcspn(p, " |");
		code = add_place(layer, node, role, p, len, err);
		p += len + strspn(p + len, " |");
	}
	return code;
}

enum wg_code wg_policy_add_role(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
{
	struct wg_policy *policy = layer->policy;
	char name[WG_LIMIT_NAME + 1];
	enum wg_code code = wg_names_attr(layer->doc, node, "name", name, sizeof name, err);
	if (code == WG_OK && wg_policy_role(policy, name) != WG_SET_OTHER)
		code = wg_xml_complain(layer->doc, node, err, "role %s stands twice", name);
	if (code == WG_OK && policy->role_count == WG_SET_OTHER)
		code = wg_xml_complain(layer->doc, node, err, "there are more than %d roles", WG_SET_OTHER);
	if (code == WG_OK)
		code = WG_POLICY_GROW(policy->roles, policy->role_count, "roles", err);
	if (code != WG_OK)
		return code;
	struct wg_role *role = &policy->roles[policy->role_count - 1];
	memcpy(role->name, name, sizeof name);
	code = wg_names_attr(layer->doc, node, "at", role->at, sizeof role->at, err);
	if (code == WG_OK)
		code = read_named(layer, node, role, err);
	if (code == WG_OK)
		code = wg_policy_words_bool(layer, node, "known-to-sender", &role->known_to_sender, err);
	if (code != WG_OK)
		return code;
	role->words = wg_policy_words_text(node);
	return role->words != NULL ? WG_OK : wg_err_set(err, WG_SYSTEM, "no memory for the policy");
}
