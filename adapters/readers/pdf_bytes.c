/* pdf_bytes.c owns the decision that these bytes are a PDF and nothing else.
 * SECURITY: PDF programs look for the beginning within the first 1,024 bytes and for the end somewhere near it, so that
 * one file can be a PDF to one program and a web page or an archive to another; here it must begin and end as a PDF. */
#include <string.h>

#include "readers/pdf_internal.h"

/* A ZIP ends with a record of 22 bytes and a comment of at most 65,535. */
#define ZIP_END_BYTES 22
#define ZIP_COMMENT_MAX 65535

static bool blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

/* The record that an archive is read from, its comment reaching exactly to the end. */
static bool ends_as_zip(const uint8_t *p, size_t len)
{
	for (size_t comment = 0; comment <= ZIP_COMMENT_MAX && comment + ZIP_END_BYTES <= len; comment++) {
		const uint8_t *record = p + len - comment - ZIP_END_BYTES;
		if (memcmp(record, "PK\5\6", 4) == 0 && (size_t)record[20] + ((size_t)record[21] << 8) == comment)
			return true;
	}
	return false;
}

enum wg_code wg_pdf_bytes(const struct wg_buf *in, size_t *out_len, struct wg_err *err)
{
	static const char end[] = "%%EOF";
	const size_t end_len = sizeof end - 1;
	if (in->len < 8 || memcmp(in->data, "%PDF-", 5) != 0)
		return wg_err_set(err, WG_REJECT, "the document does not begin as a PDF does: send the PDF as it was saved");
	size_t len = in->len;
	while (len > 0 && blank(in->data[len - 1]))
		len--;
	if (ends_as_zip(in->data, in->len) || ends_as_zip(in->data, len))
		return wg_err_set(err, WG_REJECT, "the document is a PDF and an archive (ZIP) in one: send one of them");
	if (len < end_len || memcmp(in->data + len - end_len, end, end_len) != 0)
		return wg_err_set(
			err, WG_REJECT,
			"the PDF does not end as a PDF does: it is cut short, or something was put behind it; open it, "
			"save it again, and send that");
	*out_len = len;
	return WG_OK;
}
