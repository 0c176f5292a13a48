/* Fuzz target: the quick reading of a copy against the whole check. Bytes that begin with "<" are a copy for somebody
 * who is granted everything; others say what is granted and how an example is changed. A yes of the reading is the
 * check's. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "notice/notice_internal.h"
#include "sys/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EXAMPLE WG_SOURCE_DIR "/tests/corpora/notice/missing-example.xml"
#define GRANTED_LEN sizeof(wg_categories)

static struct wg_schema *schema;
static struct wg_buf example = { .max = WG_LIMIT_NOTICE };

static void must(bool good)
{
	if (!good)
		abort();
}

static void open_all(void)
{
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(WG_LIMIT_NOTICE);
	wg_xml_init();
	must(wg_schema_load(WG_SOURCE_DIR "/xsd", &schema, &err) == WG_OK);
	must(wg_file_read(EXAMPLE, &bytes, &err) == WG_OK);
	must(wg_notice_parse(schema, bytes.data, bytes.len, "example", &notice, &err) == WG_OK);
	must(wg_notice_serialise(notice, &example, &err) == WG_OK);
	must(wg_project_check(schema, example.data, example.len, wg_categories_all(), &err) == WG_OK);
}

static void judge(const char *text, size_t len, wg_categories granted)
{
	struct wg_err err = { 0 };
	if (wg_project_read(schema, text, len, granted))
		must(wg_project_check(schema, text, len, granted, &err) == WG_OK);
}

/* Pieces of what is left: where, how many bytes go, and up to 15 that come in their place. */
static void change(struct wg_buf *copy, const uint8_t *data, size_t size)
{
	while (size >= 4 && copy->len > 0) {
		const size_t at = ((size_t)data[0] << 8 | data[1]) % copy->len, gone = data[2] % 64, given = data[3] % 16;
		WG_AUTO_BUF struct wg_buf next = WG_BUF(WG_LIMIT_NOTICE);
		const size_t new = given < size - 4 ? given : size - 4, rest = at + gone < copy->len ? at + gone : copy->len;
		wg_buf_put(&next, copy->data, at);
		wg_buf_put(&next, data + 4, new);
		wg_buf_put(&next, copy->data + rest, copy->len - rest);
		must(!next.failed);
		wg_buf_reset(copy);
		wg_buf_put(copy, next.data, next.len);
		data += 4 + new;
		size -= 4 + new;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	WG_AUTO_BUF struct wg_buf copy = WG_BUF(WG_LIMIT_NOTICE);
	wg_categories granted = wg_categories_all();
	if (schema == NULL)
		open_all();
	if (size == 0 || data[0] == '<')
		wg_buf_put(&copy, data, size);
	else {
		wg_buf_put(&copy, example.data, example.len);
		if (size > GRANTED_LEN) {
			wg_categories withheld = 0;
			memcpy(&withheld, data + 1, GRANTED_LEN);
			granted &= ~withheld;
			change(&copy, data + 1 + GRANTED_LEN, size - 1 - GRANTED_LEN);
		}
	}
	judge(wg_buf_text(&copy), copy.len, granted);
	return 0;
}
