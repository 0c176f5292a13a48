/* What is written of a notice's tree, byte by byte against libxml2. */
#include "base/asan.h"
#include "notice/xml_write.h"
#include "notice_seeds.h"

#define ROUNDS (WG_ASAN ? 1500 : 5000)
#define CHANGES 12

/* True when it was written at all. */
static bool same_as_libxml2(xmlDoc *doc, bool format)
{
	WG_AUTO_BUF struct wg_buf ours = WG_BUF(BYTES_MAX);
	wg_buf_puts(&ours, "before");
	if (!wg_xml_write(doc, format, NULL, &ours)) {
		assert_string_equal(wg_buf_text(&ours), "before");
		return false;
	}
	xmlChar *theirs = NULL;
	int len = 0;
	xmlDocDumpFormatMemoryEnc(doc, &theirs, &len, "UTF-8", format ? 1 : 0);
	assert_non_null(theirs);
	assert_int_equal(ours.len - 6, len);
	assert_memory_equal(ours.data + 6, theirs, (size_t)len);
	xmlFree(theirs);
	return true;
}

/* By way of a copy without what the notice's way here has made of it, written by libxml2. */
static xmlChar *content_by_copy(const struct wg_notice *notice, int *len)
{
	static const char *const handling[] = { "source", "sent", "received", "keep", "copy-for" };
	xmlDoc *doc = wg_project_tree(schema, wg_xml_root(notice->xml), wg_categories_all());
	assert_non_null(doc);
	xmlNode *root = xmlDocGetRootElement(doc), *header = wg_xml_first(root, "header");
	for (size_t i = 0; i < WG_COUNT(handling); i++) {
		xmlNode *next, *node = header != NULL ? wg_xml_first(header, handling[i]) : NULL;
		for (; node != NULL; node = next) {
			next = wg_xml_next(node, handling[i]);
			xmlUnlinkNode(node);
			xmlFreeNode(node);
		}
	}
	(void)xmlUnsetProp(root, (const xmlChar *)"id"); /* it may have none */
	xmlChar *text = NULL;
	xmlDocDumpFormatMemoryEnc(doc, &text, len, "UTF-8", 0);
	assert_non_null(text);
	xmlFreeDoc(doc);
	return text;
}

static void same_content(const struct wg_notice *notice)
{
	struct wg_err err = { 0 };
	int len = 0;
	WG_AUTO_BUF struct wg_buf ours = WG_BUF(BYTES_MAX);
	xmlChar *theirs = content_by_copy(notice, &len);
	assert_wg(wg_notice_content(notice, &ours, &err));
	assert_int_equal(ours.len, len);
	assert_memory_equal(ours.data, theirs, (size_t)len);
	xmlFree(theirs);
}

static void test_whole_notices(void **state)
{
	(void)state;
	for (size_t i = 0; i < seeds.count; i++) {
		assert_true(same_as_libxml2(seeds.list[i], true));
		assert_true(same_as_libxml2(seeds.list[i], false));
	}
}

static void test_changed_notices(void **state)
{
	(void)state;
	uint64_t number = 0xD1B54A32D192ED03u;
	unsigned written = 0, contents = 0;
	struct twists twists = { .schema = schema, .next = next_number, .arg = &number };
	for (unsigned done = 0; done < ROUNDS;) {
		struct wg_err err = { 0 };
		xmlDoc *doc = xmlCopyDoc(seeds.list[twist_next(&twists, seeds.count)], 1);
		for (unsigned i = 0; i < CHANGES; i++, done++) {
			WG_AUTO_NOTICE struct wg_notice *notice = NULL;
			twist(&twists, xmlDocGetRootElement(doc));
			written += same_as_libxml2(doc, true) && same_as_libxml2(doc, false) ? 1 : 0;
			/* as a notice is after it was read: nothing but what is declared */
			assert_wg(wg_notice_wrap(schema, wg_project_tree(schema, xmlDocGetRootElement(doc), wg_categories_all()),
			                         "changed", &notice, &err));
			if (wg_notice_validate(notice, &err) == WG_OK) {
				same_content(notice);
				contents++;
			}
		}
		xmlFreeDoc(doc);
	}
	print_message("%u changes: %u written, %u contents\n", ROUNDS, written, contents);
	assert_true(written > ROUNDS / 4 && written < ROUNDS && contents > ROUNDS / 10);
}

/* A container that was emptied by hand is no part of the content. */
static void test_emptied_containers(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	static const char *const emptied[] = { "missing/last-seen/when", "missing/last-seen/where", "missing/last-seen/by",
		                                   "missing/last-seen/with", "child/name/full" };
	WG_AUTO_NOTICE struct wg_notice *notice = parse_corpus("missing-example.xml");
	for (size_t i = 0; i < WG_COUNT(emptied); i++) {
		assert_wg(wg_notice_clear(notice, emptied[i], &err));
		same_content(notice);
	}
}

static void test_limit(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *notice = parse_corpus("missing-example.xml");
	struct wg_buf small = WG_BUF(100);
	assert_int_equal(wg_notice_serialise(notice, &small, &err), WG_LIMIT);
	wg_buf_reset(&small);
	assert_int_equal(wg_notice_content(notice, &small, &err), WG_LIMIT);
	wg_buf_free(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_notices),
		cmocka_unit_test(test_changed_notices),
		cmocka_unit_test(test_emptied_containers),
		cmocka_unit_test(test_limit),
	};
	return cmocka_run_group_tests_name("write", tests, make_seeds, free_seeds);
}
