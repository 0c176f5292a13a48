/* kind.c owns the decision what a document is.
 * SECURITY: runs on hostile bytes outside the sandbox, so it compares a few bytes and parses nothing. */
#include "role/kind.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

static const struct {
	enum wg_document kind;
	const char *type, *words, *endings; /* file name endings, separated by blanks */
} kinds[] = {
	{ WG_DOCUMENT_XML, "application/xml", "XML", ".xml" },
	{ WG_DOCUMENT_MAIL, "message/rfc822", "an e-mail", ".eml .mail .txt" },
	{ WG_DOCUMENT_SEALED, "application/pkcs7-mime", "a sealed (S/MIME) object", ".p7m .p7" },
};

const char *wg_document_type(enum wg_document kind)
{
	return kinds[kind].type;
}

/* DER: SEQUENCE, then an OBJECT IDENTIFIER of PKCS#7 (1.2.840.113549.1.7.*) or of S/MIME content types
 * (1.2.840.113549.1.9.16.1.*). */
static bool looks_sealed(const uint8_t *p, size_t len)
{
	static const uint8_t pkcs7[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01 };
	if (len < 24 || p[0] != 0x30)
		return false;
	size_t head = p[1] < 0x80 ? 2 : 2 + (size_t)(p[1] & 0x7f);
	return head <= 6 && p[head] == 0x06 && memcmp(p + head + 2, pkcs7, sizeof pkcs7) == 0;
}

/* RFC 5322 2.2 allows all printable characters; letters, digits and these are what anybody uses, and JSON is none. */
static bool in_field_name(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	       c == '.';
}

/* "Name: value" on the first line, or the mbox "From " line. */
static bool looks_mail(const uint8_t *p, size_t len)
{
	if (len > 5 && memcmp(p, "From ", 5) == 0)
		return true;
	size_t n = 0;
	while (n < len && n < 76 && in_field_name(p[n]))
		n++;
	return n > 0 && n < len && p[n] == ':';
}

static bool looks_xml(const uint8_t *p, size_t len)
{
	if (len >= 3 && p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF)
		p += 3, len -= 3;
	while (len > 0 && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++, len--;
	return len > 1 && p[0] == '<' &&
	       (p[1] == '?' || p[1] == '_' || (p[1] >= 'A' && p[1] <= 'Z') || (p[1] >= 'a' && p[1] <= 'z') || p[1] == '!');
}

static bool ends_with(const char *s, const char *ending, size_t n)
{
	size_t len = strlen(s);
	return len >= n && strncasecmp(s + len - n, ending, n) == 0;
}

/* True when the name has an ending that we know and that belongs to another kind. */
static bool name_disagrees(const char *name, enum wg_document kind)
{
	for (size_t k = 0; k < WG_COUNT(kinds); k++) {
		for (const char *e = kinds[k].endings; *e != '\0';) {
			size_t n = strcspn(e, " ");
			if (ends_with(name, e, n))
				return kinds[k].kind != kind;
			e += n + strspn(e + n, " ");
		}
	}
	return false;
}

static bool type_agrees(const char *declared, enum wg_document kind)
{
	if (kind == WG_DOCUMENT_XML && strcasecmp(declared, "text/xml") == 0)
		return true;
	if (kind == WG_DOCUMENT_SEALED && strcasecmp(declared, "application/x-pkcs7-mime") == 0)
		return true;
	return strcasecmp(declared, kinds[kind].type) == 0;
}

enum wg_code wg_document_kind(const void *bytes, size_t len, const char *declared, const char *name,
                              enum wg_document *out, struct wg_err *err)
{
	enum wg_document kind;
	if (len == 0)
		return wg_err_set(err, WG_REJECT, "the document is empty");
	if (looks_xml(bytes, len))
		kind = WG_DOCUMENT_XML;
	else if (looks_sealed(bytes, len))
		kind = WG_DOCUMENT_SEALED;
	else if (looks_mail(bytes, len))
		kind = WG_DOCUMENT_MAIL;
	else
		return wg_err_set(err, WG_REJECT,
		                  "the document is neither XML nor an e-mail (message/rfc822, .eml) nor sealed with S/MIME; "
		                  "send one of these");
	if (declared != NULL && !type_agrees(declared, kind))
		return wg_err_set(err, WG_REJECT, "the document is %s but was declared as another type; declare it as %s",
		                  kinds[kind].words, kinds[kind].type);
	if (name != NULL && name_disagrees(name, kind))
		return wg_err_set(
			err, WG_REJECT,
			"the document is %s but its file name has the ending of another type; rename it to end in %.4s",
			kinds[kind].words, kinds[kind].endings);
	*out = kind;
	return WG_OK;
}
