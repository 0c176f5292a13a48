/* mail_scan.c owns the first look at a mail, one pass over its bytes.
 * SECURITY: GMime spends memory and time on every part and every header before it can be asked how many there are (half
 * a million empty parts: 658 MB); so they are counted here first, from above: no message has more parts than lines that
 * begin with two hyphens. */
#include "readers/mail_scan.h"

#include <stdbool.h>
#include <string.h>

/* A header with all its trace lines has some 10 KiB; signatures of mail servers add more. */
#define HEADER_BYTES ((size_t)256 * 1024)
/* Lines that begin with "--": a boundary for each of 100 parts, and rules that people draw. */
#define BOUNDARY_LINES 1000
/* Address lists are parsed with a call for each colon. */
#define HEADER_COLONS 2000

struct scan {
	size_t line, boundaries, colons;
	bool header;
};

static enum wg_code scan_line(struct scan *scan, const char *s, size_t n, size_t offset, struct wg_err *err)
{
	scan->line++;
	if (n > 0 && s[n - 1] == '\r')
		n--;
	if (memchr(s, '\0', n) != NULL)
		return wg_err_set(err, WG_REJECT, "line %zu: a NUL byte: mail cannot carry one, send it encoded", scan->line);
	if (n >= 2 && memcmp(s, "--", 2) == 0 && ++scan->boundaries > BOUNDARY_LINES)
		return wg_err_set(err, WG_LIMIT, "line %zu: more part boundaries than the limit of %d", scan->line,
		                  BOUNDARY_LINES);
	if (!scan->header)
		return WG_OK;
	scan->header = n > 0;
	for (size_t i = 0; i < n; i++)
		scan->colons += s[i] == ':';
	if (offset + n > HEADER_BYTES || scan->colons > HEADER_COLONS)
		return wg_err_set(err, WG_LIMIT, "line %zu: the header is larger than the limit of %zu bytes or %d colons",
		                  scan->line, HEADER_BYTES, HEADER_COLONS);
	return WG_OK;
}

enum wg_code wg_mail_scan(const struct wg_buf *in, struct wg_err *err)
{
	struct scan scan = { .header = true };
	const char *text = wg_buf_text(in);
	size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
	if (in->len == 0 || name == 0 || (text[name] != ':' && strncmp(text, "From ", 5) != 0))
		return wg_err_set(err, WG_REJECT, "line 1: no mail header: this is not an e-mail message");
	for (size_t at = 0; at < in->len;) {
		const char *end = memchr(text + at, '\n', in->len - at);
		size_t n = end != NULL ? (size_t)(end - (text + at)) : in->len - at;
		enum wg_code code = scan_line(&scan, text + at, n, at, err);
		if (code != WG_OK)
			return code;
		at += n + 1;
	}
	return WG_OK;
}
