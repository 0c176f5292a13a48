/* Every kind of notice: its body, what it requires, an example of it, and every place of it on the page and in copies.
 */
#include "notice_fill.h"

/* The kinds that requirements section 2 asks for, with the bodies that were agreed. */
static const char *const agreed[][2] = {
	{ "missing", "missing" },
	{ "missing-onward", "missing" },
	{ "high-risk", "missing" },
	{ "found", "found" },
	{ "found-onward", "found" },
	{ "prevention-interview", "found" },
	{ "absence", "absence" },
	{ "risk-update", "update" },
	{ "grade-dispute", "update" },
	{ "return-interview-request", "interview" },
	{ "return-interview-outcome", "interview" },
	{ "return-interview", "interview" },
	{ "intelligence", "intelligence" },
	{ "profile", "profile" },
	{ "associates", "profile" },
	{ "checks", "profile" },
	{ "incident-form", "profile" },
	{ "location-form", "profile" },
	{ "placement-notice", "placement-notice" },
	{ "placement-change", "placement-notice" },
	{ "placement-end", "placement-notice" },
	{ "home-admission", "placement-notice" },
	{ "home-discharge", "placement-notice" },
	{ "safeguarding-referral", "referral" },
	{ "nrm", "referral" },
	{ "home-office", "referral" },
	{ "welfare-check", "referral" },
	{ "meeting-request", "meeting" },
	{ "meeting-minutes", "meeting" },
	{ "count-alert", "escalation" },
	{ "duration-escalation", "escalation" },
	{ "need-to-know", "escalation" },
	{ "repeat-missing-letter", "escalation" },
	{ "national-alert", "alert" },
	{ "national-alert-cancelled", "alert" },
	{ "media-notice", "alert" },
	{ "digest", "digest" },
	{ "acknowledgement", "answer" },
	{ "rejection", "answer" },
	{ "correction", "answer" },
	{ "recall", "answer" },
	{ "form-return", "answer" },
	{ "review-overdue", "answer" },
	{ "not-confirmed", "delivery" },
	{ "receipt", "delivery" },
	{ "alert", "operation" },
};

static void test_kinds_and_bodies(void **state)
{
	(void)state;
	assert_int_equal(wg_schema_kinds(schema), WG_COUNT(agreed));
	for (size_t i = 0; i < WG_COUNT(agreed); i++) {
		assert_string_equal(wg_schema_kind(schema, i), agreed[i][0]);
		assert_string_equal(wg_schema_body(schema, agreed[i][0]), agreed[i][1]);
		assert_non_null(wg_schema_requires(schema, agreed[i][0]));
	}
	assert_null(wg_schema_kind(schema, WG_COUNT(agreed)));
	assert_null(wg_schema_body(schema, "absent"));
	assert_null(wg_schema_requires(schema, "update"));
	assert_string_equal(wg_schema_kind_nearest(schema, "retrun-interview"), "return-interview");
}

/* One notice has one body, and a path into another is refused. */
static void test_one_body(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(agreed); i++) {
		struct wg_err err = { 0 };
		WG_AUTO_NOTICE struct wg_notice *notice = NULL;
		assert_wg(wg_notice_new(schema, agreed[i][0], "a", &notice, &err));
		for (size_t k = 0; k < WG_COUNT(agreed); k++) {
			char path[128];
			(void)snprintf(path, sizeof path, "%s/%s", agreed[k][1],
			               strcmp(agreed[k][1], "answer") == 0 ? "explanation" : "other");
			if (!wg_schema_find(schema, path, NULL, NULL))
				continue;
			enum wg_code code = wg_notice_set(notice, path, "words", &err);
			assert_int_equal(code, strcmp(agreed[i][1], agreed[k][1]) == 0 ? WG_OK : WG_CONFIG);
		}
	}
	struct wg_err err = { 0 };
	struct wg_notice *none = NULL;
	assert_int_equal(wg_notice_new(schema, "interview", "a", &none, &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "\"interview\" is not a kind of notice; did you mean \"intelligence\"?"));
	assert_null(none);
}

/* [+] and [last] on any step, the first as well as one on the way. */
static void test_steps_that_repeat(void **state)
{
	(void)state;
	struct wg_err err = { 0 };
	WG_AUTO_NOTICE struct wg_notice *notice = NULL;
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
	assert_wg(wg_notice_new(schema, "associates", "a", &notice, &err));
	static const char *const sets[][2] = {
		{ "header/sender/@organisation", "specimen-house" },
		{ "profile/associate[+]/name", "Kit Placeholder" },
		{ "profile/associate[last]/telephone", "07700 900417" },
		{ "profile/associate[+]/name", "Sky Placeholder" },
		{ "profile/associate[last]/telephone/@network", "Example" },
		{ "profile/associate/note", "the first of them" },
		{ "child/relative[+]/name", "Sam Example" },
		{ "child/relative[last]/informed/@answer", "yes" },
	};
	for (size_t i = 0; i < WG_COUNT(sets); i++)
		assert_wg(wg_notice_set(notice, sets[i][0], sets[i][1], &err));
	assert_wg(wg_notice_serialise(notice, &bytes, &err));
	assert_non_null(strstr(wg_buf_text(&bytes),
	                       "<name>Kit Placeholder</name>\n      <telephone>07700 900417</telephone>\n"
	                       "      <note>the first of them</note>"));
	assert_non_null(
		strstr(wg_buf_text(&bytes), "<name>Sky Placeholder</name>\n      <telephone network=\"Example\"/>"));
	assert_int_equal(wg_notice_set(notice, "child/name[+]/full", "x", &err), WG_CONFIG);
	assert_non_null(strstr(err.text, "\"name\" may stand only once"));
}

static void test_what_is_required(void **state)
{
	(void)state;
	static const struct {
		const char *kind, *sets[4][2], *missing;
		size_t count;
	} cases[] = {
		{ "missing",
		  { { 0 } },
		  "child/name/full child/date-of-birth|child/age missing/last-seen/when|missing/last-seen/by",
		  3 },
		{ "missing",
		  { { "child/name/full", "Tess Example" }, { "child/age", "15" }, { "missing/last-seen/by", "staff" } },
		  "",
		  0 },
		{ "missing",
		  { { "child/name/full", " \n" }, { "child/age", "15" }, { "missing/last-seen/when/@value", "" } },
		  "child/name/full missing/last-seen/when|missing/last-seen/by",
		  2 },
		/* what was said counts where the value could not be read */
		{ "found", { { "child/name/full", "Tess Example" }, { "found/when/@precision", "unknown" } }, "", 0 },
		{ "profile",
		  { { "child/name/full", "Tess Example" },
		    { "child/date-of-birth/@said", "spring 2011" },
		    { "profile/prepared/by", "Jo Sample" } },
		  "",
		  0 },
		/* an element that holds others: any of them, in any of several */
		{ "location-form",
		  { { "child/name/full", "Tess Example" }, { "profile/place[+]/name", "" } },
		  "profile/place",
		  1 },
		{ "location-form",
		  { { "child/name/full", "Tess Example" },
		    { "profile/place[+]/name", "" },
		    { "profile/place[+]/hotspot/@answer", "no" } },
		  "",
		  0 },
		{ "recall", { { "header/concerns/@id", "a" } }, "answer/reason|answer/explanation", 1 },
		{ "digest", { { "digest/nothing/@answer", "yes" } }, "digest/from|digest/until", 1 },
	};
	for (size_t i = 0; i < WG_COUNT(cases); i++) {
		struct wg_err err = { 0 };
		char out[WG_NOTICE_MISSING_TEXT], small[24];
		WG_AUTO_NOTICE struct wg_notice *notice = NULL;
		assert_wg(wg_notice_new(schema, cases[i].kind, "a", &notice, &err));
		for (size_t k = 0; k < 4 && cases[i].sets[k][0] != NULL; k++)
			assert_wg(wg_notice_set(notice, cases[i].sets[k][0], cases[i].sets[k][1], &err));
		assert_int_equal(wg_notice_missing(notice, out, sizeof out), cases[i].count);
		assert_string_equal(out, cases[i].missing);
		assert_int_equal(wg_notice_missing(notice, small, sizeof small), cases[i].count);
		assert_true(strlen(small) < sizeof small && strncmp(small, cases[i].missing, strlen(small)) == 0);
		assert_int_equal(wg_notice_missing(notice, NULL, 0), cases[i].count);
	}
}

/* A code that has ended is still one: notices of that time stay what they were. */
static void test_old_codes(void **state)
{
	(void)state;
	static const char *const codes[][2] = {
		{ "child/sex", "1" },
		{ "child/sex", "F" },
		{ "child/placement/type/@code", "P2" },
		{ "child/placement/type/@code", "Z1" },
		{ "child/placement/type/@code", "K3" },
		{ "episode/risk", "NAR" },
	};
	for (size_t i = 0; i < WG_COUNT(codes); i++) {
		struct wg_err err = { 0 };
		WG_AUTO_NOTICE struct wg_notice *notice = parse_corpus("missing.xml");
		assert_wg(wg_notice_set(notice, codes[i][0], codes[i][1], &err));
		assert_wg(wg_notice_validate(notice, &err));
		assert_wg(wg_notice_set(notice, codes[i][0], "nothing", &err));
		assert_int_equal(wg_notice_validate(notice, &err), WG_REJECT);
	}
}

/* ---- every place of every kind */

/* What tests of copies may believe of a place: its own category and those of all that hold it. */
static bool granted_whole(const char *path, wg_categories granted)
{
	char part[256];
	(void)snprintf(part, sizeof part, "%s", path);
	for (size_t n = strlen(part); n > 0; n--) {
		if (n != strlen(part) && part[n] != '/')
			continue;
		part[n] = '\0';
		wg_categories category = 0;
		assert_true(wg_schema_find(schema, part, &category, NULL));
		if ((category & (granted | wg_category_find("administrative"))) == 0)
			return false;
	}
	return true;
}

/* Shown only where the value itself is not there. */
static bool never_shown(const char *path)
{
	const char *at = strrchr(path, '@');
	return at != NULL && strcmp(at, "@said") == 0 && strstr(path, "risk/") == NULL;
}

/* Every canary is in the copy exactly when all that holds it is granted. */
static void check_copy(const struct filling *filling, const struct wg_notice *copy, wg_categories granted)
{
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX);
	assert_wg(wg_notice_serialise(copy, &bytes, &err));
	for (size_t i = 0; i < filling->count; i++) {
		const struct filled *one = &filling->list[i];
		bool renamed = copy != filling->notice && strcmp(one->path, "attachment[last]/@name") == 0;
		/* an item of an answer names a place of identity, see plain_value */
		bool named = strncmp(one->path, "answer/item[last]/", 18) != 0 || copy == filling->notice ||
		             (granted & wg_category_find("identity")) != 0;
		bool there = one->canary && granted_whole(one->path, granted) && !renamed && named;
		if (one->canary && (strstr(wg_buf_text(&bytes), one->words) != NULL) != there)
			fail_msg("%s should %sbe in the copy", one->path, there ? "" : "not ");
	}
}

static void check_pages(const struct filling *filling, const char *kind)
{
	struct wg_err err = { 0 };
	WG_AUTO_BUF struct wg_buf html = WG_BUF(BYTES_MAX), text = WG_BUF(BYTES_MAX);
	assert_wg(wg_render_html(filling->notice, &html, &err));
	assert_wg(wg_render_text(filling->notice, &text, &err));
	for (size_t i = 0; i < filling->count; i++) {
		const struct filled *one = &filling->list[i];
		if (!one->canary || never_shown(one->path))
			continue;
		if (strstr(wg_buf_text(&html), one->words) == NULL)
			fail_msg("%s of %s should be on the page", one->path, kind);
		if (strstr(wg_buf_text(&text), one->words) == NULL)
			fail_msg("%s of %s should be in the text", one->path, kind);
	}
}

static void test_every_place_is_shown(void **state)
{
	(void)state;
	static struct filling filling;
	for (size_t i = 0; i < wg_schema_kinds(schema); i++) {
		fill_notice(&filling, wg_schema_kind(schema, i));
		assert_true(filling.count > 150);
		check_pages(&filling, wg_schema_kind(schema, i));
		check_copy(&filling, filling.notice, wg_categories_all());
		assert_int_equal(wg_notice_missing(filling.notice, NULL, 0), 0);
		wg_notice_freep(&filling.notice);
	}
}

/* One kind of each body, with one category given and with one held back. */
static void test_copies_of_every_body(void **state)
{
	(void)state;
	static struct filling filling;
	for (size_t i = 0; i < WG_COUNT(agreed); i++) {
		if (i > 0 && strcmp(agreed[i][1], agreed[i - 1][1]) == 0)
			continue;
		fill_notice(&filling, agreed[i][0]);
		for (unsigned c = 0; c < wg_category_count() * 2; c++) {
			struct wg_err err = { 0 };
			wg_categories one = (wg_categories)1 << c / 2;
			wg_categories granted = c % 2 == 0 ? one : wg_categories_all() & ~one;
			WG_AUTO_NOTICE struct wg_notice *copy = NULL;
			struct wg_copy how = { "derbyshire", "duty", granted, wg_categories_all(), "not shared with this recipient",
				                   NULL };
			assert_wg(wg_notice_project(filling.notice, &how, &copy, &err));
			check_copy(&filling, copy, granted);
		}
		wg_notice_freep(&filling.notice);
	}
}

/* ---- the examples */

static struct wg_notice *example_of(const char *kind)
{
	char name[128], is[WG_LIMIT_NAME + 1];
	(void)snprintf(name, sizeof name, "%s.xml", kind);
	struct wg_notice *notice = parse_corpus(name);
	assert_true(wg_notice_get_into(notice, "@kind", is, sizeof is));
	assert_string_equal(is, kind);
	return notice;
}

/* Who could get a copy: what each may see, as sets of names. */
static const char *const sets[] = {
	"",
	"identity episode risk last-seen",
	"identity contact placement professional-contact legal-status",
	"child-account wishes recommendation circumstances",
	"intelligence alleged-perpetrator third-party exploitation",
};

static void test_an_example_of_every_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(agreed); i++) {
		struct wg_err err = { 0 };
		char missing[WG_NOTICE_MISSING_TEXT];
		WG_AUTO_NOTICE struct wg_notice *notice = example_of(agreed[i][0]);
		if (wg_notice_missing(notice, missing, sizeof missing) != 0)
			fail_msg("the example of %s lacks %s", agreed[i][0], missing);
		for (size_t s = 0; s < WG_COUNT(sets); s++) {
			WG_AUTO_NOTICE struct wg_notice *copy = NULL, *again = NULL;
			WG_AUTO_BUF struct wg_buf bytes = WG_BUF(BYTES_MAX), text = WG_BUF(BYTES_MAX);
			wg_categories granted = 0;
			assert_wg(wg_categories_parse(sets[s], &granted, &err));
			struct wg_copy how = { "derbyshire", "duty", granted, 0, NULL, NULL };
			assert_wg(wg_notice_project(notice, &how, &copy, &err));
			assert_wg(wg_notice_serialise(copy, &bytes, &err));
			assert_wg(wg_notice_parse(schema, bytes.data, bytes.len, "copy", &again, &err));
			assert_int_equal(wg_notice_categories(again) & ~(granted | wg_category_find("administrative")), 0);
			assert_wg(wg_render_text(again, &text, &err));
			assert_true(text.len > 100);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds_and_bodies),
		cmocka_unit_test(test_one_body),
		cmocka_unit_test(test_steps_that_repeat),
		cmocka_unit_test(test_what_is_required),
		cmocka_unit_test(test_old_codes),
		cmocka_unit_test(test_every_place_is_shown),
		cmocka_unit_test(test_copies_of_every_body),
		cmocka_unit_test(test_an_example_of_every_kind),
	};
	return cmocka_run_group_tests(tests, load_schema, free_schema);
}
