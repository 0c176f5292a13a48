/* Periods of the policy as instants, by the calendar and the clocks of London. */
#include "role/retention.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"

static void periods(void **state)
{
	static const struct {
		const char *now, *period, *before;
	} rows[] = {
		{ "2026-11-22T09:30:00Z", "P6Y", "2020-11-22T09:30:00Z" },
		{ "2026-11-22T09:30:00Z", "P75Y", "1970-01-01T00:00:00Z" },
		{ "2026-11-22T09:30:00Z", "P18M", "2025-05-22T08:30:00Z" }, /* the same time of day, in summer */
		{ "2026-07-22T23:30:00Z", "P1Y", "2025-07-22T23:30:00Z" },  /* half past midnight of the 23rd in London */
		{ "2028-02-29T12:00:00Z", "P1Y", "2027-02-28T12:00:00Z" },
		{ "2028-02-29T12:00:00Z", "P4Y", "2024-02-29T12:00:00Z" },
		{ "2026-05-31T12:00:00Z", "P3M", "2026-02-28T13:00:00Z" }, /* noon by summer's clocks was one o'clock here */
		{ "2026-01-31T12:00:00Z", "P1M", "2025-12-31T12:00:00Z" },
		{ "2026-11-22T09:30:00Z", "P90D", "2026-08-24T08:30:00Z" },
		{ "2026-03-30T00:30:00Z", "P1D",
		  "2026-03-29T01:30:00Z" }, /* 01:30 by the clocks did not exist on the 29th */
		{ "2026-11-22T09:30:00Z", "P9999Y", "1970-01-01T00:00:00Z" },
		{ "2026-11-22T09:30:00Z", "P683M", "1970-01-01T00:00:00Z" }, /* December 1969 */
		{ "2026-11-22T09:30:00Z", "P682M", "1970-01-22T09:30:00Z" },
	};
	(void)state;
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		int64_t now = 0, before = -1;
		char text[WG_CLOCK_TEXT];
		assert_true(wg_clock_parse(rows[i].now, &now));
		assert_true(wg_retention_before(rows[i].period, now, &before));
		if (strcmp(wg_clock_format(before, text), rows[i].before) != 0)
			fail_msg("%s before %s: %s instead of %s", rows[i].period, rows[i].now, text, rows[i].before);
		assert_true(before <= now);
	}
}

static void no_periods(void **state)
{
	static const char *const rows[] = { "",     "P",     "PY",      "6Y",   "P6",  "P6W", "P0Y",
		                                "P-1Y", "P1Y2M", "P10000Y", "PT6H", "p6Y", "P6Y " };
	(void)state;
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		int64_t before = 77;
		if (wg_retention_before(rows[i], 1700000000000, &before) || before != 77)
			fail_msg("\"%s\" taken for a period", rows[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(periods), cmocka_unit_test(no_periods) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
