/* Wall clocks that are set, and those that are not. */
#include "base/trusted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"

#define S 1000LL
#define MINUTE (60 * S)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static int64_t at(const char *text)
{
	int64_t wall = 0;
	assert_true(wg_clock_parse(text, &wall));
	return wall;
}

static const char *words(const struct wg_trusted *t)
{
	static char out[WG_TRUSTED_TEXT];
	return wg_trusted_words(t, out);
}

static struct wg_trusted started(const char *when)
{
	struct wg_trusted t;
	wg_trusted_start(&t, &(struct wg_trusted_memory){ .trusted = 0 }, at(when), 5 * S);
	assert_string_equal(words(&t), "ok");
	return t;
}

/* The wall clock is `off` away from what it was, `after` ms later. */
static int64_t jump(struct wg_trusted *t, int64_t off, int64_t after)
{
	return wg_trusted_feed(t, t->wall + off + after, t->steady + after);
}

static void set_by(void **state)
{
	static const struct {
		int64_t off;
		const char *words;
	} rows[] = {
		{ 0, "ok" },
		{ 30 * S, "ok" },
		{ -30 * S, "ok" },
		{ 31 * S, "the clock was set forward by 31 seconds" },
		{ -61 * S, "the clock was set back by 1 minute" },
		{ -HOUR, "the clock was set back by 1 hour" },
		{ 3 * HOUR, "the clock was set forward by 3 hours" },
		{ -DAY, "the clock was set back by 1 day" },
		{ 3652 * DAY, "the clock was set forward by 3652 days" },
		{ -20000 * DAY, "the clock was set back by 20000 days" },
	};
	(void)state;
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		struct wg_trusted t = started("2026-11-22T09:30:00Z");
		const int64_t before = t.trusted;
		int64_t now = jump(&t, rows[i].off, S);
		bool fault = strcmp(rows[i].words, "ok") != 0;
		assert_string_equal(words(&t), rows[i].words);
		assert_int_equal(now, before + S + (fault ? 0 : rows[i].off));
		assert_int_equal(wg_trusted_ahead(&t), fault ? rows[i].off : 0);
		if (!fault)
			continue;
		for (int hour = 0; hour < 5; hour++) /* it goes on as the steady clock says */
			now = jump(&t, 0, rows[i].off > MINUTE || rows[i].off < -2 * MINUTE ? HOUR : S);
		assert_string_equal(words(&t), rows[i].words);
		assert_int_equal(wg_trusted_ahead(&t), rows[i].off);
		(void)jump(&t, -rows[i].off, S); /* it is put right */
		assert_string_equal(words(&t), "ok");
		assert_int_equal(t.trusted, t.wall);
	}
}

static void a_person_accepts(void **state)
{
	struct wg_trusted t = started("2026-11-22T09:30:00Z");
	(void)state;
	(void)jump(&t, -DAY, S);
	wg_trusted_accept(&t);
	assert_string_equal(words(&t), "ok");
	assert_int_equal(t.trusted, t.wall);
	(void)jump(&t, 0, HOUR);
	assert_string_equal(words(&t), "ok");
	(void)jump(&t, DAY, S); /* back to what it was: that is another step */
	assert_string_equal(words(&t), "the clock was set forward by 1 day");
}

/* Over both changes of summer time, hour by hour and in one sleep: the wall clock of a machine knows nothing of it. */
static void summer_time(void **state)
{
	static const char *const starts[] = { "2026-03-28T20:00:00Z", "2026-10-24T20:00:00Z" };
	(void)state;
	for (size_t i = 0; i < WG_COUNT(starts); i++)
		for (int64_t stride = S; stride <= 12 * HOUR; stride *= 12) {
			struct wg_trusted t = started(starts[i]);
			for (int64_t gone = 0; gone < 12 * HOUR; gone += stride) {
				(void)jump(&t, 0, stride);
				assert_string_equal(words(&t), "ok");
				assert_int_equal(t.trusted, t.wall);
			}
		}
}

/* The steady clock counts while the machine sleeps; a quartz is not quite right. */
static void suspended(void **state)
{
	struct wg_trusted t = started("2026-11-22T09:30:00Z");
	(void)state;
	(void)jump(&t, 0, 63 * HOUR);
	assert_string_equal(words(&t), "ok");
	(void)jump(&t, 20 * S, 63 * HOUR);
	assert_string_equal(words(&t), "ok");
	for (int i = 0; i < 1000; i++) { /* 1 part in 10,000, and put right every minute */
		(void)jump(&t, 6, MINUTE);
		assert_string_equal(words(&t), "ok");
	}
}

/* What is wrong by a little is right again by itself after long; what is wrong by much is not. */
static void little_faults_end(void **state)
{
	(void)state;
	for (int much = 0; much < 2; much++) {
		struct wg_trusted t = started("2026-11-22T09:30:00Z");
		(void)jump(&t, much ? DAY : MINUTE, S);
		assert_true(t.fault);
		for (int hour = 0; hour < 9; hour++)
			(void)jump(&t, 0, HOUR);
		assert_int_equal(t.fault, much);
	}
}

static void started_again(void **state)
{
	static const struct {
		int64_t ahead, gone; /* of the wall clock since it was remembered */
		const char *words;
		int64_t trusted; /* since it was remembered */
	} rows[] = {
		{ 0, 0, "ok", 0 },
		{ 0, -20 * S, "ok", -20 * S },
		{ 0, 3 * DAY, "ok", 3 * DAY }, /* it was off over the week-end */
		{ 0, 399 * DAY, "ok", 399 * DAY },
		{ 0, 401 * DAY, "the clock was set forward by 401 days", 0 },
		{ 0, -HOUR, "the clock was set back by 1 hour", 0 },
		{ -DAY, -DAY + HOUR, "the clock was set back by 1 day", HOUR }, /* wrong as before, an hour later */
		{ -DAY, -20000 * DAY, "the clock was set back by 20000 days", 0 },
		{ 30 * DAY, -20000 * DAY, "the clock was set back by 20000 days", 0 },
		{ 30 * DAY, 500 * DAY, "the clock was set forward by 500 days", 0 },
		{ -DAY, 5 * S, "ok", 5 * S }, /* put right meanwhile */
		{ 30 * DAY, 30 * DAY + HOUR, "the clock was set forward by 30 days",
		  HOUR },                       /* wrong as before, an hour later */
		{ 30 * DAY, HOUR, "ok", HOUR }, /* put right meanwhile */
	};
	(void)state;
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		const int64_t remembered = at("2026-11-22T09:30:00Z");
		struct wg_trusted t;
		const struct wg_trusted_memory memory = { .trusted = remembered, .ahead = rows[i].ahead };
		wg_trusted_start(&t, &memory, remembered + rows[i].gone, 77);
		assert_string_equal(words(&t), rows[i].words);
		assert_int_equal(t.trusted, remembered + rows[i].trusted);
		(void)jump(&t, 0, S);
		assert_string_equal(words(&t), rows[i].words);
		assert_int_equal(t.trusted, remembered + rows[i].trusted + S);
	}
}

/* The battery was flat, and the network tells the time a minute after the start: then it is what it is. */
static void right_after_the_start(void **state)
{
	static const struct {
		int64_t ahead, start, gone; /* of the wall clock since it was remembered: at the start, a minute later */
		bool believed;
		int64_t gained; /* by which what was stamped in that minute was too early */
	} rows[] = {
		{ 0, -20000 * DAY, 3 * DAY, true, 3 * DAY - MINUTE },
		{ 0, 3652 * DAY, 3 * DAY, true, 3 * DAY - MINUTE },
		{ 0, -HOUR, 2 * MINUTE, true, MINUTE },
		{ DAY, -20000 * DAY, 3 * DAY, true, 3 * DAY - MINUTE },
		{ 0, -20000 * DAY, 401 * DAY, false, 0 },
		{ 0, -20000 * DAY, -HOUR, false, 0 },
		{ 0, 3652 * DAY, 3651 * DAY, false, 0 },
		{ 3652 * DAY, 3652 * DAY, MINUTE, true, 0 },
		{ 3652 * DAY, 3652 * DAY, 3 * DAY, false, 0 }, /* it was not off: it is wrong by three days now */
		{ -DAY, -DAY, MINUTE, true, 0 },
		{ -DAY, -DAY, 3 * DAY, false, 0 },
	};
	(void)state;
	for (size_t k = 0; k < 2 * WG_COUNT(rows); k++) {
		const size_t i = k / 2;
		const bool again = k % 2;
		const int64_t remembered = at("2026-11-22T09:30:00Z");
		struct wg_trusted t;
		struct wg_trusted_memory memory = { .trusted = remembered, .ahead = rows[i].ahead };
		wg_trusted_start(&t, &memory, remembered + rows[i].start, 77);
		assert_true(t.fault);
		if (!again) {
			memory = wg_trusted_memory(&t); /* the process ends at once, and another starts */
			wg_trusted_start(&t, &memory, remembered + rows[i].start, 77);
		}
		assert_int_equal(wg_trusted_feed(&t, remembered + rows[i].gone, 77 + MINUTE),
		                 remembered + (rows[i].believed ? rows[i].gone : MINUTE));
		assert_int_equal(t.fault, !rows[i].believed);
		assert_int_equal(t.gained, rows[i].gained);
		assert_int_equal(t.gained_from, rows[i].gained != 0 ? remembered + 1 : 0);
		if (t.fault) {
			wg_trusted_accept(&t);
			assert_int_equal(t.gained, rows[i].gone - MINUTE);
			assert_true(t.gained_from == INT64_MIN || t.gained_from == remembered + 1);
		}
		wg_trusted_settled(&t);
		assert_int_equal(t.gained, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_by),
		cmocka_unit_test(a_person_accepts),
		cmocka_unit_test(summer_time),
		cmocka_unit_test(suspended),
		cmocka_unit_test(little_faults_end),
		cmocka_unit_test(started_again),
		cmocka_unit_test(right_after_the_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
