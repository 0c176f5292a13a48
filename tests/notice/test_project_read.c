/* The quick reading of a copy against the whole check: its yes is the check's yes, and the other way about unless there
 * is a photograph. */
#include "base/asan.h"
#include "notice_seeds.h"

#define ROUNDS (WG_ASAN ? 1500 : 6000)

static bool whole_check(const struct wg_buf *bytes, wg_categories granted)
{
	struct wg_err err = { 0 };
	enum wg_code code = wg_project_check(schema, bytes->data, bytes->len, granted, &err);
	assert_true(code == WG_OK || code == WG_CORRUPT || code == WG_REJECT);
	return code == WG_OK;
}

static bool quick(const struct wg_buf *bytes, wg_categories granted)
{
	return wg_project_read(schema, wg_buf_text(bytes), bytes->len, granted);
}

static wg_categories some_categories(struct twists *t)
{
	wg_categories set = wg_category_find("administrative");
	uint32_t share = twist_next(t, 4);
	for (unsigned i = 0; i < wg_category_count(); i++)
		if (twist_next(t, 4) >= share)
			set |= (wg_categories)1 << i;
	return set;
}

/* The bytes of a copy for a recipient who is granted so much. */
static void make_copy(struct twists *t, wg_categories granted, struct wg_buf *out)
{
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	xmlDoc *seed = seeds.list[twist_next(t, seeds.count)];
	assert_wg(
		wg_notice_wrap(schema, wg_project_tree(schema, xmlDocGetRootElement(seed), granted), "copy", &notice, &err));
	assert_wg(wg_notice_serialise(notice, out, &err));
}

static void test_copies(void **state)
{
	(void)state;
	uint64_t number = 0xA0761D6478BD642Fu;
	unsigned good = 0, bad = 0, pictures = 0;
	struct twists t = { .schema = schema, .next = next_number, .arg = &number };
	for (unsigned i = 0; i < ROUNDS; i++) {
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
		wg_categories made_for = some_categories(&t), granted = twist_next(&t, 2) == 0 ? made_for : some_categories(&t);
		make_copy(&t, made_for, &bytes);
		bool yes = quick(&bytes, granted), right = whole_check(&bytes, granted);
		if (strstr(wg_buf_text(&bytes), "<attachment") != NULL) {
			assert_false(yes); /* somebody has to look at it */
			pictures++;
			continue;
		}
		assert_true(yes == right);
		good += yes ? 1 : 0;
		bad += yes ? 0 : 1;
	}
	assert_true(good > ROUNDS / 8 && bad > ROUNDS / 8 && pictures > ROUNDS / 8);
}

/* Bytes changed anyhow: whatever is still a yes, the check finds good as well. */
static void test_changed_bytes(void **state)
{
	(void)state;
	static const char letters[] = "<>&\"'/!?-= \n\t\r;#x1aZ\x01\x80\xEF\xBF\xBE";
	uint64_t number = 0xE7037ED1A0B428DBu;
	unsigned good = 0, bad = 0;
	struct twists t = { .schema = schema, .next = next_number, .arg = &number };
	wg_categories granted = wg_categories_all() & ~wg_category_find("photograph") & ~wg_category_find("health");
	for (unsigned i = 0; i < ROUNDS; i++) {
		WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
		make_copy(&t, granted, &bytes);
		for (uint32_t n = 1 + twist_next(&t, 3); n > 0; n--) {
			size_t at = twist_next(&t, bytes.len), to = twist_next(&t, bytes.len);
			size_t some = twist_next(&t, 30);
			if (twist_next(&t, 3) != 0)
				bytes.data[at] = (uint8_t)letters[twist_next(&t, sizeof letters - 1)];
			else if (at + some < bytes.len && to + some < bytes.len)
				memmove(bytes.data + to, bytes.data + at, some);
		}
		bool yes = quick(&bytes, granted);
		assert_true(!yes || whole_check(&bytes, granted));
		good += yes ? 1 : 0;
		bad += yes ? 0 : 1;
	}
	print_message("%u changed copies read as good, %u not\n", good, bad);
	assert_true(good > ROUNDS / 50 && bad > ROUNDS / 8);
}

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<notice xmlns=\"urn:wardgate:notice:1\" id=\"a\">"

static void test_what_is_no_yes(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool yes;
	} cases[] = {
		{ HEAD "<child>\n  <age>15 &amp; &lt; &gt; &#13;</age>\n</child></notice>\n", true },
		{ HEAD "<child/></notice>\n", true },
		{ HEAD "<child/></notice>", false },
		{ HEAD "<child/></notice>\n\n", false },
		{ HEAD "<child/></notice>\n<notice/>", false },
		{ HEAD "<child/>", false },
		{ HEAD "<child></notice></child>\n", false },
		{ HEAD "<child>Tess</child></notice>\n", false },
		{ HEAD "<child><home-address/></child></notice>\n", false },
		{ HEAD "<child><name><full>Tess<age/></full></name></child></notice>\n", false },
		{ HEAD "<child><age>15</ag></child></notice>\n", false },
		{ HEAD "<child><age>&quote;</age></child></notice>\n", false },
		{ HEAD "<child><age>&#65;</age></child></notice>\n", false },
		{ HEAD "<child><age>]]></age></child></notice>\n", false },
		{ HEAD "<child><age>\xC3</age></child></notice>\n", false },
		{ HEAD "<child><age>\xEF\xBF\xBF</age></child></notice>\n", false },
		{ HEAD "<child><age>\x01</age></child></notice>\n", false },
		{ HEAD "<child><!-- Tess --></child></notice>\n", false },
		{ HEAD "<child><?age Tess?></child></notice>\n", false },
		{ HEAD "<child><age><![CDATA[15]]></age></child></notice>\n", false },
		{ HEAD "<child ><age/></child></notice>\n", false },
		{ HEAD "<child looked-after='true'/></notice>\n", false },
		{ HEAD "<child x=\"\"/></notice>\n", false },
		{ HEAD "<child xmlns=\"urn:o\"/></notice>\n", false },
		{ HEAD "<child><date-of-birth said=\"a\" said=\"b\"/></child></notice>\n", false },
		{ HEAD "<child><date-of-birth said=\"a\nb\"/></child></notice>\n", false },
		{ HEAD "<child><date-of-birth said=\"a\"/></child></notice>\n", true },
		{ "<notice xmlns=\"urn:wardgate:notice:1\"/>\n", false },
		{ "", false },
		{ HEAD, false },
	};
	wg_categories granted = wg_category_find("identity") | wg_category_find("administrative");
	for (size_t i = 0; i < WG_COUNT(cases); i++)
		if (wg_project_read(schema, cases[i].text, strlen(cases[i].text), granted) != cases[i].yes)
			fail_msg("case %zu: %s", i, cases[i].text);
	static const char hidden[] = HEAD "<child/></notice>\n\0<home-address/>";
	assert_false(wg_project_read(schema, hidden, sizeof hidden - 1, granted));
	assert_false(wg_project_read(schema, cases[0].text, strlen(cases[0].text), wg_category_find("identity")));
	assert_false(wg_project_read(schema, cases[0].text, strlen(cases[0].text), wg_category_find("administrative")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_changed_bytes),
		cmocka_unit_test(test_what_is_no_yes),
	};
	return cmocka_run_group_tests_name("project_read", tests, make_seeds, free_seeds);
}
