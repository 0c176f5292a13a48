/* policy_when.c owns reading a condition, and refusing one that calls our functions in another way than they answer to:
 * a slip there would make a gate that never shuts. */
#include <string.h>

#include "base/mem.h"
#include "policy/policy_internal.h"

#define BLANKS " \t\r\n"
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

void wg_when_free(struct wg_when *when)
{
	wg_condition_freep(&when->condition);
	free(when->text);
	when->text = NULL;
}

/* What our functions take at most. */
#define ARGUMENTS 2

/* One call of one of our functions. */
struct call {
	const struct wg_layer *layer;
	const struct _xmlNode *when;
	const char *name;
	bool plain; /* between its brackets stand names in quotes with commas between, or nothing */
	unsigned count;
	char value[ARGUMENTS][WG_LIMIT_NAME + 1];
};

/* What stands between the brackets: at points behind the first. */
static void read_arguments(struct call *call, const char *at)
{
	at += strspn(at, BLANKS);
	while (*at == '\'' || *at == '"') {
		size_t n = strcspn(at + 1, (char[2]){ *at, '\0' });
		if (call->count == ARGUMENTS || n == 0 || n >= sizeof call->value[0])
			return;
		memcpy(call->value[call->count], at + 1, n);
		call->value[call->count++][n] = '\0';
		at += n + 2; /* it closes: the condition was compiled */
		at += strspn(at, BLANKS);
		at += *at == ',' ? 1 + strspn(at + 1, BLANKS) : 0;
	}
	call->plain = *at == ')';
}

static enum wg_code check_consent(const struct call *call, struct wg_err *err)
{
	wg_categories category;
	struct wg_err inner = { 0 };
	if (!call->plain || call->count == 0)
		return wg_xml_complain(call->layer->doc, call->when, err,
		                       "consent('role') wants one role, in quotes, and perhaps one category: "
		                       "consent('role', 'category')");
	if (strcmp(call->value[0], "*") != 0 && wg_policy_role(call->layer->policy, call->value[0]) == WG_SET_OTHER)
		return wg_policy_no_role(call->layer, call->when, call->value[0], err);
	if (call->count == 1 || wg_category_find(call->value[1]) != WG_CATEGORIES_NONE)
		return WG_OK;
	bool list = wg_categories_parse(call->value[1], &category, &inner) == WG_OK;
	return wg_xml_complain(call->layer->doc, call->when, err, "consent(): %s",
	                       list ? "name one category alone" : inner.text);
}

static enum wg_code check_hours(const struct call *call, struct wg_err *err)
{
	const struct wg_policy *policy = call->layer->policy;
	char hint[WG_HINT];
	WG_AUTO_BUF struct wg_buf known = WG_BUF(WG_POLICY_ITEMS * (WG_LIMIT_NAME + 1));
	if (!call->plain || call->count != 1)
		return wg_xml_complain(call->layer->doc, call->when, err,
		                       "working-hours('name') wants the name of one <hours>, in quotes");
	if (wg_policy_has_hours(policy, call->value[0]))
		return WG_OK;
	for (unsigned i = 0; i < policy->hours_count; i++)
		wg_buf_printf(&known, "%s ", policy->hours[i].name);
	return wg_xml_complain(call->layer->doc, call->when, err, "there is no <hours name=\"%s\">%s", call->value[0],
	                       wg_hint(call->value[0], wg_buf_text(&known), hint));
}

static enum wg_code check_relation(const struct call *call, struct wg_err *err)
{
	if (call->plain && (call->count == 0 || (call->count == 1 && strcmp(call->value[0], "submitter") == 0)))
		return WG_OK;
	return wg_xml_complain(call->layer->doc, call->when, err,
	                       "relation() takes nothing between its brackets, or 'submitter' in quotes");
}

static enum wg_code check_call(const struct call *call, struct wg_err *err)
{
	if (strcmp(call->name, "consent") == 0)
		return check_consent(call, err);
	if (strcmp(call->name, "working-hours") == 0)
		return check_hours(call, err);
	if (strcmp(call->name, "relation") == 0)
		return check_relation(call, err);
	if (call->plain && call->count == 0)
		return WG_OK;
	return wg_xml_complain(call->layer->doc, call->when, err, "%s() takes nothing between its brackets", call->name);
}

/* A definition, all of which came before, that asks whether the child is missing. */
static bool asks_live(const struct wg_policy *policy, const char *name, size_t n)
{
	for (unsigned i = 0; i < policy->define_count; i++) {
		const struct wg_define *define = &policy->defines[i];
		if (strlen(define->name) == n && strncmp(define->name, name, n) == 0)
			return define->when.live;
	}
	return false;
}

/* Which of our functions is called by the n letters at name; NULL when none is. */
static const char *our_function(const char *name, size_t n)
{
	const char *behind = name + n;
	if (behind[strspn(behind, BLANKS)] != '(')
		return NULL; /* a place of that name: sharing/consent */
	for (unsigned i = 0; wg_facts_functions[i] != NULL; i++)
		if (strlen(wg_facts_functions[i]) == n && strncmp(wg_facts_functions[i], name, n) == 0)
			return wg_facts_functions[i];
	return NULL;
}

/* Every call in a condition that is known to be well-formed; what stands in quotes is no call. *live: it asks whether
 * the child is missing. */
static enum wg_code check_calls(const struct wg_layer *layer, const struct _xmlNode *when, const char *text, bool *live,
                                struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (const char *p = text; *p != '\0' && code == WG_OK;) {
		size_t n = strspn(p, NAME_LETTERS);
		if (*p == '\'' || *p == '"') {
			n = 2 + strcspn(p + 1, (char[2]){ *p, '\0' });
		} else if (n == 0) {
			n = 1;
		} else {
			struct call call = { .layer = layer, .when = when, .name = our_function(p, n) };
			if (p > text && p[-1] == '$')
				*live = *live || asks_live(layer->policy, p, n);
			if (call.name != NULL) {
				*live = *live || strcmp(call.name, "live-episode") == 0;
				read_arguments(&call, strchr(p + n, '(') + 1);
				code = check_call(&call, err);
			}
		}
		p += n;
	}
	return code;
}

/* $self and the like, and the definitions so far; NULL-terminated; the caller frees the list and not the names. */
static const char **variables_of(const struct wg_policy *policy)
{
	unsigned n = 0;
	while (wg_facts_variables[n] != NULL)
		n++;
	const char **variables = calloc(n + policy->define_count + 1, sizeof *variables);
	if (variables == NULL)
		return NULL;
	memcpy(variables, wg_facts_variables, n * sizeof *variables);
	for (unsigned i = 0; i < policy->define_count; i++)
		variables[n + i] = policy->defines[i].name;
	return variables;
}

enum wg_code wg_policy_read_when(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_when *out,
                                 struct wg_err *err)
{
	const struct _xmlNode *when = wg_xml_first(node, "when");
	if (when == NULL)
		return WG_OK;
	WG_AUTO_FREE const char **variables = variables_of(layer->policy);
	WG_AUTO_FREE char *text = wg_xml_text(when);
	out->text = wg_policy_words_text(when);
	if (variables == NULL || text == NULL || out->text == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the policy");
	struct wg_vocabulary vocabulary = { .functions = wg_facts_functions, .variables = variables };
	struct wg_err inner = { 0 };
	enum wg_code code = wg_condition_compile(text, &vocabulary, layer->schema, &out->condition, &inner);
	if (code == WG_CONFIG)
		return wg_xml_complain(layer->doc, when, err, "%s", inner.text);
	if (code != WG_OK)
		return wg_err_set(err, code, "%s", inner.text);
	return check_calls(layer, when, text, &out->live, err);
}
