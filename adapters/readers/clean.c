/* clean.c owns the cleaning of outside text.
 * SECURITY: after this no control character is left, so that a byte of our own (WG_LABEL_MARK) cannot be forged, and no
 * character shows a person something else than what is stored. */
#include "readers/clean.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

static bool is_space(uint32_t c)
{
	return c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
	       c == 0x205F || c == 0x3000;
}

/* Soft hyphen, zero-width characters, marks that turn the direction, byte order mark. */
static bool is_invisible(uint32_t c)
{
	return c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
	       c == 0xFEFF;
}

void wg_clean_line(struct wg_buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint32_t c;
		size_t n = wg_utf8_decode(text + i, len - i, &c);
		if (n == 0) {
			wg_buf_puts(out, "\xEF\xBF\xBD");
			n = 1;
		} else if ((c < 0x20 && c != '\t') || (c >= 0x7F && c <= 0x9F) || is_space(c)) {
			wg_buf_putc(out, ' ');
		} else if (!is_invisible(c)) {
			wg_buf_put(out, text + i, n);
		}
		i += n;
	}
}
