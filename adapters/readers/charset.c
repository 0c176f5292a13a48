/* charset.c owns the converters, and iconv_open for the whole reader.
 * SECURITY: glibc opens a file for each charset at its first use. A confined process is killed for that, so any mail
 * could kill its reader by naming one more charset (=?koi8-r?Q?...?=, deep inside GMime). The definition of iconv_open
 * below is found by GMime and GLib before that of the C library, and says "unknown charset" to everything that was not
 * loaded in time. */
#include "readers/charset.h"

#include <assert.h>
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define NO_ICONV ((iconv_t)-1)
#define NAME_MAX_BYTES 32

/* Names as iconv spells them, and all the spellings met, letters and digits only. Latin-1 reads as windows-1252, which
 * has the same letters and, where Latin-1 has only control characters, the quotation marks and dashes that were really
 * typed. */
static const struct {
	const char *plain, *iconv;
} names[] = {
	{ "utf8", "UTF-8" },
	{ "usascii", "US-ASCII" },
	{ "ascii", "US-ASCII" },
	{ "ansix341968", "US-ASCII" },
	{ "iso88591", "WINDOWS-1252" },
	{ "latin1", "WINDOWS-1252" },
	{ "windows1252", "WINDOWS-1252" },
	{ "cp1252", "WINDOWS-1252" },
	{ "windowscp1252", "WINDOWS-1252" },
	{ "iso885915", "ISO-8859-15" },
	{ "latin9", "ISO-8859-15" },
	{ "utf16", "UTF-16" },
	{ "utf16le", "UTF-16LE" },
	{ "utf16be", "UTF-16BE" },
};

/* One open converter per charset keeps its module loaded; the kernel closes them. */
static iconv_t held[WG_COUNT(names)];
static iconv_t (*real_open)(const char *to, const char *from);
static bool tried, complete;

static const char *spelled(const char *name)
{
	char plain[NAME_MAX_BYTES];
	size_t n = 0;
	for (; *name != '\0' && strncmp(name, "//", 2) != 0; name++) {
		if (!isalnum((unsigned char)*name))
			continue;
		if (n + 1 >= sizeof plain)
			return NULL;
		plain[n++] = (char)tolower((unsigned char)*name);
	}
	plain[n] = '\0';
	for (size_t i = 0; i < WG_COUNT(names); i++)
		if (strcmp(names[i].plain, plain) == 0)
			return names[i].iconv;
	return NULL;
}

static void find_real(void)
{
	void *symbol = dlsym(RTLD_NEXT, "iconv_open");
	static_assert(sizeof symbol == sizeof real_open, "ISO C has no cast from an object to a function");
	memcpy(&real_open, &symbol, sizeof symbol);
}

void wg_charset_none(void)
{
	tried = true;
}

bool wg_charset_prepare(void)
{
	if (tried)
		return complete;
	tried = true;
	find_real();
	complete = real_open != NULL;
	for (size_t i = 0; i < WG_COUNT(names) && real_open != NULL; i++) {
		held[i] = real_open("UTF-8", names[i].iconv);
		complete = complete && held[i] != NO_ICONV;
	}
	return complete;
}

/* In place of the C library's. */
iconv_t iconv_open(const char *to, const char *from)
{
	(void)wg_charset_prepare(); /* what is lacking is not known, below */
	const char *known_to = spelled(to), *known_from = spelled(from);
	if (real_open == NULL || known_to == NULL || known_from == NULL || strcmp(known_to, "UTF-8") != 0) {
		errno = EINVAL;
		return NO_ICONV;
	}
	return real_open(known_to, known_from);
}

/* Everything, with U+FFFD for what cannot be converted. */
static void convert(iconv_t cd, const char *in, size_t left, struct wg_buf *out)
{
	char block[4096];
	char *from = (char *)(uintptr_t)in; /* iconv does not write there */
	while (left > 0 && !out->failed) {
		char *to = block;
		size_t room = sizeof block;
		size_t rc = iconv(cd, &from, &left, &to, &room);
		wg_buf_put(out, block, sizeof block - room);
		if (rc != (size_t)-1 || errno == E2BIG)
			continue;
		wg_buf_puts(out, "\xEF\xBF\xBD");
		from++, left--;
	}
}

bool wg_charset_to_utf8(const char *name, const void *bytes, size_t len, struct wg_buf *out)
{
	const char *known = name != NULL ? spelled(name) : "US-ASCII";
	const char *take = known != NULL ? known : "US-ASCII";
	const char *text = bytes;
	if (strcmp(take, "UTF-8") == 0 || strcmp(take, "US-ASCII") == 0) {
		if (wg_utf8_valid(text, len)) {
			bool mark = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0;
			wg_buf_put(out, text + (mark ? 3 : 0), len - (mark ? 3 : 0));
			return known != NULL;
		}
		take = "WINDOWS-1252";
	}
	iconv_t cd = iconv_open("UTF-8", take);
	if (cd == NO_ICONV) { /* the machine lacks the converter */
		wg_buf_put(out, text, len);
		return false;
	}
	convert(cd, text, len, out);
	(void)iconv_close(cd); /* nothing to flush: UTF-8 has no shift state */
	return known != NULL;
}
