/* csv_text.c owns the question in which encoding a table was written.
 * SECURITY: hostile bytes. A file of which one part reads in one encoding and the rest in another is refused: a name
 * that came out wrong finds the wrong child. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "readers/charset.h"
#include "readers/csv.h"

/* The line that holds the byte at, as a person counts. */
static unsigned line_of(const uint8_t *p, size_t at)
{
	unsigned line = 1;
	for (size_t i = 0; i < at; i++)
		line += p[i] == '\n' || (p[i] == '\r' && p[i + 1] != '\n');
	return line;
}

static enum wg_code refuse_nul(const uint8_t *p, size_t len, struct wg_err *err)
{
	const uint8_t *nul = memchr(p, '\0', len);
	if (nul == NULL)
		return WG_OK;
	return wg_err_set(err, WG_REJECT, "line %u holds a NUL byte: save the table as \"CSV UTF-8\" and send again",
	                  line_of(p, (size_t)(nul - p)));
}

/* Not UTF-8 as a whole: then it is windows-1252, unless some of it is UTF-8 beyond doubt or no letter at all. */
static enum wg_code only_windows(const uint8_t *p, size_t len, struct wg_err *err)
{
	static const char none[] = "\x81\x8D\x8F\x90\x9D"; /* what windows-1252 has no character for */
	const char *text = (const char *)p;
	unsigned foreign = 0, utf8 = 0;
	for (size_t i = 0; i < len;) {
		uint32_t c;
		size_t n = p[i] < 0x80 ? 1 : wg_utf8_decode(text + i, len - i, &c);
		if (n > 1 && utf8 == 0)
			utf8 = line_of(p, i);
		if (n == 0 && foreign == 0)
			foreign = line_of(p, i);
		if (n == 0 && strchr(none, text[i]) != NULL)
			return wg_err_set(err, WG_REJECT,
			                  "line %u holds bytes that are text in no encoding read here: save the table as \"CSV "
			                  "UTF-8\" and send again",
			                  line_of(p, i));
		i += n > 0 ? n : 1;
	}
	if (utf8 > 0)
		return wg_err_set(err, WG_REJECT,
		                  "line %u is written in UTF-8 and line %u in another encoding: save the table as \"CSV "
		                  "UTF-8\" and send again",
		                  utf8, foreign);
	return WG_OK;
}

static enum wg_code from_utf16(const struct wg_buf *in, const char *charset, struct wg_buf *text, struct wg_err *err)
{
	if (in->len % 2 != 0)
		return wg_err_set(err, WG_REJECT, "it is UTF-16 and ends within a character: save the table again");
	if (!wg_charset_to_utf8(charset, in->data + 2, in->len - 2, text))
		return wg_err_set(err, WG_SYSTEM, "the converter for UTF-16 is not installed");
	const char *lost = text->failed ? NULL : strstr(wg_buf_text(text), "\xEF\xBF\xBD");
	if (lost != NULL)
		return wg_err_set(err, WG_REJECT, "line %u holds half a character of UTF-16: save the table again",
		                  line_of(text->data, (size_t)(lost - wg_buf_text(text))));
	return refuse_nul((const uint8_t *)wg_buf_text(text), text->len, err);
}

enum wg_code wg_csv_text(const struct wg_buf *in, struct wg_buf *text, struct wg_err *err)
{
	const uint8_t *p = (const uint8_t *)wg_buf_text(in);
	enum wg_code code = WG_OK;
	if (in->len >= 2 && memcmp(p, "\xFF\xFE", 2) == 0) {
		code = from_utf16(in, "utf-16le", text, err);
	} else if (in->len >= 2 && memcmp(p, "\xFE\xFF", 2) == 0) {
		code = from_utf16(in, "utf-16be", text, err);
	} else {
		bool mark = in->len >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0;
		bool utf8 = wg_utf8_valid((const char *)p, in->len);
		code = refuse_nul(p, in->len, err);
		if (code == WG_OK && !utf8 && mark)
			code = wg_err_set(err, WG_REJECT,
			                  "it begins as UTF-8 and is not UTF-8 throughout: save the table as \"CSV UTF-8\"");
		if (code == WG_OK && !utf8)
			code = only_windows(p, in->len, err);
		if (code == WG_OK && !wg_charset_to_utf8(utf8 ? "utf-8" : "windows-1252", p, in->len, text))
			code = wg_err_set(err, WG_SYSTEM, "the converter for windows-1252 is not installed");
	}
	return code == WG_OK ? wg_buf_check(text, "table", err) : code;
}
