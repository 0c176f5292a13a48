/* office_package.c owns the way from an office document's bytes to its XML parts.
 * SECURITY: the bytes are hostile: through wg_zip and wg_xml_parse only. A DOCTYPE in any part refuses the document,
 * also where the part is not read: a program that people open it with would read it. */
#include "readers/office_package.h"

#include <string.h>

#include "base/limits.h"

enum wg_code wg_office_open(const struct wg_buf *in, struct wg_zip **out, struct wg_err *err)
{
	static const uint8_t compound[] = { 0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1 };
	if (in->len >= sizeof compound && memcmp(in->data, compound, sizeof compound) == 0)
		return wg_err_set(
			err, WG_REJECT,
			"the document is an old .doc, or it has a password: save it as .docx without a password and send it "
			"again");
	if (in->len < 4 || memcmp(in->data, "PK\x03\x04", 4) != 0)
		return wg_err_set(err, WG_REJECT,
		                  "this is no Word or OpenDocument file: save it as .docx or .odt and send it again");
	return wg_zip_open(in->data, in->len, out, err);
}

static bool ends(const char *name, const char *with)
{
	size_t n = strlen(name), m = strlen(with);
	return n >= m && strcmp(name + n - m, with) == 0;
}

/* In UTF-8 and its kin, and in both orders of UTF-16. */
static bool has_doctype(const struct wg_buf *part)
{
	static const char mark[] = "<!DOCTYPE";
	char wide[2 * sizeof mark] = { 0 };
	for (size_t i = 0; i + 1 < sizeof mark; i++)
		wide[2 * i] = mark[i];
	/* the byte before the first, and the one behind the last, may be anything: both orders are found by one search */
	return memmem(wg_buf_text(part), part->len, mark, sizeof mark - 1) != NULL ||
	       memmem(wg_buf_text(part), part->len, wide, 2 * (sizeof mark - 1) - 1) != NULL;
}

enum wg_code wg_office_no_doctype(struct wg_zip *zip, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf part = WG_BUF(WG_LIMIT_READER_OUTPUT);
	for (size_t i = 0; i < wg_zip_count(zip); i++) {
		const char *name = wg_zip_name(zip, i);
		if (!ends(name, ".xml") && !ends(name, ".rels") && !ends(name, ".rdf") && !ends(name, ".vml"))
			continue;
		wg_buf_reset(&part);
		enum wg_code code = wg_zip_read(zip, name, &part, err);
		if (code != WG_OK)
			return code;
		if (has_doctype(&part))
			return wg_err_set(
				err, WG_REJECT,
				"a part of the document has a DOCTYPE, which office programs of today do not write: save it again "
				"with one of them and send that");
	}
	return WG_OK;
}

enum wg_code wg_office_part(struct wg_zip *zip, const char *name, const char *what, wg_xml_keep *keep,
                            struct wg_xml **out, struct wg_err *err)
{
	WG_AUTO_BUF struct wg_buf part = WG_BUF(WG_LIMIT_READER_OUTPUT);
	enum wg_code code = wg_zip_read(zip, name, &part, err);
	if (code != WG_OK)
		return code;
	code = wg_xml_parse_some(part.data, part.len, what, keep, out, err);
	return code == WG_REJECT
	           ? wg_err_add(err, "the document cannot be read as it is: save it again, or send it in parts")
	           : code;
}

void wg_office_logos(const struct wg_zip *zip, const char *pictures, struct wg_office *doc)
{
	uint64_t largest = wg_zip_largest(zip, pictures);
	doc->logos = doc->dropped[WG_OFFICE_PICTURE] && largest > 0 && largest <= WG_LIMIT_LOGO;
	doc->dropped[WG_OFFICE_PICTURE] = doc->dropped[WG_OFFICE_PICTURE] && !doc->logos;
}
