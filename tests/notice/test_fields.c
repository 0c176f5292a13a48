/* What readers hand over, checked by hand-written code as strictly as by its schema. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "notice/map.h"
#include "notice/xml.h"
#include "sys/file.h"

#define CORPUS WG_SOURCE_DIR "/tests/corpora/fields"
#define HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define OPENING "<fields xmlns=\"urn:wardgate:fields:1\" reader=\"mail\" sha256=\"" HASH "\">"

static enum wg_code parse(const char *xml, struct wg_fields **out, struct wg_err *err)
{
	return wg_fields_parse(xml, strlen(xml), out, err);
}

/* good-* is taken, by the code and by xsd/fields.xsd; bad-* by neither, but that libxml2 passes over signs that base64
 * does not have, which the code refuses. */
static void agrees_with_the_schema(void **state)
{
	(void)state;
	struct wg_xml_xsd *xsd = NULL;
	struct wg_err err = { .text = "" };
	DIR *dir = opendir(CORPUS);
	size_t good = 0, bad = 0;
	assert_non_null(dir);
	assert_int_equal(wg_xml_xsd_load(WG_SOURCE_DIR "/xsd/fields.xsd", &xsd, &err), WG_OK);
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		bool want = strncmp(e->d_name, "good-", 5) == 0;
		if (!want && strncmp(e->d_name, "bad-", 4) != 0)
			continue;
		char path[512];
		(void)snprintf(path, sizeof path, "%s/%s", CORPUS, e->d_name);
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE);
		WG_AUTO_XML struct wg_xml *xml = NULL;
		struct wg_fields *fields = NULL;
		assert_int_equal(wg_file_read(path, &bytes, &err), WG_OK);
		bool valid = wg_xml_parse(bytes.data, bytes.len, "corpus", &xml, &err) == WG_OK &&
		             wg_xml_validate(xml, xsd, &err) == WG_OK;
		enum wg_code code = wg_fields_parse(bytes.data, bytes.len, &fields, &err);
		bool lenient = strcmp(e->d_name, "bad-not-base64.xml") == 0;
		if ((valid != want && !lenient) || code != (want ? WG_OK : WG_REJECT))
			fail_msg("%s: schema %d, code %s: %s", e->d_name, valid, wg_code_name(code), err.text);
		assert_true((fields != NULL) == want);
		wg_fields_freep(&fields);
		good += want;
		bad += !want;
	}
	(void)closedir(dir); /* only read */
	wg_xml_xsd_freep(&xsd);
	assert_true(good >= 12 && bad >= 27);
}

static void reads_all_parts(void **state)
{
	(void)state;
	struct wg_fields *f = NULL;
	struct wg_err err = { .text = "" };
	assert_int_equal(
		parse(OPENING
	          "<subject> Missing "
	          "</subject><from>desk@police.example</from><message-id>&lt;1@police.example&gt;</message-id>"
	          "<field label=\"D.O.B\" at=\"table 1, row 2\"> 14/03/2011\r\n</field><field label=\"Name\" at=\"x\"/>"
	          "<notice>PG5v\ndGljZS8+</notice><text>Good evening</text></fields>",
	          &f, &err),
		WG_OK);
	assert_string_equal(f->reader, "mail");
	assert_string_equal(f->subject, "Missing");
	assert_string_equal(f->from, "desk@police.example");
	assert_string_equal(f->message_id, "<1@police.example>");
	assert_int_equal(f->count, 2);
	assert_string_equal(f->fields[0].label, "D.O.B");
	assert_string_equal(f->fields[0].value, "14/03/2011");
	assert_string_equal(f->fields[0].at, "table 1, row 2");
	assert_string_equal(f->fields[1].value, "");
	assert_int_equal(f->notice_xml_len, 9);
	assert_memory_equal(f->notice_xml, "<notice/>", 9);
	assert_string_equal(f->text, "Good evening");
	wg_fields_freep(&f);
	assert_null(f);
	wg_fields_freep(&f);
	assert_int_equal(parse(OPENING "</fields>", &f, &err), WG_OK);
	assert_int_equal(f->count, 0);
	assert_null(f->subject);
	assert_null(f->notice_xml);
	assert_null(f->text);
	wg_fields_freep(&f);
}

/* n times unit between an opening and a closing. */
static enum wg_code parse_many(const char *before, const char *unit, size_t n, const char *behind, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf xml = WG_BUF(WG_LIMIT_READER_OUTPUT * 2);
	struct wg_fields *f = NULL;
	wg_buf_puts(&xml, before);
	for (size_t i = 0; i < n; i++)
		wg_buf_puts(&xml, unit);
	wg_buf_puts(&xml, behind);
	enum wg_code code = wg_fields_parse(xml.data, xml.len, &f, err);
	wg_fields_freep(&f);
	return code;
}

static void keeps_limits(void **state)
{
	(void)state;
	static const struct {
		const char *before, *unit, *behind;
		size_t most;
	} rows[] = {
		{ OPENING, "<field label=\"a\" at=\"b\">c</field>", "</fields>", WG_LIMIT_FIELDS },
		{ OPENING "<field label=\"a\" at=\"b\">", "x", "</field></fields>", 262144 },
		{ OPENING "<field label=\"", "x", "\" at=\"b\">c</field></fields>", 4000 },
		{ OPENING "<field label=\"a\" at=\"", "x", "\">c</field></fields>", 8000 },
		{ OPENING "<subject>", "x", "</subject></fields>", 8000 },
		{ OPENING "<text>", "x", "</text></fields>", 262144 },
	};
	struct wg_err err = { .text = "" };
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		if (parse_many(rows[i].before, rows[i].unit, rows[i].most, rows[i].behind, &err) != WG_OK)
			fail_msg("row %zu: %s", i, err.text);
		assert_int_equal(parse_many(rows[i].before, rows[i].unit, rows[i].most + 1, rows[i].behind, &err), WG_LIMIT);
	}
	assert_int_equal(parse_many("", " ", WG_LIMIT_READER_OUTPUT + 1, "", &err), WG_LIMIT);
	assert_int_equal(parse_many(OPENING, "<a>", 100, "", &err), WG_REJECT);
}

/* No cut of a good document is taken, none reads beyond its end, and no error repeats what stood there. */
static void survives_cuts(void **state)
{
	(void)state;
	static const char whole[] = OPENING
		"<subject>Canary Specimen</subject><field label=\"Canary\" at=\"b\">Canary</field><text>Canary</text></fields>";
	for (size_t n = 0; n < sizeof whole - 1; n++) {
		WG_AUTO_FREE char *cut = malloc(n > 0 ? n : 1);
		struct wg_fields *f = NULL;
		struct wg_err err = { .text = "" };
		assert_non_null(cut);
		memcpy(cut, whole, n);
		assert_int_equal(wg_fields_parse(cut, n, &f, &err), WG_REJECT);
		assert_null(f);
		assert_null(strstr(err.text, "Canary"));
	}
}

static int set_up(void **state)
{
	(void)state;
	wg_xml_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_schema),
		cmocka_unit_test(reads_all_parts),
		cmocka_unit_test(keeps_limits),
		cmocka_unit_test(survives_cuts),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
