/* retention.c owns the way from a period in the policy to an instant, by the calendar of London. */
#include "role/retention.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#define DAY_MS INT64_C(86400000)
#define MINUTE_MS INT64_C(60000)
/* The schema takes four digits. */
#define PERIOD_MAX 9999

struct civil {
	int year, month, day, hour, minute, second;
};

static int number_at(const char *text, size_t at, size_t digits)
{
	char word[8];
	uint64_t n = 0;
	(void)snprintf(word, sizeof word, "%.*s", (int)digits, text + at); /* four at most */
	return wg_num_parse(word, 0, PERIOD_MAX, &n) ? (int)n : 0;
}

static struct civil in_london(int64_t wall_ms)
{
	char text[WG_CLOCK_TEXT];
	(void)wg_clock_format(wall_ms + wg_clock_london_offset(wall_ms) * MINUTE_MS, text); /* returns text */
	return (struct civil){ .year = number_at(text, 0, 4),
		                   .month = number_at(text, 5, 2),
		                   .day = number_at(text, 8, 2),
		                   .hour = number_at(text, 11, 2),
		                   .minute = number_at(text, 14, 2),
		                   .second = number_at(text, 17, 2) };
}

bool wg_retention_before(const char *period, int64_t now, int64_t *before)
{
	uint64_t n = 0;
	int64_t days;
	char digits[8];
	size_t len = strlen(period);
	if (len < 3 || len > 6 || period[0] != 'P' || strchr("YMD", period[len - 1]) == NULL)
		return false;
	(void)snprintf(digits, sizeof digits, "%.*s", (int)(len - 2), period + 1); /* four at most */
	if (!wg_num_parse(digits, 1, PERIOD_MAX, &n))
		return false;
	char unit = period[len - 1];
	struct civil c = in_london(now);
	if (unit == 'D') { /* from noon, so that the hour of a change of clocks moves no day */
		int64_t noon = 0;
		if (!wg_clock_london(c.year, c.month, c.day, 12, 0, 0, &noon))
			return false;
		struct civil day = in_london(noon - (int64_t)n * DAY_MS);
		c.year = day.year;
		c.month = day.month;
		c.day = day.day;
	} else {
		int64_t months = c.year * INT64_C(12) + c.month - 1 - (int64_t)n * (unit == 'Y' ? 12 : 1);
		c.year = (int)(months / 12);
		c.month = (int)(months % 12) + 1;
		if (months < 12 * INT64_C(1970)) { /* before there were such machines */
			*before = 0;
			return true;
		}
	}
	while (!wg_clock_days(c.year, c.month, c.day, &days))
		c.day--; /* 31 June: 30 June */
	return wg_clock_london(c.year, c.month, c.day, c.hour, c.minute, c.second, before);
}

enum wg_code wg_retention_rules(const struct wg_process *process, int64_t now, struct wg_retention_rule **out,
                                unsigned *count, struct wg_err *err)
{
	const struct wg_organisation *self = wg_directory_find(process->directory, process->config->organisation);
	size_t kinds = wg_schema_kinds(process->schema);
	if (self == NULL)
		return wg_err_set(err, WG_CONFIG, "the directory does not know the organisation of this gateway");
	WG_AUTO_FREE struct wg_retention_rule *rules = calloc(kinds + 1, sizeof *rules);
	if (rules == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	struct wg_retention_rule *unknown = &rules[kinds];
	for (size_t i = 0; i < kinds; i++) {
		struct wg_retention_rule *r = &rules[i];
		r->kind = wg_schema_kind(process->schema, i);
		r->keep = wg_policy_retention(process->policy, r->kind, self->kind, &r->source);
		if (r->keep != NULL && !wg_retention_before(r->keep, now, &r->before))
			return wg_err_set(err, WG_CONFIG, "the policy keeps notices of kind %s for \"%s\", which is no period",
			                  r->kind, r->keep);
		if (i == 0 || (unknown->keep != NULL && (r->keep == NULL || r->before < unknown->before)))
			*unknown = *r;
	}
	unknown->kind = "";
	*out = wg_steal(&rules);
	*count = (unsigned)kinds + 1;
	return WG_OK;
}
