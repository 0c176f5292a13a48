/* picture_jpeg.c owns the cleaning of JPEG pictures (ITU-T T.81; JFIF 1.02; Exif 2.3 for the orientation).
 * SECURITY: meets outside bytes. Segments are copied only when they are of a kind that a picture needs and are exactly
 * as long as what they hold, so that none has room for more; the few fields of metadata that are kept are written anew.
 */
#include <string.h>

#include "base/mem.h"
#include "notice/picture_internal.h"

enum marker {
	SOF0 = 0xC0, /* baseline */
	SOF1 = 0xC1, /* extended sequential */
	SOF2 = 0xC2, /* progressive */
	DHT = 0xC4,
	RST0 = 0xD0,
	RST7 = 0xD7,
	SOI = 0xD8,
	EOI = 0xD9,
	SOS = 0xDA,
	DQT = 0xDB,
	DRI = 0xDD,
	APP0 = 0xE0,
	APP1 = 0xE1,
	APP14 = 0xEE,
	APP15 = 0xEF,
	COM = 0xFE
};

/* Grey, colour, or the four inks of print. */
#define PARTS_MAX 4
#define DQT_VALUES 64
#define DHT_LENGTHS 16
#define DHT_SYMBOLS_MAX 256
#define JFIF_LEN 14
#define ADOBE_LEN 12
#define EXIF_HEAD 6
/* An Exif segment with one field: "Exif", TIFF's head, a directory of one entry. No segment that names an orientation
 * is shorter, so that writing it never makes a picture longer. */
#define EXIF_LEN 32
#define TIFF_LEN (EXIF_LEN - EXIF_HEAD)
#define TIFF_ENTRY 12
#define TIFF_ORIENTATION 0x0112
#define TIFF_SHORT 3

struct jpeg {
	const uint8_t *p; /* what is not read yet */
	size_t left;
	struct wg_buf *out;
	uint8_t parts[PARTS_MAX]; /* ids of the frame's colour parts */
	size_t part_count;        /* 0: no frame yet */
	bool jfif, exif, adobe;   /* met: only the first of each counts */
	bool restarts, scanned;
};

struct segment {
	uint8_t marker;
	const uint8_t *p; /* what follows the length */
	size_t len;
};

static const char cut_short[] = "ends before its end", wrong_length[] = "has a part of the wrong length",
				  not_shown[] = "is a JPEG of a kind that is not shown everywhere";

static void put_segment(struct jpeg *j, uint8_t marker, const uint8_t *p, size_t len)
{
	const uint8_t head[] = { 0xFF, marker, (uint8_t)((len + 2) >> 8), (uint8_t)(len + 2) };
	wg_buf_put(j->out, head, sizeof head);
	wg_buf_put(j->out, p, len);
}

static const char *copy_segment(struct jpeg *j, const struct segment *s)
{
	put_segment(j, s->marker, s->p, s->len);
	return NULL;
}

/* Quantisation tables: number and precision, then 64 values of one byte or two. */
static const char *copy_quantisation(struct jpeg *j, const struct segment *s)
{
	size_t i = 0;
	while (i < s->len) {
		size_t values = DQT_VALUES * ((size_t)(s->p[i] >> 4) + 1);
		if (s->p[i] >> 4 > 1 || (s->p[i] & 15) > 3)
			return not_shown;
		if (s->len - i - 1 < values)
			return wrong_length;
		i += 1 + values;
	}
	return copy_segment(j, s);
}

/* Huffman tables: class and number, how many codes there are of each length, then a symbol for each. */
static const char *copy_huffman(struct jpeg *j, const struct segment *s)
{
	size_t i = 0;
	while (i < s->len) {
		size_t symbols = 0;
		if (s->p[i] >> 4 > 1 || (s->p[i] & 15) > 3)
			return not_shown;
		if (s->len - i - 1 < DHT_LENGTHS)
			return wrong_length;
		for (size_t n = 1; n <= DHT_LENGTHS; n++)
			symbols += s->p[i + n];
		if (symbols > DHT_SYMBOLS_MAX || s->len - i - 1 - DHT_LENGTHS < symbols)
			return wrong_length;
		i += 1 + DHT_LENGTHS + symbols;
	}
	return copy_segment(j, s);
}

static bool has_part(const struct jpeg *j, uint8_t id)
{
	return memchr(j->parts, id, j->part_count) != NULL;
}

static const char *copy_frame(struct jpeg *j, const struct segment *s)
{
	if (j->part_count > 0)
		return "holds more than one picture";
	if (s->len < 6 || s->p[5] == 0 || s->p[5] > PARTS_MAX || s->len != 6 + (size_t)3 * s->p[5])
		return wrong_length;
	if (s->p[0] != 8 || wg_picture_u16(s->p + 1) == 0 || wg_picture_u16(s->p + 3) == 0)
		return not_shown;
	for (const uint8_t *part = s->p + 6; part < s->p + s->len; part += 3) {
		unsigned across = part[1] >> 4, down = part[1] & 15;
		if (has_part(j, part[0]) || across < 1 || across > 4 || down < 1 || down > 4 || part[2] > 3)
			return not_shown;
		j->parts[j->part_count++] = part[0];
	}
	return copy_segment(j, s);
}

static const char *copy_restart(struct jpeg *j, const struct segment *s)
{
	if (s->len != 2)
		return wrong_length;
	j->restarts = wg_picture_u16(s->p) != 0;
	return copy_segment(j, s);
}

/* The coded picture, up to the marker that ends it: a byte FF of it is followed by 00; restart markers, before which
 * fill bytes may stand, belong to it. */
static const char *copy_coded(struct jpeg *j)
{
	size_t before = j->out->len;
	for (;;) {
		const uint8_t *mark = memchr(j->p, 0xFF, j->left);
		size_t run = mark != NULL ? (size_t)(mark - j->p) : j->left, fill = 0;
		wg_buf_put(j->out, j->p, run);
		j->p += run;
		j->left -= run;
		while (fill < j->left && j->p[fill] == 0xFF)
			fill++;
		if (fill == j->left)
			return cut_short;
		uint8_t next = j->p[fill];
		bool restart = next >= RST0 && next <= RST7 && j->restarts;
		if (!restart && (next != 0 || fill != 1))
			return j->out->len > before || j->out->failed ? NULL : "holds nothing to show";
		wg_buf_put(j->out, (const uint8_t[]){ 0xFF, next }, 2);
		j->p += fill + 1;
		j->left -= fill + 1;
	}
}

static const char *copy_scan(struct jpeg *j, const struct segment *s)
{
	if (s->len < 1 || s->p[0] == 0 || s->p[0] > j->part_count || s->len != 4 + (size_t)2 * s->p[0])
		return wrong_length;
	for (const uint8_t *part = s->p + 1; part < s->p + s->len - 3; part += 2)
		if (!has_part(j, part[0]) || part[1] >> 4 > 3 || (part[1] & 15) > 3)
			return not_shown;
	if (s->p[s->len - 3] >= DQT_VALUES || s->p[s->len - 2] >= DQT_VALUES)
		return not_shown;
	j->scanned = true;
	(void)copy_segment(j, s);
	return copy_coded(j);
}

static bool begins(const struct segment *s, const char *name, size_t name_len, size_t least)
{
	return s->len >= least && memcmp(s->p, name, name_len) == 0;
}

/* Version and density; without its thumbnail. */
static const char *clean_jfif(struct jpeg *j, const struct segment *s)
{
	uint8_t clean[JFIF_LEN] = { 0 };
	if (j->jfif || !begins(s, "JFIF", 5, JFIF_LEN))
		return NULL;
	j->jfif = true;
	memcpy(clean, s->p, JFIF_LEN - 2);
	put_segment(j, APP0, clean, sizeof clean);
	return NULL;
}

/* How colours are coded; without version and flags. */
static const char *clean_adobe(struct jpeg *j, const struct segment *s)
{
	uint8_t clean[ADOBE_LEN] = { 'A', 'd', 'o', 'b', 'e', 0, 100 };
	if (j->adobe || !begins(s, "Adobe", 5, ADOBE_LEN))
		return NULL;
	j->adobe = true;
	clean[ADOBE_LEN - 1] = s->p[ADOBE_LEN - 1];
	if (clean[ADOBE_LEN - 1] > 2)
		return not_shown;
	put_segment(j, APP14, clean, sizeof clean);
	return NULL;
}

/* Numbers of TIFF, which come in either order. */
static uint32_t tiff_u16(const uint8_t *p, bool little)
{
	return little ? (uint32_t)p[1] << 8 | p[0] : wg_picture_u16(p);
}

static uint32_t tiff_u32(const uint8_t *p, bool little)
{
	return little ? tiff_u16(p + 2, true) << 16 | tiff_u16(p, true) : wg_picture_u32(p);
}

/* 1 to 8; 1, which is how the picture lies, when nothing else is said or it cannot be read: that loses nothing but
 * which way up it is. */
static uint8_t orientation(const uint8_t *t, size_t len)
{
	bool little = len >= TIFF_LEN && memcmp(t, "II*", 4) == 0;
	if (!little && (len < TIFF_LEN || memcmp(t, "MM\0*", 4) != 0))
		return 1;
	size_t at = tiff_u32(t + 4, little);
	if (at > len - 2)
		return 1;
	size_t entries = tiff_u16(t + at, little), room = (len - at - 2) / TIFF_ENTRY;
	const uint8_t *entry = t + at + 2;
	for (size_t i = 0; i < entries && i < room; i++, entry += TIFF_ENTRY) {
		if (tiff_u16(entry, little) != TIFF_ORIENTATION)
			continue;
		uint32_t value = tiff_u16(entry + 8, little);
		bool one = tiff_u16(entry + 2, little) == TIFF_SHORT && tiff_u32(entry + 4, little) == 1;
		return one && value >= 1 && value <= 8 ? (uint8_t)value : 1;
	}
	return 1;
}

/* Only which way up the picture is, if that is not how it lies. */
static const char *clean_exif(struct jpeg *j, const struct segment *s)
{
	static const uint8_t frame[EXIF_LEN] = { 'E', 'x', 'i', 'f', 0, 0,    'M', 'M',        0, '*', 0, 0,
		                                     0,   8,   0,   1,   1, 0x12, 0,   TIFF_SHORT, 0, 0,   0, 1 };
	uint8_t clean[EXIF_LEN];
	if (j->exif || !begins(s, "Exif\0", EXIF_HEAD, EXIF_HEAD))
		return NULL;
	j->exif = true;
	memcpy(clean, frame, sizeof clean);
	clean[25] = orientation(s->p + EXIF_HEAD, s->len - EXIF_HEAD);
	if (clean[25] != 1)
		put_segment(j, APP1, clean, sizeof clean);
	return NULL;
}

/* What a segment becomes; what names no way to show the picture is left out without a word. */
static const char *clean_segment(struct jpeg *j, const struct segment *s)
{
	static const struct {
		uint8_t marker;
		const char *(*clean)(struct jpeg *j, const struct segment *s);
	} known[] = {
		{ SOF0, copy_frame },       { SOF1, copy_frame },   { SOF2, copy_frame }, { DHT, copy_huffman },
		{ DQT, copy_quantisation }, { DRI, copy_restart },  { SOS, copy_scan },   { APP0, clean_jfif },
		{ APP1, clean_exif },       { APP14, clean_adobe },
	};
	bool beside = s->marker >= APP0 && s->marker <= APP15;
	for (size_t i = 0; i < WG_COUNT(known); i++)
		if (known[i].marker == s->marker && !(beside && j->part_count > 0))
			return known[i].clean(j, s);
	return beside || s->marker == COM ? NULL : not_shown;
}

/* The next marker, before which fill bytes may stand, and what belongs to it. */
static const char *next_segment(struct jpeg *j, struct segment *s)
{
	size_t fill = 0;
	while (fill < j->left && j->p[fill] == 0xFF)
		fill++;
	if (fill == j->left)
		return cut_short;
	if (fill == 0)
		return "has bytes between its parts";
	*s = (struct segment){ .marker = j->p[fill] };
	j->p += fill + 1;
	j->left -= fill + 1;
	if (s->marker < SOF0 || (s->marker >= RST0 && s->marker <= SOI))
		return "has a marker where none may stand";
	if (s->marker == EOI)
		return NULL;
	size_t whole = j->left >= 2 ? wg_picture_u16(j->p) : 0;
	if (whole > j->left || j->left < 2)
		return cut_short;
	if (whole < 2)
		return wrong_length;
	s->p = j->p + 2;
	s->len = whole - 2;
	j->p += whole;
	j->left -= whole;
	return NULL;
}

const char *wg_picture_jpeg(const uint8_t *bytes, size_t len, struct wg_buf *out)
{
	static const uint8_t start[] = { 0xFF, SOI }, end[] = { 0xFF, EOI };
	struct jpeg j = { .out = out };
	struct segment s = { 0 };
	if (len < sizeof start || memcmp(bytes, start, sizeof start) != 0)
		return "is no JPEG";
	j.p = bytes + sizeof start;
	j.left = len - sizeof start;
	wg_buf_put(out, start, sizeof start);
	const char *fault = next_segment(&j, &s);
	while (fault == NULL && s.marker != EOI) {
		fault = clean_segment(&j, &s);
		if (fault == NULL)
			fault = next_segment(&j, &s);
	}
	if (fault == NULL && !j.scanned)
		fault = "holds nothing to show";
	wg_buf_put(out, end, sizeof end);
	return fault;
}
