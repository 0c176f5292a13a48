/* office_make.c owns the writing of archives for tests: APPNOTE.TXT 4.3, nothing packed. */
#include "office_make.h"

#include <string.h>

static void le(struct wg_buf *out, size_t bytes, uint64_t value)
{
	for (size_t i = 0; i < bytes; i++)
		wg_buf_putc(out, (char)(value >> (8 * i) & 0xFF));
}

static uint32_t checksum(const uint8_t *bytes, size_t len)
{
	uint32_t crc = 0xFFFFFFFF;
	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
	}
	return ~crc;
}

void office_zip_begin(struct office_zip *zip, struct wg_buf *out)
{
	*zip = (struct office_zip){ .out = out, .directory = WG_BUF((size_t)32 * 1024 * 1024) };
}

/* What both headers share, from the flags to the length of the name. */
static void common(struct wg_buf *out, uint32_t crc, size_t len, size_t name_len)
{
	le(out, 2, 0);          /* flags */
	le(out, 2, 0);          /* stored */
	le(out, 4, 0x5C250000); /* a time */
	le(out, 4, crc);
	le(out, 4, len);
	le(out, 4, len);
	le(out, 2, name_len);
}

void office_zip_add(struct office_zip *zip, const char *name, const void *bytes, size_t len)
{
	size_t at = zip->out->len;
	uint32_t crc = checksum(bytes, len);
	le(zip->out, 4, 0x04034B50);
	le(zip->out, 2, 20);
	common(zip->out, crc, len, strlen(name));
	le(zip->out, 2, 0); /* no extra field */
	wg_buf_puts(zip->out, name);
	wg_buf_put(zip->out, bytes, len);
	le(&zip->directory, 4, 0x02014B50);
	le(&zip->directory, 4, 20 << 16 | 20);
	common(&zip->directory, crc, len, strlen(name));
	le(&zip->directory, 8, 0); /* no extra field, comment, disk; not known to be text */
	le(&zip->directory, 4, 0); /* attributes */
	le(&zip->directory, 4, at);
	wg_buf_puts(&zip->directory, name);
	zip->count++;
}

void office_zip_end(struct office_zip *zip)
{
	size_t at = zip->out->len;
	wg_buf_put(zip->out, zip->directory.data, zip->directory.len);
	le(zip->out, 4, 0x06054B50);
	le(zip->out, 4, 0);
	le(zip->out, 2, zip->count & 0xFFFF);
	le(zip->out, 2, zip->count & 0xFFFF);
	le(zip->out, 4, zip->directory.len);
	le(zip->out, 4, at);
	le(zip->out, 2, 0);
	wg_buf_free(&zip->directory);
}

void office_docx(struct wg_buf *out, const void *document, size_t len)
{
	static const char types[] =
		"<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Override PartName=\"/d.xml\" "
		"ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>";
	static const char relations[] =
		"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r\" "
		"Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" "
		"Target=\"d.xml\"/></Relationships>";
	struct office_zip zip;
	office_zip_begin(&zip, out);
	office_zip_add(&zip, "[Content_Types].xml", types, sizeof types - 1);
	office_zip_add(&zip, "_rels/.rels", relations, sizeof relations - 1);
	office_zip_add(&zip, "d.xml", document, len);
	office_zip_end(&zip);
}

void office_odt(struct wg_buf *out, const void *content, size_t len)
{
	static const char type[] = "application/vnd.oasis.opendocument.text";
	struct office_zip zip;
	office_zip_begin(&zip, out);
	office_zip_add(&zip, "mimetype", type, sizeof type - 1);
	office_zip_add(&zip, "content.xml", content, len);
	office_zip_end(&zip);
}
