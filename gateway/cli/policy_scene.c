/* policy_scene.c owns what one policy test decides about: its notice, and what is known beside it. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/policy_tests.h"

static char *copy_of(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

/* ---- consent */

static bool instant(const struct _xmlNode *node, const char *attribute, int64_t otherwise, int64_t *out)
{
	WG_AUTO_FREE char *text = wg_xml_attr(node, attribute);
	*out = otherwise;
	return text == NULL || wg_clock_parse(text, out);
}

static enum wg_code read_consent(const struct wg_policy_tests *tests, const struct _xmlNode *node, int64_t now,
                                 struct wg_consent *out, struct wg_err *err)
{
	WG_AUTO_FREE char *state = wg_xml_attr(node, "state"), *categories = wg_xml_attr(node, "categories");
	WG_AUTO_FREE char *by = wg_xml_attr(node, "answered-by");
	static const char form[] = "not-known";
	if (!instant(node, "at", now, &out->at) || !instant(node, "until", INT64_MAX, &out->until))
		return wg_xml_complain(tests->doc, node, err, "at= or until= is not a time that exists");
	if (state == NULL || !wg_consent_state_find(state, &out->state))
		return wg_xml_complain(tests->doc, node, err, "state= is not a state of consent");
	out->categories = wg_categories_all();
	if (categories != NULL && wg_categories_parse(categories, &out->categories, err) != WG_OK)
		return WG_CONFIG;
	(void)snprintf(out->id, sizeof out->id, "policy-test-%d", wg_xml_line(node));
	out->to = wg_xml_attr(node, "to");
	out->answered_by = copy_of(by != NULL ? by : "child");
	out->form = copy_of(form);
	out->recorded_by = copy_of("policy test");
	bool complete = out->to != NULL && out->answered_by != NULL && out->form != NULL && out->recorded_by != NULL;
	return complete ? WG_OK : wg_err_set(err, WG_SYSTEM, "no memory for a consent");
}

static enum wg_code add_consent(const struct wg_policy_tests *tests, const struct _xmlNode *node, int64_t now,
                                struct wg_policy_scene *scene, struct wg_err *err)
{
	struct wg_consent *record = calloc(1, sizeof *record);
	if (record == NULL)
		return wg_err_set(err, WG_SYSTEM, "no memory for a consent");
	enum wg_code code = read_consent(tests, node, now, record, err);
	if (code == WG_OK)
		return wg_consents_add(scene->consents, record, err);
	wg_consent_freep(&record);
	return code;
}

/* Those of the notice, as they would come in with it, and those of the test. */
static enum wg_code read_consents(const struct wg_policy_tests *tests, const struct _xmlNode *given,
                                  struct wg_policy_scene *scene, struct wg_err *err)
{
	int64_t now;
	if (!wg_clock_parse(scene->now, &now))
		return wg_xml_complain(tests->doc, given, err, "now= is not a time that exists");
	enum wg_code code = wg_consents_new(&scene->consents, err);
	if (code == WG_OK)
		code = wg_consents_from_notice(scene->consents, scene->notice, "policy-test", now, err);
	const struct _xmlNode *n = wg_xml_first(given, "consent");
	for (; n != NULL && code == WG_OK; n = wg_xml_next(n, "consent"))
		code = add_consent(tests, n, now, scene, err);
	scene->facts.consents = scene->consents;
	return code;
}

/* ---- the rest */

static enum wg_code read_told(const struct wg_policy_tests *tests, const struct _xmlNode *given,
                              struct wg_policy_scene *scene, struct wg_err *err)
{
	unsigned n = 0;
	for (const struct _xmlNode *t = wg_xml_first(given, "told"); t != NULL; t = wg_xml_next(t, "told")) {
		if (n == WG_POLICY_TOLD)
			return wg_xml_complain(tests->doc, t, err, "more than %u were told", (unsigned)WG_POLICY_TOLD);
		struct wg_told *one = &scene->told[n++];
		(void)wg_xml_attr_into(t, "organisation", one->organisation, sizeof one->organisation); /* the schema */
		(void)wg_xml_attr_into(t, "desk", one->desk, sizeof one->desk);                         /* bounds all */
		(void)wg_xml_attr_into(t, "role", one->role, sizeof one->role);
		(void)wg_xml_attr_into(t, "of", one->of, sizeof one->of);
	}
	scene->facts.told = scene->told;
	scene->facts.told_count = n;
	return WG_OK;
}

/* An attribute of the test, otherwise that of the file. */
static void settle(const struct wg_policy_tests *tests, const struct _xmlNode *given, const char *attribute, char *out,
                   size_t size)
{
	if (given == NULL || !wg_xml_attr_into(given, attribute, out, size) || out[0] == '\0')
		(void)wg_xml_attr_into(wg_xml_root(tests->doc), attribute, out, size); /* the schema bounds it */
}

static void settle_facts(const struct wg_policy_tests *tests, const struct _xmlNode *given,
                         struct wg_policy_scene *scene)
{
	settle(tests, given, "now", scene->now, sizeof scene->now);
	settle(tests, given, "from", scene->from, sizeof scene->from);
	settle(tests, given, "self", scene->self, sizeof scene->self);
	if (given != NULL)
		(void)wg_xml_attr_into(given, "live-episode", scene->live, sizeof scene->live);
	scene->facts.now = scene->now;
	scene->facts.submitter = scene->from;
	scene->facts.self = scene->self;
	scene->facts.own = strcmp(scene->from, scene->self) == 0;
	scene->facts.live_episode = scene->live[0] != '\0' ? scene->live : NULL;
}

/* The notice of the file as it is, unless the test changes it. */
static enum wg_code open_notice(const struct wg_policy_tests *tests, const struct _xmlNode *given,
                                struct wg_policy_scene *scene, struct wg_err *err)
{
	char name[WG_LIMIT_NAME + 1], area[8];
	(void)wg_xml_attr_into(given, "notice", name, sizeof name); /* the schema bounds it */
	bool changed = wg_xml_first(given, "set") != NULL || wg_xml_first(given, "clear") != NULL ||
	               (wg_xml_attr_into(given, "placing", area, sizeof area) && area[0] != '\0') ||
	               (wg_xml_attr_into(given, "host", area, sizeof area) && area[0] != '\0');
	scene->notice = wg_policy_tests_notice(tests, name);
	if (scene->notice == NULL)
		return wg_xml_complain(tests->doc, given, err, "there is no notice \"%s\" in this file", name);
	if (!changed)
		return WG_OK;
	enum wg_code code = wg_policy_tests_copy(tests, name, &scene->own, err);
	if (code == WG_OK)
		code = wg_policy_tests_change(tests, given, scene->own, err);
	scene->notice = scene->own;
	return code;
}

enum wg_code wg_policy_scene_open(const struct wg_policy_tests *tests, const struct _xmlNode *test,
                                  struct wg_policy_scene *out, struct wg_err *err)
{
	const struct _xmlNode *given = wg_xml_first(test, "given");
	settle_facts(tests, given, out);
	enum wg_code code = open_notice(tests, given, out, err);
	if (code == WG_OK)
		code = read_consents(tests, given, out, err);
	return code == WG_OK ? read_told(tests, given, out, err) : code;
}

enum wg_code wg_policy_scene_notice(const struct wg_policy_tests *tests, unsigned notice, struct wg_policy_scene *out,
                                    struct wg_err *err)
{
	const struct _xmlNode *root = wg_xml_root(tests->doc);
	settle_facts(tests, NULL, out);
	out->notice = tests->notices[notice].notice;
	return read_consents(tests, root, out, err); /* the file itself has none */
}

void wg_policy_scene_close(struct wg_policy_scene *scene)
{
	wg_consents_freep(&scene->consents);
	wg_notice_freep(&scene->own);
	scene->notice = NULL;
}
