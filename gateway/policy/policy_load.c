/* policy_load.c owns reading a policy: its layers from the lowest up, in an order in which every name is known before
 * it is used. Files are touched here only; afterwards a policy is data. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/policy_internal.h"

static const struct wg_names_row language[] = {
	{ "policy", NULL, "id extends version" },
	{ "note", NULL, "" },
	{ "role", NULL, "name at" },
	{ "role", "at", "council police health home provider school family national" },
	{ "define", NULL, "name" },
	{ "confirm", NULL, "rule by on" },
	{ "route", NULL, "kind from until even-to-sender" },
	{ "to", NULL, "role of" },
	{ "to", "of", "placing host sender" },
	{ "rule", NULL, "id effect kind to except of categories from until marker due confirmation" },
	{ "rule", "effect", "share withhold review deny" },
	{ "rule", "marker", "say none" },
	{ "rule", "confirmation", "required" },
	{ "grades", NULL, "of allow first" },
	{ "when", NULL, "" },
	{ "basis", NULL, "gdpr dpa act" },
	{ "source", NULL, "" },
	{ NULL, NULL, NULL },
};

/* One load under way: the documents of all layers, the highest first. */
struct load {
	const struct wg_xml_xsd *xsd;
	const struct wg_schema *schema;
	const char *folder;
	struct wg_xml *docs[WG_POLICY_LAYERS];
	char ids[WG_POLICY_LAYERS][WG_LIMIT_NAME + 1];
	unsigned count;
	struct wg_buf digests; /* the SHA-256 of every layer, hex, the highest first */
};

static void load_close(struct load *load)
{
	for (unsigned i = 0; i < load->count; i++)
		wg_xml_freep(&load->docs[i]);
	wg_buf_free(&load->digests);
}

/* Parses, validates and keeps one layer; *below is the name of the next, "" when it is the last. */
static enum wg_code take_layer(struct load *load, const void *bytes, size_t len, const char *name,
                               char below[WG_LIMIT_NAME + 1], struct wg_err *err)
{
	char digest[WG_NAMES_HASH];
	WG_AUTO_XML struct wg_xml *doc = NULL;
	if (load->count == WG_POLICY_LAYERS)
		return wg_err_set(err, WG_CONFIG, "%s: there are more than %d layers", name, WG_POLICY_LAYERS);
	enum wg_code code = wg_names_parse(bytes, len, name, &doc, err);
	if (code == WG_OK)
		code = wg_names_validate(doc, load->xsd, language, err);
	char *id = load->ids[load->count];
	const struct _xmlNode *root = code == WG_OK ? wg_xml_root(doc) : NULL;
	if (code == WG_OK)
		code = wg_names_attr(doc, root, "id", id, WG_LIMIT_NAME + 1, err);
	if (code == WG_OK)
		code = wg_names_attr(doc, root, "extends", below, WG_LIMIT_NAME + 1, err);
	for (unsigned i = 0; code == WG_OK && i < load->count; i++)
		if (strcmp(load->ids[i], id) == 0)
			code = wg_xml_complain(doc, root, err, "the layers go round in a circle: %s extends itself", id);
	if (code != WG_OK)
		return code;
	wg_names_hash(bytes, len, digest);
	wg_buf_puts(&load->digests, digest);
	load->docs[load->count++] = wg_steal(&doc);
	return WG_OK;
}

/* The layer called name, from the folder. above is where it was asked for. */
static enum wg_code take_below(struct load *load, const char *name, char below[WG_LIMIT_NAME + 1], struct wg_err *err)
{
	const struct wg_xml *above = load->docs[load->count - 1];
	char path[512];
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_CONFIG_FILE);
	struct wg_err inner = { 0 };
	if (load->folder == NULL || !wg_name_valid(name))
		return wg_xml_complain(above, wg_xml_root(above), err, "extends=\"%s\": there is no folder to look in", name);
	if (snprintf(path, sizeof path, "%s%s.xml", load->folder, name) >= (int)sizeof path)
		return wg_err_set(err, WG_LIMIT, "the path of policy %s is too long", name);
	enum wg_code code = wg_names_read(path, &bytes, &inner);
	if (code == WG_CONFIG)
		return wg_xml_complain(above, wg_xml_root(above), err, "extends=\"%s\": %s", name, inner.text);
	if (code != WG_OK)
		return wg_err_set(err, code, "%s", inner.text);
	code = take_layer(load, bytes.data, bytes.len, path, below, err);
	if (code == WG_OK && strcmp(load->ids[load->count - 1], name) != 0)
		code = wg_xml_complain(load->docs[load->count - 1], wg_xml_root(load->docs[load->count - 1]), err,
		                       "id=\"%s\" and the file's name differ", load->ids[load->count - 1]);
	return code;
}

static enum wg_code add_role(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
{
	struct wg_policy *policy = layer->policy;
	struct wg_role role = { 0 };
	enum wg_code code = wg_names_attr(layer->doc, node, "name", role.name, sizeof role.name, err);
	if (code == WG_OK)
		code = wg_names_attr(layer->doc, node, "at", role.at, sizeof role.at, err);
	if (code == WG_OK && wg_policy_role(policy, role.name) != NULL)
		code = wg_xml_complain(layer->doc, node, err, "role %s stands twice", role.name);
	if (code != WG_OK)
		return code;
	struct wg_role *list = wg_policy_grow(policy->roles, &policy->role_count, sizeof *list);
	if (list == NULL)
		return wg_err_set(err, WG_LIMIT, "no room for more than %u roles", policy->role_count);
	policy->roles = list;
	list[policy->role_count++] = role;
	return WG_OK;
}

static enum wg_code add_define(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
{
	struct wg_policy *policy = layer->policy;
	struct wg_define define = { 0 };
	enum wg_code code = wg_names_attr(layer->doc, node, "name", define.name, sizeof define.name, err);
	bool taken = false;
	for (unsigned i = 0; wg_facts_variables[i] != NULL; i++)
		taken = taken || strcmp(wg_facts_variables[i], define.name) == 0;
	for (unsigned i = 0; i < policy->define_count; i++)
		taken = taken || strcmp(policy->defines[i].name, define.name) == 0;
	if (code == WG_OK && taken)
		code = wg_xml_complain(layer->doc, node, err, "$%s is already defined", define.name);
	if (code == WG_OK)
		code = wg_policy_words_when(layer, node, &define.when, err);
	if (code != WG_OK)
		return code;
	struct wg_define *list = wg_policy_grow(policy->defines, &policy->define_count, sizeof *list);
	if (list == NULL) {
		wg_condition_freep(&define.when);
		return wg_err_set(err, WG_LIMIT, "no room for more than %u definitions", policy->define_count);
	}
	policy->defines = list;
	list[policy->define_count++] = define;
	return WG_OK;
}

static enum wg_code add_confirm(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
{
	char id[WG_POLICY_RULE_ID];
	enum wg_code code = wg_names_attr(layer->doc, node, "rule", id, sizeof id, err);
	if (code != WG_OK)
		return code;
	for (unsigned i = 0; i < layer->policy->rule_count; i++) {
		struct wg_rule *rule = &layer->policy->rules[i];
		if (strcmp(rule->id, id) != 0)
			continue;
		if (!rule->unconfirmed)
			return wg_xml_complain(layer->doc, node, err, "rule %s waits for no confirmation", id);
		rule->unconfirmed = false;
		return WG_OK;
	}
	return wg_xml_complain(layer->doc, node, err, "there is no rule %s in a lower layer to confirm", id);
}

static enum wg_code read_layer(const struct wg_layer *layer, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	const struct _xmlNode *root = wg_xml_root(layer->doc);
	for (struct _xmlNode *node = wg_xml_first(root, NULL); node != NULL && code == WG_OK;
	     node = wg_xml_next(node, NULL)) {
		const char *what = wg_xml_name(node);
		if (strcmp(what, "role") == 0)
			code = add_role(layer, node, err);
		else if (strcmp(what, "define") == 0)
			code = add_define(layer, node, err);
		else if (strcmp(what, "confirm") == 0)
			code = add_confirm(layer, node, err);
		else if (strcmp(what, "route") == 0)
			code = wg_policy_add_route(layer, node, err);
		else if (strcmp(what, "rule") == 0)
			code = wg_policy_add_rule(layer, node, err);
		else if (strcmp(what, "grades") == 0)
			code = wg_policy_add_grades(layer, node, err);
	}
	return code;
}

/* Turns the rules so that the highest layer is cited first and every layer stays as it was written. They were read
 * lowest layer first, so each layer is one run: runs are copied from the last to the first. */
static enum wg_code highest_first(struct wg_policy *policy, struct wg_err *err)
{
	if (policy->rule_count == 0)
		return WG_OK;
	struct wg_rule *turned = calloc(policy->rule_count, sizeof *turned);
	if (turned == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the policy");
	unsigned n = 0;
	for (unsigned layer = policy->layers; layer-- > 0;)
		for (unsigned i = 0; i < policy->rule_count; i++)
			if (policy->rules[i].layer == layer)
				turned[n++] = policy->rules[i];
	free(policy->rules);
	policy->rules = turned;
	return WG_OK;
}

static enum wg_code build(struct load *load, struct wg_policy *policy, struct wg_err *err)
{
	enum wg_code code = wg_buf_check(&load->digests, "policy", err);
	policy->layers = load->count;
	for (unsigned i = load->count; i-- > 0 && code == WG_OK;) {
		struct wg_layer layer = {
			.doc = load->docs[i], .schema = load->schema, .policy = policy, .number = load->count - 1 - i
		};
		memcpy(layer.id, load->ids[i], sizeof layer.id);
		code = read_layer(&layer, err);
	}
	char version[64];
	if (code == WG_OK)
		code = wg_names_attr(load->docs[0], wg_xml_root(load->docs[0]), "version", version, sizeof version, err);
	if (code == WG_OK)
		code = highest_first(policy, err);
	if (code != WG_OK)
		return code;
	(void)snprintf(policy->version, sizeof policy->version, "%s %s", load->ids[0],
	               version); /* a name and 32 letters fit */
	wg_names_hash(load->digests.data, load->digests.len, policy->hash);
	return WG_OK;
}

enum wg_code wg_policy_parse(const void *bytes, size_t len, const char *name, const char *folder,
                             const struct wg_xml_xsd *xsd, const struct wg_schema *schema, struct wg_policy **out,
                             struct wg_err *err)
{
	WG_CLEANUP(load_close)
	struct load load = {
		.xsd = xsd, .schema = schema, .folder = folder, .digests = WG_BUF(WG_POLICY_LAYERS * WG_NAMES_HASH)
	};
	WG_CLEANUP(wg_policy_freep) struct wg_policy *policy = calloc(1, sizeof *policy);
	if (policy == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the policy");
	char below[WG_LIMIT_NAME + 1] = "", next[WG_LIMIT_NAME + 1];
	enum wg_code code = take_layer(&load, bytes, len, name, below, err);
	while (code == WG_OK && below[0] != '\0') {
		memcpy(next, below, sizeof next);
		code = take_below(&load, next, below, err);
	}
	if (code == WG_OK)
		code = build(&load, policy, err);
	if (code == WG_OK)
		*out = wg_steal(&policy);
	return code;
}

enum wg_code wg_policy_load(const char *path, const char *xsd_dir, const struct wg_schema *schema,
                            struct wg_policy **out, struct wg_err *err)
{
	char xsd_path[512], folder[512];
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_CONFIG_FILE);
	WG_CLEANUP(wg_xml_xsd_freep) struct wg_xml_xsd *xsd = NULL;
	if (snprintf(xsd_path, sizeof xsd_path, "%s/policy.xsd", xsd_dir) >= (int)sizeof xsd_path)
		return wg_err_set(err, WG_LIMIT, "the path of policy.xsd is too long");
	enum wg_code code = wg_names_beside(path, "", folder, sizeof folder, err);
	if (code == WG_OK)
		code = wg_xml_xsd_load(xsd_path, &xsd, err);
	if (code == WG_OK)
		code = wg_names_read(path, &bytes, err);
	if (code == WG_OK)
		code = wg_policy_parse(bytes.data, bytes.len, path, folder, xsd, schema, out, err);
	return code;
}
