/* The confirm page: what a form may send, and what is shown of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "role/intake_confirm.h"

static void test_fields(void **state)
{
	(void)state;
	static const struct {
		const char *body, *value;
		int found;
	} table[] = {
		{ "name=Sam&answer=have", "Sam", 1 },
		{ "answer=have&name=Sam+Example", "Sam Example", 1 },
		{ "name=%53am%20%C3%89xample", "Sam \xc3\x89xample", 1 },
		{ "name=++Sam++", "Sam", 1 },
		{ "name=%2b%26%3d", "+&=", 1 },
		{ "name=", "", 0 },
		{ "name=++", "", 0 },
		{ "", "", 0 },
		{ "names=Sam", "", 0 },
		{ "xname=Sam", "", 0 },
		{ "name", "", 0 },
		{ "&&&", "", 0 },
		{ "name=Sam&name=Kim", "", -1 },
		{ "name=a%0ab", "", -1 },
		{ "name=a%00b", "", -1 },
		{ "name=a%7f", "", -1 },
		{ "name=%ff", "", -1 },
		{ "name=%c0%80", "", -1 },
		{ "name=%4", "", -1 },
		{ "name=%", "", -1 },
		{ "name=%zz", "", -1 },
		{ "name=0123456789012345", "", -1 },
		{ "name=012345678901234", "012345678901234", 1 },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		char out[16] = "untouched";
		int found = wg_confirm_field(table[i].body, strlen(table[i].body), "name", out, sizeof out);
		if (found != table[i].found || strcmp(out, table[i].value) != 0)
			fail_msg("%s: %d \"%s\"", table[i].body, found, out);
	}
}

/* Nothing known: as of a wrong link. */
static const struct wg_confirm_shown nothing = { .us = "Us & <b>co</b>",
	                                             .telephone = "01632 960001",
	                                             .reference = "",
	                                             .sent = "",
	                                             .to = "",
	                                             .said = "",
	                                             .said_at = "",
	                                             .person = "",
	                                             .style = "/s.css" };

static void test_pages(void **state)
{
	(void)state;
	for (unsigned page = WG_CONFIRM_ASK; page < WG_CONFIRM_PAGES; page++) {
		struct wg_buf html = WG_BUF(65536);
		struct wg_confirm_shown shown = nothing;
		bool known = page < WG_CONFIRM_WRONG;
		if (known) {
			shown.reference = "01k9tess00examp1e0m1ss1ng1.<i>";
			shown.sent = "22 November 2026, 09:30";
			shown.to = "Them <i>, desk front-door";
			shown.person = "Sam \"<i>\"";
		}
		wg_confirm_html((enum wg_confirm_page)page, &shown, &html);
		const char *text = wg_buf_text(&html);
		assert_false(html.failed);
		assert_int_equal(strncmp(text, "<!DOCTYPE html>\n<html lang=\"en-GB\">", 35), 0);
		assert_null(strstr(text, "<script"));
		assert_null(strstr(text, "style=")); /* the policy would not let it through */
		assert_null(strstr(text, "<b>co"));
		assert_null(strstr(text, "<i>"));
		bool form = page == WG_CONFIRM_ASK || page == WG_CONFIRM_MISSING;
		assert_int_equal(strstr(text, "<form method=\"post\"") != NULL, form);
		assert_int_equal(strstr(text, "<label for=\"name\">") != NULL, form);
		/* which copy stands before the button */
		const char *reference = strstr(text, "01k9tess00examp1e0m1ss1ng1.&lt;i&gt;"), *button = strstr(text, "<button");
		assert_int_equal(reference != NULL, known);
		assert_true(button == NULL || (reference != NULL && reference < button));
		assert_int_equal(strstr(text, "22 November 2026, 09:30") != NULL, known);
		assert_int_equal(strstr(text, "<dl>") != NULL, known);
		assert_int_equal(strstr(text, "Us &amp; &lt;b&gt;co") != NULL, known); /* whom to ring, for whom it concerns */
		assert_int_equal(strstr(text, "01632 960001") != NULL, known);
		wg_buf_free(&html);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_fields), cmocka_unit_test(test_pages) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
