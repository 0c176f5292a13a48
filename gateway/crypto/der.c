/* der.c owns heads of DER values: writing them, and believing none that does not fit.
 * SECURITY: the reading half meets bytes of strangers. */
#include "crypto/der.h"

#include <string.h>

#define HEAD_MAX (2 + sizeof(size_t))

size_t wg_der_head_len(size_t len)
{
	size_t n = 2;
	for (size_t rest = len; len >= 0x80 && rest > 0; rest >>= 8)
		n++;
	return n;
}

size_t wg_der_whole_len(size_t len)
{
	return wg_der_head_len(len) + len;
}

static size_t put_head(uint8_t out[static HEAD_MAX], enum wg_der_tag tag, size_t len)
{
	size_t n = wg_der_head_len(len);
	out[0] = (uint8_t)tag;
	out[1] = (uint8_t)(n > 2 ? 0x80 | (n - 2) : len);
	for (size_t i = n - 1; i > 1; i--, len >>= 8)
		out[i] = (uint8_t)len;
	return n;
}

void wg_der_head(struct wg_buf *out, enum wg_der_tag tag, size_t len)
{
	uint8_t bytes[HEAD_MAX];
	wg_buf_put(out, bytes, put_head(bytes, tag, len));
}

void wg_der_enclose(struct wg_buf *b, size_t from, enum wg_der_tag tag)
{
	uint8_t bytes[HEAD_MAX];
	size_t len = b->len - from, n = put_head(bytes, tag, len);
	wg_buf_put(b, bytes, n); /* makes room */
	if (b->failed)
		return;
	memmove(b->data + from + n, b->data + from, len);
	memcpy(b->data + from, bytes, n);
}

/* As X.690 11.6 puts them: a shorter one that is the beginning of a longer comes first. */
static int compare(const uint8_t *bytes, const struct wg_der_piece *a, const struct wg_der_piece *b)
{
	int order = memcmp(bytes + a->at, bytes + b->at, a->len < b->len ? a->len : b->len);
	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

void wg_der_put_sorted(struct wg_buf *out, const struct wg_buf *from, struct wg_der_piece *pieces, size_t count,
                       bool once)
{
	for (size_t i = 1; i < count; i++)
		for (size_t k = i; k > 0 && compare(from->data, &pieces[k - 1], &pieces[k]) > 0; k--) {
			struct wg_der_piece later = pieces[k - 1];
			pieces[k - 1] = pieces[k];
			pieces[k] = later;
		}
	for (size_t i = 0; i < count; i++)
		if (!once || i == 0 || compare(from->data, &pieces[i - 1], &pieces[i]) != 0)
			wg_buf_put(out, from->data + pieces[i].at, pieces[i].len);
}

const uint8_t *wg_der_take(struct wg_der *in, size_t len)
{
	if (len > in->left)
		return NULL;
	const uint8_t *p = in->p;
	in->p += len;
	in->left -= len;
	return p;
}

bool wg_der_same(struct wg_der *in, const void *bytes, size_t len)
{
	return len <= in->left && memcmp(in->p, bytes, len) == 0 && wg_der_take(in, len) != NULL;
}

bool wg_der_enter(struct wg_der *in, enum wg_der_tag tag, struct wg_der *value)
{
	struct wg_der at = *in;
	const uint8_t *p = wg_der_take(&at, 2);
	if (p == NULL || p[0] != (uint8_t)tag)
		return false;
	size_t len = p[1], bytes = len & 0x7f;
	if (len >= 0x80) {
		const uint8_t *q = bytes >= 1 && bytes <= 4 ? wg_der_take(&at, bytes) : NULL;
		if (q == NULL || q[0] == 0 || (bytes == 1 && q[0] < 0x80))
			return false;
		len = 0;
		for (size_t i = 0; i < bytes; i++)
			len = len << 8 | q[i];
	}
	const uint8_t *inside = wg_der_take(&at, len);
	if (inside == NULL)
		return false;
	*value = (struct wg_der){ .p = inside, .left = len };
	*in = at;
	return true;
}
