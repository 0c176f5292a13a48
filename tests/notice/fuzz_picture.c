/* Any bytes as a photograph: refused, or a clean one that is not larger, is clean, and in which none of the places is
 * left where metadata stands. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "notice/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static size_t be16(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

/* Every segment of a clean JPEG is one of those that a picture needs. */
static void check_jpeg(const uint8_t *p, size_t len)
{
	static const uint8_t needed[] = { 0xC0, 0xC1, 0xC2, 0xC4, 0xDA, 0xDB, 0xDD, 0xE0, 0xE1, 0xEE };
	size_t at = 2;
	must(len > 4 && p[0] == 0xFF && p[1] == 0xD8 && p[len - 2] == 0xFF && p[len - 1] == 0xD9);
	while (at < len - 2) {
		must(p[at] == 0xFF && memchr(needed, p[at + 1], sizeof needed) != NULL);
		must(p[at + 1] != 0xE0 || (be16(p + at + 2) == 16 && p[at + 16] == 0 && p[at + 17] == 0));
		must(p[at + 1] != 0xE1 || (be16(p + at + 2) == 34 && memcmp(p + at + 4, "Exif", 5) == 0));
		must(p[at + 1] != 0xEE || (be16(p + at + 2) == 14 && memcmp(p + at + 4, "Adobe", 5) == 0));
		bool scan = p[at + 1] == 0xDA;
		at += 2 + be16(p + at + 2);
		while (scan && !(p[at] == 0xFF && p[at + 1] != 0 && (p[at + 1] < 0xD0 || p[at + 1] > 0xD7)))
			at++;
	}
	must(at == len - 2);
}

static void check_png(const uint8_t *p, size_t len)
{
	static const char *const needed[] = { "IHDR", "PLTE", "tRNS", "gAMA", "sRGB", "cHRM", "IDAT", "IEND" };
	size_t at = 8;
	while (at < len) {
		bool known = false;
		for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
			known = known || memcmp(p + at + 4, needed[i], 4) == 0;
		must(known);
		at += 12 + (be16(p + at) << 16 | be16(p + at + 2));
	}
	must(at == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = { "image/jpeg", "image/png" };
	for (size_t i = 0; i < 2; i++) {
		struct wg_err err = { 0 };
		WG_AUTO_BUF struct wg_buf clean = WG_BUF(size), again = WG_BUF(size);
		enum wg_code code = wg_picture_clean(types[i], data, size, &clean, &err);
		must(code == WG_OK || (code == WG_REJECT && clean.len == 0 && err.text[0] != '\0'));
		if (code != WG_OK)
			continue;
		must(clean.len <= size);
		must(wg_picture_clean(types[i], clean.data, clean.len, &again, &err) == WG_OK);
		must(again.len == clean.len && memcmp(again.data, clean.data, clean.len) == 0);
		if (i == 0)
			check_jpeg(clean.data, clean.len);
		else
			check_png(clean.data, clean.len);
	}
	return 0;
}
