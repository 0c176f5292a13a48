/* smime_entity.c owns the unwrapping of application/pkcs7-mime.
 * SECURITY: the bytes are hostile, the inner ones as much as the outer (whoever has our certificate can encrypt to us).
 * One shape is taken and everything else refused, so that no part can stand beside the sealed one. */
#include "readers/smime_entity.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"

/* Trace lines, DKIM and all. */
#define HEADER_BYTES ((size_t)256 * 1024)
/* First byte of every CMS object: SEQUENCE. */
#define DER_SEQUENCE 0x30

struct header {
	unsigned types, encodings; /* how many of each */
	bool pkcs7, base64;
};

/* One header field, unfolded: starts at s, n bytes with its line ends. */
static void take_field(struct header *h, const char *s, size_t n)
{
	static const char type[] = "content-type:", encoding[] = "content-transfer-encoding:";
	static const char *const kinds[] = { "application/pkcs7-mime", "application/x-pkcs7-mime" };
	bool is_type = n > sizeof type && strncasecmp(s, type, sizeof type - 1) == 0;
	bool is_encoding = n > sizeof encoding && strncasecmp(s, encoding, sizeof encoding - 1) == 0;
	if (!is_type && !is_encoding)
		return;
	size_t skip = is_type ? sizeof type - 1 : sizeof encoding - 1;
	s += skip, n -= skip;
	while (n > 0 && strchr(" \t\r\n", *s) != NULL)
		s++, n--;
	size_t word = 0;
	while (word < n && strchr(" \t\r\n;", s[word]) == NULL)
		word++;
	h->types += is_type;
	h->encodings += is_encoding;
	h->base64 = h->base64 || (is_encoding && word == 6 && strncasecmp(s, "base64", 6) == 0);
	for (size_t i = 0; is_type && i < WG_COUNT(kinds); i++)
		h->pkcs7 = h->pkcs7 || (word == strlen(kinds[i]) && strncasecmp(s, kinds[i], word) == 0);
}

/* Reads the header; returns the offset of the body, 0 when there is none. */
static size_t take_header(struct header *h, const char *text, size_t len)
{
	size_t field = 0, at = 0;
	while (at < len && at <= HEADER_BYTES) {
		const char *end = memchr(text + at, '\n', len - at);
		if (end == NULL)
			return 0;
		size_t next = (size_t)(end - text) + 1, n = next - at;
		bool blank = n == 1 || (n == 2 && text[at] == '\r');
		bool folded = !blank && (text[at] == ' ' || text[at] == '\t');
		if (!folded && at > field)
			take_field(h, text + field, at - field);
		if (blank)
			return next;
		if (!folded)
			field = at;
		at = next;
	}
	return 0;
}

bool wg_smime_entity(const void *bytes, size_t len, struct wg_buf *der)
{
	const char *text = bytes;
	if (len > 0 && ((const uint8_t *)bytes)[0] == DER_SEQUENCE) {
		wg_buf_put(der, bytes, len);
		return !der->failed;
	}
	struct header h = { 0 };
	size_t body = take_header(&h, text, len);
	if (body == 0 || h.types != 1 || h.encodings != 1 || !h.pkcs7 || !h.base64)
		return false;
	WG_AUTO_FREE uint8_t *plain = NULL;
	size_t plain_len = 0;
	struct wg_err ignored; /* the answer is the same for every fault */
	if (wg_base64_decode(text + body, len - body, &plain, &plain_len, &ignored) != WG_OK)
		return false;
	wg_buf_put(der, plain, plain_len);
	return !der->failed;
}
