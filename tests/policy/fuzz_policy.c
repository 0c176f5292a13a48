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

/* All that is asked of a policy that was loaded: a decision, its words, its sentences, its conflicts. */
static void use(const struct wg_policy *policy, const struct wg_directory *directory)
{
	static const struct wg_told told[] = { { "staffordshire", "front-door", "front-door", "host" },
		                                   { "gone", "desk", "no-such-role", "" } };
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	WG_CLEANUP(wg_decisions_freep) struct wg_decisions *decisions = NULL;
	WG_AUTO_BUF struct wg_buf found = WG_BUF(4 * 1024 * 1024);
	struct wg_policy_item item;
	struct wg_err err = { 0 };
	unsigned count = 0;
	struct wg_facts facts = { .submitter = "derbyshire-police",
		                      .now = "2026-11-22T12:00:00Z",
		                      .live_episode = "yes",
		                      .told = told,
		                      .told_count = 2 };
	must(wg_notice_parse(schema, notice_text, sizeof notice_text - 1, "notice", &notice, &err) == WG_OK);
	enum wg_code code = wg_decide(policy, directory, notice, &facts, &decisions, &err);
	must(code == WG_OK || err.text[0] != '\0');
	for (unsigned i = 0; decisions != NULL && i < decisions->count; i++) {
		const struct wg_decision *d = &decisions->list[i];
		WG_AUTO_BUF struct wg_buf out = WG_BUF(1024 * 1024);
		wg_decision_json(policy, d, notice, &out);
		wg_decision_text(policy, d, &out);
		must((d->granted & d->withheld) == 0 && (d->overridden & ~d->granted) == 0 && (d->mark & ~d->withheld) == 0);
		must((d->in_text & d->granted) == 0 && (d->in_text == 0 || d->verdict == WG_VERDICT_REVIEW));
	}
	for (unsigned i = 0; wg_policy_item(policy, i, &item); i++)
		must(item.id != NULL && item.text != NULL && item.source != NULL);
	must(wg_policy_conflicts(policy, directory, schema, facts.now, &found, &count, &err) == WG_OK);
	(void)wg_policy_retention(policy, "missing", "council", NULL); /* any answer will do */
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
