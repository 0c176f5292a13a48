/* The schema's labels: all there, the agreed ones, and a schema without one does not load. */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "notice/schema_internal.h"
#include "notice/schema_nearest.h"
#include "notice/schema_print.h"
#include "notice_fixture.h"
#include "notice_places.h"

static void test_categories_are_those_of_the_xsd(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	WG_AUTO_XML struct wg_xml *xsd = NULL;
	assert_wg(wg_xml_load(XSD_DIR "/wardgate/1/categories.xsd", &xsd, &err));
	const struct _xmlNode *type = wg_xml_first(wg_xml_root(xsd), "simpleType");
	const struct _xmlNode *value = wg_xml_first(wg_xml_first(type, "restriction"), "enumeration");
	unsigned i = 0;
	for (; value != NULL; value = wg_xml_next(value, "enumeration"), i++) {
		WG_AUTO_FREE char *name = wg_xml_attr(value, "value");
		assert_string_equal(name, wg_category_name(i));
	}
	assert_int_equal(i, wg_category_count());
	assert_int_equal(i, 33);
	assert_string_equal(wg_category_name(33), "unknown");
}

static void test_category_lists(void **state)
{
	(void)state;
	static const struct {
		const char *list, *formatted, *fault;
	} cases[] = {
		{ "", "", NULL },
		{ " risk\n\tidentity ", "identity risk", NULL },
		{ "risk risk", "risk", NULL },
		{ "administrative sharing", "administrative sharing", NULL },
		{ "identity helth", NULL, "unknown category \"helth\"; did you mean \"health\"?" },
		{ "Risk", NULL, "unknown category \"Risk\"; did you mean \"risk\"?" },
		{ "risk,health", NULL, "unknown category \"risk,health\"" },
		{ "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", NULL,
		  "a category name of 72 bytes" },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		wg_categories set = 0;
		char text[WG_CATEGORIES_TEXT];
		enum wg_code code = wg_categories_parse(cases[i].list, &set, &err);
		assert_int_equal(code, cases[i].fault == NULL ? WG_OK : WG_CONFIG);
		if (cases[i].fault != NULL)
			assert_non_null(strstr(err.text, cases[i].fault));
		else
			assert_string_equal(wg_categories_format(set, text, sizeof text), cases[i].formatted);
	}
	struct wg_err err = { 0 };
	wg_categories all = 0, again = 0;
	char text[WG_CATEGORIES_TEXT], small[12];
	assert_wg(wg_categories_parse("*", &all, &err));
	assert_true(all == wg_categories_all());
	assert_wg(wg_categories_parse(wg_categories_format(all, text, sizeof text), &again, &err));
	assert_true(again == all);
	assert_string_equal(wg_categories_format(all, small, sizeof small), "administrat");
}

static void test_nearest(void **state)
{
	(void)state;
	static const char *const names[] = { "last-seen", "missing", "found" };
	assert_string_equal(wg_nearest("lost-seen", names, 3), "last-seen");
	assert_string_equal(wg_nearest("fund", names, 3), "found");
	assert_string_equal(wg_nearest("anything", names, 0), "");
	assert_int_equal(wg_distance("", "abc"), 3);
	assert_int_equal(wg_distance("kitten", "sitting"), 3);
	assert_int_equal(wg_distance("same", "same"), 0);
}

/* The hand-written list against the schema. */
static void test_labels_are_the_agreed_ones(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(entries); i++) {
		for (size_t p = 0; p < PAIRS_MAX && entries[i].pairs[p].path != NULL; p++) {
			wg_categories category = 0;
			bool text = false;
			if (!wg_schema_find(schema, entries[i].pairs[p].path, &category, &text))
				fail_msg("%s is not in the schema", entries[i].pairs[p].path);
			if (category != wg_category_find(entries[i].category))
				fail_msg("%s is not %s", entries[i].pairs[p].path, entries[i].category);
			/* concerns has attributes only; all other first paths hold text themselves */
			assert_true(text);
		}
	}
}

/* The list of all places with their categories, one a line, in the order of the schema. Whoever adds a place or moves
 * one to another category changes this file too, and whoever reads the change sees who may see what. */
struct reviewed {
	const char *at;
	size_t count;
};

static void compare_place(void *arg, const char *path, const struct wg_place *place,
                          const struct wg_attribute *attribute)
{
	struct reviewed *reviewed = arg;
	char line[512], category[WG_CATEGORIES_TEXT];
	wg_categories set = attribute != NULL ? wg_place_attribute_category(place, attribute) : place->category;
	assert_true(set != 0 && (set & (set - 1)) == 0);
	int n = snprintf(line, sizeof line, "%s %s\n", path, wg_categories_format(set, category, sizeof category));
	assert_true(n > 0 && (size_t)n < sizeof line);
	if (strncmp(reviewed->at, line, (size_t)n) != 0)
		fail_msg("the schema has: %s and notice-places.txt, line %zu: %.*s", line, reviewed->count + 1,
		         (int)strcspn(reviewed->at, "\n"), reviewed->at);
	reviewed->at += n;
	reviewed->count++;
}

static void test_every_place_is_reviewed(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
	assert_wg(wg_file_read(WG_SOURCE_DIR "/tests/corpora/notice-places.txt", &bytes, &err));
	struct reviewed reviewed = { wg_buf_text(&bytes), 0 };
	assert_wg(wg_schema_walk(schema, NULL, compare_place, &reviewed, &err));
	assert_string_equal(reviewed.at, "");
	assert_true(reviewed.count > 1500);
}

static void test_paths(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		bool there;
	} cases[] = {
		{ "child", true },
		{ "child/name/full", true },
		{ "child/@looked-after", true },
		{ "@id", true },
		{ "child/telephone[+]", true },
		{ "child/telephone[last]/@network", true },
		{ "child/telephone[+]/@network", true },
		{ "", false },
		{ "/", false },
		{ "/child", false },
		{ "child/", false },
		{ "child//name", false },
		{ "child/nam", false },
		{ "child/name/full/@x", false },
		{ "child/@looked-after/x", false },
		{ "child/@looked-after[+]", false },
		{ "child/name[+]", false },
		{ "child/telephone[1]", false },
		{ "child/telephone[+]x", false },
		{ "child@looked-after", false },
		{ "@", false },
		{ "../child", false },
		{ "missing/circumstances/child/name", false },
		{ "notice/child", false },
		{ "child/name/full/", false },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++)
		if (wg_schema_find(schema, cases[i].path, NULL, NULL) != cases[i].there)
			fail_msg("\"%s\" should %sbe there", cases[i].path, cases[i].there ? "" : "not ");
}

static char folder[64];

/* Writes one document into the folder, changed when it is the one that is named. */
static void copy_document(const char *name, const char *document, const char *from, const char *to)
{
	struct wg_err err = { 0 };
	char path[512];
	size_t stem = strlen(document);
	WG_AUTO_BUF struct wg_buf in = WG_BUF(BYTES_MAX), out = WG_BUF(BYTES_MAX);
	(void)snprintf(path, sizeof path, XSD_DIR "/wardgate/1/%s", name);
	assert_wg(wg_file_read(path, &in, &err));
	bool meant = strncmp(name, document, stem) == 0 && strcmp(name + stem, ".xsd") == 0;
	const char *text = wg_buf_text(&in), *at = meant ? strstr(text, from) : NULL;
	if (meant && at == NULL)
		fail_msg("%s is not in %s", from, name);
	wg_buf_put(&out, text, at != NULL ? (size_t)(at - text) : in.len);
	if (at != NULL) {
		wg_buf_puts(&out, to);
		wg_buf_puts(&out, at + strlen(from));
	}
	(void)snprintf(path, sizeof path, "%s/wardgate/1/%s", folder, name);
	assert_wg(wg_file_write(path, out.data, out.len, 0600, &err));
}

/* Calls each with the name of every document of the folder. */
static void each_document(const char *where, void (*each)(const char *name, void *arg), void *arg)
{
	DIR *dir = opendir(where);
	assert_non_null(dir);
	for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
		if (strstr(e->d_name, ".xsd") != NULL)
			each(e->d_name, arg);
	assert_int_equal(closedir(dir), 0);
}

struct change {
	const char *document, *from, *to;
};

static void copy_one(const char *name, void *arg)
{
	const struct change *change = arg;
	copy_document(name, change->document, change->from, change->to);
}

/* A copy of the schema in a folder of its own, with one change in one document. */
static void copy_schema(const char *document, const char *from, const char *to)
{
	struct wg_err err = { 0 };
	struct change change = { document, from, to };
	char path[256];
	(void)snprintf(folder, sizeof folder, "/tmp/wardgate-schema-XXXXXX");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/wardgate/1", folder);
	assert_wg(wg_file_mkdir(path, &err));
	each_document(XSD_DIR "/wardgate/1", copy_one, &change);
}

static void remove_one(const char *name, void *arg)
{
	char path[512];
	(void)arg;
	(void)snprintf(path, sizeof path, "%s/wardgate/1/%s", folder, name);
	assert_int_equal(unlink(path), 0);
}

static void remove_schema(void)
{
	char path[256];
	(void)snprintf(path, sizeof path, "%s/wardgate/1", folder);
	each_document(path, remove_one, NULL);
	assert_int_equal(rmdir(path), 0);
	(void)snprintf(path, sizeof path, "%s/wardgate", folder);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

#define LABEL(c) "<wg:category>" c "</wg:category>"
#define MAY(c) "<wg:may-contain>" c "</wg:may-contain>"
#define PROSE "third-party alleged-perpetrator family confidential-address health"

static void test_a_schema_that_labels_badly_does_not_load(void **state)
{
	(void)state;
	static const struct {
		const char *document, *from, *to, *fault; /* fault NULL: it loads */
	} cases[] = {
		{ "child", "As it was said, in years.", "In years.", NULL },
		{ "missing", "<xs:appinfo>" LABEL("circumstances") "</xs:appinfo>", "", "carries no category" },
		{ "missing", LABEL("circumstances"), "", "carries no category" },
		{ "missing", LABEL("circumstances"), LABEL("circumstance"), "did you mean \"circumstances\"" },
		{ "missing", LABEL("circumstances"), LABEL("circumstances risk"), "exactly one category" },
		{ "missing", LABEL("circumstances"), LABEL("*"), "exactly one category" },
		{ "missing", LABEL("circumstances"), LABEL("circumstances") LABEL("risk"), "exactly one category" },
		{ "missing", LABEL("circumstances"), "<category>circumstances</category>", "neither wg:category nor" },
		{ "missing", LABEL("circumstances"), LABEL("circumstances") "<wg:may-contian/>", "neither wg:category nor" },
		{ "missing", LABEL("circumstances"), LABEL("circumstances") MAY("helth"), "did you mean \"health\"" },
		{ "missing", LABEL("circumstances"), LABEL("circumstances") MAY("administrative"), "is in every copy" },
		{ "types", MAY(PROSE), MAY("familly"), "types.xsd:8: may-contain" },
		{ "types", MAY(PROSE), MAY("*"), "is in every copy" },
		{ "types", MAY(PROSE), "", NULL },
		{ "types", "<xs:annotation><xs:appinfo><wg:may-contain/></xs:appinfo></xs:annotation>\n\t\t\t\t</xs:attribute>",
		  "</xs:attribute>", "the attribute \"said\" of \"date\" may hold more" },
		{ "found", "</xs:sequence>", "<xs:any processContents=\"skip\"/></xs:sequence>", "xs:any is not understood" },
		{ "found", "</xs:sequence>", "<xs:element ref=\"notice\"/></xs:sequence>", "without a usable name" },
		{ "found", "</xs:sequence>", "<xs:group ref=\"g\"/></xs:sequence>", "xs:group is not understood" },
		{ "found", "</xs:sequence>", "</xs:sequence><xs:anyAttribute/>", "xs:anyAttribute is not understood" },
		{ "found", "</xs:sequence>", "<xs:element name=\"x\"/></xs:sequence>", "without a usable type" },
		{ "found", "</xs:complexType>", "</xs:complexType><xs:element name=\"x\" type=\"text\"/>",
		  "carries no category" },
		{ "found", "</xs:complexType>",
		  "</xs:complexType><xs:complexType name=\"unused\"><xs:sequence><xs:element name=\"x\" "
		  "type=\"text\"/></xs:sequence></xs:complexType>",
		  "carries no category" },
		{ "found", "<xs:include schemaLocation=\"people.xsd\"/>", "<xs:include schemaLocation=\"../1/people.xsd\"/>",
		  "must stand in this folder" },
		{ "found", "<xs:include schemaLocation=\"people.xsd\"/>", "<xs:include schemaLocation=\"absent.xsd\"/>",
		  "absent.xsd" },
		{ "codes", "<wg:body>missing</wg:body>", "", "names no body" },
		{ "codes", "<wg:body>missing</wg:body>", "<wg:body>mising</wg:body>", "names no body" },
		{ "codes", "child/name/full child", "child/nam/full child", "no \"nam\" in \"child\"; did you mean \"name\"" },
		{ "codes", "child/name/full child", "child/name/full||child", "\"\" is not a place" },
		{ "codes", "<xs:enumeration value=\"missing\">", "<xs:enumeration value=\"\">", "without a usable name" },
		{ "codes", "<xs:simpleType name=\"kind\">", "<xs:simpleType name=\"sort\">", "no kinds of notice" },
		{ "types", "base=\"said\"", "base=\"nothing-of-the-kind\"", "schema cannot be used" },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		struct wg_schema *loaded = NULL;
		copy_schema(cases[i].document, cases[i].from, cases[i].to);
		enum wg_code code = wg_schema_load(folder, &loaded, &err);
		if (cases[i].fault == NULL)
			assert_wg(code);
		else if (code != WG_CONFIG || strstr(err.text, cases[i].fault) == NULL)
			fail_msg("case %zu: %s: %s, and not: %s", i, wg_code_name(code), err.text, cases[i].fault);
		assert_true((loaded != NULL) == (code == WG_OK));
		wg_schema_freep(&loaded);
		remove_schema();
	}
	struct wg_err err = { 0 };
	struct wg_schema *loaded = NULL;
	assert_int_equal(wg_schema_load("/nowhere/at/all", &loaded, &err), WG_CONFIG);
	assert_null(loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_categories_are_those_of_the_xsd),
		cmocka_unit_test(test_category_lists),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_labels_are_the_agreed_ones),
		cmocka_unit_test(test_every_place_is_reviewed),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_a_schema_that_labels_badly_does_not_load),
	};
	return cmocka_run_group_tests(tests, load_schema, free_schema);
}
