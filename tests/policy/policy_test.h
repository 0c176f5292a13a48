/* What the tests of this room share: the real schemas, loaded once, and policies, directories and notices from text. */
#ifndef WG_TESTS_POLICY_TEST_H
#define WG_TESTS_POLICY_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "policy/directory_internal.h"
#include "policy/policy_internal.h"
#include "sys/file.h"

#define XSD_DIR WG_SOURCE_DIR "/xsd"
#define POLICY_DIR WG_SOURCE_DIR "/policy"

/* A noon in November: 22 November 2026. */
#define NOW "2026-11-22T12:00:00Z"

static struct wg_schema *schema;
static struct wg_xml_xsd *policy_xsd, *directory_xsd;

static __attribute__((unused)) int open_schemas(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	wg_xml_init();
	if (wg_schema_load(XSD_DIR, &schema, &err) != WG_OK ||
	    wg_xml_xsd_load(XSD_DIR "/policy.xsd", &policy_xsd, &err) != WG_OK ||
	    wg_xml_xsd_load(XSD_DIR "/directory.xsd", &directory_xsd, &err) != WG_OK) {
		print_error("%s\n", err.text);
		return -1;
	}
	return 0;
}

static __attribute__((unused)) int close_schemas(void **state)
{
	(void)state;
	wg_schema_freep(&schema);
	wg_xml_xsd_freep(&policy_xsd);
	wg_xml_xsd_freep(&directory_xsd);
	return 0;
}

/* Fails the test with the words of the error. */
static __attribute__((unused)) void must(enum wg_code code, const struct wg_err *err)
{
	if (code != WG_OK)
		fail_msg("%s: %s", wg_code_name(code), err->text);
}

static __attribute__((unused)) struct wg_policy *policy_of(const char *text)
{
	struct wg_policy *policy = NULL;
	struct wg_err err = { 0 };
	must(wg_policy_parse(text, strlen(text), "test.xml", NULL, policy_xsd, schema, &policy, &err), &err);
	return policy;
}

static __attribute__((unused)) struct wg_directory *directory_of(const char *text)
{
	struct wg_directory *directory = NULL;
	struct wg_err err = { 0 };
	must(wg_directory_parse(text, strlen(text), "test.xml", directory_xsd, &directory, &err), &err);
	return directory;
}

static __attribute__((unused)) struct wg_notice *notice_of(const char *text)
{
	struct wg_notice *notice = NULL;
	struct wg_err err = { 0 };
	must(wg_notice_parse(schema, text, strlen(text), "notice.xml", &notice, &err), &err);
	return notice;
}

static __attribute__((unused)) struct wg_notice *notice_file(const char *path)
{
	struct wg_buf bytes = WG_BUF(WG_LIMIT_NOTICE);
	struct wg_err err = { 0 };
	must(wg_file_read(path, &bytes, &err), &err);
	struct wg_notice *notice = notice_of(wg_buf_text(&bytes));
	wg_buf_free(&bytes);
	return notice;
}

static __attribute__((unused)) void set(struct wg_notice *notice, const char *path, const char *value)
{
	struct wg_err err = { 0 };
	must(wg_notice_set(notice, path, value, &err), &err);
}

static __attribute__((unused)) struct wg_decisions *decide_at(const struct wg_policy *policy,
                                                              const struct wg_directory *directory,
                                                              struct wg_notice *notice, const char *submitter,
                                                              const char *now)
{
	struct wg_decisions *decisions = NULL;
	struct wg_err err = { 0 };
	struct wg_facts facts = { .self = "staffordshire", .submitter = submitter, .now = now };
	must(wg_decide(policy, directory, notice, &facts, &decisions, &err), &err);
	return decisions;
}

static __attribute__((unused)) struct wg_decisions *
decide(const struct wg_policy *policy, const struct wg_directory *directory, struct wg_notice *notice)
{
	return decide_at(policy, directory, notice, "staffordshire-police", NOW);
}

/* Sets as names, so that a failure can be read. */
static __attribute__((unused)) void assert_set(wg_categories got, const char *names)
{
	char text[WG_CATEGORIES_TEXT], want_text[WG_CATEGORIES_TEXT];
	wg_categories want = WG_CATEGORIES_NONE;
	struct wg_err err = { 0 };
	must(wg_categories_parse(names, &want, &err), &err);
	assert_string_equal(wg_categories_format(got, text, sizeof text),
	                    wg_categories_format(want, want_text, sizeof want_text));
}

static __attribute__((unused)) const struct wg_decision *decision_for(const struct wg_decisions *decisions,
                                                                      const char *organisation)
{
	for (unsigned i = 0; i < decisions->count; i++)
		if (strcmp(decisions->list[i].organisation->id, organisation) == 0)
			return &decisions->list[i];
	fail_msg("%s is no recipient", organisation);
	abort(); /* fail_msg does not come back, which the compiler cannot know */
}

/* NULL: the category is not in the notice. */
static __attribute__((unused)) const struct wg_reason *find_reason(const struct wg_decision *decision,
                                                                   const char *category)
{
	for (unsigned i = 0; i < decision->reason_count; i++)
		if (strcmp(wg_category_name(decision->reasons[i].category), category) == 0)
			return &decision->reasons[i];
	return NULL;
}

static __attribute__((unused)) const struct wg_reason *reason_for(const struct wg_decision *decision,
                                                                  const char *category)
{
	const struct wg_reason *reason = find_reason(decision, category);
	if (reason == NULL) {
		fail_msg("nothing is said of %s", category);
		abort(); /* as above */
	}
	return reason;
}

#endif
