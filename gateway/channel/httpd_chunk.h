/* A chunked body (RFC 9112 section 7.1), read as it comes: what is wrong with it is found before evhttp sees it, which
 * would answer with a page of its own, and so that no two programs read it differently. Pure: bytes in, pieces of the
 * body out. */
#ifndef WG_CHANNEL_HTTPD_CHUNK_H
#define WG_CHANNEL_HTTPD_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wg_httpd_chunked {
	WG_CHUNKED_MORE, /* so far it is fine */
	WG_CHUNKED_END,  /* its end was seen; what follows is not part of it */
	WG_CHUNKED_BAD,  /* not chunks; sticks */
	WG_CHUNKED_LARGE /* more than is taken; sticks */
};

enum wg_httpd_chunk_place {
	WG_CHUNK_SIZE,
	WG_CHUNK_EXTENSION,
	WG_CHUNK_SIZE_LF,
	WG_CHUNK_DATA,
	WG_CHUNK_DATA_CR,
	WG_CHUNK_DATA_LF,
	WG_CHUNK_TRAILER,
	WG_CHUNK_TRAILER_LF
};

/* Invariants: body + left <= max once a size was read; line is of the size line or the trailers, and bounded. */
struct wg_httpd_chunks {
	bool on; /* the request in hand has such a body, and its end was not seen */
	enum wg_httpd_chunked state;
	enum wg_httpd_chunk_place place;
	uint64_t max, body, left; /* bytes: that are taken, of the chunks before, of this chunk that are to come */
	unsigned digits;          /* of the size */
	size_t line;              /* bytes of the extensions of this chunk, or of all trailers */
	bool trailer_empty;       /* the line of the trailers has nothing on it so far */
};

/* Before the first byte of a body; max: the largest that is taken. */
void wg_httpd_chunks_begin(struct wg_httpd_chunks *chunks, uint64_t max);

/* Reads of len bytes at p as far as the next piece of the body goes, or to their end, or to that of the body: *used
 * says how far. *piece and *piece_len: bytes of the body among them, in p; *piece_len may be 0. Call again with the
 * rest while it says MORE and there is some. Chunk extensions and trailers are read over: nobody here asks for any. */
enum wg_httpd_chunked wg_httpd_chunks_next(struct wg_httpd_chunks *chunks, const uint8_t *p, size_t len, size_t *used,
                                           const uint8_t **piece, size_t *piece_len);

#endif
