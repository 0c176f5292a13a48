/* What is written of a notice's tree, byte by byte against libxml2, and the tree that is read. */
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

/* The bytes of a tree as a stranger might have written it. */
static void put_somehow(xmlDoc *doc, bool format, struct wg_buf *out)
{
	xmlChar *text = NULL;
	int len = 0;
	xmlDocDumpFormatMemoryEnc(doc, &text, &len, "UTF-8", format ? 1 : 0);
	assert_non_null(text);
	wg_buf_put(out, text, (size_t)len);
	xmlFree(text);
}

/* A notice that was read is what project.c makes of its tree; true when its tree was made canonical where it stood. */
static bool same_as_copied(const struct wg_buf *bytes)
{
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *notice = NULL, *copied = NULL;
	WG_AUTO_XML struct wg_xml *xml = NULL;
	WG_AUTO_BUF struct wg_buf one = WG_BUF(BYTES_MAX), other = WG_BUF(BYTES_MAX);
	assert_wg(wg_notice_parse(schema, bytes->data, bytes->len, "read", &notice, &err));
	assert_wg(wg_xml_parse(bytes->data, bytes->len, "copied", &xml, &err));
	assert_wg(wg_notice_wrap(schema, wg_project_tree(schema, wg_xml_root(xml), wg_categories_all()), "copied", &copied,
	                         &err));
	assert_wg(wg_notice_serialise(notice, &one, &err));
	assert_wg(wg_notice_serialise(copied, &other, &err));
	assert_string_equal(wg_buf_text(&one), wg_buf_text(&other));
	put_somehow(wg_notice_facts(notice, &err), false, &one);
	put_somehow(wg_notice_facts(copied, &err), false, &other);
	assert_string_equal(wg_buf_text(&one), wg_buf_text(&other));
	return wg_canonical(schema, wg_xml_doc(xml));
}

static void test_what_is_read_is_canonical(void **state)
{
	(void)state;
	uint64_t number = 0x8EBC6AF09C88C6E3u;
	unsigned valid = 0, in_place = 0;
	struct twists twists = { .schema = schema, .next = next_number, .arg = &number };
	for (unsigned done = 0; done < ROUNDS;) {
		xmlDoc *doc = xmlCopyDoc(seeds.list[twist_next(&twists, seeds.count)], 1);
		for (unsigned i = 0; i < CHANGES; i++, done++) {
			WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
			struct wg_err err = { 0 };
			WG_AUTO_NOTICE struct wg_notice *notice = NULL;
			twist(&twists, xmlDocGetRootElement(doc));
			put_somehow(doc, twist_next(&twists, 2) == 0, &bytes);
			if (wg_notice_parse(schema, bytes.data, bytes.len, "changed", &notice, &err) != WG_OK)
				break;
			in_place += same_as_copied(&bytes) ? 1 : 0;
			valid++;
		}
		xmlFreeDoc(doc);
	}
	print_message("%u valid notices, %u made canonical where they stood\n", valid, in_place);
	assert_true(valid > ROUNDS / 10 && in_place > valid / 2);
}

/* Written in ways of which the tree has to be copied, or that leave nothing behind. */
static void test_strange_writings(void **state)
{
	(void)state;
	static const struct {
		const char *head, *inner;
		bool in_place;
	} cases[] = {
		{ "<?xml version='1.0' standalone='yes'?><notice xmlns='urn:wardgate:notice:1'", "<child>%s</child>", true },
		{ "<?xml version='1.0' encoding='utf-8' standalone='no'?><notice xmlns='urn:wardgate:notice:1'",
		  "<child><!-- x --> <?y z?>%s</child>", true },
		{ "<?xml version='1.0' encoding='ISO-8859-1'?><notice xmlns='urn:wardgate:notice:1'", "<child>%s</child>",
		  false },
		{ "<notice xmlns='urn:wardgate:notice:1' xmlns:x='urn:x'", "<child>%s</child>", false },
		{ "<notice xmlns='urn:wardgate:notice:1'", "<child xmlns='urn:wardgate:notice:1'>%s</child>", false },
		{ "<notice xmlns='urn:wardgate:notice:1'", "<n:child xmlns:n='urn:wardgate:notice:1'>%s</n:child>", false },
		{ "<notice xmlns='urn:wardgate:notice:1'", "<child><age>a&amp;b<![CDATA[<c>]]></age>%s<description/></child>",
		  true },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
		bool prefixed = strstr(cases[i].inner, "<n:") != NULL;
		wg_buf_puts(&bytes, cases[i].head);
		wg_buf_puts(&bytes, " id='01k9tess00examp1e0000000ld' kind='missing' version='1'><header><sender "
		                    "organisation='derbyshire-police'/><received>2026-11-20T22:41:07Z</received></header>");
		for (const char *p = cases[i].inner; *p != '\0'; p++)
			if (*p != '%')
				wg_buf_putc(&bytes, *p);
			else if (p++, !prefixed)
				wg_buf_puts(&bytes, "<gender> girl </gender>");
		wg_buf_puts(&bytes, "<authorities/><missing/></notice>");
		if (same_as_copied(&bytes) != cases[i].in_place)
			fail_msg("case %zu", i);
	}
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
		cmocka_unit_test(test_what_is_read_is_canonical),
		cmocka_unit_test(test_strange_writings),
		cmocka_unit_test(test_emptied_containers),
		cmocka_unit_test(test_limit),
	};
	return cmocka_run_group_tests_name("write", tests, make_seeds, free_seeds);
}
