/* Fuzz target: any bytes as a policy layer and as a directory. Whatever loads is used once, whatever does not must say
 * why. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/directory_internal.h"
#include "policy/policy_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char notice_text[] =
	"<notice xmlns=\"urn:wardgate:notice:1\" id=\"01k9tess00examp1e0m1ss1ng1\" kind=\"missing\" version=\"1\">"
	"<header><sender "
	"organisation=\"x\"/><received>2026-11-20T22:41:07Z</received></header><episode><risk>HIGH</risk></episode>"
	"<child looked-after=\"true\"><name><full>Robin Specimen</full></name></child>"
	"<authorities><placing>830</placing><host>860</host></authorities><missing/></notice>";

static struct wg_schema *schema;
static struct wg_xml_xsd *policy_xsd, *directory_xsd;
static struct wg_directory *example;

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
	must(wg_xml_xsd_load(WG_SOURCE_DIR "/xsd/policy.xsd", &policy_xsd, &err) == WG_OK);
	must(wg_xml_xsd_load(WG_SOURCE_DIR "/xsd/directory.xsd", &directory_xsd, &err) == WG_OK);
	must(wg_directory_load(WG_SOURCE_DIR "/policy/directory-example.xml", WG_SOURCE_DIR "/xsd", &example, &err) ==
	     WG_OK);
}

static void use(const struct wg_policy *policy, const struct wg_directory *directory)
{
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	WG_CLEANUP(wg_decisions_freep) struct wg_decisions *decisions = NULL;
	struct wg_err err = { 0 };
	struct wg_facts facts = { .now = "2026-11-22T12:00:00Z" };
	must(wg_notice_parse(schema, notice_text, sizeof notice_text - 1, "notice", &notice, &err) == WG_OK);
	enum wg_code code = wg_decide(policy, directory, notice, &facts, &decisions, &err);
	must(code == WG_OK || err.text[0] != '\0');
	for (unsigned i = 0; decisions != NULL && i < decisions->count; i++) {
		WG_AUTO_BUF struct wg_buf out = WG_BUF(1024 * 1024);
		wg_decision_json(policy, &decisions->list[i], NULL, &out);
		wg_decision_text(policy, &decisions->list[i], &out);
		must((decisions->list[i].granted & decisions->list[i].withheld) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	open_once();
	WG_CLEANUP(wg_policy_freep) struct wg_policy *policy = NULL;
	WG_CLEANUP(wg_directory_freep) struct wg_directory *directory = NULL;
	struct wg_err err = { 0 };
	enum wg_code code = wg_policy_parse(data, size, "fuzz", NULL, policy_xsd, schema, &policy, &err);
	must((code == WG_OK) == (policy != NULL) && (code == WG_OK || err.text[0] != '\0'));
	code = wg_directory_parse(data, size, "fuzz", directory_xsd, &directory, &err);
	must((code == WG_OK) == (directory != NULL) && (code == WG_OK || err.text[0] != '\0'));
	if (policy != NULL)
		use(policy, example);
	return 0;
}
