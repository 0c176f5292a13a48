/* Fuzz target: the check of notices against libxml2's validator. Bytes that begin with "<" are a document; others say
 * how an example is changed. A yes of the check is the validator's yes. */
#include "base/limits.h"
#include "notice/notice.h"
#include "notice/valid_internal.h"
#include "notice_twist.h"
#include "sys/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EXAMPLE WG_SOURCE_DIR "/tests/corpora/notice/missing-example.xml"
/* Changes from one input. */
#define CHANGES_MAX 32

static struct wg_schema *schema;
static struct wg_xml *example;

static void must(bool good)
{
	if (!good)
		abort();
}

static void open_all(void)
{
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_NOTICE);
	wg_xml_init();
	must(wg_schema_load(WG_SOURCE_DIR "/xsd", &schema, &err) == WG_OK);
	must(wg_file_read(EXAMPLE, &bytes, &err) == WG_OK);
	must(wg_xml_parse(bytes.data, bytes.len, "example", &example, &err) == WG_OK);
	must(wg_valid(schema, wg_xml_root(example)));
}

static void judge(const struct wg_xml *xml)
{
	struct wg_err err = { 0 };
	if (wg_valid(schema, wg_xml_root(xml)))
		must(wg_xml_validate(xml, schema->xsd, &err) == WG_OK);
}

struct bytes {
	const uint8_t *data;
	size_t left;
};

static uint32_t next_byte(void *arg, uint32_t n)
{
	struct bytes *bytes = arg;
	if (bytes->left == 0)
		return 0;
	uint32_t value = bytes->data[0];
	bytes->data++, bytes->left--;
	if (n > 256 && bytes->left > 0) {
		value = value << 8 | bytes->data[0];
		bytes->data++, bytes->left--;
	}
	return value % n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wg_err err = { 0 };
	WG_AUTO_XML struct wg_xml *xml = NULL;
	if (schema == NULL)
		open_all();
	if (size > 0 && data[0] == '<') {
		if (wg_xml_parse(data, size, "fuzz", &xml, &err) == WG_OK)
			judge(xml);
		return 0;
	}
	xml = wg_xml_adopt(xmlCopyDoc(wg_xml_doc(example), 1), "fuzz");
	must(xml != NULL);
	struct bytes bytes = { data, size };
	struct twists twists = { .schema = schema, .next = next_byte, .arg = &bytes };
	for (unsigned i = 0; i < CHANGES_MAX && bytes.left > 0; i++) {
		twist(&twists, wg_xml_root(xml));
		judge(xml);
	}
	return 0;
}
