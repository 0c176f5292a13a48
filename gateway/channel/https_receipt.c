/* https_receipt.c owns a strict walk over a JSON object (RFC 8259) that keeps one member. A JSON library is not of this
 * room, and all that is wanted is one short name or a line of words. SECURITY: meets the answers of other gateways:
 * depth and length are bounded, and any doubt means "no receipt". */
#include "channel/https_receipt.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

/* Our own answers have depth 1; a problem's errors have 3. */
#define DEPTH_MAX 16
/* Of words only the beginning is shown. */
#define MEMBER_MAX ((size_t)4096)

struct walk {
	const char *p, *end;
	bool failed;
};

static char peek(struct walk *w)
{
	while (w->p < w->end && (*w->p == ' ' || *w->p == '\t' || *w->p == '\r' || *w->p == '\n'))
		w->p++;
	return w->p < w->end ? *w->p : '\0';
}

static bool take(struct walk *w, char c)
{
	if (w->failed || peek(w) != c || c == '\0') {
		w->failed = true;
		return false;
	}
	w->p++;
	return true;
}

/* A string without its quotes, escapes left as they are. */
static size_t take_string(struct walk *w, const char **out)
{
	if (!take(w, '"'))
		return 0;
	const char *start = w->p;
	for (; w->p < w->end && *w->p != '"'; w->p++) {
		if ((unsigned char)*w->p < 0x20)
			break;
		if (*w->p == '\\' && ++w->p == w->end)
			break;
	}
	if (w->p >= w->end || *w->p != '"') {
		w->failed = true;
		return 0;
	}
	*out = start;
	return (size_t)(w->p++ - start);
}

/* A number or one of the three names: told apart by nobody here, so only their characters are checked. */
static void take_plain(struct walk *w)
{
	static const char allowed[] = "+-.0123456789Eaeflnrstu"; /* numbers, true, false, null */
	const char *start = w->p;
	while (w->p < w->end && memchr(allowed, *w->p, sizeof allowed - 1) != NULL)
		w->p++;
	if (w->p == start)
		w->failed = true;
}

/* Any value, iteratively: open brackets are counted, and matched by kind. */
static void skip_value(struct walk *w)
{
	char open[DEPTH_MAX];
	size_t depth = 0;
	const char *ignored = NULL;
	do {
		char c = peek(w);
		if (c == '{' || c == '[') {
			w->p++;
			if (depth == DEPTH_MAX) {
				w->failed = true;
				return;
			}
			open[depth++] = c == '{' ? '}' : ']';
		} else if (depth > 0 && c == open[depth - 1]) {
			w->p++;
			depth--;
		} else if (c == '"') {
			(void)take_string(w, &ignored); /* a failure sticks */
		} else if (depth > 0 && (c == ',' || c == ':')) {
			w->p++;
		} else {
			take_plain(w);
		}
	} while (depth > 0 && !w->failed);
}

static bool is_reference(const char *p, size_t len)
{
	static const char allowed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._:-";
	for (size_t i = 0; i < len; i++)
		if (memchr(allowed, p[i], sizeof allowed - 1) == NULL)
			return false;
	return len > 0;
}

/* The one string member of that name of the whole text, without its quotes, escapes as they are; false otherwise. */
static bool find(const char *json, size_t len, const char *wanted, const char **out, size_t *out_len)
{
	struct walk w = { .p = json, .end = json + len };
	const char *name = NULL;
	size_t found = 0;
	(void)take(&w, '{'); /* a failure sticks */
	bool more = !w.failed && peek(&w) != '}';
	while (more && !w.failed) {
		size_t name_len = take_string(&w, &name);
		(void)take(&w, ':'); /* a failure sticks */
		if (!w.failed && name_len == strlen(wanted) && memcmp(name, wanted, name_len) == 0 && peek(&w) == '"') {
			*out_len = take_string(&w, out);
			found++;
		} else if (!w.failed) {
			skip_value(&w);
		}
		more = !w.failed && peek(&w) == ',' && take(&w, ',');
	}
	(void)take(&w, '}'); /* a failure sticks */
	(void)peek(&w);      /* blanks at the end */
	return !w.failed && w.p == w.end && found == 1;
}

void wg_https_receipt(const char *json, size_t len, char *out, size_t size)
{
	const char *id = NULL;
	size_t id_len = 0;
	out[0] = '\0';
	if (!find(json, len, "id", &id, &id_len) || id_len >= size || !is_reference(id, id_len))
		return;
	memcpy(out, id, id_len);
	out[id_len] = '\0';
}

/* Four digits of a \u escape; false when they are not there. */
static bool take_unit(const char *p, const char *end, uint32_t *out)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	if (end - p < 4)
		return false;
	*out = 0;
	for (int i = 0; i < 4; i++) {
		const char *digit = memchr(digits, p[i], sizeof digits - 1);
		if (digit == NULL)
			return false;
		*out = *out * 16 + (uint32_t)((digit - digits) % 16);
	}
	return true;
}

/* A character of the basic plane as UTF-8; halves of pairs become "?": these words are for people's eyes only. */
static void put_unit(struct wg_buf *b, uint32_t c)
{
	if (c < 0x80) {
		wg_buf_putc(b, (char)c);
	} else if (c < 0x800) {
		wg_buf_putc(b, (char)(0xc0 | c >> 6));
		wg_buf_putc(b, (char)(0x80 | (c & 0x3f)));
	} else if (c >= 0xd800 && c <= 0xdfff) {
		wg_buf_putc(b, '?');
	} else {
		wg_buf_putc(b, (char)(0xe0 | c >> 12));
		wg_buf_putc(b, (char)(0x80 | (c >> 6 & 0x3f)));
		wg_buf_putc(b, (char)(0x80 | (c & 0x3f)));
	}
}

static void put_unescaped(struct wg_buf *b, const char *p, size_t len)
{
	for (const char *end = p + len; p < end; p++) {
		uint32_t unit = 0;
		if (*p != '\\' || p + 1 == end) {
			wg_buf_putc(b, *p);
		} else if (*++p != 'u') {
			/* a line end in words is a blank; the other escapes stand for themselves */
			wg_buf_putc(b, strchr("bfnrt", *p) != NULL ? ' ' : *p);
		} else if (take_unit(p + 1, end, &unit) && unit != 0) {
			put_unit(b, unit);
			p += 4;
		}
	}
}

void wg_https_member(const char *json, size_t len, const char *name, char *out, size_t size)
{
	const char *value = NULL;
	size_t value_len = 0;
	out[0] = '\0';
	if (!find(json, len, name, &value, &value_len))
		return;
	WG_AUTO_BUF struct wg_buf words = WG_BUF(MEMBER_MAX);
	put_unescaped(&words, value, value_len < MEMBER_MAX ? value_len : MEMBER_MAX);
	if (!words.failed)
		(void)wg_defang(wg_buf_text(&words), out, size); /* returns its argument */
}
