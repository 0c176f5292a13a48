/* Tests of base/clock.h: the calendar, RFC 3339, and the two nights on which London changes its clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"

static int64_t at(const char *text)
{
	int64_t ms = 0;
	assert_true(wg_clock_parse(text, &ms));
	return ms;
}

static void parse_and_format(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
		const char *formatted;
	} table[] = {
		{ "1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z" },
		{ "2026-11-22T09:30:00Z", 1795339800000, "2026-11-22T09:30:00Z" },
		{ "2026-11-22T09:30:00.25Z", 1795339800250, "2026-11-22T09:30:00Z" },
		{ "2026-11-22T09:30:00.123456789Z", 1795339800123, "2026-11-22T09:30:00Z" },
		{ "2026-07-01T10:30:00+01:00", 1782898200000, "2026-07-01T09:30:00Z" },
		{ "2026-01-01T00:10:00+00:30", 1767224400000, "2025-12-31T23:40:00Z" },
		{ "2026-01-01T00:10:00-05:00", 1767244200000, "2026-01-01T05:10:00Z" },
		{ "1969-12-31T23:59:59Z", -1000, "1969-12-31T23:59:59Z" },
		{ "2000-02-29T12:00:00Z", 951825600000, "2000-02-29T12:00:00Z" },
		{ "0001-01-01T00:00:00Z", -62135596800000, "0001-01-01T00:00:00Z" },
		{ "9999-12-31T23:59:59Z", 253402300799000, "9999-12-31T23:59:59Z" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		char out[WG_CLOCK_TEXT];
		assert_true(at(table[i].text) == table[i].ms);
		assert_string_equal(wg_clock_format(table[i].ms, out), table[i].formatted);
	}
}

static void refused_times(void **state)
{
	(void)state;
	static const char *const table[] = {
		"",
		"2026-11-22",
		"2026-11-22T09:30:00",
		"2026-11-22 09:30:00Z",
		"2026-11-22t09:30:00z",
		"2026-11-22T09:30Z",
		"2026-11-22T24:00:00Z",
		"2026-11-22T09:60:00Z",
		"2026-11-22T09:30:60Z",
		"2026-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z",
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-04-31T00:00:00Z",
		"2026-01-00T00:00:00Z",
		"0000-01-01T00:00:00Z",
		"2026-11-22T09:30:00.Z",
		"2026-11-22T09:30:00.1234567890Z",
		"2026-11-22T09:30:00Zx",
		"2026-11-22T09:30:00+0100",
		"2026-11-22T09:30:00+15:00",
		"2026-11-22T09:30:00+01:60",
		"2026-11-22T09:30:00+01:00 ",
		"-026-11-22T09:30:00Z",
		"22/11/2026 09:30",
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		int64_t ms = 4711;
		if (wg_clock_parse(table[i], &ms))
			print_error("taken: \"%s\"\n", table[i]);
		assert_true(ms == 4711);
	}
}

/* Every day of 800 years comes after the one before it, and only days that exist are taken. */
static void calendar(void **state)
{
	(void)state;
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t before = 0;
	assert_true(wg_clock_days(1600, 1, 1, &before));
	before--;
	for (int y = 1600; y < 2400; y++) {
		bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
		for (int m = 1; m <= 12; m++) {
			int last = lengths[m - 1] + (m == 2 && leap);
			int64_t z = 0;
			for (int d = 1; d <= last; d++, before++) {
				assert_true(wg_clock_days(y, m, d, &z));
				assert_true(z == before + 1);
			}
			assert_false(wg_clock_days(y, m, last + 1, &z));
		}
	}
}

static void london_offset(void **state)
{
	(void)state;
	static const struct {
		const char *when;
		int minutes;
	} table[] = {
		{ "2024-03-31T00:59:59Z", 0 },  { "2024-03-31T01:00:00Z", 60 }, { "2024-10-27T00:59:59Z", 60 },
		{ "2024-10-27T01:00:00Z", 0 },  { "2025-03-30T00:59:59Z", 0 },  { "2025-03-30T01:00:00Z", 60 },
		{ "2025-10-26T00:59:59Z", 60 }, { "2025-10-26T01:00:00Z", 0 },  { "2026-03-29T00:59:59Z", 0 },
		{ "2026-03-29T01:00:00Z", 60 }, { "2026-10-25T00:59:59Z", 60 }, { "2026-10-25T01:00:00Z", 0 },
		{ "2028-03-26T01:00:00Z", 60 }, { "2028-10-29T01:00:00Z", 0 },  { "2026-01-01T00:00:00Z", 0 },
		{ "2026-12-31T23:59:59Z", 0 },  { "2026-07-01T12:00:00Z", 60 },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++)
		assert_int_equal(wg_clock_london_offset(at(table[i].when)), table[i].minutes);
}

static void in_words(void **state)
{
	(void)state;
	static const struct {
		const char *when, *words;
	} table[] = {
		{ "2026-01-02T03:04:05Z", "2 January 2026, 03:04" },
		{ "2026-07-31T23:30:00Z", "1 August 2026, 00:30" },
		{ "2026-12-31T23:59:59Z", "31 December 2026, 23:59" },
		{ "2026-03-29T00:59:59Z", "29 March 2026, 00:59" },
		{ "2026-03-29T01:00:00Z", "29 March 2026, 02:00" },
		{ "2026-10-24T23:59:59Z", "25 October 2026, 00:59" },
		{ "2026-10-25T00:00:00Z", "25 October 2026, 01:00 BST" },
		{ "2026-10-25T00:59:59Z", "25 October 2026, 01:59 BST" },
		{ "2026-10-25T01:00:00Z", "25 October 2026, 01:00 GMT" },
		{ "2026-10-25T01:59:59Z", "25 October 2026, 01:59 GMT" },
		{ "2026-10-25T02:00:00Z", "25 October 2026, 02:00" },
		{ "2027-03-28T01:30:00Z", "28 March 2027, 02:30" },
		{ "2027-10-31T00:30:00Z", "31 October 2027, 01:30 BST" },
		{ "2027-10-31T01:30:00Z", "31 October 2027, 01:30 GMT" },
		{ "1970-01-01T00:00:00Z", "1 January 1970, 00:00" },
		{ "9999-12-31T23:59:59Z", "31 December 9999, 23:59" },
	};
	char words[WG_CLOCK_WORDS];
	for (size_t i = 0; i < WG_COUNT(table); i++)
		assert_string_equal(wg_clock_words(at(table[i].when), words), table[i].words);
}

/* What the store says goes on with the steady clock, in what is forked too; nothing else is believed of the wall. */
static void heard(void **state)
{
	(void)state;
	int64_t wall = wg_clock_wall();
	assert_in_range(wg_clock_now(), wall, wall + 1000);
	wg_clock_hear(at("2036-11-22T09:30:00Z"));
	assert_in_range(wg_clock_now(), at("2036-11-22T09:30:00Z"), at("2036-11-22T09:30:01Z"));
	wg_clock_hear(at("2026-11-21T09:30:00Z"));
	assert_in_range(wg_clock_now(), at("2026-11-21T09:30:00Z"), at("2026-11-21T09:30:01Z"));
}

static void london_civil_time(void **state)
{
	(void)state;
	static const struct {
		int date[5];
		const char *utc;
	} table[] = {
		{ { 2026, 1, 15, 21, 5 }, "2026-01-15T21:05:00Z" },  { { 2026, 7, 15, 21, 5 }, "2026-07-15T20:05:00Z" },
		{ { 2026, 7, 15, 0, 30 }, "2026-07-14T23:30:00Z" },  { { 2026, 3, 29, 0, 59 }, "2026-03-29T00:59:00Z" },
		{ { 2026, 3, 29, 1, 30 }, "2026-03-29T01:30:00Z" }, /* does not exist: half an hour after the change */
		{ { 2026, 3, 29, 2, 0 }, "2026-03-29T01:00:00Z" },   { { 2026, 10, 25, 0, 59 }, "2026-10-24T23:59:00Z" },
		{ { 2026, 10, 25, 1, 30 }, "2026-10-25T00:30:00Z" }, /* comes twice: the first */
		{ { 2026, 10, 25, 2, 0 }, "2026-10-25T02:00:00Z" },
	};
	for (size_t i = 0; i < WG_COUNT(table); i++) {
		const int *d = table[i].date;
		int64_t ms = 0;
		assert_true(wg_clock_london(d[0], d[1], d[2], d[3], d[4], 0, &ms));
		char out[WG_CLOCK_TEXT];
		assert_string_equal(wg_clock_format(ms, out), table[i].utc);
	}
	int64_t ms = 4711;
	assert_false(wg_clock_london(2026, 2, 29, 1, 0, 0, &ms));
	assert_false(wg_clock_london(2026, 2, 28, 24, 0, 0, &ms));
	assert_false(wg_clock_london(2026, 2, 28, 1, 60, 0, &ms));
	assert_false(wg_clock_london(2026, 2, 28, 1, 0, -1, &ms));
	assert_true(ms == 4711);
}

static void clocks_run(void **state)
{
	(void)state;
	int64_t before = wg_clock_monotonic();
	assert_true(before > 0);
	assert_true(wg_clock_monotonic() >= before);
	assert_true(wg_clock_wall() > at("2020-01-01T00:00:00Z"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_and_format),  cmocka_unit_test(refused_times), cmocka_unit_test(calendar),
		cmocka_unit_test(london_offset),     cmocka_unit_test(in_words),      cmocka_unit_test(heard),
		cmocka_unit_test(london_civil_time), cmocka_unit_test(clocks_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
