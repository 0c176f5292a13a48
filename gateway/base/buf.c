/* buf.c owns struct wg_buf and struct wg_cur.
 * SECURITY: wg_cur_* meet bytes from other processes; every length is compared by subtraction. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/refused.h"
#include "base/text.h"

void wg_buf_free(struct wg_buf *b)
{
	free(b->data);
	*b = (struct wg_buf){ .max = b->max };
}

void wg_buf_wipe(struct wg_buf *b)
{
	if (b->data != NULL)
		wg_wipe(b->data, b->cap);
	wg_buf_free(b);
}

void wg_buf_reset(struct wg_buf *b)
{
	b->len = 0;
	b->failed = b->refused = false;
}

void wg_buf_fail(struct wg_buf *b)
{
	b->failed = b->refused = true;
}

/* Room for extra more bytes and a NUL. Growth doubles, and never passes max + 1. */
static bool buf_room(struct wg_buf *b, size_t extra)
{
	if (b->failed)
		return false;
	if (extra > b->max - b->len) {
		b->failed = true;
		return false;
	}
	size_t need = b->len + extra + 1;
	if (need <= b->cap)
		return true;
	size_t cap = b->cap < 256 ? 256 : b->cap;
	while (cap < need)
		cap *= 2;
	if (cap > b->max)
		cap = b->max + 1;
	uint8_t *bigger = malloc(cap); /* not realloc: a secret must not be left behind in freed memory */
	if (bigger == NULL) {
		wg_mem_note(); /* who looks at failed alone may take it for something else */
		wg_buf_fail(b);
		return false;
	}
	if (b->data != NULL) {
		memcpy(bigger, b->data, b->len);
		wg_wipe(b->data, b->len);
		free(b->data);
	}
	b->data = bigger;
	b->cap = cap;
	return true;
}

uint8_t *wg_buf_room(struct wg_buf *b, size_t len)
{
	return buf_room(b, len) ? b->data + b->len : NULL;
}

/* Without growing: a buffer that failed has none. */
static bool has_room(const struct wg_buf *b, size_t extra)
{
	return !b->failed && extra < b->cap - b->len;
}

void wg_buf_put(struct wg_buf *b, const void *p, size_t len)
{
	if (!has_room(b, len) && !buf_room(b, len))
		return;
	if (len > 0)
		memcpy(b->data + b->len, p, len);
	b->len += len;
	b->data[b->len] = 0;
}

void wg_buf_puts(struct wg_buf *b, const char *s)
{
	wg_buf_put(b, s, strlen(s));
}

void wg_buf_putc(struct wg_buf *b, char c)
{
	if (!has_room(b, 1) && !buf_room(b, 1))
		return;
	b->data[b->len++] = (uint8_t)c;
	b->data[b->len] = 0;
}

void wg_buf_printf(struct wg_buf *b, const char *fmt, ...)
{
	char small[512];
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(small, sizeof small, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof small) {
		wg_buf_put(b, small, (size_t)n);
	} else if (n >= 0 && buf_room(b, (size_t)n)) {
		(void)vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, again); /* measured above */
		b->len += (size_t)n;
	} else if (n < 0) {
		wg_mem_note(); /* the formats are ours: what is left to fail is memory for a long one */
		wg_buf_fail(b);
	}
	wg_wipe(small, sizeof small); /* it may have been a secret */
	va_end(again);
}

void wg_buf_put_xml(struct wg_buf *b, const char *s, size_t len)
{
	static const char replacement[] = "\xEF\xBF\xBD";
	size_t run = 0; /* start of bytes that go through as they are */
	size_t i = 0;
	while (i < len) {
		uint32_t c;
		size_t n = wg_utf8_decode(s + i, len - i, &c);
		const char *as = NULL;
		if (n == 0 || (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f || c == 0xFFFE || c == 0xFFFF)
			as = replacement;
		else if (c == '&')
			as = "&amp;";
		else if (c == '<')
			as = "&lt;";
		else if (c == '>')
			as = "&gt;";
		else if (c == '"')
			as = "&quot;";
		else if (c == '\r')
			as = "&#13;";
		if (n == 0)
			n = 1;
		if (as != NULL) {
			wg_buf_put(b, s + run, i - run);
			wg_buf_puts(b, as);
			run = i + n;
		}
		i += n;
	}
	wg_buf_put(b, s + run, len - run);
}

/* Bytes at the start of s that JSON takes as they are: ASCII without its two signs and what cannot be printed. */
static size_t json_plain(const char *s)
{
	size_t n = 0;
	while (s[n] >= 0x20 && s[n] < 0x7f && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

void wg_buf_put_json(struct wg_buf *b, const char *s)
{
	size_t len = strlen(s);
	wg_buf_putc(b, '"');
	for (size_t i = 0; i < len;) {
		uint32_t c;
		size_t plain = json_plain(s + i);
		wg_buf_put(b, s + i, plain);
		i += plain;
		if (i == len)
			break;
		size_t n = wg_utf8_decode(s + i, len - i, &c);
		if (n == 0) {
			wg_buf_puts(b, "\\ufffd");
			n = 1;
		} else if (c == '"' || c == '\\') {
			wg_buf_printf(b, "\\%c", (char)c);
		} else if (c < 0x20 || c == 0x7f) {
			wg_buf_printf(b, "\\u%04x", (unsigned)c);
		} else {
			wg_buf_put(b, s + i, n);
		}
		i += n;
	}
	wg_buf_putc(b, '"');
}

void wg_buf_u8(struct wg_buf *b, uint8_t v)
{
	wg_buf_put(b, &v, 1);
}

void wg_buf_u32(struct wg_buf *b, uint32_t v)
{
	uint8_t w[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
	wg_buf_put(b, w, sizeof w);
}

void wg_buf_u64(struct wg_buf *b, uint64_t v)
{
	wg_buf_u32(b, (uint32_t)(v >> 32));
	wg_buf_u32(b, (uint32_t)v);
}

void wg_buf_bytes(struct wg_buf *b, const void *p, size_t len)
{
	if (len > UINT32_MAX) {
		b->failed = true;
		return;
	}
	wg_buf_u32(b, (uint32_t)len);
	wg_buf_put(b, p, len);
}

void wg_buf_str(struct wg_buf *b, const char *s)
{
	wg_buf_bytes(b, s != NULL ? s : "", s != NULL ? strlen(s) : 0);
}

const char *wg_buf_text(const struct wg_buf *b)
{
	return b->data != NULL && b->len > 0 ? (const char *)b->data : "";
}

enum wg_code wg_buf_check(const struct wg_buf *b, const char *what, struct wg_err *err)
{
	if (!b->failed)
		return WG_OK;
	if (b->refused)
		return wg_err_set(err, WG_SYSTEM, "no memory for %s", what);
	return wg_err_set(err, WG_LIMIT, "%s is larger than the limit of %zu bytes", what, b->max);
}

char *wg_buf_steal(struct wg_buf *b)
{
	if (b->failed)
		return NULL;
	char *p = (char *)b->data;
	b->data = NULL;
	wg_buf_free(b);
	return p;
}

static const uint8_t *cur_take(struct wg_cur *c, size_t n)
{
	if (c->failed || n > c->left) {
		c->failed = true;
		return NULL;
	}
	const uint8_t *p = c->p;
	c->p += n;
	c->left -= n;
	return p;
}

uint8_t wg_cur_u8(struct wg_cur *c)
{
	const uint8_t *p = cur_take(c, 1);
	return p != NULL ? p[0] : 0;
}

uint32_t wg_cur_u32(struct wg_cur *c)
{
	const uint8_t *p = cur_take(c, 4);
	if (p == NULL)
		return 0;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

uint64_t wg_cur_u64(struct wg_cur *c)
{
	uint64_t high = wg_cur_u32(c);
	return high << 32 | wg_cur_u32(c);
}

const uint8_t *wg_cur_bytes(struct wg_cur *c, size_t *len)
{
	size_t n = wg_cur_u32(c);
	const uint8_t *p = cur_take(c, n);
	*len = p != NULL ? n : 0;
	return p;
}

char *wg_cur_str(struct wg_cur *c, size_t max)
{
	size_t n;
	const uint8_t *p = wg_cur_bytes(c, &n);
	if (p == NULL)
		return NULL;
	bool fits = n <= max && memchr(p, 0, n) == NULL;
	char *s = fits ? malloc(n + 1) : NULL;
	if (fits && s == NULL)
		wg_mem_note(); /* to the caller it does not fit */
	if (s == NULL) {
		c->failed = true;
		return NULL;
	}
	memcpy(s, p, n);
	s[n] = '\0';
	return s;
}

void wg_cur_name(struct wg_cur *c, char *out, size_t size)
{
	size_t n;
	const uint8_t *p = wg_cur_bytes(c, &n);
	out[0] = '\0';
	if (p == NULL)
		return;
	if (n >= size || memchr(p, 0, n) != NULL) {
		c->failed = true;
		return;
	}
	memcpy(out, p, n);
	out[n] = '\0';
}

bool wg_cur_end(const struct wg_cur *c)
{
	return !c->failed && c->left == 0;
}
