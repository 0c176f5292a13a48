/* Words outside any field: a sentence may matter most of all, so it calls a person; a greeting does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "notice/map.h"
#include "notice/xml.h"

static void sentences_call_a_person(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned prose;
	} rows[] = {
		{ NULL, 0 },
		{ "", 0 },
		{ "Missing person report\n", 0 },
		{ "Good evening,\nKind regards\nPC 0000 Sam Sample, Missing Persons Desk\n", 0 },
		{ "Please find below the details of a child reported missing.\n", 0 },
		{ "DISCLAIMER: this message is meant for its addressee and for nobody else.\n", 0 },
		{ "His mother must not be told where he lives.\n", 1 },
		{ "Good evening,\nplease do not tell the school\n\nThanks\n", 1 },
		{ "she has been seen with him before\nand he was told to stay away from her", 2 },
	};
	struct wg_err err = { .text = "" };
	struct wg_schema *schema = NULL;
	struct wg_maps *maps = NULL;
	wg_xml_init();
	assert_int_equal(wg_schema_load(WG_SOURCE_DIR "/xsd", &schema, &err), WG_OK);
	assert_int_equal(wg_maps_load(WG_SOURCE_DIR "/adapters/maps", WG_SOURCE_DIR "/xsd", schema, &maps, &err), WG_OK);
	struct wg_field form[] = {
		{ .label = (char *)"Full name", .value = (char *)"Tess Example", .at = (char *)"body, line 1" },
		{ .label = (char *)"Date of birth", .value = (char *)"14/03/2011", .at = (char *)"body, line 2" },
		{ .label = (char *)"When last seen", .value = (char *)"21/11/2026 at 19:30", .at = (char *)"body, line 3" },
	};
	const struct wg_envelope_facts facts = { .id = "01jd0000000000000000000000",
		                                     .organisation = "derbyshire-police",
		                                     .received = "2026-11-22T09:30:00Z" };
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_fields fields = { .reader = "mail", .fields = form, .count = WG_COUNT(form) };
		struct wg_notice *notice = NULL;
		struct wg_report *report = NULL;
		fields.text = (char *)rows[i].text;
		assert_int_equal(wg_map_apply(maps, &fields, &facts, &notice, &report, &err), WG_OK);
		if (report->prose != rows[i].prose || report->attention != (rows[i].prose > 0))
			fail_msg("row %zu: %u sentences, attention %d", i, report->prose, report->attention);
		wg_report_freep(&report);
		wg_notice_freep(&notice);
	}
	wg_maps_freep(&maps);
	wg_schema_freep(&schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(sentences_call_a_person) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
