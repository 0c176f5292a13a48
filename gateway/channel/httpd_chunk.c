/* httpd_chunk.c owns reading a chunked body. SECURITY: strangers' bytes; every number and line is bounded, and lines
 * end in CR LF only. */
#include "channel/httpd_chunk.h"

/* 16 MB has 7 digits; more than this are leading zeros that nobody writes. */
#define DIGITS_MAX 8
/* Extensions of one chunk, and all trailers together: nobody uses either. */
#define EXTENSION_MAX 256
#define TRAILERS_MAX 4096

void wg_httpd_chunks_begin(struct wg_httpd_chunks *c, uint64_t max)
{
	*c = (struct wg_httpd_chunks){ .on = true, .max = max };
}

static int digit_of(uint8_t b)
{
	if (b >= '0' && b <= '9')
		return b - '0';
	b |= 0x20; /* letters to lower case */
	return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
}

static enum wg_httpd_chunked go(struct wg_httpd_chunks *c, enum wg_httpd_chunk_place place)
{
	c->place = place;
	return WG_CHUNKED_MORE;
}

/* A byte of the size, or what ends it. */
static enum wg_httpd_chunked read_size(struct wg_httpd_chunks *c, uint8_t b)
{
	int digit = digit_of(b);
	if (digit >= 0) {
		if (++c->digits > DIGITS_MAX)
			return WG_CHUNKED_LARGE;
		c->left = c->left * 16 + (unsigned)digit;
		return c->left > c->max - c->body ? WG_CHUNKED_LARGE : WG_CHUNKED_MORE;
	}
	if (c->digits == 0)
		return WG_CHUNKED_BAD;
	c->line = 0;
	if (b == ';' || b == ' ' || b == '\t') /* blanks before the ; are in the grammar as BWS */
		return go(c, WG_CHUNK_EXTENSION);
	return b == '\r' ? go(c, WG_CHUNK_SIZE_LF) : WG_CHUNKED_BAD;
}

static enum wg_httpd_chunked read_extension(struct wg_httpd_chunks *c, uint8_t b)
{
	if (b == '\r')
		return go(c, WG_CHUNK_SIZE_LF);
	bool fine = (b >= 0x20 || b == '\t') && b != 0x7f && ++c->line <= EXTENSION_MAX;
	return fine ? WG_CHUNKED_MORE : WG_CHUNKED_BAD;
}

/* Behind the size: data, or with the last chunk the trailers. */
static enum wg_httpd_chunked begin_chunk(struct wg_httpd_chunks *c, uint8_t b)
{
	if (b != '\n')
		return WG_CHUNKED_BAD;
	c->line = 0;
	c->trailer_empty = true;
	return go(c, c->left > 0 ? WG_CHUNK_DATA : WG_CHUNK_TRAILER);
}

static enum wg_httpd_chunked end_chunk(struct wg_httpd_chunks *c, uint8_t b)
{
	c->digits = 0;
	return b == '\n' ? go(c, WG_CHUNK_SIZE) : WG_CHUNKED_BAD;
}

static enum wg_httpd_chunked read_trailer(struct wg_httpd_chunks *c, uint8_t b)
{
	if (b == '\r')
		return go(c, WG_CHUNK_TRAILER_LF);
	bool fine = (b >= 0x20 || b == '\t') && b != 0x7f && ++c->line <= TRAILERS_MAX;
	c->trailer_empty = false;
	return fine ? WG_CHUNKED_MORE : WG_CHUNKED_BAD;
}

static enum wg_httpd_chunked end_trailer(struct wg_httpd_chunks *c, uint8_t b)
{
	if (b != '\n')
		return WG_CHUNKED_BAD;
	if (c->trailer_empty)
		return WG_CHUNKED_END;
	c->trailer_empty = true;
	return go(c, WG_CHUNK_TRAILER);
}

static enum wg_httpd_chunked read_byte(struct wg_httpd_chunks *c, uint8_t b)
{
	switch (c->place) {
	case WG_CHUNK_SIZE:
		return read_size(c, b);
	case WG_CHUNK_EXTENSION:
		return read_extension(c, b);
	case WG_CHUNK_SIZE_LF:
		return begin_chunk(c, b);
	case WG_CHUNK_DATA_CR:
		return b == '\r' ? go(c, WG_CHUNK_DATA_LF) : WG_CHUNKED_BAD;
	case WG_CHUNK_DATA_LF:
		return end_chunk(c, b);
	case WG_CHUNK_TRAILER:
		return read_trailer(c, b);
	case WG_CHUNK_TRAILER_LF:
		return end_trailer(c, b);
	case WG_CHUNK_DATA:
		break; /* in pieces, not by the byte */
	}
	return WG_CHUNKED_BAD;
}

static void read_piece(struct wg_httpd_chunks *c, const uint8_t *p, size_t len, const uint8_t **piece, size_t *n)
{
	*piece = p;
	*n = c->left < len ? (size_t)c->left : len;
	c->left -= *n;
	c->body += *n;
	if (c->left == 0)
		c->place = WG_CHUNK_DATA_CR;
}

enum wg_httpd_chunked wg_httpd_chunks_next(struct wg_httpd_chunks *c, const uint8_t *p, size_t len, size_t *used,
                                           const uint8_t **piece, size_t *piece_len)
{
	*piece = p;
	*piece_len = 0;
	for (*used = 0; *used < len && c->state == WG_CHUNKED_MORE && *piece_len == 0;) {
		if (c->place == WG_CHUNK_DATA) {
			read_piece(c, p + *used, len - *used, piece, piece_len);
			*used += *piece_len;
		} else {
			c->state = read_byte(c, p[*used]);
			++*used;
		}
	}
	c->on = c->on && c->state == WG_CHUNKED_MORE;
	return c->state;
}
