/* fuzz_xlsx.c feeds the reader of workbooks, without its confinement: bytes that begin like a ZIP archive as they are,
 * others as the XML of the one sheet of a workbook, since a fuzzer seldom finds a checksum. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_reader.h"
#include "readers/only_xml.h"
#include "readers/xlsx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RELATIONSHIPS "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

/* The checksum of ZIP, bit by bit: a sheet of a fuzzer is small. */
static uint32_t checksum(const uint8_t *p, size_t len)
{
	uint32_t crc = 0xffffffff;
	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void le(struct wg_buf *b, uint32_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		wg_buf_putc(b, (char)(v >> (8 * i) & 0xff));
}

/* What a local header and the directory say alike: version to extract to the length of the name. */
static void describe(struct wg_buf *b, const char *name, uint32_t crc, uint32_t size)
{
	le(b, 20, 2);
	le(b, 0, 4);          /* flags; stored */
	le(b, 0x5c4a4800, 4); /* some day in 2026 */
	le(b, crc, 4);
	le(b, size, 4);
	le(b, size, 4);
	le(b, (uint32_t)strlen(name), 2);
}

static void entry(struct wg_buf *zip, struct wg_buf *directory, const char *name, const void *bytes, size_t len)
{
	uint32_t crc = checksum(bytes, len), at = (uint32_t)zip->len;
	le(zip, 0x04034b50, 4);
	describe(zip, name, crc, (uint32_t)len);
	le(zip, 0, 2);
	wg_buf_puts(zip, name);
	wg_buf_put(zip, bytes, len);
	le(directory, 0x02014b50, 4);
	le(directory, 20, 2);
	describe(directory, name, crc, (uint32_t)len);
	for (unsigned i = 0; i < 6; i++) /* no extra field, no comment, first disk, no attributes */
		le(directory, 0, 2);
	le(directory, at, 4);
	wg_buf_puts(directory, name);
}

static void text(struct wg_buf *zip, struct wg_buf *directory, const char *name, const char *xml)
{
	entry(zip, directory, name, xml, strlen(xml));
}

static void workbook(struct wg_buf *zip, const uint8_t *sheet, size_t size)
{
	struct wg_buf directory = WG_BUF(4096);
	static const char dates[] =
		"<styleSheet><numFmts><numFmt numFmtId='200' formatCode='0000'/></numFmts><fonts><font/>"
		"<font><b/></font></fonts><cellXfs><xf/><xf numFmtId='14' fontId='1'/>"
		"<xf numFmtId='22'/><xf numFmtId='200'/></cellXfs></styleSheet>";
	text(zip, &directory, "_rels/.rels",
	     "<R><Relationship Id='a' Type='" RELATIONSHIPS "/officeDocument' Target='w.xml'/></R>");
	text(zip, &directory, "w.xml",
	     "<workbook xmlns:r='" RELATIONSHIPS "'><sheets><sheet name='S' sheetId='1' r:id='s'/></sheets></workbook>");
	text(zip, &directory, "_rels/w.xml.rels",
	     "<R><Relationship Id='s' Type='" RELATIONSHIPS "/worksheet' Target='s.xml'/><Relationship Id='t' "
	     "Type='" RELATIONSHIPS "/styles' Target='t.xml'/><Relationship Id='x' Type='" RELATIONSHIPS
	     "/sharedStrings' Target='x.xml'/></R>");
	text(zip, &directory, "t.xml", dates);
	text(zip, &directory, "x.xml",
	     "<sst><si><t>Name</t></si><si><r><t>Da</t></r><r><t>te</t></r></si><si><t>Place:</t></si><si><t>Who?</t></si>"
	     "<si><t>[x] yes [ ] no</t></si><si><t>Tess</t></si><si><t>a</t></si><si><t>b</t></si><si><t>c</t></si></sst>");
	entry(zip, &directory, "s.xml", sheet, size);
	uint32_t at = (uint32_t)zip->len;
	wg_buf_put(zip, directory.data, directory.len);
	le(zip, 0x06054b50, 4);
	le(zip, 0, 4);
	le(zip, 6, 2);
	le(zip, 6, 2);
	le(zip, (uint32_t)directory.len, 4);
	le(zip, at, 4);
	le(zip, 0, 2);
	wg_buf_free(&directory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_reader reader = { .prepare = wg_only_xml_prepare, .read = wg_xlsx_read };
	WG_AUTO_BUF struct wg_buf in = WG_BUF(WG_LIMIT_MESSAGE);
	if (size >= 2 && memcmp(data, "PK", 2) == 0)
		wg_buf_put(&in, data, size);
	else
		workbook(&in, data, size);
	struct wg_fields *fields = fuzz_read(&reader, &in);
	wg_fields_freep(&fields);
	return 0;
}
