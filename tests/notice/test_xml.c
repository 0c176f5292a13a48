/* wg_xml_is and wg_xml_parse_some against wg_xml_parse: what they say keeping nothing, or something, is what the tree
 * of all says; and the words of a mistyped attribute. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <libxml/tree.h>

#include "base/limits.h"
#include "base/mem.h"
#include "notice/notice.h"
#include "notice/xml.h"
#include "sys/file.h"

#define NS "xmlns=\"" WG_NOTICE_NS "\""

/* Some of each depth, whatever they are called. */
static bool some(const char *name, size_t depth)
{
	return (strlen(name) + depth) % 3 != 0;
}

static void prune(xmlNode *node, size_t depth)
{
	for (xmlNode *next, *c = node->children; c != NULL; c = next) {
		next = c->next;
		if (c->type != XML_ELEMENT_NODE)
			continue;
		if (some((const char *)c->name, depth)) {
			prune(c, depth + 1);
			continue;
		}
		xmlUnlinkNode(c);
		xmlFreeNode(c);
	}
}

/* doc, NULL unless tree is WG_OK, with what is not kept cut out of it, is what comes of keeping the rest only. */
static void agree_on_some(const char *what, const void *bytes, size_t len, struct wg_xml *doc, enum wg_code tree,
                          const struct wg_err *parsed)
{
	WG_AUTO_XML struct wg_xml *part = NULL;
	WG_AUTO_BUF struct wg_buf want = WG_BUF(WG_LIMIT_MESSAGE), got = WG_BUF(WG_LIMIT_MESSAGE);
	struct wg_err err = { 0 };
	enum wg_code code = wg_xml_parse_some(bytes, len, "document", some, &part, &err);
	if (code != tree || strcmp(err.text, parsed->text) != 0)
		fail_msg("%s: some: %s (%s), not %s (%s)", what, wg_code_name(code), err.text, wg_code_name(tree),
		         parsed->text);
	if (tree != WG_OK)
		return;
	prune(wg_xml_root(doc), 1);
	assert_int_equal(wg_xml_serialise(doc, false, &want, &err), WG_OK);
	assert_int_equal(wg_xml_serialise(part, false, &got, &err), WG_OK);
	if (want.len != got.len || memcmp(want.data, got.data, got.len) != 0)
		fail_msg("%s: some: %s, not %s", what, wg_buf_text(&got), wg_buf_text(&want));
}

/* What all say of it; the same is held against the other way. */
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
	agree_on_some(what, bytes, len, doc, tree, &parsed);
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
		"<notice " NS
		">1<aa>2<b>3</b>4<cc>5</cc></aa>6<bb>7<![CDATA[8]]></bb>&amp;9<ccc x=\"1\"><d/>&#65;</ccc></notice>",
		"<notice " NS "><aa><p:q/></aa></notice>",
		"<notice " NS "><aa>&unknown;</aa></notice>",
		"<notice " NS "><aa xmlns:p=\"urn:x\"><p:q/></aa><p:q xmlns:p=\"urn:y\"/></notice>",
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

/* A type and a group of attributes may have one name; what is behind a mistyped attribute is found all the same. */
static void mistyped(void **state)
{
	(void)state;
	static const char schema[] =
		"<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>"
		"<xs:attributeGroup name='thing'><xs:attribute name='colour'/></xs:attributeGroup>"
		"<xs:complexType name='thing'><xs:attribute name='size'/><xs:attributeGroup ref='thing'/></xs:complexType>"
		"<xs:element name='things'><xs:complexType><xs:sequence><xs:element name='one' type='thing'/></xs:sequence>"
		"</xs:complexType></xs:element></xs:schema>";
	static const char document[] = "<things><one color=''/></things>";
	struct wg_err err = { 0 };
	struct wg_xml_xsd *xsd = NULL;
	struct wg_xml *doc = NULL;
	char path[] = "/tmp/wardgate-xsd-XXXXXX";
	WG_AUTO_CLOSE int file = mkstemp(path);
	assert_int_equal(write(file, schema, sizeof schema - 1), sizeof schema - 1);
	assert_int_equal(wg_xml_xsd_load(path, &xsd, &err), WG_OK);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(wg_xml_parse(document, sizeof document - 1, "things", &doc, &err), WG_OK);
	assert_int_equal(wg_xml_validate(doc, xsd, &err), WG_REJECT);
	assert_non_null(strstr(err.text, "did you mean \"colour\"?"));
	wg_xml_freep(&doc);
	wg_xml_xsd_freep(&xsd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes),
		cmocka_unit_test(limits),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(mistyped),
	};
	wg_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
