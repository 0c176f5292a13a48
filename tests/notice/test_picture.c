/* Photographs cleaned: real ones against what was checked by decoding both (tests/corpora/picture/make.py --check), and
 * tables of what may and what may not stand in one. test_picture --update writes NAME.clean anew. */
#include "base/sha256.h"
#include "base/text.h"
#include "notice/picture.h"
#include "notice_fixture.h"
#include "pictures.h"

#define PICTURES WG_SOURCE_DIR "/tests/corpora/picture"
#define JPEG "image/jpeg"
#define PNG "image/png"
#define B(bytes) bytes, sizeof(bytes) - 1
/* What is left of the cases' metadata begins with this. */
#define CANARY "Zq"

static bool update;

static void read_picture(const char *name, const char *suffix, struct wg_buf *out)
{
	struct wg_err err = { 0 };
	char path[512];
	(void)snprintf(path, sizeof path, "%s/%s%s", PICTURES, name, suffix);
	assert_wg(wg_file_read(path, out, &err));
}

static void write_picture(const char *name, const struct wg_buf *clean)
{
	char path[512];
	(void)snprintf(path, sizeof path, "%s/%s.clean", PICTURES, name);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(clean->data, 1, clean->len, f), clean->len);
	assert_int_equal(fclose(f), 0);
}

static bool same(const struct wg_buf *a, const void *bytes, size_t len)
{
	return a->len == len && memcmp(a->data, bytes, len) == 0;
}

static bool holds(const struct wg_buf *b, const void *bytes, size_t len)
{
	return b->len >= len && memmem(b->data, b->len, bytes, len) != NULL;
}

/* What holds for whatever is cleaned: it does not grow, and is clean. */
static void check_clean(const char *type, const struct wg_buf *clean, size_t len, const char *name)
{
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf again = WG_BUF(clean->len);
	assert_wg(wg_picture_clean(type, clean->data, clean->len, &again, &err));
	if (clean->len > len || !same(&again, clean->data, clean->len))
		fail_msg("%s: cleaned again, it is another picture", name);
}

static const struct {
	const char *name, *type, *fault; /* fault: NULL when it is cleaned */
	int orientation;                 /* that is to stand in it; 1: none */
} pictures[] = {
	{ "baseline.jpg", JPEG, NULL, 1 },
	{ "baseline-all.jpg", JPEG, NULL, 6 },
	{ "progressive-all.jpg", JPEG, NULL, 8 },
	{ "upright.jpg", JPEG, NULL, 1 },
	{ "no-jfif.jpg", JPEG, NULL, 3 },
	{ "restarts.jpg", JPEG, NULL, 6 },
	{ "restarts-progressive.jpg", JPEG, NULL, 1 },
	{ "fill.jpg", JPEG, NULL, 1 },
	{ "scans.jpg", JPEG, NULL, 1 },
	{ "thumbnails.jpg", JPEG, NULL, 1 },
	{ "inks.jpg", JPEG, NULL, 6 },
	{ "grey.jpg", JPEG, NULL, 5 },
	{ "arithmetic.jpg", JPEG, "of a kind that is not shown everywhere", 1 },
	{ "colour.png", PNG, NULL, 1 },
	{ "colour-all.png", PNG, NULL, 1 },
	{ "transparent.png", PNG, NULL, 1 },
	{ "palette.png", PNG, NULL, 1 },
	{ "grey.png", PNG, NULL, 1 },
	{ "bits.png", PNG, NULL, 1 },
	{ "animated.png", PNG, NULL, 1 },
	{ "pieces.png", PNG, NULL, 1 },
};

/* The one thing that may be left of Exif. */
static void check_exif(const struct wg_buf *clean, int orientation, const char *name)
{
	uint8_t exif[] = "\xFF\xE1\0\x22"
					 "Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\0\0\0\0\0\0\0";
	exif[29] = (uint8_t)orientation;
	const uint8_t *at = memmem(clean->data, clean->len, "Exif", 4);
	if (orientation == 1 ? at != NULL : !holds(clean, exif, sizeof exif - 1))
		fail_msg("%s: its orientation should be %d", name, orientation);
	assert_true(at == NULL || memmem(at + 4, clean->len - (size_t)(at + 4 - clean->data), "Exif", 4) == NULL);
}

static void test_real_pictures(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(pictures); i++) {
		struct wg_err err = { 0 };
		const char *name = pictures[i].name, *fault = pictures[i].fault;
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX), clean = WG_BUF(BYTES_MAX), expected = WG_BUF(BYTES_MAX);
		read_picture(name, "", &bytes);
		enum wg_code code = wg_picture_clean(pictures[i].type, bytes.data, bytes.len, &clean, &err);
		if (code != (fault == NULL ? WG_OK : WG_REJECT) || (fault != NULL && strstr(err.text, fault) == NULL))
			fail_msg("%s: %s", name, err.text);
		assert_true(code == WG_OK || clean.len == 0);
		if (code != WG_OK)
			continue;
		if (update)
			write_picture(name, &clean);
		read_picture(name, ".clean", &expected);
		if (!same(&clean, expected.data, expected.len))
			fail_msg("%s: is not %s.clean", name, name);
		if (holds(&clean, CANARY, strlen(CANARY)) || holds(&clean, "Sample Street", 13))
			fail_msg("%s: words of its metadata are left", name);
		check_exif(&clean, pictures[i].orientation, name);
		check_clean(pictures[i].type, &clean, bytes.len, name);
	}
}

/* A picture that ends early is refused wherever that is; what follows a whole one is left behind. */
static void test_every_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(pictures); i++) {
		struct wg_err err = { 0 };
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX), out = WG_BUF(BYTES_MAX);
		if (pictures[i].fault != NULL)
			continue;
		read_picture(pictures[i].name, ".clean", &bytes);
		for (size_t len = 0; len < bytes.len; len++) {
			uint8_t *cut = malloc(len + 1); /* so that reading past the end is seen */
			assert_non_null(cut);
			memcpy(cut, bytes.data, len);
			uint8_t *exact = realloc(cut, len > 0 ? len : 1);
			assert_non_null(exact);
			if (wg_picture_clean(pictures[i].type, exact, len, &out, &err) != WG_REJECT || out.len != 0)
				fail_msg("%s cut to %zu bytes was taken", pictures[i].name, len);
			free(exact);
		}
		size_t whole = bytes.len;
		wg_buf_puts(&bytes, "Zq\xFF\xD8 and more");
		assert_wg(wg_picture_clean(pictures[i].type, bytes.data, bytes.len, &out, &err));
		assert_true(same(&out, bytes.data, whole));
	}
}

/* Whatever one byte becomes: refused, or clean. */
static void test_every_byte(void **state)
{
	(void)state;
	static const struct {
		const char *type, *bytes;
		size_t len;
	} bases[] = { { JPEG, B(JPEG_CLEAN) }, { PNG, B(PNG_CLEAN) } };
	unsigned long taken = 0;
	for (size_t i = 0; i < WG_COUNT(bases); i++)
		for (size_t at = 0; at < bases[i].len; at++)
			for (unsigned value = 0; value < 256; value++) {
				struct wg_err err = { 0 };
				uint8_t bytes[256];
				WG_AUTO_BUF struct wg_buf out = WG_BUF(bases[i].len);
				memcpy(bytes, bases[i].bytes, bases[i].len);
				bytes[at] = (uint8_t)value;
				enum wg_code code = wg_picture_clean(bases[i].type, bytes, bases[i].len, &out, &err);
				assert_true(code == WG_OK || (code == WG_REJECT && out.len == 0));
				if (code != WG_OK)
					continue;
				taken++;
				check_clean(bases[i].type, &out, bases[i].len, bases[i].type);
				/* nothing of a PNG can be another than it was, for its check sums */
				assert_true(i == 0 || memcmp(bytes, bases[i].bytes, bases[i].len) == 0);
			}
	assert_true(taken > 1000);
}

struct row {
	const char *bytes;
	size_t len;
	const char *fault; /* NULL: cleaned */
	const char *clean; /* NULL: as it is */
	size_t clean_len;
};

static void check_rows(const char *type, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct wg_err err = { 0 };
		char which[64];
		(void)snprintf(which, sizeof which, "%s, row %zu", type, i);
		WG_AUTO_BUF struct wg_buf out = WG_BUF(rows[i].len);
		enum wg_code code = wg_picture_clean(type, rows[i].bytes, rows[i].len, &out, &err);
		if (rows[i].fault != NULL) {
			if (code != WG_REJECT || strstr(err.text, rows[i].fault) == NULL || out.len != 0)
				fail_msg("%s: %s: %s", which, wg_code_name(code), err.text);
			continue;
		}
		if (code != WG_OK)
			fail_msg("%s: %s", which, err.text);
		bool as_it_is = rows[i].clean == NULL;
		if (!same(&out, as_it_is ? rows[i].bytes : rows[i].clean, as_it_is ? rows[i].len : rows[i].clean_len))
			fail_msg("%s: became another picture", which);
		check_clean(type, &out, rows[i].len, which);
	}
}

#define CUT "ends before its end"
#define LENGTH "a part of the wrong length"
#define SHOWN "of a kind that is not shown everywhere"
#define MARKER "a marker where none may stand"
#define NOTHING "nothing to show"
#define BETWEEN "bytes between its parts"
#define AS_IT_IS NULL, NULL, 0
#define REFUSED(fault) fault, NULL, 0
#define BECOMES(clean) NULL, B(clean)
/* The parts of a whole JPEG with something before them, and with something in the place of one. */
#define HEADED(more) B(JPEG_SOI more JPEG_TABLES JPEG_SCAN JPEG_EOI)
#define FRAMED(frame) B(JPEG_SOI JPEG_DQT frame JPEG_DHT JPEG_SCAN JPEG_EOI)
#define SCANNED(scan) B(JPEG_SOI JPEG_TABLES scan JPEG_EOI)
#define JFIF "\xFF\xE0\0\x10JFIF\0\1\2\1\0\x48\0\x48\0\0"
#define DRI "\xFF\xDD\0\4\0\1"
#define SIXTEEN "0123456789abcdef"
#define ADOBE(transform) \
	"\xFF\xEE\0\x0E"     \
	"Adobe\0\x64\0\0\0\0" transform
#define PLAIN BECOMES(JPEG_CLEAN)

/* clang-format off */
static const struct row jpegs[] = {
	{ B(JPEG_CLEAN), AS_IT_IS },
	/* what is no picture at all */
	{ "", 0, REFUSED("is no JPEG") },
	{ B("\xFF"), REFUSED("is no JPEG") },
	{ B(PNG_CLEAN), REFUSED("is no JPEG") },
	{ B("\xFF\xD8\xFF\xE0 a photograph"), REFUSED(CUT) },
	{ B(JPEG_SOI JPEG_EOI), REFUSED(NOTHING) },
	{ B(JPEG_SOI JPEG_TABLES JPEG_EOI), REFUSED(NOTHING) },
	/* JFIF: the first, before the picture, without its thumbnail */
	{ HEADED(JFIF), AS_IT_IS },
	{ HEADED("\xFF\xE0\0\x13JFIF\0\1\2\1\0\x48\0\x48\1\1ZqT"), BECOMES(JPEG_SOI JFIF JPEG_TABLES JPEG_SCAN JPEG_EOI) },
	{ HEADED("\xFF\xE0\0\x10JFIF\0\1\2\1\0\x48\0\x48Zq"), BECOMES(JPEG_SOI JFIF JPEG_TABLES JPEG_SCAN JPEG_EOI) },
	{ HEADED(JFIF JFIF), BECOMES(JPEG_SOI JFIF JPEG_TABLES JPEG_SCAN JPEG_EOI) },
	{ HEADED("\xFF\xE0\0\x0FJFIF\0\1\2\1\0\x48\0\x48\0"), PLAIN },
	{ HEADED("\xFF\xE0\0\x10JFXX\0\x13ZqZqZqZq"), PLAIN },
	{ B(JPEG_SOI JPEG_TABLES JFIF JPEG_SCAN JPEG_EOI), PLAIN },
	/* Adobe: how colours are coded, nothing else */
	{ HEADED(ADOBE("\1")), AS_IT_IS },
	{ HEADED(ADOBE("\0") ADOBE("\1")), BECOMES(JPEG_SOI ADOBE("\0") JPEG_TABLES JPEG_SCAN JPEG_EOI) },
	{ HEADED("\xFF\xEE\0\x10" "AdobeZqZqZq\2Zq"), BECOMES(JPEG_SOI ADOBE("\2") JPEG_TABLES JPEG_SCAN JPEG_EOI) },
	{ HEADED(ADOBE("\3")), REFUSED(SHOWN) },
	{ HEADED("\xFF\xEE\0\x0D" "Adobe\0\x64\0\0\0\0"), PLAIN },
	{ HEADED("\xFF\xEE\0\x0E" "ZqZqZ\0\x64\0\0\0\0\1"), PLAIN },
	/* all else that programs write beside it, wherever it stands */
	{ HEADED("\xFF\xFE\0\4Zq"), PLAIN },
	{ HEADED("\xFF\xFE\0\2"), PLAIN },
	{ HEADED("\xFF\xE1\0\4Zq"), PLAIN },
	{ HEADED("\xFF\xE2\0\4Zq\xFF\xED\0\4Zq\xFF\xEF\0\4Zq"), PLAIN },
	{ B(JPEG_SOI JPEG_TABLES "\xFF\xFE\0\4Zq" JPEG_SCAN "\xFF\xEC\0\4Zq" JPEG_EOI "Zq"), PLAIN },
	/* markers and lengths */
	{ HEADED("\xFF\xFF\xFF\xFE\0\4Zq"), PLAIN },
	{ HEADED("Zq"), REFUSED(BETWEEN) },
	{ HEADED("\0"), REFUSED(BETWEEN) },
	{ HEADED("\xFF\xFE\0\1"), REFUSED(LENGTH) },
	{ HEADED("\xFF\xFE\0\0"), REFUSED(LENGTH) },
	{ HEADED("\xFF\xFE\xFF\xFF"), REFUSED(CUT) },
	{ B(JPEG_SOI "\xFF\xFE\0"), REFUSED(CUT) },
	{ B(JPEG_SOI "\xFF\xFE"), REFUSED(CUT) },
	{ B(JPEG_SOI "\xFF"), REFUSED(CUT) },
	{ HEADED("\xFF\0"), REFUSED(MARKER) },
	{ HEADED("\xFF\1"), REFUSED(MARKER) },
	{ HEADED("\xFF\xBF\0\2"), REFUSED(MARKER) },
	{ HEADED("\xFF\xD0"), REFUSED(MARKER) },
	{ HEADED("\xFF\xD7"), REFUSED(MARKER) },
	{ HEADED("\xFF\xD8"), REFUSED(MARKER) },
	{ HEADED("\xFF\xC8\0\4Zq"), REFUSED(SHOWN) },
	{ HEADED("\xFF\xCC\0\4Zq"), REFUSED(SHOWN) },
	{ HEADED("\xFF\xDC\0\4\0\1"), REFUSED(SHOWN) },
	{ HEADED("\xFF\xDE\0\4Zq"), REFUSED(SHOWN) },
	{ HEADED("\xFF\xF0\0\4Zq"), REFUSED(SHOWN) },
	{ HEADED("\xFF\xFD\0\4Zq"), REFUSED(SHOWN) },
	{ HEADED("\xFF\xFF"), PLAIN },
	/* tables: exactly as long as they are */
	{ HEADED(JPEG_DQT JPEG_DHT), AS_IT_IS },
	{ HEADED("\xFF\xDB\0\2\xFF\xC4\0\2"), AS_IT_IS },
	{ HEADED("\xFF\xDB\0\x45\0" SIXTEEN SIXTEEN SIXTEEN SIXTEEN "Zq"), REFUSED(SHOWN) },
	{ HEADED("\xFF\xDB\0\x45\0" SIXTEEN SIXTEEN SIXTEEN SIXTEEN "\1q"), REFUSED(LENGTH) },
	{ HEADED("\xFF\xDB\0\x42\0" SIXTEEN SIXTEEN SIXTEEN "0123456789abcde"), REFUSED(LENGTH) },
	{ HEADED("\xFF\xDB\0\x83\x13" SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN), AS_IT_IS },
	{ HEADED("\xFF\xDB\0\x43\x10" SIXTEEN SIXTEEN SIXTEEN SIXTEEN), REFUSED(LENGTH) },
	{ HEADED("\xFF\xDB\0\x43\4" SIXTEEN SIXTEEN SIXTEEN SIXTEEN), REFUSED(SHOWN) },
	{ HEADED("\xFF\xC4\0\x15\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), REFUSED(LENGTH) },
	{ HEADED("\xFF\xC4\0\x13\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), REFUSED(LENGTH) },
	{ HEADED("\xFF\xC4\0\x12\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), REFUSED(LENGTH) },
	{ HEADED("\xFF\xC4\0\x13\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), REFUSED(SHOWN) },
	{ HEADED("\xFF\xC4\0\x13\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), REFUSED(SHOWN) },
	{ HEADED("\xFF\xC4\0\x13\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xFF\2"), REFUSED(LENGTH) },
	{ HEADED(DRI), AS_IT_IS },
	{ HEADED("\xFF\xDD\0\5\0\1q"), REFUSED(LENGTH) },
	{ HEADED("\xFF\xDD\0\3\0"), REFUSED(LENGTH) },
	/* the frame */
	{ FRAMED("\xFF\xC1\0\x0B\x08\0\x08\0\x08\1\1\x11\0"), AS_IT_IS },
	{ FRAMED("\xFF\xC2\0\x11\x08\0\x08\0\x08\3\1\x22\0\2\x11\1\3\x44\3"), AS_IT_IS },
	{ FRAMED("\xFF\xC3\0\x0B\x08\0\x08\0\x08\1\1\x11\0"), REFUSED(SHOWN) },
	{ FRAMED("\xFF\xC5\0\x0B\x08\0\x08\0\x08\1\1\x11\0"), REFUSED(SHOWN) },
	{ FRAMED("\xFF\xCF\0\x0B\x08\0\x08\0\x08\1\1\x11\0"), REFUSED(SHOWN) },
	{ FRAMED("\xFF\xC0\0\x0D\x08\0\x08\0\x08\1\1\x11\0Zq"), REFUSED(LENGTH) },
	{ FRAMED("\xFF\xC0\0\x0A\x08\0\x08\0\x08\1\1\x11"), REFUSED(LENGTH) },
	{ FRAMED("\xFF\xC0\0\7\x08\0\x08\0\x08"), REFUSED(LENGTH) },
	{ FRAMED("\xFF\xC0\0\x08\x08\0\x08\0\x08\0"), REFUSED(LENGTH) },
	{ FRAMED("\xFF\xC0\0\x17\x08\0\x08\0\x08\5\1\x11\0\2\x11\0\3\x11\0\4\x11\0\5\x11\0"), REFUSED(LENGTH) },
	{ FRAMED("\xFF\xC0\0\x0B\x0C\0\x08\0\x08\1\1\x11\0"), REFUSED(SHOWN) },
	{ FRAMED("\xFF\xC0\0\x0B\x08\0\0\0\x08\1\1\x11\0"), REFUSED(SHOWN) },
	{ FRAMED("\xFF\xC0\0\x0B\x08\0\x08\0\0\1\1\x11\0"), REFUSED(SHOWN) },
	{ FRAMED("\xFF\xC0\0\x0B\x08\0\x08\0\x08\1\1\x01\0"), REFUSED(SHOWN) },
	{ FRAMED("\xFF\xC0\0\x0B\x08\0\x08\0\x08\1\1\x10\0"), REFUSED(SHOWN) },
	{ FRAMED("\xFF\xC0\0\x0B\x08\0\x08\0\x08\1\1\x51\0"), REFUSED(SHOWN) },
	{ FRAMED("\xFF\xC0\0\x0B\x08\0\x08\0\x08\1\1\x15\0"), REFUSED(SHOWN) },
	{ FRAMED("\xFF\xC0\0\x0B\x08\0\x08\0\x08\1\1\x11\4"), REFUSED(SHOWN) },
	{ FRAMED("\xFF\xC0\0\x0E\x08\0\x08\0\x08\2\1\x11\0\1\x11\0"), REFUSED(SHOWN) },
	{ FRAMED(JPEG_SOF JPEG_SOF), REFUSED("more than one picture") },
	/* scans, and what is coded in them */
	{ SCANNED(JPEG_SCAN JPEG_DHT JPEG_SCAN), AS_IT_IS },
	{ SCANNED(JPEG_SOS "Z\xFF\0q\xFF\0"), AS_IT_IS },
	{ SCANNED(JPEG_SCAN "\xFF\xFF\xFF"), PLAIN },
	{ SCANNED(JPEG_SCAN "\xFF\xFF\0"), REFUSED(MARKER) },
	{ SCANNED(JPEG_SCAN "\xFF\xD0" JPEG_CODED), REFUSED(MARKER) },
	{ SCANNED(JPEG_SOS), REFUSED(NOTHING) },
	{ SCANNED(JPEG_SOS "\xFF\xFF"), REFUSED(NOTHING) },
	{ SCANNED(DRI JPEG_SCAN "\xFF\xD0" JPEG_CODED "\xFF\xD1" JPEG_CODED), AS_IT_IS },
	{ SCANNED(DRI JPEG_SCAN "\xFF\xFF\xD0" JPEG_CODED "\xFF\xFF\xFF\xD7" JPEG_CODED),
	  BECOMES(JPEG_SOI JPEG_TABLES DRI JPEG_SCAN "\xFF\xD0" JPEG_CODED "\xFF\xD7" JPEG_CODED JPEG_EOI) },
	{ SCANNED(DRI "\xFF\xDD\0\4\0\0" JPEG_SCAN "\xFF\xD0" JPEG_CODED), REFUSED(MARKER) },
	{ SCANNED("\xFF\xDA\0\x08\1\1\x33\0\x3F\0" JPEG_CODED), AS_IT_IS },
	{ SCANNED("\xFF\xDA\0\x08\1\1\x40\0\x3F\0" JPEG_CODED), REFUSED(SHOWN) },
	{ SCANNED("\xFF\xDA\0\x08\1\1\x04\0\x3F\0" JPEG_CODED), REFUSED(SHOWN) },
	{ SCANNED("\xFF\xDA\0\x08\1\2\0\0\x3F\0" JPEG_CODED), REFUSED(SHOWN) },
	{ SCANNED("\xFF\xDA\0\x08\1\1\0\x40\x3F\0" JPEG_CODED), REFUSED(SHOWN) },
	{ SCANNED("\xFF\xDA\0\x08\1\1\0\0\x40\0" JPEG_CODED), REFUSED(SHOWN) },
	{ SCANNED("\xFF\xDA\0\x0A\1\1\0\0\x3F\0Zq" JPEG_CODED), REFUSED(LENGTH) },
	{ SCANNED("\xFF\xDA\0\2" JPEG_CODED), REFUSED(LENGTH) },
	{ SCANNED("\xFF\xDA\0\6\0\0\x3F\0" JPEG_CODED), REFUSED(LENGTH) },
	{ SCANNED("\xFF\xDA\0\x0A\2\1\0\1\0\0\x3F\0" JPEG_CODED), REFUSED(LENGTH) },
	{ B(JPEG_SOI JPEG_SCAN JPEG_TABLES JPEG_EOI), REFUSED(LENGTH) },
	{ B(JPEG_SOI JPEG_TABLES JPEG_SOS), REFUSED(CUT) },
	{ B(JPEG_SOI JPEG_TABLES JPEG_SCAN), REFUSED(CUT) },
	{ B(JPEG_SOI JPEG_TABLES JPEG_SCAN "\xFF"), REFUSED(CUT) },
	{ B(JPEG_SOI JPEG_TABLES JPEG_SCAN "\xFF\xFF"), REFUSED(CUT) },
};
/* clang-format on */

static void test_jpegs(void **state)
{
	(void)state;
	check_rows(JPEG, jpegs, WG_COUNT(jpegs));
}

/* ---- which way up */

#define EXIF(tiff) "Exif\0\0" tiff
#define BIG "MM\0*\0\0\0\x08"
#define LITTLE "II*\0\x08\0\0\0"
#define END "\0\0\0\0"
#define BIG_ENTRY(value) "\x01\x12\0\3\0\0\0\1\0" value "Zq"
#define LITTLE_ENTRY(value) "\x12\x01\3\0\1\0\0\0" value "\0Zq"

/* clang-format off */
static const struct {
	const char *bytes;
	size_t len;
	int orientation;
} exifs[] = {
	{ B(EXIF(BIG "\0\1" BIG_ENTRY("\2") END)), 2 },
	{ B(EXIF(BIG "\0\1" BIG_ENTRY("\x08") END)), 8 },
	{ B(EXIF(BIG "\0\1" BIG_ENTRY("\1") END)), 1 },
	{ B(EXIF(BIG "\0\1" BIG_ENTRY("\0") END)), 1 },
	{ B(EXIF(BIG "\0\1" BIG_ENTRY("\x09") END)), 1 },
	{ B(EXIF(LITTLE "\1\0" LITTLE_ENTRY("\7") END)), 7 },
	{ B(EXIF(LITTLE "\1\0" LITTLE_ENTRY("\xFF") END)), 1 },
	/* not the first entry; one after it does not count */
	{ B(EXIF(BIG "\0\2" "\1\x0F\0\2\0\0\0\4Zqm\0" BIG_ENTRY("\6") END)), 6 },
	{ B(EXIF(BIG "\0\3" BIG_ENTRY("\1") BIG_ENTRY("\6") END)), 1 },
	/* of another type, or several */
	{ B(EXIF(BIG "\0\1" "\x01\x12\0\4\0\0\0\1\0\6\0\0" END)), 1 },
	{ B(EXIF(BIG "\0\1" "\x01\x12\0\3\0\0\0\2\0\6\0\6" END)), 1 },
	/* a directory that is not at the beginning, not there, or lies about its length */
	{ B(EXIF("MM\0*\0\0\0\x0A" "Zq\0\1" BIG_ENTRY("\6") END)), 6 },
	{ B(EXIF("MM\0*\0\0\0\x19" "\0\1" BIG_ENTRY("\6") END)), 1 },
	{ B(EXIF("MM\0*\0\0\0\x18" "\0\1" BIG_ENTRY("\6") END)), 1 },
	{ B(EXIF("MM\0*\xFF\xFF\xFF\xFF" "\0\1" BIG_ENTRY("\6") END)), 1 },
	{ B(EXIF(BIG "\xFF\xFF" BIG_ENTRY("\6") END)), 6 },
	{ B(EXIF(BIG "\xFF\xFF" "\1\x0F\0\2\0\0\0\4Zqm\0" END)), 1 },
	{ B(EXIF(BIG "\0\0" BIG_ENTRY("\6") END)), 1 },
	{ B(EXIF(BIG "\0\1" BIG_ENTRY("\6"))), 1 }, /* too short to be one */
	{ B(EXIF("")), 1 },
	{ B(EXIF("MI\0*\0\0\0\x08" "\0\1" BIG_ENTRY("\6") END)), 1 },
	{ B(EXIF("II*\1\x08\0\0\0\1\0" LITTLE_ENTRY("\6") END)), 1 },
	{ B("Exif\0"), 1 },
	{ B("Exif\0Z" BIG "\0\1" BIG_ENTRY("\6") END), 1 },
};
/* clang-format on */

static void put_exif(struct wg_buf *b, const char *bytes, size_t len)
{
	const uint8_t head[] = { 0xFF, 0xE1, 0, (uint8_t)(len + 2) };
	assert_true(len < 200);
	wg_buf_put(b, head, sizeof head);
	wg_buf_put(b, bytes, len);
}

static void test_orientation(void **state)
{
	(void)state;
	static const char last[] = EXIF(BIG "\0\1" BIG_ENTRY("\3") END);
	for (size_t i = 0; i < WG_COUNT(exifs); i++) {
		struct wg_err err = { 0 };
		char which[32];
		(void)snprintf(which, sizeof which, "exif %zu", i);
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX), out = WG_BUF(BYTES_MAX);
		wg_buf_put(&bytes, B(JPEG_SOI));
		put_exif(&bytes, exifs[i].bytes, exifs[i].len);
		if (exifs[i].len > 6 && exifs[i].bytes[5] == '\0')
			put_exif(&bytes, B(last)); /* only the first counts */
		wg_buf_put(&bytes, B(JPEG_TABLES));
		put_exif(&bytes, B(last)); /* nor one that comes too late */
		wg_buf_put(&bytes, B(JPEG_SCAN JPEG_EOI));
		assert_wg(wg_picture_clean(JPEG, bytes.data, bytes.len, &out, &err));
		check_exif(&out, exifs[i].orientation, which);
		assert_false(holds(&out, CANARY, 2));
		assert_int_equal(out.len, sizeof JPEG_CLEAN - 1 + (exifs[i].orientation != 1 ? 36 : 0));
		check_clean(JPEG, &out, bytes.len, which);
	}
}

/* ---- PNG */

struct chunk {
	const char *type, *bytes;
	size_t len;
};

#define HEAD(depth, colour)                                 \
	{                                                       \
		"IHDR", B("\0\0\0\1\0\0\0\1" depth colour "\0\0\0") \
	}
#define GREY HEAD("\x08", "\0")
#define COLOURS HEAD("\x08", "\3")
#define DATA              \
	{                     \
		"IDAT", B("data") \
	}
#define LAST          \
	{                 \
		"IEND", "", 0 \
	}
#define PALETTE             \
	{                       \
		"PLTE", B("RGBrgb") \
	}
#define ORDER "its parts in the wrong order"
#define CHUNKS_MAX 9

/* clang-format off */
static const struct {
	const char *fault;       /* NULL: cleaned */
	const char *left;        /* numbers of the chunks that are left; NULL: all */
	struct chunk chunks[CHUNKS_MAX];
} pngs[] = {
	{ NULL, NULL, { GREY, DATA, LAST } },
	{ NULL, NULL, { GREY, DATA, DATA, { "IDAT", "", 0 }, LAST } },
	{ NULL, NULL, { GREY, { "gAMA", B("\0\1\2\3") }, { "sRGB", B("\3") },
	                { "cHRM", B(SIXTEEN SIXTEEN) }, { "tRNS", B("\0\1") }, DATA, LAST } },
	{ NULL, NULL, { COLOURS, PALETTE, { "tRNS", B("\0\1") }, DATA, LAST } },
	{ NULL, NULL, { HEAD("\x10", "\2"), PALETTE, { "tRNS", B("\0\1\0\1\0\1") }, DATA, LAST } },
	{ NULL, NULL, { HEAD("\x10", "\6"), PALETTE, DATA, LAST } },
	{ NULL, NULL, { HEAD("\x08", "\4"), DATA, LAST } },
	{ NULL, NULL, { { "IHDR", B("\x7F\xFF\xFF\xFF\0\0\0\1\1\0\0\0\1") }, DATA, LAST } },
	/* what is left out */
	{ NULL, "0 3 5", { GREY, { "tEXt", B("Comment\0Zq") }, { "zTXt", B("Zq") }, DATA, { "iTXt", B("Zq") }, LAST } },
	{ NULL, "0 4 6", { GREY, { "eXIf", B("MMZq") }, { "iCCP", B("Zq") }, { "tIME", B("Zq") }, DATA, { "zqzq", B("Zq") },
	                   LAST } },
	{ NULL, "0 3 6", { GREY, { "acTL", B("Zq") }, { "fcTL", B("Zq") }, DATA, { "fcTL", B("Zq") }, { "fdAT", B("Zq") },
	                   LAST } },
	{ NULL, "0 1 3 5 7", { COLOURS, PALETTE, { "bKGD", B("\0") }, { "tRNS", B("\0") }, { "hIST", B("Zq") }, DATA, { "sPLT", B("Zq") } ,
	                     LAST } },
	/* order */
	{ ORDER, NULL, { DATA, LAST } },
	{ ORDER, NULL, { { "tEXt", B("Zq") }, GREY, DATA, LAST } },
	{ ORDER, NULL, { LAST } },
	{ ORDER, NULL, { GREY, LAST } },
	{ ORDER, NULL, { GREY, GREY, DATA, LAST } },
	{ ORDER, NULL, { GREY, DATA, GREY, LAST } },
	{ ORDER, NULL, { GREY, DATA, { "tEXt", B("Zq") }, DATA, LAST } },
	{ ORDER, NULL, { GREY, DATA, { "gAMA", B("\0\1\2\3") }, LAST } },
	{ ORDER, NULL, { GREY, { "gAMA", B("\0\1\2\3") }, { "gAMA", B("\0\1\2\3") }, DATA, LAST } },
	{ ORDER, NULL, { COLOURS, PALETTE, PALETTE, DATA, LAST } },
	{ ORDER, NULL, { COLOURS, DATA, PALETTE, LAST } },
	{ ORDER, NULL, { COLOURS, DATA, LAST } },
	{ ORDER, NULL, { COLOURS, { "tRNS", B("\0") }, PALETTE, DATA, LAST } },
	{ ORDER, NULL, { HEAD("\x08", "\2"), { "tRNS", B("\0\1\0\1\0\1") }, PALETTE, DATA, LAST } },
	{ ORDER, NULL, { GREY, PALETTE, DATA, LAST } },
	{ ORDER, NULL, { HEAD("\x08", "\4"), PALETTE, DATA, LAST } },
	{ ORDER, NULL, { HEAD("\x08", "\4"), { "tRNS", B("\0\1") }, DATA, LAST } },
	{ ORDER, NULL, { HEAD("\x08", "\6"), { "tRNS", B("\0\1") }, DATA, LAST } },
	/* length */
	{ LENGTH, NULL, { { "IHDR", B("\0\0\0\1\0\0\0\1\x08\0\0\0") }, DATA, LAST } },
	{ LENGTH, NULL, { { "IHDR", B("\0\0\0\1\0\0\0\1\x08\0\0\0\0Zq") }, DATA, LAST } },
	{ LENGTH, NULL, { GREY, DATA, { "IEND", B("Zq") } } },
	{ LENGTH, NULL, { GREY, { "gAMA", B("\0\1\2\3Zq") }, DATA, LAST } },
	{ LENGTH, NULL, { GREY, { "sRGB", B("\0Zq") }, DATA, LAST } },
	{ LENGTH, NULL, { GREY, { "cHRM", B(SIXTEEN SIXTEEN "Zq") }, DATA, LAST } },
	{ LENGTH, NULL, { GREY, { "tRNS", B("\0\1Zq") }, DATA, LAST } },
	{ LENGTH, NULL, { GREY, { "tRNS", "", 0 }, DATA, LAST } },
	{ LENGTH, NULL, { HEAD("\x08", "\2"), { "tRNS", B("\0\1") }, DATA, LAST } },
	{ LENGTH, NULL, { COLOURS, PALETTE, { "tRNS", B("\0Zq") }, DATA, LAST } },
	{ LENGTH, NULL, { COLOURS, { "PLTE", B("RGBr") }, DATA, LAST } },
	{ LENGTH, NULL, { COLOURS, { "PLTE", "", 0 }, DATA, LAST } },
	{ LENGTH, NULL, { HEAD("\1", "\3"), { "PLTE", B("RGBrgbZqZ") }, DATA, LAST } },
	/* kinds */
	{ SHOWN, NULL, { HEAD("\3", "\0"), DATA, LAST } },
	{ SHOWN, NULL, { HEAD("\x08", "\1"), DATA, LAST } },
	{ SHOWN, NULL, { HEAD("\x08", "\7"), DATA, LAST } },
	{ SHOWN, NULL, { HEAD("\x10", "\3"), DATA, LAST } },
	{ SHOWN, NULL, { HEAD("\x20", "\0"), DATA, LAST } },
	{ SHOWN, NULL, { { "IHDR", B("\0\0\0\0\0\0\0\1\x08\0\0\0\0") }, DATA, LAST } },
	{ SHOWN, NULL, { { "IHDR", B("\0\0\0\1\0\0\0\0\x08\0\0\0\0") }, DATA, LAST } },
	{ SHOWN, NULL, { { "IHDR", B("\x80\0\0\0\0\0\0\1\x08\0\0\0\0") }, DATA, LAST } },
	{ SHOWN, NULL, { { "IHDR", B("\0\0\0\1\x80\0\0\0\x08\0\0\0\0") }, DATA, LAST } },
	{ SHOWN, NULL, { { "IHDR", B("\0\0\0\1\0\0\0\1\x08\0\1\0\0") }, DATA, LAST } },
	{ SHOWN, NULL, { { "IHDR", B("\0\0\0\1\0\0\0\1\x08\0\0\1\0") }, DATA, LAST } },
	{ SHOWN, NULL, { { "IHDR", B("\0\0\0\1\0\0\0\1\x08\0\0\0\2") }, DATA, LAST } },
	{ SHOWN, NULL, { GREY, { "sRGB", B("\4") }, DATA, LAST } },
	{ SHOWN, NULL, { GREY, { "ZqZq", B("Zq") }, DATA, LAST } },
	{ SHOWN, NULL, { GREY, { "zq1q", B("Zq") }, DATA, LAST } },
	{ SHOWN, NULL, { GREY, { "zq[q", B("Zq") }, DATA, LAST } },
	{ SHOWN, NULL, { GREY, { "zq{q", B("Zq") }, DATA, LAST } },
	{ CUT, NULL, { GREY, DATA } },
};

static const struct row png_bytes[] = {
	{ B(PNG_CLEAN), AS_IT_IS },
	{ B(PNG_CLEAN "Zq"), BECOMES(PNG_CLEAN) },
	{ "", 0, REFUSED("is no PNG") },
	{ B(JPEG_CLEAN), REFUSED("is no PNG") },
	{ B("\x89PNG\n\x1A\n"), REFUSED("is no PNG") },
	{ B(PNG_START), REFUSED(CUT) },
	{ B(PNG_START PNG_IHDR PNG_IDAT "\0\0\0\0IEND\xAE\x42\x60\x83"), REFUSED("check sum is wrong") },
	{ B(PNG_START PNG_IHDR "\0\0\0\2tEXtZq\0\0\0\0" PNG_IDAT PNG_IEND), REFUSED("check sum is wrong") },
	{ B(PNG_START PNG_IHDR "\xFF\xFF\xFF\xF4IDAT" PNG_IDAT PNG_IEND), REFUSED(CUT) },
	{ B(PNG_START PNG_IHDR "\0\0\0\x1FtEXt" PNG_IDAT PNG_IEND), REFUSED(CUT) },
};
/* clang-format on */

static void test_png_chunks(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(pngs); i++) {
		struct wg_err err = { 0 };
		char number[3] = "0";
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX), expected = WG_BUF(BYTES_MAX), out = WG_BUF(BYTES_MAX);
		wg_buf_put(&bytes, B(PNG_START));
		wg_buf_put(&expected, B(PNG_START));
		for (size_t c = 0; c < CHUNKS_MAX && pngs[i].chunks[c].type != NULL; c++, number[0]++) {
			const struct chunk *chunk = &pngs[i].chunks[c];
			png_chunk(&bytes, chunk->type, chunk->bytes, chunk->len);
			if (pngs[i].left == NULL || strstr(pngs[i].left, number) != NULL)
				png_chunk(&expected, chunk->type, chunk->bytes, chunk->len);
		}
		enum wg_code code = wg_picture_clean(PNG, bytes.data, bytes.len, &out, &err);
		if (pngs[i].fault == NULL ? code != WG_OK || !same(&out, expected.data, expected.len)
		                          : code != WG_REJECT || strstr(err.text, pngs[i].fault) == NULL || out.len != 0)
			fail_msg("png %zu: %s: %s", i, wg_code_name(code), err.text);
		assert_false(holds(&out, CANARY, 2));
		if (code == WG_OK)
			check_clean(PNG, &out, bytes.len, "png");
	}
	check_rows(PNG, png_bytes, WG_COUNT(png_bytes));
}

/* The type that is said must be the one that it is; memory is the buffer's. */
static void test_types_and_limits(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf out = WG_BUF(sizeof JPEG_CLEAN - 2);
	static const char *const types[] = { "", "image/gif", "image/jpeg ", "image/JPEG", "image/png", "image/pngx" };
	for (size_t i = 0; i < WG_COUNT(types); i++) {
		wg_buf_puts(&out, "before");
		assert_int_equal(wg_picture_clean(types[i], B(JPEG_CLEAN), &out, &err), WG_REJECT);
		assert_int_equal(out.len, 0);
	}
	assert_int_equal(wg_picture_clean(JPEG, B(JPEG_CLEAN), &out, &err), WG_LIMIT);
	assert_int_equal(out.len, 0);
	out.max = sizeof JPEG_CLEAN - 1;
	wg_buf_reset(&out);
	wg_buf_puts(&out, "before");
	assert_wg(wg_picture_clean(JPEG, B(JPEG_CLEAN), &out, &err));
	assert_true(same(&out, B(JPEG_CLEAN)));
}

/* What the tests' own pictures say of themselves. */
static void test_the_smallest_pictures(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
		const char *base64, *hash;
	} own[] = { { B(JPEG_CLEAN), JPEG_BASE64, JPEG_SHA256 }, { B(PNG_CLEAN), PNG_BASE64, PNG_SHA256 } };
	for (size_t i = 0; i < WG_COUNT(own); i++) {
		uint8_t hash[WG_SHA256_LEN];
		char text[2 * WG_SHA256_LEN + 1];
		WG_AUTO_FREE char *base64 = wg_base64_encode(own[i].bytes, own[i].len);
		assert_string_equal(base64, own[i].base64);
		wg_sha256(own[i].bytes, own[i].len, hash);
		wg_hex(hash, sizeof hash, text);
		assert_string_equal(text, own[i].hash);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_pictures),    cmocka_unit_test(test_every_end),
		cmocka_unit_test(test_every_byte),       cmocka_unit_test(test_jpegs),
		cmocka_unit_test(test_orientation),      cmocka_unit_test(test_png_chunks),
		cmocka_unit_test(test_types_and_limits), cmocka_unit_test(test_the_smallest_pictures),
	};
	update = argc == 2 && strcmp(argv[1], "--update") == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
