/* wg_xml_is against wg_xml_parse: what the one says without keeping anything is what the other's tree says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "notice/notice.h"
#include "notice/xml.h"
#include "sys/file.h"

#define NS "xmlns=\"" WG_NOTICE_NS "\""

/* What both say of it; the same is held against the other way. */
static void agree(const char *what, const void *bytes, size_t len)
{
	WG_AUTO_XML struct wg_xml *doc = NULL;
	struct wg_err parsed = { 0 }, looked = { 0 };
	bool is = false;
	enum wg_code tree = wg_xml_parse(bytes, len, "document", &doc, &parsed);
	enum wg_code look = wg_xml_is(bytes, len, "document", WG_NOTICE_NS, "notice", &is, &looked);
	if (tree == WG_OK) {
		const struct _xmlNode *root = wg_xml_root(doc);
		bool wanted = strcmp(wg_xml_name(root), "notice") == 0 && strcmp(wg_xml_ns(root), WG_NOTICE_NS) == 0;
		if (look != WG_OK || is != wanted)
			fail_msg("%s: %s, %d: %s", what, wg_code_name(look), is, looked.text);
	} else if (look == WG_OK ? is : look != tree || strcmp(looked.text, parsed.text) != 0) {
		fail_msg("%s: %s (%s), %s (%s), %d", what, wg_code_name(tree), parsed.text, wg_code_name(look), looked.text,
		         is);
	}
}

static void shapes(void **state)
{
	(void)state;
	static const char *const shapes[] = {
		"",
		" ",
		"<",
		"x",
		"<notice " NS "/>",
		"<n:notice xmlns:n=\"" WG_NOTICE_NS "\"/>",
		"<notice/>",
		"<notice xmlns=\"urn:wardgate:notice:2\"/>",
		"<other " NS "/>",
		"<notice " NS ">",
		"<notice " NS "/><b/>",
		"<notice " NS "/>words",
		"<notice " NS ">&amp;&#65;&lt;</notice>",
		"<notice " NS ">&unknown;</notice>",
		"<notice " NS " a=\"&unknown;\"/>",
		"<notice " NS " a=\"1\" a=\"2\"/>",
		"<notice " NS "><p:q/></notice>",
		"<notice " NS "><a xml:id=\"x\"/><a xml:id=\"x\"/></notice>",
		"<notice " NS "><![CDATA[<a>]]></notice>",
		"<notice " NS "><![CDATA[</notice>",
		"<notice " NS ">]]></notice>",
		"<notice " NS "><!-- a -- b --></notice>",
		"<notice " NS "><?x y?></notice>",
		"<notice " NS "><?xml y?></notice>",
		"<!-- a --><notice " NS "/>",
		"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><notice " NS ">\xE9</notice>",
		"<notice " NS ">\xE9</notice>",
		"<?xml version=\"1.0\" standalone=\"yes\"?><notice " NS ">&x;</notice>",
		"<notice " NS ">\x01</notice>",
		"<!DOCTYPE notice><notice " NS "/>",
		"<notice " NS "><a></b></notice>",
		"\xEF\xBB\xBF<notice " NS "/>",
		"<?xml version=\"2.0\"?><notice " NS "/>",
		"<notice " NS " xmlns:a=\"\"/>",
		"<notice " NS ">&#0;</notice>",
	};
	for (size_t i = 0; i < WG_COUNT(shapes); i++)
		agree(shapes[i], shapes[i], strlen(shapes[i]));
}

/* Too deep, and too much. */
static void limits(void **state)
{
	(void)state;
	for (size_t depth = WG_LIMIT_XML_DEPTH - 2; depth <= WG_LIMIT_XML_DEPTH + 1; depth++) {
		WG_AUTO_BUF struct wg_buf b = WG_BUF(WG_LIMIT_READER_OUTPUT);
		wg_buf_puts(&b, "<notice " NS ">");
		for (size_t i = 0; i < depth; i++)
			wg_buf_puts(&b, "<a>");
		for (size_t i = 0; i < depth; i++)
			wg_buf_puts(&b, "</a>");
		wg_buf_puts(&b, "</notice>");
		agree("depth", b.data, b.len);
	}
	WG_AUTO_BUF struct wg_buf b = WG_BUF(WG_LIMIT_READER_OUTPUT);
	struct wg_err err = { 0 };
	bool is = true;
	wg_buf_puts(&b, "<notice " NS ">");
	for (size_t i = 0; i < WG_LIMIT_XML_NODES; i++)
		wg_buf_puts(&b, "<a/>");
	wg_buf_puts(&b, "</notice>");
	agree("nodes", b.data, b.len);
	assert_int_equal(wg_xml_is(b.data, b.len, "x", WG_NOTICE_NS, "notice", &is, &err), WG_REJECT);
	assert_true(is); /* untouched */
}

/* A real notice, cut at every byte, and with every byte turned into ones that mean something. */
static void every_byte(void **state)
{
	(void)state;
	static const char turned[] = { '<', '&', '"', '\0', '\xFF' };
	WG_AUTO_BUF struct wg_buf b = WG_BUF(WG_LIMIT_MESSAGE);
	assert_int_equal(wg_file_read(WG_SOURCE_DIR "/tests/corpora/notice/missing-example.xml", &b, NULL), WG_OK);
	agree("whole", b.data, b.len);
	for (size_t i = 0; i < b.len; i += 3)
		agree("cut", b.data, i);
	for (size_t i = 0; i < b.len; i += 2) {
		uint8_t before = b.data[i];
		b.data[i] = (uint8_t)turned[(i / 2) % sizeof turned];
		agree("turned", b.data, b.len);
		b.data[i] = before;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes),
		cmocka_unit_test(limits),
		cmocka_unit_test(every_byte),
	};
	wg_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
