/* facts.c owns what is known of one notice when a policy is asked about it: its facts, the day, the records of consent,
 * which layers speak for it, and each definition judged at most once. SECURITY: the notice comes from outside; what it
 * says is compared, never interpreted. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "policy/policy_internal.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
#define MINUTE_MS ((int64_t)60 * 1000)

/* $self: this gateway's organisation; $submitter: who handed the notice in. */
const char *const wg_facts_variables[] = { "self", "submitter", NULL };

/* XPath takes "" for false and any other text for true. A definition that cannot be judged is a fault of the condition
 * that asks for it. */
static const char *define_text(struct wg_facts_view *view, unsigned i)
{
	if (view->defined[i] < 0) {
		bool is = false;
		enum wg_code code = wg_facts_view_test(view, &view->policy->defines[i].when, &is, &view->why);
		if (code != WG_OK)
			view->fault = wg_err_add(&view->why, "$%s", view->policy->defines[i].name);
		view->defined[i] = is ? 1 : 0;
	}
	return view->defined[i] != 0 ? "true" : "";
}

static const char *variable(void *arg, const char *name)
{
	struct wg_facts_view *view = arg;
	unsigned i = 0;
	if (strcmp(name, "self") == 0)
		return view->given->self;
	if (strcmp(name, "submitter") == 0)
		return view->given->submitter;
	while (strcmp(name, view->policy->defines[i].name) != 0) /* the loader saw that it is there */
		i++;
	return define_text(view, i);
}

enum wg_code wg_facts_view_test(struct wg_facts_view *view, const struct wg_when *when, bool *out, struct wg_err *err)
{
	struct wg_answers answers = {
		.function = wg_facts_function, .variable = variable, .arg = view, .spare = view->policy->spare
	};
	*out = true;
	if (when->condition == NULL)
		return WG_OK;
	enum wg_code code = wg_condition_test(when->condition, view->doc, &answers, out, err);
	if (view->fault != WG_OK)
		code = wg_err_set(err, view->fault, "%s", view->why.text);
	return code;
}

bool wg_facts_view_in_force(const struct wg_facts_view *view, unsigned layer, const struct wg_set *kinds,
                            const struct wg_span *span)
{
	return wg_set_has(kinds, view->kind) && view->speaks[layer] && view->today >= span->from &&
	       view->today <= span->until;
}

static enum wg_code read_now(struct wg_facts_view *view, struct wg_err *err)
{
	if (view->given->now == NULL || !wg_clock_parse(view->given->now, &view->now))
		return wg_err_set(err, WG_CONFIG, "the time of the decision is missing or not RFC 3339");
	int64_t there = view->now + wg_clock_london_offset(view->now) * MINUTE_MS;
	view->today = there / DAY_MS - (there % DAY_MS < 0 ? 1 : 0);
	view->minute = (unsigned)((there - view->today * DAY_MS) / MINUTE_MS);
	return WG_OK;
}

/* The <notice> of the facts; a document is the parent of its root like any node. */
static const struct _xmlNode *root_of(const struct wg_facts_view *view)
{
	return wg_xml_first((const struct _xmlNode *)(const void *)view->doc, "notice");
}

enum wg_code wg_facts_view_text(const struct wg_facts_view *view, const char *path, char **out, struct wg_err *err)
{
	char step[WG_LIMIT_NAME + 1];
	const struct _xmlNode *node = root_of(view);
	*out = NULL;
	while (node != NULL && *path != '\0' && *path != '@') {
		size_t n = strcspn(path, "/");
		(void)snprintf(step, sizeof step, "%.*s", (int)n, path); /* names of the schema fit */
		node = wg_xml_first(node, step);
		path += n + (path[n] == '/' ? 1 : 0);
	}
	if (node == NULL || (*path == '@' && !wg_names_has_attr(node, path + 1)))
		return WG_OK;
	*out = *path == '@' ? wg_xml_attr(node, path + 1) : wg_xml_text(node);
	return *out != NULL ? WG_OK : wg_err_set(err, WG_SYSTEM, "no memory to decide");
}

enum wg_code wg_facts_view_name(const struct wg_facts_view *view, const char *path, char *out, size_t size,
                                struct wg_err *err)
{
	WG_AUTO_FREE char *raw = NULL;
	enum wg_code code = wg_facts_view_text(view, path, &raw, err);
	(void)wg_defang(raw != NULL ? raw : "", out, size);
	return code;
}

static bool covers(const struct wg_policy_layer *layer, const char *code)
{
	uint64_t n;
	return wg_num_parse(code, 0, WG_POLICY_AREAS - 1, &n) && (layer->areas[n / 64] >> (n % 64) & 1) != 0;
}

static void read_layers(struct wg_facts_view *view)
{
	for (unsigned i = 0; i < view->policy->layer_count; i++) {
		const struct wg_policy_layer *layer = &view->policy->layers[i];
		view->speaks[i] = layer->everywhere || covers(layer, view->side[0]) || covers(layer, view->side[1]);
	}
}

/* The records that were given; where nobody looked for any, what the notice itself says. */
static enum wg_code read_consents(struct wg_facts_view *view, struct wg_notice *notice, struct wg_err *err)
{
	view->consents = view->given->consents;
	if (view->consents != NULL)
		return WG_OK;
	enum wg_code code = wg_consents_new(&view->own, err);
	if (code == WG_OK)
		code = wg_consents_from_notice(view->own, notice, "", view->now, err);
	view->consents = view->own;
	return code;
}

static enum wg_code read_notice(struct wg_facts_view *view, struct wg_notice *notice, struct wg_err *err)
{
	char kind[WG_LIMIT_NAME + 1];
	view->doc = wg_notice_facts(notice, err);
	if (view->doc == NULL)
		return WG_SYSTEM; /* its words are there already */
	view->present = wg_notice_categories(notice) & ~wg_category_find("administrative");
	enum wg_code code = wg_facts_view_name(view, "@kind", kind, sizeof kind, err);
	view->kind = wg_policy_kind(view->policy, kind);
	/* Who answers for the child and where it is. */
	if (code == WG_OK)
		code = wg_facts_view_name(view, "authorities/placing", view->side[0], sizeof view->side[0], err);
	if (code == WG_OK)
		code = wg_facts_view_name(view, "authorities/host", view->side[1], sizeof view->side[1], err);
	return code;
}

enum wg_code wg_facts_view_open(const struct wg_policy *policy, const struct wg_directory *directory,
                                struct wg_notice *notice, const struct wg_facts *facts, struct wg_facts_view *out,
                                struct wg_err *err)
{
	*out = (struct wg_facts_view){ .policy = policy, .directory = directory, .given = facts, .until = INT64_MAX };
	enum wg_code code = read_now(out, err);
	if (code == WG_OK)
		code = read_notice(out, notice, err);
	if (code == WG_OK)
		code = read_consents(out, notice, err);
	if (code != WG_OK)
		return code;
	read_layers(out);
	out->defined = malloc(policy->define_count + 1);
	if (out->defined == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory to decide");
	memset(out->defined, -1, policy->define_count + 1);
	return WG_OK;
}

void wg_facts_view_close(struct wg_facts_view *view)
{
	free(view->defined);
	view->defined = NULL;
	wg_consents_freep(&view->own);
}
