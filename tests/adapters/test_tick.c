/* Tick boxes: every way of writing them gives the ticked words, and never a box. */
#include "readers/tick.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"

static const struct {
	const char *text, *want;
} table[] = {
	/* no box: as it is */
	{ "", "" },
	{ "Yes", "Yes" },
	{ "Flat 3 (x) rear entrance", "Flat 3 (x) rear entrance" },
	{ "see list ()", "see list ()" },
	{ "\xE2\x97\x8F first point", "\xE2\x97\x8F first point" }, /* a bullet */
	{ "\xE2\x96\xA0 first point", "\xE2\x96\xA0 first point" },
	{ "list[3] and x", "list[3] and x" },
	/* before the words */
	{ "[x] Yes [ ] No", "Yes" },
	{ "[ ] Yes [X] No", "No" },
	{ "[ ] Yes [ ] No", "" },
	{ "[] Yes [ x ] No", "No" },
	{ "\xE2\x98\x92 Yes \xE2\x98\x90 No", "Yes" },
	{ "\xE2\x98\x91\xEF\xB8\x8F Yes \xE2\x98\x90 No", "Yes" },
	{ "\xE2\x98\x90Yes\xE2\x98\x92No", "No" },
	{ "\xEF\x83\xBE Yes \xEF\x82\xA8 No", "Yes" },
	{ "(x) Yes ( ) No", "Yes" },
	{ "\xE2\x97\x8B Yes \xE2\x97\x8F No", "No" },
	{ "\xE2\x96\xA1 Yes \xE2\x96\xA0 No", "No" },
	{ "\xE2\x9C\x93 Yes \xE2\x9C\x97 No", "Yes" },
	{ "\xE2\x96\xA1 Yes \xE2\x9C\x97 No", "No" }, /* a cross in place of a tick */
	{ "[x] Drugs\n[ ] Alcohol\n[x] Self harm", "Drugs; Self harm" },
	{ "[x] Yes / [ ] No", "Yes" },
	/* behind the words */
	{ "Yes [x] No [ ]", "Yes" },
	{ "Yes \xE2\x98\x90  No \xE2\x98\x92", "No" },
	{ "Yes \xE2\x98\x92\nNo \xE2\x98\x90\n", "Yes" },
	{ "Yes \xE2\x98\x90\nNo \xE2\x98\x90", "" },
	{ "Yes/\xE2\x98\x92 No/\xE2\x98\x90", "Yes" },
	/* without words */
	{ "[x]", "yes" },
	{ "\xE2\x9C\x94", "yes" },
	{ "[ ]", "" },
	{ " \xE2\x98\x90 \n", "" },
	/* what stands around is kept */
	{ "[ ] Yes [x] No   If yes, where:", "No   If yes, where:" },
	{ "[x] Yes [ ] No If yes, where: at the sample bridge", "Yes\nat the sample bridge" },
	{ "[x] No [ ] Yes\nSeen at the sample bridge", "No\nSeen at the sample bridge" },
	{ "[ ] Yes [ ] No. Asked twice.", "Asked twice." },
	{ "[ ] Other: ________", "" },
	{ "[x] Other: a sample bridge", "Other: a sample bridge" },
	{ "Please tick: [x] Yes [ ] No", "Yes" },
	{ "Robin said so [x] Yes [ ] No", "Robin said so; Yes" },
	{ "[ ] St. Example Primary [x] St. Sample Secondary", "St. Sample Secondary" },
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		WG_AUTO_BUF struct wg_buf out = WG_BUF(4096);
		wg_tick_value(table[i].text, &out);
		if (strcmp(wg_buf_text(&out), table[i].want) != 0)
			fail_msg("row %zu: %s: %s", i, table[i].text, wg_buf_text(&out));
	}
}

/* What is appended to stays. */
static void test_behind(void **state)
{
	(void)state;
	WG_AUTO_BUF struct wg_buf out = WG_BUF(4096);
	wg_buf_puts(&out, "before");
	wg_tick_value("[x]", &out);
	assert_string_equal(wg_buf_text(&out), "beforeyes");
}

static void test_has(void **state)
{
	(void)state;
	assert_true(wg_tick_any("Yes [x]"));
	assert_false(wg_tick_begins("Yes [x]"));
	assert_true(wg_tick_begins("  [ ] Yes"));
	assert_false(wg_tick_any("(x)"));
	assert_true(wg_tick_any("(x) ( )"));
	assert_false(wg_tick_any("a list of [things]"));
	assert_true(wg_tick_begins(WG_TICK_ON));
	assert_true(wg_tick_begins(WG_TICK_OFF));
}

/* Cut after every byte: never a look beyond the end. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		for (size_t n = 0; n <= strlen(table[i].text); n++) {
			WG_AUTO_BUF struct wg_buf out = WG_BUF(4096);
			WG_AUTO_FREE char *text = strndup(table[i].text, n);
			assert_non_null(text);
			wg_tick_value(text, &out);
			assert_false(out.failed);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_table), cmocka_unit_test(test_behind),
		                                cmocka_unit_test(test_has), cmocka_unit_test(test_cut) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
