/* Notices for people: all that was granted is on the page, nothing else is, and the page brings nothing with it. */
#include "notice/render_wrap.h"
#include "notice_fixture.h"
#include "notice_places.h"

/* A notice with every place there is. */
static struct wg_notice *full_notice(const char *kind)
{
	struct wg_err err = { 0 };
	struct wg_notice *notice = NULL;
	char words[64];
	assert_wg(wg_notice_new(schema, kind, "01k9tess00examp1e0rand0m01", &notice, &err));
	assert_wg(wg_notice_set(notice, "header/sender/@organisation", "staffordshire-police", &err));
	assert_wg(wg_notice_set(notice, "header/received", "2026-11-20T22:41:07Z", &err));
	for (size_t i = 0; i < WG_COUNT(entries); i++)
		for (size_t p = 0; p < PAIRS_MAX && entries[i].pairs[p].path != NULL; p++)
			if (entries[i].kind == NULL || strcmp(entries[i].kind, kind) == 0)
				assert_wg(wg_notice_set(notice, entries[i].pairs[p].path, words_of(i, p, words, sizeof words), &err));
	assert_wg(wg_notice_validate(notice, &err));
	return notice;
}

/* What was said of a date of birth is shown only where the date itself could not be read. */
static bool shown(const char *path)
{
	return strcmp(path, "child/date-of-birth/@said") != 0;
}

static void check_page(const struct wg_notice *notice, const char *kind, wg_categories granted)
{
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf html = WG_BUF(BYTES_MAX), text = WG_BUF(BYTES_MAX);
	assert_wg(wg_render_html(notice, &html, &err));
	assert_wg(wg_render_text(notice, &text, &err));
	for (size_t i = 0; i < WG_COUNT(entries); i++) {
		bool there = (entries[i].kind == NULL || strcmp(entries[i].kind, kind) == 0) &&
		             (wg_category_find(entries[i].category) & granted) != 0;
		for (size_t p = 0; p < PAIRS_MAX && entries[i].pairs[p].path != NULL; p++) {
			char words[64];
			if (entries[i].pairs[p].value[0] != '%' || !shown(entries[i].pairs[p].path) ||
			    strcmp(entries[i].pairs[p].path, "attachment/@name") == 0) /* copies name pictures themselves */
				continue;
			(void)words_of(i, p, words, sizeof words);
			words[6] = '\0';
			if ((strstr(wg_buf_text(&html), words) != NULL) != there ||
			    (strstr(wg_buf_text(&text), words) != NULL) != there)
				fail_msg("%s should %sbe on the page", entries[i].pairs[p].path, there ? "" : "not ");
		}
	}
}

static void test_all_that_is_granted_and_nothing_else(void **state)
{
	(void)state;
	static const char *const kinds[] = { "missing", "found" };
	for (size_t k = 0; k < WG_COUNT(kinds); k++) {
		struct wg_err err = { 0 };
		WG_AUTO_NOTICE struct wg_notice *notice = full_notice(kinds[k]);
		check_page(notice, kinds[k], wg_categories_all());
		for (unsigned c = 0; c < wg_category_count() * 2; c++) {
			wg_categories one = (wg_categories)1 << c / 2;
			wg_categories granted = c % 2 == 0 ? one : wg_categories_all() & ~one;
			WG_AUTO_NOTICE struct wg_notice *copy = NULL;
			struct wg_copy how = { "derbyshire", "duty", granted, wg_categories_all(), "not shared with this recipient",
				                   NULL };
			assert_wg(wg_notice_project(notice, &how, &copy, &err));
			check_page(copy, kinds[k], granted);
		}
	}
}

static void assert_in_order(const char *text, const char *const *parts)
{
	for (; *parts != NULL; parts++) {
		const char *at = strstr(text, *parts);
		if (at == NULL)
			fail_msg("\"%s\" is not there, or not in its order", *parts);
		text = at + strlen(*parts);
	}
}

static void test_what_an_officer_reads(void **state)
{
	(void)state;
	static const char *const missing[] = {
		"OFFICIAL-SENSITIVE",
		"Missing child report",
		"Key facts",
		"Name:                       Tess Example\n",
		"Date of birth:              14 March 2011\n",
		"Risk level:                 MEDIUM",
		"Police reference:           SP-26-445566",
		"Last seen:                  about 8.30pm on Friday [20 November 2026, 20:30]\n",
		"What happened",
		"Risk and vulnerability",
		"Description",
		"Sex:                        Female",
		"Health and disability",
		"Home and contact",
		"Home address:               1 Sample Street\n                            Sampleton, DE99 9ZZ\n",
		"Looked after:               Yes",
		"Legal status:               Full care order (C2)",
		"Social worker",
		"NHS number:                 999 000 0018",
		"Child's wishes:",
		"Authorities",
		"About this report",
		"OFFICIAL-SENSITIVE",
		NULL,
	};
	static const char *const found[] = {
		"Child found",
		"Key facts",
		"Found:                      21/11/2026 at 01:30",
		"Returned to:                Specimen House",
		"Next steps:",
		NULL,
	};
	static const struct {
		const char *file;
		const char *const *parts;
	} cases[] = { { "missing-example.xml", missing }, { "found-example.xml", found } };
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		WG_AUTO_NOTICE struct wg_notice *notice = parse_corpus(cases[i].file);
		WG_AUTO_BUF struct wg_buf text = WG_BUF(BYTES_MAX), again = WG_BUF(BYTES_MAX);
		assert_wg(wg_render_text(notice, &text, &err));
		assert_in_order(wg_buf_text(&text), cases[i].parts);
		assert_wg(wg_render_text(notice, &again, &err));
		assert_string_equal(wg_buf_text(&text), wg_buf_text(&again));
	}
}

static void test_withheld_is_stated_and_sections_vanish(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *notice = parse_corpus("missing-example.xml"), *copy = NULL;
	struct wg_copy how = { "derbyshire",
		                   "duty",
		                   wg_category_find("identity"),
		                   wg_category_find("health") | wg_category_find("third-party"),
		                   "not shared with this recipient",
		                   NULL };
	assert_wg(wg_notice_project(notice, &how, &copy, &err));
	WG_AUTO_BUF struct wg_buf text = WG_BUF(BYTES_MAX), html = WG_BUF(BYTES_MAX);
	assert_wg(wg_render_text(copy, &text, &err));
	assert_wg(wg_render_html(copy, &html, &err));
	static const char *const there[] = { "Not shared in this copy",
		                                 "Health:                     not shared with this recipient",
		                                 "Third party:                not shared with this recipient",
		                                 "This copy is for:           derbyshire, duty", NULL };
	assert_in_order(wg_buf_text(&text), there);
	static const char *const gone[] = { "Social worker",      "What happened", "Health and disability",
		                                "Care and placement", "Other people",  "Wishes" };
	for (size_t i = 0; i < WG_COUNT(gone); i++) {
		assert_null(strstr(wg_buf_text(&text), gone[i]));
		assert_null(strstr(wg_buf_text(&html), gone[i]));
	}
}

static void test_html_brings_nothing(void **state)
{
	(void)state;
	static const char *const never[] = { "<script", "<link", "<img",  "<iframe", "<object", "<form",  "src=",
		                                 "href=",   "url(",  "http:", "https:",  "//",      "onload", "onclick" };
	static const char attack[] = "</td><script>alert(1)</script><img src=x onerror=a> & \"'";
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *notice = parse_corpus("missing-example.xml");
	WG_AUTO_BUF struct wg_buf html = WG_BUF(BYTES_MAX);
	assert_wg(wg_notice_set(notice, "missing/circumstances", attack, &err));
	assert_wg(wg_notice_set(notice, "child/name/full", attack, &err));
	assert_wg(wg_notice_set(notice, "header/source/@reference", attack, &err));
	assert_wg(wg_render_html(notice, &html, &err));
	assert_non_null(strstr(wg_buf_text(&html),
	                       "&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=a&gt; &amp;"));
	for (size_t i = 0; i < WG_COUNT(never); i++)
		if (strcmp(never[i], "src=") != 0) /* the attack's own, escaped */
			assert_null(strstr(wg_buf_text(&html), never[i]));
	assert_non_null(strstr(wg_buf_text(&html), "<h1"));
	assert_non_null(strstr(wg_buf_text(&html), "1 Sample Street<br>Sampleton, DE99 9ZZ"));
	assert_non_null(strstr(wg_buf_text(&html), "charset=UTF-8"));
}

/* Answers as long and as broken up as the schema allows. */
static void test_long_answers(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *notice = parse_corpus("missing-example.xml");
	char *many = malloc(20001);
	assert_non_null(many);
	static const char *const patterns[] = { "a\n", "a ", "ab", "\n", "\t\r\n " };
	for (size_t k = 0; k < WG_COUNT(patterns); k++) {
		size_t n = strlen(patterns[k]);
		for (size_t i = 0; i < 20000; i++)
			many[i] = patterns[k][i % n];
		many[20000] = '\0';
		WG_AUTO_BUF struct wg_buf html = WG_BUF(BYTES_MAX), text = WG_BUF(BYTES_MAX);
		assert_wg(wg_notice_set(notice, "missing/circumstances", many, &err));
		assert_wg(wg_notice_validate(notice, &err));
		assert_wg(wg_render_html(notice, &html, &err));
		assert_wg(wg_render_text(notice, &text, &err));
	}
	free(many);
}

static void test_wrapping(void **state)
{
	(void)state;
#define PAD "                            "
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "plain\n", "plain\n" },
		{ "no end", "no end\n" },
		{ "\n\n", "\n\n" },
		{ "L:\tvalue\n", "L:                          value\n" },
		{ "L:\t\n", "L:                          \n" },
		{ "L:\ta  b   c\n", "L:                          a b c\n" },
		{ "L:\tone\xE2\x80\xA8two\n", "L:                          one\n" PAD "two\n" },
		{ "L:\tone\xE2\x80\xA8\n", "L:                          one\n\n" },
		{ "L:\t12345678901234567890 12345678901234567890 123456 x\n",
		  "L:                          12345678901234567890 12345678901234567890 123456\n" PAD "x\n" },
		{ "L:\t1234567890123456789012345678901234567890123456789012345678901234567890 x\n",
		  "L:                          1234567890123456789012345678901234567890123456789012345678901234567890\n" PAD
		  "x\n" },
		{ "\xC3\xA9:\t\xC3\xA9\n", "\xC3\xA9:                          \xC3\xA9\n" },
		{ "A label that is longer than its column:\tvalue\n", "A label that is longer than its column: value\n" },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		WG_AUTO_BUF struct wg_buf out = WG_BUF(4096);
		wg_render_wrap(cases[i].in, strlen(cases[i].in), &out);
		assert_string_equal(wg_buf_text(&out), cases[i].out);
	}
}

/* Each run of blanks and line ends as one blank. */
static void unwrap(char *text)
{
	char *to = text;
	for (const char *p = text; *p != '\0'; p++)
		if (strchr(" \n", *p) == NULL)
			*to++ = *p;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	*to = '\0';
}

/* The hour on an English clock, whatever zone the notice was written in. */
static void test_london_time(void **state)
{
	(void)state;
	static const struct {
		const char *value, *shown;
	} cases[] = {
		{ "2026-07-21T21:40:00Z", "[21 July 2026, 22:40]" },
		{ "2026-07-21T23:40:00+02:00", "[21 July 2026, 22:40]" },
		{ "2026-07-31T23:30:00Z", "[1 August 2026, 00:30]" },
		{ "2026-10-25T00:59:00Z", "[25 October 2026, 01:59 BST]" },
		{ "2026-10-25T01:00:00Z", "[25 October 2026, 01:00 GMT]" },
		{ "2026-12-31T23:59:00Z", "[31 December 2026, 23:59]" },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		WG_AUTO_NOTICE struct wg_notice *notice = parse_corpus("missing-example.xml");
		WG_AUTO_BUF struct wg_buf text = WG_BUF(BYTES_MAX);
		assert_wg(wg_notice_set(notice, "missing/last-seen/when/@value", cases[i].value, &err));
		assert_wg(wg_render_text(notice, &text, &err));
		wg_buf_putc(&text, '\0');
		unwrap((char *)text.data);
		if (strstr((const char *)text.data, cases[i].shown) == NULL)
			fail_msg("%s is not shown as %s", cases[i].value, cases[i].shown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_that_is_granted_and_nothing_else),
		cmocka_unit_test(test_what_an_officer_reads),
		cmocka_unit_test(test_london_time),
		cmocka_unit_test(test_withheld_is_stated_and_sections_vanish),
		cmocka_unit_test(test_html_brings_nothing),
		cmocka_unit_test(test_long_answers),
		cmocka_unit_test(test_wrapping),
	};
	return cmocka_run_group_tests(tests, load_schema, free_schema);
}
