/* The two kinds of picture. */
#ifndef WG_NOTICE_PICTURE_INTERNAL_H
#define WG_NOTICE_PICTURE_INTERNAL_H

#include "base/buf.h"

/* Big endian, as both kinds write their numbers. */
static inline uint32_t wg_picture_u16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t wg_picture_u32(const uint8_t *p)
{
	return wg_picture_u16(p) << 16 | wg_picture_u16(p + 2);
}

/* Append the clean picture to out; NULL, or why it is refused: words of ours that end "the picture ...". */
const char *wg_picture_jpeg(const uint8_t *bytes, size_t len, struct wg_buf *out);
const char *wg_picture_png(const uint8_t *bytes, size_t len, struct wg_buf *out);

#endif
