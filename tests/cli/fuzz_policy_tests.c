/* Fuzz target: any bytes as a file of policy tests, whose tests are then decided and judged; as a list of
 * requirements; and as the source of a rule. Whatever is refused must say why. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/policy_need.h"
#include "cli/policy_tests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wg_schema *schema;
static struct wg_xml_xsd *xsd;
static struct wg_policy *policy;
static struct wg_directory *directory;

static void must(bool good)
{
	if (!good)
		abort();
}

static void open_once(void)
{
	struct wg_err err;
	if (schema != NULL)
		return;
	wg_xml_init();
	must(wg_schema_load(WG_SOURCE_DIR "/xsd", &schema, &err) == WG_OK);
	must(wg_xml_xsd_load(WG_SOURCE_DIR "/xsd/policy-tests.xsd", &xsd, &err) == WG_OK);
	must(wg_policy_load(WG_SOURCE_DIR "/policy/staffordshire-stoke.xml", WG_SOURCE_DIR "/xsd", schema, &policy, &err) ==
	     WG_OK);
	must(wg_directory_load(WG_SOURCE_DIR "/policy/directory-example.xml", WG_SOURCE_DIR "/xsd", &directory, &err) ==
	     WG_OK);
}

static void judge(const struct wg_policy_tests *tests, const struct _xmlNode *test)
{
	WG_AUTO_SCENE struct wg_policy_scene scene = { 0 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF(1 << 20);
	struct wg_decisions *decisions = NULL;
	struct wg_err err = { 0 };
	unsigned failed = 0;
	enum wg_code code = wg_policy_scene_open(tests, test, &scene, &err);
	if (code == WG_OK)
		code = wg_decide(policy, directory, scene.notice, &scene.facts, &decisions, &err);
	if (code == WG_OK)
		code = wg_policy_expect(tests, test, policy, &scene, decisions, &out, &failed, &err);
	must(code != WG_OK ? err.text[0] != '\0' : (failed > 0) == (out.len > 0));
	wg_decisions_freep(&decisions);
}

static void as_tests(const uint8_t *data, size_t size)
{
	WG_AUTO_POLICY_TESTS struct wg_policy_tests *tests = NULL;
	struct wg_err err = { 0 };
	if (wg_policy_tests_read(data, size, "fuzz.xml", false, schema, xsd, &tests, &err) != WG_OK) {
		must(err.text[0] != '\0');
		return;
	}
	must(wg_policy_tests_roles(tests, policy, &err) == WG_OK || err.text[0] != '\0');
	const struct _xmlNode *test = wg_xml_first(wg_xml_root(tests->doc), "test");
	for (; test != NULL; test = wg_xml_next(test, "test"))
		judge(tests, test);
}

static void as_requirements(const uint8_t *data, size_t size)
{
	WG_AUTO_NEEDS struct wg_policy_needs needs = { 0 };
	struct wg_err err = { 0 };
	if (wg_policy_needs_read((const char *)data, size, "fuzz.txt", &needs, &err) != WG_OK) {
		must(err.text[0] != '\0' && needs.list == NULL);
		return;
	}
	for (unsigned i = 0; i < needs.count; i++)
		must(wg_policy_needs_find(&needs, needs.list[i].id) == &needs.list[i] && needs.list[i].title != NULL);
}

static void as_source(const uint8_t *data, size_t size)
{
	WG_AUTO_FREE char *text = strndup((const char *)data, size);
	char id[WG_POLICY_NEED_ID];
	must(text != NULL);
	struct wg_policy_cites cites = { .at = text };
	size_t n = 0;
	while (wg_policy_cites_next(&cites, id)) {
		must(strlen(id) >= 4 && strlen(id) < sizeof id);
		must(++n <= 100 * (size + 1)); /* a range has at most 100 */
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	open_once();
	as_tests(data, size);
	as_requirements(data, size);
	as_source(data, size);
	return 0;
}
