/* policy_words.c owns what rules and routes have in common: lists of kinds and roles, days, conditions. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "policy/policy_internal.h"

enum wg_code wg_policy_words_list(const struct wg_layer *layer, const struct _xmlNode *node, const char *attribute,
                                  char **out, struct wg_err *err)
{
	char list[4352]; /* 64 names of 64 letters, by the schema */
	enum wg_code code = wg_names_attr(layer->doc, node, attribute, list, sizeof list, err);
	if (code != WG_OK)
		return code;
	char *copy = strdup(list);
	if (copy == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the policy");
	*out = copy;
	return WG_OK;
}

/* One name of a list, and where a complaint about it points. */
struct word {
	const struct wg_layer *layer;
	const struct _xmlNode *node;
};

static enum wg_code check_kind(void *arg, const char *name, struct wg_err *err)
{
	const struct word *word = arg;
	const struct wg_schema *schema = word->layer->schema;
	char hint[WG_NAMES_HINT];
	if (strcmp(name, "*") == 0 || wg_schema_body(schema, name) != NULL)
		return WG_OK;
	return wg_xml_complain(word->layer->doc, word->node, err, "unknown kind of notice \"%s\"%s", name,
	                       wg_names_hint(name, wg_schema_kind_nearest(schema, name), hint));
}

enum wg_code wg_policy_words_kinds(const struct wg_layer *layer, const struct _xmlNode *node, char **out,
                                   struct wg_err *err)
{
	struct word word = { layer, node };
	WG_AUTO_FREE char *list = NULL;
	enum wg_code code = wg_policy_words_list(layer, node, "kind", &list, err);
	if (code == WG_OK)
		code = wg_names_each(list, check_kind, &word, err);
	if (code == WG_OK)
		*out = wg_steal(&list);
	return code;
}

enum wg_code wg_policy_no_role(const struct wg_layer *layer, const struct _xmlNode *node, const char *role,
                               struct wg_err *err)
{
	char hint[WG_NAMES_HINT];
	WG_AUTO_BUF struct wg_buf known = WG_BUF(WG_POLICY_ITEMS * (WG_LIMIT_NAME + 1));
	for (unsigned i = 0; i < layer->policy->role_count; i++)
		wg_buf_printf(&known, "%s ", layer->policy->roles[i].name);
	return wg_xml_complain(layer->doc, node, err, "unknown role \"%s\"%s", role,
	                       wg_names_hint(role, wg_buf_text(&known), hint));
}

static enum wg_code check_role(void *arg, const char *name, struct wg_err *err)
{
	const struct word *word = arg;
	if (strcmp(name, "*") == 0 || wg_policy_role(word->layer->policy, name) != NULL)
		return WG_OK;
	return wg_policy_no_role(word->layer, word->node, name, err);
}

enum wg_code wg_policy_words_roles(const struct wg_layer *layer, const struct _xmlNode *node, const char *attribute,
                                   char **out, struct wg_err *err)
{
	struct word word = { layer, node };
	WG_AUTO_FREE char *list = NULL;
	enum wg_code code = wg_policy_words_list(layer, node, attribute, &list, err);
	if (code == WG_OK)
		code = wg_names_each(list, check_role, &word, err);
	if (code == WG_OK)
		*out = wg_steal(&list);
	return code;
}

/* "2026-09-30", already known to be a date by the schema, unless there is no such day. */
static bool parse_day(const char *text, int64_t *day)
{
	char part[3][5];
	uint64_t year, month, date;
	if (strlen(text) != 10)
		return false;
	(void)snprintf(part[0], sizeof part[0], "%.4s", text);
	(void)snprintf(part[1], sizeof part[1], "%.2s", text + 5);
	(void)snprintf(part[2], sizeof part[2], "%.2s", text + 8);
	return wg_num_parse(part[0], 1, 9999, &year) && wg_num_parse(part[1], 1, 12, &month) &&
	       wg_num_parse(part[2], 1, 31, &date) && wg_clock_days((int)year, (int)month, (int)date, day);
}

static enum wg_code read_day(const struct wg_layer *layer, const struct _xmlNode *node, const char *attribute,
                             int64_t *day, struct wg_err *err)
{
	char text[16];
	enum wg_code code = wg_names_attr(layer->doc, node, attribute, text, sizeof text, err);
	if (code == WG_OK && text[0] != '\0' && !parse_day(text, day))
		code = wg_xml_complain(layer->doc, node, err, "%s=\"%s\" is not a day", attribute, text);
	return code;
}

enum wg_code wg_policy_words_span(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_span *out,
                                  struct wg_err *err)
{
	*out = (struct wg_span){ .from = INT64_MIN, .until = INT64_MAX };
	enum wg_code code = read_day(layer, node, "from", &out->from, err);
	if (code == WG_OK)
		code = read_day(layer, node, "until", &out->until, err);
	if (code == WG_OK && out->from > out->until)
		code = wg_xml_complain(layer->doc, node, err, "from= is later than until=: it would never be in force");
	return code;
}

enum wg_code wg_policy_words_child(const struct _xmlNode *node, const char *name, char **out, struct wg_err *err)
{
	const struct _xmlNode *child = wg_xml_first(node, name);
	WG_AUTO_FREE char *text = child != NULL ? wg_xml_text(child) : strdup("");
	if (text == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the policy");
	/* Citations are broken over lines in the file and stand on one in a record. */
	size_t o = 0;
	for (size_t i = 0; text[i] != '\0'; i++) {
		bool blank = strchr(" \t\r\n", text[i]) != NULL;
		if (!blank)
			text[o++] = text[i];
		else if (o > 0 && text[o - 1] != ' ')
			text[o++] = ' ';
	}
	if (o > 0 && text[o - 1] == ' ')
		o--;
	text[o] = '\0';
	*out = wg_steal(&text);
	return WG_OK;
}

/* The role that consent() asks for is a name like any other, and a slip in it would make a gate that never shuts. at
 * points behind "consent(". */
static enum wg_code check_consent(const struct wg_layer *layer, const struct _xmlNode *when, const char *at,
                                  struct wg_err *err)
{
	char role[WG_LIMIT_NAME + 1], quote = '\0';
	at += strspn(at, " \t\r\n");
	if (*at == '\'' || *at == '"')
		quote = *at++;
	size_t n = strcspn(at, (char[2]){ quote, '\0' });
	const char *behind = at + n + (at[n] != '\0' ? 1 : 0);
	behind += strspn(behind, " \t\r\n");
	if (quote == '\0' || n == 0 || n >= sizeof role || *behind != ')')
		return wg_xml_complain(layer->doc, when, err, "consent('role') wants one role, in quotes");
	memcpy(role, at, n);
	role[n] = '\0';
	if (strcmp(role, "*") == 0 || wg_policy_role(layer->policy, role) != NULL)
		return WG_OK;
	return wg_policy_no_role(layer, when, role, err);
}

/* Every call of name in a condition that is known to be well-formed. */
static enum wg_code check_calls(const struct wg_layer *layer, const struct _xmlNode *when, const char *text,
                                const char *name, struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (const char *p = text; code == WG_OK && (p = strstr(p, name)) != NULL;) {
		p += strlen(name);
		const char *open = p + strspn(p, " \t\r\n");
		if (*open != '(')
			continue; /* a place of that name: sharing/consent */
		if (strcmp(name, "consent") == 0)
			code = check_consent(layer, when, open + 1, err);
		else if (open[1 + strspn(open + 1, " \t\r\n")] != ')')
			code = wg_xml_complain(layer->doc, when, err, "%s() takes nothing between its brackets", name);
	}
	return code;
}

enum wg_code wg_policy_words_when(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_condition **out,
                                  struct wg_err *err)
{
	const struct _xmlNode *when = wg_xml_first(node, "when");
	if (when == NULL)
		return WG_OK;
	const struct wg_policy *policy = layer->policy;
	unsigned n = 0;
	while (wg_facts_variables[n] != NULL)
		n++;
	WG_AUTO_FREE const char **variables = calloc(n + policy->define_count + 1, sizeof *variables);
	WG_AUTO_FREE char *text = wg_xml_text(when);
	if (variables == NULL || text == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the policy");
	memcpy(variables, wg_facts_variables, n * sizeof *variables);
	for (unsigned i = 0; i < policy->define_count; i++)
		variables[n + i] = policy->defines[i].name;
	struct wg_vocabulary vocabulary = { .functions = wg_facts_functions, .variables = variables };
	struct wg_err inner = { 0 };
	enum wg_code code = wg_condition_compile(text, &vocabulary, layer->schema, out, &inner);
	if (code == WG_CONFIG || code == WG_LIMIT)
		return wg_xml_complain(layer->doc, when, err, "%s", inner.text);
	if (code != WG_OK)
		return wg_err_set(err, code, "%s", inner.text);
	for (unsigned i = 0; wg_facts_functions[i] != NULL && code == WG_OK; i++)
		code = check_calls(layer, when, text, wg_facts_functions[i], err);
	return code;
}
