/* monitor_text.c owns the metrics: a table of what the store counts, written as Prometheus reads it. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "role/monitor.h"

#define PREFIX "wardgate_"
#define DAY_S 86400

void wg_monitor_recipient(const json_t *row, char out[static WG_MONITOR_RECIPIENT])
{
	const char *organisation = json_string_value(json_object_get(row, "organisation"));
	const char *desk = json_string_value(json_object_get(row, "desk"));
	bool both = desk != NULL && desk[0] != '\0';
	(void)snprintf(out, WG_MONITOR_RECIPIENT, "%s%s%s", organisation != NULL ? organisation : "", both ? "/" : "",
	               both ? desk : ""); /* names of ours: fits */
}

/* A label's value: backslash, quote and line end escaped (Prometheus text format 0.0.4). */
static void put_label(struct wg_buf *out, const char *value)
{
	for (; value != NULL && *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			wg_buf_putc(out, '\\');
		if (*value == '\n')
			wg_buf_puts(out, "\\n");
		else
			wg_buf_putc(out, *value);
	}
}

static void put_head(struct wg_buf *out, const char *name, const char *type, const char *help)
{
	wg_buf_printf(out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

static void put_one(struct wg_buf *out, const char *name, const char *label, const char *value, json_int_t number)
{
	wg_buf_printf(out, PREFIX "%s", name);
	if (label != NULL) {
		wg_buf_printf(out, "{%s=\"", label);
		put_label(out, value);
		wg_buf_puts(out, "\"}");
	}
	wg_buf_printf(out, " %lld\n", (long long)number);
}

static const json_t *at(const json_t *object, const char *first, const char *second)
{
	const json_t *found = json_object_get(object, first);
	return second != NULL ? json_object_get(found, second) : found;
}

/* Objects whose members are numbers: one line each. */
static void put_counts(const struct wg_monitor_view *v, struct wg_buf *out)
{
	static const struct {
		const char *first, *second, *name, *type, *label, *help;
	} counts[] = {
		{ "states", "messages", "messages", "gauge", "state", "Messages by state." },
		{ "states", "deliveries", "deliveries", "gauge", "state", "Deliveries by state." },
		{ "receipts", NULL, "receipts_total", "counter", "level", "Receipts that came in, by what they say." },
	};
	for (size_t i = 0; i < WG_COUNT(counts); i++) {
		const json_t *all = at(v->metrics, counts[i].first, counts[i].second);
		const char *key;
		json_t *number;
		put_head(out, counts[i].name, counts[i].type, counts[i].help);
		json_object_foreach((json_t *)all, key, number) /* looked at only */
			put_one(out, counts[i].name, counts[i].label, key, json_integer_value(number));
	}
}

static void put_recipients(const struct wg_monitor_view *v, struct wg_buf *out)
{
	static const struct {
		const char *member, *name, *help;
	} rows[] = {
		{ "open", "recipient_open", "Copies that are not handed over yet." },
		{ "oldest_s", "recipient_oldest_seconds", "Age of the oldest copy that is not handed over." },
		{ "fault_s", "recipient_fault_seconds", "For how long copies for it have been tried in vain." },
		{ "unconfirmed", "recipient_unconfirmed", "Copies handed over that nobody has acknowledged." },
		{ "oldest_unconfirmed_s", "recipient_oldest_unconfirmed_seconds", "Age of the oldest of these." },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		size_t k;
		json_t *one;
		put_head(out, rows[i].name, "gauge", rows[i].help);
		json_array_foreach(json_object_get(v->metrics, "recipients"), k, one)
		{
			char name[WG_MONITOR_RECIPIENT];
			wg_monitor_recipient(one, name);
			put_one(out, rows[i].name, "recipient", name, json_integer_value(json_object_get(one, rows[i].member)));
		}
	}
}

/* outcomes: [{channel, state, count}] */
static void put_outcomes(const struct wg_monitor_view *v, struct wg_buf *out)
{
	size_t i;
	json_t *one;
	put_head(out, "deliveries_total", "counter", "Deliveries that came to an end, by channel and how.");
	json_array_foreach(json_object_get(v->metrics, "outcomes"), i, one)
	{
		wg_buf_puts(out, PREFIX "deliveries_total{channel=\"");
		put_label(out, json_string_value(json_object_get(one, "channel")));
		wg_buf_puts(out, "\",outcome=\"");
		put_label(out, json_string_value(json_object_get(one, "state")));
		wg_buf_printf(out, "\"} %lld\n", (long long)json_integer_value(json_object_get(one, "count")));
	}
}

static void put_singles(const struct wg_monitor_view *v, struct wg_buf *out)
{
	static const struct {
		const char *member, *name, *help;
	} rows[] = {
		{ "attention", "attention", "Messages that wait for a person." },
		{ "reviews", "reviews", "Copies that a person must release." },
		{ "reviews_overdue", "reviews_overdue", "Of these, past their time." },
		{ "tasks_overdue", "tasks_overdue", "Looks at unconfirmed copies that are late." },
		{ "backup_age_s", "backup_age_seconds", "Since the last verified backup; -1: there was none." },
		{ "damage_age_s", "damage_age_seconds", "Since something stored was found damaged; -1: never." },
		{ "log_entries", "log_entries", "Entries of the hash-chained log: it only grows." },
	};
	for (size_t i = 0; i < WG_COUNT(rows); i++) {
		put_head(out, rows[i].name, "gauge", rows[i].help);
		put_one(out, rows[i].name, NULL, NULL, json_integer_value(json_object_get(v->metrics, rows[i].member)));
	}
	const char *clock = json_string_value(json_object_get(v->metrics, "clock"));
	put_head(out, "accepting", "gauge", "1 when new notices are accepted.");
	put_one(out, "accepting", NULL, NULL, json_is_true(json_object_get(v->metrics, "accepting")));
	put_head(out, "clock_ok", "gauge", "1 when the clock has not jumped.");
	put_one(out, "clock_ok", NULL, NULL, clock == NULL || strcmp(clock, "ok") == 0);
	put_head(out, "alerts", "gauge", "Alerts that hold now.");
	put_one(out, "alerts", NULL, NULL, (json_int_t)json_array_size(json_object_get(v->metrics, "alerts")));
}

/* troubles: [{name, since_s, words}] */
static void put_troubles(const struct wg_monitor_view *v, struct wg_buf *out)
{
	size_t i;
	json_t *one;
	put_head(out, "mailbox_failing_seconds", "gauge", "For how long a mailbox could not be read; none while it can.");
	json_array_foreach(json_object_get(v->metrics, "troubles"), i, one)
		put_one(out, "mailbox_failing_seconds", "mailbox", json_string_value(json_object_get(one, "name")),
	            json_integer_value(json_object_get(one, "since_s")));
}

static void put_watched(const struct wg_monitor_view *v, struct wg_buf *out)
{
	size_t i;
	json_t *one;
	put_head(out, "certificate_left_seconds", "gauge",
	         "Time until it ends, by whole days, negative when it has ended.");
	json_array_foreach(v->watched, i, one)
	{
		const json_t *days = json_object_get(one, "days");
		if (!json_is_integer(days))
			continue;
		wg_buf_puts(out, PREFIX "certificate_left_seconds{name=\"");
		put_label(out, json_string_value(json_object_get(one, "name")));
		wg_buf_puts(out, "\",use=\"");
		put_label(out, json_string_value(json_object_get(one, "use")));
		wg_buf_printf(out, "\"} %lld\n", (long long)json_integer_value(days) * DAY_S);
	}
}

void wg_monitor_text(const struct wg_monitor_view *v, struct wg_buf *out)
{
	put_head(out, "info", "gauge", "The version that runs.");
	put_one(out, "info", "version", WG_VERSION, 1);
	put_counts(v, out);
	put_outcomes(v, out);
	put_recipients(v, out);
	put_singles(v, out);
	put_troubles(v, out);
	put_watched(v, out);
}
