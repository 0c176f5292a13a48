/* Which places a notice uses, and which of its texts may hold more than their place says. */
#include "../refused_memory.h"
#include "notice_fill.h"

/* What holds of an entry of the list: "path category count need". */
static void format_element(const struct wg_notice_element *e, char *out, size_t size)
{
	char need[WG_CATEGORIES_TEXT];
	(void)snprintf(out, size, "%s %s %u %s", e->path, wg_category_name(e->category), e->count,
	               wg_categories_format(e->need & ~wg_category_find("administrative"), need, sizeof need));
}

static void test_elements(void **state)
{
	(void)state;
	static const char *const sets[][2] = {
		{ "header/sender/@organisation", "specimen-house" },
		{ "child/@looked-after", "true" },
		{ "child/name/full", "Tess Example" },
		{ "child/telephone[+]", "07700 900417" },
		{ "child/telephone[+]", "07700 900418" },
		{ "child/telephone[last]/@network", "Example" },
		{ "child/home-address/@postcode", "ZZ9 9ZZ" },
		{ "missing/circumstances", " \n" },
		{ "missing/concern/@answer", "yes" },
		{ "missing/associate[+]/name", "Kit Placeholder" },
		{ "missing/associate[+]/telephone", "07700 900419" },
		{ "missing/associate[+]/name", "Sky Placeholder" },
		{ "attachment[+]", "AAAA" },
		{ "attachment[last]/@name", "x.png" },
	};
	static const char *const expected[] = {
		"@version administrative 1 ",
		"@id administrative 1 ",
		"@kind administrative 1 ",
		"header/sender/@organisation administrative 1 ",
		"child/@looked-after legal-status 1 legal-status",
		"child/name/full identity 1 identity",
		"child/home-address/@postcode contact 1 contact",
		"child/telephone contact 2 contact",
		"child/telephone/@network contact 1 contact",
		"missing/concern/@answer risk 1 risk",
		"missing/associate/name third-party 2 third-party",
		"missing/associate/telephone third-party 1 third-party",
		"attachment photograph 1 photograph",
		"attachment/@name photograph 1 photograph",
	};
	struct wg_err err = { 0 };
	struct wg_notice_element *list = NULL;
	unsigned count = 0;
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	assert_wg(wg_notice_new(schema, "missing", "01k9tess00examp1e0elements", &notice, &err));
	for (size_t i = 0; i < WG_COUNT(sets); i++)
		assert_wg(wg_notice_set(notice, sets[i][0], sets[i][1], &err));
	assert_wg(wg_notice_elements(notice, &list, &count, &err));
	for (size_t i = 0; i < count && i < WG_COUNT(expected); i++) {
		char line[512];
		format_element(&list[i], line, sizeof line);
		assert_string_equal(line, expected[i]);
	}
	assert_int_equal(count, WG_COUNT(expected));
	free(list);
}

/* A place below one of another category needs both. */
static void test_need_of_what_is_above(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	struct wg_notice_element *list = NULL;
	unsigned count = 0, deeper = 0;
	static struct filling filling;
	for (size_t k = 0; k < wg_schema_kinds(schema); k++) {
		fill_notice(&filling, wg_schema_kind(schema, k));
		assert_wg(wg_notice_elements(filling.notice, &list, &count, &err));
		for (unsigned i = 0; i < count; i++) {
			wg_categories category = 0;
			assert_true(wg_schema_find(schema, list[i].path, &category, NULL));
			assert_true(category == (wg_categories)1 << list[i].category);
			assert_true((list[i].need & category) != 0);
			assert_int_equal(list[i].count, 1);
			deeper += (list[i].need & ~category & ~wg_category_find("administrative")) != 0 ? 1 : 0;
			for (unsigned j = 0; j < i; j++)
				assert_string_not_equal(list[j].path, list[i].path);
		}
		/* all that was filled, and the three attributes of the notice itself */
		assert_int_equal(count, filling.count + 3);
		free(list);
		wg_notice_freep(&filling.notice);
	}
	assert_true(deeper > 0);
}

static void assert_texts(const struct wg_notice *notice, const char *expected)
{
	struct wg_notice_text texts[WG_NOTICE_TEXTS];
	char all[4096] = "";
	size_t used = 0;
	unsigned n = wg_notice_texts(notice, texts, WG_NOTICE_TEXTS);
	for (unsigned i = 0; i < n; i++) {
		char may[WG_CATEGORIES_TEXT], need[WG_CATEGORIES_TEXT];
		used += (size_t)snprintf(
			all + used, sizeof all - used, "%s (%s): %s\n", wg_category_name(texts[i].category),
			wg_categories_format(texts[i].need & ~wg_category_find("administrative"), need, sizeof need),
			wg_categories_format(texts[i].may, may, sizeof may));
	}
	assert_string_equal(all, expected);
}

#define ALL_FIVE "confidential-address health family third-party alleged-perpetrator"

static void test_texts(void **state)
{
	(void)state;
	static const struct {
		const char *sets[3][2], *expected;
	} cases[] = {
		{ { { "missing/circumstances", "Went out." } }, "circumstances (circumstances): " ALL_FIVE "\n" },
		{ { { "missing/circumstances", " \t\n" } }, "" },
		{ { { "missing/concern", "Cold." } }, "risk (risk): " ALL_FIVE "\n" },
		{ { { "missing/concern/@answer", "yes" } }, "" },
		/* what the place is for is no surprise there */
		{ { { "missing/family", "His aunt." } },
		  "family (family): confidential-address health third-party alleged-perpetrator\n" },
		/* overridden by the element */
		{ { { "child/description/clothing", "Red coat" }, { "child/religion", "None" } }, "" },
		/* lines, times, addresses, dates as they were said, codes with words beside them */
		{ { { "missing/informant/name", "Kit Placeholder" },
		    { "missing/last-seen/when", "about nine" },
		    { "child/home-address", "1 Sample Street" } },
		  "" },
		{ { { "child/date-of-birth/@said", "in spring" },
		    { "episode/risk/@said", "grave" },
		    { "child/ethnicity", "x" } },
		  "" },
		{ { { "attachment[+]", "AAAA" } }, "photograph (photograph): third-party\n" },
		/* once for each combination */
		{ { { "missing/circumstances", "a" }, { "missing/other", "b" }, { "missing/concern", "c" } },
		  "circumstances (circumstances): " ALL_FIVE "\nrisk (risk): " ALL_FIVE "\n" },
		{ { { "sharing/told", "All of it" } }, "sharing (sharing): " ALL_FIVE "\n" },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		WG_AUTO_NOTICE struct wg_notice *notice = NULL;
		assert_wg(wg_notice_new(schema, "missing", "01k9tess00examp1e0texts001", &notice, &err));
		for (size_t k = 0; k < 3 && cases[i].sets[k][0] != NULL; k++)
			assert_wg(wg_notice_set(notice, cases[i].sets[k][0], cases[i].sets[k][1], &err));
		assert_texts(notice, cases[i].expected);
	}
}

/* WG_NOTICE_TEXTS is enough for a notice with everything; less room means fewer, and no more than there is room for. */
static void test_room_for_texts(void **state)
{
	(void)state;
	static struct filling filling;
	for (size_t k = 0; k < wg_schema_kinds(schema); k++) {
		struct wg_notice_text texts[WG_NOTICE_TEXTS], one[1];
		fill_notice(&filling, wg_schema_kind(schema, k));
		unsigned n = wg_notice_texts(filling.notice, texts, WG_NOTICE_TEXTS);
		assert_true(n > 4 && n < WG_NOTICE_TEXTS);
		assert_int_equal(wg_notice_texts(filling.notice, one, 1), 1);
		assert_int_equal(one->category, texts->category);
		assert_true(one->need == texts->need && one->may == texts->may);
		wg_notice_freep(&filling.notice);
	}
}

/* The list is whole, or there is none. */
static void test_memory_runs_out(void **state)
{
	(void)state;
	static struct filling filling;
	struct wg_err err = { 0 };
	unsigned long n = 0;
	enum wg_code code = WG_SYSTEM;
	fill_notice(&filling, "return-interview");
	while (code != WG_OK) {
		struct wg_notice_element *list = NULL;
		unsigned count = 0;
		memory_asked = 0;
		memory_fails_at = ++n;
		code = wg_notice_elements(filling.notice, &list, &count, &err);
		memory_fails_at = 0;
		assert_true(code == WG_OK ? count == filling.count + 3 : list == NULL && code == WG_SYSTEM);
		free(list);
	}
	assert_true(n > 4); /* the list grew */
	wg_notice_freep(&filling.notice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elements),        cmocka_unit_test(test_need_of_what_is_above),
		cmocka_unit_test(test_texts),           cmocka_unit_test(test_room_for_texts),
		cmocka_unit_test(test_memory_runs_out),
	};
	return cmocka_run_group_tests(tests, load_schema, free_schema);
}
