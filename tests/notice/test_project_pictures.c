/* The photographs of a copy: clean, or not there and said to be withheld; the last check takes no other; and what
 * becomes of them when memory runs out. */
#include <limits.h>

#include "../refused_memory.h"
#include "base/text.h"
#include "notice/notice_internal.h"
#include "notice_fixture.h"
#include "pictures.h"

/* Which way up it is, as cameras write it, least byte first; a copy says the same in as many bytes. */
#define LITTLE_EXIF  \
	"\xFF\xE1\0\x22" \
	"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"
#define LITTLE JPEG_SOI LITTLE_EXIF JPEG_TABLES JPEG_SCAN JPEG_EOI
#define LONG_TYPE "image/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

enum picture { CLEAN, WORDS, BROKEN, TURNED, NO_BASE64 };

static char *encoded(enum picture which)
{
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
	if (which == NO_BASE64)
		return strdup("Zcanary!");
	if (which == CLEAN)
		return strdup(JPEG_BASE64);
	if (which == TURNED)
		wg_buf_put(&bytes, LITTLE, sizeof LITTLE - 1);
	else
		picture_with(&bytes, false, "Zcanary", which == BROKEN);
	return wg_base64_encode(bytes.data, bytes.len);
}

static struct wg_notice *with_picture(enum picture which, const char *type, const char *hash)
{
	struct wg_err err = { 0 };
	struct wg_notice *notice = parse_corpus("missing-example.xml");
	WG_AUTO_FREE char *text = encoded(which);
	assert_non_null(text);
	assert_wg(wg_notice_set(notice, "attachment[+]", text, &err));
	assert_wg(wg_notice_set(notice, "attachment[last]/@name", "by Kit.jpeg", &err));
	assert_wg(wg_notice_set(notice, "attachment[last]/@type", type, &err));
	assert_wg(wg_notice_set(notice, "attachment[last]/@sha256", hash, &err));
	return notice;
}

static const struct wg_copy *to_derbyshire(void)
{
	static struct wg_copy how = { .organisation = "derbyshire", .desk = "duty" };
	how.granted = wg_category_find("photograph") | wg_category_find("identity");
	return &how;
}

static void test_clean_or_left_out(void **unused)
{
	(void)unused;
	static const struct {
		enum picture which;
		const char *type;
		bool kept;
	} cases[] = {
		{ CLEAN, "image/jpeg", true },      { WORDS, "image/jpeg", true }, { TURNED, "image/jpeg", true },
		{ BROKEN, "image/jpeg", false },    { CLEAN, "image/png", false }, { CLEAN, LONG_TYPE, false },
		{ NO_BASE64, "image/jpeg", false },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		WG_AUTO_NOTICE struct wg_notice *original = with_picture(cases[i].which, cases[i].type, JPEG_SHA256),
										*copy = NULL;
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
		assert_int_equal(wg_notice_pictures(original), 1);
		assert_wg(wg_notice_project(original, to_derbyshire(), &copy, &err));
		assert_wg(wg_notice_serialise(copy, &bytes, &err));
		if (wg_notice_pictures(copy) != (cases[i].kept ? 1 : 0) ||
		    (strstr(wg_buf_text(&bytes), WG_COPY_PICTURE) == NULL) != cases[i].kept)
			fail_msg("row %zu: %u photographs in\n%s", i, wg_notice_pictures(copy), wg_buf_text(&bytes));
		WG_AUTO_FREE char *hash = wg_notice_get(copy, "attachment/@sha256");
		if (cases[i].which == WORDS)
			assert_string_equal(hash, JPEG_SHA256);
		WG_AUTO_FREE char *as_it_was = encoded(cases[i].which);
		assert_true(cases[i].which == CLEAN || strstr(wg_buf_text(&bytes), as_it_was) == NULL);
	}
}

/* The bytes of a copy as the last check sees them: a photograph that was not cleaned, or is not the one that its hash
 * says, does not leave. */
static void test_the_check_refuses(void **unused)
{
	(void)unused;
	static const char another[] = "e124007e0371a272f11e7fbc2414aff5a1095f3a46ad29771ea1bf3f8a5b07ca";
	static const struct {
		enum picture which;
		const char *type, *hash;
		enum wg_code code;
	} cases[] = {
		{ CLEAN, "image/jpeg", JPEG_SHA256, WG_OK },       { CLEAN, "image/jpeg", another, WG_CORRUPT },
		{ CLEAN, "image/jpeg", "", WG_CORRUPT },           { CLEAN, "image/jpeg", JPEG_SHA256 "0", WG_CORRUPT },
		{ CLEAN, "image/png", JPEG_SHA256, WG_CORRUPT },   { WORDS, "image/jpeg", JPEG_SHA256, WG_CORRUPT },
		{ TURNED, "image/jpeg", JPEG_SHA256, WG_CORRUPT }, { BROKEN, "image/jpeg", JPEG_SHA256, WG_CORRUPT },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		WG_AUTO_NOTICE struct wg_notice *notice = with_picture(cases[i].which, cases[i].type, cases[i].hash);
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
		assert_wg(wg_notice_serialise(notice, &bytes, &err));
		enum wg_code code = wg_project_check(schema, bytes.data, bytes.len, wg_categories_all(), &err);
		if (code != cases[i].code)
			fail_msg("row %zu: %s: %s", i, wg_code_name(code), err.text);
	}
}

/* Whichever request for memory is the first to be refused: the copy has the photograph, or there is none. */
static void test_memory_runs_out(void **unused)
{
	(void)unused;
	WG_AUTO_NOTICE struct wg_notice *original = with_picture(WORDS, "image/jpeg", JPEG_SHA256);
	unsigned long n = 0;
	for (bool enough = false; !enough;) {
		struct wg_err err = { 0 };
		WG_AUTO_NOTICE struct wg_notice *copy = NULL;
		memory_asked = 0;
		memory_fails_at = ++n;
		enum wg_code code = wg_notice_project(original, to_derbyshire(), &copy, &err);
		enough = memory_asked < n;
		memory_fails_at = 0;
		assert_true((copy != NULL) == (code == WG_OK));
		assert_true(!enough || code == WG_OK);
		if (copy != NULL)
			assert_int_equal(wg_notice_pictures(copy), 1);
	}
	assert_true(n > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean_or_left_out),
		cmocka_unit_test(test_the_check_refuses),
		cmocka_unit_test(test_memory_runs_out),
	};
	return cmocka_run_group_tests(tests, load_schema, free_schema);
}
