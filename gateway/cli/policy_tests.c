/* policy_tests.c owns reading a file of policy tests: it fits its schema, what it names exists, its notices are valid.
 * SECURITY: test files are the operator's and read like any document: bounded, without DOCTYPE; their values are never
 * repeated in messages. */
#include "cli/policy_tests.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "sys/file.h"

/* Attributes that list categories; "nothing" is a word of those that say "exactly these". */
static const struct {
	const char *attribute;
	bool nothing;
} lists[] = {
	{ "gives", false },  { "only", true },     { "withholds", false }, { "says", false },
	{ "silent", false }, { "override", true }, { "in-text", true },    { "category", false },
};

static enum wg_code check_list(const struct wg_policy_tests *tests, const struct _xmlNode *node, const char *attribute,
                               bool nothing, struct wg_err *err)
{
	WG_AUTO_FREE char *list = wg_xml_attr(node, attribute);
	struct wg_err why = { 0 };
	wg_categories set;
	if (list == NULL || (nothing && strcmp(list, "nothing") == 0) || wg_categories_parse(list, &set, &why) == WG_OK)
		return WG_OK;
	return wg_xml_complain(tests->doc, node, err, "%s=: %s", attribute, why.text);
}

/* A list of rules says something beside a list of categories only. */
static enum wg_code check_rules(const struct wg_policy_tests *tests, const struct _xmlNode *node, struct wg_err *err)
{
	static const struct {
		const char *rules, *beside[3];
	} pairs[] = { { "given-by", { "gives", "override", NULL } },
		          { "withheld-by", { "withholds", "says", "silent" } },
		          { "kept-back", { "override", "gives", NULL } } };
	for (size_t i = 0; i < WG_COUNT(pairs); i++) {
		WG_AUTO_FREE char *rules = wg_xml_attr(node, pairs[i].rules);
		bool beside = false;
		for (size_t k = 0; k < WG_COUNT(pairs[i].beside) && pairs[i].beside[k] != NULL; k++) {
			WG_AUTO_FREE char *list = wg_xml_attr(node, pairs[i].beside[k]);
			beside = beside || list != NULL;
		}
		if (rules != NULL && !beside)
			return wg_xml_complain(tests->doc, node, err, "%s= says nothing without %s= or %s=", pairs[i].rules,
			                       pairs[i].beside[0], pairs[i].beside[1]);
	}
	return WG_OK;
}

static enum wg_code check_categories(const struct wg_policy_tests *tests, const struct _xmlNode *node,
                                     struct wg_err *err)
{
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < WG_COUNT(lists) && code == WG_OK; i++)
		code = check_list(tests, node, lists[i].attribute, lists[i].nothing, err);
	if (code == WG_OK && strcmp(wg_xml_name(node), "consent") == 0)
		code = check_list(tests, node, "categories", false, err);
	if (code == WG_OK && strcmp(wg_xml_name(node), "expect") == 0)
		code = check_rules(tests, node, err);
	for (const struct _xmlNode *n = wg_xml_first(node, NULL); n != NULL && code == WG_OK; n = wg_xml_next(n, NULL))
		code = check_categories(tests, n, err);
	return code;
}

/* ---- notices */

enum wg_code wg_policy_tests_change(const struct wg_policy_tests *tests, const struct _xmlNode *node,
                                    struct wg_notice *notice, struct wg_err *err)
{
	static const char *const areas[][2] = { { "placing", "authorities/placing" }, { "host", "authorities/host" } };
	char place[192], code_text[8];
	struct wg_err why = { 0 };
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < WG_COUNT(areas) && code == WG_OK; i++)
		if (wg_xml_attr_into(node, areas[i][0], code_text, sizeof code_text) && code_text[0] != '\0')
			code = wg_notice_set(notice, areas[i][1], code_text, &why);
	for (const struct _xmlNode *n = wg_xml_first(node, NULL); n != NULL && code == WG_OK; n = wg_xml_next(n, NULL)) {
		WG_AUTO_FREE char *value = wg_xml_text(n);
		(void)wg_xml_attr_into(n, "place", place, sizeof place); /* the schema bounds it */
		if (strcmp(wg_xml_name(n), "set") == 0)
			code = value != NULL ? wg_notice_set(notice, place, value, &why)
			                     : wg_err_set(&why, WG_SYSTEM, "no memory for a notice");
		else if (strcmp(wg_xml_name(n), "clear") == 0)
			code = wg_notice_clear(notice, place, &why);
		if (code != WG_OK)
			return wg_xml_complain(tests->doc, n, err, "%s", why.text);
	}
	if (code == WG_OK)
		code = wg_notice_validate(notice, &why);
	return code == WG_OK ? WG_OK : wg_xml_complain(tests->doc, node, err, "the notice is not valid: %s", why.text);
}

static enum wg_code from_kind(const struct wg_policy_tests *tests, const char *kind, struct wg_notice **out,
                              struct wg_err *err)
{
	char from[WG_LIMIT_NAME + 1], now[40];
	const struct _xmlNode *root = wg_xml_root(tests->doc);
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	(void)wg_xml_attr_into(root, "from", from, sizeof from); /* the schema bounds both */
	(void)wg_xml_attr_into(root, "now", now, sizeof now);
	enum wg_code code = wg_notice_new(tests->schema, kind, "policy-test", &notice, err);
	if (code == WG_OK)
		code = wg_notice_set(notice, "header/sender/@organisation", from[0] != '\0' ? from : "policy-test", err);
	if (code == WG_OK)
		code = wg_notice_set(notice, "header/received", now, err);
	if (code == WG_OK)
		*out = wg_steal(&notice);
	return code;
}

static enum wg_code from_file(const struct wg_policy_tests *tests, const char *name, struct wg_notice **out,
                              struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_NOTICE);
	char path[WG_PATH_TEXT];
	enum wg_code code = wg_path_beside(tests->file, name, path, err);
	if (code == WG_OK)
		code = wg_file_read(path, &bytes, err);
	return code == WG_OK ? wg_notice_parse(tests->schema, bytes.data, bytes.len, path, out, err) : code;
}

static const struct wg_policy_notice *find_notice(const struct wg_policy_tests *tests, const char *name)
{
	for (unsigned i = 0; i < tests->notice_count; i++)
		if (strcmp(tests->notices[i].name, name) == 0)
			return &tests->notices[i];
	return NULL;
}

enum wg_code wg_policy_tests_copy(const struct wg_policy_tests *tests, const char *name, struct wg_notice **out,
                                  struct wg_err *err)
{
	const struct wg_policy_notice *found = find_notice(tests, name);
	if (found == NULL)
		return wg_err_set(err, WG_CONFIG, "there is no notice \"%s\" further up in this file", name);
	return wg_notice_parse(tests->schema, found->bytes.data, found->bytes.len, name, out, err);
}

struct wg_notice *wg_policy_tests_notice(const struct wg_policy_tests *tests, const char *name)
{
	const struct wg_policy_notice *found = find_notice(tests, name);
	return found != NULL ? found->notice : NULL;
}

/* What a <notice> starts from: one of kind=, file=, like=. */
static enum wg_code begin_notice(const struct wg_policy_tests *tests, const struct _xmlNode *node, bool beside,
                                 struct wg_notice **out, struct wg_err *err)
{
	WG_AUTO_FREE char *kind = wg_xml_attr(node, "kind"), *file = wg_xml_attr(node, "file");
	WG_AUTO_FREE char *like = wg_xml_attr(node, "like");
	struct wg_err why = { 0 };
	if ((kind != NULL) + (file != NULL) + (like != NULL) != 1)
		return wg_xml_complain(tests->doc, node, err, "a notice has one of kind=, file= and like=");
	if (file != NULL && !beside)
		return wg_xml_complain(tests->doc, node, err, "file= cannot be used here");
	enum wg_code code = kind != NULL   ? from_kind(tests, kind, out, &why)
	                    : file != NULL ? from_file(tests, file, out, &why)
	                                   : wg_policy_tests_copy(tests, like, out, &why);
	return code == WG_OK ? WG_OK : wg_xml_complain(tests->doc, node, err, "%s", why.text);
}

static enum wg_code add_notice(struct wg_policy_tests *tests, const struct _xmlNode *node, bool beside,
                               struct wg_err *err)
{
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	struct wg_policy_notice *one = &tests->notices[tests->notice_count];
	one->bytes = WG_BUF(WG_LIMIT_NOTICE);
	(void)wg_xml_attr_into(node, "name", one->name, sizeof one->name); /* the schema bounds it */
	enum wg_code code = begin_notice(tests, node, beside, &notice, err);
	if (code == WG_OK)
		code = wg_policy_tests_change(tests, node, notice, err);
	if (code == WG_OK)
		code = wg_notice_serialise(notice, &one->bytes, err);
	if (code != WG_OK) {
		wg_buf_free(&one->bytes);
		return code;
	}
	one->notice = wg_steal(&notice);
	tests->notice_count++;
	return WG_OK;
}

/* ---- the file */

/* The file's own name without its folder and ".xml". */
static void name_of(const char *file, char *out, size_t size)
{
	const char *slash = strrchr(file, '/');
	(void)snprintf(out, size, "%s", slash != NULL ? slash + 1 : file); /* a longer name is cut */
	char *dot = strrchr(out, '.');
	if (dot != NULL && dot > out)
		*dot = '\0';
}

static enum wg_code file_beside(const struct wg_policy_tests *tests, const char *attribute, char out[WG_PATH_TEXT],
                                struct wg_err *err)
{
	WG_AUTO_FREE char *name = wg_xml_attr(wg_xml_root(tests->doc), attribute);
	return name != NULL ? wg_path_beside(tests->file, name, out, err) : wg_err_set(err, WG_SYSTEM, "no memory");
}

static enum wg_code read_root(struct wg_policy_tests *tests, bool beside, struct wg_err *err)
{
	const struct _xmlNode *root = wg_xml_root(tests->doc);
	enum wg_code code = file_beside(tests, "policy", tests->policy, err);
	if (code == WG_OK)
		code = file_beside(tests, "directory", tests->directory, err);
	if (code == WG_OK)
		code = check_categories(tests, root, err);
	const struct _xmlNode *n = wg_xml_first(root, "notice");
	for (; n != NULL && code == WG_OK; n = wg_xml_next(n, "notice"))
		code = add_notice(tests, n, beside, err);
	return code;
}

enum wg_code wg_policy_tests_read(const void *bytes, size_t len, const char *file, bool beside,
                                  const struct wg_schema *schema, const struct wg_xml_xsd *xsd,
                                  struct wg_policy_tests **out, struct wg_err *err)
{
	WG_AUTO_POLICY_TESTS struct wg_policy_tests *tests = calloc(1, sizeof *tests);
	if (tests == NULL || (tests->notices = calloc(WG_POLICY_NOTICES, sizeof *tests->notices)) == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for policy tests");
	tests->schema = schema;
	int n = snprintf(tests->file, sizeof tests->file, "%s", file);
	if (n < 0 || (size_t)n >= sizeof tests->file)
		return wg_err_set(err, WG_LIMIT, "the path of the policy tests is longer than %zu bytes", sizeof tests->file);
	name_of(file, tests->name, sizeof tests->name);
	enum wg_code code = wg_xml_parse(bytes, len, file, &tests->doc, err);
	if (code == WG_OK)
		code = wg_xml_validate(tests->doc, xsd, err);
	if (code == WG_OK)
		code = read_root(tests, beside, err);
	if (code == WG_OK)
		*out = wg_steal(&tests);
	else if (err != NULL && code == WG_REJECT)
		err->code = code = WG_CONFIG; /* the file is the operator's */
	return code;
}

enum wg_code wg_policy_tests_load(const char *file, const struct wg_schema *schema, const struct wg_xml_xsd *xsd,
                                  struct wg_policy_tests **out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_CONFIG_FILE);
	enum wg_code code = wg_file_read(file, &bytes, err);
	return code == WG_OK ? wg_policy_tests_read(bytes.data, bytes.len, file, true, schema, xsd, out, err) : code;
}

void wg_policy_tests_freep(struct wg_policy_tests **tests)
{
	struct wg_policy_tests *t = *tests;
	for (unsigned i = 0; t != NULL && i < t->notice_count; i++) {
		wg_notice_freep(&t->notices[i].notice);
		wg_buf_free(&t->notices[i].bytes);
	}
	if (t != NULL) {
		wg_xml_freep(&t->doc);
		free(t->notices);
	}
	free(t);
	*tests = NULL;
}

/* ---- roles */

static enum wg_code check_role(const struct wg_policy_tests *tests, const struct _xmlNode *node, const char *role,
                               const struct wg_policy *policy, struct wg_err *err)
{
	if (strcmp(role, "*") == 0 || wg_policy_has_role(policy, role))
		return WG_OK;
	return wg_xml_complain(tests->doc, node, err, "no layer of %s has the role \"%s\"", wg_policy_version(policy),
	                       role);
}

/* to=, which lists roles at consent and names one elsewhere; role=; escalate=. */
static enum wg_code check_roles_at(const struct wg_policy_tests *tests, const struct _xmlNode *node,
                                   const struct wg_policy *policy, struct wg_err *err)
{
	static const char *const attributes[] = { "to", "role", "escalate" };
	enum wg_code code = WG_OK;
	for (size_t i = 0; i < WG_COUNT(attributes); i++) {
		WG_AUTO_FREE char *list = wg_xml_attr(node, attributes[i]);
		char *rest = list;
		for (char *role; code == WG_OK && (role = strsep(&rest, " \t\r\n")) != NULL;)
			code = *role != '\0' && strcmp(role, "none") != 0 ? check_role(tests, node, role, policy, err) : WG_OK;
	}
	for (const struct _xmlNode *n = wg_xml_first(node, NULL); n != NULL && code == WG_OK; n = wg_xml_next(n, NULL))
		code = check_roles_at(tests, n, policy, err);
	return code;
}

bool wg_policy_tests_recipient(char **rest, char **role, char **of)
{
	static const char blanks[] = " \t\r\n";
	for (char *item; (item = strsep(rest, ",")) != NULL;) {
		item += strspn(item, blanks);
		*role = strsep(&item, blanks);
		if (item == NULL) /* "nobody" */
			continue;
		item += strspn(item, blanks);
		if (strncmp(item, "of", 2) != 0)
			continue;
		*of = item + 2 + strspn(item + 2, blanks);
		(*of)[strcspn(*of, blanks)] = '\0';
		return true;
	}
	return false;
}

static enum wg_code check_recipients(const struct wg_policy_tests *tests, const struct _xmlNode *node,
                                     const struct wg_policy *policy, struct wg_err *err)
{
	WG_AUTO_FREE char *text = wg_xml_text(node);
	enum wg_code code = WG_OK;
	char *rest = text;
	for (char *role, *of; code == WG_OK && wg_policy_tests_recipient(&rest, &role, &of);)
		code = check_role(tests, node, role, policy, err);
	return code;
}

enum wg_code wg_policy_tests_roles(const struct wg_policy_tests *tests, const struct wg_policy *policy,
                                   struct wg_err *err)
{
	enum wg_code code = WG_OK;
	const struct _xmlNode *test = wg_xml_first(wg_xml_root(tests->doc), "test");
	for (; test != NULL && code == WG_OK; test = wg_xml_next(test, "test")) {
		code = check_roles_at(tests, test, policy, err);
		const struct _xmlNode *n = wg_xml_first(test, "expect-recipients");
		for (; n != NULL && code == WG_OK; n = wg_xml_next(n, "expect-recipients"))
			code = check_recipients(tests, n, policy, err);
	}
	return code;
}
