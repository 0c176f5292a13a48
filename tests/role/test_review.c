/* The copy that a person decides about is the one that would be sent, or none; and the original tells what stays
 * behind. */
#include "gate.h"

#include "crypto/crypto.h"
#include "role/review.h"
#include "sys/file.h"

static struct wg_schema *schema;

static int setup(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	wg_xml_init();
	if (wg_schema_load(WG_SOURCE_DIR "/xsd", &schema, &err) != WG_OK) {
		print_error("%s\n", err.text);
		return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	wg_schema_freep(&schema);
	return 0;
}

#define GRANTED "[\"identity\",\"description\",\"circumstances\",\"last-seen\"]"

/* The record of a decision, as process writes it, with the hash of the copy that it made. */
static json_t *record_of(const struct wg_buf *notice, const char *granted, const char *marked, const char *keep)
{
	WG_AUTO_NOTICE struct wg_notice *original = NULL, *copy = NULL;
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_MESSAGE), text = WG_BUF(4096);
	struct wg_err err = { 0 };
	char hash[WG_HASH_TEXT];
	struct wg_copy want = {
		.organisation = "derbyshire", .desk = "front-door", .reason = WG_COPY_REASON, .keep = keep
	};
	wg_buf_printf(&text, "{\"granted\":%s,\"marked\":%s,\"keep\":\"%s\"}", granted, marked, keep);
	json_t *record = json_loads(wg_buf_text(&text), 0, NULL);
	assert_non_null(record);
	for (size_t i = 0; i < json_array_size(json_object_get(record, "granted")); i++)
		want.granted |= wg_category_find(json_string_value(json_array_get(json_object_get(record, "granted"), i)));
	for (size_t i = 0; i < json_array_size(json_object_get(record, "marked")); i++)
		want.mark |= wg_category_find(json_string_value(json_array_get(json_object_get(record, "marked"), i)));
	if (wg_notice_parse(schema, notice->data, notice->len, "notice", &original, &err) != WG_OK ||
	    wg_notice_project(original, &want, &copy, &err) != WG_OK || wg_notice_serialise(copy, &bytes, &err) != WG_OK)
		fail_msg("%s", err.text);
	wg_sha256_hex(bytes.data, bytes.len, hash);
	assert_int_equal(json_object_set_new(record, "copy_sha256", json_string(hash)), 0);
	return record;
}

static void read_example(struct wg_buf *out)
{
	struct wg_err err = { 0 };
	if (wg_file_read(WG_SOURCE_DIR "/tests/corpora/notice/missing-example.xml", out, &err) != WG_OK)
		fail_msg("%s", err.text);
}

struct seen {
	unsigned lines, kept, behind;
	bool name, health;
};

static enum wg_code look(void *arg, const struct wg_review_line *line, struct wg_err *err)
{
	struct seen *seen = arg;
	(void)err;
	seen->lines++;
	*(line->missing == 0 ? &seen->kept : &seen->behind) += 1;
	if (strcmp(line->path, "child/name/full") == 0) {
		seen->name = true;
		assert_string_equal(line->value, "Tess Example");
		assert_string_equal(wg_category_name(line->category), "identity");
		assert_true(line->missing == 0);
	}
	if (line->category == (unsigned)__builtin_ctzll(wg_category_find("health"))) {
		seen->health = true;
		assert_true((line->missing & wg_category_find("health")) != 0);
	}
	return WG_OK;
}

static enum wg_code stop(void *arg, const struct wg_review_line *line, struct wg_err *err)
{
	(void)line;
	++*(unsigned *)arg;
	return wg_err_set(err, WG_LIMIT, "enough");
}

static void test_same_copy(void **state)
{
	(void)state;
	static const char *const marked[] = { "[]", "[\"health\"]" }, *const keep[] = { "", "P6Y" };
	WG_AUTO_BUF struct wg_buf notice = WG_BUF(WG_LIMIT_NOTICE);
	read_example(&notice);
	for (int i = 0; i < 2; i++) {
		WG_AUTO_REVIEW struct wg_review review = { 0 };
		struct wg_err err = { 0 };
		struct seen seen = { 0 };
		unsigned calls = 0;
		json_t *record = record_of(&notice, GRANTED, marked[i], keep[i]);
		if (wg_review_open(schema, &notice, record, "derbyshire", "front-door", &review, &err) != WG_OK ||
		    wg_review_each(&review, look, &seen, &err) != WG_OK)
			fail_msg("%s", err.text);
		json_decref(record);
		assert_true(seen.name && seen.health && seen.kept > 10 && seen.behind > 10);
		assert_int_equal(wg_review_each(&review, stop, &calls, &err), WG_LIMIT);
		assert_int_equal(calls, 1);
		/* what is told to stay behind is not in the copy: every category of the copy is granted */
		assert_true((wg_notice_categories(review.copy) & ~review.granted) == 0);
	}
}

/* Anything that would make another copy than the recorded one is an error, and nothing is given out. */
static void test_another_copy(void **state)
{
	(void)state;
	static const struct {
		const char *member, *value; /* NULL: taken away */
		const char *desk;
	} cases[] = {
		{ "granted", "[\"identity\",\"description\",\"circumstances\",\"last-seen\",\"health\"]", "front-door" },
		{ "granted", "[\"identity\",\"description\",\"circumstances\"]", "front-door" },
		{ "granted", NULL, "front-door" },
		{ "marked", "[\"health\"]", "front-door" },
		{ "marked", NULL, "front-door" },
		{ "keep", "\"P1Y\"", "front-door" },
		{ "copy_sha256", "\"0000000000000000000000000000000000000000000000000000000000000000\"", "front-door" },
		{ "copy_sha256", "\"\"", "front-door" },
		{ "copy_sha256", "7", "front-door" },
		{ "copy_sha256", NULL, "front-door" },
		{ "none", "7", "kitchen" },
	};
	WG_AUTO_BUF struct wg_buf notice = WG_BUF(WG_LIMIT_NOTICE);
	read_example(&notice);
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_review review = { 0 };
		struct wg_err err = { 0 };
		json_t *record = record_of(&notice, GRANTED, "[]", "");
		if (cases[i].value == NULL)
			assert_int_equal(json_object_del(record, cases[i].member), 0);
		else
			assert_int_equal(
				json_object_set_new(record, cases[i].member, json_loads(cases[i].value, JSON_DECODE_ANY, NULL)), 0);
		enum wg_code code = wg_review_open(schema, &notice, record, "derbyshire", cases[i].desk, &review, &err);
		if (code != WG_CORRUPT || review.copy != NULL || review.original != NULL || err.text[0] == '\0')
			fail_msg("case %zu: %s: %s", i, wg_code_name(code), err.text);
		json_decref(record);
	}
	/* another notice under the same record */
	struct wg_review review = { 0 };
	struct wg_err err = { 0 };
	json_t *record = record_of(&notice, GRANTED, "[]", "");
	char *name = strstr((char *)notice.data, "Tess Example");
	assert_non_null(name);
	name[0] = 'B';
	assert_int_equal(wg_review_open(schema, &notice, record, "derbyshire", "front-door", &review, &err), WG_CORRUPT);
	notice.len /= 2;
	assert_int_equal(wg_review_open(schema, &notice, record, "derbyshire", "front-door", &review, &err), WG_REJECT);
	assert_null(review.copy);
	json_decref(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_same_copy), cmocka_unit_test(test_another_copy) };
	return cmocka_run_group_tests(tests, setup, teardown);
}
