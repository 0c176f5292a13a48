/* Real photographs in copies: what a camera wrote goes in and does not come out, the hash is that of what is left, and
 * which way up it is survives. */
#include "base/sha256.h"
#include "base/text.h"
#include "notice_fixture.h"

#define PICTURES WG_SOURCE_DIR "/tests/corpora/picture"

static void read_picture(const char *name, const char *suffix, struct wg_buf *out)
{
	struct wg_err err = { 0 };
	char path[512];
	(void)snprintf(path, sizeof path, "%s/%s%s", PICTURES, name, suffix);
	assert_wg(wg_file_read(path, out, &err));
}

/* In lines, as many programs write base64; the hash is another's. */
static void attach(struct wg_notice *notice, const char *name, size_t len)
{
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX), lines = WG_BUF(BYTES_MAX);
	read_picture(name, "", &bytes);
	WG_AUTO_FREE char *text = wg_base64_encode(bytes.data, len < bytes.len ? len : bytes.len);
	for (const char *p = text; *p != '\0'; p += strnlen(p, 76))
		wg_buf_printf(&lines, "\n  %.76s", p);
	assert_wg(wg_notice_set(notice, "attachment[+]", wg_buf_text(&lines), &err));
	assert_wg(wg_notice_set(notice, "attachment[last]/@name", "5 Sample Street.jpeg", &err));
	assert_wg(wg_notice_set(notice, "attachment[last]/@type", strstr(name, ".png") != NULL ? "image/png" : "image/jpeg",
	                        &err));
	assert_wg(wg_notice_set(notice, "attachment[last]/@sha256",
	                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", &err));
}

static struct wg_notice *copy_of(const struct wg_notice *notice, const char *categories)
{
	struct wg_err err = { 0 };
	struct wg_notice *copy = NULL;
	struct wg_copy how = { "derbyshire", "duty", 0, 0, NULL, NULL };
	assert_wg(wg_categories_parse(categories, &how.granted, &err));
	assert_wg(wg_notice_project(notice, &how, &copy, &err));
	return copy;
}

static void assert_place(const struct wg_notice *notice, const char *path, const char *expected)
{
	WG_AUTO_FREE char *value = wg_notice_get(notice, path);
	assert_non_null(value);
	assert_string_equal(value, expected);
}

/* The copy's photographs are these, cleaned, in this order. */
static void check_pictures(const struct wg_notice *copy, const char *const *names, unsigned count)
{
	assert_int_equal(wg_notice_pictures(copy), count);
	for (unsigned i = 0; i < count; i++) {
		char place[64], value[128];
		uint8_t hash[WG_SHA256_LEN];
		WG_AUTO_BUF struct wg_buf clean = WG_BUF(BYTES_MAX);
		read_picture(names[i], ".clean", &clean);
		WG_AUTO_FREE char *text = wg_base64_encode(clean.data, clean.len);
		(void)snprintf(place, sizeof place, "attachment[%u]", i + 1);
		assert_place(copy, place, text);
		wg_sha256(clean.data, clean.len, hash);
		wg_hex(hash, sizeof hash, value);
		(void)snprintf(place, sizeof place, "attachment[%u]/@sha256", i + 1);
		assert_place(copy, place, value);
		(void)snprintf(place, sizeof place, "attachment[%u]/@name", i + 1);
		(void)snprintf(value, sizeof value, "photograph-%u.%s", i + 1,
		               strstr(names[i], ".png") != NULL ? "png" : "jpg");
		assert_place(copy, place, value);
	}
}

/* Every one alone; a JPEG whose orientation is not 1 keeps it, as test_picture has seen in its .clean. */
static void test_each(void **state)
{
	(void)state;
	static const char *const names[] = {
		"baseline.jpg",    "baseline-all.jpg", "progressive-all.jpg", "upright.jpg", "no-jfif.jpg",
		"restarts.jpg",    "fill.jpg",         "scans.jpg",           "inks.jpg",    "grey.jpg",
		"thumbnails.jpg",  "colour.png",       "colour-all.png",      "palette.png", "animated.png",
		"transparent.png", "pieces.png",
	};
	for (size_t i = 0; i < WG_COUNT(names); i++) {
		WG_AUTO_NOTICE struct wg_notice *original = parse_corpus("missing-example.xml");
		attach(original, names[i], SIZE_MAX);
		WG_AUTO_NOTICE struct wg_notice *copy = copy_of(original, "photograph"), *again = copy_of(copy, "photograph");
		check_pictures(copy, &names[i], 1);
		check_pictures(again, &names[i], 1);
	}
}

/* Those that cannot be cleaned are gone, the others are counted without them, and the copy says so once, also when it
 * is copied again. */
static void test_some_left_out(void **state)
{
	(void)state;
	static const char *const left[] = { "progressive-all.jpg", "palette.png" };
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *original = parse_corpus("missing-example.xml");
	attach(original, "baseline-all.jpg", 1500);
	attach(original, left[0], SIZE_MAX);
	attach(original, "arithmetic.jpg", SIZE_MAX);
	attach(original, left[1], SIZE_MAX);
	WG_AUTO_NOTICE struct wg_notice *copy = copy_of(original, "photograph"), *again = copy_of(copy, "photograph");
	const struct wg_notice *const copies[] = { copy, again };
	for (size_t i = 0; i < WG_COUNT(copies); i++) {
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
		check_pictures(copies[i], left, 2);
		assert_wg(wg_notice_serialise(copies[i], &bytes, &err));
		const char *said =
			strstr(wg_buf_text(&bytes), "<withheld category=\"photograph\">" WG_COPY_PICTURE "</withheld>");
		assert_non_null(said);
		assert_null(strstr(said + 1, "<withheld category=\"photograph\""));
		assert_null(strstr(wg_buf_text(&bytes), "Sample Street.jpeg"));
	}
	/* who is not given photographs hears nothing of them, nor of what is wrong with them */
	WG_AUTO_NOTICE struct wg_notice *other = copy_of(original, "identity risk");
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
	assert_wg(wg_notice_serialise(other, &bytes, &err));
	assert_int_equal(wg_notice_pictures(other), 0);
	assert_null(strstr(wg_buf_text(&bytes), "photograph"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_some_left_out),
	};
	return cmocka_run_group_tests(tests, load_schema, free_schema);
}
