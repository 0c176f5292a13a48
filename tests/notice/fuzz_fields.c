/* Whatever a reader writes: refused, or a report that names every field and a notice that can be written. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "notice/map.h"
#include "notice/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wg_schema *schema;
static struct wg_maps *maps;

static void load(void)
{
	struct wg_err err;
	wg_xml_init();
	if (wg_schema_load(WG_SOURCE_DIR "/xsd", &schema, &err) != WG_OK ||
	    wg_maps_load(WG_SOURCE_DIR "/adapters/maps", WG_SOURCE_DIR "/xsd", schema, &maps, &err) != WG_OK) {
		(void)fprintf(stderr, "%s\n", err.text);
		abort();
	}
}

static void must(int good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct wg_envelope_facts facts = { .id = "01jd0000000000000000000000",
		                                            .organisation = "force",
		                                            .received = "2026-11-22T09:30:00Z" };
	struct wg_fields *fields = NULL;
	struct wg_notice *notice = NULL;
	struct wg_report *report = NULL;
	struct wg_buf xml = WG_BUF(WG_LIMIT_READER_OUTPUT * 2);
	struct wg_err err;
	if (maps == NULL)
		load();
	if (wg_fields_parse(data, size, &fields, &err) != WG_OK)
		return 0;
	must(wg_map_apply(maps, fields, &facts, &notice, &report, &err) == WG_OK);
	must(report->count == fields->count && (notice != NULL || report->attention));
	must(wg_report_write(report, fields, &xml, &err) == WG_OK);
	/* whatever was written into it, only what is mandatory may be wanting: the reader's words never make it invalid */
	if (notice != NULL && report->missing[0] == '\0')
		must(wg_notice_validate(notice, &err) == WG_OK);
	/* a draft of the same form is a map */
	if (fields->count > 0) {
		struct wg_buf draft = WG_BUF(WG_LIMIT_CONFIG_FILE);
		struct wg_xml *doc = NULL;
		if (wg_map_draft(maps, fields, "missing", "draft", &draft, &err) == WG_OK)
			must(wg_xml_parse(draft.data, draft.len, "draft", &doc, &err) == WG_OK);
		wg_xml_freep(&doc);
		wg_buf_free(&draft);
	}
	wg_buf_free(&xml);
	wg_report_freep(&report);
	wg_notice_freep(&notice);
	wg_fields_freep(&fields);
	return 0;
}
