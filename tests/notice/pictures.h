/* The smallest real pictures, of parts that tests put together: a grey square as JPEG, a grey point as PNG. Nothing in
 * them is more than is needed to show them. */
#ifndef WG_TESTS_PICTURES_H
#define WG_TESTS_PICTURES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#define JPEG_SOI "\xFF\xD8"
#define JPEG_DQT "\xFF\xDB\0\x43\0ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"
#define JPEG_SOF "\xFF\xC0\0\x0B\x08\0\x08\0\x08\1\1\x11\0"
#define JPEG_DHT_OF(table) "\xFF\xC4\0\x14" table "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define JPEG_DHT JPEG_DHT_OF("\0") JPEG_DHT_OF("\x10")
#define JPEG_SOS "\xFF\xDA\0\x08\1\1\0\0\x3F\0"
#define JPEG_CODED "\x3F"
#define JPEG_EOI "\xFF\xD9"
#define JPEG_TABLES JPEG_DQT JPEG_SOF JPEG_DHT
#define JPEG_SCAN JPEG_SOS JPEG_CODED
#define JPEG_CLEAN JPEG_SOI JPEG_TABLES JPEG_SCAN JPEG_EOI
#define JPEG_BASE64                                                                        \
	"/9j/2wBDAEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIz" \
	"NDU2Nzg5Ky3/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAA" \
	"AAD/2gAIAQEAAD8AP//Z"
#define JPEG_SHA256 "3513af8eeccaf23ae7564b783f80b30ab07f8523c9eaa3157dca4580ea5ae8c9"

#define PNG_START "\x89PNG\r\n\x1A\n"
#define PNG_IHDR "\0\0\0\x0DIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0\x3A\x7E\x9B\x55"
#define PNG_IDAT "\0\0\0\x0AIDAT\x78\xDA\x63\x68\0\0\0\x82\0\x81\xDA\x45\x08\x3B"
#define PNG_IEND "\0\0\0\0IEND\xAE\x42\x60\x82"
#define PNG_CLEAN PNG_START PNG_IHDR PNG_IDAT PNG_IEND
#define PNG_BASE64 "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg=="
#define PNG_SHA256 "e124007e0371a272f11e7fbc2414aff5a1095f3a46ad29771ea1bf3f8a5b07ca"

/* The slow check sum, as the standard words it. */
static inline uint32_t png_crc(const uint8_t *p, size_t len)
{
	uint32_t c = 0xFFFFFFFF;
	for (size_t i = 0; i < len; i++) {
		c ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			c = (c & 1) != 0 ? c >> 1 ^ 0xEDB88320 : c >> 1;
	}
	return ~c;
}

static inline void png_chunk(struct wg_buf *b, const char type[5], const char *bytes, size_t len)
{
	wg_buf_u32(b, (uint32_t)len);
	size_t from = b->len;
	wg_buf_put(b, type, 4);
	wg_buf_put(b, bytes, len);
	wg_buf_u32(b, png_crc(b->data + from, b->len - from));
}

/* The same pictures with words beside them, at the beginning, where a comment stands, and after the end; broken: with a
 * part that is damaged. */
static inline void picture_with(struct wg_buf *b, bool png, const char *words, bool broken)
{
	char comment[64];
	int n = snprintf(comment, sizeof comment, "C%c%s", '\0', words);
	if (png) {
		wg_buf_put(b, PNG_START PNG_IHDR, sizeof PNG_START + sizeof PNG_IHDR - 2);
		png_chunk(b, "tEXt", comment, (size_t)n);
		wg_buf_put(b, PNG_IDAT PNG_IEND, sizeof PNG_IDAT + sizeof PNG_IEND - 2);
		b->data[b->len - 1] ^= broken ? 1 : 0;
	} else {
		wg_buf_put(b, JPEG_SOI "\xFF\xFE\0", sizeof JPEG_SOI + 2);
		wg_buf_u8(b, (uint8_t)(n + 2));
		wg_buf_put(b, comment, (size_t)n);
		wg_buf_put(b, JPEG_TABLES JPEG_SCAN JPEG_EOI, sizeof JPEG_TABLES + sizeof JPEG_SCAN + sizeof JPEG_EOI - 3);
		b->data[b->len - 1] ^= broken ? 1 : 0;
	}
	wg_buf_puts(b, words);
}

#endif
