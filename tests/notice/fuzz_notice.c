/* Fuzz target: any bytes as a notice. What is accepted must survive writing, reading and redacting. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "notice/notice.h"
#include "notice/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BYTES_MAX ((size_t)16 * 1024 * 1024)

static struct wg_schema *schema;

static void must(bool good)
{
	if (!good)
		abort();
}

/* An accepted notice, written and read, is the same; its barest copy and its fullest are notices. */
static void use(struct wg_notice *notice)
{
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *again = NULL, *copy = NULL;
	WG_AUTO_BUF struct wg_buf once = WG_BUF(BYTES_MAX), twice = WG_BUF(BYTES_MAX), content = WG_BUF(BYTES_MAX);
	must(wg_notice_serialise(notice, &once, &err) == WG_OK);
	must(wg_notice_parse(schema, once.data, once.len, "again", &again, &err) == WG_OK);
	must(wg_notice_serialise(again, &twice, &err) == WG_OK);
	must(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	must(wg_notice_content(notice, &content, &err) == WG_OK);
	must(wg_notice_facts(notice, &err) != NULL);
	struct wg_copy how = { "derbyshire", "duty", WG_CATEGORIES_NONE, wg_categories_all(), "not shared", NULL };
	must(wg_notice_project(notice, &how, &copy, &err) == WG_OK);
	must((wg_notice_categories(copy) & ~wg_category_find("administrative")) == 0);
	how.granted = wg_categories_all();
	wg_notice_freep(&copy);
	must(wg_notice_project(notice, &how, &copy, &err) == WG_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	if (schema == NULL) {
		wg_xml_init();
		must(wg_schema_load(WG_SOURCE_DIR "/xsd", &schema, &err) == WG_OK);
	}
	enum wg_code code = wg_notice_parse(schema, data, size, "fuzz", &notice, &err);
	must((code == WG_OK) == (notice != NULL));
	must(code == WG_OK || err.text[0] != '\0');
	if (notice != NULL)
		use(notice);
	return 0;
}
