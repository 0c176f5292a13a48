/* The copy for a recipient against a naive oracle that knows nothing of the schema: words in, words out. */
#include <libxml/parser.h>
#include <limits.h>

#include "notice/notice_internal.h"
#include "notice_fixture.h"
#include "notice_places.h"

#define NOTICES 350
#define GRANTS 60 /* copies of each: 21,000 in all */

/* Marsaglia's xorshift: the same cases on every run. */
static uint64_t state = 88172645463325252U;

static uint64_t random_bits(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* What one random notice holds. */
struct sample {
	struct wg_notice *notice;
	bool has[WG_COUNT(entries)], twice[WG_COUNT(entries)];
};

static void fill(struct sample *sample, const char *kind)
{
	struct wg_err err = { 0 };
	char words[64], path[128];
	assert_wg(wg_notice_new(schema, kind, "01k9tess00examp1e0rand0m01", &sample->notice, &err));
	assert_wg(wg_notice_set(sample->notice, "header/sender/@organisation", "staffordshire-police", &err));
	assert_wg(wg_notice_set(sample->notice, "header/received", "2026-11-20T22:41:07Z", &err));
	size_t start = random_bits() % WG_COUNT(entries);
	for (size_t n = 0; n < WG_COUNT(entries); n++) { /* in an order that is not the schema's */
		size_t i = (start + n * 31) % WG_COUNT(entries);
		sample->has[i] = sample->twice[i] = false;
		if ((entries[i].kind != NULL && strcmp(entries[i].kind, kind) != 0) || random_bits() % 3 == 0)
			continue;
		sample->has[i] = true;
		sample->twice[i] =
			entries[i].repeats && strchr(entries[i].pairs[0].path, '@') == NULL && random_bits() % 2 == 0;
		for (size_t p = 0; p < PAIRS_MAX && entries[i].pairs[p].path != NULL; p++)
			assert_wg(
				wg_notice_set(sample->notice, entries[i].pairs[p].path, words_of(i, p, words, sizeof words), &err));
		if (!sample->twice[i])
			continue;
		(void)snprintf(path, sizeof path, "%s[+]", entries[i].pairs[0].path);
		(void)snprintf(words, sizeof words, "Zr%03zu again", i);
		assert_wg(wg_notice_set(sample->notice, path, words, &err));
	}
	assert_wg(wg_notice_validate(sample->notice, &err));
}

static bool granted_to(const char *category, wg_categories granted)
{
	return strcmp(category, "administrative") == 0 || (wg_category_find(category) & granted) != 0;
}

static void check_entry(const struct sample *sample, size_t i, bool kept, const struct wg_notice *copy,
                        const char *bytes)
{
	char words[64];
	for (size_t p = 0; p < PAIRS_MAX && entries[i].pairs[p].path != NULL; p++) {
		WG_AUTO_FREE char *value = wg_notice_get(copy, entries[i].pairs[p].path);
		bool renamed = strcmp(entries[i].pairs[p].path, "attachment/@name") == 0;
		const char *own = words_of(i, p, words, sizeof words), *expected = renamed ? "photograph-1.png" : own;
		if (kept && (value == NULL || strcmp(value, expected) != 0))
			fail_msg("%s is granted and not in the copy", entries[i].pairs[p].path);
		if (!kept && value != NULL)
			fail_msg("%s is in the copy and not granted", entries[i].pairs[p].path);
		if (entries[i].pairs[p].value[0] == '%') {
			words[6] = '\0';
			assert_true((strstr(bytes, words) != NULL) == (kept && !renamed));
		}
	}
	(void)snprintf(words, sizeof words, "Zr%03zu again", i);
	assert_true((strstr(bytes, words) != NULL) == (kept && sample->twice[i]));
}

/* The <withheld> entries: one for each category that was there, is not granted and is to be named. */
static void check_withheld(const struct sample *sample, const struct wg_copy *how, const char *bytes)
{
	for (unsigned c = 0; c < wg_category_count(); c++) {
		char entry[128];
		bool there = false;
		for (size_t i = 0; i < WG_COUNT(entries); i++)
			there = there || (sample->has[i] && strcmp(entries[i].category, wg_category_name(c)) == 0);
		bool named = there && !granted_to(wg_category_name(c), how->granted) && (how->mark >> c & 1) != 0;
		(void)snprintf(entry, sizeof entry, "<withheld category=\"%s\">%s</withheld>", wg_category_name(c),
		               how->reason);
		const char *first = strstr(bytes, entry);
		assert_true((first != NULL) == named);
		assert_true(first == NULL || strstr(first + 1, entry) == NULL);
	}
}

static void check_copy(const struct sample *sample, const struct wg_copy *how)
{
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *copy = NULL, *again = NULL;
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
	assert_wg(wg_notice_project(sample->notice, how, &copy, &err));
	assert_wg(wg_notice_serialise(copy, &bytes, &err));
	if (random_bits() % 4 == 0) /* the recipient's view; not always, for time under sanitizers */
		assert_wg(wg_notice_parse(schema, bytes.data, bytes.len, "copy", &again, &err));
	const struct wg_notice *seen = again != NULL ? again : copy;
	for (size_t i = 0; i < WG_COUNT(entries); i++)
		if (sample->has[i])
			check_entry(sample, i, granted_to(entries[i].category, how->granted), seen, wg_buf_text(&bytes));
	check_withheld(sample, how, wg_buf_text(&bytes));
	WG_AUTO_FREE char *desk = wg_notice_get(seen, "header/copy-for/@desk");
	assert_string_equal(desk, how->desk);
}

static void test_random_notices_and_grants(void **unused)
{
	(void)unused;
	for (size_t n = 0; n < NOTICES; n++) {
		struct sample sample = { 0 };
		fill(&sample, n % 2 == 0 ? "missing" : "found");
		for (size_t g = 0; g < GRANTS; g++) {
			/* bits of two draws and-ed or or-ed: sparse and dense grants as well as even ones */
			uint64_t a = random_bits(), b = random_bits();
			struct wg_copy how = { .organisation = "derbyshire",
				                   .desk = "front-door",
				                   .reason = "not shared with this recipient" };
			how.granted = (g % 3 == 0 ? a : g % 3 == 1 ? a & b : a | b) & wg_categories_all();
			how.granted = g == 0 ? 0 : g == 1 ? wg_categories_all() : how.granted;
			how.mark = random_bits() & wg_categories_all();
			check_copy(&sample, &how);
		}
		wg_notice_freep(&sample.notice);
	}
}

static void test_a_copy_of_a_copy(void **unused)
{
	(void)unused;
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *original = parse_corpus("missing-example.xml"), *first = NULL, *second = NULL;
	struct wg_copy how = { "staffordshire",
		                   "front-door",
		                   wg_category_find("identity") | wg_category_find("risk"),
		                   wg_category_find("health"),
		                   "one",
		                   NULL };
	assert_wg(wg_notice_project(original, &how, &first, &err));
	how = (struct wg_copy){ "derbyshire", "duty", wg_category_find("identity"), wg_categories_all(), "two", NULL };
	assert_wg(wg_notice_project(first, &how, &second, &err));
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
	assert_wg(wg_notice_serialise(second, &bytes, &err));
	const char *text = wg_buf_text(&bytes);
	assert_non_null(strstr(text, "<copy-for organisation=\"derbyshire\" desk=\"duty\"/>"));
	assert_null(strstr(text, "staffordshire\" desk"));
	assert_non_null(strstr(text, "<withheld category=\"health\">one</withheld>"));
	assert_non_null(strstr(text, "<withheld category=\"risk\">two</withheld>"));
	assert_null(strstr(text, "MEDIUM"));
}

static void test_a_copy_must_be_addressed(void **unused)
{
	(void)unused;
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *original = parse_corpus("found-example.xml"), *copy = NULL;
	struct wg_copy how = { NULL, "duty", 0, 0, NULL, NULL };
	assert_int_equal(wg_notice_project(original, &how, &copy, &err), WG_CONFIG);
	how = (struct wg_copy){ "derbyshire", NULL, 0, 0, NULL, NULL };
	assert_int_equal(wg_notice_project(original, &how, &copy, &err), WG_CONFIG);
	how = (struct wg_copy){ "derbyshire", "duty", 0, wg_categories_all(), NULL, NULL };
	assert_int_equal(wg_notice_project(original, &how, &copy, &err), WG_CONFIG);
	how = (struct wg_copy){ "Not A Name", "duty", 0, 0, NULL, NULL };
	assert_int_equal(wg_notice_project(original, &how, &copy, &err), WG_CONFIG);
	assert_null(copy);
	how = (struct wg_copy){ "derbyshire", "duty", 0, 0, NULL, NULL };
	assert_wg(wg_notice_project(original, &how, &copy, &err));
}

/* What stands beside the declared content of an original has no way into a copy. */
static void test_stowaways(void **unused)
{
	(void)unused;
	static const char text[] =
		"<?xml version=\"1.0\"?><!-- Zcanary --><?pi Zcanary?>"
		"<w:notice xmlns:w=\"urn:wardgate:notice:1\" xmlns:Zcanary=\"urn:Zcanary\" id=\"a\" kind=\"missing\" "
		"version=\"1\">"
		"<w:header xmlns:x=\"urn:Zcanary\"><w:sender "
		"organisation=\"x\"/><w:received>2026-11-20T22:41:07Z</w:received></w:header>"
		"<w:child><!-- Zcanary --><w:age>Zcanary<!-- x -->Zcanary</w:age></w:child><w:authorities/><w:missing/><?x "
		"Zcanary?></w:notice><!-- Zcanary -->";
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *original = NULL, *copy = NULL;
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX), whole = WG_BUF(BYTES_MAX);
	assert_wg(wg_notice_parse(schema, text, sizeof text - 1, "stowaways", &original, &err));
	struct wg_copy how = { "derbyshire", "duty", wg_category_find("risk"), 0, NULL, NULL };
	assert_wg(wg_notice_project(original, &how, &copy, &err));
	assert_wg(wg_notice_serialise(copy, &bytes, &err));
	assert_null(strstr(wg_buf_text(&bytes), "Zcanary"));
	assert_wg(wg_notice_serialise(original, &whole, &err));
	assert_non_null(strstr(wg_buf_text(&whole), "<age>ZcanaryZcanary</age>"));
	assert_null(strstr(wg_buf_text(&whole), "urn:Zcanary"));
}

/* Names of attachments: by order and type, whatever the files were called. */
static void test_attachments_are_named_anew(void **unused)
{
	(void)unused;
	static const char *const files[][4] = {
		{ "Tess Example at 5 Sample Street.jpeg", "image/jpeg", JPEG_BASE64, JPEG_SHA256 },
		{ "from Kit.png", "image/png", PNG_BASE64, PNG_SHA256 },
	};
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *original = parse_corpus("missing-example.xml"), *copy = NULL;
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
	for (size_t i = 0; i < 2; i++) {
		assert_wg(wg_notice_set(original, "attachment[+]", files[i][2], &err));
		assert_wg(wg_notice_set(original, "attachment[last]/@name", files[i][0], &err));
		assert_wg(wg_notice_set(original, "attachment[last]/@type", files[i][1], &err));
		assert_wg(wg_notice_set(original, "attachment[last]/@sha256", files[i][3], &err));
	}
	struct wg_copy how = { "derbyshire", "duty", wg_category_find("photograph"), 0, NULL, "P6Y" };
	assert_wg(wg_notice_project(original, &how, &copy, &err));
	assert_wg(wg_notice_serialise(copy, &bytes, &err));
	const char *text = wg_buf_text(&bytes);
	assert_non_null(strstr(text, "name=\"photograph-1.jpg\" type=\"image/jpeg\""));
	assert_non_null(strstr(text, "name=\"photograph-2.png\" type=\"image/png\""));
	assert_non_null(strstr(text, "<keep>P6Y</keep>"));
	assert_null(strstr(text, "Sample Street"));
	assert_null(strstr(text, "from Kit"));
}

/* An item of a correction says that something stands at a place: only to those who are given the place. */
static void test_items_name_what_is_granted(void **unused)
{
	(void)unused;
	char longest[400];
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	const struct {
		const char *place; /* NULL: the item names none */
		bool kept;
	} cases[] = {
		{ "child/name/full", true },
		{ "child", true },
		{ "child/date-of-birth/@said", true },
		{ "child/confidential-address", false },
		{ "child/confidential-address/@postcode", false },
		{ "missing/self-harm/@answer", false },
		{ "child/relative/name", false },
		{ "nothing/of/the/kind", false },
		{ "", false },
		{ longest, false },
		{ "child/name/full|child/date-of-birth", false }, /* two are none */
		{ NULL, true },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		WG_AUTO_NOTICE struct wg_notice *original = parse_corpus("correction.xml"), *copy = NULL;
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
		assert_wg(wg_notice_set(original, "answer/item[+]/label", "Zcanary", &err));
		if (cases[i].place != NULL)
			assert_wg(wg_notice_set(original, "answer/item[last]/place", cases[i].place, &err));
		assert_wg(wg_notice_set(original, "answer/item[+]/label", "the last", &err));
		struct wg_copy how = { "derbyshire", "duty", wg_category_find("identity"), 0, NULL, NULL };
		assert_wg(wg_notice_project(original, &how, &copy, &err));
		assert_wg(wg_notice_serialise(copy, &bytes, &err));
		if ((strstr(wg_buf_text(&bytes), "Zcanary") != NULL) != cases[i].kept)
			fail_msg("the item of %s should %sbe there", cases[i].place, cases[i].kept ? "" : "not ");
		assert_non_null(strstr(wg_buf_text(&bytes), "the last"));
	}
}

/* What stood there before is not named twice; an entry that is no category's is not one. */
static void test_withheld_is_named_once(void **unused)
{
	(void)unused;
	struct wg_err err = { 0 };
	char longest[200];
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	WG_AUTO_NOTICE struct wg_notice *original = parse_corpus("missing-example.xml"), *copy = NULL;
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
	struct wg_copy how = { "derbyshire", "duty", 0, wg_category_find("risk"), "two", NULL };
	assert_wg(wg_notice_set(original, "withheld[+]", "one", &err));
	assert_wg(wg_notice_set(original, "withheld[last]/@category", "risk", &err));
	assert_wg(wg_notice_project(original, &how, &copy, &err));
	assert_wg(wg_notice_serialise(copy, &bytes, &err));
	assert_non_null(strstr(wg_buf_text(&bytes), "<withheld category=\"risk\">one</withheld>"));
	assert_null(strstr(wg_buf_text(&bytes), ">two<"));
	assert_wg(wg_notice_set(original, "withheld[last]/@category", longest, &err));
	wg_notice_freep(&copy);
	assert_int_equal(wg_notice_project(original, &how, &copy, &err), WG_CONFIG);
}

/* Text that no message can have: no copy rather than half of it. */
static void test_text_without_end(void **unused)
{
	(void)unused;
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *original = parse_corpus("missing-example.xml"), *copy = NULL;
	size_t size = (size_t)17 * 1024 * 1024;
	char *text = malloc(size + 1);
	assert_non_null(text);
	memset(text, 'x', size);
	text[size] = '\0';
	struct wg_copy how = { "derbyshire", "duty", wg_category_find("circumstances"), 0, NULL, NULL };
	assert_wg(wg_notice_set(original, "missing/circumstances", text, &err));
	free(text);
	assert_int_equal(wg_notice_project(original, &how, &copy, &err), WG_SYSTEM);
	assert_null(copy);
}

/* How long a copy may be kept, once more in a copy of it. */
static void test_keep(void **unused)
{
	(void)unused;
	static const struct {
		const char *first, *second, *expected; /* NULL: nothing is said */
	} cases[] = {
		{ NULL, NULL, NULL },
		{ "", "", NULL },
		{ "P6Y", NULL, "<keep>P6Y</keep>" }, /* what was asked of us, we ask of others */
		{ "P6Y", "P90D", "<keep>P90D</keep>" },
		{ NULL, "P18M", "<keep>P18M</keep>" },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		WG_AUTO_NOTICE struct wg_notice *original = parse_corpus("missing-example.xml"), *first = NULL, *second = NULL;
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
		struct wg_copy how = { "derbyshire", "duty", wg_category_find("risk"), 0, NULL, cases[i].first };
		assert_wg(wg_notice_project(original, &how, &first, &err));
		how.keep = cases[i].second;
		assert_wg(wg_notice_project(first, &how, &second, &err));
		assert_wg(wg_notice_serialise(second, &bytes, &err));
		assert_true((strstr(wg_buf_text(&bytes), "<keep>") != NULL) == (cases[i].expected != NULL));
		assert_true(cases[i].expected == NULL || strstr(wg_buf_text(&bytes), cases[i].expected) != NULL);
	}
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *original = parse_corpus("missing-example.xml"), *copy = NULL;
	struct wg_copy how = { "derbyshire", "duty", wg_category_find("risk"), 0, NULL, "six years" };
	assert_int_equal(wg_notice_project(original, &how, &copy, &err), WG_CONFIG);
	assert_int_equal(wg_notice_project(original, &how, &copy, NULL), WG_CONFIG); /* without words, too */
}

/* The building of a copy by itself, of a tree that no validator has seen. */
static void test_only_what_is_declared_is_copied(void **unused)
{
	(void)unused;
	static const char text[] =
		"<notice xmlns=\"urn:wardgate:notice:1\" xmlns:o=\"urn:other\" id=\"a\" o:id=\"Zcanary\" zcanary=\"x\">"
		"<header/><child><o:age>Zcanary</o:age><name xmlns=\"\"><full>Zcanary</full></name>"
		"<zcanary>Zcanary</zcanary><age>15<!-- Zcanary --><![CDATA[ or 16]]><?x Zcanary?><o:x>Zcanary</o:x></age>"
		"<home-address postcode=\"ZZ9 9ZZ\" o:postcode=\"Zcanary\"/></child></notice>";
	struct wg_err err = { 0 };
	WG_AUTO_XML struct wg_xml *xml = NULL;
	WG_AUTO_NOTICE struct wg_notice *made = NULL;
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
	assert_wg(wg_xml_parse(text, sizeof text - 1, "text", &xml, &err));
	xmlDoc *doc = wg_project_tree(schema, wg_xml_root(xml), wg_categories_all());
	assert_wg(wg_notice_wrap(schema, doc, "made", &made, &err));
	assert_wg(wg_notice_serialise(made, &bytes, &err));
	assert_null(strstr(wg_buf_text(&bytes), "canary"));
	assert_null(strstr(wg_buf_text(&bytes), "other"));
	assert_non_null(strstr(wg_buf_text(&bytes), "<age>15 or 16</age>"));
	assert_non_null(strstr(wg_buf_text(&bytes), "<home-address postcode=\"ZZ9 9ZZ\"/>"));
}

/* The last check, of bytes that no copy should ever be. */
static void test_the_check_refuses(void **unused)
{
	(void)unused;
	char deep[1024], name[700];
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	const struct {
		const char *inner; /* within <child> */
		enum wg_code code;
		const char *words;
	} cases[] = {
		{ "", WG_OK, "" },
		{ "<name><full>Tess Example</full></name>", WG_OK, "" },
		{ "<age>15</age> ", WG_OK, "" },
		{ "<home-address/>", WG_CORRUPT, "still holds child/home-address, which" },
		{ "<name><fill>Tess</fill></name>", WG_CORRUPT, "still holds child/name/fill, which" },
		{ "<date-of-birth postcode=\"\"/>", WG_CORRUPT, "still holds child/date-of-birth/@postcode, which" },
		{ "<name xmlns:x=\"urn:x\"/>", WG_CORRUPT, "a declaration below its root" },
		{ "<date-of-birth xml:lang=\"en\"/>", WG_CORRUPT, "an attribute of another kind" },
		{ "<!-- Tess -->", WG_CORRUPT,
		  "something beside a notice's" }, /* no parser shows them, but they would go out */
		{ "<?age Tess?>", WG_CORRUPT, "something beside a notice's" },
		{ "<age><![CDATA[15]]></age>", WG_CORRUPT, "something beside a notice's" },
		{ "<o:age/>", WG_CORRUPT, "something else than a notice's" },
		{ "<", WG_REJECT, "" },
		{ "<home-address/><age/>", WG_CORRUPT, "still holds child/home-address, which" },
		{ "<date-of-birth postcode=\"\" said=\"\"/>", WG_CORRUPT, "still holds child/date-of-birth/@postcode, which" },
		{ deep, WG_CORRUPT, "something else than a notice's" },
	};
	(void)snprintf(deep, sizeof deep, "<%s/>", name);
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		char text[2048];
		struct wg_err err = { 0 };
		int n =
			snprintf(text, sizeof text,
		             "<notice xmlns=\"urn:wardgate:notice:1\" xmlns:o=\"urn:o\" id=\"a\"><child>%s</child></notice>",
		             cases[i].inner);
		enum wg_code code = wg_project_check(schema, text, (size_t)n,
		                                     wg_category_find("identity") | wg_category_find("administrative"), &err);
		if (code != cases[i].code || strstr(err.text, cases[i].words) == NULL)
			fail_msg("case %zu: %s: %s", i, wg_code_name(code), err.text);
	}
	struct wg_err err = { 0 };
	char text[1024];
	int n = snprintf(text, sizeof text, "<notice xmlns=\"urn:wardgate:notice:1\" %s=\"\"/>", name);
	assert_int_equal(wg_project_check(schema, text, (size_t)n, wg_categories_all(), &err), WG_CORRUPT);
	assert_non_null(strstr(err.text, "an attribute of another kind"));
}

/* ---- memory that runs out */

/* libxml2's memory: the allocation with that number fails, and all after it. 0: none. */
static unsigned long allocations, fail_at;
static bool spared;

static bool fails(void)
{
	allocations += spared ? 0 : 1;
	return !spared && fail_at != 0 && allocations >= fail_at;
}

/* libxml2's validator itself cannot bear it and dies, and with it the process: nothing leaves. It is spared. */
enum wg_code __wrap_wg_notice_validate(const struct wg_notice *notice, struct wg_err *err);
enum wg_code __real_wg_notice_validate(const struct wg_notice *notice, struct wg_err *err);
enum wg_code __wrap_wg_notice_validate(const struct wg_notice *notice, struct wg_err *err)
{
	spared = true;
	enum wg_code code = __real_wg_notice_validate(notice, err);
	spared = false;
	return code;
}

static void *count_malloc(size_t n)
{
	return fails() ? NULL : malloc(n);
}

static void *count_realloc(void *p, size_t n)
{
	return fails() ? NULL : realloc(p, n);
}

static char *count_strdup(const char *s)
{
	return fails() ? NULL : strdup(s);
}

/* Whichever allocation is the first to fail: a copy is whole, or there is none. */
static void copy_without_memory(const struct wg_notice *original, wg_categories granted)
{
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *whole = NULL;
	WG_AUTO_BUF struct wg_buf expected = WG_BUF(BYTES_MAX);
	struct wg_copy how = { "derbyshire", "duty", granted, wg_categories_all(), "not shared", "P6Y" };
	assert_wg(wg_notice_project(original, &how, &whole, &err));
	assert_wg(wg_notice_serialise(whole, &expected, &err));
	unsigned long needed = ULONG_MAX;
	for (unsigned long n = 1; n < needed; n++) {
		WG_AUTO_NOTICE struct wg_notice *copy = NULL;
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
		allocations = 0;
		fail_at = n;
		enum wg_code code = wg_notice_project(original, &how, &copy, &err);
		fail_at = 0;
		needed = allocations < n ? n : needed;
		assert_true((copy != NULL) == (code == WG_OK));
		if (code != WG_OK)
			continue;
		assert_wg(wg_notice_serialise(copy, &bytes, &err));
		assert_string_equal(wg_buf_text(&bytes), wg_buf_text(&expected));
	}
	assert_true(needed > 100);
}

static void test_memory_runs_out(void **unused)
{
	(void)unused;
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *photograph = parse_corpus("photograph.xml"),
									*correction = parse_corpus("correction.xml");
	assert_wg(wg_notice_set(photograph, "episode/risk-reason", "Cold", &err));
	assert_wg(wg_notice_set(photograph, "child/name/full", "Tess Example", &err));
	copy_without_memory(photograph, wg_category_find("photograph") | wg_category_find("risk"));
	assert_wg(wg_notice_set(correction, "answer/item[+]/label", "a", &err));
	assert_wg(wg_notice_set(correction, "answer/item[last]/place", "child/name/full", &err));
	copy_without_memory(correction, wg_category_find("identity"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_notices_and_grants),
		cmocka_unit_test(test_a_copy_of_a_copy),
		cmocka_unit_test(test_a_copy_must_be_addressed),
		cmocka_unit_test(test_stowaways),
		cmocka_unit_test(test_attachments_are_named_anew),
		cmocka_unit_test(test_items_name_what_is_granted),
		cmocka_unit_test(test_withheld_is_named_once),
		cmocka_unit_test(test_text_without_end),
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_only_what_is_declared_is_copied),
		cmocka_unit_test(test_the_check_refuses),
		cmocka_unit_test(test_memory_runs_out),
	};
	if (xmlMemSetup(free, count_malloc, count_realloc, count_strdup) != 0) /* before libxml2 allocates anything */
		return 1;
	return cmocka_run_group_tests(tests, load_schema, free_schema);
}
