/* kind_look.c owns the marks by which a document shows what it is.
 * SECURITY: runs on hostile bytes outside the sandbox: it compares bytes at fixed places and searches for fixed marks,
 * once over the document at most. */
#include "role/kind_look.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

/* Text is judged by its beginning; comments and declarations before the first tag of a saved page fit in. */
#define HEAD_BYTES 8192
/* PDF readers look for its mark in the first 1024 bytes, ZIP readers for theirs in the last 65,557. */
#define PDF_WITHIN 1024
#define ZIP_WITHIN 65557

static bool begins(const uint8_t *p, size_t len, const void *mark, size_t n)
{
	return len >= n && memcmp(p, mark, n) == 0;
}

static void can(struct wg_kind_seen *seen, enum wg_document kind)
{
	seen->can[0] = kind;
	seen->count = seen->sure = 1;
}

/* ---- what we do not take, and what helps its sender */

static const struct {
	const char *mark;
	size_t n, at;
	const char *type; /* of a picture that a notice carries */
	enum wg_beside beside;
	const char *words;
} marks[] = {
#define M(s, at) s, sizeof(s) - 1, at
#define PICTURE "a picture: send the form itself; a photograph goes with it as an attachment of the same e-mail"
	{ M("\xFF\xD8\xFF", 0), "image/jpeg", WG_BESIDE_PICTURE, PICTURE },
	{ M("\x89PNG\r\n\x1A\n", 0), "image/png", WG_BESIDE_PICTURE, PICTURE },
	{ M("GIF87a", 0), NULL, WG_BESIDE_PICTURE, PICTURE },
	{ M("GIF89a", 0), NULL, WG_BESIDE_PICTURE, PICTURE },
	{ M("II*\0", 0), NULL, WG_BESIDE_PICTURE, PICTURE },
	{ M("MM\0*", 0), NULL, WG_BESIDE_PICTURE, PICTURE },
	{ M("ftypheic", 4), NULL, WG_BESIDE_PICTURE, PICTURE },
	{ M("ftypmif1", 4), NULL, WG_BESIDE_PICTURE, PICTURE },
	{ M("WEBP", 8), NULL, WG_BESIDE_PICTURE, PICTURE },
	{ M("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 0), NULL, WG_BESIDE_NOTHING,
	  "an old Office file (.doc, .xls), an Outlook message (.msg) or a file with a password: save it as .docx, .xlsx "
	  "or .eml, without a password, and send that" },
	{ M("{\\rtf", 0), NULL, WG_BESIDE_NOTHING, "rich text (.rtf): save it as .docx and send that" },
	{ M("\x78\x9F\x3E\x22", 0), NULL, WG_BESIDE_NOTHING,
	  "an attachment in Outlook's own format (winmail.dat): send the mail as HTML or plain text" },
	{ M("\x1F\x8B", 0), NULL, WG_BESIDE_NOTHING, "a packed file (gzip): unpack it and send what is in it" },
	{ M("7z\xBC\xAF\x27\x1C", 0), NULL, WG_BESIDE_NOTHING, "a packed file (7z): unpack it and send what is in it" },
	{ M("Rar!", 0), NULL, WG_BESIDE_NOTHING, "a packed file (rar): unpack it and send what is in it" },
	{ M("PK\5\6", 0), NULL, WG_BESIDE_NOTHING, "a ZIP with nothing in it" },
	{ M("BEGIN:VCALENDAR", 0), NULL, WG_BESIDE_CALENDAR,
	  "a calendar entry (.ics): send the notice itself, as a form or an e-mail" },
	{ M("BEGIN:VCARD", 0), NULL, WG_BESIDE_CARD, "a contact card (.vcf): send the form itself" },
#undef M
};

/* The mark that the document has, or NULL. */
static const char *foreign(const uint8_t *p, size_t len, enum wg_beside *beside, const char **type)
{
	for (size_t i = 0; i < WG_COUNT(marks); i++) {
		if (len < marks[i].at || !begins(p + marks[i].at, len - marks[i].at, marks[i].mark, marks[i].n))
			continue;
		*beside = marks[i].beside;
		*type = marks[i].type;
		return marks[i].words;
	}
	return NULL;
}

/* ---- ZIP */

/* Names at the entries' own headers, in the order of the bytes; what a name is followed by does not matter here. */
static bool next_entry(const uint8_t *p, size_t len, size_t *at, const char **name, size_t *name_len)
{
	const uint8_t *found = *at < len ? memmem(p + *at, len - *at, "PK\3\4", 4) : NULL;
	if (found == NULL || len - (size_t)(found - p) < 30)
		return false;
	size_t header = (size_t)(found - p);
	*name_len = (size_t)(found[26] | found[27] << 8);
	if (*name_len > len - header - 30)
		*name_len = len - header - 30;
	*name = (const char *)found + 30;
	*at = header + 30;
	return true;
}

static bool name_begins(const char *name, size_t n, const char *with)
{
	return n >= strlen(with) && memcmp(name, with, strlen(with)) == 0;
}

/* OpenDocument: the first entry is called mimetype, stored, and says it. */
static bool look_opendocument(const uint8_t *p, size_t len, struct wg_kind_seen *seen)
{
	static const char text[] = "application/vnd.oasis.opendocument.text";
	size_t at = 0, n;
	const char *name;
	if (!next_entry(p, len, &at, &name, &n) || n != 8 || !name_begins(name, n, "mimetype"))
		return false;
	size_t extra = (size_t)(p[28] | p[29] << 8), start = 38 + extra;
	if (start > len || !begins(p + start, len - start, text, sizeof text - 1)) {
		seen->words =
			"an OpenDocument file that is no text: save a table as .xlsx or .csv, a form as .odt, .docx or PDF";
		return true;
	}
	can(seen, WG_DOCUMENT_ODT);
	return true;
}

static void look_zip(const uint8_t *p, size_t len, struct wg_kind_seen *seen)
{
	const char *name, *main = NULL;
	size_t at = 0, n;
	bool types = false;
	if (look_opendocument(p, len, seen))
		return;
	while ((main == NULL || !types) && next_entry(p, len, &at, &name, &n)) {
		types = types || (n == 19 && name_begins(name, n, "[Content_Types].xml"));
		if (main == NULL && (name_begins(name, n, "word/") || name_begins(name, n, "xl/") ||
		                     name_begins(name, n, "ppt/") || name_begins(name, n, "visio/")))
			main = name;
	}
	if (types && main != NULL && main[0] == 'w')
		can(seen, WG_DOCUMENT_DOCX);
	else if (types && main != NULL && main[0] == 'x')
		can(seen, WG_DOCUMENT_XLSX);
	else if (types && main != NULL)
		seen->words =
			"an Office file that is no form: send a Word document (.docx), an Excel table (.xlsx) or a PDF form";
	else
		seen->words = "a packed file (ZIP): unpack it and send what is in it";
}

/* The record at the end of every ZIP: for a document that does not begin as one, a second thing that it is. Its two
 * disk numbers are 0 in every archive that is whole. */
static bool zip_at_end(const uint8_t *p, size_t len)
{
	static const uint8_t mark[] = { 'P', 'K', 5, 6, 0, 0, 0, 0 };
	size_t from = len > ZIP_WITHIN ? len - ZIP_WITHIN : 0;
	return memmem(p + from, len - from, mark, sizeof mark) != NULL;
}

static bool pdf_within(const uint8_t *p, size_t len)
{
	return memmem(p, len < PDF_WITHIN ? len : PDF_WITHIN, "%PDF-", 5) != NULL;
}

enum wg_beside wg_document_beside(const void *bytes, size_t len, const char **type)
{
	enum wg_beside beside = WG_BESIDE_NOTHING;
	*type = NULL;
	(void)foreign(bytes, len, &beside, type);
	if (zip_at_end(bytes, len) || pdf_within(bytes, len)) /* two things at once: not carried as a picture */
		*type = NULL;
	return beside;
}

/* ---- the rest */

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

/* The beginning as one byte a character, so that UTF-16 (what Excel calls Unicode text) is judged like the rest. */
static size_t head_of(const uint8_t *p, size_t len, char head[HEAD_BYTES])
{
	size_t n = 0;
	bool little = begins(p, len, "\xFF\xFE", 2), big = begins(p, len, "\xFE\xFF", 2);
	if (little || big) {
		for (size_t i = 2; i + 1 < len && n < HEAD_BYTES; i += 2) {
			uint8_t low = p[i + (little ? 0 : 1)], high = p[i + (little ? 1 : 0)];
			head[n++] = high == 0 ? (char)low : '?';
		}
		return n;
	}
	size_t skip = begins(p, len, "\xEF\xBB\xBF", 3) ? 3 : 0;
	n = len - skip < HEAD_BYTES ? len - skip : HEAD_BYTES;
	memcpy(head, p + skip, n);
	return n;
}

void wg_kind_look(const void *bytes, size_t len, struct wg_kind_seen *seen)
{
	const uint8_t *p = bytes;
	enum wg_beside beside;
	const char *type;
	char head[HEAD_BYTES];
	bool zip = begins(p, len, "PK\3\4", 4), pdf = begins(p, len, "%PDF-", 5);
	*seen = (struct wg_kind_seen){ 0 };
	seen->words = foreign(p, len, &beside, &type);
	if (seen->words != NULL)
		return;
	if (!zip && zip_at_end(p, len)) {
		seen->words = "two things at once: a ZIP stands at its end; send each by itself";
		return;
	}
	if (!pdf && pdf_within(p, len)) {
		seen->words = "two things at once: a PDF begins behind something else; send each by itself";
		return;
	}
	if (zip)
		look_zip(p, len, seen);
	else if (pdf)
		can(seen, WG_DOCUMENT_PDF);
	else if (looks_sealed(p, len))
		can(seen, WG_DOCUMENT_SEALED);
	else
		wg_kind_look_text(head, head_of(p, len, head), seen);
}
