/* policy_load.c owns reading a policy: its layers from the lowest up, in an order in which every name is known before
 * it is used. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/say_internal.h"

static const struct wg_names_row language[] = {
	{ "policy", NULL, "id extends areas version" },
	{ "note", NULL, "" },
	{ "role", NULL, "name at named known-to-sender" },
	{ "role", "at", "council police health home provider school family national any" },
	{ "define", NULL, "name" },
	{ "confirm", NULL, "rule by on" },
	{ "route", NULL, "kind from until even-to-sender" },
	{ "to", NULL, "role of" },
	{ "to", "of", "placing host sender told named national addressed" },
	{ "rule", NULL,
	  "id effect kind to except of categories from until marker due second-person escalate unless overrides text delay "
	  "tell keep confirmation" },
	{ "rule", "effect", "share withhold review deny" },
	{ "rule", "marker", "say none" },
	{ "rule", "unless", "consent" },
	{ "rule", "overrides", "consent" },
	{ "rule", "text", "unreviewed" },
	{ "rule", "confirmation", "required" },
	{ "grades", NULL, "of allow first" },
	{ "hours", NULL, "name days opens closes closed-days" },
	{ "closed", NULL, "days" },
	{ "text-review", NULL, "due escalate" },
	{ "deadline", NULL, "id kind to except of at" },
	{ "step", NULL, "not after in tell" },
	{ "step", "not", "handed-over received opened acknowledged" },
	{ "retention", NULL, "kind at keep" },
	{ "when", NULL, "" },
	{ "basis", NULL, "gdpr dpa act" },
	{ "source", NULL, "" },
	{ NULL, NULL, NULL },
};

static bool is_variable(const struct wg_policy *policy, const char *name)
{
	for (unsigned i = 0; wg_facts_variables[i] != NULL; i++)
		if (strcmp(wg_facts_variables[i], name) == 0)
			return true;
	for (unsigned i = 0; i < policy->define_count; i++)
		if (strcmp(policy->defines[i].name, name) == 0)
			return true;
	return false;
}

static enum wg_code add_define(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err)
{
	struct wg_policy *policy = layer->policy;
	char name[WG_LIMIT_NAME + 1];
	enum wg_code code = wg_names_attr(layer->doc, node, "name", name, sizeof name, err);
	if (code == WG_OK && is_variable(policy, name))
		code = wg_xml_complain(layer->doc, node, err, "$%s is already defined", name);
	struct wg_when when = { 0 };
	if (code == WG_OK)
		code = wg_policy_read_when(layer, node, &when, err);
	if (code == WG_OK)
		code = WG_POLICY_GROW(policy->defines, policy->define_count, "definitions", err);
	if (code != WG_OK) {
		wg_when_free(&when);
		return code;
	}
	struct wg_define *define = &policy->defines[policy->define_count - 1];
	memcpy(define->name, name, sizeof name);
	define->when = when;
	define->layer = layer->number;
	code = wg_policy_words_source(node, &define->source, &define->note, err);
	return code == WG_OK ? wg_policy_add_item(policy, WG_ITEM_DEFINE, policy->define_count - 1, err) : code;
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

typedef enum wg_code add_function(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_err *err);

/* Hours first: definitions may ask for them, and stand before them in a file. */
static const struct {
	const char *element;
	unsigned pass;
	add_function *add;
} elements[] = {
	{ "role", 0, wg_policy_add_role },
	{ "hours", 0, wg_policy_add_hours },
	{ "closed", 0, wg_policy_add_closed },
	{ "define", 1, add_define },
	{ "confirm", 1, add_confirm },
	{ "route", 1, wg_policy_add_route },
	{ "rule", 1, wg_policy_add_rule },
	{ "grades", 1, wg_policy_add_grades },
	{ "text-review", 1, wg_policy_add_text_review },
	{ "retention", 1, wg_policy_add_retention },
	{ "deadline", 1, wg_policy_add_deadline },
};
#define PASSES 2

static enum wg_code read_element(const struct wg_layer *layer, const struct _xmlNode *node, unsigned pass,
                                 struct wg_err *err)
{
	for (size_t i = 0; i < WG_COUNT(elements); i++)
		if (elements[i].pass == pass && strcmp(elements[i].element, wg_xml_name(node)) == 0)
			return elements[i].add(layer, node, err);
	return WG_OK; /* of another pass, or a note */
}

/* Areas are three digits, by the schema. */
static enum wg_code add_area(void *arg, const char *code, struct wg_err *err)
{
	struct wg_policy_layer *layer = arg;
	uint64_t number = 0;
	(void)err;
	(void)wg_num_parse(code, 0, WG_POLICY_AREAS - 1, &number); /* it is one */
	layer->areas[number / 64] |= (uint64_t)1 << (number % 64);
	layer->everywhere = false;
	return WG_OK;
}

static enum wg_code read_areas(const struct wg_layer *layer, struct wg_err *err)
{
	struct wg_policy_layer *into = &layer->policy->layers[layer->number];
	WG_AUTO_FREE char *areas = NULL;
	memcpy(into->id, layer->id, sizeof into->id);
	into->everywhere = true;
	enum wg_code code = wg_policy_words_list(layer, wg_xml_root(layer->doc), "areas", &areas, err);
	return code == WG_OK ? wg_names_each(areas, add_area, into, err) : code;
}

static enum wg_code read_layer(const struct wg_layer *layer, struct wg_err *err)
{
	enum wg_code code = read_areas(layer, err);
	const struct _xmlNode *root = wg_xml_root(layer->doc);
	for (unsigned pass = 0; pass < PASSES; pass++)
		for (struct _xmlNode *node = wg_xml_first(root, NULL); node != NULL && code == WG_OK;
		     node = wg_xml_next(node, NULL))
			code = read_element(layer, node, pass, err);
	return code;
}

/* Turns the rules so that the highest layer is cited first and every layer stays as it was written. They were read
 * lowest layer first, so each layer is one run: runs are copied from the last to the first. Items follow. */
static enum wg_code highest_first(struct wg_policy *policy, struct wg_err *err)
{
	struct wg_rule *turned = calloc(policy->rule_count + 1, sizeof *turned);
	WG_AUTO_FREE unsigned *now_at = calloc(policy->rule_count + 1, sizeof *now_at);
	if (turned == NULL || now_at == NULL) {
		free(turned);
		return wg_err_set(err, WG_SYSTEM, "no memory for the policy");
	}
	unsigned n = 0;
	for (unsigned layer = policy->layer_count; layer-- > 0;)
		for (unsigned i = 0; i < policy->rule_count; i++)
			if (policy->rules[i].layer == layer) {
				now_at[i] = n;
				turned[n++] = policy->rules[i];
			}
	for (unsigned i = 0; i < policy->item_count; i++)
		if (policy->items[i].kind == WG_ITEM_RULE)
			policy->items[i].index = now_at[policy->items[i].index];
	free(policy->rules);
	policy->rules = turned;
	return WG_OK;
}

/* The name of the whole is that of its top layer; its hash is over all of them, the highest first. */
static enum wg_code name_policy(const struct wg_layers *layers, struct wg_policy *policy, struct wg_err *err)
{
	char version[64];
	WG_AUTO_BUF struct wg_buf digests = WG_BUF(WG_POLICY_LAYERS * WG_NAMES_HASH);
	const struct wg_xml *top = layers->docs[layers->count - 1];
	enum wg_code code = wg_names_attr(top, wg_xml_root(top), "version", version, sizeof version, err);
	for (unsigned i = layers->count; i-- > 0;)
		wg_buf_puts(&digests, layers->digests[i]);
	if (code == WG_OK)
		code = wg_buf_check(&digests, "policy", err);
	if (code != WG_OK)
		return code;
	(void)snprintf(policy->version, sizeof policy->version, "%s %s", layers->ids[layers->count - 1],
	               version); /* a name and 32 letters fit */
	wg_names_hash(digests.data, digests.len, policy->hash);
	return WG_OK;
}

static enum wg_code build(const struct wg_layers *layers, const struct wg_schema *schema, struct wg_policy *policy,
                          struct wg_err *err)
{
	enum wg_code code = WG_OK;
	policy->layer_count = layers->count;
	for (; policy->kind_count < wg_schema_kinds(schema); policy->kind_count++) /* 96 at most, by the schema's loader */
		(void)snprintf(policy->kinds[policy->kind_count], sizeof policy->kinds[0], "%s",
		               wg_schema_kind(schema, policy->kind_count)); /* a name fits */
	for (unsigned i = 0; i < layers->count && code == WG_OK; i++) {
		struct wg_layer layer = { .doc = layers->docs[i], .schema = schema, .policy = policy, .number = i };
		memcpy(layer.id, layers->ids[i], sizeof layer.id);
		code = read_layer(&layer, err);
	}
	if (code == WG_OK)
		code = highest_first(policy, err);
	if (code == WG_OK)
		code = wg_policy_fill_items(policy, err);
	return code == WG_OK ? name_policy(layers, policy, err) : code;
}

enum wg_code wg_policy_parse(const void *bytes, size_t len, const char *name, const char *folder,
                             const struct wg_xml_xsd *xsd, const struct wg_schema *schema, struct wg_policy **out,
                             struct wg_err *err)
{
	WG_CLEANUP(wg_layers_close) struct wg_layers layers = { .xsd = xsd, .language = language, .folder = folder };
	WG_CLEANUP(wg_policy_freep) struct wg_policy *policy = calloc(1, sizeof *policy);
	if (policy == NULL || (policy->spare = calloc(1, sizeof *policy->spare)) == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the policy");
	enum wg_code code = wg_layers_read(&layers, bytes, len, name, err);
	if (code == WG_OK)
		code = build(&layers, schema, policy, err);
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
