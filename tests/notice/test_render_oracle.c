/* The page of a notice against a second account of it: notice-sections.xsl says for libxslt, in rules over the whole
 * tree, what gateway/notice/render_*.c says in lists. Both have to give the same sections, labels and values, in the
 * same order, for every kind of notice with every place filled, for the corpus, and for many notices made by chance. */
#include <dirent.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <libxslt/extensions.h>
#include <libxslt/transform.h>
#include <libxslt/xsltInternals.h>
#include <libxslt/xsltutils.h>

#include "base/clock.h"
#include "notice/render_internal.h"
#include "notice_fill.h"

static xsltStylesheet *sheet;

/* ---- the other account */

static void silent(void *ctx, const char *fmt, ...)
{
	(void)ctx, (void)fmt;
}

static int load_all(void **state)
{
	if (load_schema(state) != 0)
		return -1;
	struct wg_err err = { 0 };
	struct wg_xml *xml = NULL;
	xsltSetGenericErrorFunc(NULL, silent);
	if (wg_xml_load(WG_SOURCE_DIR "/tests/notice/notice-sections.xsl", &xml, &err) != WG_OK)
		return -1;
	xmlDoc *doc = xmlCopyDoc(wg_xml_doc(xml), 1);
	wg_xml_freep(&xml);
	sheet = doc != NULL ? xsltParseStylesheetDoc(doc) : NULL;
	return sheet != NULL && sheet->errors == 0 ? 0 : -1;
}

static int free_all(void **state)
{
	xsltFreeStylesheet(sheet);
	return free_schema(state);
}

/* r:london('2026-07-21T21:40:00Z') is "21 July 2026, 22:40"; what is no instant comes back as it was. */
static void london(xmlXPathParserContext *ctxt, int nargs)
{
	char words[WG_CLOCK_WORDS];
	int64_t wall;
	assert_int_equal(nargs, 1);
	xmlChar *said = xmlXPathPopString(ctxt);
	assert_non_null(said);
	bool instant = wg_clock_parse((const char *)said, &wall);
	valuePush(ctxt, xmlXPathNewCString(instant ? wg_clock_words(wall, words) : (const char *)said));
	xmlFree(said);
}

static const struct wg_place *place_of(const xmlNode *node)
{
	if (node->parent == NULL || node->parent->type != XML_ELEMENT_NODE)
		return &schema->root;
	const struct wg_place *above = place_of(node->parent);
	return above != NULL ? wg_type_place(above->type, (const char *)node->name) : NULL;
}

/* r:meaning(.) is what the code of an element means, in the schema's own words. */
static void meaning(xmlXPathParserContext *ctxt, int nargs)
{
	assert_int_equal(nargs, 1);
	xmlNodeSet *nodes = xmlXPathPopNodeSet(ctxt);
	assert_true(nodes != NULL && nodes->nodeNr > 0);
	const xmlNode *node = nodes->nodeTab[0];
	const struct wg_place *place = place_of(node);
	WG_AUTO_BUF struct wg_buf words = WG_BUF(4096);
	WG_AUTO_FREE char *value = wg_xml_text(node), *code = wg_xml_attr(node, "code");
	char type[WG_LIMIT_NAME + 1] = "", its[WG_LIMIT_NAME + 1];
	const struct wg_attribute *coded = place != NULL && code != NULL ? wg_type_attribute(place->type, "code") : NULL;
	bool typed = coded != NULL
	                 ? wg_xml_attr_into(coded->declared, "type", type, sizeof type)
	                 : place != NULL && wg_place_text(place) && wg_place_type_name(schema, place, type, sizeof type);
	const struct _xmlNode *c = typed ? wg_schema_codes(schema, type) : NULL;
	for (; c != NULL; c = wg_xml_next(c, "enumeration"))
		if (wg_xml_attr_into(c, "value", its, sizeof its) && strcmp(its, coded != NULL ? code : value) == 0) {
			wg_schema_words(c, &words);
			break;
		}
	xmlXPathFreeNodeSet(nodes);
	valuePush(ctxt, xmlXPathNewCString(wg_buf_text(&words)));
}

static xmlDoc *transform(const struct wg_notice *notice)
{
	static const xmlChar ours[] = "urn:wardgate:render:1";
	xmlDoc *doc = wg_xml_doc(notice->xml);
	xsltTransformContext *ctxt = xsltNewTransformContext(sheet, doc);
	assert_non_null(ctxt);
	assert_int_equal(xsltRegisterExtFunction(ctxt, (const xmlChar *)"london", ours, london), 0);
	assert_int_equal(xsltRegisterExtFunction(ctxt, (const xmlChar *)"meaning", ours, meaning), 0);
	xmlDoc *page = xsltApplyStylesheetUser(sheet, doc, NULL, NULL, NULL, ctxt);
	assert_non_null(page);
	assert_int_equal(ctxt->state, XSLT_STATE_OK);
	xsltFreeTransformContext(ctxt);
	return page;
}

/* ---- both as lines: what they are is told from where one ends by signs that no notice can hold */

static void put_line(struct wg_buf *out, const char *label, const char *value)
{
	wg_buf_printf(out, "%s\x1f%s\x1e", label, value);
}

static void put_node(struct wg_buf *out, const xmlNode *field)
{
	WG_AUTO_FREE char *label = wg_xml_text(wg_xml_first(field, "label"));
	WG_AUTO_FREE char *value = wg_xml_text(wg_xml_first(field, "value"));
	put_line(out, label, value);
}

static void put_part(struct wg_buf *out, const xmlNode *page, const char *id)
{
	for (const xmlNode *f = wg_xml_first(page, "field"); f != NULL; f = wg_xml_next(f, "field")) {
		WG_AUTO_FREE char *part = wg_xml_attr(f, "part");
		if (part != NULL && strcmp(part, id) == 0)
			put_node(out, f);
	}
}

static void told_by_sheet(const struct wg_notice *notice, struct wg_buf *out)
{
	xmlDoc *doc = transform(notice);
	const xmlNode *page = xmlDocGetRootElement(doc);
	WG_AUTO_FREE char *title = wg_xml_text(wg_xml_first(page, "title"));
	WG_AUTO_FREE char *marking = wg_xml_text(wg_xml_first(page, "marking"));
	WG_AUTO_BUF struct wg_buf fields = WG_BUF(BYTES_MAX);
	put_line(out, title, marking);
	for (const xmlNode *s = wg_xml_first(page, "section"); s != NULL; s = wg_xml_next(s, "section")) {
		WG_AUTO_FREE char *name = wg_xml_attr(s, "title");
		wg_buf_reset(&fields);
		for (const xmlNode *f = wg_xml_first(s, "field"); f != NULL; f = wg_xml_next(f, "field"))
			put_node(&fields, f);
		for (const xmlNode *p = wg_xml_first(s, "part"); p != NULL; p = wg_xml_next(p, "part")) {
			WG_AUTO_FREE char *id = wg_xml_attr(p, "id");
			put_part(&fields, page, id);
		}
		if (fields.len > 0)
			wg_buf_printf(out, "\n%s\n%s", name, wg_buf_text(&fields));
	}
	xmlFreeDoc(doc);
}

static void put_fields(struct wg_buf *out, const struct wg_page *page, size_t section, enum wg_part part)
{
	const char *words = wg_buf_text(&page->words);
	for (size_t i = 0; i < page->field_count; i++) {
		const struct wg_field *f = &page->fields[i];
		if (f->part == part && (part != WG_PART_NONE || f->section == section))
			put_line(out, words + f->label, words + f->value);
	}
}

static void told_by_us(const struct wg_notice *notice, struct wg_buf *out)
{
	struct wg_err err = { 0 };
	struct wg_page *page = NULL;
	WG_AUTO_BUF struct wg_buf fields = WG_BUF(BYTES_MAX);
	assert_wg(wg_page_new(notice, &page, &err));
	const char *words = wg_buf_text(&page->words);
	put_line(out, words + page->title, words + page->marking);
	for (size_t i = 0; i < page->section_count; i++) {
		const struct wg_section *s = &page->sections[i];
		wg_buf_reset(&fields);
		put_fields(&fields, page, i, s->parts[0]);
		for (size_t p = 1; p < WG_SECTION_PARTS && s->parts[p] != WG_PART_NONE; p++)
			put_fields(&fields, page, i, s->parts[p]);
		if (fields.len > 0)
			wg_buf_printf(out, "\n%s\n%s", words + s->title, wg_buf_text(&fields));
	}
	wg_page_freep(&page);
}

/* Lines that both tell; the number of fields is returned, so that a test can see that there were some. */
static size_t compare(const struct wg_notice *notice, const char *what)
{
	WG_AUTO_BUF struct wg_buf theirs = WG_BUF(BYTES_MAX), ours = WG_BUF(BYTES_MAX);
	size_t same = 0, fields = 0;
	told_by_sheet(notice, &theirs);
	told_by_us(notice, &ours);
	assert_false(theirs.failed || ours.failed);
	const char *a = wg_buf_text(&theirs), *b = wg_buf_text(&ours);
	for (; a[same] != '\0' && a[same] == b[same]; same++)
		fields += a[same] == '\x1e' ? 1 : 0;
	if (a[same] != b[same]) {
		size_t from = same < 60 ? 0 : same - 60;
		fail_msg("%s: the stylesheet says\n%.160s\nand the page\n%.160s", what, a + from, b + from);
	}
	return fields;
}

/* ---- the notices */

/* What the places are filled with is words, codes and dates by turns, so that each is met by each rule somewhere. */
static const char *const values[] = {
	"2026-03-04",
	"2011-12-31",
	"HIGH",
	"NAR",
	"",
	" ",
	"not known",
	"Not  known: away",
	"Not asked",
	"two\nlines\r\n",
	"a\tb & <c>",
	"P1Y",
	"P18M",
	"P90D",
	"true",
	"false",
	"9990000018",
	"ZZ99 9ZZ",
	"2026-07-21T21:40:00Z",
	"*",
	"C2",
	"cleared",
	"refused",
	"caf\xC3\xA9 1",
	"some words of 14/03/2011",
	"front-door",
	"not-known",
	"yes",
	"LONGCODE",
	"830",
	"given",
};

static uint64_t state_of_chance = 1;

/* xorshift (Marsaglia 2003): the same notices each time. */
static size_t chance(size_t below)
{
	state_of_chance ^= state_of_chance << 13;
	state_of_chance ^= state_of_chance >> 7;
	state_of_chance ^= state_of_chance << 17;
	return (size_t)(state_of_chance % below);
}

struct drawing {
	struct wg_notice *notice;
	size_t one_in; /* places are filled */
};

static const char *value_for(const char *type)
{
	const struct _xmlNode *codes = wg_schema_codes(schema, type);
	static char code[WG_LIMIT_NAME + 1];
	if (codes == NULL || chance(4) == 0)
		return values[chance(WG_COUNT(values))];
	for (size_t skip = chance(6); skip > 0 && wg_xml_next(codes, "enumeration") != NULL; skip--)
		codes = wg_xml_next(codes, "enumeration");
	assert_true(wg_xml_attr_into(codes, "value", code, sizeof code));
	return code;
}

/* Fills the place or not, below a new element or the last one where it repeats; nothing here has to be valid. */
static void draw_place(void *arg, const char *path, const struct wg_place *place, const struct wg_attribute *attribute)
{
	const struct drawing *d = arg;
	struct wg_err err = { 0 };
	char where[256], type[WG_LIMIT_NAME + 1] = "";
	if ((attribute == NULL && !wg_place_text(place)) || path[0] == '@' || chance(d->one_in) != 0)
		return;
	one_of_each(path, where, sizeof where);
	const char *repeat = strstr(path, "[+]"); /* the outermost that repeats begins anew now and then */
	if (repeat != NULL && chance(3) == 0)
		(void)snprintf(where, sizeof where, "%s", path); /* it fits: the schema's paths are short */
	if (attribute != NULL)
		(void)wg_xml_attr_into(attribute->declared, "type", type, sizeof type); /* "" for none */
	else
		(void)wg_place_type_name(schema, place, type, sizeof type);
	assert_wg(wg_notice_set(d->notice, where, value_for(type), &err));
}

static void test_every_place_of_every_kind(void **state)
{
	(void)state;
	static struct filling filling;
	for (size_t i = 0; wg_schema_kind(schema, i) != NULL; i++) {
		fill_notice(&filling, wg_schema_kind(schema, i));
		assert_true(compare(filling.notice, wg_schema_kind(schema, i)) > 100);
		wg_notice_freep(&filling.notice);
	}
}

static void test_by_chance(void **state)
{
	(void)state;
	size_t kinds = 0, fields = 0;
	while (wg_schema_kind(schema, kinds) != NULL)
		kinds++;
	for (size_t i = 0; i < 4 * kinds; i++) {
		struct wg_err err = { 0 };
		char what[96];
		struct drawing d = { .one_in = 1 + chance(12) };
		(void)snprintf(what, sizeof what, "notice %zu, %s", i, wg_schema_kind(schema, i % kinds)); /* it fits */
		assert_wg(wg_notice_new(schema, wg_schema_kind(schema, i % kinds), "by-chance", &d.notice, &err));
		for (size_t round = 0; round < 1 + i % 3; round++)
			assert_wg(wg_schema_walk(schema, wg_schema_kind(schema, i % kinds), draw_place, &d, &err));
		fields += compare(d.notice, what);
		wg_notice_freep(&d.notice);
	}
	assert_true(fields > 1000);
}

static void test_corpus(void **state)
{
	(void)state;
	DIR *folder = opendir(CORPUS);
	assert_non_null(folder);
	size_t parsed = 0;
	for (const struct dirent *e = readdir(folder); e != NULL; e = readdir(folder)) {
		struct wg_err err = { 0 };
		struct wg_notice *notice = NULL;
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
		if (e->d_name[0] == '.' || e->d_type == DT_DIR)
			continue;
		read_corpus(e->d_name, &bytes);
		if (wg_notice_parse(schema, bytes.data, bytes.len, e->d_name, &notice, &err) != WG_OK)
			continue; /* the corpus holds bad ones too */
		(void)compare(notice, e->d_name);
		wg_notice_freep(&notice);
		parsed++;
	}
	(void)closedir(folder); /* only read */
	assert_true(parsed >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_place_of_every_kind),
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_by_chance),
	};
	return cmocka_run_group_tests(tests, load_all, free_all);
}
