/* DER (X.690), as far as this room writes and reads it by hand: where an object has one shape that never changes, that
 * costs a hundredth of what OpenSSL's general code does. */
#ifndef WG_CRYPTO_DER_H
#define WG_CRYPTO_DER_H

#include "base/buf.h"

enum wg_der_tag {
	WG_DER_INTEGER = 0x02,
	WG_DER_BITS = 0x03,
	WG_DER_OCTETS = 0x04,
	WG_DER_OID = 0x06,
	WG_DER_SEQUENCE = 0x30,
	WG_DER_SET = 0x31,
	WG_DER_PLAIN_0 = 0x80, /* [0] IMPLICIT of what holds no other values */
	WG_DER_0 = 0xa0,
	WG_DER_1 = 0xa1
};

/* ---- writing */

/* What a value of that length has before it: tag and length, in bytes. */
size_t wg_der_head_len(size_t len);
/* With its value. */
size_t wg_der_whole_len(size_t len);
void wg_der_head(struct wg_buf *out, enum wg_der_tag tag, size_t len);
/* What stands in b from there on becomes the content of a value with that tag. */
void wg_der_enclose(struct wg_buf *b, size_t from, enum wg_der_tag tag);

/* A piece of a buffer. */
struct wg_der_piece {
	size_t at, len;
};
/* Appends the pieces of `from` in the order that DER wants of a SET OF: by their bytes; of two alike only one when
 * once is set. count is small: they are put in order one by one. pieces changes. */
void wg_der_put_sorted(struct wg_buf *out, const struct wg_buf *from, struct wg_der_piece *pieces, size_t count,
                       bool once);

/* ---- reading: a cursor over borrowed bytes; what fails leaves it where it was */

struct wg_der {
	const uint8_t *p;
	size_t left;
};

/* The next len bytes; NULL when there are fewer. */
const uint8_t *wg_der_take(struct wg_der *in, size_t len);
/* These bytes come next. */
bool wg_der_same(struct wg_der *in, const void *bytes, size_t len);
/* A value of that tag comes next, its length of at most four bytes in the shortest form, as DER wants it, and all of it
 * is there. */
bool wg_der_enter(struct wg_der *in, enum wg_der_tag tag, struct wg_der *value);

#endif
