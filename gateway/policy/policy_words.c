/* policy_words.c owns what the elements of a policy have in common: lists of kinds and roles, days, durations, texts.
 */
#include <limits.h>
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

/* One name of a list, where it goes, and where a complaint about it points. */
struct word {
	const struct wg_layer *layer;
	const struct _xmlNode *node;
	struct wg_set *out;
};

static enum wg_code add_kind(void *arg, const char *name, struct wg_err *err)
{
	const struct word *word = arg;
	const struct wg_schema *schema = word->layer->schema;
	char hint[WG_HINT];
	unsigned kind = wg_policy_kind(word->layer->policy, name);
	if (kind != WG_SET_OTHER)
		wg_set_add(word->out, kind);
	else if (strcmp(name, "*") == 0)
		wg_set_fill(word->out);
	else
		return wg_xml_complain(word->layer->doc, word->node, err, "unknown kind of notice \"%s\"%s", name,
		                       wg_hint(name, wg_schema_kind_nearest(schema, name), hint));
	return WG_OK;
}

static enum wg_code read_set(const struct wg_layer *layer, const struct _xmlNode *node, const char *attribute,
                             enum wg_code (*add)(void *arg, const char *name, struct wg_err *err), struct wg_set *out,
                             struct wg_err *err)
{
	struct word word = { layer, node, out };
	WG_AUTO_FREE char *list = NULL;
	enum wg_code code = wg_policy_words_list(layer, node, attribute, &list, err);
	return code == WG_OK ? wg_names_each(list, add, &word, err) : code;
}

enum wg_code wg_policy_words_kinds(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_set *out,
                                   struct wg_err *err)
{
	return read_set(layer, node, "kind", add_kind, out, err);
}

enum wg_code wg_policy_no_role(const struct wg_layer *layer, const struct _xmlNode *node, const char *role,
                               struct wg_err *err)
{
	char hint[WG_HINT];
	WG_AUTO_BUF struct wg_buf known = WG_BUF(WG_POLICY_ITEMS * (WG_LIMIT_NAME + 1));
	for (unsigned i = 0; i < layer->policy->role_count; i++)
		wg_buf_printf(&known, "%s ", layer->policy->roles[i].name);
	return wg_xml_complain(layer->doc, node, err, "unknown role \"%s\"%s", role,
	                       wg_hint(role, wg_buf_text(&known), hint));
}

static enum wg_code add_role(void *arg, const char *name, struct wg_err *err)
{
	const struct word *word = arg;
	unsigned role = wg_policy_role(word->layer->policy, name);
	if (role != WG_SET_OTHER)
		wg_set_add(word->out, role);
	else if (strcmp(name, "*") == 0)
		wg_set_fill(word->out);
	else
		return wg_policy_no_role(word->layer, word->node, name, err);
	return WG_OK;
}

enum wg_code wg_policy_words_roles(const struct wg_layer *layer, const struct _xmlNode *node, const char *attribute,
                                   struct wg_set *out, struct wg_err *err)
{
	return read_set(layer, node, attribute, add_role, out, err);
}

enum wg_code wg_policy_words_role(const struct wg_layer *layer, const struct _xmlNode *node, const char *attribute,
                                  unsigned *out, struct wg_err *err)
{
	char name[WG_LIMIT_NAME + 1];
	*out = WG_SET_OTHER;
	enum wg_code code = wg_names_attr(layer->doc, node, attribute, name, sizeof name, err);
	if (code != WG_OK || name[0] == '\0')
		return code;
	*out = wg_policy_role(layer->policy, name);
	return *out != WG_SET_OTHER ? WG_OK : wg_policy_no_role(layer, node, name, err);
}

bool wg_policy_words_day(const char *text, int64_t *day)
{
	char part[3][5];
	uint64_t year, month, date;
	if (strlen(text) != 10)
		return false;
	(void)snprintf(part[0], sizeof part[0], "%.4s", text);     /* cut there */
	(void)snprintf(part[1], sizeof part[1], "%.2s", text + 5); /* the same */
	(void)snprintf(part[2], sizeof part[2], "%.2s", text + 8); /* the same */
	return wg_num_parse(part[0], 1, 9999, &year) && wg_num_parse(part[1], 1, 12, &month) &&
	       wg_num_parse(part[2], 1, 31, &date) && wg_clock_days((int)year, (int)month, (int)date, day);
}

static enum wg_code read_day(const struct wg_layer *layer, const struct _xmlNode *node, const char *attribute,
                             int64_t *day, struct wg_err *err)
{
	char text[16];
	enum wg_code code = wg_names_attr(layer->doc, node, attribute, text, sizeof text, err);
	if (code == WG_OK && text[0] != '\0' && !wg_policy_words_day(text, day))
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

enum wg_code wg_policy_words_bool(const struct wg_layer *layer, const struct _xmlNode *node, const char *attribute,
                                  bool *out, struct wg_err *err)
{
	char text[8];
	enum wg_code code = wg_names_attr(layer->doc, node, attribute, text, sizeof text, err);
	if (code == WG_OK && text[0] != '\0')
		*out = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
	return code;
}

/* "PT4H" or "P90D": the number in it, and its last letter. The schema has seen to the form, so that anything else is
 * nothing. */
static unsigned number_in(const char *text, char *unit)
{
	char digits[8] = "";
	uint64_t number = 0;
	size_t lead = strspn(text, "PT"), n = strspn(text + lead, "0123456789");
	memcpy(digits, text + lead, n); /* the whole text is shorter */
	*unit = text[lead + n];
	return wg_num_parse(digits, 1, 9999, &number) ? (unsigned)number : 0;
}

enum wg_code wg_policy_words_due(const struct wg_layer *layer, const struct _xmlNode *node, const char *attribute,
                                 struct wg_due *out, struct wg_err *err)
{
	char unit;
	*out = (struct wg_due){ .minutes = UINT_MAX };
	enum wg_code code = wg_names_attr(layer->doc, node, attribute, out->text, sizeof out->text, err);
	if (code != WG_OK || out->text[0] == '\0')
		return code;
	unsigned number = number_in(out->text, &unit);
	out->minutes = number * (unit == 'D' ? 24 * 60 : unit == 'H' ? 60 : 1);
	return WG_OK;
}

/* Months and years of even length: only to say which of two is the longer. */
enum wg_code wg_policy_words_period(const struct wg_layer *layer, const struct _xmlNode *node, struct wg_period *out,
                                    struct wg_err *err)
{
	enum { DAY = 24, MONTH = 730, YEAR = 12 * MONTH };
	char unit;
	*out = (struct wg_period){ .hours = UINT_MAX };
	enum wg_code code = wg_names_attr(layer->doc, node, "keep", out->text, sizeof out->text, err);
	if (code != WG_OK || out->text[0] == '\0')
		return code;
	unsigned number = number_in(out->text, &unit);
	out->hours = number * (unsigned)(unit == 'D' ? DAY : unit == 'M' ? MONTH : YEAR);
	return WG_OK;
}

/* Citations are broken over lines in the file and stand on one in a record. */
char *wg_policy_words_text(const struct _xmlNode *node)
{
	char *text = wg_xml_text(node);
	size_t o = 0;
	for (size_t i = 0; text != NULL && text[i] != '\0'; i++) {
		bool blank = strchr(" \t\r\n", text[i]) != NULL;
		if (!blank)
			text[o++] = text[i];
		else if (o > 0 && text[o - 1] != ' ')
			text[o++] = ' ';
	}
	if (o > 0 && text[o - 1] == ' ')
		o--;
	if (text != NULL)
		text[o] = '\0';
	return text;
}

enum wg_code wg_policy_words_child(const struct _xmlNode *node, const char *name, char **out, struct wg_err *err)
{
	const struct _xmlNode *child = wg_xml_first(node, name);
	char *text = child != NULL ? wg_policy_words_text(child) : strdup("");
	if (text == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for the policy");
	*out = text;
	return WG_OK;
}

enum wg_code wg_policy_words_source(const struct _xmlNode *node, char **source, char **note, struct wg_err *err)
{
	enum wg_code code = wg_policy_words_child(node, "source", source, err);
	return code == WG_OK && wg_xml_first(node, "note") != NULL ? wg_policy_words_child(node, "note", note, err) : code;
}

bool wg_policy_has_role(const struct wg_policy *policy, const char *role)
{
	return wg_policy_role(policy, role) != WG_SET_OTHER;
}
