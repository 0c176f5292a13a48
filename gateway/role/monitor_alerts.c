/* monitor_alerts.c owns what is wrong with the whole: each fault that holds now is one alert under a key that stays the
 * same while it holds, so that the store can tell a new one from one that goes on. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "role/monitor.h"

/* Damage is an alert for a day, and anew when more is found. */
#define DAMAGE_S 86400

struct list {
	const struct wg_monitor_view *view;
	struct wg_alert *out;
	unsigned count, max;
	bool told; /* those that the store knows already are taken now; otherwise the others */
};

#define KEY sizeof((struct wg_alert *)0)->key

/* One line, as the store asks for: a name may be that of a file. */
static const char *key_of(const char *kind, const char *name, char out[static KEY])
{
	char text[KEY];
	(void)snprintf(text, sizeof text, "%s%s%s", kind, name[0] != '\0' ? " " : "", name); /* the callers keep it short */
	return wg_defang(text, out, KEY);
}

/* Whether the store knows the alert already. */
static bool known(const struct wg_monitor_view *v, const char *key)
{
	size_t i;
	json_t *one;
	json_array_foreach(json_object_get(v->metrics, "alerts"), i, one)
	{
		const char *other = json_string_value(json_object_get(one, "key"));
		if (other != NULL && strcmp(other, key) == 0)
			return true;
	}
	return false;
}

static bool has(const struct list *list, const char *key)
{
	for (unsigned i = 0; i < list->count; i++)
		if (strcmp(list->out[i].key, key) == 0)
			return true;
	return false;
}

/* Each key once: two of the same are refused by the store, and nobody would be told of anything. Too many at once and
 * the rest is left out: the first ones say that something is badly wrong. */
static struct wg_alert *add(struct list *list, const char *kind, const char *name)
{
	static struct wg_alert left_out;
	left_out = (struct wg_alert){ 0 };
	(void)key_of(kind, name, left_out.key);
	if (list->count == list->max || known(list->view, left_out.key) != list->told || has(list, left_out.key))
		return &left_out;
	struct wg_alert *alert = &list->out[list->count++];
	*alert = left_out;
	return alert;
}

__attribute__((format(printf, 2, 3))) static void say(struct wg_alert *alert, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(alert->words, sizeof alert->words, fmt, args); /* cut is fine */
	va_end(args);
}

/* "3 h 20 min": as people say how long something takes. */
static const char *span(json_int_t seconds, char *out, size_t size)
{
	long long minutes = seconds / 60;
	if (minutes < 1)
		(void)snprintf(out, size, "%lld s", (long long)seconds);
	else if (minutes < 60)
		(void)snprintf(out, size, "%lld min", minutes);
	else if (minutes < 48 * 60)
		(void)snprintf(out, size, "%lld h %lld min", minutes / 60, minutes % 60);
	else
		(void)snprintf(out, size, "%lld days", minutes / (24 * 60));
	return out;
}

static json_int_t number(const json_t *object, const char *member)
{
	return json_integer_value(json_object_get(object, member));
}

static const char *text(const json_t *object, const char *member)
{
	const char *value = json_string_value(json_object_get(object, member));
	return value != NULL ? value : "";
}

/* One alert for a recipient, whatever is wrong there and with however many copies. */
static void recipient(const struct wg_monitor_view *v, const json_t *one, struct list *list)
{
	char name[WG_MONITOR_RECIPIENT], long_ago[48];
	long long open = number(one, "open");
	const char *why = text(one, "why");
	json_int_t fault = number(one, "fault_s"), stalled = number(one, "stalled_s"), oldest = number(one, "oldest_s");
	wg_monitor_recipient(one, name);
	if (json_is_true(json_object_get(one, "failed")))
		say(add(list, "undelivered", name),
		    "a copy for %.80s was given up, and %lld are not handed over: %.90s: see "
		    "wardgate stuck",
		    name, open, why);
	else if (fault >= v->fault_s && fault > 0)
		say(add(list, "undelivered", name),
		    "%lld copies for %.80s are not handed over, tried in vain for %s: %.80s: see "
		    "wardgate stuck",
		    open, name, span(fault, long_ago, sizeof long_ago), why);
	else if (stalled >= v->fault_s && stalled > 0)
		say(add(list, "undelivered", name),
		    "%lld copies for %.80s are not handed over, the other side has not answered "
		    "for %s: see wardgate stuck",
		    open, name, span(stalled, long_ago, sizeof long_ago));
	else if (oldest > v->oldest_s)
		say(add(list, "undelivered", name),
		    "%lld copies for %s are not handed over, the oldest for %s: see wardgate stuck", open, name,
		    span(oldest, long_ago, sizeof long_ago));
}

static void recipients(const struct wg_monitor_view *v, struct list *list)
{
	size_t i;
	json_t *one;
	json_array_foreach(json_object_get(v->metrics, "recipients"), i, one) recipient(v, one, list);
}

/* Ways in that do not work: mailboxes that cannot be read. */
static void troubles(const struct wg_monitor_view *v, struct list *list)
{
	size_t i;
	json_t *one;
	json_array_foreach(json_object_get(v->metrics, "troubles"), i, one)
	{
		char long_ago[48];
		if (number(one, "since_s") >= v->fault_s)
			say(add(list, "mailbox", text(one, "name")), "no mail is taken from it for %s: %.160s: see wardgate stuck",
			    span(number(one, "since_s"), long_ago, sizeof long_ago), text(one, "words"));
	}
}

static void whole(const struct wg_monitor_view *v, struct list *list)
{
	const char *clock = json_string_value(json_object_get(v->metrics, "clock"));
	const char *why = json_string_value(json_object_get(v->metrics, "why"));
	if (!json_is_true(json_object_get(v->metrics, "accepting")))
		say(add(list, "not-accepting", ""), "nothing new is accepted: %s",
		    why != NULL ? why : "see the log of the store");
	if (clock != NULL && strcmp(clock, "ok") != 0)
		say(add(list, "clock", ""), "%s: put it right, or say wardgate clock accept", clock);
	const json_int_t damage = number(v->metrics, "damage_age_s"), backup = number(v->metrics, "backup_age_s");
	char long_ago[48];
	if (json_object_get(v->metrics, "damage_age_s") != NULL && damage >= 0 && damage < DAMAGE_S)
		say(add(list, "damaged", ""),
		    "something stored was found not to be what was written, and set aside or put right: see wardgate audit "
		    "verify, look at the disk, take a backup");
	if (v->backup_s != 0 && backup < 0)
		say(add(list, "backup", ""), "no verified backup was ever taken: see wardgate backup");
	else if (v->backup_s != 0 && backup > v->backup_s)
		say(add(list, "backup", ""), "the last verified backup was taken %s ago: see wardgate backup",
		    span(backup, long_ago, sizeof long_ago));
	if (number(v->metrics, "tasks_overdue") > 0)
		say(add(list, "tasks-overdue", ""),
		    "%lld unconfirmed copies should have been looked at: is the process role running?",
		    (long long)number(v->metrics, "tasks_overdue"));
	if (number(v->metrics, "reviews_overdue") > 0)
		say(add(list, "reviews-overdue", ""),
		    "%lld copies wait for a person beyond their time: see wardgate review list",
		    (long long)number(v->metrics, "reviews_overdue"));
	if (number(v->metrics, "attention_oldest_s") > v->oldest_s)
		say(add(list, "attention", ""),
		    "%lld messages wait for a person, the oldest for long: see wardgate attention list",
		    (long long)number(v->metrics, "attention"));
}

static void silence(const struct wg_monitor_view *v, struct list *list)
{
	size_t i;
	json_t *one;
	json_array_foreach(v->silence, i, one)
	{
		const char *direction = json_string_value(json_object_get(one, "direction"));
		char name[WG_MONITOR_RECIPIENT], now[48], usual[48];
		if (!json_is_true(json_object_get(one, "silent")) || direction == NULL)
			continue;
		wg_monitor_recipient(one, name);
		bool from = strcmp(direction, "from") == 0;
		say(add(list, from ? "silence-from" : "silence-to", name), "%s %s for %s; usual is at most %s: ring them",
		    from ? "nothing came from" : "nothing was confirmed by", name, span(number(one, "gap_s"), now, sizeof now),
		    span(number(one, "usual_s"), usual, sizeof usual));
	}
}

/* One alert, at the step that is reached: its key has the step as its level, so that it takes the place of the step
 * before, and is told anew (store/confirm.h). */
static void ageing(struct list *list, const char *name, json_int_t days)
{
	static const int levels[] = WG_MONITOR_DAYS;
	int reached = -1;
	for (size_t k = 0; k < WG_COUNT(levels); k++)
		if (levels[k] == 0 ? days < 0 : days <= levels[k])
			reached = levels[k];
	if (reached < 0)
		return;
	char kind[32];
	(void)snprintf(kind, sizeof kind, "certificate-%d", reached); /* fits */
	struct wg_alert *alert = add(list, kind, name);
	long long n = days < 0 ? -days : days;
	if (days < 0)
		say(alert, "the certificate %.120s expired %lld %s ago: see wardgate cert status", name, n,
		    n == 1 ? "day" : "days");
	else
		say(alert, "the certificate %.120s ends in %lld %s: see wardgate cert status", name, n,
		    n == 1 ? "day" : "days");
}

/* What a key says of a long name: its beginning, and its end, where the certificate's own digits stand. */
#define NAME_KEY (2 * WG_LIMIT_NAME - 16)
#define NAME_END 8
static void shorten(const char *name, char out[static NAME_KEY])
{
	size_t n = strlen(name);
	if (n < NAME_KEY)
		memcpy(out, name, n + 1);
	else
		(void)snprintf(out, NAME_KEY, "%.*s~%s", (int)(NAME_KEY - 2 - NAME_END), name, name + n - NAME_END); /* fits */
}

static void watched(const struct wg_monitor_view *v, struct list *list)
{
	size_t i;
	json_t *one;
	json_array_foreach(v->watched, i, one)
	{
		const char *name = json_string_value(json_object_get(one, "name"));
		const char *words = json_string_value(json_object_get(one, "words"));
		const json_t *days = json_object_get(one, "days");
		char key[NAME_KEY];
		if (name == NULL)
			continue;
		shorten(name, key);
		if (json_is_integer(days) && !json_is_false(json_object_get(one, "warn")))
			ageing(list, key, json_integer_value(days));
		bool stale = json_is_true(json_object_get(one, "stale"));
		char alert[KEY];
		if (stale && v->asking && json_is_true(json_object_get(one, "unheard")) &&
		    !known(v, key_of("revocation", key, alert)))
			continue; /* nobody has answered yet because nobody was asked yet */
		if (words != NULL && words[0] != '\0')
			say(add(list, stale ? "revocation" : "certificate", key), "%s: %.200s", key, words);
	}
}

unsigned wg_monitor_alerts(const struct wg_monitor_view *v, struct wg_alert *out, unsigned max)
{
	struct list list = { .view = v, .out = out, .max = max };
	/* those that go on first: what is left out counts as over, and is not */
	for (int pass = 0; pass < 2; pass++) {
		list.told = pass == 0;
		whole(v, &list);
		recipients(v, &list);
		troubles(v, &list);
		watched(v, &list);
		silence(v, &list);
	}
	return list.count;
}
