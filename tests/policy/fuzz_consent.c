/* Fuzz target: any bytes as a record of consent. Whatever is taken is written and read again as the same bytes, and
 * answers what is in force; whatever is not must say why. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "notice/xml.h"
#include "policy/consent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static void use(struct wg_consent *record)
{
	WG_CLEANUP(wg_consents_freep) struct wg_consents *consents = NULL;
	struct wg_err err = { 0 };
	must(wg_consents_new(&consents, &err) == WG_OK && wg_consents_add(consents, record, &err) == WG_OK);
	for (unsigned category = 0; category < wg_category_count(); category++) {
		const struct wg_consent *which = NULL;
		enum wg_consent_state state = wg_consents_state(consents, "school", category, INT64_MAX - 1, &which);
		must((which != NULL) || state == WG_CONSENT_NOT_KNOWN);
		must(which == NULL || state != WG_CONSENT_GIVEN || record->until == INT64_MAX);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool opened;
	if (!opened)
		wg_xml_init();
	opened = true;
	struct wg_consent *record = NULL;
	WG_CLEANUP(wg_consent_freep) struct wg_consent *again = NULL;
	WG_AUTO_BUF struct wg_buf first = WG_BUF(64 * 1024), second = WG_BUF(64 * 1024);
	struct wg_err err = { 0 };
	enum wg_code code = wg_consent_parse(data, size, WG_SOURCE_DIR "/xsd", &record, &err);
	must((code == WG_OK) == (record != NULL) && (code == WG_OK || err.text[0] != '\0'));
	if (record == NULL)
		return 0;
	must(wg_consent_write(record, &first, &err) == WG_OK);
	must(wg_consent_parse(first.data, first.len, WG_SOURCE_DIR "/xsd", &again, &err) == WG_OK);
	must(wg_consent_write(again, &second, &err) == WG_OK);
	must(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
	use(record);
	return 0;
}
