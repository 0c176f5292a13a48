/* Whole notices for tests that change them. */
#ifndef WG_TESTS_NOTICE_SEEDS_H
#define WG_TESTS_NOTICE_SEEDS_H

#include "notice/notice_internal.h"
#include "notice_fill.h"
#include "notice_twist.h"

/* Every notice of the corpus that is one, and one of every kind with every place filled. */
struct seeds {
	xmlDoc *list[192];
	size_t count;
};

static struct seeds seeds;

static inline void add_seed(const struct wg_xml *xml)
{
	assert_true(seeds.count < WG_COUNT(seeds.list));
	seeds.list[seeds.count] = xmlCopyDoc(wg_xml_doc(xml), 1);
	assert_non_null(seeds.list[seeds.count]);
	seeds.count++;
}

static inline int make_seeds(void **state)
{
	if (load_schema(state) != 0)
		return -1;
	static struct filling filling;
	for (size_t i = 0; i < wg_schema_kinds(schema); i++) {
		fill_notice(&filling, wg_schema_kind(schema, i));
		add_seed(filling.notice->xml);
		wg_notice_freep(&filling.notice);
	}
	for (size_t i = 0; i < wg_schema_kinds(schema); i++) {
		char path[512];
		struct wg_err err = { 0 };
		struct wg_notice *notice = NULL;
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
		(void)snprintf(path, sizeof path, "%s/%s.xml", CORPUS, wg_schema_kind(schema, i));
		assert_wg(wg_file_read(path, &bytes, &err));
		assert_wg(wg_notice_parse(schema, bytes.data, bytes.len, path, &notice, &err));
		add_seed(notice->xml);
		wg_notice_freep(&notice);
	}
	return 0;
}

static inline int free_seeds(void **state)
{
	while (seeds.count > 0)
		xmlFreeDoc(seeds.list[--seeds.count]);
	return free_schema(state);
}

/* xorshift: the same numbers on every machine. */
static inline uint32_t next_number(void *arg, uint32_t n)
{
	uint64_t *x = arg;
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return (uint32_t)(*x >> 32) % n;
}

#endif
