/* Notices: hostile XML, faults without values, places set in any order, the content's bytes, the facts. */
#include <fcntl.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "notice_fixture.h"

#define HEAD "<notice xmlns=\"urn:wardgate:notice:1\" id=\"a\" kind=\"missing\" version=\"1\">"
#define HEADER "<header><sender organisation=\"x\"/><received>2026-11-20T22:41:07Z</received></header>"
#define SMALL HEAD HEADER "<child/><authorities/><missing/></notice>"
#define CANARY "Zcanary"

static enum wg_code parse(const char *text, size_t len, struct wg_err *err)
{
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	enum wg_code code = wg_notice_parse(schema, text, len, "case", &notice, err);
	assert_true((notice != NULL) == (code == WG_OK));
	return code;
}

static void test_examples_are_notices(void **state)
{
	(void)state;
	static const char *const names[] = { "missing-example.xml", "found-example.xml" };
	for (size_t i = 0; i < WG_COUNT(names); i++) {
		struct wg_err err = { 0 };
		WG_AUTO_NOTICE struct wg_notice *notice = parse_corpus(names[i]), *again = NULL;
		WG_AUTO_BUF struct wg_buf file = WG_BUF(BYTES_MAX), once = WG_BUF(BYTES_MAX), twice = WG_BUF(BYTES_MAX);
		read_corpus(names[i], &file);
		assert_wg(wg_notice_serialise(notice, &once, &err));
		assert_string_equal(wg_buf_text(&once), wg_buf_text(&file)); /* the examples are written as we write */
		assert_wg(wg_notice_parse(schema, once.data, once.len, "again", &again, &err));
		assert_wg(wg_notice_serialise(again, &twice, &err));
		assert_string_equal(wg_buf_text(&once), wg_buf_text(&twice));
	}
}

static void test_small_shapes(void **state)
{
	(void)state;
	static const struct {
		const char *text, *fault; /* NULL: it is a notice */
	} cases[] = {
		{ SMALL, NULL },
		{ "\xEF\xBB\xBF" SMALL, NULL },
		{ "<?xml version='1.0' encoding='iso-8859-1'?>" SMALL, NULL },
		{ "", "not well-formed" },
		{ " ", "not well-formed" },
		{ "notice", "not well-formed" },
		{ SMALL "x", "not well-formed" },
		{ SMALL SMALL, "not well-formed" },
		{ HEAD, "not well-formed" },
		{ "<notice/>", "not a notice" },
		{ "<notice xmlns='urn:wardgate:notice:2'/>", "not a notice" },
		{ "<child xmlns='urn:wardgate:notice:1'/>", "case:1: " },
		{ "<?xml version='1.0' encoding='UTF-7'?>" SMALL, "encoding" },
		{ "<?xml version='1.0' encoding='IBM037'?>" SMALL, "encoding" },
		{ "<?xml version='1.0' encoding='windows-1252'?>" SMALL, "encoding" },
		{ "<?xml version='1.0' encoding='UTF-16'?>" SMALL, "encoding" },
		{ "<!DOCTYPE notice>" SMALL, "DOCTYPE" },
		{ "<!-- x --> <!DOCTYPE notice []>" SMALL, "DOCTYPE" },
		{ "<!DOCTYPE notice SYSTEM \"file:///etc/passwd\">" SMALL, "DOCTYPE" },
		{ "<!DOCTYPE notice [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" SMALL, "DOCTYPE" },
		{ "<!DOCTYPE notice [<!ENTITY % x SYSTEM 'http://127.0.0.1:1/x'> %x;]>" SMALL, "DOCTYPE" },
		{ HEAD HEADER "<child><age>&x;</age></child><authorities/><missing/></notice>", "not well-formed" },
		{ HEAD HEADER "<child><age>&amp;&#x20;&lt;</age></child><authorities/><missing/></notice>", NULL },
		{ HEAD HEADER "<child><age>&#1;</age></child><authorities/><missing/></notice>", "not well-formed" },
		{ HEAD HEADER "<child><age>&#x85;</age></child><authorities/><missing/></notice>",
		  "age: holds a value that is not written" },
		{ HEAD HEADER "<child><age>a&#10;b</age></child><authorities/><missing/></notice>",
		  "age: holds a value that is not written" },
		{ HEAD HEADER "<child><age><![CDATA[a<b]]></age></child><authorities/><missing/></notice>", NULL },
		{ HEAD HEADER "<child><age><b/></age></child><authorities/><missing/></notice>", "age" },
		{ HEAD HEADER "<child><age/></child><authorities/><missing/></notice>", "age: is empty" },
		{ HEAD HEADER "<child>x</child><authorities/><missing/></notice>", "text between" },
		{ HEAD HEADER "<child/><authorities/><found/></notice>", "body is not the one" },
		{ HEAD HEADER "<child/><authorities/><missing/><found/></notice>", "must not stand here" },
		{ HEAD HEADER "<child/><authorities/></notice>", "something is missing in it: one of ( missing, found, absence" },
		{ HEAD HEADER "<authorities/><child/><missing/></notice>",
		  "authorities: must not stand here: one of ( episode, child )" },
		{ HEAD "<header/><child/><authorities/><missing/></notice>", "header: something is missing in it: ( sender )" },
		{ HEAD HEADER
		  "<child xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:type='name'/><authorities/><missing/></notice>",
		  "XMLSchema-instance" },
		{ HEAD HEADER "<child/><authorities/><missing/><withheld category='risk'>x</withheld><withheld "
		              "category='risk'>y</withheld></notice>",
		  "repeats what may stand only once" },
		{ HEAD HEADER "<child/><authorities/><missing/><withheld category='nothing'>x</withheld></notice>",
		  "withheld/@category: holds a value that is not in the list" },
		{ HEAD HEADER "<child><date-of-birth said='not known'/></child><authorities/><missing/></notice>", NULL },
		{ HEAD HEADER "<child><date-of-birth>14/03/2011</date-of-birth></child><authorities/><missing/></notice>",
		  "date-of-birth" },
		{ HEAD HEADER "<child><xi:include xmlns:xi='http://www.w3.org/2001/XInclude' "
		              "href='/etc/passwd'/></child><authorities/><missing/></notice>",
		  "include" },
		{ "<?xml-stylesheet href='/etc/passwd'?>" SMALL, NULL }, /* not followed, not kept */
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		enum wg_code code = parse(cases[i].text, strlen(cases[i].text), &err);
		if (cases[i].fault == NULL)
			assert_wg(code);
		else if (code != WG_REJECT || strstr(err.text, cases[i].fault) == NULL)
			fail_msg("case %zu: %s: \"%s\", and not \"%s\"", i, wg_code_name(code), err.text, cases[i].fault);
	}
	struct wg_err err = { 0 };
	assert_int_equal(parse(SMALL, sizeof SMALL, &err), WG_REJECT); /* with its NUL */
	for (size_t len = 0; len < sizeof SMALL - 1; len++)
		assert_int_equal(parse(SMALL, len, &err), WG_REJECT); /* cut anywhere */
}

/* Documents that are dear to parse: refused in a time that only a parser that did not fall for them can keep. */
enum flood {
	DEEP,
	ATTRIBUTES,
	DECLARATIONS,
	ELEMENTS,
	WITHHELD,
	LONG_TEXT,
	LONG_ATTRIBUTE,
	LONG_NAME,
	LAUGHS,
	PAST_LIMIT,
	FLOODS
};

static void put_many(struct wg_buf *b, const char *fmt, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *mark = strchr(fmt, '#');
		wg_buf_put(b, fmt, mark != NULL ? (size_t)(mark - fmt) : strlen(fmt));
		if (mark != NULL)
			wg_buf_printf(b, "%zu%s", i, mark + 1);
	}
}

static void put_flood(struct wg_buf *b, enum flood flood)
{
	switch (flood) {
	case DEEP:
		put_many(b, "<a>", 500000);
		break;
	case ATTRIBUTES:
	case DECLARATIONS:
		wg_buf_puts(b, "<notice xmlns=\"urn:wardgate:notice:1\" ");
		put_many(b, flood == ATTRIBUTES ? "a#='' " : "xmlns:a#='u' ", 190000);
		wg_buf_puts(b, "/>");
		break;
	case ELEMENTS:
		wg_buf_puts(b, HEAD);
		put_many(b, "<a/>", 1000000);
		wg_buf_puts(b, "</notice>");
		break;
	case WITHHELD:
		wg_buf_puts(b, HEAD HEADER "<child/><authorities/><missing/>");
		put_many(b, "<withheld category=\"risk\">x</withheld>", 90000);
		wg_buf_puts(b, "</notice>");
		break;
	case LONG_TEXT:
		wg_buf_puts(b, HEAD HEADER "<child><age>");
		put_many(b, "aaaaaaaa", 900000);
		wg_buf_puts(b, "</age></child><authorities/><missing/></notice>");
		break;
	case LONG_ATTRIBUTE:
		wg_buf_puts(b, HEAD HEADER "<child><date-of-birth said='");
		put_many(b, "2026-11-20T20:30:00Z", 300000);
		wg_buf_puts(b, "'/></child><authorities/><missing/></notice>");
		break;
	case LONG_NAME:
		wg_buf_puts(b, "<");
		put_many(b, "aaaaaaaa", 900000);
		break;
	case LAUGHS:
		wg_buf_puts(b, "<!DOCTYPE notice [<!ENTITY l0 'ha'>");
		for (int i = 1; i < 30; i++)
			wg_buf_printf(b, "<!ENTITY l%d '&l%d;&l%d;&l%d;&l%d;&l%d;&l%d;&l%d;&l%d;&l%d;&l%d;'>", i, i - 1, i - 1,
			              i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
		wg_buf_puts(b, "]><notice>&l29;</notice>");
		break;
	case PAST_LIMIT:
		put_many(b, "<!-- xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx -->", 200000);
		wg_buf_puts(b, SMALL);
		break;
	case FLOODS:
		break;
	}
}

static void test_floods_are_cheap(void **state)
{
	(void)state;
	for (enum flood flood = DEEP; flood < FLOODS; flood++) {
		struct wg_err err = { 0 };
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
		put_flood(&bytes, flood);
		assert_wg(wg_buf_check(&bytes, "flood", &err));
		clock_t before = clock();
		enum wg_code code = parse(wg_buf_text(&bytes), bytes.len, &err);
		double took = (double)(clock() - before) / CLOCKS_PER_SEC;
		assert_int_equal(code, flood == PAST_LIMIT ? WG_LIMIT : WG_REJECT);
		if (took > 20.0) /* processor time; the attribute flood took 400 s before it was looked for, sanitizers and a
		                    busy machine take a few */
			fail_msg("flood %d took %.1f s", (int)flood, took);
	}
}

/* A file that documents ask for in every way there is; the kernel says whether anybody opened it. */
static void test_no_document_opens_a_file(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"<!DOCTYPE notice SYSTEM '%s'>" SMALL,
		"<!DOCTYPE notice PUBLIC 'x' 'file://%s'>" SMALL,
		"<!DOCTYPE notice [<!ENTITY x SYSTEM '%s'>]><notice>&x;</notice>",
		"<!DOCTYPE notice [<!ENTITY % x SYSTEM '%s'> %x;]>" SMALL,
		"<?xml-stylesheet href='%s'?>" SMALL,
		"<notice xmlns='urn:wardgate:notice:1' xmlns:i='http://www.w3.org/2001/XMLSchema-instance' "
		"i:schemaLocation='urn:wardgate:notice:1 %s'/>",
		"<notice xmlns='urn:wardgate:notice:1' xmlns:i='http://www.w3.org/2001/XMLSchema-instance' "
		"i:noNamespaceSchemaLocation='%s'/>",
		"<notice xmlns='urn:wardgate:notice:1'><i:include xmlns:i='http://www.w3.org/2001/XInclude' "
		"href='%s'/></notice>",
		"<notice xmlns='%s'/>",
	};
	char path[] = "/tmp/wardgate-open-XXXXXX", text[2048], event[4096];
	WG_AUTO_CLOSE int file = mkstemp(path);
	WG_AUTO_CLOSE int watch = inotify_init1(IN_NONBLOCK);
	assert_true(file >= 0 && watch >= 0);
	assert_true(inotify_add_watch(watch, path, IN_OPEN) >= 0);
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		const char *mark = strstr(cases[i], "%s");
		(void)snprintf(text, sizeof text, "%.*s%s%s", (int)(mark - cases[i]), cases[i], path, mark + 2);
		(void)!parse(text, strlen(text), &err); /* some are refused, some are not: none may open it */
		if (read(watch, event, sizeof event) > 0)
			fail_msg("case %zu opened the file", i);
	}
	WG_AUTO_CLOSE int opened = open(path, O_RDONLY); /* the watch does see it */
	assert_true(opened >= 0);
	assert_true(read(watch, event, sizeof event) > 0);
	assert_int_equal(unlink(path), 0);
}

/* Values planted where faults are found: no message may repeat one. */
static void test_faults_do_not_repeat_values(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ ">MEDIUM<", ">" CANARY "<" },
		{ ">MEDIUM<", ">x' " CANARY " type '" CANARY "<" },
		{ ">MEDIUM<", ">x is not an element of the set {" CANARY "<" },
		{ ">2011-03-14<", ">" CANARY "<" },
		{ ">2011-03-14<", ">' type '" CANARY "'. Expected is ( " CANARY " )<" },
		{ "value=\"2026-11-20T20:30:00Z\"", "value=\"" CANARY "\"" },
		{ "value=\"2026-11-20T20:30:00Z\"", "value=\"x' type '" CANARY "\"" },
		{ ">F<", ">" CANARY "<" },
		{ ">830<", ">" CANARY "<" },
		{ "answer=\"yes\"", "answer=\"" CANARY "\"" },
		{ "answer=\"yes\"", "answer=\"' is not an element of the set {'" CANARY "\"" },
		{ "code=\"C2\"", "code=\"" CANARY "\"" },
		{ "code=\"K2\"", "code=\"" CANARY "\"" },
		{ "postcode=\"DE99 9ZZ\"", "postcode=\"" CANARY "-" CANARY "\"" },
		{ "id=\"01k9tess00examp1e0m1ss1ng1\"", "id=\"" CANARY " " CANARY "\"" },
		{ "kind=\"missing\"", "kind=\"" CANARY "\"" },
		{ "version=\"1\"", "version=\"" CANARY "\"" },
		{ "<header>", "<header>" CANARY },
		{ "<header>", "<header x=\"" CANARY "\">" },
		{ "<age>15</age>", "<age xmlns:q=\"urn:" CANARY "\" q:a=\"" CANARY "\">15</age>" },
		{ "<age>15</age>", "<q:age xmlns:q=\"x', attribute '" CANARY "\">" CANARY "</q:age>" },
		{ "<age>15</age>", "<age>" CANARY "&" CANARY ";</age>" },
		{ "<age>15</age>", "<age>" CANARY "</" CANARY "></age>" },
		{ "<age>15</age>", "<age>" CANARY "&#x9F;</age>" },
		{ ">9990000018<", ">" CANARY "<" },
		{ "organisation=\"derbyshire-police\"", "organisation=\"" CANARY " " CANARY "\"" },
		{ "<received>2026-11-20T22:41:07Z", "<received>" CANARY },
		{ "<consent to=\"*\"", "<consent to=\"" CANARY "\"" },
		{ "<marking>OFFICIAL-SENSITIVE", "<marking>" CANARY },
	};
	WG_AUTO_BUF struct wg_buf file = WG_BUF(BYTES_MAX);
	read_corpus("missing-example.xml", &file);
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
		const char *at = strstr(wg_buf_text(&file), cases[i].from);
		assert_non_null(at);
		wg_buf_put(&bytes, file.data, (size_t)(at - wg_buf_text(&file)));
		wg_buf_puts(&bytes, cases[i].to);
		wg_buf_puts(&bytes, at + strlen(cases[i].from));
		enum wg_code code = parse(wg_buf_text(&bytes), bytes.len, &err);
		if (code != WG_REJECT || strstr(err.text, CANARY) != NULL || strncmp(err.text, "case:", 5) != 0)
			fail_msg("case %zu: %s: %s", i, wg_code_name(code), err.text);
	}
}

/* As many and as large as the schema allows, and one byte or one more. */
static void test_photographs(void **state)
{
	(void)state;
	static const struct {
		size_t count, bytes;
		const char *fault;
	} cases[] = {
		{ 1, 3, NULL },
		{ 4, 1100000, NULL },
		{ 1, 1100001, "attachment: is too long" },
		{ 5, 3, "attachment: must not stand here" },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		uint8_t *bytes = calloc(1, cases[i].bytes);
		assert_non_null(bytes);
		WG_AUTO_FREE char *base64 = wg_base64_encode(bytes, cases[i].bytes);
		free(bytes);
		WG_AUTO_BUF struct wg_buf text = WG_BUF(BYTES_MAX);
		wg_buf_puts(&text, HEAD HEADER "<child/><authorities/><missing/>");
		for (size_t n = 0; n < cases[i].count; n++) {
			wg_buf_puts(&text, "<attachment name='a.png' type='image/png' sha256='");
			wg_buf_puts(&text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'>");
			wg_buf_puts(&text, base64);
			wg_buf_puts(&text, "</attachment>");
		}
		wg_buf_puts(&text, "</notice>");
		assert_wg(wg_buf_check(&text, "photographs", &err));
		enum wg_code code = parse(wg_buf_text(&text), text.len, &err);
		if (cases[i].fault == NULL)
			assert_wg(code);
		else if (code != WG_REJECT || strstr(err.text, cases[i].fault) == NULL)
			fail_msg("case %zu: %s: %s", i, wg_code_name(code), err.text);
	}
}

static void test_places_are_made_in_order(void **state)
{
	(void)state;
	static const struct {
		const char *path, *value;
	} sets[] = {
		{ "sharing/wishes", "w" },
		{ "missing/other", "o" },
		{ "missing/last-seen/with", "alone" },
		{ "missing/last-seen/when/@value", "2026-11-20T20:30:00Z" },
		{ "missing/last-seen/when", "about 9pm" },
		{ "child/school", "s" },
		{ "child/name/known-as[+]", "Tessie" },
		{ "child/name/full", "Tess Example" },
		{ "child/name/known-as[+]", "T" },
		{ "child/@looked-after", "true" },
		{ "authorities/police[+]/@area", "placing" },
		{ "authorities/police[last]", "E23000018" },
		{ "authorities/police[+]/@area", "host" },
		{ "authorities/police[last]", "E23000015" },
		{ "authorities/placing", "830" },
		{ "header/received", "2026-11-20T22:41:07Z" },
		{ "header/sender/@organisation", "x" },
		{ "header/sender/@organisation", "y" },
		{ "missing/other", "& <o> \"q\"" },
	};
	static const char expected[] =
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<notice xmlns=\"urn:wardgate:notice:1\" version=\"1\" id=\"a\" kind=\"missing\">\n"
		"  <header>\n    <sender organisation=\"y\"/>\n    <received>2026-11-20T22:41:07Z</received>\n  </header>\n"
		"  <child looked-after=\"true\">\n    <name>\n      <full>Tess Example</full>\n      "
		"<known-as>Tessie</known-as>\n"
		"      <known-as>T</known-as>\n    </name>\n    <school>s</school>\n  </child>\n"
		"  <authorities>\n    <placing>830</placing>\n    <police area=\"placing\">E23000018</police>\n    <police "
		"area=\"host\">E23000015</police>\n"
		"  </authorities>\n"
		"  <missing>\n    <last-seen>\n      <when value=\"2026-11-20T20:30:00Z\">about 9pm</when>\n      "
		"<with>alone</with>\n    </last-seen>\n"
		"    <other>&amp; &lt;o&gt; \"q\"</other>\n  </missing>\n"
		"  <sharing>\n    <wishes>w</wishes>\n  </sharing>\n</notice>\n";
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
	assert_wg(wg_notice_new(schema, "missing", "a", &notice, &err));
	for (size_t i = 0; i < WG_COUNT(sets); i++)
		assert_wg(wg_notice_set(notice, sets[i].path, sets[i].value, &err));
	assert_wg(wg_notice_validate(notice, &err));
	assert_wg(wg_notice_serialise(notice, &bytes, &err));
	assert_string_equal(wg_buf_text(&bytes), expected);
}

static void test_setting_what_is_no_place(void **state)
{
	(void)state;
	static const struct {
		const char *path, *value;
		enum wg_code code;
		const char *fault;
	} cases[] = {
		{ "child/nam/full", "x", WG_CONFIG, "no \"nam\" in \"child\"; did you mean \"name\"?" },
		{ "child/looked-after", "x", WG_CONFIG, "no \"looked-after\" in \"child\"" },
		{ "child/@lookedafter", "x", WG_CONFIG, "did you mean \"@looked-after\"?" },
		{ "child/age/years", "x", WG_CONFIG, "nothing stands below \"age\"" },
		{ "child/age[+]", "x", WG_CONFIG, "may stand only once" },
		{ "child", "x", WG_CONFIG, "holds other elements" },
		{ "found/by", "x", WG_CONFIG, "not a place in a notice of this kind" },
		{ "", "x", WG_CONFIG, "not a place" },
		{ "child/age/", "x", WG_CONFIG, "not a place" },
		{ "child/age", "a\x01z", WG_REJECT, "not UTF-8 text" },
		{ "child/age", "a\xFFz", WG_REJECT, "not UTF-8 text" },
		{ "child/age", "a\xEF\xBF\xBFz", WG_REJECT, "not UTF-8 text" },
		{ "child/@looked-after", "a\xC3", WG_REJECT, "not UTF-8 text" },
	};
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	WG_AUTO_BUF struct wg_buf before = WG_BUF(BYTES_MAX), after = WG_BUF(BYTES_MAX);
	assert_int_equal(wg_notice_new(schema, "lost", "a", &notice, &err), WG_CONFIG);
	assert_int_equal(wg_notice_new(schema, "child", "a", &notice, &err), WG_CONFIG);
	assert_wg(wg_notice_new(schema, "missing", "a", &notice, &err));
	assert_wg(wg_notice_serialise(notice, &before, &err));
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		enum wg_code code = wg_notice_set(notice, cases[i].path, cases[i].value, &err);
		if (code != cases[i].code || strstr(err.text, cases[i].fault) == NULL)
			fail_msg("case %zu: %s: %s", i, wg_code_name(code), err.text);
	}
	assert_wg(wg_notice_serialise(notice, &after, &err));
	assert_string_equal(wg_buf_text(&before), wg_buf_text(&after));
}

static void test_getting(void **state)
{
	(void)state;
	WG_AUTO_NOTICE struct wg_notice *notice = parse_corpus("missing-example.xml");
	static const struct {
		const char *path, *value;
	} cases[] = {
		{ "@kind", "missing" },
		{ "child/name/full", "Tess Example" },
		{ "child/@looked-after", "true" },
		{ "authorities/police", "E23000018" },
		{ "authorities/police[last]/@area", "host" },
		{ "found/by", NULL },
		{ "child/confidential-address", NULL },
		{ "child/age/@x", NULL },
		{ "child//age", NULL },
		{ "child/telephone[+]", NULL },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		WG_AUTO_FREE char *value = wg_notice_get(notice, cases[i].path);
		assert_true((value == NULL) == (cases[i].value == NULL));
		if (value != NULL)
			assert_string_equal(value, cases[i].value);
	}
	char out[13], small[12];
	assert_true(wg_notice_get_into(notice, "child/name/full", out, sizeof out));
	assert_string_equal(out, "Tess Example");
	assert_false(wg_notice_get_into(notice, "child/name/full", small, sizeof small));
	assert_string_equal(small, "");
	assert_false(wg_notice_get_into(notice, "found/by", out, sizeof out));
}

static void test_content_is_what_is_said(void **state)
{
	(void)state;
	static const struct {
		const char *path, *value;
		bool same;
	} cases[] = {
		{ "@id", "another", true },
		{ "header/sent", "2026-11-20T23:00:00Z", true },
		{ "header/received", "2026-11-20T23:00:00Z", true },
		{ "header/copy-for/@organisation", "x", true },
		{ "header/source/@system", "https", true },
		{ "header/sender/@organisation", "x", false },
		{ "child/age", "14", false },
		{ "child/@looked-after", "false", false },
		{ "missing/other", "x", false },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		WG_AUTO_NOTICE struct wg_notice *notice = parse_corpus("missing-example.xml");
		WG_AUTO_BUF struct wg_buf before = WG_BUF(BYTES_MAX), after = WG_BUF(BYTES_MAX);
		assert_wg(wg_notice_content(notice, &before, &err));
		assert_wg(wg_notice_set(notice, cases[i].path, cases[i].value, &err));
		assert_wg(wg_notice_content(notice, &after, &err));
		if ((strcmp(wg_buf_text(&before), wg_buf_text(&after)) == 0) != cases[i].same)
			fail_msg("%s should %schange the content", cases[i].path, cases[i].same ? "not " : "");
	}
}

/* The same report with another prefix, other blanks and comments is the same content. */
static void test_content_does_not_hang_on_spelling(void **state)
{
	(void)state;
	static const char other[] =
		"<?xml version='1.0'?>\n<w:notice kind='missing' version='1' id='b' xmlns:w='urn:wardgate:notice:1'><!-- x "
		"-->\n\n"
		"<w:header><w:sender organisation='x'/><w:received>2026-01-01T00:00:00Z</w:received></w:header> "
		"<w:child></w:child>"
		"<w:authorities/><w:missing></w:missing></w:notice>";
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *a = NULL, *b = NULL;
	WG_AUTO_BUF struct wg_buf one = WG_BUF(BYTES_MAX), two = WG_BUF(BYTES_MAX);
	assert_wg(wg_notice_parse(schema, SMALL, sizeof SMALL - 1, "a", &a, &err));
	assert_wg(wg_notice_parse(schema, other, sizeof other - 1, "b", &b, &err));
	assert_wg(wg_notice_content(a, &one, &err));
	assert_wg(wg_notice_content(b, &two, &err));
	assert_string_equal(wg_buf_text(&one), wg_buf_text(&two));
}

static void test_facts_have_no_namespace(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *notice = parse_corpus("missing-example.xml");
	struct _xmlDoc *facts = wg_notice_facts(notice, &err);
	assert_non_null(facts);
	assert_ptr_equal(facts, wg_notice_facts(notice, &err));
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
	assert_wg(wg_notice_serialise(notice, &bytes, &err)); /* the notice keeps its own */
	assert_non_null(strstr(wg_buf_text(&bytes), "xmlns=\"urn:wardgate:notice:1\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples_are_notices),
		cmocka_unit_test(test_small_shapes),
		cmocka_unit_test(test_floods_are_cheap),
		cmocka_unit_test(test_no_document_opens_a_file),
		cmocka_unit_test(test_faults_do_not_repeat_values),
		cmocka_unit_test(test_photographs),
		cmocka_unit_test(test_places_are_made_in_order),
		cmocka_unit_test(test_setting_what_is_no_place),
		cmocka_unit_test(test_getting),
		cmocka_unit_test(test_content_is_what_is_said),
		cmocka_unit_test(test_content_does_not_hang_on_spelling),
		cmocka_unit_test(test_facts_have_no_namespace),
	};
	return cmocka_run_group_tests(tests, load_schema, free_schema);
}
