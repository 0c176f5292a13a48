/* A growing byte buffer with a named maximum, whose first failure sticks: write on, then check once. */
#ifndef WG_BASE_BUF_H
#define WG_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Touch the members through the functions only; reading data and len is allowed. A buffer is always followed by a NUL
 * that len does not count, once anything was put. Invariants: len <= cap <= max + 1; failed => contents are not to be
 * used; refused => failed. */
struct wg_buf {
	uint8_t *data;
	size_t len, cap, max;
	bool failed;
	bool refused; /* it failed for want of memory: not over its maximum */
};

#define WG_BUF(maximum) ((struct wg_buf){ .max = (maximum) })
#define WG_AUTO_BUF __attribute__((cleanup(wg_buf_free)))

/* Frees and empties; the maximum stays. Wipes what was there when the buffer held a secret: use wg_buf_wipe. */
void wg_buf_free(struct wg_buf *b);
void wg_buf_wipe(struct wg_buf *b);
void wg_buf_reset(struct wg_buf *b); /* len = 0, memory kept, failure forgotten */

void wg_buf_put(struct wg_buf *b, const void *p, size_t len);
/* Where at least len more bytes may be written; who did so adds them to b->len. NULL: over the maximum, or no memory,
 * and the buffer has failed. */
uint8_t *wg_buf_room(struct wg_buf *b, size_t len);
void wg_buf_puts(struct wg_buf *b, const char *s);
void wg_buf_putc(struct wg_buf *b, char c);
void wg_buf_printf(struct wg_buf *b, const char *fmt, ...) WG_PRINTF(2, 3);

/* Text for XML content or a quoted attribute: & < > " and control characters escaped, bytes not legal in XML replaced
 * by U+FFFD. The input is len bytes that should be UTF-8; what is not becomes U+FFFD too. */
void wg_buf_put_xml(struct wg_buf *b, const char *s, size_t len);
/* A JSON string with its quotes; same care. */
void wg_buf_put_json(struct wg_buf *b, const char *s);

/* Wire form, big endian: numbers; bytes with a 32-bit length before them; strings as bytes (NULL is written as a string
 * of length 0). */
void wg_buf_u8(struct wg_buf *b, uint8_t v);
void wg_buf_u32(struct wg_buf *b, uint32_t v);
void wg_buf_u64(struct wg_buf *b, uint64_t v);
void wg_buf_bytes(struct wg_buf *b, const void *p, size_t len);
void wg_buf_str(struct wg_buf *b, const char *s);

/* What should be put here could not be made: the same as if a put had failed for want of memory. */
void wg_buf_fail(struct wg_buf *b);

/* The text so far, "" when empty. Valid until the next put. */
const char *wg_buf_text(const struct wg_buf *b);

/* WG_OK, or WG_LIMIT when the maximum was passed, or WG_SYSTEM when memory ran out. */
enum wg_code wg_buf_check(const struct wg_buf *b, const char *what, struct wg_err *err) WG_MUST;

/* Gives the NUL-terminated memory to the caller, who frees it; the buffer is empty afterwards. NULL when empty or
 * failed. */
char *wg_buf_steal(struct wg_buf *b);

/* A reader over bytes whose first failure sticks; check wg_cur_end once at the end. Borrows the bytes. */
struct wg_cur {
	const uint8_t *p;
	size_t left;
	bool failed;
};

#define WG_CUR(ptr, length) ((struct wg_cur){ .p = (ptr), .left = (length) })

uint8_t wg_cur_u8(struct wg_cur *c);
uint32_t wg_cur_u32(struct wg_cur *c);
uint64_t wg_cur_u64(struct wg_cur *c);
/* Borrowed bytes of the message; *len = 0 and NULL on failure. */
const uint8_t *wg_cur_bytes(struct wg_cur *c, size_t *len);
/* A copy, NUL-terminated, of at most max bytes without NUL inside; NULL on failure. The caller frees. */
char *wg_cur_str(struct wg_cur *c, size_t max);
/* The same into a fixed buffer; "" on failure. */
void wg_cur_name(struct wg_cur *c, char *out, size_t size);
/* True when everything was read and nothing failed. */
bool wg_cur_end(const struct wg_cur *c);

#endif
