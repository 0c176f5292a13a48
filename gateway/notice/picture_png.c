/* picture_png.c owns the cleaning of PNG pictures (ISO/IEC 15948).
 * SECURITY: meets outside bytes. Chunks are copied only when they are of a kind that a picture needs and of the right
 * length and place; every chunk's check sum is verified, so that what is copied is what was written. */
#include <string.h>

#include "base/mem.h"
#include "notice/picture_internal.h"

#define CHUNK_MAX 0x7FFFFFFFU
#define FRAME 12 /* length, type and check sum around what a chunk holds */

enum kind { IHDR, PLTE, TRNS, GAMA, SRGB, CHRM, IDAT, IEND, KINDS };

struct png {
	const uint8_t *p; /* what is not read yet */
	size_t left;
	uint8_t depth, colour; /* as IHDR says */
	unsigned seen;         /* kinds, one bit each */
	unsigned palette;      /* colours in PLTE */
};

struct chunk {
	const uint8_t *type, *p; /* p: what it holds */
	uint32_t len;
};

/* In the order of enum kind. */
static const struct {
	char type[5];
	uint32_t min, max;
} known[KINDS] = {
	{ "IHDR", 13, 13 }, { "PLTE", 3, 768 }, { "tRNS", 1, 256 },       { "gAMA", 4, 4 },
	{ "sRGB", 1, 1 },   { "cHRM", 32, 32 }, { "IDAT", 0, CHUNK_MAX }, { "IEND", 0, 0 },
};

static const char wrong_length[] = "has a part of the wrong length", wrong_place[] = "has its parts in the wrong order",
				  unknown[] = "is a PNG of a kind that is not shown everywhere";

/* CRC-32 of PNG, annex D, four bits at a time. */
static uint32_t check_sum(const uint8_t *p, size_t len)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
		0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
	};
	uint32_t crc = 0xFFFFFFFF;
	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

static const char *next_chunk(struct png *png, struct chunk *c)
{
	uint32_t len = png->left >= FRAME ? wg_picture_u32(png->p) : 0;
	if (png->left < FRAME || len > png->left - FRAME)
		return "ends before its end";
	*c = (struct chunk){ .type = png->p + 4, .p = png->p + 8, .len = len };
	if (check_sum(c->type, (size_t)len + 4) != wg_picture_u32(c->p + len))
		return "has a part whose check sum is wrong";
	for (size_t i = 0; i < 4; i++)
		if (!((c->type[i] >= 'A' && c->type[i] <= 'Z') || (c->type[i] >= 'a' && c->type[i] <= 'z')))
			return unknown;
	png->p += FRAME + (size_t)len;
	png->left -= FRAME + (size_t)len;
	return NULL;
}

static bool has(const struct png *png, enum kind kind)
{
	return (png->seen >> kind & 1) != 0;
}

/* Depths that go with each kind of colour: bit n for n bits. */
static bool depth_fits(uint8_t colour, uint8_t depth)
{
	static const uint32_t depths[] = { 0x10116, 0, 0x10100, 0x116, 0x10100, 0, 0x10100 };
	return colour < WG_COUNT(depths) && depth <= 16 && (depths[colour] >> depth & 1) != 0;
}

static const char *check_head(struct png *png, const struct chunk *c)
{
	uint32_t width = wg_picture_u32(c->p), height = wg_picture_u32(c->p + 4);
	png->depth = c->p[8];
	png->colour = c->p[9];
	bool fits = width > 0 && width <= CHUNK_MAX && height > 0 && height <= CHUNK_MAX;
	return fits && depth_fits(png->colour, png->depth) && c->p[10] == 0 && c->p[11] == 0 && c->p[12] <= 1 ? NULL
	                                                                                                      : unknown;
}

static const char *check_palette(struct png *png, const struct chunk *c)
{
	png->palette = c->len / 3;
	if (has(png, TRNS) || png->colour == 0 || png->colour == 4)
		return wrong_place;
	return c->len % 3 != 0 || (png->colour == 3 && png->palette > 1U << png->depth) ? wrong_length : NULL;
}

static const char *check_transparency(const struct png *png, const struct chunk *c)
{
	switch (png->colour) {
	case 0:
		return c->len == 2 ? NULL : wrong_length;
	case 2:
		return c->len == 6 ? NULL : wrong_length;
	case 3:
		return !has(png, PLTE) ? wrong_place : c->len <= png->palette ? NULL : wrong_length;
	default:
		return wrong_place;
	}
}

/* May this chunk stand here? last: the kind before it, KINDS for one that was left out. */
static const char *check_kept(struct png *png, enum kind kind, enum kind last, const struct chunk *c)
{
	if (c->len < known[kind].min || c->len > known[kind].max)
		return wrong_length;
	if (has(png, kind) && (kind != IDAT || last != IDAT))
		return wrong_place;
	if (has(png, IDAT) ? kind != IDAT && kind != IEND : kind == IEND)
		return wrong_place;
	switch (kind) {
	case IHDR:
		return check_head(png, c);
	case PLTE:
		return check_palette(png, c);
	case TRNS:
		return check_transparency(png, c);
	case SRGB:
		return c->p[0] <= 3 ? NULL : unknown;
	case IDAT:
		return png->colour == 3 && !has(png, PLTE) ? wrong_place : NULL;
	case GAMA:
	case CHRM:
	case IEND:
	case KINDS:
		break;
	}
	return NULL;
}

static enum kind kind_of(const struct chunk *c)
{
	size_t kind = 0;
	while (kind < KINDS && memcmp(known[kind].type, c->type, 4) != 0)
		kind++;
	return (enum kind)kind;
}

const char *wg_picture_png(const uint8_t *bytes, size_t len, struct wg_buf *out)
{
	static const uint8_t start[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n' };
	struct png png = { 0 };
	struct chunk c = { 0 };
	if (len < sizeof start || memcmp(bytes, start, sizeof start) != 0)
		return "is no PNG";
	png.p = bytes + sizeof start;
	png.left = len - sizeof start;
	wg_buf_put(out, start, sizeof start);
	for (enum kind kind = KINDS, last; !has(&png, IEND); last = kind) {
		last = kind;
		const char *fault = next_chunk(&png, &c);
		if (fault != NULL)
			return fault;
		kind = kind_of(&c);
		if (kind != IHDR && !has(&png, IHDR))
			return wrong_place;
		if (kind == KINDS && (c.type[0] & 0x20) == 0)
			return unknown; /* a capital letter: the picture cannot be shown without it */
		if (kind == KINDS)
			continue;
		fault = check_kept(&png, kind, last, &c);
		if (fault != NULL)
			return fault;
		png.seen |= 1U << kind;
		wg_buf_put(out, c.type - 4, FRAME + (size_t)c.len);
	}
	return NULL;
}
