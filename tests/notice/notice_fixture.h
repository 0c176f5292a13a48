/* What the tests of notices share: the schema loaded once, files read, and the places of a notice written down by hand.
 */
#ifndef WG_TESTS_NOTICE_FIXTURE_H
#define WG_TESTS_NOTICE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "notice/notice.h"
#include "notice/xml.h"
#include "sys/file.h"

#define CORPUS WG_SOURCE_DIR "/tests/corpora/notice"
#define XSD_DIR WG_SOURCE_DIR "/xsd"
#define BYTES_MAX ((size_t)16 * 1024 * 1024)

/* The words of an error are what one wants to see when a call fails. */
#define assert_wg(call)                                                      \
	do {                                                                     \
		if ((call) != WG_OK)                                                 \
			fail_msg("%s: %s: %s", #call, wg_code_name(err.code), err.text); \
	} while (0)

static struct wg_schema *schema;

static inline int load_schema(void **state)
{
	struct wg_err err = { 0 };
	(void)state;
	wg_xml_init();
	if (wg_schema_load(XSD_DIR, &schema, &err) == WG_OK)
		return 0;
	(void)fprintf(stderr, "%s\n", err.text);
	return -1;
}

static inline int free_schema(void **state)
{
	(void)state;
	wg_schema_freep(&schema);
	return 0;
}

static inline void read_corpus(const char *name, struct wg_buf *out)
{
	struct wg_err err = { 0 };
	char path[512];
	(void)snprintf(path, sizeof path, "%s/%s", CORPUS, name);
	assert_wg(wg_file_read(path, out, &err));
}

static inline struct wg_notice *parse_corpus(const char *name)
{
	struct wg_err err = { 0 };
	struct wg_notice *notice = NULL;
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
	read_corpus(name, &bytes);
	assert_wg(wg_notice_parse(schema, bytes.data, bytes.len, name, &notice, &err));
	return notice;
}

#endif
