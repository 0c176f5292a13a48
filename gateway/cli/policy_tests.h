/* A file of policy tests (xsd/policy-tests.xsd), read and checked; and the scene of one test: its notice and what is
 * known beside it. */
#ifndef WG_CLI_POLICY_TESTS_H
#define WG_CLI_POLICY_TESTS_H

#include "notice/notice.h"
#include "notice/xml.h"
#include "policy/decide.h"
#include "role/paths.h"

/* Notices of one file, as its schema bounds them. */
#define WG_POLICY_NOTICES 256
/* Those who were told, of one test: as many as a notice has recipients. */
#define WG_POLICY_TOLD WG_LIMIT_RECIPIENTS

struct wg_policy_notice {
	char name[WG_LIMIT_NAME + 1];
	struct wg_notice *notice;
	struct wg_buf bytes; /* the same as text: what others are made of */
};

/* One file. Invariants once read: (1) it fits its schema; (2) every category and place that it names exists; (3) the
 * notices are valid and stand in the order of the file. */
struct wg_policy_tests {
	struct wg_xml *doc;
	const struct wg_schema *schema;
	char file[WG_PATH_TEXT];      /* as it was named */
	char name[WG_LIMIT_NAME + 1]; /* the file's own name without .xml: before the id of a test */
	char policy[WG_PATH_TEXT], directory[WG_PATH_TEXT];
	struct wg_policy_notice *notices; /* WG_POLICY_NOTICES of them */
	unsigned notice_count;
};

/* From bytes. file: its name for messages, and what file= of notices, policy= and directory= are seen from; beside:
 * false refuses file=, for bytes that come from nowhere. WG_CONFIG with file:line. */
enum wg_code wg_policy_tests_read(const void *bytes, size_t len, const char *file, bool beside,
                                  const struct wg_schema *schema, const struct wg_xml_xsd *xsd,
                                  struct wg_policy_tests **out, struct wg_err *err) WG_MUST;
enum wg_code wg_policy_tests_load(const char *file, const struct wg_schema *schema, const struct wg_xml_xsd *xsd,
                                  struct wg_policy_tests **out, struct wg_err *err) WG_MUST;
void wg_policy_tests_freep(struct wg_policy_tests **tests);
#define WG_AUTO_POLICY_TESTS __attribute__((cleanup(wg_policy_tests_freep)))

/* WG_CONFIG with file:line when a test names a role that the policy does not have: what nobody can be would never be
 * found a recipient, and the test would say nothing. */
enum wg_code wg_policy_tests_roles(const struct wg_policy_tests *tests, const struct wg_policy *policy,
                                   struct wg_err *err) WG_MUST;

/* The notice of that name; NULL when there is none. */
struct wg_notice *wg_policy_tests_notice(const struct wg_policy_tests *tests, const char *name);
/* A copy of it for the caller. WG_CONFIG when there is none. */
enum wg_code wg_policy_tests_copy(const struct wg_policy_tests *tests, const char *name, struct wg_notice **out,
                                  struct wg_err *err) WG_MUST;
/* Does to notice what placing=, host= and the <set> and <clear> of node say, and validates it. WG_CONFIG with
 * file:line. */
enum wg_code wg_policy_tests_change(const struct wg_policy_tests *tests, const struct _xmlNode *node,
                                    struct wg_notice *notice, struct wg_err *err) WG_MUST;
/* The next of "front-door of host, parent of placing"; *rest is cut up. False at the end. */
bool wg_policy_tests_recipient(char **rest, char **role, char **of);

/* What one test decides about. Borrows from its file; never copy one. */
struct wg_policy_scene {
	struct wg_notice *notice; /* own, or that of the file */
	struct wg_notice *own;
	struct wg_consents *consents;
	struct wg_told told[WG_POLICY_TOLD];
	char now[40], from[WG_LIMIT_NAME + 1], self[WG_LIMIT_NAME + 1], live[8];
	struct wg_facts facts;
};
/* test: a <test> of the file. WG_CONFIG with file:line when its notice is not valid. */
enum wg_code wg_policy_scene_open(const struct wg_policy_tests *tests, const struct _xmlNode *test,
                                  struct wg_policy_scene *out, struct wg_err *err) WG_MUST;
/* The same for a notice of the file as it is, with what the file says of all tests. */
enum wg_code wg_policy_scene_notice(const struct wg_policy_tests *tests, unsigned notice, struct wg_policy_scene *out,
                                    struct wg_err *err) WG_MUST;
void wg_policy_scene_close(struct wg_policy_scene *scene);
#define WG_AUTO_SCENE __attribute__((cleanup(wg_policy_scene_close)))

/* Holds every expectation of a test against what was decided: one line for each that is not met, "LINE: words" with the
 * rule and source behind what came, into out. *failed counts them. policy: for grades and retention. */
enum wg_code wg_policy_expect(const struct wg_policy_tests *tests, const struct _xmlNode *test,
                              const struct wg_policy *policy, const struct wg_policy_scene *scene,
                              const struct wg_decisions *decisions, struct wg_buf *out, unsigned *failed,
                              struct wg_err *err) WG_MUST;

#endif
